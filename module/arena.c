// SPDX-License-Identifier: GPL-2.0
/* arena - where slabs are for processes that map them; see arena.h */
#include "arena.h"

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/alloc.h"
#include "marks.h"
#include "pages.h"

#define REGION_PAGES	(SINGLET_MAP_REGION_SIZE >> PAGE_SHIFT)

#define RUN_NONE	0	/* slab->run; else the run's number + 1 */

#define XA_FLAGS	(XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT)

static unsigned int order_of(u32 pages)
{
	return order_base_2(pages);
}

/* Where slabs of @pages pages are; its lock protects what processes see of them. */
struct xarray *singlet_arena_region(struct singlet_arena *arena, u32 pages)
{
	return &arena->region[order_of(pages)];
}

/* Page of the arena with which a run begins. */
static unsigned long run_page(unsigned int order, u32 run)
{
	return order * REGION_PAGES + ((unsigned long)run << order);
}

static u64 entry_of(const struct singlet_slab *slab)
{
	unsigned long page = run_page(order_of(slab->pages), slab->run - 1);

	BUILD_BUG_ON(ARENA_PAGES << PAGE_SHIFT >> 12 > 1UL << 28);
	BUILD_BUG_ON(SIZE_SLOTS_MAX > 0x3ff);
	BUILD_BUG_ON(SINGLET_MAX_VALUE > 0x3ffffff);
	BUILD_BUG_ON(SINGLET_ID_SLOT_BITS != INFO_SLOT_BITS);
	BUILD_BUG_ON(SINGLET_ID_INDEX_BITS != SLAB_INDEX_BITS);
	BUILD_BUG_ON(SINGLET_MAX_VALUE >> PAGE_SHIFT >>
		     (SINGLET_MAP_REGIONS - 1) > 1);
	return (u64)page << (PAGE_SHIFT - 12) << 36 | (u64)slab->size << 10 |
	       slab->slots;
}

/* Runs */

/* A free run of @order.  Return: 0, -EBUSY: there is none, -ENOMEM. */
static int run_reserve(struct singlet_arena *arena, unsigned int order,
		       u32 *run, gfp_t gfp)
{
	struct xarray *region = &arena->region[order];
	unsigned long flags;
	int err;

	xa_lock_irqsave(region, flags);
	err = __xa_alloc(region, run, NULL,
			 XA_LIMIT(0, (REGION_PAGES >> order) - 1), gfp);
	xa_unlock_irqrestore(region, flags);
	return err;
}

/*
 * Give @slab a run, if it is still at @index, has @pages pages and no run.
 * Return: 0, -ENOMEM.
 */
static int add(struct singlet_arena *arena, const struct singlet_slab_dir *dir,
	       struct singlet_slab *slab, u32 index, u32 pages, gfp_t gfp)
{
	unsigned int order = order_of(pages);
	struct xarray *region = &arena->region[order];
	unsigned long flags;
	u32 run;
	int err;

	err = singlet_map_dir_reach(&arena->dir, index, gfp);
	if (err)
		return err;
	err = run_reserve(arena, order, &run, gfp);
	if (err)
		return err == -EBUSY ? 0 : err;
	rcu_read_lock();
	xa_lock_irqsave(region, flags);
	if (singlet_slab_dir_find(dir, index) == slab && slab->pages == pages &&
	    slab->run == RUN_NONE) {
		__xa_store(region, run, slab, 0);	/* there is room */
		slab->run = run + 1;
		/* What is in the slab comes later; for readers' acquire. */
		smp_store_release(singlet_map_dir_entry(&arena->dir, index),
				  entry_of(slab));
	} else {
		__xa_erase(region, run);
	}
	xa_unlock_irqrestore(region, flags);
	rcu_read_unlock();
	return 0;
}

/* The rest of singlet_arena_add().  Without memory the slab has no run. */
void singlet_arena_add_late(struct singlet_arena *arena,
			    struct singlet_slab *slab, gfp_t gfp)
{
	const struct singlet_slab_dir *dir = &arena->pool->dir;
	struct singlet_marks *marks;

	if (add(arena, dir, slab, slab->index, slab->pages, gfp))
		return;
	/*
	 * Pairs with the release in singlet_arena_mark().  Whoever fills in marks
	 * and finds no run in the slab was at it before us, by the region's lock.
	 */
	marks = smp_load_acquire(&arena->marks);
	if (unlikely(marks))
		singlet_marks_add(marks, slab, slab->index, slab->cache->class,
				  0, gfp);
}

/* The rest of singlet_arena_remove(). */
void singlet_arena_take_out(struct singlet_arena *arena,
			    struct singlet_slab *slab)
{
	struct xarray *region = &arena->region[order_of(slab->pages)];
	unsigned long flags;

	xa_lock_irqsave(region, flags);
	if (slab->run != RUN_NONE) {
		if (slab->marks)
			WRITE_ONCE(*singlet_map_dir_entry(&arena->marks->sets,
							  slab->index), 0);
		WRITE_ONCE(*singlet_map_dir_entry(&arena->dir, slab->index), 0);
		/* The run of what is mapped stays reserved. */
		if (slab->mapped)
			__xa_store(region, slab->run - 1, NULL, 0);
		else
			__xa_erase(region, slab->run - 1);
	}
	xa_unlock_irqrestore(region, flags);
}

/* Unmapping */

/* Faults that found what is not to be found any more are over then. */
static void wait_for_faults(struct singlet_arena *arena)
{
	down_write(&arena->faults);
	up_write(&arena->faults);
}

static void unmap(struct singlet_arena *arena, loff_t begin, loff_t size)
{
	unmap_mapping_range(arena->inode->i_mapping, begin, size, 1);
}

/**
 * singlet_arena_zap() - take pages out of all page tables
 * @arena: arena
 * @begin: offset of what is mapped
 * @size: bytes
 *
 * They cannot be found by faults any more, and come back to page tables never.
 *
 * Context: Process, sleeps.
 */
void singlet_arena_zap(struct singlet_arena *arena, loff_t begin, loff_t size)
{
	wait_for_faults(arena);
	unmap(arena, begin, size);
}

/**
 * singlet_arena_unmap() - take a slab's pages out of all page tables
 * @slab: was mapped and taken out, and its pages are not freed yet
 * @wait: for faults that go on
 *
 * Context: Process, sleeps; memory reclaim may call it, not to wait.
 * Return: Whether it is done.
 */
bool singlet_arena_unmap(struct singlet_slab *slab, bool wait)
{
	struct singlet_arena *arena = slab->cache->pool->arena;
	unsigned int order = order_of(slab->pages);
	loff_t at = run_page(order, slab->run - 1);
	unsigned long flags;

	if (wait)
		down_write(&arena->faults);
	else if (!down_write_trylock(&arena->faults))
		return false;
	up_write(&arena->faults);
	unmap(arena, SINGLET_MAP_ARENA + (at << PAGE_SHIFT),
	      (loff_t)slab->pages << PAGE_SHIFT);
	xa_lock_irqsave(&arena->region[order], flags);
	__xa_erase(&arena->region[order], slab->run - 1);
	xa_unlock_irqrestore(&arena->region[order], flags);
	return true;
}

/* Faults */

/**
 * singlet_arena_page() - what is to be mapped
 * @arena: its @faults is held
 * @page: page of the arena
 *
 * Return: The kernel's address of the page, which stays at least until @faults
 * is released; or NULL.
 */
void *singlet_arena_page(struct singlet_arena *arena, unsigned long page)
{
	unsigned long order = page / REGION_PAGES;
	unsigned long in_region = page % REGION_PAGES, in_run;
	struct xarray *region;
	struct singlet_slab *slab;
	void *address = NULL;

	lockdep_assert_held(&arena->faults);
	if (order >= SINGLET_MAP_REGIONS)
		return NULL;
	region = &arena->region[order];
	in_run = in_region & ((1UL << order) - 1);
	xa_lock_irq(region);
	slab = xa_load(region, in_region >> order);
	if (slab && in_run < slab->pages) {
		slab->mapped = true;
		address = slab->base + (in_run << PAGE_SHIFT);
	}
	xa_unlock_irq(region);
	return address;
}

/* Holes */

/* All who map it have to look again afterwards, so it is not done all the time. */
#define ZAP_DELAY	(HZ / 10)

/*
 * A page of zeros, for who touches what is not there in an index.  Look again for
 * a page afterwards: who adds one either is seen then, or sees @holes.  @faults
 * is held.
 */
void *singlet_arena_hole(struct singlet_arena *arena)
{
	WRITE_ONCE(arena->holes, true);
	smp_mb();	/* pairs with the one in singlet_arena_appeared() */
	return arena->hole;
}

/* Holes are out of the page tables, so that what is there by now gets in. */
static void zap_holes(struct work_struct *work)
{
	struct singlet_arena *arena = container_of(to_delayed_work(work),
						   struct singlet_arena,
						   zap_work);

	WRITE_ONCE(arena->holes, false);
	/* Whoever maps one from here on says so; the others are through. */
	wait_for_faults(arena);
	unmap(arena, SINGLET_MAP_HOME, SINGLET_MAP_LINES_SIZE);
	unmap(arena, SINGLET_MAP_OVER, SINGLET_MAP_LINES_SIZE);
	unmap(arena, SINGLET_MAP_MARKS, SINGLET_MAP_MARKS_SIZE);
}

/* A page that may be touched was added to an index.  Context: any but NMI. */
void singlet_arena_appeared(struct singlet_arena *arena)
{
	smp_mb();	/* pairs with the one in singlet_arena_hole() */
	if (unlikely(READ_ONCE(arena->holes)))
		schedule_delayed_work(&arena->zap_work, ZAP_DELAY);
}

/* Beginning and end */

static struct singlet_arena *arena_new(struct singlet_pool *pool,
				       struct inode *inode)
{
	struct singlet_arena *arena;
	unsigned int i;

	arena = kzalloc_obj(*arena, GFP_KERNEL_ACCOUNT);
	if (!arena)
		return NULL;
	ihold(inode);
	arena->inode = inode;
	arena->pool = pool;
	singlet_borrowers_init(&arena->borrowers);
	INIT_DELAYED_WORK(&arena->zap_work, zap_holes);
	init_rwsem(&arena->faults);
	for (i = 0; i < SINGLET_MAP_REGIONS; i++)
		xa_init_flags(&arena->region[i], XA_FLAGS_ALLOC | XA_FLAGS);
	if (singlet_map_dir_init(&arena->dir, GFP_KERNEL_ACCOUNT)) {
		singlet_arena_free(arena);
		return NULL;
	}
	return arena;
}

/*
 * All slabs that were there before.  Return: 0, -ENOMEM, -EINTR; then it can be
 * done again.
 */
static int fill(struct singlet_arena *arena)
{
	const struct singlet_slab_dir *dir = &arena->pool->dir;
	u32 i, cap = singlet_slab_dir_cap(dir);

	for (i = 0; i < cap; i++) {
		struct singlet_slab *slab;
		u32 pages = 0;
		int err = 0;

		rcu_read_lock();
		slab = singlet_slab_dir_find(dir, i);
		if (slab)
			pages = slab->pages;
		rcu_read_unlock();
		if (slab)
			err = add(arena, dir, slab, i, pages,
				  GFP_KERNEL_ACCOUNT);
		if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * singlet_arena_open() - see that a pool has an arena with all its slabs
 * @pool: pool
 * @inode: in whose address space the mappings of the pool are
 *
 * Context: Process, sleeps.
 * Return: 0, -ENOMEM, -EINTR.
 */
int singlet_arena_open(struct singlet_pool *pool, struct inode *inode)
{
	struct singlet_arena *arena;
	int err = 0;

	if (mutex_lock_killable(&pool->arena_mutex))
		return -EINTR;
	arena = pool->arena;
	if (!arena) {
		arena = arena_new(pool, inode);
		if (!arena) {
			err = -ENOMEM;
			goto out;
		}
		/* Complete; pairs with the address dependency of its readers. */
		smp_store_release(&pool->arena, arena);
	}
	if (!arena->filled) {
		/* Pairs with those in singlet_arena_add() and _remove(). */
		smp_mb();
		err = fill(arena);
		arena->filled = !err;
	}
out:
	mutex_unlock(&pool->arena_mutex);
	return err;
}

/**
 * singlet_arena_mark() - see that the slabs of a pool have marks
 * @arena: open; the pool's arena_mutex is held
 *
 * All of those that have a run, if there is memory.  What is in the marks of
 * objects that there were before is left to the caller.
 *
 * Context: Process, sleeps.
 * Return: 0, -ENOMEM, -EINTR; then it can be done again.
 */
int singlet_arena_mark(struct singlet_arena *arena)
{
	struct singlet_marks *marks = arena->marks;

	lockdep_assert_held(&arena->pool->arena_mutex);
	if (!arena->hole)
		arena->hole = singlet_pages_alloc(1, GFP_KERNEL_ACCOUNT);
	if (!arena->hole)
		return -ENOMEM;
	if (!marks) {
		marks = singlet_marks_new(arena);
		if (!marks)
			return -ENOMEM;
		/* Complete; pairs with the acquire in _add_late(). */
		smp_store_release(&arena->marks, marks);
	}
	/*
	 * Who makes a slab sees the marks, or we see the slab: pairs with the
	 * barrier in singlet_arena_add().
	 */
	smp_mb();
	return singlet_marks_fill(marks);
}

/* No slab is in it and nothing is mapped.  Context: Process, sleeps. */
void singlet_arena_free(struct singlet_arena *arena)
{
	unsigned int r;

	if (!arena)
		return;
	cancel_delayed_work_sync(&arena->zap_work);
	singlet_assert(list_empty(&arena->borrowers.list));
	singlet_marks_free(arena->marks);
	if (arena->hole)
		singlet_pages_free(arena->hole, 1);
	for (r = 0; r < SINGLET_MAP_REGIONS; r++) {
		singlet_assert(xa_empty(&arena->region[r]));
		xa_destroy(&arena->region[r]);
	}
	singlet_map_dir_destroy(&arena->dir);
	iput(arena->inode);
	kfree(arena);
}

/* Bytes that it takes with @slabs in it. */
size_t singlet_arena_bytes(const struct singlet_arena *arena,
			   unsigned long slabs)
{
	if (!arena)
		return 0;
	return sizeof(*arena) + singlet_map_dir_bytes(&arena->dir) +
	       slabs * sizeof(struct xa_node) / XA_CHUNK_SIZE +
	       (READ_ONCE(arena->hole) ? PAGE_SIZE : 0) +
	       singlet_borrowers_bytes(&arena->borrowers) +
	       singlet_marks_bytes(READ_ONCE(arena->marks));
}
