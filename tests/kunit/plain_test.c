// SPDX-License-Identifier: GPL-2.0
/* Plain objects: one's own, written, sealed, freed with the last reference. */
#include "suites.h"

#include <linux/vmalloc.h>

static u32 plain_type(struct kunit *test)
{
	return suite_type(test, test->priv, "plain", SINGLET_KIND_PLAIN);
}

static void expect_gone(struct kunit *test, u64 id)
{
	struct singlet_peek peek;

	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(suite_get(test->priv, id)),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_store_peek(test->priv, id, &peek),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).objects, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).idle, 0);
}

static void plain_life(struct kunit *test)
{
	u32 type = plain_type(test);
	struct singlet_object *obj, *again;
	struct singlet_peek peek;
	u64 id;

	obj = singlet_store_alloc(test->priv, type, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	id = singlet_object_id(obj);
	KUNIT_EXPECT_EQ(test, singlet_object_len(obj), 100);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	KUNIT_EXPECT_NULL(test, memchr_inv(singlet_object_data(obj), 0, 100));
	KUNIT_EXPECT_EQ(test, singlet_store_peek(test->priv, id, &peek), 0);
	KUNIT_EXPECT_TRUE(test, peek.info & INFO_PLAIN);
	KUNIT_EXPECT_TRUE(test, peek.info & INFO_UNSEALED);
	KUNIT_EXPECT_EQ(test, peek.type, type);
	KUNIT_EXPECT_EQ(test, peek.len, 100);

	memset(singlet_object_data(obj), 'p', 100);
	singlet_store_seal(obj);
	KUNIT_EXPECT_EQ(test, singlet_store_peek(test->priv, id, &peek), 0);
	KUNIT_EXPECT_FALSE(test, peek.info & INFO_UNSEALED);
	KUNIT_EXPECT_EQ(test, singlet_object_len(obj), 100);

	again = suite_get(test->priv, id);
	KUNIT_EXPECT_PTR_EQ(test, again, obj);
	singlet_store_put(again);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).objects, 1);
	singlet_store_put(obj);
	/* At once: no collection needed. */
	expect_gone(test, id);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).evictions, 0);
	suite_expect_empty(test, test->priv);
}

/* Equal ones are two, and not in the table. */
static void plain_apart(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *a, *b, *obj = NULL;
	u32 type = plain_type(test);

	a = singlet_store_alloc(store, type, 8, GFP_KERNEL);
	b = singlet_store_alloc(store, type, 8, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_EQ(test, singlet_table_entries(&store->table), 0);
	KUNIT_EXPECT_EQ(test, singlet_store_intern(store, type, "12345678", 8,
						   true, GFP_KERNEL, &obj),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_store_intern(store, type, "12345678", 8,
						   false, GFP_KERNEL, &obj),
			-EINVAL);
	KUNIT_EXPECT_NULL(test, obj);
	singlet_store_put(a);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(b), 1);
	singlet_store_put(b);
	suite_expect_empty(test, store);
}

static void plain_refused(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_type_args args = {
		.name = "fixed", .name_len = 5, .kind = SINGLET_KIND_PLAIN,
		.value_size = 16,
	};
	struct singlet_object *obj;
	u32 fixed, type = plain_type(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test,
				     singlet_types_create(&store->types, &args,
							  &fixed));
	const struct {
		u32 type, len;
		int err;
	} rows[] = {
		{ SINGLET_TYPE_BYTES, 10, -EINVAL },
		{ SINGLET_TYPE_NONE, 0, -EINVAL },
		{ fixed, 15, -EINVAL },
		{ fixed, 0, -EINVAL },
		{ fixed, SINGLET_MAX_VALUE + 1, -EMSGSIZE },
		{ type, SINGLET_MAX_VALUE + 1, -EMSGSIZE },
		{ type, U32_MAX, -EMSGSIZE },
		{ 0, 10, -ENOENT },
		{ type + 1000, 10, -ENOENT },
	};

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		obj = singlet_store_alloc(store, rows[i].type, rows[i].len,
					  GFP_KERNEL);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(obj), rows[i].err,
				    "row %u", i);
	}
	KUNIT_EXPECT_EQ(test, suite_stats(store).creates, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(store).slabs, 0);
	/* Nobody is left as a user of the types. */
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, fixed), 0);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, type), 0);
}

static void plain_lengths(struct kunit *test)
{
	static const u32 lens[] = {
		0, 1, 8, 9, 64, 65, 4096, 4097, 32768, 32769, 1 << 20,
		SINGLET_MAX_VALUE,
	};
	u32 type = plain_type(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct singlet_object *obj;
		u64 id;

		obj = singlet_store_alloc(test->priv, type, lens[i],
					  GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, singlet_object_len(obj), lens[i]);
		memset(singlet_object_data(obj), 0xa5, lens[i]);
		singlet_store_seal(obj);
		KUNIT_EXPECT_EQ(test, singlet_object_len(obj), lens[i]);
		id = singlet_object_id(obj);
		singlet_store_put(obj);
		expect_gone(test, id);
		/* The next one does not see what was there. */
		obj = singlet_store_alloc(test->priv, type, lens[i],
					  GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
		KUNIT_EXPECT_NE(test, singlet_object_id(obj), id);
		KUNIT_EXPECT_NULL(test, memchr_inv(singlet_object_data(obj), 0,
						   lens[i]));
		singlet_store_put(obj);
	}
	suite_expect_empty(test, test->priv);
}

/* A collection and a type's end leave live ones alone. */
static void plain_kept(struct kunit *test)
{
	struct singlet_reclaimed out;
	u32 type = plain_type(test);
	struct singlet_object *obj;

	obj = singlet_store_alloc(test->priv, type, 10, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 0);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv, type),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	singlet_store_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv, type), 0);
	suite_expect_empty(test, test->priv);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(plain_life),
	KUNIT_CASE(plain_apart),
	KUNIT_CASE(plain_refused),
	KUNIT_CASE(plain_lengths),
	KUNIT_CASE(plain_kept),
	{}
};

struct kunit_suite plain_suite = {
	.name = "singlet_plain",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
