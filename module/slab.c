// SPDX-License-Identifier: GPL-2.0
/* slab - slots in page runs; see slab.h */
#include "slab.h"

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "arena.h"
#include "compat/alloc.h"
#include "magazine.h"
#include "marks.h"
#include "pages.h"

/* Slabs that the shrinker frees besides those that need not wait, at a time. */
#define LATE_SOME	256

/*
 * Descriptors have odd sizes and are many: each size has a cache of its own in
 * the kernel's allocator, so that they waste no power of two.
 */
static struct kmem_cache *desc_cache[SIZE_LARGE + 1];

static bool has_big(const struct singlet_size *size)
{
	return !size->size || size->size > SIZE_SLACK_MAX;
}

static size_t desc_bytes(const struct singlet_size *size)
{
	size_t bytes = struct_size_t(struct singlet_slab, obj, size->slots);

	if (has_big(size))
		bytes = ALIGN(bytes, 8) +
			size->slots * sizeof(struct singlet_big);
	return bytes;
}

/* The cache for @bytes that a class before @class has already, or NULL. */
static struct kmem_cache *desc_cache_of(size_t bytes, int class)
{
	while (class--)
		if (desc_bytes(&singlet_sizes[class]) == bytes)
			return desc_cache[class];
	return NULL;
}

int singlet_slab_init(void)
{
	char name[32];
	int i;

	for (i = 0; i <= SIZE_LARGE; i++) {
		size_t bytes = desc_bytes(&singlet_sizes[i]);

		desc_cache[i] = desc_cache_of(bytes, i);
		if (desc_cache[i])
			continue;
		snprintf(name, sizeof(name), KBUILD_MODNAME "_slab_%zu", bytes);
		desc_cache[i] = kmem_cache_create(name, bytes, 0, SLAB_ACCOUNT,
						  NULL);
		if (!desc_cache[i]) {
			singlet_slab_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

/* Every slab is back: singlet_slab_flush(). */
void singlet_slab_exit(void)
{
	int i;

	for (i = SIZE_LARGE; i >= 0; i--) {
		if (desc_cache[i] &&
		    !desc_cache_of(desc_bytes(&singlet_sizes[i]), i))
			kmem_cache_destroy(desc_cache[i]);
		desc_cache[i] = NULL;
	}
}

/* Slabs */

/* Drop a use of @pool; context as of its release(). */
void singlet_pool_unuse(struct singlet_pool *pool)
{
	if (refcount_dec_and_test(&pool->users))
		pool->release(pool);
}

static void count_slab(struct singlet_slab *slab, long sign)
{
	const struct singlet_counters *c = slab->cache->pool->counters;

	singlet_count(c, STAT_SLABS, sign);
	singlet_count(c, STAT_SLOTS, sign * slab->slots);
	singlet_count(c, STAT_BYTES_STORED, sign * (long)(slab->pages *
							  PAGE_SIZE));
}

static void count_desc(struct singlet_slab *slab, long sign)
{
	struct singlet_slab_cache *cache = slab->cache;

	singlet_count(cache->pool->counters, STAT_BYTES_METADATA,
		      sign * (long)desc_bytes(cache->size));
}

static void free_payload(struct singlet_slab *slab)
{
	count_slab(slab, -1);
	singlet_count(slab->cache->pool->counters, STAT_SLABS_FREED, 1);
	singlet_pages_free(slab->base, slab->pages);
}

/* Nobody looks at the records any more. */
static void free_desc(struct singlet_slab *slab)
{
	struct singlet_slab_cache *cache = slab->cache;
	struct singlet_pool *pool = cache->pool;

	count_desc(slab, -1);
	singlet_marks_end(slab);
	kmem_cache_free(desc_cache[cache->class], slab);
	singlet_pool_unuse(pool);
}

static void free_desc_rcu(struct rcu_head *rcu)
{
	free_desc(container_of(rcu, struct singlet_slab, rcu));
}

/*
 * Runs from vmalloc, and those that processes may have mapped, can only be freed
 * where sleeping is allowed, so they are left to a worker, or to memory reclaim;
 * singlet_slab_flush() waits for them.
 */
static LLIST_HEAD(late_slabs);
static DEFINE_SPINLOCK(late_lock);	/* who takes some off the list */

static void free_late(struct work_struct *work);
static DECLARE_WORK(late_work, free_late);

static void leave_to_worker(struct singlet_slab *slab)
{
	if (llist_add(&slab->late, &late_slabs))
		schedule_work(&late_work);
}

/* Return: whether it went; not to @wait for others, it may have to stay. */
static bool free_late_one(struct singlet_slab *slab, bool wait)
{
	if (slab->mapped && !singlet_arena_unmap(slab, wait))
		return false;
	free_payload(slab);
	call_rcu(&slab->rcu, free_desc_rcu);
	return true;
}

/* Those that there are: who flushes this work is not to wait for others. */
static void free_late(struct work_struct *work)
{
	struct singlet_slab *slab, *tmp;
	struct llist_node *late;

	spin_lock(&late_lock);
	late = llist_del_all(&late_slabs);
	spin_unlock(&late_lock);
	llist_for_each_entry_safe(slab, tmp, late, late) {
		free_late_one(slab, true);
		cond_resched();
	}
}

/* A few of them, maybe somebody else's.  Context: memory reclaim. */
void singlet_slab_free_some(void)
{
	LLIST_HEAD(stay);
	struct singlet_slab *slab, *tmp;
	unsigned int n;

	for (n = 0; n < LATE_SOME; n++) {
		struct llist_node *node;

		spin_lock(&late_lock);
		node = llist_del_first(&late_slabs);
		spin_unlock(&late_lock);
		if (!node)
			break;
		/* Of a domain where somebody is busy: others may be behind it. */
		if (!free_late_one(llist_entry(node, struct singlet_slab, late),
				   false))
			llist_add(node, &stay);
		cond_resched();
	}
	llist_for_each_entry_safe(slab, tmp, llist_del_all(&stay), late)
		leave_to_worker(slab);
}

/* Wait until every slab taken out of use is back with the kernel. */
void singlet_slab_flush(void)
{
	flush_work(&late_work);
	/*
	 * The shrinker may be ending some, or have taken some from the worker and
	 * give them back to it.
	 */
	singlet_idle_sync();
	flush_work(&late_work);
	rcu_barrier();
	singlet_marks_flush();
}

/*
 * Take a slab out of use; it is on no list of its cache's, and has no object
 * that anybody could still get.  Its pages are free at once, if nobody has them
 * mapped: bytes are only read by who has a reference.  Its records wait for
 * those who may be looking.
 */
static void slab_end(struct singlet_slab *slab, u32 gen)
{
	struct singlet_slab_dir *dir = &slab->cache->pool->dir;

	singlet_idle_end(&slab->idle);
	singlet_slab_dir_remove(dir, slab->index, gen);
	singlet_arena_remove(slab);
	singlet_slab_dir_release(dir, slab->index);
	if (slab->mapped || is_vmalloc_addr(slab->base)) {
		leave_to_worker(slab);
	} else {
		free_payload(slab);
		call_rcu(&slab->rcu, free_desc_rcu);
	}
}

static void slab_retire(struct singlet_slab *slab)
{
	u32 gen = 0;
	unsigned int i;

	for (i = 0; i < slab->slots; i++)
		gen = max(gen, slab->obj[i].gen);
	slab_end(slab, gen);
}

static struct singlet_slab *slab_create(struct singlet_slab_cache *cache,
					u32 len, gfp_t gfp)
{
	const struct singlet_size *size = cache->size;
	struct singlet_pool *pool = cache->pool;
	struct singlet_slab *slab;
	unsigned int i;
	int index;
	u32 gen;

	gfp |= __GFP_ACCOUNT;
	slab = singlet_idle_alloc(desc_cache[cache->class], gfp);
	if (!slab)
		return NULL;

	slab->cache = cache;
	slab->slots = size->slots;
	slab->pages = size->size ? size->pages : DIV_ROUND_UP(len, PAGE_SIZE);
	slab->size = size->size ?: slab->pages * PAGE_SIZE;
	slab->mapped = false;
	slab->run = 0;
	slab->marks = 0;
	slab->born = get_jiffies_64();
	slab->big = has_big(size) ?
		PTR_ALIGN((void *)&slab->obj[slab->slots], 8) : NULL;
	slab->base = singlet_pages_alloc(slab->pages, gfp);
	if (!slab->base)
		goto err_desc;

	index = singlet_slab_dir_reserve(&pool->dir, gfp, &gen);
	if (index < 0)
		goto err_pages;
	slab->index = index;
	slab->gen = gen;
	singlet_idle_setup(&slab->idle, &pool->turns);
	slab->nr_free = slab->slots;
	slab->nr_retired = 0;
	slab->free_head = 0;
	for (i = 0; i < slab->slots; i++) {
		u32 next = i + 1 < slab->slots ? i + 1 : FREE_NEXT_NONE;

		atomic_set(&slab->obj[i].refs, OBJECT_DEAD);
		slab->obj[i].gen = gen;
		slab->obj[i].info = i | next << FREE_NEXT_SHIFT;
		if (slab->big)
			slab->big[i] = (struct singlet_big){};
	}
	refcount_inc(&pool->users);
	count_slab(slab, 1);
	count_desc(slab, 1);
	singlet_slab_dir_publish(&pool->dir, index, slab,
				 singlet_place(slab->base, slab->slots,
					       slab->big ? 8 * PLACE_SIZE_OTHER :
							   slab->size));
	singlet_arena_add(slab, gfp);
	return slab;

err_pages:
	singlet_pages_free(slab->base, slab->pages);
err_desc:
	kmem_cache_free(desc_cache[cache->class], slab);
	return NULL;
}

/* Free lists */

static struct singlet_object *list_pop(struct singlet_slab *slab)
{
	struct singlet_object *obj = &slab->obj[slab->free_head];

	lockdep_assert_held(&slab->cache->lock);
	slab->free_head = obj->info >> FREE_NEXT_SHIFT;
	slab->nr_free--;
	return obj;
}

static void list_push(struct singlet_slab *slab, struct singlet_object *obj)
{
	u32 slot = singlet_object_slot(obj);

	lockdep_assert_held(&slab->cache->lock);
	WRITE_ONCE(obj->info, slot | slab->free_head << FREE_NEXT_SHIFT);
	slab->free_head = slot;
	slab->nr_free++;
}

static bool slab_is_empty(const struct singlet_slab *slab)
{
	return slab->nr_free + slab->nr_retired == slab->slots;
}

/**
 * singlet_slab_take() - free slots of a cache
 * @cache: which
 * @len: bytes wanted; matters to the class of large values only
 * @obj: out; records of the slots
 * @nr: how many, at most
 * @gfp: how to allocate a slab when none has a free slot
 *
 * Context: As @gfp says.
 * Return: How many slots were found; 0 when there is no memory.  They are the
 * caller's, to be given back with singlet_slab_give().
 */
unsigned int singlet_slab_take(struct singlet_slab_cache *cache, u32 len,
			       struct singlet_object **obj, unsigned int nr,
			       gfp_t gfp)
{
	struct singlet_slab *slab, *fresh = NULL;
	unsigned long flags;
	unsigned int n = 0;

	spin_lock_irqsave(&cache->lock, flags);
	while (n < nr) {
		/* A cache of large values never has a slab to share. */
		slab = fresh && cache->class == SIZE_LARGE ? fresh :
			list_first_entry_or_null(&cache->partial,
						 struct singlet_slab, node);
		if (!slab) {
			if (n || fresh)
				break;
			spin_unlock_irqrestore(&cache->lock, flags);
			fresh = slab_create(cache, len, gfp);
			if (!fresh)
				return 0;
			spin_lock_irqsave(&cache->lock, flags);
			list_add(&fresh->node, &cache->partial);
			cache->nr_slabs++;
			cache->nr_pages += fresh->pages;
			cache->nr_empty++;
			cache->nr_free += fresh->nr_free;
			continue;
		}
		if (slab_is_empty(slab))
			cache->nr_empty--;
		while (n < nr && slab->nr_free) {
			obj[n++] = list_pop(slab);
			cache->nr_free--;
		}
		if (!slab->nr_free)
			list_del(&slab->node);
		if (cache->class == SIZE_LARGE)
			break;
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	return n;
}

/* Unlink @slab, which is empty; it is retired outside the lock. */
static void unlink_empty(struct singlet_slab_cache *cache,
			 struct singlet_slab *slab, struct list_head *out)
{
	lockdep_assert_held(&cache->lock);
	list_move(&slab->node, out);
	cache->nr_slabs--;
	cache->nr_pages -= slab->pages;
	cache->nr_free -= slab->nr_free;
}

static void retire_all(struct list_head *slabs)
{
	struct singlet_slab *slab, *tmp;

	list_for_each_entry_safe(slab, tmp, slabs, node)
		slab_retire(slab);
}

/**
 * singlet_slab_give() - give back slots
 * @cache: their cache
 * @obj: their records; zeroed, dead, their generation already grown
 * @nr: how many
 *
 * A slab whose last object this was is given back to the kernel, but for a few
 * (size->keep), lest objects that come and go cost a slab each time.  Those
 * that are kept are on the shrinker's list.
 *
 * Context: Any, does not sleep; on PREEMPT_RT preemptible.
 */
void singlet_slab_give(struct singlet_slab_cache *cache,
		       struct singlet_object **obj, unsigned int nr)
{
	unsigned int keep = cache->size->keep;
	LIST_HEAD(gone);
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&cache->lock, flags);
	for (i = 0; i < nr; i++) {
		struct singlet_slab *slab = singlet_object_slab(obj[i]);
		bool listed = slab->nr_free;

		if (unlikely(obj[i]->gen == U32_MAX)) {
			slab->nr_retired++;
		} else {
			list_push(slab, obj[i]);
			cache->nr_free++;
		}
		if (!listed)	/* even a slab with nothing but retired slots */
			list_add(&slab->node, &cache->partial);
		if (slab_is_empty(slab)) {
			if (cache->nr_empty < keep && !slab->nr_retired) {
				cache->nr_empty++;
				list_move_tail(&slab->node, &cache->partial);
				singlet_idle_offer(&slab->idle);
			} else {
				unlink_empty(cache, slab, &gone);
			}
		} else if (!slab->nr_free) {
			list_del(&slab->node);
		}
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	retire_all(&gone);
}

/* Pools */

void singlet_pool_init(struct singlet_pool *pool,
		       struct singlet_counters *counters,
		       void (*release)(struct singlet_pool *pool))
{
	singlet_slab_dir_init(&pool->dir);
	singlet_turns_init(&pool->turns);
	pool->arena = NULL;
	mutex_init(&pool->arena_mutex);
	pool->counters = counters;
	pool->id_bits = 0;
	pool->hot = NULL;
	pool->release = release;
	refcount_set(&pool->users, 1);
}

/* The rest of singlet_pool_cache(): there is no cache yet. */
struct singlet_slab_cache *singlet_pool_make_cache(struct singlet_pool *pool,
						   unsigned int class,
						   gfp_t gfp)
{
	struct singlet_slab_cache *cache, *old;

	cache = kzalloc_obj(*cache, gfp | __GFP_ACCOUNT);
	if (!cache)
		return NULL;
	cache->pool = pool;
	cache->class = class;
	cache->size = &singlet_sizes[class];
	spin_lock_init(&cache->lock);
	INIT_LIST_HEAD(&cache->partial);
	/* Without a magazine the cache is slower, nothing else. */
	cache->mag = singlet_magazines_alloc(cache->size->magazine, gfp);

	old = cmpxchg(&pool->cache[class], NULL, cache);
	if (old) {
		free_percpu(cache->mag);
		kfree(cache);
		return old;
	}
	singlet_count(pool->counters, STAT_BYTES_METADATA,
		      sizeof(*cache) + singlet_magazines_bytes(cache));
	return cache;
}

/*
 * The numbers of the cache of @class, an instant's view.  Return: Whether
 * there is one.
 */
bool singlet_pool_info(struct singlet_pool *pool, unsigned int class,
		       struct singlet_cache_info *info)
{
	struct singlet_slab_cache *cache = READ_ONCE(pool->cache[class]);
	unsigned long flags;

	if (!cache)
		return false;
	spin_lock_irqsave(&cache->lock, flags);
	info->size = cache->size->size;
	info->slabs = cache->nr_slabs;
	info->slots = info->slabs * cache->size->slots;
	info->free = cache->nr_free;
	info->pages = cache->nr_pages;
	spin_unlock_irqrestore(&cache->lock, flags);
	info->cached = singlet_magazines_cached(cache);
	return true;
}

/* Give all slabs without objects back to the kernel. */
void singlet_pool_trim(struct singlet_pool *pool)
{
	unsigned int class;

	for (class = 0; class <= SIZE_LARGE; class++) {
		struct singlet_slab_cache *cache =
			READ_ONCE(pool->cache[class]);
		struct singlet_slab *slab, *tmp;
		unsigned long flags;
		LIST_HEAD(gone);

		if (!cache)
			continue;
		spin_lock_irqsave(&cache->lock, flags);
		/* Empty slabs are at the tail. */
		list_for_each_entry_safe_reverse(slab, tmp, &cache->partial,
						 node) {
			if (!cache->nr_empty)
				break;
			if (!slab_is_empty(slab))
				continue;
			cache->nr_empty--;
			unlink_empty(cache, slab, &gone);
		}
		spin_unlock_irqrestore(&cache->lock, flags);
		retire_all(&gone);
		cond_resched();
	}
	singlet_slab_dir_trim(&pool->dir);
}

/**
 * singlet_pool_quiesce() - keep the shrinker away
 * @pool: nobody makes objects idle any more
 *
 * Context: Process, sleeps.  The shrinker knows nothing of @pool afterwards.
 */
void singlet_pool_quiesce(struct singlet_pool *pool)
{
	u32 i, cap = singlet_slab_dir_cap(&pool->dir);

	for (i = 0; i < cap; i++) {
		struct singlet_slab *slab;

		/* A scan that found the slab before may be ending it. */
		rcu_read_lock();
		slab = singlet_slab_dir_find(&pool->dir, i);
		if (slab)
			singlet_idle_end(&slab->idle);
		rcu_read_unlock();
		cond_resched();
	}
	singlet_idle_sync();
}

/**
 * singlet_pool_destroy() - free all slabs and drop the owner's use
 * @pool: nobody else uses it, and no magazine holds a slot
 *
 * Objects that are still there go with their slabs.  pool->release() is called
 * when all slabs are gone, after a grace period.
 */
void singlet_pool_destroy(struct singlet_pool *pool)
{
	u32 i, cap = singlet_slab_dir_cap(&pool->dir);

	singlet_pool_quiesce(pool);
	for (i = 0; i < cap; i++) {
		struct singlet_slab *slab;

		rcu_read_lock();
		slab = singlet_slab_dir_find(&pool->dir, i);
		rcu_read_unlock();
		if (slab)
			slab_end(slab, U32_MAX);
		cond_resched();
	}
	singlet_pool_unuse(pool);
}

/* What the pool itself took; all its slabs are freed. */
void singlet_pool_free_caches(struct singlet_pool *pool)
{
	unsigned int class;

	for (class = 0; class <= SIZE_LARGE; class++) {
		struct singlet_slab_cache *cache = pool->cache[class];

		if (cache) {
			free_percpu(cache->mag);
			kfree(cache);
		}
	}
	singlet_arena_free(pool->arena);
	singlet_slab_dir_destroy(&pool->dir);
}

static bool slab_is_valid(const struct singlet_slab *slab)
{
	unsigned int i, n, dead = 0;
	u32 slot = slab->free_head;

	for (i = 0; i < slab->slots; i++) {
		const struct singlet_object *obj = &slab->obj[i];

		if (singlet_object_slot(obj) != i ||
		    singlet_object_slab(obj) != slab || !obj->gen)
			return false;
		if (atomic_read(&obj->refs) < 0)
			dead++;
	}
	for (n = 0; n < slab->nr_free; n++) {
		const struct singlet_object *obj;

		if (slot >= slab->slots)
			return false;
		obj = &slab->obj[slot];
		if (atomic_read(&obj->refs) >= 0)
			return false;
		if (memchr_inv(singlet_slab_payload(slab, slot), 0,
			       min_t(u32, slab->size, SIZE_SLACK_MAX)))
			return false;
		slot = obj->info >> FREE_NEXT_SHIFT;
	}
	return slot == FREE_NEXT_NONE &&
	       dead >= slab->nr_free + slab->nr_retired;
}

/**
 * singlet_pool_is_valid() - check the equations of slab.h
 * @pool: pool
 *
 * For debug builds and tests; takes each cache's lock for long.
 *
 * Return: Whether they hold.
 */
bool singlet_pool_is_valid(struct singlet_pool *pool)
{
	unsigned int class;

	for (class = 0; class <= SIZE_LARGE; class++) {
		struct singlet_slab_cache *cache = pool->cache[class];
		struct singlet_slab *slab;
		u32 nr_free = 0, nr_empty = 0;
		unsigned long flags;
		bool ok = true;

		if (!cache)
			continue;
		spin_lock_irqsave(&cache->lock, flags);
		list_for_each_entry(slab, &cache->partial, node) {
			ok &= slab->cache == cache && slab->nr_free &&
			      slab_is_valid(slab);
			nr_free += slab->nr_free;
			nr_empty += slab_is_empty(slab);
		}
		ok &= nr_free == cache->nr_free && nr_empty == cache->nr_empty;
		spin_unlock_irqrestore(&cache->lock, flags);
		if (!ok)
			return false;
	}
	return true;
}
