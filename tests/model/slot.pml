/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slot - one slot of a slab: its word, its mark, its bytes, who borrows it
 *
 * The bytes of the object of generation g are the number g, of no object 0.
 *
 * The macros WITHOUT_... each leave out something of the protocol, and spin
 * has to find an error then; tests/model/run lists them.
 */
#define REFS	0	/* DEAD, or 1 and a reference each */
#define MARK	1
#define BYTES	2
#define FREE	3	/* the slot is on a free list */
#define MARKS	4	/* the slab's marks: one of the next three */
#define BORROW	5	/* and the next one: readers' slots, 1 for this object */
#define WORDS	7

#define NONE	0
#define COMING	1	/* who kills heeds them, who publishes does not */
#define HERE	2

#define READERS	2

#define DEAD	0
#define IDLE	1

#define LIVE	1
#define DOOMED	2
#define FREE_MARK(g)	((g) << 2)
#define LIVE_MARK(g)	((g) << 2 | LIVE)
#define GEN(mark)	((mark) >> 2)

#include "memory.pml"

byte gen = 1;		/* changed by who has killed the object only */

/* What is not in memory, but true. */
byte held;		/* references */
byte freeing;		/* evictors that have killed the object */
byte borrowed[READERS];	/* generation that the reader may use, 0: none */
byte unmarked;		/* generation that who marks objects gave up, 0: none */

/* The end of the section as well. */
inline undoom(p, m)
{
#ifdef WITHOUT_UNDOOM
	rcu_unlock(p)
#else
#ifdef WITHOUT_UNDOOM_IN_SECTION
	rcu_unlock(p);
	store(p, MARK, m)
#else
	atomic {
		store(p, MARK, m);
		rcu_unlock(p)
	}
#endif
#endif
}

/* Kill the object if it is idle. */
inline kill(p, ok)
{
	atomic {
#ifdef WITHOUT_EXPECTING_IDLE
		/* As it was looked at before: a store instead of an exchange. */
		sb[p].n == 0;
		mem[REFS] = DEAD;
		ok = 1;
#else
		cmpxchg(p, REFS, IDLE, DEAD, ok);
#endif
		if
		:: ok ->
			assert(held == 0);
			assert(freeing == 0);
			assert(borrowed[0] == 0 && borrowed[1] == 0);
			freeing++
		:: else
		fi
	}
}

/*
 * The mark of an object that this process has killed changes, and with it goes the
 * doom; the section ends.
 */
inline mark_dead(p)
{
#if defined(WITHOUT_MARKING_DEAD) || defined(WITHOUT_OWN_DOOM)
	rcu_unlock(p)
#else
	atomic {
		store_release(p, MARK, FREE_MARK(gen + 1));
		rcu_unlock(p)
	}
#endif
}

/* Give back the slot of an object that this process has killed, in no section. */
inline erase(p, x)
{
	atomic {
		store(p, BYTES, 0);
		gen++
	};
#ifdef WITHOUT_OWN_DOOM
	/* Whoever frees changes the mark, and not who has doomed it. */
	load(p, MARKS, x);
	if
	:: x != NONE -> store(p, MARK, FREE_MARK(gen))
	:: else
	fi;
#endif
	atomic {
		store_release(p, FREE, 1);
		freeing--
	}
}

/* Whether the object is borrowed.  Here and below x and others are scratch. */
inline scan(p, x, found)
{
	load(p, BORROW, x);
	found = x;
	load(p, BORROW + 1, x);
	found = found || x;
	x = 0
}

#ifdef WITHOUT_SKIPPING_DOOMED
#define LEFT_ALONE(m)	0
#else
#define LEFT_ALONE(m)	((m) & DOOMED)
#endif

/*
 * Kill the object if nobody uses it.  The caller is in an RCU section, which ends
 * here.
 */
inline kill_marked(p, m, x, ok)
{
	load(p, MARK, m);
	load(p, REFS, x);
	ok = 0;
	if
	:: LEFT_ALONE(m) || x != IDLE -> rcu_unlock(p)
	:: else ->
#ifdef WITHOUT_EXCHANGE_TO_DOOM
		store(p, MARK, m | DOOMED);
		ok = 1;
#else
		cmpxchg_relaxed(p, MARK, m, m | DOOMED, ok);
#endif
		if
		:: !ok -> rcu_unlock(p)
		:: else ->
#ifndef WITHOUT_EVICTORS_BARRIER
			fence(p);
#endif
#ifndef WITHOUT_SCAN
			scan(p, x, ok);
#else
			ok = 0;
#endif
			if
			:: ok ->
				undoom(p, m);
				ok = 0
			:: else ->
				kill(p, ok);
				if
				:: ok -> mark_dead(p)
				:: else -> undoom(p, m)
				fi
			fi
		fi
	fi;
	m = 0;
	x = 0
}

/* The same where there are none, so nobody can have borrowed anything. */
inline kill_unmarked(p, ok)
{
	atomic {
		kill(p, ok);
		rcu_unlock(p)
	}
}

inline evict(p, m, x, ok)
{
	atomic {
		load(p, MARKS, x);
		rcu_lock(p)
	};
	if
	:: x == NONE -> kill_unmarked(p, ok)
	:: else -> kill_marked(p, m, x, ok)
	fi;
	if
	:: ok -> erase(p, x)
	:: else
	fi;
	x = 0;
	ok = 0
}

inline put(p)
{
	d_step {
		sb[p].n == 0;
		assert(mem[REFS] > IDLE);
		mem[REFS] = mem[REFS] - 1;
		held--
	}
}

/* One section, if it is any. */
inline publish(p, x)
{
	atomic {
		store_release(p, REFS, IDLE + 1);
#ifndef WITHOUT_PUBLISHERS_SECTION
		rcu_lock(p);
#endif
		held++
	};
	load(p, MARKS, x);
	atomic {
		if
		:: x == HERE -> store_release(p, MARK, LIVE_MARK(gen))
		:: else
		fi;
		rcu_unlock(p);
		x = 0
	}
}

/* A value is looked up: revive the object, or make another one. */
inline intern(p, x, ok)
{
	if
	:: d_step {
		sb[p].n == 0 && mem[REFS] != DEAD;
		mem[REFS] = mem[REFS] + 1;
		held++
	   }
	   put(p)
	:: cmpxchg(p, FREE, 1, 0, ok);
	   if
	   :: ok ->
		store(p, BYTES, gen);
		publish(p, x);
		put(p)
	   :: else
	   fi
	fi;
	ok = 0
}

#ifdef WITHOUT_REFUSING_DOOMED
#define REFUSED(m)	0
#else
#define REFUSED(m)	((m) & DOOMED)
#endif

/* Borrow the object that is there, read it, and give it back. */
inline borrow(p, r, m, x)
{
	load(p, MARK, m);
	if
	:: !(m & LIVE) || REFUSED(m)
	:: else ->
		store(p, BORROW + r, 1);
#ifndef WITHOUT_READERS_BARRIER
		fence(p);
#endif
		atomic {
#ifndef WITHOUT_SECOND_LOOK
			load(p, MARK, x);
#else
			x = m;
#endif
			if
			:: x == m ->
				borrowed[r] = GEN(m);
				assert(mem[REFS] != DEAD && gen == GEN(m))
			:: else
			fi
		};
		if
		:: x == m ->
#ifdef WITHOUT_WAITING_TO_CLEAR
			store_release(p, BORROW + r, 0);
#endif
			load(p, BYTES, x);
			assert(x == GEN(m));
			load(p, BYTES, x);
			assert(x == GEN(m));
			d_step {
				assert(mem[REFS] != DEAD && gen == GEN(m));
				borrowed[r] = 0
			}
		:: else
		fi;
		store_release(p, BORROW + r, 0)
	fi;
	m = 0;
	x = 0
}

/*
 * When all have ended: nothing is doomed, what there is can be found, nothing
 * that is not is marked live, and what is idle can be freed.
 */
inline check_end(p, m, x, ok)
{
	assert(held == 0 && freeing == 0);
	assert(mem[BORROW] == 0 && mem[BORROW + 1] == 0);
	assert(!(mem[MARK] & DOOMED));
	if
	:: mem[REFS] == DEAD -> assert(!(mem[MARK] & LIVE))
	:: else ->
		assert(mem[REFS] == IDLE);
		assert(mem[BYTES] == gen);
		assert(mem[MARKS] == HERE);
		assert(mem[MARK] == LIVE_MARK(gen) || unmarked == gen);
		evict(p, m, x, ok);
		fence(p);
		assert(mem[REFS] == DEAD && mem[FREE] && mem[BYTES] == 0)
	fi
}
