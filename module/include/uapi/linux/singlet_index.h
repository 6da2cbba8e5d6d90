/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * singlet - finding and borrowing objects without system calls
 *
 * Beside <linux/singlet_map.h>, which tells how the slabs are mapped and what
 * applies to all mappings.  The ranges here are mapped in the same way:
 *
 *   SINGLET_MAP_HEAD	 one page, struct singlet_index_head
 *   SINGLET_MAP_HOME	 struct singlet_index_line, one per bucket
 *   SINGLET_MAP_OVER	 the same: lines that buckets overflowed into
 *   SINGLET_MAP_SETS	 which block of marks each slab has: an array of __u64
 *   SINGLET_MAP_MARKS	 blocks of marks, a __u64 per slot
 *   SINGLET_MAP_BORROWS one page, this session's; may be mapped PROT_WRITE
 *
 * All of them can be mapped at their whole size once and for all, and wherever
 * one touches them there is a page (of zeros if there is nothing), but for
 * SINGLET_MAP_SETS, which reaches as far as the directory of slabs
 * (SINGLET_MAP_SLABS): beyond is SIGBUS.
 *
 * The first session that maps one of them makes the index of its domain, for
 * which each slot costs eight bytes from then on.  A page of borrows can be mapped
 * to be read as well, and mprotect(2) makes that one writable if the descriptor is.
 * ENODEV: the kernel has pages of another size than 4096 bytes.  A page of borrows
 * counts as SINGLET_BORROWS references of the session's (EDQUOT), and about a
 * thousand sessions of a domain can have one (ENOSPC).
 *
 * All of that is a hint, but for what is said of marks below.  Whoever does not
 * find a value asks the kernel (SINGLET_LOOKUP); values that are there and not
 * to be found here are: those of single types; those that leave more than
 * SINGLET_MARK_SLACK bytes of their slot unused, or whose slots are larger than
 * 4096 bytes; those of types whose number is beyond SINGLET_MARK_TYPE_MAX;
 * predefined ones of the machine-wide world; what was moved just now; and
 * whatever there was no memory for.
 *
 * Finding a value
 * ---------------
 * Its hash (singlet_hash()) of @h belongs to bucket h mod 2^k, where 2^k is the
 * power of two at or above @buckets, or, if there is no such bucket, h mod
 * 2^(k-1).  The line of that number, and those that it goes on in (@next), have
 * an entry with tag h >> 16 (1 in the place of 0), and a handle: the lower half
 * of the object's id.  Several entries may have the tag.  The kernel changes
 * lines all the time: walk a bounded number of them.
 *
 * The set of the slab with the handle's index is a serial number in its lower
 * half, never the same for two slabs (0: no marks), and in its upper half how
 * many marks, of all slabs, are before its block; slot by slot it has a mark
 * there.  A mark is the object's generation, which is the upper half of its id,
 * and in the lower half SINGLET_MARK_LIVE if there is a value, then with the
 * number of its type and how much of the slot is left unused.
 *
 * Borrowing
 * ---------
 * What is borrowed is there until it is given back: it is not freed, its bytes
 * do not change, its id stays its id.  It does not count as a reference: to keep
 * an object longer, or to have more of them than there are slots to borrow
 * with, acquire it.  And it does not count as a use: what nobody has a
 * reference on is freed for want of memory as soon as it is not borrowed.
 *
 *   1. Read the set of the slab (acquire), then its entry in the directory of
 *      slabs, which has to have the slot, then the mark (acquire), if the position
 *      is within SINGLET_MAP_MARKS.  It has to be live, not doomed, of the wanted
 *      type and length.
 *   2. Store the object's id in a free slot of the session's page of borrows.
 *   3. A full barrier (all that came before, stores included, before all that
 *      comes later, loads included).
 *   4. Read the mark again: it has to be the same; then (acquire) the set: it
 *      has to be the same.  Now the object is borrowed.  Otherwise clear the slot
 *      again.
 *   5. The object's bytes are where the entry in the directory says, and may be
 *      touched from here on; compare them if looking for a value.
 *   6. In the end store 0 in the slot (release).
 *
 * Why that is enough: whoever frees an object first dooms its mark, has a full
 * barrier, and then looks at all slots of all sessions in the domain; what is in
 * one of them is spared, and the mark as it was before.  So either the reader
 * of step 4 sees the doom, or the kernel sees the slot.  A mark is not live any
 * more before the object's bytes change.  A set that is the same before and
 * after says that the mark between was that of the slab's own slot.
 *
 * Whatever is in a page of borrows, it keeps no more than one object per slot.
 */
#ifndef _UAPI_LINUX_SINGLET_INDEX_H
#define _UAPI_LINUX_SINGLET_INDEX_H

#include <linux/types.h>
#include <linux/singlet_hash.h>
#include <linux/singlet_map.h>

#define SINGLET_MAP_HEAD		0x10000000ULL
#define SINGLET_MAP_HEAD_SIZE		4096ULL
#define SINGLET_MAP_BORROWS		0x10001000ULL
#define SINGLET_MAP_BORROWS_SIZE	4096ULL
#define SINGLET_MAP_SETS		0x20000000ULL
#define SINGLET_MAP_SETS_SIZE		SINGLET_MAP_SLABS_SIZE
#define SINGLET_MAP_HOME		0x1000000000ULL
#define SINGLET_MAP_OVER		0x2000000000ULL
#define SINGLET_MAP_LINES_SIZE		0x800000000ULL	/* each of the two */
#define SINGLET_MAP_MARKS		0x3000000000ULL
#define SINGLET_MAP_MARKS_SIZE		0x400000000ULL

/**
 * struct singlet_index_head - what an index begins with
 * @buckets: how many; changes
 * @reserved: 0
 * @key: for singlet_hash()
 */
struct singlet_index_head {
	__u32 buckets;
	__u32 reserved;
	struct singlet_hash_key key;
};

#define SINGLET_LINE_ENTRIES	10

/**
 * struct singlet_index_line - part of a bucket
 * @tag: upper half of the hash, 1 if that is 0; 0: no entry
 * @handle: lower half of an id
 * @next: line of SINGLET_MAP_OVER that this goes on in, plus 1; 0: none
 *
 * An entry's tag is written after its handle.
 */
struct singlet_index_line {
	__u16 tag[SINGLET_LINE_ENTRIES];
	__u32 handle[SINGLET_LINE_ENTRIES];
	__u32 next;
};

/* The index of a type, by its number. */
#define SINGLET_TYPE_INDEX(type)	((type) & 0xfff)

/*
 * Sets: entry 1 + index of the slab, as in the directory of slabs.  Entry 0 is
 * how many entries can be read, not more than in the directory.
 */
#define SINGLET_SET_SERIAL(set)		((__u32)(set))
#define SINGLET_SET_MARKS(set)		((__u32)((set) >> 32))

/* The lower half of a mark. */
#define SINGLET_MARK_SLACK		0x1ffU
#define SINGLET_MARK_TYPE_SHIFT		9
#define SINGLET_MARK_TYPE_MAX		0x1fffffU
#define SINGLET_MARK_DOOMED		0x40000000U
#define SINGLET_MARK_LIVE		0x80000000U

/* The mark, but for its generation, of a value that can be found. */
#define SINGLET_MARK(type, slack)					\
	(SINGLET_MARK_LIVE | (type) << SINGLET_MARK_TYPE_SHIFT | (slack))

/*
 * A page of borrows: an array of __u64.  The first says how many of the others
 * the kernel is to look at, from the beginning on; it is the reader's to set, in
 * time (a full barrier before the mark is read again).  It is best never made
 * smaller; making it so is giving back what is beyond (release).
 */
#define SINGLET_BORROWS		511

#endif /* _UAPI_LINUX_SINGLET_INDEX_H */
