/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What this process holds: how often, by handle.
 *
 * A handle is the lower half of an id: which slab, which slot.  For every slab
 * in which the process holds something there is an array with a byte for each
 * slot.  Arrays are never anything else until the end, so that whoever has an old
 * handle finds a byte, and in it whether it still means something.
 *
 *   count  0             nothing is held
 *          1             the session has its reference, nobody here uses it
 *          1 + n         n users, up to HELD_MAX in all
 *          HELD_RECORD   there is a record (record.h), which counts
 *
 * That is all that there is of an object that is in the index: what else is to be
 * known of it, its mark tells, which does not change while the session has its
 * reference (but for being doomed in vain).  Of what is not there, and of what has
 * many users, there is a record.
 *
 * Who may do what:
 *   get      0 stays 0; otherwise more, by compare and exchange; no lock.
 *   put      down to 1, likewise.  The one who makes it 1 sets HELD_QUEUED in
 *            the same step if it was not set, and then has to queue the entry.
 *   take in  0 to 1 + n: under the cache's lock, after all else was written
 *            (release; pairs with the acquire of a get).
 *   let go   1 to 0: under the lock (acquire; pairs with the release of a put,
 *            so that every user's reads are over).  Then the session's reference
 *            is given back.
 *   record   any but 0 to HELD_RECORD, and that to 0 when the record's count is:
 *            under the lock.
 * So whoever got one can use the object until he puts it.  The kernel keeps it, its
 * slab and the slab's place meanwhile.
 */
#ifndef _SINGLET_HELD_H
#define _SINGLET_HELD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/singlet.h>

#include "map.h"
#include "record.h"

#define HELD_QUEUED	0x80u		/* in the cache's queue */
#define HELD_COUNT	0x7fu
#define HELD_RECORD	0x7fu
#define HELD_MAX	0x7eu

typedef _Atomic uint8_t held_count;

/*
 * A slab, in the directory of slabs: what leads to a count and to the value is in
 * one place, so that both can be fetched at once.
 *
 * @cap grows only, and after @count has an array of as many: who reads @cap first
 * (acquire) has an array that has them.  @base and @size change only while
 * nothing of the slab is held; to others they are a guess.
 */
struct held_place {
	/* None is in two cache lines. */
	_Alignas(32) _Atomic(held_count *) count;
	_Atomic(const char *) base;	/* NULL: not mapped, values are copied */
	_Atomic uint32_t size;		/* bytes of a slot */
	_Atomic uint32_t cap;		/* counts; 0: none was ever held */
	uint32_t nr;			/* lock; how many are held */
};

/* A count, and what leads to it, which says all else of it. */
struct held_at {
	held_count *count;		/* NULL: there is none */
	struct held_place *place;
	struct record *record;		/* of one that the caller got; or NULL */
	uint32_t handle;
};

#define HELD_SLOT_BITS	SINGLET_ID_SLOT_BITS
#define HELD_CHUNK_BITS	9
#define HELD_CHUNKS	(1u << (32 - HELD_SLOT_BITS - HELD_CHUNK_BITS))

struct held_chunk {
	struct held_place place[1u << HELD_CHUNK_BITS];
};

struct held_block;

struct held_table {
	_Atomic(struct held_chunk *) chunk[HELD_CHUNKS];
	struct held_block *block;	/* lock; where arrays are cut from */
	size_t block_used;		/* lock */
	size_t nr;			/* lock; objects that are held */
	size_t bytes;			/* lock */
};

HIDDEN void singlet_held_end(struct held_table *t);
HIDDEN struct held_at singlet_held_entry(struct held_table *t,
					 const struct map *map, uint64_t id);

typedef void (*held_fn)(void *ctx, struct held_at at);
HIDDEN void singlet_held_for_each(struct held_table *t, held_fn fn, void *ctx);

static inline uint32_t held_slot(uint32_t handle)
{
	return handle & ((1u << HELD_SLOT_BITS) - 1);
}

/* The count of @handle, or none. */
static inline struct held_at held_find(const struct held_table *t,
				       uint32_t handle)
{
	uint32_t index = handle >> HELD_SLOT_BITS, slot = held_slot(handle);
	struct held_at at = { .handle = handle };
	struct held_chunk *chunk;

	chunk = atomic_load_explicit(&t->chunk[index >> HELD_CHUNK_BITS],
				     memory_order_acquire);
	if (!chunk)
		return at;
	at.place = &chunk->place[index & ((1u << HELD_CHUNK_BITS) - 1)];
	if (slot < atomic_load_explicit(&at.place->cap, memory_order_acquire))
		at.count = atomic_load_explicit(&at.place->count,
						memory_order_acquire) + slot;
	return at;
}

/*
 * How often it is held; HELD_RECORD: that is to be asked of a record, which is
 * found then.  Acquire, here, in held_get() and held_put(): pairs with the release
 * of who writes HELD_RECORD, in enter() and singlet_known_make_record().
 */
static inline uint32_t held_number(struct held_at at)
{
	return atomic_load_explicit(at.count, memory_order_acquire) & HELD_COUNT;
}

enum held_got {
	HELD_GOT,
	HELD_NOT,		/* it is not held */
	HELD_CROWDED,		/* nothing was done: a record is needed */
	HELD_ELSEWHERE,		/* nothing was done: there is a record */
};

/* @n more users. */
static inline enum held_got held_get(struct held_at at, uint32_t n)
{
	uint8_t old = atomic_load_explicit(at.count, memory_order_acquire);

	do {
		uint32_t count = old & HELD_COUNT;

		if (!count)
			return HELD_NOT;
		if (count == HELD_RECORD)
			return HELD_ELSEWHERE;
		if (n > HELD_MAX - count)
			return HELD_CROWDED;
	} while (!atomic_compare_exchange_weak_explicit(at.count, &old, old + n,
							memory_order_acquire,
							memory_order_acquire));
	return HELD_GOT;
}

enum held_put {
	HELD_IN_USE,
	HELD_TO_QUEUE,		/* nobody uses it: the caller queues it */
	HELD_TO_END,		/* likewise, and it is not to be kept */
	HELD_TOO_MANY,		/* nothing was done: it has not so many users */
	HELD_PUT_ELSEWHERE,	/* nothing was done: there is a record */
};

/* @n users less, at least 1. */
static inline enum held_put held_put(struct held_at at, uint32_t n)
{
	uint8_t old = atomic_load_explicit(at.count, memory_order_acquire), new;

	do {
		uint32_t count = old & HELD_COUNT;

		if (count == HELD_RECORD)
			return HELD_PUT_ELSEWHERE;
		if (count <= n)
			return HELD_TOO_MANY;
		new = old - n;
		if (count - n == 1)
			new |= HELD_QUEUED;
	} while (!atomic_compare_exchange_weak_explicit(at.count, &old, new,
							memory_order_release,
							memory_order_acquire));
	if ((new & HELD_COUNT) != 1 || old & HELD_QUEUED)
		return HELD_IN_USE;
	return HELD_TO_QUEUE;
}

/* Bytes of a slot of the slab, if it is mapped. */
static inline uint32_t held_size(struct held_at at)
{
	return atomic_load_explicit(&at.place->size, memory_order_relaxed);
}

/* Where the value is if it is mapped, or NULL. */
static inline const char *held_mapped(struct held_at at)
{
	const char *base = atomic_load_explicit(&at.place->base,
						memory_order_relaxed);

	return base ? base + (size_t)held_slot(at.handle) * held_size(at) :
		      NULL;
}

/* The value of what the caller got. */
static inline const void *held_data(struct held_at at)
{
	const char *mapped = held_mapped(at);

	return mapped ? mapped :
	       atomic_load_explicit(&at.record->copy, memory_order_acquire);
}

/* Somebody will look at a count and the value: they come together. */
static inline void held_prefetch(struct held_at at)
{
	__builtin_prefetch((const void *)at.count, 1);
	__builtin_prefetch(held_mapped(at));
}

#endif /* _SINGLET_HELD_H */
