// SPDX-License-Identifier: GPL-2.0
/* The peer: refcount_t, as it is in a kref, one in a cache line. */
#include <linux/cache.h>
#include <linux/refcount.h>

#include "refs.h"

static struct {
	refcount_t ref;
} ____cacheline_aligned object[BENCH_CPUS];

static int refcount_open(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_CPUS; i++)
		refcount_set(&object[i].ref, 1);
	return 0;
}

static void refcount_close(void)
{
}

static __always_inline int refcount_pair(unsigned int whose)
{
	if (!refcount_inc_not_zero(&object[whose].ref))
		return -EOVERFLOW;
	return refcount_dec_and_test(&object[whose].ref) ? -EOVERFLOW : 0;
}

DEFINE_BENCH_COUNTER(refcount, "refcount");
