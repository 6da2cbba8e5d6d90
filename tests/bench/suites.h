/* SPDX-License-Identifier: GPL-2.0 */
/* suites - what can be measured; each reports its figures (report.h) */
#ifndef SINGLET_BENCH_SUITES_H
#define SINGLET_BENCH_SUITES_H

/* All: Context: process, sleeps.  Return: 0 or an error. */
int bench_plain(void);		/* plain alloc + last put, 8 to 4096 bytes */
int bench_refs(void);		/* get + put of an object at hand */
int bench_hits(void);		/* intern of a known value + put */
int bench_misses(void);		/* intern of a new value + free */
int bench_sizes(void);		/* both, 8 to 4096 bytes */
int bench_scale(void);		/* both, among few and among many */
int bench_memory(void);		/* bytes per object, per type; stranded slots */
int bench_reclaim(void);	/* pages that come back; time of a collection */
int bench_waits(void);		/* how long others wait for singlet's CPU */

#endif
