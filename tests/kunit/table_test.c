// SPDX-License-Identifier: GPL-2.0
/* The hash table, with a hash that the test chooses. */
#include "suite_table.h"
#include "suites.h"

#include <linux/jhash.h>
#include <linux/kthread.h>
#include <linux/sched.h>

/*
 * A table whose values are its handles.  @mask takes away bits of the hash, so
 * that buckets overflow; a mask of 0 puts everything into one.
 */
struct test_table {
	struct singlet_table table;
	u32 salt;
	u32 mask;
	unsigned long lost;	/* what a thread did not find */
	unsigned long looked;
	unsigned int first, nr;	/* handles of a thread */
	bool shrinking;		/* a thread does, or is to */
};

static u32 hash_of(const struct test_table *t, u32 handle)
{
	return jhash_1word(handle, t->salt) & t->mask;
}

static u32 table_hash(struct singlet_table *table, u32 handle)
{
	return hash_of(container_of(table, struct test_table, table), handle);
}

static int table_init(struct kunit *test)
{
	struct test_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->salt = get_random_u32();
	t->mask = U32_MAX;
	kunit_info(test, "salt %#x", t->salt);
	test->priv = t;
	return singlet_table_init(&t->table, table_hash);
}

static void table_exit(struct kunit *test)
{
	struct test_table *t = test->priv;

	if (t)
		singlet_table_destroy(&t->table);
}

/* Insert without growing.  Return: 0, -ENOMEM, -EDQUOT. */
static int insert(struct test_table *t, u32 handle)
{
	return suite_table_insert(&t->table, hash_of(t, handle), handle);
}

/* As a store does it. */
static int insert_grow(struct test_table *t, u32 handle)
{
	int err = insert(t, handle);

	if (!err && singlet_table_crowded(&t->table, hash_of(t, handle)))
		singlet_table_grow(&t->table, GFP_KERNEL);
	return err;
}

static bool table_remove(struct test_table *t, u32 handle)
{
	return suite_table_remove(&t->table, hash_of(t, handle), handle);
}

static bool find(struct test_table *t, u32 handle)
{
	return suite_table_find(&t->table, hash_of(t, handle), handle);
}

/* How many of the handles from @first up to @end, in steps, are found. */
static unsigned int count_found(struct test_table *t, u32 first, u32 end,
				u32 step)
{
	unsigned int n = 0;
	u32 i;

	for (i = first; i < end; i += step) {
		n += find(t, i);
		cond_resched();
	}
	return n;
}

/* Overflow lines that buckets have. */
static unsigned int lines_used(struct test_table *t)
{
	struct singlet_lines *lines = &t->table.over;
	struct singlet_line_dir *dir;
	unsigned int n = 0;
	u32 i;

	spin_lock_bh(&lines->lock);
	dir = rcu_dereference_protected(lines->dir,
					lockdep_is_held(&lines->lock));
	for (i = 0; dir && i < dir->cap; i++)
		if (dir->page[i].lines)
			n += hweight64(dir->page[i].used);
	spin_unlock_bh(&lines->lock);
	return n;
}

static void expect_table(struct kunit *test, unsigned long entries)
{
	struct test_table *t = test->priv;

	KUNIT_EXPECT_EQ(test, singlet_table_entries(&t->table), entries);
	KUNIT_EXPECT_TRUE(test, singlet_table_is_valid(&t->table));
}

/* As after the beginning: one page of buckets and nothing else. */
static void expect_smallest(struct kunit *test)
{
	struct test_table *t = test->priv;

	expect_table(test, 0);
	KUNIT_EXPECT_EQ(test, lines_used(t), 0);
	KUNIT_EXPECT_EQ(test, t->table.over.nr_pages, 0);
	KUNIT_EXPECT_EQ(test, t->table.home.nr_pages, 1);
	KUNIT_EXPECT_EQ(test, singlet_table_buckets(&t->table),
			TABLE_BUCKETS_MIN);
}

static void table_empty(struct kunit *test)
{
	struct test_table *t = test->priv;

	expect_smallest(test);
	KUNIT_EXPECT_EQ(test, count_found(t, 0, 100, 1), 0);
	KUNIT_EXPECT_FALSE(test, table_remove(t, 0));
	KUNIT_EXPECT_FALSE(test, singlet_table_sparse(&t->table));
	singlet_table_shrink(&t->table);
	expect_smallest(test);
}

static void table_many(struct kunit *test)
{
	struct test_table *t = test->priv;
	const u32 nr = suite_scaled(100000);
	u32 i, buckets, failed = 0;

	for (i = 0; i < nr; i++) {
		failed += !!insert_grow(t, i);
		cond_resched();
	}
	KUNIT_ASSERT_EQ(test, failed, 0);
	expect_table(test, nr);
	KUNIT_EXPECT_EQ(test, count_found(t, 0, nr, 1), nr);
	KUNIT_EXPECT_EQ(test, count_found(t, nr, 2 * nr, 1), 0);

	buckets = singlet_table_buckets(&t->table);
	KUNIT_EXPECT_GE(test, buckets * TABLE_LOAD * 10, nr * 9);
	KUNIT_EXPECT_LE(test, buckets * TABLE_LOAD_LOW, nr);
	KUNIT_EXPECT_LE(test, singlet_table_longest(&t->table), 40);
	/* Handle and tag are 6 bytes, 8 of 10 places taken: 9 and a bit. */
	KUNIT_EXPECT_LE(test, singlet_table_bytes(&t->table), nr * 14);

	/* Half of them go, in another order than they came. */
	for (i = 0; i < nr; i++) {
		u32 handle = nr - 1 - i;

		if (handle % 2)
			failed += !table_remove(t, handle);
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	expect_table(test, nr / 2);
	KUNIT_EXPECT_EQ(test, count_found(t, 0, nr, 2), (nr + 1) / 2);
	KUNIT_EXPECT_EQ(test, count_found(t, 1, nr, 2), 0);

	/* Then all but a tenth, and the table follows. */
	for (i = 0; i < nr; i += 2)
		if (i % 20)
			failed += !table_remove(t, i);
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_TRUE(test, singlet_table_sparse(&t->table));
	singlet_table_shrink(&t->table);
	KUNIT_EXPECT_LT(test, singlet_table_buckets(&t->table), buckets / 4);
	expect_table(test, DIV_ROUND_UP(nr, 20));
	KUNIT_EXPECT_EQ(test, count_found(t, 0, nr, 20), DIV_ROUND_UP(nr, 20));
	KUNIT_EXPECT_LE(test, singlet_table_longest(&t->table), 40);

	for (i = 0; i < nr; i += 20)
		failed += !table_remove(t, i);
	KUNIT_EXPECT_EQ(test, failed, 0);
	singlet_table_shrink(&t->table);
	expect_smallest(test);
}

/* One bucket at a time, no entry is ever out of its place. */
static void table_grows_gently(struct kunit *test)
{
	struct test_table *t = test->priv;
	u32 i, now, buckets = TABLE_BUCKETS_MIN;

	for (i = 0; i < 3000; i++) {
		KUNIT_ASSERT_EQ(test, insert_grow(t, i), 0);
		now = singlet_table_buckets(&t->table);
		KUNIT_ASSERT_LE(test, now - buckets, 2);
		if (now != buckets && now % 8 == 0)
			KUNIT_ASSERT_TRUE(test, singlet_table_is_valid(&t->table));
		buckets = now;
	}
	/* Several doublings were passed. */
	KUNIT_EXPECT_GT(test, buckets, 4 * TABLE_BUCKETS_MIN);
	KUNIT_EXPECT_EQ(test, count_found(t, 0, 3000, 1), 3000);
	KUNIT_EXPECT_LE(test, buckets * TABLE_LOAD, 3000 + 3000 / 2);
	for (i = 0; i < 3000; i++)
		KUNIT_ASSERT_TRUE(test, table_remove(t, i));
	singlet_table_shrink(&t->table);
	expect_smallest(test);
}

/* It shrinks less than it must grow at once, and grows again. */
static void table_breathes(struct kunit *test)
{
	struct test_table *t = test->priv;
	u32 i, round, failed = 0;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < 2000; i++)
			failed += !!insert_grow(t, i);
		for (i = 100; i < 2000; i++)
			failed += !table_remove(t, i);
		singlet_table_shrink(&t->table);
		expect_table(test, 100);
		KUNIT_EXPECT_EQ(test, count_found(t, 0, 2000, 1), 100);
		KUNIT_EXPECT_FALSE(test, singlet_table_sparse(&t->table));
		for (i = 0; i < 100; i++)
			failed += !table_remove(t, i);
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	singlet_table_shrink(&t->table);
	expect_smallest(test);
}

/* One bucket takes everything; its lines come back as it empties. */
static void table_overflow(struct kunit *test)
{
	struct test_table *t = test->priv;
	const u32 nr = 500;
	u32 i;

	t->mask = 0xffff0000;	/* tags differ, buckets do not */
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, insert(t, i), 0);
	expect_table(test, nr);
	KUNIT_EXPECT_EQ(test, singlet_table_longest(&t->table), nr);
	KUNIT_EXPECT_EQ(test, lines_used(t),
			DIV_ROUND_UP(nr, LINE_ENTRIES) - 1);
	KUNIT_EXPECT_EQ(test, count_found(t, 0, 2 * nr, 1), nr);

	/* From the front, so that lines in the middle of the chain go. */
	for (i = 0; i < nr / 2; i++)
		KUNIT_EXPECT_TRUE(test, table_remove(t, i));
	expect_table(test, nr / 2);
	KUNIT_EXPECT_LE(test, lines_used(t), nr / 2 / LINE_ENTRIES + 1);
	KUNIT_EXPECT_EQ(test, count_found(t, nr / 2, nr, 1), nr / 2);
	/* What is free is used before a line is added. */
	for (i = 0; i < LINE_ENTRIES; i++)
		KUNIT_EXPECT_EQ(test, insert(t, i), 0);
	KUNIT_EXPECT_LE(test, lines_used(t), nr / 2 / LINE_ENTRIES + 1);
	for (i = 0; i < LINE_ENTRIES; i++)
		KUNIT_EXPECT_TRUE(test, table_remove(t, i));
	for (i = nr; i > nr / 2; i--)
		KUNIT_EXPECT_TRUE(test, table_remove(t, i - 1));
	KUNIT_EXPECT_EQ(test, lines_used(t), 0);
	KUNIT_EXPECT_GT(test, t->table.over.nr_pages, 0);
	singlet_table_shrink(&t->table);
	expect_smallest(test);
}

/* Equal hashes are told apart by the match function alone. */
static void table_collisions(struct kunit *test)
{
	struct test_table *t = test->priv;
	u32 i, nr = 100;

	t->mask = 0;
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, insert(t, i), 0);
	KUNIT_EXPECT_EQ(test, count_found(t, 0, 2 * nr, 1), nr);
	for (i = 0; i < nr; i += 3)
		KUNIT_EXPECT_TRUE(test, table_remove(t, i));
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, find(t, i), i % 3 != 0);
	expect_table(test, nr - DIV_ROUND_UP(nr, 3));
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, table_remove(t, i), i % 3 != 0);
	expect_table(test, 0);
}

/* Splitting and merging buckets that overflow. */
static void table_overflow_splits(struct kunit *test)
{
	struct test_table *t = test->priv;
	u32 i, nr = 2000, failed = 0;

	t->mask = 0xffff0107;	/* 16 different ends */
	for (i = 0; i < nr; i++) {
		failed += !!insert_grow(t, i);
		if (i % 100 == 0)
			KUNIT_ASSERT_TRUE(test, singlet_table_is_valid(&t->table));
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_GT(test, singlet_table_buckets(&t->table),
			2 * TABLE_BUCKETS_MIN);
	expect_table(test, nr);
	KUNIT_EXPECT_EQ(test, count_found(t, 0, nr, 1), nr);
	for (i = 0; i < nr; i++)
		if (i % 16)
			failed += !table_remove(t, i);
	singlet_table_shrink(&t->table);
	expect_table(test, DIV_ROUND_UP(nr, 16));
	KUNIT_EXPECT_EQ(test, count_found(t, 0, nr, 16), DIV_ROUND_UP(nr, 16));
	for (i = 0; i < nr; i += 16)
		failed += !table_remove(t, i);
	KUNIT_EXPECT_EQ(test, failed, 0);
	singlet_table_shrink(&t->table);
	expect_smallest(test);
}

/* Without a line to overflow into nothing is changed. */
static void table_prepare_fails(struct kunit *test)
{
	struct test_table *t = test->priv;
	struct singlet_table_room room;
	u32 i;

	t->mask = 0;
	for (i = 0; i < LINE_ENTRIES; i++)
		KUNIT_ASSERT_EQ(test, insert(t, i), 0);
	KUNIT_EXPECT_EQ(test, t->table.over.nr_pages, 0);
	singlet_table_lock(&t->table, 0);
	KUNIT_EXPECT_EQ(test, singlet_table_prepare(&t->table, 0, &room), -ENOSPC);
	KUNIT_EXPECT_EQ(test, singlet_table_prepare(&t->table, STRIPES, &room), 0);
	singlet_table_unlock(&t->table, 0);
	expect_table(test, LINE_ENTRIES);
	KUNIT_EXPECT_EQ(test, singlet_table_extend(&t->table, GFP_KERNEL), 0);
	singlet_table_lock(&t->table, 0);
	KUNIT_EXPECT_EQ(test, singlet_table_prepare(&t->table, 0, &room), 0);
	/* Asking twice takes no second line. */
	KUNIT_EXPECT_EQ(test, singlet_table_prepare(&t->table, 0, &room), 0);
	singlet_table_unlock(&t->table, 0);
	KUNIT_EXPECT_EQ(test, lines_used(t), 1);
	expect_table(test, LINE_ENTRIES);
}

/* The mark that stands for tag @pos of a line. */
static u64 mark_of(unsigned int pos)
{
#ifdef __LITTLE_ENDIAN
	return BIT_ULL(16 * (pos % 4) + pos / 4);
#else
	return BIT_ULL(16 * (3 - pos % 4) + pos / 4);
#endif
}

/* No tag that is there is missed, and where none is, none is found. */
static void table_tags(struct kunit *test)
{
	static const u16 tags[] = { 0, 1, 2, 0x7fff, 0x8000, 0x8001, 0xffff };
	unsigned int i, j, pos, bad = 0;
	struct singlet_line line;

	KUNIT_EXPECT_EQ(test, singlet_table_tag(0), 1);
	KUNIT_EXPECT_EQ(test, singlet_table_tag(0xffff), 1);
	KUNIT_EXPECT_EQ(test, singlet_table_tag(0x10000), 1);
	KUNIT_EXPECT_EQ(test, singlet_table_tag(0xabcd1234), 0xabcd);
	for (i = 1; i < ARRAY_SIZE(tags); i++) {
		for (j = 0; j < ARRAY_SIZE(tags); j++) {
			/* Handles that look like tags must not matter. */
			for (pos = 0; pos < LINE_ENTRIES; pos++) {
				line.tag[pos] = tags[j];
				line.handle[pos] = tags[i] * 0x10001U;
			}
			if (i != j)
				bad += singlet_line_marks(&line, tags[i]) != 0;
			for (pos = 0; pos < LINE_ENTRIES; pos++) {
				line.tag[pos] = tags[i];
				bad += !(singlet_line_marks(&line, tags[i]) &
					 mark_of(pos));
				line.tag[pos] = tags[j];
			}
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static void table_bucket_numbers(struct kunit *test)
{
	u32 buckets, hash, bad = 0;

	for (buckets = TABLE_BUCKETS_MIN; buckets < 300; buckets++) {
		u32 low = 1U << (fls(buckets) - 1);

		for (hash = 0; hash < 1024; hash++) {
			u32 b = singlet_table_bucket(hash, buckets);

			bad += b >= buckets;
			bad += b != (hash % (2 * low) < buckets ?
				     hash % (2 * low) : hash % low);
			/* Both halves of a split share a stripe. */
			bad += b % STRIPES != hash % STRIPES;
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static void table_broken_is_noticed(struct kunit *test)
{
	struct test_table *t = test->priv;
	struct singlet_line *line;
	u32 hash = hash_of(t, 7), i;

	KUNIT_ASSERT_EQ(test, insert(t, 7), 0);
	expect_table(test, 1);
	rcu_read_lock();
	line = singlet_lines_find(&t->table.home, hash % TABLE_BUCKETS_MIN);
	rcu_read_unlock();
	for (i = 0; i < LINE_ENTRIES && !line->tag[i]; i++)
		;
	KUNIT_ASSERT_LT(test, i, LINE_ENTRIES);
	line->tag[i] ^= 2;
	KUNIT_EXPECT_FALSE(test, singlet_table_is_valid(&t->table));
	line->tag[i] ^= 2;
	line->handle[i] = 8;
	KUNIT_EXPECT_FALSE(test, singlet_table_is_valid(&t->table));
	line->handle[i] = 7;
	t->table.stripe[0].nr++;
	KUNIT_EXPECT_FALSE(test, singlet_table_is_valid(&t->table));
	t->table.stripe[0].nr--;
	expect_table(test, 1);
}

/*
 * What a reader looks for moves away under its eyes: the match function, which
 * the reader calls on its way, does it.
 */
struct mover {
	struct test_table *t;
	u32 handle;		/* looked for */
	unsigned int calls;
	void (*move)(struct mover *m);
};

static bool match_and_move(void *ctx, u32 handle)
{
	struct mover *m = ctx;

	if (!m->calls++)
		m->move(m);
	return handle == m->handle;
}

/* A handle that is its own hash but for the tag, which is always 1. */
static u32 handle_hash_of(struct singlet_table *table, u32 handle)
{
	return 0x10000 | (handle & 0xffff);
}

/* For that hash, what insert() and the like need. */
static void insert_raw(struct kunit *test, u32 handle)
{
	struct test_table *t = test->priv;

	KUNIT_ASSERT_EQ(test,
			suite_table_insert(&t->table,
					   handle_hash_of(&t->table, handle),
					   handle), 0);
}

static bool find_raw(struct test_table *t, u32 handle,
		     void (*move)(struct mover *m))
{
	struct mover m = { .t = t, .handle = handle, .move = move };
	bool found;

	rcu_read_lock();
	found = singlet_table_find(&t->table,
				   handle_hash_of(&t->table, handle),
				   match_and_move, &m);
	rcu_read_unlock();
	return found;
}

static void move_by_split(struct mover *m)
{
	singlet_table_grow(&m->t->table, GFP_NOWAIT);
}

/* Bucket 0 is split while somebody walks it. */
static void table_split_under_reader(struct kunit *test)
{
	struct test_table *t = test->priv;

	t->table.hash = handle_hash_of;
	insert_raw(test, 0);
	insert_raw(test, TABLE_BUCKETS_MIN);	/* goes with the split */
	/* There must be a page of lines for the new bucket. */
	KUNIT_ASSERT_EQ(test,
			singlet_lines_ensure(&t->table.home, 1, GFP_KERNEL), 1);
	KUNIT_EXPECT_TRUE(test, find_raw(t, TABLE_BUCKETS_MIN, move_by_split));
	KUNIT_EXPECT_GT(test, singlet_table_buckets(&t->table),
			TABLE_BUCKETS_MIN);
	expect_table(test, 2);
}

/* The second line of bucket 0 goes to bucket 1. */
static void move_line(struct mover *m)
{
	struct singlet_table *table = &m->t->table;
	struct singlet_table_room room;
	u32 i, n = TABLE_BUCKETS_MIN;

	for (i = 0; i < LINE_ENTRIES; i++) {
		singlet_table_lock(table, 0);
		singlet_table_remove(table, handle_hash_of(table, 0),
				     0x10000 * (LINE_ENTRIES + i));
		singlet_table_unlock(table, 0);
	}
	for (i = 0; i <= LINE_ENTRIES; i++) {
		singlet_table_lock(table, 1);
		if (!singlet_table_prepare(table, 1, &room))
			singlet_table_insert(table, handle_hash_of(table, 1),
					     1 + 0x10000 * (n + i), &room);
		singlet_table_unlock(table, 1);
	}
}

/* Moves it when the reader is there, at its first entry. */
static bool match_line(void *ctx, u32 handle)
{
	struct mover *m = ctx;

	if (m->calls++ == LINE_ENTRIES)
		move_line(m);
	return handle == m->handle;
}

static void table_line_under_reader(struct kunit *test)
{
	struct test_table *t = test->priv;
	struct mover m = { .t = t };
	bool found;
	u32 i;

	/* Three lines, all with the same tag; the last entry is wanted. */
	t->table.hash = handle_hash_of;
	for (i = 0; i <= 2 * LINE_ENTRIES; i++)
		insert_raw(test, 0x10000 * i);
	m.handle = 0x10000 * 2 * LINE_ENTRIES;
	KUNIT_ASSERT_EQ(test, lines_used(t), 2);
	rcu_read_lock();
	found = singlet_table_find(&t->table, handle_hash_of(&t->table, 0),
				   match_line, &m);
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, found);
	/* The line went, and came back for the other bucket. */
	KUNIT_EXPECT_EQ(test, lines_used(t), 2);
	expect_table(test, 2 * LINE_ENTRIES + 2);
}

/* Races: what is there all the time is always found. */

static int reader(void *ctx)
{
	struct test_table *t = ctx;
	u32 i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 200; i++) {
			t->lost += !find(t, i);
			t->looked++;
		}
		cond_resched();
	}
	return 0;
}

/* Grows the table by entries of its own, and shrinks it again. */
static int churner(void *ctx)
{
	struct test_table *t = ctx;
	unsigned int end = t->first + t->nr;
	u32 i;

	while (!kthread_should_stop()) {
		for (i = t->first; i < end; i++)
			t->lost += !!insert_grow(t, i);
		cond_resched();
		for (i = t->first; i < end; i++)
			t->lost += !table_remove(t, i);
		singlet_table_shrink(&t->table);
		t->looked++;
		cond_resched();
	}
	return 0;
}

static bool looked_enough(void *ctx)
{
	struct test_table *t = ctx;

	return READ_ONCE(t->looked) > 200;
}

static void race(struct kunit *test, u32 mask, unsigned int nr)
{
	static const suite_thread_t fn[] = { reader, churner };
	struct test_table *t = test->priv;
	void *ctx[] = { t, t };
	unsigned long looked;
	u32 i;

	t->mask = mask;
	t->first = 1000;
	t->nr = nr;
	for (i = 0; i < 200; i++)
		KUNIT_ASSERT_EQ(test, insert_grow(t, i), 0);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 500, looked_enough);
	looked = t->looked;
	KUNIT_EXPECT_EQ(test, t->lost, 0);
	KUNIT_EXPECT_GT(test, looked, 200);
	expect_table(test, 200);
	KUNIT_EXPECT_EQ(test, count_found(t, 0, 200, 1), 200);
	for (i = 0; i < 200; i++)
		KUNIT_EXPECT_TRUE(test, table_remove(t, i));
	singlet_table_shrink(&t->table);
	expect_smallest(test);
}

static void table_race(struct kunit *test)
{
	race(test, U32_MAX, 1500);
}

static void table_race_overflow(struct kunit *test)
{
	race(test, 0xffff0103, 600);
}

static void table_race_one_tag(struct kunit *test)
{
	race(test, 0x000101ff, 600);
}

/* When told. */
static int shrinker(void *ctx)
{
	struct test_table *t = ctx;

	while (!kthread_should_stop()) {
		if (READ_ONCE(t->shrinking)) {
			singlet_table_shrink(&t->table);
			WRITE_ONCE(t->shrinking, false);
		}
		cond_resched();
	}
	return 0;
}

/*
 * Empties the table and fills it again as soon as it shrinks; @looked: while it
 * did.  What fits has to stay: @lost.
 */
static int filler(void *ctx)
{
	struct test_table *t = ctx;
	u32 i, most;

	for (i = 0; i < t->nr; i++)
		t->lost += !!insert_grow(t, i);
	while (!kthread_should_stop()) {
		most = singlet_table_buckets(&t->table);
		for (i = 0; i < t->nr; i++)
			t->lost += !table_remove(t, i);
		WRITE_ONCE(t->shrinking, true);
		while (READ_ONCE(t->shrinking) && !kthread_should_stop() &&
		       singlet_table_buckets(&t->table) == most)
			cond_resched();
		for (i = 0; i < t->nr; i++) {
			t->lost += !!insert_grow(t, i);
			if (i == 100)
				t->looked += READ_ONCE(t->shrinking);
		}
		while (READ_ONCE(t->shrinking) && !kthread_should_stop())
			cond_resched();
		t->lost += singlet_table_buckets(&t->table) * TABLE_LOAD * 2 <
			   t->nr;
	}
	return 0;
}

static bool shrank_enough(void *ctx)
{
	struct test_table *t = ctx;

	return READ_ONCE(t->looked) > 10;
}

/* Whoever shrinks it does not do so for ever, nor below what has come meanwhile. */
static void table_grows_while_shrinking(struct kunit *test)
{
	static const suite_thread_t fn[] = { filler, shrinker };
	struct test_table *t = test->priv;
	void *ctx[] = { t, t };
	u32 i;

	t->nr = suite_scaled(100000);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 100, shrank_enough);
	KUNIT_EXPECT_GT(test, t->looked, 10);
	for (i = 0; i < t->nr; i++)
		t->lost += !table_remove(t, i);
	KUNIT_EXPECT_EQ(test, t->lost, 0);
	singlet_table_shrink(&t->table);
	expect_smallest(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(table_empty),
	KUNIT_CASE(table_many),
	KUNIT_CASE(table_grows_gently),
	KUNIT_CASE(table_breathes),
	KUNIT_CASE(table_overflow),
	KUNIT_CASE(table_collisions),
	KUNIT_CASE(table_overflow_splits),
	KUNIT_CASE(table_prepare_fails),
	KUNIT_CASE(table_tags),
	KUNIT_CASE(table_bucket_numbers),
	KUNIT_CASE(table_broken_is_noticed),
	KUNIT_CASE(table_split_under_reader),
	KUNIT_CASE(table_line_under_reader),
	KUNIT_CASE(table_race),
	KUNIT_CASE(table_race_overflow),
	KUNIT_CASE(table_race_one_tag),
	KUNIT_CASE(table_grows_while_shrinking),
	{}
};

struct kunit_suite table_suite = {
	.name = "singlet_table",
	.init = table_init,
	.exit = table_exit,
	.test_cases = cases,
};
