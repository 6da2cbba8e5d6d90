// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The values of 'singlet bench': made up, or from a file, each once. */
#include <stdlib.h>

#include "bench.h"
#include "source.h"

#define TEXTS		256	/* taken from the source at once */
#define LABEL_MAX	64

/* One that is there already is left out. */
static void add_value(struct bench_values *values, const char *data,
		      uint32_t len, uint64_t number)
{
	struct copy *copy;
	bool created;

	copy = copies_intern(values->copies, data, len, &created);
	if (!copy)
		fail("out of memory");
	if (!created)
		return;
	if (values->count == values->room) {
		values->room = values->room ? 2 * values->room : 1024;
		values->value = reallocarray(values->value, values->room,
					     sizeof(*values->value));
		if (!values->value)
			fail("out of memory");
	}
	values->value[values->count++] = (struct bench_value){
		.data = copy->data, .len = len, .number = number };
	values->bytes += len;
}

static void begin(struct bench_values *values)
{
	*values = (struct bench_values){
		.copies = copies_new(false),
	};
	if (!values->copies)
		fail("out of memory");
}

/* What package relations look like; the same ones in every run. */
void bench_values_make(struct bench_values *values, size_t count)
{
	static const char *const families[] = {
		"lib", "python3-", "golang-github-", "ruby-", "node-", "fonts-",
		"r-cran-", "texlive-",
	};
	static const char *const ends[] = {
		"", "-dev", "-common", "-doc (= 1.0-1)", " (>= 2.36)", "-bin",
		" (<< 3)", "-data",
	};
	uint64_t x = 88172645463325252;
	char label[LABEL_MAX];

	begin(values);
	while (values->count < count) {
		int len;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		len = snprintf(label, sizeof(label), "%s%llx%s",
			       families[x & 7],
			       (unsigned long long)(x >> (8 + (x >> 6) % 36)),
			       ends[x >> 3 & 7]);
		add_value(values, label, len, 0);
	}
}

void bench_values_read(struct bench_values *values, const char *file, bool nul)
{
	struct text texts[TEXTS];
	struct source src;
	size_t i, n;

	begin(values);
	source_open(&src, file, nul, SINGLET_MAX_VALUE, NULL, 0);
	while ((n = source_next(&src, texts, TEXTS)) > 0) {
		for (i = 0; i < n; i++) {
			if (texts[i].too_long)
				fail("%s: longer than %u bytes",
				     source_place(&src, texts[i].number),
				     SINGLET_MAX_VALUE);
			add_value(values, texts[i].data, texts[i].len,
				  texts[i].number);
		}
	}
	if (!values->count)
		fail("no values in %s", src.name);
	values->file = src.name;
	source_close(&src);
}

void bench_values_free(struct bench_values *values)
{
	copies_free(values->copies);
	free(values->value);
}
