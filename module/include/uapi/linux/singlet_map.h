/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * singlet - reading objects through mmap(2)
 *
 * Part of <linux/singlet.h>, which includes this file.
 *
 * A session with SINGLET_ACCESS_READ can map the slabs of its domain, in which
 * the values are, and the directory that tells where each slab is.  Pages come
 * in as they are touched, so both can be mapped at their whole size once and
 * for all: what is made later appears by itself.
 *
 * mmap(2) of a session's descriptor
 * ---------------------------------
 * - Two ranges of offsets exist, SINGLET_MAP_SLABS and SINGLET_MAP_ARENA.  Any
 *   whole pages of one of them can be mapped, as often as one likes.
 * - Mappings are MAP_SHARED and PROT_READ (or PROT_NONE), for ever: mprotect(2)
 *   fails with EACCES.  They do not grow, are not inherited by fork(2) and not
 *   part of core dumps.  Nothing can take a reference on their pages: direct
 *   I/O from them, vmsplice(2), process_vm_readv(2) and the like fail with
 *   EFAULT.  System calls that copy, write(2) and send(2) for example, work.
 * - EINVAL: not MAP_SHARED; an offset or a length outside of the ranges.
 *   EPERM: PROT_WRITE or PROT_EXEC.  EACCES: the session may not read; the
 *   domain is a kernel module's.  ENODEV: this machine does not allow
 *   it.  ENOMEM.  EINTR.
 * - A mapping keeps its session, and so the session's references and its
 *   domain, until it is unmapped, even if the descriptor is closed before.
 *
 * What a reader may rely on
 * -------------------------
 * - Where an object is does not change while it exists.  Its value is one run
 *   of bytes; its length is what SINGLET_INTERN was given or SINGLET_QUERY
 *   tells; the bytes from there to the end of its slot are zero.
 * - Whoever holds a reference on an object, from before looking for it until
 *   after the last byte was read, reads that object's value.
 * - Without a reference there may be zeros or the bytes of another object of
 *   the domain, the generation in the id being over by then; or no page any
 *   more: SIGBUS.  A slab that was freed is gone from all mappings before its
 *   memory is used for anything else, so nothing but objects of the domain is
 *   ever seen.
 * - What somebody in the domain is still writing (objects that are not sealed,
 *   values that are being interned) can be seen by whoever maps it.
 */
#ifndef _UAPI_LINUX_SINGLET_MAP_H
#define _UAPI_LINUX_SINGLET_MAP_H

#include <linux/types.h>

/* Ids: generation << 32 | world << 31 | index of a slab << 9 | slot. */
#define SINGLET_ID_SLOT_BITS	9
#define SINGLET_ID_INDEX_BITS	22
/*
 * Objects of the machine-wide world are not mapped: which value an id with this
 * bit has never changes, so it need be asked for once only (SINGLET_READ).
 */
#define SINGLET_ID_WORLD	0x80000000U

#define SINGLET_ID_SLOT(id)						\
	((__u32)(id) & ((1U << SINGLET_ID_SLOT_BITS) - 1))
#define SINGLET_ID_INDEX(id)						\
	((__u32)(id) >> SINGLET_ID_SLOT_BITS &				\
	 ((1U << SINGLET_ID_INDEX_BITS) - 1))

/*
 * The directory: an array of __u64.  The first is how many entries can be
 * read; it only grows.  Touching pages beyond is SIGBUS.  Then comes an entry
 * for each index of a slab.
 */
#define SINGLET_MAP_SLABS	0ULL
#define SINGLET_MAP_SLABS_SIZE	((1ULL + (1ULL << SINGLET_ID_INDEX_BITS)) * 8)

/*
 * An entry: how many slots the slab has (0: no slab there, or one that has no
 * place in the arena, which SINGLET_READ reads), how many bytes each has, and
 * where in the arena the first one is.  It is there before anybody can know
 * the id of an object in the slab.
 */
#define SINGLET_SLAB_SLOTS(entry)	((__u32)(entry) & 0x3ff)
#define SINGLET_SLAB_SIZE(entry)	((__u32)((entry) >> 10) & 0x3ffffff)
#define SINGLET_SLAB_OFFSET(entry)	((entry) >> 36 << 12)

/*
 * The arena: a region for slabs of one page, one for those of two, of up to
 * four, and so on.  In each, slabs are where there is room first.
 */
#define SINGLET_MAP_ARENA		0x10000000000ULL
#define SINGLET_MAP_REGION_SIZE		0x800000000ULL
#define SINGLET_MAP_REGIONS		13
#define SINGLET_MAP_ARENA_SIZE						\
	(SINGLET_MAP_REGIONS * SINGLET_MAP_REGION_SIZE)

#ifndef __KERNEL__

/*
 * Where the object's slot is, given where the directory and the arena are
 * mapped, each as a whole; or 0: it is not mapped.
 */
static inline const void *singlet_map_find(const __u64 *slabs,
					   const void *arena, __u64 id)
{
	__u32 index = SINGLET_ID_INDEX(id), slot = SINGLET_ID_SLOT(id);
	__u64 entry;

	if ((__u32)id & SINGLET_ID_WORLD ||
	    index >= __atomic_load_n(&slabs[0], __ATOMIC_ACQUIRE))
		return 0;
	entry = __atomic_load_n(&slabs[1 + index], __ATOMIC_ACQUIRE);
	if (slot >= SINGLET_SLAB_SLOTS(entry))
		return 0;
	return (const char *)arena + SINGLET_SLAB_OFFSET(entry) +
	       (__u64)slot * SINGLET_SLAB_SIZE(entry);
}

#endif /* __KERNEL__ */

#endif /* _UAPI_LINUX_SINGLET_MAP_H */
