// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * info, stat and gc: structures of numbers by the names of their members; stat
 * has what the domain uses of its quotas and their limits besides.
 */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "quota.h"

/* A member of a structure. */
struct member {
	const char *name;
	size_t offset;
	size_t size;		/* 4 or 8 */
	bool negative;		/* two's complement */
};

#define MEMBER_SIGNED(structure, member, sign) \
	{ #member, offsetof(struct structure, member), \
	  sizeof(((struct structure *)NULL)->member), sign }
#define MEMBER(structure, member) MEMBER_SIGNED(structure, member, false)

static const struct member info_members[] = {
	MEMBER(singlet_info, features),
	MEMBER(singlet_info, max_value),
	MEMBER(singlet_info, max_batch),
	MEMBER(singlet_info, max_name),
	MEMBER(singlet_info, max_types),
	MEMBER(singlet_info, session),
	MEMBER(singlet_info, max_parts),
	MEMBER(singlet_info, access),
	{ 0 },
};

static const struct member stat_members[] = {
	MEMBER(singlet_stats, sessions),
	MEMBER(singlet_stats, types),
	MEMBER(singlet_stats, objects),
	MEMBER(singlet_stats, live),
	MEMBER(singlet_stats, idle),
	MEMBER(singlet_stats, immortal),
	MEMBER(singlet_stats, references),
	MEMBER(singlet_stats, hits),
	MEMBER(singlet_stats, misses),
	MEMBER(singlet_stats, creates),
	MEMBER(singlet_stats, reuses),
	MEMBER(singlet_stats, revivals),
	MEMBER(singlet_stats, frees),
	MEMBER(singlet_stats, evictions),
	MEMBER(singlet_stats, released),
	MEMBER(singlet_stats, failures),
	MEMBER(singlet_stats, collections),
	MEMBER(singlet_stats, slabs),
	MEMBER(singlet_stats, slots),
	MEMBER(singlet_stats, slots_free),
	MEMBER(singlet_stats, slots_cached),
	MEMBER(singlet_stats, buckets),
	MEMBER(singlet_stats, bytes_unique),
	MEMBER(singlet_stats, bytes_logical),
	MEMBER(singlet_stats, bytes_stored),
	MEMBER(singlet_stats, bytes_metadata),
	MEMBER_SIGNED(singlet_stats, bytes_saved, true),
	MEMBER(singlet_stats, world),
	MEMBER(singlet_stats, bytes_idle),
	MEMBER(singlet_stats, pins),
	MEMBER(singlet_stats, refusals),
	{ 0 },
};

/* All but size and flags are of 64 bits and in the table. */
_Static_assert(sizeof(struct singlet_stats) ==
	       ARRAY_SIZE(stat_members) * sizeof(uint64_t),
	       "a member of struct singlet_stats is missing");

static const struct member gc_members[] = {
	MEMBER(singlet_collect, objects),
	MEMBER(singlet_collect, bytes),
	MEMBER(singlet_collect, slabs),
	MEMBER(singlet_collect, pages),
	{ 0 },
};

static uint64_t load(const void *structure, const struct member *member)
{
	const char *from = (const char *)structure + member->offset;
	uint64_t wide;
	uint32_t narrow;

	if (member->size == sizeof(wide)) {
		memcpy(&wide, from, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, from, sizeof(narrow));
	return narrow;
}

/*
 * One "name value" a line, as /proc/singlet/stats has it, or members of an open
 * JSON object.
 */
static void print_members(const void *structure, const struct member *member,
			  bool json)
{
	for (; member->name; member++) {
		uint64_t value = load(structure, member);

		if (json && member->negative)
			json_s64(member->name, value);
		else if (json)
			json_u64(member->name, value);
		else if (member->negative)
			printf("%s %" PRId64 "\n", member->name,
			       (int64_t)value);
		else
			printf("%s %" PRIu64 "\n", member->name, value);
	}
}

static void print_all(const void *structure, const struct member *member,
		      bool json)
{
	if (json)
		json_object_begin(NULL);
	print_members(structure, member, json);
	if (json)
		json_object_end();
}

static void print_quota(const struct quota *quota, const char *what,
			uint64_t value, bool none, bool json)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_%s", what, quota->name);
	if (none && json)
		json_null(name);
	else if (none)
		printf("%s none\n", name);
	else if (json)
		json_u64(name, value);
	else
		printf("%s %" PRIu64 "\n", name, value);
}

static void print_quotas(const struct singlet_domain_info *info, bool json)
{
	size_t i;

	for (i = 0; i < SINGLET_QUOTAS; i++) {
		if (!quotas[i].of_domain)
			continue;
		print_quota(&quotas[i], "use", info->use[i], false, json);
		print_quota(&quotas[i], "limit", info->limit[i],
			    !info->limit[i], json);
	}
}

static const struct option_spec json_options[] = {
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static bool wants_json(const struct command *cmd, int argc, char **argv)
{
	bool json = false;

	while (options_next(cmd, argc, argv) != -1)
		json = true;
	if (optind < argc)
		options_fail(cmd, "takes no arguments");
	return json;
}

static int run_info(int argc, char **argv)
{
	bool json = wants_json(&cmd_info, argc, argv);
	struct singlet *s = device_open(&cmd_info);
	struct singlet_info info;
	int err = singlet_kernel_info(s, &info);

	if (err)
		fail("info: %s", error_words(err));
	print_all(&info, info_members, json);
	singlet_close(s);
	return 0;
}

static int run_stat(int argc, char **argv)
{
	bool json = wants_json(&cmd_stat, argc, argv);
	struct singlet *s = device_open(&cmd_stat);
	struct singlet_domain_info info;
	struct singlet_stats stats;
	int err = singlet_domain_stats(s, &stats);

	if (!err)
		err = singlet_domain_query(s, NULL, &info);
	if (err)
		fail("stat: %s", error_words(err));
	if (json)
		json_object_begin(NULL);
	print_members(&stats, stat_members, json);
	print_quotas(&info, json);
	if (json)
		json_object_end();
	singlet_close(s);
	return 0;
}

static int run_gc(int argc, char **argv)
{
	bool json = wants_json(&cmd_gc, argc, argv);
	struct singlet *s = device_open(&cmd_gc);
	struct singlet_collect result;
	int err = singlet_domain_collect(s, &result);

	if (err)
		fail("gc: %s", error_words(err));
	print_all(&result, gc_members, json);
	singlet_close(s);
	return 0;
}

const struct command cmd_info = {
	.name = "info",
	.args = "[OPTION...]",
	.summary = "print the limits of the running kernel's singlet",
	.options = json_options,
	.access = ACCESS_GRANTED,
	.run = run_info,
};

const struct command cmd_stat = {
	.name = "stat",
	.args = "[OPTION...]",
	.summary = "print the numbers and quotas of your domain",
	.options = json_options,
	.access = ACCESS_GRANTED,
	.run = run_stat,
};

const struct command cmd_gc = {
	.name = "gc",
	.args = "[OPTION...]",
	.summary = "free idle objects and empty slabs, print what came back",
	.options = json_options,
	.access = SINGLET_ACCESS_WRITE,
	.run = run_gc,
};
