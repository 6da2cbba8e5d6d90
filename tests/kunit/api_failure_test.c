// SPDX-License-Identifier: GPL-2.0
/* <linux/singlet.h> without memory: each allocation of each operation fails. */
#include "suites.h"

#include <linux/module.h>

/* A domain of a module's, or none and nothing left of it. */
static void api_failure_domain(struct kunit *test)
{
	struct singlet_domain *domain = NULL;
	unsigned int n, faults = 0;
	bool fault = true;

	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		suite_fail_nth(n);
		domain = singlet_domain_create("n");
		fault = suite_injected();
		faults += fault;
		if (IS_ERR(domain)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(domain), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
		} else {
			suite_fail_nth(1);	/* its end does not need memory */
			singlet_domain_destroy(domain);
			suite_injected();
		}
		KUNIT_EXPECT_EQ(test, suite_domains(), 0);
	}
	KUNIT_EXPECT_FALSE(test, IS_ERR(domain));
	suite_expect_faults(test, faults, n);
}

/* A failed type does not keep its owner. */
static void api_failure_type(struct kunit *test)
{
	struct singlet_type_params params = {
		.name = "t", .kind = SINGLET_KIND_VALUE, .owner = THIS_MODULE,
	};
	struct singlet_domain *domain = singlet_domain_create("n");
	int was = module_refcount(THIS_MODULE);
	struct singlet_type *type = NULL;
	unsigned int n, faults = 0;
	bool fault = true;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		suite_fail_nth(n);
		type = singlet_type_create(domain, &params);
		fault = suite_injected();
		faults += fault;
		if (IS_ERR(type)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(type), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
		}
		KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE),
				was + !IS_ERR(type));
		suite_fail_nth(1);
		KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
		suite_injected();
		KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), was);
	}
	KUNIT_EXPECT_FALSE(test, IS_ERR(type));
	singlet_domain_destroy(domain);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
	suite_expect_faults(test, faults, n);
}

#define MANY	20

/* What a module does in a domain, where an allocation may fail. */
struct api {
	struct singlet_domain *domain;
	struct singlet_type *value, *plain;
	struct singlet_value values[MANY];
	struct singlet_object *obj[MANY + 1];
	u8 data[MANY][2000];
	gfp_t gfp;
};

static struct api *api_new(struct kunit *test, gfp_t gfp)
{
	struct api *api = kunit_kzalloc(test, sizeof(*api), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, api);
	api->gfp = gfp;
	for (i = 0; i < MANY; i++) {
		api->data[i][0] = i;
		api->values[i] = (struct singlet_value){ api->data[i],
							 sizeof(*api->data) };
	}
	return api;
}

static void api_begin(struct kunit *test, struct api *api)
{
	suite_api_count_anew();
	api->domain = singlet_domain_create("n");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, api->domain);
	api->value = singlet_type_create(api->domain,
					 &(struct singlet_type_params){
			"v", SINGLET_KIND_VALUE });
	api->plain = singlet_type_create(api->domain, &suite_api_counted);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, api->value);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, api->plain);
}

/* No object is left, and so no type and no domain. */
static void api_end(struct kunit *test, struct api *api)
{
	suite_expect_empty(test, api->domain->store);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(api->value), 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(api->plain), 0);
	singlet_domain_destroy(api->domain);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
}

/* Many values, then a plain object.  Return: how many there are. */
static unsigned int api_use(struct api *api)
{
	unsigned int n;

	n = singlet_intern_many(api->value, api->values, api->obj, MANY,
				api->gfp);
	if (n < MANY)
		return n;
	api->obj[n] = singlet_alloc(api->plain, 100, api->gfp);
	return n + !IS_ERR(api->obj[n]);
}

/* Those before the one that failed are there, and nothing of that one. */
static void sweep_api(struct kunit *test, gfp_t gfp)
{
	struct api *api = api_new(test, gfp);
	unsigned int n, i, nr = 0, least = UINT_MAX, faults = 0;
	struct singlet_stats s;
	bool fault = true;

	for (n = 1; n < SUITE_NTH_MAX && fault; n++) {
		api_begin(test, api);
		if (!gfpflags_allow_blocking(gfp))
			local_bh_disable();
		suite_fail_nth(n);
		nr = api_use(api);
		fault = suite_injected();
		if (!gfpflags_allow_blocking(gfp))
			local_bh_enable();
		faults += fault;
		least = min(least, nr);
		singlet_domain_stats(api->domain, &s);
		KUNIT_EXPECT_EQ(test, s.live, nr);
		KUNIT_EXPECT_EQ(test, s.objects, nr);
		KUNIT_EXPECT_EQ(test, s.failures, nr <= MANY);
		KUNIT_EXPECT_EQ(test, suite_api_ctors(), nr > MANY);
		if (nr <= MANY) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(api->obj[nr]), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, fault);
		}
		for (i = 0; i < min_t(unsigned int, nr, MANY); i++)
			KUNIT_EXPECT_EQ(test,
					*(u8 *)singlet_data(api->obj[i]), i);
		suite_fail_nth(1);	/* giving back does not need memory */
		singlet_put_many(api->obj, nr);
		suite_injected();
		KUNIT_EXPECT_EQ(test, suite_api_dtors(), suite_api_ctors());
		api_end(test, api);
	}
	KUNIT_EXPECT_EQ(test, nr, MANY + 1);
	if (faults)
		KUNIT_EXPECT_EQ(test, least, 0);
	suite_expect_faults(test, faults, n);
}

static void api_failure_kernel(struct kunit *test)
{
	sweep_api(test, GFP_KERNEL);
}

static void api_failure_atomic(struct kunit *test)
{
	sweep_api(test, GFP_ATOMIC);
}

static void api_failure_nowait(struct kunit *test)
{
	sweep_api(test, GFP_NOWAIT);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(api_failure_domain),
	KUNIT_CASE(api_failure_type),
	KUNIT_CASE(api_failure_kernel),
	KUNIT_CASE(api_failure_atomic),
	KUNIT_CASE(api_failure_nowait),
	{}
};

struct kunit_suite api_failure_suite = {
	.name = "singlet_api_failure",
	.init = suite_faults_init,
	.test_cases = cases,
};
