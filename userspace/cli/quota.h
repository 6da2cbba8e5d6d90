/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What quotas are on, and limits as text. */
#ifndef QUOTA_H
#define QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#define QUOTA_TEXT 32		/* bytes for a limit as text */

struct quota {
	const char *name;
	bool bytes;		/* otherwise a count */
	bool of_domain, of_user;	/* who has one */
};

/* By SINGLET_QUOTA_*. */
extern const struct quota quotas[];

/* A number, or "none" for 0; exact or as 1.5K. */
void limit_format(const struct quota *quota, uint64_t limit, bool exact,
		  char out[QUOTA_TEXT]);
void use_format(const struct quota *quota, uint64_t use, bool exact,
		char out[QUOTA_TEXT]);
/* "none" is 0; a limit of 0 is refused.  Bytes may have a unit. */
bool limit_parse(const struct quota *quota, const char *text, uint64_t *limit);

/*
 * As members of an open JSON object: "KEY": { "objects": N, ... }, those that a
 * domain or, if @user, a user has; where @none, 0 becomes null.
 */
void quota_json(const char *key, const __u64 *values, bool user, bool none);

#endif /* QUOTA_H */
