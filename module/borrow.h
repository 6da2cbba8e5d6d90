/* SPDX-License-Identifier: GPL-2.0 */
/*
 * borrow - pages in which processes say what they borrow
 *
 * A session can have a page of borrows, which it writes as it likes: ids of
 * objects that are to stay.  Only who kills idle objects reads it (kill.h).
 *
 * Locking: readers of the list are RCU sections; its lock is to change it.
 */
#ifndef SINGLET_BORROW_H
#define SINGLET_BORROW_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

/* A session's page. */
struct singlet_borrows {
	u64 *page;			/* stable */
	struct singlet_borrowers *all;	/* stable */
	struct list_head node;		/* borrowers' lock */
	struct rcu_head rcu;
};

/* All of an arena's sessions that have one. */
struct singlet_borrowers {
	struct list_head list;		/* lock to write */
	unsigned int nr;		/* lock to write; in the list */
	spinlock_t lock;
};

/*
 * More of a domain's sessions than that have none: reading all of them takes less
 * than a millisecond.
 */
#define BORROWERS_MAX	1024

struct singlet_borrows *singlet_borrows_new(struct singlet_borrowers *all);
void singlet_borrows_free(struct singlet_borrows *borrows);
void singlet_borrows_find(const struct singlet_borrowers *borrowers, u32 index,
			  unsigned long *slots);

static inline void singlet_borrowers_init(struct singlet_borrowers *borrowers)
{
	INIT_LIST_HEAD(&borrowers->list);
	borrowers->nr = 0;
	spin_lock_init(&borrowers->lock);
}

static inline size_t
singlet_borrowers_bytes(const struct singlet_borrowers *borrowers)
{
	return READ_ONCE(borrowers->nr) *
	       (PAGE_SIZE + sizeof(struct singlet_borrows));
}

#endif
