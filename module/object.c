// SPDX-License-Identifier: GPL-2.0
/* object - the life of an object; see object.h */
#include "object.h"

#include <linux/string.h>

/*
 * Immortality is for ever; references held on the object count no more.  The
 * caller has one.  Return: whether it was mortal until now.
 */
bool singlet_object_make_immortal(struct singlet_object *obj)
{
	return !(atomic_fetch_or(OBJECT_IMMORTAL, &obj->refs) &
		 OBJECT_IMMORTAL);
}

/*
 * One was added to @obj->refs, which read @old before: what is that?  If it is
 * no reference, it is taken back where it counts.
 */
enum singlet_got singlet_object_got(struct singlet_object *obj, u32 old)
{
	if ((s32)old < 0)
		return GOT_NOTHING;
	if ((old & OBJECT_COUNT) <= 1) {
		if (old & OBJECT_AGED)
			atomic_andnot(OBJECT_AGED, &obj->refs);
		return GOT_IDLE;
	}
	/* Aged before somebody else revived it, or made immortal just now. */
	if ((old & OBJECT_COUNT) < OBJECT_COUNT_MAX)
		return GOT_LIVE;
	atomic_dec(&obj->refs);
	return GOT_FULL;
}

/*
 * One was subtracted from @obj->refs, which read @old before, and perhaps it was
 * the last.  If it was none at all, it is given back where it counts: two puts
 * too many at once do not make an object look unused that somebody gets now.
 */
enum singlet_put singlet_object_last_put(struct singlet_object *obj, u32 old)
{
	if ((old & OBJECT_COUNT) == 2)
		return PUT_IDLE;
	if ((s32)old >= 0)
		atomic_inc(&obj->refs);
	return PUT_WRONG;
}

/**
 * singlet_object_kill() - move an idle object to dying
 * @obj: a record; the caller is in an RCU read-side section
 * @aged_only: spare an object that was in use since the last pass, marking it
 *             for the next one
 *
 * Return: True: it was idle, is dying now, and the caller alone has to free
 * it.  False: there is no object, or it is in use, immortal, or spared.
 */
bool singlet_object_kill(struct singlet_object *obj, bool aged_only)
{
	int old = atomic_read(&obj->refs);

	if (old != 1 && old != (int)(1 | OBJECT_AGED))
		return false;
	if (READ_ONCE(obj->info) & INFO_PLAIN)
		return false;
	if (aged_only && old == 1) {
		atomic_try_cmpxchg_relaxed(&obj->refs, &old, 1 | OBJECT_AGED);
		return false;
	}
	/* Acquire: pairs with the release in singlet_object_put(). */
	return atomic_try_cmpxchg_acquire(&obj->refs, &old, (int)OBJECT_DEAD);
}

/*
 * Wipe a dying object's slot and end its generation: ids that name it are
 * stale from here on.  The slot can be given back then.
 */
void singlet_object_erase(struct singlet_object *obj, u32 len)
{
	struct singlet_slab *slab = singlet_object_slab(obj);

	singlet_assert(singlet_object_dead(obj));
	/* The pages of a large value go back to the kernel, which zeroes. */
	if (slab->cache->class != SIZE_LARGE)
		memset(singlet_slab_payload(slab, singlet_object_slot(obj)), 0,
		       len);
	/*
	 * Readers compare it with an id's before and after they look.  Release:
	 * that the object died comes first; pairs with the first read barrier
	 * in singlet_store_peek().
	 */
	compat_store_release(&obj->gen, obj->gen + 1);
	/* Pairs with the second one there. */
	compat_wmb();
}
