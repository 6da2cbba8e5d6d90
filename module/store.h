/* SPDX-License-Identifier: GPL-2.0 */
/*
 * store - objects, and the table, slabs, types and hash key they live by
 *
 * A store knows nothing of users.  Two live objects of one value type in it
 * never have equal bytes: intern.h.
 *
 * Freeing a value.  Whoever moves an idle object to dying (singlet_object_kill)
 * owns it, removes its entry under the stripe's lock, wipes the slot and gives
 * it back.  Nobody waits for readers: records are type-stable, and a reader that
 * comes late finds no object or another one, never half of one.
 *
 * Plain objects are in no table; they are reached by id and freed by their
 * last reference.
 */
#ifndef SINGLET_STORE_H
#define SINGLET_STORE_H

#include <linux/prefetch.h>
#include <linux/workqueue.h>
#include <uapi/linux/singlet.h>

#include "hash.h"
#include "heat.h"
#include "magazine.h"
#include "object.h"
#include "quota.h"
#include "recent.h"
#include "slab.h"
#include "stats.h"
#include "table.h"
#include "type.h"

struct singlet_index;

struct singlet_store {
	struct singlet_table table;
	struct singlet_recent recent;
	struct singlet_pool pool;
	struct singlet_hot hot;
	struct singlet_types types;
	struct singlet_counters counters;
	struct singlet_hash_key key;	/* stable; for members only: hash.h */
	struct singlet_index *index;	/* stable once set; NULL: none mapped */
	struct work_struct shrink_work;
	struct work_struct free_work;
	struct delayed_work trim_work;
	struct singlet_account *account;	/* stable; NULL: no quota */
	u64 serial;			/* what traces call it; 0: nothing yet */
	/*
	 * Called when the last object was freed for want of memory or room,
	 * perhaps with idle's mutex held; set before there is an object.
	 */
	void (*emptied)(struct singlet_store *store);
	/*
	 * Called when a quota is reached and nothing is idle here: whoever pays
	 * may have idle objects elsewhere.  Return: whether one was freed.
	 */
	bool (*relieve)(struct singlet_store *store);
};

/* Upward calls. */
struct singlet_store_hooks {
	/* Too much is idle: see singlet_store_idle_excess(). */
	void (*trim)(struct singlet_store *store);
	/* A quota is reached: free idle objects.  Return: whether any was. */
	bool (*make_room)(struct singlet_store *store, u32 size);
};

/* What singlet_store_peek() saw of an object. */
struct singlet_peek {
	u32 type;		/* number */
	u32 len;
	u32 info;
	u32 references;
	bool immortal;
};

int singlet_store_init(void);
void singlet_store_set_hooks(const struct singlet_store_hooks *hooks);
void singlet_store_exit(void);

struct singlet_store *singlet_store_create(void);
void singlet_store_destroy(struct singlet_store *store);

struct singlet_object *singlet_type_alloc(struct singlet_type *type, u32 len,
					  gfp_t gfp);
struct singlet_object *singlet_store_alloc(struct singlet_store *store,
					   u32 type_number, u32 len, gfp_t gfp);
void singlet_store_seal(struct singlet_object *obj);
struct singlet_object *singlet_store_get(struct singlet_store *store, u64 id,
					 bool *revived);
void singlet_store_put_last(struct singlet_object *obj, enum singlet_put put);
void singlet_store_odd_hold(struct singlet_object *obj, enum singlet_got got);
void singlet_store_make_immortal(struct singlet_object *obj);
void singlet_store_free_evicted(struct singlet_store *store,
				struct singlet_object **obj, unsigned int nr);
void singlet_store_unhash(struct singlet_store *store,
			  struct singlet_object *const *obj, unsigned int nr);
int singlet_store_ask(struct singlet_store *store, u32 size, gfp_t gfp);
void singlet_store_check_idle(struct singlet_store *store);
u64 singlet_store_idle_excess(struct singlet_store *store);
int singlet_store_peek(struct singlet_store *store, u64 id,
		       struct singlet_peek *peek);

/* Objects that are dealt with together, at most. */
#define STORE_LOT	32

/* Records that are fetched before their turn. */
#define PUT_AHEAD	8

/**
 * singlet_store_put() - drop a reference
 * @obj: whose reference is the caller's
 *
 * The last reference on a value leaves the object idle; on a plain object it
 * frees it.
 *
 * Context: Any but NMI; never sleeps (on PREEMPT_RT: preemptible).
 * Return: What became of the object; who is in an RCU section may try to kill
 * it still.
 */
static inline enum singlet_put singlet_store_put(struct singlet_object *obj)
{
	enum singlet_put put;

	/* An idle object can be evicted at once, and its slab retired. */
	rcu_read_lock();
	put = singlet_object_put(obj);
	if (unlikely(put != PUT_LIVE))
		singlet_store_put_last(obj, put);
	rcu_read_unlock();
	return put;
}

/* One of each of several; sections are short. */
static inline void singlet_store_put_many(struct singlet_object *const *obj,
					  unsigned int nr)
{
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < nr; i++) {
		enum singlet_put put;

		if (i + PUT_AHEAD < nr)
			prefetchw(obj[i + PUT_AHEAD]);
		put = singlet_object_put(obj[i]);
		if (unlikely(put != PUT_LIVE))
			singlet_store_put_last(obj[i], put);
		if (unlikely(i % STORE_LOT == STORE_LOT - 1)) {
			rcu_read_unlock();
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
}

/* One more reference on an object on which the caller has one. */
static inline void singlet_store_hold(struct singlet_object *obj)
{
	enum singlet_got got = singlet_object_tryget(obj);

	if (unlikely(got != GOT_LIVE))
		singlet_store_odd_hold(obj, got);
}

/* The record behind @handle, on whose object the caller has a reference. */
static inline struct singlet_object *
singlet_store_object(const struct singlet_store *store, u32 handle)
{
	struct singlet_object *obj;
	struct singlet_slab *slab;

	rcu_read_lock();
	obj = singlet_pool_object(&store->pool, handle, &slab);
	rcu_read_unlock();
	return obj;
}

/* Look at the ceiling once in so many idle objects of a slab. */
#define IDLE_CHECK	16

/* An object has become idle (@sign 1), or is so no more (-1).  RCU section. */
static inline void singlet_store_count_idle(struct singlet_store *store,
					    const struct singlet_object *obj,
					    int sign)
{
	struct singlet_slab *slab = singlet_object_slab(obj);

	singlet_count(&store->counters, STAT_IDLE, sign);
	singlet_count(&store->counters, STAT_BYTES_IDLE,
		      sign * (long)slab->size);
	if (sign < 0)
		singlet_idle_sub(&slab->idle, 1);
	else if (singlet_idle_inc(&slab->idle) % IDLE_CHECK == 1)
		singlet_store_check_idle(store);
}

/**
 * singlet_store_charge() - ask the quota for a slot
 * @store: store
 * @size: bytes in the slot
 * @gfp: whether the caller may sleep; then idle objects give way first
 *
 * Context: As @gfp says; with no lock held.
 * Return: 0: to be undone by singlet_store_uncharge(); -EDQUOT.
 */
static inline int singlet_store_charge(struct singlet_store *store, u32 size,
				       gfp_t gfp)
{
	return store->account ? singlet_store_ask(store, size, gfp) : 0;
}

/* @nr slots of @size bytes were given back. */
static inline void singlet_store_uncharge(struct singlet_store *store,
					  unsigned int nr, u32 size)
{
	if (!store->account)
		return;
	singlet_account_uncharge(store->account, SINGLET_QUOTA_OBJECTS, nr);
	singlet_account_uncharge(store->account, SINGLET_QUOTA_BYTES,
				 (u64)nr * size);
}

/* Wipe and give back a slot that nobody else can reach. */
static inline void singlet_store_free_slot(struct singlet_object *obj, u32 len)
{
	singlet_object_erase(obj, len);
	singlet_pool_free(obj);
}

/* @obj is complete and about to be published: see singlet_type_add(). */
static inline void singlet_store_count_create(struct singlet_store *store,
					      struct singlet_type *type,
					      const struct singlet_object *obj,
					      u32 len)
{
	singlet_type_add(type, len);
	if (obj->gen == singlet_object_slab(obj)->gen)
		singlet_count(&store->counters, STAT_FRESH, 1);
}

/* Of any type: whatever the instance of a single type is, it is found. */
static inline u32 singlet_store_hash(const struct singlet_store *store,
				     const struct singlet_type *type,
				     const void *data, u32 len)
{
	return singlet_hash(&store->key, data,
			    type->kind == SINGLET_KIND_SINGLE ? 0 : len,
			    type->index);
}

long singlet_store_objects(struct singlet_store *store);
bool singlet_store_unused(struct singlet_store *store);
void singlet_store_fit(struct singlet_store *store);
void singlet_store_stats(struct singlet_store *store,
			 struct singlet_stats *stats);
bool singlet_store_is_valid(struct singlet_store *store);

static inline struct singlet_store *
singlet_type_store(const struct singlet_type *type)
{
	return container_of(type->types, struct singlet_store, types);
}

static inline struct singlet_store *
singlet_object_store(const struct singlet_object *obj)
{
	return container_of(singlet_object_slab(obj)->cache->pool,
			    struct singlet_store, pool);
}

#endif
