// SPDX-License-Identifier: GPL-2.0
/* index_open - an index for a store that is in use; see index_open.h */
#include "index_open.h"

#include <linux/sched.h>

#include "arena.h"
#include "index.h"
#include "marks.h"
#include "store.h"

/* The marks of objects that were there before */

#define FILL_TRIES	1000

/*
 * The mark of @obj, on which the caller has a reference, is made live.  Who has
 * doomed it does not get it, and lets go soon; that it is not marked if that takes
 * long makes no difference but to those who look for it.
 */
static void mark_object(struct singlet_store *store, u64 *mark,
			const struct singlet_object *obj)
{
	const struct singlet_slab *slab = singlet_object_slab(obj);
	u32 info = READ_ONCE(obj->info);
	const struct singlet_type *type;
	u64 live, old;
	int i;

	type = singlet_types_at(&store->types, singlet_info_type(info));
	if (info & INFO_PLAIN || type->kind != SINGLET_KIND_VALUE)
		return;
	live = (u64)obj->gen << 32 |
	       singlet_mark_low(slab, type->number,
				singlet_slab_len(slab, info));
	for (i = 0; i < FILL_TRIES; i++) {
		old = READ_ONCE(*mark);
		if (old & SINGLET_MARK_DOOMED)
			cpu_relax();
		/* Release: as in singlet_mark_live(). */
		else if (old & SINGLET_MARK_LIVE ||
			 cmpxchg_release(mark, old, live) == old)
			break;
	}
}

/* Those of a slab from slot @slot on, of up to STORE_LOT.  RCU section. */
static void mark_some(struct singlet_store *store, struct singlet_slab *slab,
		      unsigned int slot)
{
	unsigned int end = min_t(unsigned int, slab->slots, slot + STORE_LOT);
	u64 *marks = singlet_slab_marks(slab);

	for (; marks && slot < end; slot++) {
		struct singlet_object *obj = &slab->obj[slot];

		switch (singlet_object_tryget(obj)) {
		case GOT_IDLE:
			singlet_store_count_idle(store, obj, -1);
			break;
		case GOT_LIVE:
			break;
		default:
			continue;
		}
		mark_object(store, &marks[slot], obj);
		singlet_store_put(obj);
	}
}

static void mark_all(struct singlet_store *store)
{
	u32 i, cap = singlet_slab_dir_cap(&store->pool.dir);

	for (i = 0; i < cap; i++) {
		struct singlet_slab *slab;
		unsigned int slot = 0, slots;

		do {
			rcu_read_lock();
			slab = singlet_slab_dir_find(&store->pool.dir, i);
			slots = slab ? slab->slots : 0;
			if (slab)
				mark_some(store, slab, slot);
			rcu_read_unlock();
			slot += STORE_LOT;
		} while (slot < slots);
		cond_resched();
	}
}

/**
 * singlet_index_open() - see that a store has an index
 * @store: store
 * @inode: in whose address space the mappings of the store are
 *
 * Context: Process, sleeps.
 * Return: 0, -ENOMEM, -EINTR.
 */
int singlet_index_open(struct singlet_store *store, struct inode *inode)
{
	struct singlet_pool *pool = &store->pool;
	struct singlet_index *index;
	int err;

	err = singlet_arena_open(pool, inode);
	if (err)
		return err;
	if (mutex_lock_killable(&pool->arena_mutex))
		return -EINTR;
	if (store->index)
		goto out;
	index = singlet_index_new(pool->arena, &store->key);
	err = index ? singlet_arena_mark(pool->arena) : -ENOMEM;
	if (err) {
		singlet_index_free(index);
		goto out;
	}
	mark_all(store);
	singlet_table_set_watch(&store->table, &index->watch);
	/* Complete; pairs with the address dependency of who reads statistics. */
	smp_store_release(&store->index, index);
out:
	mutex_unlock(&pool->arena_mutex);
	return err;
}
