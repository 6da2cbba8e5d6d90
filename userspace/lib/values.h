/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Which of the objects that this process holds may have a value: hash to entry.
 *
 * An open-addressing table of words: 16 bits of the hash, the tag, above the
 * address of an entry (held.h), which has 48 bits in user space, or 32, where
 * there is no tag.  It is a hint: whoever follows an address makes sure of the
 * object, and what is not found is asked of the kernel.  So it is searched
 * without a lock while others change it, and a word that is just being moved may
 * be missed.  Words are stored with release (set_word()) and loaded with acquire
 * (values_next()): what is stable of an entry was written before.
 *
 * Writers hold the cache's lock.  Tables that were outgrown stay until the end,
 * for those who may be in them; together they are as large as the last.
 */
#ifndef _SINGLET_VALUES_H
#define _SINGLET_VALUES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "held.h"

struct values_table {
	struct values_table *older;
	uint32_t mask;			/* words - 1 */
	_Atomic uintptr_t word[];	/* 0: none */
};

struct values {
	_Atomic(struct values_table *) table;
	size_t nr;			/* lock */
	size_t bytes;			/* lock */
};

#define VALUES_TAG_SHIFT	48

HIDDEN int singlet_values_init(struct values *v);
HIDDEN void singlet_values_end(struct values *v);
HIDDEN int singlet_values_reserve(struct values *v);
HIDDEN void singlet_values_add(struct values *v, struct held *h);
HIDDEN void singlet_values_remove(struct values *v, struct held *h);

/* Of the 32 bits of a hash the lower ones are the place, the upper ones the tag. */
static inline uintptr_t values_tag(uint32_t hash)
{
	return (uint64_t)hash >> 16 << VALUES_TAG_SHIFT;
}

/* The address in a word whose tag may be @tag, or NULL: it is not. */
static inline struct held *values_held(uintptr_t word, uintptr_t tag)
{
	return (uint64_t)(word ^ tag) >> VALUES_TAG_SHIFT ?
	       NULL : (struct held *)(word ^ tag);
}

static inline const struct values_table *values_table(const struct values *v)
{
	return atomic_load_explicit(&v->table, memory_order_acquire);
}

/*
 * The next entry that may have that hash, or NULL.  @at is where to look: first
 * the hash.
 */
static inline struct held *values_next(const struct values_table *t,
				       uint32_t hash, uint32_t *at)
{
	uintptr_t tag = values_tag(hash), word;
	struct held *h;

	/* Every eighth word at least is 0. */
	do {
		word = atomic_load_explicit(&t->word[*at & t->mask],
					    memory_order_acquire);
		if (!word)
			return NULL;
		++*at;
		h = values_held(word, tag);
	} while (!h);
	return h;
}

#endif /* _SINGLET_VALUES_H */
