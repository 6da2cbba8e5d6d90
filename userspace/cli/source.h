/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A source gives the values of a run: arguments, or the lines of a file.  It
 * gives a few at a time, as many as are there, so that a slow pipe is served
 * as it comes and memory stays bounded by the longest line.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "cli.h"

/* A value as it was written; stable until the next source_next(). */
struct text {
	const char *data;
	size_t len;
	uint64_t number;	/* of the line or argument, from 1 */
	bool too_long;		/* beyond the source's @longest; no data */
};

struct source {
	const char *name;	/* of the file; NULL: arguments */
	char **args;		/* arguments left */
	int arg_count;
	int fd;
	char delimiter;
	size_t longest;		/* bytes that a text may have */
	uint64_t number;	/* texts given so far */
	/* Of the buffer, [start, end) is not given yet, [start, scanned) is
	 * known to hold no delimiter.
	 */
	char *buffer;
	size_t capacity, start, scanned, end;
	bool eof;
	bool skipping;		/* the rest of a line that is too long */
};

/*
 * @file: what -f was given, "-" is standard input; NULL: take @args.
 * A file that cannot be opened ends the program.
 */
void source_open(struct source *src, const char *file, bool nul, size_t longest,
		 char **args, int arg_count);
/*
 * The next texts, at most @max; 0: that was all.  An error while reading ends
 * the program.
 */
size_t source_next(struct source *src, struct text *texts, size_t max);
/* "words:3", "line 3" or "argument 3", in a static buffer. */
const char *source_place(const struct source *src, uint64_t number);
void source_close(struct source *src);

#endif /* SOURCE_H */
