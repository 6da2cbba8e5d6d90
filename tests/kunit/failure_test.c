// SPDX-License-Identifier: GPL-2.0
/*
 * No memory: each allocation of each operation fails once.
 *
 * Whatever happened, the state afterwards is that from before or that of
 * success.
 */
#include "suites.h"

#include <linux/cred.h>
#include <linux/vmalloc.h>
#include <linux/sched.h>

#include "arena.h"
#include "domain.h"
#include "session.h"
#include "space.h"

/* A session of whoever runs the tests, or an ERR_PTR. */
static struct singlet_session *open_own(void)
{
	struct singlet_caller caller = { .cred = current_cred() };

	return singlet_session_open(&caller);
}

static void failure_store_create(struct kunit *test)
{
	struct singlet_store *store = NULL;
	unsigned int n, faults = 0;
	bool fault = true;

	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		suite_fail_nth(n);
		store = singlet_store_create();
		fault = suite_injected();
		faults += fault;
		if (IS_ERR(store)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(store), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
			continue;
		}
		suite_expect_empty(test, store);
		singlet_store_destroy(store);
	}
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, store);
	suite_expect_faults(test, faults, n);
}

/* Intern @len bytes into a new store each time. */
static void sweep_intern(struct kunit *test, u32 len, unsigned int fill)
{
	unsigned int n, i, faults = 0;
	u8 *data = vzalloc(max(len, 8U));
	bool fault = true;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		struct singlet_store *store = singlet_store_create();
		struct singlet_object *obj = NULL;
		struct singlet_stats s;
		int ret;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
		for (i = 0; i < fill; i++)
			singlet_store_put(suite_intern(test, store,
						       SINGLET_TYPE_BYTES, &i,
						       sizeof(i)));
		suite_fail_nth(n);
		ret = singlet_store_intern(store, SINGLET_TYPE_STR, data, len,
					   true, GFP_KERNEL, &obj);
		fault = suite_injected();
		faults += fault;
		s = suite_stats(store);
		KUNIT_EXPECT_TRUE(test, suite_is_valid(store));
		if (ret == -ENOMEM) {
			KUNIT_EXPECT_TRUE(test, fault);
			KUNIT_EXPECT_NULL(test, obj);
			KUNIT_EXPECT_EQ(test, s.objects, fill);
			KUNIT_EXPECT_EQ(test, s.idle, fill);
			KUNIT_EXPECT_EQ(test, s.failures, 1);
			/* And then there is memory. */
			ret = singlet_store_intern(store, SINGLET_TYPE_STR,
						   data, len, true, GFP_KERNEL,
						   &obj);
		}
		KUNIT_ASSERT_EQ(test, ret, 1);
		KUNIT_EXPECT_EQ(test, suite_stats(store).objects, fill + 1);
		singlet_store_put(obj);
		suite_expect_empty(test, store);
		singlet_store_destroy(store);
	}
	vfree(data);
	suite_expect_faults(test, faults, n);
}

static void failure_intern(struct kunit *test)
{
	sweep_intern(test, 10, 0);
}

static void failure_intern_unmagazined(struct kunit *test)
{
	sweep_intern(test, 20000, 0);
}

static void failure_intern_large(struct kunit *test)
{
	sweep_intern(test, 100000, 0);
}

/* With a table that has to grow. */
static void failure_intern_crowded(struct kunit *test)
{
	sweep_intern(test, 10, 600);
}

static void failure_alloc(struct kunit *test)
{
	unsigned int n, faults = 0;
	bool fault = true;

	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		struct singlet_store *store = singlet_store_create();
		struct singlet_object *obj;
		u32 type;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
		type = suite_type(test, store, "plain", SINGLET_KIND_PLAIN);
		suite_fail_nth(n);
		obj = singlet_store_alloc(store, type, 50, GFP_KERNEL);
		fault = suite_injected();
		faults += fault;
		if (IS_ERR(obj)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(obj), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
			KUNIT_EXPECT_EQ(test, suite_stats(store).objects, 0);
			KUNIT_EXPECT_EQ(test, suite_stats(store).failures, 1);
		} else {
			singlet_store_put(obj);
		}
		KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, type),
				0);
		suite_expect_empty(test, store);
		singlet_store_destroy(store);
	}
	suite_expect_faults(test, faults, n);
}

static void failure_type_create(struct kunit *test)
{
	struct singlet_type_args args = {
		.name = "t", .name_len = 1, .kind = SINGLET_KIND_VALUE,
	};
	struct singlet_store *store = singlet_store_create();
	unsigned int n, faults = 0;
	bool fault = true;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		struct singlet_type *type;
		u32 number = 0, other;

		suite_fail_nth(n);
		type = singlet_types_create(&store->types, &args, &number);
		fault = suite_injected();
		faults += fault;
		if (IS_ERR(type)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(type), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
			KUNIT_EXPECT_EQ(test, number, 0);
			KUNIT_EXPECT_EQ(test, store->types.nr, TYPE_PREDEFINED);
			/* The name is free, and so is the lock. */
			other = suite_type(test, store, "t",
					   SINGLET_KIND_VALUE);
			KUNIT_EXPECT_EQ(test,
					singlet_reclaim_delete_type(store, other),
					0);
			continue;
		}
		KUNIT_EXPECT_EQ(test, store->types.nr, TYPE_PREDEFINED + 1);
		suite_fail_nth(1);	/* deletion does not need memory */
		KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, number),
				0);
		suite_injected();
	}
	suite_expect_empty(test, store);
	singlet_store_destroy(store);
	suite_expect_faults(test, faults, n);
}

static void failure_session_open(struct kunit *test)
{
	struct singlet_session *s = NULL;
	unsigned int n, faults = 0;
	bool fault = true;

	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		suite_fail_nth(n);
		s = open_own();
		fault = suite_injected();
		faults += fault;
		if (IS_ERR(s)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(s), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
			continue;
		}
		singlet_session_close(s);
	}
	KUNIT_EXPECT_FALSE(test, IS_ERR(s));
	singlet_domains_destroy();
	suite_expect_faults(test, faults, n);
}

/* The record of the reference fails, or what comes before it. */
static void failure_session_intern(struct kunit *test)
{
	unsigned int n, faults = 0;
	bool fault = true;

	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		struct singlet_session *s = open_own();
		struct singlet_object *last;
		u64 id = 0;
		int ret;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
		suite_fail_nth(n);
		ret = singlet_session_intern(s, SINGLET_TYPE_STR, "value", 5,
					     true, &id);
		fault = suite_injected();
		faults += fault;
		if (ret == -ENOMEM) {
			KUNIT_EXPECT_TRUE(test, fault);
			KUNIT_EXPECT_EQ(test, s->references, 0);
			KUNIT_EXPECT_EQ(test, s->refs.bytes, 0);
			KUNIT_EXPECT_EQ(test, suite_stats(s->domain->store).objects,
					0);
		} else {
			KUNIT_EXPECT_EQ(test, ret, 1);
			KUNIT_EXPECT_EQ(test, singlet_session_release(s, id, 1,
								      &last), 0);
			if (last)
				singlet_session_let_go(s, last);
		}
		suite_expect_empty(test, s->domain->store);
		singlet_session_close(s);
	}
	singlet_domains_destroy();
	suite_expect_faults(test, faults, n);
}

/* Records that must grow wider keep what they have. */
static void failure_acquire(struct kunit *test)
{
	struct singlet_session *s = open_own();
	unsigned int n, faults = 0;
	struct singlet_object *last;
	bool fault = true;
	u64 id = 0, bytes;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		int ret;

		KUNIT_ASSERT_GE(test,
				singlet_session_intern(s, SINGLET_TYPE_STR,
						       "value", 5, true, &id),
				0);
		bytes = s->refs.bytes;
		suite_fail_nth(n);
		ret = singlet_session_acquire(s, id, 100000);
		fault = suite_injected();
		faults += fault;
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
			KUNIT_EXPECT_EQ(test, s->refs.bytes, bytes);
		}
		KUNIT_EXPECT_EQ(test, s->references, 1);
		suite_fail_nth(1);	/* giving back does not need memory */
		KUNIT_EXPECT_EQ(test,
				singlet_session_release(s, id,
							ret ? 1 : 100001,
							&last), 0);
		suite_injected();
		KUNIT_ASSERT_NOT_NULL(test, last);
		singlet_session_let_go(s, last);
		KUNIT_EXPECT_EQ(test, s->references, 0);
		KUNIT_EXPECT_EQ(test, s->refs.bytes, 0);
	}
	suite_expect_empty(test, s->domain->store);
	singlet_session_close(s);
	singlet_domains_destroy();
	suite_expect_faults(test, faults, n);
}

/* Parts have as many references as before, or those of the new container. */
static void sweep_tuple(struct kunit *test, unsigned int nr)
{
	unsigned int n, i, faults = 0;
	bool fault = true;
	u64 *ids;

	ids = kunit_kcalloc(test, nr, sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		struct singlet_store *store = singlet_store_create();
		struct singlet_object *part, *obj = NULL;
		int ret;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
		part = suite_str(test, store, "part");
		for (i = 0; i < nr; i++)
			ids[i] = singlet_object_id(part);
		suite_fail_nth(n);
		ret = singlet_store_intern(store, SINGLET_TYPE_TUPLE, ids,
					   nr * sizeof(*ids), true, GFP_KERNEL,
					   &obj);
		fault = suite_injected();
		faults += fault;
		if (ret == -ENOMEM) {
			KUNIT_EXPECT_TRUE(test, fault);
			KUNIT_EXPECT_NULL(test, obj);
			KUNIT_EXPECT_EQ(test, singlet_object_refs(part), 1);
			KUNIT_EXPECT_EQ(test, suite_stats(store).objects, 1);
		} else {
			KUNIT_ASSERT_EQ(test, ret, 1);
			KUNIT_EXPECT_EQ(test, singlet_object_refs(part),
					nr + 1);
			singlet_store_put(obj);
		}
		singlet_store_put(part);
		suite_expect_empty(test, store);
		singlet_store_destroy(store);
	}
	suite_expect_faults(test, faults, n);
}

static void failure_tuple(struct kunit *test)
{
	sweep_tuple(test, 3);
	sweep_tuple(test, 20000);
}

/* A named domain with a session, and what it costs its owner. */
static void failure_named(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, 1001, false);
	struct singlet_session *s = NULL;
	unsigned int n, faults = 0, i;
	struct singlet_user *user;
	bool fault = true;

	user = singlet_user_get(alice.cred->euid);
	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		suite_fail_nth(n);
		s = singlet_session_create(&alice, suite_name("n"), 0700,
					   SINGLET_DOMAIN_EPHEMERAL);
		fault = suite_injected();
		faults += fault;
		if (IS_ERR(s)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(s), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
		} else {
			singlet_session_close(s);
		}
		for (i = 0; i < SINGLET_QUOTAS; i++)
			KUNIT_EXPECT_EQ(test, user->use[i], 0);
	}
	KUNIT_EXPECT_FALSE(test, IS_ERR(s));
	singlet_user_put(user);
	singlet_domains_destroy();
	suite_expect_faults(test, faults, n);
}

/* An allocation and its record, in a session that had neither before. */
static void failure_session_alloc(struct kunit *test)
{
	unsigned int n, faults = 0;
	bool fault = true;

	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		struct singlet_session *s = suite_open(test, 1001), *pins;
		struct singlet_store *store = s->domain->store;
		u32 type = suite_type(test, store, "t", SINGLET_KIND_PLAIN);
		u64 id = 0;
		int err;

		suite_fail_nth(n);
		pins = singlet_pins_of(s, true);
		err = IS_ERR(pins) ? PTR_ERR(pins) :
				     singlet_plain_alloc(pins, type, 9, &id);
		fault = suite_injected();
		faults += fault;
		if (err) {
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
			KUNIT_EXPECT_EQ(test, suite_stats(store).objects, 0);
		} else {
			suite_fail_nth(1);	/* giving back does not need memory */
			suite_session_put(test, pins, id);
			suite_injected();
		}
		KUNIT_EXPECT_TRUE(test, IS_ERR(pins) ||
				  xa_empty(&pins->allocs));
		KUNIT_EXPECT_EQ(test, atomic64_read(&s->domain->account.use[2]),
				0);
		KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, type),
				0);
		singlet_session_close(s);
	}
	singlet_domains_destroy();
	suite_expect_faults(test, faults, n);
}

/* Freeing and collecting work without memory. */
static void failure_reclaim(struct kunit *test)
{
	struct singlet_store *store = singlet_store_create();
	struct singlet_reclaimed out;
	unsigned int n;
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
	for (n = 1; n < 20; n++) {
		for (i = 0; i < 50; i++)
			singlet_store_put(suite_intern(test, store,
						       SINGLET_TYPE_BYTES, &i,
						       sizeof(i)));
		suite_fail_nth(n);
		singlet_reclaim_all(store, &out);
		suite_injected();
		KUNIT_EXPECT_EQ(test, out.objects, 50);
		suite_expect_empty(test, store);
	}
	singlet_store_destroy(store);
}

/* An arena of a store with objects in it: done again, it is complete. */
static void failure_arena(struct kunit *test)
{
	static const u32 lens[] = { 10, 5000, 50000 };
	struct singlet_store *store = singlet_store_create();
	struct singlet_object *obj[ARRAY_SIZE(lens)];
	struct inode *inode = singlet_space_new();
	unsigned int n, i, faults = 0;
	bool fault = true;
	u8 *data = vzalloc(50000);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, inode);
	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		obj[i] = suite_intern(test, store, SINGLET_TYPE_BYTES, data,
				      lens[i]);
	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		int err;

		suite_fail_nth(n);
		err = singlet_arena_open(&store->pool, inode);
		fault = suite_injected();
		faults += fault;
		if (err)
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		if (!fault)
			KUNIT_EXPECT_EQ(test, err, 0);
	}
	suite_expect_faults(test, faults, n);
	KUNIT_ASSERT_NOT_NULL(test, store->pool.arena);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		KUNIT_EXPECT_NE(test, singlet_object_slab(obj[i])->run, 0);
		singlet_store_put(obj[i]);
	}
	suite_expect_empty(test, store);
	singlet_store_destroy(store);
	singlet_space_put(inode);
	vfree(data);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(failure_store_create),
	KUNIT_CASE(failure_intern),
	KUNIT_CASE(failure_intern_unmagazined),
	KUNIT_CASE(failure_intern_large),
	KUNIT_CASE(failure_intern_crowded),
	KUNIT_CASE(failure_alloc),
	KUNIT_CASE(failure_type_create),
	KUNIT_CASE(failure_session_open),
	KUNIT_CASE(failure_session_intern),
	KUNIT_CASE(failure_acquire),
	KUNIT_CASE(failure_tuple),
	KUNIT_CASE(failure_named),
	KUNIT_CASE(failure_session_alloc),
	KUNIT_CASE(failure_reclaim),
	KUNIT_CASE(failure_arena),
	{}
};

struct kunit_suite failure_suite = {
	.name = "singlet_failure",
	.init = suite_faults_init,
	.test_cases = cases,
};
