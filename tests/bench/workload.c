// SPDX-License-Identifier: GPL-2.0
/* workload - keys, and the order in which they are asked for; see workload.h */
#include "workload.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "measure.h"

#define ORDER_NR	65536	/* draws, unless they are a permutation */
#define LABEL_MAX	64
#define PERMUTATION_SEED 77

/* Keys */

static const char *const parts[] = {
	"lib", "python3-", "dev", "role::", "implemented-in::", "golang-",
	"perl", "data", "-doc", "fonts-", "gir1.2-", "common", "-dbgsym",
	"interface::", "linux-image-", "node-", "ruby-", "works-with::", "(>= ",
	"amd64", "use::", "haskell-", "r-cran-", "plugin",
};

/* Like the labels of a package index, 26 bytes on average. */
static u32 make_label(char *text, unsigned int i)
{
	u32 r = (u32)bench_mix(i + 1);

	return scnprintf(text, LABEL_MAX, "%s%s%s%u-%u", parts[r % 24],
			 parts[(r >> 8) % 24],
			 r & 0x10000 ? parts[(r >> 20) % 24] : "", i, r >> 24);
}

static void make_bytes(u8 *bytes, u32 len, unsigned int i)
{
	u64 word;
	u32 at;

	for (at = 0; at < len; at += sizeof(word)) {
		word = bench_mix((u64)at << 32 | (i + 1));
		memcpy(bytes + at, &word, min_t(u32, len - at, sizeof(word)));
	}
}

/**
 * bench_keys_init() - make keys
 * @keys: to be filled
 * @nr: how many; all are different
 * @len: of each, at least 8; 0: labels
 *
 * Return: 0, to be undone by bench_keys_free(); -ENOMEM.
 */
int bench_keys_init(struct bench_keys *keys, unsigned int nr, u32 len)
{
	size_t room = len ? round_up(len, 8) : LABEL_MAX;
	unsigned int i;

	keys->nr = nr;
	keys->text = !len;
	keys->key = kvcalloc(nr, sizeof(*keys->key), GFP_KERNEL);
	keys->bytes = kvcalloc(nr, room, GFP_KERNEL);
	if (!keys->key || !keys->bytes) {
		bench_keys_free(keys);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++) {
		u8 *bytes = keys->bytes + i * room;

		keys->key[i].data = bytes;
		keys->key[i].len = len;
		if (len)
			make_bytes(bytes, len, i);
		else
			keys->key[i].len = make_label(bytes, i);
	}
	return 0;
}

void bench_keys_free(struct bench_keys *keys)
{
	kvfree(keys->key);
	kvfree(keys->bytes);
	keys->key = NULL;
	keys->bytes = NULL;
}

/* Zipf */

/* log2(i) * 2^16 */
static u32 log2_fixed(u32 i)
{
	u32 whole = ilog2(i), bit;
	u64 x = ((u64)i << 32) >> whole;	/* 1 <= x < 2, times 2^32 */
	u32 log = whole << 16;

	for (bit = 1 << 15; bit; bit >>= 1) {
		x = (x >> 1) * (x >> 1) >> 30;
		if (x >> 33) {
			x >>= 1;
			log |= bit;
		}
	}
	return log;
}

/* 2^32 * i^-0.99, which is i^0.01 / i, and i^0.01 is exp(0.01 ln 2 log2(i)). */
static u64 zipf_weight(u32 i)
{
	u64 y = (u64)log2_fixed(i) * 29073 >> 16;	/* times 2^22 */
	u64 exp = (1 << 22) + y + (y * y >> 23) + (y * y / 6 * y >> 44);

	return div_u64(exp << 10, i);
}

static unsigned int zipf_find(const u64 *sum, unsigned int nr, u64 at)
{
	unsigned int low = 0, high = nr - 1;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (sum[mid] > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static int fill_zipf(u32 *order, const u32 *rank, unsigned int nr,
		     struct rnd_state *rnd)
{
	u64 *sum = kvmalloc_array(nr, sizeof(*sum), GFP_KERNEL), total = 0;
	unsigned int i;

	if (!sum)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		total += zipf_weight(i + 1);
		sum[i] = total;
	}
	for (i = 0; i < ORDER_NR; i++) {
		u64 draw = (u64)prandom_u32_state(rnd) << 32 |
			   prandom_u32_state(rnd);

		div64_u64_rem(draw, total, &draw);
		order[i] = rank[zipf_find(sum, nr, draw)];
	}
	kvfree(sum);
	return 0;
}

/* Orders */

static u32 *permutation(unsigned int nr)
{
	u32 *order = kvmalloc_array(nr, sizeof(*order), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	if (!order)
		return NULL;
	prandom_seed_state(&rnd, PERMUTATION_SEED);
	for (i = 0; i < nr; i++) {
		u32 j = prandom_u32_state(&rnd) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	return order;
}

static int fill(u32 *order, const u32 *shuffled, unsigned int nr_keys,
		enum bench_order kind, unsigned int cpu, unsigned int nr)
{
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, PERMUTATION_SEED + 1 + cpu);
	for (i = 0; i < nr; i++) {
		switch (kind) {
		case ORDER_HOT:
			order[i] = shuffled[0];
			break;
		case ORDER_UNIFORM:
			order[i] = prandom_u32_state(&rnd) % nr_keys;
			break;
		case ORDER_DISJOINT:
			order[i] = shuffled[cpu * nr + i];
			break;
		case ORDER_ZIPF:
			return fill_zipf(order, shuffled, nr_keys, &rnd);
		}
	}
	return 0;
}

/**
 * bench_order_init() - the order in which each worker asks for keys
 * @c: case whose @order and @keys are set
 * @keys: the keys
 * @order: what kind
 *
 * Return: 0, to be undone by bench_order_free(); -ENOMEM.
 */
int bench_order_init(struct bench_case *c, const struct bench_keys *keys,
		     enum bench_order order)
{
	u32 *shuffled = permutation(keys->nr);
	unsigned int cpu;
	int err = shuffled ? 0 : -ENOMEM;

	c->keys = keys->key;
	c->nr_order = order == ORDER_DISJOINT ? keys->nr / BENCH_CPUS :
						ORDER_NR;
	for (cpu = 0; cpu < BENCH_CPUS && !err; cpu++) {
		u32 *mine = kvmalloc_array(c->nr_order, sizeof(*mine),
					   GFP_KERNEL);

		c->order[cpu] = mine;
		err = mine ? fill(mine, shuffled, keys->nr, order, cpu,
				  c->nr_order) : -ENOMEM;
	}
	kvfree(shuffled);
	if (err)
		bench_order_free(c);
	return err;
}

void bench_order_free(struct bench_case *c)
{
	unsigned int cpu;

	for (cpu = 0; cpu < BENCH_CPUS; cpu++) {
		kvfree(c->order[cpu]);
		c->order[cpu] = NULL;
	}
}

const char *bench_order_name(enum bench_order order)
{
	static const char *const name[] = {
		[ORDER_HOT] = "hot", [ORDER_ZIPF] = "zipf",
		[ORDER_UNIFORM] = "uniform", [ORDER_DISJOINT] = "disjoint",
	};

	return name[order];
}
