// SPDX-License-Identifier: GPL-2.0
/* Arenas: where slabs are for who maps them, and when their pages may go. */
#include "suites.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/xarray.h>

#include "arena.h"
#include "domain.h"
#include "map.h"
#include "space.h"

#define PAGED	4096		/* a slot of one page, alone in its slab */

/* The pool's arena, from now on. */
static struct singlet_arena *arena_of(struct kunit *test)
{
	struct inode *inode = singlet_space_new();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, inode);
	KUNIT_ASSERT_EQ(test, singlet_arena_open(suite_pool(test), inode), 0);
	singlet_space_put(inode);	/* the arena has it */
	return suite_pool(test)->arena;
}

/* What processes read of the slab of @obj. */
static u64 entry_of(struct singlet_arena *arena,
		    const struct singlet_object *obj)
{
	unsigned long at = singlet_object_slab(obj)->index + 1;
	const u64 *page = singlet_map_dir_page(&arena->dir, at / (PAGE_SIZE / 8));

	return page ? page[at % (PAGE_SIZE / 8)] : 0;
}

/* What a fault at that byte of the arena would map; NULL: SIGBUS. */
static void *touch(struct singlet_arena *arena, u64 offset)
{
	void *page;

	down_read(&arena->faults);
	page = singlet_arena_page(arena, offset >> PAGE_SHIFT);
	up_read(&arena->faults);
	return page;
}

static void expect_entry(struct kunit *test, struct singlet_arena *arena,
			 const struct singlet_object *obj)
{
	const struct singlet_slab *slab = singlet_object_slab(obj);
	u64 e = entry_of(arena, obj);

	KUNIT_EXPECT_EQ(test, SINGLET_SLAB_SLOTS(e), slab->slots);
	KUNIT_EXPECT_EQ(test, SINGLET_SLAB_SIZE(e), slab->size);
}

/* Every page is found where the directory says, none beyond. */
static void expect_mapped(struct kunit *test, struct singlet_arena *arena,
			  const struct singlet_object *obj)
{
	const struct singlet_slab *slab = singlet_object_slab(obj);
	u64 at = SINGLET_SLAB_OFFSET(entry_of(arena, obj));
	u32 i;

	expect_entry(test, arena, obj);
	for (i = 0; i < slab->pages; i++)
		KUNIT_EXPECT_PTR_EQ(test, touch(arena, at + i * PAGE_SIZE),
				    slab->base + i * PAGE_SIZE);
	if (!is_power_of_2(slab->pages))
		KUNIT_EXPECT_NULL(test, touch(arena, at + i * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, slab->mapped);
}

static const u32 lens[] = {
	1, 64, 640, 704, 3000, 4096, 5000, 9000, 20000, 32768, 32769, 100000,
	1 << 20, (1 << 20) + 1, 16 << 20,
};

/* Slabs of all sizes, made before the arena and after. */
static void arena_finds_all(struct kunit *test)
{
	struct singlet_object *obj[2][ARRAY_SIZE(lens)];
	struct singlet_arena *arena;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		obj[0][i] = suite_slot(test, lens[i]);
	arena = arena_of(test);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		obj[1][i] = suite_slot(test, lens[i]);
		expect_mapped(test, arena, obj[0][i]);
		expect_mapped(test, arena, obj[1][i]);
		KUNIT_EXPECT_EQ(test, SINGLET_SLAB_OFFSET(entry_of(arena, obj[0][i])) /
				SINGLET_MAP_REGION_SIZE,
				order_base_2(singlet_object_slab(obj[0][i])->pages));
	}
	/* A second time it is the same. */
	KUNIT_EXPECT_PTR_EQ(test, arena_of(test), arena);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		expect_mapped(test, arena, obj[0][i]);
		suite_slot_free(obj[0][i]);
		suite_slot_free(obj[1][i]);
	}
}

static void arena_bounds(struct kunit *test)
{
	struct singlet_arena *arena = arena_of(test);
	u64 i;

	for (i = 0; i < SINGLET_MAP_REGIONS; i++) {
		u64 begin = i * SINGLET_MAP_REGION_SIZE;

		KUNIT_EXPECT_NULL(test, touch(arena, begin));
		KUNIT_EXPECT_NULL(test, touch(arena, begin +
					      SINGLET_MAP_REGION_SIZE -
					      PAGE_SIZE));
	}
	KUNIT_EXPECT_NULL(test, touch(arena, SINGLET_MAP_ARENA_SIZE));
	KUNIT_EXPECT_NULL(test, touch(arena, U64_MAX));
	KUNIT_EXPECT_NOT_NULL(test, singlet_map_dir_page(&arena->dir, 0));
	KUNIT_EXPECT_NULL(test, singlet_map_dir_page(&arena->dir, 1));
	KUNIT_EXPECT_EQ(test, *arena->dir.head, PAGE_SIZE / 8 - 1);
}

/* The directory grows with the slabs, and says how far it goes. */
static void arena_directory_grows(struct kunit *test)
{
	const unsigned int nr = 2 * PAGE_SIZE / 8;
	struct singlet_arena *arena = arena_of(test);
	struct singlet_object **obj;
	unsigned int i;

	obj = kunit_kcalloc(test, nr, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	for (i = 0; i < nr; i++) {
		obj[i] = suite_slot(test, SIZE_SLOT_MAX);
		expect_entry(test, arena, obj[i]);
		KUNIT_ASSERT_GT(test, *arena->dir.head,
				singlet_object_slab(obj[i])->index);
	}
	KUNIT_EXPECT_EQ(test, arena->dir.nr, 3);
	KUNIT_EXPECT_EQ(test, *arena->dir.head, 3 * PAGE_SIZE / 8 - 1);
	for (i = 0; i < nr; i++)
		suite_slot_free(obj[i]);
}

static u64 offset_of(struct singlet_arena *arena,
		     const struct singlet_object *obj)
{
	return SINGLET_SLAB_OFFSET(entry_of(arena, obj));
}

/* Large slabs end with their slot. */
#define LARGE		100000
#define LARGE_RUN	(32 * PAGE_SIZE)

/* The lowest free run is next. */
static void arena_lowest_first(struct kunit *test)
{
	struct singlet_arena *arena = arena_of(test);
	struct singlet_object *obj[8];
	u64 begin;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(obj); i++)
		obj[i] = suite_slot(test, LARGE);
	begin = offset_of(arena, obj[0]);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		KUNIT_EXPECT_EQ(test, offset_of(arena, obj[i]),
				begin + i * LARGE_RUN);
	suite_slot_free(obj[5]);
	suite_slot_free(obj[2]);
	obj[2] = suite_slot(test, LARGE);
	KUNIT_EXPECT_EQ(test, offset_of(arena, obj[2]), begin + 2 * LARGE_RUN);
	obj[5] = suite_slot(test, LARGE);
	KUNIT_EXPECT_EQ(test, offset_of(arena, obj[5]), begin + 5 * LARGE_RUN);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		suite_slot_free(obj[i]);
}

/* Who was never mapped leaves nothing to wait for. */
static void arena_untouched_goes_at_once(struct kunit *test)
{
	struct singlet_arena *arena;
	struct singlet_object *obj = suite_slot(test, SIZE_SLOT_MAX);

	arena = arena_of(test);
	expect_entry(test, arena, obj);
	suite_slot_free(obj);
	singlet_pool_drain(suite_pool(test));
	singlet_pool_trim(suite_pool(test));
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_BYTES_STORED), 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&arena->region[3]));
}

/* What was mapped is found no more, and its run is free when its pages are. */
static void arena_touched_goes_late(struct kunit *test)
{
	struct singlet_arena *arena = arena_of(test);
	struct singlet_object *obj = suite_slot(test, LARGE), *next;
	u32 index = singlet_object_slab(obj)->index;
	u64 at = offset_of(arena, obj);

	expect_mapped(test, arena, obj);
	/* A fault that goes on. */
	down_read(&arena->faults);
	suite_slot_free(obj);
	KUNIT_EXPECT_NULL(test, singlet_arena_page(arena, at >> PAGE_SHIFT));
	KUNIT_EXPECT_EQ(test, ((u64 *)singlet_map_dir_page(&arena->dir, 0))[index + 1],
			0);
	next = suite_slot(test, LARGE);
	KUNIT_EXPECT_EQ(test, singlet_object_slab(next)->index, index);
	KUNIT_EXPECT_EQ(test, offset_of(arena, next), at + LARGE_RUN);
	/* Memory reclaim does not wait, the worker does. */
	singlet_slab_free_some();
	msleep(20);
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 2);
	up_read(&arena->faults);
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 1);
	expect_entry(test, arena, next);
	suite_slot_free(next);
	next = suite_slot(test, LARGE);
	KUNIT_EXPECT_EQ(test, offset_of(arena, next), at);
	suite_slot_free(next);
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
}

/* Memory reclaim frees what was mapped itself. */
static void arena_reclaimed(struct kunit *test)
{
	struct singlet_arena *arena = arena_of(test);
	struct singlet_object *obj = suite_slot(test, LARGE);
	unsigned int i;

	expect_mapped(test, arena, obj);
	suite_slot_free(obj);
	for (i = 0; i < 1000 && suite_pool_stat(test, STAT_SLABS); i++) {
		singlet_slab_free_some();
		usleep_range(100, 200);
	}
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
}

/* Nor does it stop at what is somebody else's turn now. */
static void arena_reclaimed_behind(struct kunit *test)
{
	struct singlet_store *busy = test->priv, *other = singlet_store_create();
	struct singlet_arena *arena = arena_of(test);
	struct singlet_object *obj[2], *behind;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	obj[0] = suite_slot(test, LARGE);
	obj[1] = suite_slot(test, LARGE);
	expect_mapped(test, arena, obj[0]);
	expect_mapped(test, arena, obj[1]);
	test->priv = other;
	behind = suite_slot(test, LARGE);
	expect_mapped(test, arena_of(test), behind);

	/* A fault that goes on, for which the worker waits. */
	down_read(&arena->faults);
	suite_slot_free(obj[0]);
	msleep(20);
	suite_slot_free(behind);
	suite_slot_free(obj[1]);
	singlet_slab_free_some();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
	test->priv = busy;
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 2);
	up_read(&arena->faults);
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_SLABS), 0);
	singlet_store_destroy(other);
}

/* A region without room: the slab has no place, and all else goes on. */
static void arena_full(struct kunit *test)
{
	struct singlet_arena *arena = arena_of(test);
	struct xarray *region = &arena->region[SINGLET_MAP_REGIONS - 1];
	u32 i, nr = SINGLET_MAP_REGION_SIZE / SINGLET_MAX_VALUE;
	struct singlet_object *obj, *other;

	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, xa_reserve_irq(region, i, GFP_KERNEL), 0);
	obj = suite_slot(test, SINGLET_MAX_VALUE);
	KUNIT_EXPECT_EQ(test, entry_of(arena, obj), 0);
	other = suite_slot(test, LARGE);
	expect_mapped(test, arena, other);
	suite_slot_free(obj);
	suite_slot_free(other);
	xa_erase_irq(region, nr / 2);
	obj = suite_slot(test, SINGLET_MAX_VALUE);
	KUNIT_EXPECT_EQ(test, offset_of(arena, obj) %
			SINGLET_MAP_REGION_SIZE,
			(u64)nr / 2 * SINGLET_MAX_VALUE);
	suite_slot_free(obj);
	for (i = 0; i < nr; i++)
		if (i != nr / 2)
			xa_erase_irq(region, i);
}

/* ---- races ---- */

#define RACERS	8

struct arena_race {
	struct singlet_pool *pool;
	struct inode *inode;
	atomic_long_t made;
	atomic_long_t seen;
	atomic_long_t wrong;
	atomic_long_t what;	/* the last: byte, its offset, page of the arena */
};

static int race_make(void *ctx)
{
	struct arena_race *r = ctx;
	u32 n = 0;

	while (!kthread_should_stop()) {
		struct singlet_object *obj[RACERS];
		unsigned int i, nr;

		for (nr = 0; nr < RACERS; nr++) {
			u32 len = 2000 + n++ * 7919 % 60000;

			obj[nr] = singlet_pool_alloc(r->pool, len, GFP_KERNEL);
			if (!obj[nr])
				break;
			singlet_object_describe(obj[nr], SINGLET_TYPE_BYTES,
						len, 0);
			memset(singlet_object_data(obj[nr]), 0x5a, len);
		}
		for (i = 0; i < nr; i++)
			suite_slot_free(obj[i]);
		atomic_long_add(nr, &r->made);
		cond_resched();
	}
	return 0;
}

static void check_byte(struct arena_race *r, u8 byte, unsigned long offset,
		       unsigned long at)
{
	if (!byte || byte == 0x5a)
		return;
	atomic_long_inc(&r->wrong);
	atomic_long_set(&r->what, at << 24 | offset << 8 | byte);
}

/* As faults do; what is found is memory of the pool's until it is let go. */
static int race_touch(void *ctx)
{
	struct arena_race *r = ctx;
	unsigned long n = 0;

	while (!kthread_should_stop()) {
		struct singlet_arena *arena = READ_ONCE(r->pool->arena);
		unsigned long i;
		unsigned long at;
		const u8 *page;

		cond_resched();
		if (!arena)
			continue;
		n++;
		down_read(&arena->faults);
		at = (n % 7 * SINGLET_MAP_REGION_SIZE >> PAGE_SHIFT) +
		     n / 7 % 64;
		page = singlet_arena_page(arena, at);
		for (i = 0; page && i < PAGE_SIZE; i += 64)
			check_byte(r, READ_ONCE(page[i]), i, at);
		up_read(&arena->faults);
		if (page)
			atomic_long_inc(&r->seen);
	}
	return 0;
}

static bool race_met(void *ctx)
{
	struct arena_race *r = ctx;

	return atomic_long_read(&r->made) && atomic_long_read(&r->seen);
}

/* Slabs come and go while the arena is made and filled, and touched. */
static void arena_races(struct kunit *test)
{
	static const suite_thread_t fn[] = { race_make, race_make, race_touch };
	struct arena_race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	void *ctx[] = { r, r, r };

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->pool = suite_pool(test);
	suite_run(test, fn, ctx, 2, 100);
	arena_of(test);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 1000, race_met);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&r->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&r->made), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&r->seen), 0);
	singlet_pool_drain(r->pool);
	singlet_pool_trim(r->pool);
	singlet_slab_flush();
	KUNIT_EXPECT_EQ(test, suite_pool_stat(test, STAT_BYTES_STORED), 0);
	kunit_info(test, "%ld slots, %ld pages seen, wrong %lx",
		   atomic_long_read(&r->made), atomic_long_read(&r->seen),
		   atomic_long_read(&r->what));
}

static int race_open(void *ctx)
{
	struct arena_race *r = ctx;

	usleep_range(1000, 2000);
	if (singlet_arena_open(r->pool, r->inode))
		atomic_long_inc(&r->wrong);
	suite_wait_for_stop();
	return 0;
}

/* Slabs that stay are in the arena, whenever it was made; no others are. */
static void arena_made_meanwhile(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		race_make, race_make, race_open, race_open,
	};
	struct arena_race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	void *ctx[] = { r, r, r, r };
	struct singlet_object *obj[64];
	unsigned int i;
	long slabs = 0;
	void *entry;
	unsigned long run;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->pool = suite_pool(test);
	r->inode = singlet_space_new();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r->inode);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		obj[i] = suite_slot(test, 5000);
	suite_run(test, fn, ctx, ARRAY_SIZE(fn), 50);
	singlet_space_put(r->inode);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&r->wrong), 0);
	KUNIT_ASSERT_NOT_NULL(test, r->pool->arena);
	singlet_slab_flush();
	for (i = 0; i < SINGLET_MAP_REGIONS; i++)
		xa_for_each(&r->pool->arena->region[i], run, entry)
			slabs++;
	KUNIT_EXPECT_EQ(test, slabs, suite_pool_stat(test, STAT_SLABS));
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		expect_mapped(test, r->pool->arena, obj[i]);
		suite_slot_free(obj[i]);
	}
}

/* What a kernel module has not sealed may be anything: nobody maps it. */
static void arena_not_of_modules(struct kunit *test)
{
	struct singlet_domain *domain = kunit_kzalloc(test, sizeof(*domain),
						      GFP_KERNEL);
	struct singlet_session *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct vm_area_struct *vma = kunit_kzalloc(test, sizeof(*vma),
						   GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, domain);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_NOT_NULL(test, vma);
	vm_flags_init(vma, VM_READ | VM_MAYREAD | VM_SHARED | VM_MAYSHARE);
	vma->vm_pgoff = U32_MAX;
	vma->vm_end = PAGE_SIZE;
	s->domain = domain;
	s->access = SINGLET_ACCESS_READ;
	KUNIT_EXPECT_EQ(test, singlet_map(s, vma), -EINVAL);
	domain->maker = THIS_MODULE;
	KUNIT_EXPECT_EQ(test, singlet_map(s, vma), -EACCES);
}

static struct kunit_case arena_cases[] = {
	KUNIT_CASE(arena_finds_all),
	KUNIT_CASE(arena_bounds),
	KUNIT_CASE(arena_directory_grows),
	KUNIT_CASE(arena_lowest_first),
	KUNIT_CASE(arena_untouched_goes_at_once),
	KUNIT_CASE(arena_touched_goes_late),
	KUNIT_CASE(arena_reclaimed),
	KUNIT_CASE(arena_reclaimed_behind),
	KUNIT_CASE(arena_full),
	KUNIT_CASE(arena_races),
	KUNIT_CASE(arena_made_meanwhile),
	KUNIT_CASE(arena_not_of_modules),
	{}
};

struct kunit_suite arena_suite = {
	.name = "singlet_arena",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = arena_cases,
};
