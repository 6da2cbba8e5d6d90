// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that intern and release the same few values, take references by id
 * and collect, all at the same time.  Whoever has a reference has the value.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include "singlet_test.h"

#define THREADS	4
#define VALUES	8
#define BATCH	64
#define LENGTH	24

static char values[VALUES][LENGTH];
static __u64 ids[VALUES];	/* last seen; atomic */
static volatile bool stop;

FIXTURE(domain) {
	int fd;
	__u32 plain;
	unsigned int rounds;
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &self->plain), 0);
	for (int i = 0; i < VALUES; i++)
		st_fill_text(values[i], LENGTH, i);
	self->rounds = st_scale(500);
}

TEARDOWN(domain)
{
	struct singlet_stats stats = st_stats(self->fd);

	EXPECT_SOUND(&stats);
	EXPECT_EQ(stats.references, 0ULL);
	EXPECT_EQ(stats.live, 0ULL);
	EXPECT_LE(stats.idle, (__u64)VALUES);
	EXPECT_EMPTY(self->fd);
	close(self->fd);
}

struct work {
	int fd;			/* session; shared by threads or one each */
	__u32 plain;
	unsigned int rounds;
	__u64 seed;
	unsigned long found, missed;
};

/* All of @count ids are values @which; their references keep them so. */
static void verify(int fd, const __u64 *id, const unsigned int *which,
		   unsigned int count)
{
	struct singlet_read_item reads[BATCH];
	char data[BATCH][LENGTH + 1];

	for (unsigned int i = 0; i < count; i++) {
		memset(&reads[i], ST_POISON8, sizeof(reads[i]));
		reads[i].id = id[i];
		reads[i].data = (uintptr_t)data[i];
		reads[i].len = sizeof(data[i]);
		reads[i].offset = 0;
	}
	if (count)
		ST_BATCH(fd, SINGLET_READ, reads, count);
	for (unsigned int i = 0; i < count; i++) {
		EXPECT_EQ(reads[i].result, 0U);
		EXPECT_EQ(reads[i].total, (__u32)LENGTH);
		EXPECT_EQ(memcmp(data[i], values[which[i]], LENGTH), 0);
	}
}

static void give_back(int fd, const __u64 *id, unsigned int count)
{
	struct singlet_ref_item refs[BATCH];

	for (unsigned int i = 0; i < count; i++) {
		refs[i].id = id[i];
		refs[i].count = 1;
		refs[i].result = ST_POISON32;
	}
	if (count)
		ST_BATCH(fd, SINGLET_RELEASE, refs, count);
	for (unsigned int i = 0; i < count; i++)
		EXPECT_EQ(refs[i].result, 0U);
}

static void *intern_and_release(void *argument)
{
	struct work *work = argument;
	struct singlet_intern_item items[BATCH];
	unsigned int which[BATCH];
	__u64 got[BATCH];

	for (unsigned int round = 0; round < work->rounds; round++) {
		unsigned int count = 1 + st_random(&work->seed) % BATCH;
		/* Often one value only, so that the others can become idle. */
		unsigned int values_here = round % 8 ? 1 : VALUES;
		unsigned int first = st_random(&work->seed);
		unsigned long command = st_random(&work->seed) % 4 ?
						SINGLET_INTERN :
						SINGLET_LOOKUP;
		unsigned int n = 0;

		for (unsigned int i = 0; i < count; i++) {
			which[i] = (first + st_random(&work->seed) %
						   values_here) % VALUES;
			memset(&items[i], ST_POISON8, sizeof(items[i]));
			items[i].data = (uintptr_t)values[which[i]];
			items[i].len = LENGTH;
			items[i].type = SINGLET_TYPE_STR;
		}
		ST_BATCH(work->fd, command, items, count);
		for (unsigned int i = 0; i < count; i++) {
			if (items[i].result) {
				EXPECT_EQ(items[i].result, (__u32)ENOENT);
				EXPECT_EQ(command,
					  (unsigned long)SINGLET_LOOKUP);
				continue;
			}
			__atomic_store_n(&ids[which[i]], items[i].id,
					 __ATOMIC_RELAXED);
			which[n] = which[i];
			got[n++] = items[i].id;
		}
		/* Equal values that are held at the same time are one. */
		for (unsigned int i = 0; i < n; i++)
			for (unsigned int j = 0; j < i; j++)
				if ((which[i] == which[j]) !=
				    (got[i] == got[j]))
					EXPECT_EQ(got[i], got[j]);
		verify(work->fd, got, which, n);
		give_back(work->fd, got, n);
		work->found += n;
		work->missed += count - n;
	}
	return NULL;
}

static void *acquire_by_id(void *argument)
{
	struct work *work = argument;
	struct singlet_ref_item refs[BATCH];
	unsigned int which[BATCH];
	__u64 got[BATCH];

	while (!stop) {
		unsigned int n = 0, first = st_random(&work->seed);

		for (unsigned int i = 0; i < BATCH; i++) {
			which[i] = (first + st_random(&work->seed) % 2) %
				   VALUES;
			refs[i].id = __atomic_load_n(&ids[which[i]],
						     __ATOMIC_RELAXED);
			refs[i].count = 1;
		}
		ST_BATCH(work->fd, SINGLET_ACQUIRE, refs, BATCH);
		for (unsigned int i = 0; i < BATCH; i++) {
			if (refs[i].result) {
				EXPECT_EQ(refs[i].result, (__u32)ENOENT);
				continue;
			}
			which[n] = which[i];
			got[n++] = refs[i].id;
		}
		verify(work->fd, got, which, n);
		give_back(work->fd, got, n);
		work->found += n;
		work->missed += BATCH - n;
	}
	return NULL;
}

static void *collect(void *argument)
{
	struct work *work = argument;

	while (!stop) {
		work->found += st_collect(work->fd).objects;
		sched_yield();
	}
	return NULL;
}

static void *allocate_and_free(void *argument)
{
	struct work *work = argument;
	struct singlet_alloc_item items[BATCH];
	__u64 got[BATCH];

	while (!stop) {
		memset(items, 0, sizeof(items));
		for (unsigned int i = 0; i < BATCH; i++) {
			items[i].type = work->plain;
			items[i].len = LENGTH;
		}
		ST_BATCH(work->fd, SINGLET_ALLOC, items, BATCH);
		for (unsigned int i = 0; i < BATCH; i++) {
			char zeros[LENGTH] = { 0 };

			ASSERT_EQ(items[i].result, 0U);
			got[i] = items[i].id;
			if (i % 8 == 0) {
				EXPECT_TRUE(st_has_value(work->fd, got[i],
							 zeros, LENGTH));
				EXPECT_EQ(st_write(work->fd, got[i], "dirt", 4,
						   st_random(&work->seed) % 20),
					  0);
			}
		}
		give_back(work->fd, got, BATCH);
		work->found += BATCH;
	}
	return NULL;
}

static void race(struct fixture_domain *self, bool one_session)
{
	static void *(*const others[])(void *) = { acquire_by_id, collect,
						   allocate_and_free };
	enum { OTHERS = ST_ARRAY_SIZE(others) };
	static struct work work[THREADS + OTHERS];
	pthread_t threads[THREADS + OTHERS];
	__u64 seed = st_seed();
	struct singlet_stats stats;

	memset(ids, 0, sizeof(ids));
	memset(work, 0, sizeof(work));
	stop = false;
	for (int i = 0; i < THREADS + OTHERS; i++) {
		void *(*function)(void *) = i < THREADS ? intern_and_release :
							  others[i - THREADS];

		work[i].fd = one_session ? self->fd : st_open();
		work[i].plain = self->plain;
		work[i].rounds = self->rounds;
		work[i].seed = seed + i;
		ASSERT_EQ(pthread_create(&threads[i], NULL, function, &work[i]),
			  0);
	}
	for (int i = 0; i < THREADS + OTHERS; i++) {
		if (i == THREADS)
			stop = true;
		pthread_join(threads[i], NULL);
	}
	/* Everything was given back: closing the sessions drops nothing. */
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.references, 0ULL);
	for (int i = 0; i < THREADS + OTHERS && !one_session; i++)
		close(work[i].fd);
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.released, 0ULL);
	harness_note("%lu by id (%lu stale), %lu collected, %llu made, %llu revived",
		     work[THREADS].found, work[THREADS].missed,
		     work[THREADS + 1].found, stats.creates, stats.revivals);
	EXPECT_GT(stats.revivals, 0ULL);
}

TEST_F(domain, sessions)
{
	race(self, false);
}

TEST_F(domain, threads_of_one_session)
{
	race(self, true);
}

/* Two intern the same new value at the same instant: one object, one maker. */
struct meeting {
	pthread_barrier_t *barrier;
	int fd;
	unsigned int rounds;
	struct singlet_intern_item items[BATCH];
};

static void *meet(void *argument)
{
	struct meeting *m = argument;
	char text[BATCH][32];

	for (unsigned int round = 0; round < m->rounds; round++) {
		for (unsigned int i = 0; i < BATCH; i++) {
			memset(&m->items[i], ST_POISON8, sizeof(m->items[i]));
			m->items[i].data = (uintptr_t)text[i];
			m->items[i].type = SINGLET_TYPE_STR;
			m->items[i].len = snprintf(text[i], sizeof(text[i]),
						   "meet %u %u", round, i);
		}
		pthread_barrier_wait(m->barrier);
		ST_BATCH(m->fd, SINGLET_INTERN, m->items, BATCH);
		pthread_barrier_wait(m->barrier);
		/* The test compares now. */
		pthread_barrier_wait(m->barrier);
	}
	return NULL;
}

TEST_F(domain, same_new_value)
{
	static struct meeting meetings[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int t = 0; t < THREADS; t++) {
		meetings[t].barrier = &barrier;
		meetings[t].fd = st_open();
		meetings[t].rounds = st_scale(100);
		ASSERT_EQ(pthread_create(&threads[t], NULL, meet, &meetings[t]),
			  0);
	}
	for (unsigned int round = 0; round < meetings[0].rounds; round++) {
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < BATCH; i++) {
			unsigned int makers = 0;

			for (int t = 0; t < THREADS; t++) {
				EXPECT_EQ(meetings[t].items[i].result, 0U);
				EXPECT_EQ(meetings[t].items[i].id,
					  meetings[0].items[i].id);
				makers += meetings[t].items[i].created;
			}
			EXPECT_EQ(makers, 1U);
		}
		pthread_barrier_wait(&barrier);
	}
	for (int t = 0; t < THREADS; t++) {
		pthread_join(threads[t], NULL);
		close(meetings[t].fd);
	}
	EXPECT_EQ(st_stats(self->fd).creates,
		  (__u64)BATCH * meetings[0].rounds);
	EXPECT_EQ(st_collect(self->fd).objects,
		  (__u64)BATCH * meetings[0].rounds);
}

/*
 * Types come and go while others intern into them, with pauses: a deletion
 * succeeds when nobody holds an object of the type.
 */
static __u32 current_type;

static void *use_type(void *argument)
{
	struct work *work = argument;

	while (!stop) {
		struct singlet_intern_item items[BATCH];
		struct singlet_ref_item refs[BATCH];
		__u32 type = __atomic_load_n(&current_type, __ATOMIC_RELAXED);
		unsigned int n = 0;

		for (unsigned int i = 0; i < BATCH; i++) {
			items[i].data = (uintptr_t)values[i % VALUES];
			items[i].len = LENGTH;
			items[i].type = type;
		}
		ST_BATCH(work->fd, SINGLET_INTERN, items, BATCH);
		for (unsigned int i = 0; i < BATCH; i++) {
			if (items[i].result) {
				EXPECT_EQ(items[i].result, (__u32)ENOENT);
				continue;
			}
			refs[n].id = items[i].id;
			refs[n++].count = 1;
		}
		if (n)
			ST_BATCH(work->fd, SINGLET_RELEASE, refs, n);
		for (unsigned int i = 0; i < n; i++)
			EXPECT_EQ(refs[i].result, 0U);
		work->found += n;
		if (st_random(&work->seed) % 4 == 0)
			st_sleep_us(st_random(&work->seed) % 1000);
	}
	return NULL;
}

TEST_F(domain, types_come_and_go)
{
	struct work work[2] = { { .fd = st_open(), .seed = 1 },
				{ .fd = st_open(), .seed = 2 } };
	unsigned int busy = 0, rounds = st_scale(100);
	pthread_t threads[2];

	stop = false;
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, use_type, &work[i]),
			  0);
	for (unsigned int round = 0; round < rounds; round++) {
		__u32 type;
		int error;

		ASSERT_EQ(st_type_create(self->fd, "fleeting",
					 SINGLET_KIND_VALUE, 0, 0, &type), 0);
		__atomic_store_n(&current_type, type, __ATOMIC_RELAXED);
		do {
			error = st_type_delete(self->fd, type);
			if (error)
				ASSERT_EQ(error, -EBUSY);
			busy += error != 0;
		} while (error && st_type_query(self->fd, type, NULL) == 0);
		ASSERT_EQ(error, 0);
	}
	stop = true;
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		close(work[i].fd);
	}
	harness_note("%u deletions refused", busy);
	EXPECT_EQ(st_stats(self->fd).types, ST_PREDEFINED + 1);
}

/* A deletion that is refused disturbs nobody. */
static __u32 kept_type;

static void *must_intern(void *argument)
{
	struct work *work = argument;

	while (!stop) {
		struct singlet_intern_item items[BATCH];
		struct singlet_ref_item refs[BATCH];

		for (unsigned int i = 0; i < BATCH; i++) {
			items[i].data = (uintptr_t)values[i % VALUES];
			items[i].len = LENGTH;
			items[i].type = kept_type;
		}
		ST_BATCH(work->fd, SINGLET_INTERN, items, BATCH);
		for (unsigned int i = 0; i < BATCH; i++) {
			ASSERT_EQ(items[i].result, 0U);
			refs[i].id = items[i].id;
			refs[i].count = 1;
		}
		ST_BATCH(work->fd, SINGLET_RELEASE, refs, BATCH);
	}
	return NULL;
}

TEST_F(domain, refused_deletion)
{
	struct work work = { .fd = st_open() };
	pthread_t thread;
	__u64 id;

	ASSERT_EQ(st_type_create(self->fd, "kept", SINGLET_KIND_VALUE, 0, 0,
				 &kept_type), 0);
	id = st_must_intern(self->fd, kept_type, "live", 4);
	stop = false;
	ASSERT_EQ(pthread_create(&thread, NULL, must_intern, &work), 0);
	for (unsigned int round = 0; round < st_scale(30); round++)
		EXPECT_EQ(st_type_delete(self->fd, kept_type), -EBUSY);
	stop = true;
	pthread_join(thread, NULL);
	close(work.fd);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(st_type_delete(self->fd, kept_type), 0);
}

/* Sessions open and close; the domain comes and goes with the last one. */
static void *open_and_close(void *argument)
{
	struct work *work = argument;

	for (unsigned int round = 0; round < work->rounds; round++) {
		int fd = st_open();

		st_must_str(fd, round % 2 ? "one" : "two");
		if (round % 3 == 0)
			st_stats(fd);
		close(fd);
	}
	return NULL;
}

TEST_F(domain, domains_come_and_go)
{
	struct work work[THREADS];
	pthread_t threads[THREADS];

	close(self->fd);
	for (int i = 0; i < THREADS; i++) {
		work[i].rounds = st_scale(200);
		ASSERT_EQ(pthread_create(&threads[i], NULL, open_and_close,
					 &work[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	self->fd = st_open();
	EXPECT_EQ(st_stats(self->fd).sessions, 1ULL);
}
