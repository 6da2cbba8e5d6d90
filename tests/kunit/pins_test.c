// SPDX-License-Identifier: GPL-2.0
/* A domain's pins: they need no session, and end with the domain. */
#include "suites.h"

#include <linux/delay.h>

#define ALICE	1001
#define BOB	1002
#define REFS	SINGLET_QUOTA_REFERENCES

/* A named domain of Alice's with a session, and all whom it is about. */
struct scene {
	struct singlet_caller alice, bob, admin;
	struct singlet_session *s;
	struct singlet_user *user[2];
};

static int pins_init(struct kunit *test)
{
	struct scene *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->alice = suite_caller(test, ALICE, false);
	c->bob = suite_caller(test, BOB, false);
	c->admin = suite_caller(test, 0, true);
	c->s = singlet_session_create(&c->alice, suite_name("n"), 0700, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c->s);
	c->user[0] = singlet_user_get(c->alice.cred->euid);
	c->user[1] = singlet_user_get(c->bob.cred->euid);
	test->priv = c;
	return 0;
}

/* When all has ended, nobody uses anything. */
static void pins_exit(struct kunit *test)
{
	struct scene *c = test->priv;
	unsigned int i, j;

	if (!c)
		return;
	if (c->s)
		singlet_session_close(c->s);
	singlet_domains_destroy();
	for (i = 0; i < 2; i++) {
		for (j = 0; j < SINGLET_QUOTAS; j++)
			KUNIT_EXPECT_EQ_MSG(test, c->user[i]->use[j], 0,
					    "user %u, quota %u", i, j);
		singlet_user_put(c->user[i]);
	}
}

static struct singlet_session *pins(struct kunit *test)
{
	struct scene *c = test->priv;
	struct singlet_session *pins = singlet_pins_of(c->s, true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pins);
	KUNIT_EXPECT_PTR_EQ(test, singlet_pins_of(c->s, false), pins);
	return pins;
}

/* A string that is pinned @n times and held by nobody else; its id. */
static u64 pinned(struct kunit *test, const char *text, u32 n)
{
	struct scene *c = test->priv;
	u64 id = suite_session_str(test, c->s, text);

	KUNIT_EXPECT_EQ(test, singlet_session_acquire(pins(test), id, n), 0);
	suite_session_put(test, c->s, id);
	return id;
}

static void reopen(struct kunit *test)
{
	struct scene *c = test->priv;

	singlet_session_close(c->s);
	c->s = singlet_session_join(&c->admin, suite_name("n"),
				    SINGLET_ACCESS_READ);
	if (IS_ERR(c->s))
		c->s = NULL;
	KUNIT_ASSERT_NOT_NULL(test, c->s);
}

static int give_to(struct kunit *test, u32 id)
{
	struct scene *c = test->priv;
	struct singlet_domain_set set = {
		.flags = SINGLET_SET_UID, .uid = id,
	};

	return singlet_domain_change(&c->admin, c->s->domain,
				     (struct singlet_name){}, &set);
}

static u64 references(struct kunit *test, unsigned int user)
{
	struct scene *c = test->priv;

	return c->user[user]->use[REFS];
}

static void pins_survive(struct kunit *test)
{
	struct scene *c = test->priv;
	struct singlet_query_item item = {};
	struct singlet_reclaimed out;
	u64 id;

	KUNIT_EXPECT_NULL(test, singlet_pins_of(c->s, false));
	id = pinned(test, "value", 3);
	KUNIT_EXPECT_EQ(test, suite_stats(c->s->domain->store).pins, 1);
	reopen(test);
	KUNIT_EXPECT_EQ(test, singlet_inspect_query(c->s, id, &item), 0);
	KUNIT_EXPECT_EQ(test, item.state, SINGLET_STATE_LIVE);
	KUNIT_EXPECT_EQ(test, item.references, 1);
	KUNIT_EXPECT_EQ(test, item.held, 0);
	KUNIT_EXPECT_EQ(test, item.pins, 3);
	singlet_reclaim_all(c->s->domain->store, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 0);

	suite_session_put(test, pins(test), id);
	suite_session_put(test, pins(test), id);
	KUNIT_EXPECT_EQ(test, suite_stats(c->s->domain->store).pins, 1);
	suite_session_put(test, pins(test), id);
	KUNIT_EXPECT_EQ(test, suite_stats(c->s->domain->store).pins, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(c->s->domain->store).idle, 1);
	suite_expect_empty(test, c->s->domain->store);
}

/* What is pinned keeps a private domain, and is not counted as a leak. */
static void pins_private(struct kunit *test)
{
	struct singlet_session *s = suite_open(test, ALICE), *p;
	struct singlet_domain *domain = s->domain;
	u64 id = suite_session_str(test, s, "value");

	p = singlet_pins_of(s, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(p, id, 1), 0);
	singlet_session_close(s);
	suite_shrink_rounds(4);
	msleep(50);	/* for a worker that would end the domain */
	s = suite_open(test, ALICE);
	KUNIT_ASSERT_PTR_EQ(test, s->domain, domain);
	KUNIT_EXPECT_EQ(test, suite_session_str(test, s, "value"), id);
	suite_session_put(test, s, id);
	suite_session_put(test, singlet_pins_of(s, false), id);
	suite_expect_empty(test, domain->store);
	singlet_session_close(s);
}

/* With the domain its pins are dropped; pins_exit() counts. */
static void pins_end(struct kunit *test)
{
	struct scene *c = test->priv;
	u32 type = suite_type(test, c->s->domain->store, "plain",
			      SINGLET_KIND_PLAIN);
	u64 id = 0, outer = 0;

	pinned(test, "value", 1000);
	KUNIT_EXPECT_EQ(test, singlet_plain_alloc(pins(test), type, 10, &id),
			0);
	KUNIT_EXPECT_EQ(test, singlet_plain_seal(pins(test), id), 0);
	KUNIT_EXPECT_EQ(test, singlet_session_intern(pins(test),
						     SINGLET_TYPE_TUPLE, &id,
						     8, true, &outer), 1);
	KUNIT_EXPECT_GE(test, references(test, 0), 3);
	singlet_session_close(c->s);
	c->s = NULL;
	KUNIT_EXPECT_EQ(test, singlet_named_delete(&c->alice, suite_name("n"),
						   false), 0);
	KUNIT_EXPECT_EQ(test, references(test, 0), 0);
}

/* They are the owner's, whoever that is. */
static void pins_move(struct kunit *test)
{
	struct scene *c = test->priv;
	u64 a = pinned(test, "a", 1), b = pinned(test, "b", 5);

	reopen(test);
	KUNIT_EXPECT_GE(test, references(test, 0), 2);
	KUNIT_EXPECT_EQ(test, give_to(test, BOB), 0);
	KUNIT_EXPECT_EQ(test, references(test, 0), 0);
	KUNIT_EXPECT_GE(test, references(test, 1), 2);
	KUNIT_EXPECT_PTR_EQ(test, pins(test)->user, c->user[1]);
	suite_session_put(test, pins(test), a);
	KUNIT_EXPECT_EQ(test, give_to(test, ALICE), 0);
	KUNIT_EXPECT_EQ(test, references(test, 1), 0);
	KUNIT_EXPECT_EQ(test, give_to(test, BOB), 0);
	KUNIT_EXPECT_EQ(test, singlet_session_held(pins(test), b), 5);
}

/* Pins that the new owner may not have: nothing moves. */
static void pins_move_refused(struct kunit *test)
{
	struct scene *c = test->priv;
	u64 use[2][SINGLET_QUOTAS], limit[SINGLET_QUOTAS], now[SINGLET_QUOTAS];
	unsigned int i;

	pinned(test, "a", 1);
	pinned(test, "b", 1);
	reopen(test);
	for (i = 0; i < 2; i++)
		singlet_user_show(c->user[i], use[i], limit);
	suite_param(test, "user_max_references", 1);
	KUNIT_EXPECT_EQ(test, give_to(test, BOB), -EDQUOT);
	for (i = 0; i < 2; i++) {
		singlet_user_show(c->user[i], now, limit);
		KUNIT_EXPECT_MEMEQ(test, use[i], now, sizeof(now));
	}
	KUNIT_EXPECT_PTR_EQ(test, c->s->domain->user, c->user[0]);
	KUNIT_EXPECT_PTR_EQ(test, pins(test)->user, c->user[0]);
	/* Two are two, and what is ahead of them does not count. */
	suite_param(test, "user_max_references", 2);
	KUNIT_EXPECT_EQ(test, give_to(test, BOB), 0);
}

/* The owner changes while an unpinning has begun. */
static void pins_move_meanwhile(struct kunit *test)
{
	struct singlet_object *last = NULL;
	u64 a = pinned(test, "a", 1), b = pinned(test, "b", 1);

	reopen(test);
	KUNIT_EXPECT_EQ(test, singlet_session_release(pins(test), a, 1, &last),
			0);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, give_to(test, BOB), 0);
	singlet_session_let_go(pins(test), last);
	KUNIT_EXPECT_EQ(test, references(test, 0), 0);
	KUNIT_EXPECT_EQ(test, references(test, 1),
			pins(test)->references + suite_ahead(pins(test)));

	/* The same, and then it is taken back. */
	KUNIT_EXPECT_EQ(test, singlet_session_release(pins(test), b, 1, &last),
			0);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, give_to(test, ALICE), 0);
	singlet_session_take_back(pins(test), last, 1);
	KUNIT_EXPECT_EQ(test, references(test, 1), 0);
	KUNIT_EXPECT_EQ(test, references(test, 0),
			pins(test)->references + suite_ahead(pins(test)));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(pins_survive),
	KUNIT_CASE(pins_private),
	KUNIT_CASE(pins_end),
	KUNIT_CASE(pins_move),
	KUNIT_CASE(pins_move_refused),
	KUNIT_CASE(pins_move_meanwhile),
	{}
};

struct kunit_suite pins_suite = {
	.name = "singlet_pins",
	.init = pins_init,
	.exit = pins_exit,
	.test_cases = cases,
};
