/* SPDX-License-Identifier: GPL-2.0 */
/* export - symbols for other modules, in the namespace SINGLET */
#ifndef SINGLET_COMPAT_EXPORT_H
#define SINGLET_COMPAT_EXPORT_H

#include <linux/export.h>

/* Up to 6.12 a namespace is an identifier, since then a string. */
#ifdef COMPAT_NS_IDENTIFIER
#define EXPORT_SYMBOL_SINGLET(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, SINGLET)
#else
#define EXPORT_SYMBOL_SINGLET(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "SINGLET")
#endif

#endif
