// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Values from a source to the kernel in batches, ids back. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "feed.h"
#include "idset.h"
#include "json.h"
#include "source.h"
#include "value.h"

#define BATCH		SINGLET_MAX_BATCH
#define REPORTS_MAX	100	/* values whose failure is told one by one */

/* A batch; the texts that are values are sent, in their order. */
struct batch {
	struct text texts[BATCH];
	union scalar scalars[BATCH];
	struct singlet_intern_item items[BATCH];
	size_t count;			/* of texts */
	size_t sent;			/* of items */
	const char *reasons[BATCH];	/* why a text is no value, or NULL */
};

void feed_option(struct feed *feed, int key, const char *arg)
{
	switch (key) {
	case 'f':
		feed->file = arg;
		break;
	case '0':
		feed->nul = true;
		break;
	case 't':
		feed->type = arg;
		break;
	}
}

void feed_check(const struct feed *feed, int arg_count)
{
	if (feed->file && arg_count)
		options_fail(feed->cmd, "values come from arguments or from a file, not both");
	if (!feed->file && !arg_count)
		options_fail(feed->cmd, "no values: give them as arguments or with -f FILE");
	if (!feed->file && feed->nul)
		options_fail(feed->cmd, "option '--null' is for a file (-f)");
}

/* An errno of an item, in words that fit values. */
static const char *reason(const struct feed *feed, uint32_t error)
{
	switch (error) {
	case EILSEQ:
		return "not UTF-8 text (type bytes takes anything)";
	case EMSGSIZE:
		return "too long for its type";
	case EINVAL:
		return "not the size or shape that its type has";
	case EEXIST:
		return "the single type has another instance";
	case ENOENT:
		return feed->lookup ? "no such object" : "the type is gone";
	default:
		return error_words(error);
	}
}

static void complain(struct feed *feed, const struct source *src,
		     const struct text *text, const char *why)
{
	if (feed->failed++ < REPORTS_MAX)
		report("%s: %s", source_place(src, text->number), why);
	else if (feed->failed == REPORTS_MAX + 1)
		report("%s: %s; more values fail, they are counted only",
		       source_place(src, text->number), why);
}

static void emit(const struct feed *feed, uint64_t id, bool created)
{
	switch (feed->output) {
	case FEED_SILENT:
		break;
	case FEED_IDS:
		if (id)
			printf("%" PRIu64 "\n", id);
		else
			puts("-");
		break;
	case FEED_JSON:
		json_object_begin(NULL);
		if (id)
			json_u64("id", id);
		else
			json_null("id");
		if (id && !feed->lookup)
			json_bool("created", created);
		json_object_end();
		break;
	}
}

static void parse(struct batch *batch, const struct singlet_type_info *type)
{
	struct value value;
	size_t i;

	batch->sent = 0;
	for (i = 0; i < batch->count; i++) {
		struct text *text = &batch->texts[i];

		if (text->too_long)
			batch->reasons[i] = "longer than 16777216 bytes";
		else
			batch->reasons[i] = value_parse(type->type, text,
							&batch->scalars[i],
							&value);
		if (batch->reasons[i])
			continue;
		batch->items[batch->sent++] = (struct singlet_intern_item){
			.data = (uintptr_t)value.data,
			.len = value.len,
			.type = type->type,
		};
	}
}

/* Sends the batch's items from @from on; returns how many were dealt with. */
static size_t transmit(const struct feed *feed, struct singlet *s,
		       struct batch *batch, size_t from,
		       const struct source *src)
{
	struct singlet_intern_item *items = batch->items + from;
	size_t count = batch->sent - from;
	ssize_t done;

	do {
		done = feed->lookup ? singlet_batch_lookup(s, items, count) :
				      singlet_batch_intern(s, items, count);
	} while (done == -EINTR);
	if (done < 0)
		fail("%s: %s", source_place(src, batch->texts[0].number),
		     error_words(done));
	return done;
}

static void settle(struct feed *feed, const struct batch *batch,
		   const struct source *src)
{
	const struct singlet_intern_item *item = batch->items;
	size_t i;

	feed->values += batch->count;
	for (i = 0; i < batch->count; i++) {
		const struct text *text = &batch->texts[i];
		const char *why = batch->reasons[i];
		uint64_t id = 0;
		bool created = false;

		if (!why) {
			if (!item->result) {
				id = item->id;
				created = item->created;
			} else if (item->result == ESTALE) {
				fail("%s: %s", source_place(src, text->number),
				     error_words(ESTALE));
			} else if (feed->lookup && item->result == ENOENT) {
				/* The "-" says it. */
				feed->failed++;
				feed->absent++;
			} else {
				why = reason(feed, item->result);
			}
			item++;
		}
		if (why)
			complain(feed, src, text, why);
		if (id && created)
			feed->created++;
		else if (id)
			feed->found++;
		if (id && feed->ids)
			idset_add(feed->ids, id);
		emit(feed, id, created);
	}
}

void feed_run(struct feed *feed, struct singlet *s, char **args, int arg_count)
{
	static struct batch batch;
	struct singlet_type_info type;
	struct source src;

	type_resolve(s, feed->type ? feed->type : "str", &type);
	if (type.kind == SINGLET_KIND_PLAIN)
		fail("type '%s' is of kind plain: use 'singlet alloc'",
		     (const char *)type.name);
	source_open(&src, feed->file, feed->nul, args, arg_count);
	for (;;) {
		size_t done = 0;

		batch.count = source_next(&src, batch.texts, BATCH);
		if (!batch.count)
			break;
		parse(&batch, &type);
		while (done < batch.sent)
			done += transmit(feed, s, &batch, done, &src);
		settle(feed, &batch, &src);
		/*
		 * Whoever writes to a pipe may wait for the ids; and a full
		 * disk is noticed now, not after the rest of the input.
		 */
		output_flush();
	}
	source_close(&src);
	if (feed->failed - feed->absent > REPORTS_MAX)
		report("%" PRIu64 " values failed",
		       feed->failed - feed->absent);
}

int feed_status(const struct feed *feed)
{
	return feed->failed ? STATUS_FAILURE : 0;
}
