// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The reference cache of a session; see cache.h. */
#include "cache.h"

#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define GIVE_BACK	256	/* references in one system call */

/* References of the session that are to be given back. */
struct surplus {
	struct singlet_ref_item item[GIVE_BACK];
	size_t nr;
};

static void give_back(struct cache *c, struct surplus *surplus)
{
	size_t done = 0;

	while (done < surplus->nr) {
		ssize_t n = singlet_call_batch(c->session, SINGLET_RELEASE,
					       surplus->item + done,
					       sizeof(surplus->item[0]),
					       surplus->nr - done);

		/* Signals come and go; nothing else is to be expected. */
		if (n < 0 && n != -EINTR)
			break;
		done += n > 0 ? n : 0;
	}
	surplus->nr = 0;
}

static void add_surplus(struct surplus *surplus, uint64_t id)
{
	surplus->item[surplus->nr++] =
		(struct singlet_ref_item){ .id = id, .count = 1 };
}

/* The entry's count was made 0: nothing knows it any more.  Lock held. */
static void forget(struct cache *c, struct held_at at)
{
	if (atomic_load(&at.h->type))
		singlet_values_remove(&c->values, *held_hash(at), at.handle);
	singlet_held_drop_copy(&c->held, at);
	held_slab(at.place)->nr--;
	c->held.nr--;
}

/*
 * From @from to 0, if it still is @from.  Lock held.  Return: whether; then the
 * session's reference is to be given back, as @surplus says.
 */
static bool let_go(struct cache *c, struct held_at at, uint32_t from,
		   struct surplus *surplus)
{
	if (!atomic_compare_exchange_strong_explicit(&at.h->refs, &from, 0,
						     memory_order_acq_rel,
						     memory_order_relaxed))
		return false;
	add_surplus(surplus, held_id(at));
	forget(c, at);
	return true;
}

/* The queue */

static uint32_t queue_pop(struct cache *c)
{
	uint32_t handle = c->queue.handle[c->queue.first];

	c->queue.first = (c->queue.first + 1) & (c->queue.room - 1);
	c->queue.nr--;
	return handle;
}

static int queue_push(struct cache *c, uint32_t handle)
{
	size_t room = c->queue.room, i;
	uint32_t *new;

	if (c->queue.nr == room) {
		room = room ? room * 2 : 64;
		new = malloc(room * sizeof(*new));
		if (!new)
			return -ENOMEM;
		for (i = 0; i < c->queue.nr; i++)
			new[i] = c->queue.handle[(c->queue.first + i) &
						 (c->queue.room - 1)];
		free(c->queue.handle);
		c->queue.handle = new;
		c->queue.room = room;
		c->queue.first = 0;
	}
	c->queue.handle[(c->queue.first + c->queue.nr++) & (room - 1)] = handle;
	return 0;
}

/*
 * @at, which has left the queue, is let go of, or, if somebody uses it, is in the
 * queue no more.  Lock held.
 */
static void turn(struct cache *c, struct held_at at, struct surplus *surplus)
{
	uint32_t old;

	for (;;) {
		old = atomic_load_explicit(&at.h->refs, memory_order_relaxed);
		if ((old & HELD_COUNT) == 1) {
			if (let_go(c, at, old, surplus))
				return;
			continue;
		}
		if (atomic_compare_exchange_weak_explicit(&at.h->refs, &old,
							  old & ~HELD_QUEUED,
							  memory_order_relaxed,
							  memory_order_relaxed))
			return;
	}
}

/* The first of the queue: it is its turn.  Lock held. */
static void queue_turn(struct cache *c, struct surplus *surplus)
{
	turn(c, held_find(&c->held, queue_pop(c)), surplus);
}

/*
 * Nobody uses @at any more; that is the caller's to deal with, unless somebody
 * gets it meanwhile.
 */
void singlet_cache_settle(struct cache *c, struct held_at at, enum held_put put)
{
	struct surplus surplus;

	surplus.nr = 0;
	pthread_mutex_lock(&c->lock);
	if (put == HELD_TO_END)
		let_go(c, at, HELD_BRIEF | 1, &surplus);
	else if (queue_push(c, at.handle))
		turn(c, at, &surplus);	/* no memory: it is not kept, then */
	/* Many at a time, so that most put without a system call. */
	if (c->queue.nr > c->keep)
		while (c->queue.nr && surplus.nr < GIVE_BACK &&
		       c->queue.nr > c->keep - c->keep / 4)
			queue_turn(c, &surplus);
	pthread_mutex_unlock(&c->lock);
	give_back(c, &surplus);
}

/* Taking in */

/*
 * @at, or what is at its handle, gets a value, so that it can be found by that.
 * Lock held.  Return: 0 or -ENOMEM: nothing has changed.
 */
static int set_value(struct cache *c, struct held_at at, uint32_t type,
		     const void *data, uint32_t len)
{
	if (singlet_values_reserve(&c->values))
		return -ENOMEM;
	if (!at.place->base && singlet_held_copy(&c->held, at, data, len))
		return -ENOMEM;
	/* Release, both: whoever sees them finds the copy. */
	atomic_store_explicit(&at.h->len, len, memory_order_release);
	atomic_store_explicit(&at.h->type, type, memory_order_release);
	*held_hash(at) = cache_hash(c, type, data, len);
	singlet_values_add(&c->values, *held_hash(at), at.handle);
	return 0;
}

/* The session's reference on @id is @at's from here on.  Lock held. */
static int enter(struct cache *c, struct held_at at, uint64_t id, uint32_t type,
		 const void *data, uint32_t len)
{
	atomic_store_explicit(&at.h->gen, id >> 32, memory_order_relaxed);
	atomic_store_explicit(&at.h->len, HELD_LEN_UNKNOWN,
			      memory_order_relaxed);
	atomic_store_explicit(&at.h->type, 0, memory_order_relaxed);
	if (type && set_value(c, at, type, data, len))
		return -ENOMEM;
	held_slab(at.place)->nr++;
	c->held.nr++;
	return 0;
}

/**
 * singlet_cache_take_in() - an object on which the session has one more reference
 * @c: cache
 * @id: object
 * @type: its type; 0: got by its id, so neither that nor its value is known
 * @data: the value's bytes; the caller's
 * @len: how many
 * @users: to begin with, or to add
 * @flags: HELD_BRIEF or 0
 *
 * The reference is the cache's from here on, whatever comes of it.
 *
 * Return: 0, or an error, and it is given back: -ENOMEM; -EOVERFLOW: too many
 * users.
 */
int singlet_cache_take_in(struct cache *c, uint64_t id, uint32_t type,
			  const void *data, uint32_t len, uint32_t users,
			  uint32_t flags)
{
	struct surplus surplus;
	struct held_at at;
	int err;

	surplus.nr = 0;
	pthread_mutex_lock(&c->lock);
	at = singlet_held_entry(&c->held, &c->map, id);
	if (at.h && atomic_load(&at.h->refs) & HELD_COUNT) {
		/* Another thread was faster, or it was not found in passing. */
		add_surplus(&surplus, id);
		err = held_get(at.h, users) ? 0 : -EOVERFLOW;
		/* Without memory it is not found by its value, and that is all. */
		if (type && !atomic_load(&at.h->type))
			(void)set_value(c, at, type, data, len);
	} else {
		err = at.h ? enter(c, at, id, type, data, len) : -ENOMEM;
		if (err)
			add_surplus(&surplus, id);
		else	/* Release: pairs with the acquire in held_get(). */
			atomic_store_explicit(&at.h->refs, (users + 1) | flags,
					      memory_order_release);
	}
	pthread_mutex_unlock(&c->lock);
	give_back(c, &surplus);
	return err;
}

/**
 * singlet_cache_get() - get an object by its id if it is held
 * @c: cache
 * @id: object
 * @count: users to add
 *
 * Return: 0; -EAGAIN: it is not held; -ENOENT: there was such an object; -EINVAL;
 * -EOVERFLOW.
 */
int singlet_cache_get(struct cache *c, uint64_t id, uint32_t count)
{
	struct held_at at = held_find(&c->held, (uint32_t)id);

	if (!count)
		return -EINVAL;
	if (count >= HELD_COUNT)
		return -EOVERFLOW;
	if (!at.h || !held_get(at.h, count))
		return -EAGAIN;
	if (held_id(at) == id)
		return 0;
	cache_put(c, at, count);
	return -ENOENT;
}

/*
 * The entry of an object that the caller has, or none: he has not.  Its
 * generation does not change meanwhile.
 */
static struct held_at find_used(struct cache *c, uint64_t id)
{
	struct held_at at = held_find(&c->held, (uint32_t)id);

	if (at.h && (held_id(at) != id ||
		     (atomic_load_explicit(&at.h->refs, memory_order_relaxed) &
		      HELD_COUNT) <= 1))
		at.h = NULL;
	return at;
}

int singlet_cache_release(struct cache *c, uint64_t id, uint32_t count)
{
	struct held_at at = find_used(c, id);
	enum held_put put;

	if (!count)
		return -EINVAL;
	if (!at.h)
		return -ENOENT;
	put = held_put(at.h, count);
	if (put == HELD_TOO_MANY)
		return -EINVAL;
	if (put != HELD_IN_USE)
		singlet_cache_settle(c, at, put);
	return 0;
}

/* Find out the length, and the value if it is not mapped. */
static int learn(struct cache *c, struct held_at at)
{
	struct singlet_query_item item;
	void *data = NULL;
	size_t len = 0;
	int err;

	if (held_mapped(at)) {
		err = singlet_object_query(c->session, held_id(at), &item);
		if (!err)
			len = item.len;
	} else {
		err = singlet_object_dup(c->session, held_id(at), &data, &len);
	}
	if (err)
		return err;
	pthread_mutex_lock(&c->lock);
	if (data && singlet_held_set_copy(&c->held, at, data, len))
		data = NULL;
	/*
	 * Somebody may have found it by its value meanwhile.  Release: whoever
	 * sees the length finds the copy.
	 */
	if (atomic_load(&at.h->len) == HELD_LEN_UNKNOWN)
		atomic_store_explicit(&at.h->len, len, memory_order_release);
	pthread_mutex_unlock(&c->lock);
	free(data);
	return 0;
}

int singlet_cache_data(struct cache *c, uint64_t id, const void **data,
		       size_t *len)
{
	struct held_at at = find_used(c, id);
	uint32_t n;
	int err;

	if (!at.h)
		return -ENOENT;
	n = atomic_load_explicit(&at.h->len, memory_order_acquire);
	if (n == HELD_LEN_UNKNOWN) {
		err = learn(c, at);
		if (err)
			return err;
		n = atomic_load_explicit(&at.h->len, memory_order_acquire);
	}
	*data = held_data(at);
	if (len)
		*len = n;
	return 0;
}

/*
 * In the child of a fork: what other threads were about to do with entries that
 * nobody uses is not done any more.  Lock held.
 */
static void settle_anew(void *ctx, struct held_at at)
{
	struct cache *c = ctx;
	uint32_t refs = atomic_load(&at.h->refs) & ~HELD_QUEUED;
	struct singlet_query_item item;
	struct surplus surplus;

	surplus.nr = 0;
	/* Plain objects that are being written stay the parent's. */
	if (refs & HELD_BRIEF &&
	    singlet_object_query(c->session, held_id(at), &item)) {
		atomic_store(&at.h->refs, 0);
		forget(c, at);
		return;
	}
	atomic_store(&at.h->refs, refs);
	if ((refs & HELD_COUNT) > 1)
		return;
	if (!(refs & HELD_BRIEF) && !queue_push(c, at.handle))
		atomic_store(&at.h->refs, refs | HELD_QUEUED);
	else
		turn(c, at, &surplus);	/* not to be kept, or it cannot be */
	give_back(c, &surplus);
}

void singlet_cache_settle_anew(struct cache *c)
{
	c->queue.nr = 0;
	singlet_held_for_each(&c->held, settle_anew, c);
}

/* Beginning and end */

int singlet_cache_enable(struct singlet *s, size_t keep)
{
	struct cache *c;
	int err;

	if (s->cache)
		return -EALREADY;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->session = s;
	c->keep = keep;
	pthread_mutex_init(&c->lock, NULL);
	err = singlet_hash_key(&c->key);
	if (!err)
		err = singlet_values_init(&c->values);
	if (err)
		goto err_cache;
	err = singlet_cache_register(c);
	if (err)
		goto err_values;
	/* Without it values are copied. */
	(void)singlet_map_open(&c->map, s->fd);
	s->cache = c;
	return 0;

err_values:
	singlet_values_end(&c->values);
err_cache:
	pthread_mutex_destroy(&c->lock);
	free(c);
	return err;
}

/* The session's references go with its descriptor. */
void singlet_cache_end(struct cache *c)
{
	singlet_cache_unregister(c);
	singlet_map_close(&c->map);
	singlet_held_end(&c->held);
	singlet_values_end(&c->values);
	free(c->queue.handle);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

int singlet_cache_flush(struct singlet *s)
{
	struct cache *c = s->cache;
	size_t left;

	if (!c)
		return -EINVAL;
	pthread_mutex_lock(&c->lock);
	left = c->queue.nr;
	pthread_mutex_unlock(&c->lock);
	while (left) {
		struct surplus surplus;

		surplus.nr = 0;
		pthread_mutex_lock(&c->lock);
		if (!c->queue.nr)
			left = 0;
		for (; left && c->queue.nr && surplus.nr < GIVE_BACK; left--)
			queue_turn(c, &surplus);
		pthread_mutex_unlock(&c->lock);
		give_back(c, &surplus);
	}
	return 0;
}

int singlet_cache_query(struct singlet *s, struct singlet_cache_info *info)
{
	struct cache *c = s->cache;

	if (!c)
		return -EINVAL;
	pthread_mutex_lock(&c->lock);
	*info = (struct singlet_cache_info){
		.held = c->held.nr,
		.queued = c->queue.nr,
		.bytes = sizeof(*c) + c->held.bytes + c->values.bytes +
			 c->queue.room * sizeof(*c->queue.handle),
		.mapped = c->map.slabs != NULL,
	};
	pthread_mutex_unlock(&c->lock);
	return 0;
}
