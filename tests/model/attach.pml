/* SPDX-License-Identifier: GPL-2.0 */
/*
 * attach - a slab whose objects live already gets its marks
 *
 * Readers know nothing of the slab before, but then.
 */
#ifndef EVICTORS
#define EVICTORS	2
#endif
#ifndef EVICTIONS
#define EVICTIONS	1	/* of each evictor, and one more of the first */
#endif
#ifndef INTERNS
#define INTERNS	1
#endif

#define PROCS	(3 + EVICTORS)
#define USER	(EVICTORS + 1)
#define READER	(EVICTORS + 2)

#include "slot.pml"

#ifdef WITHOUT_HEEDING_DOOMED
#define NOT_TO_MARK(m)	0
#else
#define NOT_TO_MARK(m)	((m) & DOOMED)
#endif

byte ended;
bit attached;

proctype evictor(byte p)
{
	byte m, x, i;
	bit ok;

	do
	:: i < EVICTIONS + (p == 1) -> evict(p, m, x, ok); i++
	:: else -> break
	od;
	i = 0;
	ended++
}

proctype user()
{
	byte x, i;
	bit ok;

	do
	:: i < INTERNS -> intern(USER, x, ok); i++
	:: else -> break
	od;
	i = 0;
	ended++
}

proctype reader()
{
	byte m, x;

	attached;
	borrow(READER, 0, m, x);
	ended++
}

/* What is there gets its mark; that a doom lasts too long can be at any time. */
inline fill(m, ok)
{
	if
	:: d_step {
		sb[0].n == 0 && mem[REFS] != DEAD;
		mem[REFS] = mem[REFS] + 1;
		held++
	   }
	   do
	   :: load(0, MARK, m);
	      if
	      :: NOT_TO_MARK(m) ->
		if
		:: skip
		:: unmarked = gen; break
		fi
	      :: !NOT_TO_MARK(m) && (m & LIVE) -> break
	      :: else ->
		cmpxchg_relaxed(0, MARK, m, LIVE_MARK(gen), ok);
		if
		:: ok -> break
		:: else
		fi
	      fi
	   od;
	   put(0)
	:: d_step { sb[0].n == 0 && mem[REFS] == DEAD }
	fi;
	m = 0;
	ok = 0
}

#ifndef GRACE_PERIODS
#define GRACE_PERIODS	2	/* while marks are coming */
#endif

/* Process 0: the four steps of marks.h. */
inline attach(m, ok)
{
	store(0, MARKS, COMING);
#if GRACE_PERIODS > 0
	synchronize_rcu(0);
#endif
#if GRACE_PERIODS > 1
	synchronize_rcu(0);
#endif
	store(0, MARKS, HERE);
#ifdef WITHOUT_GRACE_PERIOD_TO_FILL
	fence(0);
#else
	synchronize_rcu(0);
#endif
	fill(m, ok);
	attached = 1
}

init {
	byte m, x, i;
	bit ok;

	atomic {
		mem[REFS] = IDLE;
		mem[BYTES] = 1;
		for (i : 1 .. EVICTORS) {
			run evictor(i)
		}
		run user();
		run reader();
		i = 0
	};
	attach(m, ok);
	ended == EVICTORS + 2;
	do
	:: i < PROCS -> fence(i); i++
	:: else -> break
	od;
	i = 0;
	check_end(0, m, x, ok)
}
