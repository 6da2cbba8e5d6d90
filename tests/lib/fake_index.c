// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel with an index to test libsinglet against; see fake_index.h.  The linker
 * puts these functions in the place of ioctl(2), mmap(2) and munmap(2).
 */
#define _GNU_SOURCE
#include "fake_index.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/singlet.h>
#include <linux/singlet_index.h>

#define OBJECTS	(FAKE_SLABS * FAKE_SLOTS)
#define FIRST_SET	7	/* the number of the first block's first mark */
#define MAPPED_MAX	(((size_t)FAKE_SLABS << 12) + (1 << 20))

static struct object {
	uint32_t gen, type, len, references, hash;
	bool exists, hidden;
} object[OBJECTS];

static struct singlet_index_head *head;
static struct singlet_index_line *home, *over;
static uint64_t *slabs, *sets, *marks, *borrows;
static char *arena;
static uint32_t next_over;
static struct fake_counts counts;
static bool refused;
static int fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *__real_mmap(void *at, size_t size, int prot, int flags, int file,
		  off_t offset);
int __real_munmap(void *at, size_t size);
int __real_ioctl(int file, unsigned long command, ...);

static size_t shortened(size_t size)
{
	return size < MAPPED_MAX ? size : MAPPED_MAX;
}

/* No more than what can be used: sanitizers have memory for each byte. */
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int file,
		  off_t offset);
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int file,
		  off_t offset)
{
	void *p;

	if (refused && file >= 0 && prot & PROT_WRITE) {
		errno = EACCES;
		return MAP_FAILED;
	}
	if (file < 0)
		return __real_mmap(at, size, prot, flags, file, offset);
	p = __real_mmap(at, shortened(size), prot, flags, file, offset);
	if (p != MAP_FAILED)
		madvise(p, shortened(size), MADV_DONTFORK);
	return p;
}

int __wrap_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size)
{
	return __real_munmap(at, shortened(size));
}

static void *map(uint64_t offset)
{
	void *p = __real_mmap(NULL, MAPPED_MAX, PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, offset);

	if (p == MAP_FAILED)
		abort();
	return p;
}

int fake_begin(void)
{
	__u64 x = 1, *word;
	uint32_t i;

	fd = memfd_create("singlet", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, SINGLET_MAP_ARENA + SINGLET_MAP_ARENA_SIZE))
		abort();
	head = map(SINGLET_MAP_HEAD);
	borrows = map(SINGLET_MAP_BORROWS);
	home = map(SINGLET_MAP_HOME);
	over = map(SINGLET_MAP_OVER);
	sets = map(SINGLET_MAP_SETS);
	marks = map(SINGLET_MAP_MARKS);
	slabs = map(SINGLET_MAP_SLABS);
	arena = map(SINGLET_MAP_ARENA);
	for (word = head->key.word; word <= &head->key.point; word++)
		*word = x = x * 6364136223846793005 + 1442695040888963407;
	head->key.lo |= 1;
	head->key.hi |= 1;
	head->key.point >>= 4;
	head->buckets = FAKE_BUCKETS;
	memset(object, 0, sizeof(object));
	memset(&counts, 0, sizeof(counts));
	next_over = 0;
	refused = false;
	for (i = 0; i < FAKE_SLABS; i++) {
		slabs[1 + i] = (uint64_t)i << 36 | FAKE_SLOT << 10 | FAKE_SLOTS;
		sets[1 + i] = (uint64_t)(FIRST_SET + i * FAKE_SLOTS) << 32 |
			      (1000 + i);
	}
	slabs[0] = FAKE_SLABS + 5;
	sets[0] = FAKE_SLABS;
	return dup(fd);
}

struct fake_counts fake_counts(void)
{
	struct fake_counts now;
	uint32_t i;

	pthread_mutex_lock(&lock);
	now = counts;
	for (i = 0; i < OBJECTS; i++)
		now.references += object[i].references;
	pthread_mutex_unlock(&lock);
	return now;
}

uint64_t *fake_borrows(void)
{
	return borrows;
}

void fake_refuse(bool refuse)
{
	refused = refuse;
}

static uint32_t handle_of(uint32_t i)
{
	return i / FAKE_SLOTS << SINGLET_ID_SLOT_BITS | i % FAKE_SLOTS;
}

static uint64_t id_of(uint32_t i)
{
	return (uint64_t)object[i].gen << 32 | handle_of(i);
}

static char *bytes_of(uint32_t i)
{
	return arena + (size_t)i * FAKE_SLOT;
}

static int find_id(uint64_t id)
{
	uint32_t i = SINGLET_ID_INDEX(id) * FAKE_SLOTS + SINGLET_ID_SLOT(id);

	return i < OBJECTS && object[i].exists && id_of(i) == id ? (int)i : -1;
}

/* Lines */

static struct singlet_index_line *bucket_of(uint32_t hash)
{
	uint32_t size = 1;

	while (size < FAKE_BUCKETS)
		size *= 2;
	return &home[hash % size < FAKE_BUCKETS ? hash % size :
						  hash % (size / 2)];
}

static uint16_t tag_of(uint32_t hash)
{
	return hash >> 16 ? hash >> 16 : 1;
}

static void insert(uint32_t i)
{
	struct singlet_index_line *line = bucket_of(object[i].hash);
	unsigned int n = 0;

	if (next_over + 1 == MAPPED_MAX / sizeof(*line))
		abort();

	while (line->tag[n]) {
		if (++n < SINGLET_LINE_ENTRIES)
			continue;
		if (!line->next)
			__atomic_store_n(&line->next, ++next_over,
					 __ATOMIC_RELEASE);
		line = &over[line->next - 1];
		n = 0;
	}
	__atomic_store_n(&line->handle[n], handle_of(i), __ATOMIC_RELAXED);
	__atomic_store_n(&line->tag[n], tag_of(object[i].hash),
			 __ATOMIC_RELEASE);
}

/* The object's entry, or its tag at least: somebody's who looks for it. */
static uint16_t *entry_of(uint32_t hash, uint32_t handle)
{
	struct singlet_index_line *line = bucket_of(hash);
	unsigned int n;

	for (;; line = &over[line->next - 1]) {
		for (n = 0; n < SINGLET_LINE_ENTRIES; n++)
			if (line->tag[n] == tag_of(hash) &&
			    line->handle[n] == handle)
				return &line->tag[n];
		if (!line->next)
			abort();
	}
}

static void take_out(uint32_t i)
{
	__atomic_store_n(entry_of(object[i].hash, handle_of(i)), 0,
			 __ATOMIC_RELEASE);
}

static bool is_value(uint32_t i, uint32_t type, const void *data, uint32_t len)
{
	return object[i].exists && object[i].type == type &&
	       object[i].len == len && !memcmp(bytes_of(i), data, len);
}

/* By the lines; what is hidden from these the kernel finds all the same. */
static int find_value(uint32_t type, const void *data, uint32_t len)
{
	uint32_t hash = singlet_hash(&head->key, data, len,
				     SINGLET_TYPE_INDEX(type)), i;
	struct singlet_index_line *line = bucket_of(hash);
	unsigned int n;

	for (;; line = &over[line->next - 1]) {
		for (n = 0; n < SINGLET_LINE_ENTRIES; n++) {
			i = SINGLET_ID_INDEX(line->handle[n]) * FAKE_SLOTS +
			    SINGLET_ID_SLOT(line->handle[n]);
			if (line->tag[n] && is_value(i, type, data, len))
				return i;
		}
		if (!line->next)
			break;
	}
	for (i = 0; i < OBJECTS; i++)
		if (object[i].hidden && is_value(i, type, data, len))
			return i;
	return -1;
}

/* Objects */

static uint64_t *mark_of(uint32_t i)
{
	return &marks[FIRST_SET + i];
}

static void set_mark(uint32_t i, uint32_t what)
{
	__atomic_store_n(mark_of(i), (uint64_t)object[i].gen << 32 | what,
			 __ATOMIC_RELEASE);
}

static bool is_marked(uint32_t i)
{
	return (uint32_t)*mark_of(i);
}

static uint32_t live_mark(uint32_t i)
{
	return SINGLET_MARK(object[i].type, FAKE_SLOT - object[i].len);
}

static int make(uint32_t type, const void *data, uint32_t len)
{
	static uint32_t next;

	do
		next = (next + 1) % OBJECTS;
	while (object[next].exists);
	object[next] = (struct object){
		.gen = object[next].gen + 1, .type = type, .len = len,
		.exists = true,
		.hash = singlet_hash(&head->key, data, len,
				     SINGLET_TYPE_INDEX(type)),
	};
	memset(bytes_of(next), 0, FAKE_SLOT);
	memcpy(bytes_of(next), data, len);
	set_mark(next, live_mark(next));
	insert(next);
	return next;
}

uint64_t fake_intern(uint32_t type, const void *data, uint32_t len)
{
	uint64_t id;
	int i;

	pthread_mutex_lock(&lock);
	i = find_value(type, data, len);
	if (i < 0)
		i = make(type, data, len);
	object[i].references++;
	id = id_of(i);
	pthread_mutex_unlock(&lock);
	return id;
}

static int put(uint64_t id)
{
	int i = find_id(id);

	if (i < 0 || !object[i].references) {
		counts.mistakes++;
		return ENOENT;
	}
	object[i].references--;
	return 0;
}

uint64_t fake_place(uint32_t type, const void *data, uint32_t len)
{
	uint32_t hash = singlet_hash(&head->key, data, len,
				     SINGLET_TYPE_INDEX(type));

	return (uint64_t)tag_of(hash) << 32 | (bucket_of(hash) - home);
}

void fake_slots(uint32_t index, uint32_t slots)
{
	uint64_t entry = (uint64_t)index << 36 | FAKE_SLOT << 10 | slots;

	__atomic_store_n(&slabs[1 + index], entry, __ATOMIC_RELEASE);
}

static int must_find(uint64_t id)
{
	int i = find_id(id);

	if (i < 0)
		abort();
	return i;
}

void fake_unmark(uint64_t id)
{
	pthread_mutex_lock(&lock);
	set_mark(must_find(id), 0);
	pthread_mutex_unlock(&lock);
}

void fake_hide(uint64_t id)
{
	int i;

	pthread_mutex_lock(&lock);
	i = must_find(id);
	object[i].hidden = true;
	take_out(i);
	pthread_mutex_unlock(&lock);
}

void fake_release(uint64_t id)
{
	pthread_mutex_lock(&lock);
	put(id);
	pthread_mutex_unlock(&lock);
}

static bool is_borrowed(uint64_t id)
{
	uint64_t used = __atomic_load_n(&borrows[0], __ATOMIC_RELAXED), n;

	for (n = 1; n <= used && n <= SINGLET_BORROWS; n++)
		if (__atomic_load_n(&borrows[n], __ATOMIC_RELAXED) == id)
			return true;
	return false;
}

/* A fence is nothing that ThreadSanitizer knows. */
static void full_barrier(void)
{
	static int word;

	__atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST);
}

static void kill(uint32_t i)
{
	if (!object[i].hidden)
		take_out(i);
	object[i].exists = false;
	set_mark(i, 0);
	full_barrier();
	memset(bytes_of(i), 0xdd, FAKE_SLOT);
	counts.freed++;
}

/* What is held now and then has its entry elsewhere. */
static void move(uint32_t i)
{
	take_out(i);
	insert(i);
}

/* Some that are held are doomed as well, as if they had just been found idle. */
void fake_collect(void)
{
	static uint32_t times;
	uint32_t i;

	pthread_mutex_lock(&lock);
	times++;
	for (i = 0; i < OBJECTS; i++)
		if (object[i].exists && is_marked(i))
			set_mark(i, live_mark(i) | SINGLET_MARK_DOOMED);
	full_barrier();
	for (i = 0; i < OBJECTS; i++) {
		if (!object[i].exists)
			continue;
		if (!object[i].references && !is_borrowed(id_of(i))) {
			kill(i);
			continue;
		}
		if (is_marked(i))
			set_mark(i, live_mark(i));
		if (!object[i].references)
			counts.spared++;
		else if (!object[i].hidden && (i + times) % 8 == 0)
			move(i);
	}
	pthread_mutex_unlock(&lock);
}

/* System calls */

static void do_item(unsigned long command, void *item)
{
	struct singlet_intern_item *value = item;
	struct singlet_query_item *query = item;
	struct singlet_read_item *read = item;
	struct singlet_ref_item *ref = item;
	int i;

	counts.asked++;
	switch (command) {
	case SINGLET_INTERN:
	case SINGLET_LOOKUP:
		i = find_value(value->type, (void *)(uintptr_t)value->data,
			       value->len);
		value->created = i < 0 && command == SINGLET_INTERN;
		if (value->created)
			i = make(value->type, (void *)(uintptr_t)value->data,
				 value->len);
		value->result = i < 0 ? ENOENT : 0;
		if (i >= 0) {
			object[i].references++;
			value->id = id_of(i);
		}
		break;
	case SINGLET_ACQUIRE:
		i = find_id(ref->id);
		ref->result = i < 0 ? ENOENT : 0;
		if (i >= 0)
			object[i].references++;
		break;
	case SINGLET_RELEASE:
		ref->result = put(ref->id);
		break;
	case SINGLET_QUERY:
		i = find_id(query->id);
		query->result = i < 0 ? ENOENT : 0;
		query->len = i < 0 ? 0 : object[i].len;
		query->type = i < 0 ? 0 : object[i].type;
		break;
	case SINGLET_READ:
		i = find_id(read->id);
		read->result = i < 0 ? ENOENT : 0;
		if (i < 0)
			break;
		read->total = object[i].len;
		if (read->len > read->total)
			read->len = read->total;
		memcpy((void *)(uintptr_t)read->data, bytes_of(i), read->len);
		break;
	default:
		abort();
	}
}

int __wrap_ioctl(int file, unsigned long command, ...);
int __wrap_ioctl(int file, unsigned long command, ...)
{
	struct singlet_batch *batch;
	va_list arguments;
	uint32_t i;

	(void)file;
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
