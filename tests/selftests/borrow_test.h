/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of borrowing share: the protocol of <linux/singlet_index.h>, as
 * plainly as it can be written and without libsinglet.
 */
#ifndef BORROW_TEST_H
#define BORROW_TEST_H

#include <linux/singlet_index.h>

#include "arena_test.h"

struct raw_index {
	const struct singlet_index_head *head;
	const struct singlet_index_line *home, *over;
	const __u64 *sets, *marks;
	__u64 *borrows;
	struct arena_map map;
};

static const struct raw_range {
	const char *name;
	__u64 begin, size;
} raw_ranges[] = {
	{ "head", SINGLET_MAP_HEAD, SINGLET_MAP_HEAD_SIZE },
	{ "home", SINGLET_MAP_HOME, SINGLET_MAP_LINES_SIZE },
	{ "over", SINGLET_MAP_OVER, SINGLET_MAP_LINES_SIZE },
	{ "sets", SINGLET_MAP_SETS, SINGLET_MAP_SETS_SIZE },
	{ "marks", SINGLET_MAP_MARKS, SINGLET_MAP_MARKS_SIZE },
	{ "borrows", SINGLET_MAP_BORROWS, SINGLET_MAP_BORROWS_SIZE },
};

#define RAW_BORROWS	5	/* of raw_ranges */

/* Each as a whole; ends the test when impossible. */
static inline void *raw_map_range(int fd, unsigned int i, int prot)
{
	intptr_t at = arena_mmap(fd, raw_ranges[i].begin, raw_ranges[i].size,
				 prot, MAP_SHARED);

	if (at == -ENODEV)
		harness_skip("this machine does not allow it");
	ASSERT_GT(at, 0);
	return (void *)at;
}

static inline struct raw_index raw_map(int fd)
{
	return (struct raw_index){
		.head = raw_map_range(fd, 0, PROT_READ),
		.home = raw_map_range(fd, 1, PROT_READ),
		.over = raw_map_range(fd, 2, PROT_READ),
		.sets = raw_map_range(fd, 3, PROT_READ),
		.marks = raw_map_range(fd, 4, PROT_READ),
		.borrows = raw_map_range(fd, RAW_BORROWS,
					 PROT_READ | PROT_WRITE),
		.map = arena_map(fd),
	};
}

static inline void raw_unmap(const struct raw_index *raw)
{
	const void *at[] = { raw->head, raw->home, raw->over, raw->sets,
			     raw->marks, raw->borrows };

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(at); i++)
		ASSERT_EQ(munmap((void *)at[i], raw_ranges[i].size), 0);
	arena_unmap(&raw->map);
}

/* The mark of a handle's slot, and the set that says so; 0: there is none. */
static inline __u64 raw_mark(const struct raw_index *raw, __u32 handle,
			     __u64 *set)
{
	__u32 index = SINGLET_ID_INDEX(handle);

	if (handle & SINGLET_ID_WORLD ||
	    index >= __atomic_load_n(&raw->sets[0], __ATOMIC_ACQUIRE))
		return 0;
	*set = __atomic_load_n(&raw->sets[1 + index], __ATOMIC_ACQUIRE);
	if (!SINGLET_SET_SERIAL(*set))
		return 0;
	return __atomic_load_n(&raw->marks[(__u64)SINGLET_SET_MARKS(*set) +
					   SINGLET_ID_SLOT(handle)],
			       __ATOMIC_ACQUIRE);
}

/* Borrows in slot @slot what has @handle if its mark is @low.  0: it has not. */
static inline __u64 raw_try(const struct raw_index *raw, unsigned int slot,
			    __u32 handle, __u32 low)
{
	__u64 set = 0, again = 0, mark = raw_mark(raw, handle, &set), id;

	if ((__u32)mark != low)
		return 0;
	id = (mark >> 32) << 32 | handle;
	__atomic_store_n(&raw->borrows[slot], id, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (raw_mark(raw, handle, &again) == mark && again == set)
		return id;
	__atomic_store_n(&raw->borrows[slot], 0, __ATOMIC_RELEASE);
	return 0;
}

static inline void raw_end(const struct raw_index *raw, unsigned int slot)
{
	__atomic_store_n(&raw->borrows[slot], 0, __ATOMIC_RELEASE);
}

/*
 * Finds a value and borrows it in slot @slot, one of those that borrows[0] says.
 * Return: its id, *@data is where it is; 0: not found here.
 */
static inline __u64 raw_borrow(const struct raw_index *raw, unsigned int slot,
			       __u32 type, const void *value, __u32 len,
			       const void **data)
{
	__u32 hash = singlet_hash(&raw->head->key, value, len,
				  SINGLET_TYPE_INDEX(type));
	__u32 buckets = __atomic_load_n(&raw->head->buckets, __ATOMIC_ACQUIRE);
	__u32 size = 1, bucket, next;
	const struct singlet_index_line *line;
	__u16 tag = hash >> 16 ? hash >> 16 : 1;

	while (size < buckets)
		size *= 2;
	bucket = hash % size < buckets ? hash % size : hash % (size / 2);
	line = &raw->home[bucket];
	for (unsigned int steps = 0; steps < 20; steps++) {
		for (unsigned int i = 0; i < SINGLET_LINE_ENTRIES; i++) {
			__u32 handle;
			__u64 entry, id;

			if (__atomic_load_n(&line->tag[i], __ATOMIC_ACQUIRE) !=
			    tag)
				continue;
			handle = __atomic_load_n(&line->handle[i],
						 __ATOMIC_RELAXED);
			if (!arena_find(&raw->map, handle))
				continue;
			entry = raw->map.slabs[1 + SINGLET_ID_INDEX(handle)];
			if (SINGLET_SLAB_SIZE(entry) - len >
			    SINGLET_MARK_SLACK)
				continue;
			id = raw_try(raw, slot, handle,
				     SINGLET_MARK(type,
						  SINGLET_SLAB_SIZE(entry) -
						  len));
			if (!id)
				continue;
			*data = arena_find(&raw->map, id);
			if (*data && !memcmp(*data, value, len))
				return id;
			raw_end(raw, slot);
		}
		next = __atomic_load_n(&line->next, __ATOMIC_ACQUIRE);
		if (!next)
			break;
		line = &raw->over[next - 1];
	}
	return 0;
}

#endif /* BORROW_TEST_H */
