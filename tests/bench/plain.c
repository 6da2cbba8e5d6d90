// SPDX-License-Identifier: GPL-2.0
/* Plain objects: allocation and final put, beside kmem_cache and refcount_t. */
#include <linux/kernel.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include "bench.h"
#include "store.h"

#define BURST	16	/* objects alive at a time */

static struct kmem_cache *cache;
static u32 type;

struct counted {
	refcount_t ref;
	char data[];
};

static int setup(const struct bench_case *c)
{
	struct singlet_type_args args = {
		.name = "bench", .name_len = 5, .kind = SINGLET_KIND_PLAIN,
		.value_size = c->param,
	};
	struct singlet_type *t;

	t = singlet_types_create(&bench_store->types, &args, &type);
	if (IS_ERR(t))
		return PTR_ERR(t);
	cache = kmem_cache_create("singlet_bench_plain",
				  sizeof(struct counted) + c->param, 0,
				  0, NULL);
	return cache ? 0 : -ENOMEM;
}

static void teardown(const struct bench_case *c)
{
	kmem_cache_destroy(cache);
}

static int ours(const struct bench_case *c)
{
	struct singlet_object *obj[BURST];
	unsigned int i, j;

	for (i = 0; i < c->ops; i += BURST) {
		for (j = 0; j < BURST; j++) {
			obj[j] = singlet_store_alloc(bench_store, type,
						     c->param, GFP_KERNEL);
			if (IS_ERR(obj[j]))
				return PTR_ERR(obj[j]);
		}
		for (j = 0; j < BURST; j++)
			singlet_store_put(obj[j]);
	}
	return 0;
}

/* Zeroed, as ours are. */
static int theirs(const struct bench_case *c)
{
	struct counted *obj[BURST];
	unsigned int i, j;

	for (i = 0; i < c->ops; i += BURST) {
		for (j = 0; j < BURST; j++) {
			obj[j] = kmem_cache_zalloc(cache, GFP_KERNEL);
			if (!obj[j])
				return -ENOMEM;
			refcount_set(&obj[j]->ref, 1);
		}
		for (j = 0; j < BURST; j++)
			if (refcount_dec_and_test(&obj[j]->ref))
				kmem_cache_free(cache, obj[j]);
	}
	return 0;
}

#define CASE(bytes) {							\
	.name = "plain alloc + final put, " #bytes " bytes",		\
	.peer = "kmem_cache + refcount_t", .ops = 8000, .param = bytes,	\
	.budget = 100, .setup = setup, .ours = ours, .theirs = theirs,	\
	.teardown = teardown,						\
}

const struct bench_case plain_cases[] = {
	CASE(8), CASE(32), CASE(64), CASE(128), CASE(256),
};

const unsigned int nr_plain_cases = ARRAY_SIZE(plain_cases);
