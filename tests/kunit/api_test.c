// SPDX-License-Identifier: GPL-2.0
/* <linux/singlet.h>: values, and references on them. */
#include "suites.h"

#include <linux/module.h>
#include <linux/vmalloc.h>

static struct singlet_object *lookup(struct singlet_type *type,
				     const char *text)
{
	return singlet_lookup(type, text, strlen(text));
}

static struct singlet_type *predefined(struct kunit *test, u32 number)
{
	struct singlet_type *type = singlet_domain_type(test->priv, number);

	KUNIT_ASSERT_NOT_NULL(test, type);
	return type;
}

/* No room for it, not the right bytes: said the same by each who is asked. */
static void expect_refused(struct kunit *test, struct singlet_type *type,
			   const void *data, u32 len, int err)
{
	struct singlet_value value = { data, len };
	struct singlet_object *obj = NULL;

	KUNIT_EXPECT_EQ_MSG(test,
			    PTR_ERR(singlet_intern(type, data, len,
						   GFP_KERNEL)), err,
			    "length %u", len);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_intern(type, data, len,
						     GFP_ATOMIC)), err);
	KUNIT_EXPECT_EQ(test, singlet_intern_many(type, &value, &obj, 1,
						  GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(obj), err);
	/* Only what is to be made needs its text checked. */
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_lookup(type, data, len)),
			err == -EILSEQ ? -ENOENT : err);
}

/* Absent, present, idle, revived, freed. */
static void api_life(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *a, *b;
	struct singlet_stats s;
	u64 id;

	KUNIT_EXPECT_EQ(test, PTR_ERR(lookup(type, "value")), -ENOENT);
	a = suite_api_intern(test, type, "value");
	id = singlet_id(a);
	KUNIT_EXPECT_NE(test, id, 0);
	KUNIT_EXPECT_EQ(test, singlet_len(a), 5);
	KUNIT_EXPECT_MEMEQ(test, singlet_data(a), "value", 5);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)singlet_data(a), 8));
	KUNIT_EXPECT_PTR_EQ(test, singlet_type_of(a), type);
	KUNIT_EXPECT_NULL(test, singlet_buffer(a));
	suite_api_expect(test, 1, 0);
	b = suite_api_intern(test, type, "value");
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	KUNIT_EXPECT_PTR_EQ(test, lookup(type, "value"), a);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 3);
	b = suite_api_intern(test, type, "other");
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_NE(test, singlet_id(b), id);
	suite_api_expect(test, 2, 0);

	singlet_put(b);
	singlet_put(a);
	singlet_put(a);
	suite_api_expect(test, 1, 1);
	singlet_put(a);
	suite_api_expect(test, 0, 2);
	KUNIT_EXPECT_PTR_EQ(test, lookup(type, "value"), a);
	KUNIT_EXPECT_EQ(test, singlet_id(a), id);
	suite_api_expect(test, 1, 1);
	singlet_put(a);
	a = suite_api_intern(test, type, "value");
	KUNIT_EXPECT_EQ(test, singlet_id(a), id);
	singlet_put(a);

	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 2);
	suite_api_expect(test, 0, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(lookup(type, "value")), -ENOENT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_from_id(test->priv, id)),
			-ENOENT);
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.creates, 2);
	KUNIT_EXPECT_EQ(test, s.evictions, 2);
	KUNIT_EXPECT_EQ(test, s.revivals, 2);
	KUNIT_EXPECT_EQ(test, s.hits, 4);
	KUNIT_EXPECT_EQ(test, s.misses, 4);
	KUNIT_EXPECT_EQ(test, s.failures, 0);
	suite_api_expect_empty(test);
}

/* Equal bytes of different types, and in different domains, are apart. */
static void api_apart(struct kunit *test)
{
	struct singlet_domain *other = singlet_domain_create("other");
	struct singlet_type *types[] = {
		suite_api_values(test, "a"),
		suite_api_values(test, "b"),
		predefined(test, SINGLET_TYPE_STR),
		predefined(test, SINGLET_TYPE_BYTES),
		NULL,
	};
	struct singlet_object *obj[ARRAY_SIZE(types)];
	unsigned int i, j;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	types[4] = singlet_domain_type(other, SINGLET_TYPE_STR);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(lookup(types[i], "same")),
				-ENOENT);
		obj[i] = suite_api_intern(test, types[i], "same");
		KUNIT_EXPECT_PTR_EQ(test, singlet_type_of(obj[i]), types[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE(test, obj[i], obj[j]);
	}
	suite_api_expect(test, 4, 0);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		KUNIT_EXPECT_PTR_EQ(test, lookup(types[i], "same"), obj[i]);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj[i]), 2);
		singlet_put(obj[i]);
		singlet_put(obj[i]);
	}
	singlet_domain_destroy(other);
	suite_api_expect_empty(test);
}

static void api_sizes(struct kunit *test)
{
	static const struct {
		u32 size, max, len;
		int err;
	} rows[] = {
		{ 0, 16, 0 }, { 0, 16, 1 }, { 0, 16, 16 },
		{ 0, 16, 17, -EMSGSIZE }, { 0, 16, U32_MAX, -EMSGSIZE },
		{ 8, 0, 8 }, { 8, 0, 0, -EINVAL }, { 8, 0, 7, -EINVAL },
		{ 8, 0, 9, -EINVAL }, { 8, 0, SINGLET_MAX_VALUE + 1, -EMSGSIZE },
		{ 5000, 0, 5000 }, { 5000, 0, 4999, -EINVAL },
		{ 0, 5000, 5000 }, { 0, 5000, 5001, -EMSGSIZE },
		{ 0, 0, 0 }, { 0, 0, SINGLET_MAX_VALUE },
		{ 0, 0, SINGLET_MAX_VALUE + 1, -EMSGSIZE },
		{ SINGLET_MAX_VALUE, 0, SINGLET_MAX_VALUE },
		{ SINGLET_MAX_VALUE, 0, SINGLET_MAX_VALUE - 1, -EINVAL },
	};
	u8 *data = vzalloc(SINGLET_MAX_VALUE);
	struct singlet_object *obj;
	struct singlet_type *type;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		type = suite_api_type(test, &(struct singlet_type_params){
				.name = "t", .kind = SINGLET_KIND_VALUE,
				.value_size = rows[i].size,
				.value_max = rows[i].max });
		if (rows[i].err) {
			expect_refused(test, type, data, rows[i].len,
				       rows[i].err);
		} else {
			obj = singlet_intern(type, rows[i].len ? data : NULL,
					     rows[i].len, GFP_KERNEL);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
			KUNIT_EXPECT_EQ(test, singlet_len(obj), rows[i].len);
			KUNIT_EXPECT_EQ(test, memcmp(singlet_data(obj), data,
						     rows[i].len), 0);
			singlet_put(obj);
			KUNIT_EXPECT_PTR_EQ(test,
					    singlet_lookup(type, data,
							   rows[i].len), obj);
			singlet_put(obj);
		}
		KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
	}
	vfree(data);
	suite_api_expect_empty(test);
}

/* Values beyond what a record's slack tells, and beyond what a slab shares. */
static void api_large(struct kunit *test)
{
	static const u32 lens[] = {
		4096, 4097, 8000, 32768, 32769, 65536, 65537, 300000,
	};
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj[ARRAY_SIZE(lens)], *other;
	u8 *data = vzalloc(300000);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		obj[i] = singlet_intern(type, data, lens[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj[i]);
		data[lens[i] - 1] = 1;
		KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_lookup(type, data,
							     lens[i])),
				-ENOENT);
		other = singlet_intern(type, data, lens[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
		KUNIT_EXPECT_PTR_NE(test, other, obj[i]);
		KUNIT_EXPECT_EQ(test, memcmp(singlet_data(other), data,
					     lens[i]), 0);
		singlet_put(other);
		data[lens[i] - 1] = 0;
	}
	suite_api_expect(test, ARRAY_SIZE(lens), ARRAY_SIZE(lens));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		KUNIT_EXPECT_PTR_EQ(test,
				    singlet_intern(type, data, lens[i],
						   GFP_KERNEL), obj[i]);
		singlet_put(obj[i]);
		singlet_put(obj[i]);
	}
	vfree(data);
	suite_api_expect_empty(test);
}

/* Text is UTF-8, wherever in it the wrong byte is. */
static void api_text(struct kunit *test)
{
	static const u32 lens[] = { 1, 8, 9, 5000, 40000 };
	struct singlet_type *str = predefined(test, SINGLET_TYPE_STR);
	struct singlet_type *bytes = predefined(test, SINGLET_TYPE_BYTES);
	u8 *data = kunit_kmalloc(test, 40000, GFP_KERNEL);
	struct singlet_object *obj;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(data, 'x', 40000);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		data[lens[i] - 1] = 0xc3;
		expect_refused(test, str, data, lens[i], -EILSEQ);
		obj = singlet_intern(bytes, data, lens[i], GFP_KERNEL);
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, obj);
		singlet_put(obj);
		data[lens[i] - 1] = 'x';
	}
	suite_api_expect(test, 0, ARRAY_SIZE(lens));
	obj = suite_api_intern(test, str, "\xc3\xa9");
	KUNIT_EXPECT_EQ(test, singlet_len(obj), 2);
	singlet_put(obj);
	suite_api_expect_empty(test);
}

/* Constants of the machine: the same in each domain, and not counted. */
static void api_world(struct kunit *test)
{
	struct singlet_domain *other = singlet_domain_create("other");
	static const struct {
		u32 type, len;
		s64 value;
	} rows[] = {
		{ SINGLET_TYPE_NONE, 0 }, { SINGLET_TYPE_BOOL, 1, 0 },
		{ SINGLET_TYPE_BOOL, 1, 1 }, { SINGLET_TYPE_INT, 8, 0 },
		{ SINGLET_TYPE_INT, 8, SINGLET_INT_IMMORTAL_MIN },
		{ SINGLET_TYPE_INT, 8, SINGLET_INT_IMMORTAL_MAX },
	};
	struct singlet_type *type = predefined(test, SINGLET_TYPE_INT);
	s64 big = SINGLET_INT_IMMORTAL_MAX + 1;
	struct singlet_object *obj;
	struct singlet_stats s;
	unsigned int i;
	u8 two[2] = { 2 };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 value[8];

		/* A bool is its one byte whatever the byte order. */
		memcpy(value, &rows[i].value, 8);
		if (rows[i].len == 1)
			value[0] = rows[i].value;
		obj = singlet_intern(predefined(test, rows[i].type), value,
				     rows[i].len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, singlet_len(obj), rows[i].len);
		KUNIT_EXPECT_EQ(test, memcmp(singlet_data(obj), value,
					     rows[i].len), 0);
		KUNIT_EXPECT_PTR_EQ(test,
				    singlet_lookup(singlet_domain_type(other,
								       rows[i].type),
						   value, rows[i].len), obj);
		KUNIT_EXPECT_PTR_EQ(test, singlet_from_id(other, singlet_id(obj)),
				    obj);
		rcu_read_lock();
		KUNIT_EXPECT_TRUE(test, singlet_tryget(obj, singlet_id(obj)));
		rcu_read_unlock();
		KUNIT_EXPECT_EQ(test, singlet_make_immortal(obj), 0);
		KUNIT_EXPECT_NULL(test, singlet_type_of(obj));
		/* However often. */
		singlet_put(obj);
		singlet_put(obj);
	}
	suite_api_expect(test, 0, 0);
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.immortal, 0);
	KUNIT_EXPECT_GE(test, s.world, WORLD_INTS);

	obj = singlet_intern(type, &big, sizeof(big), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_PTR_EQ(test, singlet_type_of(obj), type);
	suite_api_expect(test, 1, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_from_id(other, singlet_id(obj))),
			-ENOENT);
	singlet_put(obj);
	expect_refused(test, type, &big, 7, -EINVAL);
	expect_refused(test, predefined(test, SINGLET_TYPE_BOOL), two, 1,
		       -EINVAL);
	expect_refused(test, predefined(test, SINGLET_TYPE_BOOL), two, 0,
		       -EINVAL);
	expect_refused(test, predefined(test, SINGLET_TYPE_NONE), two, 1,
		       -EINVAL);
	expect_refused(test, predefined(test, SINGLET_TYPE_FLOAT), two, 2,
		       -EINVAL);
	expect_refused(test, predefined(test, SINGLET_TYPE_TUPLE), two, 2,
		       -EINVAL);
	singlet_domain_destroy(other);
	suite_api_expect_empty(test);
}

/* The only instance is found with no bytes, and no other can be had. */
static void expect_single(struct kunit *test, struct singlet_type *type)
{
	struct singlet_object *a = suite_api_intern(test, type, "first"), *b;

	KUNIT_EXPECT_PTR_EQ(test, suite_api_intern(test, type, "first"), a);
	KUNIT_EXPECT_PTR_EQ(test, suite_api_intern(test, type, ""), a);
	KUNIT_EXPECT_PTR_EQ(test, lookup(type, "first"), a);
	KUNIT_EXPECT_PTR_EQ(test, singlet_lookup(type, NULL, 0), a);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 5);
	expect_refused(test, type, "other", 5, -EEXIST);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 5);
	singlet_put_many((struct singlet_object *[]){ a, a, a, a }, 4);
	suite_api_expect(test, 1, 0);
	singlet_put(a);
	/* Idle it is the instance still, and a refusal leaves it idle. */
	expect_refused(test, type, "other", 5, -EEXIST);
	suite_api_expect(test, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, singlet_lookup(type, NULL, 0), a);
	singlet_put(a);

	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR(lookup(type, "first")), -ENOENT);
	b = suite_api_intern(test, type, "other");
	KUNIT_EXPECT_MEMEQ(test, singlet_data(b), "other", 5);
	singlet_put(b);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
}

static void api_single(struct kunit *test)
{
	struct singlet_type_params params = {
		.name = "s", .kind = SINGLET_KIND_SINGLE,
	};
	struct singlet_type *type = suite_api_type(test, &params);
	struct singlet_object *none;

	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_lookup(type, NULL, 0)), -ENOENT);
	expect_single(test, type);
	/* No bytes at all can be the instance, too. */
	type = suite_api_type(test, &params);
	none = singlet_intern(type, NULL, 0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, none);
	KUNIT_EXPECT_EQ(test, singlet_len(none), 0);
	expect_refused(test, type, "other", 5, -EEXIST);
	singlet_put(none);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);

	params.value_size = 5;
	type = suite_api_type(test, &params);
	expect_refused(test, type, NULL, 0, -EINVAL);
	expect_refused(test, type, "four", 4, -EINVAL);
	expect_single(test, type);
	suite_api_expect_empty(test);
}

/* Containers hold their parts; what no module's type can be, this one is. */
static void api_tuple(struct kunit *test)
{
	struct singlet_type *type = predefined(test, SINGLET_TYPE_TUPLE);
	struct singlet_type *parts = suite_api_values(test, "part");
	struct singlet_object *part = suite_api_intern(test, parts, "part");
	u64 ids[] = { singlet_id(part), singlet_id(part) }, wrong = 1ULL << 40;
	struct singlet_object *obj;

	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_intern(type, &wrong, 8,
						     GFP_KERNEL)), -ENOENT);
	obj = singlet_intern(type, ids, sizeof(ids), GFP_ATOMIC);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(part), 3);
	KUNIT_EXPECT_EQ(test, singlet_make_immortal(obj), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, singlet_type_of(obj), type);
	singlet_put(part);
	suite_api_expect(test, 2, 0);
	singlet_put(obj);
	/* The parts of an idle one are held. */
	suite_api_expect(test, 1, 1);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(parts), -EBUSY);
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 2);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(parts), 0);
	suite_api_expect_empty(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(api_life),
	KUNIT_CASE(api_apart),
	KUNIT_CASE(api_sizes),
	KUNIT_CASE(api_large),
	KUNIT_CASE(api_text),
	KUNIT_CASE(api_world),
	KUNIT_CASE(api_single),
	KUNIT_CASE(api_tuple),
	{}
};

struct kunit_suite api_suite = {
	.name = "singlet_api",
	.init = suite_api_init,
	.exit = suite_api_exit,
	.test_cases = cases,
};
