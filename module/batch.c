// SPDX-License-Identifier: GPL-2.0
/*
 * batch - the commands that take an array of items; see batch.h
 *
 * Items are dealt with in chunks: copy in, do one by one, copy the results
 * out, undo those whose result could not be delivered, commit the others.  No
 * lock is held across a copy.  A signal ends the batch after the item at hand,
 * so at least one is always done.  Values to be interned are gathered, as many as
 * there is room for, and are an item in that regard.
 */
#include "batch.h"

#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/singlet.h>

#include "compat/uaccess.h"
#include "inspect.h"
#include "intern.h"
#include "plain.h"
#include "store.h"

#define CHUNK		WISHES_MAX
#define SMALL		256	/* bytes of a value kept on the stack */
#define GATHERED	1536	/* bytes of values that are interned together */

/* Items lie one behind the other, each as large as those of the command. */
union item {
	struct singlet_intern_item intern;
	struct singlet_ref_item ref;
	struct singlet_read_item read;
	struct singlet_query_item query;
	struct singlet_alloc_item alloc;
	struct singlet_write_item write;
	struct singlet_seal_item seal;
};

/* A copy of user bytes; small ones need no allocation. */
struct copy {
	void *large;
	u32 large_len;
	u8 small[SMALL] __aligned(8);
};

/* What an item that was done leaves to commit or undo. */
struct trace {
	struct singlet_object *last;	/* RELEASE: see singlet_session_release() */
};

struct op {
	u32 size;		/* of the item; its first version, so far */
	u32 result;		/* offset of the item's result */
	bool creates;		/* INTERN, not LOOKUP */
	bool probe;		/* cannot be undone: see chunk_run() */
	bool interns;		/* several items at a time: see gather() */
	int (*act)(struct singlet_session *s, const struct op *op,
		   union item *item, struct copy *copy, struct trace *trace);
	void (*undo)(struct singlet_session *s, union item *item,
		     struct trace *trace);
	void (*commit)(struct singlet_session *s, struct trace *trace);
};

/* Bytes from which on copying as a whole is no slower than by words. */
#define BY_WORDS	64

/*
 * @len bytes, at least 8, to a word's beginning.  Some may be read twice, before
 * anybody looks at the copy.  Return: whether all could be read.
 */
static bool copy_words(u8 *to, const u8 __user *from, u32 len)
{
	u32 at;
	u64 word;

	if (!user_access_begin(from, len))
		return false;
	for (at = 0; at < len - 8; at += 8)
		unsafe_get_user(*(u64 *)(to + at),
				(const u64 __user *)(from + at), fault);
	unsafe_get_user(word, (const u64 __user *)(from + len - 8), fault);
	user_access_end();
	memcpy(to + len - 8, &word, sizeof(word));
	return true;
fault:
	user_access_end();
	return false;
}

/* The same, of whole words, to the user. */
static bool copy_words_out(u8 __user *to, const u8 *from, u32 len)
{
	u32 at;

	if (!user_access_begin(to, len))
		return false;
	for (at = 0; at < len; at += 8)
		unsafe_put_user(*(const u64 *)(from + at),
				(u64 __user *)(to + at), fault);
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

/* Items are no more bytes than a few values, and whole words. */
static bool copy_items_in(void *to, const void __user *from, u32 len)
{
	return COMPAT_USER_WORDS ? copy_words(to, from, len) :
				   !copy_from_user(to, from, len);
}

static bool copy_items_out(void __user *to, const void *from, u32 len)
{
	return COMPAT_USER_WORDS ? copy_words_out(to, from, len) :
				   !copy_to_user(to, from, len);
}

/* @len bytes of the user's, copied once.  Return: whether that could be done. */
static bool copy_value(void *to, u64 from, u32 len)
{
	if (COMPAT_USER_WORDS && len >= 8 && len < BY_WORDS)
		return copy_words(to, u64_to_user_ptr(from), len);
	return !len || !copy_from_user(to, u64_to_user_ptr(from), len);
}

/* @len bytes of the user's, copied once; or an ERR_PTR. */
static void *copy_in(struct copy *copy, u64 from, u32 len)
{
	void *to = copy->small;

	if (len > SMALL) {
		if (len > copy->large_len) {
			kvfree(copy->large);
			copy->large_len = 0;
			copy->large = kvmalloc(len, GFP_KERNEL_ACCOUNT);
			if (!copy->large)
				return ERR_PTR(-ENOMEM);
			copy->large_len = len;
		}
		to = copy->large;
	}
	return copy_value(to, from, len) ? to : ERR_PTR(-EFAULT);
}

static int act_intern(struct singlet_session *s, const struct op *op,
		      union item *item, struct copy *copy, struct trace *trace)
{
	struct singlet_intern_item *it = &item->intern;
	void *data;
	int ret;

	it->id = 0;
	it->created = 0;
	if (it->len > SINGLET_MAX_VALUE)
		return -EMSGSIZE;
	data = copy_in(copy, it->data, it->len);
	if (IS_ERR(data))
		return PTR_ERR(data);
	ret = singlet_session_intern(s, it->type, data, it->len, op->creates,
				     &it->id);
	if (ret < 0) {
		it->id = 0;
		return ret;
	}
	it->created = ret;
	return 0;
}

static void undo_intern(struct singlet_session *s, union item *item,
			struct trace *trace)
{
	singlet_session_undo_intern(s, item->intern.id, item->intern.created);
}

static int act_acquire(struct singlet_session *s, const struct op *op,
		       union item *item, struct copy *copy,
		       struct trace *trace)
{
	return singlet_session_acquire(s, item->ref.id, item->ref.count);
}

static void undo_acquire(struct singlet_session *s, union item *item,
			 struct trace *trace)
{
	struct singlet_object *last;

	if (!singlet_session_release(s, item->ref.id, item->ref.count, &last) &&
	    last)
		singlet_session_let_go(s, last);
}

static int act_release(struct singlet_session *s, const struct op *op,
		       union item *item, struct copy *copy,
		       struct trace *trace)
{
	return singlet_session_release(s, item->ref.id, item->ref.count,
				       &trace->last);
}

static void undo_release(struct singlet_session *s, union item *item,
			 struct trace *trace)
{
	if (trace->last)
		singlet_session_take_back(s, trace->last, item->ref.count);
	else
		singlet_session_acquire(s, item->ref.id, item->ref.count);
}

static void commit_release(struct singlet_session *s, struct trace *trace)
{
	if (trace->last)
		singlet_session_let_go(s, trace->last);
}

static int act_read(struct singlet_session *s, const struct op *op,
		    union item *item, struct copy *copy, struct trace *trace)
{
	struct singlet_read_item *it = &item->read;
	u32 room = it->len;
	struct singlet_object *obj;
	int err = 0;

	it->len = 0;
	it->total = 0;
	obj = singlet_session_get(s, it->id);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	it->total = singlet_object_len(obj);
	if (it->offset > it->total) {
		err = -EINVAL;
	} else {
		u32 n = min(room, it->total - it->offset);

		if (n && copy_to_user(u64_to_user_ptr(it->data),
				      singlet_object_data(obj) + it->offset, n))
			err = -EFAULT;
		else
			it->len = n;
	}
	singlet_store_put(obj);
	return err;
}

static int act_query(struct singlet_session *s, const struct op *op,
		     union item *item, struct copy *copy, struct trace *trace)
{
	struct singlet_query_item *it = &item->query;

	if (it->reserved)
		return -EINVAL;
	*it = (struct singlet_query_item){ .id = it->id };
	return singlet_inspect_query(s, it->id, it);
}

static int act_alloc(struct singlet_session *s, const struct op *op,
		     union item *item, struct copy *copy, struct trace *trace)
{
	struct singlet_alloc_item *it = &item->alloc;
	int err;

	it->id = 0;
	if (it->reserved)
		return -EINVAL;
	if (it->len > SINGLET_MAX_VALUE)
		return -EMSGSIZE;
	err = singlet_plain_alloc(s, it->type, it->len, &it->id);
	if (err)
		it->id = 0;
	return err;
}

static void undo_alloc(struct singlet_session *s, union item *item,
		       struct trace *trace)
{
	struct singlet_object *last;

	if (!singlet_session_release(s, item->alloc.id, 1, &last) && last)
		singlet_session_let_go(s, last);
}

static int act_write(struct singlet_session *s, const struct op *op,
		     union item *item, struct copy *copy, struct trace *trace)
{
	struct singlet_write_item *it = &item->write;
	void *data;

	if (it->reserved || it->len > SINGLET_MAX_VALUE)
		return -EINVAL;
	data = copy_in(copy, it->data, it->len);
	if (IS_ERR(data))
		return PTR_ERR(data);
	return singlet_plain_write(s, it->id, it->offset, data, it->len);
}

static int act_seal(struct singlet_session *s, const struct op *op,
		    union item *item, struct copy *copy, struct trace *trace)
{
	struct singlet_seal_item *it = &item->seal;

	if (it->reserved)
		return -EINVAL;
	return singlet_plain_seal(s, it->id);
}

static const struct op ops[] = {
	[SINGLET_CMD_INTERN] = {
		.size = sizeof(struct singlet_intern_item),
		.result = offsetof(struct singlet_intern_item, result),
		.creates = true,
		.interns = true,
		.act = act_intern,
		.undo = undo_intern,
	},
	[SINGLET_CMD_LOOKUP] = {
		.size = sizeof(struct singlet_intern_item),
		.result = offsetof(struct singlet_intern_item, result),
		.interns = true,
		.act = act_intern,
		.undo = undo_intern,
	},
	[SINGLET_CMD_ACQUIRE] = {
		.size = sizeof(struct singlet_ref_item),
		.result = offsetof(struct singlet_ref_item, result),
		.act = act_acquire,
		.undo = undo_acquire,
	},
	[SINGLET_CMD_RELEASE] = {
		.size = sizeof(struct singlet_ref_item),
		.result = offsetof(struct singlet_ref_item, result),
		.act = act_release,
		.undo = undo_release,
		.commit = commit_release,
	},
	[SINGLET_CMD_PIN] = {
		.size = sizeof(struct singlet_ref_item),
		.result = offsetof(struct singlet_ref_item, result),
		.act = act_acquire,
		.undo = undo_acquire,
	},
	[SINGLET_CMD_UNPIN] = {
		.size = sizeof(struct singlet_ref_item),
		.result = offsetof(struct singlet_ref_item, result),
		.act = act_release,
		.undo = undo_release,
		.commit = commit_release,
	},
	[SINGLET_CMD_READ] = {
		.size = sizeof(struct singlet_read_item),
		.result = offsetof(struct singlet_read_item, result),
		.act = act_read,
	},
	[SINGLET_CMD_QUERY] = {
		.size = sizeof(struct singlet_query_item),
		.result = offsetof(struct singlet_query_item, result),
		.act = act_query,
	},
	[SINGLET_CMD_ALLOC] = {
		.size = sizeof(struct singlet_alloc_item),
		.result = offsetof(struct singlet_alloc_item, result),
		.act = act_alloc,
		.undo = undo_alloc,
	},
	[SINGLET_CMD_WRITE] = {
		.size = sizeof(struct singlet_write_item),
		.result = offsetof(struct singlet_write_item, result),
		.probe = true,
		.act = act_write,
	},
	[SINGLET_CMD_SEAL] = {
		.size = sizeof(struct singlet_seal_item),
		.result = offsetof(struct singlet_seal_item, result),
		.probe = true,
		.act = act_seal,
	},
};

static_assert(CHUNK <= 16);	/* bits of too_big */

struct chunk {
	unsigned int nr;		/* items in it */
	bool ends;			/* the next item cannot be dealt with */
	u16 too_big;			/* bit per item with an unknown tail */
	u8 items[CHUNK * sizeof(union item)] __aligned(8);
	struct trace trace[CHUNK];
};

static union item *item_at(struct chunk *chunk, const struct op *op, u32 i)
{
	return (union item *)&chunk->items[i * op->size];
}

static u32 *result_of(const struct op *op, union item *item)
{
	return (void *)item + op->result;
}

/* Copy in up to @max items, one by one. */
static void chunk_read_each(struct chunk *chunk, const struct op *op,
			    const struct singlet_batch *batch, u64 from,
			    u32 max)
{
	for (; chunk->nr < max; chunk->nr++, from += batch->item_size) {
		void *item = item_at(chunk, op, chunk->nr);
		int err = copy_struct_from_user(item, op->size,
						u64_to_user_ptr(from),
						batch->item_size);

		if (err == -E2BIG) {
			/* Refused before anything was copied. */
			chunk->too_big |= BIT(chunk->nr);
			err = copy_from_user(item, u64_to_user_ptr(from),
					     op->size);
		}
		if (err) {
			chunk->ends = true;
			break;
		}
	}
}

/*
 * Copy in up to @max items: those of our size together if all of them can be
 * read.
 */
static void chunk_read(struct chunk *chunk, const struct op *op,
		       const struct singlet_batch *batch, u32 first, u32 max)
{
	u64 from = batch->items + (u64)first * batch->item_size;

	chunk->nr = 0;
	chunk->too_big = 0;
	chunk->ends = false;
	if (batch->item_size == op->size &&
	    copy_items_in(chunk->items, u64_to_user_ptr(from),
			  max * op->size))
		chunk->nr = max;
	else
		chunk_read_each(chunk, op, batch, from, max);
}

/* Copy out the first @nr items; returns how many arrived. */
static u32 chunk_write(struct chunk *chunk, const struct op *op,
		       const struct singlet_batch *batch, u32 first, u32 nr)
{
	u64 to = batch->items + (u64)first * batch->item_size;
	u32 i;

	if (batch->item_size == op->size &&
	    copy_items_out(u64_to_user_ptr(to), chunk->items, nr * op->size))
		return nr;
	for (i = 0; i < nr; i++, to += batch->item_size)
		if (copy_to_user(u64_to_user_ptr(to), item_at(chunk, op, i),
				 min(op->size, batch->item_size)))
			break;
	return i;
}

/*
 * Do items from @first up to @end one by one until a signal arrives; returns the
 * first that is not done.
 */
static u32 chunk_act(struct chunk *chunk, struct singlet_session *s,
		     const struct op *op, struct copy *copy, u32 first, u32 end)
{
	u32 i;

	for (i = first; i < end; i++) {
		union item *item = item_at(chunk, op, i);
		int err;

		if (i && signal_pending(current))
			break;
		chunk->trace[i] = (struct trace){};
		err = chunk->too_big & BIT(i) ? -E2BIG :
		      op->act(s, op, item, copy, &chunk->trace[i]);
		*result_of(op, item) = -err;
		cond_resched();
	}
	return i;
}

/* Values of a chunk that are interned together, and whose they are. */
struct gathered {
	struct singlet_wish wish[CHUNK];
	u8 item[CHUNK];
	unsigned int nr;
	u8 values[GATHERED] __aligned(8);
};

/*
 * Copy in the values of items from @first on, as many as there is room for.  What
 * cannot be copied has its result.  Returns the first item that was not looked at.
 */
static u32 gather(struct chunk *chunk, const struct op *op,
		  struct gathered *g, u32 first)
{
	u32 i, used = 0;

	g->nr = 0;
	for (i = first; i < chunk->nr; i++) {
		struct singlet_intern_item *it = &item_at(chunk, op, i)->intern;
		struct singlet_wish *w = &g->wish[g->nr];

		if (unlikely(it->len > GATHERED - used ||
			     chunk->too_big & BIT(i)))
			break;
		it->id = 0;
		it->created = 0;
		it->result = 0;
		w->data = g->values + used;
		w->len = it->len;
		w->type_number = it->type;
		if (!copy_value(g->values + used, it->data, it->len)) {
			it->result = EFAULT;
			continue;
		}
		g->item[g->nr++] = i;
		used += round_up(it->len, 8);
	}
	return i;
}

/*
 * The same as chunk_act(), several items at a time: locks are taken and the
 * caches' misses waited for once for all of them.
 */
static u32 chunk_intern(struct chunk *chunk, struct singlet_session *s,
			const struct op *op, struct copy *copy,
			struct gathered *g)
{
	u32 i = 0, j;

	do {
		u32 next = gather(chunk, op, g, i);

		if (next == i) {
			/* Too long for that, or of a size that is refused. */
			next = chunk_act(chunk, s, op, copy, i, i + 1);
			if (next == i)
				break;
		}
		singlet_session_intern_many(s, g->wish, g->nr, op->creates);
		for (j = 0; j < g->nr; j++) {
			const struct singlet_wish *w = &g->wish[j];
			struct singlet_intern_item *it;

			it = &item_at(chunk, op, g->item[j])->intern;
			if (unlikely(w->ret < 0)) {
				it->result = -w->ret;
				continue;
			}
			it->id = w->id;
			it->created = w->ret;
		}
		i = next;
		cond_resched();
	} while (i < chunk->nr && !signal_pending(current));
	return i;
}

/* One chunk; returns how many of its items are done for good. */
static u32 chunk_run(struct chunk *chunk, struct singlet_session *s,
		     const struct op *op, struct copy *copy, struct gathered *g,
		     const struct singlet_batch *batch, u32 first)
{
	u32 done, arrived, i;

	/*
	 * What cannot be undone is not begun where its result cannot be
	 * written: the items go out as they came, to see whether they arrive.
	 */
	if (op->probe) {
		u32 writable = chunk_write(chunk, op, batch, first, chunk->nr);

		chunk->ends |= writable < chunk->nr;
		chunk->nr = writable;
	}
	done = g ? chunk_intern(chunk, s, op, copy, g) :
		   chunk_act(chunk, s, op, copy, 0, chunk->nr);
	arrived = chunk_write(chunk, op, batch, first, done);
	for (i = done; op->undo && i-- > arrived; )
		if (!*result_of(op, item_at(chunk, op, i)))
			op->undo(s, item_at(chunk, op, i), &chunk->trace[i]);
	for (i = 0; op->commit && i < arrived; i++)
		if (!*result_of(op, item_at(chunk, op, i)))
			op->commit(s, &chunk->trace[i]);
	return arrived;
}

/**
 * singlet_batch_run() - run a batch command
 * @s: session
 * @cmd: SINGLET_CMD_*; one that takes a batch
 * @batch: copied in; @done is set
 *
 * Context: Process, sleeps; no lock held.
 * Return: 0: batch->done items are done, at least one; or -EINVAL, -E2BIG,
 * -EFAULT, -EINTR: none is.
 */
int singlet_batch_run(struct singlet_session *s, unsigned int cmd,
		      struct singlet_batch *batch)
{
	const struct op *op = &ops[cmd];
	struct gathered *g = NULL;
	struct copy copy;
	struct chunk chunk;

	batch->done = 0;
	copy.large = NULL;
	copy.large_len = 0;
	if (batch->flags || batch->reserved || !batch->count ||
	    batch->item_size < op->size)
		return -EINVAL;
	if (batch->count > SINGLET_MAX_BATCH || batch->item_size > PAGE_SIZE)
		return -E2BIG;
	/* Without it they are interned one by one. */
	if (op->interns && batch->count > 1)
		g = kmalloc(sizeof(*g), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);

	do {
		u32 n;

		chunk_read(&chunk, op, batch, batch->done,
			   min_t(u32, CHUNK, batch->count - batch->done));
		n = chunk_run(&chunk, s, op, &copy, g, batch, batch->done);
		batch->done += n;
		if (n < chunk.nr || chunk.ends)
			break;
	} while (batch->done < batch->count && !signal_pending(current));
	kvfree(copy.large);
	kfree(g);
	/* Not each object that becomes idle makes somebody look. */
	if (op->commit)
		singlet_store_check_idle(s->domain->store);
	return batch->done ? 0 : -EFAULT;
}
