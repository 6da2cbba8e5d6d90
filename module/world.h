/* SPDX-License-Identifier: GPL-2.0 */
/*
 * world - the immortal objects that exist once for the whole machine
 *
 * None, False, True and the ints from SINGLET_INT_IMMORTAL_MIN to _MAX are in
 * slabs of their own.  Every domain reads them there, finds them without a
 * lookup, never counts references on them, and pays nothing.  Their ids have
 * the bit WORLD_ID and are the same everywhere.
 */
#ifndef SINGLET_WORLD_H
#define SINGLET_WORLD_H

#include <uapi/linux/singlet.h>

#include "slab.h"

#define WORLD_ID	SINGLET_ID_WORLD	/* in the lower half of an id */
#define WORLD_INTS	(SINGLET_INT_IMMORTAL_MAX - SINGLET_INT_IMMORTAL_MIN + 1)

struct singlet_world {
	struct singlet_pool pool;
	struct singlet_counters counters;
	struct singlet_object *none;		/* all stable after init */
	struct singlet_object *bools[2];
	struct singlet_object *ints[WORLD_INTS];
	unsigned int nr;
};

extern struct singlet_world singlet_world;

int singlet_world_init(void);
void singlet_world_exit(void);

/* The world's object of that value (of the right shape), or NULL. */
static __always_inline struct singlet_object *
singlet_world_find(u32 type, const void *data)
{
	s64 value;

	if (likely(type > SINGLET_TYPE_INT))
		return NULL;
	switch (type) {
	case SINGLET_TYPE_NONE:
		return singlet_world.none;
	case SINGLET_TYPE_BOOL:
		return singlet_world.bools[*(const u8 *)data];
	case SINGLET_TYPE_INT:
		memcpy(&value, data, sizeof(value));
		if (value >= SINGLET_INT_IMMORTAL_MIN &&
		    value <= SINGLET_INT_IMMORTAL_MAX)
			return singlet_world.ints[value - SINGLET_INT_IMMORTAL_MIN];
		return NULL;
	default:
		return NULL;
	}
}

#endif
