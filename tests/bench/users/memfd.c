// SPDX-License-Identifier: GPL-2.0
/*
 * A sealed memfd for each label, of a sample: a descriptor and a page each are too
 * much for all.  A program makes one, or is given its descriptor, and maps it to
 * read it.
 */
#define _GNU_SOURCE
#include "users.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define SAMPLE		1024
#define SPARE		64	/* descriptors for other things */
#define SEALS		(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct with_memfd {
	const struct labels *labels;
	int *fd;
};

static void *open_memfds(const struct subject *self,
			 const struct labels *labels)
{
	struct rlimit limit = { labels->nr + SPARE, labels->nr + SPARE };
	struct with_memfd *w = calloc(1, sizeof(*w));

	(void)self;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		skip("so many descriptors are not allowed");
	w->labels = labels;
	w->fd = calloc(labels->nr, sizeof(*w->fd));
	return w;
}

static void close_memfds(void *ctx)
{
	struct with_memfd *w = ctx;

	free(w->fd);
	free(w);
}

static bool make(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_memfd *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++) {
		uint32_t n = order[i], len = w->labels->len[n];
		int fd = memfd_create("label", MFD_CLOEXEC | MFD_ALLOW_SEALING);

		if (fd < 0 || write(fd, w->labels->text[n], len) != len ||
		    fcntl(fd, F_ADD_SEALS, SEALS))
			return false;
		w->fd[n] = fd;
	}
	return true;
}

static void drop(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_memfd *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++)
		close(w->fd[order[i]]);
}

static bool map(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_memfd *w = ctx;
	size_t i;

	for (i = 0; i < nr; i++) {
		uint32_t n = order[i], len = w->labels->len[n];
		void *data = mmap(NULL, len, PROT_READ, MAP_SHARED, w->fd[n], 0);

		if (data == MAP_FAILED || memcmp(data, w->labels->text[n], len) ||
		    munmap(data, len))
			return false;
	}
	return true;
}

/* Pages of shared memory; inodes and files. */
static double memory(void *ctx)
{
	(void)ctx;
	return shared_and_slabs();
}

const struct subject memfd = {
	.name = "memfd", .sample = SAMPLE, .new_only = true,
	.lacks = "1024 labels only; equal ones are not found: who has the descriptor maps it",
	.open = open_memfds, .close = close_memfds, .memory = memory,
	.intern = make, .drop = drop, .find = map,
};
