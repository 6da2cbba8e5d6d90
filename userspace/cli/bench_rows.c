// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The rows of 'singlet bench'.
 *
 * A function does one operation for all values of a job; a table says in which
 * ways.  One more row is a line there, and maybe a function.  Whoever reads a
 * value compares it with the job's, so that all read all of it.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

typedef ssize_t (*intern_batch)(struct singlet *s,
				struct singlet_intern_item *items,
				size_t count);
typedef ssize_t (*ref_batch)(struct singlet *s, struct singlet_ref_item *items,
			     size_t count);

static size_t batch_at(const struct bench_job *job, size_t first)
{
	size_t left = job->count - first;

	return left < job->batch ? left : job->batch;
}

/* What a batch function returned: an error, or fewer than it was given. */
static int batch_error(ssize_t done, size_t count)
{
	if (done < 0)
		return done;
	return (size_t)done == count ? 0 : -EINTR;
}

static bool equal(const struct bench_value *value, const void *data, size_t len)
{
	return len == value->len && !memcmp(data, value->data, len);
}

/* Calls that do nothing */

static int null_call(struct bench_job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		syscall(SYS_getppid);
	return 0;
}

/* Interning and finding, singlet's */

static int in_batches(struct bench_job *job, intern_batch function,
		      bool created)
{
	struct singlet_intern_item items[BENCH_BATCH_MAX];
	size_t i, j, n;
	int err;

	for (i = 0; i < job->count; i += n) {
		n = batch_at(job, i);
		for (j = 0; j < n; j++) {
			const struct bench_value *value = &job->values[i + j];

			items[j] = (struct singlet_intern_item){
				.data = (uintptr_t)value->data,
				.len = value->len,
				.type = SINGLET_TYPE_STR,
			};
		}
		err = batch_error(function(job->s, items, n), n);
		if (err)
			return err;
		for (j = 0; j < n; j++) {
			if (items[j].result)
				return -(int)items[j].result;
			if (items[j].created != created)
				return created ? -EEXIST : -ENOENT;
			job->ids[i + j] = items[j].id;
		}
	}
	return 0;
}

static int intern(struct bench_job *job, bool created)
{
	size_t i;

	if (job->batch > 1)
		return in_batches(job, singlet_batch_intern, created);
	for (i = 0; i < job->count; i++) {
		const struct bench_value *value = &job->values[i];
		int ret = singlet_object_intern(job->s, SINGLET_TYPE_STR,
						value->data, value->len,
						&job->ids[i]);

		if (ret < 0)
			return ret;
		if (ret != created)
			return created ? -EEXIST : -ENOENT;
	}
	return 0;
}

static int intern_new(struct bench_job *job)
{
	return intern(job, true);
}

static int intern_again(struct bench_job *job)
{
	return intern(job, false);
}

static int find(struct bench_job *job)
{
	size_t i;

	if (job->batch > 1)
		return in_batches(job, singlet_batch_lookup, false);
	for (i = 0; i < job->count; i++) {
		const struct bench_value *value = &job->values[i];
		int err = singlet_object_lookup(job->s, SINGLET_TYPE_STR,
						value->data, value->len,
						&job->ids[i]);

		if (err)
			return err;
	}
	return 0;
}

/* Given back each time: no more is borrowed than is being looked at. */
static int find_borrowed(struct bench_job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++) {
		const struct bench_value *value = &job->values[i];
		struct singlet_borrow b;
		int err = singlet_borrow_value(job->s, SINGLET_TYPE_STR,
					       value->data, value->len, &b);

		if (err)
			return err;
		job->ids[i] = b.id;
		singlet_borrow_end(job->s, &b);
	}
	return 0;
}

/* References, singlet's */

static int change_batch(struct bench_job *job, size_t first, size_t n,
			ref_batch function)
{
	struct singlet_ref_item items[BENCH_BATCH_MAX];
	size_t i;
	int err;

	for (i = 0; i < n; i++)
		items[i] = (struct singlet_ref_item){
			.id = job->ids[first + i], .count = 1 };
	err = batch_error(function(job->s, items, n), n);
	for (i = 0; !err && i < n; i++)
		err = -(int)items[i].result;
	return err;
}

static int acquire_release(struct bench_job *job)
{
	size_t i, n;
	int err = 0;

	for (i = 0; !err && i < job->count; i += n) {
		n = batch_at(job, i);
		if (n == 1) {
			err = singlet_object_acquire(job->s, job->ids[i], 1);
			if (!err)
				err = singlet_object_release(job->s,
							     job->ids[i], 1);
			continue;
		}
		err = change_batch(job, i, n, singlet_batch_acquire);
		if (!err)
			err = change_batch(job, i, n, singlet_batch_release);
	}
	return err;
}

/* Reading, singlet's */

static int read_copies(struct bench_job *job, size_t first, size_t n)
{
	struct singlet_read_item items[BENCH_BATCH_MAX];
	char *to = job->buffer;
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		items[i] = (struct singlet_read_item){
			.id = job->ids[first + i],
			.data = (uintptr_t)to,
			.len = job->values[first + i].len,
		};
		to += items[i].len;
	}
	err = batch_error(singlet_batch_read(job->s, items, n), n);
	for (i = 0; !err && i < n; i++) {
		err = -(int)items[i].result;
		if (!err && !equal(&job->values[first + i],
				   (char *)(uintptr_t)items[i].data,
				   items[i].total))
			err = -EIO;
	}
	return err;
}

static int read_copy(struct bench_job *job)
{
	size_t i, n;
	int err = 0;

	for (i = 0; !err && i < job->count; i += n) {
		const struct bench_value *value = &job->values[i];
		uint32_t total;
		ssize_t got;

		n = batch_at(job, i);
		if (n > 1) {
			err = read_copies(job, i, n);
			continue;
		}
		got = singlet_object_read(job->s, job->ids[i], job->buffer,
					  value->len, 0, &total);
		if (got < 0)
			return got;
		if (!equal(value, job->buffer, total))
			return -EIO;
	}
	return err;
}

static int read_mapped(struct bench_job *job)
{
	const void *data;
	size_t i, len;
	int err;

	for (i = 0; i < job->count; i++) {
		err = singlet_object_data(job->s, job->ids[i], &data, &len);
		if (err)
			return err;
		if (!equal(&job->values[i], data, len))
			return -EIO;
	}
	return 0;
}

/* Private copies */

static int private_intern(struct bench_job *job, bool expected)
{
	bool created;
	size_t i;

	for (i = 0; i < job->count; i++) {
		job->held[i] = copies_intern(job->copies, job->values[i].data,
					     job->values[i].len, &created);
		if (!job->held[i])
			return -ENOMEM;
		if (created != expected)
			return expected ? -EEXIST : -ENOENT;
	}
	return 0;
}

static int private_new(struct bench_job *job)
{
	return private_intern(job, true);
}

static int private_again(struct bench_job *job)
{
	return private_intern(job, false);
}

static int private_find(struct bench_job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++) {
		job->held[i] = copies_find(job->copies, job->values[i].data,
					   job->values[i].len);
		if (!job->held[i])
			return -ENOENT;
	}
	return 0;
}

static int private_acquire_release(struct bench_job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++) {
		copies_acquire(job->copies, job->held[i]);
		copies_release(job->copies, job->held[i]);
	}
	return 0;
}

static int private_read(struct bench_job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++) {
		if (!equal(&job->values[i], job->held[i]->data,
			   job->held[i]->len))
			return -EIO;
	}
	return 0;
}

#define ROW(_operation, _name, _way, _batch, _held, _run) \
	{ .operation = _operation, .name = _name, .way = _way, \
	  .batch = _batch, .held = _held, .run = _run }
#define PRIVATE(_operation, _held, _run) \
	ROW(_operation, "private", BENCH_PRIVATE, 1, _held, _run)
#define IOCTL(_operation, _batch, _held, _run) \
	ROW(_operation, "ioctl", BENCH_IOCTL, _batch, _held, _run)
#define CACHE(_operation, _batch, _held, _run) \
	ROW(_operation, "cache", BENCH_CACHE, _batch, _held, _run)
#define BORROW(_operation, _held, _run) \
	ROW(_operation, "borrow", BENCH_BORROW, 1, _held, _run)

/* Those of an operation stand together, the private one first. */
struct bench_row bench_rows[] = {
	ROW("system-call", "none", BENCH_KERNEL, 1, false, null_call),
	PRIVATE("intern-new", false, private_new),
	IOCTL("intern-new", 1, false, intern_new),
	IOCTL("intern-new", 16, false, intern_new),
	IOCTL("intern-new", 256, false, intern_new),
	CACHE("intern-new", 1, false, intern_new),
	CACHE("intern-new", 256, false, intern_new),
	PRIVATE("intern-again", true, private_again),
	IOCTL("intern-again", 1, true, intern_again),
	IOCTL("intern-again", 16, true, intern_again),
	IOCTL("intern-again", 256, true, intern_again),
	CACHE("intern-again", 1, true, intern_again),
	CACHE("intern-again", 16, true, intern_again),
	CACHE("intern-again", 256, true, intern_again),
	PRIVATE("find", true, private_find),
	IOCTL("find", 1, true, find),
	IOCTL("find", 256, true, find),
	CACHE("find", 1, true, find),
	CACHE("find", 256, true, find),
	BORROW("find", true, find_borrowed),
	PRIVATE("acquire-release", true, private_acquire_release),
	IOCTL("acquire-release", 1, true, acquire_release),
	IOCTL("acquire-release", 256, true, acquire_release),
	CACHE("acquire-release", 1, true, acquire_release),
	PRIVATE("read", true, private_read),
	IOCTL("read", 1, true, read_copy),
	IOCTL("read", 256, true, read_copy),
	ROW("read", "mapped", BENCH_CACHE, 1, true, read_mapped),
	{ 0 },
};

/*
 * All are in one domain, so only the first makes anything new.  Who borrows holds
 * nothing, but has its memory mapped then, as the others have what they need.
 */
const struct bench_row bench_hold_rows[] = {
	PRIVATE("hold", false, private_new),
	IOCTL("hold", BENCH_BATCH_MAX, false, intern_new),
	CACHE("hold", BENCH_BATCH_MAX, false, intern_again),
	BORROW("hold", false, find_borrowed),
	{ 0 },
};
