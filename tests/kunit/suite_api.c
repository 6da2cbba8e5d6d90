// SPDX-License-Identifier: GPL-2.0
/* A domain of a kernel module, and what is in it. */
#include "suites.h"

#include <linux/module.h>

int suite_api_init(struct kunit *test)
{
	struct singlet_domain *domain = singlet_domain_create("kunit");

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	test->priv = domain;
	return 0;
}

void suite_api_exit(struct kunit *test)
{
	singlet_domain_destroy(test->priv);
	test->priv = NULL;
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
	/* What a test that failed has left. */
	singlet_domains_destroy();
}

static void count_domain(struct singlet_domain *domain, void *ctx)
{
	++*(unsigned int *)ctx;
}

unsigned int suite_domains(void)
{
	unsigned int n = 0;

	singlet_domain_for_each(current_cred(), true, count_domain, &n);
	return n;
}

struct singlet_type *suite_api_type(struct kunit *test,
				    const struct singlet_type_params *params)
{
	struct singlet_type *type = singlet_type_create(test->priv, params);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, type);
	return type;
}

struct singlet_type *suite_api_values(struct kunit *test, const char *name)
{
	return suite_api_type(test, &(struct singlet_type_params){
			.name = name, .kind = SINGLET_KIND_VALUE });
}

struct singlet_object *suite_api_intern(struct kunit *test,
					struct singlet_type *type,
					const char *text)
{
	struct singlet_object *obj;

	obj = singlet_intern(type, text, strlen(text), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	return obj;
}

void suite_api_expect(struct kunit *test, u64 live, u64 idle)
{
	struct singlet_stats s;

	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.live, live);
	KUNIT_EXPECT_EQ(test, s.idle, idle);
	KUNIT_EXPECT_EQ(test, s.objects, live + idle + s.immortal);
	/* Sessions of user space have references that are counted so. */
	KUNIT_EXPECT_EQ(test, s.references, 0);
}

void suite_api_expect_empty(struct kunit *test)
{
	struct singlet_domain *domain = test->priv;

	suite_expect_empty(test, domain->store);
}

bool suite_api_tryget(struct singlet_object *obj, u64 id)
{
	bool got;

	rcu_read_lock();
	got = singlet_tryget(obj, id);
	rcu_read_unlock();
	return got;
}

static atomic_t ctors, dtors;

static int ctor(void *data, u32 len)
{
	atomic_inc(&ctors);
	return 0;
}

static void dtor(void *data, u32 len)
{
	atomic_inc(&dtors);
}

const struct singlet_type_params suite_api_counted = {
	.name = "counted", .kind = SINGLET_KIND_PLAIN,
	.ctor = ctor, .dtor = dtor,
};

unsigned int suite_api_ctors(void)
{
	return atomic_read(&ctors);
}

unsigned int suite_api_dtors(void)
{
	return atomic_read(&dtors);
}

void suite_api_count_anew(void)
{
	atomic_set(&ctors, 0);
	atomic_set(&dtors, 0);
}
