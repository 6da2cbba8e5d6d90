/* SPDX-License-Identifier: GPL-2.0 */
/*
 * plain - memory by hand: allocate, and drop the last reference
 *
 * The way of a few objects alive at a time: PLAIN_BURST allocations, then as
 * many last puts.  A single one is both of one object.
 */
#ifndef SINGLET_BENCH_PLAIN_H
#define SINGLET_BENCH_PLAIN_H

#include <linux/errno.h>

#include "measure.h"

#define PLAIN_BURST	16

/* Each has one instance at a time. */
struct bench_heap {
	int (*open)(u32 size);
	void (*close)(void);
	struct bench_side side;
};

extern const struct bench_heap heap_ours, heap_zeroed, heap_dirty, heap_bulk;

typedef void *(*bench_alloc_fn)(void);
typedef void (*bench_free_fn)(void *obj);

static __always_inline int bench_burst(unsigned int nr, bench_alloc_fn alloc,
				       bench_free_fn put)
{
	void *obj[PLAIN_BURST];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		obj[i] = alloc();
		if (unlikely(!obj[i]))
			return -ENOMEM;
	}
	for (i = 0; i < nr; i++)
		put(obj[i]);
	return 0;
}

/* heap_ID from ID_open(), _close() and _burst(number of objects). */
#define DEFINE_BENCH_HEAP(id, label)					\
static int id##_batch(struct bench_worker *w)				\
{									\
	unsigned int i;							\
	int err = 0;							\
									\
	for (i = 0; i < w->c->ops && !err; i += PLAIN_BURST)		\
		err = id##_burst(PLAIN_BURST);				\
	return err;							\
}									\
static int id##_single(struct bench_worker *w)				\
{									\
	return id##_burst(1);						\
}									\
const struct bench_heap heap_##id = {					\
	.open = id##_open, .close = id##_close,				\
	.side = { .name = label, .batch = id##_batch, .single = id##_single }, \
}

#endif
