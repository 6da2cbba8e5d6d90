// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* pin and unpin: objects that stay in their domain without a session. */
#include <getopt.h>
#include <inttypes.h>

#include "json.h"
#include "parts.h"
#include "pin.h"
#include "source.h"

enum { KEY_TIMES = 256, KEY_ALL };

static const struct option_spec pin_options[] = {
	{ 'f', "file", "FILE", "take ids from FILE, one a line; - is standard input" },
	{ KEY_TIMES, "times", "N", "pin each object so often (default: 1)" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static const struct option_spec unpin_options[] = {
	{ 'f', "file", "FILE", "take ids from FILE, one a line; - is standard input" },
	{ KEY_TIMES, "times", "N", "unpin each object so often (default: 1)" },
	{ KEY_ALL, "all", NULL, "unpin each object as often as it is pinned" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

struct arguments {
	const struct command *cmd;
	const char *file;
	bool json;
};

static uint32_t parse_times(const struct command *cmd, const char *text)
{
	uint64_t times;

	if (!number_parse(text, 1, INT32_MAX, &times))
		options_fail(cmd, "'%s' is not a number from 1 to %d", text,
			     INT32_MAX);
	return times;
}

static void parse(struct arguments *args, struct pin *pin, int argc,
		  char **argv)
{
	uint64_t id;
	int key, i;

	while ((key = options_next(args->cmd, argc, argv)) != -1) {
		switch (key) {
		case 'f':
			args->file = optarg;
			break;
		case KEY_TIMES:
			pin->times = parse_times(args->cmd, optarg);
			break;
		case KEY_ALL:
			pin->all = true;
			break;
		case 'J':
			args->json = true;
			break;
		}
	}
	if (pin->all && pin->times)
		options_fail(args->cmd, "--all and --times exclude each other");
	if (!pin->times)
		pin->times = 1;
	if (args->file && optind < argc)
		options_fail(args->cmd, "ids come from arguments or from a file, not both");
	if (!args->file && optind == argc)
		options_fail(args->cmd, "needs an id, or a file of ids (-f)");
	for (i = optind; i < argc; i++) {
		if (!number_parse(argv[i], 0, UINT64_MAX, &id))
			options_fail(args->cmd, "'%s' is not an id", argv[i]);
	}
}

static void show_json(struct singlet *s, uint64_t id)
{
	struct singlet_query_item query;

	json_object_begin(NULL);
	json_u64("id", id);
	if (singlet_object_query(s, id, &query))
		json_null("pins");
	else
		json_u64("pins", query.pins);
	json_object_end();
}

/* The ids that the texts say; others are reported. */
static size_t parse_ids(struct pin *pin, const struct source *src,
			const struct text *texts, size_t count, uint64_t *ids)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		const char *why = texts[i].too_long ? "not an id" :
				  id_parse(&texts[i], &ids[n]);

		if (why)
			pin_fail(pin, source_place(src, texts[i].number), why);
		else
			n++;
	}
	return n;
}

static void run_batches(struct pin *pin, struct singlet *s, struct source *src,
			bool json)
{
	static struct text texts[SINGLET_MAX_BATCH];
	static uint64_t ids[SINGLET_MAX_BATCH];
	size_t count, i;

	while ((count = source_next(src, texts, SINGLET_MAX_BATCH))) {
		count = parse_ids(pin, src, texts, count, ids);
		pin_objects(pin, s, ids, count);
		for (i = 0; json && i < count; i++)
			show_json(s, ids[i]);
		output_flush();
	}
}

static int run(const struct command *cmd, bool undo, int argc, char **argv)
{
	struct arguments args = { .cmd = cmd };
	struct pin pin = { .undo = undo };
	struct source src;
	struct singlet *s;

	parse(&args, &pin, argc, argv);
	s = device_open(cmd);
	source_open(&src, args.file, false, SINGLET_MAX_VALUE, argv + optind,
		    argc - optind);
	if (args.json) {
		json_object_begin(NULL);
		json_array_begin("objects");
	}
	run_batches(&pin, s, &src, args.json);
	if (args.json) {
		json_array_end();
		json_object_end();
	}
	source_close(&src);
	pin_finish(&pin);
	singlet_close(s);
	return pin.failed ? STATUS_FAILURE : 0;
}

static int run_pin(int argc, char **argv)
{
	return run(&cmd_pin, false, argc, argv);
}

static int run_unpin(int argc, char **argv)
{
	return run(&cmd_unpin, true, argc, argv);
}

const struct command cmd_pin = {
	.name = "pin",
	.args = "[OPTION...] ID... | -f FILE",
	.summary = "keep objects in their domain without a session",
	.options = pin_options,
	.access = ACCESS_GRANTED,
	.run = run_pin,
};

const struct command cmd_unpin = {
	.name = "unpin",
	.args = "[OPTION...] ID... | -f FILE",
	.summary = "give pins of objects back",
	.options = unpin_options,
	.access = ACCESS_GRANTED,
	.run = run_unpin,
};
