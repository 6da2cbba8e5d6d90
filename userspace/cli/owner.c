// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Users and groups by name or number. */
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "owner.h"

#define NAME_ROOM 256

/* UINT32_MAX means nobody at all to the kernel. */
#define NUMBER_MAX (UINT32_MAX - 1)

const char *user_name(uint32_t uid)
{
	static char name[NAME_ROOM];
	static uint32_t known;
	struct passwd *entry;

	/* Most rows of a list have the owner of the row before. */
	if (*name && known == uid)
		return name;
	entry = getpwuid(uid);
	if (entry)
		snprintf(name, sizeof(name), "%s", entry->pw_name);
	else
		snprintf(name, sizeof(name), "%" PRIu32, uid);
	known = uid;
	return name;
}

const char *group_name(uint32_t gid)
{
	static char name[NAME_ROOM];
	static uint32_t known;
	struct group *entry;

	if (*name && known == gid)
		return name;
	entry = getgrgid(gid);
	if (entry)
		snprintf(name, sizeof(name), "%s", entry->gr_name);
	else
		snprintf(name, sizeof(name), "%" PRIu32, gid);
	known = gid;
	return name;
}

/* A name comes before a number, should somebody be called 1000. */
static const char *parse_user(const char *text, bool login_group,
			      struct owner *owner)
{
	struct passwd *entry = getpwnam(text);
	uint64_t number;

	if (!entry && !number_parse(text, 0, NUMBER_MAX, &number))
		return "no such user";
	owner->has_user = true;
	owner->user = entry ? entry->pw_uid : number;
	if (!login_group)
		return NULL;
	if (!entry)
		entry = getpwuid(owner->user);
	if (!entry)
		return "the user has no login group";
	owner->has_group = true;
	owner->group = entry->pw_gid;
	return NULL;
}

static const char *parse_group(const char *text, struct owner *owner)
{
	struct group *entry = getgrnam(text);
	uint64_t number;

	if (!entry && !number_parse(text, 0, NUMBER_MAX, &number))
		return "no such group";
	owner->has_group = true;
	owner->group = entry ? entry->gr_gid : number;
	return NULL;
}

const char *owner_parse(const char *text, struct owner *owner)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	const char *reason = NULL;
	char user[NAME_ROOM];

	*owner = (struct owner){ 0 };
	if (len >= sizeof(user))
		return "no such user";
	memcpy(user, text, len);
	user[len] = '\0';
	if (!len && (!colon || !colon[1]))
		return "say USER, USER:GROUP or :GROUP";
	if (len)
		reason = parse_user(user, colon && !colon[1], owner);
	if (!reason && colon && colon[1])
		reason = parse_group(colon + 1, owner);
	return reason;
}
