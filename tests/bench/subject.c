// SPDX-License-Identifier: GPL-2.0
/* subject - what is called of singlet beside the measured; see subject.h */
#include "subject.h"

#include <linux/kernel.h>

#include "core.h"

int subject_init(void)
{
	return singlet_core_init();
}

void subject_exit(void)
{
	singlet_core_exit();
}

/* Return: ERR_PTR on failure. */
struct singlet_store *subject_create(void)
{
	return singlet_store_create();
}

void subject_destroy(struct singlet_store *store)
{
	singlet_store_destroy(store);
}

/* A predefined type. */
struct singlet_type *subject_type(struct singlet_store *store, u32 number)
{
	return singlet_types_at(&store->types, number);
}

static int add_type(struct singlet_store *store, const char *name, u32 kind,
		    u32 size, u32 *type)
{
	struct singlet_type_args args = {
		.name = name, .name_len = strlen(name), .kind = kind,
		.value_size = size,
	};

	return PTR_ERR_OR_ZERO(singlet_types_create(&store->types, &args,
						    type));
}

/* A type for plain objects of @size bytes. */
int subject_add_plain(struct singlet_store *store, u32 size, u32 *type)
{
	char name[16];

	snprintf(name, sizeof(name), "plain-%u", size);
	return add_type(store, name, SINGLET_KIND_PLAIN, size, type);
}

/* The @i-th of many types of values. */
int subject_add_value(struct singlet_store *store, unsigned int i)
{
	char name[16];
	u32 type;

	snprintf(name, sizeof(name), "value-%u", i);
	return add_type(store, name, SINGLET_KIND_VALUE, 16, &type);
}

/* The @n-th of many values of 26 bytes.  Return: it, with a reference; or NULL. */
struct singlet_object *subject_intern_nth(struct singlet_store *store, u64 n)
{
	char text[32];
	int len;

	len = scnprintf(text, sizeof(text), "numbered %08llu.of.label", n);
	return subject_intern(subject_type(store, SINGLET_TYPE_STR), text, len);
}

/* Return: pages that came back. */
u64 subject_collect(struct singlet_store *store)
{
	struct singlet_reclaimed out;

	singlet_reclaim_all(store, &out);
	return out.pages;
}

void subject_memory(struct singlet_store *store, struct subject_memory *m)
{
	const struct singlet_counters *c = &store->counters;
	struct singlet_stats stats = {};

	singlet_store_stats(store, &stats);
	m->stored = singlet_counters_sum(c, STAT_BYTES_STORED);
	m->metadata = stats.bytes_metadata;
	m->stranded_slots = singlet_pool_cached(&store->pool);
}
