/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by all suites. */
#ifndef SINGLET_KUNIT_SUITES_H
#define SINGLET_KUNIT_SUITES_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/shrinker.h>
#include <linux/singlet.h>
#include <linux/wait.h>

#include "magazine.h"
#include "object.h"
#include "reclaim.h"
#include "inspect.h"
#include "intern.h"
#include "pins.h"
#include "plain.h"
#include "session.h"
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

/* Several together, each as by itself. */
void suite_intern_many(struct singlet_store *store, struct singlet_wish *wish,
		       unsigned int nr, bool create);

/* Two values of type bytes, in one bucket of a small table and under one tag. */
void suite_alike(struct kunit *test, struct singlet_store *store, u32 value[2]);

/* A reference by id, or an ERR_PTR; as singlet_store_get(). */
struct singlet_object *suite_get(struct singlet_store *store, u64 id);

/* The number of a new type of that name; fails the test if it cannot. */
u32 suite_type(struct kunit *test, struct singlet_store *store,
	       const char *name, u32 kind);

/* The pool of the store in test->priv, and one of its numbers. */
struct singlet_pool *suite_pool(struct kunit *test);
long suite_pool_stat(struct kunit *test, enum singlet_stat item);

/* A slot that is described and filled; and its end. */
struct singlet_object *suite_slot(struct kunit *test, u32 len);
void suite_slot_free(struct singlet_object *obj);

/*
 * A module's domain for the length of a test, in test->priv, and the end of all
 * domains; a suite's init and exit.
 */
int suite_api_init(struct kunit *test);
void suite_api_exit(struct kunit *test);

/* Domains on the machine. */
unsigned int suite_domains(void);

/* A type in that domain, and one of values; fails the test if it cannot. */
struct singlet_type *suite_api_type(struct kunit *test,
				    const struct singlet_type_params *params);
struct singlet_type *suite_api_values(struct kunit *test, const char *name);

/* The object of a value, with a reference; fails the test if it cannot. */
struct singlet_object *suite_api_intern(struct kunit *test,
					struct singlet_type *type,
					const char *text);

/* The domain has so many objects that are held, and idle ones. */
void suite_api_expect(struct kunit *test, u64 live, u64 idle);

/* None is held, and with the idle ones all memory comes back. */
void suite_api_expect_empty(struct kunit *test);

/* singlet_tryget() on what may be gone. */
bool suite_api_tryget(struct singlet_object *obj, u64 id);

/* What threads make sure of: @line is of the first that was not so, or 0. */
static inline void suite_check(int *line, bool ok, int at)
{
	if (!ok && !*line)
		*line = at;
}

/* Of a type of plain objects whose beginnings and ends are counted. */
extern const struct singlet_type_params suite_api_counted;
unsigned int suite_api_ctors(void);
unsigned int suite_api_dtors(void);
void suite_api_count_anew(void);

/* Of the linker's: see suite_shrink.c. */
void __real_shrinker_register(struct shrinker *s);
void __wrap_shrinker_register(struct shrinker *s);

/* The kernel asks the shrinker; both as of struct shrinker. */
unsigned long suite_shrink_count(void);
unsigned long suite_shrink(unsigned long nr, unsigned long *scanned);

/* Shrink again and again: all that is listed, @rounds times. */
void suite_shrink_rounds(unsigned int rounds);

/* A parameter of the module is @value for the length of a test. */
void suite_param(struct kunit *test, const char *name, unsigned long value);

/* References that a session has reserved and not used. */
static inline s64 suite_ahead(const struct singlet_session *s)
{
	const unsigned int quota = SINGLET_QUOTA_REFERENCES;

	return s->account.reserved[quota] -
	       atomic64_read(&s->account.use[quota]);
}

/* Somebody in the namespace of the machine, for the length of a test. */
struct singlet_caller suite_caller(struct kunit *test, u32 id, bool admin);

/* A session in the private domain of user @id. */
struct singlet_session *suite_open(struct kunit *test, u32 id);

struct singlet_name suite_name(const char *text);

/* A string of a session's; its id.  And its end. */
u64 suite_session_str(struct kunit *test, struct singlet_session *s,
		      const char *text);
void suite_session_put(struct kunit *test, struct singlet_session *s, u64 id);

/* Use of a user, nothing reserved ahead. */
u64 suite_user_use(struct singlet_user *user, unsigned int quota);

#define SUITE_NTH_MAX	200	/* no operation allocates so often */

/* Skips the test where the kernel cannot do that; a suite's init. */
int suite_faults_init(struct kunit *test);

/* The @n-th allocation of this task from here on fails. */
void suite_fail_nth(unsigned int n);

/* Whether one did; none will from here on. */
bool suite_injected(void);

/* At the end of a sweep over @n: did it do anything? */
void suite_expect_faults(struct kunit *test, unsigned int faults,
			 unsigned int n);

/* The other threads of a test, met again and again. */
struct suite_meeting {
	atomic_t here;		/* grows by one as each arrives */
	unsigned int nr;	/* threads that meet */
	wait_queue_head_t wait;
};

void suite_meeting_init(struct suite_meeting *meeting, unsigned int nr);

/* Wait for the others; false: the test is over. */
bool suite_meet(struct suite_meeting *meeting, int *round);

/* At the end of such a thread. */
void suite_wait_for_stop(void);

/*
 * Run @fn in @nr threads with a @ctx each, for @ms milliseconds.  Each calls
 * kthread_should_stop() often and returns when that is true.
 */
typedef int (*suite_thread_t)(void *ctx);

void suite_run(struct kunit *test, const suite_thread_t *fn, void *const *ctx,
	       unsigned int nr, unsigned int ms);

/*
 * The same, and on until @enough says so of the first @ctx: what a test wants to
 * have happened is waited for, not timed.  A minute later it has not.
 */
typedef bool (*suite_enough_t)(void *ctx);

void suite_run_until(struct kunit *test, const suite_thread_t *fn,
		     void *const *ctx, unsigned int nr, unsigned int ms,
		     suite_enough_t enough);

extern struct kunit_suite size_suite, slab_suite, slab_dir_suite, table_suite,
	table_crowd_suite, object_suite, type_suite, store_suite,
	plain_suite, reclaim_suite,
	refs_suite, session_suite, failure_suite, race_suite, idle_suite,
	shrink_suite, quota_suite, container_suite, domain_suite, pins_suite,
	credit_suite, intern_suite, hash_suite, api_suite, api_refs_suite,
	api_plain_suite, api_domain_suite, api_context_suite,
	api_failure_suite, api_race_suite, hot_suite, recent_suite,
	arena_suite, index_suite, borrow_suite;

#endif
