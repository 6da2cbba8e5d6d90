/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat/shrinker - one way to register a shrinker
 *
 * Up to 6.6 a shrinker is a structure of the owner's; from 6.7 on it is
 * allocated.  SHRINKER_ALLOCATED came with the latter.  Pages that a shrinker
 * freed are reported to reclaim by mm_account_reclaimed_pages() from 6.4 on.
 */
#ifndef SINGLET_COMPAT_SHRINKER_H
#define SINGLET_COMPAT_SHRINKER_H

#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/swap.h>

typedef unsigned long (*compat_shrinker_fn)(struct shrinker *shrinker,
					    struct shrink_control *sc);

#ifdef SHRINKER_ALLOCATED

static inline struct shrinker *
compat_shrinker_register(const char *name, unsigned int flags, long batch,
			 compat_shrinker_fn count, compat_shrinker_fn scan)
{
	struct shrinker *s = shrinker_alloc(flags, "%s", name);

	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
	s->batch = batch;
	shrinker_register(s);
	return s;
}

static inline void compat_shrinker_unregister(struct shrinker *s)
{
	shrinker_free(s);
}

#else

static inline struct shrinker *
compat_shrinker_register(const char *name, unsigned int flags, long batch,
			 compat_shrinker_fn count, compat_shrinker_fn scan)
{
	struct shrinker *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
	s->batch = batch;
	s->flags = flags;
	if (register_shrinker(s, "%s", name)) {
		kfree(s);
		return NULL;
	}
	return s;
}

static inline void compat_shrinker_unregister(struct shrinker *s)
{
	unregister_shrinker(s);
	kfree(s);
}

#endif

/* Pages came back; if the current task reclaims memory, it is to know. */
static inline void compat_account_reclaimed(unsigned long pages)
{
#ifdef COMPAT_RECLAIMED
	mm_account_reclaimed_pages(pages);
#else
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
#endif
}

#endif
