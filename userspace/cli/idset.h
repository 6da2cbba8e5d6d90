/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Counts distinct ids: 8 to 16 bytes each. */
#ifndef IDSET_H
#define IDSET_H

#include <stddef.h>
#include <stdint.h>

struct idset {
	uint64_t *ids;
	size_t count, capacity;
};

/* Running out of memory ends the program. */
void idset_add(struct idset *set, uint64_t id);
/* How many distinct ids were added; frees the set. */
size_t idset_finish(struct idset *set);

#endif /* IDSET_H */
