// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Values as text.
 *
 * int    decimal, in 64 bits
 * float  what strtod(3) takes; 17 digits bring the same bits back
 * bool   true, false, 1, 0
 * none   none, or nothing
 * containers have a syntax of their own, see parts.c
 * str, bytes and user types are what they are.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "json.h"
#include "parts.h"
#include "value.h"

#define NUMBER_MAX 400		/* bytes; a longer text is no number */

static bool equals(const struct text *text, const char *word)
{
	return text->len == strlen(word) &&
	       !memcmp(text->data, word, text->len);
}

/* A copy with a NUL; strtoll() and strtod() would skip leading blanks. */
static bool copy_number(const struct text *text, char *out)
{
	if (!text->len || text->len > NUMBER_MAX ||
	    isspace((unsigned char)text->data[0]) ||
	    memchr(text->data, '\0', text->len))
		return false;
	memcpy(out, text->data, text->len);
	out[text->len] = '\0';
	return true;
}

static const char *parse_int(const struct text *text, int64_t *out)
{
	char number[NUMBER_MAX + 1], *end;

	if (!copy_number(text, number))
		return "not a whole number";
	errno = 0;
	*out = strtoll(number, &end, 10);
	if (*end || end == number)
		return "not a whole number";
	if (errno)
		return "beyond 64 bits";
	return NULL;
}

static const char *parse_float(const struct text *text, double *out)
{
	char number[NUMBER_MAX + 1], *end;

	if (!copy_number(text, number))
		return "not a number";
	errno = 0;
	*out = strtod(number, &end);
	if (*end || end == number)
		return "not a number";
	/* Too small for full precision is no mistake; too large is. */
	if (errno && isinf(*out))
		return "too large for a float";
	return NULL;
}

const char *value_parse(uint32_t type, const struct text *text,
			union scalar *scalar, struct value *value)
{
	const char *reason = NULL;

	value->data = scalar;
	switch (type) {
	case SINGLET_TYPE_NONE:
		value->len = 0;
		if (text->len && !equals(text, "none"))
			reason = "not 'none'";
		return reason;
	case SINGLET_TYPE_BOOL:
		value->len = sizeof(scalar->truth);
		scalar->truth = equals(text, "true") || equals(text, "1");
		if (!scalar->truth && !equals(text, "false") &&
		    !equals(text, "0"))
			reason = "not 'true' or 'false'";
		return reason;
	case SINGLET_TYPE_INT:
		value->len = sizeof(scalar->integer);
		return parse_int(text, &scalar->integer);
	case SINGLET_TYPE_FLOAT:
		value->len = sizeof(scalar->real);
		return parse_float(text, &scalar->real);
	default:
		value->data = text->data;
		value->len = text->len;
		return NULL;
	}
}

/* The scalar that @data is, if its type and size say so. */
static bool load_scalar(uint32_t type, const void *data, size_t len,
			union scalar *scalar)
{
	size_t size;

	switch (type) {
	case SINGLET_TYPE_BOOL:
		size = sizeof(scalar->truth);
		break;
	case SINGLET_TYPE_INT:
		size = sizeof(scalar->integer);
		break;
	case SINGLET_TYPE_FLOAT:
		size = sizeof(scalar->real);
		break;
	default:
		return false;
	}
	if (len != size)
		return false;
	memcpy(scalar, data, size);
	return true;
}

static int format_scalar(uint32_t type, const union scalar *scalar, char *out,
			 size_t room)
{
	char short_form[32];

	switch (type) {
	case SINGLET_TYPE_BOOL:
		return snprintf(out, room, "%s",
				scalar->truth ? "true" : "false");
	case SINGLET_TYPE_INT:
		return snprintf(out, room, "%" PRId64, scalar->integer);
	default:
		/* The short form when it brings the same number back. */
		snprintf(short_form, sizeof(short_form), "%.15g",
			 scalar->real);
		if (strtod(short_form, NULL) == scalar->real)
			return snprintf(out, room, "%s", short_form);
		return snprintf(out, room, "%.17g", scalar->real);
	}
}

void value_print(const struct singlet_type_info *type, const void *data,
		 size_t len)
{
	union scalar scalar;
	char text[64];

	if (type_is_container(type))
		parts_print(data, len, ' ');
	else if (type->type == SINGLET_TYPE_NONE)
		fputs("none", stdout);
	else if (load_scalar(type->type, data, len, &scalar))
		fwrite(text, 1, format_scalar(type->type, &scalar, text,
					      sizeof(text)), stdout);
	else
		fwrite(data, 1, len, stdout);
}

void value_json(const struct singlet_type_info *type, const void *data,
		size_t len)
{
	union scalar scalar;

	if (type_is_container(type))
		parts_json("value", data, len);
	else if (type->type == SINGLET_TYPE_NONE)
		json_null("value");
	else if (type->type == SINGLET_TYPE_STR)
		json_text("value", data, len);
	else if (!load_scalar(type->type, data, len, &scalar))
		json_hex("hex", data, len);
	else if (type->type == SINGLET_TYPE_BOOL)
		json_bool("value", scalar.truth);
	else if (type->type == SINGLET_TYPE_INT)
		json_s64("value", scalar.integer);
	else
		json_double("value", scalar.real);
}

void value_preview(const struct singlet_type_info *type, const void *data,
		   size_t len, bool cut, char *out, size_t room)
{
	const char *from = data;
	union scalar scalar;
	mbstate_t state = { 0 };
	size_t at = 0, i = 0;

	if (type_is_container(type)) {
		parts_preview(data, len, cut, out, room);
		return;
	}
	if (type->type == SINGLET_TYPE_NONE) {
		snprintf(out, room, "none");
		return;
	}
	if (load_scalar(type->type, data, len, &scalar)) {
		format_scalar(type->type, &scalar, out, room);
		return;
	}
	/* Nothing that a terminal would obey or that breaks the columns. */
	while (i < len && at + MB_LEN_MAX + sizeof("...") < room) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, from + i, len - i, &state);

		if (n == (size_t)-2 && cut)
			break;
		if (n == 0 || n > len - i || !iswprint(wide)) {
			memset(&state, 0, sizeof(state));
			out[at++] = '.';
			i += n && n <= len - i ? n : 1;
			continue;
		}
		memcpy(out + at, from + i, n);
		at += n;
		i += n;
	}
	snprintf(out + at, room - at, "%s", cut || i < len ? "..." : "");
}
