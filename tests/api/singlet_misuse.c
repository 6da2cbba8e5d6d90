// SPDX-License-Identifier: GPL-2.0
/*
 * What a module can get wrong with <linux/singlet.h>: tests/api/run loads this
 * with the name of a mistake, and reads in the log what singlet made of it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/string.h>
#include <linux/singlet.h>

static char *only = "";
module_param(only, charp, 0444);
MODULE_PARM_DESC(only, "put, destroy, forget, held or pinned");

static struct singlet_domain *domain;
static struct singlet_type *type;
static struct singlet_object *object;
static unsigned int destructed;

/* Called after the module has gone, this would be a fault. */
static void dtor(void *data, u32 len)
{
	destructed++;
}

/* A module that is pinned by its type is let go by hand. */
static int release(const char *text, const struct kernel_param *param)
{
	singlet_domain_destroy(domain);
	domain = NULL;
	return 0;
}

static const struct kernel_param_ops release_ops = { .set = release };
module_param_cb(release, &release_ops, NULL, 0200);

static bool is(const char *what)
{
	return !strcmp(only, what);
}

static int __init misuse_init(void)
{
	struct singlet_type_params params = {
		.name = "misused",
		.kind = is("put") ? SINGLET_KIND_VALUE : SINGLET_KIND_PLAIN,
		.owner = is("pinned") ? THIS_MODULE : NULL,
	};

	if (!is("put"))
		params.dtor = dtor;
	domain = singlet_domain_create("misuse");
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	type = singlet_type_create(domain, &params);
	if (IS_ERR(type)) {
		singlet_domain_destroy(domain);
		return PTR_ERR(type);
	}
	if (is("put")) {
		object = singlet_intern(type, "twice", 5, GFP_KERNEL);
		singlet_put(object);
		singlet_put(object);
		return 0;
	}
	object = singlet_alloc(type, 5, GFP_KERNEL);
	if (is("destroy")) {
		WARN_ON(singlet_type_destroy(type) != -EBUSY);
		singlet_put(object);
		WARN_ON(destructed != 1);
		WARN_ON(singlet_type_destroy(type));
	} else if (!is("held")) {
		singlet_put(object);
	}
	return 0;
}

static void __exit misuse_exit(void)
{
	if (!is("forget"))
		singlet_domain_destroy(domain);
}

module_init(misuse_init);
module_exit(misuse_exit);

SINGLET_IMPORT();
MODULE_DESCRIPTION("What can be got wrong with <linux/singlet.h>");
MODULE_LICENSE("GPL");
