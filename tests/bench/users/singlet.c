// SPDX-License-Identifier: GPL-2.0
/*
 * libsinglet: with a reference cache one by one and in batches, and without; and
 * borrowing one by one.
 */
#include "users.h"

#include <stdlib.h>
#include <string.h>

#include <singlet.h>

struct with_singlet {
	const struct labels *labels;
	unsigned int batch;
	struct singlet *s;
	uint64_t *id;
};

static void *open_plain(const struct subject *self, const struct labels *labels)
{
	struct with_singlet *w = calloc(1, sizeof(*w));
	struct singlet_collect collected;

	w->labels = labels;
	w->batch = self->batch;
	w->id = calloc(labels->nr, sizeof(*w->id));
	/* Nothing is idle of what was there before. */
	return singlet_open(&w->s, 0) ||
	       singlet_domain_collect(w->s, &collected) ? NULL : w;
}

static void *open_cached(const struct subject *self,
			 const struct labels *labels)
{
	struct with_singlet *w = open_plain(self, labels);

	return w && !singlet_cache_enable(w->s, labels->nr) ? w : NULL;
}

static void close_session(void *ctx)
{
	struct with_singlet *w = ctx;

	singlet_close(w->s);
	free(w->id);
	free(w);
}

static bool intern_one(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_singlet *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++)
		if (singlet_object_intern(w->s, SINGLET_TYPE_STR,
					  w->labels->text[order[i]],
					  w->labels->len[order[i]],
					  &w->id[order[i]]) < 0)
			return false;
	return true;
}

static void drop(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_singlet *w = ctx;
	struct singlet_ref_item item[256];
	size_t i, n, j;

	for (i = 0; i < nr; i += n) {
		n = nr - i < 256 ? nr - i : 256;
		for (j = 0; j < n; j++)
			item[j] = (struct singlet_ref_item){
				.id = w->id[order[i + j]], .count = 1 };
		singlet_batch_release(w->s, item, n);
	}
}

static bool find_one(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_singlet *w = ctx;
	const void *data;
	uint64_t id;
	size_t i, len;

	for (i = 0; i < nr; i++) {
		uint32_t n = order[i];

		if (singlet_object_lookup(w->s, SINGLET_TYPE_STR,
					  w->labels->text[n], w->labels->len[n],
					  &id) ||
		    singlet_object_data(w->s, id, &data, &len) ||
		    len != w->labels->len[n] ||
		    memcmp(data, w->labels->text[n], len) ||
		    singlet_object_release(w->s, id, 1))
			return false;
	}
	return true;
}

#define BATCH_MAX	256

/* The next items of @order, of which there are @nr, up to @n.  Return: how many. */
static size_t next_items(const struct with_singlet *w, const uint32_t *order,
			 size_t nr, size_t n, struct singlet_intern_item *item)
{
	size_t i;

	n = nr < n ? nr : n;

	for (i = 0; i < n; i++)
		item[i] = (struct singlet_intern_item){
			.data = (uintptr_t)w->labels->text[order[i]],
			.len = w->labels->len[order[i]],
			.type = SINGLET_TYPE_STR,
		};
	return n;
}

static bool intern_by(void *ctx, const uint32_t *order, size_t nr, size_t batch)
{
	const struct with_singlet *w = ctx;
	struct singlet_intern_item item[BATCH_MAX];
	size_t i, j, n;

	for (i = 0; i < nr; i += n) {
		n = next_items(w, order + i, nr - i, batch, item);
		if (singlet_batch_intern(w->s, item, n) != (ssize_t)n)
			return false;
		for (j = 0; j < n; j++) {
			if (item[j].result)
				return false;
			w->id[order[i + j]] = item[j].id;
		}
	}
	return true;
}

static bool intern_batch(void *ctx, const uint32_t *order, size_t nr)
{
	return intern_by(ctx, order, nr, ((struct with_singlet *)ctx)->batch);
}

static bool intern_all(void *ctx, const uint32_t *order, size_t nr)
{
	return intern_by(ctx, order, nr, BATCH_MAX);
}

/* Those that nobody made yet; the others are there to be borrowed. */
static bool intern_missing(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_singlet *w = ctx;
	struct singlet_intern_item item[BATCH_MAX];
	struct singlet_borrow b[BATCH_MAX];
	uint32_t missing[BATCH_MAX];
	size_t i, j, n, m;

	for (i = 0; i < nr; i += n) {
		n = next_items(w, order + i, nr - i, BATCH_MAX, item);
		if (singlet_batch_borrow(w->s, item, b, n) != (ssize_t)n)
			return false;
		for (j = m = 0; j < n; j++) {
			if (item[j].result)
				missing[m++] = order[i + j];
			else
				w->id[order[i + j]] = item[j].id;
		}
		singlet_batch_borrow_end(w->s, b, n);
		if (m && !intern_all(ctx, missing, m))
			return false;
	}
	return true;
}

static bool find_borrowed(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_singlet *w = ctx;
	struct singlet_borrow b;
	size_t i;

	for (i = 0; i < nr; i++) {
		uint32_t n = order[i];

		if (singlet_borrow_value(w->s, SINGLET_TYPE_STR,
					 w->labels->text[n], w->labels->len[n],
					 &b) ||
		    b.len != w->labels->len[n] ||
		    memcmp(b.data, w->labels->text[n], b.len))
			return false;
		singlet_borrow_end(w->s, &b);
	}
	return true;
}

static bool find_batch(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_singlet *w = ctx;
	struct singlet_intern_item item[BATCH_MAX];
	struct singlet_borrow b[BATCH_MAX];
	size_t i, j, n;

	for (i = 0; i < nr; i += n) {
		n = next_items(w, order + i, nr - i, w->batch, item);
		if (singlet_batch_borrow(w->s, item, b, n) != (ssize_t)n)
			return false;
		for (j = 0; j < n; j++) {
			uint32_t k = order[i + j];

			if (item[j].result || b[j].len != w->labels->len[k] ||
			    memcmp(b[j].data, w->labels->text[k], b[j].len))
				return false;
		}
		singlet_batch_borrow_end(w->s, b, n);
	}
	return true;
}

const struct subject singlet_one = {
	.name = "singlet", .threads = true,
	/* A system call for each. */
	.new_sample = 20000,
	.open = open_cached, .close = close_session,
	.intern = intern_one, .prepare = intern_all, .drop = drop,
	.find = find_one,
};

const struct subject singlet_16 = {
	.name = "singlet-16", .batch = 16, .threads = true,
	.open = open_cached, .close = close_session,
	.intern = intern_batch, .drop = drop,
};

const struct subject singlet_256 = {
	.name = "singlet-256", .batch = 256, .threads = true,
	.open = open_cached, .close = close_session,
	.intern = intern_batch, .drop = drop, .find = find_one,
};

const struct subject singlet_ioctl = {
	.name = "ioctl-256", .batch = 256, .threads = true,
	.open = open_plain, .close = close_session,
	.intern = intern_batch, .drop = drop,
};

/* Of several processes the first one makes the labels, the others read them. */
const struct subject singlet_borrowing = {
	.name = "borrow", .threads = true, .finds = true,
	.open = open_plain, .close = close_session,
	.intern = intern_missing, .drop = drop, .find = find_borrowed,
};

const struct subject singlet_borrowing_16 = {
	.name = "borrow-16", .batch = 16, .threads = true, .finds = true,
	.open = open_plain, .close = close_session,
	.intern = intern_missing, .drop = drop, .find = find_batch,
};
