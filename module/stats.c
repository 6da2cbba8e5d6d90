// SPDX-License-Identifier: GPL-2.0
/* stats - per-CPU counters; see stats.h */
#include "stats.h"

#include <linux/cpumask.h>
#include <linux/errno.h>

int singlet_counters_init(struct singlet_counters *c)
{
	c->cpu = __alloc_percpu_gfp(NR_SINGLET_STATS * sizeof(local_t),
				    __alignof__(local_t), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	return c->cpu ? 0 : -ENOMEM;
}

void singlet_counters_destroy(struct singlet_counters *c)
{
	free_percpu(c->cpu);
	c->cpu = NULL;
}

/**
 * singlet_counters_sum() - the value of one counter
 * @c: counters
 * @item: which one
 *
 * Context: Any.
 * Return: The sum over all possible CPUs.  While others count it can be off
 * by what is in flight; a counter that cannot be negative may then look so.
 */
long singlet_counters_sum(const struct singlet_counters *c,
			  enum singlet_stat item)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += local_read(per_cpu_ptr(c->cpu, cpu) + item);
	return sum;
}
