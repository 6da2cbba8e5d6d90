// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Hash to entry; see values.h. */
#include "values.h"

#include <errno.h>
#include <stdlib.h>

#define WORDS_FIRST	256u
#define WORDS_MAX	(1ull << 32)

static struct values_table *make(struct values *v, uint64_t words)
{
	struct values_table *t;
	size_t bytes;

	if (words > WORDS_MAX || words > SIZE_MAX / 2 / sizeof(t->word[0]))
		return NULL;
	bytes = sizeof(*t) + words * sizeof(t->word[0]);
	t = calloc(1, bytes);
	if (!t)
		return NULL;
	t->mask = words - 1;
	v->bytes += bytes;
	return t;
}

/* Return: 0 or -ENOMEM. */
int singlet_values_init(struct values *v)
{
	struct values_table *t;

	v->nr = 0;
	v->bytes = 0;
	t = make(v, WORDS_FIRST);
	atomic_init(&v->table, t);
	return t ? 0 : -ENOMEM;
}

void singlet_values_end(struct values *v)
{
	struct values_table *t = atomic_load(&v->table), *older;

	for (; t; t = older) {
		older = t->older;
		free(t);
	}
}

static struct values_table *current(struct values *v)
{
	return atomic_load_explicit(&v->table, memory_order_relaxed);
}

static uintptr_t word_at(const struct values_table *t, uint32_t at)
{
	return atomic_load_explicit(&t->word[at & t->mask],
				    memory_order_relaxed);
}

static void set_word(struct values_table *t, uint32_t at, uintptr_t word)
{
	atomic_store_explicit(&t->word[at & t->mask], word,
			      memory_order_release);
}

static uintptr_t word_of(const struct held *h)
{
	return (uintptr_t)h ^ values_tag(h->hash);
}

/* Whose word is there. */
static const struct held *held_of(uintptr_t word)
{
	return (const struct held *)(uintptr_t)
	       ((uint64_t)word & ((1ull << VALUES_TAG_SHIFT) - 1));
}

static void put(struct values_table *t, const struct held *h)
{
	uint32_t at = h->hash;

	while (word_at(t, at))
		at++;
	set_word(t, at, word_of(h));
}

/* Room for one more.  Lock held.  Return: 0 or -ENOMEM. */
int singlet_values_reserve(struct values *v)
{
	struct values_table *t = current(v), *new;
	uint64_t i;

	if (v->nr + 1 <= (t->mask + 1ull) / 8 * 7)
		return 0;
	new = make(v, (t->mask + 1ull) * 2);
	if (!new)
		return -ENOMEM;
	for (i = 0; i <= t->mask; i++)
		if (word_at(t, i))
			put(new, held_of(word_at(t, i)));
	new->older = t;
	atomic_store_explicit(&v->table, new, memory_order_release);
	return 0;
}

/* After singlet_values_reserve(), under the same lock; @h->hash is set. */
void singlet_values_add(struct values *v, struct held *h)
{
	put(current(v), h);
	v->nr++;
}

/* It is there.  Lock held. */
void singlet_values_remove(struct values *v, struct held *h)
{
	struct values_table *t = current(v);
	uint32_t hole = h->hash, at;

	while (word_at(t, hole) != word_of(h))
		hole++;
	/* What follows moves up, so that searches need no marks of the dead. */
	for (at = hole + 1; word_at(t, at); at++) {
		uint32_t home = held_of(word_at(t, at))->hash;

		if (((at - home) & t->mask) < ((at - hole) & t->mask))
			continue;
		set_word(t, hole, word_at(t, at));
		hole = at;
	}
	set_word(t, hole, 0);
	v->nr--;
}
