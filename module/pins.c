// SPDX-License-Identifier: GPL-2.0
/* pins - what stays in a domain without a session; see pins.h */
#include "pins.h"

#include <linux/err.h>

#include "domain.h"

static struct singlet_session *make_pins(struct singlet_domain *domain)
{
	struct singlet_session *pins;

	pins = singlet_session_new(domain, domain->user->uid,
				   SESSION_ACCESS_ALL);
	if (!pins)
		return ERR_PTR(-ENOMEM);
	/* Pairs with the dependent load in singlet_pins_of(). */
	smp_store_release(&domain->pins, pins);
	return pins;
}

/**
 * singlet_pins_of() - what holds the pins of the session's domain
 * @s: session
 * @make: if there are none yet, begin
 *
 * Context: Process, sleeps.
 * Return: A session that stays as long as @s does; NULL: there is none; an
 * ERR_PTR: -ENOMEM.
 */
struct singlet_session *singlet_pins_of(struct singlet_session *s, bool make)
{
	struct singlet_domain *domain = s->domain;
	struct singlet_session *pins = READ_ONCE(domain->pins);

	if (pins || !make)
		return pins;
	mutex_lock(&singlet_domains_mutex);
	pins = domain->pins ?: make_pins(domain);
	mutex_unlock(&singlet_domains_mutex);
	return pins;
}

static void unpin_all(struct singlet_domain *domain)
{
	singlet_session_drop(domain->pins);
	singlet_session_free(domain->pins);
}

static int move_pins(struct singlet_domain *domain, struct singlet_user *user)
{
	struct singlet_session *pins = domain->pins;
	int err;

	/* The caller keeps its own use of @user. */
	user = singlet_user_get(user->uid);
	err = singlet_account_move(&pins->account, user, false);
	if (!err)
		swap(pins->user, user);
	singlet_user_put(user);
	return err;
}

static const struct singlet_domain_ops domain_ops = {
	.unpin_all = unpin_all,
	.move_pins = move_pins,
};

/* Before the first domain.  Return: 0. */
int singlet_pins_init(void)
{
	singlet_domain_set_ops(&domain_ops);
	return 0;
}
