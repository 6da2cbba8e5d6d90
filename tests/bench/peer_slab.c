// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: objects of a kmem_cache with a refcount_t: zeroed, as singlet's
 * are; as they come; zeroed and many at once (kmem_cache_alloc_bulk).
 */
#include <linux/kernel.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include "plain.h"

struct counted {
	refcount_t ref;
	u8 data[];
};

/* What they merge with, if anything, is for the allocator to decide. */
static struct kmem_cache *zeroed, *dirty, *bulk;

static struct kmem_cache *create(const char *name, u32 size)
{
	struct counted *obj;

	return kmem_cache_create(name, struct_size(obj, data, size), 0,
				 0, NULL);
}

static __always_inline void *alloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct counted *obj = kmem_cache_alloc(cache, gfp);

	if (likely(obj))
		refcount_set(&obj->ref, 1);
	return obj;
}

static __always_inline void put(struct kmem_cache *cache, void *object)
{
	struct counted *obj = object;

	if (refcount_dec_and_test(&obj->ref))
		kmem_cache_free(cache, obj);
}

static __always_inline void *alloc_zeroed(void)
{
	return alloc(zeroed, GFP_KERNEL | __GFP_ZERO);
}

static __always_inline void put_zeroed(void *object)
{
	put(zeroed, object);
}

static __always_inline void *alloc_dirty(void)
{
	return alloc(dirty, GFP_KERNEL);
}

static __always_inline void put_dirty(void *object)
{
	put(dirty, object);
}

static int zeroed_burst(unsigned int nr)
{
	return bench_burst(nr, alloc_zeroed, put_zeroed);
}

static int dirty_burst(unsigned int nr)
{
	return bench_burst(nr, alloc_dirty, put_dirty);
}

static int bulk_burst(unsigned int nr)
{
	void *obj[PLAIN_BURST], *dead[PLAIN_BURST];
	unsigned int i, n = 0;

	if (!kmem_cache_alloc_bulk(bulk, GFP_KERNEL | __GFP_ZERO, nr, obj))
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		refcount_set(&((struct counted *)obj[i])->ref, 1);
	for (i = 0; i < nr; i++)
		if (refcount_dec_and_test(&((struct counted *)obj[i])->ref))
			dead[n++] = obj[i];
	kmem_cache_free_bulk(bulk, n, dead);
	return 0;
}

static int zeroed_open(u32 size)
{
	zeroed = create("singlet_bench_zeroed", size);
	return zeroed ? 0 : -ENOMEM;
}

static int dirty_open(u32 size)
{
	dirty = create("singlet_bench_dirty", size);
	return dirty ? 0 : -ENOMEM;
}

static int bulk_open(u32 size)
{
	bulk = create("singlet_bench_bulk", size);
	return bulk ? 0 : -ENOMEM;
}

static void zeroed_close(void)
{
	kmem_cache_destroy(zeroed);
}

static void dirty_close(void)
{
	kmem_cache_destroy(dirty);
}

static void bulk_close(void)
{
	kmem_cache_destroy(bulk);
}

DEFINE_BENCH_HEAP(zeroed, "slab");
DEFINE_BENCH_HEAP(dirty, "slab-dirty");
DEFINE_BENCH_HEAP(bulk, "slab-bulk");
