/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A table of private copies, as a program without singlet has one: equal values
 * are one copy on its heap, counted, and freed with the last reference.  It is
 * what 'singlet bench' measures beside singlet.
 */
#ifndef COPIES_H
#define COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Equal values have the same one. */
struct copy {
	struct copy *next;	/* in its bucket */
	uint32_t hash;
	uint32_t len;
	uint32_t count;		/* references */
	char data[];		/* a NUL is behind it */
};

struct copies;

/* @shared: threads use it at once.  NULL: out of memory. */
struct copies *copies_new(bool shared);
void copies_free(struct copies *copies);
/* Frees all copies, whoever holds them; the table stays as large as it is. */
void copies_clear(struct copies *copies);
/* Each gives one reference.  NULL: out of memory, or there is none. */
struct copy *copies_intern(struct copies *copies, const char *data,
			   uint32_t len, bool *created);
struct copy *copies_find(struct copies *copies, const char *data, uint32_t len);
void copies_acquire(struct copies *copies, struct copy *copy);
void copies_release(struct copies *copies, struct copy *copy);

#endif /* COPIES_H */
