// SPDX-License-Identifier: GPL-2.0
/* /proc/singlet: formats, numbers, who sees what, odd ways of reading. */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "singlet_test.h"

#define SIZE	(4U << 20)

static const char *const paths[] = {
	"/proc/singlet/stats",
	"/proc/singlet/types",
	"/proc/singlet/slabs",
	"/proc/singlet/sessions",
	"/proc/singlet/domains",
};

/* The columns of each table; more may follow them. */
static const char *const columns[] = {
	NULL,
	"domain type name kind size max objects bytes hits misses",
	"domain size slabs slots used free cached pages",
	"domain session pid references bytes_logical bytes_records",
	"domain serial owner group mode life sessions objects idle pins bytes_stored",
};

/* Reads @path from its start in pieces of @piece bytes. */
static char *slurp(const char *path, size_t piece)
{
	char *text = malloc(SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	ASSERT_TRUE(text);
	ASSERT_GE(fd, 0);
	while ((n = read(fd, text + length, piece)) > 0) {
		length += n;
		ASSERT_LE(length + piece, SIZE);
	}
	ASSERT_EQ(n, (ssize_t)0);
	close(fd);
	text[length] = 0;
	EXPECT_EQ(strlen(text), length);
	return text;
}

/* The next line of *@text without its end, or NULL. */
static char *next_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!*line)
		return NULL;
	if (!end) {
		EXPECT_TRUE(end != NULL);	/* a line that is not whole */
		*text = line + strlen(line);
		return line;
	}
	*end = 0;
	*text = end + 1;
	return line;
}

static bool is_number(const char *word, bool is_signed)
{
	if (is_signed && *word == '-')
		word++;
	if (!*word)
		return false;
	return strspn(word, "0123456789") == strlen(word);
}

/* Parses what stats says; every line must be there, in order, and whole. */
static struct singlet_stats parse_stats(char *text)
{
	struct singlet_stats stats = { .size = sizeof(stats) };

	for (unsigned int i = 0; i < st_stats_count; i++) {
		char *line = next_line(&text), *space;
		bool is_signed = !strcmp(st_stats_names[i], "bytes_saved");

		if (!line) {
			EXPECT_TRUE(line != NULL);
			break;
		}
		space = strchr(line, ' ');
		if (!space || !is_number(space + 1, is_signed)) {
			harness_fail(__FILE__, __LINE__, "bad line: %s", line);
			break;
		}
		*space = 0;
		if (strcmp(line, st_stats_names[i]))
			harness_fail(__FILE__, __LINE__, "%s instead of %s",
				     line, st_stats_names[i]);
		(&stats.sessions)[i] = is_signed ?
			(__u64)strtoll(space + 1, NULL, 10) :
			strtoull(space + 1, NULL, 10);
	}
	return stats;
}

/* Splits a line at white space; the words are in @line. */
static unsigned int split(char *line, char **words, unsigned int most)
{
	unsigned int n = 0;
	char *save = NULL;

	for (char *word = strtok_r(line, " \t", &save); word && n < most;
	     word = strtok_r(NULL, " \t", &save))
		words[n++] = word;
	return n;
}

/*
 * Checks table @which: its heading, and that each row has as many words as
 * the heading, numbers where they belong.  Returns the rows; sums[i] gets the
 * sum of column i over rows of @domain (NULL: all).
 */
static unsigned int parse_table(unsigned int which, char *text,
				const char *domain, __u64 *sums)
{
	char *line = next_line(&text), *words[32], *wanted[32];
	char *names = strdup(columns[which]);
	unsigned int count, known = split(names, wanted, 32), rows = 0;

	memset(sums, 0, 32 * sizeof(*sums));
	ASSERT_TRUE(line != NULL);
	EXPECT_EQ(strncmp(line, "# ", 2), 0);
	count = split(line + 1, words, 32);
	EXPECT_GE(count, known);
	for (unsigned int i = 0; i < known && i < count; i++)
		if (strcmp(words[i], wanted[i]))
			harness_fail(__FILE__, __LINE__, "column %s, not %s",
				     words[i], wanted[i]);
	while ((line = next_line(&text))) {
		char copy[300];
		unsigned int n;

		snprintf(copy, sizeof(copy), "%s", line);
		n = split(line, words, 32);
		if (n != count) {
			harness_fail(__FILE__, __LINE__, "%u words: %s", n,
				     copy);
			continue;
		}
		EXPECT_TRUE(strchr(words[0], ':') ||
			    !strcmp(words[0], "world"));
		for (unsigned int i = 1; i < known; i++) {
			bool word = !strcmp(wanted[i], "name") ||
				    !strcmp(wanted[i], "kind") ||
				    !strcmp(wanted[i], "life");

			if (!word && !is_number(words[i], false))
				harness_fail(__FILE__, __LINE__,
					     "%s is no number: %s", wanted[i],
					     copy);
		}
		if (domain && strcmp(words[0], domain))
			continue;
		rows++;
		for (unsigned int i = 0; i < n; i++)
			sums[i] += strtoull(words[i], NULL, 10);
	}
	free(names);
	return rows;
}

FIXTURE(domain) {
	int fd;
	char name[64];		/* in the first column */
};

static void setup_domain_only(struct fixture_domain *self)
{
	self->fd = st_open_fresh();
	snprintf(self->name, sizeof(self->name), "user:%u", geteuid());
}

SETUP(domain)
{
	setup_domain_only(self);
}

TEARDOWN(domain)
{
	close(self->fd);
}

/* A thousand objects of many sizes, some idle. */
static void populate(int fd)
{
	static struct singlet_intern_item items[1000];
	static struct singlet_ref_item refs[1000];
	static char data[1000];

	for (int i = 0; i < 1000; i++) {
		items[i].data = (uintptr_t)data;
		items[i].len = i;
		items[i].type = SINGLET_TYPE_BYTES;
	}
	ST_BATCH(fd, SINGLET_INTERN, items, 1000);
	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(items[i].result, 0U);
		refs[i].id = items[i].id;
		refs[i].count = 1;
	}
	ST_BATCH(fd, SINGLET_RELEASE, refs, 300);
	st_must_str(fd, "text");
	st_must_int(fd, 1234567);
}

TEST_F(domain, stats)
{
	struct singlet_stats file, ioctl;
	char *text;

	populate(self->fd);
	ioctl = st_stats(self->fd);
	text = slurp(paths[0], 4096);
	file = parse_stats(text);
	EXPECT_SAME(&ioctl, &file, "");
	EXPECT_SOUND(&file);
	EXPECT_EQ(file.live, 702ULL);
	EXPECT_EQ(file.idle, 300ULL);
	free(text);
}

TEST_F(domain, negative_saving)
{
	struct singlet_stats file;
	char *text;

	/* One small value costs more than a copy of it. */
	st_must_str(self->fd, "small");
	text = slurp(paths[0], 4096);
	file = parse_stats(text);
	EXPECT_LT((__s64)file.bytes_saved, 0LL);
	EXPECT_SOUND(&file);
	free(text);
}

TEST_F(domain, types)
{
	__u64 sums[32];
	__u32 type;
	char *text;

	populate(self->fd);
	ASSERT_EQ(st_type_create(self->fd, "name-of-a-type",
				 SINGLET_KIND_PLAIN, 0, 0, &type), 0);
	ASSERT_EQ(st_alloc(self->fd, type, 10, NULL), 0);
	text = slurp(paths[1], 4096);
	EXPECT_EQ(parse_table(1, text, self->name, sums), ST_PREDEFINED + 1);
	EXPECT_EQ(sums[6], st_stats(self->fd).objects);
	EXPECT_EQ(sums[7], st_stats(self->fd).bytes_unique);
	free(text);
}

TEST_F(domain, slabs)
{
	struct singlet_stats stats;
	__u64 sums[32];
	char *text;

	populate(self->fd);
	stats = st_stats(self->fd);
	text = slurp(paths[2], 4096);
	EXPECT_GT(parse_table(2, text, self->name, sums), 10U);
	EXPECT_EQ(sums[2], stats.slabs);
	EXPECT_EQ(sums[3], stats.slots);
	EXPECT_EQ(sums[4], stats.live + stats.idle);
	EXPECT_EQ(sums[5] + sums[6], stats.slots_free);
	EXPECT_EQ(sums[6], stats.slots_cached);
	EXPECT_EQ(sums[4] + sums[5] + sums[6], sums[3]);
	EXPECT_EQ(sums[7] * st_page_size(), stats.bytes_stored);
	free(text);
}

TEST_F(domain, sessions)
{
	struct singlet_info info = { .size = sizeof(info) };
	int other = st_open();
	char *text, *line, *position;
	bool found = false;
	__u64 sums[32];

	populate(self->fd);
	st_must_str(other, "text");
	text = slurp(paths[3], 4096);
	EXPECT_EQ(parse_table(3, text, self->name, sums), 2U);
	EXPECT_EQ(sums[3], st_stats(self->fd).references);
	EXPECT_EQ(sums[4], st_stats(self->fd).bytes_logical);
	free(text);
	/* This session's row has the number that INFO gave. */
	ASSERT_EQ(st_ioctl(other, SINGLET_INFO, &info), 0);
	position = text = slurp(paths[3], 4096);
	while ((line = next_line(&position))) {
		char *words[32];
		unsigned int n = split(line, words, 32);

		if (n < 4 || strcmp(words[0], self->name) ||
		    strtoul(words[1], NULL, 10) != info.session)
			continue;
		found = true;
		EXPECT_EQ(atoi(words[2]), getpid());
		EXPECT_EQ(atoi(words[3]), 1);
	}
	EXPECT_TRUE(found);
	free(text);
	close(other);
}

/* Names cannot forge rows or columns, whatever bytes they have. */
TEST_F(domain, names_forge_nothing)
{
	static const char *const names[] = { "a,b", "user:0", "#domain",
		"\xe2\x80\xa8", "\\n", "%s%n", "\xc2\xa0", "*", "-" };
	__u64 sums[32];
	__u32 type;
	char *text;

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(names); i++)
		ASSERT_EQ(st_type_create(self->fd, names[i], SINGLET_KIND_VALUE,
					 0, 0, &type), 0);
	text = slurp(paths[1], 4096);
	EXPECT_EQ(parse_table(1, text, self->name, sums),
		  ST_PREDEFINED + ST_ARRAY_SIZE(names));
	free(text);
}

/* Any size of buffer gives the same text. */
TEST_F(domain, tiny_buffers)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 63, 1000, 65536 };

	populate(self->fd);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(paths); i++) {
		char *whole = slurp(paths[i], SIZE / 2);

		for (unsigned int j = 0; j < ST_ARRAY_SIZE(pieces); j++) {
			char *text = slurp(paths[i], pieces[j]);

			if (strcmp(whole, text))
				harness_fail(__FILE__, __LINE__,
					     "%s differs with %zu bytes each",
					     paths[i], pieces[j]);
			free(text);
		}
		free(whole);
	}
}

TEST_F(domain, offsets)
{
	__u64 seed = st_seed();

	populate(self->fd);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(paths); i++) {
		char *whole = slurp(paths[i], 4096), buffer[300];
		size_t length = strlen(whole);
		int fd = open(paths[i], O_RDONLY);

		for (int j = 0; j < 200; j++) {
			size_t offset = st_random(&seed) % (length + 20);
			size_t room = 1 + st_random(&seed) % sizeof(buffer);
			ssize_t n;

			if (j % 2) {
				n = pread(fd, buffer, room, offset);
			} else {
				EXPECT_EQ(lseek(fd, offset, SEEK_SET),
					  (off_t)offset);
				n = read(fd, buffer, room);
			}
			if (offset >= length) {
				EXPECT_EQ(n, (ssize_t)0);
				continue;
			}
			EXPECT_GT(n, (ssize_t)0);
			EXPECT_LE(n, (ssize_t)(length - offset));
			if (n > 0)
				EXPECT_EQ(memcmp(buffer, whole + offset, n), 0);
		}
		EXPECT_EQ(pread(fd, buffer, 10, 1L << 40), (ssize_t)0);
		EXPECT_EQ(lseek(fd, -5, SEEK_SET), (off_t)-1);
		close(fd);
		free(whole);
	}
}

/* Other processes change everything meanwhile: lines stay whole. */
TEST_F_TIMEOUT(domain, under_load, 180)
{
	pid_t children[2];
	double end;
	__u64 sums[32];

	for (int i = 0; i < 2; i++) {
		children[i] = st_fork();
		if (children[i])
			continue;
		for (unsigned int j = 0;; j++) {
			int fd = st_open();
			__u32 type;
			char name[32];

			populate(fd);
			snprintf(name, sizeof(name), "load-%d-%u", i, j);
			st_type_create(fd, name, SINGLET_KIND_VALUE, 0, 0,
				       &type);
			st_collect(fd);
			st_type_delete(fd, type);
			close(fd);
		}
	}
	end = st_now() + 2;
	for (unsigned int round = 0; round < 20 || st_now() < end; round++) {
		size_t piece = round % 3 ? 1 + round * 31 % 500 : 4096;
		char *text = slurp(paths[0], piece);

		parse_stats(text);
		free(text);
		for (unsigned int i = 1; i < ST_ARRAY_SIZE(paths); i++) {
			text = slurp(paths[i], piece);
			parse_table(i, text, NULL, sums);
			free(text);
		}
	}
	for (int i = 0; i < 2; i++) {
		kill(children[i], SIGKILL);
		ASSERT_EQ(waitpid(children[i], NULL, 0), children[i]);
	}
}

/* A word that looks like a kernel address: 16 hexadecimal digits, or 0xffff */
static bool has_address(const char *text)
{
	unsigned int run = 0, letters = 0;

	if (strcasestr(text, "0xffff") || strcasestr(text, "ffffffff"))
		return true;
	for (; *text; text++) {
		if (!isxdigit((unsigned char)*text)) {
			run = letters = 0;
			continue;
		}
		run++;
		letters += isalpha((unsigned char)*text) != 0;
		if (run >= 12 && letters)
			return true;
	}
	return false;
}

TEST_F(domain, no_addresses)
{
	EXPECT_TRUE(has_address("x ffff888012345678 y"));
	EXPECT_TRUE(has_address("(00000000deadbeef)"));
	EXPECT_FALSE(has_address("1234567890123456 face"));
	populate(self->fd);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(paths); i++) {
		char *text = slurp(paths[i], 4096);

		EXPECT_FALSE(has_address(text));
		/* Nor values. */
		EXPECT_TRUE(strstr(text, "text") == NULL);
		free(text);
	}
}

static void expect_not_writable(void)
{
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(paths); i++) {
		struct stat stat_;
		int fd = open(paths[i], O_WRONLY);

		if (fd >= 0) {		/* root can open anything */
			EXPECT_EQ(write(fd, "0\n", 2), (ssize_t)-1);
			close(fd);
		}
		EXPECT_EQ(stat(paths[i], &stat_), 0);
		EXPECT_EQ(stat_.st_mode & 0222, 0U);
		EXPECT_EQ(unlink(paths[i]), -1);
	}
	EXPECT_EQ(open("/proc/singlet/new", O_CREAT | O_RDWR, 0600), -1);
}

TEST(root_cannot_write)
{
	if (geteuid())
		harness_skip("not root");
	expect_not_writable();
}

TEST_F(domain, others_cannot_write)
{
	expect_not_writable();
}

static bool has_row(const char *path, const char *domain)
{
	char *text = slurp(path, 4096), *position = text, *line;
	bool found = false;

	while ((line = next_line(&position))) {
		size_t length = strcspn(line, " \t");

		found |= length == strlen(domain) &&
			 !strncmp(line, domain, length);
	}
	free(text);
	return found;
}

/* Root sees totals over all domains, and all rows; others see their own. */
TEST(root_sees_all)
{
	struct singlet_stats before, after;
	char name[64], *text, byte;
	int ready[2], go[2];
	pid_t child;

	if (geteuid())
		harness_skip("not root");
	ASSERT_EQ(pipe(ready), 0);
	ASSERT_EQ(pipe(go), 0);
	text = slurp(paths[0], 4096);
	before = parse_stats(text);
	free(text);
	child = st_fork();
	if (child == 0) {
		struct fixture_domain domain;

		close(go[1]);
		setup_domain_only(&domain);
		populate(domain.fd);
		ASSERT_EQ(write(ready[1], domain.name, sizeof(domain.name)),
			  (ssize_t)sizeof(domain.name));
		EXPECT_EQ(read(go[0], &byte, 1), (ssize_t)0);
		_exit(0);
	}
	ASSERT_EQ(read(ready[0], name, sizeof(name)), (ssize_t)sizeof(name));
	text = slurp(paths[0], 4096);
	after = parse_stats(text);
	free(text);
	EXPECT_EQ(after.sessions - before.sessions, 1ULL);
	EXPECT_EQ(after.objects - before.objects, 1002ULL);
	EXPECT_EQ(after.live - before.live, 702ULL);
	EXPECT_EQ(after.creates - before.creates, 1002ULL);
	EXPECT_EQ(after.bytes_saved,
		  after.bytes_logical - after.bytes_stored -
			  after.bytes_metadata);
	for (unsigned int i = 1; i < ST_ARRAY_SIZE(paths); i++)
		EXPECT_TRUE(has_row(paths[i], name));
	close(go[0]);
	close(go[1]);
	st_join(child);
}

TEST(others_see_their_own)
{
	int fd = st_open();
	struct fixture_domain domain;
	char *text, *position, *line;

	if (geteuid())
		harness_skip("not root");
	populate(fd);
	setup_domain_only(&domain);
	st_must_str(domain.fd, "mine");
	text = slurp(paths[0], 4096);
	EXPECT_EQ(parse_stats(text).objects, 1ULL);
	free(text);
	for (unsigned int i = 1; i < ST_ARRAY_SIZE(paths); i++) {
		position = text = slurp(paths[i], 4096);
		EXPECT_TRUE(has_row(paths[i], domain.name));
		while ((line = next_line(&position))) {
			line[strcspn(line, " \t")] = 0;
			EXPECT_TRUE(line[0] == '#' || !strcmp(line, "world") ||
				    !strcmp(line, domain.name));
		}
		free(text);
	}
	close(fd);
}

/* Somebody without a domain sees none, and makes none by looking. */
TEST(visitors)
{
	st_fresh_user();
	for (unsigned int i = 1; i < ST_ARRAY_SIZE(paths); i++) {
		char *text = slurp(paths[i], 4096), *position = text, *line;

		EXPECT_TRUE(next_line(&position) != NULL);
		while ((line = next_line(&position)))
			EXPECT_EQ(strncmp(line, "world ", 6), 0);
		free(text);
	}
	free(slurp(paths[0], 4096));
}
