// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Borrowing: objects that stay what they are while this process reads them, by a
 * word in a page that the kernel looks at.  <linux/singlet_index.h> has the
 * protocol; whatever it does not answer is the kernel's to answer, and a
 * reference is what keeps the object then.
 */
#include <errno.h>
#include <stdlib.h>

#include "index.h"
#include "internal.h"
#include "slots.h"
#include "sought.h"

/* From the index */

static inline void fill(struct singlet_borrow *b, const struct index *index,
			uint64_t id, uint32_t type, const void *data,
			size_t len, uint64_t *slot)
{
	*b = (struct singlet_borrow){
		.data = data,
		.len = len,
		.id = id,
		.type = type,
		.forks = atomic_load_explicit(&index->forks,
					      memory_order_relaxed),
		.slot = slot,
	};
}

/* The index of @s, or NULL: there is none. */
static inline struct index *index_of(struct singlet *s)
{
	if (unlikely(!index_borrows_here(&s->index)))
		return singlet_index_open_borrows(s);
	return likely(s->index.borrows) ? &s->index : NULL;
}

/* 0: borrowed; -ENOENT: it is not this one; -ENOBUFS: there is no free slot. */
static inline __attribute__((always_inline)) int
try_value(struct index *index, uint32_t handle, const struct sought *k,
	  uint32_t *word, struct singlet_borrow *b)
{
	struct index_place p;
	uint64_t mark, id, *slot;
	uint32_t slack;

	if (!index_place(index, handle, &p))
		return -ENOENT;
	/* Large if the value is larger than the slot. */
	slack = p.size - (uint32_t)k->len;
	if (slack > SINGLET_MARK_SLACK)
		return -ENOENT;
	mark = index_read(p.mark_at);
	if ((uint32_t)mark != SINGLET_MARK(k->type, slack))
		return -ENOENT;
	id = (mark >> 32) << 32 | handle;
	slot = claim(index, id, word);
	if (unlikely(!slot))
		return -ENOBUFS;
	if (unlikely(!index_same(&p, mark)) ||
	    (k->len && memcmp(p.data, k->data, k->len))) {
		unclaim(slot);
		return -ENOENT;
	}
	fill(b, index, id, k->type, p.data, k->len, slot);
	return 0;
}

/* Whether the value was found and borrowed; if not, the kernel knows more. */
static inline bool borrow_found(struct index *index, const struct sought *k,
				uint32_t *word, struct singlet_borrow *b)
{
	struct sought_walk w = sought_walk(k);
	uint32_t handle;

	while (sought_next(index, k, &w, &handle)) {
		int err = try_value(index, handle, k, word, b);

		if (err != -ENOENT)
			return !err;
	}
	return false;
}

static bool borrow_id(struct index *index, uint64_t id,
		      struct singlet_borrow *b)
{
	uint32_t what, slack, word = slots_first();
	struct index_place p;
	uint64_t mark, *slot;

	if (!index_place(index, (uint32_t)id, &p))
		return false;
	mark = index_read(p.mark_at);
	what = (uint32_t)mark;
	slack = what & SINGLET_MARK_SLACK;
	if (mark >> 32 != id >> 32 || !(what & SINGLET_MARK_LIVE) ||
	    what & SINGLET_MARK_DOOMED || slack > p.size)
		return false;
	slot = claim(index, id, &word);
	if (!slot)
		return false;
	if (!index_same(&p, mark)) {
		unclaim(slot);
		return false;
	}
	fill(b, index, id,
	     what >> SINGLET_MARK_TYPE_SHIFT & SINGLET_MARK_TYPE_MAX, p.data,
	     p.size - slack, slot);
	return true;
}

/* From the kernel */

static void release(struct singlet *s, uint64_t id)
{
	/* Signals come and go; nothing else is to be expected. */
	while (singlet_object_release(s, id, 1) == -EINTR)
		;
}

/*
 * The session has a reference on @b->id, of @b->type and @b->len.  Its bytes
 * are those at @data; NULL: that is not known.
 */
static int find_data(struct singlet *s, const void *data,
		     struct singlet_borrow *b)
{
	const struct index *index = &s->index;
	struct map_slab slab;
	int err = 0;

	b->slot = NULL;
	b->copy = NULL;
	b->forks = atomic_load(&singlet_forks);
	if (index_borrows_here(index) &&
	    singlet_map_slab(&index->map, b->id, &slab)) {
		b->data = slab.base +
			  (size_t)SINGLET_ID_SLOT(b->id) * slab.size;
		return 0;
	}
	if (!data) {
		err = singlet_object_dup(s, b->id, &b->copy, &b->len);
	} else {
		b->copy = malloc(b->len + 1);
		if (b->copy)
			memcpy(b->copy, data, b->len);
		else
			err = -ENOMEM;
	}
	b->data = b->copy;
	return err;
}

/* The reference on @id becomes a borrow, or is given back. */
static int keep(struct singlet *s, uint64_t id, const struct sought *k,
		struct singlet_borrow *b)
{
	struct singlet_borrow new = { .id = id };
	struct singlet_query_item item;
	const void *data = NULL;
	int err = 0;

	/* The only instance of a type is found by no bytes at all. */
	if (k && k->len) {
		new.type = k->type;
		new.len = k->len;
		data = k->data;
	} else {
		err = singlet_object_query(s, id, &item);
		if (!err) {
			new.type = item.type;
			new.len = item.len;
		}
	}
	if (!err)
		err = find_data(s, data, &new);
	if (err)
		release(s, id);
	else
		*b = new;
	return err;
}

int singlet_borrow_value(struct singlet *s, uint32_t type, const void *data,
			 size_t len, struct singlet_borrow *b)
{
	struct index *index = index_of(s);
	uint32_t word = slots_first();
	struct sought k;
	uint64_t id;
	int err;

	sought_begin(index, type, data, len, &k);
	if (likely(borrow_found(index, &k, &word, b)))
		return 0;
	err = singlet_object_lookup(s, type, data, len, &id);
	return err ? err : keep(s, id, &k, b);
}

/* Batches */

#define LOT	16	/* whose cache misses overlap */

/*
 * What of a lot is in the index; the others stay without an id.  Return: how many
 * others there are.
 */
static size_t borrow_lot(struct index *index,
			 struct singlet_intern_item *items,
			 struct singlet_borrow *borrows, size_t count)
{
	uint32_t word = slots_first(), handle;
	struct sought sought[LOT];
	struct index_place p;
	size_t i, left = 0;

	for (i = 0; i < count; i++)
		sought_begin(index, items[i].type,
			     (const void *)(uintptr_t)items[i].data,
			     items[i].len, &sought[i]);
	/* What will be looked at first is fetched. */
	for (i = 0; i < count; i++)
		if (sought_first(&sought[i], &handle))
			index_place(index, handle, &p);
	for (i = 0; i < count; i++) {
		bool found = borrow_found(index, &sought[i], &word,
					  &borrows[i]);

		items[i].id = found ? borrows[i].id : 0;
		items[i].result = 0;
		items[i].created = 0;
		if (found)
			continue;
		borrows[i] = (struct singlet_borrow){ 0 };
		left++;
	}
	return left;
}

/* The kernel is asked for those without an id, and has all the rest to say. */
static ssize_t ask_lot(struct singlet *s, struct singlet_intern_item *items,
		       struct singlet_borrow *borrows, size_t count)
{
	struct singlet_intern_item asked[LOT];
	size_t where[LOT], nr = 0, i;
	ssize_t done;

	for (i = 0; i < count; i++) {
		if (items[i].id)
			continue;
		where[nr] = i;
		asked[nr++] = items[i];
	}
	done = singlet_batch_lookup(s, asked, nr);
	for (i = 0; (ssize_t)i < done; i++) {
		struct singlet_intern_item *item = &items[where[i]];
		struct sought k = {
			.data = (const void *)(uintptr_t)item->data,
			.len = item->len, .type = item->type,
		};

		*item = asked[i];
		if (!item->result)
			item->result = -keep(s, item->id, &k,
					     &borrows[where[i]]);
	}
	if (done == (ssize_t)nr)
		return count;
	/* From the first that was not dealt with on nothing is. */
	i = done > 0 ? where[done] : where[0];
	nr = i;
	for (; i < count; i++)
		if (items[i].id)
			singlet_borrow_end(s, &borrows[i]);
	return nr || done >= 0 ? (ssize_t)nr : done;
}

ssize_t singlet_batch_borrow(struct singlet *s,
			     struct singlet_intern_item *items,
			     struct singlet_borrow *borrows, size_t count)
{
	struct index *index = index_of(s);
	ssize_t n = -EINVAL;
	size_t done = 0;

	while (done < count) {
		size_t lot = count - done < LOT ? count - done : LOT;

		n = lot;
		if (borrow_lot(index, items + done, borrows + done, lot))
			n = ask_lot(s, items + done, borrows + done, lot);
		if (n > 0)
			done += n;
		if (n != (ssize_t)lot)
			break;
	}
	return done ? (ssize_t)done : n;
}

int singlet_borrow_str(struct singlet *s, const char *text,
		       struct singlet_borrow *b)
{
	return singlet_borrow_value(s, SINGLET_TYPE_STR, text, strlen(text), b);
}

int singlet_borrow_id(struct singlet *s, uint64_t id, struct singlet_borrow *b)
{
	struct index *index = index_of(s);
	int err;

	if (index && borrow_id(index, id, b))
		return 0;
	err = singlet_object_acquire(s, id, 1);
	return err ? err : keep(s, id, NULL, b);
}

/*
 * A reference of before a fork is the parent's to give back, but for those that
 * a reference cache counts: the child has the same once more.
 */
static void end_reference(struct singlet *s, struct singlet_borrow *b)
{
	free(b->copy);
	b->copy = NULL;
	if (b->id && (s->cache || b->forks == atomic_load(&singlet_forks)))
		release(s, b->id);
	b->id = 0;
}

void singlet_borrow_end(struct singlet *s, struct singlet_borrow *b)
{
	uint64_t *slot = b->slot;

	if (unlikely(!slot)) {
		end_reference(s, b);
		return;
	}
	b->slot = NULL;
	b->id = 0;
	if (likely(b->forks == atomic_load_explicit(&singlet_forks,
						    memory_order_relaxed)))
		unclaim(slot);
}

void singlet_batch_borrow_end(struct singlet *s,
			      struct singlet_borrow *borrows, size_t count)
{
	while (count--)
		singlet_borrow_end(s, borrows++);
}
