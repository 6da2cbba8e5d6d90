// SPDX-License-Identifier: GPL-2.0
/* Pins, which keep objects without a session; and leaks, which sessions keep. */
#include "domain_test.h"

FIXTURE(domain) {
	int fd;			/* in the private domain */
	int in;			/* in a kept one */
	const char *name;
	__u32 plain;
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	self->name = sd_name("pins");
	self->in = sd_must_create(self->fd, self->name, 0700, 0);
	ASSERT_EQ(st_type_create(self->in, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &self->plain), 0);
}

TEARDOWN(domain)
{
	struct singlet_domain_info info;

	close(self->in);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
	info = sd_info(self->fd);
	for (unsigned int i = 0; i < SINGLET_QUOTAS; i++)
		EXPECT_EQ(info.owner_use[i], 0ULL);
	close(self->fd);
}

static struct singlet_query_item query(int fd, __u64 id)
{
	struct singlet_query_item item;

	ASSERT_EQ(st_query(fd, id, &item), 0);
	return item;
}

/* ---- pins ---- */

TEST_F(domain, pinned_without_session)
{
	__u64 a = st_must_str(self->in, "a"), b = st_must_str(self->in, "b");

	EXPECT_EQ(sd_pin(self->in, a, 1), 0);
	close(self->in);
	self->in = sd_must_join(self->fd, self->name, SD_ALL);
	EXPECT_EQ(query(self->in, a).state, (__u32)SINGLET_STATE_LIVE);
	EXPECT_EQ(query(self->in, b).state, (__u32)SINGLET_STATE_IDLE);
	EXPECT_EQ(st_collect(self->in).objects, 1ULL);
	EXPECT_TRUE(st_has_value(self->in, a, "a", 1));
	/* Nobody's reference, so nobody can release it. */
	EXPECT_EQ(st_release(self->in, a, 1), -ENOENT);
	EXPECT_EQ(sd_unpin(self->in, a, 1), 0);
	EXPECT_EQ(query(self->in, a).state, (__u32)SINGLET_STATE_IDLE);
	EXPECT_EQ(sd_unpin(self->in, a, 1), -ENOENT);
	EXPECT_EQ(st_collect(self->in).objects, 1ULL);
	EXPECT_EQ(sd_pin(self->in, a, 1), -ENOENT);
}

TEST_F(domain, counts)
{
	__u64 id = st_must_str(self->in, "text");
	int other = sd_must_join(self->fd, self->name, SD_ALL);

	EXPECT_EQ(query(self->in, id).pins, 0U);
	EXPECT_EQ(sd_pin(self->in, id, 300), 0);
	EXPECT_EQ(sd_pin(other, id, 1), 0);
	EXPECT_EQ(query(self->in, id).pins, 301U);
	/* However often it is pinned, that is one holder. */
	EXPECT_EQ(query(other, id).references, 2U);
	EXPECT_EQ(query(other, id).held, 0U);
	EXPECT_EQ(query(self->in, id).held, 1U);
	EXPECT_EQ(st_stats(other).pins, 1ULL);
	EXPECT_EQ(st_stats(other).references, 2ULL);
	EXPECT_EQ(sd_info(other).use[SINGLET_QUOTA_REFERENCES], 2ULL);
	EXPECT_EQ(sd_unpin(other, id, 302), -EINVAL);
	EXPECT_EQ(sd_unpin(other, id, 300), 0);
	EXPECT_EQ(query(self->in, id).pins, 1U);
	EXPECT_EQ(sd_unpin(self->in, id, 1), 0);
	EXPECT_EQ(query(self->in, id).pins, 0U);
	EXPECT_EQ(query(self->in, id).references, 1U);
	EXPECT_EQ(st_stats(other).pins, 0ULL);
	EXPECT_EQ(sd_info(other).use[SINGLET_QUOTA_REFERENCES], 1ULL);
	close(other);
}

/* Of every kind, what is there for everybody at least. */
TEST_F(domain, kinds)
{
	__u64 tuple, part = st_must_str(self->in, "part"), plain;
	__u64 constant = st_must_int(self->in, 1);

	tuple = st_must_intern(self->in, SINGLET_TYPE_TUPLE, &part, 8);
	EXPECT_EQ(sd_pin(self->in, tuple, 1), 0);
	ASSERT_EQ(st_alloc(self->in, self->plain, 8, &plain), 0);
	/* Nobody else can reach it before it is sealed. */
	EXPECT_EQ(sd_pin(self->in, plain, 1), -ENOENT);
	EXPECT_EQ(st_seal(self->in, plain), 0);
	EXPECT_EQ(sd_pin(self->in, plain, 1), 0);
	EXPECT_EQ(sd_pin(self->in, constant, 1), 0);
	EXPECT_EQ(sd_unpin(self->in, constant, 1), 0);
	EXPECT_EQ(query(self->in, constant).pins, 0U);
	close(self->in);
	self->in = sd_must_join(self->fd, self->name, SD_ALL);
	EXPECT_EQ(st_collect(self->in).objects, 0ULL);
	EXPECT_TRUE(st_has_value(self->in, part, "part", 4));
	EXPECT_TRUE(st_has_value(self->in, plain, "\0\0\0\0\0\0\0\0", 8));
	EXPECT_EQ(st_type_delete(self->in, self->plain), -EBUSY);
	EXPECT_EQ(sd_unpin(self->in, plain, 1), 0);
	EXPECT_EQ(st_acquire(self->in, plain, 1), -ENOENT);
	/* The tuple is still pinned when the domain goes. */
}

TEST_F(domain, quota)
{
	__u64 ids[20];

	ASSERT_EQ(sd_fill(self->in, 0, 20, 8, ids), 0);
	ASSERT_EQ(sd_set_limit(self->in, NULL, SINGLET_QUOTA_REFERENCES, 30), 0);
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(sd_pin(self->in, ids[i], 1), i < 10 ? 0 : -EDQUOT);
	/* Once more is no new holder. */
	EXPECT_EQ(sd_pin(self->in, ids[0], 5), 0);
	EXPECT_EQ(sd_info(self->in).use[SINGLET_QUOTA_REFERENCES], 30ULL);
	EXPECT_EQ(st_stats(self->in).refusals, 10ULL);
	EXPECT_EQ(st_release(self->in, ids[0], 1), 0);
	EXPECT_EQ(sd_pin(self->in, ids[19], 1), 0);
	EXPECT_EQ(sd_pin(self->in, ids[18], 1), -EDQUOT);
}

/* In the private domain as well; they keep the domain, too. */
TEST_F(domain, private_domain)
{
	__u64 id = st_must_str(self->fd, "private");

	EXPECT_EQ(sd_pin(self->fd, id, 1), 0);
	close(self->in);
	close(self->fd);
	self->fd = st_open();
	EXPECT_EQ(query(self->fd, id).pins, 1U);
	EXPECT_EQ(sd_unpin(self->fd, id, 1), 0);
	EXPECT_EQ(st_collect(self->fd).objects, 1ULL);
	self->in = sd_must_join(self->fd, self->name, SD_ALL);
}

static void not_the_owner(void *context)
{
	const char *name = ((char **)context)[0];
	__u64 id = *((__u64 **)context)[1];
	int fd = sd_must_join(st_open(), name, SD_ALL);

	EXPECT_EQ(sd_pin(fd, id, 1), -EPERM);
	EXPECT_EQ(sd_unpin(fd, id, 1), -EPERM);
	EXPECT_EQ(query(fd, id).pins, 1U);
}

TEST(owners_only)
{
	const char *name = sd_name("pins");
	int fd, in;
	__u64 id;

	if (geteuid())
		harness_skip("only root can become another user");
	fd = st_open();
	in = sd_must_create(fd, name, 0777, SINGLET_DOMAIN_EPHEMERAL);
	id = st_must_str(in, "text");
	EXPECT_EQ(sd_pin(in, id, 1), 0);
	sd_as(61010, 61010, 0, not_the_owner,
	      (void *[]){ (void *)name, &id });
	close(in);
	EXPECT_EQ(sd_query(fd, name, NULL), -ENOENT);
}

/* ---- leaks ---- */

#define LEAKS	50

static const struct singlet_leak *leak_of(const struct singlet_leak *leaks,
					  int n, __u64 id)
{
	for (int i = 0; i < n; i++)
		if (leaks[i].id == id)
			return leaks + i;
	return NULL;
}

TEST_F(domain, leaks)
{
	struct singlet_leak leaks[2 * LEAKS], again[2 * LEAKS];
	__u32 number = sd_session_number(self->in);
	__u64 ids[LEAKS];
	int n;

	EXPECT_EQ(sd_leaks(self->in, 0, 10, leaks, LEAKS), 0);
	for (int i = 0; i < LEAKS; i++)
		ASSERT_EQ(st_alloc(self->in, self->plain, i + 1, &ids[i]), 0);
	st_must_str(self->in, "values are no leaks");
	for (unsigned int room = 1; room < 2 * LEAKS; room = room * 3 + 1) {
		n = sd_leaks(self->in, room % 2 ? 0 : number, room, leaks,
			     2 * LEAKS);
		EXPECT_EQ(n, LEAKS);
		for (int i = 0; i < LEAKS; i++) {
			const struct singlet_leak *leak;

			leak = leak_of(leaks, n, ids[i]);
			ASSERT_TRUE(leak);
			EXPECT_EQ(leak->type, self->plain);
			EXPECT_EQ(leak->len, i + 1U);
			EXPECT_EQ(leak->session, number);
			EXPECT_EQ(leak->pid, (__u32)getpid());
			EXPECT_LT(leak->age, 60000ULL);
		}
	}
	st_sleep_us(50000);
	EXPECT_EQ(sd_leaks(self->in, 0, 64, again, 2 * LEAKS), LEAKS);
	for (int i = 0; i < LEAKS; i++) {
		const struct singlet_leak *leak;

		leak = leak_of(again, LEAKS, leaks[i].id);
		ASSERT_TRUE(leak);
		EXPECT_GE(leak->age, leaks[i].age + 45);
	}
	/* Those that are released are none any more; sealed ones still are. */
	for (int i = 0; i < LEAKS; i += 2)
		EXPECT_EQ(st_release(self->in, ids[i], 1), 0);
	EXPECT_EQ(st_seal(self->in, ids[1]), 0);
	EXPECT_EQ(st_acquire(self->in, ids[1], 1), 0);
	EXPECT_EQ(st_release(self->in, ids[1], 1), 0);
	n = sd_leaks(self->in, number, 7, leaks, 2 * LEAKS);
	EXPECT_EQ(n, LEAKS / 2);
	for (int i = 0; i < LEAKS; i++)
		EXPECT_EQ(!!leak_of(leaks, n, ids[i]), i % 2);
}

/* By session; what another session took is not its own allocation. */
TEST_F(domain, leaks_by_session)
{
	int others[5];
	struct singlet_leak leaks[64];
	__u64 ids[5];

	for (int i = 0; i < 5; i++) {
		others[i] = sd_must_join(self->fd, self->name, SD_ALL);
		for (int j = 0; j <= i; j++)
			ASSERT_EQ(st_alloc(others[i], self->plain, 8, &ids[i]),
				  0);
	}
	EXPECT_EQ(sd_leaks(self->in, 0, 1, leaks, 64), 15);
	EXPECT_EQ(sd_leaks(self->in, 0, 64, leaks, 64), 15);
	for (int i = 1; i < 15; i++)
		EXPECT_LE(leaks[i - 1].session, leaks[i].session);
	for (int i = 0; i < 5; i++) {
		__u32 number = sd_session_number(others[i]);

		EXPECT_EQ(sd_leaks(self->in, number, 2, leaks, 64), i + 1);
		for (int j = 0; j <= i; j++)
			EXPECT_EQ(leaks[j].session, number);
	}
	/* Handed over: the taker holds it, but did not allocate it. */
	EXPECT_EQ(st_seal(others[0], ids[0]), 0);
	EXPECT_EQ(st_acquire(self->in, ids[0], 1), 0);
	EXPECT_EQ(st_release(others[0], ids[0], 1), 0);
	EXPECT_EQ(sd_leaks(self->in, 0, 64, leaks, 64), 14);
	EXPECT_FALSE(leak_of(leaks, 14, ids[0]));
	for (int i = 0; i < 5; i++)
		close(others[i]);
	EXPECT_EQ(sd_leaks(self->in, 0, 64, leaks, 64), 0);
	EXPECT_EQ(st_release(self->in, ids[0], 1), 0);
}

struct seen {
	const char *name;
	__u32 session;
	int leaks;		/* negative errno, or how many */
};

static void looks_for_leaks(void *context)
{
	const struct seen *seen = context;
	struct singlet_leak leaks[64];
	int fd = sd_must_join(st_open(), seen->name, SD_ALL);
	__u64 id;

	EXPECT_EQ(sd_leaks(fd, 0, 64, leaks, 64),
		  seen->leaks < 0 ? 0 : seen->leaks);
	EXPECT_EQ(sd_leaks(fd, seen->session, 64, leaks, 64), seen->leaks);
	if (seen->leaks >= 0)
		return;
	/* One's own are shown. */
	ASSERT_EQ(st_alloc(fd, leaks[0].type, 8, &id), -ENOENT);
}

TEST(leaks_of_others)
{
	struct seen seen = { .name = sd_name("leaks") };
	__u32 plain;
	int fd, in;
	__u64 id;

	if (geteuid())
		harness_skip("only root can become another user");
	fd = st_open();
	in = sd_must_create(fd, seen.name, 0777, SINGLET_DOMAIN_EPHEMERAL);
	ASSERT_EQ(st_type_create(in, "plain", SINGLET_KIND_PLAIN, 0, 0, &plain),
		  0);
	ASSERT_EQ(st_alloc(in, plain, 8, &id), 0);
	seen.session = sd_session_number(in);
	seen.leaks = -ENOENT;
	sd_as(61011, 61011, 0, looks_for_leaks, &seen);
	/* The domain's owner sees everybody's. */
	ASSERT_EQ(sd_set(in, NULL, (struct singlet_domain_set){
			.flags = SINGLET_SET_UID, .uid = 61011 }), 0);
	seen.leaks = 1;
	sd_as(61011, 61011, 0, looks_for_leaks, &seen);
	close(in);
}

/* ---- stale ids ---- */

/* Released twice, or used afterwards: refused, whatever the slot has now. */
TEST_F(domain, generations)
{
	unsigned int rounds = st_scale(20000), same = 0;
	__u64 first, last, id;
	char byte;

	/* Each CPU has free slots of its own. */
	st_stay_on_one_cpu();
	ASSERT_EQ(st_alloc(self->in, self->plain, 8, &first), 0);
	EXPECT_EQ(st_seal(self->in, first), 0);
	EXPECT_EQ(st_release(self->in, first, 1), 0);
	last = first;
	for (unsigned int i = 0; i < rounds; i++) {
		EXPECT_EQ(st_release(self->in, last, 1), -ENOENT);
		EXPECT_EQ(st_release(self->in, first, 1), -ENOENT);
		ASSERT_EQ(st_alloc(self->in, self->plain, 8, &id), 0);
		same += (__u32)id == (__u32)first;
		EXPECT_NE(id, last);
		EXPECT_NE(id, first);
		EXPECT_EQ(st_release(self->in, last, 1), -ENOENT);
		EXPECT_EQ(st_acquire(self->in, first, 1), -ENOENT);
		EXPECT_EQ(st_read(self->in, last, &byte, 1, 0, NULL, NULL),
			  -ENOENT);
		EXPECT_EQ(st_write(self->in, last, "x", 1, 0), -ENOENT);
		EXPECT_EQ(st_seal(self->in, first), -ENOENT);
		EXPECT_EQ(sd_pin(self->in, last, 1), -ENOENT);
		EXPECT_EQ(st_release(self->in, id, 1), 0);
		last = id;
		if (harness_failures())
			return;
	}
	/* The slot was used again and again. */
	EXPECT_GT(same, rounds / 2);
}
