// SPDX-License-Identifier: GPL-2.0
/* inspect - what a session can see; see inspect.h */
#include "inspect.h"

#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "pins.h"
#include "store.h"

static u32 state_of(const struct singlet_peek *peek)
{
	if (peek->immortal)
		return SINGLET_STATE_IMMORTAL;
	if (peek->info & INFO_UNSEALED)
		return SINGLET_STATE_UNSEALED;
	return peek->references ? SINGLET_STATE_LIVE : SINGLET_STATE_IDLE;
}

/* An object as the session sees it.  Return: 0, -ENOENT. */
static int look(struct singlet_session *s, u64 id, struct singlet_peek *peek,
		u32 *have)
{
	int err = singlet_store_peek(s->domain->store, id, peek);

	if (err)
		return err;
	*have = peek->immortal ? 0 : singlet_session_held(s, id);
	return peek->info & INFO_UNSEALED && !*have ? -ENOENT : 0;
}

/**
 * singlet_inspect_query() - what is known of an object
 * @s: session
 * @id: id
 * @item: out
 *
 * Context: Process, sleeps.
 * Return: 0, -ENOENT.
 */
int singlet_inspect_query(struct singlet_session *s, u64 id,
			  struct singlet_query_item *item)
{
	struct singlet_session *pins;
	struct singlet_peek peek;
	u32 have;
	int err = look(s, id, &peek, &have);

	if (err)
		return err;
	item->type = peek.type;
	item->len = peek.len;
	item->state = state_of(&peek);
	item->references = peek.references;
	item->held = have;
	pins = singlet_pins_of(s, false);
	if (pins && !peek.immortal)
		item->pins = singlet_session_held(pins, id);
	return 0;
}

/**
 * singlet_inspect_list() - objects of the session's domain
 * @s: session
 * @type: number of a type, or 0 for all
 * @cursor: handle to go on with; out: the next one, 0 at the end
 * @entries: out
 * @max: room in @entries
 *
 * Looks at a bounded number of slots, so it can find none before the end.
 *
 * Context: Process, sleeps.
 * Return: Entries filled.
 */
u32 singlet_inspect_list(struct singlet_session *s, u32 type, u64 *cursor,
			 struct singlet_list_entry *entries, u32 max)
{
	struct singlet_store *store = s->domain->store;
	u32 index = *cursor >> INFO_SLOT_BITS;
	u32 slot = *cursor & INFO_SLOT_MASK;
	unsigned int budget = 64 * SIZE_SLOTS_MAX;
	u32 n = 0;

	for (; index < singlet_slab_dir_cap(&store->pool.dir); index++, slot = 0) {
		struct singlet_slab *slab;
		u32 slots;

		rcu_read_lock();
		slab = singlet_slab_dir_find(&store->pool.dir, index);
		slots = slab ? slab->slots : 0;
		rcu_read_unlock();
		for (; slot < slots; slot++) {
			u32 handle = index << INFO_SLOT_BITS | slot;
			struct singlet_object *obj;
			struct singlet_peek peek;
			u64 id = 0;
			u32 have;

			if (n == max || !budget) {
				*cursor = handle;
				return n;
			}
			budget--;
			rcu_read_lock();
			obj = singlet_pool_object(&store->pool, handle, &slab);
			if (obj && !singlet_object_dead(obj))
				id = singlet_object_id(obj);
			rcu_read_unlock();
			if (!id || look(s, id, &peek, &have) ||
			    (type && type != peek.type))
				continue;
			entries[n++] = (struct singlet_list_entry){
				.id = id,
				.type = peek.type,
				.len = peek.len,
				.references = peek.references,
				.state = state_of(&peek),
			};
		}
		cond_resched();
	}
	*cursor = 0;
	return n;
}

/* Leaks */

#define NUMBER_SHIFT	32	/* of the session, in a cursor over leaks */

/* May the caller see what is @other's?  domains_mutex. */
static bool open_to(const struct singlet_session *s,
		    const struct singlet_caller *caller,
		    const struct singlet_session *other)
{
	return other->user == s->user ||
	       singlet_domain_governed(s->domain, caller);
}

/* An entry for what @s allocated at @handle; s->mutex. */
static void describe_leak(struct singlet_session *s, u32 handle, u64 since,
			  struct singlet_leak *leak)
{
	struct singlet_store *store = s->domain->store;
	struct singlet_object *obj = singlet_store_object(store, handle);

	leak->id = singlet_object_id(obj);
	leak->type = singlet_types_at(&store->types,
				      singlet_info_type(obj->info))->number;
	leak->len = singlet_object_len(obj);
	leak->age = ktime_get_boottime_ns() / NSEC_PER_MSEC - since;
	leak->session = s->number;
	leak->pid = pid_vnr(s->pid);
}

/* Of one session; @handle: where to go on.  Return: entries filled. */
static u32 leaks_of(struct singlet_session *s, unsigned long handle,
		    struct singlet_leak *entries, u32 max)
{
	void *since;
	u32 n = 0;

	mutex_lock(&s->mutex);
	if (!s->closed) {
		xa_for_each_start(&s->allocs, handle, since, handle) {
			if (n == max)
				break;
			/* One that is just being allocated or released. */
			if (!singlet_refs_count(&s->refs, handle))
				continue;
			describe_leak(s, handle, xa_to_value(since),
				      &entries[n++]);
		}
	}
	mutex_unlock(&s->mutex);
	return n;
}

/* Sessions that are looked at in one go. */
#define SESSIONS_AT_ONCE	1024

/**
 * singlet_inspect_leaks() - plain objects that were allocated and are held still
 * @s: session
 * @caller: who asks
 * @number: of a session; 0: all that the caller may look at
 * @cursor: 0 to start; out: where to go on, 0 at the end
 * @entries: out
 * @max: room in @entries
 *
 * Looks at a bounded number of sessions, so it can find none before the end.
 *
 * Context: Process, sleeps.
 * Return: Entries filled; -ENOENT: no such session.
 */
int singlet_inspect_leaks(struct singlet_session *s,
			  const struct singlet_caller *caller, u32 number,
			  u64 *cursor, struct singlet_leak *entries, u32 max)
{
	unsigned long at = number ?: *cursor >> NUMBER_SHIFT;
	unsigned long last = number ?: U32_MAX;
	unsigned int budget = SESSIONS_AT_ONCE;
	struct singlet_session *other;
	u32 handle = *cursor, n = 0;
	bool seen = false;

	*cursor = 0;
	mutex_lock(&singlet_domains_mutex);
	xa_for_each_range(&s->domain->sessions, at, other, at, last) {
		if (n || !budget--) {
			*cursor = (u64)at << NUMBER_SHIFT;
			break;
		}
		if (open_to(s, caller, other)) {
			seen = true;
			n = leaks_of(other, handle, entries, max);
		}
		handle = 0;
		if (n == max) {
			*cursor = (u64)at << NUMBER_SHIFT |
				  ((u32)entries[n - 1].id + 1);
			break;
		}
	}
	mutex_unlock(&singlet_domains_mutex);
	return number && !seen ? -ENOENT : n;
}
