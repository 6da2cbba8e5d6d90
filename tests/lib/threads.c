// SPDX-License-Identifier: GPL-2.0
/*
 * threads ROUNDS - libsinglet's reference cache in several threads
 *
 * Four threads intern, acquire by id, allocate and release, one by one and in
 * batches, while a fifth lets go of everything, over and over: mapped and copied,
 * with different numbers to keep.  Whoever has a value reads it, and at the end
 * the fake kernel has what the cache says.  To be run with a sanitizer.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "fake.h"
#include "lib_test.h"

#define VALUES	40

static struct singlet *s;
static _Atomic uint64_t seen[VALUES];

static void one_by_one(unsigned int *seed)
{
	int n = rand_r(seed) % VALUES;
	uint64_t id = lib_intern(s, n), other;

	lib_expect(s, id, n);
	seen[n] = id;
	CHECK(!singlet_object_acquire(s, id, 2));
	n = rand_r(seed) % VALUES;
	other = seen[n];
	if (other && !singlet_object_acquire(s, other, 1)) {
		lib_expect(s, other, n);
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

static void work(unsigned int *seed)
{
	unsigned int what = rand_r(seed) % 10;

	if (what < 7)
		one_by_one(seed);
	else if (what < 8)
		plain();
	else
		lib_batch(s, seed, VALUES);
}

static void flush(struct singlet *s)
{
	CHECK(!singlet_cache_flush(s));
}

static void run(bool mapped, size_t keep, unsigned int rounds)
{
	struct singlet_cache_info info;
	int i;

	CHECK(!singlet_open_fd(&s, fake_session(mapped), 0));
	CHECK(!singlet_cache_enable(s, keep));
	for (i = 0; i < VALUES; i++)
		seen[i] = 0;
	lib_run(s, rounds, work, flush);
	CHECK(!singlet_cache_query(s, &info));
	CHECK(info.mapped == mapped);
	CHECK(info.held == info.queued && info.queued <= keep);
	CHECK(fake_references() == info.held);
	lib_expect_empty(s);
	CHECK(fake_references() == 0);
	CHECK(fake_mistakes() == 0);
	singlet_close(s);
}

int main(int argc, char **argv)
{
	static const size_t keep[] = { 0, 1, 16, VALUES };
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : 1000;
	size_t i;

	for (i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
		run(true, keep[i], rounds);
		run(false, keep[i], rounds);
	}
	return 0;
}
