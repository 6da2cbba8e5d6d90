// SPDX-License-Identifier: GPL-2.0
/* space - address spaces for mappings; see space.h */
#include "space.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#define MAGIC	0x73676c74

static int space_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, MAGIC) ? 0 : -ENOMEM;
}

/* No owner: the mount would be a use of the module, by the module itself. */
static struct file_system_type space_fs = {
	.name = KBUILD_MODNAME,
	.init_fs_context = space_fs_init,
	.kill_sb = kill_anon_super,
};

static struct vfsmount *space_mount;

/* Return: 0 or -ENOMEM. */
int singlet_space_init(void)
{
	struct vfsmount *mount = kern_mount(&space_fs);

	if (IS_ERR(mount))
		return PTR_ERR(mount);
	space_mount = mount;
	return 0;
}

/* Every inode was put. */
void singlet_space_exit(void)
{
	kern_unmount(space_mount);
}

/* To be given to singlet_space_put(); or an ERR_PTR.  Context: Process. */
struct inode *singlet_space_new(void)
{
	return alloc_anon_inode(space_mount->mnt_sb);
}

void singlet_space_put(struct inode *inode)
{
	iput(inode);
}

/* What one takes. */
size_t singlet_space_bytes(void)
{
	return sizeof(struct inode);
}

/* What @file maps is in the space of @inode, which outlives it. */
void singlet_space_set(struct file *file, struct inode *inode)
{
	file->f_mapping = inode->i_mapping;
}
