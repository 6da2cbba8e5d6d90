/* SPDX-License-Identifier: GPL-2.0 */
/*
 * domain - isolation: whose store is it, who is in it, how long does it last
 *
 * Each user has a private domain in each user namespace: made when the user
 * first opens the device, kept while a session of the user is open, an object is
 * left in its store (idle objects wait for the next intern of their value) or
 * the user has types there, and ended when nothing of that is so any more.
 *
 * A named domain (named.h) lasts until it was deleted, or is ephemeral, and has
 * no session any more.
 *
 * A kernel module's domain (api.h) has a name that no user can give, counts the
 * module as a session, and has no quota.  It is root's to look at.
 *
 * A domain's sessions are numbered.  They come and go without domains_mutex,
 * but a session that is found with it held stays until it is released.
 *
 * Locking: domains_mutex protects the list of domains and what is marked so; it
 * is held while somebody looks at them.
 */
#ifndef SINGLET_DOMAIN_H
#define SINGLET_DOMAIN_H

#include <linux/cred.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>
#include <uapi/linux/singlet.h>

#include "quota.h"

struct inode;
struct module;
struct singlet_session;
struct singlet_stats;
struct singlet_store;

/* Who asks for something. */
struct singlet_caller {
	const struct cred *cred;
	bool admin;			/* CAP_SYS_ADMIN in its user namespace */
	bool global;			/* and in the initial one */
};

struct singlet_domain {
	struct list_head node;		/* domains_mutex; oldest first */
	unsigned int nr_sessions;	/* domains_mutex */
	struct xarray sessions;		/* by number; see singlet_domain_close() */
	u64 serial;			/* stable; grows along the list */
	struct user_namespace *ns;	/* stable */
	struct singlet_user *user;	/* owner; domains_mutex */
	kgid_t gid;			/* domains_mutex */
	u32 mode;			/* domains_mutex */
	u32 flags;			/* stable; SINGLET_DOMAIN_EPHEMERAL */
	bool deleted;			/* domains_mutex to write */
	struct module *maker;		/* stable; module whose it is, or NULL */
	struct singlet_account account;
	struct singlet_store *store;	/* stable */
	struct inode *space;		/* stable; whose mappings are in it */
	struct singlet_session *pins;	/* domains_mutex to set; NULL: none yet */
	char name[SINGLET_MAX_NAME + 1];	/* stable; empty: private */
};

/* Upward calls: what the layer of sessions does for a domain. */
struct singlet_domain_ops {
	/* The domain ends: drop its pins.  No lock held. */
	void (*unpin_all)(struct singlet_domain *domain);
	/* Its owner changes; domains_mutex.  Return: 0 or -EDQUOT. */
	int (*move_pins)(struct singlet_domain *domain,
			 struct singlet_user *user);
};

extern struct mutex singlet_domains_mutex;
extern struct list_head singlet_domains;

void singlet_domain_set_ops(const struct singlet_domain_ops *ops);

struct singlet_domain *singlet_domain_new(const struct cred *cred,
					  struct module *maker);
void singlet_domain_insert(struct singlet_domain *domain);
struct singlet_domain *singlet_domain_open(const struct cred *cred);
void singlet_domain_abandon(struct singlet_domain *domain);
void singlet_domain_close(struct singlet_domain *domain);
void singlet_domain_end(struct singlet_domain *domain);
int singlet_domain_move_pins(struct singlet_domain *domain,
			     struct singlet_user *user);
void singlet_domains_destroy(void);

typedef void (*singlet_domain_fn)(struct singlet_domain *domain, void *ctx);

void singlet_domain_for_each(const struct cred *cred, bool all,
			     singlet_domain_fn fn, void *ctx);
u64 singlet_domain_use(const struct singlet_domain *domain, unsigned int quota,
		       u64 *limit);
void singlet_domain_sum(struct singlet_domain *domain,
			struct singlet_stats *stats);
u64 singlet_domain_live(struct singlet_domain *domain);
void singlet_stats_finish(struct singlet_stats *stats);

static inline bool singlet_domain_private(const struct singlet_domain *domain)
{
	return !domain->name[0];
}

/* Is it a kernel module's? */
static inline bool singlet_domain_kernel(const struct singlet_domain *domain)
{
	return domain->maker;
}

/* Is @cred of the user who owns @domain?  domains_mutex. */
static inline bool singlet_domain_owned(const struct singlet_domain *domain,
					const struct cred *cred)
{
	return domain->ns == cred->user_ns &&
	       uid_eq(domain->user->uid, cred->euid);
}

/* May they change it?  domains_mutex. */
static inline bool
singlet_domain_governed(const struct singlet_domain *domain,
			const struct singlet_caller *caller)
{
	return singlet_domain_owned(domain, caller->cred) ||
	       (caller->admin && domain->ns == caller->cred->user_ns);
}

#endif
