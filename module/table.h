/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table - RCU hash table from hash to handle; lookup and insert only
 *
 * Linear hashing: the table grows and shrinks by one bucket at a time, in the
 * calls that fill it, so that it is always about as full as it should be and
 * nobody ever waits for a rehash.  A bucket is a cache line (table_lines.h)
 * and, seldom, lines that it overflowed into.  With n buckets a hash belongs
 * to bucket h mod 2^k, where 2^k is the power of two at or above n, or, if
 * there is no such bucket yet, h mod 2^(k-1).
 *
 * Locking
 *   stripe->lock  (BH-safe) protects the entries of all buckets b with
 *                 b mod STRIPES == the stripe, and so both halves of a split
 *   resize_lock   (BH-safe) serializes changes of the number of buckets
 *   shrink_mutex  serializes shrinking
 * Order: shrink_mutex, resize_lock, stripe->lock, lines->lock.
 *
 * Readers take no lock.  What they rely on:
 * - An entry is written handle first, then tag (release; pairs with the
 *   acquire after reading a tag), and removed by clearing the tag.  A slot of
 *   a line may be used again at once: the handle found under a tag is a hint,
 *   and the reader's match function makes sure of the object.
 * - Entries move only when a bucket is split or merged, and lines change
 *   their bucket only when they run empty.  Either changes @state, whose upper
 *   half is a sequence number: copies are placed first, then @state changes
 *   (full barrier), then the originals go or the line is handed out again.  A
 *   reader that found nothing reads @state again (read barrier before) and
 *   retries if it changed.  So a miss means that the entry was not there all
 *   the time.  After a few tries it takes the lock: a long chain in a table that
 *   shrinks must not keep it in its RCU section.
 */
#ifndef SINGLET_TABLE_H
#define SINGLET_TABLE_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/mutex.h>
#include <linux/prefetch.h>

#include "compat/barrier.h"
#include "table_lines.h"

#define STRIPES			32
#define TABLE_BUCKETS_MIN	LINES_PER_PAGE	/* one page; >= STRIPES */
#define TABLE_BUCKETS_MAX	BIT(29)
#define TABLE_CHAIN_MAX		4096	/* lines; without the lock nobody walks further */
/*
 * Lines of a bucket that inserts fill.  By chance there are never so many; values
 * made to collide must not make everybody walk (<linux/singlet_index.h> tells
 * members the key).
 */
#define TABLE_CHAIN_FULL	64

struct singlet_table;

/* The hash of an entry's value; the entry stays while it runs. */
typedef u32 (*singlet_table_hash_t)(struct singlet_table *table, u32 handle);

struct singlet_table_stripe {
	spinlock_t lock;	/* entries of these buckets, and @nr */
	u32 nr;
} ____cacheline_aligned;

struct singlet_table {
	atomic64_t state;	/* sequence << 32 | buckets; resize_lock */
	struct singlet_lines home;
	struct singlet_lines over;
	singlet_table_hash_t hash;	/* stable */
	struct singlet_table_watch *watch;	/* stable once set, or NULL */
	spinlock_t resize_lock;		/* changes of the number of buckets */
	struct mutex shrink_mutex;	/* one shrinks at a time */
	/* What there was when a merge was refused; hints, shrink_mutex to write. */
	u32 apart_buckets;
	u64 apart_entries;
	struct singlet_table_stripe stripe[STRIPES];
};

/* Somebody who maps the lines and wants to know of what happens to them. */
struct singlet_table_watch {
	/* There is a page more.  Context: as of what made it. */
	void (*appeared)(struct singlet_table_watch *watch);
	/* Some are not to be found any more, and are about to be freed. */
	void (*gone)(struct singlet_table_watch *watch);
	u32 *buckets;			/* to be told how many; resize_lock */
};

/* Does @handle, found under the hash looked for, stand for the value? */
typedef bool (*singlet_table_match_t)(void *ctx, u32 handle);

/* Where an insert puts its entry: from singlet_table_prepare(). */
struct singlet_table_room {
	struct singlet_line *line;
	unsigned int entry;
};

int singlet_table_init(struct singlet_table *table, singlet_table_hash_t hash);
void singlet_table_destroy(struct singlet_table *table);
void singlet_table_set_watch(struct singlet_table *table,
			     struct singlet_table_watch *watch);
int singlet_table_prepare(struct singlet_table *table, u32 hash,
			  struct singlet_table_room *room);
int singlet_table_extend(struct singlet_table *table, gfp_t gfp);
void singlet_table_insert(struct singlet_table *table, u32 hash, u32 handle,
			  const struct singlet_table_room *room);
bool singlet_table_remove(struct singlet_table *table, u32 hash, u32 handle);
void singlet_table_grow(struct singlet_table *table, gfp_t gfp);
bool singlet_table_sparse(struct singlet_table *table);
void singlet_table_shrink(struct singlet_table *table);
unsigned long singlet_table_entries(struct singlet_table *table);
size_t singlet_table_bytes(struct singlet_table *table);
unsigned int singlet_table_longest(struct singlet_table *table);
bool singlet_table_is_valid(struct singlet_table *table);

/* What a lookup in vain does again while buckets are split and merged. */
#define TABLE_TRIES	8

bool singlet_table_find_slow(const struct singlet_table *table, u32 hash,
			     singlet_table_match_t match, void *ctx);

/* Aim for so many entries per bucket; shrink below that many. */
#define TABLE_LOAD	8
#define TABLE_LOAD_LOW	4

/* Acquire: pairs with the full barrier at each change of state. */
static __always_inline u64
singlet_table_state(const struct singlet_table *table)
{
	return compat_load_acquire(&table->state.counter);
}

static inline u32 singlet_table_buckets(const struct singlet_table *table)
{
	return (u32)atomic64_read(&table->state);
}

static inline struct singlet_table_stripe *
singlet_table_stripe(struct singlet_table *table, u32 hash)
{
	return &table->stripe[hash % STRIPES];
}

static inline void singlet_table_lock(struct singlet_table *table, u32 hash)
{
	spin_lock_bh(&singlet_table_stripe(table, hash)->lock);
}

static inline void singlet_table_unlock(struct singlet_table *table, u32 hash)
{
	spin_unlock_bh(&singlet_table_stripe(table, hash)->lock);
}

/* Is the table fuller than it should be?  A look without a lock. */
static inline bool singlet_table_crowded(struct singlet_table *table, u32 hash)
{
	u64 nr = READ_ONCE(singlet_table_stripe(table, hash)->nr);

	return nr * STRIPES >
	       (u64)singlet_table_buckets(table) * TABLE_LOAD;
}

static __always_inline u32 singlet_table_bucket(u32 hash, u32 buckets)
{
	u32 mask = (2U << __fls(buckets - 1)) - 1;
	u32 b = hash & mask;

	return b < buckets ? b : b & (mask >> 1);
}

/* The low bits choose the bucket, so the tag is taken from the high ones. */
static __always_inline u16 singlet_table_tag(u32 hash)
{
	return (hash >> 16) ?: 1;
}

#define TAG_ONES	0x0001000100010001ULL
#define TAG_HIGHS	0x8000800080008000ULL

/*
 * Marks of the tags in @tags that equal @tag: the highest bit of each.  Above
 * a true mark there can be false ones.
 */
static __always_inline u64 singlet_tag_marks(u64 tags, u16 tag)
{
	u64 x = tags ^ tag * TAG_ONES;

	return (x - TAG_ONES) & ~x & TAG_HIGHS;
}

/*
 * Which of a line's tags may equal @tag: bit 16 * l + w is that of tag
 * 4 * w + l (little endian; big endian counts l from the other end).
 */
static __always_inline u64 singlet_line_marks(const struct singlet_line *line,
					      u16 tag)
{
	const u64 *tags = (const u64 *)line->tag;
	u64 m0 = singlet_tag_marks(READ_ONCE(tags[0]), tag);
	u64 m1 = singlet_tag_marks(READ_ONCE(tags[1]), tag);
	u64 m2;

	/* The last two tags. */
	m2 = singlet_tag_marks(READ_ONCE(*(const u32 *)&line->tag[8]), tag);
#ifdef __LITTLE_ENDIAN
	m2 &= U32_MAX;
#else
	m2 <<= 32;
#endif
	return m0 >> 15 | m1 >> 14 | m2 >> 13;
}

/* The tag that a bit of singlet_line_marks() stands for. */
static __always_inline unsigned int singlet_line_tag(unsigned int bit)
{
#ifdef __LITTLE_ENDIAN
	return bit % 16 * 4 + bit / 16;
#else
	return bit % 16 * 4 + 3 - bit / 16;
#endif
}

static __always_inline bool
singlet_table_try(const struct singlet_line *line, unsigned int i, u16 tag,
		  singlet_table_match_t match, void *ctx)
{
	/* Acquire: pairs with the release in singlet_table_insert(). */
	if (unlikely(compat_load_acquire(&line->tag[i]) != tag))
		return false;
	return match(ctx, READ_ONCE(line->handle[i]));
}

/* The first line of @hash's bucket, or NULL: nothing is there.  RCU section. */
static __always_inline const struct singlet_line *
singlet_table_home(const struct singlet_table *table, u32 hash)
{
	u32 buckets = (u32)singlet_table_state(table);

	return singlet_lines_find(&table->home,
				  singlet_table_bucket(hash, buckets));
}

/* The line after @line, or NULL.  The same RCU section. */
static __always_inline const struct singlet_line *
singlet_table_next(const struct singlet_table *table,
		   const struct singlet_line *line)
{
	u32 next = READ_ONCE(line->next);

	return unlikely(next) ? singlet_lines_find(&table->over, next - 1) :
				NULL;
}

/* Offer each entry of @most lines of a bucket that may be it to @match. */
static __always_inline bool
singlet_table_walk(const struct singlet_table *table, u32 bucket, u16 tag,
		   unsigned int most, singlet_table_match_t match, void *ctx)
{
	const struct singlet_line *line;
	unsigned int i, steps = 0;

	line = singlet_lines_find(&table->home, bucket);
	while (likely(line)) {
		u64 marks = singlet_line_marks(line, tag);

		for (; marks; marks &= marks - 1) {
			i = singlet_line_tag(__ffs64(marks));
			if (likely(singlet_table_try(line, i, tag, match, ctx)))
				return true;
		}
		if (++steps > most)
			break;
		line = singlet_table_next(table, line);
	}
	return false;
}

/**
 * singlet_table_find() - look for a value
 * @table: table
 * @hash: of the value
 * @match: decides whether a handle's object is the value; the only thing kept
 *         from a successful call is what it kept
 * @ctx: for @match
 *
 * Context: RCU read-side section.
 * Return: Whether @match said so.
 */
static __always_inline bool
singlet_table_find(const struct singlet_table *table, u32 hash,
		   singlet_table_match_t match, void *ctx)
{
	u64 state = singlet_table_state(table);
	unsigned int tries;

	for (tries = 0; tries < TABLE_TRIES; tries++) {
		u64 now;

		if (singlet_table_walk(table,
				       singlet_table_bucket(hash, (u32)state),
				       singlet_table_tag(hash), TABLE_CHAIN_MAX,
				       match, ctx))
			return true;
		/* Pairs with the same barriers: see above "Readers". */
		compat_rmb();
		now = singlet_table_state(table);
		if (likely(now == state))
			return false;
		state = now;
	}
	return singlet_table_find_slow(table, hash, match, ctx);
}

/* Somebody will soon look at @hash's bucket.  Any context. */
static inline void singlet_table_prefetch(const struct singlet_table *table,
					  u32 hash)
{
	u32 buckets = singlet_table_buckets(table);

	rcu_read_lock();
	prefetchw(singlet_lines_find(&table->home,
				     singlet_table_bucket(hash, buckets)));
	rcu_read_unlock();
}

/* The same with the stripe locked, when nothing moves. */
static __always_inline bool
singlet_table_find_locked(struct singlet_table *table, u32 hash,
			  singlet_table_match_t match, void *ctx)
{
	lockdep_assert_held(&singlet_table_stripe(table, hash)->lock);
	return singlet_table_walk(table,
				  singlet_table_bucket(hash, singlet_table_buckets(table)),
				  singlet_table_tag(hash), UINT_MAX, match,
				  ctx);
}

#endif
