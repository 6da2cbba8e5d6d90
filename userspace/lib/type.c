// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Commands about types. */
#include "internal.h"

static int create(struct singlet *s, const char *name, uint32_t kind,
		  uint32_t flags, uint32_t value_size, uint32_t value_max,
		  uint32_t *type)
{
	struct singlet_type_create arg = {
		.size = sizeof(arg),
		.flags = flags,
		.name = (uintptr_t)name,
		.name_len = name_length(name),
		.kind = kind,
		.value_size = value_size,
		.value_max = value_max,
	};
	int err = singlet_session_call(s, SINGLET_TYPE_CREATE, &arg);

	if (!err)
		*type = arg.type;
	return err;
}

int singlet_type_create(struct singlet *s, const char *name, uint32_t kind,
			uint32_t value_size, uint32_t value_max,
			uint32_t *type)
{
	return create(s, name, kind, 0, value_size, value_max, type);
}

int singlet_type_create_container(struct singlet *s, const char *name,
				  uint32_t value_max, uint32_t *type)
{
	return create(s, name, SINGLET_KIND_VALUE, SINGLET_TYPE_CONTAINER, 0,
		      value_max, type);
}

int singlet_type_delete(struct singlet *s, uint32_t type)
{
	struct singlet_type_delete arg = { .size = sizeof(arg), .type = type };

	return singlet_session_call(s, SINGLET_TYPE_DELETE, &arg);
}

int singlet_type_get(struct singlet *s, uint32_t type,
		     struct singlet_type_info *info)
{
	struct singlet_type_query arg = { .size = sizeof(arg), .type = type };
	int err = singlet_session_call(s, SINGLET_TYPE_QUERY, &arg);

	if (!err)
		*info = arg.info;
	return err;
}

int singlet_type_find(struct singlet *s, const char *name,
		      struct singlet_type_info *info)
{
	struct singlet_type_query arg = {
		.size = sizeof(arg),
		.name = (uintptr_t)name,
		.name_len = name_length(name),
	};
	int err = singlet_session_call(s, SINGLET_TYPE_QUERY, &arg);

	if (!err)
		*info = arg.info;
	return err;
}

ssize_t singlet_type_list(struct singlet *s, struct singlet_type_info *infos,
			  size_t count, uint32_t *cursor)
{
	struct singlet_type_list arg = {
		.size = sizeof(arg),
		.entry_size = sizeof(struct singlet_type_info),
		.infos = (uintptr_t)infos,
		.count = count < SINGLET_MAX_BATCH ? count : SINGLET_MAX_BATCH,
		.cursor = *cursor,
	};
	int err = singlet_session_call(s, SINGLET_TYPE_LIST, &arg);

	if (err)
		return err;
	*cursor = arg.cursor;
	return arg.count;
}
