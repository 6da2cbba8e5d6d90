// SPDX-License-Identifier: GPL-2.0
/*
 * The in-kernel benchmark: runs when it is loaded and prints to the kernel
 * log, one line per case, fields separated by "|":
 *
 *   bench| name| peer| ours ns| theirs ns| ratio percent| budget percent|
 *   spread of ours percent| spread of theirs percent
 *
 *   pinned| percent surviving| pages before| after| the same of the peer
 *   collect| objects| us| bystander's operations| its longest us| of them beyond
 *   1 ms| the same three with no collection at work
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sort.h>

#include "bench.h"
#include "core.h"
#include "store.h"

/* Rounds are short, so that most of them see no interruption. */
#define ROUNDS_MAX	1001

static unsigned int rounds = 201;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "rounds of each side of each case, at most 1001");

static char *only = "";
module_param(only, charp, 0444);
MODULE_PARM_DESC(only, "run the cases whose name contains this");

struct singlet_store *bench_store;

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Picoseconds per operation: sorts @ns, and takes the middle. */
static u64 median(u64 *ns, unsigned int nr, unsigned int ops)
{
	sort(ns, nr, sizeof(*ns), compare_u64, NULL);
	return ns[nr / 2] * 1000 / ops;
}

/* Distance of the quartiles in percent of the median. */
static unsigned int spread(const u64 *sorted, unsigned int nr)
{
	return (sorted[nr * 3 / 4] - sorted[nr / 4]) * 100 / sorted[nr / 2];
}

static int timed(int (*run)(const struct bench_case *c),
		 const struct bench_case *c, u64 *ns)
{
	u64 start = ktime_get_ns();
	int err = run(c);

	*ns = max(ktime_get_ns() - start, 1ULL);
	cond_resched();
	return err;
}

static int run_case(const struct bench_case *c)
{
	static u64 ours[ROUNDS_MAX], theirs[ROUNDS_MAX];
	unsigned int i, n = clamp(rounds, 1U, (unsigned int)ROUNDS_MAX);
	u64 a, b;
	int err;

	bench_store = singlet_store_create();
	if (IS_ERR(bench_store))
		return PTR_ERR(bench_store);
	err = c->setup(c);
	if (err)
		goto out_store;
	/* Both warm. */
	err = timed(c->ours, c, &a) ?: timed(c->theirs, c, &b);
	for (i = 0; i < n && !err; i++)
		err = timed(c->ours, c, &ours[i]) ?:
		      timed(c->theirs, c, &theirs[i]);
	c->teardown(c);
	if (err)
		goto out_store;
	a = median(ours, n, c->ops);
	b = median(theirs, n, c->ops);
	pr_info("bench| %s| %s| %llu.%llu| %llu.%llu| %llu| %u| %u| %u\n",
		c->name, c->peer, a / 1000, a / 100 % 10, b / 1000,
		b / 100 % 10, a * 100 / max(b, 1ULL), c->budget,
		spread(ours, n), spread(theirs, n));
out_store:
	singlet_store_destroy(bench_store);
	return err;
}

static int run_cases(const struct bench_case *cases, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		int err;

		if (!strstr(cases[i].name, only))
			continue;
		err = run_case(&cases[i]);
		if (err) {
			pr_err("bench: %s: error %d\n", cases[i].name, err);
			return err;
		}
	}
	return 0;
}

static int run_reclaim(void)
{
	int err;

	if (!strstr("reclaim", only))
		return 0;
	bench_store = singlet_store_create();
	if (IS_ERR(bench_store))
		return PTR_ERR(bench_store);
	err = bench_reclaim();
	if (err)
		pr_err("bench: reclaim: error %d\n", err);
	singlet_store_destroy(bench_store);
	return err;
}

static DECLARE_COMPLETION(finished);
static int result;

static int bench_thread(void *unused)
{
	result = run_cases(plain_cases, nr_plain_cases) ?:
		 run_cases(intern_cases, nr_intern_cases) ?:
		 run_reclaim();
	/* Nothing of this module runs any more when its loader goes on. */
	kthread_complete_and_exit(&finished, 0);
}

static int run_bound(void)
{
	struct task_struct *task;

	task = kthread_create(bench_thread, NULL, "singlet_bench");
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, 0);
	wake_up_process(task);
	wait_for_completion(&finished);
	return result;
}

static int __init bench_init(void)
{
	int err;

	err = singlet_core_init();
	if (err)
		return err;
	err = run_bound();
	singlet_core_exit();
	/* Everything is done: there is nothing to stay loaded for. */
	return err ?: -EAGAIN;
}
module_init(bench_init);

MODULE_DESCRIPTION("singlet beside its peers");
MODULE_LICENSE("GPL");
