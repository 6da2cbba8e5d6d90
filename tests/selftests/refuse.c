// SPDX-License-Identifier: GPL-2.0
/*
 * What single commands refuse, row by row of the errno table in the ABI's
 * header, and that nothing has changed after it: types, values, objects.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "singlet_test.h"

FIXTURE(domain) {
	int fd;
	__u32 plain;		/* type of kind plain */
	__u32 victim;		/* type without objects */
	__u64 text;		/* "held", one reference */
	__u64 object;		/* plain, 8 bytes, unsealed */
	struct singlet_stats before;
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &self->plain), 0);
	ASSERT_EQ(st_type_create(self->fd, "victim", SINGLET_KIND_VALUE, 0, 0,
				 &self->victim), 0);
	self->text = st_must_str(self->fd, "held");
	ASSERT_EQ(st_alloc(self->fd, self->plain, 8, &self->object), 0);
	self->before = st_stats(self->fd);
}

TEARDOWN(domain)
{
	struct singlet_stats after = st_stats(self->fd);

	EXPECT_SOUND(&after);
	close(self->fd);
}

/* The state is what it was, but for numbers in @except. */
#define UNCHANGED_BUT(self, except)	do {				\
	struct singlet_stats after_ = st_stats((self)->fd);		\
									\
	EXPECT_SAME(&(self)->before, &after_, except);			\
	(self)->before = after_;					\
} while (0)
#define UNCHANGED(self)		UNCHANGED_BUT(self, "")

/* ---- types ---- */

static int create(struct fixture_domain *self, const void *name, size_t len,
		  __u32 kind, __u32 value_size, __u32 value_max)
{
	struct singlet_type_create create = {
		.size = sizeof(create),
		.name = (uintptr_t)name,
		.name_len = len,
		.kind = kind,
		.value_size = value_size,
		.value_max = value_max,
	};
	int error = st_ioctl(self->fd, SINGLET_TYPE_CREATE, &create);

	if (error)
		EXPECT_EQ(create.type, 0U);
	return error;
}

TEST_F(domain, type_names)
{
	static const char *const invalid[] = { "/", "a/b", "/a", "a/", "a\nb",
		"\n", "\t", "\x1f", "\x7f", "a\x01", "\x1b[2J", "\xc2\x80",
		"a\xc2\x9b" "31m",
		/* no spaces either: names are words in tables */
		" ", "a b", " a", "a " };
	static const char *const ill[] = { "\xff", "a\x80", "\xc3", "\xc0\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80" };
	char name[1000];

	memset(name, 'n', sizeof(name));
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(invalid); i++)
		EXPECT_EQ(create(self, invalid[i], strlen(invalid[i]),
				 SINGLET_KIND_VALUE, 0, 0), -EINVAL);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ill); i++)
		EXPECT_EQ(create(self, ill[i], strlen(ill[i]),
				 SINGLET_KIND_VALUE, 0, 0), -EILSEQ);
	EXPECT_EQ(create(self, name, 0, SINGLET_KIND_VALUE, 0, 0), -EINVAL);
	EXPECT_EQ(create(self, "a\0b", 3, SINGLET_KIND_VALUE, 0, 0), -EINVAL);
	EXPECT_EQ(create(self, "a", 2, SINGLET_KIND_VALUE, 0, 0), -EINVAL);
	EXPECT_EQ(create(self, name, 64, SINGLET_KIND_VALUE, 0, 0), -EINVAL);
	EXPECT_EQ(create(self, name, 1000, SINGLET_KIND_VALUE, 0, 0), -EINVAL);
	EXPECT_EQ(create(self, name, ~0U, SINGLET_KIND_VALUE, 0, 0), -EINVAL);
	EXPECT_EQ(create(self, NULL, 5, SINGLET_KIND_VALUE, 0, 0), -EFAULT);
	EXPECT_EQ(create(self, (void *)-1L, 5, SINGLET_KIND_VALUE, 0, 0),
		  -EFAULT);
	UNCHANGED(self);
	EXPECT_EQ(create(self, name, 63, SINGLET_KIND_VALUE, 0, 0), 0);
	EXPECT_EQ(create(self, "\xf0\x9f\x90\x9f-na\xc3\xafve._:", 14,
			 SINGLET_KIND_VALUE, 0, 0), 0);
}

TEST_F(domain, type_exists)
{
	static const char *const names[] = { "none", "bool", "int", "float",
		"str", "bytes", "plain", "victim" };

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(names); i++)
		for (__u32 kind = 1; kind <= 3; kind++)
			EXPECT_EQ(create(self, names[i], strlen(names[i]), kind,
					 0, 0), -EEXIST);
	UNCHANGED(self);
}

TEST_F(domain, type_shapes)
{
	const __u32 over = SINGLET_MAX_VALUE + 1;

	EXPECT_EQ(create(self, "t", 1, 0, 0, 0), -EINVAL);
	EXPECT_EQ(create(self, "t", 1, 4, 0, 0), -EINVAL);
	EXPECT_EQ(create(self, "t", 1, ~0U, 0, 0), -EINVAL);
	for (__u32 kind = 1; kind <= 3; kind++) {
		EXPECT_EQ(create(self, "t", 1, kind, 8, 8), -EINVAL);
		EXPECT_EQ(create(self, "t", 1, kind, over, 0), -EMSGSIZE);
		EXPECT_EQ(create(self, "t", 1, kind, ~0U, 0), -EMSGSIZE);
		EXPECT_EQ(create(self, "t", 1, kind, 0, over), -EMSGSIZE);
		EXPECT_EQ(create(self, "t", 1, kind, 0, ~0U), -EMSGSIZE);
	}
	UNCHANGED(self);
	EXPECT_EQ(create(self, "t1", 2, 1, SINGLET_MAX_VALUE, 0), 0);
	EXPECT_EQ(create(self, "t2", 2, 2, 0, SINGLET_MAX_VALUE), 0);
	EXPECT_EQ(create(self, "t3", 2, 3, 1, 0), 0);
}

/* Numbers that are no type: 0, never given, deleted, predefined + 2^16... */
TEST_F(domain, type_numbers)
{
	__u32 bad[] = { 0, 7777777, 0x10005, 0x1000005, ~0U, 1U << 31, 0 };

	ASSERT_EQ(st_type_create(self->fd, "stale", SINGLET_KIND_VALUE, 0, 0,
				 &bad[6]), 0);
	ASSERT_EQ(st_type_delete(self->fd, bad[6]), 0);
	self->before = st_stats(self->fd);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(bad); i++) {
		__u64 id;

		EXPECT_EQ(st_intern(self->fd, bad[i], "x", 1, &id), -ENOENT);
		EXPECT_EQ(st_lookup(self->fd, bad[i], "x", 1, &id), -ENOENT);
		EXPECT_EQ(st_alloc(self->fd, bad[i], 1, &id), -ENOENT);
		EXPECT_EQ(st_type_delete(self->fd, bad[i]), -ENOENT);
		if (bad[i])
			EXPECT_EQ(st_type_query(self->fd, bad[i], NULL),
				  -ENOENT);
	}
	UNCHANGED(self);
}

TEST_F(domain, type_predefined)
{
	for (__u32 type = 1; type <= 6; type++) {
		EXPECT_EQ(st_type_delete(self->fd, type), -EPERM);
		EXPECT_EQ(st_alloc(self->fd, type, 1, NULL), -EINVAL);
	}
	UNCHANGED(self);
}

TEST_F(domain, type_busy)
{
	__u64 id = st_must_intern(self->fd, self->victim, "v", 1);

	self->before = st_stats(self->fd);
	EXPECT_EQ(st_type_delete(self->fd, self->victim), -EBUSY);
	EXPECT_EQ(st_type_delete(self->fd, self->plain), -EBUSY);
	UNCHANGED(self);
	EXPECT_TRUE(st_has_value(self->fd, id, "v", 1));
	/* Live in another session is live all the same. */
	{
		int other = st_open();

		EXPECT_EQ(st_acquire(other, id, 1), 0);
		EXPECT_EQ(st_release(self->fd, id, 1), 0);
		self->before = st_stats(self->fd);
		EXPECT_EQ(st_type_delete(self->fd, self->victim), -EBUSY);
		UNCHANGED(self);
		close(other);
	}
	EXPECT_EQ(st_type_delete(self->fd, self->victim), 0);
	EXPECT_EQ(st_read(self->fd, id, NULL, 0, 0, NULL, NULL), -ENOENT);
}

TEST_F(domain, type_query_arguments)
{
	struct singlet_type_query query = { .size = sizeof(query) };

	EXPECT_EQ(st_type_find(self->fd, "absent", NULL), -ENOENT);
	EXPECT_EQ(st_type_find(self->fd, "STR", NULL), -ENOENT);
	EXPECT_EQ(st_type_find(self->fd, "st", NULL), -ENOENT);
	EXPECT_EQ(st_type_find(self->fd, "str ", NULL), -ENOENT);
	query.name = (uintptr_t)"str";
	query.name_len = 3;
	query.type = SINGLET_TYPE_STR;
	EXPECT_EQ(st_ioctl(self->fd, SINGLET_TYPE_QUERY, &query), -EINVAL);
	query.name = 0;
	EXPECT_EQ(st_ioctl(self->fd, SINGLET_TYPE_QUERY, &query), -EINVAL);
	query.name = (uintptr_t)-1L;
	query.type = 0;
	EXPECT_EQ(st_ioctl(self->fd, SINGLET_TYPE_QUERY, &query), -EFAULT);
	UNCHANGED(self);
}

/* Cursors that never came out: refused or at the end, but never a crash. */
TEST_F(domain, list_cursors)
{
	__u64 state = 1;

	for (int i = 0; i < 500; i++) {
		struct singlet_list_entry entries[16];
		struct singlet_type_info infos[16];
		struct singlet_list list = {
			.size = sizeof(list),
			.entry_size = sizeof(struct singlet_list_entry),
			.entries = (uintptr_t)entries,
			.count = 16,
			.cursor = st_random(&state) >> (i % 64),
		};
		struct singlet_type_list types = {
			.size = sizeof(types),
			.entry_size = sizeof(struct singlet_type_info),
			.infos = (uintptr_t)infos,
			.count = 16,
			.cursor = st_random(&state) >> (i % 32),
		};
		int error = st_ioctl(self->fd, SINGLET_LIST, &list);

		EXPECT_TRUE(error == 0 || error == -EINVAL);
		EXPECT_LE(list.count, 16U);
		error = st_ioctl(self->fd, SINGLET_TYPE_LIST, &types);
		EXPECT_TRUE(error == 0 || error == -EINVAL);
		EXPECT_LE(types.count, 16U);
	}
	UNCHANGED(self);
}

TEST_F(domain, type_quota)
{
	struct singlet_info info = { .size = sizeof(info) };
	__u32 *types, count = 0;
	char name[40];
	int error;

	ASSERT_EQ(st_ioctl(self->fd, SINGLET_INFO, &info), 0);
	/* Names are compared one by one: minutes where everything is slow. */
	if (info.max_types > 70000 || st_scale(100) < 100)
		harness_skip("%u types are too many to make", info.max_types);
	types = calloc(info.max_types, sizeof(*types));
	ASSERT_TRUE(types);
	for (;;) {
		snprintf(name, sizeof(name), "type-%u", count);
		error = st_type_create(self->fd, name, SINGLET_KIND_VALUE, 0, 0,
				       &types[count]);
		if (error || ++count == info.max_types)
			break;
	}
	EXPECT_EQ(error, -EDQUOT);
	EXPECT_EQ(st_stats(self->fd).types, info.max_types);
	self->before = st_stats(self->fd);
	EXPECT_EQ(create(self, "one-more", 8, SINGLET_KIND_VALUE, 0, 0),
		  -EDQUOT);
	UNCHANGED(self);
	/* Room again as soon as one is gone, and the last one works. */
	ASSERT_GT(count, 2U);
	EXPECT_EQ(st_type_delete(self->fd, types[0]), 0);
	EXPECT_EQ(create(self, "one-more", 8, SINGLET_KIND_VALUE, 0, 0), 0);
	EXPECT_EQ(st_intern(self->fd, types[count - 1], "x", 1, NULL), 0);
	EXPECT_EQ(st_intern(self->fd, types[0], "x", 1, NULL), -ENOENT);
}

/* ---- values ---- */

TEST_F(domain, value_pointers)
{
	char *end = (char *)st_map_with_hole(1) + st_page_size();
	void *const bad[] = {
		NULL, (void *)8, (void *)-1L, (void *)(1UL << 63),
		(void *)0xffffffff81000000UL, end, end - 63,
	};
	struct singlet_stats after;

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_BYTES, bad[i], 64,
				    NULL), -EFAULT);
		EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_BYTES, bad[i], 64,
				    NULL), -EFAULT);
		EXPECT_EQ(st_write(self->fd, self->object,
				   bad[i] == end - 63 ? end - 7 : bad[i], 8, 0),
			  -EFAULT);
		EXPECT_EQ(st_read(self->fd, self->text,
				  bad[i] == end - 63 ? end - 3 : bad[i], 4, 0,
				  NULL, NULL), -EFAULT);
		UNCHANGED(self);
	}
	/* A value half of which is there, in each of the size classes. */
	for (unsigned int len = 128; len <= SINGLET_MAX_VALUE; len *= 2)
		EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_BYTES, end - 64, len,
				    NULL), -EFAULT);
	after = st_stats(self->fd);
	EXPECT_SAME(&self->before, &after, "");
	EXPECT_TRUE(st_has_value(self->fd, self->object, "\0\0\0\0\0\0\0", 8));
}

TEST_F(domain, value_kinds)
{
	__u64 id;

	EXPECT_EQ(st_intern(self->fd, self->plain, "x", 1, &id), -EINVAL);
	EXPECT_EQ(st_lookup(self->fd, self->plain, "x", 1, &id), -EINVAL);
	EXPECT_EQ(st_alloc(self->fd, self->victim, 1, &id), -EINVAL);
	EXPECT_EQ(st_write(self->fd, self->text, "x", 1, 0), -EPERM);
	EXPECT_EQ(st_seal(self->fd, self->text), -EPERM);
	UNCHANGED(self);
	EXPECT_TRUE(st_has_value(self->fd, self->text, "held", 4));
}

/* Too long for a type of fixed size is either too long or the wrong shape. */
static bool wrong_shape(int error, size_t len, size_t size)
{
	return error == -EINVAL || (len > size && error == -EMSGSIZE);
}

TEST_F(domain, value_shapes)
{
	static const struct {
		__u32 type;
		size_t size;
	} fixed[] = { { SINGLET_TYPE_NONE, 0 }, { SINGLET_TYPE_BOOL, 1 },
		      { SINGLET_TYPE_INT, 8 }, { SINGLET_TYPE_FLOAT, 8 } };
	static char zeros[64];

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(fixed); i++) {
		for (size_t len = 0; len < sizeof(zeros); len++) {
			if (len == fixed[i].size)
				continue;
			EXPECT_TRUE(wrong_shape(st_intern(self->fd,
				fixed[i].type, zeros, len, NULL), len,
				fixed[i].size));
			EXPECT_TRUE(wrong_shape(st_lookup(self->fd,
				fixed[i].type, zeros, len, NULL), len,
				fixed[i].size));
		}
	}
	for (int value = 2; value < 256; value++) {
		unsigned char byte = value;

		EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_BOOL, &byte, 1,
				    NULL), -EINVAL);
	}
	UNCHANGED(self);
}

TEST_F(domain, value_user_shapes)
{
	__u32 four, upto, plain4, single4;
	static char zeros[16];

	ASSERT_EQ(st_type_create(self->fd, "four", SINGLET_KIND_VALUE, 4, 0,
				 &four), 0);
	ASSERT_EQ(st_type_create(self->fd, "upto", SINGLET_KIND_VALUE, 0, 5,
				 &upto), 0);
	ASSERT_EQ(st_type_create(self->fd, "plain4", SINGLET_KIND_PLAIN, 4, 0,
				 &plain4), 0);
	ASSERT_EQ(st_type_create(self->fd, "single4", SINGLET_KIND_SINGLE, 4, 0,
				 &single4), 0);
	self->before = st_stats(self->fd);
	for (size_t len = 0; len < sizeof(zeros); len++) {
		if (len != 4) {
			EXPECT_TRUE(wrong_shape(st_intern(self->fd, four, zeros,
						len, NULL), len, 4));
			EXPECT_TRUE(wrong_shape(st_alloc(self->fd, plain4, len,
							 NULL), len, 4));
			if (len)
				EXPECT_TRUE(wrong_shape(st_intern(self->fd,
					single4, zeros, len, NULL), len, 4));
		}
		if (len > 5)
			EXPECT_EQ(st_intern(self->fd, upto, zeros, len, NULL),
				  -EMSGSIZE);
	}
	UNCHANGED(self);
	EXPECT_EQ(st_intern(self->fd, four, zeros, 4, NULL), 0);
	EXPECT_EQ(st_intern(self->fd, upto, zeros, 0, NULL), 0);
	EXPECT_EQ(st_intern(self->fd, upto, zeros, 5, NULL), 0);
	EXPECT_EQ(st_alloc(self->fd, plain4, 4, NULL), 0);
	EXPECT_EQ(st_intern(self->fd, single4, zeros, 4, NULL), 0);
}

TEST_F(domain, value_too_long)
{
	size_t over = (size_t)SINGLET_MAX_VALUE + 1;
	const __u32 lens[] = { over, 1U << 25, 1U << 31, ~0U };
	char *data = mmap(NULL, over, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(data != MAP_FAILED);
	memset(data, 'x', over);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(lens); i++) {
		EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, data, lens[i],
				    NULL), -EMSGSIZE);
		EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_BYTES, data, lens[i],
				    NULL), -EMSGSIZE);
		EXPECT_EQ(st_intern(self->fd, self->victim, data, lens[i],
				    NULL), -EMSGSIZE);
		EXPECT_EQ(st_alloc(self->fd, self->plain, lens[i], NULL),
			  -EMSGSIZE);
	}
	UNCHANGED(self);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, data, over - 1, NULL),
		  0);
}

static const struct {
	const char *bytes;
	size_t len;
} ill_formed[] = {
#define TEXT(literal) { literal, sizeof(literal) - 1 }
	TEXT("\x80"), TEXT("\xbf"), TEXT("\x80\x80"),	/* lone continuation */
	TEXT("a\x80" "b"), TEXT("\xc2\x80\x80"),
	TEXT("\xc2"), TEXT("\xdf"), TEXT("abcdefg\xc2"),	/* cut short */
	TEXT("\xe0\xa0"), TEXT("\xe2\x82"), TEXT("\xef\xbf"), TEXT("\xe0"),
	TEXT("\xf0\x90\x80"), TEXT("\xf4\x8f\xbf"), TEXT("\xf0"), TEXT("\xf4"),
	TEXT("\xc2" "a"), TEXT("\xe2\x82" "a"), TEXT("\xe2" "a\xac"),
	TEXT("\xf0\x9f\x90" "a"), TEXT("\xf0\x9f" "a\x9f"),
	TEXT("\xc2\xc2\x80"), TEXT("\xe2\xe2\x82\xac"),
	TEXT("\xc0\x80"), TEXT("\xc0\xaf"), TEXT("\xc1\xbf"),	/* overlong */
	TEXT("\xe0\x80\x80"), TEXT("\xe0\x80\xaf"), TEXT("\xe0\x9f\xbf"),
	TEXT("\xf0\x80\x80\x80"), TEXT("\xf0\x80\x80\xaf"),
	TEXT("\xf0\x8f\xbf\xbf"),
	TEXT("\xed\xa0\x80"), TEXT("\xed\xad\xbf"),	/* surrogates */
	TEXT("\xed\xae\x80"), TEXT("\xed\xaf\xbf"), TEXT("\xed\xb0\x80"),
	TEXT("\xed\xbf\xbf"), TEXT("\xed\xa0\x80\xed\xb0\x80"),
	TEXT("\xf4\x90\x80\x80"), TEXT("\xf5\x80\x80\x80"), /* > U+10FFFF */
	TEXT("\xf7\xbf\xbf\xbf"), TEXT("\xf8\x88\x80\x80\x80"),
	TEXT("\xfc\x84\x80\x80\x80\x80"), TEXT("\xfe"), TEXT("\xff"),
	TEXT("\xfe\xfe\xff\xff"), TEXT("\xff\xfe" "a\0"),
	TEXT("valid up to here, for more than one word: \xe2\x28\xa1 end"),
}, well_formed[] = {
	TEXT(""), TEXT("a"), TEXT("\0"), TEXT("a\0b"), TEXT("\0\0\0\0\0\0\0\0"),
	TEXT("\x7f"), TEXT("\xc2\x80"), TEXT("\xdf\xbf"), TEXT("\xe0\xa0\x80"),
	TEXT("\xe2\x82\xac"), TEXT("\xed\x80\x80"), TEXT("\xed\x9f\xbf"),
	TEXT("\xee\x80\x80"), TEXT("\xef\xbb\xbf"), TEXT("\xef\xbf\xbd"),
	TEXT("\xef\xbf\xbe"), TEXT("\xef\xbf\xbf"), TEXT("\xf0\x90\x80\x80"),
	TEXT("\xf0\x9f\x90\x9f"), TEXT("\xf3\xbf\xbf\xbf"),
	TEXT("\xf4\x80\x80\x80"), TEXT("\xf4\x8f\xbf\xbf"),
#undef TEXT
};

TEST_F(domain, text_ill_formed)
{
	char buffer[200];
	__u64 id;
	int error;

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ill_formed); i++) {
		unsigned int failures = harness_failures();

		EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR,
				    ill_formed[i].bytes, ill_formed[i].len,
				    &id), -EILSEQ);
		/* No such value can exist; which of both is said is open. */
		error = st_lookup(self->fd, SINGLET_TYPE_STR,
				  ill_formed[i].bytes, ill_formed[i].len, &id);
		EXPECT_TRUE(error == -EILSEQ || error == -ENOENT);
		/* At every distance from a word's border, amid ASCII. */
		for (unsigned int at = 1; at < 20; at++) {
			memset(buffer, 'x', sizeof(buffer));
			memcpy(buffer + at, ill_formed[i].bytes,
			       ill_formed[i].len);
			EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, buffer,
					    at + ill_formed[i].len + 20, &id),
				  -EILSEQ);
		}
		if (harness_failures() != failures)
			harness_note("ill-formed text %u", i);
	}
	UNCHANGED_BUT(self, "misses");
	/* The same bytes are fine where no text is required. */
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ill_formed); i++) {
		EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_BYTES,
				    ill_formed[i].bytes, ill_formed[i].len,
				    &id), 0);
		EXPECT_EQ(st_intern(self->fd, self->victim,
				    ill_formed[i].bytes, ill_formed[i].len,
				    &id), 0);
	}
}

TEST_F(domain, text_well_formed)
{
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(well_formed); i++) {
		__u64 id;

		EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR,
				    well_formed[i].bytes, well_formed[i].len,
				    &id), 0);
		EXPECT_TRUE(st_has_value(self->fd, id, well_formed[i].bytes,
					 well_formed[i].len));
	}
}

/* ---- objects ---- */

static void expect_no_object(struct fixture_domain *self, __u64 id)
{
	struct singlet_query_item query;
	char byte;

	EXPECT_EQ(st_acquire(self->fd, id, 1), -ENOENT);
	EXPECT_EQ(st_release(self->fd, id, 1), -ENOENT);
	EXPECT_EQ(st_read(self->fd, id, &byte, 1, 0, NULL, NULL), -ENOENT);
	EXPECT_EQ(st_query(self->fd, id, &query), -ENOENT);
	EXPECT_EQ(st_write(self->fd, id, "x", 1, 0), -ENOENT);
	EXPECT_EQ(st_seal(self->fd, id), -ENOENT);
}

TEST_F(domain, ids_special)
{
	const __u64 ids[] = { 0, ~0ULL, 1ULL << 63, ~0ULL >> 1, ~0U,
			      0xffffffff00000000ULL };

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ids); i++)
		expect_no_object(self, ids[i]);
	UNCHANGED(self);
}

/* Every id that is one bit away: none, or a constant of the machine. */
TEST_F(domain, ids_flipped)
{
	const __u64 known[] = { self->text, self->object };

	for (unsigned int i = 0; i < 2 * 64; i++) {
		__u64 id = known[i / 64] ^ 1ULL << i % 64;
		struct singlet_query_item query;
		int error = st_query(self->fd, id, &query);

		if (error)
			expect_no_object(self, id);
		else
			EXPECT_TRUE(query.state == SINGLET_STATE_IMMORTAL ||
				    id == self->text || id == self->object);
	}
	UNCHANGED(self);
}

static void random_ids(struct fixture_domain *self, unsigned long command,
		       __u64 seed)
{
	static struct singlet_ref_item items[SINGLET_MAX_BATCH];

	for (unsigned int i = 0; i < SINGLET_MAX_BATCH; i++) {
		items[i].id = st_random(&seed) >> (i % 3 ? 0 : i % 64);
		items[i].count = 1;
		items[i].result = ST_POISON32;
	}
	ST_BATCH(self->fd, command, items, SINGLET_MAX_BATCH);
	for (unsigned int i = 0; i < SINGLET_MAX_BATCH; i++) {
		struct singlet_query_item query;

		if (items[i].result == ENOENT || items[i].id == self->text ||
		    items[i].id == self->object)
			continue;
		EXPECT_EQ(st_query(self->fd, items[i].id, &query), 0);
		EXPECT_EQ(query.state, (__u32)SINGLET_STATE_IMMORTAL);
	}
}

TEST_F(domain, ids_random)
{
	__u64 seed = st_seed();

	for (unsigned int i = 0; i < 10; i++) {
		random_ids(self, SINGLET_ACQUIRE, seed + i);
		random_ids(self, SINGLET_RELEASE, seed + i);
	}
	UNCHANGED(self);
}

TEST_F(domain, references)
{
	int other = st_open();
	__u64 idle = st_must_str(self->fd, "idle");
	__u64 foreign = st_must_str(other, "foreign");
	struct singlet_query_item query;

	ASSERT_EQ(st_release(self->fd, idle, 1), 0);
	ASSERT_EQ(st_acquire(self->fd, self->text, 4), 0);
	self->before = st_stats(self->fd);
	EXPECT_EQ(st_acquire(self->fd, self->text, 0), -EINVAL);
	EXPECT_EQ(st_release(self->fd, self->text, 0), -EINVAL);
	EXPECT_EQ(st_acquire(self->fd, idle, 0), -EINVAL);
	EXPECT_EQ(st_release(self->fd, idle, 1), -ENOENT);
	EXPECT_EQ(st_release(self->fd, foreign, 1), -ENOENT);
	EXPECT_EQ(st_release(other, self->text, 1), -ENOENT);
	EXPECT_EQ(st_release(self->fd, self->text, 6), -EINVAL);
	EXPECT_EQ(st_release(self->fd, self->text, ~0U), -EINVAL);
	UNCHANGED(self);
	EXPECT_EQ(st_query(self->fd, self->text, &query), 0);
	EXPECT_EQ(query.held, 5U);
	EXPECT_EQ(query.references, 1U);
	EXPECT_EQ(st_release(self->fd, self->text, 5), 0);
	EXPECT_EQ(st_release(self->fd, self->text, 1), -ENOENT);
	close(other);
}

TEST_F(domain, reference_overflow)
{
	struct singlet_query_item query;
	__u64 held = 1;
	int error = 0;

	/* In large steps until it is full, then by ever smaller ones. */
	for (__u32 step = 1U << 31; step; step /= 2) {
		for (int i = 0; i < 4; i++) {
			error = st_acquire(self->fd, self->text, step);
			if (error)
				break;
			held += step;
		}
		EXPECT_EQ(error, -EOVERFLOW);
		EXPECT_EQ(st_query(self->fd, self->text, &query), 0);
		EXPECT_EQ((__u64)query.held, held);
	}
	self->before = st_stats(self->fd);
	EXPECT_EQ(st_acquire(self->fd, self->text, ~0U), -EOVERFLOW);
	EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_STR, "held", 4, NULL),
		  -EOVERFLOW);
	EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_STR, "held", 4, NULL),
		  -EOVERFLOW);
	UNCHANGED_BUT(self, "hits");
	EXPECT_EQ(st_query(self->fd, self->text, &query), 0);
	EXPECT_EQ((__u64)query.held, held);
	EXPECT_GT(held, 65534ULL);
	/* All of them can be given back. */
	while (held > 1) {
		__u32 step = held - 1 > ~0U ? ~0U : held - 1;

		ASSERT_EQ(st_release(self->fd, self->text, step), 0);
		held -= step;
	}
	UNCHANGED_BUT(self, "bytes_logical bytes_saved bytes_metadata");
	EXPECT_EQ(st_release(self->fd, self->text, 2), -EINVAL);
	EXPECT_EQ(st_release(self->fd, self->text, 1), 0);
	EXPECT_EQ(st_stats(self->fd).references, 1ULL);
}

TEST_F(domain, read_ranges)
{
	char buffer[16];
	__u32 copied, total;

	EXPECT_EQ(st_read(self->fd, self->text, buffer, 1, 5, &copied, &total),
		  -EINVAL);
	EXPECT_EQ(st_read(self->fd, self->text, buffer, 1, ~0U, &copied,
			  &total), -EINVAL);
	EXPECT_EQ(st_read(self->fd, self->text, buffer, 9, 4, &copied, &total),
		  0);
	EXPECT_EQ(copied, 0U);
	EXPECT_EQ(total, 4U);
	EXPECT_EQ(st_read(self->fd, self->text, NULL, 0, 0, &copied, &total),
		  0);
	EXPECT_EQ(copied, 0U);
	EXPECT_EQ(total, 4U);
	EXPECT_EQ(st_read(self->fd, self->text, buffer, ~0U, 1, &copied,
			  &total), 0);
	EXPECT_EQ(copied, 3U);
	EXPECT_EQ(memcmp(buffer, "eld", 3), 0);
	UNCHANGED(self);
}

TEST_F(domain, write_ranges)
{
	int other = st_open();
	char *half = (char *)st_map_with_hole(1) + st_page_size() - 4;

	memset(half, 'h', 4);
	EXPECT_EQ(st_write(self->fd, self->object, "123456789", 9, 0),
		  -EINVAL);
	EXPECT_EQ(st_write(self->fd, self->object, "12", 2, 7), -EINVAL);
	EXPECT_EQ(st_write(self->fd, self->object, "1", 1, 8), -EINVAL);
	EXPECT_EQ(st_write(self->fd, self->object, "12345678", 8, ~0U),
		  -EINVAL);
	EXPECT_EQ(st_write(self->fd, self->object, "12345678", ~0U, 1),
		  -EINVAL);
	/* On EFAULT nothing was written, though half could be read. */
	EXPECT_EQ(st_write(self->fd, self->object, half, 8, 0), -EFAULT);
	EXPECT_EQ(st_write(other, self->object, "1", 1, 0), -ENOENT);
	EXPECT_EQ(st_seal(other, self->object), -ENOENT);
	self->before.sessions++;
	UNCHANGED_BUT(self, "bytes_metadata bytes_saved");
	EXPECT_TRUE(st_has_value(self->fd, self->object, "\0\0\0\0\0\0\0", 8));
	EXPECT_EQ(st_seal(self->fd, self->object), 0);
	EXPECT_EQ(st_seal(self->fd, self->object), 0);
	EXPECT_EQ(st_write(self->fd, self->object, "1", 1, 0), -EPERM);
	EXPECT_EQ(st_write(self->fd, self->object, "", 0, 0), -EPERM);
	EXPECT_TRUE(st_has_value(self->fd, self->object, "\0\0\0\0\0\0\0", 8));
	close(other);
}

TEST_F(domain, constants_are_no_targets)
{
	__u64 id = st_must_int(self->fd, 7);

	self->before = st_stats(self->fd);
	EXPECT_EQ(st_write(self->fd, id, "x", 1, 0), -EPERM);
	EXPECT_EQ(st_seal(self->fd, id), -EPERM);
	EXPECT_EQ(st_acquire(self->fd, id, 0), -EINVAL);
	EXPECT_EQ(st_release(self->fd, id, 0), -EINVAL);
	UNCHANGED(self);
}

TEST_F(domain, single_types)
{
	struct singlet_query_item query;
	__u32 type, created;
	__u64 id, again;

	ASSERT_EQ(st_type_create(self->fd, "single", SINGLET_KIND_SINGLE, 0, 32,
				 &type), 0);
	self->before = st_stats(self->fd);
	EXPECT_EQ(st_lookup(self->fd, type, "one", 3, &id), -ENOENT);
	EXPECT_EQ(st_lookup(self->fd, type, NULL, 0, &id), -ENOENT);
	UNCHANGED_BUT(self, "misses");
	EXPECT_EQ(st_intern_created(self->fd, type, "one", 3, &id, &created),
		  0);
	EXPECT_EQ(created, 1U);
	self->before = st_stats(self->fd);
	EXPECT_EQ(st_intern(self->fd, type, "two", 3, NULL), -EEXIST);
	EXPECT_EQ(st_intern(self->fd, type, "onf", 3, NULL), -EEXIST);
	EXPECT_EQ(st_intern(self->fd, type, "one!", 4, NULL), -EEXIST);
	UNCHANGED_BUT(self, "hits misses");
	EXPECT_EQ(st_intern_created(self->fd, type, "one", 3, &again, &created),
		  0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(created, 0U);
	EXPECT_EQ(st_intern(self->fd, type, NULL, 0, &again), 0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(st_lookup(self->fd, type, NULL, 0, &again), 0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(st_lookup(self->fd, type, "one", 3, &again), 0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(st_query(self->fd, id, &query), 0);
	EXPECT_EQ(query.held, 5U);
	/* While it is idle it still is the instance; collected, it is not. */
	EXPECT_EQ(st_release(self->fd, id, 5), 0);
	EXPECT_EQ(st_intern(self->fd, type, "two", 3, NULL), -EEXIST);
	st_collect(self->fd);
	EXPECT_EQ(st_intern(self->fd, type, "two", 3, &again), 0);
	EXPECT_NE(again, id);
	EXPECT_TRUE(st_has_value(self->fd, again, "two", 3));
}
