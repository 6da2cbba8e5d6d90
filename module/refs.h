/* SPDX-License-Identifier: GPL-2.0 */
/*
 * refs - the references that one session holds
 *
 * Per slab with a held object a chunk of counts, one per slot.  Counts are one
 * byte wide until one of them needs more, then two, then four; so where
 * references are dense a record costs about a byte.
 *
 * A chunk exists while a count in it is not 0, or somebody who took the last
 * references off one has not called singlet_refs_tidy() or _restore() yet.  All
 * that time its slab has an object on which the session, or that somebody, has
 * a reference, and so it stays, with its index.
 *
 * Locking: the owner's; nobody looks without it.
 */
#ifndef SINGLET_REFS_H
#define SINGLET_REFS_H

#include <linux/types.h>
#include <linux/xarray.h>

#include "slab.h"

#define REFS_MAX	0x7fffffffU	/* references of a session on an object */
#define REFS_NEAR	8		/* chunks that were asked for lately */

struct singlet_refs_chunk;

struct singlet_refs {
	struct xarray chunks;			/* by index of slab */
	/* Some of them, each where its index says; or NULL. */
	struct {
		struct singlet_refs_chunk *chunk;
		u32 index;
	} near[REFS_NEAR];
	struct singlet_counters *counters;	/* count the records' bytes */
	u64 bytes;				/* of records */
};

/* What came of a try to record one more reference. */
enum singlet_refs_tried {
	REFS_NONE,	/* there is none yet */
	REFS_FULL,	/* there are some: singlet_refs_add() knows more */
	REFS_MORE,	/* it is recorded */
};

void singlet_refs_init(struct singlet_refs *refs,
		       struct singlet_counters *counters);
int singlet_refs_add(struct singlet_refs *refs,
		     const struct singlet_object *obj, u32 n);
enum singlet_refs_tried singlet_refs_more(struct singlet_refs *refs, u32 handle);
int singlet_refs_sub(struct singlet_refs *refs, u32 handle, u32 n);
int singlet_refs_restore(struct singlet_refs *refs,
			 const struct singlet_object *obj, u32 n);
void singlet_refs_tidy(struct singlet_refs *refs, u32 handle);
u32 singlet_refs_count(struct singlet_refs *refs, u32 handle);
void singlet_refs_drop_all(struct singlet_refs *refs,
			   void (*drop)(void *ctx, u32 handle), void *ctx);

#endif
