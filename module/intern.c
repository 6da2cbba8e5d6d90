// SPDX-License-Identifier: GPL-2.0
/* intern - value to object: lookup or create; see intern.h */
#include "intern.h"

#include <linux/err.h>
#include <linux/prefetch.h>
#include <linux/string.h>

#include "container.h"
#include "magazine.h"
#include "word.h"
#include "world.h"

/* Short values are the rule: compare them by words and without a call. */
static __always_inline bool equal(const void *a, const void *b, u32 len)
{
#ifdef CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS
	u32 i;

	if (likely(len >= 8 && len <= SIZE_SLACK_MAX)) {
		for (i = 0; i < len - 8; i += 8)
			if (singlet_word(a + i) != singlet_word(b + i))
				return false;
		/* The last eight, some of them perhaps once more. */
		return singlet_word(a + len - 8) == singlet_word(b + len - 8);
	}
#endif
	return !memcmp(a, b, len);
}

/* The short way: see intern.h.  What it looks for, and what it found. */
struct wanted_short {
	struct singlet_store *store;
	const void *data;
	u32 len;
	u32 info;			/* of a record, with slack 0 */
	struct singlet_object *obj;	/* with a reference, or an ERR_PTR */
};

/*
 * A reference was got in an uncommon way, or on another object.  Return: the
 * object, or NULL.
 */
static noinline struct singlet_object *settle(const struct wanted_short *w,
					      struct singlet_object *obj,
					      enum singlet_got got, bool same)
{
	if (got == GOT_IDLE)
		singlet_store_count_idle(w->store, obj, -1);
	if (!same) {
		singlet_store_put(obj);
		return NULL;
	}
	if (got == GOT_IDLE)
		singlet_count(&w->store->counters, STAT_REVIVALS, 1);
	return obj;
}

/* The object on which the caller has a reference: is it the one? */
static __always_inline bool same_short(const struct wanted_short *w,
				       const struct singlet_object *obj,
				       const void *payload, u32 size)
{
	u32 slack = size - w->len;

	return likely(slack <= INFO_SLACK_MASK &&
		      (READ_ONCE(obj->info) ^ w->info) >> INFO_SLACK_SHIFT ==
		      slack) &&
	       likely(equal(payload, w->data, w->len));
}

static __always_inline bool match_short(void *ctx, u32 handle)
{
	struct wanted_short *w = ctx;
	u32 slot = handle & INFO_SLOT_MASK, size, refs;
	struct singlet_object *obj;
	struct singlet_slab *slab;
	enum singlet_got got;
	void *payload;
	u64 place;

	slab = singlet_slab_dir_place(&w->store->pool.dir,
				      handle >> INFO_SLOT_BITS, &place);
	if (unlikely(!slab || slot > singlet_place_last(place)))
		return false;
	obj = &slab->obj[slot];
	size = singlet_place_size(place);
	payload = singlet_slab_base(slab, place) + (size_t)slot * size;
	/* Most likely the one: fetch the bytes while the record is fetched. */
	prefetch(payload);

	refs = atomic_read(&obj->refs);
	if (likely(singlet_refs_live(refs))) {
		/* Acquire: pairs with the release in singlet_object_publish(). */
		refs = atomic_fetch_add_acquire(1, &obj->refs);
		if (likely(singlet_refs_live(refs) &&
			   same_short(w, obj, payload, size))) {
			w->obj = obj;
			return true;
		}
		got = singlet_object_got(obj, refs);
	} else {
		got = singlet_object_tryget(obj);
	}
	if (got == GOT_NOTHING)
		return false;
	if (got == GOT_FULL)	/* only the very one can be that popular */
		w->obj = ERR_PTR(-EOVERFLOW);
	else
		w->obj = settle(w, obj, got,
				same_short(w, obj, payload, size));
	return w->obj;
}

/* Return: the object with a reference, NULL, or ERR_PTR(-EOVERFLOW). */
static __always_inline struct singlet_object *
find_short(struct singlet_store *store, u32 type, const void *data, u32 len,
	   u32 hash)
{
	struct wanted_short w = {
		.store = store,
		.data = data,
		.len = len,
		.info = type << INFO_TYPE_SHIFT,
	};
	bool exists;

	rcu_read_lock();
	exists = singlet_table_find(&store->table, hash, match_short, &w);
	rcu_read_unlock();
	return exists ? w.obj : NULL;
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
	bool thorough;			/* compare them, however many */
	bool revived;			/* found, idle until then */
	struct singlet_object *obj;	/* found, with a reference */
};

static bool may_be(const struct wanted *w, const struct singlet_slab *slab,
		   u32 info)
{
	return singlet_info_type(info) == w->type &&
	       !(info & INFO_PLAIN) &&
	       (w->single || singlet_slab_len(slab, info) == w->len);
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
		if (slab->big[slot].hash != w->hash)
			return false;
		w->unsure = !w->thorough;
		if (w->unsure)
			return true;
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
 * After a search that found something, outside its lock: is that it?  If not,
 * the search has to be done again, thoroughly.
 */
static bool sure(struct wanted *w)
{
	if (!w->unsure || w->full)
		return true;
	w->unsure = false;
	if (!memcmp(singlet_object_data(w->obj), w->data, w->len))
		return true;
	singlet_store_put(w->obj);
	w->thorough = true;
	return false;
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

	do {
		rcu_read_lock();
		exists = singlet_table_find(&w->store->table, w->hash, match, w);
		rcu_read_unlock();
		if (!exists)
			return -ENOENT;
	} while (!sure(w));
	return found(w, objp);
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
			if (sure(w))
				return found(w, objp);
			continue;
		}
		err = singlet_table_prepare(table, hash, &room);
		if (!err)
			break;
		singlet_table_unlock(table, hash);
		err = singlet_table_extend(table, gfp);
		if (err)
			return err;
	}
	singlet_type_miss(type);
	singlet_store_count_create(store, type, obj, w->len);
	singlet_object_publish(obj, 1);
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

/* All but what is done for a short value that exists. */
static noinline int intern(struct singlet_store *store,
			   struct singlet_type *type, const void *data,
			   u32 len, bool may_create, gfp_t gfp,
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

/* The same for a short value that does not exist. */
static noinline int intern_absent(struct singlet_store *store,
				  struct singlet_type *type, const void *data,
				  u32 len, u32 hash, bool may_create,
				  gfp_t gfp, struct singlet_object **objp)
{
	struct wanted w = {
		.store = store,
		.data = data,
		.len = len,
		.type = type->index,
		.hash = hash,
	};
	int err = singlet_type_check_shape(type, data, len);

	if (err)
		return err;
	if (!may_create)
		return -ENOENT;
	return create(&w, type, gfp, objp);
}

/* Everything but a hit: settle the type's counters and the caller's hold. */
static noinline int finish(struct singlet_store *store,
			   struct singlet_type *type, int ret)
{
	if (ret == 1)
		return ret;	/* the new object has our hold on the type */
	if (ret == 0)
		singlet_type_hit(type);
	else if (ret == -ENOENT)
		singlet_type_miss(type);
	else if (ret == -ENOMEM)
		singlet_count(&store->counters, STAT_FAILURES, 1);
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
	u32 hash;
	int ret;

	if (unlikely(!type))
		return -ENOENT;
	if (unlikely(!singlet_type_short(type, len)))
		return finish(store, type, intern(store, type, data, len,
						  may_create, gfp, objp));
	hash = singlet_store_hash_value(store, type, data, len);
	obj = find_short(store, type->index, data, len, hash);
	if (!IS_ERR_OR_NULL(obj)) {
		singlet_type_hit(type);
		singlet_types_put(type);
		*objp = obj;
		return 0;
	}
	ret = obj ? PTR_ERR(obj) :
		    intern_absent(store, type, data, len, hash, may_create, gfp,
				  objp);
	return finish(store, type, ret);
}
