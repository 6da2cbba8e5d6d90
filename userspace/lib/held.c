// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What this process holds; see held.h. */
#include "held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
			for (slab = atomic_load(&chunk->slab[j]); slab;
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
	chunk = calloc(1, sizeof(*chunk));
	if (!chunk)
		return NULL;
	t->bytes += sizeof(*chunk);
	atomic_store_explicit(&t->chunk[nr], chunk, memory_order_release);
	return chunk;
}

/* Nothing in @slab is held, so nobody looks at its place. */
static int set_place(struct held_table *t, struct held_slab *slab,
		     const struct map_slab *place)
{
	slab->base = place->base;
	slab->size = place->size;
	if (slab->base || slab->copy)
		return 0;
	slab->copy = calloc(slab->cap, sizeof(*slab->copy));
	if (!slab->copy)
		return -ENOMEM;
	t->bytes += slab->cap * sizeof(*slab->copy);
	return 0;
}

/* The slab at @at of an object on which the session has a reference. */
static struct held_slab *get_slab(struct held_table *t,
				  _Atomic(struct held_slab *) *at,
				  const struct map *map, uint64_t id)
{
	struct held_slab *old = atomic_load(at), *slab = old;
	struct map_slab place = {};
	uint32_t cap = 16, i;
	size_t bytes = 0;

	if (old && old->nr)
		return old;
	/* While one is held, the slab's place is known, and so how many can be. */
	if (!singlet_map_slab(map, id, &place))
		place = (struct map_slab){ .slots = 1u << HELD_SLOT_BITS };
	if (!old || place.slots > old->cap) {
		while (cap < place.slots)
			cap *= 2;
		bytes = sizeof(*slab) + cap * sizeof(slab->slot[0]);
		slab = calloc(1, bytes);
		if (!slab)
			return NULL;
		slab->cap = cap;
		slab->older = old;
		for (i = 0; i < cap; i++)
			slab->slot[i].handle = ((uint32_t)id >> HELD_SLOT_BITS <<
						HELD_SLOT_BITS) | i;
	}
	if (set_place(t, slab, &place)) {
		if (slab != old)
			free(slab);
		return NULL;
	}
	t->bytes += bytes;
	atomic_store_explicit(at, slab, memory_order_release);
	return slab;
}

/*
 * The entry of an object on which the session has a reference.  Lock held.
 * Return: NULL: no memory.
 */
struct held *singlet_held_entry(struct held_table *t, const struct map *map,
				uint64_t id)
{
	uint32_t index = (uint32_t)id >> HELD_SLOT_BITS;
	struct held_chunk *chunk;
	struct held_slab *slab;

	chunk = get_chunk(t, index >> HELD_CHUNK_BITS);
	if (!chunk)
		return NULL;
	slab = get_slab(t, &chunk->slab[index & ((1u << HELD_CHUNK_BITS) - 1)],
			map, id);
	return slab ? &slab->slot[held_slot((uint32_t)id)] : NULL;
}

/*
 * Keep the value of @h, which is not mapped: @copy is malloc's.  Lock held.
 * Return: false: there is one, and @copy stays the caller's.
 */
bool singlet_held_set_copy(struct held_table *t, struct held *h, void *copy,
			   uint32_t len)
{
	_Atomic(void *) *at = &held_slab(h)->copy[held_slot(h->handle)];

	if (atomic_load(at))
		return false;
	t->bytes += len;
	atomic_store_explicit(at, copy, memory_order_release);
	return true;
}

/* The same with a copy of @data.  Return: 0 or -ENOMEM. */
int singlet_held_copy(struct held_table *t, struct held *h, const void *data,
		      uint32_t len)
{
	void *copy = malloc(len ? len : 1);

	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, data, len);
	if (!singlet_held_set_copy(t, h, copy, len))
		free(copy);
	return 0;
}

/* Nobody uses it any more; its length is known if there is a copy.  Lock held. */
void singlet_held_drop_copy(struct held_table *t, struct held *h)
{
	struct held_slab *slab = held_slab(h);
	void *copy;

	if (slab->base)
		return;
	copy = atomic_exchange(&slab->copy[held_slot(h->handle)], NULL);
	if (copy)
		t->bytes -= atomic_load(&h->len);
	free(copy);
}

static void each_of_slab(struct held_slab *slab, held_fn fn, void *ctx)
{
	uint32_t i;

	for (i = 0; slab->nr && i < slab->cap; i++)
		if (atomic_load(&slab->slot[i].refs) & HELD_COUNT)
			fn(ctx, &slab->slot[i]);
}

/* Everything that is held, whether it is used or not.  Lock held. */
void singlet_held_for_each(struct held_table *t, held_fn fn, void *ctx)
{
	uint32_t i, j;

	for (i = 0; i < HELD_CHUNKS; i++) {
		struct held_chunk *chunk = atomic_load(&t->chunk[i]);

		for (j = 0; chunk && j < 1u << HELD_CHUNK_BITS; j++)
			if (atomic_load(&chunk->slab[j]))
				each_of_slab(atomic_load(&chunk->slab[j]), fn,
					     ctx);
	}
}
