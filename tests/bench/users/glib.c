// SPDX-License-Identifier: GPL-2.0
/* GLib: interned reference-counted strings, and a hash table of copies. */
#include "users.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

struct with_glib {
	const struct labels *labels;
	char **ref;		/* of GRefString */
	GHashTable *copies;
};

static void *open_strings(const struct subject *self,
			  const struct labels *labels)
{
	struct with_glib *w = calloc(1, sizeof(*w));

	(void)self;
	w->labels = labels;
	w->ref = calloc(labels->nr, sizeof(*w->ref));
	return w;
}

static void close_strings(void *ctx)
{
	struct with_glib *w = ctx;

	if (w->copies)
		g_hash_table_destroy(w->copies);
	free(w->ref);
	free(w);
}

static bool intern_string(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_glib *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++)
		w->ref[order[i]] =
			g_ref_string_new_intern(w->labels->text[order[i]]);
	return true;
}

static void drop_string(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_glib *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++)
		g_ref_string_release(w->ref[order[i]]);
}

static bool find_string(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_glib *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++) {
		const char *text = w->labels->text[order[i]];
		char *ref = g_ref_string_new_intern(text);

		if (memcmp(ref, text, w->labels->len[order[i]]))
			return false;
		g_ref_string_release(ref);
	}
	return true;
}

static void *open_copies(const struct subject *self,
			 const struct labels *labels)
{
	struct with_glib *w = open_strings(self, labels);

	w->copies = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
	return w;
}

static bool intern_copy(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_glib *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++) {
		const char *text = w->labels->text[order[i]];
		char *copy = g_hash_table_lookup(w->copies, text);

		if (!copy) {
			copy = strdup(text);
			g_hash_table_add(w->copies, copy);
		}
		w->ref[order[i]] = copy;
	}
	return true;
}

/* Nobody counts: they stay until the table goes. */
static void drop_copy(void *ctx, const uint32_t *order, size_t nr)
{
	(void)ctx;
	(void)order;
	(void)nr;
}

static bool find_copy(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_glib *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++) {
		const char *text = w->labels->text[order[i]];
		const char *copy = g_hash_table_lookup(w->copies, text);

		if (!copy || memcmp(copy, text, w->labels->len[order[i]]))
			return false;
	}
	return true;
}

const struct subject glib_refstring = {
	.name = "refstring", .threads = true,
	.lacks = "GLib: copies in one process, nothing is shared; one lock",
	.open = open_strings, .close = close_strings,
	.intern = intern_string, .drop = drop_string, .find = find_string,
};

const struct subject glib_hash = {
	.name = "strdup",
	.lacks = "GLib's table: copies in one process, which nobody counts; no lock",
	.open = open_copies, .close = close_strings,
	.intern = intern_copy, .drop = drop_copy, .find = find_copy,
};
