// SPDX-License-Identifier: GPL-2.0
/* The directory of slabs: indexes are reused, ids are not. */
#include "suites.h"

#include <linux/slab.h>

/* One slot a slab, so that each object has an index. */
#define LEN	SIZE_SLOT_MAX

static struct singlet_slab_dir *dir_of(struct kunit *test)
{
	return &suite_pool(test)->dir;
}

static u32 index_of(const struct singlet_object *obj)
{
	return singlet_object_slab(obj)->index;
}

static void trim(struct kunit *test)
{
	singlet_pool_drain(suite_pool(test));
	singlet_pool_trim(suite_pool(test));
}

static struct singlet_slab *find(struct kunit *test, u32 index)
{
	struct singlet_slab *slab;

	rcu_read_lock();
	slab = singlet_slab_dir_find(dir_of(test), index);
	rcu_read_unlock();
	return slab;
}

/* The lowest free index is next, and its generations have not been before. */
static void dir_generations_grow(struct kunit *test)
{
	struct singlet_object *a, *b = suite_slot(test, LEN);
	u32 gen, index, i;

	a = suite_slot(test, LEN);
	index = index_of(a);
	gen = a->gen;
	for (i = 0; i < 100; i++) {
		suite_slot_free(a);
		trim(test);
		KUNIT_ASSERT_NULL(test, find(test, index));
		/* Any class may come next there. */
		a = suite_slot(test, i % 2 ? LEN : 1000);
		KUNIT_ASSERT_EQ(test, index_of(a), index);
		KUNIT_ASSERT_GT(test, a->gen, gen);
		gen = a->gen;
	}
	suite_slot_free(a);
	suite_slot_free(b);
	trim(test);
	KUNIT_EXPECT_EQ(test, singlet_slab_dir_cap(dir_of(test)), 0);
}

/* The slot with the largest generation decides, not the one freed last. */
static void dir_largest_counts(struct kunit *test)
{
	struct singlet_object *keep = suite_slot(test, LEN);
	struct singlet_object *a = suite_slot(test, 1024);
	struct singlet_object *b = suite_slot(test, 1024);
	u32 index = index_of(a);

	KUNIT_ASSERT_EQ(test, index_of(b), index);
	a->gen = 5000;
	suite_slot_free(a);
	suite_slot_free(b);
	trim(test);
	a = suite_slot(test, LEN);
	KUNIT_EXPECT_EQ(test, index_of(a), index);
	KUNIT_EXPECT_GE(test, a->gen, 5001);
	suite_slot_free(a);
	suite_slot_free(keep);
}

/* An empty directory goes; what it knew stays, for every index. */
static void dir_trim_keeps_floor(struct kunit *test)
{
	struct singlet_object *obj[3];
	unsigned int i, round;
	u32 last = 0;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			obj[i] = suite_slot(test, LEN);
			KUNIT_EXPECT_EQ(test, index_of(obj[i]), i);
			KUNIT_EXPECT_GT(test, obj[i]->gen, last);
		}
		obj[1]->gen += 1000;
		last = obj[1]->gen;
		for (i = 0; i < ARRAY_SIZE(obj); i++)
			suite_slot_free(obj[i]);
		trim(test);
		KUNIT_EXPECT_EQ(test, singlet_slab_dir_cap(dir_of(test)), 0);
		KUNIT_EXPECT_EQ(test, singlet_slab_dir_bytes(dir_of(test)), 0);
		KUNIT_EXPECT_EQ(test, dir_of(test)->floor, last + 1);
	}
}

/* While a slab is left the chunks stay. */
static void dir_trim_in_use(struct kunit *test)
{
	u32 first = dir_of(test)->floor;
	struct singlet_object *a = suite_slot(test, LEN);
	struct singlet_object *b = suite_slot(test, LEN);

	suite_slot_free(a);
	trim(test);
	KUNIT_EXPECT_GT(test, singlet_slab_dir_cap(dir_of(test)), 1);
	KUNIT_EXPECT_PTR_EQ(test, find(test, 1), singlet_object_slab(b));
	KUNIT_EXPECT_EQ(test, dir_of(test)->floor, first);
	suite_slot_free(b);
}

/* One index near its end does not use up all the others' generations. */
static void dir_trim_spares_generations(struct kunit *test)
{
	const u32 late = SLAB_GEN_LAST - SLAB_GEN_FIRST + 1;
	u32 first = dir_of(test)->floor;
	struct singlet_object *a = suite_slot(test, LEN);
	struct singlet_object *b;

	a->gen = late;
	suite_slot_free(a);
	trim(test);
	KUNIT_EXPECT_GT(test, singlet_slab_dir_cap(dir_of(test)), 0);
	KUNIT_EXPECT_EQ(test, dir_of(test)->floor, first);
	a = suite_slot(test, LEN);
	b = suite_slot(test, LEN);
	KUNIT_EXPECT_EQ(test, index_of(a), 0);
	KUNIT_EXPECT_EQ(test, a->gen, late + 1);
	KUNIT_EXPECT_EQ(test, index_of(b), 1);
	KUNIT_EXPECT_EQ(test, b->gen, first);
	suite_slot_free(a);
	suite_slot_free(b);
}

static void dir_index_retires(struct kunit *test)
{
	u32 first = dir_of(test)->floor;
	struct singlet_object *a = suite_slot(test, LEN);

	/* The last generation that a slab may start with. */
	a->gen = SLAB_GEN_LAST - 1;
	suite_slot_free(a);
	trim(test);
	a = suite_slot(test, LEN);
	KUNIT_EXPECT_EQ(test, index_of(a), 0);
	KUNIT_EXPECT_EQ(test, a->gen, SLAB_GEN_LAST);

	/* One more: nobody gets that index any more. */
	suite_slot_free(a);
	trim(test);
	a = suite_slot(test, LEN);
	KUNIT_EXPECT_EQ(test, index_of(a), 1);
	KUNIT_EXPECT_EQ(test, a->gen, first);
	KUNIT_EXPECT_NULL(test, find(test, 0));
	suite_slot_free(a);
	trim(test);
	a = suite_slot(test, LEN);
	KUNIT_EXPECT_EQ(test, index_of(a), 1);
	KUNIT_EXPECT_EQ(test, a->gen, first + 1);
	suite_slot_free(a);
}

/* Chunk after chunk: no entry moves, and each has its own index. */
static void dir_grows(struct kunit *test)
{
	const unsigned int nr = 300;
	struct singlet_object **obj;
	u32 cap = 0, index = 0;
	unsigned int i;

	obj = kunit_kcalloc(test, nr, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	for (i = 0; i < nr; i++) {
		obj[i] = suite_slot(test, LEN);
		/* Where a chunk begins there is no index. */
		if (index == 63 || index == 191)
			KUNIT_EXPECT_NULL(test, find(test, index++));
		KUNIT_EXPECT_EQ(test, index_of(obj[i]), index);
		KUNIT_EXPECT_GE(test, singlet_slab_dir_cap(dir_of(test)),
				max(cap, ++index));
		cap = singlet_slab_dir_cap(dir_of(test));
	}
	KUNIT_EXPECT_EQ(test, cap, 447);
	KUNIT_EXPECT_EQ(test, singlet_slab_dir_bytes(dir_of(test)),
			(64 + 128 + 256) * sizeof(struct singlet_slab_entry));
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_PTR_EQ(test, find(test, index_of(obj[i])),
				    singlet_object_slab(obj[i]));
	for (; index < 1000; index++)
		KUNIT_EXPECT_NULL(test, find(test, index));
	for (i = 0; i < nr; i++)
		suite_slot_free(obj[i]);
	trim(test);
	KUNIT_EXPECT_EQ(test, singlet_slab_dir_cap(dir_of(test)), 0);
}

/* Reserving and giving back without a slab changes no generation. */
static void dir_reserve(struct kunit *test)
{
	struct singlet_slab_dir *dir = dir_of(test);
	u32 first = dir->floor, gen = 0;
	int index;

	index = singlet_slab_dir_reserve(dir, GFP_KERNEL, &gen);
	KUNIT_EXPECT_EQ(test, index, 0);
	KUNIT_EXPECT_EQ(test, gen, first);
	KUNIT_EXPECT_NULL(test, find(test, 0));
	/* Somebody is about to publish there: no trimming. */
	singlet_slab_dir_trim(dir);
	KUNIT_EXPECT_GT(test, singlet_slab_dir_cap(dir), 0);
	singlet_slab_dir_remove(dir, index, gen);
	singlet_slab_dir_release(dir, index);
	KUNIT_EXPECT_NULL(test, find(test, 0));
	index = singlet_slab_dir_reserve(dir, GFP_KERNEL, &gen);
	KUNIT_EXPECT_EQ(test, index, 0);
	KUNIT_EXPECT_EQ(test, gen, first);
	singlet_slab_dir_remove(dir, index, gen);
	singlet_slab_dir_release(dir, index);
}

/* No index that a handle can name is beyond what is looked at. */
static void dir_any_index(struct kunit *test)
{
	struct singlet_object *obj = suite_slot(test, LEN);
	unsigned int bit;

	for (bit = 7; bit <= 32 - INFO_SLOT_BITS; bit++) {
		u32 index = (1U << bit) - DIR_AT(0);

		/* The last one of a chunk, none, the first one of the next. */
		KUNIT_EXPECT_NULL(test, find(test, index - 1));
		KUNIT_EXPECT_NULL(test, find(test, index));
		KUNIT_EXPECT_NULL(test, find(test, index + 2));
	}
	KUNIT_EXPECT_NULL(test, find(test, U32_MAX >> INFO_SLOT_BITS));
	KUNIT_EXPECT_NULL(test, find(test, SLAB_INDEX_MAX));
	KUNIT_EXPECT_LE(test, SLAB_INDEX_MAX, U32_MAX >> INFO_SLOT_BITS >> 1);
	suite_slot_free(obj);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(dir_generations_grow),
	KUNIT_CASE(dir_largest_counts),
	KUNIT_CASE(dir_trim_keeps_floor),
	KUNIT_CASE(dir_trim_in_use),
	KUNIT_CASE(dir_trim_spares_generations),
	KUNIT_CASE(dir_index_retires),
	KUNIT_CASE(dir_grows),
	KUNIT_CASE(dir_any_index),
	KUNIT_CASE(dir_reserve),
	{}
};

struct kunit_suite slab_dir_suite = {
	.name = "singlet_slab_dir",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
