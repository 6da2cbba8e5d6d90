// SPDX-License-Identifier: GPL-2.0
/* intern - value to object: lookup or create; see intern.h */
#include "intern.h"

#include <linux/err.h>
#include <linux/string.h>

#include "container.h"
#include "hit.h"
#include "magazine.h"
#include "marks.h"
#include "trace.h"
#include "world.h"

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
	return singlet_equal(singlet_slab_payload(slab, slot), w->data, w->len);
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

/*
 * What singlet_hit() did not find.  The caller's hold on the type is given back, or
 * is the new object's.  Context and return: as of singlet_store_intern().
 */
int singlet_intern_hard(struct singlet_store *store, struct singlet_type *type,
			const void *data, u32 len, bool may_create, gfp_t gfp,
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
	obj = singlet_hit(store, type, data, len);
	if (unlikely(!obj))
		return singlet_intern_hard(store, type, data, len, may_create,
					   gfp, objp);
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
	obj = singlet_hit(store, type, data, len);
	if (likely(obj))
		return obj;
	singlet_type_enter(type);
	ret = singlet_intern_hard(store, type, data, len, may_create, gfp,
				  &obj);
	return ret < 0 ? ERR_PTR(ret) : obj;
}
