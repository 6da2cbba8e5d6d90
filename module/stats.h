/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stats - per-CPU counters
 *
 * A leaf that every layer may use.  A counter is a signed sum over CPUs: what
 * one CPU adds another may subtract.  Single increments are safe in every
 * context.  Sums taken while others count are a little stale, never torn.
 */
#ifndef SINGLET_STATS_H
#define SINGLET_STATS_H

#include <linux/types.h>

#include "compat/percpu.h"

/*
 * What is counted for a whole store.  What is counted for each type (type.h)
 * is not counted here again.
 */
enum singlet_stat {
	STAT_IDLE,		/* objects without a reference */
	STAT_BYTES_IDLE,	/* in their slots */
	STAT_IMMORTAL,		/* objects never freed */
	STAT_REFERENCES,	/* (session, object) pairs */
	STAT_FRESH,		/* creates in a slot not used before */
	STAT_REVIVALS,		/* idle objects that became live */
	STAT_EVICTIONS,
	STAT_RELEASED,		/* references dropped by a session's end */
	STAT_FAILURES,		/* requests that found no memory */
	STAT_REFUSALS,		/* requests over a quota */
	STAT_PINS,		/* objects pinned */
	STAT_COLLECTIONS,
	STAT_SLABS,
	STAT_SLABS_FREED,
	STAT_SLOTS,
	STAT_BYTES_LOGICAL,	/* of values, once per reference */
	STAT_BYTES_STORED,	/* of slab pages */
	STAT_BYTES_METADATA,	/* of everything else */
	NR_SINGLET_STATS,
};

struct singlet_counters {
	local_t __percpu *cpu;	/* NR_SINGLET_STATS each; stable in lifetime */
};

int singlet_counters_init(struct singlet_counters *c);
void singlet_counters_destroy(struct singlet_counters *c);
long singlet_counters_sum(const struct singlet_counters *c,
			  enum singlet_stat item);

static inline void singlet_count(const struct singlet_counters *c,
				 enum singlet_stat item, long n)
{
	local_add(n, compat_percpu_enter(c->cpu) + item);
	compat_percpu_leave();
}

#endif
