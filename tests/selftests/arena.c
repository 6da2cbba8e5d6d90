// SPDX-License-Identifier: GPL-2.0
/* Mapped slabs: what is read there, and what becomes of it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "arena_test.h"
#include "domain_test.h"

/* An object with @len bytes that are a function of @seed. */
static __u64 intern_seed(int fd, size_t len, __u64 seed)
{
	char *data = malloc(len);
	__u64 id;

	ASSERT_TRUE(data);
	st_fill(data, len, seed);
	id = st_must_intern(fd, SINGLET_TYPE_BYTES, data, len);
	free(data);
	return id;
}

/* The mapping, SINGLET_READ and the function agree about the object. */
static void expect_seed(int fd, const struct arena_map *map, __u64 id,
			size_t len, __u64 seed)
{
	const char *at = arena_find(map, id);
	char *data = malloc(len);

	ASSERT_TRUE(data);
	st_fill(data, len, seed);
	EXPECT_TRUE(st_has_value(fd, id, data, len));
	EXPECT_TRUE(at);
	if (at)
		EXPECT_TRUE(!memcmp(at, data, len));
	free(data);
}

static const size_t sizes[] = {
	1, 7, 8, 9, 26, 63, 64, 65, 100, 127, 128, 500, 511, 512, 700, 1000,
	1024, 2047, 3000, 4095, 4096, 4097, 5000, 8191, 8192, 10000, 20000,
	32767, 32768, 32769, 65536, 65537, 100000, 1 << 20, (1 << 20) + 1,
	3 << 20, 8 << 20, 16 << 20,
};

/* Made before the arena is there, and after. */
TEST_TIMEOUT(sizes, 300)
{
	__u64 ids[ST_ARRAY_SIZE(sizes)][2];
	int fd = st_open_fresh();
	struct arena_map map;

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(sizes); i++)
		ids[i][0] = intern_seed(fd, sizes[i], 2 * i);
	map = arena_map(fd);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(sizes); i++) {
		ids[i][1] = sizes[i] == 1 ? ids[i][0] :
					    intern_seed(fd, sizes[i], 2 * i + 1);
		expect_seed(fd, &map, ids[i][0], sizes[i], 2 * i);
		if (sizes[i] != 1)
			expect_seed(fd, &map, ids[i][1], sizes[i], 2 * i + 1);
	}
	arena_unmap(&map);
	/* Everything is found again. */
	map = arena_map(fd);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(sizes); i++)
		expect_seed(fd, &map, ids[i][0], sizes[i], 2 * i);
}

/* What follows a value in its slot is zero. */
TEST(tails)
{
	int fd = st_open_fresh();
	struct arena_map map = arena_map(fd);
	static const char zeros[8192];

	for (size_t len = 1; len < 9000; len += 1 + len / 7) {
		__u64 id = intern_seed(fd, len, len);
		const char *at = arena_find(&map, id);
		__u64 entry = map.slabs[1 + SINGLET_ID_INDEX(id)];
		size_t slot = SINGLET_SLAB_SIZE(entry);

		ASSERT_TRUE(at);
		EXPECT_GE(slot, len);
		EXPECT_LT(SINGLET_ID_SLOT(id), SINGLET_SLAB_SLOTS(entry));
		EXPECT_TRUE(!memcmp(at + len, zeros, slot - len));
	}
}

/* Of a domain with some slabs, the directory says where each is. */
TEST(directory)
{
	enum { NR = 3000 };
	static __u64 ids[NR];
	int fd = st_open_fresh();
	struct arena_map map = arena_map(fd);
	__u64 reach = map.slabs[0], known = 0;

	EXPECT_GT(reach, 0ULL);
	for (unsigned int i = 0; i < NR; i++)
		ids[i] = intern_seed(fd, 3000, i);
	EXPECT_GT(map.slabs[0], reach);	/* more slabs than a page has entries */
	for (unsigned int i = 0; i < NR; i++) {
		expect_seed(fd, &map, ids[i], 3000, i);
		known |= map.slabs[1 + SINGLET_ID_INDEX(ids[i])];
	}
	EXPECT_EQ(known >> 63, 0ULL);	/* no address of the kernel's */
	EXPECT_TRUE(arena_readable(&map.slabs[map.slabs[0]]));
	EXPECT_FALSE(arena_readable(&map.slabs[map.slabs[0] + 1]));
	/* An id of nothing is found nowhere. */
	EXPECT_TRUE(!arena_find(&map, 1ULL << 32 | 0x7fffffff));
	EXPECT_TRUE(!arena_find(&map, 0x1ff));
}

/* Lowest first: runs that were freed are used again before others. */
TEST(dense)
{
	enum { NR = 600 };
	static __u64 ids[NR];
	int fd = st_open_fresh();
	struct arena_map map = arena_map(fd);
	__u64 most = 0;

	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < NR; i++) {
			const char *at;

			ids[i] = intern_seed(fd, 4000, round * NR + i);
			at = arena_find(&map, ids[i]);
			ASSERT_TRUE(at);
			if ((__u64)(at - map.arena) > most)
				most = at - map.arena;
			EXPECT_TRUE(arena_readable(at));
		}
		for (unsigned int i = 0; i < NR; i++)
			ASSERT_EQ(st_release(fd, ids[i], 1), 0);
		st_collect(fd);
	}
	EXPECT_LT(most, (NR + 64) * (__u64)st_page_size());
}

/* The machine's immortals are not mapped. */
TEST(world)
{
	int fd = st_open_fresh();
	struct arena_map map = arena_map(fd);

	EXPECT_TRUE(!arena_find(&map, st_must_int(fd, 7)));
	EXPECT_TRUE(st_must_int(fd, 7) & SINGLET_ID_WORLD);
	EXPECT_TRUE(arena_find(&map, st_must_int(fd, 70000)));
}

/* A freed slab is gone from every mapping, whoever mapped it and how often. */
TEST(freed)
{
	static const size_t lens[] = { 20, 600, 5000, 100000, 3 << 20 };
	int fd = st_open_fresh(), other = st_open();
	struct arena_map map = arena_map(fd), again = arena_map(fd),
			 another = arena_map(other);
	const char *at[ST_ARRAY_SIZE(lens)];
	__u64 id;

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(lens); i++) {
		id = intern_seed(fd, lens[i], i);
		at[i] = arena_find(&map, id);
		ASSERT_TRUE(at[i]);
		expect_seed(fd, &map, id, lens[i], i);
		expect_seed(fd, &again, id, lens[i], i);
		expect_seed(other, &another, id, lens[i], i);
		ASSERT_EQ(st_release(fd, id, 1), 0);
	}
	EXPECT_EMPTY(fd);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(lens); i++) {
		EXPECT_FALSE(arena_readable(at[i]));
		EXPECT_FALSE(arena_readable(again.arena + (at[i] - map.arena)));
		EXPECT_FALSE(arena_readable(another.arena +
					    (at[i] - map.arena)));
	}
	for (unsigned int i = 1; i <= map.slabs[0]; i++)
		EXPECT_EQ(map.slabs[i], 0ULL);
}

/* The signal is SIGBUS. */
TEST(signal)
{
	int fd = st_open_fresh(), status;
	struct arena_map map = arena_map(fd);
	volatile const char *nothing = map.arena + (5ULL << 35) + 12345;
	pid_t child = fork();

	if (!child) {
		struct arena_map own = arena_map(fd);

		nothing = own.arena + (nothing - map.arena);
		signal(SIGBUS, SIG_DFL);
		_exit(*nothing & 1);
	}
	ASSERT_GT(child, 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

/* A child has no mapping of its parent's. */
TEST(fork)
{
	int fd = st_open_fresh();
	struct arena_map map = arena_map(fd);
	__u64 id = intern_seed(fd, 1000, 1);
	const char *at = arena_find(&map, id);
	pid_t child;

	ASSERT_TRUE(at && arena_readable(at));
	EXPECT_EQ(madvise((void *)map.slabs, st_page_size(), MADV_DOFORK), -1);
	child = st_fork();
	if (!child) {
		struct arena_map own;

		EXPECT_FALSE(arena_readable(at));
		EXPECT_FALSE(arena_readable(map.slabs));
		own = arena_map(fd);
		expect_seed(fd, &own, id, 1000, 1);
		_exit(harness_failures() != 0);
	}
	st_join(child);
	expect_seed(fd, &map, id, 1000, 1);
}

/* A mapping keeps the session, and what the session holds. */
TEST(closed)
{
	int fd = st_open_fresh(), other = st_open();
	struct arena_map map = arena_map(fd);
	__u64 id = intern_seed(fd, 50000, 1);
	const char *at = arena_find(&map, id);

	close(fd);
	st_collect(other);
	expect_seed(other, &map, id, 50000, 1);
	EXPECT_EQ(st_stats(other).references, 1ULL);
	arena_unmap(&map);
	ST_WAIT(other, references, 0, 10);
	EXPECT_EMPTY(other);
	EXPECT_TRUE(at);
}

/* Killed while it has everything mapped and touched. */
TEST(killed)
{
	int fd = st_open_fresh();
	__u64 id = intern_seed(fd, 5000, 1);

	for (unsigned int i = 0; i < 20; i++) {
		pid_t child = fork();
		int status;

		if (!child) {
			int own = st_open();
			struct arena_map map = arena_map(own);

			for (__u64 n = 0;; n++) {
				id = intern_seed(own, 100 + n % 9000, n);
				expect_seed(own, &map, id, 100 + n % 9000, n);
			}
		}
		ASSERT_GT(child, 0);
		st_sleep_us(20000);
		kill(child, SIGKILL);
		ASSERT_EQ(waitpid(child, &status, 0), child);
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	ST_WAIT(fd, references, 1, 10);
	ASSERT_EQ(st_release(fd, id, 1), 0);
	EXPECT_EMPTY(fd);
}

static __u64 domains_of(int fd)
{
	return sd_info(fd).owner_use[SINGLET_QUOTA_DOMAINS];
}

/* The domain is deleted, and goes when the mapping does. */
TEST(deleted)
{
	int fd = st_open_fresh(), session;
	const char *name = sd_name("mapped");
	struct arena_map map;
	__u64 id;

	session = sd_must_create(fd, name, 0700, 0);
	id = intern_seed(session, 3000, 1);
	map = arena_map(session);
	ASSERT_EQ(sd_delete(fd, name, SINGLET_DELETE_DEFERRED), 0);
	EXPECT_FALSE(sd_listed(fd, name));
	expect_seed(session, &map, id, 3000, 1);
	EXPECT_EQ(st_release(session, id, 1), 0);
	st_collect(session);
	EXPECT_TRUE(!arena_find(&map, id));
	close(session);
	EXPECT_TRUE(arena_readable(map.slabs));
	arena_unmap(&map);
	/* Its quota is back when it is gone. */
	for (unsigned int i = 0; i < 100 && domains_of(fd); i++)
		st_sleep_us(100000);
	EXPECT_EQ(domains_of(fd), 0ULL);
}

/* Two files of one domain, each through another inode of the same device. */
TEST(other_node)
{
	const char *node = sd_name("/tmp/singlet-node"), *at;
	struct arena_map map;
	char path[64];
	struct stat st;
	int fd, other;
	__u64 id;

	ASSERT_EQ(stat(SINGLET_DEVICE, &st), 0);
	if (geteuid() || mknod(node, S_IFCHR | 0666, st.st_rdev))
		harness_skip("no device node can be made");
	ASSERT_EQ(chmod(node, 0666), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", open(node, O_PATH));
	ASSERT_EQ(unlink(node), 0);
	fd = st_open_fresh();
	other = open(path, O_RDWR | O_CLOEXEC);
	if (other < 0)
		harness_skip("no device node can be opened there");
	map = arena_map(other);
	id = intern_seed(fd, 3000, 1);
	at = arena_find(&map, id);
	expect_seed(fd, &map, id, 3000, 1);
	ASSERT_EQ(st_release(fd, id, 1), 0);
	EXPECT_EMPTY(fd);
	EXPECT_FALSE(arena_readable(at));
}

/* Nothing of one user is in what another maps. */
TEST(users)
{
	static const char secret[] = "nobody else may read this, ever and ever";
	struct arena_map map;
	__u64 ids[64];
	int fd, other;

	if (geteuid())
		harness_skip("only root can become other users");
	fd = st_open();
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ids); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s %02u", secret, i);
		ids[i] = st_must_str(fd, text);
	}
	st_become(60007);
	other = st_open();
	map = arena_map(other);
	for (unsigned int i = 0; i < 100; i++)
		intern_seed(other, 48, i);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ids); i++) {
		const char *at = arena_find(&map, ids[i]);

		if (at && arena_readable(at))
			EXPECT_TRUE(memcmp(at, secret, sizeof(secret) - 1));
	}
	/* The slabs of one page, one after the other, as far as there are any. */
	for (size_t at = 0; arena_readable(map.arena + at);
	     at += st_page_size())
		EXPECT_TRUE(!memmem(map.arena + at, st_page_size(), secret,
				    sizeof(secret) - 1));
	close(fd);
}

/* ---- races ---- */

#define VALUE_MAX	6000

/* A value tells what it must be: a seed, its length, and a sum of both. */
struct checked {
	__u64 seed;
	__u32 len;
	__u32 sum;
};

static __u32 sum_of(const unsigned char *data, size_t len, __u64 seed)
{
	__u64 sum = seed * 0x9e3779b97f4a7c15ULL + len;

	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + data[i];
	return sum >> 16 ^ sum;
}

static size_t make_checked(unsigned char *data, __u64 seed)
{
	struct checked head = { .seed = seed };

	head.len = sizeof(head) + seed * 7919 % (VALUE_MAX - sizeof(head));
	st_fill(data + sizeof(head), head.len - sizeof(head), seed);
	head.sum = sum_of(data + sizeof(head), head.len - sizeof(head), seed);
	memcpy(data, &head, sizeof(head));
	return head.len;
}

/* Is what somebody has a reference on the value with that seed? */
static bool is_checked(const unsigned char *at, __u64 seed)
{
	struct checked head;

	memcpy(&head, at, sizeof(head));
	return head.seed == seed && head.len <= VALUE_MAX &&
	       head.sum == sum_of(at + sizeof(head), head.len - sizeof(head),
				  seed);
}

static struct {
	int fd;
	struct arena_map map;
	__u64 seen[64];			/* ids, of objects that may be gone */
	bool stop;
	unsigned long reads, created, peeks, signals;
} race;

static void *create_and_read(void *arg)
{
	__u64 state = (uintptr_t)arg;
	unsigned char *data = malloc(VALUE_MAX);

	while (!__atomic_load_n(&race.stop, __ATOMIC_RELAXED)) {
		__u64 seed = st_random(&state) % 3000, id;
		size_t len = make_checked(data, seed);
		const unsigned char *at;

		id = st_must_intern(race.fd, SINGLET_TYPE_BYTES, data, len);
		at = arena_find(&race.map, id);
		EXPECT_TRUE(at && is_checked(at, seed));
		__atomic_store_n(&race.seen[seed % ST_ARRAY_SIZE(race.seen)],
				 id, __ATOMIC_RELAXED);
		ASSERT_EQ(st_release(race.fd, id, 1), 0);
		__atomic_add_fetch(&race.created, 1, __ATOMIC_RELAXED);
	}
	free(data);
	return NULL;
}

static __thread sigjmp_buf on_bus;

static void bus(int signo __attribute__((unused)))
{
	siglongjmp(on_bus, 1);
}

/* Without a reference, so that pages go while they are touched. */
static void *peek(void *arg)
{
	__u64 state = (uintptr_t)arg;

	while (!__atomic_load_n(&race.stop, __ATOMIC_RELAXED)) {
		__u64 id = __atomic_load_n(&race.seen[st_random(&state) %
						      ST_ARRAY_SIZE(race.seen)],
					   __ATOMIC_RELAXED);
		volatile const char *at = arena_find(&race.map, id);

		if (!at)
			continue;
		if (sigsetjmp(on_bus, 1)) {
			__atomic_add_fetch(&race.signals, 1, __ATOMIC_RELAXED);
			continue;
		}
		(void)at[st_random(&state) % sizeof(struct checked)];
		__atomic_add_fetch(&race.peeks, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Reads a few that it keeps, while everything around them comes and goes. */
static void *keep_and_read(void *arg)
{
	unsigned char *data = malloc(VALUE_MAX);
	__u64 base = 1000000 + (uintptr_t)arg * 1000, ids[50];

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ids); i++) {
		size_t len = make_checked(data, base + i);

		ids[i] = st_must_intern(race.fd, SINGLET_TYPE_BYTES, data, len);
	}
	for (unsigned int n = 0;
	     !__atomic_load_n(&race.stop, __ATOMIC_RELAXED); n++) {
		unsigned int i = n % ST_ARRAY_SIZE(ids);

		EXPECT_TRUE(is_checked(arena_find(&race.map, ids[i]),
				       base + i));
		__atomic_add_fetch(&race.reads, 1, __ATOMIC_RELAXED);
		if (n % 1000 == 999)
			st_sleep_us(1000);
	}
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(ids); i++)
		ASSERT_EQ(st_release(race.fd, ids[i], 1), 0);
	free(data);
	return NULL;
}

static void *collect(void *unused)
{
	while (!__atomic_load_n(&race.stop, __ATOMIC_RELAXED)) {
		st_collect(race.fd);
		st_sleep_us(500);
	}
	return unused;
}

/* Mappings come and go meanwhile. */
static void *map_again(void *unused)
{
	while (!__atomic_load_n(&race.stop, __ATOMIC_RELAXED)) {
		struct arena_map map = arena_map(race.fd);

		for (unsigned int i = 0; i < 64; i++)
			arena_readable(map.arena + i * st_page_size());
		arena_unmap(&map);
	}
	return unused;
}

TEST_TIMEOUT(race, 300)
{
	static void *(*const run[])(void *) = {
		create_and_read, create_and_read, keep_and_read, peek, peek,
		collect, map_again,
	};
	pthread_t threads[ST_ARRAY_SIZE(run)];
	struct sigaction action = { .sa_handler = bus };

	race.fd = st_open_fresh();
	race.map = arena_map(race.fd);
	ASSERT_EQ(sigaction(SIGBUS, &action, NULL), 0);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(run); i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, run[i],
					 (void *)(uintptr_t)(i + 1)), 0);
	for (unsigned int i = 0; i < st_scale(60); i++)
		st_sleep_us(100000);
	__atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(run); i++)
		ASSERT_EQ(pthread_join(threads[i], NULL), 0);
	harness_note("%lu values, %lu reads, %lu peeks, %lu signals",
		     race.created, race.reads, race.peeks, race.signals);
	EXPECT_GT(race.created, 0UL);
	EXPECT_GT(race.reads, 0UL);
	EXPECT_GT(race.peeks, 0UL);
	EXPECT_EMPTY(race.fd);
	arena_unmap(&race.map);
}

/* The arena is made while slabs come and go: none is missing afterwards. */
static void *churn(void *arg)
{
	__u64 n = (uintptr_t)arg << 32;

	do {
		__u64 ids[16];

		for (unsigned int i = 0; i < ST_ARRAY_SIZE(ids); i++, n++)
			ids[i] = intern_seed(race.fd, 3000 + n % 7000, n);
		for (unsigned int i = 1; i < ST_ARRAY_SIZE(ids); i++)
			ASSERT_EQ(st_release(race.fd, ids[i], 1), 0);
		if (n % 64 == 0)
			st_collect(race.fd);
	} while (!__atomic_load_n(&race.stop, __ATOMIC_RELAXED));
	return NULL;
}

TEST_TIMEOUT(made_meanwhile, 300)
{
	int own = st_open_fresh();

	for (unsigned int round = 0; round < st_scale(8); round++) {
		struct singlet_list list;
		struct singlet_list_entry entries[256];
		struct arena_map map;
		pthread_t threads[2];
		unsigned int seen = 0;
		char name[16];

		race.stop = false;
		/* An arena is made once for each domain. */
		snprintf(name, sizeof(name), "made%u", round);
		race.fd = sd_must_create(own, sd_name(name), 0700,
					 SINGLET_DOMAIN_EPHEMERAL);
		for (uintptr_t i = 0; i < 2; i++)
			ASSERT_EQ(pthread_create(&threads[i], NULL, churn,
						 (void *)i), 0);
		st_sleep_us(50000 + round * 10000);
		map = arena_map(race.fd);
		st_sleep_us(20000);
		__atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
		for (unsigned int i = 0; i < 2; i++)
			ASSERT_EQ(pthread_join(threads[i], NULL), 0);
		list = (struct singlet_list){
			.size = sizeof(list),
			.entries = (uintptr_t)entries,
			.entry_size = sizeof(entries[0]),
		};
		do {
			list.count = ST_ARRAY_SIZE(entries);
			ASSERT_EQ(st_ioctl(race.fd, SINGLET_LIST, &list), 0);
			for (unsigned int i = 0; i < list.count; i++, seen++) {
				static char data[10000];
				__u32 copied, total;
				const char *at = arena_find(&map,
							    entries[i].id);

				ASSERT_TRUE(at);
				ASSERT_EQ(st_read(race.fd, entries[i].id, data,
						  sizeof(data), 0, &copied,
						  &total), 0);
				EXPECT_TRUE(!memcmp(at, data, total));
			}
		} while (list.cursor);
		EXPECT_GT(seen, 0U);
		arena_unmap(&map);
		close(race.fd);
	}
}
