/* SPDX-License-Identifier: GPL-2.0 */
/*
 * store - value to object: lookup or create
 *
 * A store has a table, slabs, types and a hash key of its own and knows
 * nothing of users.  Two live objects of one value type never have equal
 * bytes.
 *
 * Lookup or create.  The lookup is an RCU find in the table: for each entry
 * that may be it, try to get a reference, then compare type, length and bytes
 * of what is there (the slot may have been reused meanwhile).  On a
 * miss the object is built in a free slot outside any lock, then looked for
 * again under the stripe's lock, and either inserted or dropped for the one
 * that was faster.  A dying object compares unequal, because no reference can
 * be had on it; so for an instant a dying entry and a new one may stand side
 * by side.
 *
 * Freeing a value.  Whoever moves an idle object to dying (singlet_object_kill)
 * owns it, removes its entry under the stripe's lock, wipes the slot and gives
 * it back.  Nobody waits for readers: slots are type-stable, and a reader that
 * comes late finds no object or another one, never half of one.
 *
 * Plain objects are in no table; they are reached by id and freed by their
 * last reference.
 */
#ifndef SINGLET_STORE_H
#define SINGLET_STORE_H

#include <linux/siphash.h>
#include <linux/workqueue.h>
#include <linux/singlet.h>

#include "object.h"
#include "slab.h"
#include "stats.h"
#include "table.h"
#include "type.h"

struct singlet_store {
	struct singlet_table table;
	struct singlet_pool pool;
	struct singlet_types types;
	struct singlet_counters counters;
	hsiphash_key_t key;		/* stable; leaves the kernel never */
	struct work_struct shrink_work;
	struct work_struct free_work;
	struct list_head reclaim_node;	/* reclaim.c's lock */
	u32 reclaim_hand;		/* a hint: where to go on */
	/*
	 * Called when the shrinker has freed the last object, with reclaim's
	 * lock held; the owner may set it before there is an object.
	 */
	void (*emptied)(struct singlet_store *store);
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
void singlet_store_exit(void);

struct singlet_store *singlet_store_create(void);
void singlet_store_destroy(struct singlet_store *store);

int singlet_store_intern(struct singlet_store *store, u32 type_number,
			 const void *data, u32 len, bool create, gfp_t gfp,
			 struct singlet_object **objp);
struct singlet_object *singlet_store_alloc(struct singlet_store *store,
					   u32 type_number, u32 len, gfp_t gfp);
void singlet_store_seal(struct singlet_object *obj);
struct singlet_object *singlet_store_get(struct singlet_store *store, u64 id,
					 bool *revived);
void singlet_store_put_last(struct singlet_object *obj, enum singlet_put put);
u32 singlet_store_free_dying(struct singlet_object *obj);
int singlet_store_peek(struct singlet_store *store, u64 id,
		       struct singlet_peek *peek);
/**
 * singlet_store_put() - drop a reference
 * @obj: whose reference is the caller's
 *
 * The last reference on a value leaves the object idle; on a plain object it
 * frees it.
 *
 * Context: Any but NMI; never sleeps (on PREEMPT_RT: preemptible).
 */
static inline void singlet_store_put(struct singlet_object *obj)
{
	enum singlet_put put;

	/* An idle object can be evicted at once, and its slab retired. */
	rcu_read_lock();
	put = singlet_object_put(obj);
	if (unlikely(put != PUT_LIVE))
		singlet_store_put_last(obj, put);
	rcu_read_unlock();
}

long singlet_store_objects(struct singlet_store *store);
bool singlet_store_unused(struct singlet_store *store);
void singlet_store_fit(struct singlet_store *store);
int singlet_store_delete_type(struct singlet_store *store, u32 number);
void singlet_store_stats(struct singlet_store *store,
			 struct singlet_stats *stats);
bool singlet_store_is_valid(struct singlet_store *store);

static inline struct singlet_store *
singlet_object_store(const struct singlet_object *obj)
{
	return container_of(singlet_object_slab(obj)->cache->pool,
			    struct singlet_store, pool);
}

#endif
