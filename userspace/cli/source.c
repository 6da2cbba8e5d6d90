// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Values from arguments or from a file.
 *
 * A file is read into one buffer; the texts given point into it.  Only when
 * none of them is in use any more - on the next call - does what is left move
 * to the front and more is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source.h"

#define BUFFER_INITIAL	((size_t)256 << 10)

void source_open(struct source *src, const char *file, bool nul, size_t longest,
		 char **args, int arg_count)
{
	*src = (struct source){
		.args = args,
		.arg_count = arg_count,
		.fd = -1,
		.delimiter = nul ? '\0' : '\n',
		.longest = longest,
	};
	if (!file)
		return;
	if (!strcmp(file, "-")) {
		src->name = "standard input";
		src->fd = STDIN_FILENO;
	} else {
		src->name = file;
		src->fd = open(file, O_RDONLY | O_CLOEXEC);
		if (src->fd < 0)
			fail("cannot open %s: %s", file, strerror(errno));
	}
	src->capacity = BUFFER_INITIAL;
	src->buffer = malloc(src->capacity);
	if (!src->buffer)
		fail("out of memory");
}

void source_close(struct source *src)
{
	free(src->buffer);
	src->buffer = NULL;
	if (src->fd > STDIN_FILENO)
		close(src->fd);
	src->fd = -1;
}

const char *source_place(const struct source *src, uint64_t number)
{
	static char place[4200];	/* a path and a number */

	if (src->name)
		snprintf(place, sizeof(place), "%s:%" PRIu64, src->name,
			 number);
	else
		snprintf(place, sizeof(place), "argument %" PRIu64, number);
	return place;
}

/* Reads once; no text that was given is in use. */
static void refill(struct source *src)
{
	ssize_t got;

	if (src->start) {
		memmove(src->buffer, src->buffer + src->start,
			src->end - src->start);
		src->scanned -= src->start;
		src->end -= src->start;
		src->start = 0;
	}
	if (src->end == src->capacity) {
		/* A longest text, its delimiter, and some room to read into. */
		size_t most = src->longest + BUFFER_INITIAL;
		size_t more = 2 * src->capacity;
		char *larger;

		/*
		 * A buffer that is full and as large as can be without a
		 * delimiter has become a text that is too long, so there is
		 * room to grow.
		 */
		if (more > most)
			more = most;
		larger = realloc(src->buffer, more);
		if (!larger)
			fail("%s: out of memory",
			     source_place(src, src->number + 1));
		src->buffer = larger;
		src->capacity = more;
	}
	do {
		got = read(src->fd, src->buffer + src->end,
			   src->capacity - src->end);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		fail("cannot read %s: %s", src->name, strerror(errno));
	src->eof = !got;
	src->end += got;
}

/* The next text in the buffer, if it is there as a whole or never will be. */
static bool take(struct source *src, struct text *text)
{
	char *from = src->buffer + src->scanned;
	char *delimiter = memchr(from, src->delimiter, src->end - src->scanned);
	size_t stop = delimiter ? (size_t)(delimiter - src->buffer) : src->end;
	bool last = !delimiter && src->eof;

	if (src->skipping) {
		src->start = delimiter ? stop + 1 : stop;
		src->scanned = src->start;
		src->skipping = !delimiter;
		return false;
	}
	src->scanned = stop;
	text->too_long = stop - src->start > src->longest;
	if (!delimiter && !text->too_long &&
	    !(last && stop > src->start))
		return false;
	text->data = text->too_long ? NULL : src->buffer + src->start;
	text->len = stop - src->start;
	text->number = ++src->number;
	src->skipping = text->too_long && !delimiter;
	src->start = delimiter ? stop + 1 : stop;
	src->scanned = src->start;
	return true;
}

static size_t next_arguments(struct source *src, struct text *texts,
			     size_t max)
{
	size_t n = 0;

	while (n < max && src->arg_count) {
		const char *data = *src->args++;
		size_t len = strlen(data);

		src->arg_count--;
		texts[n++] = (struct text){
			.data = data,
			.len = len,
			.number = ++src->number,
			.too_long = len > src->longest,
		};
	}
	return n;
}

size_t source_next(struct source *src, struct text *texts, size_t max)
{
	size_t n = 0;

	if (!src->name)
		return next_arguments(src, texts, max);
	for (;;) {
		while (n < max && src->start < src->end) {
			if (take(src, &texts[n]))
				n++;
			else if (!src->skipping && src->scanned == src->end)
				break;
		}
		if (n || (src->eof && src->start == src->end))
			return n;
		refill(src);
	}
}
