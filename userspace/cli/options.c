// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Options: one table per command drives getopt_long(3) and the usage text. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "view.h"

#define MAX_OPTIONS 16

bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	unsigned long long value;
	char *end;

	/* strtoull() would take a sign and blanks. */
	if (!*digits ||
	    digits[strspn(digits, "0123456789abcdefABCDEF")] != '\0')
		return false;
	errno = 0;
	value = strtoull(digits, &end, hex ? 16 : 10);
	if (errno || *end || value < min || value > max)
		return false;
	*out = value;
	return true;
}

static void print_option(const struct option_spec *spec, FILE *out)
{
	char left[64];
	int n;

	if (spec->key < 256)
		n = snprintf(left, sizeof(left), "-%c, ", spec->key);
	else
		n = snprintf(left, sizeof(left), "    ");
	snprintf(left + n, sizeof(left) - n, "--%s%s%s", spec->name,
		 spec->arg ? " " : "", spec->arg ? spec->arg : "");
	fprintf(out, "  %-22s  %s\n", left, spec->help);
}

/* What every command has, and what every one that works in a domain has. */
static const struct option_spec help_option = {
	'h', "help", NULL, "print this and exit",
};

static const struct option_spec domain_option = {
	'D', "domain", "NAME", "work in this named domain instead of your own",
};

void options_usage(const struct command *cmd, FILE *out)
{
	const struct option_spec *spec;

	fprintf(out, "Usage: singlet %s%s%s\n\n%s\n\nOptions:\n", cmd->name,
		*cmd->args ? " " : "", cmd->args, cmd->summary);
	for (spec = cmd->options; spec && spec->key; spec++)
		print_option(spec, out);
	if (cmd->access)
		print_option(&domain_option, out);
	print_option(&help_option, out);
	if (cmd->columns)
		view_usage("Columns:", cmd->columns, out);
	if (cmd->verbose_columns)
		view_usage("Columns with -v:", cmd->verbose_columns, out);
}

void options_fail(const struct command *cmd, const char *format, ...)
{
	char what[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	report("%s (see 'singlet help %s')", what, cmd->name);
	exit(STATUS_USAGE);
}

/* What may have been meant by something that is no option. */
static const char *option_hint(const struct command *cmd)
{
	if (strstr(cmd->args, "VALUE") || strstr(cmd->args, "TEXT"))
		return "; a value that begins with '-' goes after '--'";
	if (strstr(cmd->args, "MODE"))
		return "; a mode that begins with '-' goes after '--'";
	if (strstr(cmd->args, "COMMAND "))
		return "; a command with options goes after '--'";
	return "";
}

/*
 * getopt_long(3) leaves in optopt the letter of a short option that it does
 * not know, the key of a long one that takes no argument, or 0 for a long one
 * that it does not know; only of long ones is @arg the text.
 */
static void __attribute__((noreturn))
fail_option(const struct command *cmd, const char *arg)
{
	const char *hint = option_hint(cmd);
	const struct option_spec *spec;

	for (spec = cmd->options; spec && spec->key && optopt; spec++) {
		if (spec->key == optopt)
			options_fail(cmd, "option '--%s' takes no argument",
				     spec->name);
	}
	if (optopt == 'h')
		options_fail(cmd, "option '--help' takes no argument");
	if (optopt)
		options_fail(cmd, "unknown option '-%c'%s", optopt, hint);
	options_fail(cmd, "unknown option '%s'%s", arg, hint);
}

/* What getopt_long(3) takes. */
struct getopt {
	struct option longs[MAX_OPTIONS + 3];
	char shorts[2 * MAX_OPTIONS + 8];
	int long_count, short_count;
};

static void add_option(struct getopt *table, const struct option_spec *spec)
{
	table->longs[table->long_count++] = (struct option){
		.name = spec->name,
		.has_arg = spec->arg ? required_argument : no_argument,
		.val = spec->key,
	};
	if (spec->key >= 256)
		return;
	table->shorts[table->short_count++] = spec->key;
	if (spec->arg)
		table->shorts[table->short_count++] = ':';
}

int options_next(const struct command *cmd, int argc, char **argv)
{
	struct getopt table = { .shorts = ":", .short_count = 1 };
	const struct option_spec *spec;
	int i = 0, key;

	for (spec = cmd->options; spec && spec->key && i < MAX_OPTIONS; spec++, i++)
		add_option(&table, spec);
	if (cmd->access)
		add_option(&table, &domain_option);
	add_option(&table, &help_option);

	opterr = 0;
	do {
		key = getopt_long(argc, argv, table.shorts, table.longs, NULL);
		if (key == 'D' && cmd->access)
			device_domain(optarg);
	} while (key == 'D' && cmd->access);
	switch (key) {
	case 'h':
		options_usage(cmd, stdout);
		output_flush();
		exit(0);
	case ':':
		options_fail(cmd, "option '%s' needs an argument",
			     argv[optind - 1]);
	case '?':
		fail_option(cmd, argv[optind - 1]);
	default:
		return key;
	}
}
