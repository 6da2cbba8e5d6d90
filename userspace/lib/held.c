// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What this process holds; see held.h. */
#include "held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE	64

/* Zeroed, from a cache line's beginning on. */
static void *alloc_lines(size_t bytes)
{
	void *p;

	bytes = (bytes + LINE - 1) / LINE * LINE;
	p = aligned_alloc(LINE, bytes);
	return p ? memset(p, 0, bytes) : NULL;
}

static void free_copies(struct held_slab *slab)
{
	uint32_t i;

	for (i = 0; slab->copy && i < slab->cap; i++)
		free(atomic_load(&slab->copy[i]));
	free(slab->copy);
}

void singlet_held_end(struct held_table *t)
{
	struct held_slab *slab, *older;
	struct held_chunk *chunk;
	size_t i, j;

	for (i = 0; i < HELD_CHUNKS; i++) {
		chunk = atomic_load(&t->chunk[i]);
		for (j = 0; chunk && j < 1u << HELD_CHUNK_BITS; j++)
			for (slab = held_slab(&chunk->place[j]); slab;
			     slab = older) {
				older = slab->older;
				free_copies(slab);
				free(slab);
			}
		free(chunk);
	}
}

static struct held_chunk *get_chunk(struct held_table *t, uint32_t nr)
{
	struct held_chunk *chunk = atomic_load(&t->chunk[nr]);

	if (chunk)
		return chunk;
	chunk = alloc_lines(sizeof(*chunk));
	if (!chunk)
		return NULL;
	t->bytes += sizeof(*chunk);
	/* Release, here and in grow(): pairs with the acquire in held_find(). */
	atomic_store_explicit(&t->chunk[nr], chunk, memory_order_release);
	return chunk;
}

/* More entries than there are at @place, none of which is held. */
static int grow(struct held_table *t, struct held_place *place, uint32_t cap)
{
	size_t bytes = sizeof(struct held_slab) +
		       cap * (sizeof(struct held) + sizeof(uint32_t));
	struct held_slab *slab = alloc_lines(bytes);

	if (!slab)
		return -ENOMEM;
	slab->cap = cap;
	slab->hash = (uint32_t *)&slab->slot[cap];
	slab->older = held_slab(place);
	t->bytes += bytes;
	/* In this order: see struct held_place. */
	atomic_store_explicit(&place->slab, slab, memory_order_release);
	atomic_store_explicit(&place->cap, cap, memory_order_release);
	return 0;
}

/* Room for copies of what cannot be mapped. */
static int make_copies(struct held_table *t, struct held_slab *slab)
{
	if (slab->copy)
		return 0;
	slab->copy = calloc(slab->cap, sizeof(*slab->copy));
	if (!slab->copy)
		return -ENOMEM;
	t->bytes += slab->cap * sizeof(*slab->copy);
	return 0;
}

/* See to the entries at @place of an object on which the session has a reference. */
static int get_slab(struct held_table *t, struct held_place *place,
		    const struct map *map, uint64_t id)
{
	const struct held_slab *old = held_slab(place);
	struct map_slab where = {};

	/* While one is held, the slab's place is known, and so how many can be. */
	if (old && old->nr)
		return 0;
	if (!singlet_map_slab(map, id, &where))
		where = (struct map_slab){ .slots = 1u << HELD_SLOT_BITS };
	if ((!old || where.slots > old->cap) && grow(t, place, where.slots))
		return -ENOMEM;
	if (!where.base && make_copies(t, held_slab(place)))
		return -ENOMEM;
	atomic_store_explicit(&place->base, where.base, memory_order_relaxed);
	atomic_store_explicit(&place->size, where.size, memory_order_relaxed);
	return 0;
}

/*
 * The entry of an object on which the session has a reference.  Lock held.
 * Return: none: no memory.
 */
struct held_at singlet_held_entry(struct held_table *t, const struct map *map,
				  uint64_t id)
{
	uint32_t index = (uint32_t)id >> HELD_SLOT_BITS;
	struct held_chunk *chunk;

	chunk = get_chunk(t, index >> HELD_CHUNK_BITS);
	if (!chunk ||
	    get_slab(t, &chunk->place[index & ((1u << HELD_CHUNK_BITS) - 1)],
		     map, id))
		return (struct held_at){ .handle = (uint32_t)id };
	return held_find(t, (uint32_t)id);
}

/*
 * Keep the value of @at, which is not mapped: @copy is malloc's.  Lock held.
 * Return: false: there is one, and @copy stays the caller's.
 */
bool singlet_held_set_copy(struct held_table *t, struct held_at at, void *copy,
			   uint32_t len)
{
	_Atomic(void *) *place = &held_slab(at.place)->copy[held_slot(at.handle)];

	if (atomic_load(place))
		return false;
	t->bytes += len;
	atomic_store_explicit(place, copy, memory_order_release);
	return true;
}

/* The same with a copy of @data.  Return: 0 or -ENOMEM. */
int singlet_held_copy(struct held_table *t, struct held_at at, const void *data,
		      uint32_t len)
{
	void *copy = malloc(len ? len : 1);

	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, data, len);
	if (!singlet_held_set_copy(t, at, copy, len))
		free(copy);
	return 0;
}

/* Nobody uses it any more; its length is known if there is a copy.  Lock held. */
void singlet_held_drop_copy(struct held_table *t, struct held_at at)
{
	void *copy;

	if (at.place->base)
		return;
	copy = atomic_exchange(&held_slab(at.place)->copy[held_slot(at.handle)],
			       NULL);
	if (copy)
		t->bytes -= atomic_load(&at.h->len);
	free(copy);
}

/* @first: the handle of its first slot. */
static void each_of_slab(struct held_place *place, uint32_t first, held_fn fn,
			 void *ctx)
{
	struct held_slab *slab = held_slab(place);
	uint32_t i;

	for (i = 0; slab && slab->nr && i < slab->cap; i++)
		if (atomic_load(&slab->slot[i].refs) & HELD_COUNT)
			fn(ctx, (struct held_at){ .h = &slab->slot[i],
						  .place = place,
						  .handle = first + i });
}

/* Everything that is held, whether it is used or not.  Lock held. */
void singlet_held_for_each(struct held_table *t, held_fn fn, void *ctx)
{
	uint32_t i, j;

	for (i = 0; i < HELD_CHUNKS; i++) {
		struct held_chunk *chunk = atomic_load(&t->chunk[i]);

		for (j = 0; chunk && j < 1u << HELD_CHUNK_BITS; j++)
			each_of_slab(&chunk->place[j],
				     (i << HELD_CHUNK_BITS | j) <<
				     HELD_SLOT_BITS, fn, ctx);
	}
}
