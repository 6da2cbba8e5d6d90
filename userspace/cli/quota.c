// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What quotas are on, and limits as text. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "quota.h"
#include "units.h"

const struct quota quotas[] = {
	[SINGLET_QUOTA_OBJECTS] = { "objects", false, true, true },
	[SINGLET_QUOTA_BYTES] = { "bytes", true, true, true },
	[SINGLET_QUOTA_REFERENCES] = { "references", false, true, true },
	[SINGLET_QUOTA_TYPES] = { "types", false, true, true },
	[SINGLET_QUOTA_DOMAINS] = { "domains", false, false, true },
	[SINGLET_QUOTA_IDLE] = { "idle", true, true, false },
};

_Static_assert(ARRAY_SIZE(quotas) == SINGLET_QUOTAS, "a quota has no name");

void use_format(const struct quota *quota, uint64_t use, bool exact,
		char out[QUOTA_TEXT])
{
	if (quota->bytes && !exact)
		size_format(use, out, QUOTA_TEXT);
	else
		snprintf(out, QUOTA_TEXT, "%" PRIu64, use);
}

void limit_format(const struct quota *quota, uint64_t limit, bool exact,
		  char out[QUOTA_TEXT])
{
	if (limit)
		use_format(quota, limit, exact, out);
	else
		snprintf(out, QUOTA_TEXT, "none");
}

bool limit_parse(const struct quota *quota, const char *text, uint64_t *limit)
{
	if (!strcmp(text, "none")) {
		*limit = 0;
		return true;
	}
	if (quota->bytes)
		return size_parse(text, limit) && *limit;
	return number_parse(text, 1, UINT64_MAX, limit);
}

void quota_json(const char *key, const __u64 *values, bool user, bool none)
{
	size_t i;

	json_object_begin(key);
	for (i = 0; i < ARRAY_SIZE(quotas); i++) {
		if (!(user ? quotas[i].of_user : quotas[i].of_domain))
			continue;
		if (none && !values[i])
			json_null(quotas[i].name);
		else
			json_u64(quotas[i].name, values[i]);
	}
	json_object_end();
}
