// SPDX-License-Identifier: GPL-2.0
/* intern - value to object: lookup or create; see intern.h */
#include "intern.h"

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/prefetch.h>
#include <linux/sched.h>
#include <linux/singlet.h>
#include <linux/string.h>

#include "container.h"
#include "hash.h"
#include "magazine.h"
#include "marks.h"
#include "recent.h"
#include "trace.h"
#include "world.h"

/* The bits in which eight bytes at @at differ. */
static __always_inline u64 differ(const void *a, const void *b, u32 at)
{
	return singlet_word(a + at) ^ singlet_word(b + at);
}

/* Are the @len bytes at both places equal?  Short values are the rule. */
static __always_inline bool equal(const void *a, const void *b, u32 len)
{
	if (likely(len >= 8 && len <= 32))
		return !(differ(a, b, 0) |
			 differ(a, b, singlet_second_word(len)) |
			 differ(a, b, singlet_third_word(len)) |
			 differ(a, b, len - 8));
	return !memcmp(a, b, len);
}

/*
 * A hit: the value is short and an object that is live already.  This is what
 * nearly every intern is, and it is made of nothing that this does not need;
 * whatever else comes up is left to the general way, from the beginning.
 */

#define HIT_LINES	4	/* of a bucket; longer ones are not usual */

/* The rest of get_live(): the word is @seen, and nothing was added to it. */
static noinline bool get_uncounted(struct singlet_object *obj, u32 seen)
{
	if (singlet_refs_hot(seen))
		return singlet_hot_get(obj);
	compat_rmb();	/* as the acquire in get_live() */
	return singlet_refs_immortal(seen);
}

/* The same: the word was @old, and not what it had just been, and has one more. */
static noinline bool get_changed(struct singlet_object *obj, u32 old)
{
	enum singlet_got got = singlet_object_got(obj, old);

	if (got == GOT_LIVE) {
		singlet_heat_contended(obj);
		return true;
	}
	/* Idle by now: not what this is for. */
	if (got == GOT_IDLE) {
		singlet_store_count_idle(singlet_object_store(obj), obj, -1);
		singlet_store_put(obj);
	}
	return false;
}

/* Get a reference if that is easy. */
static __always_inline bool get_live(struct singlet_object *obj)
{
	u32 seen = atomic_read(&obj->refs), old;

	if (unlikely(!singlet_refs_live(seen)))
		return get_uncounted(obj, seen);
	/* Acquire: pairs with the release in singlet_object_publish(). */
	old = atomic_fetch_add_acquire(1, &obj->refs);
	return likely(old == seen) || get_changed(obj, old);
}

/* Where a handle leads.  For the RCU section in which it was looked up. */
struct place {
	struct singlet_object *obj;	/* or NULL */
	const void *payload;
	u32 size;			/* of the slot */
};

static __always_inline struct place place_of(const struct singlet_store *store,
					     u32 handle)
{
	u32 slot = handle & INFO_SLOT_MASK;
	struct singlet_slab *slab;
	struct place p = {};
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

/* Is the live object there the value's?  Return: it, with a reference; or NULL. */
static __always_inline struct singlet_object *
take(const struct place *p, u32 type, const void *data, u32 len)
{
	struct singlet_object *obj = p->obj;
	u32 slack = p->size - len;

	if (unlikely(!get_live(obj)))
		return NULL;
	if (likely(slack <= INFO_SLACK_MASK &&
		   READ_ONCE(obj->info) >> INFO_SLACK_SHIFT ==
		   (slack | type << INFO_SLACK_BITS) &&
		   equal(p->payload, data, len)))
		return obj;
	singlet_store_put(obj);
	return NULL;
}

/* Does @handle name the live object?  Return: it, with a reference; or NULL. */
static __always_inline struct singlet_object *
hit_handle(const struct singlet_store *store, u32 handle, u32 type,
	   const void *data, u32 len)
{
	struct place p = place_of(store, handle);

	if (unlikely(!p.obj))
		return NULL;
	/* Most likely the one: fetch the bytes while the record is fetched. */
	prefetch(p.payload);
	return take(&p, type, data, len);
}

/*
 * What the table has for @hash, if it is the first with that tag and not far
 * down.  The handle may be the one that was there before the tag: a hint, like
 * all of this, so nothing is to be ordered here.  RCU section.
 */
static __always_inline bool find_handle(const struct singlet_table *table,
					u32 hash, u32 *handle)
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

/* The general way.  What it looks for, and what it found. */
struct wanted {
	struct singlet_store *store;
	const void *data;
	u32 len;
	u32 type;
	u32 hash;
	bool single;
	bool full;			/* found, but its count is full */
	bool unsure;			/* found, but the bytes not compared */
	bool revived;			/* found, idle until then */
	struct singlet_object *obj;	/* found, with a reference */
	unsigned int nr_others;
	u64 other[ALIKE_MAX + 1];	/* ids with the same hash, compared */
};

static bool may_be(const struct wanted *w, const struct singlet_slab *slab,
		   u32 info)
{
	return singlet_info_type(info) == w->type &&
	       !(info & INFO_PLAIN) &&
	       (w->single || singlet_slab_len(slab, info) == w->len);
}

/* Was it compared already?  An id never stands for another value. */
static bool is_other(const struct wanted *w, const struct singlet_object *obj)
{
	u64 id = singlet_object_id(obj);
	unsigned int i;

	for (i = 0; i < w->nr_others; i++)
		if (w->other[i] == id)
			return true;
	return false;
}

/*
 * Comparing a big value takes longer than a lock or an RCU section should:
 * with the same hash it is most likely the one, and compared when they are
 * left (sure()).
 */
static bool same_bytes(struct wanted *w, const struct singlet_slab *slab,
		       u32 slot)
{
	if (slab->big) {
		w->unsure = slab->big[slot].hash == w->hash &&
			    !is_other(w, &slab->obj[slot]);
		return w->unsure;
	}
	return equal(singlet_slab_payload(slab, slot), w->data, w->len);
}

static bool match(void *ctx, u32 handle)
{
	struct wanted *w = ctx;
	struct singlet_object *obj;
	struct singlet_slab *slab;

	obj = singlet_pool_object(&w->store->pool, handle, &slab);
	if (!obj)
		return false;
	switch (singlet_object_tryget(obj)) {
	case GOT_NOTHING:
		return false;
	case GOT_FULL:
		w->full = true;
		return true;
	case GOT_IDLE:
		singlet_store_count_idle(w->store, obj, -1);
		w->revived = true;
		break;
	case GOT_LIVE:
		w->revived = false;
		break;
	}
	/* It is stable now; is it the one? */
	if (may_be(w, slab, READ_ONCE(obj->info)) &&
	    (w->single || same_bytes(w, slab, handle & INFO_SLOT_MASK))) {
		w->obj = obj;
		return true;
	}
	singlet_store_put(obj);
	return false;
}

/*
 * After a search that found something, outside its lock: is that it?  Return: 1;
 * 0: the search has to be done again, and finds something else; -EDQUOT.
 */
static int sure(struct wanted *w)
{
	int ret = 0;

	if (!w->unsure || w->full)
		return 1;
	w->unsure = false;
	if (!memcmp(singlet_object_data(w->obj), w->data, w->len))
		return 1;
	if (w->nr_others < ARRAY_SIZE(w->other))
		w->other[w->nr_others++] = singlet_object_id(w->obj);
	else
		ret = -EDQUOT;
	singlet_store_put(w->obj);
	return ret;
}

/* What became of a search that said it found something. */
static int found(struct wanted *w, struct singlet_object **objp)
{
	if (w->full)
		return -EOVERFLOW;
	if (w->single && w->len &&
	    (singlet_object_len(w->obj) != w->len ||
	     memcmp(singlet_object_data(w->obj), w->data, w->len))) {
		singlet_store_put(w->obj);
		return -EEXIST;
	}
	if (w->revived)
		singlet_count(&w->store->counters, STAT_REVIVALS, 1);
	*objp = w->obj;
	return 0;
}

/* Return: as singlet_store_intern() without @create. */
static int find(struct wanted *w, struct singlet_object **objp)
{
	bool exists;
	int ret;

	do {
		rcu_read_lock();
		exists = singlet_table_find(&w->store->table, w->hash, match, w);
		rcu_read_unlock();
		if (!exists)
			return -ENOENT;
		ret = sure(w);
	} while (!ret);
	return ret < 0 ? ret : found(w, objp);
}

/* Publish @obj unless @w is found after all.  Return: as _intern(). */
static int insert(struct wanted *w, struct singlet_type *type,
		  struct singlet_object *obj, gfp_t gfp,
		  struct singlet_object **objp)
{
	struct singlet_store *store = w->store;
	struct singlet_table *table = &store->table;
	struct singlet_table_room room;
	u32 hash = w->hash;
	bool exists;
	int err;

	for (;;) {
		singlet_table_lock(table, hash);
		rcu_read_lock();
		exists = singlet_table_find_locked(table, hash, match, w);
		rcu_read_unlock();
		if (exists) {
			singlet_table_unlock(table, hash);
			err = sure(w);
			if (err)
				return err < 0 ? err : found(w, objp);
			continue;
		}
		err = w->nr_others >= ALIKE_MAX ? -EDQUOT :
		      singlet_table_prepare(table, hash, &room);
		if (!err)
			break;
		singlet_table_unlock(table, hash);
		if (err == -ENOSPC)
			err = singlet_table_extend(table, gfp);
		if (err)
			return err;
	}
	singlet_type_miss(type);
	singlet_store_count_create(store, type, obj, w->len);
	/* One section: see marks.h. */
	rcu_read_lock();
	singlet_object_publish(obj, 1);
	if (!w->single)
		singlet_mark_live(obj, type->number, w->len);
	rcu_read_unlock();
	singlet_table_insert(table, hash, (u32)singlet_object_id(obj), &room);
	singlet_table_unlock(table, hash);
	*objp = obj;
	return 1;
}

static noinline int create(struct wanted *w, struct singlet_type *type,
			   gfp_t gfp, struct singlet_object **objp)
{
	struct singlet_store *store = w->store;
	struct singlet_object *obj;
	int ret;

	/* Only a new value needs its text checked; a known one was. */
	ret = singlet_type_check_text(type, w->data, w->len);
	if (ret)
		return ret;
	ret = singlet_store_charge(store, singlet_size_bytes(w->len), gfp);
	if (ret)
		return ret;
	if (type->container) {
		ret = singlet_parts_get(store, w->data, w->len, gfp);
		if (ret)
			goto err_charge;
	}
	ret = -ENOMEM;
	obj = singlet_pool_alloc(&store->pool, w->len, gfp);
	if (!obj)
		goto err_parts;
	memcpy(singlet_object_data(obj), w->data, w->len);
	singlet_object_describe(obj, type->index, w->len, 0);

	if (unlikely(singlet_object_slab(obj)->big))
		singlet_object_slab(obj)->big[singlet_object_slot(obj)].hash =
			w->hash;
	ret = insert(w, type, obj, gfp, objp);
	if (ret != 1) {
		singlet_store_free_slot(obj, w->len);
		goto err_parts;
	}
	if (singlet_table_crowded(&store->table, w->hash))
		singlet_table_grow(&store->table, gfp);
	return 1;

err_parts:
	if (type->container)
		singlet_parts_put(store, w->data, w->len, gfp);
err_charge:
	singlet_store_uncharge(store, 1, singlet_size_bytes(w->len));
	return ret;
}

/* All that is not a hit.  Return: as singlet_store_intern(). */
static int look(struct singlet_store *store, struct singlet_type *type,
		const void *data, u32 len, bool may_create, gfp_t gfp,
		struct singlet_object **objp)
{
	struct wanted w = {
		.store = store,
		.data = data,
		.len = len,
		.type = type->index,
		.single = type->kind == SINGLET_KIND_SINGLE,
	};
	int err, ret;

	if (type->kind == SINGLET_KIND_PLAIN)
		return -EINVAL;
	err = singlet_type_check_shape(type, data, len);
	/* A single type's instance is found by no bytes at all. */
	if (err && (!w.single || len))
		return err;
	*objp = singlet_world_find(type->index, data);
	if (*objp)
		return 0;

	w.hash = singlet_store_hash(store, type, data, len);
	ret = find(&w, objp);
	if (ret != -ENOENT)
		return ret;
	if (err)
		return err;
	return may_create ? create(&w, type, gfp, objp) : -ENOENT;
}

/* The same, with the type's counters and the caller's hold on it. */
static noinline int intern(struct singlet_store *store,
			   struct singlet_type *type, const void *data,
			   u32 len, bool may_create, gfp_t gfp,
			   struct singlet_object **objp)
{
	int ret = look(store, type, data, len, may_create, gfp, objp);

	if (ret == 1) {
		trace_singlet_miss(store, type, *objp);
		return ret;	/* the new object has our hold on the type */
	}
	if (ret == 0) {
		singlet_type_hit(type);
		trace_singlet_hit(store, type, *objp);
	} else if (ret == -ENOENT) {
		singlet_type_miss(type);
	} else if (ret == -ENOMEM) {
		singlet_count(&store->counters, STAT_FAILURES, 1);
	}
	singlet_types_put(type);
	return ret;
}

/* The object of a value if that is easy to say, with a reference; or NULL. */
static __always_inline struct singlet_object *
easy_hit(struct singlet_store *store, struct singlet_type *type,
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
		obj = hit_handle(store, handle, type->index, data, len);
	if (unlikely(!obj)) {
		recent = false;
		if (likely(find_handle(&store->table, hash, &handle)))
			obj = hit_handle(store, handle, type->index, data, len);
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

/**
 * singlet_store_intern() - the object of a value
 * @store: store
 * @type_number: of a type of kind value or single
 * @data: the value's bytes, in kernel memory, not changing
 * @len: how many
 * @may_create: make the object if there is none
 * @gfp: how to allocate
 * @objp: out, on success; the caller has a reference, to be dropped with
 *        singlet_store_put()
 *
 * Context: As @gfp says; not from hard interrupts.
 * Return: 0: found; 1: created; or -ENOENT, -EINVAL, -EMSGSIZE, -EILSEQ,
 * -EEXIST, -EOVERFLOW, -EDQUOT, -ENOMEM as struct singlet_intern_item has them.
 */
int singlet_store_intern(struct singlet_store *store, u32 type_number,
			 const void *data, u32 len, bool may_create, gfp_t gfp,
			 struct singlet_object **objp)
{
	struct singlet_type *type = singlet_types_get(&store->types,
						      type_number);
	struct singlet_object *obj;

	if (unlikely(!type))
		return -ENOENT;
	obj = easy_hit(store, type, data, len);
	if (unlikely(!obj))
		return intern(store, type, data, len, may_create, gfp, objp);
	singlet_types_put(type);
	*objp = obj;
	return 0;
}

/**
 * singlet_type_intern() - the same for whoever has the type
 * @type: of kind value or single; does not go meanwhile
 * @data: as of singlet_store_intern()
 * @len: likewise
 * @may_create: likewise
 * @gfp: likewise
 *
 * Context: As @gfp says; interrupts enabled.
 * Return: The object, with a reference; or an ERR_PTR.
 */
struct singlet_object *singlet_type_intern(struct singlet_type *type,
					   const void *data, u32 len,
					   bool may_create, gfp_t gfp)
{
	struct singlet_store *store = singlet_type_store(type);
	struct singlet_object *obj;
	int ret;

	/* A hit takes no lock, but it might have been a miss. */
	lockdep_assert_irqs_enabled();
	obj = easy_hit(store, type, data, len);
	if (likely(obj))
		return obj;
	singlet_type_enter(type);
	ret = intern(store, type, data, len, may_create, gfp, &obj);
	return ret < 0 ? ERR_PTR(ret) : obj;
}

/*
 * Several values: all are hashed and their lines fetched, then what these name is
 * fetched, and then each is taken.  So their misses overlap.  What is not that easy
 * is interned one by one afterwards.
 */

struct seek {
	u32 hash;
	u32 handle;
	enum {
		SEEK_LATER,	/* not this way */
		SEEK_LINE,	/* the line will say */
		SEEK_RECENT,	/* somebody asked for it: may be out of date */
	} how;
	struct place place;
};

/*
 * Where a short value is, if somebody asked for it lately; or its line is fetched.
 * A list has what is asked for often or it does not: after one value that is not
 * there, the @others are not looked for there.
 */
static __always_inline void seek_line(const struct singlet_store *store,
				      const struct singlet_type *type,
				      const void *data, u32 len,
				      struct seek *seek, bool *others)
{
	bool room;

	seek->hash = singlet_hash(&store->key, data, len, type->index);
	if (*others) {
		*others = singlet_recent_find(&store->recent, seek->hash,
					      &seek->handle, &room);
		if (*others) {
			seek->how = SEEK_RECENT;
			return;
		}
	}
	seek->how = SEEK_LINE;
	prefetch(singlet_table_home(&store->table, seek->hash));
}

/* What is known of @nr values leads to places, whose memory is fetched. */
static __always_inline void seek_places(const struct singlet_store *store,
					struct seek *seek, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		seek[i].place.obj = NULL;
		if (unlikely(seek[i].how == SEEK_LATER))
			continue;
		if (seek[i].how == SEEK_LINE &&
		    unlikely(!find_handle(&store->table, seek[i].hash,
					  &seek[i].handle)))
			continue;
		seek[i].place = place_of(store, seek[i].handle);
		if (unlikely(!seek[i].place.obj))
			continue;
		prefetchw(seek[i].place.obj);
		prefetch(seek[i].place.payload);
	}
}

/* What was known of it is out of date; what the table knows is noted. */
static noinline struct singlet_object *
take_again(struct singlet_store *store, struct singlet_type *type,
	   const void *data, u32 len)
{
	return easy_hit(store, type, data, len);
}

/* What is easy of @nr wishes is @obj, the others NULL.  Their types are held. */
static void take_wishes(struct singlet_store *store, struct singlet_wish *wish,
			struct singlet_object **obj, unsigned int nr)
{
	struct seek seek[WISHES_MAX];
	bool others = true;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < nr; i++) {
		struct singlet_wish *w = &wish[i];

		seek[i].how = SEEK_LATER;
		w->type = singlet_types_get(&store->types, w->type_number);
		if (likely(w->type && singlet_type_short(w->type, w->len)))
			seek_line(store, w->type, w->data, w->len, &seek[i],
				  &others);
	}
	seek_places(store, seek, nr);
	for (i = 0; i < nr; i++) {
		struct singlet_wish *w = &wish[i];

		obj[i] = NULL;
		if (unlikely(!seek[i].place.obj))
			continue;
		obj[i] = take(&seek[i].place, w->type->index, w->data, w->len);
		if (unlikely(!obj[i])) {
			if (seek[i].how == SEEK_RECENT)
				obj[i] = take_again(store, w->type, w->data,
						    w->len);
			continue;
		}
		if (singlet_recent_sample(singlet_type_hit(w->type)))
			singlet_recent_note(&store->recent, seek[i].hash,
					    seek[i].handle);
		trace_singlet_hit(store, w->type, obj[i]);
	}
	rcu_read_unlock();
}

/**
 * singlet_store_intern_many() - the objects of several values
 * @store: store
 * @wish: the values; out: what came of each
 * @nr: how many, at most WISHES_MAX
 * @may_create: make objects that there are not
 * @gfp: how to allocate
 *
 * As if each was interned by itself, in order.
 *
 * Context: As @gfp says; not from hard interrupts.
 */
void singlet_store_intern_many(struct singlet_store *store,
			       struct singlet_wish *wish, unsigned int nr,
			       bool may_create, gfp_t gfp)
{
	struct singlet_object *obj[WISHES_MAX];
	unsigned int i;

	take_wishes(store, wish, obj, nr);
	for (i = 0; i < nr; i++) {
		struct singlet_wish *w = &wish[i];
		struct singlet_type *type = w->type;

		if (likely(obj[i])) {
			singlet_types_put(type);
			w->obj = obj[i];
			w->ret = 0;
		} else if (type) {
			w->ret = intern(store, type, w->data, w->len,
					may_create, gfp, &w->obj);
		} else {
			w->ret = -ENOENT;
		}
	}
}

/* What is easy of @nr values is @obj, the others NULL. */
static void take_values(struct singlet_store *store, struct singlet_type *type,
			const struct singlet_value *value,
			struct singlet_object **obj, unsigned int nr)
{
	struct seek seek[WISHES_MAX];
	unsigned int i, hits = 0;
	bool others = true;

	rcu_read_lock();
	for (i = 0; i < nr; i++) {
		seek[i].how = SEEK_LATER;
		if (likely(singlet_type_short(type, value[i].len)))
			seek_line(store, type, value[i].data, value[i].len,
				  &seek[i], &others);
	}
	seek_places(store, seek, nr);
	for (i = 0; i < nr; i++) {
		obj[i] = NULL;
		if (unlikely(!seek[i].place.obj))
			continue;
		obj[i] = take(&seek[i].place, type->index, value[i].data,
			      value[i].len);
		if (unlikely(!obj[i]))
			continue;
		hits++;
		trace_singlet_hit(store, type, obj[i]);
	}
	/* One of sixteen, as one by one. */
	if (likely(hits)) {
		i = singlet_recent_one_of(singlet_type_hits(type, hits));
		if (i < nr && obj[i] && seek[i].how != SEEK_RECENT)
			singlet_recent_note(&store->recent, seek[i].hash,
					    seek[i].handle);
	}
	rcu_read_unlock();
}

/**
 * singlet_type_intern_many() - the objects of values
 * @type: as of singlet_type_intern()
 * @values: the values
 * @obj: out; objects, each with a reference
 * @nr: how many
 * @gfp: how to allocate
 *
 * While one value is compared, memory already brings what the next ones need.
 *
 * Context: As @gfp says; not from hard interrupts.
 * Return: Values interned.  If these are not all of them, @obj has the ERR_PTR
 * of the one that failed after theirs, and no more were tried.
 */
unsigned int singlet_type_intern_many(struct singlet_type *type,
				      const struct singlet_value *values,
				      struct singlet_object **obj,
				      unsigned int nr, gfp_t gfp)
{
	struct singlet_store *store = singlet_type_store(type);
	unsigned int i, end = 0;

	lockdep_assert_irqs_enabled();
	for (i = 0; i < nr; i++) {
		const struct singlet_value *v = &values[i];

		if (i == end) {
			if (i && gfpflags_allow_blocking(gfp))
				cond_resched();
			end += min(nr - i, WISHES_MAX);
			take_values(store, type, v, &obj[i], end - i);
		}
		if (unlikely(!obj[i]))
			obj[i] = singlet_type_intern(type, v->data, v->len,
						     true, gfp);
		if (IS_ERR(obj[i]))
			break;
	}
	/* Those behind the one that failed were not to be tried. */
	while (end > i + 1)
		if (obj[--end])
			singlet_store_put(obj[end]);
	return i;
}
