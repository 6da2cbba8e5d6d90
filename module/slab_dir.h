/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slab_dir - the directory of a pool's slabs
 *
 * Maps a small number (the index) to a slab, for handles and ids.  Indexes are
 * dense and reused; what never comes back is a pair of index and generation:
 * the entry of a free index remembers the first generation that the next slab
 * there may use.
 *
 * Entry:  pointer to a slab | (generation << 1) | 1 | 0 (never used)
 * Beside it stands the slab's place: where its payload is and how it is cut,
 * so that a lookup need not touch the descriptor for that.
 *
 * Entries are in chunks, each twice as large as the one before, so that they
 * stay where they are when the directory grows, and the chunk of an index is
 * known without a look at memory.  The first entry of a chunk has no index: its
 * place is taken by what frees the chunk.
 *
 * Locking: readers are RCU sections.  @lock (irq-safe) serializes everything
 * that writes an entry or sets a chunk.
 *
 * A place belongs to the slab if the entry names the same slab before and
 * after the place was read: a slab that was taken out comes back to no entry
 * before a grace period has passed, and a place is written after its
 * predecessor's slab went and before its own slab comes (barriers in
 * singlet_slab_dir_publish(), read barriers in singlet_slab_dir_place()).
 */
#ifndef SINGLET_SLAB_DIR_H
#define SINGLET_SLAB_DIR_H

#include <linux/bitops.h>
#include <linux/idr.h>
#include <linux/kasan.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "compat/barrier.h"
#include "compat/overflow.h"

#define PAGE_SHIFT_MIN	12	/* payloads begin at whole pages */

/* Chunk @k begins at index DIR_FIRST << k, less DIR_FIRST + 1. */
#define DIR_FIRST	64U
#define DIR_CHUNKS	18	/* for whatever index a handle names */
#define DIR_AT(index)	((index) + DIR_FIRST + 1)

#define SLAB_INDEX_BITS	22
/* The last index of the last chunk that is made. */
#define SLAB_INDEX_MAX	((1U << SLAB_INDEX_BITS) - 1 - DIR_AT(0))

/*
 * The first generation of all is at most this: few enough that ids stay below
 * 2^53 for long, as much as a number can be in many a program's JSON.
 */
#define SLAB_GEN_FIRST	0x100000U

/* No slab starts with a generation beyond this; the rest is for its life. */
#define SLAB_GEN_LAST	0xf0000000U

/* A place: base of the payload (whole pages), last slot, size of a slot / 8. */
#define PLACE_BASE_SHIFT	19
#define PLACE_LAST_SHIFT	10
#define PLACE_SIZE_MASK		((1U << PLACE_LAST_SHIFT) - 1)
#define PLACE_LAST_MASK		((1U << (PLACE_BASE_SHIFT - PLACE_LAST_SHIFT)) - 1)
#define PLACE_SIZE_OTHER	PLACE_SIZE_MASK	/* no size of a short value's slot */

struct singlet_slab;

struct singlet_slab_entry {
	unsigned long slab;
	u64 place;
};

struct singlet_slab_dir_chunk {
	struct rcu_head rcu;
	struct singlet_slab_entry entry[];	/* dir->lock to write */
};

struct singlet_slab_dir {
	struct singlet_slab_dir_chunk __rcu *chunk[DIR_CHUNKS];	/* lock to write */
	spinlock_t lock;
	struct ida ida;		/* indexes in use, and those that do not exist */
	u32 nr;		/* lock; indexes reserved */
	u32 floor;	/* lock; first generation at an index without an entry */
	u32 last;	/* lock; the highest one that an entry has told */
};

void singlet_slab_dir_init(struct singlet_slab_dir *dir);
void singlet_slab_dir_destroy(struct singlet_slab_dir *dir);
int singlet_slab_dir_reserve(struct singlet_slab_dir *dir, gfp_t gfp, u32 *gen);
void singlet_slab_dir_publish(struct singlet_slab_dir *dir, u32 index,
			      struct singlet_slab *slab, u64 place);
void singlet_slab_dir_remove(struct singlet_slab_dir *dir, u32 index, u32 gen);
void singlet_slab_dir_release(struct singlet_slab_dir *dir, u32 index);
void singlet_slab_dir_trim(struct singlet_slab_dir *dir);
size_t singlet_slab_dir_bytes(const struct singlet_slab_dir *dir);
u32 singlet_slab_dir_cap(const struct singlet_slab_dir *dir);

/* Entry @index of the directory, or NULL.  RCU section. */
static __always_inline struct singlet_slab_entry *
singlet_slab_dir_entry(const struct singlet_slab_dir *dir, u32 index)
{
	struct singlet_slab_dir_chunk *chunk;
	u32 at = DIR_AT(index);
	unsigned int order = __fls(at);

	chunk = rcu_dereference_check(dir->chunk[order - __fls(DIR_FIRST)],
				      lockdep_is_held(&dir->lock));
	at ^= 1U << order;
	return likely(chunk && at) ? &chunk->entry[at - 1] : NULL;
}

/*
 * The slab at @index or NULL.  The caller is in an RCU read-side section and
 * may use the slab until its end.
 */
static __always_inline struct singlet_slab *
singlet_slab_dir_find(const struct singlet_slab_dir *dir, u32 index)
{
	const struct singlet_slab_entry *entry;
	unsigned long e;

	entry = singlet_slab_dir_entry(dir, index);
	if (unlikely(!entry))
		return NULL;
	/* Pairs with the release in singlet_slab_dir_publish(). */
	e = READ_ONCE(entry->slab);
	return e & 1 ? NULL : (struct singlet_slab *)e;
}

/* The place of a slab of slots of @size bytes (8 * PLACE_SIZE_OTHER: others). */
static inline u64 singlet_place(void *base, u32 slots, u32 size)
{
	unsigned long address = (unsigned long)kasan_reset_tag(base);

	return address >> PAGE_SHIFT_MIN << PLACE_BASE_SHIFT |
	       (u64)(slots - 1) << PLACE_LAST_SHIFT | size / 8;
}

/*
 * Where the highest bits of all kernel addresses equal bit 56, that one tells
 * them all; elsewhere the slab has to be asked.
 */
#if defined(CONFIG_X86_64) || defined(CONFIG_UML) || defined(CONFIG_ARM64) || \
	defined(CONFIG_RISCV) || defined(CONFIG_S390)
#define PLACE_HAS_BASE	1
#else
#define PLACE_HAS_BASE	0
#endif

static __always_inline void *singlet_place_base(u64 place)
{
	return (void *)((s64)place >> PLACE_BASE_SHIFT << PAGE_SHIFT_MIN);
}

static __always_inline u32 singlet_place_last(u64 place)
{
	return place >> PLACE_LAST_SHIFT & PLACE_LAST_MASK;
}

static __always_inline u32 singlet_place_size(u64 place)
{
	return (place & PLACE_SIZE_MASK) * 8;
}

/* As singlet_slab_dir_find(), with the slab's place. */
static __always_inline struct singlet_slab *
singlet_slab_dir_place(const struct singlet_slab_dir *dir, u32 index,
		       u64 *place)
{
	const struct singlet_slab_entry *entry;
	unsigned long e;

	entry = singlet_slab_dir_entry(dir, index);
	if (unlikely(!entry))
		return NULL;
	e = compat_load_acquire(&entry->slab);
	*place = READ_ONCE(entry->place);
	compat_rmb();	/* both pair with singlet_slab_dir_publish() */
	if (unlikely(READ_ONCE(entry->slab) != e || e & 1))
		return NULL;
	return (struct singlet_slab *)e;
}

#endif
