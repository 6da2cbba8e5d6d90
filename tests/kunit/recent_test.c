// SPDX-License-Identifier: GPL-2.0
/* Handles that were found lately: hints that are right, wrong, and too late. */
#include "suites.h"

#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/singlet.h>

#define HITS	100000	/* more than enough to make it worth the memory */

static u32 hash_of(struct singlet_store *store, const char *text)
{
	return singlet_hash(&store->key, text, strlen(text), SINGLET_TYPE_STR);
}

static u32 handle_of(const struct singlet_object *obj)
{
	return (u32)singlet_object_id(obj);
}

/* Hits until there is something that remembers them. */
static void warm(struct kunit *test, const char *text)
{
	struct singlet_store *store = test->priv;
	unsigned int i;

	for (i = 0; i < HITS && !singlet_recent_bytes(&store->recent); i++)
		singlet_store_put(suite_str(test, store, text));
	KUNIT_ASSERT_EQ(test, singlet_recent_bytes(&store->recent),
			RECENT_BYTES);
}

static bool remembers(struct singlet_store *store, u32 hash, u32 handle)
{
	bool found, room;
	u32 what;

	rcu_read_lock();
	found = singlet_recent_find(&store->recent, hash, &what, &room);
	rcu_read_unlock();
	return found && what == handle;
}

/* It comes when it is worth it, is counted, remembers, and goes at the end. */
static void recent_life(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	u64 before = suite_stats(store).bytes_metadata, with;
	struct singlet_object *obj;
	unsigned int i;

	obj = suite_str(test, store, "popular");
	KUNIT_EXPECT_EQ(test, singlet_recent_bytes(&store->recent), 0);
	with = suite_stats(store).bytes_metadata;
	warm(test, "popular");
	KUNIT_EXPECT_EQ(test, suite_stats(store).bytes_metadata,
			with + RECENT_BYTES);
	for (i = 0; i < 1000; i++)
		singlet_store_put(suite_str(test, store, "popular"));
	KUNIT_EXPECT_TRUE(test, remembers(store, hash_of(store, "popular"),
					  handle_of(obj)));
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	singlet_store_put(obj);
	suite_expect_empty(test, store);
	KUNIT_EXPECT_EQ(test, singlet_recent_bytes(&store->recent), 0);
	KUNIT_EXPECT_LE(test, suite_stats(store).bytes_metadata, with);
	KUNIT_EXPECT_GT(test, with, before);
}

/* A hint that names another object, or nothing at all, changes no answer. */
static void recent_wrong(struct kunit *test)
{
	static const u32 nothing[] = { 0, 0x7fffffff, 511, 1 << INFO_SLOT_BITS };
	struct singlet_store *store = test->priv;
	struct singlet_object *one, *two, *obj;
	unsigned int i;

	one = suite_str(test, store, "one");
	two = suite_str(test, store, "two");
	warm(test, "one");
	singlet_recent_note(&store->recent, hash_of(store, "one"),
			    handle_of(two));
	singlet_recent_note(&store->recent, hash_of(store, "new"),
			    handle_of(two));
	KUNIT_EXPECT_PTR_EQ(test, suite_str(test, store, "one"), one);
	obj = suite_str(test, store, "new");
	KUNIT_EXPECT_PTR_NE(test, obj, two);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(one), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(two), 1);
	for (i = 0; i < ARRAY_SIZE(nothing); i++) {
		singlet_recent_note(&store->recent, hash_of(store, "one"),
				    nothing[i]);
		KUNIT_EXPECT_PTR_EQ(test, suite_str(test, store, "one"), one);
		singlet_store_put(one);
	}
	KUNIT_EXPECT_EQ(test, singlet_object_refs(one), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(two), 1);
	singlet_store_put(one);
	singlet_store_put(one);
	singlet_store_put(two);
	singlet_store_put(obj);
	suite_expect_empty(test, store);
}

/* The object is freed, and another one is in its place. */
static void recent_stale(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *old, *other, *keep;
	unsigned int i;
	char text[8];
	u32 handle;

	/* It keeps the slab. */
	keep = suite_str(test, store, "keep...");
	warm(test, "keep...");
	old = suite_str(test, store, "old....");
	handle = handle_of(old);
	singlet_recent_note(&store->recent, hash_of(store, "old...."), handle);
	singlet_store_put(old);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, 10, false), 1);
	for (i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "new%04u", i);
		other = suite_str(test, store, text);
		if (handle_of(other) == handle)
			break;
	}
	KUNIT_ASSERT_EQ(test, handle_of(other), handle);
	KUNIT_EXPECT_TRUE(test, remembers(store, hash_of(store, "old...."),
					  handle));
	old = suite_str(test, store, "old....");
	KUNIT_EXPECT_NE(test, handle_of(old), handle);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(other), 1);
	singlet_store_put(keep);
}

/* What nobody counts is found without a count. */
static void recent_immortal(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *obj = suite_str(test, store, "immortal");
	u32 word;

	singlet_store_make_immortal(obj);
	word = atomic_read(&obj->refs);
	warm(test, "immortal");
	KUNIT_EXPECT_PTR_EQ(test, suite_str(test, store, "immortal"), obj);
	KUNIT_EXPECT_EQ(test, (u32)atomic_read(&obj->refs), word);
}

struct shared {
	struct singlet_store *store;
	atomic_long_t rounds;
	atomic_long_t wrong;
};

static int user(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_object *obj;
	unsigned int i = 0;
	char text[16];
	int len, ret;

	while (!kthread_should_stop()) {
		len = snprintf(text, sizeof(text), "value %u", i++ % 50);
		ret = singlet_store_intern(s->store, SINGLET_TYPE_STR, text, len,
					   true, GFP_KERNEL, &obj);
		if (ret < 0 || singlet_object_len(obj) != len ||
		    memcmp(singlet_object_data(obj), text, len))
			atomic_long_inc(&s->wrong);
		if (ret >= 0)
			singlet_store_put(obj);
		if (i % 64 == 0) {
			atomic_long_inc(&s->rounds);
			cond_resched();
		}
	}
	return 0;
}

static int collector(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_reclaimed out;

	while (!kthread_should_stop()) {
		singlet_reclaim_all(s->store, &out);
		/* Whether or not anything is left. */
		singlet_recent_free(&s->store->recent);
		cond_resched();
	}
	return 0;
}

static bool raced_enough(void *ctx)
{
	struct shared *s = ctx;

	return atomic_long_read(&s->rounds) > 20;
}

static void recent_race(struct kunit *test)
{
	static const suite_thread_t fn[] = { user, user, collector };
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	void *ctx[] = { s, s, s };

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->store = test->priv;
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 600, raced_enough);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->rounds), 20);
	suite_expect_empty(test, s->store);
}

#define LISTED	5

static unsigned int intern_list(struct singlet_store *store,
				const struct singlet_value *value,
				struct singlet_object **out)
{
	struct singlet_type *str;

	str = singlet_types_at(&store->types, SINGLET_TYPE_STR);
	return singlet_type_intern_many(str, value, out, LISTED, GFP_KERNEL);
}

static void expect_list(struct kunit *test, const struct singlet_value *value,
			struct singlet_object *const *obj)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *out[LISTED];
	struct singlet_wish w[LISTED];
	unsigned int i;

	for (i = 0; i < LISTED; i++)
		w[i] = (struct singlet_wish){
			.data = value[i].data, .len = value[i].len,
			.type_number = SINGLET_TYPE_STR, .ret = -1,
		};
	suite_intern_many(store, w, LISTED, false);
	KUNIT_EXPECT_EQ(test, intern_list(store, value, out), LISTED);
	for (i = 0; i < LISTED; i++) {
		KUNIT_EXPECT_EQ(test, w[i].ret, 0);
		KUNIT_EXPECT_PTR_EQ(test, w[i].obj, obj[i]);
		KUNIT_EXPECT_PTR_EQ(test, out[i], obj[i]);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj[i]), 3);
	}
	singlet_store_put_many(out, LISTED);
	for (i = 0; i < LISTED; i++)
		singlet_store_put(w[i].obj);
}

/* Lists take hints as well, right and wrong ones. */
static void recent_lists(struct kunit *test)
{
	static const char * const text[LISTED] = {
		"one", "two", "three", "four", "five",
	};
	struct singlet_store *store = test->priv;
	struct singlet_object *obj[LISTED], *out[LISTED];
	struct singlet_value value[LISTED];
	unsigned int i, round;

	for (i = 0; i < LISTED; i++) {
		obj[i] = suite_str(test, store, text[i]);
		value[i] = (struct singlet_value){ text[i], strlen(text[i]) };
	}
	warm(test, "one");
	/* None, all, and those until one that there is none of. */
	for (round = 0; round <= LISTED; round++) {
		for (i = 0; i < LISTED; i++)
			singlet_recent_note(&store->recent,
					    hash_of(store, text[i]),
					    i < round ? handle_of(obj[i]) :
					    handle_of(obj[(i + 1) % LISTED]));
		expect_list(test, value, obj);
		for (i = round; i < LISTED; i++)
			singlet_recent_note(&store->recent,
					    hash_of(store, text[i]), U32_MAX);
		expect_list(test, value, obj);
		for (i = round; i < LISTED; i++)
			singlet_recent_note(&store->recent,
					    hash_of(store, text[i]) ^ 1, 0);
		expect_list(test, value, obj);
	}
	/* What is behind one that fails is not taken. */
	value[1] = (struct singlet_value){ "\xff", 1 };
	KUNIT_EXPECT_EQ(test, intern_list(store, value, out), 1);
	KUNIT_EXPECT_PTR_EQ(test, out[0], obj[0]);
	KUNIT_EXPECT_EQ(test, PTR_ERR(out[1]), -EILSEQ);
	singlet_store_put(out[0]);
	for (i = 0; i < LISTED; i++) {
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj[i]), 1);
		singlet_store_put(obj[i]);
	}
	suite_expect_empty(test, store);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(recent_life),
	KUNIT_CASE(recent_wrong),
	KUNIT_CASE(recent_stale),
	KUNIT_CASE(recent_lists),
	KUNIT_CASE(recent_immortal),
	KUNIT_CASE(recent_race),
	{}
};

struct kunit_suite recent_suite = {
	.name = "singlet_recent",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
