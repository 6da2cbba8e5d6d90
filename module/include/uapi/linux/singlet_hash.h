/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * singlet - the hash by which a value is found in the index
 *
 * Part of <linux/singlet_index.h>, for programs that walk the index themselves.
 * The key is the domain's own, random, in the index's head, and differs from
 * domain to domain.  What the hash promises and why: hash.h of the module.
 *
 *   up to 64 bytes  NH: words in pairs, (w0 + k0) * (w1 + k1), summed in 128
 *                   bits.  Words may overlap: they and the length tell the bytes.
 *   beyond          NH of each 64 bytes, the last ones overlapping; these sums
 *                   are coefficients of a polynomial at a random point modulo
 *                   2^61 - 1.
 *   at last         with length and type, by multiply-shift to 32 bits.
 *
 * Words are in the machine's own order.
 */
#ifndef _UAPI_LINUX_SINGLET_HASH_H
#define _UAPI_LINUX_SINGLET_HASH_H

#include <linux/stddef.h>	/* __always_inline */
#include <linux/types.h>

#define SINGLET_HASH_SHORT	64	/* bytes; also a block of longer values */

/**
 * struct singlet_hash_key - what makes a domain's hash its own
 * @word: for words of the value
 * @lo: for the sum's lower half; odd
 * @hi: for its upper half; odd
 * @point: of the polynomial; below SINGLET_HASH_PRIME
 */
struct singlet_hash_key {
	__u64 word[SINGLET_HASH_SHORT / 8];
	__u64 lo, hi;
	__u64 point;
};

#define SINGLET_HASH_PRIME	((1ULL << 61) - 1)

#ifdef __SIZEOF_INT128__

/* Eight bytes, or four, from anywhere. */
struct _singlet_word {
	__u64 word;
} __attribute__((__packed__, __may_alias__));

struct _singlet_half_word {
	__u32 word;
} __attribute__((__packed__, __may_alias__));

static __always_inline __u64 singlet_word(const void *p)
{
	return ((const struct _singlet_word *)p)->word;
}

static __always_inline __u32 singlet_half_word(const void *p)
{
	return ((const struct _singlet_half_word *)p)->word;
}

/*
 * Eight to 32 bytes are the words at 0, at these two offsets and at the end,
 * some of them perhaps the same; there is no branch in that.
 */
static __always_inline __u32 singlet_second_word(__u32 len)
{
	return len < 16 ? len - 8 : 8;
}

static __always_inline __u32 singlet_third_word(__u32 len)
{
	return len < 16 ? 0 : len - 16;
}

/* Words @w0 and @w1, at words @i and @i + 1 of the key. */
static __always_inline __uint128_t
singlet_hash_pair(const struct singlet_hash_key *key, unsigned int i, __u64 w0,
		  __u64 w1)
{
	return (__uint128_t)(w0 + key->word[i]) *
	       (w1 + key->word[i + 1]);
}

/*
 * Two pairs: @n bytes at @p, 8 to 32, of which some count several times.  One
 * way for all these lengths: what follows need not wait until a guess of the
 * length proves right.
 */
static __always_inline __uint128_t
singlet_hash_pairs(const struct singlet_hash_key *key, unsigned int i,
		   const void *p, __u32 n)
{
	const char *at = p;

	return singlet_hash_pair(key, i, singlet_word(at),
				 singlet_word(at + singlet_second_word(n))) +
	       singlet_hash_pair(key, i + 2,
				 singlet_word(at + singlet_third_word(n)),
				 singlet_word(at + n - 8));
}

static __always_inline __u32
singlet_hash_finish(const struct singlet_hash_key *key, __u64 lo, __u64 hi,
		    __u32 len, __u32 type)
{
	lo += (__u64)type << 32 | len;
	return (lo * key->lo + hi * key->hi) >> 32;
}

/* Fewer than eight bytes as two words. */
static __always_inline __uint128_t
singlet_hash_few(const struct singlet_hash_key *key, const void *data,
		 __u32 len)
{
	const __u8 *p = data;
	__u64 w0 = 0, w1 = 0;

	if (len >= 4) {
		w0 = singlet_half_word(p);
		w1 = singlet_half_word(p + len - 4);
	} else if (len) {
		w0 = p[0] | p[len / 2] << 8;
		w1 = p[len - 1];
	}
	return singlet_hash_pair(key, 0, w0, w1);
}

/* a * b modulo the prime, of numbers below 2^62 and below the prime. */
static inline __u64 singlet_hash_times(__u64 a, __u64 b)
{
	__uint128_t product = (__uint128_t)a * b;
	__u64 sum = ((__u64)product & SINGLET_HASH_PRIME) +
		    (__u64)(product >> 61);

	sum = (sum & SINGLET_HASH_PRIME) + (sum >> 61);
	return sum >= SINGLET_HASH_PRIME ? sum - SINGLET_HASH_PRIME : sum;
}

/* One more block: two more coefficients, less their highest bits. */
static inline __u64 singlet_hash_add(const struct singlet_hash_key *key,
				     __u64 sum, const void *block)
{
	const char *p = block;
	__uint128_t nh = singlet_hash_pairs(key, 0, p, 32) +
			 singlet_hash_pairs(key, 4, p + 32, 32);

	sum = singlet_hash_times(sum + ((__u64)nh & SINGLET_HASH_PRIME),
				 key->point);
	return singlet_hash_times(sum + ((__u64)(nh >> 64) & SINGLET_HASH_PRIME),
				  key->point);
}

/* singlet_hash() of more than SINGLET_HASH_SHORT bytes. */
static inline __u32 singlet_hash_long(const struct singlet_hash_key *key,
				      const void *data, __u32 len, __u32 type)
{
	const char *p = data;
	__u64 sum = 0;
	__u32 i;

	for (i = 0; i < len - SINGLET_HASH_SHORT; i += SINGLET_HASH_SHORT)
		sum = singlet_hash_add(key, sum, p + i);
	sum = singlet_hash_add(key, sum, p + len - SINGLET_HASH_SHORT);
	return singlet_hash_finish(key, sum, 0, len, type);
}

/**
 * singlet_hash() - hash of a value
 * @key: key
 * @data: bytes
 * @len: how many
 * @type: index of the type (SINGLET_TYPE_INDEX()), so that equal bytes of
 *        different types part
 *
 * Return: The hash; all bits are equally good.
 */
static __always_inline __u32 singlet_hash(const struct singlet_hash_key *key,
					  const void *data, __u32 len,
					  __u32 type)
{
	__uint128_t sum;

	if (__builtin_expect(len >= 8 && len <= 32, 1))
		sum = singlet_hash_pairs(key, 0, data, len);
	else if (len < 8)
		sum = singlet_hash_few(key, data, len);
	else if (len <= SINGLET_HASH_SHORT)
		sum = singlet_hash_pairs(key, 0, data, 32) +
		      singlet_hash_pairs(key, 4,
					 (const char *)data + len - 32, 32);
	else
		return singlet_hash_long(key, data, len, type);
	return singlet_hash_finish(key, sum, sum >> 64, len, type);
}

#endif /* __SIZEOF_INT128__ */

#endif /* _UAPI_LINUX_SINGLET_HASH_H */
