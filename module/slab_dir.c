// SPDX-License-Identifier: GPL-2.0
/* slab_dir - the directory of a pool's slabs; see slab_dir.h */
#include "slab_dir.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

#define CAP_MIN	64

static struct singlet_slab_dir_array *locked_array(struct singlet_slab_dir *dir)
{
	return rcu_dereference_protected(dir->array,
					 lockdep_is_held(&dir->lock));
}

static struct singlet_slab_dir_array *array_alloc(u32 cap, gfp_t gfp)
{
	struct singlet_slab_dir_array *a;

	a = kvzalloc(struct_size(a, entry, cap), gfp | __GFP_ACCOUNT);
	if (a)
		a->cap = cap;
	return a;
}

void singlet_slab_dir_init(struct singlet_slab_dir *dir)
{
	RCU_INIT_POINTER(dir->array, NULL);
	spin_lock_init(&dir->lock);
	ida_init(&dir->ida);
	/*
	 * Anywhere: an id from another directory in the same place (a domain
	 * that ended and was made anew) should mean nothing here.
	 */
	dir->floor = 1 + get_random_u32() % SLAB_GEN_FIRST;
}

/* Nobody may look up any more. */
void singlet_slab_dir_destroy(struct singlet_slab_dir *dir)
{
	kvfree(rcu_dereference_protected(dir->array, true));
	ida_destroy(&dir->ida);
}

static int grow(struct singlet_slab_dir *dir, u32 index, gfp_t gfp)
{
	struct singlet_slab_dir_array *old, *new;
	unsigned long flags;

	new = array_alloc(max_t(u32, CAP_MIN, roundup_pow_of_two(index + 1)),
			  gfp);
	if (!new)
		return -ENOMEM;

	spin_lock_irqsave(&dir->lock, flags);
	old = locked_array(dir);
	if (old && old->cap >= new->cap) {
		old = new;		/* somebody else was faster */
	} else {
		if (old)
			memcpy(new->entry, old->entry,
			       old->cap * sizeof(*old->entry));
		rcu_assign_pointer(dir->array, new);
	}
	spin_unlock_irqrestore(&dir->lock, flags);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/**
 * singlet_slab_dir_reserve() - an index for a new slab
 * @dir: directory
 * @gfp: how to allocate
 * @gen: out; the first generation that its slots may have
 *
 * Return: The index, to be published or removed, or -ENOMEM, -ENOSPC.
 */
int singlet_slab_dir_reserve(struct singlet_slab_dir *dir, gfp_t gfp, u32 *gen)
{
	struct singlet_slab_dir_array *a;
	unsigned long flags, e;
	int index, err;

	for (;;) {
		index = ida_alloc_max(&dir->ida, SLAB_INDEX_MAX, gfp);
		if (index < 0)
			return index;

		spin_lock_irqsave(&dir->lock, flags);
		a = locked_array(dir);
		while (!a || index >= a->cap) {
			spin_unlock_irqrestore(&dir->lock, flags);
			err = grow(dir, index, gfp);
			if (err) {
				ida_free(&dir->ida, index);
				return err;
			}
			spin_lock_irqsave(&dir->lock, flags);
			a = locked_array(dir);
		}
		e = a->entry[index].slab;
		*gen = e ? e >> 1 : dir->floor;
		spin_unlock_irqrestore(&dir->lock, flags);

		/*
		 * An index whose generations are used up stays reserved for
		 * ever: there are 4 million more.
		 */
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
	entry = &locked_array(dir)->entry[index];
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
 * singlet_slab_dir_remove() - give an index back
 * @dir: directory
 * @index: reserved, published or not
 * @gen: first generation that the next slab there may use
 *
 * Who found the slab before may use it until a grace period has passed.
 */
void singlet_slab_dir_remove(struct singlet_slab_dir *dir, u32 index, u32 gen)
{
	unsigned long flags;

	spin_lock_irqsave(&dir->lock, flags);
	WRITE_ONCE(locked_array(dir)->entry[index].slab,
		   (unsigned long)gen << 1 | 1);
	spin_unlock_irqrestore(&dir->lock, flags);
	ida_free(&dir->ida, index);
}

/*
 * Free the array of a directory without slabs.  What its entries knew of
 * generations goes into the floor; where that would use up much of the
 * generations of every index, the array stays.
 */
void singlet_slab_dir_trim(struct singlet_slab_dir *dir)
{
	struct singlet_slab_dir_array *a;
	unsigned long flags;
	u32 i, floor;

	spin_lock_irqsave(&dir->lock, flags);
	a = locked_array(dir);
	/*
	 * Who reserves an index after this check takes the lock next and finds
	 * either this array or none.
	 */
	if (!a || !ida_is_empty(&dir->ida))
		goto out_busy;
	floor = dir->floor;
	for (i = 0; i < a->cap; i++)
		floor = max_t(u32, floor, a->entry[i].slab >> 1);
	if (floor > SLAB_GEN_LAST - SLAB_GEN_FIRST)
		goto out_busy;
	dir->floor = floor;
	RCU_INIT_POINTER(dir->array, NULL);
	spin_unlock_irqrestore(&dir->lock, flags);
	kvfree_rcu(a, rcu);
	return;

out_busy:
	spin_unlock_irqrestore(&dir->lock, flags);
}

u32 singlet_slab_dir_cap(const struct singlet_slab_dir *dir)
{
	const struct singlet_slab_dir_array *a;
	u32 cap;

	rcu_read_lock();
	a = rcu_dereference(dir->array);
	cap = a ? a->cap : 0;
	rcu_read_unlock();
	return cap;
}

/* Bytes that the directory takes. */
size_t singlet_slab_dir_bytes(const struct singlet_slab_dir *dir)
{
	u32 cap = singlet_slab_dir_cap(dir);

	return cap ? struct_size_t(struct singlet_slab_dir_array, entry, cap)
		   : 0;
}
