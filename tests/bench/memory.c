// SPDX-License-Identifier: GPL-2.0
/*
 * memory - bytes per object, bytes per type, slots stranded in magazines
 *
 * Of every cache alike: by how much the machine's free memory falls when the
 * objects are there, so that all counts, the table and what allocators round
 * up.  Of singlet also what its own counters say.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "cache.h"
#include "optional.h"
#include "report.h"
#include "subject.h"
#include "suites.h"

#define LABELS		300000U
#define DEPOT_LABELS	100000U	/* it has room for some 200,000 */
#define SIZES_BYTES	(16 << 20)
#define TYPES		4000
#define STRANDED	1000	/* objects of a size, on each CPU */

static const u32 sizes[] = { 8, 16, 32, 64, 128, 256, 1024, 4096 };

/* Pages that wait on a CPU's list in the page allocator: they are free too. */
static u64 waiting_pages(void)
{
	unsigned int nid, i, cpu;
	u64 pages = 0;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (!populated_zone(zone))
				continue;
			for_each_online_cpu(cpu)
				pages += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset,
							       cpu)->count);
		}
	}
	return pages;
}

static u64 free_bytes(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return (u64)info.freeram * info.mem_unit + waiting_pages() * PAGE_SIZE;
}

/* What was left to RCU is freed, by kfree_rcu() too. */
static void flush_rcu(void)
{
	if (kvfree_rcu_barrier)
		kvfree_rcu_barrier();
	rcu_barrier();
}

/* Free memory when what is being given back has arrived. */
static s64 settled(void)
{
	unsigned int quiet = 0, i;
	u64 last = 0, now;

	for (i = 0; i < 100 && quiet < 5; i++) {
		flush_rcu();
		msleep(50);
		now = free_bytes();
		quiet = abs((s64)(now - last)) < 16 * PAGE_SIZE ? quiet + 1 : 0;
		last = now;
	}
	return last;
}

/* Memory that @nr objects took, in all, to be told per object. */
static void report_each(const char *name, const char *side, const char *how,
			s64 bytes, u64 nr)
{
	bench_figure(div64_u64(max(bytes, 0LL) * 1000ULL, nr),
		     "memory.%s.%s.%s", name, side, how);
}

static int measure_cache(const char *name, const struct bench_cache *cache,
			 const struct bench_keys *keys, unsigned int nr)
{
	struct bench_population p;
	s64 before;
	int err;

	/* The list of pointers is not the cache's. */
	before = settled() - (s64)PAGE_ALIGN(nr * sizeof(void *));
	err = bench_cache_open(cache, keys->text);
	if (err)
		return err == -EOPNOTSUPP ? 0 : err;
	err = bench_populate(&p, cache, keys, nr);
	if (!err) {
		report_each(name, cache->name, "bytes", before - settled(), nr);
		bench_depopulate(&p);
	}
	cache->close();
	return err;
}

static int measure_labels(void)
{
	struct bench_keys keys;
	unsigned int i;
	u64 bytes = 0;
	int err;

	err = bench_keys_init(&keys, LABELS, 0);
	if (err)
		return err;
	for (i = 0; i < keys.nr; i++)
		bytes += keys.key[i].len;
	report_each("label", "value", "bytes", bytes, keys.nr);
	for (i = 0; i < nr_bench_caches && !err; i++)
		err = measure_cache("label", bench_caches[i], &keys,
				    bench_caches[i] == &cache_depot ?
				    DEPOT_LABELS : LABELS);
	bench_keys_free(&keys);
	return err;
}

static int measure_size(u32 size)
{
	unsigned int nr = min(LABELS, SIZES_BYTES / size);
	struct bench_keys keys;
	char name[16];
	int err;

	snprintf(name, sizeof(name), "%u", size);
	err = bench_keys_init(&keys, nr, size);
	if (err)
		return err;
	err = measure_cache(name, &cache_ours, &keys, nr) ?:
	      measure_cache(name, &cache_rht, &keys, nr);
	bench_keys_free(&keys);
	return err;
}

/* By singlet's own counters. */
static int measure_counted(struct singlet_store *store)
{
	struct subject_memory before, after;
	struct singlet_object **obj;
	struct bench_keys keys;
	unsigned int i, n = 0;
	int err = -ENOMEM;

	if (bench_keys_init(&keys, LABELS, 0))
		return err;
	obj = kvmalloc_array(LABELS, sizeof(*obj), GFP_KERNEL);
	if (!obj)
		goto out;
	subject_memory(store, &before);
	for (; n < LABELS; n++) {
		obj[n] = subject_intern(subject_type(store, SINGLET_TYPE_STR),
					keys.key[n].data, keys.key[n].len);
		if (!obj[n])
			goto out;
	}
	subject_memory(store, &after);
	report_each("label", "singlet", "counted_slabs",
		    after.stored - before.stored, LABELS);
	report_each("label", "singlet", "counted_rest",
		    after.metadata - before.metadata, LABELS);
	err = 0;
out:
	for (i = 0; i < n; i++)
		subject_put(obj[i]);
	kvfree(obj);
	bench_keys_free(&keys);
	return err;
}

static int measure_types(struct singlet_store *store)
{
	struct subject_memory before, after;
	s64 settled_before = settled();
	unsigned int i;
	int err = 0;

	subject_memory(store, &before);
	for (i = 0; i < TYPES && !err; i++)
		err = subject_add_value(store, i);
	if (err)
		return err;
	subject_memory(store, &after);
	report_each("type", "singlet", "bytes", settled_before - settled(),
		    TYPES);
	report_each("type", "singlet", "counted",
		    after.metadata - before.metadata, TYPES);
	return 0;
}

/* Magazines */

struct churn {
	struct singlet_store *store;
	u32 type[ARRAY_SIZE(sizes)];
};

/* On one CPU: many objects of each size, all of which end. */
static long churn(void *ctx)
{
	struct singlet_object **obj;
	struct churn *c = ctx;
	unsigned int i, n;

	obj = kvmalloc_array(STRANDED, sizeof(*obj), GFP_KERNEL);
	if (!obj)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (n = 0; n < STRANDED; n++) {
			obj[n] = subject_alloc(c->store, c->type[i], sizes[i]);
			if (!obj[n])
				break;
		}
		while (n--)
			subject_put(obj[n]);
	}
	kvfree(obj);
	return 0;
}

static int measure_stranded(struct singlet_store *store)
{
	struct churn c = { .store = store };
	struct subject_memory before, m;
	unsigned int i, cpu;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++)
		err = subject_add_plain(store, sizes[i], &c.type[i]);
	if (err)
		return err;
	subject_collect(store);
	subject_memory(store, &before);
	cpus_read_lock();
	for_each_online_cpu(cpu)
		err = work_on_cpu(cpu, churn, &c) ?: err;
	cpus_read_unlock();
	if (err)
		return err;
	subject_memory(store, &m);
	bench_figure(m.stranded_slots * 1000, "memory.stranded.singlet.slots");
	bench_figure((m.stored - before.stored) / 1024 * 1000,
		     "memory.stranded.singlet.kib");
	subject_collect(store);
	subject_memory(store, &m);
	bench_figure(m.stranded_slots * 1000,
		     "memory.stranded.singlet.slots_collected");
	return 0;
}

static int with_store(int (*measure)(struct singlet_store *store))
{
	struct singlet_store *store = subject_create();
	int err;

	if (IS_ERR(store))
		return PTR_ERR(store);
	err = measure(store);
	subject_destroy(store);
	return err;
}

int bench_memory(void)
{
	unsigned int i;
	int err;

	err = with_store(measure_counted) ?: with_store(measure_types) ?:
	      with_store(measure_stranded);
	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++)
		err = measure_size(sizes[i]);
	return err ?: measure_labels();
}
