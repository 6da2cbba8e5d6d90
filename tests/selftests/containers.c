// SPDX-License-Identifier: GPL-2.0
/* Containers: objects made of other objects. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "domain_test.h"

#define PART_BYTES	sizeof(__u64)

FIXTURE(domain) {
	int fd;
	__u64 parts[100];	/* strings, held */
};

SETUP(domain)
{
	self->fd = st_open_fresh();
	for (int i = 0; i < 100; i++) {
		char text[16];

		snprintf(text, sizeof(text), "part %d", i);
		self->parts[i] = st_must_str(self->fd, text);
	}
}

TEARDOWN(domain)
{
	sd_release_all(self->fd, self->parts, 100);
	EXPECT_EMPTY(self->fd);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_OBJECTS], 0ULL);
	close(self->fd);
}

static int tuple(int fd, const __u64 *parts, size_t n, __u64 *id)
{
	return st_intern(fd, SINGLET_TYPE_TUPLE, parts, n * PART_BYTES, id);
}

static __u64 must_tuple(int fd, const __u64 *parts, size_t n)
{
	return st_must_intern(fd, SINGLET_TYPE_TUPLE, parts, n * PART_BYTES);
}

static __u32 references(int fd, __u64 id)
{
	struct singlet_query_item query;

	ASSERT_EQ(st_query(fd, id, &query), 0);
	return query.references;
}

TEST_F(domain, equal_tuples)
{
	__u64 a = must_tuple(self->fd, self->parts, 3), b, other;
	__u64 swapped[] = { self->parts[1], self->parts[0], self->parts[2] };
	__u32 created;

	EXPECT_EQ(st_intern_created(self->fd, SINGLET_TYPE_TUPLE, self->parts,
				    3 * PART_BYTES, &b, &created), 0);
	EXPECT_EQ(a, b);
	EXPECT_EQ(created, 0U);
	EXPECT_EQ(references(self->fd, self->parts[0]), 2U);
	EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_TUPLE, self->parts,
			    3 * PART_BYTES, &b), 0);
	EXPECT_EQ(a, b);
	EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_TUPLE, self->parts,
			    2 * PART_BYTES, &b), -ENOENT);
	other = must_tuple(self->fd, swapped, 3);
	EXPECT_NE(a, other);
	/* The same bytes of another type are another object. */
	b = st_must_intern(self->fd, SINGLET_TYPE_BYTES, self->parts,
			   3 * PART_BYTES);
	EXPECT_NE(a, b);
	EXPECT_TRUE(st_has_value(self->fd, a, self->parts, 3 * PART_BYTES));
	EXPECT_EQ(references(self->fd, self->parts[0]), 3U);
	EXPECT_EQ(st_release(self->fd, a, 3), 0);
	EXPECT_EQ(st_release(self->fd, other, 1), 0);
	EXPECT_EQ(st_release(self->fd, b, 1), 0);
	st_collect(self->fd);
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U);
}

TEST_F(domain, empty_tuple)
{
	__u64 a = must_tuple(self->fd, NULL, 0);

	EXPECT_EQ(must_tuple(self->fd, self->parts, 0), a);
	EXPECT_TRUE(st_has_value(self->fd, a, "", 0));
	EXPECT_EQ(st_release(self->fd, a, 2), 0);
}

TEST_F(domain, keeps_its_parts)
{
	__u64 outer, inner = must_tuple(self->fd, self->parts, 100);
	struct singlet_stats stats;
	struct singlet_collect gone;

	outer = must_tuple(self->fd, &inner, 1);
	EXPECT_EQ(st_release(self->fd, inner, 1), 0);
	sd_release_all(self->fd, self->parts, 100);
	stats = st_stats(self->fd);
	EXPECT_SOUND(&stats);
	EXPECT_EQ(stats.idle, 0ULL);
	EXPECT_EQ(stats.live, 102ULL);
	EXPECT_EQ(stats.references, 1ULL);
	EXPECT_EQ(st_collect(self->fd).objects, 0ULL);
	EXPECT_TRUE(st_has_value(self->fd, self->parts[7], "part 7", 6));
	/* What is kept can be held again. */
	EXPECT_EQ(st_acquire(self->fd, self->parts[7], 1), 0);
	EXPECT_EQ(references(self->fd, self->parts[7]), 2U);

	EXPECT_EQ(st_release(self->fd, outer, 1), 0);
	EXPECT_EQ(st_stats(self->fd).idle, 1ULL);
	gone = st_collect(self->fd);
	EXPECT_EQ(gone.objects, 101ULL);
	EXPECT_EQ(references(self->fd, self->parts[7]), 1U);
	EXPECT_EQ(st_release(self->fd, self->parts[7], 1), 0);
	memset(self->parts, 0, sizeof(self->parts));
}

TEST_F(domain, duplicate_parts)
{
	__u64 same[50], id;

	for (int i = 0; i < 50; i++)
		same[i] = self->parts[0];
	id = must_tuple(self->fd, same, 50);
	EXPECT_EQ(references(self->fd, self->parts[0]), 51U);
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(references(self->fd, self->parts[0]), 51U);
	EXPECT_EQ(st_collect(self->fd).objects, 1ULL);
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U);
}

TEST_F(domain, constants)
{
	__u64 parts[] = { st_must_int(self->fd, 7), self->parts[0],
			  st_must_intern(self->fd, SINGLET_TYPE_NONE, "", 0),
			  st_must_intern(self->fd, SINGLET_TYPE_BOOL, "\1", 1),
			  st_must_int(self->fd, 7) };
	__u64 first = must_tuple(self->fd, parts, 5);
	__u64 only = must_tuple(self->fd, parts, 1);

	EXPECT_TRUE(st_has_value(self->fd, first, parts, sizeof(parts)));
	EXPECT_EQ(st_release(self->fd, first, 1), 0);
	EXPECT_EQ(st_release(self->fd, only, 1), 0);
	EXPECT_EQ(st_collect(self->fd).objects, 2ULL);
	EXPECT_EQ(st_must_int(self->fd, 7), parts[0]);
}

TEST_F(domain, user_types)
{
	struct singlet_type_create create = {
		.size = sizeof(create),
		.flags = SINGLET_TYPE_CONTAINER,
		.name = (uintptr_t)"pair",
		.name_len = 4,
		.kind = SINGLET_KIND_VALUE,
		.value_max = 2 * PART_BYTES,
	};
	struct singlet_type_info info;
	__u64 pair;

	ASSERT_EQ(st_ioctl(self->fd, SINGLET_TYPE_CREATE, &create), 0);
	ASSERT_EQ(st_type_query(self->fd, create.type, &info), 0);
	EXPECT_EQ(info.flags, (__u32)SINGLET_TYPE_CONTAINER);
	EXPECT_EQ(info.value_max, 2 * (__u32)PART_BYTES);
	ASSERT_EQ(st_type_query(self->fd, SINGLET_TYPE_TUPLE, &info), 0);
	EXPECT_EQ(info.flags, (__u32)SINGLET_TYPE_CONTAINER);
	ASSERT_EQ(st_type_query(self->fd, SINGLET_TYPE_STR, &info), 0);
	EXPECT_EQ(info.flags, 0U);
	pair = st_must_intern(self->fd, create.type, self->parts,
			      2 * PART_BYTES);
	EXPECT_EQ(references(self->fd, self->parts[0]), 2U);
	EXPECT_EQ(st_intern(self->fd, create.type, self->parts, 3 * PART_BYTES,
			    NULL), -EMSGSIZE);
	EXPECT_EQ(st_intern(self->fd, create.type, self->parts, 9, NULL),
		  -EINVAL);
	EXPECT_EQ(st_type_delete(self->fd, create.type), -EBUSY);
	EXPECT_EQ(st_release(self->fd, pair, 1), 0);
	EXPECT_EQ(st_type_delete(self->fd, create.type), 0);
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U);

	/* Of other kinds, or of one size, there is none. */
	create.kind = SINGLET_KIND_SINGLE;
	EXPECT_EQ(st_ioctl(self->fd, SINGLET_TYPE_CREATE, &create), -EINVAL);
	create.kind = SINGLET_KIND_PLAIN;
	EXPECT_EQ(st_ioctl(self->fd, SINGLET_TYPE_CREATE, &create), -EINVAL);
	create.kind = SINGLET_KIND_VALUE;
	create.value_max = 0;
	create.value_size = 16;
	EXPECT_EQ(st_ioctl(self->fd, SINGLET_TYPE_CREATE, &create), -EINVAL);
}

/* ---- refused parts ---- */

/* A tuple of good parts and @bad at every place: nothing may be left of it. */
static void refuse_part(struct fixture_domain *self, __u64 bad, int error)
{
	struct singlet_stats before = st_stats(self->fd), after;

	for (int place = 0; place < 20; place++) {
		__u64 parts[20], id;

		memcpy(parts, self->parts, sizeof(parts));
		parts[place] = bad;
		EXPECT_EQ(tuple(self->fd, parts, 20, &id), error);
		EXPECT_EQ(st_lookup(self->fd, SINGLET_TYPE_TUPLE, parts,
				    sizeof(parts), &id), -ENOENT);
	}
	after = st_stats(self->fd);
	EXPECT_SAME(&before, &after,
		    "misses slots_cached slots_free slots slabs bytes_stored bytes_metadata bytes_saved");
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U);
}

TEST_F(domain, parts_that_are_none)
{
	__u64 gone = st_must_str(self->fd, "gone"), unsealed, foreign;
	int named = sd_must_create(self->fd, sd_name("foreign"), 0700,
				   SINGLET_DOMAIN_EPHEMERAL);
	__u32 plain;

	EXPECT_EQ(st_release(self->fd, gone, 1), 0);
	st_collect(self->fd);
	refuse_part(self, gone, -ENOENT);
	refuse_part(self, 0, -ENOENT);
	refuse_part(self, ~0ULL, -ENOENT);
	refuse_part(self, 1ULL << 31, -ENOENT);		/* near a constant's */
	refuse_part(self, self->parts[3] + (1ULL << 32), -ENOENT);
	refuse_part(self, self->parts[3] - (1ULL << 32), -ENOENT);

	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &plain), 0);
	ASSERT_EQ(st_alloc(self->fd, plain, 8, &unsealed), 0);
	refuse_part(self, unsealed, -ENOENT);
	EXPECT_EQ(st_seal(self->fd, unsealed), 0);
	foreign = must_tuple(self->fd, &unsealed, 1);
	/* The plain object lives as long as the tuple, then ends at once. */
	EXPECT_EQ(st_release(self->fd, unsealed, 1), 0);
	EXPECT_TRUE(st_has_value(self->fd, unsealed, "\0\0\0\0\0\0\0\0", 8));
	EXPECT_EQ(st_release(self->fd, foreign, 1), 0);
	EXPECT_EQ(st_collect(self->fd).objects, 1ULL);
	EXPECT_EQ(st_acquire(self->fd, unsealed, 1), -ENOENT);
	EXPECT_EQ(st_type_delete(self->fd, plain), 0);

	/* Another domain of the same user. */
	foreign = st_must_str(named, "of another domain");
	if (st_acquire(self->fd, foreign, 1) == -ENOENT)
		refuse_part(self, foreign, -ENOENT);
	close(named);
}

TEST_F(domain, lengths)
{
	for (__u32 len = 0; len < 100; len++) {
		__u64 id;
		int error = st_intern(self->fd, SINGLET_TYPE_TUPLE, self->parts,
				      len, &id);

		EXPECT_EQ(error, len % PART_BYTES ? -EINVAL : 0);
		if (!error)
			EXPECT_EQ(st_release(self->fd, id, 1), 0);
	}
}

TEST_F(domain, largest)
{
	size_t most = SINGLET_MAX_PARTS;
	__u64 *parts = malloc((most + 2) * PART_BYTES), id, again;
	double start;

	ASSERT_TRUE(parts);
	for (size_t i = 0; i < most + 2; i++)
		parts[i] = self->parts[i % 100];
	EXPECT_EQ(tuple(self->fd, parts, most + 1, &id), -EMSGSIZE);
	EXPECT_EQ(tuple(self->fd, parts, most + 2, &id), -EMSGSIZE);
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U);
	start = st_now();
	id = must_tuple(self->fd, parts, most);
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U + most / 100);
	EXPECT_EQ(tuple(self->fd, parts, most, &again), 0);
	EXPECT_EQ(id, again);
	/* The last part is stale: a million references are taken back. */
	parts[most - 1] += 1ULL << 32;
	EXPECT_EQ(tuple(self->fd, parts, most, &again), -ENOENT);
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U + most / 100);
	EXPECT_EQ(st_release(self->fd, id, 2), 0);
	EXPECT_EQ(st_collect(self->fd).objects, 1ULL);
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U);
	harness_note("a tuple of %zu came and went in %.3f s", most,
		     st_now() - start);
	free(parts);
}

/* ---- undone ---- */

/* Items whose result cannot be delivered take nothing of their parts. */
TEST_F(domain, results_not_delivered)
{
	struct singlet_intern_item *items;
	struct singlet_stats before, after;
	char *page = st_map_with_hole(1);
	unsigned int done;

	items = (void *)(page + st_page_size() - 4 * sizeof(*items));
	for (int i = 0; i < 4; i++)
		items[i] = (struct singlet_intern_item){
			.data = (uintptr_t)(self->parts + i),
			.len = 10 * PART_BYTES,
			.type = SINGLET_TYPE_TUPLE,
		};
	/* Five are asked for, four are there. */
	EXPECT_EQ(st_batch_done(self->fd, SINGLET_INTERN, items, 5,
				sizeof(*items), &done), 0);
	EXPECT_EQ(done, 4U);
	EXPECT_EQ(references(self->fd, self->parts[5]), 5U);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(st_release(self->fd, items[i].id, 1), 0);
	st_collect(self->fd);
	before = st_stats(self->fd);
	ASSERT_EQ(mprotect(page, st_page_size(), PROT_READ), 0);
	EXPECT_EQ(st_batch_done(self->fd, SINGLET_INTERN, items, 4,
				sizeof(*items), &done), -EFAULT);
	after = st_stats(self->fd);
	EXPECT_EQ(after.objects, before.objects);
	EXPECT_EQ(after.references, before.references);
	EXPECT_EQ(references(self->fd, self->parts[5]), 1U);
}

/* ---- no cycles ---- */

/*
 * The id that the next tuple will get can be guessed: its slot is the one that
 * was given back last, and the generation is one more.  It names nothing yet.
 */
TEST_F(domain, no_cycles)
{
	unsigned int rounds = st_scale(20000), right = 0;
	__u64 plain, guess, id;
	__u32 type;

	ASSERT_EQ(st_type_create(self->fd, "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &type), 0);
	for (unsigned int i = 0; i < rounds; i++) {
		__u64 parts[2] = { self->parts[i % 100] };

		ASSERT_EQ(st_alloc(self->fd, type, sizeof(parts), &plain), 0);
		EXPECT_EQ(st_release(self->fd, plain, 1), 0);
		guess = plain + (1ULL << 32);
		/* Itself as a part, at either end or all of it. */
		parts[1] = guess;
		EXPECT_EQ(tuple(self->fd, parts, 2, &id), -ENOENT);
		parts[0] = guess;
		EXPECT_EQ(tuple(self->fd, parts, 2, &id), -ENOENT);
		parts[1] = self->parts[i % 100];
		EXPECT_EQ(tuple(self->fd, parts, 2, &id), -ENOENT);
		/* What would have been made is made now: was that its id? */
		parts[0] = self->parts[i / 100 % 100];
		id = must_tuple(self->fd, parts, 2);
		right += id == guess;
		EXPECT_EQ(st_release(self->fd, id, 1), 0);
	}
	harness_note("%u of %u guesses were right", right, rounds);
	EXPECT_GT(right, 0U);
	EXPECT_EQ(st_type_delete(self->fd, type), 0);
}

/* Two threads that guess each other's next tuple. */
static void *guesser(void *argument)
{
	struct fixture_domain *self = argument;
	__u64 last = self->parts[0], id;

	for (unsigned int i = 0; i < st_scale(5000); i++) {
		__u64 parts[2] = { self->parts[i % 100], last };

		if (tuple(self->fd, parts, 2, &id))
			ASSERT_EQ(tuple(self->fd, parts, 1, &id), 0);
		last = id + ((__u64)(i % 3) << 32) + (i % 5);
		EXPECT_EQ(st_release(self->fd, id, 1), 0);
		if (i % 100 == 0)
			st_collect(self->fd);
	}
	return NULL;
}

TEST_F(domain, no_cycles_of_two)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, guesser, self), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	/* The teardown finds every one freed, which a cycle never would be. */
}

/* ---- depth ---- */

#define LEVELS	256	/* that one call adds to a nest, at most */

/*
 * Up to @n more tuples around @part in one call: each part is the id that the
 * tuple before should get, which is one more while a slab has room.  Returns
 * how many there are, at least one; *@astray counts others that came about.
 */
static unsigned int nest_some(int fd, __u64 part, __u64 *ids, unsigned int n,
			      unsigned int *astray)
{
	static struct singlet_intern_item items[LEVELS];
	__u64 parts[LEVELS];
	unsigned int made = 1;

	for (unsigned int i = 0; i < n; i++) {
		parts[i] = part + i;
		items[i] = (struct singlet_intern_item){
			.data = (uintptr_t)&parts[i],
			.len = PART_BYTES,
			.type = SINGLET_TYPE_TUPLE,
		};
	}
	ST_BATCH(fd, SINGLET_INTERN, items, n);
	ASSERT_EQ(items[0].result, 0U);
	while (made < n && !items[made].result &&
	       parts[made] == items[made - 1].id)
		made++;
	for (unsigned int i = 0; i < n; i++) {
		if (i < made) {
			ids[i] = items[i].id;
		} else if (!items[i].result) {
			EXPECT_EQ(st_release(fd, items[i].id, 1), 0);
			++*astray;
		} else {
			EXPECT_EQ(items[i].result, (__u32)ENOENT);
		}
	}
	return made;
}

/* A tuple of a tuple of ... ; all of them are held, and nothing is idle. */
static void nest(int fd, __u64 part, __u64 *ids, unsigned int depth)
{
	unsigned int n = 1, astray = 0;

	/* Each CPU has free slots of its own. */
	st_stay_on_one_cpu();
	for (unsigned int i = 0, made; i < depth; i += made) {
		n = n < depth - i ? n : depth - i;
		made = nest_some(fd, part, ids + i, n, &astray);
		part = ids[i + made - 1];
		n = made < n ? 1 : n < LEVELS ? 2 * n : LEVELS;
	}
	if (astray)
		st_collect(fd);
}

static __u64 *ids_for(unsigned int depth)
{
	__u64 *ids = malloc(depth * sizeof(*ids));

	ASSERT_TRUE(ids);
	return ids;
}

TEST_F_TIMEOUT(domain, deep_nest_collected, 600)
{
	unsigned int depth = st_scale(200000);
	__u64 *ids = ids_for(depth);
	double start;

	nest(self->fd, self->parts[0], ids, depth);
	/* The outermost one keeps all the others. */
	sd_release_all(self->fd, ids, depth - 1);
	EXPECT_EQ(st_stats(self->fd).live, depth + 100ULL);
	EXPECT_EQ(st_stats(self->fd).references, 101ULL);
	EXPECT_EQ(st_collect(self->fd).objects, 0ULL);
	EXPECT_EQ(st_release(self->fd, ids[depth - 1], 1), 0);
	EXPECT_EQ(st_stats(self->fd).idle, 1ULL);
	start = st_now();
	EXPECT_EQ(st_collect(self->fd).objects, depth + 0ULL);
	harness_note("a nest of %u was freed in %.3f s", depth,
		     st_now() - start);
	EXPECT_EQ(references(self->fd, self->parts[0]), 1U);
	free(ids);
}

TEST_F_TIMEOUT(domain, deep_nest_killed, 600)
{
	unsigned int depth = st_scale(1000000);
	int pipes[2], status;
	double start;
	pid_t child;
	char byte;

	ASSERT_EQ(pipe(pipes), 0);
	child = fork();
	if (!child) {
		int fd = st_open();
		__u64 *ids = ids_for(depth);

		nest(fd, self->parts[0], ids, depth);
		sd_release_all(fd, ids, depth - 1);
		EXPECT_EQ(write(pipes[1], "", 1), (ssize_t)1);
		pause();
	}
	ASSERT_EQ(read(pipes[0], &byte, 1), (ssize_t)1);
	kill(child, SIGKILL);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_EQ(WTERMSIG(status), SIGKILL);
	/* Its outermost tuple is idle; the others wait for that one. */
	EXPECT_EQ(st_wait_references(self->fd, 100, 10), 100ULL);
	EXPECT_EQ(st_stats(self->fd).idle, 1ULL);
	start = st_now();
	EXPECT_EQ(st_collect(self->fd).objects, depth + 0ULL);
	harness_note("a nest of %u was freed in %.3f s", depth,
		     st_now() - start);
}

/* A nest that a domain takes with it. */
TEST_F_TIMEOUT(domain, deep_nest_with_domain, 600)
{
	unsigned int depth = st_scale(50000);
	int fd = sd_must_create(self->fd, sd_name("nest"), 0700,
				SINGLET_DOMAIN_EPHEMERAL);
	__u64 *ids = ids_for(depth);
	double start;

	nest(fd, st_must_str(fd, "core"), ids, depth);
	free(ids);
	start = st_now();
	close(fd);
	harness_note("a domain with a nest of %u ended in %.3f s", depth,
		     st_now() - start);
	EXPECT_EQ(sd_info(self->fd).owner_use[SINGLET_QUOTA_OBJECTS], 100ULL);
}

/* Wide and shared: every level has the one below twice. */
TEST_F(domain, exponential)
{
	__u64 id = self->parts[0];

	EXPECT_EQ(st_acquire(self->fd, id, 1), 0);
	for (int i = 0; i < 1000; i++) {
		__u64 twice[2] = { id, id }, outer;

		outer = must_tuple(self->fd, twice, 2);
		EXPECT_EQ(st_release(self->fd, id, 1), 0);
		id = outer;
	}
	EXPECT_EQ(st_release(self->fd, id, 1), 0);
	EXPECT_EQ(st_collect(self->fd).objects, 1000ULL);
}
