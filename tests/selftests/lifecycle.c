// SPDX-License-Identifier: GPL-2.0
/*
 * The life of an object: live, idle, live again, freed, its slot used again,
 * its slab gone; the same seen from other sessions and processes.
 */
#include <signal.h>
#include <sys/wait.h>

#include "singlet_test.h"

#define MANY 1000

FIXTURE(domain) {
	int fd, other;
	__u32 plain;
	struct singlet_intern_item items[MANY];
	struct singlet_ref_item refs[MANY];
	char text[MANY][24];
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	self->other = st_open();
	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &self->plain), 0);
}

TEARDOWN(domain)
{
	struct singlet_stats stats = st_stats(self->fd);
	__u64 held;

	EXPECT_SOUND(&stats);
	/* What one session leaves is gone with it; then nothing is left. */
	close(self->fd);
	held = st_stats(self->other).references;
	close(self->other);
	self->fd = st_open();
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.references, 0ULL);
	EXPECT_LE(stats.references, held);
	EXPECT_EMPTY(self->fd);
	close(self->fd);
}

/* Interns values @first to @first + @count - 1. */
static void intern_many(struct fixture_domain *self, int fd, unsigned int first,
			unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		memset(&self->items[i], ST_POISON8, sizeof(self->items[i]));
		self->items[i].type = SINGLET_TYPE_STR;
		self->items[i].data = (uintptr_t)self->text[i];
		self->items[i].len = snprintf(self->text[i],
					      sizeof(self->text[i]),
					      "value %07u", first + i);
	}
	ST_BATCH(fd, SINGLET_INTERN, self->items, count);
	for (unsigned int i = 0; i < count; i++)
		ASSERT_EQ(self->items[i].result, 0U);
}

static void release_many(struct fixture_domain *self, int fd,
			 unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		self->refs[i].id = self->items[i].id;
		self->refs[i].count = 1;
		self->refs[i].result = ST_POISON32;
	}
	ST_BATCH(fd, SINGLET_RELEASE, self->refs, count);
	for (unsigned int i = 0; i < count; i++)
		ASSERT_EQ(self->refs[i].result, 0U);
}

TEST_F(domain, one_object)
{
	struct singlet_stats stats;
	__u64 id, again;
	__u32 created;

	EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_STR, "one", 3, &id),
		  -ENOENT);
	EXPECT_EQ(st_intern_created(self->fd, SINGLET_TYPE_STR, "one", 3, &id,
				    &created), 0);
	EXPECT_EQ(created, 1U);
	EXPECT_EQ(st_intern_created(self->fd, SINGLET_TYPE_STR, "one", 3,
				    &again, &created), 0);
	EXPECT_EQ(created, 0U);
	EXPECT_EQ(again, id);
	EXPECT_EQ(st_lookup(self->other, SINGLET_TYPE_STR, "one", 3, &again),
		  0);
	EXPECT_EQ(again, id);
	EXPECT_NE(st_must_str(self->fd, "One"), id);
	EXPECT_NE(st_must_str(self->fd, "one "), id);
	EXPECT_NE(st_must_str(self->fd, "on"), id);
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.sessions, 2ULL);
	EXPECT_EQ(stats.live, 4ULL);
	EXPECT_EQ(stats.objects, 4ULL);
	EXPECT_EQ(stats.references, 5ULL);	/* @id has two holders */
	EXPECT_EQ(stats.creates, 4ULL);
	EXPECT_EQ(stats.hits, 2ULL);
	EXPECT_EQ(stats.misses, 5ULL);
	EXPECT_EQ(stats.bytes_unique, 12ULL);
	EXPECT_EQ(stats.bytes_logical, 15ULL);
	EXPECT_GT(stats.slabs, 0ULL);
	EXPECT_GT(stats.buckets, 0ULL);
	EXPECT_GT(stats.bytes_stored, 0ULL);
	EXPECT_GT(stats.bytes_metadata, 0ULL);
}

TEST_F(domain, counts)
{
	__u64 id = st_must_str(self->fd, "counted");
	struct singlet_query_item query;

	EXPECT_EQ(st_acquire(self->fd, id, 9), 0);
	EXPECT_EQ(st_query(self->fd, id, &query), 0);
	EXPECT_EQ(query.type, (__u32)SINGLET_TYPE_STR);
	EXPECT_EQ(query.len, 7U);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_LIVE);
	EXPECT_EQ(query.references, 1U);
	EXPECT_EQ(query.held, 10U);
	EXPECT_EQ(st_query(self->other, id, &query), 0);
	EXPECT_EQ(query.references, 1U);
	EXPECT_EQ(query.held, 0U);
	EXPECT_EQ(st_acquire(self->other, id, 3), 0);
	EXPECT_EQ(st_query(self->other, id, &query), 0);
	EXPECT_EQ(query.references, 2U);
	EXPECT_EQ(query.held, 3U);
	EXPECT_EQ(st_stats(self->fd).references, 2ULL);
	EXPECT_EQ(st_release(self->fd, id, 9), 0);
	EXPECT_EQ(st_stats(self->fd).references, 2ULL);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
	EXPECT_EQ(st_query(self->fd, id, &query), 0);
	EXPECT_EQ(query.references, 1U);
	EXPECT_EQ(query.held, 0U);
	EXPECT_EQ(st_release(self->fd, id, 1), -ENOENT);
	EXPECT_EQ(st_release(self->other, id, 3), 0);
	EXPECT_EQ(st_query(self->fd, id, &query), 0);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_IDLE);
	EXPECT_EQ(query.references, 0U);
	EXPECT_EQ(query.held, 0U);
	EXPECT_TRUE(st_has_value(self->other, id, "counted", 7));
}

TEST_F(domain, idle_is_found_again)
{
	struct singlet_stats before, after;
	static __u64 ids[MANY];

	intern_many(self, self->fd, 0, MANY);
	for (int i = 0; i < MANY; i++)
		ids[i] = self->items[i].id;
	release_many(self, self->fd, MANY);
	before = st_stats(self->fd);
	EXPECT_EQ(before.live, 0ULL);
	EXPECT_EQ(before.idle, (__u64)MANY);
	EXPECT_EQ(before.bytes_logical, 0ULL);
	intern_many(self, self->other, 0, MANY);
	for (int i = 0; i < MANY; i++) {
		EXPECT_EQ(self->items[i].id, ids[i]);
		EXPECT_EQ(self->items[i].created, 0U);
	}
	after = st_stats(self->fd);
	EXPECT_EQ(after.live, (__u64)MANY);
	EXPECT_EQ(after.idle, 0ULL);
	EXPECT_EQ(after.revivals - before.revivals, (__u64)MANY);
	EXPECT_EQ(after.hits - before.hits, (__u64)MANY);
	EXPECT_EQ(after.creates, before.creates);
	EXPECT_EQ(after.bytes_unique, before.bytes_unique);
	/* By id as well. */
	release_many(self, self->other, MANY);
	EXPECT_EQ(st_acquire(self->fd, ids[0], 1), 0);
	EXPECT_EQ(st_stats(self->fd).revivals, after.revivals + 1);
	EXPECT_TRUE(st_has_value(self->fd, ids[0], "value 0000000", 13));
}

TEST_F(domain, collect)
{
	struct singlet_collect collect;
	struct singlet_stats stats;
	__u64 bytes = 0;

	intern_many(self, self->fd, 0, MANY);
	release_many(self, self->fd, MANY / 2);
	for (int i = 0; i < MANY / 2; i++)
		bytes += self->items[i].len;
	stats = st_stats(self->fd);
	collect = st_collect(self->fd);
	EXPECT_EQ(collect.objects, MANY / 2ULL);
	EXPECT_EQ(collect.bytes, bytes);
	EXPECT_LE(collect.slabs, collect.pages);
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.idle, 0ULL);
	EXPECT_EQ(stats.live, MANY / 2ULL);
	EXPECT_EQ(stats.frees, MANY / 2ULL);
	EXPECT_EQ(stats.evictions, MANY / 2ULL);
	EXPECT_GE(stats.collections, 1ULL);
	EXPECT_EQ(stats.slots_cached, 0ULL);
	for (int i = 0; i < MANY; i++) {
		int error = st_acquire(self->other, self->items[i].id, 1);

		EXPECT_EQ(error, i < MANY / 2 ? -ENOENT : 0);
		if (i >= MANY / 2)
			EXPECT_TRUE(st_has_value(self->fd, self->items[i].id,
						 self->text[i],
						 self->items[i].len));
	}
	collect = st_collect(self->fd);
	EXPECT_EQ(collect.objects, 0ULL);
	EXPECT_EQ(collect.bytes, 0ULL);
}

/* Ids of freed objects are never another object, however often reused. */
TEST_F(domain, stale_ids)
{
	unsigned int rounds = st_scale(60);
	static struct singlet_ref_item old[200 * MANY];
	unsigned int count = 0;
	struct singlet_stats stats;

	for (unsigned int round = 0; round < rounds; round++) {
		intern_many(self, self->fd, round * 100, 100);
		for (unsigned int i = 0; i < 100; i++) {
			if (count == ST_ARRAY_SIZE(old))
				count = 0;
			old[count].id = self->items[i].id;
			old[count++].count = 1;
		}
		release_many(self, self->fd, 100);
		EXPECT_GE(st_collect(self->fd).objects, 100ULL);
		intern_many(self, self->fd, 1000000 + round * 100, 100);
		/* New objects are in these slots; the old ids name none. */
		ST_BATCH(self->other, SINGLET_ACQUIRE, old, count);
		for (unsigned int i = 0; i < count; i++)
			if (old[i].result != ENOENT)
				EXPECT_EQ(old[i].result, (__u32)ENOENT);
		release_many(self, self->fd, 100);
		if (round % 2)
			st_collect(self->fd);
	}
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.references, 0ULL);
	EXPECT_GT(stats.creates, 100ULL * rounds);
}

/* One live object pins the slab, so that its neighbours' slots come back. */
TEST_F(domain, slots_are_reused)
{
	struct singlet_stats before, after;
	__u64 pin;

	intern_many(self, self->fd, 0, 100);
	pin = self->items[50].id;
	ASSERT_EQ(st_acquire(self->other, pin, 1), 0);
	release_many(self, self->fd, 100);
	st_collect(self->fd);
	before = st_stats(self->fd);
	EXPECT_EQ(before.live, 1ULL);
	EXPECT_EQ(before.slabs, 1ULL);
	for (unsigned int round = 0; round < 20; round++) {
		intern_many(self, self->fd, round * 50, 50);
		for (unsigned int i = 0; i < 50; i++)
			if (round * 50 + i != 50)
				EXPECT_NE(self->items[i].id, pin);
		release_many(self, self->fd, 50);
		st_collect(self->fd);
	}
	after = st_stats(self->fd);
	EXPECT_GT(after.reuses - before.reuses, 500ULL);
	EXPECT_LE(after.reuses, after.creates);
	EXPECT_LE(after.slabs, 2ULL);
	EXPECT_TRUE(st_has_value(self->fd, pin, "value 0000050", 13));
}

TEST_F(domain, slabs_come_and_go)
{
	struct singlet_stats stats;

	for (int round = 0; round < 5; round++) {
		intern_many(self, self->fd, round * MANY, MANY);
		stats = st_stats(self->fd);
		EXPECT_GT(stats.slabs, 0ULL);
		EXPECT_GE(stats.slots, (__u64)MANY);
		release_many(self, self->fd, MANY);
		EXPECT_EMPTY(self->fd);
	}
}

/* ---- plain objects ---- */

TEST_F(domain, plain_objects)
{
	struct singlet_query_item query;
	struct singlet_stats stats;
	char zeros[100] = { 0 };
	__u64 a, b;

	EXPECT_EQ(st_alloc(self->fd, self->plain, 100, &a), 0);
	EXPECT_EQ(st_alloc(self->fd, self->plain, 100, &b), 0);
	EXPECT_NE(a, b);
	EXPECT_TRUE(st_has_value(self->fd, a, zeros, 100));
	EXPECT_EQ(st_query(self->fd, a, &query), 0);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_UNSEALED);
	EXPECT_EQ(query.references, 1U);
	EXPECT_EQ(query.held, 1U);
	EXPECT_EQ(query.len, 100U);
	/* Nobody else can reach it before it is sealed. */
	EXPECT_EQ(st_query(self->other, a, &query), -ENOENT);
	EXPECT_EQ(st_acquire(self->other, a, 1), -ENOENT);
	EXPECT_EQ(st_read(self->other, a, zeros, 1, 0, NULL, NULL), -ENOENT);
	EXPECT_EQ(st_release(self->other, a, 1), -ENOENT);

	EXPECT_EQ(st_write(self->fd, a, "hello", 5, 0), 0);
	EXPECT_EQ(st_write(self->fd, a, "world", 5, 95), 0);
	EXPECT_EQ(st_write(self->fd, a, "J", 1, 0), 0);
	EXPECT_EQ(st_write(self->fd, a, "", 0, 100), 0);
	memcpy(zeros, "Jello", 5);
	memcpy(zeros + 95, "world", 5);
	EXPECT_TRUE(st_has_value(self->fd, a, zeros, 100));
	EXPECT_EQ(st_acquire(self->fd, a, 1), 0);
	EXPECT_EQ(st_seal(self->fd, a), 0);
	EXPECT_EQ(st_query(self->other, a, &query), 0);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_LIVE);
	EXPECT_EQ(st_acquire(self->other, a, 1), 0);
	EXPECT_TRUE(st_has_value(self->other, a, zeros, 100));
	EXPECT_EQ(st_seal(self->other, a), 0);
	EXPECT_EQ(st_write(self->fd, a, "x", 1, 0), -EPERM);

	/* Freed at once with the last reference, never idle. */
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.live, 2ULL);
	EXPECT_EQ(stats.bytes_unique, 200ULL);
	EXPECT_EQ(stats.bytes_logical, 300ULL);
	EXPECT_EQ(st_release(self->fd, a, 2), 0);
	EXPECT_TRUE(st_has_value(self->fd, a, zeros, 100));
	EXPECT_EQ(st_release(self->other, a, 1), 0);
	EXPECT_EQ(st_query(self->other, a, &query), -ENOENT);
	EXPECT_EQ(st_release(self->fd, b, 1), 0);
	EXPECT_EQ(st_query(self->fd, b, &query), -ENOENT);
	stats = st_stats(self->fd);
	EXPECT_EQ(stats.objects, 0ULL);
	EXPECT_EQ(stats.idle, 0ULL);
	EXPECT_EQ(stats.frees, 2ULL);
	EXPECT_EQ(stats.bytes_unique, 0ULL);
}

/* A new object in an old slot shows nothing of the old one. */
TEST_F(domain, plain_objects_are_zeroed)
{
	static char dirt[4096], zeros[4096];
	__u64 keep, id;

	memset(dirt, 0xff, sizeof(dirt));
	for (__u32 len = 1; len <= sizeof(dirt); len = len * 3 / 2 + 1) {
		EXPECT_EQ(st_alloc(self->fd, self->plain, len, &keep), 0);
		for (int i = 0; i < 10; i++) {
			EXPECT_EQ(st_alloc(self->fd, self->plain, len, &id), 0);
			EXPECT_TRUE(st_has_value(self->fd, id, zeros, len));
			EXPECT_EQ(st_write(self->fd, id, dirt, len, 0), 0);
			EXPECT_TRUE(st_has_value(self->fd, id, dirt, len));
			EXPECT_EQ(st_release(self->fd, id, 1), 0);
		}
		EXPECT_TRUE(st_has_value(self->fd, keep, zeros, len));
	}
	EXPECT_GT(st_stats(self->fd).reuses, 10ULL);
}

TEST_F(domain, plain_stale_ids)
{
	static struct singlet_alloc_item items[256];
	static struct singlet_ref_item refs[256], old[256];

	for (unsigned int round = 0; round < st_scale(40); round++) {
		for (int i = 0; i < 256; i++) {
			items[i].type = self->plain;
			items[i].len = 16;
		}
		ST_BATCH(self->fd, SINGLET_ALLOC, items, 256);
		for (int i = 0; i < 256; i++) {
			ASSERT_EQ(items[i].result, 0U);
			refs[i].id = items[i].id;
			refs[i].count = 1;
		}
		if (round)
			ST_BATCH(self->fd, SINGLET_ACQUIRE, old, 256);
		for (int i = 0; round && i < 256; i++)
			EXPECT_EQ(old[i].result, (__u32)ENOENT);
		ST_BATCH(self->fd, SINGLET_RELEASE, refs, 256);
		memcpy(old, refs, sizeof(old));
	}
	EXPECT_EQ(st_stats(self->fd).live, 0ULL);
}

TEST_F(domain, unsealed_dies_with_its_session)
{
	__u64 unsealed, sealed;
	int third = st_open();

	EXPECT_EQ(st_alloc(third, self->plain, 10, &unsealed), 0);
	EXPECT_EQ(st_alloc(third, self->plain, 10, &sealed), 0);
	EXPECT_EQ(st_seal(third, sealed), 0);
	EXPECT_EQ(st_acquire(self->fd, sealed, 1), 0);
	EXPECT_EQ(st_stats(self->fd).live, 2ULL);
	close(third);
	EXPECT_EQ(st_stats(self->fd).live, 1ULL);
	EXPECT_EQ(st_stats(self->fd).released, 2ULL);
	EXPECT_EQ(st_acquire(self->fd, unsealed, 1), -ENOENT);
	EXPECT_EQ(st_acquire(self->fd, sealed, 1), 0);
}

/* ---- other processes ---- */

TEST_F(domain, processes_share)
{
	struct singlet_query_item query;
	__u64 id = st_must_str(self->fd, "shared by all");
	pid_t children[4];

	for (int i = 0; i < 4; i++) {
		children[i] = st_fork();
		if (children[i] == 0) {
			int fd = st_open();

			EXPECT_EQ(st_must_str(fd, "shared by all"), id);
			EXPECT_EQ(st_acquire(fd, id, 5), 0);
			EXPECT_TRUE(st_has_value(fd, id, "shared by all", 13));
			_exit(0);	/* without releasing anything */
		}
	}
	for (int i = 0; i < 4; i++)
		st_join(children[i]);
	EXPECT_EQ(st_wait_references(self->fd, 1, 5), 1ULL);
	EXPECT_EQ(st_query(self->fd, id, &query), 0);
	EXPECT_EQ(query.references, 1U);
	EXPECT_EQ(st_stats(self->fd).released, 4ULL);
	EXPECT_EQ(st_stats(self->fd).sessions, 2ULL);
	EXPECT_EQ(st_stats(self->fd).creates, 1ULL);
}

/* ---- lists ---- */

static unsigned int list_all(int fd, __u32 type, unsigned int room,
			     struct singlet_list_entry *entries,
			     unsigned int most)
{
	struct singlet_list list = {
		.size = sizeof(list),
		.entry_size = sizeof(struct singlet_list_entry),
		.type = type,
	};
	unsigned int n = 0, empty = 0;

	do {
		list.entries = (uintptr_t)(entries + n);
		list.count = room;
		ASSERT_LE(n + room, most);
		ASSERT_EQ(st_ioctl(fd, SINGLET_LIST, &list), 0);
		ASSERT_LE(list.count, room);
		empty = list.count ? 0 : empty + 1;
		ASSERT_LE(empty, 1000000U);
		n += list.count;
	} while (list.cursor);
	return n;
}

static int compare_ids(const void *a, const void *b)
{
	const struct singlet_list_entry *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct singlet_list_entry entries[100 * MANY];

TEST_F(domain, list)
{
	__u64 unsealed, foreign, sealed;
	unsigned int n;

	EXPECT_EQ(list_all(self->fd, 0, 10, entries, ST_ARRAY_SIZE(entries)),
		  0U);
	intern_many(self, self->fd, 0, MANY);
	release_many(self, self->fd, 100);
	st_must_int(self->fd, 5);	/* not the domain's, so not listed */
	st_must_int(self->fd, 5000);
	ASSERT_EQ(st_alloc(self->fd, self->plain, 3, &unsealed), 0);
	ASSERT_EQ(st_alloc(self->other, self->plain, 4, &foreign), 0);
	ASSERT_EQ(st_alloc(self->other, self->plain, 5, &sealed), 0);
	ASSERT_EQ(st_seal(self->other, sealed), 0);
	for (unsigned int room = 1; room <= 1024; room = room * 4 + 3) {
		n = list_all(self->fd, 0, room, entries, ST_ARRAY_SIZE(entries));
		EXPECT_EQ(n, MANY + 3U);
		qsort(entries, n, sizeof(*entries), compare_ids);
		for (unsigned int i = 0; i < n; i++) {
			struct singlet_query_item query;

			EXPECT_NE(entries[i].id, foreign);
			if (i)
				EXPECT_NE(entries[i].id, entries[i - 1].id);
			if (room > 1)
				continue;
			EXPECT_EQ(st_query(self->fd, entries[i].id, &query), 0);
			EXPECT_EQ(query.type, entries[i].type);
			EXPECT_EQ(query.len, entries[i].len);
			EXPECT_EQ(query.state, entries[i].state);
			EXPECT_EQ(query.references, entries[i].references);
		}
	}
	n = list_all(self->fd, SINGLET_TYPE_INT, 8, entries,
		     ST_ARRAY_SIZE(entries));
	EXPECT_EQ(n, 1U);
	EXPECT_EQ(entries[0].type, (__u32)SINGLET_TYPE_INT);
	EXPECT_EQ(list_all(self->fd, self->plain, 8, entries,
			   ST_ARRAY_SIZE(entries)), 2U);
	EXPECT_EQ(list_all(self->fd, SINGLET_TYPE_STR, 1024, entries,
			   ST_ARRAY_SIZE(entries)), (unsigned int)MANY);
	EXPECT_EQ(list_all(self->fd, SINGLET_TYPE_FLOAT, 1, entries,
			   ST_ARRAY_SIZE(entries)), 0U);
}

/* What is there all the time is listed exactly once, whatever goes on. */
TEST_F(domain, list_while_others_churn)
{
	static __u64 ids[MANY];
	pid_t child;

	intern_many(self, self->fd, 0, MANY);
	for (int i = 0; i < MANY; i++)
		ids[i] = self->items[i].id;
	child = st_fork();
	if (child == 0) {
		int fd = st_open();

		for (unsigned int i = 1;; i++) {
			intern_many(self, fd, i * MANY, 500);
			release_many(self, fd, 500);
			if (i % 4 == 0)
				st_collect(fd);
		}
	}
	for (unsigned int round = 0; round < st_scale(20); round++) {
		unsigned int n = list_all(self->fd, 0, 1 + round * 37 % 512,
					  entries, ST_ARRAY_SIZE(entries));
		unsigned int found = 0;

		qsort(entries, n, sizeof(*entries), compare_ids);
		for (unsigned int i = 0; i < MANY; i++) {
			struct singlet_list_entry key = { .id = ids[i] };
			struct singlet_list_entry *entry =
				bsearch(&key, entries, n, sizeof(key),
					compare_ids);

			if (!entry)
				continue;
			found++;
			EXPECT_FALSE(entry > entries &&
				     entry[-1].id == ids[i]);
			EXPECT_FALSE(entry < entries + n - 1 &&
				     entry[1].id == ids[i]);
			EXPECT_EQ(entry->type, (__u32)SINGLET_TYPE_STR);
		}
		EXPECT_EQ(found, (unsigned int)MANY);
	}
	kill(child, SIGKILL);
	ASSERT_EQ(waitpid(child, NULL, 0), child);
}
