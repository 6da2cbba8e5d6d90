// SPDX-License-Identifier: GPL-2.0
/*
 * borrow ROUNDS - libsinglet's borrowing, in several threads
 *
 * First what it is to do, one by one; then three threads borrow a few values,
 * by value and by id, while a fourth makes and drops them and a fifth frees what
 * nobody has, over and over, until all that is to meet has met.  Whoever has a
 * value reads all of it.  To be run with a sanitizer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <singlet.h>
#include <linux/singlet_index.h>

#include "fake_index.h"
#include "lib_test.h"

#define READERS	3
#define VALUES	8
#define PATIENCE	60	/* seconds until all must have met */

static struct singlet *s;
static unsigned int rounds;
static _Atomic uint64_t seen[VALUES];
static atomic_bool stop;
static atomic_uint found, missed;

static void begin(void)
{
	CHECK(!singlet_open_fd(&s, fake_begin(), 0));
}

static uint64_t make(unsigned int n)
{
	char data[LEN_MAX];
	size_t len = lib_value(n, data);

	return fake_intern(SINGLET_TYPE_BYTES, data, len);
}

static int borrow(unsigned int n, struct singlet_borrow *b)
{
	char data[LEN_MAX];
	size_t len = lib_value(n, data);

	return singlet_borrow_value(s, SINGLET_TYPE_BYTES, data, len, b);
}

static void expect(const struct singlet_borrow *b, unsigned int n)
{
	char data[LEN_MAX];
	size_t len = lib_value(n, data);

	CHECK(b->len == len && !memcmp(b->data, data, len));
	CHECK(b->type == SINGLET_TYPE_BYTES);
}

/* All are found, of every length, without a system call; the last one is not. */
static void find(void)
{
	unsigned int n, all = FAKE_SLABS * FAKE_SLOTS / 2;
	struct singlet_borrow b;
	uint64_t id;

	begin();
	for (n = 0; n < all; n++) {
		id = make(n);
		CHECK(!borrow(n, &b));
		CHECK(b.id == id);
		expect(&b, n);
		singlet_borrow_end(s, &b);
		CHECK(!singlet_borrow_id(s, id, &b));
		expect(&b, n);
		singlet_borrow_end(s, &b);
		singlet_borrow_end(s, &b);
	}
	for (n = 0; n < all; n++) {
		CHECK(!borrow(n, &b));
		expect(&b, n);
		singlet_borrow_end(s, &b);
	}
	CHECK(!fake_counts().asked);
	CHECK(borrow(all, &b) == -ENOENT);
	CHECK(singlet_borrow_id(s, id + (1ULL << 32), &b) == -ENOENT);
	CHECK(singlet_borrow_id(s, id | 1U << 30, &b) == -ENOENT);
	CHECK(singlet_borrow_id(s, id | SINGLET_ID_WORLD, &b) == -ENOENT);
	CHECK(singlet_borrow_str(s, "text", &b) == -ENOENT);
	CHECK(fake_counts().asked == 5);
	singlet_close(s);
}

/* More than there are slots for: the kernel holds the others. */
static void full(void)
{
	struct singlet_borrow b[SINGLET_BORROWS + 10];
	unsigned int n, nr = SINGLET_BORROWS + 10;

	begin();
	for (n = 0; n < 20; n++)
		make(n);
	for (n = 0; n < nr; n++) {
		CHECK(!borrow(n % 20, &b[n]));
		CHECK(fake_counts().references ==
		      20 + (n < SINGLET_BORROWS ? 0 : n - SINGLET_BORROWS + 1));
	}
	CHECK(fake_borrows()[0] == SINGLET_BORROWS);
	for (n = 0; n < nr; n++) {
		expect(&b[n], n % 20);
		singlet_borrow_end(s, &b[n]);
	}
	for (n = 1; n <= SINGLET_BORROWS; n++)
		CHECK(!fake_borrows()[n]);
	CHECK(fake_counts().references == 20 && !fake_counts().mistakes);
	singlet_close(s);
}

/* Borrowed, it stays; then it goes. */
static void collect(void)
{
	struct singlet_borrow b, again;
	uint64_t id;

	begin();
	id = make(3);
	CHECK(!borrow(3, &b));
	fake_release(id);
	fake_collect();
	CHECK(fake_counts().spared == 1);
	expect(&b, 3);
	CHECK(!borrow(3, &again) && again.id == id);
	singlet_borrow_end(s, &b);
	fake_collect();
	expect(&again, 3);
	singlet_borrow_end(s, &again);
	fake_collect();
	CHECK(fake_counts().freed == 1);
	CHECK(borrow(3, &b) == -ENOENT);
	CHECK(singlet_borrow_id(s, id, &b) == -ENOENT);
	CHECK(make(3) != id);
	CHECK(!borrow(3, &b));
	singlet_borrow_end(s, &b);
	singlet_close(s);
}

/*
 * Just before the word of a borrow is written, the object dies, and there is
 * another one in its slot: of the same value, so that only the mark tells.
 */
static void *late_page;
static uint64_t late_id;

static void come_between(int sig)
{
	unsigned int n;

	CHECK(sig == SIGSEGV && late_page);
	CHECK(!mprotect(late_page, 4096, PROT_READ | PROT_WRITE));
	late_page = NULL;
	fake_collect();
	for (n = 1; n < FAKE_SLABS * FAKE_SLOTS; n++) {
		fake_release(make(n));
		fake_collect();
	}
	late_id = make(0);
}

static void late(bool by_id)
{
	struct sigaction action = { .sa_handler = come_between }, old;
	struct singlet_borrow b;
	uint64_t id;

	begin();
	id = make(0);
	CHECK(!borrow(0, &b));
	late_page = (void *)((uintptr_t)b.slot & ~4095UL);
	singlet_borrow_end(s, &b);
	fake_release(id);
	CHECK(!mprotect(late_page, 4096, PROT_READ));
	CHECK(!sigaction(SIGSEGV, &action, &old));
	if (by_id) {
		CHECK(singlet_borrow_id(s, id, &b) == -ENOENT);
	} else {
		CHECK(!borrow(0, &b) && b.id == late_id);
		expect(&b, 0);
		singlet_borrow_end(s, &b);
	}
	CHECK(!sigaction(SIGSEGV, &old, NULL));
	CHECK(!late_page && late_id != id && (uint32_t)late_id == (uint32_t)id);
	singlet_close(s);
}

/* Where nothing can be borrowed, references are taken. */
static void refused(bool cached)
{
	struct singlet_borrow b, by_id;
	uint64_t id;

	begin();
	fake_refuse(true);
	id = make(5);
	if (cached)
		CHECK(!singlet_cache_enable(s, 0));
	CHECK(!borrow(5, &b) && b.id == id);
	CHECK(!singlet_borrow_id(s, id, &by_id));
	expect(&b, 5);
	expect(&by_id, 5);
	CHECK(fake_counts().references == (cached ? 2 : 3));
	singlet_borrow_end(s, &b);
	singlet_borrow_end(s, &b);
	singlet_borrow_end(s, &by_id);
	CHECK(fake_counts().references == 1 && !fake_counts().mistakes);
	CHECK(borrow(6, &b) == -ENOENT);
	singlet_close(s);
}

/* Nothing that the parent mapped is in the child. */
static void child(void)
{
	struct singlet_borrow b, own;
	int status;
	pid_t pid;

	begin();
	make(5);
	CHECK(!borrow(5, &b));
	pid = fork();
	if (!pid) {
		CHECK(!borrow(5, &own));
		expect(&own, 5);
		singlet_borrow_end(s, &own);
		singlet_borrow_end(s, &b);
		CHECK(!fake_counts().asked);
		singlet_close(s);
		exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && !status);
	expect(&b, 5);
	CHECK(fake_borrows()[b.slot - (uint64_t *)((uintptr_t)b.slot &
						   ~4095UL)] == b.id);
	singlet_borrow_end(s, &b);
	singlet_close(s);
}

/* Threads */

static bool all_met(void)
{
	struct fake_counts counts = fake_counts();

	return found && missed && counts.asked && counts.spared && counts.freed;
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Threads of a busy machine may not meet for long: more rounds until they did. */
static bool go_on(unsigned int i, time_t start)
{
	return i < rounds || i % 64 ||
	       (!all_met() && seconds() - start < PATIENCE);
}

static void *reader(void *ctx)
{
	unsigned int seed = (uintptr_t)ctx, i;
	time_t start = seconds();

	for (i = 0; go_on(i, start); i++) {
		unsigned int n = rand_r(&seed) % VALUES;
		struct singlet_borrow b;
		int err;

		err = i % 4 ? borrow(n, &b) : singlet_borrow_id(s, seen[n], &b);
		CHECK(!err || err == -ENOENT);
		if (err) {
			missed++;
			continue;
		}
		found += b.slot != NULL;
		expect(&b, n);
		if (i % 64 == 0)
			sched_yield();
		expect(&b, n);
		singlet_borrow_end(s, &b);
	}
	return NULL;
}

static void *maker(void *ctx)
{
	unsigned int seed = (uintptr_t)ctx, n;

	while (!stop) {
		n = rand_r(&seed) % VALUES;
		seen[n] = make(n);
		sched_yield();
		fake_release(seen[n]);
	}
	return NULL;
}

static void *collector(void *ctx)
{
	while (!stop) {
		fake_collect();
		sched_yield();
	}
	return ctx;
}

static void race(void)
{
	pthread_t thread[READERS + 2];
	struct fake_counts counts;
	unsigned int i;

	begin();
	for (i = 0; i < READERS + 2; i++)
		CHECK(!pthread_create(&thread[i], NULL,
				      i < READERS ? reader :
				      i == READERS ? maker : collector,
				      (void *)(uintptr_t)(i + 1)));
	for (i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	stop = true;
	for (; i < READERS + 2; i++)
		pthread_join(thread[i], NULL);
	counts = fake_counts();
	printf("%u found, %u missed, %u asked, %u spared, %u freed\n", found,
	       missed, counts.asked, counts.spared, counts.freed);
	CHECK(all_met());
	CHECK(!counts.references && !counts.mistakes);
	fake_collect();
	CHECK(fake_counts().spared == counts.spared);
	singlet_close(s);
}

int main(int argc, char **argv)
{
	rounds = argc > 1 ? atoi(argv[1]) : 20000;
	find();
	full();
	collect();
	late(false);
	late(true);
	refused(false);
	refused(true);
	child();
	race();
	return 0;
}
