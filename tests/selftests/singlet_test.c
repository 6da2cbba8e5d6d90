// SPDX-License-Identifier: GPL-2.0
/* What the tests share; see singlet_test.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "singlet_test.h"

#define POISONED(structure, name)					\
	structure name;							\
	memset(&name, ST_POISON8, sizeof(name))

/* ---- sessions and domains ---- */

void st_become(uid_t uid)
{
	struct stat node;

	/* The node's group, so that it can be opened whatever the user. */
	if (stat(SINGLET_DEVICE, &node) == 0 && (node.st_mode & 0060) == 0060 &&
	    getegid() != node.st_gid &&
	    setresgid(node.st_gid, node.st_gid, node.st_gid) && errno != EPERM)
		harness_note("setresgid: %s", strerror(errno));
	if (setresuid(uid, uid, uid)) {
		if (errno == EPERM)
			harness_skip("only root can become another user");
		harness_fail(__FILE__, __LINE__, "setresuid(%u): %s", uid,
			     strerror(errno));
		harness_stop();
	}
}

void st_fresh_user(void)
{
	__u32 uid;

	if (getrandom(&uid, sizeof(uid), 0) != sizeof(uid))
		uid = (__u32)getpid() * 2654435761U;
	st_become(100000 + uid % 1000000000);
}

int st_open(void)
{
	int fd = open(SINGLET_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		harness_fail(__FILE__, __LINE__, SINGLET_DEVICE ": %s",
			     strerror(errno));
		harness_stop();
	}
	return fd;
}

int st_open_fresh(void)
{
	st_fresh_user();
	return st_open();
}

/* ---- commands ---- */

int st_ioctl(int fd, unsigned long command, const void *argument)
{
	return ioctl(fd, command, argument) < 0 ? -errno : 0;
}

int st_batch_done(int fd, unsigned long command, const void *items,
		  unsigned int count, size_t item_size, unsigned int *done)
{
	struct singlet_batch batch = {
		.size = sizeof(batch),
		.items = (uintptr_t)items,
		.count = count,
		.item_size = item_size,
		.done = ST_POISON32,
	};
	int error = st_ioctl(fd, command, &batch);

	if (done)
		*done = batch.done;
	return error;
}

void st_batch_all(int fd, unsigned long command, const void *items,
		  unsigned int count, size_t item_size)
{
	const char *item = items;

	while (count) {
		unsigned int n = count < SINGLET_MAX_BATCH ? count :
							     SINGLET_MAX_BATCH;
		unsigned int done;

		ASSERT_EQ(st_batch_done(fd, command, item, n, item_size, &done),
			  0);
		ASSERT_EQ(done, n);
		item += n * item_size;
		count -= n;
	}
}

static int single(int fd, unsigned long command, const void *item, size_t size,
		  const __u32 *result)
{
	unsigned int done;
	int error = st_batch_done(fd, command, item, 1, size, &done);

	if (error)
		return error;
	EXPECT_EQ(done, 1U);
	return -(int)*result;
}

static int find(int fd, unsigned long command, __u32 type, const void *data,
		size_t len, __u64 *id, __u32 *created)
{
	POISONED(struct singlet_intern_item, item);
	int error;

	item.data = (uintptr_t)data;
	item.len = len;
	item.type = type;
	error = single(fd, command, &item, sizeof(item), &item.result);
	if (error) {
		/* A failed item names no object. */
		EXPECT_TRUE(item.id == ST_POISON64 || item.id == 0);
		EXPECT_TRUE(item.created == ST_POISON32 || item.created == 0);
	} else {
		EXPECT_NE(item.id, ST_POISON64);
		EXPECT_NE(item.id, 0ULL);
		EXPECT_LE(item.created, 1U);
	}
	EXPECT_EQ(item.len, (__u32)len);
	EXPECT_EQ(item.type, type);
	EXPECT_EQ(item.data, (__u64)(uintptr_t)data);
	if (id)
		*id = item.id;
	if (created)
		*created = item.created;
	return error;
}

int st_intern(int fd, __u32 type, const void *data, size_t len, __u64 *id)
{
	return find(fd, SINGLET_INTERN, type, data, len, id, NULL);
}

int st_intern_created(int fd, __u32 type, const void *data, size_t len,
		      __u64 *id, __u32 *created)
{
	return find(fd, SINGLET_INTERN, type, data, len, id, created);
}

int st_lookup(int fd, __u32 type, const void *data, size_t len, __u64 *id)
{
	__u32 created;
	int error = find(fd, SINGLET_LOOKUP, type, data, len, id, &created);

	if (!error)
		EXPECT_EQ(created, 0U);
	return error;
}

static int reference(int fd, unsigned long command, __u64 id, __u32 count)
{
	POISONED(struct singlet_ref_item, item);

	item.id = id;
	item.count = count;
	return single(fd, command, &item, sizeof(item), &item.result);
}

int st_acquire(int fd, __u64 id, __u32 count)
{
	return reference(fd, SINGLET_ACQUIRE, id, count);
}

int st_release(int fd, __u64 id, __u32 count)
{
	return reference(fd, SINGLET_RELEASE, id, count);
}

int st_read(int fd, __u64 id, void *data, __u32 len, __u32 offset,
	    __u32 *copied, __u32 *total)
{
	POISONED(struct singlet_read_item, item);
	int error;

	item.id = id;
	item.data = (uintptr_t)data;
	item.len = len;
	item.offset = offset;
	error = single(fd, SINGLET_READ, &item, sizeof(item), &item.result);
	if (copied)
		*copied = item.len;
	if (total)
		*total = item.total;
	return error;
}

int st_query(int fd, __u64 id, struct singlet_query_item *item)
{
	memset(item, ST_POISON8, sizeof(*item));
	item->id = id;
	item->reserved = 0;
	return single(fd, SINGLET_QUERY, item, sizeof(*item), &item->result);
}

int st_alloc(int fd, __u32 type, __u32 len, __u64 *id)
{
	POISONED(struct singlet_alloc_item, item);
	int error;

	item.type = type;
	item.len = len;
	item.reserved = 0;
	error = single(fd, SINGLET_ALLOC, &item, sizeof(item), &item.result);
	if (error)
		EXPECT_TRUE(item.id == ST_POISON64 || item.id == 0);
	if (id)
		*id = item.id;
	return error;
}

int st_write(int fd, __u64 id, const void *data, __u32 len, __u32 offset)
{
	POISONED(struct singlet_write_item, item);

	item.id = id;
	item.data = (uintptr_t)data;
	item.len = len;
	item.offset = offset;
	item.reserved = 0;
	return single(fd, SINGLET_WRITE, &item, sizeof(item), &item.result);
}

int st_seal(int fd, __u64 id)
{
	POISONED(struct singlet_seal_item, item);

	item.id = id;
	item.reserved = 0;
	return single(fd, SINGLET_SEAL, &item, sizeof(item), &item.result);
}

int st_type_create(int fd, const char *name, __u32 kind, __u32 value_size,
		   __u32 value_max, __u32 *type)
{
	struct singlet_type_create create = {
		.size = sizeof(create),
		.name = (uintptr_t)name,
		.name_len = strlen(name),
		.kind = kind,
		.value_size = value_size,
		.value_max = value_max,
		.type = ST_POISON32,
	};
	int error = st_ioctl(fd, SINGLET_TYPE_CREATE, &create);

	if (error)
		EXPECT_TRUE(create.type == ST_POISON32 || create.type == 0);
	else
		EXPECT_NE(create.type, ST_POISON32);
	if (type)
		*type = create.type;
	return error;
}

int st_type_delete(int fd, __u32 type)
{
	struct singlet_type_delete delete = {
		.size = sizeof(delete),
		.type = type,
	};

	return st_ioctl(fd, SINGLET_TYPE_DELETE, &delete);
}

static int query_type(int fd, __u32 type, const char *name,
		      struct singlet_type_info *info)
{
	POISONED(struct singlet_type_query, query);
	int error;

	query.size = sizeof(query);
	query.flags = 0;
	query.name = (uintptr_t)name;
	query.name_len = name ? strlen(name) : 0;
	query.type = type;
	error = st_ioctl(fd, SINGLET_TYPE_QUERY, &query);
	if (info)
		*info = query.info;
	return error;
}

int st_type_query(int fd, __u32 type, struct singlet_type_info *info)
{
	return query_type(fd, type, NULL, info);
}

int st_type_find(int fd, const char *name, struct singlet_type_info *info)
{
	return query_type(fd, 0, name, info);
}

struct singlet_stats st_stats(int fd)
{
	POISONED(struct singlet_stats, stats);

	stats.size = sizeof(stats);
	stats.flags = 0;
	ASSERT_EQ(st_ioctl(fd, SINGLET_STATS, &stats), 0);
	return stats;
}

struct singlet_collect st_collect(int fd)
{
	POISONED(struct singlet_collect, collect);

	collect.size = sizeof(collect);
	collect.flags = 0;
	ASSERT_EQ(st_ioctl(fd, SINGLET_COLLECT, &collect), 0);
	return collect;
}

__u64 st_must_intern(int fd, __u32 type, const void *data, size_t len)
{
	__u64 id;

	ASSERT_EQ(st_intern(fd, type, data, len, &id), 0);
	return id;
}

__u64 st_must_str(int fd, const char *text)
{
	return st_must_intern(fd, SINGLET_TYPE_STR, text, strlen(text));
}

__u64 st_must_int(int fd, __s64 value)
{
	return st_must_intern(fd, SINGLET_TYPE_INT, &value, sizeof(value));
}

bool st_has_value(int fd, __u64 id, const void *data, size_t len)
{
	char *buffer = malloc(len + 1);
	__u32 copied, total;
	bool same;

	ASSERT_TRUE(buffer);
	memset(buffer, ST_POISON8, len + 1);
	same = st_read(fd, id, buffer, len + 1, 0, &copied, &total) == 0 &&
	       copied == len && total == len && !memcmp(buffer, data, len) &&
	       (unsigned char)buffer[len] == ST_POISON8;
	free(buffer);
	return same;
}

/* ---- statistics ---- */

const char *const st_stats_names[] = {
	"sessions",	"types",	"objects",	"live",
	"idle",		"immortal",	"references",	"hits",
	"misses",	"creates",	"reuses",	"revivals",
	"frees",	"evictions",	"released",	"failures",
	"collections",	"slabs",	"slots",	"slots_free",
	"slots_cached", "buckets",	"bytes_unique", "bytes_logical",
	"bytes_stored", "bytes_metadata", "bytes_saved", "world",
	"bytes_idle",	"pins",		"refusals",
};

const unsigned int st_stats_count = ST_ARRAY_SIZE(st_stats_names);

_Static_assert(sizeof(struct singlet_stats) ==
		       8 + 8 * ST_ARRAY_SIZE(st_stats_names),
	       "every number has a name");

__u64 st_stats_value(const struct singlet_stats *stats, unsigned int index)
{
	return (&stats->sessions)[index];
}

static bool listed(const char *name, const char *list)
{
	size_t len = strlen(name);

	for (; list && *list; list += strcspn(list, " ")) {
		list += strspn(list, " ");
		if (strcspn(list, " ") == len && !strncmp(list, name, len))
			return true;
	}
	return false;
}

void st_expect_same(const char *file, int line,
		    const struct singlet_stats *before,
		    const struct singlet_stats *after, const char *except)
{
	for (unsigned int i = 0; i < st_stats_count; i++) {
		__u64 old = st_stats_value(before, i);
		__u64 new = st_stats_value(after, i);

		if (old != new && !listed(st_stats_names[i], except))
			harness_fail(file, line, "%s changed from %lld to %lld",
				     st_stats_names[i], (long long)old,
				     (long long)new);
	}
}

void st_expect_sound(const char *file, int line, const struct singlet_stats *s)
{
#define SOUND(condition)						\
	do {								\
		if (!(condition))					\
			harness_fail(file, line, "not so: %s", #condition); \
	} while (0)

	SOUND(s->objects == s->live + s->idle + s->immortal);
	SOUND(s->slots == s->live + s->idle + s->slots_free);
	SOUND(s->slots_cached <= s->slots_free);
	SOUND(s->slabs <= s->slots);
	SOUND(s->creates - s->frees == s->live + s->idle);
	SOUND(s->reuses <= s->creates);
	SOUND(s->evictions <= s->frees);
	SOUND(!s->bytes_idle == !s->idle);
	SOUND(s->pins <= s->references);
	SOUND(s->bytes_saved ==
	      s->bytes_logical - s->bytes_stored - s->bytes_metadata);
	SOUND(s->bytes_stored >= s->slabs);
	SOUND(s->types >= SINGLET_TYPE_TUPLE);
#undef SOUND
}

void st_expect_empty(const char *file, int line, int fd)
{
	struct singlet_stats stats;

	st_collect(fd);
	stats = st_stats(fd);
	st_expect_sound(file, line, &stats);
#define EMPTY(member)							\
	do {								\
		if (stats.member)					\
			harness_fail(file, line, "%s left: %lld", #member, \
				     (long long)stats.member);		\
	} while (0)

	EMPTY(live);
	EMPTY(idle);
	EMPTY(references);
	EMPTY(slabs);
	EMPTY(slots);
	EMPTY(slots_free);
	EMPTY(slots_cached);
	EMPTY(bytes_stored);
#undef EMPTY
	if (stats.creates != stats.frees)
		harness_fail(file, line, "%llu created, %llu freed",
			     stats.creates, stats.frees);
}

__u64 st_wait_stat(int fd, size_t offset, __u64 value, unsigned int seconds)
{
	double end = st_now() + seconds;

	for (;;) {
		struct singlet_stats stats = st_stats(fd);
		__u64 now;

		memcpy(&now, (char *)&stats + offset, sizeof(now));
		if (now == value || st_now() > end)
			return now;
		st_sleep_us(1000);
	}
}

__u64 st_wait_references(int fd, __u64 references, unsigned int seconds)
{
	return ST_WAIT(fd, references, references, seconds);
}

/* ---- everything else ---- */

unsigned int st_scale(unsigned int number)
{
	const char *scale = getenv("SINGLET_SCALE");
	double scaled = number * (scale ? atof(scale) : 1);

	return scaled < 1 ? 1 : (unsigned int)scaled;
}

__u64 st_seed(void)
{
	const char *text = getenv("SINGLET_SEED");
	__u64 seed;

	if (text)
		seed = strtoull(text, NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = getpid();
	harness_note("SINGLET_SEED=%llu", (unsigned long long)seed);
	return seed;
}

/* splitmix64 */
__u64 st_random(__u64 *state)
{
	__u64 x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

void st_fill(void *data, size_t len, __u64 seed)
{
	char *byte = data;

	for (size_t i = 0; i < len; i += sizeof(__u64)) {
		__u64 word = st_random(&seed);

		memcpy(byte + i, &word,
		       len - i < sizeof(word) ? len - i : sizeof(word));
	}
}

void st_fill_text(void *data, size_t len, __u64 seed)
{
	unsigned char *byte = data;

	st_fill(data, len, seed);
	for (size_t i = 0; i < len; i++)
		byte[i] = 'a' + byte[i] % 26;
}

double st_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

void st_sleep_us(unsigned int microseconds)
{
	struct timespec time = {
		.tv_sec = microseconds / 1000000,
		.tv_nsec = microseconds % 1000000 * 1000,
	};

	nanosleep(&time, NULL);
}

void st_stay_on_one_cpu(void)
{
	cpu_set_t set;

	ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		break;
	}
	ASSERT_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
}

pid_t st_fork(void)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	ASSERT_GE(child, 0);
	return child;
}

void st_join(pid_t child)
{
	int status;

	ASSERT_EQ(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		_exit(77);
	EXPECT_EQ(status, 0);
}

void st_send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec vector = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	ASSERT_EQ(sendmsg(socket, &message, 0), 1);
}

int st_receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec vector = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	ASSERT_EQ(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1);
	ASSERT_TRUE(CMSG_FIRSTHDR(&message) != NULL);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

size_t st_page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

void *st_map_with_hole(unsigned int pages)
{
	size_t size = pages * st_page_size();
	char *map = mmap(NULL, size + st_page_size(), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(munmap(map + size, st_page_size()), 0);
	return map;
}
