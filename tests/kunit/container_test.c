// SPDX-License-Identifier: GPL-2.0
/* Objects made of other objects: what they keep, and how they end. */
#include "suites.h"

#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "container.h"

static u64 id_of(const struct singlet_object *obj)
{
	return singlet_object_id(obj);
}

static struct singlet_object *str(struct kunit *test, const char *text)
{
	return suite_str(test, test->priv, text);
}

static struct singlet_object *tuple(struct kunit *test, const u64 *ids,
				    unsigned int nr)
{
	return suite_intern(test, test->priv, SINGLET_TYPE_TUPLE, ids, nr * 8);
}

static struct singlet_object *wrap(struct kunit *test,
				   const struct singlet_object *part)
{
	u64 id = id_of(part);

	return tuple(test, &id, 1);
}

static int try_tuple(struct kunit *test, const u64 *ids, unsigned int nr)
{
	struct singlet_object *obj = NULL;

	return singlet_store_intern(test->priv, SINGLET_TYPE_TUPLE, ids, nr * 8,
				    true, GFP_KERNEL, &obj);
}

static u64 none_id(void)
{
	return id_of(singlet_world.none);
}

static void expect_objects(struct kunit *test, u64 objects, u64 idle)
{
	struct singlet_stats s = suite_stats(test->priv);

	KUNIT_EXPECT_EQ(test, s.objects, objects);
	KUNIT_EXPECT_EQ(test, s.idle, idle);
	KUNIT_EXPECT_TRUE(test, suite_is_valid(test->priv));
}

/* One reference for each place. */
static void container_counts(struct kunit *test)
{
	struct singlet_object *a = str(test, "a"), *b = str(test, "b"), *t;
	u64 ids[] = { id_of(a), id_of(b), id_of(a) };
	struct singlet_reclaimed out;

	t = tuple(test, ids, 3);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 3);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(b), 2);
	KUNIT_EXPECT_MEMEQ(test, singlet_object_data(t), ids, sizeof(ids));
	singlet_store_put(a);
	singlet_store_put(b);
	expect_objects(test, 3, 0);
	/* While it is idle it keeps them. */
	singlet_store_put(t);
	expect_objects(test, 3, 1);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 2);
	KUNIT_EXPECT_PTR_EQ(test, tuple(test, ids, 3), t);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 0);
	singlet_store_put(t);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 3);
	KUNIT_EXPECT_EQ(test, out.bytes, sizeof(ids) + 2);
	suite_expect_empty(test, test->priv);
}

static void container_equal(struct kunit *test)
{
	struct singlet_object *a = str(test, "a"), *b = str(test, "b");
	u64 ids[] = { id_of(a), id_of(b) }, swapped[] = { ids[1], ids[0] };
	struct singlet_object *t = tuple(test, ids, 2), *u, *v;

	KUNIT_EXPECT_PTR_EQ(test, tuple(test, ids, 2), t);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(t), 2);
	u = tuple(test, swapped, 2);
	KUNIT_EXPECT_PTR_NE(test, u, t);
	v = tuple(test, ids, 1);
	KUNIT_EXPECT_PTR_NE(test, v, t);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 4);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(b), 3);
	expect_objects(test, 5, 0);
	singlet_store_put(t);
	singlet_store_put(t);
	singlet_store_put(u);
	singlet_store_put(v);
	singlet_store_put(a);
	singlet_store_put(b);
	expect_objects(test, 5, 3);
	suite_expect_empty(test, test->priv);
}

/* Of nothing; of what exists for ever; of a container of these. */
static void container_world(struct kunit *test)
{
	struct singlet_object *empty = tuple(test, NULL, 0), *t, *u;
	u64 ids[] = { none_id(), id_of(singlet_world.bools[1]), 0 };

	KUNIT_EXPECT_PTR_EQ(test, tuple(test, NULL, 0), empty);
	KUNIT_EXPECT_EQ(test, singlet_object_len(empty), 0);
	ids[2] = id_of(empty);
	t = tuple(test, ids, 3);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(empty), 3);
	ids[2] = id_of(t);
	u = tuple(test, ids, 3);
	singlet_store_put(empty);
	singlet_store_put(empty);
	singlet_store_put(t);
	singlet_store_put(u);
	expect_objects(test, 3, 1);
	suite_expect_empty(test, test->priv);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(singlet_world.none));
}

/* Another type's containers are others, with parts all the same. */
static void container_user_type(struct kunit *test)
{
	struct singlet_type_args args = {
		.name = "list", .name_len = 4, .kind = SINGLET_KIND_VALUE,
		.container = true,
	};
	struct singlet_object *a = str(test, "a"), *t = wrap(test, a), *u;
	struct singlet_store *store = test->priv;
	u64 id = id_of(a);
	u32 number;

	KUNIT_ASSERT_FALSE(test, IS_ERR(singlet_types_create(&store->types,
							     &args, &number)));
	u = suite_intern(test, store, number, &id, 8);
	KUNIT_EXPECT_PTR_NE(test, t, u);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 3);
	singlet_store_put(t);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, number),
			-EBUSY);
	/* Idle ones in each other go with their type. */
	t = u;
	id = id_of(u);
	u = suite_intern(test, store, number, &id, 8);
	singlet_store_put(t);
	singlet_store_put(u);
	singlet_store_put(a);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, number), 0);
	suite_expect_empty(test, store);
}

/* No part keeps a reference from what failed. */
static void container_bad_parts(struct kunit *test)
{
	u32 type = suite_type(test, test->priv, "plain", SINGLET_KIND_PLAIN);
	struct singlet_object *a = str(test, "a"), *idle = str(test, "idle");
	struct singlet_object *plain;
	struct singlet_reclaimed out;
	u64 bad[5];
	unsigned int i;

	plain = singlet_store_alloc(test->priv, type, 8, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, plain);
	bad[0] = id_of(plain);			/* unsealed */
	bad[1] = none_id() + (1ULL << 32);	/* of no generation */
	bad[2] = 0;
	bad[3] = U64_MAX;
	bad[4] = id_of(idle);			/* stale soon */
	singlet_store_put(idle);
	singlet_reclaim_all(test->priv, &out);
	idle = str(test, "idle");
	KUNIT_ASSERT_NE(test, id_of(idle), bad[4]);
	singlet_store_put(idle);

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u64 ids[] = {
			id_of(a), id_of(idle), none_id(), id_of(a), bad[i],
			id_of(a),
		};

		KUNIT_EXPECT_EQ(test, try_tuple(test, ids, 6), -ENOENT);
		KUNIT_EXPECT_EQ(test, try_tuple(test, ids + 4, 2), -ENOENT);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 1);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(idle), 0);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(plain), 1);
		expect_objects(test, 3, 1);
	}
	singlet_store_put(plain);
	singlet_store_put(a);
	suite_expect_empty(test, test->priv);
}

/* Sealed ones can be parts, and go at once when nobody has them any more. */
static void container_plain_parts(struct kunit *test)
{
	u32 type = suite_type(test, test->priv, "plain", SINGLET_KIND_PLAIN);
	struct singlet_object *plain, *t, *u;
	u64 ids[2];

	plain = singlet_store_alloc(test->priv, type, 40000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, plain);
	singlet_store_seal(plain);
	ids[0] = id_of(plain);
	ids[1] = id_of(plain);
	t = tuple(test, ids, 2);
	u = wrap(test, plain);
	singlet_store_put(plain);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(plain), 3);
	singlet_store_put(t);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(test->priv, 1, false), 1);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(plain), 1);
	singlet_store_put(u);
	expect_objects(test, 2, 1);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(test->priv, 1, false), 1);
	expect_objects(test, 0, 0);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv, type), 0);
	suite_expect_empty(test, test->priv);
}

/* Evicting takes the outermost; collecting all that it kept. */
static void container_nested(struct kunit *test)
{
	struct singlet_object *s = str(test, "s"), *t[4];
	struct singlet_reclaimed out;
	unsigned int i;

	t[0] = wrap(test, s);
	for (i = 1; i < 4; i++)
		t[i] = wrap(test, t[i - 1]);
	singlet_store_put(s);
	for (i = 0; i < 4; i++)
		singlet_store_put(t[i]);
	expect_objects(test, 5, 1);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(test->priv, 1, false), 1);
	expect_objects(test, 4, 1);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(t[2]), 0);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(t[1]), 1);
	/* Revived before it goes. */
	KUNIT_EXPECT_PTR_EQ(test, wrap(test, t[1]), t[2]);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 0);
	/* What somebody holds stays with all that is in it. */
	s = suite_get(test->priv, id_of(t[0]));
	KUNIT_EXPECT_PTR_EQ(test, s, t[0]);
	singlet_store_put(t[2]);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 2);
	expect_objects(test, 2, 0);
	singlet_store_put(s);
	suite_expect_empty(test, test->priv);
}

/* Shared parts go with the last container that has them. */
static void container_shared(struct kunit *test)
{
	struct singlet_object *t = str(test, "s");
	struct singlet_reclaimed out;
	unsigned int i;

	/* 2^40 ways lead down. */
	for (i = 0; i < 40; i++) {
		u64 ids[] = { id_of(t), id_of(t) };
		struct singlet_object *next = tuple(test, ids, 2);

		singlet_store_put(t);
		t = next;
	}
	expect_objects(test, 41, 0);
	singlet_store_put(t);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 41);
	suite_expect_empty(test, test->priv);
}

/* However deep, it ends within a stack of fixed size. */
static void container_deep(struct kunit *test)
{
	unsigned int i, nr = suite_scaled(100000);
	struct singlet_object *t = tuple(test, NULL, 0);
	struct singlet_reclaimed out;

	for (i = 1; i < nr; i++) {
		struct singlet_object *next = wrap(test, t);

		singlet_store_put(t);
		t = next;
		cond_resched();
	}
	expect_objects(test, nr, 0);
	singlet_store_put(t);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, nr);
	KUNIT_EXPECT_EQ(test, out.bytes, (nr - 1) * 8);
	suite_expect_empty(test, test->priv);
}

/* Many parts: by words, with a slot of its own, with pages of its own. */
static void container_wide(struct kunit *test)
{
	static const u32 sizes[] = { 512, 513, 4096, 5000, 1000000 };
	struct singlet_object *a = str(test, "a"), *last = str(test, "last");
	u64 *ids = vzalloc(SINGLET_MAX_PARTS * sizeof(*ids));
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, ids);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 nr = i < 3 ? sizes[i] : suite_scaled(sizes[i]);
		struct singlet_object *t;

		for (j = 0; j < nr - 1; j++)
			ids[j] = id_of(a);
		ids[nr - 1] = id_of(last);
		t = tuple(test, ids, nr);
		KUNIT_EXPECT_PTR_EQ(test, tuple(test, ids, nr), t);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(a), nr);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(last), 2);
		/* The last one is no part of the same domain. */
		ids[nr - 1] = U64_MAX;
		KUNIT_EXPECT_EQ(test, try_tuple(test, ids, nr), -ENOENT);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(a), nr);
		singlet_store_put(t);
		singlet_store_put(t);
		KUNIT_EXPECT_EQ(test,
				singlet_reclaim_some(test->priv, 9, false), 1);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 1);
	}
	vfree(ids);
	singlet_store_put(a);
	singlet_store_put(last);
	suite_expect_empty(test, test->priv);
}

/* A part whose count is full is refused, and the others as they were. */
static void container_full(struct kunit *test)
{
	struct singlet_object *a = str(test, "a"), *full = str(test, "full");
	u64 ids[] = { id_of(a), id_of(full) };

	atomic_set(&full->refs, OBJECT_COUNT_MAX);
	KUNIT_EXPECT_EQ(test, try_tuple(test, ids, 2), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&full->refs), OBJECT_COUNT_MAX);
	atomic_set(&full->refs, 2);
	singlet_store_put(a);
	singlet_store_put(full);
	suite_expect_empty(test, test->priv);
}

/* Threads that make the same nests while others collect. */
struct shared {
	struct singlet_store *store;
	atomic_long_t wrong;
	atomic_long_t rounds;
};

static struct singlet_object *nest(struct shared *s, unsigned int kind,
				   unsigned int depth)
{
	u64 ids[2] = { none_id() };
	struct singlet_object *t, *inner;
	int ret;

	ret = singlet_store_intern(s->store, SINGLET_TYPE_BYTES, &kind,
				   sizeof(kind), true, GFP_KERNEL, &t);
	if (ret < 0)
		return NULL;
	while (depth--) {
		inner = t;
		ids[1] = id_of(inner);
		ret = singlet_store_intern(s->store, SINGLET_TYPE_TUPLE, ids,
					   sizeof(ids), true, GFP_KERNEL, &t);
		singlet_store_put(inner);
		if (ret < 0)
			return NULL;
	}
	return t;
}

/* The value at the bottom, all references there by way of the top's. */
static unsigned int bottom(struct shared *s, struct singlet_object *t,
			   unsigned int depth)
{
	struct singlet_object *inner;
	unsigned int kind = ~0U;

	while (depth--) {
		const u64 *ids = singlet_object_data(t);

		if (singlet_object_len(t) != 16 || ids[0] != none_id())
			return kind;
		inner = suite_get(s->store, ids[1]);
		if (IS_ERR(inner))
			return kind;
		singlet_store_put(inner);
		t = inner;
	}
	memcpy(&kind, singlet_object_data(t), sizeof(kind));
	return kind;
}

static int nester(void *ctx)
{
	struct shared *s = ctx;
	unsigned int i = 0;

	while (!kthread_should_stop()) {
		unsigned int kind = i++ % 4, depth = 1 + i % 5;
		struct singlet_object *t = nest(s, kind, depth);

		if (!t || bottom(s, t, depth) != kind)
			atomic_long_inc(&s->wrong);
		if (t)
			singlet_store_put(t);
		atomic_long_inc(&s->rounds);
		cond_resched();
	}
	return 0;
}

static int collector(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_reclaimed out;
	unsigned int i = 0;

	while (!kthread_should_stop()) {
		if (++i % 8)
			singlet_reclaim_some(s->store, 3, i % 2);
		else
			singlet_reclaim_all(s->store, &out);
		suite_shrink(4, NULL);
		cond_resched();
	}
	return 0;
}

static bool raced_enough(void *ctx)
{
	struct shared *s = ctx;

	return atomic_long_read(&s->rounds) > 20;
}

static void container_race(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		nester, nester, nester, collector,
	};
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	void *ctx[] = { s, s, s, s };

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->store = test->priv;
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 800, raced_enough);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->rounds), 20);
	kunit_info(test, "%ld rounds", atomic_long_read(&s->rounds));
	suite_expect_empty(test, test->priv);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(container_counts),
	KUNIT_CASE(container_equal),
	KUNIT_CASE(container_world),
	KUNIT_CASE(container_user_type),
	KUNIT_CASE(container_bad_parts),
	KUNIT_CASE(container_plain_parts),
	KUNIT_CASE(container_nested),
	KUNIT_CASE(container_shared),
	KUNIT_CASE(container_deep),
	KUNIT_CASE(container_wide),
	KUNIT_CASE(container_full),
	KUNIT_CASE(container_race),
	{}
};

struct kunit_suite container_suite = {
	.name = "singlet_container",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
