// SPDX-License-Identifier: GPL-2.0
/* measure - sides of a case in turn; see measure.h */
#include "measure.h"

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/wait.h>

#include "report.h"
#include "workload.h"

#define ROUNDS_MIN	3U
#define ROUNDS_MAX	1001U
#define BATCHES		16	/* timed ones in a phase, at most */
#define PHASE_OPS	1024	/* in them, or a few batches */
#define SINGLES		64
#define WAYS		2	/* on one CPU, on all */

static unsigned int rounds = 101;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "rounds of each case, 3 to 1001");

/* What one side did on one number of CPUs. */
struct record {
	u32 *batch[BENCH_CPUS];		/* BATCHES of the round at hand */
	unsigned int nr_batch[BENCH_CPUS];
	u64 cycles[BENCH_CPUS];		/* for them */
	u32 *single[BENCH_CPUS];	/* of all rounds */
	unsigned int nr_single[BENCH_CPUS];
	u64 *p50;			/* ps, of each round */
	u64 *rate;			/* operations in 1000 s, of each round */
	u64 *insn;			/* instructions of a batch, likewise */
};

struct run {
	const struct bench_case *c;
	unsigned int rounds;
	unsigned int from, to;		/* those of a layout */
	unsigned int ways;
	unsigned int batches;		/* timed ones in a phase */
	bool insn;
	struct record record[WAYS][BENCH_SIDES];
	wait_queue_head_t wait;
	atomic_t arrived;		/* at meeting points, all together */
	atomic_t ready;			/* likewise, and running */
	bool stop;			/* one has done its share */
	int err;
	struct completion done;
};

struct thread {
	struct run *run;
	unsigned int met;		/* meeting points passed */
	/* Of each side: on all CPUs it goes on where it was on one. */
	unsigned int pos[BENCH_SIDES];
	struct bench_worker w;
};

/* How many CPUs take part in a measurement. */
unsigned int bench_cpus(void)
{
	return min_t(unsigned int, num_online_cpus(), BENCH_CPUS);
}

void bench_add_side(struct bench_case *c, const struct bench_side *side)
{
	if (!WARN_ON(c->nr_sides == BENCH_SIDES))
		c->side[c->nr_sides++] = *side;
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 middle(u64 *value, unsigned int nr)
{
	sort(value, nr, sizeof(*value), compare_u64, NULL);
	return value[nr / 2];
}

/* Workers */

/* All workers, by ways[1], go on from here at the same time. */
static void meet(struct thread *t)
{
	struct run *run = t->run;
	int all = ++t->met * bench_cpus();

	/* Asleep: who waits must not disturb those that measure. */
	if (atomic_inc_return(&run->arrived) == all)
		wake_up_all(&run->wait);
	wait_event(run->wait, atomic_read(&run->arrived) >= all);

	atomic_inc(&run->ready);
	while (atomic_read(&run->ready) < all) {
		cpu_relax();
		cond_resched();
	}
}

static void fail(struct run *run, int err)
{
	if (err)
		cmpxchg(&run->err, 0, err);
}

static bool over(struct run *run)
{
	return READ_ONCE(run->stop) || READ_ONCE(run->err);
}

/* From here on together, until one says stop. */
static void begin_timed(struct thread *t, unsigned int way)
{
	if (way)
		meet(t);
	WRITE_ONCE(t->run->stop, false);
	if (way)
		meet(t);
}

/* The next @nr keys come into the CPU's cache. */
static void fetch_keys(const struct bench_worker *w, unsigned int nr)
{
	const struct bench_case *c = w->c;
	unsigned int i, pos = w->pos;
	u32 at;

	for (i = 0; c->keys && i < nr; i++) {
		const struct bench_key *key = &c->keys[w->order[pos]];

		for (at = 0; at < key->len; at += 8)
			(void)READ_ONCE(key->data[at]);
		if (++pos == c->nr_order)
			pos = 0;
	}
}

static void do_batches(struct thread *t, const struct bench_side *side,
		       struct record *r)
{
	struct bench_worker *w = &t->w;
	u64 start, cycles = 0;
	unsigned int n = 0;
	int err = 0;

	while (n < t->run->batches && !over(t->run) && !err) {
		fetch_keys(w, w->c->ops);
		start = bench_clock();
		err = side->batch(w);
		start = bench_clock() - start;
		r->batch[w->cpu][n++] = min_t(u64, start, U32_MAX);
		cycles += start;
	}
	WRITE_ONCE(t->run->stop, true);
	r->nr_batch[w->cpu] = n;
	r->cycles[w->cpu] = cycles;
	if (!err && side->after)
		err = side->after(w);
	fail(t->run, err);
}

static void do_singles(struct thread *t, const struct bench_side *side,
		       struct record *r)
{
	struct bench_worker *w = &t->w;
	unsigned int i;
	int err = 0;

	for (i = 0; i < SINGLES && !over(t->run); i++) {
		u32 cycles;

		fetch_keys(w, 1);
		cycles = bench_time_single(side->single, w);

		if (cycles == U32_MAX) {
			err = -ENOMEM;
			break;
		}
		cycles -= min(cycles, bench_clock_cost);
		r->single[w->cpu][r->nr_single[w->cpu]++] = cycles;
	}
	WRITE_ONCE(t->run->stop, true);
	if (side->after)
		err = side->after(w) ?: err;
	fail(t->run, err);
}

static void do_insn(struct thread *t, const struct bench_side *side,
		    u64 *count)
{
	u64 start, empty;
	int err;

	start = bench_insn();
	empty = bench_insn() - start;
	start = bench_insn();
	err = side->batch(&t->w);
	*count = bench_insn() - start;
	*count -= min(*count, empty);
	if (!err && side->after)
		err = side->after(&t->w);
	fail(t->run, err);
}

static void do_phase(struct thread *t, unsigned int way, unsigned int s,
		     unsigned int round)
{
	const struct bench_side *side = &t->run->c->side[s];
	struct record *r = &t->run->record[way][s];
	struct bench_worker *w = &t->w;
	unsigned int i;
	int err;

	/* Whatever fails, all meet as often as they are expected to. */
	w->ctx = side->ctx;
	w->pos = t->pos[s];
	if (way)
		meet(t);
	for (i = 0; i < max(t->run->c->warm, 1U) && !READ_ONCE(t->run->err);
	     i++) {
		err = side->batch(w);
		if (!err && side->after)
			err = side->after(w);
		fail(t->run, err);
		cond_resched();
	}

	begin_timed(t, way);
	do_batches(t, side, r);
	begin_timed(t, way);
	do_singles(t, side, r);

	if (!way && t->run->insn && !READ_ONCE(t->run->err))
		do_insn(t, side, &r->insn[round]);
	t->pos[s] = w->pos;
	cond_resched();
}

/* The round's batches are complete. */
static void sum_up(struct run *run, struct record *r, unsigned int cpus,
		   unsigned int round)
{
	u32 all[BENCH_CPUS * BATCHES];
	unsigned int cpu, n = 0;
	u64 rate = 0;

	for (cpu = 0; cpu < cpus; cpu++) {
		u64 ops = (u64)r->nr_batch[cpu] * run->c->ops;

		memcpy(all + n, r->batch[cpu],
		       r->nr_batch[cpu] * sizeof(*all));
		n += r->nr_batch[cpu];
		/* 10^15 ps are 1000 s */
		rate += div64_u64(ops * 1000000000000000ULL,
				  max(bench_clock_ps(r->cycles[cpu]), 1ULL));
	}
	if (!n)
		return;
	sort(all, n, sizeof(*all), compare_u32, NULL);
	r->p50[round] = div_u64(bench_clock_ps(all[n / 2]), run->c->ops);
	r->rate[round] = rate;
}

static int worker(void *data)
{
	struct thread *t = data;
	struct run *run = t->run;
	unsigned int round, way, s;

	for (round = run->from; round < run->to; round++) {
		for (way = 0; way < run->ways; way++) {
			unsigned int cpus = way ? bench_cpus() : 1;

			for (s = 0; s < run->c->nr_sides; s++) {
				if (t->w.cpu < cpus)
					do_phase(t, way, s, round);
				if (way)
					meet(t);
				if (!t->w.cpu)
					sum_up(run, &run->record[way][s], cpus,
					       round);
			}
		}
		cond_resched();
	}
	/* Nothing of this module runs any more when the waiter goes on. */
	kthread_complete_and_exit(&run->done, 0);
}

/* Results */

static void show(struct run *run, const char *side, unsigned int way,
		 struct record *r)
{
	const struct bench_case *c = run->c;
	unsigned int n = run->rounds, cpus = way ? bench_cpus() : 1, nr = 0, i;
	u32 *all = r->single[0];
	u64 p50;

	p50 = middle(r->p50, n);
	bench_figure(p50, "%s.%ucpu.%s.p50_ns", c->name, cpus, side);
	bench_figure(div64_u64((r->p50[n * 3 / 4] - r->p50[n / 4]) * 100000,
			       max(p50, 1ULL)),
		     "%s.%ucpu.%s.spread_pct", c->name, cpus, side);
	/* Thousandths of a million in a second are millions in 1000 s. */
	bench_figure(div_u64(middle(r->rate, n), 1000000),
		     "%s.%ucpu.%s.mops", c->name, cpus, side);

	/* The arrays of a record's CPUs follow each other. */
	for (i = 0; i < cpus; i++) {
		memmove(all + nr, r->single[i],
			r->nr_single[i] * sizeof(*all));
		nr += r->nr_single[i];
	}
	if (nr) {
		sort(all, nr, sizeof(*all), compare_u32, NULL);
		bench_figure(bench_clock_ps(all[nr * 99ULL / 100]),
			     "%s.%ucpu.%s.p99_ns", c->name, cpus, side);
	}
	if (!way && run->insn)
		bench_figure(div_u64(middle(r->insn, n) * 1000, c->ops),
			     "%s.%ucpu.%s.insn", c->name, cpus, side);
}

static void free_records(struct run *run)
{
	unsigned int way, s;

	for (way = 0; way < WAYS; way++) {
		for (s = 0; s < BENCH_SIDES; s++) {
			struct record *r = &run->record[way][s];

			kvfree(r->batch[0]);
			kvfree(r->single[0]);
			kvfree(r->p50);
		}
	}
}

static int alloc_record(struct run *run, struct record *r)
{
	unsigned int n = run->rounds, cpu;

	r->batch[0] = kvcalloc(BENCH_CPUS * BATCHES, sizeof(u32), GFP_KERNEL);
	r->single[0] = kvcalloc(BENCH_CPUS * SINGLES * n, sizeof(u32),
				GFP_KERNEL);
	r->p50 = kvcalloc(3 * n, sizeof(u64), GFP_KERNEL);
	if (!r->batch[0] || !r->single[0] || !r->p50)
		return -ENOMEM;
	for (cpu = 1; cpu < BENCH_CPUS; cpu++) {
		r->batch[cpu] = r->batch[0] + cpu * BATCHES;
		r->single[cpu] = r->single[0] + cpu * SINGLES * n;
	}
	r->rate = r->p50 + n;
	r->insn = r->rate + n;
	return 0;
}

static int alloc_records(struct run *run)
{
	unsigned int way, s;

	for (way = 0; way < run->ways; way++)
		for (s = 0; s < run->c->nr_sides; s++)
			if (alloc_record(run, &run->record[way][s]))
				return -ENOMEM;
	return 0;
}

static int start_workers(struct run *run, struct thread *threads)
{
	struct task_struct *task[BENCH_CPUS];
	unsigned int i, n = run->ways > 1 ? bench_cpus() : 1;
	int cpu = -1;

	for (i = 0; i < n; i++) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		threads[i].run = run;
		threads[i].w.c = run->c;
		threads[i].w.cpu = i;
		threads[i].w.order = run->c->order[i];
		task[i] = kthread_create(worker, &threads[i],
					 "singlet_bench/%d", cpu);
		if (IS_ERR(task[i])) {
			while (i--)
				kthread_stop(task[i]);
			return -ENOMEM;
		}
		kthread_bind(task[i], cpu);
	}
	for (i = 0; i < n; i++)
		wake_up_process(task[i]);
	for (i = 0; i < n; i++) {
		/* For minutes, which is no reason to suspect that it hangs. */
		while (!wait_for_completion_timeout(&run->done, 10 * HZ))
			;
	}
	return 0;
}

/* All rounds, layout by layout; the first is there already. */
static int do_layouts(struct run *run, struct thread *threads)
{
	const struct bench_case *c = run->c;
	unsigned int nr = 1, i;
	int err = 0;

	if (c->lay_out)
		nr = min_t(unsigned int, run->rounds, BENCH_LAYOUTS);
	for (i = 0; i < nr && !err; i++) {
		if (i)
			err = c->lay_out(c->lay_out_data);
		run->from = run->to;
		run->to = run->rounds * (i + 1) / nr;
		err = err ?: start_workers(run, threads) ?: run->err;
	}
	return err;
}

/**
 * bench_measure() - measure a case and report its figures
 * @c: the case; its data are ready
 *
 * Context: Process, sleeps.
 * Return: 0 or what a side returned.
 */
int bench_measure(const struct bench_case *c)
{
	struct thread *threads;
	unsigned int way, s;
	struct run *run;
	int err = -ENOMEM;

	if (!c->nr_sides)
		return 0;
	run = kvcalloc(1, sizeof(*run), GFP_KERNEL);
	threads = kvcalloc(BENCH_CPUS, sizeof(*threads), GFP_KERNEL);
	if (!run || !threads)
		goto out;
	run->c = c;
	run->rounds = clamp(rounds, ROUNDS_MIN, ROUNDS_MAX);
	run->batches = clamp_t(unsigned int, PHASE_OPS / c->ops, 4, BATCHES);
	run->ways = bench_cpus() > 1 ? WAYS : 1;
	init_waitqueue_head(&run->wait);
	init_completion(&run->done);
	run->insn = bench_insn_open(cpumask_first(cpu_online_mask));
	err = alloc_records(run) ?: do_layouts(run, threads);
	if (run->insn)
		bench_insn_close();
	if (err) {
		pr_err("singlet_bench: %s: error %d\n", c->name, err);
		goto out;
	}
	for (s = 0; s < c->nr_sides; s++)
		for (way = 0; way < run->ways; way++)
			show(run, c->side[s].name, way, &run->record[way][s]);
out:
	if (run)
		free_records(run);
	kvfree(run);
	kvfree(threads);
	return err;
}
