// SPDX-License-Identifier: GPL-2.0
/* The table of size classes, for every length there is. */
#include "suites.h"

#include <linux/mm.h>
#include <linux/sched.h>

/* The most a slot may leave unused for a value of @len bytes. */
static u32 slack_allowed(u32 len, u32 size)
{
	return round_up(max(len, 1U), 8) - len + size / 8;
}

static void size_every_length(struct kunit *test)
{
	unsigned int class = 0, prev = 0;
	u32 len, size, bad = 0;

	for (len = 0; len <= SIZE_SLOT_MAX; len++) {
		class = singlet_size_class(len);
		KUNIT_ASSERT_LT(test, class, SIZE_CLASSES);
		size = singlet_sizes[class].size;
		/* Counted, not expected one by one: there are 32 769. */
		bad += size < len;
		bad += size - len > slack_allowed(len, size);
		bad += class < prev || class > prev + 1;
		bad += class && singlet_sizes[class - 1].size >= max(len, 1U);
		prev = class;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, class, SIZE_CLASSES - 1);
	KUNIT_EXPECT_EQ(test, singlet_sizes[class].size, SIZE_SLOT_MAX);
}

static void size_large(struct kunit *test)
{
	static const u32 lens[] = {
		SIZE_SLOT_MAX + 1, 65536, SINGLET_MAX_VALUE, U32_MAX,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		KUNIT_EXPECT_EQ(test, singlet_size_class(lens[i]), SIZE_LARGE);
	KUNIT_EXPECT_EQ(test, singlet_sizes[SIZE_LARGE].size, 0);
	KUNIT_EXPECT_EQ(test, singlet_sizes[SIZE_LARGE].slots, 1);
	KUNIT_EXPECT_EQ(test, singlet_sizes[SIZE_LARGE].magazine, 0);
	KUNIT_EXPECT_EQ(test, singlet_sizes[SIZE_LARGE].keep, 0);
}

static void size_steps(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, singlet_sizes[0].size, 8);
	for (i = 1; i < SIZE_CLASSES; i++) {
		u32 size = singlet_sizes[i].size;
		u32 prev = singlet_sizes[i - 1].size;

		KUNIT_EXPECT_EQ(test, size % 8, 0);
		KUNIT_EXPECT_GT(test, size, prev);
		KUNIT_EXPECT_LE(test, size - prev, max(size / 8, 8U));
		/* What a record's slack must be able to tell. */
		if (size <= SIZE_SLACK_MAX)
			KUNIT_EXPECT_LE(test, size - prev, INFO_SLACK_MASK);
	}
}

static void size_geometry(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < SIZE_CLASSES; i++) {
		const struct singlet_size *s = &singlet_sizes[i];
		u32 bytes = s->pages * PAGE_SIZE;

		KUNIT_EXPECT_GE(test, s->slots, 1);
		KUNIT_EXPECT_LE(test, s->slots, SIZE_SLOTS_MAX);
		KUNIT_EXPECT_LE(test, s->slots * s->size, bytes);
		/* The rest of the last page, or the limit of slots. */
		if (s->slots < SIZE_SLOTS_MAX)
			KUNIT_EXPECT_LE(test, bytes - s->slots * s->size,
					bytes / 8);
		KUNIT_EXPECT_GE(test, s->magazine, 1);
		KUNIT_EXPECT_LE(test, s->magazine, 32);
		KUNIT_EXPECT_LE(test, s->magazine * s->size,
				s->magazine > 16 ? 8192 : 32768);
		KUNIT_EXPECT_GE(test, s->keep, 1);
		if (s->keep > 1)
			KUNIT_EXPECT_LE(test, s->keep * bytes, 65536);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(size_every_length),
	KUNIT_CASE(size_large),
	KUNIT_CASE(size_steps),
	KUNIT_CASE(size_geometry),
	{}
};

struct kunit_suite size_suite = {
	.name = "singlet_size",
	.test_cases = cases,
};
