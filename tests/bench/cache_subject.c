// SPDX-License-Identifier: GPL-2.0
/* singlet as a cache beside its peers */
#include "cache.h"
#include "subject.h"

#include <linux/minmax.h>

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

#define MANY	16	/* in a call */

static int ours_many(struct bench_worker *w, unsigned int nr)
{
	struct singlet_object *obj[MANY];
	struct singlet_value value[MANY];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct bench_key *key = &w->c->keys[bench_next(w)];

		value[i] = (struct singlet_value){ key->data, key->len };
	}
	if (subject_intern_many(type, value, obj, nr) != nr)
		return -ENOMEM;
	subject_put_many(obj, nr);
	return 0;
}

static int ours_many_batch(struct bench_worker *w)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < w->c->ops && !err; i += MANY)
		err = ours_many(w, min_t(unsigned int, MANY, w->c->ops - i));
	return err;
}

static int ours_many_single(struct bench_worker *w)
{
	return ours_many(w, 1);
}

DEFINE_BENCH_CACHE(ours, .name = "singlet", .hit_many = {
	.name = "singlet-16",
	.batch = ours_many_batch,
	.single = ours_many_single,
});
