// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Words of a page of borrows; see slots.h. */
#include "slots.h"

__thread uint32_t singlet_slots_own;

/* A thread's first borrow: it gets a line of its own.  The word to begin with. */
uint32_t singlet_slots_begin(void)
{
	static _Atomic uint32_t threads;
	uint32_t line = atomic_fetch_add(&threads, 1) % LINES;

	/* The first word of all is no slot. */
	singlet_slots_own = line ? line * LINE_WORDS : 1;
	return singlet_slots_own;
}

/* As claim(), but for the barrier: from *@word on, wherever there is a free one. */
uint64_t *singlet_slots_search(struct index *index, uint64_t id, uint32_t *word)
{
	uint64_t *slot = NULL;
	uint32_t i;

	for (i = 0; i < WORDS && !slot; i++) {
		if (*word && claim_word(index, *word, id))
			slot = &index->borrows[*word];
		*word = (*word + 1) % WORDS;
	}
	return slot;
}

/* The kernel is to look at all words of the line of @word, and before. */
void singlet_slots_raise(struct index *index, uint32_t word)
{
	uint64_t want = word | (LINE_WORDS - 1), old;
	uint32_t used = atomic_load(&index->used);

	old = __atomic_load_n(&index->borrows[0], __ATOMIC_RELAXED);
	while (old < want &&
	       !__atomic_compare_exchange_n(&index->borrows[0], &old, want,
					    false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
	/* Release: pairs with the acquire in claim_word(). */
	while (used < want &&
	       !atomic_compare_exchange_weak_explicit(&index->used, &used,
						      want,
						      memory_order_release,
						      memory_order_relaxed))
		;
}
