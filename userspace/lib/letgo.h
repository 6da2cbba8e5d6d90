/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Letting go of what nobody uses: the queue of a cache, whose turn it is, and
 * the session's references, which are given back then.
 */
#ifndef _SINGLET_LETGO_H
#define _SINGLET_LETGO_H

#include "cache.h"

#define LETGO_LOT	256	/* references in one system call */

/* References of the session that are to be given back. */
struct surplus {
	struct singlet_ref_item item[LETGO_LOT];
	size_t nr;
};

HIDDEN void singlet_letgo_give_back(struct cache *c, struct surplus *surplus);
HIDDEN void singlet_letgo_settle(struct cache *c, struct held_at at,
				 enum held_put put);
HIDDEN void singlet_letgo_flush(struct cache *c);
HIDDEN void singlet_letgo_settle_anew(struct cache *c);

static inline void letgo_add(struct surplus *surplus, uint64_t id)
{
	surplus->item[surplus->nr++] =
		(struct singlet_ref_item){ .id = id, .count = 1 };
}

#endif /* _SINGLET_LETGO_H */
