// SPDX-License-Identifier: GPL-2.0
/* slab_dir - the directory of a pool's slabs; see slab_dir.h */
#include "slab_dir.h"

#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

/* Bytes of chunk @k: a power of two. */
static size_t chunk_bytes(unsigned int k)
{
	/* Any entry could stand where the head is. */
	static_assert(sizeof(struct singlet_slab_dir_chunk) ==
		      sizeof(struct singlet_slab_entry));

	return (size_t)(DIR_FIRST << k) * sizeof(struct singlet_slab_entry);
}

/* First index of chunk @k. */
static u32 chunk_begin(unsigned int k)
{
	return (DIR_FIRST << k) + 1 - DIR_AT(0);
}

/* Entries in chunk @k. */
static u32 chunk_entries(unsigned int k)
{
	return (DIR_FIRST << k) - 1;
}

static struct singlet_slab_dir_chunk *
locked_chunk(const struct singlet_slab_dir *dir, unsigned int k)
{
	return rcu_dereference_protected(dir->chunk[k],
					 lockdep_is_held(&dir->lock));
}

void singlet_slab_dir_init(struct singlet_slab_dir *dir)
{
	unsigned int k;

	for (k = 0; k < DIR_CHUNKS; k++)
		RCU_INIT_POINTER(dir->chunk[k], NULL);
	spin_lock_init(&dir->lock);
	ida_init(&dir->ida);
	dir->nr = 0;
	dir->last = 0;
	/*
	 * Anywhere: an id from another directory in the same place (a domain
	 * that ended and was made anew) should mean nothing here.
	 */
	dir->floor = 1 + get_random_u32() % SLAB_GEN_FIRST;
}

/* Nobody may look up any more. */
void singlet_slab_dir_destroy(struct singlet_slab_dir *dir)
{
	unsigned int k;

	for (k = 0; k < DIR_CHUNKS; k++)
		kvfree(rcu_dereference_protected(dir->chunk[k], true));
	ida_destroy(&dir->ida);
}

/* Make the chunk that @index is in.  Return: 0 or -ENOMEM. */
static int grow(struct singlet_slab_dir *dir, u32 index, gfp_t gfp)
{
	unsigned int k = __fls(DIR_AT(index)) - __fls(DIR_FIRST);
	struct singlet_slab_dir_chunk *new;
	unsigned long flags;

	new = kvzalloc(chunk_bytes(k), gfp | __GFP_ACCOUNT);
	if (!new)
		return -ENOMEM;

	spin_lock_irqsave(&dir->lock, flags);
	if (!locked_chunk(dir, k)) {
		rcu_assign_pointer(dir->chunk[k], new);
		new = NULL;
	}
	spin_unlock_irqrestore(&dir->lock, flags);
	kvfree(new);		/* somebody else was faster */
	return 0;
}

/* Is there a chunk that begins before this index, instead of an entry? */
static bool no_index(u32 index)
{
	return is_power_of_2(DIR_AT(index));
}

/**
 * singlet_slab_dir_reserve() - an index for a new slab
 * @dir: directory
 * @gfp: how to allocate
 * @gen: out; the first generation that its slots may have
 *
 * Return: The index, to be given back with singlet_slab_dir_release(); or -ENOMEM,
 * -ENOSPC.
 */
int singlet_slab_dir_reserve(struct singlet_slab_dir *dir, gfp_t gfp, u32 *gen)
{
	struct singlet_slab_entry *entry;
	unsigned long flags;
	int index, err;

	for (;;) {
		index = ida_alloc_max(&dir->ida, SLAB_INDEX_MAX, gfp);
		if (index < 0)
			return index;
		if (no_index(index))
			continue;	/* reserved for ever */

		spin_lock_irqsave(&dir->lock, flags);
		while (!(entry = singlet_slab_dir_entry(dir, index))) {
			spin_unlock_irqrestore(&dir->lock, flags);
			err = grow(dir, index, gfp);
			if (err) {
				ida_free(&dir->ida, index);
				return err;
			}
			spin_lock_irqsave(&dir->lock, flags);
		}
		*gen = entry->slab ? entry->slab >> 1 : dir->floor;
		/*
		 * An index whose generations are used up stays reserved for
		 * ever: there are 4 million more.
		 */
		dir->nr++;
		spin_unlock_irqrestore(&dir->lock, flags);
		if (*gen <= SLAB_GEN_LAST)
			return index;
	}
}

/* Make @slab visible, and its @place, at an index that was reserved for it. */
void singlet_slab_dir_publish(struct singlet_slab_dir *dir, u32 index,
			      struct singlet_slab *slab, u64 place)
{
	struct singlet_slab_entry *entry;
	unsigned long flags;

	spin_lock_irqsave(&dir->lock, flags);
	entry = singlet_slab_dir_entry(dir, index);
	/*
	 * The slab that was there went before; who reads this place sees that.
	 * Pairs with the read barrier in singlet_slab_dir_place().
	 */
	smp_wmb();
	WRITE_ONCE(entry->place, place);
	/*
	 * Pairs with the dependent load in singlet_slab_dir_find() and the
	 * acquire in singlet_slab_dir_place().
	 */
	smp_store_release(&entry->slab, (unsigned long)slab);
	spin_unlock_irqrestore(&dir->lock, flags);
}

/**
 * singlet_slab_dir_remove() - take a slab out
 * @dir: directory
 * @index: published
 * @gen: first generation that the next slab there may use
 *
 * Who found the slab before may use it until a grace period has passed.
 */
void singlet_slab_dir_remove(struct singlet_slab_dir *dir, u32 index, u32 gen)
{
	unsigned long flags;

	spin_lock_irqsave(&dir->lock, flags);
	WRITE_ONCE(singlet_slab_dir_entry(dir, index)->slab,
		   (unsigned long)gen << 1 | 1);
	dir->last = max(dir->last, gen);
	dir->nr--;
	spin_unlock_irqrestore(&dir->lock, flags);
}

/* Give back an index that was reserved, and removed if it was published. */
void singlet_slab_dir_release(struct singlet_slab_dir *dir, u32 index)
{
	ida_free(&dir->ida, index);
}

/*
 * Free the chunks of a directory without slabs.  What their entries knew of
 * generations goes into the floor; where that would use up much of the
 * generations of every index, the chunks stay.
 */
void singlet_slab_dir_trim(struct singlet_slab_dir *dir)
{
	struct singlet_slab_dir_chunk *chunk[DIR_CHUNKS];
	unsigned long flags;
	unsigned int k;

	memset(chunk, 0, sizeof(chunk));
	spin_lock_irqsave(&dir->lock, flags);
	/*
	 * Who reserves an index after this check takes the lock next and finds
	 * either these chunks or none.
	 */
	if (dir->nr)
		goto out;
	if (dir->last > SLAB_GEN_LAST - SLAB_GEN_FIRST)
		goto out;
	dir->floor = max(dir->floor, dir->last);
	for (k = 0; k < DIR_CHUNKS; k++) {
		chunk[k] = locked_chunk(dir, k);
		RCU_INIT_POINTER(dir->chunk[k], NULL);
	}
out:
	spin_unlock_irqrestore(&dir->lock, flags);
	for (k = 0; k < DIR_CHUNKS; k++)
		if (chunk[k])
			kvfree_rcu(chunk[k], rcu);
}

/* No slab's index is as high as this. */
u32 singlet_slab_dir_cap(const struct singlet_slab_dir *dir)
{
	unsigned int k = DIR_CHUNKS;

	while (k && !rcu_access_pointer(dir->chunk[k - 1]))
		k--;
	return k ? chunk_begin(k - 1) + chunk_entries(k - 1) : 0;
}

/* Bytes that the directory takes. */
size_t singlet_slab_dir_bytes(const struct singlet_slab_dir *dir)
{
	size_t bytes = 0;
	unsigned int k;

	for (k = 0; k < DIR_CHUNKS; k++)
		if (rcu_access_pointer(dir->chunk[k]))
			bytes += chunk_bytes(k);
	return bytes;
}
