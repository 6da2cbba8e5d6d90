// SPDX-License-Identifier: GPL-2.0
/*
 * Redis: a server that keeps nothing on disk, asked over a Unix socket, waiting
 * for each answer or for those of 256 labels at once.  A label is a key; its value
 * is empty, as in LMDB's file.
 */
#define _GNU_SOURCE
#include "users.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Labels, waited for one by one and in pipelines.  The server reads a clock for each
 * command; where that is a system call, all labels would take minutes.
 */
#define SAMPLE_WAITED	256
#define SAMPLE		8192
#define WAIT_MS		10000	/* for the server to begin or to answer */

struct with_redis {
	const struct labels *labels;
	unsigned int batch;
	pid_t server;
	int socket;
	double server_bytes;	/* without any label */
	char *out;
	size_t room;
};

static void __attribute__((noreturn)) become_server(const char *path)
{
	char *const args[] = {
		"redis-server", "--port", "0", "--unixsocket", (char *)path,
		"--save", "", "--appendonly", "no", "--loglevel", "warning",
		"--daemonize", "no", NULL,
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!freopen("/dev/null", "w", stdout))
		_exit(1);
	execvp(args[0], args);
	/* The same program, in a package that starts no daemon. */
	execv("/usr/bin/redis-check-rdb", args);
	_exit(127);
}

/* A socket to the server, once it listens; -1: it ended. */
static int reach(pid_t server, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int status, ms;

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	for (ms = 0; ms < WAIT_MS; ms += 10) {
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		if (waitpid(server, &status, WNOHANG) == server) {
			if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
				skip("no redis-server (package redis-tools)");
			break;
		}
		usleep(10000);
	}
	close(fd);
	return -1;
}

/* What the server says that it has. */
static double used_memory(int fd)
{
	static const char question[] = "*2\r\n$4\r\nINFO\r\n$6\r\nmemory\r\n";
	size_t got = 0, body = 0;
	char in[16384], *value;

	if (write(fd, question, sizeof(question) - 1) < 0)
		return 0;
	/* "$LENGTH", so many bytes, each with the end of a line behind it. */
	while (!body || got < body) {
		ssize_t n = read(fd, in + got, sizeof(in) - 1 - got);

		if (n <= 0)
			return 0;
		got += n;
		in[got] = '\0';
		value = strstr(in, "\r\n");
		if (!body && value)
			body = value + 4 - in + atol(in + 1);
	}
	value = strstr(in, "used_memory:");
	return value ? atof(value + strlen("used_memory:")) : 0;
}

static void *open_server(const struct subject *self,
			 const struct labels *labels)
{
	struct with_redis *w = calloc(1, sizeof(*w));
	char path[64];

	w->labels = labels;
	w->batch = self->batch;
	snprintf(path, sizeof(path), "/tmp/users.redis.%d", (int)getpid());
	w->server = fork();
	if (!w->server)
		become_server(path);
	if (w->server < 0)
		return NULL;
	w->socket = reach(w->server, path);
	unlink(path);
	if (w->socket < 0)
		return NULL;
	w->server_bytes = used_memory(w->socket);
	return w;
}

static void close_server(void *ctx)
{
	struct with_redis *w = ctx;

	close(w->socket);
	kill(w->server, SIGKILL);
	waitpid(w->server, NULL, 0);
	free(w->out);
	free(w);
}

static size_t add(struct with_redis *w, size_t at, const void *data, size_t len)
{
	if (at + len > w->room) {
		w->room = 2 * (at + len);
		w->out = realloc(w->out, w->room);
	}
	memcpy(w->out + at, data, len);
	return at + len;
}

/* Asks the same of each label; every answer is @answer or, if given, @other. */
static bool ask(struct with_redis *w, const char *before, const char *after,
		const char *answer, const char *other, const uint32_t *order,
		size_t nr)
{
	size_t size = strlen(answer), i, used = 0, got;
	char in[256 * 8], head[32];

	for (i = 0; i < nr; i++) {
		int n = snprintf(head, sizeof(head), "$%u\r\n",
				 w->labels->len[order[i]]);

		used = add(w, used, before, strlen(before));
		used = add(w, used, head, n);
		used = add(w, used, w->labels->text[order[i]],
			   w->labels->len[order[i]]);
		used = add(w, used, after, strlen(after));
	}
	for (i = 0; i < used; ) {
		ssize_t n = write(w->socket, w->out + i, used - i);

		if (n <= 0)
			return false;
		i += n;
	}
	for (got = 0; got < nr * size; ) {
		ssize_t n = read(w->socket, in + got, nr * size - got);

		if (n <= 0)
			return false;
		got += n;
	}
	for (i = 0; i < nr; i++)
		if (memcmp(in + i * size, answer, size) &&
		    (!other || memcmp(in + i * size, other, size)))
			return false;
	return true;
}

static bool in_batches(void *ctx, const char *before, const char *after,
		       const char *answer, const char *other,
		       const uint32_t *order, size_t nr)
{
	struct with_redis *w = ctx;
	size_t i, n;

	for (i = 0; i < nr; i += n) {
		n = nr - i < w->batch ? nr - i : w->batch;
		if (!ask(w, before, after, answer, other, order + i, n))
			return false;
	}
	return true;
}

static bool intern(void *ctx, const uint32_t *order, size_t nr)
{
	return in_batches(ctx, "*3\r\n$5\r\nSETNX\r\n", "\r\n$0\r\n\r\n",
			  ":1\r\n", ":0\r\n", order, nr);
}

static bool find(void *ctx, const uint32_t *order, size_t nr)
{
	return in_batches(ctx, "*2\r\n$3\r\nGET\r\n", "\r\n", "$0\r\n\r\n",
			  NULL, order, nr);
}

/* Nobody counts: they stay until the server ends. */
static void drop(void *ctx, const uint32_t *order, size_t nr)
{
	(void)ctx;
	(void)order;
	(void)nr;
}

static double memory(void *ctx)
{
	const struct with_redis *w = ctx;

	return w ? used_memory(w->socket) - w->server_bytes : 0;
}

const struct subject redis = {
	.name = "redis", .batch = 1, .sample = SAMPLE_WAITED,
	.lacks = "a server over a Unix socket, 256 labels; what is read is copied; nobody counts",
	.open = open_server, .close = close_server,
	.intern = intern, .drop = drop, .find = find,
};

const struct subject redis_256 = {
	.name = "redis-256", .batch = 256, .sample = SAMPLE,
	.lacks = "the same with 8192 labels, in pipelines of 256",
	.open = open_server, .close = close_server, .memory = memory,
	.intern = intern, .drop = drop, .find = find,
};
