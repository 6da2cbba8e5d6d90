// SPDX-License-Identifier: GPL-2.0
/* index - what processes map to find objects by themselves; see index.h */
#include "index.h"

#include <linux/slab.h>

#include "arena.h"
#include "compat/alloc.h"
#include "pages.h"

/* Lines as the kernel has them are lines as processes see them. */
static_assert(sizeof(struct singlet_line) == sizeof(struct singlet_index_line));
static_assert(offsetof(struct singlet_line, tag) ==
	      offsetof(struct singlet_index_line, tag));
static_assert(offsetof(struct singlet_line, handle) ==
	      offsetof(struct singlet_index_line, handle));
static_assert(offsetof(struct singlet_line, next) ==
	      offsetof(struct singlet_index_line, next));
static_assert(LINE_ENTRIES == SINGLET_LINE_ENTRIES);
static_assert(SINGLET_TYPE_INDEX(U32_MAX) == INFO_TYPE_MASK);
static_assert((u64)TABLE_BUCKETS_MAX * sizeof(struct singlet_line) <=
	      SINGLET_MAP_LINES_SIZE);
static_assert(sizeof(struct singlet_index_head) <= SINGLET_MAP_HEAD_SIZE);

/* Lines */

static struct singlet_arena *watched(struct singlet_table_watch *watch)
{
	return container_of(watch, struct singlet_index, watch)->arena;
}

static void lines_appeared(struct singlet_table_watch *watch)
{
	singlet_arena_appeared(watched(watch));
}

static void lines_gone(struct singlet_table_watch *watch)
{
	singlet_arena_zap(watched(watch), SINGLET_MAP_HOME,
			  SINGLET_MAP_LINES_SIZE);
	singlet_arena_zap(watched(watch), SINGLET_MAP_OVER,
			  SINGLET_MAP_LINES_SIZE);
}

/* Beginning and end */

/**
 * singlet_index_new() - the part of an index that is neither lines nor marks
 * @arena: whose slabs have marks, or will have
 * @key: what the table's hashes are made with
 *
 * Context: Process, sleeps.
 * Return: The index, to be freed with singlet_index_free(); or NULL.
 */
struct singlet_index *singlet_index_new(struct singlet_arena *arena,
					const struct singlet_hash_key *key)
{
	struct singlet_index *index;

	index = kzalloc_obj(*index, GFP_KERNEL_ACCOUNT);
	if (!index)
		return NULL;
	index->head = singlet_pages_alloc(1, GFP_KERNEL_ACCOUNT);
	if (!index->head) {
		kfree(index);
		return NULL;
	}
	index->arena = arena;
	index->head->key = *key;
	index->watch.appeared = lines_appeared;
	index->watch.gone = lines_gone;
	index->watch.buckets = &index->head->buckets;
	return index;
}

/* Nothing is mapped, and the table is gone. */
void singlet_index_free(struct singlet_index *index)
{
	if (!index)
		return;
	singlet_pages_free(index->head, 1);
	kfree(index);
}

size_t singlet_index_bytes(const struct singlet_index *index)
{
	return index ? sizeof(*index) + PAGE_SIZE : 0;
}
