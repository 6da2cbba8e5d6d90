// SPDX-License-Identifier: GPL-2.0
/* clock - what time is measured with; see clock.h */
#include "clock.h"

#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/stringify.h>
#ifdef CONFIG_PERF_EVENTS
#include <linux/perf_event.h>
#endif

#include "measure.h"
#include "report.h"

#define CALIBRATE_NS	(20 * NSEC_PER_MSEC)
#define COST_SAMPLES	1001

static bool icount;
module_param(icount, bool, 0444);
MODULE_PARM_DESC(icount, "the cycle counter counts instructions: of an emulator with -icount shift=0");

u32 bench_clock_cost;
static u64 cycles_per_ms;

/* Picoseconds. */
u64 bench_clock_ps(u64 cycles)
{
	return mul_u64_u64_div_u64(cycles, NSEC_PER_SEC, cycles_per_ms);
}

static int nothing(struct bench_worker *w)
{
	return 0;
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/*
 * What it costs to turn interrupts off and on, without which many figures
 * of a kernel under which that is a system call or the like cannot be read.
 */
static int irqs(struct bench_worker *w)
{
	unsigned long flags;

	local_irq_save(flags);
	local_irq_restore(flags);
	return 0;
}

static u32 measure(int (*op)(struct bench_worker *w))
{
	static u32 sample[COST_SAMPLES];
	unsigned int i;

	OPTIMIZER_HIDE_VAR(op);
	for (i = 0; i < COST_SAMPLES; i++)
		sample[i] = bench_time_single(op, NULL);
	sort(sample, COST_SAMPLES, sizeof(*sample), compare_u32, NULL);
	return sample[COST_SAMPLES / 2];
}

#define NOPS	1000

/* Does the cycle counter count instructions, as the parameter says? */
static bool icount_is_true(void)
{
#ifdef __x86_64__
	u64 start = bench_clock();

	asm volatile(".rept " __stringify(NOPS) "; nop; .endr" : : : "memory");
	return bench_clock() - start - NOPS < NOPS / 20;
#else
	return false;
#endif
}

int bench_clock_init(void)
{
	u64 ns = ktime_get_ns(), start = bench_clock(), now;

	do {
		cond_resched();
		now = ktime_get_ns();
	} while (now - ns < CALIBRATE_NS);
	cycles_per_ms = div64_u64((bench_clock() - start) * NSEC_PER_MSEC,
				  now - ns);
	if (!cycles_per_ms)
		return -EOPNOTSUPP;
	if (icount && !icount_is_true()) {
		pr_err("singlet_bench: the cycle counter counts no instructions\n");
		return -EOPNOTSUPP;
	}
	bench_clock_cost = measure(nothing);
	bench_figure(icount * 1000, "clock.counts_instructions");
	bench_figure(cycles_per_ms, "clock.mhz");
	bench_figure(bench_clock_ps(bench_clock_cost), "clock.cost_ns");
	bench_figure(bench_clock_ps(measure(irqs) - bench_clock_cost),
		     "clock.irqs_off_and_on_ns");
	return 0;
}

#ifdef CONFIG_PERF_EVENTS
static struct perf_event *event;

static bool counter_open(unsigned int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.size = sizeof(attr),
		.pinned = 1,
	};
	struct perf_event *e;

	e = perf_event_create_kernel_counter(&attr, cpu, NULL, NULL, NULL);
	event = IS_ERR(e) ? NULL : e;
	return event;
}

static void counter_close(void)
{
	if (event)
		perf_event_release_kernel(event);
	event = NULL;
}

static u64 counter_read(void)
{
	u64 enabled, running;

	return perf_event_read_value(event, &enabled, &running);
}
#else
static bool counter_open(unsigned int cpu)
{
	return false;
}

static void counter_close(void)
{
}

static u64 counter_read(void)
{
	return 0;
}
#endif

/* Return: whether instructions are counted here. */
bool bench_insn_open(unsigned int cpu)
{
	return icount || counter_open(cpu);
}

void bench_insn_close(void)
{
	counter_close();
}

/* A number that grows with each instruction; what reading it adds is constant. */
u64 bench_insn(void)
{
	return icount ? bench_clock() : counter_read();
}
