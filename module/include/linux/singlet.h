/* SPDX-License-Identifier: GPL-2.0 */
/*
 * singlet for other kernel modules: one refcounted copy of each immutable value
 *
 * A module makes a domain, in it a type, and interns values: equal bytes give
 * the same object, so that two of them are compared by their addresses.  Who
 * drops the last reference leaves the object idle; it is found again by the
 * next intern, or goes when memory is short.  No table, no lock, no kref and no
 * kfree_rcu() is left to be written:
 *
 *	static struct singlet_domain *domain;
 *	static struct singlet_type *names;
 *
 *	domain = singlet_domain_create("mymodule");
 *	names = singlet_type_create(domain, &(struct singlet_type_params){
 *			.name = "name", .kind = SINGLET_KIND_VALUE });
 *	...
 *	name = singlet_intern(names, text, strlen(text), GFP_KERNEL);
 *	pr_info("%.*s\n", singlet_len(name), (char *)singlet_data(name));
 *	singlet_put(name);
 *
 * The functions are in the symbol namespace SINGLET: SINGLET_IMPORT() once in a
 * module.  Documentation/kernel-api.md is the tutorial, each function's comment
 * is where it is defined (module/api.c, module/api_domain.c).
 */
#ifndef _LINUX_SINGLET_H
#define _LINUX_SINGLET_H

#include <linux/gfp_types.h>
#include <linux/module.h>
#include <linux/types.h>
#include <uapi/linux/singlet.h>

struct singlet_domain;
struct singlet_object;
struct singlet_type;

/* The same for every kernel version, which MODULE_IMPORT_NS() is not. */
#define SINGLET_IMPORT()	MODULE_INFO(import_ns, "SINGLET")

/**
 * struct singlet_type_params - what a type is
 * @name: unique in its domain; as in SINGLET_TYPE_CREATE
 * @kind: SINGLET_KIND_VALUE, _SINGLE or _PLAIN
 * @value_size: bytes that every value has; 0: any number
 * @value_max: at most so many, if @value_size is 0; 0: SINGLET_MAX_VALUE
 * @owner: a module that is not to go before the type does; NULL if its exit
 *         function destroys the type
 * @ctor: of a plain type; called for each allocation with the zeroed bytes, in
 *        the caller's context; an error of its makes the allocation fail
 * @dtor: of a plain type; called when the last reference is dropped, wherever
 *        that is: any context but NMI, also memory reclaim that frees a tuple;
 *        must not sleep or drop plain objects in turn without end
 */
struct singlet_type_params {
	const char *name;
	u32 kind;
	u32 value_size;
	u32 value_max;
	struct module *owner;
	int (*ctor)(void *data, u32 len);
	void (*dtor)(void *data, u32 len);
};

/**
 * struct singlet_value - bytes to intern
 * @data: where
 * @len: how many
 */
struct singlet_value {
	const void *data;
	u32 len;
};

/* Domains and types */
struct singlet_domain *__must_check
singlet_domain_create_for(const char *name, struct module *maker);
void singlet_domain_destroy(struct singlet_domain *domain);
struct singlet_type *__must_check
singlet_type_create(struct singlet_domain *domain,
		    const struct singlet_type_params *params);
int singlet_type_destroy(struct singlet_type *type);
struct singlet_type *singlet_domain_type(struct singlet_domain *domain,
					 u32 number);
void singlet_domain_stats(struct singlet_domain *domain,
			  struct singlet_stats *stats);
unsigned long singlet_domain_shrink(struct singlet_domain *domain,
				    unsigned long nr);

#define singlet_domain_create(name)	\
	singlet_domain_create_for(name, THIS_MODULE)

/* Objects */
struct singlet_object *__must_check
singlet_intern(struct singlet_type *type, const void *data, u32 len, gfp_t gfp);
unsigned int __must_check
singlet_intern_many(struct singlet_type *type,
		    const struct singlet_value *values,
		    struct singlet_object **objects, unsigned int nr,
		    gfp_t gfp);
struct singlet_object *__must_check
singlet_lookup(struct singlet_type *type, const void *data, u32 len);
struct singlet_object *__must_check
singlet_alloc(struct singlet_type *type, u32 len, gfp_t gfp);
void *singlet_buffer(struct singlet_object *object);
void singlet_seal(struct singlet_object *object);

struct singlet_object *singlet_get(struct singlet_object *object);
bool __must_check singlet_tryget(struct singlet_object *object, u64 id);
struct singlet_object *__must_check
singlet_from_id(struct singlet_domain *domain, u64 id);
void singlet_put(struct singlet_object *object);
void singlet_get_many(struct singlet_object *const *objects, unsigned int nr);
void singlet_put_many(struct singlet_object *const *objects, unsigned int nr);
int singlet_make_immortal(struct singlet_object *object);

const void *singlet_data(const struct singlet_object *object);
u32 singlet_len(const struct singlet_object *object);
u64 singlet_id(const struct singlet_object *object);
struct singlet_type *singlet_type_of(const struct singlet_object *object);

#endif
