// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Taking in what the kernel gave to a reference cache; see cache.h. */
#include <errno.h>

#include "cache.h"
#include "known.h"
#include "letgo.h"

/* Is the value found in the index, as what has @handle? */
static bool in_index(const struct cache *c, uint32_t type, const void *data,
		     uint32_t len, uint32_t handle)
{
	struct sought_walk w;
	struct sought k;
	uint32_t found;

	sought_begin(c->index, type, data, len, &k);
	for (w = sought_walk(&k); sought_next(c->index, &k, &w, &found); )
		if (found == handle)
			return true;
	return false;
}

/*
 * What is held at @at has a record, and gets a value to be found by.  Lock held.
 * Return: 0 or -ENOMEM: nothing has changed.
 */
static int set_value(struct cache *c, struct held_at at, uint32_t type,
		     const void *data, uint32_t len)
{
	struct record *r = at.record;

	if (singlet_values_reserve(&c->values))
		return -ENOMEM;
	if (!at.place->base && singlet_known_copy(c, r, data, len))
		return -ENOMEM;
	/* Release, both: whoever sees them finds the copy. */
	atomic_store_explicit(&r->len, len, memory_order_release);
	atomic_store_explicit(&r->type, type, memory_order_release);
	r->hash = cache_hash(c, type, data, len);
	singlet_values_add(&c->values, r->hash, at.handle);
	r->named = true;
	return 0;
}

/* Is its mark all that has to be known of @id, and the index what it is found in? */
static bool is_marked(struct cache *c, struct held_at at, uint64_t id,
		      uint32_t type, const void *data, uint32_t len)
{
	uint64_t mark = at.place->base ? known_mark(c, at) : 0;

	return mark & SINGLET_MARK_LIVE && mark >> 32 == id >> 32 &&
	       (!type || (known_type(mark) == type &&
			  known_len(mark, at) == len &&
			  in_index(c, type, data, len, at.handle)));
}

/*
 * What is held at @at was found by a value, and is to be found by it from now on.
 * Without memory it is not, and that is all.  Lock held.
 */
static void learn_value(struct cache *c, struct held_at at, uint32_t type,
			const void *data, uint32_t len)
{
	at = known_with_record(c, at);
	if ((at.record && at.record->named) ||
	    is_marked(c, at, known_id(c, at), type, data, len) ||
	    singlet_known_make_record(c, &at))
		return;
	(void)set_value(c, at, type, data, len);
}

/*
 * The session's reference on @id is @at's from here on, where nothing is held.  Lock
 * held.
 */
static int enter(struct cache *c, struct held_at at, uint64_t id, uint32_t type,
		 const void *data, uint32_t len, uint32_t users, uint32_t flags)
{
	/* Release, below: pairs with the acquire of a get. */
	if (!flags && users < HELD_MAX &&
	    is_marked(c, at, id, type, data, len)) {
		atomic_store_explicit(at.count, users + 1,
				      memory_order_release);
	} else {
		at.record = singlet_record_new(&c->records, at.handle);
		if (!at.record)
			return -ENOMEM;
		atomic_store_explicit(&at.record->gen, id >> 32,
				      memory_order_relaxed);
		if (type && set_value(c, at, type, data, len)) {
			singlet_known_end_record(c, at.record);
			return -ENOMEM;
		}
		/* In this order: who got one finds that it is there to be put. */
		atomic_store_explicit(at.count, HELD_RECORD,
				      memory_order_release);
		atomic_store_explicit(&at.record->refs, (users + 1) | flags,
				      memory_order_release);
	}
	at.place->nr++;
	c->held.nr++;
	return 0;
}

/**
 * singlet_cache_take_in() - an object on which the session has one more reference
 * @c: cache
 * @id: object
 * @type: its type; 0: got by its id, so neither that nor its value is known
 * @data: the value's bytes; the caller's
 * @len: how many
 * @users: to begin with, or to add
 * @flags: RECORD_BRIEF or 0
 *
 * The reference is the cache's from here on, whatever comes of it.
 *
 * Return: 0, or an error, and it is given back: -ENOMEM; -EOVERFLOW: too many
 * users.
 */
int singlet_cache_take_in(struct cache *c, uint64_t id, uint32_t type,
			  const void *data, uint32_t len, uint32_t users,
			  uint32_t flags)
{
	struct surplus surplus;
	struct held_at at;
	int err;

	surplus.nr = 0;
	pthread_mutex_lock(&c->lock);
	at = singlet_held_entry(&c->held, &c->map, id);
	if (at.count && held_number(at)) {
		/* Another thread was faster, or it was not found in passing. */
		letgo_add(&surplus, id);
		err = singlet_cache_get_more(c, &at, users);
		if (type && !err)
			learn_value(c, at, type, data, len);
	} else {
		err = at.count ? enter(c, at, id, type, data, len, users,
				       flags) : -ENOMEM;
		if (err)
			letgo_add(&surplus, id);
	}
	pthread_mutex_unlock(&c->lock);
	singlet_letgo_give_back(c, &surplus);
	return err;
}
