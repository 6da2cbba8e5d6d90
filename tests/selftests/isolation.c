// SPDX-License-Identifier: GPL-2.0
/*
 * Users do not meet: no object, type, number or row of one user's domain can
 * be seen from another's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "singlet_test.h"

#define USER_A 60001
#define USER_B 60002

/*
 * Two other users and this one (root).  Their processes talk with this one
 * through sockets, so that each does its part when it is its turn.
 */
FIXTURE(users) {
	int fd;
};

SETUP(users)
{
	if (geteuid())
		harness_skip("only root can become other users");
	self->fd = st_open();
	/* Nothing that others left in root's domain is freed meanwhile. */
	st_collect(self->fd);
}

TEARDOWN(users)
{
	close(self->fd);
}

/* A process of @uid at one end of a socket; the parent gets 0 and the pid. */
static int start_user(uid_t uid, int *socket, pid_t *pid)
{
	int pair[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair),
		  0);
	*pid = st_fork();
	*socket = pair[*pid == 0];
	close(pair[*pid != 0]);
	if (*pid)
		return 0;
	st_become(uid);
	return 1;
}

static void tell(int socket, __u64 value)
{
	ASSERT_EQ(send(socket, &value, sizeof(value), MSG_NOSIGNAL),
		  (ssize_t)sizeof(value));
}

static __u64 hear(int socket)
{
	__u64 value;

	ASSERT_EQ(recv(socket, &value, sizeof(value), 0),
		  (ssize_t)sizeof(value));
	return value;
}

#define PRIVATE_VALUES 200

/* Interns values that only @uid knows and one that both have. */
static void intern_private(int fd, uid_t uid, __u64 *ids)
{
	char text[64];

	for (int i = 0; i < PRIVATE_VALUES; i++) {
		snprintf(text, sizeof(text), "private value %d of %u", i, uid);
		ids[i] = st_must_str(fd, text);
	}
	ids[PRIVATE_VALUES] = st_must_str(fd, "the same words");
}

static void look_around(int fd, uid_t mine, uid_t other, const __u64 *own,
			const __u64 *foreign)
{
	char text[64], expected[64];

	for (int i = 0; i <= PRIVATE_VALUES; i++) {
		struct singlet_query_item query;
		__u32 copied = 0;
		__u64 id;
		int error = st_query(fd, foreign[i], &query);

		/* The other's number may be one of mine: then it is mine. */
		EXPECT_TRUE(error == 0 || error == -ENOENT);
		EXPECT_EQ(st_acquire(fd, foreign[i], 1), error);
		EXPECT_EQ(st_read(fd, foreign[i], text, sizeof(text), 0,
				  &copied, NULL), error);
		if (!error) {
			bool is_own = false;

			for (int j = 0; j <= PRIVATE_VALUES; j++)
				is_own |= own[j] == foreign[i];
			EXPECT_TRUE(is_own);
			snprintf(expected, sizeof(expected), " of %u", other);
			text[copied < sizeof(text) ? copied : 63] = 0;
			EXPECT_TRUE(strstr(text, expected) == NULL);
			EXPECT_EQ(st_release(fd, foreign[i], 1), 0);
		}
		/* Its value cannot be found either. */
		if (i == PRIVATE_VALUES)
			continue;
		snprintf(text, sizeof(text), "private value %d of %u", i,
			 other);
		EXPECT_EQ(st_lookup(fd, SINGLET_TYPE_STR, text, strlen(text),
				    &id), -ENOENT);
		snprintf(text, sizeof(text), "private value %d of %u", i, mine);
		EXPECT_TRUE(st_has_value(fd, own[i], text, strlen(text)));
	}
}

/* What a user's process does; the parent passes the ids to the other one. */
static void user(int socket, uid_t uid, uid_t other)
{
	__u64 own[PRIVATE_VALUES + 1], foreign[PRIVATE_VALUES + 1], id;
	struct singlet_stats before, after;
	int fd = st_open();
	__u32 type;

	before = st_stats(fd);
	EXPECT_EQ(before.references, 0ULL);
	intern_private(fd, uid, own);
	EXPECT_EQ(st_type_create(fd, uid == USER_A ? "a's" : "b's",
				 SINGLET_KIND_VALUE, 0, 0, &type), 0);
	after = st_stats(fd);
	EXPECT_EQ(after.live, PRIVATE_VALUES + 1ULL);
	EXPECT_EQ(after.sessions, 1ULL);
	EXPECT_EQ(after.types, ST_PREDEFINED + 1);
	for (int i = 0; i <= PRIVATE_VALUES; i++)
		tell(socket, own[i]);
	for (int i = 0; i <= PRIVATE_VALUES; i++)
		foreign[i] = hear(socket);
	before = st_stats(fd);
	look_around(fd, uid, other, own, foreign);
	EXPECT_EQ(st_type_find(fd, uid == USER_A ? "b's" : "a's", NULL),
		  -ENOENT);
	after = st_stats(fd);
	EXPECT_SAME(&before, &after, "hits misses");
	tell(socket, st_must_int(fd, 42));
	(void)hear(socket);	/* until the other has looked, too */

	/* The other user has gone: nothing of mine changed by that. */
	after = st_stats(fd);
	EXPECT_EQ(after.live, PRIVATE_VALUES + 1ULL);
	EXPECT_EQ(st_lookup(fd, SINGLET_TYPE_STR, "the same words", 14, &id),
		  0);
	EXPECT_EQ(id, own[PRIVATE_VALUES]);
	EXPECT_EQ(st_type_delete(fd, type), 0);
	close(fd);
	_exit(0);
}

TEST_F(users, do_not_meet)
{
	__u64 a[PRIVATE_VALUES + 1], b[PRIVATE_VALUES + 1], constant;
	struct singlet_stats before = st_stats(self->fd), after;
	int socket_a, socket_b;
	pid_t pid_a, pid_b;
	__u64 id;

	if (start_user(USER_A, &socket_a, &pid_a))
		user(socket_a, USER_A, USER_B);
	if (start_user(USER_B, &socket_b, &pid_b))
		user(socket_b, USER_B, USER_A);
	for (int i = 0; i <= PRIVATE_VALUES; i++)
		a[i] = hear(socket_a);
	for (int i = 0; i <= PRIVATE_VALUES; i++)
		b[i] = hear(socket_b);
	/* Root is a user as any other here. */
	after = st_stats(self->fd);
	EXPECT_SAME(&before, &after, "");
	EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_STR,
			    "private value 0 of 60001", 24, &id), -ENOENT);
	for (int i = 0; i <= PRIVATE_VALUES; i++) {
		tell(socket_a, b[i]);
		tell(socket_b, a[i]);
	}
	/* Constants are the same objects for everyone. */
	constant = st_must_int(self->fd, 42);
	EXPECT_EQ(hear(socket_a), constant);
	EXPECT_EQ(hear(socket_b), constant);
	tell(socket_a, 0);
	st_join(pid_a);
	tell(socket_b, 0);
	st_join(pid_b);
	after = st_stats(self->fd);
	EXPECT_SAME(&before, &after, "hits misses");
}

/* The domain is the opener's, whoever uses the descriptor afterwards. */
TEST_F(users, descriptor_passed_on)
{
	struct singlet_stats before;
	int socket_a, socket_b, fd;
	pid_t pid_a, pid_b;
	__u64 id;

	if (start_user(USER_A, &socket_a, &pid_a)) {
		int mine = st_open();

		id = st_must_str(mine, "a's own");
		st_send_fd(socket_a, mine);
		tell(socket_a, id);
		EXPECT_EQ(hear(socket_a), 1ULL);
		/* What the other added to my session is in my domain. */
		EXPECT_EQ(st_stats(mine).live, 2ULL);
		EXPECT_EQ(st_lookup(mine, SINGLET_TYPE_STR, "by b", 4, &id), 0);
		_exit(0);
	}
	if (start_user(USER_B, &socket_b, &pid_b)) {
		int theirs = st_receive_fd(socket_b), mine = st_open();

		id = hear(socket_b);
		EXPECT_TRUE(st_has_value(theirs, id, "a's own", 7));
		EXPECT_EQ(st_lookup(mine, SINGLET_TYPE_STR, "a's own", 7, &id),
			  -ENOENT);
		EXPECT_EQ(st_stats(mine).live, 0ULL);
		EXPECT_EQ(st_stats(theirs).live, 1ULL);
		st_must_str(theirs, "by b");
		EXPECT_EQ(st_stats(mine).live, 0ULL);
		EXPECT_EQ(st_lookup(mine, SINGLET_TYPE_STR, "by b", 4, &id),
			  -ENOENT);
		_exit(0);
	}
	before = st_stats(self->fd);
	fd = st_receive_fd(socket_a);
	st_send_fd(socket_b, fd);
	id = hear(socket_a);
	tell(socket_b, id);
	st_join(pid_b);
	tell(socket_a, 1);
	st_join(pid_a);
	EXPECT_EQ(st_stats(self->fd).live, before.live);
	EXPECT_EQ(st_stats(fd).live, 2ULL);
	close(fd);
}

/* Rows of @path whose first column is neither a heading nor @own. */
static unsigned int foreign_rows(const char *path, const char *own)
{
	unsigned int foreign = 0;
	FILE *file = fopen(path, "r");
	char line[1000];

	if (!file)
		return 0;	/* cannot even be opened */
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\n")] = 0;
		if (line[0] != '#' && strcmp(line, "world") &&
		    strcmp(line, own))
			foreign++;
	}
	fclose(file);
	return foreign;
}

TEST_F(users, proc_shows_own_domain)
{
	static const char *const paths[] = { "/proc/singlet/types",
		"/proc/singlet/slabs", "/proc/singlet/sessions" };
	int socket_a, socket_b;
	pid_t pid_a, pid_b;

	st_must_str(self->fd, "root's");
	if (start_user(USER_A, &socket_a, &pid_a)) {
		st_must_str(st_open(), "a's");
		tell(socket_a, 0);
		(void)hear(socket_a);
		_exit(0);
	}
	(void)hear(socket_a);
	if (start_user(USER_B, &socket_b, &pid_b)) {
		for (unsigned int i = 0; i < ST_ARRAY_SIZE(paths); i++)
			EXPECT_EQ(foreign_rows(paths[i], "user:60002"), 0U);
		st_must_str(st_open(), "b's");
		for (unsigned int i = 0; i < ST_ARRAY_SIZE(paths); i++)
			EXPECT_EQ(foreign_rows(paths[i], "user:60002"), 0U);
		_exit(0);
	}
	st_join(pid_b);
	/* Root sees the others' rows: the check above can fail. */
	EXPECT_GE(foreign_rows("/proc/singlet/sessions", "user:0"), 1U);
	tell(socket_a, 0);
	st_join(pid_a);
}

/* The same user in another user namespace has another domain. */
TEST_F(users, namespaces)
{
	int socket, fd, map;
	__u64 id, constant;
	char value[] = "0 60001 1";
	pid_t pid;

	if (start_user(USER_A, &socket, &pid)) {
		fd = st_open();
		st_must_str(fd, "outside");
		constant = st_must_int(fd, 42);
		/* Changing the user has made /proc/self root's. */
		prctl(PR_SET_DUMPABLE, 1);
		if (unshare(CLONE_NEWUSER))
			harness_skip("no user namespaces: %s", strerror(errno));
		map = open("/proc/self/uid_map", O_WRONLY);
		if (map < 0 || write(map, value, strlen(value)) < 0)
			harness_skip("no mapping of users: %s",
				     strerror(errno));
		/* What was opened before stays where it was. */
		EXPECT_EQ(st_lookup(fd, SINGLET_TYPE_STR, "outside", 7, &id),
			  0);
		fd = open(SINGLET_DEVICE, O_RDWR);
		if (fd < 0)
			harness_skip("no access from a user namespace");
		EXPECT_EQ(st_stats(fd).live, 0ULL);
		EXPECT_EQ(st_stats(fd).sessions, 1ULL);
		EXPECT_EQ(st_lookup(fd, SINGLET_TYPE_STR, "outside", 7, &id),
			  -ENOENT);
		EXPECT_EQ(st_must_int(fd, 42), constant);
		_exit(0);
	}
	st_join(pid);
}

/* One user cannot see another by the numbers that are given out. */
TEST_F(users, numbers_tell_nothing)
{
	int socket;
	__u64 first[2], session[2];
	int others[7];
	__u64 seed = st_seed();
	pid_t pid;

	for (int i = 0; i < 2; i++) {
		/* A user that was not here before. */
		if (start_user(100000 + st_random(&seed) % 1000000000, &socket,
			       &pid)) {
			struct singlet_info info = { .size = sizeof(info) };
			struct singlet_stats stats;
			int fd = st_open();
			__u32 type;

			ASSERT_EQ(st_ioctl(fd, SINGLET_INFO, &info), 0);
			EXPECT_EQ(st_type_create(fd, "t", SINGLET_KIND_VALUE,
						 0, 0, &type), 0);
			stats = st_stats(fd);
			EXPECT_EQ(stats.sessions, 1ULL);
			EXPECT_EQ(stats.live, 0ULL);
			EXPECT_EQ(st_type_delete(fd, type), 0);
			tell(socket, type);
			tell(socket, info.session);
			_exit(0);
		}
		first[i] = hear(socket);
		session[i] = hear(socket);
		st_join(pid);
		/* Meanwhile somebody else opens sessions and makes types. */
		for (unsigned int j = 0; j < ST_ARRAY_SIZE(others); j++) {
			if (i)
				close(others[j]);
			others[j] = st_open();
		}
		for (int j = 0; j < 5; j++) {
			__u32 type;

			EXPECT_EQ(st_type_create(self->fd, "isolation",
						 SINGLET_KIND_VALUE, 0, 0,
						 &type), 0);
			EXPECT_EQ(st_type_delete(self->fd, type), 0);
		}
	}
	EXPECT_EQ(first[1], first[0]);
	EXPECT_EQ(session[1], session[0]);
}
