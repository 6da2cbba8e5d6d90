// SPDX-License-Identifier: GPL-2.0
/*
 * Bad input to the commands of domains, pins and leaks, one fault each: the
 * exact error, and neither side changes.
 */
#include "domain_test.h"

struct command {
	const char *name;
	unsigned long number;
	size_t size;
	size_t reserved;	/* offset; 0: none */
	__u32 flags;		/* known ones */
};

#define SIZE(s) sizeof(struct singlet_##s)
#define AT(s, m) offsetof(struct singlet_##s, m)
static const struct command commands[] = {
	{ "create", SINGLET_DOMAIN_CREATE, SIZE(domain_create),
	  AT(domain_create, reserved), SINGLET_DOMAIN_EPHEMERAL },
	{ "join", SINGLET_DOMAIN_JOIN, SIZE(domain_join),
	  AT(domain_join, reserved), 0 },
	{ "delete", SINGLET_DOMAIN_DELETE, SIZE(domain_delete),
	  AT(domain_delete, reserved), SINGLET_DELETE_DEFERRED },
	{ "set", SINGLET_DOMAIN_SET, SIZE(domain_set), 0,
	  SINGLET_SET_MODE | SINGLET_SET_UID | SINGLET_SET_GID |
	  (0x3f << 8 & ~SINGLET_SET_LIMIT(SINGLET_QUOTA_DOMAINS)) },
	{ "query", SINGLET_DOMAIN_QUERY, SIZE(domain_query),
	  AT(domain_query, reserved), 0 },
	{ "list", SINGLET_DOMAIN_LIST, SIZE(domain_list), 0, 0 },
	{ "pin", SINGLET_PIN, SIZE(batch), AT(batch, reserved), 0 },
	{ "unpin", SINGLET_UNPIN, SIZE(batch), AT(batch, reserved), 0 },
	{ "leaks", SINGLET_LEAKS, SIZE(leaks), AT(leaks, reserved), 0 },
};
#undef SIZE
#undef AT

/* To see that nothing has changed. */
static const struct command no_command = {
	.name = "no command",
	.number = _IO(SINGLET_IOC_MAGIC, 0xff),
};

#define EACH_COMMAND(c)							\
	(const struct command *c = commands;				\
	 c < commands + ST_ARRAY_SIZE(commands); c++)

FIXTURE(domain) {
	int fd;			/* in the private domain */
	int in;			/* in the named one */
	const char *name;
	__u64 id;		/* pinned once, held */
	union {
		unsigned char raw[16384];
		__u32 size;
		struct singlet_domain_create create;
		struct singlet_domain_join join;
		struct singlet_domain_delete delete;
		struct singlet_domain_set set;
		struct singlet_domain_query query;
		struct singlet_domain_list list;
		struct singlet_batch batch;
		struct singlet_leaks leaks;
	} arg;
	struct singlet_ref_item item;
	struct singlet_domain_info infos[2];
	struct singlet_leak entries[2];
	struct singlet_stats stats;
	struct singlet_domain_info info;
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	self->name = sd_name("errno");
	self->in = sd_must_create(self->fd, self->name, 0700, 0);
	self->id = st_must_str(self->in, "pinned");
	ASSERT_EQ(sd_pin(self->in, self->id, 1), 0);
	self->stats = st_stats(self->in);
	self->info = sd_info(self->in);
}

TEARDOWN(domain)
{
	close(self->in);
	EXPECT_EQ(sd_delete(self->fd, self->name, 0), 0);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_DOMAINS], 0ULL);
	close(self->fd);
}

/* Fills arg and item with a call of @c that would change something. */
static void prepare(struct fixture_domain *self, const struct command *c)
{
	const char *name = c->number == SINGLET_DOMAIN_CREATE ? "new" :
							       self->name;

	memset(&self->arg, 0, sizeof(self->arg));
	self->arg.size = c->size;
	switch (c->number) {
	case SINGLET_PIN:
	case SINGLET_UNPIN:
		self->item = (struct singlet_ref_item){ self->id, 1, 0 };
		self->arg.batch.items = (uintptr_t)&self->item;
		self->arg.batch.count = 1;
		self->arg.batch.item_size = sizeof(self->item);
		return;
	case SINGLET_DOMAIN_LIST:
		self->arg.list.infos = (uintptr_t)self->infos;
		self->arg.list.count = 2;
		self->arg.list.entry_size = sizeof(self->infos[0]);
		return;
	case SINGLET_LEAKS:
		self->arg.leaks.entries = (uintptr_t)self->entries;
		self->arg.leaks.count = 2;
		self->arg.leaks.entry_size = sizeof(self->entries[0]);
		return;
	}
	/* The name is at the same place in all the others. */
	self->arg.create.name = (uintptr_t)name;
	self->arg.create.name_len = strlen(name);
	if (c->number == SINGLET_DOMAIN_CREATE)
		self->arg.create.mode = 0700;
	if (c->number == SINGLET_DOMAIN_JOIN)
		self->arg.join.access = SD_READ;
	if (c->number == SINGLET_DOMAIN_SET) {
		self->arg.set.flags = SINGLET_SET_MODE;
		self->arg.set.mode = 0750;
	}
}

/* Calls with arg, expects @error, and that neither side has changed. */
static void refused_at(int line, struct fixture_domain *self,
		       const struct command *c, int error)
{
	unsigned int failures = harness_failures(), fds = sd_open_fds();
	static unsigned char arg[sizeof(self->arg)];
	struct singlet_stats stats;
	struct singlet_domain_info info;

	memcpy(arg, self->arg.raw, sizeof(arg));
	EXPECT_EQ(st_ioctl(self->in, c->number, &self->arg), -error);
	EXPECT_EQ(memcmp(arg, self->arg.raw, sizeof(arg)), 0);
	stats = st_stats(self->in);
	info = sd_info(self->in);
	EXPECT_SAME(&self->stats, &stats, "");
	EXPECT_EQ(memcmp(&self->info, &info, sizeof(info)), 0);
	EXPECT_EQ(sd_open_fds(), fds);
	if (harness_failures() != failures) {
		harness_note("in %s, called in line %d", c->name, line);
		harness_stop();
	}
}
#define REFUSED(self, c, error) refused_at(__LINE__, self, c, error)

TEST_F(domain, sizes)
{
	for EACH_COMMAND(c) {
		for (size_t size = 0; size < c->size; size += 4) {
			prepare(self, c);
			self->arg.size = size;
			REFUSED(self, c, EINVAL);
		}
		prepare(self, c);
		self->arg.size = c->size + 8;
		self->arg.raw[c->size] = 1;
		REFUSED(self, c, E2BIG);
		prepare(self, c);
		self->arg.size = st_page_size() + 1;
		REFUSED(self, c, E2BIG);
	}
}

TEST_F(domain, flags)
{
	for EACH_COMMAND(c) {
		for (unsigned int bit = 0; bit < 32; bit++) {
			if (c->flags & 1U << bit)
				continue;
			prepare(self, c);
			self->arg.batch.flags |= 1U << bit;
			REFUSED(self, c, EINVAL);
		}
	}
	/* Nothing to change. */
	prepare(self, &commands[3]);
	self->arg.set.flags = 0;
	self->arg.set.mode = 0;
	REFUSED(self, &commands[3], EINVAL);
}

TEST_F(domain, reserved_members)
{
	for EACH_COMMAND(c) {
		for (unsigned int byte = 0; c->reserved && byte < 4; byte++) {
			prepare(self, c);
			self->arg.raw[c->reserved + byte] = 0x80;
			REFUSED(self, c, EINVAL);
		}
	}
}

TEST_F(domain, structures_out_of_reach)
{
	char *edge = (char *)st_map_with_hole(1) + st_page_size();

	for EACH_COMMAND(c) {
		EXPECT_EQ(st_ioctl(self->in, c->number, NULL), -EFAULT);
		EXPECT_EQ(st_ioctl(self->in, c->number, edge), -EFAULT);
		prepare(self, c);
		for (size_t there = 4; there < c->size; there += 4) {
			memcpy(edge - there, &self->arg, there);
			EXPECT_EQ(st_ioctl(self->in, c->number, edge - there),
				  -EFAULT);
		}
	}
	prepare(self, &commands[0]);
	REFUSED(self, &no_command, ENOTTY);
}

/* ---- names ---- */

TEST_F(domain, names)
{
	static char longest[SINGLET_MAX_NAME + 2];
	static const struct {
		const char *name;
		int len;		/* -1: all of it */
		int error;
	} bad[] = {
		{ "", 0, EINVAL },	{ longest, 64, EINVAL },
		{ "a b", -1, EINVAL },	{ "a/b", -1, EINVAL },
		{ "a\nb", -1, EINVAL },	{ "a\tb", -1, EINVAL },
		{ "a\0b", 3, EINVAL },	{ "a\x7f", -1, EINVAL },
		{ "\xc2\x85", -1, EINVAL },
		{ "\xff", -1, EILSEQ },	{ "a\xc3", -1, EILSEQ },
		{ "\xc0\x80", -1, EILSEQ },
		{ "\xed\xa0\x80", -1, EILSEQ },
		{ "\xf4\x90\x80\x80", -1, EILSEQ },
	};

	memset(longest, 'x', sizeof(longest) - 1);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(bad); i++) {
		int len = bad[i].len < 0 ? (int)strlen(bad[i].name) :
					   bad[i].len;

		prepare(self, &commands[0]);
		self->arg.create.name = (uintptr_t)bad[i].name;
		self->arg.create.name_len = len;
		REFUSED(self, &commands[0], bad[i].error);
	}
	for EACH_COMMAND(c) {
		if (c->number > SINGLET_DOMAIN_QUERY)
			continue;
		prepare(self, c);
		self->arg.create.name = (uintptr_t)longest;
		self->arg.create.name_len = 64;
		REFUSED(self, c, EINVAL);
		self->arg.create.name_len = ~0U;
		REFUSED(self, c, EINVAL);
		prepare(self, c);
		self->arg.create.name = 8;
		REFUSED(self, c, EFAULT);
		prepare(self, c);
		self->arg.create.name_len = 0;
		REFUSED(self, c, EINVAL);
		if (c->number == SINGLET_DOMAIN_CREATE)
			continue;
		/* A name is all of it, and bytes are bytes. */
		prepare(self, c);
		self->arg.create.name_len--;
		REFUSED(self, c, ENOENT);
		prepare(self, c);
		self->arg.create.name = (uintptr_t)"ERRNO";
		self->arg.create.name_len = 5;
		REFUSED(self, c, ENOENT);
	}
}

TEST_F(domain, longest_names)
{
	char name[SINGLET_MAX_NAME + 1];
	int fd;

	memset(name, 'x', SINGLET_MAX_NAME);
	name[SINGLET_MAX_NAME] = 0;
	fd = sd_must_create(self->fd, name, 0700, SINGLET_DOMAIN_EPHEMERAL);
	EXPECT_EQ(strcmp((char *)sd_info(fd).name, name), 0);
	close(fd);
	fd = sd_must_create(self->fd, "\xc3\xa9", 0, SINGLET_DOMAIN_EPHEMERAL);
	EXPECT_EQ(sd_query(self->fd, "\xc3\xa9", NULL), 0);
	close(fd);
}

/* ---- values ---- */

TEST_F(domain, modes_and_access)
{
	for (unsigned int bit = 9; bit < 32; bit++) {
		prepare(self, &commands[0]);
		self->arg.create.mode |= 1U << bit;
		REFUSED(self, &commands[0], EINVAL);
		prepare(self, &commands[3]);
		self->arg.set.mode |= 1U << bit;
		REFUSED(self, &commands[3], EINVAL);
	}
	prepare(self, &commands[1]);
	self->arg.join.access = 0;
	REFUSED(self, &commands[1], EINVAL);
	for (unsigned int bit = 2; bit < 32; bit++) {
		prepare(self, &commands[1]);
		self->arg.join.access |= 1U << bit;
		REFUSED(self, &commands[1], EINVAL);
	}
}

/* What is not asked to be changed has to be 0. */
TEST_F(domain, set)
{
	const struct command *c = &commands[3];

	prepare(self, c);
	self->arg.set.flags = SINGLET_SET_LIMIT(SINGLET_QUOTA_BYTES);
	REFUSED(self, c, EINVAL);
	prepare(self, c);
	self->arg.set.uid = geteuid();
	REFUSED(self, c, EINVAL);
	prepare(self, c);
	self->arg.set.gid = 1;
	REFUSED(self, c, EINVAL);
	for (unsigned int i = 0; i < SINGLET_QUOTAS; i++) {
		prepare(self, c);
		self->arg.set.limit[i] = 1;
		REFUSED(self, c, EINVAL);
	}
	prepare(self, c);
	self->arg.set.flags |= SINGLET_SET_LIMIT(SINGLET_QUOTA_DOMAINS);
	REFUSED(self, c, EINVAL);
	/* No such ids, here or anywhere. */
	prepare(self, c);
	self->arg.set.flags |= SINGLET_SET_UID;
	self->arg.set.uid = ~0U;
	REFUSED(self, c, EINVAL);
	prepare(self, c);
	self->arg.set.flags |= SINGLET_SET_GID;
	self->arg.set.gid = ~0U;
	REFUSED(self, c, EINVAL);
	/* The owner may not give it away, nor to a foreign group. */
	prepare(self, c);
	self->arg.set.flags |= SINGLET_SET_UID;
	self->arg.set.uid = 1;
	REFUSED(self, c, EPERM);
	prepare(self, c);
	self->arg.set.flags |= SINGLET_SET_GID;
	self->arg.set.gid = 4242;
	REFUSED(self, c, EPERM);
}

TEST_F(domain, set_private)
{
	struct singlet_domain_set set = { .flags = SINGLET_SET_MODE,
					  .mode = 0777 };

	EXPECT_EQ(sd_set(self->fd, NULL, set), -EINVAL);
	set = (struct singlet_domain_set){ .flags = SINGLET_SET_GID,
					   .gid = getegid() };
	EXPECT_EQ(sd_set(self->fd, NULL, set), -EINVAL);
	set = (struct singlet_domain_set){ .flags = SINGLET_SET_UID,
					   .uid = geteuid() };
	EXPECT_EQ(sd_set(self->fd, NULL, set), -EINVAL);
	EXPECT_EQ(sd_set_limit(self->fd, NULL, SINGLET_QUOTA_TYPES, 5), 0);
	EXPECT_EQ(sd_info(self->fd).limit[SINGLET_QUOTA_TYPES], 5ULL);
	EXPECT_EQ(sd_info(self->fd).mode, 0700U);
}

TEST_F(domain, lists)
{
	struct singlet_domain_list *list = &self->arg.list;
	struct singlet_leaks *leaks = &self->arg.leaks;
	const struct command *lists[] = { &commands[5], &commands[8] };

	for (unsigned int i = 0; i < 2; i++) {
		/* @count is at the same place in both. */
		prepare(self, lists[i]);
		list->count = 0;
		REFUSED(self, lists[i], EINVAL);
		prepare(self, lists[i]);
		list->count = SINGLET_MAX_BATCH + 1;
		REFUSED(self, lists[i], E2BIG);
	}
	prepare(self, lists[0]);
	list->entry_size--;
	REFUSED(self, lists[0], EINVAL);
	prepare(self, lists[1]);
	leaks->entry_size--;
	REFUSED(self, lists[1], EINVAL);
	prepare(self, lists[0]);
	list->entry_size = 4097;
	REFUSED(self, lists[0], E2BIG);
	prepare(self, lists[0]);
	list->infos = 8;
	REFUSED(self, lists[0], EFAULT);
	prepare(self, lists[1]);
	leaks->session = sd_session_number(self->in) + 1000;
	REFUSED(self, lists[1], ENOENT);
	/* Any cursor is only a place. */
	prepare(self, lists[0]);
	list->cursor = ~0ULL;
	EXPECT_EQ(st_ioctl(self->in, SINGLET_DOMAIN_LIST, list), 0);
	EXPECT_EQ(list->count, 0U);
	prepare(self, lists[1]);
	leaks->cursor = ~0ULL;
	EXPECT_EQ(st_ioctl(self->in, SINGLET_LEAKS, leaks), 0);
	EXPECT_EQ(leaks->count, 0U);
}

TEST_F(domain, pins)
{
	static const int bad[] = { -1, 0, 1 };

	EXPECT_EQ(sd_pin(self->in, self->id, 0), -EINVAL);
	EXPECT_EQ(sd_unpin(self->in, self->id, 0), -EINVAL);
	EXPECT_EQ(sd_unpin(self->in, self->id, 2), -EINVAL);
	EXPECT_EQ(sd_pin(self->in, self->id, ~0U), -EOVERFLOW);
	EXPECT_EQ(sd_pin(self->in, self->id + (1ULL << 32), 1), -ENOENT);
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(sd_pin(self->in, bad[i], 1), -ENOENT);
		EXPECT_EQ(sd_unpin(self->in, bad[i], 1), -ENOENT);
	}
	prepare(self, &commands[6]);
	self->arg.batch.count = 0;
	REFUSED(self, &commands[6], EINVAL);
	prepare(self, &commands[6]);
	self->arg.batch.items = 8;
	EXPECT_EQ(st_ioctl(self->in, SINGLET_PIN, &self->arg), -EFAULT);
	REFUSED(self, &no_command, ENOTTY);
}
