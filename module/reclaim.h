/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reclaim - idle to free
 *
 * Idle objects are kept for the next intern of their value and freed
 * - on request (singlet_reclaim_all), containers with all that they kept alive;
 * - with their type (singlet_reclaim_delete_type);
 * - by the shrinker, when the machine or the memory cgroup that a slab is
 *   charged to runs short of memory.  Its unit is the slab.  An object that was
 *   in use since the last pass gets a second chance, and so does a slab in
 *   which others are live: it would free no page;
 * - when a quota is reached, or more is idle than a domain may keep.
 *
 * A record is looked at within an RCU section, so it stays; moving an object
 * to dying makes it the walker's own (object.h).
 */
#ifndef SINGLET_RECLAIM_H
#define SINGLET_RECLAIM_H

#include <linux/types.h>

struct singlet_store;
struct singlet_type;

struct singlet_reclaimed {
	u64 objects;
	u64 bytes;
	u64 slabs;
	u64 pages;
};

int singlet_reclaim_init(void);
void singlet_reclaim_exit(void);
void singlet_reclaim_all(struct singlet_store *store,
			 struct singlet_reclaimed *out);
unsigned long singlet_reclaim_some(struct singlet_store *store,
				   unsigned long nr, bool aged_only);
void singlet_reclaim_type(struct singlet_store *store,
			  const struct singlet_type *type);
int singlet_reclaim_delete_type(struct singlet_store *store, u32 number);

#endif
