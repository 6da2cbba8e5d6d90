// SPDX-License-Identifier: GPL-2.0
/* domain - isolation; see domain.h */
#include "domain.h"

#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

#include "compat/alloc.h"
#include "reclaim.h"
#include "store.h"
#include "world.h"

static LIST_HEAD(domains);
static DEFINE_MUTEX(domains_mutex);

static bool belongs(const struct singlet_domain *domain,
		    const struct cred *cred)
{
	return domain->ns == cred->user_ns && uid_eq(domain->uid, cred->euid);
}

/* Nobody is in it and nobody could miss it; domains_mutex. */
static bool domain_unused(struct singlet_domain *domain)
{
	lockdep_assert_held(&domains_mutex);
	return !domain->nr_sessions && singlet_store_unused(domain->store);
}

static void store_emptied(struct singlet_store *store);

static struct singlet_domain *domain_create(const struct cred *cred)
{
	struct singlet_domain *domain;

	domain = kzalloc_obj(*domain, GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	domain->store = singlet_store_create();
	if (IS_ERR(domain->store)) {
		void *err = domain->store;

		kfree(domain);
		return err;
	}
	domain->store->emptied = store_emptied;
	singlet_reclaim_add(domain->store);
	domain->ns = get_user_ns(cred->user_ns);
	domain->uid = cred->euid;
	ida_init(&domain->numbers);
	INIT_LIST_HEAD(&domain->sessions);
	list_add_tail(&domain->node, &domains);
	return domain;
}

/* Off the list, so nobody else knows it; no lock held, this can take long. */
static void domain_destroy(struct singlet_domain *domain)
{
	singlet_reclaim_remove(domain->store);
	singlet_store_destroy(domain->store);
	put_user_ns(domain->ns);
	ida_destroy(&domain->numbers);
	kfree(domain);
}

/**
 * singlet_domain_open() - join the private domain of a user
 * @cred: whose
 * @session: put on the domain's list of sessions
 *
 * Context: Process, sleeps.
 * Return: The domain, which stays until singlet_domain_close(); or an ERR_PTR:
 * -ENOMEM.
 */
struct singlet_domain *singlet_domain_open(const struct cred *cred,
					   struct list_head *session)
{
	struct singlet_domain *domain;

	mutex_lock(&domains_mutex);
	list_for_each_entry(domain, &domains, node)
		if (belongs(domain, cred))
			goto found;
	domain = domain_create(cred);
	if (IS_ERR(domain))
		goto out;
found:
	list_add_tail(session, &domain->sessions);
	domain->nr_sessions++;
out:
	mutex_unlock(&domains_mutex);
	return domain;
}

/* Leave @domain; the session's references are dropped. */
void singlet_domain_close(struct singlet_domain *domain,
			  struct list_head *session)
{
	bool last;

	mutex_lock(&domains_mutex);
	list_del(session);
	domain->nr_sessions--;
	last = domain_unused(domain);
	if (last)
		list_del(&domain->node);
	mutex_unlock(&domains_mutex);
	if (last)
		domain_destroy(domain);
}

/* Take out of the list what @all, or else its being unused, makes go. */
static void domains_end(bool all)
{
	struct singlet_domain *domain, *tmp;
	LIST_HEAD(gone);

	mutex_lock(&domains_mutex);
	list_for_each_entry_safe(domain, tmp, &domains, node)
		if (all || domain_unused(domain))
			list_move(&domain->node, &gone);
	mutex_unlock(&domains_mutex);
	list_for_each_entry_safe(domain, tmp, &gone, node)
		domain_destroy(domain);
}

/* Reclaim took the last objects of some store. */
static void end_unused(struct work_struct *work)
{
	domains_end(false);
}

static DECLARE_WORK(end_unused_work, end_unused);

static void store_emptied(struct singlet_store *store)
{
	schedule_work(&end_unused_work);
}

/* The module goes; no session is open. */
void singlet_domains_destroy(void)
{
	domains_end(true);
	/* Reclaim knows no store any more that could queue it. */
	cancel_work_sync(&end_unused_work);
}

/**
 * singlet_domain_for_each() - look at domains
 * @cred: who looks
 * @all: at all of them, not just the own one
 * @fn: called for each with domains_mutex held
 * @ctx: for @fn
 *
 * Context: Process, sleeps.
 */
void singlet_domain_for_each(const struct cred *cred, bool all,
			     singlet_domain_fn fn, void *ctx)
{
	struct singlet_domain *domain;

	mutex_lock(&domains_mutex);
	list_for_each_entry(domain, &domains, node)
		if (all || belongs(domain, cred))
			fn(domain, ctx);
	mutex_unlock(&domains_mutex);
}

/* Add the numbers of @domain; singlet_stats_finish() after the last one. */
void singlet_domain_stats(struct singlet_domain *domain,
			  struct singlet_stats *stats)
{
	stats->sessions += READ_ONCE(domain->nr_sessions);
	singlet_store_stats(domain->store, stats);
	stats->bytes_metadata += sizeof(*domain);
}

/* The numbers that follow from others. */
void singlet_stats_finish(struct singlet_stats *stats)
{
	stats->live = stats->objects -
		      min(stats->objects, stats->idle + stats->immortal);
	stats->bytes_saved = stats->bytes_logical - stats->bytes_stored -
			     stats->bytes_metadata;
	stats->world = singlet_world.nr;
}
