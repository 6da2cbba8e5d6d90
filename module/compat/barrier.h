/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat/barrier - barriers as cheap as the CPU's
 *
 * On x86 loads and stores keep the order that these ask for, and the kernel's
 * own smp_load_acquire(), smp_store_release() and smp_rmb() cost nothing
 * there.  User Mode Linux runs on the same CPUs but makes each of them of a
 * full fence, as much as a whole lookup.
 */
#ifndef SINGLET_COMPAT_BARRIER_H
#define SINGLET_COMPAT_BARRIER_H

#include <linux/compiler.h>
#include <asm/barrier.h>

#if defined(CONFIG_UML) && defined(CONFIG_UML_X86)

#define compat_load_acquire(p) ({					\
	typeof(p) __p = (p);						\
	typeof(*__p) __value = READ_ONCE(*__p);				\
	barrier();							\
	__value;							\
})

#define compat_store_release(p, v) do {					\
	barrier();							\
	WRITE_ONCE(*(p), (v));						\
} while (0)

#define compat_rmb()	barrier()
#define compat_wmb()	barrier()

#else

/* Who uses one of these names its partner there. */
#define compat_load_acquire(p)		smp_load_acquire(p) /* as its user says */
#define compat_store_release(p, v)	smp_store_release(p, v) /* likewise */
#define compat_rmb()			smp_rmb() /* likewise */
#define compat_wmb()			smp_wmb() /* likewise */

#endif

#endif
