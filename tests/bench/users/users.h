/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs that keep many strings: what one can do with singlet, and without.
 *
 * A subject has a set of labels, each known by its number.  All it is asked is
 * timed by users.c, in passes over many labels; what it has to remember of a
 * label (an id, a pointer) it keeps for itself.  Some are scripts that do all of that
 * themselves.
 */
#ifndef USERS_H
#define USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct labels {
	char **text;		/* each with a NUL behind it */
	uint32_t *len;
	size_t nr;
};

struct subject {
	const char *name;
	const char *lacks;	/* what must be known to compare it with others */
	unsigned int batch;	/* labels of a call, if it can have several */
	/* Begin without any label; what @open gives is @ctx.  NULL: cannot. */
	void *(*open)(const struct subject *self, const struct labels *labels);
	void (*close)(void *ctx);
	/*
	 * Labels [@first, @first + @nr) of @order: intern them, keeping what
	 * is given; give back one of each.
	 */
	bool (*intern)(void *ctx, const uint32_t *order, size_t nr);
	/* The same when nobody looks at the time.  NULL: by @intern. */
	bool (*prepare)(void *ctx, const uint32_t *order, size_t nr);
	void (*drop)(void *ctx, const uint32_t *order, size_t nr);
	/* Find each, read all of it, be done with it.  May be NULL. */
	bool (*find)(void *ctx, const uint32_t *order, size_t nr);
	/* Each thread's own beginning and end of finding.  May be NULL. */
	bool (*thread_begin)(void *ctx);
	void (*thread_end)(void *ctx);
	/* Bytes that it has; without labels when @ctx is NULL.  May be NULL. */
	double (*memory)(void *ctx);
	size_t sample;		/* most labels that it is asked for; 0: all */
	size_t new_sample;	/* most of them that are timed when new; 0: all */
	bool new_only;		/* does not know when a label comes again */
	bool threads;		/* may be asked by two at a time */
	bool whole;		/* misses are a matter of all labels at once */
	bool finds;		/* only finding is timed */
	/* A program, its options and a file here, which are all there is. */
	const char *const *script;
};

extern const struct subject singlet_one, singlet_16, singlet_256, singlet_ioctl;
extern const struct subject singlet_borrowing, singlet_borrowing_16;
extern const struct subject glib_refstring, glib_hash, lmdb;
extern const struct subject table, memfd, redis, redis_256, sysintern, apcu;
extern const struct subject none;	/* remembers nothing; for comparison */

/* There is no such peer here: says why, ends the program with 77. */
void skip(const char *why) __attribute__((noreturn));

/* Bytes. */
double pss_of(pid_t pid);
double shared_and_slabs(void);

#endif /* USERS_H */
