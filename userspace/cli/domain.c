// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Named domains: joining them, what goes wrong, what is known of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domain.h"
#include "json.h"
#include "mode.h"
#include "owner.h"
#include "quota.h"

const char *access_name(uint32_t access)
{
	switch (access & (SINGLET_ACCESS_READ | SINGLET_ACCESS_WRITE)) {
	case SINGLET_ACCESS_READ:
		return "r";
	case SINGLET_ACCESS_WRITE:
		return "w";
	case 0:
		return "-";
	default:
		return "rw";
	}
}

const char *domain_flags(const struct singlet_domain_info *info)
{
	bool ephemeral = info->flags & SINGLET_DOMAIN_EPHEMERAL;

	if (info->flags & SINGLET_DOMAIN_DELETED)
		return ephemeral ? "ephemeral,deleted" : "deleted";
	return ephemeral ? "ephemeral" : "-";
}

bool domain_shows_owner(const struct singlet_domain_info *info)
{
	size_t i;

	if (info->uid == geteuid())
		return true;
	for (i = 0; i < SINGLET_QUOTAS; i++) {
		if (info->owner_use[i] || info->owner_limit[i])
			return true;
	}
	return false;
}

static const char *access_words(uint32_t access)
{
	switch (access) {
	case SINGLET_ACCESS_READ:
		return "read";
	case SINGLET_ACCESS_WRITE:
		return "write";
	default:
		return "read and write";
	}
}

/* Who could help, when the domain's mode or owner stands in the way. */
static const char *owner_words(struct singlet *s, const char *name)
{
	static char words[400];
	struct singlet_domain_info info;
	char mode[MODE_TEXT];

	if (singlet_domain_query(s, name, &info))
		return "see 'singlet domain list'";
	mode_format(info.mode, mode);
	snprintf(words, sizeof(words), "it is %s, of user %s and group %s",
		 mode, user_name(info.uid), group_name(info.gid));
	return words;
}

static const char *domain_reason(int err)
{
	switch (-err) {
	case ENOENT:
		return "there is none, or you may not know of it (see 'singlet domain list')";
	case EEXIST:
		return "the name is taken, perhaps by one that you may not know of";
	case EBUSY:
		return "it has sessions (see /proc/singlet/sessions); end them, or use --deferred";
	case EILSEQ:
		return "the name is not UTF-8 text";
	default:
		return error_words(err);
	}
}

int domain_report(struct singlet *s, const char *action, const char *name,
		  int err)
{
	if (!name) {
		report("cannot %s this domain: %s", action, domain_reason(err));
		return STATUS_FAILURE;
	}
	if (err == -EACCES || err == -EPERM)
		report("cannot %s domain '%s': %s; %s", action, name,
		       err == -EPERM ? "that takes its owner or root" :
		       "its mode does not let you", owner_words(s, name));
	else
		report("cannot %s domain '%s': %s", action, name,
		       domain_reason(err));
	return STATUS_FAILURE;
}

int domain_name_error(int err)
{
	return err == -EINVAL || err == -EILSEQ ? -ENOENT : err;
}

void domain_query(struct singlet *s, const char *name,
		  struct singlet_domain_info *info)
{
	int err = singlet_domain_query(s, name, info);

	if (err)
		exit(domain_report(s, "show", name, domain_name_error(err)));
}

struct singlet *domain_join(struct singlet *s, const char *name,
			    uint32_t access)
{
	struct singlet_domain_info info = { 0 };
	struct singlet *joined;
	char action[40];
	int err = 0;

	if (access == ACCESS_GRANTED) {
		err = singlet_domain_query(s, name, &info);
		access = info.access;
		if (!err && !access)
			err = -EACCES;
	}
	if (!err)
		err = singlet_domain_join(s, name, access, &joined);
	if (!err)
		return joined;
	if (err == -EACCES && access)
		snprintf(action, sizeof(action), "%s in", access_words(access));
	else
		snprintf(action, sizeof(action), "join");
	exit(domain_report(s, action, name, domain_name_error(err)));
}

void domain_json(const struct singlet_domain_info *info)
{
	const char *name = (const char *)info->name;
	char mode[MODE_TEXT];

	mode_format(info->mode, mode);
	json_object_begin(NULL);
	if (*name)
		json_string("name", name);
	else
		json_null("name");
	json_string("mode", mode);
	json_string("owner", user_name(info->uid));
	json_u64("uid", info->uid);
	json_string("group", group_name(info->gid));
	json_u64("gid", info->gid);
	json_string("access", access_name(info->access));
	json_bool("ephemeral", info->flags & SINGLET_DOMAIN_EPHEMERAL);
	json_bool("deleted", info->flags & SINGLET_DOMAIN_DELETED);
	json_u64("sessions", info->sessions);
	quota_json("use", info->use, false, false);
	quota_json("limit", info->limit, false, true);
	if (domain_shows_owner(info)) {
		quota_json("owner_use", info->owner_use, true, false);
		quota_json("owner_limit", info->owner_limit, true, true);
	}
	json_object_end();
}

void domain_run(struct singlet *session, char **command)
{
	int fd = singlet_fd(session);
	char number[16];
	int reason;

	snprintf(number, sizeof(number), "%d", fd);
	if (fcntl(fd, F_SETFD, 0) || setenv("SINGLET_FD", number, 1))
		fail("cannot pass the session on: %s", strerror(errno));
	execvp(command[0], command);
	reason = errno;
	report("cannot run %s: %s", command[0], strerror(reason));
	exit(reason == ENOENT ? 127 : 126);
}
