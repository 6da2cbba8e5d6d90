/* SPDX-License-Identifier: GPL-2.0 */
/*
 * object - the life of an object
 *
 *   building -> live <-> idle -> dying -> free slot
 *
 * All of it is one word, @refs: count.h says what stands in it.
 *
 * Who moves what:
 *   get      one fetch_add.  On a dead word it changes nothing that counts:
 *            the dead zone is 2^30 wide, and the word is set anew when an
 *            object is published there.
 *   put      value: one fetch_sub; 2 -> 1 makes it idle, nobody frees it.
 *            plain: 2 -> DEAD in one step, so no get can revive it.
 *   eviction 1 -> DEAD by cmpxchg; the only way from idle to dying, so a
 *            lookup never meets a half-dead object that it could revive.
 *
 * Ordering: publishing (release) pairs with get (acquire): who got a reference
 * sees the bytes.  put (release) pairs with the move to DEAD (acquire): who
 * frees sees every read done.
 *
 * A reference got through a stale pointer (a table entry or an id read just
 * before the slot was reused) is a real reference on whatever object is there
 * now; the getter must check that it is the one it wanted, and put it if not.
 * Records are type-stable under RCU (slab.h), so this is safe; bytes are read
 * with a reference only.
 */
#ifndef SINGLET_OBJECT_H
#define SINGLET_OBJECT_H

#include "compat/barrier.h"
#include "heat.h"
#include "hot.h"
#include "slab.h"

static inline bool singlet_object_immortal(const struct singlet_object *obj)
{
	return singlet_refs_immortal(atomic_read(&obj->refs));
}

/*
 * Holders, an instant's view; 0 for idle, immortal and dead.  The caller holds
 * a reference or is in an RCU read-side section.
 */
static inline u32 singlet_object_refs(const struct singlet_object *obj)
{
	u32 refs = atomic_read(&obj->refs);

	if (unlikely(singlet_refs_hot(refs) || singlet_refs_many(refs)))
		return max(singlet_hot_count(obj), 1U) - 1;
	return singlet_refs_counted(refs) ? (refs & OBJECT_COUNT) - 1 : 0;
}

static inline bool singlet_object_dead(const struct singlet_object *obj)
{
	return atomic_read(&obj->refs) < 0;
}

enum singlet_got singlet_object_got(struct singlet_object *obj, u32 old);

/*
 * Try to get a reference.  The record is one that a slab still has: the caller
 * holds a reference or is in an RCU read-side section.
 */
static __always_inline enum singlet_got
singlet_object_tryget(struct singlet_object *obj)
{
	u32 old = atomic_read(&obj->refs), now;

	while (unlikely(old & OBJECT_IMMORTAL)) {
		if ((s32)old < 0)
			return GOT_NOTHING;
		if (!singlet_refs_hot(old)) {
			/* As the acquire below. */
			compat_rmb();
			return GOT_LIVE;
		}
		if (singlet_hot_get(obj))
			return GOT_LIVE;
		old = atomic_read(&obj->refs);
	}
	/* Acquire: pairs with the release in singlet_object_publish(). */
	now = atomic_fetch_add_acquire(1, &obj->refs);
	if (unlikely(!singlet_refs_live(now)))
		return singlet_object_got(obj, now);
	if (unlikely(now != old))
		singlet_heat_contended(obj);
	return GOT_LIVE;
}

enum singlet_put singlet_object_odd_put(struct singlet_object *obj, u32 word);
enum singlet_put singlet_object_last_put(struct singlet_object *obj, u32 old);

/* Drop a reference, in an RCU section; @obj->info is stable because of it. */
static __always_inline enum singlet_put
singlet_object_put(struct singlet_object *obj)
{
	int old = atomic_read(&obj->refs);

	if (unlikely(old & OBJECT_IMMORTAL))
		return singlet_object_odd_put(obj, old);
	if (likely(!(READ_ONCE(obj->info) & INFO_PLAIN))) {
		/* Release: pairs with the acquire in singlet_object_kill(). */
		old = atomic_fetch_sub_release(1, &obj->refs);
		return likely((old & OBJECT_COUNT) > 2) ? PUT_LIVE :
			singlet_object_last_put(obj, old);
	}
	/*
	 * Full order on success: every holder's release, ours included, comes
	 * before the freeing that follows.
	 */
	for (;;) {
		bool last = (old & OBJECT_COUNT) == 2;

		if (unlikely(old & OBJECT_IMMORTAL))
			return singlet_object_odd_put(obj, old);
		if (unlikely(old < 2))
			return PUT_WRONG;
		if (atomic_try_cmpxchg(&obj->refs, &old,
				       last ? (int)OBJECT_DEAD : old - 1))
			return last ? PUT_DEAD : PUT_LIVE;
	}
}

/*
 * Make @obj, whose slot is the caller's own and filled, reachable with @refs
 * references.
 */
static inline void singlet_object_publish(struct singlet_object *obj, u32 refs)
{
	/* Release: pairs with the acquire in singlet_object_tryget(). */
	compat_store_release(&obj->refs.counter, (int)(1 + refs));
}

bool singlet_object_make_immortal(struct singlet_object *obj);
bool singlet_object_may_kill(struct singlet_object *obj, bool aged_only);
bool singlet_object_kill(struct singlet_object *obj, bool aged_only);
void singlet_object_erase(struct singlet_object *obj, u32 len);

#endif
