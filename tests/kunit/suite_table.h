/* SPDX-License-Identifier: GPL-2.0 */
/* A table whose values are their handles, under whatever hash a test says. */
#ifndef SINGLET_KUNIT_SUITE_TABLE_H
#define SINGLET_KUNIT_SUITE_TABLE_H

#include "table.h"

/* Insert without growing.  Return: 0, -ENOMEM, -EDQUOT. */
static inline int suite_table_insert(struct singlet_table *table, u32 hash,
				     u32 handle)
{
	struct singlet_table_room room;
	int err;

	singlet_table_lock(table, hash);
	while ((err = singlet_table_prepare(table, hash, &room))) {
		singlet_table_unlock(table, hash);
		if (err == -ENOSPC)
			err = singlet_table_extend(table, GFP_KERNEL);
		if (err)
			return err;
		singlet_table_lock(table, hash);
	}
	singlet_table_insert(table, hash, handle, &room);
	singlet_table_unlock(table, hash);
	return 0;
}

static inline bool suite_table_remove(struct singlet_table *table, u32 hash,
				      u32 handle)
{
	bool was;

	singlet_table_lock(table, hash);
	was = singlet_table_remove(table, hash, handle);
	singlet_table_unlock(table, hash);
	return was;
}

static inline bool suite_table_match(void *ctx, u32 handle)
{
	return *(u32 *)ctx == handle;
}

static inline bool suite_table_find(struct singlet_table *table, u32 hash,
				    u32 handle)
{
	bool found;

	rcu_read_lock();
	found = singlet_table_find(table, hash, suite_table_match, &handle);
	rcu_read_unlock();
	return found;
}

#endif
