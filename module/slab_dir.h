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
 *
 * Locking: readers are RCU sections.  @lock (irq-safe) serializes everything
 * that writes an entry or replaces the array.
 */
#ifndef SINGLET_SLAB_DIR_H
#define SINGLET_SLAB_DIR_H

#include <linux/idr.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "compat/overflow.h"

#define SLAB_INDEX_BITS	22
#define SLAB_INDEX_MAX	((1U << SLAB_INDEX_BITS) - 1)

/*
 * The first generation of all is at most this: few enough that ids stay below
 * 2^53 for long, as much as a number can be in many a program's JSON.
 */
#define SLAB_GEN_FIRST	0x100000U

/* No slab starts with a generation beyond this; the rest is for its life. */
#define SLAB_GEN_LAST	0xf0000000U

struct singlet_slab;

struct singlet_slab_dir_array {
	struct rcu_head rcu;
	u32 cap;
	unsigned long entry[];		/* dir->lock to write */
};

struct singlet_slab_dir {
	struct singlet_slab_dir_array __rcu *array;	/* lock to write */
	spinlock_t lock;
	struct ida ida;			/* indexes in use */
	u32 floor;	/* lock; first generation at an index beyond the array */
};

void singlet_slab_dir_init(struct singlet_slab_dir *dir);
void singlet_slab_dir_destroy(struct singlet_slab_dir *dir);
int singlet_slab_dir_reserve(struct singlet_slab_dir *dir, gfp_t gfp, u32 *gen);
void singlet_slab_dir_publish(struct singlet_slab_dir *dir, u32 index,
			      struct singlet_slab *slab);
void singlet_slab_dir_remove(struct singlet_slab_dir *dir, u32 index, u32 gen);
void singlet_slab_dir_trim(struct singlet_slab_dir *dir);
size_t singlet_slab_dir_bytes(const struct singlet_slab_dir *dir);
u32 singlet_slab_dir_cap(const struct singlet_slab_dir *dir);

/*
 * The slab at @index or NULL.  The caller is in an RCU read-side section and
 * may use the slab until its end.
 */
static __always_inline struct singlet_slab *
singlet_slab_dir_find(const struct singlet_slab_dir *dir, u32 index)
{
	const struct singlet_slab_dir_array *a = rcu_dereference(dir->array);
	unsigned long e;

	if (unlikely(!a || index >= a->cap))
		return NULL;
	/* Pairs with the release in singlet_slab_dir_publish(). */
	e = READ_ONCE(a->entry[index]);
	return e & 1 ? NULL : (struct singlet_slab *)e;
}

#endif
