// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Types by name or number, and names for what they are. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"

#define TYPES_CACHED	64

void type_resolve(struct singlet *s, const char *text,
		  struct singlet_type_info *info)
{
	uint64_t number;
	int err;

	if (*text && !text[strspn(text, "0123456789")]) {
		if (!number_parse(text, 0, UINT32_MAX, &number))
			err = -ENOENT;
		else
			err = singlet_type_get(s, number, info);
	} else {
		err = singlet_type_find(s, text, info);
	}
	/* What cannot be a name or number is no type either. */
	if (err == -ENOENT || err == -EINVAL || err == -EMSGSIZE ||
	    err == -EILSEQ)
		fail("no type '%s': see 'singlet type list' and 'singlet type create'",
		     text);
	if (err)
		fail("type '%s': %s", text, error_words(err));
}

const struct singlet_type_info *type_known(struct singlet *s, uint32_t type)
{
	static struct singlet_type_info cache[TYPES_CACHED];
	struct singlet_type_info *info = &cache[type % TYPES_CACHED];
	struct singlet_type_info fresh;

	if (info->type == type)
		return info;
	if (!singlet_type_get(s, type, &fresh)) {
		*info = fresh;
		return info;
	}
	/* Deleted since. */
	*info = (struct singlet_type_info){ 0 };
	snprintf((char *)info->name, sizeof(info->name), "%" PRIu32, type);
	return info;
}

bool type_is_container(const struct singlet_type_info *info)
{
	return info->flags & SINGLET_TYPE_CONTAINER;
}

const char *kind_name(uint32_t kind)
{
	switch (kind) {
	case SINGLET_KIND_VALUE:
		return "value";
	case SINGLET_KIND_SINGLE:
		return "single";
	case SINGLET_KIND_PLAIN:
		return "plain";
	default:
		return "unknown";
	}
}
