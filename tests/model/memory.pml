/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory - words, processors whose stores others see late, grace periods
 *
 * Each process @p has a buffer of the stores that it has made and others do not
 * see yet; it sees them itself.  They reach the memory at any time, and those to
 * different words in any order, but a release store after all before it.  That
 * is more than x86 does, whose stores stay in order.  Loads happen in order:
 * what acquiring orders is for the litmus tests.
 *
 *   fence(p)		 a full barrier
 *   cmpxchg(p, ...)	 with a full barrier before, as are all on x86
 *   cmpxchg_relaxed()	 its store is buffered as any other, but nobody else's
 *			 comes between it and the load
 *   rcu_lock(p)	 and rcu_unlock(p): an RCU read-side section
 *   synchronize_rcu(p)	 a grace period: full barriers, and between them the end
 *			 of all sections that had begun; others see what was
 *			 stored until these ended, but not what was after
 *
 * Who includes this defines PROCS and WORDS.
 */
#define DEPTH	2

typedef buffer {
	byte n;
	byte word[DEPTH];
	byte value[DEPTH];
	bit release[DEPTH];
	bit exclusive[DEPTH]
};

buffer sb[PROCS];
byte mem[WORDS];
byte owner[WORDS];	/* process + 1 whose exchange is in its buffer */

/* Sets of processes. */
#define BIT(p)	(1 << (p))

byte in_rcu;		/* in a section */
byte unseen;		/* in none; what it stored in the last one is not all seen */
byte awaited;		/* in a section, which the grace period waits for */
byte late;		/* likewise, for what it stored */

inline store_any(p, w, v, is_release, is_exclusive)
{
	d_step {
		sb[p].n < DEPTH;
		sb[p].word[sb[p].n] = w;
		sb[p].value[sb[p].n] = v;
		sb[p].release[sb[p].n] = is_release;
		sb[p].exclusive[sb[p].n] = is_exclusive;
		sb[p].n++
	}
}

inline store(p, w, v)
{
	store_any(p, w, v, 0, 0)
}

inline store_release(p, w, v)
{
	store_any(p, w, v, 1, 0)
}

inline load(p, w, to)
{
	d_step {
		if
		:: sb[p].n == 2 && sb[p].word[1] == w -> to = sb[p].value[1]
		:: else ->
			if
			:: sb[p].n >= 1 && sb[p].word[0] == w ->
				to = sb[p].value[0]
			:: else -> to = mem[w]
			fi
		fi
	}
}

inline fence(p)
{
	sb[p].n == 0
}

inline cmpxchg(p, w, old, new, ok)
{
	d_step {
		sb[p].n == 0 && owner[w] == 0;
		ok = (mem[w] == old);
		if
		:: ok -> mem[w] = new
		:: else
		fi
	}
}

#define buffered(p, w)	((sb[p].n >= 1 && sb[p].word[0] == (w)) || \
			 (sb[p].n == 2 && sb[p].word[1] == (w)))

inline cmpxchg_relaxed(p, w, old, new, ok)
{
	atomic {
		sb[p].n < DEPTH && owner[w] == 0 && !buffered(p, w);
		ok = (mem[w] == old);
		if
		:: ok ->
			owner[w] = p + 1;
			store_any(p, w, new, 0, 1)
		:: else
		fi
	}
}

inline rcu_lock(p)
{
	in_rcu = in_rcu | BIT(p)
}

inline rcu_unlock(p)
{
	d_step {
		in_rcu = in_rcu & ~BIT(p);
		if
		:: sb[p].n ->
			unseen = unseen | BIT(p);
			late = late | (awaited & BIT(p))
		:: else
		fi;
		awaited = awaited & ~BIT(p)
	}
}

inline synchronize_rcu(p)
{
	d_step {
		sb[p].n == 0;
		awaited = in_rcu;
		late = unseen
	};
	awaited == 0 && late == 0
}

/* Process @p's store @i can be the next to reach the memory. */
#define may_leave(p, i)							\
	(sb[p].n > i &&							\
	 (i == 0 || (!sb[p].release[i] &&				\
		     sb[p].word[i] != sb[p].word[0])) &&		\
	 (owner[sb[p].word[i]] == 0 || sb[p].exclusive[i]))

inline leave(p, i)
{
	mem[sb[p].word[i]] = sb[p].value[i];
	if
	:: sb[p].exclusive[i] -> owner[sb[p].word[i]] = 0
	:: else
	fi;
	if
	:: i == 0 ->
		sb[p].word[0] = sb[p].word[1];
		sb[p].value[0] = sb[p].value[1];
		sb[p].release[0] = sb[p].release[1];
		sb[p].exclusive[0] = sb[p].exclusive[1]
	:: else
	fi;
	sb[p].word[1] = 0;
	sb[p].value[1] = 0;
	sb[p].release[1] = 0;
	sb[p].exclusive[1] = 0;
	sb[p].n--;
	if
	:: sb[p].n == 0 ->
		unseen = unseen & ~BIT(p);
		late = late & ~BIT(p);
		sb[p].word[0] = 0;
		sb[p].value[0] = 0;
		sb[p].release[0] = 0;
		sb[p].exclusive[0] = 0
	:: else
	fi
}

#define LEAVES(p)							\
	:: d_step { may_leave(p, 0) -> leave(p, 0) }			\
	:: d_step { may_leave(p, 1) -> leave(p, 1) }

/* What makes the stores of all processes reach the memory. */
active proctype writer()
{
end:	do
	LEAVES(0)
	LEAVES(1)
#if PROCS > 2
	LEAVES(2)
#endif
#if PROCS > 3
	LEAVES(3)
#endif
#if PROCS > 4
	LEAVES(4)
#endif
#if PROCS > 5
	LEAVES(5)
#endif
#if PROCS > 6
	LEAVES(6)
#endif
	od
}
