// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: mbcache.  It stores numbers, no bytes: the key is the value's
 * hash, the number its last bytes, and bytes are neither copied nor compared.
 */
#include <linux/err.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/string.h>

#include "cache.h"
#include "optional.h"

#define BUCKET_BITS	16	/* it frees by itself beyond 16 in a bucket */

static struct mb_cache *cache;
static hsiphash_key_t secret;

static int mbcache_open(bool text)
{
	if (!mb_cache_create || !mb_cache_destroy || !mb_cache_entry_create ||
	    !mb_cache_entry_get || !mb_cache_entry_delete_or_get ||
	    !__mb_cache_entry_free)
		return -EOPNOTSUPP;
	get_random_bytes(&secret, sizeof(secret));
	cache = mb_cache_create(BUCKET_BITS);
	return IS_ERR_OR_NULL(cache) ? -ENOMEM : 0;
}

static void mbcache_close(void)
{
	mb_cache_destroy(cache);
}

static __always_inline u64 number(const struct bench_key *key)
{
	u64 n;

	memcpy(&n, key->data + key->len - sizeof(n), sizeof(n));
	return n;
}

static noinline void *create(u32 hash, u64 value)
{
	int err = mb_cache_entry_create(cache, GFP_KERNEL, hash, value, true);

	return err && err != -EBUSY ? NULL :
	       mb_cache_entry_get(cache, hash, value);
}

static __always_inline void *mbcache_intern(const struct bench_key *key)
{
	u32 hash = hsiphash(key->data, key->len, &secret);
	u64 value = number(key);

	return mb_cache_entry_get(cache, hash, value) ?: create(hash, value);
}

static __always_inline void mbcache_put(void *obj)
{
	mb_cache_entry_put(cache, obj);
}

/* The table has a reference of its own, which has to go too. */
static void mbcache_end(void *obj)
{
	struct mb_cache_entry *entry = obj;
	u32 hash = entry->e_key;
	u64 value = entry->e_value;

	mb_cache_entry_put(cache, entry);
	entry = mb_cache_entry_delete_or_get(cache, hash, value);
	if (entry)
		mb_cache_entry_put(cache, entry);
}

static void mbcache_reclaim(unsigned int nr)
{
}

DEFINE_BENCH_CACHE(mbcache, .name = "mbcache",
		   .missing = "no mbcache (FS_MBCACHE) in the kernel or loaded");
