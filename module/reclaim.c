// SPDX-License-Identifier: GPL-2.0
/* reclaim - idle to free; see reclaim.h */
#include "reclaim.h"

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "compat/shrinker.h"
#include "magazine.h"
#include "store.h"

static LIST_HEAD(stores);		/* stores_mutex */
static DEFINE_MUTEX(stores_mutex);
static struct shrinker *shrinker;

struct walk {
	bool aged_only;
	u32 type;			/* index; 0: all */
	unsigned long left;		/* objects to free, at most */
	unsigned long budget;		/* slots to look at, at most */
	struct singlet_reclaimed *out;
};

/* Make slot @i dying if it is to go; RCU section. */
static struct singlet_object *kill_slot(struct singlet_slab *slab,
					unsigned int i, const struct walk *w)
{
	struct singlet_object *obj = &slab->obj[i];

	if (w->type && singlet_info_type(READ_ONCE(obj->info)) != w->type)
		return NULL;
	return singlet_object_kill(obj, w->aged_only) ? obj : NULL;
}

static void reclaim_slab(struct singlet_store *store, u32 index,
			 struct walk *w)
{
	unsigned int i = 0;

	while (w->left) {
		struct singlet_object *obj = NULL;
		struct singlet_slab *slab;

		/*
		 * The slab is looked up anew after each object, whose end may
		 * have been the slab's: hashing and wiping a large value takes
		 * too long for an RCU section.
		 */
		rcu_read_lock();
		slab = singlet_slab_dir_find(&store->pool.dir, index);
		while (slab && i < slab->slots && !obj && w->budget) {
			w->budget--;
			obj = kill_slot(slab, i++, w);
		}
		rcu_read_unlock();
		if (!obj)
			return;
		w->left--;
		w->out->objects++;
		w->out->bytes += singlet_store_free_dying(obj);
	}
}

static void reclaim_store(struct singlet_store *store, struct walk *w)
{
	u32 i;

	for (i = 0; i < singlet_slab_dir_cap(&store->pool.dir) && w->left; i++) {
		reclaim_slab(store, i, w);
		cond_resched();
	}
}

/**
 * singlet_reclaim_some() - free a number of idle objects
 * @store: store
 * @nr: how many, at most
 * @aged_only: spare those that were in use since the last time they were
 *             passed by
 *
 * Goes on where the last call on this store ended, once around at most; calls
 * at the same time do no harm.
 *
 * Context: Process; takes no sleeping lock, so memory reclaim may call it.
 * Return: How many were freed.
 */
unsigned long singlet_reclaim_some(struct singlet_store *store,
				   unsigned long nr, bool aged_only)
{
	struct singlet_reclaimed out = {};
	struct walk w = {
		.aged_only = aged_only,
		.left = nr,
		/* What is spared or in use costs time too. */
		.budget = aged_only && nr < ULONG_MAX / 16 ?
			  nr * 8 + SIZE_SLOTS_MAX : ULONG_MAX,
		.out = &out,
	};
	u32 i, cap = singlet_slab_dir_cap(&store->pool.dir);
	u32 hand = READ_ONCE(store->reclaim_hand);

	for (i = 0; i < cap; i++) {
		if (hand >= cap)
			hand = 0;
		reclaim_slab(store, hand, &w);
		/* The slab that may not be finished is where to go on. */
		if (!w.left)
			break;
		hand++;
		if (!w.budget)
			break;
		cond_resched();
	}
	WRITE_ONCE(store->reclaim_hand, hand);
	singlet_store_fit(store);
	return out.objects;
}

/**
 * singlet_reclaim_type() - free the idle objects of a type
 * @store: store
 * @type: of that store; no new objects of it come
 *
 * Context: Process, sleeps.
 */
void singlet_reclaim_type(struct singlet_store *store,
			  const struct singlet_type *type)
{
	struct singlet_reclaimed out = {};
	struct walk w = {
		.type = type->index, .left = ULONG_MAX, .budget = ULONG_MAX,
		.out = &out,
	};

	reclaim_store(store, &w);
	singlet_store_fit(store);
}

static void evict_type(void *ctx, struct singlet_type *type)
{
	singlet_reclaim_type(ctx, type);
}

/* Context and errors as singlet_types_delete(). */
int singlet_reclaim_delete_type(struct singlet_store *store, u32 number)
{
	return singlet_types_delete(&store->types, number, evict_type, store);
}

/**
 * singlet_reclaim_all() - free all that is not in use, and wait for it
 * @store: store
 * @out: what came back
 *
 * Frees every idle object, empties the magazines, gives empty slabs and
 * needless parts of the table back to the kernel, and returns when they have
 * arrived there.
 *
 * Context: Process, sleeps; not from memory reclaim.
 */
void singlet_reclaim_all(struct singlet_store *store,
			 struct singlet_reclaimed *out)
{
	const struct singlet_counters *c = &store->counters;
	struct walk w = {
		.left = ULONG_MAX, .budget = ULONG_MAX, .out = out,
	};
	long slabs, bytes;

	memset(out, 0, sizeof(*out));
	slabs = singlet_counters_sum(c, STAT_SLABS);
	bytes = singlet_counters_sum(c, STAT_BYTES_STORED);

	reclaim_store(store, &w);
	singlet_pool_drain(&store->pool);
	singlet_pool_trim(&store->pool);
	singlet_table_shrink(&store->table);
	singlet_slab_flush();
	singlet_count(c, STAT_COLLECTIONS, 1);

	slabs -= singlet_counters_sum(c, STAT_SLABS);
	bytes -= singlet_counters_sum(c, STAT_BYTES_STORED);
	out->slabs = max(slabs, 0L);
	out->pages = max(bytes, 0L) / PAGE_SIZE;
}

/* The shrinker; it never waits for a lock. */

static unsigned long shrink_count(struct shrinker *s, struct shrink_control *sc)
{
	struct singlet_store *store;
	unsigned long sum = 0;

	if (!mutex_trylock(&stores_mutex))
		return 0;
	list_for_each_entry(store, &stores, reclaim_node)
		sum += max(singlet_counters_sum(&store->counters, STAT_IDLE),
			   0L);
	mutex_unlock(&stores_mutex);
	return sum ?: SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long n, freed = 0;
	struct singlet_store *store;

	if (!mutex_trylock(&stores_mutex))
		return SHRINK_STOP;
	list_for_each_entry(store, &stores, reclaim_node) {
		if (freed >= sc->nr_to_scan)
			break;
		n = singlet_reclaim_some(store, sc->nr_to_scan - freed, true);
		freed += n;
		singlet_pool_trim(&store->pool);
		if (n && store->emptied && singlet_store_unused(store))
			store->emptied(store);
	}
	/* The next call starts with those that this one did not get to. */
	if (!list_entry_is_head(store, &stores, reclaim_node))
		list_rotate_to_front(&store->reclaim_node, &stores);
	mutex_unlock(&stores_mutex);
	sc->nr_scanned = sc->nr_to_scan;
	return freed;
}

int singlet_reclaim_init(void)
{
	shrinker = compat_shrinker_register(KBUILD_MODNAME, shrink_count,
					    shrink_scan);
	return shrinker ? 0 : -ENOMEM;
}

void singlet_reclaim_exit(void)
{
	compat_shrinker_unregister(shrinker);
}

/* @store can be shrunk from now on. */
void singlet_reclaim_add(struct singlet_store *store)
{
	mutex_lock(&stores_mutex);
	list_add_tail(&store->reclaim_node, &stores);
	mutex_unlock(&stores_mutex);
}

/* No longer; no shrinker uses it when this returns. */
void singlet_reclaim_remove(struct singlet_store *store)
{
	mutex_lock(&stores_mutex);
	list_del(&store->reclaim_node);
	mutex_unlock(&stores_mutex);
}
