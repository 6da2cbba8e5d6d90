// SPDX-License-Identifier: GPL-2.0
/* type - the types of a store; see type.h */
#include "type.h"

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat/alloc.h"
#include "utf8.h"

#define PARTS_BYTES_MAX	(SINGLET_MAX_PARTS * (u32)sizeof(u64))

static const struct singlet_type_args predefined[TYPE_PREDEFINED + 1] = {
	[SINGLET_TYPE_NONE]	= { "none", 4, SINGLET_KIND_VALUE, 0, 0 },
	[SINGLET_TYPE_BOOL]	= { "bool", 4, SINGLET_KIND_VALUE, 1, 1 },
	[SINGLET_TYPE_INT]	= { "int", 3, SINGLET_KIND_VALUE, 8, 8 },
	[SINGLET_TYPE_FLOAT]	= { "float", 5, SINGLET_KIND_VALUE, 8, 8 },
	[SINGLET_TYPE_STR]	= { "str", 3, SINGLET_KIND_VALUE, 0,
				    SINGLET_MAX_VALUE },
	[SINGLET_TYPE_BYTES]	= { "bytes", 5, SINGLET_KIND_VALUE, 0,
				    SINGLET_MAX_VALUE },
	[SINGLET_TYPE_TUPLE]	= { "tuple", 5, SINGLET_KIND_VALUE, 0,
				    PARTS_BYTES_MAX, true },
};

static void sum_add(struct singlet_type_counters *sum,
		    const struct singlet_type_counters *c)
{
	sum->creates += c->creates;
	sum->frees += c->frees;
	sum->bytes += c->bytes;
	sum->hits += c->hits;
	sum->misses += c->misses;
	sum->holds += c->holds;
}

static int type_setup(struct singlet_types *types, struct singlet_type *type,
		      u32 number, const struct singlet_type_args *args)
{
	type->types = types;
	type->ctor = args->ctor;
	type->dtor = args->dtor;
	type->index = number & INFO_TYPE_MASK;
	type->number = number;
	type->kind = args->kind;
	type->value_size = args->value_size;
	type->value_max = args->value_max;
	type->container = args->container;
	if (type->index > SINGLET_TYPE_INT && args->kind == SINGLET_KIND_VALUE &&
	    args->value_size <= SIZE_SLACK_MAX) {
		type->short_min = args->value_size;
		type->short_range = args->value_size ? 1 :
			min_t(u32, args->value_max, SIZE_SLACK_MAX) + 1;
	}
	memcpy(type->name, args->name, args->name_len);
	type->share = alloc_percpu_gfp(struct singlet_type_share,
				       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	return type->share ? 0 : -ENOMEM;
}

static void type_free(struct singlet_type *type)
{
	module_put(type->owner);
	free_percpu(type->share);
	kfree(type);
}

static void type_free_rcu(struct rcu_head *rcu)
{
	type_free(container_of(rcu, struct singlet_type, rcu));
}

/* @types is zeroed.  Return: 0 or -ENOMEM, then nothing is left behind. */
int singlet_types_init(struct singlet_types *types)
{
	u32 i;

	mutex_init(&types->mutex);
	for (i = 1; i <= TYPE_PREDEFINED; i++) {
		if (type_setup(types, &types->predefined[i], i,
			       &predefined[i])) {
			singlet_types_destroy(types);
			return -ENOMEM;
		}
	}
	types->nr = TYPE_PREDEFINED;
	return 0;
}

/* No object and no user is left. */
void singlet_types_destroy(struct singlet_types *types)
{
	struct singlet_type *type;
	u32 i;

	for (i = TYPE_PREDEFINED + 1; i <= TYPE_MAX; i++) {
		type = singlet_types_at(types, i);
		if (type)
			type_free(type);
		cond_resched();
	}
	for (i = 0; i < TYPE_PARTS; i++)
		kfree(types->part[i]);
	for (i = 1; i <= TYPE_PREDEFINED; i++)
		free_percpu(types->predefined[i].share);
}

/*
 * The first type at *@index or beyond, *@index set to where the search goes
 * on; NULL: no more.  RCU section or types->mutex.
 */
struct singlet_type *singlet_types_next(struct singlet_types *types, u32 *index)
{
	struct singlet_type *type;
	u32 i = max(*index, 1U);

	while (i <= TYPE_MAX) {
		/* Most parts are never made. */
		if (i % TYPE_PART == 0 &&
		    !READ_ONCE(types->part[i / TYPE_PART])) {
			i += TYPE_PART;
			continue;
		}
		type = singlet_types_at(types, i++);
		if (type) {
			*index = i;
			return type;
		}
	}
	*index = TYPE_MAX + 1;
	return NULL;
}

/* The type of that name or NULL.  RCU section or types->mutex. */
struct singlet_type *singlet_types_by_name(struct singlet_types *types,
					   const char *name, u32 len)
{
	struct singlet_type *type;
	u32 index = 0;

	if (len > SINGLET_MAX_NAME)
		return NULL;
	while ((type = singlet_types_next(types, &index)))
		if (!READ_ONCE(type->dying) && strlen(type->name) == len &&
		    !memcmp(type->name, name, len))
			return type;
	return NULL;
}

/*
 * A name is printed in tables and typed in shells: visible characters only,
 * and no slash, so that it can become a path one day.
 */
int singlet_name_check(const char *name, u32 len)
{
	u32 i;

	if (!len || len > SINGLET_MAX_NAME)
		return -EINVAL;
	if (!singlet_utf8_valid(name, len))
		return -EILSEQ;
	for (i = 0; i < len; i++) {
		u8 c = name[i];

		if (c <= ' ' || c == 0x7f || c == '/')
			return -EINVAL;
		/* U+0080 to U+009F */
		if (c == 0xc2 && (u8)name[i + 1] < 0xa0)
			return -EINVAL;
	}
	return 0;
}

/* Could there be such a type?  Return: 0, -EINVAL, -EILSEQ, -EMSGSIZE. */
int singlet_types_check(const struct singlet_type_args *args)
{
	int err = singlet_name_check(args->name, args->name_len);

	if (err)
		return err;
	if (args->kind != SINGLET_KIND_VALUE &&
	    args->kind != SINGLET_KIND_SINGLE &&
	    args->kind != SINGLET_KIND_PLAIN)
		return -EINVAL;
	if (args->value_size > SINGLET_MAX_VALUE ||
	    args->value_max > SINGLET_MAX_VALUE)
		return -EMSGSIZE;
	if (args->value_size && args->value_max)
		return -EINVAL;
	if ((args->ctor || args->dtor) && args->kind != SINGLET_KIND_PLAIN)
		return -EINVAL;
	if (args->container) {
		if (args->kind != SINGLET_KIND_VALUE || args->value_size)
			return -EINVAL;
		if (args->value_max > PARTS_BYTES_MAX)
			return -EMSGSIZE;
	}
	return 0;
}

/* Put @entry at an index of a user type; types->mutex.  0 or -ENOMEM. */
int singlet_types_set(struct singlet_types *types, u32 index, void *entry)
{
	void __rcu ***part = &types->part[index / TYPE_PART];

	lockdep_assert_held(&types->mutex);
	if (!*part) {
		void *new = kcalloc(TYPE_PART, sizeof(**part),
				    GFP_KERNEL_ACCOUNT);

		if (!new)
			return -ENOMEM;
		/* Pairs with the dependent load in singlet_types_entry(). */
		smp_store_release(part, new);
	}
	rcu_assign_pointer((*part)[index % TYPE_PART], entry);
	return 0;
}

/* An index without a type, and the number that a type there will have. */
static u32 free_number(struct singlet_types *types)
{
	u32 i;

	for (i = TYPE_PREDEFINED + 1; i <= TYPE_MAX; i++) {
		void *entry = singlet_types_entry(types, i);
		unsigned long count;

		if (entry && !xa_is_value(entry))
			continue;
		count = entry ? xa_to_value(entry) + 1 : 1;
		if (count <= TYPE_COUNT_MAX)
			return TYPE_NUMBER(i, (u32)count);
	}
	return 0;
}

/**
 * singlet_types_create() - a new user type
 * @types: registry
 * @args: checked by singlet_types_check(); of both sizes 0, value_max 0 means
 *        SINGLET_MAX_VALUE
 * @numberp: out; its number, which stays meaningful when the type goes
 *
 * Context: Process, sleeps.
 * Return: The type, which stays until it is deleted; or an ERR_PTR:
 * -EEXIST, -EDQUOT (no index left), -ENOMEM.
 */
struct singlet_type *singlet_types_create(struct singlet_types *types,
					  const struct singlet_type_args *args,
					  u32 *numberp)
{
	struct singlet_type_args full = *args;
	struct singlet_type *type;
	u32 number;
	int err;

	full.value_max = args->value_size ?: args->value_max ?:
			 args->container ? PARTS_BYTES_MAX : SINGLET_MAX_VALUE;

	mutex_lock(&types->mutex);
	err = -EEXIST;
	if (singlet_types_by_name(types, args->name, args->name_len))
		goto err_unlock;
	err = -EDQUOT;
	number = free_number(types);
	if (!number)
		goto err_unlock;
	err = -ENOMEM;
	type = kzalloc_obj(*type, GFP_KERNEL_ACCOUNT);
	if (!type)
		goto err_unlock;
	err = type_setup(types, type, number, &full);
	if (err)
		goto err_free;
	err = singlet_types_set(types, type->index, type);
	if (err)
		goto err_free;
	type->owner = args->owner;
	types->nr++;
	*numberp = number;
	mutex_unlock(&types->mutex);
	return type;

err_free:
	type_free(type);
err_unlock:
	mutex_unlock(&types->mutex);
	return ERR_PTR(err);
}

/**
 * singlet_types_delete() - end a user type
 * @types: registry
 * @number: of the type
 * @evict: frees the type's idle objects
 * @ctx: for @evict
 *
 * Context: Process, sleeps.
 * Return: 0; -ENOENT; -EPERM: predefined; -EBUSY: it has live objects, and
 * stays as it was.
 */
int singlet_types_delete(struct singlet_types *types, u32 number,
			 void (*evict)(void *ctx, struct singlet_type *type),
			 void *ctx)
{
	struct singlet_type_counters sum;
	struct singlet_type *type;
	unsigned int tries = 3;
	int err = 0;

	if (number && number <= TYPE_PREDEFINED)
		return -EPERM;

	mutex_lock(&types->mutex);
	type = singlet_types_at(types, number & INFO_TYPE_MASK);
	if (!type || type->number != number) {
		err = -ENOENT;
		goto out;
	}
	/* Whoever uses a type that stays should not notice. */
	evict(ctx, type);
	singlet_type_sum(type, &sum);
	if (singlet_type_objects(&sum)) {
		err = -EBUSY;
		goto out;
	}
	WRITE_ONCE(type->dying, true);
	do {
		/* See "How deletion finds out" in type.h. */
		synchronize_rcu();
		evict(ctx, type);
		singlet_type_sum(type, &sum);
	} while (sum.holds && --tries);
	if (sum.holds) {
		WRITE_ONCE(type->dying, false);
		err = -EBUSY;
		goto out;
	}
	/* The part is there, so this cannot fail. */
	singlet_types_set(types, type->index,
			  xa_mk_value(number >> INFO_TYPE_BITS));
	types->nr--;
	/*
	 * Now that nobody counts any more, what they all counted: that sum may
	 * have seen a hold go and not what was counted before it.
	 */
	smp_mb();
	singlet_type_sum(type, &sum);
	sum_add(&types->former, &sum);
	/* Who is told that it is gone may go, too. */
	module_put(type->owner);
	type->owner = NULL;
	call_rcu(&type->rcu, type_free_rcu);
out:
	mutex_unlock(&types->mutex);
	return err;
}

/* Return: 0, or -EILSEQ where the type is text and the bytes are not. */
int singlet_type_check_text(const struct singlet_type *type,
			    const void *data, u32 len)
{
	if (type->index == SINGLET_TYPE_STR && !singlet_utf8_valid(data, len))
		return -EILSEQ;
	return 0;
}

/* The sums over all CPUs, an instant's view. */
void singlet_type_sum(const struct singlet_type *type,
		      struct singlet_type_counters *sum)
{
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct singlet_type_share *share =
			per_cpu_ptr(type->share, cpu);

		sum->creates += local_read(&share->creates);
		sum->frees += local_read(&share->frees);
		sum->bytes += local_read(&share->bytes);
		sum->hits += local_read(&share->hits);
		sum->misses += local_read(&share->misses);
		sum->holds += local_read(&share->holds);
	}
}

/*
 * The sums over all types, former ones included; an instant's view.
 * Context: Process, sleeps.
 */
void singlet_types_sum(struct singlet_types *types,
		       struct singlet_type_counters *sum)
{
	struct singlet_type_counters one;
	struct singlet_type *type;
	u32 index = 0;

	memset(sum, 0, sizeof(*sum));
	sum_add(sum, &types->former);
	for (;;) {
		rcu_read_lock();
		type = singlet_types_next(types, &index);
		if (type)
			singlet_type_sum(type, &one);
		rcu_read_unlock();
		if (!type)
			return;
		sum_add(sum, &one);
		cond_resched();
	}
}
