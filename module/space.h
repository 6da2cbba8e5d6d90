/* SPDX-License-Identifier: GPL-2.0 */
/*
 * space - an address space of its own for what the files of a domain map
 *
 * An inode of a file system that nobody can see.  Whatever file a session is
 * behind, it has the address space of its domain (file->f_mapping) from its
 * beginning, so that to unmap something of one domain finds the mappings of
 * that one, all of them, and of no other.
 */
#ifndef SINGLET_SPACE_H
#define SINGLET_SPACE_H

#include <linux/types.h>

struct file;
struct inode;

int singlet_space_init(void);
void singlet_space_exit(void);

struct inode *singlet_space_new(void);
void singlet_space_put(struct inode *inode);
size_t singlet_space_bytes(void);
void singlet_space_set(struct file *file, struct inode *inode);

#endif
