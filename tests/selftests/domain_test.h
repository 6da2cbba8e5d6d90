/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of domains, quotas, pins and leaks share.  As in
 * singlet_test.h, calls that stand for a command return 0 or a negative errno.
 */
#ifndef DOMAIN_TEST_H
#define DOMAIN_TEST_H

#include "singlet_test.h"

#define SD_READ		SINGLET_ACCESS_READ
#define SD_WRITE	SINGLET_ACCESS_WRITE
#define SD_ALL		(SD_READ | SD_WRITE)

/* ---- commands ---- */

/* *@fd gets the new session, or -1. */
int sd_create(int session, const char *name, __u32 mode, __u32 flags, int *fd);
int sd_join(int session, const char *name, __u32 access, int *fd);
int sd_delete(int session, const char *name, __u32 flags);
/* @name NULL: the session's own domain. */
int sd_query(int session, const char *name, struct singlet_domain_info *info);
int sd_set(int session, const char *name, struct singlet_domain_set set);
int sd_set_limit(int session, const char *name, unsigned int quota,
		 __u64 limit);
/* All that @session may know of, @room at a time; at most @max of them. */
unsigned int sd_list(int session, unsigned int room,
		     struct singlet_domain_info *infos, unsigned int max);
bool sd_listed(int session, const char *name);

int sd_pin(int session, __u64 id, __u32 count);
int sd_unpin(int session, __u64 id, __u32 count);
/* Of session number @of (0: all), @room at a time; a negative errno. */
int sd_leaks(int session, __u32 of, unsigned int room,
	     struct singlet_leak *leaks, unsigned int max);

/* These end the test on failure. */
int sd_must_create(int session, const char *name, __u32 mode, __u32 flags);
int sd_must_join(int session, const char *name, __u32 access);
struct singlet_domain_info sd_info(int session);
__u32 sd_session_number(int session);

/*
 * The domain's numbers in both forms and of one instant: read again, for some
 * seconds, while they differ because the kernel is still trimming.
 */
struct singlet_domain_info sd_info_at_rest(int session,
					   struct singlet_stats *stats);

/* Collects, then expects that neither domain nor owner use any of a quota. */
void sd_expect_unused(const char *file, int line, int session);
#define EXPECT_UNUSED(session)	sd_expect_unused(__FILE__, __LINE__, session)

/* ---- users ---- */

/*
 * Become a user whose group is @gid, and who is in the node's group and
 * @extra (0: none) besides.
 */
void sd_be(uid_t uid, gid_t gid, gid_t extra);

/* Runs @run(@context) in a process of that user and waits for it. */
void sd_as(uid_t uid, gid_t gid, gid_t extra, void (*run)(void *context),
	   void *context);

/* ---- everything else ---- */

/* @base with something that no other test's process has; never freed. */
const char *sd_name(const char *base);

/* A parameter of the module, which only root can change. */
__u64 sd_parameter(const char *name);
void sd_set_parameter(const char *name, __u64 value);

unsigned int sd_open_fds(void);

/* Values that differ with @n are interned; the first error, or 0. */
int sd_fill(int session, __u32 from, __u32 count, size_t len, __u64 *ids);
void sd_release_all(int session, const __u64 *ids, __u32 count);

/* A number in a file like /proc/meminfo, of the line that starts with @key. */
__u64 sd_number_in(const char *path, const char *key);

/*
 * Makes the kernel give back what was freed and is kept for a while: what waits
 * in kvfree_rcu(), slabs without objects, KASAN's quarantine, files' pages.
 * For root, who alone can ask for that.
 */
void sd_flush_freed(void);

/* Bytes of the kernel's memory, as @bytes(@context) finds them after that. */
__u64 sd_memory(__u64 (*bytes)(const void *context), const void *context);

#endif /* DOMAIN_TEST_H */
