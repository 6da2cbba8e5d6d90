// SPDX-License-Identifier: GPL-2.0
/* session - one open file and the references it holds; see session.h */
#include "session.h"

#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/singlet_index.h>

#include "arena.h"
#include "compat/alloc.h"
#include "container.h"
#include "domain.h"
#include "intern.h"
#include "kill.h"
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
	if (s == s->domain->pins)
		count(s, STAT_PINS, sign);
	count(s, STAT_BYTES_LOGICAL, sign * (long)len);
}

/*
 * @n more objects are to be held: charge them to the user and the domain.
 * Return: 0 or -EDQUOT.
 */
static int charge(struct singlet_session *s, u32 n)
{
	struct singlet_account *domain = &s->domain->account;
	int err;

	err = singlet_account_charge(&s->account, SINGLET_QUOTA_REFERENCES, n);
	if (err)
		return err;
	err = singlet_account_charge(domain, SINGLET_QUOTA_REFERENCES, n);
	if (err)
		singlet_account_uncharge(&s->account, SINGLET_QUOTA_REFERENCES,
					 n);
	return err;
}

/* They are held no more. */
static void uncharge(struct singlet_session *s, u32 n)
{
	singlet_account_uncharge(&s->domain->account,
				 SINGLET_QUOTA_REFERENCES, n);
	singlet_account_uncharge(&s->account, SINGLET_QUOTA_REFERENCES, n);
}

/**
 * singlet_session_new() - a session that nobody knows yet
 * @domain: in which it will be
 * @uid: who is charged for its references
 * @access: SINGLET_ACCESS_*
 *
 * Context: Process, sleeps.
 * Return: The session, to be freed with singlet_session_free(); or NULL.
 */
struct singlet_session *singlet_session_new(struct singlet_domain *domain,
					    kuid_t uid, u32 access)
{
	struct singlet_session *s;

	s = kzalloc_obj(*s, GFP_KERNEL_ACCOUNT);
	if (!s)
		return NULL;
	s->user = singlet_user_get(uid);
	if (!s->user) {
		kfree(s);
		return NULL;
	}
	s->domain = domain;
	s->access = access;
	singlet_account_init(&s->account, s->user, DRAWN_BY_SESSION);
	singlet_refs_init(&s->refs, &domain->store->counters);
	mutex_init(&s->mutex);
	xa_init_flags(&s->allocs, XA_FLAGS_ACCOUNT);
	s->pid = get_pid(task_tgid(current));
	return s;
}

/* It holds nothing, and nobody uses it. */
void singlet_session_free(struct singlet_session *s)
{
	singlet_account_end(&s->account);
	singlet_user_put(s->user);
	put_pid(s->pid);
	kfree(s);
}

/**
 * singlet_session_borrows() - the page of what a session borrows
 * @s: session, in a domain with an index
 *
 * In quotas it is as many references as there can be borrows.
 *
 * Context: Process, sleeps.
 * Return: What stays as long as the session; or an ERR_PTR: -ENOMEM, -EDQUOT,
 * -ENOSPC.
 */
struct singlet_borrows *singlet_session_borrows(struct singlet_session *s)
{
	/* What it points to depends on it; pairs with the cmpxchg. */
	struct singlet_borrows *b = READ_ONCE(s->borrows), *old;

	int err;

	if (b)
		return b;
	err = charge(s, SINGLET_BORROWS);
	if (err)
		return ERR_PTR(err);
	b = singlet_borrows_new(&s->domain->store->pool.arena->borrowers);
	if (IS_ERR(b)) {
		uncharge(s, SINGLET_BORROWS);
		return b;
	}
	old = cmpxchg(&s->borrows, NULL, b);
	if (!old)
		return b;
	uncharge(s, SINGLET_BORROWS);
	singlet_borrows_free(b);
	return old;
}

/*
 * A session in a domain that was entered (or an ERR_PTR).  Return: The session,
 * or an ERR_PTR; then the domain is left, and does not stay if it was @made for
 * that.
 */
static struct singlet_session *session_begin(const struct singlet_caller *caller,
					     struct singlet_domain *domain,
					     u32 access, bool made)
{
	struct singlet_session *s;
	int err = -ENOMEM;

	if (IS_ERR(domain))
		return ERR_CAST(domain);
	s = singlet_session_new(domain, caller->cred->euid, access);
	if (!s)
		goto err_domain;
	err = xa_alloc(&domain->sessions, &s->number, s, xa_limit_31b,
		       GFP_KERNEL_ACCOUNT);
	if (!err)
		return s;
	singlet_session_free(s);
err_domain:
	if (made)
		singlet_domain_abandon(domain);
	singlet_domain_close(domain);
	return ERR_PTR(err);
}

/**
 * singlet_session_open() - a session in the private domain of a user
 * @caller: the user
 *
 * Context: Process, sleeps.
 * Return: The session, to be closed with singlet_session_close(); or an
 * ERR_PTR: -ENOMEM.
 */
struct singlet_session *singlet_session_open(const struct singlet_caller *caller)
{
	return session_begin(caller, singlet_domain_open(caller->cred),
			     SESSION_ACCESS_ALL, false);
}

/**
 * singlet_session_create() - a session in a new domain
 * @caller: owner to be
 * @name: as of singlet_named_create()
 * @mode: likewise
 * @flags: likewise
 *
 * Context: Process, sleeps.
 * Return: The session; or an ERR_PTR: as of singlet_named_create().
 */
struct singlet_session *singlet_session_create(const struct singlet_caller *caller,
					       struct singlet_name name,
					       u32 mode, u32 flags)
{
	return session_begin(caller,
			     singlet_named_create(caller, name, mode, flags),
			     SESSION_ACCESS_ALL, true);
}

/**
 * singlet_session_join() - a session in a domain
 * @caller: who
 * @name: of the domain
 * @access: SINGLET_ACCESS_* wanted
 *
 * Context: Process, sleeps.
 * Return: The session; or an ERR_PTR: as of singlet_named_join(), -ENOMEM.
 */
struct singlet_session *singlet_session_join(const struct singlet_caller *caller,
					     struct singlet_name name,
					     u32 access)
{
	return session_begin(caller, singlet_named_join(caller, name, access),
			     access, false);
}

static void drop(void *ctx, u32 handle)
{
	struct singlet_session *s = ctx;
	struct singlet_object *obj;

	obj = singlet_store_object(s->domain->store, handle);
	count_held(s, singlet_object_len(obj), -1);
	count(s, STAT_RELEASED, 1);
	singlet_store_put(obj);
}

/* Drop what the session holds; nobody but a reader of leaks uses it still. */
void singlet_session_drop(struct singlet_session *s)
{
	unsigned long handle;
	void *since;

	mutex_lock(&s->mutex);
	s->closed = true;
	mutex_unlock(&s->mutex);
	singlet_borrows_free(s->borrows);
	singlet_refs_drop_all(&s->refs, drop, s);
	singlet_account_uncharge(&s->domain->account, SINGLET_QUOTA_REFERENCES,
				 atomic64_read(&s->account.use[SINGLET_QUOTA_REFERENCES]));
	/* xa_destroy() alone would keep interrupts off for long. */
	xa_for_each(&s->allocs, handle, since) {
		xa_erase(&s->allocs, handle);
		cond_resched();
	}
	singlet_store_check_idle(s->domain->store);
}

/* Drop all references; nobody uses the session any more. */
void singlet_session_close(struct singlet_session *s)
{
	singlet_session_drop(s);
	xa_erase(&s->domain->sessions, s->number);
	singlet_domain_close(s->domain);
	singlet_session_free(s);
}

/* singlet_session_record() under the mutex. */
static int record(struct singlet_session *s, struct singlet_object *obj, u64 id,
		  u32 n)
{
	bool first;
	int ret = 0;

	lockdep_assert_held(&s->mutex);
	first = !singlet_refs_count(&s->refs, (u32)id);
	if (first)
		ret = charge(s, 1);
	if (!ret)
		ret = singlet_refs_add(&s->refs, obj, n);
	else
		count(s, STAT_REFUSALS, 1);
	if (ret == 1)
		count_held(s, singlet_object_len(obj), 1);
	else if (first && ret != -EDQUOT)
		uncharge(s, 1);
	return ret;
}

/**
 * singlet_session_record() - note that the session holds an object
 * @s: session
 * @obj: on which the caller has a reference
 * @n: references to record
 *
 * Context: Process, sleeps.
 * Return: 1: the caller's reference is the session's now; 0: it is still the
 * caller's, as after an error: -EDQUOT, -EOVERFLOW, -ENOMEM.
 */
int singlet_session_record(struct singlet_session *s,
			   struct singlet_object *obj, u32 n)
{
	int ret;

	mutex_lock(&s->mutex);
	ret = record(s, obj, singlet_object_id(obj), n);
	mutex_unlock(&s->mutex);
	return ret;
}

/**
 * singlet_session_take_back() - record again what was released just now
 * @s: session
 * @last: from singlet_session_release(), not let go
 * @n: references released
 *
 * Context: Process, sleeps.
 */
void singlet_session_take_back(struct singlet_session *s,
			       struct singlet_object *last, u32 n)
{
	int ret;

	mutex_lock(&s->mutex);
	/* Neither memory nor quota is needed: both are still there. */
	ret = singlet_refs_restore(&s->refs, last, n);
	if (ret == 1)
		count_held(s, singlet_object_len(last), 1);
	else
		uncharge(s, 1);	/* others of the session took it meanwhile */
	mutex_unlock(&s->mutex);
	if (ret != 1)
		singlet_store_put(last);
}

/*
 * Drop the reference on an object that the caller just created, and the object
 * with it unless somebody else has found it.
 */
static void discard(struct singlet_object *obj)
{
	u64 id = singlet_object_id(obj);
	struct singlet_store *store = singlet_object_store(obj);
	struct singlet_freed freed = {};
	bool killed = false;

	rcu_read_lock();
	singlet_store_put(obj);
	/* Same slot, same generation: the same object. */
	if (singlet_object_id(obj) == id)
		killed = singlet_kill(singlet_object_slab(obj), &obj, 1, false);
	rcu_read_unlock();
	if (killed)
		singlet_store_free_dying(store, &obj, 1, false, &freed);
}

/*
 * The object that @id names, if the session holds it; or NULL.  s->mutex; while
 * it is held the object stays.
 */
struct singlet_object *singlet_session_own(struct singlet_session *s, u64 id)
{
	struct singlet_object *obj;

	lockdep_assert_held(&s->mutex);
	if (id & WORLD_ID || !singlet_refs_count(&s->refs, (u32)id))
		return NULL;
	obj = singlet_store_object(s->domain->store, (u32)id);
	/* An id of a former object there is not the one that is held. */
	return obj->gen == id >> 32 ? obj : NULL;
}

/*
 * What came of wishes, and is not the session's: a bit for each.  To be put back
 * without the mutex.
 */
struct surplus {
	unsigned long found, made;
};

/* The session is to hold what came of a wish. */
static void record_wish(struct singlet_session *s, struct singlet_wish *w,
			unsigned int i, struct surplus *surplus)
{
	int ret = record(s, w->obj, w->id, 1);

	if (ret == 1)
		return;
	if (unlikely(ret < 0 && w->ret == 1))
		surplus->made |= BIT(i);
	else
		surplus->found |= BIT(i);
	if (unlikely(ret < 0))
		w->ret = ret;
}

/* Those with a reference.  The mutex is held. */
static void record_taken(struct singlet_session *s, struct singlet_wish *wish,
			 unsigned int nr, struct surplus *surplus)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct singlet_wish *w = &wish[i];

		if (w->how != WISH_TAKEN || unlikely(w->ret < 0))
			continue;
		w->id = singlet_object_id(w->obj);
		if (likely(!(w->id & WORLD_ID)))
			record_wish(s, w, i, surplus);
	}
}

/* Those that the session holds already.  The mutex has been held since. */
static void record_held(struct singlet_session *s, struct singlet_wish *wish,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct singlet_wish *w = &wish[i];
		int ret = 0;

		if (unlikely(w->how < WISH_HELD))
			continue;
		w->id = singlet_object_id(w->obj);
		if (unlikely(w->how == WISH_HELD))
			ret = singlet_refs_add(&s->refs, w->obj, 1);
		if (unlikely(ret < 0))
			w->ret = ret;
	}
}

static void put_surplus(const struct singlet_wish *wish, unsigned int nr,
			struct surplus surplus)
{
	unsigned int i;

	for_each_set_bit(i, &surplus.found, nr)
		singlet_store_put(wish[i].obj);
	/* Last, when none of the others has what was made in vain. */
	for_each_set_bit(i, &surplus.made, nr)
		discard(wish[i].obj);
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
	struct surplus surplus = {};
	struct singlet_wish w;

	w.ret = singlet_store_intern(s->domain->store, type, data, len, create,
				     GFP_KERNEL, &w.obj);
	if (w.ret < 0)
		return w.ret;
	w.id = singlet_object_id(w.obj);
	if (likely(!(w.id & WORLD_ID))) {
		mutex_lock(&s->mutex);
		record_wish(s, &w, 0, &surplus);
		mutex_unlock(&s->mutex);
		put_surplus(&w, 1, surplus);
	}
	if (w.ret >= 0)
		*id = w.id;
	return w.ret;
}

/**
 * singlet_session_intern_many() - the objects of several values
 * @s: session, which gets one more reference on each
 * @wish: the values; out: @ret of each as of singlet_session_intern(), and @id
 * @nr: how many, at most WISHES_MAX
 * @create: make the objects that there are not
 *
 * Context: Process, sleeps.
 */
void singlet_session_intern_many(struct singlet_session *s,
				 struct singlet_wish *wish, unsigned int nr,
				 bool create)
{
	struct singlet_store *store = s->domain->store;
	struct surplus surplus = {};
	unsigned int left;

	if (!nr)
		return;
	mutex_lock(&s->mutex);
	left = singlet_store_take_many(store, wish, nr, &s->refs);
	record_held(s, wish, nr);
	if (unlikely(left)) {
		mutex_unlock(&s->mutex);
		singlet_store_make_many(store, wish, nr, create, GFP_KERNEL);
		mutex_lock(&s->mutex);
	}
	/* In order, as they are charged. */
	record_taken(s, wish, nr, &surplus);
	mutex_unlock(&s->mutex);
	put_surplus(wish, nr, surplus);
}

static void tidy(struct singlet_session *s, const struct singlet_object *last)
{
	u32 handle = (u32)singlet_object_id(last);

	mutex_lock(&s->mutex);
	singlet_refs_tidy(&s->refs, handle);
	if (last->info & INFO_PLAIN && !singlet_refs_count(&s->refs, handle))
		xa_erase(&s->allocs, handle);
	uncharge(s, 1);
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
 * Return: 0, -EINVAL, -ENOENT, -EOVERFLOW, -EDQUOT, -ENOMEM.
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
	err = singlet_session_record(s, obj, n);
	if (err != 1)
		singlet_store_put(obj);
	if (err >= 0 && revived)
		count(s, STAT_REVIVALS, 1);
	return min(err, 0);
}

/**
 * singlet_session_release() - give back references
 * @s: session
 * @id: of an object it holds, or of an immortal one
 * @n: how many, at least 1
 * @last: out; the object when those were the session's last: the reference on
 *        it is the caller's now, to be dropped with singlet_session_let_go()
 *        or recorded again with singlet_session_take_back(); NULL otherwise
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
	obj = singlet_session_own(s, id);
	ret = obj ? singlet_refs_sub(&s->refs, (u32)id, n) : -ENOENT;
	if (ret == 1) {
		count_held(s, singlet_object_len(obj), -1);
		*last = obj;
		ret = 0;
	}
	mutex_unlock(&s->mutex);
	return ret;
}

/* References that the session has on an object.  Context: Process, sleeps. */
u32 singlet_session_held(struct singlet_session *s, u64 id)
{
	u32 n = 0;

	mutex_lock(&s->mutex);
	if (singlet_session_own(s, id))
		n = singlet_refs_count(&s->refs, (u32)id);
	mutex_unlock(&s->mutex);
	return n;
}
