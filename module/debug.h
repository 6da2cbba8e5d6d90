/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug - checks of our own invariants
 *
 * They run in builds made with SINGLET_DEBUG=y and in the KUnit module, cost
 * nothing elsewhere, and never depend on what a user passed in.
 */
#ifndef SINGLET_DEBUG_H
#define SINGLET_DEBUG_H

#include <linux/bug.h>

#ifdef SINGLET_DEBUG
#define singlet_assert(cond)	WARN_ON_ONCE(!(cond))
#else
#define singlet_assert(cond)	((void)sizeof(!!(cond)))
#endif

#endif
