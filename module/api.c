// SPDX-License-Identifier: GPL-2.0
/* api - objects for other modules; see api.h */
#include "api.h"

#include <linux/err.h>
#include <linux/prefetch.h>
#include <linux/singlet.h>

#include "compat/export.h"
#include "domain.h"
#include "intern.h"
#include "world.h"

/**
 * singlet_intern() - the object of a value
 * @type: of kind value or single
 * @data: the value's bytes, not changing meanwhile
 * @len: how many
 * @gfp: how to allocate if it is a new one: GFP_KERNEL may sleep, GFP_ATOMIC
 *       and GFP_NOWAIT do not
 *
 * The only instance of a single type is found with no bytes at all; other bytes
 * than it has are refused.
 *
 * Context: As @gfp says; process or softirq, interrupts enabled.
 * Return: The object, with a reference that is the caller's, to be dropped with
 * singlet_put(); or an ERR_PTR: -EINVAL: @len or the bytes are not for the type;
 * -EMSGSIZE: too long; -EILSEQ: a str that is not UTF-8; -EEXIST: another
 * instance of a single type exists; -ENOENT: a part of a tuple does not exist;
 * -EOVERFLOW: 2^28 references; -ENOMEM.
 */
struct singlet_object *singlet_intern(struct singlet_type *type,
				      const void *data, u32 len, gfp_t gfp)
{
	return singlet_type_intern(type, data, len, true, gfp);
}
EXPORT_SYMBOL_SINGLET(singlet_intern);

/**
 * singlet_intern_many() - the objects of many values
 * @type: of kind value or single
 * @values: the values
 * @objects: out; an object for each, as of singlet_intern()
 * @nr: how many
 * @gfp: as of singlet_intern()
 *
 * Faster than one by one where the objects are not in the CPU's cache: what the
 * next values need is fetched while one is compared.
 *
 * Context: As @gfp says; process or softirq, interrupts enabled.
 * Return: Values interned.  When it is less than @nr, @objects has the ERR_PTR
 * of the one that failed after these; the references before it are the caller's.
 */
unsigned int singlet_intern_many(struct singlet_type *type,
				 const struct singlet_value *values,
				 struct singlet_object **objects,
				 unsigned int nr, gfp_t gfp)
{
	return singlet_type_intern_many(type, values, objects, nr, gfp);
}
EXPORT_SYMBOL_SINGLET(singlet_intern_many);

/**
 * singlet_lookup() - the object of a value, if there is one
 * @type: of kind value or single
 * @data: the value's bytes, not changing meanwhile
 * @len: how many
 *
 * Context: Process or softirq, interrupts enabled (on PREEMPT_RT: preemptible); does
 * not sleep.
 * Return: The object, with a reference that is the caller's, to be dropped with
 * singlet_put(); or an ERR_PTR: -ENOENT; -EINVAL, -EMSGSIZE, -EEXIST, -EOVERFLOW
 * as of singlet_intern().
 */
struct singlet_object *singlet_lookup(struct singlet_type *type,
				      const void *data, u32 len)
{
	return singlet_type_intern(type, data, len, false, GFP_NOWAIT);
}
EXPORT_SYMBOL_SINGLET(singlet_lookup);

/**
 * singlet_alloc() - a plain object
 * @type: of kind plain
 * @len: bytes
 * @gfp: as of singlet_intern()
 *
 * Fill it through singlet_buffer(), then singlet_seal() it.
 *
 * Context: As @gfp says; process or softirq, interrupts enabled.
 * Return: The object, zeroed and constructed, with a reference that is the
 * caller's, to be dropped with singlet_put(); or an ERR_PTR: -EINVAL, -EMSGSIZE,
 * -ENOMEM, or what the constructor returned.
 */
struct singlet_object *singlet_alloc(struct singlet_type *type, u32 len,
				     gfp_t gfp)
{
	struct singlet_object *obj;

	singlet_type_enter(type);
	obj = singlet_type_alloc(type, len, gfp);
	if (IS_ERR(obj))
		singlet_types_put(type);
	return obj;
}
EXPORT_SYMBOL_SINGLET(singlet_alloc);

/**
 * singlet_buffer() - where the bytes of an object that is not sealed are
 * @object: the caller has a reference
 *
 * Context: Any.
 * Return: The bytes, which may be written until singlet_seal(); NULL: the object
 * is sealed, or a value.
 */
void *singlet_buffer(struct singlet_object *object)
{
	if (!(READ_ONCE(object->info) & INFO_UNSEALED))
		return NULL;
	return singlet_object_data(object);
}
EXPORT_SYMBOL_SINGLET(singlet_buffer);

/**
 * singlet_seal() - a plain object changes no more
 * @object: plain; the caller has a reference and alone writes to it
 *
 * From here on sessions of the domain can see and read it.
 *
 * Context: Any.
 */
void singlet_seal(struct singlet_object *object)
{
	singlet_store_seal(object);
}
EXPORT_SYMBOL_SINGLET(singlet_seal);

/**
 * singlet_get() - one more reference
 * @object: the caller has a reference; NULL and error pointers are passed through
 *
 * Context: Any but NMI, and not with locks of the scheduler or of workqueues: an
 * object that several CPUs have, or that became idle, may have a worker see to
 * it.  Does not sleep.
 * Return: @object, with one reference more that is the caller's.
 */
struct singlet_object *singlet_get(struct singlet_object *object)
{
	if (!IS_ERR_OR_NULL(object))
		singlet_store_hold(object);
	return object;
}
EXPORT_SYMBOL_SINGLET(singlet_get);

static struct singlet_object *get_by_id(struct singlet_store *store, u64 id)
{
	struct singlet_object *obj;
	bool revived;

	obj = singlet_store_get(store, id, &revived);
	if (revived && !IS_ERR(obj))
		singlet_count(&store->counters, STAT_REVIVALS, 1);
	return obj;
}

/**
 * singlet_tryget() - a reference on an object that may have gone
 * @object: an object that was there when the RCU section of the caller began
 * @id: its id: another object may be in its place by now
 *
 * For structures that hold a pointer and an id without a reference, or whose
 * reference is dropped while RCU readers look.
 *
 * Context: RCU read-side section; any but NMI and hard interrupts (on
 * PREEMPT_RT: preemptible).
 * Return: Whether the caller has a reference now.
 */
bool singlet_tryget(struct singlet_object *object, u64 id)
{
	return !IS_ERR(get_by_id(singlet_object_store(object), id));
}
EXPORT_SYMBOL_SINGLET(singlet_tryget);

/**
 * singlet_from_id() - the object that an id names
 * @domain: whose object it is
 * @id: from singlet_id(), or from a user: any number is safe
 *
 * It can be an object of any type, also a plain one that is not sealed yet: ask
 * singlet_type_of() before using what user space named.
 *
 * Context: Any but NMI and hard interrupts; does not sleep (on PREEMPT_RT:
 * preemptible).
 * Return: The object, live or idle until now, with a reference that is the
 * caller's; or an ERR_PTR: -ENOENT: unknown, or gone; -EOVERFLOW.
 */
struct singlet_object *singlet_from_id(struct singlet_domain *domain, u64 id)
{
	return get_by_id(domain->store, id);
}
EXPORT_SYMBOL_SINGLET(singlet_from_id);

/**
 * singlet_put() - drop a reference
 * @object: one that the caller has a reference on; NULL and error pointers are
 *          ignored
 *
 * The last reference on a value leaves it idle; on a plain object it destructs
 * and frees it.  One that nobody holds is left alone, and the kernel log says
 * so.
 *
 * Context: As singlet_get() (on PREEMPT_RT: preemptible).
 */
void singlet_put(struct singlet_object *object)
{
	if (!IS_ERR_OR_NULL(object))
		singlet_store_put(object);
}
EXPORT_SYMBOL_SINGLET(singlet_put);

/* Objects whose records are fetched before they are used. */
#define AHEAD	8

/**
 * singlet_get_many() - one more reference on each
 * @objects: the caller has a reference on each; no NULL, no error pointers
 * @nr: how many
 *
 * Context: As singlet_get().
 */
void singlet_get_many(struct singlet_object *const *objects, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (i + AHEAD < nr)
			prefetchw(objects[i + AHEAD]);
		singlet_store_hold(objects[i]);
	}
}
EXPORT_SYMBOL_SINGLET(singlet_get_many);

/**
 * singlet_put_many() - drop a reference on each
 * @objects: the caller has a reference on each; no NULL, no error pointers
 * @nr: how many
 *
 * Context: As singlet_get() (on PREEMPT_RT: preemptible).
 */
void singlet_put_many(struct singlet_object *const *objects, unsigned int nr)
{
	singlet_store_put_many(objects, nr);
}
EXPORT_SYMBOL_SINGLET(singlet_put_many);

/**
 * singlet_make_immortal() - keep an object for as long as its domain
 * @object: a value, not of a container type; the caller has a reference, which
 *          need not be dropped
 *
 * From here on references on it are neither counted nor needed.
 *
 * Context: Any.
 * Return: 0; -EINVAL: a plain object, which has a destructor to wait for, or a
 * container, whose parts are other objects.
 */
int singlet_make_immortal(struct singlet_object *object)
{
	u32 info = READ_ONCE(object->info);

	/* The world's have no store, and need nothing. */
	if (singlet_object_immortal(object))
		return 0;
	if (info & INFO_PLAIN || singlet_type_of(object)->container)
		return -EINVAL;
	singlet_store_make_immortal(object);
	return 0;
}
EXPORT_SYMBOL_SINGLET(singlet_make_immortal);

/**
 * singlet_type_of() - the type of an object
 * @object: the caller has a reference
 *
 * Context: Any.
 * Return: The type, which stays as long as the reference; NULL: it is one of the
 * machine's own immortal objects (none, a bool, a small int), of no domain.
 */
struct singlet_type *singlet_type_of(const struct singlet_object *object)
{
	u32 index = singlet_info_type(READ_ONCE(object->info));

	if (singlet_object_id(object) & WORLD_ID)
		return NULL;
	return singlet_types_at(&singlet_object_store(object)->types, index);
}
EXPORT_SYMBOL_SINGLET(singlet_type_of);

/**
 * singlet_data() - the bytes of an object
 * @object: the caller has a reference
 *
 * Context: Any.
 * Return: Its bytes, which do not change while the reference lasts; aligned to 8.
 */
const void *singlet_data(const struct singlet_object *object)
{
	return singlet_object_data(object);
}
EXPORT_SYMBOL_SINGLET(singlet_data);

/**
 * singlet_len() - how many bytes an object has
 * @object: the caller has a reference
 *
 * Context: Any.
 * Return: Bytes; a str has no terminating NUL.
 */
u32 singlet_len(const struct singlet_object *object)
{
	return singlet_object_len(object);
}
EXPORT_SYMBOL_SINGLET(singlet_len);

/**
 * singlet_id() - the name of an object in its domain
 * @object: the caller has a reference
 *
 * Context: Any.
 * Return: Its id, never 0, which names no other object as long as the domain
 * lasts; user space takes it.
 */
u64 singlet_id(const struct singlet_object *object)
{
	return singlet_object_id(object);
}
EXPORT_SYMBOL_SINGLET(singlet_id);
