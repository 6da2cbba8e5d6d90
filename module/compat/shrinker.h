/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat/shrinker - one way to register a shrinker
 *
 * Up to 6.6 a shrinker is a static structure that the owner registers; from
 * 6.7 on it is allocated.  SHRINKER_ALLOCATED came with the latter.
 */
#ifndef SINGLET_COMPAT_SHRINKER_H
#define SINGLET_COMPAT_SHRINKER_H

#include <linux/shrinker.h>
#include <linux/slab.h>

typedef unsigned long (*compat_shrinker_fn)(struct shrinker *shrinker,
					    struct shrink_control *sc);

#ifdef SHRINKER_ALLOCATED

static inline struct shrinker *
compat_shrinker_register(const char *name, compat_shrinker_fn count,
			 compat_shrinker_fn scan)
{
	struct shrinker *s = shrinker_alloc(0, "%s", name);

	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
	shrinker_register(s);
	return s;
}

static inline void compat_shrinker_unregister(struct shrinker *s)
{
	shrinker_free(s);
}

#else

static inline struct shrinker *
compat_shrinker_register(const char *name, compat_shrinker_fn count,
			 compat_shrinker_fn scan)
{
	struct shrinker *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
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

#endif
