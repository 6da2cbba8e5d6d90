// SPDX-License-Identifier: GPL-2.0
/* table - RCU hash table from hash to handle; see table.h */
#include "table.h"

#include <linux/err.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define STATE_SEQ	((s64)BIT_ULL(32))
#define SPLITS		2	/* done by one insert into a crowded table */
#define MERGES		32	/* done before entries are counted again */

int singlet_table_init(struct singlet_table *table, singlet_table_hash_t hash)
{
	unsigned int i;

	singlet_lines_init(&table->home);
	singlet_lines_init(&table->over);
	atomic64_set(&table->state, TABLE_BUCKETS_MIN);
	table->hash = hash;
	table->watch = NULL;
	table->apart_buckets = 0;
	table->apart_entries = 0;
	spin_lock_init(&table->resize_lock);
	mutex_init(&table->shrink_mutex);
	for (i = 0; i < STRIPES; i++) {
		spin_lock_init(&table->stripe[i].lock);
		table->stripe[i].nr = 0;
	}
	return min(singlet_lines_ensure(&table->home, 0, GFP_KERNEL), 0);
}

/* Nobody may use the table any more. */
void singlet_table_destroy(struct singlet_table *table)
{
	singlet_lines_destroy(&table->home);
	singlet_lines_destroy(&table->over);
}

/* Watching */

/* With the new number of buckets; resize_lock. */
static void tell_buckets(struct singlet_table *table)
{
	if (unlikely(table->watch))
		WRITE_ONCE(*table->watch->buckets,
			   singlet_table_buckets(table));
}

/* Who gave memory to lines, and with what success.  Return: 0 or -ENOMEM. */
static int tell_appeared(struct singlet_table *table, int made)
{
	if (made <= 0)
		return made;
	/* The page comes before the look; pairs with _set_watch()'s barrier. */
	smp_mb();
	if (unlikely(READ_ONCE(table->watch)))
		table->watch->appeared(table->watch);
	return 0;
}

/**
 * singlet_table_set_watch() - begin to watch the lines of a table
 * @table: table, not watched yet
 * @watch: to stay as long as the table
 *
 * Context: Process.
 */
void singlet_table_set_watch(struct singlet_table *table,
			     struct singlet_table_watch *watch)
{
	spin_lock_bh(&table->resize_lock);
	*watch->buckets = singlet_table_buckets(table);
	/* Complete, for the dependent loads of who does not hold the lock. */
	smp_store_release(&table->watch, watch);
	spin_unlock_bh(&table->resize_lock);
	/*
	 * Before anybody maps and touches a line: who has added or taken out a
	 * page that is not seen then sees the watch.
	 */
	smp_mb();
}

/* What follows walks chains under the stripe's lock. */

static u32 bucket_of(struct singlet_table *table, u32 hash)
{
	return singlet_table_bucket(hash, singlet_table_buckets(table));
}

static struct singlet_line *home_line(struct singlet_table *table, u32 bucket)
{
	return singlet_lines_find(&table->home, bucket);
}

static struct singlet_line *next_line(struct singlet_table *table,
				      const struct singlet_line *line)
{
	return line->next ? singlet_lines_find(&table->over, line->next - 1) :
			    NULL;
}

static bool line_is_empty(const struct singlet_line *line)
{
	unsigned int i;

	for (i = 0; i < LINE_ENTRIES; i++)
		if (line->tag[i])
			return false;
	return true;
}

/* Readers notice that something moved; full barrier before and after. */
static void state_add(struct singlet_table *table, s64 n)
{
	/* Both pair with the acquire of and the barrier before reading it. */
	smp_mb__before_atomic();
	atomic64_add(n, &table->state);
	smp_mb__after_atomic();	/* likewise */
}

/*
 * A free entry in @bucket's chain, extending it if need be, but not beyond @most
 * lines.  Return: NULL: no line; an ERR_PTR: -EDQUOT: the chain is full.
 */
static struct singlet_line *free_entry(struct singlet_table *table, u32 bucket,
				       unsigned int *i, unsigned int most)
{
	struct singlet_line *line = home_line(table, bucket);
	unsigned int lines;
	u32 nr;

	for (lines = 1;; lines++) {
		struct singlet_line *next;

		for (*i = 0; *i < LINE_ENTRIES; (*i)++)
			if (!line->tag[*i])
				return line;
		next = next_line(table, line);
		if (!next)
			break;
		line = next;
	}
	if (lines >= most)
		return ERR_PTR(-EDQUOT);
	nr = singlet_lines_get(&table->over);
	if (nr == U32_MAX)
		return NULL;
	/* Release: an empty line appears; pairs with reading next and tag. */
	smp_store_release(&line->next, nr + 1);
	*i = 0;
	return singlet_lines_find(&table->over, nr);
}

static void entry_set(struct singlet_line *line, unsigned int i, u16 tag,
		      u32 handle)
{
	WRITE_ONCE(line->handle[i], handle);
	/* Pairs with the acquire in singlet_table_try(). */
	compat_store_release(&line->tag[i], tag);
}

/* Hand back the empty overflow lines of @bucket. */
static void unlink_empty(struct singlet_table *table, u32 bucket)
{
	struct singlet_line *prev = home_line(table, bucket), *line;

	while ((line = next_line(table, prev))) {
		u32 nr = prev->next - 1;

		if (!line_is_empty(line)) {
			prev = line;
			continue;
		}
		WRITE_ONCE(prev->next, line->next);
		/* Whoever is on that line must not trust its end. */
		state_add(table, STATE_SEQ);
		singlet_lines_put(&table->over, nr);
	}
}

/* The rest of singlet_table_find(): too much moves. */
bool singlet_table_find_slow(const struct singlet_table *table, u32 hash,
			     singlet_table_match_t match, void *ctx)
{
	/* Nothing of it but the lock changes. */
	struct singlet_table *locked = (struct singlet_table *)table;
	bool found;

	singlet_table_lock(locked, hash);
	found = singlet_table_find_locked(locked, hash, match, ctx);
	singlet_table_unlock(locked, hash);
	return found;
}

/**
 * singlet_table_prepare() - make sure that an insert finds room
 * @table: table
 * @hash: of the value
 * @room: out; for the next insert of @hash under this lock
 *
 * Context: The stripe is locked.
 * Return: 0; -ENOSPC: unlock, call singlet_table_extend(), and look again;
 * -EDQUOT: there are too many values with nearly this hash.
 */
int singlet_table_prepare(struct singlet_table *table, u32 hash,
			  struct singlet_table_room *room)
{
	lockdep_assert_held(&singlet_table_stripe(table, hash)->lock);
	rcu_read_lock();
	room->line = free_entry(table, bucket_of(table, hash), &room->entry,
				TABLE_CHAIN_FULL);
	rcu_read_unlock();
	if (IS_ERR(room->line))
		return PTR_ERR(room->line);
	return room->line ? 0 : -ENOSPC;
}

/* Memory for overflowing buckets; no lock held.  Return: 0 or -ENOMEM. */
int singlet_table_extend(struct singlet_table *table, gfp_t gfp)
{
	return tell_appeared(table, singlet_lines_extend(&table->over, gfp));
}

/* Insert after singlet_table_prepare(), under the same lock. */
void singlet_table_insert(struct singlet_table *table, u32 hash, u32 handle,
			  const struct singlet_table_room *room)
{
	struct singlet_table_stripe *stripe = singlet_table_stripe(table, hash);

	lockdep_assert_held(&stripe->lock);
	/* A line in use is not handed back while its stripe is locked. */
	entry_set(room->line, room->entry, singlet_table_tag(hash), handle);
	WRITE_ONCE(stripe->nr, stripe->nr + 1);
}

/**
 * singlet_table_remove() - remove an entry
 * @table: table
 * @hash: of its value
 * @handle: its handle
 *
 * Context: The stripe is locked.
 * Return: Whether it was there.
 */
bool singlet_table_remove(struct singlet_table *table, u32 hash, u32 handle)
{
	u32 bucket = bucket_of(table, hash);
	struct singlet_table_stripe *stripe = singlet_table_stripe(table, hash);
	u16 tag = singlet_table_tag(hash);
	struct singlet_line *home, *line;
	unsigned int i = LINE_ENTRIES;

	lockdep_assert_held(&stripe->lock);
	rcu_read_lock();
	home = home_line(table, bucket);
	for (line = home; line; line = next_line(table, line)) {
		for (i = 0; i < LINE_ENTRIES; i++)
			if (line->tag[i] == tag && line->handle[i] == handle)
				break;
		if (i < LINE_ENTRIES)
			break;
	}
	if (line) {
		WRITE_ONCE(line->tag[i], 0);
		WRITE_ONCE(stripe->nr, stripe->nr - 1);
		if (line != home && line_is_empty(line))
			unlink_empty(table, bucket);
	}
	rcu_read_unlock();
	return line;
}

/* Splitting and merging */

/* Empty @bucket's chain; its overflow lines are handed back. */
static void clear_chain(struct singlet_table *table, u32 bucket)
{
	struct singlet_line *line = home_line(table, bucket);
	unsigned int i;

	for (; line; line = next_line(table, line))
		for (i = 0; i < LINE_ENTRIES; i++)
			WRITE_ONCE(line->tag[i], 0);
	unlink_empty(table, bucket);
}

/* The bucket that @high was split from. */
static u32 low_half(u32 high)
{
	return high & ((1U << (fls(high) - 1)) - 1);
}

/* Copy the entries of @old that belong to @high; -ENOSPC: no lines. */
static int copy_half(struct singlet_table *table, u32 old, u32 high,
		     u64 *moved)
{
	struct singlet_line *line, *to;
	unsigned int i, j, pos = 0;

	for (line = home_line(table, old); line; line = next_line(table, line)) {
		for (i = 0; i < LINE_ENTRIES; i++, pos++) {
			u32 hash;

			if (!line->tag[i])
				continue;
			hash = table->hash(table, line->handle[i]);
			if (singlet_table_bucket(hash, high + 1) != high)
				continue;
			to = free_entry(table, high, &j, UINT_MAX);
			if (!to)
				return -ENOSPC;
			entry_set(to, j, line->tag[i], line->handle[i]);
			if (pos < 64)
				*moved |= BIT_ULL(pos);
		}
	}
	return 0;
}

/* Remove from @old what copy_half() copied. */
static void drop_half(struct singlet_table *table, u32 old, u32 high,
		      u64 moved)
{
	struct singlet_line *line;
	unsigned int i, pos = 0;

	for (line = home_line(table, old); line; line = next_line(table, line)) {
		for (i = 0; i < LINE_ENTRIES; i++, pos++) {
			if (!line->tag[i])
				continue;
			if (pos < 64 ? !(moved & BIT_ULL(pos)) :
			    singlet_table_bucket(table->hash(table, line->handle[i]),
						 high + 1) != high)
				continue;
			WRITE_ONCE(line->tag[i], 0);
		}
	}
	unlink_empty(table, old);
}

/* One more bucket.  -EAGAIN: somebody else is at it, or was faster. */
static int split(struct singlet_table *table, gfp_t gfp)
{
	u32 high = singlet_table_buckets(table), old = low_half(high);
	struct singlet_table_stripe *stripe = singlet_table_stripe(table, high);
	u64 moved = 0;
	int err;

	if (high >= TABLE_BUCKETS_MAX)
		return -ENOSPC;
	err = tell_appeared(table, singlet_lines_ensure(&table->home,
							high / LINES_PER_PAGE,
							gfp));
	if (err)
		return err;
	if (!spin_trylock_bh(&table->resize_lock))
		return -EAGAIN;
	rcu_read_lock();
	if (singlet_table_buckets(table) != high || !home_line(table, high)) {
		err = -EAGAIN;
		goto out;
	}
	spin_lock(&stripe->lock);
	err = copy_half(table, old, high, &moved);
	if (err) {
		clear_chain(table, high);
	} else {
		state_add(table, STATE_SEQ + 1);
		tell_buckets(table);
		drop_half(table, old, high, moved);
	}
	spin_unlock(&stripe->lock);
out:
	rcu_read_unlock();
	spin_unlock_bh(&table->resize_lock);
	return err;
}

/**
 * singlet_table_grow() - a few more buckets
 * @table: table, found crowded
 * @gfp: how to allocate
 *
 * Without memory the table just stays crowded.
 *
 * Context: As @gfp says; no lock held.
 */
void singlet_table_grow(struct singlet_table *table, gfp_t gfp)
{
	unsigned int i;

	for (i = 0; i < SPLITS; i++) {
		int err = split(table, gfp | __GFP_NOWARN);

		if (err == -ENOSPC)
			err = singlet_table_extend(table, gfp | __GFP_NOWARN);
		if (err)
			return;
	}
}

/* Remove those entries of @low that are in @high too. */
static void undo_merge(struct singlet_table *table, u32 low, u32 high)
{
	struct singlet_line *line;
	unsigned int i;

	for (line = home_line(table, low); line; line = next_line(table, line))
		for (i = 0; i < LINE_ENTRIES; i++)
			if (line->tag[i] &&
			    singlet_table_bucket(table->hash(table, line->handle[i]),
						 high + 1) == high)
				WRITE_ONCE(line->tag[i], 0);
	unlink_empty(table, low);
}

static unsigned int chain_entries(struct singlet_table *table, u32 bucket)
{
	struct singlet_line *line = home_line(table, bucket);
	unsigned int i, n = 0;

	for (; line; line = next_line(table, line))
		for (i = 0; i < LINE_ENTRIES; i++)
			n += !!line->tag[i];
	return n;
}

/* Would one bucket have more than inserts give it?  Seldom anything to count. */
static bool too_many(struct singlet_table *table, u32 low, u32 high)
{
	if (!home_line(table, low)->next && !home_line(table, high)->next)
		return false;
	return chain_entries(table, low) + chain_entries(table, high) >
	       TABLE_CHAIN_FULL * LINE_ENTRIES;
}

/*
 * One bucket less; -ENOSPC: no lines; -EDQUOT: so many values have nearly the same
 * hash that the two are to stay apart.
 */
static int merge(struct singlet_table *table)
{
	struct singlet_table_stripe *stripe;
	struct singlet_line *line, *to;
	unsigned int i, j;
	u32 high, low;
	int err = 0;

	spin_lock_bh(&table->resize_lock);
	rcu_read_lock();
	high = singlet_table_buckets(table) - 1;
	low = low_half(high);
	stripe = singlet_table_stripe(table, high);
	spin_lock(&stripe->lock);
	if (too_many(table, low, high)) {
		err = -EDQUOT;
		goto out;
	}
	for (line = home_line(table, high); line;
	     line = next_line(table, line)) {
		for (i = 0; i < LINE_ENTRIES; i++) {
			if (!line->tag[i])
				continue;
			to = free_entry(table, low, &j, UINT_MAX);
			if (!to) {
				undo_merge(table, low, high);
				err = -ENOSPC;
				goto out;
			}
			entry_set(to, j, line->tag[i], line->handle[i]);
		}
	}
	state_add(table, STATE_SEQ - 1);
	tell_buckets(table);
	clear_chain(table, high);
out:
	spin_unlock(&stripe->lock);
	rcu_read_unlock();
	spin_unlock_bh(&table->resize_lock);
	return err;
}

/* Has it lost so many entries that shrinking pays?  An instant's view. */
bool singlet_table_sparse(struct singlet_table *table)
{
	u64 buckets = singlet_table_buckets(table), nr;

	if (buckets <= TABLE_BUCKETS_MIN)
		return false;
	nr = singlet_table_entries(table);
	if (buckets == READ_ONCE(table->apart_buckets) &&
	    nr >= READ_ONCE(table->apart_entries))
		return false;
	return nr < buckets * TABLE_LOAD_LOW;
}

/* Take unused pages of @lines out of use: they are @pages from @n on. */
static unsigned int detach(struct singlet_table *table,
			   struct singlet_lines *lines,
			   struct singlet_line **pages, unsigned int n,
			   unsigned int max)
{
	u32 next = 0;
	bool more;

	do {
		cond_resched();
		/* Nobody splits meanwhile. */
		spin_lock_bh(&table->resize_lock);
		if (lines == &table->home)
			next = max(next,
				   DIV_ROUND_UP(singlet_table_buckets(table),
						LINES_PER_PAGE));
		more = singlet_lines_detach(lines, &next, pages, &n, max);
		spin_unlock_bh(&table->resize_lock);
	} while (more);
	return n;
}

/* Give back the memory of lines that are not in use; shrink_mutex. */
static void free_unused(struct singlet_table *table)
{
	struct singlet_line *few[32], **pages = few;
	unsigned int max, n, i;

	/* One grace period for all of them, if possible. */
	max = table->home.nr_pages + table->over.nr_pages;
	if (max > ARRAY_SIZE(few))
		pages = kvmalloc_array(max, sizeof(*pages),
				       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!pages || pages == few) {
		pages = few;
		max = ARRAY_SIZE(few);
	}
	do {
		n = detach(table, &table->home, pages, 0, max);
		n = detach(table, &table->over, pages, n, max);
		if (n) {
			/*
			 * Who watches from now on does not find them; pairs with
			 * the barrier in singlet_table_set_watch().
			 */
			smp_mb();
			if (READ_ONCE(table->watch))
				table->watch->gone(table->watch);
			synchronize_rcu();
		}
		for (i = 0; i < n; i++) {
			singlet_lines_free(pages[i]);
			cond_resched();
		}
	} while (n == max);
	if (pages != few)
		kvfree(pages);
	singlet_lines_fit(&table->home);
	singlet_lines_fit(&table->over);
}

/* As many buckets as a table that has grown would have, with room to grow. */
static u64 fitting(struct singlet_table *table)
{
	u64 nr = singlet_table_entries(table);

	return max_t(u64, nr * 2 / (TABLE_LOAD + TABLE_LOAD_LOW),
		     TABLE_BUCKETS_MIN);
}

/* Fewer buckets are not possible before there are fewer entries. */
static void note_apart(struct singlet_table *table)
{
	WRITE_ONCE(table->apart_entries, singlet_table_entries(table));
	WRITE_ONCE(table->apart_buckets, singlet_table_buckets(table));
}

/*
 * Merge buckets until the table fits.  Others insert meanwhile: what it should be
 * like is asked again and again, or their splits would be undone for ever.
 */
static void fit(struct singlet_table *table)
{
	u64 want;

	while (singlet_table_buckets(table) > (want = fitting(table))) {
		unsigned int n;

		for (n = 0; n < MERGES &&
		     singlet_table_buckets(table) > want; n++) {
			int err = merge(table);

			if (err == -EDQUOT)
				note_apart(table);
			if (err == -ENOSPC)
				err = singlet_table_extend(table, GFP_KERNEL);
			if (err)
				return;
			cond_resched();
		}
	}
}

/**
 * singlet_table_shrink() - fit a table that has lost many entries
 * @table: table
 *
 * Merges buckets until the table is as full as a growing one and gives back
 * the memory of those that are gone, and of overflow lines.
 *
 * Context: Process, sleeps.
 */
void singlet_table_shrink(struct singlet_table *table)
{
	mutex_lock(&table->shrink_mutex);
	if (singlet_table_sparse(table))
		fit(table);
	free_unused(table);
	mutex_unlock(&table->shrink_mutex);
}

/* Entries, an instant's view. */
unsigned long singlet_table_entries(struct singlet_table *table)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < STRIPES; i++)
		sum += READ_ONCE(table->stripe[i].nr);
	return sum;
}

/* Bytes taken by lines and their directories. */
size_t singlet_table_bytes(struct singlet_table *table)
{
	return singlet_lines_bytes(&table->home) +
	       singlet_lines_bytes(&table->over);
}

/* Entries in one bucket, its chain walked under the stripe's lock. */
static unsigned int bucket_entries(struct singlet_table *table, u32 bucket,
				   bool *valid)
{
	struct singlet_table_stripe *stripe = singlet_table_stripe(table, bucket);
	struct singlet_line *line;
	unsigned int i, n = 0;

	spin_lock_bh(&stripe->lock);
	rcu_read_lock();
	for (line = home_line(table, bucket); line;
	     line = next_line(table, line)) {
		for (i = 0; i < LINE_ENTRIES; i++) {
			u32 hash;

			if (!line->tag[i])
				continue;
			n++;
			hash = table->hash(table, line->handle[i]);
			*valid &= singlet_table_tag(hash) == line->tag[i] &&
				  bucket_of(table, hash) == bucket;
		}
	}
	rcu_read_unlock();
	spin_unlock_bh(&stripe->lock);
	return n;
}

/* Entries in the fullest bucket. */
unsigned int singlet_table_longest(struct singlet_table *table)
{
	unsigned int longest = 0;
	bool valid;
	u32 b;

	for (b = 0; b < singlet_table_buckets(table); b++)
		longest = max(longest, bucket_entries(table, b, &valid));
	return longest;
}

/*
 * Every entry is in its bucket under its tag, and the stripes count them.
 * For debug builds and tests, with nobody else using the table.
 */
bool singlet_table_is_valid(struct singlet_table *table)
{
	unsigned long sum = 0;
	bool valid = true;
	u32 b;

	for (b = 0; b < singlet_table_buckets(table); b++)
		sum += bucket_entries(table, b, &valid);
	return valid && sum == singlet_table_entries(table);
}
