// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* alloc: a plain object of its own. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "hold.h"
#include "json.h"

enum { KEY_HOLD = 256 };

static const struct option_spec alloc_options[] = {
	{ 't', "type", "TYPE", "type of the object, of kind plain (needed)" },
	{ 'f', "file", "FILE", "take the object's bytes from FILE; - is standard input" },
	{ KEY_HOLD, "hold", NULL, "hold the object until a signal" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

/* The whole file in new memory; a failure ends the program. */
static char *load_file(const char *name, size_t *len)
{
	size_t capacity = 65536, used = 0;
	char *data = malloc(capacity);
	FILE *file = stdin;

	if (!strcmp(name, "-"))
		name = "standard input";
	else
		file = fopen(name, "rbe");
	if (!file)
		fail("cannot open %s: %s", name, strerror(errno));
	while (data) {
		used += fread(data + used, 1, capacity - used, file);
		if (ferror(file))
			fail("cannot read %s: %s", name, strerror(errno));
		if (used > SINGLET_MAX_VALUE)
			fail("%s: longer than %u bytes", name,
			     SINGLET_MAX_VALUE);
		if (used < capacity)
			break;
		capacity *= 2;
		data = realloc(data, capacity);
	}
	if (!data)
		fail("%s: out of memory", name);
	if (file != stdin)
		fclose(file);
	*len = used;
	return data;
}

static const char *alloc_reason(int error)
{
	switch (-error) {
	case EINVAL:
		return "not the size that the type's objects have";
	case EMSGSIZE:
		return "too long for its type";
	default:
		return error_words(error);
	}
}

static uint64_t make_object(struct singlet *s,
			    const struct singlet_type_info *type,
			    const char *data, size_t len)
{
	const char *name = (const char *)type->name;
	uint64_t id;
	int err;

	err = singlet_object_alloc(s, type->type, len, &id);
	if (err)
		fail("cannot allocate %zu bytes of type '%s': %s", len, name,
		     alloc_reason(err));
	err = len ? singlet_object_write(s, id, data, len, 0) : 0;
	if (err)
		fail("cannot write object %" PRIu64 ": %s", id,
		     error_words(err));
	err = singlet_object_seal(s, id);
	if (err)
		fail("cannot seal object %" PRIu64 ": %s", id,
		     error_words(err));
	return id;
}

static void print_object(uint64_t id, const struct singlet_type_info *type,
			 size_t len, bool json)
{
	if (!json) {
		printf("%" PRIu64 "\n", id);
		return;
	}
	json_object_begin(NULL);
	json_u64("id", id);
	json_string("type", (const char *)type->name);
	json_u64("len", len);
	json_object_end();
}

static int run(int argc, char **argv)
{
	const char *type = NULL, *file = NULL;
	bool hold = false, json = false;
	struct singlet_type_info info;
	struct singlet *s;
	sigset_t signals;
	uint64_t id;
	char *loaded = NULL;
	size_t len;
	int key;

	while ((key = options_next(&cmd_alloc, argc, argv)) != -1) {
		switch (key) {
		case 't':
			type = optarg;
			break;
		case 'f':
			file = optarg;
			break;
		case KEY_HOLD:
			hold = true;
			break;
		case 'J':
			json = true;
			break;
		}
	}
	if (!type)
		options_fail(&cmd_alloc, "needs a type (-t)");
	if (argc - optind != (file ? 0 : 1))
		options_fail(&cmd_alloc, "needs one text or a file (-f)");

	s = device_open(&cmd_alloc);
	type_resolve(s, type, &info);
	if (info.kind != SINGLET_KIND_PLAIN)
		fail("type '%s' is of kind %s: use 'singlet intern'",
		     (const char *)info.name, kind_name(info.kind));
	if (file)
		loaded = load_file(file, &len);
	else
		len = strlen(argv[optind]);
	id = make_object(s, &info, file ? loaded : argv[optind], len);
	free(loaded);
	if (hold)
		hold_prepare(&signals);
	print_object(id, &info, len, json);
	if (hold)
		hold_wait(&signals);
	output_flush();
	singlet_close(s);
	return 0;
}

const struct command cmd_alloc = {
	.name = "alloc",
	.args = "[OPTION...] -t TYPE TEXT | -t TYPE -f FILE",
	.summary = "make a plain object, print its id; it ends with the command",
	.options = alloc_options,
	.access = ACCESS_BOTH,
	.run = run,
};
