/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine - per-CPU caches of free slots
 *
 * Each CPU keeps up to size->magazine slots (at most 32; at most 8 KiB, of
 * large slots 32 KiB) of each cache that it has used, so that most allocations
 * and frees touch no shared line.  What waits there is bounded, counted
 * (slots_cached) and brought back by singlet_pool_drain().
 *
 * Who may touch a magazine, and why no lock is needed: only its own CPU, with
 * preemption off.  What can still come in between is an interrupt on that
 * CPU; @busy is set around each change, and who finds it set leaves the
 * magazine alone and goes to the slabs instead.  An interrupt ends before what
 * it interrupted goes on, so it either saw @busy or changed the magazine as a
 * whole.  The compiler is kept in order by barrier(); one CPU needs no more.
 * Draining runs as work on each CPU; the magazines of CPUs that are offline
 * are emptied from elsewhere while hotplug is held off.
 */
#ifndef SINGLET_MAGAZINE_H
#define SINGLET_MAGAZINE_H

#include <linux/percpu.h>
#include <linux/preempt.h>

#include "slab.h"

struct singlet_magazine {
	u8 busy;
	u8 nr;
	u8 cap;			/* stable */
	struct singlet_object *slot[];
};

struct singlet_object *singlet_cache_alloc_slow(struct singlet_slab_cache *cache,
						u32 len, gfp_t gfp);
void singlet_cache_free_slow(struct singlet_slab_cache *cache,
			     struct singlet_object *obj);

struct singlet_magazine __percpu *singlet_magazines_alloc(unsigned int cap,
							  gfp_t gfp);
size_t singlet_magazines_bytes(const struct singlet_slab_cache *cache);

unsigned long singlet_magazines_cached(const struct singlet_slab_cache *cache);

struct singlet_object *singlet_pool_alloc(struct singlet_pool *pool, u32 len,
					  gfp_t gfp);
void singlet_pool_free(struct singlet_object *obj);
void singlet_pool_drain(struct singlet_pool *pool);
void singlet_pool_drain_here(struct singlet_pool *pool);
unsigned long singlet_pool_cached(struct singlet_pool *pool);

/*
 * Take the current CPU's magazine until singlet_magazine_leave(); preemption is
 * off meanwhile.  Return: NULL: there is none, or it is in use; go around.
 */
static __always_inline struct singlet_magazine *
singlet_magazine_enter(struct singlet_magazine __percpu *mag)
{
	struct singlet_magazine *m;

	if (unlikely(!mag))
		return NULL;
	preempt_disable();
	m = this_cpu_ptr(mag);
	if (unlikely(READ_ONCE(m->busy))) {
		preempt_enable();
		return NULL;
	}
	WRITE_ONCE(m->busy, 1);
	barrier();
	return m;
}

static __always_inline void singlet_magazine_leave(struct singlet_magazine *m)
{
	barrier();
	WRITE_ONCE(m->busy, 0);
	preempt_enable();
}

/* As singlet_pool_alloc(), of the cache for @len. */
static __always_inline struct singlet_object *
singlet_cache_alloc(struct singlet_slab_cache *cache, u32 len, gfp_t gfp)
{
	struct singlet_magazine *m = singlet_magazine_enter(cache->mag);
	struct singlet_object *obj;

	if (likely(m)) {
		if (likely(m->nr)) {
			obj = m->slot[--m->nr];
			singlet_magazine_leave(m);
			return obj;
		}
		singlet_magazine_leave(m);
	}
	return singlet_cache_alloc_slow(cache, len, gfp);
}

/* As singlet_pool_free(), of the cache that @obj is in. */
static __always_inline void singlet_cache_free(struct singlet_slab_cache *cache,
					       struct singlet_object *obj)
{
	struct singlet_magazine *m;

	/* A slot out of generations must not be handed out again. */
	if (likely(obj->gen != U32_MAX)) {
		m = singlet_magazine_enter(cache->mag);
		if (likely(m)) {
			if (likely(m->nr < m->cap)) {
				m->slot[m->nr++] = obj;
				singlet_magazine_leave(m);
				return;
			}
			singlet_magazine_leave(m);
		}
	}
	singlet_cache_free_slow(cache, obj);
}

#endif
