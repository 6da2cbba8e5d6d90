// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Containers: values that are arrays of ids. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define PART	sizeof(uint64_t)

int singlet_tuple_intern(struct singlet *s, uint32_t type,
			 const uint64_t *parts, size_t count, uint64_t *id)
{
	if (count > UINT32_MAX / PART)
		return -EMSGSIZE;
	return singlet_object_intern(s, type, parts, count * PART, id);
}

int singlet_tuple_lookup(struct singlet *s, uint32_t type,
			 const uint64_t *parts, size_t count, uint64_t *id)
{
	if (count > UINT32_MAX / PART)
		return -EMSGSIZE;
	return singlet_object_lookup(s, type, parts, count * PART, id);
}

ssize_t singlet_tuple_read(struct singlet *s, uint64_t id, uint64_t *parts,
			   size_t room, uint32_t first, uint32_t *total)
{
	uint32_t bytes;
	ssize_t got;

	if (first > UINT32_MAX / PART)
		return -EINVAL;
	if (room > SINGLET_MAX_PARTS)
		room = SINGLET_MAX_PARTS;
	got = singlet_object_read(s, id, parts, room * PART, first * PART,
				  &bytes);
	if (got < 0)
		return got;
	if (bytes % PART)
		return -EINVAL;
	if (total)
		*total = bytes / PART;
	return got / PART;
}

int singlet_tuple_dup(struct singlet *s, uint64_t id, uint64_t **parts,
		      size_t *count)
{
	void *data;
	size_t len;
	int err;

	err = singlet_object_dup(s, id, &data, &len);
	if (err)
		return err;
	if (len % PART) {
		free(data);
		return -EINVAL;
	}
	*parts = data;
	*count = len / PART;
	return 0;
}
