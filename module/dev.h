/* SPDX-License-Identifier: GPL-2.0 */
/* dev - /dev/singlet: the ioctl table and every copy from and to user space */
#ifndef SINGLET_DEV_H
#define SINGLET_DEV_H

int singlet_dev_init(void);
void singlet_dev_exit(void);

#endif
