/* SPDX-License-Identifier: GPL-2.0 */
/* Reading and writing user memory by words. */
#ifndef SINGLET_COMPAT_UACCESS_H
#define SINGLET_COMPAT_UACCESS_H

#include <linux/uaccess.h>

/*
 * Is a word of user memory, at any address, got or set by one instruction?  Elsewhere
 * (User Mode Linux) each is a walk of the page tables, or has to be aligned.
 */
#if !defined(CONFIG_UML) && (defined(CONFIG_X86_64) || defined(CONFIG_ARM64))
#define COMPAT_USER_WORDS	1
#else
#define COMPAT_USER_WORDS	0
#endif

#endif
