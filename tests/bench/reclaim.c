// SPDX-License-Identifier: GPL-2.0
/*
 * What comes back: pages that random survivors pin, singlet's and SLUB's, and
 * how long a collection takes and keeps others waiting.
 */
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "bench.h"
#include "intern.h"
#include "reclaim.h"

#define SURVIVOR_OBJECTS	200000
#define COLLECT_OBJECTS		1000000
#define SLOW_NS			NSEC_PER_MSEC

static struct singlet_object *intern(u64 n)
{
	struct singlet_object *obj;
	char text[32];
	int len;

	len = scnprintf(text, sizeof(text), "survivor of %08llu.label", n);
	if (singlet_store_intern(bench_store, SINGLET_TYPE_STR, text, len, true,
				 GFP_KERNEL, &obj) < 0)
		return NULL;
	return obj;
}

static u64 stored_pages(void)
{
	return singlet_counters_sum(&bench_store->counters,
				    STAT_BYTES_STORED) / PAGE_SIZE;
}

/* Does number @i survive where @percent do? */
static bool survives(struct rnd_state *rnd, unsigned int percent)
{
	return prandom_u32_state(rnd) % 100 < percent;
}

static int pinned_ours(unsigned int percent, u64 *before, u64 *after)
{
	struct singlet_object **kept;
	struct singlet_reclaimed out;
	struct rnd_state rnd;
	unsigned int i;
	int err = 0;

	kept = kvcalloc(SURVIVOR_OBJECTS, sizeof(*kept), GFP_KERNEL);
	if (!kept)
		return -ENOMEM;
	for (i = 0; i < SURVIVOR_OBJECTS && !err; i++) {
		kept[i] = intern(i);
		if (!kept[i])
			err = -ENOMEM;
	}
	*before = stored_pages();
	prandom_seed_state(&rnd, percent + 1);
	for (i = 0; i < SURVIVOR_OBJECTS; i++) {
		if (kept[i] && !survives(&rnd, percent)) {
			singlet_store_put(kept[i]);
			kept[i] = NULL;
		}
	}
	singlet_reclaim_all(bench_store, &out);
	*after = stored_pages();
	for (i = 0; i < SURVIVOR_OBJECTS; i++)
		if (kept[i])
			singlet_store_put(kept[i]);
	singlet_reclaim_all(bench_store, &out);
	kvfree(kept);
	return err;
}

static int compare_pages(const void *a, const void *b)
{
	const struct page *x = *(struct page *const *)a;
	const struct page *y = *(struct page *const *)b;

	return x < y ? -1 : x > y;
}

/* Pages of the slabs that objects are in; @heads: room for as many pointers. */
static u64 slub_pages(void **objects, struct page **heads)
{
	unsigned int i, n = 0;
	u64 pages = 0;

	for (i = 0; i < SURVIVOR_OBJECTS; i++)
		if (objects[i])
			heads[n++] = virt_to_head_page(objects[i]);
	sort(heads, n, sizeof(*heads), compare_pages, NULL);
	for (i = 0; i < n; i++)
		if (!i || heads[i] != heads[i - 1])
			pages += compound_nr(heads[i]);
	return pages;
}

static int pinned_theirs(unsigned int percent, u64 *before, u64 *after)
{
	struct kmem_cache *cache;
	struct page **heads;
	struct rnd_state rnd;
	void **objects;
	unsigned int i;
	int err = -ENOMEM;

	/* The same 32 bytes a value. */
	cache = kmem_cache_create("singlet_bench_pin", 32, 0, 0,
				  NULL);
	objects = kvcalloc(SURVIVOR_OBJECTS, sizeof(*objects), GFP_KERNEL);
	heads = kvcalloc(SURVIVOR_OBJECTS, sizeof(*heads), GFP_KERNEL);
	if (!cache || !objects || !heads)
		goto out;
	for (i = 0; i < SURVIVOR_OBJECTS; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!objects[i])
			goto out;
	}
	*before = slub_pages(objects, heads);
	prandom_seed_state(&rnd, percent + 1);
	for (i = 0; i < SURVIVOR_OBJECTS; i++) {
		if (!survives(&rnd, percent)) {
			kmem_cache_free(cache, objects[i]);
			objects[i] = NULL;
		}
	}
	kmem_cache_shrink(cache);
	*after = slub_pages(objects, heads);
	err = 0;
out:
	for (i = 0; objects && i < SURVIVOR_OBJECTS; i++)
		if (objects[i])
			kmem_cache_free(cache, objects[i]);
	kmem_cache_destroy(cache);
	kvfree(objects);
	kvfree(heads);
	return err;
}

static int measure_pinned(unsigned int percent)
{
	u64 before, after, peer_before, peer_after;
	int err;

	err = pinned_ours(percent, &before, &after) ?:
	      pinned_theirs(percent, &peer_before, &peer_after);
	if (!err)
		pr_info("pinned| %u| %llu| %llu| %llu| %llu\n", percent, before,
			after, peer_before, peer_after);
	return err;
}

/* Somebody who goes on interning while a collection runs. */
struct bystander {
	u64 ops;
	u64 longest;			/* ns for one operation */
	u64 slow;			/* operations beyond SLOW_NS */
};

static int bystand(void *ctx)
{
	struct bystander *b = ctx;
	u64 n = 0;

	while (!kthread_should_stop()) {
		u64 start = ktime_get_ns(), ns;
		/* New ones and those that others just had, by turns. */
		struct singlet_object *obj = intern(n++ % 2000 +
						    COLLECT_OBJECTS);

		if (obj)
			singlet_store_put(obj);
		ns = ktime_get_ns() - start;
		b->ops++;
		b->longest = max(b->longest, ns);
		b->slow += ns > SLOW_NS;
		cond_resched();
	}
	return 0;
}

static struct task_struct *begin_bystander(struct bystander *b)
{
	struct task_struct *task;

	*b = (struct bystander){};
	if (num_online_cpus() < 2)
		return NULL;
	task = kthread_create(bystand, b, "singlet_bystander");
	if (IS_ERR(task))
		return NULL;
	get_task_struct(task);
	kthread_bind(task, 1);
	wake_up_process(task);
	return task;
}

static void end_bystander(struct task_struct *task)
{
	if (!task)
		return;
	kthread_stop(task);
	put_task_struct(task);
}

/* The same without a collection, to know what the machine itself does. */
static void measure_quiet(u64 ns, struct bystander *b)
{
	struct task_struct *task = begin_bystander(b);
	u64 end = ktime_get_ns() + ns;

	while (ktime_get_ns() < end)
		cond_resched();
	end_bystander(task);
}

static int measure_collect(void)
{
	struct singlet_reclaimed out;
	struct bystander quiet, busy;
	struct task_struct *task;
	u64 start, ns;
	u32 i;

	for (i = 0; i < COLLECT_OBJECTS; i++) {
		struct singlet_object *obj = intern(i);

		if (!obj)
			return -ENOMEM;
		singlet_store_put(obj);
		if (i % 1024 == 0)
			cond_resched();
	}
	task = begin_bystander(&busy);
	start = ktime_get_ns();
	singlet_reclaim_all(bench_store, &out);
	ns = ktime_get_ns() - start;
	end_bystander(task);
	measure_quiet(ns, &quiet);
	singlet_reclaim_all(bench_store, &out);
	pr_info("collect| %u| %llu| %llu| %llu| %llu| %llu| %llu| %llu\n",
		COLLECT_OBJECTS, ns / NSEC_PER_USEC, busy.ops,
		busy.longest / NSEC_PER_USEC, busy.slow, quiet.ops,
		quiet.longest / NSEC_PER_USEC, quiet.slow);
	return 0;
}

/* Return: 0 or -ENOMEM. */
int bench_reclaim(void)
{
	static const unsigned int percents[] = { 0, 1, 10 };
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(percents) && !err; i++)
		err = measure_pinned(percents[i]);
	return err ?: measure_collect();
}
