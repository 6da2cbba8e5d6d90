// SPDX-License-Identifier: GPL-2.0
/*
 * The ABI's layout, checked while compiling: the same for 32-bit and 64-bit
 * callers, no holes, sizes that are multiples of 8.
 */
#include <stddef.h>

#include <linux/singlet.h>
#include <linux/singlet_index.h>

/* The last member ends where the structure does; sizes are published. */
#define LAYOUT(name, bytes, last)					\
	_Static_assert(sizeof(struct name) == (bytes), #name " size");	\
	_Static_assert((bytes) % 8 == 0, #name " multiple of 8");	\
	_Static_assert(offsetof(struct name, last) +			\
			       sizeof(((struct name *)0)->last) ==	\
			       sizeof(struct name), #name " tail")

LAYOUT(singlet_info, 48, access);
LAYOUT(singlet_type_create, 40, reserved);
LAYOUT(singlet_type_delete, 16, reserved);
LAYOUT(singlet_type_info, 104, name);
LAYOUT(singlet_type_query, 128, info);
LAYOUT(singlet_type_list, 32, reserved);
LAYOUT(singlet_batch, 32, reserved);
LAYOUT(singlet_intern_item, 32, created);
LAYOUT(singlet_ref_item, 16, result);
LAYOUT(singlet_read_item, 32, result);
LAYOUT(singlet_query_item, 40, reserved);
LAYOUT(singlet_alloc_item, 24, reserved);
LAYOUT(singlet_write_item, 32, reserved);
LAYOUT(singlet_seal_item, 16, reserved);
LAYOUT(singlet_stats, 256, refusals);
LAYOUT(singlet_collect, 40, pages);
LAYOUT(singlet_list_entry, 24, state);
LAYOUT(singlet_list, 40, reserved);
LAYOUT(singlet_domain_create, 32, reserved);
LAYOUT(singlet_domain_join, 32, reserved);
LAYOUT(singlet_domain_delete, 32, serial);
LAYOUT(singlet_domain_set, 80, limit);
LAYOUT(singlet_domain_info, 296, name);
LAYOUT(singlet_domain_query, 320, info);
LAYOUT(singlet_domain_list, 32, entry_size);
LAYOUT(singlet_leak, 32, pid);
LAYOUT(singlet_leaks, 40, reserved);

/* Members behind which a 32-bit layout would differ, were it not aligned. */
_Static_assert(offsetof(struct singlet_info, features) == 8, "info");
_Static_assert(offsetof(struct singlet_type_create, name) == 8, "create");
_Static_assert(offsetof(struct singlet_type_info, objects) == 16, "type");
_Static_assert(offsetof(struct singlet_type_query, info) == 24, "query");
_Static_assert(offsetof(struct singlet_batch, items) == 8, "batch");
_Static_assert(offsetof(struct singlet_intern_item, id) == 16, "intern");
_Static_assert(offsetof(struct singlet_alloc_item, id) == 8, "alloc");
_Static_assert(offsetof(struct singlet_stats, sessions) == 8, "stats");
_Static_assert(offsetof(struct singlet_list, cursor) == 16, "list");
_Static_assert(offsetof(struct singlet_domain_set, limit) == 32, "set");
_Static_assert(offsetof(struct singlet_domain_info, sessions) == 32, "domain");
_Static_assert(offsetof(struct singlet_domain_query, info) == 24, "domain");

/* Numbers that are published. */
_Static_assert(SINGLET_INFO == 0xe800 && SINGLET_LIST == 0xe810, "commands");
_Static_assert(SINGLET_INTERN == 0xe805 && SINGLET_STATS == 0xe80e, "commands");
_Static_assert(SINGLET_DOMAIN_CREATE == 0xe811 && SINGLET_LEAKS == 0xe819,
	       "commands");
_Static_assert(SINGLET_TYPE_TUPLE == 7 && SINGLET_QUOTAS == 6, "numbers");
_Static_assert(SINGLET_TYPE_NONE == 1 && SINGLET_TYPE_BYTES == 6, "types");

/* What is mapped: an entry has three fields, the arena fits its offsets. */
_Static_assert(SINGLET_MAP_SLABS == 0 && SINGLET_MAP_ARENA == 1ULL << 40 &&
	       SINGLET_MAP_SLABS_SIZE == (32U << 20) + 8, "ranges");
_Static_assert(SINGLET_MAP_ARENA_SIZE == 13 * (32ULL << 30), "arena");
_Static_assert(SINGLET_SLAB_SLOTS(~0ULL) == 1023 &&
	       SINGLET_SLAB_SIZE(~0ULL) == (64U << 20) - 1 &&
	       SINGLET_SLAB_OFFSET(~0ULL) == ((1ULL << 28) - 1) << 12, "entry");
_Static_assert(SINGLET_SLAB_OFFSET(~0ULL) >= SINGLET_MAP_ARENA_SIZE - 4096,
	       "offsets");
_Static_assert(SINGLET_ID_SLOT(~0ULL) == 511 &&
	       SINGLET_ID_INDEX(~0ULL) == (4U << 20) - 1 &&
	       SINGLET_ID_WORLD == 1U << 31, "ids");

extern const int singlet_layout;
const int singlet_layout = 1;

/* The index: a line is a cache line, the ranges are apart, a mark has its fields. */
_Static_assert(sizeof(struct singlet_index_line) == 64 &&
	       offsetof(struct singlet_index_line, handle) == 20 &&
	       offsetof(struct singlet_index_line, next) == 60, "line");
_Static_assert(sizeof(struct singlet_index_head) == 96 &&
	       offsetof(struct singlet_index_head, key) == 8 &&
	       sizeof(struct singlet_hash_key) == 88, "head");
_Static_assert(SINGLET_MAP_SLABS_SIZE <= SINGLET_MAP_HEAD &&
	       SINGLET_MAP_HEAD + SINGLET_MAP_HEAD_SIZE == SINGLET_MAP_BORROWS &&
	       SINGLET_MAP_SETS + SINGLET_MAP_SETS_SIZE <= SINGLET_MAP_HOME &&
	       SINGLET_MAP_HOME + SINGLET_MAP_LINES_SIZE <= SINGLET_MAP_OVER &&
	       SINGLET_MAP_OVER + SINGLET_MAP_LINES_SIZE <= SINGLET_MAP_MARKS &&
	       SINGLET_MAP_MARKS + SINGLET_MAP_MARKS_SIZE <= SINGLET_MAP_ARENA,
	       "ranges of the index");
_Static_assert(SINGLET_MARK(SINGLET_MARK_TYPE_MAX, SINGLET_MARK_SLACK) ==
	       (~0U & ~SINGLET_MARK_DOOMED), "mark");
_Static_assert((SINGLET_BORROWS + 1) * 8 == SINGLET_MAP_BORROWS_SIZE,
	       "page of borrows");
