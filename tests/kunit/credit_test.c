// SPDX-License-Identifier: GPL-2.0
/*
 * References of a session against the quotas of its user and its domain, and
 * the record of what it allocated.
 */
#include "suites.h"

#define ALICE	1001
#define BOB	1002
#define REFS	SINGLET_QUOTA_REFERENCES

static int credit_init(struct kunit *test)
{
	test->priv = suite_open(test, ALICE);
	return 0;
}

static void credit_exit(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	struct singlet_user *user;
	unsigned int i;

	if (!s)
		return;
	user = singlet_user_get(s->user->uid);
	singlet_session_close(s);
	singlet_domains_destroy();
	for (i = 0; i < SINGLET_QUOTAS; i++)
		KUNIT_EXPECT_EQ_MSG(test, user->use[i], 0, "quota %u", i);
	singlet_user_put(user);
}

static int try_intern(struct singlet_session *s, u64 value, u64 *id)
{
	return singlet_session_intern(s, SINGLET_TYPE_BYTES, &value,
				      sizeof(value), true, id);
}

/* What the session has to pay for, and pays. */
static void expect_paid(struct kunit *test, struct singlet_session *s,
			u64 references)
{
	KUNIT_EXPECT_EQ(test, s->references, references);
	KUNIT_EXPECT_EQ(test, atomic64_read(&s->domain->account.use[REFS]),
			references);
	KUNIT_EXPECT_EQ(test, s->user->use[REFS], references + suite_ahead(s));
}

/* To the last one, with or without others that have some ahead. */
static void credit_exact(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	struct singlet_object *last;
	u64 i, id = 0, first = 0;

	suite_param(test, "user_max_references", 1500);
	KUNIT_EXPECT_EQ(test, try_intern(s, 0, &first), 1);
	for (i = 1; i < 1500; i++)
		KUNIT_ASSERT_EQ(test, try_intern(s, i, &id), 1);
	expect_paid(test, s, 1500);
	KUNIT_EXPECT_EQ(test, suite_ahead(s), 0);
	KUNIT_EXPECT_EQ(test, try_intern(s, 1500, &id), -EDQUOT);
	/* That object is gone again; one that is held counts once. */
	KUNIT_EXPECT_EQ(test, suite_stats(s->domain->store).objects, 1500);
	KUNIT_EXPECT_EQ(test, suite_stats(s->domain->store).refusals, 1);
	KUNIT_EXPECT_EQ(test, try_intern(s, 0, &id), 0);
	expect_paid(test, s, 1500);

	KUNIT_EXPECT_EQ(test, singlet_session_release(s, first, 2, &last), 0);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, try_intern(s, 1500, &id), -EDQUOT);
	singlet_session_let_go(s, last);
	expect_paid(test, s, 1499);
	KUNIT_EXPECT_EQ(test, try_intern(s, 1500, &id), 1);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, first, 1), -EDQUOT);
	expect_paid(test, s, 1500);
}

/* What a session has ahead is no loss to another. */
static void credit_of_others(struct kunit *test)
{
	struct singlet_session *s = test->priv, *t = suite_open(test, ALICE);
	struct singlet_user *user = s->user;
	u64 i, id = 0;

	suite_param(test, "user_max_references", 1200);
	KUNIT_EXPECT_EQ(test, try_intern(t, 0, &id), 1);
	KUNIT_EXPECT_GT(test, suite_ahead(t), 0);
	for (i = 1; i < 1300 && try_intern(s, i, &id) == 1; i++)
		;
	KUNIT_EXPECT_EQ(test, s->references + t->references, 1200);
	KUNIT_EXPECT_EQ(test, user->use[REFS], 1200);
	singlet_session_close(t);
	KUNIT_EXPECT_EQ(test, user->use[REFS], s->references + suite_ahead(s));
}

static void credit_domain_limit(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	u64 id = 0, ids[3];
	unsigned int i;

	s->domain->account.limit[REFS] = 3;
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, try_intern(s, i, &ids[i]), 1);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, try_intern(s, 3, &id), -EDQUOT);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, ids[0], 5), 0);
	expect_paid(test, s, 3);
	suite_session_put(test, s, ids[1]);
	expect_paid(test, s, 2);
	KUNIT_EXPECT_EQ(test, try_intern(s, 3, &id), 1);
	expect_paid(test, s, 3);
}

/* Released, and then not after all. */
static void credit_take_back(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	struct singlet_object *last;
	u64 id = 0;

	KUNIT_EXPECT_EQ(test, try_intern(s, 1, &id), 1);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, 6), 0);
	expect_paid(test, s, 1);
	/* Neither quota nor memory is needed for it. */
	KUNIT_EXPECT_EQ(test, singlet_session_release(s, id, 7, &last), 0);
	KUNIT_ASSERT_NOT_NULL(test, last);
	suite_param(test, "user_max_references", 1);
	s->domain->account.limit[REFS] = 1;
	singlet_session_take_back(s, last, 7);
	KUNIT_EXPECT_EQ(test, singlet_session_held(s, id), 7);
	KUNIT_EXPECT_EQ(test, s->bytes_logical, 8);
	expect_paid(test, s, 1);

	/* Another thread of the session took it meanwhile. */
	s->domain->account.limit[REFS] = 0;
	suite_param(test, "user_max_references", 0);
	KUNIT_EXPECT_EQ(test, singlet_session_release(s, id, 7, &last), 0);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, 2), 0);
	singlet_session_take_back(s, last, 7);
	KUNIT_EXPECT_EQ(test, singlet_session_held(s, id), 9);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(last), 1);
	expect_paid(test, s, 1);
	KUNIT_EXPECT_EQ(test, singlet_session_release(s, id, 9, &last), 0);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, 2), 0);
	singlet_session_let_go(s, last);
	KUNIT_EXPECT_EQ(test, singlet_session_held(s, id), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(last), 1);
	expect_paid(test, s, 1);
}

/* Unused credit goes back when it is much, or with the session. */
static void credit_bounded(struct kunit *test)
{
	struct singlet_session *s = test->priv, *t = suite_open(test, ALICE);
	struct singlet_user *user = s->user;
	const unsigned int nr = 1000;
	u64 i, *ids;

	ids = kunit_kcalloc(test, nr, sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, try_intern(t, i, &ids[i]), 1);
	KUNIT_EXPECT_LE(test, suite_ahead(t), 64);
	for (i = 0; i < nr; i++) {
		suite_session_put(test, t, ids[i]);
		KUNIT_ASSERT_LE(test, suite_ahead(t), 128);
		KUNIT_ASSERT_EQ(test, user->use[REFS],
				t->references + suite_ahead(t));
	}
	for (i = 0; i < 10; i++)
		try_intern(t, i, &ids[i]);
	singlet_session_close(t);
	KUNIT_EXPECT_EQ(test, user->use[REFS], 0);
	expect_paid(test, s, 0);
}

/* Leaks */

static u64 alloc(struct kunit *test, struct singlet_session *s, u32 type,
		 u32 len)
{
	u64 id = 0;

	KUNIT_EXPECT_EQ(test, singlet_plain_alloc(s, type, len, &id), 0);
	return id;
}

/* All that @s sees of session @number, in steps of @step; how many. */
static u32 leaks(struct kunit *test, struct singlet_session *s, u32 id,
		 u32 number, struct singlet_leak *leak, u32 step)
{
	struct singlet_caller caller = suite_caller(test, id, false);
	u64 cursor = 0;
	u32 n = 0;
	int ret;

	do {
		ret = singlet_inspect_leaks(s, &caller, number, &cursor,
					    leak + n, step);
		KUNIT_ASSERT_GE(test, ret, 0);
		KUNIT_ASSERT_TRUE(test, ret || !cursor);
		n += ret;
	} while (cursor && n < 100);
	return n;
}

static void credit_leaks(struct kunit *test)
{
	struct singlet_session *s = test->priv, *t = suite_open(test, ALICE);
	u32 type = suite_type(test, s->domain->store, "plain",
			      SINGLET_KIND_PLAIN);
	struct singlet_leak *leak = kunit_kcalloc(test, 128, sizeof(*leak),
						  GFP_KERNEL);
	struct singlet_caller caller = suite_caller(test, ALICE, false);
	u64 ids[6], cursor = 0, i;
	u32 step;

	KUNIT_ASSERT_NOT_NULL(test, leak);
	KUNIT_EXPECT_EQ(test, leaks(test, s, ALICE, 0, leak, 4), 0);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = alloc(test, i < 4 ? s : t, type, 10 + i);
	suite_session_str(test, s, "no plain object");
	for (step = 1; step <= 8; step++) {
		KUNIT_EXPECT_EQ(test, leaks(test, s, ALICE, 0, leak, step), 6);
		for (i = 0; i < ARRAY_SIZE(ids); i++) {
			KUNIT_EXPECT_EQ(test, leak[i].session,
					i < 4 ? s->number : t->number);
			KUNIT_EXPECT_EQ(test, leak[i].type, type);
			KUNIT_EXPECT_GE(test, leak[i].len, 10);
			KUNIT_EXPECT_LE(test, leak[i].len, 15);
		}
		KUNIT_EXPECT_EQ(test, leaks(test, s, ALICE, t->number, leak,
					    step), 2);
	}
	KUNIT_EXPECT_EQ(test, singlet_inspect_leaks(s, &caller, 999, &cursor,
						    leak, 1), -ENOENT);

	/* In use by others: held, but not allocated there. */
	KUNIT_EXPECT_EQ(test, singlet_plain_seal(s, ids[0]), 0);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(t, ids[0], 1), 0);
	KUNIT_EXPECT_EQ(test, leaks(test, s, ALICE, t->number, leak, 8), 2);
	/* Released, it is no leak, though it exists. */
	suite_session_put(test, s, ids[0]);
	suite_session_put(test, s, ids[1]);
	KUNIT_EXPECT_EQ(test, leaks(test, s, ALICE, s->number, leak, 8), 2);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, ids[0], 1), 0);
	KUNIT_EXPECT_EQ(test, leaks(test, s, ALICE, s->number, leak, 8), 2);
	singlet_session_close(t);
	KUNIT_EXPECT_EQ(test, leaks(test, s, ALICE, 0, leak, 8), 2);
}

/* Who is not the owner sees the own sessions' only. */
static void credit_leaks_of_others(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, ALICE, false);
	struct singlet_caller bob = suite_caller(test, BOB, false);
	struct singlet_session *a, *b;
	struct singlet_leak leak[8];
	u64 cursor = 0;
	u32 type;

	a = singlet_session_create(&alice, suite_name("n"), 0777, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	b = singlet_session_join(&bob, suite_name("n"), SINGLET_ACCESS_WRITE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	type = suite_type(test, a->domain->store, "plain", SINGLET_KIND_PLAIN);
	alloc(test, a, type, 1);
	alloc(test, b, type, 2);
	KUNIT_EXPECT_EQ(test, leaks(test, a, ALICE, 0, leak, 4), 2);
	KUNIT_EXPECT_EQ(test, leaks(test, b, BOB, 0, leak, 4), 1);
	KUNIT_EXPECT_EQ(test, leak[0].len, 2);
	KUNIT_EXPECT_EQ(test, singlet_inspect_leaks(b, &bob, a->number, &cursor,
						    leak, 1), -ENOENT);
	singlet_session_close(a);
	singlet_session_close(b);
	KUNIT_EXPECT_EQ(test, singlet_named_delete(&alice, suite_name("n"),
						   false), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(credit_exact),
	KUNIT_CASE(credit_of_others),
	KUNIT_CASE(credit_domain_limit),
	KUNIT_CASE(credit_take_back),
	KUNIT_CASE(credit_bounded),
	KUNIT_CASE(credit_leaks),
	KUNIT_CASE(credit_leaks_of_others),
	{}
};

struct kunit_suite credit_suite = {
	.name = "singlet_credit",
	.init = credit_init,
	.exit = credit_exit,
	.test_cases = cases,
};
