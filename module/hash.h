/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hash - keyed hash of a value
 *
 * What is asked of it: whoever does not know the key cannot tell which values
 * will share a bucket, and it is as cheap as a comparison of the bytes.  The
 * first is what almost universal hashing is about: for any two values, over all
 * keys, the odds that their hashes are equal are below 2^-29.
 *
 * What that does not cover is somebody who learns which values collide.  No hash
 * leaves the kernel; to find collisions by timing lookups one by one, among
 * 2^32, is the way that is left, and whoever goes it can make long buckets in
 * the domains where they may make objects, at the price of their quota.  A
 * cryptographic hash (SipHash-1-3) does not have that weakness, and takes a
 * third of the time of a hit for itself: see Documentation/design.md.
 *
 *   up to 64 bytes  NH: words in pairs, (w0 + k0) * (w1 + k1), summed in 128
 *                   bits.  Two values of one length have a given difference
 *                   with odds of 2^-64.  Words may overlap: they and the length
 *                   tell the bytes.
 *   beyond          NH of each 64 bytes, the last ones overlapping; these sums
 *                   are coefficients of a polynomial at a random point modulo
 *                   2^61 - 1: odds of n * 2^-57 for n blocks.
 *   at last         with length and type, by multiply-shift to 32 bits: 2^-30,
 *                   as the halves of an NH sum are random themselves.
 */
#ifndef SINGLET_HASH_H
#define SINGLET_HASH_H

#include <linux/types.h>

#include "word.h"

#define HASH_SHORT	64	/* bytes; also a block of longer values */

struct singlet_hash_key {
	u64 word[HASH_SHORT / 8];
	u64 lo, hi;		/* odd */
	u64 point;		/* of the polynomial; below 2^61 - 1 */
};

void singlet_hash_key_init(struct singlet_hash_key *key);
u32 singlet_hash_long(const struct singlet_hash_key *key, const void *data,
		      u32 len, u32 type);

/* Words @w0 and @w1, at words @i and @i + 1 of the key. */
static __always_inline __uint128_t
singlet_hash_pair(const struct singlet_hash_key *key, unsigned int i, u64 w0,
		  u64 w1)
{
	return (__uint128_t)(w0 + key->word[i]) * (w1 + key->word[i + 1]);
}

/*
 * Two pairs: @n bytes at @p, 8 to 32, of which some count several times.  One
 * way for all these lengths: what follows need not wait until a guess of the
 * length proves right.
 */
static __always_inline __uint128_t
singlet_hash_pairs(const struct singlet_hash_key *key, unsigned int i,
		   const void *p, u32 n)
{
	u32 second = singlet_second_word(n), third = singlet_third_word(n);

	return singlet_hash_pair(key, i, singlet_word(p),
				 singlet_word(p + second)) +
	       singlet_hash_pair(key, i + 2, singlet_word(p + third),
				 singlet_word(p + n - 8));
}

static __always_inline u32
singlet_hash_finish(const struct singlet_hash_key *key, u64 lo, u64 hi, u32 len,
		    u32 type)
{
	lo += (u64)type << 32 | len;
	return (lo * key->lo + hi * key->hi) >> 32;
}

/* Fewer than eight bytes as two words. */
static __always_inline __uint128_t
singlet_hash_few(const struct singlet_hash_key *key, const u8 *p, u32 len)
{
	u64 w0 = 0, w1 = 0;

	if (len >= 4) {
		w0 = singlet_half_word(p);
		w1 = singlet_half_word(p + len - 4);
	} else if (len) {
		w0 = p[0] | p[len / 2] << 8;
		w1 = p[len - 1];
	}
	return singlet_hash_pair(key, 0, w0, w1);
}

/**
 * singlet_hash() - hash of a value
 * @key: key
 * @data: bytes
 * @len: how many
 * @type: index of the type, so that equal bytes of different types part
 *
 * Return: The hash; all bits are equally good.
 */
static __always_inline u32 singlet_hash(const struct singlet_hash_key *key,
					const void *data, u32 len, u32 type)
{
	__uint128_t sum;

	if (likely(len >= 8 && len <= 32))
		sum = singlet_hash_pairs(key, 0, data, len);
	else if (len < 8)
		sum = singlet_hash_few(key, data, len);
	else if (len <= HASH_SHORT)
		sum = singlet_hash_pairs(key, 0, data, 32) +
		      singlet_hash_pairs(key, 4, data + len - 32, 32);
	else
		return singlet_hash_long(key, data, len, type);
	return singlet_hash_finish(key, sum, sum >> 64, len, type);
}

#endif
