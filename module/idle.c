// SPDX-License-Identifier: GPL-2.0
/* idle - which slabs have idle objects; see idle.h */
#include "idle.h"

#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat/list_lru.h"
#include "compat/shrinker.h"

#define SCAN_BATCH	32	/* slabs; what the kernel asks for at a time */

static struct list_lru lru;
static bool ready;		/* the shrinker may look at @lru */
static struct shrinker *shrinker;
static singlet_idle_scan_t scan_fn;	/* scan_mutex */
static DEFINE_MUTEX(scan_mutex);

/* A class of its own: this list's locks are taken in interrupts as well. */
static struct lock_class_key lru_key;
static DEFINE_SPINLOCK(idle_lock);

static unsigned long idle_count(struct shrinker *s, struct shrink_control *sc)
{
	/* Pairs with the release in singlet_idle_init(). */
	if (!smp_load_acquire(&ready))
		return 0;
	return list_lru_shrink_count(&lru, sc) ?: SHRINK_EMPTY;
}

static unsigned long idle_scan(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long done = SHRINK_STOP;

	/* Acquire: as in idle_count(). */
	if (!smp_load_acquire(&ready) || !mutex_trylock(&scan_mutex))
		return SHRINK_STOP;
	if (scan_fn)
		done = scan_fn(sc);
	mutex_unlock(&scan_mutex);
	return done;
}

/* Return: 0 or -ENOMEM; then nothing is left behind. */
int singlet_idle_init(void)
{
	int err;

	/* A list for cgroups needs a shrinker, a registered one up to 6.6. */
	shrinker = compat_shrinker_register(KBUILD_MODNAME,
					    SHRINKER_MEMCG_AWARE |
					    SHRINKER_NUMA_AWARE, SCAN_BATCH,
					    idle_count, idle_scan);
	if (!shrinker)
		return -ENOMEM;
	err = compat_list_lru_init(&lru, shrinker, &lru_key);
	if (err) {
		compat_shrinker_unregister(shrinker);
		return err;
	}
	/* Release: pairs with the acquires above. */
	smp_store_release(&ready, true);
	return 0;
}

/* No slab is left. */
void singlet_idle_exit(void)
{
	compat_shrinker_unregister(shrinker);
	WRITE_ONCE(ready, false);
	list_lru_destroy(&lru);
}

/* Who scans when the kernel asks; NULL: nobody, from the return on. */
void singlet_idle_set_scan(singlet_idle_scan_t scan)
{
	mutex_lock(&scan_mutex);
	scan_fn = scan;
	mutex_unlock(&scan_mutex);
}

/* Wait for a scan that may know a slab which is off the list now. */
void singlet_idle_sync(void)
{
	mutex_lock(&scan_mutex);
	mutex_unlock(&scan_mutex);
}

/*
 * Memory for a slab's descriptor, so charged that the list finds its cgroup.
 * Context: As @gfp says.  Return: Memory of @cache, or NULL.
 */
void *singlet_idle_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_alloc_lru(cache, &lru, gfp);
}

/* Put a slab on the lists unless it is there or has ended.  Context: any. */
void singlet_idle_list(struct singlet_idle *idle)
{
	unsigned long flags;

	spin_lock_irqsave(&idle_lock, flags);
	if (!idle->listed && !idle->gone) {
		if (list_empty(&idle->node))
			compat_list_lru_add(&lru, &idle->node);
		if (list_empty(&idle->turn)) {
			list_add_tail(&idle->turn, &idle->turns->list);
			WRITE_ONCE(idle->turns->nr, idle->turns->nr + 1);
		}
		WRITE_ONCE(idle->listed, true);
	}
	spin_unlock_irqrestore(&idle_lock, flags);
}

/*
 * An empty slab is kept: put it on the shrinker's list.
 *
 * Context: cache->lock, under which pools are trimmed.  So if a shrinker takes
 * the slab off the list now, it finds it empty afterwards.
 */
void singlet_idle_offer(struct singlet_idle *idle)
{
	/* Slabs run empty again and again, and most are listed still. */
	if (!list_empty_careful(&idle->node))
		return;
	spin_lock(&idle_lock);
	if (list_empty(&idle->node) && !idle->gone)
		compat_list_lru_add(&lru, &idle->node);
	spin_unlock(&idle_lock);
}

/* Off its pool's list; idle_lock. */
static void leave_turns(struct singlet_idle *idle)
{
	if (list_empty(&idle->turn))
		return;
	list_del_init(&idle->turn);
	WRITE_ONCE(idle->turns->nr, idle->turns->nr - 1);
	WRITE_ONCE(idle->listed, false);
}

/* The slab has no object any more and gets none. */
void singlet_idle_end(struct singlet_idle *idle)
{
	unsigned long flags;

	spin_lock_irqsave(&idle_lock, flags);
	if (!list_empty(&idle->node))
		compat_list_lru_del(&lru, &idle->node);
	leave_turns(idle);
	WRITE_ONCE(idle->listed, false);
	idle->gone = true;
	spin_unlock_irqrestore(&idle_lock, flags);
}

/* Slabs without idle objects that are met with idle_lock held, at most. */
#define SORT_OUT	64

/**
 * singlet_idle_first() - the slab of a pool whose turn it is
 * @turns: the pool's
 *
 * Context: RCU section, which keeps the slab.
 * Return: One with idle objects; NULL: none, or too many others are before it,
 * which have been sorted out.
 */
struct singlet_idle *singlet_idle_first(struct singlet_turns *turns)
{
	struct singlet_idle *idle, *first = NULL;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&idle_lock, flags);
	for (i = 0; i < SORT_OUT; i++) {
		idle = list_first_entry_or_null(&turns->list,
						struct singlet_idle, turn);
		if (!idle)
			break;
		if (atomic_read(&idle->nr) > 0) {
			first = idle;
			break;
		}
		leave_turns(idle);
		smp_mb();	/* pairs with the full barrier in _inc() */
		if (atomic_read(&idle->nr) <= 0)
			continue;
		list_add(&idle->turn, &turns->list);
		WRITE_ONCE(turns->nr, turns->nr + 1);
		WRITE_ONCE(idle->listed, !list_empty(&idle->node));
	}
	spin_unlock_irqrestore(&idle_lock, flags);
	return first;
}

/* The turn is another's, if it still is that of @first, which may have ended. */
void singlet_idle_next(struct singlet_turns *turns,
		       const struct singlet_idle *first)
{
	unsigned long flags;

	spin_lock_irqsave(&idle_lock, flags);
	if (!list_empty(&turns->list) && turns->list.next == &first->turn)
		list_rotate_left(&turns->list);
	spin_unlock_irqrestore(&idle_lock, flags);
}

struct take {
	singlet_idle_fn taken;
	void *ctx;
};

static enum lru_status take_one(struct list_head *item,
				struct list_lru_one *one,
				COMPAT_LRU_LOCK void *ctx)
{
	struct singlet_idle *idle;
	struct take *take = ctx;

	idle = container_of(item, struct singlet_idle, node);
	list_lru_isolate(one, item);
	WRITE_ONCE(idle->listed, false);
	take->taken(idle, take->ctx);
	return LRU_REMOVED;
}

/**
 * singlet_idle_take() - take slabs off the list
 * @sc: of which node and cgroup
 * @nr: how many, at most
 * @taken: called for each with a spinlock held and interrupts off; after that
 *         nothing but RCU keeps the slab; to be followed by
 *         singlet_idle_settle() if it still is
 * @ctx: for @taken
 */
void singlet_idle_take(struct shrink_control *sc, unsigned int nr,
		       singlet_idle_fn taken, void *ctx)
{
	struct take take = { .taken = taken, .ctx = ctx };
	unsigned long flags, left = nr;

	spin_lock_irqsave(&idle_lock, flags);
	list_lru_walk_one(&lru, sc->nid, sc->memcg, take_one, &take, &left);
	spin_unlock_irqrestore(&idle_lock, flags);
}
