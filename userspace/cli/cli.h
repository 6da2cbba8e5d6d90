/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * singlet - command line tool; what its files share
 *
 * main.c     finds the command in a table and runs it
 * options.c  one option table per command drives parsing and usage
 * report.c   messages, exit status, the end of standard output
 * device.c   the session of the run
 * domain.c   named domains: joining, what goes wrong, COMMAND in a session
 * types.c    types by name or number
 * source.c   values from arguments or a file, a few at a time
 * value.c    values as text
 * parts.c    the parts of containers as text
 * feed.c     values from a source to the kernel, ids back
 * view.c     one column table drives usage, -o, tables, raw output and JSON
 * json.c     JSON without a tree
 * units.c    sizes and times as text
 * mode.c, owner.c, quota.c   what a domain has, as text
 * pin.c      pins
 * bench*.c, copies.c   what 'singlet bench' does
 * cmd_*.c    the commands
 */
#ifndef CLI_H
#define CLI_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <singlet.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exit status; 0 is success. */
enum {
	STATUS_USAGE = 1,
	STATUS_FAILURE = 2,
};

/* All the access that a domain's mode grants. */
#define ACCESS_GRANTED	UINT32_MAX
#define ACCESS_BOTH	(SINGLET_ACCESS_READ | SINGLET_ACCESS_WRITE)

struct column;

/* An option; an array of them ends with a zero key. */
struct option_spec {
	int key;		/* the short option, or 256 and more: none */
	const char *name;	/* the long option */
	const char *arg;	/* what its argument is called; NULL: none */
	const char *help;
};

/* A command. */
struct command {
	const char *name;	/* one word or two */
	const char *args;	/* for the usage line */
	const char *summary;
	const struct option_spec *options;
	const struct column *columns;	/* for -o; NULL: has none */
	const struct column *verbose_columns;	/* for -o with -v */
	/*
	 * SINGLET_ACCESS_* that it needs, ACCESS_GRANTED: any will do; 0: it
	 * does not work in a domain, and has no -D.
	 */
	uint32_t access;
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_alloc, cmd_bench, cmd_domain_chmod,
	cmd_domain_chown, cmd_domain_create, cmd_domain_delete, cmd_domain_join,
	cmd_domain_limit, cmd_domain_list, cmd_domain_show, cmd_gc, cmd_help,
	cmd_hold, cmd_info, cmd_intern, cmd_leaks, cmd_list, cmd_lookup, cmd_pin, cmd_read,
	cmd_stat, cmd_tuple, cmd_type_create, cmd_type_delete, cmd_type_list,
	cmd_unpin, cmd_version;
extern const struct command *const commands[];	/* ends with NULL */

/* options.c */

/*
 * The next option's key; -1 after the last, with the operands from optind on.
 * Handles -D, -h and mistakes itself and does not return from the last two.
 */
int options_next(const struct command *cmd, int argc, char **argv);
void options_usage(const struct command *cmd, FILE *out);
/* Prints what is wrong and where to read on; ends the program. */
void options_fail(const struct command *cmd, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* A number from @min to @max in base 10 or, with 0x, 16. */
bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* report.c */

/* One line on standard error: "singlet: ...". */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_va(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));
/* The same, and the program ends with STATUS_FAILURE. */
void fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));
/* Words for an errno of the library, negative or positive. */
const char *error_words(int error);
/* Flushes standard output; a write that failed ends the program. */
void output_flush(void);

/* device.c */

/*
 * The session, in the domain of -D if given; what is missing ends the program.
 */
struct singlet *device_open(const struct command *cmd);
void device_domain(const char *name);

/* types.c */

/* The type by name or, when all are digits, number; absent: ends the program. */
void type_resolve(struct singlet *s, const char *text,
		  struct singlet_type_info *info);
/*
 * What is known of a type, from a cache; stable until the next call.  One that
 * was deleted since has its number for a name.
 */
const struct singlet_type_info *type_known(struct singlet *s, uint32_t type);
bool type_is_container(const struct singlet_type_info *info);
const char *kind_name(uint32_t kind);

#endif /* CLI_H */
