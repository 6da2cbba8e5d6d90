// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Letting go of what nobody uses; see letgo.h. */
#include "letgo.h"

#include <errno.h>
#include <stdlib.h>

#include "internal.h"
#include "known.h"

/* All of them; without the lock. */
void singlet_letgo_give_back(struct cache *c, struct surplus *surplus)
{
	size_t done = 0;

	while (done < surplus->nr) {
		ssize_t n = singlet_call_batch(c->session, SINGLET_RELEASE,
					       surplus->item + done,
					       sizeof(surplus->item[0]),
					       surplus->nr - done);

		/* Signals come and go; nothing else is to be expected. */
		if (n < 0 && n != -EINTR)
			break;
		done += n > 0 ? n : 0;
	}
	surplus->nr = 0;
}

/*
 * What is at @at, which @id is, is held no more: its count and its record's are 0.
 * Lock held.  The session's reference is to be given back, as @surplus says.
 */
static void forget(struct cache *c, struct held_at at, uint64_t id,
		   struct surplus *surplus)
{
	if (surplus)
		letgo_add(surplus, id);
	if (at.record) {
		atomic_store(at.count, 0);
		singlet_known_end_record(c, at.record);
	}
	at.place->nr--;
	c->held.nr--;
}

/* The queue */

static uint32_t queue_pop(struct cache *c)
{
	uint32_t handle = c->queue.handle[c->queue.first];

	c->queue.first = (c->queue.first + 1) & (c->queue.room - 1);
	c->queue.nr--;
	return handle;
}

static int queue_push(struct cache *c, uint32_t handle)
{
	size_t room = c->queue.room, i;
	uint32_t *new;

	if (c->queue.nr == room) {
		room = room ? room * 2 : 64;
		new = malloc(room * sizeof(*new));
		if (!new)
			return -ENOMEM;
		for (i = 0; i < c->queue.nr; i++)
			new[i] = c->queue.handle[(c->queue.first + i) &
						 (c->queue.room - 1)];
		free(c->queue.handle);
		c->queue.handle = new;
		c->queue.room = room;
		c->queue.first = 0;
	}
	c->queue.handle[(c->queue.first + c->queue.nr++) & (room - 1)] = handle;
	return 0;
}

/*
 * @at, which has left the queue, is let go of, or, if somebody uses it, is in the
 * queue no more.  Lock held.
 */
static void turn(struct cache *c, struct held_at at, struct surplus *surplus)
{
	uint8_t old = atomic_load_explicit(at.count, memory_order_relaxed);
	uint64_t id = known_id(c, at);

	do {
		if ((old & HELD_COUNT) == 1 &&
		    atomic_compare_exchange_weak_explicit(at.count, &old, 0,
							  memory_order_acq_rel,
							  memory_order_relaxed)) {
			forget(c, at, id, surplus);
			return;
		}
	} while ((old & HELD_COUNT) == 1 ||
		 !atomic_compare_exchange_weak_explicit(at.count, &old,
							old & HELD_COUNT,
							memory_order_relaxed,
							memory_order_relaxed));
}

/* The same of one with a record. */
static void turn_record(struct cache *c, struct held_at at,
			struct surplus *surplus)
{
	_Atomic uint32_t *refs = &at.record->refs;
	uint32_t old = atomic_load_explicit(refs, memory_order_relaxed);

	do {
		if ((old & RECORD_COUNT) == 1 &&
		    atomic_compare_exchange_weak_explicit(refs, &old, 0,
							  memory_order_acq_rel,
							  memory_order_relaxed)) {
			forget(c, at, known_id(c, at), surplus);
			return;
		}
	} while ((old & RECORD_COUNT) == 1 ||
		 !atomic_compare_exchange_weak_explicit(refs, &old,
							old & ~RECORD_QUEUED,
							memory_order_relaxed,
							memory_order_relaxed));
}

static void take_turn(struct cache *c, struct held_at at,
		      struct surplus *surplus)
{
	at = known_with_record(c, at);
	if (at.record)
		turn_record(c, at, surplus);
	else
		turn(c, at, surplus);
}

/* The first of the queue: it is its turn.  Lock held. */
static void queue_turn(struct cache *c, struct surplus *surplus)
{
	take_turn(c, held_find(&c->held, queue_pop(c)), surplus);
}

/*
 * Nobody uses @at any more; that is the caller's to deal with, unless somebody
 * gets it meanwhile.
 */
void singlet_letgo_settle(struct cache *c, struct held_at at, enum held_put put)
{
	struct surplus surplus;

	surplus.nr = 0;
	pthread_mutex_lock(&c->lock);
	if (put == HELD_TO_END || queue_push(c, at.handle))
		take_turn(c, at, &surplus);	/* not to be kept, or it cannot */
	/* Many at a time, so that most put without a system call. */
	if (c->queue.nr > c->keep)
		while (c->queue.nr && surplus.nr < LETGO_LOT &&
		       c->queue.nr > c->keep - c->keep / 4)
			queue_turn(c, &surplus);
	pthread_mutex_unlock(&c->lock);
	singlet_letgo_give_back(c, &surplus);
}

/* Everything that waits now. */
void singlet_letgo_flush(struct cache *c)
{
	size_t left;

	pthread_mutex_lock(&c->lock);
	left = c->queue.nr;
	pthread_mutex_unlock(&c->lock);
	while (left) {
		struct surplus surplus;

		surplus.nr = 0;
		pthread_mutex_lock(&c->lock);
		if (!c->queue.nr)
			left = 0;
		for (; left && c->queue.nr && surplus.nr < LETGO_LOT; left--)
			queue_turn(c, &surplus);
		pthread_mutex_unlock(&c->lock);
		singlet_letgo_give_back(c, &surplus);
	}
}

/* In the child of a fork */

/* A plain object that is being written is the parent's. */
static bool is_parents(struct cache *c, struct held_at at)
{
	struct singlet_query_item item;

	return at.record && atomic_load(&at.record->refs) & RECORD_BRIEF &&
	       singlet_object_query(c->session, known_id(c, at), &item);
}

/* In the queue, or not, and to be so: nobody else does anything with it. */
static void set_queued(struct held_at at, bool queued)
{
	if (at.record)
		atomic_store(&at.record->refs,
			     (atomic_load(&at.record->refs) & ~RECORD_QUEUED) |
			     (queued ? RECORD_QUEUED : 0));
	else
		atomic_store(at.count, (atomic_load(at.count) & HELD_COUNT) |
				       (queued ? HELD_QUEUED : 0));
}

/*
 * What other threads were about to do with what nobody uses is not done any more.
 * Lock held.
 */
static void settle_anew(void *ctx, struct held_at at)
{
	struct surplus surplus = { .nr = 0 };
	struct cache *c = ctx;
	bool brief;

	at = known_with_record(c, at);
	if (is_parents(c, at)) {
		atomic_store(&at.record->refs, 0);
		forget(c, at, 0, NULL);
		return;
	}
	brief = at.record && atomic_load(&at.record->refs) & RECORD_BRIEF;
	set_queued(at, false);
	if ((at.record ? atomic_load(&at.record->refs) & RECORD_COUNT :
			 held_number(at)) > 1)
		return;
	if (!brief && !queue_push(c, at.handle))
		set_queued(at, true);
	else
		take_turn(c, at, &surplus);	/* not to be kept, or it cannot */
	singlet_letgo_give_back(c, &surplus);
}

void singlet_letgo_settle_anew(struct cache *c)
{
	c->queue.nr = 0;
	singlet_held_for_each(&c->held, settle_anew, c);
}
