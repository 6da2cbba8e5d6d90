// SPDX-License-Identifier: GPL-2.0
/*
 * References end with the last descriptor of their session, however that
 * goes: closed, duplicated, inherited, sent to others, killed with kill -9.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "singlet_test.h"

#define HOLDERS	200
#define AT_ONCE	20

FIXTURE(domain) {
	int fd;
	__u32 plain;
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &self->plain), 0);
}

TEARDOWN(domain)
{
	EXPECT_EQ(st_wait_references(self->fd, 0, 10), 0ULL);
	/* A session ends after its references. */
	EXPECT_EQ(ST_WAIT(self->fd, sessions, 1, 10), 1ULL);
	EXPECT_EMPTY(self->fd);
	close(self->fd);
}

/* Does a little of everything until it is killed. */
static void hold(__u32 plain, __u64 seed)
{
	static struct singlet_intern_item items[256];
	static struct singlet_alloc_item allocs[32];
	static struct singlet_ref_item refs[256];
	static char text[256][32];
	int fd = st_open();

	for (;;) {
		unsigned int n = 1 + st_random(&seed) % 256;

		for (unsigned int i = 0; i < n; i++) {
			memset(text[i], 'x', sizeof(text[i]));
			snprintf(text[i], sizeof(text[i]), "%u",
				 (unsigned int)(st_random(&seed) % 2000));
			items[i].data = (uintptr_t)text[i];
			items[i].len = 4 + st_random(&seed) % 28;
			items[i].type = SINGLET_TYPE_BYTES;
		}
		ST_BATCH(fd, SINGLET_INTERN, items, n);
		for (unsigned int i = 0; i < n; i++) {
			ASSERT_EQ(items[i].result, 0U);
			refs[i].id = items[i].id;
			refs[i].count = 1 + st_random(&seed) % 3;
		}
		ST_BATCH(fd, SINGLET_ACQUIRE, refs, n);
		for (unsigned int i = 0; i < n; i++)
			ASSERT_EQ(refs[i].result, 0U);
		/* Some are given back, some of those in full. */
		ST_BATCH(fd, SINGLET_RELEASE, refs, 1 + n / 2);
		for (unsigned int i = 0; i < 32; i++) {
			allocs[i].type = plain;
			allocs[i].len = 1 + st_random(&seed) % 100;
			allocs[i].reserved = 0;
		}
		ST_BATCH(fd, SINGLET_ALLOC, allocs, 32);
		for (unsigned int i = 0; i < 32; i++) {
			ASSERT_EQ(allocs[i].result, 0U);
			if (i % 2) {
				ASSERT_EQ(st_seal(fd, allocs[i].id), 0);
				break;
			}
			refs[i].id = allocs[i].id;
			refs[i].count = 1;
		}
		ST_BATCH(fd, SINGLET_RELEASE, refs, 1);
	}
}

TEST_F_TIMEOUT(domain, storm, 300)
{
	unsigned int holders = st_scale(HOLDERS), killed = 0;
	__u64 seed = st_seed();
	struct singlet_stats stats;

	while (killed < holders) {
		pid_t children[AT_ONCE];

		for (int i = 0; i < AT_ONCE; i++) {
			children[i] = st_fork();
			if (children[i] == 0)
				hold(self->plain, seed + killed + i);
		}
		/* At random instants, in the order they started. */
		for (int i = 0; i < AT_ONCE; i++) {
			st_sleep_us(st_random(&seed) % 8000);
			EXPECT_EQ(kill(children[i], SIGKILL), 0);
		}
		for (int i = 0; i < AT_ONCE; i++) {
			int status;

			ASSERT_EQ(waitpid(children[i], &status, 0), children[i]);
			EXPECT_EQ(WTERMSIG(status), SIGKILL);
		}
		killed += AT_ONCE;
	}
	EXPECT_EQ(st_wait_references(self->fd, 0, 30), 0ULL);
	stats = st_stats(self->fd);
	harness_note("%llu references dropped, %llu objects made",
		     stats.released, stats.creates);
	EXPECT_EQ(stats.live, 0ULL);
	EXPECT_EQ(stats.bytes_logical, 0ULL);
	EXPECT_EQ(stats.sessions, 1ULL);
	EXPECT_GT(stats.released, 0ULL);
	EXPECT_SOUND(&stats);
}

/* All hold the same values at the same time and die at the same time. */
TEST_F(domain, all_at_once)
{
	static struct singlet_intern_item items[1000];
	static int numbers[1000];
	pid_t children[AT_ONCE];
	int ready[2];
	char byte;

	ASSERT_EQ(pipe(ready), 0);
	for (int i = 0; i < 1000; i++) {
		numbers[i] = i;
		items[i].data = (uintptr_t)&numbers[i];
		items[i].len = 4;
		items[i].type = SINGLET_TYPE_BYTES;
	}
	for (int i = 0; i < AT_ONCE; i++) {
		children[i] = st_fork();
		if (children[i] == 0) {
			int fd = st_open();

			ST_BATCH(fd, SINGLET_INTERN, items, 1000);
			EXPECT_EQ(write(ready[1], "", 1), 1);
			for (;;)
				pause();
		}
	}
	for (int i = 0; i < AT_ONCE; i++)
		ASSERT_EQ(read(ready[0], &byte, 1), 1);
	EXPECT_EQ(st_stats(self->fd).references, 1000ULL * AT_ONCE);
	EXPECT_EQ(st_stats(self->fd).live, 1000ULL);
	EXPECT_EQ(st_stats(self->fd).bytes_unique, 4000ULL);
	EXPECT_EQ(st_stats(self->fd).bytes_logical, 4000ULL * AT_ONCE);
	for (int i = 0; i < AT_ONCE; i += 2)
		kill(children[i], SIGKILL);
	for (int i = 0; i < AT_ONCE; i += 2)
		waitpid(children[i], NULL, 0);
	EXPECT_EQ(st_wait_references(self->fd, 500ULL * AT_ONCE, 10),
		  500ULL * AT_ONCE);
	EXPECT_EQ(st_stats(self->fd).live, 1000ULL);
	for (int i = 1; i < AT_ONCE; i += 2)
		kill(children[i], SIGKILL);
	for (int i = 1; i < AT_ONCE; i += 2)
		waitpid(children[i], NULL, 0);
	EXPECT_EQ(st_wait_references(self->fd, 0, 10), 0ULL);
	EXPECT_EQ(st_stats(self->fd).idle, 1000ULL);
}

TEST_F(domain, duplicates)
{
	int fd = st_open(), copies[3];
	__u64 id = st_must_str(fd, "duplicated");

	copies[0] = dup(fd);
	copies[1] = dup(fd);
	copies[2] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	close(fd);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(st_stats(self->fd).references, 1ULL);
		EXPECT_EQ(st_stats(self->fd).sessions, 2ULL);
		/* One session: what one took, another gives back. */
		EXPECT_EQ(st_acquire(copies[i], id, 1), 0);
		EXPECT_EQ(st_release(copies[2], id, 1), 0);
		close(copies[i]);
	}
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	EXPECT_EQ(st_stats(self->fd).sessions, 1ULL);
	EXPECT_EQ(st_stats(self->fd).released, 1ULL);
}

TEST_F(domain, inherited)
{
	int fd = st_open(), go[2];
	__u64 id = st_must_str(fd, "inherited");
	struct singlet_query_item query;
	pid_t child;
	char byte;

	ASSERT_EQ(pipe(go), 0);
	child = st_fork();
	if (child == 0) {
		EXPECT_EQ(st_acquire(fd, id, 2), 0);
		ASSERT_EQ(read(go[0], &byte, 1), 1);
		_exit(0);
	}
	close(fd);
	/* The child has it still, and its requests count for the session. */
	for (int i = 0; i < 100; i++)
		st_sleep_us(100);
	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
	EXPECT_EQ(st_query(self->fd, id, &query), 0);
	EXPECT_EQ(query.references, 1U);
	ASSERT_EQ(write(go[1], "", 1), 1);
	st_join(child);
	EXPECT_EQ(st_wait_references(self->fd, 0, 5), 0ULL);

	/* The other way round: a child's death leaves the parent's alone. */
	fd = st_open();
	id = st_must_str(fd, "kept");
	child = st_fork();
	if (child == 0)
		raise(SIGKILL);
	ASSERT_EQ(waitpid(child, NULL, 0), child);
	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
	EXPECT_EQ(st_release(fd, id, 1), 0);
	close(fd);
}

TEST_F(domain, sent)
{
	int pair[2], fd = st_open(), received;
	__u64 id = st_must_str(fd, "sent");

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	st_send_fd(pair[0], fd);
	close(fd);
	/* It is in nobody's table now, but on its way. */
	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
	received = st_receive_fd(pair[1]);
	EXPECT_EQ(st_release(received, id, 1), 0);
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	EXPECT_EQ(st_acquire(received, id, 1), 0);

	/* Sent and never received: it ends with the socket. */
	st_send_fd(pair[0], received);
	close(received);
	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
	close(pair[0]);
	close(pair[1]);
	EXPECT_EQ(st_wait_references(self->fd, 0, 5), 0ULL);
}

TEST_F(domain, sent_to_a_process_that_is_killed)
{
	int pair[2], fd = st_open();
	pid_t child;
	char byte;

	st_must_str(fd, "sent away");
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	child = st_fork();
	if (child == 0) {
		int mine;

		close(fd);
		mine = st_receive_fd(pair[1]);
		st_must_str(mine, "added by the receiver");
		ASSERT_EQ(write(pair[1], "", 1), 1);
		for (;;)
			pause();
	}
	st_send_fd(pair[0], fd);
	close(fd);
	ASSERT_EQ(read(pair[0], &byte, 1), 1);
	EXPECT_EQ(st_stats(self->fd).references, 2ULL);
	kill(child, SIGKILL);
	ASSERT_EQ(waitpid(child, NULL, 0), child);
	EXPECT_EQ(st_wait_references(self->fd, 0, 5), 0ULL);
	close(pair[0]);
	close(pair[1]);
}

/* A call that runs in one thread while another closes the descriptor. */
TEST_F(domain, closed_meanwhile)
{
	static struct singlet_intern_item items[1024];
	static unsigned int numbers[1024];

	for (unsigned int round = 0; round < st_scale(50); round++) {
		int fd = st_open(), copy = dup(fd);
		pid_t child;

		for (unsigned int i = 0; i < 1024; i++) {
			numbers[i] = round * 100 + i;
			items[i].data = (uintptr_t)&numbers[i];
			items[i].len = 4;
			items[i].type = SINGLET_TYPE_BYTES;
		}
		child = st_fork();
		if (child == 0) {
			close(copy);
			ST_BATCH(fd, SINGLET_INTERN, items, 1024);
			_exit(0);
		}
		close(fd);
		st_sleep_us(round * 20 % 1000);
		close(copy);
		st_join(child);
	}
	EXPECT_EQ(st_wait_references(self->fd, 0, 5), 0ULL);
}
