/* SPDX-License-Identifier: GPL-2.0 */
/*
 * type - the types of a store
 *
 * A type has an index (12 bits, in every object's record) and a number (what
 * users see).  Predefined types have equal index and number; a user type's
 * number carries a count of the types that had the index before, so a number
 * never comes to mean another type.
 *
 * An object's type cannot go away before the object: every object has a hold
 * on its type, and so has everybody about to create one.  Predefined types
 * never go, so there nobody counts holds.
 *
 * How deletion finds out that nobody is left, though the count is per CPU:
 * who looks a type up counts a hold in the same RCU section, unless the type
 * is @dying, and either drops it or hands it on to the object that it creates;
 * nobody ever takes a hold by virtue of another one.  (A kernel module takes
 * holds on its own types by virtue of being the only one who deletes them:
 * singlet_type_enter().)  Deletion sets @dying,
 * waits for a grace period, and from then on the count only falls: whatever
 * changes while the sum is taken, a sum of 0 means that nobody is left.
 *
 * Locking: types->mutex serializes creation and deletion.
 */
#ifndef SINGLET_TYPE_H
#define SINGLET_TYPE_H

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/xarray.h>
#include <uapi/linux/singlet.h>

#include "slab.h"

#define TYPE_PREDEFINED		SINGLET_TYPE_TUPLE	/* the last one */
#define TYPE_MAX		INFO_TYPE_MASK		/* highest index */
#define TYPE_PART		64			/* entries in a part */
#define TYPE_PARTS		((TYPE_MAX + 1) / TYPE_PART)
#define TYPE_NUMBER(index, count)	((index) | (count) << INFO_TYPE_BITS)
#define TYPE_COUNT_MAX		(U32_MAX >> INFO_TYPE_BITS)

/* One CPU's share of what is counted for a type. */
struct singlet_type_share {
	local_t creates;
	local_t frees;
	local_t bytes;
	local_t hits;
	local_t misses;
	local_t holds;
};

/* Their sums. */
struct singlet_type_counters {
	long creates;		/* objects made */
	long frees;		/* objects freed */
	long bytes;		/* in the values of those that exist */
	long hits;
	long misses;
	long holds;		/* what keeps a user type: see above */
};

struct singlet_type {
	u32 index;		/* all stable but for dying */
	u32 number;
	u32 kind;
	u32 value_size;		/* exact; 0: variable */
	u32 value_max;
	u32 short_min;			/* see singlet_type_short() */
	u32 short_range;
	bool container;
	bool dying;		/* set under types->mutex */
	struct singlet_types *types;	/* stable; where it is registered */
	int (*ctor)(void *data, u32 len);	/* of a plain type, or NULL */
	void (*dtor)(void *data, u32 len);	/* called in an RCU section */
	struct module *owner;		/* not to go before the type, or NULL */
	char name[SINGLET_MAX_NAME + 1];
	struct singlet_type_share __percpu *share;
	struct rcu_head rcu;
};

struct singlet_types {
	struct singlet_type predefined[TYPE_PREDEFINED + 1];
	/*
	 * User types by index, in parts made on first use; mutex to write.  An
	 * entry is a type, or the number of types that had the index before
	 * (an xarray value), or NULL.
	 */
	void __rcu **part[TYPE_PARTS];
	struct mutex mutex;	/* creation and deletion */
	u32 nr;			/* mutex; predefined ones included */
	struct singlet_type_counters former;	/* mutex; of deleted types */
};

struct singlet_type_args {
	const char *name;	/* not NUL-terminated */
	u32 name_len;
	u32 kind;
	u32 value_size;
	u32 value_max;
	bool container;
	int (*ctor)(void *data, u32 len);
	void (*dtor)(void *data, u32 len);
	struct module *owner;	/* the caller's use of it, handed over */
};

int singlet_types_init(struct singlet_types *types);
void singlet_types_destroy(struct singlet_types *types);
int singlet_name_check(const char *name, u32 len);
int singlet_types_check(const struct singlet_type_args *args);
struct singlet_type *singlet_types_create(struct singlet_types *types,
					  const struct singlet_type_args *args,
					  u32 *number);
int singlet_types_set(struct singlet_types *types, u32 index, void *entry);
int singlet_types_delete(struct singlet_types *types, u32 number,
			 void (*evict)(void *ctx, struct singlet_type *type),
			 void *ctx);
struct singlet_type *singlet_types_next(struct singlet_types *types,
					u32 *index);
struct singlet_type *singlet_types_by_name(struct singlet_types *types,
					   const char *name, u32 len);
int singlet_type_check_text(const struct singlet_type *type,
			    const void *data, u32 len);
void singlet_type_sum(const struct singlet_type *type,
		      struct singlet_type_counters *sum);
void singlet_types_sum(struct singlet_types *types,
		       struct singlet_type_counters *sum);

/**
 * singlet_type_check_shape() - can these bytes be a value of the type?
 * @type: type
 * @data: the bytes; not read but for a bool
 * @len: how many
 *
 * Everything but text, whose check reads it all: singlet_type_check_text().
 *
 * Return: 0; -EMSGSIZE: too long; -EINVAL: wrong length or bytes.
 */
static inline int singlet_type_check_shape(const struct singlet_type *type,
					   const void *data, u32 len)
{
	if (type->value_size) {
		if (unlikely(len != type->value_size))
			return len > SINGLET_MAX_VALUE ? -EMSGSIZE : -EINVAL;
		if (unlikely(type->index == SINGLET_TYPE_BOOL) &&
		    *(const u8 *)data > 1)
			return -EINVAL;
	} else if (unlikely(len > type->value_max)) {
		/* none has room for nothing: any byte is a wrong shape */
		return type->value_max ? -EMSGSIZE : -EINVAL;
	} else if (unlikely(type->container && len % sizeof(u64))) {
		return -EINVAL;
	}
	return 0;
}

/*
 * Is a value of @len bytes a short one of a type that takes any bytes?  Then
 * it has a valid shape, no constant of the world is it, and it is in a slot up
 * to SIZE_SLACK_MAX.
 */
static __always_inline bool singlet_type_short(const struct singlet_type *type,
					       u32 len)
{
	return len - type->short_min < type->short_range;
}

static inline bool singlet_type_predefined(const struct singlet_type *type)
{
	return type->index <= TYPE_PREDEFINED;
}

/* Objects of the type, an instant's view. */
static inline long singlet_type_objects(const struct singlet_type_counters *sum)
{
	return max(sum->creates - sum->frees, 0L);
}

/* The entry of a user type's index.  RCU section or types->mutex. */
static __always_inline void *singlet_types_entry(struct singlet_types *types,
						 u32 index)
{
	/* Each depends on the one before; pairs with the stores in type.c. */
	void __rcu **part = READ_ONCE(types->part[index / TYPE_PART]);

	return part ? rcu_dereference_check(part[index % TYPE_PART], 1) : NULL;
}

/* The type at @index or NULL.  RCU section, or something keeps the type. */
static __always_inline struct singlet_type *
singlet_types_at(struct singlet_types *types, u32 index)
{
	void *entry;

	if (likely(index - 1 < TYPE_PREDEFINED))
		return &types->predefined[index];
	entry = singlet_types_entry(types, index);
	return xa_is_value(entry) ? NULL : entry;
}

static inline void singlet_type_hold(struct singlet_type *type, long n)
{
	local_add(n, &compat_percpu_enter(type->share)->holds);
	compat_percpu_leave();
}

/*
 * The type with @number, to be put back with singlet_types_put(); or NULL.
 * Until then it stays.
 */
static inline struct singlet_type *
singlet_types_get(struct singlet_types *types, u32 number)
{
	struct singlet_type *type;

	if (likely(number - 1 < TYPE_PREDEFINED))
		return &types->predefined[number];
	rcu_read_lock();
	type = singlet_types_at(types, number & INFO_TYPE_MASK);
	if (type && (type->number != number || READ_ONCE(type->dying)))
		type = NULL;
	if (type)
		singlet_type_hold(type, 1);
	rcu_read_unlock();
	return type;
}

/*
 * A hold on a type that does not go meanwhile, because whoever could delete it
 * is the caller.
 */
static inline void singlet_type_enter(struct singlet_type *type)
{
	if (!singlet_type_predefined(type))
		singlet_type_hold(type, 1);
}

static inline void singlet_types_put(struct singlet_type *type)
{
	if (!singlet_type_predefined(type))
		singlet_type_hold(type, -1);
}

/*
 * An object is about to be published.  The caller's hold from
 * singlet_types_get() is the object's from then on: the type may be gone when
 * the caller looks again.
 */
static inline void singlet_type_add(struct singlet_type *type, u32 len)
{
	struct singlet_type_share *share = compat_percpu_enter(type->share);

	local_inc(&share->creates);
	local_add(len, &share->bytes);
	compat_percpu_leave();
}

/* @nr objects are gone, and their holds with them. */
static inline void singlet_type_sub(struct singlet_type *type, unsigned int nr,
				    u64 bytes)
{
	struct singlet_type_share *share = compat_percpu_enter(type->share);

	local_sub(bytes, &share->bytes);
	local_add(nr, &share->frees);
	if (!singlet_type_predefined(type))
		local_sub(nr, &share->holds);
	compat_percpu_leave();
}

/* Return: how many there were on this CPU. */
static inline unsigned long singlet_type_hits(struct singlet_type *type,
					      unsigned int nr)
{
	struct singlet_type_share *share = compat_percpu_enter(type->share);
	unsigned long n;

	local_add(nr, &share->hits);
	n = local_read(&share->hits);
	compat_percpu_leave();
	return n;
}

static inline unsigned long singlet_type_hit(struct singlet_type *type)
{
	return singlet_type_hits(type, 1);
}

static inline void singlet_type_miss(struct singlet_type *type)
{
	local_inc(&compat_percpu_enter(type->share)->misses);
	compat_percpu_leave();
}

#endif
