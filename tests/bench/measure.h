/* SPDX-License-Identifier: GPL-2.0 */
/*
 * measure - sides of a case in turn, round after round, on one CPU and on two
 *
 * Vocabulary
 *   case    an operation on some data, done by several sides
 *   side    one way to do it: singlet, or a peer
 *   batch   the number of operations that is timed at once
 *   single  one operation timed by itself
 *   phase   what one side does in one round on one number of CPUs: some batches
 *           to get warm, as what the sides before have left in the caches is
 *           theirs; then some timed batches, then some singles
 *   round   a phase of each side on one CPU, then one of each on all
 *
 * Keys are in the CPU's cache when a batch begins: whoever asks for a value has
 * just read or made it, and to wait for it is no part of the operation.
 *
 * Where data lie in memory, and which of them share a bucket, is chance, and
 * the same chance in all rounds.  A case that can make its data anew does so
 * some times, and the rounds are divided among these layouts.
 *
 * Workers are threads bound to a CPU each.  Those of a phase begin together,
 * and the first that has done its batches ends the others': only what was done
 * while all were at it counts.  Who has no part in a phase sleeps.
 *
 * What comes of it, for each side and each number of CPUs
 *   p50_ns      per operation: the middle of a round's batches, and of all
 *               rounds the middle.  A batch takes microseconds, so all but a
 *               few see no timer tick or other interruption.
 *   spread_pct  distance of the rounds' quartiles, in percent of the middle
 *   p99_ns      of all singles, less what the clock costs.  Interruptions are
 *               in it if they meet one single operation in a hundred.
 *   mops        millions of operations per second of all workers together: the
 *               middle of the rounds
 *   insn        instructions per operation, one CPU, where they can be counted
 */
#ifndef SINGLET_BENCH_MEASURE_H
#define SINGLET_BENCH_MEASURE_H

#include <linux/limits.h>
#include <linux/types.h>

#include "clock.h"

#define BENCH_CPUS	2	/* at most */
#define BENCH_SIDES	8	/* at most, of a case */
#define BENCH_OPS	64	/* operations in a batch, mostly */
#define BENCH_HELD	512	/* room for objects of a worker */
#define BENCH_LAYOUTS	5	/* of a case that can be laid out anew */

struct bench_case;
struct bench_key;

/* What a side's functions get. */
struct bench_worker {
	const struct bench_case *c;
	void *ctx;			/* the side's */
	unsigned int cpu;		/* from 0 */
	const u32 *order;		/* of keys */
	unsigned int pos;		/* in it; each side has its own */
	unsigned int nr_held;
	void *held[BENCH_HELD];
};

/*
 * All return 0 or an error, which ends the case.  @after cleans up, not timed,
 * after the timed batches and after the singles; NULL: nothing to do.
 */
struct bench_side {
	const char *name;
	int (*batch)(struct bench_worker *w);	/* c->ops operations */
	int (*single)(struct bench_worker *w);
	int (*after)(struct bench_worker *w);
	void *ctx;
};

struct bench_case {
	char name[48];
	unsigned int ops;
	unsigned int warm;		/* batches to get warm; 0: one */
	unsigned int param;		/* for the sides */
	const struct bench_key *keys;
	const u32 *order[BENCH_CPUS];
	unsigned int nr_order;
	unsigned int nr_sides;
	struct bench_side side[BENCH_SIDES];
	/* The data anew, but the same keys; NULL: only one layout. */
	int (*lay_out)(void *data);
	void *lay_out_data;
};

unsigned int bench_cpus(void);
void bench_add_side(struct bench_case *c, const struct bench_side *side);
int bench_measure(const struct bench_case *c);

/* The next key in the worker's order. */
static __always_inline u32 bench_next(struct bench_worker *w)
{
	u32 i = w->order[w->pos];

	if (++w->pos == w->c->nr_order)
		w->pos = 0;
	return i;
}

static __always_inline u32
bench_time_single(int (*op)(struct bench_worker *w), struct bench_worker *w)
{
	u64 start = bench_clock();
	int err = op(w);
	u64 cycles = bench_clock() - start;

	return err ? U32_MAX : min_t(u64, cycles, U32_MAX - 1);
}

#endif
