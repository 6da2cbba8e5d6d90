// SPDX-License-Identifier: GPL-2.0
/* store - one table, its slabs, types and hash key; see store.h */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "store.h"

#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "arena.h"
#include "compat/alloc.h"
#include "compat/lockdep.h"
#include "index.h"
#include "magazine.h"
#include "trace.h"
#include "world.h"

/* Shrinks tables and frees stores; never needed to make progress elsewhere. */
static struct workqueue_struct *store_wq;

/*
 * How often room is made for one object, when others take it again and again.
 * The largest object has to find its own in place of the smallest ones of other
 * domains, which go 64 at a time.
 */
#define ASK_TRIES	65536

/* What the layer of reclaim does for a store that needs it. */
static const struct singlet_store_hooks *hooks;

/* Before the first store; NULL: after the last. */
void singlet_store_set_hooks(const struct singlet_store_hooks *h)
{
	hooks = h;
}

int singlet_store_init(void)
{
	store_wq = alloc_workqueue(KBUILD_MODNAME "_store", WQ_UNBOUND, 0);
	return store_wq ? 0 : -ENOMEM;
}

/* Waits until every store is freed; all were destroyed. */
void singlet_store_exit(void)
{
	singlet_slab_flush();
	destroy_workqueue(store_wq);
	rcu_barrier();		/* what freeing the stores left to RCU */
}

/*
 * The hash of an object that nobody can free now: its table entry's stripe is
 * locked, or it is the caller's own.
 */
static u32 object_hash(struct singlet_store *store,
		       const struct singlet_object *obj)
{
	const struct singlet_slab *slab = singlet_object_slab(obj);
	u32 index = singlet_info_type(READ_ONCE(obj->info));

	if (slab->big)
		return slab->big[singlet_object_slot(obj)].hash;
	return singlet_store_hash(store, singlet_types_at(&store->types, index),
			  singlet_object_data(obj), singlet_object_len(obj));
}

static u32 handle_hash(struct singlet_table *table, u32 handle)
{
	struct singlet_store *store = container_of(table, struct singlet_store,
						   table);

	return object_hash(store, singlet_store_object(store, handle));
}

/* Life cycle of a store */

static void store_free(struct singlet_store *store)
{
	singlet_heat_end(&store->hot);
	singlet_pool_free_caches(&store->pool);
	singlet_recent_free(&store->recent);
	singlet_table_destroy(&store->table);
	singlet_index_free(store->index);
	singlet_types_destroy(&store->types);
	singlet_counters_destroy(&store->counters);
	kvfree(store);
}

static void store_free_work(struct work_struct *work)
{
	store_free(container_of(work, struct singlet_store, free_work));
}

static void store_shrink_work(struct work_struct *work)
{
	struct singlet_store *store = container_of(work, struct singlet_store,
						   shrink_work);

	singlet_table_shrink(&store->table);
}

static void store_trim_work(struct work_struct *work)
{
	struct singlet_store *store = container_of(work, struct singlet_store,
						   trim_work.work);

	if (hooks)
		hooks->trim(store);
}

/* Trimming goes over all slabs, so it does not come too often. */
#define TRIM_DELAY	(HZ / 10)

/* Idle objects have become many: are they too many? */
void singlet_store_check_idle(struct singlet_store *store)
{
	if (store->account && singlet_store_idle_excess(store))
		queue_delayed_work(store_wq, &store->trim_work, TRIM_DELAY);
}

/* Bytes of idle objects beyond the ceiling, an instant's view. */
u64 singlet_store_idle_excess(struct singlet_store *store)
{
	u64 limit = store->account ?
		    singlet_account_limit(store->account, SINGLET_QUOTA_IDLE) :
		    U64_MAX;
	u64 idle = max(singlet_counters_sum(&store->counters, STAT_BYTES_IDLE),
		       0L);

	return idle > limit ? idle - limit : 0;
}

/* The last slab is back with the kernel; RCU callback context. */
static void store_release(struct singlet_pool *pool)
{
	struct singlet_store *store = container_of(pool, struct singlet_store,
						   pool);

	queue_work(store_wq, &store->free_work);
}

/* A hot object has become cool, and @put tells what it is then; RCU section. */
static void cooled(struct singlet_object *obj, enum singlet_put put)
{
	if (put == PUT_WRONG)
		singlet_count(&singlet_object_store(obj)->counters,
			      STAT_IMMORTAL, 1);
	singlet_store_put_last(obj, put);
}

/**
 * singlet_store_create() - an empty store
 *
 * Context: Process, sleeps.
 * Return: The store, to be destroyed with singlet_store_destroy(); or an
 * ERR_PTR: -ENOMEM.
 */
struct singlet_store *singlet_store_create(void)
{
	struct singlet_store *store;

	store = kvzalloc_obj(*store, GFP_KERNEL_ACCOUNT);
	if (!store)
		return ERR_PTR(-ENOMEM);
	if (singlet_counters_init(&store->counters))
		goto err_free;
	if (singlet_types_init(&store->types))
		goto err_counters;
	if (singlet_table_init(&store->table, handle_hash))
		goto err_types;
	singlet_pool_init(&store->pool, &store->counters, store_release);
	singlet_heat_init(&store->hot, &store->pool, cooled);
	singlet_hash_key_init(&store->key);
	INIT_WORK(&store->shrink_work, store_shrink_work);
	INIT_DELAYED_WORK(&store->trim_work, store_trim_work);
	INIT_WORK(&store->free_work, store_free_work);
	return store;

err_types:
	singlet_table_destroy(&store->table);
	singlet_types_destroy(&store->types);
err_counters:
	singlet_counters_destroy(&store->counters);
err_free:
	kvfree(store);
	return ERR_PTR(-ENOMEM);
}

/**
 * singlet_store_destroy() - end a store
 * @store: nobody uses it or any object in it
 *
 * Idle objects go with it.  The memory is back with the kernel after a grace
 * period; singlet_store_exit() waits for that.
 *
 * Context: Process, sleeps.
 */
void singlet_store_destroy(struct singlet_store *store)
{
	singlet_heat_quiesce(&store->hot);
	/* A scan, and what it makes a store's work do, queue work. */
	singlet_pool_quiesce(&store->pool);
	cancel_delayed_work_sync(&store->trim_work);
	cancel_work_sync(&store->shrink_work);
	singlet_pool_destroy(&store->pool);
}

/* Objects */

static void count(struct singlet_store *store, enum singlet_stat item, long n)
{
	singlet_count(&store->counters, item, n);
}

/* Free a plain object that nobody else can reach; RCU section. */
static __always_inline void free_plain(struct singlet_object *obj)
{
	u32 info = READ_ONCE(obj->info);
	struct singlet_slab *slab = singlet_slab_of(obj, info & INFO_SLOT_MASK);
	struct singlet_slab_cache *cache = slab->cache;
	struct singlet_store *store = container_of(cache->pool,
						   struct singlet_store, pool);
	struct singlet_type *type = singlet_types_at(&store->types,
						     singlet_info_type(info));
	u32 size = slab->size, len = singlet_slab_len(slab, info);
	void (*dtor)(void *data, u32 len) = READ_ONCE(type->dtor);

	trace_singlet_free(store, type, obj);
	if (unlikely(dtor))
		dtor(singlet_slab_payload(slab, info & INFO_SLOT_MASK), len);
	singlet_object_erase(obj, len);
	/* The type may go when the object does not count any more. */
	singlet_type_sub(type, 1, len);
	/* The slab may go with it. */
	singlet_cache_free(cache, obj);
	singlet_store_uncharge(store, 1, size);
}

/* Only a kernel module can do that: sessions know what they hold. */
static void report_wrong(const char *what, const struct singlet_object *obj)
{
	u32 index = singlet_info_type(READ_ONCE(obj->info));
	struct singlet_store *store = singlet_object_store(obj);
	const struct singlet_type *type;

	rcu_read_lock();
	type = singlet_object_dead(obj) ? NULL :
	       singlet_types_at(&store->types, index);
	if (type)
		pr_err_ratelimited("%s of an object of type %s that nobody holds\n",
				   what, type->name);
	else
		pr_err_ratelimited("%s of an object that was freed\n", what);
	rcu_read_unlock();
}

/* From here on references on @obj, of which the caller has one, do not count. */
void singlet_store_make_immortal(struct singlet_object *obj)
{
	if (singlet_object_make_immortal(obj))
		count(singlet_object_store(obj), STAT_IMMORTAL, 1);
}

/* The rest of singlet_store_hold(): it is not as usual. */
void singlet_store_odd_hold(struct singlet_object *obj, enum singlet_got got)
{
	switch (got) {
	case GOT_LIVE:
		break;
	case GOT_IDLE:
		singlet_store_count_idle(singlet_object_store(obj), obj, -1);
		report_wrong("get", obj);
		break;
	case GOT_NOTHING:
		report_wrong("get", obj);
		break;
	case GOT_FULL:
		/* Better it stays for ever than goes too early. */
		singlet_store_make_immortal(obj);
		break;
	}
}

/*
 * The rest of singlet_store_put(), in the same RCU section: @obj has become
 * idle, and can be evicted at any time, or dead, and is the caller's.
 */
void singlet_store_put_last(struct singlet_object *obj, enum singlet_put put)
{
	/* Hard interrupts may do this where spinlocks are what they seem. */
	compat_not_rt_enter();
	switch (put) {
	case PUT_LIVE:
		break;
	case PUT_IDLE:
		singlet_store_count_idle(singlet_object_store(obj), obj, 1);
		break;
	case PUT_DEAD:
		free_plain(obj);
		break;
	case PUT_WRONG:
		report_wrong("put", obj);
		break;
	}
	compat_not_rt_leave();
}

/**
 * singlet_store_unhash() - take dying objects out of the table
 * @store: store
 * @obj: objects that are the caller's
 * @nr: how many, at most STORE_LOT
 *
 * Context: Any but hard interrupts; does not sleep.
 */
void singlet_store_unhash(struct singlet_store *store,
			  struct singlet_object *const *obj, unsigned int nr)
{
	struct singlet_table *table = &store->table;
	u32 hash[STORE_LOT];
	unsigned int i;

	/* Their buckets are anywhere: fetch them all at once. */
	for (i = 0; i < nr; i++) {
		hash[i] = object_hash(store, obj[i]);
		singlet_table_prefetch(table, hash[i]);
	}
	for (i = 0; i < nr; i++) {
		singlet_table_lock(table, hash[i]);
		singlet_table_remove(table, hash[i],
				     (u32)singlet_object_id(obj[i]));
		singlet_table_unlock(table, hash[i]);
	}
}

/* @nr objects are no more: tell their types, each run of one type at once. */
static void types_sub(struct singlet_store *store,
		      struct singlet_object *const *obj, unsigned int nr)
{
	unsigned int i, end;

	for (i = 0; i < nr; i = end) {
		u32 index = singlet_info_type(READ_ONCE(obj[i]->info));
		u64 bytes = 0;

		for (end = i; end < nr && index ==
		     singlet_info_type(READ_ONCE(obj[end]->info)); end++)
			bytes += singlet_object_len(obj[end]);
		singlet_type_sub(singlet_types_at(&store->types, index),
				 end - i, bytes);
	}
}

/**
 * singlet_store_free_evicted() - free dying values
 * @store: store
 * @obj: of one slab; idle until they were killed, their parts dropped, out of
 *       the table
 * @nr: how many, at least 1
 *
 * Context: Any but NMI; does not sleep.
 */
void singlet_store_free_evicted(struct singlet_store *store,
				struct singlet_object **obj, unsigned int nr)
{
	struct singlet_slab *slab = singlet_object_slab(obj[0]);
	struct singlet_slab_cache *cache = slab->cache;
	u32 size = slab->size;
	unsigned int i;

	trace_singlet_evict(store, slab, nr);
	count(store, STAT_IDLE, -(long)nr);
	count(store, STAT_BYTES_IDLE, -(long)nr * size);
	count(store, STAT_EVICTIONS, nr);
	singlet_idle_sub(&slab->idle, nr);
	/* A type may go when its objects do not count any more. */
	types_sub(store, obj, nr);
	for (i = 0; i < nr; i++)
		singlet_object_erase(obj[i], singlet_object_len(obj[i]));
	/* Whole slabs are to end here: around the magazines. */
	singlet_slab_give(cache, obj, nr);
	singlet_store_uncharge(store, nr, size);
}

/*
 * Charge one object of @size.  Return: 0 or -EDQUOT; then, whether the limit is the
 * store's @own, or that of its owner.
 */
static int try_charge(struct singlet_account *account, u32 size, bool *own)
{
	unsigned int quota = SINGLET_QUOTA_OBJECTS;
	u64 n = 1;

	if (!singlet_account_charge(account, quota, 1)) {
		quota = SINGLET_QUOTA_BYTES;
		n = size;
		if (!singlet_account_charge(account, quota, size))
			return 0;
		singlet_account_uncharge(account, SINGLET_QUOTA_OBJECTS, 1);
	}
	*own = !singlet_account_fits(account, quota, n);
	return -EDQUOT;
}

/* The rest of singlet_store_charge(): there is a quota. */
int singlet_store_ask(struct singlet_store *store, u32 size, gfp_t gfp)
{
	bool can_wait = gfpflags_allow_blocking(gfp) && hooks, cooled = false;
	unsigned int tries;
	bool own;

	/* Others take what was made room for; some time they have won. */
	for (tries = 0; tries < ASK_TRIES; tries++) {
		if (!try_charge(store->account, size, &own))
			return 0;
		if (!can_wait || fatal_signal_pending(current))
			break;
		cond_resched();
		if (hooks->make_room(store, size) ||
		    (!own && store->relieve && store->relieve(store)))
			continue;
		/* What was asked for by many may be held by nobody by now. */
		if (cooled || !singlet_heat_cool(&store->hot))
			break;
		cooled = true;
	}
	count(store, STAT_REFUSALS, 1);
	return -EDQUOT;
}

/**
 * singlet_type_alloc() - a plain object of one's own
 * @type: of kind plain, on which the caller has a hold
 * @len: bytes
 * @gfp: how to allocate
 *
 * Context: As @gfp says; not from hard interrupts.
 * Return: The object, zeroed, constructed and unsealed, with a reference that
 * is the caller's; the hold is the object's then.  Or an ERR_PTR: -EINVAL,
 * -EMSGSIZE, -EDQUOT, -ENOMEM, or what the constructor said; the hold is still
 * the caller's.
 */
struct singlet_object *singlet_type_alloc(struct singlet_type *type, u32 len,
					  gfp_t gfp)
{
	struct singlet_store *store = singlet_type_store(type);
	u32 size = singlet_size_bytes(len);
	struct singlet_slab_cache *cache;
	int (*ctor)(void *data, u32 len);
	struct singlet_object *obj = NULL;
	int err;

	if (unlikely(type->kind != SINGLET_KIND_PLAIN))
		return ERR_PTR(-EINVAL);
	err = singlet_type_check_shape(type, NULL, len);
	if (unlikely(err))
		return ERR_PTR(err);
	err = singlet_store_charge(store, size, gfp);
	if (unlikely(err))
		return ERR_PTR(err);
	cache = singlet_pool_cache(&store->pool, singlet_size_class(len), gfp);
	if (likely(cache))
		obj = singlet_cache_alloc(cache, len, gfp);
	if (unlikely(!obj)) {
		count(store, STAT_FAILURES, 1);
		err = -ENOMEM;
		goto err_charge;
	}
	singlet_object_describe(obj, type->index, len,
				INFO_PLAIN | INFO_UNSEALED);
	ctor = READ_ONCE(type->ctor);
	if (unlikely(ctor)) {
		err = ctor(singlet_object_data(obj), len);
		if (err)
			goto err_slot;
	}
	singlet_store_count_create(store, type, obj, len);
	singlet_object_publish(obj, 1);
	trace_singlet_alloc(store, type, obj);
	return obj;

err_slot:
	singlet_store_free_slot(obj, len);
err_charge:
	singlet_store_uncharge(store, 1, size);
	return ERR_PTR(min(err, 0) ?: -EINVAL);
}

/* The same by a type's number; -ENOENT: there is no such type. */
struct singlet_object *singlet_store_alloc(struct singlet_store *store,
					   u32 type_number, u32 len, gfp_t gfp)
{
	struct singlet_type *type = singlet_types_get(&store->types,
						      type_number);
	struct singlet_object *obj;

	if (!type)
		return ERR_PTR(-ENOENT);
	obj = singlet_type_alloc(type, len, gfp);
	if (IS_ERR(obj))
		singlet_types_put(type);
	return obj;
}

/* The caller's plain object changes no more from here on. */
void singlet_store_seal(struct singlet_object *obj)
{
	/*
	 * Release: the bytes come first; pairs with the acquire of who reads
	 * the record to learn whether it is sealed.
	 */
	smp_store_release(&obj->info, obj->info & ~INFO_UNSEALED);
}

static struct singlet_object *get_from(struct singlet_store *store,
				       const struct singlet_pool *pool,
				       u32 handle, u32 gen, bool *revived)
{
	struct singlet_object *obj;
	struct singlet_slab *slab;

	obj = singlet_pool_object(pool, handle, &slab);
	if (!obj || READ_ONCE(obj->gen) != gen)
		return ERR_PTR(-ENOENT);
	switch (singlet_object_tryget(obj)) {
	case GOT_NOTHING:
		return ERR_PTR(-ENOENT);
	case GOT_FULL:
		return ERR_PTR(-EOVERFLOW);
	case GOT_IDLE:
		singlet_store_count_idle(store, obj, -1);
		*revived = true;
		break;
	case GOT_LIVE:
		break;
	}
	/* Stable now; was it that generation's? */
	if (READ_ONCE(obj->gen) != gen) {
		singlet_store_put(obj);
		return ERR_PTR(-ENOENT);
	}
	return obj;
}

/**
 * singlet_store_get() - take a reference by id
 * @store: store
 * @id: of an object of the store or of the world
 * @revived: out; whether it was idle
 *
 * Context: Any but hard interrupts; never sleeps.
 * Return: The object, live or idle until now, sealed or not, with a reference
 * to be dropped with singlet_store_put(); or an ERR_PTR: -ENOENT: unknown or
 * stale; -EOVERFLOW.
 */
struct singlet_object *singlet_store_get(struct singlet_store *store, u64 id,
					 bool *revived)
{
	const struct singlet_pool *pool = id & WORLD_ID ? &singlet_world.pool :
							  &store->pool;
	struct singlet_object *obj;

	rcu_read_lock();
	*revived = false;
	obj = get_from(store, pool, (u32)id & ~(u32)WORLD_ID, id >> 32,
		       revived);
	rcu_read_unlock();
	return obj;
}

/**
 * singlet_store_peek() - look at an object without a reference
 * @store: store
 * @id: of an object of the store or of the world
 * @peek: out
 *
 * Context: Any.
 * Return: 0: the object was there with these properties at one instant;
 * -ENOENT: unknown or stale.
 */
int singlet_store_peek(struct singlet_store *store, u64 id,
		       struct singlet_peek *peek)
{
	const struct singlet_pool *pool = id & WORLD_ID ? &singlet_world.pool :
							  &store->pool;
	struct singlet_type *type;
	struct singlet_object *obj;
	struct singlet_slab *slab;
	int err = -ENOENT;

	rcu_read_lock();
	obj = singlet_pool_object(pool, (u32)id & ~(u32)WORLD_ID, &slab);
	if (!obj || READ_ONCE(obj->gen) != id >> 32)
		goto out;
	/* What is seen below is of this generation or a later one. */
	compat_rmb();	/* pairs with the release in singlet_object_erase() */
	/* Acquire: what follows is read after the object was published. */
	if (atomic_read_acquire(&obj->refs) < 0)
		goto out;
	peek->info = READ_ONCE(obj->info);
	peek->len = singlet_slab_len(slab, peek->info);
	peek->references = singlet_object_refs(obj);
	peek->immortal = singlet_object_immortal(obj);
	type = singlet_types_at(&store->types, singlet_info_type(peek->info));
	if (!type)
		goto out;
	peek->type = type->number;
	/*
	 * The generation ends before anything of the next object is there;
	 * pairs with the write barrier in singlet_object_erase().
	 */
	compat_rmb();
	if (READ_ONCE(obj->gen) != id >> 32 || singlet_object_dead(obj))
		goto out;
	err = 0;
out:
	rcu_read_unlock();
	return err;
}

/* Objects that exist, an instant's view. */
long singlet_store_objects(struct singlet_store *store)
{
	struct singlet_type_counters sum;

	singlet_types_sum(&store->types, &sum);
	return singlet_type_objects(&sum);
}

/* No object, and no type but the predefined ones. */
bool singlet_store_unused(struct singlet_store *store)
{
	return READ_ONCE(store->types.nr) == TYPE_PREDEFINED &&
	       !singlet_store_objects(store);
}

/* Ask for a smaller table, if it has lost most of its entries. */
void singlet_store_fit(struct singlet_store *store)
{
	if (singlet_table_sparse(&store->table))
		queue_work(store_wq, &store->shrink_work);
}

/* The numbers of a store: what ioctl and proc file show. */
void singlet_store_stats(struct singlet_store *store,
			 struct singlet_stats *stats)
{
	const struct singlet_counters *c = &store->counters;
	struct singlet_type_counters sum;
	u64 slots, objects, cached, hot;

#define SUM(item) max(singlet_counters_sum(c, STAT_##item), 0L)
	singlet_types_sum(&store->types, &sum);
	objects = singlet_type_objects(&sum);
	slots = SUM(SLOTS);
	cached = singlet_pool_cached(&store->pool);
	stats->types += READ_ONCE(store->types.nr);
	stats->objects += objects;
	hot = singlet_hot_idle(&store->hot, &stats->bytes_idle);
	stats->idle += min_t(u64, SUM(IDLE) + hot, objects);
	stats->immortal += SUM(IMMORTAL);
	stats->references += SUM(REFERENCES);
	stats->hits += sum.hits;
	stats->misses += sum.misses;
	stats->creates += sum.creates;
	stats->reuses += max(sum.creates - SUM(FRESH), 0L);
	stats->revivals += SUM(REVIVALS);
	stats->frees += sum.frees;
	stats->evictions += SUM(EVICTIONS);
	stats->released += SUM(RELEASED);
	stats->failures += SUM(FAILURES);
	stats->bytes_idle += SUM(BYTES_IDLE);
	stats->pins += SUM(PINS);
	stats->refusals += SUM(REFUSALS);
	stats->collections += SUM(COLLECTIONS);
	stats->slabs += SUM(SLABS);
	stats->slots += slots;
	stats->slots_free += slots - min(slots, objects);
	stats->slots_cached += cached;
	stats->buckets += singlet_table_buckets(&store->table);
	stats->bytes_unique += max(sum.bytes, 0L);
	stats->bytes_logical += SUM(BYTES_LOGICAL);
	stats->bytes_stored += SUM(BYTES_STORED);
	stats->bytes_metadata += SUM(BYTES_METADATA) +
		singlet_table_bytes(&store->table) +
		singlet_slab_dir_bytes(&store->pool.dir) +
		singlet_arena_bytes(READ_ONCE(store->pool.arena), SUM(SLABS)) +
		singlet_index_bytes(READ_ONCE(store->index)) +
		singlet_recent_bytes(&store->recent) + sizeof(*store) +
		num_possible_cpus() * NR_SINGLET_STATS * sizeof(long) +
		READ_ONCE(store->types.nr) * num_possible_cpus() *
		sizeof(struct singlet_type_share);
#undef SUM
}

/* The equations of all layers; for debug builds and tests, at rest. */
bool singlet_store_is_valid(struct singlet_store *store)
{
	return singlet_pool_is_valid(&store->pool) &&
	       singlet_table_is_valid(&store->table) &&
	       singlet_counters_sum(&store->counters, STAT_IDLE) >= 0 &&
	       singlet_store_objects(store) >=
	       singlet_counters_sum(&store->counters, STAT_IDLE);
}
