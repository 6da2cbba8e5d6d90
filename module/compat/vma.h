/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat/vma - flags of a mapping, and whether pages can be mapped at all
 *
 * vma->vm_flags is written directly up to 6.2, by functions from 6.3 on, which
 * stable kernels may have as well (COMPAT_VM_FLAGS: they are there).
 */
#ifndef SINGLET_COMPAT_VMA_H
#define SINGLET_COMPAT_VMA_H

#include <linux/kconfig.h>
#include <linux/mm.h>

/* In ->mmap() only. */
static inline void compat_vm_flags_mod(struct vm_area_struct *vma,
				       unsigned long set, unsigned long clear)
{
#ifdef COMPAT_VM_FLAGS
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/*
 * Where data caches go by virtual address, a process could see old bytes for
 * ever.  Of 64-bit machines these can; ARCH_HAS_CPU_CACHE_ALIASING is from 6.9.
 */
#if defined(CONFIG_ARCH_HAS_CPU_CACHE_ALIASING) || defined(CONFIG_MIPS) || \
	defined(CONFIG_PARISC) || defined(CONFIG_SPARC)
#define COMPAT_NO_MAPPING	true
/*
 * There, KVM takes whatever is mapped by page frames for contiguous memory, and
 * would show a guest what lies behind a slab (arm64's until 7.2).
 */
#elif IS_ENABLED(CONFIG_KVM) && \
	(defined(CONFIG_ARM64) || defined(CONFIG_RISCV))
#define COMPAT_NO_MAPPING	true
#else
#define COMPAT_NO_MAPPING	false
#endif

#endif
