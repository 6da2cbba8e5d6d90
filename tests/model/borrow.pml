/* SPDX-License-Identifier: GPL-2.0 */
/*
 * borrow - evictors, readers and who interns, all at one slot that has marks
 */
#ifndef EVICTORS
#define EVICTORS	2
#endif
#ifndef EVICTIONS
#define EVICTIONS	2	/* of each evictor */
#endif
#ifndef INTERNS
#define INTERNS	2
#endif
#ifndef BORROWS
#define BORROWS	1	/* of each reader */
#endif
#ifndef USERS
#define USERS	1
#endif
#ifndef NR_READERS
#define NR_READERS	1	/* at most READERS */
#endif

#define PROCS	(1 + EVICTORS + USERS + NR_READERS)

#include "slot.pml"

byte ended;

proctype evictor(byte p)
{
	byte m, x, i;
	bit ok;

	do
	:: i < EVICTIONS -> evict(p, m, x, ok); i++
	:: else -> break
	od;
	i = 0;
	ended++
}

proctype user(byte p)
{
	byte x, i;
	bit ok;

	do
	:: i < INTERNS -> intern(p, x, ok); i++
	:: else -> break
	od;
	i = 0;
	ended++
}

proctype reader(byte p; byte r)
{
	byte m, x, i;

	do
	:: i < BORROWS -> borrow(p, r, m, x); i++
	:: else -> break
	od;
	i = 0;
	ended++
}

init {
	byte m, x, i;
	bit ok;

	atomic {
		mem[REFS] = IDLE;
		mem[MARK] = LIVE_MARK(1);
		mem[BYTES] = 1;
		mem[MARKS] = HERE;
		for (i : 1 .. EVICTORS) {
			run evictor(i)
		}
		for (i : 1 .. USERS) {
			run user(EVICTORS + i)
		}
		for (i : 1 .. NR_READERS) {
			run reader(EVICTORS + USERS + i, i - 1)
		}
		i = 0
	};
	ended == EVICTORS + USERS + NR_READERS;
	do
	:: i < PROCS -> fence(i); i++
	:: else -> break
	od;
	i = 0;
	check_end(0, m, x, ok)
}
