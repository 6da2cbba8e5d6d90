/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Which of the objects that this process holds may have a value: hash to handle.
 *
 * An open-addressing table of words, the hash above the handle.  So whoever finds
 * a word knows at once where the entry is (held.h) and where the bytes are, and
 * can fetch both together.  It is a hint: whoever follows a handle makes sure of
 * the object, and what is not found is asked of the kernel.  So it is searched
 * without a lock while others change it, and a word that is just being moved may
 * be missed.  Words are stored with release (set_word()) and loaded with acquire
 * (values_next()): what is stable of an entry was written before.
 *
 * Writers hold the cache's lock.  Who is in a table that was outgrown finds its
 * words gone, which is to find nothing: the memory of these goes back to the
 * system, their addresses stay until the end.
 */
#ifndef _SINGLET_VALUES_H
#define _SINGLET_VALUES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hidden.h"

struct values_table {
	struct values_table *older;
	uint32_t mask;			/* words - 1 */
	_Atomic uint64_t *word;		/* 0: none */
};

struct values {
	_Atomic(struct values_table *) table;
	_Atomic size_t nr;		/* lock, to change it */
	size_t bytes;			/* lock */
};

HIDDEN int singlet_values_init(struct values *v);
HIDDEN void singlet_values_end(struct values *v);
HIDDEN int singlet_values_reserve(struct values *v);
HIDDEN void singlet_values_add(struct values *v, uint32_t hash,
			       uint32_t handle);
HIDDEN void singlet_values_remove(struct values *v, uint32_t hash,
				  uint32_t handle);

/* Never 0: no handle has all bits set, and it is stored inverted. */
static inline uint64_t values_word(uint32_t hash, uint32_t handle)
{
	return (uint64_t)hash << 32 | (uint32_t)~handle;
}

static inline const struct values_table *values_table(const struct values *v)
{
	return atomic_load_explicit(&v->table, memory_order_acquire);
}

static inline bool values_empty(const struct values *v)
{
	return !atomic_load_explicit(&v->nr, memory_order_relaxed);
}

/*
 * The next handle of an object that may have that hash; false: there is none.
 * @at is where to look: first the hash.
 */
static inline bool values_next(const struct values_table *t, uint32_t hash,
			       uint32_t *at, uint32_t *handle)
{
	uint64_t word;

	/* Every eighth word at least is 0. */
	do {
		word = atomic_load_explicit(&t->word[*at & t->mask],
					    memory_order_acquire);
		if (!word)
			return false;
		++*at;
	} while (word >> 32 != hash);
	*handle = ~(uint32_t)word;
	return true;
}

#endif /* _SINGLET_VALUES_H */
