// SPDX-License-Identifier: GPL-2.0
/* table_lines - the memory of a hash table; see table_lines.h */
#include "table_lines.h"

#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pages.h"

#define CAP_MIN		8
#define DETACH_LOOKS	128	/* at pages, while the lock is held */
#define LINES_BYTES	(LINES_PER_PAGE * sizeof(struct singlet_line))
#define LINES_ARE_PAGES	(PAGE_SIZE == LINES_BYTES)

static_assert(sizeof(struct singlet_line) == 64);

/*
 * Pages, which processes can map; where a page is larger, nobody maps lines.
 */
static struct singlet_line *alloc_lines(gfp_t gfp)
{
	return LINES_ARE_PAGES ? singlet_pages_alloc(1, gfp) :
				 kzalloc(LINES_BYTES, gfp);
}

void singlet_lines_free(struct singlet_line *lines)
{
	if (!LINES_ARE_PAGES)
		kfree(lines);
	else if (lines)
		singlet_pages_free(lines, 1);
}

static struct singlet_line_dir *locked_dir(struct singlet_lines *lines)
{
	return rcu_dereference_protected(lines->dir,
					 lockdep_is_held(&lines->lock));
}

void singlet_lines_init(struct singlet_lines *lines)
{
	RCU_INIT_POINTER(lines->dir, NULL);
	spin_lock_init(&lines->lock);
	lines->hint = 0;
	lines->nr_pages = 0;
}

/* Nobody may look up any more.  Context: sleeps. */
void singlet_lines_destroy(struct singlet_lines *lines)
{
	struct singlet_line_dir *dir = rcu_dereference_protected(lines->dir,
								 true);
	u32 i;

	if (!dir)
		return;
	for (i = 0; i < dir->cap; i++) {
		singlet_lines_free(dir->page[i].lines);
		cond_resched();
	}
	kvfree(dir);
}

/* Put @new in the place of a smaller directory; returns what to free. */
static struct singlet_line_dir *replace_dir(struct singlet_lines *lines,
					    struct singlet_line_dir *new)
{
	struct singlet_line_dir *old = locked_dir(lines);

	if (old && old->cap >= new->cap)
		return new;
	if (old)
		memcpy(new->page, old->page, old->cap * sizeof(*old->page));
	rcu_assign_pointer(lines->dir, new);
	return old;
}

/**
 * singlet_lines_ensure() - memory behind a page of lines
 * @lines: lines
 * @page: number of the page; line n is in page n / LINES_PER_PAGE
 * @gfp: how to allocate
 *
 * Context: As @gfp says; not from hard interrupts.
 * Return: 0: there was; 1: it was made; -ENOMEM.
 */
int singlet_lines_ensure(struct singlet_lines *lines, u32 page, gfp_t gfp)
{
	struct singlet_line *mem = NULL;
	struct singlet_line_dir *dir, *old;
	int made = 0;
	u32 cap;

	gfp |= __GFP_ACCOUNT;
	spin_lock_bh(&lines->lock);
	for (;;) {
		dir = locked_dir(lines);
		cap = dir ? dir->cap : 0;
		if (page < cap && dir->page[page].lines)
			break;
		if (page < cap && mem) {
			/* Pairs with the dependent load of a line. */
			smp_store_release(&dir->page[page].lines, mem);
			dir->page[page].used = 0;
			lines->hint = min(lines->hint, page);
			lines->nr_pages++;
			mem = NULL;
			made = 1;
			break;
		}
		spin_unlock_bh(&lines->lock);

		if (!mem)
			mem = alloc_lines(gfp);
		if (!mem)
			return -ENOMEM;
		if (page >= cap) {
			cap = max_t(u32, CAP_MIN, roundup_pow_of_two(page + 1));
			dir = kvmalloc(struct_size(dir, page, cap),
				       gfp | __GFP_ZERO);
			if (!dir) {
				singlet_lines_free(mem);
				return -ENOMEM;
			}
			dir->cap = cap;
			spin_lock_bh(&lines->lock);
			old = replace_dir(lines, dir);
			spin_unlock_bh(&lines->lock);
			if (old)
				kvfree_rcu(old, rcu);
		}
		spin_lock_bh(&lines->lock);
	}
	spin_unlock_bh(&lines->lock);
	singlet_lines_free(mem);
	return made;
}

/* Memory for more lines to hand out.  Context and return as _ensure(). */
int singlet_lines_extend(struct singlet_lines *lines, gfp_t gfp)
{
	struct singlet_line_dir *dir;
	u32 i = 0;

	spin_lock_bh(&lines->lock);
	dir = locked_dir(lines);
	while (dir && i < dir->cap && dir->page[i].lines)
		i++;
	spin_unlock_bh(&lines->lock);
	return singlet_lines_ensure(lines, i, gfp);
}

/**
 * singlet_lines_get() - a line of one's own
 * @lines: lines
 *
 * Context: BH disabled; does not sleep.
 * Return: The number of an empty line, or U32_MAX: none, extend first.
 */
u32 singlet_lines_get(struct singlet_lines *lines)
{
	struct singlet_line_dir *dir;
	u32 nr = U32_MAX;

	spin_lock(&lines->lock);
	dir = locked_dir(lines);
	for (; dir && lines->hint < dir->cap; lines->hint++) {
		struct singlet_line_page *page = &dir->page[lines->hint];
		unsigned int bit;

		if (!page->lines || !~page->used)
			continue;
		bit = __ffs64(~page->used);
		page->used |= BIT_ULL(bit);
		memset(&page->lines[bit], 0, sizeof(*page->lines));
		nr = lines->hint * LINES_PER_PAGE + bit;
		break;
	}
	spin_unlock(&lines->lock);
	return nr;
}

/* Give back a line from singlet_lines_get(); same context. */
void singlet_lines_put(struct singlet_lines *lines, u32 nr)
{
	u32 page = nr / LINES_PER_PAGE;

	spin_lock(&lines->lock);
	locked_dir(lines)->page[page].used &= ~BIT_ULL(nr % LINES_PER_PAGE);
	lines->hint = min(lines->hint, page);
	spin_unlock(&lines->lock);
}

/**
 * singlet_lines_detach() - take unused pages out of the directory
 * @lines: lines
 * @next: the first page that may go; out: the first one not looked at
 * @pages: out; to be freed with singlet_lines_free() after a grace period
 * @nr: of @pages; in and out
 * @max: room in @pages
 *
 * A page goes when none of its lines is handed out.  For @home, where lines
 * are not handed out, @next says what is unused.  Looks at a number of pages that
 * does not depend on how many there are.
 *
 * Return: Whether there is more to look at and room for what is found.
 */
bool singlet_lines_detach(struct singlet_lines *lines, u32 *next,
			  struct singlet_line **pages, unsigned int *nr,
			  unsigned int max)
{
	struct singlet_line_dir *dir;
	unsigned int looks;
	bool more;
	u32 i = *next;

	spin_lock_bh(&lines->lock);
	dir = locked_dir(lines);
	for (looks = 0; looks < DETACH_LOOKS; looks++, i++) {
		if (!dir || i >= dir->cap || *nr >= max)
			break;
		if (!dir->page[i].lines || dir->page[i].used)
			continue;
		pages[(*nr)++] = dir->page[i].lines;
		WRITE_ONCE(dir->page[i].lines, NULL);
		lines->nr_pages--;
	}
	more = dir && i < dir->cap && *nr < max;
	spin_unlock_bh(&lines->lock);
	*next = i;
	return more;
}

/* The smallest directory for the pages that there are; lines->lock. */
static u32 fitting_cap(struct singlet_lines *lines)
{
	const struct singlet_line_dir *dir = locked_dir(lines);
	u32 nr = dir ? dir->cap : 0;

	while (nr && !dir->page[nr - 1].lines)
		nr--;
	return max_t(u32, CAP_MIN, roundup_pow_of_two(max(nr, 1U)));
}

/*
 * Make the directory small after pages went, if there is memory for that.
 * Context: Process, sleeps.
 */
void singlet_lines_fit(struct singlet_lines *lines)
{
	struct singlet_line_dir *old, *new;
	u32 cap;

	spin_lock_bh(&lines->lock);
	old = locked_dir(lines);
	cap = fitting_cap(lines);
	spin_unlock_bh(&lines->lock);
	if (!old || cap >= old->cap)
		return;
	new = kvmalloc(struct_size(new, page, cap),
		       GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (!new)
		return;
	new->cap = cap;
	spin_lock_bh(&lines->lock);
	old = locked_dir(lines);
	if (fitting_cap(lines) > cap || old->cap <= cap) {
		old = new;		/* it has grown again meanwhile */
	} else {
		memcpy(new->page, old->page, cap * sizeof(*new->page));
		rcu_assign_pointer(lines->dir, new);
	}
	spin_unlock_bh(&lines->lock);
	kvfree_rcu(old, rcu);
}

/* Bytes taken, directory included. */
size_t singlet_lines_bytes(struct singlet_lines *lines)
{
	struct singlet_line_dir *dir;
	size_t bytes;

	spin_lock_bh(&lines->lock);
	dir = locked_dir(lines);
	bytes = lines->nr_pages * LINES_BYTES;
	if (dir)
		bytes += struct_size(dir, page, dir->cap);
	spin_unlock_bh(&lines->lock);
	return bytes;
}
