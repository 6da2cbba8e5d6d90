/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arena - where slabs are for processes that map them
 *
 * Vocabulary
 *   region     of the arena's addresses, for runs of up to 2^order pages
 *   run        2^order pages of such a region, which a slab has
 *   directory  what processes see of it: index of a slab to run, one u64 each
 *
 * A pool has an arena as soon as somebody maps it, until the pool is freed.
 * Runs of a region are numbered from 0, and a slab gets the lowest that is
 * free (an allocating xarray of the region does that, and tells what is in a
 * run), so that page tables are as small as the slabs are few.  A region holds
 * 32 GiB; slabs beyond that, and those for which there was no memory here, have
 * no run, are not in the directory, and are read by system call.
 *
 * Pages are mapped as page frames (VM_PFNMAP): nobody can get a reference on
 * one by way of a mapping, so when the page tables do not have it any more,
 * nobody has.
 *
 * Filling an arena while slabs come and go.  Who creates a slab publishes it in
 * the pool's directory, then looks for an arena; who ends one takes it out
 * there, then looks for an arena; who makes an arena publishes it, then goes
 * over the directory (full barriers between the two steps on all sides).  So a
 * slab that a filler misses sees the arena itself.  A slab that both of them
 * add gets its run from the first, under the lock of the region.  There it is
 * also looked up again: a slab that is not in the pool's directory any more is
 * not added, one that is will be removed by who ends it, after.
 *
 * When the pages of a slab may be freed.  The fault handler looks a run up and
 * marks its slab as mapped under the region's lock; it holds @faults for
 * reading from before that until the page is in the page table.  Who ends a
 * slab takes it out of the region under the same lock, and sees the mark.  A
 * slab without it is in no page table and never will be: its pages can go at
 * once.  Otherwise, from a context that may sleep, @faults is taken for writing
 * (every fault that found the slab is over, none will find it), then the run is
 * unmapped everywhere, and only then do the pages go, and may the run be
 * another slab's.
 *
 * Locking: @faults; inside, the locks of page tables and of the address space,
 * and allocations, so that memory reclaim only tries to take it.  The xarrays'
 * locks (irq-safe) are leaves.
 */
#ifndef SINGLET_ARENA_H
#define SINGLET_ARENA_H

#include <linux/rwsem.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/singlet.h>

#include "borrow.h"
#include "map_dir.h"
#include "slab.h"

struct inode;

#define ARENA_PAGES		(SINGLET_MAP_ARENA_SIZE >> PAGE_SHIFT)

struct singlet_arena {
	struct inode *inode;		/* stable; of the address space */
	struct rw_semaphore faults;
	struct xarray region[SINGLET_MAP_REGIONS];	/* run to slab */
	struct singlet_pool *pool;	/* stable */
	struct singlet_map_dir dir;	/* an entry: its region's lock */
	bool filled;			/* the pool's arena_mutex */
	/* For an index. */
	struct singlet_marks *marks;	/* stable once set; NULL: none yet */
	struct singlet_borrowers borrowers;
	void *hole;			/* stable once there are marks */
	bool holes;			/* it may be mapped */
	struct delayed_work zap_work;
};

int singlet_arena_open(struct singlet_pool *pool, struct inode *inode);
void singlet_arena_free(struct singlet_arena *arena);
size_t singlet_arena_bytes(const struct singlet_arena *arena,
			   unsigned long slabs);

void singlet_arena_add_late(struct singlet_arena *arena,
			    struct singlet_slab *slab, gfp_t gfp);
void singlet_arena_take_out(struct singlet_arena *arena,
			    struct singlet_slab *slab);
bool singlet_arena_unmap(struct singlet_slab *slab, bool wait);

void *singlet_arena_page(struct singlet_arena *arena, unsigned long page);

int singlet_arena_mark(struct singlet_arena *arena);
struct xarray *singlet_arena_region(struct singlet_arena *arena, u32 pages);
void singlet_arena_zap(struct singlet_arena *arena, loff_t begin, loff_t size);
void *singlet_arena_hole(struct singlet_arena *arena);
void singlet_arena_appeared(struct singlet_arena *arena);

/* A slab was published in its pool's directory; no id in it is known yet. */
static inline void singlet_arena_add(struct singlet_slab *slab, gfp_t gfp)
{
	struct singlet_arena *arena;

	smp_mb();	/* pairs with the one in singlet_arena_open() */
	arena = READ_ONCE(slab->cache->pool->arena);
	if (unlikely(arena))
		singlet_arena_add_late(arena, slab, gfp);
}

/*
 * It was taken out there, and has its index still.  slab->mapped does not change
 * any more.
 */
static inline void singlet_arena_remove(struct singlet_slab *slab)
{
	struct singlet_arena *arena;

	smp_mb();	/* likewise */
	arena = READ_ONCE(slab->cache->pool->arena);
	if (unlikely(arena))
		singlet_arena_take_out(arena, slab);
}

#endif
