/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A view shows rows under columns: as a table, raw or as JSON.  An array of
 * struct column says everything about the columns: usage, -o, headings,
 * widths and JSON members come from it.  Rows are shown as they come, so a
 * view of a million rows needs the memory of a thousand.
 */
#ifndef VIEW_H
#define VIEW_H

#include "cli.h"

#define VIEW_MAX_COLUMNS 24

struct libscols_table;
struct libscols_line;

enum {
	COLUMN_TEXT = 0,
	COLUMN_NUMBER,
	COLUMN_BYTES,		/* a number; 1.5K in a table unless -b */
	COLUMN_AGE,		/* milliseconds; 1m05s in a table unless -b */
};

struct column {
	const char *name;	/* in capitals; JSON has it in small letters */
	int kind;		/* COLUMN_* */
	int width;		/* at least; rows to come may need it */
	bool extra;		/* only with -o */
	const char *help;
};

struct view {
	const struct command *cmd;
	const struct column *columns;	/* ends with a NULL name */
	int order[VIEW_MAX_COLUMNS];	/* columns shown, as indexes */
	int count;
	bool json, raw, noheadings, bytes;
	bool begun;			/* the JSON document */
	struct libscols_table *table;
	struct libscols_line *line;	/* the row being filled */
	int lines;			/* in the table, not shown yet */
};

/* The options of every view. */
#define VIEW_OPTIONS \
	{ 'b', "bytes", NULL, "print exact sizes" }, \
	{ 'J', "json", NULL, "print JSON" }, \
	{ 'n', "noheadings", NULL, "print no headings" }, \
	{ 'o', "output", "LIST", "columns to print; +LIST adds to the default" }, \
	{ 'r', "raw", NULL, "print single spaces between columns, exact sizes" }

/* @columns: those of @cmd that are meant. */
void view_init(struct view *view, const struct command *cmd,
	       const struct column *columns);
/* Takes an option of VIEW_OPTIONS. */
void view_option(struct view *view, int key, const char *arg);
bool view_has(const struct view *view, int column);
/* Before view_begin(), in JSON: begins the document, for members of its own. */
void view_document(struct view *view);
/* @name: the member of the JSON document that holds the rows. */
void view_begin(struct view *view, const char *name);
void view_row_begin(struct view *view);
/* Cells of columns that are not shown are skipped. */
void view_number(struct view *view, int column, uint64_t value);
/* With so many digits behind the point. */
void view_decimal(struct view *view, int column, double value, int digits);
void view_text(struct view *view, int column, const char *text);
/* There is no value: "-", in JSON null. */
void view_nothing(struct view *view, int column);
void view_row_end(struct view *view);
void view_end(struct view *view);

/* The part of a usage text that lists the columns; @title ends with a colon. */
void view_usage(const char *title, const struct column *columns, FILE *out);

#endif /* VIEW_H */
