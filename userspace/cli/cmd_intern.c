// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* intern and lookup: values to ids. */
#include <getopt.h>
#include <inttypes.h>

#include "feed.h"
#include "json.h"

enum { KEY_COUNT = 256 };

static const struct option_spec intern_options[] = {
	FEED_OPTIONS,
	{ KEY_COUNT, "count", NULL, "print totals instead of ids" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static const struct option_spec lookup_options[] = {
	FEED_OPTIONS,
	{ KEY_COUNT, "count", NULL, "print totals instead of ids" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static void print_totals(const struct feed *feed, bool json)
{
	const struct {
		const char *name;
		uint64_t value;
		bool shown;
	} totals[] = {
		{ "values", feed->values, true },
		{ "created", feed->created, !feed->lookup },
		{ "found", feed->found, true },
		{ "absent", feed->absent, feed->lookup },
		{ "failed", feed->failed - feed->absent, true },
	};
	size_t i;

	if (json)
		json_object_begin(NULL);
	for (i = 0; i < ARRAY_SIZE(totals); i++) {
		if (!totals[i].shown)
			continue;
		if (json)
			json_u64(totals[i].name, totals[i].value);
		else
			printf("%s %" PRIu64 "\n", totals[i].name,
			       totals[i].value);
	}
	if (json)
		json_object_end();
}

static int run(const struct command *cmd, bool lookup, int argc, char **argv)
{
	struct feed feed = { .cmd = cmd, .lookup = lookup };
	bool count = false, json = false;
	struct singlet *s;
	int key;

	while ((key = options_next(cmd, argc, argv)) != -1) {
		if (key == KEY_COUNT)
			count = true;
		else if (key == 'J')
			json = true;
		else
			feed_option(&feed, key, optarg);
	}
	feed_check(&feed, argc - optind);
	feed.output = count ? FEED_SILENT : json ? FEED_JSON : FEED_IDS;

	s = device_open(cmd);
	if (feed.output == FEED_JSON) {
		json_object_begin(NULL);
		json_array_begin("objects");
	}
	feed_run(&feed, s, argv + optind, argc - optind);
	if (feed.output == FEED_JSON) {
		json_array_end();
		json_object_end();
	}
	if (count)
		print_totals(&feed, json);
	output_flush();
	singlet_close(s);
	return feed_status(&feed);
}

static int run_intern(int argc, char **argv)
{
	return run(&cmd_intern, false, argc, argv);
}

static int run_lookup(int argc, char **argv)
{
	return run(&cmd_lookup, true, argc, argv);
}

const struct command cmd_intern = {
	.name = "intern",
	.args = "[OPTION...] VALUE... | -f FILE",
	.summary = "find or create the objects with these values, print their ids",
	.options = intern_options,
	.access = ACCESS_BOTH,
	.run = run_intern,
};

const struct command cmd_lookup = {
	.name = "lookup",
	.args = "[OPTION...] VALUE... | -f FILE",
	.summary = "print the ids of the objects with these values, - for absent ones",
	.options = lookup_options,
	.access = SINGLET_ACCESS_READ,
	.run = run_lookup,
};
