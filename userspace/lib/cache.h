/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The reference cache of a session: references are counted in this process, and
 * the session has one reference on each object that anybody here uses, or used
 * lately.  What is held already is found, got and put without a system call.
 *
 * Getting, putting and finding take no lock (held.h, record.h, values.h).  Taking
 * in what the kernel gave, and letting go, are done under @lock, system calls
 * without it.  So an object can be let go of by one thread and taken in by another
 * at the same time: the session's count in the kernel is right in either order, as
 * the one takes its reference before anything here says so, and the other gives it
 * back after nothing here does.
 *
 * A value is looked for in the domain's index (index.h), which all processes
 * share, and by which one knows the handle; what is not found there, and has a
 * record, in @values.
 *
 * Entries that nobody uses wait in @queue, at most @keep of them.  Those that
 * are used again stay there until it is their turn; they are queued again by
 * who puts them last.
 */
#ifndef _SINGLET_CACHE_H
#define _SINGLET_CACHE_H

#include <pthread.h>

#include "hash.h"
#include "held.h"
#include "index.h"
#include "map.h"
#include "record.h"
#include "singlet.h"
#include "sought.h"
#include "values.h"

struct cache {
	struct map map;			/* stable */
	const struct index *index;	/* stable; NULL: all have records */
	struct hash_key key;		/* stable; for @values */
	size_t keep;			/* stable */
	struct held_table held;
	struct records records;
	struct values values;		/* hash of a value to handle */
	pthread_mutex_t lock;
	struct {			/* lock; a ring of handles */
		uint32_t *handle;
		size_t room;		/* a power of two, or 0 */
		size_t first, nr;
	} queue;
	struct singlet *session;	/* stable; its fd changes in a child */
	struct cache *next;		/* of all; fork.c's lock */
	struct cache_child *child;	/* fork.c, while it forks */
};

HIDDEN void singlet_cache_end(struct cache *c);
HIDDEN int singlet_cache_take_in(struct cache *c, uint64_t id, uint32_t type,
				 const void *data, uint32_t len,
				 uint32_t users, uint32_t flags);
HIDDEN int singlet_cache_get_more(struct cache *c, struct held_at *at, uint32_t n);
HIDDEN int singlet_cache_get_slowly(struct cache *c, struct held_at *at,
				    uint32_t n);
HIDDEN int singlet_cache_put(struct cache *c, struct held_at at, uint32_t n);
HIDDEN bool singlet_cache_find_named(struct cache *c, const struct sought *k,
				     uint64_t *id);
HIDDEN int singlet_cache_get(struct cache *c, uint64_t id, uint32_t count);
HIDDEN int singlet_cache_release(struct cache *c, uint64_t id, uint32_t count);
HIDDEN int singlet_cache_data(struct cache *c, uint64_t id, const void **data,
			      size_t *len);
HIDDEN int singlet_cache_watch_forks(void);
HIDDEN void singlet_cache_register(struct cache *c);
HIDDEN void singlet_cache_unregister(struct cache *c);

/*
 * Get what is at @at, which says then whether there is a record.  Return: 0;
 * -EAGAIN: it is not held; -EOVERFLOW; -ENOMEM.
 */
static inline int cache_get(struct cache *c, struct held_at *at, uint32_t n)
{
	at->record = NULL;
	return __builtin_expect(held_get(*at, n) == HELD_GOT, 1) ? 0 :
	       singlet_cache_get_slowly(c, at, n);
}

/* The upper half: the better bits. */
static inline uint32_t cache_hash(const struct cache *c, uint32_t type,
				  const void *data, size_t len)
{
	return hash_value(&c->key, data, len, type) >> 32;
}

/* What will be looked at first is fetched. */
static inline void cache_fetch(const struct cache *c, const struct sought *k)
{
	struct index_place p;
	struct held_at at;
	uint32_t handle;

	if (!sought_first(k, &handle))
		return;
	at = held_find(&c->held, handle);
	if (at.count && index_mark(c->index, handle, &p))
		held_prefetch(at);
}

/* Get the object with @handle if it is held and is the one that is looked for. */
static inline bool cache_try(struct cache *c, const struct sought *k,
			     uint32_t handle, uint64_t *id)
{
	struct held_at at = held_find(&c->held, handle);
	struct index_place p;
	uint32_t size, slack;
	uint64_t mark, low;
	const char *data;

	if (__builtin_expect(!at.count, 0) ||
	    !index_mark(c->index, handle, &p))
		return false;
	/* Past the locked instruction of a get nothing is read early. */
	__builtin_prefetch((const void *)at.count, 1);
	size = held_size(at);
	data = held_mapped(at);
	__builtin_prefetch(data);
	/* Large if the value is larger than the slot. */
	slack = size - (uint32_t)k->len;
	if (!data || slack > SINGLET_MARK_SLACK)
		return false;
	/* The first look saves others trouble; the second one counts. */
	low = SINGLET_MARK(k->type, slack);
	mark = index_read(p.mark_at);
	if ((uint32_t)(mark & ~SINGLET_MARK_DOOMED) != low ||
	    cache_get(c, &at, 1))
		return false;
	/*
	 * From here on it is held, and so the set, the mark and the place are
	 * those of its slab.
	 */
	mark = index_read(p.mark_at);
	if (__builtin_expect(index_read(p.set_at) == p.set &&
			     (uint32_t)(mark & ~SINGLET_MARK_DOOMED) == low &&
			     held_size(at) == size && held_mapped(at) == data &&
			     (!k->len || !memcmp(data, k->data, k->len)), 1)) {
		*id = (mark >> 32) << 32 | handle;
		return true;
	}
	singlet_cache_put(c, at, 1);
	return false;
}

/* Find a value that is held and get it.  Return: false: ask the kernel. */
static inline bool cache_find(struct cache *c, const struct sought *k,
			      uint64_t *id)
{
	struct sought_walk w = sought_walk(k);
	uint32_t handle;

	while (sought_next(c->index, k, &w, &handle))
		if (cache_try(c, k, handle, id))
			return true;
	return singlet_cache_find_named(c, k, id);
}

#endif /* _SINGLET_CACHE_H */
