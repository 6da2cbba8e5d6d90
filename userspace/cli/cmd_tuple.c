// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* tuple: ids of parts to the id of their container. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "json.h"

static const struct option_spec tuple_options[] = {
	{ 'f', "file", "FILE", "take tuples from FILE, one a line; - is standard input" },
	{ 't', "type", "TYPE", "container type, by name or number (default: tuple)" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static bool parse(struct feed *feed, int argc, char **argv)
{
	bool json = false;
	uint64_t id;
	int key, i;

	while ((key = options_next(&cmd_tuple, argc, argv)) != -1) {
		if (key == 'J')
			json = true;
		else
			feed_option(feed, key, optarg);
	}
	if (feed->file && optind < argc)
		options_fail(&cmd_tuple, "tuples come from arguments or from a file, not both");
	if (!feed->file && optind == argc)
		options_fail(&cmd_tuple, "needs an id, or a file of tuples (-f); an empty line there is the empty tuple");
	for (i = optind; i < argc; i++) {
		if (!number_parse(argv[i], 0, UINT64_MAX, &id))
			options_fail(&cmd_tuple, "'%s' is not an id", argv[i]);
	}
	return json;
}

/* The arguments as the one line that a file would have. */
static char *join(char **args, int count)
{
	size_t len = 1;
	char *line, *to;
	int i;

	for (i = 0; i < count; i++)
		len += strlen(args[i]) + 1;
	line = malloc(len);
	if (!line)
		fail("out of memory");
	*line = '\0';
	for (i = 0, to = line; i < count; i++) {
		if (i)
			*to++ = ' ';
		to = stpcpy(to, args[i]);
	}
	return line;
}

static int run(int argc, char **argv)
{
	struct feed feed = {
		.cmd = &cmd_tuple, .type = "tuple", .containers = true,
	};
	bool json = parse(&feed, argc, argv);
	char *line = join(argv + optind, argc - optind);
	struct singlet *s = device_open(&cmd_tuple);

	feed.output = json ? FEED_JSON : FEED_IDS;
	if (json) {
		json_object_begin(NULL);
		json_array_begin("objects");
	}
	feed_run(&feed, s, &line, feed.file ? 0 : 1);
	if (json) {
		json_array_end();
		json_object_end();
	}
	output_flush();
	free(line);
	singlet_close(s);
	return feed_status(&feed);
}

const struct command cmd_tuple = {
	.name = "tuple",
	.args = "[OPTION...] ID... | -f FILE",
	.summary = "find or create the tuple of these objects, print its id",
	.options = tuple_options,
	.access = ACCESS_BOTH,
	.run = run,
};
