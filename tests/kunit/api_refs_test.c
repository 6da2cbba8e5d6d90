// SPDX-License-Identifier: GPL-2.0
/* <linux/singlet.h>: references, ids, many values at once, immortality. */
#include "suites.h"

#include <linux/module.h>

static struct singlet_object *lookup(struct singlet_type *type,
				     const char *text)
{
	return singlet_lookup(type, text, strlen(text));
}

static void api_refs(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *a = suite_api_intern(test, type, "a");
	struct singlet_object *b = suite_api_intern(test, type, "b");
	struct singlet_object *none = ERR_PTR(-ENOMEM);
	struct singlet_object *many[20];
	unsigned int i;

	KUNIT_EXPECT_PTR_EQ(test, singlet_get(a), a);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 2);
	singlet_put(a);
	KUNIT_EXPECT_NULL(test, singlet_get(NULL));
	KUNIT_EXPECT_PTR_EQ(test, singlet_get(none), none);
	singlet_put(NULL);
	singlet_put(none);

	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = i % 4 ? a : b;
	singlet_get_many(many, 0);
	singlet_put_many(many, 0);
	singlet_get_many(NULL, 0);
	singlet_put_many(NULL, 0);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 1);
	singlet_get_many(many, ARRAY_SIZE(many));
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 16);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(b), 6);
	singlet_put(a);
	singlet_put(b);
	suite_api_expect(test, 2, 0);
	singlet_put_many(many, ARRAY_SIZE(many));
	suite_api_expect(test, 0, 2);
	suite_api_expect_empty(test);
}

/* What nobody holds cannot be dropped; the log has a line for each. */
static void api_wrong(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *a = suite_api_intern(test, type, "a");
	u64 id = singlet_id(a);

	singlet_put(a);
	singlet_put(a);
	singlet_put_many((struct singlet_object *[]){ a, a }, 2);
	suite_api_expect(test, 0, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->refs), 1);
	KUNIT_EXPECT_PTR_EQ(test, lookup(type, "a"), a);
	KUNIT_EXPECT_EQ(test, singlet_id(a), id);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 1);
	singlet_put(a);

	/* The same when a collector has passed it by. */
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), 1);
	suite_shrink_rounds(1);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->refs), 1 | OBJECT_AGED);
	singlet_put(a);
	suite_api_expect(test, 0, 1);

	/* To hold it is wrong as well, and a reference all the same. */
	KUNIT_EXPECT_PTR_EQ(test, singlet_get(a), a);
	suite_api_expect(test, 1, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->refs), 2);
	KUNIT_EXPECT_PTR_EQ(test, singlet_get(a), a);
	singlet_put_many((struct singlet_object *[]){ a, a }, 2);
	suite_api_expect(test, 0, 1);
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 1);
	suite_api_expect_empty(test);
}

/* By id: live, idle, never there, gone; and any number at all is safe. */
static void api_ids(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj[20], *found;
	unsigned int i, n = suite_scaled(200000);
	u64 id, last, state = 1, hits = 0;
	struct singlet_stats before, s;
	char text[8];

	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		snprintf(text, sizeof(text), "%u", i);
		obj[i] = suite_api_intern(test, type, text);
		KUNIT_EXPECT_PTR_EQ(test,
				    singlet_from_id(test->priv,
						    singlet_id(obj[i])),
				    obj[i]);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj[i]), 2);
		singlet_put(obj[i]);
		if (i % 2)
			singlet_put(obj[i]);
	}
	last = singlet_id(obj[19]);
	singlet_domain_stats(test->priv, &before);
	KUNIT_EXPECT_PTR_EQ(test, singlet_from_id(test->priv, last), obj[19]);
	suite_api_expect(test, 11, 9);
	singlet_put(obj[19]);
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.revivals - before.revivals, 1);

	for (i = 0; i < n; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		id = state ^ state >> 29;
		if (i % 3 == 0)		/* not far from one that is there */
			id = last ^ BIT_ULL(id % 64) ^ (id >> 8 & 0x1f);
		if (i % 3 == 1)
			id = (last & ~0xffffULL) | (id & 0xffff);
		found = singlet_from_id(test->priv, id);
		if (IS_ERR(found)) {
			if (PTR_ERR(found) != -ENOENT)
				KUNIT_FAIL(test, "%llx: %pe", id, found);
			continue;
		}
		if (singlet_id(found) != id)
			KUNIT_FAIL(test, "%llx found %llx", id,
				   singlet_id(found));
		singlet_put(found);
		hits++;
	}
	KUNIT_EXPECT_GT(test, hits, 0);
	suite_api_expect(test, 10, 10);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_from_id(test->priv, 0)), -ENOENT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_from_id(test->priv, U64_MAX)),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 10);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_from_id(test->priv, last)),
			-ENOENT);
	for (i = 0; i < ARRAY_SIZE(obj); i += 2)
		singlet_put(obj[i]);
	suite_api_expect_empty(test);
}

/* The id says whether it is the object still; another one is left alone. */
static void api_tryget(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *keep = suite_api_intern(test, type, "keep");
	struct singlet_object *was = suite_api_intern(test, type, "was"), *obj;
	struct singlet_stats before, s;
	u64 id = singlet_id(was);
	unsigned int i;
	char text[8];

	singlet_domain_stats(test->priv, &before);
	KUNIT_EXPECT_TRUE(test, suite_api_tryget(was, id));
	KUNIT_EXPECT_EQ(test, singlet_object_refs(was), 2);
	KUNIT_EXPECT_FALSE(test, suite_api_tryget(was, id + (1ULL << 32)));
	KUNIT_EXPECT_FALSE(test, suite_api_tryget(was, 0));
	singlet_put(was);
	singlet_put(was);
	KUNIT_EXPECT_FALSE(test, suite_api_tryget(was, id - (1ULL << 32)));
	suite_api_expect(test, 1, 1);
	KUNIT_EXPECT_TRUE(test, suite_api_tryget(was, id));
	suite_api_expect(test, 2, 0);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(was), 1);
	singlet_put(was);
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.revivals - before.revivals, 1);

	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 1);
	KUNIT_EXPECT_FALSE(test, suite_api_tryget(was, id));
	/* Others come, until one is in its place. */
	for (i = 0; i < 2 * SIZE_SLOTS_MAX; i++) {
		snprintf(text, sizeof(text), "new%u", i);
		obj = suite_api_intern(test, type, text);
		if (obj == was)
			break;
		singlet_put(obj);
	}
	KUNIT_ASSERT_PTR_EQ(test, obj, was);
	KUNIT_EXPECT_NE(test, singlet_id(obj), id);
	KUNIT_EXPECT_FALSE(test, suite_api_tryget(was, id));
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_from_id(test->priv, id)),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	KUNIT_EXPECT_TRUE(test, suite_api_tryget(obj, singlet_id(obj)));
	singlet_put(obj);
	singlet_put(obj);
	KUNIT_EXPECT_FALSE(test, suite_api_tryget(was, id));
	singlet_put(keep);
	suite_api_expect_empty(test);
}

/* A full count is refused where that can be said, and never exceeded. */
static void api_overflow(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj = suite_api_intern(test, type, "value");
	struct singlet_value value = { "value", 5 };
	struct singlet_object *out = NULL;
	struct singlet_stats s;

	atomic_set(&obj->refs, OBJECT_COUNT_MAX);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_intern(type, "value", 5,
						     GFP_KERNEL)), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, PTR_ERR(lookup(type, "value")), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, singlet_intern_many(type, &value, &out, 1,
						  GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(out), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR(singlet_from_id(test->priv, singlet_id(obj))),
			-EOVERFLOW);
	KUNIT_EXPECT_FALSE(test, suite_api_tryget(obj, singlet_id(obj)));
	KUNIT_EXPECT_EQ(test, atomic_read(&obj->refs), OBJECT_COUNT_MAX);
	singlet_put(obj);
	KUNIT_EXPECT_EQ(test, atomic_read(&obj->refs), OBJECT_COUNT_MAX - 1);
	singlet_get(obj);
	KUNIT_EXPECT_EQ(test, atomic_read(&obj->refs), OBJECT_COUNT_MAX);
	/* Better it stays for ever than goes too early. */
	KUNIT_EXPECT_PTR_EQ(test, singlet_get(obj), obj);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(obj));
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.immortal, 1);
	suite_api_expect(test, 0, 0);
}

#define MANY	40
#define KINDS	36

/* Values 0 to @kinds - 1 in turn. */
static void make_values(struct singlet_value *values, u32 *data, u32 kinds)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		data[i] = i % kinds;
		values[i] = (struct singlet_value){ &data[i], sizeof(*data) };
	}
}

/* Some are there, some idle, some new, and some come twice. */
static void api_many(struct kunit *test)
{
	static const unsigned int nrs[] = { 1, 2, 15, 16, 17, 32, 33, MANY };
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *live[10], *obj[MANY];
	struct singlet_value values[MANY];
	unsigned int i, j, n;
	u32 data[MANY];

	make_values(values, data, KINDS);
	obj[0] = NULL;
	KUNIT_EXPECT_EQ(test, singlet_intern_many(type, values, obj, 0,
						  GFP_KERNEL), 0);
	KUNIT_EXPECT_NULL(test, obj[0]);
	for (i = 0; i < ARRAY_SIZE(nrs); i++) {
		n = nrs[i];
		/* Values 0, 2, 4 … are live, 1, 3, 5 … idle. */
		for (j = 0; j < 20; j++) {
			obj[j] = singlet_intern(type, &data[j], sizeof(*data),
						GFP_KERNEL);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj[j]);
			if (j % 2)
				singlet_put(obj[j]);
			else
				live[j / 2] = obj[j];
		}
		KUNIT_ASSERT_EQ(test, singlet_intern_many(type, values, obj, n,
							  GFP_KERNEL), n);
		for (j = 0; j < n; j++) {
			KUNIT_EXPECT_MEMEQ(test, singlet_data(obj[j]), &data[j],
					   sizeof(*data));
			KUNIT_EXPECT_PTR_EQ(test, obj[j], obj[j % KINDS]);
			if (j < 20 && j % 2 == 0)
				KUNIT_EXPECT_PTR_EQ(test, obj[j], live[j / 2]);
		}
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj[0]),
				2 + (n > KINDS));
		singlet_put_many(obj, n);
		suite_api_expect(test, ARRAY_SIZE(live),
				 max(min(n, (unsigned int)KINDS), 20U) -
				 ARRAY_SIZE(live));
		singlet_put_many(live, ARRAY_SIZE(live));
		suite_api_expect_empty(test);
	}
}

/* At the first that fails it ends: those before are the caller's. */
static void api_many_fails(struct kunit *test)
{
	static const unsigned int at[] = { 0, 1, 15, 16, 17, MANY - 1 };
	struct singlet_type_params params = {
		.name = "t", .kind = SINGLET_KIND_VALUE, .value_max = 8,
	};
	struct singlet_type *type = suite_api_type(test, &params);
	struct singlet_object *obj[MANY];
	struct singlet_value values[MANY];
	unsigned int i, j;
	u32 data[MANY];

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		make_values(values, data, MANY);
		memset(obj, 0, sizeof(obj));
		values[at[i]].len = i % 2 ? U32_MAX : 9;
		KUNIT_ASSERT_EQ(test, singlet_intern_many(type, values, obj,
							  MANY, GFP_KERNEL),
				at[i]);
		KUNIT_EXPECT_EQ(test, PTR_ERR(obj[at[i]]), -EMSGSIZE);
		for (j = at[i] + 1; j < MANY; j++)
			KUNIT_EXPECT_NULL(test, obj[j]);
		suite_api_expect(test, at[i], 0);
		for (j = 0; j < at[i]; j++)
			KUNIT_EXPECT_MEMEQ(test, singlet_data(obj[j]), &data[j],
					   sizeof(*data));
		singlet_put_many(obj, at[i]);
		suite_api_expect_empty(test);
	}
}

/* Long ones are not looked at ahead; of a single type none is. */
static void api_many_kinds(struct kunit *test)
{
	static const u32 lens[] = { 0, 256, 257, 5000, 70000, 8, 100000, 1 };
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj[ARRAY_SIZE(lens)];
	struct singlet_value values[ARRAY_SIZE(lens)];
	u8 *data = kunit_kzalloc(test, 100000, GFP_KERNEL);
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		values[i] = (struct singlet_value){ lens[i] ? data : NULL,
						    lens[i] };
	for (round = 0; round < 2; round++) {
		KUNIT_ASSERT_EQ(test, singlet_intern_many(type, values, obj,
							  ARRAY_SIZE(lens),
							  GFP_KERNEL),
				ARRAY_SIZE(lens));
		for (i = 0; i < ARRAY_SIZE(lens); i++)
			KUNIT_EXPECT_EQ(test, singlet_len(obj[i]), lens[i]);
		suite_api_expect(test, ARRAY_SIZE(lens), 0);
		singlet_put_many(obj, ARRAY_SIZE(lens));
	}
	type = suite_api_type(test, &(struct singlet_type_params){
			.name = "s", .kind = SINGLET_KIND_SINGLE });
	/* The first is the instance, nothing finds it, another is refused. */
	values[0].len = 8;
	values[0].data = data;
	values[1].len = 0;
	values[2].len = 9;
	KUNIT_EXPECT_EQ(test, singlet_intern_many(type, values, obj, 3,
						  GFP_KERNEL), 2);
	KUNIT_EXPECT_PTR_EQ(test, obj[0], obj[1]);
	KUNIT_EXPECT_EQ(test, PTR_ERR(obj[2]), -EEXIST);
	singlet_put_many(obj, 2);
	suite_api_expect_empty(test);
}

/* No count, no collection, no type's end; the domain's end alone. */
static void api_immortal(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *a = suite_api_intern(test, type, "a");
	struct singlet_object *b = suite_api_intern(test, type, "b");
	u64 id = singlet_id(a);
	struct singlet_stats s;
	unsigned int i;

	singlet_get(a);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, singlet_make_immortal(a), 0);
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.immortal, 1);
	suite_api_expect(test, 1, 0);
	for (i = 0; i < 5; i++)
		singlet_put(a);
	KUNIT_EXPECT_PTR_EQ(test, singlet_get(a), a);
	KUNIT_EXPECT_PTR_EQ(test, lookup(type, "a"), a);
	KUNIT_EXPECT_PTR_EQ(test, suite_api_intern(test, type, "a"), a);
	KUNIT_EXPECT_PTR_EQ(test, singlet_from_id(test->priv, id), a);
	KUNIT_EXPECT_TRUE(test, suite_api_tryget(a, id));
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 0);
	singlet_put(b);
	suite_api_expect(test, 0, 1);
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 1);
	suite_shrink_rounds(3);
	KUNIT_EXPECT_PTR_EQ(test, lookup(type, "a"), a);
	KUNIT_EXPECT_EQ(test, singlet_id(a), id);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), -EBUSY);
	/* As it was: it takes others. */
	singlet_put(suite_api_intern(test, type, "b"));
	KUNIT_EXPECT_PTR_EQ(test, lookup(type, "a"), a);
	KUNIT_EXPECT_MEMEQ(test, singlet_data(a), "a", 1);
	suite_api_expect(test, 0, 1);
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.immortal, 1);
	KUNIT_EXPECT_EQ(test, s.objects, 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(api_refs),
	KUNIT_CASE(api_wrong),
	KUNIT_CASE(api_ids),
	KUNIT_CASE(api_tryget),
	KUNIT_CASE(api_overflow),
	KUNIT_CASE(api_many),
	KUNIT_CASE(api_many_fails),
	KUNIT_CASE(api_many_kinds),
	KUNIT_CASE(api_immortal),
	{}
};

struct kunit_suite api_refs_suite = {
	.name = "singlet_api_refs",
	.init = suite_api_init,
	.exit = suite_api_exit,
	.test_cases = cases,
};
