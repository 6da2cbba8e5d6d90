// SPDX-License-Identifier: GPL-2.0
/* Users, their sessions, and what they may use. */
#include "suites.h"

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/user_namespace.h>

struct saved_param {
	ulong *param;
	ulong value;
};

static void param_restore(void *ctx)
{
	struct saved_param *saved = ctx;

	WRITE_ONCE(*saved->param, saved->value);
}

static ulong *param_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < THIS_MODULE->num_kp; i++)
		if (!strcmp(THIS_MODULE->kp[i].name, name))
			return THIS_MODULE->kp[i].arg;
	return NULL;
}

void suite_param(struct kunit *test, const char *name, unsigned long value)
{
	struct saved_param *saved;

	saved = kunit_kzalloc(test, sizeof(*saved), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, saved);
	saved->param = param_find(name);
	KUNIT_ASSERT_NOT_NULL(test, saved->param);
	saved->value = *saved->param;
	KUNIT_ASSERT_EQ(test,
			kunit_add_action(test, param_restore, saved), 0);
	WRITE_ONCE(*saved->param, value);
}

static void cred_put(void *ctx)
{
	abort_creds(ctx);
}

struct singlet_caller suite_caller(struct kunit *test, u32 id, bool admin)
{
	struct cred *cred = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, cred);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, cred_put, cred), 0);
	cred->euid = make_kuid(&init_user_ns, id);
	cred->egid = make_kgid(&init_user_ns, id);
	return (struct singlet_caller){ .cred = cred, .admin = admin };
}

struct singlet_session *suite_open(struct kunit *test, u32 id)
{
	struct singlet_caller caller = suite_caller(test, id, false);
	struct singlet_session *s = singlet_session_open(&caller);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	return s;
}

struct singlet_name suite_name(const char *text)
{
	return (struct singlet_name){ .text = text, .len = strlen(text) };
}

u64 suite_session_str(struct kunit *test, struct singlet_session *s,
		      const char *text)
{
	u64 id = 0;

	KUNIT_EXPECT_GE(test, singlet_session_intern(s, SINGLET_TYPE_STR, text,
						     strlen(text), true, &id),
			0);
	return id;
}

void suite_session_put(struct kunit *test, struct singlet_session *s, u64 id)
{
	struct singlet_object *last = NULL;

	KUNIT_EXPECT_EQ(test, singlet_session_release(s, id, 1, &last), 0);
	if (last)
		singlet_session_let_go(s, last);
}

u64 suite_user_use(struct singlet_user *user, unsigned int quota)
{
	u64 use[SINGLET_QUOTAS], limit[SINGLET_QUOTAS];

	singlet_user_show(user, use, limit);
	return use[quota];
}
