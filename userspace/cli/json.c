// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* JSON to standard output.  One document is written per run. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

#define ROW_DEPTH 2		/* what is inside an element is on its line */

static int depth;
static bool filled[JSON_DEPTH + 1];	/* by depth: something was written */

static void begin_value(const char *key)
{
	if (depth > ROW_DEPTH) {
		fputs(filled[depth] ? ", " : "", stdout);
	} else if (depth) {
		fputs(filled[depth] ? ",\n" : "\n", stdout);
		printf("%*s", 3 * depth, "");
	}
	filled[depth] = true;
	if (key)
		printf("\"%s\": ", key);
}

static void begin_nest(const char *key, char bracket)
{
	assert(depth < JSON_DEPTH);
	begin_value(key);
	putchar(bracket);
	filled[++depth] = false;
}

static void end_nest(char bracket)
{
	bool any = filled[depth--];

	if (any && depth < ROW_DEPTH)
		printf("\n%*s", 3 * depth, "");
	putchar(bracket);
	if (!depth)
		putchar('\n');
}

void json_object_begin(const char *key)
{
	begin_nest(key, '{');
}

void json_object_end(void)
{
	end_nest('}');
}

void json_array_begin(const char *key)
{
	begin_nest(key, '[');
}

void json_array_end(void)
{
	end_nest(']');
}

void json_u64(const char *key, uint64_t value)
{
	begin_value(key);
	printf("%" PRIu64, value);
}

void json_s64(const char *key, int64_t value)
{
	begin_value(key);
	printf("%" PRId64, value);
}

/* JSON has no infinities and no NaN; they become strings. */
void json_double(const char *key, double value)
{
	begin_value(key);
	printf(isfinite(value) ? "%.17g" : "\"%g\"", value);
}

void json_decimal(const char *key, double value, int digits)
{
	begin_value(key);
	printf("%.*f", digits, value);
}

void json_bool(const char *key, bool value)
{
	begin_value(key);
	fputs(value ? "true" : "false", stdout);
}

void json_null(const char *key)
{
	begin_value(key);
	fputs("null", stdout);
}

void json_text(const char *key, const char *text, size_t len)
{
	size_t i;

	begin_value(key);
	putchar('"');
	for (i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

void json_string(const char *key, const char *text)
{
	json_text(key, text, strlen(text));
}

void json_hex(const char *key, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	size_t i;

	begin_value(key);
	putchar('"');
	for (i = 0; i < len; i++)
		printf("%02x", bytes[i]);
	putchar('"');
}
