/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Batches by way of a reference cache; as the functions of singlet.h. */
#ifndef _SINGLET_CACHED_H
#define _SINGLET_CACHED_H

#include "cache.h"

HIDDEN ssize_t singlet_cached_values(struct cache *c, unsigned long command,
				     struct singlet_intern_item *items,
				     size_t count);
/* Of one item, which is not held: the kernel's to say. */
HIDDEN ssize_t singlet_cached_ask(struct cache *c, unsigned long command,
				  struct singlet_intern_item *item);
HIDDEN ssize_t singlet_cached_acquire(struct cache *c,
				      struct singlet_ref_item *items,
				      size_t count);
HIDDEN ssize_t singlet_cached_release(struct cache *c,
				      struct singlet_ref_item *items,
				      size_t count);
HIDDEN ssize_t singlet_cached_alloc(struct cache *c,
				    struct singlet_alloc_item *items,
				    size_t count);

#endif /* _SINGLET_CACHED_H */
