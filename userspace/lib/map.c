// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The slabs of a session's domain in this process's memory; see map.h. */
#define _GNU_SOURCE
#include "map.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include <linux/singlet.h>

/* At @at if that is not NULL, where nothing may be.  Return: NULL: errno. */
static void *map_range(const void *at, int fd, uint64_t offset, size_t size)
{
	void *p;

	p = mmap((void *)at, size, PROT_READ,
		 MAP_SHARED | (at ? MAP_FIXED_NOREPLACE : 0), fd, offset);
	if (p == MAP_FAILED)
		return NULL;
	if (at && p != at) {
		/* A kernel that does not know the flag takes it for a hint. */
		munmap(p, size);
		errno = EEXIST;
		return NULL;
	}
	return p;
}

static int open_at(struct map *map, int fd, const void *slabs,
		   const void *arena)
{
	int err;

	/* Not in an address space of 32 bits. */
	if (SINGLET_MAP_ARENA_SIZE > SIZE_MAX)
		return -ENOMEM;
	slabs = map_range(slabs, fd, SINGLET_MAP_SLABS, SINGLET_MAP_SLABS_SIZE);
	if (!slabs)
		return -errno;
	arena = map_range(arena, fd, SINGLET_MAP_ARENA,
			  (size_t)SINGLET_MAP_ARENA_SIZE);
	if (!arena) {
		err = -errno;
		munmap((void *)slabs, SINGLET_MAP_SLABS_SIZE);
		return err;
	}
	map->slabs = slabs;
	map->arena = arena;
	return 0;
}

/* Return: 0 or a negative errno; @map is empty then. */
int singlet_map_open(struct map *map, int fd)
{
	map->slabs = NULL;
	map->arena = NULL;
	return open_at(map, fd, NULL, NULL);
}

/*
 * In the child of a fork, which did not inherit the mappings: the same at the
 * same addresses.  Return: as singlet_map_open(); @map is unchanged then.
 */
int singlet_map_again(struct map *map, int fd)
{
	return map->slabs ? open_at(map, fd, map->slabs, map->arena) : 0;
}

void singlet_map_close(struct map *map)
{
	if (!map->slabs)
		return;
	munmap((void *)map->slabs, SINGLET_MAP_SLABS_SIZE);
	munmap((void *)map->arena, (size_t)SINGLET_MAP_ARENA_SIZE);
	map->slabs = NULL;
}

/* Where the slab of @id is, on which the session has a reference; or false. */
bool singlet_map_slab(const struct map *map, uint64_t id,
		      struct map_slab *slab)
{
	uint32_t index = SINGLET_ID_INDEX(id);
	uint64_t entry;

	if (!map->slabs || (uint32_t)id & SINGLET_ID_WORLD ||
	    index >= __atomic_load_n(&map->slabs[0], __ATOMIC_ACQUIRE))
		return false;
	entry = __atomic_load_n(&map->slabs[1 + index], __ATOMIC_ACQUIRE);
	slab->slots = SINGLET_SLAB_SLOTS(entry);
	slab->size = SINGLET_SLAB_SIZE(entry);
	slab->base = map->arena + SINGLET_SLAB_OFFSET(entry);
	return SINGLET_ID_SLOT(id) < slab->slots;
}
