/* SPDX-License-Identifier: GPL-2.0 */
/*
 * api - what other kernel modules call: <linux/singlet.h>
 *
 * A layer beside session: it uses domains and what is below them, and nothing
 * but the module's entry uses it.  Objects are in api.c, domains and types in
 * api_domain.c.
 *
 * Trust.  A module is part of the kernel, so its pointers are not checked; but
 * what is likely to go wrong does no harm: a reference that is dropped once too
 * often is noticed and refused, a type or a domain with live objects stays, and
 * a module that forgets its types when it goes leaves no pointer to its code
 * behind.  Each of these is reported with the type's name.
 */
#ifndef SINGLET_API_H
#define SINGLET_API_H

int singlet_api_init(void);
void singlet_api_exit(void);

#endif
