// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Sizes and times as text. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

static const char units[] = "BKMGTPE";

bool size_parse(const char *text, uint64_t *bytes)
{
	unsigned long long value;
	const char *unit;
	char *end;
	int shift = 0;

	/* strtoull() would take a sign and blanks. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return false;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit)
			return false;
		shift = 10 * (unit - units);
		end++;
		if (shift && !strcmp(end, "iB"))
			end += 2;
	}
	if (*end || value > UINT64_MAX >> shift)
		return false;
	*bytes = (uint64_t)value << shift;
	return true;
}

void size_format(uint64_t bytes, char *out, size_t room)
{
	int unit = 0;
	uint64_t whole = bytes, tenths = 0;

	while (whole >= 1024) {
		/* Rounded at the last step only. */
		tenths = (whole % 1024 * 10 + 512) / 1024;
		whole /= 1024;
		unit++;
	}
	if (tenths == 10) {
		whole++;
		tenths = 0;
	}
	if (tenths)
		snprintf(out, room, "%" PRIu64 ".%" PRIu64 "%c", whole, tenths,
			 units[unit]);
	else
		snprintf(out, room, "%" PRIu64 "%c", whole, units[unit]);
}

void age_format(uint64_t milliseconds, char *out, size_t room)
{
	uint64_t seconds = milliseconds / 1000;

	if (seconds < 60)
		snprintf(out, room, "%" PRIu64 ".%" PRIu64 "s", seconds,
			 milliseconds % 1000 / 100);
	else if (seconds < 3600)
		snprintf(out, room, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60,
			 seconds % 60);
	else if (seconds < 86400)
		snprintf(out, room, "%" PRIu64 "h%02" PRIu64 "m",
			 seconds / 3600, seconds % 3600 / 60);
	else
		snprintf(out, room, "%" PRIu64 "d%02" PRIu64 "h",
			 seconds / 86400, seconds % 86400 / 3600);
}
