// SPDX-License-Identifier: GPL-2.0
/* What is borrowed stays, whoever collects, and whenever the index was made. */
#include "suite_reader.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/random.h>

#include "arena.h"
#include "magazine.h"
#include "marks.h"
#include "space.h"

static u64 collect(struct singlet_store *store)
{
	struct singlet_reclaimed out;

	singlet_reclaim_all(store, &out);
	return out.objects;
}

/* Idle and borrowed is not freed, until it is given back. */
static void borrow_spares(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *obj[3];
	struct singlet_borrows *b, *c;
	u64 id[3];
	u32 i;

	suite_index(test, store);
	b = suite_borrows(test, store);
	c = suite_borrows(test, store);
	for (i = 0; i < 3; i++) {
		char text[] = "value 0";

		text[6] += i;
		obj[i] = suite_str(test, store, text);
		id[i] = singlet_object_id(obj[i]);
	}
	WRITE_ONCE(b->page[7], id[0]);
	WRITE_ONCE(c->page[SINGLET_BORROWS], id[1]);
	for (i = 0; i < 3; i++)
		singlet_store_put(obj[i]);
	KUNIT_EXPECT_EQ(test, collect(store), 1);
	KUNIT_EXPECT_EQ(test, suite_stats(store).idle, 2);
	/* They can be found, borrowed and revived as before. */
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &b->page[1], SINGLET_TYPE_STR,
					   "value 0", 7), id[0]);
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &b->page[2], SINGLET_TYPE_STR,
					   "value 1", 7), id[1]);
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &b->page[3], SINGLET_TYPE_STR,
					   "value 2", 7), 0);
	obj[1] = suite_str(test, store, "value 1");
	KUNIT_EXPECT_EQ(test, singlet_object_id(obj[1]), id[1]);
	singlet_store_put(obj[1]);
	suite_give_back(&b->page[1]);
	suite_give_back(&b->page[2]);
	/* What is not looked at does not count. */
	b->page[0] = 6;
	KUNIT_EXPECT_EQ(test, collect(store), 1);
	KUNIT_EXPECT_EQ(test, suite_stats(store).idle, 1);
	/* Nor do the borrows of a session that is over. */
	singlet_borrows_free(c);
	KUNIT_EXPECT_EQ(test, collect(store), 1);
	suite_expect_empty(test, store);
	singlet_borrows_free(b);
}

/* Who dooms an object alone may kill it, and clears the doom. */
static void borrow_doomed_once(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *obj;
	u64 *mark, was;

	suite_index(test, store);
	obj = suite_str(test, store, "doomed");
	mark = &singlet_slab_marks(singlet_object_slab(obj))[singlet_object_slot(obj)];
	was = *mark;
	singlet_store_put(obj);
	*mark |= SINGLET_MARK_DOOMED;
	KUNIT_EXPECT_EQ(test, collect(store), 0);
	KUNIT_EXPECT_EQ(test, *mark, was | SINGLET_MARK_DOOMED);
	*mark = was;
	KUNIT_EXPECT_EQ(test, collect(store), 1);
}

/* As many sessions as can have a page. */
static struct singlet_borrows **all_borrows(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_borrows **b;
	unsigned int i;

	b = kunit_kcalloc(test, BORROWERS_MAX, sizeof(*b), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	suite_index(test, store);
	for (i = 0; i < BORROWERS_MAX; i++)
		b[i] = suite_borrows(test, store);
	return b;
}

static void free_borrows(struct singlet_borrows **b)
{
	unsigned int i;

	for (i = 0; i < BORROWERS_MAX; i++)
		singlet_borrows_free(b[i]);
}

/* Not more than so many sessions have a page. */
static void borrow_few_pages(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_borrows **b = all_borrows(test);

	KUNIT_EXPECT_PTR_EQ(test, singlet_borrows_new(&store->pool.arena->borrowers),
			    ERR_PTR(-ENOSPC));
	singlet_borrows_free(b[7]);
	b[7] = suite_borrows(test, store);
	free_borrows(b);
}

/*
 * Who wants a few objects does not read all borrows for ever, and comes to what is
 * not borrowed some time.
 */
static void borrow_costs_little(struct kunit *test)
{
	const u32 nr = 20, len = 4000;	/* one in a slab */
	struct singlet_store *store = test->priv;
	struct singlet_borrows **b = all_borrows(test);
	u8 *data = kunit_kzalloc(test, len, GFP_KERNEL);
	struct singlet_object *obj;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i <= nr; i++) {
		data[0] = i;
		obj = suite_intern(test, store, SINGLET_TYPE_BYTES, data, len);
		KUNIT_EXPECT_EQ(test, singlet_object_slab(obj)->slots, 1);
		if (i < nr)
			b[0]->page[1 + i] = singlet_object_id(obj);
		singlet_store_put(obj);
	}
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, nr, false), 0);
	for (i = 0; i < 10 && !singlet_reclaim_some(store, nr, false); i++)
		;
	KUNIT_EXPECT_LT(test, i, 10);
	KUNIT_EXPECT_EQ(test, suite_stats(store).objects, nr);
	/* A collection reads them all. */
	b[0]->page[0] = 0;
	KUNIT_EXPECT_EQ(test, collect(store), nr);
	free_borrows(b);
}

/* A session's page is one, counts as references, and goes with the session. */
static void borrow_session(struct kunit *test)
{
	const unsigned int quota = SINGLET_QUOTA_REFERENCES;
	struct singlet_session *s = suite_open(test, 1000);
	struct singlet_session *other = suite_open(test, 1000);
	struct singlet_domain *domain = s->domain;
	struct singlet_borrows *b;

	suite_index(test, domain->store);
	b = singlet_session_borrows(s);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	KUNIT_EXPECT_PTR_EQ(test, singlet_session_borrows(s), b);
	KUNIT_EXPECT_EQ(test, atomic64_read(&s->account.use[quota]),
			SINGLET_BORROWS);
	KUNIT_EXPECT_EQ(test, atomic64_read(&domain->account.use[quota]),
			SINGLET_BORROWS);
	domain->account.limit[quota] = SINGLET_BORROWS + 1;
	KUNIT_EXPECT_PTR_EQ(test, singlet_session_borrows(other),
			    ERR_PTR(-EDQUOT));
	domain->account.limit[quota] = 0;
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, singlet_session_borrows(other));
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, atomic64_read(&domain->account.use[quota]),
			SINGLET_BORROWS);
	KUNIT_EXPECT_EQ(test, domain->store->pool.arena->borrowers.nr, 1);
	singlet_session_close(other);
}

/* Whatever is in the page: not more than a slot keeps one. */
static void borrow_rubbish(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object **obj;
	struct singlet_borrows *b;
	unsigned int round;
	u32 i;

	obj = kunit_kcalloc(test, INDEX_VALUES, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	suite_index(test, store);
	b = suite_borrows(test, store);
	for (round = 0; round < 20; round++) {
		get_random_bytes(b->page, PAGE_SIZE);
		/* Some name what is there. */
		for (i = 1; i < 100; i++)
			b->page[i] &= 0xffffffff000007ffULL;
		suite_intern_values(test, obj, 0, INDEX_VALUES);
		for (i = 0; i < INDEX_VALUES; i++)
			singlet_store_put(obj[i]);
		collect(store);
		KUNIT_EXPECT_LE(test, suite_stats(store).idle, SINGLET_BORROWS);
	}
	memset(b->page, 0, PAGE_SIZE);
	suite_expect_empty(test, store);
	singlet_borrows_free(b);
}

/* Races */

#define RACE_VALUES	8

struct race {
	struct singlet_store *store;
	struct inode *inode;
	struct singlet_borrows *page[3];
	atomic_t readers;
	atomic_long_t found;
	atomic_long_t missed;
	atomic_long_t collected;
	atomic_long_t spared;
	atomic_long_t wrong;
};

static u32 race_value(u8 *data, u32 n)
{
	memset(data, 'A' + n, 40);
	return 24 + n;
}

static int race_read(void *ctx)
{
	struct race *r = ctx;
	u64 *slot = &r->page[atomic_inc_return(&r->readers) % 3]->page[3];
	u8 data[40];
	u32 n = 0;

	while (!kthread_should_stop()) {
		u32 len = race_value(data, ++n % RACE_VALUES);
		u64 id = suite_borrow(r->store, slot, SINGLET_TYPE_BYTES, data, len);
		const u8 *bytes;

		if (!id) {
			atomic_long_inc(&r->missed);
			cond_resched();
			continue;
		}
		bytes = suite_bytes(r->store, (u32)id);
		if (n % 16 == 0)
			usleep_range(10, 50);
		else
			cond_resched();
		if (!bytes || memcmp(bytes, data, len))
			atomic_long_inc(&r->wrong);
		suite_give_back(slot);
		atomic_long_inc(&r->found);
	}
	return 0;
}

static int race_intern(void *ctx)
{
	struct race *r = ctx;
	u8 data[40];
	u32 n = 0;

	while (!kthread_should_stop()) {
		u32 len = race_value(data, ++n * 7 % RACE_VALUES);
		struct singlet_object *obj;
		int ret;

		ret = singlet_store_intern(r->store, SINGLET_TYPE_BYTES, data,
					   len, true, GFP_KERNEL, &obj);
		if (ret >= 0)
			singlet_store_put(obj);
		else
			atomic_long_inc(&r->wrong);
		cond_resched();
	}
	return 0;
}

static int race_collect(void *ctx)
{
	struct race *r = ctx;

	while (!kthread_should_stop()) {
		long n = singlet_reclaim_some(r->store, ULONG_MAX, false);

		atomic_long_add(n, &r->collected);
		if (n < suite_stats(r->store).idle)
			atomic_long_inc(&r->spared);
		singlet_pool_drain(&r->store->pool);
		singlet_pool_trim(&r->store->pool);
		cond_resched();
	}
	return 0;
}

static struct race *race(struct kunit *test)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->store = test->priv;
	return r;
}

static bool races_met(void *ctx)
{
	struct race *r = ctx;

	return atomic_long_read(&r->found) && atomic_long_read(&r->missed) &&
	       atomic_long_read(&r->collected) && atomic_long_read(&r->spared);
}

/* What is borrowed stays as it is, with all else coming and going. */
static void borrow_races(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		race_read, race_read, race_read, race_intern, race_collect,
		race_collect,
	};
	struct race *r = race(test);
	void *ctx[] = { r, r, r, r, r, r };
	unsigned int i;

	suite_index(test, r->store);
	for (i = 0; i < 3; i++)
		r->page[i] = suite_borrows(test, r->store);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), suite_scaled(3000),
			races_met);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&r->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&r->found), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&r->missed), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&r->collected), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&r->spared), 0);
	suite_expect_empty(test, r->store);
	/* Slabs that were made by several at once left no page behind. */
	KUNIT_EXPECT_TRUE(test, xa_empty(&r->store->pool.arena->marks->pages));
	for (i = 0; i < 3; i++)
		singlet_borrows_free(r->page[i]);
	kunit_info(test, "%ld found, %ld not, %ld freed, %ld times some were spared",
		   atomic_long_read(&r->found), atomic_long_read(&r->missed),
		   atomic_long_read(&r->collected),
		   atomic_long_read(&r->spared));
}

static int race_open(void *ctx)
{
	struct race *r = ctx;

	usleep_range(1000, 2000);
	if (singlet_index_open(r->store, r->inode))
		atomic_long_inc(&r->wrong);
	suite_wait_for_stop();
	return 0;
}

static bool index_is_made(void *ctx)
{
	struct race *r = ctx;

	return READ_ONCE(r->store->index) || atomic_long_read(&r->wrong);
}

/* Made while objects come and go: those that stay are found, the others not. */
static void index_made_meanwhile(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		race_intern, race_intern, race_collect, race_open,
	};
	struct race *r = race(test);
	void *ctx[] = { r, r, r, r };
	struct singlet_object **obj;
	struct singlet_borrows *b;
	u8 data[40];
	u32 i;

	obj = kunit_kcalloc(test, INDEX_VALUES, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	suite_intern_values(test, obj, 0, INDEX_VALUES);
	r->inode = singlet_space_new();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r->inode);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 100, index_is_made);
	singlet_space_put(r->inode);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&r->wrong), 0);
	KUNIT_ASSERT_NOT_NULL(test, r->store->index);
	b = suite_borrows(test, r->store);
	suite_expect_found(test, b, obj, 0, INDEX_VALUES);
	/* Whatever became of these: what is live has a mark, and no doom is left. */
	for (i = 0; i < RACE_VALUES; i++) {
		u32 len = race_value(data, i);
		struct singlet_object *o = suite_intern(test, r->store,
							SINGLET_TYPE_BYTES,
							data, len);

		KUNIT_EXPECT_EQ(test, suite_borrow(r->store, &b->page[1],
						   SINGLET_TYPE_BYTES, data, len),
				singlet_object_id(o));
		suite_give_back(&b->page[1]);
		singlet_store_put(o);
	}
	for (i = 0; i < INDEX_VALUES; i++)
		singlet_store_put(obj[i]);
	suite_expect_empty(test, r->store);
	singlet_borrows_free(b);
}

static struct kunit_case borrow_cases[] = {
	KUNIT_CASE(borrow_spares),
	KUNIT_CASE(borrow_doomed_once),
	KUNIT_CASE(borrow_few_pages),
	KUNIT_CASE(borrow_costs_little),
	KUNIT_CASE(borrow_session),
	KUNIT_CASE(borrow_rubbish),
	KUNIT_CASE(borrow_races),
	KUNIT_CASE(index_made_meanwhile),
	{}
};

struct kunit_suite borrow_suite = {
	.name = "singlet_borrow",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = borrow_cases,
};
