// SPDX-License-Identifier: GPL-2.0
/*
 * dev - /dev/singlet
 *
 * Every command goes the same way: find it in the table, copy its structure in
 * (copy_struct_from_user() holds the rules for sizes), let its handler
 * validate and act, copy the structure out.  Where the effect must not outlast
 * a result that cannot be delivered, it is undone.
 */
#include "dev.h"

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/singlet.h>

#include "batch.h"
#include "domain.h"
#include "reclaim.h"
#include "session.h"
#include "store.h"
#include "world.h"

union argument {
	u32 size;
	struct singlet_info info;
	struct singlet_type_create type_create;
	struct singlet_type_delete type_delete;
	struct singlet_type_query type_query;
	struct singlet_type_list type_list;
	struct singlet_batch batch;
	struct singlet_stats stats;
	struct singlet_collect collect;
	struct singlet_list list;
};

static int cmd_info(struct singlet_session *s, unsigned int cmd,
		    union argument *arg)
{
	if (arg->info.flags)
		return -EINVAL;
	arg->info = (struct singlet_info){
		.size = arg->info.size,
		.max_value = SINGLET_MAX_VALUE,
		.max_batch = SINGLET_MAX_BATCH,
		.max_name = SINGLET_MAX_NAME,
		.max_types = TYPE_MAX,
		.session = s->number,
	};
	return 0;
}

static int copy_name(char *to, u64 from, u32 len)
{
	if (!len || len > SINGLET_MAX_NAME)
		return -EINVAL;
	return copy_from_user(to, u64_to_user_ptr(from), len) ? -EFAULT : 0;
}

static int cmd_type_create(struct singlet_session *s, unsigned int cmd,
			   union argument *arg)
{
	struct singlet_type_create *a = &arg->type_create;
	char name[SINGLET_MAX_NAME];
	struct singlet_type_args args = {
		.name = name,
		.name_len = a->name_len,
		.kind = a->kind,
		.value_size = a->value_size,
		.value_max = a->value_max,
	};
	struct singlet_type *type;
	int err;

	if (a->flags || a->reserved)
		return -EINVAL;
	err = copy_name(name, a->name, a->name_len);
	if (err)
		return err;
	err = singlet_types_check(&args);
	if (err)
		return err;
	type = singlet_types_create(&s->domain->store->types, &args, &a->type);
	return PTR_ERR_OR_ZERO(type);
}

static int cmd_type_delete(struct singlet_session *s, unsigned int cmd,
			   union argument *arg)
{
	if (arg->type_delete.flags || arg->type_delete.reserved)
		return -EINVAL;
	return singlet_reclaim_delete_type(s->domain->store,
					 arg->type_delete.type);
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
	memcpy(info->name, type->name, sizeof(info->name));
}

static int cmd_type_query(struct singlet_session *s, unsigned int cmd,
			  union argument *arg)
{
	struct singlet_types *types = &s->domain->store->types;
	struct singlet_type_query *a = &arg->type_query;
	char name[SINGLET_MAX_NAME];
	struct singlet_type *type;
	int err;

	if (a->flags || (a->name ? a->type : a->name_len))
		return -EINVAL;
	if (a->name) {
		err = copy_name(name, a->name, a->name_len);
		if (err)
			return err;
	}
	rcu_read_lock();
	if (a->name)
		type = singlet_types_by_name(types, name, a->name_len);
	else
		type = singlet_types_at(types, a->type & INFO_TYPE_MASK);
	if (type && !a->name && type->number != a->type)
		type = NULL;
	if (type)
		describe(type, &a->info);
	rcu_read_unlock();
	return type ? 0 : -ENOENT;
}

static int cmd_type_list(struct singlet_session *s, unsigned int cmd,
			 union argument *arg)
{
	struct singlet_types *types = &s->domain->store->types;
	struct singlet_type_list *a = &arg->type_list;
	struct singlet_type_info info;
	u32 index = a->cursor, n = 0;
	bool more = true;

	if (a->flags || !a->count || a->cursor > TYPE_MAX + 1)
		return -EINVAL;
	if (a->count > SINGLET_MAX_BATCH)
		return -E2BIG;
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
		if (copy_to_user(u64_to_user_ptr(a->infos + n * sizeof(info)),
				 &info, sizeof(info)))
			return -EFAULT;
		n++;
	}
	a->count = n;
	a->cursor = more ? index : 0;
	return 0;
}

static int cmd_batch(struct singlet_session *s, unsigned int cmd,
		     union argument *arg)
{
	return singlet_batch_run(s, cmd, &arg->batch);
}

static int cmd_stats(struct singlet_session *s, unsigned int cmd,
		     union argument *arg)
{
	struct singlet_stats *a = &arg->stats;

	if (a->flags)
		return -EINVAL;
	*a = (struct singlet_stats){ .size = a->size };
	singlet_domain_stats(s->domain, a);
	singlet_stats_finish(a);
	return 0;
}

static int cmd_collect(struct singlet_session *s, unsigned int cmd,
		       union argument *arg)
{
	struct singlet_collect *a = &arg->collect;
	struct singlet_reclaimed out;

	if (a->flags)
		return -EINVAL;
	singlet_reclaim_all(s->domain->store, &out);
	a->objects = out.objects;
	a->bytes = out.bytes;
	a->slabs = out.slabs;
	a->pages = out.pages;
	return 0;
}

#define LIST_CHUNK	32

static int cmd_list(struct singlet_session *s, unsigned int cmd,
		    union argument *arg)
{
	struct singlet_list_entry *entries;
	struct singlet_list *a = &arg->list;
	u32 n = 0, got;
	int err = 0;

	if (a->flags || !a->count || a->cursor >= WORLD_ID)
		return -EINVAL;
	if (a->count > SINGLET_MAX_BATCH)
		return -E2BIG;
	if (a->type) {
		struct singlet_type *type;

		type = singlet_types_get(&s->domain->store->types, a->type);
		if (!type)
			return -ENOENT;
		singlet_types_put(type);
	}
	entries = kmalloc_array(LIST_CHUNK, sizeof(*entries),
				GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	do {
		got = singlet_session_list(s, a->type, &a->cursor, entries,
					   min_t(u32, LIST_CHUNK, a->count - n));
		if (copy_to_user(u64_to_user_ptr(a->entries +
						 n * sizeof(*entries)),
				 entries, got * sizeof(*entries))) {
			err = -EFAULT;
			break;
		}
		n += got;
	} while (a->cursor && got && n < a->count && !signal_pending(current));
	kfree(entries);
	a->count = n;
	return err;
}

#define COMMAND(name, member, handler)					\
	[SINGLET_CMD_##name] = {					\
		.number = SINGLET_##name,				\
		.size = sizeof_field(union argument, member),		\
		.handle = handler,					\
	}

static const struct {
	unsigned int number;
	u32 size;		/* of the structure; its first version, so far */
	int (*handle)(struct singlet_session *s, unsigned int cmd,
		      union argument *arg);
} commands[] = {
	COMMAND(INFO, info, cmd_info),
	COMMAND(TYPE_CREATE, type_create, cmd_type_create),
	COMMAND(TYPE_DELETE, type_delete, cmd_type_delete),
	COMMAND(TYPE_QUERY, type_query, cmd_type_query),
	COMMAND(TYPE_LIST, type_list, cmd_type_list),
	COMMAND(INTERN, batch, cmd_batch),
	COMMAND(LOOKUP, batch, cmd_batch),
	COMMAND(ACQUIRE, batch, cmd_batch),
	COMMAND(RELEASE, batch, cmd_batch),
	COMMAND(READ, batch, cmd_batch),
	COMMAND(QUERY, batch, cmd_batch),
	COMMAND(ALLOC, batch, cmd_batch),
	COMMAND(WRITE, batch, cmd_batch),
	COMMAND(SEAL, batch, cmd_batch),
	COMMAND(STATS, stats, cmd_stats),
	COMMAND(COLLECT, collect, cmd_collect),
	COMMAND(LIST, list, cmd_list),
};

/* What must not outlast a result that could not be delivered. */
static void undo(struct singlet_session *s, unsigned int cmd,
		 const union argument *arg)
{
	if (cmd == SINGLET_CMD_TYPE_CREATE)
		singlet_reclaim_delete_type(s->domain->store,
					    arg->type_create.type);
}

static long dev_ioctl(struct file *file, unsigned int number,
		      unsigned long param)
{
	unsigned int cmd = _IOC_NR(number);
	struct singlet_session *s = file->private_data;
	void __user *user = (void __user *)param;
	union argument arg;
	u32 size, known;
	int err;

	if (cmd >= ARRAY_SIZE(commands) || commands[cmd].number != number)
		return -ENOTTY;
	cmd = array_index_nospec(cmd, ARRAY_SIZE(commands));
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < commands[cmd].size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	known = commands[cmd].size;
	err = copy_struct_from_user(&arg, known, user, size);
	if (err)
		return err;
	arg.size = size;	/* once read, it does not change */
	/* A result that could not be delivered must not be worked for. */
	if (put_user(size, (u32 __user *)user))
		return -EFAULT;

	err = commands[cmd].handle(s, cmd, &arg);
	if (err)
		return err;
	if (copy_to_user(user, &arg, min(size, known))) {
		undo(s, cmd, &arg);
		return -EFAULT;
	}
	return 0;
}

static int dev_open(struct inode *inode, struct file *file)
{
	struct singlet_session *s = singlet_session_open(file->f_cred);

	if (IS_ERR(s))
		return PTR_ERR(s);
	file->private_data = s;
	return nonseekable_open(inode, file);
}

static int dev_release(struct inode *inode, struct file *file)
{
	singlet_session_close(file->private_data);
	return 0;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &dev_fops,
	.mode = 0660,
};

int singlet_dev_init(void)
{
	return misc_register(&dev);
}

void singlet_dev_exit(void)
{
	misc_deregister(&dev);
}
