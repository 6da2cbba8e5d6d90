// SPDX-License-Identifier: GPL-2.0
/* quota - what users and domains may use; see quota.h */
#include "quota.h"

#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat/alloc.h"

/* How often others give up what they reserved, for an account that comes. */
#define MOVE_TRIES	3

/* Accounts that are looked at while the lock is held. */
#define SQUEEZE		64U

static DEFINE_SPINLOCK(quota_lock);

static DEFINE_HASHTABLE(users, 8);		/* users_mutex */
static DEFINE_MUTEX(users_mutex);

/* How much an account reserves at a time beyond what it uses. */
const u64 singlet_quota_ahead[SINGLET_QUOTAS] = {
	[SINGLET_QUOTA_OBJECTS] = 256,
	[SINGLET_QUOTA_BYTES] = 64 * 1024,
	[SINGLET_QUOTA_REFERENCES] = 64,
};

/* The parameters; 0 is no limit.  Memory is limited by cgroups, too. */
static ulong user_max[SINGLET_QUOTAS] = {
	[SINGLET_QUOTA_OBJECTS] = 1UL << 24,
	[SINGLET_QUOTA_BYTES] = 4UL << 30,
	[SINGLET_QUOTA_REFERENCES] = 1UL << 27,
	[SINGLET_QUOTA_TYPES] = 8192,
	[SINGLET_QUOTA_DOMAINS] = 256,
};

static ulong domain_max[SINGLET_QUOTAS] = {
	[SINGLET_QUOTA_OBJECTS] = 1UL << 24,
	[SINGLET_QUOTA_BYTES] = 4UL << 30,
	[SINGLET_QUOTA_REFERENCES] = 1UL << 27,
	[SINGLET_QUOTA_TYPES] = 4096,
	[SINGLET_QUOTA_IDLE] = 1UL << 30,
};

#define LIMIT(scope, name, quota, text)					\
	module_param_named(scope##_max_##name,				\
			   scope##_max[SINGLET_QUOTA_##quota], ulong, 0644); \
	MODULE_PARM_DESC(scope##_max_##name, text " (0: no limit)")

LIMIT(user, objects, OBJECTS, "objects in a user's domains");
LIMIT(user, bytes, BYTES, "bytes in the slots of these");
LIMIT(user, references, REFERENCES, "references a user holds");
LIMIT(user, types, TYPES, "types in a user's domains");
LIMIT(user, domains, DOMAINS, "named domains of a user");
LIMIT(domain, objects, OBJECTS, "objects in a domain");
LIMIT(domain, bytes, BYTES, "bytes in the slots of these");
LIMIT(domain, references, REFERENCES, "references held in a domain");
LIMIT(domain, types, TYPES, "types made in a domain");
LIMIT(domain, idle_bytes, IDLE, "bytes of idle objects kept in a domain");

static u64 user_limit(unsigned int quota)
{
	return READ_ONCE(user_max[quota]) ?: U64_MAX;
}

/* The limit in force; U64_MAX: none.  Context: any. */
u64 singlet_account_limit(const struct singlet_account *account,
			  unsigned int quota)
{
	u64 limit = READ_ONCE(account->limit[quota]);

	if (limit == LIMIT_DEFAULT)
		limit = account->user && !(account->drawn & DRAWN_BY_SESSION) ?
			READ_ONCE(domain_max[quota]) : 0;
	return limit ?: U64_MAX;
}

/* Users */

/**
 * singlet_user_get() - a user
 * @uid: whose
 *
 * Context: Process, sleeps.
 * Return: The user, to be put back with singlet_user_put(), or NULL: no memory.
 */
struct singlet_user *singlet_user_get(kuid_t uid)
{
	struct singlet_user *user;

	mutex_lock(&users_mutex);
	hash_for_each_possible(users, user, hash, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			goto found;
	user = kzalloc_obj(*user, GFP_KERNEL_ACCOUNT);
	if (!user)
		goto out;
	user->uid = uid;
	INIT_LIST_HEAD(&user->accounts);
	hash_add(users, &user->hash, __kuid_val(uid));
found:
	user->count++;
out:
	mutex_unlock(&users_mutex);
	return user;
}

/* Context: Process, sleeps. */
void singlet_user_put(struct singlet_user *user)
{
	bool last;

	mutex_lock(&users_mutex);
	last = !--user->count;
	if (last)
		hash_del(&user->hash);
	mutex_unlock(&users_mutex);
	if (last)
		kfree(user);
}

/*
 * Reserve no more than what is in use and @ahead; quota_lock.  Somebody may
 * charge at the same time who still sees what was reserved before: after the
 * full barrier, one of the two sees the other.
 */
static void give_up(struct singlet_account *a, unsigned int quota, u64 ahead)
{
	u64 keep = atomic64_read(&a->use[quota]) + ahead, use;

	lockdep_assert_held(&quota_lock);
	if (keep >= a->reserved[quota])
		return;
	a->user->use[quota] -= a->reserved[quota] - keep;
	WRITE_ONCE(a->reserved[quota], keep);
	smp_mb();	/* pairs with the charge in singlet_account_charge() */
	use = atomic64_read(&a->use[quota]);
	if (use > keep) {
		a->user->use[quota] += use - keep;
		WRITE_ONCE(a->reserved[quota], use);
	}
}

/*
 * Up to @left accounts of a user, and not more than SQUEEZE at a time, give up what
 * they reserved and do not use; quota_lock.  A user can have very many.  They go by
 * turns, the next ones first, and new ones are the last: who calls this as often as
 * it takes for all that there were meets every one of them, or somebody else has.
 */
static void squeeze(struct singlet_user *user, unsigned int *left)
{
	unsigned int n, i;

	for (n = min(*left, SQUEEZE); n; n--, --*left) {
		struct singlet_account *a;

		a = list_first_entry_or_null(&user->accounts,
					     struct singlet_account, node);
		if (!a) {
			*left = 0;
			return;
		}
		for (i = 0; i < SINGLET_QUOTAS; i++)
			if (a->drawn & BIT(i))
				give_up(a, i, 0);
		list_move_tail(&a->node, &user->accounts);
	}
}

/* All of them.  Context: any but NMI; no lock held. */
static void squeeze_all(struct singlet_user *user)
{
	unsigned int left = READ_ONCE(user->nr_accounts);
	unsigned long flags;

	while (left) {
		spin_lock_irqsave(&quota_lock, flags);
		squeeze(user, &left);
		spin_unlock_irqrestore(&quota_lock, flags);
	}
}

/* Are @n more within the limit?  quota_lock. */
static bool user_fits(const struct singlet_user *user, unsigned int quota,
		      u64 n)
{
	u64 limit = user_limit(quota);

	lockdep_assert_held(&quota_lock);
	return user->use[quota] <= limit && n <= limit - user->use[quota];
}

/* quota_lock.  Return: whether @n more are within the limit, and charged. */
static bool user_charge(struct singlet_user *user, unsigned int quota, u64 n)
{
	if (!user_fits(user, quota, n))
		return false;
	user->use[quota] += n;
	return true;
}

/* Context: Any but NMI.  Return: 0; -EDQUOT: nothing was charged. */
int singlet_user_charge(struct singlet_user *user, unsigned int quota, u64 n)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&quota_lock, flags);
	ok = user_charge(user, quota, n);
	spin_unlock_irqrestore(&quota_lock, flags);
	return ok ? 0 : -EDQUOT;
}

void singlet_user_uncharge(struct singlet_user *user, unsigned int quota, u64 n)
{
	unsigned long flags;

	spin_lock_irqsave(&quota_lock, flags);
	user->use[quota] -= n;
	spin_unlock_irqrestore(&quota_lock, flags);
}

/* Use and limits (0: none) of a user; arrays of SINGLET_QUOTAS. */
void singlet_user_show(struct singlet_user *user, u64 *use, u64 *limit)
{
	unsigned long flags;
	unsigned int i;

	squeeze_all(user);
	spin_lock_irqsave(&quota_lock, flags);
	for (i = 0; i < SINGLET_QUOTAS; i++) {
		use[i] = user->use[i];
		limit[i] = READ_ONCE(user_max[i]);
	}
	spin_unlock_irqrestore(&quota_lock, flags);
}

/* Accounts */

/* @account, with what it has reserved, becomes @user's; quota_lock. */
static void attach(struct singlet_account *account, struct singlet_user *user)
{
	unsigned int i;

	for (i = 0; i < SINGLET_QUOTAS; i++)
		if (account->drawn & BIT(i))
			user->use[i] += account->reserved[i];
	account->user = user;
	list_add_tail(&account->node, &user->accounts);
	WRITE_ONCE(user->nr_accounts, user->nr_accounts + 1);
}

/* The same is its user's no more; quota_lock. */
static void detach(struct singlet_account *account)
{
	unsigned int i;

	for (i = 0; i < SINGLET_QUOTAS; i++)
		if (account->drawn & BIT(i))
			account->user->use[i] -= account->reserved[i];
	list_del_init(&account->node);
	WRITE_ONCE(account->user->nr_accounts, account->user->nr_accounts - 1);
}

/**
 * singlet_account_init() - an account that nothing was charged to yet
 * @account: account
 * @user: who is charged for it; has to stay until singlet_account_end() or
 *        _move(); NULL: nobody
 * @drawn: quotas that are drawn on @user; bit per SINGLET_QUOTA_*
 *
 * Context: Any but NMI; does not sleep.
 */
void singlet_account_init(struct singlet_account *account,
			  struct singlet_user *user, u32 drawn)
{
	unsigned long flags;
	unsigned int i;

	memset(account, 0, sizeof(*account));
	account->drawn = user ? drawn : 0;
	for (i = 0; i < SINGLET_QUOTAS; i++) {
		account->limit[i] = LIMIT_DEFAULT;
		account->reserved[i] = account->drawn & BIT(i) ? 0 : S64_MAX;
	}
	INIT_LIST_HEAD(&account->node);
	if (!user)
		return;
	spin_lock_irqsave(&quota_lock, flags);
	attach(account, user);
	spin_unlock_irqrestore(&quota_lock, flags);
}

/* Nobody charges it any more; its user gets back what it had. */
void singlet_account_end(struct singlet_account *account)
{
	unsigned long flags;

	if (!account->user)
		return;
	spin_lock_irqsave(&quota_lock, flags);
	detach(account);
	spin_unlock_irqrestore(&quota_lock, flags);
}

/* Would @user's limits allow what @account uses?  quota_lock. */
static bool may_have(struct singlet_user *user, struct singlet_account *account)
{
	unsigned int i;

	for (i = 0; i < SINGLET_QUOTAS; i++) {
		if (!(account->drawn & BIT(i)))
			continue;
		give_up(account, i, 0);
		if (!user_fits(user, i, account->reserved[i]))
			return false;
	}
	return true;
}

/**
 * singlet_account_move() - hand an account to another user
 * @account: one that has a user
 * @user: the new one
 * @force: also beyond the limits of @user
 *
 * Context: Any but NMI; does not sleep.
 * Return: 0; -EDQUOT: it would be too much for @user; nothing was changed.
 */
int singlet_account_move(struct singlet_account *account,
			 struct singlet_user *user, bool force)
{
	unsigned long flags;
	unsigned int tries;
	bool moved;

	/* What others reserve and do not use may be in the way, and come again. */
	for (tries = 0; tries < MOVE_TRIES; tries++) {
		if (tries)
			squeeze_all(user);
		spin_lock_irqsave(&quota_lock, flags);
		moved = account->user == user || force ||
			may_have(user, account);
		if (moved && account->user != user) {
			detach(account);
			attach(account, user);
		}
		spin_unlock_irqrestore(&quota_lock, flags);
		if (moved)
			return 0;
	}
	return -EDQUOT;
}

/* Reserve what is in use, and more if possible; quota_lock. */
static int reserve(struct singlet_account *account, unsigned int quota)
{
	s64 use = atomic64_read(&account->use[quota]);
	u64 need, ahead = singlet_quota_ahead[quota];

	if (use <= (s64)account->reserved[quota])
		return 0;	/* somebody else reserved, or gave back */
	need = use - account->reserved[quota];
	if (!user_charge(account->user, quota, need + ahead)) {
		ahead = 0;
		if (!user_charge(account->user, quota, need))
			return -EDQUOT;
	}
	WRITE_ONCE(account->reserved[quota],
		   account->reserved[quota] + need + ahead);
	return 0;
}

/* The slow part of singlet_account_charge(): use is beyond what is reserved. */
int singlet_account_reserve(struct singlet_account *account, unsigned int quota)
{
	struct singlet_user *user = NULL;
	unsigned int left = 0;
	unsigned long flags;
	int err;

	do {
		spin_lock_irqsave(&quota_lock, flags);
		if (account->user != user) {
			user = account->user;
			left = user->nr_accounts;
		}
		err = reserve(account, quota);
		if (err) {
			/* Nobody else gets what they give up. */
			squeeze(user, &left);
			err = reserve(account, quota);
		}
		spin_unlock_irqrestore(&quota_lock, flags);
	} while (err && left);
	return err;
}

/* The slow part of singlet_account_uncharge(): too much is reserved. */
void singlet_account_return(struct singlet_account *account, unsigned int quota)
{
	unsigned long flags;

	spin_lock_irqsave(&quota_lock, flags);
	if (account->drawn & BIT(quota))
		give_up(account, quota, singlet_quota_ahead[quota]);
	spin_unlock_irqrestore(&quota_lock, flags);
}
