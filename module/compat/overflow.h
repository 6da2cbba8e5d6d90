/* SPDX-License-Identifier: GPL-2.0 */
/* compat/overflow - struct_size_t() came with 6.5 */
#ifndef SINGLET_COMPAT_OVERFLOW_H
#define SINGLET_COMPAT_OVERFLOW_H

#include <linux/overflow.h>

#ifndef struct_size_t
#define struct_size_t(type, member, count) \
	struct_size((type *)NULL, member, count)
#endif

#endif
