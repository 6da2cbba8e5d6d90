/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of mappings share. */
#ifndef ARENA_TEST_H
#define ARENA_TEST_H

#include <sys/mman.h>

#include "singlet_test.h"

struct arena_map {
	const __u64 *slabs;
	const char *arena;
};

/* mmap of whatever: the address, or a negative errno. */
static inline intptr_t arena_mmap(int fd, __u64 offset, __u64 len, int prot,
				  int flags)
{
	void *at = mmap(NULL, len, prot, flags, fd, offset);

	return at == MAP_FAILED ? -errno : (intptr_t)at;
}

/* That mmap fails, and how. */
static inline void expect_refused(int fd, __u64 offset, __u64 len, int prot,
				  int flags, int error)
{
	intptr_t at = arena_mmap(fd, offset, len, prot, flags);

	EXPECT_EQ(at, -error);
	if (at > 0)
		munmap((void *)at, len);
}

/* Both ranges of a session's, as a whole; ends the test when impossible. */
static inline struct arena_map arena_map(int fd)
{
	intptr_t slabs = arena_mmap(fd, SINGLET_MAP_SLABS,
				    SINGLET_MAP_SLABS_SIZE, PROT_READ,
				    MAP_SHARED);
	intptr_t arena = arena_mmap(fd, SINGLET_MAP_ARENA,
				    SINGLET_MAP_ARENA_SIZE, PROT_READ,
				    MAP_SHARED);

	ASSERT_GT(slabs, 0);
	ASSERT_GT(arena, 0);
	return (struct arena_map){ (const __u64 *)slabs, (const char *)arena };
}

static inline void arena_unmap(const struct arena_map *map)
{
	ASSERT_EQ(munmap((void *)map->slabs, SINGLET_MAP_SLABS_SIZE), 0);
	ASSERT_EQ(munmap((void *)map->arena, SINGLET_MAP_ARENA_SIZE), 0);
}

static inline const void *arena_find(const struct arena_map *map, __u64 id)
{
	return singlet_map_find(map->slabs, map->arena, id);
}

/* Can a byte be read there?  A system call asks, so nobody gets SIGBUS. */
static inline bool arena_readable(const void *at)
{
	int ends[2];
	ssize_t n;
	char byte;

	ASSERT_EQ(pipe(ends), 0);
	n = write(ends[1], at, 1);
	if (n == 1)
		ASSERT_EQ(read(ends[0], &byte, 1), 1);
	else
		ASSERT_EQ(errno, EFAULT);
	close(ends[0]);
	close(ends[1]);
	return n == 1;
}

#endif /* ARENA_TEST_H */
