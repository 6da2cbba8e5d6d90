// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Records of what this process holds; see record.h. */
#include "record.h"

#include <stdlib.h>

static unsigned int chunk_of(uint32_t number)
{
	return 31 - __builtin_clz(number / RECORD_FIRST + 1);
}

/* The number of a chunk's first record. */
static uint32_t first_of(unsigned int chunk)
{
	return RECORD_FIRST * ((1u << chunk) - 1);
}

/* The same for equal handles, and for these only. */
static uint32_t mixed(uint32_t handle)
{
	handle *= 0x9e3779b1u;
	return handle ^ handle >> 15;
}

/* Return: 0 or -ENOMEM. */
int singlet_records_init(struct records *r)
{
	return singlet_values_init(&r->numbers);
}

void singlet_records_end(struct records *r)
{
	struct record *chunk;
	unsigned int c;
	uint32_t i;

	for (c = 0; c < RECORD_CHUNKS; c++) {
		chunk = atomic_load(&r->chunk[c]);
		for (i = 0; chunk && first_of(c) + i < r->made &&
			    i < RECORD_FIRST << c; i++)
			free(atomic_load(&chunk[i].copy));
		free(chunk);
	}
	singlet_values_end(&r->numbers);
}

/* One that was made. */
static struct record *at_number(const struct records *r, uint32_t number)
{
	unsigned int c = chunk_of(number);
	struct record *chunk = atomic_load_explicit(&r->chunk[c],
						    memory_order_acquire);

	return &chunk[number - first_of(c)];
}

static struct record *make(struct records *r)
{
	unsigned int c = chunk_of(r->made);
	struct record *record;

	if (c >= RECORD_CHUNKS)
		return NULL;
	if (!atomic_load(&r->chunk[c])) {
		record = calloc(RECORD_FIRST << c, sizeof(*record));
		if (!record)
			return NULL;
		r->bytes += (RECORD_FIRST << c) * sizeof(*record);
		/* Release: pairs with the acquire in at_number(). */
		atomic_store_explicit(&r->chunk[c], record,
				      memory_order_release);
	}
	record = at_number(r, r->made);
	record->number = r->made++;
	return record;
}

/*
 * A record of @handle, which has none; its @refs are 0, and nothing is known of the
 * object.  Lock held.  Return: NULL: no memory.
 */
struct record *singlet_record_new(struct records *r, uint32_t handle)
{
	struct record *record;

	if (singlet_values_reserve(&r->numbers))
		return NULL;
	if (r->free) {
		record = at_number(r, r->free - 1);
		r->free = record->hash;
	} else {
		record = make(r);
		if (!record)
			return NULL;
	}
	record->named = false;
	atomic_store_explicit(&record->type, 0, memory_order_relaxed);
	atomic_store_explicit(&record->len, RECORD_LEN_UNKNOWN,
			      memory_order_relaxed);
	atomic_store_explicit(&record->handle, handle, memory_order_relaxed);
	singlet_values_add(&r->numbers, mixed(handle), record->number);
	return record;
}

/* Its @refs are 0, it has no copy, and its count does not say that it is there. */
void singlet_record_end(struct records *r, struct record *record)
{
	singlet_values_remove(&r->numbers, mixed(atomic_load(&record->handle)),
			      record->number);
	record->hash = r->free;
	r->free = record->number + 1;
}

/*
 * The record of @handle, or NULL.  Without the lock: it may be another's before it
 * was got, and one that is there may be missed.
 */
struct record *singlet_record_find(const struct records *r, uint32_t handle)
{
	const struct values_table *t = values_table(&r->numbers);
	uint32_t hash = mixed(handle), where = hash, number;
	struct record *record;

	while (values_next(t, hash, &where, &number)) {
		record = at_number(r, number);
		if (atomic_load_explicit(&record->handle,
					 memory_order_relaxed) == handle)
			return record;
	}
	return NULL;
}
