// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* domain chmod, domain chown, domain limit: what can be changed. */
#include <errno.h>
#include <getopt.h>

#include "domain.h"
#include "json.h"
#include "mode.h"
#include "owner.h"
#include "quota.h"

/* What to do to each of some domains. */
struct request {
	const struct command *cmd;
	const char *action;		/* "cannot ACTION domain ..." */
	const char *mode;		/* may depend on the mode before */
	struct singlet_domain_set change;	/* all the rest */
	bool json;
};

/* Why, where that is more than domain_report() knows. */
static const char *set_reason(const struct request *request, int err)
{
	uint32_t flags = request->change.flags;

	if (err == -EPERM && flags & SINGLET_SET_UID)
		return "only root may give a domain to another user";
	if (err == -EPERM && flags & SINGLET_SET_GID)
		return "that takes its owner, and a group that the owner is in";
	if (err == -EDQUOT)
		return "the new owner has no room for it";
	if (err == -EINVAL && flags & (SINGLET_SET_UID | SINGLET_SET_GID))
		return "no such user or group in your user namespace";
	return NULL;
}

static int change_one(struct singlet *s, const struct request *request,
		      const char *name)
{
	struct singlet_domain_set change = request->change;
	struct singlet_domain_info info;
	const char *reason;
	int err;

	err = singlet_domain_query(s, name, &info);
	if (err)
		return domain_report(s, request->action, name,
				     domain_name_error(err));
	if (request->mode) {
		mode_parse(request->mode, info.mode, &change.mode);
		change.flags |= SINGLET_SET_MODE;
	}
	err = singlet_domain_set(s, name, &change);
	if (!err) {
		if (request->json && !singlet_domain_query(s, name, &info))
			domain_json(&info);
		return 0;
	}
	reason = set_reason(request, err);
	if (!reason || !name)
		return domain_report(s, request->action, name, err);
	report("cannot %s domain '%s': %s", request->action, name, reason);
	return STATUS_FAILURE;
}

static int change_all(const struct request *request, char **names, int count)
{
	struct singlet *s = device_open(request->cmd);
	int i, status = 0;

	if (request->json) {
		json_object_begin(NULL);
		json_array_begin("domains");
	}
	for (i = 0; i < count; i++)
		status |= change_one(s, request, names[i]);
	if (request->json) {
		json_array_end();
		json_object_end();
	}
	singlet_close(s);
	return status;
}

static const struct option_spec json_options[] = {
	{ 'J', "json", NULL, "print JSON: the domains as they are then" },
	{ 0 },
};

/* The first of the arguments, after which names follow. */
static const char *first_argument(struct request *request, const char *what,
				  int argc, char **argv)
{
	while (options_next(request->cmd, argc, argv) != -1)
		request->json = true;
	if (argc - optind < 2)
		options_fail(request->cmd, "needs %s and a name", what);
	return argv[optind++];
}

static int run_chmod(int argc, char **argv)
{
	struct request request = {
		.cmd = &cmd_domain_chmod, .action = "change the mode of",
	};
	uint32_t mode;

	request.mode = first_argument(&request, "a mode", argc, argv);
	if (!mode_parse(request.mode, 0, &mode))
		options_fail(&cmd_domain_chmod, "'%s' is not a mode: say 0750, u=rwx,g=rx or o+r",
			     request.mode);
	return change_all(&request, argv + optind, argc - optind);
}

static int run_chown(int argc, char **argv)
{
	struct request request = {
		.cmd = &cmd_domain_chown, .action = "change the owner of",
	};
	struct owner owner;
	const char *text, *reason;

	text = first_argument(&request, "an owner", argc, argv);
	reason = owner_parse(text, &owner);
	if (reason)
		options_fail(&cmd_domain_chown, "'%s': %s", text, reason);
	if (owner.has_user) {
		request.change.flags |= SINGLET_SET_UID;
		request.change.uid = owner.user;
	}
	if (owner.has_group) {
		request.change.flags |= SINGLET_SET_GID;
		request.change.gid = owner.group;
	}
	return change_all(&request, argv + optind, argc - optind);
}

/* The key of a quota's option is KEY_LIMIT and the quota's number. */
#define KEY_LIMIT 256

static const struct option_spec limit_options[] = {
	{ 'D', "domain", "NAME", "the same as the argument NAME" },
	{ KEY_LIMIT + SINGLET_QUOTA_OBJECTS, "objects", "N", "objects" },
	{ KEY_LIMIT + SINGLET_QUOTA_BYTES, "bytes", "SIZE", "bytes in their slots" },
	{ KEY_LIMIT + SINGLET_QUOTA_REFERENCES, "references", "N", "pairs of a holder and an object, pins included" },
	{ KEY_LIMIT + SINGLET_QUOTA_TYPES, "types", "N", "types made by users" },
	{ KEY_LIMIT + SINGLET_QUOTA_IDLE, "idle", "SIZE", "bytes of idle objects" },
	{ 'J', "json", NULL, "print JSON: the domain as it is then" },
	{ 0 },
};

static void parse_limit(struct singlet_domain_set *change, int quota,
			const char *text)
{
	uint64_t limit;

	if (!limit_parse(&quotas[quota], text, &limit))
		options_fail(&cmd_domain_limit, "'%s' is not a limit of %s: say %s, or none",
			     text, quotas[quota].name,
			     quotas[quota].bytes ? "a size from 1, like 512K or 10M" :
			     "a number from 1");
	change->limit[quota] = limit;
	change->flags |= SINGLET_SET_LIMIT(quota);
}

static int run_limit(int argc, char **argv)
{
	struct request request = { .cmd = &cmd_domain_limit, .action = "limit" };
	const char *name = NULL;
	struct singlet *s;
	int key, status;

	while ((key = options_next(&cmd_domain_limit, argc, argv)) != -1) {
		if (key == 'J')
			request.json = true;
		else if (key == 'D')
			name = optarg;
		else
			parse_limit(&request.change, key - KEY_LIMIT, optarg);
	}
	if (argc - optind > (name ? 0 : 1))
		options_fail(&cmd_domain_limit, "limits one domain");
	if (optind < argc)
		name = argv[optind];
	if (!request.change.flags)
		options_fail(&cmd_domain_limit, "needs a limit, like --objects 1000 or --bytes none");

	s = device_open(&cmd_domain_limit);
	status = change_one(s, &request, name);
	singlet_close(s);
	return status;
}

const struct command cmd_domain_chmod = {
	.name = "domain chmod",
	.args = "[OPTION...] MODE NAME...",
	.summary = "change who may use domains",
	.options = json_options,
	.run = run_chmod,
};

const struct command cmd_domain_chown = {
	.name = "domain chown",
	.args = "[OPTION...] USER[:GROUP]|:GROUP NAME...",
	.summary = "change owner or group of domains",
	.options = json_options,
	.run = run_chown,
};

const struct command cmd_domain_limit = {
	.name = "domain limit",
	.args = "[OPTION...] [NAME]",
	.summary = "set limits of a domain (default: your own); 'none' removes one",
	.options = limit_options,
	.run = run_limit,
};
