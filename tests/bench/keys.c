// SPDX-License-Identifier: GPL-2.0
/* Strings like the labels of a package index. */
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "bench.h"

static const char *const parts[] = {
	"lib", "python3-", "dev", "role::", "implemented-in::", "golang-",
	"perl", "data", "-doc", "fonts-", "gir1.2-", "common", "-dbgsym",
	"interface::", "linux-image-", "node-", "ruby-", "works-with::", "(>= ",
	"amd64", "use::", "haskell-", "r-cran-", "plugin",
};

/**
 * bench_keys() - pseudo-random keys
 * @nr: how many; all different
 * @seed: same seed, same keys
 *
 * Return: To be freed with kvfree(); NULL: no memory.
 */
struct bench_key *bench_keys(unsigned int nr, u32 seed)
{
	struct bench_key *keys = kvmalloc_array(nr, sizeof(*keys), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	if (!keys)
		return NULL;
	prandom_seed_state(&rnd, seed);
	for (i = 0; i < nr; i++) {
		struct bench_key *key = &keys[i];
		u32 r = prandom_u32_state(&rnd);

		key->len = scnprintf(key->text, sizeof(key->text),
				     "%s%s%s%u.%u-%u", parts[r % 24],
				     parts[(r >> 8) % 24],
				     r & 0x10000 ? parts[(r >> 20) % 24] : "",
				     seed, i, r >> 24);
	}
	return keys;
}
