// SPDX-License-Identifier: GPL-2.0
/* refs - get and put of an object at hand; see refs.h */
#include "refs.h"

#include <linux/kernel.h>
#include <linux/string.h>

#include "subject.h"
#include "suites.h"

/* Objects in between, so that no two CPUs share a line of records. */
#define APART	32

static struct singlet_store *store;
static struct singlet_object *object[BENCH_CPUS * APART];

static void ours_close(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(object); i++) {
		if (object[i])
			subject_put(object[i]);
		object[i] = NULL;
	}
	subject_destroy(store);
}

static int ours_open(void)
{
	unsigned int i;

	store = subject_create();
	if (IS_ERR(store))
		return PTR_ERR(store);
	for (i = 0; i < ARRAY_SIZE(object); i++) {
		char text[16];
		int len = scnprintf(text, sizeof(text), "refs-%u", i);

		object[i] = subject_intern(subject_type(store, SINGLET_TYPE_STR),
					   text, len);
		if (!object[i]) {
			ours_close();
			return -ENOMEM;
		}
	}
	return 0;
}

static __always_inline int ours_pair(unsigned int whose)
{
	struct singlet_object *obj = object[whose * APART];

	if (unlikely(!subject_get(obj)))
		return -EOVERFLOW;
	subject_put(obj);
	return 0;
}

DEFINE_BENCH_COUNTER(ours, "singlet");

static const struct bench_counter *const counters[] = {
	&counter_ours, &counter_refcount, &counter_percpu,
};

static int measure(const char *name, bool own)
{
	struct bench_case c = { .ops = BENCH_OPS, .param = own };
	unsigned int i;
	int err = 0;

	strscpy(c.name, name, sizeof(c.name));
	for (i = 0; i < ARRAY_SIZE(counters) && !err; i++) {
		err = counters[i]->open();
		if (!err)
			bench_add_side(&c, &counters[i]->side);
	}
	if (!err)
		err = bench_measure(&c);
	for (i = 0; i < c.nr_sides; i++)
		counters[i]->close();
	return err;
}

int bench_refs(void)
{
	return measure("refs.hot", false) ?: measure("refs.disjoint", true);
}
