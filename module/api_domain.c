// SPDX-License-Identifier: GPL-2.0
/* api - domains and types for other modules; see api.h */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "api.h"

#include <linux/err.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/sched/task.h>
#include <linux/singlet.h>

#include "compat/export.h"
#include "named.h"
#include "reclaim.h"
#include "store.h"

/* Before the name of a module's domain; no user can give such a name. */
#define PREFIX	"kernel:"

/**
 * singlet_domain_create_for() - a domain for a kernel module
 * @name: unique among those of modules; as of a domain, at most 56 bytes
 * @maker: the module; singlet_domain_create() passes THIS_MODULE
 *
 * The domain is shown to root as "kernel:NAME", in /proc/singlet and to the
 * singlet tool; root can join it to look, and not to make objects.  There is no
 * quota; idle objects go when the machine needs memory.
 *
 * Context: Process, sleeps.
 * Return: The domain, to be ended with singlet_domain_destroy(); or an ERR_PTR:
 * -EINVAL, -EILSEQ: the name; -EEXIST; -ENOMEM.
 */
struct singlet_domain *singlet_domain_create_for(const char *name,
						 struct module *maker)
{
	char full[SINGLET_MAX_NAME + 1];
	struct singlet_domain *domain;
	const struct cred *cred;
	int len, err;

	if (IS_ERR_OR_NULL(name))
		return ERR_PTR(-EINVAL);
	len = snprintf(full, sizeof(full), PREFIX "%s", name);
	if (len >= sizeof(full) || strchr(name, ':'))
		return ERR_PTR(-EINVAL);
	err = singlet_name_check(name, strlen(name));
	if (err)
		return ERR_PTR(err);
	/* The init task is root in the initial user namespace. */
	cred = get_task_cred(&init_task);
	domain = singlet_named_create_kernel(cred, (struct singlet_name){
			full, len }, maker ?: THIS_MODULE);
	put_cred(cred);
	return domain;
}
EXPORT_SYMBOL_SINGLET(singlet_domain_create_for);

/* Types */

/**
 * singlet_type_create() - a type in a module's domain
 * @domain: from singlet_domain_create()
 * @params: what it is; need not stay
 *
 * Context: Process, sleeps.
 * Return: The type, to be ended with singlet_type_destroy() or with its domain;
 * or an ERR_PTR: -EINVAL, -EILSEQ, -EMSGSIZE: @params; -EEXIST: the name;
 * -ENODEV: @params->owner is about to go; -EDQUOT: 4088 types; -ENOMEM.
 */
struct singlet_type *
singlet_type_create(struct singlet_domain *domain,
		    const struct singlet_type_params *params)
{
	struct singlet_type_args args = {
		.name = params->name,
		.kind = params->kind,
		.value_size = params->value_size,
		.value_max = params->value_max,
		.ctor = params->ctor,
		.dtor = params->dtor,
		.owner = params->owner,
	};
	struct singlet_type *type;
	u32 number;
	int err;

	if (!params->name)
		return ERR_PTR(-EINVAL);
	args.name_len = strlen(params->name);
	err = singlet_types_check(&args);
	if (err)
		return ERR_PTR(err);
	if (!try_module_get(params->owner))
		return ERR_PTR(-ENODEV);
	type = singlet_types_create(&domain->store->types, &args, &number);
	if (IS_ERR(type))
		module_put(params->owner);
	return type;
}
EXPORT_SYMBOL_SINGLET(singlet_type_create);

/**
 * singlet_type_destroy() - end a type
 * @type: from singlet_type_create(); NULL and error pointers are ignored
 *
 * Its idle objects are freed; no other call with it is on its way.
 *
 * Context: Process, sleeps.
 * Return: 0; -EBUSY: it has objects that are held, immortal, or parts of idle
 * containers, which the kernel log reports: it stays as it was; -EPERM: it is a
 * predefined one.
 */
int singlet_type_destroy(struct singlet_type *type)
{
	struct singlet_type_counters sum;
	int err;

	if (IS_ERR_OR_NULL(type))
		return 0;
	err = singlet_reclaim_delete_type(singlet_type_store(type),
					  type->number);
	if (err != -EBUSY)
		return err;
	singlet_type_sum(type, &sum);
	pr_err("type %s is to be destroyed and has %ld objects\n", type->name,
	       singlet_type_objects(&sum));
	return err;
}
EXPORT_SYMBOL_SINGLET(singlet_type_destroy);

/* The next type that is not predefined, or NULL; it does not go meanwhile. */
static struct singlet_type *next_type(struct singlet_domain *domain, u32 *index)
{
	struct singlet_type *type;

	*index = max_t(u32, *index, TYPE_PREDEFINED + 1);
	rcu_read_lock();
	type = singlet_types_next(&domain->store->types, index);
	rcu_read_unlock();
	return type;
}

static void disarm(struct singlet_type *type)
{
	WRITE_ONCE(type->ctor, NULL);
	WRITE_ONCE(type->dtor, NULL);
}

/**
 * singlet_domain_destroy() - end a domain
 * @domain: from singlet_domain_create(); NULL and error pointers are ignored
 *
 * Its types go with it, immortal and idle objects as well.  If objects are still
 * held, the kernel log says so, and no destructor is called any more: what the
 * module holds stays until singlet itself goes, what sessions of user space hold
 * until these are closed.
 *
 * Context: Process, sleeps; no other call with the domain, its types or objects
 * is on its way.
 */
void singlet_domain_destroy(struct singlet_domain *domain)
{
	struct singlet_reclaimed freed;
	struct singlet_type *type;
	u32 index = 0;
	u64 live;

	if (IS_ERR_OR_NULL(domain))
		return;
	singlet_domain_abandon(domain);
	/* Idle containers hold their parts, whatever those are of. */
	singlet_reclaim_all(domain->store, &freed);
	while ((type = next_type(domain, &index)))
		if (singlet_reclaim_delete_type(domain->store, type->number))
			disarm(type);
	synchronize_rcu();	/* destructors run in RCU sections */
	live = singlet_domain_live(domain);
	if (live)
		pr_err("domain %s is to be destroyed and has %llu live objects\n",
		       domain->name, live);
	singlet_domain_close(domain);
}
EXPORT_SYMBOL_SINGLET(singlet_domain_destroy);

/**
 * singlet_domain_type() - a predefined type of a domain
 * @domain: from singlet_domain_create()
 * @number: SINGLET_TYPE_BOOL and so on
 *
 * Context: Any.
 * Return: The type, which stays as long as the domain; NULL: no such number.
 */
struct singlet_type *singlet_domain_type(struct singlet_domain *domain,
					 u32 number)
{
	if (!number || number > TYPE_PREDEFINED)
		return NULL;
	return singlet_types_at(&domain->store->types, number);
}
EXPORT_SYMBOL_SINGLET(singlet_domain_type);

/**
 * singlet_domain_stats() - the numbers of a domain
 * @domain: from singlet_domain_create()
 * @stats: out; as of SINGLET_STATS
 *
 * @stats->references and @stats->bytes_logical, and what follows from them, count
 * what sessions of user space hold; a module's own references are in no ledger.
 *
 * Context: Process, sleeps.
 */
void singlet_domain_stats(struct singlet_domain *domain,
			  struct singlet_stats *stats)
{
	*stats = (struct singlet_stats){ .size = sizeof(*stats) };
	singlet_domain_sum(domain, stats);
	singlet_stats_finish(stats);
}
EXPORT_SYMBOL_SINGLET(singlet_domain_stats);

/**
 * singlet_domain_shrink() - free idle objects
 * @domain: from singlet_domain_create()
 * @nr: at most so many; ULONG_MAX: all, and wait until their memory is back
 *      with the kernel
 *
 * Context: Process, sleeps; not from memory reclaim.
 * Return: How many were freed.
 */
unsigned long singlet_domain_shrink(struct singlet_domain *domain,
				    unsigned long nr)
{
	struct singlet_reclaimed out;

	if (nr != ULONG_MAX)
		return singlet_reclaim_some(domain->store, nr, false);
	singlet_reclaim_all(domain->store, &out);
	return out.objects;
}
EXPORT_SYMBOL_SINGLET(singlet_domain_shrink);

/* Modules that go */

/* A domain of @mod's that was not destroyed, or NULL. */
static struct singlet_domain *forgotten(const struct module *mod)
{
	struct singlet_domain *domain, *found = NULL;

	mutex_lock(&singlet_domains_mutex);
	list_for_each_entry(domain, &singlet_domains, node) {
		if (domain->maker == mod && !domain->deleted) {
			found = domain;
			break;
		}
	}
	mutex_unlock(&singlet_domains_mutex);
	return found;
}

/* In @domain, take back what calls into @mod; domains_mutex. */
static bool disarm_code_of(struct singlet_domain *domain,
			   const struct module *mod)
{
	struct singlet_types *types = &domain->store->types;
	u32 index = TYPE_PREDEFINED + 1;
	struct singlet_type *type;
	bool some = false;

	/* Other modules, which live, may delete types meanwhile. */
	mutex_lock(&types->mutex);
	while ((type = singlet_types_next(types, &index))) {
		if (!within_module((unsigned long)type->ctor, mod) &&
		    !within_module((unsigned long)type->dtor, mod))
			continue;
		pr_err("module %s has gone and left type %s behind\n",
		       mod->name, type->name);
		disarm(type);
		some = true;
	}
	mutex_unlock(&types->mutex);
	return some;
}

/* @mod's exit function has run: nothing of it may be called any more. */
static void module_gone(const struct module *mod)
{
	struct singlet_domain *domain;
	bool some = false;

	while ((domain = forgotten(mod))) {
		pr_err("module %s has gone and left domain %s behind\n",
		       mod->name, domain->name);
		singlet_domain_destroy(domain);
	}
	mutex_lock(&singlet_domains_mutex);
	list_for_each_entry(domain, &singlet_domains, node)
		if (singlet_domain_kernel(domain))
			some |= disarm_code_of(domain, mod);
	mutex_unlock(&singlet_domains_mutex);
	if (some)
		synchronize_rcu();
}

static int watch(struct notifier_block *nb, unsigned long state, void *mod)
{
	if (state == MODULE_STATE_GOING)
		module_gone(mod);
	return NOTIFY_OK;
}

static struct notifier_block watcher = { .notifier_call = watch };

/* Return: 0 or an error. */
int singlet_api_init(void)
{
	return register_module_notifier(&watcher);
}

void singlet_api_exit(void)
{
	unregister_module_notifier(&watcher);
}
