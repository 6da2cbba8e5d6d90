/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What the files of libsinglet share; nothing here is exported, the prefix is for
 * programs that link the static library.
 */
#ifndef _SINGLET_INTERNAL_H
#define _SINGLET_INTERNAL_H

#include <string.h>

#include "hidden.h"
#include "index.h"
#include "singlet.h"

struct cache;

struct singlet {
	int fd;			/* stable from open to close */
	struct cache *cache;	/* NULL: none; stable once set */
	struct index index;	/* index.h */
};

/* A handle of @fd without a cache, or NULL. */
HIDDEN struct singlet *singlet_session_new(int fd);

/* ioctl(2) with a negative errno; the commands return nothing else but 0. */
HIDDEN int singlet_session_call(struct singlet *s, unsigned long command, void *arg);

/* A batch command in as many calls as needed; as singlet_batch_intern(). */
HIDDEN ssize_t singlet_call_batch(struct singlet *s, unsigned long command,
			   void *items, size_t item_size, size_t count);

/*
 * Names longer than any that the kernel takes are cut to one byte more than
 * it takes, so that it is the kernel that refuses them.
 */
static inline uint32_t name_length(const char *name)
{
	return strnlen(name, SINGLET_MAX_NAME + 1);
}

#endif /* _SINGLET_INTERNAL_H */
