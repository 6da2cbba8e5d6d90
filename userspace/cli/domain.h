/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Named domains: joining them, what goes wrong, what is known of them. */
#ifndef DOMAIN_H
#define DOMAIN_H

#include "cli.h"

/*
 * A session in the domain; what goes wrong ends the program.  @access is
 * SINGLET_ACCESS_* or ACCESS_GRANTED.
 */
struct singlet *domain_join(struct singlet *s, const char *name,
			    uint32_t access);
/* What is known of it; @name NULL: the session's; ends the program too. */
void domain_query(struct singlet *s, const char *name,
		  struct singlet_domain_info *info);
/*
 * One line: "cannot @action domain 'NAME'" and why; @name NULL: the session's.
 * Returns STATUS_FAILURE.
 */
int domain_report(struct singlet *s, const char *action, const char *name,
		  int err);

/* An error of looking for a name: what cannot be one is none of a domain. */
int domain_name_error(int err);

/* "rw", "r", "w" or "-" */
const char *access_name(uint32_t access);
/* "ephemeral", "deleted", both with a comma between them, or "-" */
const char *domain_flags(const struct singlet_domain_info *info);
/* Whether the owner's numbers in @info mean something. */
bool domain_shows_owner(const struct singlet_domain_info *info);
/* An object, of an open array or on its own. */
void domain_json(const struct singlet_domain_info *info);

/*
 * Becomes @command, which finds the session's descriptor in SINGLET_FD.  When
 * that fails the program ends with 127 (not found) or 126, as env(1) does.
 */
void domain_run(struct singlet *session, char **command)
	__attribute__((noreturn));

#endif /* DOMAIN_H */
