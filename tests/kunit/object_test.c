// SPDX-License-Identifier: GPL-2.0
/* The life of one object, in a slot without a store. */
#include "suites.h"

#include <linux/sched.h>

static u32 word(const struct singlet_object *obj)
{
	return atomic_read(&obj->refs);
}

/* An object with one reference. */
static struct singlet_object *live(struct kunit *test, u32 flags)
{
	struct singlet_object *obj = suite_slot(test, 16);

	singlet_object_describe(obj, SINGLET_TYPE_BYTES, 16, flags);
	memset(singlet_object_data(obj), 'x', 16);
	singlet_object_publish(obj, 1);
	return obj;
}

/* Its end, whatever state it is in. */
static void end(struct singlet_object *obj)
{
	atomic_set(&obj->refs, OBJECT_DEAD);
	suite_slot_free(obj);
}

static bool kill(struct singlet_object *obj, bool aged_only)
{
	bool killed;

	rcu_read_lock();
	killed = singlet_object_kill(obj, aged_only);
	rcu_read_unlock();
	return killed;
}

static void object_counts(struct kunit *test)
{
	struct singlet_object *obj = live(test, 0);
	u32 i;

	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	KUNIT_EXPECT_FALSE(test, singlet_object_dead(obj));
	KUNIT_EXPECT_FALSE(test, singlet_object_immortal(obj));
	for (i = 1; i < 100; i++) {
		KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_LIVE);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), i + 1);
	}
	for (; i > 1; i--) {
		KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_LIVE);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), i - 1);
	}
	KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_IDLE);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	KUNIT_EXPECT_FALSE(test, singlet_object_dead(obj));
	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_IDLE);
	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_LIVE);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 2);
	end(obj);
}

static void object_kill(struct kunit *test)
{
	struct singlet_object *obj = live(test, 0);

	KUNIT_EXPECT_FALSE(test, kill(obj, false));
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	singlet_object_put(obj);
	KUNIT_EXPECT_TRUE(test, kill(obj, false));
	KUNIT_EXPECT_TRUE(test, singlet_object_dead(obj));
	KUNIT_EXPECT_EQ(test, word(obj), OBJECT_DEAD);
	/* Once; nobody revives it. */
	KUNIT_EXPECT_FALSE(test, kill(obj, false));
	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_NOTHING);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	end(obj);
}

/* Gets that came too late change nothing, not even for the next object. */
static void object_dead_zone(struct kunit *test)
{
	struct singlet_object *obj = suite_slot(test, 16);
	unsigned int i;

	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_EQ(test, singlet_object_tryget(obj), GOT_NOTHING);
	KUNIT_EXPECT_EQ(test, word(obj), OBJECT_DEAD);
	/* Those that had seen it alive a moment ago. */
	atomic_add(100000, &obj->refs);
	KUNIT_EXPECT_TRUE(test, singlet_object_dead(obj));
	KUNIT_EXPECT_FALSE(test, singlet_object_immortal(obj));
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	KUNIT_EXPECT_FALSE(test, kill(obj, false));
	singlet_object_publish(obj, 1);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_IDLE);
	end(obj);
}

static void object_second_chance(struct kunit *test)
{
	struct singlet_object *obj = live(test, 0);

	/* In use: not even marked. */
	KUNIT_EXPECT_FALSE(test, kill(obj, true));
	KUNIT_EXPECT_EQ(test, word(obj), 2);
	singlet_object_put(obj);
	KUNIT_EXPECT_FALSE(test, kill(obj, true));
	KUNIT_EXPECT_EQ(test, word(obj), 1 | OBJECT_AGED);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	KUNIT_EXPECT_FALSE(test, singlet_object_dead(obj));
	/* Used again: the mark is gone, the count is right. */
	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_IDLE);
	KUNIT_EXPECT_EQ(test, word(obj), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_IDLE);
	KUNIT_EXPECT_FALSE(test, kill(obj, true));
	KUNIT_EXPECT_TRUE(test, kill(obj, true));
	KUNIT_EXPECT_EQ(test, word(obj), OBJECT_DEAD);
	end(obj);

	/* Who does not spare anything takes it marked or not. */
	obj = live(test, 0);
	singlet_object_put(obj);
	KUNIT_EXPECT_FALSE(test, kill(obj, true));
	KUNIT_EXPECT_TRUE(test, kill(obj, false));
	end(obj);
}

static void object_immortal(struct kunit *test)
{
	struct singlet_object *obj = suite_slot(test, 16);
	u32 i, was;

	singlet_object_publish(obj, 0);
	singlet_object_make_immortal(obj);
	was = word(obj);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(obj));
	for (i = 0; i < 100; i++) {
		KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_LIVE);
		KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_LIVE);
		KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_LIVE);
		KUNIT_EXPECT_FALSE(test, kill(obj, false));
		KUNIT_EXPECT_FALSE(test, kill(obj, true));
	}
	KUNIT_EXPECT_EQ(test, word(obj), was);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	KUNIT_EXPECT_FALSE(test, singlet_object_dead(obj));
	end(obj);
}

/* Near its end the count refuses, and does not move. */
static void object_full(struct kunit *test)
{
	struct singlet_object *obj = live(test, 0);
	u32 i, bad = 0;

	atomic_set(&obj->refs, OBJECT_COUNT_MAX - 1);
	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_LIVE);
	KUNIT_EXPECT_EQ(test, word(obj), OBJECT_COUNT_MAX);
	for (i = 0; i < 1000; i++)
		bad += singlet_object_tryget(obj) != GOT_FULL;
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, word(obj), OBJECT_COUNT_MAX);
	KUNIT_EXPECT_FALSE(test, singlet_object_immortal(obj));
	KUNIT_EXPECT_FALSE(test, kill(obj, false));
	KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_LIVE);
	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_LIVE);
	/* Many at once can pass the limit, never into another meaning. */
	atomic_set(&obj->refs, OBJECT_COUNT - 1);
	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_FULL);
	KUNIT_EXPECT_EQ(test, word(obj), OBJECT_COUNT - 1);
	end(obj);
}

static void object_plain(struct kunit *test)
{
	struct singlet_object *obj = live(test, INFO_PLAIN);

	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_LIVE);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_LIVE);
	KUNIT_EXPECT_FALSE(test, kill(obj, false));
	KUNIT_EXPECT_EQ(test, singlet_object_put(obj), PUT_DEAD);
	KUNIT_EXPECT_EQ(test, word(obj), OBJECT_DEAD);
	KUNIT_EXPECT_EQ(test, singlet_object_tryget(obj), GOT_NOTHING);
	KUNIT_EXPECT_FALSE(test, kill(obj, false));
	end(obj);
}

static void object_erase(struct kunit *test)
{
	struct singlet_object *obj = live(test, 0);
	u8 *data = singlet_object_data(obj);
	u64 id = singlet_object_id(obj);

	singlet_object_put(obj);
	KUNIT_ASSERT_TRUE(test, kill(obj, false));
	KUNIT_EXPECT_EQ(test, singlet_object_id(obj), id);
	KUNIT_EXPECT_EQ(test, data[15], 'x');
	singlet_object_erase(obj, 16);
	KUNIT_EXPECT_NULL(test, memchr_inv(data, 0, 16));
	KUNIT_EXPECT_EQ(test, singlet_object_id(obj), id + (1ULL << 32));
	singlet_pool_free(obj);
}

/* Length, type, flags and slot share a word and leave each other alone. */
static void object_describe(struct kunit *test)
{
	static const u32 types[] = { 1, SINGLET_TYPE_BYTES, 7, 4095 };
	static const u32 flags[] = {
		0, INFO_PLAIN, INFO_UNSEALED, INFO_PLAIN | INFO_UNSEALED,
	};
	unsigned int i;
	u32 len, bad = 0;

	for (len = 0; len <= SIZE_SLOT_MAX; len += len < 300 ? 1 : 97) {
		struct singlet_object *obj = suite_slot(test, len);
		u32 slot = singlet_object_slot(obj);

		for (i = 0; i < 16; i++) {
			u32 type = types[i % 4], flag = flags[i / 4];

			singlet_object_describe(obj, type, len, flag);
			bad += singlet_object_len(obj) != len;
			bad += singlet_info_type(obj->info) != type;
			bad += (obj->info & (INFO_PLAIN | INFO_UNSEALED)) !=
			       flag;
			bad += singlet_object_slot(obj) != slot;
		}
		suite_slot_free(obj);
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(object_counts),
	KUNIT_CASE(object_kill),
	KUNIT_CASE(object_dead_zone),
	KUNIT_CASE(object_second_chance),
	KUNIT_CASE(object_immortal),
	KUNIT_CASE(object_full),
	KUNIT_CASE(object_plain),
	KUNIT_CASE(object_erase),
	KUNIT_CASE(object_describe),
	{}
};

struct kunit_suite object_suite = {
	.name = "singlet_object",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
