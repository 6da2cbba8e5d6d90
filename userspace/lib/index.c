// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Mapping of the index, and what becomes of it in children; see index.h. */
#include "index.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>

#include "internal.h"

_Atomic uint32_t singlet_forks = 1;

/* Protects what becomes of an index until its @forks is this process's. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* From here on no index is anybody's. */
static void in_child(void)
{
	atomic_fetch_add(&singlet_forks, 1);
	pthread_mutex_unlock(&lock);
}

static int installed;	/* errno, or 0 */

static void install(void)
{
	installed = pthread_atfork(prepare, in_parent, in_child);
}

/*
 * The one that can be refused comes first, to descriptors that can only be read:
 * then no index is made, which would cost the domain memory.
 */
enum { BORROWS, HEAD, HOME, OVER, SETS, MARKS, RANGES };

static const struct {
	uint64_t offset, size;
	int prot;
} range[RANGES] = {
	[BORROWS] = { SINGLET_MAP_BORROWS, SINGLET_MAP_BORROWS_SIZE,
		      PROT_READ | PROT_WRITE },
	[HEAD] = { SINGLET_MAP_HEAD, SINGLET_MAP_HEAD_SIZE, PROT_READ },
	[HOME] = { SINGLET_MAP_HOME, SINGLET_MAP_LINES_SIZE, PROT_READ },
	[OVER] = { SINGLET_MAP_OVER, SINGLET_MAP_LINES_SIZE, PROT_READ },
	[SETS] = { SINGLET_MAP_SETS, SINGLET_MAP_SETS_SIZE, PROT_READ },
	[MARKS] = { SINGLET_MAP_MARKS, SINGLET_MAP_MARKS_SIZE, PROT_READ },
};

/* The first @nr. */
static void unmap(void **at, unsigned int nr)
{
	while (nr--)
		munmap(at[nr], (size_t)range[nr].size);
}

/* Return: 0 or a negative errno; nothing of it is mapped then. */
static int map_index(struct index *index, int fd)
{
	void *at[RANGES];
	unsigned int i;
	int err;

	for (i = 0; i < RANGES; i++) {
		at[i] = mmap(NULL, (size_t)range[i].size, range[i].prot,
			     MAP_SHARED, fd, range[i].offset);
		if (at[i] == MAP_FAILED) {
			err = -errno;
			unmap(at, i);
			return err;
		}
	}
	index->head = at[HEAD];
	index->home = at[HOME];
	index->over = at[OVER];
	index->sets = at[SETS];
	index->marks = at[MARKS];
	index->borrows = at[BORROWS];
	return 0;
}

static void unmap_index(const struct index *index)
{
	void *at[RANGES] = {
		[BORROWS] = index->borrows, [HEAD] = (void *)index->head,
		[HOME] = (void *)index->home, [OVER] = (void *)index->over,
		[SETS] = (void *)index->sets, [MARKS] = (void *)index->marks,
	};

	if (index->borrows)
		unmap(at, RANGES);
}

/*
 * Without the slabs the index is of no use; without the index the slabs are:
 * values on which there is a reference are read there.  Return: 0, or -EINTR:
 * nothing is mapped, and it is worth another try.
 */
static int map_all(struct index *index, int fd)
{
	int err;

	index->borrows = NULL;
	index->used = 0;
	err = singlet_map_open(&index->map, fd);
	if (err)
		return err == -EINTR ? err : 0;
#ifdef __SIZEOF_INT128__
	err = map_index(index, fd);
	if (err == -EINTR)
		singlet_map_close(&index->map);
#endif
	return err == -EINTR ? err : 0;
}

/*
 * Map the index and the slabs, once in each process, whether that succeeds or
 * not.  Return: the index if @borrows is there, or NULL.
 */
struct index *singlet_index_open(struct singlet *s)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct index *index = &s->index;

	pthread_once(&once, install);
	/* Who does not learn of forks must not map anything. */
	if (installed)
		return NULL;
	pthread_mutex_lock(&lock);
	/* Release: pairs with the acquire in index_is_here(). */
	if (!index_is_here(index) && !map_all(index, s->fd))
		atomic_store_explicit(&index->forks,
				      atomic_load(&singlet_forks),
				      memory_order_release);
	pthread_mutex_unlock(&lock);
	return index_is_here(index) && index->borrows ? index : NULL;
}

/* What another process mapped is not here: something else may be, by now. */
void singlet_index_close(struct singlet *s)
{
	struct index *index = &s->index;

	if (!index_is_here(index))
		return;
	unmap_index(index);
	singlet_map_close(&index->map);
}
