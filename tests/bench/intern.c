// SPDX-License-Identifier: GPL-2.0
/* Values: intern and put, beside the hand-written cache of peer_rht.c. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "bench.h"
#include "intern.h"
#include "reclaim.h"

#define BATCH	512	/* new values interned before they are freed */

static struct bench_key *keys;
static struct singlet_object **held;
static struct peer_object **peer_held;
static u32 *order;
static unsigned int nr_keys;
static u32 seed;

static struct singlet_object *intern(const struct bench_key *key)
{
	struct singlet_object *obj;
	int ret;

	ret = singlet_store_intern(bench_store, SINGLET_TYPE_STR, key->text,
				   key->len, true, GFP_KERNEL, &obj);
	return ret < 0 ? NULL : obj;
}

static void common_teardown(const struct bench_case *c)
{
	unsigned int i;

	for (i = 0; held && i < nr_keys; i++)
		if (held[i])
			singlet_store_put(held[i]);
	for (i = 0; peer_held && i < nr_keys; i++)
		if (peer_held[i])
			peer_rht_put(peer_held[i]);
	kvfree(keys);
	kvfree(held);
	kvfree(peer_held);
	kvfree(order);
	keys = NULL;
	held = NULL;
	peer_held = NULL;
	order = NULL;
	peer_rht_destroy();
}

static int common_setup(const struct bench_case *c, bool keyed)
{
	struct rnd_state rnd;
	unsigned int i;
	int err;

	err = peer_rht_init(keyed);
	if (err)
		return err;
	nr_keys = c->param;
	keys = bench_keys(nr_keys, ++seed);
	held = kvcalloc(nr_keys, sizeof(*held), GFP_KERNEL);
	peer_held = kvcalloc(nr_keys, sizeof(*peer_held), GFP_KERNEL);
	order = kvmalloc_array(nr_keys, sizeof(*order), GFP_KERNEL);
	if (!keys || !held || !peer_held || !order) {
		common_teardown(c);
		return -ENOMEM;
	}
	prandom_seed_state(&rnd, 1);
	for (i = 0; i < nr_keys; i++) {
		u32 j = prandom_u32_state(&rnd) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	return 0;
}

/* Hits: every key is held already by somebody. */

static int hit_setup(const struct bench_case *c, bool keyed)
{
	unsigned int i;
	int err = common_setup(c, keyed);

	if (err)
		return err;
	for (i = 0; i < nr_keys; i++) {
		held[i] = intern(&keys[i]);
		peer_held[i] = peer_rht_intern(keys[i].text, keys[i].len);
		if (!held[i] || !peer_held[i]) {
			common_teardown(c);
			return -ENOMEM;
		}
		cond_resched();
	}
	return 0;
}

static int hit_setup_keyed(const struct bench_case *c)
{
	return hit_setup(c, true);
}

static int hit_setup_jhash(const struct bench_case *c)
{
	return hit_setup(c, false);
}

static int hit_ours(const struct bench_case *c)
{
	static unsigned int k;	/* each round goes on where the last ended */
	unsigned int i;

	k %= nr_keys;
	for (i = 0; i < c->ops; i++) {
		struct singlet_object *obj = intern(&keys[order[k]]);

		if (!obj)
			return -ENOMEM;
		singlet_store_put(obj);
		if (++k == nr_keys)
			k = 0;
	}
	return 0;
}

static int hit_theirs(const struct bench_case *c)
{
	static unsigned int k;
	unsigned int i;

	k %= nr_keys;
	for (i = 0; i < c->ops; i++) {
		const struct bench_key *key = &keys[order[k]];
		struct peer_object *obj = peer_rht_intern(key->text, key->len);

		if (!obj)
			return -ENOMEM;
		peer_rht_put(obj);
		if (++k == nr_keys)
			k = 0;
	}
	return 0;
}

/* Misses: every key is new, and freed soon after. */

static int miss_setup_keyed(const struct bench_case *c)
{
	return common_setup(c, true);
}

static int miss_setup_jhash(const struct bench_case *c)
{
	return common_setup(c, false);
}

static int miss_ours(const struct bench_case *c)
{
	static unsigned int base;
	unsigned int i, j;

	for (i = 0; i < c->ops; i += BATCH) {
		base = (base + BATCH) % nr_keys;

		for (j = 0; j < BATCH; j++) {
			held[j] = intern(&keys[base + j]);
			if (!held[j])
				return -ENOMEM;
		}
		for (j = 0; j < BATCH; j++) {
			singlet_store_put(held[j]);
			held[j] = NULL;
		}
		if (singlet_reclaim_some(bench_store, BATCH, false) != BATCH)
			return -EPROTO;
	}
	return 0;
}

static int miss_theirs(const struct bench_case *c)
{
	static unsigned int base;
	unsigned int i, j;

	for (i = 0; i < c->ops; i += BATCH) {
		base = (base + BATCH) % nr_keys;

		for (j = 0; j < BATCH; j++) {
			peer_held[j] = peer_rht_intern(keys[base + j].text,
						       keys[base + j].len);
			if (!peer_held[j])
				return -ENOMEM;
		}
		for (j = 0; j < BATCH; j++) {
			peer_rht_put(peer_held[j]);
			peer_held[j] = NULL;
		}
	}
	return 0;
}

#define HIT(count, hash) {						\
	.name = "intern hit + put, " #count " keys",			\
	.peer = "rhashtable + kref, " #hash, .ops = 10000,		\
	.param = count, .budget = 60, .setup = hit_setup_##hash,		\
	.ours = hit_ours, .theirs = hit_theirs,				\
	.teardown = common_teardown,					\
}

#define MISS(hash) {							\
	.name = "intern miss + final free",				\
	.peer = "rhashtable + kref + kfree_rcu, " #hash,			\
	.ops = 5120, .param = 51200, .budget = 80,			\
	.setup = miss_setup_##hash, .ours = miss_ours,			\
	.theirs = miss_theirs, .teardown = common_teardown,		\
}

const struct bench_case intern_cases[] = {
	HIT(1000, keyed), HIT(1000, jhash), HIT(200000, keyed),
	HIT(200000, jhash), MISS(keyed), MISS(jhash),
};

const unsigned int nr_intern_cases = ARRAY_SIZE(intern_cases);
