// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The nine bits of a domain's mode as text. */
#include <string.h>

#include "mode.h"

static const char letters[] = "rwxrwxrwx";

void mode_format(uint32_t mode, char out[MODE_TEXT])
{
	int i;

	for (i = 0; i < 9; i++)
		out[i] = mode & 0400 >> i ? letters[i] : '-';
	out[9] = '\0';
}

static bool parse_octal(const char *text, uint32_t *mode)
{
	uint32_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return false;
		value = value * 8 + (*text - '0');
		if (value > 0777)
			return false;
	}
	*mode = value;
	return true;
}

/* What mode_format() writes. */
static bool parse_letters(const char *text, uint32_t *mode)
{
	uint32_t value = 0;
	int i;

	if (strlen(text) != 9)
		return false;
	for (i = 0; i < 9; i++) {
		if (text[i] == letters[i])
			value |= 0400 >> i;
		else if (text[i] != '-')
			return false;
	}
	*mode = value;
	return true;
}

/* One digit's worth of bits for each of the three that @who has. */
static uint32_t spread(uint32_t bits, uint32_t who)
{
	return bits * 0111 & who;
}

/* Moves past u, g, o and a; whose bits they are, all if there is none. */
static uint32_t parse_who(const char **text)
{
	uint32_t who = 0;

	for (;; (*text)++) {
		switch (**text) {
		case 'u':
			who |= 0700;
			break;
		case 'g':
			who |= 0070;
			break;
		case 'o':
			who |= 0007;
			break;
		case 'a':
			who |= 0777;
			break;
		default:
			return who ? who : 0777;
		}
	}
}

/* Moves past rwx, or one of u, g and o whose bits in @mode are meant. */
static uint32_t parse_bits(const char **text, uint32_t mode)
{
	uint32_t bits = 0;

	switch (**text) {
	case 'u':
		(*text)++;
		return mode >> 6 & 7;
	case 'g':
		(*text)++;
		return mode >> 3 & 7;
	case 'o':
		(*text)++;
		return mode & 7;
	}
	for (;; (*text)++) {
		switch (**text) {
		case 'r':
			bits |= 4;
			break;
		case 'w':
			bits |= 2;
			break;
		case 'x':
			bits |= 1;
			break;
		default:
			return bits;
		}
	}
}

static bool parse_clauses(const char *text, uint32_t *mode)
{
	uint32_t value = *mode;

	do {
		uint32_t who = parse_who(&text);

		if (!*text || !strchr("+-=", *text))
			return false;
		while (*text && strchr("+-=", *text)) {
			char operator = *text++;
			uint32_t bits = spread(parse_bits(&text, value), who);

			if (operator == '=')
				value = (value & ~who) | bits;
			else if (operator == '+')
				value |= bits;
			else
				value &= ~bits;
		}
	} while (*text++ == ',');
	if (text[-1])
		return false;
	*mode = value;
	return true;
}

bool mode_parse(const char *text, uint32_t old, uint32_t *mode)
{
	if (parse_octal(text, mode) || parse_letters(text, mode))
		return true;
	*mode = old;
	return parse_clauses(text, mode);
}
