/* SPDX-License-Identifier: GPL-2.0 */
/*
 * count - the word of an object that counts its references
 *
 *   OBJECT_DEAD .. 0xffffffff   no object, or one being built or dying
 *   IMMORTAL and HOT set        live; counted elsewhere: hot.h
 *   IMMORTAL set                never freed, never counted
 *   otherwise                   (AGED) + 1 + references
 *
 * The 1 is the table's hold on a value; a plain object has it too, so that one
 * rule counts both.  AGED marks an idle object that a collector has passed by
 * once; the next reference clears it (second chance).
 *
 * The lower bits of an immortal object's word and of a hot one's are for those
 * who add or subtract one after a look at the word that is out of date: they
 * begin in the middle of their range.
 */
#ifndef SINGLET_COUNT_H
#define SINGLET_COUNT_H

#include <linux/bits.h>
#include <linux/types.h>

#define OBJECT_IMMORTAL		0x40000000U
#define OBJECT_AGED		0x20000000U
#define OBJECT_HOT		0x10000000U	/* beside OBJECT_IMMORTAL */
#define OBJECT_COUNT		0x1fffffffU	/* 1 + references */
#define OBJECT_COUNT_MAX	0x10000000U	/* beyond it a get fails */

/*
 * A hot word: which counters, and what strayed; and the count of one that was
 * hot until just now has the bias.
 */
#define HOT_STRAY_BITS	23
#define HOT_STRAY	((1U << HOT_STRAY_BITS) - 1)
#define HOT_MIDDLE	(1U << (HOT_STRAY_BITS - 1))
#define HOT_BIAS	0x08000000U
#define HOT_COUNT_MAX	0x02000000U	/* what has more does not become hot */

/* What became of an object. */
enum singlet_put {
	PUT_LIVE,	/* others hold it still, or it is immortal */
	PUT_IDLE,	/* now idle */
	PUT_DEAD,	/* now dying: the caller must free it */
	PUT_WRONG,	/* nobody held it: a bug of the caller's */
};

enum singlet_got {
	GOT_NOTHING,	/* there is no object */
	GOT_LIVE,	/* a reference */
	GOT_IDLE,	/* a reference, the first one on an idle object */
	GOT_FULL,	/* none: the count is full */
};

static __always_inline bool singlet_refs_hot(u32 refs)
{
	return (refs & (BIT(31) | OBJECT_IMMORTAL | OBJECT_HOT)) ==
	       (OBJECT_IMMORTAL | OBJECT_HOT);
}

/* An object whose references are counted in its word, though maybe not only. */
static inline bool singlet_refs_counted(u32 refs)
{
	return !(refs & (BIT(31) | OBJECT_IMMORTAL));
}

/* So many that a part of them may be the bias of one that was hot. */
static inline bool singlet_refs_many(u32 refs)
{
	return singlet_refs_counted(refs) &&
	       (refs & OBJECT_COUNT) >= HOT_BIAS / 2;
}

static inline bool singlet_refs_immortal(u32 refs)
{
	return (refs & (BIT(31) | OBJECT_IMMORTAL | OBJECT_HOT)) ==
	       OBJECT_IMMORTAL;
}

/* An object that others hold, neither immortal nor with a full count. */
static __always_inline bool singlet_refs_live(u32 refs)
{
	return refs - 2 < OBJECT_COUNT_MAX - 2;
}

#endif
