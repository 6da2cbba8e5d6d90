/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hit - a short value whose object is live already
 *
 * This is what nearly every intern is, and it is made of nothing that this does
 * not need; whatever else comes up is left to the general way (intern.h), from the
 * beginning.  All of it is inline: for one value (singlet_hit()), and in steps, for
 * several at a time (intern_many.c).
 */
#ifndef SINGLET_HIT_H
#define SINGLET_HIT_H

#include <linux/prefetch.h>
#include <linux/string.h>

#include "hash.h"
#include "recent.h"
#include "store.h"
#include "trace.h"

#define HIT_LINES	4	/* of a bucket; longer ones are not usual */

bool singlet_hit_uncounted(struct singlet_object *obj, u32 seen);
bool singlet_hit_changed(struct singlet_object *obj, u32 old);

/* The bits in which eight bytes at @at differ. */
static __always_inline u64 singlet_differ(const void *a, const void *b, u32 at)
{
	return singlet_word(a + at) ^ singlet_word(b + at);
}

/* Are the @len bytes at both places equal?  Short values are the rule. */
static __always_inline bool singlet_equal(const void *a, const void *b, u32 len)
{
	if (likely(len >= 8 && len <= 32))
		return !(singlet_differ(a, b, 0) |
			 singlet_differ(a, b, singlet_second_word(len)) |
			 singlet_differ(a, b, singlet_third_word(len)) |
			 singlet_differ(a, b, len - 8));
	return !memcmp(a, b, len);
}

/* Get a reference if that is easy. */
static __always_inline bool singlet_hit_get(struct singlet_object *obj)
{
	u32 seen = atomic_read(&obj->refs), old;

	if (unlikely(!singlet_refs_live(seen)))
		return singlet_hit_uncounted(obj, seen);
	/* Acquire: pairs with the release in singlet_object_publish(). */
	old = atomic_fetch_add_acquire(1, &obj->refs);
	return likely(old == seen) || singlet_hit_changed(obj, old);
}

/* Where a handle leads.  For the RCU section in which it was looked up. */
struct singlet_hit_place {
	struct singlet_object *obj;	/* or NULL */
	const void *payload;
	u32 size;			/* of the slot */
};

static __always_inline struct singlet_hit_place
singlet_hit_locate(const struct singlet_store *store, u32 handle)
{
	u32 slot = handle & INFO_SLOT_MASK;
	struct singlet_slab *slab;
	struct singlet_hit_place p = {};
	u64 place;

	slab = singlet_slab_dir_place(&store->pool.dir,
				      handle >> INFO_SLOT_BITS, &place);
	if (unlikely(!slab || slot > singlet_place_last(place)))
		return p;
	p.obj = &slab->obj[slot];
	p.size = singlet_place_size(place);
	p.payload = singlet_slab_base(slab, place) + (size_t)slot * p.size;
	return p;
}

/* Is the object there, on which somebody has a reference meanwhile, the value's? */
static __always_inline bool singlet_hit_is(const struct singlet_hit_place *p,
					   u32 type, const void *data, u32 len)
{
	u32 slack = p->size - len;

	return likely(slack <= INFO_SLACK_MASK &&
		      READ_ONCE(p->obj->info) >> INFO_SLACK_SHIFT ==
		      (slack | type << INFO_SLACK_BITS) &&
		      singlet_equal(p->payload, data, len));
}

/* Is the live object there the value's?  Return: it, with a reference; or NULL. */
static __always_inline struct singlet_object *
singlet_hit_take(const struct singlet_hit_place *p, u32 type,
		 const void *data, u32 len)
{
	struct singlet_object *obj = p->obj;

	if (unlikely(!singlet_hit_get(obj)))
		return NULL;
	if (likely(singlet_hit_is(p, type, data, len)))
		return obj;
	singlet_store_put(obj);
	return NULL;
}

/* Does @handle name the live object?  Return: it, with a reference; or NULL. */
static __always_inline struct singlet_object *
singlet_hit_handle(const struct singlet_store *store, u32 handle, u32 type,
		   const void *data, u32 len)
{
	struct singlet_hit_place p = singlet_hit_locate(store, handle);

	if (unlikely(!p.obj))
		return NULL;
	/* Most likely the one: fetch the bytes while the record is fetched. */
	prefetch(p.payload);
	return singlet_hit_take(&p, type, data, len);
}

/*
 * What the table has for @hash, if it is the first with that tag and not far
 * down.  The handle may be the one that was there before the tag: a hint, like
 * all of this, so nothing is to be ordered here.  RCU section.
 */
static __always_inline bool
singlet_hit_find(const struct singlet_table *table, u32 hash, u32 *handle)
{
	const struct singlet_line *line = singlet_table_home(table, hash);
	unsigned int i, n;
	u64 marks;

	for (n = 0; likely(line && n < HIT_LINES); n++) {
		marks = singlet_line_marks(line, singlet_table_tag(hash));
		if (unlikely(!marks)) {
			line = singlet_table_next(table, line);
			continue;
		}
		i = singlet_line_tag(__ffs64(marks));
		*handle = READ_ONCE(line->handle[i]);
		return true;
	}
	return false;
}

/* The object of a value if that is easy to say, with a reference; or NULL. */
static __always_inline struct singlet_object *
singlet_hit(struct singlet_store *store, struct singlet_type *type,
	    const void *data, u32 len)
{
	struct singlet_object *obj = NULL;
	u32 hash, handle;
	bool recent, room;

	if (unlikely(!singlet_type_short(type, len)))
		return NULL;
	hash = singlet_hash(&store->key, data, len, type->index);

	rcu_read_lock();
	recent = singlet_recent_find(&store->recent, hash, &handle, &room);
	if (likely(recent))
		obj = singlet_hit_handle(store, handle, type->index, data,
					 len);
	if (unlikely(!obj)) {
		recent = false;
		if (likely(singlet_hit_find(&store->table, hash, &handle)))
			obj = singlet_hit_handle(store, handle, type->index,
						 data, len);
	}
	rcu_read_unlock();
	if (unlikely(!obj))
		return NULL;
	room |= singlet_recent_sample(singlet_type_hit(type));
	if (unlikely(room && !recent))
		singlet_recent_note(&store->recent, hash, handle);
	trace_singlet_hit(store, type, obj);
	return obj;
}

#endif
