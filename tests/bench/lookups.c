// SPDX-License-Identifier: GPL-2.0
/* lookups - hits and misses of caches: singlet's and its peers' */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "cache.h"
#include "suites.h"

#define MANY		131072		/* labels */
#define FEW		1000
#define WARM_OPS	16384U	/* hits to get warm by, at most */
#define MISS_OPS	BENCH_HELD	/* new values that live at a time */
#define SIZES_BYTES	(8 << 20)	/* of all values of a size */

enum what { HIT, MISS };

struct lookup {
	enum what what;
	enum bench_order order;
	u32 len;			/* 0: labels */
	unsigned int nr;		/* keys that workers ask for */
	unsigned int held;		/* of them, by somebody, all the while */
	bool few_peers;
	const char *name;
};

/* What a lookup is measured on. */
struct data {
	const struct lookup *l;
	struct bench_keys keys;
	struct bench_population held[BENCH_SIDES];
};

/* Open a cache and hold what it is to hold.  Return: 0 or an error. */
static int fill(struct data *d, struct bench_population *p,
		const struct bench_cache *cache)
{
	int err;

	err = bench_cache_open(cache, d->keys.text);
	if (err)
		return err;
	err = bench_populate(p, cache, &d->keys, d->l->held);
	if (err) {
		cache->close();
		p->cache = NULL;
	}
	return err;
}

static void empty(struct bench_population *p)
{
	if (!p->cache)
		return;
	bench_depopulate(p);
	p->cache->close();
	p->cache = NULL;
}

static bool wanted(const struct lookup *l, const struct bench_cache *cache)
{
	if (l->few_peers && cache != &cache_ours && cache != &cache_rht)
		return false;
	return !cache->max_len || l->len <= cache->max_len;
}

/* Fill what is available and add it.  Return: 0 or an error. */
static int add_cache(struct bench_case *c, struct data *d, unsigned int i)
{
	const struct bench_cache *cache = bench_caches[i];
	struct bench_side side;
	int err;

	if (!wanted(d->l, cache))
		return 0;
	err = fill(d, &d->held[i], cache);
	if (err)
		return err == -EOPNOTSUPP ? 0 : err;
	side = d->l->what == HIT ? cache->hit : cache->miss;
	side.name = cache->name;
	bench_add_side(c, &side);
	if (d->l->what == HIT && cache->hit_many.batch)
		bench_add_side(c, &cache->hit_many);
	return 0;
}

/* Fill all anew, with other secrets and in other memory. */
static int lay_out(void *data)
{
	struct data *d = data;
	bool used[BENCH_SIDES];
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr_bench_caches; i++) {
		used[i] = d->held[i].cache;
		empty(&d->held[i]);
	}
	for (i = 0; i < nr_bench_caches && !err; i++)
		if (used[i])
			err = fill(d, &d->held[i], bench_caches[i]);
	return err;
}

/*
 * Misses ask for keys behind those that are held, so the order is made for
 * them alone.
 */
static int measure_lookup(const struct lookup *l)
{
	struct data d = { .l = l };
	struct bench_case c = {
		.ops = l->what == HIT ? BENCH_OPS : MISS_OPS,
		.warm = l->what == HIT ? min(l->nr, WARM_OPS) / BENCH_OPS : 0,
		.lay_out = lay_out,
		.lay_out_data = &d,
	};
	unsigned int first = l->what == HIT ? 0 : l->held, i;
	struct bench_keys asked;
	int err;

	strscpy(c.name, l->name, sizeof(c.name));
	err = bench_keys_init(&d.keys, first + l->nr, l->len);
	if (err)
		return err;
	asked = d.keys;
	asked.key += first;
	asked.nr = l->nr;
	err = bench_order_init(&c, &asked, l->order);
	for (i = 0; i < nr_bench_caches && !err; i++)
		err = add_cache(&c, &d, i);
	if (!err)
		err = bench_measure(&c);
	for (i = 0; i < nr_bench_caches; i++)
		empty(&d.held[i]);
	bench_order_free(&c);
	bench_keys_free(&d.keys);
	return err;
}

static int measure_all(const struct lookup *lookup, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = measure_lookup(&lookup[i]);
	return err;
}

int bench_hits(void)
{
	static const struct lookup hits[] = {
		{ HIT, ORDER_HOT, 0, FEW, FEW, .name = "hit.hot.label" },
		{ HIT, ORDER_UNIFORM, 0, FEW, FEW,
		  .name = "hit.uniform-1000.label" },
		{ HIT, ORDER_ZIPF, 0, MANY, MANY, .name = "hit.zipf.label" },
		{ HIT, ORDER_UNIFORM, 0, MANY, MANY,
		  .name = "hit.uniform.label" },
		{ HIT, ORDER_DISJOINT, 0, MANY, MANY,
		  .name = "hit.disjoint.label" },
	};

	return measure_all(hits, ARRAY_SIZE(hits));
}

int bench_misses(void)
{
	static const struct lookup misses[] = {
		{ MISS, ORDER_DISJOINT, 0, MANY, 0,
		  .name = "miss.disjoint.label" },
		{ MISS, ORDER_DISJOINT, 0, MANY, MANY,
		  .name = "miss.among-131072.label" },
	};

	return measure_all(misses, ARRAY_SIZE(misses));
}

int bench_sizes(void)
{
	static const u32 sizes[] = { 8, 16, 32, 64, 128, 256, 1024, 4096 };
	unsigned int i;
	char name[32];
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++) {
		struct lookup l = {
			HIT, ORDER_DISJOINT, sizes[i],
			.few_peers = true, .name = name,
		};

		l.nr = min(MANY, SIZES_BYTES / sizes[i]);
		l.held = l.nr;
		snprintf(name, sizeof(name), "hit.disjoint.%u", sizes[i]);
		err = measure_lookup(&l);
		if (err)
			break;
		l.what = MISS;
		l.held = 0;
		snprintf(name, sizeof(name), "miss.disjoint.%u", sizes[i]);
		err = measure_lookup(&l);
	}
	return err;
}
