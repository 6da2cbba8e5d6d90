// SPDX-License-Identifier: GPL-2.0
/*
 * utf8 - is this UTF-8?
 *
 * As RFC 3629 has it: no overlong forms, no surrogates, nothing beyond
 * U+10FFFF.  A NUL byte is a character like others.
 */
#include "utf8.h"

#include "hash.h"

static bool continuation(u8 c)
{
	return (c & 0xc0) == 0x80;
}

/* Bytes of the character at @s, of which @len are left; 0: it is none. */
static unsigned int character(const u8 *s, size_t len)
{
	u8 c = s[0];

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	if (c < 0xe0)
		return len >= 2 && continuation(s[1]) ? 2 : 0;
	if (c < 0xf0) {
		if (len < 3 || !continuation(s[1]) || !continuation(s[2]))
			return 0;
		if (c == 0xe0 && s[1] < 0xa0)	/* overlong */
			return 0;
		if (c == 0xed && s[1] > 0x9f)	/* surrogate */
			return 0;
		return 3;
	}
	if (len < 4 || !continuation(s[1]) || !continuation(s[2]) ||
	    !continuation(s[3]))
		return 0;
	if (c == 0xf0 && s[1] < 0x90)		/* overlong */
		return 0;
	if (c == 0xf4 && s[1] > 0x8f)		/* beyond U+10FFFF */
		return 0;
	return 4;
}

/* Whether the @len bytes at @text are UTF-8; no bytes are. */
bool singlet_utf8_valid(const void *text, size_t len)
{
	const u8 *s = text, *end = s + len;

	while (s < end) {
		unsigned int n;

		/* Eight ASCII characters at a time. */
		if (end - s >= 8 &&
		    !(singlet_word(s) & 0x8080808080808080ULL)) {
			s += 8;
			continue;
		}
		n = character(s, end - s);
		if (!n)
			return false;
		s += n;
	}
	return true;
}
