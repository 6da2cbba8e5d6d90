// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Domains: the session's own as a whole, and those that have a name. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

int singlet_domain_stats(struct singlet *s, struct singlet_stats *stats)
{
	struct singlet_stats arg = { .size = sizeof(arg) };
	int err = singlet_session_call(s, SINGLET_STATS, &arg);

	if (!err)
		*stats = arg;
	return err;
}

int singlet_domain_collect(struct singlet *s, struct singlet_collect *result)
{
	struct singlet_collect arg = { .size = sizeof(arg) };
	int err = singlet_session_call(s, SINGLET_COLLECT, &arg);

	if (!err && result)
		*result = arg;
	return err;
}

ssize_t singlet_domain_leaks(struct singlet *s, uint32_t session,
			     struct singlet_leak *leaks, size_t count,
			     uint64_t *cursor)
{
	struct singlet_leaks arg = {
		.size = sizeof(arg),
		.entry_size = sizeof(struct singlet_leak),
		.entries = (uintptr_t)leaks,
		.cursor = *cursor,
		.count = count < SINGLET_MAX_BATCH ? count : SINGLET_MAX_BATCH,
		.session = session,
	};
	int err = singlet_session_call(s, SINGLET_LEAKS, &arg);

	if (err)
		return err;
	*cursor = arg.cursor;
	return arg.count;
}

/*
 * The handle is there before the kernel makes the descriptor, so that nothing
 * can fail once the domain exists.
 */
int singlet_domain_create(struct singlet *s, const char *name, uint32_t mode,
			  uint32_t flags, struct singlet **domain)
{
	struct singlet_domain_create arg = {
		.size = sizeof(arg),
		.flags = flags,
		.name = (uintptr_t)name,
		.name_len = name_length(name),
		.mode = mode,
	};
	struct singlet *new = singlet_session_new(-1);
	int err;

	if (!new)
		return -ENOMEM;
	err = singlet_session_call(s, SINGLET_DOMAIN_CREATE, &arg);
	if (err) {
		free(new);
		return err;
	}
	new->fd = arg.fd;
	*domain = new;
	return 0;
}

int singlet_domain_join(struct singlet *s, const char *name, uint32_t access,
			struct singlet **domain)
{
	struct singlet_domain_join arg = {
		.size = sizeof(arg),
		.name = (uintptr_t)name,
		.name_len = name_length(name),
		.access = access,
	};
	struct singlet *new = singlet_session_new(-1);
	int err;

	if (!new)
		return -ENOMEM;
	err = singlet_session_call(s, SINGLET_DOMAIN_JOIN, &arg);
	if (err) {
		free(new);
		return err;
	}
	new->fd = arg.fd;
	*domain = new;
	return 0;
}

int singlet_domain_delete(struct singlet *s, const char *name, uint32_t flags)
{
	struct singlet_domain_delete arg = {
		.size = sizeof(arg),
		.flags = flags,
		.name = (uintptr_t)name,
		.name_len = name_length(name),
	};

	return singlet_session_call(s, SINGLET_DOMAIN_DELETE, &arg);
}

int singlet_domain_set(struct singlet *s, const char *name,
		       const struct singlet_domain_set *change)
{
	struct singlet_domain_set arg = *change;

	arg.size = sizeof(arg);
	arg.name = (uintptr_t)name;
	arg.name_len = name ? name_length(name) : 0;
	return singlet_session_call(s, SINGLET_DOMAIN_SET, &arg);
}

int singlet_domain_query(struct singlet *s, const char *name,
			 struct singlet_domain_info *info)
{
	struct singlet_domain_query arg = {
		.size = sizeof(arg),
		.name = (uintptr_t)name,
		.name_len = name ? name_length(name) : 0,
	};
	int err = singlet_session_call(s, SINGLET_DOMAIN_QUERY, &arg);

	if (!err)
		*info = arg.info;
	return err;
}

ssize_t singlet_domain_list(struct singlet *s,
			    struct singlet_domain_info *infos, size_t count,
			    uint64_t *cursor)
{
	struct singlet_domain_list arg = {
		.size = sizeof(arg),
		.entry_size = sizeof(struct singlet_domain_info),
		.infos = (uintptr_t)infos,
		.cursor = *cursor,
		.count = count < SINGLET_MAX_BATCH ? count : SINGLET_MAX_BATCH,
	};
	int err = singlet_session_call(s, SINGLET_DOMAIN_LIST, &arg);

	if (err)
		return err;
	*cursor = arg.cursor;
	return arg.count;
}
