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
#define TYPES_CACHED	64

enum { COL_ID, COL_TYPE, COL_LEN, COL_REFS, COL_STATE, COL_PREVIEW };

static const struct column list_columns[] = {
	[COL_ID] = { "ID", COLUMN_NUMBER, 14, false, "the object" },
	[COL_TYPE] = { "TYPE", COLUMN_TEXT, 8, false, "name of its type" },
	[COL_LEN] = { "LEN", COLUMN_BYTES, 6, false, "bytes in its value" },
	[COL_REFS] = { "REFS", COLUMN_NUMBER, 5, false, "sessions that hold it" },
	[COL_STATE] = { "STATE", COLUMN_TEXT, 8, false, "live, idle, immortal or unsealed" },
	[COL_PREVIEW] = { "PREVIEW", COLUMN_TEXT, 0, true, "beginning of its value" },
	{ 0 },
};

static const struct option_spec list_options[] = {
	{ 't', "type", "TYPE", "only objects of this type, by name or number" },
	VIEW_OPTIONS,
	{ 0 },
};

/* The name of a type; most rows have the type of the row before. */
static const char *type_name(struct singlet *s, uint32_t type)
{
	static struct singlet_type_info cache[TYPES_CACHED];
	struct singlet_type_info *info = &cache[type % TYPES_CACHED];
	struct singlet_type_info fresh;

	if (info->type == type)
		return (const char *)info->name;
	if (singlet_type_get(s, type, &fresh)) {
		/* Deleted since. */
		snprintf((char *)info->name, sizeof(info->name), "%" PRIu32,
			 type);
		info->type = 0;
		return (const char *)info->name;
	}
	*info = fresh;
	return (const char *)info->name;
}

static void show_entry(struct view *view, struct singlet *s,
		       const struct singlet_list_entry *entry,
		       const struct singlet_read_item *read)
{
	char preview[PREVIEW_BYTES + 32];

	view_row_begin(view);
	view_number(view, COL_ID, entry->id);
	view_text(view, COL_TYPE, type_name(s, entry->type));
	view_number(view, COL_LEN, entry->len);
	view_number(view, COL_REFS, entry->references);
	view_text(view, COL_STATE, state_name(entry->state));
	if (read && !read->result) {
		value_preview(entry->type, (void *)(uintptr_t)read->data,
			      read->len, read->len < read->total, preview,
			      sizeof(preview));
		view_text(view, COL_PREVIEW, preview);
	} else {
		view_nothing(view, COL_PREVIEW);
	}
	view_row_end(view);
}

/* Shows @count entries; reads the beginnings of their values if wanted. */
static void show_entries(struct view *view, struct singlet *s,
			 const struct singlet_list_entry *entries,
			 size_t count)
{
	static struct singlet_read_item reads[SINGLET_MAX_BATCH];
	static char bytes[SINGLET_MAX_BATCH][PREVIEW_BYTES];
	bool preview = view_has(view, COL_PREVIEW);
	ssize_t done = 0;
	size_t i;

	for (i = 0; preview && i < count; i++)
		reads[i] = (struct singlet_read_item){
			.id = entries[i].id,
			.data = (uintptr_t)bytes[i],
			.len = PREVIEW_BYTES,
		};
	if (preview && count)
		done = singlet_batch_read(s, reads, count);
	for (i = 0; i < count; i++)
		show_entry(view, s, &entries[i],
			   (ssize_t)i < done ? &reads[i] : NULL);
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

	view_init(&view, &cmd_list);
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

	s = device_open();
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
	.run = run,
};
