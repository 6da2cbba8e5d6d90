/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat/percpu - per-CPU counters that any context may add to
 *
 * this_cpu_add() is as cheap as it gets on some machines, but where it is made
 * of generic parts it turns interrupts off and on, which in User Mode Linux
 * costs a microsecond.  local_t is an addition to memory that an interrupt on
 * the same CPU cannot tear, cheap everywhere.
 */
#ifndef SINGLET_COMPAT_PERCPU_H
#define SINGLET_COMPAT_PERCPU_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <asm/local.h>

/* This CPU's instance, until compat_percpu_leave(); local_add() there. */
#define compat_percpu_enter(counters) ({				\
	preempt_disable();						\
	this_cpu_ptr(counters);						\
})

#define compat_percpu_leave()	preempt_enable()

#endif
