/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The reference cache of a session: references are counted in this process, and
 * the session has one reference on each object that anybody here uses, or used
 * lately.  What is held already is found, got and put without a system call.
 *
 * Getting, putting and finding take no lock (held.h, values.h).  Taking in what
 * the kernel gave, and letting go, are done under @lock, system calls without
 * it.  So an object can be let go of by one thread and taken in by another at the
 * same time: the session's count in the kernel is right in either order, as the
 * one takes its reference before anything here says so, and the other gives it
 * back after nothing here does.
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
#include "map.h"
#include "singlet.h"
#include "values.h"

struct cache {
	struct map map;			/* stable */
	struct hash_key key;		/* stable */
	size_t keep;			/* stable */
	struct held_table held;
	struct values values;
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
HIDDEN void singlet_cache_settle(struct cache *c, struct held_at at,
				 enum held_put put);
HIDDEN int singlet_cache_get(struct cache *c, uint64_t id, uint32_t count);
HIDDEN int singlet_cache_release(struct cache *c, uint64_t id, uint32_t count);
HIDDEN int singlet_cache_data(struct cache *c, uint64_t id, const void **data,
			      size_t *len);
HIDDEN void singlet_cache_settle_anew(struct cache *c);
HIDDEN int singlet_cache_register(struct cache *c);
HIDDEN void singlet_cache_unregister(struct cache *c);

/* Put @n users of @at, who have it. */
static inline void cache_put(struct cache *c, struct held_at at, uint32_t n)
{
	enum held_put put = held_put(at.h, n);

	if (__builtin_expect(put != HELD_IN_USE, 0))
		singlet_cache_settle(c, at, put);
}

/* The upper half: the better bits. */
static inline uint32_t cache_hash(const struct cache *c, uint32_t type,
				  const void *data, size_t len)
{
	return hash_value(&c->key, data, len, type) >> 32;
}

static inline bool held_is(const struct held *h, uint32_t type, size_t len)
{
	/* Acquire: who copied the value did so before. */
	return atomic_load_explicit(&h->type, memory_order_acquire) == type &&
	       atomic_load_explicit(&h->len, memory_order_relaxed) == len;
}

/* Find a value that is held and get it.  Return: none: ask the kernel. */
static inline struct held_at cache_find(struct cache *c, uint32_t hash,
					uint32_t type, const void *data,
					size_t len)
{
	const struct values_table *t = values_table(&c->values);
	uint32_t where = hash, handle;

	while (values_next(t, hash, &where, &handle)) {
		struct held_at at = held_find(&c->held, handle);

		if (__builtin_expect(!at.h, 0))
			continue;
		/* Past the locked instruction of a get nothing is read early. */
		held_prefetch(at);
		/* The first look saves others trouble; the second one counts. */
		if (!held_is(at.h, type, len) || !held_get(at.h, 1))
			continue;
		if (held_is(at.h, type, len) &&
		    (!len || !memcmp(held_data(at), data, len)))
			return at;
		cache_put(c, at, 1);
	}
	return (struct held_at){ .h = NULL };
}

#endif /* _SINGLET_CACHE_H */
