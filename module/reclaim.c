// SPDX-License-Identifier: GPL-2.0
/* reclaim - idle to free; see reclaim.h */
#include "reclaim.h"

#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/shrinker.h>
#include <linux/timekeeping.h>

#include "container.h"
#include "kill.h"
#include "magazine.h"
#include "store.h"
#include "trace.h"

/* Slabs that the shrinker takes off the list at a time. */
#define HAUL		16

/* Objects that make room, and that are trimmed, at a time. */
#define ROOM		64
#define TRIM		1024

/* Slabs of which a few objects are wanted, and that may have live ones besides. */
#define PURE_TURNS	64

/*
 * Pages of borrows that are read for a few objects: less than ten milliseconds,
 * even if all that is idle is borrowed.
 */
#define BORROW_PAGES	8192

/* So many that all are meant. */
#define ALL		(ULONG_MAX / 16)

struct walk {
	bool aged_only;
	bool deep;			/* parts that become idle go as well */
	bool mixed;			/* where others are live; or where not */
	unsigned int anyway;		/* slabs of which either is right */
	u32 type;			/* index; 0: all */
	unsigned long left;		/* objects to free, at most */
	unsigned long budget;		/* slots to look at, at most */
	unsigned long pages;		/* of borrows to read, at most */
	u64 since;			/* jiffies; spare slabs made later; or 0 */
	struct singlet_freed freed;
};

/* Is an object in the slab that somebody holds?  An instant's view. */
static bool has_live(const struct singlet_slab *slab)
{
	unsigned int i;

	for (i = 0; i < slab->slots; i++) {
		u32 refs = atomic_read(&slab->obj[i].refs);

		if ((s32)refs >= 0 && (refs & ~OBJECT_AGED) != 1)
			return true;
	}
	return false;
}

/* The slots of a slab from *@slot on of which the objects may be to go. */
static unsigned int gather(struct singlet_slab *slab, unsigned int *slot,
			   struct walk *w, struct singlet_object **obj,
			   unsigned int max)
{
	unsigned int n = 0;

	for (; *slot < slab->slots && n < max && w->budget; (*slot)++) {
		struct singlet_object *here = &slab->obj[*slot];

		w->budget--;
		if ((w->type &&
		     singlet_info_type(READ_ONCE(here->info)) != w->type) ||
		    !singlet_object_may_kill(here, w->aged_only))
			continue;
		obj[n++] = here;
	}
	return n;
}

/*
 * Kill what is to go in a slab from slot *@slot on, of up to STORE_LOT objects.
 * Return: how many; they keep the slab.  Is there @more to look at?
 */
static unsigned int kill_some(struct singlet_store *store, u32 index,
			      unsigned int *slot, struct walk *w,
			      struct singlet_object **killed, bool *more)
{
	static_assert(STORE_LOT <= KILL_LOT);

	unsigned int max = min_t(unsigned long, STORE_LOT, w->left), n = 0;
	struct singlet_slab *slab;

	rcu_read_lock();
	slab = singlet_slab_dir_find(&store->pool.dir, index);
	if (slab && w->since && slab->born > w->since)
		slab = NULL;
	if (slab) {
		n = gather(slab, slot, w, killed, max);
		if (n)
			w->pages -= min_t(unsigned long, w->pages,
					  singlet_kill_pages(slab));
		n = singlet_kill(slab, killed, n, w->aged_only);
	}
	*more = slab && *slot < slab->slots && w->budget && w->pages &&
		w->left > n;
	rcu_read_unlock();
	return n;
}

static void reclaim_slab(struct singlet_store *store, u32 index,
			 struct walk *w)
{
	struct singlet_object *killed[STORE_LOT];
	unsigned int slot = 0, n;
	bool more;

	/*
	 * The slab is looked up anew after each lot, whose end may have been
	 * the slab's: what is done to them takes too long for an RCU section.
	 */
	do {
		n = kill_some(store, index, &slot, w, killed, &more);
		w->left -= n;
		if (n)
			singlet_store_free_dying(store, killed, n, w->deep,
						 &w->freed);
		cond_resched();
	} while (more);
}

/*
 * All that is idle now.  Slabs that are made meanwhile are not gone after: whoever
 * makes objects faster than they are freed would keep this from ever ending.
 */
static void reclaim_store(struct singlet_store *store, struct walk *w)
{
	u32 i;

	w->since = get_jiffies_64();
	for (i = 0; i < singlet_slab_dir_cap(&store->pool.dir) && w->left; i++)
		reclaim_slab(store, i, w);
}

/*
 * Free objects of the slab whose turn it is, if it has live ones beside them or
 * not, as wanted.  Return: whether there was such a slab at all.
 */
static bool take_turn(struct singlet_store *store, struct walk *w)
{
	struct singlet_turns *turns = &store->pool.turns;
	const struct singlet_idle *idle;
	struct singlet_slab *slab;
	bool worth = false;
	u32 index = 0;

	rcu_read_lock();
	idle = singlet_idle_first(turns);
	if (idle) {
		slab = container_of(idle, struct singlet_slab, idle);
		index = slab->index;
		w->budget -= min_t(unsigned long, w->budget,
				   slab->slots / 8 + 1);
		worth = w->anyway || w->mixed == has_live(slab);
	}
	rcu_read_unlock();
	w->anyway -= !!w->anyway;
	if (worth)
		reclaim_slab(store, index, w);
	/* The slab that may not be finished is where to go on. */
	if (idle && w->left)
		singlet_idle_next(turns, idle);
	return idle;
}

/*
 * Once around the slabs with idle objects, or @most of them.  Return: how many were
 * looked at.
 */
static unsigned int walk_around(struct singlet_store *store, struct walk *w,
				unsigned int most)
{
	unsigned int n = min(READ_ONCE(store->pool.turns.nr), most), i;

	for (i = 0; i < n && w->left && w->budget && w->pages; i++) {
		if (!take_turn(store, w) && !READ_ONCE(store->pool.turns.nr))
			break;
		cond_resched();
	}
	return i;
}

/* The same as below, in addition to what @freed has.  Return: how many. */
static unsigned long reclaim_some(struct singlet_store *store, unsigned long nr,
				  bool aged_only, struct singlet_freed *freed)
{
	/* What is spared or in use costs time too. */
	const unsigned long budget = aged_only && nr < ALL ?
				     nr * 8 + SIZE_SLOTS_MAX : ULONG_MAX;
	struct walk w = {
		.aged_only = aged_only,
		.left = nr,
		.budget = budget,
		.pages = nr < ALL ? BORROW_PAGES : ULONG_MAX,
	};
	unsigned int slabs, seen;

	/* Often there is nothing, and then not to be looked for everywhere. */
	if (singlet_counters_sum(&store->counters, STAT_IDLE) <= 0)
		return 0;
	slabs = READ_ONCE(store->pool.turns.nr);
	seen = walk_around(store, &w, nr < ALL ? PURE_TURNS : UINT_MAX);
	/* Of all beyond, any; of those that were seen and are there, the others. */
	w.mixed = true;
	w.anyway = slabs - min(slabs, seen);
	w.budget = budget;
	walk_around(store, &w, UINT_MAX);
	singlet_store_fit(store);
	freed->objects += w.freed.objects;
	freed->bytes += w.freed.bytes;
	freed->charged += w.freed.charged;
	return w.freed.objects;
}

/**
 * singlet_reclaim_some() - free a number of idle objects
 * @store: store
 * @nr: how many, at most
 * @aged_only: spare those that were in use since the last time they were
 *             passed by
 *
 * Takes those first whose slabs have no live objects, if there are some within the
 * next 64 slabs, or all are wanted (ULONG_MAX).  Goes on where the last call on this
 * store ended; calls at the same time do no harm.
 *
 * Context: Process; takes no sleeping lock, so memory reclaim may call it.
 * Return: How many were freed.
 */
unsigned long singlet_reclaim_some(struct singlet_store *store,
				   unsigned long nr, bool aged_only)
{
	struct singlet_freed freed = {};

	return reclaim_some(store, nr, aged_only, &freed);
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
	struct walk w = {
		.type = type->index, .deep = true,
		.left = ULONG_MAX, .budget = ULONG_MAX, .pages = ULONG_MAX,
	};

	singlet_heat_cool(&store->hot);
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
		.deep = true,
		.left = ULONG_MAX, .budget = ULONG_MAX, .pages = ULONG_MAX,
	};
	u64 begin = ktime_get_ns();
	long slabs, bytes;

	slabs = singlet_counters_sum(c, STAT_SLABS);
	bytes = singlet_counters_sum(c, STAT_BYTES_STORED);

	singlet_heat_cool(&store->hot);
	reclaim_store(store, &w);
	singlet_pool_drain(&store->pool);
	singlet_pool_trim(&store->pool);
	singlet_table_shrink(&store->table);
	if (!singlet_store_objects(store))
		singlet_recent_free(&store->recent);
	singlet_slab_flush();
	singlet_count(c, STAT_COLLECTIONS, 1);

	slabs -= singlet_counters_sum(c, STAT_SLABS);
	bytes -= singlet_counters_sum(c, STAT_BYTES_STORED);
	out->objects = w.freed.objects;
	out->bytes = w.freed.bytes;
	out->slabs = max(slabs, 0L);
	out->pages = max(bytes, 0L) / PAGE_SIZE;
	trace_singlet_gc(store, out->objects, out->bytes, out->slabs,
			 out->pages, ktime_get_ns() - begin);
}

/* Quotas */

/* A quota is reached: first what nobody asked for lately, then anything idle. */
static bool make_room(struct singlet_store *store, u32 size)
{
	struct singlet_freed freed = {};

	/* By what is freed, not by what is left: others charge all the time. */
	do {
		if (!reclaim_some(store, ROOM, true, &freed) &&
		    !reclaim_some(store, ROOM, false, &freed))
			break;
	} while (freed.charged < size && !fatal_signal_pending(current));
	return freed.objects;
}

/* Down to the ceiling of idle bytes. */
static void trim(struct singlet_store *store)
{
	while (singlet_store_idle_excess(store)) {
		if (!singlet_reclaim_some(store, TRIM, true) &&
		    !singlet_reclaim_some(store, TRIM, false))
			break;
		cond_resched();
	}
	singlet_pool_trim(&store->pool);
	if (store->emptied && !singlet_store_objects(store))
		store->emptied(store);
}

static const struct singlet_store_hooks hooks = {
	.trim = trim,
	.make_room = make_room,
};

/* The shrinker; it never waits for a lock. */

struct haul {
	unsigned int nr;
	struct {
		struct singlet_store *store;
		u32 index;
	} slab[HAUL];
};

static void haul_in(struct singlet_idle *idle, void *ctx)
{
	struct singlet_slab *slab = container_of(idle, struct singlet_slab,
						 idle);
	struct haul *haul = ctx;

	haul->slab[haul->nr].store = container_of(slab->cache->pool,
						  struct singlet_store, pool);
	haul->slab[haul->nr++].index = slab->index;
}

/*
 * Is the slab to be left alone this time?  What is idle beside live objects
 * frees no page, so it goes only when it is met again.
 */
static bool spare(struct singlet_slab *slab)
{
	bool spared = READ_ONCE(slab->idle.spared);
	bool mixed = has_live(slab);

	WRITE_ONCE(slab->idle.spared, mixed);
	return mixed && !spared;
}

/* Return: whether the slab has nothing idle any more. */
static bool shrink_slab(struct singlet_store *store, u32 index)
{
	struct walk w = {
		.aged_only = true, .left = ULONG_MAX, .budget = ULONG_MAX,
		.pages = BORROW_PAGES,
	};
	struct singlet_slab *slab;
	bool spared, done = true;

	rcu_read_lock();
	slab = singlet_slab_dir_find(&store->pool.dir, index);
	spared = slab && spare(slab);
	rcu_read_unlock();
	if (!spared)
		reclaim_slab(store, index, &w);

	rcu_read_lock();
	slab = singlet_slab_dir_find(&store->pool.dir, index);
	if (slab)
		done = !singlet_idle_settle(&slab->idle);
	rcu_read_unlock();
	return done;
}

/* After the shrinker has freed objects of @store. */
static void shrink_end(struct singlet_store *store)
{
	singlet_pool_drain_here(&store->pool);
	singlet_pool_trim(&store->pool);
	singlet_store_fit(store);
	if (store->emptied && !singlet_store_objects(store))
		store->emptied(store);
}

static unsigned long shrink_haul(const struct haul *haul)
{
	unsigned long done = 0;
	unsigned int i;

	for (i = 0; i < haul->nr; i++) {
		struct singlet_store *store = haul->slab[i].store;

		done += shrink_slab(store, haul->slab[i].index);
		/* Slabs of one store tend to follow each other. */
		if (i + 1 == haul->nr || haul->slab[i + 1].store != store)
			shrink_end(store);
	}
	return done;
}

/* Stores stay meanwhile: see idle.h.  The unit is a slab. */
static unsigned long shrink_scan(struct shrink_control *sc)
{
	unsigned long left = sc->nr_to_scan, done = 0;

	while (left) {
		struct haul haul = {};

		singlet_idle_take(sc, min_t(unsigned long, left, HAUL),
				  haul_in, &haul);
		if (!haul.nr)
			break;
		done += shrink_haul(&haul);
		left -= haul.nr;
		cond_resched();
	}
	singlet_slab_free_some();
	/* Who is told that nothing was scanned asks for ever. */
	if (left == sc->nr_to_scan)
		return SHRINK_STOP;
	sc->nr_scanned = sc->nr_to_scan - left;
	return done;
}

int singlet_reclaim_init(void)
{
	singlet_store_set_hooks(&hooks);
	singlet_idle_set_scan(shrink_scan);
	return 0;
}

/* No store is left. */
void singlet_reclaim_exit(void)
{
	singlet_idle_set_scan(NULL);
	singlet_store_set_hooks(NULL);
}
