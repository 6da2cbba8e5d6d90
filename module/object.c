// SPDX-License-Identifier: GPL-2.0
/* object - the life of an object; see object.h */
#include "object.h"

#include <linux/string.h>

/*
 * Immortality is for ever; references held on the object count no more.  Who
 * adds to the word or subtracts from it after a look that is out of date finds
 * room enough on either side.  The caller has a reference.  Return: whether it
 * was mortal until now.
 */
bool singlet_object_make_immortal(struct singlet_object *obj)
{
	int old = atomic_read(&obj->refs);

	do {
		if (singlet_object_immortal(obj))
			return false;
	} while (!atomic_try_cmpxchg(&obj->refs, &old,
				     (int)(OBJECT_IMMORTAL | HOT_MIDDLE)));
	return true;
}

/*
 * One was added to @obj->refs, which read @old before: what is that?  If it is
 * no reference, it is taken back where it counts.
 */
enum singlet_got singlet_object_got(struct singlet_object *obj, u32 old)
{
	if ((s32)old < 0)
		return GOT_NOTHING;
	/* Made immortal or hot just now. */
	if (old & OBJECT_IMMORTAL)
		return GOT_LIVE;
	if ((old & OBJECT_COUNT) <= 1) {
		if (old & OBJECT_AGED)
			atomic_andnot(OBJECT_AGED, &obj->refs);
		return GOT_IDLE;
	}
	/* Aged before somebody else revived it. */
	if ((old & OBJECT_COUNT) < OBJECT_COUNT_MAX)
		return GOT_LIVE;
	atomic_dec(&obj->refs);
	return GOT_FULL;
}

/* @obj's word was @word in this RCU section, and that is not a plain count. */
enum singlet_put singlet_object_odd_put(struct singlet_object *obj, u32 word)
{
	if ((s32)word < 0)
		return PUT_WRONG;
	if (singlet_refs_hot(word))
		singlet_hot_put(obj, word);
	return PUT_LIVE;
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

/* What singlet_object_kill() would find in its word, @old, now. */
static bool may_kill(struct singlet_object *obj, bool aged_only, int *old)
{
	*old = atomic_read(&obj->refs);
	if (*old != 1 && *old != (int)(1 | OBJECT_AGED))
		return false;
	if (READ_ONCE(obj->info) & INFO_PLAIN)
		return false;
	if (aged_only && *old == 1) {
		atomic_try_cmpxchg_relaxed(&obj->refs, old, 1 | OBJECT_AGED);
		return false;
	}
	return true;
}

/**
 * singlet_object_may_kill() - what singlet_object_kill() would do
 * @obj: as there
 * @aged_only: as there; marks likewise what is spared
 *
 * Return: Whether it would, an instant's view.
 */
bool singlet_object_may_kill(struct singlet_object *obj, bool aged_only)
{
	int old;

	return may_kill(obj, aged_only, &old);
}

/**
 * singlet_object_kill() - move an idle object to dying
 * @obj: a record; the caller is in an RCU read-side section
 * @aged_only: spare an object that was in use since the last pass, marking it
 *             for the next one
 *
 * Only singlet_kill() knows whether it may be killed.
 *
 * Return: True: it was idle, is dying now, and the caller alone has to free
 * it.  False: there is no object, or it is in use, immortal, or spared.
 */
bool singlet_object_kill(struct singlet_object *obj, bool aged_only)
{
	int old;

	/* Acquire: pairs with the release in singlet_object_put(). */
	return may_kill(obj, aged_only, &old) &&
	       atomic_try_cmpxchg_acquire(&obj->refs, &old, (int)OBJECT_DEAD);
}

/* Zero the first @len bytes of a slot: slots are of whole words. */
static void wipe(void *slot, u32 len)
{
	u64 *word = slot, *end = slot + len;

	if (len > 32) {
		memset(slot, 0, len);
		return;
	}
	/* Not to become a call of memset(), whose overhead it is to save. */
	while (word < end)
		WRITE_ONCE(*word++, 0);
}

/*
 * Wipe a dying object's slot and end its generation: ids that name it are
 * stale from here on.  The slot can be given back then.
 */
void singlet_object_erase(struct singlet_object *obj, u32 len)
{
	unsigned int slot = singlet_object_slot(obj);
	struct singlet_slab *slab = singlet_slab_of(obj, slot);

	singlet_assert(singlet_object_dead(obj));
	/* The pages of a large value go back to the kernel, which zeroes. */
	if (likely(slab->size <= SIZE_SLOT_MAX))
		wipe(singlet_slab_payload(slab, slot), len);
	/*
	 * Readers compare it with an id's before and after they look.  Release:
	 * that the object died comes first; pairs with the first read barrier
	 * in singlet_store_peek().
	 */
	compat_store_release(&obj->gen, obj->gen + 1);
	/* Pairs with the second one there. */
	compat_wmb();
}
