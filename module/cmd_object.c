// SPDX-License-Identifier: GPL-2.0
/* cmd_object - commands on objects, batches apart; see cmd.h */
#include "cmd.h"

#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "inspect.h"
#include "reclaim.h"
#include "store.h"
#include "world.h"

int singlet_cmd_info(struct call *call, union argument *arg)
{
	if (arg->info.flags)
		return -EINVAL;
	arg->info = (struct singlet_info){
		.size = arg->info.size,
		.max_value = SINGLET_MAX_VALUE,
		.max_batch = SINGLET_MAX_BATCH,
		.max_name = SINGLET_MAX_NAME,
		.max_types = TYPE_MAX,
		.session = call->session->number,
		.max_parts = SINGLET_MAX_PARTS,
		.access = call->session->access,
	};
	return 0;
}

int singlet_cmd_stats(struct call *call, union argument *arg)
{
	struct singlet_stats *a = &arg->stats;

	if (a->flags)
		return -EINVAL;
	*a = (struct singlet_stats){ .size = a->size };
	singlet_domain_sum(call->session->domain, a);
	singlet_stats_finish(a);
	return 0;
}

int singlet_cmd_collect(struct call *call, union argument *arg)
{
	struct singlet_collect *a = &arg->collect;
	struct singlet_reclaimed out;

	if (a->flags)
		return -EINVAL;
	singlet_reclaim_all(call->session->domain->store, &out);
	a->objects = out.objects;
	a->bytes = out.bytes;
	a->slabs = out.slabs;
	a->pages = out.pages;
	return 0;
}

#define LIST_CHUNK	16	/* entries, on the stack */

static int check_type(struct call *call, u32 number)
{
	struct singlet_type *type;

	type = singlet_types_get(&call->session->domain->store->types, number);
	if (!type)
		return -ENOENT;
	singlet_types_put(type);
	return 0;
}

int singlet_cmd_list(struct call *call, union argument *arg)
{
	struct singlet_list_entry entries[LIST_CHUNK];
	struct singlet_list *a = &arg->list;
	u32 n = 0, got, i;
	int err;

	if (a->flags || a->reserved || a->cursor >= WORLD_ID)
		return -EINVAL;
	err = singlet_cmd_room(a->count, a->entry_size, sizeof(*entries));
	if (!err && a->type)
		err = check_type(call, a->type);
	if (err)
		return err;
	do {
		got = singlet_inspect_list(call->session, a->type, &a->cursor,
					   entries, min_t(u32, LIST_CHUNK,
							  a->count - n));
		for (i = 0; i < got && !err; i++)
			err = singlet_cmd_entry(a->entries, n++, a->entry_size,
						&entries[i], sizeof(*entries));
	} while (!err && a->cursor && got && n < a->count &&
		 !signal_pending(current));
	a->count = n;
	return err;
}

int singlet_cmd_leaks(struct call *call, union argument *arg)
{
	struct singlet_leak entries[LIST_CHUNK];
	struct singlet_leaks *a = &arg->leaks;
	int got, i, err;
	u32 n = 0;

	if (a->flags || a->reserved)
		return -EINVAL;
	err = singlet_cmd_room(a->count, a->entry_size, sizeof(*entries));
	if (err)
		return err;
	do {
		got = singlet_inspect_leaks(call->session, &call->caller,
					    a->session, &a->cursor, entries,
					    min_t(u32, LIST_CHUNK,
						  a->count - n));
		for (i = 0; i < got && !err; i++)
			err = singlet_cmd_entry(a->entries, n++, a->entry_size,
						&entries[i], sizeof(*entries));
	} while (!err && got > 0 && a->cursor && n < a->count &&
		 !signal_pending(current));
	/* A session that ended on the way has no more leaks. */
	if (got < 0 && (got != -ENOENT || !n))
		err = got;
	a->count = n;
	return err;
}
