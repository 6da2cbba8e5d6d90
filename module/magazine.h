/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine - per-CPU caches of free slots
 *
 * Each CPU keeps up to size->magazine slots (at most 32, at most 4 KiB) of
 * each cache that it has used, so that most allocations and frees touch no
 * shared line.  What waits there is bounded, counted (slots_cached) and
 * brought back by singlet_pool_drain().
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

#include "slab.h"

struct singlet_magazine {
	u8 busy;
	u8 nr;
	u8 cap;			/* stable */
	struct singlet_object *slot[];
};

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

#endif
