// SPDX-License-Identifier: GPL-2.0
/*
 * Random sequences of operations in several sessions against a model that
 * knows what each must answer.  The domain's numbers are compared after every
 * batch, every object now and then.
 *
 * SINGLET_OPS says how many operations, SINGLET_SEED repeats a run.
 */
#include "singlet_test.h"

#define SESSIONS	3
#define VALUES		400
#define PLAINS		60
#define OBJECTS		(VALUES + PLAINS)
#define STALE		512
#define BATCH		64

/* An object, or a value that may become one. */
struct object {
	__u32 type, len;
	char *data;
	bool exists, constant, unsealed;
	__u64 id;
	__u32 held[SESSIONS];	/* references of each session */
};

static struct {
	int fd[SESSIONS];
	__u32 user, plain;
	struct object objects[OBJECTS];
	__u64 stale[STALE];
	unsigned int stales;
	__u64 seed;
	struct singlet_stats expected;
} m;

static __u32 below(__u32 limit)
{
	return st_random(&m.seed) % limit;
}

static unsigned int holders(const struct object *o)
{
	unsigned int n = 0;

	for (int s = 0; s < SESSIONS; s++)
		n += o->held[s] != 0;
	return n;
}

/* ---- changes of the model ---- */

static void now_exists(struct object *o, __u64 id)
{
	for (unsigned int i = 0; i < OBJECTS; i++)
		if (m.objects[i].exists)
			EXPECT_NE(m.objects[i].id, id);
	for (unsigned int i = 0; i < STALE; i++)
		EXPECT_NE(m.stale[i], id);
	o->exists = true;
	o->id = id;
	m.expected.creates++;
	m.expected.objects++;
	m.expected.idle++;	/* until somebody takes it */
	m.expected.bytes_unique += o->len;
}

static void gone(struct object *o)
{
	m.stale[m.stales++ % STALE] = o->id;
	o->exists = false;
	m.expected.frees++;
	m.expected.objects--;
	m.expected.idle--;
	m.expected.bytes_unique -= o->len;
}

static void take(struct object *o, int s, __u32 count, bool revival)
{
	if (o->constant)
		return;
	if (!holders(o)) {
		m.expected.idle--;
		m.expected.live++;
		m.expected.revivals += revival;
	}
	if (!o->held[s]) {
		m.expected.references++;
		m.expected.bytes_logical += o->len;
	}
	o->held[s] += count;
}

static void give(struct object *o, int s, __u32 count)
{
	if (o->constant)
		return;
	o->held[s] -= count;
	if (o->held[s])
		return;
	m.expected.references--;
	m.expected.bytes_logical -= o->len;
	if (holders(o))
		return;
	m.expected.live--;
	m.expected.idle++;
	if (o->type == m.plain)
		gone(o);
}

/* ---- choices ---- */

static bool visible(const struct object *o, int s)
{
	return o->exists && (!o->unsealed || o->held[s]);
}

/* An object that exists, or NULL and a stale or invented id. */
static struct object *pick(__u64 *id)
{
	struct object *o = &m.objects[below(OBJECTS)];

	for (int i = 0; i < 5 && !o->exists; i++)
		o = &m.objects[below(OBJECTS)];
	if (o->exists && below(10)) {
		*id = o->id;
		return o;
	}
	*id = m.stale[below(STALE)];
	if (!*id || !below(8))
		*id = st_random(&m.seed) | 1ULL << 63;
	return NULL;
}

/* ---- operations: each a batch in session @s ---- */

static void op_find(int s, unsigned int n, unsigned long command)
{
	struct singlet_intern_item items[BATCH];
	struct object *objects[BATCH];
	bool intern = command == SINGLET_INTERN;

	for (unsigned int i = 0; i < n; i++) {
		objects[i] = &m.objects[below(VALUES)];
		memset(&items[i], ST_POISON8, sizeof(items[i]));
		items[i].data = (uintptr_t)objects[i]->data;
		items[i].len = objects[i]->len;
		items[i].type = objects[i]->type;
	}
	ST_BATCH(m.fd[s], command, items, n);
	for (unsigned int i = 0; i < n; i++) {
		struct object *o = objects[i];
		bool existed = o->exists;

		m.expected.hits += existed;
		m.expected.misses += !existed;
		if (!existed && !intern) {
			EXPECT_EQ(items[i].result, (__u32)ENOENT);
			continue;
		}
		ASSERT_EQ(items[i].result, 0U);
		EXPECT_EQ(items[i].created, (__u32)!existed);
		if (!existed)
			now_exists(o, items[i].id);
		if (o->constant && !o->id)
			o->id = items[i].id;
		EXPECT_EQ(items[i].id, o->id);
		take(o, s, 1, existed);
	}
}

static void op_acquire(int s, unsigned int n)
{
	struct singlet_ref_item items[BATCH];
	struct object *objects[BATCH];

	for (unsigned int i = 0; i < n; i++) {
		objects[i] = pick(&items[i].id);
		items[i].count = below(4);
		items[i].result = ST_POISON32;
	}
	ST_BATCH(m.fd[s], SINGLET_ACQUIRE, items, n);
	for (unsigned int i = 0; i < n; i++) {
		struct object *o = objects[i];

		if (!items[i].count) {
			EXPECT_EQ(items[i].result, (__u32)EINVAL);
		} else if (!o || !visible(o, s)) {
			EXPECT_EQ(items[i].result, (__u32)ENOENT);
		} else {
			EXPECT_EQ(items[i].result, 0U);
			take(o, s, items[i].count, true);
		}
	}
}

static void op_release(int s, unsigned int n)
{
	struct singlet_ref_item items[BATCH];
	struct object *objects[BATCH];

	for (unsigned int i = 0; i < n; i++) {
		objects[i] = pick(&items[i].id);
		/* Half of the time all that is held at the start. */
		items[i].count = below(3);
		if (objects[i] && below(2))
			items[i].count = objects[i]->held[s];
		items[i].result = ST_POISON32;
	}
	ST_BATCH(m.fd[s], SINGLET_RELEASE, items, n);
	for (unsigned int i = 0; i < n; i++) {
		struct object *o = objects[i];

		/* An earlier item of the batch may have freed it. */
		if (!items[i].count) {
			EXPECT_EQ(items[i].result, (__u32)EINVAL);
		} else if (o && o->constant) {
			EXPECT_EQ(items[i].result, 0U);
		} else if (!o || !o->exists || !o->held[s]) {
			EXPECT_EQ(items[i].result, (__u32)ENOENT);
		} else if (items[i].count > o->held[s]) {
			EXPECT_EQ(items[i].result, (__u32)EINVAL);
		} else {
			EXPECT_EQ(items[i].result, 0U);
			give(o, s, items[i].count);
		}
	}
}

static void op_read(int s, unsigned int n)
{
	struct singlet_read_item items[BATCH];
	struct object *objects[BATCH];
	static char data[BATCH][256];

	for (unsigned int i = 0; i < n; i++) {
		memset(&items[i], ST_POISON8, sizeof(items[i]));
		objects[i] = pick(&items[i].id);
		items[i].data = (uintptr_t)data[i];
		items[i].len = below(sizeof(data[i]));
		items[i].offset = below(3) ? 0 : below(100);
		memset(data[i], ST_POISON8, sizeof(data[i]));
	}
	ST_BATCH(m.fd[s], SINGLET_READ, items, n);
	for (unsigned int i = 0; i < n; i++) {
		struct object *o = objects[i];

		if (!o || !visible(o, s)) {
			EXPECT_EQ(items[i].result, (__u32)ENOENT);
			continue;
		}
		if (items[i].offset > o->len) {
			EXPECT_EQ(items[i].result, (__u32)EINVAL);
			continue;
		}
		EXPECT_EQ(items[i].result, 0U);
		EXPECT_EQ(items[i].total, o->len);
		ASSERT_LE(items[i].len, o->len - items[i].offset);
		EXPECT_EQ(memcmp(data[i], o->data + items[i].offset,
				 items[i].len), 0);
	}
}

static void op_query(int s, unsigned int n)
{
	struct singlet_query_item items[BATCH];
	struct object *objects[BATCH];

	for (unsigned int i = 0; i < n; i++) {
		memset(&items[i], ST_POISON8, sizeof(items[i]));
		items[i].reserved = 0;
		objects[i] = pick(&items[i].id);
	}
	ST_BATCH(m.fd[s], SINGLET_QUERY, items, n);
	for (unsigned int i = 0; i < n; i++) {
		struct object *o = objects[i];

		if (!o || !visible(o, s)) {
			EXPECT_EQ(items[i].result, (__u32)ENOENT);
			continue;
		}
		EXPECT_EQ(items[i].result, 0U);
		EXPECT_EQ(items[i].type, o->type);
		EXPECT_EQ(items[i].len, o->len);
		EXPECT_EQ(items[i].held, o->held[s]);
		EXPECT_EQ(items[i].references, holders(o));
		EXPECT_EQ(items[i].state,
			  (__u32)(o->constant ? SINGLET_STATE_IMMORTAL :
				  o->unsealed ? SINGLET_STATE_UNSEALED :
				  holders(o)  ? SINGLET_STATE_LIVE :
						SINGLET_STATE_IDLE));
	}
}

static void op_alloc(int s, unsigned int n)
{
	struct singlet_alloc_item items[BATCH];
	struct object *objects[BATCH];
	unsigned int count = 0;

	for (unsigned int i = VALUES; i < OBJECTS && count < n; i++) {
		if (m.objects[i].exists)
			continue;
		objects[count] = &m.objects[i];
		objects[count]->len = below(120);
		memset(objects[count]->data, 0, 120);
		memset(&items[count], 0, sizeof(items[count]));
		items[count].type = m.plain;
		items[count].len = objects[count]->len;
		count++;
	}
	if (!count)
		return;
	ST_BATCH(m.fd[s], SINGLET_ALLOC, items, count);
	for (unsigned int i = 0; i < count; i++) {
		ASSERT_EQ(items[i].result, 0U);
		objects[i]->unsealed = true;
		now_exists(objects[i], items[i].id);
		take(objects[i], s, 1, false);
	}
}

static void op_write(int s, unsigned int n)
{
	for (unsigned int i = 0; i < n / 8 + 1; i++) {
		char bytes[40];
		__u32 offset = below(120), len = below(sizeof(bytes));
		__u64 id;
		struct object *o = pick(&id);
		int expected;

		st_fill(bytes, sizeof(bytes), st_random(&m.seed));
		expected = !o || !visible(o, s)	    ? -ENOENT :
			   !o->unsealed		    ? -EPERM :
			   offset + len > o->len    ? -EINVAL :
						      0;
		if (expected == -EPERM && !o->constant && !o->held[s])
			continue;	/* whose it is may be asked first */
		EXPECT_EQ(st_write(m.fd[s], id, bytes, len, offset), expected);
		if (!expected)
			memcpy(o->data + offset, bytes, len);
	}
}

static void op_seal(int s, unsigned int n)
{
	for (unsigned int i = 0; i < n / 8 + 1; i++) {
		__u64 id;
		struct object *o = pick(&id);
		int expected = !o || !visible(o, s)  ? -ENOENT :
			       o->type != m.plain    ? -EPERM :
						       0;

		if (expected != -ENOENT && !o->constant && !o->held[s])
			continue;
		EXPECT_EQ(st_seal(m.fd[s], id), expected);
		if (!expected)
			o->unsealed = false;
	}
}

static void op_collect(int s)
{
	struct singlet_collect collect = st_collect(m.fd[s]);
	__u64 objects = 0, bytes = 0;

	for (unsigned int i = 0; i < VALUES; i++) {
		struct object *o = &m.objects[i];

		if (!o->exists || o->constant || holders(o))
			continue;
		objects++;
		bytes += o->len;
		gone(o);
	}
	EXPECT_EQ(collect.objects, objects);
	EXPECT_EQ(collect.bytes, bytes);
	m.expected.evictions += objects;
	m.expected.collections++;
}

static void op_reopen(int s)
{
	close(m.fd[s]);
	for (unsigned int i = 0; i < OBJECTS; i++) {
		struct object *o = &m.objects[i];

		if (o->exists && o->held[s]) {
			give(o, s, o->held[s]);
			m.expected.released++;
		}
	}
	m.fd[s] = st_open();
}

static void op_list(int s)
{
	struct singlet_list_entry entries[37];
	struct singlet_list list = {
		.size = sizeof(list),
		.entry_size = sizeof(struct singlet_list_entry),
	};
	bool seen[OBJECTS] = { false };
	unsigned int n = 0, expected = 0;

	do {
		list.entries = (uintptr_t)entries;
		list.count = ST_ARRAY_SIZE(entries);
		ASSERT_EQ(st_ioctl(m.fd[s], SINGLET_LIST, &list), 0);
		for (unsigned int i = 0; i < list.count; i++, n++) {
			unsigned int j = 0;

			while (j < OBJECTS && (!m.objects[j].exists ||
					       m.objects[j].id != entries[i].id))
				j++;
			ASSERT_TRUE(j < OBJECTS);
			EXPECT_FALSE(seen[j]);
			seen[j] = true;
			EXPECT_TRUE(visible(&m.objects[j], s));
			EXPECT_EQ(entries[i].type, m.objects[j].type);
			EXPECT_EQ(entries[i].len, m.objects[j].len);
			EXPECT_EQ(entries[i].references,
				  holders(&m.objects[j]));
		}
	} while (list.cursor);
	for (unsigned int i = 0; i < OBJECTS; i++)
		expected += !m.objects[i].constant &&
			    visible(&m.objects[i], s);
	EXPECT_EQ(n, expected);
}

static void op_delete(int s)
{
	bool live = false;
	int error;

	for (unsigned int i = 0; i < VALUES; i++)
		live |= m.objects[i].type == m.user && holders(&m.objects[i]);
	error = st_type_delete(m.fd[s], m.user);
	EXPECT_EQ(error, live ? -EBUSY : 0);
	/* Its idle objects are freed in either case. */
	for (unsigned int i = 0; i < VALUES; i++)
		if (m.objects[i].type == m.user && m.objects[i].exists &&
		    !holders(&m.objects[i]))
			gone(&m.objects[i]);
	if (error)
		return;
	error = m.user;
	ASSERT_EQ(st_type_create(m.fd[s], "user", SINGLET_KIND_VALUE, 0, 200,
				 &m.user), 0);
	for (unsigned int i = 0; i < VALUES; i++)
		if (m.objects[i].type == (__u32)error)
			m.objects[i].type = m.user;
}

/* ---- comparison ---- */

static void compare(void)
{
	struct singlet_stats now = st_stats(m.fd[0]);

	m.expected.sessions = SESSIONS;
	EXPECT_SAME(&m.expected, &now,
		    "types reuses evictions failures slabs slots slots_free slots_cached buckets bytes_stored bytes_metadata bytes_saved world bytes_idle");
	EXPECT_SOUND(&now);
	EXPECT_EQ(now.types, ST_PREDEFINED + 2);
	EXPECT_EQ(now.failures, 0ULL);
}

static void compare_objects(void)
{
	for (unsigned int i = 0; i < OBJECTS; i++) {
		struct object *o = &m.objects[i];

		for (int s = 0; o->exists && s < SESSIONS; s++) {
			if (visible(o, s)) {
				EXPECT_TRUE(st_has_value(m.fd[s], o->id,
							 o->data, o->len));
				break;
			}
		}
	}
}

static void start(void)
{
	m.fd[0] = st_open_fresh();
	for (int s = 1; s < SESSIONS; s++)
		m.fd[s] = st_open();
	m.seed = st_seed();
	ASSERT_EQ(st_type_create(m.fd[0], "user", SINGLET_KIND_VALUE, 0, 200,
				 &m.user), 0);
	ASSERT_EQ(st_type_create(m.fd[0], "plain", SINGLET_KIND_PLAIN, 0, 0,
				 &m.plain), 0);
	for (unsigned int i = 0; i < OBJECTS; i++) {
		struct object *o = &m.objects[i];

		o->data = malloc(256);
		ASSERT_TRUE(o->data);
		if (i >= VALUES) {
			o->type = m.plain;
			continue;
		}
		st_fill_text(o->data, 256, i);
		o->len = 4 + i % 190;
		memcpy(o->data, &(__u32){ 0x01010101 * (i % 100 + 1) }, 4);
		switch (i % 5) {
		case 0:
			o->type = m.user;
			break;
		case 1:
			o->type = SINGLET_TYPE_BYTES;
			break;
		case 2: {
			__s64 value = (__s64)i - 150;

			o->type = SINGLET_TYPE_INT;
			o->len = 8;
			memcpy(o->data, &value, 8);
			o->constant = o->exists =
				value >= SINGLET_INT_IMMORTAL_MIN &&
				value <= SINGLET_INT_IMMORTAL_MAX;
			if (o->constant)
				o->id = st_must_int(m.fd[0], value);
			break;
		}
		default:
			o->type = SINGLET_TYPE_STR;
			break;
		}
	}
	m.expected = st_stats(m.fd[0]);
}

TEST_TIMEOUT(model, 300)
{
	const char *text = getenv("SINGLET_OPS");
	unsigned long wanted = text ? strtoul(text, NULL, 0) : st_scale(20000);
	unsigned long done = 0;

	start();
	for (unsigned int round = 0; done < wanted; round++) {
		unsigned int n = 1 + below(BATCH), failures;
		int s = below(SESSIONS);
		unsigned int op = below(100);

		failures = harness_failures();
		if (op < 30)
			op_find(s, n, SINGLET_INTERN);
		else if (op < 38)
			op_find(s, n, SINGLET_LOOKUP);
		else if (op < 48)
			op_acquire(s, n);
		else if (op < 75)
			op_release(s, n);
		else if (op < 80)
			op_read(s, n);
		else if (op < 84)
			op_query(s, n);
		else if (op < 88)
			op_alloc(s, n);
		else if (op < 91)
			op_write(s, n);
		else if (op < 93)
			op_seal(s, n);
		else if (op < 95)
			op_collect(s);
		else if (op < 97)
			op_reopen(s);
		else if (op < 99)
			op_list(s);
		else
			op_delete(s);
		done += op < 93 ? n : 1;
		compare();
		if (round % 128 == 0)
			compare_objects();
		if (harness_failures() != failures) {
			harness_note("in round %u: op %u, session %d, %u items",
				     round, op, s, n);
			ASSERT_EQ(harness_failures(), failures);
		}
	}
	compare_objects();
	harness_note("%lu operations, %llu objects made, %llu revived", done,
		     m.expected.creates, m.expected.revivals);
	for (int s = 1; s < SESSIONS; s++)
		op_reopen(s);
	op_reopen(0);
	compare();
	EXPECT_EMPTY(m.fd[0]);
}
