// SPDX-License-Identifier: GPL-2.0
/* Sessions and the domains they are in. */
#include "suites.h"

#include <linux/cred.h>
#include <linux/user_namespace.h>

#include "domain.h"
#include "inspect.h"

/* A session of a user, in the namespace of the machine. */
static struct singlet_session *open_as(struct kunit *test, u32 uid)
{
	struct cred *cred = prepare_creds();
	struct singlet_caller caller = { .cred = cred };
	struct singlet_session *s;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->euid = make_kuid(&init_user_ns, uid);
	s = singlet_session_open(&caller);
	abort_creds(cred);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	return s;
}

#define ALICE	1001
#define BOB	1002

static int session_init(struct kunit *test)
{
	/* The session that most tests use. */
	test->priv = open_as(test, ALICE);
	return 0;
}

static void session_exit(struct kunit *test)
{
	if (test->priv)
		singlet_session_close(test->priv);
	test->priv = NULL;
	singlet_domains_destroy();
}

static struct singlet_store *store_of(struct singlet_session *s)
{
	return s->domain->store;
}

/* Intern a string, expecting @want; its id. */
static u64 intern(struct kunit *test, struct singlet_session *s,
		  const char *text, int want)
{
	u64 id = 0;

	KUNIT_EXPECT_EQ(test, singlet_session_intern(s, SINGLET_TYPE_STR, text,
						     strlen(text), true, &id),
			want);
	return id;
}

static void release(struct kunit *test, struct singlet_session *s, u64 id,
		    u32 n, bool is_last)
{
	struct singlet_object *last = NULL;

	KUNIT_EXPECT_EQ(test, singlet_session_release(s, id, n, &last), 0);
	KUNIT_EXPECT_EQ(test, !!last, is_last);
	if (last)
		singlet_session_let_go(s, last);
}

static int try_release(struct singlet_session *s, u64 id, u32 n)
{
	struct singlet_object *last;

	return singlet_session_release(s, id, n, &last);
}

/* What the session sees of an object. */
static void expect_query(struct kunit *test, struct singlet_session *s, u64 id,
			 u32 state, u32 references, u32 held)
{
	struct singlet_query_item item = {};

	KUNIT_EXPECT_EQ(test, singlet_inspect_query(s, id, &item), 0);
	KUNIT_EXPECT_EQ(test, item.state, state);
	KUNIT_EXPECT_EQ(test, item.references, references);
	KUNIT_EXPECT_EQ(test, item.held, held);
}

/* Nobody holds anything of @s's store, and nothing is left after collecting. */
static void expect_clean(struct kunit *test, struct singlet_session *s)
{
	KUNIT_EXPECT_EQ(test, s->references, 0);
	KUNIT_EXPECT_EQ(test, s->bytes_logical, 0);
	KUNIT_EXPECT_EQ(test, s->refs.bytes, 0);
	suite_expect_empty(test, store_of(s));
}

static void count_domain(struct singlet_domain *domain, void *ctx)
{
	++*(unsigned int *)ctx;
}

static unsigned int domains(void)
{
	unsigned int n = 0;

	singlet_domain_for_each(current_cred(), true, count_domain, &n);
	return n;
}

static void session_domains(struct kunit *test)
{
	struct singlet_session *a = test->priv, *a2, *b;
	unsigned int n = 0;
	u64 id;

	KUNIT_EXPECT_EQ(test, domains(), 1);
	a2 = open_as(test, ALICE);
	KUNIT_EXPECT_PTR_EQ(test, a->domain, a2->domain);
	KUNIT_EXPECT_EQ(test, a->domain->nr_sessions, 2);
	KUNIT_EXPECT_NE(test, a->number, a2->number);
	b = open_as(test, BOB);
	KUNIT_EXPECT_PTR_NE(test, a->domain, b->domain);
	KUNIT_EXPECT_PTR_NE(test, store_of(a), store_of(b));
	KUNIT_EXPECT_EQ(test, domains(), 2);
	singlet_domain_for_each(current_cred(), false, count_domain, &n);
	KUNIT_EXPECT_EQ(test, n, 0);

	/* An empty domain goes with its last session. */
	singlet_session_close(b);
	KUNIT_EXPECT_EQ(test, domains(), 1);
	/* One with objects stays, and they are found again. */
	b = open_as(test, BOB);
	id = intern(test, b, "of bob", 1);
	singlet_session_close(b);
	KUNIT_EXPECT_EQ(test, domains(), 2);
	b = open_as(test, BOB);
	KUNIT_EXPECT_EQ(test, intern(test, b, "of bob", 0), id);
	release(test, b, id, 1, true);
	expect_clean(test, b);
	singlet_session_close(b);
	KUNIT_EXPECT_EQ(test, domains(), 1);

	singlet_session_close(a2);
	KUNIT_EXPECT_EQ(test, a->domain->nr_sessions, 1);
}

/* Two users do not meet. */
static void session_users_apart(struct kunit *test)
{
	struct singlet_session *a = test->priv, *b = open_as(test, BOB);
	struct singlet_list_entry entry;
	struct singlet_query_item item;
	u64 ids[8], id = 0, cursor = 0;
	unsigned int i;
	char text[8];

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		snprintf(text, sizeof(text), "a%u", i);
		ids[i] = intern(test, a, text, 1);
	}
	KUNIT_EXPECT_EQ(test, singlet_session_intern(b, SINGLET_TYPE_STR, "a0",
						     2, false, &id), -ENOENT);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		KUNIT_EXPECT_EQ(test, singlet_inspect_query(b, ids[i], &item),
				-ENOENT);
		KUNIT_EXPECT_EQ(test, singlet_session_acquire(b, ids[i], 1),
				-ENOENT);
		KUNIT_EXPECT_EQ(test, try_release(b, ids[i], 1), -ENOENT);
		KUNIT_EXPECT_EQ(test,
				PTR_ERR_OR_ZERO(singlet_session_get(b, ids[i])),
				-ENOENT);
		expect_query(test, a, ids[i], SINGLET_STATE_LIVE, 1, 1);
	}
	KUNIT_EXPECT_EQ(test, singlet_inspect_list(b, 0, &cursor, &entry, 1),
			0);
	KUNIT_EXPECT_EQ(test, cursor, 0);
	expect_clean(test, b);
	singlet_session_close(b);
}

/* However often a session takes an object, it counts once there. */
static void session_counts_once(struct kunit *test)
{
	struct singlet_session *a = test->priv, *b = open_as(test, ALICE);
	u64 id = intern(test, a, "value", 1);
	unsigned int i;

	for (i = 1; i < 10; i++)
		KUNIT_EXPECT_EQ(test, intern(test, a, "value", 0), id);
	expect_query(test, a, id, SINGLET_STATE_LIVE, 1, 10);
	expect_query(test, b, id, SINGLET_STATE_LIVE, 1, 0);
	KUNIT_EXPECT_EQ(test, a->references, 1);
	KUNIT_EXPECT_EQ(test, a->bytes_logical, 5);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(b, id, 3), 0);
	expect_query(test, a, id, SINGLET_STATE_LIVE, 2, 10);
	expect_query(test, b, id, SINGLET_STATE_LIVE, 2, 3);
	KUNIT_EXPECT_EQ(test, suite_stats(store_of(a)).references, 2);
	KUNIT_EXPECT_EQ(test, suite_stats(store_of(a)).bytes_logical, 10);

	/* Not the other one's. */
	KUNIT_EXPECT_EQ(test, try_release(b, id, 4), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_release(b, id, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(b, id, 0), -EINVAL);
	expect_query(test, b, id, SINGLET_STATE_LIVE, 2, 3);
	release(test, b, id, 3, true);
	KUNIT_EXPECT_EQ(test, try_release(b, id, 1), -ENOENT);
	expect_query(test, a, id, SINGLET_STATE_LIVE, 1, 10);
	release(test, a, id, 9, false);
	release(test, a, id, 1, true);
	expect_query(test, a, id, SINGLET_STATE_IDLE, 0, 0);
	/* Idle ones can be had by id. */
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(a, id, 1), 0);
	expect_query(test, a, id, SINGLET_STATE_LIVE, 1, 1);
	release(test, a, id, 1, true);
	singlet_session_close(b);
	expect_clean(test, a);
}

static void session_overflow(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	u64 id = intern(test, s, "value", 1), got = 0;

	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, REFS_MAX - 1), 0);
	expect_query(test, s, id, SINGLET_STATE_LIVE, 1, REFS_MAX);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, 1), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, U32_MAX),
			-EOVERFLOW);
	KUNIT_EXPECT_EQ(test, singlet_session_intern(s, SINGLET_TYPE_STR,
						     "value", 5, true, &got),
			-EOVERFLOW);
	expect_query(test, s, id, SINGLET_STATE_LIVE, 1, REFS_MAX);
	KUNIT_EXPECT_EQ(test, s->references, 1);
	release(test, s, id, REFS_MAX, true);
	expect_clean(test, s);
}

/* What a session held is released by its end, however much it was. */
static void session_close_releases(struct kunit *test)
{
	struct singlet_session *a = test->priv, *b = open_as(test, ALICE);
	struct singlet_stats s;
	unsigned int i;
	char text[16];
	u64 kept = 0;

	for (i = 0; i < 700; i++) {
		u64 id;

		snprintf(text, sizeof(text), "value %03u", i);
		id = intern(test, b, text, 1);
		if (i % 7 == 0)
			KUNIT_EXPECT_EQ(test, singlet_session_acquire(b, id, i + 1),
					0);
		if (i == 350) {
			kept = id;
			KUNIT_EXPECT_EQ(test, singlet_session_acquire(a, id, 1),
					0);
		}
	}
	s = suite_stats(store_of(a));
	KUNIT_EXPECT_EQ(test, s.references, 701);
	KUNIT_EXPECT_EQ(test, s.bytes_logical, 701 * 9);
	KUNIT_EXPECT_EQ(test, s.bytes_unique, 700 * 9);
	singlet_session_close(b);
	s = suite_stats(store_of(a));
	KUNIT_EXPECT_EQ(test, s.references, 1);
	KUNIT_EXPECT_EQ(test, s.released, 700);
	KUNIT_EXPECT_EQ(test, s.objects, 700);
	KUNIT_EXPECT_EQ(test, s.idle, 699);
	KUNIT_EXPECT_EQ(test, s.bytes_logical, 9);
	expect_query(test, a, kept, SINGLET_STATE_LIVE, 1, 1);
	release(test, a, kept, 1, true);
	expect_clean(test, a);
}

/* The id of a former object does not release the one that is there now. */
static void session_stale_ids(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	u64 keep = intern(test, s, "keep", 1);
	struct singlet_query_item item;
	struct singlet_reclaimed out;
	u64 old, id = 0;
	unsigned int i;
	char text[8];

	old = intern(test, s, "old", 1);
	release(test, s, old, 1, true);
	singlet_reclaim_all(store_of(s), &out);
	/* Until one is where the old one was. */
	for (i = 0; i < 600 && (u32)id != (u32)old; i++) {
		snprintf(text, sizeof(text), "%03u", i);
		id = intern(test, s, text, 1);
	}
	KUNIT_ASSERT_EQ(test, (u32)id, (u32)old);
	KUNIT_EXPECT_NE(test, id, old);
	KUNIT_EXPECT_EQ(test, try_release(s, old, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, old, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_inspect_query(s, old, &item), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_plain_seal(s, old), -ENOENT);
	expect_query(test, s, id, SINGLET_STATE_LIVE, 1, 1);
	expect_query(test, s, keep, SINGLET_STATE_LIVE, 1, 1);
}

static void session_plain(struct kunit *test)
{
	struct singlet_session *a = test->priv, *b = open_as(test, ALICE);
	u32 type = suite_type(test, store_of(a), "plain", SINGLET_KIND_PLAIN);
	struct singlet_list_entry entry;
	struct singlet_query_item item;
	struct singlet_object *obj;
	u64 id = 0, cursor = 0, str;

	KUNIT_ASSERT_EQ(test, singlet_plain_alloc(a, type, 10, &id), 0);
	expect_query(test, a, id, SINGLET_STATE_UNSEALED, 1, 1);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, 0, "0123456789", 10),
			0);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, 9, "x", 1), 0);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, 10, "", 0), 0);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, 10, "y", 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, 11, "", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, 0, "y", 11),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, U32_MAX, "y", 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, 1, "y", U32_MAX),
			-EINVAL);

	/* Nobody else can reach it, in any way. */
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(singlet_session_get(b, id)),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_inspect_query(b, id, &item), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(b, id, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(b, id, 0, "y", 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_plain_seal(b, id), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_inspect_list(b, 0, &cursor, &entry, 1),
			0);
	obj = singlet_session_get(a, id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_MEMEQ(test, singlet_object_data(obj), "012345678x", 10);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 2);
	singlet_store_put(obj);

	KUNIT_EXPECT_EQ(test, singlet_plain_seal(a, id), 0);
	KUNIT_EXPECT_EQ(test, singlet_plain_seal(a, id), 0);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, id, 0, "y", 1), -EPERM);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(b, id, 2), 0);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(b, id, 0, "y", 1), -EPERM);
	expect_query(test, b, id, SINGLET_STATE_LIVE, 2, 2);
	cursor = 0;
	KUNIT_EXPECT_EQ(test, singlet_inspect_list(b, type, &cursor, &entry, 1),
			1);
	KUNIT_EXPECT_EQ(test, entry.id, id);

	/* Only plain ones are written and sealed. */
	str = intern(test, a, "text", 1);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(a, str, 0, "y", 1), -EPERM);
	KUNIT_EXPECT_EQ(test, singlet_plain_seal(a, str), -EPERM);
	release(test, a, str, 1, true);

	release(test, a, id, 1, true);
	expect_query(test, b, id, SINGLET_STATE_LIVE, 1, 2);
	singlet_session_close(b);
	KUNIT_EXPECT_EQ(test, singlet_inspect_query(a, id, &item), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_plain_alloc(a, SINGLET_TYPE_STR, 1,
						  &id), -EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_plain_alloc(a, 999, 1, &id), -ENOENT);
	expect_clean(test, a);
}

/* An unsealed one goes with the session that writes it. */
static void session_plain_unsealed_end(struct kunit *test)
{
	struct singlet_session *a = test->priv, *b = open_as(test, ALICE);
	u32 type = suite_type(test, store_of(a), "plain", SINGLET_KIND_PLAIN);
	u64 id = 0;

	KUNIT_ASSERT_EQ(test, singlet_plain_alloc(b, type, 1000, &id), 0);
	singlet_session_close(b);
	KUNIT_EXPECT_EQ(test, suite_stats(store_of(a)).objects, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(store_of(a)).idle, 0);
	expect_clean(test, a);
}

static void session_world(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	u64 id = 0, bad;
	s64 value = 42;

	KUNIT_EXPECT_EQ(test, singlet_session_intern(s, SINGLET_TYPE_INT,
						     &value, 8, true, &id), 0);
	KUNIT_EXPECT_TRUE(test, id & WORLD_ID);
	expect_query(test, s, id, SINGLET_STATE_IMMORTAL, 0, 0);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, 0), -EINVAL);
	release(test, s, id, 1, false);
	release(test, s, id, U32_MAX, false);
	KUNIT_EXPECT_EQ(test, try_release(s, id, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, singlet_plain_write(s, id, 0, "y", 1), -EPERM);
	KUNIT_EXPECT_EQ(test, singlet_plain_seal(s, id), -EPERM);
	singlet_session_undo_intern(s, id, false);
	KUNIT_EXPECT_EQ(test, s->references, 0);
	bad = id + (1ULL << 32);
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, bad, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, try_release(s, bad, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_plain_seal(s, bad), -ENOENT);
	expect_clean(test, s);
}

/* Each object once, however small the steps. */
static void session_list(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	u32 type = suite_type(test, store_of(s), "mine", SINGLET_KIND_VALUE);
	struct singlet_list_entry entries[7];
	unsigned int i, step, n, held = 0;
	DECLARE_BITMAP(seen, 600);
	const unsigned int nr = 600;
	char text[16];
	u64 *ids, cursor;

	ids = kunit_kcalloc(test, nr, sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	for (i = 0; i < nr; i++) {
		memset(text, ' ', sizeof(text));
		snprintf(text, sizeof(text), "%03u", i);
		KUNIT_ASSERT_EQ(test,
				singlet_session_intern(s, i % 3 ?
						       SINGLET_TYPE_BYTES :
						       type, text, 3 + i % 9,
						       true, &ids[i]), 1);
		if (i % 2)
			release(test, s, ids[i], 1, true);
	}
	for (step = 1; step <= ARRAY_SIZE(entries); step += 3) {
		bitmap_zero(seen, nr);
		cursor = 0;
		held = 0;
		do {
			n = singlet_inspect_list(s, 0, &cursor, entries, step);
			KUNIT_ASSERT_LE(test, n, step);
			while (n--) {
				for (i = 0; i < nr; i++)
					if (ids[i] == entries[n].id)
						break;
				KUNIT_ASSERT_LT(test, i, nr);
				KUNIT_EXPECT_FALSE(test, test_and_set_bit(i, seen));
				KUNIT_EXPECT_EQ(test, entries[n].len,
						3 + i % 9);
				KUNIT_EXPECT_EQ(test, entries[n].type,
						i % 3 ? SINGLET_TYPE_BYTES :
						type);
				KUNIT_EXPECT_EQ(test, entries[n].state,
						i % 2 ? SINGLET_STATE_IDLE :
						SINGLET_STATE_LIVE);
				held += entries[n].references;
			}
		} while (cursor);
		KUNIT_EXPECT_TRUE(test, bitmap_full(seen, nr));
		KUNIT_EXPECT_EQ(test, held, 300);
	}
	cursor = 0;
	i = 0;
	do {
		n = singlet_inspect_list(s, type, &cursor, entries, 7);
		i += n;
		while (n--)
			KUNIT_EXPECT_EQ(test, entries[n].type, type);
	} while (cursor);
	KUNIT_EXPECT_EQ(test, i, 200);
}

/* What could not be delivered is taken back, and nothing more. */
static void session_undo(struct kunit *test)
{
	struct singlet_session *a = test->priv, *b = open_as(test, ALICE);
	struct singlet_query_item item;
	u64 id;

	id = intern(test, a, "new", 1);
	singlet_session_undo_intern(a, id, true);
	KUNIT_EXPECT_EQ(test, singlet_inspect_query(a, id, &item), -ENOENT);
	KUNIT_EXPECT_EQ(test, suite_stats(store_of(a)).objects, 0);

	/* Another session found it meanwhile. */
	id = intern(test, a, "new", 1);
	KUNIT_EXPECT_EQ(test, intern(test, b, "new", 0), id);
	singlet_session_undo_intern(a, id, true);
	expect_query(test, b, id, SINGLET_STATE_LIVE, 1, 1);
	release(test, b, id, 1, true);

	/* It was there before. */
	KUNIT_EXPECT_EQ(test, intern(test, a, "new", 0), id);
	singlet_session_undo_intern(a, id, false);
	expect_query(test, a, id, SINGLET_STATE_IDLE, 0, 0);
	/* One of two. */
	KUNIT_EXPECT_EQ(test, intern(test, a, "new", 0), id);
	KUNIT_EXPECT_EQ(test, intern(test, a, "new", 0), id);
	singlet_session_undo_intern(a, id, false);
	expect_query(test, a, id, SINGLET_STATE_LIVE, 1, 1);
	release(test, a, id, 1, true);
	singlet_session_close(b);
	expect_clean(test, a);
}

static void session_stats(struct kunit *test)
{
	struct singlet_session *a = test->priv, *b = open_as(test, ALICE);
	struct singlet_stats s = {};
	u64 id = intern(test, a, "four", 1);

	intern(test, b, "four", 0);
	singlet_domain_sum(a->domain, &s);
	singlet_stats_finish(&s);
	KUNIT_EXPECT_EQ(test, s.sessions, 2);
	KUNIT_EXPECT_EQ(test, s.types, TYPE_PREDEFINED);
	KUNIT_EXPECT_EQ(test, s.objects, 1);
	KUNIT_EXPECT_EQ(test, s.live, 1);
	KUNIT_EXPECT_EQ(test, s.immortal, 0);
	KUNIT_EXPECT_EQ(test, s.references, 2);
	KUNIT_EXPECT_EQ(test, s.bytes_unique, 4);
	KUNIT_EXPECT_EQ(test, s.bytes_logical, 8);
	KUNIT_EXPECT_EQ(test, s.slots, s.objects + s.slots_free);
	KUNIT_EXPECT_EQ(test, s.bytes_saved, s.bytes_logical - s.bytes_stored -
					     s.bytes_metadata);
	KUNIT_EXPECT_EQ(test, s.world, WORLD_INTS + 3);
	singlet_session_close(b);
	release(test, a, id, 1, true);
	expect_clean(test, a);
}

/* What is refused of several leaves nothing, and the others are not touched. */
static void session_many_refused(struct kunit *test)
{
	const unsigned int quota = SINGLET_QUOTA_REFERENCES;
	struct singlet_session *s = test->priv, *other = open_as(test, ALICE);
	static const char *const text[] = { "a", "b", "a", "new", "b", "new" };
	const int want[] = { 0, 0, 0, -EDQUOT, 0, -EDQUOT };
	struct singlet_wish w[ARRAY_SIZE(text)];
	u64 *limit = &s->domain->account.limit[quota];
	unsigned int i;

	intern(test, other, "a", 1);
	intern(test, other, "b", 1);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = (struct singlet_wish){
			.data = text[i], .len = strlen(text[i]),
			.type_number = SINGLET_TYPE_STR,
		};
	*limit = 4;
	singlet_session_intern_many(s, w, ARRAY_SIZE(w), true);
	*limit = 0;
	for (i = 0; i < ARRAY_SIZE(w); i++)
		KUNIT_EXPECT_EQ_MSG(test, w[i].ret, want[i], "value %u", i);
	/* Neither held nor idle: it is as if it had never been. */
	KUNIT_EXPECT_EQ(test, suite_stats(store_of(s)).objects, 2);
	KUNIT_EXPECT_EQ(test, suite_stats(store_of(s)).idle, 0);
	KUNIT_EXPECT_EQ(test, s->references, 2);
	KUNIT_EXPECT_EQ(test, singlet_session_held(s, w[0].id), 2);
	KUNIT_EXPECT_EQ(test, w[0].id, w[2].id);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(w[0].obj), 2);
	singlet_session_close(other);
}

/* What the session holds gets no further reference, and is counted in it. */
static void session_many_held(struct kunit *test)
{
	struct singlet_session *s = test->priv, *other = open_as(test, ALICE);
	static const char *const text[] = { "mine", "theirs", "mine", "mine" };
	struct singlet_wish w[ARRAY_SIZE(text)];
	struct singlet_object *mine;
	struct singlet_stats before;
	unsigned int i;
	u64 id;

	id = intern(test, s, "mine", 1);
	intern(test, other, "theirs", 1);
	mine = singlet_store_object(store_of(s), (u32)id);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = (struct singlet_wish){
			.data = text[i], .len = strlen(text[i]),
			.type_number = SINGLET_TYPE_STR,
		};
	before = suite_stats(store_of(s));
	singlet_session_intern_many(s, w, ARRAY_SIZE(w), false);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		KUNIT_EXPECT_EQ(test, w[i].ret, 0);
	KUNIT_EXPECT_EQ(test, w[0].id, id);
	KUNIT_EXPECT_EQ(test, w[2].id, id);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(mine), 1);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(w[1].obj), 2);
	KUNIT_EXPECT_EQ(test, singlet_session_held(s, id), 4);
	KUNIT_EXPECT_EQ(test, s->references, 2);
	KUNIT_EXPECT_EQ(test, suite_stats(store_of(s)).hits - before.hits, 4);

	/* As many as can be counted, and not one more. */
	KUNIT_EXPECT_EQ(test, singlet_session_acquire(s, id, REFS_MAX - 5), 0);
	singlet_session_intern_many(s, w, ARRAY_SIZE(w), false);
	KUNIT_EXPECT_EQ(test, w[0].ret, 0);
	KUNIT_EXPECT_EQ(test, w[1].ret, 0);
	KUNIT_EXPECT_EQ(test, w[2].ret, -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, w[3].ret, -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(mine), 1);
	KUNIT_EXPECT_EQ(test, singlet_session_held(s, id), REFS_MAX);
	release(test, s, id, REFS_MAX, true);
	release(test, s, w[1].id, 2, true);
	singlet_session_close(other);
	expect_clean(test, s);
}

/* What is held and looks like the value is not it. */
static void session_many_alike(struct kunit *test)
{
	struct singlet_session *s = test->priv;
	struct singlet_wish w[4];
	unsigned int i;
	u32 value[2];
	u64 id[2];

	suite_alike(test, store_of(s), value);
	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test,
				singlet_session_intern(s, SINGLET_TYPE_BYTES,
						       &value[i],
						       sizeof(value[i]), true,
						       &id[i]), 1);
	for (i = 0; i < 4; i++)
		w[i] = (struct singlet_wish){
			.data = &value[i % 2], .len = sizeof(value[0]),
			.type_number = SINGLET_TYPE_BYTES,
		};
	singlet_session_intern_many(s, w, 4, true);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, w[i].ret, 0);
		KUNIT_EXPECT_EQ(test, w[i].id, id[i % 2]);
	}
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, singlet_object_refs(w[i].obj), 1);
		release(test, s, id[i], 3, true);
	}
	expect_clean(test, s);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(session_many_held),
	KUNIT_CASE(session_many_alike),
	KUNIT_CASE(session_many_refused),
	KUNIT_CASE(session_domains),
	KUNIT_CASE(session_users_apart),
	KUNIT_CASE(session_counts_once),
	KUNIT_CASE(session_overflow),
	KUNIT_CASE(session_close_releases),
	KUNIT_CASE(session_stale_ids),
	KUNIT_CASE(session_plain),
	KUNIT_CASE(session_plain_unsealed_end),
	KUNIT_CASE(session_world),
	KUNIT_CASE(session_list),
	KUNIT_CASE(session_undo),
	KUNIT_CASE(session_stats),
	{}
};

struct kunit_suite session_suite = {
	.name = "singlet_session",
	.init = session_init,
	.exit = session_exit,
	.test_cases = cases,
};
