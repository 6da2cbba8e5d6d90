// SPDX-License-Identifier: GPL-2.0
/*
 * waits - how long others wait for a CPU that singlet works on
 *
 * A thread of the highest priority wants to run every PERIOD_US on the CPU where
 * the work is done.  Where the kernel is not preemptible, it comes to run when
 * the work asks whether somebody wants to, which nothing does that holds a lock,
 * is in an RCU read-side section or has interrupts off: whatever of that begins
 * before the timer expires and ends after it is part of the wait.  So no hold that
 * was met is longer than the longest wait, and one of more than PERIOD_US is met.
 *
 * On a machine whose clock counts instructions (run -i), nobody else's doings are
 * in the figures.  On others they are, as "quiet" shows, when nothing is done.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "report.h"
#include "subject.h"
#include "suites.h"

#define OBJECTS		1000000
#define PERIOD_US	50

struct waiter {
	u64 waits;
	u64 longest;		/* ns */
	u64 sum;		/* ns */
};

static struct singlet_store *store;

static int wait_again(void *ctx)
{
	struct waiter *w = ctx;

	sched_set_fifo(current);
	while (!kthread_should_stop()) {
		ktime_t due = ktime_add_us(ktime_get(), PERIOD_US);
		s64 late;

		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_hrtimeout(&due, HRTIMER_MODE_ABS);
		late = ktime_to_ns(ktime_sub(ktime_get(), due));
		/* Who stops it wakes it early. */
		if (late < 0)
			continue;
		w->sum += late;
		w->longest = max_t(u64, w->longest, late);
		WRITE_ONCE(w->waits, w->waits + 1);
	}
	return 0;
}

static int intern_all(void)
{
	u32 i;

	for (i = 0; i < OBJECTS; i++) {
		struct singlet_object *obj = subject_intern_nth(store, i);

		if (!obj)
			return -ENOMEM;
		subject_put(obj);
		cond_resched();
	}
	return 0;
}

static int collect(void)
{
	subject_collect(store);
	return subject_is_empty(store) ? 0 : -EBUSY;
}

static int evict(void)
{
	subject_evict(store, OBJECTS);
	subject_evict(store, OBJECTS);
	subject_reclaim(store, OBJECTS);
	return subject_is_empty(store) ? 0 : -EBUSY;
}

static int nothing(void)
{
	ktime_t end = ktime_add_ms(ktime_get(), 200);

	while (ktime_before(ktime_get(), end))
		cond_resched();
	return 0;
}

static int measure(const char *what, int (*work)(void))
{
	struct waiter w = {};
	struct task_struct *task;
	u64 start, ns;
	int err;

	task = kthread_create(wait_again, &w, "singlet_waiter");
	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	kthread_bind(task, raw_smp_processor_id());
	wake_up_process(task);
	/* It has begun. */
	while (!READ_ONCE(w.waits))
		usleep_range(100, 200);
	w.longest = 0;
	start = ktime_get_ns();
	err = work();
	ns = ktime_get_ns() - start;
	kthread_stop(task);
	put_task_struct(task);
	bench_figure(ns / NSEC_PER_USEC, "waits.%s.ms", what);
	bench_figure(w.waits * 1000, "waits.%s.waits", what);
	bench_figure(w.longest, "waits.%s.longest_us", what);
	bench_figure(div64_u64(w.sum, w.waits), "waits.%s.mean_us", what);
	return err;
}

/* Return: 0 or an error. */
int bench_waits(void)
{
	cpumask_var_t allowed;
	int err;

	if (!alloc_cpumask_var(&allowed, GFP_KERNEL))
		return -ENOMEM;
	store = subject_create();
	if (IS_ERR(store)) {
		free_cpumask_var(allowed);
		return PTR_ERR(store);
	}
	cpumask_copy(allowed, current->cpus_ptr);
	/* Where the waiter is. */
	err = set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	err = err ?: measure("quiet", nothing) ?:
	      measure("intern", intern_all) ?:
	      measure("evict", evict) ?:
	      measure("intern-again", intern_all) ?:
	      measure("collect", collect);
	set_cpus_allowed_ptr(current, allowed);
	free_cpumask_var(allowed);
	subject_destroy(store);
	return err;
}
