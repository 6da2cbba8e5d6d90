// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* list: objects of the domain, all or some. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "value.h"
#include "view.h"

#define PREVIEW_BYTES	48

enum { COL_ID, COL_TYPE, COL_LEN, COL_REFS, COL_STATE, COL_PINS, COL_PREVIEW };

static const struct column list_columns[] = {
	[COL_ID] = { "ID", COLUMN_NUMBER, 14, false, "the object" },
	[COL_TYPE] = { "TYPE", COLUMN_TEXT, 8, false, "name of its type" },
	[COL_LEN] = { "LEN", COLUMN_BYTES, 6, false, "bytes in its value" },
	[COL_REFS] = { "REFS", COLUMN_NUMBER, 5, false, "sessions, containers and pins that hold it" },
	[COL_STATE] = { "STATE", COLUMN_TEXT, 8, false, "live, idle, immortal or unsealed" },
	[COL_PINS] = { "PINS", COLUMN_NUMBER, 0, true, "how often it is pinned" },
	[COL_PREVIEW] = { "PREVIEW", COLUMN_TEXT, 0, true, "beginning of its value" },
	{ 0 },
};

static const struct option_spec list_options[] = {
	{ 't', "type", "TYPE", "only objects of this type, by name or number" },
	VIEW_OPTIONS,
	{ 0 },
};

static const char *state_name(uint32_t state)
{
	switch (state) {
	case SINGLET_STATE_LIVE:
		return "live";
	case SINGLET_STATE_IDLE:
		return "idle";
	case SINGLET_STATE_IMMORTAL:
		return "immortal";
	case SINGLET_STATE_UNSEALED:
		return "unsealed";
	default:
		return "unknown";
	}
}

/* What is known of a batch of objects beyond their entries, where wanted. */
struct details {
	struct singlet_read_item reads[SINGLET_MAX_BATCH];
	char bytes[SINGLET_MAX_BATCH][PREVIEW_BYTES];
	ssize_t read;		/* of @reads were dealt with */
	struct singlet_query_item queries[SINGLET_MAX_BATCH];
	ssize_t queried;
};

static void read_details(struct details *details, const struct view *view,
			 struct singlet *s,
			 const struct singlet_list_entry *entries, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		details->reads[i] = (struct singlet_read_item){
			.id = entries[i].id,
			.data = (uintptr_t)details->bytes[i],
			.len = PREVIEW_BYTES,
		};
		details->queries[i] = (struct singlet_query_item){
			.id = entries[i].id,
		};
	}
	details->read = !view_has(view, COL_PREVIEW) ? 0 :
		singlet_batch_read(s, details->reads, count);
	details->queried = !view_has(view, COL_PINS) ? 0 :
		singlet_batch_query(s, details->queries, count);
}

static void show_preview(struct view *view,
			 const struct singlet_type_info *type,
			 const struct singlet_read_item *read)
{
	char preview[PREVIEW_BYTES + 32];

	value_preview(type, (void *)(uintptr_t)read->data, read->len,
		      read->len < read->total, preview, sizeof(preview));
	view_text(view, COL_PREVIEW, preview);
}

static void show_entry(struct view *view, struct singlet *s,
		       const struct singlet_list_entry *entry,
		       const struct details *details, ssize_t i)
{
	const struct singlet_type_info *type = type_known(s, entry->type);

	view_row_begin(view);
	view_number(view, COL_ID, entry->id);
	view_text(view, COL_TYPE, (const char *)type->name);
	view_number(view, COL_LEN, entry->len);
	view_number(view, COL_REFS, entry->references);
	view_text(view, COL_STATE, state_name(entry->state));
	if (i < details->queried && !details->queries[i].result)
		view_number(view, COL_PINS, details->queries[i].pins);
	else
		view_nothing(view, COL_PINS);
	if (i < details->read && !details->reads[i].result)
		show_preview(view, type, &details->reads[i]);
	else
		view_nothing(view, COL_PREVIEW);
	view_row_end(view);
}

static void show_entries(struct view *view, struct singlet *s,
			 const struct singlet_list_entry *entries,
			 size_t count)
{
	static struct details details;
	size_t i;

	if (!count)
		return;
	read_details(&details, view, s, entries, count);
	for (i = 0; i < count; i++)
		show_entry(view, s, &entries[i], &details, i);
}

static void list_all(struct view *view, struct singlet *s, uint32_t type)
{
	static struct singlet_list_entry entries[SINGLET_MAX_BATCH];
	uint64_t cursor = 0;

	do {
		ssize_t n = singlet_object_list(s, type, entries,
						ARRAY_SIZE(entries), &cursor);

		if (n < 0)
			fail("list: %s", error_words(n));
		show_entries(view, s, entries, n);
		if (ferror(stdout))
			output_flush();
	} while (cursor);
}

/* The objects with these ids; absent ones are reported. */
static int list_some(struct view *view, struct singlet *s, char **ids,
		     int count, uint32_t type)
{
	int i, status = 0;

	for (i = 0; i < count; i++) {
		struct singlet_query_item item;
		struct singlet_list_entry entry;
		uint64_t id = 0;
		int err;

		number_parse(ids[i], 0, UINT64_MAX, &id);
		err = singlet_object_query(s, id, &item);
		if (err) {
			report("object %s: %s", ids[i], err == -ENOENT ?
			       "there is none with this id" :
			       error_words(err));
			status = STATUS_FAILURE;
			continue;
		}
		if (type && item.type != type)
			continue;
		entry = (struct singlet_list_entry){
			.id = id,
			.type = item.type,
			.len = item.len,
			.references = item.references,
			.state = item.state,
		};
		show_entries(view, s, &entry, 1);
	}
	return status;
}

static int run(int argc, char **argv)
{
	struct singlet_type_info info = { 0 };
	const char *type = NULL;
	struct view view;
	struct singlet *s;
	int key, i, status = 0;

	view_init(&view, &cmd_list, list_columns);
	while ((key = options_next(&cmd_list, argc, argv)) != -1) {
		if (key == 't')
			type = optarg;
		else
			view_option(&view, key, optarg);
	}
	for (i = optind; i < argc; i++) {
		uint64_t id;

		if (!number_parse(argv[i], 0, UINT64_MAX, &id))
			options_fail(&cmd_list, "'%s' is not an id", argv[i]);
	}

	s = device_open(&cmd_list);
	if (type)
		type_resolve(s, type, &info);
	view_begin(&view, "objects");
	if (optind < argc)
		status = list_some(&view, s, argv + optind, argc - optind,
				   info.type);
	else
		list_all(&view, s, info.type);
	view_end(&view);
	output_flush();
	singlet_close(s);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.args = "[OPTION...] [ID...]",
	.summary = "list the objects of your domain, all or those named",
	.options = list_options,
	.columns = list_columns,
	.access = SINGLET_ACCESS_READ,
	.run = run,
};
