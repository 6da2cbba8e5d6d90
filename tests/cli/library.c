// SPDX-License-Identifier: GPL-2.0
/*
 * Uses every function of libsinglet that the command does not, and batches
 * larger than a system call takes.  Prints what is wrong; exit status 0: all
 * is well.  Run by library.test.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"

#define MANY 3000

static char texts[MANY][16];
static struct singlet_intern_item interns[MANY];
static struct singlet_ref_item refs[MANY];
static struct singlet_query_item queries[MANY];
static struct singlet_read_item reads[MANY];
static char buffers[MANY][16];

static void prepare(void)
{
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof(texts[i]), "batch %d", i);
		interns[i] = (struct singlet_intern_item){
			.data = (uintptr_t)texts[i],
			.len = strlen(texts[i]),
			.type = SINGLET_TYPE_STR,
		};
	}
}

static void test_sessions(struct singlet *s)
{
	struct singlet *other = NULL;
	struct singlet_info info;
	int fd;

	CHECK(singlet_open(&other, 1) == -EINVAL);
	CHECK(singlet_open_path(&other, "/nowhere", 0) == -ENOENT);
	CHECK(singlet_open_fd(&other, -1, 0) == -EBADF);
	CHECK(!other);
	singlet_close(NULL);
	CHECK(fcntl(singlet_fd(s), F_GETFD) == FD_CLOEXEC);
	CHECK(singlet_kernel_info(s, &info) == 0);
	CHECK(info.max_batch == SINGLET_MAX_BATCH && info.session);

	fd = open("/dev/null", O_RDWR);
	CHECK(singlet_open_fd(&other, fd, 0) == 0);
	CHECK(singlet_fd(other) == fd);
	CHECK(singlet_kernel_info(other, &info) == -ENOTTY);
	singlet_close(other);
	CHECK(fcntl(fd, F_GETFD) < 0);
}

static void test_batches(struct singlet *s)
{
	uint64_t first;
	int i;

	CHECK(singlet_batch_intern(s, interns, 0) == -EINVAL);
	CHECK(singlet_batch_intern(s, interns, MANY) == MANY);
	for (i = 0; i < MANY; i++) {
		CHECK(!interns[i].result && interns[i].id && interns[i].created);
		refs[i] = (struct singlet_ref_item){
			.id = interns[i].id, .count = 2,
		};
		queries[i] = (struct singlet_query_item){ .id = interns[i].id };
		reads[i] = (struct singlet_read_item){
			.id = interns[i].id,
			.data = (uintptr_t)buffers[i],
			.len = sizeof(buffers[i]),
		};
	}
	first = interns[0].id;
	CHECK(singlet_batch_lookup(s, interns, MANY) == MANY);
	CHECK(!interns[MANY - 1].result && !interns[MANY - 1].created);
	CHECK(interns[0].id == first);
	CHECK(singlet_batch_acquire(s, refs, MANY) == MANY);
	CHECK(singlet_batch_query(s, queries, MANY) == MANY);
	CHECK(singlet_batch_read(s, reads, MANY) == MANY);
	for (i = 0; i < MANY; i++) {
		CHECK(!refs[i].result && !queries[i].result && !reads[i].result);
		CHECK(queries[i].held == 4 && queries[i].references == 1);
		CHECK(queries[i].type == SINGLET_TYPE_STR);
		CHECK(reads[i].len == strlen(texts[i]));
		CHECK(!memcmp(buffers[i], texts[i], reads[i].len));
		refs[i].count = 4;
	}
	CHECK(singlet_batch_release(s, refs, MANY) == MANY);
	CHECK(singlet_batch_release(s, refs, MANY) == MANY);
	for (i = 0; i < MANY; i++)
		CHECK(refs[i].result == ENOENT);
}

/* A value, or the items, that cannot be read. */
static void test_short_batch(struct singlet *s)
{
	struct singlet_stats stats;
	uint64_t before;

	CHECK(singlet_domain_stats(s, &stats) == 0);
	before = stats.live;
	interns[5].data = 16;
	CHECK(singlet_batch_intern(s, interns, 10) == 10);
	CHECK(interns[4].result == 0 && interns[5].result == EFAULT);
	CHECK(interns[9].result == 0);
	CHECK(singlet_domain_stats(s, &stats) == 0);
	CHECK(stats.live == before + 9);
	CHECK(singlet_batch_intern(s, (void *)16, 10) == -EFAULT);
	prepare();
}

static void test_single_objects(struct singlet *s)
{
	uint32_t total = 0;
	uint64_t id = 0, again = 0;
	char buf[8];
	void *data;
	size_t len;

	CHECK(singlet_object_lookup(s, SINGLET_TYPE_STR, "one", 3, &id) == -ENOENT);
	CHECK(singlet_object_intern(s, SINGLET_TYPE_STR, "one", 3, &id) == 1);
	CHECK(singlet_object_intern(s, SINGLET_TYPE_STR, "one", 3, &again) == 0);
	CHECK(id == again);
	CHECK(singlet_object_lookup(s, SINGLET_TYPE_STR, "one", 3, &again) == 0);
	CHECK(id == again && held(s, id) == 3);
	CHECK(singlet_object_acquire(s, id, 5) == 0);
	CHECK(held(s, id) == 8);
	CHECK(singlet_object_acquire(s, id, 0) == -EINVAL);
	CHECK(singlet_object_release(s, id, 9) == -EINVAL);
	CHECK(held(s, id) == 8);
	CHECK(singlet_object_read(s, id, buf, 2, 0, &total) == 2);
	CHECK(total == 3 && !memcmp(buf, "on", 2));
	CHECK(singlet_object_read(s, id, buf, 2, 2, NULL) == 1 && buf[0] == 'e');
	CHECK(singlet_object_read(s, id, buf, 2, 3, NULL) == 0);
	CHECK(singlet_object_read(s, id, buf, 2, 4, NULL) == -EINVAL);
	CHECK(singlet_object_read(s, 1, buf, 2, 0, NULL) == -ENOENT);
	CHECK(singlet_object_dup(s, id, &data, &len) == 0);
	CHECK(len == 3 && !strcmp(data, "one"));
	free(data);
	CHECK(singlet_object_release(s, id, 8) == 0);
	CHECK(held(s, id) == 0);
	CHECK(singlet_object_intern(s, SINGLET_TYPE_STR, "x", 1UL << 32, &id) == -EMSGSIZE);
	CHECK(singlet_object_intern(s, SINGLET_TYPE_STR, "\xff", 1, &id) == -EILSEQ);
	CHECK(singlet_object_intern(s, 12345, "x", 1, &id) == -ENOENT);
}

static void test_values(struct singlet *s)
{
	uint64_t one, two;
	int64_t number;
	double real;
	bool truth;

	CHECK(singlet_none_intern(s, &one) == 0);
	CHECK(singlet_bool_intern(s, true, &one) == 0);
	CHECK(singlet_bool_read(s, one, &truth) == 0 && truth);
	CHECK(singlet_bool_intern(s, false, &two) == 0 && one != two);
	CHECK(singlet_bool_read(s, two, &truth) == 0 && !truth);
	CHECK(singlet_int_intern(s, -5, &one) == 0);
	CHECK(singlet_int_intern(s, INT64_MIN, &one) == 1);
	CHECK(singlet_int_read(s, one, &number) == 0 && number == INT64_MIN);
	CHECK(singlet_int_read(s, two, &number) == -EINVAL);
	CHECK(singlet_float_intern(s, 0.1, &two) == 1);
	CHECK(singlet_float_read(s, two, &real) == 0 && real == 0.1);
	CHECK(singlet_str_intern(s, "", &one) == 1);
	CHECK(singlet_float_read(s, one, &real) == -EINVAL);
}

static void test_types(struct singlet *s)
{
	struct singlet_type_info info, infos[3];
	uint32_t type, cursor = 0;
	ssize_t n, total = 0;
	bool seen = false;

	CHECK(singlet_type_create(s, "shade", SINGLET_KIND_VALUE, 0, 9, &type) == 0);
	CHECK(singlet_type_create(s, "shade", SINGLET_KIND_VALUE, 0, 9, &type) == -EEXIST);
	CHECK(singlet_type_get(s, type, &info) == 0);
	CHECK(!strcmp((char *)info.name, "shade") && info.value_max == 9);
	memset(&info, 0, sizeof(info));
	CHECK(singlet_type_find(s, "shade", &info) == 0 && info.type == type);
	CHECK(singlet_type_find(s, "shad", &info) == -ENOENT);
	/* In pieces. */
	do {
		n = singlet_type_list(s, infos, 3, &cursor);
		CHECK(n >= 0);
		if (n < 0)
			break;
		for (total += n; n > 0; n--)
			seen |= infos[n - 1].type == type;
	} while (cursor);
	CHECK(total == 8 && seen);
	CHECK(singlet_type_delete(s, type) == 0);
	CHECK(singlet_type_delete(s, type) == -ENOENT);
	CHECK(singlet_type_delete(s, SINGLET_TYPE_STR) == -EPERM);
}

static void test_plain(struct singlet *s)
{
	struct singlet_alloc_item allocs[2] = { 0 };
	struct singlet_write_item writes[2] = { 0 };
	struct singlet_seal_item seals[2] = { 0 };
	struct singlet_list_entry entries[4];
	uint64_t id, cursor = 0;
	uint32_t type;
	char buf[4];
	int i, listed = 0;
	ssize_t n;

	CHECK(singlet_type_create(s, "page", SINGLET_KIND_PLAIN, 0, 8, &type) == 0);
	CHECK(singlet_object_alloc(s, type, 9, &id) == -EMSGSIZE);
	CHECK(singlet_object_alloc(s, type, 4, &id) == 0);
	CHECK(singlet_object_read(s, id, buf, 4, 0, NULL) == 4);
	CHECK(!memcmp(buf, "\0\0\0\0", 4));
	CHECK(singlet_object_write(s, id, "ab", 2, 1) == 0);
	CHECK(singlet_object_write(s, id, "ab", 2, 3) == -EINVAL);
	CHECK(singlet_object_seal(s, id) == 0);
	CHECK(singlet_object_seal(s, id) == 0);
	CHECK(singlet_object_write(s, id, "x", 1, 0) == -EPERM);
	CHECK(singlet_object_read(s, id, buf, 4, 0, NULL) == 4);
	CHECK(!memcmp(buf, "\0ab\0", 4));
	for (i = 0; i < 2; i++)
		allocs[i] = (struct singlet_alloc_item){ .type = type, .len = 2 };
	CHECK(singlet_batch_alloc(s, allocs, 2) == 2);
	for (i = 0; i < 2; i++) {
		CHECK(!allocs[i].result);
		writes[i] = (struct singlet_write_item){
			.id = allocs[i].id, .data = (uintptr_t)"hi", .len = 2,
		};
		seals[i] = (struct singlet_seal_item){ .id = allocs[i].id };
	}
	CHECK(singlet_batch_write(s, writes, 2) == 2 && !writes[1].result);
	CHECK(singlet_batch_seal(s, seals, 2) == 2 && !seals[1].result);
	do {
		n = singlet_object_list(s, type, entries, 2, &cursor);
		CHECK(n >= 0);
		listed += n;
	} while (n >= 0 && cursor);
	CHECK(listed == 3);
	CHECK(singlet_object_release(s, id, 1) == 0);
	CHECK(singlet_object_release(s, allocs[0].id, 1) == 0);
	CHECK(singlet_object_release(s, allocs[1].id, 1) == 0);
	CHECK(singlet_object_read(s, id, buf, 4, 0, NULL) == -ENOENT);
	CHECK(singlet_type_delete(s, type) == 0);
}

static void test_fork(struct singlet *s)
{
	uint64_t id;
	pid_t child;
	int status = -1;

	CHECK(singlet_str_intern(s, "forked", &id) == 1);
	child = fork();
	if (!child)
		_exit(singlet_object_acquire(s, id, 1) ||
		      singlet_object_release(s, id, 2));
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	/* One session: what the child gave back is gone here too. */
	CHECK(held(s, id) == 0);
}

int main(void)
{
	struct singlet_collect collected;
	struct singlet_stats stats;
	struct singlet *s;
	int err = singlet_open(&s, 0);

	if (err) {
		printf("cannot open: %s\n", singlet_error_text(err));
		return 1;
	}
	prepare();
	test_sessions(s);
	test_batches(s);
	test_short_batch(s);
	test_single_objects(s);
	test_values(s);
	test_types(s);
	test_plain(s);
	test_fork(s);
	singlet_close(s);

	if (singlet_open(&s, 0))
		return 1;
	CHECK(singlet_domain_collect(s, NULL) == 0);
	CHECK(singlet_domain_collect(s, &collected) == 0);
	CHECK(collected.objects == 0);
	CHECK(singlet_domain_stats(s, &stats) == 0);
	CHECK(stats.live == 0 && stats.idle == 0);
	CHECK(strlen(singlet_error_text(ENOENT)) > 5);
	CHECK(singlet_error_text(-EILSEQ) == singlet_error_text(EILSEQ));
	singlet_close(s);
	if (!failures)
		puts("all is well");
	return failures > 0;
}
