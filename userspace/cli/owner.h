/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Users and groups by name or number. */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>
#include <stdint.h>

/* The name, or the number when it has none, in a static buffer of its own. */
const char *user_name(uint32_t uid);
const char *group_name(uint32_t gid);

struct owner {
	bool has_user, has_group;
	uint32_t user, group;
};

/*
 * USER, USER:GROUP, :GROUP, or USER: with the user's login group, as chown(1)
 * takes them.  Returns NULL or the reason why it cannot.
 */
const char *owner_parse(const char *text, struct owner *owner);

#endif /* OWNER_H */
