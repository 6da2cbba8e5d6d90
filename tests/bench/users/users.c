// SPDX-License-Identifier: GPL-2.0
/*
 * users time LABELS ROUNDS SUBJECT - how long each thing takes
 * users hold LABELS SUBJECT        - hold every label until stdin ends
 * users about SUBJECT              - what must be known of it, if anything
 * users about                      - the same of threads here
 *
 * Prints figures, "name value" a line; see tests/bench/report.  Exit status 77: the
 * subject is not there.
 */
#define _GNU_SOURCE
#include "users.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * Operations that are timed together.  Reading the clock is a system call on User
 * Mode Linux, which switches between processes of the machine below and so empties
 * its translation caches: that has to be little of what is measured.
 */
#define CHUNK	16384
#define THREADS	2
#define AGAIN	4		/* passes over what is there, for one over what is new */

static const struct subject *const subjects[] = {
	&singlet_one, &singlet_16, &singlet_256, &singlet_ioctl,
	&singlet_borrowing, &singlet_borrowing_16, &glib_refstring, &glib_hash,
	&table, &lmdb, &memfd, &redis, &redis_256, &sysintern, &apcu, &none,
};

/* A word for each label, as every subject's program has. */
static void *open_nothing(const struct subject *self,
			  const struct labels *labels)
{
	uint64_t *word = malloc(labels->nr * sizeof(*word));

	(void)self;
	return memset(word, 1, labels->nr * sizeof(*word));
}

static bool intern_nothing(void *ctx, const uint32_t *order, size_t nr)
{
	(void)ctx;
	(void)order;
	(void)nr;
	return true;
}

const struct subject none = {
	.name = "none", .open = open_nothing, .intern = intern_nothing,
};

static void die(const char *what)
{
	fprintf(stderr, "users: %s\n", what);
	exit(1);
}

void skip(const char *why)
{
	fprintf(stderr, "users: %s\n", why);
	exit(77);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static struct labels read_labels(const char *path)
{
	struct labels l = {};
	size_t room = 0, size = 0;
	FILE *file = fopen(path, "r");
	char *line = NULL;
	ssize_t len;

	if (!file)
		die("cannot read the labels");
	while ((len = getline(&line, &size, file)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (l.nr == room) {
			room = room ? 2 * room : 1024;
			l.text = realloc(l.text, room * sizeof(*l.text));
			l.len = realloc(l.len, room * sizeof(*l.len));
		}
		l.text[l.nr] = strdup(line);
		l.len[l.nr++] = len;
	}
	fclose(file);
	free(line);
	return l;
}

/* Every so many-th, if there are more than @most. */
static void sample(struct labels *l, size_t most)
{
	size_t i;

	for (i = 0; i < most && most < l->nr; i++) {
		l->text[i] = l->text[i * l->nr / most];
		l->len[i] = l->len[i * l->nr / most];
	}
	if (most < l->nr)
		l->nr = most;
}

static uint32_t *make_order(size_t nr, bool shuffled)
{
	uint32_t *order = malloc(nr * sizeof(*order));
	uint64_t x = 88172645463325252;
	size_t i;

	for (i = 0; i < nr; i++)
		order[i] = i;
	for (i = nr - 1; shuffled && i; i--) {
		uint32_t other, t = order[i];

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		other = x % (i + 1);
		order[i] = order[other];
		order[other] = t;
	}
	return order;
}

/* Timing */

struct times {
	double *ns;		/* per operation, of each chunk */
	size_t nr, room;
};

static void add_time(struct times *t, uint64_t ns, size_t operations)
{
	if (t->nr == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->ns = realloc(t->ns, t->room * sizeof(*t->ns));
	}
	t->ns[t->nr++] = (double)ns / operations;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *what, const char *order, int cpus,
		  const struct subject *s, struct times *t, double mops)
{
	char name[100];

	snprintf(name, sizeof(name), "%s.%s.%dcpu.%s", what, order, cpus,
		 s->name);
	qsort(t->ns, t->nr, sizeof(*t->ns), compare);
	printf("%s.p50_ns %.1f\n", name, t->ns[t->nr / 2]);
	printf("%s.p99_ns %.1f\n", name, t->ns[t->nr * 99 / 100]);
	printf("%s.spread_pct %.0f\n", name,
	       (t->ns[t->nr * 3 / 4] - t->ns[t->nr / 4]) * 100 /
	       t->ns[t->nr / 2]);
	printf("%s.mops %.2f\n", name, mops);
	fflush(stdout);
	free(t->ns);
}

typedef bool (*operation)(void *ctx, const uint32_t *order, size_t nr);

/* One pass over @order, in chunks; @after, which is not timed, follows each. */
static void pass(const struct subject *s, void *ctx, const uint32_t *order,
		 size_t nr, operation op, void (*after)(void *ctx,
				const uint32_t *order, size_t nr),
		 struct times *times)
{
	size_t i, n;

	for (i = 0; i < nr; i += n) {
		uint64_t begin = now();

		n = nr - i < 2 * CHUNK ? nr - i : CHUNK;
		if (!op(ctx, order + i, n))
			die(s->name);
		add_time(times, now() - begin, n);
		if (after)
			after(ctx, order + i, n);
	}
}

struct worker {
	const struct subject *subject;
	void *ctx;
	const uint32_t *order;
	size_t nr;
	operation op;
	void (*after)(void *ctx, const uint32_t *order, size_t nr);
	unsigned int rounds;
	struct times times;
	uint64_t ns;
	pthread_barrier_t *begin;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	const struct subject *s = w->subject;
	uint64_t begin;
	unsigned int i;

	if (s->thread_begin && !s->thread_begin(w->ctx))
		die(s->name);
	pthread_barrier_wait(w->begin);
	begin = now();
	for (i = 0; i < w->rounds; i++)
		pass(s, w->ctx, w->order, w->nr, w->op, w->after, &w->times);
	w->ns = now() - begin;
	if (s->thread_end)
		s->thread_end(w->ctx);
	return NULL;
}

/* @threads of them, each with labels of its own. */
static void time_threads(const struct subject *s, void *ctx, const char *what,
			 const char *order_name, const uint32_t *order,
			 size_t nr, int threads, unsigned int rounds,
			 operation op, void (*after)(void *ctx,
				const uint32_t *order, size_t nr))
{
	struct worker w[THREADS];
	pthread_t thread[THREADS];
	pthread_barrier_t begin;
	struct times all = {};
	double mops = 0;
	int i;
	size_t j;

	pthread_barrier_init(&begin, NULL, threads);
	for (i = 0; i < threads; i++) {
		w[i] = (struct worker){
			.subject = s, .ctx = ctx, .op = op, .after = after,
			.order = order + nr / THREADS * i,
			.nr = threads == 1 ? nr : nr / THREADS,
			.rounds = threads == 1 ? rounds : rounds * THREADS,
			.begin = &begin,
		};
		if (pthread_create(&thread[i], NULL, work, &w[i]))
			die("no thread");
	}
	for (i = 0; i < threads; i++) {
		double sum = 0;

		pthread_join(thread[i], NULL);
		for (j = 0; j < w[i].times.nr; j++) {
			sum += w[i].times.ns[j];
			add_time(&all, w[i].times.ns[j] * 1000, 1000);
		}
		mops += 1000 / (sum / w[i].times.nr);
		free(w[i].times.ns);
	}
	print(what, order_name, threads, s, &all, mops);
}

/* Of two threads that wait for each other, the second: until it is told to end. */
#define TURNS_END	UINT32_MAX

static void *take_turns(void *arg)
{
	_Atomic uint32_t *turn = arg;
	uint32_t seen;

	while ((seen = atomic_load(turn)) != TURNS_END)
		if (seen & 1)
			atomic_compare_exchange_strong(turn, &seen, seen + 1);
	return NULL;
}

/*
 * Do threads of a program run at the same time?  Not on User Mode Linux 7.3, where
 * all of them are one process of the machine below.  Two that take turns need a
 * switch for each then, of which there are not many in this time.
 */
static bool threads_are_parallel(void)
{
	static int known = -1;
	_Atomic uint32_t turn = 0;
	uint64_t end = now() + 50000000;
	pthread_t thread;
	uint32_t seen;

	if (known >= 0)
		return known;
	if (pthread_create(&thread, NULL, take_turns, &turn))
		die("no thread");
	while (now() < end) {
		seen = atomic_load(&turn);
		if (!(seen & 1))
			atomic_compare_exchange_strong(&turn, &seen, seen + 1);
	}
	known = atomic_exchange(&turn, TURNS_END) > 1000;
	pthread_join(thread, NULL);
	return known;
}

static void time_misses(const struct subject *s, const struct labels *labels,
			const uint32_t *order, const char *order_name,
			unsigned int rounds)
{
	size_t nr = labels->nr, i;
	struct times times = {};
	double sum = 0;

	if (s->new_sample && s->new_sample < nr)
		nr = s->new_sample;
	while (rounds--) {
		void *ctx = s->open(s, labels);

		if (!ctx)
			die(s->name);
		if (s->whole) {
			uint64_t begin = now();

			if (!s->intern(ctx, order, nr))
				die(s->name);
			add_time(&times, now() - begin, nr);
		} else {
			pass(s, ctx, order, nr, s->intern, NULL, &times);
		}
		s->drop(ctx, order, nr);
		s->close(ctx);
	}
	for (i = 0; i < times.nr; i++)
		sum += times.ns[i];
	print("usermiss", order_name, 1, s, &times, 1000 * times.nr / sum);
}

static bool prepare(const struct subject *s, void *ctx, const uint32_t *order,
		    size_t nr)
{
	return (s->prepare ?: s->intern)(ctx, order, nr);
}

/* What is found is in the page tables then, and all else that only comes once. */
static void warm_up(const struct subject *s, void *ctx,
		    const struct labels *labels)
{
	uint32_t *order;

	if (s->new_only)
		return;
	order = make_order(labels->nr, false);
	if ((s->thread_begin && !s->thread_begin(ctx)) ||
	    !(s->find ?: s->intern)(ctx, order, labels->nr))
		die(s->name);
	if (!s->find)
		s->drop(ctx, order, labels->nr);
	if (s->thread_end)
		s->thread_end(ctx);
	free(order);
}

static void time_all(const struct subject *s, const struct labels *labels,
		     unsigned int rounds)
{
	static const char *const names[] = { "same", "shuffled" };
	double before = s->memory ? s->memory(NULL) : 0;
	void *ctx;
	int i, threads;

	for (i = 0; i < 2; i++) {
		uint32_t *order = make_order(labels->nr, i);
		uint32_t *same = make_order(labels->nr, false);

		if (!s->finds)
			time_misses(s, labels, order, names[i], rounds);
		ctx = s->open(s, labels);
		if (!ctx || !prepare(s, ctx, same, labels->nr))
			die(s->name);
		if (s->memory && !i)
			printf("usermem.%s.bytes %.1f\n", s->name,
			       (s->memory(ctx) - before) / labels->nr);
		warm_up(s, ctx, labels);
		for (threads = 1; threads <= (s->threads &&
					      threads_are_parallel() ?
					      THREADS : 1); threads++) {
			if (!s->new_only && !s->finds)
				time_threads(s, ctx, "userhit", names[i],
					     order, labels->nr, threads,
					     rounds * AGAIN, s->intern,
					     s->drop);
			if (s->find)
				time_threads(s, ctx, "userfind", names[i],
					     order, labels->nr, threads,
					     rounds * AGAIN, s->find, NULL);
		}
		s->drop(ctx, same, labels->nr);
		s->close(ctx);
		free(order);
		free(same);
	}
}

/* What a program that holds all labels has in memory is measured from outside. */
static void hold(const struct subject *s, const struct labels *labels)
{
	uint32_t *order = make_order(labels->nr, false);
	void *ctx = s->open(s, labels);
	char c;

	if (!ctx || !prepare(s, ctx, order, labels->nr) ||
	    (s->thread_begin && !s->thread_begin(ctx)) ||
	    (s->find && !s->find(ctx, order, labels->nr)))
		die(s->name);
	free(order);
	printf("holding %zu\n", labels->nr);
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	/* The end of the process is the end of all that it holds. */
}

static void run_script(const struct subject *s, char *labels, char *rounds)
{
	const char *args[16];
	char path[4096], why[100];
	size_t i;

	for (i = 0; s->script[i + 1]; i++)
		args[i] = s->script[i];
	snprintf(path, sizeof(path), SCRIPTS "/%s", s->script[i]);
	args[i++] = path;
	args[i++] = labels;
	args[i++] = rounds;
	args[i] = NULL;
	execvp(args[0], (char *const *)args);
	snprintf(why, sizeof(why), "no %s", args[0]);
	skip(why);
}

int main(int argc, char **argv)
{
	const char *name = argc < 3 ? "" : argv[argc - 1];
	const struct subject *s = NULL;
	struct labels labels;
	size_t i;

	if (argc == 2 && !strcmp(argv[1], "about")) {
		if (!threads_are_parallel())
			puts("two threads of a program do not run at the same time here: not measured");
		return 0;
	}
	for (i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		if (!strcmp(subjects[i]->name, name))
			s = subjects[i];
	if (!s || argc < 3 || argc > 5)
		die("usage: users time LABELS ROUNDS SUBJECT | users hold LABELS SUBJECT | users about [SUBJECT]");
	if (argc == 3) {
		if (s->lacks)
			printf("%s: %s\n", s->name, s->lacks);
		return 0;
	}
	if (s->script && argc == 5)
		run_script(s, argv[2], argv[3]);
	if (s->script)
		die("a script cannot hold");
	labels = read_labels(argv[2]);
	if (s->sample)
		sample(&labels, s->sample);
	if (argc == 5)
		time_all(s, &labels, atoi(argv[3]));
	else
		hold(s, &labels);
	return 0;
}
