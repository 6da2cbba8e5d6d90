// SPDX-License-Identifier: GPL-2.0
/* <linux/singlet.h>: domains and types, and their ends. */
#include "suites.h"

#include <linux/module.h>

static int no_ctor(void *data, u32 len)
{
	return 0;
}

static void no_dtor(void *data, u32 len)
{
}

/* A domain of that name, which goes at once.  Return: 0 or the error. */
static int try_domain(const char *name)
{
	struct singlet_domain *domain = singlet_domain_create(name);

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	singlet_domain_destroy(domain);
	return 0;
}

static int try_type(struct kunit *test, const struct singlet_type_params *params)
{
	struct singlet_type *type = singlet_type_create(test->priv, params);

	if (IS_ERR(type))
		return PTR_ERR(type);
	return singlet_type_destroy(type);
}

/* Not in test->priv any more. */
static void destroy(struct kunit *test)
{
	singlet_domain_destroy(test->priv);
	test->priv = NULL;
}

static void api_domain_names(struct kunit *test)
{
	static const struct {
		const char *name;
		int err;
	} rows[] = {
		{ "a" }, { "kernel" }, { "world" }, { "\xc3\xa9t\xc3\xa9" },
		{ "", -EINVAL }, { NULL, -EINVAL }, { "a:b", -EINVAL },
		{ ":", -EINVAL }, { "a/b", -EINVAL }, { "a b", -EINVAL },
		{ "a\n", -EINVAL }, { "\x7f", -EINVAL }, { "\x1b[m", -EINVAL },
		{ "\xc2\x85", -EINVAL }, { "\xff", -EILSEQ },
		{ "a\xc3", -EILSEQ }, { "kunit", -EEXIST },
	};
	char name[SINGLET_MAX_NAME + 2];
	struct singlet_domain *domain;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, try_domain(rows[i].name),
				    rows[i].err, "row %u", i);
	memset(name, 'n', sizeof(name));
	for (i = 55; i < sizeof(name); i++) {
		name[i] = '\0';
		KUNIT_EXPECT_EQ_MSG(test, try_domain(name),
				    i > 56 ? -EINVAL : 0, "%u bytes", i);
		name[i] = 'n';
	}
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);

	/* What it is called by others, who cannot make one like it. */
	name[56] = '\0';
	domain = singlet_domain_create(name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	KUNIT_EXPECT_EQ(test, strncmp(domain->name, "kernel:nnn", 10), 0);
	KUNIT_EXPECT_EQ(test, strlen(domain->name), SINGLET_MAX_NAME);
	KUNIT_EXPECT_EQ(test, try_domain(name), -EEXIST);
	singlet_domain_destroy(domain);
	domain = singlet_domain_create_for("of nobody", NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(domain), -EINVAL);
	domain = singlet_domain_create_for("nobody's", NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	KUNIT_EXPECT_TRUE(test, singlet_domain_kernel(domain));
	singlet_domain_destroy(domain);
	/* A name is free when its domain ends. */
	destroy(test);
	KUNIT_EXPECT_EQ(test, try_domain("kunit"), 0);
}

/* Root may look at it, others do not know it, and nobody changes it. */
static void api_domain_root(struct kunit *test)
{
	struct singlet_caller root = suite_caller(test, 0, true);
	struct singlet_caller alice = suite_caller(test, 1001, false);
	struct singlet_domain_set set = { .flags = SINGLET_SET_MODE };
	struct singlet_name name = suite_name("kernel:kunit");
	struct singlet_domain *domain = test->priv;
	struct singlet_domain_info info;
	struct singlet_session *s;

	root.global = true;
	KUNIT_EXPECT_EQ(test, singlet_named_delete(&root, name, true), -EPERM);
	KUNIT_EXPECT_EQ(test, singlet_domain_delete_serial(&root, domain->serial,
							   true), -EPERM);
	KUNIT_EXPECT_EQ(test, singlet_domain_change(&root, NULL, name, &set),
			-EPERM);
	KUNIT_ASSERT_EQ(test, singlet_domain_describe(&root, NULL, name, &info),
			0);
	KUNIT_EXPECT_EQ(test, info.access, SINGLET_ACCESS_READ);
	KUNIT_EXPECT_STREQ(test, (char *)info.name, "kernel:kunit");
	s = singlet_session_create(&root, suite_name("kernel:mine"), 0700, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(s), -EINVAL);
	s = singlet_session_join(&root, name, SINGLET_ACCESS_WRITE);
	KUNIT_EXPECT_EQ(test, PTR_ERR(s), -EACCES);
	s = singlet_session_join(&alice, name, SINGLET_ACCESS_READ);
	KUNIT_EXPECT_EQ(test, PTR_ERR(s), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_named_delete(&alice, name, true),
			-ENOENT);
}

/* No quota of anybody's counts there. */
static void api_domain_quota(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_domain *domain = test->priv;
	unsigned int i;
	char text[8];

	suite_param(test, "user_max_objects", 1);
	suite_param(test, "user_max_bytes", 1);
	suite_param(test, "user_max_domains", 1);
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%u", i);
		singlet_put(suite_api_intern(test, type, text));
	}
	KUNIT_EXPECT_EQ(test, try_domain("another"), 0);
	suite_api_expect(test, 0, 100);
	for (i = 0; i < SINGLET_QUOTAS; i++) {
		KUNIT_EXPECT_EQ(test, domain->user->use[i], 0);
		KUNIT_EXPECT_EQ(test, atomic64_read(&domain->account.use[i]),
				0);
	}
	suite_api_expect_empty(test);
}

static void api_domain_types(struct kunit *test)
{
	unsigned int i;

	for (i = SINGLET_TYPE_NONE; i <= SINGLET_TYPE_TUPLE; i++) {
		struct singlet_type *type = singlet_domain_type(test->priv, i);

		KUNIT_ASSERT_NOT_NULL(test, type);
		KUNIT_EXPECT_EQ(test, type->number, i);
	}
	KUNIT_EXPECT_NULL(test, singlet_domain_type(test->priv, 0));
	KUNIT_EXPECT_NULL(test, singlet_domain_type(test->priv, i));
	/* Nor those that the module made, which it has. */
	i = suite_api_values(test, "t")->number;
	KUNIT_EXPECT_NULL(test, singlet_domain_type(test->priv, i));
	KUNIT_EXPECT_NULL(test, singlet_domain_type(test->priv, U32_MAX));
}

static void api_domain_stats(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *a, *b;
	struct singlet_stats s;

	a = suite_api_intern(test, type, "held");
	b = suite_api_intern(test, type, "idle");
	singlet_put(b);
	memset(&s, 0xff, sizeof(s));
	singlet_domain_stats(test->priv, &s);
	KUNIT_EXPECT_EQ(test, s.size, sizeof(s));
	KUNIT_EXPECT_EQ(test, s.flags, 0);
	KUNIT_EXPECT_EQ(test, s.sessions, 1);
	KUNIT_EXPECT_EQ(test, s.types, TYPE_PREDEFINED + 1);
	KUNIT_EXPECT_EQ(test, s.objects, 2);
	KUNIT_EXPECT_EQ(test, s.live, 1);
	KUNIT_EXPECT_EQ(test, s.idle, 1);
	KUNIT_EXPECT_EQ(test, s.immortal, 0);
	KUNIT_EXPECT_EQ(test, s.creates, 2);
	KUNIT_EXPECT_EQ(test, s.bytes_unique, 8);
	KUNIT_EXPECT_EQ(test, s.bytes_idle, 8);
	KUNIT_EXPECT_EQ(test, s.slabs, 1);
	singlet_put(a);
	suite_api_expect_empty(test);
}

/* So many as were asked for, and never one that is held. */
static void api_domain_shrink(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *keep = NULL;
	unsigned long n = 0;
	char text[8];
	u32 i;

	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, 5), 0);
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 0);
	for (i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		singlet_put(keep);
		keep = suite_api_intern(test, type, text);
	}
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, 0), 0);
	for (i = 1; i <= 44; i++) {
		KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, i), i);
		n += i;
		if (i % 10 == 0)
			suite_api_expect(test, 1, 999 - n);
	}
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, 100), 999 - n);
	suite_api_expect(test, 1, 0);
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX), 0);
	singlet_put(keep);
	KUNIT_EXPECT_EQ(test, singlet_domain_shrink(test->priv, ULONG_MAX - 1),
			1);
	suite_api_expect_empty(test);
}

static void api_type_params(struct kunit *test)
{
	static const char long_name[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	enum { max = SINGLET_MAX_VALUE };
	static const struct {
		struct singlet_type_params params;
		int err;
	} rows[] = {
		{ { "t", SINGLET_KIND_VALUE } },
		{ { "t", SINGLET_KIND_SINGLE, 8 } },
		{ { "t", SINGLET_KIND_PLAIN, 0, max } },
		{ { "t", SINGLET_KIND_VALUE, max } },
		{ { "a:b", SINGLET_KIND_VALUE } },
		{ { long_name + 1, SINGLET_KIND_VALUE } },
		{ { "t", SINGLET_KIND_PLAIN, .ctor = no_ctor } },
		{ { "t", SINGLET_KIND_PLAIN, .dtor = no_dtor } },
		{ { "t", 0 }, -EINVAL },
		{ { "t", SINGLET_KIND_PLAIN + 1 }, -EINVAL },
		{ { "t", SINGLET_KIND_VALUE, 8, 8 }, -EINVAL },
		{ { "t", SINGLET_KIND_VALUE, max + 1 }, -EMSGSIZE },
		{ { "t", SINGLET_KIND_PLAIN, 0, max + 1 }, -EMSGSIZE },
		{ { "t", SINGLET_KIND_VALUE, .ctor = no_ctor }, -EINVAL },
		{ { "t", SINGLET_KIND_SINGLE, .dtor = no_dtor }, -EINVAL },
		{ { NULL, SINGLET_KIND_VALUE }, -EINVAL },
		{ { "", SINGLET_KIND_VALUE }, -EINVAL },
		{ { "a b", SINGLET_KIND_VALUE }, -EINVAL },
		{ { "a/b", SINGLET_KIND_VALUE }, -EINVAL },
		{ { "a\t", SINGLET_KIND_VALUE }, -EINVAL },
		{ { "\xff", SINGLET_KIND_VALUE }, -EILSEQ },
		{ { long_name, SINGLET_KIND_VALUE }, -EINVAL },
		{ { "str", SINGLET_KIND_VALUE }, -EEXIST },
		{ { "there", SINGLET_KIND_PLAIN }, -EEXIST },
	};
	unsigned int i;

	suite_api_values(test, "there");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, try_type(test, &rows[i].params),
				    rows[i].err, "row %u", i);
	suite_api_expect_empty(test);
}

/* Each index has had as many types as there are numbers. */
static void api_type_full(struct kunit *test)
{
	struct singlet_domain *domain = test->priv;
	struct singlet_types *types = &domain->store->types;
	int err = 0;
	u32 i;

	mutex_lock(&types->mutex);
	for (i = TYPE_PREDEFINED + 1; i <= TYPE_MAX && !err; i++)
		err = singlet_types_set(types, i, xa_mk_value(TYPE_COUNT_MAX));
	mutex_unlock(&types->mutex);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, try_type(test, &(struct singlet_type_params){
			"t", SINGLET_KIND_VALUE, .owner = THIS_MODULE }),
			-EDQUOT);
}

/* The module stays as long as its type; what did not come keeps nothing. */
static void api_type_owner(struct kunit *test)
{
	static struct module gone = { .state = MODULE_STATE_GOING };
	struct singlet_type_params params = {
		.name = "t", .kind = SINGLET_KIND_VALUE, .owner = THIS_MODULE,
	};
	int was = module_refcount(THIS_MODULE);
	struct singlet_type *type = suite_api_type(test, &params);
	struct singlet_object *obj = suite_api_intern(test, type, "value");

	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), was + 1);
	KUNIT_EXPECT_EQ(test, try_type(test, &params), -EEXIST);
	params.kind = 0;
	KUNIT_EXPECT_EQ(test, try_type(test, &params), -EINVAL);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), was + 1);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), -EBUSY);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), was + 1);
	singlet_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), was);

	params.kind = SINGLET_KIND_VALUE;
	params.owner = &gone;
	KUNIT_EXPECT_EQ(test, try_type(test, &params), -ENODEV);
	params.owner = THIS_MODULE;
	suite_api_type(test, &params);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), was + 1);
	destroy(test);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), was);
}

static void api_type_destroy(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_type *other = suite_api_values(test, "other");
	struct singlet_object *obj = suite_api_intern(test, type, "held");
	u64 id;

	KUNIT_EXPECT_EQ(test, singlet_type_destroy(NULL), 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(ERR_PTR(-ENOMEM)), 0);
	KUNIT_EXPECT_EQ(test,
			singlet_type_destroy(singlet_domain_type(test->priv,
								 SINGLET_TYPE_STR)),
			-EPERM);
	singlet_put(suite_api_intern(test, type, "idle"));
	singlet_put(suite_api_intern(test, other, "idle"));
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), -EBUSY);
	/* It stays as it was, but for what was idle. */
	suite_api_expect(test, 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, suite_api_intern(test, type, "held"), obj);
	singlet_put(obj);
	singlet_put(suite_api_intern(test, type, "new"));
	id = singlet_id(obj);
	singlet_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
	suite_api_expect(test, 0, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_from_id(test->priv, id)),
			-ENOENT);
	/* The name is free, and nothing of the former type is in the new one. */
	type = suite_api_values(test, "t");
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_lookup(type, "held", 4)),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), 0);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(other), 0);
	suite_api_expect_empty(test);
}

/* A domain goes with its types and all that nobody holds. */
static void api_domain_end(struct kunit *test)
{
	struct singlet_type *str = singlet_domain_type(test->priv,
						       SINGLET_TYPE_STR);
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj;
	unsigned int i;

	suite_api_type(test, &(struct singlet_type_params){
			"single", SINGLET_KIND_SINGLE });
	for (i = 0; i < 100; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%u", i);
		singlet_put(suite_api_intern(test, type, text));
		singlet_put(suite_api_intern(test, str, text));
	}
	obj = suite_api_intern(test, type, "immortal");
	KUNIT_EXPECT_EQ(test, singlet_make_immortal(obj), 0);
	obj = suite_api_intern(test, str, "immortal");
	KUNIT_EXPECT_EQ(test, singlet_make_immortal(obj), 0);
	suite_api_expect(test, 0, 200);
	destroy(test);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
	singlet_domain_destroy(NULL);
	singlet_domain_destroy(ERR_PTR(-ENOMEM));
}

static struct singlet_object *intern_tuple(struct kunit *test,
					   struct singlet_object *part)
{
	u64 id = singlet_id(part);
	struct singlet_object *obj;

	obj = singlet_intern(singlet_domain_type(test->priv,
						 SINGLET_TYPE_TUPLE),
			     &id, sizeof(id), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	singlet_put(part);
	return obj;
}

/* What only idle containers hold is held by nobody. */
static void api_domain_end_idle_tuple(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj = suite_api_intern(test, type, "part");

	singlet_put(intern_tuple(test, intern_tuple(test, obj)));
	suite_api_expect(test, 2, 1);
	destroy(test);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
}

/* What is held keeps the domain, whose name is free all the same. */
static void api_domain_end_held(struct kunit *test)
{
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj = suite_api_intern(test, type, "held");

	destroy(test);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	KUNIT_EXPECT_MEMEQ(test, singlet_data(obj), "held", 4);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	KUNIT_EXPECT_EQ(test, try_domain("kunit"), 0);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	singlet_put(obj);
	singlet_domains_destroy();
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
}

/* So does a session of user space, until it is closed. */
static void api_domain_end_session(struct kunit *test)
{
	struct singlet_caller root = suite_caller(test, 0, true);
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj = suite_api_intern(test, type, "value");
	struct singlet_session *s, *t;
	struct singlet_stats stats;

	s = singlet_session_join(&root, suite_name("kernel:kunit"),
				 SINGLET_ACCESS_READ);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, singlet_id(obj), 3),
			0);
	singlet_domain_stats(test->priv, &stats);
	KUNIT_EXPECT_EQ(test, stats.sessions, 2);
	KUNIT_EXPECT_EQ(test, stats.references, 1);
	singlet_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_type_destroy(type), -EBUSY);
	destroy(test);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	KUNIT_EXPECT_EQ(test, singlet_session_held(s, singlet_id(obj)), 3);
	t = singlet_session_join(&root, suite_name("kernel:kunit"),
				 SINGLET_ACCESS_READ);
	KUNIT_EXPECT_EQ(test, PTR_ERR(t), -ENOENT);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
}

/* And so when what it holds is a container, which has parts. */
static void api_domain_end_session_tuple(struct kunit *test)
{
	struct singlet_caller root = suite_caller(test, 0, true);
	struct singlet_type *type = suite_api_values(test, "t");
	struct singlet_object *obj = suite_api_intern(test, type, "part");
	struct singlet_session *s;

	obj = intern_tuple(test, obj);
	s = singlet_session_join(&root, suite_name("kernel:kunit"),
				 SINGLET_ACCESS_READ);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, singlet_id(obj), 1),
			0);
	singlet_put(obj);
	destroy(test);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(api_domain_names),
	KUNIT_CASE(api_domain_root),
	KUNIT_CASE(api_domain_quota),
	KUNIT_CASE(api_domain_types),
	KUNIT_CASE(api_domain_stats),
	KUNIT_CASE(api_domain_shrink),
	KUNIT_CASE(api_type_params),
	KUNIT_CASE(api_type_full),
	KUNIT_CASE(api_type_owner),
	KUNIT_CASE(api_type_destroy),
	KUNIT_CASE(api_domain_end),
	KUNIT_CASE(api_domain_end_idle_tuple),
	KUNIT_CASE(api_domain_end_held),
	KUNIT_CASE(api_domain_end_session),
	KUNIT_CASE(api_domain_end_session_tuple),
	{}
};

struct kunit_suite api_domain_suite = {
	.name = "singlet_api_domain",
	.init = suite_api_init,
	.exit = suite_api_exit,
	.test_cases = cases,
};
