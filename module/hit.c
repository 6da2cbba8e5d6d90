// SPDX-License-Identifier: GPL-2.0
/* hit - what is seldom needed of a hit; see hit.h */
#include "hit.h"

/* The rest of singlet_hit_get(): the word is @seen, and nothing was added to it. */
bool singlet_hit_uncounted(struct singlet_object *obj, u32 seen)
{
	if (singlet_refs_hot(seen))
		return singlet_hot_get(obj);
	compat_rmb();	/* as the acquire in singlet_hit_get() */
	return singlet_refs_immortal(seen);
}

/* The same: the word was @old, and not what it had just been, and has one more. */
bool singlet_hit_changed(struct singlet_object *obj, u32 old)
{
	enum singlet_got got = singlet_object_got(obj, old);

	if (got == GOT_LIVE) {
		singlet_heat_contended(obj);
		return true;
	}
	/* Idle by now: not what this is for. */
	if (got == GOT_IDLE) {
		singlet_store_count_idle(singlet_object_store(obj), obj, -1);
		singlet_store_put(obj);
	}
	return false;
}
