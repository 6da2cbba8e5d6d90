// SPDX-License-Identifier: GPL-2.0
/* libsinglet's reference cache in several threads, and across fork(). */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <singlet.h>

#include "singlet_test.h"

#define THREADS	4
#define VALUES	48
#define KEEP	16		/* fewer, so that they come and go */

FIXTURE(race) {
	struct singlet *s;
	int fd;
};

SETUP(race)
{
	self->fd = st_open_fresh();
	ASSERT_EQ(singlet_open(&self->s, 0), 0);
	ASSERT_EQ(singlet_cache_enable(self->s, KEEP), 0);
}

TEARDOWN(race)
{
	singlet_close(self->s);
	EXPECT_EMPTY(self->fd);
	close(self->fd);
}

/* Value @n: of a length and bytes of its own. */
static size_t value(unsigned int n, char *data)
{
	size_t len = 1 + n * 7;

	st_fill_text(data, len, n);
	return len;
}

static void expect_value(struct singlet *s, uint64_t id, unsigned int n)
{
	char data[1 + VALUES * 7];
	size_t len = value(n, data), got;
	const void *p;

	ASSERT_EQ(singlet_object_data(s, id, &p, &got), 0);
	ASSERT_EQ(got, len);
	ASSERT_TRUE(!memcmp(p, data, len));
}

struct work {
	struct singlet *s;
	unsigned int rounds;
	__u64 seed;
	uint64_t *seen;		/* ids that anybody had, VALUES; atomic */
	uint32_t plain;
	bool *stop;		/* atomic; or NULL */
};

static void round_of(struct work *w)
{
	unsigned int n = st_random(&w->seed) % VALUES;
	uint64_t id, other;
	char data[1 + VALUES * 7];
	size_t len = value(n, data);
	int ret;

	ret = singlet_object_intern(w->s, SINGLET_TYPE_STR, data, len, &id);
	ASSERT_GE(ret, 0);
	expect_value(w->s, id, n);
	__atomic_store_n(&w->seen[n], id, __ATOMIC_RELAXED);
	if (st_random(&w->seed) % 2) {
		ASSERT_EQ(singlet_object_acquire(w->s, id, 2), 0);
		ASSERT_EQ(singlet_object_release(w->s, id, 2), 0);
	}
	/* By an id which may be over, or be somebody's just now. */
	n = st_random(&w->seed) % VALUES;
	other = __atomic_load_n(&w->seen[n], __ATOMIC_RELAXED);
	if (other && !singlet_object_acquire(w->s, other, 1)) {
		expect_value(w->s, other, n);
		ASSERT_EQ(singlet_object_release(w->s, other, 1), 0);
	}
	ASSERT_EQ(singlet_object_release(w->s, id, 1), 0);
}

static void *worker(void *ctx)
{
	struct work *w = ctx;

	for (unsigned int i = 0; i < w->rounds; i++) {
		round_of(w);
		if (w->stop && __atomic_load_n(w->stop, __ATOMIC_RELAXED))
			break;
	}
	return NULL;
}

static void *collector(void *ctx)
{
	struct work *w = ctx;

	while (!__atomic_load_n(w->stop, __ATOMIC_RELAXED)) {
		st_collect(singlet_fd(w->s));
		singlet_cache_flush(w->s);
		sched_yield();
	}
	return NULL;
}

/* Threads that intern, acquire by id and release; one lets go and collects. */
static void threads(struct fixture_race *self, struct singlet *s)
{
	uint64_t seen[VALUES] = {};
	__u64 seed = st_seed();
	struct singlet_cache_info info;
	pthread_t thread[THREADS + 1];
	struct work work[THREADS + 1];
	bool stop = false;

	for (int i = 0; i <= THREADS; i++) {
		work[i] = (struct work){
			.s = s, .rounds = st_scale(5000), .seed = seed + i,
			.seen = seen, .stop = i == THREADS ? &stop : NULL,
		};
		ASSERT_EQ(pthread_create(&thread[i], NULL,
					 i == THREADS ? collector : worker,
					 &work[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread[THREADS], NULL);
	ASSERT_EQ(singlet_cache_query(s, &info), 0);
	EXPECT_EQ(info.held, info.queued);
	EXPECT_LE(info.queued, (size_t)KEEP);
	EXPECT_EQ(st_stats(self->fd).references, info.held);
	EXPECT_EQ(singlet_cache_flush(s), 0);
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
}

TEST_F(race, threads)
{
	threads(self, self->s);
}

/* Bytes that are mapped. */
static rlim_t address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	ASSERT_TRUE(file);
	ASSERT_EQ(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	return (rlim_t)pages * sysconf(_SC_PAGESIZE);
}

/* The same with values that are copied, and so freed. */
TEST_F(race, threads_not_mapped)
{
	struct singlet_cache_info info;
	struct rlimit all, none;
	struct singlet *s;

	ASSERT_EQ(singlet_open(&s, 0), 0);
	/* Space for everything but another arena. */
	ASSERT_EQ(getrlimit(RLIMIT_AS, &all), 0);
	none = all;
	none.rlim_cur = address_space() + (1UL << 32);
	ASSERT_EQ(setrlimit(RLIMIT_AS, &none), 0);
	ASSERT_EQ(singlet_cache_enable(s, KEEP), 0);
	ASSERT_EQ(setrlimit(RLIMIT_AS, &all), 0);
	ASSERT_EQ(singlet_cache_query(s, &info), 0);
	ASSERT_TRUE(!info.mapped);
	threads(self, s);
	singlet_close(s);
}

/* In batches, with plain objects among them. */
static void *batch_worker(void *ctx)
{
	struct work *w = ctx;
	struct singlet_intern_item item[20];
	struct singlet_ref_item ref[20];
	char data[20][1 + VALUES * 7];
	unsigned int n[20];

	for (unsigned int i = 0; i < w->rounds / 10; i++) {
		uint64_t plain;

		for (int k = 0; k < 20; k++) {
			n[k] = st_random(&w->seed) % VALUES;
			item[k] = (struct singlet_intern_item){
				.data = (uintptr_t)data[k],
				.len = value(n[k], data[k]),
				.type = SINGLET_TYPE_STR,
			};
		}
		ASSERT_EQ(singlet_batch_intern(w->s, item, 20), 20);
		ASSERT_EQ(singlet_object_alloc(w->s, w->plain, 8, &plain), 0);
		for (int k = 0; k < 20; k++) {
			ASSERT_EQ(item[k].result, 0U);
			expect_value(w->s, item[k].id, n[k]);
			ref[k] = (struct singlet_ref_item){ item[k].id, 1, 0 };
		}
		ASSERT_EQ(singlet_object_release(w->s, plain, 1), 0);
		ASSERT_EQ(singlet_batch_release(w->s, ref, 20), 20);
		for (int k = 0; k < 20; k++)
			ASSERT_EQ(ref[k].result, 0U);
	}
	return NULL;
}

TEST_F(race, batches)
{
	pthread_t thread[THREADS];
	struct work work[THREADS];
	__u64 seed = st_seed();
	uint32_t plain;

	ASSERT_EQ(singlet_type_create(self->s, "plain", SINGLET_KIND_PLAIN, 0, 0,
				      &plain), 0);
	for (int i = 0; i < THREADS; i++) {
		work[i] = (struct work){
			.s = self->s, .rounds = st_scale(5000),
			.seed = seed + i, .plain = plain,
		};
		ASSERT_EQ(pthread_create(&thread[i], NULL, batch_worker,
					 &work[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	EXPECT_EQ(singlet_type_delete(self->s, plain), 0);
}

static uint64_t intern(struct singlet *s, unsigned int n)
{
	char data[1 + VALUES * 7];
	size_t len = value(n, data);
	uint64_t id;
	int ret;

	ret = singlet_object_intern(s, SINGLET_TYPE_STR, data, len, &id);
	ASSERT_GE(ret, 0);
	return id;
}

/* The child has what the parent had, at the same place, and a life of its own. */
TEST_F(race, fork_goes_on)
{
	uint64_t id[VALUES], plain;
	const void *at[VALUES], *p;
	int wait[2];
	uint32_t type;
	char c;

	for (int i = 0; i < VALUES; i++) {
		id[i] = intern(self->s, i);
		ASSERT_EQ(singlet_object_data(self->s, id[i], &at[i], NULL), 0);
	}
	ASSERT_EQ(singlet_type_create(self->s, "plain", SINGLET_KIND_PLAIN, 0, 0,
				      &type), 0);
	ASSERT_EQ(singlet_object_alloc(self->s, type, 8, &plain), 0);
	ASSERT_EQ(singlet_object_seal(self->s, plain), 0);
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, wait), 0);
	pid_t child = st_fork();

	if (!child) {
		close(wait[1]);
		ASSERT_EQ(read(wait[0], &c, 1), 0);
		/* The parent has released all of it, and collected. */
		for (int i = 0; i < VALUES; i++) {
			ASSERT_EQ(singlet_object_data(self->s, id[i], &p, NULL),
				  0);
			EXPECT_TRUE(p == at[i]);
			expect_value(self->s, id[i], i);
			EXPECT_EQ(intern(self->s, i), id[i]);
			EXPECT_EQ(singlet_object_release(self->s, id[i], 2), 0);
		}
		EXPECT_EQ(singlet_object_release(self->s, plain, 1), 0);
		EXPECT_EQ(intern(self->s, 1), id[1]);
		singlet_close(self->s);
		_exit(0);
	}
	EXPECT_EQ(st_stats(self->fd).references, 2ULL * (VALUES + 1));
	for (int i = 0; i < VALUES; i++)
		EXPECT_EQ(singlet_object_release(self->s, id[i], 1), 0);
	EXPECT_EQ(singlet_object_release(self->s, plain, 1), 0);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	st_collect(self->fd);
	EXPECT_EQ(st_stats(self->fd).references, VALUES + 1ULL);
	close(wait[0]);
	close(wait[1]);
	st_join(child);
	EXPECT_EQ(st_wait_references(self->fd, 0, 5), 0ULL);
	EXPECT_EQ(singlet_type_delete(self->s, type), 0);
}

/* In a named domain, and by a child of the child. */
TEST_F(race, fork_named)
{
	struct singlet *s;
	uint64_t id;

	ASSERT_EQ(singlet_domain_create(self->s, "named", 0700,
					SINGLET_DOMAIN_EPHEMERAL, &s), 0);
	ASSERT_EQ(singlet_cache_enable(s, KEEP), 0);
	id = intern(s, 3);
	pid_t child = st_fork();

	if (!child) {
		pid_t grandchild = st_fork();

		expect_value(s, id, 3);
		EXPECT_EQ(singlet_object_release(s, id, 1), 0);
		if (grandchild)
			st_join(grandchild);
		_exit(0);
	}
	st_join(child);
	expect_value(s, id, 3);
	EXPECT_EQ(singlet_object_release(s, id, 1), 0);
	singlet_close(s);
}

/* More than a system call takes, and plain objects that only one session has. */
TEST_F(race, fork_many)
{
	enum { MANY = 3000 };
	uint64_t plain, id[MANY];
	uint32_t type;
	char text[16];

	ASSERT_EQ(singlet_type_create(self->s, "plain", SINGLET_KIND_PLAIN, 0, 0,
				      &type), 0);
	ASSERT_EQ(singlet_object_alloc(self->s, type, 8, &plain), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "value %d", i);
		ASSERT_EQ(singlet_str_intern(self->s, text, &id[i]), 1);
	}
	pid_t child = st_fork();

	if (!child) {
		const void *data;

		for (int i = 0; i < MANY; i++) {
			size_t len = snprintf(text, sizeof(text), "value %d", i);

			ASSERT_EQ(singlet_object_data(self->s, id[i], &data,
						      NULL), 0);
			ASSERT_TRUE(!memcmp(data, text, len));
			ASSERT_EQ(singlet_object_release(self->s, id[i], 1), 0);
		}
		EXPECT_EQ(singlet_object_data(self->s, plain, &data, NULL),
			  -ENOENT);
		EXPECT_EQ(singlet_object_release(self->s, plain, 1), -ENOENT);
		singlet_close(self->s);
		_exit(0);
	}
	st_join(child);
	EXPECT_EQ(singlet_object_write(self->s, plain, "parent's", 8, 0), 0);
	EXPECT_EQ(singlet_object_release(self->s, plain, 1), 0);
	for (int i = 0; i < MANY; i++)
		EXPECT_EQ(singlet_object_release(self->s, id[i], 1), 0);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	EXPECT_EQ(singlet_type_delete(self->s, type), 0);
}

/* Several handles, one of which may only read. */
TEST_F(race, fork_several)
{
	struct singlet *named, *reader;
	uint64_t mine, theirs;

	ASSERT_EQ(singlet_domain_create(self->s, "several", 0700,
					SINGLET_DOMAIN_EPHEMERAL, &named), 0);
	ASSERT_EQ(singlet_domain_join(self->s, "several", SINGLET_ACCESS_READ,
				      &reader), 0);
	ASSERT_EQ(singlet_cache_enable(reader, KEEP), 0);
	mine = intern(self->s, 4);
	theirs = intern(named, 9);
	ASSERT_EQ(singlet_object_acquire(reader, theirs, 1), 0);
	expect_value(reader, theirs, 9);
	pid_t child = st_fork();

	if (!child) {
		expect_value(self->s, mine, 4);
		expect_value(reader, theirs, 9);
		EXPECT_EQ(singlet_object_release(reader, theirs, 1), 0);
		singlet_close(reader);
		expect_value(self->s, mine, 4);
		_exit(0);
	}
	st_join(child);
	expect_value(reader, theirs, 9);
	EXPECT_EQ(singlet_object_release(self->s, mine, 1), 0);
	singlet_close(reader);
	singlet_close(named);
}

/* The child has nothing, and says so; the parent goes on. */
static void expect_lost(struct singlet *s, const uint64_t *id, int nr)
{
	const void *data;
	uint64_t other;

	for (int i = 0; i < nr; i++) {
		EXPECT_EQ(singlet_object_data(s, id[i], &data, NULL),
			  -ENOENT);
		EXPECT_EQ(singlet_object_release(s, id[i], 1), -ENOENT);
	}
	EXPECT_EQ(singlet_str_intern(s, "value", &other), -ENOTTY);
	singlet_close(s);
	_exit(0);
}

/* No descriptor is left for the child's session. */
TEST_F(race, fork_without)
{
	struct rlimit limit, none;
	uint64_t id = intern(self->s, 3);

	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = self->fd > singlet_fd(self->s) ?
			self->fd + 1 : singlet_fd(self->s) + 1;
	for (int fd = 0; fd < (int)none.rlim_cur; fd++)
		dup(0);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	pid_t child = st_fork();

	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (!child)
		expect_lost(self->s, &id, 1);
	st_join(child);
	expect_value(self->s, id, 3);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
}

/* Another user's domain is another domain, whatever the ids in it. */
TEST(fork_other_user)
{
	uint64_t id[VALUES];
	struct singlet *s;

	ASSERT_EQ(singlet_open(&s, 0), 0);
	ASSERT_EQ(singlet_cache_enable(s, KEEP), 0);
	for (int i = 0; i < VALUES; i++)
		id[i] = intern(s, i);
	st_fresh_user();
	pid_t child = st_fork();

	if (!child)
		expect_lost(s, id, VALUES);
	st_join(child);
	for (int i = 0; i < VALUES; i++) {
		expect_value(s, id[i], i);
		EXPECT_EQ(singlet_object_release(s, id[i], 1), 0);
	}
	EXPECT_EQ(singlet_cache_flush(s), 0);
	EXPECT_EMPTY(singlet_fd(s));
	singlet_close(s);
}

/* Threads that work on while one forks, and children that use what they have. */
TEST_F(race, fork_busy)
{
	uint64_t seen[VALUES] = {};
	__u64 seed = st_seed();
	uint64_t mine = intern(self->s, 5);
	pthread_t thread[2];
	struct work work[2];
	bool stop = false;

	for (int i = 0; i < 2; i++) {
		work[i] = (struct work){
			.s = self->s, .rounds = UINT32_MAX, .seed = seed + i,
			.seen = seen, .stop = &stop,
		};
		ASSERT_EQ(pthread_create(&thread[i], NULL, worker, &work[i]), 0);
	}
	for (unsigned int i = 0; i < st_scale(30); i++) {
		pid_t child = st_fork();

		if (!child) {
			struct work own = { .s = self->s, .seed = i,
					    .rounds = 100, .seen = seen };

			expect_value(self->s, mine, 5);
			worker(&own);
			expect_value(self->s, mine, 5);
			_exit(harness_failures() != 0);
		}
		st_join(child);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	expect_value(self->s, mine, 5);
	EXPECT_EQ(singlet_object_release(self->s, mine, 1), 0);
}
