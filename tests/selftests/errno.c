// SPDX-License-Identifier: GPL-2.0
/*
 * The rules that hold for every command, for every batch and for both lists:
 * what is refused, with which errno, and that nothing has changed after it.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "singlet_test.h"

/* ---- one valid call of every command ---- */

#define NOT_A_BATCH 0

static const struct command {
	const char *name;
	unsigned long number;
	unsigned int size;
	unsigned int item_size;
	unsigned int reserved[2];	/* offsets in argument, item; or 0 */
} commands[] = {
#define SIZE(s) sizeof(struct singlet_##s)
#define AT(s, m) offsetof(struct singlet_##s, m)
	{ "info", SINGLET_INFO, SIZE(info), NOT_A_BATCH, { 0, 0 } },
	{ "type_create", SINGLET_TYPE_CREATE, SIZE(type_create), NOT_A_BATCH,
	  { AT(type_create, reserved), 0 } },
	{ "type_delete", SINGLET_TYPE_DELETE, SIZE(type_delete), NOT_A_BATCH,
	  { AT(type_delete, reserved), 0 } },
	{ "type_query", SINGLET_TYPE_QUERY, SIZE(type_query), NOT_A_BATCH,
	  { 0, 0 } },
	{ "type_list", SINGLET_TYPE_LIST, SIZE(type_list), NOT_A_BATCH,
	  { 0, 0 } },
	{ "intern", SINGLET_INTERN, SIZE(batch), SIZE(intern_item),
	  { AT(batch, reserved), 0 } },
	{ "lookup", SINGLET_LOOKUP, SIZE(batch), SIZE(intern_item),
	  { AT(batch, reserved), 0 } },
	{ "acquire", SINGLET_ACQUIRE, SIZE(batch), SIZE(ref_item),
	  { AT(batch, reserved), 0 } },
	{ "release", SINGLET_RELEASE, SIZE(batch), SIZE(ref_item),
	  { AT(batch, reserved), 0 } },
	{ "read", SINGLET_READ, SIZE(batch), SIZE(read_item),
	  { AT(batch, reserved), 0 } },
	{ "query", SINGLET_QUERY, SIZE(batch), SIZE(query_item),
	  { AT(batch, reserved), AT(query_item, reserved) } },
	{ "alloc", SINGLET_ALLOC, SIZE(batch), SIZE(alloc_item),
	  { AT(batch, reserved), AT(alloc_item, reserved) } },
	{ "write", SINGLET_WRITE, SIZE(batch), SIZE(write_item),
	  { AT(batch, reserved), AT(write_item, reserved) } },
	{ "seal", SINGLET_SEAL, SIZE(batch), SIZE(seal_item),
	  { AT(batch, reserved), AT(seal_item, reserved) } },
	{ "stats", SINGLET_STATS, SIZE(stats), NOT_A_BATCH, { 0, 0 } },
	{ "collect", SINGLET_COLLECT, SIZE(collect), NOT_A_BATCH, { 0, 0 } },
	{ "list", SINGLET_LIST, SIZE(list), NOT_A_BATCH, { 0, 0 } },
#undef SIZE
#undef AT
};

#define EACH_COMMAND(c)							\
	(const struct command *c = commands;				\
	 c < commands + ST_ARRAY_SIZE(commands); c++)

FIXTURE(domain) {
	int fd;
	__u32 plain;		/* type of kind plain */
	__u32 victim;		/* type without objects */
	__u64 text;		/* "held", one reference */
	__u64 object;		/* plain, 8 bytes, unsealed */
	/* What the next call gets: */
	union {
		unsigned char raw[16384];
		__u32 size;
		struct singlet_type_create create;
		struct singlet_type_delete delete;
		struct singlet_type_query query;
		struct singlet_type_list types;
		struct singlet_batch batch;
		struct singlet_list list;
	} arg;
	union {
		unsigned char raw[16384];
		struct singlet_intern_item intern;
		struct singlet_ref_item ref;
		struct singlet_read_item read;
		struct singlet_query_item query;
		struct singlet_alloc_item alloc;
		struct singlet_write_item write;
		struct singlet_seal_item seal;
		struct singlet_type_info infos[4];
		struct singlet_list_entry entries[4];
	} item;
	char buffer[64];
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

/* The state is what it was. */
#define UNCHANGED(self)	do {						\
	struct singlet_stats after_ = st_stats((self)->fd);		\
									\
	EXPECT_SAME(&(self)->before, &after_, "");			\
	(self)->before = after_;					\
} while (0)

/* Fills arg and item with a call of @c that would succeed. */
static void prepare(struct fixture_domain *self, const struct command *c)
{
	memset(self->arg.raw, 0, sizeof(self->arg.raw));
	memset(self->item.raw, 0, sizeof(self->item.raw));
	strcpy(self->buffer, "another");
	self->arg.size = c->size;
	switch (c->number) {
	case SINGLET_TYPE_CREATE:
		self->arg.create.name = (uintptr_t)self->buffer;
		self->arg.create.name_len = 7;
		self->arg.create.kind = SINGLET_KIND_VALUE;
		break;
	case SINGLET_TYPE_DELETE:
		self->arg.delete.type = self->victim;
		break;
	case SINGLET_TYPE_QUERY:
		self->arg.query.type = SINGLET_TYPE_STR;
		break;
	case SINGLET_TYPE_LIST:
		self->arg.types.infos = (uintptr_t)self->item.infos;
		self->arg.types.count = 4;
		self->arg.types.entry_size = sizeof(self->item.infos[0]);
		break;
	case SINGLET_LIST:
		self->arg.list.entries = (uintptr_t)self->item.entries;
		self->arg.list.count = 4;
		self->arg.list.entry_size = sizeof(self->item.entries[0]);
		break;
	}
	if (c->item_size == NOT_A_BATCH)
		return;
	self->arg.batch.items = (uintptr_t)&self->item;
	self->arg.batch.count = 1;
	self->arg.batch.item_size = c->item_size;
	self->arg.batch.done = ST_POISON32;
	switch (c->number) {
	case SINGLET_INTERN:
	case SINGLET_LOOKUP:
		self->item.intern.data = (uintptr_t)"held";
		self->item.intern.len = 4;
		self->item.intern.type = SINGLET_TYPE_STR;
		self->item.intern.result = ST_POISON32;
		break;
	case SINGLET_ACQUIRE:
	case SINGLET_RELEASE:
		self->item.ref.id = self->text;
		self->item.ref.count = 1;
		self->item.ref.result = ST_POISON32;
		break;
	case SINGLET_READ:
		self->item.read.id = self->text;
		self->item.read.data = (uintptr_t)self->buffer;
		self->item.read.len = sizeof(self->buffer);
		self->item.read.result = ST_POISON32;
		break;
	case SINGLET_QUERY:
		self->item.query.id = self->text;
		self->item.query.result = ST_POISON32;
		break;
	case SINGLET_ALLOC:
		self->item.alloc.type = self->plain;
		self->item.alloc.len = 8;
		self->item.alloc.result = ST_POISON32;
		break;
	case SINGLET_WRITE:
		self->item.write.id = self->object;
		self->item.write.data = (uintptr_t)"12345678";
		self->item.write.len = 8;
		self->item.write.result = ST_POISON32;
		break;
	case SINGLET_SEAL:
		self->item.seal.id = self->object;
		self->item.seal.result = ST_POISON32;
		break;
	}
}

/* The item's result, which is in another place for every command. */
static __u32 item_result(struct fixture_domain *self, const struct command *c)
{
	switch (c->number) {
	case SINGLET_INTERN:
	case SINGLET_LOOKUP:
		return self->item.intern.result;
	case SINGLET_ACQUIRE:
	case SINGLET_RELEASE:
		return self->item.ref.result;
	case SINGLET_READ:
		return self->item.read.result;
	case SINGLET_QUERY:
		return self->item.query.result;
	case SINGLET_ALLOC:
		return self->item.alloc.result;
	case SINGLET_WRITE:
		return self->item.write.result;
	default:
		return self->item.seal.result;
	}
}

/* Calls with arg, expects @error, and that neither side has changed. */
static void refused_at(int line, struct fixture_domain *self,
		       const struct command *c, int error)
{
	static unsigned char arg[sizeof(self->arg)], item[sizeof(self->item)];
	unsigned int failures = harness_failures();
	int got;

	memcpy(arg, self->arg.raw, sizeof(arg));
	memcpy(item, self->item.raw, sizeof(item));
	got = st_ioctl(self->fd, c->number, &self->arg);
	EXPECT_EQ(got, -error);
	EXPECT_EQ(memcmp(arg, self->arg.raw, sizeof(arg)), 0);
	EXPECT_EQ(memcmp(item, self->item.raw, sizeof(item)), 0);
	UNCHANGED(self);
	if (harness_failures() != failures)
		harness_note("in %s, called in line %d", c->name, line);
}
#define REFUSED(self, c, error) refused_at(__LINE__, self, c, error)

/* ---- rules for all commands ---- */

TEST_F(domain, unknown_commands)
{
	for (unsigned int n = SINGLET_CMD_LEAKS + 1; n < 256; n++)
		EXPECT_EQ(st_ioctl(self->fd, _IO(SINGLET_IOC_MAGIC, n),
				   &self->arg), -ENOTTY);
	for EACH_COMMAND(c) {
		unsigned int number = c->number & 0xff;

		prepare(self, c);
		/* Other magic, and size or direction bits. */
		EXPECT_EQ(st_ioctl(self->fd, _IO(0xe7, number), &self->arg),
			  -ENOTTY);
		EXPECT_EQ(st_ioctl(self->fd, _IO(0xe9, number), &self->arg),
			  -ENOTTY);
		EXPECT_EQ(st_ioctl(self->fd,
				   _IOWR(SINGLET_IOC_MAGIC, number, __u64),
				   &self->arg), -ENOTTY);
	}
	UNCHANGED(self);
}

TEST_F(domain, valid_calls)
{
	/* What the other tests spoil is valid as it stands. */
	for EACH_COMMAND(c) {
		unsigned int failures = harness_failures();

		prepare(self, c);
		EXPECT_EQ(st_ioctl(self->fd, c->number, &self->arg), 0);
		if (c->item_size != NOT_A_BATCH) {
			EXPECT_EQ(self->arg.batch.done, 1U);
			EXPECT_EQ(item_result(self, c), 0U);
		}
		if (harness_failures() != failures)
			harness_note("in %s", c->name);
	}
}

TEST_F(domain, size_too_small)
{
	for EACH_COMMAND(c) {
		const unsigned int sizes[] = { 0, 1, 4, 8, c->size - 8,
					       c->size - 4, c->size - 1 };

		for (unsigned int i = 0; i < ST_ARRAY_SIZE(sizes); i++) {
			prepare(self, c);
			self->arg.size = sizes[i];
			REFUSED(self, c, EINVAL);
		}
	}
}

TEST_F(domain, size_beyond_a_page)
{
	const unsigned int sizes[] = { st_page_size() + 1, st_page_size() + 8,
				       16384, 1U << 31, ~7U, ~0U };

	for EACH_COMMAND(c) {
		for (unsigned int i = 0; i < ST_ARRAY_SIZE(sizes); i++) {
			prepare(self, c);
			self->arg.size = sizes[i];
			REFUSED(self, c, E2BIG);
		}
	}
}

TEST_F(domain, tail_not_zero)
{
	for EACH_COMMAND(c) {
		const unsigned int page = st_page_size();
		const unsigned int tails[][2] = {	/* size, dirty byte */
			{ c->size + 1, c->size },
			{ c->size + 8, c->size },
			{ c->size + 8, c->size + 7 },
			{ page, c->size },
			{ page, page / 2 },
			{ page, page - 1 },
		};

		for (unsigned int i = 0; i < ST_ARRAY_SIZE(tails); i++) {
			prepare(self, c);
			self->arg.size = tails[i][0];
			self->arg.raw[tails[i][1]] = 1;
			REFUSED(self, c, E2BIG);
		}
	}
}

TEST_F(domain, tail_zero)
{
	for EACH_COMMAND(c) {
		unsigned int sizes[] = { c->size + 1, c->size + 8,
					 st_page_size() };

		for (unsigned int i = 0; i < ST_ARRAY_SIZE(sizes); i++) {
			unsigned int failures = harness_failures();
			char name[] = "tail0";

			prepare(self, c);
			/* What lies behind the stated size is not looked at. */
			self->arg.raw[sizes[i]] = 0xff;
			self->arg.size = sizes[i];
			name[4] += i;
			if (c->number == SINGLET_TYPE_CREATE) {
				self->arg.create.name = (uintptr_t)name;
				self->arg.create.name_len = 5;
			}
			if (c->number == SINGLET_TYPE_DELETE)
				ASSERT_EQ(st_type_create(self->fd, "for-tail",
						SINGLET_KIND_VALUE, 0, 0,
						&self->arg.delete.type), 0);
			EXPECT_EQ(st_ioctl(self->fd, c->number, &self->arg), 0);
			if (c->item_size != NOT_A_BATCH) {
				EXPECT_EQ(self->arg.batch.done, 1U);
				EXPECT_EQ(item_result(self, c), 0U);
			}
			EXPECT_EQ(self->arg.size, sizes[i]);
			EXPECT_EQ(self->arg.raw[sizes[i]], 0xff);
			for (unsigned int j = c->size; j < sizes[i]; j++)
				if (self->arg.raw[j])
					EXPECT_EQ(self->arg.raw[j], 0);
			if (harness_failures() != failures)
				harness_note("in %s", c->name);
		}
	}
}

TEST_F(domain, unknown_flags)
{
	for EACH_COMMAND(c) {
		for (unsigned int bit = 0; bit < 32; bit++) {
			__u32 flag = 1U << bit;

			if (c->number == SINGLET_TYPE_CREATE &&
			    flag == SINGLET_TYPE_CONTAINER)
				continue;
			prepare(self, c);
			self->arg.batch.flags = flag;
			REFUSED(self, c, EINVAL);
		}
	}
}

TEST_F(domain, reserved_members)
{
	for EACH_COMMAND(c) {
		for (unsigned int byte = 0; c->reserved[0] && byte < 4; byte++) {
			prepare(self, c);
			self->arg.raw[c->reserved[0] + byte] = 1 << byte;
			REFUSED(self, c, EINVAL);
		}
		for (unsigned int byte = 0; c->reserved[1] && byte < 4; byte++) {
			prepare(self, c);
			self->item.raw[c->reserved[1] + byte] = 0x80;
			EXPECT_EQ(st_ioctl(self->fd, c->number, &self->arg), 0);
			EXPECT_EQ(self->arg.batch.done, 1U);
			EXPECT_EQ(item_result(self, c), (__u32)EINVAL);
			UNCHANGED(self);
		}
	}
}

TEST_F(domain, argument_pointers)
{
	char *map = st_map_with_hole(1), *end = map + st_page_size();

	for EACH_COMMAND(c) {
		const void *const bad[] = {
			NULL, (void *)8, (void *)-1L, (void *)-4096L,
			(void *)(1UL << 63), (void *)0xffff888000000000UL,
			(void *)0xffffffff81000000UL, end,
			/* the size can be read, the rest cannot */
			end - 4, end - c->size + 1,
		};

		prepare(self, c);
		memset(map, 0, st_page_size());
		memcpy(end - c->size + 1, &self->arg, c->size - 1);
		*(__u32 *)(end - 4) = c->size;
		memcpy(end - c->size + 1, &c->size, 4);
		for (unsigned int i = 0; i < ST_ARRAY_SIZE(bad); i++) {
			EXPECT_EQ(st_ioctl(self->fd, c->number, bad[i]),
				  -EFAULT);
			memcpy(end - c->size + 1, &c->size, 4);
		}
		UNCHANGED(self);
	}
}

TEST_F(domain, argument_read_only)
{
	void *map = st_map_with_hole(1);

	/* The answer cannot be given: nothing may have happened either. */
	for EACH_COMMAND(c) {
		prepare(self, c);
		ASSERT_EQ(mprotect(map, st_page_size(),
				   PROT_READ | PROT_WRITE), 0);
		memcpy(map, &self->arg, c->size);
		ASSERT_EQ(mprotect(map, st_page_size(), PROT_READ), 0);
		EXPECT_EQ(st_ioctl(self->fd, c->number, map), -EFAULT);
		UNCHANGED(self);
	}
	EXPECT_EQ(st_type_find(self->fd, "another", NULL), -ENOENT);
}

TEST_F(domain, other_file_operations)
{
	char byte = 0;

	EXPECT_EQ(read(self->fd, &byte, 1), -1);
	EXPECT_EQ(write(self->fd, &byte, 1), -1);
	for (int prot = 0; prot < 8; prot++) {
		EXPECT_TRUE(mmap(NULL, st_page_size(), prot, MAP_SHARED,
				 self->fd, SINGLET_MAP_ARENA / 2) ==
			    MAP_FAILED);
		EXPECT_EQ(errno, prot & (PROT_WRITE | PROT_EXEC) ? EPERM :
								   EINVAL);
	}
	UNCHANGED(self);
}

/* ---- rules for batches ---- */

#define EACH_BATCH(c) EACH_COMMAND(c) if (c->item_size != NOT_A_BATCH)

TEST_F(domain, batch_count)
{
	for EACH_BATCH(c) {
		prepare(self, c);
		self->arg.batch.count = 0;
		REFUSED(self, c, EINVAL);
		prepare(self, c);
		self->arg.batch.count = SINGLET_MAX_BATCH + 1;
		REFUSED(self, c, E2BIG);
		prepare(self, c);
		self->arg.batch.count = ~0U;
		REFUSED(self, c, E2BIG);
	}
}

TEST_F(domain, batch_item_size)
{
	for EACH_BATCH(c) {
		const unsigned int small[] = { 0, 1, 8, c->item_size - 8,
					       c->item_size - 1 };
		const unsigned int large[] = { st_page_size() + 1, 1U << 31,
					       ~0U };

		for (unsigned int i = 0; i < ST_ARRAY_SIZE(small); i++) {
			prepare(self, c);
			self->arg.batch.item_size = small[i];
			REFUSED(self, c, EINVAL);
		}
		for (unsigned int i = 0; i < ST_ARRAY_SIZE(large); i++) {
			prepare(self, c);
			self->arg.batch.item_size = large[i];
			REFUSED(self, c, E2BIG);
		}
	}
}

TEST_F(domain, batch_item_tail)
{
	static unsigned char sent[sizeof(self->item)];

	for EACH_BATCH(c) {
		unsigned int failures = harness_failures();
		unsigned int sizes[] = { c->item_size + 8, st_page_size() };

		for (unsigned int i = 0; i < ST_ARRAY_SIZE(sizes); i++) {
			unsigned int size = sizes[i];
			unsigned char *last = self->item.raw + 2 * size;

			/* Dirty: this item is refused, the others are not. */
			prepare(self, c);
			memcpy(self->item.raw + size, &self->item,
			       c->item_size);
			memcpy(last, &self->item, c->item_size);
			self->arg.batch.item_size = size;
			self->arg.batch.count = 3;
			self->item.raw[size - 1] = 1;
			last[c->item_size] = 1;
			if (c->number == SINGLET_RELEASE)
				ASSERT_EQ(st_acquire(self->fd, self->text, 2),
					  0);
			memcpy(sent, &self->item, sizeof(sent));
			EXPECT_EQ(st_ioctl(self->fd, c->number, &self->arg), 0);
			EXPECT_EQ(self->arg.batch.done, 3U);
			EXPECT_EQ(item_result(self, c), (__u32)E2BIG);
			/* What it says otherwise is what the caller said. */
			EXPECT_EQ(memcmp(sent, &self->item, 8), 0);
			EXPECT_EQ(memcmp(sent + 2 * size, last, 8), 0);
			EXPECT_EQ(self->item.raw[size - 1], 1);
			memmove(&self->item, self->item.raw + size,
				c->item_size);
			EXPECT_EQ(item_result(self, c), 0U);
			memmove(&self->item, last, c->item_size);
			EXPECT_EQ(item_result(self, c), (__u32)E2BIG);
		}
		if (harness_failures() != failures)
			harness_note("in %s", c->name);
	}
}

TEST_F(domain, batch_item_pointers)
{
	char *map = st_map_with_hole(1), *end = map + st_page_size();

	for EACH_BATCH(c) {
		const void *const bad[] = {
			NULL, (void *)-1L, (void *)(1UL << 63),
			(void *)0xffff888000000000UL, end,
			end - c->item_size + 1, end - 8,
		};

		memset(map, 0, st_page_size());
		for (unsigned int i = 0; i < ST_ARRAY_SIZE(bad); i++) {
			prepare(self, c);
			self->arg.batch.items = (uintptr_t)bad[i];
			EXPECT_EQ(st_ioctl(self->fd, c->number, &self->arg),
				  -EFAULT);
			EXPECT_TRUE(self->arg.batch.done == 0 ||
				    self->arg.batch.done == ST_POISON32);
			UNCHANGED(self);
		}
	}
}

/* ---- lists ---- */

TEST_F(domain, list_arguments)
{
	const unsigned long numbers[] = { SINGLET_TYPE_LIST, SINGLET_LIST };

	for (unsigned int i = 0; i < 2; i++) {
		const struct command *c = commands;

		while (c->number != numbers[i])
			c++;
		prepare(self, c);
		*(i ? &self->arg.list.count : &self->arg.types.count) = 0;
		REFUSED(self, c, EINVAL);
		prepare(self, c);
		*(i ? &self->arg.list.count : &self->arg.types.count) =
			SINGLET_MAX_BATCH + 1;
		REFUSED(self, c, E2BIG);
		prepare(self, c);
		*(i ? &self->arg.list.entries : &self->arg.types.infos) = 8;
		EXPECT_EQ(st_ioctl(self->fd, c->number, &self->arg), -EFAULT);
		UNCHANGED(self);
	}
}
