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

#include "report.h"
#include "subject.h"
#include "suites.h"

#define SURVIVOR_OBJECTS	200000
#define COLLECT_OBJECTS		1000000
#define SLOW_NS			NSEC_PER_MSEC

static struct singlet_store *store;

static u64 stored_pages(void)
{
	struct subject_memory m;

	subject_memory(store, &m);
	return m.stored / PAGE_SIZE;
}

/* Does number @i survive where @percent do? */
static bool survives(struct rnd_state *rnd, unsigned int percent)
{
	return prandom_u32_state(rnd) % 100 < percent;
}

static int pinned_ours(unsigned int percent, u64 *before, u64 *after)
{
	struct singlet_object **kept;
	struct rnd_state rnd;
	unsigned int i;
	int err = 0;

	kept = kvcalloc(SURVIVOR_OBJECTS, sizeof(*kept), GFP_KERNEL);
	if (!kept)
		return -ENOMEM;
	for (i = 0; i < SURVIVOR_OBJECTS && !err; i++) {
		kept[i] = subject_intern_nth(store, i);
		if (!kept[i])
			err = -ENOMEM;
	}
	*before = stored_pages();
	prandom_seed_state(&rnd, percent + 1);
	for (i = 0; i < SURVIVOR_OBJECTS; i++) {
		if (kept[i] && !survives(&rnd, percent)) {
			subject_put(kept[i]);
			kept[i] = NULL;
		}
	}
	subject_collect(store);
	*after = stored_pages();
	for (i = 0; i < SURVIVOR_OBJECTS; i++)
		if (kept[i])
			subject_put(kept[i]);
	subject_collect(store);
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
	if (err)
		return err;
	bench_figure(before * 1000, "reclaim.survive-%u.singlet.pages", percent);
	bench_figure(after * 1000, "reclaim.survive-%u.singlet.pages_left",
		     percent);
	bench_figure(peer_before * 1000, "reclaim.survive-%u.slab.pages",
		     percent);
	bench_figure(peer_after * 1000, "reclaim.survive-%u.slab.pages_left",
		     percent);
	return 0;
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
		struct singlet_object *obj = subject_intern_nth(store, n++ % 2000 +
						    COLLECT_OBJECTS);

		if (obj)
			subject_put(obj);
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

static void report_bystander(const char *when, const struct bystander *b)
{
	bench_figure(b->ops * 1000, "reclaim.bystander.%s.ops", when);
	bench_figure(b->longest / NSEC_PER_USEC,
		     "reclaim.bystander.%s.longest_ms", when);
	bench_figure(b->slow * 1000, "reclaim.bystander.%s.beyond_1ms", when);
}

static int measure_collect(void)
{
	struct bystander quiet, busy;
	struct task_struct *task;
	u64 start, ns;
	u32 i;

	for (i = 0; i < COLLECT_OBJECTS; i++) {
		struct singlet_object *obj = subject_intern_nth(store, i);

		if (!obj)
			return -ENOMEM;
		subject_put(obj);
		if (i % 1024 == 0)
			cond_resched();
	}
	task = begin_bystander(&busy);
	start = ktime_get_ns();
	subject_collect(store);
	ns = ktime_get_ns() - start;
	end_bystander(task);
	measure_quiet(ns, &quiet);
	subject_collect(store);
	bench_figure(COLLECT_OBJECTS * 1000ULL, "reclaim.collect.objects");
	bench_figure(ns / NSEC_PER_USEC, "reclaim.collect.ms");
	report_bystander("busy", &busy);
	report_bystander("quiet", &quiet);
	return 0;
}

/* Return: 0 or -ENOMEM. */
int bench_reclaim(void)
{
	static const unsigned int percents[] = { 0, 1, 10 };
	unsigned int i;
	int err = 0;

	store = subject_create();
	if (IS_ERR(store))
		return PTR_ERR(store);
	for (i = 0; i < ARRAY_SIZE(percents) && !err; i++)
		err = measure_pinned(percents[i]);
	err = err ?: measure_collect();
	subject_destroy(store);
	return err;
}
