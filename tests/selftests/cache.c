// SPDX-License-Identifier: GPL-2.0
/*
 * libsinglet with a reference cache: what is held needs no system call, what is
 * counted here is what the kernel counts, and nothing is read that is not held.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <singlet.h>

#include "singlet_test.h"

#define KEEP	100

FIXTURE(cache) {
	struct singlet *s;
	int fd;			/* another session of the domain */
};

static struct singlet *open_cached(size_t keep)
{
	struct singlet *s;

	ASSERT_EQ(singlet_open(&s, 0), 0);
	ASSERT_EQ(singlet_cache_enable(s, keep), 0);
	return s;
}

SETUP(cache)
{
	self->fd = st_open_fresh();
	self->s = open_cached(KEEP);
}

static struct singlet_cache_info info(struct singlet *s)
{
	struct singlet_cache_info info;

	ASSERT_EQ(singlet_cache_query(s, &info), 0);
	return info;
}

TEARDOWN(cache)
{
	/* Whatever the test has released is the kernel's to count no more. */
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(info(self->s).held, 0UL);
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	singlet_close(self->s);
	EXPECT_EMPTY(self->fd);
	close(self->fd);
}

static uint64_t str(struct singlet *s, const char *text)
{
	uint64_t id;
	int ret = singlet_str_intern(s, text, &id);

	ASSERT_GE(ret, 0);
	return id;
}

static uint64_t number(struct singlet *s, const char *format, unsigned int i)
{
	char text[40];

	snprintf(text, sizeof(text), format, i);
	return str(s, text);
}

/* The value of @id is @len bytes at @data, where it is. */
static void expect_data(struct singlet *s, uint64_t id, const void *data,
			size_t len)
{
	const void *p = NULL;
	size_t n = 0;

	ASSERT_EQ(singlet_object_data(s, id, &p, &n), 0);
	EXPECT_EQ(n, len);
	EXPECT_EQ((uintptr_t)p % 8, 0UL);
	EXPECT_TRUE(n == len && !memcmp(p, data, len));
}

/* What the kernel says that the session has of @id. */
static uint32_t held(struct singlet *s, uint64_t id)
{
	struct singlet_query_item item;

	ASSERT_EQ(singlet_object_query(s, id, &item), 0);
	return item.held;
}

/*
 * The session's descriptor is that of no device until _back(): what makes a
 * system call fails.  The mappings keep the session.
 */
static int take_away(struct singlet *s)
{
	int saved = dup(singlet_fd(s)), null = open("/dev/null", O_RDWR);

	ASSERT_GE(saved, 0);
	ASSERT_GE(dup2(null, singlet_fd(s)), 0);
	close(null);
	return saved;
}

static void give_back(struct singlet *s, int saved)
{
	ASSERT_GE(dup2(saved, singlet_fd(s)), 0);
	close(saved);
}

/* Everything with what is held, without a system call; nothing else. */
TEST_F(cache, no_system_call)
{
	uint64_t id = str(self->s, "held"), again;
	int saved = take_away(self->s);

	for (int i = 0; i < 1000; i++) {
		EXPECT_EQ(singlet_str_intern(self->s, "held", &again), 0);
		EXPECT_EQ(again, id);
		EXPECT_EQ(singlet_object_lookup(self->s, SINGLET_TYPE_STR,
						"held", 4, &again), 0);
		EXPECT_EQ(again, id);
		EXPECT_EQ(singlet_object_acquire(self->s, id, 3), 0);
		expect_data(self->s, id, "held", 4);
		EXPECT_EQ(singlet_object_release(self->s, id, 5), 0);
	}
	EXPECT_EQ(singlet_str_intern(self->s, "not held", &again), -ENOTTY);
	EXPECT_EQ(singlet_object_lookup(self->s, SINGLET_TYPE_BYTES, "held", 4,
					&again), -ENOTTY);
	/* The last one is kept. */
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	EXPECT_EQ(singlet_str_intern(self->s, "held", &again), 0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	give_back(self->s, saved);
	EXPECT_EQ(singlet_str_intern(self->s, "not held", &again), 1);
	EXPECT_EQ(singlet_object_release(self->s, again, 1), 0);
}

/* The instance of a single type is found by no bytes at all, and has its own. */
TEST_F(cache, single_by_nothing)
{
	struct singlet *other = open_cached(KEEP);
	uint64_t id, again, found;
	uint32_t type;

	ASSERT_EQ(singlet_type_create(self->s, "colour", SINGLET_KIND_SINGLE, 0,
				      0, &type), 0);
	ASSERT_EQ(singlet_object_intern(self->s, type, "red", 3, &id), 1);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(singlet_object_intern(other, type, NULL, 0, &again),
			  0);
		EXPECT_EQ(again, id);
		expect_data(other, again, "red", 3);
	}
	EXPECT_EQ(singlet_object_lookup(other, type, "red", 3, &found), 0);
	EXPECT_EQ(found, id);
	EXPECT_EQ(singlet_object_release(other, id, 3), 0);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	singlet_close(other);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(singlet_type_delete(self->s, type), 0);
}

/* What the kernel counts: one reference on each object. */
TEST_F(cache, counts)
{
	uint64_t id = str(self->s, "value"), again;

	for (int i = 0; i < 10; i++)
		EXPECT_EQ(str(self->s, "value"), id);
	EXPECT_EQ(singlet_object_acquire(self->s, id, 1000), 0);
	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
	EXPECT_EQ(held(self->s, id), 1U);
	EXPECT_EQ(singlet_object_release(self->s, id, 1012), -EINVAL);
	EXPECT_EQ(singlet_object_release(self->s, id, 1011), 0);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), -ENOENT);
	EXPECT_EQ(singlet_object_release(self->s, id, 0), -EINVAL);
	EXPECT_EQ(singlet_object_acquire(self->s, id, 0), -EINVAL);
	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
	EXPECT_EQ(info(self->s).held, 1UL);
	EXPECT_EQ(info(self->s).queued, 1UL);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(info(self->s).held, 0UL);
	EXPECT_EQ(info(self->s).queued, 0UL);
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	EXPECT_EQ(st_stats(self->fd).idle, 1ULL);
	/* And from the beginning, with the same object. */
	EXPECT_EQ(singlet_str_intern(self->s, "value", &again), 0);
	EXPECT_EQ(again, id);
	st_collect(self->fd);
	expect_data(self->s, id, "value", 5);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
}

/* Ids that are over, of this slot and of others, and of nothing at all. */
TEST_F(cache, stale)
{
	uint64_t id = str(self->s, "value"), stale = id + (1ULL << 32);
	const void *data;

	EXPECT_EQ(singlet_object_acquire(self->s, stale, 1), -ENOENT);
	EXPECT_EQ(singlet_object_release(self->s, stale, 1), -ENOENT);
	EXPECT_EQ(singlet_object_data(self->s, stale, &data, NULL), -ENOENT);
	EXPECT_EQ(singlet_object_acquire(self->s, id + 1, 1), -ENOENT);
	EXPECT_EQ(singlet_object_release(self->s, id + 1, 1), -ENOENT);
	EXPECT_EQ(singlet_object_acquire(self->s, 0, 1), -ENOENT);
	EXPECT_EQ(singlet_object_release(self->s, ~0ULL, 1), -ENOENT);
	EXPECT_EQ(singlet_object_data(self->s, 77ULL << 9, &data, NULL),
		  -ENOENT);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	EXPECT_EQ(singlet_object_data(self->s, id, &data, NULL), -ENOENT);
	EXPECT_EQ(singlet_cache_enable(self->s, 1), -EALREADY);
}

/* Never more than so many that nobody uses. */
TEST_F(cache, keep)
{
	uint64_t id;

	for (unsigned int i = 0; i < 3000; i++) {
		id = number(self->s, "value %u", i);
		EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
		EXPECT_LE(info(self->s).queued, (size_t)KEEP);
	}
	EXPECT_LE(info(self->s).held, (size_t)KEEP);
	EXPECT_GE(info(self->s).held, (size_t)KEEP / 2);
	EXPECT_EQ(st_stats(self->fd).references, info(self->s).held);
	/* The last ones are there. */
	id = number(self->s, "value %u", 2999);
	EXPECT_EQ(st_stats(self->fd).references, info(self->s).held);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
}

/* One that is used while its turn comes is not let go of. */
TEST_F(cache, keep_used)
{
	uint64_t used = str(self->s, "used"), id;

	EXPECT_EQ(singlet_object_release(self->s, used, 1), 0);
	EXPECT_EQ(str(self->s, "used"), used);
	for (unsigned int i = 0; i < 3 * KEEP; i++) {
		id = number(self->s, "value %u", i);
		EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	}
	st_collect(self->fd);
	expect_data(self->s, used, "used", 4);
	EXPECT_EQ(singlet_object_release(self->s, used, 1), 0);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(info(self->s).held, 0UL);
}

TEST_F(cache, keep_none)
{
	struct singlet *s = open_cached(0);
	uint64_t id = str(s, "value");

	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
	EXPECT_EQ(singlet_object_release(s, id, 1), 0);
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	EXPECT_EQ(info(s).held, 0UL);
	singlet_close(s);
}

static void lengths(struct singlet *s, const char *data, uint32_t first,
		    uint32_t last)
{
	for (uint32_t len = first; len <= last; len++) {
		uint64_t id, again;

		EXPECT_EQ(singlet_object_intern(s, SINGLET_TYPE_BYTES, data,
						len, &id), 1);
		EXPECT_EQ(singlet_object_intern(s, SINGLET_TYPE_BYTES, data,
						len, &again), 0);
		EXPECT_EQ(again, id);
		expect_data(s, id, data, len);
		EXPECT_EQ(singlet_object_release(s, id, 2), 0);
	}
}

/* Values of every length and around each boundary, and the largest. */
TEST_F(cache, every_length)
{
	char *data = malloc(SINGLET_MAX_VALUE);

	st_fill(data, SINGLET_MAX_VALUE, 7);
	lengths(self->s, data, 0, 600);
	lengths(self->s, data, 4090, 4100);
	lengths(self->s, data, 32760, 32776);
	lengths(self->s, data, (1 << 20) - 1, (1 << 20) + 1);
	lengths(self->s, data, SINGLET_MAX_VALUE, SINGLET_MAX_VALUE);
	free(data);
}

/* Equal bytes: what parts them is their type, and where they end. */
TEST_F(cache, apart)
{
	uint64_t id[6], again;
	uint32_t type;

	ASSERT_EQ(singlet_type_create(self->s, "label", SINGLET_KIND_VALUE, 0, 0,
				      &type), 0);
	for (int round = 0; round < 2; round++) {
		uint32_t types[] = { SINGLET_TYPE_STR, SINGLET_TYPE_BYTES,
				     type, SINGLET_TYPE_BYTES,
				     SINGLET_TYPE_BYTES, SINGLET_TYPE_BYTES };
		size_t len[] = { 3, 3, 3, 4, 5, 2 };

		for (int i = 0; i < 6; i++) {
			ASSERT_EQ(singlet_object_intern(self->s, types[i],
							"abc\0\0", len[i],
							&again), !round);
			EXPECT_TRUE(!round || id[i] == again);
			id[i] = again;
			expect_data(self->s, again, "abc\0\0", len[i]);
			for (int j = 0; j < i; j++)
				EXPECT_NE(id[i], id[j]);
		}
	}
	for (int i = 0; i < 6; i++)
		EXPECT_EQ(singlet_object_release(self->s, id[i], 2), 0);
	EXPECT_EQ(singlet_type_delete(self->s, type), -EBUSY);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(singlet_type_delete(self->s, type), 0);
}

/* Predefined types, of which some objects are the machine's. */
TEST_F(cache, predefined)
{
	int64_t small = 5, large = 1LL << 40;
	uint64_t id[7], parts[2], again;
	double pi = 3.14;

	for (int round = 0; round < 3; round++) {
		EXPECT_GE(singlet_none_intern(self->s, &id[0]), 0);
		EXPECT_GE(singlet_bool_intern(self->s, true, &id[1]), 0);
		EXPECT_GE(singlet_int_intern(self->s, small, &id[2]), 0);
		EXPECT_GE(singlet_int_intern(self->s, large, &id[3]), 0);
		EXPECT_GE(singlet_float_intern(self->s, pi, &id[4]), 0);
		id[5] = str(self->s, "text");
		parts[0] = id[2];
		parts[1] = id[5];
		EXPECT_EQ(singlet_tuple_intern(self->s, SINGLET_TYPE_TUPLE,
					       parts, 2, &id[6]), !round);
	}
	expect_data(self->s, id[0], "", 0);
	expect_data(self->s, id[1], "\1", 1);
	expect_data(self->s, id[2], &small, sizeof(small));
	expect_data(self->s, id[3], &large, sizeof(large));
	expect_data(self->s, id[4], &pi, sizeof(pi));
	expect_data(self->s, id[6], parts, sizeof(parts));
	/* The third round had not to ask. */
	int saved = take_away(self->s);
	EXPECT_EQ(singlet_int_intern(self->s, small, &again), 0);
	EXPECT_EQ(again, id[2]);
	EXPECT_EQ(singlet_tuple_lookup(self->s, SINGLET_TYPE_TUPLE, parts, 2,
				       &again), 0);
	EXPECT_EQ(again, id[6]);
	give_back(self->s, saved);
	EXPECT_EQ(singlet_object_release(self->s, id[2], 1), 0);
	EXPECT_EQ(singlet_object_release(self->s, id[6], 1), 0);
	for (int i = 0; i < 7; i++)
		EXPECT_EQ(singlet_object_release(self->s, id[i], 3), 0);
	EXPECT_EQ(singlet_object_release(self->s, id[6], 1), -ENOENT);
}

/* Got by its id, an object has a value too, and is found by it later. */
TEST_F(cache, by_id)
{
	uint64_t id = st_must_str(self->fd, "made elsewhere"), again;
	uint64_t five = st_must_int(self->fd, 5);

	EXPECT_EQ(singlet_object_acquire(self->s, id, 2), 0);
	EXPECT_EQ(singlet_object_acquire(self->s, five, 1), 0);
	expect_data(self->s, id, "made elsewhere", 14);
	expect_data(self->s, five, &(int64_t){ 5 }, 8);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	st_collect(self->fd);
	EXPECT_EQ(singlet_str_intern(self->s, "made elsewhere", &again), 0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(held(self->s, id), 1U);
	int saved = take_away(self->s);
	EXPECT_EQ(singlet_str_intern(self->s, "made elsewhere", &again), 0);
	EXPECT_EQ(again, id);
	give_back(self->s, saved);
	expect_data(self->s, id, "made elsewhere", 14);
	EXPECT_EQ(singlet_object_release(self->s, id, 4), 0);
	EXPECT_EQ(singlet_object_release(self->s, five, 1), 0);
	EXPECT_EQ(st_release(self->fd, five, 1), 0);
}

/* As many as can be counted, and one more. */
TEST_F(cache, too_many)
{
	uint64_t id = str(self->s, "value"), again;

	EXPECT_EQ(singlet_object_acquire(self->s, id, 0x3ffffffd), 0);
	EXPECT_EQ(singlet_object_acquire(self->s, id, 1), -EOVERFLOW);
	EXPECT_EQ(singlet_object_acquire(self->s, id, UINT32_MAX), -EOVERFLOW);
	EXPECT_EQ(singlet_str_intern(self->s, "value", &again), -EOVERFLOW);
	EXPECT_EQ(held(self->s, id), 1U);
	EXPECT_EQ(singlet_object_release(self->s, id, 0x3ffffffe), 0);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), -ENOENT);
}

/* The instance of a single type is found by nothing at all. */
TEST_F(cache, single)
{
	uint64_t id, again;
	uint32_t type;

	ASSERT_EQ(singlet_type_create(self->s, "one", SINGLET_KIND_SINGLE, 0, 0,
				      &type), 0);
	ASSERT_EQ(singlet_object_intern(self->s, type, "instance", 8, &id), 1);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(singlet_object_lookup(self->s, type, NULL, 0, &again), 0);
	EXPECT_EQ(again, id);
	expect_data(self->s, id, "instance", 8);
	EXPECT_EQ(singlet_object_intern(self->s, type, "instance", 8, &again),
		  0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(singlet_object_intern(self->s, type, "another", 7, &again),
		  -EEXIST);
	EXPECT_EQ(singlet_object_release(self->s, id, 2), 0);
}

/* What cannot be a value is refused before anybody reads it. */
TEST_F(cache, too_long)
{
	char *page = st_map_with_hole(1);
	uint64_t id;

	EXPECT_EQ(singlet_object_intern(self->s, SINGLET_TYPE_BYTES, page,
					SINGLET_MAX_VALUE + 1, &id), -EMSGSIZE);
	EXPECT_EQ(singlet_object_lookup(self->s, SINGLET_TYPE_BYTES, page,
					(size_t)UINT32_MAX + 1, &id), -EMSGSIZE);
}

/* Plain objects are seen while they are written, and end with their user. */
TEST_F(cache, plain)
{
	const void *data;
	uint32_t type;
	uint64_t id;
	size_t len;

	ASSERT_EQ(singlet_type_create(self->s, "plain", SINGLET_KIND_PLAIN, 0, 0,
				      &type), 0);
	ASSERT_EQ(singlet_object_alloc(self->s, type, 100, &id), 0);
	ASSERT_EQ(singlet_object_data(self->s, id, &data, &len), 0);
	EXPECT_EQ(len, 100UL);
	EXPECT_EQ(singlet_object_write(self->s, id, "bytes", 5, 10), 0);
	EXPECT_EQ(memcmp((const char *)data + 10, "bytes", 5), 0);
	EXPECT_EQ(singlet_object_seal(self->s, id), 0);
	EXPECT_EQ(singlet_object_acquire(self->s, id, 1), 0);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	EXPECT_EQ(st_stats(self->fd).live, 1ULL);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	EXPECT_EQ(st_stats(self->fd).live, 0ULL);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), -ENOENT);
	EXPECT_EQ(singlet_type_delete(self->s, type), 0);
}

/* Batches: some held, some new, some twice, some that cannot be. */
TEST_F(cache, batch)
{
	struct singlet_intern_item items[600] = {};
	struct singlet_ref_item refs[600] = {};
	char text[600][16];
	unsigned int i;

	uint64_t id[300];

	for (i = 0; i < 300; i += 2)
		id[i] = number(self->s, "value %u", i);
	for (i = 0; i < 600; i++) {
		snprintf(text[i], sizeof(text[i]), "value %u", i % 300);
		items[i] = (struct singlet_intern_item){
			.data = (uintptr_t)text[i], .len = strlen(text[i]),
			.type = i % 100 == 99 ? 4000 : SINGLET_TYPE_STR,
		};
	}
	EXPECT_EQ(singlet_batch_intern(self->s, items, 600), 600);
	for (i = 0; i < 600; i++) {
		if (i % 100 == 99) {
			EXPECT_EQ(items[i].result, (unsigned int)ENOENT);
			continue;
		}
		EXPECT_EQ(items[i].result, 0U);
		EXPECT_EQ(items[i].created, (uint32_t)(i < 300 && i % 2));
		EXPECT_EQ(items[i].id, items[i % 300].id);
		expect_data(self->s, items[i].id, text[i], items[i].len);
	}
	EXPECT_EQ(st_stats(self->fd).references, info(self->s).held);
	for (i = 0; i < 600; i++)
		refs[i] = (struct singlet_ref_item){ items[i].id, 1, 99 };
	EXPECT_EQ(singlet_batch_acquire(self->s, refs, 99), 99);
	EXPECT_EQ(singlet_batch_release(self->s, refs, 600), 600);
	for (i = 0; i < 600; i++)
		EXPECT_EQ(refs[i].result, i % 100 == 99 ? (unsigned)ENOENT : 0U);
	EXPECT_EQ(singlet_batch_release(self->s, refs, 99), 99);
	for (i = 0; i < 99; i++)
		EXPECT_EQ(refs[i].result, 0U);
	for (i = 0; i < 300; i += 2)
		EXPECT_EQ(singlet_object_release(self->s, id[i], 1), 0);
	EXPECT_EQ(singlet_batch_lookup(self->s, items, 0), -EINVAL);
	EXPECT_EQ(singlet_batch_release(self->s, refs, 0), -EINVAL);
}

/* By ids: some held, some not, some of nothing. */
TEST_F(cache, batch_acquire)
{
	struct singlet_ref_item refs[400] = {};
	uint64_t here, id[400];
	unsigned int i;
	int saved;

	here = str(self->s, "here");
	for (i = 0; i < 400; i++) {
		char text[16];

		snprintf(text, sizeof(text), "value %u", i);
		id[i] = i % 3 ? st_must_str(self->fd, text) : here;
		refs[i] = (struct singlet_ref_item){ id[i], 2, 99 };
	}
	refs[100].id += 1ULL << 32;
	refs[300].count = 0;
	EXPECT_EQ(singlet_batch_acquire(self->s, refs, 400), 400);
	for (i = 0; i < 400; i++)
		EXPECT_EQ(refs[i].result, i == 100 ? (unsigned int)ENOENT :
			  i == 300 ? (unsigned int)EINVAL : 0U);
	refs[100].count = refs[300].count = 0;
	EXPECT_EQ(singlet_batch_release(self->s, refs, 400), 400);
	EXPECT_EQ(singlet_object_release(self->s, here, 1), 0);
	EXPECT_EQ(singlet_object_release(self->s, here, 1), -ENOENT);
	for (i = 0; i < 400; i++)
		if (i % 3)
			EXPECT_EQ(st_release(self->fd, id[i], 1), 0);
	/* Nothing can be asked: what is behind the first miss is not done. */
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
	EXPECT_EQ(str(self->s, "here"), here);
	refs[0].count = 1;
	saved = take_away(self->s);
	EXPECT_EQ(singlet_batch_acquire(self->s, refs, 400), 1);
	EXPECT_EQ(singlet_batch_acquire(self->s, refs + 1, 9), -ENOTTY);
	give_back(self->s, saved);
	EXPECT_EQ(singlet_object_release(self->s, here, 3), -EINVAL);
	EXPECT_EQ(singlet_object_release(self->s, here, 2), 0);
}

/* A system call that fails in the middle of a batch: what is behind is undone. */
TEST_F(cache, batch_fails)
{
	struct singlet_intern_item items[3] = {};
	const char *text[] = { "one", "two", "three" };
	int saved;

	str(self->s, "one");
	str(self->s, "three");
	for (int i = 0; i < 3; i++)
		items[i] = (struct singlet_intern_item){
			.data = (uintptr_t)text[i], .len = strlen(text[i]),
			.type = SINGLET_TYPE_STR,
		};
	saved = take_away(self->s);
	EXPECT_EQ(singlet_batch_intern(self->s, items, 3), 1);
	EXPECT_EQ(singlet_batch_intern(self->s, items + 1, 2), -ENOTTY);
	give_back(self->s, saved);
	EXPECT_EQ(singlet_object_release(self->s, items[0].id, 3), -EINVAL);
	EXPECT_EQ(singlet_object_release(self->s, items[0].id, 2), 0);
	EXPECT_EQ(singlet_batch_intern(self->s, items + 2, 1), 1);
	EXPECT_EQ(singlet_object_release(self->s, items[2].id, 3), -EINVAL);
	EXPECT_EQ(singlet_object_release(self->s, items[2].id, 2), 0);
}

/* Bytes of this process's address space. */
static size_t memory_mapped(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	size_t pages = 0;

	ASSERT_TRUE(file);
	ASSERT_EQ(fscanf(file, "%zu", &pages), 1);
	fclose(file);
	return pages * st_page_size();
}

/* Where nothing can be mapped, values are copied; all else is the same. */
TEST_F(cache, not_mapped)
{
	struct rlimit all, few;
	char data[5000];
	struct singlet *s;
	uint64_t id;

	ASSERT_EQ(getrlimit(RLIMIT_AS, &all), 0);
	few = all;
	few.rlim_cur = memory_mapped() + (1UL << 26);
	ASSERT_EQ(setrlimit(RLIMIT_AS, &few), 0);
	s = open_cached(KEEP);
	ASSERT_EQ(setrlimit(RLIMIT_AS, &all), 0);
	EXPECT_FALSE(info(s).mapped);
	EXPECT_TRUE(info(self->s).mapped);
	st_fill(data, sizeof(data), 3);
	lengths(s, data, 0, 300);
	lengths(s, data, 4090, 4100);
	for (unsigned int i = 0; i < 3000; i++) {
		id = number(s, "value %u", i);
		EXPECT_EQ(singlet_object_release(s, id, 1), 0);
	}
	EXPECT_LE(info(s).held, (size_t)KEEP);
	id = st_must_str(self->fd, "made elsewhere");
	EXPECT_EQ(singlet_object_acquire(s, id, 1), 0);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	expect_data(s, id, "made elsewhere", 14);
	EXPECT_EQ(str(s, "made elsewhere"), id);
	EXPECT_EQ(singlet_object_release(s, id, 2), 0);
	singlet_close(s);
}

/* Without a cache there is none of this. */
TEST_F(cache, none)
{
	const void *data;
	struct singlet *s;
	uint64_t id;

	ASSERT_EQ(singlet_open(&s, 0), 0);
	id = str(s, "value");
	EXPECT_EQ(singlet_object_data(s, id, &data, NULL), -EOPNOTSUPP);
	EXPECT_EQ(singlet_cache_flush(s), -EINVAL);
	EXPECT_EQ(singlet_cache_query(s, NULL), -EINVAL);
	singlet_close(s);
}

/* The memory is the kernel's: it cannot be written, now or later. */
TEST_F(cache, read_only)
{
	uint64_t id = str(self->s, "value");
	const void *data;
	void *page;

	ASSERT_EQ(singlet_object_data(self->s, id, &data, NULL), 0);
	page = (void *)((uintptr_t)data & ~(st_page_size() - 1));
	EXPECT_EQ(mprotect(page, st_page_size(), PROT_READ | PROT_WRITE), -1);
	EXPECT_EQ(errno, EACCES);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
}
