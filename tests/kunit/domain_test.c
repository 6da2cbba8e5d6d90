// SPDX-License-Identifier: GPL-2.0
/* Domains: private and named ones, who may do what there, and their ends. */
#include "suites.h"

#include <linux/delay.h>
#include <linux/user_namespace.h>

#define ALICE	1001
#define BOB	1002
#define GROUP	1500

#define ACCESS_R	SINGLET_ACCESS_READ
#define ACCESS_W	SINGLET_ACCESS_WRITE
#define ACCESS_RW	(ACCESS_R | ACCESS_W)

static void domain_exit(struct kunit *test)
{
	singlet_domains_destroy();
}

/* The same when what was left to a worker is done. */
static unsigned int domains_soon(void)
{
	unsigned int i;

	for (i = 0; i < 100 && suite_domains(); i++)
		msleep(20);
	return suite_domains();
}

static struct singlet_session *create(struct kunit *test,
				      const struct singlet_caller *caller,
				      const char *name, u32 mode, u32 flags)
{
	struct singlet_session *s;

	s = singlet_session_create(caller, suite_name(name), mode, flags);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_EQ(test, s->access, ACCESS_RW);
	return s;
}

static int try_create(const struct singlet_caller *caller, const char *name)
{
	struct singlet_session *s;

	s = singlet_session_create(caller, suite_name(name), 0700, 0);
	if (IS_ERR(s))
		return PTR_ERR(s);
	singlet_session_close(s);
	return 0;
}

static int try_join(const struct singlet_caller *caller, const char *name,
		    u32 access)
{
	struct singlet_session *s;
	int err = 0;

	s = singlet_session_join(caller, suite_name(name), access);
	if (IS_ERR(s))
		return PTR_ERR(s);
	if (s->access != access)
		err = -EIO;
	singlet_session_close(s);
	return err;
}

static int delete(const struct singlet_caller *caller, const char *name,
		  bool deferred)
{
	return singlet_named_delete(caller, suite_name(name), deferred);
}

/* A private one lasts as long as there is something of its owner's in it. */
static void domain_private_life(struct kunit *test)
{
	struct singlet_session *s = suite_open(test, ALICE);
	struct singlet_domain *domain = s->domain;
	struct singlet_store *store = domain->store;
	u32 type;
	u64 id;

	KUNIT_EXPECT_TRUE(test, singlet_domain_private(domain));
	KUNIT_EXPECT_EQ(test, domain->mode, 0700);
	KUNIT_EXPECT_PTR_EQ(test, s->user, domain->user);
	type = suite_type(test, store, "t", SINGLET_KIND_VALUE);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	s = suite_open(test, ALICE);
	KUNIT_ASSERT_PTR_EQ(test, s->domain, domain);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, type), 0);
	id = suite_session_str(test, s, "value");
	suite_session_put(test, s, id);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);

	/* When memory is short, its last object goes, and it too. */
	suite_shrink_rounds(2);
	KUNIT_EXPECT_EQ(test, domains_soon(), 0);
}

/* The ceiling of idle bytes can take the last object as well. */
static void domain_private_trimmed(struct kunit *test)
{
	struct singlet_session *s = suite_open(test, ALICE);
	struct singlet_domain *domain = s->domain;

	suite_session_str(test, s, "value");
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	domain->account.limit[SINGLET_QUOTA_IDLE] = 1;
	singlet_store_check_idle(domain->store);
	KUNIT_EXPECT_EQ(test, domains_soon(), 0);
}

static void domain_names(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, ALICE, false);
	struct singlet_caller bob = suite_caller(test, BOB, false);
	struct singlet_name name = { .text = "with a\0zero", .len = 11 };
	struct singlet_session *s;

	KUNIT_EXPECT_EQ(test, try_create(&alice, ""), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_create(&alice, "a/b"), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_create(&alice, "\xff"), -EILSEQ);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_session_create(&alice, name, 0,
							     0)), -EINVAL);
	name = suite_name("n");
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_session_create(&alice, name,
							     01000, 0)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(singlet_session_create(&alice, name, 0,
							     2)), -EINVAL);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
	s = create(test, &alice, "n", 0700, 0);
	KUNIT_EXPECT_EQ(test, try_create(&alice, "n"), -EEXIST);
	KUNIT_EXPECT_EQ(test, try_create(&bob, "n"), -EEXIST);
	KUNIT_EXPECT_EQ(test, try_create(&alice, "N"), 0);
	KUNIT_EXPECT_EQ(test, try_join(&alice, "nn", ACCESS_R), -ENOENT);
	KUNIT_EXPECT_EQ(test, try_join(&alice, "", ACCESS_R), -ENOENT);
	/* It stays without a session, and is the same one. */
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, suite_domains(), 2);
	KUNIT_EXPECT_EQ(test, try_join(&alice, "n", ACCESS_RW), 0);
	KUNIT_EXPECT_EQ(test, delete(&alice, "n", false), 0);
	KUNIT_EXPECT_EQ(test, delete(&alice, "n", false), -ENOENT);
	KUNIT_EXPECT_EQ(test, delete(&alice, "N", true), 0);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
}

/* Two domains of one user have nothing in common. */
static void domain_apart(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, ALICE, false);
	struct singlet_session *a = create(test, &alice, "a", 0700, 0);
	struct singlet_session *b = create(test, &alice, "b", 0700, 0);
	struct singlet_session *own = suite_open(test, ALICE);
	u64 id = suite_session_str(test, a, "value");

	KUNIT_EXPECT_PTR_NE(test, a->domain->store, b->domain->store);
	KUNIT_EXPECT_PTR_NE(test, a->domain->store, own->domain->store);
	KUNIT_EXPECT_TRUE(test, singlet_domain_private(own->domain));
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(b, id, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(own, id, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(a, id, 1), 0);
	singlet_session_close(a);
	singlet_session_close(b);
	singlet_session_close(own);
	/* The value waits for who comes next. */
	a = singlet_session_join(&alice, suite_name("a"), ACCESS_RW);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_EXPECT_EQ(test, suite_session_str(test, a, "value"), id);
	singlet_session_close(a);
}

static void domain_delete(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, ALICE, false);
	struct singlet_caller bob = suite_caller(test, BOB, false);
	struct singlet_session *s = create(test, &alice, "n", 0705, 0), *t;
	struct singlet_domain_info info;
	u64 id = suite_session_str(test, s, "value"), cursor = 0;

	KUNIT_EXPECT_EQ(test, delete(&bob, "n", false), -EPERM);
	KUNIT_EXPECT_EQ(test, delete(&bob, "n", true), -EPERM);
	KUNIT_EXPECT_EQ(test, delete(&alice, "n", false), -EBUSY);
	KUNIT_EXPECT_FALSE(test, s->domain->deleted);
	KUNIT_EXPECT_EQ(test, delete(&alice, "n", true), 0);
	KUNIT_EXPECT_TRUE(test, s->domain->deleted);

	/* The name is free, the session goes on. */
	KUNIT_EXPECT_EQ(test, try_join(&alice, "n", ACCESS_R), -ENOENT);
	KUNIT_EXPECT_FALSE(test, singlet_named_next(&alice, &cursor, &info));
	t = create(test, &alice, "n", 0700, 0);
	KUNIT_EXPECT_PTR_NE(test, s->domain, t->domain);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, 1), 0);
	KUNIT_EXPECT_EQ(test, singlet_domain_describe(&alice, s->domain,
						      (struct singlet_name){},
						      &info), 0);
	KUNIT_EXPECT_EQ(test, info.flags, SINGLET_DOMAIN_DELETED);
	KUNIT_EXPECT_EQ(test, suite_domains(), 2);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	singlet_session_close(t);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	KUNIT_EXPECT_EQ(test, delete(&alice, "n", true), 0);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
}

static void domain_ephemeral(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, ALICE, false);
	struct singlet_session *s, *t;

	s = create(test, &alice, "n", 0700, SINGLET_DOMAIN_EPHEMERAL);
	suite_session_str(test, s, "value");
	t = singlet_session_join(&alice, suite_name("n"), ACCESS_R);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_EXPECT_PTR_EQ(test, s->domain, t->domain);
	KUNIT_EXPECT_NE(test, s->number, t->number);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, suite_domains(), 1);
	singlet_session_close(t);
	KUNIT_EXPECT_EQ(test, suite_domains(), 0);
	KUNIT_EXPECT_EQ(test, try_join(&alice, "n", ACCESS_R), -ENOENT);
}

/* Each class has its bits, not those of the next one. */
static void domain_modes(struct kunit *test)
{
	static const struct {
		u32 mode;
		int owner[2], group[2], other[2];	/* read; write */
	} rows[] = {
		{ 0777, { 0, 0 }, { 0, 0 }, { 0, 0 } },
		{ 0700, { 0, 0 }, { -ENOENT, -ENOENT }, { -ENOENT, -ENOENT } },
		{ 0000, { -EACCES, -EACCES }, { -ENOENT, -ENOENT },
		  { -ENOENT, -ENOENT } },
		{ 0577, { 0, -EACCES }, { 0, 0 }, { 0, 0 } },
		{ 0775, { 0, 0 }, { 0, 0 }, { 0, -EACCES } },
		{ 0707, { 0, 0 }, { -ENOENT, -ENOENT }, { 0, 0 } },
		{ 0731, { 0, 0 }, { -EACCES, 0 }, { -EACCES, -EACCES } },
		{ 0766, { 0, 0 }, { -ENOENT, -ENOENT }, { -ENOENT, -ENOENT } },
	};
	struct singlet_caller owner = suite_caller(test, ALICE, false);
	struct singlet_caller group = suite_caller(test, BOB, false);
	struct singlet_caller other = suite_caller(test, BOB, false);
	struct singlet_caller admin = suite_caller(test, BOB, true);
	struct singlet_session *s = create(test, &owner, "n", 0, 0);
	unsigned int i, w;

	((struct cred *)group.cred)->egid = owner.cred->egid;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		s->domain->mode = rows[i].mode;
		for (w = 0; w < 2; w++) {
			u32 access = w ? ACCESS_W : ACCESS_R;

			KUNIT_EXPECT_EQ_MSG(test, try_join(&owner, "n", access),
					    rows[i].owner[w], "row %u", i);
			KUNIT_EXPECT_EQ_MSG(test, try_join(&group, "n", access),
					    rows[i].group[w], "row %u", i);
			KUNIT_EXPECT_EQ_MSG(test, try_join(&other, "n", access),
					    rows[i].other[w], "row %u", i);
		}
		KUNIT_EXPECT_EQ(test, try_join(&admin, "n", ACCESS_RW), 0);
	}
	/* Who cannot see it learns nothing from a refused deletion. */
	s->domain->mode = 0700;
	KUNIT_EXPECT_EQ(test, delete(&other, "n", true), -ENOENT);
	KUNIT_EXPECT_EQ(test, delete(&admin, "n", false), -EBUSY);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, delete(&admin, "n", false), 0);
}

/* Each named one once, oldest first, whatever happens in between. */
static void domain_cursor(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, ALICE, false);
	struct singlet_caller bob = suite_caller(test, BOB, false);
	struct singlet_session *own = suite_open(test, ALICE);
	struct singlet_domain_info info;
	u64 cursor = 0, last;
	char name[2] = "a";

	for (; *name < 'f'; ++*name)
		singlet_session_close(create(test, &alice, name,
					     *name == 'b' ? 0700 : 0711, 0));
	KUNIT_EXPECT_TRUE(test, singlet_named_next(&bob, &cursor, &info));
	KUNIT_EXPECT_STREQ(test, (char *)info.name, "a");
	KUNIT_EXPECT_EQ(test, info.access, 0);
	KUNIT_EXPECT_EQ(test, info.uid, ALICE);
	KUNIT_EXPECT_EQ(test, info.owner_limit[SINGLET_QUOTA_DOMAINS], 0);
	KUNIT_EXPECT_TRUE(test, singlet_named_next(&bob, &cursor, &info));
	KUNIT_EXPECT_STREQ(test, (char *)info.name, "c");
	/* That one and the next are deleted; another one comes. */
	KUNIT_EXPECT_EQ(test, delete(&alice, "c", false), 0);
	KUNIT_EXPECT_EQ(test, delete(&alice, "d", false), 0);
	singlet_session_close(create(test, &alice, "c", 0711, 0));
	last = cursor;
	KUNIT_EXPECT_TRUE(test, singlet_named_next(&bob, &cursor, &info));
	KUNIT_EXPECT_STREQ(test, (char *)info.name, "e");
	KUNIT_EXPECT_GT(test, cursor, last);
	KUNIT_EXPECT_TRUE(test, singlet_named_next(&bob, &cursor, &info));
	KUNIT_EXPECT_STREQ(test, (char *)info.name, "c");
	KUNIT_EXPECT_FALSE(test, singlet_named_next(&bob, &cursor, &info));

	cursor = 0;
	KUNIT_EXPECT_TRUE(test, singlet_named_next(&alice, &cursor, &info));
	KUNIT_EXPECT_EQ(test, info.access, ACCESS_RW);
	KUNIT_EXPECT_EQ(test, info.owner_use[SINGLET_QUOTA_DOMAINS], 4);
	KUNIT_EXPECT_TRUE(test, singlet_named_next(&alice, &cursor, &info));
	KUNIT_EXPECT_STREQ(test, (char *)info.name, "b");
	singlet_session_close(own);
}

static int set(const struct singlet_caller *caller, const char *name,
	       u32 flags, u32 value)
{
	struct singlet_domain_set set = { .flags = flags };

	if (flags & SINGLET_SET_MODE)
		set.mode = value;
	if (flags & SINGLET_SET_UID)
		set.uid = value;
	if (flags & SINGLET_SET_GID)
		set.gid = value;
	return singlet_domain_change(caller, NULL, suite_name(name), &set);
}

static void domain_change(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, ALICE, false);
	struct singlet_caller bob = suite_caller(test, BOB, false);
	struct singlet_caller admin = suite_caller(test, 0, true);
	struct singlet_session *s = create(test, &alice, "n", 0711, 0);
	struct singlet_domain_set wrong = { .mode = 1 };
	struct singlet_domain *domain = s->domain;

	KUNIT_EXPECT_EQ(test, set(&bob, "n", SINGLET_SET_MODE, 0), -EPERM);
	KUNIT_EXPECT_EQ(test, set(&bob, "m", SINGLET_SET_MODE, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, set(&alice, "n", SINGLET_SET_MODE, 01000),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, set(&alice, "n", SINGLET_SET_UID, BOB), -EPERM);
	KUNIT_EXPECT_EQ(test, set(&alice, "n", SINGLET_SET_GID, GROUP), -EPERM);
	KUNIT_EXPECT_EQ(test, set(&alice, "n", SINGLET_SET_GID, U32_MAX),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, set(&admin, "n", SINGLET_SET_UID, U32_MAX),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_domain_change(&alice, domain,
						    (struct singlet_name){},
						    &wrong), -EINVAL);
	KUNIT_EXPECT_EQ(test, domain->mode, 0711);
	KUNIT_EXPECT_EQ(test, set(&alice, "n", SINGLET_SET_MODE, 0755), 0);
	KUNIT_EXPECT_EQ(test, domain->mode, 0755);
	KUNIT_EXPECT_EQ(test, set(&alice, "n", SINGLET_SET_GID, ALICE), 0);
	KUNIT_EXPECT_EQ(test, set(&admin, "n", SINGLET_SET_GID, GROUP), 0);
	KUNIT_EXPECT_EQ(test, __kgid_val(domain->gid), GROUP);

	/* Another owner: theirs from then on, the session stays. */
	KUNIT_EXPECT_EQ(test, set(&admin, "n", SINGLET_SET_UID, ALICE), 0);
	KUNIT_EXPECT_EQ(test, s->user->use[SINGLET_QUOTA_DOMAINS], 1);
	KUNIT_EXPECT_EQ(test, set(&admin, "n", SINGLET_SET_UID, BOB), 0);
	KUNIT_EXPECT_EQ(test, s->user->use[SINGLET_QUOTA_DOMAINS], 0);
	KUNIT_EXPECT_EQ(test, domain->user->use[SINGLET_QUOTA_DOMAINS], 1);
	KUNIT_EXPECT_EQ(test, set(&alice, "n", SINGLET_SET_MODE, 0700), -EPERM);
	KUNIT_EXPECT_EQ(test, set(&bob, "n", SINGLET_SET_MODE, 0700), 0);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, delete(&bob, "n", false), 0);

	/* A private one has limits only. */
	s = suite_open(test, ALICE);
	wrong = (struct singlet_domain_set){
		.flags = SINGLET_SET_MODE, .mode = 0700,
	};
	KUNIT_EXPECT_EQ(test, singlet_domain_change(&alice, s->domain,
						    (struct singlet_name){},
						    &wrong), -EINVAL);
	wrong = (struct singlet_domain_set){
		.flags = SINGLET_SET_LIMIT(SINGLET_QUOTA_OBJECTS),
		.limit = { 3 },
	};
	KUNIT_EXPECT_EQ(test, singlet_domain_change(&alice, s->domain,
						    (struct singlet_name){},
						    &wrong), 0);
	KUNIT_EXPECT_EQ(test, s->domain->account.limit[0], 3);
	singlet_session_close(s);
}

/* Objects of a domain against its limit and its owner's. */
static void domain_quota(struct kunit *test)
{
	struct singlet_caller alice = suite_caller(test, ALICE, false);
	struct singlet_session *s = create(test, &alice, "n", 0700, 0);
	struct singlet_user *user = singlet_user_get(s->user->uid);
	struct singlet_account *account = &s->domain->account;
	u64 ids[4], id = 0;
	char text[2] = "a";
	unsigned int i;

	account->limit[SINGLET_QUOTA_OBJECTS] = ARRAY_SIZE(ids);
	for (i = 0; i < ARRAY_SIZE(ids); i++, ++*text)
		ids[i] = suite_session_str(test, s, text);
	KUNIT_EXPECT_EQ(test, singlet_session_intern(s, SINGLET_TYPE_STR, "x",
						     1, true, &id), -EDQUOT);
	KUNIT_EXPECT_EQ(test, suite_user_use(user, SINGLET_QUOTA_OBJECTS), 4);
	KUNIT_EXPECT_EQ(test, suite_user_use(user, SINGLET_QUOTA_BYTES), 32);
	KUNIT_EXPECT_EQ(test, suite_stats(s->domain->store).refusals, 1);
	/* What nobody holds makes room. */
	suite_session_put(test, s, ids[0]);
	suite_session_put(test, s, ids[1]);
	suite_session_str(test, s, "x");
	suite_session_str(test, s, "y");
	KUNIT_EXPECT_EQ(test, singlet_session_intern(s, SINGLET_TYPE_STR, "z",
						     1, true, &id), -EDQUOT);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, ids[0], 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, ids[2], 1), 0);

	/* And with the domain all is given back. */
	KUNIT_EXPECT_EQ(test, delete(&alice, "n", true), 0);
	singlet_session_close(s);
	for (i = 0; i < SINGLET_QUOTAS; i++)
		KUNIT_EXPECT_EQ(test, user->use[i], 0);
	singlet_user_put(user);

	suite_param(test, "user_max_domains", 1);
	s = create(test, &alice, "a", 0700, 0);
	KUNIT_EXPECT_EQ(test, try_create(&alice, "b"), -EDQUOT);
	KUNIT_EXPECT_EQ(test, delete(&alice, "a", true), 0);
	KUNIT_EXPECT_EQ(test, try_create(&alice, "b"), -EDQUOT);
	singlet_session_close(s);
	KUNIT_EXPECT_EQ(test, try_create(&alice, "b"), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(domain_private_life),
	KUNIT_CASE(domain_private_trimmed),
	KUNIT_CASE(domain_names),
	KUNIT_CASE(domain_apart),
	KUNIT_CASE(domain_delete),
	KUNIT_CASE(domain_ephemeral),
	KUNIT_CASE(domain_modes),
	KUNIT_CASE(domain_cursor),
	KUNIT_CASE(domain_change),
	KUNIT_CASE(domain_quota),
	{}
};

struct kunit_suite domain_suite = {
	.name = "singlet_domain",
	.exit = domain_exit,
	.test_cases = cases,
};
