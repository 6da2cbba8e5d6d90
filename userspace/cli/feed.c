// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Values from a source to the kernel in batches, ids back. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "idset.h"
#include "json.h"
#include "parts.h"
#include "source.h"
#include "value.h"

#define BATCH		SINGLET_MAX_BATCH
#define REPORTS_MAX	100	/* values whose failure is told one by one */

/* A batch; the texts that are values are sent, in their order. */
struct batch {
	struct text texts[BATCH];
	union scalar scalars[BATCH];
	uint64_t *parts;		/* of all containers */
	size_t parts_room;
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

/* Why a container's part or type was not found: which part it is. */
static const char *part_reason(struct singlet *s,
			       const struct singlet_intern_item *item)
{
	static char words[80];
	const uint64_t *parts = (const uint64_t *)(uintptr_t)item->data;
	struct singlet_query_item query;
	size_t i;

	for (i = 0; i < item->len / sizeof(*parts); i++) {
		if (!singlet_object_query(s, parts[i], &query))
			continue;
		snprintf(words, sizeof(words), "there is no object %" PRIu64,
			 parts[i]);
		return words;
	}
	return "a part is not sealed yet, or the type is gone";
}

/* An item's errno, in words that fit values. */
static const char *reason(const struct feed *feed, struct singlet *s,
			  const struct singlet_intern_item *item)
{
	bool container = type_is_container(&feed->info);

	switch (item->result) {
	case EILSEQ:
		return "not UTF-8 text (type bytes takes anything)";
	case EMSGSIZE:
		return container ? "too many parts" : "too long for its type";
	case EINVAL:
		return "not the size or shape that its type has";
	case EEXIST:
		return "the single type has another instance";
	case ENOENT:
		if (container && feed->failed <= REPORTS_MAX)
			return part_reason(s, item);
		return container ? "a part is gone" : "the type is gone";
	default:
		return error_words(item->result);
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

/* Room for the parts of all containers of the batch. */
static void make_room(struct batch *batch)
{
	size_t i, room = 0;

	for (i = 0; i < batch->count; i++)
		room += parts_room(batch->texts[i].len);
	if (room <= batch->parts_room)
		return;
	free(batch->parts);
	batch->parts = malloc(room * sizeof(*batch->parts));
	if (!batch->parts)
		fail("out of memory");
	batch->parts_room = room;
}

/* The container's bytes are put at @parts. */
static const char *parse_container(const struct text *text, uint64_t *parts,
				   struct value *value)
{
	size_t count;
	const char *why = parts_parse(text, parts, &count);

	value->data = parts;
	value->len = count * sizeof(*parts);
	return why;
}

static void parse(struct batch *batch, const struct singlet_type_info *type)
{
	bool container = type_is_container(type);
	uint64_t *parts;
	size_t i;

	if (container)
		make_room(batch);
	parts = batch->parts;
	batch->sent = 0;
	for (i = 0; i < batch->count; i++) {
		const struct text *text = &batch->texts[i];
		struct value value = { 0 };

		if (text->too_long)
			batch->reasons[i] = container ? "too many parts" :
				"longer than 16777216 bytes";
		else if (container)
			batch->reasons[i] = parse_container(text, parts, &value);
		else
			batch->reasons[i] = value_parse(type->type, text,
							&batch->scalars[i],
							&value);
		if (batch->reasons[i])
			continue;
		if (container)
			parts += value.len / sizeof(*parts);
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

/* Of these no other value of the run would be spared. */
static bool is_fatal(uint32_t error)
{
	return error == ESTALE || error == EACCES;
}

static void settle(struct feed *feed, struct singlet *s,
		   const struct batch *batch, const struct source *src)
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
			} else if (is_fatal(item->result)) {
				fail("%s: %s", source_place(src, text->number),
				     error_words(item->result));
			} else if (feed->lookup && item->result == ENOENT) {
				/* The "-" says it. */
				feed->failed++;
				feed->absent++;
			} else {
				why = reason(feed, s, item);
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

/* What the values' type is; one that has none ends the program. */
static void resolve(struct feed *feed, struct singlet *s)
{
	const char *name;

	type_resolve(s, feed->type ? feed->type : "str", &feed->info);
	name = (const char *)feed->info.name;
	if (feed->info.kind == SINGLET_KIND_PLAIN)
		fail("type '%s' is of kind plain: use 'singlet alloc'", name);
	if (feed->containers && !type_is_container(&feed->info))
		fail("type '%s' is no container: use 'singlet intern'", name);
}

void feed_run(struct feed *feed, struct singlet *s, char **args, int arg_count)
{
	static struct batch batch;
	struct source src;

	resolve(feed, s);
	source_open(&src, feed->file, feed->nul,
		    type_is_container(&feed->info) ? PARTS_TEXT_MAX :
						     SINGLET_MAX_VALUE,
		    args, arg_count);
	for (;;) {
		size_t done = 0;

		batch.count = source_next(&src, batch.texts, BATCH);
		if (!batch.count)
			break;
		parse(&batch, &feed->info);
		while (done < batch.sent)
			done += transmit(feed, s, &batch, done, &src);
		settle(feed, s, &batch, &src);
		/*
		 * Whoever writes to a pipe may wait for the ids; and a full
		 * disk is noticed now, not after the rest of the input.
		 */
		output_flush();
	}
	source_close(&src);
	free(batch.parts);
	batch.parts = NULL;
	batch.parts_room = 0;
	if (feed->failed - feed->absent > REPORTS_MAX)
		report("%" PRIu64 " values failed",
		       feed->failed - feed->absent);
}

int feed_status(const struct feed *feed)
{
	return feed->failed ? STATUS_FAILURE : 0;
}
