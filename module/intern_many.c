// SPDX-License-Identifier: GPL-2.0
/* intern_many - several values at a time; see intern.h */
#include "intern.h"

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/singlet.h>

#include "hit.h"

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
	struct singlet_hit_place place;
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

/*
 * What is known of @nr values leads to places, whose memory is fetched, to be
 * written if there will be a reference more.
 */
static __always_inline void seek_places(const struct singlet_store *store,
					struct seek *seek, unsigned int nr,
					bool referred)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		seek[i].place.obj = NULL;
		if (unlikely(seek[i].how == SEEK_LATER))
			continue;
		if (seek[i].how == SEEK_LINE &&
		    unlikely(!singlet_hit_find(&store->table, seek[i].hash,
					       &seek[i].handle)))
			continue;
		seek[i].place = singlet_hit_locate(store, seek[i].handle);
		if (unlikely(!seek[i].place.obj))
			continue;
		if (referred)
			prefetchw(seek[i].place.obj);
		else
			prefetch(seek[i].place.obj);
		prefetch(seek[i].place.payload);
	}
}

/*
 * The object of a wish, if it is where it was sought.  One that is @held stays as
 * long as the records are locked, and needs no reference but a record.
 */
static __always_inline struct singlet_object *
take_wish(struct singlet_wish *w, const struct seek *seek,
	  struct singlet_refs *held)
{
	const struct singlet_hit_place *p = &seek->place;
	enum singlet_refs_tried more;

	w->how = WISH_TAKEN;
	if (unlikely(!p->obj))
		return NULL;
	more = singlet_refs_more(held, seek->handle);
	if (more == REFS_NONE)
		return singlet_hit_take(p, w->type->index, w->data, w->len);
	w->how = more == REFS_MORE ? WISH_RECORDED : WISH_HELD;
	if (likely(singlet_hit_is(p, w->type->index, w->data, w->len)))
		return p->obj;
	/* Not the last one: nothing comes of it. */
	if (more == REFS_MORE)
		singlet_refs_sub(held, seek->handle, 1);
	return NULL;
}

/* What was known of it is out of date, if anything was. */
static noinline bool take_wish_again(struct singlet_store *store,
				     struct singlet_wish *w,
				     const struct seek *seek)
{
	struct singlet_type *type = w->type;
	struct singlet_object *obj = NULL;

	if (seek->how == SEEK_RECENT)
		obj = singlet_hit(store, type, w->data, w->len);
	w->how = obj ? WISH_TAKEN : WISH_LEFT;
	if (!obj)
		return false;
	w->obj = obj;
	w->ret = 0;
	singlet_types_put(type);
	return true;
}

/**
 * singlet_store_take_many() - the objects of several values, if easily had
 * @store: store
 * @wish: the values; out: what came of each
 * @nr: how many, at most WISHES_MAX
 * @held: what the caller holds, whose lock it has
 *
 * Context: Any but hard interrupts; does not sleep.
 * Return: How many are left, to singlet_store_make_many(), which has to be called
 * then.
 */
unsigned int singlet_store_take_many(struct singlet_store *store,
				     struct singlet_wish *wish, unsigned int nr,
				     struct singlet_refs *held)
{
	struct seek seek[WISHES_MAX];
	unsigned int i, left = 0;
	bool others = true;

	rcu_read_lock();
	for (i = 0; i < nr; i++) {
		struct singlet_wish *w = &wish[i];

		seek[i].how = SEEK_LATER;
		w->type = singlet_types_get(&store->types, w->type_number);
		if (likely(w->type && singlet_type_short(w->type, w->len)))
			seek_line(store, w->type, w->data, w->len, &seek[i],
				  &others);
	}
	seek_places(store, seek, nr, false);
	for (i = 0; i < nr; i++) {
		struct singlet_wish *w = &wish[i];
		struct singlet_type *type = w->type;
		struct singlet_object *obj = take_wish(w, &seek[i], held);

		if (unlikely(!obj)) {
			left += !take_wish_again(store, w, &seek[i]);
			continue;
		}
		w->obj = obj;
		w->ret = 0;
		if (singlet_recent_sample(singlet_type_hit(type)) &&
		    seek[i].how != SEEK_RECENT)
			singlet_recent_note(&store->recent, seek[i].hash,
					    seek[i].handle);
		trace_singlet_hit(store, type, obj);
		singlet_types_put(type);
	}
	rcu_read_unlock();
	return left;
}

/**
 * singlet_store_make_many() - the objects of the values that are left
 * @store: store
 * @wish: as singlet_store_take_many() left them; out: what came of each
 * @nr: how many
 * @may_create: make objects that there are not
 * @gfp: how to allocate
 *
 * As if each was interned by itself, in order.
 *
 * Context: As @gfp says; not from hard interrupts.
 */
void singlet_store_make_many(struct singlet_store *store,
			     struct singlet_wish *wish, unsigned int nr,
			     bool may_create, gfp_t gfp)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct singlet_wish *w = &wish[i];
		struct singlet_type *type = w->type;

		if (w->how != WISH_LEFT)
			continue;
		if (likely(type))
			w->ret = singlet_intern_hard(store, type, w->data,
						     w->len, may_create, gfp,
						     &w->obj);
		else
			w->ret = -ENOENT;
		w->how = WISH_TAKEN;
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
	seek_places(store, seek, nr, true);
	for (i = 0; i < nr; i++) {
		obj[i] = NULL;
		if (unlikely(!seek[i].place.obj))
			continue;
		obj[i] = singlet_hit_take(&seek[i].place, type->index,
					  value[i].data, value[i].len);
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
