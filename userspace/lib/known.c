// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What is known of what this process holds; see known.h. */
#include "known.h"

#include <errno.h>
#include <stdlib.h>

/* @copy is malloc's.  Lock held.  Return: false: there is one, so it stays so. */
bool singlet_known_set_copy(struct cache *c, struct record *r, void *copy, uint32_t len)
{
	if (atomic_load(&r->copy))
		return false;
	c->records.bytes += len;
	atomic_store_explicit(&r->copy, copy, memory_order_release);
	return true;
}

int singlet_known_copy(struct cache *c, struct record *r, const void *data,
		      uint32_t len)
{
	void *copy = malloc(len ? len : 1);

	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, data, len);
	if (!singlet_known_set_copy(c, r, copy, len))
		free(copy);
	return 0;
}

/* Nothing is held by it any more, nor will be: its @refs are 0.  Lock held. */
void singlet_known_end_record(struct cache *c, struct record *r)
{
	void *copy = atomic_exchange(&r->copy, NULL);

	if (r->named)
		singlet_values_remove(&c->values, r->hash,
				      atomic_load(&r->handle));
	if (copy)
		c->records.bytes -= atomic_load(&r->len);
	free(copy);
	singlet_record_end(&c->records, r);
}

/*
 * See to it that what is held at @at has a record.  Until the count says so, and
 * then until the record's @refs are what the count was, nobody can do anything with
 * it: what is to be got is not held, and what is to be put waits for the lock.  Lock
 * held.  Return: 0 or -ENOMEM.
 */
int singlet_known_make_record(struct cache *c, struct held_at *at)
{
	uint64_t mark = known_mark(c, *at);
	struct record *r;
	uint8_t old;

	at->record = singlet_record_find(&c->records, at->handle);
	if (at->record)
		return 0;
	r = singlet_record_new(&c->records, at->handle);
	if (!r)
		return -ENOMEM;
	atomic_store(&r->gen, mark >> 32);
	atomic_store(&r->len, known_len(mark, *at));
	atomic_store(&r->type, known_type(mark));
	/*
	 * Acquire: pairs with the release in held_put().  Release, here and of
	 * @refs: of the record's members; pairs with held_number() and with the
	 * acquire of who gets the record.
	 */
	old = atomic_exchange_explicit(at->count, HELD_RECORD,
				       memory_order_acq_rel);
	atomic_store_explicit(&r->refs, (old & HELD_COUNT) |
			      (old & HELD_QUEUED ? RECORD_QUEUED : 0),
			      memory_order_release);
	at->record = r;
	return 0;
}

/*
 * As known_with_record(), without the lock, of what the caller has.  One that is
 * missed, or just being made, is there once nobody has the lock.
 */
struct held_at singlet_known_find_record(struct cache *c, struct held_at at)
{
	at.record = singlet_record_find(&c->records, at.handle);
	/* Acquire: pairs with the release in singlet_known_make_record(). */
	if (at.record &&
	    atomic_load_explicit(&at.record->refs, memory_order_acquire))
		return at;
	pthread_mutex_lock(&c->lock);
	at = known_with_record(c, at);
	pthread_mutex_unlock(&c->lock);
	return at;
}
