/* SPDX-License-Identifier: GPL-2.0 */
/*
 * marks - what processes that map an index see of each slot
 *
 * Vocabulary
 *   mark   a u64 per slot: generation, and whether there is a value, of which
 *          type and length (<linux/singlet_index.h>)
 *   block  the marks of a slab; blocks of one size share a page
 *   set    a slab's serial number and block, in a directory that is mapped
 *
 * There are marks as soon as somebody maps the index of a pool, and then of all
 * slabs for which there was memory; slabs of values that tell their length
 * elsewhere (slab->big) have none.
 *
 * A mark is written
 *   - live, by who publishes a value or, when marks are made, by who goes over
 *     all objects (index_open.c), while having a reference on it;
 *   - doomed, and then as before or, not live, to the next generation, by who
 *     wants to kill the object: kill.h.
 * Whoever publishes never meets a doomed mark: what is doomed has been idle, and
 * before the slot has another object its mark has changed.
 *
 * That has to be so from the beginning of marks, too.  They are made of slabs
 * that are in use (singlet_marks_fill()), and each of these steps but the last is
 * followed by a grace period:
 *   1. Slabs get blocks of zeros.  Killers heed them, publishers do not
 *      (MARKS_COMING).  When all killers are done that saw none, an object's
 *      death changes its mark always.
 *   2. Another one, for killers whose doom is from before that, of an object
 *      that somebody has killed without changing the mark.
 *   3. Publishers put live marks in.  Who did not see that is done then.
 *   4. What is there gets its mark, and the index can be mapped.
 * Publishers and killers do what they do with marks in one RCU section.  Slabs that
 * are made once that has begun have their marks before the first object.
 *
 * A block goes back a grace period after its slab's end, when nobody looks at it
 * any more in the kernel.  A page whose blocks are all free is unmapped
 * everywhere and freed by a worker, as slabs are; processes that touch it see
 * zeros then.  That a block is another slab's by the time a process looks at it
 * is told by the set: serial numbers are not used twice before 2^32 are.
 *
 * Locking: the lock of @pages (irq-safe) protects the pages and their lists.
 */
#ifndef SINGLET_MARKS_H
#define SINGLET_MARKS_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <uapi/linux/singlet_index.h>

#include "map_dir.h"
#include "slab.h"

struct singlet_arena;

struct singlet_marks {
	struct singlet_arena *arena;	/* stable */
	struct singlet_map_dir sets;	/* an entry: its region's lock */
	struct xarray pages;		/* number to page */
	struct list_head partial[SIZE_LARGE];	/* by class; with free blocks */
	unsigned long nr;		/* pages */
	atomic_t serial;		/* the last one given */
};

struct singlet_marks *singlet_marks_new(struct singlet_arena *arena);
void singlet_marks_free(struct singlet_marks *marks);
size_t singlet_marks_bytes(const struct singlet_marks *marks);

int singlet_marks_add(struct singlet_marks *marks, struct singlet_slab *slab,
		      u32 index, unsigned int class, unsigned long coming,
		      gfp_t gfp);
int singlet_marks_fill(struct singlet_marks *marks);
void singlet_marks_end(struct singlet_slab *slab);
void singlet_marks_flush(void);
void *singlet_marks_page(struct singlet_marks *marks, unsigned long page);

/* The mark of a value of @len bytes in a slot, but for its generation. */
static inline u32 singlet_mark_low(const struct singlet_slab *slab, u32 type,
				   u32 len)
{
	u32 slack = slab->size - len;

	return type <= SINGLET_MARK_TYPE_MAX && slack <= SINGLET_MARK_SLACK ?
	       SINGLET_MARK(type, slack) : 0;
}

/*
 * A value was published, on which the caller has a reference, in the same RCU
 * section.  @type: its number.
 */
static inline void singlet_mark_live(struct singlet_object *obj, u32 type,
				     u32 len)
{
	u32 slot = singlet_object_slot(obj);
	struct singlet_slab *slab = singlet_slab_of(obj, slot);
	unsigned long marks = READ_ONCE(slab->marks);

	if (unlikely(marks && !(marks & MARKS_COMING)))
		/* Release: its bytes come first; for readers' acquire. */
		smp_store_release(&((u64 *)marks)[slot],
				  (u64)obj->gen << 32 |
				  singlet_mark_low(slab, type, len));
}

#endif
