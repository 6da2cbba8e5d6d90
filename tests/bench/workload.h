/* SPDX-License-Identifier: GPL-2.0 */
/*
 * workload - keys, and the order in which they are asked for
 *
 *   hot       one key
 *   zipf      the key of rank i with probability ~ 1 / i^0.99
 *   uniform   each key with the same probability
 *   disjoint  each CPU has a part of the keys for itself, of the same size
 *             whether others are at work or not, and goes round in it
 *
 * The same seeds in each run: the same keys in the same order.  Where a key is
 * says nothing of its rank or part.
 */
#ifndef SINGLET_BENCH_WORKLOAD_H
#define SINGLET_BENCH_WORKLOAD_H

#include <linux/types.h>

struct bench_case;

struct bench_key {
	const u8 *data;
	u32 len;
};

struct bench_keys {
	struct bench_key *key;
	u8 *bytes;
	unsigned int nr;
	bool text;
};

enum bench_order { ORDER_HOT, ORDER_ZIPF, ORDER_UNIFORM, ORDER_DISJOINT };

int bench_keys_init(struct bench_keys *keys, unsigned int nr, u32 len);
void bench_keys_free(struct bench_keys *keys);

int bench_order_init(struct bench_case *c, const struct bench_keys *keys,
		     enum bench_order order);
void bench_order_free(struct bench_case *c);
const char *bench_order_name(enum bench_order order);

/* A different number for each; its bits look random. */
static inline u64 bench_mix(u64 x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185ULL;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44dULL;
	return x ^ x >> 33;
}

#endif
