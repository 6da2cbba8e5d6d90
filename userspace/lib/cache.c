// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The reference cache of a session; see cache.h. */
#include "cache.h"

#include <errno.h>
#include <stdlib.h>

#include "internal.h"
#include "known.h"
#include "letgo.h"

/* Getting */

/* As cache_get(), of what is held.  Lock held. */
int singlet_cache_get_more(struct cache *c, struct held_at *at, uint32_t n)
{
	int err;

	*at = known_with_record(c, *at);
	if (!at->record) {
		if (held_get(*at, n) == HELD_GOT)
			return 0;
		err = singlet_known_make_record(c, at);
		if (err)
			return err;
	}
	return record_get(at->record, n) ? 0 : -EOVERFLOW;
}

/* What cache_get() did not get. */
int singlet_cache_get_slowly(struct cache *c, struct held_at *at, uint32_t n)
{
	struct record *r = NULL;
	int err;

	if (held_number(*at) == HELD_RECORD)
		r = singlet_record_find(&c->records, at->handle);
	if (r && record_get(r, n)) {
		uint32_t handle = atomic_load(&r->handle);
		bool same = handle == at->handle;

		/* It may be another's by now, and counts may be elsewhere. */
		*at = held_find(&c->held, handle);
		at->record = r;
		if (same)
			return 0;
		singlet_cache_put(c, *at, n);
		return -EAGAIN;
	}
	if (!held_number(*at))
		return -EAGAIN;
	pthread_mutex_lock(&c->lock);
	err = held_number(*at) ? singlet_cache_get_more(c, at, n) : -EAGAIN;
	pthread_mutex_unlock(&c->lock);
	return err;
}

/* Putting */

static enum held_put put_record(struct record *r, uint32_t n)
{
	uint32_t old = atomic_load_explicit(&r->refs, memory_order_relaxed);
	uint32_t new;

	do {
		if ((old & RECORD_COUNT) <= n)
			return HELD_TOO_MANY;
		new = old - n;
		if ((new & RECORD_COUNT) == 1 && !(new & RECORD_BRIEF))
			new |= RECORD_QUEUED;
	} while (!atomic_compare_exchange_weak_explicit(&r->refs, &old, new,
							memory_order_release,
							memory_order_relaxed));
	if ((new & RECORD_COUNT) != 1)
		return HELD_IN_USE;
	if (new & RECORD_BRIEF)
		return HELD_TO_END;
	return old & RECORD_QUEUED ? HELD_IN_USE : HELD_TO_QUEUE;
}

/**
 * singlet_cache_put() - put what the caller got
 * @c: cache
 * @at: it
 * @n: users, at least 1
 *
 * Return: 0; -EINVAL: it has not so many users.
 */
int singlet_cache_put(struct cache *c, struct held_at at, uint32_t n)
{
	enum held_put put = held_put(at, n);

	if (put == HELD_PUT_ELSEWHERE) {
		at = singlet_known_find_record(c, at);
		put = at.record ? put_record(at.record, n) : HELD_TOO_MANY;
	}
	if (put == HELD_TOO_MANY)
		return -EINVAL;
	if (put != HELD_IN_USE)
		singlet_letgo_settle(c, at, put);
	return 0;
}

/* Finding */

/* What cache_find() does not find in the index. */
bool singlet_cache_find_named(struct cache *c, const struct sought *k,
			      uint64_t *id)
{
	const struct values_table *t = values_table(&c->values);
	uint32_t hash, where, handle;

	if (values_empty(&c->values))
		return false;
	where = hash = cache_hash(c, k->type, k->data, k->len);
	while (values_next(t, hash, &where, &handle)) {
		struct held_at at = held_find(&c->held, handle);

		if (!at.count || cache_get(c, &at, 1))
			continue;
		/* Acquire: who copied the value did so before. */
		if (at.record &&
		    atomic_load_explicit(&at.record->type,
					 memory_order_acquire) == k->type &&
		    atomic_load(&at.record->len) == k->len &&
		    (!k->len || !memcmp(held_data(at), k->data, k->len))) {
			*id = known_id(c, at);
			return true;
		}
		singlet_cache_put(c, at, 1);
	}
	return false;
}

/**
 * singlet_cache_get() - get an object by its id if it is held
 * @c: cache
 * @id: object
 * @count: users to add
 *
 * Return: 0; -EAGAIN: it is not held; -ENOENT: there was such an object; -EINVAL;
 * -EOVERFLOW; -ENOMEM.
 */
int singlet_cache_get(struct cache *c, uint64_t id, uint32_t count)
{
	struct held_at at = held_find(&c->held, (uint32_t)id);
	int err;

	if (!count)
		return -EINVAL;
	if (count >= RECORD_COUNT)
		return -EOVERFLOW;
	err = at.count ? cache_get(c, &at, count) : -EAGAIN;
	if (err || known_id(c, at) == id)
		return err;
	singlet_cache_put(c, at, count);
	return -ENOENT;
}

/*
 * What is at @id, which the caller has, or none: he has not.  It stays what it is
 * meanwhile.  @mark is its mark if it has no record.
 */
static struct held_at find_used(struct cache *c, uint64_t id, uint64_t *mark)
{
	struct held_at at = held_find(&c->held, (uint32_t)id);
	uint32_t count = at.count ? held_number(at) : 0, gen = 0;

	if (__builtin_expect(count == HELD_RECORD, 0)) {
		at = singlet_known_find_record(c, at);
		count = at.record ? atomic_load(&at.record->refs) &
				    RECORD_COUNT : 0;
		if (at.record)
			gen = atomic_load(&at.record->gen);
	} else if (count > 1) {
		*mark = known_mark(c, at);
		gen = *mark >> 32;
	}
	if (count <= 1 || gen != id >> 32)
		at.count = NULL;
	return at;
}

int singlet_cache_release(struct cache *c, uint64_t id, uint32_t count)
{
	struct held_at at;
	uint64_t mark;

	at = find_used(c, id, &mark);
	if (!count)
		return -EINVAL;
	return at.count ? singlet_cache_put(c, at, count) : -ENOENT;
}

/* Find out the length, and the value if it is not mapped, of one with a record. */
static int learn(struct cache *c, struct held_at at)
{
	uint64_t id = known_id(c, at);
	struct singlet_query_item item;
	void *data = NULL;
	size_t len = 0;
	int err;

	if (held_mapped(at)) {
		err = singlet_object_query(c->session, id, &item);
		if (!err)
			len = item.len;
	} else {
		err = singlet_object_dup(c->session, id, &data, &len);
	}
	if (err)
		return err;
	pthread_mutex_lock(&c->lock);
	if (data && singlet_known_set_copy(c, at.record, data, len))
		data = NULL;
	/*
	 * Somebody may have found it by its value meanwhile.  Release: whoever
	 * sees the length finds the copy.
	 */
	if (atomic_load(&at.record->len) == RECORD_LEN_UNKNOWN)
		atomic_store_explicit(&at.record->len, len,
				      memory_order_release);
	pthread_mutex_unlock(&c->lock);
	free(data);
	return 0;
}

int singlet_cache_data(struct cache *c, uint64_t id, const void **data,
		       size_t *len)
{
	uint64_t mark = 0;
	struct held_at at = find_used(c, id, &mark);
	uint32_t n;
	int err;

	if (!at.count)
		return -ENOENT;
	n = at.record ? atomic_load_explicit(&at.record->len,
					     memory_order_acquire) :
			known_len(mark, at);
	if (n == RECORD_LEN_UNKNOWN) {
		err = learn(c, at);
		if (err)
			return err;
		n = atomic_load_explicit(&at.record->len, memory_order_acquire);
	}
	*data = held_data(at);
	if (len)
		*len = n;
	return 0;
}

/* Beginning and end */

int singlet_cache_enable(struct singlet *s, size_t keep)
{
	struct cache *c;
	int err;

	if (s->cache)
		return -EALREADY;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->session = s;
	c->keep = keep;
	pthread_mutex_init(&c->lock, NULL);
	err = singlet_hash_key(&c->key);
	if (!err)
		err = singlet_values_init(&c->values);
	if (err)
		goto err_cache;
	err = singlet_records_init(&c->records);
	if (err)
		goto err_values;
	/* In this order: in_child() there opens indexes anew. */
	err = singlet_index_watch_forks();
	if (!err)
		err = singlet_cache_watch_forks();
	if (err)
		goto err_records;
	/* Without it values are copied; without an index all have records. */
	if (!singlet_map_open(&c->map, s->fd))
		c->index = singlet_index_open(s);
	singlet_cache_register(c);
	return 0;

err_records:
	singlet_records_end(&c->records);
err_values:
	singlet_values_end(&c->values);
err_cache:
	pthread_mutex_destroy(&c->lock);
	free(c);
	return err;
}

/* The session's references go with its descriptor. */
void singlet_cache_end(struct cache *c)
{
	singlet_cache_unregister(c);
	singlet_map_close(&c->map);
	singlet_held_end(&c->held);
	singlet_records_end(&c->records);
	singlet_values_end(&c->values);
	free(c->queue.handle);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

int singlet_cache_flush(struct singlet *s)
{
	if (!s->cache)
		return -EINVAL;
	singlet_letgo_flush(s->cache);
	return 0;
}

int singlet_cache_query(struct singlet *s, struct singlet_cache_info *info)
{
	struct cache *c = s->cache;

	if (!c)
		return -EINVAL;
	pthread_mutex_lock(&c->lock);
	*info = (struct singlet_cache_info){
		.held = c->held.nr,
		.queued = c->queue.nr,
		.bytes = sizeof(*c) + c->held.bytes + c->records.bytes +
			 c->records.numbers.bytes + c->values.bytes +
			 c->queue.room * sizeof(*c->queue.handle),
		.mapped = c->map.slabs != NULL,
	};
	pthread_mutex_unlock(&c->lock);
	return 0;
}
