// SPDX-License-Identifier: GPL-2.0
/* container - objects made of other objects; see container.h */
#include "container.h"

#include <linux/err.h>
#include <linux/sched.h>

#include "kill.h"
#include "store.h"
#include "world.h"

#define LINK_SHIFT	32
#define LINK_NONE	U32_MAX		/* no handle has all bits */
#define PARTS_AT_ONCE	64		/* between two looks at the scheduler */
/* More than there are while an object that was hot becomes cool. */
#define PLACES_MAX	(HOT_BIAS + 2 * HOT_COUNT_MAX)

static void breathe(u32 i, gfp_t gfp)
{
	if (i % PARTS_AT_ONCE == PARTS_AT_ONCE - 1 &&
	    gfpflags_allow_blocking(gfp))
		cond_resched();
}

static int part_get(struct singlet_store *store, u64 id)
{
	struct singlet_object *obj;
	bool revived;
	u32 word;
	int err;

	obj = singlet_store_get(store, id, &revived);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	/* Of what a count can be, a part is left to sessions, which are fewer. */
	word = atomic_read(&obj->refs);
	err = singlet_refs_counted(word) && (word & OBJECT_COUNT) > PLACES_MAX ?
	      -EOVERFLOW : 0;
	/* Acquire: pairs with singlet_store_seal(). */
	if (smp_load_acquire(&obj->info) & INFO_UNSEALED)
		err = -ENOENT;
	if (err) {
		singlet_store_put(obj);
		return err;
	}
	if (revived)
		singlet_count(&store->counters, STAT_REVIVALS, 1);
	return 0;
}

/**
 * singlet_parts_put() - drop the references on parts
 * @store: store
 * @data: ids, in kernel memory
 * @len: bytes of them
 * @gfp: whether the caller may sleep
 *
 * Context: As @gfp says.
 */
void singlet_parts_put(struct singlet_store *store, const void *data, u32 len,
		       gfp_t gfp)
{
	const u64 *ids = data;
	u32 i;

	for (i = 0; i < len / sizeof(*ids); i++) {
		if (!(ids[i] & WORLD_ID))
			singlet_store_put(singlet_store_object(store,
							       ids[i]));
		breathe(i, gfp);
	}
}

/**
 * singlet_parts_get() - take a reference on each part
 * @store: store
 * @data: ids, in kernel memory
 * @len: bytes of them, a multiple of 8
 * @gfp: whether the caller may sleep
 *
 * Context: As @gfp says.
 * Return: 0; -ENOENT, -EOVERFLOW: no reference was taken.
 */
int singlet_parts_get(struct singlet_store *store, const void *data, u32 len,
		      gfp_t gfp)
{
	const u64 *ids = data;
	u32 i;
	int err;

	for (i = 0; i < len / sizeof(*ids); i++) {
		err = part_get(store, ids[i]);
		if (err) {
			singlet_parts_put(store, data, i * sizeof(*ids), gfp);
			return err;
		}
		breathe(i, gfp);
	}
	return 0;
}

/* What an object leaves to do when it dies: 0, or the parts it has. */
static u32 parts_of(struct singlet_store *store,
		    const struct singlet_object *obj)
{
	const struct singlet_type *type;

	type = singlet_types_at(&store->types,
				singlet_info_type(READ_ONCE(obj->info)));
	return type->container ? singlet_object_len(obj) / sizeof(u64) : 0;
}

static void count_freed(struct singlet_freed *freed,
			const struct singlet_object *obj)
{
	freed->objects++;
	freed->bytes += singlet_object_len(obj);
	freed->charged += singlet_object_slab(obj)->size;
}

/* A dying object whose parts are dropped, out of the table. */
static void free_one(struct singlet_store *store, struct singlet_object *obj,
		     struct singlet_freed *freed)
{
	count_freed(freed, obj);
	singlet_store_free_evicted(store, &obj, 1);
}

/* Put a dying container on the stack, whose top was @top. */
static u32 push(struct singlet_object *obj, u32 top)
{
	u64 *ids = singlet_object_data(obj);

	ids[0] = (u32)ids[0] | (u64)top << LINK_SHIFT;
	return (u32)singlet_object_id(obj);
}

/*
 * Drop the reference on a part.  If nobody is left who wants it, and @deep, it
 * goes too: at once, or by way of the stack whose top is returned.
 */
static u32 drop_part(struct singlet_store *store, u32 handle, bool deep,
		     u32 top, struct singlet_freed *freed)
{
	struct singlet_object *part = singlet_store_object(store, handle);
	bool killed;

	rcu_read_lock();
	/* What is idle there by now may be another object: it goes as well. */
	killed = singlet_store_put(part) == PUT_IDLE && deep &&
		 singlet_kill(singlet_object_slab(part), &part, 1, false);
	rcu_read_unlock();
	if (!killed)
		return top;
	singlet_store_unhash(store, &part, 1);
	if (parts_of(store, part))
		return push(part, top);
	free_one(store, part, freed);
	/* Finding out whether it is borrowed can take a while. */
	cond_resched();
	return top;
}

/* Free a dying container, out of the table, and what goes with it. */
static void free_container(struct singlet_store *store,
			   struct singlet_object *obj, bool deep,
			   struct singlet_freed *freed)
{
	u32 top = push(obj, LINK_NONE);

	while (top != LINK_NONE) {
		u32 i, nr;
		u64 *ids;

		obj = singlet_store_object(store, top);
		ids = singlet_object_data(obj);
		nr = parts_of(store, obj);
		top = ids[0] >> LINK_SHIFT;
		for (i = 0; i < nr; i++) {
			if (!(ids[i] & WORLD_ID))
				top = drop_part(store, ids[i], deep, top,
						freed);
			breathe(i, GFP_KERNEL);
		}
		free_one(store, obj, freed);
		cond_resched();
	}
}

/**
 * singlet_store_free_dying() - finish what singlet_object_kill() began
 * @store: store
 * @obj: objects of one slab that the caller moved to dying
 * @nr: how many, 1 to STORE_LOT
 * @deep: free parts too that become idle by this
 * @freed: what was freed is added
 *
 * Context: Process, sleeps; memory reclaim may call it.
 */
void singlet_store_free_dying(struct singlet_store *store,
			      struct singlet_object **obj, unsigned int nr,
			      bool deep, struct singlet_freed *freed)
{
	unsigned int i, left = 0;

	/* They are the caller's alone and keep their slab. */
	singlet_store_unhash(store, obj, nr);
	for (i = 0; i < nr; i++) {
		if (unlikely(parts_of(store, obj[i]))) {
			free_container(store, obj[i], deep, freed);
			continue;
		}
		count_freed(freed, obj[i]);
		obj[left++] = obj[i];
	}
	if (left)
		singlet_store_free_evicted(store, obj, left);
}
