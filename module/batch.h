/* SPDX-License-Identifier: GPL-2.0 */
/*
 * batch - the commands that take an array of items
 *
 * Part of the dev layer: user pointers end here.
 */
#ifndef SINGLET_BATCH_H
#define SINGLET_BATCH_H

#include <linux/types.h>

struct singlet_batch;
struct singlet_session;

int singlet_batch_run(struct singlet_session *s, unsigned int cmd,
		      struct singlet_batch *batch);

#endif
