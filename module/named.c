// SPDX-License-Identifier: GPL-2.0
/* named - domains with a name; see named.h */
#include "named.h"

#include <linux/err.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "store.h"
#include "type.h"

#define MODE_R	4
#define MODE_W	2
#define MODE_X	1

static bool in_group(const struct cred *cred, kgid_t gid)
{
	const struct group_info *groups = cred->group_info;
	int i;

	if (gid_eq(cred->egid, gid))
		return true;
	for (i = 0; i < groups->ngroups; i++)
		if (gid_eq(groups->gid[i], gid))
			return true;
	return false;
}

/* The bits of @domain's mode that are for the caller; domains_mutex. */
static u32 mode_for(const struct singlet_caller *caller,
		    const struct singlet_domain *domain)
{
	if (caller->admin)
		return MODE_R | MODE_W | MODE_X;
	if (singlet_domain_owned(domain, caller->cred))
		return (domain->mode >> 6 & 7) | MODE_X;
	if (in_group(caller->cred, domain->gid))
		return domain->mode >> 3 & 7;
	return domain->mode & 7;
}

static u32 access_for(const struct singlet_caller *caller,
		      const struct singlet_domain *domain)
{
	u32 mode = mode_for(caller, domain);

	/* A module need not expect what others would put there. */
	if (singlet_domain_kernel(domain))
		mode &= ~MODE_W;
	return (mode & MODE_R ? SINGLET_ACCESS_READ : 0) |
	       (mode & MODE_W ? SINGLET_ACCESS_WRITE : 0);
}

/* A domain of that name in a user namespace, seen or not; domains_mutex. */
static struct singlet_domain *find(const struct user_namespace *ns,
				   struct singlet_name name)
{
	struct singlet_domain *domain;

	lockdep_assert_held(&singlet_domains_mutex);
	list_for_each_entry(domain, &singlet_domains, node)
		if (domain->ns == ns && !domain->deleted &&
		    strlen(domain->name) == name.len &&
		    !memcmp(domain->name, name.text, name.len))
			return domain;
	return NULL;
}

/* One that the caller may know of; domains_mutex. */
static struct singlet_domain *find_visible(const struct singlet_caller *caller,
					   struct singlet_name name)
{
	struct singlet_domain *domain;

	if (!name.len)
		return NULL;
	domain = find(caller->cred->user_ns, name);
	return domain && mode_for(caller, domain) & MODE_X ? domain : NULL;
}

/* The domain that is meant: the one given, or the one named; domains_mutex. */
static struct singlet_domain *meant(const struct singlet_caller *caller,
				    struct singlet_domain *domain,
				    struct singlet_name name)
{
	return name.text ? find_visible(caller, name) : domain;
}

/* No name may look like another thing's in /proc: "user:0", "world". */
static int check_name(struct singlet_name name)
{
	if (memchr(name.text, ':', name.len) ||
	    (name.len == 5 && !memcmp(name.text, "world", 5)))
		return -EINVAL;
	return singlet_name_check(name.text, name.len);
}

/* Put @domain, new, on the list under @name; domains_mutex. */
static int insert(struct singlet_domain *domain, struct singlet_name name)
{
	int err = 0;

	if (find(domain->ns, name))
		return -EEXIST;
	if (!singlet_domain_kernel(domain))
		err = singlet_user_charge(domain->user, SINGLET_QUOTA_DOMAINS,
					  1);
	if (err)
		return err;
	memcpy(domain->name, name.text, name.len);
	singlet_domain_insert(domain);
	return 0;
}

/* The rest of making a domain.  Return: @domain; or an ERR_PTR: it is gone. */
static struct singlet_domain *publish(struct singlet_domain *domain,
				      struct singlet_name name)
{
	int err;

	mutex_lock(&singlet_domains_mutex);
	err = insert(domain, name);
	mutex_unlock(&singlet_domains_mutex);
	if (!err)
		return domain;
	singlet_domain_end(domain);
	return ERR_PTR(err);
}

/**
 * singlet_named_create() - a domain with a name
 * @caller: the owner to be
 * @name: not in use in the caller's user namespace
 * @mode: 9 bits
 * @flags: SINGLET_DOMAIN_EPHEMERAL or 0
 *
 * Context: Process, sleeps.
 * Return: The domain, which stays until singlet_domain_close() at least; or an
 * ERR_PTR: -EINVAL, -EILSEQ, -EEXIST, -EDQUOT, -ENOMEM.
 */
struct singlet_domain *singlet_named_create(const struct singlet_caller *caller,
					    struct singlet_name name, u32 mode,
					    u32 flags)
{
	struct singlet_domain *domain;
	int err;

	err = check_name(name);
	if (err)
		return ERR_PTR(err);
	if (mode & ~0777U || flags & ~SINGLET_DOMAIN_EPHEMERAL)
		return ERR_PTR(-EINVAL);
	domain = singlet_domain_new(caller->cred, NULL);
	if (IS_ERR(domain))
		return domain;
	domain->gid = caller->cred->egid;
	domain->mode = mode;
	domain->flags = flags;
	return publish(domain, name);
}

/**
 * singlet_named_create_kernel() - a domain of a kernel module
 * @cred: root's
 * @name: such that no user could give it
 * @maker: the module
 *
 * Context: Process, sleeps.
 * Return: The domain, which stays until singlet_domain_close() at least; or an
 * ERR_PTR: -EEXIST, -ENOMEM.
 */
struct singlet_domain *singlet_named_create_kernel(const struct cred *cred,
						   struct singlet_name name,
						   struct module *maker)
{
	struct singlet_domain *domain = singlet_domain_new(cred, maker);

	if (IS_ERR(domain))
		return domain;
	domain->gid = cred->egid;
	return publish(domain, name);
}

/**
 * singlet_named_join() - enter a domain
 * @caller: who
 * @name: of the domain
 * @access: SINGLET_ACCESS_* wanted
 *
 * Context: Process, sleeps.
 * Return: The domain, which stays until singlet_domain_close() at least; or an
 * ERR_PTR: -ENOENT, -EACCES.
 */
struct singlet_domain *singlet_named_join(const struct singlet_caller *caller,
					  struct singlet_name name, u32 access)
{
	struct singlet_domain *domain;

	mutex_lock(&singlet_domains_mutex);
	domain = find_visible(caller, name);
	if (!domain)
		domain = ERR_PTR(-ENOENT);
	else if (access & ~access_for(caller, domain))
		domain = ERR_PTR(-EACCES);
	else
		domain->nr_sessions++;
	mutex_unlock(&singlet_domains_mutex);
	return domain;
}

/*
 * Mark @domain deleted; domains_mutex.  Return: 0, -EBUSY; *@now: it is off the
 * list, to be destroyed by the caller.
 */
static int end(struct singlet_domain *domain, bool deferred, bool *now)
{
	if (singlet_domain_kernel(domain))
		return -EPERM;
	if (domain->nr_sessions && !deferred)
		return -EBUSY;
	WRITE_ONCE(domain->deleted, true);
	*now = !domain->nr_sessions;
	if (*now)
		list_del(&domain->node);
	return 0;
}

/**
 * singlet_named_delete() - delete a domain
 * @caller: who
 * @name: of the domain
 * @deferred: also if it has sessions; they go on, and it ends with the last
 *
 * Context: Process, sleeps.
 * Return: 0, -ENOENT, -EPERM, -EBUSY.
 */
int singlet_named_delete(const struct singlet_caller *caller,
			 struct singlet_name name, bool deferred)
{
	struct singlet_domain *domain;
	bool now = false;
	int err;

	mutex_lock(&singlet_domains_mutex);
	domain = find_visible(caller, name);
	if (!domain)
		err = -ENOENT;
	else if (!singlet_domain_governed(domain, caller))
		err = -EPERM;
	else
		err = end(domain, deferred, &now);
	mutex_unlock(&singlet_domains_mutex);
	if (now)
		singlet_domain_end(domain);
	return err;
}

/* The same for any domain of the machine.  Return: as above. */
int singlet_domain_delete_serial(const struct singlet_caller *caller,
				 u64 serial, bool deferred)
{
	struct singlet_domain *domain;
	bool now = false;
	int err = -ENOENT;

	if (!caller->global)
		return -EPERM;
	mutex_lock(&singlet_domains_mutex);
	list_for_each_entry(domain, &singlet_domains, node) {
		if (domain->serial == serial && !domain->deleted) {
			err = end(domain, deferred, &now);
			break;
		}
	}
	mutex_unlock(&singlet_domains_mutex);
	if (now)
		singlet_domain_end(domain);
	return err;
}

/* What singlet_domain_change() would do, checked; domains_mutex. */
static int check_change(const struct singlet_caller *caller,
			const struct singlet_domain *domain,
			const struct singlet_domain_set *set)
{
	const u32 names = SINGLET_SET_MODE | SINGLET_SET_UID | SINGLET_SET_GID;
	kgid_t gid;
	u32 i;

	if (!singlet_domain_governed(domain, caller) ||
	    singlet_domain_kernel(domain))
		return -EPERM;
	if (set->flags & names && singlet_domain_private(domain))
		return -EINVAL;
	if (set->flags & SINGLET_SET_MODE ? set->mode & ~0777U : set->mode)
		return -EINVAL;
	for (i = 0; i < SINGLET_QUOTAS; i++)
		if (!(set->flags & SINGLET_SET_LIMIT(i)) && set->limit[i])
			return -EINVAL;
	if (set->flags & SINGLET_SET_LIMIT(SINGLET_QUOTA_DOMAINS))
		return -EINVAL;
	if (set->flags & SINGLET_SET_UID) {
		if (!uid_valid(make_kuid(caller->cred->user_ns, set->uid)))
			return -EINVAL;
		if (!caller->admin)
			return -EPERM;
	} else if (set->uid) {
		return -EINVAL;
	}
	if (!(set->flags & SINGLET_SET_GID))
		return set->gid ? -EINVAL : 0;
	gid = make_kgid(caller->cred->user_ns, set->gid);
	if (!gid_valid(gid))
		return -EINVAL;
	return caller->admin || in_group(caller->cred, gid) ? 0 : -EPERM;
}

/* Hand @domain to @user, the caller's; domains_mutex.  0 or -EDQUOT. */
static int change_owner(struct singlet_domain *domain,
			struct singlet_user *user)
{
	struct singlet_user *former = domain->user;
	int err;

	if (user == former)
		goto same;	/* both uses of it are ours */
	err = singlet_user_charge(user, SINGLET_QUOTA_DOMAINS, 1);
	if (err)
		return err;
	err = singlet_account_move(&domain->account, user, false);
	if (err)
		goto err_domain;
	err = singlet_domain_move_pins(domain, user);
	if (err)
		goto err_account;
	singlet_user_uncharge(former, SINGLET_QUOTA_DOMAINS, 1);
	domain->user = user;
same:
	singlet_user_put(former);
	return 0;

err_account:
	/* It was the former owner's a moment ago; limits may have shrunk. */
	singlet_account_move(&domain->account, former, true);
err_domain:
	singlet_user_uncharge(user, SINGLET_QUOTA_DOMAINS, 1);
	return err;
}

static void change_limits(struct singlet_domain *domain,
			  const struct singlet_domain_set *set)
{
	u32 i;

	for (i = 0; i < SINGLET_QUOTAS; i++)
		if (set->flags & SINGLET_SET_LIMIT(i))
			WRITE_ONCE(domain->account.limit[i], set->limit[i]);
	if (set->flags & SINGLET_SET_LIMIT(SINGLET_QUOTA_IDLE))
		singlet_store_check_idle(domain->store);
}

static int change(struct singlet_domain *domain, struct singlet_user *user,
		  const struct singlet_caller *caller,
		  const struct singlet_domain_set *set)
{
	int err;

	if (!domain)
		return -ENOENT;
	err = check_change(caller, domain, set);
	if (!err && user)
		err = change_owner(domain, user);
	if (err)
		return err;
	if (set->flags & SINGLET_SET_MODE)
		domain->mode = set->mode;
	if (set->flags & SINGLET_SET_GID)
		domain->gid = make_kgid(caller->cred->user_ns, set->gid);
	change_limits(domain, set);
	return 0;
}

/**
 * singlet_domain_change() - mode, owner, group, limits
 * @caller: who
 * @domain: which, if @name has no text
 * @name: of the domain
 * @set: what; flags known to be valid
 *
 * Context: Process, sleeps.
 * Return: 0; -ENOENT, -EPERM, -EINVAL, -EDQUOT, -ENOMEM: nothing was changed.
 */
int singlet_domain_change(const struct singlet_caller *caller,
			  struct singlet_domain *domain,
			  struct singlet_name name,
			  const struct singlet_domain_set *set)
{
	struct singlet_user *user = NULL;
	int err;

	if (set->flags & SINGLET_SET_UID) {
		kuid_t uid = make_kuid(caller->cred->user_ns, set->uid);

		if (!uid_valid(uid))
			return -EINVAL;
		user = singlet_user_get(uid);
		if (!user)
			return -ENOMEM;
	}
	mutex_lock(&singlet_domains_mutex);
	err = change(meant(caller, domain, name), user, caller, set);
	mutex_unlock(&singlet_domains_mutex);
	if (err && user)
		singlet_user_put(user);
	return err;
}

static void fill_quotas(struct singlet_domain *domain, bool governed,
			struct singlet_domain_info *info)
{
	u32 i;

	/* Who may only know that it exists is told no more. */
	if (!governed && !info->access)
		return;
	info->sessions = domain->nr_sessions;
	for (i = 0; i < SINGLET_QUOTAS; i++)
		info->use[i] = singlet_domain_use(domain, i, &info->limit[i]);
	if (governed)
		singlet_user_show(domain->user, info->owner_use,
				  info->owner_limit);
}

static void fill(const struct singlet_caller *caller,
		 struct singlet_domain *domain,
		 struct singlet_domain_info *info)
{
	struct user_namespace *ns = caller->cred->user_ns;

	memset(info, 0, sizeof(*info));
	info->mode = domain->mode;
	info->flags = domain->flags |
		      (domain->deleted ? SINGLET_DOMAIN_DELETED : 0);
	info->uid = from_kuid_munged(ns, domain->user->uid);
	info->gid = from_kgid_munged(ns, domain->gid);
	info->access = access_for(caller, domain);
	info->serial = domain->serial;
	memcpy(info->name, domain->name, sizeof(info->name));
	fill_quotas(domain, singlet_domain_governed(domain, caller), info);
}

/**
 * singlet_domain_describe() - what is known of a domain
 * @caller: who asks
 * @domain: about which, if @name has no text
 * @name: of the domain
 * @info: out
 *
 * Context: Process, sleeps.
 * Return: 0, -ENOENT.
 */
int singlet_domain_describe(const struct singlet_caller *caller,
			    struct singlet_domain *domain,
			    struct singlet_name name,
			    struct singlet_domain_info *info)
{
	mutex_lock(&singlet_domains_mutex);
	domain = meant(caller, domain, name);
	if (domain)
		fill(caller, domain, info);
	mutex_unlock(&singlet_domains_mutex);
	return domain ? 0 : -ENOENT;
}

/**
 * singlet_named_next() - the next named domain that the caller may know of
 * @caller: who asks
 * @cursor: in and out; 0 to start
 * @info: out
 *
 * Context: Process, sleeps.
 * Return: Whether there is one.
 */
bool singlet_named_next(const struct singlet_caller *caller, u64 *cursor,
			struct singlet_domain_info *info)
{
	struct singlet_domain *domain;
	bool found = false;

	mutex_lock(&singlet_domains_mutex);
	list_for_each_entry(domain, &singlet_domains, node) {
		if (domain->serial <= *cursor || domain->deleted ||
		    singlet_domain_private(domain) ||
		    domain->ns != caller->cred->user_ns ||
		    !(mode_for(caller, domain) & MODE_X))
			continue;
		fill(caller, domain, info);
		*cursor = domain->serial;
		found = true;
		break;
	}
	mutex_unlock(&singlet_domains_mutex);
	return found;
}
