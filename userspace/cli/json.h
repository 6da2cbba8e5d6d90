/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * JSON to standard output as it comes, without a tree.  A document is an
 * object, one member a line, or has an array of objects, one object a line.
 * Keys are NULL in arrays.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 4		/* objects and arrays in each other */

void json_object_begin(const char *key);
void json_object_end(void);
void json_array_begin(const char *key);
void json_array_end(void);
void json_u64(const char *key, uint64_t value);
void json_s64(const char *key, int64_t value);
void json_double(const char *key, double value);
/* With so many digits behind the point. */
void json_decimal(const char *key, double value, int digits);
void json_bool(const char *key, bool value);
void json_null(const char *key);
/* @text is UTF-8. */
void json_text(const char *key, const char *text, size_t len);
void json_string(const char *key, const char *text);
void json_hex(const char *key, const void *data, size_t len);

#endif /* JSON_H */
