/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by all suites. */
#ifndef SINGLET_KUNIT_SUITES_H
#define SINGLET_KUNIT_SUITES_H

#include <kunit/test.h>
#include <linux/completion.h>

#include "magazine.h"
#include "object.h"
#include "reclaim.h"
#include "intern.h"
#include "store.h"
#include "world.h"

/* @n of a full-size test, fewer where the kernel checks everything. */
unsigned int suite_scaled(unsigned int n);

/* A store for the length of a test; a suite's init and exit. */
int suite_store_init(struct kunit *test);
void suite_store_exit(struct kunit *test);

/* Numbers of a store. */
struct singlet_stats suite_stats(struct singlet_store *store);

/* Is all as it should be, once what was left to workers is done? */
bool suite_is_valid(struct singlet_store *store);

/* Collect, and expect that nothing but what the table keeps is left. */
void suite_expect_empty(struct kunit *test, struct singlet_store *store);

/* The object of a value, with a reference; fails the test if it cannot. */
struct singlet_object *suite_str(struct kunit *test,
				 struct singlet_store *store, const char *text);
struct singlet_object *suite_intern(struct kunit *test,
				    struct singlet_store *store, u32 type,
				    const void *data, u32 len);

/* A reference by id, or an ERR_PTR; as singlet_store_get(). */
struct singlet_object *suite_get(struct singlet_store *store, u64 id);

/* The number of a new type of that name; fails the test if it cannot. */
u32 suite_type(struct kunit *test, struct singlet_store *store,
	       const char *name, u32 kind);

/*
 * A pool without a store, for the length of a test; a suite's init and exit.
 * test->priv is the struct suite_pool.
 */
struct suite_pool {
	struct singlet_pool pool;
	struct singlet_counters counters;
	struct completion gone;
};

int suite_pool_init(struct kunit *test);
void suite_pool_exit(struct kunit *test);

/* A slot that is described and filled; and its end. */
struct singlet_object *suite_slot(struct kunit *test, u32 len);
void suite_slot_free(struct singlet_object *obj);

long suite_pool_stat(struct kunit *test, enum singlet_stat item);

/*
 * Run @fn in @nr threads with a @ctx each, for @ms milliseconds.  Each calls
 * kthread_should_stop() often and returns when that is true.
 */
typedef int (*suite_thread_t)(void *ctx);

void suite_run(struct kunit *test, const suite_thread_t *fn, void *const *ctx,
	       unsigned int nr, unsigned int ms);

extern struct kunit_suite size_suite, slab_suite, slab_dir_suite, table_suite,
	object_suite, type_suite, store_suite, plain_suite, reclaim_suite,
	refs_suite, session_suite, failure_suite, race_suite;

#endif
