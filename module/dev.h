/* SPDX-License-Identifier: GPL-2.0 */
/* dev - /dev/singlet */
#ifndef SINGLET_DEV_H
#define SINGLET_DEV_H

#include <linux/fs.h>

/* A session's file, from the device or from SINGLET_DOMAIN_CREATE and _JOIN. */
extern const struct file_operations singlet_dev_fops;

struct singlet_session;

void singlet_dev_attach(struct file *file, struct singlet_session *s);

int singlet_dev_init(void);
void singlet_dev_exit(void);

#endif
