// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* read: ids to values. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "json.h"
#include "parts.h"
#include "value.h"

#define CHUNK ((size_t)1 << 20)

static const struct option_spec read_options[] = {
	{ 'n', "newline", NULL, "print a newline after each value" },
	{ 'p', "print", NULL, "print numbers and ids as text, as intern takes them" },
	{ 'r', "raw", NULL, "write the bytes of containers too as they are" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

struct form {
	bool newline, print, raw, json;
};

/* Bytes as they are, a piece at a time. */
static int copy_out(struct singlet *s, uint64_t id)
{
	static char piece[CHUNK];
	uint32_t offset = 0, total = 0;

	do {
		ssize_t got = singlet_object_read(s, id, piece, sizeof(piece),
						  offset, &total);

		if (got < 0)
			return got;
		if (fwrite(piece, 1, got, stdout) != (size_t)got)
			output_flush();
		offset += got;
		if (!got)
			break;
	} while (offset < total);
	return 0;
}

static int show_json(struct singlet *s, uint64_t id,
		     const struct singlet_type_info *type)
{
	void *data;
	size_t len;
	int err;

	err = singlet_object_dup(s, id, &data, &len);
	if (err)
		return err;
	json_object_begin(NULL);
	json_u64("id", id);
	json_string("type", (const char *)type->name);
	json_u64("len", len);
	value_json(type, data, len);
	json_object_end();
	free(data);
	return 0;
}

/* Ids with blanks between them if @print, otherwise one a line. */
static int show_text(struct singlet *s, uint64_t id,
		     const struct singlet_type_info *type, bool print)
{
	void *data;
	size_t len;
	int err;

	err = singlet_object_dup(s, id, &data, &len);
	if (err)
		return err;
	if (print)
		value_print(type, data, len);
	else
		parts_print(data, len, '\n');
	free(data);
	return 0;
}

static bool is_text(const struct singlet_type_info *type,
		    const struct form *form)
{
	if (type_is_container(type))
		return !form->raw;
	return form->print && (type->type == SINGLET_TYPE_NONE ||
			       type->type == SINGLET_TYPE_BOOL ||
			       type->type == SINGLET_TYPE_INT ||
			       type->type == SINGLET_TYPE_FLOAT);
}

static int show(struct singlet *s, uint64_t id, const struct form *form)
{
	const struct singlet_type_info *type;
	struct singlet_query_item item;
	int err;

	/* With a reference the object stays while it is read. */
	err = singlet_object_acquire(s, id, 1);
	if (err)
		return err;
	err = singlet_object_query(s, id, &item);
	if (err)
		goto release;
	type = type_known(s, item.type);
	if (form->json)
		err = show_json(s, id, type);
	else if (is_text(type, form))
		err = show_text(s, id, type, form->print);
	else
		err = copy_out(s, id);
	if (!err && form->newline && !form->json)
		putchar('\n');
release:
	singlet_object_release(s, id, 1);
	return err;
}

static void parse_options(struct form *form, int argc, char **argv)
{
	int key, i;

	while ((key = options_next(&cmd_read, argc, argv)) != -1) {
		switch (key) {
		case 'n':
			form->newline = true;
			break;
		case 'p':
			form->print = true;
			break;
		case 'r':
			form->raw = true;
			break;
		case 'J':
			form->json = true;
			break;
		}
	}
	if (form->raw && (form->print || form->json))
		options_fail(&cmd_read, "--raw excludes --print and --json");
	if (optind == argc)
		options_fail(&cmd_read, "needs an id");
	for (i = optind; i < argc; i++) {
		uint64_t id;

		if (!number_parse(argv[i], 0, UINT64_MAX, &id))
			options_fail(&cmd_read, "'%s' is not an id", argv[i]);
	}
}

static int run(int argc, char **argv)
{
	struct form form = { 0 };
	struct singlet *s;
	int i, status = 0;

	parse_options(&form, argc, argv);
	s = device_open(&cmd_read);
	if (form.json) {
		json_object_begin(NULL);
		json_array_begin("objects");
	}
	for (i = optind; i < argc; i++) {
		uint64_t id = 0;
		int err;

		number_parse(argv[i], 0, UINT64_MAX, &id);
		err = show(s, id, &form);
		if (err) {
			report("cannot read object %s: %s", argv[i],
			       err == -ENOENT ? "there is none with this id" :
			       error_words(err));
			status = STATUS_FAILURE;
		}
	}
	if (form.json) {
		json_array_end();
		json_object_end();
	}
	output_flush();
	singlet_close(s);
	return status;
}

const struct command cmd_read = {
	.name = "read",
	.args = "[OPTION...] ID...",
	.summary = "write the values of objects",
	.options = read_options,
	.access = SINGLET_ACCESS_READ,
	.run = run,
};
