// SPDX-License-Identifier: GPL-2.0
/* Who may do what with a named domain: modes, owners, credentials, views. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "domain_test.h"

#define OWNER	61001
#define MEMBER	61002		/* in the group */
#define OTHER	61003
#define GROUP	61100
#define NOBODYS	61200

FIXTURE(parties) {
	const char *name;
	int admin;		/* root's private session */
	int fd;			/* OWNER's session in the domain */
};

/* In a process of its own: OWNER makes the domain and sends the session. */
static int made_by_owner(const char *name, __u32 mode)
{
	int pair[2], fd;
	pid_t child;

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	child = st_fork();
	if (!child) {
		sd_be(OWNER, GROUP, 0);
		st_send_fd(pair[0], sd_must_create(st_open(), name, mode, 0));
		_exit(0);
	}
	st_join(child);
	fd = st_receive_fd(pair[1]);
	close(pair[0]);
	close(pair[1]);
	return fd;
}

SETUP(parties)
{
	if (geteuid())
		harness_skip("only root can become other users");
	self->admin = st_open();
	self->name = sd_name("access");
	self->fd = made_by_owner(self->name, 0700);
	EXPECT_EQ(sd_info(self->fd).uid, (__u32)OWNER);
	EXPECT_EQ(sd_info(self->fd).gid, (__u32)GROUP);
}

TEARDOWN(parties)
{
	close(self->fd);
	EXPECT_EQ(sd_delete(self->admin, self->name, 0), 0);
	EXPECT_EQ(sd_query(self->admin, self->name, NULL), -ENOENT);
	close(self->admin);
}

static int set_mode(int session, const char *name, __u32 mode)
{
	struct singlet_domain_set set = {
		.flags = SINGLET_SET_MODE,
		.mode = mode,
	};

	return sd_set(session, name, set);
}

/* ---- joining ---- */

struct attempt {
	const char *name;
	__u32 bits;		/* rwx that are for whoever tries */
	bool knows;		/* in any case */
};

static void try_all(void *context)
{
	const struct attempt *a = context;
	int session = st_open(), fd, other;
	bool visible = a->knows || a->bits & 1;
	struct singlet_domain_info info;
	__u32 allowed = (a->bits & 4 ? SD_READ : 0) | (a->bits & 2 ? SD_WRITE : 0);

	for (__u32 access = 1; access <= SD_ALL; access++) {
		int expected = !visible ? -ENOENT :
			       access & ~allowed ? -EACCES : 0;

		EXPECT_EQ(sd_join(session, a->name, access, &fd), expected);
		if (fd >= 0)
			close(fd);
	}
	EXPECT_EQ(sd_query(session, a->name, &info), visible ? 0 : -ENOENT);
	if (visible)
		EXPECT_EQ(info.access, allowed);
	EXPECT_EQ(sd_listed(session, a->name), visible);
	/* The name is taken whether one can see it or not. */
	EXPECT_EQ(sd_create(session, a->name, 0700, 0, &other), -EEXIST);
	close(session);
}

/* All eight combinations for one of the three; the others get the opposite. */
static void try_class(struct fixture_parties *self, unsigned int shift,
		      uid_t uid, gid_t gid, gid_t extra)
{
	for (__u32 bits = 0; bits < 8; bits++) {
		struct attempt a = { self->name, bits, uid == OWNER };
		__u32 mode = (0777 & ~(7 << shift)) | bits << shift;

		if (bits == 7)
			mode = 7 << shift;
		ASSERT_EQ(set_mode(self->admin, self->name, mode), 0);
		EXPECT_EQ(sd_info(self->fd).mode, mode);
		sd_as(uid, gid, extra, try_all, &a);
		if (harness_failures()) {
			harness_note("with mode %04o", mode);
			return;
		}
	}
}

TEST_F(parties, owner)
{
	try_class(self, 6, OWNER, NOBODYS, 0);
}

TEST_F(parties, owner_in_group)
{
	try_class(self, 6, OWNER, GROUP, 0);
}

TEST_F(parties, group)
{
	try_class(self, 3, MEMBER, GROUP, 0);
}

TEST_F(parties, supplementary_group)
{
	try_class(self, 3, MEMBER, NOBODYS, GROUP);
}

TEST_F(parties, others)
{
	try_class(self, 0, OTHER, NOBODYS, 0);
}

TEST_F(parties, admin)
{
	struct attempt a = { self->name, 7, true };

	for (__u32 mode = 0; mode <= 0777; mode += 0111) {
		ASSERT_EQ(set_mode(self->admin, self->name, mode), 0);
		try_all(&a);
	}
}

/* Sessions that are there are not touched by a new mode. */
TEST_F(parties, modes_checked_when_joining)
{
	int fd = sd_must_join(self->admin, self->name, SD_ALL);

	ASSERT_EQ(set_mode(self->fd, NULL, 0), 0);
	st_must_str(self->fd, "goes on");
	st_must_str(fd, "goes on");
	EXPECT_EQ(sd_info(self->fd).mode, 0U);
	close(fd);
}

/* ---- what a session may do ---- */

struct command {
	unsigned long number;
	__u32 needs;
	size_t item_size;	/* 0: no batch */
};

static const struct command commands[] = {
	{ SINGLET_TYPE_CREATE, SD_WRITE, 0 },
	{ SINGLET_TYPE_DELETE, SD_WRITE, 0 },
	{ SINGLET_TYPE_QUERY, SD_READ, 0 },
	{ SINGLET_TYPE_LIST, SD_READ, 0 },
	{ SINGLET_INTERN, SD_WRITE, sizeof(struct singlet_intern_item) },
	{ SINGLET_LOOKUP, SD_READ, sizeof(struct singlet_intern_item) },
	{ SINGLET_ACQUIRE, SD_READ, sizeof(struct singlet_ref_item) },
	{ SINGLET_READ, SD_READ, sizeof(struct singlet_read_item) },
	{ SINGLET_QUERY, SD_READ, sizeof(struct singlet_query_item) },
	{ SINGLET_ALLOC, SD_WRITE, sizeof(struct singlet_alloc_item) },
	{ SINGLET_WRITE, SD_WRITE, sizeof(struct singlet_write_item) },
	{ SINGLET_SEAL, SD_WRITE, sizeof(struct singlet_seal_item) },
	{ SINGLET_COLLECT, SD_WRITE, 0 },
	{ SINGLET_LIST, SD_READ, 0 },
	/* Whoever has a session may give back, and see sums. */
	{ SINGLET_INFO, 0, 0 },
	{ SINGLET_STATS, 0, 0 },
	{ SINGLET_LEAKS, 0, 0 },
	{ SINGLET_RELEASE, 0, sizeof(struct singlet_ref_item) },
	{ SINGLET_DOMAIN_QUERY, 0, 0 },
};

/* Structures of zeroes: refused for that, but for access first. */
static int call(int fd, const struct command *c)
{
	static char items[64];
	union {
		__u32 size;
		struct singlet_batch batch;
		char raw[512];
	} arg = {};

	memset(items, 0, sizeof(items));
	if (c->item_size) {
		arg.batch.items = (uintptr_t)items;
		arg.batch.count = 1;
		arg.batch.item_size = c->item_size;
	}
	arg.size = sizeof(arg);
	return st_ioctl(fd, c->number, &arg);
}

TEST_F(parties, access_of_sessions)
{
	for (__u32 access = 1; access <= SD_ALL; access++) {
		int fd = sd_must_join(self->admin, self->name, access);
		struct singlet_info info = { .size = sizeof(info) };

		ASSERT_EQ(st_ioctl(fd, SINGLET_INFO, &info), 0);
		EXPECT_EQ(info.access, access);
		for (unsigned int i = 0; i < ST_ARRAY_SIZE(commands); i++) {
			bool may = !(commands[i].needs & ~access);
			int error = call(fd, &commands[i]);

			if ((error == -EACCES) != may)
				continue;
			harness_fail(__FILE__, __LINE__,
				     "command %#lx with access %u: %d",
				     commands[i].number, access, error);
		}
		close(fd);
	}
}

/* What write-only and read-only sessions are good for. */
TEST_F(parties, one_way_sessions)
{
	int reader = sd_must_join(self->admin, self->name, SD_READ);
	int writer = sd_must_join(self->admin, self->name, SD_WRITE);
	__u64 id = st_must_str(writer, "message"), again;

	EXPECT_EQ(st_lookup(reader, SINGLET_TYPE_STR, "message", 7, &again), 0);
	EXPECT_EQ(again, id);
	EXPECT_TRUE(st_has_value(reader, id, "message", 7));
	EXPECT_EQ(st_intern(reader, SINGLET_TYPE_STR, "message", 7, &again),
		  -EACCES);
	EXPECT_EQ(st_release(reader, id, 1), 0);
	EXPECT_EQ(st_release(writer, id, 1), 0);
	close(reader);
	close(writer);
}

/* ---- whose credentials ---- */

struct passed {
	int fd;			/* OWNER's session in the domain */
	int private;		/* root's session in its private domain */
	const char *name;
};

static void with_passed_session(void *context)
{
	const struct passed *p = context;
	const char *name = sd_name("confused");
	struct singlet_domain_info info;
	int mine = st_open(), fd;

	/* OTHER can do nothing by itself... */
	EXPECT_EQ(sd_query(mine, p->name, NULL), -ENOENT);
	EXPECT_EQ(set_mode(mine, p->name, 0777), -ENOENT);
	/* ... and everything that OWNER can by OWNER's session. */
	st_must_str(p->fd, "by other");
	EXPECT_EQ(set_mode(p->fd, p->name, 0710), 0);
	EXPECT_EQ(sd_delete(p->fd, p->name, 0), -EBUSY);
	fd = sd_must_join(p->fd, p->name, SD_ALL);
	EXPECT_EQ(sd_set_limit(fd, NULL, SINGLET_QUOTA_OBJECTS, 1000), 0);
	close(fd);
	/* What it makes by it is OWNER's. */
	fd = sd_must_create(p->fd, name, 0700, 0);
	info = sd_info(fd);
	EXPECT_EQ(info.uid, (__u32)OWNER);
	EXPECT_EQ(info.gid, (__u32)GROUP);
	EXPECT_EQ(sd_query(mine, name, NULL), -ENOENT);
	/* Of its own it stays OTHER's, also through a session made so. */
	EXPECT_EQ(sd_join(mine, name, SD_READ, &fd), -ENOENT);
	EXPECT_EQ(sd_delete(p->fd, name, SINGLET_DELETE_DEFERRED), 0);
	/* Root's session is root's. */
	fd = sd_must_join(p->private, p->name, SD_ALL);
	EXPECT_EQ(sd_set(fd, NULL, (struct singlet_domain_set){
			.flags = SINGLET_SET_UID, .uid = OWNER }), 0);
	close(fd);
}

TEST_F(parties, session_passed_to_another)
{
	struct passed p = { self->fd, self->admin, self->name };

	sd_as(OTHER, NOBODYS, 0, with_passed_session, &p);
}

/* Root using OTHER's session is OTHER. */
TEST_F(parties, admin_with_a_users_session)
{
	int pair[2], fd, other;
	pid_t child;

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	child = st_fork();
	if (!child) {
		sd_be(OTHER, NOBODYS, 0);
		st_send_fd(pair[0], st_open());
		_exit(0);
	}
	st_join(child);
	other = st_receive_fd(pair[1]);
	ASSERT_EQ(geteuid(), 0U);
	EXPECT_EQ(sd_join(other, self->name, SD_READ, &fd), -ENOENT);
	EXPECT_EQ(sd_delete(other, self->name, SINGLET_DELETE_DEFERRED),
		  -ENOENT);
	ASSERT_EQ(set_mode(self->fd, NULL, 0777), 0);
	EXPECT_EQ(sd_delete(other, self->name, SINGLET_DELETE_DEFERRED), -EPERM);
	EXPECT_EQ(set_mode(other, self->name, 0700), -EPERM);
	/* A member of the domain, but neither owner nor root. */
	fd = sd_must_join(other, self->name, SD_ALL);
	EXPECT_EQ(set_mode(fd, NULL, 0700), -EPERM);
	EXPECT_EQ(sd_set_limit(fd, NULL, SINGLET_QUOTA_OBJECTS, 1), -EPERM);
	EXPECT_EQ(sd_pin(fd, st_must_str(fd, "text"), 1), -EPERM);
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_DOMAINS], 0ULL);
	EXPECT_EQ(sd_info(fd).owner_limit[SINGLET_QUOTA_DOMAINS], 0ULL);
	close(fd);
	close(other);
}

static void parts_of_others(void *context)
{
	const __u64 *ids = context;
	int mine = st_open();
	__u64 id;

	for (int i = 0; i < 100; i++)
		EXPECT_EQ(st_intern(mine, SINGLET_TYPE_TUPLE, ids + i, 8, &id),
			  -ENOENT);
	EXPECT_EQ(st_stats(mine).objects, 0ULL);
}

/* Another user's objects cannot be parts of one's own. */
TEST_F(parties, foreign_parts)
{
	__u64 ids[100];

	ASSERT_EQ(sd_fill(self->fd, 0, 100, 8, ids), 0);
	sd_as(OTHER, NOBODYS, 0, parts_of_others, ids);
	sd_release_all(self->fd, ids, 100);
}

/* ---- chmod, chown, chgrp ---- */

static void as_owner(void *context)
{
	const char *name = context;
	int mine = st_open();
	struct singlet_domain_set group = {
		.flags = SINGLET_SET_GID,
		.gid = NOBODYS,
	};
	struct singlet_domain_set owner = {
		.flags = SINGLET_SET_UID | SINGLET_SET_MODE,
		.uid = OTHER,
		.mode = 0777,
	};
	struct singlet_domain_info info;

	EXPECT_EQ(set_mode(mine, name, 0751), 0);
	/* To a group that OWNER is in, and no other one. */
	EXPECT_EQ(sd_set(mine, name, group), -EPERM);
	group.gid = GROUP + 1;
	EXPECT_EQ(sd_set(mine, name, group), 0);
	EXPECT_EQ(sd_set(mine, name, owner), -EPERM);
	owner.uid = OWNER;
	EXPECT_EQ(sd_set(mine, name, owner), -EPERM);
	ASSERT_EQ(sd_query(mine, name, &info), 0);
	EXPECT_EQ(info.mode, 0751U);
	EXPECT_EQ(info.gid, (__u32)GROUP + 1);
	EXPECT_EQ(info.uid, (__u32)OWNER);
}

TEST_F(parties, what_an_owner_may_change)
{
	sd_as(OWNER, GROUP, GROUP + 1, as_owner, (void *)self->name);
}

static void no_owner_any_more(void *context)
{
	const char *name = context;
	int mine = st_open();

	EXPECT_EQ(sd_query(mine, name, NULL), -ENOENT);
	EXPECT_EQ(sd_info(mine).owner_use[SINGLET_QUOTA_DOMAINS], 0ULL);
	EXPECT_EQ(sd_info(mine).owner_use[SINGLET_QUOTA_OBJECTS], 0ULL);
	EXPECT_EQ(sd_info(mine).owner_use[SINGLET_QUOTA_TYPES], 0ULL);
}

static void new_owner(void *context)
{
	int mine = st_open(), fd = sd_must_join(mine, context, SD_ALL);
	struct singlet_domain_info info = sd_info(fd);

	EXPECT_EQ(info.owner_use[SINGLET_QUOTA_DOMAINS], 1ULL);
	EXPECT_EQ(info.owner_use[SINGLET_QUOTA_OBJECTS], 10ULL);
	EXPECT_EQ(info.owner_use[SINGLET_QUOTA_TYPES], 1ULL);
	/* The pin; the objects are held by OWNER's session still. */
	EXPECT_EQ(info.owner_use[SINGLET_QUOTA_REFERENCES], 1ULL);
	EXPECT_EQ(set_mode(mine, context, 0700), 0);
}

TEST_F(parties, given_away)
{
	struct singlet_domain_set set = {
		.flags = SINGLET_SET_UID | SINGLET_SET_GID,
		.uid = OTHER,
		.gid = NOBODYS,
	};
	__u64 ids[10];
	__u32 type;

	ASSERT_EQ(sd_fill(self->fd, 0, 10, 8, ids), 0);
	ASSERT_EQ(sd_pin(self->fd, ids[0], 3), 0);
	ASSERT_EQ(st_type_create(self->fd, "t", SINGLET_KIND_VALUE, 0, 0,
				 &type), 0);
	ASSERT_EQ(sd_set(self->admin, self->name, set), 0);
	sd_as(OWNER, GROUP, 0, no_owner_any_more, (void *)self->name);
	sd_as(OTHER, NOBODYS, 0, new_owner, (void *)self->name);
	/* The former owner's session goes on as a member. */
	st_must_str(self->fd, "more");
	EXPECT_EQ(set_mode(self->fd, NULL, 0777), -EPERM);
	EXPECT_EQ(sd_unpin(self->fd, ids[0], 1), -EPERM);
	sd_release_all(self->fd, ids, 10);
}

/* ---- views ---- */

static void lists_its_own(void *context)
{
	static struct singlet_domain_info infos[64];
	const char *const *names = context;
	int session = st_open();

	for (unsigned int room = 1; room < 30; room = room * 2 + 1) {
		unsigned int n = sd_list(session, room, infos, 64), at = 0;

		/* Every visible one once, oldest first; the hidden ones not. */
		for (unsigned int i = 0; i < n; i++)
			if (at < 10 && !strcmp((char *)infos[i].name, names[at]))
				at += 2;
		EXPECT_EQ(at, 10U);
		for (unsigned int i = 0; i < n; i++)
			for (unsigned int j = 1; j < 10; j += 2)
				EXPECT_NE(strcmp((char *)infos[i].name,
						 names[j]), 0);
	}
}

TEST_F(parties, list)
{
	const char *names[10];
	int fds[10];

	for (unsigned int i = 0; i < 10; i++) {
		char base[16];

		snprintf(base, sizeof(base), "list-%u", i);
		names[i] = sd_name(base);
		fds[i] = sd_must_create(self->admin, names[i],
					i % 2 ? 0766 : 0711, 0);
	}
	sd_as(OTHER, NOBODYS, 0, lists_its_own, names);
	for (unsigned int i = 0; i < 10; i++) {
		EXPECT_TRUE(sd_listed(self->admin, names[i]));
		close(fds[i]);
		EXPECT_EQ(sd_delete(self->admin, names[i], 0), 0);
	}
}

/* /proc shows a domain to its owner and to root. */
static bool in_proc(const char *file, const char *name)
{
	char path[64], line[512];
	bool found = false;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/singlet/%s", file);
	stream = fopen(path, "r");
	ASSERT_TRUE(stream);
	while (fgets(line, sizeof(line), stream)) {
		line[strcspn(line, " \t\n")] = 0;
		found |= !strcmp(line, name);
	}
	fclose(stream);
	return found;
}

static const char *const files[] = {
	"types", "sessions", "domains", "quotas", "slabs"
};

static void is_shown(void *context)
{
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(files); i++)
		if (!in_proc(files[i], context))
			harness_fail(__FILE__, __LINE__, "not in %s", files[i]);
}

static void is_not_shown(void *context)
{
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(files); i++)
		EXPECT_FALSE(in_proc(files[i], context));
}

TEST_F(parties, proc)
{
	st_must_str(self->fd, "something");
	ASSERT_EQ(set_mode(self->fd, NULL, 0777), 0);
	is_shown((void *)self->name);
	sd_as(OWNER, GROUP, 0, is_shown, (void *)self->name);
	sd_as(OTHER, NOBODYS, 0, is_not_shown, (void *)self->name);
}

static void in_new_namespace(void *context)
{
	int session, fd, map;

	if (unshare(CLONE_NEWUSER))
		harness_skip("no user namespaces: %s", strerror(errno));
	/* Changing users has made /proc/self root's. */
	ASSERT_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
	map = open("/proc/self/uid_map", O_WRONLY);
	ASSERT_TRUE(dprintf(map, "0 %u 1\n", OTHER) > 0);
	close(map);
	/* Whoever is root here is nobody outside. */
	session = st_open();
	EXPECT_EQ(geteuid(), 0U);
	EXPECT_EQ(sd_query(session, context, NULL), -ENOENT);
	EXPECT_EQ(sd_join(session, context, SD_READ, &fd), -ENOENT);
	EXPECT_EQ(sd_delete(session, context, 0), -ENOENT);
	EXPECT_FALSE(sd_listed(session, context));
	EXPECT_EQ(sd_info(session).uid, 0U);
	EXPECT_FALSE(in_proc("domains", context));
	/* Names are another set here. */
	fd = sd_must_create(session, context, 0700, SINGLET_DOMAIN_EPHEMERAL);
	EXPECT_EQ(st_stats(fd).objects, 0ULL);
	EXPECT_EQ(sd_set(fd, NULL, (struct singlet_domain_set){
			.flags = SINGLET_SET_UID, .uid = 1 }), -EINVAL);
	close(fd);
}

TEST_F(parties, user_namespaces)
{
	st_must_str(self->fd, "outside");
	ASSERT_EQ(set_mode(self->fd, NULL, 0777), 0);
	sd_as(OTHER, NOBODYS, 0, in_new_namespace, (void *)self->name);
	EXPECT_EQ(sd_info(self->fd).sessions, 1ULL);
}
