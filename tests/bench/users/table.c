// SPDX-License-Identifier: GPL-2.0
/*
 * A hash table of counted copies, written by hand for the purpose: what 'singlet
 * bench' measures beside singlet too.
 */
#include "users.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <copies.h>

struct with_table {
	const struct labels *labels;
	struct copies *copies;
	struct copy **held;
};

static void *open_table(const struct subject *self, const struct labels *labels)
{
	struct with_table *w = calloc(1, sizeof(*w));

	(void)self;
	w->labels = labels;
	w->copies = copies_new(true);
	w->held = calloc(labels->nr, sizeof(*w->held));
	return w->copies ? w : NULL;
}

static void close_table(void *ctx)
{
	struct with_table *w = ctx;

	copies_free(w->copies);
	free(w->held);
	free(w);
}

static bool intern(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_table *w = ctx;
	bool created;
	size_t i;

	for (i = 0; i < nr; i++) {
		uint32_t n = order[i];

		w->held[n] = copies_intern(w->copies, w->labels->text[n],
					   w->labels->len[n], &created);
		if (!w->held[n])
			return false;
	}
	return true;
}

static void drop(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_table *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++)
		copies_release(w->copies, w->held[order[i]]);
}

static bool find(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_table *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++) {
		const char *text = w->labels->text[order[i]];
		uint32_t len = w->labels->len[order[i]];
		struct copy *copy = copies_find(w->copies, text, len);

		if (!copy || memcmp(copy->data, text, len))
			return false;
		copies_release(w->copies, copy);
	}
	return true;
}

/* Beside the word by which the program knows a label. */
static double memory(void *ctx)
{
	const struct with_table *w = ctx;

	return pss_of(getpid()) - (w ? w->labels->nr * sizeof(*w->held) : 0);
}

const struct subject table = {
	.name = "table", .threads = true,
	.lacks = "copies in one process, nothing is shared; locks by parts of the table",
	.open = open_table, .close = close_table, .memory = memory,
	.intern = intern, .drop = drop, .find = find,
};
