/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What is known of an object that this process holds: its id, type, length and
 * value, by its mark or by its record, and how a record comes and goes.
 */
#ifndef _SINGLET_KNOWN_H
#define _SINGLET_KNOWN_H

#include "cache.h"

HIDDEN bool singlet_known_set_copy(struct cache *c, struct record *r, void *copy,
				   uint32_t len);
HIDDEN int singlet_known_copy(struct cache *c, struct record *r,
			      const void *data, uint32_t len);
HIDDEN int singlet_known_make_record(struct cache *c, struct held_at *at);
HIDDEN void singlet_known_end_record(struct cache *c, struct record *r);
HIDDEN struct held_at singlet_known_find_record(struct cache *c,
						struct held_at at);

/* The mark of what is held without a record, which has one therefore; else 0. */
static inline uint64_t known_mark(const struct cache *c, struct held_at at)
{
	struct index_place p;

	return c->index && index_mark(c->index, at.handle, &p) ?
	       index_read(p.mark_at) & ~(uint64_t)SINGLET_MARK_DOOMED : 0;
}

static inline uint32_t known_len(uint64_t mark, struct held_at at)
{
	return held_size(at) - (mark & SINGLET_MARK_SLACK);
}

static inline uint32_t known_type(uint64_t mark)
{
	return mark >> SINGLET_MARK_TYPE_SHIFT & SINGLET_MARK_TYPE_MAX;
}

/* Its id, of what the caller has, or holds the lock for. */
static inline uint64_t known_id(const struct cache *c, struct held_at at)
{
	uint64_t gen = at.record ? atomic_load(&at.record->gen) :
				   known_mark(c, at) >> 32;

	return gen << 32 | at.handle;
}

/* Its record, which is there if its count says so.  Lock held. */
static inline struct held_at known_with_record(const struct cache *c,
					       struct held_at at)
{
	at.record = held_number(at) != HELD_RECORD ? NULL :
		    singlet_record_find(&c->records, at.handle);
	return at;
}

#endif /* _SINGLET_KNOWN_H */
