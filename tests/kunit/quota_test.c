// SPDX-License-Identifier: GPL-2.0
/* What users and accounts may use: exact limits, and what is reserved ahead. */
#include "suites.h"

#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#define OBJECTS	SINGLET_QUOTA_OBJECTS
#define BYTES	SINGLET_QUOTA_BYTES
#define AHEAD	singlet_quota_ahead[OBJECTS]

/* Two users, and accounts of theirs. */
struct payers {
	struct singlet_user *user[2];
	struct singlet_account account[3];
};

static int quota_init(struct kunit *test)
{
	struct payers *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	unsigned int i;

	if (!p)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(p->user); i++) {
		p->user[i] = singlet_user_get(KUIDT_INIT(2000 + i));
		if (!p->user[i])
			return -ENOMEM;
	}
	for (i = 0; i < ARRAY_SIZE(p->account); i++)
		singlet_account_init(&p->account[i], p->user[0],
				     DRAWN_BY_STORE);
	test->priv = p;
	return 0;
}

static void quota_exit(struct kunit *test)
{
	struct payers *p = test->priv;
	unsigned int i, j;

	if (!p)
		return;
	for (i = 0; i < ARRAY_SIZE(p->account); i++)
		singlet_account_end(&p->account[i]);
	for (i = 0; i < ARRAY_SIZE(p->user); i++) {
		for (j = 0; j < SINGLET_QUOTAS; j++)
			KUNIT_EXPECT_EQ(test, p->user[i]->use[j], 0);
		singlet_user_put(p->user[i]);
	}
}

static u64 used(struct singlet_account *account, unsigned int quota)
{
	return atomic64_read(&account->use[quota]);
}

static void expect_charge(struct kunit *test, struct singlet_account *account,
			  u64 n, int err)
{
	u64 was = used(account, OBJECTS);

	KUNIT_EXPECT_EQ(test, singlet_account_charge(account, OBJECTS, n), err);
	KUNIT_EXPECT_EQ(test, used(account, OBJECTS), err ? was : was + n);
}

static void quota_limit(struct kunit *test)
{
	struct payers *p = test->priv;
	struct singlet_account *a = &p->account[0];

	a->limit[OBJECTS] = 10;
	expect_charge(test, a, 11, -EDQUOT);
	expect_charge(test, a, 10, 0);
	expect_charge(test, a, 1, -EDQUOT);
	singlet_account_uncharge(a, OBJECTS, 1);
	expect_charge(test, a, 2, -EDQUOT);
	expect_charge(test, a, 1, 0);
	/* Other quotas are others. */
	KUNIT_EXPECT_EQ(test, singlet_account_charge(a, BYTES, 1000), 0);

	/* Below what is used: nothing more until enough is given back. */
	a->limit[OBJECTS] = 5;
	expect_charge(test, a, 1, -EDQUOT);
	singlet_account_uncharge(a, OBJECTS, 5);
	expect_charge(test, a, 1, -EDQUOT);
	singlet_account_uncharge(a, OBJECTS, 1);
	expect_charge(test, a, 1, 0);
	a->limit[OBJECTS] = 0;
	expect_charge(test, a, 100000, 0);
	singlet_account_uncharge(a, OBJECTS, 100005);
	singlet_account_uncharge(a, BYTES, 1000);
}

/* The module's parameter counts where the account has no limit of its own. */
static void quota_default(struct kunit *test)
{
	struct payers *p = test->priv;
	struct singlet_account *a = &p->account[0];

	suite_param(test, "domain_max_objects", 7);
	KUNIT_EXPECT_EQ(test, singlet_account_limit(a, OBJECTS), 7);
	expect_charge(test, a, 8, -EDQUOT);
	expect_charge(test, a, 7, 0);
	a->limit[OBJECTS] = 9;
	KUNIT_EXPECT_EQ(test, singlet_account_limit(a, OBJECTS), 9);
	expect_charge(test, a, 2, 0);
	expect_charge(test, a, 1, -EDQUOT);
	a->limit[OBJECTS] = 0;
	KUNIT_EXPECT_EQ(test, singlet_account_limit(a, OBJECTS), U64_MAX);
	a->limit[OBJECTS] = LIMIT_DEFAULT;
	suite_param(test, "domain_max_objects", 0);
	KUNIT_EXPECT_EQ(test, singlet_account_limit(a, OBJECTS), U64_MAX);
	singlet_account_uncharge(a, OBJECTS, 9);
}

/* Whose account nobody limits has the limits of its own only. */
static void quota_no_user(struct kunit *test)
{
	struct singlet_account a;

	suite_param(test, "domain_max_objects", 7);
	singlet_account_init(&a, NULL, DRAWN_BY_STORE);
	expect_charge(test, &a, 1ULL << 40, 0);
	a.limit[OBJECTS] = (1ULL << 40) + 1;
	expect_charge(test, &a, 1, 0);
	expect_charge(test, &a, 1, -EDQUOT);
	singlet_account_uncharge(&a, OBJECTS, (1ULL << 40) + 1);
	KUNIT_EXPECT_EQ(test, used(&a, OBJECTS), 0);
	singlet_account_end(&a);
}

/* Most charges do not come to the user; how much is ahead is bounded. */
static void quota_ahead(struct kunit *test)
{
	struct payers *p = test->priv;
	struct singlet_account *a = &p->account[0];
	unsigned int i, changes = 0;
	u64 was = 0;

	for (i = 1; i <= 10 * AHEAD; i++) {
		expect_charge(test, a, 1, 0);
		changes += p->user[0]->use[OBJECTS] != was;
		was = p->user[0]->use[OBJECTS];
		KUNIT_ASSERT_GE(test, was, i);
		KUNIT_ASSERT_LE(test, was, i + AHEAD);
	}
	KUNIT_EXPECT_LE(test, changes, 10);
	while (--i) {
		singlet_account_uncharge(a, OBJECTS, 1);
		KUNIT_ASSERT_LE(test, p->user[0]->use[OBJECTS],
				i - 1 + 2 * AHEAD);
	}
	/* Who asks sees what is used. */
	expect_charge(test, a, 3, 0);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[0], OBJECTS), 3);
	KUNIT_EXPECT_EQ(test, p->user[0]->use[OBJECTS], 3);
	singlet_account_uncharge(a, OBJECTS, 3);
}

/* All the accounts of a user together, to the last one. */
static void quota_user_limit(struct kunit *test)
{
	struct payers *p = test->priv;
	unsigned int i, n = 0;

	suite_param(test, "user_max_objects", 1000);
	/* Each has something ahead. */
	for (i = 0; i < 3; i++)
		expect_charge(test, &p->account[i], 1, 0);
	while (n < 2000 &&
	       !singlet_account_charge(&p->account[n % 3], OBJECTS, 1))
		n++;
	KUNIT_EXPECT_EQ(test, n, 997);
	for (i = 0; i < 3; i++)
		expect_charge(test, &p->account[i], 1, -EDQUOT);
	singlet_account_uncharge(&p->account[0], OBJECTS, 5);
	expect_charge(test, &p->account[2], 6, -EDQUOT);
	expect_charge(test, &p->account[2], 5, 0);
	expect_charge(test, &p->account[0], 1, -EDQUOT);
	KUNIT_EXPECT_EQ(test, p->user[0]->use[OBJECTS], 1000);

	/* The limit falls below the use: what is given back is not had again. */
	suite_param(test, "user_max_objects", 500);
	singlet_account_uncharge(&p->account[1], OBJECTS, 1);
	expect_charge(test, &p->account[0], 1, -EDQUOT);
	expect_charge(test, &p->account[1], 1, -EDQUOT);
	suite_param(test, "user_max_objects", 0);
	expect_charge(test, &p->account[1], 100000, 0);
	for (i = 0; i < 3; i++)
		singlet_account_uncharge(&p->account[i], OBJECTS,
					 used(&p->account[i], OBJECTS));
}

static void quota_user_direct(struct kunit *test)
{
	struct payers *p = test->priv;
	struct singlet_user *user = p->user[0];
	const unsigned int quota = SINGLET_QUOTA_REFERENCES;

	suite_param(test, "user_max_references", 100);
	KUNIT_EXPECT_EQ(test, singlet_user_charge(user, quota, 101), -EDQUOT);
	KUNIT_EXPECT_EQ(test, singlet_user_charge(user, quota, 99), 0);
	KUNIT_EXPECT_EQ(test, singlet_user_charge(user, quota, 2), -EDQUOT);
	KUNIT_EXPECT_EQ(test, singlet_user_charge(user, quota, U64_MAX),
			-EDQUOT);
	KUNIT_EXPECT_EQ(test, singlet_user_charge(user, quota, 1), 0);
	singlet_user_uncharge(user, quota, 100);
	KUNIT_EXPECT_EQ(test, user->use[quota], 0);
	/* Somebody is one user, whoever asks. */
	KUNIT_EXPECT_PTR_EQ(test, singlet_user_get(user->uid), user);
	KUNIT_EXPECT_PTR_NE(test, p->user[0], p->user[1]);
	singlet_user_put(user);
}

static void quota_move(struct kunit *test)
{
	struct payers *p = test->priv;
	struct singlet_account *a = &p->account[0];
	u64 use[2];

	expect_charge(test, a, 100, 0);
	KUNIT_EXPECT_EQ(test, singlet_account_charge(a, BYTES, 5000), 0);
	KUNIT_EXPECT_EQ(test, singlet_account_move(a, p->user[0], false), 0);
	KUNIT_EXPECT_EQ(test, singlet_account_move(a, p->user[1], false), 0);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[0], OBJECTS), 0);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[0], BYTES), 0);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[1], OBJECTS), 100);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[1], BYTES), 5000);
	singlet_account_move(a, p->user[0], true);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[0], OBJECTS), 100);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[1], BYTES), 0);

	/* Too much of the second thing: nothing is changed. */
	suite_param(test, "user_max_bytes", 4999);
	memcpy(use, p->user[0]->use, sizeof(use));
	KUNIT_EXPECT_EQ(test, singlet_account_move(a, p->user[1], false), -EDQUOT);
	KUNIT_EXPECT_MEMEQ(test, use, p->user[0]->use, sizeof(use));
	KUNIT_EXPECT_EQ(test, p->user[1]->use[OBJECTS], 0);
	KUNIT_EXPECT_EQ(test, p->user[1]->use[BYTES], 0);
	KUNIT_EXPECT_PTR_EQ(test, a->user, p->user[0]);
	singlet_account_uncharge(a, OBJECTS, 100);
	singlet_account_uncharge(a, BYTES, 5000);
}

/* What was reserved ahead, on either side, does not hinder a move. */
static void quota_move_exact(struct kunit *test)
{
	struct payers *p = test->priv;
	struct singlet_account *a = &p->account[0], *b = &p->account[1];

	KUNIT_EXPECT_EQ(test, singlet_account_move(b, p->user[1], false), 0);
	expect_charge(test, a, 100, 0);
	expect_charge(test, b, 50, 0);
	suite_param(test, "user_max_objects", 149);
	KUNIT_EXPECT_EQ(test, singlet_account_move(a, p->user[1], false), -EDQUOT);
	suite_param(test, "user_max_objects", 150);
	KUNIT_EXPECT_EQ(test, singlet_account_move(a, p->user[1], false), 0);
	expect_charge(test, a, 1, -EDQUOT);
	expect_charge(test, b, 1, -EDQUOT);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[1], OBJECTS), 150);
	singlet_account_uncharge(a, OBJECTS, 100);
	singlet_account_uncharge(b, OBJECTS, 50);
}

/* Threads that charge what the limit does not allow them all. */
struct shared {
	struct payers *payers;
	struct suite_meeting meeting;
	atomic64_t held;	/* by all of them, when they meet */
	u64 limit;
	long beyond;		/* meetings with more held than the limit */
	long missing;		/* ... with more held than the user is charged */
	long wrong;		/* ... with other sums than what is held */
	long rounds;
	long refused;
	long charged;
};

struct member {
	struct shared *s;
	unsigned int nr;
};

static void look(struct shared *s)
{
	u64 held = atomic64_read(&s->held), sum = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(s->payers->account); i++)
		sum += used(&s->payers->account[i], OBJECTS);
	s->wrong += sum != held;
	s->beyond += held > s->limit;
	s->missing += held > READ_ONCE(s->payers->user[0]->use[OBJECTS]);
	s->rounds++;
}

static int charger(void *ctx)
{
	struct member *m = ctx;
	struct shared *s = m->s;
	u32 state = m->nr + 1;
	u64 held[3] = {};
	int round = 0;
	unsigned int i;

	do {
		for (i = 0; i < 300; i++) {
			unsigned int a = (i + m->nr) % 3;
			struct singlet_account *account =
				&s->payers->account[a];

			state = state * 1664525 + 1013904223;
			if (held[a] && state & BIT(20)) {
				singlet_account_uncharge(account, OBJECTS,
							 held[a]);
				atomic64_sub(held[a], &s->held);
				held[a] = 0;
			} else {
				u64 n = 1 + (state >> 24) % 64;
				int err;

				err = singlet_account_charge(account, OBJECTS,
							     n);
				if (!m->nr)
					*(err ? &s->refused : &s->charged) += 1;
				if (err)
					continue;
				held[a] += n;
				atomic64_add(n, &s->held);
			}
		}
		if (!suite_meet(&s->meeting, &round))
			break;
		if (!m->nr)
			look(s);
	} while (suite_meet(&s->meeting, &round));
	for (i = 0; i < 3; i++)
		singlet_account_uncharge(&s->payers->account[i], OBJECTS,
					 held[i]);
	suite_wait_for_stop();
	return 0;
}

static bool charged_enough(void *ctx)
{
	const struct shared *s = ((struct member *)ctx)->s;

	return READ_ONCE(s->rounds) > 1 && READ_ONCE(s->refused) &&
	       READ_ONCE(s->charged);
}

static void quota_race(struct kunit *test)
{
	static const suite_thread_t fn[] = { charger, charger, charger };
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct member m[] = { { s, 0 }, { s, 1 }, { s, 2 } };
	void *ctx[] = { &m[0], &m[1], &m[2] };
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->payers = test->priv;
	suite_meeting_init(&s->meeting, ARRAY_SIZE(fn));
	s->limit = 400;
	suite_param(test, "user_max_objects", s->limit);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 600, charged_enough);
	KUNIT_EXPECT_EQ(test, s->beyond, 0);
	KUNIT_EXPECT_EQ(test, s->missing, 0);
	KUNIT_EXPECT_EQ(test, s->wrong, 0);
	KUNIT_EXPECT_GT(test, s->rounds, 1);
	KUNIT_EXPECT_GT(test, s->refused, 0);
	KUNIT_EXPECT_GT(test, s->charged, 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, used(&s->payers->account[i], OBJECTS), 0);
	KUNIT_EXPECT_EQ(test, suite_user_use(s->payers->user[0], OBJECTS), 0);
	kunit_info(test, "%ld rounds", s->rounds);
}

/* One thread charges an account, the other gives up what it has ahead. */
struct squeezed {
	struct singlet_user *user;
	struct singlet_account *account;
	unsigned long rounds;
	unsigned long short_of;	/* rounds with more used than was reserved */
};

static int squeezer(void *ctx)
{
	struct squeezed *s = ctx;

	while (!kthread_should_stop()) {
		suite_user_use(s->user, OBJECTS);
		cond_resched();
	}
	return 0;
}

static int spender(void *ctx)
{
	struct squeezed *s = ctx;
	u64 held = 0;

	while (!kthread_should_stop()) {
		unsigned int i;

		/* The first one reserves for those that follow. */
		for (i = 0; i < 2 + s->rounds % 8; i++)
			held += !singlet_account_charge(s->account, OBJECTS, 1);
		/* Takes the lock, so who was giving up has done so. */
		singlet_user_charge(s->user, OBJECTS, 0);
		s->short_of += READ_ONCE(s->account->reserved[OBJECTS]) < held;
		s->rounds++;
		if (held > 1000) {
			singlet_account_uncharge(s->account, OBJECTS, held);
			held = 0;
			cond_resched();
		}
	}
	singlet_account_uncharge(s->account, OBJECTS, held);
	return 0;
}

static bool squeezed_enough(void *ctx)
{
	const struct squeezed *s = ctx;

	return READ_ONCE(s->rounds) > 1;
}

static void quota_squeeze_race(struct kunit *test)
{
	static const suite_thread_t fn[] = { squeezer, spender };
	struct payers *p = test->priv;
	struct squeezed s = {
		.user = p->user[0], .account = &p->account[0],
	};
	void *ctx[] = { &s, &s };

	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 500, squeezed_enough);
	KUNIT_EXPECT_EQ(test, s.short_of, 0);
	KUNIT_EXPECT_GT(test, s.rounds, 1);
	kunit_info(test, "%lu rounds", s.rounds);
}

/* Every one of very many accounts gives up what it has ahead. */
static void quota_many_accounts(struct kunit *test)
{
	const unsigned int nr = 1000;
	struct payers *p = test->priv;
	struct singlet_account *a, other;
	unsigned int i, failed = 0;
	u64 use;

	a = kvcalloc(nr, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	for (i = 0; i < nr; i++) {
		singlet_account_init(&a[i], p->user[0], DRAWN_BY_STORE);
		failed += !!singlet_account_charge(&a[i], OBJECTS, 2);
	}
	KUNIT_EXPECT_EQ(test, p->user[0]->use[OBJECTS], nr * (2 + AHEAD));
	for (i = 0; i < nr; i++)
		singlet_account_uncharge(&a[i], OBJECTS, 1);
	/* All but one object is somebody's or ahead. */
	suite_param(test, "user_max_objects", nr + 5000);
	expect_charge(test, &p->account[0], 5001, -EDQUOT);
	expect_charge(test, &p->account[0], 5000, 0);
	expect_charge(test, &p->account[1], 1, -EDQUOT);
	use = suite_user_use(p->user[0], OBJECTS);
	KUNIT_EXPECT_EQ(test, use, nr + 5000);
	singlet_account_uncharge(&a[nr - 1], OBJECTS, 1);
	expect_charge(test, &p->account[1], 1, 0);
	/* To who has no room but by what others give up. */
	singlet_account_uncharge(&p->account[0], OBJECTS, 4000);
	suite_param(test, "user_max_objects", nr + 1000);
	singlet_account_init(&other, p->user[1], DRAWN_BY_STORE);
	expect_charge(test, &other, 1, 0);
	KUNIT_EXPECT_EQ(test, singlet_account_move(&other, p->user[0], false), -EDQUOT);
	singlet_account_uncharge(&a[0], OBJECTS, 1);
	KUNIT_EXPECT_EQ(test, singlet_account_move(&other, p->user[0], false), 0);
	KUNIT_EXPECT_EQ(test, failed, 0);
	for (i = 1; i < nr - 1; i++)
		singlet_account_uncharge(&a[i], OBJECTS, 1);
	for (i = 0; i < nr; i++)
		singlet_account_end(&a[i]);
	singlet_account_end(&other);
	singlet_account_uncharge(&p->account[0], OBJECTS, 1000);
	singlet_account_uncharge(&p->account[1], OBJECTS, 1);
	kvfree(a);
}

static unsigned int relieved;

static bool relieve(struct singlet_store *store)
{
	relieved++;
	return relieved % 4;
}

/* What others have goes for the owner's limit, not for the store's own. */
static void quota_relief(struct kunit *test)
{
	struct payers *p = test->priv;
	struct singlet_store *store = singlet_store_create();
	struct singlet_object *held, *obj;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
	store->account = &p->account[0];
	store->relieve = relieve;
	relieved = 0;
	suite_param(test, "user_max_objects", 1);
	held = suite_str(test, store, "the only one");
	p->account[0].limit[OBJECTS] = 1;
	KUNIT_EXPECT_EQ(test, singlet_store_intern(store, SINGLET_TYPE_STR,
						   "another", 7, true,
						   GFP_KERNEL, &obj), -EDQUOT);
	KUNIT_EXPECT_EQ(test, relieved, 0);
	p->account[0].limit[OBJECTS] = 0;
	p->account[0].limit[BYTES] = 20;
	suite_param(test, "user_max_objects", 2);
	KUNIT_EXPECT_EQ(test, singlet_store_intern(store, SINGLET_TYPE_STR,
						   "another", 7, true,
						   GFP_KERNEL, &obj), -EDQUOT);
	KUNIT_EXPECT_EQ(test, relieved, 0);
	p->account[0].limit[BYTES] = 0;
	suite_param(test, "user_max_objects", 1);
	KUNIT_EXPECT_EQ(test, suite_user_use(p->user[0], OBJECTS), 1);
	KUNIT_EXPECT_EQ(test, singlet_store_intern(store, SINGLET_TYPE_STR,
						   "another", 7, true,
						   GFP_KERNEL, &obj), -EDQUOT);
	KUNIT_EXPECT_EQ(test, relieved, 4);
	singlet_store_put(held);
	suite_expect_empty(test, store);
	singlet_store_destroy(store);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(quota_many_accounts),
	KUNIT_CASE(quota_relief),
	KUNIT_CASE(quota_limit),
	KUNIT_CASE(quota_default),
	KUNIT_CASE(quota_no_user),
	KUNIT_CASE(quota_ahead),
	KUNIT_CASE(quota_user_limit),
	KUNIT_CASE(quota_user_direct),
	KUNIT_CASE(quota_move),
	KUNIT_CASE(quota_move_exact),
	KUNIT_CASE(quota_race),
	KUNIT_CASE(quota_squeeze_race),
	{}
};

struct kunit_suite quota_suite = {
	.name = "singlet_quota",
	.init = quota_init,
	.exit = quota_exit,
	.test_cases = cases,
};
