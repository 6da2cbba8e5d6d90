// SPDX-License-Identifier: GPL-2.0
/* map_dir - a directory that processes map; see map_dir.h */
#include "map_dir.h"

#include <linux/mm.h>

#include "pages.h"

#define PAGE_ENTRIES	(PAGE_SIZE / sizeof(u64))

/**
 * singlet_map_dir_init() - a directory that reaches to index 0 at least
 * @dir: zeroed
 * @gfp: how to allocate
 *
 * Return: 0 or -ENOMEM; in either case to be destroyed.
 */
int singlet_map_dir_init(struct singlet_map_dir *dir, gfp_t gfp)
{
	xa_init_flags(&dir->pages, XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT);
	return singlet_map_dir_reach(dir, 0, gfp);
}

/* Nothing of it is mapped. */
void singlet_map_dir_destroy(struct singlet_map_dir *dir)
{
	unsigned long i;
	void *page;

	xa_for_each(&dir->pages, i, page)
		singlet_pages_free(page, 1);
	xa_destroy(&dir->pages);
}

/* Make the directory reach to @index.  Return: 0 or -ENOMEM. */
int singlet_map_dir_reach(struct singlet_map_dir *dir, u32 index, gfp_t gfp)
{
	unsigned long need = (1UL + index) / PAGE_ENTRIES + 1, have, flags;
	void *page, *other;

	while ((have = READ_ONCE(dir->nr)) < need) {
		page = singlet_pages_alloc(1, gfp);
		if (!page)
			return -ENOMEM;
		xa_lock_irqsave(&dir->pages, flags);
		other = __xa_cmpxchg(&dir->pages, have, NULL, page, gfp);
		if (!other) {
			if (!have)
				dir->head = page;
			WRITE_ONCE(dir->nr, have + 1);
			/* The page is there for who reads that it is. */
			smp_store_release(dir->head,
					  (have + 1) * PAGE_ENTRIES - 1);
		}
		xa_unlock_irqrestore(&dir->pages, flags);
		if (other)		/* somebody else's, or an error */
			singlet_pages_free(page, 1);
		if (xa_is_err(other))
			return -ENOMEM;
	}
	return 0;
}

/* The entry of @index, which the directory reaches; the head is before all. */
u64 *singlet_map_dir_entry(struct singlet_map_dir *dir, u32 index)
{
	unsigned long at = 1UL + index;
	u64 *page = xa_load(&dir->pages, at / PAGE_ENTRIES);

	return page + at % PAGE_ENTRIES;
}
