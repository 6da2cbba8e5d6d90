/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table_lines - the memory of a hash table: cache lines in pages
 *
 * A line holds up to LINE_ENTRIES entries of 16 bits of hash (the tag, 0: no
 * entry) and a handle, and the number of the next line of its bucket.  Lines
 * are numbered; a directory of pages finds them.  A table has two sets: @home,
 * whose line n is the first of bucket n, and @over, lines handed out one by
 * one to buckets that overflow.
 *
 * Locking: readers are RCU sections.  lines->lock (BH-safe) protects the
 * directory and the marks of lines handed out.  The contents of a line belong
 * to the bucket that it is part of (table.h).
 */
#ifndef SINGLET_TABLE_LINES_H
#define SINGLET_TABLE_LINES_H

#include <linux/cache.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#define LINE_ENTRIES	10
#define LINES_PER_PAGE	64	/* also the bits of line_page.used */

struct singlet_line {
	u16 tag[LINE_ENTRIES];
	u32 handle[LINE_ENTRIES];
	u32 next;			/* line of @over + 1; 0: none */
} __aligned(8);

struct singlet_line_page {
	struct singlet_line *lines;	/* NULL: no page */
	u64 used;			/* bit per line handed out; @over only */
};

struct singlet_line_dir {
	struct rcu_head rcu;
	u32 cap;
	struct singlet_line_page page[];
};

struct singlet_lines {
	struct singlet_line_dir __rcu *dir;	/* lock to write */
	/* What is written lies apart from what every lookup reads. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	u32 hint;		/* lock; no page before it has a free line */
	u32 nr_pages;		/* lock */
};

void singlet_lines_init(struct singlet_lines *lines);
void singlet_lines_destroy(struct singlet_lines *lines);
int singlet_lines_ensure(struct singlet_lines *lines, u32 page, gfp_t gfp);
int singlet_lines_extend(struct singlet_lines *lines, gfp_t gfp);
u32 singlet_lines_get(struct singlet_lines *lines);
void singlet_lines_put(struct singlet_lines *lines, u32 nr);
bool singlet_lines_detach(struct singlet_lines *lines, u32 *next,
			  struct singlet_line **pages, unsigned int *nr,
			  unsigned int max);
void singlet_lines_free(struct singlet_line *lines);
void singlet_lines_fit(struct singlet_lines *lines);
size_t singlet_lines_bytes(struct singlet_lines *lines);

/* Line @nr, or NULL if there is no memory behind that number.  Under RCU. */
static __always_inline struct singlet_line *
singlet_lines_find(const struct singlet_lines *lines, u32 nr)
{
	const struct singlet_line_dir *dir = rcu_dereference(lines->dir);
	struct singlet_line *page;

	if (unlikely(!dir || nr / LINES_PER_PAGE >= dir->cap))
		return NULL;
	page = READ_ONCE(dir->page[nr / LINES_PER_PAGE].lines);
	return likely(page) ? page + nr % LINES_PER_PAGE : NULL;
}

#endif
