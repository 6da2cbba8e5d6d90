// SPDX-License-Identifier: GPL-2.0
/* Objects whose references are counted by each CPU. */
#include "suites.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>

static u32 word(const struct singlet_object *obj)
{
	return atomic_read(&obj->refs);
}

static bool hot(const struct singlet_object *obj)
{
	return singlet_refs_hot(word(obj));
}

/* A hot object with one reference. */
static struct singlet_object *heated(struct kunit *test, const char *text)
{
	struct singlet_object *obj = suite_str(test, test->priv, text);

	KUNIT_ASSERT_TRUE(test, singlet_heat(obj));
	KUNIT_ASSERT_TRUE(test, hot(obj));
	return obj;
}

static void cool(struct kunit *test)
{
	struct singlet_store *store = test->priv;

	singlet_heat_cool(&store->hot);
}

static u64 idle(struct kunit *test)
{
	return suite_stats(test->priv).idle;
}

/* Gets and puts leave the word alone, and the sum is exact all the while. */
static void hot_counts(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *obj = heated(test, "label");
	u32 before = word(obj), i;

	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	KUNIT_EXPECT_FALSE(test, singlet_object_immortal(obj));
	KUNIT_EXPECT_FALSE(test, singlet_object_dead(obj));
	for (i = 2; i < 100; i++) {
		KUNIT_EXPECT_PTR_EQ(test, suite_str(test, store, "label"), obj);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), i);
	}
	for (; i < 200; i++) {
		singlet_store_hold(obj);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), i);
	}
	KUNIT_EXPECT_EQ(test, word(obj), before);
	cool(test);
	KUNIT_EXPECT_EQ(test, word(obj), 200);
	KUNIT_EXPECT_TRUE(test, singlet_heat(obj));
	for (; i > 1; i--)
		KUNIT_EXPECT_EQ(test, singlet_store_put(obj), PUT_LIVE);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	/* Nobody has it, but it is not idle yet, whatever the numbers say. */
	KUNIT_EXPECT_TRUE(test, hot(obj));
	KUNIT_EXPECT_EQ(test, idle(test), 1);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, 1, false), 0);
	cool(test);
	KUNIT_EXPECT_EQ(test, word(obj), 1);
	KUNIT_EXPECT_EQ(test, idle(test), 1);
	suite_expect_empty(test, store);
}

/* A collection finds what is hot and not used any more. */
static void hot_collected(struct kunit *test)
{
	struct singlet_store *store = test->priv;

	singlet_store_put(heated(test, "one"));
	singlet_store_put(heated(test, "two"));
	KUNIT_EXPECT_EQ(test, suite_stats(store).objects, 2);
	suite_expect_empty(test, store);
}

/* So does the end of its type. */
static void hot_type(struct kunit *test)
{
	u32 type = suite_type(test, test->priv, "label", SINGLET_KIND_VALUE);
	struct singlet_object *obj;

	obj = suite_intern(test, test->priv, type, "x", 1);
	KUNIT_EXPECT_TRUE(test, singlet_heat(obj));
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv, type),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	singlet_store_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv, type), 0);
}

/* Who looked before the object became hot, or cool, adds to its word. */
static void hot_strays(struct kunit *test)
{
	struct singlet_object *obj = heated(test, "label");
	u32 i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test,
				singlet_object_got(obj, atomic_fetch_inc(&obj->refs)),
				GOT_LIVE);
	KUNIT_EXPECT_TRUE(test, hot(obj));
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 11);
	for (i = 0; i < 6; i++)
		singlet_store_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 5);
	cool(test);
	KUNIT_EXPECT_EQ(test, word(obj), 1 + 5);

	KUNIT_EXPECT_TRUE(test, singlet_heat(obj));
	atomic_sub(3, &obj->refs);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 2);
	singlet_store_hold(obj);
	cool(test);
	KUNIT_EXPECT_EQ(test, word(obj), 1 + 3);
	for (i = 0; i < 3; i++)
		singlet_store_put(obj);
	suite_expect_empty(test, test->priv);
}

static void hot_immortal(struct kunit *test)
{
	struct singlet_object *obj = heated(test, "label");

	singlet_store_make_immortal(obj);
	KUNIT_EXPECT_FALSE(test, hot(obj));
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(obj));
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).immortal, 1);
	/* Whoever counts still for the CPUs does no harm. */
	atomic_add(1000, &obj->refs);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(obj));
	atomic_sub(2000, &obj->refs);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(obj));
	cool(test);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(obj));
	KUNIT_EXPECT_FALSE(test, singlet_heat(obj));
	singlet_store_make_immortal(obj);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).immortal, 1);
}

/* What does not become hot, and stays as it is. */
static void hot_refused(struct kunit *test)
{
	struct singlet_object *obj[HOT_MAX + 1], *one;
	struct singlet_store *store = test->priv;
	char text[16];
	u32 i;

	one = singlet_store_alloc(store,
				  suite_type(test, store, "plain",
					     SINGLET_KIND_PLAIN),
				  100, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(one));
	KUNIT_EXPECT_FALSE(test, singlet_heat(one));
	KUNIT_EXPECT_EQ(test, word(one), 2);
	singlet_store_put(one);

	one = suite_str(test, store, "one");
	singlet_store_put(one);
	KUNIT_EXPECT_FALSE(test, singlet_heat(one));
	KUNIT_EXPECT_EQ(test, word(one), 1);
	one = suite_str(test, store, "one");
	atomic_set(&one->refs, HOT_COUNT_MAX + 1);
	KUNIT_EXPECT_FALSE(test, singlet_heat(one));
	KUNIT_EXPECT_EQ(test, word(one), HOT_COUNT_MAX + 1);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(one), HOT_COUNT_MAX);
	/* As many as a biased one would seem to have. */
	atomic_set(&one->refs, HOT_BIAS + 5);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(one), HOT_BIAS + 4);
	atomic_set(&one->refs, 2);

	for (i = 0; i <= HOT_MAX; i++) {
		snprintf(text, sizeof(text), "label %u", i);
		obj[i] = suite_str(test, store, text);
		KUNIT_EXPECT_EQ(test, singlet_heat(obj[i]), i < HOT_MAX);
		KUNIT_EXPECT_FALSE(test, singlet_heat(obj[i]));
	}
	cool(test);
	KUNIT_EXPECT_TRUE(test, singlet_heat(obj[HOT_MAX]));
	for (i = 0; i <= HOT_MAX; i++)
		singlet_store_put(obj[i]);
	singlet_store_put(one);
	suite_expect_empty(test, store);
}

/* Two puts too many come to light late, and nothing is freed by them. */
static void hot_wrong(struct kunit *test)
{
	struct singlet_object *obj = heated(test, "label");
	u32 i;

	for (i = 0; i < 3; i++)
		singlet_store_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	cool(test);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(obj));
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).immortal, 1);
}

/* A store ends with what is hot in it; the suite's exit does that. */
static void hot_destroyed(struct kunit *test)
{
	singlet_store_put(heated(test, "one"));
	singlet_store_put(heated(test, "two"));
}

/* It is cool again when nobody has asked for it for a while. */
static void hot_forgotten(struct kunit *test)
{
	struct singlet_object *obj = heated(test, "label");
	unsigned int i;

	for (i = 0; i < 100 && word(obj) != 2; i++)
		msleep(50);
	KUNIT_EXPECT_EQ(test, word(obj), 2);
	singlet_store_put(obj);
	suite_expect_empty(test, test->priv);
}

struct shared {
	struct singlet_store *store;
	struct singlet_object *obj;
	u64 id;
	atomic_long_t rounds;
	atomic_long_t wrong;
	atomic_long_t hot;	/* times that a user saw it so */
	atomic_long_t heated;	/* times that it was made so */
};

static void check(struct shared *s, bool ok)
{
	if (!ok)
		atomic_long_inc(&s->wrong);
}

/* Intern, hold, put: never is there another object, or one with no reference. */
static int user(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_object *obj;
	unsigned int i;
	int ret;

	while (!kthread_should_stop()) {
		for (i = 0; i < 100; i++) {
			ret = singlet_store_intern(s->store, SINGLET_TYPE_STR,
						   "label", 5, true, GFP_KERNEL,
						   &obj);
			check(s, ret == 0 || ret == 1);
			if (ret < 0)
				break;
			singlet_store_hold(obj);
			check(s, !strncmp(singlet_object_data(obj), "label", 5));
			singlet_store_put(obj);
			check(s, !singlet_object_dead(obj));
			if (singlet_refs_hot(atomic_read(&obj->refs)))
				atomic_long_inc(&s->hot);
			singlet_store_put(obj);
		}
		atomic_long_inc(&s->rounds);
		cond_resched();
	}
	return 0;
}

/* Hot and cool, as often as possible. */
static int heater(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_object *obj;
	u32 n;

	while (!kthread_should_stop()) {
		if (singlet_store_intern(s->store, SINGLET_TYPE_STR, "label", 5,
					 true, GFP_KERNEL, &obj) < 0)
			continue;
		if (singlet_heat(obj))
			atomic_long_inc(&s->heated);
		usleep_range(50, 500);
		/* The users have two each at most, and this is one. */
		n = singlet_object_refs(obj);
		check(s, n < 100);
		singlet_store_put(obj);
		singlet_heat_cool(&s->store->hot);
	}
	return 0;
}

/*
 * Asks how many references there are, and makes tuples of the object: neither
 * learns how it is counted.
 */
static int asker(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_object *obj;
	struct singlet_peek peek;
	unsigned int i;
	u64 parts[4];
	int ret;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i] = s->id;
	while (!kthread_should_stop()) {
		for (i = 0; i < 100; i++) {
			check(s, !singlet_store_peek(s->store, s->id, &peek));
			check(s, peek.references < 100);
			check(s, !peek.immortal);
		}
		ret = singlet_store_intern(s->store, SINGLET_TYPE_TUPLE, parts,
					   sizeof(parts), true, GFP_KERNEL,
					   &obj);
		check(s, ret == 0 || ret == 1);
		if (ret >= 0)
			singlet_store_put(obj);
		cond_resched();
	}
	return 0;
}

static int collector(void *ctx)
{
	struct shared *s = ctx;

	while (!kthread_should_stop()) {
		singlet_reclaim_some(s->store, 10, false);
		cond_resched();
	}
	return 0;
}

static struct shared *shared(struct kunit *test)
{
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->store = test->priv;
	return s;
}

/* At the end; @held objects are still held by idle ones. */
static void expect_right(struct kunit *test, struct shared *s, u64 held)
{
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->rounds), 20);
	kunit_info(test, "%ld rounds, %ld times heated, seen hot %ld times",
		   atomic_long_read(&s->rounds), atomic_long_read(&s->heated),
		   atomic_long_read(&s->hot));
	/* Every reference was counted, whatever it was counted in. */
	KUNIT_EXPECT_EQ(test, suite_stats(s->store).objects, idle(test) + held);
	cool(test);
	KUNIT_EXPECT_EQ(test, suite_stats(s->store).objects, idle(test) + held);
	KUNIT_EXPECT_TRUE(test, suite_is_valid(s->store));
	suite_expect_empty(test, s->store);
}

static bool raced_enough(void *ctx)
{
	struct shared *s = ctx;

	return atomic_long_read(&s->rounds) > 20;
}

static bool heated_enough(void *ctx)
{
	struct shared *s = ctx;

	return raced_enough(s) && atomic_long_read(&s->heated);
}

/* Four threads, one of which is the heater; @held as expect_right(). */
static void race(struct kunit *test, struct shared *s,
		 const suite_thread_t *fn, u64 held)
{
	void *ctx[] = { s, s, s, s };

	suite_run_until(test, fn, ctx, ARRAY_SIZE(ctx), 800, heated_enough);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->heated), 0);
	if (s->obj)
		singlet_store_put(s->obj);
	expect_right(test, s, held);
}

static void hot_race(struct kunit *test)
{
	race(test, shared(test),
	     (suite_thread_t[]){ user, user, user, heater }, 0);
}

/* The same, and somebody looks on. */
static void hot_race_asked(struct kunit *test)
{
	struct shared *s = shared(test);

	s->obj = suite_str(test, s->store, "label");
	s->id = singlet_object_id(s->obj);
	race(test, s, (suite_thread_t[]){ user, user, heater, asker }, 1);
}

/* What is asked for all the time stays hot. */
static void hot_busy(struct kunit *test)
{
	static const suite_thread_t fn[] = { user };
	struct shared *s = shared(test);
	void *ctx[] = { s };

	s->obj = heated(test, "label");
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 1800, raced_enough);
	KUNIT_EXPECT_TRUE(test, hot(s->obj));
	singlet_store_put(s->obj);
	expect_right(test, s, 0);
}

/* An idle tuple holds a hot part; collected, both are gone. */
static void hot_part(struct kunit *test)
{
	struct singlet_object *obj = heated(test, "label"), *tuple;
	u64 id = singlet_object_id(obj);

	tuple = suite_intern(test, test->priv, SINGLET_TYPE_TUPLE, &id,
			     sizeof(id));
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 2);
	singlet_store_put(obj);
	singlet_store_put(tuple);
	KUNIT_EXPECT_TRUE(test, hot(obj));
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(test->priv, 1, false), 1);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	KUNIT_EXPECT_TRUE(test, hot(obj));
	suite_expect_empty(test, test->priv);

	/* And one for the end of the store. */
	obj = heated(test, "label");
	id = singlet_object_id(obj);
	tuple = suite_intern(test, test->priv, SINGLET_TYPE_TUPLE, &id,
			     sizeof(id));
	singlet_store_put(obj);
	singlet_store_put(tuple);
}

/* At a quota, what is hot and held by nobody gives way. */
static void hot_quota(struct kunit *test)
{
	struct singlet_object *obj, *two;
	struct singlet_reclaimed out;
	struct singlet_session *s;
	struct singlet_store *store;
	int ret;

	suite_param(test, "user_max_objects", 1);
	s = suite_open(test, 1000);
	store = s->domain->store;
	ret = singlet_store_intern(store, SINGLET_TYPE_STR, "one", 3, true,
				   GFP_KERNEL, &obj);
	KUNIT_ASSERT_EQ(test, ret, 1);
	KUNIT_EXPECT_TRUE(test, singlet_heat(obj));
	ret = singlet_store_intern(store, SINGLET_TYPE_STR, "two", 3, true,
				   GFP_KERNEL, &two);
	KUNIT_EXPECT_EQ(test, ret, -EDQUOT);
	singlet_store_put(obj);
	ret = singlet_store_intern(store, SINGLET_TYPE_STR, "two", 3, true,
				   GFP_NOWAIT, &two);
	KUNIT_EXPECT_EQ(test, ret, -EDQUOT);
	ret = singlet_store_intern(store, SINGLET_TYPE_STR, "two", 3, true,
				   GFP_KERNEL, &two);
	KUNIT_EXPECT_EQ(test, ret, 1);
	if (ret >= 0)
		singlet_store_put(two);
	singlet_reclaim_all(store, &out);
	singlet_session_close(s);
}

/* The same, and it is evicted whenever nobody happens to have it. */
static void hot_race_collector(struct kunit *test)
{
	race(test, shared(test),
	     (suite_thread_t[]){ user, user, heater, collector }, 0);
}

/* CPUs that get and put the same object make it hot, and nobody else has to. */
static void hot_contended(struct kunit *test)
{
	static const suite_thread_t fn[] = { user, user };
	struct shared *s = shared(test);
	void *ctx[] = { s, s };
	unsigned int i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	s->obj = suite_str(test, s->store, "label");
	/* On a busy machine the CPUs may not be at it at the same time. */
	for (i = 0; i < 20 && !atomic_long_read(&s->hot); i++)
		suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 200,
				raced_enough);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->hot), 0);
	singlet_store_put(s->obj);
	expect_right(test, s, 0);
}

/* One thread alone never does. */
static void hot_alone(struct kunit *test)
{
	static const suite_thread_t fn[] = { user };
	struct shared *s = shared(test);
	void *ctx[] = { s };

	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 200, raced_enough);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->hot), 0);
	expect_right(test, s, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(hot_counts),
	KUNIT_CASE(hot_collected),
	KUNIT_CASE(hot_type),
	KUNIT_CASE(hot_strays),
	KUNIT_CASE(hot_immortal),
	KUNIT_CASE(hot_busy),
	KUNIT_CASE(hot_part),
	KUNIT_CASE(hot_quota),
	KUNIT_CASE(hot_refused),
	KUNIT_CASE(hot_wrong),
	KUNIT_CASE(hot_destroyed),
	KUNIT_CASE(hot_forgotten),
	KUNIT_CASE(hot_race),
	KUNIT_CASE(hot_race_asked),
	KUNIT_CASE(hot_race_collector),
	KUNIT_CASE(hot_contended),
	KUNIT_CASE(hot_alone),
	{}
};

struct kunit_suite hot_suite = {
	.name = "singlet_hot",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
