// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * fork() and reference caches.
 *
 * A session is shared by parent and child, the counts in a cache are not.  So
 * before the fork, while nothing is taken in or let go of, each cache gets a
 * second session that has the same references, which is the child's; and as
 * mappings are not inherited, the child maps the domain again, its slabs where they
 * were.  If any of that fails the child has nothing: its handle is one of no device.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cache.h"
#include "internal.h"
#include "known.h"
#include "letgo.h"

#define LOT	SINGLET_MAX_BATCH

struct cache_child {
	struct singlet *session;	/* NULL: failed */
	struct singlet_ref_item item[LOT];
	size_t nr;			/* in @item */
};

/* Protects the list and its @next, and every @child; outside of caches' locks. */
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cache *all;

/* Another session in the named domain of @s. */
static int join_again(struct singlet *s, const struct singlet_domain_info *domain,
		      struct singlet **beside)
{
	const char *name = (const char *)domain->name;
	struct singlet_info info;
	struct singlet *other;
	int err = singlet_kernel_info(s, &info);

	if (err)
		return err;
	err = singlet_domain_join(s, name, info.access, beside);
	/* A session that may do less cannot join: by way of one's own domain. */
	if (err == -EACCES && !singlet_open(&other, 0)) {
		err = singlet_domain_join(other, name, info.access, beside);
		singlet_close(other);
	}
	return err;
}

/* Another session in the domain of @s; NULL: it cannot be had. */
static struct singlet *open_beside(struct singlet *s)
{
	struct singlet_domain_info mine, its;
	struct singlet *beside;
	char path[40];

	if (singlet_domain_query(s, NULL, &mine))
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	if (mine.name[0] ? join_again(s, &mine, &beside) :
			   singlet_open_path(&beside, path, 0))
		return NULL;
	/* The name, or the user, may be another's by now. */
	if (!singlet_domain_query(beside, NULL, &its) &&
	    its.serial == mine.serial)
		return beside;
	singlet_close(beside);
	return NULL;
}

/*
 * The references of a lot.  A plain object that is being written is its own
 * session's, ENOENT to others; the child finds out which.
 */
static void acquire_lot(struct cache_child *child)
{
	ssize_t done = 0;
	size_t i;

	if (child->session && child->nr)
		done = singlet_batch_acquire(child->session, child->item,
					     child->nr);
	for (i = 0; done == (ssize_t)child->nr && i < child->nr; i++)
		if (child->item[i].result && child->item[i].result != ENOENT)
			done = -1;
	if (done != (ssize_t)child->nr) {
		singlet_close(child->session);
		child->session = NULL;
	}
	child->nr = 0;
}

static void acquire_one(void *ctx, struct held_at at)
{
	struct cache *c = ctx;
	struct cache_child *child = c->child;

	child->item[child->nr++] = (struct singlet_ref_item){
		.id = known_id(c, known_with_record(c, at)), .count = 1 };
	if (child->nr == LOT)
		acquire_lot(child);
}

static void prepare(void)
{
	struct cache *c;

	pthread_mutex_lock(&all_lock);
	for (c = all; c; c = c->next) {
		pthread_mutex_lock(&c->lock);
		c->child = calloc(1, sizeof(*c->child));
		if (!c->child)
			continue;
		c->child->session = open_beside(c->session);
		if (!c->child->session)
			continue;
		singlet_held_for_each(&c->held, acquire_one, c);
		acquire_lot(c->child);
	}
}

static void go_on(void)
{
	struct cache *c;

	for (c = all; c; c = c->next) {
		free(c->child);
		c->child = NULL;
		pthread_mutex_unlock(&c->lock);
	}
	pthread_mutex_unlock(&all_lock);
}

static void in_parent(void)
{
	struct cache *c;

	for (c = all; c; c = c->next)
		if (c->child)
			singlet_close(c->child->session);
	go_on();
}

static void lose(void *ctx, struct held_at at)
{
	(void)ctx;
	atomic_store(at.count, 0);
}

/* The descriptor's number stays; what it names is the child's own. */
static bool take_over(struct cache *c)
{
	struct singlet *own = c->child ? c->child->session : NULL;

	if (!own || dup3(own->fd, c->session->fd, O_CLOEXEC) < 0 ||
	    singlet_map_again(&c->map, c->session->fd))
		return false;
	singlet_close(own);
	c->child->session = NULL;
	return true;
}

/* The handle is one of no device from here on, and the cache is empty. */
static void lose_all(struct cache *c)
{
	int want = c->session->fd, fd, got;

	singlet_held_for_each(&c->held, lose, NULL);
	c->held.nr = 0;
	c->queue.nr = 0;
	c->map.slabs = NULL;
	c->index = NULL;
	/* First of all: there may be no other descriptor. */
	close(want);
	got = fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd >= 0 && fd != want) {
		got = dup3(fd, want, O_CLOEXEC);
		close(fd);
	}
	/* Not one that somebody else will have. */
	if (got < 0)
		c->session->fd = -1;
}

/* The index, at any address, and what was to be done with what nobody uses. */
static void go_on_with(struct cache *c)
{
	if (c->index && !singlet_index_open(c->session)) {
		singlet_map_close(&c->map);
		lose_all(c);
	}
	singlet_letgo_settle_anew(c);
}

static void in_child(void)
{
	struct cache *c;

	for (c = all; c; c = c->next) {
		if (take_over(c))
			continue;
		if (c->child)
			singlet_close(c->child->session);
		lose_all(c);
	}
	/* Not before all slabs are where they have to be. */
	for (c = all; c; c = c->next)
		go_on_with(c);
	go_on();
}

static int installed;	/* errno, or 0 */

static void install(void)
{
	installed = pthread_atfork(prepare, in_parent, in_child);
}

/* Return: 0 or a negative errno. */
int singlet_cache_watch_forks(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
	return -installed;
}

/* @c is its session's from here on, in children too. */
void singlet_cache_register(struct cache *c)
{
	pthread_mutex_lock(&all_lock);
	c->next = all;
	all = c;
	c->session->cache = c;
	pthread_mutex_unlock(&all_lock);
}

void singlet_cache_unregister(struct cache *c)
{
	struct cache **p;

	pthread_mutex_lock(&all_lock);
	for (p = &all; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	pthread_mutex_unlock(&all_lock);
}
