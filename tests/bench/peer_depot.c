// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: the stack depot with counted references (6.9 and later).  A record
 * has room for a whole trace of CONFIG_STACKDEPOT_MAX_FRAMES words, whatever is
 * in it; values are padded to words.
 */
#include <linux/kernel.h>
#include <linux/stackdepot.h>
#include <linux/string.h>

#include "cache.h"

#if defined(CONFIG_STACKDEPOT) && defined(BENCH_STACK_DEPOT_PUT)
#define FRAMES		CONFIG_STACKDEPOT_MAX_FRAMES

static int depot_open(bool text)
{
	return stack_depot_init();
}

static __always_inline void *depot_intern(const struct bench_key *key)
{
	unsigned long frame[FRAMES];
	unsigned int words = DIV_ROUND_UP(key->len, sizeof(*frame));

	frame[words - 1] = 0;
	memcpy(frame, key->data, key->len);
	return (void *)(unsigned long)
	       stack_depot_save_flags(frame, words, GFP_KERNEL,
				      STACK_DEPOT_FLAG_CAN_ALLOC |
				      STACK_DEPOT_FLAG_GET);
}

static __always_inline void depot_put(void *obj)
{
	stack_depot_put((unsigned long)obj);
}
#else
#define FRAMES		0

static int depot_open(bool text)
{
	return -EOPNOTSUPP;
}

static void *depot_intern(const struct bench_key *key)
{
	return NULL;
}

static void depot_put(void *obj)
{
}
#endif

static void depot_close(void)
{
}

static __always_inline void depot_end(void *obj)
{
	depot_put(obj);
}

static void depot_reclaim(unsigned int nr)
{
}

DEFINE_BENCH_CACHE(depot, .name = "depot",
		   .max_len = FRAMES * sizeof(unsigned long),
		   .missing = "no stack depot with counts (STACKDEPOT, 6.9)");
