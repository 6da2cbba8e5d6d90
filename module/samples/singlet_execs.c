// SPDX-License-Identifier: GPL-2.0
/*
 * singlet_execs - which commands were started, and how often
 *
 * A sample of <linux/singlet.h>; Documentation/kernel-api.md goes through it.
 * Every exec's command name is interned: however many processes have run "sh",
 * there is one "sh".  /proc/singlet_execs has the counts, and
 * "singlet -D kernel:execs list" shows the objects themselves.
 *
 * An exec is seen through a tracepoint.  Its probe should be quick, and on many
 * kernels runs with preemption off, where nothing that takes a lock may be
 * called on PREEMPT_RT.  So it only notes the name in a ring of its CPU, and a
 * work item interns it.
 *
 * Anybody can start commands of any name, so there is a limit of names.
 */
#include <linux/binfmts.h>
#include <linux/hashtable.h>
#include <linux/kfifo.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <linux/singlet.h>

struct name {
	char text[TASK_COMM_LEN];
};

/* Names on their way; each ring has one writer, its CPU, and one reader. */
struct ring {
	DECLARE_KFIFO(names, struct name, 256);
	unsigned long lost;		/* there was no room */
};

#define NAMES_MAX	4096

/* How often a command was started; @name's reference is this structure's. */
struct entry {
	struct hlist_node node;
	struct singlet_object *name;
	unsigned long count;
};

static struct singlet_domain *domain;
static struct singlet_type *names;
static struct ring __percpu *rings;
static struct tracepoint *exec_tracepoint;

static DEFINE_MUTEX(mutex);		/* protects what follows */
static DEFINE_HASHTABLE(entries, 8);
static unsigned int nr_entries;
static unsigned long uncounted;		/* too many names, or no memory */

/* Equal names are one object: its address is all there is to compare. */
static struct entry *find(const struct singlet_object *name)
{
	struct entry *e;

	hash_for_each_possible(entries, e, node, (unsigned long)name)
		if (e->name == name)
			return e;
	return NULL;
}

/* One more exec of @name, whose reference is handed over. */
static int count(struct singlet_object *name)
{
	struct entry *e = find(name);

	if (e) {
		e->count++;
		singlet_put(name);	/* the entry has one already */
		return 0;
	}
	e = nr_entries < NAMES_MAX ? kzalloc(sizeof(*e), GFP_KERNEL) : NULL;
	if (!e) {
		singlet_put(name);
		return -ENOSPC;
	}
	e->name = name;
	e->count = 1;
	hash_add(entries, &e->node, (unsigned long)name);
	nr_entries++;
	return 0;
}

static int count_text(const char *text)
{
	struct singlet_object *name;

	name = singlet_intern(names, text, strnlen(text, TASK_COMM_LEN),
			      GFP_KERNEL);
	return IS_ERR(name) ? PTR_ERR(name) : count(name);
}

static void drain(struct work_struct *work)
{
	struct name name;
	int cpu;

	mutex_lock(&mutex);
	for_each_possible_cpu(cpu) {
		struct ring *ring = per_cpu_ptr(rings, cpu);

		while (kfifo_get(&ring->names, &name))
			if (count_text(name.text))
				uncounted++;
	}
	mutex_unlock(&mutex);
}

static DECLARE_WORK(drain_work, drain);

static void on_exec(void *data, struct task_struct *task, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	struct name name;
	struct ring *ring;

	memcpy(name.text, task->comm, sizeof(name.text));
	/* The CPU is the ring's only writer as long as nobody else gets it. */
	ring = get_cpu_ptr(rings);
	if (!kfifo_put(&ring->names, name))
		ring->lost++;
	put_cpu_ptr(rings);
	schedule_work(&drain_work);
}

/* /proc/singlet_execs: count, id and name, a line each */
static int show(struct seq_file *seq, void *v)
{
	unsigned long lost = 0;
	struct entry *e;
	int cpu, i;

	flush_work(&drain_work);
	for_each_possible_cpu(cpu)
		lost += READ_ONCE(per_cpu_ptr(rings, cpu)->lost);
	mutex_lock(&mutex);
	seq_printf(seq, "# %lu lost\n", lost + uncounted);
	hash_for_each(entries, i, e, node) {
		seq_printf(seq, "%8lu %16llu ", e->count, singlet_id(e->name));
		/* What would break the line or the column is escaped. */
		seq_escape_mem(seq, singlet_data(e->name), singlet_len(e->name),
			       ESCAPE_SPACE | ESCAPE_SPECIAL | ESCAPE_NAP |
			       ESCAPE_OCTAL | ESCAPE_APPEND, " \\");
		seq_putc(seq, '\n');
	}
	mutex_unlock(&mutex);
	return 0;
}

static void drop_entries(void)
{
	struct hlist_node *tmp;
	struct entry *e;
	int i;

	hash_for_each_safe(entries, i, tmp, e, node) {
		hash_del(&e->node);
		singlet_put(e->name);
		kfree(e);
	}
}

/* The tracepoint is not exported by its name. */
static void is_it(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "sched_process_exec"))
		*(struct tracepoint **)found = tp;
}

static int __init execs_init(void)
{
	const struct singlet_type_params params = {
		.name = "comm",
		.kind = SINGLET_KIND_VALUE,
		.value_max = TASK_COMM_LEN,
	};
	int cpu, err;

	domain = singlet_domain_create("execs");
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	names = singlet_type_create(domain, &params);
	if (IS_ERR(names)) {
		err = PTR_ERR(names);
		goto err_domain;
	}
	err = -ENOMEM;
	rings = alloc_percpu(struct ring);
	if (!rings)
		goto err_domain;
	for_each_possible_cpu(cpu)
		INIT_KFIFO(per_cpu_ptr(rings, cpu)->names);
	if (!proc_create_single("singlet_execs", 0400, NULL, show))
		goto err_rings;

	for_each_kernel_tracepoint(is_it, &exec_tracepoint);
	err = -ENOENT;
	if (!exec_tracepoint)
		goto err_proc;
	err = tracepoint_probe_register(exec_tracepoint, on_exec, NULL);
	if (err)
		goto err_proc;
	return 0;

err_proc:
	remove_proc_entry("singlet_execs", NULL);
err_rings:
	free_percpu(rings);
err_domain:
	singlet_domain_destroy(domain);
	return err;
}

static void __exit execs_exit(void)
{
	tracepoint_probe_unregister(exec_tracepoint, on_exec, NULL);
	tracepoint_synchronize_unregister();
	cancel_work_sync(&drain_work);
	remove_proc_entry("singlet_execs", NULL);
	drop_entries();
	free_percpu(rings);
	/* Nothing is held any more, so the type goes with its domain. */
	singlet_domain_destroy(domain);
}

module_init(execs_init);
module_exit(execs_exit);

SINGLET_IMPORT();
MODULE_DESCRIPTION("Counts the commands that are started; a sample of <linux/singlet.h>");
MODULE_AUTHOR("The singlet authors");
MODULE_LICENSE("GPL");
