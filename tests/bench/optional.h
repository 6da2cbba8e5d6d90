/* SPDX-License-Identifier: GPL-2.0 */
/*
 * optional - symbols that the running kernel has or not
 *
 * They are weak: the benchmark loads without them and finds them null; it uses
 * them if they are in the kernel or in a module that was loaded before.
 */
#ifndef SINGLET_BENCH_OPTIONAL_H
#define SINGLET_BENCH_OPTIONAL_H

#include <linux/fs.h>
#include <linux/ceph/string_table.h>
#include <linux/mbcache.h>

extern typeof(ceph_find_or_create_string) ceph_find_or_create_string __weak;
extern typeof(ceph_release_string) ceph_release_string __weak;

extern typeof(mb_cache_create) mb_cache_create __weak;
extern typeof(mb_cache_destroy) mb_cache_destroy __weak;
extern typeof(mb_cache_entry_create) mb_cache_entry_create __weak;
extern typeof(mb_cache_entry_get) mb_cache_entry_get __weak;
extern typeof(mb_cache_entry_delete_or_get) mb_cache_entry_delete_or_get __weak;
extern typeof(__mb_cache_entry_free) __mb_cache_entry_free __weak;

/* Not in every kernel's headers, and exported by some of those. */
void kvfree_rcu_barrier(void);
extern typeof(kvfree_rcu_barrier) kvfree_rcu_barrier __weak;

#endif
