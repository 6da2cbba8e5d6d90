// SPDX-License-Identifier: GPL-2.0
/*
 * threads ROUNDS - libsinglet's reference cache in several threads
 *
 * Four threads intern, acquire by id, allocate and release, one by one and in
 * batches, while a fifth lets go of everything, over and over: mapped and copied,
 * with different numbers to keep.  Whoever has a value reads it, and at the end
 * the fake kernel has what the cache says.  To be run with a sanitizer.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <singlet.h>

#include "cache.h"
#include "fake.h"
#include "internal.h"

#define THREADS	4
#define VALUES	40
#define BATCH	20
#define LEN_MAX	(4 + VALUES * 3)

static struct singlet *s;
static unsigned int rounds;
static _Atomic uint64_t seen[VALUES];
static atomic_bool stop;

#define CHECK(ok)	do {						\
	if (!(ok)) {							\
		fprintf(stderr, "threads.c:%d: %s\n", __LINE__, #ok);	\
		abort();						\
	}								\
} while (0)

static size_t value(int n, char *data)
{
	size_t len = 4 + n * 3, i;

	for (i = 0; i < len; i++)
		data[i] = n * 31 + i;
	return len;
}

static void expect_value(uint64_t id, int n)
{
	char data[LEN_MAX];
	size_t len = value(n, data), got;
	const void *p;

	CHECK(!singlet_object_data(s, id, &p, &got));
	CHECK(got == len && !memcmp(p, data, len));
}

static void one_by_one(unsigned int *seed)
{
	int n = rand_r(seed) % VALUES;
	char data[LEN_MAX];
	uint64_t id, other;

	CHECK(singlet_object_intern(s, SINGLET_TYPE_BYTES, data,
				    value(n, data), &id) >= 0);
	expect_value(id, n);
	seen[n] = id;
	CHECK(!singlet_object_acquire(s, id, 2));
	n = rand_r(seed) % VALUES;
	other = seen[n];
	if (other && !singlet_object_acquire(s, other, 1)) {
		expect_value(other, n);
		CHECK(!singlet_object_release(s, other, 1));
	}
	CHECK(!singlet_object_release(s, id, 3));
}

static void plain(void)
{
	uint64_t id;

	CHECK(!singlet_object_alloc(s, FAKE_PLAIN, 16, &id));
	CHECK(!singlet_object_acquire(s, id, 1));
	CHECK(!singlet_object_release(s, id, 1));
	CHECK(!singlet_object_release(s, id, 1));
}

static void batch(unsigned int *seed)
{
	struct singlet_intern_item item[BATCH] = {};
	struct singlet_ref_item ref[BATCH] = {};
	char data[BATCH][LEN_MAX];
	int n[BATCH], i;

	for (i = 0; i < BATCH; i++) {
		n[i] = rand_r(seed) % VALUES;
		item[i].data = (uintptr_t)data[i];
		item[i].len = value(n[i], data[i]);
		item[i].type = SINGLET_TYPE_BYTES;
	}
	CHECK(singlet_batch_intern(s, item, BATCH) == BATCH);
	for (i = 0; i < BATCH; i++) {
		CHECK(!item[i].result);
		ref[i].id = item[i].id;
		ref[i].count = 1;
	}
	CHECK(singlet_batch_acquire(s, ref, BATCH) == BATCH);
	for (i = 0; i < BATCH; i++) {
		CHECK(!ref[i].result);
		expect_value(item[i].id, n[i]);
		ref[i].count = 2;
	}
	CHECK(singlet_batch_release(s, ref, BATCH) == BATCH);
	for (i = 0; i < BATCH; i++)
		CHECK(!ref[i].result);
}

static void *worker(void *ctx)
{
	unsigned int seed = (uintptr_t)ctx, i;

	for (i = 0; i < rounds; i++) {
		unsigned int what = rand_r(&seed) % 10;

		if (what < 7)
			one_by_one(&seed);
		else if (what < 8)
			plain();
		else
			batch(&seed);
	}
	return NULL;
}

static void *flusher(void *ctx)
{
	(void)ctx;
	while (!stop) {
		struct timespec pause = { .tv_nsec = 50000 };

		CHECK(!singlet_cache_flush(s));
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void run(bool mapped, size_t keep)
{
	struct singlet_cache_info info;
	pthread_t thread[THREADS + 1];
	int i;

	CHECK(!singlet_open_fd(&s, fake_session(mapped), 0));
	CHECK(!singlet_cache_enable(s, keep));
	stop = false;
	for (i = 0; i < VALUES; i++)
		seen[i] = 0;
	for (i = 0; i <= THREADS; i++)
		CHECK(!pthread_create(&thread[i], NULL,
				      i < THREADS ? worker : flusher,
				      (void *)(uintptr_t)(i + 1)));
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	stop = true;
	pthread_join(thread[THREADS], NULL);
	CHECK(!singlet_cache_query(s, &info));
	CHECK(info.mapped == mapped);
	CHECK(info.held == info.queued && info.queued <= keep);
	CHECK(fake_references() == info.held);
	CHECK(!singlet_cache_flush(s));
	CHECK(values_empty(&s->cache->values));
	CHECK(values_empty(&s->cache->records.numbers));
	CHECK(fake_references() == 0);
	CHECK(fake_mistakes() == 0);
	singlet_close(s);
}

int main(int argc, char **argv)
{
	static const size_t keep[] = { 0, 1, 16, VALUES };
	size_t i;

	rounds = argc > 1 ? atoi(argv[1]) : 1000;
	for (i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
		run(true, keep[i]);
		run(false, keep[i]);
	}
	return 0;
}
