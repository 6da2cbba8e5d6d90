// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Hash to handle; see values.h. */
#define _GNU_SOURCE
#include "values.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define WORDS_FIRST	512u	/* a page */
#define WORDS_MAX	(1ull << 32)

static size_t size_of(const struct values_table *t)
{
	return (t->mask + (size_t)1) * sizeof(t->word[0]);
}

static struct values_table *make(struct values *v, uint64_t words)
{
	struct values_table *t;
	void *p;

	if (words > WORDS_MAX || words > SIZE_MAX / 2 / sizeof(t->word[0]))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->mask = words - 1;
	p = mmap(NULL, size_of(t), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		free(t);
		return NULL;
	}
	t->word = p;
	v->bytes += sizeof(*t) + size_of(t);
	return t;
}

/*
 * There is a larger one, and who is in this one still may miss what is there.
 * Should the system keep the words, they are right or out of date, as ever.
 */
static void outgrow(struct values *v, struct values_table *t)
{
	if (!madvise((void *)t->word, size_of(t), MADV_DONTNEED))
		v->bytes -= size_of(t);
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
		munmap((void *)t->word, size_of(t));
		free(t);
	}
}

static struct values_table *current(struct values *v)
{
	return atomic_load_explicit(&v->table, memory_order_relaxed);
}

static uint64_t word_at(const struct values_table *t, uint32_t at)
{
	return atomic_load_explicit(&t->word[at & t->mask],
				    memory_order_relaxed);
}

static void set_word(struct values_table *t, uint32_t at, uint64_t word)
{
	atomic_store_explicit(&t->word[at & t->mask], word,
			      memory_order_release);
}

static uint32_t hash_of(uint64_t word)
{
	return word >> 32;
}

static void put(struct values_table *t, uint64_t word)
{
	uint32_t at = hash_of(word);

	while (word_at(t, at))
		at++;
	set_word(t, at, word);
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
			put(new, word_at(t, i));
	new->older = t;
	/* Release: its words come first; pairs with values_table(). */
	atomic_store_explicit(&v->table, new, memory_order_release);
	outgrow(v, t);
	return 0;
}

/* After singlet_values_reserve(), under the same lock. */
void singlet_values_add(struct values *v, uint32_t hash, uint32_t handle)
{
	put(current(v), values_word(hash, handle));
	v->nr++;
}

/* It is there.  Lock held. */
void singlet_values_remove(struct values *v, uint32_t hash, uint32_t handle)
{
	struct values_table *t = current(v);
	uint32_t hole = hash, at;

	while (word_at(t, hole) != values_word(hash, handle))
		hole++;
	/* What follows moves up, so that searches need no marks of the dead. */
	for (at = hole + 1; word_at(t, at); at++) {
		uint32_t home = hash_of(word_at(t, at));

		if (((at - home) & t->mask) < ((at - hole) & t->mask))
			continue;
		set_word(t, hole, word_at(t, at));
		hole = at;
	}
	set_word(t, hole, 0);
	v->nr--;
}
