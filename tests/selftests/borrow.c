// SPDX-License-Identifier: GPL-2.0
/*
 * Borrowing with libsinglet: what others made is found, stays while it is read and
 * goes afterwards; what cannot be borrowed is held by a reference.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <singlet.h>

#include "borrow_test.h"
#include "domain_test.h"

FIXTURE(borrow) {
	struct singlet *s;
	int fd;			/* another session of the domain */
};

SETUP(borrow)
{
	void *head;

	self->fd = st_open_fresh();
	/* Skips where there is no index. */
	head = raw_map_range(self->fd, 0, PROT_READ);
	munmap(head, SINGLET_MAP_HEAD_SIZE);
	ASSERT_EQ(singlet_open(&self->s, 0), 0);
}

TEARDOWN(borrow)
{
	EXPECT_EQ(st_stats(self->fd).references, 0ULL);
	singlet_close(self->s);
	EXPECT_EMPTY(self->fd);
	close(self->fd);
}

/* How it is had: without the kernel, with a reference, or either. */
enum how { INDEX, REFERENCE, EITHER };

static void expect_borrowed(const struct singlet_borrow *b, enum how how,
			    __u64 id, __u32 type, const void *data, size_t len)
{
	EXPECT_EQ(b->id, id);
	EXPECT_EQ(b->type, type);
	EXPECT_EQ(b->len, len);
	EXPECT_EQ((uintptr_t)b->data % 8, 0UL);
	EXPECT_TRUE(b->len == len && !memcmp(b->data, data, len));
	if (how != EITHER)
		EXPECT_EQ(b->slot != NULL, how == INDEX);
}

/* By value and by id: it is @id's value. */
static void expect_both(struct singlet *s, enum how how, __u64 id, __u32 type,
			const void *data, size_t len)
{
	struct singlet_borrow b;

	ASSERT_EQ(singlet_borrow_value(s, type, data, len, &b), 0);
	expect_borrowed(&b, how, id, type, data, len);
	singlet_borrow_end(s, &b);
	ASSERT_EQ(singlet_borrow_id(s, id, &b), 0);
	expect_borrowed(&b, how, id, type, data, len);
	singlet_borrow_end(s, &b);
}

static void expect_gone(struct singlet *s, __u64 id, const char *text)
{
	struct singlet_borrow b;

	EXPECT_EQ(singlet_borrow_str(s, text, &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_id(s, id, &b), -ENOENT);
}

static void borrow_str(struct singlet *s, const char *text,
		       struct singlet_borrow *b)
{
	ASSERT_EQ(singlet_borrow_str(s, text, b), 0);
	ASSERT_TRUE(b->len == strlen(text) && !memcmp(b->data, text, b->len));
}

/* An object that nobody holds. */
static __u64 make_idle(int fd, const char *text)
{
	__u64 id = st_must_str(fd, text);

	ASSERT_EQ(st_release(fd, id, 1), 0);
	return id;
}

/* The descriptor is that of no device: what makes a system call fails. */
TEST_F(borrow, no_system_call)
{
	__u64 id = st_must_str(self->fd, "there");
	struct singlet_stats before, after;
	struct singlet_borrow b;
	int saved, null = open("/dev/null", O_RDWR);

	borrow_str(self->s, "there", &b);
	singlet_borrow_end(self->s, &b);
	before = st_stats(self->fd);
	saved = dup(singlet_fd(self->s));
	ASSERT_GE(saved, 0);
	ASSERT_GE(dup2(null, singlet_fd(self->s)), 0);
	for (int i = 0; i < 1000; i++)
		expect_both(self->s, INDEX, id, SINGLET_TYPE_STR, "there", 5);
	EXPECT_EQ(singlet_borrow_str(self->s, "not there", &b), -ENOTTY);
	EXPECT_EQ(singlet_borrow_id(self->s, id + (1ULL << 32), &b), -ENOTTY);
	ASSERT_GE(dup2(saved, singlet_fd(self->s)), 0);
	after = st_stats(self->fd);
	EXPECT_SAME(&before, &after, "");
	EXPECT_EQ(singlet_borrow_str(self->s, "not there", &b), -ENOENT);
	close(saved);
	close(null);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
}

static void lengths(int fd, struct singlet *s, enum how how, __u32 type,
		    const char *data, size_t first, size_t last)
{
	for (size_t len = first; len <= last; len++) {
		__u64 id = st_must_intern(fd, type, data, len);

		expect_both(s, how, id, type, data, len);
		EXPECT_EQ(st_release(fd, id, 1), 0);
		/* The same when nobody holds it. */
		expect_both(s, how, id, type, data, len);
	}
}

TEST_F(borrow, every_length)
{
	char *data = malloc(SINGLET_MAX_VALUE), text[601];
	__u32 type;

	st_fill(data, SINGLET_MAX_VALUE, 7);
	st_fill_text(text, sizeof(text), 8);
	ASSERT_EQ(st_type_create(self->fd, "label", SINGLET_KIND_VALUE, 0, 0,
				 &type), 0);
	lengths(self->fd, self->s, INDEX, SINGLET_TYPE_BYTES, data, 0, 600);
	lengths(self->fd, self->s, INDEX, SINGLET_TYPE_STR, text, 0, 600);
	lengths(self->fd, self->s, INDEX, type, data, 0, 600);
	lengths(self->fd, self->s, EITHER, SINGLET_TYPE_BYTES, data, 601, 5000);
	lengths(self->fd, self->s, REFERENCE, SINGLET_TYPE_BYTES, data, 8193,
		8200);
	lengths(self->fd, self->s, REFERENCE, SINGLET_TYPE_BYTES, data,
		SINGLET_MAX_VALUE, SINGLET_MAX_VALUE);
	st_collect(self->fd);
	EXPECT_EQ(st_type_delete(self->fd, type), 0);
	free(data);
}

/* Equal bytes: what parts them is their type, and where they end. */
TEST_F(borrow, apart)
{
	__u32 types[] = { SINGLET_TYPE_STR, SINGLET_TYPE_BYTES, 0,
			  SINGLET_TYPE_BYTES, SINGLET_TYPE_BYTES,
			  SINGLET_TYPE_BYTES };
	size_t len[] = { 3, 3, 3, 4, 5, 2 };
	struct singlet_borrow b;
	__u64 id[6];

	ASSERT_EQ(st_type_create(self->fd, "label", SINGLET_KIND_VALUE, 0, 0,
				 &types[2]), 0);
	for (int i = 0; i < 6; i++) {
		EXPECT_EQ(singlet_borrow_value(self->s, types[i], "abc\0\0",
					       len[i], &b), -ENOENT);
		id[i] = st_must_intern(self->fd, types[i], "abc\0\0", len[i]);
	}
	for (int i = 0; i < 6; i++)
		expect_both(self->s, INDEX, id[i], types[i], "abc\0\0", len[i]);
	for (int i = 0; i < 6; i++)
		EXPECT_EQ(st_release(self->fd, id[i], 1), 0);
	EXPECT_EQ(st_type_delete(self->fd, types[2]), 0);
}

/* Predefined types, of which some objects are the machine's. */
TEST_F(borrow, predefined)
{
	__s64 small = 5, large = 1LL << 40;
	double pi = 3.14;
	__u64 id[7], parts[2];

	id[0] = st_must_intern(self->fd, SINGLET_TYPE_NONE, "", 0);
	id[1] = st_must_intern(self->fd, SINGLET_TYPE_BOOL, "\1", 1);
	id[2] = st_must_int(self->fd, small);
	id[3] = st_must_int(self->fd, large);
	id[4] = st_must_intern(self->fd, SINGLET_TYPE_FLOAT, &pi, sizeof(pi));
	id[5] = st_must_str(self->fd, "text");
	parts[0] = id[2];
	parts[1] = id[5];
	id[6] = st_must_intern(self->fd, SINGLET_TYPE_TUPLE, parts,
			       sizeof(parts));
	expect_both(self->s, REFERENCE, id[0], SINGLET_TYPE_NONE, "", 0);
	expect_both(self->s, REFERENCE, id[1], SINGLET_TYPE_BOOL, "\1", 1);
	expect_both(self->s, REFERENCE, id[2], SINGLET_TYPE_INT, &small, 8);
	expect_both(self->s, INDEX, id[3], SINGLET_TYPE_INT, &large, 8);
	expect_both(self->s, INDEX, id[4], SINGLET_TYPE_FLOAT, &pi, 8);
	expect_both(self->s, INDEX, id[5], SINGLET_TYPE_STR, "text", 4);
	expect_both(self->s, INDEX, id[6], SINGLET_TYPE_TUPLE, parts, 16);
	for (int i = 3; i < 7; i++)
		EXPECT_EQ(st_release(self->fd, id[i], 1), 0);
}

/* The instance of a single type is found by nothing at all. */
TEST_F(borrow, single)
{
	struct singlet_borrow b;
	__u32 type;
	__u64 id;

	ASSERT_EQ(st_type_create(self->fd, "one", SINGLET_KIND_SINGLE, 0, 0,
				 &type), 0);
	id = st_must_intern(self->fd, type, "instance", 8);
	expect_both(self->s, EITHER, id, type, "instance", 8);
	ASSERT_EQ(singlet_borrow_value(self->s, type, NULL, 0, &b), 0);
	expect_borrowed(&b, REFERENCE, id, type, "instance", 8);
	singlet_borrow_end(self->s, &b);
	EXPECT_EQ(singlet_borrow_value(self->s, type, "another", 7, &b),
		  -EEXIST);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(st_type_delete(self->fd, type), 0);
}

/* What cannot be; and whatever was there before is there afterwards. */
TEST_F(borrow, missing)
{
	struct singlet_borrow b, before;
	char *page = st_map_with_hole(1);
	__u64 id = st_must_str(self->fd, "value");

	memset(&b, ST_POISON8, sizeof(b));
	before = b;
	EXPECT_EQ(singlet_borrow_str(self->s, "valuf", &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_value(self->s, 4000, "value", 5, &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_value(self->s, 0, "value", 5, &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_value(self->s, ~0U, "value", 5, &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_value(self->s, SINGLET_TYPE_BYTES, page,
				       SINGLET_MAX_VALUE + 1, &b), -EMSGSIZE);
	EXPECT_EQ(singlet_borrow_value(self->s, SINGLET_TYPE_BYTES, page,
				       (size_t)UINT32_MAX + 1, &b), -EMSGSIZE);
	EXPECT_EQ(singlet_borrow_id(self->s, 0, &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_id(self->s, id + 1, &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_id(self->s, id + (1ULL << 32), &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_id(self->s, ~0ULL, &b), -ENOENT);
	EXPECT_EQ(singlet_borrow_id(self->s, ~0ULL >> 33, &b), -ENOENT);
	EXPECT_TRUE(!memcmp(&b, &before, sizeof(b)));
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
}

/* A type in the place of another is not that one. */
TEST_F(borrow, type_again)
{
	struct singlet_borrow b;
	__u32 old, new;
	__u64 id;

	ASSERT_EQ(st_type_create(self->fd, "label", SINGLET_KIND_VALUE, 0, 0,
				 &old), 0);
	id = st_must_intern(self->fd, old, "value", 5);
	expect_both(self->s, INDEX, id, old, "value", 5);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(st_type_delete(self->fd, old), 0);
	EXPECT_EQ(singlet_borrow_value(self->s, old, "value", 5, &b), -ENOENT);
	for (int i = 0; i < 5000; i++) {
		ASSERT_EQ(st_type_create(self->fd, "label", SINGLET_KIND_VALUE,
					 0, 0, &new), 0);
		if (SINGLET_TYPE_INDEX(new) == SINGLET_TYPE_INDEX(old))
			break;
		ASSERT_EQ(st_type_delete(self->fd, new), 0);
	}
	ASSERT_EQ(SINGLET_TYPE_INDEX(new), SINGLET_TYPE_INDEX(old));
	ASSERT_NE(new, old);
	id = st_must_intern(self->fd, new, "value", 5);
	expect_both(self->s, INDEX, id, new, "value", 5);
	EXPECT_EQ(singlet_borrow_value(self->s, old, "value", 5, &b), -ENOENT);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(st_type_delete(self->fd, new), 0);
}

/* What nobody holds stays while it is borrowed, and goes afterwards. */
TEST_F(borrow, idle)
{
	__u64 id = make_idle(self->fd, "nobody's"), other;
	struct singlet_borrow b, again;

	other = make_idle(self->fd, "of no interest");
	borrow_str(self->s, "nobody's", &b);
	expect_borrowed(&b, INDEX, id, SINGLET_TYPE_STR, "nobody's", 8);
	EXPECT_EQ(st_stats(self->fd).idle, 2ULL);
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(st_collect(self->fd).objects, (__u64)!i);
		EXPECT_EQ(st_stats(self->fd).idle, 1ULL);
		expect_borrowed(&b, INDEX, id, SINGLET_TYPE_STR, "nobody's", 8);
	}
	expect_gone(self->s, other, "of no interest");
	/* It can be borrowed as before. */
	ASSERT_EQ(singlet_borrow_id(self->s, id, &again), 0);
	singlet_borrow_end(self->s, &b);
	st_collect(self->fd);
	expect_borrowed(&again, EITHER, id, SINGLET_TYPE_STR, "nobody's", 8);
	singlet_borrow_end(self->s, &again);
	EXPECT_EQ(st_collect(self->fd).objects, 1ULL);
	EXPECT_EQ(st_stats(self->fd).bytes_stored, 0ULL);
	expect_gone(self->s, id, "nobody's");
}

/* Spared, it is the same object for whoever wants it next. */
TEST_F(borrow, revived)
{
	__u64 id = make_idle(self->fd, "value"), again;
	struct singlet_borrow b;
	__u32 created;

	borrow_str(self->s, "value", &b);
	st_collect(self->fd);
	EXPECT_EQ(st_intern_created(self->fd, SINGLET_TYPE_STR, "value", 5,
				    &again, &created), 0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(created, 0U);
	singlet_borrow_end(self->s, &b);
	st_collect(self->fd);
	expect_both(self->s, INDEX, id, SINGLET_TYPE_STR, "value", 5);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	/* While it is borrowed it can be acquired, and is kept by that. */
	borrow_str(self->s, "value", &b);
	EXPECT_EQ(singlet_object_acquire(self->s, b.id, 1), 0);
	singlet_borrow_end(self->s, &b);
	st_collect(self->fd);
	expect_both(self->s, INDEX, id, SINGLET_TYPE_STR, "value", 5);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
}

/* A borrow ends once. */
TEST_F(borrow, twice)
{
	__u64 id = make_idle(self->fd, "one"), other;
	struct singlet_borrow b, its;

	borrow_str(self->s, "one", &b);
	singlet_borrow_end(self->s, &b);
	other = make_idle(self->fd, "two");
	borrow_str(self->s, "two", &its);
	singlet_borrow_end(self->s, &b);
	st_collect(self->fd);
	expect_gone(self->s, id, "one");
	expect_borrowed(&its, INDEX, other, SINGLET_TYPE_STR, "two", 3);
	singlet_borrow_end(self->s, &its);
	ASSERT_EQ(singlet_borrow_id(self->s, st_must_int(self->fd, 7), &b), 0);
	singlet_borrow_end(self->s, &b);
	singlet_borrow_end(self->s, &b);
}

/* More than there are slots for. */
TEST_F(borrow, full)
{
	static struct singlet_borrow b[SINGLET_BORROWS + 20];
	enum { NR = SINGLET_BORROWS + 20, VALUES = 100 };
	__u64 id[VALUES];
	char text[20];

	for (int i = 0; i < VALUES; i++) {
		snprintf(text, sizeof(text), "value %d", i);
		id[i] = make_idle(self->fd, text);
	}
	for (int i = 0; i < NR; i++) {
		snprintf(text, sizeof(text), "value %d", i % VALUES);
		borrow_str(self->s, text, &b[i]);
		expect_borrowed(&b[i], i < SINGLET_BORROWS ? INDEX : REFERENCE,
				id[i % VALUES], SINGLET_TYPE_STR, text,
				strlen(text));
	}
	EXPECT_EQ(st_stats(self->fd).references,
		  (__u64)(NR - SINGLET_BORROWS));
	st_collect(self->fd);
	EXPECT_EQ(st_stats(self->fd).objects - st_stats(self->fd).immortal,
		  (__u64)VALUES);
	for (int i = 0; i < NR; i++) {
		snprintf(text, sizeof(text), "value %d", i % VALUES);
		expect_borrowed(&b[i], EITHER, id[i % VALUES], SINGLET_TYPE_STR,
				text, strlen(text));
		singlet_borrow_end(self->s, &b[i]);
	}
	EXPECT_EQ(st_collect(self->fd).objects, (__u64)VALUES);
	/* All slots are free again. */
	id[0] = make_idle(self->fd, "value");
	for (int i = 0; i < SINGLET_BORROWS; i++) {
		borrow_str(self->s, "value", &b[i]);
		EXPECT_TRUE(b[i].slot);
	}
	for (int i = 0; i < SINGLET_BORROWS; i++)
		singlet_borrow_end(self->s, &b[i]);
}

/* Item @i of a batch: there, or large, or small, or not there. */
static void batch_item(struct singlet_intern_item *item, unsigned int i,
		       char *data, const __s64 *number)
{
	size_t len = i % 7 == 3 ? 5000 : 8 + i % 40;

	st_fill(data, len, i);
	*item = (struct singlet_intern_item){
		.type = SINGLET_TYPE_BYTES,
		.len = len,
		.data = (uintptr_t)data,
		.id = 1,
		.result = 1,
	};
	if (i % 11 == 5)
		*item = (struct singlet_intern_item){
			.type = SINGLET_TYPE_INT,
			.len = 8,
			.data = (uintptr_t)number,
		};
}

/* More than there are slots, and than a call of the kernel takes. */
TEST_F(borrow, batch)
{
	enum { NR = 1500 };
	struct singlet_intern_item *items = calloc(NR, sizeof(*items));
	struct singlet_borrow *b = calloc(NR, sizeof(*b));
	char (*data)[5000] = calloc(NR, sizeof(*data));
	unsigned int slots = 0, references = 0;
	__u64 *id = calloc(NR, sizeof(*id));
	__s64 number = 7;

	ASSERT_TRUE(items && b && data && id);
	for (unsigned int i = 0; i < NR; i++) {
		batch_item(&items[i], i, data[i], &number);
		if (i % 5)
			id[i] = st_must_intern(self->fd, items[i].type,
					       (void *)(uintptr_t)items[i].data,
					       items[i].len);
		else if (items[i].type == SINGLET_TYPE_INT)
			id[i] = st_must_intern(self->fd, SINGLET_TYPE_INT,
					       &number, 8);
	}
	EXPECT_EQ(singlet_batch_borrow(self->s, items, b, 0), -EINVAL);
	ASSERT_EQ(singlet_batch_borrow(self->s, items, b, NR), NR);
	for (unsigned int i = 0; i < NR; i++) {
		EXPECT_EQ(items[i].result, id[i] ? 0U : (__u32)ENOENT);
		if (items[i].result) {
			EXPECT_TRUE(!b[i].id && !b[i].data);
			continue;
		}
		EXPECT_EQ(items[i].id, id[i]);
		expect_borrowed(&b[i], EITHER, id[i], items[i].type,
				(void *)(uintptr_t)items[i].data, items[i].len);
		if (b[i].slot)
			slots++;
		else
			references++;
	}
	EXPECT_EQ(slots, (unsigned int)SINGLET_BORROWS);
	EXPECT_GT(references, 0U);
	singlet_batch_borrow_end(self->s, b, NR);
	singlet_batch_borrow_end(self->s, b, NR);
	for (unsigned int i = 0; i < NR; i++)
		if (id[i])
			EXPECT_EQ(st_release(self->fd, id[i], 1), 0);
	free(items);
	free(b);
	free(data);
	free(id);
}

/* Whatever is in a page of borrows keeps an object a word, and no more. */
TEST_F(borrow, garbage)
{
	__u64 *page = raw_map_range(self->fd, RAW_BORROWS,
				    PROT_READ | PROT_WRITE);
	__u64 id[1000], seed = st_seed();
	struct singlet_borrow b;
	char text[20];

	make_idle(self->fd, "somebody's");
	borrow_str(self->s, "somebody's", &b);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 1000; i++) {
			snprintf(text, sizeof(text), "value %d", i);
			id[i] = make_idle(self->fd, text);
		}
		for (int i = 0; i <= SINGLET_BORROWS; i++)
			page[i] = st_random(&seed) % 4 ? st_random(&seed) :
				  id[st_random(&seed) % 1000] +
				  (st_random(&seed) % 2 << 32);
		page[0] = round % 2 ? ~0ULL : st_random(&seed);
		st_collect(self->fd);
		EXPECT_LE(st_stats(self->fd).idle,
			  (__u64)SINGLET_BORROWS + 1);
		expect_borrowed(&b, INDEX, b.id, SINGLET_TYPE_STR,
				"somebody's", 10);
	}
	memset(page, 0, 4096);
	st_collect(self->fd);
	EXPECT_EQ(st_stats(self->fd).idle, 1ULL);
	singlet_borrow_end(self->s, &b);
	ASSERT_EQ(munmap(page, 4096), 0);
}

/* The index is made with objects there, and objects are made with the index there. */
TEST_F(borrow, before_and_after)
{
	struct singlet *other;
	char text[20];
	__u64 id[500];

	for (int i = 0; i < 250; i++) {
		snprintf(text, sizeof(text), "value %d", i);
		id[i] = st_must_str(self->fd, text);
	}
	expect_both(self->s, INDEX, id[7], SINGLET_TYPE_STR, "value 7", 7);
	ASSERT_EQ(singlet_open(&other, 0), 0);
	for (int i = 250; i < 500; i++) {
		snprintf(text, sizeof(text), "value %d", i);
		id[i] = st_must_str(self->fd, text);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "value %d", i);
		expect_both(self->s, INDEX, id[i], SINGLET_TYPE_STR, text,
			    strlen(text));
		expect_both(other, INDEX, id[i], SINGLET_TYPE_STR, text,
			    strlen(text));
		EXPECT_EQ(st_release(self->fd, id[i], 1), 0);
	}
	singlet_close(other);
}

/* One thread begins, another ends. */
static void *end_it(void *ctx)
{
	struct singlet_borrow *b = ((void **)ctx)[1], own;

	borrow_str(((void **)ctx)[0], "value", &own);
	singlet_borrow_end(((void **)ctx)[0], b);
	singlet_borrow_end(((void **)ctx)[0], &own);
	return NULL;
}

TEST_F(borrow, threads)
{
	struct singlet_borrow b;
	void *ctx[] = { self->s, &b };
	pthread_t thread;

	make_idle(self->fd, "value");
	/* Each of them has another number. */
	for (int i = 0; i < 200; i++) {
		borrow_str(self->s, "value", &b);
		ASSERT_EQ(pthread_create(&thread, NULL, end_it, ctx), 0);
		ASSERT_EQ(pthread_join(thread, NULL), 0);
	}
	EXPECT_EQ(st_collect(self->fd).objects, 1ULL);
}

/* A child maps its own, of the same session or of another. */
static void forked(struct fixture_borrow *self)
{
	__u64 id = make_idle(self->fd, "value");
	struct singlet_borrow b, number, own;
	pid_t child;

	borrow_str(self->s, "value", &b);
	ASSERT_EQ(singlet_borrow_id(self->s, st_must_int(self->fd, 7),
				    &number), 0);
	child = st_fork();
	if (!child) {
		singlet_borrow_end(self->s, &b);
		singlet_borrow_end(self->s, &number);
		borrow_str(self->s, "value", &own);
		expect_borrowed(&own, INDEX, id, SINGLET_TYPE_STR, "value", 5);
		singlet_borrow_end(self->s, &own);
		singlet_close(self->s);
		_exit(harness_failures() != 0);
	}
	st_join(child);
	EXPECT_EQ(st_collect(self->fd).objects, 0ULL);
	expect_borrowed(&b, INDEX, id, SINGLET_TYPE_STR, "value", 5);
	singlet_borrow_end(self->s, &b);
	singlet_borrow_end(self->s, &number);
	EXPECT_EQ(st_collect(self->fd).objects, 1ULL);
}

TEST_F(borrow, fork)
{
	forked(self);
}

TEST_F(borrow, fork_cached)
{
	ASSERT_EQ(singlet_cache_enable(self->s, 10), 0);
	forked(self);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
}

/* What was borrowed goes with who borrowed it, however that ended. */
TEST_F(borrow, killed)
{
	__u64 id = make_idle(self->fd, "value");
	int ends[2], status;
	char byte;
	pid_t child;

	ASSERT_EQ(pipe(ends), 0);
	child = st_fork();
	if (!child) {
		struct singlet_borrow b;
		struct singlet *own;

		ASSERT_EQ(singlet_open(&own, 0), 0);
		borrow_str(own, "value", &b);
		ASSERT_EQ(write(ends[1], "x", 1), 1);
		for (;;)
			pause();
	}
	ASSERT_EQ(read(ends[0], &byte, 1), 1);
	EXPECT_EQ(st_collect(self->fd).objects, 0ULL);
	expect_both(self->s, EITHER, id, SINGLET_TYPE_STR, "value", 5);
	ASSERT_EQ(kill(child, SIGKILL), 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	/* Its session may end a little later. */
	for (int i = 0; i < 1000 && st_stats(self->fd).idle; i++) {
		st_collect(self->fd);
		st_sleep_us(10000);
	}
	EXPECT_EQ(st_stats(self->fd).idle, 0ULL);
	expect_gone(self->s, id, "value");
	close(ends[0]);
	close(ends[1]);
}

/* With a reference cache: the same. */
TEST_F(borrow, cached)
{
	struct singlet_cache_info info;
	struct singlet_borrow b, five;
	uint64_t made;
	__u64 id;

	ASSERT_EQ(singlet_cache_enable(self->s, 10), 0);
	id = make_idle(self->fd, "value");
	expect_both(self->s, INDEX, id, SINGLET_TYPE_STR, "value", 5);
	ASSERT_EQ(singlet_cache_query(self->s, &info), 0);
	EXPECT_EQ(info.held, 0UL);
	EXPECT_EQ(singlet_borrow_id(self->s, st_must_int(self->fd, 5), &five),
		  0);
	borrow_str(self->s, "value", &b);
	EXPECT_EQ(singlet_str_intern(self->s, "value", &made), 0);
	EXPECT_EQ(made, (uint64_t)id);
	singlet_borrow_end(self->s, &b);
	expect_both(self->s, INDEX, id, SINGLET_TYPE_STR, "value", 5);
	EXPECT_EQ(singlet_object_release(self->s, id, 1), 0);
	singlet_borrow_end(self->s, &five);
	EXPECT_EQ(singlet_cache_flush(self->s), 0);
}

/* Where nothing, or not all, can be mapped, everything is the same. */
static void not_mapped(struct fixture_borrow *self, size_t space)
{
	struct rlimit all, few;
	char data[601];
	struct singlet *s;

	ASSERT_EQ(singlet_open(&s, 0), 0);
	ASSERT_EQ(getrlimit(RLIMIT_AS, &all), 0);
	few = all;
	few.rlim_cur = space;
	ASSERT_EQ(setrlimit(RLIMIT_AS, &few), 0);
	expect_gone(s, 1, "not there");
	ASSERT_EQ(setrlimit(RLIMIT_AS, &all), 0);
	st_fill(data, sizeof(data), 3);
	lengths(self->fd, s, REFERENCE, SINGLET_TYPE_BYTES, data, 0, 600);
	singlet_close(s);
}

TEST_F(borrow, not_mapped)
{
	not_mapped(self, 1UL << 32);
}

TEST_F(borrow, slabs_mapped)
{
	not_mapped(self, SINGLET_MAP_ARENA_SIZE + (1UL << 34));
}

/* A descriptor that can only be read, a session that may only read, or not. */
TEST_F(borrow, access)
{
	const char *name = sd_name("borrow");
	int fd, owner, session;
	struct singlet_borrow b;
	struct singlet *s;
	__u64 id;

	id = make_idle(self->fd, "value");
	fd = open(SINGLET_DEVICE, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(singlet_open_fd(&s, fd, 0), 0);
	expect_both(s, REFERENCE, id, SINGLET_TYPE_STR, "value", 5);
	singlet_close(s);
	owner = sd_must_create(self->fd, name, 0700, 0);
	id = st_must_str(owner, "value");
	session = sd_must_join(self->fd, name, SD_READ);
	ASSERT_EQ(singlet_open_fd(&s, session, 0), 0);
	expect_both(s, INDEX, id, SINGLET_TYPE_STR, "value", 5);
	singlet_close(s);
	session = sd_must_join(self->fd, name, SD_WRITE);
	ASSERT_EQ(singlet_open_fd(&s, session, 0), 0);
	EXPECT_EQ(singlet_borrow_str(s, "value", &b), -EACCES);
	EXPECT_EQ(singlet_borrow_id(s, id, &b), -EACCES);
	singlet_close(s);
	/* One domain's borrows are nothing to another's objects. */
	expect_gone(self->s, id + (1ULL << 32), "not there");
	close(owner);
	EXPECT_EQ(sd_delete(self->fd, name, 0), 0);
}
