/* SPDX-License-Identifier: GPL-2.0 */
/*
 * intern - value to object: lookup or create
 *
 * The lookup is an RCU find in the table.  Each entry that may be it names a
 * slot, and what is in the slot is compared without a reference first:
 *
 *   gen G, refs: there is an object (acquire), type, length, bytes equal,
 *   get (full barrier), gen still G
 *
 * Generations only grow, so an object that was there between two readings of
 * G is the one of generation G all the time: it was published before its bytes
 * were compared, they never change, and the reference got afterwards is on
 * it.  What was read of a slot whose object changed meanwhile is garbage, but
 * it is read from memory that is there (slots are type-stable under RCU), and
 * thrown away.
 *
 * Most lookups end there.  Everything less common has a slower way: an object
 * that is idle, immortal, or dying; the instance of a single type; values in
 * slots beyond SIZE_SLACK_MAX, which have their hash beside them, are compared
 * by that within the RCU section and by their bytes outside it.
 *
 * On a miss the object is built in a free slot outside any lock, then looked
 * for again under the stripe's lock, and either inserted or dropped for the
 * one that was faster.  A dying object compares unequal, because no reference
 * can be had on it; so for an instant a dying entry and a new one may stand
 * side by side.
 */
#ifndef SINGLET_INTERN_H
#define SINGLET_INTERN_H

#include "store.h"

int singlet_store_intern(struct singlet_store *store, u32 type_number,
			 const void *data, u32 len, bool create, gfp_t gfp,
			 struct singlet_object **objp);

#endif
