// SPDX-License-Identifier: GPL-2.0
/* cmd_type - commands on types; see cmd.h */
#include "cmd.h"

#include <linux/err.h>
#include <linux/sched.h>

#include "reclaim.h"
#include "store.h"

static struct singlet_store *store_of(const struct call *call)
{
	return call->session->domain->store;
}

static struct singlet_account *account_of(const struct call *call)
{
	return &call->session->domain->account;
}

static int create(struct call *call, const struct singlet_type_args *args,
		  u32 *number)
{
	struct singlet_store *store = store_of(call);
	struct singlet_type *type;
	int err;

	err = singlet_account_charge(account_of(call), SINGLET_QUOTA_TYPES, 1);
	if (err) {
		singlet_count(&store->counters, STAT_REFUSALS, 1);
		return err;
	}
	type = singlet_types_create(&store->types, args, number);
	if (!IS_ERR(type))
		return 0;
	singlet_account_uncharge(account_of(call), SINGLET_QUOTA_TYPES, 1);
	return PTR_ERR(type);
}

int singlet_cmd_type_create(struct call *call, union argument *arg)
{
	struct singlet_type_create *a = &arg->type_create;
	struct singlet_type_args args = {
		.kind = a->kind,
		.value_size = a->value_size,
		.value_max = a->value_max,
		.container = a->flags & SINGLET_TYPE_CONTAINER,
	};
	struct singlet_name name;
	int err;

	if (a->flags & ~SINGLET_TYPE_CONTAINER || a->reserved)
		return -EINVAL;
	err = singlet_cmd_name(call, a->name, a->name_len, &name);
	if (err)
		return err;
	args.name = name.text;
	args.name_len = name.len;
	err = singlet_types_check(&args);
	return err ?: create(call, &args, &a->type);
}

static int delete(struct call *call, u32 number)
{
	int err = singlet_reclaim_delete_type(store_of(call), number);

	if (!err)
		singlet_account_uncharge(account_of(call),
					 SINGLET_QUOTA_TYPES, 1);
	return err;
}

void singlet_cmd_type_undo(struct call *call, const union argument *arg)
{
	delete(call, arg->type_create.type);
}

int singlet_cmd_type_delete(struct call *call, union argument *arg)
{
	if (arg->type_delete.flags || arg->type_delete.reserved)
		return -EINVAL;
	return delete(call, arg->type_delete.type);
}

static void describe(const struct singlet_type *type,
		     struct singlet_type_info *info)
{
	struct singlet_type_counters sum;

	singlet_type_sum(type, &sum);
	memset(info, 0, sizeof(*info));
	info->type = type->number;
	info->kind = type->kind;
	info->value_size = type->value_size;
	info->value_max = type->value_max;
	info->objects = singlet_type_objects(&sum);
	info->bytes = max(sum.bytes, 0L);
	info->flags = type->container ? SINGLET_TYPE_CONTAINER : 0;
	memcpy(info->name, type->name, sizeof(info->name));
}

int singlet_cmd_type_query(struct call *call, union argument *arg)
{
	struct singlet_types *types = &store_of(call)->types;
	struct singlet_type_query *a = &arg->type_query;
	struct singlet_name name = {};
	struct singlet_type *type;
	int err;

	if (a->flags || (a->name ? a->type : a->name_len))
		return -EINVAL;
	if (a->name) {
		err = singlet_cmd_name(call, a->name, a->name_len, &name);
		if (err)
			return err;
	}
	rcu_read_lock();
	if (a->name)
		type = singlet_types_by_name(types, name.text, name.len);
	else
		type = singlet_types_at(types, a->type & INFO_TYPE_MASK);
	if (type && !a->name && type->number != a->type)
		type = NULL;
	if (type)
		describe(type, &a->info);
	rcu_read_unlock();
	return type ? 0 : -ENOENT;
}

int singlet_cmd_type_list(struct call *call, union argument *arg)
{
	struct singlet_types *types = &store_of(call)->types;
	struct singlet_type_list *a = &arg->type_list;
	struct singlet_type_info info;
	u32 index = a->cursor, n = 0;
	bool more = true;
	int err;

	if (a->flags || a->reserved || a->cursor > TYPE_MAX + 1)
		return -EINVAL;
	err = singlet_cmd_room(a->count, a->entry_size, sizeof(info));
	if (err)
		return err;
	while (n < a->count) {
		struct singlet_type *type;

		rcu_read_lock();
		type = singlet_types_next(types, &index);
		if (type)
			describe(type, &info);
		rcu_read_unlock();
		more = type;
		if (!more)
			break;
		err = singlet_cmd_entry(a->infos, n++, a->entry_size, &info,
					sizeof(info));
		if (err)
			return err;
		cond_resched();
	}
	a->count = n;
	a->cursor = more ? index : 0;
	return 0;
}
