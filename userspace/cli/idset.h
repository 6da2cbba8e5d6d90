/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Distinct ids: 8 to 16 bytes each. */
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
/* Sorts @ids and leaves each once; returns their @count. */
size_t idset_settle(struct idset *set);
void idset_free(struct idset *set);

#endif /* IDSET_H */
