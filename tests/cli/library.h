/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs that use the library share. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <stdio.h>

#include <singlet.h>

#define CHECK(condition) do { \
	if (!(condition)) { \
		printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
		failures++; \
	} \
} while (0)

static int failures;

/* References that the session has on an object. */
static uint32_t held(struct singlet *s, uint64_t id)
{
	struct singlet_query_item item = { 0 };

	CHECK(singlet_object_query(s, id, &item) == 0);
	return item.held;
}

#endif /* LIBRARY_H */
