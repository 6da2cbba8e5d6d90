// SPDX-License-Identifier: GPL-2.0
/* Quotas of domains: exact limits, and what gives way to them. */
#include <signal.h>
#include <sys/wait.h>

#include "domain_test.h"

#define OBJECTS		SINGLET_QUOTA_OBJECTS
#define BYTES		SINGLET_QUOTA_BYTES
#define REFERENCES	SINGLET_QUOTA_REFERENCES
#define TYPES		SINGLET_QUOTA_TYPES
#define IDLE		SINGLET_QUOTA_IDLE

#define MOST	4000		/* ids that a test has */

FIXTURE(domain) {
	int fd;
	__u64 ids[MOST];
};

SETUP(domain)
{
	self->fd = st_open_fresh();
}

TEARDOWN(domain)
{
	close(self->fd);
	self->fd = st_open();
	EXPECT_UNUSED(self->fd);
	close(self->fd);
}

static void limit(int fd, unsigned int quota, __u64 n)
{
	ASSERT_EQ(sd_set_limit(fd, NULL, quota, n), 0);
	EXPECT_EQ(sd_info(fd).limit[quota], n);
}

/* How many of @count new values, from @from on, can be interned. */
static __u32 take(int fd, __u32 from, __u32 count, size_t len, __u64 *ids)
{
	__u32 n = 0;

	sd_fill(fd, from, count, len, ids);
	for (__u32 i = 0; i < count; i++)
		n += ids[i] != 0;
	return n;
}

/* ---- limits of a domain ---- */

TEST_F(domain, objects)
{
	struct singlet_stats stats;
	__u64 id;

	limit(self->fd, OBJECTS, 1000);
	EXPECT_EQ(take(self->fd, 0, 1100, 8, self->ids), 1000U);
	for (int i = 0; i < 1000; i++)
		EXPECT_NE(self->ids[i], 0ULL);
	EXPECT_EQ(sd_info(self->fd).use[OBJECTS], 1000ULL);
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.refusals, 100ULL);
	EXPECT_EQ(stats.failures, 0ULL);
	EXPECT_SOUND(&stats);
	/* What exists can be had all the same, constants too. */
	EXPECT_EQ(sd_fill(self->fd, 0, 1000, 8, NULL), 0);
	st_must_int(self->fd, 5);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "x", 1, &id), -EDQUOT);
	/* What is idle gives way to what is wanted now. */
	EXPECT_EQ(st_release(self->fd, self->ids[7], 2), 0);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "x", 1, &id), 0);
	EXPECT_EQ(st_acquire(self->fd, self->ids[7], 1), -ENOENT);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "y", 1, &id), -EDQUOT);
	EXPECT_EQ(sd_info(self->fd).use[OBJECTS], 1000ULL);
}

TEST_F(domain, bytes)
{
	static char large[60000];
	__u64 id;

	/* Values of 64 bytes are in slots of 64. */
	limit(self->fd, BYTES, 64 * 1000 + 63);
	EXPECT_EQ(take(self->fd, 0, 1100, 64, self->ids), 1000U);
	EXPECT_EQ(sd_info(self->fd).use[BYTES], 64000ULL);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "x", 1, &id), 0);
	EXPECT_LE(sd_info(self->fd).use[BYTES], 64063ULL);
	/* Room for a large one is made of many small ones. */
	sd_release_all(self->fd, self->ids, 1000);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_BYTES, large, sizeof(large),
			    &id), 0);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_BYTES, large,
			    sizeof(large) - 1, &id), -EDQUOT);
	EXPECT_LE(sd_info(self->fd).use[BYTES], 64063ULL);
}

TEST_F(domain, plain_objects)
{
	__u64 id, first;
	__u32 plain;

	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &plain), 0);
	limit(self->fd, OBJECTS, 100);
	ASSERT_EQ(st_alloc(self->fd, plain, 8, &first), 0);
	for (int i = 1; i < 100; i++)
		ASSERT_EQ(st_alloc(self->fd, plain, 8, &id), 0);
	EXPECT_EQ(st_alloc(self->fd, plain, 8, &id), -EDQUOT);
	EXPECT_EQ(st_release(self->fd, first, 1), 0);
	EXPECT_EQ(st_alloc(self->fd, plain, 8, &id), 0);
	EXPECT_EQ(st_alloc(self->fd, plain, 8, &id), -EDQUOT);
	close(self->fd);
	self->fd = st_open();
	EXPECT_EQ(st_type_delete(self->fd, plain), 0);
}

TEST_F(domain, references_of_domain)
{
	int others[4];
	__u64 id = st_must_str(self->fd, "shared");
	__u32 n = 0;

	limit(self->fd, REFERENCES, 300);
	for (int i = 0; i < 4; i++) {
		others[i] = st_open();
		EXPECT_EQ(st_acquire(others[i], id, 1), 0);
	}
	for (int i = 0; i < 4; i++)
		n += take(others[i], i * 100, 100, 8, self->ids + i * 100);
	/* One that is held five times, and as many others as there is room. */
	EXPECT_EQ(n, 295U);
	EXPECT_EQ(sd_info(self->fd).use[REFERENCES], 300ULL);
	/* Again is not more; and nothing was made that nobody holds. */
	EXPECT_EQ(st_acquire(others[3], id, 100), 0);
	EXPECT_EQ(st_stats(self->fd).objects, 296ULL);
	EXPECT_EQ(st_release(others[0], self->ids[0], 1), 0);
	EXPECT_EQ(st_acquire(others[3], self->ids[1], 1), 0);
	EXPECT_EQ(st_acquire(others[3], self->ids[2], 1), -EDQUOT);
	for (int i = 0; i < 4; i++)
		close(others[i]);
	EXPECT_EQ(sd_info(self->fd).use[REFERENCES], 1ULL);
}

TEST_F(domain, types)
{
	__u32 types[11], other;
	char name[16];

	limit(self->fd, TYPES, 10);
	for (int i = 0; i < 11; i++) {
		snprintf(name, sizeof(name), "type-%d", i);
		EXPECT_EQ(st_type_create(self->fd, name, SINGLET_KIND_VALUE, 0,
					 0, &types[i]), i < 10 ? 0 : -EDQUOT);
	}
	EXPECT_EQ(sd_info(self->fd).use[TYPES], 10ULL);
	/* A failed one is not counted. */
	EXPECT_EQ(st_type_delete(self->fd, types[3]), 0);
	EXPECT_EQ(st_type_create(self->fd, "type-5", SINGLET_KIND_VALUE, 0, 0,
				 &other), -EEXIST);
	EXPECT_EQ(st_type_create(self->fd, "type-3", SINGLET_KIND_VALUE, 0, 0,
				 &types[3]), 0);
	EXPECT_EQ(st_type_create(self->fd, "type-10", SINGLET_KIND_VALUE, 0, 0,
				 &other), -EDQUOT);
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(st_type_delete(self->fd, types[i]), 0);
	EXPECT_EQ(sd_info(self->fd).owner_use[TYPES], 0ULL);
}

/* Limits below what is there drop nothing. */
TEST_F(domain, lowered)
{
	__u64 id;

	EXPECT_EQ(take(self->fd, 0, 500, 8, self->ids), 500U);
	limit(self->fd, OBJECTS, 100);
	limit(self->fd, REFERENCES, 100);
	EXPECT_EQ(st_stats(self->fd).live, 500ULL);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "x", 1, &id), -EDQUOT);
	for (int i = 0; i < 500; i++)
		EXPECT_EQ(st_acquire(self->fd, self->ids[i], 1), 0);
	for (int i = 0; i < 401; i++)
		EXPECT_EQ(st_release(self->fd, self->ids[i], 2), 0);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "x", 1, &id), 0);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "y", 1, &id), -EDQUOT);
	limit(self->fd, OBJECTS, 0);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "y", 1, &id), -EDQUOT);
	limit(self->fd, REFERENCES, 0);
	EXPECT_EQ(take(self->fd, 0, 1000, 8, self->ids), 1000U);
}

/* Several processes at once: together exactly the limit, never more. */
TEST_F(domain, exact_from_several)
{
	pid_t children[4];
	int pipes[2];
	__u32 got, sum = 0;

	limit(self->fd, OBJECTS, 2000);
	ASSERT_EQ(pipe(pipes), 0);
	for (int i = 0; i < 4; i++) {
		children[i] = st_fork();
		if (children[i])
			continue;
		self->fd = st_open();
		got = take(self->fd, i * 10000, 1000, 8, self->ids);
		EXPECT_EQ(write(pipes[1], &got, sizeof(got)),
			  (ssize_t)sizeof(got));
		pause();
	}
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(read(pipes[0], &got, sizeof(got)),
			  (ssize_t)sizeof(got));
		sum += got;
	}
	EXPECT_EQ(sum, 2000U);
	EXPECT_EQ(st_stats(self->fd).objects, 2000ULL);
	EXPECT_EQ(sd_info(self->fd).use[OBJECTS], 2000ULL);
	for (int i = 0; i < 4; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	EXPECT_EQ(st_wait_references(self->fd, 0, 10), 0ULL);
}

/* Idle objects never refuse anything: the newest values are there. */
TEST_F(domain, idle_gives_way)
{
	struct singlet_stats stats;

	limit(self->fd, OBJECTS, 500);
	for (__u32 i = 0; i < 40; i++) {
		EXPECT_EQ(take(self->fd, i * 100, 100, 8, self->ids), 100U);
		sd_release_all(self->fd, self->ids, 100);
	}
	stats = st_stats(self->fd);
	EXPECT_SOUND(&stats);
	EXPECT_LE(stats.idle, 500ULL);
	EXPECT_GE(stats.idle, 100ULL);
	EXPECT_GE(stats.evictions, 3500ULL);
	EXPECT_EQ(stats.refusals, 0ULL);
	EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_BYTES,
			    (__u32[]){ 3999, 0 }, 8, self->ids), 0);
}

/* Containers of idle containers make room level by level. */
TEST_F(domain, idle_nest_gives_way)
{
	__u64 id = st_must_str(self->fd, "core"), outer;

	limit(self->fd, OBJECTS, 100);
	for (int i = 1; i < 100; i++) {
		outer = st_must_intern(self->fd, SINGLET_TYPE_TUPLE, &id, 8);
		EXPECT_EQ(st_release(self->fd, id, 1), 0);
		id = outer;
	}
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "x", 1, &outer),
		  -EDQUOT);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(take(self->fd, 0, 10, 8, self->ids), 10U);
}

static __u64 wait_idle_below(int fd, __u64 most)
{
	double end = st_now() + 10;
	__u64 idle;

	while ((idle = st_stats(fd).bytes_idle) > most && st_now() < end)
		st_sleep_us(2000);
	return idle;
}

TEST_F(domain, idle_ceiling)
{
	struct singlet_domain_info info;
	struct singlet_stats stats;

	limit(self->fd, IDLE, 100000);
	for (__u32 i = 0; i < 20; i++) {
		EXPECT_EQ(take(self->fd, i * 1000, 1000, 64, self->ids), 1000U);
		sd_release_all(self->fd, self->ids, 1000);
	}
	EXPECT_LE(wait_idle_below(self->fd, 100000), 100000ULL);
	info = sd_info_at_rest(self->fd, &stats);
	EXPECT_EQ(info.use[IDLE], stats.bytes_idle);
	EXPECT_EQ(info.use[OBJECTS], stats.objects);
	EXPECT_LE(stats.bytes_idle, 100000ULL);
	EXPECT_GT(stats.bytes_idle, 10000ULL);
	EXPECT_GE(stats.evictions, 18000ULL);
	EXPECT_EQ(stats.refusals, 0ULL);
	/* What is live is none of its business; a lower one holds at once. */
	EXPECT_EQ(take(self->fd, 0, 3000, 64, self->ids), 3000U);
	limit(self->fd, IDLE, 10000);
	EXPECT_LE(wait_idle_below(self->fd, 10000), 10000ULL);
	EXPECT_EQ(ST_WAIT(self->fd, live, 3000, 10), 3000ULL);
	sd_release_all(self->fd, self->ids, 3000);
	EXPECT_LE(wait_idle_below(self->fd, 10000), 10000ULL);
}
