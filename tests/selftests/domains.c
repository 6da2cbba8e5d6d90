// SPDX-License-Identifier: GPL-2.0
/* Named domains: how they begin, what is in them, how they end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "domain_test.h"

FIXTURE(user) {
	int fd;			/* in the private domain */
	const char *name;
};

SETUP(user)
{
	self->name = sd_name("domain");
	self->fd = st_open_fresh();
}

TEARDOWN(user)
{
	/* Nothing of it is left. */
	EXPECT_EQ(sd_query(self->fd, self->name, NULL), -ENOENT);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_DOMAINS], 0ULL);
	close(self->fd);
}

TEST_F(user, new_one)
{
	int fd = sd_must_create(self->fd, self->name, 0640, 0);
	struct singlet_domain_info info, by_name;
	struct singlet_stats stats = st_stats(fd);

	info = sd_info(fd);
	ASSERT_EQ(sd_query(self->fd, self->name, &by_name), 0);
	EXPECT_EQ(memcmp(&info, &by_name, sizeof(info)), 0);
	EXPECT_EQ(info.mode, 0640U);
	EXPECT_EQ(info.flags, 0U);
	EXPECT_EQ(info.uid, geteuid());
	EXPECT_EQ(info.gid, getegid());
	EXPECT_EQ(info.access, (__u32)SD_ALL);
	EXPECT_EQ(info.sessions, 1ULL);
	EXPECT_EQ(info.owner_use[SINGLET_QUOTA_DOMAINS], 1ULL);
	EXPECT_EQ(strcmp((char *)info.name, self->name), 0);
	for (size_t i = strlen(self->name); i < sizeof(info.name); i++)
		EXPECT_EQ(info.name[i], 0);
	EXPECT_EQ(stats.sessions, 1ULL);
	EXPECT_EQ(stats.objects, 0ULL);
	EXPECT_EQ(stats.types, ST_PREDEFINED);
	EXPECT_SOUND(&stats);
	close(fd);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
}

TEST_F(user, private_one)
{
	struct singlet_domain_info info = sd_info(self->fd);

	EXPECT_EQ(info.mode, 0700U);
	EXPECT_EQ(info.uid, geteuid());
	EXPECT_EQ(info.name[0], 0);
	EXPECT_EQ(info.sessions, 1ULL);
	EXPECT_FALSE(sd_listed(self->fd, ""));
}

TEST_F(user, exclusive)
{
	int fd = sd_must_create(self->fd, self->name, 0700, 0), other;
	unsigned int fds = sd_open_fds();

	EXPECT_EQ(sd_create(self->fd, self->name, 0700, 0, &other), -EEXIST);
	EXPECT_EQ(sd_create(fd, self->name, 0777, SINGLET_DOMAIN_EPHEMERAL,
			    &other), -EEXIST);
	EXPECT_EQ(sd_open_fds(), fds);
	EXPECT_EQ(sd_info(fd).sessions, 1ULL);
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_DOMAINS], 1ULL);
	close(fd);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
}

TEST_F(user, close_on_exec)
{
	int fd = sd_must_create(self->fd, self->name, 0700, 0);
	int other = sd_must_join(self->fd, self->name, SD_READ);

	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(other, F_GETFD), FD_CLOEXEC);
	close(fd);
	close(other);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
}

TEST_F(user, delete_with_sessions)
{
	int fd = sd_must_create(self->fd, self->name, 0700, 0);

	EXPECT_EQ(sd_delete(self->fd, self->name, 0), -EBUSY);
	EXPECT_EQ(sd_delete(fd, self->name, 0), -EBUSY);
	EXPECT_EQ(sd_info(fd).flags, 0U);
	st_must_str(fd, "goes on");
	close(fd);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), -ENOENT);
}

/* What a session of a deleted domain can still do, and what not. */
static void after_deletion(int fd, __u64 id, __u32 plain, __u64 object)
{
	__u64 other;
	__u32 type;

	EXPECT_EQ(st_intern(fd, SINGLET_TYPE_STR, "new", 3, &other), -ESTALE);
	EXPECT_EQ(st_intern(fd, SINGLET_TYPE_STR, "kept", 4, &other), -ESTALE);
	EXPECT_EQ(st_alloc(fd, plain, 8, &other), -ESTALE);
	EXPECT_EQ(st_type_create(fd, "new", SINGLET_KIND_VALUE, 0, 0, &type),
		  -ESTALE);
	EXPECT_EQ(sd_pin(fd, id, 1), -ESTALE);
	EXPECT_TRUE(st_has_value(fd, id, "kept", 4));
	EXPECT_EQ(st_lookup(fd, SINGLET_TYPE_STR, "kept", 4, &other), 0);
	EXPECT_EQ(other, id);
	EXPECT_EQ(st_acquire(fd, id, 1), 0);
	EXPECT_EQ(st_release(fd, id, 2), 0);
	EXPECT_EQ(st_write(fd, object, "12345678", 8, 0), 0);
	EXPECT_EQ(st_seal(fd, object), 0);
	st_collect(fd);
	EXPECT_TRUE(st_has_value(fd, id, "kept", 4));
}

TEST_F(user, deferred)
{
	int fd = sd_must_create(self->fd, self->name, 0700, 0), again;
	__u64 id = st_must_str(fd, "kept"), object;
	__u32 plain;

	ASSERT_EQ(st_type_create(fd, "plain", SINGLET_KIND_PLAIN, 0, 0, &plain),
		  0);
	ASSERT_EQ(st_alloc(fd, plain, 8, &object), 0);
	EXPECT_EQ(sd_delete(self->fd, self->name, SINGLET_DELETE_DEFERRED), 0);
	EXPECT_EQ(sd_query(self->fd, self->name, NULL), -ENOENT);
	EXPECT_FALSE(sd_listed(self->fd, self->name));
	EXPECT_EQ(sd_join(self->fd, self->name, SD_READ, &again), -ENOENT);
	EXPECT_EQ(sd_delete(self->fd, self->name, SINGLET_DELETE_DEFERRED),
		  -ENOENT);
	EXPECT_EQ(sd_info(fd).flags, (__u32)SINGLET_DOMAIN_DELETED);
	after_deletion(fd, id, plain, object);
	/* It goes on counting until it is gone. */
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_DOMAINS], 1ULL);

	/* The name is free, and the new domain is another one. */
	again = sd_must_create(self->fd, self->name, 0700, 0);
	EXPECT_EQ(st_lookup(again, SINGLET_TYPE_STR, "kept", 4, &id), -ENOENT);
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_DOMAINS], 2ULL);
	close(fd);
	EXPECT_EQ(sd_info(again).owner_use[SINGLET_QUOTA_DOMAINS], 1ULL);
	EXPECT_EQ(sd_info(again).flags, 0U);
	st_must_str(again, "goes on");
	close(again);
	EXPECT_EQ(sd_delete(self->fd, self->name, SINGLET_DELETE_DEFERRED), 0);
}

TEST_F(user, deferred_last_of_several)
{
	int fds[3];

	fds[0] = sd_must_create(self->fd, self->name, 0700, 0);
	fds[1] = sd_must_join(self->fd, self->name, SD_READ);
	fds[2] = dup(fds[1]);
	EXPECT_EQ(sd_info(fds[0]).sessions, 2ULL);
	/* A session with less than all access is no way to delete. */
	EXPECT_EQ(sd_delete(fds[1], self->name, SINGLET_DELETE_DEFERRED),
		  -EACCES);
	EXPECT_EQ(sd_delete(fds[0], self->name, SINGLET_DELETE_DEFERRED), 0);
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_DOMAINS],
			  1ULL);
		close(fds[i]);
	}
}

TEST_F(user, ephemeral)
{
	__u32 flags = SINGLET_DOMAIN_EPHEMERAL, type;
	int fd = sd_must_create(self->fd, self->name, 0700, flags), other;
	__u64 id = st_must_str(fd, "pinned");

	EXPECT_EQ(sd_info(fd).flags, flags);
	EXPECT_EQ(sd_pin(fd, id, 1), 0);
	ASSERT_EQ(st_type_create(fd, "t", SINGLET_KIND_VALUE, 0, 0, &type), 0);
	other = sd_must_join(self->fd, self->name, SD_ALL);
	close(fd);
	EXPECT_EQ(sd_query(self->fd, self->name, NULL), 0);
	EXPECT_TRUE(st_has_value(other, id, "pinned", 6));
	close(other);
	/* Pins and types do not keep it. */
	EXPECT_EQ(sd_query(self->fd, self->name, NULL), -ENOENT);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_OBJECTS], 0ULL);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_TYPES], 0ULL);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_REFERENCES], 0ULL);
}

/* Without sessions it keeps what is idle, pinned, and its types. */
TEST_F(user, kept)
{
	int fd = sd_must_create(self->fd, self->name, 0700, 0);
	__u64 idle = st_must_str(fd, "idle"), pinned = st_must_str(fd, "pinned");
	struct singlet_query_item query;
	struct singlet_stats stats;
	__u32 type, created;
	__u64 id;

	ASSERT_EQ(st_type_create(fd, "t", SINGLET_KIND_VALUE, 0, 0, &type), 0);
	ASSERT_EQ(sd_pin(fd, pinned, 1), 0);
	close(fd);
	EXPECT_EQ(sd_query(self->fd, self->name, NULL), 0);
	fd = sd_must_join(self->fd, self->name, SD_ALL);
	stats = st_stats(fd);
	EXPECT_EQ(stats.idle, 1ULL);
	EXPECT_EQ(stats.live, 1ULL);
	EXPECT_EQ(st_query(fd, pinned, &query), 0);
	EXPECT_EQ(query.state, (__u32)SINGLET_STATE_LIVE);
	EXPECT_EQ(query.pins, 1U);
	EXPECT_EQ(st_intern_created(fd, SINGLET_TYPE_STR, "idle", 4, &id,
				    &created), 0);
	EXPECT_EQ(created, 0U);
	EXPECT_EQ(id, idle);
	EXPECT_EQ(st_type_query(fd, type, NULL), 0);
	close(fd);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_OBJECTS], 0ULL);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_REFERENCES], 0ULL);
}

/* No id, type or object of one is anything in another of the same user. */
TEST_F(user, domains_do_not_meet)
{
	int fd = sd_must_create(self->fd, self->name, 0700, 0);
	__u64 ids[100], id, mine = st_must_str(self->fd, "text");
	struct singlet_stats before = st_stats(self->fd), after;
	__u32 type, copied;
	char text[16];

	ASSERT_EQ(st_type_create(fd, "theirs", SINGLET_KIND_VALUE, 0, 0, &type),
		  0);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "value %d", i);
		ids[i] = st_must_intern(fd, type, text, strlen(text));
	}
	EXPECT_EQ(st_type_query(self->fd, type, NULL), -ENOENT);
	EXPECT_EQ(st_type_find(self->fd, "theirs", NULL), -ENOENT);
	EXPECT_EQ(st_intern(self->fd, type, "value 1", 7, &id), -ENOENT);
	EXPECT_EQ(st_lookup(fd, SINGLET_TYPE_STR, "text", 4, &id), -ENOENT);
	for (int i = 0; i < 100; i++) {
		/* Numbers may coincide, but then they mean something else. */
		if (st_read(self->fd, ids[i], text, sizeof(text), 0, &copied,
			    NULL))
			continue;
		EXPECT_EQ(ids[i], mine);
		EXPECT_EQ(copied, 4U);
	}
	after = st_stats(self->fd);
	EXPECT_SAME(&before, &after, "hits misses");
	/* Constants are everybody's. */
	EXPECT_EQ(st_must_int(fd, 7), st_must_int(self->fd, 7));
	close(fd);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
}

/* A session that cannot be told about is none, and no domain is left. */
TEST_F(user, result_not_delivered)
{
	struct singlet_domain_create create = {
		.size = sizeof(create),
		.name = (uintptr_t)self->name,
		.name_len = strlen(self->name),
		.mode = 0700,
	};
	struct singlet_domain_join join = {
		.size = sizeof(join),
		.name = (uintptr_t)self->name,
		.name_len = strlen(self->name),
		.access = SD_READ,
	};
	size_t split = offsetof(struct singlet_domain_create, fd);
	char *edge = (char *)st_map_with_hole(1) + st_page_size();
	unsigned int fds = sd_open_fds();
	int fd;

	/* Read-only memory, and a structure whose end is missing. */
	for (__u32 flags = 0; flags <= SINGLET_DOMAIN_EPHEMERAL; flags++) {
		create.flags = flags;
		memcpy(edge - sizeof(create), &create, sizeof(create));
		ASSERT_EQ(mprotect(edge - st_page_size(), st_page_size(),
				   PROT_READ), 0);
		EXPECT_EQ(st_ioctl(self->fd, SINGLET_DOMAIN_CREATE,
				   edge - sizeof(create)), -EFAULT);
		ASSERT_EQ(mprotect(edge - st_page_size(), st_page_size(),
				   PROT_READ | PROT_WRITE), 0);
		memcpy(edge - split, &create, split);
		EXPECT_EQ(st_ioctl(self->fd, SINGLET_DOMAIN_CREATE,
				   edge - split), -EFAULT);
		EXPECT_EQ(sd_query(self->fd, self->name, NULL), -ENOENT);
	}
	fd = sd_must_create(self->fd, self->name, 0700, 0);
	memcpy(edge - sizeof(join), &join, sizeof(join));
	ASSERT_EQ(mprotect(edge - st_page_size(), st_page_size(), PROT_READ),
		  0);
	EXPECT_EQ(st_ioctl(self->fd, SINGLET_DOMAIN_JOIN, edge - sizeof(join)),
		  -EFAULT);
	EXPECT_EQ(sd_info(fd).sessions, 1ULL);
	close(fd);
	EXPECT_EQ(sd_open_fds(), fds);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
}

/*
 * The same with a page that becomes read-only while the command runs: the
 * result is refused after the work was done.
 */
struct flipper {
	char *page;
	volatile bool stop;
};

static void *flip(void *argument)
{
	struct flipper *flipper = argument;
	size_t size = st_page_size();

	while (!flipper->stop) {
		mprotect(flipper->page, size, PROT_READ);
		mprotect(flipper->page, size, PROT_READ | PROT_WRITE);
	}
	return NULL;
}

TEST_F(user, result_refused_late)
{
	struct flipper flipper = { .page = st_map_with_hole(1) };
	struct singlet_domain_create *create = (void *)flipper.page;
	unsigned int made = 0, fds = sd_open_fds(), rounds = st_scale(1000);
	pthread_t thread;

	ASSERT_EQ(pthread_create(&thread, NULL, flip, &flipper), 0);
	for (unsigned int i = 0; i < rounds; i++) {
		struct singlet_domain_create wanted = {
			.size = sizeof(wanted),
			.name = (uintptr_t)self->name,
			.name_len = strlen(self->name),
			.mode = 0700,
		};
		int error, fd;

		/* As a plain store, but no fault where it is refused. */
		while (!__atomic_load_n(&flipper.stop, __ATOMIC_RELAXED)) {
			struct iovec from = { &wanted, sizeof(wanted) };
			struct iovec to = { create, sizeof(wanted) };

			if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) ==
			    (ssize_t)sizeof(wanted))
				break;
		}
		error = st_ioctl(self->fd, SINGLET_DOMAIN_CREATE, create);
		if (error) {
			EXPECT_EQ(error, -EFAULT);
			EXPECT_EQ(sd_query(self->fd, self->name, NULL),
				  -ENOENT);
			continue;
		}
		made++;
		fd = create->fd;
		ASSERT_EQ(close(fd), 0);
		ASSERT_EQ(sd_delete(self->fd, self->name, 0), 0);
	}
	flipper.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(sd_open_fds(), fds);
	harness_note("%u of %u delivered", made, rounds);
}

/* No descriptor is left: nothing is made. */
TEST_F(user, no_descriptor)
{
	unsigned int fds = sd_open_fds();
	struct rlimit old, none;
	int fd, session, top = dup(0);

	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	close(top);
	none.rlim_cur = top;
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	EXPECT_EQ(sd_create(self->fd, self->name, 0700, 0, &fd), -EMFILE);
	EXPECT_EQ(sd_query(self->fd, self->name, NULL), -ENOENT);
	EXPECT_EQ(sd_create(self->fd, self->name, 0700,
			    SINGLET_DOMAIN_EPHEMERAL, &fd), -EMFILE);
	EXPECT_EQ(sd_query(self->fd, self->name, NULL), -ENOENT);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	session = sd_must_create(self->fd, self->name, 0700, 0);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	EXPECT_EQ(sd_join(self->fd, self->name, SD_ALL, &fd), -EMFILE);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_DOMAINS], 1ULL);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	EXPECT_EQ(sd_info(session).sessions, 1ULL);
	close(session);
	EXPECT_EQ(sd_open_fds(), fds);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
}

/* What the kernel has in slabs and per-CPU memory. */
static __u64 kernel_memory(const void *fd)
{
	st_collect(*(const int *)fd);
	return 1024 * (sd_number_in("/proc/meminfo", "SUnreclaim") +
		       sd_number_in("/proc/meminfo", "Percpu"));
}

struct visits {
	const char *name;
	unsigned int rounds;
};

static void come_and_go(void *context)
{
	const struct visits *visits = context;
	const char *name = visits->name;
	int fd = st_open();

	for (unsigned int i = 0; i < visits->rounds; i++) {
		int made = sd_must_create(fd, name, 0700,
					  i % 2 ? SINGLET_DOMAIN_EPHEMERAL : 0);

		st_must_str(made, "in it");
		if (i % 4 == 0) {
			EXPECT_EQ(sd_delete(fd, name, SINGLET_DELETE_DEFERRED),
				  0);
			close(made);
			continue;
		}
		close(made);
		if (i % 2 == 0)
			EXPECT_EQ(sd_delete(fd, name, 0), 0);
	}
	EXPECT_EQ(sd_query(fd, name, NULL), -ENOENT);
	EXPECT_UNUSED(fd);
}

/* Domains that have gone have left no memory behind. */
TEST(ten_thousand)
{
	struct visits visits = { .name = sd_name("domain") };
	unsigned int rounds = st_scale(10000);
	uid_t uid = 3000000 + getpid();
	__u64 before, after;
	int fd = st_open();

	visits.rounds = rounds / 10 + 1;
	sd_as(uid, 1, 0, come_and_go, &visits);
	before = sd_memory(kernel_memory, &fd);
	visits.rounds = rounds;
	sd_as(uid, 1, 0, come_and_go, &visits);
	after = sd_memory(kernel_memory, &fd);
	harness_note("%u domains: %lld KiB", rounds,
		     (long long)(after - before) / 1024);
	/* A domain takes several pages; what is left is caches' noise. */
	EXPECT_LT((long long)(after - before) / 1024,
		  (long long)rounds / 16 + 512);
}
