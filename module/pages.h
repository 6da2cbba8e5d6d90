/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pages - runs of whole pages
 *
 * The only caller of the page allocator.  A run is virtually contiguous and
 * zeroed; one of more than PAGES_CONTIG pages, or one for which the page
 * allocator has no contiguous pages, comes from vmalloc.
 */
#ifndef SINGLET_PAGES_H
#define SINGLET_PAGES_H

#include <linux/gfp.h>

#define PAGES_CONTIG	8	/* longest run asked of the page allocator */

void *singlet_pages_alloc(unsigned int nr, gfp_t gfp);
void singlet_pages_free(void *addr, unsigned int nr);
unsigned long singlet_pages_pfn(const void *addr);

#endif
