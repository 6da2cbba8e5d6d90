// SPDX-License-Identifier: GPL-2.0
/* cmd_domain - commands on domains; see cmd.h */
#include "cmd.h"

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>

#include "dev.h"

#define ACCESS_ALL	(SINGLET_ACCESS_READ | SINGLET_ACCESS_WRITE)

#define SET_LIMITS	((SINGLET_SET_LIMIT(SINGLET_QUOTAS) - 1) &	\
			 ~(SINGLET_SET_LIMIT(0) - 1))
#define SET_ALL		(SINGLET_SET_MODE | SINGLET_SET_UID |		\
			 SINGLET_SET_GID | SET_LIMITS)

/* The name at @from; or, if that is 0, none: the session's own domain. */
static int name_or_own(struct call *call, u64 from, u32 len,
		       struct singlet_name *name)
{
	*name = (struct singlet_name){};
	if (!from)
		return len ? -EINVAL : 0;
	return singlet_cmd_name(call, from, len, name);
}

/*
 * A file for a new session, which it takes over, errors included; then, if
 * @made, its domain is not to stay either.  The file is of the caller, not of
 * whoever uses the caller's descriptor.  It gets its descriptor when the result
 * has arrived.
 */
static int session_file(struct call *call, struct singlet_session *s, bool made,
			int *fd)
{
	const struct cred *old;
	int err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = get_unused_fd_flags(O_CLOEXEC);
	if (err < 0)
		goto err_session;
	call->fd = err;
	old = override_creds(call->caller.cred);
	call->file = anon_inode_getfile("[singlet]", &singlet_dev_fops, s,
					O_RDWR);
	revert_creds(old);
	if (IS_ERR(call->file)) {
		err = PTR_ERR(call->file);
		goto err_fd;
	}
	singlet_dev_attach(call->file, s);
	*fd = call->fd;
	return 0;

err_fd:
	call->file = NULL;
	put_unused_fd(call->fd);
err_session:
	if (made)
		singlet_domain_abandon(s->domain);
	singlet_session_close(s);
	return err;
}

int singlet_cmd_domain_create(struct call *call, union argument *arg)
{
	struct singlet_domain_create *a = &arg->domain_create;
	struct singlet_session *s;
	struct singlet_name name;
	int err;

	if (a->flags & ~SINGLET_DOMAIN_EPHEMERAL || a->reserved)
		return -EINVAL;
	err = singlet_cmd_name(call, a->name, a->name_len, &name);
	if (err)
		return err;
	s = singlet_session_create(&call->caller, name, a->mode, a->flags);
	return session_file(call, s, true, &a->fd);
}

/* The result did not arrive; the new session's file is still there. */
void singlet_cmd_domain_undo(struct call *call, const union argument *arg)
{
	struct singlet_session *s = call->file->private_data;

	singlet_domain_abandon(s->domain);
}

int singlet_cmd_domain_join(struct call *call, union argument *arg)
{
	struct singlet_domain_join *a = &arg->domain_join;
	struct singlet_name name;
	int err;

	if (a->flags || a->reserved || !a->access || a->access & ~ACCESS_ALL)
		return -EINVAL;
	err = singlet_cmd_name(call, a->name, a->name_len, &name);
	if (err)
		return err;
	return session_file(call, singlet_session_join(&call->caller, name,
						       a->access), false, &a->fd);
}

int singlet_cmd_domain_delete(struct call *call, union argument *arg)
{
	struct singlet_domain_delete *a = &arg->domain_delete;
	bool deferred = a->flags & SINGLET_DELETE_DEFERRED;
	struct singlet_name name;
	int err;

	if (a->flags & ~SINGLET_DELETE_DEFERRED || a->reserved)
		return -EINVAL;
	if (a->serial)
		return a->name || a->name_len ? -EINVAL :
		       singlet_domain_delete_serial(&call->caller, a->serial,
						    deferred);
	err = singlet_cmd_name(call, a->name, a->name_len, &name);
	if (err)
		return err;
	return singlet_named_delete(&call->caller, name, deferred);
}

int singlet_cmd_domain_set(struct call *call, union argument *arg)
{
	struct singlet_domain_set *a = &arg->domain_set;
	struct singlet_name name;
	int err;

	if (!a->flags || a->flags & ~SET_ALL)
		return -EINVAL;
	err = name_or_own(call, a->name, a->name_len, &name);
	if (err)
		return err;
	return singlet_domain_change(&call->caller, call->session->domain,
				     name, a);
}

int singlet_cmd_domain_query(struct call *call, union argument *arg)
{
	struct singlet_domain_query *a = &arg->domain_query;
	struct singlet_name name;
	int err;

	if (a->flags || a->reserved)
		return -EINVAL;
	err = name_or_own(call, a->name, a->name_len, &name);
	if (err)
		return err;
	return singlet_domain_describe(&call->caller, call->session->domain,
				       name, &a->info);
}

int singlet_cmd_domain_list(struct call *call, union argument *arg)
{
	struct singlet_domain_list *a = &arg->domain_list;
	struct singlet_domain_info info;
	u32 n = 0;
	int err;

	if (a->flags)
		return -EINVAL;
	err = singlet_cmd_room(a->count, a->entry_size, sizeof(info));
	if (err)
		return err;
	for (; n < a->count; n++) {
		if (!singlet_named_next(&call->caller, &a->cursor, &info)) {
			a->cursor = 0;
			break;
		}
		err = singlet_cmd_entry(a->infos, n, a->entry_size, &info,
					sizeof(info));
		if (err)
			return err;
	}
	a->count = n;
	return 0;
}
