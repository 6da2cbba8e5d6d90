// SPDX-License-Identifier: GPL-2.0
/*
 * <linux/singlet.h> in several threads: some hold values and plain objects, one
 * looks for these without a reference, one frees what is idle.
 */
#include "suites.h"

#include <linux/kthread.h>
#include <linux/module.h>

#define VALUES	8	/* that all have; then a plain object */
#define OWN	20	/* of one thread, at a time */

/* What a holder has and others may look for. */
struct shown {
	spinlock_t lock;	/* protects the others */
	struct singlet_object *obj;
	u64 id;
};

struct racer {
	struct singlet_domain *domain;
	struct singlet_type *type, *plain;
	struct shown *shown;	/* VALUES + 1 */
	u32 next;		/* a value that is nobody else's */
	unsigned int rounds;
	u64 hits;
	int line;		/* of the first check that failed; 0 */
};

#define CHECK(racer, ok)	suite_check(&(racer)->line, ok, __LINE__)

static void show(struct shown *shown, struct singlet_object *obj)
{
	spin_lock(&shown->lock);
	shown->obj = obj;
	if (obj)
		shown->id = singlet_id(obj);
	spin_unlock(&shown->lock);
}

/* Values that nobody has but this thread, for a moment. */
static void hold_own(struct racer *racer, gfp_t gfp)
{
	struct singlet_value values[OWN];
	struct singlet_object *obj[OWN];
	unsigned int i, n;
	u32 data[OWN];

	for (i = 0; i < OWN; i++) {
		data[i] = racer->next++;
		values[i] = (struct singlet_value){ &data[i], sizeof(u32) };
	}
	n = singlet_intern_many(racer->type, values, obj, OWN, gfp);
	CHECK(racer, n == OWN);
	for (i = 0; i < n; i++)
		CHECK(racer, !memcmp(singlet_data(obj[i]), &data[i],
				     sizeof(u32)));
	singlet_get_many(obj, n);
	singlet_put_many(obj, n);
	singlet_put_many(obj, n);
}

/* Those that all have, and a plain object: object @i begins with @i. */
static unsigned int hold_shared(struct racer *racer, gfp_t gfp,
				struct singlet_object **obj)
{
	u32 i;

	for (i = 0; i < VALUES; i++) {
		obj[i] = singlet_intern(racer->type, &i, sizeof(i), gfp);
		CHECK(racer, !IS_ERR(obj[i]));
		if (IS_ERR(obj[i]))
			return i;
	}
	obj[i] = singlet_alloc(racer->plain, sizeof(i), gfp);
	CHECK(racer, !IS_ERR(obj[i]));
	if (IS_ERR(obj[i]))
		return i;
	memcpy(singlet_buffer(obj[i]), &i, sizeof(i));
	singlet_seal(obj[i]);
	return i + 1;
}

static int holder(void *ctx)
{
	struct singlet_object *obj[VALUES + 1], *same;
	struct racer *racer = ctx;
	u32 i, n;

	while (!kthread_should_stop()) {
		gfp_t gfp = racer->rounds++ % 2 ? GFP_ATOMIC : GFP_KERNEL;

		hold_own(racer, gfp);
		n = hold_shared(racer, gfp, obj);
		for (i = 0; i < n; i++)
			show(&racer->shown[i], obj[i]);
		cond_resched();
		for (i = 0; i < n; i++) {
			CHECK(racer, !memcmp(singlet_data(obj[i]), &i,
					     sizeof(i)));
			if (i < VALUES) {
				same = singlet_lookup(racer->type, &i,
						      sizeof(i));
				CHECK(racer, same == obj[i]);
				singlet_put(same);
			}
			show(&racer->shown[i], NULL);
			singlet_put(obj[i]);
		}
		cond_resched();
	}
	return 0;
}

/* The object at @shown, which may be about to go; or an ERR_PTR. */
static struct singlet_object *find(struct racer *racer, struct shown *shown,
				   u64 *id)
{
	struct singlet_object *obj;
	bool got;

	rcu_read_lock();
	spin_lock(&shown->lock);
	obj = shown->obj;
	*id = shown->id;
	spin_unlock(&shown->lock);
	got = obj && singlet_tryget(obj, *id);
	rcu_read_unlock();
	return got ? obj : singlet_from_id(racer->domain, *id);
}

static int finder(void *ctx)
{
	struct racer *racer = ctx;
	struct singlet_object *obj;
	u64 id;
	u32 i;

	while (!kthread_should_stop()) {
		i = racer->rounds++ % (VALUES + 1);
		obj = find(racer, &racer->shown[i], &id);
		CHECK(racer, !IS_ERR(obj) || PTR_ERR(obj) == -ENOENT);
		if (!IS_ERR(obj)) {
			CHECK(racer, singlet_id(obj) == id);
			CHECK(racer, !memcmp(singlet_data(obj), &i, sizeof(i)));
			singlet_put(obj);
			racer->hits++;
		}
		cond_resched();
	}
	return 0;
}

static int shrinker(void *ctx)
{
	struct racer *racer = ctx;

	while (!kthread_should_stop()) {
		unsigned long nr = racer->rounds++ % 50, freed;

		freed = singlet_domain_shrink(racer->domain, nr ?: ULONG_MAX);
		CHECK(racer, !nr || freed <= nr);
		racer->hits += freed;
		cond_resched();
	}
	return 0;
}

/* @ctx: the first of four. */
static bool raced_enough(void *ctx)
{
	struct racer *racer = ctx;
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (READ_ONCE(racer[i].rounds) <= 2)
			return false;
	return READ_ONCE(racer[2].hits) && READ_ONCE(racer[3].hits);
}

static void api_race(struct kunit *test)
{
	static const suite_thread_t fn[] = {
		holder, holder, finder, shrinker,
	};
	struct racer racer[ARRAY_SIZE(fn)] = {};
	void *ctx[] = { &racer[0], &racer[1], &racer[2], &racer[3] };
	struct singlet_domain *domain = test->priv;
	struct singlet_type *type, *plain;
	struct shown *shown;
	unsigned int i;

	type = suite_api_values(test, "value");
	plain = suite_api_type(test, &suite_api_counted);
	shown = kunit_kcalloc(test, 2 * (VALUES + 1), sizeof(*shown),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, shown);
	for (i = 0; i < 2 * (VALUES + 1); i++)
		spin_lock_init(&shown[i].lock);
	for (i = 0; i < ARRAY_SIZE(fn); i++)
		racer[i] = (struct racer){
			.domain = domain, .type = type, .plain = plain,
			.next = (i + 1) << 28, .shown = shown,
		};
	racer[1].shown = shown + VALUES + 1;
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 1000, raced_enough);

	for (i = 0; i < ARRAY_SIZE(fn); i++) {
		KUNIT_EXPECT_EQ_MSG(test, racer[i].line, 0, "thread %u", i);
		KUNIT_EXPECT_GT_MSG(test, racer[i].rounds, 2, "thread %u", i);
	}
	KUNIT_EXPECT_GT(test, racer[2].hits, 0);
	KUNIT_EXPECT_GT(test, racer[3].hits, 0);
	KUNIT_EXPECT_GE(test, suite_api_ctors(), racer[0].rounds);
	KUNIT_EXPECT_EQ(test, suite_api_ctors(), suite_api_dtors());
	suite_api_expect(test, 0, suite_stats(domain->store).idle);
	KUNIT_EXPECT_TRUE(test, suite_is_valid(domain->store));
	suite_api_expect_empty(test);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(plain), 0);
	kunit_info(test, "%u and %u rounds, %llu found, %llu freed",
		   racer[0].rounds, racer[1].rounds, racer[2].hits,
		   racer[3].hits);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(api_race),
	{}
};

struct kunit_suite api_race_suite = {
	.name = "singlet_api_race",
	.init = suite_api_init,
	.exit = suite_api_exit,
	.test_cases = cases,
};
