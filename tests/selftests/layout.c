// SPDX-License-Identifier: GPL-2.0
/*
 * The ABI's layout, checked while compiling: the same for 32-bit and 64-bit
 * callers, no holes, sizes that are multiples of 8.
 */
#include <stddef.h>

#include <linux/singlet.h>

/* The last member ends where the structure does; sizes are published. */
#define LAYOUT(name, bytes, last)					\
	_Static_assert(sizeof(struct name) == (bytes), #name " size");	\
	_Static_assert((bytes) % 8 == 0, #name " multiple of 8");	\
	_Static_assert(offsetof(struct name, last) +			\
			       sizeof(((struct name *)0)->last) ==	\
			       sizeof(struct name), #name " tail")

LAYOUT(singlet_info, 40, session);
LAYOUT(singlet_type_create, 40, reserved);
LAYOUT(singlet_type_delete, 16, reserved);
LAYOUT(singlet_type_info, 96, name);
LAYOUT(singlet_type_query, 120, info);
LAYOUT(singlet_type_list, 24, cursor);
LAYOUT(singlet_batch, 32, reserved);
LAYOUT(singlet_intern_item, 32, created);
LAYOUT(singlet_ref_item, 16, result);
LAYOUT(singlet_read_item, 32, result);
LAYOUT(singlet_query_item, 32, result);
LAYOUT(singlet_alloc_item, 24, reserved);
LAYOUT(singlet_write_item, 32, reserved);
LAYOUT(singlet_seal_item, 16, reserved);
LAYOUT(singlet_stats, 232, world);
LAYOUT(singlet_collect, 40, pages);
LAYOUT(singlet_list_entry, 24, state);
LAYOUT(singlet_list, 32, type);

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

/* Numbers that are published. */
_Static_assert(SINGLET_INFO == 0xe800 && SINGLET_LIST == 0xe810, "commands");
_Static_assert(SINGLET_INTERN == 0xe805 && SINGLET_STATS == 0xe80e, "commands");
_Static_assert(SINGLET_TYPE_NONE == 1 && SINGLET_TYPE_BYTES == 6, "types");

extern const int singlet_layout;
const int singlet_layout = 1;
