/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot - a text file that is rendered as a whole
 *
 * Each open file has a text of its own, rendered when it is read from its
 * start; reads further on continue in that same text.  So lines are whole and
 * belong together however small the reads are and wherever they seek, and
 * reading from the start again shows the present.
 */
#ifndef SINGLET_SNAPSHOT_H
#define SINGLET_SNAPSHOT_H

#include <linux/compiler_attributes.h>
#include <linux/fs.h>
#include <linux/mutex.h>

struct singlet_snapshot;

typedef void (*singlet_render_t)(struct singlet_snapshot *snap,
				 const struct file *file);

struct singlet_snapshot {
	struct mutex mutex;		/* protects the rest */
	singlet_render_t render;	/* stable */
	char *text;
	size_t len;
	size_t cap;
	bool rendered;
};

int singlet_snapshot_open(struct file *file, singlet_render_t render);
int singlet_snapshot_release(struct inode *inode, struct file *file);
ssize_t singlet_snapshot_read(struct file *file, char __user *buf,
			      size_t count, loff_t *pos);
__printf(2, 3)
void singlet_snapshot_printf(struct singlet_snapshot *snap,
			     const char *format, ...);

#endif
