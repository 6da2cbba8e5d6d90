// SPDX-License-Identifier: GPL-2.0
/*
 * Memory cgroups: idle objects give way inside one, and everything is charged
 * to who made it.  SINGLET_RUNS is how often the limit is run into.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mntent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "arena_test.h"
#include "domain_test.h"

#define MIB		(1U << 20)
#define LIMIT		(32 * MIB)
#define OFFERED		(256 * MIB)

static char root[256];		/* where cgroup v2 is mounted */

/* ---- cgroups ---- */

static bool find_mount(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *entry;

	ASSERT_TRUE(mounts);
	while ((entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_type, "cgroup2"))
			snprintf(root, sizeof(root), "%s", entry->mnt_dir);
	endmntent(mounts);
	return root[0];
}

static int put_in(const char *directory, const char *file, const char *text)
{
	char path[512];
	int fd, error = 0;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

static __u64 number_in(const char *directory, const char *file, const char *key)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	return sd_number_in(path, key);
}

static void find_root(void)
{
	if (geteuid())
		harness_skip("only root can make cgroups");
	if (!find_mount()) {
		snprintf(root, sizeof(root), "/tmp/cgroup.XXXXXX");
		if (!mkdtemp(root) ||
		    mount("cgroup2", root, "cgroup2", 0, NULL))
			harness_skip("no cgroup v2: %s", strerror(errno));
	}
	if (put_in(root, "cgroup.subtree_control", "+memory"))
		harness_skip("no memory controller in cgroup v2");
}

/* A cgroup; its path is never freed.  @limit in bytes, 0: none. */
static const char *make_cgroup(const char *name, __u64 limit)
{
	char *path, text[32];

	ASSERT_GT(asprintf(&path, "%s/singlet-%s.%d", root, name, getpid()), 0);
	ASSERT_EQ(mkdir(path, 0755), 0);
	if (limit) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)limit);
		ASSERT_EQ(put_in(path, "memory.max", text), 0);
	}
	put_in(path, "memory.swap.max", "0");
	return path;
}

static void remove_cgroup(const char *path)
{
	double end = st_now() + 10;
	int error;

	/* A process that has ended may be in it for a moment. */
	while ((error = rmdir(path)) && errno == EBUSY && st_now() < end)
		st_sleep_us(10000);
	EXPECT_EQ(error, 0);
}

static void enter(const char *path)
{
	ASSERT_EQ(put_in(path, "cgroup.procs", "0"), 0);
}

/* A process of @uid in a cgroup; true in that process. */
static bool start_in(const char *path, uid_t uid, int *socket, pid_t *pid)
{
	int pair[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*pid = st_fork();
	*socket = pair[*pid == 0];
	close(pair[*pid != 0]);
	if (*pid)
		return false;
	enter(path);
	sd_be(uid, 1, 0);
	return true;
}

static void tell(int socket)
{
	ASSERT_EQ(write(socket, "", 1), (ssize_t)1);
}

static void hear(int socket)
{
	char byte;

	ASSERT_EQ(read(socket, &byte, 1), (ssize_t)1);
}

FIXTURE(cgroups) {
	uid_t uid;		/* whose domain it is all about */
};

SETUP(cgroups)
{
	find_root();
	self->uid = 2000000 + getpid();
}

static void nothing_left(void *context)
{
	int fd = st_open();

	(void)context;
	EXPECT_EMPTY(fd);
	EXPECT_EQ(sd_info(fd).owner_use[SINGLET_QUOTA_BYTES], 0ULL);
}

TEARDOWN(cgroups)
{
	sd_as(self->uid, 1, 0, nothing_left, NULL);
}

/* ---- the limit ---- */

/* Every value is read in place. */
static void read_mapped(const struct arena_map *map, const __u64 *ids, __u32 n)
{
	for (__u32 i = 0; i < n; i++) {
		volatile const char *at = arena_find(map, ids[i]);

		ASSERT_TRUE(at);
		(void)*at;
	}
}

/*
 * Values of @len bytes, @total altogether, each idle soon after; read in between
 * if they are mapped.
 */
static void offer(int fd, const struct arena_map *map, __u32 *from, size_t len,
		  __u64 total)
{
	__u64 ids[256];
	__u32 n = len < 4096 ? 256 : 32;

	for (__u64 done = 0; done < total; done += n * len) {
		ASSERT_EQ(sd_fill(fd, *from, n, len, ids), 0);
		if (map)
			read_mapped(map, ids, n);
		sd_release_all(fd, ids, n);
		*from += n;
	}
}

static void run_into_limit(unsigned int run, bool mapped)
{
	static const size_t lens[] = { 100, 4000, 600, 30000 };
	__u64 total = st_scale(OFFERED);
	struct singlet_stats stats;
	__u32 from = 0;
	int fd = st_open();
	struct arena_map map;

	if (mapped)
		map = arena_map(fd);
	/* One size a run, or all of them. */
	for (unsigned int i = 0; i < 4; i++) {
		if (run % 3 == 0)
			offer(fd, mapped ? &map : NULL, &from, lens[i], total / 4);
		else if (run % 3 == 1 && i == 1)
			offer(fd, mapped ? &map : NULL, &from, lens[i], total);
		else if (run % 3 == 2 && i == 2)
			offer(fd, mapped ? &map : NULL, &from, lens[i], total);
	}
	stats = st_stats(fd);
	EXPECT_SOUND(&stats);
	EXPECT_GT(stats.evictions, 0ULL);
	EXPECT_EQ(stats.failures, 0ULL);
	EXPECT_LE(stats.bytes_stored, (__u64)LIMIT);
	/* Some of what was offered last is there still. */
	EXPECT_GT(stats.idle, 0ULL);
	harness_note("%llu of %llu evicted, %llu KiB stored", stats.evictions,
		     stats.creates, stats.bytes_stored / 1024);
}

static void give_way(uid_t uid, bool mapped)
{
	const char *text = getenv("SINGLET_RUNS");
	unsigned int runs = text ? atoi(text) : 3;

	for (unsigned int i = 0; i < runs; i++) {
		const char *path = make_cgroup("limit", LIMIT);
		double start = st_now();
		int socket;
		pid_t pid;

		if (start_in(path, uid, &socket, &pid)) {
			run_into_limit(i, mapped);
			_exit(0);
		}
		st_join(pid);
		close(socket);
		EXPECT_EQ(number_in(path, "memory.events", "oom"), 0ULL);
		EXPECT_EQ(number_in(path, "memory.events", "oom_kill"), 0ULL);
		EXPECT_GT(number_in(path, "memory.events", "max"), 0ULL);
		remove_cgroup(path);
		sd_as(uid, 1, 0, nothing_left, NULL);
		harness_note("run %u: %.2f s", i, st_now() - start);
		if (harness_failures())
			return;
	}
}

TEST_F_TIMEOUT(cgroups, idle_gives_way, 3600)
{
	give_way(self->uid, false);
}

/* Also if all of it is mapped and has been read there. */
TEST_F_TIMEOUT(cgroups, mapped_gives_way, 3600)
{
	give_way(self->uid, true);
}

/* What is idle in another cgroup does not give way to this one's limit. */
TEST_F(cgroups, only_its_own_gives_way)
{
	const char *small = make_cgroup("small", LIMIT);
	const char *other = make_cgroup("other", 0);
	int theirs, mine;
	pid_t victim, hog;

	if (start_in(other, self->uid, &theirs, &victim)) {
		int fd = st_open();
		__u64 ids[1000];

		ASSERT_EQ(sd_fill(fd, 0, 1000, 200, ids), 0);
		sd_release_all(fd, ids, 1000);
		tell(theirs);
		hear(theirs);
		/* All that is idle here is still there. */
		for (int i = 0; i < 1000; i++)
			EXPECT_EQ(st_acquire(fd, ids[i], 1), 0);
		_exit(0);
	}
	hear(theirs);
	if (start_in(small, self->uid, &mine, &hog)) {
		__u32 from = 1000;
		int fd = st_open();

		offer(fd, NULL, &from, 4000, st_scale(OFFERED) / 2);
		EXPECT_GT(st_stats(fd).evictions, 0ULL);
		_exit(0);
	}
	st_join(hog);
	tell(theirs);
	st_join(victim);
	EXPECT_EQ(number_in(small, "memory.events", "oom_kill"), 0ULL);
	remove_cgroup(small);
	remove_cgroup(other);
}

/* ---- charging ---- */

#define HELD	400000U

/*
 * A cgroup's numbers are brought up to date when they are read only if enough
 * has changed there: 64 pages for each CPU, at most.  So that much changes.
 */
static void stir(const char *path)
{
	size_t size = 4 * 64 * sysconf(_SC_NPROCESSORS_ONLN) * st_page_size();
	pid_t child = st_fork();

	if (!child) {
		enter(path);
		ASSERT_TRUE(mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
				 -1, 0) != MAP_FAILED);
		_exit(0);
	}
	st_join(child);
}

static __u64 kernel_bytes(const char *path)
{
	stir(path);
	/* Without page cache; slabs, pages and per-CPU memory. */
	return number_in(path, "memory.stat", "kernel");
}

static void hold_by_id(int fd, __u64 *ids)
{
	static struct singlet_ref_item items[SINGLET_MAX_BATCH];

	for (__u32 i = 0; i < HELD;) {
		__u32 n;

		for (n = 0; n < SINGLET_MAX_BATCH && i < HELD; n++, i++)
			items[n] = (struct singlet_ref_item){ ids[i], 1, 0 };
		ST_BATCH(fd, SINGLET_ACQUIRE, items, n);
		while (n--)
			EXPECT_EQ(items[n].result, 0U);
	}
}

struct charges {
	__u64 maker, holder;
};

struct cgroups {
	const char *maker, *holder;
	struct charges *charges;
};

static __u64 look(const void *context)
{
	const struct cgroups *g = context;

	g->charges->maker = kernel_bytes(g->maker);
	g->charges->holder = kernel_bytes(g->holder);
	return g->charges->maker + g->charges->holder;
}

static struct charges charges(const char *maker, const char *holder)
{
	struct charges c;

	sd_memory(look, &(struct cgroups){ maker, holder, &c });
	return c;
}

static void check_charges(struct charges c[4])
{
	__u64 made = c[1].maker - c[0].maker;
	__u64 recorded = c[2].holder - c[1].holder;

	harness_note("made: %llu KiB to the maker; held: %lld KiB to the holder, %lld to the maker",
		     made / 1024, (long long)recorded / 1024,
		     (long long)(c[2].maker - c[1].maker) / 1024);
	/* 400,000 slots of 48 bytes, a record and a reference for each. */
	EXPECT_GE(made, HELD * 48ULL);
	EXPECT_LE(made, HELD * 48ULL * 2);
	EXPECT_LE(c[1].holder - c[0].holder + 65536, 2 * 65536ULL);
	/* A byte for each reference, and what goes with it. */
	EXPECT_GE(recorded, HELD * 3 / 4ULL);
	EXPECT_LE(recorded, HELD * 6ULL);
	EXPECT_LE(c[2].maker - c[1].maker + 65536, 2 * 65536ULL);
	/* The holder has let go. */
	EXPECT_LE(c[3].holder, c[1].holder + HELD / 2);
}

TEST_F(cgroups, charged_to_who_makes_and_who_holds)
{
	const char *maker = make_cgroup("maker", 0);
	const char *holder = make_cgroup("holder", 0);
	size_t size = HELD * sizeof(__u64);
	__u64 *ids = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct charges c[4];
	int to_maker, to_holder;
	pid_t making, holding;

	ASSERT_TRUE(ids != MAP_FAILED);
	memset(ids, 0, size);
	if (start_in(maker, self->uid, &to_maker, &making)) {
		int fd = st_open();

		tell(to_maker);
		hear(to_maker);
		ASSERT_EQ(sd_fill(fd, 0, HELD, 48, ids), 0);
		tell(to_maker);
		hear(to_maker);
		_exit(0);
	}
	hear(to_maker);
	if (start_in(holder, self->uid, &to_holder, &holding)) {
		int fd = st_open();

		tell(to_holder);
		hear(to_holder);
		hold_by_id(fd, ids);
		tell(to_holder);
		hear(to_holder);
		close(fd);
		tell(to_holder);
		hear(to_holder);
		_exit(0);
	}
	hear(to_holder);
	c[0] = charges(maker, holder);
	tell(to_maker);
	hear(to_maker);
	c[1] = charges(maker, holder);
	tell(to_holder);
	hear(to_holder);
	c[2] = charges(maker, holder);
	tell(to_holder);
	hear(to_holder);
	c[3] = charges(maker, holder);
	check_charges(c);
	tell(to_holder);
	st_join(holding);
	tell(to_maker);
	st_join(making);
	remove_cgroup(holder);
	remove_cgroup(maker);
}

/* ---- a cgroup that goes ---- */

static __u64 wait_for_dying(__u64 most)
{
	double end = st_now() + 20;
	__u64 dying;

	do {
		sync();
		sd_flush_freed();
		dying = number_in(root, "cgroup.stat", "nr_dying_descendants");
		if (dying > most)
			st_sleep_us(200000);
	} while (dying > most && st_now() < end);
	return dying;
}

static void outlive(uid_t uid, int socket)
{
	__u64 ids[2000];
	int fd;

	sd_be(uid, 1, 0);
	fd = st_open();
	tell(socket);
	hear(socket);
	/* The maker has made them, and is about to go. */
	ASSERT_EQ(sd_fill(fd, 0, 2000, 1000, ids), 0);
	EXPECT_EQ(st_stats(fd).creates, 2000ULL);
	tell(socket);
	hear(socket);
	/* The maker has gone, and its cgroup too. */
	for (__u32 i = 0; i < 2000; i++) {
		char value[1000] = {};

		memcpy(value, &i, sizeof(i));
		EXPECT_TRUE(st_has_value(fd, ids[i], value, sizeof(value)));
	}
	sd_release_all(fd, ids, 1000);
	EXPECT_EQ(st_collect(fd).objects, 1000ULL);
	sd_release_all(fd, ids + 1000, 1000);
	EXPECT_EMPTY(fd);
	tell(socket);
	hear(socket);
	_exit(0);
}

TEST_F(cgroups, objects_outlive_their_cgroup)
{
	const char *path = make_cgroup("gone", 0);
	__u64 before = wait_for_dying(0);
	pid_t maker, holder;
	int to_maker, pair[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	holder = st_fork();
	if (!holder)
		outlive(self->uid, pair[1]);
	hear(pair[0]);
	if (start_in(path, self->uid, &to_maker, &maker)) {
		ASSERT_EQ(sd_fill(st_open(), 0, 2000, 1000, NULL), 0);
		tell(to_maker);
		hear(to_maker);
		_exit(0);
	}
	hear(to_maker);
	tell(pair[0]);
	hear(pair[0]);
	tell(to_maker);
	st_join(maker);
	remove_cgroup(path);
	tell(pair[0]);
	hear(pair[0]);
	/* Nothing that was charged to it is left, so it goes as well. */
	EXPECT_LE(wait_for_dying(before), before);
	tell(pair[0]);
	st_join(holder);
}
