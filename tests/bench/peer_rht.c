// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: a refcounted lookup-or-create cache of immutable byte strings as
 * one writes it by hand from rhashtable, kref, kmalloc and kfree_rcu.
 */
#include <linux/kref.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "bench.h"

struct peer_object {
	struct rhash_head node;
	struct kref ref;
	u32 len;
	struct rcu_head rcu;
	char data[];
};

struct peer_key {
	const void *data;
	u32 len;
};

static struct rhashtable peers;
static hsiphash_key_t peer_key;
static bool keyed;

static u32 hash_bytes(const void *data, u32 len, u32 seed)
{
	/* The same work as singlet's hash, or what rhashtable users do. */
	return keyed ? hsiphash(data, len, &peer_key) : jhash(data, len, seed);
}

static u32 hash_key(const void *key, u32 len, u32 seed)
{
	const struct peer_key *k = key;

	return hash_bytes(k->data, k->len, seed);
}

static u32 hash_object(const void *object, u32 len, u32 seed)
{
	const struct peer_object *obj = object;

	return hash_bytes(obj->data, obj->len, seed);
}

static int compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct peer_key *k = arg->key;
	const struct peer_object *obj = object;

	return obj->len != k->len || memcmp(obj->data, k->data, k->len);
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct peer_object, node),
	.hashfn = hash_key,
	.obj_hashfn = hash_object,
	.obj_cmpfn = compare,
	.automatic_shrinking = true,
};

int peer_rht_init(bool keyed_hash)
{
	keyed = keyed_hash;
	get_random_bytes(&peer_key, sizeof(peer_key));
	return rhashtable_init(&peers, &params);
}

void peer_rht_destroy(void)
{
	rhashtable_destroy(&peers);
}

static struct peer_object *find(const struct peer_key *key)
{
	struct peer_object *obj;

	rcu_read_lock();
	obj = rhashtable_lookup(&peers, key, params);
	if (obj && !kref_get_unless_zero(&obj->ref))
		obj = NULL;
	rcu_read_unlock();
	return obj;
}

struct peer_object *peer_rht_intern(const void *data, u32 len)
{
	struct peer_key key = { data, len };
	struct peer_object *obj = find(&key), *old;

	if (obj)
		return obj;
	obj = kmalloc(struct_size(obj, data, len), GFP_KERNEL);
	if (!obj)
		return NULL;
	kref_init(&obj->ref);
	obj->len = len;
	memcpy(obj->data, data, len);

	for (;;) {
		rcu_read_lock();
		old = rhashtable_lookup_get_insert_key(&peers, &key,
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

static void release(struct kref *ref)
{
	struct peer_object *obj = container_of(ref, struct peer_object, ref);

	rhashtable_remove_fast(&peers, &obj->node, params);
	kfree_rcu(obj, rcu);
}

void peer_rht_put(struct peer_object *obj)
{
	kref_put(&obj->ref, release);
}
