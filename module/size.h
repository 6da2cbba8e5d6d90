/* SPDX-License-Identifier: GPL-2.0 */
/*
 * size - size classes
 *
 * Slots come in classes: multiples of 8 up to 64 bytes, then eight steps per
 * doubling up to SIZE_SLOT_MAX.  A value wastes at most 1/8 of its slot beyond
 * the rounding to 8 bytes.  A longer value has a slab of its own, of as many
 * whole pages as it needs (class SIZE_LARGE).
 */
#ifndef SINGLET_SIZE_H
#define SINGLET_SIZE_H

#include <linux/bitops.h>
#include <linux/mm.h>
#include <linux/types.h>

#define SIZE_SLOT_MAX	32768
#define SIZE_CLASSES	80		/* 8 + 8 * log2(SIZE_SLOT_MAX / 64) */
#define SIZE_LARGE	SIZE_CLASSES	/* index of the class of large values */

#define SIZE_SLOTS_MAX	512		/* slots in any slab */

/*
 * Up to this slot size an object's record tells its length as what the slot
 * leaves unused (INFO_SLACK_BITS); beyond, the slab has more of each slot.
 */
#define SIZE_SLACK_MAX	4096

struct singlet_size {
	u32 size;		/* bytes in a slot; 0 for SIZE_LARGE */
	u16 slots;		/* in a slab */
	u16 pages;		/* in a slab; 0 for SIZE_LARGE */
	u16 magazine;		/* slots that one CPU may keep */
	u16 keep;		/* empty slabs that a cache may keep */
};

extern const struct singlet_size *const singlet_sizes;	/* [SIZE_LARGE + 1] */

int singlet_sizes_init(void);

/* The class for a value of @len bytes. */
static inline unsigned int singlet_size_class(u32 len)
{
	unsigned int e, shift;

	if (len <= 64)
		return len ? (len - 1) >> 3 : 0;
	if (len > SIZE_SLOT_MAX)
		return SIZE_LARGE;
	e = fls(len - 1);		/* 65..128: 7 */
	shift = e - 4;
	return 8 + (e - 7) * 8 + (((len - 1) >> shift) & 7);
}

/* Bytes that a slot for a value of @len bytes has. */
static inline u32 singlet_size_bytes(u32 len)
{
	unsigned int class = singlet_size_class(len);

	return class == SIZE_LARGE ? PAGE_ALIGN(len) :
				     singlet_sizes[class].size;
}

#endif
