// SPDX-License-Identifier: GPL-2.0
/* kill - the end of idle objects, unless somebody borrows them; see kill.h */
#include "kill.h"

#include <linux/bitmap.h>
#include <uapi/linux/singlet_index.h>

#include "arena.h"

/*
 * Doom the mark of @obj if that looks idle.  Return: whether it is the caller's,
 * who finds what it was before in @was.
 */
static bool doom(struct singlet_object *obj, u64 *mark, bool aged_only,
		 u64 *was)
{
	/* Acquire: the look at the references comes after. */
	u64 old = smp_load_acquire(mark);

	if (old & SINGLET_MARK_DOOMED ||
	    !singlet_object_may_kill(obj, aged_only))
		return false;
	*was = old;
	/* Fully ordered if it succeeds. */
	return cmpxchg(mark, old, old | SINGLET_MARK_DOOMED) == old;
}

/*
 * The end of a doom, which is nobody else's to end: the mark is as it was, or, of
 * an object that was killed, of the next generation.  What became of the object
 * comes before, for who dooms the mark next (release, pairs with the acquire in
 * doom()).
 */
static void undoom(u64 *mark, u64 to)
{
	smp_store_release(mark, to);	/* as said */
}

/* The rest of singlet_kill(): there are marks. */
static unsigned int kill_marked(struct singlet_slab *slab, u64 *marks,
				struct singlet_object **obj, unsigned int nr,
				bool aged_only)
{
	DECLARE_BITMAP(borrowed, SIZE_SLOTS_MAX);
	u64 was[KILL_LOT];
	unsigned int i, n = 0, left = 0;

	for (i = 0; i < nr; i++) {
		u64 *mark = &marks[singlet_object_slot(obj[i])];

		if (doom(obj[i], mark, aged_only, &was[n]))
			obj[n++] = obj[i];
	}
	if (!n)
		return 0;
	bitmap_zero(borrowed, SIZE_SLOTS_MAX);
	/* Pairs with the barrier of a reader between its slot and the mark. */
	smp_mb();
	singlet_borrows_find(&slab->cache->pool->arena->borrowers, slab->index,
			     borrowed);
	/* Pairs with a reader's release of its slot. */
	smp_mb();
	for (i = 0; i < n; i++) {
		unsigned int slot = singlet_object_slot(obj[i]);
		u64 to = was[i];

		if (!test_bit(slot, borrowed) &&
		    singlet_object_kill(obj[i], aged_only)) {
			to = (obj[i]->gen + 1ULL) << 32;
			obj[left++] = obj[i];
		}
		undoom(&marks[slot], to);
	}
	return left;
}

/**
 * singlet_kill() - kill idle objects that nobody borrows
 * @slab: in which all of them are; the caller is in an RCU read-side section
 * @obj: records, as may be; out: those killed, which the caller has to free
 * @nr: how many, up to KILL_LOT
 * @aged_only: as of singlet_object_kill()
 *
 * Return: How many were killed.
 */
unsigned int singlet_kill(struct singlet_slab *slab,
			  struct singlet_object **obj, unsigned int nr,
			  bool aged_only)
{
	unsigned int i, n = 0;
	u64 *marks;

	/*
	 * A slab that had marks before its first object has them for who saw
	 * that: pairs with the release in singlet_object_publish().
	 */
	smp_rmb();
	marks = singlet_slab_marks(slab);
	if (marks)
		return kill_marked(slab, marks, obj, nr, aged_only);
	for (i = 0; i < nr; i++)
		if (singlet_object_kill(obj[i], aged_only))
			obj[n++] = obj[i];
	return n;
}

/* Pages of borrows that singlet_kill() has to read for objects of @slab. */
unsigned int singlet_kill_pages(const struct singlet_slab *slab)
{
	/* Pairs, by dependency, with the release in singlet_arena_open(). */
	const struct singlet_arena *arena = READ_ONCE(slab->cache->pool->arena);

	return READ_ONCE(slab->marks) && arena ?
	       READ_ONCE(arena->borrowers.nr) : 0;
}
