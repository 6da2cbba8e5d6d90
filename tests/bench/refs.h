/* SPDX-License-Identifier: GPL-2.0 */
/* refs - get and put of an object at hand, by all CPUs or each its own */
#ifndef SINGLET_BENCH_REFS_H
#define SINGLET_BENCH_REFS_H

#include <linux/errno.h>

#include "measure.h"

/* Each has one instance at a time. */
struct bench_counter {
	int (*open)(void);
	void (*close)(void);
	struct bench_side side;
};

extern const struct bench_counter counter_ours, counter_refcount,
	counter_percpu;

/* The object for a worker: c->param says whether each has its own. */
static __always_inline unsigned int bench_whose(const struct bench_worker *w)
{
	return w->c->param ? w->cpu : 0;
}

/* counter_ID from ID_open(), _close() and _pair(whose object). */
#define DEFINE_BENCH_COUNTER(id, label)					\
static int id##_batch(struct bench_worker *w)				\
{									\
	unsigned int i, whose = bench_whose(w);				\
	int err = 0;							\
									\
	for (i = 0; i < w->c->ops && !err; i++)				\
		err = id##_pair(whose);					\
	return err;							\
}									\
static int id##_single(struct bench_worker *w)				\
{									\
	return id##_pair(bench_whose(w));				\
}									\
const struct bench_counter counter_##id = {				\
	.open = id##_open, .close = id##_close,				\
	.side = { .name = label, .batch = id##_batch, .single = id##_single }, \
}

#endif
