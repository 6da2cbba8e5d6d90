// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* domain list and domain show: who may do what, and quotas. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "domain.h"
#include "json.h"
#include "mode.h"
#include "owner.h"
#include "quota.h"
#include "view.h"

enum {
	COL_NAME, COL_MODE, COL_OWNER, COL_GROUP, COL_ACCESS, COL_SESSIONS,
	COL_OBJECTS, COL_MAXOBJECTS, COL_BYTES, COL_MAXBYTES,
	COL_REFERENCES, COL_MAXREFERENCES, COL_TYPES, COL_MAXTYPES,
	COL_IDLE, COL_MAXIDLE, COL_FLAGS, COL_UID, COL_GID,
};

static const struct column domain_columns[] = {
	[COL_NAME] = { "NAME", COLUMN_TEXT, 0, false, "name of the domain" },
	[COL_MODE] = { "MODE", COLUMN_TEXT, 0, false, "who may: r read, w make objects, x know of it" },
	[COL_OWNER] = { "OWNER", COLUMN_TEXT, 0, false, "name of its owner" },
	[COL_GROUP] = { "GROUP", COLUMN_TEXT, 0, false, "name of its group" },
	[COL_ACCESS] = { "ACCESS", COLUMN_TEXT, 0, false, "what you may: r, w, rw, - for nothing" },
	[COL_SESSIONS] = { "SESSIONS", COLUMN_NUMBER, 0, false, "open sessions" },
	[COL_OBJECTS] = { "OBJECTS", COLUMN_NUMBER, 0, false, "objects in it" },
	[COL_MAXOBJECTS] = { "MAXOBJECTS", COLUMN_NUMBER, 0, false, "limit of objects, - for none" },
	[COL_BYTES] = { "BYTES", COLUMN_BYTES, 0, false, "bytes in their slots" },
	[COL_MAXBYTES] = { "MAXBYTES", COLUMN_BYTES, 0, false, "limit of bytes" },
	[COL_REFERENCES] = { "REFERENCES", COLUMN_NUMBER, 0, true, "pairs of a holder and an object" },
	[COL_MAXREFERENCES] = { "MAXREFERENCES", COLUMN_NUMBER, 0, true, "limit of references" },
	[COL_TYPES] = { "TYPES", COLUMN_NUMBER, 0, true, "types made by users" },
	[COL_MAXTYPES] = { "MAXTYPES", COLUMN_NUMBER, 0, true, "limit of types" },
	[COL_IDLE] = { "IDLE", COLUMN_BYTES, 0, true, "bytes in slots of idle objects" },
	[COL_MAXIDLE] = { "MAXIDLE", COLUMN_BYTES, 0, true, "ceiling of idle bytes" },
	[COL_FLAGS] = { "FLAGS", COLUMN_TEXT, 0, true, "ephemeral, or -" },
	[COL_UID] = { "UID", COLUMN_NUMBER, 0, true, "number of the owner" },
	[COL_GID] = { "GID", COLUMN_NUMBER, 0, true, "number of the group" },
	{ 0 },
};

static const struct option_spec list_options[] = {
	VIEW_OPTIONS,
	{ 0 },
};

/* Columns of a quota: what is used, and the limit. */
static void show_quota(struct view *view,
		       const struct singlet_domain_info *info, int quota,
		       int use, int limit)
{
	view_number(view, use, info->use[quota]);
	if (info->limit[quota])
		view_number(view, limit, info->limit[quota]);
	else
		view_nothing(view, limit);
}

static void view_word(struct view *view, int column, const char *word)
{
	if (strcmp(word, "-"))
		view_text(view, column, word);
	else
		view_nothing(view, column);
}

static void show_row(struct view *view, const struct singlet_domain_info *info)
{
	char mode[MODE_TEXT];

	mode_format(info->mode, mode);
	view_row_begin(view);
	view_text(view, COL_NAME, (const char *)info->name);
	view_text(view, COL_MODE, mode);
	view_text(view, COL_OWNER, user_name(info->uid));
	view_text(view, COL_GROUP, group_name(info->gid));
	view_word(view, COL_ACCESS, access_name(info->access));
	view_number(view, COL_SESSIONS, info->sessions);
	show_quota(view, info, SINGLET_QUOTA_OBJECTS, COL_OBJECTS,
		   COL_MAXOBJECTS);
	show_quota(view, info, SINGLET_QUOTA_BYTES, COL_BYTES, COL_MAXBYTES);
	show_quota(view, info, SINGLET_QUOTA_REFERENCES, COL_REFERENCES,
		   COL_MAXREFERENCES);
	show_quota(view, info, SINGLET_QUOTA_TYPES, COL_TYPES, COL_MAXTYPES);
	show_quota(view, info, SINGLET_QUOTA_IDLE, COL_IDLE, COL_MAXIDLE);
	view_word(view, COL_FLAGS, domain_flags(info));
	view_number(view, COL_UID, info->uid);
	view_number(view, COL_GID, info->gid);
	view_row_end(view);
}

static int run_list(int argc, char **argv)
{
	struct singlet_domain_info infos[64];
	struct view view;
	struct singlet *s;
	uint64_t cursor = 0;
	int key;

	view_init(&view, &cmd_domain_list, domain_columns);
	while ((key = options_next(&cmd_domain_list, argc, argv)) != -1)
		view_option(&view, key, optarg);
	if (optind < argc)
		options_fail(&cmd_domain_list, "takes no arguments");

	s = device_open(&cmd_domain_list);
	view_begin(&view, "domains");
	do {
		ssize_t i, n = singlet_domain_list(s, infos, ARRAY_SIZE(infos),
						   &cursor);

		if (n < 0)
			fail("domain list: %s", error_words(n));
		for (i = 0; i < n; i++)
			show_row(&view, &infos[i]);
	} while (cursor);
	view_end(&view);
	singlet_close(s);
	return 0;
}

static const struct option_spec show_options[] = {
	{ 'D', "domain", "NAME", "the same as the argument NAME" },
	{ 'b', "bytes", NULL, "print exact sizes" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

/* As "domain show" prints quotas; no option of views but -b is for them. */
enum { QUOTA_NAME, QUOTA_USE, QUOTA_LIMIT, QUOTA_OWNERUSE, QUOTA_OWNERLIMIT };

static const struct column quota_columns[] = {
	[QUOTA_NAME] = { "QUOTA", COLUMN_TEXT, 0, false, "what there is a limit of" },
	[QUOTA_USE] = { "USE", COLUMN_NUMBER, 0, false, "what the domain uses" },
	[QUOTA_LIMIT] = { "LIMIT", COLUMN_NUMBER, 0, false, "what it may use, or none" },
	[QUOTA_OWNERUSE] = { "OWNERUSE", COLUMN_NUMBER, 0, false, "what all domains and sessions of its owner use" },
	[QUOTA_OWNERLIMIT] = { "OWNERLIMIT", COLUMN_NUMBER, 0, false, "what they may use, or none" },
	{ 0 },
};

static void show_quotas(const struct singlet_domain_info *info, bool exact)
{
	bool shown = domain_shows_owner(info);
	char use[QUOTA_TEXT], limit[QUOTA_TEXT];
	struct view view;
	size_t i;

	view_init(&view, &cmd_domain_show, quota_columns);
	view_begin(&view, NULL);
	for (i = 0; i < SINGLET_QUOTAS; i++) {
		const struct quota *quota = &quotas[i];
		bool owner = shown && quota->of_user;

		if (!owner && !quota->of_domain)
			continue;
		use_format(quota, info->use[i], exact, use);
		limit_format(quota, info->limit[i], exact, limit);
		view_row_begin(&view);
		view_text(&view, QUOTA_NAME, quota->name);
		view_text(&view, QUOTA_USE, quota->of_domain ? use : "-");
		view_text(&view, QUOTA_LIMIT, quota->of_domain ? limit : "-");
		use_format(quota, info->owner_use[i], exact, use);
		limit_format(quota, info->owner_limit[i], exact, limit);
		view_text(&view, QUOTA_OWNERUSE, owner ? use : "-");
		view_text(&view, QUOTA_OWNERLIMIT, owner ? limit : "-");
		view_row_end(&view);
	}
	view_end(&view);
}

static void show_text(const struct singlet_domain_info *info, bool exact)
{
	char mode[MODE_TEXT];

	mode_format(info->mode, mode);
	printf("name %s\n", *info->name ? (const char *)info->name : "-");
	printf("mode %s\n", mode);
	printf("owner %s\n", user_name(info->uid));
	printf("uid %" PRIu32 "\n", info->uid);
	printf("group %s\n", group_name(info->gid));
	printf("gid %" PRIu32 "\n", info->gid);
	printf("access %s\n", access_name(info->access));
	printf("flags %s\n", domain_flags(info));
	printf("sessions %" PRIu64 "\n\n", (uint64_t)info->sessions);
	show_quotas(info, exact);
}

static int run_show(int argc, char **argv)
{
	struct singlet_domain_info info;
	bool exact = false, json = false;
	const char *name = NULL;
	struct singlet *s;
	int key;

	while ((key = options_next(&cmd_domain_show, argc, argv)) != -1) {
		switch (key) {
		case 'D':
			name = optarg;
			break;
		case 'b':
			exact = true;
			break;
		case 'J':
			json = true;
			break;
		}
	}
	if (argc - optind > (name ? 0 : 1))
		options_fail(&cmd_domain_show, "shows one domain");
	if (optind < argc)
		name = argv[optind];

	s = device_open(&cmd_domain_show);
	domain_query(s, name, &info);
	if (json)
		domain_json(&info);
	else
		show_text(&info, exact);
	singlet_close(s);
	return 0;
}

const struct command cmd_domain_list = {
	.name = "domain list",
	.args = "[OPTION...]",
	.summary = "list the named domains that you may know of",
	.options = list_options,
	.columns = domain_columns,
	.run = run_list,
};

const struct command cmd_domain_show = {
	.name = "domain show",
	.args = "[OPTION...] [NAME]",
	.summary = "print what is known of a domain (default: your own), with its quotas",
	.options = show_options,
	.run = run_show,
};
