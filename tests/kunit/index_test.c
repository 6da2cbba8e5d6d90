// SPDX-License-Identifier: GPL-2.0
/* The index: what of a store is found in it, and what becomes of its pages. */
#include "suite_reader.h"

#include <linux/mm.h>

#include "arena.h"
#include "marks.h"

/* Whatever there is when the index is made, and what comes later. */
static void index_finds_all(struct kunit *test)
{
	struct singlet_object **obj;
	struct singlet_borrows *b;
	u32 i;

	obj = kunit_kcalloc(test, INDEX_VALUES, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	suite_intern_values(test, obj, 0, INDEX_VALUES / 2);
	/* Some are idle. */
	for (i = 0; i < INDEX_VALUES / 2; i += 2)
		singlet_store_put(obj[i]);
	suite_index(test, test->priv);
	b = suite_borrows(test, test->priv);
	suite_intern_values(test, obj, INDEX_VALUES / 2, INDEX_VALUES);
	suite_expect_found(test, b, obj, 0, INDEX_VALUES);
	suite_expect_found(test, b, NULL, INDEX_VALUES, INDEX_VALUES + 100);
	for (i = 0; i < INDEX_VALUES; i++)
		if (i >= INDEX_VALUES / 2 || i % 2)
			singlet_store_put(obj[i]);
	suite_expect_empty(test, test->priv);
	suite_expect_found(test, b, NULL, 0, INDEX_VALUES);
	singlet_borrows_free(b);
}

/* The table grows and shrinks, and says so. */
static void index_follows_table(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	const u32 nr = suite_scaled(20000);
	struct singlet_object **obj;
	struct singlet_borrows *b;
	u32 i;

	obj = kvcalloc(nr, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	suite_index(test, store);
	b = suite_borrows(test, store);
	suite_intern_values(test, obj, 0, nr);
	KUNIT_EXPECT_EQ(test, store->index->head->buckets,
			singlet_table_buckets(&store->table));
	suite_expect_found(test, b, obj, 0, nr);
	for (i = nr / 8; i < nr; i++)
		singlet_store_put(obj[i]);
	singlet_borrows_free(b);
	b = suite_borrows(test, store);
	KUNIT_EXPECT_GT(test, singlet_reclaim_some(store, ULONG_MAX, false), 0);
	singlet_table_shrink(&store->table);
	KUNIT_EXPECT_EQ(test, store->index->head->buckets,
			singlet_table_buckets(&store->table));
	suite_expect_found(test, b, obj, 0, nr / 8);
	for (i = 0; i < nr / 8; i++)
		singlet_store_put(obj[i]);
	suite_expect_empty(test, store);
	singlet_borrows_free(b);
	kvfree(obj);
}

/* Two values of one length, in one bucket and under one tag. */
static void index_tags_alike(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *obj[2];
	struct singlet_borrows *b;
	u32 value[2], n;

	suite_index(test, store);
	b = suite_borrows(test, store);
	suite_alike(test, store, value);
	for (n = 0; n < 2; n++)
		obj[n] = suite_intern(test, store, SINGLET_TYPE_BYTES,
				      &value[n], sizeof(value[n]));
	for (n = 0; n < 2; n++) {
		KUNIT_EXPECT_EQ(test,
				suite_borrow(store, &b->page[1],
					     SINGLET_TYPE_BYTES, &value[n],
					     sizeof(value[n])),
				singlet_object_id(obj[n]));
		suite_give_back(&b->page[1]);
		singlet_store_put(obj[n]);
	}
	singlet_borrows_free(b);
}

/* What has no live mark, or another one. */
static void index_leaves_out(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	u32 single = suite_type(test, store, "one", SINGLET_KIND_SINGLE);
	u32 plain = suite_type(test, store, "plain", SINGLET_KIND_PLAIN);
	struct singlet_object *obj[4], *end;
	struct singlet_borrows *b;
	u8 *data = kunit_kzalloc(test, 40000, GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(data, 'x', 40000);
	/* Half before the index is made. */
	for (i = 0; i < 2; i++) {
		u32 big = 5000 + 30000 * i;

		if (i)
			suite_index(test, store);
		obj[2 * i] = suite_intern(test, store, SINGLET_TYPE_BYTES, data,
					  big);
		obj[2 * i + 1] = singlet_store_alloc(store, plain, 24,
						     GFP_KERNEL);
		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(obj[2 * i + 1]));
	}
	end = suite_intern(test, store, single, "x", 1);
	b = suite_borrows(test, store);
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &b->page[1], SINGLET_TYPE_BYTES,
					   data, 5000), 0);
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &b->page[1], single, "x", 1), 0);
	KUNIT_EXPECT_FALSE(test, (u32)*singlet_slab_marks(singlet_object_slab(end)));
	for (i = 0; i < 4; i++) {
		struct singlet_slab *slab = singlet_object_slab(obj[i]);
		u32 slot = singlet_object_slot(obj[i]);

		if (slab->marks)
			KUNIT_EXPECT_FALSE(test, (u32)singlet_slab_marks(slab)[slot]);
		singlet_store_put(obj[i]);
	}
	singlet_store_put(end);
	singlet_borrows_free(b);
}

/* Nothing of it can be a value of another type or length. */
static void index_type_and_length(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	u32 other = suite_type(test, store, "other", SINGLET_KIND_VALUE);
	struct singlet_object *a, *b, *c;
	struct singlet_borrows *page;

	suite_index(test, store);
	page = suite_borrows(test, store);
	a = suite_intern(test, store, SINGLET_TYPE_BYTES, "abc\0\0", 5);
	b = suite_intern(test, store, SINGLET_TYPE_BYTES, "abc\0", 4);
	c = suite_intern(test, store, other, "abc\0", 4);
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &page->page[1], SINGLET_TYPE_BYTES,
					   "abc\0\0", 5), singlet_object_id(a));
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &page->page[1], SINGLET_TYPE_BYTES,
					   "abc\0", 4), singlet_object_id(b));
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &page->page[1], other, "abc\0", 4),
			singlet_object_id(c));
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &page->page[1], SINGLET_TYPE_BYTES,
					   "abc", 3), 0);
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &page->page[1], SINGLET_TYPE_STR,
					   "abc\0", 4), 0);
	/* The number of a former type at that index. */
	KUNIT_EXPECT_EQ(test, suite_borrow(store, &page->page[1],
					   other ^ 1 << INFO_TYPE_BITS, "abc\0", 4),
			0);
	singlet_store_put(a);
	singlet_store_put(b);
	singlet_store_put(c);
	singlet_borrows_free(page);
}

/* Blocks go with their slabs, pages with their blocks; sets never come back. */
static void marks_come_and_go(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object **obj;
	struct singlet_marks *marks;
	unsigned int round;
	u64 last = 0;
	u32 i;

	obj = kunit_kcalloc(test, INDEX_VALUES, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	suite_index(test, store);
	marks = store->pool.arena->marks;
	for (round = 0; round < 3; round++) {
		suite_intern_values(test, obj, 0, INDEX_VALUES);
		KUNIT_EXPECT_GT(test, marks->nr, 0);
		for (i = 0; i < INDEX_VALUES; i++) {
			u32 handle = (u32)singlet_object_id(obj[i]);
			u64 set = suite_set(store, handle);
			u64 *own = singlet_slab_marks(singlet_object_slab(obj[i]));

			KUNIT_EXPECT_GT(test, SINGLET_SET_SERIAL(set), last);
			KUNIT_EXPECT_PTR_EQ(test,
					    suite_mark(store, set, handle),
					    own + SINGLET_ID_SLOT(handle));
			singlet_store_put(obj[i]);
		}
		last = atomic_read(&marks->serial);
		suite_expect_empty(test, store);
		KUNIT_EXPECT_EQ(test, marks->nr, 0);
		KUNIT_EXPECT_TRUE(test, xa_empty(&marks->pages));
	}
}

/* The page of zeros goes out of page tables when there is something. */
static void index_holes(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object *obj;
	struct singlet_arena *arena;

	suite_index(test, store);
	arena = store->pool.arena;
	KUNIT_EXPECT_FALSE(test, arena->holes);
	down_read(&arena->faults);
	KUNIT_EXPECT_NULL(test, memchr_inv(singlet_arena_hole(arena), 0,
					   PAGE_SIZE));
	up_read(&arena->faults);
	KUNIT_EXPECT_TRUE(test, arena->holes);
	obj = suite_str(test, store, "there is something");
	flush_delayed_work(&arena->zap_work);
	KUNIT_EXPECT_FALSE(test, arena->holes);
	singlet_store_put(obj);
}

static struct kunit_case index_cases[] = {
	KUNIT_CASE(index_finds_all),
	KUNIT_CASE(index_follows_table),
	KUNIT_CASE(index_tags_alike),
	KUNIT_CASE(index_leaves_out),
	KUNIT_CASE(index_type_and_length),
	KUNIT_CASE(index_holes),
	KUNIT_CASE(marks_come_and_go),
	{}
};

struct kunit_suite index_suite = {
	.name = "singlet_index",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = index_cases,
};
