// SPDX-License-Identifier: GPL-2.0
/*
 * The KUnit module: the layers as a library of its own.  It needs no other
 * module, and can be loaded beside singlet itself.
 */
#include "suites.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/sort.h>
#include <uapi/linux/singlet_index.h>

#include "core.h"

#define RUN_MAX		6	/* threads of suite_run() */

/* Where each access is checked, a tenth shows the same. */
static unsigned int scale = IS_ENABLED(CONFIG_KASAN) ||
			    IS_ENABLED(CONFIG_PROVE_LOCKING) ? 10 : 100;
module_param(scale, uint, 0444);
MODULE_PARM_DESC(scale, "amount of work, in percent");

unsigned int suite_scaled(unsigned int n)
{
	return max(n * scale / 100, 1U);
}

int suite_store_init(struct kunit *test)
{
	struct singlet_store *store = singlet_store_create();

	if (IS_ERR(store))
		return PTR_ERR(store);
	test->priv = store;
	return 0;
}

void suite_store_exit(struct kunit *test)
{
	if (test->priv)
		singlet_store_destroy(test->priv);
	test->priv = NULL;
}

struct singlet_pool *suite_pool(struct kunit *test)
{
	return &((struct singlet_store *)test->priv)->pool;
}

long suite_pool_stat(struct kunit *test, enum singlet_stat item)
{
	return singlet_counters_sum(suite_pool(test)->counters, item);
}

struct singlet_object *suite_slot(struct kunit *test, u32 len)
{
	struct singlet_object *obj;

	obj = singlet_pool_alloc(suite_pool(test), len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	singlet_object_describe(obj, SINGLET_TYPE_BYTES, len, 0);
	return obj;
}

void suite_slot_free(struct singlet_object *obj)
{
	singlet_object_erase(obj, singlet_object_len(obj));
	singlet_pool_free(obj);
}

/* What is enough comes late where everything is slow and other things run. */
#define ENOUGH_MS	60000

void suite_run_until(struct kunit *test, const suite_thread_t *fn,
		     void *const *ctx, unsigned int nr, unsigned int ms,
		     suite_enough_t enough)
{
	unsigned int waited;

	struct task_struct *task[RUN_MAX];
	unsigned int i, made;

	KUNIT_ASSERT_LE(test, nr, RUN_MAX);
	for (made = 0; made < nr; made++) {
		task[made] = kthread_create(fn[made], ctx[made], "%s/%u",
					    test->name, made);
		if (IS_ERR(task[made]))
			break;
		get_task_struct(task[made]);
	}
	if (made == nr) {
		for (i = 0; i < nr; i++)
			wake_up_process(task[i]);
		msleep(ms);
		for (waited = 0; enough && !enough(ctx[0]) &&
		     waited < ENOUGH_MS; waited += 20)
			msleep(20);
	}
	for (i = 0; i < made; i++) {
		kthread_stop(task[i]);
		put_task_struct(task[i]);
	}
	KUNIT_ASSERT_EQ(test, made, nr);
}

void suite_run(struct kunit *test, const suite_thread_t *fn, void *const *ctx,
	       unsigned int nr, unsigned int ms)
{
	suite_run_until(test, fn, ctx, nr, ms, NULL);
}

void suite_meeting_init(struct suite_meeting *meeting, unsigned int nr)
{
	atomic_set(&meeting->here, 0);
	meeting->nr = nr;
	init_waitqueue_head(&meeting->wait);
}

bool suite_meet(struct suite_meeting *meeting, int *round)
{
	*round += meeting->nr;
	if (atomic_inc_return(&meeting->here) >= *round)
		wake_up_all(&meeting->wait);
	wait_event_interruptible(meeting->wait,
				 atomic_read(&meeting->here) >= *round ||
				 kthread_should_stop());
	return atomic_read(&meeting->here) >= *round;
}

void suite_wait_for_stop(void)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
}

struct singlet_stats suite_stats(struct singlet_store *store)
{
	struct singlet_stats stats = {};

	singlet_store_stats(store, &stats);
	return stats;
}

bool suite_is_valid(struct singlet_store *store)
{
	flush_work(&store->shrink_work);
	return singlet_store_is_valid(store);
}

void suite_expect_empty(struct kunit *test, struct singlet_store *store)
{
	struct singlet_reclaimed out;
	struct singlet_stats stats;

	singlet_reclaim_all(store, &out);
	flush_work(&store->shrink_work);
	stats = suite_stats(store);
	KUNIT_EXPECT_EQ(test, stats.objects, 0);
	KUNIT_EXPECT_EQ(test, stats.idle, 0);
	KUNIT_EXPECT_EQ(test, stats.slabs, 0);
	KUNIT_EXPECT_EQ(test, stats.slots, 0);
	KUNIT_EXPECT_EQ(test, stats.slots_cached, 0);
	KUNIT_EXPECT_EQ(test, stats.bytes_unique, 0);
	KUNIT_EXPECT_EQ(test, stats.bytes_stored, 0);
	KUNIT_EXPECT_EQ(test, stats.bytes_logical, 0);
	KUNIT_EXPECT_EQ(test, stats.references, 0);
	KUNIT_EXPECT_EQ(test, stats.creates, stats.frees);
	KUNIT_EXPECT_EQ(test, stats.buckets, TABLE_BUCKETS_MIN);
	KUNIT_EXPECT_EQ(test, singlet_table_entries(&store->table), 0);
	KUNIT_EXPECT_TRUE(test, suite_is_valid(store));
}

struct singlet_object *suite_str(struct kunit *test,
				 struct singlet_store *store, const char *text)
{
	return suite_intern(test, store, SINGLET_TYPE_STR, text, strlen(text));
}

struct singlet_object *suite_intern(struct kunit *test,
				    struct singlet_store *store, u32 type,
				    const void *data, u32 len)
{
	struct singlet_object *obj = NULL;
	int ret = singlet_store_intern(store, type, data, len, true,
				       GFP_KERNEL, &obj);

	KUNIT_ASSERT_GE(test, ret, 0);
	return obj;
}

void suite_intern_many(struct singlet_store *store, struct singlet_wish *wish,
		       unsigned int nr, bool create)
{
	struct singlet_refs none;

	singlet_refs_init(&none, &store->counters);
	if (singlet_store_take_many(store, wish, nr, &none))
		singlet_store_make_many(store, wish, nr, create, GFP_KERNEL);
}

static int by_number(const void *a, const void *b)
{
	u64 left = *(const u64 *)a, right = *(const u64 *)b;

	return left < right ? -1 : left > right;
}

void suite_alike(struct kunit *test, struct singlet_store *store, u32 value[2])
{
	const u32 nr = 20000;	/* some 50 pairs */
	u64 *where;
	u32 i;

	where = kunit_kcalloc(test, nr, sizeof(*where), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, where);
	for (i = 0; i < nr; i++) {
		u32 hash = singlet_hash(&store->key, &i, sizeof(i),
					SINGLET_TYPE_INDEX(SINGLET_TYPE_BYTES));
		u32 bucket = singlet_table_bucket(hash, TABLE_BUCKETS_MIN);

		where[i] = (u64)singlet_table_tag(hash) << 48 |
			   (u64)bucket << 32 | i;
	}
	sort(where, nr, sizeof(*where), by_number, NULL);
	for (i = 1; i < nr && where[i] >> 32 != where[i - 1] >> 32; i++)
		;
	KUNIT_ASSERT_LT(test, i, nr);
	value[0] = (u32)where[i - 1];
	value[1] = (u32)where[i];
}

struct singlet_object *suite_get(struct singlet_store *store, u64 id)
{
	bool revived;

	return singlet_store_get(store, id, &revived);
}

u32 suite_type(struct kunit *test, struct singlet_store *store,
	       const char *name, u32 kind)
{
	struct singlet_type_args args = {
		.name = name, .name_len = strlen(name), .kind = kind,
	};
	struct singlet_type *type;
	u32 number = 0;

	type = singlet_types_create(&store->types, &args, &number);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, type);
	return number;
}

/* KUnit runs them when the module is live, after its init. */
kunit_test_suites(&size_suite, &hash_suite, &slab_suite, &slab_dir_suite,
		  &arena_suite, &index_suite, &borrow_suite, &table_suite,
		  &table_crowd_suite,
		  &object_suite, &hot_suite, &type_suite, &store_suite, &plain_suite, &recent_suite,
		  &reclaim_suite, &refs_suite, &session_suite, &idle_suite,
		  &shrink_suite, &quota_suite, &container_suite, &domain_suite,
		  &pins_suite, &credit_suite, &intern_suite, &api_suite,
		  &api_refs_suite, &api_plain_suite, &api_domain_suite,
		  &api_context_suite, &failure_suite, &api_failure_suite,
		  &race_suite, &api_race_suite);

static int __init singlet_kunit_init(void)
{
	return singlet_core_init();
}

static void __exit singlet_kunit_exit(void)
{
	singlet_core_exit();
}

module_init(singlet_kunit_init);
module_exit(singlet_kunit_exit);

MODULE_DESCRIPTION("KUnit tests of singlet's layers");
MODULE_LICENSE("GPL");
