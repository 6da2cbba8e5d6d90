// SPDX-License-Identifier: GPL-2.0
/* Quotas of users, which are the module's parameters. */
#include <signal.h>
#include <sys/wait.h>

#include "domain_test.h"

static const char *const names[] = {
	"user_max_objects", "user_max_bytes", "user_max_references",
	"user_max_types", "user_max_domains", "domain_max_objects",
	"domain_max_bytes", "domain_max_references", "domain_max_types",
	"domain_max_idle_bytes",
};

#define USER(quota)	names[SINGLET_QUOTA_##quota]

/* What they are: read once, and set again before each test and at the end. */
static __u64 defaults[ST_ARRAY_SIZE(names)];
static bool known;

static void __attribute__((constructor)) read_parameters(void)
{
	if (geteuid() || access("/sys/module/singlet/parameters", X_OK))
		return;
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(names); i++)
		defaults[i] = sd_parameter(names[i]);
	known = true;
}

static void __attribute__((destructor)) restore_parameters(void)
{
	for (unsigned int i = 0; known && i < ST_ARRAY_SIZE(names); i++)
		sd_set_parameter(names[i], defaults[i]);
}

FIXTURE(parties) {
	int admin;
	const char *name;
	uid_t a, b;		/* users that no other test has */
};

SETUP(parties)
{
	if (!known)
		harness_skip("only root can change parameters");
	restore_parameters();
	self->admin = st_open();
	self->name = sd_name("user-quota");
	self->a = 1000000 + 2 * getpid();
	self->b = self->a + 1;
}

/* A's use when all of it is gone. */
static void nothing_left(void *context)
{
	(void)context;
	EXPECT_UNUSED(st_open());
}

TEARDOWN(parties)
{
	restore_parameters();
	sd_as(self->a, 1, 0, nothing_left, NULL);
	close(self->admin);
}

/* How many of @count new values can be interned, until the first refusal. */
static __u32 take(int fd, __u32 from, __u32 count, size_t len)
{
	__u32 n = 0;

	while (n < count && !sd_fill(fd, from + n, 1, len, NULL))
		n++;
	return n;
}

/* In the private domain and two named ones together. */
static void fill_three_domains(void *context)
{
	struct fixture_parties *self = context;
	int fds[3];
	__u32 n;

	fds[0] = st_open();
	fds[1] = sd_must_create(fds[0], self->name, 0700,
				SINGLET_DOMAIN_EPHEMERAL);
	fds[2] = sd_must_create(fds[0], sd_name("second"), 0700,
				SINGLET_DOMAIN_EPHEMERAL);
	EXPECT_EQ(sd_info(fds[0]).owner_limit[SINGLET_QUOTA_OBJECTS], 1000ULL);
	n = take(fds[0], 0, 300, 8) + take(fds[1], 0, 300, 8);
	EXPECT_EQ(n, 600U);
	EXPECT_EQ(take(fds[2], 0, 1000, 8), 400U);
	EXPECT_EQ(take(fds[1], 1000, 1, 8), 0U);
	EXPECT_EQ(sd_info(fds[0]).owner_use[SINGLET_QUOTA_OBJECTS], 1000ULL);
	EXPECT_EQ(sd_info(fds[1]).use[SINGLET_QUOTA_OBJECTS], 300ULL);
	/* What one gives back is there for the others. */
	close(fds[1]);
	EXPECT_EQ(sd_info(fds[0]).owner_use[SINGLET_QUOTA_OBJECTS], 700ULL);
	EXPECT_EQ(take(fds[2], 1000, 1000, 8), 300U);
	close(fds[2]);
	EXPECT_EQ(take(fds[0], 1000, 1000, 8), 700U);
}

TEST_F(parties, objects)
{
	sd_set_parameter(USER(OBJECTS), 1000);
	sd_as(self->a, 1, 0, fill_three_domains, self);
}

static void fill_bytes(void *context)
{
	int fd = st_open(), other;

	(void)context;
	other = sd_must_create(fd, sd_name("bytes"), 0700,
			       SINGLET_DOMAIN_EPHEMERAL);
	EXPECT_EQ(take(fd, 0, 500, 64), 500U);
	EXPECT_EQ(take(other, 0, 5000, 64), 1500U);
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_BYTES], 128000ULL);
}

TEST_F(parties, bytes)
{
	sd_set_parameter(USER(BYTES), 128000);
	sd_as(self->a, 1, 0, fill_bytes, self);
}

/* Whatever sessions keep ready for themselves, the limit is the limit. */
static void fill_references(void *context)
{
	int first = st_open(), fds[40];
	__u64 id = st_must_str(first, "shared");
	__u32 n = 0;

	(void)context;
	for (int i = 0; i < 40; i++) {
		fds[i] = st_open();
		EXPECT_EQ(st_acquire(fds[i], id, 1), 0);
	}
	EXPECT_EQ(sd_info(first).owner_use[SINGLET_QUOTA_REFERENCES], 41ULL);
	n = take(first, 0, 5000, 8);
	EXPECT_EQ(n, 5000U - 41);
	EXPECT_EQ(sd_info(first).owner_use[SINGLET_QUOTA_REFERENCES], 5000ULL);
	EXPECT_EQ(st_release(fds[3], id, 1), 0);
	EXPECT_EQ(take(fds[5], 10000, 5, 8), 1U);
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	EXPECT_EQ(sd_info(first).owner_use[SINGLET_QUOTA_REFERENCES],
		  n + 1ULL);
}

TEST_F(parties, references)
{
	sd_set_parameter(USER(REFERENCES), 5000);
	sd_as(self->a, 1, 0, fill_references, self);
}

/* Of references, it is the holder's limit, not the domain's owner's. */
static void hold_in_foreign_domain(void *context)
{
	int mine = st_open(), fd = sd_must_join(mine, context, SD_ALL);

	EXPECT_EQ(take(fd, 0, 200, 8), 100U);
	EXPECT_EQ(sd_info(mine).owner_use[SINGLET_QUOTA_REFERENCES], 100ULL);
	EXPECT_EQ(sd_info(mine).owner_use[SINGLET_QUOTA_OBJECTS], 0ULL);
	EXPECT_EQ(take(mine, 0, 200, 8), 0U);
	/* Not the owner: no word of the owner's other use. */
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_OBJECTS], 0ULL);
	EXPECT_EQ(sd_info(fd).use[SINGLET_QUOTA_OBJECTS], 101ULL);
}

TEST_F(parties, references_in_foreign_domain)
{
	int fd = sd_must_create(self->admin, self->name, 0777,
				SINGLET_DOMAIN_EPHEMERAL);

	st_must_str(fd, "the owner's");
	sd_set_parameter(USER(REFERENCES), 100);
	sd_as(self->a, 1, 0, hold_in_foreign_domain, (void *)self->name);
	close(fd);
}

static void make_domains(void *context)
{
	int fd = st_open(), fds[5], other;
	const char *all[6];

	(void)context;
	for (int i = 0; i < 6; i++) {
		char base[16];

		snprintf(base, sizeof(base), "limited-%d", i);
		all[i] = sd_name(base);
	}
	for (int i = 0; i < 5; i++)
		fds[i] = sd_must_create(fd, all[i], 0700, 0);
	EXPECT_EQ(sd_create(fd, all[5], 0700, 0, &other), -EDQUOT);
	EXPECT_EQ(sd_create(fd, all[4], 0700, 0, &other), -EEXIST);
	/* One that was deleted counts until it is gone. */
	EXPECT_EQ(sd_delete(fd, all[0], SINGLET_DELETE_DEFERRED), 0);
	EXPECT_EQ(sd_create(fd, all[5], 0700, 0, &other), -EDQUOT);
	close(fds[0]);
	fds[0] = sd_must_create(fd, all[5], 0700, 0);
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_DOMAINS], 5ULL);
	for (int i = 0; i < 5; i++) {
		close(fds[i]);
		EXPECT_EQ(sd_delete(fd, all[i ? i : 5], 0), 0);
	}
}

TEST_F(parties, domains)
{
	sd_set_parameter(USER(DOMAINS), 5);
	sd_as(self->a, 1, 0, make_domains, self);
}

static void make_types(void *context)
{
	int fds[2];
	__u32 type;

	(void)context;
	fds[0] = st_open();
	fds[1] = sd_must_create(fds[0], sd_name("types"), 0700,
				SINGLET_DOMAIN_EPHEMERAL);
	for (int i = 0; i < 10; i++) {
		char name[16];

		snprintf(name, sizeof(name), "type-%d", i);
		EXPECT_EQ(st_type_create(fds[i % 2], name, SINGLET_KIND_VALUE,
					 0, 0, &type), i < 7 ? 0 : -EDQUOT);
	}
	ASSERT_EQ(sd_info(fds[0]).owner_use[SINGLET_QUOTA_TYPES], 7ULL);
	close(fds[1]);
	for (int i = 0; i < 10; i += 2) {
		struct singlet_type_info info;
		char name[16];

		snprintf(name, sizeof(name), "type-%d", i);
		if (!st_type_find(fds[0], name, &info))
			EXPECT_EQ(st_type_delete(fds[0], info.type), 0);
	}
}

TEST_F(parties, types)
{
	sd_set_parameter(USER(TYPES), 7);
	sd_as(self->a, 1, 0, make_types, self);
}

/* A parameter that is lowered below what is there drops nothing. */
TEST_F(parties, lowered)
{
	int fd = sd_must_create(self->admin, self->name, 0700,
				SINGLET_DOMAIN_EPHEMERAL);

	ASSERT_EQ(take(fd, 0, 500, 8), 500U);
	sd_set_parameter("domain_max_objects", 100);
	EXPECT_EQ(sd_info(fd).limit[SINGLET_QUOTA_OBJECTS], 100ULL);
	EXPECT_EQ(st_stats(fd).live, 500ULL);
	EXPECT_EQ(take(fd, 1000, 1, 8), 0U);
	EXPECT_EQ(sd_fill(fd, 0, 500, 8, NULL), 0);
	/* A limit of its own comes first, 0 is none. */
	ASSERT_EQ(sd_set_limit(fd, NULL, SINGLET_QUOTA_OBJECTS, 600), 0);
	EXPECT_EQ(take(fd, 1000, 200, 8), 100U);
	ASSERT_EQ(sd_set_limit(fd, NULL, SINGLET_QUOTA_OBJECTS, 0), 0);
	EXPECT_EQ(take(fd, 1100, 200, 8), 200U);
	close(fd);
}

/* What is idle gives way in whichever domain of the user it is. */
static void idle_elsewhere(void *context)
{
	int fd = st_open(), other;
	__u64 ids[900];

	(void)context;
	other = sd_must_create(fd, sd_name("elsewhere"), 0700,
			       SINGLET_DOMAIN_EPHEMERAL);
	ASSERT_EQ(sd_fill(other, 0, 900, 8, ids), 0);
	sd_release_all(other, ids, 900);
	EXPECT_EQ(take(fd, 0, 500, 8), 500U);
	EXPECT_EQ(st_stats(fd).refusals, 0ULL);
	close(other);
}

TEST_F(parties, idle_elsewhere_gives_way)
{
	sd_set_parameter(USER(OBJECTS), 1000);
	sd_as(self->a, 1, 0, idle_elsewhere, self);
}

static void hog(void *context)
{
	int fd = st_open();

	(void)context;
	for (__u32 i = 0;; i += 256)
		sd_fill(fd, i, 256, 64, NULL);
}

static void victim(void *context)
{
	int fd = st_open();
	__u64 ids[900];

	(void)context;
	for (__u32 i = 0; i < st_scale(50); i++) {
		EXPECT_EQ(sd_fill(fd, i, 900, 64, ids), 0);
		sd_release_all(fd, ids, 900);
	}
	EXPECT_EQ(st_stats(fd).refusals, 0ULL);
	st_collect(fd);
}

/* Somebody who takes all that there is takes nothing from another. */
TEST_F(parties, hog)
{
	pid_t child;

	sd_set_parameter(USER(OBJECTS), 1000);
	sd_set_parameter(USER(REFERENCES), 1000);
	sd_set_parameter(USER(BYTES), 65536);
	child = st_fork();
	if (!child) {
		sd_be(self->a, 1, 0);
		hog(NULL);
	}
	sd_as(self->b, 1, 0, victim, NULL);
	EXPECT_EQ(waitpid(child, NULL, WNOHANG), 0);
	kill(child, SIGKILL);
	EXPECT_EQ(waitpid(child, NULL, 0), child);
}

/* ---- giving domains away ---- */

static int give(struct fixture_parties *self, uid_t uid)
{
	struct singlet_domain_set set = {
		.flags = SINGLET_SET_UID | SINGLET_SET_MODE,
		.uid = uid,
		.mode = 0711,
	};

	return sd_set(self->admin, self->name, set);
}

static void fill_and_wait(uid_t uid, int pipe_out, __u32 count)
{
	int fd;

	sd_be(uid, 1, 0);
	fd = st_open();
	EXPECT_EQ(take(fd, 0, count, 8), count);
	EXPECT_EQ(write(pipe_out, "", 1), (ssize_t)1);
	pause();
}

/* A has 740 of 1000; 260 more fit and 261 do not. */
TEST_F(parties, given_to_who_has_much)
{
	int fd = sd_must_create(self->admin, self->name, 0700, 0), pipes[2];
	struct singlet_domain_info before, after;
	pid_t child;
	char byte;

	ASSERT_EQ(take(fd, 0, 261, 8), 261U);
	sd_set_parameter(USER(OBJECTS), 1000);
	ASSERT_EQ(pipe(pipes), 0);
	child = st_fork();
	if (!child) {
		close(fd);
		fill_and_wait(self->a, pipes[1], 740);
	}
	ASSERT_EQ(read(pipes[0], &byte, 1), (ssize_t)1);
	before = sd_info(fd);
	EXPECT_EQ(give(self, self->a), -EDQUOT);
	after = sd_info(fd);
	EXPECT_EQ(memcmp(&before, &after, sizeof(before)), 0);
	close(fd);
	fd = sd_must_join(self->admin, self->name, SD_ALL);
	st_collect(fd);
	ASSERT_EQ(take(fd, 0, 260, 8), 260U);
	EXPECT_EQ(give(self, self->a), 0);
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_OBJECTS], 1000ULL);
	EXPECT_EQ(take(fd, 1000, 1, 8), 0U);
	close(fd);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	EXPECT_EQ(sd_delete(self->admin, self->name, 0), 0);
}

/* ---- /proc/singlet/quotas ---- */

static const char *const words[SINGLET_QUOTAS] = {
	"objects", "bytes", "references", "types", "domains", "idle_bytes"
};

/* Compares a row "whose what use limit"; false: there is none. */
static bool row_agrees(const char *whose, unsigned int quota, __u64 use,
		       __u64 limit)
{
	FILE *file = fopen("/proc/singlet/quotas", "r");
	char line[256], first[100], what[32], of[32];
	unsigned long long n;
	bool found = false;

	ASSERT_TRUE(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%99s %31s %llu %31s", first, what, &n, of) !=
		    4 || strcmp(first, whose) || strcmp(what, words[quota]))
			continue;
		EXPECT_FALSE(found);
		found = true;
		EXPECT_EQ(n, use);
		if (limit)
			EXPECT_EQ(strtoull(of, NULL, 10), limit);
		else
			EXPECT_EQ(strcmp(of, "-"), 0);
	}
	fclose(file);
	return found;
}

static void reads_proc(void *context)
{
	struct fixture_parties *self = context;
	int fd = st_open(), named;
	struct singlet_domain_info info, mine;
	char user[32], star[40];
	__u64 ids[700];
	__u32 type;

	snprintf(user, sizeof(user), "user:%u", geteuid());
	snprintf(star, sizeof(star), "%s*", user);
	named = sd_must_create(fd, self->name, 0700, SINGLET_DOMAIN_EPHEMERAL);
	ASSERT_EQ(st_type_create(named, "t", SINGLET_KIND_VALUE, 0, 0, &type),
		  0);
	ASSERT_EQ(sd_fill(named, 0, 700, 48, ids), 0);
	ASSERT_EQ(sd_fill(fd, 0, 30, 8, NULL), 0);
	sd_release_all(named, ids, 100);
	ASSERT_EQ(sd_set_limit(named, NULL, SINGLET_QUOTA_BYTES, 0), 0);
	info = sd_info(named);
	mine = sd_info(fd);
	EXPECT_EQ(info.use[SINGLET_QUOTA_OBJECTS], 700ULL);
	EXPECT_EQ(info.use[SINGLET_QUOTA_REFERENCES], 600ULL);
	EXPECT_EQ(info.use[SINGLET_QUOTA_BYTES], 700 * 48ULL);
	EXPECT_EQ(info.use[SINGLET_QUOTA_IDLE], 100 * 48ULL);
	EXPECT_EQ(mine.owner_use[SINGLET_QUOTA_OBJECTS], 730ULL);
	EXPECT_EQ(mine.owner_use[SINGLET_QUOTA_REFERENCES], 630ULL);
	for (unsigned int i = 0; i < SINGLET_QUOTAS; i++) {
		EXPECT_EQ(row_agrees(self->name, i, info.use[i], info.limit[i]),
			  i != SINGLET_QUOTA_DOMAINS);
		EXPECT_EQ(row_agrees(user, i, mine.use[i], mine.limit[i]),
			  i != SINGLET_QUOTA_DOMAINS);
		EXPECT_EQ(row_agrees(star, i, mine.owner_use[i],
				     mine.owner_limit[i]),
			  i != SINGLET_QUOTA_IDLE);
		EXPECT_EQ(info.owner_use[i], mine.owner_use[i]);
		EXPECT_EQ(info.owner_limit[i], mine.owner_limit[i]);
	}
}

TEST_F(parties, proc)
{
	sd_as(self->a, 1, 0, reads_proc, self);
}
