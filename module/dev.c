// SPDX-License-Identifier: GPL-2.0
/*
 * dev - /dev/singlet
 *
 * Every command goes the same way: find it in the table, look whether the
 * session may, copy its structure in (copy_struct_from_user() holds the rules
 * for sizes), let its handler validate and act, copy the structure out.  Where
 * the effect must not outlast a result that cannot be delivered, it is undone.
 */
#include "dev.h"

#include <linux/capability.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "batch.h"
#include "cmd.h"
#include "domain.h"
#include "map.h"
#include "pins.h"
#include "space.h"

/* Copy a name of the user's to @call->name. */
int singlet_cmd_name(struct call *call, u64 from, u32 len,
		     struct singlet_name *name)
{
	if (!len || len > SINGLET_MAX_NAME)
		return -EINVAL;
	if (copy_from_user(call->name, u64_to_user_ptr(from), len))
		return -EFAULT;
	*name = (struct singlet_name){ .text = call->name, .len = len };
	return 0;
}

/* May a command fill an array?  Return: 0, -EINVAL, -E2BIG. */
int singlet_cmd_room(u32 count, u32 entry_size, u32 known)
{
	if (!count || entry_size < known)
		return -EINVAL;
	return count > SINGLET_MAX_BATCH || entry_size > PAGE_SIZE ? -E2BIG : 0;
}

/* Copy @entry out as number @index of the user's array.  0 or -EFAULT. */
int singlet_cmd_entry(u64 array, u32 index, u32 entry_size, const void *entry,
		      u32 known)
{
	void __user *to = u64_to_user_ptr(array + (u64)index * entry_size);

	if (copy_to_user(to, entry, known) ||
	    clear_user(to + known, entry_size - known))
		return -EFAULT;
	return 0;
}

static int cmd_batch(struct call *call, union argument *arg)
{
	return singlet_batch_run(call->session, call->cmd, &arg->batch);
}

/* The same for the pins of the session's domain, which are its owner's. */
static int cmd_pins(struct call *call, union argument *arg)
{
	struct singlet_session *s = call->session, *pins;
	bool governed;

	mutex_lock(&singlet_domains_mutex);
	governed = singlet_domain_governed(s->domain, &call->caller);
	mutex_unlock(&singlet_domains_mutex);
	if (!governed)
		return -EPERM;
	pins = singlet_pins_of(s, true);
	if (IS_ERR(pins))
		return PTR_ERR(pins);
	return singlet_batch_run(pins, call->cmd, &arg->batch);
}

/*
 * Commands that use what else the opener may do need all access, so that a
 * descriptor with less can be handed to somebody else.
 */
#define R	SINGLET_ACCESS_READ
#define W	SINGLET_ACCESS_WRITE

#define COMMAND(name, member, handler, needs, ...)			\
	[SINGLET_CMD_##name] = {					\
		.number = SINGLET_##name,				\
		.size = sizeof_field(union argument, member),		\
		.handle = handler,					\
		.access = needs,					\
		__VA_ARGS__						\
	}

static const struct {
	unsigned int number;
	u32 size;		/* of the structure; its first version, so far */
	u32 access;		/* what the session must have */
	bool makes;		/* something that a deleted domain takes no more */
	bool asks;		/* who the opener is, and what they may */
	int (*handle)(struct call *call, union argument *arg);
	void (*undo)(struct call *call, const union argument *arg);
} commands[] = {
	COMMAND(INFO, info, singlet_cmd_info, 0),
	COMMAND(TYPE_CREATE, type_create, singlet_cmd_type_create, W,
		.makes = true, .undo = singlet_cmd_type_undo),
	COMMAND(TYPE_DELETE, type_delete, singlet_cmd_type_delete, W),
	COMMAND(TYPE_QUERY, type_query, singlet_cmd_type_query, R),
	COMMAND(TYPE_LIST, type_list, singlet_cmd_type_list, R),
	COMMAND(INTERN, batch, cmd_batch, W, .makes = true),
	COMMAND(LOOKUP, batch, cmd_batch, R),
	COMMAND(ACQUIRE, batch, cmd_batch, R),
	COMMAND(RELEASE, batch, cmd_batch, 0),
	COMMAND(READ, batch, cmd_batch, R),
	COMMAND(QUERY, batch, cmd_batch, R),
	COMMAND(ALLOC, batch, cmd_batch, W, .makes = true),
	COMMAND(WRITE, batch, cmd_batch, W),
	COMMAND(SEAL, batch, cmd_batch, W),
	COMMAND(STATS, stats, singlet_cmd_stats, 0),
	COMMAND(COLLECT, collect, singlet_cmd_collect, W),
	COMMAND(LIST, list, singlet_cmd_list, R),
	COMMAND(DOMAIN_CREATE, domain_create, singlet_cmd_domain_create, R | W,
		.asks = true, .undo = singlet_cmd_domain_undo),
	COMMAND(DOMAIN_JOIN, domain_join, singlet_cmd_domain_join, R | W,
		.asks = true),
	COMMAND(DOMAIN_DELETE, domain_delete, singlet_cmd_domain_delete, R | W,
		.asks = true),
	COMMAND(DOMAIN_SET, domain_set, singlet_cmd_domain_set, R | W,
		.asks = true),
	COMMAND(DOMAIN_QUERY, domain_query, singlet_cmd_domain_query, 0,
		.asks = true),
	COMMAND(DOMAIN_LIST, domain_list, singlet_cmd_domain_list, 0,
		.asks = true),
	COMMAND(PIN, batch, cmd_pins, R | W, .makes = true, .asks = true),
	COMMAND(UNPIN, batch, cmd_pins, R | W, .asks = true),
	COMMAND(LEAKS, leaks, singlet_cmd_leaks, 0, .asks = true),
};

/* May the session do that?  Return: 0, -EACCES, -ESTALE. */
static int may(const struct singlet_session *s, unsigned int cmd)
{
	if (commands[cmd].access & ~s->access)
		return -EACCES;
	if (commands[cmd].makes && READ_ONCE(s->domain->deleted))
		return -ESTALE;
	return 0;
}

/* Let the handler act and copy @arg out.  Return: 0 or an error. */
static int run(struct call *call, union argument *arg, void __user *user,
	       u32 size)
{
	unsigned int cmd = call->cmd;
	int err = commands[cmd].handle(call, arg);

	if (err)
		return err;
	if (copy_to_user(user, arg, size)) {
		if (commands[cmd].undo)
			commands[cmd].undo(call, arg);
		if (call->file) {
			put_unused_fd(call->fd);
			fput(call->file);
		}
		return -EFAULT;
	}
	if (call->file)
		fd_install(call->fd, call->file);
	return 0;
}

static struct singlet_caller caller_of(const struct file *file)
{
	const struct cred *cred = file->f_cred;

	return (struct singlet_caller){
		.cred = cred,
		.admin = file_ns_capable(file, cred->user_ns, CAP_SYS_ADMIN),
		.global = file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN),
	};
}

static long dev_ioctl(struct file *file, unsigned int number,
		      unsigned long param)
{
	unsigned int cmd = _IOC_NR(number);
	void __user *user = (void __user *)param;
	struct call call = {
		.session = file->private_data,
	};
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
	err = may(call.session, cmd);
	if (err)
		return err;
	/* A result that could not be delivered must not be worked for. */
	if (put_user(size, (u32 __user *)user))
		return -EFAULT;

	call.cmd = cmd;
	if (commands[cmd].asks)
		call.caller = caller_of(file);
	return run(&call, &arg, user, min(size, known));
}

/* A session's file, from its beginning on. */
void singlet_dev_attach(struct file *file, struct singlet_session *s)
{
	file->private_data = s;
	singlet_space_set(file, s->domain->space);
}

static int dev_open(struct inode *inode, struct file *file)
{
	struct singlet_caller caller = { .cred = file->f_cred };
	struct singlet_session *s = singlet_session_open(&caller);

	if (IS_ERR(s))
		return PTR_ERR(s);
	singlet_dev_attach(file, s);
	return nonseekable_open(inode, file);
}

static int dev_release(struct inode *inode, struct file *file)
{
	singlet_session_close(file->private_data);
	return 0;
}

static int dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	return singlet_map(file->private_data, vma);
}

const struct file_operations singlet_dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.mmap = dev_mmap,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &singlet_dev_fops,
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
