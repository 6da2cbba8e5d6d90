// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* domain create, domain join, domain delete: coming, using, going. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "domain.h"
#include "json.h"
#include "mode.h"

#define MODE_DEFAULT 0700

static const struct option_spec create_options[] = {
	{ 'm', "mode", "MODE", "who may use it, as chmod(1) takes it (default: 0700)" },
	{ 'e', "ephemeral", NULL, "it ends with its last session; needs COMMAND" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

struct new_domain {
	const char *name;
	uint32_t mode, flags;
	bool json;
	char **command;		/* NULL: none */
};

static uint32_t parse_mode(const char *text)
{
	uint32_t mode;

	if (!mode_parse(text, 0, &mode))
		options_fail(&cmd_domain_create, "'%s' is not a mode: say 0750 or u=rwx,g=rx",
			     text);
	return mode;
}

static void parse_create(struct new_domain *new, int argc, char **argv)
{
	int key;

	while ((key = options_next(&cmd_domain_create, argc, argv)) != -1) {
		switch (key) {
		case 'm':
			new->mode = parse_mode(optarg);
			break;
		case 'e':
			new->flags = SINGLET_DOMAIN_EPHEMERAL;
			break;
		case 'J':
			new->json = true;
			break;
		}
	}
	if (optind == argc)
		options_fail(&cmd_domain_create, "needs a name");
	new->name = argv[optind++];
	if (optind < argc)
		new->command = argv + optind;
	if (new->flags && !new->command)
		options_fail(&cmd_domain_create, "an ephemeral domain would end at once: give a COMMAND that uses it");
	if (new->json && new->command)
		options_fail(&cmd_domain_create, "--json is for a creation without COMMAND");
}

/* One line that says more than the errno does. */
static int report_create(struct singlet *s, const char *name, int err)
{
	switch (-err) {
	case EINVAL:
		report("cannot create domain '%s': a name has 1 to 63 bytes, visible characters but no slashes",
		       name);
		return STATUS_FAILURE;
	case EDQUOT:
		report("cannot create domain '%s': you own as many as you may (see 'singlet domain show')",
		       name);
		return STATUS_FAILURE;
	default:
		return domain_report(s, "create", name, err);
	}
}

static int run_create(int argc, char **argv)
{
	struct new_domain new = { .mode = MODE_DEFAULT };
	struct singlet_domain_info info;
	struct singlet *s, *domain;
	int err;

	parse_create(&new, argc, argv);
	s = device_open(&cmd_domain_create);
	err = singlet_domain_create(s, new.name, new.mode, new.flags, &domain);
	if (err)
		return report_create(s, new.name, err);
	if (new.command)
		domain_run(domain, new.command);
	if (new.json) {
		domain_query(domain, NULL, &info);
		domain_json(&info);
	}
	singlet_close(domain);
	singlet_close(s);
	return 0;
}

static const struct option_spec join_options[] = {
	{ 'a', "access", "ACCESS", "r, w or rw (default: all that the mode grants)" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static uint32_t parse_access(const char *text)
{
	if (!strcmp(text, "r"))
		return SINGLET_ACCESS_READ;
	if (!strcmp(text, "w"))
		return SINGLET_ACCESS_WRITE;
	if (!strcmp(text, "rw") || !strcmp(text, "wr"))
		return ACCESS_BOTH;
	options_fail(&cmd_domain_join, "unknown access '%s': say r, w or rw",
		     text);
}

static void print_access(struct singlet *domain, const char *name, bool json)
{
	struct singlet_info info;
	int err = singlet_kernel_info(domain, &info);

	if (err)
		fail("info: %s", error_words(err));
	if (!json) {
		puts(access_name(info.access));
		return;
	}
	json_object_begin(NULL);
	json_string("name", name);
	json_string("access", access_name(info.access));
	json_object_end();
}

static int run_join(int argc, char **argv)
{
	uint32_t access = ACCESS_GRANTED;
	struct singlet *s, *domain;
	bool json = false;
	const char *name;
	int key;

	while ((key = options_next(&cmd_domain_join, argc, argv)) != -1) {
		if (key == 'J')
			json = true;
		else
			access = parse_access(optarg);
	}
	if (optind == argc)
		options_fail(&cmd_domain_join, "needs a name");
	name = argv[optind++];
	if (json && optind < argc)
		options_fail(&cmd_domain_join, "--json is for a join without COMMAND");

	s = device_open(&cmd_domain_join);
	domain = domain_join(s, name, access);
	if (optind < argc)
		domain_run(domain, argv + optind);
	print_access(domain, name, json);
	singlet_close(domain);
	singlet_close(s);
	return 0;
}

enum { KEY_DEFERRED = 256 };

static const struct option_spec delete_options[] = {
	{ KEY_DEFERRED, "deferred", NULL, "if it has sessions, let it end with the last of them" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static int delete_one(struct singlet *s, const char *name, uint32_t flags,
		      bool json)
{
	int err = singlet_domain_delete(s, name, flags);

	if (err)
		return domain_report(s, "delete", name, domain_name_error(err));
	if (json) {
		json_object_begin(NULL);
		json_string("name", name);
		json_object_end();
	}
	return 0;
}

static int run_delete(int argc, char **argv)
{
	uint32_t flags = 0;
	bool json = false;
	struct singlet *s;
	int key, i, status = 0;

	while ((key = options_next(&cmd_domain_delete, argc, argv)) != -1) {
		if (key == 'J')
			json = true;
		else
			flags = SINGLET_DELETE_DEFERRED;
	}
	if (optind == argc)
		options_fail(&cmd_domain_delete, "needs a name");

	s = device_open(&cmd_domain_delete);
	if (json) {
		json_object_begin(NULL);
		json_array_begin("domains");
	}
	for (i = optind; i < argc; i++)
		status |= delete_one(s, argv[i], flags, json);
	if (json) {
		json_array_end();
		json_object_end();
	}
	singlet_close(s);
	return status;
}

const struct command cmd_domain_create = {
	.name = "domain create",
	.args = "[OPTION...] NAME [-- COMMAND [ARGUMENT...]]",
	.summary = "create a named domain, run a command in a session of it",
	.options = create_options,
	.run = run_create,
};

const struct command cmd_domain_join = {
	.name = "domain join",
	.args = "[OPTION...] NAME [-- COMMAND [ARGUMENT...]]",
	.summary = "run a command in a session of a domain, or print what one may do",
	.options = join_options,
	.run = run_join,
};

const struct command cmd_domain_delete = {
	.name = "domain delete",
	.args = "[OPTION...] NAME...",
	.summary = "delete named domains with all that is in them",
	.options = delete_options,
	.run = run_delete,
};
