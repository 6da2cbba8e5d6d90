// SPDX-License-Identifier: GPL-2.0
/* plain - memory by hand; see plain.h */
#include "plain.h"

#include <linux/kernel.h>
#include <linux/string.h>

#include "subject.h"
#include "suites.h"

static struct singlet_store *store;
static u32 type, bytes;

static int ours_open(u32 size)
{
	int err;

	store = subject_create();
	if (IS_ERR(store))
		return PTR_ERR(store);
	bytes = size;
	err = subject_add_plain(store, size, &type);
	if (err)
		subject_destroy(store);
	return err;
}

static void ours_close(void)
{
	subject_destroy(store);
}

static __always_inline void *ours_alloc(void)
{
	return subject_alloc(store, type, bytes);
}

static __always_inline void ours_put(void *obj)
{
	subject_put(obj);
}

static int ours_burst(unsigned int nr)
{
	return bench_burst(nr, ours_alloc, ours_put);
}

DEFINE_BENCH_HEAP(ours, "singlet");

static const struct bench_heap *const heaps[] = {
	&heap_ours, &heap_zeroed, &heap_dirty, &heap_bulk,
};

static int measure_size(u32 size)
{
	struct bench_case c = { .ops = BENCH_OPS, .param = size };
	unsigned int i;
	int err = 0;

	snprintf(c.name, sizeof(c.name), "plain.%u", size);
	for (i = 0; i < ARRAY_SIZE(heaps) && !err; i++) {
		err = heaps[i]->open(size);
		if (!err)
			bench_add_side(&c, &heaps[i]->side);
	}
	if (!err)
		err = bench_measure(&c);
	for (i = 0; i < c.nr_sides; i++)
		heaps[i]->close();
	return err;
}

int bench_plain(void)
{
	static const u32 sizes[] = { 8, 16, 32, 64, 128, 256, 1024, 4096 };
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++)
		err = measure_size(sizes[i]);
	return err;
}
