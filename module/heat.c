// SPDX-License-Identifier: GPL-2.0
/* heat - how objects become hot, and cool again; see heat.h */
#include "heat.h"

#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/log2.h>

#include "stats.h"

/* Contention seen so often, in so short a time, makes an object hot. */
#define HOT_TIMES	4
#define HOT_TIME	(HZ / 10)
#define HOT_WANTED	U32_MAX		/* it is to become hot */

/* What the counters of a pool take. */
#define SHARE_BYTES	(HOT_MAX * sizeof(struct singlet_hot_share))
#define HOT_BYTES	((long)(num_possible_cpus() * SHARE_BYTES))

/* An object that is not asked for so often between two looks becomes cool. */
#define HOT_LOOK	(HZ / 2)
#define HOT_GETS	1000

/* Works wait for grace periods: they are no business of any one CPU. */
static struct workqueue_struct *hot_wq;

/*
 * What changes the way in which an object is counted is short, and nobody who
 * counts waits for it in vain: it is not interrupted.  Mutex held.
 */
static unsigned long begin_change(struct singlet_hot *hot)
{
	unsigned long flags;

	lockdep_assert_held(&hot->mutex);
	local_irq_save(flags);
	write_seqcount_begin(&hot->seq);
	return flags;
}

static void end_change(struct singlet_hot *hot, unsigned long flags)
{
	write_seqcount_end(&hot->seq);
	local_irq_restore(flags);
}

/* Becoming hot */

/* Make the counters.  Mutex held.  Return: whether there are any. */
static bool make_share(struct singlet_hot *hot)
{
	struct singlet_hot_share __percpu *share = hot->share;

	lockdep_assert_held(&hot->mutex);
	if (share)
		return true;
	share = __alloc_percpu(SHARE_BYTES, SMP_CACHE_BYTES);
	if (!share)
		return false;
	singlet_count(hot->pool->counters, STAT_BYTES_METADATA, HOT_BYTES);
	/* Comes before any hot word: the cmpxchg in switch_hot(). */
	WRITE_ONCE(hot->share, share);
	return true;
}

/* No word says hot any more. */
static void free_share(struct singlet_hot *hot)
{
	struct singlet_hot_share __percpu *share = hot->share;

	if (!share)
		return;
	WRITE_ONCE(hot->share, NULL);
	synchronize_rcu();	/* who sums up */
	free_percpu(share);
	singlet_count(hot->pool->counters, STAT_BYTES_METADATA, -HOT_BYTES);
}

/* The end of all that changes what is hot: counters without use are freed. */
static void unlock(struct singlet_hot *hot)
{
	if (!hot->nr)
		free_share(hot);
	mutex_unlock(&hot->mutex);
}

static bool may_heat(const struct singlet_object *obj, u32 word)
{
	/* What is plain ends with its last put, and not some time later. */
	return singlet_refs_live(word) && word <= HOT_COUNT_MAX &&
	       !(READ_ONCE(obj->info) & INFO_PLAIN);
}

/* The word of @obj from a count to hot, in @slot. */
static bool switch_hot(struct singlet_hot *hot, unsigned int slot,
		       struct singlet_object *obj)
{
	int word = atomic_read(&obj->refs);

	do {
		if (!may_heat(obj, word))
			return false;
		WRITE_ONCE(hot->slot[slot].count, word);
	/*
	 * Full order: pairs with the acquire in singlet_hot_get() and the read
	 * barrier in singlet_hot_put().
	 */
	} while (!atomic_try_cmpxchg(&obj->refs, &word,
				     (int)(OBJECT_IMMORTAL | OBJECT_HOT |
					   slot << HOT_STRAY_BITS |
					   HOT_MIDDLE)));
	WRITE_ONCE(hot->slot[slot].obj, obj);
	return true;
}

/*
 * Make @obj hot, if it is live.  RCU section and mutex held.  (If another object
 * takes its place before the word changes, that one becomes hot; it does not
 * matter which.)
 */
static bool heat(struct singlet_hot *hot, struct singlet_object *obj)
{
	int slot = singlet_hot_slot(hot, NULL), cpu;
	unsigned long flags;
	bool done;

	if (slot < 0 || singlet_hot_slot(hot, obj) >= 0)
		return false;
	for_each_possible_cpu(cpu) {
		struct singlet_hot_share *share = per_cpu_ptr(hot->share, cpu);

		local_set(&share[slot].gets, 0);
		local_set(&share[slot].puts, 0);
	}
	flags = begin_change(hot);
	done = switch_hot(hot, slot, obj);
	end_change(hot, flags);
	if (!done)
		return false;
	hot->slot[slot].gets = 0;
	hot->slot[slot].looked = jiffies;
	if (!hot->nr++)
		queue_delayed_work(hot_wq, &hot->look_work, HOT_LOOK);
	return true;
}

/* Those that are wanted hot.  Mutex held. */
static void heat_wanted(struct singlet_hot *hot)
{
	struct singlet_object *obj;
	struct singlet_slab *slab;
	unsigned int i;
	bool done;

	for (i = 0; i < HOT_SEEN; i++) {
		if (READ_ONCE(hot->seen[i].nr) != HOT_WANTED)
			continue;
		/* When there is no room: the next look sees to it. */
		if (hot->nr == HOT_MAX)
			return;
		done = make_share(hot);
		rcu_read_lock();
		obj = singlet_pool_object(hot->pool,
					  READ_ONCE(hot->seen[i].handle), &slab);
		done = done && obj && heat(hot, obj);
		rcu_read_unlock();
		/* What was refused is not asked for again so soon. */
		WRITE_ONCE(hot->seen[i].since, done ? jiffies : jiffies + HZ);
		WRITE_ONCE(hot->seen[i].nr, 0);
	}
}

/**
 * singlet_heat() - make an object hot
 * @obj: the caller has a reference on it
 *
 * Context: Process, sleeps.
 * Return: Whether it is hot now and was not before.
 */
bool singlet_heat(struct singlet_object *obj)
{
	struct singlet_hot *hot = singlet_object_slab(obj)->cache->pool->hot;
	bool done = false;

	mutex_lock(&hot->mutex);
	if (make_share(hot)) {
		rcu_read_lock();
		done = heat(hot, obj);
		rcu_read_unlock();
	}
	unlock(hot);
	return done;
}

/**
 * singlet_heat_contended() - somebody else has changed the count just now
 * @obj: the caller has a reference on it, and so on its pool
 *
 * Context: Any but NMI.
 */
void singlet_heat_contended(struct singlet_object *obj)
{
	struct singlet_slab *slab = singlet_object_slab(obj);
	u32 handle = singlet_slab_handle(slab, singlet_object_slot(obj));
	struct singlet_hot *hot = slab->cache->pool->hot;
	unsigned int i = hash_32(handle, ilog2(HOT_SEEN));
	u32 nr = READ_ONCE(hot->seen[i].nr);

	if (nr == HOT_WANTED || READ_ONCE(obj->info) & INFO_PLAIN)
		return;
	if (READ_ONCE(hot->seen[i].handle) == handle &&
	    time_before(jiffies, READ_ONCE(hot->seen[i].since)))
		return;
	if (READ_ONCE(hot->seen[i].handle) != handle ||
	    time_after(jiffies, READ_ONCE(hot->seen[i].since) + HOT_TIME)) {
		WRITE_ONCE(hot->seen[i].handle, handle);
		WRITE_ONCE(hot->seen[i].since, jiffies);
		nr = 0;
	}
	if (++nr < HOT_TIMES) {
		WRITE_ONCE(hot->seen[i].nr, nr);
		return;
	}
	WRITE_ONCE(hot->seen[i].nr, HOT_WANTED);
	queue_work(hot_wq, &hot->heat_work);
}

/* Becoming cool */

/*
 * Gets and puts of the object in @slot count in its word again.  Mutex held.
 * Return: whether they do; one that has so many references that as many puts
 * could eat up the bias is left hot.
 */
static bool bias(struct singlet_hot *hot, unsigned int slot)
{
	struct singlet_object *obj = hot->slot[slot].obj;
	int word = atomic_read(&obj->refs);
	unsigned long flags;
	bool done = true;

	flags = begin_change(hot);
	do {
		if (!singlet_refs_hot(word))	/* made immortal meanwhile */
			break;
		done = singlet_hot_total(hot, obj, word) <= HOT_COUNT_MAX;
	} while (done &&
		 !atomic_try_cmpxchg(&obj->refs, &word,
				     (int)(hot->slot[slot].count +
					   singlet_hot_stray(word) +
					   HOT_BIAS)));
	end_change(hot, flags);
	return done;
}

/*
 * The end of the bias, a grace period later: @n is what the CPUs have counted.
 * Return: what that did to the object.
 */
static enum singlet_put unbias(struct singlet_object *obj, long n)
{
	int word = atomic_read(&obj->refs);
	long refs;
	u32 to;

	do {
		if (word & OBJECT_IMMORTAL)	/* made so meanwhile */
			return PUT_LIVE;
		refs = (long)(word & OBJECT_COUNT) - HOT_BIAS + n;
		/* Who put more than he had may not be the last: nobody frees it. */
		to = refs < 1 || refs >= OBJECT_COUNT_MAX ?
		     OBJECT_IMMORTAL | HOT_MIDDLE : refs;
		/* One that took the place of a value as that was to be hot. */
		if (refs == 1 && READ_ONCE(obj->info) & INFO_PLAIN)
			to = OBJECT_DEAD;
	} while (!atomic_try_cmpxchg(&obj->refs, &word, (int)to));
	if (to == OBJECT_DEAD)
		return PUT_DEAD;
	if (to & OBJECT_IMMORTAL)
		return PUT_WRONG;
	return refs > 1 ? PUT_LIVE : PUT_IDLE;
}

/* Make the objects in @slots cool.  Mutex held. */
static void cool(struct singlet_hot *hot, unsigned long slots)
{
	unsigned long gets, flags;
	unsigned int i;

	for_each_set_bit(i, &slots, HOT_MAX)
		if (!bias(hot, i))
			slots &= ~BIT(i);
	if (!slots)
		return;
	synchronize_rcu();
	for_each_set_bit(i, &slots, HOT_MAX) {
		struct singlet_object *obj = hot->slot[i].obj;
		enum singlet_put put;

		rcu_read_lock();
		flags = begin_change(hot);
		put = unbias(obj, singlet_hot_sum(hot, i, &gets));
		WRITE_ONCE(hot->slot[i].obj, NULL);
		end_change(hot, flags);
		hot->nr--;
		if (put != PUT_LIVE)
			hot->cooled(obj, put);
		rcu_read_unlock();
	}
}

/* The slots of objects that are not asked for any more.  Mutex held. */
static unsigned long quiet(struct singlet_hot *hot)
{
	unsigned long slots = 0, gets;
	unsigned int i;

	for (i = 0; i < HOT_MAX; i++) {
		struct singlet_hot_slot *slot = &hot->slot[i];

		if (!slot->obj || time_before(jiffies, slot->looked + HOT_LOOK))
			continue;
		singlet_hot_sum(hot, i, &gets);
		if (gets - slot->gets < HOT_GETS)
			slots |= BIT(i);
		slot->gets = gets;
		slot->looked = jiffies;
	}
	return slots;
}

static void heat_work(struct work_struct *work)
{
	struct singlet_hot *hot = container_of(work, struct singlet_hot,
					       heat_work);

	mutex_lock(&hot->mutex);
	heat_wanted(hot);
	unlock(hot);
}

static void look_work(struct work_struct *work)
{
	struct singlet_hot *hot = container_of(to_delayed_work(work),
					       struct singlet_hot, look_work);

	mutex_lock(&hot->mutex);
	cool(hot, quiet(hot));
	heat_wanted(hot);
	if (hot->nr)
		queue_delayed_work(hot_wq, &hot->look_work, HOT_LOOK);
	unlock(hot);
}

/**
 * singlet_heat_cool() - make all hot objects of a pool cool
 * @hot: of the pool
 *
 * Those that are about to become hot stay as they are.
 *
 * Context: Process, sleeps if there are any.
 * Return: Whether there were any.
 */
bool singlet_heat_cool(struct singlet_hot *hot)
{
	unsigned long slots = 0;
	unsigned int i;

	mutex_lock(&hot->mutex);
	for (i = 0; i < HOT_SEEN; i++)
		WRITE_ONCE(hot->seen[i].nr, 0);
	for (i = 0; i < HOT_MAX; i++)
		if (hot->slot[i].obj)
			slots |= BIT(i);
	cool(hot, slots);
	unlock(hot);
	return slots;
}

/* Beginning and end */

/* @hot, zeroed, is for @pool, which does not have an object yet. */
void singlet_heat_init(struct singlet_hot *hot, struct singlet_pool *pool,
		       void (*cooled)(struct singlet_object *obj,
				      enum singlet_put put))
{
	hot->pool = pool;
	hot->cooled = cooled;
	mutex_init(&hot->mutex);
	seqcount_init(&hot->seq);
	INIT_WORK(&hot->heat_work, heat_work);
	INIT_DELAYED_WORK(&hot->look_work, look_work);
	pool->hot = hot;
}

/*
 * Nobody gets a reference on any of the pool's objects any more; containers that
 * reclaim frees put theirs still.
 */
void singlet_heat_quiesce(struct singlet_hot *hot)
{
	cancel_work_sync(&hot->heat_work);
	cancel_delayed_work_sync(&hot->look_work);
}

/* The pool's slabs are gone, and whatever was hot with them. */
void singlet_heat_end(struct singlet_hot *hot)
{
	free_share(hot);
}

int singlet_heat_start(void)
{
	hot_wq = alloc_workqueue(KBUILD_MODNAME "_hot", WQ_UNBOUND, 0);
	return hot_wq ? 0 : -ENOMEM;
}

void singlet_heat_stop(void)
{
	destroy_workqueue(hot_wq);
}
