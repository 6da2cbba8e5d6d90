/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * singlet - refcounted object cache with shared immutable singleton slabs
 *
 * The ABI of /dev/singlet.  This is its only copy: the module, the library,
 * the tests and other languages' bindings all start here.  Commands on named
 * domains and quotas are in <linux/singlet_domain.h>, mmap(2) is in
 * <linux/singlet_map.h>; both come with it.
 *
 * General rules
 * -------------
 * - Every command takes a pointer to one structure whose first member @size
 *   is the caller's sizeof() of it.  A shorter structure than the first
 *   published one is refused (EINVAL), a longer one is accepted as long as
 *   everything this kernel does not know is zero (E2BIG otherwise).
 *   Members are only ever appended; zero means what it meant before.
 * - Arrays that a command fills have the caller's sizeof() of an entry in
 *   @entry_size: a shorter entry than the first published one is refused
 *   (EINVAL), of a longer one the end is zeroed; beyond a page: E2BIG.
 * - Unknown flags and non-zero reserved members are refused with EINVAL.
 * - Members marked "out" are ignored on input.
 * - User pointers are passed as __u64.
 * - A file description on /dev/singlet is a *session*.  It belongs to the
 *   private domain of the user who opened it (in that user's namespace) and
 *   keeps the references it took until it is released, however that happens.
 *   Sessions in a named domain come from SINGLET_DOMAIN_CREATE and _JOIN, each
 *   as a file descriptor of its own.
 * - What a session may do is decided with the credentials of who opened it,
 *   also when somebody else uses the descriptor.  Commands on domains and pins
 *   need a session with all access (EACCES otherwise), so that one with less
 *   can be handed on.
 *
 * errno
 * -----
 * ENOTTY     unknown command
 * EINVAL     @size too small, unknown flag, non-zero reserved member,
 *            count of 0, value of the wrong shape for its type, bad range
 * E2BIG      non-zero tail, @size beyond a page, batch beyond
 *            SINGLET_MAX_BATCH
 * EFAULT     bad pointer
 * EMSGSIZE   value longer than its type or the system allows
 * EILSEQ     text that is not UTF-8
 * ENOENT     unknown or stale id, absent type, absent or hidden domain
 * EEXIST     name taken; another instance of a single type exists
 * EBUSY      type has live or borrowed objects; domain has sessions
 * EACCES     a domain's mode refuses; the session did not ask for that access
 * ENODEV     mmap(2) only: this machine does not allow it
 * EPERM      write to a sealed object; change of a predefined type; not the
 *            owner; writable or executable mapping
 * EDQUOT     over a quota; or the domain has hundreds of values with the same
 *            hash, or several that are beyond 4096 bytes, which does not happen
 *            by chance
 * EOVERFLOW  a reference count is full
 * ENOMEM     no memory
 * EINTR      a signal arrived before anything was done
 * ESTALE     the session's domain was deleted; nothing new can be made there
 */
#ifndef _UAPI_LINUX_SINGLET_H
#define _UAPI_LINUX_SINGLET_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SINGLET_DEVICE		"/dev/singlet"

/* Limits; SINGLET_INFO returns those of the running kernel. */
#define SINGLET_MAX_BATCH	1024
#define SINGLET_MAX_NAME	63		/* bytes, without the NUL */
#define SINGLET_MAX_VALUE	(16U << 20)	/* bytes */
#define SINGLET_MAX_PARTS	1000000		/* of a container */

/*
 * Predefined types; every domain has them.  User types have larger numbers.
 * A type's number is never 0 and is not reused while anybody could mean the
 * old one.
 */
#define SINGLET_TYPE_NONE	1	/* the one empty value */
#define SINGLET_TYPE_BOOL	2	/* 1 byte, 0 or 1 */
#define SINGLET_TYPE_INT	3	/* 8 bytes, signed, host byte order */
#define SINGLET_TYPE_FLOAT	4	/* 8 bytes, IEEE 754 binary64 */
#define SINGLET_TYPE_STR	5	/* UTF-8, checked; no terminating NUL */
#define SINGLET_TYPE_BYTES	6	/* anything */
#define SINGLET_TYPE_TUPLE	7	/* container: __u64 ids of its parts */

/* These int values exist from the start and are never freed. */
#define SINGLET_INT_IMMORTAL_MIN	(-5)
#define SINGLET_INT_IMMORTAL_MAX	256

/* Kinds of type. */
#define SINGLET_KIND_VALUE	1	/* equal bytes are one object */
#define SINGLET_KIND_SINGLE	2	/* at most one instance exists */
#define SINGLET_KIND_PLAIN	3	/* every allocation is an object */

/*
 * Flags of a type.  The value of a container is an array of __u64 ids of
 * objects that exist in the same domain (or the machine-wide world): its parts.
 * It keeps them alive.  Parts are checked when the container is made; since
 * nothing can name an object before it exists, nor change it afterwards,
 * containers cannot form a cycle.
 */
#define SINGLET_TYPE_CONTAINER	0x1U

/* What a session may do in its domain. */
#define SINGLET_ACCESS_READ	0x1U	/* look up, acquire, read, list */
#define SINGLET_ACCESS_WRITE	0x2U	/* make objects and types, collect */

/* States of an object. */
#define SINGLET_STATE_LIVE	1	/* somebody holds a reference */
#define SINGLET_STATE_IDLE	2	/* nobody does; kept for reuse */
#define SINGLET_STATE_IMMORTAL	3	/* never freed */
#define SINGLET_STATE_UNSEALED	4	/* plain, still being written */

/* Command numbers. */
#define SINGLET_IOC_MAGIC	0xE8
enum {
	SINGLET_CMD_INFO = 0,
	SINGLET_CMD_TYPE_CREATE,
	SINGLET_CMD_TYPE_DELETE,
	SINGLET_CMD_TYPE_QUERY,
	SINGLET_CMD_TYPE_LIST,
	SINGLET_CMD_INTERN,
	SINGLET_CMD_LOOKUP,
	SINGLET_CMD_ACQUIRE,
	SINGLET_CMD_RELEASE,
	SINGLET_CMD_READ,
	SINGLET_CMD_QUERY,
	SINGLET_CMD_ALLOC,
	SINGLET_CMD_WRITE,
	SINGLET_CMD_SEAL,
	SINGLET_CMD_STATS,
	SINGLET_CMD_COLLECT,
	SINGLET_CMD_LIST,
	SINGLET_CMD_DOMAIN_CREATE,
	SINGLET_CMD_DOMAIN_JOIN,
	SINGLET_CMD_DOMAIN_DELETE,
	SINGLET_CMD_DOMAIN_SET,
	SINGLET_CMD_DOMAIN_QUERY,
	SINGLET_CMD_DOMAIN_LIST,
	SINGLET_CMD_PIN,
	SINGLET_CMD_UNPIN,
	SINGLET_CMD_LEAKS,
};

/**
 * struct singlet_info - ioctl(SINGLET_INFO)
 * @size: sizeof(struct singlet_info)
 * @flags: must be 0
 * @features: out; bits of features beyond this header; none yet
 * @max_value: out; bytes in the longest value
 * @max_batch: out; items in the largest batch
 * @max_name: out; bytes in the longest name
 * @max_types: out; types that a domain can have, predefined ones included
 * @session: out; number of this session, as in /proc/singlet/sessions
 * @max_parts: out; parts in the largest container
 * @access: out; SINGLET_ACCESS_* that this session has in its domain
 *
 * What this kernel's singlet can do.
 */
struct singlet_info {
	__u32 size;
	__u32 flags;
	__u64 features;
	__u64 max_value;
	__u32 max_batch;
	__u32 max_name;
	__u32 max_types;
	__u32 session;
	__u32 max_parts;
	__u32 access;
};

#define SINGLET_INFO _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_INFO)

/**
 * struct singlet_type_create - ioctl(SINGLET_TYPE_CREATE)
 * @size: sizeof(struct singlet_type_create)
 * @flags: SINGLET_TYPE_CONTAINER (kind value and no @value_size only) or 0
 * @name: pointer to the name: 1 to SINGLET_MAX_NAME bytes of UTF-8 without
 *        blanks, control characters and slashes, unique in the domain
 * @name_len: bytes at @name
 * @kind: SINGLET_KIND_VALUE, _SINGLE or _PLAIN
 * @value_size: exact bytes of each value; 0: any up to @value_max
 * @value_max: bytes of the longest value, at most SINGLET_MAX_VALUE;
 *             0: SINGLET_MAX_VALUE; must be 0 when @value_size is given
 * @type: out; the new type's number
 * @reserved: must be 0
 *
 * Errors: EEXIST (name taken), EINVAL (name, kind, sizes), EMSGSIZE (a size
 * beyond SINGLET_MAX_VALUE), EILSEQ (name is not UTF-8), EDQUOT (too many
 * types), EACCES, ESTALE, ENOMEM.  The type, and the domain with it, stays until it is
 * deleted.
 */
struct singlet_type_create {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u32 name_len;
	__u32 kind;
	__u32 value_size;
	__u32 value_max;
	__u32 type;
	__u32 reserved;
};

#define SINGLET_TYPE_CREATE _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_TYPE_CREATE)

/**
 * struct singlet_type_delete - ioctl(SINGLET_TYPE_DELETE)
 * @size: sizeof(struct singlet_type_delete)
 * @flags: must be 0
 * @type: number of the type
 * @reserved: must be 0
 *
 * Idle objects of the type are freed, of a container with the parts that only it
 * kept alive; with live or borrowed ones the call fails (EBUSY) and the type stays,
 * also when the idle ones are gone.  EPERM: predefined.  ENOENT: no such type.
 */
struct singlet_type_delete {
	__u32 size;
	__u32 flags;
	__u32 type;
	__u32 reserved;
};

#define SINGLET_TYPE_DELETE _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_TYPE_DELETE)

/**
 * struct singlet_type_info - what is known of a type
 * @type: its number
 * @kind: SINGLET_KIND_*
 * @value_size: exact bytes of each value; 0: variable
 * @value_max: bytes of the longest value
 * @objects: objects of the type in this domain (immortals of the machine-
 *           wide world not counted)
 * @bytes: bytes in their values
 * @flags: SINGLET_TYPE_*
 * @reserved: 0
 * @name: NUL-terminated
 */
struct singlet_type_info {
	__u32 type;
	__u32 kind;
	__u32 value_size;
	__u32 value_max;
	__u64 objects;
	__u64 bytes;
	__u32 flags;
	__u32 reserved;
	__u8 name[SINGLET_MAX_NAME + 1];
};

/**
 * struct singlet_type_query - ioctl(SINGLET_TYPE_QUERY)
 * @size: sizeof(struct singlet_type_query)
 * @flags: must be 0
 * @name: pointer to a name to look for; 0: look for @type
 * @name_len: bytes at @name; must be 0 when @name is
 * @type: number to look for; must be 0 when @name is given
 * @info: out
 *
 * ENOENT: no such type.
 */
struct singlet_type_query {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u32 name_len;
	__u32 type;
	struct singlet_type_info info;
};

#define SINGLET_TYPE_QUERY _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_TYPE_QUERY)

/**
 * struct singlet_type_list - ioctl(SINGLET_TYPE_LIST)
 * @size: sizeof(struct singlet_type_list)
 * @flags: must be 0
 * @infos: pointer to an array of struct singlet_type_info
 * @count: in: room in the array, 1 to SINGLET_MAX_BATCH; out: entries filled
 * @cursor: in: 0 to start, then what came out; out: 0 at the end
 * @entry_size: sizeof(struct singlet_type_info)
 * @reserved: must be 0
 *
 * Types in the order of their slots in the registry.
 */
struct singlet_type_list {
	__u32 size;
	__u32 flags;
	__u64 infos;
	__u32 count;
	__u32 cursor;
	__u32 entry_size;
	__u32 reserved;
};

#define SINGLET_TYPE_LIST _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_TYPE_LIST)

/**
 * struct singlet_batch - the argument of every batch command
 * @size: sizeof(struct singlet_batch)
 * @flags: must be 0
 * @items: pointer to an array of @count items
 * @count: items, 1 to SINGLET_MAX_BATCH (0: EINVAL, more: E2BIG)
 * @item_size: sizeof() of the item; the rules of @size hold for it too
 * @done: out; items dealt with, from the start of the array
 * @reserved: must be 0
 *
 * Items are dealt with in order and one by one; a batch is not atomic.  Each
 * dealt-with item has a @result of its own: 0 or a positive errno; an item
 * that failed changed nothing.  Items, and the values of those of INTERN and
 * LOOKUP, may be read some time before it is their turn.
 *
 * The call returns 0 when @done is not 0, as write(2) would: with @done below
 * @count the next item hit a fatal condition (the item itself cannot be read
 * or its result cannot be written, or a signal arrived), which a new call
 * starting there reports.  An item whose result could not be written back is
 * undone.  With @done 0 the call fails with EFAULT or EINTR.
 */
struct singlet_batch {
	__u32 size;
	__u32 flags;
	__u64 items;
	__u32 count;
	__u32 item_size;
	__u32 done;
	__u32 reserved;
};

/**
 * struct singlet_intern_item - item of SINGLET_INTERN and SINGLET_LOOKUP
 * @data: pointer to the value's bytes; not read when @len is 0
 * @len: bytes in the value
 * @type: a type of kind value or single
 * @id: out; the object
 * @result: out; 0 or an errno
 * @created: out; 1 when this call made the object, 0 when it existed
 *
 * INTERN finds the object of @type with this value or creates it; LOOKUP only
 * finds (ENOENT otherwise).  Each success gives the session one more
 * reference on the object, to be given back with SINGLET_RELEASE.
 * References on immortal objects are not counted.
 *
 * For a type of kind single, the first value interned is the instance; while
 * it exists, an equal value or a @len of 0 finds it, any other is refused
 * (EEXIST).
 *
 * For a container, @data is an array of ids.  A part may stand there several
 * times.  ENOENT: an id is unknown or stale, or of an unsealed object; EINVAL:
 * @len is no multiple of 8; EMSGSIZE: more than SINGLET_MAX_PARTS.
 *
 * Errors: ENOENT (no such type; LOOKUP: no such value), EINVAL (kind plain,
 * or @len or bytes not of the type's shape), EMSGSIZE (too long), EILSEQ
 * (INTERN: text is not UTF-8), EFAULT (@data), EEXIST, EOVERFLOW, EDQUOT,
 * ENOMEM.  Of the call as a whole: EACCES (INTERN needs SINGLET_ACCESS_WRITE,
 * LOOKUP _READ), ESTALE (INTERN).
 */
struct singlet_intern_item {
	__u64 data;
	__u32 len;
	__u32 type;
	__u64 id;
	__u32 result;
	__u32 created;
};

#define SINGLET_INTERN _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_INTERN)
#define SINGLET_LOOKUP _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_LOOKUP)

/**
 * struct singlet_ref_item - item of SINGLET_ACQUIRE and SINGLET_RELEASE
 * @id: the object
 * @count: references to take or to give back, at least 1
 * @result: out; 0 or an errno
 *
 * ACQUIRE takes references on an object known by its id, live or idle.
 * RELEASE gives back references of this session; on an immortal object it
 * does nothing.  When the session gives back its last one, the session holds
 * the object no more.
 *
 * Errors: EINVAL (@count 0; RELEASE: more than the session has), ENOENT
 * (unknown or stale id, a plain object that another session has not sealed;
 * RELEASE: the session holds no reference), EOVERFLOW, EDQUOT, ENOMEM.
 *
 * PIN and UNPIN do the same for the domain itself: what is pinned stays
 * without a session, until it is unpinned or the domain deleted.  They are the
 * domain's owner's (EPERM of the call as a whole otherwise); pins count as
 * references of the owner.
 */
struct singlet_ref_item {
	__u64 id;
	__u32 count;
	__u32 result;
};

#define SINGLET_ACQUIRE _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_ACQUIRE)
#define SINGLET_RELEASE _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_RELEASE)
#define SINGLET_PIN _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_PIN)
#define SINGLET_UNPIN _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_UNPIN)

/**
 * struct singlet_read_item - item of SINGLET_READ
 * @id: the object
 * @data: pointer to a buffer
 * @len: in: room in the buffer; out: bytes copied
 * @offset: first byte of the value to copy
 * @total: out; bytes in the value
 * @result: out; 0 or an errno
 *
 * Copies a value's bytes.  No reference is needed beforehand, but without one
 * the id may be stale (ENOENT).  EINVAL: @offset beyond the value.
 */
struct singlet_read_item {
	__u64 id;
	__u64 data;
	__u32 len;
	__u32 offset;
	__u32 total;
	__u32 result;
};

#define SINGLET_READ _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_READ)

/**
 * struct singlet_query_item - item of SINGLET_QUERY
 * @id: the object
 * @type: out; its type
 * @len: out; bytes in its value
 * @state: out; SINGLET_STATE_*
 * @references: out; holders (each session counts once, the domain's pins
 *              count once, each place in a container once; 0 for immortals)
 * @held: out; references that this session has on it
 * @result: out; 0 or an errno (ENOENT)
 * @pins: out; how often it is pinned
 * @reserved: must be 0
 */
struct singlet_query_item {
	__u64 id;
	__u32 type;
	__u32 len;
	__u32 state;
	__u32 references;
	__u32 held;
	__u32 result;
	__u32 pins;
	__u32 reserved;
};

#define SINGLET_QUERY _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_QUERY)

/**
 * struct singlet_alloc_item - item of SINGLET_ALLOC
 * @type: a type of kind plain
 * @len: bytes in the object
 * @id: out; the object
 * @result: out; 0 or an errno
 * @reserved: must be 0
 *
 * Makes an object of its own, zeroed and unsealed; the session has one
 * reference.  Until it is sealed nobody else can reach it.  It is freed at
 * once with its last reference.
 *
 * Errors: ENOENT (no such type), EINVAL (not of kind plain, wrong @len),
 * EMSGSIZE, EDQUOT, ENOMEM.
 */
struct singlet_alloc_item {
	__u32 type;
	__u32 len;
	__u64 id;
	__u32 result;
	__u32 reserved;
};

#define SINGLET_ALLOC _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_ALLOC)

/**
 * struct singlet_write_item - item of SINGLET_WRITE
 * @id: an unsealed object of this session
 * @data: pointer to the bytes
 * @len: how many
 * @offset: where in the object they go
 * @result: out; 0 or an errno
 * @reserved: must be 0
 *
 * Errors: ENOENT (unknown or stale id, object of another session), EPERM
 * (sealed, or not of kind plain), EINVAL (range beyond the object), EFAULT.
 * On EFAULT nothing was written.
 */
struct singlet_write_item {
	__u64 id;
	__u64 data;
	__u32 len;
	__u32 offset;
	__u32 result;
	__u32 reserved;
};

#define SINGLET_WRITE _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_WRITE)

/**
 * struct singlet_seal_item - item of SINGLET_SEAL
 * @id: an object of this session
 * @result: out; 0 or an errno
 * @reserved: must be 0
 *
 * Makes a plain object immutable and reachable by its id for every member of
 * the domain.  Sealing a sealed object does nothing.  Errors: ENOENT
 * (unknown or stale id, object of another session), EPERM (not plain).
 */
struct singlet_seal_item {
	__u64 id;
	__u32 result;
	__u32 reserved;
};

#define SINGLET_SEAL _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_SEAL)

/**
 * struct singlet_stats - ioctl(SINGLET_STATS)
 * @size: sizeof(struct singlet_stats)
 * @flags: must be 0
 * @sessions: open sessions of the domain
 * @types: types, predefined ones included
 * @objects: objects that exist: @live + @idle + @immortal
 * @live: objects with a reference
 * @idle: objects without one, kept for reuse
 * @immortal: objects that are never freed
 * @references: references on live objects; a session counts once an object
 * @hits: interns and lookups that found their value
 * @misses: those that did not
 * @creates: objects made, by an intern or an alloc
 * @reuses: of these, in a slot that another object had before
 * @revivals: idle objects that became live again
 * @frees: objects freed
 * @evictions: of these, idle ones freed by a collection or under pressure
 * @released: references dropped because their session was closed or killed
 * @failures: requests that failed for lack of memory
 * @collections: collections that ran
 * @slabs: slabs
 * @slots: slots in them
 * @slots_free: slots without an object, those in per-CPU caches included
 * @slots_cached: slots waiting in per-CPU caches
 * @buckets: buckets of the hash table
 * @bytes_unique: bytes of all objects' values, each counted once
 * @bytes_logical: the same with each value counted once per reference: what
 *                 private copies would take
 * @bytes_stored: bytes of slab pages
 * @bytes_metadata: bytes of everything else kept for the domain: slot
 *                  records, hash table, per-CPU caches, reference records
 * @bytes_saved: @bytes_logical - @bytes_stored - @bytes_metadata as a two's
 *               complement number; it may be negative
 * @world: objects that exist once for the whole machine (small ints, bools,
 *         none); every domain can use them, they cost it nothing and none of
 *         the numbers above counts them
 * @bytes_idle: bytes in the slots of idle objects
 * @pins: pinned objects
 * @refusals: requests that failed because of a quota
 *
 * Numbers of the session's domain.  All but @size and @flags are out.
 */
struct singlet_stats {
	__u32 size;
	__u32 flags;
	__u64 sessions;
	__u64 types;
	__u64 objects;
	__u64 live;
	__u64 idle;
	__u64 immortal;
	__u64 references;
	__u64 hits;
	__u64 misses;
	__u64 creates;
	__u64 reuses;
	__u64 revivals;
	__u64 frees;
	__u64 evictions;
	__u64 released;
	__u64 failures;
	__u64 collections;
	__u64 slabs;
	__u64 slots;
	__u64 slots_free;
	__u64 slots_cached;
	__u64 buckets;
	__u64 bytes_unique;
	__u64 bytes_logical;
	__u64 bytes_stored;
	__u64 bytes_metadata;
	__u64 bytes_saved;
	__u64 world;
	__u64 bytes_idle;
	__u64 pins;
	__u64 refusals;
};

#define SINGLET_STATS _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_STATS)

/**
 * struct singlet_collect - ioctl(SINGLET_COLLECT)
 * @size: sizeof(struct singlet_collect)
 * @flags: must be 0
 * @objects: out; idle objects freed
 * @bytes: out; bytes in their values
 * @slabs: out; slabs returned to the kernel
 * @pages: out; pages in them
 *
 * Frees every object of the domain that was idle at the beginning, empties the
 * per-CPU caches, returns empty slabs to the kernel and waits until they have
 * arrived there.
 */
struct singlet_collect {
	__u32 size;
	__u32 flags;
	__u64 objects;
	__u64 bytes;
	__u64 slabs;
	__u64 pages;
};

#define SINGLET_COLLECT _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_COLLECT)

/**
 * struct singlet_list_entry - what SINGLET_LIST says of an object
 * @id: the object
 * @type: its type
 * @len: bytes in its value
 * @references: holders
 * @state: SINGLET_STATE_*
 */
struct singlet_list_entry {
	__u64 id;
	__u32 type;
	__u32 len;
	__u32 references;
	__u32 state;
};

/**
 * struct singlet_list - ioctl(SINGLET_LIST)
 * @size: sizeof(struct singlet_list)
 * @flags: must be 0
 * @entries: pointer to an array of struct singlet_list_entry
 * @cursor: in: 0 to start, then what came out; out: 0 at the end
 * @count: in: room in the array, 1 to SINGLET_MAX_BATCH; out: entries filled
 * @type: only objects of this type (ENOENT: there is none); 0: all
 * @entry_size: sizeof(struct singlet_list_entry)
 * @reserved: must be 0
 *
 * The domain's objects in the order of their slots.  An object that exists
 * from the first call to the last is listed exactly once; one that comes or
 * goes meanwhile may be.  @count can come out as 0 before the end.  Unsealed
 * objects of other sessions are not listed; immortals of the machine-wide
 * world are not either.
 */
struct singlet_list {
	__u32 size;
	__u32 flags;
	__u64 entries;
	__u64 cursor;
	__u32 count;
	__u32 type;
	__u32 entry_size;
	__u32 reserved;
};

#define SINGLET_LIST _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_LIST)

/**
 * struct singlet_leak - an object that was allocated and never released
 * @id: the object
 * @age: milliseconds since it was allocated
 * @type: its type
 * @len: bytes in it
 * @session: number of the session that allocated it and holds it still
 * @pid: process that opened that session, as the caller sees it; 0: not at all
 */
struct singlet_leak {
	__u64 id;
	__u64 age;
	__u32 type;
	__u32 len;
	__u32 session;
	__u32 pid;
};

/**
 * struct singlet_leaks - ioctl(SINGLET_LEAKS)
 * @size: sizeof(struct singlet_leaks)
 * @flags: must be 0
 * @entries: pointer to an array of struct singlet_leak
 * @cursor: in: 0 to start, then what came out; out: 0 at the end
 * @count: in: room in the array, 1 to SINGLET_MAX_BATCH; out: entries filled
 * @session: number of a session of the domain; 0: all of them
 * @entry_size: sizeof(struct singlet_leak)
 * @reserved: must be 0
 *
 * Plain objects that sessions of this domain allocated and hold still, by
 * session and then by slot; @count can come out as 0 before the end.  Only
 * sessions of the caller's own user are shown;
 * all of them to the domain's owner.  ENOENT: no such session, or one of another
 * user.
 */
struct singlet_leaks {
	__u32 size;
	__u32 flags;
	__u64 entries;
	__u64 cursor;
	__u32 count;
	__u32 session;
	__u32 entry_size;
	__u32 reserved;
};

#define SINGLET_LEAKS _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_LEAKS)

#include <linux/singlet_domain.h>
#include <linux/singlet_map.h>

#endif /* _UAPI_LINUX_SINGLET_H */
