// SPDX-License-Identifier: GPL-2.0
/* magazine - per-CPU caches of free slots; see magazine.h */
#include "magazine.h"

#include <linux/cpu.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#define MAGAZINE_MAX	32
#define BATCH		(MAGAZINE_MAX / 2)	/* moved to or from slabs */

struct singlet_magazine __percpu *singlet_magazines_alloc(unsigned int cap,
							  gfp_t gfp)
{
	struct singlet_magazine __percpu *mag;
	int cpu;

	if (!cap)
		return NULL;
	mag = __alloc_percpu_gfp(struct_size_t(struct singlet_magazine, slot,
					       cap),
				 __alignof__(struct singlet_magazine),
				 gfp | __GFP_ACCOUNT | __GFP_NOWARN);
	if (mag) {
		for_each_possible_cpu(cpu)
			per_cpu_ptr(mag, cpu)->cap = cap;
	}
	return mag;
}

/* Bytes that the magazines of a cache take on all CPUs. */
size_t singlet_magazines_bytes(const struct singlet_slab_cache *cache)
{
	if (!cache->mag)
		return 0;
	return num_possible_cpus() *
	       struct_size_t(struct singlet_magazine, slot,
			     cache->size->magazine);
}

/* The rest of singlet_cache_alloc(): the magazine is empty, or none is free. */
struct singlet_object *singlet_cache_alloc_slow(struct singlet_slab_cache *cache,
						u32 len, gfp_t gfp)
{
	struct singlet_object *obj[BATCH];
	unsigned int n, batch;
	struct singlet_magazine *m;

	batch = clamp_t(unsigned int, cache->size->magazine / 2, 1, BATCH);
	n = singlet_slab_take(cache, len, obj, cache->mag ? batch : 1, gfp);
	if (!n)
		return NULL;
	if (n > 1) {
		m = singlet_magazine_enter(cache->mag);
		if (m) {
			while (n > 1 && m->nr < m->cap)
				m->slot[m->nr++] = obj[--n];
			singlet_magazine_leave(m);
		}
		if (n > 1)
			singlet_slab_give(cache, obj + 1, n - 1);
	}
	return obj[0];
}

/**
 * singlet_pool_alloc() - a free slot
 * @pool: where
 * @len: bytes that it must hold
 * @gfp: how to allocate a slab when there is no free slot
 *
 * The slot is zeroed, its record dead.
 *
 * Context: As @gfp says.
 * Return: The record, the caller's own until it publishes an object there or
 * gives it back with singlet_pool_free(); NULL: no memory.
 */
struct singlet_object *singlet_pool_alloc(struct singlet_pool *pool, u32 len,
					  gfp_t gfp)
{
	struct singlet_slab_cache *cache;

	cache = singlet_pool_cache(pool, singlet_size_class(len), gfp);
	if (unlikely(!cache))
		return NULL;
	return singlet_cache_alloc(cache, len, gfp);
}

/* The rest of freeing @last: the magazine is full, or none is free. */
void singlet_cache_free_slow(struct singlet_slab_cache *cache,
			     struct singlet_object *last)
{
	struct singlet_object *obj[BATCH + 1];
	struct singlet_magazine *m;
	unsigned int n = 0;

	obj[n++] = last;
	m = singlet_magazine_enter(cache->mag);
	if (m) {
		while (n <= BATCH && m->nr > m->cap / 2)
			obj[n++] = m->slot[--m->nr];
		singlet_magazine_leave(m);
	}
	singlet_slab_give(cache, obj, n);
}

/**
 * singlet_pool_free() - give back a slot
 * @obj: its record; dead, the slot zeroed, the generation grown
 *
 * Context: Any but NMI; never sleeps (on PREEMPT_RT: preemptible).
 */
void singlet_pool_free(struct singlet_object *obj)
{
	singlet_cache_free(singlet_object_slab(obj)->cache, obj);
}

/* Draining */

/* Empty @m, which nobody else can touch now, into the slabs. */
static unsigned int magazine_take_all(struct singlet_magazine *m,
				      struct singlet_object **obj)
{
	unsigned int n = 0;

	while (m->nr)
		obj[n++] = m->slot[--m->nr];
	return n;
}

/* Empty the magazines of the CPU at hand.  Context: Process. */
void singlet_pool_drain_here(struct singlet_pool *pool)
{
	struct singlet_object *obj[MAGAZINE_MAX];
	unsigned int class, n;

	for (class = 0; class <= SIZE_LARGE; class++) {
		struct singlet_slab_cache *cache =
			READ_ONCE(pool->cache[class]);
		struct singlet_magazine *m;

		if (!cache)
			continue;
		m = singlet_magazine_enter(cache->mag);
		if (!m)		/* none; in process context it is never busy */
			continue;
		n = magazine_take_all(m, obj);
		singlet_magazine_leave(m);
		if (n)
			singlet_slab_give(cache, obj, n);
	}
}

static void drain_offline_cpu(struct singlet_pool *pool, int cpu)
{
	struct singlet_object *obj[MAGAZINE_MAX];
	unsigned int class, n;

	for (class = 0; class <= SIZE_LARGE; class++) {
		struct singlet_slab_cache *cache =
			READ_ONCE(pool->cache[class]);

		if (!cache || !cache->mag)
			continue;
		n = magazine_take_all(per_cpu_ptr(cache->mag, cpu), obj);
		if (n)
			singlet_slab_give(cache, obj, n);
	}
}

/* Does any magazine of @cpu hold a slot?  An instant's view. */
static bool cpu_cached(struct singlet_pool *pool, int cpu)
{
	unsigned int class;

	for (class = 0; class <= SIZE_LARGE; class++) {
		struct singlet_slab_cache *cache =
			READ_ONCE(pool->cache[class]);

		if (cache && cache->mag &&
		    READ_ONCE(per_cpu_ptr(cache->mag, cpu)->nr))
			return true;
	}
	return false;
}

struct drain {
	struct work_struct work;
	struct singlet_pool *pool;	/* NULL: nothing queued */
};

static DEFINE_PER_CPU(struct drain, drains);
static DEFINE_MUTEX(drain_mutex);	/* protects drains */

static void drain_work(struct work_struct *work)
{
	singlet_pool_drain_here(container_of(work, struct drain, work)->pool);
}

/**
 * singlet_pool_drain() - bring the slots of all magazines back to their slabs
 * @pool: pool
 *
 * Slots freed meanwhile may wait in magazines again.
 *
 * Context: Process, sleeps; not from memory reclaim.
 */
void singlet_pool_drain(struct singlet_pool *pool)
{
	int cpu;

	mutex_lock(&drain_mutex);
	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		struct drain *drain = per_cpu_ptr(&drains, cpu);

		drain->pool = NULL;
		if (!cpu_cached(pool, cpu))
			continue;
		if (!cpu_online(cpu)) {
			drain_offline_cpu(pool, cpu);
			continue;
		}
		drain->pool = pool;
		INIT_WORK(&drain->work, drain_work);
		queue_work_on(cpu, system_highpri_wq, &drain->work);
	}
	for_each_online_cpu(cpu)
		if (per_cpu_ptr(&drains, cpu)->pool)
			flush_work(&per_cpu_ptr(&drains, cpu)->work);
	cpus_read_unlock();
	mutex_unlock(&drain_mutex);
}

/* Slots in a cache's magazines, an instant's view. */
unsigned long singlet_magazines_cached(const struct singlet_slab_cache *cache)
{
	unsigned long sum = 0;
	int cpu;

	if (!cache->mag)
		return 0;
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(cache->mag, cpu)->nr);
	return sum;
}

/* The same of all of a pool's. */
unsigned long singlet_pool_cached(struct singlet_pool *pool)
{
	unsigned long sum = 0;
	unsigned int class;

	for (class = 0; class <= SIZE_LARGE; class++) {
		struct singlet_slab_cache *cache =
			READ_ONCE(pool->cache[class]);

		if (cache)
			sum += singlet_magazines_cached(cache);
	}
	return sum;
}
