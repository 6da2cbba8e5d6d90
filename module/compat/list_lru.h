/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat/list_lru - lists of objects per node and memory cgroup
 *
 * list_lru_add_obj() and _del_obj() came with 6.8, before that the plain names
 * meant them.  Up to 6.12 the lock class of a list was an argument of its
 * initialization, then list_lru_init_memcg_key() came.
 */
#ifndef SINGLET_COMPAT_LIST_LRU_H
#define SINGLET_COMPAT_LIST_LRU_H

#include <linux/list_lru.h>

#ifdef COMPAT_LIST_LRU_KEY
#define compat_list_lru_init(lru, shrinker, key)			\
	list_lru_init_memcg_key(lru, shrinker, key)
#else
#define compat_list_lru_init(lru, shrinker, key)			\
	__list_lru_init(lru, true, key, shrinker)
#endif

#ifdef COMPAT_LIST_LRU_OBJ
#define compat_list_lru_add(lru, item)	list_lru_add_obj(lru, item)
#define compat_list_lru_del(lru, item)	list_lru_del_obj(lru, item)
#else
#define compat_list_lru_add(lru, item)	list_lru_add(lru, item)
#define compat_list_lru_del(lru, item)	list_lru_del(lru, item)
#endif

/* With that, the lock argument of a walk's callback went. */
#ifdef COMPAT_LIST_LRU_KEY
#define COMPAT_LRU_LOCK
#else
#define COMPAT_LRU_LOCK	spinlock_t *lru_lock,
#endif

#endif
