// SPDX-License-Identifier: GPL-2.0
/* A reader of an index that goes by <linux/singlet_index.h>; see suite_reader.h. */
#include "suite_reader.h"

#include <linux/mm.h>

#include "arena.h"
#include "marks.h"
#include "space.h"

struct singlet_index *suite_index(struct kunit *test,
				  struct singlet_store *store)
{
	struct inode *inode = singlet_space_new();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, inode);
	KUNIT_ASSERT_EQ(test, singlet_index_open(store, inode), 0);
	singlet_space_put(inode);
	KUNIT_ASSERT_NOT_NULL(test, store->index);
	return store->index;
}

/* A reader, with what it would have mapped. */

static u64 dir_entry(struct singlet_map_dir *dir, u32 index)
{
	unsigned long at = 1UL + index;
	const u64 *page = singlet_map_dir_page(dir, at / (PAGE_SIZE / 8));

	return page ? READ_ONCE(page[at % (PAGE_SIZE / 8)]) : 0;
}

u64 suite_set(struct singlet_store *store, u32 handle)
{
	return dir_entry(&store->pool.arena->marks->sets,
			 handle >> SINGLET_ID_SLOT_BITS);
}

/* Where the mark of @handle is, by @set; or NULL. */
u64 *suite_mark(struct singlet_store *store, u64 set, u32 handle)
{
	u32 at = SINGLET_SET_MARKS(set) + SINGLET_ID_SLOT(handle);
	u64 *page;

	if (!SINGLET_SET_SERIAL(set))
		return NULL;
	page = singlet_marks_page(store->pool.arena->marks,
				  at / (PAGE_SIZE / 8));
	return page ? &page[at % (PAGE_SIZE / 8)] : NULL;
}

/* The bytes of what is borrowed; @faults is held. */
static const void *bytes_of(struct singlet_store *store, u32 handle)
{
	struct singlet_arena *arena = store->pool.arena;
	u64 e = dir_entry(&arena->dir, handle >> SINGLET_ID_SLOT_BITS);
	u64 at = SINGLET_SLAB_OFFSET(e) +
		 (u64)SINGLET_ID_SLOT(handle) * SINGLET_SLAB_SIZE(e);
	const void *page = singlet_arena_page(arena, at >> PAGE_SHIFT);

	return page ? page + offset_in_page(at) : NULL;
}

const void *suite_bytes(struct singlet_store *store, u32 handle)
{
	const void *bytes;

	down_read(&store->pool.arena->faults);
	bytes = bytes_of(store, handle);
	up_read(&store->pool.arena->faults);
	return bytes;
}

/* The steps of <linux/singlet_index.h>; @faults is held.  Return: an id or 0. */
static u64 borrow_handle(struct singlet_store *store, u64 *slot, u32 handle,
			 u32 type, u32 len)
{
	u64 set = suite_set(store, handle), mark, id, e;
	u64 *at = suite_mark(store, set, handle);

	if (!at)
		return 0;
	mark = READ_ONCE(*at);
	e = dir_entry(&store->pool.arena->dir, handle >> SINGLET_ID_SLOT_BITS);
	if ((u32)mark != SINGLET_MARK(type, SINGLET_SLAB_SIZE(e) - len))
		return 0;
	id = (mark >> 32) << 32 | handle;
	WRITE_ONCE(*slot, id);
	smp_mb();	/* pairs with the one in kill_marked() */
	if (READ_ONCE(*at) == mark && suite_set(store, handle) == set)
		return id;
	suite_give_back(slot);
	return 0;
}

/* What is under an entry with the value's tag, if it is the value. */
static u64 borrow_value(struct singlet_store *store, u64 *slot, u32 handle,
			u32 type, const void *data, u32 len)
{
	u64 id = borrow_handle(store, slot, handle, type, len);
	const void *bytes;

	if (!id)
		return 0;
	bytes = bytes_of(store, handle);
	if (bytes && !memcmp(bytes, data, len))
		return id;
	/* Another value with the same tag, or none any more. */
	suite_give_back(slot);
	return 0;
}

/* Find a value in the index and borrow it.  Return: its id, or 0. */
u64 suite_borrow(struct singlet_store *store, u64 *slot, u32 type,
		 const void *data, u32 len)
{
	const struct singlet_index_head *head = store->index->head;
	u32 hash = singlet_hash(&head->key, data, len, SINGLET_TYPE_INDEX(type));
	u32 bucket = singlet_table_bucket(hash, READ_ONCE(head->buckets));
	const struct singlet_line *line;
	unsigned int steps, i;
	u64 id = 0;

	down_read(&store->pool.arena->faults);
	rcu_read_lock();
	line = singlet_lines_find(&store->table.home, bucket);
	for (steps = 0; line && !id && steps < 8; steps++) {
		for (i = 0; i < LINE_ENTRIES && !id; i++)
			if (READ_ONCE(line->tag[i]) == singlet_table_tag(hash))
				id = borrow_value(store, slot,
						  READ_ONCE(line->handle[i]),
						  type, data, len);
		line = singlet_table_next(&store->table, line);
	}
	rcu_read_unlock();
	up_read(&store->pool.arena->faults);
	return id;
}

void suite_give_back(u64 *slot)
{
	/* Pairs with the barrier after the slots were read there. */
	smp_store_release(slot, 0);
}

/* A page of borrows for the length of a test; all its slots are looked at. */
struct singlet_borrows *suite_borrows(struct kunit *test,
				      struct singlet_store *store)
{
	struct singlet_borrows *b = singlet_borrows_new(&store->pool.arena->borrowers);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	b->page[0] = SINGLET_BORROWS;
	return b;
}

/* Value @n of a test: of many lengths, none twice. */
static u32 value(u8 *data, u32 n)
{
	u32 len = 4 + n % 60;

	memset(data, 'a' + n % 26, len);
	memcpy(data, &n, sizeof(n));
	return len;
}

void suite_intern_values(struct kunit *test, struct singlet_object **obj,
			 u32 first, u32 end)
{
	u8 data[64];
	u32 i;

	for (i = first; i < end; i++) {
		u32 len = value(data, i);

		obj[i] = suite_intern(test, test->priv, SINGLET_TYPE_BYTES,
				      data, len);
	}
}

/* Those from @first to @end are found, and are the objects. */
void suite_expect_found(struct kunit *test, struct singlet_borrows *b,
			struct singlet_object *const *obj, u32 first, u32 end)
{
	u32 i, wrong = 0;
	u8 data[64];

	for (i = first; i < end; i++) {
		u32 len = value(data, i);
		u64 id = suite_borrow(test->priv, &b->page[1], SINGLET_TYPE_BYTES,
				data, len);

		wrong += id != (obj ? singlet_object_id(obj[i]) : 0);
		suite_give_back(&b->page[1]);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}
