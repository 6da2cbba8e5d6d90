/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The index of a session's domain in this process's memory:
 * <linux/singlet_index.h>.
 *
 * It is mapped when it is first asked for, and not inherited by fork(2).  So it
 * is valid in the process that mapped it only, which @forks tells: the child of
 * a fork finds another number in singlet_forks, and maps its own when it first
 * asks.  Nobody touches the members but who found the number right, and they do
 * not change then, but for @used.
 *
 * Finding and borrowing are asked for apart: what belongs to borrowing (@borrows,
 * @map) costs the session a page in the kernel, which can be refused, and has a
 * number of its own, @borrow_forks.
 */
#ifndef _SINGLET_INDEX_H
#define _SINGLET_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <linux/singlet_index.h>

#include "hidden.h"
#include "map.h"

#define INDEX_LINES	(SINGLET_MAP_LINES_SIZE / sizeof(struct singlet_index_line))
#define INDEX_MARKS	(SINGLET_MAP_MARKS_SIZE / sizeof(uint64_t))
#define INDEX_VALUE_MAX	4096	/* bytes of a value that can be found */

struct singlet;

struct index {
	_Atomic uint32_t forks;		/* of this process; 0: not asked yet */
	_Atomic uint32_t borrow_forks;	/* the same of @borrows and @map */
	_Atomic uint32_t used;		/* what borrows[0] is, at least */
	const struct singlet_index_head *head;	/* NULL: there is no index */
	const struct singlet_index_line *home;
	const struct singlet_index_line *over;
	const uint64_t *sets;
	const uint64_t *marks;
	uint64_t *borrows;		/* NULL: nothing can be borrowed */
	struct map map;			/* can be there without the others */
};

/* How many forks are between the process that loaded this and here, plus 1. */
extern HIDDEN _Atomic uint32_t singlet_forks;

HIDDEN int singlet_index_watch_forks(void);
HIDDEN struct index *singlet_index_open(struct singlet *s);
HIDDEN struct index *singlet_index_open_borrows(struct singlet *s);
HIDDEN void singlet_index_close(struct singlet *s);

static inline bool index_forks_here(const _Atomic uint32_t *forks)
{
	/* Acquire: pairs with the release in map_once(). */
	return atomic_load_explicit(forks, memory_order_acquire) ==
	       atomic_load_explicit(&singlet_forks, memory_order_relaxed);
}

/* Is what @index says this process's own: of finding, and of borrowing? */
static inline bool index_is_here(const struct index *index)
{
	return index_forks_here(&index->forks);
}

static inline bool index_borrows_here(const struct index *index)
{
	return index_forks_here(&index->borrow_forks);
}

/* Kernel's memory changes all the time. */
static inline uint64_t index_read(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Where what belongs to a handle is.  Without a borrow, a guess. */
struct index_place {
	const uint64_t *set_at;
	uint64_t set;
	const uint64_t *mark_at;
	const char *data;
	uint32_t size;		/* bytes of the slot */
};

/*
 * The mark's place.  Nothing that is touched here, or that may be touched at
 * @mark_at, can fault; at @data nothing may be touched before it is borrowed.
 * The set is read before all else (acquire), and has to be read again after it.
 */
static inline __attribute__((always_inline)) bool
index_mark(const struct index *index, uint32_t handle, struct index_place *p)
{
	uint32_t nr = SINGLET_ID_INDEX(handle);
	uint64_t mark;

	/* No more than there are in the directory, so this does for both. */
	if (handle & SINGLET_ID_WORLD || nr >= index_read(&index->sets[0]))
		return false;
	p->set_at = &index->sets[1 + nr];
	p->set = index_read(p->set_at);
	mark = (uint64_t)SINGLET_SET_MARKS(p->set) + SINGLET_ID_SLOT(handle);
	if (!SINGLET_SET_SERIAL(p->set) || mark >= INDEX_MARKS)
		return false;
	p->mark_at = &index->marks[mark];
	__builtin_prefetch(p->mark_at);
	return true;
}

/* The same, and where the bytes are. */
static inline __attribute__((always_inline)) bool
index_place(const struct index *index, uint32_t handle, struct index_place *p)
{
	uint32_t slot = SINGLET_ID_SLOT(handle);
	uint64_t entry;

	if (!index_mark(index, handle, p))
		return false;
	entry = index_read(&index->map.slabs[1 + SINGLET_ID_INDEX(handle)]);
	if (slot >= SINGLET_SLAB_SLOTS(entry))
		return false;
	p->size = SINGLET_SLAB_SIZE(entry);
	p->data = index->map.arena + SINGLET_SLAB_OFFSET(entry) +
		  (uint64_t)slot * p->size;
	__builtin_prefetch(p->data);
	return true;
}

/* Has nothing happened to the mark, nor to the slab that it is of? */
static inline bool index_same(const struct index_place *p, uint64_t mark)
{
	return index_read(p->mark_at) == mark &&
	       index_read(p->set_at) == p->set;
}

/* Can the index have it? */
static inline bool index_may_have(const struct index *index, uint32_t type,
				  size_t len)
{
	return __builtin_expect(index && len <= INDEX_VALUE_MAX &&
				type <= SINGLET_MARK_TYPE_MAX, 1);
}

static inline __attribute__((always_inline)) uint32_t
index_hash(const struct index *index, const void *data, uint32_t len,
	   uint32_t type)
{
#ifdef __SIZEOF_INT128__
	return singlet_hash(&index->head->key, data, len,
			    SINGLET_TYPE_INDEX(type));
#else
	/* Nothing is mapped then. */
	(void)index, (void)data;
	return len ^ type;
#endif
}

/* The first line of a bucket, or NULL. */
static inline const struct singlet_index_line *
index_home(const struct index *index, uint32_t hash)
{
	uint32_t buckets, mask;

	buckets = __atomic_load_n(&index->head->buckets, __ATOMIC_ACQUIRE);
	if (__builtin_expect(buckets < 2 || buckets > INDEX_LINES, 0))
		return NULL;
	mask = (2U << (31 - __builtin_clz(buckets - 1))) - 1;
	/* No branch, which nobody could foretell. */
	mask >>= (hash & mask) >= buckets;
	return &index->home[hash & mask];
}

static inline const struct singlet_index_line *
index_next(const struct index *index, const struct singlet_index_line *line)
{
	uint32_t next = __atomic_load_n(&line->next, __ATOMIC_ACQUIRE);

	return next && next <= INDEX_LINES ? &index->over[next - 1] : NULL;
}

static inline uint16_t index_tag(uint32_t hash)
{
	return hash >> 16 ? hash >> 16 : 1;
}

/*
 * Which of a line's tags may equal @tag: a bit for each, which index_entry() tells
 * the number of.
 */
#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
/*
 * Bit i is that of tag i.  No two words need be of one time: whatever is found is
 * read again.  (To ThreadSanitizer these are no atomic loads.)
 */
static inline uint64_t index_candidates(const struct singlet_index_line *line,
					uint16_t tag)
{
	__m128i many, rest, want = _mm_set1_epi16((short)tag);
	uint32_t last;

	many = _mm_loadu_si128((const __m128i *)line->tag);
	memcpy(&last, &line->tag[8], sizeof(last));
	rest = _mm_cvtsi32_si128((int)last);
	many = _mm_packs_epi16(_mm_cmpeq_epi16(many, want),
			       _mm_cmpeq_epi16(rest, want));
	/* Behind the last two there are zeros, which no tag is. */
	return (uint32_t)_mm_movemask_epi8(many);
}

static inline unsigned int index_entry(uint64_t candidates)
{
	return __builtin_ctz((uint32_t)candidates);
}
#else
/* A line's tags, some at a time. */
typedef uint64_t __attribute__((may_alias)) index_tags;
typedef uint32_t __attribute__((may_alias)) index_few_tags;

#define INDEX_ONES	0x0001000100010001ULL
#define INDEX_HIGHS	0x8000800080008000ULL

/* The highest bit of each equal tag; above a true one there can be false ones. */
static inline uint64_t index_equal(uint64_t tags, uint16_t tag)
{
	uint64_t x = tags ^ tag * INDEX_ONES;

	return (x - INDEX_ONES) & ~x & INDEX_HIGHS;
}

/*
 * Bit 16 * l + w is that of tag 4 * w + l (little endian; big endian counts l from
 * the other end).
 */
static inline uint64_t index_candidates(const struct singlet_index_line *line,
					uint16_t tag)
{
	const index_tags *tags = (const index_tags *)line->tag;
	const index_few_tags *rest = (const index_few_tags *)&line->tag[8];
	uint64_t m0, m1, m2;

	m0 = index_equal(__atomic_load_n(&tags[0], __ATOMIC_RELAXED), tag);
	m1 = index_equal(__atomic_load_n(&tags[1], __ATOMIC_RELAXED), tag);
	m2 = index_equal(__atomic_load_n(rest, __ATOMIC_RELAXED), tag);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	m2 &= UINT32_MAX;
#else
	m2 <<= 32;
#endif
	return m0 >> 15 | m1 >> 14 | m2 >> 13;
}

static inline unsigned int index_entry(uint64_t candidates)
{
	unsigned int bit = __builtin_ctzll(candidates);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return bit % 16 * 4 + bit / 16;
#else
	return bit % 16 * 4 + 3 - bit / 16;
#endif
}
#endif

/* The handle of entry @i, if its tag is @tag; or false. */
static inline bool index_handle(const struct singlet_index_line *line,
				unsigned int i, uint16_t tag, uint32_t *handle)
{
	/* Acquire: the kernel writes the tag after the handle. */
	if (__atomic_load_n(&line->tag[i], __ATOMIC_ACQUIRE) != tag)
		return false;
	*handle = __atomic_load_n(&line->handle[i], __ATOMIC_RELAXED);
	return true;
}

#endif /* _SINGLET_INDEX_H */
