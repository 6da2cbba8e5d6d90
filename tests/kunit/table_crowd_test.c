// SPDX-License-Identifier: GPL-2.0
/* Table buckets that are full, and lookups while the table does not rest. */
#include "suite_table.h"
#include "suites.h"

/* A table whose handles are their own hashes. */
static u32 own_hash(struct singlet_table *table, u32 handle)
{
	return handle;
}

static int crowd_init(struct kunit *test)
{
	struct singlet_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	test->priv = t;
	return singlet_table_init(t, own_hash);
}

static void crowd_exit(struct kunit *test)
{
	if (test->priv)
		singlet_table_destroy(test->priv);
}

static int insert(struct singlet_table *t, u32 handle)
{
	return suite_table_insert(t, handle, handle);
}

static bool remove(struct singlet_table *t, u32 handle)
{
	return suite_table_remove(t, handle, handle);
}

static bool find(struct singlet_table *t, u32 handle)
{
	return suite_table_find(t, handle, handle);
}

#define FULL	(TABLE_CHAIN_FULL * LINE_ENTRIES)

/* Value @n of those that are in @bucket of 2^16. */
static u32 value(u32 bucket, u32 n)
{
	return (n + 1) << 16 | bucket;
}

/* A bucket takes no more, and two full ones do not become one. */
static void crowd_stays_apart(struct kunit *test)
{
	const u32 low = 5, high = low + 4 * TABLE_BUCKETS_MIN;
	struct singlet_table *t = test->priv;
	unsigned int failed = 0;
	u32 i;

	while (singlet_table_buckets(t) < 8 * TABLE_BUCKETS_MIN)
		singlet_table_grow(t, GFP_KERNEL);
	for (i = 0; i < FULL; i++)
		failed += insert(t, value(low, i)) || insert(t, value(high, i));
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_EQ(test, insert(t, value(low, i)), -EDQUOT);
	KUNIT_EXPECT_EQ(test, insert(t, value(high, i)), -EDQUOT);
	/* The table would do with fewer buckets. */
	KUNIT_EXPECT_TRUE(test, singlet_table_sparse(t));
	for (i = 1; i < FULL; i++)
		failed += !remove(t, value(high, i));
	singlet_table_shrink(t);
	KUNIT_EXPECT_EQ(test, singlet_table_buckets(t), high + 1);
	KUNIT_EXPECT_TRUE(test, singlet_table_is_valid(t));
	KUNIT_EXPECT_EQ(test, singlet_table_longest(t), FULL);
	for (i = 0; i < FULL; i++)
		failed += !find(t, value(low, i));
	KUNIT_EXPECT_TRUE(test, find(t, value(high, 0)));
	/* Not to be tried again before there is room for both. */
	KUNIT_EXPECT_FALSE(test, singlet_table_sparse(t));
	failed += !remove(t, value(low, 0));
	KUNIT_EXPECT_TRUE(test, singlet_table_sparse(t));
	singlet_table_shrink(t);
	KUNIT_EXPECT_LE(test, singlet_table_buckets(t), high);
	KUNIT_EXPECT_TRUE(test, find(t, value(high, 0)));
	failed += !remove(t, value(high, 0));
	for (i = 1; i < FULL; i++)
		failed += !remove(t, value(low, i));
	singlet_table_shrink(t);
	KUNIT_EXPECT_EQ(test, singlet_table_buckets(t), TABLE_BUCKETS_MIN);
	KUNIT_EXPECT_EQ(test, failed, 0);
}

struct restless {
	struct singlet_table *table;
	unsigned int calls;
};

/* Something was moved, each time; not for ever, so that this ends in any case. */
static bool match_restless(void *ctx, u32 handle)
{
	struct restless *r = ctx;

	if (r->calls++ < 10 * TABLE_TRIES)
		atomic64_add(BIT_ULL(32), &r->table->state);
	return false;
}

static void crowd_does_not_rest(struct kunit *test)
{
	struct singlet_table *t = test->priv;
	struct restless r = { .table = t };
	bool found;

	KUNIT_ASSERT_EQ(test, insert(t, value(1, 1)), 0);
	rcu_read_lock();
	found = singlet_table_find(t, value(1, 1), match_restless, &r);
	rcu_read_unlock();
	KUNIT_EXPECT_FALSE(test, found);
	KUNIT_EXPECT_EQ(test, r.calls, TABLE_TRIES + 1);
	KUNIT_EXPECT_TRUE(test, remove(t, value(1, 1)));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(crowd_stays_apart),
	KUNIT_CASE(crowd_does_not_rest),
	{}
};

struct kunit_suite table_crowd_suite = {
	.name = "singlet_table_crowd",
	.init = crowd_init,
	.exit = crowd_exit,
	.test_cases = cases,
};
