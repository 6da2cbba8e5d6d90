/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Words of a page of borrows, each of which says that an object is being read.
 *
 * A thread begins to look for a free one in a cache line of its own, so that
 * threads that borrow little at a time never write to the same line.
 */
#ifndef _SINGLET_SLOTS_H
#define _SINGLET_SLOTS_H

#include "index.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define LINE_WORDS	8U	/* of the page, in a cache line */
#define WORDS		(SINGLET_BORROWS + 1)
#define LINES		(WORDS / LINE_WORDS)

/* The word where a thread looks first; 0: it has none yet. */
extern HIDDEN __thread uint32_t singlet_slots_own
	__attribute__((tls_model("initial-exec")));

HIDDEN uint32_t singlet_slots_begin(void);
HIDDEN void singlet_slots_raise(struct index *index, uint32_t word);
HIDDEN uint64_t *singlet_slots_search(struct index *index, uint64_t id,
				      uint32_t *word);

static inline uint32_t slots_first(void)
{
	uint32_t word = singlet_slots_own;

	return likely(word) ? word : singlet_slots_begin();
}

/* Return: whether @word was free and has @id now. */
static inline bool claim_word(struct index *index, uint32_t word, uint64_t id)
{
	uint64_t none = 0;

	/*
	 * What the kernel looks at is raised before the word is written.  It is
	 * known from @used, as others write the line of borrows[0].
	 */
	if (unlikely(atomic_load_explicit(&index->used, memory_order_acquire) <
		     word))
		singlet_slots_raise(index, word);
	return !__atomic_load_n(&index->borrows[word], __ATOMIC_RELAXED) &&
	       __atomic_compare_exchange_n(&index->borrows[word], &none, id,
					   false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

/*
 * Say that @id is being read, in a free word from *@word on, which is the next one
 * then.  All that comes later, loads included, comes after that: a full barrier.
 * It pairs with the one between doom() and singlet_borrows_find() in module/kill.c:
 * either whoever frees the object finds @id here (and the count of words to look
 * at, which was raised before), and spares it, or what is read of its mark from
 * here on is doomed, or not live.
 *
 * Return: NULL: all words are in use.
 */
static inline uint64_t *claim(struct index *index, uint64_t id,
			      uint32_t *word)
{
	uint64_t *slot = &index->borrows[*word];

	/* The first word of all is no slot. */
	if (likely(*word && claim_word(index, *word, id)))
		*word = (*word + 1) % WORDS;
	else
		slot = singlet_slots_search(index, id, word);
	/* The locked compare and exchange is a full barrier for the CPU already. */
#if defined(__x86_64__)
	atomic_signal_fence(memory_order_seq_cst);
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
	return slot;
}

/*
 * Release: all that was read of the object was read before; pairs with the second
 * barrier in kill_marked() there.
 */
static inline void unclaim(uint64_t *slot)
{
	__atomic_store_n(slot, 0, __ATOMIC_RELEASE);
}

#endif /* _SINGLET_SLOTS_H */
