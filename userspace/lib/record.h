/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Records: of objects that this process holds and of which a count (held.h) is not
 * enough.  They are not in the index, or are not mapped, or have many users.
 *
 *   refs   0            it is not held, or the count does not say HELD_RECORD yet
 *          1            the session has its reference, nobody here uses it
 *          1 + n        n users
 *
 * These change as counts do, and after all else was written (release; pairs with
 * the acquire of a get).  Memory of records is never anything else until the end,
 * but a record is that of another handle when it is used again: whoever got one
 * looks at @handle then, which does not change while he has it.
 *
 * They are found by handle without a lock, which can miss one that is just being
 * moved; whoever has to be sure looks again under the cache's lock.
 */
#ifndef _SINGLET_RECORD_H
#define _SINGLET_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hidden.h"
#include "values.h"

#define RECORD_QUEUED	0x80000000u	/* in the cache's queue */
#define RECORD_BRIEF	0x40000000u	/* not kept when nobody uses it */
#define RECORD_COUNT	0x3fffffffu

#define RECORD_LEN_UNKNOWN	UINT32_MAX

struct record {
	_Atomic uint32_t refs;
	_Atomic uint32_t handle;
	_Atomic uint32_t gen;
	_Atomic uint32_t len;		/* or unknown: got by its id */
	_Atomic uint32_t type;		/* 0: unknown */
	uint32_t number;		/* stable */
	uint32_t hash;			/* lock; if @named; or the next free one */
	bool named;			/* lock; it is found by its value */
	_Atomic(void *) copy;		/* of a value that is not mapped; or NULL */
};

#define RECORD_CHUNKS	24		/* each twice as large as the one before */
#define RECORD_FIRST	64u		/* records in the first */

struct records {
	struct values numbers;		/* of handles, mixed */
	_Atomic(struct record *) chunk[RECORD_CHUNKS];
	uint32_t made;			/* lock */
	uint32_t free;			/* lock; number + 1, or 0 */
	size_t bytes;			/* lock */
};

HIDDEN int singlet_records_init(struct records *r);
HIDDEN void singlet_records_end(struct records *r);
HIDDEN struct record *singlet_record_new(struct records *r, uint32_t handle);
HIDDEN void singlet_record_end(struct records *r, struct record *record);
HIDDEN struct record *singlet_record_find(const struct records *r,
					  uint32_t handle);

/* @n more users.  Return: false: it is not held, or by too many. */
static inline bool record_get(struct record *r, uint32_t n)
{
	uint32_t old = atomic_load_explicit(&r->refs, memory_order_relaxed);

	do {
		uint32_t count = old & RECORD_COUNT;

		if (!count || n > RECORD_COUNT - count)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&r->refs, &old, old + n,
							memory_order_acquire,
							memory_order_relaxed));
	return true;
}

#endif /* _SINGLET_RECORD_H */
