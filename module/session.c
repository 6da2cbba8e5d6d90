// SPDX-License-Identifier: GPL-2.0
/* session - one open file and the references it holds; see session.h */
#include "session.h"

#include <linux/err.h>
#include <linux/idr.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/alloc.h"
#include "domain.h"
#include "intern.h"
#include "world.h"

static void count(struct singlet_session *s, enum singlet_stat item, long n)
{
	singlet_count(&s->domain->store->counters, item, n);
}

/* The session begins (@sign 1) or ceases (-1) to hold an object. */
static void count_held(struct singlet_session *s, u32 len, int sign)
{
	s->references += sign;
	s->bytes_logical += sign * (s64)len;
	count(s, STAT_REFERENCES, sign);
	count(s, STAT_BYTES_LOGICAL, sign * (long)len);
}

/**
 * singlet_session_open() - a session in the private domain of a user
 * @cred: whose
 *
 * Context: Process, sleeps.
 * Return: The session, to be closed with singlet_session_close(); or an
 * ERR_PTR: -ENOMEM.
 */
struct singlet_session *singlet_session_open(const struct cred *cred)
{
	struct singlet_session *s;
	int number, err;

	s = kzalloc_obj(*s, GFP_KERNEL_ACCOUNT);
	if (!s)
		return ERR_PTR(-ENOMEM);
	mutex_init(&s->mutex);
	s->pid = get_pid(task_tgid(current));
	s->domain = singlet_domain_open(cred, &s->node);
	if (IS_ERR(s->domain)) {
		err = PTR_ERR(s->domain);
		goto err_pid;
	}
	singlet_refs_init(&s->refs, &s->domain->store->counters);
	number = ida_alloc_min(&s->domain->numbers, 1, GFP_KERNEL);
	if (number < 0) {
		err = number;
		goto err_domain;
	}
	WRITE_ONCE(s->number, number);
	return s;

err_domain:
	singlet_domain_close(s->domain, &s->node);
err_pid:
	put_pid(s->pid);
	kfree(s);
	return ERR_PTR(err);
}

static struct singlet_object *object_at(struct singlet_session *s, u32 handle)
{
	struct singlet_object *obj;
	struct singlet_slab *slab;

	rcu_read_lock();
	obj = singlet_pool_object(&s->domain->store->pool, handle, &slab);
	rcu_read_unlock();
	return obj;
}

static void drop(void *ctx, u32 handle)
{
	struct singlet_session *s = ctx;
	struct singlet_object *obj = object_at(s, handle);

	count_held(s, singlet_object_len(obj), -1);
	count(s, STAT_RELEASED, 1);
	singlet_store_put(obj);
}

/* Drop all references; nobody uses the session any more. */
void singlet_session_close(struct singlet_session *s)
{
	singlet_refs_drop_all(&s->refs, drop, s);
	ida_free(&s->domain->numbers, s->number);
	singlet_domain_close(s->domain, &s->node);
	put_pid(s->pid);
	kfree(s);
}

/*
 * Record @n more references on @obj, on which the caller has one.  Return: 1:
 * that one is the session's now; 0: it is still the caller's; or an error,
 * likewise.
 */
static int record(struct singlet_session *s, struct singlet_object *obj, u32 n)
{
	int ret;

	mutex_lock(&s->mutex);
	ret = singlet_refs_add(&s->refs, obj, n);
	if (ret == 1)
		count_held(s, singlet_object_len(obj), 1);
	mutex_unlock(&s->mutex);
	return ret;
}

/**
 * singlet_session_adopt() - record references
 * @s: session
 * @obj: an object of the session's domain; one reference on it is the
 *       caller's and becomes the session's, or is dropped
 * @n: references that the session is to have more
 *
 * Context: Process, sleeps.
 * Return: 0; -EOVERFLOW, -ENOMEM: the session has no more than before.
 */
int singlet_session_adopt(struct singlet_session *s,
			  struct singlet_object *obj, u32 n)
{
	int ret = record(s, obj, n);

	if (ret != 1)
		singlet_store_put(obj);
	return min(ret, 0);
}

/*
 * Drop the reference on an object that the caller just created, and the object
 * with it unless somebody else has found it.
 */
static void discard(struct singlet_object *obj)
{
	u64 id = singlet_object_id(obj);
	bool killed = false;

	rcu_read_lock();
	singlet_store_put(obj);
	/* Same slot, same generation: the same object. */
	if (singlet_object_id(obj) == id)
		killed = singlet_object_kill(obj, false);
	rcu_read_unlock();
	if (killed)
		singlet_store_free_dying(obj);
}

/*
 * The object that @id names, if the session holds it.  s->mutex; while it is
 * held the object stays.
 */
static struct singlet_object *held(struct singlet_session *s, u64 id)
{
	struct singlet_object *obj;

	lockdep_assert_held(&s->mutex);
	if (id & WORLD_ID || !singlet_refs_count(&s->refs, (u32)id))
		return NULL;
	obj = object_at(s, (u32)id);
	/* An id of a former object there is not the one that is held. */
	return obj->gen == id >> 32 ? obj : NULL;
}

/**
 * singlet_session_intern() - the object of a value
 * @s: session, which gets one more reference on it
 * @type: number of the type
 * @data: bytes in kernel memory
 * @len: how many
 * @create: make the object if there is none
 * @id: out, on success
 *
 * Context: Process, sleeps.
 * Return: 0: found; 1: created; or as singlet_store_intern().
 */
int singlet_session_intern(struct singlet_session *s, u32 type,
			   const void *data, u32 len, bool create, u64 *id)
{
	struct singlet_object *obj;
	int ret, had;

	ret = singlet_store_intern(s->domain->store, type, data, len, create,
				   GFP_KERNEL, &obj);
	if (ret < 0)
		return ret;
	*id = singlet_object_id(obj);
	if (*id & WORLD_ID)
		return ret;
	had = record(s, obj, 1);
	if (had == 1)
		return ret;
	if (had < 0 && ret == 1)
		discard(obj);
	else
		singlet_store_put(obj);
	return had < 0 ? had : ret;
}

static void tidy(struct singlet_session *s, const struct singlet_object *last)
{
	mutex_lock(&s->mutex);
	singlet_refs_tidy(&s->refs, (u32)singlet_object_id(last));
	mutex_unlock(&s->mutex);
}

/* Drop the reference that singlet_session_release() handed over. */
void singlet_session_let_go(struct singlet_session *s,
			    struct singlet_object *last)
{
	tidy(s, last);
	singlet_store_put(last);
}

/*
 * Take back an intern whose result could not be delivered: the reference, and
 * the object too if that call made it and nobody else has found it.
 */
void singlet_session_undo_intern(struct singlet_session *s, u64 id,
				 bool created)
{
	struct singlet_object *obj;

	if (id & WORLD_ID)
		return;
	if (singlet_session_release(s, id, 1, &obj) || !obj)
		return;
	if (created) {
		tidy(s, obj);
		discard(obj);
	} else {
		singlet_session_let_go(s, obj);
	}
}

/* Is @obj, on which the caller has a reference, out of the session's reach? */
static bool hidden(struct singlet_session *s, struct singlet_object *obj,
		   u64 id)
{
	bool hide;

	/* Acquire: pairs with singlet_store_seal(). */
	if (!(smp_load_acquire(&obj->info) & INFO_UNSEALED))
		return false;
	mutex_lock(&s->mutex);
	hide = !singlet_refs_count(&s->refs, (u32)id);
	mutex_unlock(&s->mutex);
	return hide;
}

static struct singlet_object *get_visible(struct singlet_session *s, u64 id,
					  bool *revived)
{
	struct singlet_object *obj = singlet_store_get(s->domain->store, id,
						       revived);

	if (!IS_ERR(obj) && hidden(s, obj, id)) {
		singlet_store_put(obj);
		return ERR_PTR(-ENOENT);
	}
	return obj;
}

/**
 * singlet_session_get() - an object by id, for the length of a call
 * @s: session
 * @id: id
 *
 * Return: The object, with a reference to be dropped with singlet_store_put();
 * or an ERR_PTR: -ENOENT: unknown, stale, or unsealed in another session;
 * -EOVERFLOW.
 */
struct singlet_object *singlet_session_get(struct singlet_session *s, u64 id)
{
	bool revived;

	return get_visible(s, id, &revived);
}

/**
 * singlet_session_acquire() - take references by id
 * @s: session
 * @id: of a live, idle or immortal object
 * @n: how many, at least 1
 *
 * Context: Process, sleeps.
 * Return: 0, -EINVAL, -ENOENT, -EOVERFLOW, -ENOMEM.
 */
int singlet_session_acquire(struct singlet_session *s, u64 id, u32 n)
{
	struct singlet_object *obj;
	bool revived;
	int err;

	if (!n)
		return -EINVAL;
	obj = get_visible(s, id, &revived);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (id & WORLD_ID)
		return 0;
	err = singlet_session_adopt(s, obj, n);
	if (!err && revived)
		count(s, STAT_REVIVALS, 1);
	return err;
}

/**
 * singlet_session_release() - give back references
 * @s: session
 * @id: of an object it holds, or of an immortal one
 * @n: how many, at least 1
 * @last: out; the object when those were the session's last: the reference on
 *        it is the caller's now, to be dropped with singlet_session_let_go()
 *        or adopted again, which does not fail; NULL otherwise
 *
 * Context: Process, sleeps.
 * Return: 0, -EINVAL, -ENOENT.
 */
int singlet_session_release(struct singlet_session *s, u64 id, u32 n,
			    struct singlet_object **last)
{
	struct singlet_object *obj;
	int ret;

	*last = NULL;
	if (!n)
		return -EINVAL;
	if (id & WORLD_ID) {
		struct singlet_peek peek;

		return singlet_store_peek(s->domain->store, id, &peek);
	}
	mutex_lock(&s->mutex);
	obj = held(s, id);
	ret = obj ? singlet_refs_sub(&s->refs, (u32)id, n) : -ENOENT;
	if (ret == 1) {
		count_held(s, singlet_object_len(obj), -1);
		*last = obj;
		ret = 0;
	}
	mutex_unlock(&s->mutex);
	return ret;
}

/**
 * singlet_session_alloc() - a plain object
 * @s: session, which gets one reference on it
 * @type: number of a type of kind plain
 * @len: bytes
 * @id: out, on success
 *
 * Context: Process, sleeps.
 * Return: 0; or as singlet_store_alloc().
 */
int singlet_session_alloc(struct singlet_session *s, u32 type, u32 len,
			  u64 *id)
{
	struct singlet_object *obj;

	obj = singlet_store_alloc(s->domain->store, type, len, GFP_KERNEL);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	*id = singlet_object_id(obj);
	return singlet_session_adopt(s, obj, 1);
}

/* A plain object of this session, s->mutex held; or an ERR_PTR. */
static struct singlet_object *own_plain(struct singlet_session *s, u64 id)
{
	struct singlet_object *obj;
	struct singlet_peek peek;

	if (id & WORLD_ID)
		return ERR_PTR(singlet_store_peek(s->domain->store, id,
						  &peek) ?: -EPERM);
	obj = held(s, id);
	if (!obj)
		return ERR_PTR(-ENOENT);
	return obj->info & INFO_PLAIN ? obj : ERR_PTR(-EPERM);
}

/**
 * singlet_session_write() - fill an unsealed object
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
int singlet_session_write(struct singlet_session *s, u64 id, u32 offset,
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
int singlet_session_seal(struct singlet_session *s, u64 id)
{
	struct singlet_object *obj;

	mutex_lock(&s->mutex);
	obj = own_plain(s, id);
	if (!IS_ERR(obj))
		singlet_store_seal(obj);
	mutex_unlock(&s->mutex);
	return PTR_ERR_OR_ZERO(obj);
}

static u32 state_of(const struct singlet_peek *peek)
{
	if (peek->immortal)
		return SINGLET_STATE_IMMORTAL;
	if (peek->info & INFO_UNSEALED)
		return SINGLET_STATE_UNSEALED;
	return peek->references ? SINGLET_STATE_LIVE : SINGLET_STATE_IDLE;
}

/* An object as the session sees it.  Return: 0, -ENOENT. */
static int look(struct singlet_session *s, u64 id, struct singlet_peek *peek,
		u32 *have)
{
	int err = singlet_store_peek(s->domain->store, id, peek);

	if (err)
		return err;
	*have = 0;
	if (!peek->immortal) {
		mutex_lock(&s->mutex);
		if (held(s, id))
			*have = singlet_refs_count(&s->refs, (u32)id);
		mutex_unlock(&s->mutex);
	}
	return peek->info & INFO_UNSEALED && !*have ? -ENOENT : 0;
}

/**
 * singlet_session_query() - what is known of an object
 * @s: session
 * @id: id
 * @item: out
 *
 * Context: Process, sleeps.
 * Return: 0, -ENOENT.
 */
int singlet_session_query(struct singlet_session *s, u64 id,
			  struct singlet_query_item *item)
{
	struct singlet_peek peek;
	u32 have;
	int err = look(s, id, &peek, &have);

	if (err)
		return err;
	item->type = peek.type;
	item->len = peek.len;
	item->state = state_of(&peek);
	item->references = peek.references;
	item->held = have;
	return 0;
}

/**
 * singlet_session_list() - objects of the session's domain
 * @s: session
 * @type: number of a type, or 0 for all
 * @cursor: handle to go on with; out: the next one, 0 at the end
 * @entries: out
 * @max: room in @entries
 *
 * Looks at a bounded number of slots, so it can find none before the end.
 *
 * Context: Process, sleeps.
 * Return: Entries filled.
 */
u32 singlet_session_list(struct singlet_session *s, u32 type, u64 *cursor,
			 struct singlet_list_entry *entries, u32 max)
{
	struct singlet_store *store = s->domain->store;
	u32 index = *cursor >> INFO_SLOT_BITS;
	u32 slot = *cursor & INFO_SLOT_MASK;
	unsigned int budget = 64 * SIZE_SLOTS_MAX;
	u32 n = 0;

	for (; index < singlet_slab_dir_cap(&store->pool.dir); index++, slot = 0) {
		struct singlet_slab *slab;
		u32 slots;

		rcu_read_lock();
		slab = singlet_slab_dir_find(&store->pool.dir, index);
		slots = slab ? slab->slots : 0;
		rcu_read_unlock();
		for (; slot < slots; slot++) {
			u32 handle = index << INFO_SLOT_BITS | slot;
			struct singlet_object *obj;
			struct singlet_peek peek;
			u64 id = 0;
			u32 have;

			if (n == max || !budget) {
				*cursor = handle;
				return n;
			}
			budget--;
			rcu_read_lock();
			obj = singlet_pool_object(&store->pool, handle, &slab);
			if (obj && !singlet_object_dead(obj))
				id = singlet_object_id(obj);
			rcu_read_unlock();
			if (!id || look(s, id, &peek, &have) ||
			    (type && type != peek.type))
				continue;
			entries[n++] = (struct singlet_list_entry){
				.id = id,
				.type = peek.type,
				.len = peek.len,
				.references = peek.references,
				.state = state_of(&peek),
			};
		}
		cond_resched();
	}
	*cursor = 0;
	return n;
}
