// SPDX-License-Identifier: GPL-2.0
/*
 * Borrowing while what is borrowed dies and is made anew, in several threads and
 * processes: by libsinglet, and by the protocol as borrow_test.h has it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>

#include <singlet.h>

#include "borrow_test.h"

#define VALUES	8
#define READERS	2		/* threads in each of the two processes */
#define LEN_MAX	700

/* What all processes count. */
static struct shared {
	bool stop;
	unsigned long found;	/* without a system call */
	unsigned long asked;	/* with one */
	unsigned long missing;	/* there was none */
	unsigned long spared;	/* nobody's, and outlived two collections */
	unsigned long collections;
	unsigned long made;
	unsigned long progress;	/* of growth: labels that are there */
	unsigned long drops;	/* how often they began to go */
} *shared;

static void add(unsigned long *count, unsigned long n)
{
	__atomic_add_fetch(count, n, __ATOMIC_RELAXED);
}

static unsigned long get(const unsigned long *count)
{
	return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(shared != MAP_FAILED);
}

/* Value @n of @who: of a length of its own, and bytes that follow from both. */
static size_t value(unsigned int n, unsigned int who, char *data)
{
	size_t len = 17 + (n * 97 + who * 31) % (LEN_MAX - 17);

	st_fill(data, len, (__u64)who << 32 | n);
	return len;
}

/* Byte by byte, so that one that changes meanwhile is seen. */
static bool is_value(const void *at, const char *data, size_t len)
{
	const volatile char *p = at;

	for (size_t i = 0; i < len; i++)
		if (p[i] != data[i])
			return false;
	return true;
}

struct reader {
	unsigned int number;	/* of all */
	unsigned int rounds;
	bool raw;		/* without libsinglet */
	int fd;
	struct singlet *s;
	struct raw_index index;
	__u64 seed;
};

/* What one reader has, however it got it. */
struct loan {
	struct singlet_borrow b;
	const void *data;
	__u64 id;
};

/* 0; -ENOENT: there is none. */
static int begin(struct reader *r, const char *data, size_t len, struct loan *l)
{
	int err;

	if (!r->raw) {
		err = singlet_borrow_value(r->s, SINGLET_TYPE_BYTES, data, len,
					   &l->b);
		if (err)
			return err;
		ASSERT_EQ(l->b.len, len);
		l->data = l->b.data;
		l->id = l->b.id;
		add(l->b.slot ? &shared->found : &shared->asked, 1);
		return 0;
	}
	l->id = raw_borrow(&r->index, 1 + r->number, SINGLET_TYPE_BYTES, data,
			   len, &l->data);
	add(l->id ? &shared->found : &shared->missing, 1);
	return l->id ? 0 : -ENOENT;
}

static void end(struct reader *r, struct loan *l)
{
	if (r->raw)
		raw_end(&r->index, 1 + r->number);
	else
		singlet_borrow_end(r->s, &l->b);
}

static void read_one(struct reader *r)
{
	unsigned int n = st_random(&r->seed) % VALUES;
	char data[LEN_MAX];
	size_t len = value(n, 0, data);
	struct loan l;
	int err;

	err = begin(r, data, len, &l);
	if (err == -ENOENT)
		return add(&shared->missing, 1);
	ASSERT_EQ(err, 0);
	ASSERT_TRUE(is_value(l.data, data, len));
	if (st_random(&r->seed) % 16 == 0)
		sched_yield();
	ASSERT_TRUE(is_value(l.data, data, len));
	end(r, &l);
}

/* One that nobody else makes: borrowed, only that keeps it. */
static void keep_one(struct reader *r)
{
	char data[LEN_MAX];
	size_t len = value(0, 1 + r->number, data);
	unsigned long before;
	struct singlet_query_item item;
	struct loan l;
	__u64 id;

	id = st_must_intern(r->fd, SINGLET_TYPE_BYTES, data, len);
	if (begin(r, data, len, &l)) {
		ASSERT_EQ(st_release(r->fd, id, 1), 0);
		return;
	}
	ASSERT_EQ(l.id, id);
	ASSERT_EQ(st_release(r->fd, id, 1), 0);
	before = get(&shared->collections);
	while (get(&shared->collections) < before + 2)
		sched_yield();
	ASSERT_TRUE(is_value(l.data, data, len));
	ASSERT_EQ(st_query(r->fd, id, &item), 0);
	if (r->raw || l.b.slot) {
		ASSERT_EQ(item.references, 0U);
		ASSERT_EQ(item.state, (__u32)SINGLET_STATE_IDLE);
		add(&shared->spared, 1);
	}
	end(r, &l);
}

static void *reader(void *ctx)
{
	struct reader *r = ctx;

	for (unsigned int i = 0; i < r->rounds; i++) {
		if (i % 5000 == 100)
			keep_one(r);
		read_one(r);
	}
	return NULL;
}

/* Two threads of a session, in a process of their own. */
static void readers(unsigned int process, unsigned int rounds, __u64 seed)
{
	struct reader r[READERS] = {};
	pthread_t thread[READERS];
	int fd = st_open();

	r[0].fd = fd;
	if (process)
		r[0].index = raw_map(fd);
	else
		ASSERT_EQ(singlet_open_fd(&r[0].s, dup(fd), 0), 0);
	if (process)
		r[0].index.borrows[0] = SINGLET_BORROWS;
	for (unsigned int i = 0; i < READERS; i++) {
		r[i] = r[0];
		r[i].number = process * READERS + i;
		r[i].raw = process;
		r[i].rounds = rounds;
		r[i].seed = seed + r[i].number;
		ASSERT_EQ(pthread_create(&thread[i], NULL, reader, &r[i]), 0);
	}
	for (unsigned int i = 0; i < READERS; i++)
		ASSERT_EQ(pthread_join(thread[i], NULL), 0);
}

static void *collect(void *ctx)
{
	int fd = *(int *)ctx;

	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		st_collect(fd);
		__atomic_add_fetch(&shared->collections, 1, __ATOMIC_RELEASE);
		sched_yield();
	}
	return NULL;
}

static void *make_and_drop(void *ctx)
{
	int fd = *(int *)ctx;
	__u64 seed = 77, id;
	char data[LEN_MAX];

	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		unsigned int n = st_random(&seed) % VALUES;
		size_t len = value(n, 0, data);

		id = st_must_intern(fd, SINGLET_TYPE_BYTES, data, len);
		ASSERT_TRUE(st_has_value(fd, id, data, len));
		ASSERT_EQ(st_release(fd, id, 1), 0);
		add(&shared->made, 1);
	}
	return NULL;
}

TEST_TIMEOUT(race, 600)
{
	unsigned int rounds = st_scale(1000000) / (2 * READERS);
	int fd = st_open_fresh();
	void *head = raw_map_range(fd, 0, PROT_READ);
	pthread_t threads[2];
	__u64 seed = st_seed();
	pid_t child[2];

	munmap(head, SINGLET_MAP_HEAD_SIZE);
	share();
	for (unsigned int i = 0; i < 2; i++) {
		child[i] = st_fork();
		if (!child[i]) {
			readers(i, rounds, seed);
			_exit(harness_failures() != 0);
		}
	}
	ASSERT_EQ(pthread_create(&threads[0], NULL, collect, &fd), 0);
	ASSERT_EQ(pthread_create(&threads[1], NULL, make_and_drop, &fd), 0);
	for (unsigned int i = 0; i < 2; i++)
		st_join(child[i]);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < 2; i++)
		ASSERT_EQ(pthread_join(threads[i], NULL), 0);
	harness_note("%lu found, %lu asked, %lu missing, %lu spared, %lu made, %lu collections",
		     shared->found, shared->asked, shared->missing,
		     shared->spared, shared->made, shared->collections);
	EXPECT_GT(shared->found, 0UL);
	EXPECT_GT(shared->asked + shared->missing, 0UL);
	EXPECT_GT(shared->spared, 0UL);
	EXPECT_GT(shared->made, 0UL);
	EXPECT_EMPTY(fd);
}

/* Growth: a table that becomes large and small again under who reads it. */

#define LOT	1000

static size_t label(unsigned int n, char *text)
{
	return sprintf(text, "label number %u of many", n);
}

static void make_labels(int fd, __u64 *ids, unsigned int nr)
{
	static struct singlet_intern_item item[LOT];
	static char text[LOT][40];

	for (unsigned int i = 0; i < nr; i += LOT) {
		for (unsigned int k = 0; k < LOT; k++)
			item[k] = (struct singlet_intern_item){
				.data = (uintptr_t)text[k],
				.len = label(i + k, text[k]),
				.type = SINGLET_TYPE_STR,
			};
		ST_BATCH(fd, SINGLET_INTERN, item, LOT);
		for (unsigned int k = 0; k < LOT; k++) {
			ASSERT_EQ(item[k].result, 0U);
			ids[i + k] = item[k].id;
		}
		__atomic_store_n(&shared->progress, i + LOT, __ATOMIC_RELEASE);
	}
}

/* The last ones first; what is at and above @progress may be gone. */
static void drop_labels(int fd, const __u64 *ids, unsigned int nr)
{
	static struct singlet_ref_item item[LOT];

	__atomic_add_fetch(&shared->drops, 1, __ATOMIC_SEQ_CST);
	for (unsigned int i = nr; i; i -= LOT) {
		__atomic_store_n(&shared->progress, i - LOT, __ATOMIC_SEQ_CST);
		for (unsigned int k = 0; k < LOT; k++)
			item[k] = (struct singlet_ref_item){
				.id = ids[i - LOT + k], .count = 1 };
		ST_BATCH(fd, SINGLET_RELEASE, item, LOT);
		if (i % (nr / 10) < LOT)
			st_collect(fd);
	}
	st_collect(fd);
}

static void grow_and_shrink(unsigned int nr)
{
	__u64 *ids = calloc(nr, sizeof(*ids));
	int fd = st_open();

	ASSERT_TRUE(ids);
	for (int turn = 0; turn < 2; turn++) {
		make_labels(fd, ids, nr);
		st_sleep_us(200000);
		drop_labels(fd, ids, nr);
	}
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELEASE);
}

/*
 * A label below the progress before and after is there, unless all of them went
 * and came back meanwhile; another may be.
 */
static void find_label(struct singlet *s, unsigned int n)
{
	struct singlet_borrow b;
	unsigned long drops = get(&shared->drops);
	unsigned long before = get(&shared->progress);
	char text[40];
	size_t len = label(n, text);
	int err = singlet_borrow_value(s, SINGLET_TYPE_STR, text, len, &b);

	if (err) {
		ASSERT_EQ(err, -ENOENT);
		ASSERT_TRUE(n >= before || n >= get(&shared->progress) ||
			    drops != get(&shared->drops));
		return add(&shared->missing, 1);
	}
	add(b.slot ? &shared->found : &shared->asked, 1);
	ASSERT_TRUE(b.len == len && is_value(b.data, text, len));
	singlet_borrow_end(s, &b);
}

TEST_TIMEOUT(growth, 600)
{
	unsigned int nr = st_scale(200) * LOT, most = 0;
	int fd = st_open_fresh();
	void *head = raw_map_range(fd, 0, PROT_READ);
	__u64 seed = st_seed();
	struct singlet *s;
	pid_t child;

	munmap(head, SINGLET_MAP_HEAD_SIZE);
	share();
	ASSERT_EQ(singlet_open_fd(&s, dup(fd), 0), 0);
	/* A multiple of ten lots. */
	nr = (nr + 10 * LOT - 1) / (10 * LOT) * (10 * LOT);
	child = st_fork();
	if (!child) {
		grow_and_shrink(nr);
		_exit(harness_failures() != 0);
	}
	while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE) &&
	       !harness_failures()) {
		unsigned long progress = get(&shared->progress);

		for (int i = 0; i < 100; i++)
			find_label(s, st_random(&seed) % (progress + 100));
		if (progress > most)
			most = progress;
	}
	st_join(child);
	harness_note("%lu found, %lu asked, %lu missing, of %u", shared->found,
		     shared->asked, shared->missing, most);
	EXPECT_GT(shared->found, shared->asked);
	EXPECT_GT(shared->missing, 0UL);
	EXPECT_EQ(most, nr);
	for (unsigned int n = 0; n < nr; n += 97)
		find_label(s, n);
	singlet_close(s);
	EXPECT_EMPTY(fd);
}
