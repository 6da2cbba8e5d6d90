// SPDX-License-Identifier: GPL-2.0
/* refs - the references that one session holds; see refs.h */
#include "refs.h"

#include <linux/sched.h>
#include <linux/slab.h>

struct singlet_refs_chunk {
	u16 slots;
	u16 used;		/* counts that are not 0 */
	u16 pending;		/* last references handed out, not let go */
	u8 shift;		/* bytes in a count: 1 << shift */
	u8 counts[] __aligned(4);
};

/* What an entry takes in the array itself, at 64 to a node. */
#define ENTRY_BYTES	(sizeof(struct xa_node) / XA_CHUNK_SIZE)

static size_t chunk_bytes(const struct singlet_refs_chunk *c)
{
	return kmalloc_size_roundup(struct_size(c, counts,
						c->slots << c->shift)) +
	       ENTRY_BYTES;
}

static u32 get(const struct singlet_refs_chunk *c, unsigned int slot)
{
	switch (c->shift) {
	case 0:
		return c->counts[slot];
	case 1:
		return ((u16 *)c->counts)[slot];
	default:
		return ((u32 *)c->counts)[slot];
	}
}

static void set(struct singlet_refs_chunk *c, unsigned int slot, u32 n)
{
	switch (c->shift) {
	case 0:
		c->counts[slot] = n;
		break;
	case 1:
		((u16 *)c->counts)[slot] = n;
		break;
	default:
		((u32 *)c->counts)[slot] = n;
		break;
	}
}

static unsigned int shift_for(u32 n)
{
	return n > U16_MAX ? 2 : n > U8_MAX ? 1 : 0;
}

/* @c is the chunk of slab @index, if there is one. */
static void note(struct singlet_refs *refs, u32 index,
		 struct singlet_refs_chunk *c)
{
	refs->near[index % REFS_NEAR].chunk = c;
	refs->near[index % REFS_NEAR].index = index;
}

/* The chunk of slab @index, or NULL. */
static struct singlet_refs_chunk *find(struct singlet_refs *refs, u32 index)
{
	struct singlet_refs_chunk *c = refs->near[index % REFS_NEAR].chunk;

	if (likely(c && refs->near[index % REFS_NEAR].index == index))
		return c;
	c = xa_load(&refs->chunks, index);
	if (c)
		note(refs, index, c);
	return c;
}

static void count_bytes(struct singlet_refs *refs, long n)
{
	refs->bytes += n;
	singlet_count(refs->counters, STAT_BYTES_METADATA, n);
}

/* Put a new chunk for slab @index in the place of @old, which may be NULL. */
static struct singlet_refs_chunk *
chunk_make(struct singlet_refs *refs, u32 index,
	   struct singlet_refs_chunk *old, unsigned int slots,
	   unsigned int shift)
{
	struct singlet_refs_chunk *c;
	unsigned int i;

	c = kzalloc(struct_size(c, counts, slots << shift),
		    GFP_KERNEL_ACCOUNT);
	if (!c)
		return NULL;
	c->slots = slots;
	c->shift = shift;
	if (old) {
		c->used = old->used;
		c->pending = old->pending;
		for (i = 0; i < slots; i++)
			set(c, i, get(old, i));
	}
	if (xa_err(xa_store(&refs->chunks, index, c, GFP_KERNEL))) {
		kfree(c);
		return NULL;
	}
	note(refs, index, c);
	count_bytes(refs, chunk_bytes(c));
	if (old) {
		count_bytes(refs, -(long)chunk_bytes(old));
		kfree(old);
	}
	return c;
}

void singlet_refs_init(struct singlet_refs *refs,
		       struct singlet_counters *counters)
{
	xa_init_flags(&refs->chunks, XA_FLAGS_ACCOUNT);
	memset(refs->near, 0, sizeof(refs->near));
	refs->counters = counters;
	refs->bytes = 0;
}

/**
 * singlet_refs_add() - record references
 * @refs: records
 * @obj: the object; somebody holds it meanwhile
 * @n: how many more
 *
 * Context: Process, sleeps; the owner's lock held.
 * Return: 1: the first ones on the object; 0: there were some; -EOVERFLOW,
 * -ENOMEM: nothing changed.
 */
int singlet_refs_add(struct singlet_refs *refs,
		     const struct singlet_object *obj, u32 n)
{
	const struct singlet_slab *slab = singlet_object_slab(obj);
	unsigned int slot = singlet_object_slot(obj);
	struct singlet_refs_chunk *c = find(refs, slab->index);
	u32 had = c ? get(c, slot) : 0;
	unsigned int shift;

	if (n > REFS_MAX - had)
		return -EOVERFLOW;
	shift = shift_for(had + n);
	if (unlikely(!c || c->shift < shift)) {
		c = chunk_make(refs, slab->index, c, slab->slots, shift);
		if (!c)
			return -ENOMEM;
	}
	set(c, slot, had + n);
	if (had)
		return 0;
	c->used++;
	return 1;
}

/**
 * singlet_refs_more() - record one more reference if that is easy
 * @refs: records
 * @handle: of an object
 *
 * Context: Any; the owner's lock held.
 * Return: What came of it.
 */
enum singlet_refs_tried singlet_refs_more(struct singlet_refs *refs, u32 handle)
{
	struct singlet_refs_chunk *c = find(refs, handle >> INFO_SLOT_BITS);
	unsigned int slot = handle & INFO_SLOT_MASK;
	u32 had = c && slot < c->slots ? get(c, slot) : 0;

	if (!had)
		return REFS_NONE;
	if (unlikely(had == REFS_MAX || shift_for(had + 1) > c->shift))
		return REFS_FULL;
	set(c, slot, had + 1);
	return REFS_MORE;
}

/**
 * singlet_refs_sub() - take references off the record
 * @refs: records
 * @handle: of the object
 * @n: how many
 *
 * Context: The owner's lock held; does not fail for lack of memory.
 * Return: 1: those were the last, the object's reference is now the caller's
 * to drop after singlet_refs_tidy(); 0: some are left; -ENOENT: there were
 * none; -EINVAL: fewer than @n, nothing changed.
 */
int singlet_refs_sub(struct singlet_refs *refs, u32 handle, u32 n)
{
	u32 index = handle >> INFO_SLOT_BITS;
	unsigned int slot = handle & INFO_SLOT_MASK;
	struct singlet_refs_chunk *c = find(refs, index);
	u32 had = c && slot < c->slots ? get(c, slot) : 0;

	if (!had)
		return -ENOENT;
	if (n > had)
		return -EINVAL;
	set(c, slot, had - n);
	if (n < had)
		return 0;
	c->used--;
	c->pending++;
	return 1;
}

/*
 * Instead of singlet_refs_tidy(): record what singlet_refs_sub() took off, when
 * it returned 1.  Needs no memory.  Return: as singlet_refs_add(), but -ENOMEM.
 */
int singlet_refs_restore(struct singlet_refs *refs,
			 const struct singlet_object *obj, u32 n)
{
	const struct singlet_slab *slab = singlet_object_slab(obj);
	struct singlet_refs_chunk *c = find(refs, slab->index);
	unsigned int slot = singlet_object_slot(obj);
	u32 had = get(c, slot);

	c->pending--;
	/* Wide enough for both of them, or others have taken it meanwhile. */
	if (n > REFS_MAX - had || shift_for(had + n) > c->shift)
		return -EOVERFLOW;
	set(c, slot, had + n);
	if (had)
		return 0;
	c->used++;
	return 1;
}

/*
 * After singlet_refs_sub() returned 1, before the object's reference is
 * dropped: free what records no reference any more.  Until then the references
 * can be recorded again without memory.  The owner's lock held.
 */
void singlet_refs_tidy(struct singlet_refs *refs, u32 handle)
{
	u32 index = handle >> INFO_SLOT_BITS;
	struct singlet_refs_chunk *c = find(refs, index);

	c->pending--;
	if (c->used || c->pending)
		return;
	note(refs, index, NULL);
	xa_erase(&refs->chunks, index);
	count_bytes(refs, -(long)chunk_bytes(c));
	kfree(c);
}

/* References recorded on an object. */
u32 singlet_refs_count(struct singlet_refs *refs, u32 handle)
{
	struct singlet_refs_chunk *c = find(refs, handle >> INFO_SLOT_BITS);
	unsigned int slot = handle & INFO_SLOT_MASK;

	return c && slot < c->slots ? get(c, slot) : 0;
}

/**
 * singlet_refs_drop_all() - forget everything
 * @refs: records; gone afterwards
 * @drop: called for each object that was held, to drop the reference on it
 * @ctx: for @drop
 *
 * Context: Process, sleeps; cannot fail.
 */
void singlet_refs_drop_all(struct singlet_refs *refs,
			   void (*drop)(void *ctx, u32 handle), void *ctx)
{
	unsigned long index;
	struct singlet_refs_chunk *c;

	memset(refs->near, 0, sizeof(refs->near));
	xa_for_each(&refs->chunks, index, c) {
		unsigned int slot;

		for (slot = 0; slot < c->slots; slot++)
			if (get(c, slot))
				drop(ctx, index << INFO_SLOT_BITS | slot);
		count_bytes(refs, -(long)chunk_bytes(c));
		/* One by one: all at once would be under the lock. */
		xa_erase(&refs->chunks, index);
		kfree(c);
		cond_resched();
	}
}
