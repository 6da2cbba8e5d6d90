// SPDX-License-Identifier: GPL-2.0
/* The records of references that a session holds. */
#include "suites.h"

#include "refs.h"

#define NR	20	/* objects, of one slab */

/* What a test works on; test->priv stays the pool. */
struct test_refs {
	struct singlet_refs refs;
	struct singlet_object *obj[NR];
	long before;		/* bytes of metadata */
	unsigned int dropped;
};

static u32 handle_of(const struct singlet_object *obj)
{
	return (u32)singlet_object_id(obj);
}

static long metadata(struct kunit *test)
{
	return suite_pool_stat(test, STAT_BYTES_METADATA);
}

static struct test_refs *begin(struct kunit *test)
{
	struct test_refs *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	for (i = 0; i < NR; i++)
		t->obj[i] = suite_slot(test, 64);
	t->before = metadata(test);
	singlet_refs_init(&t->refs, suite_pool(test)->counters);
	return t;
}

static u32 count(struct test_refs *t, unsigned int i)
{
	return singlet_refs_count(&t->refs, handle_of(t->obj[i]));
}

/* Each has the count that it has, the bytes are counted. */
static void expect_bytes(struct kunit *test, struct test_refs *t)
{
	KUNIT_EXPECT_EQ(test, metadata(test) - t->before, (long)t->refs.bytes);
}

static void expect_none(struct kunit *test, struct test_refs *t)
{
	KUNIT_EXPECT_EQ(test, t->refs.bytes, 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&t->refs.chunks));
	expect_bytes(test, t);
}

static void end(struct kunit *test, struct test_refs *t)
{
	unsigned int i;

	expect_none(test, t);
	xa_destroy(&t->refs.chunks);
	for (i = 0; i < NR; i++)
		suite_slot_free(t->obj[i]);
}

static void refs_first_and_last(struct kunit *test)
{
	struct test_refs *t = begin(test);
	u32 h = handle_of(t->obj[3]);
	u64 bytes;

	KUNIT_EXPECT_EQ(test, count(t, 3), 0);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[3], 1), 1);
	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[3], 4), 0);
	KUNIT_EXPECT_EQ(test, count(t, 3), 5);
	KUNIT_EXPECT_EQ(test, count(t, 4), 0);
	KUNIT_EXPECT_GT(test, t->refs.bytes, 0);
	expect_bytes(test, t);

	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 6), -EINVAL);
	KUNIT_EXPECT_EQ(test, count(t, 3), 5);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h + 1, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 4), 0);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 1), 1);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 1), -ENOENT);

	/* Until the record is tidied, restoring it needs no memory. */
	bytes = t->refs.bytes;
	KUNIT_EXPECT_GT(test, bytes, 0);
	KUNIT_EXPECT_EQ(test, singlet_refs_restore(&t->refs, t->obj[3], 5), 1);
	KUNIT_EXPECT_EQ(test, count(t, 3), 5);
	KUNIT_EXPECT_EQ(test, t->refs.bytes, bytes);

	/* Also if others came and went meanwhile, or came and stayed. */
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 5), 1);
	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[3], 1), 1);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 1), 1);
	singlet_refs_tidy(&t->refs, h);
	KUNIT_EXPECT_EQ(test, t->refs.bytes, bytes);
	KUNIT_EXPECT_EQ(test, singlet_refs_restore(&t->refs, t->obj[3], 5), 1);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 5), 1);
	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[3], 2), 1);
	KUNIT_EXPECT_EQ(test, singlet_refs_restore(&t->refs, t->obj[3], 5), 0);
	KUNIT_EXPECT_EQ(test, count(t, 3), 7);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, h, 7), 1);
	singlet_refs_tidy(&t->refs, h);
	KUNIT_EXPECT_EQ(test, t->refs.bytes, 0);
	end(test, t);
}

/* Counts grow from one byte to two to four; the others come along. */
static void refs_widen(struct kunit *test)
{
	static const u32 steps[] = {
		1, 2, 254, 255, 256, 257, 65534, 65535, 65536, 65537,
		1000000, REFS_MAX - 1, REFS_MAX,
	};
	struct test_refs *t = begin(test);
	u32 had = 0, bad = 0;
	unsigned int i, j;
	u64 bytes = 0;

	for (i = 1; i < NR; i++)
		KUNIT_ASSERT_EQ(test, singlet_refs_add(&t->refs, t->obj[i], i),
				1);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[0],
						       steps[i] - had),
				had ? 0 : 1);
		had = steps[i];
		KUNIT_EXPECT_EQ(test, count(t, 0), had);
		for (j = 1; j < NR; j++)
			bad += count(t, j) != j;
		KUNIT_EXPECT_EQ(test, bad, 0);
		KUNIT_EXPECT_GE(test, t->refs.bytes, bytes);
		if (had == 256 || had == 65536)
			KUNIT_EXPECT_GT(test, t->refs.bytes, bytes);
		bytes = t->refs.bytes;
		expect_bytes(test, t);
	}
	/* Full, and nothing moves. */
	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[0], 1),
			-EOVERFLOW);
	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[1], REFS_MAX),
			-EOVERFLOW);
	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[1], U32_MAX),
			-EOVERFLOW);
	KUNIT_EXPECT_EQ(test, count(t, 0), REFS_MAX);
	KUNIT_EXPECT_EQ(test, count(t, 1), 1);

	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, handle_of(t->obj[0]),
					       U32_MAX), -EINVAL);
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_EQ(test,
				singlet_refs_sub(&t->refs,
						 handle_of(t->obj[i]),
						 i ?: REFS_MAX), 1);
	/* One for each of them. */
	for (i = 0; i < NR; i++)
		singlet_refs_tidy(&t->refs, handle_of(t->obj[i]));
	end(test, t);
}

static void refs_overflow_of_none(struct kunit *test)
{
	struct test_refs *t = begin(test);

	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[0],
					       REFS_MAX + 1), -EOVERFLOW);
	expect_none(test, t);
	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[0], REFS_MAX),
			1);
	KUNIT_EXPECT_EQ(test, count(t, 0), REFS_MAX);
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, handle_of(t->obj[0]),
					       REFS_MAX), 1);
	singlet_refs_tidy(&t->refs, handle_of(t->obj[0]));
	end(test, t);
}

static void refs_unknown(struct kunit *test)
{
	struct test_refs *t = begin(test);
	static const u32 handles[] = {
		511, 1 << INFO_SLOT_BITS, 0x7fffffff, U32_MAX,
	};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, singlet_refs_add(&t->refs, t->obj[0], 1), 1);
	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		KUNIT_EXPECT_EQ(test, singlet_refs_count(&t->refs, handles[i]),
				0);
		KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, handles[i], 1),
				-ENOENT);
	}
	KUNIT_EXPECT_EQ(test, singlet_refs_sub(&t->refs, handle_of(t->obj[0]),
					       1), 1);
	singlet_refs_tidy(&t->refs, handle_of(t->obj[0]));
	end(test, t);
}

static void drop(void *ctx, u32 handle)
{
	struct test_refs *t = ctx;
	unsigned int i;

	for (i = 0; i < NR; i++)
		if (handle_of(t->obj[i]) == handle)
			t->dropped |= BIT(i);
}

/* Each held object is dropped once, whatever its count. */
static void refs_drop_all(struct kunit *test)
{
	struct test_refs *t = begin(test);
	struct singlet_object *old = t->obj[NR - 1];
	unsigned int i;

	/* One in another slab. */
	t->obj[NR - 1] = suite_slot(test, 5000);
	for (i = 1; i < NR; i += 2)
		KUNIT_ASSERT_EQ(test, singlet_refs_add(&t->refs, t->obj[i],
						       1 << i), 1);
	t->before = metadata(test) - (long)t->refs.bytes;
	singlet_refs_drop_all(&t->refs, drop, t);
	KUNIT_EXPECT_EQ(test, t->dropped, 0xaaaaa);
	KUNIT_EXPECT_TRUE(test, xa_empty(&t->refs.chunks));
	KUNIT_EXPECT_EQ(test, t->refs.bytes, 0);
	suite_slot_free(old);
	end(test, t);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(refs_first_and_last),
	KUNIT_CASE(refs_widen),
	KUNIT_CASE(refs_overflow_of_none),
	KUNIT_CASE(refs_unknown),
	KUNIT_CASE(refs_drop_all),
	{}
};

struct kunit_suite refs_suite = {
	.name = "singlet_refs",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
