/* SPDX-License-Identifier: GPL-2.0 */
/* map - mmap of a session's file: <linux/singlet_map.h>, arena.h */
#ifndef SINGLET_MAP_H
#define SINGLET_MAP_H

struct singlet_session;
struct vm_area_struct;

int singlet_map(struct singlet_session *s, struct vm_area_struct *vma);

#endif
