/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The slabs of a session's domain in this process's memory: <linux/singlet_map.h>. */
#ifndef _SINGLET_MAP_H
#define _SINGLET_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "hidden.h"

struct map {
	const uint64_t *slabs;	/* NULL: nothing is mapped */
	const char *arena;
};

/* Where the slots of a slab are. */
struct map_slab {
	const char *base;
	uint32_t slots;
	uint32_t size;		/* bytes of a slot */
};

HIDDEN int singlet_map_open(struct map *map, int fd);
HIDDEN int singlet_map_again(struct map *map, int fd);
HIDDEN void singlet_map_close(struct map *map);
HIDDEN bool singlet_map_slab(const struct map *map, uint64_t id,
		      struct map_slab *slab);

#endif /* _SINGLET_MAP_H */
