// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel to test libsinglet against; see fake.h.  The linker puts these
 * functions in the place of ioctl(2) and of libsinglet's map.c.
 */
#define _GNU_SOURCE
#include "fake.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <linux/singlet.h>

#include "map.h"

#define OBJECTS	4096
#define SLOTS	16		/* of a slab */
#define SLOT	512		/* bytes; a slab is two pages */

static struct object {
	uint32_t gen, type, len, references;
} object[OBJECTS];

static _Alignas(4096) char arena[OBJECTS][SLOT];
static bool can_map;
static unsigned int mistakes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int fake_session(bool mapped)
{
	can_map = mapped;
	return eventfd(0, EFD_CLOEXEC);
}

uint64_t fake_references(void)
{
	uint64_t sum = 0;
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < OBJECTS; i++)
		sum += object[i].references;
	pthread_mutex_unlock(&lock);
	return sum;
}

unsigned int fake_mistakes(void)
{
	return mistakes;
}

static uint64_t id_of(int i)
{
	return (uint64_t)object[i].gen << 32 |
	       i / SLOTS << SINGLET_ID_SLOT_BITS | i % SLOTS;
}

static int find_id(uint64_t id)
{
	unsigned int i = SINGLET_ID_INDEX(id) * SLOTS + SINGLET_ID_SLOT(id);

	return i < OBJECTS && object[i].references && id_of(i) == id ?
	       (int)i : -1;
}

static int find_value(const struct singlet_intern_item *item)
{
	int i;

	for (i = 0; i < OBJECTS; i++)
		if (object[i].references && object[i].type == item->type &&
		    object[i].len == item->len &&
		    !memcmp(arena[i], (void *)(uintptr_t)item->data, item->len))
			return i;
	return -1;
}

/* With a reference.  From a place that moves on, so that few are used again. */
static int make(uint32_t type, uint32_t len)
{
	static int next;

	do
		next = (next + 1) % 64;
	while (object[next].references);
	object[next].gen++;
	object[next].type = type;
	object[next].len = len;
	object[next].references = 1;
	memset(arena[next], 0, SLOT);
	return next;
}

static void do_value(struct singlet_intern_item *item, bool create)
{
	int i = find_value(item);

	item->created = i < 0 && create;
	item->result = i < 0 && !create ? ENOENT : 0;
	if (i >= 0) {
		object[i].references++;
	} else if (create) {
		i = make(item->type, item->len);
		memcpy(arena[i], (void *)(uintptr_t)item->data, item->len);
	}
	if (i >= 0)
		item->id = id_of(i);
}

static void do_release(struct singlet_ref_item *item)
{
	int i = find_id(item->id);

	item->result = i < 0 ? ENOENT :
		       item->count > object[i].references ? EINVAL : 0;
	mistakes += item->result != 0;
	if (item->result)
		return;
	object[i].references -= item->count;
	if (!object[i].references)
		memset(arena[i], 0xdd, SLOT);
}

static void do_item(unsigned long command, void *item)
{
	struct singlet_query_item *query = item;
	struct singlet_alloc_item *alloc = item;
	struct singlet_read_item *read = item;
	struct singlet_ref_item *ref = item;
	int i;

	switch (command) {
	case SINGLET_INTERN:
	case SINGLET_LOOKUP:
		do_value(item, command == SINGLET_INTERN);
		break;
	case SINGLET_ACQUIRE:
		i = find_id(ref->id);
		ref->result = i < 0 ? ENOENT : 0;
		if (i >= 0)
			object[i].references += ref->count;
		break;
	case SINGLET_RELEASE:
		do_release(ref);
		break;
	case SINGLET_ALLOC:
		alloc->id = id_of(make(alloc->type, alloc->len));
		alloc->result = 0;
		break;
	case SINGLET_QUERY:
		i = find_id(query->id);
		query->result = i < 0 ? ENOENT : 0;
		query->len = i < 0 ? 0 : object[i].len;
		break;
	case SINGLET_READ:
		i = find_id(read->id);
		read->result = i < 0 ? ENOENT : 0;
		if (i < 0)
			break;
		read->total = object[i].len;
		if (read->len > read->total)
			read->len = read->total;
		memcpy((void *)(uintptr_t)read->data, arena[i], read->len);
		break;
	default:
		abort();
	}
}

int __wrap_ioctl(int fd, unsigned long command, ...);
int __wrap_ioctl(int fd, unsigned long command, ...)
{
	struct singlet_batch *batch;
	va_list arguments;
	uint32_t i;

	(void)fd;
	va_start(arguments, command);
	batch = va_arg(arguments, void *);
	va_end(arguments);
	pthread_mutex_lock(&lock);
	for (i = 0; i < batch->count; i++)
		do_item(command, (char *)(uintptr_t)batch->items +
				 (size_t)i * batch->item_size);
	batch->done = batch->count;
	pthread_mutex_unlock(&lock);
	return 0;
}

int __wrap_singlet_map_open(struct map *map, int fd);
int __wrap_singlet_map_open(struct map *map, int fd)
{
	(void)fd;
	map->slabs = can_map ? (const uint64_t *)arena : NULL;
	return can_map ? 0 : -ENODEV;
}

void __wrap_singlet_map_close(struct map *map);
void __wrap_singlet_map_close(struct map *map)
{
	map->slabs = NULL;
}

bool __wrap_singlet_map_slab(const struct map *map, uint64_t id,
			     struct map_slab *slab);
bool __wrap_singlet_map_slab(const struct map *map, uint64_t id,
			     struct map_slab *slab)
{
	if (!map->slabs)
		return false;
	slab->slots = SLOTS;
	slab->size = SLOT;
	slab->base = arena[SINGLET_ID_INDEX(id) * SLOTS];
	return true;
}
