// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Commands about the domain as a whole. */
#include <errno.h>

#include "internal.h"

int singlet_domain_stats(struct singlet *s, struct singlet_stats *stats)
{
	struct singlet_stats arg = { .size = sizeof(arg) };
	int err = singlet_session_call(s, SINGLET_STATS, &arg);

	if (!err)
		*stats = arg;
	return err;
}

int singlet_domain_collect(struct singlet *s, struct singlet_collect *result)
{
	struct singlet_collect arg = { .size = sizeof(arg) };
	int err = singlet_session_call(s, SINGLET_COLLECT, &arg);

	if (!err && result)
		*result = arg;
	return err;
}

ssize_t singlet_object_list(struct singlet *s, uint32_t type,
			    struct singlet_list_entry *entries, size_t count,
			    uint64_t *cursor)
{
	struct singlet_list arg = {
		.size = sizeof(arg),
		.entries = (uintptr_t)entries,
		.cursor = *cursor,
		.count = count < SINGLET_MAX_BATCH ? count : SINGLET_MAX_BATCH,
		.type = type,
	};
	int err = singlet_session_call(s, SINGLET_LIST, &arg);

	if (err)
		return err;
	*cursor = arg.cursor;
	return arg.count;
}
