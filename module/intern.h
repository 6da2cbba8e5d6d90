/* SPDX-License-Identifier: GPL-2.0 */
/*
 * intern - value to object: lookup or create
 *
 * The lookup is an RCU find in the table.  Each entry that may be it names a
 * slot.  Take a reference on whatever object is there; now it is stable, and
 * can be compared: type, length, bytes.  If it is another one (the slot was
 * reused, or the tags agree by chance), put the reference back.  Bytes are
 * never read without a reference: a slab's pages go back to the kernel as soon
 * as it has no object, only its records wait for a grace period.
 *
 * (What a session holds it may compare by its own reference, while its records are
 * locked, and gets no other: intern_many.c.)
 *
 * Short values, in slots up to SIZE_SLACK_MAX, are compared at once.  Larger
 * ones have their hash beside them, and are compared by that within the RCU
 * section and by their bytes outside it.
 *
 * On a miss the object is built in a free slot outside any lock, then looked
 * for again under the stripe's lock, and either inserted or dropped for the
 * one that was faster.  A dying object compares unequal, because no reference
 * can be had on it; so for an instant a dying entry and a new one may stand
 * side by side.
 */
#ifndef SINGLET_INTERN_H
#define SINGLET_INTERN_H

#include "refs.h"
#include "store.h"

struct singlet_value;

/* What became of a wish so far. */
enum singlet_wished {
	WISH_LEFT,	/* nothing: to be made, or looked for once more */
	WISH_TAKEN,	/* there is the object, with a reference */
	WISH_HELD,	/* there it is; who asked holds it, which is to be recorded */
	WISH_RECORDED,	/* the same, and one more is recorded */
};

/**
 * struct singlet_wish - one of several values to be interned together
 * @data: the value's bytes, in kernel memory, not changing
 * @len: how many
 * @type_number: of a type of kind value or single
 * @ret: out; as of singlet_store_intern()
 * @obj: out, on success; the caller has a reference if @how says WISH_TAKEN
 * @type: intern_many.c's, while @how says WISH_LEFT
 * @id: for the caller to use
 * @how: out
 */
struct singlet_wish {
	const void *data;
	u32 len;
	u32 type_number;
	int ret;
	union {
		struct singlet_object *obj;
		struct singlet_type *type;
	};
	u64 id;
	enum singlet_wished how;
};

#define WISHES_MAX	16U	/* whose cache misses overlap */

/*
 * Big values of a store with one hash.  By chance there are never so many; values
 * made to collide are not to be compared by everybody who looks for one of them.
 */
#define ALIKE_MAX	8

unsigned int singlet_store_take_many(struct singlet_store *store,
				     struct singlet_wish *wish, unsigned int nr,
				     struct singlet_refs *held);
void singlet_store_make_many(struct singlet_store *store,
			     struct singlet_wish *wish, unsigned int nr,
			     bool may_create, gfp_t gfp);
int singlet_intern_hard(struct singlet_store *store, struct singlet_type *type,
			const void *data, u32 len, bool may_create, gfp_t gfp,
			struct singlet_object **objp);
int singlet_store_intern(struct singlet_store *store, u32 type_number,
			 const void *data, u32 len, bool create, gfp_t gfp,
			 struct singlet_object **objp);
struct singlet_object *singlet_type_intern(struct singlet_type *type,
					   const void *data, u32 len,
					   bool may_create, gfp_t gfp);
unsigned int singlet_type_intern_many(struct singlet_type *type,
				      const struct singlet_value *values,
				      struct singlet_object **obj,
				      unsigned int nr, gfp_t gfp);

#endif
