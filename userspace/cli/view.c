// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Rows under columns: tables and raw output by libsmartcols, and JSON. */
#include <ctype.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "units.h"
#include "view.h"

#define LINES_MAX 1024		/* in the table before they are shown */
#define NAME_MAX_LEN 32

void view_init(struct view *view, const struct command *cmd,
	       const struct column *columns)
{
	int i;

	*view = (struct view){ .cmd = cmd, .columns = columns };
	for (i = 0; columns[i].name; i++) {
		if (!columns[i].extra)
			view->order[view->count++] = i;
	}
}

bool view_has(const struct view *view, int column)
{
	int i;

	for (i = 0; i < view->count; i++) {
		if (view->order[i] == column)
			return true;
	}
	return false;
}

static int find_column(const struct view *view, const char *name, size_t len)
{
	int i;

	for (i = 0; view->columns[i].name; i++) {
		if (strlen(view->columns[i].name) == len &&
		    !strncasecmp(view->columns[i].name, name, len))
			return i;
	}
	options_fail(view->cmd, "unknown column '%.*s'", (int)len, name);
}

static void choose_columns(struct view *view, const char *list)
{
	if (*list == '+')
		list++;
	else
		view->count = 0;
	do {
		size_t len = strcspn(list, ",");
		int column = find_column(view, list, len);

		if (!view_has(view, column))
			view->order[view->count++] = column;
		list += len;
	} while (*list++ == ',');
}

void view_option(struct view *view, int key, const char *arg)
{
	switch (key) {
	case 'b':
		view->bytes = true;
		break;
	case 'J':
		view->json = true;
		break;
	case 'n':
		view->noheadings = true;
		break;
	case 'o':
		choose_columns(view, arg);
		break;
	case 'r':
		view->raw = true;
		break;
	}
	if (view->json && view->raw)
		options_fail(view->cmd, "--json and --raw exclude each other");
}

void view_document(struct view *view)
{
	json_object_begin(NULL);
	view->begun = true;
}

void view_begin(struct view *view, const char *name)
{
	int i;

	if (view->json) {
		if (!view->begun)
			view_document(view);
		json_array_begin(name);
		return;
	}
	view->table = scols_new_table();
	if (!view->table)
		fail("out of memory");
	scols_table_enable_raw(view->table, view->raw);
	scols_table_enable_noheadings(view->table, view->noheadings);
	for (i = 0; i < view->count; i++) {
		const struct column *column = &view->columns[view->order[i]];
		int flags = column->kind == COLUMN_TEXT ? 0 : SCOLS_FL_RIGHT;

		if (column->width)
			flags |= SCOLS_FL_STRICTWIDTH;
		if (!scols_table_new_column(view->table, column->name,
					    column->width, flags))
			fail("out of memory");
	}
}

static void show_lines(struct view *view)
{
	struct libscols_line *first;

	if (!view->lines)
		return;
	first = scols_table_get_line(view->table, 0);
	/* The last line of a range comes without its newline. */
	if (scols_table_print_range(view->table, first, NULL))
		fail("cannot print the table");
	putchar('\n');
	scols_table_remove_lines(view->table);
	view->lines = 0;
}

void view_row_begin(struct view *view)
{
	if (view->json) {
		json_object_begin(NULL);
		return;
	}
	view->line = scols_table_new_line(view->table, NULL);
	if (!view->line)
		fail("out of memory");
	view->lines++;
}

void view_row_end(struct view *view)
{
	if (view->json)
		json_object_end();
	else if (view->lines == LINES_MAX)
		show_lines(view);
}

/* The place of a column among those shown; -1: it is not. */
static int place(const struct view *view, int column)
{
	int i;

	for (i = 0; i < view->count; i++) {
		if (view->order[i] == column)
			return i;
	}
	return -1;
}

static const char *member_name(const struct column *column)
{
	static char name[NAME_MAX_LEN];
	size_t i;

	for (i = 0; column->name[i] && i < sizeof(name) - 1; i++)
		name[i] = tolower((unsigned char)column->name[i]);
	name[i] = '\0';
	return name;
}

static void set_cell(struct view *view, int at, const char *text)
{
	if (scols_line_set_data(view->line, at, text))
		fail("out of memory");
}

void view_number(struct view *view, int column, uint64_t value)
{
	int at = place(view, column);
	bool exact = view->bytes || view->raw;
	char text[32];

	if (at < 0)
		return;
	if (view->json) {
		json_u64(member_name(&view->columns[column]), value);
		return;
	}
	if (view->columns[column].kind == COLUMN_BYTES && !exact)
		size_format(value, text, sizeof(text));
	else if (view->columns[column].kind == COLUMN_AGE && !exact)
		age_format(value, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%" PRIu64, value);
	set_cell(view, at, text);
}

void view_decimal(struct view *view, int column, double value, int digits)
{
	int at = place(view, column);
	char text[64];

	if (at < 0)
		return;
	if (view->json) {
		json_decimal(member_name(&view->columns[column]), value,
			     digits);
		return;
	}
	snprintf(text, sizeof(text), "%.*f", digits, value);
	set_cell(view, at, text);
}

void view_text(struct view *view, int column, const char *text)
{
	int at = place(view, column);

	if (at < 0)
		return;
	if (view->json)
		json_string(member_name(&view->columns[column]), text);
	else
		set_cell(view, at, text);
}

void view_nothing(struct view *view, int column)
{
	int at = place(view, column);

	if (at < 0)
		return;
	if (view->json)
		json_null(member_name(&view->columns[column]));
	else
		set_cell(view, at, "-");
}

void view_end(struct view *view)
{
	if (view->json) {
		json_array_end();
		json_object_end();
		return;
	}
	show_lines(view);
	scols_unref_table(view->table);
	view->table = NULL;
}

void view_usage(const char *title, const struct column *columns, FILE *out)
{
	fprintf(out, "\n%s\n", title);
	for (; columns->name; columns++)
		fprintf(out, "  %-12s  %s%s\n", columns->name, columns->help,
			columns->extra ? " (only with -o)" : "");
}
