/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sets - a reader, and a slab that ends while it looks
 *
 * Index 0 has a slab with one slot, or none.  A slab that ended leaves its block
 * of marks to one at another index, whose object has the same generation, and
 * that one to the next at index 0.  Who evicts, makes slabs and objects, is one
 * process.  Generations at an index never come back.
 */
#define REFS	0
#define BYTES	1
#define SET	2	/* of index 0: 0, or serial << 1 | block */
#define MARK	3	/* and the next one: one per block */
#define BORROW	5	/* 1 for the object at index 0 */
#define WORDS	6

#define PROCS	2
#define KERNEL	0
#define READER	1

#ifndef SLABS
#define SLABS	3
#endif
#ifndef BORROWS
#define BORROWS	2
#endif

#define DEAD	0
#define IDLE	1

#define LIVE	1
#define DOOMED	2
#define FREE_MARK(g)	((g) << 2)
#define LIVE_MARK(g)	((g) << 2 | LIVE)
#define GEN(mark)	((mark) >> 2)
#define BLOCK(set)	((set) & 1)

#include "memory.pml"

byte gen = 1;
byte borrowed;
bit ended;

inline slab_begins()
{
	serial++;
	store_release(KERNEL, MARK + block, FREE_MARK(gen));
#ifdef WITHOUT_UNIQUE_SERIALS
	store_release(KERNEL, SET, 1 << 1 | block)
#else
	store_release(KERNEL, SET, serial << 1 | block)
#endif
}

inline object_begins()
{
	store(KERNEL, BYTES, gen);
	store_release(KERNEL, REFS, IDLE);
	fence(KERNEL);
	store_release(KERNEL, MARK + block, LIVE_MARK(gen))
}

/* Until the reader has given it back. */
inline object_ends()
{
	do
	:: mem[BORROW] == 0 ->
		store(KERNEL, MARK + block, LIVE_MARK(gen) | DOOMED);
		fence(KERNEL);
		load(KERNEL, BORROW, x);
		if
		:: x -> store(KERNEL, MARK + block, LIVE_MARK(gen))
		:: else ->
			atomic {
				sb[KERNEL].n == 0;
				assert(borrowed == 0);
				mem[REFS] = DEAD;
				break
			}
		fi
	od;
	store(KERNEL, BYTES, 0);
	gen++;
	store(KERNEL, MARK + block, FREE_MARK(gen));
	x = 0
}

inline slab_ends()
{
	store(KERNEL, SET, 0);
#ifndef WITHOUT_GRACE_PERIOD
	fence(KERNEL)
#endif
}

/* The block has a slab of another index, whose object is as old. */
inline block_is_lent()
{
	store(KERNEL, MARK + block, LIVE_MARK(gen - 1));
	if
	:: fence(KERNEL);
	   store_release(KERNEL, MARK + block, FREE_MARK(gen))
	:: block = 1 - block	/* It stays there. */
	fi
}

proctype kernel()
{
	byte block, serial = 1, x;

	do
	:: serial < SLABS ->
		object_ends();
		if
		:: slab_ends();
		   if
		   :: block_is_lent()
		   :: block = 1 - block
		   fi;
		   slab_begins()
		:: serial++
		fi;
		object_begins()
	:: else -> break
	od;
	fence(KERNEL);
	ended = 1
}

proctype reader()
{
	byte set, m, x, y, i;

	do
	:: i < BORROWS ->
		i++;
		load(READER, SET, set);
		if
		:: set == 0
		:: else ->
			load(READER, MARK + BLOCK(set), m);
			if
			:: !(m & LIVE) || (m & DOOMED)
			:: else ->
				store(READER, BORROW, 1);
				fence(READER);
#ifdef WITHOUT_MARK_BEFORE_SET
				load(READER, SET, y);
				atomic {
					load(READER, MARK + BLOCK(set), x);
#else
				load(READER, MARK + BLOCK(set), x);
				atomic {
#ifdef WITHOUT_SET_AGAIN
					y = set;
#else
					load(READER, SET, y);
#endif
#endif
					if
					:: x == m && y == set ->
						borrowed = GEN(m);
						assert(mem[REFS] != DEAD);
						assert(gen == GEN(m))
					:: else
					fi
				};
				if
				:: borrowed ->
					load(READER, BYTES, x);
					assert(x == GEN(m));
					load(READER, BYTES, x);
					assert(x == GEN(m));
					borrowed = 0
				:: else
				fi;
				store_release(READER, BORROW, 0)
			fi
		fi;
		m = 0; x = 0; y = 0; set = 0
	:: else -> break
	od;
	i = 0;
	fence(READER)
}

init {
	atomic {
		mem[REFS] = IDLE;
		mem[BYTES] = 1;
		mem[SET] = 1 << 1;
		mem[MARK] = LIVE_MARK(1);
		run kernel();
		run reader()
	};
	/* It never waits for the reader for ever. */
	ended
}
