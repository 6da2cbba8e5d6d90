/* SPDX-License-Identifier: GPL-2.0 */
/*
 * subject - all calls of singlet that are measured, and only they
 *
 * What is called for each operation is inline, as a user of singlet would call
 * it directly.
 */
#ifndef SINGLET_BENCH_SUBJECT_H
#define SINGLET_BENCH_SUBJECT_H

#include <linux/err.h>
#include <linux/singlet.h>

#include "intern.h"
#include "object.h"
#include "reclaim.h"
#include "store.h"

/* What a store takes, by its own counters. */
struct subject_memory {
	u64 stored;		/* bytes of pages with values */
	u64 metadata;		/* bytes of everything else */
	u64 stranded_slots;	/* free, in the magazines of some CPU */
};

int subject_init(void);
void subject_exit(void);

struct singlet_store *subject_create(void);
void subject_destroy(struct singlet_store *store);
struct singlet_type *subject_type(struct singlet_store *store, u32 number);
int subject_add_plain(struct singlet_store *store, u32 size, u32 *type);
int subject_add_value(struct singlet_store *store, unsigned int i);
struct singlet_object *subject_intern_nth(struct singlet_store *store, u64 n);
u64 subject_collect(struct singlet_store *store);
void subject_memory(struct singlet_store *store, struct subject_memory *m);

/* What singlet_intern() is for other modules. */
static __always_inline struct singlet_object *
subject_intern(struct singlet_type *type, const void *data, u32 len)
{
	struct singlet_object *obj;

	obj = singlet_type_intern(type, data, len, true, GFP_KERNEL);
	return IS_ERR(obj) ? NULL : obj;
}

/* Return: how many of @nr were interned. */
static inline unsigned int
subject_intern_many(struct singlet_type *type, const struct singlet_value *value,
		    struct singlet_object **obj, unsigned int nr)
{
	return singlet_type_intern_many(type, value, obj, nr, GFP_KERNEL);
}

static __always_inline struct singlet_object *
subject_alloc(struct singlet_store *store, u32 type, u32 len)
{
	struct singlet_object *obj = singlet_store_alloc(store, type, len,
							 GFP_KERNEL);

	return IS_ERR(obj) ? NULL : obj;
}

/* One more reference for who has one. */
static __always_inline bool subject_get(struct singlet_object *obj)
{
	return singlet_object_tryget(obj) == GOT_LIVE;
}

static __always_inline void subject_put(struct singlet_object *obj)
{
	singlet_store_put(obj);
}

/* What singlet_put_many() is. */
static inline void subject_put_many(struct singlet_object *const *obj,
				    unsigned int nr)
{
	singlet_store_put_many(obj, nr);
}

/* Free @nr objects that nobody holds, or so. */
static inline void subject_reclaim(struct singlet_store *store, unsigned int nr)
{
	singlet_reclaim_some(store, nr, false);
}

/* The same as memory pressure does: not what has a second chance. */
static inline void subject_evict(struct singlet_store *store, unsigned int nr)
{
	singlet_reclaim_some(store, nr, true);
}

static inline bool subject_is_empty(struct singlet_store *store)
{
	return !singlet_store_objects(store);
}

#endif
