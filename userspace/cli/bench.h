/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What the files of 'singlet bench' share.
 *
 * way        how something is done: by system calls, with libsinglet's reference
 *            cache, by borrowing, with private copies.
 * row        an operation, done in one way with so many values to a call.
 * round      all rows, one after the other, so that what else the machine does
 *            meets all of them.
 * job        a thread's part of a row: some of the values, with what it has to
 *            remember of each.
 *
 * cmd_bench.c     options, and what is printed
 * bench_values.c  the values
 * bench_rows.c    the rows: a table, and a function for each kind of row
 * bench_run.c     threads and the clock
 * copies.c        private copies
 */
#ifndef BENCH_H
#define BENCH_H

#include "cli.h"
#include "copies.h"

#define BENCH_BATCH_MAX	256

struct bench_value {
	const char *data;
	uint32_t len;
	uint64_t number;	/* of its line */
};

/* All different. */
struct bench_values {
	struct bench_value *value;
	size_t count, room;
	uint64_t bytes;
	const char *file;	/* NULL: they are made up */
	struct copies *copies;	/* where the bytes are */
};

enum bench_way {
	BENCH_KERNEL,		/* nothing of singlet's */
	BENCH_PRIVATE,
	BENCH_IOCTL,
	BENCH_CACHE,
	BENCH_BORROW,		/* a session that holds nothing */
	BENCH_WAYS
};

struct bench_job {
	struct singlet *s;	/* of singlet's ways; threads share it */
	struct copies *copies;	/* of way PRIVATE; threads share it */
	const struct bench_value *values;
	size_t count;
	unsigned int batch;
	uint64_t *ids;		/* of the values, once interned */
	struct copy **held;	/* the same, private ones */
	char *buffer;		/* for so many values at once as one call takes */
};

struct bench_row {
	const char *operation;
	const char *name;	/* of the way */
	enum bench_way way;
	unsigned int batch;
	bool held;		/* the job holds a reference on each value */
	/* To be timed: once for each value.  Return: 0 or a negative errno. */
	int (*run)(struct bench_job *job);
	/* What came of it, in nanoseconds a value. */
	double p50, p99;
};

/* In the order in which they are done and shown; ends with a NULL operation. */
extern struct bench_row bench_rows[];
/* What makes the jobs hold them, one row after the other; nobody is to see it. */
extern const struct bench_row bench_hold_rows[];

/* So many of our own, or those in a file; mistakes end the program. */
void bench_values_make(struct bench_values *values, size_t count);
void bench_values_read(struct bench_values *values, const char *file, bool nul);
void bench_values_free(struct bench_values *values);

struct bench_plan {
	struct bench_values values;
	unsigned int threads, rounds;
};

/* Does all rows; what goes wrong ends the program.  @s: any session. */
void bench_run(const struct bench_plan *plan, struct singlet *s);

#endif /* BENCH_H */
