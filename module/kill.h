/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kill - the end of idle objects, unless somebody borrows them
 *
 * Where a slab has no marks (marks.h), idle objects are killed as they are found.
 * Where it has, the mark of an object that looks idle is doomed, by a
 * compare-and-exchange against what it was before that look; who succeeds is the
 * only one who may kill what is in the slot, and who ends the doom.  Then comes a
 * full barrier, and then all pages of borrows are read (borrow.h).  What is
 * borrowed is spared; what is not is killed, if it is idle still.  All that is in
 * one RCU section with the look at whether there are marks.
 *
 *   reader                             killer
 *   ------                             ------
 *   mark live, not doomed              mark = mark | DOOMED
 *   slot = id                          full barrier
 *   full barrier                       slot == id: spare
 *   mark as before                     refs: 1 -> DEAD
 *   ... reads bytes ...                mark not live; ... wipes bytes ...
 *   slot = 0 (release)
 *
 * The barriers pair: either the reader sees the doom (or what came of it), or the
 * killer sees the slot.  The killer's barrier after reading the slots pairs with
 * the reader's release: what it read comes before the bytes change.  A doom that
 * was cleared does no harm to a reader who then sees the mark as it was: whoever
 * dooms it next looks at the slots after that.
 *
 * Why the mark has to be what it was before the look at the references: a mark
 * has the generation in it and changes with every killing, so it is the same
 * object that looked idle.  How that comes to be so when marks are made: marks.h.
 *
 * Plain objects are freed by their last put; they have no live marks and cannot
 * be borrowed.
 */
#ifndef SINGLET_KILL_H
#define SINGLET_KILL_H

#include "object.h"

#define KILL_LOT	32	/* objects that are killed together, at most */

unsigned int singlet_kill(struct singlet_slab *slab,
			  struct singlet_object **obj, unsigned int nr,
			  bool aged_only);
unsigned int singlet_kill_pages(const struct singlet_slab *slab);

#endif
