/* SPDX-License-Identifier: GPL-2.0 */
/*
 * index_open - an index for a store that is in use
 *
 * Objects come and go meanwhile.  When all slabs have marks and whoever publishes
 * an object makes its mark live (marks.h), the others are gone over once, each with
 * a reference on it, which is the last of the steps there.
 */
#ifndef SINGLET_INDEX_OPEN_H
#define SINGLET_INDEX_OPEN_H

struct inode;
struct singlet_store;

int singlet_index_open(struct singlet_store *store, struct inode *inode);

#endif
