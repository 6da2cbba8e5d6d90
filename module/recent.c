// SPDX-License-Identifier: GPL-2.0
/* recent - where the values are that were asked for lately; see recent.h */
#include "recent.h"

#include <linux/preempt.h>
#include <linux/slab.h>

#include "compat/barrier.h"

#define RECENT_WORTH	64	/* samples that show that it is worth its memory */

/* Not missed if there is no memory for it: a hit does not wait for that. */
static void make(struct singlet_recent *recent)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOMEMALLOC |
			  __GFP_NOWARN;
	u64 *entry;

	/* There, no memory can be had without sleeping. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())
		return;
	entry = kzalloc(RECENT_BYTES, gfp);
	if (cmpxchg((u64 **)&recent->entry, NULL, entry))
		kfree(entry);
}

/**
 * singlet_recent_note() - @hash was found at @handle
 * @recent: what remembers it
 * @hash: of the value
 * @handle: of its object, on which the caller has a reference
 *
 * Context: Any but hard interrupts; does not sleep.
 */
void singlet_recent_note(struct singlet_recent *recent, u32 hash, u32 handle)
{
	u64 *entry;

	rcu_read_lock();
	entry = rcu_dereference(recent->entry);
	/*
	 * Release: the slab that the handle names was in the directory before;
	 * pairs with the dependency of who looks it up there.
	 */
	if (entry)
		compat_store_release(&entry[hash >> (32 - RECENT_BITS)],
				     (u64)hash << 32 | handle);
	rcu_read_unlock();
	if (entry)
		return;
	/* Counted without care: about so many will do. */
	WRITE_ONCE(recent->asked, READ_ONCE(recent->asked) + 1);
	if (READ_ONCE(recent->asked) < RECENT_WORTH)
		return;
	WRITE_ONCE(recent->asked, 0);
	make(recent);
}

/* Context: Process, sleeps. */
void singlet_recent_free(struct singlet_recent *recent)
{
	u64 *entry = xchg((u64 **)&recent->entry, NULL);

	if (!entry)
		return;
	synchronize_rcu();
	kfree(entry);
}
