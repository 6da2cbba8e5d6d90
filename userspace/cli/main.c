// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Finds the command and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const struct command *const commands[] = {
	&cmd_info, &cmd_stat,
	&cmd_type_list, &cmd_type_create, &cmd_type_delete,
	&cmd_intern, &cmd_lookup, &cmd_read, &cmd_list, &cmd_hold,
	&cmd_alloc, &cmd_tuple, &cmd_pin, &cmd_unpin, &cmd_leaks, &cmd_gc,
	&cmd_domain_list, &cmd_domain_show, &cmd_domain_create,
	&cmd_domain_delete, &cmd_domain_join, &cmd_domain_chmod,
	&cmd_domain_chown, &cmd_domain_limit,
	&cmd_bench, &cmd_help, &cmd_version,
	NULL,
};

static void print_usage(FILE *out)
{
	int i;

	fputs("Usage: singlet COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "Works with the kernel's cache of shared immutable objects.\n\n"
	      "Commands:\n", out);
	for (i = 0; commands[i]; i++)
		fprintf(out, "  %-13s  %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\nOptions:\n"
	      "  -h, --help     print this and exit; after a command: about it\n"
	      "  -V, --version  print the version and exit\n", out);
}

/*
 * The command that argv[] begins with; its last word goes to *@last.  NULL:
 * none.
 */
static const struct command *find_command(int argc, char **argv, int *last)
{
	int i;

	for (i = 0; argc > 0 && commands[i]; i++) {
		const char *name = commands[i]->name;
		const char *space = strchr(name, ' ');

		*last = 0;
		if (!space && !strcmp(name, argv[0]))
			return commands[i];
		*last = 1;
		if (space && argc > 1 &&
		    strlen(argv[0]) == (size_t)(space - name) &&
		    !strncmp(name, argv[0], space - name) &&
		    !strcmp(space + 1, argv[1]))
			return commands[i];
	}
	return NULL;
}

/* Whether the command's first word of two is @word. */
static bool in_family(const struct command *cmd, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(cmd->name, word, len) && cmd->name[len] == ' ';
}

/* "'type list', 'type create', ..." in a static buffer; NULL: no such family */
static const char *family_names(const char *word)
{
	static char names[300];
	size_t used = 0;
	int i;

	for (i = 0; commands[i] && used < sizeof(names); i++) {
		if (in_family(commands[i], word))
			used += snprintf(names + used, sizeof(names) - used,
					 "%s'%s'", used ? ", " : "",
					 commands[i]->name);
	}
	return used ? names : NULL;
}

static int unknown_command(int argc, char **argv)
{
	const char *names = family_names(argv[0]);

	if (!names)
		report("unknown command '%s' (see 'singlet help')", argv[0]);
	else if (argc > 1)
		report("unknown command '%s %s': there are %s (see 'singlet help')",
		       argv[0], argv[1], names);
	else
		report("'%s' is not a whole command: there are %s (see 'singlet help')",
		       argv[0], names);
	return STATUS_USAGE;
}

static int run_help(int argc, char **argv)
{
	const struct command *cmd;
	int last;

	while (options_next(&cmd_help, argc, argv) != -1)
		;
	if (optind == argc) {
		print_usage(stdout);
		return 0;
	}
	cmd = find_command(argc - optind, argv + optind, &last);
	if (!cmd)
		return unknown_command(argc - optind, argv + optind);
	if (optind + last + 1 < argc)
		options_fail(&cmd_help, "too many arguments");
	options_usage(cmd, stdout);
	return 0;
}

static int run_version(int argc, char **argv)
{
	while (options_next(&cmd_version, argc, argv) != -1)
		;
	if (optind < argc)
		options_fail(&cmd_version, "takes no arguments");
	puts("singlet " SINGLET_LIB_VERSION);
	return 0;
}

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "print the usage of the program or of a command",
	.run = run_help,
};

const struct command cmd_version = {
	.name = "version",
	.args = "",
	.summary = "print the version",
	.run = run_version,
};

/*
 * A standard descriptor that is closed would be the device's or a file's, and
 * be written to.  Instead, what is written there fails.
 */
static void occupy_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			exit(STATUS_FAILURE);
	}
}

int main(int argc, char **argv)
{
	const struct command *cmd;
	int last = 0, status;

	occupy_descriptors();
	setlocale(LC_CTYPE, "");
	argc--;
	argv++;
	if (!argc) {
		print_usage(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[0], "-h") || !strcmp(argv[0], "--help")) {
		print_usage(stdout);
		output_flush();
		return 0;
	}
	if (!strcmp(argv[0], "-V") || !strcmp(argv[0], "--version"))
		cmd = &cmd_version;
	else
		cmd = find_command(argc, argv, &last);
	if (!cmd && argc == 2 && family_names(argv[0]) &&
	    (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		/* The commands of that family stand in the whole list. */
		print_usage(stdout);
		output_flush();
		return 0;
	}
	if (!cmd)
		return unknown_command(argc, argv);
	status = cmd->run(argc - last, argv + last);
	output_flush();
	return status;
}
