// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The parts of containers as text: ids with blanks between them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "parts.h"

#define PART sizeof(uint64_t)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* -1: not a digit */
static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Takes [from, to) as a whole. */
static bool parse_id(const char *from, const char *to, uint64_t *id)
{
	int base = 10;
	uint64_t value = 0;

	if (to - from > 2 && from[0] == '0' && (from[1] | 0x20) == 'x') {
		base = 16;
		from += 2;
	}
	if (from == to)
		return false;
	for (; from < to; from++) {
		int d = digit(*from);

		if (d < 0 || d >= base ||
		    __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, d, &value))
			return false;
	}
	*id = value;
	return true;
}

const char *id_parse(const struct text *text, uint64_t *id)
{
	if (!parse_id(text->data, text->data + text->len, id))
		return "not an id";
	return NULL;
}

size_t parts_room(size_t len)
{
	return (len + 1) / 2;
}

const char *parts_parse(const struct text *text, uint64_t *parts,
			size_t *count)
{
	const char *from = text->data, *end = text->data + text->len;

	*count = 0;
	for (;;) {
		const char *to;

		while (from < end && is_blank(*from))
			from++;
		if (from == end)
			return NULL;
		for (to = from; to < end && !is_blank(*to); to++)
			;
		if (!parse_id(from, to, &parts[*count]))
			return "not ids with blanks between them";
		(*count)++;
		from = to;
	}
}

static uint64_t part_at(const void *data, size_t i)
{
	uint64_t id;

	memcpy(&id, (const char *)data + i * PART, PART);
	return id;
}

void parts_print(const void *data, size_t len, char separator)
{
	size_t i, count = len / PART;

	for (i = 0; i < count; i++) {
		printf("%" PRIu64, part_at(data, i));
		if (separator == '\n' || i + 1 < count)
			putchar(separator);
	}
}

void parts_json(const char *key, const void *data, size_t len)
{
	size_t i;

	json_array_begin(key);
	for (i = 0; i < len / PART; i++)
		json_u64(NULL, part_at(data, i));
	json_array_end();
}

void parts_preview(const void *data, size_t len, bool cut, char *out,
		   size_t room)
{
	size_t i, at = 0, count = len / PART;

	out[0] = '\0';
	for (i = 0; i < count; i++) {
		char id[24];
		int n = snprintf(id, sizeof(id), "%s%" PRIu64, i ? " " : "",
				 part_at(data, i));

		if (at + n + sizeof(" ...") > room)
			break;
		memcpy(out + at, id, n + 1);
		at += n;
	}
	if (cut || i < count)
		snprintf(out + at, room - at, "%s...", at ? " " : "");
}
