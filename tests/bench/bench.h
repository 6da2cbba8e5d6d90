/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The in-kernel benchmark: singlet beside what it would replace.
 *
 * A case runs its two sides in turn, round after round, on one CPU in one
 * thread; what is reported is the median of the rounds, and the spread.
 */
#ifndef SINGLET_BENCH_H
#define SINGLET_BENCH_H

#include <linux/types.h>

struct singlet_store;

struct bench_case {
	const char *name;
	const char *peer;
	unsigned int ops;		/* operations in a round */
	unsigned int param;		/* for the functions below */
	unsigned int budget;		/* percent of the peer that we aim for */
	int (*setup)(const struct bench_case *c);
	int (*ours)(const struct bench_case *c);
	int (*theirs)(const struct bench_case *c);
	void (*teardown)(const struct bench_case *c);
};

extern const struct bench_case plain_cases[], intern_cases[];
extern const unsigned int nr_plain_cases, nr_intern_cases;

extern struct singlet_store *bench_store;	/* made for each case */

/* reclaim.c: pages pinned, time of a collection; with a store of its own */
int bench_reclaim(void);

/* keys.c: strings like labels of a package index, 26 bytes on average */
struct bench_key {
	u32 len;
	char text[60];
};

struct bench_key *bench_keys(unsigned int nr, u32 seed);

/* peer_rht.c: the cache that a careful kernel developer writes by hand */
struct peer_object;

int peer_rht_init(bool keyed_hash);
void peer_rht_destroy(void);
struct peer_object *peer_rht_intern(const void *data, u32 len);
void peer_rht_put(struct peer_object *obj);

#endif
