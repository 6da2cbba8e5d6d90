// SPDX-License-Identifier: GPL-2.0
/*
 * LMDB: a file in memory that processes map, without sync; found in a read
 * transaction that stays open, put in one write transaction.
 */
#include "users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

struct with_lmdb {
	const struct labels *labels;
	char path[64];
	MDB_env *env;
	MDB_dbi dbi;
	bool first;		/* whose the file is */
	uint64_t *word;		/* of each label, as of others; not used */
};

static __thread MDB_txn *reading;

static void *open_env(const struct subject *self, const struct labels *labels)
{
	struct with_lmdb *w = calloc(1, sizeof(*w));
	MDB_txn *txn;

	(void)self;
	w->labels = labels;
	w->word = malloc(labels->nr * sizeof(*w->word));
	memset(w->word, 1, labels->nr * sizeof(*w->word));
	/* Processes that hold labels share one; SINGLET_LMDB names it. */
	snprintf(w->path, sizeof(w->path), "%s", getenv("SINGLET_LMDB") ?:
		 "/dev/shm/users.lmdb");
	w->first = access(w->path, F_OK);
	if (mdb_env_create(&w->env) ||
	    mdb_env_set_mapsize(w->env, 256UL << 20) ||
	    mdb_env_open(w->env, w->path,
			 MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOTLS, 0600) ||
	    mdb_txn_begin(w->env, NULL, 0, &txn) ||
	    mdb_dbi_open(txn, NULL, 0, &w->dbi) || mdb_txn_commit(txn))
		return NULL;
	return w;
}

static void close_env(void *ctx)
{
	struct with_lmdb *w = ctx;
	char lock[80];

	mdb_env_close(w->env);
	snprintf(lock, sizeof(lock), "%s-lock", w->path);
	unlink(w->path);
	unlink(lock);
	free(w->word);
	free(w);
}

static MDB_val key_of(const struct with_lmdb *w, uint32_t n)
{
	return (MDB_val){ w->labels->len[n], w->labels->text[n] };
}

/* New ones are put, all of them in one transaction; others are only found. */
static bool intern(void *ctx, const uint32_t *order, size_t nr)
{
	struct with_lmdb *w = ctx;
	MDB_val key, value;
	MDB_txn *txn;
	size_t i;

	if (reading || !w->first) {
		for (i = 0; reading && i < nr; i++) {
			key = key_of(w, order[i]);
			if (mdb_get(reading, w->dbi, &key, &value))
				return false;
		}
		return true;
	}
	if (mdb_txn_begin(w->env, NULL, 0, &txn))
		return false;
	for (i = 0; i < nr; i++) {
		int err;

		key = key_of(w, order[i]);
		value = (MDB_val){ 0, "" };
		err = mdb_put(txn, w->dbi, &key, &value, MDB_NOOVERWRITE);
		if (err && err != MDB_KEYEXIST)
			return false;
	}
	return !mdb_txn_commit(txn);
}

static void drop(void *ctx, const uint32_t *order, size_t nr)
{
	(void)ctx;
	(void)order;
	(void)nr;
}

/* The key in the file is what others read; a cursor shows it. */
static bool find(void *ctx, const uint32_t *order, size_t nr)
{
	const struct with_lmdb *w = ctx;
	MDB_val key, value;
	size_t i;

	for (i = 0; i < nr; i++) {
		key = key_of(w, order[i]);
		if (mdb_get(reading, w->dbi, &key, &value))
			return false;
	}
	return true;
}

static bool begin(void *ctx)
{
	struct with_lmdb *w = ctx;

	return !mdb_txn_begin(w->env, NULL, MDB_RDONLY, &reading);
}

static void end(void *ctx)
{
	(void)ctx;
	mdb_txn_abort(reading);
	reading = NULL;
}

const struct subject lmdb = {
	.name = "lmdb", .threads = true, .whole = true,
	.lacks = "nobody counts, nothing is freed; found in a transaction that stays open",
	.open = open_env, .close = close_env,
	.intern = intern, .drop = drop, .find = find,
	.thread_begin = begin, .thread_end = end,
};
