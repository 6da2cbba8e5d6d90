// SPDX-License-Identifier: GPL-2.0
/* Where the short way and the general one meet, a value is found all the same. */
#include "suites.h"

#define LEN_MAX	8192

static int intern(struct kunit *test, u32 type, const void *data, u32 len,
		  bool create, struct singlet_object **obj)
{
	return singlet_store_intern(test->priv, type, data, len, create,
				    GFP_KERNEL, obj);
}

static u32 user_type(struct kunit *test, const char *name, u32 size, u32 max)
{
	struct singlet_type_args args = {
		.name = name, .name_len = strlen(name),
		.kind = SINGLET_KIND_VALUE,
		.value_size = size, .value_max = max,
	};
	struct singlet_store *store = test->priv;
	struct singlet_type *type;
	u32 number = 0;

	type = singlet_types_create(&store->types, &args, &number);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, type);
	return number;
}

static u64 revivals(struct kunit *test)
{
	return suite_stats(test->priv).revivals;
}

/* From absent to live, idle, marked, revived, and gone. */
static void expect_life(struct kunit *test, u32 type, const void *data, u32 len)
{
	struct singlet_object *obj = NULL, *again = NULL;
	u64 was = revivals(test), id;

	KUNIT_EXPECT_EQ(test, intern(test, type, data, len, false, &obj),
			-ENOENT);
	KUNIT_ASSERT_EQ(test, intern(test, type, data, len, true, &obj), 1);
	id = singlet_object_id(obj);
	KUNIT_EXPECT_EQ(test, singlet_object_len(obj), len);
	KUNIT_EXPECT_EQ(test, intern(test, type, data, len, true, &again), 0);
	KUNIT_EXPECT_PTR_EQ(test, obj, again);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 2);
	KUNIT_EXPECT_EQ(test, revivals(test), was);
	singlet_store_put(obj);
	singlet_store_put(obj);

	/* Passed by once, and asked for again. */
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(test->priv, 99, true), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&obj->refs), 1 | OBJECT_AGED);
	KUNIT_EXPECT_EQ(test, intern(test, type, data, len, false, &again), 0);
	KUNIT_EXPECT_PTR_EQ(test, obj, again);
	KUNIT_EXPECT_EQ(test, atomic_read(&obj->refs), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_id(obj), id);
	KUNIT_EXPECT_EQ(test, revivals(test), was + 1);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).idle, 0);
	KUNIT_EXPECT_EQ(test,
			atomic_read(&singlet_object_slab(obj)->idle.nr), 0);

	atomic_set(&obj->refs, OBJECT_COUNT_MAX);
	KUNIT_EXPECT_EQ(test, intern(test, type, data, len, true, &again),
			-EOVERFLOW);
	KUNIT_EXPECT_EQ(test, atomic_read(&obj->refs), OBJECT_COUNT_MAX);
	atomic_set(&obj->refs, 2);
	singlet_store_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(test->priv, 99, false), 1);
	KUNIT_EXPECT_EQ(test, intern(test, type, data, len, false, &again),
			-ENOENT);
}

/* Neighbours of a value are others: each end, each length. */
static void expect_neighbours(struct kunit *test, u32 type, u8 *data, u32 len)
{
	struct singlet_object *obj, *other = NULL;
	const u32 at[] = { 0, len / 2, len - 1 };
	unsigned int i;

	obj = suite_intern(test, test->priv, type, data, len);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		data[at[i]] ^= 1;
		KUNIT_EXPECT_EQ_MSG(test,
				    intern(test, type, data, len, false,
					   &other), -ENOENT,
				    "length %u, byte %u", len, at[i]);
		data[at[i]] ^= 1;
	}
	KUNIT_EXPECT_EQ(test, intern(test, type, data, len - 1, false, &other),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, intern(test, type, data, len + 1, false, &other),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(obj), 1);
	singlet_store_put(obj);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(test->priv, 99, false), 1);
}

static void intern_lengths(struct kunit *test)
{
	static const u32 lens[] = {
		0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1000, 4095, 4096, 4097,
		4104, 5000, LEN_MAX - 1,
	};
	u8 *data = kunit_kmalloc(test, LEN_MAX, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(data, 'v', LEN_MAX);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		expect_life(test, SINGLET_TYPE_STR, data, lens[i]);
		expect_life(test, SINGLET_TYPE_BYTES, data, lens[i]);
		if (lens[i])
			expect_neighbours(test, SINGLET_TYPE_BYTES, data,
					  lens[i]);
		/* Not at a word's boundary. */
		expect_life(test, SINGLET_TYPE_BYTES, data + 1,
			    min(lens[i], LEN_MAX - 2U));
	}
	suite_expect_empty(test, test->priv);
}

static void intern_exact(struct kunit *test)
{
	static const u32 sizes[] = { 1, 8, 16, 4095, 4096, 4097, 6000 };
	u8 *data = kunit_kmalloc(test, LEN_MAX, GFP_KERNEL);
	struct singlet_object *obj = NULL;
	char name[] = "a";
	unsigned int i;
	u32 type;

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(data, 'v', LEN_MAX);
	for (i = 0; i < ARRAY_SIZE(sizes); i++, ++*name) {
		type = user_type(test, name, sizes[i], 0);
		expect_life(test, type, data, sizes[i]);
		KUNIT_EXPECT_EQ(test, intern(test, type, data, sizes[i] - 1,
					     true, &obj), -EINVAL);
		KUNIT_EXPECT_EQ(test, intern(test, type, data, sizes[i] + 1,
					     true, &obj), -EINVAL);
		KUNIT_EXPECT_EQ(test, intern(test, type, data, 0, true, &obj),
				-EINVAL);
	}
	KUNIT_EXPECT_NULL(test, obj);
	suite_expect_empty(test, test->priv);
}

static void intern_limited(struct kunit *test)
{
	static const u32 limits[] = { 1, 100, 4095, 4096, 4097 };
	u8 *data = kunit_kmalloc(test, LEN_MAX, GFP_KERNEL);
	struct singlet_object *obj = NULL;
	char name[] = "a";
	unsigned int i;
	u32 type;

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(data, 'v', LEN_MAX);
	for (i = 0; i < ARRAY_SIZE(limits); i++, ++*name) {
		type = user_type(test, name, 0, limits[i]);
		expect_life(test, type, data, 0);
		expect_life(test, type, data, limits[i] - 1);
		expect_life(test, type, data, limits[i]);
		KUNIT_EXPECT_EQ(test, intern(test, type, data, limits[i] + 1,
					     true, &obj), -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, intern(test, type, data, U32_MAX, true,
					     &obj), -EMSGSIZE);
	}
	KUNIT_EXPECT_NULL(test, obj);
	suite_expect_empty(test, test->priv);
}

/* Equal bytes of two types are two values, whichever way they are found. */
static void intern_types_apart(struct kunit *test)
{
	static const u32 lens[] = { 0, 8, 4096, 4097 };
	u8 *data = kunit_kzalloc(test, LEN_MAX, GFP_KERNEL);
	struct singlet_object *a, *b;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		a = suite_intern(test, test->priv, SINGLET_TYPE_STR, data,
				 lens[i]);
		b = suite_intern(test, test->priv, SINGLET_TYPE_BYTES, data,
				 lens[i]);
		KUNIT_EXPECT_PTR_NE(test, a, b);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(a), 1);
		KUNIT_EXPECT_EQ(test, singlet_object_refs(b), 1);
		singlet_store_put(a);
		singlet_store_put(b);
	}
	suite_expect_empty(test, test->priv);
}

/* Value @n of those that all have the same hash, by who knows the key. */
static void colliding(const struct singlet_hash_key *key, u64 *word, u32 n)
{
	word[0] = -key->word[0];
	word[1] = n;
	word[2] = -key->word[2];
	word[3] = ~(u64)n;
}

/* They fill a bucket, which then takes no more. */
static void intern_colliding(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	const u32 full = TABLE_CHAIN_FULL * LINE_ENTRIES;
	struct singlet_object **held, *obj = NULL;
	u32 i, wrong = 0;
	u64 word[4];

	held = kunit_kcalloc(test, full, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	for (i = 0; i < full; i++) {
		colliding(&store->key, word, i);
		held[i] = suite_intern(test, store, SINGLET_TYPE_BYTES, word,
				       sizeof(word));
	}
	KUNIT_EXPECT_EQ(test, singlet_table_longest(&store->table), full);
	colliding(&store->key, word, full);
	KUNIT_EXPECT_EQ(test, intern(test, SINGLET_TYPE_BYTES, word,
				     sizeof(word), true, &obj), -EDQUOT);
	KUNIT_EXPECT_EQ(test, singlet_store_objects(store), full);
	/* What is there is found, and others are made. */
	for (i = 0; i < full; i++) {
		colliding(&store->key, word, i);
		wrong += intern(test, SINGLET_TYPE_BYTES, word, sizeof(word),
				true, &obj) || obj != held[i];
		singlet_store_put(held[i]);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	singlet_store_put(suite_str(test, store, "another"));
	for (i = 0; i < full; i++)
		singlet_store_put(held[i]);
	suite_expect_empty(test, store);
	colliding(&store->key, word, full);
	KUNIT_EXPECT_EQ(test, intern(test, SINGLET_TYPE_BYTES, word,
				     sizeof(word), true, &obj), 1);
	singlet_store_put(obj);
}

/* Big values that all have one hash are told apart, as many as are taken. */
static void intern_big_alike(struct kunit *test)
{
	struct singlet_store *store = test->priv;
	const u32 len = 100000;
	struct singlet_object *held[ALIKE_MAX], *obj;
	u8 *data = kunit_kzalloc(test, len, GFP_KERNEL);
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(&store->key, 0, sizeof(store->key));
	for (i = 0; i < ALIKE_MAX; i++) {
		data[len - 1] = i;
		KUNIT_ASSERT_EQ(test, intern(test, SINGLET_TYPE_BYTES, data, len,
					     true, &held[i]), 1);
	}
	for (round = 0; round < 2; round++) {
		data[len - 1] = i;
		KUNIT_EXPECT_EQ(test, intern(test, SINGLET_TYPE_BYTES, data, len,
					     false, &obj), -ENOENT);
		KUNIT_EXPECT_EQ(test, intern(test, SINGLET_TYPE_BYTES, data, len,
					     true, &obj), -EDQUOT);
		for (i = 0; i < ALIKE_MAX; i++) {
			data[len - 1] = i;
			KUNIT_ASSERT_EQ(test, intern(test, SINGLET_TYPE_BYTES,
						     data, len, true, &obj), 0);
			KUNIT_EXPECT_PTR_EQ(test, obj, held[i]);
			singlet_store_put(obj);
		}
	}
	/* One goes, and there is room for one. */
	singlet_store_put(held[3]);
	KUNIT_EXPECT_EQ(test, singlet_reclaim_some(store, 1, false), 1);
	data[len - 1] = ALIKE_MAX;
	KUNIT_EXPECT_EQ(test, intern(test, SINGLET_TYPE_BYTES, data, len, true,
				     &held[3]), 1);
	for (i = 0; i < ALIKE_MAX; i++) {
		KUNIT_EXPECT_EQ(test, singlet_object_refs(held[i]), 1);
		singlet_store_put(held[i]);
	}
	suite_expect_empty(test, store);
}

static struct singlet_wish wish(u32 type, const void *data, u32 len)
{
	return (struct singlet_wish){
		.data = data, .len = len, .type_number = type, .ret = -1,
	};
}

/* Together as each by itself, in order, whatever is among them. */
static void intern_many(struct kunit *test)
{
	static const u8 no_text[] = { 'a', 0xff, 'b' };
	u32 user = user_type(test, "sixteen", 16, 0);
	struct singlet_store *store = test->priv;
	struct singlet_object *live, *idle;
	u8 *large = kunit_kzalloc(test, LEN_MAX, GFP_KERNEL);
	s64 small_int = 7;
	struct singlet_wish w[] = {
		wish(SINGLET_TYPE_STR, "live", 4),
		wish(SINGLET_TYPE_STR, "new here", 8),
		wish(SINGLET_TYPE_STR, "idle", 4),
		wish(SINGLET_TYPE_STR, "new here", 8),
		wish(99, "no type", 7),
		wish(SINGLET_TYPE_STR, no_text, sizeof(no_text)),
		wish(SINGLET_TYPE_INT, &small_int, sizeof(small_int)),
		wish(SINGLET_TYPE_INT, &small_int, 3),
		wish(SINGLET_TYPE_BYTES, large, LEN_MAX),
		wish(SINGLET_TYPE_STR, "", 0),
		wish(user, "0123456789abcdef", 16),
		wish(user, "0123456789abcde", 15),
		wish(SINGLET_TYPE_BYTES, "live", 4),
		wish(user, "0123456789abcdef", 16),
	};
	const int want[ARRAY_SIZE(w)] = {
		0, 1, 0, 0, -ENOENT, -EILSEQ, 0, -EINVAL, 1, 1, 1, -EINVAL, 1, 0,
	};
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, large);
	live = suite_str(test, store, "live");
	idle = suite_str(test, store, "idle");
	singlet_store_put(idle);
	suite_intern_many(store, w, ARRAY_SIZE(w), true);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		KUNIT_EXPECT_EQ_MSG(test, w[i].ret, want[i], "value %u", i);
	KUNIT_EXPECT_PTR_EQ(test, w[0].obj, live);
	KUNIT_EXPECT_PTR_EQ(test, w[1].obj, w[3].obj);
	KUNIT_EXPECT_PTR_EQ(test, w[2].obj, idle);
	KUNIT_EXPECT_PTR_EQ(test, w[10].obj, w[13].obj);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(live), 2);
	KUNIT_EXPECT_EQ(test, singlet_object_refs(w[1].obj), 2);
	KUNIT_EXPECT_TRUE(test, singlet_object_immortal(w[6].obj));
	singlet_store_put(live);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		if (w[i].ret >= 0)
			singlet_store_put(w[i].obj);

	/* All of these are there, and none of those is made. */
	w[5] = wish(SINGLET_TYPE_STR, "absent", 6);
	suite_intern_many(store, w, 7, false);
	for (i = 0; i < 7; i++) {
		KUNIT_EXPECT_EQ_MSG(test, w[i].ret,
				    i == 4 || i == 5 ? -ENOENT : 0, "value %u",
				    i);
		if (w[i].ret >= 0)
			singlet_store_put(w[i].obj);
	}
	suite_expect_empty(test, store);
	/* Every hold on the type was given back. */
	KUNIT_EXPECT_EQ(test, singlet_reclaim_delete_type(store, user), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(intern_many),
	KUNIT_CASE(intern_lengths),
	KUNIT_CASE(intern_exact),
	KUNIT_CASE(intern_limited),
	KUNIT_CASE(intern_types_apart),
	KUNIT_CASE(intern_colliding),
	KUNIT_CASE(intern_big_alike),
	{}
};

struct kunit_suite intern_suite = {
	.name = "singlet_intern",
	.init = suite_store_init,
	.exit = suite_store_exit,
	.test_cases = cases,
};
