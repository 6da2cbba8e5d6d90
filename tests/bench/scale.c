// SPDX-License-Identifier: GPL-2.0
/*
 * scale - what an operation costs among few objects and among many
 *
 * One population grows from step to step.  Values are 16 bytes made from a
 * number, so that no memory but the caches' own grows with them; each is asked
 * for with the same probability.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "cache.h"
#include "report.h"
#include "suites.h"

#define FEW		100000U
#define PEER_MANY	1000000U	/* it takes minutes to make more */
#define MISS_OPS	BENCH_HELD
/* What the hungrier of the caches needs for an object, and a pointer to it. */
#define ROOM		112

static unsigned int many = 10000000;
module_param(many, uint, 0444);
MODULE_PARM_DESC(many, "objects at most in the suite scale");

struct scale {
	const struct bench_cache *cache;
	void **obj;
	u64 nr;
};

struct value {
	u64 word[2];
};

static void *intern(const struct scale *s, u64 number)
{
	struct value value = { { bench_mix(number), ~number } };
	struct bench_key key = { (u8 *)&value, sizeof(value) };

	return s->cache->intern(&key);
}

static int hit(struct bench_worker *w)
{
	const struct scale *s = w->ctx;
	u64 draw = bench_mix((u64)(w->cpu + 1) << 32 | w->pos++);
	void *obj = intern(s, draw % s->nr);

	if (!obj)
		return -ENOMEM;
	s->cache->end(obj);	/* others hold it, so that this is not its end */
	return 0;
}

static int hits(struct bench_worker *w)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < w->c->ops && !err; i++)
		err = hit(w);
	return err;
}

static int create(struct bench_worker *w)
{
	u64 number = (u64)(w->cpu + 1) << 32 | w->pos++;
	void *obj = intern(w->ctx, number);

	if (!obj)
		return -ENOMEM;
	w->held[w->nr_held++] = obj;
	return 0;
}

static int end_all(struct bench_worker *w)
{
	const struct scale *s = w->ctx;
	unsigned int i;

	for (i = 0; i < w->nr_held; i++)
		s->cache->end(w->held[i]);
	s->cache->reclaim(w->nr_held);
	w->nr_held = 0;
	return 0;
}

static int misses(struct bench_worker *w)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < w->c->ops && !err; i++)
		err = create(w);
	return err ?: end_all(w);
}

static int measure(struct scale *s)
{
	struct bench_side side = {
		.name = s->cache->name, .batch = hits, .single = hit, .ctx = s,
	};
	struct bench_case c = { .ops = BENCH_OPS };
	int err;

	if (s->cache->settle)
		s->cache->settle();
	snprintf(c.name, sizeof(c.name), "scale.hit.%llu", s->nr);
	bench_add_side(&c, &side);
	err = bench_measure(&c);
	if (err)
		return err;

	c = (struct bench_case){ .ops = MISS_OPS };
	side.batch = misses;
	side.single = create;
	side.after = end_all;
	snprintf(c.name, sizeof(c.name), "scale.miss.%llu", s->nr);
	bench_add_side(&c, &side);
	return bench_measure(&c);
}

static int grow(struct scale *s, u64 nr)
{
	for (; s->nr < nr; s->nr++) {
		s->obj[s->nr] = intern(s, s->nr);
		if (!s->obj[s->nr])
			return -ENOMEM;
		if (s->nr % 1024 == 0)
			cond_resched();
	}
	return 0;
}

static void shrink(struct scale *s)
{
	u64 i;

	for (i = 0; i < s->nr; i++) {
		s->cache->end(s->obj[i]);
		if (i % 1024 == 0)
			cond_resched();
	}
	kvfree(s->obj);
}

static int measure_cache(const struct bench_cache *cache, unsigned int max)
{
	struct scale s = { .cache = cache };
	u64 nr;
	int err;

	err = cache->open(false);
	if (err)
		return err;
	s.obj = kvmalloc_array(max, sizeof(*s.obj), GFP_KERNEL);
	err = s.obj ? 0 : -ENOMEM;
	for (nr = min(FEW, max); !err; nr = min_t(u64, nr * 10, max)) {
		err = grow(&s, nr) ?: measure(&s);
		if (nr == max)
			break;
	}
	shrink(&s);
	cache->close();
	return err;
}

/* As many as asked for, or as there is room for. */
static unsigned int affordable(void)
{
	unsigned int max = many;
	struct sysinfo info;
	u64 room;

	si_meminfo(&info);
	room = (u64)info.freeram * info.mem_unit / ROOM;
	while (max > room && max > FEW)
		max /= 10;
	if (max < many)
		bench_remark("scale: memory for %llu objects: up to %u, not %u",
			     room, max, many);
	return max(max, 1000U);
}

int bench_scale(void)
{
	unsigned int max = affordable();

	return measure_cache(&cache_ours, max) ?:
	       measure_cache(&cache_rht, min(max, PEER_MANY));
}
