// SPDX-License-Identifier: GPL-2.0
/*
 * counts ROUNDS - libsinglet's reference cache in a domain with an index
 *
 * First what it is to do, one by one: what it asks the kernel for, where counts end
 * and records begin, and what it does with objects that the index does not have.
 * Then four threads intern, acquire by id and release, few at a time and so many
 * that a count is not enough, while a fifth lets go of everything and the kernel
 * frees what nobody has.  Whoever has a value reads it, and at the end the fake
 * kernel has what the cache says.  To be run with a sanitizer.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cache.h"
#include "fake_index.h"
#include "internal.h"
#include "lib_test.h"

#define VALUES		24
#define MANY		(HELD_MAX - 1)	/* users that a count is enough for */

static struct singlet *s;
static _Atomic uint64_t seen[VALUES];

static void begin(size_t keep)
{
	CHECK(!singlet_open_fd(&s, fake_begin(), 0));
	CHECK(!singlet_cache_enable(s, keep));
}

static struct singlet_cache_info info(void)
{
	struct singlet_cache_info info;

	CHECK(!singlet_cache_query(s, &info));
	return info;
}

/* Nothing is held, and the kernel knows that. */
static void end(void)
{
	lib_expect_empty(s);
	CHECK(fake_counts().references == 0);
	CHECK(fake_counts().mistakes == 0);
	singlet_close(s);
}

static uint64_t intern(unsigned int n)
{
	return lib_intern(s, n);
}

static void expect_value(uint64_t id, unsigned int n)
{
	lib_expect(s, id, n);
}

/* What is held needs no call, and hardly any memory. */
static void test_bytes(void)
{
	enum { NR = FAKE_SLABS * FAKE_SLOTS };
	size_t before;
	static uint64_t id[NR];
	unsigned int asked;
	int i;

	begin(NR);
	before = info().bytes;
	for (i = 0; i < NR; i++)
		id[i] = intern(i);
	CHECK(info().held == NR && info().mapped);
	/* A byte each, and one part of the directory of slabs. */
	CHECK(info().bytes - before <= NR + sizeof(struct held_chunk));
	asked = fake_counts().asked;
	for (i = 0; i < NR; i++) {
		CHECK(intern(i) == id[i]);
		CHECK(!singlet_object_acquire(s, id[i], 3));
		expect_value(id[i], i);
		CHECK(!singlet_object_release(s, id[i], 5));
	}
	CHECK(fake_counts().asked == asked);
	CHECK(info().queued == NR);
	end();
}

/* From one to as many as a count has, to more, and back. */
static void test_many_users(void)
{
	uint64_t id, other;
	unsigned int asked, n;

	begin(VALUES);
	other = intern(1);
	for (n = 1; n <= 3 * HELD_MAX; n++) {
		unsigned int first = n / 2;

		id = intern(2);
		asked = fake_counts().asked;
		if (n > 1)
			CHECK(!singlet_object_acquire(s, id, n - 1));
		CHECK(info().held == 2);
		expect_value(id, 2);
		CHECK(intern(2) == id);
		CHECK(singlet_object_release(s, id, n + 2) == -EINVAL);
		if (first)
			CHECK(!singlet_object_release(s, id, first));
		CHECK(singlet_object_release(s, id, n + 2 - first) == -EINVAL);
		CHECK(!singlet_object_release(s, id, n + 1 - first));
		CHECK(singlet_object_release(s, id, 1) == -ENOENT);
		CHECK(info().queued == 1);
		CHECK(intern(2) == id);
		CHECK(!singlet_object_release(s, id, 1));
		CHECK(fake_counts().asked == asked);
		/* Every other time with the same record, if there is one. */
		if (n % 2)
			CHECK(!singlet_cache_flush(s));
	}
	CHECK(!singlet_object_acquire(s, other, (1u << 30) - 3));
	CHECK(singlet_object_acquire(s, other, 1) == -EOVERFLOW);
	CHECK(singlet_object_acquire(s, other, 1u << 30) == -EOVERFLOW);
	CHECK(!singlet_object_release(s, other, (1u << 30) - 2));
	end();
}

/* So many at once, of something that is not held yet. */
static void test_many_at_once(void)
{
	struct singlet_ref_item item[2] = { { .count = MANY + 1 },
					    { .count = MANY } };
	char data[LEN_MAX];
	int i;

	begin(0);
	for (i = 0; i < 2; i++)
		item[i].id = fake_intern(SINGLET_TYPE_BYTES, data,
					 lib_value(i, data));
	CHECK(singlet_batch_acquire(s, item, 2) == 2);
	for (i = 0; i < 2; i++) {
		CHECK(!item[i].result);
		expect_value(item[i].id, i);
		CHECK(intern(i) == item[i].id);
		fake_release(item[i].id);
		item[i].count++;
	}
	CHECK(singlet_batch_release(s, item, 2) == 2);
	CHECK(!item[0].result && !item[1].result);
	CHECK(info().held == 0);
	end();
}

/*
 * What has no mark, or no entry, is found all the same, and is what it is: taken in
 * by its value, and by its id.
 */
static void test_not_indexed(void (*spoil)(uint64_t id))
{
	uint64_t id, again;
	unsigned int asked;
	char data[LEN_MAX];

	begin(VALUES);
	id = fake_intern(SINGLET_TYPE_BYTES, data, lib_value(3, data));
	again = fake_intern(SINGLET_TYPE_BYTES, data, lib_value(4, data));
	spoil(id);
	spoil(again);
	CHECK(intern(3) == id);
	CHECK(!singlet_object_acquire(s, again, 1));
	asked = fake_counts().asked;
	CHECK(intern(3) == id);
	CHECK(fake_counts().asked == asked);
	expect_value(id, 3);
	expect_value(again, 4);
	CHECK(intern(4) == again);
	asked = fake_counts().asked;
	CHECK(intern(4) == again);
	CHECK(fake_counts().asked == asked);
	CHECK(!singlet_object_release(s, id, 2));
	CHECK(!singlet_object_release(s, again, 3));
	fake_release(id);
	fake_release(again);
	end();
}

static int by_place(const void *a, const void *b)
{
	uint64_t x = fake_place(SINGLET_TYPE_BYTES, a, 4);
	uint64_t y = fake_place(SINGLET_TYPE_BYTES, b, 4);

	return (x > y) - (x < y);
}

/* Two values of one length, in one bucket and under one tag. */
static void test_alike(void)
{
	enum { NR = 20000 };
	static uint32_t n[NR];
	struct singlet_borrow b;
	uint64_t id[2], again;
	unsigned int asked;
	int i, k;

	begin(0);
	for (i = 0; i < NR; i++)
		n[i] = i;
	qsort(n, NR, sizeof(n[0]), by_place);
	for (i = 1; i < NR && by_place(&n[i - 1], &n[i]); i++)
		;
	CHECK(i < NR);
	for (k = 0; k < 2; k++)
		CHECK(singlet_object_intern(s, SINGLET_TYPE_BYTES, &n[i - k],
					    4, &id[k]) == 1);
	CHECK(id[0] != id[1]);
	/* Both are found in the index: nothing else is needed. */
	CHECK(values_empty(&s->cache->values));
	asked = fake_counts().asked;
	for (k = 0; k < 2; k++) {
		CHECK(!singlet_borrow_value(s, SINGLET_TYPE_BYTES, &n[i - k], 4,
					    &b));
		CHECK(b.id == id[k]);
		singlet_borrow_end(s, &b);
		CHECK(!singlet_object_intern(s, SINGLET_TYPE_BYTES, &n[i - k],
					     4, &again));
		CHECK(again == id[k]);
	}
	CHECK(fake_counts().asked == asked);
	for (k = 0; k < 2; k++)
		CHECK(!singlet_object_release(s, id[k], 2));
	end();
}

/* Ids that are over, of the same slot. */
static void test_stale(void)
{
	uint64_t id, stale;
	const void *p;

	begin(0);
	id = intern(5);
	stale = id + (1ULL << 32);
	CHECK(singlet_object_acquire(s, stale, 1) == -ENOENT);
	CHECK(singlet_object_release(s, stale, 1) == -ENOENT);
	CHECK(singlet_object_data(s, stale, &p, NULL) == -ENOENT);
	CHECK(!singlet_object_acquire(s, id, HELD_MAX));
	CHECK(singlet_object_acquire(s, stale, 1) == -ENOENT);
	CHECK(singlet_object_release(s, stale, 1) == -ENOENT);
	CHECK(singlet_object_data(s, stale, &p, NULL) == -ENOENT);
	CHECK(!singlet_object_release(s, id, HELD_MAX + 1));
	CHECK(singlet_object_release(s, id, 1) == -ENOENT);
	end();
}

/* What others do between a look at a count and the search for its record. */
static __thread void (*meanwhile)(void);

struct record *__real_singlet_record_find(const struct records *r,
					  uint32_t handle);
struct record *__wrap_singlet_record_find(const struct records *r,
					  uint32_t handle);
struct record *__wrap_singlet_record_find(const struct records *r,
					  uint32_t handle)
{
	void (*run)(void) = meanwhile;

	meanwhile = NULL;
	if (run)
		run();
	return __real_singlet_record_find(r, handle);
}

static uint64_t before, after;

/* Many more in the place of @before, where there is room for more now. */
static void replace(void)
{
	unsigned int n = 100;

	CHECK(!singlet_object_release(s, before, MANY + 1));
	CHECK(!singlet_cache_flush(s));
	fake_collect();
	fake_slots(SINGLET_ID_INDEX(before), FAKE_SLOTS);
	while (after = intern(n++), (uint32_t)after != (uint32_t)before)
		CHECK(!singlet_object_release(s, after, 1));
	CHECK(!singlet_object_acquire(s, after, MANY));
}

/* A record found is another object's by now, whose count is in another array. */
static void test_outgrown(void)
{
	uint32_t i;

	begin(0);
	for (i = 0; i < FAKE_SLABS; i++)
		fake_slots(i, FAKE_SLOTS / 2);
	for (i = 0; before = intern(i),
		    SINGLET_ID_SLOT(before) >= FAKE_SLOTS / 2; i++)
		CHECK(!singlet_object_release(s, before, 1));
	CHECK(!singlet_object_acquire(s, before, MANY));
	meanwhile = replace;
	CHECK(singlet_object_acquire(s, before, 1) == -ENOENT);
	CHECK(!meanwhile);
	CHECK(!singlet_object_release(s, after, MANY + 1));
	CHECK(info().held == 0);
	end();
}

static void one_by_one(unsigned int *seed)
{
	unsigned int n = rand_r(seed) % VALUES, more = 1 + rand_r(seed) % 80;
	uint64_t id = intern(n), other;

	expect_value(id, n);
	seen[n] = id;
	CHECK(!singlet_object_acquire(s, id, more));
	n = rand_r(seed) % VALUES;
	other = seen[n];
	if (other && !singlet_object_acquire(s, other, 1)) {
		expect_value(other, n);
		CHECK(!singlet_object_release(s, other, 1));
	}
	CHECK(!singlet_object_release(s, id, more));
	CHECK(!singlet_object_release(s, id, 1));
}

static void work(unsigned int *seed)
{
	if (rand_r(seed) % 10)
		one_by_one(seed);
	else
		lib_batch(s, seed, VALUES);
}

static void let_go(struct singlet *s)
{
	CHECK(!singlet_cache_flush(s));
	fake_collect();
}

static void test_threads(size_t keep, unsigned int rounds)
{
	int i;

	begin(keep);
	for (i = 0; i < VALUES; i++)
		seen[i] = 0;
	lib_run(s, rounds, work, let_go);
	CHECK(info().held == info().queued && info().queued <= keep);
	CHECK(fake_counts().references == info().held);
	end();
}

int main(int argc, char **argv)
{
	static const size_t keep[] = { 0, 1, 8, VALUES };
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : 1000;
	size_t i;

	test_bytes();
	test_many_users();
	test_many_at_once();
	test_not_indexed(fake_unmark);
	test_not_indexed(fake_hide);
	test_alike();
	test_stale();
	test_outgrown();
	for (i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		test_threads(keep[i], rounds);
	return 0;
}
