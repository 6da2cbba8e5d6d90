/* SPDX-License-Identifier: GPL-2.0 */
/*
 * named - domains with a name: created, joined, changed and deleted by users
 *
 * A name belongs to one user namespace and is unique there.  A domain has an
 * owner, a group and a mode, as a file has:
 *   r  join to look up, acquire and read
 *   w  join to make objects and types
 *   x  know that the domain exists; without it, it does not (ENOENT)
 * The owner knows it always.  Who has CAP_SYS_ADMIN in the user namespace may
 * do everything; who has it in the initial one may end the domains of all
 * namespaces, private ones too, which it finds in /proc/singlet/domains.
 */
#ifndef SINGLET_NAMED_H
#define SINGLET_NAMED_H

#include "domain.h"

/* A name from a user; not NUL-terminated. */
struct singlet_name {
	const char *text;
	u32 len;
};

struct singlet_domain *singlet_named_create(const struct singlet_caller *caller,
					    struct singlet_name name, u32 mode,
					    u32 flags);
struct singlet_domain *singlet_named_join(const struct singlet_caller *caller,
					  struct singlet_name name, u32 access);
int singlet_named_delete(const struct singlet_caller *caller,
			 struct singlet_name name, bool deferred);
int singlet_domain_delete_serial(const struct singlet_caller *caller,
				 u64 serial, bool deferred);
int singlet_domain_change(const struct singlet_caller *caller,
			  struct singlet_domain *domain,
			  struct singlet_name name,
			  const struct singlet_domain_set *set);
int singlet_domain_describe(const struct singlet_caller *caller,
			    struct singlet_domain *domain,
			    struct singlet_name name,
			    struct singlet_domain_info *info);
struct singlet_domain *singlet_named_create_kernel(const struct cred *cred,
						   struct singlet_name name,
						   struct module *maker);
bool singlet_named_next(const struct singlet_caller *caller, u64 *cursor,
			struct singlet_domain_info *info);

#endif
