// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Distinct ids.  They are appended; when the array is full it is sorted and
 * the duplicates go, and it grows only if that did not make it half empty.
 */
#include <stdlib.h>

#include "cli.h"
#include "idset.h"

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

size_t idset_settle(struct idset *set)
{
	size_t i, kept = 0;

	if (!set->count)
		return 0;
	qsort(set->ids, set->count, sizeof(*set->ids), compare);
	for (i = 1; i < set->count; i++) {
		if (set->ids[i] != set->ids[kept])
			set->ids[++kept] = set->ids[i];
	}
	set->count = kept + 1;
	return set->count;
}

void idset_add(struct idset *set, uint64_t id)
{
	if (set->count == set->capacity) {
		size_t more = set->capacity ? 2 * set->capacity : 1024;

		idset_settle(set);
		if (!set->capacity || set->count > set->capacity / 2) {
			set->ids = reallocarray(set->ids, more,
						sizeof(*set->ids));
			if (!set->ids)
				fail("out of memory");
			set->capacity = more;
		}
	}
	set->ids[set->count++] = id;
}

void idset_free(struct idset *set)
{
	free(set->ids);
	*set = (struct idset){ 0 };
}
