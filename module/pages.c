// SPDX-License-Identifier: GPL-2.0
/* pages - runs of whole pages; see pages.h */
#include "pages.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "compat/shrinker.h"

static bool contiguous(unsigned int nr)
{
	return nr <= PAGES_CONTIG && is_power_of_2(nr);
}

/**
 * singlet_pages_alloc() - a run of zeroed pages
 * @nr: how many, at least 1
 * @gfp: GFP_KERNEL or GFP_NOWAIT/GFP_ATOMIC and the like; with
 *       __GFP_ACCOUNT the run is charged to the caller's memory cgroup
 *
 * Context: As @gfp says.  Runs that need vmalloc fail where @gfp cannot sleep.
 * Return: The run's address, to be given back with singlet_pages_free(), or
 * NULL.
 */
void *singlet_pages_alloc(unsigned int nr, gfp_t gfp)
{
	gfp |= __GFP_ZERO | __GFP_NOWARN;

	if (contiguous(nr)) {
		gfp_t try = nr > 1 ? gfp | __GFP_NORETRY : gfp;
		unsigned long addr = __get_free_pages(try, ilog2(nr));

		if (addr)
			return (void *)addr;
		if (nr == 1)
			return NULL;
	}
	if (!gfpflags_allow_blocking(gfp))
		return NULL;
	return __vmalloc((unsigned long)nr << PAGE_SHIFT, gfp);
}

/**
 * singlet_pages_free() - give back a run
 * @addr: from singlet_pages_alloc()
 * @nr: as given there
 *
 * Context: Any but NMI; does not sleep where it must not.
 */
void singlet_pages_free(void *addr, unsigned int nr)
{
	compat_account_reclaimed(nr);
	if (is_vmalloc_addr(addr))
		vfree(addr);
	else
		free_pages((unsigned long)addr, ilog2(nr));
}

/* The page frame behind a page of a run. */
unsigned long singlet_pages_pfn(const void *addr)
{
	return is_vmalloc_addr(addr) ? vmalloc_to_pfn(addr) :
				       PHYS_PFN(__pa(addr));
}
