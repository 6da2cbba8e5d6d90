// SPDX-License-Identifier: GPL-2.0
/*
 * <linux/singlet.h> where sleeping is not allowed.  What is wrong there is noted,
 * and looked at when it is over.
 */
#include "suites.h"

#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/timer.h>

#define LEN	200	/* of a value: a slab has few of them */
#define VALUES	8	/* at a time */

/* Who uses a domain: a test, a thread, an interrupt. */
struct actor {
	struct singlet_domain *domain;
	struct singlet_type *type, *plain;
	gfp_t gfp;
	u32 next;		/* a value that is nobody else's */
	unsigned int rounds;
	int line;		/* of the first check that failed; 0 */
};

#define CHECK(actor, ok)	suite_check(&(actor)->line, ok, __LINE__)

static int context_init(struct kunit *test)
{
	suite_api_count_anew();
	return suite_api_init(test);
}

/* The first of a test's users; others are copies. */
static struct actor new_actor(struct kunit *test, gfp_t gfp)
{
	return (struct actor){
		.domain = test->priv,
		.type = suite_api_values(test, "value"),
		.plain = suite_api_type(test, &suite_api_counted),
		.gfp = gfp,
		.next = 1 << 10,
	};
}

static struct actor other_actor(const struct actor *actor, gfp_t gfp, u32 next)
{
	struct actor other = *actor;

	other.gfp = gfp;
	other.next = next;
	return other;
}

/* All have stopped; the types are still the first one's. */
static void expect_right(struct kunit *test, const struct actor *actor)
{
	KUNIT_EXPECT_GT(test, suite_api_ctors(), 0);
	KUNIT_EXPECT_EQ(test, suite_api_ctors(), suite_api_dtors());
	suite_api_expect_empty(test);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(actor->type), 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(actor->plain), 0);
}

/* One value, which may be there, by each way to it. */
static void use_value(struct actor *actor, u32 value)
{
	struct singlet_object *obj, *same;
	u8 data[LEN] = {};
	u64 id;

	memcpy(data, &value, sizeof(value));
	obj = singlet_intern(actor->type, data, LEN, actor->gfp);
	CHECK(actor, !IS_ERR(obj));
	if (IS_ERR(obj))
		return;
	id = singlet_id(obj);
	CHECK(actor, singlet_len(obj) == LEN);
	CHECK(actor, !memcmp(singlet_data(obj), data, LEN));
	CHECK(actor, suite_api_tryget(obj, id));
	singlet_put(obj);
	/* There it is as long as it is held. */
	same = singlet_lookup(actor->type, data, LEN);
	CHECK(actor, same == obj);
	singlet_put(same);
	same = singlet_from_id(actor->domain, id);
	CHECK(actor, same == obj);
	singlet_put(same);
	singlet_put(singlet_get(obj));
	singlet_put(obj);
	/* And idle now, unless somebody has freed it. */
	same = singlet_from_id(actor->domain, id);
	CHECK(actor, same == obj || PTR_ERR(same) == -ENOENT);
	singlet_put(same);
}

/* A plain object, which is nobody else's. */
static void use_plain(struct actor *actor, u32 len)
{
	struct singlet_object *obj;

	obj = singlet_alloc(actor->plain, len, actor->gfp);
	CHECK(actor, !IS_ERR(obj));
	if (IS_ERR(obj))
		return;
	CHECK(actor, !memchr_inv(singlet_data(obj), 0, len));
	memset(singlet_buffer(obj), 'p', len);
	singlet_seal(obj);
	singlet_put(singlet_get(obj));
	singlet_put(obj);
}

/* Own values and those that all have, together. */
static void use_many(struct actor *actor)
{
	struct singlet_object *obj[2 * VALUES];
	struct singlet_value value[2 * VALUES];
	u32 data[2 * VALUES];
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(data); i++) {
		data[i] = i % 2 ? actor->next++ : i;
		value[i] = (struct singlet_value){ &data[i], sizeof(data[i]) };
		CHECK(actor, i % 2 == 0 ||
		      PTR_ERR(singlet_lookup(actor->type, &data[i],
					     sizeof(data[i]))) == -ENOENT);
	}
	n = singlet_intern_many(actor->type, value, obj, ARRAY_SIZE(obj),
				actor->gfp);
	CHECK(actor, n == ARRAY_SIZE(obj));
	for (i = 0; i < n; i++)
		CHECK(actor, !memcmp(singlet_data(obj[i]), &data[i],
				     sizeof(data[i])));
	singlet_get_many(obj, n);
	singlet_put_many(obj, n);
	singlet_put_many(obj, n);
}

/* All that may be done where sleeping may not. */
static void use(struct actor *actor)
{
	unsigned int i;

	for (i = 0; i < 2 * VALUES; i++) {
		use_value(actor, i);
		use_value(actor, actor->next++);
		use_plain(actor, LEN + 8 * i);
	}
	use_many(actor);
	WRITE_ONCE(actor->rounds, actor->rounds + 1);
}

/* In each of the ways to be forbidden to sleep. */
static void use_everywhere(struct kunit *test, gfp_t gfp)
{
	struct actor actor = new_actor(test, gfp);
	unsigned int i, n = suite_scaled(50);
	static DEFINE_SPINLOCK(lock);

	for (i = 0; i < n; i++) {
		spin_lock(&lock);
		use(&actor);
		spin_unlock(&lock);
		spin_lock_bh(&lock);
		use(&actor);
		spin_unlock_bh(&lock);
		local_bh_disable();
		use(&actor);
		local_bh_enable();
		rcu_read_lock();
		use(&actor);
		rcu_read_unlock();
	}
	KUNIT_EXPECT_EQ(test, actor.line, 0);
	expect_right(test, &actor);
}

static void api_atomic(struct kunit *test)
{
	use_everywhere(test, GFP_ATOMIC);
}

static void api_nowait(struct kunit *test)
{
	use_everywhere(test, GFP_NOWAIT);
}

/* Memory that cannot be had without sleeping is refused; given back it can be. */
static void api_atomic_large(struct kunit *test)
{
	struct actor actor = new_actor(test, GFP_KERNEL);
	struct singlet_object *obj, *same, *plain;
	u8 *data = kunit_kzalloc(test, 100000, GFP_KERNEL);
	struct singlet_stats s;

	KUNIT_ASSERT_NOT_NULL(test, data);
	local_bh_disable();
	obj = singlet_intern(actor.type, data, 100000, GFP_ATOMIC);
	plain = singlet_alloc(actor.plain, 100000, GFP_NOWAIT);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, PTR_ERR(obj), -ENOMEM);
	KUNIT_EXPECT_EQ(test, PTR_ERR(plain), -ENOMEM);
	KUNIT_EXPECT_EQ(test, suite_api_ctors(), 0);
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.failures, 2);
	suite_api_expect(test, 0, 0);

	obj = singlet_intern(actor.type, data, 100000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	plain = singlet_alloc(actor.plain, 100000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, plain);
	local_bh_disable();
	same = singlet_intern(actor.type, data, 100000, GFP_ATOMIC);
	singlet_put(obj);
	singlet_put(same);
	singlet_put(plain);
	local_bh_enable();
	KUNIT_EXPECT_PTR_EQ(test, same, obj);
	suite_api_expect(test, 0, 1);
	expect_right(test, &actor);
}

struct soft {
	struct actor actor;
	struct timer_list timer;
};

static void soft_fn(struct timer_list *timer)
{
	struct soft *soft = container_of(timer, struct soft, timer);

	CHECK(&soft->actor, in_serving_softirq());
	use(&soft->actor);
	mod_timer(timer, jiffies + 1);
}

/* In a soft interrupt, while the process that it interrupts does the same. */
static void api_softirq(struct kunit *test)
{
	struct actor own = new_actor(test, GFP_KERNEL);
	struct soft *soft = kunit_kzalloc(test, sizeof(*soft), GFP_KERNEL);
	unsigned long end = jiffies + 10 * HZ;

	KUNIT_ASSERT_NOT_NULL(test, soft);
	soft->actor = other_actor(&own, GFP_ATOMIC, 1 << 30);
	timer_setup(&soft->timer, soft_fn, 0);
	mod_timer(&soft->timer, jiffies + 1);
	while (READ_ONCE(soft->actor.rounds) < 20 && time_before(jiffies, end)) {
		use(&own);
		cond_resched();
	}
	timer_delete_sync(&soft->timer);
	KUNIT_EXPECT_GE(test, soft->actor.rounds, 20);
	KUNIT_EXPECT_EQ(test, soft->actor.line, 0);
	KUNIT_EXPECT_EQ(test, own.line, 0);
	expect_right(test, &own);
}

/* An interrupt takes over references of a thread's, and drops them. */
struct hard {
	struct actor actor;
	struct singlet_object *held;		/* stays */
	struct singlet_object *value, *object;	/* the interrupt's to take */
	int cpu;				/* where the thread was */
	unsigned int interrupts, taken;
	int line;				/* as of struct actor */
};

static void hard_fn(void *ctx)
{
	struct singlet_object *obj;
	struct hard *hard = ctx;

	CHECK(hard, irqs_disabled());
	hard->interrupts += !!in_hardirq();
	obj = singlet_get(hard->held);
	CHECK(hard, singlet_len(obj) == LEN);
	singlet_put_many(&obj, 1);
	obj = xchg(&hard->value, NULL);
	hard->taken += !!obj;
	singlet_put(obj);
	singlet_put(xchg(&hard->object, NULL));
}

static int hard_actor(void *ctx)
{
	struct hard *hard = ctx;
	struct actor *actor = &hard->actor;
	struct singlet_object *obj;

	while (!kthread_should_stop()) {
		WRITE_ONCE(hard->cpu, raw_smp_processor_id());
		use(actor);
		obj = singlet_intern(actor->type, &actor->next,
				     sizeof(actor->next), actor->gfp);
		actor->next++;
		CHECK(actor, !IS_ERR(obj));
		/* What the interrupt drops is the first that is idle again. */
		singlet_domain_shrink(actor->domain, LEN);
		if (!IS_ERR(obj))
			singlet_put(xchg(&hard->value, obj));
		obj = singlet_alloc(actor->plain, LEN, actor->gfp);
		CHECK(actor, !IS_ERR(obj));
		if (!IS_ERR(obj))
			singlet_put(xchg(&hard->object, obj));
		cond_resched();
	}
	return 0;
}

static int hard_kicker(void *ctx)
{
	struct hard *hard = ctx;

	while (!kthread_should_stop()) {
		smp_call_function_single(READ_ONCE(hard->cpu), hard_fn, hard,
					 1);
		schedule_timeout_interruptible(1);
	}
	return 0;
}

static bool hard_enough(void *ctx)
{
	struct hard *hard = ctx;

	return READ_ONCE(hard->taken) > 5 &&
	       (READ_ONCE(hard->interrupts) || IS_ENABLED(CONFIG_UML) ||
		num_online_cpus() == 1);
}

/* Where dropping the last reference is allowed, and next to nothing else. */
static void api_hardirq(struct kunit *test)
{
	static const suite_thread_t fn[] = { hard_actor, hard_kicker };
	struct hard *hard = kunit_kzalloc(test, sizeof(*hard), GFP_KERNEL);
	void *ctx[] = { hard, hard };
	u8 data[LEN] = "held";

	KUNIT_ASSERT_NOT_NULL(test, hard);
	hard->actor = new_actor(test, GFP_KERNEL);
	hard->held = singlet_intern(hard->actor.type, data, LEN, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hard->held);
	suite_run_until(test, fn, ctx, ARRAY_SIZE(fn), 500, hard_enough);
	singlet_put(hard->value);
	singlet_put(hard->object);
	KUNIT_EXPECT_GT(test, hard->taken, 5);
	/* User Mode Linux has no interrupts between its CPUs that count so. */
	KUNIT_EXPECT_TRUE(test, hard->interrupts || IS_ENABLED(CONFIG_UML) ||
			  num_online_cpus() == 1);
	KUNIT_EXPECT_EQ(test, hard->line, 0);
	KUNIT_EXPECT_EQ(test, hard->actor.line, 0);
	suite_api_expect(test, 1, suite_stats(hard->actor.domain->store).idle);
	singlet_put(hard->held);
	expect_right(test, &hard->actor);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(api_atomic),
	KUNIT_CASE(api_nowait),
	KUNIT_CASE(api_atomic_large),
	KUNIT_CASE(api_softirq),
	KUNIT_CASE(api_hardirq),
	{}
};

struct kunit_suite api_context_suite = {
	.name = "singlet_api_context",
	.init = context_init,
	.exit = suite_api_exit,
	.test_cases = cases,
};
