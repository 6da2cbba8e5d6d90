// SPDX-License-Identifier: GPL-2.0
/* The hash of values, with a key that is always the same: nothing is left to chance. */
#include "suites.h"

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "hash.h"

static struct singlet_hash_key fixed_key(u64 seed)
{
	struct singlet_hash_key key;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, seed);
	prandom_bytes_state(&rnd, &key, sizeof(key));
	key.lo |= 1;
	key.hi |= 1;
	key.point >>= 4;
	return key;
}

static void hash_equal_bytes(struct kunit *test)
{
	struct singlet_hash_key key = fixed_key(1), other = fixed_key(2);
	u8 *a = kunit_kzalloc(test, 512, GFP_KERNEL);
	u8 *b = kunit_kzalloc(test, 512, GFP_KERNEL);
	unsigned int len, shift, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	get_random_bytes(a, 512);
	for (len = 0; len < 300; len++) {
		u32 hash = singlet_hash(&key, a, len, 5);

		for (shift = 0; shift < 9; shift++) {
			/* What lies around the value does not count. */
			memset(b, shift, 512);
			memcpy(b + shift, a, len);
			bad += singlet_hash(&key, b + shift, len, 5) != hash;
		}
		bad += singlet_hash(&other, a, len, 5) == hash;
		bad += singlet_hash(&key, a, len, 6) == hash;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Each bit and the length count, at every length. */
static void hash_every_bit(struct kunit *test)
{
	struct singlet_hash_key key = fixed_key(3);
	u8 *a = kunit_kzalloc(test, 512, GFP_KERNEL);
	unsigned int len, bit, bad = 0;
	u32 last = 0;

	KUNIT_ASSERT_NOT_NULL(test, a);
	for (len = 0; len < 300; len++) {
		u32 hash = singlet_hash(&key, a, len, 5);

		bad += len && hash == last;
		last = hash;
		for (bit = 0; bit < len * 8; bit++) {
			a[bit / 8] ^= 1 << bit % 8;
			bad += singlet_hash(&key, a, len, 5) == hash;
			a[bit / 8] ^= 1 << bit % 8;
		}
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Families of values as somebody might choose them who wants long buckets. */

#define VALUE_MAX	200

struct family {
	const char *name;
	u32 (*make)(u8 *value, u32 i);
};

static u32 make_int(u8 *value, u32 i)
{
	u64 n = i;

	memcpy(value, &n, 8);
	return 8;
}

static u32 make_high(u8 *value, u32 i)
{
	u64 n = (u64)i << 44;

	memcpy(value, &n, 8);
	return 8;
}

static u32 make_text(u8 *value, u32 i)
{
	return scnprintf(value, VALUE_MAX, "%u", i);
}

static u32 make_label(u8 *value, u32 i)
{
	return scnprintf(value, VALUE_MAX, "kubernetes.io/name=%07u", i);
}

/* Two words whose sum, and two whose difference, is always the same. */
static u32 make_pair(u8 *value, u32 i)
{
	u64 n[4] = { i, 0 - (u64)i, i, i };

	memcpy(value, n, 32);
	return 32;
}

static u32 make_last_word(u8 *value, u32 i)
{
	u64 n[4] = { 0, 0, 0, (u64)i << 20 };

	memcpy(value, n, 32);
	return 32;
}

static u32 make_long(u8 *value, u32 i)
{
	memset(value, 'x', VALUE_MAX);
	memcpy(value + 60, &i, 4);
	return VALUE_MAX;
}

/* The same two words in two blocks: their sum is the same. */
static u32 make_blocks(u8 *value, u32 i)
{
	u64 up = i, down = 0 - (u64)i;

	memset(value, 0, 192);
	memcpy(value + 8, &up, 8);
	memcpy(value + 72, &down, 8);
	return 192;
}

/* Every length of zeros, and of each other byte. */
static u32 make_run(u8 *value, u32 i)
{
	u32 len = 1 + i % 128;

	memset(value, i >> 7, len);
	/* There are more values to make than bytes. */
	if (i >> 15) {
		value[len++] = i >> 15;
		value[len++] = 1;
	}
	return len;
}

static const struct family families[] = {
	{ "ints", make_int }, { "high bits", make_high },
	{ "decimals", make_text }, { "labels", make_label },
	{ "pairs", make_pair }, { "last words", make_last_word },
	{ "long ones", make_long }, { "blocks", make_blocks },
	{ "runs", make_run },
};

static void hash_families(struct kunit *test)
{
	u32 nr = suite_scaled(1 << 20), buckets = nr / 8, i, f;
	struct singlet_hash_key key = fixed_key(4);
	u8 *count = kvmalloc(buckets, GFP_KERNEL);
	unsigned long *tags = bitmap_zalloc(1 << 16, GFP_KERNEL);
	u8 *value = kunit_kzalloc(test, VALUE_MAX, GFP_KERNEL);

	if (!count || !tags || !value) {
		KUNIT_FAIL(test, "no memory");
		goto out;
	}
	for (f = 0; f < ARRAY_SIZE(families); f++) {
		unsigned int most = 0;

		memset(count, 0, buckets);
		bitmap_zero(tags, 1 << 16);
		for (i = 0; i < nr; i++) {
			u32 len = families[f].make(value, i);
			u32 hash = singlet_hash(&key, value, len, 5);

			/* Buckets come from the low bits, tags from the high. */
			most = max_t(unsigned int, most,
				     ++count[hash % buckets]);
			__set_bit(hash >> 16, tags);
			if (i % 4096 == 0)
				cond_resched();
		}
		/*
		 * Balls into bins: with eight on average, one bucket in 10^8
		 * has more than 31.
		 */
		KUNIT_EXPECT_LE_MSG(test, most, 31, "%s", families[f].name);
		KUNIT_EXPECT_GE_MSG(test, bitmap_weight(tags, 1 << 16),
				    min(nr / 4, 65000U), "%s",
				    families[f].name);
	}
out:
	bitmap_free(tags);
	kvfree(count);
}

static struct kunit_case hash_cases[] = {
	KUNIT_CASE(hash_equal_bytes),
	KUNIT_CASE(hash_every_bit),
	KUNIT_CASE(hash_families),
	{}
};

struct kunit_suite hash_suite = {
	.name = "singlet_hash",
	.test_cases = hash_cases,
};
