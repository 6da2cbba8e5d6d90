/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache - caches of immutable values, which find or create: singlet and peers
 *
 * Each has one instance at a time.  Its functions for the measurements are
 * made from its own intern and put by DEFINE_BENCH_CACHE, so that they are as
 * much inline in the loops as the cache's author intended.
 *
 *   hit    intern of a value that somebody holds, and put
 *   miss   intern of new values, as many as a batch has, then the end of each:
 *          what comes to be free again belongs to it (where a cache frees by
 *          RCU, handing over to RCU).  A single one is the intern alone.
 */
#ifndef SINGLET_BENCH_CACHE_H
#define SINGLET_BENCH_CACHE_H

#include <linux/errno.h>

#include "measure.h"
#include "workload.h"

struct bench_cache {
	const char *name;
	/* Return: 0; -EOPNOTSUPP: not available here, as @missing says. */
	int (*open)(bool text);
	void (*close)(void);
	const char *missing;
	u32 max_len;			/* 0: any */
	void *(*intern)(const struct bench_key *key);
	void (*end)(void *obj);		/* the last put */
	void (*reclaim)(unsigned int nr);	/* of what was put */
	void (*settle)(void);		/* work left over from inserts; or NULL */
	struct bench_side hit, miss;	/* without names */
	struct bench_side hit_many;	/* hits, several in a call; or none */
};

extern const struct bench_cache cache_ours, cache_rht, cache_rht_jhash,
	cache_ceph, cache_mbcache, cache_depot;
extern const struct bench_cache *const bench_caches[];
extern const unsigned int nr_bench_caches;

typedef void *(*bench_intern_fn)(const struct bench_key *key);
typedef void (*bench_put_fn)(void *obj);
typedef void (*bench_reclaim_fn)(unsigned int nr);

static __always_inline int bench_hit(struct bench_worker *w, unsigned int nr,
				     bench_intern_fn intern, bench_put_fn put)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		void *obj = intern(&w->c->keys[bench_next(w)]);

		if (unlikely(!obj))
			return -ENOMEM;
		put(obj);
	}
	return 0;
}

static __always_inline int bench_create(struct bench_worker *w,
					bench_intern_fn intern)
{
	void *obj = intern(&w->c->keys[bench_next(w)]);

	if (unlikely(!obj))
		return -ENOMEM;
	w->held[w->nr_held++] = obj;
	return 0;
}

static __always_inline int bench_end_all(struct bench_worker *w,
					 bench_put_fn end,
					 bench_reclaim_fn reclaim)
{
	unsigned int i, nr = w->nr_held;

	for (i = 0; i < nr; i++)
		end(w->held[i]);
	w->nr_held = 0;
	reclaim(nr);
	return 0;
}

static __always_inline int bench_miss(struct bench_worker *w,
				      bench_intern_fn intern, bench_put_fn end,
				      bench_reclaim_fn reclaim)
{
	unsigned int i;
	int err;

	for (i = 0; i < w->c->ops; i++) {
		err = bench_create(w, intern);
		if (unlikely(err))
			return err;
	}
	return bench_end_all(w, end, reclaim);
}

/*
 * cache_ID from the functions ID_open(), _close(), _intern(), _put(), _end(),
 * _reclaim(); what follows are further members.
 */
#define DEFINE_BENCH_CACHE(id, ...)					\
static int id##_hit_batch(struct bench_worker *w)			\
{									\
	return bench_hit(w, w->c->ops, id##_intern, id##_put);		\
}									\
static int id##_hit_single(struct bench_worker *w)			\
{									\
	return bench_hit(w, 1, id##_intern, id##_put);			\
}									\
static int id##_miss_batch(struct bench_worker *w)			\
{									\
	return bench_miss(w, id##_intern, id##_end, id##_reclaim);	\
}									\
static int id##_miss_single(struct bench_worker *w)			\
{									\
	return bench_create(w, id##_intern);				\
}									\
static int id##_miss_after(struct bench_worker *w)			\
{									\
	return bench_end_all(w, id##_end, id##_reclaim);		\
}									\
const struct bench_cache cache_##id = {					\
	.open = id##_open,						\
	.close = id##_close,						\
	.intern = id##_intern,						\
	.end = id##_end,						\
	.reclaim = id##_reclaim,					\
	.hit = {							\
		.batch = id##_hit_batch,				\
		.single = id##_hit_single,				\
	},								\
	.miss = {							\
		.batch = id##_miss_batch,				\
		.single = id##_miss_single,				\
		.after = id##_miss_after,				\
	},								\
	__VA_ARGS__							\
}

/* Some objects that a test holds all the while. */
struct bench_population {
	const struct bench_cache *cache;
	void **obj;
	unsigned int nr;
};

int bench_cache_open(const struct bench_cache *cache, bool text);
int bench_populate(struct bench_population *p, const struct bench_cache *cache,
		   const struct bench_keys *keys, unsigned int nr);
void bench_depopulate(struct bench_population *p);

#endif
