// SPDX-License-Identifier: GPL-2.0
/* Memory is short: what the shrinker frees, in which order, and at once. */
#include "suites.h"

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/vmalloc.h>

#define NR	600	/* more than a slab's worth */

/* Magazines are per CPU, and the shrinker empties its own. */
static int shrink_init(struct kunit *test)
{
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	return suite_store_init(test);
}

static struct singlet_object *value(struct kunit *test, u32 i)
{
	u8 data[64] = {};

	memcpy(data, &i, sizeof(i));
	return suite_intern(test, test->priv, SINGLET_TYPE_BYTES, data,
			    sizeof(data));
}

/* Values that nobody holds. */
static void fill(struct kunit *test, u32 from, u32 to)
{
	while (from < to)
		singlet_store_put(value(test, from++));
}

static long stored(struct kunit *test)
{
	struct singlet_store *store = test->priv;

	return singlet_counters_sum(&store->counters, STAT_BYTES_STORED);
}

/* Bytes of descriptors and caches. */
static long described(struct kunit *test)
{
	struct singlet_store *store = test->priv;

	return singlet_counters_sum(&store->counters, STAT_BYTES_METADATA);
}

static void expect_objects(struct kunit *test, u64 objects, u64 idle)
{
	struct singlet_stats s = suite_stats(test->priv);

	KUNIT_EXPECT_EQ(test, s.objects, objects);
	KUNIT_EXPECT_EQ(test, s.idle, idle);
	KUNIT_EXPECT_TRUE(test, suite_is_valid(test->priv));
}

/* What the kernel gets for its answer; else it would ask for ever. */
static void shrink_nothing(struct kunit *test)
{
	struct singlet_object *obj = value(test, 1);
	unsigned long ret, scanned;

	KUNIT_EXPECT_EQ(test, suite_shrink_count(), SHRINK_EMPTY);
	ret = suite_shrink(32, &scanned);
	KUNIT_EXPECT_TRUE_MSG(test, ret == SHRINK_STOP || scanned,
			      "do_shrink_slab() loops for ever");
	KUNIT_EXPECT_TRUE(test, ret == SHRINK_STOP || !ret);
	singlet_store_put(obj);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), 1);
	/* Nothing idle, though still listed: then it is not any more. */
	obj = value(test, 1);
	ret = suite_shrink(32, &scanned);
	KUNIT_EXPECT_NE(test, ret, SHRINK_STOP);
	KUNIT_EXPECT_EQ(test, scanned, 1);
	singlet_store_put(obj);
	suite_expect_empty(test, test->priv);
}

static void shrink_second_chance(struct kunit *test)
{
	unsigned long slabs, scanned;

	fill(test, 0, NR);
	slabs = suite_stats(test->priv).slabs;
	KUNIT_ASSERT_GT(test, slabs, 5);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), slabs);
	/* Not more than asked for. */
	KUNIT_EXPECT_EQ(test, suite_shrink(2, &scanned), 0);
	KUNIT_EXPECT_EQ(test, scanned, 2);
	KUNIT_EXPECT_EQ(test, suite_shrink(slabs - 2, &scanned), 0);
	KUNIT_EXPECT_EQ(test, scanned, slabs - 2);
	expect_objects(test, NR, NR);
	/* Used meanwhile: one more chance. */
	singlet_store_put(value(test, 0));
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), slabs);
	KUNIT_EXPECT_EQ(test, suite_shrink(slabs, &scanned), slabs - 1);
	expect_objects(test, 1, 1);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), 1);
	KUNIT_EXPECT_EQ(test, suite_shrink(slabs, &scanned), 1);
	KUNIT_EXPECT_EQ(test, scanned, 1);
	expect_objects(test, 0, 0);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), SHRINK_EMPTY);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).evictions, NR);
	suite_expect_empty(test, test->priv);
}

/* One that looks at a record, in an RCU section, while its slab ends. */
struct reader {
	struct singlet_store *store;
	u64 id;
	struct completion inside;
	bool go;		/* set when the slab has ended */
	bool wrong;
};

static bool reader_sees_dead(struct reader *r, struct singlet_object *obj)
{
	struct singlet_peek peek;

	return singlet_object_dead(obj) && obj->gen != r->id >> 32 &&
	       singlet_object_tryget(obj) == GOT_NOTHING &&
	       singlet_store_peek(r->store, r->id, &peek) == -ENOENT;
}

static int reader(void *ctx)
{
	struct reader *r = ctx;
	unsigned long end = jiffies + 5 * HZ;
	struct singlet_object *obj;
	struct singlet_slab *slab;

	rcu_read_lock();
	obj = singlet_pool_object(&r->store->pool, (u32)r->id, &slab);
	complete(&r->inside);
	while (!READ_ONCE(r->go) && time_before(jiffies, end))
		cpu_relax();
	r->wrong = !READ_ONCE(r->go) || !obj || !reader_sees_dead(r, obj);
	rcu_read_unlock();
	suite_wait_for_stop();
	return 0;
}

/* Pages are back at once, while records can still be looked at. */
static void shrink_at_once(struct kunit *test)
{
	struct reader r = { .store = test->priv };
	struct singlet_object *obj;
	struct task_struct *task;
	long metadata;

	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU");
	fill(test, 1, NR);
	obj = value(test, 0);
	r.id = singlet_object_id(obj);
	singlet_store_put(obj);
	suite_shrink_rounds(1);
	KUNIT_EXPECT_GE(test, stored(test), NR * 64);
	init_completion(&r.inside);
	task = kthread_create(reader, &r, "%s", test->name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	kthread_bind(task, cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id()));
	wake_up_process(task);
	wait_for_completion(&r.inside);
	metadata = described(test);
	suite_shrink_rounds(1);
	KUNIT_EXPECT_EQ(test, stored(test), 0);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).slots_cached, 0);
	/* The records are there until the reader has gone. */
	KUNIT_EXPECT_EQ(test, described(test), metadata);
	WRITE_ONCE(r.go, true);
	kthread_stop(task);
	KUNIT_EXPECT_FALSE(test, r.wrong);
	rcu_barrier();
	KUNIT_EXPECT_LT(test, described(test), metadata);
	suite_expect_empty(test, test->priv);
}

/* What is idle beside live objects frees no page: it waits twice as long. */
static void shrink_mixed(struct kunit *test)
{
	struct singlet_object *live = value(test, 0);
	struct singlet_slab *slab = singlet_object_slab(live);
	unsigned long slabs;
	unsigned int i, idle;

	for (idle = 0; idle < 10; idle++) {
		struct singlet_object *obj = value(test, idle + 1);

		KUNIT_ASSERT_PTR_EQ(test, singlet_object_slab(obj), slab);
		singlet_store_put(obj);
	}
	/* And slabs without live ones. */
	fill(test, 1000, 1000 + NR);
	idle = atomic_read(&slab->idle.nr);
	slabs = suite_stats(test->priv).slabs;
	suite_shrink_rounds(1);
	suite_shrink_rounds(1);
	expect_objects(test, idle + 1, idle);
	KUNIT_EXPECT_EQ(test, stored(test), slab->pages * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), 1);
	for (i = 0; i < 2; i++)
		suite_shrink_rounds(1);
	expect_objects(test, 1, 0);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), SHRINK_EMPTY);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).slabs, 1);
	KUNIT_EXPECT_GT(test, slabs, 1);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(live), 1);
	singlet_store_put(live);
	/* Now nothing is live: twice is enough. */
	suite_shrink_rounds(2);
	KUNIT_EXPECT_EQ(test, stored(test), 0);
	suite_expect_empty(test, test->priv);
}

/* Slots freed before wait in the CPU's magazine, and keep no page. */
static void shrink_drains(struct kunit *test)
{
	fill(test, 0, 10);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(test->priv, 9, false), 9);
	KUNIT_EXPECT_GT(test, suite_stats(test->priv).slots_cached, 0);
	KUNIT_EXPECT_GT(test, stored(test), 0);
	suite_shrink_rounds(2);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).slots_cached, 0);
	KUNIT_EXPECT_EQ(test, stored(test), 0);
	suite_expect_empty(test, test->priv);
}

/* Slabs that are kept though nothing is in them go like those with idle ones. */
static void shrink_kept(struct kunit *test)
{
	fill(test, 0, NR);
	singlet_reclaim_some(test->priv, NR, false);
	singlet_pool_drain(&((struct singlet_store *)test->priv)->pool);
	expect_objects(test, 0, 0);
	KUNIT_EXPECT_GT(test, stored(test), 0);
	KUNIT_EXPECT_EQ(test, suite_shrink_count() * PAGE_SIZE, stored(test));
	suite_shrink_rounds(1);
	KUNIT_EXPECT_EQ(test, stored(test), 0);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), SHRINK_EMPTY);
	suite_expect_empty(test, test->priv);
}

/* Pages that come from vmalloc are back with the next scan at the latest. */
static void shrink_large(struct kunit *test)
{
	const u32 len = 1 << 20;
	u8 *data = vzalloc(len);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < 3; i++) {
		data[0] = i;
		singlet_store_put(suite_intern(test, test->priv,
					       SINGLET_TYPE_BYTES, data, len));
	}
	vfree(data);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), 3);
	suite_shrink_rounds(2);
	expect_objects(test, 0, 0);
	rcu_barrier();
	suite_shrink(1, NULL);
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, stored(test), 0);
	suite_expect_empty(test, test->priv);
}

/* A container goes, then what only it kept. */
static void shrink_containers(struct kunit *test)
{
	struct singlet_object *part = value(test, 1);
	u64 id = singlet_object_id(part);
	struct singlet_object *outer;

	outer = suite_intern(test, test->priv, SINGLET_TYPE_TUPLE, &id, 8);
	singlet_store_put(part);
	singlet_store_put(outer);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), 1);
	suite_shrink_rounds(2);
	expect_objects(test, 1, 1);
	KUNIT_EXPECT_EQ(test, suite_shrink_count(), 1);
	suite_shrink_rounds(2);
	expect_objects(test, 0, 0);
	suite_expect_empty(test, test->priv);
}

static unsigned int emptied;

static void note_emptied(struct singlet_store *store)
{
	emptied++;
}

/* The owner hears of the last object's end. */
static void shrink_emptied(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *live = value(test, 0);
	u32 type;

	store->emptied = note_emptied;
	emptied = 0;
	fill(test, 1, NR);
	suite_shrink_rounds(4);
	expect_objects(test, 1, 0);
	KUNIT_EXPECT_EQ(test, emptied, 0);
	singlet_store_put(live);
	suite_shrink_rounds(2);
	expect_objects(test, 0, 0);
	KUNIT_EXPECT_EQ(test, emptied, 1);

	/* So it does when types are left, and decides itself. */
	type = suite_type(test, store, "mine", SINGLET_KIND_VALUE);
	fill(test, 0, 1);
	suite_shrink_rounds(2);
	expect_objects(test, 0, 0);
	KUNIT_EXPECT_EQ(test, emptied, 2);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, type), 0);
	suite_expect_empty(test, store);
}

/* The kernel shrinks while others collect and intern. */
static int filler(void *ctx)
{
	struct kunit *test = ctx;
	u32 i = 0;

	while (!kthread_should_stop()) {
		fill(test, i % NR, i % NR + 20);
		i += 20;
		cond_resched();
	}
	return 0;
}

static int shrinker(void *ctx)
{
	while (!kthread_should_stop()) {
		suite_shrink(8, NULL);
		cond_resched();
	}
	return 0;
}

static int collector(void *ctx)
{
	struct kunit *test = ctx;

	while (!kthread_should_stop()) {
		singlet_reclaim_some(test->priv, 64, true);
		cond_resched();
	}
	return 0;
}

static void shrink_race(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		filler, filler, shrinker, collector,
	};
	void *ctx[] = { test, test, test, test };
	unsigned int i;

	suite_run(test, fn, ctx, ARRAY_SIZE(fn), 500);
	expect_objects(test, suite_stats(test->priv).idle,
		       suite_stats(test->priv).idle);
	/* Every slab with idle objects can be found. */
	for (i = 0; i < 2; i++)
		suite_shrink_rounds(1);
	expect_objects(test, 0, 0);
	suite_expect_empty(test, test->priv);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(shrink_nothing),
	KUNIT_CASE(shrink_second_chance),
	KUNIT_CASE(shrink_at_once),
	KUNIT_CASE(shrink_mixed),
	KUNIT_CASE(shrink_drains),
	KUNIT_CASE(shrink_kept),
	KUNIT_CASE(shrink_large),
	KUNIT_CASE(shrink_containers),
	KUNIT_CASE(shrink_emptied),
	KUNIT_CASE(shrink_race),
	{}
};

struct kunit_suite shrink_suite = {
	.name = "singlet_shrink",
	.init = shrink_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
