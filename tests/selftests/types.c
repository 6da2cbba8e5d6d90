// SPDX-License-Identifier: GPL-2.0
/* Types: the predefined ones, the constants among them, and users' own. */
#include <float.h>

#include "singlet_test.h"

FIXTURE(domain) {
	int fd;
};

SETUP(domain)
{
	self->fd = st_open_fresh();
}

TEARDOWN(domain)
{
	struct singlet_stats stats = st_stats(self->fd);

	EXPECT_SOUND(&stats);
	close(self->fd);
}

TEST_F(domain, info)
{
	struct singlet_info info = { .size = sizeof(info) };
	struct singlet_info other = { .size = sizeof(other) };
	int fd = st_open();

	EXPECT_EQ(st_ioctl(self->fd, SINGLET_INFO, &info), 0);
	EXPECT_EQ(info.features, 0ULL);
	EXPECT_EQ(info.max_value, (__u64)SINGLET_MAX_VALUE);
	EXPECT_EQ(info.max_batch, (__u32)SINGLET_MAX_BATCH);
	EXPECT_EQ(info.max_name, (__u32)SINGLET_MAX_NAME);
	EXPECT_GE(info.max_types, 16U);
	EXPECT_EQ(st_ioctl(fd, SINGLET_INFO, &other), 0);
	EXPECT_NE(info.session, other.session);
	close(fd);
}

static const struct {
	__u32 type;
	const char *name;
	__u32 value_size;
} predefined[] = {
	{ SINGLET_TYPE_NONE, "none", 0 },  { SINGLET_TYPE_BOOL, "bool", 1 },
	{ SINGLET_TYPE_INT, "int", 8 },	   { SINGLET_TYPE_FLOAT, "float", 8 },
	{ SINGLET_TYPE_STR, "str", 0 },	   { SINGLET_TYPE_BYTES, "bytes", 0 },
	{ SINGLET_TYPE_TUPLE, "tuple", 0 },
};

TEST_F(domain, predefined_query)
{
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(predefined); i++) {
		struct singlet_type_info info, found;

		EXPECT_EQ(st_type_query(self->fd, predefined[i].type, &info),
			  0);
		EXPECT_EQ(st_type_find(self->fd, predefined[i].name, &found),
			  0);
		EXPECT_EQ(memcmp(&info, &found, sizeof(info)), 0);
		EXPECT_EQ(info.type, predefined[i].type);
		EXPECT_EQ(info.value_size, predefined[i].value_size);
		EXPECT_EQ(info.objects, 0ULL);
		EXPECT_EQ(info.bytes, 0ULL);
		EXPECT_EQ(strcmp((char *)info.name, predefined[i].name), 0);
		if (predefined[i].type == SINGLET_TYPE_TUPLE)
			EXPECT_EQ(info.value_max, 8U * SINGLET_MAX_PARTS);
		else if (predefined[i].type >= SINGLET_TYPE_STR)
			EXPECT_EQ(info.value_max, SINGLET_MAX_VALUE);
		else
			EXPECT_EQ(info.value_max, predefined[i].value_size);
		/* The name's tail holds nothing that was left there. */
		for (size_t j = strlen(predefined[i].name);
		     j < sizeof(info.name); j++)
			EXPECT_EQ(info.name[j], 0);
	}
	EXPECT_EQ(st_stats(self->fd).types, ST_PREDEFINED);
}

static void round_trip(int fd, __u32 type, const void *data, size_t len,
		       bool immortal)
{
	struct singlet_query_item query;
	struct singlet_type_info before, after;
	__u64 id, again;

	EXPECT_EQ(st_type_query(fd, type, &before), 0);
	EXPECT_EQ(st_intern(fd, type, data, len, &id), 0);
	EXPECT_TRUE(st_has_value(fd, id, data, len));
	EXPECT_EQ(st_query(fd, id, &query), 0);
	EXPECT_EQ(query.type, type);
	EXPECT_EQ(query.len, (__u32)len);
	EXPECT_EQ(query.state, (__u32)(immortal ? SINGLET_STATE_IMMORTAL :
						  SINGLET_STATE_LIVE));
	EXPECT_EQ(query.references, immortal ? 0U : 1U);
	EXPECT_EQ(query.held, immortal ? 0U : 1U);
	EXPECT_EQ(st_lookup(fd, type, data, len, &again), 0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(st_type_query(fd, type, &after), 0);
	EXPECT_EQ(after.objects - before.objects, immortal ? 0ULL : 1ULL);
	EXPECT_EQ(after.bytes - before.bytes, immortal ? 0ULL : len);
	EXPECT_EQ(st_release(fd, id, 2), 0);
}

TEST_F(domain, predefined_round_trips)
{
	static const __s64 ints[] = { -6, 257, 1LL << 32, -(1LL << 40),
		INT64_MAX, INT64_MIN };
	static const double floats[] = { 0.0, -0.0, 1.5, -DBL_MAX, DBL_MIN,
		1e-310, __builtin_inf(), -__builtin_inf(), __builtin_nan("") };

	round_trip(self->fd, SINGLET_TYPE_NONE, "", 0, true);
	round_trip(self->fd, SINGLET_TYPE_BOOL, "\0", 1, true);
	round_trip(self->fd, SINGLET_TYPE_BOOL, "\1", 1, true);
	for (__s64 value = -5; value <= 256; value++)
		round_trip(self->fd, SINGLET_TYPE_INT, &value, 8, true);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ints); i++)
		round_trip(self->fd, SINGLET_TYPE_INT, &ints[i], 8, false);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(floats); i++)
		round_trip(self->fd, SINGLET_TYPE_FLOAT, &floats[i], 8, false);
	round_trip(self->fd, SINGLET_TYPE_STR, "\xe2\x82\xac", 3, false);
	round_trip(self->fd, SINGLET_TYPE_STR, "", 0, false);
	round_trip(self->fd, SINGLET_TYPE_BYTES, "\xff\x00\xfe", 3, false);
	round_trip(self->fd, SINGLET_TYPE_BYTES, "", 0, false);
	EXPECT_EMPTY(self->fd);
}

/* The same bytes as values of other types are other objects. */
TEST_F(domain, types_are_apart)
{
	static const char bytes[8] = "12345678";
	__u64 ids[5];
	__u32 user;

	ASSERT_EQ(st_type_create(self->fd, "user", SINGLET_KIND_VALUE, 0, 0,
				 &user), 0);
	ids[0] = st_must_intern(self->fd, SINGLET_TYPE_INT, bytes, 8);
	ids[1] = st_must_intern(self->fd, SINGLET_TYPE_FLOAT, bytes, 8);
	ids[2] = st_must_intern(self->fd, SINGLET_TYPE_STR, bytes, 8);
	ids[3] = st_must_intern(self->fd, SINGLET_TYPE_BYTES, bytes, 8);
	ids[4] = st_must_intern(self->fd, user, bytes, 8);
	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < i; j++)
			EXPECT_NE(ids[i], ids[j]);
		EXPECT_TRUE(st_has_value(self->fd, ids[i], bytes, 8));
	}
	EXPECT_EQ(st_stats(self->fd).live, 5ULL);
}

/* Releasing a constant does nothing, however often and by whomever. */
TEST_F(domain, constants_stay)
{
	struct singlet_stats before = st_stats(self->fd), after;
	struct singlet_query_item query;
	int other = st_open();
	__u64 ids[262 + 3];
	unsigned int n = 0;

	for (__s64 value = -5; value <= 256; value++)
		ids[n++] = st_must_int(self->fd, value);
	ids[n++] = st_must_intern(self->fd, SINGLET_TYPE_NONE, "", 0);
	ids[n++] = st_must_intern(self->fd, SINGLET_TYPE_BOOL, "\0", 1);
	ids[n++] = st_must_intern(self->fd, SINGLET_TYPE_BOOL, "\1", 1);
	for (unsigned int i = 0; i < n; i++) {
		EXPECT_EQ(st_release(self->fd, ids[i], 1), 0);
		EXPECT_EQ(st_release(self->fd, ids[i], ~0U), 0);
		EXPECT_EQ(st_release(other, ids[i], 1000), 0);
		EXPECT_EQ(st_acquire(self->fd, ids[i], ~0U), 0);
		EXPECT_EQ(st_acquire(self->fd, ids[i], ~0U), 0);
		for (unsigned int j = 0; j < i; j++)
			if (ids[i] == ids[j])
				EXPECT_NE(ids[i], ids[j]);
	}
	st_collect(self->fd);
	EXPECT_EQ(st_must_int(self->fd, -5), ids[0]);
	EXPECT_EQ(st_must_int(other, 256), ids[261]);
	EXPECT_EQ(st_query(self->fd, ids[0], &query), 0);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_IMMORTAL);
	EXPECT_EQ(query.references, 0U);
	EXPECT_EQ(query.held, 0U);
	close(other);
	after = st_stats(self->fd);
	EXPECT_SAME(&before, &after, "hits collections bytes_metadata bytes_saved");
	EXPECT_EQ(after.world, 265ULL);
	/* Its neighbours are objects as any other. */
	EXPECT_NE(st_must_int(self->fd, -6), ids[0]);
	st_must_int(self->fd, 257);
	EXPECT_EQ(st_stats(self->fd).live, 2ULL);
}

TEST_F(domain, user_types)
{
	static const struct {
		const char *name;
		__u32 kind, size, max;
	} wanted[] = {
		{ "a", SINGLET_KIND_VALUE, 0, 0 },
		{ "value-of-4", SINGLET_KIND_VALUE, 4, 0 },
		{ "value-to-100", SINGLET_KIND_VALUE, 0, 100 },
		{ "single", SINGLET_KIND_SINGLE, 0, 0 },
		{ "plain", SINGLET_KIND_PLAIN, 0, 0 },
		{ "plain-of-64", SINGLET_KIND_PLAIN, 64, 0 },
	};
	__u32 types[ST_ARRAY_SIZE(wanted)];

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(wanted); i++) {
		ASSERT_EQ(st_type_create(self->fd, wanted[i].name,
					 wanted[i].kind, wanted[i].size,
					 wanted[i].max, &types[i]), 0);
		EXPECT_GT(types[i], (__u32)SINGLET_TYPE_TUPLE);
		for (unsigned int j = 0; j < i; j++)
			EXPECT_NE(types[i], types[j]);
	}
	EXPECT_EQ(st_stats(self->fd).types,
		  ST_PREDEFINED + ST_ARRAY_SIZE(wanted));
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(wanted); i++) {
		struct singlet_type_info info;
		__u32 max = wanted[i].max ? wanted[i].max : SINGLET_MAX_VALUE;

		if (wanted[i].size)
			max = wanted[i].size;
		EXPECT_EQ(st_type_find(self->fd, wanted[i].name, &info), 0);
		EXPECT_EQ(info.type, types[i]);
		EXPECT_EQ(info.kind, wanted[i].kind);
		EXPECT_EQ(info.value_size, wanted[i].size);
		EXPECT_EQ(info.value_max, max);
		EXPECT_EQ(st_type_delete(self->fd, types[i]), 0);
		EXPECT_EQ(st_type_find(self->fd, wanted[i].name, &info),
			  -ENOENT);
	}
	EXPECT_EQ(st_stats(self->fd).types, ST_PREDEFINED);
}

/* A type is the domain's, not the session's. */
TEST_F(domain, shared_by_sessions)
{
	int other = st_open();
	__u64 id, again;
	__u32 type;

	ASSERT_EQ(st_type_create(other, "ours", SINGLET_KIND_VALUE, 0, 0,
				 &type), 0);
	id = st_must_intern(other, type, "x", 1);
	again = st_must_intern(self->fd, type, "x", 1);
	EXPECT_EQ(id, again);
	close(other);
	EXPECT_EQ(st_type_query(self->fd, type, NULL), 0);
	EXPECT_TRUE(st_has_value(self->fd, id, "x", 1));
}

TEST_F(domain, delete_with_idle_objects)
{
	static struct singlet_intern_item items[300];
	static struct singlet_ref_item refs[300];
	struct singlet_stats before, after;
	__u32 type, again;
	char text[300][8];

	ASSERT_EQ(st_type_create(self->fd, "t", SINGLET_KIND_VALUE, 0, 0,
				 &type), 0);
	st_must_str(self->fd, "bystander");
	before = st_stats(self->fd);
	for (int i = 0; i < 300; i++) {
		items[i].type = type;
		items[i].data = (uintptr_t)text[i];
		items[i].len = snprintf(text[i], sizeof(text[i]), "%d", i);
	}
	ST_BATCH(self->fd, SINGLET_INTERN, items, 300);
	for (int i = 0; i < 300; i++) {
		EXPECT_EQ(items[i].result, 0U);
		refs[i].id = items[i].id;
		refs[i].count = 1;
	}
	ST_BATCH(self->fd, SINGLET_RELEASE, refs, 300);
	EXPECT_EQ(st_stats(self->fd).idle, 300ULL);
	EXPECT_EQ(st_type_delete(self->fd, type), 0);
	after = st_stats(self->fd);
	EXPECT_EQ(after.live, before.live);
	EXPECT_EQ(after.idle, 0ULL);
	EXPECT_EQ(after.types, before.types - 1);
	EXPECT_EQ(after.frees, before.frees + 300);
	EXPECT_EQ(after.bytes_unique, before.bytes_unique);
	for (int i = 0; i < 300; i++)
		EXPECT_EQ(st_acquire(self->fd, items[i].id, 1), -ENOENT);
	/* A new type with the old name has none of the old objects. */
	ASSERT_EQ(st_type_create(self->fd, "t", SINGLET_KIND_VALUE, 0, 0,
				 &again), 0);
	EXPECT_NE(again, type);
	EXPECT_EQ(st_lookup(self->fd, again, "5", 1, NULL), -ENOENT);
	EXPECT_EQ(st_intern(self->fd, type, "5", 1, NULL), -ENOENT);
}

/* Numbers do not come back while somebody could mean the old type. */
TEST_F(domain, numbers_not_reused)
{
	unsigned int count = st_scale(40);
	__u32 seen[1000];

	if (count > ST_ARRAY_SIZE(seen))
		count = ST_ARRAY_SIZE(seen);
	for (unsigned int i = 0; i < count; i++) {
		ASSERT_EQ(st_type_create(self->fd, "again", SINGLET_KIND_VALUE,
					 0, 0, &seen[i]), 0);
		for (unsigned int j = 0; j < i; j++) {
			if (seen[j] == seen[i])
				EXPECT_NE(seen[j], seen[i]);
		}
		if (i)
			EXPECT_EQ(st_intern(self->fd, seen[i - 1], "x", 1,
					    NULL), -ENOENT);
		ASSERT_EQ(st_type_delete(self->fd, seen[i]), 0);
	}
	EXPECT_EQ(st_stats(self->fd).types, ST_PREDEFINED);
}

static unsigned int list_types(int fd, unsigned int room,
			       struct singlet_type_info *infos,
			       unsigned int most)
{
	struct singlet_type_list list = {
		.size = sizeof(list),
		.entry_size = sizeof(struct singlet_type_info),
	};
	unsigned int n = 0;

	do {
		list.infos = (uintptr_t)(infos + n);
		list.count = room;
		ASSERT_LE(n + room, most);
		ASSERT_EQ(st_ioctl(fd, SINGLET_TYPE_LIST, &list), 0);
		ASSERT_LE(list.count, room);
		n += list.count;
	} while (list.cursor);
	return n;
}

TEST_F(domain, list)
{
	static struct singlet_type_info infos[3000];
	__u32 types[50];
	char name[32];

	for (unsigned int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "type-%u", i);
		ASSERT_EQ(st_type_create(self->fd, name, SINGLET_KIND_VALUE, 0,
					 i, &types[i]), 0);
	}
	for (unsigned int i = 0; i < 50; i += 7)
		ASSERT_EQ(st_type_delete(self->fd, types[i]), 0);
	for (unsigned int room = 1; room <= 1024; room = room * 3 + 1) {
		unsigned int n = list_types(self->fd, room, infos, 3000);

		EXPECT_EQ(n, ST_PREDEFINED + 50 - 8);
		for (unsigned int i = 0; i < n; i++) {
			struct singlet_type_info info;

			EXPECT_EQ(st_type_query(self->fd, infos[i].type,
						&info), 0);
			EXPECT_EQ(memcmp(&info, &infos[i], sizeof(info)), 0);
			for (unsigned int j = 0; j < i; j++)
				EXPECT_NE(infos[i].type, infos[j].type);
		}
	}
}
