// SPDX-License-Identifier: GPL-2.0
/*
 * Batches: as far as they come, item by item; pointers that fail half-way,
 * results that cannot be written, signals, buffers that change meanwhile.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "singlet_test.h"

#define MAX SINGLET_MAX_BATCH

FIXTURE(domain) {
	int fd;
	__u32 plain;
	char text[MAX][16];
	struct singlet_ref_item refs[MAX];
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &self->plain), 0);
}

TEARDOWN(domain)
{
	struct singlet_stats stats = st_stats(self->fd);

	EXPECT_SOUND(&stats);
	close(self->fd);
	self->fd = st_open();
	EXPECT_EMPTY(self->fd);
	close(self->fd);
}

static void fill(struct fixture_domain *self, struct singlet_intern_item *items,
		 unsigned int first, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		memset(&items[i], ST_POISON8, sizeof(items[i]));
		items[i].type = SINGLET_TYPE_STR;
		items[i].data = (uintptr_t)self->text[i];
		items[i].len = snprintf(self->text[i], sizeof(self->text[i]),
					"text %u", first + i);
	}
}

static bool untouched(const struct singlet_intern_item *item)
{
	return item->id == ST_POISON64 && item->result == ST_POISON32 &&
	       item->created == ST_POISON32;
}

TEST_F(domain, sizes)
{
	static const unsigned int counts[] = { 1, 2, 255, 256, 257, 1023, 1024 };
	static struct singlet_intern_item items[MAX + 1];

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(counts); i++) {
		unsigned int n = counts[i];

		fill(self, items, i * MAX, n);
		memset(&items[n], ST_POISON8, sizeof(items[n]));
		ST_BATCH(self->fd, SINGLET_INTERN, items, n);
		for (unsigned int j = 0; j < n; j++) {
			EXPECT_EQ(items[j].result, 0U);
			EXPECT_EQ(items[j].created, 1U);
			self->refs[j].id = items[j].id;
			self->refs[j].count = 1;
		}
		EXPECT_TRUE(untouched(&items[n]));
		EXPECT_EQ(st_stats(self->fd).live, (__u64)n);
		EXPECT_TRUE(st_has_value(self->fd, items[n - 1].id,
					 self->text[n - 1], items[n - 1].len));
		ST_BATCH(self->fd, SINGLET_RELEASE, self->refs, n);
		EXPECT_EQ(st_stats(self->fd).live, 0ULL);
	}
}

/* In order and one by one: a later item sees what an earlier one did. */
TEST_F(domain, order)
{
	struct singlet_intern_item items[3];
	struct singlet_ref_item refs[4];
	__u64 id;

	fill(self, items, 0, 1);
	items[1] = items[2] = items[0];
	ST_BATCH(self->fd, SINGLET_INTERN, items, 3);
	EXPECT_EQ(items[0].created, 1U);
	EXPECT_EQ(items[1].created, 0U);
	EXPECT_EQ(items[2].created, 0U);
	id = items[0].id;
	EXPECT_EQ(items[1].id, id);
	EXPECT_EQ(items[2].id, id);
	for (int i = 0; i < 4; i++) {
		refs[i].id = id;
		refs[i].count = 1;
	}
	ST_BATCH(self->fd, SINGLET_RELEASE, refs, 4);
	EXPECT_EQ(refs[2].result, 0U);
	EXPECT_EQ(refs[3].result, (__u32)ENOENT);
}

/* The array's end cannot be reached: at an item's border, and within one. */
TEST_F(domain, array_ends_early)
{
	char *map = st_map_with_hole(2);
	char *end = map + 2 * st_page_size();

	for (size_t cut = 0; cut < sizeof(struct singlet_intern_item);
	     cut += 4) {
		struct singlet_intern_item *items;
		struct singlet_stats before, after;
		unsigned int reach = 100, done;

		/* 100 whole items and @cut bytes of another */
		items = (void *)(end - reach * sizeof(*items) - cut);
		fill(self, items, cut * 1000, reach);
		memset(items + reach, ST_POISON8, cut);
		EXPECT_EQ(st_batch_done(self->fd, SINGLET_INTERN, items, 256,
					sizeof(*items), &done), 0);
		EXPECT_EQ(done, reach);
		before = st_stats(self->fd);
		EXPECT_EQ(before.live, (__u64)reach);
		EXPECT_EQ(before.references, (__u64)reach);
		for (unsigned int i = 0; i < reach; i++) {
			EXPECT_EQ(items[i].result, 0U);
			self->refs[i].id = items[i].id;
			self->refs[i].count = 1;
		}
		/* The next call starts there, and reports it. */
		EXPECT_EQ(st_batch_done(self->fd, SINGLET_INTERN, items + reach,
					256 - reach, sizeof(*items), &done),
			  -EFAULT);
		EXPECT_TRUE(done == 0 || done == ST_POISON32);
		after = st_stats(self->fd);
		EXPECT_SAME(&before, &after, "");
		ST_BATCH(self->fd, SINGLET_RELEASE, self->refs, reach);
	}
}

TEST_F(domain, value_fails_in_the_middle)
{
	char *end = (char *)st_map_with_hole(1) + st_page_size();
	static struct singlet_intern_item items[256];

	fill(self, items, 0, 256);
	items[100].data = (uintptr_t)end - 2;
	items[101].data = 16;
	items[102].type = 0;
	items[103].len = SINGLET_MAX_VALUE + 1;
	ST_BATCH(self->fd, SINGLET_INTERN, items, 256);
	for (int i = 0; i < 256; i++) {
		__u32 expected = i == 100 || i == 101 ? EFAULT :
				 i == 102	      ? ENOENT :
				 i == 103	      ? EMSGSIZE :
							0;

		EXPECT_EQ(items[i].result, expected);
	}
	EXPECT_EQ(st_stats(self->fd).live, 252ULL);
}

/*
 * From item @at on, results cannot be written.  Returns what the call did;
 * items that could not be answered must have been undone.
 */
static int read_only_from(int fd, unsigned long command, const void *items,
			  size_t size, unsigned int at, unsigned int count,
			  unsigned int *done, void *answers)
{
	size_t page = st_page_size();
	char *map = st_map_with_hole(16);
	char *border = map + 8 * page, *array = border - at * size;
	int error;

	ASSERT_LE(at * size, 8 * page);
	ASSERT_LE((count - at) * size, 8 * page);
	memcpy(array, items, count * size);
	ASSERT_EQ(mprotect(border, 8 * page, PROT_READ), 0);
	error = st_batch_done(fd, command, array, count, size, done);
	memcpy(answers, array, count * size);
	munmap(map, 16 * page);
	return error;
}

TEST_F(domain, results_cannot_be_written)
{
	static struct singlet_intern_item items[200], answers[200];
	struct singlet_stats before, after;
	unsigned int done;

	fill(self, items, 0, 200);
	before = st_stats(self->fd);
	EXPECT_EQ(read_only_from(self->fd, SINGLET_INTERN, items,
				 sizeof(*items), 0, 200, &done, answers),
		  -EFAULT);
	EXPECT_TRUE(done == 0 || done == ST_POISON32);
	after = st_stats(self->fd);
	EXPECT_EQ(after.references, before.references);
	EXPECT_EQ(after.live, before.live);
	EXPECT_EQ(after.bytes_logical, before.bytes_logical);

	EXPECT_EQ(read_only_from(self->fd, SINGLET_INTERN, items,
				 sizeof(*items), 100, 200, &done, answers), 0);
	EXPECT_EQ(done, 100U);
	after = st_stats(self->fd);
	EXPECT_EQ(after.references, 100ULL);
	EXPECT_EQ(after.live, 100ULL);
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(answers[i].result, 0U);
	for (int i = 100; i < 200; i++)
		EXPECT_TRUE(untouched(&answers[i]));
	st_collect(self->fd);
	EXPECT_EQ(st_stats(self->fd).objects, 100ULL);
}

TEST_F(domain, undone_references)
{
	struct singlet_alloc_item alloc = { .type = self->plain, .len = 9 };
	struct singlet_ref_item ref = { .count = 3 };
	struct singlet_seal_item seal = { 0 };
	struct singlet_intern_item item;
	struct singlet_write_item write;
	struct singlet_query_item query;
	__u64 id = st_must_str(self->fd, "held"), idle, object;
	struct singlet_stats before, after;
	unsigned int done;

	idle = st_must_str(self->fd, "idle");
	EXPECT_EQ(st_acquire(self->fd, id, 4), 0);
	EXPECT_EQ(st_release(self->fd, idle, 1), 0);
	ASSERT_EQ(st_alloc(self->fd, self->plain, 5, &object), 0);
	before = st_stats(self->fd);

	ref.id = id;
	EXPECT_EQ(read_only_from(self->fd, SINGLET_ACQUIRE, &ref, sizeof(ref),
				 0, 1, &done, &ref), -EFAULT);
	EXPECT_EQ(read_only_from(self->fd, SINGLET_RELEASE, &ref, sizeof(ref),
				 0, 1, &done, &ref), -EFAULT);
	ref.count = 5;		/* the last ones */
	EXPECT_EQ(read_only_from(self->fd, SINGLET_RELEASE, &ref, sizeof(ref),
				 0, 1, &done, &ref), -EFAULT);
	EXPECT_EQ(st_query(self->fd, id, &query), 0);
	EXPECT_EQ(query.held, 5U);
	EXPECT_EQ(query.references, 1U);

	ref.id = idle;
	EXPECT_EQ(read_only_from(self->fd, SINGLET_ACQUIRE, &ref, sizeof(ref),
				 0, 1, &done, &ref), -EFAULT);
	EXPECT_EQ(st_query(self->fd, idle, &query), 0);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_IDLE);

	/* The only reference on an object that is freed with it. */
	ref.id = object;
	ref.count = 1;
	EXPECT_EQ(read_only_from(self->fd, SINGLET_RELEASE, &ref, sizeof(ref),
				 0, 1, &done, &ref), -EFAULT);
	EXPECT_EQ(st_query(self->fd, object, &query), 0);
	EXPECT_EQ(query.held, 1U);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_UNSEALED);

	/* What could not be undone is not even begun. */
	write = (struct singlet_write_item){ .id = object, .len = 5,
					     .data = (uintptr_t)"dirty" };
	EXPECT_EQ(read_only_from(self->fd, SINGLET_WRITE, &write, sizeof(write),
				 0, 1, &done, &write), -EFAULT);
	EXPECT_TRUE(st_has_value(self->fd, object, "\0\0\0\0", 5));
	seal.id = object;
	EXPECT_EQ(read_only_from(self->fd, SINGLET_SEAL, &seal, sizeof(seal),
				 0, 1, &done, &seal), -EFAULT);
	EXPECT_EQ(st_query(self->fd, object, &query), 0);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_UNSEALED);

	EXPECT_EQ(read_only_from(self->fd, SINGLET_ALLOC, &alloc, sizeof(alloc),
				 0, 1, &done, &alloc), -EFAULT);
	item = (struct singlet_intern_item){ .data = (uintptr_t)"held",
					     .len = 4,
					     .type = SINGLET_TYPE_STR };
	EXPECT_EQ(read_only_from(self->fd, SINGLET_INTERN, &item, sizeof(item),
				 0, 1, &done, &item), -EFAULT);
	EXPECT_EQ(read_only_from(self->fd, SINGLET_LOOKUP, &item, sizeof(item),
				 0, 1, &done, &item), -EFAULT);
	EXPECT_EQ(st_query(self->fd, id, &query), 0);
	EXPECT_EQ(query.held, 5U);
	after = st_stats(self->fd);
	EXPECT_SAME(&before, &after,
		    "hits misses creates frees reuses revivals slots_cached slots slots_free slabs bytes_stored bytes_metadata bytes_saved");
	EXPECT_EQ(after.live, before.live);
}

/* ---- signals ---- */

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

/* A child that sends SIGUSR1 to its parent all the time. */
static pid_t start_storm(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	pid_t parent = getpid(), child;

	ASSERT_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	child = st_fork();
	if (child)
		return child;
	for (unsigned int i = 0;; i++) {
		if (kill(parent, SIGUSR1))
			_exit(0);
		st_sleep_us(i * 7 % 300);
	}
}

/* Runs @command over all items, as a caller does whose calls are short. */
static void persist(int fd, unsigned long command, void *items,
		    unsigned int count, size_t size, unsigned int *interrupted)
{
	unsigned int position = 0, done;

	while (position < count) {
		int error = st_batch_done(fd, command,
					  (char *)items + position * size,
					  count - position, size, &done);

		if (error) {
			ASSERT_EQ(error, -EINTR);
			EXPECT_TRUE(done == 0 || done == ST_POISON32);
			(*interrupted)++;
			continue;
		}
		ASSERT_GT(done, 0U);
		ASSERT_LE(done, count - position);
		*interrupted += done < count - position;
		position += done;
	}
}

/* Goes on until signals have come and have cut calls short, a minute at most. */
TEST_F(domain, signal_storm)
{
	static struct singlet_intern_item items[MAX];
	unsigned int least = st_scale(60), rounds = 0, interrupted = 0;
	struct singlet_query_item query;
	double end = st_now() + 60;
	pid_t storm = start_storm();

	do {
		fill(self, items, rounds % 2 * 512, MAX);
		persist(self->fd, SINGLET_INTERN, items, MAX, sizeof(*items),
			&interrupted);
		for (unsigned int i = 0; i < MAX; i++) {
			EXPECT_EQ(items[i].result, 0U);
			self->refs[i].id = items[i].id;
			self->refs[i].count = 1;
			self->refs[i].result = ST_POISON32;
		}
		if (rounds++ < 2)
			continue;	/* one of each stays */
		persist(self->fd, SINGLET_RELEASE, self->refs, MAX,
			sizeof(self->refs[0]), &interrupted);
		for (unsigned int i = 0; i < MAX; i++)
			EXPECT_EQ(self->refs[i].result, 0U);
	} while (rounds < 2 || rounds < least ||
		 (!interrupted && st_now() < end));
	kill(storm, SIGKILL);
	signal(SIGUSR1, SIG_IGN);	/* one may be on its way */
	ASSERT_EQ(waitpid(storm, NULL, 0), storm);
	harness_note("%u rounds, %d signals, %u calls cut short", rounds,
		     (int)signals, interrupted);
	EXPECT_GT(signals, 0);
	EXPECT_GT(interrupted, 0U);
	/* No item was done twice or not at all. */
	EXPECT_EQ(st_stats(self->fd).live, 512ULL + MAX);
	for (unsigned int i = 0; i < MAX; i += 17) {
		EXPECT_EQ(st_query(self->fd, items[i].id, &query), 0);
		EXPECT_EQ(query.held, rounds % 2 ? (i < 512 ? 1U : 2U) :
						   (i < 512 ? 2U : 1U));
	}
}

/* A signal that is pending already: nothing done, and said so. */
TEST_F(domain, signal_pending)
{
	struct sigaction action = { .sa_handler = on_signal };
	static struct singlet_intern_item items[MAX];
	unsigned int done, shorter = 0;
	timer_t timer;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGALRM };
	struct itimerspec soon = { .it_value.tv_nsec = 1 };

	ASSERT_EQ(sigaction(SIGALRM, &action, NULL), 0);
	ASSERT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	for (int i = 0; i < 100; i++) {
		int error;

		fill(self, items, i, MAX);
		soon.it_value.tv_nsec = 1 + i * 5000;
		ASSERT_EQ(timer_settime(timer, 0, &soon, NULL), 0);
		error = st_batch_done(self->fd, SINGLET_LOOKUP, items, MAX,
				      sizeof(*items), &done);
		EXPECT_TRUE(error == 0 || error == -EINTR);
		if (error == -EINTR)
			EXPECT_TRUE(untouched(&items[0]));
		else
			EXPECT_TRUE(done == MAX || untouched(&items[done]));
		shorter += error || done < MAX;
	}
	timer_delete(timer);
	harness_note("%u of 100 calls were cut short", shorter);
	EXPECT_EQ(st_stats(self->fd).objects, 0ULL);
}

/* ---- buffers that change ---- */

struct flipper {
	char *data;
	size_t len;
	const char *value[2];
	volatile bool stop;
};

static void *flip(void *argument)
{
	struct flipper *f = argument;

	for (unsigned int i = 0; !f->stop; i++)
		memcpy(f->data, f->value[i % 2], f->len);
	return NULL;
}

/*
 * A thread changes the bytes while they are interned.  Whatever mixture was
 * seen, it was seen once: what was checked, hashed and stored is the same.
 */
static void flipping(struct fixture_domain *self, __u32 type, size_t len,
		     const char *a, const char *b)
{
	static struct singlet_intern_item items[64];
	struct flipper f = { .len = len, .value = { a, b } };
	char *stored = malloc(len);
	pthread_t thread;
	unsigned int failed = 0, differ = 0;

	f.data = malloc(len);
	ASSERT_TRUE(f.data && stored);
	memcpy(f.data, a, len);
	ASSERT_EQ(pthread_create(&thread, NULL, flip, &f), 0);
	for (unsigned int round = 0; round < st_scale(100); round++) {
		for (unsigned int i = 0; i < 64; i++) {
			memset(&items[i], ST_POISON8, sizeof(items[i]));
			items[i].data = (uintptr_t)f.data;
			items[i].len = len;
			items[i].type = type;
		}
		ST_BATCH(self->fd, SINGLET_INTERN, items, 64);
		for (unsigned int i = 0; i < 64; i++) {
			if (items[i].result) {
				EXPECT_EQ(items[i].result, (__u32)EILSEQ);
				EXPECT_EQ(type, (__u32)SINGLET_TYPE_STR);
				failed++;
				continue;
			}
			differ += i && items[i].id != items[0].id;
		}
	}
	f.stop = true;
	pthread_join(thread, NULL);
	harness_note("%u ill-formed, %u others", failed, differ);

	/* Everything that is stored now: once, valid, under its own hash. */
	struct singlet_list_entry entries[256];
	struct singlet_list list = {
		.size = sizeof(list),
		.entry_size = sizeof(struct singlet_list_entry),
		.type = type,
	};

	do {
		list.entries = (uintptr_t)entries;
		list.count = 256;
		ASSERT_EQ(st_ioctl(self->fd, SINGLET_LIST, &list), 0);
		for (unsigned int i = 0; i < list.count; i++) {
			__u64 id;

			if (entries[i].len != len)
				continue;	/* of another call */
			EXPECT_EQ(st_read(self->fd, entries[i].id, stored, len,
					  0, NULL, NULL), 0);
			for (size_t j = 0; j < len; j++)
				EXPECT_TRUE(stored[j] == a[j] ||
					    stored[j] == b[j]);
			/* This checks the text again, too. */
			EXPECT_EQ(st_lookup(self->fd, type, stored, len, &id),
				  0);
			EXPECT_EQ(id, entries[i].id);
		}
	} while (list.cursor);
	free(f.data);
	free(stored);
}

TEST_F(domain, value_changes_meanwhile)
{
	static char a[4096], b[4096];

	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	flipping(self, SINGLET_TYPE_BYTES, 8, a, b);
	flipping(self, SINGLET_TYPE_BYTES, 64, a, b);
	flipping(self, SINGLET_TYPE_BYTES, sizeof(a), a, b);
}

TEST_F(domain, text_changes_meanwhile)
{
	static char a[256], b[256];

	for (size_t i = 0; i < sizeof(a); i += 2) {
		memcpy(a + i, "\xc3\xa9", 2);	/* any mixture is ill-formed */
		memcpy(b + i, "ab", 2);
	}
	flipping(self, SINGLET_TYPE_STR, 16, a, b);
	flipping(self, SINGLET_TYPE_STR, sizeof(a), a, b);
}

/* The items themselves change: each is read once as well. */
static void *flip_items(void *argument)
{
	struct flipper *f = argument;
	volatile struct singlet_intern_item *items = (void *)f->data;

	for (unsigned int i = 0; !f->stop; i++) {
		volatile struct singlet_intern_item *item = &items[i % 256];

		item->len = i % 3 ? 5 : ~0U;
		item->data = i % 5 ? (uintptr_t)f->value[0] : 1;
		item->type = i % 7 ? SINGLET_TYPE_BYTES : SINGLET_TYPE_INT;
	}
	return NULL;
}

TEST_F(domain, items_change_meanwhile)
{
	static struct singlet_intern_item items[256];
	struct flipper f = { .data = (char *)items, .value = { "value" } };
	struct singlet_stats stats;
	pthread_t thread;

	fill(self, items, 0, 256);
	ASSERT_EQ(pthread_create(&thread, NULL, flip_items, &f), 0);
	for (unsigned int round = 0; round < st_scale(100); round++) {
		ST_BATCH(self->fd, SINGLET_INTERN, items, 256);
		for (unsigned int i = 0; i < 256; i++)
			EXPECT_TRUE(items[i].result == 0 ||
				    items[i].result == EFAULT ||
				    items[i].result == EMSGSIZE ||
				    items[i].result == EINVAL);
	}
	f.stop = true;
	pthread_join(thread, NULL);
	stats = st_stats(self->fd);
	/* "value", and what the first items said before they changed */
	EXPECT_LE(stats.objects, 257ULL + 256);
}
