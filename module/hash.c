// SPDX-License-Identifier: GPL-2.0
/* hash - keyed hash of a value; see hash.h */
#include "hash.h"

#include <linux/random.h>

/* Context: Process; waits for entropy never, as of get_random_bytes(). */
void singlet_hash_key_init(struct singlet_hash_key *key)
{
	get_random_bytes(key, sizeof(*key));
	key->lo |= 1;
	key->hi |= 1;
	key->point %= SINGLET_HASH_PRIME;
}
