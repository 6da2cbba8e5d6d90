// SPDX-License-Identifier: GPL-2.0
/*
 * Uses what libsinglet has for tuples, pins, named domains and leaks.  Prints
 * what is wrong; exit status 0: all is well.  Run by library.test.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"

static void test_tuples(struct singlet *s)
{
	uint64_t parts[3], back[3], tuple, again, *copy = NULL;
	struct singlet_type_info info;
	uint32_t total = 0, type;
	size_t count = 0;

	CHECK(singlet_str_intern(s, "part", &parts[0]) == 1);
	CHECK(singlet_int_intern(s, 1, &parts[1]) == 0);
	parts[2] = parts[0];
	CHECK(singlet_tuple_lookup(s, SINGLET_TYPE_TUPLE, parts, 3, &tuple) == -ENOENT);
	CHECK(singlet_tuple_intern(s, SINGLET_TYPE_TUPLE, parts, 3, &tuple) == 1);
	CHECK(singlet_tuple_intern(s, SINGLET_TYPE_TUPLE, parts, 3, &again) == 0);
	CHECK(tuple == again);
	CHECK(singlet_tuple_lookup(s, SINGLET_TYPE_TUPLE, parts, 3, &again) == 0);
	CHECK(tuple == again && held(s, tuple) == 3);
	CHECK(singlet_tuple_read(s, tuple, back, 3, 0, &total) == 3);
	CHECK(total == 3 && !memcmp(parts, back, sizeof(parts)));
	CHECK(singlet_tuple_read(s, tuple, back, 3, 2, NULL) == 1);
	CHECK(back[0] == parts[2]);
	CHECK(singlet_tuple_read(s, tuple, back, 3, 3, NULL) == 0);
	CHECK(singlet_tuple_read(s, tuple, back, 3, 4, NULL) == -EINVAL);
	CHECK(singlet_tuple_read(s, tuple, back, 3, 1U << 30, NULL) == -EINVAL);
	CHECK(singlet_tuple_dup(s, tuple, &copy, &count) == 0 && count == 3);
	CHECK(copy && !memcmp(parts, copy, sizeof(parts)));
	free(copy);
	/* "part" has 4 bytes, no whole number of ids. */
	CHECK(singlet_tuple_read(s, parts[0], back, 3, 0, NULL) == -EINVAL);
	CHECK(singlet_tuple_dup(s, parts[0], &copy, &count) == -EINVAL);
	CHECK(singlet_tuple_intern(s, SINGLET_TYPE_TUPLE, NULL, 0, &again) == 1);
	CHECK(singlet_tuple_dup(s, again, &copy, &count) == 0 && count == 0);
	free(copy);
	parts[1] = 12345;
	CHECK(singlet_tuple_intern(s, SINGLET_TYPE_TUPLE, parts, 3, &again) == -ENOENT);
	CHECK(singlet_tuple_intern(s, SINGLET_TYPE_TUPLE, parts, 1UL << 29, &again) == -EMSGSIZE);
	CHECK(singlet_tuple_lookup(s, SINGLET_TYPE_TUPLE, parts, 1UL << 29, &again) == -EMSGSIZE);

	CHECK(singlet_type_create_container(s, "pair", 16, &type) == 0);
	CHECK(singlet_type_get(s, type, &info) == 0);
	CHECK(info.flags == SINGLET_TYPE_CONTAINER && info.value_max == 16);
	parts[1] = tuple;
	CHECK(singlet_tuple_intern(s, type, parts, 3, &again) == -EMSGSIZE);
	CHECK(singlet_tuple_intern(s, type, parts, 2, &again) == 1);
	CHECK(singlet_object_release(s, again, 1) == 0);
	CHECK(singlet_type_delete(s, type) == 0);
}

static uint32_t pins(struct singlet *s, uint64_t id)
{
	struct singlet_query_item item = { 0 };

	CHECK(singlet_object_query(s, id, &item) == 0);
	return item.pins;
}

static void test_pins(struct singlet *s)
{
	struct singlet_ref_item items[2] = { 0 };
	uint64_t id;

	CHECK(singlet_str_intern(s, "pinned", &id) == 1);
	CHECK(singlet_object_unpin(s, id, 1) == -ENOENT);
	CHECK(singlet_object_pin(s, id, 0) == -EINVAL);
	CHECK(singlet_object_pin(s, 12345, 1) == -ENOENT);
	CHECK(singlet_object_pin(s, id, 3) == 0 && pins(s, id) == 3);
	CHECK(singlet_object_unpin(s, id, 4) == -EINVAL);
	CHECK(singlet_object_unpin(s, id, 3) == 0 && pins(s, id) == 0);
	items[0] = (struct singlet_ref_item){ .id = id, .count = 2 };
	items[1] = (struct singlet_ref_item){ .id = 12345, .count = 2 };
	CHECK(singlet_batch_pin(s, items, 2) == 2);
	CHECK(!items[0].result && items[1].result == ENOENT);
	CHECK(pins(s, id) == 2);
	CHECK(singlet_batch_unpin(s, items, 1) == 1 && !items[0].result);
	CHECK(pins(s, id) == 0);
}

static bool listed(struct singlet *s, const char *name)
{
	struct singlet_domain_info info;
	uint64_t cursor = 0;
	bool seen = false;
	ssize_t n;

	/* One by one. */
	do {
		n = singlet_domain_list(s, &info, 1, &cursor);
		CHECK(n >= 0);
		seen |= n > 0 && !strcmp((char *)info.name, name);
	} while (n >= 0 && cursor);
	return seen;
}

static void test_changes(struct singlet *s, const char *name)
{
	struct singlet_domain_set set = {
		.flags = SINGLET_SET_MODE |
			 SINGLET_SET_LIMIT(SINGLET_QUOTA_OBJECTS),
		.mode = 0751,
	};
	struct singlet_domain_info info = { 0 };

	set.limit[SINGLET_QUOTA_OBJECTS] = 9;
	CHECK(singlet_domain_set(s, name, &set) == 0);
	CHECK(singlet_domain_query(s, name, &info) == 0);
	CHECK(info.mode == 0751 && info.limit[SINGLET_QUOTA_OBJECTS] == 9);
	set.mode = 01000;
	set.limit[SINGLET_QUOTA_OBJECTS] = 8;
	CHECK(singlet_domain_set(s, name, &set) == -EINVAL);
	CHECK(singlet_domain_query(s, name, &info) == 0);
	CHECK(info.mode == 0751 && info.limit[SINGLET_QUOTA_OBJECTS] == 9);
	set = (struct singlet_domain_set){ .flags = SINGLET_SET_MODE };
	CHECK(singlet_domain_set(s, NULL, &set) == -EINVAL);
	CHECK(singlet_domain_query(s, NULL, &info) == 0);
	CHECK(!*info.name && info.mode == 0700);
}

static void test_domains(struct singlet *s)
{
	const uint32_t both = SINGLET_ACCESS_READ | SINGLET_ACCESS_WRITE;
	struct singlet *made = NULL, *joined = NULL, *none = NULL;
	struct singlet_info info = { 0 };
	uint64_t id, again;

	CHECK(singlet_domain_join(s, "library", both, &none) == -ENOENT);
	CHECK(singlet_domain_create(s, "", 0700, 0, &none) == -EINVAL);
	CHECK(singlet_domain_create(s, "library", 01000, 0, &none) == -EINVAL);
	CHECK(!none);
	CHECK(singlet_domain_create(s, "library", 0700, 0, &made) == 0);
	CHECK(singlet_domain_create(s, "library", 0700, 0, &none) == -EEXIST);
	CHECK(singlet_domain_join(s, "library", 0, &none) == -EINVAL);
	CHECK(singlet_domain_join(s, "library", SINGLET_ACCESS_READ, &joined) == 0);
	CHECK(!none && made && joined);
	if (!made || !joined)
		return;
	CHECK(fcntl(singlet_fd(made), F_GETFD) == FD_CLOEXEC);
	CHECK(fcntl(singlet_fd(joined), F_GETFD) == FD_CLOEXEC);
	CHECK(singlet_kernel_info(made, &info) == 0 && info.access == both);
	CHECK(singlet_kernel_info(joined, &info) == 0);
	CHECK(info.access == SINGLET_ACCESS_READ);
	CHECK(singlet_str_intern(made, "apart", &id) == 1);
	CHECK(singlet_str_intern(joined, "apart", &again) == -EACCES);
	CHECK(singlet_object_lookup(joined, SINGLET_TYPE_STR, "apart", 5, &again) == 0);
	CHECK(id == again);
	CHECK(singlet_object_lookup(s, SINGLET_TYPE_STR, "apart", 5, &again) == -ENOENT);
	CHECK(listed(s, "library"));
	test_changes(s, "library");
	CHECK(singlet_domain_delete(s, "library", 0) == -EBUSY);
	CHECK(singlet_domain_delete(s, "library", SINGLET_DELETE_DEFERRED) == 0);
	CHECK(!listed(s, "library"));
	CHECK(singlet_domain_delete(s, "library", 0) == -ENOENT);
	CHECK(singlet_str_intern(made, "new", &id) == -ESTALE);
	singlet_close(joined);
	singlet_close(made);
}

static void test_leaks(struct singlet *s)
{
	struct singlet_leak leaks[2];
	struct singlet_info info;
	uint64_t id[3], cursor = 0;
	uint32_t type;
	ssize_t n;
	int i, found = 0;

	CHECK(singlet_kernel_info(s, &info) == 0);
	CHECK(singlet_type_create(s, "leak", SINGLET_KIND_PLAIN, 0, 8, &type) == 0);
	for (i = 0; i < 3; i++)
		CHECK(singlet_object_alloc(s, type, i, &id[i]) == 0);
	do {
		n = singlet_domain_leaks(s, info.session, leaks, 2, &cursor);
		CHECK(n >= 0);
		for (i = 0; i < n; i++) {
			CHECK(leaks[i].type == type && leaks[i].len < 3);
			CHECK(leaks[i].session == info.session);
			CHECK((pid_t)leaks[i].pid == getpid());
			CHECK(leaks[i].age < 600000);
			found++;
		}
	} while (n >= 0 && cursor);
	CHECK(found == 3);
	cursor = 0;
	CHECK(singlet_domain_leaks(s, 1000000, leaks, 2, &cursor) == -ENOENT);
	for (i = 0; i < 3; i++)
		CHECK(singlet_object_release(s, id[i], 1) == 0);
	CHECK(singlet_domain_leaks(s, info.session, leaks, 2, &cursor) == 0);
	CHECK(singlet_type_delete(s, type) == 0);
}

int main(void)
{
	struct singlet *s;
	int err = singlet_open(&s, 0);

	if (err) {
		printf("cannot open: %s\n", singlet_error_text(err));
		return 1;
	}
	test_tuples(s);
	test_pins(s);
	test_domains(s);
	test_leaks(s);
	singlet_close(s);
	if (!failures)
		puts("all is well");
	return failures > 0;
}
