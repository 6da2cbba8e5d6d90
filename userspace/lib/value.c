// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Values of the predefined types in C's own types. */
#include <errno.h>
#include <string.h>

#include "internal.h"

static int read_exactly(struct singlet *s, uint64_t id, void *value,
			uint32_t size)
{
	uint32_t total = 0;
	ssize_t got = singlet_object_read(s, id, value, size, 0, &total);

	if (got < 0)
		return got;
	return total == size ? 0 : -EINVAL;
}

int singlet_none_intern(struct singlet *s, uint64_t *id)
{
	return singlet_object_intern(s, SINGLET_TYPE_NONE, NULL, 0, id);
}

int singlet_bool_intern(struct singlet *s, bool value, uint64_t *id)
{
	uint8_t byte = value;

	return singlet_object_intern(s, SINGLET_TYPE_BOOL, &byte, sizeof(byte),
				     id);
}

int singlet_int_intern(struct singlet *s, int64_t value, uint64_t *id)
{
	return singlet_object_intern(s, SINGLET_TYPE_INT, &value,
				     sizeof(value), id);
}

int singlet_float_intern(struct singlet *s, double value, uint64_t *id)
{
	return singlet_object_intern(s, SINGLET_TYPE_FLOAT, &value,
				     sizeof(value), id);
}

int singlet_str_intern(struct singlet *s, const char *text, uint64_t *id)
{
	return singlet_object_intern(s, SINGLET_TYPE_STR, text, strlen(text),
				     id);
}

int singlet_bool_read(struct singlet *s, uint64_t id, bool *value)
{
	uint8_t byte;
	int err = read_exactly(s, id, &byte, sizeof(byte));

	if (!err)
		*value = byte;
	return err;
}

int singlet_int_read(struct singlet *s, uint64_t id, int64_t *value)
{
	int64_t copy;
	int err = read_exactly(s, id, &copy, sizeof(copy));

	if (!err)
		*value = copy;
	return err;
}

int singlet_float_read(struct singlet *s, uint64_t id, double *value)
{
	double copy;
	int err = read_exactly(s, id, &copy, sizeof(copy));

	if (!err)
		*value = copy;
	return err;
}
