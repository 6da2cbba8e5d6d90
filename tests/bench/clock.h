/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clock - what time is measured with
 *
 * The processor's cycle counter, read directly: the clocks of User Mode Linux
 * move in steps of 256 ns, which is more than most operations take.  Reading
 * it costs bench_clock_cost, measured at the start with an operation that does
 * nothing, called as a single operation is.  Single operations have it
 * subtracted; a batch contains it once, a 64th or less per operation.
 *
 * Instructions are counted by the processor's counter if the kernel has it
 * (perf events), or, with the parameter icount=1, by an emulator whose cycle
 * counter counts them (QEMU's -icount shift=0).
 */
#ifndef SINGLET_BENCH_CLOCK_H
#define SINGLET_BENCH_CLOCK_H

#include <linux/ktime.h>
#include <linux/types.h>

extern u32 bench_clock_cost;	/* cycles; of reading it before and after */

static __always_inline u64 bench_clock(void)
{
#ifdef __x86_64__
	u32 lo, hi;

	/* All before is done when it is read, and nothing after has begun. */
	asm volatile("lfence; rdtsc; lfence" : "=a" (lo), "=d" (hi) : :
		     "memory");
	return (u64)hi << 32 | lo;
#else
	return ktime_get_ns();
#endif
}

int bench_clock_init(void);
u64 bench_clock_ps(u64 cycles);

/* Instructions: all by a thread that is bound to @cpu. */
bool bench_insn_open(unsigned int cpu);
void bench_insn_close(void);
u64 bench_insn(void);

#endif
