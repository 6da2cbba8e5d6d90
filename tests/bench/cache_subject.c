// SPDX-License-Identifier: GPL-2.0
/* singlet as a cache beside its peers */
#include "cache.h"
#include "subject.h"

static struct singlet_store *store;
static struct singlet_type *type;

static int ours_open(bool text)
{
	store = subject_create();
	if (IS_ERR(store))
		return PTR_ERR(store);
	type = subject_type(store, text ? SINGLET_TYPE_STR : SINGLET_TYPE_BYTES);
	return 0;
}

static void ours_close(void)
{
	subject_destroy(store);
}

static __always_inline void *ours_intern(const struct bench_key *key)
{
	return subject_intern(type, key->data, key->len);
}

static __always_inline void ours_put(void *obj)
{
	subject_put(obj);
}

static __always_inline void ours_end(void *obj)
{
	subject_put(obj);
}

static void ours_reclaim(unsigned int nr)
{
	subject_reclaim(store, nr);
}

DEFINE_BENCH_CACHE(ours, .name = "singlet");
