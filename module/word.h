/* SPDX-License-Identifier: GPL-2.0 */
/* word - eight bytes from anywhere */
#ifndef SINGLET_WORD_H
#define SINGLET_WORD_H

#include <linux/string.h>
#include <linux/types.h>

static __always_inline u64 singlet_word(const void *p)
{
#ifdef CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS
	return *(const u64 *)p;
#else
	u64 w;

	memcpy(&w, p, sizeof(w));
	return w;
#endif
}

#endif
