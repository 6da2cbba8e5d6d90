// SPDX-License-Identifier: GPL-2.0
/* cache - caches of immutable values; see cache.h */
#include "cache.h"

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "report.h"

/* The stack depot keeps its memory for ever: last. */
const struct bench_cache *const bench_caches[] = {
	&cache_ours, &cache_rht, &cache_rht_jhash, &cache_ceph,
	&cache_mbcache, &cache_depot,
};

const unsigned int nr_bench_caches = ARRAY_SIZE(bench_caches);

/* Begin to use @cache.  Return: as its open(); what is missing was reported. */
int bench_cache_open(const struct bench_cache *cache, bool text)
{
	int err = cache->open(text);

	if (err == -EOPNOTSUPP)
		bench_remark("%s: not available here: %s", cache->name,
			     cache->missing);
	return err;
}

/* Drop what is held, and let it be freed. */
void bench_depopulate(struct bench_population *p)
{
	unsigned int i;

	for (i = 0; p->obj && i < p->nr; i++) {
		if (p->obj[i])
			p->cache->end(p->obj[i]);
		if (i % 1024 == 0)
			cond_resched();
	}
	if (p->cache)
		p->cache->reclaim(p->nr);
	kvfree(p->obj);
	p->obj = NULL;
	p->nr = 0;
}

/**
 * bench_populate() - hold the first values of a workload
 * @p: to be filled
 * @cache: open
 * @keys: the values
 * @nr: how many of them
 *
 * Return: 0, to be undone by bench_depopulate(); -ENOMEM.
 */
int bench_populate(struct bench_population *p, const struct bench_cache *cache,
		   const struct bench_keys *keys, unsigned int nr)
{
	unsigned int i;

	p->cache = cache;
	p->nr = nr;
	p->obj = kvcalloc(max(nr, 1U), sizeof(*p->obj), GFP_KERNEL);
	if (!p->obj)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		p->obj[i] = cache->intern(&keys->key[i]);
		if (!p->obj[i]) {
			bench_depopulate(p);
			return -ENOMEM;
		}
		if (i % 1024 == 0)
			cond_resched();
	}
	if (cache->settle)
		cache->settle();
	return 0;
}
