// SPDX-License-Identifier: GPL-2.0
/*
 * The in-kernel benchmark: measures while it is loaded, and has its figures in
 * /proc/singlet_bench until it is removed.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "clock.h"
#include "report.h"
#include "subject.h"
#include "suites.h"

static char *only = "";
module_param(only, charp, 0444);
MODULE_PARM_DESC(only, "one suite: plain, refs, hits, misses, sizes, scale, memory, reclaim, waits; empty: all");

static const struct {
	const char *name;
	int (*run)(void);
} suites[] = {
	{ "plain", bench_plain },
	{ "refs", bench_refs },
	{ "hits", bench_hits },
	{ "misses", bench_misses },
	{ "sizes", bench_sizes },
	{ "scale", bench_scale },
	{ "memory", bench_memory },
	{ "reclaim", bench_reclaim },
	{ "waits", bench_waits },
};

static int run_suites(void)
{
	unsigned int i, n = 0;
	int err;

	err = bench_clock_init();
	for (i = 0; i < ARRAY_SIZE(suites) && !err; i++) {
		if (*only && strcmp(only, suites[i].name))
			continue;
		n++;
		err = suites[i].run();
		if (err)
			pr_err("singlet_bench: %s: error %d\n", suites[i].name,
			       err);
	}
	return err ?: n ? 0 : -EINVAL;
}

static int __init bench_init(void)
{
	int err;

	err = bench_report_init();
	if (err)
		return err;
	err = subject_init();
	if (err)
		goto err_report;
	err = run_suites();
	if (err)
		goto err_subject;
	return 0;

err_subject:
	subject_exit();
err_report:
	bench_report_exit();
	return err;
}

static void __exit bench_exit(void)
{
	subject_exit();
	bench_report_exit();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("singlet beside its peers");
MODULE_LICENSE("GPL");
