/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The parts of containers as text: ids with blanks between them. */
#ifndef PARTS_H
#define PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* Bytes of the longest text that parts of a container can need. */
#define PARTS_TEXT_MAX	((size_t)SINGLET_MAX_PARTS * sizeof("18446744073709551615"))

/* An id in base 10 or, with 0x, 16; NULL or the reason why it is none. */
const char *id_parse(const struct text *text, uint64_t *id);

/* How many parts a text of @len bytes can have. */
size_t parts_room(size_t len);
/* Returns NULL or the reason why @text does not say parts. */
const char *parts_parse(const struct text *text, uint64_t *parts,
			size_t *count);
/* @separator goes between ids; after a newline the last one has it too. */
void parts_print(const void *data, size_t len, char separator);
void parts_json(const char *key, const void *data, size_t len);
/* Writes to @out as many ids as there is room for; @cut: there are more. */
void parts_preview(const void *data, size_t len, bool cut, char *out,
		   size_t room);

#endif /* PARTS_H */
