// SPDX-License-Identifier: GPL-2.0
/* borrow - pages in which processes say what they borrow; see borrow.h */
#include "borrow.h"

#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <uapi/linux/singlet_index.h>

#include "compat/alloc.h"
#include "pages.h"

/**
 * singlet_borrows_find() - which slots of a slab are borrowed
 * @borrowers: of its arena
 * @index: of the slab
 * @slots: out; bits of those slots are set
 *
 * Context: RCU read-side section.  The barriers are the caller's: kill.h.
 */
void singlet_borrows_find(const struct singlet_borrowers *borrowers, u32 index,
			  unsigned long *slots)
{
	const struct singlet_borrows *b;

	list_for_each_entry_rcu(b, &borrowers->list, node) {
		u64 nr = min_t(u64, READ_ONCE(b->page[0]), SINGLET_BORROWS);
		unsigned int i;

		for (i = 1; i <= nr; i++) {
			u64 id = READ_ONCE(b->page[i]);

			if (unlikely(id) &&
			    (u32)id >> SINGLET_ID_SLOT_BITS == index)
				__set_bit(SINGLET_ID_SLOT(id), slots);
		}
	}
}

/*
 * Context: Process, sleeps.  Return: One of @all, to be freed with
 * singlet_borrows_free(); or an ERR_PTR: -ENOMEM, -ENOSPC.
 */
struct singlet_borrows *singlet_borrows_new(struct singlet_borrowers *all)
{
	struct singlet_borrows *b;
	bool added;

	b = kzalloc_obj(*b, GFP_KERNEL_ACCOUNT);
	if (!b)
		return ERR_PTR(-ENOMEM);
	b->page = singlet_pages_alloc(1, GFP_KERNEL_ACCOUNT);
	if (!b->page) {
		kfree(b);
		return ERR_PTR(-ENOMEM);
	}
	b->all = all;
	spin_lock(&all->lock);
	added = all->nr < BORROWERS_MAX;
	/*
	 * Before anybody has it mapped, and so before the barrier of whoever
	 * borrows by it: the same that makes a killer see the slot makes it see
	 * the page.
	 */
	if (added) {
		list_add_tail_rcu(&b->node, &all->list);
		WRITE_ONCE(all->nr, all->nr + 1);
	}
	spin_unlock(&all->lock);
	if (added)
		return b;
	singlet_pages_free(b->page, 1);
	kfree(b);
	return ERR_PTR(-ENOSPC);
}

static void borrows_free_rcu(struct rcu_head *rcu)
{
	struct singlet_borrows *b = container_of(rcu, struct singlet_borrows,
						 rcu);

	singlet_pages_free(b->page, 1);
	kfree(b);
}

/* Nobody has it mapped any more; those it is one of are there.  @b: or NULL. */
void singlet_borrows_free(struct singlet_borrows *b)
{
	if (!b)
		return;
	spin_lock(&b->all->lock);
	list_del_rcu(&b->node);
	WRITE_ONCE(b->all->nr, b->all->nr - 1);
	spin_unlock(&b->all->lock);
	call_rcu(&b->rcu, borrows_free_rcu);
}
