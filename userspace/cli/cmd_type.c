// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* type list, type create, type delete. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "view.h"

enum {
	COL_TYPE, COL_NAME, COL_KIND, COL_SIZE, COL_MAX, COL_OBJECTS, COL_BYTES,
	COL_FLAGS,
};

static const struct column type_columns[] = {
	[COL_TYPE] = { "TYPE", COLUMN_NUMBER, 0, false, "number of the type" },
	[COL_NAME] = { "NAME", COLUMN_TEXT, 0, false, "its name" },
	[COL_KIND] = { "KIND", COLUMN_TEXT, 0, false, "value, single or plain" },
	[COL_SIZE] = { "SIZE", COLUMN_BYTES, 0, false, "exact size of values, - if they differ" },
	[COL_MAX] = { "MAX", COLUMN_BYTES, 0, false, "size of the longest value allowed" },
	[COL_OBJECTS] = { "OBJECTS", COLUMN_NUMBER, 0, false, "objects of the type" },
	[COL_BYTES] = { "BYTES", COLUMN_BYTES, 0, false, "bytes in their values" },
	[COL_FLAGS] = { "FLAGS", COLUMN_TEXT, 0, false, "container, or -" },
	{ 0 },
};

static const struct option_spec list_options[] = {
	VIEW_OPTIONS,
	{ 0 },
};

static void show_type(struct view *view, const struct singlet_type_info *info)
{
	/* Of a type without values but the empty one the exact size is 0. */
	bool fixed = info->value_size || !info->value_max;

	view_row_begin(view);
	view_number(view, COL_TYPE, info->type);
	view_text(view, COL_NAME, (const char *)info->name);
	view_text(view, COL_KIND, kind_name(info->kind));
	if (fixed)
		view_number(view, COL_SIZE, info->value_size);
	else
		view_nothing(view, COL_SIZE);
	view_number(view, COL_MAX, info->value_max);
	view_number(view, COL_OBJECTS, info->objects);
	view_number(view, COL_BYTES, info->bytes);
	if (type_is_container(info))
		view_text(view, COL_FLAGS, "container");
	else
		view_nothing(view, COL_FLAGS);
	view_row_end(view);
}

static int run_list(int argc, char **argv)
{
	struct singlet_type_info infos[64];
	struct view view;
	struct singlet *s;
	uint32_t cursor = 0;
	int key;

	view_init(&view, &cmd_type_list, type_columns);
	while ((key = options_next(&cmd_type_list, argc, argv)) != -1)
		view_option(&view, key, optarg);
	if (optind < argc)
		options_fail(&cmd_type_list, "takes no arguments");

	s = device_open(&cmd_type_list);
	view_begin(&view, "types");
	do {
		ssize_t i, n = singlet_type_list(s, infos, ARRAY_SIZE(infos),
						 &cursor);

		if (n < 0)
			fail("type list: %s", error_words(n));
		for (i = 0; i < n; i++)
			show_type(&view, &infos[i]);
	} while (cursor);
	view_end(&view);
	singlet_close(s);
	return 0;
}

enum { KEY_SIZE = 256, KEY_MAX, KEY_CONTAINER };

static const struct option_spec create_options[] = {
	{ 'k', "kind", "KIND", "value, single or plain (default: value)" },
	{ KEY_SIZE, "size", "BYTES", "exact size of each value" },
	{ KEY_MAX, "max", "BYTES", "size of the longest value (default: 16777216)" },
	{ KEY_CONTAINER, "container", NULL, "values are ids of other objects, 8 bytes each" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static uint32_t parse_kind(const char *text)
{
	uint32_t kind;

	for (kind = SINGLET_KIND_VALUE; kind <= SINGLET_KIND_PLAIN; kind++) {
		if (!strcmp(text, kind_name(kind)))
			return kind;
	}
	options_fail(&cmd_type_create, "unknown kind '%s': say value, single or plain",
		     text);
}

static uint32_t parse_size(const char *text)
{
	uint64_t size;

	if (!number_parse(text, 1, SINGLET_MAX_VALUE, &size))
		options_fail(&cmd_type_create, "'%s' is not a number from 1 to %u",
			     text, SINGLET_MAX_VALUE);
	return size;
}

struct new_type {
	const char *name;
	uint32_t kind, size, max;
	bool container, json;
};

static void parse_create(struct new_type *new, int argc, char **argv)
{
	int key;

	while ((key = options_next(&cmd_type_create, argc, argv)) != -1) {
		switch (key) {
		case 'k':
			new->kind = parse_kind(optarg);
			break;
		case KEY_SIZE:
			new->size = parse_size(optarg);
			break;
		case KEY_MAX:
			new->max = parse_size(optarg);
			break;
		case KEY_CONTAINER:
			new->container = true;
			break;
		case 'J':
			new->json = true;
			break;
		}
	}
	if (optind != argc - 1)
		options_fail(&cmd_type_create, "needs one name");
	if (new->size && new->max)
		options_fail(&cmd_type_create, "--size and --max exclude each other");
	if (new->container && (new->size || new->kind != SINGLET_KIND_VALUE))
		options_fail(&cmd_type_create, "--container is for kind value without --size");
	new->name = argv[optind];
}

static const char *create_reason(int error)
{
	switch (-error) {
	case EEXIST:
		return "the name is taken";
	case EINVAL:
		return "a name has 1 to 63 bytes, visible characters but no slashes";
	case EILSEQ:
		return "the name is not UTF-8 text";
	case EDQUOT:
		return "the domain has as many types as it may (see 'singlet domain show')";
	default:
		return error_words(error);
	}
}

static void show_name(uint32_t type, const char *name)
{
	json_object_begin(NULL);
	json_u64("type", type);
	json_string("name", name);
	json_object_end();
}

static int run_create(int argc, char **argv)
{
	struct new_type new = { .kind = SINGLET_KIND_VALUE };
	struct singlet *s;
	uint32_t type;
	int err;

	parse_create(&new, argc, argv);
	s = device_open(&cmd_type_create);
	if (new.container)
		err = singlet_type_create_container(s, new.name, new.max, &type);
	else
		err = singlet_type_create(s, new.name, new.kind, new.size,
					  new.max, &type);
	if (err)
		fail("cannot create type '%s': %s", new.name,
		     create_reason(err));
	if (new.json)
		show_name(type, new.name);
	else
		printf("%" PRIu32 "\n", type);
	singlet_close(s);
	return 0;
}

static const struct option_spec delete_options[] = {
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static int run_delete(int argc, char **argv)
{
	struct singlet_type_info info;
	struct singlet *s;
	bool json = false;
	int err;

	while (options_next(&cmd_type_delete, argc, argv) != -1)
		json = true;
	if (optind != argc - 1)
		options_fail(&cmd_type_delete, "needs one type, by name or number");

	s = device_open(&cmd_type_delete);
	type_resolve(s, argv[optind], &info);
	err = singlet_type_delete(s, info.type);
	if (err)
		fail("cannot delete type '%s': %s", argv[optind],
		     err == -EPERM ? "it is predefined" :
		     err == -EBUSY ? "it has live objects" : error_words(err));
	if (json)
		show_name(info.type, (const char *)info.name);
	singlet_close(s);
	return 0;
}

const struct command cmd_type_list = {
	.name = "type list",
	.args = "[OPTION...]",
	.summary = "list the types of your domain",
	.options = list_options,
	.access = SINGLET_ACCESS_READ,
	.columns = type_columns,
	.run = run_list,
};

const struct command cmd_type_create = {
	.name = "type create",
	.args = "[OPTION...] NAME",
	.summary = "create a type, print its number",
	.options = create_options,
	.access = SINGLET_ACCESS_WRITE,
	.run = run_create,
};

const struct command cmd_type_delete = {
	.name = "type delete",
	.args = "[OPTION...] NAME|NUMBER",
	.summary = "delete a type that has no live objects",
	.options = delete_options,
	.access = ACCESS_BOTH,
	.run = run_delete,
};
