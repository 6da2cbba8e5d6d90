// SPDX-License-Identifier: GPL-2.0
/*
 * 32-bit callers get the same answers as 64-bit ones.
 *
 * No 32-bit library is needed for it: on x86-64 a 64-bit process can enter
 * the kernel as a 32-bit one does, provided its pointers fit.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "singlet_test.h"

/* Everything the kernel is given a pointer to lies below 4 GiB. */
struct memory {
	union {
		unsigned char raw[4096];
		struct singlet_info info;
		struct singlet_type_create create;
		struct singlet_type_delete delete;
		struct singlet_type_query query;
		struct singlet_type_list types;
		struct singlet_batch batch;
		struct singlet_stats stats;
		struct singlet_collect collect;
		struct singlet_list list;
	} arg;
	union {
		unsigned char raw[4096];
		struct singlet_intern_item intern[4];
		struct singlet_ref_item ref[4];
		struct singlet_read_item read[4];
		struct singlet_query_item query[4];
		struct singlet_alloc_item alloc[4];
		struct singlet_write_item write[4];
		struct singlet_seal_item seal[4];
		struct singlet_type_info infos[16];
		struct singlet_list_entry entries[16];
	} items;
	char data[256];
};

#ifdef __x86_64__
#define COMPAT_GETPID	20
#define COMPAT_IOCTL	54

static long compat_call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)result;
}
#endif

FIXTURE(domain) {
	int fd;
	struct memory *memory;
};

SETUP(domain)
{
#ifdef __x86_64__
	if (compat_call(COMPAT_GETPID, 0, 0, 0) != getpid())
		harness_skip("this kernel has no 32-bit system calls");
#else
	harness_skip("not known how to call as a 32-bit process");
#endif
	self->fd = st_open_fresh();
	self->memory = mmap(NULL, sizeof(*self->memory), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_TRUE(self->memory != MAP_FAILED);
	ASSERT_TRUE((uintptr_t)self->memory <= ~0U);
}

TEARDOWN(domain)
{
	struct singlet_stats stats = st_stats(self->fd);

	EXPECT_SOUND(&stats);
	close(self->fd);
}

static int compat_ioctl(int fd, unsigned long command, const void *argument)
{
#ifdef __x86_64__
	return compat_call(COMPAT_IOCTL, fd, command, (long)argument);
#else
	return st_ioctl(fd, command, argument);
#endif
}

static void batch(struct fixture_domain *self, unsigned long command,
		  unsigned int count, size_t item_size)
{
	struct memory *memory = self->memory;

	memset(&memory->arg, 0, sizeof(memory->arg));
	memory->arg.batch.size = sizeof(memory->arg.batch);
	memory->arg.batch.items = (uintptr_t)&memory->items;
	memory->arg.batch.count = count;
	memory->arg.batch.item_size = item_size;
	ASSERT_EQ(compat_ioctl(self->fd, command, &memory->arg), 0);
	ASSERT_EQ(memory->arg.batch.done, count);
}

#define BATCH(self, command, member, count)				\
	batch(self, command, count, sizeof((self)->memory->items.member[0]))

TEST_F(domain, every_command)
{
	struct memory *memory = self->memory;
	struct singlet_info info = { .size = sizeof(info) };
	struct singlet_type_info type_info;
	struct singlet_stats stats;
	__u32 plain, type;
	__u64 ids[4], object;

	memset(memory, 0, sizeof(*memory));
	memory->arg.info.size = sizeof(info);
	ASSERT_EQ(compat_ioctl(self->fd, SINGLET_INFO, memory), 0);
	ASSERT_EQ(st_ioctl(self->fd, SINGLET_INFO, &info), 0);
	EXPECT_EQ(memcmp(&info, &memory->arg.info, sizeof(info)), 0);

	memset(memory, 0, sizeof(*memory));
	strcpy(memory->data, "plain");
	memory->arg.create.size = sizeof(memory->arg.create);
	memory->arg.create.name = (uintptr_t)memory->data;
	memory->arg.create.name_len = 5;
	memory->arg.create.kind = SINGLET_KIND_PLAIN;
	ASSERT_EQ(compat_ioctl(self->fd, SINGLET_TYPE_CREATE, memory), 0);
	plain = memory->arg.create.type;
	ASSERT_EQ(st_type_query(self->fd, plain, &type_info), 0);
	EXPECT_EQ(type_info.kind, (__u32)SINGLET_KIND_PLAIN);

	memset(&memory->arg, 0, sizeof(memory->arg));
	memory->arg.query.size = sizeof(memory->arg.query);
	memory->arg.query.name = (uintptr_t)memory->data;
	memory->arg.query.name_len = 5;
	ASSERT_EQ(compat_ioctl(self->fd, SINGLET_TYPE_QUERY, memory), 0);
	EXPECT_EQ(memcmp(&type_info, &memory->arg.query.info,
			 sizeof(type_info)), 0);

	memset(&memory->arg, 0, sizeof(memory->arg));
	memory->arg.types.size = sizeof(memory->arg.types);
	memory->arg.types.infos = (uintptr_t)&memory->items;
	memory->arg.types.count = 16;
	memory->arg.types.entry_size = sizeof(struct singlet_type_info);
	ASSERT_EQ(compat_ioctl(self->fd, SINGLET_TYPE_LIST, memory), 0);
	EXPECT_EQ(memory->arg.types.count, ST_PREDEFINED + 1);
	EXPECT_EQ(memory->arg.types.cursor, 0U);

	for (int i = 0; i < 4; i++) {
		memory->data[i] = 'a' + i;
		memory->items.intern[i].data = (uintptr_t)memory->data + i;
		memory->items.intern[i].len = 1;
		memory->items.intern[i].type = SINGLET_TYPE_STR;
	}
	BATCH(self, SINGLET_INTERN, intern, 4);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(memory->items.intern[i].result, 0U);
		ids[i] = memory->items.intern[i].id;
		EXPECT_TRUE(st_has_value(self->fd, ids[i], memory->data + i,
					 1));
	}
	BATCH(self, SINGLET_LOOKUP, intern, 4);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(memory->items.intern[i].result, 0U);
		EXPECT_EQ(memory->items.intern[i].id, ids[i]);
		memory->items.ref[i].id = ids[i];
		memory->items.ref[i].count = 3;
	}
	for (int i = 0; i < 4; i++) {
		memory->items.ref[i].id = ids[i];
		memory->items.ref[i].count = 3;
	}
	BATCH(self, SINGLET_ACQUIRE, ref, 4);
	memory->items.ref[0].count = 1;
	BATCH(self, SINGLET_RELEASE, ref, 1);
	memset(&memory->items, 0, sizeof(memory->items));
	memory->items.query[0].id = ids[0];
	memory->items.query[1].id = ids[1];
	memory->items.query[2].id = ids[1] ^ 1ULL << 63;
	BATCH(self, SINGLET_QUERY, query, 3);
	EXPECT_EQ(memory->items.query[0].held, 4U);
	EXPECT_EQ(memory->items.query[1].held, 5U);
	EXPECT_EQ(memory->items.query[2].result, (__u32)ENOENT);

	memset(&memory->items, 0, sizeof(memory->items));
	memory->items.read[0].id = ids[3];
	memory->items.read[0].data = (uintptr_t)memory->data + 100;
	memory->items.read[0].len = 100;
	BATCH(self, SINGLET_READ, read, 1);
	EXPECT_EQ(memory->items.read[0].len, 1U);
	EXPECT_EQ(memory->data[100], 'd');

	memset(&memory->items, 0, sizeof(memory->items));
	memory->items.alloc[0].type = plain;
	memory->items.alloc[0].len = 8;
	BATCH(self, SINGLET_ALLOC, alloc, 1);
	object = memory->items.alloc[0].id;
	memset(&memory->items, 0, sizeof(memory->items));
	memory->items.write[0].id = object;
	memory->items.write[0].data = (uintptr_t)memory->data;
	memory->items.write[0].len = 4;
	memory->items.write[0].offset = 4;
	BATCH(self, SINGLET_WRITE, write, 1);
	EXPECT_EQ(memory->items.write[0].result, 0U);
	memset(&memory->items, 0, sizeof(memory->items));
	memory->items.seal[0].id = object;
	BATCH(self, SINGLET_SEAL, seal, 1);
	EXPECT_EQ(memory->items.seal[0].result, 0U);
	EXPECT_TRUE(st_has_value(self->fd, object, "\0\0\0\0abcd", 8));

	memset(memory, 0, sizeof(*memory));
	memory->arg.list.size = sizeof(memory->arg.list);
	memory->arg.list.entries = (uintptr_t)&memory->items;
	memory->arg.list.count = 16;
	memory->arg.list.entry_size = sizeof(struct singlet_list_entry);
	memory->arg.list.type = plain;
	ASSERT_EQ(compat_ioctl(self->fd, SINGLET_LIST, memory), 0);
	EXPECT_EQ(memory->arg.list.count, 1U);
	EXPECT_EQ(memory->items.entries[0].id, object);

	memset(memory, 0, sizeof(*memory));
	memory->arg.stats.size = sizeof(memory->arg.stats);
	ASSERT_EQ(compat_ioctl(self->fd, SINGLET_STATS, memory), 0);
	stats = st_stats(self->fd);
	EXPECT_SAME(&stats, &memory->arg.stats, "");
	EXPECT_EQ(stats.live, 5ULL);

	EXPECT_EQ(st_release(self->fd, ids[0], 4), 0);
	memset(memory, 0, sizeof(*memory));
	memory->arg.collect.size = sizeof(memory->arg.collect);
	ASSERT_EQ(compat_ioctl(self->fd, SINGLET_COLLECT, memory), 0);
	EXPECT_EQ(memory->arg.collect.objects, 1ULL);

	ASSERT_EQ(st_type_create(self->fd, "victim", SINGLET_KIND_VALUE, 0, 0,
				 &type), 0);
	memset(memory, 0, sizeof(*memory));
	memory->arg.delete.size = sizeof(memory->arg.delete);
	memory->arg.delete.type = type;
	ASSERT_EQ(compat_ioctl(self->fd, SINGLET_TYPE_DELETE, memory), 0);
	EXPECT_EQ(st_type_query(self->fd, type, NULL), -ENOENT);
}

/* The same errors, too. */
TEST_F(domain, errors)
{
	struct memory *memory = self->memory;
	struct singlet_stats before, after;

	before = st_stats(self->fd);
	for (unsigned int command = 0; command < 256; command++) {
		const __u32 sizes[] = { 0, 4, 8, 4096, 4097, ~0U };
		unsigned long number = _IO(SINGLET_IOC_MAGIC, command);

		for (unsigned int i = 0; i < ST_ARRAY_SIZE(sizes); i++) {
			memset(memory, 0xff, sizeof(*memory));
			memory->arg.info.size = sizes[i];
			EXPECT_EQ(compat_ioctl(self->fd, number, memory),
				  st_ioctl(self->fd, number, memory));
		}
		EXPECT_EQ(compat_ioctl(self->fd, number, NULL),
			  st_ioctl(self->fd, number, NULL));
		EXPECT_EQ(compat_ioctl(self->fd, number, (void *)0xfffffff8UL),
			  st_ioctl(self->fd, number, (void *)0xfffffff8UL));
	}
	after = st_stats(self->fd);
	EXPECT_SAME(&before, &after, "");
}
