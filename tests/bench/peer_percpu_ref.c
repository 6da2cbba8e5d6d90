// SPDX-License-Identifier: GPL-2.0
/* The peer: percpu_ref, which counts per CPU until it is killed. */
#include <linux/completion.h>
#include <linux/percpu-refcount.h>

#include "refs.h"

static struct percpu_ref object[BENCH_CPUS];
static struct completion gone[BENCH_CPUS];
static unsigned int nr;

static void release(struct percpu_ref *ref)
{
	complete(&gone[ref - object]);
}

static void percpu_close(void)
{
	while (nr--) {
		percpu_ref_kill(&object[nr]);
		wait_for_completion(&gone[nr]);
		percpu_ref_exit(&object[nr]);
	}
	nr = 0;
}

static int percpu_open(void)
{
	int err;

	for (nr = 0; nr < BENCH_CPUS; nr++) {
		init_completion(&gone[nr]);
		err = percpu_ref_init(&object[nr], release, 0, GFP_KERNEL);
		if (err) {
			percpu_close();
			return err;
		}
	}
	return 0;
}

static __always_inline int percpu_pair(unsigned int whose)
{
	if (!percpu_ref_tryget(&object[whose]))
		return -EOVERFLOW;
	percpu_ref_put(&object[whose]);
	return 0;
}

DEFINE_BENCH_COUNTER(percpu, "percpu-ref");
