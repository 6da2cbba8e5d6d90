// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What this process holds; see held.h. */
#define _GNU_SOURCE
#include "held.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LINE		64
#define BLOCK_BYTES	((size_t)1 << 16)

/* Arrays of counts, one behind the other, as none is given back before the end. */
struct held_block {
	struct held_block *older;
	held_count count[];
};


void singlet_held_end(struct held_table *t)
{
	struct held_block *older;
	size_t i;

	for (i = 0; i < HELD_CHUNKS; i++)
		free(atomic_load(&t->chunk[i]));
	for (; t->block; t->block = older) {
		older = t->block->older;
		munmap(t->block, BLOCK_BYTES);
	}
}

static struct held_chunk *get_chunk(struct held_table *t, uint32_t nr)
{
	struct held_chunk *chunk = atomic_load(&t->chunk[nr]);

	if (chunk)
		return chunk;
	chunk = aligned_alloc(LINE, sizeof(*chunk));
	if (!chunk)
		return NULL;
	memset(chunk, 0, sizeof(*chunk));
	t->bytes += sizeof(*chunk);
	/* Release, here and in grow(): pairs with the acquire in held_find(). */
	atomic_store_explicit(&t->chunk[nr], chunk, memory_order_release);
	return chunk;
}

/* @nr counts of 0, or NULL. */
static held_count *new_counts(struct held_table *t, uint32_t nr)
{
	size_t room = BLOCK_BYTES - sizeof(struct held_block);
	held_count *counts;

	if (!t->block || nr > room - t->block_used) {
		struct held_block *block;

		block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (block == MAP_FAILED)
			return NULL;
		block->older = t->block;
		t->block = block;
		t->block_used = 0;
	}
	counts = &t->block->count[t->block_used];
	t->block_used += nr;
	t->bytes += nr;
	return counts;
}

/* More counts than there are at @place, where nothing is held. */
static bool grow(struct held_table *t, struct held_place *place, uint32_t cap)
{
	held_count *counts = new_counts(t, cap);

	if (!counts)
		return false;
	/* In this order: see struct held_place. */
	atomic_store_explicit(&place->count, counts, memory_order_release);
	atomic_store_explicit(&place->cap, cap, memory_order_release);
	return true;
}

/* See to the counts at @place of an object on which the session has a reference. */
static bool get_place(struct held_table *t, struct held_place *place,
		      const struct map *map, uint64_t id)
{
	struct map_slab where = {};

	/* While one is held, the slab's place is known, and so how many can be. */
	if (place->nr)
		return true;
	if (!singlet_map_slab(map, id, &where))
		where = (struct map_slab){ .slots = 1u << HELD_SLOT_BITS };
	if (where.slots > atomic_load(&place->cap) &&
	    !grow(t, place, where.slots))
		return false;
	atomic_store_explicit(&place->base, where.base, memory_order_relaxed);
	atomic_store_explicit(&place->size, where.size, memory_order_relaxed);
	return true;
}

/*
 * The count of an object on which the session has a reference.  Lock held.
 * Return: none: no memory.
 */
struct held_at singlet_held_entry(struct held_table *t, const struct map *map,
				  uint64_t id)
{
	uint32_t index = (uint32_t)id >> HELD_SLOT_BITS;
	struct held_chunk *chunk;

	chunk = get_chunk(t, index >> HELD_CHUNK_BITS);
	if (!chunk ||
	    !get_place(t, &chunk->place[index & ((1u << HELD_CHUNK_BITS) - 1)],
		       map, id))
		return (struct held_at){ .handle = (uint32_t)id };
	return held_find(t, (uint32_t)id);
}

/* @first: the handle of its first slot. */
static void each_of_slab(struct held_place *place, uint32_t first, held_fn fn,
			 void *ctx)
{
	uint32_t cap = atomic_load(&place->cap), i;
	held_count *counts = atomic_load(&place->count);

	for (i = 0; place->nr && i < cap; i++)
		if (atomic_load(&counts[i]) & HELD_COUNT)
			fn(ctx, (struct held_at){ .count = &counts[i],
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
