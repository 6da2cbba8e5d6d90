/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What the files of libsinglet share; nothing here is exported, the prefix is for
 * programs that link the static library.
 */
#ifndef _SINGLET_INTERNAL_H
#define _SINGLET_INTERNAL_H

#include <string.h>

#include "singlet.h"

struct singlet {
	int fd;			/* stable from open to close */
};

/* ioctl(2) with a negative errno; the commands return nothing else but 0. */
__attribute__((visibility("hidden")))
int singlet_session_call(struct singlet *s, unsigned long command, void *arg);

/*
 * Names longer than any that the kernel takes are cut to one byte more than
 * it takes, so that it is the kernel that refuses them.
 */
static inline uint32_t name_length(const char *name)
{
	return strnlen(name, SINGLET_MAX_NAME + 1);
}

#endif /* _SINGLET_INTERNAL_H */
