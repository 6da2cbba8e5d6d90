/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of /dev/singlet share: raw ioctls behind one-line calls, a
 * domain of one's own, random values, helpers for processes.
 *
 * Calls named st_* that stand for a command return 0 or a negative errno: the
 * ioctl's own, or else the item's.  Outputs are poisoned before each call.
 */
#ifndef SINGLET_TEST_H
#define SINGLET_TEST_H

#include <sys/types.h>

#include <linux/singlet.h>

#include "harness.h"

#define ST_POISON8	0xa5
#define ST_POISON32	0xa5a5a5a5U
#define ST_POISON64	0xa5a5a5a5a5a5a5a5ULL
/* Types that every domain has. */
#define ST_PREDEFINED	((__u64)SINGLET_TYPE_TUPLE)

#define ST_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- sessions and domains ---- */

/*
 * Gives the calling process a user of its own, and so a domain in which
 * nothing is.  Both change to the node's group as well, so that it can be opened.
 */
void st_fresh_user(void);
void st_become(uid_t uid);

int st_open(void);		/* a session; ends the test when impossible */
int st_open_fresh(void);	/* the same in a fresh user's domain */

/* ---- commands ---- */

int st_ioctl(int fd, unsigned long command, const void *argument);

/*
 * A batch command on @items (@item_size bytes each): 0 or a negative errno;
 * *@done gets what came out, poison if nothing did.
 */
int st_batch_done(int fd, unsigned long command, const void *items,
		  unsigned int count, size_t item_size, unsigned int *done);
/* The same, expecting every item to be dealt with; ends the test if not. */
void st_batch_all(int fd, unsigned long command, const void *items,
		  unsigned int count, size_t item_size);
#define ST_BATCH(fd, command, items, count)				\
	st_batch_all(fd, command, items, count, sizeof((items)[0]))

int st_intern(int fd, __u32 type, const void *data, size_t len, __u64 *id);
int st_intern_created(int fd, __u32 type, const void *data, size_t len,
		      __u64 *id, __u32 *created);
int st_lookup(int fd, __u32 type, const void *data, size_t len, __u64 *id);
int st_acquire(int fd, __u64 id, __u32 count);
int st_release(int fd, __u64 id, __u32 count);
int st_read(int fd, __u64 id, void *data, __u32 len, __u32 offset,
	    __u32 *copied, __u32 *total);
int st_query(int fd, __u64 id, struct singlet_query_item *item);
int st_alloc(int fd, __u32 type, __u32 len, __u64 *id);
int st_write(int fd, __u64 id, const void *data, __u32 len, __u32 offset);
int st_seal(int fd, __u64 id);
int st_type_create(int fd, const char *name, __u32 kind, __u32 value_size,
		   __u32 value_max, __u32 *type);
int st_type_delete(int fd, __u32 type);
int st_type_query(int fd, __u32 type, struct singlet_type_info *info);
int st_type_find(int fd, const char *name, struct singlet_type_info *info);

/* These end the test on failure. */
struct singlet_stats st_stats(int fd);
struct singlet_collect st_collect(int fd);
__u64 st_must_intern(int fd, __u32 type, const void *data, size_t len);
__u64 st_must_str(int fd, const char *text);
__u64 st_must_int(int fd, __s64 value);

/* True when the object's value is exactly @len bytes at @data. */
bool st_has_value(int fd, __u64 id, const void *data, size_t len);

/* ---- statistics ---- */

/* Every number, in the structure's order. */
extern const char *const st_stats_names[];
extern const unsigned int st_stats_count;
__u64 st_stats_value(const struct singlet_stats *stats, unsigned int index);

/* Fails the test with each number that differs, but for those in @except. */
void st_expect_same(const char *file, int line,
		    const struct singlet_stats *before,
		    const struct singlet_stats *after, const char *except);
#define EXPECT_SAME(before, after, except)				\
	st_expect_same(__FILE__, __LINE__, before, after, except)

/* Fails the test unless the equations between the numbers hold. */
void st_expect_sound(const char *file, int line,
		     const struct singlet_stats *stats);
#define EXPECT_SOUND(stats)	st_expect_sound(__FILE__, __LINE__, stats)

/* Collects, then expects that nothing but the immortals is left. */
void st_expect_empty(const char *file, int line, int fd);
#define EXPECT_EMPTY(fd)	st_expect_empty(__FILE__, __LINE__, fd)

/*
 * Waits (seconds) until a number of the domain is @value; the last one seen.
 * For what the kernel does a little later than the call that causes it.
 */
__u64 st_wait_stat(int fd, size_t offset, __u64 value, unsigned int seconds);
#define ST_WAIT(fd, member, value, seconds)				\
	st_wait_stat(fd, offsetof(struct singlet_stats, member), value, seconds)
__u64 st_wait_references(int fd, __u64 references, unsigned int seconds);

/* ---- everything else ---- */

/* @number times the environment's SINGLET_SCALE, at least 1. */
unsigned int st_scale(unsigned int number);

/* A seed: the environment's SINGLET_SEED or a new one, printed. */
__u64 st_seed(void);
__u64 st_random(__u64 *state);
/* Bytes that are a function of @seed alone; as text they are ASCII. */
void st_fill(void *data, size_t len, __u64 seed);
void st_fill_text(void *data, size_t len, __u64 seed);

double st_now(void);
void st_sleep_us(unsigned int microseconds);

/* The calling thread, and what it forks from then on. */
void st_stay_on_one_cpu(void);

/* Runs a child; it must end by itself, st_join() expects status 0. */
pid_t st_fork(void);
void st_join(pid_t child);

/* Sends and receives a descriptor over a Unix socket. */
void st_send_fd(int socket, int fd);
int st_receive_fd(int socket);

/* One page that cannot be reached follows @pages that can. */
void *st_map_with_hole(unsigned int pages);
size_t st_page_size(void);

#endif /* SINGLET_TEST_H */
