// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Words of a page of borrows; see slots.h. */
#include "slots.h"

/* The line where a thread looks first, plus 1: each has one of its own. */
static __thread uint32_t own_line __attribute__((tls_model("initial-exec")));

/* The word where a thread looks first. */
uint32_t singlet_slots_first(void)
{
	static _Atomic uint32_t threads;

	if (unlikely(!own_line))
		own_line = atomic_fetch_add(&threads, 1) % LINES + 1;
	return (own_line - 1) * LINE_WORDS;
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
