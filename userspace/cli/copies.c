// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Private copies: buckets with lists, twice as many when there are more copies
 * than buckets.  What threads share is in several such tables, each with a lock;
 * with one thread there is one, and nobody locks.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "copies.h"

#define SHARDS		64
#define BUCKETS_INITIAL	64

struct shard {
	pthread_mutex_t lock;
	struct copy **buckets;
	size_t size;		/* a power of two */
	size_t count;
};

struct copies {
	bool shared;
	struct shard shards[];
};

static size_t shard_count(const struct copies *copies)
{
	return copies->shared ? SHARDS : 1;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	/* The upper half is the good one of such a product. */
	return hash ^ hash >> 32;
}

static uint64_t load(const char *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	return word;
}

/* Eight bytes at a time, of which the last may overlap. */
static uint32_t hash_bytes(const char *data, uint32_t len)
{
	uint64_t hash = mix(len, 0), few = 0;
	uint32_t i;

	for (i = 0; i + 8 < len; i += 8)
		hash = mix(hash, load(data + i));
	if (len >= 8)
		return mix(hash, load(data + len - 8));
	for (i = 0; i < len; i++)
		few = few << 8 | (unsigned char)data[i];
	return mix(hash, few);
}

/* The upper bits choose the shard, the lower ones the bucket. */
static struct shard *lock_shard(struct copies *copies, uint32_t hash)
{
	struct shard *shard = copies->shards;

	if (copies->shared) {
		shard += hash >> 26;
		pthread_mutex_lock(&shard->lock);
	}
	return shard;
}

static void unlock_shard(struct copies *copies, struct shard *shard)
{
	if (copies->shared)
		pthread_mutex_unlock(&shard->lock);
}

static struct copy **bucket_of(const struct shard *shard, uint32_t hash)
{
	return &shard->buckets[hash & (shard->size - 1)];
}

struct copies *copies_new(bool shared)
{
	size_t i, count = shared ? SHARDS : 1;
	struct copies *copies;

	copies = calloc(1, sizeof(*copies) + count * sizeof(struct shard));
	if (!copies)
		return NULL;
	copies->shared = shared;
	for (i = 0; i < count; i++) {
		struct shard *shard = &copies->shards[i];

		pthread_mutex_init(&shard->lock, NULL);
		shard->buckets = calloc(BUCKETS_INITIAL,
					sizeof(*shard->buckets));
		if (!shard->buckets) {
			copies_free(copies);
			return NULL;
		}
		shard->size = BUCKETS_INITIAL;
	}
	return copies;
}

void copies_clear(struct copies *copies)
{
	size_t i, j;

	for (i = 0; i < shard_count(copies); i++) {
		struct shard *shard = &copies->shards[i];

		for (j = 0; j < shard->size; j++) {
			while (shard->buckets[j]) {
				struct copy *copy = shard->buckets[j];

				shard->buckets[j] = copy->next;
				free(copy);
			}
		}
		shard->count = 0;
	}
}

void copies_free(struct copies *copies)
{
	size_t i;

	if (!copies)
		return;
	copies_clear(copies);
	for (i = 0; i < shard_count(copies); i++)
		free(copies->shards[i].buckets);
	free(copies);
}

/* One that stays small is slower, and nothing else. */
static void grow(struct shard *shard)
{
	struct shard larger = { .size = 2 * shard->size };
	size_t i;

	larger.buckets = calloc(larger.size, sizeof(*larger.buckets));
	if (!larger.buckets)
		return;
	for (i = 0; i < shard->size; i++) {
		while (shard->buckets[i]) {
			struct copy *copy = shard->buckets[i];
			struct copy **bucket = bucket_of(&larger, copy->hash);

			shard->buckets[i] = copy->next;
			copy->next = *bucket;
			*bucket = copy;
		}
	}
	free(shard->buckets);
	shard->buckets = larger.buckets;
	shard->size = larger.size;
}

static struct copy *find(const struct shard *shard, uint32_t hash,
			 const char *data, uint32_t len)
{
	struct copy *copy = *bucket_of(shard, hash);

	while (copy && (copy->hash != hash || copy->len != len ||
			memcmp(copy->data, data, len)))
		copy = copy->next;
	return copy;
}

static struct copy *create(struct shard *shard, uint32_t hash,
			   const char *data, uint32_t len)
{
	struct copy *copy = malloc(sizeof(*copy) + len + 1);
	struct copy **bucket;

	if (!copy)
		return NULL;
	memcpy(copy->data, data, len);
	copy->data[len] = '\0';
	copy->hash = hash;
	copy->len = len;
	copy->count = 0;
	if (shard->count++ >= shard->size)
		grow(shard);
	bucket = bucket_of(shard, hash);
	copy->next = *bucket;
	*bucket = copy;
	return copy;
}

struct copy *copies_intern(struct copies *copies, const char *data,
			   uint32_t len, bool *created)
{
	uint32_t hash = hash_bytes(data, len);
	struct shard *shard = lock_shard(copies, hash);
	struct copy *copy = find(shard, hash, data, len);

	*created = !copy;
	if (!copy)
		copy = create(shard, hash, data, len);
	if (copy)
		copy->count++;
	unlock_shard(copies, shard);
	return copy;
}

struct copy *copies_find(struct copies *copies, const char *data, uint32_t len)
{
	uint32_t hash = hash_bytes(data, len);
	struct shard *shard = lock_shard(copies, hash);
	struct copy *copy = find(shard, hash, data, len);

	if (copy)
		copy->count++;
	unlock_shard(copies, shard);
	return copy;
}

void copies_acquire(struct copies *copies, struct copy *copy)
{
	struct shard *shard = lock_shard(copies, copy->hash);

	copy->count++;
	unlock_shard(copies, shard);
}

void copies_release(struct copies *copies, struct copy *copy)
{
	struct shard *shard = lock_shard(copies, copy->hash);
	struct copy **at = bucket_of(shard, copy->hash);

	if (!--copy->count) {
		while (*at != copy)
			at = &(*at)->next;
		*at = copy->next;
		shard->count--;
		free(copy);
	}
	unlock_shard(copies, shard);
}
