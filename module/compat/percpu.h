/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat/percpu - add to a per-CPU counter from any context
 *
 * this_cpu_add() is one instruction on x86 and cheap on most machines.  Where
 * it is made of generic parts it turns interrupts off and on, which in User
 * Mode Linux costs a microsecond; there an addition to memory is one
 * instruction all the same, which is what local_t offers.
 */
#ifndef SINGLET_COMPAT_PERCPU_H
#define SINGLET_COMPAT_PERCPU_H

#include <linux/percpu.h>

#ifdef CONFIG_UML

#include <linux/preempt.h>
#include <asm/local.h>

static_assert(sizeof(local_t) == sizeof(long));

#define compat_percpu_add(counter, n) do {				\
	preempt_disable();						\
	local_add((n), (local_t *)this_cpu_ptr(&(counter)));		\
	preempt_enable();						\
} while (0)

#else

#define compat_percpu_add(counter, n)	this_cpu_add(counter, n)

#endif

#endif
