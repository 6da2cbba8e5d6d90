// SPDX-License-Identifier: GPL-2.0
/* marks - what processes that map an index see of each slot; see marks.h */
#include "marks.h"

#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "arena.h"
#include "compat/alloc.h"
#include "pages.h"

#define PAGE_MARKS	(PAGE_SIZE / sizeof(u64))
#define MARK_PAGES	(SINGLET_MAP_MARKS_SIZE >> PAGE_SHIFT)

#define BLOCK_NONE	((u64)PAGE_MARKS)

static_assert((u64)SINGLET_MARK_TYPE_MAX << SINGLET_MARK_TYPE_SHIFT <
	      SINGLET_MARK_DOOMED);

/* A page of blocks.  The first mark of a free block is the next free one. */
struct mark_page {
	u64 *mark;		/* stable */
	struct singlet_pool *pool;	/* stable; a use of it */
	u32 number;		/* stable */
	u16 slots;		/* stable; marks in a block */
	u16 nr_free;		/* pages' lock; blocks */
	u16 free;		/* pages' lock; the first one */
	unsigned int class;	/* stable */
	union {
		struct list_head node;	/* pages' lock; if a block is free */
		struct llist_node late;	/* then, when all are */
	};
};

static unsigned int blocks(const struct mark_page *page)
{
	return PAGE_MARKS / page->slots;
}

/* Pages */

static struct mark_page *page_new(struct singlet_pool *pool, unsigned int class,
				  gfp_t gfp)
{
	struct mark_page *page;
	unsigned int i;

	page = kzalloc_obj(*page, gfp);
	if (!page)
		return NULL;
	page->mark = singlet_pages_alloc(1, gfp);
	if (!page->mark) {
		kfree(page);
		return NULL;
	}
	page->pool = pool;
	page->class = class;
	page->slots = singlet_sizes[class].slots;
	page->nr_free = blocks(page);
	page->free = 0;
	for (i = 0; i < blocks(page); i++)
		page->mark[i * page->slots] =
			i + 1 < blocks(page) ? i + 1 : BLOCK_NONE;
	refcount_inc(&pool->users);
	return page;
}

static void page_free(struct mark_page *page)
{
	struct singlet_pool *pool = page->pool;

	singlet_pages_free(page->mark, 1);
	kfree(page);
	singlet_pool_unuse(pool);
}

/* Pages without blocks in use.  They may be mapped still. */
static LLIST_HEAD(late_pages);

static void page_end(struct mark_page *page)
{
	struct singlet_arena *arena = page->pool->arena;
	struct singlet_marks *marks = arena->marks;

	singlet_arena_zap(arena, SINGLET_MAP_MARKS +
			  ((loff_t)page->number << PAGE_SHIFT), PAGE_SIZE);
	xa_lock_irq(&marks->pages);
	__xa_erase(&marks->pages, page->number);
	marks->nr--;
	xa_unlock_irq(&marks->pages);
	page_free(page);
}

static void free_late(struct work_struct *work)
{
	struct llist_node *late = llist_del_all(&late_pages);
	struct mark_page *page, *tmp;

	llist_for_each_entry_safe(page, tmp, late, late) {
		page_end(page);
		cond_resched();
	}
}

static DECLARE_WORK(late_work, free_late);

/* Wait until all pages are back that have become empty.  Context: sleeps. */
void singlet_marks_flush(void)
{
	flush_work(&late_work);
}

/* Blocks */

static u64 *pop(struct mark_page *page, u32 *block)
{
	u32 i = page->free;
	u64 *mark = page->mark + i * page->slots;

	page->free = *mark;
	if (!--page->nr_free)
		list_del(&page->node);
	*block = page->number * PAGE_MARKS + i * page->slots;
	memset(mark, 0, page->slots * sizeof(*mark));
	return mark;
}

/* Of a new page, which goes again when its blocks do: so it has to have one. */
static u64 *block_of_new(struct singlet_marks *marks, unsigned int class,
			 u32 *block, gfp_t gfp)
{
	struct mark_page *page = page_new(marks->arena->pool, class, gfp);
	unsigned long flags;
	u64 *mark = NULL;
	int err;

	if (!page)
		return NULL;
	xa_lock_irqsave(&marks->pages, flags);
	err = __xa_alloc(&marks->pages, &page->number, page,
			 XA_LIMIT(0, MARK_PAGES - 1), gfp);
	if (!err) {
		list_add(&page->node, &marks->partial[class]);
		marks->nr++;
		mark = pop(page, block);
	}
	xa_unlock_irqrestore(&marks->pages, flags);
	if (err)
		page_free(page);
	else
		singlet_arena_appeared(marks->arena);
	return mark;
}

static u64 *block_get(struct singlet_marks *marks, unsigned int class,
		      u32 *block, gfp_t gfp)
{
	struct mark_page *page;
	unsigned long flags;
	u64 *mark = NULL;

	xa_lock_irqsave(&marks->pages, flags);
	page = list_first_entry_or_null(&marks->partial[class],
					struct mark_page, node);
	if (page)
		mark = pop(page, block);
	xa_unlock_irqrestore(&marks->pages, flags);
	return mark ?: block_of_new(marks, class, block, gfp);
}

static void block_put(struct singlet_marks *marks, u32 block)
{
	struct mark_page *page;
	unsigned long flags;
	bool empty;
	u32 i;

	xa_lock_irqsave(&marks->pages, flags);
	page = xa_load(&marks->pages, block / PAGE_MARKS);
	i = block % PAGE_MARKS / page->slots;
	WRITE_ONCE(page->mark[i * page->slots], page->free);
	page->free = i;
	if (!page->nr_free++)
		list_add(&page->node, &marks->partial[page->class]);
	empty = page->nr_free == blocks(page);
	if (empty) {
		list_del(&page->node);
		/* What comes next there must not be mapped as this. */
		__xa_store(&marks->pages, page->number, NULL, 0);
	}
	xa_unlock_irqrestore(&marks->pages, flags);
	if (empty && llist_add(&page->late, &late_pages))
		schedule_work(&late_work);
}

/* Slabs */

/**
 * singlet_marks_add() - see that a slab has marks
 * @marks: of the pool
 * @slab: which, if it is at @index still
 * @index: there
 * @class: of its size
 * @coming: 0, or MARKS_COMING if it may have objects already
 * @gfp: how to allocate
 *
 * It has none without a run in the arena, and without memory.
 *
 * Return: 0 or -ENOMEM.
 */
int singlet_marks_add(struct singlet_marks *marks, struct singlet_slab *slab,
		      u32 index, unsigned int class, unsigned long coming,
		      gfp_t gfp)
{
	struct singlet_arena *arena = marks->arena;
	struct xarray *region;
	unsigned long flags;
	u64 *mark;
	u32 block;

	if (class == SIZE_LARGE || singlet_sizes[class].size > SIZE_SLACK_MAX)
		return 0;
	/* Readers take it that the directory of slabs reaches as far. */
	if (singlet_map_dir_reach(&arena->dir, index, gfp) ||
	    singlet_map_dir_reach(&marks->sets, index, gfp))
		return -ENOMEM;
	mark = block_get(marks, class, &block, gfp);
	if (!mark)
		return -ENOMEM;
	region = singlet_arena_region(arena, singlet_sizes[class].pages);
	rcu_read_lock();
	xa_lock_irqsave(region, flags);
	if (singlet_slab_dir_find(&arena->pool->dir, index) == slab &&
	    slab->run && slab->cache->class == class && !slab->marks) {
		u32 serial;

		do {
			serial = atomic_inc_return(&marks->serial);
		} while (unlikely(!serial));
		slab->mark_block = block;
		WRITE_ONCE(slab->marks, (unsigned long)mark | coming);
		/* Its place in the arena is there by now. */
		smp_store_release(singlet_map_dir_entry(&marks->sets, index),
				  (u64)block << 32 | serial);
		mark = NULL;
	}
	xa_unlock_irqrestore(region, flags);
	rcu_read_unlock();
	if (mark)
		block_put(marks, block);
	return 0;
}

/* Publishers put live marks in, too. */
static void marks_came(struct singlet_arena *arena)
{
	const struct singlet_slab_dir *dir = &arena->pool->dir;
	u32 i, cap = singlet_slab_dir_cap(dir);

	for (i = 0; i < cap; i++) {
		struct singlet_slab *slab;

		rcu_read_lock();
		slab = singlet_slab_dir_find(dir, i);
		/* Nobody else changes it once there are marks. */
		if (slab && slab->marks & MARKS_COMING)
			WRITE_ONCE(slab->marks, slab->marks & ~MARKS_COMING);
		rcu_read_unlock();
		cond_resched();
	}
}

/**
 * singlet_marks_fill() - see that all slabs of a pool have marks
 * @marks: of the pool; new slabs have theirs by themselves
 *
 * Slabs that got some go through all steps of marks.h, even if others do not.
 *
 * Context: Process, sleeps; the pool's arena_mutex is held.
 * Return: 0, -ENOMEM, -EINTR; then it can be done again.
 */
int singlet_marks_fill(struct singlet_marks *marks)
{
	const struct singlet_slab_dir *dir = &marks->arena->pool->dir;
	u32 i, cap = singlet_slab_dir_cap(dir);
	int err = 0;

	for (i = 0; i < cap && !err; i++) {
		unsigned int class = SIZE_LARGE;
		struct singlet_slab *slab;

		rcu_read_lock();
		slab = singlet_slab_dir_find(dir, i);
		if (slab)
			class = slab->cache->class;
		rcu_read_unlock();
		if (slab)
			err = singlet_marks_add(marks, slab, i, class,
						MARKS_COMING,
						GFP_KERNEL_ACCOUNT);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	synchronize_rcu();
	synchronize_rcu();
	marks_came(marks->arena);
	synchronize_rcu();
	return err;
}

/* Nobody looks at @slab's records any more, nor at its marks. */
void singlet_marks_end(struct singlet_slab *slab)
{
	if (slab->marks)
		block_put(slab->cache->pool->arena->marks, slab->mark_block);
}

/* Page @page of all marks, or NULL.  The arena's @faults is held. */
void *singlet_marks_page(struct singlet_marks *marks, unsigned long page)
{
	struct mark_page *p;
	void *address = NULL;

	xa_lock_irq(&marks->pages);
	p = xa_load(&marks->pages, page);
	if (p)
		address = p->mark;
	xa_unlock_irq(&marks->pages);
	return address;
}

/* Beginning and end */

/* Context: Process, sleeps.  Return: Marks of no slab; or NULL. */
struct singlet_marks *singlet_marks_new(struct singlet_arena *arena)
{
	struct singlet_marks *marks;
	unsigned int i;

	marks = kzalloc_obj(*marks, GFP_KERNEL_ACCOUNT);
	if (!marks)
		return NULL;
	marks->arena = arena;
	xa_init_flags(&marks->pages, XA_FLAGS_ALLOC | XA_FLAGS_LOCK_IRQ |
				     XA_FLAGS_ACCOUNT);
	for (i = 0; i < SIZE_LARGE; i++)
		INIT_LIST_HEAD(&marks->partial[i]);
	if (singlet_map_dir_init(&marks->sets, GFP_KERNEL_ACCOUNT)) {
		singlet_marks_free(marks);
		return NULL;
	}
	return marks;
}

/* No slab is left, and nothing is mapped. */
void singlet_marks_free(struct singlet_marks *marks)
{
	if (!marks)
		return;
	singlet_assert(!marks->nr);
	xa_destroy(&marks->pages);
	singlet_map_dir_destroy(&marks->sets);
	kfree(marks);
}

size_t singlet_marks_bytes(const struct singlet_marks *marks)
{
	return marks ? sizeof(*marks) + singlet_map_dir_bytes(&marks->sets) +
		       READ_ONCE(marks->nr) *
		       (PAGE_SIZE + sizeof(struct mark_page)) : 0;
}
