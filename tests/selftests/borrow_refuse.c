// SPDX-License-Identifier: GPL-2.0
/* The index and the pages of borrows: who can map what of them, and how. */
#define _GNU_SOURCE
#include <fcntl.h>

#include "borrow_test.h"
#include "domain_test.h"

FIXTURE(index) {
	int fd;
	struct raw_index raw;
};

SETUP(index)
{
	self->fd = st_open_fresh();
	self->raw = raw_map(self->fd);
}

TEARDOWN(index)
{
	raw_unmap(&self->raw);
	EXPECT_EMPTY(self->fd);
}

TEST_F(index, protection)
{
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(raw_ranges); i++) {
		__u64 at = raw_ranges[i].begin;

		harness_note("%s", raw_ranges[i].name);
		expect_refused(self->fd, at, 4096, PROT_READ, MAP_PRIVATE,
			       EINVAL);
		expect_refused(self->fd, at, 4096, PROT_READ | PROT_EXEC,
			       MAP_SHARED, EPERM);
		expect_refused(self->fd, at, 4096, PROT_EXEC, MAP_SHARED,
			       EPERM);
		expect_refused(self->fd, at, 4096, PROT_READ | PROT_WRITE |
			       PROT_EXEC, MAP_SHARED, EPERM);
		if (i == RAW_BORROWS)
			continue;
		expect_refused(self->fd, at, 4096, PROT_READ | PROT_WRITE,
			       MAP_SHARED, EPERM);
		expect_refused(self->fd, at, 4096, PROT_WRITE, MAP_SHARED,
			       EPERM);
		expect_refused(self->fd, at, 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE, EPERM);
	}
}

TEST_F(index, mprotect)
{
	void *at[] = { (void *)self->raw.head, (void *)self->raw.home,
		       (void *)self->raw.over, (void *)self->raw.sets,
		       (void *)self->raw.marks, self->raw.borrows };

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(at); i++) {
		EXPECT_EQ(mprotect(at[i], 4096, PROT_READ | PROT_EXEC), -1);
		EXPECT_EQ(errno, EACCES);
		if (i == RAW_BORROWS)
			continue;
		EXPECT_EQ(mprotect(at[i], 4096, PROT_READ | PROT_WRITE), -1);
		EXPECT_EQ(errno, EACCES);
		EXPECT_EQ(mprotect(at[i], 4096, PROT_NONE), 0);
		EXPECT_EQ(mprotect(at[i], 4096, PROT_READ), 0);
	}
}

TEST_F(index, ranges)
{
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(raw_ranges); i++) {
		const struct raw_range *r = &raw_ranges[i];
		__u64 end = r->begin + (r->size + 4095) / 4096 * 4096;
		intptr_t at;

		harness_note("%s", r->name);
		expect_refused(self->fd, r->begin - 4096, 8192, PROT_READ,
			       MAP_SHARED, EINVAL);
		expect_refused(self->fd, end - 4096, 8192, PROT_READ,
			       MAP_SHARED, EINVAL);
		if (end != SINGLET_MAP_BORROWS)
			expect_refused(self->fd, end, 4096, PROT_READ,
				       MAP_SHARED, EINVAL);
		at = arena_mmap(self->fd, end - 4096, 4096, PROT_READ,
				MAP_SHARED);
		ASSERT_GT(at, 0);
		/* There is a page wherever one looks, but for the sets. */
		if (r->begin == SINGLET_MAP_SETS)
			EXPECT_FALSE(arena_readable((char *)at));
		else
			EXPECT_TRUE(arena_readable((char *)at));
		EXPECT_EQ(munmap((void *)at, 4096), 0);
	}
}

/* What is where nothing is: zeros. */
TEST_F(index, zeros)
{
	static const __u64 at[] = { 1 << 20, 1ULL << 30, (1ULL << 35) - 4096 };
	static const char zeros[4096];

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(at); i++) {
		EXPECT_TRUE(!memcmp((const char *)self->raw.home + at[i], zeros,
				    4096));
		EXPECT_TRUE(!memcmp((const char *)self->raw.over + at[i], zeros,
				    4096));
		if (at[i] < SINGLET_MAP_MARKS_SIZE)
			EXPECT_TRUE(!memcmp((const char *)self->raw.marks +
						    at[i], zeros, 4096));
	}
	EXPECT_TRUE(!memcmp(self->raw.borrows, zeros, 4096));
}

/* The head says how many buckets the table has. */
TEST_F(index, head)
{
	EXPECT_EQ(self->raw.head->buckets, st_stats(self->fd).buckets);
	EXPECT_EQ(self->raw.head->reserved, 0U);
	EXPECT_EQ(self->raw.head->key.lo % 2, 1ULL);
	EXPECT_EQ(self->raw.head->key.hi % 2, 1ULL);
	EXPECT_LT(self->raw.head->key.point, SINGLET_HASH_PRIME);
	EXPECT_LE(self->raw.sets[0], self->raw.map.slabs[0]);
}

/* No handle of the kernel's, no address: nothing but what the ABI says. */
TEST_F(index, marks)
{
	__u64 id = st_must_str(self->fd, "a value of some bytes"), set = 0;
	__u64 mark, entry;

	entry = self->raw.map.slabs[1 + SINGLET_ID_INDEX(id)];
	mark = raw_mark(&self->raw, (__u32)id, &set);
	EXPECT_EQ(mark >> 32, id >> 32);
	EXPECT_EQ((__u32)mark, SINGLET_MARK(SINGLET_TYPE_STR,
					    SINGLET_SLAB_SIZE(entry) - 21));
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	/* Idle, it is as good as before; then it is gone. */
	EXPECT_EQ(raw_mark(&self->raw, (__u32)id, &set), mark);
	st_collect(self->fd);
	EXPECT_EQ((__u32)raw_mark(&self->raw, (__u32)id, &set) &
		  SINGLET_MARK_LIVE, 0U);
}

/* Each session has a page of borrows of its own, however often it is mapped. */
TEST_F(index, borrows)
{
	int other = st_open();
	__u64 *again = raw_map_range(self->fd, RAW_BORROWS, PROT_READ);
	__u64 *its = raw_map_range(other, RAW_BORROWS, PROT_READ | PROT_WRITE);

	self->raw.borrows[511] = 1;
	its[511] = 2;
	EXPECT_EQ(again[511], 1ULL);
	EXPECT_EQ(its[511], 2ULL);
	self->raw.borrows[511] = 0;
	ASSERT_EQ(munmap(again, 4096), 0);
	ASSERT_EQ(munmap(its, 4096), 0);
	close(other);
}

/* To write borrows the descriptor has to be open for that. */
TEST_F(index, read_only_descriptor)
{
	int fd = open(SINGLET_DEVICE, O_RDONLY | O_CLOEXEC);
	__u64 *borrows;

	ASSERT_GE(fd, 0);
	expect_refused(fd, SINGLET_MAP_BORROWS, 4096, PROT_READ | PROT_WRITE,
		       MAP_SHARED, EACCES);
	borrows = raw_map_range(fd, RAW_BORROWS, PROT_READ);
	EXPECT_EQ(borrows[0], 0ULL);
	EXPECT_EQ(mprotect(borrows, 4096, PROT_READ | PROT_WRITE), -1);
	EXPECT_EQ(errno, EACCES);
	ASSERT_EQ(munmap(borrows, 4096), 0);
	close(fd);
}

/* The session must be allowed to read, and need not be to write. */
TEST(access)
{
	int fd = st_open_fresh(), owner, session;
	const char *name = sd_name("index");
	const void *data = NULL;
	struct raw_index raw;
	__u64 id;

	owner = sd_must_create(fd, name, 0700, 0);
	id = st_must_str(owner, "for who may read");
	session = sd_must_join(fd, name, SD_WRITE);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(raw_ranges); i++)
		expect_refused(session, raw_ranges[i].begin, 4096, PROT_READ,
			       MAP_SHARED, EACCES);
	expect_refused(session, SINGLET_MAP_BORROWS, 4096,
		       PROT_READ | PROT_WRITE, MAP_SHARED, EACCES);
	close(session);
	session = sd_must_join(fd, name, SD_READ);
	raw = raw_map(session);
	raw.borrows[0] = 1;
	EXPECT_EQ(raw_borrow(&raw, 1, SINGLET_TYPE_STR, "for who may read", 16,
			     &data), id);
	raw_end(&raw, 1);
	raw_unmap(&raw);
	/* Another domain's session finds nothing of that. */
	raw = raw_map(fd);
	raw.borrows[0] = 1;
	EXPECT_EQ(raw_borrow(&raw, 1, SINGLET_TYPE_STR, "for who may read", 16,
			     &data), 0ULL);
	raw_unmap(&raw);
	close(session);
	close(owner);
	EXPECT_EQ(sd_delete(fd, name, 0), 0);
}

/* A child has nothing of it. */
TEST_F(index, fork)
{
	pid_t child = st_fork();

	if (!child) {
		EXPECT_FALSE(arena_readable(self->raw.head));
		EXPECT_FALSE(arena_readable(self->raw.home));
		EXPECT_FALSE(arena_readable(self->raw.over));
		EXPECT_FALSE(arena_readable(self->raw.sets));
		EXPECT_FALSE(arena_readable(self->raw.marks));
		EXPECT_FALSE(arena_readable(self->raw.borrows));
		_exit(harness_failures() != 0);
	}
	st_join(child);
}
