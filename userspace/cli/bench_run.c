// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Threads and the clock of 'singlet bench'.
 *
 * All is done in a domain of its own, which ends with the program, however that
 * ends.  A round begins with the rows that make values: before each of them the
 * domain is empty and the session new, or the private table cleared.  Then the
 * values are interned in every way, and the rows follow that need them held.  All
 * threads begin at once, and each looks at the clock before and after.  One round
 * comes before those that count.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define NAME_TRIES	100

struct worker {
	struct bench_job job;
	const struct bench_row *row;
	pthread_barrier_t *begin;
	pthread_t thread;
	double ns;		/* a value */
	int err;
};

struct bench {
	const struct bench_plan *plan;
	struct singlet *domain;		/* a session that keeps it */
	char name[64];			/* the domain's */
	struct singlet *sessions[BENCH_WAYS];	/* NULL where none is wanted */
	struct copies *copies;
	struct worker *workers;
	double **samples;		/* of each row, of rounds and threads */
	size_t sample_count;		/* of each row so far */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void *must_have(void *memory)
{
	if (!memory)
		fail("out of memory");
	return memory;
}

static void create_domain(struct bench *bench, struct singlet *s)
{
	int i, err = -EEXIST;

	/* Elsewhere another process may have this number. */
	for (i = 0; err == -EEXIST && i < NAME_TRIES; i++) {
		snprintf(bench->name, sizeof(bench->name), "bench-%d-%d",
			 (int)getpid(), i);
		err = singlet_domain_create(s, bench->name, 0700,
					    SINGLET_DOMAIN_EPHEMERAL,
					    &bench->domain);
	}
	if (err)
		fail("cannot create a domain to measure in: %s",
		     error_words(err));
}

static struct singlet *open_session(const struct bench *bench, bool cached)
{
	struct singlet *s;
	int err = singlet_domain_join(bench->domain, bench->name, ACCESS_BOTH,
				      &s);

	if (!err && cached)
		err = singlet_cache_enable(s, bench->plan->values.count);
	if (err)
		fail("cannot open a session to measure in: %s",
		     error_words(err));
	return s;
}

/* What cannot be interned is told before anything is measured. */
static void check_values(const struct bench *bench)
{
	const struct bench_values *values = &bench->plan->values;
	struct singlet *s = open_session(bench, false);
	uint64_t id;
	size_t i;

	for (i = 0; i < values->count; i++) {
		const struct bench_value *value = &values->value[i];
		int ret = singlet_object_intern(s, SINGLET_TYPE_STR,
						value->data, value->len, &id);

		if (ret < 0 && values->file)
			fail("%s:%" PRIu64 ": %s", values->file, value->number,
			     error_words(ret));
		if (ret < 0)
			fail("cannot intern %zu values: %s", values->count,
			     error_words(ret));
	}
	singlet_close(s);
	singlet_domain_collect(bench->domain, NULL);
}

/* The most bytes that one call reads. */
static size_t buffer_size(const struct bench_job *job)
{
	size_t i, size = 0, most = 1;

	for (i = 0; i < job->count; i++) {
		if (i % BENCH_BATCH_MAX == 0)
			size = 0;
		size += job->values[i].len;
		if (size > most)
			most = size;
	}
	return most;
}

static void make_workers(struct bench *bench)
{
	const struct bench_values *values = &bench->plan->values;
	unsigned int i, threads = bench->plan->threads;
	size_t from = 0;

	bench->workers = must_have(calloc(threads, sizeof(*bench->workers)));
	for (i = 0; i < threads; i++) {
		struct bench_job *job = &bench->workers[i].job;
		size_t to = values->count * (i + 1) / threads;

		job->values = values->value + from;
		job->count = to - from;
		job->ids = must_have(calloc(job->count, sizeof(*job->ids)));
		job->held = must_have(calloc(job->count, sizeof(*job->held)));
		job->buffer = must_have(malloc(buffer_size(job)));
		from = to;
	}
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct bench_job *job = &worker->job;
	uint64_t begin;

	pthread_barrier_wait(worker->begin);
	begin = now();
	worker->err = worker->row->run(job);
	worker->ns = (double)(now() - begin) / job->count;
	return NULL;
}

static void run_threads(struct bench *bench, const struct bench_row *row)
{
	unsigned int i, threads = bench->plan->threads;
	pthread_barrier_t begin;
	int err;

	pthread_barrier_init(&begin, NULL, threads);
	for (i = 0; i < threads; i++) {
		struct worker *worker = &bench->workers[i];

		worker->row = row;
		worker->begin = &begin;
		worker->job.s = bench->sessions[row->way];
		worker->job.copies = bench->copies;
		worker->job.batch = row->batch;
		err = pthread_create(&worker->thread, NULL, work, worker);
		if (err)
			fail("cannot start a thread: %s", strerror(err));
	}
	for (i = 0; i < threads; i++)
		pthread_join(bench->workers[i].thread, NULL);
	pthread_barrier_destroy(&begin);
}

static void run_row(struct bench *bench, const struct bench_row *row)
{
	unsigned int i;

	run_threads(bench, row);
	for (i = 0; i < bench->plan->threads; i++) {
		if (bench->workers[i].err)
			fail("cannot measure %s (%s, batches of %u): %s",
			     row->operation, row->name, row->batch,
			     error_words(bench->workers[i].err));
	}
}

static void open_way(struct bench *bench, enum bench_way way)
{
	if (way == BENCH_IOCTL || way == BENCH_CACHE || way == BENCH_BORROW)
		bench->sessions[way] = open_session(bench, way == BENCH_CACHE);
}

/* Nothing is held any more, and nothing idle. */
static void close_ways(struct bench *bench)
{
	bool any = false;
	int way;

	for (way = 0; way < BENCH_WAYS; way++) {
		any |= !!bench->sessions[way];
		singlet_close(bench->sessions[way]);
		bench->sessions[way] = NULL;
	}
	if (any)
		singlet_domain_collect(bench->domain, NULL);
	copies_clear(bench->copies);
}

static void run_rows(struct bench *bench, bool held, bool counts)
{
	size_t row;
	unsigned int i;

	for (row = 0; bench_rows[row].operation; row++) {
		if (bench_rows[row].held != held)
			continue;
		if (!held)
			open_way(bench, bench_rows[row].way);
		run_row(bench, &bench_rows[row]);
		for (i = 0; counts && i < bench->plan->threads; i++)
			bench->samples[row][bench->sample_count + i] =
				bench->workers[i].ns;
		if (!held)
			close_ways(bench);
	}
}

static void run_round(struct bench *bench, bool counts)
{
	const struct bench_row *row;

	run_rows(bench, false, counts);
	for (row = bench_hold_rows; row->operation; row++) {
		open_way(bench, row->way);
		run_row(bench, row);
	}
	run_rows(bench, true, counts);
	close_ways(bench);
	if (counts)
		bench->sample_count += bench->plan->threads;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of so many samples, the one that so many per cent are not above. */
static double percentile(const double *sorted, size_t count, int per_cent)
{
	return sorted[(count * per_cent + 99) / 100 - 1];
}

static void judge(struct bench *bench)
{
	size_t row, n = bench->sample_count;

	for (row = 0; bench_rows[row].operation; row++) {
		double *samples = bench->samples[row];

		qsort(samples, n, sizeof(*samples), compare);
		bench_rows[row].p50 = percentile(samples, n, 50);
		bench_rows[row].p99 = percentile(samples, n, 99);
		free(samples);
	}
}

void bench_run(const struct bench_plan *plan, struct singlet *s)
{
	struct bench bench = { .plan = plan };
	size_t row, rows = 0;
	unsigned int i;

	create_domain(&bench, s);
	check_values(&bench);
	make_workers(&bench);
	bench.copies = must_have(copies_new(plan->threads > 1));
	while (bench_rows[rows].operation)
		rows++;
	bench.samples = must_have(calloc(rows, sizeof(*bench.samples)));
	for (row = 0; row < rows; row++)
		bench.samples[row] =
			must_have(calloc((size_t)plan->rounds * plan->threads,
					 sizeof(double)));
	for (i = 0; i <= plan->rounds; i++)
		run_round(&bench, i);
	judge(&bench);
	for (i = 0; i < plan->threads; i++) {
		free(bench.workers[i].job.ids);
		free(bench.workers[i].job.held);
		free(bench.workers[i].job.buffer);
	}
	free(bench.workers);
	free(bench.samples);
	copies_free(bench.copies);
	singlet_close(bench.domain);
}
