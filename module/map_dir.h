/* SPDX-License-Identifier: GPL-2.0 */
/*
 * map_dir - a directory that processes map: a u64 for each index of a slab
 *
 * The first word of all is how many words come after it in the pages that there
 * are; it grows and never shrinks, as do the pages.
 *
 * Locking: the xarray's lock (irq-safe) to add pages; who writes an entry sees
 * to it that nobody else does.
 */
#ifndef SINGLET_MAP_DIR_H
#define SINGLET_MAP_DIR_H

#include <linux/types.h>
#include <linux/xarray.h>

struct singlet_map_dir {
	struct xarray pages;
	unsigned long nr;	/* pages' lock to write; grows */
	u64 *head;		/* stable; the first page */
};

int singlet_map_dir_init(struct singlet_map_dir *dir, gfp_t gfp);
void singlet_map_dir_destroy(struct singlet_map_dir *dir);
int singlet_map_dir_reach(struct singlet_map_dir *dir, u32 index, gfp_t gfp);
u64 *singlet_map_dir_entry(struct singlet_map_dir *dir, u32 index);

/* Page @page, which stays as long as the directory; or NULL. */
static inline void *singlet_map_dir_page(struct singlet_map_dir *dir,
					 unsigned long page)
{
	return xa_load(&dir->pages, page);
}

static inline size_t singlet_map_dir_bytes(const struct singlet_map_dir *dir)
{
	return READ_ONCE(dir->nr) * PAGE_SIZE;
}

#endif
