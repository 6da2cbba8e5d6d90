/* SPDX-License-Identifier: GPL-2.0 */
/* A reader of an index, who sees what processes have mapped and nothing else. */
#ifndef SINGLET_KUNIT_SUITE_READER_H
#define SINGLET_KUNIT_SUITE_READER_H

#include "borrow.h"
#include "index.h"
#include "index_open.h"
#include "suites.h"

/* The index of a store, from now on. */
struct singlet_index *suite_index(struct kunit *test,
				  struct singlet_store *store);

/* A page of borrows, all of which are looked at. */
struct singlet_borrows *suite_borrows(struct kunit *test,
				      struct singlet_store *store);

/* The set of a handle's slab; where its mark is by that, or NULL. */
u64 suite_set(struct singlet_store *store, u32 handle);
u64 *suite_mark(struct singlet_store *store, u64 set, u32 handle);

/* Find a value and borrow it by way of @slot.  Return: its id, or 0. */
u64 suite_borrow(struct singlet_store *store, u64 *slot, u32 type,
		 const void *data, u32 len);
void suite_give_back(u64 *slot);

/* Where the bytes are of what is borrowed; or NULL. */
const void *suite_bytes(struct singlet_store *store, u32 handle);

/* Values that have a number each, and many lengths. */
#define INDEX_VALUES	2000

void suite_intern_values(struct kunit *test, struct singlet_object **obj,
			 u32 first, u32 end);

/* Those are found, as @obj, or if that is NULL, not. */
void suite_expect_found(struct kunit *test, struct singlet_borrows *b,
			struct singlet_object *const *obj, u32 first, u32 end);

#endif
