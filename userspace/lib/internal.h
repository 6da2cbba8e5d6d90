/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What the files of libsinglet share; nothing here is exported, the prefix is for
 * programs that link the static library.
 */
#ifndef _SINGLET_INTERNAL_H
#define _SINGLET_INTERNAL_H

#include "singlet.h"

struct singlet {
	int fd;			/* stable from open to close */
};

/* ioctl(2) with a negative errno; the commands return nothing else but 0. */
__attribute__((visibility("hidden")))
int singlet_session_call(struct singlet *s, unsigned long command, void *arg);

#endif /* _SINGLET_INTERNAL_H */
