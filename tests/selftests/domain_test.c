// SPDX-License-Identifier: GPL-2.0
/* What the tests of domains share; see domain_test.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#include "domain_test.h"

/* ---- commands ---- */

static void expect_fd(int error, int fd)
{
	if (error)
		EXPECT_TRUE(fd == (int)ST_POISON32);
	else
		EXPECT_GE(fd, 0);
}

int sd_create(int session, const char *name, __u32 mode, __u32 flags, int *fd)
{
	struct singlet_domain_create create = {
		.size = sizeof(create),
		.flags = flags,
		.name = (uintptr_t)name,
		.name_len = strlen(name),
		.mode = mode,
		.fd = ST_POISON32,
	};
	int error = st_ioctl(session, SINGLET_DOMAIN_CREATE, &create);

	expect_fd(error, create.fd);
	*fd = error ? -1 : create.fd;
	return error;
}

int sd_join(int session, const char *name, __u32 access, int *fd)
{
	struct singlet_domain_join join = {
		.size = sizeof(join),
		.name = (uintptr_t)name,
		.name_len = strlen(name),
		.access = access,
		.fd = ST_POISON32,
	};
	int error = st_ioctl(session, SINGLET_DOMAIN_JOIN, &join);

	expect_fd(error, join.fd);
	*fd = error ? -1 : join.fd;
	return error;
}

int sd_delete(int session, const char *name, __u32 flags)
{
	struct singlet_domain_delete delete = {
		.size = sizeof(delete),
		.flags = flags,
		.name = (uintptr_t)name,
		.name_len = strlen(name),
	};

	return st_ioctl(session, SINGLET_DOMAIN_DELETE, &delete);
}

int sd_query(int session, const char *name, struct singlet_domain_info *info)
{
	struct singlet_domain_query query;
	int error;

	memset(&query, ST_POISON8, sizeof(query));
	query.size = sizeof(query);
	query.flags = 0;
	query.name = (uintptr_t)name;
	query.name_len = name ? strlen(name) : 0;
	query.reserved = 0;
	error = st_ioctl(session, SINGLET_DOMAIN_QUERY, &query);
	if (info)
		*info = query.info;
	return error;
}

int sd_set(int session, const char *name, struct singlet_domain_set set)
{
	set.size = sizeof(set);
	set.name = (uintptr_t)name;
	set.name_len = name ? strlen(name) : 0;
	return st_ioctl(session, SINGLET_DOMAIN_SET, &set);
}

int sd_set_limit(int session, const char *name, unsigned int quota, __u64 limit)
{
	struct singlet_domain_set set = { .flags = SINGLET_SET_LIMIT(quota) };

	set.limit[quota] = limit;
	return sd_set(session, name, set);
}

unsigned int sd_list(int session, unsigned int room,
		     struct singlet_domain_info *infos, unsigned int max)
{
	struct singlet_domain_list list = {
		.size = sizeof(list),
		.entry_size = sizeof(struct singlet_domain_info),
	};
	unsigned int n = 0;

	do {
		list.count = room < max - n ? room : max - n;
		ASSERT_GT(list.count, 0U);
		list.infos = (uintptr_t)(infos + n);
		ASSERT_EQ(st_ioctl(session, SINGLET_DOMAIN_LIST, &list), 0);
		ASSERT_LE(list.count, room);
		n += list.count;
	} while (list.cursor && n < max);
	return n;
}

bool sd_listed(int session, const char *name)
{
	static struct singlet_domain_info infos[1024];
	unsigned int n = sd_list(session, 64, infos, ST_ARRAY_SIZE(infos));
	bool found = false;

	while (n--)
		found |= !strcmp((char *)infos[n].name, name);
	return found;
}

static int pin(int session, unsigned long command, __u64 id, __u32 count)
{
	struct singlet_ref_item item = {
		.id = id,
		.count = count,
		.result = ST_POISON32,
	};
	int error = st_batch_done(session, command, &item, 1, sizeof(item),
				  NULL);

	return error ? error : -(int)item.result;
}

int sd_pin(int session, __u64 id, __u32 count)
{
	return pin(session, SINGLET_PIN, id, count);
}

int sd_unpin(int session, __u64 id, __u32 count)
{
	return pin(session, SINGLET_UNPIN, id, count);
}

int sd_leaks(int session, __u32 of, unsigned int room,
	     struct singlet_leak *leaks, unsigned int max)
{
	struct singlet_leaks list = {
		.size = sizeof(list),
		.entry_size = sizeof(struct singlet_leak),
		.session = of,
	};
	unsigned int n = 0;

	do {
		int error;

		list.count = room < max - n ? room : max - n;
		ASSERT_GT(list.count, 0U);
		list.entries = (uintptr_t)(leaks + n);
		error = st_ioctl(session, SINGLET_LEAKS, &list);
		if (error)
			return error;
		n += list.count;
	} while (list.cursor && n < max);
	return n;
}

int sd_must_create(int session, const char *name, __u32 mode, __u32 flags)
{
	int fd;

	ASSERT_EQ(sd_create(session, name, mode, flags, &fd), 0);
	return fd;
}

int sd_must_join(int session, const char *name, __u32 access)
{
	int fd;

	ASSERT_EQ(sd_join(session, name, access, &fd), 0);
	return fd;
}

struct singlet_domain_info sd_info(int session)
{
	struct singlet_domain_info info;

	ASSERT_EQ(sd_query(session, NULL, &info), 0);
	return info;
}

__u32 sd_session_number(int session)
{
	struct singlet_info info = { .size = sizeof(info) };

	ASSERT_EQ(st_ioctl(session, SINGLET_INFO, &info), 0);
	return info.session;
}

struct singlet_domain_info sd_info_at_rest(int session,
					   struct singlet_stats *stats)
{
	double end = st_now() + 10;

	for (;;) {
		struct singlet_domain_info info;
		struct singlet_stats after;

		*stats = st_stats(session);
		info = sd_info(session);
		after = st_stats(session);
		if ((!memcmp(stats, &after, sizeof(after)) &&
		     info.use[SINGLET_QUOTA_IDLE] == stats->bytes_idle &&
		     info.use[SINGLET_QUOTA_OBJECTS] == stats->objects) ||
		    st_now() > end)
			return info;
		st_sleep_us(2000);
	}
}

static bool unused(const struct singlet_domain_info *info)
{
	for (unsigned int i = 0; i < SINGLET_QUOTAS; i++)
		if (info->use[i] || info->owner_use[i])
			return false;
	return true;
}

void sd_expect_unused(const char *file, int line, int session)
{
	double end = st_now() + 10;
	struct singlet_domain_info info;

	/* What a trim has in hand is not for the collection to find. */
	for (;;) {
		st_collect(session);
		info = sd_info(session);
		if (unused(&info))
			return;
		if (st_now() > end)
			break;
		st_sleep_us(2000);
	}
	for (unsigned int i = 0; i < SINGLET_QUOTAS; i++)
		if (info.use[i] || info.owner_use[i])
			harness_fail(file, line,
				     "of quota %u the domain uses %llu, its owner %llu",
				     i, (unsigned long long)info.use[i],
				     (unsigned long long)info.owner_use[i]);
}

/* ---- users ---- */

void sd_be(uid_t uid, gid_t gid, gid_t extra)
{
	gid_t groups[2];
	struct stat node;

	if (geteuid())
		harness_skip("only root can become another user");
	ASSERT_EQ(stat(SINGLET_DEVICE, &node), 0);
	groups[0] = node.st_gid;
	groups[1] = extra;
	ASSERT_EQ(setgroups(extra ? 2 : 1, groups), 0);
	ASSERT_EQ(setresgid(gid, gid, gid), 0);
	ASSERT_EQ(setresuid(uid, uid, uid), 0);
}

void sd_as(uid_t uid, gid_t gid, gid_t extra, void (*run)(void *context),
	   void *context)
{
	pid_t child = st_fork();

	if (!child) {
		sd_be(uid, gid, extra);
		run(context);
		_exit(0);
	}
	st_join(child);
}

/* ---- everything else ---- */

const char *sd_name(const char *base)
{
	char *name;

	ASSERT_GT(asprintf(&name, "%.40s.%d", base, getpid()), 0);
	return name;
}

static FILE *open_parameter(const char *name, const char *mode)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/singlet/parameters/%s",
		 name);
	file = fopen(path, mode);
	if (!file && errno == EACCES)
		harness_skip("only root can change parameters");
	ASSERT_TRUE(file);
	return file;
}

__u64 sd_parameter(const char *name)
{
	FILE *file = open_parameter(name, "r");
	unsigned long long value;

	ASSERT_EQ(fscanf(file, "%llu", &value), 1);
	fclose(file);
	return value;
}

void sd_set_parameter(const char *name, __u64 value)
{
	FILE *file = open_parameter(name, "w");

	ASSERT_GT(fprintf(file, "%llu\n", (unsigned long long)value), 0);
	ASSERT_EQ(fclose(file), 0);
}

unsigned int sd_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	ASSERT_TRUE(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

#define AT_ONCE	256

/* One batch of sd_fill(); the zeroes are written once for each @len. */
static int fill(int session, __u32 from, __u32 count, size_t len, __u64 *ids)
{
	static struct singlet_intern_item items[AT_ONCE];
	static size_t data_len;
	static char *data;
	int error = 0;

	if (len != data_len) {
		free(data);
		data = calloc(AT_ONCE, len);
		data_len = len;
		ASSERT_TRUE(data);
	}
	for (__u32 i = 0; i < count; i++) {
		char *value = data + i * len;

		memcpy(value, &(__u32){ from + i }, sizeof(from));
		items[i].data = (uintptr_t)value;
		items[i].len = len;
		items[i].type = SINGLET_TYPE_BYTES;
	}
	ST_BATCH(session, SINGLET_INTERN, items, count);
	for (__u32 i = 0; i < count; i++) {
		if (ids)
			ids[i] = items[i].result ? 0 : items[i].id;
		if (!error)
			error = -(int)items[i].result;
	}
	return error;
}

int sd_fill(int session, __u32 from, __u32 count, size_t len, __u64 *ids)
{
	int error = 0;

	ASSERT_GE(len, sizeof(from));
	for (__u32 i = 0; i < count; i += AT_ONCE) {
		__u32 n = count - i < AT_ONCE ? count - i : AT_ONCE;
		int got = fill(session, from + i, n, len, ids ? ids + i : NULL);

		if (!error)
			error = got;
	}
	return error;
}

void sd_release_all(int session, const __u64 *ids, __u32 count)
{
	struct singlet_ref_item items[AT_ONCE];

	for (__u32 i = 0; i < count;) {
		__u32 n = 0;

		for (; i < count && n < AT_ONCE; i++)
			if (ids[i])
				items[n++] = (struct singlet_ref_item){
					.id = ids[i],
					.count = 1,
				};
		if (n)
			ST_BATCH(session, SINGLET_RELEASE, items, n);
		while (n--)
			EXPECT_EQ(items[n].result, 0U);
	}
}

__u64 sd_number_in(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	unsigned long long value = 0;
	char line[256];

	ASSERT_TRUE(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) &&
		    strspn(line + strlen(key), " :\t"))
			value = strtoull(line + strlen(key) +
					 strspn(line + strlen(key), " :\t"),
					 NULL, 10);
	fclose(file);
	return value;
}

/* ---- the kernel's memory ---- */

static void put_in(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* A kernel may be unable to; what comes of it is measured. */
	if (write(fd, text, strlen(text)) < 0)
		harness_note("%s: %s", path, strerror(errno));
	close(fd);
}

/*
 * The shrinkers hurry up kvfree_rcu(), which takes seconds otherwise.
 * Shrinking a cache takes its objects out of KASAN's quarantine, and frees its
 * slabs without objects.
 */
void sd_flush_freed(void)
{
	DIR *caches = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[300];

	put_in("/proc/sys/vm/drop_caches", "3");
	while (caches && (entry = readdir(caches))) {
		/* A symbolic link is another name of a cache. */
		if (entry->d_type == DT_LNK || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		put_in(path, "1");
	}
	if (caches)
		closedir(caches);
}

/* As much as the kernel itself may take or free between two looks. */
#define NOISE	16384

__u64 sd_memory(__u64 (*bytes)(const void *context), const void *context)
{
	double end = st_now() + 60;
	__u64 last = 0, now;

	sd_flush_freed();
	now = bytes(context);
	do {
		st_sleep_us(100000);
		last = now;
		sd_flush_freed();
		now = bytes(context);
	} while ((now + NOISE < last || last + NOISE < now) && st_now() < end);
	return now;
}
