/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat/lockdep - spinlocks in hard interrupts
 *
 * Lockdep takes a spinlock_t in a hard interrupt for an error, as it is one on
 * PREEMPT_RT, unless it is told that this is not for there.  Older ones cannot be
 * told, and look only where CONFIG_PROVE_RAW_LOCK_NESTING asks for it.
 */
#ifndef SINGLET_COMPAT_LOCKDEP_H
#define SINGLET_COMPAT_LOCKDEP_H

#include <linux/lockdep.h>

#if defined(lock_map_acquire_try) && !defined(CONFIG_PREEMPT_RT)
static DEFINE_WAIT_OVERRIDE_MAP(compat_not_rt, LD_WAIT_CONFIG);

static inline void compat_not_rt_enter(void)
{
	lock_map_acquire_try(&compat_not_rt);
}

static inline void compat_not_rt_leave(void)
{
	lock_map_release(&compat_not_rt);
}
#else
static inline void compat_not_rt_enter(void)
{
}

static inline void compat_not_rt_leave(void)
{
}
#endif

#endif
