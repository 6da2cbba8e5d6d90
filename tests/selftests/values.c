// SPDX-License-Identifier: GPL-2.0
/* Values of every length around every boundary come back as they were. */
#include "singlet_test.h"

FIXTURE(domain) {
	int fd;
	char *data;
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	self->data = malloc(SINGLET_MAX_VALUE);
	ASSERT_TRUE(self->data);
}

TEARDOWN(domain)
{
	EXPECT_EMPTY(self->fd);
	close(self->fd);
	free(self->data);
}

/* Values of @count lengths from @first on, all there at the same time. */
static void lengths(struct fixture_domain *self, __u32 first,
		    unsigned int count)
{
	static struct singlet_intern_item items[SINGLET_MAX_BATCH];
	static struct singlet_read_item reads[SINGLET_MAX_BATCH];
	static struct singlet_ref_item refs[SINGLET_MAX_BATCH];
	struct singlet_stats before = st_stats(self->fd), after;
	char *out = malloc((size_t)count * (first + count));
	__u64 bytes = 0;

	ASSERT_TRUE(out);
	for (unsigned int i = 0; i < count; i++) {
		__u32 len = first + i;
		char *data = self->data + (size_t)i * (first + count);

		memset(&items[i], ST_POISON8, sizeof(items[i]));
		items[i].data = (uintptr_t)data;
		items[i].len = len;
		items[i].type = SINGLET_TYPE_BYTES;
		st_fill(data, len, len);
		bytes += len;
	}
	ST_BATCH(self->fd, SINGLET_INTERN, items, count);
	memset(out, ST_POISON8, (size_t)count * (first + count));
	for (unsigned int i = 0; i < count; i++) {
		EXPECT_EQ(items[i].result, 0U);
		EXPECT_EQ(items[i].created, 1U);
		memset(&reads[i], ST_POISON8, sizeof(reads[i]));
		reads[i].id = refs[i].id = items[i].id;
		reads[i].data = (uintptr_t)out + (size_t)i * (first + count);
		reads[i].len = items[i].len + 1;
		reads[i].offset = 0;
		refs[i].count = 1;
	}
	ST_BATCH(self->fd, SINGLET_READ, reads, count);
	for (unsigned int i = 0; i < count; i++) {
		char *data = out + (size_t)i * (first + count);

		EXPECT_EQ(reads[i].result, 0U);
		EXPECT_EQ(reads[i].len, items[i].len);
		EXPECT_EQ(reads[i].total, items[i].len);
		EXPECT_EQ(memcmp(data, (void *)(uintptr_t)items[i].data,
				 items[i].len), 0);
		EXPECT_EQ((unsigned char)data[items[i].len], ST_POISON8);
	}
	after = st_stats(self->fd);
	EXPECT_SOUND(&after);
	EXPECT_EQ(after.bytes_unique - before.bytes_unique, bytes);
	EXPECT_EQ(after.live - before.live, (__u64)count);
	ST_BATCH(self->fd, SINGLET_RELEASE, refs, count);
	EXPECT_EQ(st_collect(self->fd).bytes, bytes);
	free(out);
}

TEST_F(domain, lengths_to_4096)
{
	for (__u32 first = 0; first <= 4096; first += 256)
		lengths(self, first, 256);
	lengths(self, 4094, 5);
}

TEST_F(domain, lengths_around_powers)
{
	for (__u32 power = 8192; power <= 1U << 20; power *= 2) {
		lengths(self, power - 2, 5);
		/* and around the size classes in between */
		for (__u32 eighth = 1; eighth < 8; eighth++)
			lengths(self, power + power / 8 * eighth - 1, 3);
	}
}

TEST_F(domain, long_values)
{
	static const __u32 lens[] = { 32768, 1 << 20, (1 << 20) + 1, 3 << 20,
		(4 << 20) - 1, 4 << 20, (4 << 20) + 1, SINGLET_MAX_VALUE - 1,
		SINGLET_MAX_VALUE };

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(lens); i++) {
		__u64 id, again;

		st_fill(self->data, lens[i], lens[i]);
		EXPECT_EQ(st_intern(self->fd, SINGLET_TYPE_BYTES, self->data,
				    lens[i], &id), 0);
		EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_BYTES, self->data,
				    lens[i], &again), 0);
		EXPECT_EQ(id, again);
		EXPECT_TRUE(st_has_value(self->fd, id, self->data, lens[i]));
		/* Every byte counts: the last one decides. */
		self->data[lens[i] - 1] ^= 1;
		EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_BYTES, self->data,
				    lens[i], &again), -ENOENT);
		EXPECT_FALSE(st_has_value(self->fd, id, self->data, lens[i]));
		EXPECT_EQ(st_release(self->fd, id, 2), 0);
	}
	EXPECT_EQ(st_collect(self->fd).objects, ST_ARRAY_SIZE(lens));
}

/* Waste is bounded: pages per value are at most an eighth too many. */
TEST_F(domain, long_values_waste_little)
{
	static const __u32 lens[] = { 100000, 1000000, 5000000,
				      SINGLET_MAX_VALUE };

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(lens); i++) {
		__u64 id, stored;

		memset(self->data, 'w', lens[i]);
		id = st_must_intern(self->fd, SINGLET_TYPE_BYTES, self->data,
				    lens[i]);
		stored = st_stats(self->fd).bytes_stored;
		EXPECT_GE(stored, (__u64)lens[i]);
		EXPECT_LE(stored, lens[i] + lens[i] / 8ULL + st_page_size());
		EXPECT_EQ(st_release(self->fd, id, 1), 0);
		EXPECT_EMPTY(self->fd);
	}
}

TEST_F(domain, long_plain_objects)
{
	__u64 id;
	__u32 type;

	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &type), 0);
	memset(self->data, 0, SINGLET_MAX_VALUE);
	EXPECT_EQ(st_alloc(self->fd, type, SINGLET_MAX_VALUE, &id), 0);
	EXPECT_TRUE(st_has_value(self->fd, id, self->data, SINGLET_MAX_VALUE));
	st_fill(self->data, SINGLET_MAX_VALUE, 7);
	EXPECT_EQ(st_write(self->fd, id, self->data, SINGLET_MAX_VALUE, 0), 0);
	self->data[12345678] = 'x';
	EXPECT_EQ(st_write(self->fd, id, "x", 1, 12345678), 0);
	EXPECT_TRUE(st_has_value(self->fd, id, self->data, SINGLET_MAX_VALUE));
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(st_stats(self->fd).objects, 0ULL);
}

/* Reading in pieces, from any offset, over page borders. */
TEST_F(domain, pieces)
{
	const __u32 len = 40000;
	__u64 id, seed = st_seed();
	char piece[9000];

	st_fill(self->data, len, 5);
	id = st_must_intern(self->fd, SINGLET_TYPE_BYTES, self->data, len);
	for (int i = 0; i < 300; i++) {
		__u32 offset = st_random(&seed) % (len + 1);
		__u32 room = st_random(&seed) % sizeof(piece), copied, total;
		__u32 expected = room < len - offset ? room : len - offset;

		memset(piece, ST_POISON8, sizeof(piece));
		EXPECT_EQ(st_read(self->fd, id, piece, room, offset, &copied,
				  &total), 0);
		EXPECT_EQ(copied, expected);
		EXPECT_EQ(total, len);
		EXPECT_EQ(memcmp(piece, self->data + offset, copied), 0);
		for (__u32 j = copied; j < copied + 8 && j < sizeof(piece); j++)
			EXPECT_EQ((unsigned char)piece[j], ST_POISON8);
	}
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
}

/* All byte values, at the start, in the middle and at the end. */
TEST_F(domain, every_byte)
{
	static struct singlet_intern_item items[256];
	static struct singlet_ref_item refs[256];
	static char data[256][19];

	for (size_t at = 0; at < sizeof(data[0]); at += 9) {
		for (unsigned int i = 0; i < 256; i++) {
			memset(data[i], 'b', sizeof(data[i]));
			data[i][at] = i;
			items[i].data = (uintptr_t)data[i];
			items[i].len = sizeof(data[i]);
			items[i].type = SINGLET_TYPE_BYTES;
		}
		ST_BATCH(self->fd, SINGLET_INTERN, items, 256);
		for (unsigned int i = 0; i < 256; i++) {
			EXPECT_EQ(items[i].result, 0U);
			EXPECT_TRUE(st_has_value(self->fd, items[i].id, data[i],
						 sizeof(data[i])));
			refs[i].id = items[i].id;
			refs[i].count = 1;
			for (unsigned int j = 0; j < i; j++)
				if (items[i].id == items[j].id)
					EXPECT_NE(items[i].id, items[j].id);
		}
		ST_BATCH(self->fd, SINGLET_RELEASE, refs, 256);
	}
}

/* Values that differ in length only, trailing zeros above all. */
TEST_F(domain, length_is_part_of_the_value)
{
	__u64 ids[33];

	memset(self->data, 0, 64);
	for (__u32 len = 0; len <= 32; len++) {
		ids[len] = st_must_intern(self->fd, SINGLET_TYPE_BYTES,
					  self->data, len);
		EXPECT_TRUE(st_has_value(self->fd, ids[len], self->data, len));
		for (__u32 j = 0; j < len; j++)
			EXPECT_NE(ids[len], ids[j]);
	}
	for (__u32 len = 0; len <= 32; len++)
		EXPECT_EQ(st_release(self->fd, ids[len], 1), 0);
}

/*
 * So many values of one length, alike but for their last bytes, that some
 * look the same to a hash table: the bytes decide.
 */
TEST_F(domain, many_alike)
{
	static struct singlet_intern_item items[SINGLET_MAX_BATCH];
	static struct singlet_ref_item refs[SINGLET_MAX_BATCH];
	static char text[SINGLET_MAX_BATCH][32];
	unsigned int rounds = st_scale(200), made = 0;

	for (unsigned int round = 0; round < 2 * rounds; round++) {
		for (unsigned int i = 0; i < SINGLET_MAX_BATCH; i++) {
			snprintf(text[i], sizeof(text[i]),
				 "alike but for number %09u",
				 round % rounds * SINGLET_MAX_BATCH + i);
			items[i].data = (uintptr_t)text[i];
			items[i].len = 30;
			items[i].type = SINGLET_TYPE_STR;
		}
		ST_BATCH(self->fd, SINGLET_INTERN, items, SINGLET_MAX_BATCH);
		for (unsigned int i = 0; i < SINGLET_MAX_BATCH; i++) {
			ASSERT_EQ(items[i].result, 0U);
			made += items[i].created;
			refs[i].id = items[i].id;
			refs[i].count = 2;
		}
		/* The second time round each must be the first one's. */
		if (round >= rounds)
			ST_BATCH(self->fd, SINGLET_RELEASE, refs,
				 SINGLET_MAX_BATCH);
		for (unsigned int i = 0; round >= rounds &&
		     i < SINGLET_MAX_BATCH; i++)
			EXPECT_EQ(refs[i].result, 0U);
	}
	EXPECT_EQ(made, rounds * SINGLET_MAX_BATCH);
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	EXPECT_EQ(st_collect(self->fd).objects, (__u64)made);
}
