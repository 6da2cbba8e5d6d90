// SPDX-License-Identifier: GPL-2.0
/* Values in a store: one copy each, counted, found again, gone without trace. */
#include "suites.h"

#include <linux/vmalloc.h>
#include <linux/sched.h>

#include "domain.h"

static int try_intern(struct kunit *test, u32 type, const void *data, u32 len,
		      struct singlet_object **obj)
{
	return singlet_store_intern(test->priv, type, data, len, true,
				    GFP_KERNEL, obj);
}

static struct singlet_object *get(struct kunit *test, u64 id)
{
	return suite_get(test->priv, id);
}

static void collect(struct kunit *test)
{
	struct singlet_reclaimed out;

	singlet_reclaim_all(test->priv, &out);
}

/* Stats and equations with @objects objects of which @idle are idle. */
static void expect_objects(struct kunit *test, u64 objects, u64 idle)
{
	struct singlet_stats s = suite_stats(test->priv);

	singlet_stats_finish(&s);
	KUNIT_EXPECT_EQ(test, s.objects, objects);
	KUNIT_EXPECT_EQ(test, s.idle, idle);
	KUNIT_EXPECT_EQ(test, s.live, objects - idle);
	KUNIT_EXPECT_EQ(test, s.objects, s.creates - s.frees);
	KUNIT_EXPECT_EQ(test, s.slots, s.objects + s.slots_free);
	KUNIT_EXPECT_LE(test, s.slots_cached, s.slots_free);
	KUNIT_EXPECT_EQ(test, s.bytes_saved, s.bytes_logical - s.bytes_stored -
					     s.bytes_metadata);
	KUNIT_EXPECT_TRUE(test, suite_is_valid(test->priv));
}

static void store_single_copy(struct kunit *test)
{
	struct singlet_object *a, *b, *c;
	struct singlet_stats s;

	KUNIT_EXPECT_EQ(test, try_intern(test, SINGLET_TYPE_STR, "hello", 5,
					 &a), 1);
	KUNIT_EXPECT_EQ(test, try_intern(test, SINGLET_TYPE_STR, "hello", 5,
					 &b), 0);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_len(a), 5);
	KUNIT_EXPECT_MEMEQ(test, singlet_object_data(a), "hello", 5);
	/* Shorter, longer, and another value of the same length. */
	c = suite_str(test, test->priv, "hell");
	KUNIT_EXPECT_PTR_NE(test, a, c);
	singlet_store_put(c);
	c = suite_str(test, test->priv, "hello ");
	KUNIT_EXPECT_PTR_NE(test, a, c);
	singlet_store_put(c);
	c = suite_intern(test, test->priv, SINGLET_TYPE_STR, "hello\0", 6);
	KUNIT_EXPECT_PTR_NE(test, a, c);
	singlet_store_put(c);
	c = suite_str(test, test->priv, "hallo");
	KUNIT_EXPECT_PTR_NE(test, a, c);
	singlet_store_put(c);
	expect_objects(test, 5, 4);
	s = suite_stats(test->priv);
	KUNIT_EXPECT_EQ(test, s.creates, 5);
	KUNIT_EXPECT_EQ(test, s.hits, 1);
	KUNIT_EXPECT_EQ(test, s.misses, 5);
	KUNIT_EXPECT_EQ(test, s.bytes_unique, 5 + 4 + 6 + 6 + 5);
	singlet_store_put(a);
	singlet_store_put(b);
	expect_objects(test, 5, 5);
	suite_expect_empty(test, test->priv);
}

/* Equal bytes of different types are different objects. */
static void store_types_apart(struct kunit *test)
{
	static const u8 bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct singlet_object *obj[5];
	unsigned int i, j;
	u32 user[2];

	user[0] = suite_type(test, test->priv, "a", SINGLET_KIND_VALUE);
	user[1] = suite_type(test, test->priv, "b", SINGLET_KIND_VALUE);
	obj[0] = suite_intern(test, test->priv, SINGLET_TYPE_INT, bytes, 8);
	obj[1] = suite_intern(test, test->priv, SINGLET_TYPE_FLOAT, bytes, 8);
	obj[2] = suite_intern(test, test->priv, SINGLET_TYPE_BYTES, bytes, 8);
	obj[3] = suite_intern(test, test->priv, user[0], bytes, 8);
	obj[4] = suite_intern(test, test->priv, user[1], bytes, 8);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE(test, obj[i], obj[j]);
	expect_objects(test, 5, 0);
	for (i = 0; i < ARRAY_SIZE(obj); i++)
		singlet_store_put(obj[i]);
	suite_expect_empty(test, test->priv);
}

/* Floats are bytes: 0.0 and -0.0 differ, a NaN equals itself. */
static void store_floats(struct kunit *test)
{
	static const u64 values[] = {
		0, 1ULL << 63, 0x7ff8000000000000, 0x7ff8000000000001,
	};
	struct singlet_object *obj[ARRAY_SIZE(values)], *again;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		obj[i] = suite_intern(test, test->priv, SINGLET_TYPE_FLOAT,
				      &values[i], 8);
	expect_objects(test, ARRAY_SIZE(values), 0);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		again = suite_intern(test, test->priv, SINGLET_TYPE_FLOAT,
				     &values[i], 8);
		KUNIT_EXPECT_PTR_EQ(test, again, obj[i]);
		singlet_store_put(again);
		singlet_store_put(obj[i]);
	}
	suite_expect_empty(test, test->priv);
}

static void store_counts(struct kunit *test)
{
	struct singlet_object *obj = suite_str(test, test->priv, "counted");
	u64 id = singlet_object_id(obj);
	struct singlet_stats s;
	unsigned int i;
	bool revived;

	for (i = 1; i < 50; i++) {
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), i);
		KUNIT_EXPECT_PTR_EQ(test, obj, i % 2 ? get(test, id) :
				    suite_str(test, test->priv, "counted"));
	}
	expect_objects(test, 1, 0);
	for (; i; i--) {
		KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), i);
		singlet_store_put(obj);
	}
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 0);
	expect_objects(test, 1, 1);

	/* Idle, and found again: by its value, then by its id. */
	KUNIT_EXPECT_PTR_EQ(test, suite_str(test, test->priv, "counted"), obj);
	expect_objects(test, 1, 0);
	singlet_store_put(obj);
	KUNIT_EXPECT_PTR_EQ(test, singlet_store_get(test->priv, id, &revived),
			    obj);
	KUNIT_EXPECT_TRUE(test, revived);
	expect_objects(test, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, singlet_store_get(test->priv, id, &revived),
			    obj);
	KUNIT_EXPECT_FALSE(test, revived);
	singlet_store_put(obj);
	singlet_store_put(obj);
	s = suite_stats(test->priv);
	/* Found by id it is a revival when its finder keeps it. */
	KUNIT_EXPECT_EQ(test, s.revivals, 1);
	KUNIT_EXPECT_EQ(test, s.creates, 1);
	suite_expect_empty(test, test->priv);
	s = suite_stats(test->priv);
	KUNIT_EXPECT_EQ(test, s.evictions, 1);
	KUNIT_EXPECT_EQ(test, s.frees, 1);
}

static void store_lookup(struct kunit *test)
{
	struct singlet_object *obj = NULL, *made;

	KUNIT_EXPECT_EQ(test, singlet_store_intern(test->priv, SINGLET_TYPE_STR,
						   "x", 1, false, GFP_KERNEL,
						   &obj), -ENOENT);
	expect_objects(test, 0, 0);
	made = suite_str(test, test->priv, "x");
	KUNIT_EXPECT_EQ(test, singlet_store_intern(test->priv, SINGLET_TYPE_STR,
						   "x", 1, false, GFP_KERNEL,
						   &obj), 0);
	KUNIT_EXPECT_PTR_EQ(test, obj, made);
	singlet_store_put(obj);
	singlet_store_put(made);
	/* Idle ones are found, too. */
	KUNIT_EXPECT_EQ(test, singlet_store_intern(test->priv, SINGLET_TYPE_STR,
						   "x", 1, false, GFP_KERNEL,
						   &obj), 0);
	singlet_store_put(obj);
	suite_expect_empty(test, test->priv);
}

static void expect_immortal(struct kunit *test, struct singlet_store *other,
			    u32 type, const void *data, u32 len)
{
	struct singlet_object *a = suite_intern(test, test->priv, type, data,
						len);
	struct singlet_object *b = suite_intern(test, other, type, data, len);
	struct singlet_peek peek;
	u64 id = singlet_object_id(a);

	KUNIT_EXPECT_PTR_EQ(test, a, b);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(a));
	KUNIT_EXPECT_TRUE(test, id & WORLD_ID);
	KUNIT_EXPECT_EQ(test, singlet_object_len(a), len);
	KUNIT_EXPECT_EQ(test, memcmp(singlet_object_data(a), data, len), 0);
	/* More puts than gets do no harm. */
	singlet_store_put(a);
	singlet_store_put(a);
	singlet_store_put(a);
	KUNIT_EXPECT_PTR_EQ(test, get(test, id), a);
	KUNIT_EXPECT_EQ(test, singlet_store_peek(test->priv, id, &peek), 0);
	KUNIT_EXPECT_TRUE(test, peek.immortal);
	KUNIT_EXPECT_EQ(test, peek.type, type);
	KUNIT_EXPECT_EQ(test, peek.len, len);
	KUNIT_EXPECT_EQ(test, peek.references, 0);
}

static void store_immortals(struct kunit *test)
{
	struct singlet_store *other = singlet_store_create();
	struct singlet_object *obj;
	struct singlet_stats s;
	u8 b;
	s64 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	expect_immortal(test, other, SINGLET_TYPE_NONE, "", 0);
	for (b = 0; b < 2; b++)
		expect_immortal(test, other, SINGLET_TYPE_BOOL, &b, 1);
	for (i = SINGLET_INT_IMMORTAL_MIN; i <= SINGLET_INT_IMMORTAL_MAX; i++)
		expect_immortal(test, other, SINGLET_TYPE_INT, &i, 8);
	/* They cost the store nothing, but are hits. */
	s = suite_stats(test->priv);
	KUNIT_EXPECT_EQ(test, s.slabs, 0);
	KUNIT_EXPECT_EQ(test, s.hits, 1 + 2 + WORLD_INTS);
	KUNIT_EXPECT_EQ(test, s.misses, 0);
	expect_objects(test, 0, 0);
	KUNIT_EXPECT_EQ(test, singlet_world.nr, 1 + 2 + WORLD_INTS);

	/* Their neighbours are objects like others. */
	i = SINGLET_INT_IMMORTAL_MIN - 1;
	obj = suite_intern(test, test->priv, SINGLET_TYPE_INT, &i, 8);
	KUNIT_EXPECT_FALSE(test, singlet_object_id(obj) & WORLD_ID);
	KUNIT_EXPECT_FALSE(test, singlet_object_immortal(obj));
	singlet_store_put(obj);
	i = SINGLET_INT_IMMORTAL_MAX + 1;
	obj = suite_intern(test, test->priv, SINGLET_TYPE_INT, &i, 8);
	KUNIT_EXPECT_FALSE(test, singlet_object_id(obj) & WORLD_ID);
	singlet_store_put(obj);
	/* Bytes that look like one of them, and a float. */
	i = 1;
	obj = suite_intern(test, test->priv, SINGLET_TYPE_BYTES, &i, 8);
	KUNIT_EXPECT_FALSE(test, singlet_object_id(obj) & WORLD_ID);
	singlet_store_put(obj);
	obj = suite_intern(test, test->priv, SINGLET_TYPE_FLOAT, &i, 8);
	KUNIT_EXPECT_FALSE(test, singlet_object_id(obj) & WORLD_ID);
	singlet_store_put(obj);
	expect_objects(test, 4, 4);
	suite_expect_empty(test, test->priv);
	/* Collecting does not touch the world. */
	expect_immortal(test, other, SINGLET_TYPE_NONE, "", 0);
	singlet_store_destroy(other);
}

static void store_bad_values(struct kunit *test)
{
	static const struct {
		u32 type;
		const char *data;
		u32 len;
		int err;
	} rows[] = {
		{ SINGLET_TYPE_NONE, "x", 1, -EINVAL },
		{ SINGLET_TYPE_BOOL, "\2", 1, -EINVAL },
		{ SINGLET_TYPE_BOOL, "", 0, -EINVAL },
		{ SINGLET_TYPE_INT, "1234567", 7, -EINVAL },
		{ SINGLET_TYPE_FLOAT, "123456789", 9, -EINVAL },
		{ SINGLET_TYPE_STR, "\xff", 1, -EILSEQ },
		{ SINGLET_TYPE_STR, "caf\xe9", 4, -EILSEQ },
		{ SINGLET_TYPE_STR, "", SINGLET_MAX_VALUE + 1, -EMSGSIZE },
		{ SINGLET_TYPE_BYTES, "", SINGLET_MAX_VALUE + 1, -EMSGSIZE },
		{ SINGLET_TYPE_BYTES, "", U32_MAX, -EMSGSIZE },
		{ 0, "x", 1, -ENOENT },
		{ TYPE_PREDEFINED + 1, "x", 1, -ENOENT },
		{ SINGLET_TYPE_TUPLE, "1234567", 7, -EINVAL },
		{ SINGLET_TYPE_TUPLE, "", 8 * SINGLET_MAX_PARTS + 8, -EMSGSIZE },
		{ SINGLET_TYPE_TUPLE, "12345678", 8, -ENOENT },
		{ TYPE_NUMBER(SINGLET_TYPE_STR, 1), "x", 1, -ENOENT },
		{ U32_MAX, "x", 1, -ENOENT },
	};
	struct singlet_object *obj = NULL;
	struct singlet_stats s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, try_intern(test, rows[i].type,
						     rows[i].data, rows[i].len,
						     &obj), rows[i].err,
				    "row %u", i);
	KUNIT_EXPECT_NULL(test, obj);
	s = suite_stats(test->priv);
	KUNIT_EXPECT_EQ(test, s.creates, 0);
	KUNIT_EXPECT_EQ(test, s.slabs, 0);
	KUNIT_EXPECT_EQ(test, s.failures, 0);
	expect_objects(test, 0, 0);
}

/* Values around each size class, their last bytes telling them apart. */
static void store_lengths(struct kunit *test)
{
	static const u32 more[] = {
		32768, 32769, 65536, 65537, 1 << 20,
		SINGLET_MAX_VALUE,
	};
	unsigned int i, nr = SIZE_CLASSES + ARRAY_SIZE(more);
	struct singlet_object *a, *b, *again;
	u8 *data = vzalloc(SINGLET_MAX_VALUE);

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(data, 'v', SINGLET_MAX_VALUE);
	for (i = 0; i < nr; i++) {
		u32 len = i < SIZE_CLASSES ? singlet_sizes[i].size - i % 2 :
					     more[i - SIZE_CLASSES];

		a = suite_intern(test, test->priv, SINGLET_TYPE_STR, data, len);
		data[len - 1] = 'w';
		b = suite_intern(test, test->priv, SINGLET_TYPE_STR, data, len);
		again = suite_intern(test, test->priv, SINGLET_TYPE_STR, data,
				     len);
		KUNIT_EXPECT_PTR_NE(test, a, b);
		KUNIT_EXPECT_PTR_EQ(test, b, again);
		KUNIT_EXPECT_EQ(test, singlet_object_len(b), len);
		KUNIT_EXPECT_EQ(test, memcmp(singlet_object_data(b), data,
					     len), 0);
		data[len - 1] = 'v';
		KUNIT_EXPECT_EQ(test, memcmp(singlet_object_data(a), data,
					     len), 0);
		singlet_store_put(a);
		singlet_store_put(b);
		singlet_store_put(again);
		cond_resched();
	}
	vfree(data);
	expect_objects(test, 2 * nr, 2 * nr);
	suite_expect_empty(test, test->priv);
}

/*
 * Big values are found by their hash and compared later.  One whose bytes were
 * changed behind the store's back has another value's hash, as after a
 * collision.
 */
static void store_big_collision(struct kunit *test)
{
	struct singlet_object *liar, *obj, *again;
	const u32 len = 5000;
	u8 *data = kunit_kzalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	liar = suite_intern(test, test->priv, SINGLET_TYPE_BYTES, data, len);
	*(u8 *)singlet_object_data(liar) = 1;
	KUNIT_EXPECT_EQ(test, try_intern(test, SINGLET_TYPE_BYTES, data, len,
					 &obj), 1);
	KUNIT_EXPECT_PTR_NE(test, obj, liar);
	KUNIT_EXPECT_EQ(test, memcmp(singlet_object_data(obj), data, len), 0);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(liar), 1);
	KUNIT_EXPECT_EQ(test, try_intern(test, SINGLET_TYPE_BYTES, data, len,
					 &again), 0);
	KUNIT_EXPECT_PTR_EQ(test, again, obj);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(liar), 1);
	expect_objects(test, 2, 0);
	singlet_store_put(liar);
	singlet_store_put(obj);
	singlet_store_put(again);
	suite_expect_empty(test, test->priv);
}

/* No bytes are a value of str and of bytes. */
static void store_empty_values(struct kunit *test)
{
	struct singlet_object *a, *b, *c;

	a = suite_intern(test, test->priv, SINGLET_TYPE_STR, NULL, 0);
	b = suite_intern(test, test->priv, SINGLET_TYPE_BYTES, NULL, 0);
	c = suite_intern(test, test->priv, SINGLET_TYPE_STR, "", 0);
	KUNIT_EXPECT_PTR_EQ(test, a, c);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_EQ(test, singlet_object_len(a), 0);
	singlet_store_put(a);
	singlet_store_put(b);
	singlet_store_put(c);
	suite_expect_empty(test, test->priv);
}

static void expect_stale(struct kunit *test, u64 id)
{
	struct singlet_peek peek;

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(get(test, id)), -ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_store_peek(test->priv, id, &peek),
			-ENOENT);
}

/* An id names its object and no later one, wherever that is. */
static void store_generations(struct kunit *test)
{
	struct singlet_object *keep = suite_str(test, test->priv, "keep");
	u64 ids[20], id;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct singlet_object *obj;
		struct singlet_peek peek;
		char text[16];

		snprintf(text, sizeof(text), "v%u", i);
		obj = suite_str(test, test->priv, text);
		ids[i] = singlet_object_id(obj);
		for (j = 0; j < i; j++) {
			KUNIT_EXPECT_NE(test, ids[i], ids[j]);
			expect_stale(test, ids[j]);
		}
		KUNIT_EXPECT_EQ(test, singlet_store_peek(test->priv, ids[i],
							 &peek), 0);
		KUNIT_EXPECT_EQ(test, peek.type, SINGLET_TYPE_STR);
		KUNIT_EXPECT_EQ(test, peek.references, 1);
		KUNIT_EXPECT_FALSE(test, peek.immortal);
		singlet_store_put(obj);
		/* Now and then with its slab. */
		if (i == 10) {
			id = singlet_object_id(keep);
			singlet_store_put(keep);
			collect(test);
			expect_stale(test, id);
			keep = suite_str(test, test->priv, "keep");
			KUNIT_EXPECT_NE(test, singlet_object_id(keep), id);
		} else {
			collect(test);
		}
		expect_stale(test, ids[i]);
	}
	singlet_store_put(keep);
	suite_expect_empty(test, test->priv);
}

static void store_bad_ids(struct kunit *test)
{
	struct singlet_object *obj = suite_str(test, test->priv, "here");
	u64 id = singlet_object_id(obj);
	const u64 ids[] = {
		0, 1, ~0ULL, id ^ 1, id ^ 1ULL << 32, id ^ 1ULL << 63,
		(u32)id, id | WORLD_ID, id + (1 << INFO_SLOT_BITS),
		id | INFO_SLOT_MASK, (1ULL << 32) | 0x7fffffff,
		(1ULL << 32) | WORLD_ID | 0x7fffffff, WORLD_ID,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct singlet_object *o = get(test, ids[i]);

		/* With generation 1 it can be one of the world's. */
		if (ids[i] == (id | WORLD_ID) && !IS_ERR(o))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(o), -ENOENT,
				    "id %u", i);
	}
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	singlet_store_put(obj);
	suite_expect_empty(test, test->priv);
}

static void store_single_kind(struct kunit *test)
{
	u32 type = suite_type(test, test->priv, "single", SINGLET_KIND_SINGLE);
	struct singlet_object *a, *obj = NULL;

	KUNIT_EXPECT_EQ(test, try_intern(test, type, "first", 5, &a), 1);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "first", 5, &obj), 0);
	KUNIT_EXPECT_PTR_EQ(test, obj, a);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, NULL, 0, &obj), 0);
	KUNIT_EXPECT_PTR_EQ(test, obj, a);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 3);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "other", 5, &obj),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "firs", 4, &obj), -EEXIST);
	KUNIT_EXPECT_EQ(test, singlet_store_intern(test->priv, type, "other", 5,
						   false, GFP_KERNEL, &obj),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 3);
	expect_objects(test, 1, 0);
	singlet_store_put(a);
	singlet_store_put(a);
	singlet_store_put(a);
	/* Idle it is the instance still, and a refusal leaves it idle. */
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "other", 5, &obj),
			-EEXIST);
	expect_objects(test, 1, 1);
	collect(test);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "other", 5, &a), 1);
	KUNIT_EXPECT_MEMEQ(test, singlet_object_data(a), "other", 5);
	singlet_store_put(a);
	suite_expect_empty(test, test->priv);
}

/* A refusal for its length does not hide the instance. */
static void store_single_fixed(struct kunit *test)
{
	struct singlet_type_args args = {
		.name = "fixed", .name_len = 5, .kind = SINGLET_KIND_SINGLE,
		.value_size = 4,
	};
	struct singlet_store *store = test->priv;
	struct singlet_object *a, *obj = NULL;
	u32 type;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test,
				     singlet_types_create(&store->types, &args,
							  &type));
	KUNIT_EXPECT_EQ(test, try_intern(test, type, NULL, 0, &obj), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "12345", 5, &obj),
			-EINVAL);
	expect_objects(test, 0, 0);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "1234", 4, &a), 1);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, NULL, 0, &obj), 0);
	KUNIT_EXPECT_PTR_EQ(test, obj, a);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "12345", 5, &obj),
			-EINVAL);
	singlet_store_put(a);
	singlet_store_put(a);
	suite_expect_empty(test, test->priv);
}

/* Slots of freed objects are used again, and the statistics say so. */
static void store_reuses(struct kunit *test)
{
	struct singlet_object *keep = suite_str(test, test->priv, "keep");
	struct singlet_stats before, after;
	unsigned int i, round;
	char text[8];

	for (round = 0; round < 2; round++) {
		before = suite_stats(test->priv);
		for (i = 0; i < 100; i++) {
			snprintf(text, sizeof(text), "%u-%02u", round, i);
			singlet_store_put(suite_str(test, test->priv, text));
		}
		after = suite_stats(test->priv);
		KUNIT_EXPECT_EQ(test, after.creates - before.creates, 100);
		/* Slots that waited in a magazine unused come in between. */
		if (round) {
			KUNIT_EXPECT_GE(test, after.reuses - before.reuses, 50);
			KUNIT_EXPECT_LE(test, after.reuses - before.reuses,
					100);
			KUNIT_EXPECT_EQ(test, after.slabs, before.slabs);
		} else {
			KUNIT_EXPECT_EQ(test, after.reuses, 0);
		}
		expect_objects(test, 101, 100);
		collect(test);
		expect_objects(test, 1, 0);
	}
	singlet_store_put(keep);
	suite_expect_empty(test, test->priv);
}

/* Near its end an object's count refuses; nothing else happens. */
static void store_count_full(struct kunit *test)
{
	struct singlet_object *obj = suite_str(test, test->priv, "popular");
	struct singlet_object *got = NULL;
	u64 id = singlet_object_id(obj);
	unsigned int i;

	atomic_set(&obj->refs, OBJECT_COUNT_MAX);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, try_intern(test, SINGLET_TYPE_STR,
						 "popular", 7, &got),
				-EOVERFLOW);
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(get(test, id)),
				-EOVERFLOW);
	}
	KUNIT_EXPECT_NULL(test, got);
	KUNIT_EXPECT_EQ(test, atomic_read(&obj->refs), OBJECT_COUNT_MAX);
	expect_objects(test, 1, 0);
	collect(test);
	expect_objects(test, 1, 0);
	singlet_store_put(obj);
	KUNIT_EXPECT_EQ(test, try_intern(test, SINGLET_TYPE_STR, "popular", 7,
					 &got), 0);
	KUNIT_EXPECT_PTR_EQ(test, got, obj);
	atomic_set(&obj->refs, 2);
	singlet_store_put(obj);
	suite_expect_empty(test, test->priv);
}

static void store_delete_type(struct kunit *test)
{
	u32 type = suite_type(test, test->priv, "mine", SINGLET_KIND_VALUE);
	struct singlet_object *live, *idle, *other, *obj = NULL;
	u64 id_live, id_idle;

	other = suite_str(test, test->priv, "value");
	live = suite_intern(test, test->priv, type, "value", 5);
	idle = suite_intern(test, test->priv, type, "other", 5);
	id_live = singlet_object_id(live);
	id_idle = singlet_object_id(idle);
	singlet_store_put(idle);
	singlet_store_put(other);
	expect_objects(test, 3, 2);

	/* In use: it stays, its idle objects were not worth keeping. */
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv, type),
			-EBUSY);
	expect_objects(test, 2, 1);
	expect_stale(test, id_idle);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "value", 5, &obj), 0);
	KUNIT_EXPECT_PTR_EQ(test, obj, live);
	singlet_store_put(obj);
	singlet_store_put(live);

	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv, type), 0);
	expect_objects(test, 1, 1);
	expect_stale(test, id_live);
	KUNIT_EXPECT_EQ(test, try_intern(test, type, "value", 5, &obj),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv, type),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(test->priv,
							  SINGLET_TYPE_STR),
			-EPERM);
	suite_expect_empty(test, test->priv);
}

/* Thousands of values, the table grown and back again. */
static void store_many(struct kunit *test)
{
	const u32 nr = suite_scaled(20000);
	struct singlet_object *obj;
	struct singlet_stats s;
	u32 i, bad = 0;

	for (i = 0; i < nr; i++) {
		s64 value = 1000 + i;

		if (try_intern(test, SINGLET_TYPE_INT, &value, 8, &obj) != 1)
			bad++;
		cond_resched();
	}
	KUNIT_ASSERT_EQ(test, bad, 0);
	expect_objects(test, nr, 0);
	s = suite_stats(test->priv);
	KUNIT_EXPECT_EQ(test, s.bytes_unique, (u64)nr * 8);
	KUNIT_EXPECT_GT(test, s.buckets, nr / 16);
	for (i = 0; i < nr; i++) {
		s64 value = 1000 + i;

		if (try_intern(test, SINGLET_TYPE_INT, &value, 8, &obj)) {
			bad++;
			continue;
		}
		bad += singlet_object_refs(obj) != 2;
		singlet_store_put(obj);
		singlet_store_put(obj);
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	expect_objects(test, nr, nr);
	suite_expect_empty(test, test->priv);
}

/* A store goes with whatever is idle in it. */
static void store_destroy_full(struct kunit *test)
{
	struct singlet_store *store = singlet_store_create();
	unsigned int i;
	char text[16];

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, store);
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "value %u", i);
		singlet_store_put(suite_str(test, store, text));
	}
	KUNIT_EXPECT_EQ(test, singlet_store_objects(store), 300);
	singlet_store_destroy(store);
	singlet_slab_flush();
}

/* Two stores share nothing. */
static void store_two(struct kunit *test)
{
	struct singlet_store *other = singlet_store_create();
	struct singlet_object *a, *b;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	a = suite_str(test, test->priv, "same");
	b = suite_str(test, other, "same");
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_PTR_EQ(test, singlet_object_store(a), test->priv);
	KUNIT_EXPECT_PTR_EQ(test, singlet_object_store(b), other);
	singlet_store_put(b);
	suite_expect_empty(test, other);
	expect_objects(test, 1, 0);
	singlet_store_destroy(other);
	singlet_store_put(a);
	suite_expect_empty(test, test->priv);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(store_single_copy),
	KUNIT_CASE(store_types_apart),
	KUNIT_CASE(store_floats),
	KUNIT_CASE(store_counts),
	KUNIT_CASE(store_lookup),
	KUNIT_CASE(store_immortals),
	KUNIT_CASE(store_bad_values),
	KUNIT_CASE(store_lengths),
	KUNIT_CASE(store_big_collision),
	KUNIT_CASE(store_empty_values),
	KUNIT_CASE(store_generations),
	KUNIT_CASE(store_bad_ids),
	KUNIT_CASE(store_single_kind),
	KUNIT_CASE(store_single_fixed),
	KUNIT_CASE(store_reuses),
	KUNIT_CASE(store_count_full),
	KUNIT_CASE(store_delete_type),
	KUNIT_CASE(store_many),
	KUNIT_CASE(store_destroy_full),
	KUNIT_CASE(store_two),
	{}
};

struct kunit_suite store_suite = {
	.name = "singlet_store",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
