// SPDX-License-Identifier: GPL-2.0
/* domain - isolation; see domain.h */
#include "domain.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

#include "compat/alloc.h"
#include "reclaim.h"
#include "space.h"
#include "store.h"
#include "world.h"

LIST_HEAD(singlet_domains);
DEFINE_MUTEX(singlet_domains_mutex);	/* see domain.h */

#define RELIEF	64	/* objects that give way at a time */

static u64 last_serial;				/* domains_mutex */
static const struct singlet_domain_ops *ops;

/* Before the first domain. */
void singlet_domain_set_ops(const struct singlet_domain_ops *o)
{
	ops = o;
}

/* Objects that somebody holds; a module that has forgotten some may have them. */
u64 singlet_domain_live(struct singlet_domain *domain)
{
	struct singlet_stats stats = {};

	singlet_store_stats(domain->store, &stats);
	singlet_stats_finish(&stats);
	return stats.live;
}

/* Nobody is in it and nobody could miss it; domains_mutex. */
static bool domain_unused(struct singlet_domain *domain)
{
	lockdep_assert_held(&singlet_domains_mutex);
	if (domain->nr_sessions)
		return false;
	if (singlet_domain_kernel(domain))
		return domain->deleted && !singlet_domain_live(domain);
	if (domain->deleted || domain->flags & SINGLET_DOMAIN_EPHEMERAL)
		return true;
	return singlet_domain_private(domain) &&
	       singlet_store_unused(domain->store);
}

static void store_emptied(struct singlet_store *store);

/*
 * A quota of the owner may be reached: idle objects of their other domains go,
 * a few, so that domains_mutex is not held for long.
 */
static bool store_relieve(struct singlet_store *store)
{
	struct singlet_domain *other, *domain;
	bool some = false;

	domain = container_of(store->account, struct singlet_domain, account);
	mutex_lock(&singlet_domains_mutex);
	list_for_each_entry(other, &singlet_domains, node) {
		some = other != domain && other->user == domain->user &&
		       !singlet_domain_kernel(other) &&
		       singlet_reclaim_some(other->store, RELIEF, false);
		if (some)
			break;
	}
	mutex_unlock(&singlet_domains_mutex);
	return some;
}

static void domain_free(struct singlet_domain *domain)
{
	singlet_space_put(domain->space);
	put_user_ns(domain->ns);
	singlet_user_put(domain->user);
	kfree(domain);
}

/**
 * singlet_domain_new() - a domain, private and unknown for now
 * @cred: of its owner
 * @maker: kernel module whose it will be; NULL: no module's
 *
 * Context: Process, sleeps.
 * Return: The domain, to be given to singlet_domain_insert() or
 * singlet_domain_end(); or an ERR_PTR: -ENOMEM.
 */
struct singlet_domain *singlet_domain_new(const struct cred *cred,
					  struct module *maker)
{
	struct singlet_domain *domain;

	domain = kzalloc_obj(*domain, GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	domain->user = singlet_user_get(cred->euid);
	if (!domain->user)
		goto err_free;
	domain->space = singlet_space_new();
	if (IS_ERR(domain->space))
		goto err_user;
	domain->ns = get_user_ns(cred->user_ns);
	domain->store = singlet_store_create();
	if (IS_ERR(domain->store)) {
		domain_free(domain);
		return ERR_PTR(-ENOMEM);
	}
	domain->maker = maker;
	domain->store->emptied = store_emptied;
	if (maker) {
		singlet_account_init(&domain->account, NULL, 0);
	} else {
		singlet_account_init(&domain->account, domain->user,
				     DRAWN_BY_STORE);
		domain->store->account = &domain->account;
		domain->store->relieve = store_relieve;
	}
	domain->mode = 0700;
	xa_init_flags(&domain->sessions, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&domain->node);
	return domain;

err_user:
	singlet_user_put(domain->user);
err_free:
	kfree(domain);
	return ERR_PTR(-ENOMEM);
}

/* @domain can be found from now on; its maker is in it.  domains_mutex. */
void singlet_domain_insert(struct singlet_domain *domain)
{
	lockdep_assert_held(&singlet_domains_mutex);
	domain->serial = ++last_serial;
	domain->store->serial = domain->serial;
	domain->nr_sessions = 1;
	list_add_tail(&domain->node, &singlet_domains);
}

/* Off the list, so nobody else knows it; no lock held, this can take long. */
void singlet_domain_end(struct singlet_domain *domain)
{
	if (domain->pins)
		ops->unpin_all(domain);
	singlet_store_destroy(domain->store);
	singlet_account_end(&domain->account);
	if (!singlet_domain_private(domain) && !singlet_domain_kernel(domain))
		singlet_user_uncharge(domain->user, SINGLET_QUOTA_DOMAINS, 1);
	xa_destroy(&domain->sessions);
	domain_free(domain);
}

/* Hand the pins to @user.  domains_mutex.  Return: 0 or -EDQUOT. */
int singlet_domain_move_pins(struct singlet_domain *domain,
			     struct singlet_user *user)
{
	return domain->pins ? ops->move_pins(domain, user) : 0;
}

/* The private domain of a user, entered; or NULL.  domains_mutex. */
static struct singlet_domain *enter_private(const struct cred *cred)
{
	struct singlet_domain *domain;

	list_for_each_entry(domain, &singlet_domains, node) {
		if (singlet_domain_private(domain) && !domain->deleted &&
		    singlet_domain_owned(domain, cred)) {
			domain->nr_sessions++;
			return domain;
		}
	}
	return NULL;
}

/**
 * singlet_domain_open() - enter the private domain of a user
 * @cred: whose
 *
 * Context: Process, sleeps.
 * Return: The domain, which stays until singlet_domain_close(); or an ERR_PTR:
 * -ENOMEM.
 */
struct singlet_domain *singlet_domain_open(const struct cred *cred)
{
	struct singlet_domain *domain, *new;

	mutex_lock(&singlet_domains_mutex);
	domain = enter_private(cred);
	mutex_unlock(&singlet_domains_mutex);
	if (domain)
		return domain;
	/* Others need not wait while memory is found. */
	new = singlet_domain_new(cred, NULL);
	if (IS_ERR(new))
		return new;
	mutex_lock(&singlet_domains_mutex);
	domain = enter_private(cred);
	if (!domain) {
		singlet_domain_insert(new);
		swap(domain, new);
	}
	mutex_unlock(&singlet_domains_mutex);
	if (new)
		singlet_domain_end(new);
	return domain;
}

/* The domain ends with its last session, whatever it was meant to be. */
void singlet_domain_abandon(struct singlet_domain *domain)
{
	mutex_lock(&singlet_domains_mutex);
	WRITE_ONCE(domain->deleted, true);
	mutex_unlock(&singlet_domains_mutex);
}

/*
 * Leave @domain: the session has dropped its references, and its number, too.
 * Who looks at the session that it was had found it before, and has the mutex.
 */
void singlet_domain_close(struct singlet_domain *domain)
{
	struct singlet_reclaimed freed;
	bool last;

	/* Idle containers hold their parts, which nobody else may. */
	if (singlet_domain_kernel(domain) && READ_ONCE(domain->deleted))
		singlet_reclaim_all(domain->store, &freed);
	mutex_lock(&singlet_domains_mutex);
	domain->nr_sessions--;
	last = domain_unused(domain);
	if (last)
		list_del(&domain->node);
	mutex_unlock(&singlet_domains_mutex);
	if (last)
		singlet_domain_end(domain);
}

/* Take out of the list what @all, or else its being unused, makes go. */
static void domains_end(bool all)
{
	struct singlet_domain *domain, *tmp;
	LIST_HEAD(gone);

	mutex_lock(&singlet_domains_mutex);
	list_for_each_entry_safe(domain, tmp, &singlet_domains, node)
		if (all || domain_unused(domain))
			list_move(&domain->node, &gone);
	mutex_unlock(&singlet_domains_mutex);
	list_for_each_entry_safe(domain, tmp, &gone, node)
		singlet_domain_end(domain);
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
	/* No store is left that could queue it. */
	cancel_work_sync(&end_unused_work);
}

/**
 * singlet_domain_for_each() - look at domains
 * @cred: who looks
 * @all: at all of them, not just the own ones
 * @fn: called for each with domains_mutex held
 * @ctx: for @fn
 *
 * Context: Process, sleeps.
 */
void singlet_domain_for_each(const struct cred *cred, bool all,
			     singlet_domain_fn fn, void *ctx)
{
	struct singlet_domain *domain;

	mutex_lock(&singlet_domains_mutex);
	list_for_each_entry(domain, &singlet_domains, node) {
		if (all || singlet_domain_owned(domain, cred))
			fn(domain, ctx);
		cond_resched();
	}
	mutex_unlock(&singlet_domains_mutex);
}

/**
 * singlet_domain_use() - how much of a quota a domain uses
 * @domain: which
 * @quota: SINGLET_QUOTA_*
 * @limit: out; 0: none
 *
 * Context: Process.
 * Return: The use, an instant's view.
 */
u64 singlet_domain_use(const struct singlet_domain *domain, unsigned int quota,
		       u64 *limit)
{
	u64 most = singlet_account_limit(&domain->account, quota);

	*limit = most == U64_MAX ? 0 : most;
	if (quota == SINGLET_QUOTA_IDLE)
		return max(singlet_counters_sum(&domain->store->counters,
						STAT_BYTES_IDLE), 0L);
	return max(atomic64_read(&domain->account.use[quota]), 0LL);
}

/* Add the numbers of @domain; singlet_stats_finish() after the last one. */
void singlet_domain_sum(struct singlet_domain *domain,
			struct singlet_stats *stats)
{
	stats->sessions += READ_ONCE(domain->nr_sessions);
	singlet_store_stats(domain->store, stats);
	stats->bytes_metadata += sizeof(*domain) + singlet_space_bytes();
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
