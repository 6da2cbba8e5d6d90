// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: a refcounted lookup-or-create cache of immutable byte strings as
 * one writes it by hand from rhashtable, kref, kmalloc and kfree_rcu.  Header
 * and bytes are one allocation, which is faster than a kmemdup() apart.
 *
 * In two variants: with the hash that singlet uses too, which a table needs
 * whose keys come from somebody hostile; and with jhash, rhashtable's own.
 */
#include <linux/delay.h>
#include <linux/jhash.h>
#include <linux/kref.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "cache.h"
#include "report.h"

#define SETTLE_TRIES	500

struct peer_object {
	struct rhash_head node;
	struct kref ref;
	u32 len;
	struct rcu_head rcu;
	u8 data[];
};

static struct rhashtable keyed_table, unkeyed_table;
static hsiphash_key_t secret;

static u32 hash_key(const void *key, u32 len, u32 seed)
{
	const struct bench_key *k = key;

	return hsiphash(k->data, k->len, &secret);
}

static u32 hash_object(const void *object, u32 len, u32 seed)
{
	const struct peer_object *obj = object;

	return hsiphash(obj->data, obj->len, &secret);
}

static u32 jhash_key(const void *key, u32 len, u32 seed)
{
	const struct bench_key *k = key;

	return jhash(k->data, k->len, seed);
}

static u32 jhash_object(const void *object, u32 len, u32 seed)
{
	const struct peer_object *obj = object;

	return jhash(obj->data, obj->len, seed);
}

static int compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct bench_key *k = arg->key;
	const struct peer_object *obj = object;

	return obj->len != k->len || memcmp(obj->data, k->data, k->len);
}

static const struct rhashtable_params keyed = {
	.head_offset = offsetof(struct peer_object, node),
	.hashfn = hash_key,
	.obj_hashfn = hash_object,
	.obj_cmpfn = compare,
	.automatic_shrinking = true,
};

static const struct rhashtable_params unkeyed = {
	.head_offset = offsetof(struct peer_object, node),
	.hashfn = jhash_key,
	.obj_hashfn = jhash_object,
	.obj_cmpfn = compare,
	.automatic_shrinking = true,
};

static __always_inline struct peer_object *
rht_get(struct rhashtable *table, const struct bench_key *key,
	const struct rhashtable_params params)
{
	struct peer_object *obj;

	rcu_read_lock();
	obj = rhashtable_lookup(table, key, params);
	if (obj && !kref_get_unless_zero(&obj->ref))
		obj = NULL;
	rcu_read_unlock();
	return obj;
}

static __always_inline struct peer_object *
rht_new(struct rhashtable *table, const struct bench_key *key,
	const struct rhashtable_params params)
{
	struct peer_object *obj, *old;

	obj = kmalloc(struct_size(obj, data, key->len), GFP_KERNEL);
	if (!obj)
		return NULL;
	kref_init(&obj->ref);
	obj->len = key->len;
	memcpy(obj->data, key->data, key->len);

	for (;;) {
		rcu_read_lock();
		old = rhashtable_lookup_get_insert_key(table, key,
						       &obj->node, params);
		if (!old) {
			rcu_read_unlock();
			return obj;
		}
		if (IS_ERR(old)) {
			rcu_read_unlock();
			kfree(obj);
			return NULL;
		}
		if (kref_get_unless_zero(&old->ref)) {
			rcu_read_unlock();
			kfree(obj);
			return old;
		}
		/* A dying one: it leaves the table in a moment. */
		rcu_read_unlock();
		cpu_relax();
	}
}

static void release_keyed(struct kref *ref)
{
	struct peer_object *obj = container_of(ref, struct peer_object, ref);

	rhashtable_remove_fast(&keyed_table, &obj->node, keyed);
	kfree_rcu(obj, rcu);
}

static void release_unkeyed(struct kref *ref)
{
	struct peer_object *obj = container_of(ref, struct peer_object, ref);

	rhashtable_remove_fast(&unkeyed_table, &obj->node, unkeyed);
	kfree_rcu(obj, rcu);
}

static noinline void *create_keyed(const struct bench_key *key)
{
	return rht_new(&keyed_table, key, keyed);
}

static noinline void *create_unkeyed(const struct bench_key *key)
{
	return rht_new(&unkeyed_table, key, unkeyed);
}

static __always_inline void *rht_intern(const struct bench_key *key)
{
	return rht_get(&keyed_table, key, keyed) ?: create_keyed(key);
}

static __always_inline void *rht_jhash_intern(const struct bench_key *key)
{
	return rht_get(&unkeyed_table, key, unkeyed) ?: create_unkeyed(key);
}

static __always_inline void rht_put(void *obj)
{
	kref_put(&((struct peer_object *)obj)->ref, release_keyed);
}

static __always_inline void rht_jhash_put(void *obj)
{
	kref_put(&((struct peer_object *)obj)->ref, release_unkeyed);
}

static int rht_open(bool text)
{
	get_random_bytes(&secret, sizeof(secret));
	return rhashtable_init(&keyed_table, &keyed);
}

static int rht_jhash_open(bool text)
{
	return rhashtable_init(&unkeyed_table, &unkeyed);
}

static void rht_close(void)
{
	rhashtable_destroy(&keyed_table);
}

static void rht_jhash_close(void)
{
	rhashtable_destroy(&unkeyed_table);
}

static __always_inline void rht_end(void *obj)
{
	rht_put(obj);
}

static __always_inline void rht_jhash_end(void *obj)
{
	rht_jhash_put(obj);
}

static void rht_reclaim(unsigned int nr)
{
}

static void rht_jhash_reclaim(unsigned int nr)
{
}

/*
 * Wait until the worker has given the table its size.  Until then lookups go
 * through two tables or more, which says nothing of a table in use.
 */
static void settle(struct rhashtable *table)
{
	unsigned int tries;
	bool moving;

	for (tries = 0; tries < SETTLE_TRIES; tries++) {
		struct bucket_table *tbl;

		/* Some kernels do not queue it at once. */
		usleep_range(1000, 2000);
		flush_work(&table->run_work);
		rcu_read_lock();
		tbl = rht_dereference_rcu(table->tbl, table);
		moving = rcu_access_pointer(tbl->future_tbl) ||
			 rht_grow_above_75(table, tbl);
		rcu_read_unlock();
		if (!moving)
			return;
	}
	bench_remark("rhashtable does not come to rest");
}

static void rht_settle(void)
{
	settle(&keyed_table);
}

static void rht_jhash_settle(void)
{
	settle(&unkeyed_table);
}

DEFINE_BENCH_CACHE(rht, .name = "rht", .settle = rht_settle);
DEFINE_BENCH_CACHE(rht_jhash, .name = "rht-jhash", .settle = rht_jhash_settle);
