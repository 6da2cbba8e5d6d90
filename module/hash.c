// SPDX-License-Identifier: GPL-2.0
/* hash - keyed hash of a value; see hash.h */
#include "hash.h"

#include <linux/random.h>

#define PRIME	((1ULL << 61) - 1)

/* Context: Process; waits for entropy never, as of get_random_bytes(). */
void singlet_hash_key_init(struct singlet_hash_key *key)
{
	get_random_bytes(key, sizeof(*key));
	key->lo |= 1;
	key->hi |= 1;
	key->point %= PRIME;
}

/* a * b mod PRIME, of numbers below 2^62 and below PRIME. */
static u64 times(u64 a, u64 b)
{
	__uint128_t product = (__uint128_t)a * b;
	u64 sum = ((u64)product & PRIME) + (u64)(product >> 61);

	sum = (sum & PRIME) + (sum >> 61);
	return sum >= PRIME ? sum - PRIME : sum;
}

static __uint128_t block(const struct singlet_hash_key *key, const void *p)
{
	return singlet_hash_pairs(key, 0, p, 32) +
	       singlet_hash_pairs(key, 4, p + 32, 32);
}

/* One more block: two more coefficients, less their highest bits. */
static u64 add(const struct singlet_hash_key *key, u64 sum, __uint128_t nh)
{
	sum = times(sum + ((u64)nh & PRIME), key->point);
	return times(sum + ((u64)(nh >> 64) & PRIME), key->point);
}

/* singlet_hash() of more than HASH_SHORT bytes. */
u32 singlet_hash_long(const struct singlet_hash_key *key, const void *data,
		      u32 len, u32 type)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < len - HASH_SHORT; i += HASH_SHORT)
		sum = add(key, sum, block(key, data + i));
	sum = add(key, sum, block(key, data + len - HASH_SHORT));
	return singlet_hash_finish(key, sum, 0, len, type);
}
