// SPDX-License-Identifier: GPL-2.0
/* snapshot - a text file that is rendered as a whole; see snapshot.h */
#include "snapshot.h"

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat/alloc.h"

#define TEXT_MAX	(64U << 20)

int singlet_snapshot_open(struct file *file, singlet_render_t render)
{
	struct singlet_snapshot *snap;

	snap = kzalloc_obj(*snap, GFP_KERNEL_ACCOUNT);
	if (!snap)
		return -ENOMEM;
	mutex_init(&snap->mutex);
	snap->render = render;
	file->private_data = snap;
	return 0;
}

int singlet_snapshot_release(struct inode *inode, struct file *file)
{
	struct singlet_snapshot *snap = file->private_data;

	kvfree(snap->text);
	kfree(snap);
	return 0;
}

/* For @render; what does not fit is counted, and rendered again. */
void singlet_snapshot_printf(struct singlet_snapshot *snap,
			     const char *format, ...)
{
	size_t room = snap->len < snap->cap ? snap->cap - snap->len : 0;
	va_list args;

	va_start(args, format);
	snap->len += vsnprintf(room ? snap->text + snap->len : NULL, room,
			       format, args);
	va_end(args);
}

static int render(struct singlet_snapshot *snap, const struct file *file)
{
	snap->rendered = false;
	for (;;) {
		size_t cap;

		snap->len = 0;
		snap->render(snap, file);
		/* vsnprintf() needs a byte more than the text. */
		if (snap->len < snap->cap)
			break;
		if (snap->len >= TEXT_MAX)
			return -EFBIG;
		cap = PAGE_ALIGN(snap->len + snap->len / 8 + 1);
		kvfree(snap->text);
		snap->cap = 0;
		snap->text = kvmalloc(cap, GFP_KERNEL_ACCOUNT);
		if (!snap->text)
			return -ENOMEM;
		snap->cap = cap;
	}
	snap->rendered = true;
	return 0;
}

ssize_t singlet_snapshot_read(struct file *file, char __user *buf,
			      size_t count, loff_t *pos)
{
	struct singlet_snapshot *snap = file->private_data;
	ssize_t ret = 0;

	if (mutex_lock_interruptible(&snap->mutex))
		return -ERESTARTSYS;
	if (!*pos || !snap->rendered)
		ret = render(snap, file);
	/* A reader's own text; nobody else waits for this mutex. */
	if (!ret)
		ret = simple_read_from_buffer(buf, count, pos, snap->text,
					      snap->len);
	mutex_unlock(&snap->mutex);
	return ret;
}
