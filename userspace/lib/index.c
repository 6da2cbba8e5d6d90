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

enum { HEAD, HOME, OVER, SETS, MARKS, RANGES };

static const struct {
	uint64_t offset, size;
} range[RANGES] = {
	[HEAD] = { SINGLET_MAP_HEAD, SINGLET_MAP_HEAD_SIZE },
	[HOME] = { SINGLET_MAP_HOME, SINGLET_MAP_LINES_SIZE },
	[OVER] = { SINGLET_MAP_OVER, SINGLET_MAP_LINES_SIZE },
	[SETS] = { SINGLET_MAP_SETS, SINGLET_MAP_SETS_SIZE },
	[MARKS] = { SINGLET_MAP_MARKS, SINGLET_MAP_MARKS_SIZE },
};

/* The first @nr. */
static void unmap(void **at, unsigned int nr)
{
	while (nr--)
		munmap(at[nr], (size_t)range[nr].size);
}

/* A part of an index.  Return: 0, or -EINTR: it is worth another try. */
typedef int (*map_fn)(struct index *index, int fd);

/* @head is NULL if not all is there. */
static int map_index(struct index *index, int fd)
{
	void *at[RANGES];
	unsigned int i;

	index->head = NULL;
	for (i = 0; i < RANGES; i++) {
		at[i] = mmap(NULL, (size_t)range[i].size, PROT_READ, MAP_SHARED,
			     fd, range[i].offset);
		if (at[i] == MAP_FAILED) {
			int err = errno;

			unmap(at, i);
			return err == EINTR ? -EINTR : 0;
		}
	}
	index->head = at[HEAD];
	index->home = at[HOME];
	index->over = at[OVER];
	index->sets = at[SETS];
	index->marks = at[MARKS];
	return 0;
}

static void unmap_index(const struct index *index)
{
	void *at[RANGES] = {
		[HEAD] = (void *)index->head, [HOME] = (void *)index->home,
		[OVER] = (void *)index->over, [SETS] = (void *)index->sets,
		[MARKS] = (void *)index->marks,
	};

	if (index->head)
		unmap(at, RANGES);
}

/* Once in each process, whether that succeeds or not; @forks is the part's. */
static int map_once(struct index *index, int fd, _Atomic uint32_t *forks,
		    map_fn map)
{
	int err = index_forks_here(forks) ? 0 : map(index, fd);

	/* Release: pairs with the acquire in index_forks_here(). */
	if (!err)
		atomic_store_explicit(forks, atomic_load(&singlet_forks),
				      memory_order_release);
	return err;
}

/*
 * The page of borrows comes first, which can be refused, to descriptors that can
 * only be read: then no index is made for it, which would cost the domain memory.
 * Without the slabs a page is of no use; without the page the slabs are: values on
 * which there is a reference are read there.
 */
static int map_borrows(struct index *index, int fd)
{
	void *page;
	int err;

	index->borrows = NULL;
	index->used = 0;
	err = singlet_map_open(&index->map, fd);
	if (err)
		return err == -EINTR ? err : 0;
	page = mmap(NULL, SINGLET_MAP_BORROWS_SIZE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, SINGLET_MAP_BORROWS);
	if (page == MAP_FAILED) {
		err = errno == EINTR ? -EINTR : 0;
	} else {
		err = map_once(index, fd, &index->forks, map_index);
		if (!err && index->head)
			index->borrows = page;
		else
			munmap(page, SINGLET_MAP_BORROWS_SIZE);
	}
	if (err)
		singlet_map_close(&index->map);
	return err;
}

/*
 * Learn of forks, from here on.  Return: 0 or a negative errno: nothing can be
 * mapped then.
 */
int singlet_index_watch_forks(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
	return -installed;
}

/* Return: whether the part was tried. */
static bool open_part(struct singlet *s, _Atomic uint32_t *forks, map_fn map)
{
	if (singlet_index_watch_forks())
		return false;
	pthread_mutex_lock(&lock);
	(void)map_once(&s->index, s->fd, forks, map);
	pthread_mutex_unlock(&lock);
	return index_forks_here(forks);
}

/* What is needed to find values.  Return: the index, or NULL. */
struct index *singlet_index_open(struct singlet *s)
{
	struct index *index = &s->index;

	return open_part(s, &index->forks, map_index) && index->head ? index :
								       NULL;
}

/* What is needed to borrow them, too.  Return: the index, or NULL. */
struct index *singlet_index_open_borrows(struct singlet *s)
{
	struct index *index = &s->index;

	return open_part(s, &index->borrow_forks, map_borrows) &&
	       index->borrows ? index : NULL;
}

/* What another process mapped is not here: something else may be, by now. */
void singlet_index_close(struct singlet *s)
{
	struct index *index = &s->index;

	if (index_borrows_here(index)) {
		if (index->borrows)
			munmap(index->borrows, SINGLET_MAP_BORROWS_SIZE);
		singlet_map_close(&index->map);
	}
	if (index_is_here(index))
		unmap_index(index);
}
