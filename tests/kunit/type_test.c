// SPDX-License-Identifier: GPL-2.0
/* The registry of types, the shapes of values, and UTF-8. */
#include "suites.h"

#include <linux/sched.h>

#include "utf8.h"

static int types_init(struct kunit *test)
{
	struct singlet_types *types;

	types = kunit_kzalloc(test, sizeof(*types), GFP_KERNEL);
	if (!types || singlet_types_init(types))
		return -ENOMEM;
	test->priv = types;
	return 0;
}

static void types_exit(struct kunit *test)
{
	if (test->priv)
		singlet_types_destroy(test->priv);
	rcu_barrier();		/* deleted types */
}

static struct singlet_type *create(struct kunit *test, const char *name,
				   u32 kind, u32 *number)
{
	struct singlet_type_args args = {
		.name = name, .name_len = strlen(name), .kind = kind,
	};

	KUNIT_ASSERT_EQ(test, singlet_types_check(&args), 0);
	return singlet_types_create(test->priv, &args, number);
}

/* Evicts nothing, and counts how often it was asked. */
static void evict(void *ctx, struct singlet_type *type)
{
	++*(unsigned int *)ctx;
}

static int delete(struct kunit *test, u32 number)
{
	unsigned int asked = 0;
	int err = singlet_types_delete(test->priv, number, evict, &asked);

	/* Not for a type that is not there, or not to be deleted. */
	KUNIT_EXPECT_EQ(test, !!asked, !err || err == -EBUSY);
	return err;
}

/* Whether @number is a type's. */
static bool exists(struct kunit *test, u32 number)
{
	struct singlet_type *type = singlet_types_get(test->priv, number);

	if (type)
		singlet_types_put(type);
	return type;
}

static struct singlet_type *by_name(struct kunit *test, const char *name)
{
	struct singlet_type *type;

	rcu_read_lock();
	type = singlet_types_by_name(test->priv, name, strlen(name));
	rcu_read_unlock();
	return type;
}

/* Types that _next() enumerates. */
static u32 count_types(struct kunit *test)
{
	u32 n = 0, index = 0;

	rcu_read_lock();
	while (singlet_types_next(test->priv, &index))
		n++;
	rcu_read_unlock();
	return n;
}

static void expect_types(struct kunit *test, u32 nr)
{
	struct singlet_types *types = test->priv;

	KUNIT_EXPECT_EQ(test, types->nr, nr);
	KUNIT_EXPECT_EQ(test, count_types(test), nr);
}

static void type_predefined(struct kunit *test)
{
	static const struct {
		const char *name;
		u32 number, size, max;
	} want[] = {
		{ "none", SINGLET_TYPE_NONE, 0, 0 },
		{ "bool", SINGLET_TYPE_BOOL, 1, 1 },
		{ "int", SINGLET_TYPE_INT, 8, 8 },
		{ "float", SINGLET_TYPE_FLOAT, 8, 8 },
		{ "str", SINGLET_TYPE_STR, 0, SINGLET_MAX_VALUE },
		{ "bytes", SINGLET_TYPE_BYTES, 0, SINGLET_MAX_VALUE },
		{ "tuple", SINGLET_TYPE_TUPLE, 0, SINGLET_MAX_PARTS * 8 },
	};
	unsigned int i;

	expect_types(test, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		struct singlet_type *type = singlet_types_get(test->priv,
							      want[i].number);

		KUNIT_ASSERT_NOT_NULL(test, type);
		KUNIT_EXPECT_STREQ(test, type->name, want[i].name);
		KUNIT_EXPECT_EQ(test, type->number, want[i].number);
		KUNIT_EXPECT_EQ(test, type->index, want[i].number);
		KUNIT_EXPECT_EQ(test, type->kind, SINGLET_KIND_VALUE);
		KUNIT_EXPECT_EQ(test, type->value_size, want[i].size);
		KUNIT_EXPECT_EQ(test, type->value_max, want[i].max);
		KUNIT_EXPECT_EQ(test, type->container,
				want[i].number == SINGLET_TYPE_TUPLE);
		KUNIT_EXPECT_TRUE(test, singlet_type_predefined(type));
		KUNIT_EXPECT_PTR_EQ(test, by_name(test, want[i].name), type);
		singlet_types_put(type);
		KUNIT_EXPECT_EQ(test, delete(test, want[i].number), -EPERM);
		KUNIT_EXPECT_TRUE(test, exists(test, want[i].number));
	}
	expect_types(test, ARRAY_SIZE(want));
}

static void type_names(struct kunit *test)
{
	static const struct {
		const char *name;
		int err;
	} names[] = {
		{ "a", 0 },
		{ "a-b_c.d:e", 0 },
		{ "\xc3\xa4", 0 },			/* U+00E4 */
		{ "\xc2\xa0", 0 },			/* first after C1 */
		{ "\xe2\x82\xac", 0 },
		{ "\xf0\x9f\x98\x80", 0 },
		{ "", -EINVAL },
		{ "a/b", -EINVAL },
		{ "/", -EINVAL },
		{ "a b", -EINVAL },
		{ "a\n", -EINVAL },
		{ "\t", -EINVAL },
		{ "\x7f", -EINVAL },
		{ "\x1b[31m", -EINVAL },
		{ "a\xc2\x80", -EINVAL },
		{ "\xc2\x9f", -EINVAL },
		{ "\xc3", -EILSEQ },
		{ "\xff", -EILSEQ },
		{ "\xed\xa0\x80", -EILSEQ },
		{ "\xc0\xaf", -EILSEQ },
	};
	struct singlet_type_args args = { .kind = SINGLET_KIND_VALUE };
	char text[1000];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		args.name = names[i].name;
		args.name_len = strlen(names[i].name);
		KUNIT_EXPECT_EQ_MSG(test, singlet_types_check(&args),
				    names[i].err, "name %u", i);
	}
	memset(text, 'x', sizeof(text));
	args.name = text;
	args.name_len = SINGLET_MAX_NAME;
	KUNIT_EXPECT_EQ(test, singlet_types_check(&args), 0);
	args.name_len = SINGLET_MAX_NAME + 1;
	KUNIT_EXPECT_EQ(test, singlet_types_check(&args), -EINVAL);
	args.name_len = sizeof(text);
	KUNIT_EXPECT_EQ(test, singlet_types_check(&args), -EINVAL);
	text[5] = '\0';
	args.name_len = 10;
	KUNIT_EXPECT_EQ(test, singlet_types_check(&args), -EINVAL);
}

static void type_longest_name(struct kunit *test)
{
	char name[SINGLET_MAX_NAME + 2];
	struct singlet_type *type;
	u32 number;

	memset(name, 'x', sizeof(name));
	name[SINGLET_MAX_NAME] = '\0';
	type = create(test, name, SINGLET_KIND_VALUE, &number);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, type);
	KUNIT_EXPECT_STREQ(test, type->name, name);
	KUNIT_EXPECT_PTR_EQ(test, by_name(test, name), type);
	/* Neither a shorter nor a longer one is the same. */
	name[SINGLET_MAX_NAME] = 'x';
	name[SINGLET_MAX_NAME + 1] = '\0';
	KUNIT_EXPECT_NULL(test, by_name(test, name));
	name[SINGLET_MAX_NAME - 1] = '\0';
	KUNIT_EXPECT_NULL(test, by_name(test, name));
}

static void type_arguments(struct kunit *test)
{
	static const struct {
		u32 kind, size, max;
		int err;
	} rows[] = {
		{ SINGLET_KIND_VALUE, 0, 0, 0 },
		{ SINGLET_KIND_SINGLE, 16, 0, 0 },
		{ SINGLET_KIND_PLAIN, 0, 100, 0 },
		{ SINGLET_KIND_VALUE, SINGLET_MAX_VALUE, 0, 0 },
		{ SINGLET_KIND_VALUE, 0, SINGLET_MAX_VALUE, 0 },
		{ 0, 0, 0, -EINVAL },
		{ 4, 0, 0, -EINVAL },
		{ U32_MAX, 0, 0, -EINVAL },
		{ SINGLET_KIND_VALUE, 8, 8, -EINVAL },
		{ SINGLET_KIND_VALUE, SINGLET_MAX_VALUE + 1, 0, -EMSGSIZE },
		{ SINGLET_KIND_VALUE, 0, SINGLET_MAX_VALUE + 1, -EMSGSIZE },
		{ SINGLET_KIND_VALUE, 0, U32_MAX, -EMSGSIZE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct singlet_type_args args = {
			.name = "t", .name_len = 1, .kind = rows[i].kind,
			.value_size = rows[i].size, .value_max = rows[i].max,
		};
		struct singlet_type *type;
		u32 number;

		KUNIT_EXPECT_EQ_MSG(test, singlet_types_check(&args),
				    rows[i].err, "row %u", i);
		if (rows[i].err)
			continue;
		type = singlet_types_create(test->priv, &args, &number);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, type);
		KUNIT_EXPECT_EQ(test, type->kind, rows[i].kind);
		KUNIT_EXPECT_EQ(test, type->value_size, rows[i].size);
		KUNIT_EXPECT_EQ(test, type->value_max,
				rows[i].size ?: rows[i].max ?:
				SINGLET_MAX_VALUE);
		KUNIT_EXPECT_EQ(test, delete(test, number), 0);
	}
	expect_types(test, TYPE_PREDEFINED);
}

static void type_create_delete(struct kunit *test)
{
	struct singlet_type *a, *b;
	u32 na = 0, nb = 0, none = 12345;

	a = create(test, "a", SINGLET_KIND_VALUE, &na);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	b = create(test, "b", SINGLET_KIND_PLAIN, &nb);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	KUNIT_EXPECT_NE(test, na, nb);
	KUNIT_EXPECT_GT(test, na, TYPE_PREDEFINED);
	KUNIT_EXPECT_EQ(test, a->number, na);
	KUNIT_EXPECT_FALSE(test, singlet_type_predefined(a));
	KUNIT_EXPECT_PTR_EQ(test, by_name(test, "a"), a);
	expect_types(test, TYPE_PREDEFINED + 2);

	KUNIT_EXPECT_EQ(test, PTR_ERR(create(test, "a", SINGLET_KIND_VALUE,
					     &none)), -EEXIST);
	KUNIT_EXPECT_EQ(test, PTR_ERR(create(test, "str", SINGLET_KIND_VALUE,
					     &none)), -EEXIST);
	KUNIT_EXPECT_EQ(test, none, 12345);
	expect_types(test, TYPE_PREDEFINED + 2);

	KUNIT_EXPECT_EQ(test, delete(test, na), 0);
	KUNIT_EXPECT_NULL(test, by_name(test, "a"));
	KUNIT_EXPECT_FALSE(test, exists(test, na));
	KUNIT_EXPECT_TRUE(test, exists(test, nb));
	expect_types(test, TYPE_PREDEFINED + 1);
	KUNIT_EXPECT_EQ(test, delete(test, na), -ENOENT);
	KUNIT_EXPECT_EQ(test, delete(test, nb), 0);
	expect_types(test, TYPE_PREDEFINED);
}

/* An index comes again, a number does not. */
static void type_numbers(struct kunit *test)
{
	u32 last = 0, number = 0, i;

	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test,
					     create(test, "t",
						    SINGLET_KIND_VALUE,
						    &number));
		KUNIT_EXPECT_GT(test, number, last);
		if (last) {
			KUNIT_EXPECT_EQ(test, number & INFO_TYPE_MASK,
					last & INFO_TYPE_MASK);
			KUNIT_EXPECT_FALSE(test, exists(test, last));
			KUNIT_EXPECT_EQ(test, delete(test, last), -ENOENT);
		}
		last = number;
		KUNIT_ASSERT_EQ(test, delete(test, number), 0);
	}
}

static void type_unknown(struct kunit *test)
{
	static const u32 numbers[] = {
		0, TYPE_PREDEFINED + 1, TYPE_MAX, TYPE_MAX + 1,
		TYPE_NUMBER(SINGLET_TYPE_STR, 1), U32_MAX,
		TYPE_NUMBER(TYPE_PREDEFINED + 1, 2), TYPE_PREDEFINED + 1,
	};
	unsigned int i;
	u32 number;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, create(test, "t",
						  SINGLET_KIND_VALUE,
						  &number));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		KUNIT_EXPECT_FALSE(test, exists(test, numbers[i]));
		KUNIT_EXPECT_EQ(test, delete(test, numbers[i]), -ENOENT);
	}
	KUNIT_EXPECT_TRUE(test, exists(test, number));
	expect_types(test, TYPE_PREDEFINED + 1);
}

/* Who uses a type keeps it; a refused deletion leaves it as it was. */
static void type_busy(struct kunit *test)
{
	struct singlet_type_counters sum;
	struct singlet_type *type, *used;
	u32 number, none;

	type = create(test, "t", SINGLET_KIND_VALUE, &number);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, type);
	used = singlet_types_get(test->priv, number);
	KUNIT_EXPECT_PTR_EQ(test, used, type);
	KUNIT_EXPECT_EQ(test, delete(test, number), -EBUSY);
	KUNIT_EXPECT_TRUE(test, exists(test, number));
	KUNIT_EXPECT_PTR_EQ(test, by_name(test, "t"), type);

	/* An object has its maker's hold, and keeps it when that is gone. */
	singlet_type_add(used, 10);
	KUNIT_EXPECT_EQ(test, delete(test, number), -EBUSY);
	KUNIT_EXPECT_EQ(test, PTR_ERR(create(test, "t", SINGLET_KIND_VALUE,
					     &none)), -EEXIST);
	singlet_type_sum(type, &sum);
	KUNIT_EXPECT_EQ(test, singlet_type_objects(&sum), 1);
	KUNIT_EXPECT_EQ(test, sum.bytes, 10);
	singlet_type_sub(type, 1, 10);
	singlet_type_sum(type, &sum);
	KUNIT_EXPECT_EQ(test, singlet_type_objects(&sum), 0);
	KUNIT_EXPECT_EQ(test, sum.bytes, 0);
	KUNIT_EXPECT_EQ(test, delete(test, number), 0);
	KUNIT_EXPECT_FALSE(test, exists(test, number));
}

/* What deleted types counted is not lost. */
static void type_sums(struct kunit *test)
{
	struct singlet_type_counters sum;
	struct singlet_type *type;
	u32 number, i;

	type = create(test, "t", SINGLET_KIND_VALUE, &number);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, type);
	for (i = 0; i < 3; i++)
		singlet_type_hit(type);
	for (i = 0; i < 2; i++)
		singlet_type_miss(type);
	KUNIT_ASSERT_PTR_EQ(test, singlet_types_get(test->priv, number), type);
	singlet_type_add(type, 7);
	singlet_type_sub(type, 1, 7);
	singlet_types_sum(test->priv, &sum);
	KUNIT_EXPECT_EQ(test, sum.hits, 3);
	KUNIT_ASSERT_EQ(test, delete(test, number), 0);
	singlet_types_sum(test->priv, &sum);
	KUNIT_EXPECT_EQ(test, sum.hits, 3);
	KUNIT_EXPECT_EQ(test, sum.misses, 2);
	KUNIT_EXPECT_EQ(test, sum.creates, 1);
	KUNIT_EXPECT_EQ(test, sum.frees, 1);
	KUNIT_EXPECT_EQ(test, sum.bytes, 0);
	KUNIT_EXPECT_EQ(test, sum.holds, 0);
}

/* Let @index look as if @count types were there before. */
static int set_former(struct singlet_types *types, u32 index, u32 count)
{
	int err;

	mutex_lock(&types->mutex);
	err = singlet_types_set(types, index, xa_mk_value(count));
	mutex_unlock(&types->mutex);
	return err;
}

/* All but two indexes are used up for ever; then those are, too. */
static void type_registry_full(struct kunit *test)
{
	struct singlet_types *types = test->priv;
	u32 i, a, b, c = 0, last = TYPE_MAX - 1;

	for (i = TYPE_PREDEFINED + 1; i < last; i++)
		KUNIT_ASSERT_EQ(test, set_former(types, i, TYPE_COUNT_MAX), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, create(test, "a",
						  SINGLET_KIND_VALUE, &a));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, create(test, "b",
						  SINGLET_KIND_VALUE, &b));
	KUNIT_EXPECT_EQ(test, a, TYPE_NUMBER(last, 1));
	KUNIT_EXPECT_EQ(test, b, TYPE_NUMBER(TYPE_MAX, 1));
	KUNIT_EXPECT_EQ(test, PTR_ERR(create(test, "c", SINGLET_KIND_VALUE,
					     &c)), -EDQUOT);
	KUNIT_EXPECT_EQ(test, c, 0);
	KUNIT_EXPECT_NULL(test, by_name(test, "c"));
	expect_types(test, TYPE_PREDEFINED + 2);

	KUNIT_EXPECT_EQ(test, delete(test, a), 0);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, create(test, "c",
						  SINGLET_KIND_VALUE, &c));
	KUNIT_EXPECT_EQ(test, c, TYPE_NUMBER(last, 2));
	KUNIT_EXPECT_EQ(test, delete(test, c), 0);

	/* The last number that the index has. */
	KUNIT_ASSERT_EQ(test, set_former(types, last, TYPE_COUNT_MAX - 1), 0);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, create(test, "c",
						  SINGLET_KIND_VALUE, &c));
	KUNIT_EXPECT_EQ(test, c, TYPE_NUMBER(last, TYPE_COUNT_MAX));
	KUNIT_EXPECT_TRUE(test, exists(test, c));
	KUNIT_EXPECT_EQ(test, delete(test, c), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(create(test, "c", SINGLET_KIND_VALUE,
					     &c)), -EDQUOT);
}

static void type_shapes(struct kunit *test)
{
	static const u8 zero[8] = {}, two[8] = { 2 };
	static const struct {
		u32 type, len;
		const u8 *data;
		int err;
	} rows[] = {
		{ SINGLET_TYPE_NONE, 0, zero, 0 },
		{ SINGLET_TYPE_NONE, 1, zero, -EINVAL },
		{ SINGLET_TYPE_NONE, SINGLET_MAX_VALUE, zero, -EINVAL },
		{ SINGLET_TYPE_BOOL, 1, zero, 0 },
		{ SINGLET_TYPE_BOOL, 1, two, -EINVAL },
		{ SINGLET_TYPE_BOOL, 0, zero, -EINVAL },
		{ SINGLET_TYPE_BOOL, 2, zero, -EINVAL },
		{ SINGLET_TYPE_INT, 8, two, 0 },
		{ SINGLET_TYPE_INT, 7, zero, -EINVAL },
		{ SINGLET_TYPE_INT, 9, zero, -EINVAL },
		{ SINGLET_TYPE_INT, 0, zero, -EINVAL },
		{ SINGLET_TYPE_INT, SINGLET_MAX_VALUE + 1, zero, -EMSGSIZE },
		{ SINGLET_TYPE_FLOAT, 8, two, 0 },
		{ SINGLET_TYPE_FLOAT, 4, zero, -EINVAL },
		{ SINGLET_TYPE_STR, 0, zero, 0 },
		{ SINGLET_TYPE_STR, SINGLET_MAX_VALUE, zero, 0 },
		{ SINGLET_TYPE_STR, SINGLET_MAX_VALUE + 1, zero, -EMSGSIZE },
		{ SINGLET_TYPE_BYTES, 0, zero, 0 },
		{ SINGLET_TYPE_BYTES, SINGLET_MAX_VALUE, zero, 0 },
		{ SINGLET_TYPE_BYTES, U32_MAX, zero, -EMSGSIZE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct singlet_type *type = singlet_types_get(test->priv,
							      rows[i].type);

		KUNIT_EXPECT_EQ_MSG(test,
				    singlet_type_check_shape(type,
							     rows[i].data,
							     rows[i].len),
				    rows[i].err, "row %u", i);
	}
}

static void type_text(struct kunit *test)
{
	struct singlet_types *types = test->priv;
	struct singlet_type *str = &types->predefined[SINGLET_TYPE_STR];
	struct singlet_type *bytes = &types->predefined[SINGLET_TYPE_BYTES];

	KUNIT_EXPECT_EQ(test, singlet_type_check_text(str, "abc", 3), 0);
	KUNIT_EXPECT_EQ(test, singlet_type_check_text(str, "\xff", 1), -EILSEQ);
	KUNIT_EXPECT_EQ(test, singlet_type_check_text(bytes, "\xff", 1), 0);
}

static void utf8_samples(struct kunit *test)
{
	static const struct {
		const char *text;
		u32 len;
		bool valid;
	} rows[] = {
		{ "", 0, true },
		{ "plain ASCII of some length", 26, true },
		{ "nul \0 inside", 12, true },
		{ "\x7f", 1, true },
		{ "\xc2\x80", 2, true },
		{ "\xdf\xbf", 2, true },
		{ "\xe0\xa0\x80", 3, true },
		{ "\xed\x9f\xbf", 3, true },
		{ "\xee\x80\x80", 3, true },
		{ "\xef\xbf\xbf", 3, true },
		{ "\xf0\x90\x80\x80", 4, true },
		{ "\xf4\x8f\xbf\xbf", 4, true },
		{ "\x80", 1, false },
		{ "\xbf", 1, false },
		{ "\xc0\x80", 2, false },		/* overlong NUL */
		{ "\xc1\xbf", 2, false },
		{ "\xc2", 1, false },
		{ "\xc2z", 2, false },
		{ "\xe0\x9f\xbf", 3, false },		/* overlong */
		{ "\xe0\xa0", 2, false },
		{ "\xed\xa0\x80", 3, false },		/* surrogates */
		{ "\xed\xbf\xbf", 3, false },
		{ "\xe2\x82", 2, false },
		{ "\xe2\x28\xa1", 3, false },
		{ "\xe2\x82\x28", 3, false },
		{ "\xf0\x8f\xbf\xbf", 4, false },	/* overlong */
		{ "\xf4\x90\x80\x80", 4, false },	/* beyond the end */
		{ "\xf5\x80\x80\x80", 4, false },
		{ "\xf0\x9f\x98", 3, false },
		{ "\xf0\x9f\x28\x80", 4, false },
		{ "\xf8\x88\x80\x80\x80", 5, false },
		{ "\xfe", 1, false },
		{ "\xff", 1, false },
	};
	char text[64];
	unsigned int i, at, bad;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bad = 0;
		/* At every distance from the eight-byte steps. */
		for (at = 0; at < 20; at++) {
			memset(text, 'a', sizeof(text));
			memcpy(text + at, rows[i].text, rows[i].len);
			bad += singlet_utf8_valid(text, at + rows[i].len) !=
			       rows[i].valid;
			bad += singlet_utf8_valid(text, sizeof(text)) !=
			       rows[i].valid;
		}
		KUNIT_EXPECT_EQ_MSG(test, bad, 0, "row %u", i);
	}
}

static unsigned int encode(u32 c, u8 *s)
{
	if (c < 0x80) {
		s[0] = c;
		return 1;
	}
	if (c < 0x800) {
		s[0] = 0xc0 | c >> 6;
		s[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		s[0] = 0xe0 | c >> 12;
		s[1] = 0x80 | (c >> 6 & 0x3f);
		s[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	s[0] = 0xf0 | c >> 18;
	s[1] = 0x80 | (c >> 12 & 0x3f);
	s[2] = 0x80 | (c >> 6 & 0x3f);
	s[3] = 0x80 | (c & 0x3f);
	return 4;
}

/* Characters of all planes, each whole and cut short. */
static void utf8_characters(struct kunit *test)
{
	u32 c, bad = 0;

	for (c = 0; c < 0x120000; c += c < 0x3000 ? 1 : 61) {
		bool valid = c < 0xd800 || (c > 0xdfff && c < 0x110000);
		unsigned int i, n;
		u8 s[4];

		n = encode(c, s);
		bad += singlet_utf8_valid(s, n) != valid;
		for (i = 1; i < n; i++)
			bad += singlet_utf8_valid(s, i);
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(type_predefined),
	KUNIT_CASE(type_names),
	KUNIT_CASE(type_longest_name),
	KUNIT_CASE(type_arguments),
	KUNIT_CASE(type_create_delete),
	KUNIT_CASE(type_numbers),
	KUNIT_CASE(type_unknown),
	KUNIT_CASE(type_busy),
	KUNIT_CASE(type_sums),
	KUNIT_CASE(type_registry_full),
	KUNIT_CASE(type_shapes),
	KUNIT_CASE(type_text),
	KUNIT_CASE(utf8_samples),
	KUNIT_CASE(utf8_characters),
	{}
};

struct kunit_suite type_suite = {
	.name = "singlet_type",
	.init = types_init,
	.exit = types_exit,
	.test_cases = cases,
};
