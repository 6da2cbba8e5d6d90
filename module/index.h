/* SPDX-License-Identifier: GPL-2.0 */
/*
 * index - what processes map to find and borrow objects by themselves
 *
 * The lines of a store's table, as they are (table_lines.h), the marks of its
 * slabs (marks.h), pages of borrows (borrow.h), and the head, a page with the
 * hash key and the number of buckets.  A store has it as soon as somebody maps
 * a part of it, until the store is freed.
 *
 * To processes all of it is a hint.  A page of lines that a table gives up is
 * unmapped before it is freed; who touches it then sees a page of zeros, a
 * bucket without entries, and asks the kernel.  That page of zeros is taken out
 * of the page tables again when a page is added (singlet_arena_appeared()).
 *
 * Locking: the pool's arena_mutex while it is made; @faults of the arena while a
 * page is looked up and put into page tables.
 */
#ifndef SINGLET_INDEX_H
#define SINGLET_INDEX_H

#include <uapi/linux/singlet_index.h>

#include "table.h"

struct singlet_arena;

struct singlet_index {
	struct singlet_index_head *head;	/* a page */
	struct singlet_table_watch watch;
	struct singlet_arena *arena;	/* stable */
};

/* Are the kernel's pages as large as those that the index consists of? */
#define INDEX_POSSIBLE	(PAGE_SIZE == SINGLET_MAP_HEAD_SIZE)

struct singlet_index *singlet_index_new(struct singlet_arena *arena,
					const struct singlet_hash_key *key);
void singlet_index_free(struct singlet_index *index);
size_t singlet_index_bytes(const struct singlet_index *index);

#endif
