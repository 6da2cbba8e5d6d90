/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Reference caches: part of <singlet.h>, which includes this file.
 *
 * With a cache, references are counted in this process, and the session has one
 * on each object that is used here or was lately.  An object that is held is
 * interned, looked up, acquired and released without a system call, and its value
 * is read where it is (singlet_object_data()).  This is for services that come
 * across the same values again and again.
 *
 * All functions work as they do without, with these differences:
 * - Objects that were released stay held, up to a number, and so cannot become
 *   idle; plain objects that the session allocated end at once.
 * - Others see one reference of this session, however many there are here.
 * - singlet_object_release() and the batch fail with -ENOENT for what is not held,
 *   immortal objects too.  More than 2^30 - 2 references on an object are
 *   -EOVERFLOW.
 * - What is held is found whatever the session may do, and after its domain was
 *   deleted.
 * - The values to be interned or looked up are read here: a bad pointer is a
 *   crash and no -EFAULT.
 *
 * fork(): the child gets a session of its own with the same references, at the
 * cost of one system call for each 1024 in the parent; what was held can be used
 * on, at the same addresses, but for plain objects that are not sealed.  Nothing
 * is held in the child, and its handle fails with -ENOTTY (-EBADF if not even
 * /dev/null can be opened), when a session in the same domain cannot be had: the
 * domain was deleted, its mode or the device's now refuses the user, who may be
 * another by now, /proc is not there, a quota is reached, no descriptor is left.
 * vfork(), posix_spawn(), _Fork() and clone() do nothing of this: such a child
 * must not use the handle.  Nor may handlers of pthread_atfork() use it.
 */
#ifndef _SINGLET_CACHE_API_H
#define _SINGLET_CACHE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct singlet;

/**
 * singlet_cache_enable() - count references in this process from here on
 * @s: the handle, on which the session has no references yet
 * @keep: objects that stay held when nobody uses them, at most; 0: none
 *
 * To be called before any other thread uses the handle, once.  The domain is
 * mapped if the system allows; if not, values are copied into the process.  With
 * the first such session the kernel makes the domain's index, which costs it eight
 * bytes for each slot (<linux/singlet_index.h>); the process then has about a byte
 * for each object that is held, and without an index about a hundred.
 *
 * Return: 0; -EALREADY; -ENOMEM; an error of getrandom(2).
 */
int singlet_cache_enable(struct singlet *s, size_t keep);

/**
 * singlet_cache_flush() - let go of everything that nobody uses
 * @s: the handle
 *
 * Return: 0; -EINVAL: it has no cache.
 */
int singlet_cache_flush(struct singlet *s);

/**
 * struct singlet_cache_info - what a reference cache has
 * @held: objects on which the session has a reference
 * @queued: of these, such as wait to be let go of, some of them in use again
 * @bytes: memory of the process, about
 * @mapped: values are read where they are, and not copied
 */
struct singlet_cache_info {
	size_t held;
	size_t queued;
	size_t bytes;
	bool mapped;
};

/**
 * singlet_cache_query() - what the reference cache has
 * @s: the handle
 * @info: out
 *
 * Return: 0; -EINVAL: it has no cache.
 */
int singlet_cache_query(struct singlet *s, struct singlet_cache_info *info);

/**
 * singlet_object_data() - a value, where it is
 * @s: the handle, which has a reference cache
 * @id: an object on which the caller has a reference
 * @data: out; the value's first byte, aligned to 8 bytes; read-only memory that
 *        stays as it is until the reference is released.  No NUL is behind it.
 *        Of a plain object that is being written it is what was written
 * @len: out; bytes in the value; may be NULL
 *
 * Return: 0; -ENOENT: not held; -EOPNOTSUPP: the handle has no cache; an error
 * of singlet_object_query() when it was got by its id and nothing else is known of
 * it, or -ENOMEM when it could not be copied then.
 */
int singlet_object_data(struct singlet *s, uint64_t id, const void **data,
			size_t *len);

#ifdef __cplusplus
}
#endif

#endif /* _SINGLET_CACHE_API_H */
