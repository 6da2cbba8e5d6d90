/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Values as text: what the command line takes and shows of each type. */
#ifndef VALUE_H
#define VALUE_H

#include "cli.h"
#include "source.h"

/* Where a value goes that is not the text itself. */
union scalar {
	uint8_t truth;
	int64_t integer;
	double real;
};

/* The value's bytes. */
struct value {
	const void *data;
	size_t len;
};

/*
 * Makes the value of @type, no container, that @text says.  It points to @text or @scalar.
 * Returns NULL or the reason why it cannot.
 */
const char *value_parse(uint32_t type, const struct text *text,
			union scalar *scalar, struct value *value);
/*
 * As value_parse() takes it, and the parts of a container as parts_parse()
 * does; what is not a number is written as it is.
 */
void value_print(const struct singlet_type_info *type, const void *data,
		 size_t len);
/*
 * As a member: numbers as such, parts of a container as an array; str "value",
 * other bytes as "hex".
 */
void value_json(const struct singlet_type_info *type, const void *data,
		size_t len);
/* The beginning of a value for a table cell; @cut: there is more of it. */
void value_preview(const struct singlet_type_info *type, const void *data,
		   size_t len, bool cut, char *out, size_t room);

#endif /* VALUE_H */
