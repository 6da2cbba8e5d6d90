// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Batches by way of a reference cache: what is held is dealt with here, the rest
 * of each lot in one system call.
 */
#include "cached.h"

#include <errno.h>

#include "internal.h"

#define LOT	256

static const void *data_of(const struct singlet_intern_item *item)
{
	return (const void *)(uintptr_t)item->data;
}

/*
 * What of a lot is not held: copies of the items, and where they are.
 *
 * A call to the kernel may end early.  Items behind the first that it did not deal
 * with are not dealt with either, and those that were held are given back.
 */
struct misses {
	uint16_t where[LOT];
	size_t nr, asked;	/* items; of these, dealt with */
};

/* How much of a lot of @count is dealt with; @done is what the call said. */
static ssize_t lot_done(const struct misses *m, size_t count, ssize_t done)
{
	if (m->asked == m->nr)
		return count;
	return m->where[m->asked] || done >= 0 ? m->where[m->asked] : done;
}

/* Is item @i, behind the end, one that was held? */
static bool was_held(const struct misses *m, size_t i)
{
	size_t k;

	for (k = m->asked; k < m->nr; k++)
		if (m->where[k] == i)
			return false;
	return true;
}

/* One of a lot that the kernel found or made. */
static void take_in_value(struct cache *c, struct singlet_intern_item *item)
{
	/* The instance of a single type is found by no bytes at all, too. */
	bool known = item->len || item->created ||
		     item->type <= SINGLET_TYPE_TUPLE;

	if (!item->result)
		item->result = -singlet_cache_take_in(c, item->id,
						      known ? item->type : 0,
						      data_of(item), item->len,
						      1, 0);
}

static ssize_t ask_values(struct cache *c, unsigned long command,
			  struct singlet_intern_item *items, size_t count,
			  struct singlet_intern_item *miss, struct misses *m)
{
	ssize_t done = singlet_call_batch(c->session, command, miss,
					  sizeof(*miss), m->nr);
	size_t i;

	for (m->asked = 0; (ssize_t)m->asked < done; m->asked++) {
		take_in_value(c, &miss[m->asked]);
		items[m->where[m->asked]] = miss[m->asked];
	}
	for (i = lot_done(m, count, 0) + 1; i < count; i++)
		if (was_held(m, i))
			singlet_cache_release(c, items[i].id, 1);
	return lot_done(m, count, done);
}

/*
 * Where to look for a lot.  What will be looked at is fetched in passing: first the
 * lines of the index, then, when these have come, what they name.
 */
static void seek_lot(struct cache *c, const struct singlet_intern_item *items,
		     size_t count, struct sought *sought)
{
	size_t i;

	for (i = 0; i < count; i++)
		sought_begin(c->index, items[i].type, data_of(&items[i]),
			     items[i].len, &sought[i]);
	for (i = 0; i < count; i++)
		cache_fetch(c, &sought[i]);
}

static ssize_t values_lot(struct cache *c, unsigned long command, void *lot,
			  size_t count)
{
	struct singlet_intern_item *items = lot;
	struct singlet_intern_item miss[LOT];
	struct sought sought[LOT];
	struct misses m;
	size_t i;

	m.nr = 0;
	seek_lot(c, items, count, sought);
	for (i = 0; i < count; i++) {
		struct singlet_intern_item *item = &items[i];
		uint64_t id;

		if (item->len <= SINGLET_MAX_VALUE &&
		    cache_find(c, &sought[i], &id)) {
			item->id = id;
			item->result = 0;
			item->created = 0;
		} else {
			m.where[m.nr] = i;
			miss[m.nr++] = *item;
		}
	}
	return m.nr ? ask_values(c, command, items, count, miss, &m) :
		      (ssize_t)count;
}

/* A function for a lot; as singlet_cached_values(). */
typedef ssize_t (*lot_fn)(struct cache *c, unsigned long command, void *items,
			  size_t count);

static ssize_t in_lots(struct cache *c, unsigned long command, void *items,
		       size_t item_size, size_t count, lot_fn fn)
{
	ssize_t n = -EINVAL;
	size_t done = 0;

	while (done < count) {
		size_t lot = count - done < LOT ? count - done : LOT;

		n = fn(c, command, (char *)items + done * item_size, lot);
		if (n > 0)
			done += n;
		if (n != (ssize_t)lot)
			break;
	}
	return done ? (ssize_t)done : n;
}

ssize_t singlet_cached_values(struct cache *c, unsigned long command,
			      struct singlet_intern_item *items, size_t count)
{
	return in_lots(c, command, items, sizeof(*items), count, values_lot);
}

ssize_t singlet_cached_ask(struct cache *c, unsigned long command,
			   struct singlet_intern_item *item)
{
	ssize_t done = singlet_call_batch(c->session, command, item,
					  sizeof(*item), 1);

	if (done == 1)
		take_in_value(c, item);
	return done;
}

static ssize_t ask_refs(struct cache *c, unsigned long command,
			struct singlet_ref_item *items, size_t count,
			struct misses *m)
{
	struct singlet_ref_item miss[LOT];
	ssize_t done;
	size_t i;

	for (i = 0; i < m->nr; i++)
		miss[i] = (struct singlet_ref_item){
			.id = items[m->where[i]].id, .count = 1 };
	done = singlet_call_batch(c->session, command, miss, sizeof(miss[0]),
				  m->nr);
	for (m->asked = 0; (ssize_t)m->asked < done; m->asked++) {
		struct singlet_ref_item *item = &items[m->where[m->asked]];

		item->result = miss[m->asked].result;
		if (!item->result)
			item->result = -singlet_cache_take_in(c, item->id, 0,
							      NULL, 0,
							      item->count, 0);
	}
	for (i = lot_done(m, count, 0) + 1; i < count; i++)
		if (was_held(m, i) && !items[i].result)
			singlet_cache_release(c, items[i].id, items[i].count);
	return lot_done(m, count, done);
}

static ssize_t acquire_lot(struct cache *c, unsigned long command, void *lot,
			   size_t count)
{
	struct singlet_ref_item *items = lot;
	struct misses m;
	size_t i;

	m.nr = 0;
	for (i = 0; i < count; i++) {
		int err = singlet_cache_get(c, items[i].id, items[i].count);

		if (err == -EAGAIN)
			m.where[m.nr++] = i;
		else
			items[i].result = -err;
	}
	return m.nr ? ask_refs(c, command, items, count, &m) : (ssize_t)count;
}

ssize_t singlet_cached_acquire(struct cache *c, struct singlet_ref_item *items,
			       size_t count)
{
	return in_lots(c, SINGLET_ACQUIRE, items, sizeof(*items), count,
		       acquire_lot);
}

ssize_t singlet_cached_release(struct cache *c, struct singlet_ref_item *items,
			       size_t count)
{
	size_t i;

	if (!count)
		return -EINVAL;
	for (i = 0; i < count; i++)
		items[i].result = -singlet_cache_release(c, items[i].id,
							 items[i].count);
	return count;
}

ssize_t singlet_cached_alloc(struct cache *c, struct singlet_alloc_item *items,
			     size_t count)
{
	ssize_t done = singlet_call_batch(c->session, SINGLET_ALLOC, items,
					  sizeof(*items), count), i;

	for (i = 0; i < done; i++)
		if (!items[i].result)
			items[i].result = -singlet_cache_take_in(c, items[i].id,
								 0, NULL, 0, 1,
								 RECORD_BRIEF);
	return done;
}
