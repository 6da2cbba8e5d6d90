/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What this process holds: how often, by handle.
 *
 * A handle is the lower half of an id: which slab, which slot.  For every slab
 * in which the process holds something there is an array with an entry for each
 * slot.  Entries are never anything else until the end, so that whoever has an
 * old handle finds one, and in @refs whether it still means something.
 *
 *   refs   0            nothing is held
 *          1            the session has its reference, nobody here uses it
 *          1 + n        n users
 *
 * Who may do what:
 *   get      0 stays 0; otherwise one more, by compare and exchange; no lock.
 *   put      down to 1, likewise.  The one who makes it 1 sets HELD_QUEUED in
 *            the same step if it was not set, and then has to queue the entry.
 *   take in  0 to 1 + n: under the cache's lock, after all else was written
 *            (release; pairs with the acquire of a get).
 *   let go   1 to 0: under the lock (acquire; pairs with the release of a put,
 *            so that every user's reads are over).  Then the session's reference
 *            is given back.
 * So whoever got one can use the entry, and through it the value, until he puts
 * it.  The kernel keeps the object, its slab and the slab's place meanwhile.
 */
#ifndef _SINGLET_HELD_H
#define _SINGLET_HELD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/singlet.h>

#include "map.h"

#define HELD_QUEUED	0x80000000u	/* in the cache's queue */
#define HELD_BRIEF	0x40000000u	/* not kept when nobody uses it */
#define HELD_COUNT	0x3fffffffu

#define HELD_LEN_UNKNOWN	UINT32_MAX

struct held {
	_Atomic uint32_t refs;
	_Atomic uint32_t gen;
	_Atomic uint32_t len;		/* or unknown: got by its id */
	_Atomic uint32_t type;		/* 0: unknown, and in no hash table */
};

/* The entries of a slab. */
struct held_slab {
	struct held_slab *older;	/* lock; outgrown ones, kept */
	uint32_t cap;			/* stable; entries */
	uint32_t nr;			/* lock; entries that are held */
	_Atomic(void *) *copy;		/* @cap of them, or NULL */
	uint32_t *hash;			/* lock; @cap of them, of those with a type */
	/* No entry is in two cache lines. */
	_Alignas(sizeof(struct held)) struct held slot[];
};

/*
 * A slab, in the directory of slabs: what leads to an entry and to its value is
 * here and not with the entries, so that both can be fetched at once.
 *
 * @cap grows only, and after @slab has an array of as many: who reads @cap first
 * (acquire) has an array that has them.  @base and @size change only while
 * nothing of the slab is held; to others they are a guess.
 */
struct held_place {
	/* None is in two cache lines. */
	_Alignas(32) _Atomic(struct held_slab *) slab;
	_Atomic(const char *) base;	/* NULL: not mapped, values are copied */
	_Atomic uint32_t size;		/* bytes of a slot */
	_Atomic uint32_t cap;		/* entries; 0: none was ever held */
};

/* An entry, and what leads to it, which says all else of it. */
struct held_at {
	struct held *h;			/* NULL: there is none */
	struct held_place *place;
	uint32_t handle;
};

#define HELD_SLOT_BITS	SINGLET_ID_SLOT_BITS
#define HELD_CHUNK_BITS	9
#define HELD_CHUNKS	(1u << (32 - HELD_SLOT_BITS - HELD_CHUNK_BITS))

struct held_chunk {
	struct held_place place[1u << HELD_CHUNK_BITS];
};

struct held_table {
	_Atomic(struct held_chunk *) chunk[HELD_CHUNKS];
	size_t nr;			/* lock; entries that are held */
	size_t bytes;			/* lock */
};

HIDDEN void singlet_held_end(struct held_table *t);
HIDDEN struct held_at singlet_held_entry(struct held_table *t,
					 const struct map *map, uint64_t id);
HIDDEN bool singlet_held_set_copy(struct held_table *t, struct held_at at,
				  void *copy, uint32_t len);
HIDDEN int singlet_held_copy(struct held_table *t, struct held_at at,
			     const void *data, uint32_t len);
HIDDEN void singlet_held_drop_copy(struct held_table *t, struct held_at at);

typedef void (*held_fn)(void *ctx, struct held_at at);
HIDDEN void singlet_held_for_each(struct held_table *t, held_fn fn, void *ctx);

static inline uint32_t held_slot(uint32_t handle)
{
	return handle & ((1u << HELD_SLOT_BITS) - 1);
}

/* The array of entries that @place has now. */
static inline struct held_slab *held_slab(const struct held_place *place)
{
	return atomic_load_explicit(&place->slab, memory_order_acquire);
}

/* The hash of an entry's value.  Lock held. */
static inline uint32_t *held_hash(struct held_at at)
{
	return &held_slab(at.place)->hash[held_slot(at.handle)];
}

/* The entry of @handle, or none. */
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
		at.h = &held_slab(at.place)->slot[slot];
	return at;
}

/* @n more users.  Return: false: it is not held, or by too many. */
static inline bool held_get(struct held *h, uint32_t n)
{
	uint32_t old = atomic_load_explicit(&h->refs, memory_order_relaxed);

	do {
		if (!(old & HELD_COUNT) || n > HELD_COUNT - (old & HELD_COUNT))
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&h->refs, &old, old + n,
							memory_order_acquire,
							memory_order_relaxed));
	return true;
}

static inline uint64_t held_id(struct held_at at)
{
	return (uint64_t)atomic_load_explicit(&at.h->gen,
					      memory_order_relaxed) << 32 |
	       at.handle;
}

enum held_put {
	HELD_IN_USE,
	HELD_TO_QUEUE,		/* nobody uses it: the caller queues it */
	HELD_TO_END,		/* likewise, and it is not to be kept */
	HELD_TOO_MANY,		/* nothing was done: it has not so many users */
};

/* @n users less, at least 1. */
static inline enum held_put held_put(struct held *h, uint32_t n)
{
	uint32_t old = atomic_load_explicit(&h->refs, memory_order_relaxed);
	uint32_t new;

	do {
		if ((old & HELD_COUNT) <= n)
			return HELD_TOO_MANY;
		new = old - n;
		if ((new & HELD_COUNT) == 1 && !(new & HELD_BRIEF))
			new |= HELD_QUEUED;
	} while (!atomic_compare_exchange_weak_explicit(&h->refs, &old, new,
							memory_order_release,
							memory_order_relaxed));
	if ((new & HELD_COUNT) != 1)
		return HELD_IN_USE;
	if (new & HELD_BRIEF)
		return HELD_TO_END;
	return old & HELD_QUEUED ? HELD_IN_USE : HELD_TO_QUEUE;
}

/* Where the value of an entry is if it is mapped, or NULL. */
static inline const char *held_mapped(struct held_at at)
{
	const char *base = atomic_load_explicit(&at.place->base,
						memory_order_relaxed);

	return base ? base + (size_t)held_slot(at.handle) *
		      atomic_load_explicit(&at.place->size,
					   memory_order_relaxed) : NULL;
}

/* The value of an entry that the caller got. */
static inline const void *held_data(struct held_at at)
{
	const char *mapped = held_mapped(at);

	return mapped ? mapped :
	       atomic_load_explicit(&held_slab(at.place)->
				    copy[held_slot(at.handle)],
				    memory_order_acquire);
}

/* Somebody will look at an entry and the value: they come together. */
static inline void held_prefetch(struct held_at at)
{
	__builtin_prefetch(at.h, 1);
	__builtin_prefetch(held_mapped(at));
}

#endif /* _SINGLET_HELD_H */
