/* SPDX-License-Identifier: GPL-2.0 */
/*
 * recent - where the values are that were asked for lately
 *
 * What is asked for again and again need not be looked for each time in the
 * table, which takes a chain of four dependent loads and a comparison of ten
 * tags.  An entry here is a hash and the handle that was found for it: one load
 * and a comparison.  There are few of them, so that they stay in the CPU's cache;
 * what is there first gives way to what comes later one time in sixteen, so that
 * values that are all asked for equally seldom do not make the CPUs write to
 * each other's cache lines all the time.
 *
 * An entry is a hint, like an entry of the table: whoever uses the handle makes
 * sure of the object.  So nobody needs to take entries out; what is out of date
 * is overwritten some time.
 *
 * The memory is allocated when a store was asked often enough, and freed when a
 * collection has left nothing in the store.
 *
 * Locking: none; readers are RCU sections.
 */
#ifndef SINGLET_RECENT_H
#define SINGLET_RECENT_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#define RECENT_BITS	12
#define RECENT_BYTES	(sizeof(u64) << RECENT_BITS)

struct singlet_recent {
	u64 __rcu *entry;	/* hash << 32 | handle; or NULL */
	u32 asked;		/* a hint: samples until there is one */
};

void singlet_recent_note(struct singlet_recent *recent, u32 hash, u32 handle);
void singlet_recent_free(struct singlet_recent *recent);

/* One of sixteen, to take note of.  @n differs from time to time. */
static __always_inline unsigned int singlet_recent_one_of(u32 n)
{
	/* Not by turns: what comes in rounds would be the same ones. */
	return n * 0x9e3779b1U >> 28;
}

/* Is this the time to take note? */
static __always_inline bool singlet_recent_sample(u32 n)
{
	return unlikely(singlet_recent_one_of(n) == 0);
}

/*
 * Return: whether there is a @handle for @hash; if not, @room says whether there
 * is nothing else either.  RCU section.
 */
static __always_inline bool
singlet_recent_find(const struct singlet_recent *recent, u32 hash, u32 *handle,
		    bool *room)
{
	const u64 *entry = rcu_dereference(recent->entry);
	u64 e;

	*room = false;
	if (unlikely(!entry))
		return false;
	e = READ_ONCE(entry[hash >> (32 - RECENT_BITS)]);
	*handle = (u32)e;
	*room = !e;
	return e >> 32 == hash;
}

static inline size_t singlet_recent_bytes(const struct singlet_recent *recent)
{
	return rcu_access_pointer(recent->entry) ? RECENT_BYTES : 0;
}

#endif
