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

void options_usage(const struct command *cmd, FILE *out)
{
	static const struct option_spec help = {
		'h', "help", NULL, "print this and exit",
	};
	const struct option_spec *spec;

	fprintf(out, "Usage: singlet %s%s%s\n\n%s\n\nOptions:\n", cmd->name,
		*cmd->args ? " " : "", cmd->args, cmd->summary);
	for (spec = cmd->options; spec && spec->key; spec++)
		print_option(spec, out);
	print_option(&help, out);
	if (cmd->columns)
		view_usage(cmd->columns, out);
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

static bool takes_values(const struct command *cmd)
{
	return strstr(cmd->args, "VALUE") || strstr(cmd->args, "TEXT");
}

/*
 * getopt_long(3) leaves in optopt the letter of a short option that it does
 * not know, the key of a long one that takes no argument, or 0 for a long one
 * that it does not know; only of long ones is @arg the text.
 */
static void __attribute__((noreturn))
fail_option(const struct command *cmd, const char *arg)
{
	const char *hint = takes_values(cmd) ?
		"; a value that begins with '-' goes after '--'" : "";
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

int options_next(const struct command *cmd, int argc, char **argv)
{
	struct option longs[MAX_OPTIONS + 2] = { 0 };
	char shorts[2 * MAX_OPTIONS + 4] = ":h";
	const struct option_spec *spec;
	char *s = shorts + 2;
	int i = 0, key;

	for (spec = cmd->options; spec && spec->key && i < MAX_OPTIONS; spec++) {
		longs[i].name = spec->name;
		longs[i].has_arg = spec->arg ? required_argument : no_argument;
		longs[i++].val = spec->key;
		if (spec->key < 256) {
			*s++ = spec->key;
			if (spec->arg)
				*s++ = ':';
		}
	}
	longs[i].name = "help";
	longs[i].val = 'h';

	opterr = 0;
	key = getopt_long(argc, argv, shorts, longs, NULL);
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
