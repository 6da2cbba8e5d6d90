// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that intern, put, find and collect the same few objects.
 *
 * Each thread counts what it found wrong; the test looks at the sums when all
 * have ended.
 */
#include "suites.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#define VALUES	8
#define LEN	24

/* What the holders of a value agree on. */
struct value {
	spinlock_t lock;	/* what the holders agree on */
	unsigned int holders;	/* lock */
	u64 id;			/* lock; of the object that they hold */
	u64 last;		/* an id that was the value's once */
};

struct shared {
	struct singlet_store *store;
	struct value value[VALUES];
	u32 type;		/* of kind plain, or the one that comes and goes */
	atomic_long_t rounds;
	atomic_long_t hits;	/* of what a test looks for */
	atomic_long_t wrong;
	atomic_t seed;
};

static void check(struct shared *s, bool ok)
{
	if (!ok)
		atomic_long_inc(&s->wrong);
}

static void value_of(unsigned int v, u8 *data)
{
	memset(data, 'a' + v, LEN);
}

static bool has_value(const struct singlet_object *obj, unsigned int v)
{
	return singlet_object_len(obj) == LEN &&
	       !memchr_inv(singlet_object_data(obj), 'a' + v, LEN);
}

static u32 next(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static struct shared *shared(struct kunit *test)
{
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->store = test->priv;
	for (i = 0; i < VALUES; i++)
		spin_lock_init(&s->value[i].lock);
	return s;
}

static void expect_right(struct kunit *test, struct shared *s)
{
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->rounds), 20);
	KUNIT_EXPECT_EQ(test, suite_stats(s->store).references, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(s->store).objects,
			suite_stats(s->store).idle);
	KUNIT_EXPECT_TRUE(test, suite_is_valid(s->store));
	kunit_info(test, "%ld rounds, %ld hits", atomic_long_read(&s->rounds),
		   atomic_long_read(&s->hits));
	suite_expect_empty(test, s->store);
}

/* Holds some values for a moment; all holders of one have the same object. */
static int interner(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_object *obj[VALUES];
	u32 state = atomic_inc_return(&s->seed);
	unsigned int v;
	u8 data[LEN];

	while (!kthread_should_stop()) {
		u32 which = next(&state) % (1 << VALUES);

		for (v = 0; v < VALUES; v++) {
			struct value *value = &s->value[v];
			int ret;

			obj[v] = NULL;
			if (!(which & BIT(v)))
				continue;
			value_of(v, data);
			ret = singlet_store_intern(s->store, SINGLET_TYPE_BYTES,
						   data, LEN, true, GFP_KERNEL,
						   &obj[v]);
			check(s, ret == 0 || ret == 1);
			if (ret < 0)
				continue;
			check(s, has_value(obj[v], v));
			spin_lock(&value->lock);
			if (!value->holders++)
				value->id = singlet_object_id(obj[v]);
			check(s, value->id == singlet_object_id(obj[v]));
			WRITE_ONCE(value->last, value->id);
			spin_unlock(&value->lock);
			if (!ret)
				atomic_long_inc(&s->hits);
		}
		cond_resched();
		for (v = 0; v < VALUES; v++) {
			if (!obj[v])
				continue;
			check(s, has_value(obj[v], v));
			spin_lock(&s->value[v].lock);
			s->value[v].holders--;
			spin_unlock(&s->value[v].lock);
			singlet_store_put(obj[v]);
		}
		atomic_long_inc(&s->rounds);
	}
	return 0;
}

static int collector(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_reclaimed out;
	unsigned int i = 0;

	while (!kthread_should_stop()) {
		if (++i % 8)
			singlet_reclaim_some(s->store, VALUES, i % 2);
		else
			singlet_reclaim_all(s->store, &out);
		cond_resched();
	}
	return 0;
}

/* Takes values by ids that others published; most are stale soon. */
static int finder(void *ctx)
{
	struct shared *s = ctx;
	u32 state = atomic_inc_return(&s->seed);

	while (!kthread_should_stop()) {
		unsigned int v = next(&state) % VALUES;
		u64 id = READ_ONCE(s->value[v].last);
		struct singlet_object *obj = suite_get(s->store, id);

		if (!IS_ERR(obj)) {
			check(s, has_value(obj, v));
			check(s, singlet_object_id(obj) == id);
			check(s, singlet_object_refs(obj) >= 1);
			atomic_long_inc(&s->hits);
			singlet_store_put(obj);
		} else {
			check(s, PTR_ERR(obj) == -ENOENT);
		}
		atomic_long_inc(&s->rounds);
		cond_resched();
	}
	return 0;
}

static bool raced_enough(void *ctx)
{
	struct shared *s = ctx;

	return atomic_long_read(&s->rounds) > 20;
}

static void race_intern(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		interner, interner, interner, collector,
	};
	struct shared *s = shared(test);
	void *ctx[] = { s, s, s, s };

	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 600, raced_enough);
	expect_right(test, s);
}

static bool found_some(void *ctx)
{
	struct shared *s = ctx;

	return raced_enough(s) && atomic_long_read(&s->hits);
}

static void race_find(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		interner, finder, finder, collector,
	};
	struct shared *s = shared(test);
	void *ctx[] = { s, s, s, s };

	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 600, found_some);
	KUNIT_EXPECT_GT(test, atomic_long_read(&s->hits), 0);
	expect_right(test, s);
}

/* Two threads that intern the same new value at the same instant. */
struct twins {
	struct shared *s;
	atomic_t here;		/* grows by one as each twin arrives */
	u64 id[2];		/* of this round's object */
};

struct twin {
	struct twins *both;
	unsigned int nr;
};

/* Wait for the other one; false: the test is over. */
static bool meet(struct twins *both, int *round)
{
	*round += 2;
	atomic_inc(&both->here);
	while (atomic_read(&both->here) < *round) {
		if (kthread_should_stop())
			return false;
		cond_resched();
	}
	return true;
}

static int twin(void *ctx)
{
	struct twin *me = ctx;
	struct twins *both = me->both;
	struct shared *s = both->s;
	struct singlet_object *obj;
	u64 value = 1ULL << 40;
	int ret, round = 0;

	for (;; value++) {
		bool go_on = meet(both, &round);

		if (!go_on)
			break;
		ret = singlet_store_intern(s->store, SINGLET_TYPE_INT, &value,
					   sizeof(value), true, GFP_KERNEL,
					   &obj);
		check(s, ret == 0 || ret == 1);
		if (ret < 0)
			break;
		both->id[me->nr] = singlet_object_id(obj);
		go_on = meet(both, &round);
		if (go_on) {
			check(s, both->id[0] == both->id[1]);
			check(s, singlet_object_refs(obj) <= 2);
			atomic_long_inc(&s->rounds);
		}
		if (!ret)
			atomic_long_inc(&s->hits);
		singlet_store_put(obj);
		if (!go_on)
			break;
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static bool twins_enough(void *ctx)
{
	return raced_enough(((struct twin *)ctx)->both->s);
}

static void race_same_value(struct kunit *test)
{
	static const suite_thread_t fn[] = { twin, twin };
	struct shared *s = shared(test);
	struct twins both = { .s = s };
	struct twin twins[] = { { &both, 0 }, { &both, 1 } };
	void *ctx[] = { &twins[0], &twins[1] };

	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 500, twins_enough);
	/* One of each pair made it; the last one may have been alone. */
	KUNIT_EXPECT_GE(test, 2 * (atomic_long_read(&s->hits) + 1),
			atomic_long_read(&s->rounds));
	expect_right(test, s);
}

/* Makes plain objects, publishes their ids, and drops them at once. */
static int plain_maker(void *ctx)
{
	struct shared *s = ctx;
	unsigned int v = 0;

	while (!kthread_should_stop()) {
		struct singlet_object *obj;

		v = (v + 1) % VALUES;
		obj = singlet_store_alloc(s->store, s->type, LEN, GFP_KERNEL);
		check(s, !IS_ERR(obj));
		if (IS_ERR(obj))
			continue;
		check(s, !memchr_inv(singlet_object_data(obj), 0, LEN));
		value_of(v, singlet_object_data(obj));
		singlet_store_seal(obj);
		WRITE_ONCE(s->value[v].last, singlet_object_id(obj));
		cond_resched();
		check(s, has_value(obj, v));
		singlet_store_put(obj);
		atomic_long_inc(&s->rounds);
	}
	return 0;
}

static void race_plain(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		plain_maker, plain_maker, finder, finder,
	};
	struct shared *s = shared(test);
	void *ctx[] = { s, s, s, s };

	s->type = suite_type(test, s->store, "plain", SINGLET_KIND_PLAIN);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 400, raced_enough);
	KUNIT_EXPECT_EQ(test, suite_stats(s->store).objects, 0);
	expect_right(test, s);
}

/* Interns as long as the type is there. */
static int type_user(void *ctx)
{
	struct shared *s = ctx;
	u32 state = atomic_inc_return(&s->seed);
	u8 data[LEN];

	while (!kthread_should_stop()) {
		struct singlet_object *obj = NULL;
		unsigned int v = next(&state) % VALUES;
		u32 type = READ_ONCE(s->type);
		struct singlet_peek peek;
		int ret;

		value_of(v, data);
		ret = singlet_store_intern(s->store, type, data, LEN, true,
					   GFP_KERNEL, &obj);
		check(s, ret == 0 || ret == 1 || ret == -ENOENT);
		if (ret >= 0) {
			/* It has its type as long as it is held. */
			check(s, !singlet_store_peek(s->store,
						     singlet_object_id(obj),
						     &peek) &&
			      peek.type == type);
			check(s, has_value(obj, v));
			singlet_store_put(obj);
			atomic_long_inc(&s->hits);
		}
		cond_resched();
	}
	return 0;
}

static int type_deleter(void *ctx)
{
	struct singlet_type_args args = {
		.name = "t", .name_len = 1, .kind = SINGLET_KIND_VALUE,
	};
	struct shared *s = ctx;
	int err;

	while (!kthread_should_stop()) {
		struct singlet_type *type;
		u32 number;

		type = singlet_types_create(&s->store->types, &args, &number);
		check(s, !IS_ERR(type));
		if (IS_ERR(type))
			continue;
		WRITE_ONCE(s->type, number);
		usleep_range(100, 300);
		do {
			err = singlet_reclaim_delete_type(s->store, number);
			check(s, !err || err == -EBUSY);
			cond_resched();
		} while (err && !kthread_should_stop());
		atomic_long_add(30, &s->rounds);
	}
	if (err)
		check(s, !singlet_reclaim_delete_type(s->store, s->type));
	return 0;
}

/* A type ends while others make objects of it; no object outlives it. */
static void race_type(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		type_user, type_user, type_deleter,
	};
	struct shared *s = shared(test);
	void *ctx[] = { s, s, s };

	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 600, raced_enough);
	KUNIT_EXPECT_EQ(test, suite_stats(s->store).objects, 0);
	expect_right(test, s);
}

/* Slots alone: each is one thread's at a time, and comes zeroed. */
static int slot_user(void *ctx)
{
	struct shared *s = ctx;
	struct singlet_object *obj[40];
	u32 state = atomic_inc_return(&s->seed), mark = state;
	unsigned int i, n = 0;

	while (!kthread_should_stop() || n) {
		u32 r = kthread_should_stop() ? 1 : next(&state);

		if (n < ARRAY_SIZE(obj) && (!n || r & 0x40)) {
			u32 len = 8 + r % 3 * 100;

			obj[n] = singlet_pool_alloc(&s->store->pool, len,
						    GFP_KERNEL);
			check(s, obj[n]);
			if (!obj[n])
				continue;
			singlet_object_describe(obj[n], SINGLET_TYPE_BYTES,
						len, 0);
			check(s, !memchr_inv(singlet_object_data(obj[n]), 0,
					     len));
			memset(singlet_object_data(obj[n]), mark, len);
			n++;
		} else {
			i = r % n;
			check(s, !memchr_inv(singlet_object_data(obj[i]), mark,
					     singlet_object_len(obj[i])));
			suite_slot_free(obj[i]);
			obj[i] = obj[--n];
		}
		atomic_long_inc(&s->rounds);
		cond_resched();
	}
	return 0;
}

static int drainer(void *ctx)
{
	struct shared *s = ctx;

	while (!kthread_should_stop()) {
		singlet_pool_drain(&s->store->pool);
		singlet_pool_trim(&s->store->pool);
		usleep_range(50, 200);
	}
	return 0;
}

static void race_slots(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		slot_user, slot_user, slot_user, drainer,
	};
	struct shared *s = shared(test);
	void *ctx[] = { s, s, s, s };

	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 400, raced_enough);
	expect_right(test, s);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(race_intern),
	KUNIT_CASE(race_find),
	KUNIT_CASE(race_same_value),
	KUNIT_CASE(race_plain),
	KUNIT_CASE(race_type),
	KUNIT_CASE(race_slots),
	{}
};

struct kunit_suite race_suite = {
	.name = "singlet_race",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
