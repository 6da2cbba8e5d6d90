// SPDX-License-Identifier: GPL-2.0
/* From idle to free: on request, with a type, and with a second chance. */
#include "suites.h"

#include <linux/vmalloc.h>

#define NR	600	/* more than a slab's worth */

/* Intern NR values of @len bytes; every @keep-th stays referenced in @obj. */
static unsigned int fill(struct kunit *test, u32 type, u32 len,
			 unsigned int keep, struct singlet_object **obj)
{
	unsigned int i, n = 0;
	u8 value[64] = {};

	for (i = 0; i < NR; i++) {
		struct singlet_object *o;

		memcpy(value, &i, sizeof(i));
		o = suite_intern(test, test->priv, type, value, len);
		if (keep && i % keep == 0)
			obj[n++] = o;
		else
			singlet_store_put(o);
	}
	return n;
}

static void put_many(struct singlet_object **obj, unsigned int nr)
{
	while (nr)
		singlet_store_put(obj[--nr]);
}

static void expect_idle(struct kunit *test, u64 objects, u64 idle)
{
	struct singlet_stats s = suite_stats(test->priv);

	KUNIT_EXPECT_EQ(test, s.objects, objects);
	KUNIT_EXPECT_EQ(test, s.idle, idle);
	KUNIT_EXPECT_TRUE(test, suite_is_valid(test->priv));
}

static void reclaim_counts(struct kunit *test)
{
	struct singlet_reclaimed out;
	struct singlet_stats s;

	fill(test, SINGLET_TYPE_BYTES, 64, 0, NULL);
	s = suite_stats(test->priv);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, NR);
	KUNIT_EXPECT_EQ(test, out.bytes, NR * 64);
	KUNIT_EXPECT_EQ(test, out.slabs, s.slabs);
	KUNIT_EXPECT_EQ(test, out.pages * PAGE_SIZE, s.bytes_stored);
	s = suite_stats(test->priv);
	KUNIT_EXPECT_EQ(test, s.evictions, NR);
	KUNIT_EXPECT_EQ(test, s.collections, 1);

	/* A second time there is nothing. */
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 0);
	KUNIT_EXPECT_EQ(test, out.bytes, 0);
	KUNIT_EXPECT_EQ(test, out.slabs, 0);
	KUNIT_EXPECT_EQ(test, out.pages, 0);
	suite_expect_empty(test, test->priv);
}

/* Slabs that are made after a collection began are not its business. */
static void reclaim_spares_new(struct kunit *test)
{
	struct singlet_object *old, *new;
	struct singlet_reclaimed out;
	struct singlet_slab *slab;

	old = suite_intern(test, test->priv, SINGLET_TYPE_BYTES, "16 bytes of text",
			   16);
	new = suite_intern(test, test->priv, SINGLET_TYPE_BYTES, "five!", 5);
	slab = singlet_object_slab(new);
	KUNIT_ASSERT_PTR_NE(test, slab, singlet_object_slab(old));
	KUNIT_EXPECT_LE(test, slab->born, get_jiffies_64());
	singlet_store_put(old);
	singlet_store_put(new);
	slab->born = get_jiffies_64() + 3600 * HZ;
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 1);
	expect_idle(test, 1, 1);
	slab->born = get_jiffies_64();
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 1);
	suite_expect_empty(test, test->priv);
}

/* What is in use stays, with its id and its value. */
static void reclaim_spares_live(struct kunit *test)
{
	struct singlet_object *obj[NR / 10];
	struct singlet_reclaimed out;
	unsigned int i, n;
	u64 id;

	n = fill(test, SINGLET_TYPE_BYTES, 16, 10, obj);
	expect_idle(test, NR, NR - n);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, NR - n);
	KUNIT_EXPECT_EQ(test, out.bytes, (NR - n) * 16);
	expect_idle(test, n, 0);
	for (i = 0; i < n; i++) {
		u32 value;

		memcpy(&value, singlet_object_data(obj[i]), sizeof(value));
		KUNIT_EXPECT_EQ(test, value, i * 10);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj[i]), 1);
		id = singlet_object_id(obj[i]);
		KUNIT_EXPECT_PTR_EQ(test, obj[i], suite_get(test->priv, id));
		singlet_store_put(obj[i]);
	}
	put_many(obj, n);
	suite_expect_empty(test, test->priv);
}

static void reclaim_large(struct kunit *test)
{
	struct singlet_reclaimed out;
	u8 *data = vzalloc(1 << 20);

	KUNIT_ASSERT_NOT_NULL(test, data);
	singlet_store_put(suite_intern(test, test->priv, SINGLET_TYPE_BYTES,
				       data, 1 << 20));
	singlet_store_put(suite_intern(test, test->priv, SINGLET_TYPE_BYTES,
				       data, 100000));
	vfree(data);
	singlet_reclaim_all(test->priv, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 2);
	KUNIT_EXPECT_EQ(test, out.bytes, (1 << 20) + 100000);
	KUNIT_EXPECT_EQ(test, out.slabs, 2);
	KUNIT_EXPECT_EQ(test, out.pages,
			(1 << 20) / PAGE_SIZE + DIV_ROUND_UP(100000, PAGE_SIZE));
	suite_expect_empty(test, test->priv);
}

/* One type's idle objects only. */
static void reclaim_type(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	u32 number = suite_type(test, store, "mine", SINGLET_KIND_VALUE);
	struct singlet_object *obj[NR / 10];
	struct singlet_type *type;
	unsigned int n;

	fill(test, SINGLET_TYPE_BYTES, 16, 0, NULL);
	n = fill(test, number, 16, 10, obj);
	expect_idle(test, 2 * NR, 2 * NR - n);
	type = singlet_types_get(&store->types, number);
	KUNIT_ASSERT_NOT_NULL(test, type);
	singlet_reclaim_type(store, type);
	singlet_types_put(type);
	expect_idle(test, NR + n, NR);
	put_many(obj, n);
	suite_expect_empty(test, store);
}

/* Unused since the last time around, or it is spared. */
static void reclaim_second_chance(struct kunit *test)
{
	struct singlet_object *obj[NR / 10];
	struct singlet_store *store = test->priv;
	unsigned int i, n;

	n = fill(test, SINGLET_TYPE_BYTES, 16, 10, obj);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, NR, true), 0);
	expect_idle(test, NR, NR - n);
	/* Half of those that were in use are used no more; so is one more. */
	put_many(obj + n / 2, n - n / 2);
	i = 1;
	{
		u8 value[16] = {};

		memcpy(value, &i, sizeof(i));
		singlet_store_put(suite_intern(test, store, SINGLET_TYPE_BYTES,
					       value, sizeof(value)));
	}
	expect_idle(test, NR, NR - n / 2);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, NR, true),
			NR - n - 1);
	expect_idle(test, n + 1, n - n / 2 + 1);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, NR, true),
			n - n / 2 + 1);
	expect_idle(test, n / 2, 0);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, NR, true), 0);
	put_many(obj, n / 2);
	suite_expect_empty(test, store);
}

/* Not more than asked for, and in the end all. */
static void reclaim_some(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	unsigned long freed, sum = 0;
	unsigned int i;

	fill(test, SINGLET_TYPE_BYTES, 64, 0, NULL);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, 0, false), 0);
	expect_idle(test, NR, NR);
	for (i = 0; i < NR / 100; i++) {
		freed = singlet_reclaim_some(store, 100, false);
		KUNIT_EXPECT_EQ(test, freed, 100);
		sum += freed;
		expect_idle(test, NR - sum, NR - sum);
	}
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, 100, false), 0);
	KUNIT_EXPECT_EQ(test, suite_stats(store).evictions, NR);
	suite_expect_empty(test, store);
}

/* Wherever the last call stopped, the whole store is looked at. */
static void reclaim_goes_around(struct kunit *test)
{
	struct singlet_store *store = test->priv;

	fill(test, SINGLET_TYPE_BYTES, 64, 0, NULL);
	/* All are marked, then the hand is somewhere in the middle. */
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, 2 * NR, true), 0);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, NR / 2, true),
			NR / 2);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, 2 * NR, true),
			NR - NR / 2);
	expect_idle(test, 0, 0);
	suite_expect_empty(test, store);
}

/* The table follows when most of its entries are gone. */
static void reclaim_shrinks_table(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_reclaimed out;
	u32 i, buckets;

	for (i = 0; i < 3000; i++)
		singlet_store_put(suite_intern(test, store, SINGLET_TYPE_BYTES,
					       &i, sizeof(i)));
	buckets = singlet_table_buckets(&store->table);
	KUNIT_EXPECT_GT(test, buckets, 2 * TABLE_BUCKETS_MIN);
	singlet_reclaim_all(store, &out);
	KUNIT_EXPECT_EQ(test, out.objects, 3000);
	KUNIT_EXPECT_EQ(test, singlet_table_buckets(&store->table),
			TABLE_BUCKETS_MIN);
	suite_expect_empty(test, store);
}

/*
 * Values of eight bytes that fill @slabs slabs, one in @every of them held.  *@nr:
 * how many values; *@nr_held: of these.  Return: the held ones, to be freed with
 * kvfree(); fails the test without memory.
 */
static struct singlet_object **fill_slabs(struct kunit *test, u32 slabs,
					  u32 every, u32 *nr, u32 *nr_held)
{
	struct singlet_store *store = test->priv;
	struct singlet_object **held, *obj;
	u64 value = 0;

	obj = suite_intern(test, store, SINGLET_TYPE_BYTES, &value,
			   sizeof(value));
	*nr = slabs * singlet_object_slab(obj)->slots;
	*nr_held = 0;
	singlet_store_put(obj);
	held = kvcalloc(*nr / every + 1, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	for (; value < *nr; value++) {
		obj = suite_intern(test, store, SINGLET_TYPE_BYTES, &value,
				   sizeof(value));
		if (value % every == 0)
			held[(*nr_held)++] = obj;
		else
			singlet_store_put(obj);
	}
	return held;
}

/* What has no second chance goes, though there is something live in each slab. */
static void reclaim_aged_beside_live(struct kunit *test)
{
	struct singlet_object **held;
	unsigned int calls, freed = 0;
	u32 nr, n;

	held = fill_slabs(test, 64, 100, &nr, &n);
	/* All have been in use: each is passed by once. */
	for (calls = 0; calls < 100; calls++)
		freed += singlet_reclaim_some(test->priv, 64, true);
	KUNIT_EXPECT_GT(test, freed, 1000);
	expect_idle(test, nr - freed, nr - freed - n);
	put_many(held, n);
	suite_expect_empty(test, test->priv);
	kvfree(held);
}

/* As many as are wanted, however many slabs they are in; some with live ones. */
static void reclaim_many_slabs(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	struct singlet_object **held;
	u32 round, nr, n;

	for (round = 0; round < 2; round++) {
		held = fill_slabs(test, 200, 3000, &nr, &n);
		/* Each has a second chance, and then none. */
		if (round)
			KUNIT_EXPECT_EQ(test,
					singlet_reclaim_some(store, nr, true),
					0);
		KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, nr, round),
				nr - n);
		put_many(held, n);
		suite_expect_empty(test, store);
		kvfree(held);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(reclaim_many_slabs),
	KUNIT_CASE(reclaim_counts),
	KUNIT_CASE(reclaim_spares_new),
	KUNIT_CASE(reclaim_spares_live),
	KUNIT_CASE(reclaim_aged_beside_live),
	KUNIT_CASE(reclaim_large),
	KUNIT_CASE(reclaim_type),
	KUNIT_CASE(reclaim_second_chance),
	KUNIT_CASE(reclaim_some),
	KUNIT_CASE(reclaim_goes_around),
	KUNIT_CASE(reclaim_shrinks_table),
	{}
};

struct kunit_suite reclaim_suite = {
	.name = "singlet_reclaim",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
