/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small test harness.
 *
 * A program is a list of tests.  Each test runs in a forked child that leads
 * a process group of its own, with a timeout; so a crash, a hang or a
 * forgotten grandchild costs one test.  Output is TAP.
 *
 * EXPECT_* records a failure and goes on; ASSERT_* ends the process that it
 * is in.  Both work in grandchildren and threads as well: failures are
 * counted in shared memory.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HARNESS_TIMEOUT		120	/* seconds, if the test says nothing */
#define HARNESS_REPORTS		20	/* failures printed for each test */

struct harness_test {
	const char *name;
	void (*run)(void *self);
	void (*setup)(void *self);
	void (*teardown)(void *self);
	unsigned int timeout;
	struct harness_test *next;
};

void harness_register(struct harness_test *test);
void harness_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void harness_skip(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));
void harness_note(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
unsigned int harness_failures(void);

/* Ends the calling process; the test is failed already. */
void harness_stop(void) __attribute__((noreturn));

#define HARNESS_ADD(test_name, function, set_up, tear_down, seconds)	\
	static void __attribute__((constructor)) register_##test_name(void) \
	{								\
		static struct harness_test test = {			\
			.name = #test_name,				\
			.run = function,				\
			.setup = set_up,				\
			.teardown = tear_down,				\
			.timeout = seconds,				\
		};							\
									\
		harness_register(&test);				\
	}

/* A test without a fixture: TEST(name) { ... } */
#define TEST_TIMEOUT(test_name, seconds)				\
	static void test_##test_name(void *self);			\
	HARNESS_ADD(test_name, test_##test_name, NULL, NULL, seconds)	\
	static void test_##test_name(void *self __attribute__((unused)))
#define TEST(test_name)		TEST_TIMEOUT(test_name, HARNESS_TIMEOUT)

/*
 * A fixture is a structure, FIXTURE(f) { members }; with SETUP(f) { ... } and
 * TEARDOWN(f) { ... }, in which, as in its tests, @self points to it.
 */
#define FIXTURE(f)		struct fixture_##f
#define HARNESS_STEP(f, step)						\
	static void in_##step(struct fixture_##f *self);		\
	static void step(void *unused)					\
	{								\
		(void)unused;						\
		in_##step(&fixture_instance_##f);			\
	}
#define HARNESS_BODY(f, step)						\
	static void in_##step(struct fixture_##f *self __attribute__((unused)))
#define SETUP(f)							\
	static struct fixture_##f fixture_instance_##f;			\
	HARNESS_STEP(f, setup_##f)					\
	HARNESS_BODY(f, setup_##f)
#define TEARDOWN(f)							\
	HARNESS_STEP(f, teardown_##f)					\
	HARNESS_BODY(f, teardown_##f)
#define TEST_F_TIMEOUT(f, test_name, seconds)				\
	HARNESS_STEP(f, test_##test_name)				\
	HARNESS_ADD(test_name, test_##test_name, setup_##f,		\
		    teardown_##f, seconds)				\
	HARNESS_BODY(f, test_##test_name)
#define TEST_F(f, test_name)	TEST_F_TIMEOUT(f, test_name, HARNESS_TIMEOUT)

#define HARNESS_COMPARE(a, op, b, stop)	do {				\
	__auto_type a_ = (a);						\
	__auto_type b_ = (b);						\
									\
	if (!(a_ op b_)) {						\
		harness_fail(__FILE__, __LINE__,			\
			     "%s %s %s: %lld (%#llx) and %lld (%#llx)",	\
			     #a, #op, #b,				\
			     (long long)a_, (unsigned long long)a_,	\
			     (long long)b_, (unsigned long long)b_);	\
		if (stop)						\
			harness_stop();					\
	}								\
} while (0)

#define HARNESS_TRUE(condition, stop)	do {				\
	if (!(condition)) {						\
		harness_fail(__FILE__, __LINE__, "%s", #condition);	\
		if (stop)						\
			harness_stop();					\
	}								\
} while (0)

#define EXPECT_EQ(a, b)		HARNESS_COMPARE(a, ==, b, 0)
#define EXPECT_NE(a, b)		HARNESS_COMPARE(a, !=, b, 0)
#define EXPECT_LE(a, b)		HARNESS_COMPARE(a, <=, b, 0)
#define EXPECT_LT(a, b)		HARNESS_COMPARE(a, <, b, 0)
#define EXPECT_GE(a, b)		HARNESS_COMPARE(a, >=, b, 0)
#define EXPECT_GT(a, b)		HARNESS_COMPARE(a, >, b, 0)
#define EXPECT_TRUE(a)		HARNESS_TRUE(a, 0)
#define EXPECT_FALSE(a)		HARNESS_TRUE(!(a), 0)
#define ASSERT_EQ(a, b)		HARNESS_COMPARE(a, ==, b, 1)
#define ASSERT_NE(a, b)		HARNESS_COMPARE(a, !=, b, 1)
#define ASSERT_LE(a, b)		HARNESS_COMPARE(a, <=, b, 1)
#define ASSERT_GE(a, b)		HARNESS_COMPARE(a, >=, b, 1)
#define ASSERT_GT(a, b)		HARNESS_COMPARE(a, >, b, 1)
#define ASSERT_TRUE(a)		HARNESS_TRUE(a, 1)

#endif /* HARNESS_H */
