/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Feeds values to the kernel: intern, lookup and hold share this.  Values go
 * in batches; ids come out in the order of the values, one per value, and "-"
 * for each value without one.
 */
#ifndef FEED_H
#define FEED_H

#include "cli.h"

struct idset;

enum feed_output {
	FEED_SILENT,
	FEED_IDS,		/* one a line */
	FEED_JSON,		/* elements of an open array */
};

struct feed {
	/* What to do. */
	const struct command *cmd;
	bool lookup;
	const char *type;	/* by name or number; NULL: str */
	bool containers;	/* @type has to be one of containers */
	const char *file;	/* NULL: the arguments */
	bool nul;		/* the file's texts end with NUL */
	enum feed_output output;
	struct idset *ids;	/* collects the ids, if not NULL */
	struct singlet_type_info info;	/* what @type is, once it runs */
	/* What came of it; values = created + found + failed. */
	uint64_t values, created, found, failed;
	uint64_t absent;	/* of the failed: a lookup found nothing */
};

/* The options that fill a struct feed. */
#define FEED_OPTIONS \
	{ 'f', "file", "FILE", "take values from FILE, one a line; - is standard input" }, \
	{ '0', "null", NULL, "values in FILE end with NUL instead of newline" }, \
	{ 't', "type", "TYPE", "type of the values, by name or number (default: str)" }

/* Takes an option of FEED_OPTIONS. */
void feed_option(struct feed *feed, int key, const char *arg);
/* Mistakes in the options end the program. */
void feed_check(const struct feed *feed, int arg_count);
void feed_run(struct feed *feed, struct singlet *s, char **args, int arg_count);
/* STATUS_FAILURE when a value failed. */
int feed_status(const struct feed *feed);

#endif /* FEED_H */
