// SPDX-License-Identifier: GPL-2.0
/* <linux/singlet.h>: plain objects, made, filled, sealed and destructed. */
#include "suites.h"

#include <linux/module.h>
#include <linux/vmalloc.h>

#define LEN	100

/* What constructor and destructor were called for, and saw. */
static struct calls {
	unsigned int ctor, dtor;
	u32 ctor_len, dtor_len;		/* of the last one */
	bool zeroed;			/* each got nothing but zeroes */
	u8 seen;			/* first byte that a destructor saw */
	int err;			/* what the constructor is to return */
	struct singlet_object *drop;	/* what the destructor is to drop */
} calls;

static int ctor(void *data, u32 len)
{
	calls.ctor++;
	calls.ctor_len = len;
	calls.zeroed &= !memchr_inv(data, 0, len);
	memset(data, 'c', len);
	return calls.err;
}

static void dtor(void *data, u32 len)
{
	calls.dtor++;
	calls.dtor_len = len;
	calls.seen = len ? *(u8 *)data : 0;
	singlet_put(calls.drop);
}

static int plain_init(struct kunit *test)
{
	calls = (struct calls){ .zeroed = true };
	return suite_api_init(test);
}

static struct singlet_type *plain_type(struct kunit *test, const char *name)
{
	return suite_api_type(test, &(struct singlet_type_params){
			.name = name, .kind = SINGLET_KIND_PLAIN });
}

static struct singlet_type *coded_type(struct kunit *test)
{
	return suite_api_type(test, &(struct singlet_type_params){
			.name = "coded", .kind = SINGLET_KIND_PLAIN,
			.ctor = ctor, .dtor = dtor });
}

static struct singlet_object *alloc(struct kunit *test,
				    struct singlet_type *type, u32 len)
{
	struct singlet_object *obj = singlet_alloc(type, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, singlet_len(obj), len);
	return obj;
}

static bool unsealed(struct kunit *test, u64 id)
{
	struct singlet_domain *domain = test->priv;
	struct singlet_peek peek = {};

	KUNIT_EXPECT_EQ(test, singlet_store_peek(domain->store, id, &peek), 0);
	KUNIT_EXPECT_TRUE(test, peek.info & INFO_PLAIN);
	return peek.info & INFO_UNSEALED;
}

static void api_plain_life(struct kunit *test)
{
	struct singlet_type *type = plain_type(test, "t");
	struct singlet_object *obj = alloc(test, type, LEN);
	u64 id = singlet_id(obj);
	unsigned int i;

	KUNIT_EXPECT_NULL(test, memchr_inv(singlet_data(obj), 0, LEN));
	KUNIT_EXPECT_PTR_EQ(test, singlet_buffer(obj),
			    (void *)singlet_data(obj));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)singlet_buffer(obj),
					   8));
	KUNIT_EXPECT_TRUE(test, unsealed(test, id));
	KUNIT_EXPECT_PTR_EQ(test, singlet_type_of(obj), type);
	KUNIT_EXPECT_EQ(test, singlet_make_immortal(obj), -EINVAL);
	memset(singlet_buffer(obj), 'p', LEN);
	for (i = 0; i < 2; i++) {
		singlet_seal(obj);
		KUNIT_EXPECT_FALSE(test, unsealed(test, id));
		KUNIT_EXPECT_NULL(test, singlet_buffer(obj));
	}
	KUNIT_EXPECT_NULL(test, memchr_inv(singlet_data(obj), 'p', LEN));
	KUNIT_EXPECT_EQ(test, singlet_len(obj), LEN);
	KUNIT_EXPECT_EQ(test, singlet_id(obj), id);

	KUNIT_EXPECT_PTR_EQ(test, singlet_from_id(test->priv, id), obj);
	KUNIT_EXPECT_PTR_EQ(test, singlet_get(obj), obj);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, singlet_tryget(obj, id));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 4);
	singlet_put_many((struct singlet_object *[]){ obj, obj, obj }, 3);
	suite_api_expect(test, 1, 0);
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 0);
	singlet_put(obj);
	/* At once. */
	suite_api_expect(test, 0, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_from_id(test->priv, id)),
			-ENOENT);
	suite_api_expect_empty(test);
}

/* Equal ones are apart; what one had the next one does not see. */
static void api_plain_apart(struct kunit *test)
{
	static const u32 lens[] = { 0, 1, 8, 64, 65, 4096, 5000, 40000 };
	struct singlet_type *type = plain_type(test, "t");
	struct singlet_object *a, *b;
	unsigned int i;
	u64 id;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		a = alloc(test, type, lens[i]);
		b = alloc(test, type, lens[i]);
		KUNIT_EXPECT_PTR_NE(test, a, b);
		memset(singlet_buffer(a), 0xa5, lens[i]);
		KUNIT_EXPECT_NULL(test, memchr_inv(singlet_data(b), 0,
						   lens[i]));
		id = singlet_id(a);
		singlet_put(a);
		a = alloc(test, type, lens[i]);
		KUNIT_EXPECT_NE(test, singlet_id(a), id);
		KUNIT_EXPECT_NULL(test, memchr_inv(singlet_data(a), 0,
						   lens[i]));
		singlet_put(a);
		singlet_put(b);
	}
	suite_api_expect_empty(test);
}

/* Each kind has functions of its own. */
static void api_plain_kinds(struct kunit *test)
{
	struct singlet_type_params params = {
		.name = "t", .kind = SINGLET_KIND_VALUE, .value_size = 8,
	};
	struct singlet_type *value = suite_api_type(test, &params);
	struct singlet_value values[] = { { "12345678", 8 } };
	struct singlet_type *plain = plain_type(test, "plain");
	struct singlet_object *obj = NULL;
	struct singlet_type *single;

	params.name = "single";
	params.kind = SINGLET_KIND_SINGLE;
	single = suite_api_type(test, &params);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_alloc(value, 8, GFP_KERNEL)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_alloc(single, 8, GFP_KERNEL)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_alloc(singlet_domain_type(test->priv,
									SINGLET_TYPE_STR),
						    8, GFP_KERNEL)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_intern(plain, "12345678", 8,
						     GFP_KERNEL)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_lookup(plain, "12345678", 8)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_intern_many(plain, values, &obj, 1,
						  GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(obj), -EINVAL);
	suite_api_expect(test, 0, 0);
	/* Nobody is left as a user of the types. */
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(value), 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(single), 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(plain), 0);
	suite_api_expect_empty(test);
}

static void api_plain_sizes(struct kunit *test)
{
	static const struct {
		u32 size, max, len;
		int err;
	} rows[] = {
		{ 0, 16, 0 }, { 0, 16, 16 }, { 0, 16, 17, -EMSGSIZE },
		{ 8, 0, 8 }, { 8, 0, 7, -EINVAL }, { 8, 0, 9, -EINVAL },
		{ 8, 0, 0, -EINVAL }, { 8, 0, U32_MAX, -EMSGSIZE },
		{ 0, 0, SINGLET_MAX_VALUE },
		{ 0, 0, SINGLET_MAX_VALUE + 1, -EMSGSIZE },
	};
	struct singlet_type *type;
	struct singlet_object *obj;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		type = suite_api_type(test, &(struct singlet_type_params){
				.name = "t", .kind = SINGLET_KIND_PLAIN,
				.value_size = rows[i].size,
				.value_max = rows[i].max,
				.ctor = ctor, .dtor = dtor });
		obj = singlet_alloc(type, rows[i].len, GFP_KERNEL);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(obj), rows[i].err,
				    "row %u", i);
		if (!IS_ERR(obj))
			KUNIT_EXPECT_EQ(test, calls.ctor_len, rows[i].len);
		singlet_put(obj);
		KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
	}
	KUNIT_EXPECT_EQ(test, calls.ctor, 4);
	KUNIT_EXPECT_EQ(test, calls.dtor, 4);
	suite_api_expect_empty(test);
}

static void api_plain_ctor(struct kunit *test)
{
	struct singlet_type *type = coded_type(test);
	struct singlet_object *obj;
	struct singlet_stats s;
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		obj = alloc(test, type, LEN);
		KUNIT_EXPECT_EQ(test, calls.ctor, i);
		KUNIT_EXPECT_EQ(test, calls.ctor_len, LEN);
		KUNIT_EXPECT_TRUE(test, calls.zeroed);
		KUNIT_EXPECT_NULL(test, memchr_inv(singlet_data(obj), 'c',
						   LEN));
		KUNIT_EXPECT_TRUE(test, unsealed(test, singlet_id(obj)));
		singlet_put(obj);
		KUNIT_EXPECT_EQ(test, calls.dtor, i);
	}
	/* What it refuses was never there, whatever it wrote. */
	calls.err = -EUCLEAN;
	for (i = 0; i < 100; i++) {
		static const u32 lens[] = { LEN, 5000, 40000 };
		u32 len = lens[i % ARRAY_SIZE(lens)];

		KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_alloc(type, len,
							    GFP_KERNEL)),
				-EUCLEAN);
		KUNIT_EXPECT_EQ(test, calls.ctor_len, len);
	}
	/* No other number is taken for an object. */
	calls.err = 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_alloc(type, LEN, GFP_KERNEL)),
			-EINVAL);
	calls.err = 0;
	KUNIT_EXPECT_EQ(test, calls.ctor, 104);
	KUNIT_EXPECT_EQ(test, calls.dtor, 3);
	KUNIT_EXPECT_TRUE(test, calls.zeroed);
	suite_api_expect(test, 0, 0);
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.creates, 3);
	KUNIT_EXPECT_EQ(test, s.frees, 3);
	KUNIT_EXPECT_EQ(test, s.bytes_unique, 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
	suite_api_expect_empty(test);
}

/* Once, with the last reference, with the bytes that were there. */
static void api_plain_dtor(struct kunit *test)
{
	struct singlet_type *type = coded_type(test);
	struct singlet_object *keep = alloc(test, type, LEN);
	struct singlet_object *obj = alloc(test, type, LEN);
	unsigned int i;

	*(u8 *)singlet_buffer(obj) = 'x';
	singlet_seal(obj);
	for (i = 0; i < 10; i++)
		singlet_get(obj);
	for (i = 0; i < 10; i++)
		singlet_put(obj);
	KUNIT_EXPECT_EQ(test, calls.dtor, 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), -EBUSY);
	KUNIT_EXPECT_EQ(test, calls.dtor, 0);
	singlet_put(obj);
	KUNIT_EXPECT_EQ(test, calls.dtor, 1);
	KUNIT_EXPECT_EQ(test, calls.seen, 'x');
	KUNIT_EXPECT_EQ(test, calls.dtor_len, LEN);
	suite_api_expect(test, 1, 0);
	/* Too many; the other one keeps the slab, and so the record. */
	singlet_put(obj);
	KUNIT_EXPECT_EQ(test, calls.dtor, 1);
	suite_api_expect(test, 1, 0);
	singlet_put_many(&keep, 1);
	KUNIT_EXPECT_EQ(test, calls.dtor, 2);
	KUNIT_EXPECT_EQ(test, calls.seen, 'c');
	suite_api_expect_empty(test);
}

/* An object that holds another one lets it go with its own end. */
static void api_plain_holds(struct kunit *test)
{
	struct singlet_type *values = suite_api_values(test, "v");
	struct singlet_object *value = suite_api_intern(test, values, "value");
	struct singlet_type *type = coded_type(test);
	struct singlet_object *obj = alloc(test, type, 8);

	calls.drop = value;
	suite_api_expect(test, 2, 0);
	singlet_put(obj);
	suite_api_expect(test, 0, 1);
	/* Another plain one of the same type, within its destructor. */
	calls.drop = NULL;
	obj = alloc(test, type, 8);
	value = alloc(test, plain_type(test, "p"), 40000);
	calls.drop = value;
	singlet_put(obj);
	KUNIT_EXPECT_EQ(test, calls.dtor, 2);
	suite_api_expect(test, 0, 1);
	suite_api_expect_empty(test);
}

static struct singlet_object *intern_tuple(struct kunit *test,
					   struct singlet_object *part)
{
	u64 id = singlet_id(part);

	return singlet_intern(singlet_domain_type(test->priv,
						  SINGLET_TYPE_TUPLE),
			      &id, sizeof(id), GFP_KERNEL);
}

/* Whoever frees an idle container drops its parts: each way, and the end. */
static void api_plain_part(struct kunit *test)
{
	struct singlet_type *type = coded_type(test);
	struct singlet_object *obj, *tuple;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		obj = alloc(test, type, LEN);
		/* Not before it is sealed. */
		KUNIT_EXPECT_EQ(test, PTR_ERR(intern_tuple(test, obj)),
				-ENOENT);
		singlet_seal(obj);
		tuple = intern_tuple(test, obj);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tuple);
		singlet_put(obj);
		singlet_put(tuple);
		suite_api_expect(test, 1, 1);
		KUNIT_EXPECT_EQ(test, calls.dtor, i);
		if (i == 0)
			singlet_domain_shrink(test->priv, ULONG_MAX);
		else if (i == 1)
			suite_shrink_rounds(3);
		else
			break;
		KUNIT_EXPECT_EQ(test, calls.dtor, i + 1);
		suite_api_expect(test, 0, 0);
	}
	singlet_domain_destroy(test->priv);
	test->priv = NULL;
	KUNIT_EXPECT_EQ(test, calls.dtor, 3);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
}

/* Held when their domain ends, they may be dropped, and none is destructed. */
static void api_plain_late(struct kunit *test)
{
	struct singlet_type *type = coded_type(test);
	struct singlet_object *obj = alloc(test, type, LEN);
	struct singlet_object *other = alloc(test, type, LEN);

	singlet_put(alloc(test, type, LEN));
	KUNIT_EXPECT_EQ(test, calls.dtor, 1);
	singlet_domain_destroy(test->priv);
	test->priv = NULL;
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	KUNIT_EXPECT_NULL(test, memchr_inv(singlet_data(obj), 'c', LEN));
	singlet_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(other), 1);
	/* As when singlet goes. */
	singlet_domains_destroy();
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
	KUNIT_EXPECT_EQ(test, calls.dtor, 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(api_plain_life),
	KUNIT_CASE(api_plain_apart),
	KUNIT_CASE(api_plain_kinds),
	KUNIT_CASE(api_plain_sizes),
	KUNIT_CASE(api_plain_ctor),
	KUNIT_CASE(api_plain_dtor),
	KUNIT_CASE(api_plain_holds),
	KUNIT_CASE(api_plain_part),
	KUNIT_CASE(api_plain_late),
	{}
};

struct kunit_suite api_plain_suite = {
	.name = "singlet_api_plain",
	.init = plain_init,
	.exit = suite_api_exit,
	.test_cases = cases,
};
