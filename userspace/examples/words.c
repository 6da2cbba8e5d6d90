// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * words - how often each word comes in the input, most frequent first
 *
 *   cc -o words words.c $(pkg-config --cflags --libs singlet)
 *   ./words <README.md
 *
 * Every word is interned, so that equal ones have one id, and only ids are
 * sorted and counted.  With a reference cache a word that came before costs no
 * system call, and what is printed is read from the memory that all programs
 * share.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <singlet.h>

struct word {
	uint64_t id;
	size_t count;
};

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int by_count(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return x->count != y->count ? (x->count < y->count) -
				      (x->count > y->count) :
				      by_id(&x->id, &y->id);
}

static void fail(const char *what, int error)
{
	fprintf(stderr, "words: %s: %s\n", what, singlet_error_text(error));
	exit(1);
}

/* One reference for each word; what comes out are their ids, in order. */
static uint64_t *read_words(struct singlet *s, size_t *nr)
{
	uint64_t *ids = NULL;
	size_t room = 0;
	char word[256];

	*nr = 0;
	while (scanf("%255s", word) == 1) {
		int ret;

		if (*nr == room) {
			room = room ? 2 * room : 1024;
			ids = realloc(ids, room * sizeof(*ids));
			if (!ids)
				exit(1);
		}
		ret = singlet_str_intern(s, word, &ids[*nr]);
		if (ret < 0)
			fail(word, ret);
		++*nr;
	}
	return ids;
}

int main(void)
{
	struct word *words;
	struct singlet *s;
	uint64_t *ids;
	size_t nr, i, distinct = 0;
	int err;

	err = singlet_open(&s, 0);
	if (!err)
		err = singlet_cache_enable(s, 4096);
	if (err)
		fail(SINGLET_DEVICE, err);
	ids = read_words(s, &nr);
	words = calloc(nr + 1, sizeof(*words));
	if (!words)
		return 1;
	qsort(ids, nr, sizeof(*ids), by_id);
	for (i = 0; i < nr; i++) {
		if (!i || ids[i] != ids[i - 1])
			words[distinct++].id = ids[i];
		words[distinct - 1].count++;
	}
	qsort(words, distinct, sizeof(*words), by_count);
	for (i = 0; i < distinct; i++) {
		const void *text;
		size_t len;

		err = singlet_object_data(s, words[i].id, &text, &len);
		if (err)
			fail("data", err);
		printf("%zu %.*s\n", words[i].count, (int)len,
		       (const char *)text);
		singlet_object_release(s, words[i].id, words[i].count);
	}
	singlet_close(s);
	free(words);
	free(ids);
	return 0;
}
