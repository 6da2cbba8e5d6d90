/* SPDX-License-Identifier: GPL-2.0 */
/* compat/unaligned - the header moved in 6.12 */
#ifndef SINGLET_COMPAT_UNALIGNED_H
#define SINGLET_COMPAT_UNALIGNED_H

#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif
