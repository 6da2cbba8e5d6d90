/* SPDX-License-Identifier: GPL-2.0 */
/* word - eight bytes, or four, from anywhere */
#ifndef SINGLET_WORD_H
#define SINGLET_WORD_H

#include <linux/minmax.h>
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

static __always_inline u32 singlet_half_word(const void *p)
{
#ifdef CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS
	return *(const u32 *)p;
#else
	u32 w;

	memcpy(&w, p, sizeof(w));
	return w;
#endif
}

/*
 * Eight to 32 bytes are the words at 0, at these two offsets and at the end,
 * some of them perhaps the same; there is no branch in that.
 */
static __always_inline u32 singlet_second_word(u32 len)
{
	return min(len - 8, 8U);
}

static __always_inline u32 singlet_third_word(u32 len)
{
	return max(len, 16U) - 16;
}

#endif
