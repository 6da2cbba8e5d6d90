// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Batch commands: any number of items in calls that the kernel accepts. */
#include <errno.h>

#include "cached.h"
#include "internal.h"

ssize_t singlet_call_batch(struct singlet *s, unsigned long command,
			   void *items, size_t item_size, size_t count)
{
	size_t done = 0;

	if (!count)
		return -EINVAL;
	while (done < count) {
		size_t left = count - done;
		struct singlet_batch arg = {
			.size = sizeof(arg),
			.items = (uintptr_t)items + done * item_size,
			.count = left < SINGLET_MAX_BATCH ?
				 left : SINGLET_MAX_BATCH,
			.item_size = item_size,
		};
		int err = singlet_session_call(s, command, &arg);

		if (err)
			return done ? (ssize_t)done : err;
		/* The ABI promises progress; do not spin if it is broken. */
		if (!arg.done)
			return done ? (ssize_t)done : -EIO;
		done += arg.done;
	}
	return done;
}

ssize_t singlet_batch_intern(struct singlet *s,
			     struct singlet_intern_item *items, size_t count)
{
	if (s->cache)
		return singlet_cached_values(s->cache, SINGLET_INTERN, items,
					     count);
	return singlet_call_batch(s, SINGLET_INTERN, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_lookup(struct singlet *s,
			     struct singlet_intern_item *items, size_t count)
{
	if (s->cache)
		return singlet_cached_values(s->cache, SINGLET_LOOKUP, items,
					     count);
	return singlet_call_batch(s, SINGLET_LOOKUP, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_acquire(struct singlet *s,
			      struct singlet_ref_item *items, size_t count)
{
	if (s->cache)
		return singlet_cached_acquire(s->cache, items, count);
	return singlet_call_batch(s, SINGLET_ACQUIRE, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_release(struct singlet *s,
			      struct singlet_ref_item *items, size_t count)
{
	if (s->cache)
		return singlet_cached_release(s->cache, items, count);
	return singlet_call_batch(s, SINGLET_RELEASE, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_pin(struct singlet *s, struct singlet_ref_item *items,
			  size_t count)
{
	return singlet_call_batch(s, SINGLET_PIN, items, sizeof(*items), count);
}

ssize_t singlet_batch_unpin(struct singlet *s, struct singlet_ref_item *items,
			    size_t count)
{
	return singlet_call_batch(s, SINGLET_UNPIN, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_read(struct singlet *s, struct singlet_read_item *items,
			   size_t count)
{
	return singlet_call_batch(s, SINGLET_READ, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_query(struct singlet *s,
			    struct singlet_query_item *items, size_t count)
{
	return singlet_call_batch(s, SINGLET_QUERY, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_alloc(struct singlet *s,
			    struct singlet_alloc_item *items, size_t count)
{
	if (s->cache)
		return singlet_cached_alloc(s->cache, items, count);
	return singlet_call_batch(s, SINGLET_ALLOC, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_write(struct singlet *s,
			    struct singlet_write_item *items, size_t count)
{
	return singlet_call_batch(s, SINGLET_WRITE, items, sizeof(*items),
				  count);
}

ssize_t singlet_batch_seal(struct singlet *s, struct singlet_seal_item *items,
			   size_t count)
{
	return singlet_call_batch(s, SINGLET_SEAL, items, sizeof(*items),
				  count);
}
