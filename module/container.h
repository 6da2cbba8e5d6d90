/* SPDX-License-Identifier: GPL-2.0 */
/*
 * container - objects whose value is a list of other objects: their parts
 *
 * The value of a container is an array of ids.  For each of its places it has
 * a reference on the part there, from before it is published until it is freed.
 * So the ids in it never go stale, and equal lists of parts are equal bytes.
 *
 * No cycle: a part is named by an id, generation included, that has an object
 * when the container is made, which is before the container itself is an object
 * (its slot is dead until it is published, so its own id, guessed, names
 * nothing), and no value changes later.
 *
 * Freeing does not recurse.  A part that loses its last reference is idle, as
 * after any put; only who frees all idle objects goes on to the part, and keeps
 * containers whose parts are still to be dropped on a stack that needs no
 * memory: a container that is dying and out of the table is its killer's alone,
 * and the generation in its first id is not needed any more to find the part,
 * so the link stands there.
 */
#ifndef SINGLET_CONTAINER_H
#define SINGLET_CONTAINER_H

#include <linux/gfp.h>
#include <linux/types.h>

struct singlet_object;
struct singlet_store;

/* What was freed. */
struct singlet_freed {
	u64 objects;
	u64 bytes;		/* in their values */
	u64 charged;		/* in their slots */
};

int singlet_parts_get(struct singlet_store *store, const void *data, u32 len,
		      gfp_t gfp);
void singlet_parts_put(struct singlet_store *store, const void *data, u32 len,
		       gfp_t gfp);
void singlet_store_free_dying(struct singlet_store *store,
			      struct singlet_object **obj, unsigned int nr,
			      bool deep, struct singlet_freed *freed);

#endif
