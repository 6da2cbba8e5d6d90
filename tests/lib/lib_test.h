/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of libsinglet against kernels of their own share. */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <singlet.h>

#define CHECK(ok)	do {						\
	if (!(ok)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #ok);	\
		abort();						\
	}								\
} while (0)

#define LEN_MAX	64

/* Value @n, of a length and bytes of its own.  Return: the length. */
size_t lib_value(unsigned int n, char *data);

/* By way of @s, which has a reference cache; values are of type bytes. */
uint64_t lib_intern(struct singlet *s, unsigned int n);
void lib_expect(struct singlet *s, uint64_t id, unsigned int n);
/* Some of @values together: intern, acquire and release them. */
void lib_batch(struct singlet *s, unsigned int *seed, unsigned int values);

/*
 * Four threads do @work, with a seed each, @rounds times, while another one does
 * @meanwhile with @s over and over.
 */
void lib_run(struct singlet *s, unsigned int rounds, void (*work)(unsigned int *seed),
	     void (*meanwhile)(struct singlet *s));

/* Nothing waits in the cache of @s any more, and nothing of it is left behind. */
void lib_expect_empty(struct singlet *s);

#endif /* LIB_TEST_H */
