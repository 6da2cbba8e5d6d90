// SPDX-License-Identifier: GPL-2.0
/* Which slabs have idle objects: the list that the shrinker takes them from. */
#include "suites.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/shrinker.h>

#define SLABS	4

/* What was taken off the list. */
struct haul {
	struct singlet_idle *idle[SLABS + 1];
	unsigned int nr;
};

static void haul_in(struct singlet_idle *idle, void *ctx)
{
	struct haul *haul = ctx;

	haul->idle[haul->nr++] = idle;
}

static struct haul take(unsigned int nr)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	struct haul haul = {};

	singlet_idle_take(&sc, nr, haul_in, &haul);
	return haul;
}

static unsigned long listed(void)
{
	unsigned long nr = suite_shrink_count();

	return nr == SHRINK_EMPTY ? 0 : nr;
}

/* Of no pool; whatever a test leaves there, it takes away again. */
static struct singlet_turns turns = {
	.list = LIST_HEAD_INIT(turns.list),
};

/* What stands for a slab where no object matters. */
static struct singlet_idle *idle_alloc(struct kunit *test)
{
	struct singlet_idle *idle = kunit_kzalloc(test, sizeof(*idle),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, idle);
	singlet_idle_setup(idle, &turns);
	return idle;
}

static void expect_state(struct kunit *test, const struct singlet_idle *idle,
			 int nr, bool is_listed)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&idle->nr), nr);
	KUNIT_EXPECT_EQ(test, idle->listed, is_listed);
	KUNIT_EXPECT_EQ(test, !list_empty(&idle->node), is_listed);
}

static void idle_life(struct kunit *test)
{
	struct singlet_idle *idle = idle_alloc(test);

	KUNIT_ASSERT_EQ(test, listed(), 0);
	KUNIT_EXPECT_FALSE(test, singlet_idle_settle(idle));
	expect_state(test, idle, 0, false);
	KUNIT_EXPECT_EQ(test, singlet_idle_inc(idle), 1);
	expect_state(test, idle, 1, true);
	KUNIT_EXPECT_EQ(test, singlet_idle_inc(idle), 2);
	expect_state(test, idle, 2, true);
	KUNIT_EXPECT_EQ(test, listed(), 1);
	/* It stays though nothing is idle: that is noticed later. */
	singlet_idle_sub(idle, 1);
	singlet_idle_sub(idle, 1);
	expect_state(test, idle, 0, true);
	singlet_idle_inc(idle);
	KUNIT_EXPECT_EQ(test, listed(), 1);

	singlet_idle_end(idle);
	expect_state(test, idle, 1, false);
	/* Who comes late does not bring it back. */
	singlet_idle_inc(idle);
	singlet_idle_settle(idle);
	expect_state(test, idle, 2, false);
	singlet_idle_end(idle);
	KUNIT_EXPECT_EQ(test, listed(), 0);
}

static void idle_take(struct kunit *test)
{
	struct singlet_idle *idle[SLABS];
	struct haul haul;
	unsigned int i;

	for (i = 0; i < SLABS; i++) {
		idle[i] = idle_alloc(test);
		singlet_idle_inc(idle[i]);
	}
	KUNIT_ASSERT_EQ(test, listed(), SLABS);
	/* The one that waited longest, not more than asked for. */
	haul = take(1);
	KUNIT_ASSERT_EQ(test, haul.nr, 1);
	KUNIT_EXPECT_PTR_EQ(test, haul.idle[0], idle[0]);
	expect_state(test, idle[0], 1, false);
	KUNIT_EXPECT_EQ(test, listed(), SLABS - 1);
	KUNIT_EXPECT_TRUE(test, singlet_idle_settle(idle[0]));
	expect_state(test, idle[0], 1, true);

	/* It waits behind the others now. */
	singlet_idle_sub(idle[1], 1);
	haul = take(SLABS);
	KUNIT_ASSERT_EQ(test, haul.nr, SLABS);
	KUNIT_EXPECT_PTR_EQ(test, haul.idle[SLABS - 1], idle[0]);
	KUNIT_EXPECT_FALSE(test, singlet_idle_settle(idle[1]));
	expect_state(test, idle[1], 0, false);
	/* While nobody has settled it, it comes back by itself. */
	singlet_idle_inc(idle[2]);
	expect_state(test, idle[2], 2, true);
	KUNIT_EXPECT_TRUE(test, singlet_idle_settle(idle[2]));
	KUNIT_EXPECT_EQ(test, listed(), 1);
	KUNIT_EXPECT_EQ(test, take(SLABS).nr, 1);
	KUNIT_EXPECT_EQ(test, take(SLABS).nr, 0);

	/* Taken, and then the slab ends: nothing brings it back. */
	singlet_idle_end(idle[3]);
	singlet_idle_settle(idle[3]);
	expect_state(test, idle[3], 1, false);
	for (i = 0; i < SLABS; i++)
		singlet_idle_end(idle[i]);
	KUNIT_EXPECT_EQ(test, listed(), 0);
}

/* The slabs of a store. */
static void idle_slabs(struct kunit *test)
{
	struct singlet_store *store = singlet_store_create();
	struct singlet_object *a, *b;
	struct singlet_idle *idle;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
	KUNIT_ASSERT_EQ(test, listed(), 0);
	a = suite_str(test, store, "a");
	b = suite_str(test, store, "b");
	idle = &singlet_object_slab(a)->idle;
	KUNIT_ASSERT_PTR_EQ(test, idle, &singlet_object_slab(b)->idle);
	expect_state(test, idle, 0, false);
	singlet_store_put(a);
	expect_state(test, idle, 1, true);
	singlet_store_put(b);
	expect_state(test, idle, 2, true);
	/* By its value, then by its id. */
	a = suite_str(test, store, "a");
	expect_state(test, idle, 1, true);
	b = suite_get(store, singlet_object_id(b));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	expect_state(test, idle, 0, true);
	singlet_store_put(a);
	singlet_store_put(b);
	/* A slab of another size is another one on the list. */
	singlet_store_put(suite_str(test, store, "longer than the others"));
	KUNIT_EXPECT_EQ(test, listed(), 2);
	suite_expect_empty(test, store);
	KUNIT_EXPECT_EQ(test, listed(), 0);

	/* With the store its slabs leave the list. */
	singlet_store_put(suite_str(test, store, "a"));
	KUNIT_EXPECT_EQ(test, listed(), 1);
	singlet_store_destroy(store);
	KUNIT_EXPECT_EQ(test, listed(), 0);
}

/* Races */

struct shared {
	struct suite_meeting meeting;
	struct singlet_idle *idle[SLABS];
	atomic_t seed;
	unsigned long rounds;
	unsigned long lost;		/* idle ones that were off the list */
};

static u32 next(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

/* No thread but the caller is at it. */
static void look_for_lost(struct shared *s)
{
	unsigned int i;

	for (i = 0; i < SLABS; i++)
		s->lost += atomic_read(&s->idle[i]->nr) > 0 &&
			   !s->idle[i]->listed;
	s->rounds++;
}

static int toggler(void *ctx)
{
	struct shared *s = ctx;
	u32 state = atomic_inc_return(&s->seed) * 0x9e3779b1;
	unsigned int i;
	int round = 0;

	do {
		u32 which = next(&state), kept = next(&state);

		for (i = 0; i < SLABS; i++)
			if (which & BIT(i))
				singlet_idle_inc(s->idle[i]);
		for (i = 0; i < SLABS; i++)
			if (which & ~kept & BIT(i))
				singlet_idle_sub(s->idle[i], 1);
		if (!suite_meet(&s->meeting, &round) ||
		    !suite_meet(&s->meeting, &round))
			break;
		for (i = 0; i < SLABS; i++)
			if (which & kept & BIT(i))
				singlet_idle_sub(s->idle[i], 1);
	} while (suite_meet(&s->meeting, &round));
	suite_wait_for_stop();
	return 0;
}

static int taker(void *ctx)
{
	struct shared *s = ctx;
	unsigned int i, j;
	int round = 0;

	do {
		for (j = 0; j < 3; j++) {
			struct haul haul = take(SLABS);

			for (i = 0; i < haul.nr; i++)
				singlet_idle_settle(haul.idle[i]);
		}
		if (!suite_meet(&s->meeting, &round))
			break;
		look_for_lost(s);
		if (!suite_meet(&s->meeting, &round))
			break;
	} while (suite_meet(&s->meeting, &round));
	suite_wait_for_stop();
	return 0;
}

static bool met_enough(void *ctx)
{
	struct shared *s = ctx;

	return READ_ONCE(s->rounds) > 1;
}

/* Whatever meets, no slab with idle objects stays off the list. */
static void idle_race(struct kunit *test)
{
	static const suite_thread_t fn[] = { toggler, toggler, taker };
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	void *ctx[] = { s, s, s };
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	suite_meeting_init(&s->meeting, ARRAY_SIZE(fn));
	for (i = 0; i < SLABS; i++)
		s->idle[i] = idle_alloc(test);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 600, met_enough);
	for (i = 0; i < SLABS; i++)
		singlet_idle_end(s->idle[i]);
	KUNIT_EXPECT_EQ(test, s->lost, 0);
	KUNIT_EXPECT_GT(test, s->rounds, 1);
	KUNIT_EXPECT_EQ(test, listed(), 0);
	kunit_info(test, "%lu rounds", s->rounds);
}

struct stores {
	atomic_long_t made;
	atomic_long_t scans;
	atomic_long_t failed;
	atomic_long_t late;	/* work queued for a store that has ended */
	bool go;		/* there is something to scan */
};

/* Idle values, which the next one who comes by takes. */
static void fill(struct stores *s, struct singlet_store *store)
{
	struct singlet_object *obj;
	u8 data[64] = {};
	u32 i;

	/* Enough for a table that is too big when they are gone. */
	for (i = 0; i < 2000; i++) {
		memcpy(data, &i, sizeof(i));
		if (singlet_store_intern(store, SINGLET_TYPE_BYTES, data,
					 sizeof(data), true, GFP_KERNEL,
					 &obj) == 1)
			singlet_store_put(obj);
		else
			atomic_long_inc(&s->failed);
	}
	singlet_reclaim_some(store, ULONG_MAX, true);
}

/* Once the store is destroyed, nothing is left to do for it. */
static void destroy(struct stores *s, struct singlet_store *store)
{
	struct singlet_pool *pool = &store->pool;

	/* It stays until we have looked. */
	refcount_inc(&pool->users);
	singlet_store_destroy(store);
	if (cancel_delayed_work_sync(&store->trim_work) |
	    cancel_work_sync(&store->shrink_work))
		atomic_long_inc(&s->late);
	if (refcount_dec_and_test(&pool->users))
		pool->release(pool);
}

/* Makes stores that are worth a scan, and destroys them during it. */
static int store_maker(void *ctx)
{
	struct stores *s = ctx;

	while (!kthread_should_stop()) {
		struct singlet_store *store = singlet_store_create();

		if (IS_ERR(store)) {
			atomic_long_inc(&s->failed);
			break;
		}
		fill(s, store);
		WRITE_ONCE(s->go, true);
		udelay(get_random_u32() % 100);
		destroy(s, store);
		WRITE_ONCE(s->go, false);
		atomic_long_inc(&s->made);
	}
	suite_wait_for_stop();
	return 0;
}

static int scanner(void *ctx)
{
	struct stores *s = ctx;

	while (!kthread_should_stop()) {
		if (READ_ONCE(s->go)) {
			suite_shrink(1000, NULL);
			atomic_long_inc(&s->scans);
		}
		cond_resched();
	}
	return 0;
}

static bool scanned_enough(void *ctx)
{
	struct stores *s = ctx;

	return atomic_long_read(&s->made) && atomic_long_read(&s->scans);
}

static void idle_destroy_race(struct kunit *test)
{
	static const suite_thread_t fn[] = { store_maker, scanner };
	struct stores *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	void *ctx[] = { s, s };

	KUNIT_ASSERT_NOT_NULL(test, s);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 800, scanned_enough);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->failed), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->late), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->made), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->scans), 0);
	KUNIT_EXPECT_EQ(test, listed(), 0);
	kunit_info(test, "%ld stores, %ld scans", atomic_long_read(&s->made),
		   atomic_long_read(&s->scans));
}

/* Slabs of a pool have turns, and those without idle objects have none. */
static void idle_turns(struct kunit *test)
{
	struct singlet_idle *idle[3];
	unsigned int i;

	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, singlet_idle_first(&turns));
	rcu_read_unlock();
	for (i = 0; i < ARRAY_SIZE(idle); i++) {
		idle[i] = idle_alloc(test);
		singlet_idle_inc(idle[i]);
	}
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, turns.nr, 3);
	KUNIT_EXPECT_PTR_EQ(test, singlet_idle_first(&turns), idle[0]);
	/* It stays so until the turn is given on, by who had it. */
	singlet_idle_next(&turns, idle[2]);
	KUNIT_EXPECT_PTR_EQ(test, singlet_idle_first(&turns), idle[0]);
	singlet_idle_next(&turns, idle[0]);
	KUNIT_EXPECT_PTR_EQ(test, singlet_idle_first(&turns), idle[1]);

	/* One whose objects are in use leaves, and is back with the next. */
	singlet_idle_sub(idle[1], 1);
	KUNIT_EXPECT_PTR_EQ(test, singlet_idle_first(&turns), idle[2]);
	KUNIT_EXPECT_TRUE(test, list_empty(&idle[1]->turn));
	KUNIT_EXPECT_FALSE(test, list_empty(&idle[1]->node));
	KUNIT_EXPECT_EQ(test, turns.nr, 2);
	singlet_idle_inc(idle[1]);
	KUNIT_EXPECT_EQ(test, turns.nr, 3);
	expect_state(test, idle[1], 1, true);

	/* The shrinker's list and this one do not depend on each other. */
	singlet_idle_end(idle[2]);
	KUNIT_EXPECT_PTR_EQ(test, singlet_idle_first(&turns), idle[0]);
	singlet_idle_next(&turns, idle[0]);
	KUNIT_EXPECT_PTR_EQ(test, singlet_idle_first(&turns), idle[1]);
	rcu_read_unlock();
	for (i = 0; i < ARRAY_SIZE(idle); i++)
		singlet_idle_end(idle[i]);
	KUNIT_EXPECT_EQ(test, turns.nr, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&turns.list));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(idle_turns),
	KUNIT_CASE(idle_life),
	KUNIT_CASE(idle_take),
	KUNIT_CASE(idle_slabs),
	KUNIT_CASE(idle_race),
	KUNIT_CASE(idle_destroy_race),
	{}
};

struct kunit_suite idle_suite = {
	.name = "singlet_idle",
	.test_cases = cases,
};
