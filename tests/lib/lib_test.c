// SPDX-License-Identifier: GPL-2.0
/* What the tests of libsinglet share; see lib_test.h. */
#include "lib_test.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "internal.h"

#define THREADS	4
#define BATCH	20

size_t lib_value(unsigned int n, char *data)
{
	size_t len = 1 + n * 7 % LEN_MAX, i;

	for (i = 0; i < len; i++)
		data[i] = n * 31 + (n >> 8) + i;
	return len;
}

uint64_t lib_intern(struct singlet *s, unsigned int n)
{
	char data[LEN_MAX];
	uint64_t id;

	CHECK(singlet_object_intern(s, SINGLET_TYPE_BYTES, data,
				    lib_value(n, data), &id) >= 0);
	return id;
}

void lib_expect(struct singlet *s, uint64_t id, unsigned int n)
{
	char data[LEN_MAX];
	size_t len = lib_value(n, data), got;
	const void *p;

	CHECK(!singlet_object_data(s, id, &p, &got));
	CHECK(got == len && !memcmp(p, data, len));
}

void lib_batch(struct singlet *s, unsigned int *seed, unsigned int values)
{
	struct singlet_intern_item item[BATCH] = {};
	struct singlet_ref_item ref[BATCH] = {};
	char data[BATCH][LEN_MAX];
	unsigned int n[BATCH], i;

	for (i = 0; i < BATCH; i++) {
		n[i] = rand_r(seed) % values;
		item[i].data = (uintptr_t)data[i];
		item[i].len = lib_value(n[i], data[i]);
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
		lib_expect(s, item[i].id, n[i]);
		ref[i].count = 2;
	}
	CHECK(singlet_batch_release(s, ref, BATCH) == BATCH);
	for (i = 0; i < BATCH; i++)
		CHECK(!ref[i].result);
}

struct run {
	struct singlet *s;
	unsigned int rounds;
	void (*work)(unsigned int *seed);
	void (*meanwhile)(struct singlet *s);
	atomic_uint seed;
	atomic_bool stop;
};

static void *worker(void *ctx)
{
	struct run *run = ctx;
	unsigned int seed = atomic_fetch_add(&run->seed, 1), i;

	for (i = 0; i < run->rounds; i++)
		run->work(&seed);
	return NULL;
}

static void *other(void *ctx)
{
	struct run *run = ctx;

	while (!run->stop) {
		struct timespec pause = { .tv_nsec = 50000 };

		run->meanwhile(run->s);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

void lib_run(struct singlet *s, unsigned int rounds, void (*work)(unsigned int *seed),
	     void (*meanwhile)(struct singlet *s))
{
	struct run run = {
		.s = s, .rounds = rounds, .work = work,
		.meanwhile = meanwhile, .seed = 1,
	};
	pthread_t thread[THREADS + 1];
	int i;

	for (i = 0; i <= THREADS; i++)
		CHECK(!pthread_create(&thread[i], NULL,
				      i < THREADS ? worker : other, &run));
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	run.stop = true;
	pthread_join(thread[THREADS], NULL);
}

void lib_expect_empty(struct singlet *s)
{
	struct singlet_cache_info info;

	CHECK(!singlet_cache_flush(s));
	CHECK(!singlet_cache_query(s, &info));
	CHECK(info.held == 0);
	CHECK(values_empty(&s->cache->values));
	CHECK(values_empty(&s->cache->records.numbers));
}
