/* SPDX-License-Identifier: GPL-2.0 */
/*
 * domain - isolation: whose store is it, who may use it
 *
 * Each user has a private domain in each user namespace: made when the user
 * first opens the device, kept while a session of the user is open, an object is
 * left in its store (idle objects wait for the next intern of their value) or
 * the user has types there, and ended when nothing of that is so any more.
 *
 * Locking: domains_mutex protects the list of domains, each domain's list of
 * sessions, and is held while somebody looks at them.
 */
#ifndef SINGLET_DOMAIN_H
#define SINGLET_DOMAIN_H

#include <linux/cred.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/uidgid.h>

struct singlet_stats;
struct singlet_store;

struct singlet_domain {
	struct list_head node;		/* domains_mutex */
	struct list_head sessions;	/* domains_mutex */
	unsigned int nr_sessions;	/* domains_mutex */
	struct user_namespace *ns;	/* stable */
	kuid_t uid;			/* stable */
	struct singlet_store *store;	/* stable */
	struct ida numbers;		/* of sessions; own, so they tell nothing */
};

struct singlet_domain *singlet_domain_open(const struct cred *cred,
					   struct list_head *session);
void singlet_domain_close(struct singlet_domain *domain,
			  struct list_head *session);
void singlet_domains_destroy(void);

typedef void (*singlet_domain_fn)(struct singlet_domain *domain, void *ctx);

void singlet_domain_for_each(const struct cred *cred, bool all,
			     singlet_domain_fn fn, void *ctx);
void singlet_domain_stats(struct singlet_domain *domain,
			  struct singlet_stats *stats);
void singlet_stats_finish(struct singlet_stats *stats);

#endif
