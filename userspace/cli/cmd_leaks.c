// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* leaks: plain objects that somebody allocated and holds still. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "view.h"

enum { COL_TYPE, COL_OBJECTS, COL_BYTES, COL_SESSIONS, COL_NEWEST, COL_OLDEST };

static const struct column sum_columns[] = {
	[COL_TYPE] = { "TYPE", COLUMN_TEXT, 0, false, "name of the type" },
	[COL_OBJECTS] = { "OBJECTS", COLUMN_NUMBER, 0, false, "objects of the type" },
	[COL_BYTES] = { "BYTES", COLUMN_BYTES, 0, false, "bytes in them" },
	[COL_SESSIONS] = { "SESSIONS", COLUMN_NUMBER, 0, false, "sessions that hold them" },
	[COL_NEWEST] = { "NEWEST", COLUMN_AGE, 0, false, "age of the newest; exact: milliseconds" },
	[COL_OLDEST] = { "OLDEST", COLUMN_AGE, 0, false, "age of the oldest" },
	{ 0 },
};

enum { OBJ_ID, OBJ_TYPE, OBJ_LEN, OBJ_AGE, OBJ_SESSION, OBJ_PID };

static const struct column object_columns[] = {
	[OBJ_ID] = { "ID", COLUMN_NUMBER, 14, false, "the object" },
	[OBJ_TYPE] = { "TYPE", COLUMN_TEXT, 8, false, "name of its type" },
	[OBJ_LEN] = { "LEN", COLUMN_BYTES, 6, false, "bytes in it" },
	[OBJ_AGE] = { "AGE", COLUMN_AGE, 7, false, "since it was allocated; exact: milliseconds" },
	[OBJ_SESSION] = { "SESSION", COLUMN_NUMBER, 7, false, "number of the session that holds it" },
	[OBJ_PID] = { "PID", COLUMN_NUMBER, 7, false, "process that opened the session, - if not to be seen" },
	{ 0 },
};

static const struct option_spec leaks_options[] = {
	{ 's', "session", "NUMBER", "only those of this session" },
	{ 'v', "verbose", NULL, "list each object" },
	VIEW_OPTIONS,
	{ 0 },
};

/* What was found of a type. */
struct sum {
	uint32_t type;
	uint32_t last_session;	/* entries come by session */
	uint64_t objects, bytes, sessions, newest, oldest;
};

struct sums {
	struct sum *sums;
	size_t count;
};

static struct sum *sum_of(struct sums *all, uint32_t type)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		if (all->sums[i].type == type)
			return &all->sums[i];
	}
	all->sums = reallocarray(all->sums, all->count + 1,
				 sizeof(*all->sums));
	if (!all->sums)
		fail("out of memory");
	all->sums[all->count] = (struct sum){
		.type = type, .newest = UINT64_MAX,
	};
	return &all->sums[all->count++];
}

static void add(struct sums *all, const struct singlet_leak *leak)
{
	struct sum *sum = sum_of(all, leak->type);

	if (!sum->objects || sum->last_session != leak->session)
		sum->sessions++;
	sum->last_session = leak->session;
	sum->objects++;
	sum->bytes += leak->len;
	if (leak->age < sum->newest)
		sum->newest = leak->age;
	if (leak->age > sum->oldest)
		sum->oldest = leak->age;
}

static void show_sums(struct view *view, struct singlet *s,
		      const struct sums *all)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		const struct sum *sum = &all->sums[i];

		view_row_begin(view);
		view_text(view, COL_TYPE,
			  (const char *)type_known(s, sum->type)->name);
		view_number(view, COL_OBJECTS, sum->objects);
		view_number(view, COL_BYTES, sum->bytes);
		view_number(view, COL_SESSIONS, sum->sessions);
		view_number(view, COL_NEWEST, sum->newest);
		view_number(view, COL_OLDEST, sum->oldest);
		view_row_end(view);
	}
}

static void show_object(struct view *view, struct singlet *s,
			const struct singlet_leak *leak)
{
	view_row_begin(view);
	view_number(view, OBJ_ID, leak->id);
	view_text(view, OBJ_TYPE,
		  (const char *)type_known(s, leak->type)->name);
	view_number(view, OBJ_LEN, leak->len);
	view_number(view, OBJ_AGE, leak->age);
	view_number(view, OBJ_SESSION, leak->session);
	if (leak->pid)
		view_number(view, OBJ_PID, leak->pid);
	else
		view_nothing(view, OBJ_PID);
	view_row_end(view);
}

/* Shows each leak, or adds it to @all. */
static void walk(struct view *view, struct singlet *s, uint32_t session,
		 struct sums *all)
{
	static struct singlet_leak leaks[SINGLET_MAX_BATCH];
	uint64_t cursor = 0;

	do {
		ssize_t i, n = singlet_domain_leaks(s, session, leaks,
						    ARRAY_SIZE(leaks), &cursor);

		if (n == -ENOENT && session)
			fail("no session %" PRIu32 " in this domain that you may see (see /proc/singlet/sessions)",
			     session);
		if (n < 0)
			fail("leaks: %s", error_words(n));
		for (i = 0; i < n; i++) {
			if (all)
				add(all, &leaks[i]);
			else
				show_object(view, s, &leaks[i]);
		}
		if (ferror(stdout))
			output_flush();
	} while (cursor);
}

static uint32_t parse_session(const char *text)
{
	uint64_t session;

	if (!number_parse(text, 1, UINT32_MAX, &session))
		options_fail(&cmd_leaks, "'%s' is not the number of a session",
			     text);
	return session;
}

/* The columns that -o names depend on -v, wherever that stands. */
static bool parse(struct view *view, uint32_t *session, int argc, char **argv)
{
	const char *columns = NULL;
	bool verbose = false;
	struct view chosen;
	int key;

	view_init(view, &cmd_leaks, sum_columns);
	while ((key = options_next(&cmd_leaks, argc, argv)) != -1) {
		if (key == 's')
			*session = parse_session(optarg);
		else if (key == 'v')
			verbose = true;
		else if (key == 'o')
			columns = optarg;
		else
			view_option(view, key, optarg);
	}
	if (optind < argc)
		options_fail(&cmd_leaks, "takes no arguments");
	if (verbose) {
		view_init(&chosen, &cmd_leaks, object_columns);
		chosen.json = view->json;
		chosen.raw = view->raw;
		chosen.noheadings = view->noheadings;
		chosen.bytes = view->bytes;
		*view = chosen;
	}
	if (columns)
		view_option(view, 'o', columns);
	return verbose;
}

static int run(int argc, char **argv)
{
	struct sums all = { 0 };
	uint32_t session = 0;
	struct view view;
	bool verbose = parse(&view, &session, argc, argv);
	struct singlet *s = device_open(&cmd_leaks);

	view_begin(&view, verbose ? "objects" : "types");
	walk(&view, s, session, verbose ? NULL : &all);
	if (!verbose)
		show_sums(&view, s, &all);
	view_end(&view);
	free(all.sums);
	output_flush();
	singlet_close(s);
	return 0;
}

const struct command cmd_leaks = {
	.name = "leaks",
	.args = "[OPTION...]",
	.summary = "list what was allocated and is held still, by type or each",
	.options = leaks_options,
	.columns = sum_columns,
	.verbose_columns = object_columns,
	.access = ACCESS_GRANTED,
	.run = run,
};
