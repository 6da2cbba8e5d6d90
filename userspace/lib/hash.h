/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Keyed hash of a value: whoever does not know the key, which is a process's own,
 * cannot tell which values will collide.  The construction is that of the
 * module's table (module/hash.h, which tells the odds), with more bits at the end.
 *
 * NH: words in pairs, (w0 + k0) * (w1 + k1), summed in 128 bits; up to 64 bytes at
 * once, whose words may overlap, as they and the length tell the bytes.  Longer
 * values are coefficients of a polynomial, NH of 64 bytes each.
 */
#ifndef _SINGLET_HASH_H
#define _SINGLET_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hidden.h"

#define HASH_SHORT	64

struct hash_key {
	uint64_t word[HASH_SHORT / 8];
	uint64_t lo, hi;		/* odd */
	uint64_t point;			/* below 2^61 - 1 */
};

struct hash_sum {
	uint64_t lo, hi;
};

HIDDEN int singlet_hash_key(struct hash_key *key);
HIDDEN struct hash_sum singlet_hash_blocks(const struct hash_key *key,
				  const uint8_t *p, size_t len);

static inline struct hash_sum hash_times(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 product = (unsigned __int128)a * b;

	return (struct hash_sum){ product, product >> 64 };
#else
	uint64_t ll = (a & UINT32_MAX) * (b & UINT32_MAX);
	uint64_t lh = (a & UINT32_MAX) * (b >> 32);
	uint64_t hl = (a >> 32) * (b & UINT32_MAX);
	uint64_t mid = (ll >> 32) + (lh & UINT32_MAX) + (hl & UINT32_MAX);

	return (struct hash_sum){
		(ll & UINT32_MAX) | mid << 32,
		(a >> 32) * (b >> 32) + (lh >> 32) + (hl >> 32) + (mid >> 32),
	};
#endif
}

static inline struct hash_sum hash_add(struct hash_sum a, struct hash_sum b)
{
	a.lo += b.lo;
	a.hi += b.hi + (a.lo < b.lo);
	return a;
}

static inline uint64_t hash_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline struct hash_sum hash_pair(const struct hash_key *key, int i,
					uint64_t w0, uint64_t w1)
{
	return hash_times(w0 + key->word[i], w1 + key->word[i + 1]);
}

/* Two pairs: @n bytes at @p, 8 to 32. */
static inline struct hash_sum hash_pairs(const struct hash_key *key, int i,
					 const uint8_t *p, size_t n)
{
	size_t second = n < 16 ? n - 8 : 8, third = n < 24 ? n - 8 : n - 16;

	return hash_add(hash_pair(key, i, hash_word(p), hash_word(p + second)),
			hash_pair(key, i + 2, hash_word(p + third),
				  hash_word(p + n - 8)));
}

/* Fewer than eight bytes. */
static inline struct hash_sum hash_few(const struct hash_key *key,
				       const uint8_t *p, size_t len)
{
	uint32_t w0 = 0, w1 = 0;

	if (len >= 4) {
		memcpy(&w0, p, 4);
		memcpy(&w1, p + len - 4, 4);
	} else if (len) {
		w0 = p[0] | p[len / 2] << 8;
		w1 = p[len - 1];
	}
	return hash_pair(key, 0, w0, w1);
}

/* Hash of @len bytes of a type; all bits are equally good. */
static inline uint64_t hash_value(const struct hash_key *key, const void *data,
				  size_t len, uint32_t type)
{
	const uint8_t *p = data;
	struct hash_sum sum;
	uint64_t h;

	if (__builtin_expect(len >= 8 && len <= 32, 1))
		sum = hash_pairs(key, 0, p, len);
	else if (len < 8)
		sum = hash_few(key, p, len);
	else if (len <= HASH_SHORT)
		sum = hash_add(hash_pairs(key, 0, p, 32),
			       hash_pairs(key, 4, p + len - 32, 32));
	else
		sum = singlet_hash_blocks(key, p, len);
	sum.lo += (uint64_t)type << 32 | len;
	h = sum.lo * key->lo + sum.hi * key->hi;
	/* The upper half is the good one of such a product. */
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

#endif /* _SINGLET_HASH_H */
