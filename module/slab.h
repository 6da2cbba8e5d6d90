/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slab - slots in page runs
 *
 * Vocabulary
 *   slab    a run of pages cut into equal slots (payload only), and, apart
 *           from it, a descriptor with one record per slot
 *   record  what is known of a slot: struct singlet_object
 *   cache   a pool's slabs of one size class
 *   pool    all caches of one store, and the directory of their slabs
 *   handle  index of a slab in the directory and slot in it, 31 bits
 *
 * A slot is in exactly one place: it holds an object, waits in a CPU's
 * magazine, is on its slab's free list, or is retired.  Per slab:
 *   objects + in magazines + nr_free + nr_retired == slots
 *
 * Records are type-stable: a record stays a record until a grace period after
 * its slab was taken from the directory.  The payload is not: its pages go back
 * to the kernel as soon as the slab has no object, so that memory reclaim gains
 * them at once; nobody reads a slot's bytes without a reference on the object
 * in it.  Free slots are zero.
 *
 * Locking: cache->lock (irq-safe) protects a cache's lists and the free lists
 * and counts of its slabs.  Order: cache->lock before the directory's lock.
 */
#ifndef SINGLET_SLAB_H
#define SINGLET_SLAB_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

#include "debug.h"
#include "idle.h"
#include "size.h"
#include "slab_dir.h"
#include "stats.h"

/**
 * struct singlet_object - the record of a slot, and so of the object in it
 * @refs: see object.h
 * @gen: generation; grows by one when the slot's object is freed
 * @info: slot, slack, type, flags; written while the slot has no object or
 *        its object is unpublished (sealing apart)
 *
 * While the slot is free, the bits of slack and type link the free list.
 */
struct singlet_object {
	atomic_t refs;
	u32 gen;
	u32 info;
};

#ifndef CONFIG_64BIT
#error "singlet needs a 64-bit kernel"
#endif

#define INFO_SLOT_BITS		9
#define INFO_SLACK_BITS		9
#define INFO_TYPE_BITS		12
#define INFO_SLACK_SHIFT	INFO_SLOT_BITS
#define INFO_TYPE_SHIFT		(INFO_SLACK_SHIFT + INFO_SLACK_BITS)
#define INFO_SLOT_MASK		((1U << INFO_SLOT_BITS) - 1)
#define INFO_SLACK_MASK		((1U << INFO_SLACK_BITS) - 1)
#define INFO_TYPE_MASK		((1U << INFO_TYPE_BITS) - 1)
#define INFO_PLAIN		BIT(30)	/* freed with its last reference */
#define INFO_UNSEALED		BIT(31)	/* plain and still being written */

#define FREE_NEXT_SHIFT		INFO_SLOT_BITS
#define FREE_NEXT_NONE		SIZE_SLOTS_MAX	/* 10 bits */

/* The value of refs while there is no object, or one that is dying. */
#define OBJECT_DEAD		0xC0000000U

struct singlet_arena;
struct singlet_hot;
struct singlet_pool;

/* What else is known of a slot beyond SIZE_SLACK_MAX. */
struct singlet_big {
	u32 len;
	u32 hash;	/* of a value, so that nobody hashes it again */
};

struct singlet_slab {
	void *base;			/* payload; stable in lifetime */
	struct singlet_slab_cache *cache;	/* stable in lifetime */
	struct singlet_big *big;	/* per slot beyond SIZE_SLACK_MAX */
	unsigned long marks;		/* marks.h; where they are; 0: none */
	u32 size;			/* bytes in a slot; stable */
	u16 pages;			/* stable */
	bool mapped;			/* arena.h; a page table may have them */
	u32 index;			/* in the directory; stable */
	u32 gen;			/* first one of every slot; stable */
	u16 slots;			/* stable */
	u16 free_head;			/* cache->lock */
	u16 nr_free;			/* cache->lock; on the free list */
	u16 nr_retired;			/* cache->lock; out of generations */
	struct singlet_idle idle;
	union {
		struct list_head node;	/* cache->lock; in cache->partial */
		struct llist_node late;	/* after removal, if need be */
		struct rcu_head rcu;	/* then, for the grace period */
	};
	u32 run;			/* arena.h; where it is in an arena */
	u32 mark_block;			/* marks.h; stable once there is @mark */
	u64 born;			/* jiffies; stable */
	struct singlet_object obj[];
};

struct singlet_magazine;

struct singlet_slab_cache {
	struct singlet_pool *pool;		/* stable in lifetime */
	const struct singlet_size *size;	/* stable in lifetime */
	unsigned int class;			/* stable in lifetime */
	struct singlet_magazine __percpu *mag;	/* stable; may be NULL */
	spinlock_t lock;
	struct list_head partial;	/* lock; slabs with free slots */
	u32 nr_slabs;			/* lock */
	u32 nr_pages;			/* lock; in those slabs */
	u32 nr_free;			/* lock; slots on free lists */
	u32 nr_empty;			/* lock; slabs without an object */
};

/**
 * struct singlet_pool - all slabs of a store
 * @dir: index to slab
 * @cache: made on first use; stable once set
 * @arena: for who maps slabs; NULL: nobody has yet; stable once set
 * @arena_mutex: held while that is made and filled
 * @turns: slabs with idle objects
 * @counters: whose statistics these slabs are part of
 * @id_bits: in every id of this pool's objects
 * @hot: objects that are counted per CPU; NULL: none ever is
 * @users: the owner and every slab not yet given back to the kernel
 * @release: called when the last of @users is gone; context as call_rcu's
 */
struct singlet_pool {
	struct singlet_slab_dir dir;
	struct singlet_slab_cache *cache[SIZE_LARGE + 1];
	struct singlet_arena *arena;
	struct mutex arena_mutex;	/* see above */
	struct singlet_turns turns;
	struct singlet_counters *counters;
	u32 id_bits;
	struct singlet_hot *hot;
	refcount_t users;
	void (*release)(struct singlet_pool *pool);
};

/* What singlet_pool_info() tells of a cache. */
struct singlet_cache_info {
	u32 size;		/* bytes in a slot; 0: large values */
	unsigned long slabs;
	unsigned long slots;
	unsigned long free;	/* on free lists */
	unsigned long cached;	/* in magazines */
	unsigned long pages;
};

int singlet_slab_init(void);
void singlet_slab_exit(void);
void singlet_slab_flush(void);
void singlet_slab_free_some(void);

void singlet_pool_init(struct singlet_pool *pool,
		       struct singlet_counters *counters,
		       void (*release)(struct singlet_pool *pool));
void singlet_pool_unuse(struct singlet_pool *pool);
void singlet_pool_quiesce(struct singlet_pool *pool);
void singlet_pool_destroy(struct singlet_pool *pool);
void singlet_pool_free_caches(struct singlet_pool *pool);
struct singlet_slab_cache *singlet_pool_make_cache(struct singlet_pool *pool,
						   unsigned int class,
						   gfp_t gfp);
bool singlet_pool_info(struct singlet_pool *pool, unsigned int class,
		       struct singlet_cache_info *info);
void singlet_pool_trim(struct singlet_pool *pool);
bool singlet_pool_is_valid(struct singlet_pool *pool);

unsigned int singlet_slab_take(struct singlet_slab_cache *cache, u32 len,
			       struct singlet_object **obj, unsigned int nr,
			       gfp_t gfp);
void singlet_slab_give(struct singlet_slab_cache *cache,
		       struct singlet_object **obj, unsigned int nr);

/**
 * singlet_pool_cache() - the cache of a size class
 * @pool: pool
 * @class: from singlet_size_class()
 * @gfp: how to allocate it on first use
 *
 * Return: The cache, which lives as long as the pool, or NULL.
 */
static inline struct singlet_slab_cache *
singlet_pool_cache(struct singlet_pool *pool, unsigned int class, gfp_t gfp)
{
	/* What it points to depends on it; pairs with the cmpxchg in slab.c. */
	struct singlet_slab_cache *cache = READ_ONCE(pool->cache[class]);

	return likely(cache) ? cache :
			       singlet_pool_make_cache(pool, class, gfp);
}

static inline unsigned int singlet_object_slot(const struct singlet_object *obj)
{
	/* These bits never change. */
	return READ_ONCE(obj->info) & INFO_SLOT_MASK;
}

/* The slab in which @obj is the record of @slot. */
static inline struct singlet_slab *
singlet_slab_of(const struct singlet_object *obj, unsigned int slot)
{
	const struct singlet_object *first = obj - slot;

	return container_of((struct singlet_object *)first,
			    struct singlet_slab, obj[0]);
}

static inline struct singlet_slab *
singlet_object_slab(const struct singlet_object *obj)
{
	return singlet_slab_of(obj, singlet_object_slot(obj));
}

static inline void *singlet_slab_payload(const struct singlet_slab *slab,
					 unsigned int slot)
{
	return slab->base + (size_t)slot * slab->size;
}

/*
 * The lowest bit of slab->marks: they are being made, and nobody puts live ones
 * there yet.
 */
#define MARKS_COMING	1UL

/* The marks of the slots, by slot; or NULL. */
static inline u64 *singlet_slab_marks(const struct singlet_slab *slab)
{
	return (u64 *)(READ_ONCE(slab->marks) & ~MARKS_COMING);
}

/* Base of the payload, if possible without a look at the slab. */
static __always_inline void *singlet_slab_base(const struct singlet_slab *slab,
					       u64 place)
{
	return PLACE_HAS_BASE ? singlet_place_base(place) : slab->base;
}

/* Index of the type in its registry. */
static inline u32 singlet_info_type(u32 info)
{
	return info >> INFO_TYPE_SHIFT & INFO_TYPE_MASK;
}

/* Length of the value in a slot whose record reads @info. */
static inline u32 singlet_slab_len(const struct singlet_slab *slab, u32 info)
{
	if (likely(!slab->big))
		return slab->size -
		       (info >> INFO_SLACK_SHIFT & INFO_SLACK_MASK);
	return READ_ONCE(slab->big[info & INFO_SLOT_MASK].len);
}

static inline u32 singlet_slab_handle(const struct singlet_slab *slab,
				      unsigned int slot)
{
	return slab->index << INFO_SLOT_BITS | slot;
}

/* The id of the object that is in the slot now. */
static inline u64 singlet_object_id(const struct singlet_object *obj)
{
	unsigned int slot = singlet_object_slot(obj);
	const struct singlet_slab *slab = singlet_slab_of(obj, slot);

	return (u64)READ_ONCE(obj->gen) << 32 | slab->cache->pool->id_bits |
	       singlet_slab_handle(slab, slot);
}

static inline void *singlet_object_data(const struct singlet_object *obj)
{
	unsigned int slot = singlet_object_slot(obj);

	return singlet_slab_payload(singlet_slab_of(obj, slot), slot);
}

static inline u32 singlet_object_len(const struct singlet_object *obj)
{
	u32 info = READ_ONCE(obj->info);

	return singlet_slab_len(singlet_slab_of(obj, info & INFO_SLOT_MASK),
				info);
}

/* Before the object is published: its type, its length, INFO_* flags. */
static inline void singlet_object_describe(struct singlet_object *obj, u32 type,
					   u32 len, u32 flags)
{
	u32 slot = singlet_object_slot(obj);
	struct singlet_slab *slab = singlet_slab_of(obj, slot);
	u32 slack = 0;

	if (slab->big)
		WRITE_ONCE(slab->big[slot].len, len);
	else
		slack = slab->size - len;
	WRITE_ONCE(obj->info, slot | slack << INFO_SLACK_SHIFT |
			      type << INFO_TYPE_SHIFT | flags);
}

/*
 * The record that a handle names, whatever is in it now; NULL if there is no
 * such slot.  Under RCU.
 */
static __always_inline struct singlet_object *
singlet_pool_object(const struct singlet_pool *pool, u32 handle,
		    struct singlet_slab **slabp)
{
	struct singlet_slab *slab;
	u32 slot = handle & INFO_SLOT_MASK;

	slab = singlet_slab_dir_find(&pool->dir, handle >> INFO_SLOT_BITS);
	if (unlikely(!slab || slot >= slab->slots))
		return NULL;
	*slabp = slab;
	return &slab->obj[slot];
}

#endif
