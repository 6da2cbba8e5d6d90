/* SPDX-License-Identifier: GPL-2.0 */
/*
 * idle - which slabs have idle objects
 *
 * Every slab counts its idle objects.  A slab that gets its first one is put on
 * two lists.  One is of its NUMA node and memory cgroup (list_lru), of the
 * cgroup that the slab is charged to, so that a cgroup short of memory gives up
 * what is its own; a slab leaves it when the shrinker takes it off to look at
 * it.  The other is its pool's (singlet_turns), for whoever wants something
 * freed in that one; the slabs have turns there.  A slab leaves both when it
 * ends; that its objects are in use again is noticed when somebody looks.
 *
 * A slab without objects that its cache keeps is on the first list as well: who
 * takes slabs off it trims their pools afterwards.
 *
 * The count is changed without a lock, and who makes it grow looks at @listed
 * afterwards, which says that the slab is on both.  Who takes a slab off a list
 * clears @listed before looking at the count (a full barrier between the two on
 * either side).  So one of them sees the other, and no slab with idle objects
 * stays off a list.
 *
 * Locking: idle_lock (irq-safe) protects @listed, @gone and the lists; list_lru
 * has locks of its own inside.  scan_mutex is held while the shrinker scans,
 * who only tries it.  Whoever ends a pool takes its slabs off the list and then
 * waits for the mutex (singlet_idle_sync()): no scan knows them any more.
 */
#ifndef SINGLET_IDLE_H
#define SINGLET_IDLE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>

struct kmem_cache;
struct shrink_control;

/* The slabs of a pool that may have idle objects, in the order of their turns. */
struct singlet_turns {
	struct list_head list;	/* idle_lock */
	unsigned int nr;	/* idle_lock to write */
};

struct singlet_idle {
	struct list_head node;	/* idle_lock */
	struct list_head turn;	/* idle_lock */
	struct singlet_turns *turns;	/* stable; the pool's */
	atomic_t nr;		/* idle objects; briefly one off either way */
	bool listed;		/* idle_lock to write; on both lists */
	bool gone;		/* idle_lock; the slab ended */
	bool spared;		/* a hint, the shrinker's */
};

int singlet_idle_init(void);
void singlet_idle_exit(void);

void *singlet_idle_alloc(struct kmem_cache *cache, gfp_t gfp);
void singlet_idle_list(struct singlet_idle *idle);
void singlet_idle_offer(struct singlet_idle *idle);
void singlet_idle_end(struct singlet_idle *idle);
void singlet_idle_sync(void);

typedef unsigned long (*singlet_idle_scan_t)(struct shrink_control *sc);
typedef void (*singlet_idle_fn)(struct singlet_idle *idle, void *ctx);

void singlet_idle_set_scan(singlet_idle_scan_t scan);
void singlet_idle_take(struct shrink_control *sc, unsigned int nr,
		       singlet_idle_fn taken, void *ctx);

struct singlet_idle *singlet_idle_first(struct singlet_turns *turns);
void singlet_idle_next(struct singlet_turns *turns,
		       const struct singlet_idle *first);

static inline void singlet_turns_init(struct singlet_turns *turns)
{
	INIT_LIST_HEAD(&turns->list);
	turns->nr = 0;
}

static inline void singlet_idle_setup(struct singlet_idle *idle,
				      struct singlet_turns *turns)
{
	INIT_LIST_HEAD(&idle->node);
	INIT_LIST_HEAD(&idle->turn);
	idle->turns = turns;
	atomic_set(&idle->nr, 0);
	idle->listed = false;
	idle->gone = false;
	idle->spared = false;
}

/* Return: idle objects of the slab now. */
static inline int singlet_idle_inc(struct singlet_idle *idle)
{
	/* Full barrier: pairs with the one in singlet_idle_settle(). */
	int nr = atomic_inc_return(&idle->nr);

	if (unlikely(!READ_ONCE(idle->listed)))
		singlet_idle_list(idle);
	return nr;
}

static inline void singlet_idle_sub(struct singlet_idle *idle, int nr)
{
	atomic_sub(nr, &idle->nr);
}

/*
 * After a slab was taken off the list and dealt with: back if need be.
 * Return: whether.
 */
static inline bool singlet_idle_settle(struct singlet_idle *idle)
{
	smp_mb();	/* pairs with the full barrier in singlet_idle_inc() */
	if (atomic_read(&idle->nr) <= 0)
		return false;
	singlet_idle_list(idle);
	return true;
}

#endif
