// SPDX-License-Identifier: GPL-2.0
/* Slabs and magazines: where slots come from and go to. */
#include "suites.h"

#include <linux/mm.h>
#include <linux/slab.h>

#define NR	1200	/* objects of the bulk tests; some slabs' worth */

static struct singlet_cache_info info_of(struct kunit *test, u32 len)
{
	struct singlet_cache_info info = {};

	KUNIT_ASSERT_TRUE(test, singlet_pool_info(suite_pool(test),
						  singlet_size_class(len),
						  &info));
	return info;
}

/* Every slot is free, cached, or one of @objects (or @retired). */
static void expect_slots(struct kunit *test, u32 len, unsigned long objects,
			 unsigned long retired)
{
	struct singlet_cache_info info = info_of(test, len);

	KUNIT_EXPECT_EQ(test, info.slots,
			objects + retired + info.free + info.cached);
	KUNIT_EXPECT_TRUE(test, singlet_pool_is_valid(suite_pool(test)));
}

/* Nothing is left of any slab, nor of the directory. */
static void expect_nothing(struct kunit *test)
{
	struct singlet_pool *pool = suite_pool(test);

	singlet_pool_drain(pool);
	singlet_pool_trim(pool);
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, singlet_pool_cached(pool), 0);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLOTS), 0);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_BYTES_STORED), 0);
	KUNIT_EXPECT_EQ(test, singlet_slab_dir_cap(&pool->dir), 0);
	KUNIT_EXPECT_TRUE(test, singlet_pool_is_valid(pool));
}

static struct singlet_object **take_many(struct kunit *test, u32 len,
					 unsigned int nr)
{
	struct singlet_object **obj;
	unsigned int i;

	obj = kunit_kcalloc(test, nr, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	for (i = 0; i < nr; i++)
		obj[i] = suite_slot(test, len);
	return obj;
}

static void free_many(struct singlet_object **obj, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		suite_slot_free(obj[i]);
}

/* A whole slab of each class: addresses, handles, and no two slots overlap. */
static void slab_geometry(struct kunit *test)
{
	struct singlet_pool *pool = suite_pool(test);
	unsigned int class, i;

	for (class = 0; class < SIZE_CLASSES; class++) {
		u32 size = singlet_sizes[class].size;
		unsigned int nr = singlet_sizes[class].slots;
		struct singlet_object **obj = take_many(test, size, nr);
		struct singlet_slab *slab = singlet_object_slab(obj[0]);

		KUNIT_EXPECT_EQ(test, slab->size, size);
		KUNIT_EXPECT_EQ(test, slab->slots, nr);
		KUNIT_EXPECT_EQ(test, slab->pages, singlet_sizes[class].pages);
		KUNIT_EXPECT_EQ(test, !slab->big, size <= SIZE_SLACK_MAX);
		for (i = 0; i < nr; i++) {
			void *data = singlet_object_data(obj[i]);
			struct singlet_slab *s = NULL;
			struct singlet_object *o;
			u32 handle = (u32)singlet_object_id(obj[i]);

			KUNIT_EXPECT_PTR_EQ(test, slab,
					    singlet_object_slab(obj[i]));
			KUNIT_EXPECT_TRUE(test, data >= slab->base &&
					  data + size <= slab->base +
					  slab->pages * PAGE_SIZE);
			KUNIT_EXPECT_NULL(test, memchr_inv(data, 0, size));
			KUNIT_EXPECT_TRUE(test, singlet_object_dead(obj[i]));
			KUNIT_EXPECT_NE(test, obj[i]->gen, 0);
			rcu_read_lock();
			o = singlet_pool_object(pool, handle, &s);
			rcu_read_unlock();
			KUNIT_EXPECT_PTR_EQ(test, o, obj[i]);
			KUNIT_EXPECT_PTR_EQ(test, s, slab);
			memset(data, i + 1, size);
		}
		for (i = 0; i < nr; i++) {
			void *data = singlet_object_data(obj[i]);

			KUNIT_EXPECT_NULL(test, memchr_inv(data, i + 1, size));
		}
		expect_slots(test, size, nr, 0);
		free_many(obj, nr);
		expect_slots(test, size, 0, 0);
		kunit_kfree(test, obj);
	}
	expect_nothing(test);
}

static void slab_unknown_handles(struct kunit *test)
{
	struct singlet_object *obj = suite_slot(test, 32768);
	static const u32 handles[] = {
		1,				/* beyond the slab's only slot */
		511,
		1 << INFO_SLOT_BITS,		/* no such slab */
		63 << INFO_SLOT_BITS,
		64 << INFO_SLOT_BITS,		/* beyond the directory */
		SLAB_INDEX_MAX << INFO_SLOT_BITS,
	};
	struct singlet_slab *slab;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, (u32)singlet_object_id(obj), 0);
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, obj,
			    singlet_pool_object(suite_pool(test), 0, &slab));
	for (i = 0; i < ARRAY_SIZE(handles); i++)
		KUNIT_EXPECT_NULL(test, singlet_pool_object(suite_pool(test),
							    handles[i], &slab));
	rcu_read_unlock();
	suite_slot_free(obj);
	expect_nothing(test);
}

/* The slot freed last is the next one handed out, as another generation. */
static void slab_reuse(struct kunit *test)
{
	struct singlet_pool *pool = suite_pool(test);
	struct singlet_object *obj = suite_slot(test, 40), *again;
	void *data = singlet_object_data(obj);
	u64 id = singlet_object_id(obj);
	u32 gen = obj->gen;

	memset(data, 0xff, 40);
	preempt_disable();	/* stay with this CPU's magazine */
	suite_slot_free(obj);
	again = singlet_pool_alloc(pool, 33, GFP_NOWAIT);
	preempt_enable();

	KUNIT_ASSERT_PTR_EQ(test, obj, again);
	KUNIT_EXPECT_EQ(test, obj->gen, gen + 1);
	KUNIT_EXPECT_NE(test, singlet_object_id(obj), id);
	KUNIT_EXPECT_EQ(test, (u32)singlet_object_id(obj), (u32)id);
	KUNIT_EXPECT_NULL(test, memchr_inv(data, 0, 40));
	singlet_object_describe(obj, SINGLET_TYPE_BYTES, 33, 0);
	KUNIT_EXPECT_EQ(test, singlet_object_len(obj), 33);
	suite_slot_free(obj);
	expect_nothing(test);
}

/* Many slots come back from the slabs that are there, under new ids. */
static void slab_reuse_many(struct kunit *test)
{
	struct singlet_object **obj = take_many(test, 24, NR);
	long slabs = suite_pool_stat(test, STAT_SLABS);
	u32 *gens, handles = slabs << INFO_SLOT_BITS;
	unsigned int i, round;

	gens = kunit_kcalloc(test, handles, sizeof(*gens), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, gens);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < NR; i++) {
			u32 handle = (u32)singlet_object_id(obj[i]);

			KUNIT_ASSERT_LT(test, handle, handles);
			/* Never the same id twice. */
			KUNIT_ASSERT_GT(test, obj[i]->gen, gens[handle]);
			gens[handle] = obj[i]->gen;
		}
		/* One stays in each slab, so all slabs stay. */
		for (i = 0; i < NR; i++)
			if (i % 32)
				suite_slot_free(obj[i]);
		for (i = 0; i < NR; i++)
			if (i % 32)
				obj[i] = suite_slot(test, 24);
		for (i = 0; i < NR; i += 32) {
			suite_slot_free(obj[i]);
			obj[i] = suite_slot(test, 24);
		}
		KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), slabs);
		expect_slots(test, 24, NR, 0);
	}
	free_many(obj, NR);
	expect_nothing(test);
}

static void slab_empty_goes(struct kunit *test)
{
	const u32 len = 64;
	const struct singlet_size *size = &singlet_sizes[singlet_size_class(len)];
	unsigned int slots = size->slots, keep = size->keep, nr = keep + 3;
	struct singlet_object **obj = take_many(test, len, nr * slots);
	struct singlet_pool *pool = suite_pool(test);
	u32 index = singlet_object_slab(obj[slots])->index;
	struct singlet_cache_info info = info_of(test, len);
	unsigned int i, gone = 0;

	KUNIT_EXPECT_EQ(test, info.slabs, nr);
	KUNIT_EXPECT_EQ(test, info.pages, nr * size->pages);
	free_many(obj, nr * slots);
	singlet_pool_drain(pool);
	singlet_slab_flush();

	/* Some are kept, the others are with the kernel and not to be found. */
	info = info_of(test, len);
	KUNIT_EXPECT_EQ(test, info.slabs, keep);
	KUNIT_EXPECT_EQ(test, info.free, keep * slots);
	KUNIT_EXPECT_EQ(test, info.cached, 0);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), keep);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS_FREED), 3);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_BYTES_STORED),
			(long)(info.pages * PAGE_SIZE));
	rcu_read_lock();
	for (i = 0; i < nr; i++)
		gone += !singlet_slab_dir_find(&pool->dir, i);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, gone, 3);
	KUNIT_EXPECT_LT(test, index, nr);
	KUNIT_EXPECT_TRUE(test, singlet_pool_is_valid(pool));

	/* One object that comes and goes does not cost a slab each time. */
	for (i = 0; i < 50; i++) {
		suite_slot_free(suite_slot(test, len));
		singlet_pool_drain(pool);
	}
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), keep);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS_FREED), 3);

	singlet_pool_trim(pool);
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS_FREED), nr);
	expect_nothing(test);
}

static void slab_large(struct kunit *test)
{
	static const u32 lens[] = {
		SIZE_SLOT_MAX + 1, 65536, 65537, 1 << 20, SINGLET_MAX_VALUE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		u32 len = lens[i], pages = DIV_ROUND_UP(len, PAGE_SIZE);
		struct singlet_object *obj = suite_slot(test, len);
		struct singlet_slab *slab = singlet_object_slab(obj);
		u8 *data = singlet_object_data(obj);

		KUNIT_EXPECT_EQ(test, slab->slots, 1);
		KUNIT_EXPECT_EQ(test, slab->pages, pages);
		KUNIT_EXPECT_EQ(test, singlet_object_len(obj), len);
		KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_BYTES_STORED),
				(long)pages * PAGE_SIZE);
		KUNIT_EXPECT_NULL(test, memchr_inv(data, 0, len));
		data[0] = 1;
		data[len - 1] = 1;
		expect_slots(test, len, 1, 0);
		/* Back with the kernel at once: none waits, none is kept. */
		suite_slot_free(obj);
		singlet_slab_flush();
		KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
		expect_slots(test, len, 0, 0);
	}
	expect_nothing(test);
}

/* Two large values have a slab each, whatever their sizes. */
static void slab_large_apart(struct kunit *test)
{
	struct singlet_object *a = suite_slot(test, 40000);
	struct singlet_object *b = suite_slot(test, 400000);

	KUNIT_EXPECT_PTR_NE(test, singlet_object_slab(a),
			    singlet_object_slab(b));
	KUNIT_EXPECT_EQ(test, singlet_object_slab(b)->pages,
			DIV_ROUND_UP(400000, PAGE_SIZE));
	suite_slot_free(a);
	KUNIT_EXPECT_EQ(test, info_of(test, 400000).slabs, 1);
	KUNIT_EXPECT_EQ(test, info_of(test, 400000).pages,
			DIV_ROUND_UP(400000, PAGE_SIZE));
	suite_slot_free(b);
	expect_nothing(test);
}

static void slab_magazines(struct kunit *test)
{
	struct singlet_pool *pool = suite_pool(test);
	unsigned int class;

	for (class = 0; class < SIZE_CLASSES; class += 3) {
		const struct singlet_size *size = &singlet_sizes[class];
		struct singlet_object **obj = take_many(test, size->size, 100);
		unsigned long most = size->magazine * num_possible_cpus();
		unsigned long cached;

		cached = singlet_magazines_cached(pool->cache[class]);
		KUNIT_EXPECT_LE(test, cached, most);
		expect_slots(test, size->size, 100, 0);
		free_many(obj, 100);
		cached = singlet_magazines_cached(pool->cache[class]);
		KUNIT_EXPECT_LE(test, cached, most);
		if (size->magazine > 1)
			KUNIT_EXPECT_GT(test, cached, 0);
		expect_slots(test, size->size, 0, 0);
		kunit_kfree(test, obj);
	}
	KUNIT_EXPECT_GT(test, singlet_pool_cached(pool), 0);
	singlet_pool_drain(pool);
	KUNIT_EXPECT_EQ(test, singlet_pool_cached(pool), 0);
	expect_nothing(test);
}

/* A slot whose generations are used up is never handed out again. */
static void slab_slot_retires(struct kunit *test)
{
	const u32 len = 128;
	unsigned int slots = singlet_sizes[singlet_size_class(len)].slots;
	struct singlet_object **obj = take_many(test, len, slots);
	struct singlet_object *old = obj[3], **more;
	struct singlet_slab *slab = singlet_object_slab(old);
	struct singlet_pool *pool = suite_pool(test);
	u32 index = slab->index;
	unsigned int i;

	old->gen = U32_MAX - 2;
	suite_slot_free(old);
	singlet_pool_drain(pool);
	obj[3] = suite_slot(test, len);
	KUNIT_ASSERT_PTR_EQ(test, obj[3], old);
	KUNIT_EXPECT_EQ(test, old->gen, U32_MAX - 1);
	suite_slot_free(old);
	KUNIT_EXPECT_EQ(test, old->gen, U32_MAX);
	KUNIT_EXPECT_EQ(test, slab->nr_retired, 1);
	expect_slots(test, len, slots - 1, 1);

	more = take_many(test, len, slots);
	for (i = 0; i < slots; i++)
		KUNIT_EXPECT_PTR_NE(test, more[i], old);
	expect_slots(test, len, 2 * slots - 1, 1);

	/* Its slab is not the one that is kept, nor is its index used again. */
	obj[3] = obj[0];
	free_many(obj + 1, slots - 1);
	singlet_pool_drain(pool);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, singlet_slab_dir_find(&pool->dir, index));
	rcu_read_unlock();
	expect_slots(test, len, slots, 0);
	obj[0] = suite_slot(test, 4096);
	KUNIT_EXPECT_NE(test, singlet_object_slab(obj[0])->index, index);
	suite_slot_free(obj[0]);
	free_many(more, slots);
	singlet_pool_drain(pool);
	singlet_pool_trim(pool);
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
	/* The directory must remember that index. */
	KUNIT_EXPECT_GT(test, singlet_slab_dir_cap(&pool->dir), index);
}

/* All slots of a slab retire one by one. */
static void slab_all_retire(struct kunit *test)
{
	const u32 len = 1024;
	unsigned int slots = singlet_sizes[singlet_size_class(len)].slots;
	struct singlet_object **obj = take_many(test, len, slots);
	unsigned int i;

	for (i = 0; i < slots; i++) {
		obj[i]->gen = U32_MAX - 1;
		suite_slot_free(obj[i]);
		if (i + 1 < slots)
			expect_slots(test, len, slots - i - 1, i + 1);
	}
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
	expect_slots(test, len, 0, 0);
}

/* No memory for more than the page allocator can give without sleeping. */
static void slab_atomic(struct kunit *test)
{
	struct singlet_pool *pool = suite_pool(test);
	struct singlet_object *obj;

	obj = singlet_pool_alloc(pool, SINGLET_MAX_VALUE, GFP_NOWAIT);
	KUNIT_EXPECT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_BYTES_STORED), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->users), 1);
	expect_slots(test, SINGLET_MAX_VALUE, 0, 0);

	obj = singlet_pool_alloc(pool, 100, GFP_NOWAIT);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	singlet_object_describe(obj, SINGLET_TYPE_BYTES, 100, 0);
	suite_slot_free(obj);
	expect_nothing(test);
}

/* Broken slabs are found, or the other tests mean nothing. */
static void slab_broken_is_noticed(struct kunit *test)
{
	struct singlet_object *obj = suite_slot(test, 64);
	struct singlet_object *other = suite_slot(test, 64);
	struct singlet_slab *slab = singlet_object_slab(obj);
	struct singlet_pool *pool = suite_pool(test);
	u8 *payload = singlet_object_data(other);
	u32 info;

	suite_slot_free(other);
	singlet_pool_drain(pool);
	KUNIT_EXPECT_TRUE(test, singlet_pool_is_valid(pool));

	payload[63] = 1;
	KUNIT_EXPECT_FALSE(test, singlet_pool_is_valid(pool));
	payload[63] = 0;

	slab->nr_free--;
	KUNIT_EXPECT_FALSE(test, singlet_pool_is_valid(pool));
	slab->nr_free++;

	atomic_set(&other->refs, 1);
	KUNIT_EXPECT_FALSE(test, singlet_pool_is_valid(pool));
	atomic_set(&other->refs, OBJECT_DEAD);

	info = other->info;
	other->info = info ^ 1;
	KUNIT_EXPECT_FALSE(test, singlet_pool_is_valid(pool));
	other->info = info;

	KUNIT_EXPECT_TRUE(test, singlet_pool_is_valid(pool));
	suite_slot_free(obj);
	expect_nothing(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(slab_geometry),
	KUNIT_CASE(slab_unknown_handles),
	KUNIT_CASE(slab_reuse),
	KUNIT_CASE(slab_reuse_many),
	KUNIT_CASE(slab_empty_goes),
	KUNIT_CASE(slab_large),
	KUNIT_CASE(slab_large_apart),
	KUNIT_CASE(slab_magazines),
	KUNIT_CASE(slab_slot_retires),
	KUNIT_CASE(slab_all_retire),
	KUNIT_CASE(slab_atomic),
	KUNIT_CASE(slab_broken_is_noticed),
	{}
};

struct kunit_suite slab_suite = {
	.name = "singlet_slab",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
