/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hot - objects on which several CPUs count references at the same time
 *
 * The word of an object (count.h) is on one cache line, and CPUs that all get
 * and put references on it do nothing but wait for that line.  Such an object
 * becomes hot: its word says so and stays as it is, and references are counted
 * in a pair of counters of each CPU.  What an object has is
 *
 *   its count when it became hot + all gets - all puts + what strayed
 *
 * and nobody needs to know it until it is to become cool again.  A hot object is
 * live, even when its last reference is gone; so only as long as many ask for
 * it, and no longer than until the next collection of its store, or until a
 * quota of the store's is reached.  Plain objects, which end with their last
 * reference, do not become hot.
 *
 * Ordering.  The counters are there, and zero, before the word says hot (cmpxchg
 * in heat.c; pairs with the acquire in singlet_hot_get() and the read barrier in
 * singlet_hot_put()).  A put's reads of the object come before the
 * grace period that the sum waits for, and so before anything that frees the
 * object.
 *
 * Who asks how many references there are has to know what belongs together: a
 * word, the counters, a slot.  @seq tells him whether any of that changed.
 *
 * How objects become hot and cool: heat.h.
 *
 * Locking: @mutex serializes all changes of what is hot.  Getting and putting
 * is done in RCU sections, without locks.
 */
#ifndef SINGLET_HOT_H
#define SINGLET_HOT_H

#include <linux/mutex.h>
#include <linux/seqlock.h>
#include <linux/workqueue.h>

#include "compat/percpu.h"
#include "count.h"
#include "slab.h"

#define HOT_MAX		16	/* objects of a pool at a time */
#define HOT_SEEN	4	/* objects that are watched at a time */

/* One CPU's share of an object's count; they only grow. */
struct singlet_hot_share {
	local_t gets;
	local_t puts;
};

struct singlet_hot_slot {
	struct singlet_object *obj;	/* mutex to write; NULL: free */
	u32 count;			/* likewise; when it became hot */
	unsigned long gets;		/* mutex; at the last look */
	unsigned long looked;		/* mutex; jiffies */
};

struct singlet_hot {
	/* HOT_MAX each; mutex to write; NULL: nothing is hot. */
	struct singlet_hot_share __percpu *share;
	struct singlet_hot_slot slot[HOT_MAX];
	unsigned int nr;		/* mutex; hot objects */
	seqcount_t seq;			/* mutex to write: see above */
	struct mutex mutex;
	struct singlet_pool *pool;	/* stable; whose objects they are */
	struct work_struct heat_work;
	struct delayed_work look_work;
	/*
	 * Called when a hot object has turned out to be used no more, or
	 * wrongly; RCU section.  Stable.
	 */
	void (*cooled)(struct singlet_object *obj, enum singlet_put put);
	/* Written without a lock: what gets lost comes again. */
	struct {
		u32 handle;
		u32 nr;			/* times that contention was seen */
		unsigned long since;	/* jiffies */
	} seen[HOT_SEEN] ____cacheline_aligned_in_smp;
};

bool singlet_hot_get(struct singlet_object *obj);
void singlet_hot_put(struct singlet_object *obj, u32 word);
long singlet_hot_sum(const struct singlet_hot *hot, unsigned int slot,
		     unsigned long *gets);
int singlet_hot_slot(const struct singlet_hot *hot,
		     const struct singlet_object *obj);
long singlet_hot_total(const struct singlet_hot *hot,
		       const struct singlet_object *obj, u32 word);
u32 singlet_hot_count(const struct singlet_object *obj);
u64 singlet_hot_idle(const struct singlet_hot *hot, u64 *bytes);

/* What strayed into a hot word. */
static inline int singlet_hot_stray(u32 word)
{
	return (int)(word & HOT_STRAY) - (int)HOT_MIDDLE;
}

#endif
