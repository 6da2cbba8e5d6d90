// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Single objects: batches of one whose result is the return value; and the list
 * of all.
 */
#include <errno.h>
#include <stdlib.h>

#include "cached.h"
#include "internal.h"

/* Joins the two levels of failure: that of the call and that of its item. */
static int outcome(ssize_t done, uint32_t result)
{
	return done < 0 ? (int)done : -(int)result;
}

/* Is the value held?  Then it is got, by its @id. */
static inline bool find_held(struct singlet *s, uint32_t type, const void *data,
			     size_t len, uint64_t *id)
{
	struct sought k;

	if (!s->cache || len > SINGLET_MAX_VALUE)
		return false;
	sought_begin(s->cache->index, type, data, len, &k);
	return cache_find(s->cache, &k, id);
}

/* What is not held, if anything is, is the kernel's to say. */
static int ask_value(struct singlet *s, unsigned long command,
		     struct singlet_intern_item *item, const void *data,
		     size_t len)
{
	ssize_t done;

	if (len > UINT32_MAX)
		return -EMSGSIZE;
	item->data = (uintptr_t)data;
	item->len = len;
	done = s->cache ? singlet_cached_ask(s->cache, command, item) :
			  singlet_call_batch(s, command, item, sizeof(*item), 1);
	return outcome(done, item->result);
}

int singlet_object_intern(struct singlet *s, uint32_t type, const void *data,
			  size_t len, uint64_t *id)
{
	struct singlet_intern_item item;
	int err;

	if (find_held(s, type, data, len, id))
		return 0;
	item = (struct singlet_intern_item){ .type = type };
	err = ask_value(s, SINGLET_INTERN, &item, data, len);
	if (err)
		return err;
	*id = item.id;
	return item.created ? 1 : 0;
}

int singlet_object_lookup(struct singlet *s, uint32_t type, const void *data,
			  size_t len, uint64_t *id)
{
	struct singlet_intern_item item;
	int err;

	if (find_held(s, type, data, len, id))
		return 0;
	item = (struct singlet_intern_item){ .type = type };
	err = ask_value(s, SINGLET_LOOKUP, &item, data, len);
	if (!err)
		*id = item.id;
	return err;
}

int singlet_object_acquire(struct singlet *s, uint64_t id, uint32_t count)
{
	struct singlet_ref_item item = { .id = id, .count = count };
	ssize_t done = singlet_batch_acquire(s, &item, 1);

	return outcome(done, item.result);
}

int singlet_object_release(struct singlet *s, uint64_t id, uint32_t count)
{
	struct singlet_ref_item item = { .id = id, .count = count };
	ssize_t done;

	if (s->cache)
		return singlet_cache_release(s->cache, id, count);
	done = singlet_batch_release(s, &item, 1);
	return outcome(done, item.result);
}

int singlet_object_pin(struct singlet *s, uint64_t id, uint32_t count)
{
	struct singlet_ref_item item = { .id = id, .count = count };
	ssize_t done = singlet_batch_pin(s, &item, 1);

	return outcome(done, item.result);
}

int singlet_object_unpin(struct singlet *s, uint64_t id, uint32_t count)
{
	struct singlet_ref_item item = { .id = id, .count = count };
	ssize_t done = singlet_batch_unpin(s, &item, 1);

	return outcome(done, item.result);
}

ssize_t singlet_object_read(struct singlet *s, uint64_t id, void *buf,
			    size_t len, uint32_t offset, uint32_t *total)
{
	struct singlet_read_item item = {
		.id = id,
		.data = (uintptr_t)buf,
		.len = len < UINT32_MAX ? len : UINT32_MAX,
		.offset = offset,
	};
	ssize_t done = singlet_batch_read(s, &item, 1);
	int err = outcome(done, item.result);

	if (err)
		return err;
	if (total)
		*total = item.total;
	return item.len;
}

int singlet_object_dup(struct singlet *s, uint64_t id, void **data,
		       size_t *len)
{
	struct singlet_query_item item;
	ssize_t got;
	char *copy;
	int err;

	err = singlet_object_query(s, id, &item);
	if (err)
		return err;
	/* The value of an id never changes size; only the id can go stale. */
	copy = malloc((size_t)item.len + 1);
	if (!copy)
		return -ENOMEM;
	got = singlet_object_read(s, id, copy, item.len, 0, NULL);
	if (got < 0) {
		free(copy);
		return got;
	}
	copy[got] = '\0';
	*data = copy;
	if (len)
		*len = got;
	return 0;
}

int singlet_object_data(struct singlet *s, uint64_t id, const void **data,
			size_t *len)
{
	return s->cache ? singlet_cache_data(s->cache, id, data, len) :
			  -EOPNOTSUPP;
}

int singlet_object_query(struct singlet *s, uint64_t id,
			 struct singlet_query_item *item)
{
	struct singlet_query_item query = { .id = id };
	ssize_t done = singlet_batch_query(s, &query, 1);
	int err = outcome(done, query.result);

	if (!err)
		*item = query;
	return err;
}

int singlet_object_alloc(struct singlet *s, uint32_t type, size_t len,
			 uint64_t *id)
{
	struct singlet_alloc_item item = { .type = type, .len = len };
	ssize_t done;
	int err;

	if (len > UINT32_MAX)
		return -EMSGSIZE;
	done = singlet_batch_alloc(s, &item, 1);
	err = outcome(done, item.result);
	if (!err)
		*id = item.id;
	return err;
}

int singlet_object_write(struct singlet *s, uint64_t id, const void *data,
			 size_t len, uint32_t offset)
{
	struct singlet_write_item item = {
		.id = id, .data = (uintptr_t)data, .len = len, .offset = offset,
	};
	ssize_t done;

	if (len > UINT32_MAX)
		return -EINVAL;
	done = singlet_batch_write(s, &item, 1);
	return outcome(done, item.result);
}

int singlet_object_seal(struct singlet *s, uint64_t id)
{
	struct singlet_seal_item item = { .id = id };
	ssize_t done = singlet_batch_seal(s, &item, 1);

	return outcome(done, item.result);
}

ssize_t singlet_object_list(struct singlet *s, uint32_t type,
			    struct singlet_list_entry *entries, size_t count,
			    uint64_t *cursor)
{
	struct singlet_list arg = {
		.size = sizeof(arg),
		.entry_size = sizeof(struct singlet_list_entry),
		.entries = (uintptr_t)entries,
		.cursor = *cursor,
		.count = count < SINGLET_MAX_BATCH ? count : SINGLET_MAX_BATCH,
		.type = type,
	};
	int err = singlet_session_call(s, SINGLET_LIST, &arg);

	if (err)
		return err;
	*cursor = arg.cursor;
	return arg.count;
}
