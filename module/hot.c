// SPDX-License-Identifier: GPL-2.0
/* hot - objects that several CPUs count references on; see hot.h */
#include "hot.h"

#include <linux/minmax.h>

#include "compat/barrier.h"

static struct singlet_hot *hot_of(const struct singlet_object *obj)
{
	return singlet_object_slab(obj)->cache->pool->hot;
}

static unsigned int slot_of(u32 word)
{
	return word >> HOT_STRAY_BITS & (HOT_MAX - 1);
}

/* This CPU's counters of an object whose word is hot, until _leave(). */
static struct singlet_hot_share *enter(const struct singlet_object *obj,
				       u32 word)
{
	return compat_percpu_enter(READ_ONCE(hot_of(obj)->share)) +
	       slot_of(word);
}

/**
 * singlet_hot_get() - one more reference, if the object is hot
 * @obj: record of an object that was hot; the caller holds a reference or is in
 *       an RCU read-side section
 *
 * Context: Any but NMI.
 * Return: Whether it was, and the caller has a reference.
 */
bool singlet_hot_get(struct singlet_object *obj)
{
	u32 word;

	rcu_read_lock();
	/*
	 * Acquire: pairs with the cmpxchg in switch_hot(), and, as in
	 * singlet_object_tryget(), with the release in singlet_object_publish().
	 */
	word = compat_load_acquire(&obj->refs.counter);
	if (singlet_refs_hot(word)) {
		local_inc(&enter(obj, word)->gets);
		compat_percpu_leave();
	}
	rcu_read_unlock();
	return singlet_refs_hot(word);
}

/* Drop a reference on a hot object, whose word is @word in this RCU section. */
void singlet_hot_put(struct singlet_object *obj, u32 word)
{
	/* The word before the counters: pairs with the cmpxchg in switch_hot(). */
	compat_rmb();
	local_inc(&enter(obj, word)->puts);
	compat_percpu_leave();
}

/* Gets less puts of a CPU, of nearly the same instant; and gets. */
static long difference(const struct singlet_hot_share *share,
		       unsigned long *gets)
{
	unsigned int tries = 8;
	unsigned long puts;

	do {
		*gets = local_read(&share->gets);
		compat_rmb();
		puts = local_read(&share->puts);
		compat_rmb();
	} while (unlikely(local_read(&share->gets) != *gets) && --tries);
	return *gets - puts;
}

/* The sum of that over all CPUs, and how many gets.  RCU section or mutex. */
long singlet_hot_sum(const struct singlet_hot *hot, unsigned int slot,
		     unsigned long *gets)
{
	struct singlet_hot_share __percpu *share = READ_ONCE(hot->share);
	long n = 0;
	int cpu;

	*gets = 0;
	/* Who looks from outside can be late; @seq will tell him. */
	if (!share)
		return 0;
	for_each_possible_cpu(cpu) {
		unsigned long here;

		n += difference(per_cpu_ptr(share, cpu) + slot, &here);
		*gets += here;
	}
	return n;
}

/* The slot of @obj, or of none if that is NULL; or -1. */
int singlet_hot_slot(const struct singlet_hot *hot,
		     const struct singlet_object *obj)
{
	int i;

	for (i = 0; i < HOT_MAX; i++)
		if (READ_ONCE(hot->slot[i].obj) == obj)
			return i;
	return -1;
}

/* 1 and the references by all counters, if nothing changed them meanwhile. */
long singlet_hot_total(const struct singlet_hot *hot,
		       const struct singlet_object *obj, u32 word)
{
	unsigned long gets;
	int slot;

	if (singlet_refs_hot(word)) {
		slot = slot_of(word);
		return (long)READ_ONCE(hot->slot[slot].count) +
		       singlet_hot_stray(word) +
		       singlet_hot_sum(hot, slot, &gets);
	}
	slot = singlet_refs_many(word) ? singlet_hot_slot(hot, obj) : -1;
	if (slot < 0)
		return singlet_refs_counted(word) ? word & OBJECT_COUNT : 0;
	return (long)(word & OBJECT_COUNT) - HOT_BIAS +
	       singlet_hot_sum(hot, slot, &gets);
}

/**
 * singlet_hot_count() - count of an object that may be hot
 * @obj: its record, in an RCU section or with a reference
 *
 * Context: Any but NMI.
 * Return: 1 and its references, exact when nobody gets or puts any; 0: there is
 * no object that counts any.
 */
u32 singlet_hot_count(const struct singlet_object *obj)
{
	const struct singlet_hot *hot;
	unsigned int seq;
	long n;

	rcu_read_lock();
	hot = hot_of(obj);
	do {
		u32 word;

		seq = read_seqcount_begin(&hot->seq);
		word = compat_load_acquire(&obj->refs.counter);
		n = singlet_hot_total(hot, obj, word);
		/* Gets and puts meanwhile may be in one half of the sum only. */
		if (n < 1)
			n = singlet_refs_immortal(word) || (s32)word < 0 ? 0 : 1;
	} while (read_seqcount_retry(&hot->seq, seq));
	rcu_read_unlock();
	return min_t(long, n, OBJECT_COUNT);
}

/**
 * singlet_hot_idle() - hot objects that nobody holds
 * @hot: of a pool
 * @bytes: of their slots, added to
 *
 * Who looks at numbers takes them for what they are about to be.
 *
 * Return: How many, an instant's view.
 */
u64 singlet_hot_idle(const struct singlet_hot *hot, u64 *bytes)
{
	unsigned int i;
	u64 n = 0;

	rcu_read_lock();
	for (i = 0; i < HOT_MAX; i++) {
		const struct singlet_object *obj = READ_ONCE(hot->slot[i].obj);

		if (!obj || !singlet_refs_hot(atomic_read(&obj->refs)) ||
		    singlet_hot_count(obj) > 1)
			continue;
		*bytes += singlet_object_slab(obj)->size;
		n++;
	}
	rcu_read_unlock();
	return n;
}
