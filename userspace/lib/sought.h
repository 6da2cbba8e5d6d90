/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Looking for a value in the index: where it is if it is there, and which handles
 * may be its object's, one after the other.  Several can be looked for at a time,
 * so that their cache misses overlap: first all are sought, then what the first
 * entries name is fetched, and then each is found.
 */
#ifndef _SINGLET_SOUGHT_H
#define _SINGLET_SOUGHT_H

#include "index.h"

#define SOUGHT_LINES	8	/* of a bucket, then the kernel is asked */

struct sought {
	const void *data;
	size_t len;
	uint32_t type;
	uint16_t tag;
	const struct singlet_index_line *line;	/* NULL: it is not in the index */
};

/* How far one is with the handles of a value. */
struct sought_walk {
	const struct singlet_index_line *line;
	uint64_t candidates;
	unsigned int left;	/* lines */
};

/* Where to look; the line is fetched.  @index may be NULL. */
static inline __attribute__((always_inline)) void
sought_begin(const struct index *index, uint32_t type, const void *data,
	     size_t len, struct sought *k)
{
	uint32_t hash;

	*k = (struct sought){ .data = data, .len = len, .type = type };
	if (!index_may_have(index, type, len))
		return;
	hash = index_hash(index, data, len, type);
	k->tag = index_tag(hash);
	k->line = index_home(index, hash);
	__builtin_prefetch(k->line);
}

static inline struct sought_walk sought_walk(const struct sought *k)
{
	return (struct sought_walk){
		.line = k->line,
		.candidates = k->line ? index_candidates(k->line, k->tag) : 0,
		.left = SOUGHT_LINES,
	};
}

/* The next handle with the value's tag; false: the kernel knows more. */
static inline __attribute__((always_inline)) bool
sought_next(const struct index *index, const struct sought *k,
	    struct sought_walk *w, uint32_t *handle)
{
	while (w->line) {
		while (w->candidates) {
			unsigned int i = index_entry(w->candidates);

			w->candidates &= w->candidates - 1;
			if (index_handle(w->line, i, k->tag, handle))
				return true;
		}
		w->line = --w->left ? index_next(index, w->line) : NULL;
		if (w->line)
			w->candidates = index_candidates(w->line, k->tag);
	}
	return false;
}

/* The first of the first line, if it has one: what will be looked at first. */
static inline bool sought_first(const struct sought *k, uint32_t *handle)
{
	struct sought_walk w = sought_walk(k);

	return w.candidates &&
	       index_handle(w.line, index_entry(w.candidates), k->tag, handle);
}

#endif /* _SINGLET_SOUGHT_H */
