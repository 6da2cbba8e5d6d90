// SPDX-License-Identifier: GPL-2.0
/* plain - objects that are allocated, written and sealed; see plain.h */
#include "plain.h"

#include <linux/err.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "domain.h"
#include "store.h"
#include "world.h"

/* When it was allocated, for singlet_inspect_leaks(): 0 or -ENOMEM. */
static int note_alloc(struct singlet_session *s, u32 handle)
{
	void *now = xa_mk_value(ktime_get_boottime_ns() / NSEC_PER_MSEC);
	int err;

	mutex_lock(&s->mutex);
	err = xa_err(xa_store(&s->allocs, handle, now, GFP_KERNEL));
	mutex_unlock(&s->mutex);
	return err;
}

static void forget_alloc(struct singlet_session *s, u32 handle)
{
	mutex_lock(&s->mutex);
	xa_erase(&s->allocs, handle);
	mutex_unlock(&s->mutex);
}

/**
 * singlet_plain_alloc() - a plain object
 * @s: session, which gets one reference on it
 * @type: number of a type of kind plain
 * @len: bytes
 * @id: out, on success
 *
 * Context: Process, sleeps.
 * Return: 0; or as singlet_store_alloc().
 */
int singlet_plain_alloc(struct singlet_session *s, u32 type, u32 len, u64 *id)
{
	struct singlet_object *obj;
	int err;

	obj = singlet_store_alloc(s->domain->store, type, len, GFP_KERNEL);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	*id = singlet_object_id(obj);
	err = note_alloc(s, (u32)*id);
	if (!err)
		err = singlet_session_record(s, obj, 1);
	if (err == 1)
		return 0;
	forget_alloc(s, (u32)*id);
	singlet_store_put(obj);
	return err;
}

/* A plain object of this session, s->mutex held; or an ERR_PTR. */
static struct singlet_object *own_plain(struct singlet_session *s, u64 id)
{
	struct singlet_object *obj;
	struct singlet_peek peek;

	if (id & WORLD_ID)
		return ERR_PTR(singlet_store_peek(s->domain->store, id,
						  &peek) ?: -EPERM);
	obj = singlet_session_own(s, id);
	if (!obj)
		return ERR_PTR(-ENOENT);
	return obj->info & INFO_PLAIN ? obj : ERR_PTR(-EPERM);
}

/**
 * singlet_plain_write() - fill an unsealed object
 * @s: session
 * @id: of a plain object it holds
 * @offset: where in the object
 * @data: bytes in kernel memory
 * @len: how many
 *
 * Context: Process, sleeps.
 * Return: 0; -ENOENT; -EPERM: sealed, or not plain; -EINVAL: beyond the
 * object.
 */
int singlet_plain_write(struct singlet_session *s, u64 id, u32 offset,
			const void *data, u32 len)
{
	struct singlet_object *obj;
	int err = 0;
	u32 size;

	mutex_lock(&s->mutex);
	obj = own_plain(s, id);
	if (IS_ERR(obj)) {
		err = PTR_ERR(obj);
		goto out;
	}
	size = singlet_object_len(obj);
	if (!(obj->info & INFO_UNSEALED))
		err = -EPERM;
	else if (offset > size || len > size - offset)
		err = -EINVAL;
	else
		memcpy(singlet_object_data(obj) + offset, data, len);
out:
	mutex_unlock(&s->mutex);
	return err;
}

/* Context: Process, sleeps.  Return: 0, -ENOENT, -EPERM. */
int singlet_plain_seal(struct singlet_session *s, u64 id)
{
	struct singlet_object *obj;

	mutex_lock(&s->mutex);
	obj = own_plain(s, id);
	if (!IS_ERR(obj))
		singlet_store_seal(obj);
	mutex_unlock(&s->mutex);
	return PTR_ERR_OR_ZERO(obj);
}
