// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Keyed hash of a value; see hash.h. */
#include "hash.h"

#include <errno.h>
#include <sys/random.h>

#define PRIME	((1ull << 61) - 1)

/* A key that nobody knows.  Return: 0 or a negative errno. */
int singlet_hash_key(struct hash_key *key)
{
	/* As much as getrandom(2) never gives less of. */
	_Static_assert(sizeof(*key) <= 256, "");

	while (getrandom(key, sizeof(*key), 0) < 0)
		if (errno != EINTR)
			return -errno;
	key->lo |= 1;
	key->hi |= 1;
	key->point %= PRIME;
	return 0;
}

/* a * b mod PRIME, of numbers below 2^62 and below PRIME. */
static uint64_t times(uint64_t a, uint64_t b)
{
	struct hash_sum product = hash_times(a, b);
	uint64_t sum = (product.lo & PRIME) +
		       (product.lo >> 61 | product.hi << 3);

	sum = (sum & PRIME) + (sum >> 61);
	return sum >= PRIME ? sum - PRIME : sum;
}

static uint64_t add_block(const struct hash_key *key, uint64_t sum,
			  const uint8_t *p)
{
	struct hash_sum nh = hash_add(hash_pairs(key, 0, p, 32),
				      hash_pairs(key, 4, p + 32, 32));

	sum = times(sum + (nh.lo & PRIME), key->point);
	return times(sum + (nh.hi & PRIME), key->point);
}

/* More than HASH_SHORT bytes: blocks, of which the last may overlap. */
struct hash_sum singlet_hash_blocks(const struct hash_key *key, const uint8_t *p,
				  size_t len)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < len - HASH_SHORT; i += HASH_SHORT)
		sum = add_block(key, sum, p + i);
	sum = add_block(key, sum, p + len - HASH_SHORT);
	return (struct hash_sum){ sum, 0 };
}
