// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* bench: what singlet costs on this machine, beside private copies. */
#include <getopt.h>
#include <string.h>

#include "bench.h"
#include "json.h"
#include "view.h"

#define VALUES_DEFAULT	5000
#define VALUES_MOST	10000000
#define ROUNDS_DEFAULT	25
#define ROUNDS_MOST	10000
#define THREADS_MOST	256

enum { KEY_VALUES = 256, KEY_ROUNDS, KEY_THREADS };

static const struct option_spec bench_options[] = {
	{ 'f', "file", "FILE", "take values from FILE, one a line; - is standard input" },
	{ '0', "null", NULL, "values in FILE end with NUL instead of newline" },
	{ KEY_VALUES, "values", "N", "make up so many labels (default: 5000)" },
	{ KEY_ROUNDS, "rounds", "N", "measure everything so often (default: 25)" },
	{ KEY_THREADS, "threads", "N", "so many do it at once, each with its share of the values (default: 1)" },
	{ 'J', "json", NULL, "print JSON" },
	{ 'n', "noheadings", NULL, "print no headings" },
	{ 'o', "output", "LIST", "columns to print; +LIST adds to the default" },
	{ 'r', "raw", NULL, "print single spaces between columns" },
	{ 0 },
};

enum { COL_OPERATION, COL_WAY, COL_BATCH, COL_P50, COL_P99, COL_RATIO };

static const struct column bench_columns[] = {
	[COL_OPERATION] = { "OPERATION", .help = "what is done" },
	[COL_WAY] = { "WAY", .help = "how it is done" },
	[COL_BATCH] = { "BATCH", COLUMN_NUMBER, .help = "values to a call" },
	[COL_P50] = { "P50", COLUMN_NUMBER, .help = "nanoseconds a value, median of the rounds" },
	[COL_P99] = { "P99", COLUMN_NUMBER, .help = "the same, 99th percentile" },
	[COL_RATIO] = { "RATIO", COLUMN_NUMBER, .help = "median, by that of private copies" },
	{ 0 },
};

struct wishes {
	const char *file;
	bool nul;
	uint64_t values;	/* 0: not said */
	uint64_t rounds, threads;
	struct view view;
};

static uint64_t parse_number(const char *text, const char *option,
			     uint64_t most)
{
	uint64_t number;

	if (!number_parse(text, 1, most, &number))
		options_fail(&cmd_bench, "--%s: '%s' is not a number from 1 to %llu",
			     option, text, (unsigned long long)most);
	return number;
}

static void parse_options(struct wishes *wishes, int argc, char **argv)
{
	int key;

	while ((key = options_next(&cmd_bench, argc, argv)) != -1) {
		switch (key) {
		case 'f':
			wishes->file = optarg;
			break;
		case '0':
			wishes->nul = true;
			break;
		case KEY_VALUES:
			wishes->values = parse_number(optarg, "values",
						      VALUES_MOST);
			break;
		case KEY_ROUNDS:
			wishes->rounds = parse_number(optarg, "rounds",
						      ROUNDS_MOST);
			break;
		case KEY_THREADS:
			wishes->threads = parse_number(optarg, "threads",
						       THREADS_MOST);
			break;
		default:
			view_option(&wishes->view, key, optarg);
		}
	}
	if (optind < argc)
		options_fail(&cmd_bench, "takes no arguments: values come from a file, with -f");
	if (wishes->nul && !wishes->file)
		options_fail(&cmd_bench, "--null is for a file");
	if (wishes->values && wishes->file)
		options_fail(&cmd_bench, "--values is for labels that are made up, not for a file");
}

static void print_plan(const struct bench_plan *plan, struct view *view)
{
	const struct bench_values *values = &plan->values;
	double mean = (double)values->bytes / values->count;

	if (view->json) {
		view_document(view);
		json_u64("values", values->count);
		json_decimal("bytes", mean, 1);
		json_bool("generated", !values->file);
		json_u64("threads", plan->threads);
		json_u64("rounds", plan->rounds);
	} else if (!view->raw && !view->noheadings) {
		printf("%zu %s of %.1f bytes on average, %u thread%s, %u round%s; nanoseconds a value\n\n",
		       values->count,
		       values->file ? "values" : "generated labels", mean,
		       plan->threads, plan->threads == 1 ? "" : "s",
		       plan->rounds, plan->rounds == 1 ? "" : "s");
	}
}

static void print_rows(struct view *view)
{
	const struct bench_row *row, *private = NULL;

	view_begin(view, "operations");
	for (row = bench_rows; row->operation; row++) {
		if (row->way == BENCH_PRIVATE)
			private = row;
		view_row_begin(view);
		view_text(view, COL_OPERATION, row->operation);
		view_text(view, COL_WAY, row->name);
		view_number(view, COL_BATCH, row->batch);
		view_decimal(view, COL_P50, row->p50, 1);
		view_decimal(view, COL_P99, row->p99, 1);
		if (private && private->p50 > 0)
			view_decimal(view, COL_RATIO, row->p50 / private->p50,
				     2);
		else
			view_nothing(view, COL_RATIO);
		view_row_end(view);
	}
	view_end(view);
}

static int run(int argc, char **argv)
{
	struct wishes wishes = { .rounds = ROUNDS_DEFAULT, .threads = 1 };
	struct bench_plan plan;
	struct singlet *s;

	view_init(&wishes.view, &cmd_bench, bench_columns);
	parse_options(&wishes, argc, argv);
	s = device_open(&cmd_bench);
	plan.rounds = wishes.rounds;
	plan.threads = wishes.threads;
	if (wishes.file)
		bench_values_read(&plan.values, wishes.file, wishes.nul);
	else
		bench_values_make(&plan.values, wishes.values ?: VALUES_DEFAULT);
	if (plan.values.count < plan.threads)
		fail("%zu values are too few for %u threads",
		     plan.values.count, plan.threads);
	bench_run(&plan, s);
	print_plan(&plan, &wishes.view);
	print_rows(&wishes.view);
	output_flush();
	bench_values_free(&plan.values);
	singlet_close(s);
	return 0;
}

const struct command cmd_bench = {
	.name = "bench",
	.args = "[OPTION...]",
	.summary = "measure what singlet costs here, beside private copies",
	.options = bench_options,
	.columns = bench_columns,
	.run = run,
};
