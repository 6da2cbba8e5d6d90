/* SPDX-License-Identifier: GPL-2.0 */
/*
 * quota - what users and domains may use
 *
 * Vocabulary
 *   account  use and limits of one store (all but references), or of the
 *            references that one session holds
 *   user     use and limits of all the accounts that are a user's; the same in
 *            every user namespace, so that a new one brings no new quota
 *
 * An account draws on its user in advance: @reserved is part of the user's use,
 * and use beyond it has to be reserved first.  So most charges touch the account
 * alone, and an account can be handed to another user.  What is reserved and not
 * used is bounded (singlet_quota_ahead), and given up when the user's limit is
 * reached, by so many accounts at a time as can be looked at with interrupts off; so
 * limits are exact, but for what others reserve in between.  Limits count, they do
 * not allocate: a charge comes before anything is allocated for it.
 *
 * What an account does not draw (@drawn) is limited by the account alone.
 *
 * Locking: quota_lock (irq-safe) protects everything of users, and @reserved,
 * @user and @node of accounts.  It is the innermost lock.  users_mutex protects
 * who is a user.
 */
#ifndef SINGLET_QUOTA_H
#define SINGLET_QUOTA_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <uapi/linux/singlet.h>

struct singlet_user {
	struct hlist_node hash;		/* users_mutex */
	unsigned int count;		/* users_mutex; who has it */
	kuid_t uid;			/* stable */
	u64 use[SINGLET_QUOTAS];	/* quota_lock; what is reserved */
	struct list_head accounts;	/* quota_lock; the next to be squeezed first */
	unsigned int nr_accounts;	/* quota_lock to write */
};

struct singlet_account {
	atomic64_t use[SINGLET_QUOTAS];
	u64 limit[SINGLET_QUOTAS];	/* LIMIT_DEFAULT, 0: none; any context */
	u64 reserved[SINGLET_QUOTAS];	/* quota_lock to write */
	u32 drawn;			/* stable; bit per quota */
	struct singlet_user *user;	/* quota_lock; NULL: nobody limits it */
	struct list_head node;		/* quota_lock; in user->accounts */
};

#define LIMIT_DEFAULT	U64_MAX		/* the module's parameter */

struct singlet_user *singlet_user_get(kuid_t uid);
void singlet_user_put(struct singlet_user *user);
int singlet_user_charge(struct singlet_user *user, unsigned int quota, u64 n);
void singlet_user_uncharge(struct singlet_user *user, unsigned int quota,
			   u64 n);
void singlet_user_show(struct singlet_user *user, u64 *use, u64 *limit);

/* What the account of a store draws on its owner, that of a session on its user. */
#define DRAWN_BY_STORE	(BIT(SINGLET_QUOTA_OBJECTS) |			\
			 BIT(SINGLET_QUOTA_BYTES) |			\
			 BIT(SINGLET_QUOTA_TYPES))
#define DRAWN_BY_SESSION BIT(SINGLET_QUOTA_REFERENCES)

void singlet_account_init(struct singlet_account *account,
			  struct singlet_user *user, u32 drawn);
void singlet_account_end(struct singlet_account *account);
int singlet_account_move(struct singlet_account *account,
			 struct singlet_user *user, bool force);
int singlet_account_reserve(struct singlet_account *account,
			    unsigned int quota);
void singlet_account_return(struct singlet_account *account,
			    unsigned int quota);
u64 singlet_account_limit(const struct singlet_account *account,
			  unsigned int quota);

extern const u64 singlet_quota_ahead[SINGLET_QUOTAS];

/**
 * singlet_account_charge() - use some more
 * @account: whose
 * @quota: SINGLET_QUOTA_*
 * @n: how much
 *
 * Context: Any but NMI; does not sleep.
 * Return: 0; -EDQUOT: nothing was charged.
 */
static inline int singlet_account_charge(struct singlet_account *account,
					 unsigned int quota, u64 n)
{
	/* Full order, before reading @reserved: pairs with give_up(). */
	u64 use = atomic64_add_return(n, &account->use[quota]);

	if (likely(use <= singlet_account_limit(account, quota) &&
		   (use <= READ_ONCE(account->reserved[quota]) ||
		    !singlet_account_reserve(account, quota))))
		return 0;
	atomic64_sub(n, &account->use[quota]);
	return -EDQUOT;
}

/* Would @n more be within the account's own limit?  An instant's view. */
static inline bool singlet_account_fits(const struct singlet_account *account,
					unsigned int quota, u64 n)
{
	u64 use = atomic64_read(&account->use[quota]);
	u64 limit = singlet_account_limit(account, quota);

	return use <= limit && n <= limit - use;
}

/* Context: Any but NMI; does not sleep. */
static inline void singlet_account_uncharge(struct singlet_account *account,
					    unsigned int quota, u64 n)
{
	u64 use = atomic64_sub_return_relaxed(n, &account->use[quota]);

	if (unlikely(READ_ONCE(account->reserved[quota]) >
		     use + 2 * singlet_quota_ahead[quota] &&
		     account->drawn & BIT(quota)))
		singlet_account_return(account, quota);
}

#endif
