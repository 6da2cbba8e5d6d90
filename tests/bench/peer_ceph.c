// SPDX-License-Identifier: GPL-2.0
/* The peer: ceph's table of strings, a tree under one lock. */
#include "cache.h"
#include "optional.h"

static int ceph_open(bool text)
{
	return ceph_find_or_create_string && ceph_release_string ?
	       0 : -EOPNOTSUPP;
}

static void ceph_close(void)
{
}

static __always_inline void *ceph_intern(const struct bench_key *key)
{
	return ceph_find_or_create_string(key->data, key->len);
}

static __always_inline void ceph_put(void *obj)
{
	ceph_put_string(obj);
}

static __always_inline void ceph_end(void *obj)
{
	ceph_put(obj);
}

static void ceph_reclaim(unsigned int nr)
{
}

DEFINE_BENCH_CACHE(ceph, .name = "ceph",
		   .missing = "no libceph (CEPH_LIB) in the kernel or loaded");
