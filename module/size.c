// SPDX-License-Identifier: GPL-2.0
/* size - size classes; see size.h */
#include "size.h"

#include <linux/cache.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#define RUN_MAX		16	/* pages in a slab of slots */
#define KEEP_BYTES	65536	/* in empty slabs that a cache may keep */

static struct singlet_size sizes[SIZE_LARGE + 1] __read_mostly;
const struct singlet_size *const singlet_sizes = sizes;

static u32 class_size(unsigned int class)
{
	unsigned int shift, sub;

	if (class < 8)
		return (class + 1) * 8;
	shift = 3 + (class - 8) / 8;
	sub = (class - 8) % 8;
	return (8 + sub + 1) << shift;
}

/* The fewest pages whose rest behind the last slot is at most 1/16. */
static unsigned int class_pages(u32 size)
{
	unsigned int nr, best = 0;
	u32 best_waste = U32_MAX;

	for (nr = DIV_ROUND_UP(size, PAGE_SIZE); nr <= RUN_MAX; nr++) {
		u32 bytes = nr * PAGE_SIZE;
		u32 waste = bytes % size * 256 / bytes;

		if (size <= SIZE_SLACK_MAX && !is_power_of_2(nr))
			continue;
		if (waste < best_waste) {
			best = nr;
			best_waste = waste;
		}
		if (waste <= 16)
			break;
	}
	return best;
}

/*
 * What one CPU may keep: 32 slots of up to 8 KiB together, and of larger slots
 * as many as make working in batches worth while, of up to 32 KiB together.
 */
static unsigned int class_magazine(u32 size)
{
	return clamp(8192 / size, min(32768 / size, 16U), 32U);
}

/* Fill in the table of classes; called once before anything else.  Return: 0. */
int singlet_sizes_init(void)
{
	unsigned int i;

	for (i = 0; i < SIZE_CLASSES; i++) {
		u32 size = class_size(i);
		unsigned int pages = class_pages(size);
		u32 slots = pages * PAGE_SIZE / size;

		sizes[i] = (struct singlet_size){
			.size = size,
			.pages = pages,
			.slots = min_t(u32, slots, SIZE_SLOTS_MAX),
			.magazine = class_magazine(size),
			.keep = max_t(u32, KEEP_BYTES / (pages * PAGE_SIZE), 1),
		};
	}
	sizes[SIZE_LARGE] = (struct singlet_size){ .slots = 1 };
	return 0;
}
