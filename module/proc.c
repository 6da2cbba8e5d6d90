// SPDX-License-Identifier: GPL-2.0
/* proc - /proc/singlet: read-only views; see proc.h */
#include "proc.h"

#include <linux/capability.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#include "domain.h"
#include "session.h"
#include "snapshot.h"
#include "store.h"
#include "world.h"

#define NAME_BYTES	24

struct view {
	struct singlet_snapshot *snap;
	const struct file *file;
	struct singlet_stats stats;
};

static void for_each(struct view *view, singlet_domain_fn fn)
{
	const struct file *file = view->file;

	singlet_domain_for_each(file->f_cred,
				file_ns_capable(file, &init_user_ns,
						CAP_SYS_ADMIN),
				fn, view);
}

/* As the reader's namespace knows the user. */
static const char *user_name(const struct view *view,
			     const struct singlet_user *user, char *buf)
{
	snprintf(buf, NAME_BYTES, "user:%u",
		 from_kuid_munged(view->file->f_cred->user_ns, user->uid));
	return buf;
}

static const char *domain_name(const struct view *view,
			       const struct singlet_domain *domain, char *buf)
{
	if (!singlet_domain_private(domain))
		return domain->name;
	return user_name(view, domain->user, buf);
}

/* stats */

static void add_stats(struct singlet_domain *domain, void *ctx)
{
	struct view *view = ctx;

	singlet_domain_sum(domain, &view->stats);
}

/* In the order of struct singlet_stats. */
static const char *const stat_names[] = {
	"sessions", "types", "objects", "live", "idle", "immortal",
	"references", "hits", "misses", "creates", "reuses", "revivals",
	"frees", "evictions", "released", "failures", "collections",
	"slabs", "slots", "slots_free", "slots_cached", "buckets",
	"bytes_unique", "bytes_logical", "bytes_stored", "bytes_metadata",
	"bytes_saved", "world", "bytes_idle", "pins", "refusals",
};

static_assert(offsetof(struct singlet_stats, sessions) +
	      ARRAY_SIZE(stat_names) * sizeof(u64) ==
	      sizeof(struct singlet_stats));

static void render_stats(struct singlet_snapshot *snap,
			 const struct file *file)
{
	struct view view = { .snap = snap, .file = file };
	const u64 *value = &view.stats.sessions;
	size_t i;

	for_each(&view, add_stats);
	singlet_stats_finish(&view.stats);
	for (i = 0; i < ARRAY_SIZE(stat_names); i++) {
		if (value + i == &view.stats.bytes_saved)
			singlet_snapshot_printf(snap, "%s %lld\n",
						stat_names[i], value[i]);
		else
			singlet_snapshot_printf(snap, "%s %llu\n",
						stat_names[i], value[i]);
	}
}

/* types */

static const char *kind_name(u32 kind)
{
	switch (kind) {
	case SINGLET_KIND_VALUE:
		return "value";
	case SINGLET_KIND_SINGLE:
		return "single";
	default:
		return "plain";
	}
}

static void show_types(struct singlet_domain *domain, void *ctx)
{
	struct singlet_types *types = &domain->store->types;
	struct view *view = ctx;
	struct singlet_type *type;
	const char *whose;
	char name[NAME_BYTES];
	u32 index = 0;

	whose = domain_name(view, domain, name);
	for (;;) {
		struct singlet_type_counters sum;

		/* One at a time: printing them all takes long. */
		rcu_read_lock();
		type = singlet_types_next(types, &index);
		if (!type)
			break;
		singlet_type_sum(type, &sum);
		singlet_snapshot_printf(view->snap,
					"%-12s %10u %-16s %-6s %8u %8u %10lu %12lu %12lu %12lu\n",
					whose, type->number, type->name,
					kind_name(type->kind), type->value_size,
					type->value_max, singlet_type_objects(&sum),
					max(sum.bytes, 0L), max(sum.hits, 0L),
					max(sum.misses, 0L));
		rcu_read_unlock();
		cond_resched();
	}
	rcu_read_unlock();
}

static void render_types(struct singlet_snapshot *snap,
			 const struct file *file)
{
	struct view view = { .snap = snap, .file = file };

	singlet_snapshot_printf(snap, "# %-10s %10s %-16s %-6s %8s %8s %10s %12s %12s %12s\n",
				"domain", "type", "name", "kind", "size",
				"max", "objects", "bytes", "hits", "misses");
	for_each(&view, show_types);
}

/* slabs */

static void show_pool(struct singlet_snapshot *snap, const char *name,
		      struct singlet_pool *pool)
{
	struct singlet_cache_info c;
	unsigned int class;

	for (class = 0; class <= SIZE_LARGE; class++) {
		if (!singlet_pool_info(pool, class, &c))
			continue;
		/* Taken one after the other, so sums can be off for a moment. */
		c.cached = min(c.cached, c.slots - min(c.free, c.slots));
		singlet_snapshot_printf(snap,
					"%-12s %6u %8lu %10lu %10lu %10lu %8lu %8lu\n",
					name, c.size, c.slabs, c.slots,
					c.slots - min(c.free, c.slots) - c.cached,
					c.free, c.cached, c.pages);
	}
}

static void show_slabs(struct singlet_domain *domain, void *ctx)
{
	struct view *view = ctx;
	char name[NAME_BYTES];

	show_pool(view->snap, domain_name(view, domain, name),
		  &domain->store->pool);
}

static void render_slabs(struct singlet_snapshot *snap,
			 const struct file *file)
{
	struct view view = { .snap = snap, .file = file };

	/* Size 0: large values, each in a slab of its own. */
	singlet_snapshot_printf(snap, "# %-10s %6s %8s %10s %10s %10s %8s %8s\n",
				"domain", "size", "slabs", "slots", "used",
				"free", "cached", "pages");
	show_pool(snap, "world", &singlet_world.pool);
	for_each(&view, show_slabs);
}

/* domains */

static void show_domain(struct singlet_domain *domain, void *ctx)
{
	struct user_namespace *ns;
	struct singlet_stats stats = {};
	struct view *view = ctx;
	char name[NAME_BYTES];

	ns = view->file->f_cred->user_ns;
	singlet_domain_sum(domain, &stats);
	singlet_snapshot_printf(view->snap,
				"%-12s %8llu %8u %8u %04o %-9s %8llu %10llu %10llu %8llu %12llu\n",
				domain_name(view, domain, name), domain->serial,
				from_kuid_munged(ns, domain->user->uid),
				from_kgid_munged(ns, domain->gid), domain->mode,
				singlet_domain_private(domain) ? "private" :
				domain->deleted ? "deleted" :
				singlet_domain_kernel(domain) ? "kernel" :
				domain->flags & SINGLET_DOMAIN_EPHEMERAL ?
				"ephemeral" : "kept",
				stats.sessions, stats.objects, stats.idle,
				stats.pins, stats.bytes_stored);
}

static void render_domains(struct singlet_snapshot *snap,
			   const struct file *file)
{
	struct view view = { .snap = snap, .file = file };

	singlet_snapshot_printf(snap, "# %-10s %8s %8s %8s %4s %-9s %8s %10s %10s %8s %12s\n",
				"domain", "serial", "owner", "group", "mode", "life",
				"sessions", "objects", "idle", "pins",
				"bytes_stored");
	for_each(&view, show_domain);
}

/* quotas */

static const char *const quota_names[SINGLET_QUOTAS] = {
	[SINGLET_QUOTA_OBJECTS] = "objects",
	[SINGLET_QUOTA_BYTES] = "bytes",
	[SINGLET_QUOTA_REFERENCES] = "references",
	[SINGLET_QUOTA_TYPES] = "types",
	[SINGLET_QUOTA_DOMAINS] = "domains",
	[SINGLET_QUOTA_IDLE] = "idle_bytes",
};

static void show_quota(struct view *view, const char *whose, unsigned int quota,
		       u64 use, u64 limit)
{
	singlet_snapshot_printf(view->snap, "%-12s %-10s %16llu ", whose,
				quota_names[quota], use);
	if (limit)
		singlet_snapshot_printf(view->snap, "%16llu\n", limit);
	else
		singlet_snapshot_printf(view->snap, "%16s\n", "-");
}

static void show_domain_quotas(struct singlet_domain *domain, void *ctx)
{
	struct view *view = ctx;
	char name[NAME_BYTES];
	unsigned int i;

	for (i = 0; i < SINGLET_QUOTAS && !singlet_domain_kernel(domain); i++) {
		u64 limit, use = singlet_domain_use(domain, i, &limit);

		if (i != SINGLET_QUOTA_DOMAINS)
			show_quota(view, domain_name(view, domain, name), i,
				   use, limit);
	}
}

/* What all domains and sessions of the reader's user use together. */
static void show_user_quotas(struct view *view)
{
	const struct cred *cred = view->file->f_cred;
	u64 use[SINGLET_QUOTAS], limit[SINGLET_QUOTAS];
	struct singlet_user *user;
	char name[NAME_BYTES];
	unsigned int i;

	user = singlet_user_get(cred->euid);
	if (!user)
		return;
	singlet_user_show(user, use, limit);
	user_name(view, user, name);
	strlcat(name, "*", sizeof(name));
	for (i = 0; i < SINGLET_QUOTAS; i++)
		if (i != SINGLET_QUOTA_IDLE)
			show_quota(view, name, i, use[i], limit[i]);
	singlet_user_put(user);
}

static void render_quotas(struct singlet_snapshot *snap,
			  const struct file *file)
{
	struct view view = { .snap = snap, .file = file };

	/* "user:ID*": all of the reader's own domains and sessions together. */
	singlet_snapshot_printf(snap, "# %-10s %-10s %16s %16s\n",
				"whose", "what", "use", "limit");
	show_user_quotas(&view);
	for_each(&view, show_domain_quotas);
}

/* sessions */

static void show_sessions(struct singlet_domain *domain, void *ctx)
{
	struct view *view = ctx;
	struct singlet_session *s;
	unsigned long number;
	const char *whose;
	char name[NAME_BYTES];

	whose = domain_name(view, domain, name);
	xa_for_each(&domain->sessions, number, s) {
		singlet_snapshot_printf(view->snap,
					"%-12s %8lu %8d %10llu %14llu %13llu\n",
					whose, number, pid_vnr(s->pid),
					READ_ONCE(s->references),
					READ_ONCE(s->bytes_logical),
					READ_ONCE(s->refs.bytes));
		cond_resched();
	}
}

static void render_sessions(struct singlet_snapshot *snap,
			    const struct file *file)
{
	struct view view = { .snap = snap, .file = file };

	singlet_snapshot_printf(snap, "# %-10s %8s %8s %10s %14s %13s\n",
				"domain", "session", "pid", "references",
				"bytes_logical", "bytes_records");
	for_each(&view, show_sessions);
}

/* files */

static const struct {
	const char *name;
	singlet_render_t render;
} files[] = {
	{ "stats", render_stats },
	{ "types", render_types },
	{ "slabs", render_slabs },
	{ "sessions", render_sessions },
	{ "domains", render_domains },
	{ "quotas", render_quotas },
};

static int view_open(struct inode *inode, struct file *file)
{
	return singlet_snapshot_open(file, pde_data(inode));
}

static const struct proc_ops view_ops = {
	.proc_open = view_open,
	.proc_read = singlet_snapshot_read,
	.proc_lseek = default_llseek,
	.proc_release = singlet_snapshot_release,
};

/* Return: 0 or -ENOMEM, then nothing is left behind. */
int singlet_proc_init(void)
{
	struct proc_dir_entry *dir = proc_mkdir(KBUILD_MODNAME, NULL);
	size_t i;

	if (!dir)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (!proc_create_data(files[i].name, 0444, dir, &view_ops,
				      files[i].render)) {
			singlet_proc_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void singlet_proc_exit(void)
{
	remove_proc_subtree(KBUILD_MODNAME, NULL);
}
