/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libsinglet - thin C interface to /dev/singlet
 *
 * Vocabulary
 * ----------
 * session    an open file description on /dev/singlet; here a struct singlet.
 *            It owns the references that were taken through it and gives them
 *            back when it is closed or its last holder dies.
 * object     an immutable value (or a plain object being written), named by a
 *            64-bit id that is never 0.
 * reference  keeps an object from becoming idle.  Sessions count their own;
 *            the kernel counts each session once per object.
 * idle       an object without references: kept, and found again by an equal
 *            value, until memory is wanted or singlet_domain_collect() runs.
 * pin        a reference of the domain itself: stays without any session.
 * container  an object whose value is an array of ids, its parts, which it
 *            keeps alive; a tuple is one of the predefined type.
 * domain     a set of objects, types and quotas of its own, and its sessions.
 *            Every user has a private one, which an opened device is in; named
 *            ones are joined, and their modes say who may.
 *
 * Conventions
 * -----------
 * - Functions return 0 or a count on success and a negative errno on failure.
 *   errno itself is not part of the interface.  The errors of each command
 *   are those of <linux/singlet.h>; only additions are named here.
 * - Outputs are written on success only, unless said otherwise.
 * - Lengths are bytes.  Text is not NUL-terminated in the kernel.
 * - Nothing but handles is allocated, except by singlet_object_dup() and
 *   singlet_tuple_dup().
 *
 * Threads: a handle does not change between open and close.  All functions
 * may be called on one handle from any number of threads, except that
 * singlet_close() must be the last.
 *
 * fork(): the child shares the session, not a copy of it, unless it has a
 * reference cache: references taken or given back by one are seen by the other,
 * and they go when both have closed it.  A child that wants its own opens its
 * own.  exec() closes the descriptor.  A descriptor passed to another process
 * (SCM_RIGHTS) shares the session in the same way.
 */
#ifndef _SINGLET_H
#define _SINGLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/singlet.h>

#ifdef __cplusplus
extern "C" {
#endif

/** SINGLET_LIB_VERSION - version of the library that this header belongs to */
#define SINGLET_LIB_VERSION "0.1"

/** struct singlet - a session (opaque) */
struct singlet;

/*
 * Sessions
 */

/**
 * singlet_open() - open a session on /dev/singlet
 * @s: out; the handle, owned by the caller until singlet_close()
 * @flags: must be 0
 *
 * The descriptor is close-on-exec.
 *
 * Return: 0; -ENOENT or -ENXIO: no module is loaded; -EACCES: no permission;
 * -EINVAL: unknown flag; -ENOMEM; or another error of open(2).
 */
int singlet_open(struct singlet **s, unsigned int flags);

/**
 * singlet_open_path() - open a session on a device elsewhere
 * @s: out; the handle, owned by the caller until singlet_close()
 * @path: the device node
 * @flags: must be 0
 *
 * What is at @path is not examined; if it is not a singlet device, the first
 * command fails with -ENOTTY.
 *
 * Return: as singlet_open().
 */
int singlet_open_path(struct singlet **s, const char *path, unsigned int flags);

/**
 * singlet_open_fd() - make a handle of a descriptor received from elsewhere
 * @s: out; the handle, owned by the caller until singlet_close()
 * @fd: a descriptor of /dev/singlet; it belongs to the handle on success
 * @flags: must be 0
 *
 * Return: 0; -EBADF; -EINVAL: unknown flag; -ENOMEM.
 */
int singlet_open_fd(struct singlet **s, int fd, unsigned int flags);

/**
 * singlet_close() - close a session
 * @s: the handle, gone afterwards; NULL does nothing
 *
 * The session's references are given back unless another process or
 * descriptor shares it.
 */
void singlet_close(struct singlet *s);

/**
 * singlet_fd() - the descriptor of a session
 * @s: the handle
 *
 * Return: the descriptor, which stays the handle's.
 */
int singlet_fd(const struct singlet *s);

/**
 * singlet_kernel_info() - limits of the running kernel, number of the session
 * @s: the handle
 * @info: out; @size and @flags are filled in
 *
 * Return: 0 or a negative errno.
 */
int singlet_kernel_info(struct singlet *s, struct singlet_info *info);

/**
 * singlet_error_text() - what an errno of this interface means
 * @error: an errno, positive or negative
 *
 * The words fit after "cannot do this: ".
 *
 * Return: a constant string in English, never NULL.
 */
const char *singlet_error_text(int error);

/*
 * Types
 */

/**
 * singlet_type_create() - create a type in the domain
 * @s: the handle
 * @name: NUL-terminated UTF-8, 1 to SINGLET_MAX_NAME bytes
 * @kind: SINGLET_KIND_VALUE, _SINGLE or _PLAIN
 * @value_size: exact bytes of each value; 0: variable
 * @value_max: most bytes of a value; 0: SINGLET_MAX_VALUE or @value_size
 * @type: out; the number
 *
 * Return: 0 or a negative errno.
 */
int singlet_type_create(struct singlet *s, const char *name, uint32_t kind,
			uint32_t value_size, uint32_t value_max,
			uint32_t *type);

/**
 * singlet_type_create_container() - create a type whose values are ids
 * @s: the handle
 * @name: NUL-terminated UTF-8, 1 to SINGLET_MAX_NAME bytes
 * @value_max: most bytes of a value, 8 for each part; 0: those of
 *             SINGLET_MAX_PARTS parts
 * @type: out; the number; of kind value, for the singlet_tuple_ functions
 *
 * Return: 0 or a negative errno.
 */
int singlet_type_create_container(struct singlet *s, const char *name,
				  uint32_t value_max, uint32_t *type);

/**
 * singlet_type_delete() - delete a type without live objects
 * @s: the handle
 * @type: the number
 *
 * Return: 0 or a negative errno.
 */
int singlet_type_delete(struct singlet *s, uint32_t type);

/**
 * singlet_type_get() - what is known of a type, by number
 * @s: the handle
 * @type: the number
 * @info: out
 *
 * Return: 0 or a negative errno.
 */
int singlet_type_get(struct singlet *s, uint32_t type,
		     struct singlet_type_info *info);

/**
 * singlet_type_find() - what is known of a type, by name
 * @s: the handle
 * @name: NUL-terminated
 * @info: out
 *
 * Return: 0 or a negative errno.
 */
int singlet_type_find(struct singlet *s, const char *name,
		      struct singlet_type_info *info);

/**
 * singlet_type_list() - some of the domain's types
 * @s: the handle
 * @infos: out; array
 * @count: room in @infos, at least 1; more than SINGLET_MAX_BATCH is not used
 * @cursor: in: 0 to start, then what came out; out: 0 at the end
 *
 * Return: entries filled or a negative errno.
 */
ssize_t singlet_type_list(struct singlet *s, struct singlet_type_info *infos,
			  size_t count, uint32_t *cursor);

/*
 * Batches
 *
 * Each function takes any number of items and deals with them in order, in
 * as many system calls as needed.  Callers fill the items' inputs (zero the
 * rest) and find each item's outcome in its @result: 0 or a positive errno.
 * A batch is not atomic.
 *
 * Return: the number of items dealt with, from the start of the array.  It is
 * below @count only when the next item could not be dealt with at all (its
 * memory is not accessible, or a signal arrived); a new call starting there
 * says why.  When that is the first item, a negative errno: -EFAULT, -EINTR.
 * -EINVAL when @count is 0.
 */

/** singlet_batch_intern() - find or create objects; see SINGLET_INTERN */
ssize_t singlet_batch_intern(struct singlet *s,
			     struct singlet_intern_item *items, size_t count);

/** singlet_batch_lookup() - find objects; see SINGLET_LOOKUP */
ssize_t singlet_batch_lookup(struct singlet *s,
			     struct singlet_intern_item *items, size_t count);

/** singlet_batch_acquire() - take references; see SINGLET_ACQUIRE */
ssize_t singlet_batch_acquire(struct singlet *s,
			      struct singlet_ref_item *items, size_t count);

/** singlet_batch_release() - give references back; see SINGLET_RELEASE */
ssize_t singlet_batch_release(struct singlet *s,
			      struct singlet_ref_item *items, size_t count);

/** singlet_batch_pin() - keep objects without a session; see SINGLET_PIN */
ssize_t singlet_batch_pin(struct singlet *s, struct singlet_ref_item *items,
			  size_t count);

/** singlet_batch_unpin() - give pins back; see SINGLET_UNPIN */
ssize_t singlet_batch_unpin(struct singlet *s, struct singlet_ref_item *items,
			    size_t count);

/** singlet_batch_read() - copy values; see SINGLET_READ */
ssize_t singlet_batch_read(struct singlet *s, struct singlet_read_item *items,
			   size_t count);

/** singlet_batch_query() - what is known of objects; see SINGLET_QUERY */
ssize_t singlet_batch_query(struct singlet *s,
			    struct singlet_query_item *items, size_t count);

/** singlet_batch_alloc() - make plain objects; see SINGLET_ALLOC */
ssize_t singlet_batch_alloc(struct singlet *s,
			    struct singlet_alloc_item *items, size_t count);

/** singlet_batch_write() - fill plain objects; see SINGLET_WRITE */
ssize_t singlet_batch_write(struct singlet *s,
			    struct singlet_write_item *items, size_t count);

/** singlet_batch_seal() - make plain objects immutable; see SINGLET_SEAL */
ssize_t singlet_batch_seal(struct singlet *s, struct singlet_seal_item *items,
			   size_t count);

/*
 * Single objects: a batch of one each.  A loop over these costs a system call
 * per object; use a batch for many.
 */

/**
 * singlet_object_intern() - find or create the object with a value
 * @s: the handle
 * @type: a type of kind value or single
 * @data: the value's bytes; not read when @len is 0
 * @len: how many
 * @id: out; the object.  The session has one more reference on it, to be
 *      given back with singlet_object_release()
 *
 * Return: 1 when the object was created, 0 when it existed, or a negative
 * errno; -EMSGSIZE also when @len is beyond 32 bits.
 */
int singlet_object_intern(struct singlet *s, uint32_t type, const void *data,
			  size_t len, uint64_t *id);

/**
 * singlet_object_lookup() - find the object with a value
 * @s: the handle
 * @type: a type of kind value or single
 * @data: the value's bytes; not read when @len is 0
 * @len: how many
 * @id: out; the object, with one more reference as from
 *      singlet_object_intern()
 *
 * Return: 0 or a negative errno; -ENOENT: there is none.
 */
int singlet_object_lookup(struct singlet *s, uint32_t type, const void *data,
			  size_t len, uint64_t *id);

/**
 * singlet_object_acquire() - take references on an object known by its id
 * @s: the handle
 * @id: the object
 * @count: how many, at least 1
 *
 * Return: 0 or a negative errno.
 */
int singlet_object_acquire(struct singlet *s, uint64_t id, uint32_t count);

/**
 * singlet_object_release() - give back references of this session
 * @s: the handle
 * @id: the object
 * @count: how many, at least 1
 *
 * Return: 0 or a negative errno.
 */
int singlet_object_release(struct singlet *s, uint64_t id, uint32_t count);

/**
 * singlet_object_pin() - keep an object in its domain without a session
 * @s: the handle
 * @id: the object, live or idle; on an immortal one nothing is done
 * @count: pins to add, at least 1
 *
 * Pins belong to the domain, not to the session: they outlast both the session
 * and the process, until singlet_object_unpin() or the domain's deletion.  They
 * count as references of the domain's owner.
 *
 * Return: 0 or a negative errno; -EPERM: the session is not the domain's
 * owner's; -ENOENT: no such object; -EDQUOT: too many references.
 */
int singlet_object_pin(struct singlet *s, uint64_t id, uint32_t count);

/**
 * singlet_object_unpin() - give pins of an object back, whoever made them
 * @s: the handle
 * @id: the object
 * @count: pins to take away, at least 1
 *
 * Return: 0 or a negative errno; -EPERM: the session is not the domain's
 * owner's; -ENOENT: no such object, or not pinned; -EINVAL: not so often.
 */
int singlet_object_unpin(struct singlet *s, uint64_t id, uint32_t count);

/**
 * singlet_object_read() - copy bytes of a value
 * @s: the handle
 * @id: the object
 * @buf: out; where to
 * @len: room in @buf
 * @offset: first byte to copy
 * @total: out; bytes in the whole value; may be NULL
 *
 * Without a reference the object may vanish between two calls (-ENOENT).
 *
 * Return: bytes copied, 0 at the end of the value, or a negative errno.
 */
ssize_t singlet_object_read(struct singlet *s, uint64_t id, void *buf,
			    size_t len, uint32_t offset, uint32_t *total);

/**
 * singlet_object_dup() - copy a whole value into new memory
 * @s: the handle
 * @id: the object
 * @data: out; the bytes, with a NUL behind them that @len does not count; to
 *        be freed by the caller with free(3)
 * @len: out; bytes in the value; may be NULL
 *
 * Return: 0 or a negative errno; -ENOMEM.
 */
int singlet_object_dup(struct singlet *s, uint64_t id, void **data,
		       size_t *len);

/**
 * singlet_object_query() - what is known of an object
 * @s: the handle
 * @id: the object
 * @item: out
 *
 * Return: 0 or a negative errno.
 */
int singlet_object_query(struct singlet *s, uint64_t id,
			 struct singlet_query_item *item);

/**
 * singlet_object_alloc() - make a plain object, zeroed and unsealed
 * @s: the handle
 * @type: a type of kind plain
 * @len: bytes in the object
 * @id: out; the object.  The session has its only reference
 *
 * Return: 0 or a negative errno; -EMSGSIZE also when @len is beyond 32 bits.
 */
int singlet_object_alloc(struct singlet *s, uint32_t type, size_t len,
			 uint64_t *id);

/**
 * singlet_object_write() - fill an unsealed plain object of this session
 * @s: the handle
 * @id: the object
 * @data: the bytes
 * @len: how many
 * @offset: where in the object they go
 *
 * Return: 0 or a negative errno; nothing was written then.
 */
int singlet_object_write(struct singlet *s, uint64_t id, const void *data,
			 size_t len, uint32_t offset);

/**
 * singlet_object_seal() - make a plain object immutable and reachable by id
 * @s: the handle
 * @id: the object
 *
 * Return: 0 or a negative errno.
 */
int singlet_object_seal(struct singlet *s, uint64_t id);

/**
 * singlet_object_list() - some of the domain's objects
 * @s: the handle
 * @type: only objects of this type; 0: all
 * @entries: out; array
 * @count: room in @entries, at least 1; more than SINGLET_MAX_BATCH is not
 *         used
 * @cursor: in: 0 to start, then what came out; out: 0 at the end
 *
 * 0 entries are not the end; @cursor tells.
 *
 * Return: entries filled or a negative errno.
 */
ssize_t singlet_object_list(struct singlet *s, uint32_t type,
			    struct singlet_list_entry *entries, size_t count,
			    uint64_t *cursor);

/*
 * Containers.  @type is SINGLET_TYPE_TUPLE or one that was made by
 * singlet_type_create_container().  The parts are ids of objects of the same
 * domain, in an order, each any number of times; equal arrays are one object.
 * A container keeps its parts alive, as long as it is not freed itself: an
 * idle one still does.
 */

/**
 * singlet_tuple_intern() - find or create the container with these parts
 * @s: the handle
 * @type: a container type
 * @parts: the ids; not read when @count is 0
 * @count: how many, at most SINGLET_MAX_PARTS
 * @id: out; the object, with one more reference of the session as from
 *      singlet_object_intern()
 *
 * The session needs no references on the parts, but without one a part may
 * vanish before (-ENOENT).
 *
 * Return: 1 when the object was created, 0 when it existed, or a negative
 * errno; -ENOENT: a part is unknown, stale or unsealed, or there is no such
 * type; -EMSGSIZE: too many parts.
 */
int singlet_tuple_intern(struct singlet *s, uint32_t type,
			 const uint64_t *parts, size_t count, uint64_t *id);

/**
 * singlet_tuple_lookup() - find the container with these parts
 * @s: the handle
 * @type: a container type
 * @parts: the ids; not read when @count is 0
 * @count: how many, at most SINGLET_MAX_PARTS
 * @id: out; the object, with one more reference of the session
 *
 * Return: 0 or a negative errno; -ENOENT: there is none.
 */
int singlet_tuple_lookup(struct singlet *s, uint32_t type,
			 const uint64_t *parts, size_t count, uint64_t *id);

/**
 * singlet_tuple_read() - copy ids of parts
 * @s: the handle
 * @id: the container
 * @parts: out; where to
 * @room: parts that fit there
 * @first: first part to copy, from 0
 * @total: out; parts that the container has; may be NULL
 *
 * The ids come without references: the container keeps the parts alive, and
 * whoever needs them longer acquires them.  The object's type is not looked
 * at, only that its size is a multiple of an id's; @parts may have been written
 * to when it is not.
 *
 * Return: parts copied, 0 at the end, or a negative errno; -EINVAL: @first is
 * beyond the end, or the object is no container.
 */
ssize_t singlet_tuple_read(struct singlet *s, uint64_t id, uint64_t *parts,
			   size_t room, uint32_t first, uint32_t *total);

/**
 * singlet_tuple_dup() - copy the ids of all parts into new memory
 * @s: the handle
 * @id: the container
 * @parts: out; the ids, without references as from singlet_tuple_read(); to be
 *         freed by the caller with free(3)
 * @count: out; how many
 *
 * Return: 0 or a negative errno; -EINVAL: the object is no container; -ENOMEM.
 */
int singlet_tuple_dup(struct singlet *s, uint64_t id, uint64_t **parts,
		      size_t *count);

/*
 * Values of the predefined types.  Each intern returns as
 * singlet_object_intern() does.
 */

/**
 * singlet_none_intern() - the object none
 * @s: the handle
 * @id: out; the object
 *
 * Return: as singlet_object_intern().
 */
int singlet_none_intern(struct singlet *s, uint64_t *id);

/**
 * singlet_bool_intern() - the object of a truth value
 * @s: the handle
 * @value: the value
 * @id: out; the object
 *
 * Return: as singlet_object_intern().
 */
int singlet_bool_intern(struct singlet *s, bool value, uint64_t *id);

/**
 * singlet_int_intern() - the object of a signed integer
 * @s: the handle
 * @value: the value
 * @id: out; the object
 *
 * Return: as singlet_object_intern().
 */
int singlet_int_intern(struct singlet *s, int64_t value, uint64_t *id);

/**
 * singlet_float_intern() - the object of a floating-point number
 * @s: the handle
 * @value: the value; equal bits are one object, so 0.0 and -0.0 are two
 * @id: out; the object
 *
 * Return: as singlet_object_intern().
 */
int singlet_float_intern(struct singlet *s, double value, uint64_t *id);

/**
 * singlet_str_intern() - the object of a text
 * @s: the handle
 * @text: NUL-terminated UTF-8
 * @id: out; the object
 *
 * Return: as singlet_object_intern().
 */
int singlet_str_intern(struct singlet *s, const char *text, uint64_t *id);

/**
 * singlet_bool_read() - value of an object of type bool
 * @s: the handle
 * @id: the object
 * @value: out
 *
 * The object's type is not looked at, only that its size is that of a bool.
 *
 * Return: 0 or a negative errno; -EINVAL: another size.
 */
int singlet_bool_read(struct singlet *s, uint64_t id, bool *value);

/**
 * singlet_int_read() - value of an object of type int
 * @s: the handle
 * @id: the object
 * @value: out
 *
 * The object's type is not looked at, only that its size is that of an int.
 *
 * Return: 0 or a negative errno; -EINVAL: another size.
 */
int singlet_int_read(struct singlet *s, uint64_t id, int64_t *value);

/**
 * singlet_float_read() - value of an object of type float
 * @s: the handle
 * @id: the object
 * @value: out
 *
 * The object's type is not looked at, only that its size is that of a float.
 *
 * Return: 0 or a negative errno; -EINVAL: another size.
 */
int singlet_float_read(struct singlet *s, uint64_t id, double *value);

/*
 * The session's domain
 */

/**
 * singlet_domain_stats() - numbers of the session's domain
 * @s: the handle
 * @stats: out; @size and @flags are filled in
 *
 * Return: 0 or a negative errno.
 */
int singlet_domain_stats(struct singlet *s, struct singlet_stats *stats);

/**
 * singlet_domain_collect() - free idle objects, return empty slabs
 * @s: the handle
 * @result: out; what came back; may be NULL
 *
 * Return: 0 or a negative errno.
 */
int singlet_domain_collect(struct singlet *s, struct singlet_collect *result);

/**
 * singlet_domain_leaks() - some of the plain objects that are still held
 * @s: the handle
 * @session: only those of the session with this number; 0: of all sessions
 * @leaks: out; array; ages are milliseconds
 * @count: room in @leaks, at least 1; more than SINGLET_MAX_BATCH is not used
 * @cursor: in: 0 to start, then what came out; out: 0 at the end
 *
 * What sessions of the caller's user allocated and hold still, by session; to
 * the domain's owner those of all users.  0 entries are not the end; @cursor
 * tells.
 *
 * Return: entries filled or a negative errno; -ENOENT: no such session.
 */
ssize_t singlet_domain_leaks(struct singlet *s, uint32_t session,
			     struct singlet_leak *leaks, size_t count,
			     uint64_t *cursor);

/*
 * Named domains.  They are found by name in the user namespace of whoever
 * opened @s, and permissions are that user's, whoever makes the call.  Names
 * are NUL-terminated UTF-8 of 1 to SINGLET_MAX_NAME bytes.  -ENOENT stands for
 * a domain that does not exist and for one that the user may not know of (its
 * mode has no x for others, say).
 */

/**
 * singlet_domain_create() - create a named domain, join it
 * @s: the handle of any session of the user who is to own it
 * @name: its name
 * @mode: 9 bits as of a directory, for the owner, the group and others: 4 look
 *        up and read, 2 make objects, 1 know that it exists, without which the
 *        others are of no use
 * @flags: SINGLET_DOMAIN_EPHEMERAL: it ends with its last session; or 0
 * @domain: out; a session in it, with all access; a handle of its own, owned
 *          by the caller until singlet_close(), and close-on-exec
 *
 * Without sessions the domain stays, until it is deleted.
 *
 * Return: 0 or a negative errno; -EEXIST: the name is taken, maybe by a domain
 * that the user may not know of; -EDQUOT: the user has too many; -ENOMEM.
 */
int singlet_domain_create(struct singlet *s, const char *name, uint32_t mode,
			  uint32_t flags, struct singlet **domain);

/**
 * singlet_domain_join() - open a session in a named domain
 * @s: the handle of any session of the user who wants to join
 * @name: its name
 * @access: SINGLET_ACCESS_READ, SINGLET_ACCESS_WRITE, or both: all that the new
 *          session will be able to do
 * @domain: out; the session; a handle of its own, owned by the caller until
 *          singlet_close(), and close-on-exec
 *
 * The mode is looked at now and not again: a later change does not end the
 * session.  @s is not changed and may be closed.
 *
 * Return: 0 or a negative errno; -ENOENT; -EACCES: the mode does not allow all
 * of @access; -ENOMEM.
 */
int singlet_domain_join(struct singlet *s, const char *name, uint32_t access,
			struct singlet **domain);

/**
 * singlet_domain_delete() - delete a named domain with all that is in it
 * @s: the handle
 * @name: its name
 * @flags: SINGLET_DELETE_DEFERRED: if there are sessions, take the name away
 *         now and the domain with the last of them, which until then can make
 *         nothing new (-ESTALE); or 0
 *
 * Return: 0 or a negative errno; -ENOENT; -EPERM: not the owner; -EBUSY: it
 * has sessions.
 */
int singlet_domain_delete(struct singlet *s, const char *name, uint32_t flags);

/**
 * singlet_domain_set() - change mode, owner, group or limits of a domain
 * @s: the handle
 * @name: its name; NULL: the session's domain
 * @change: @flags says what to change, the members that go with it to what, the
 *          others are 0; @size, @name and @name_len are filled in.  Limits are
 *          by SINGLET_QUOTA_*, counts or bytes; 0: none
 *
 * All of it is changed, or on failure nothing.  What is in use beyond a new
 * limit stays; what would add to it fails with -EDQUOT.
 *
 * Return: 0 or a negative errno; -ENOENT; -EPERM: not the owner, or only for
 * CAP_SYS_ADMIN; -EINVAL: also a mode, owner or group for a private domain;
 * -EDQUOT: more than the new owner may have.
 */
int singlet_domain_set(struct singlet *s, const char *name,
		       const struct singlet_domain_set *change);

/**
 * singlet_domain_query() - what is known of a domain
 * @s: the handle
 * @name: its name; NULL: the session's domain
 * @info: out; use and limits are counts or bytes, by SINGLET_QUOTA_*
 *
 * Return: 0 or a negative errno; -ENOENT.
 */
int singlet_domain_query(struct singlet *s, const char *name,
			 struct singlet_domain_info *info);

/**
 * singlet_domain_list() - some of the named domains that the user may know of
 * @s: the handle
 * @infos: out; array
 * @count: room in @infos, at least 1; more than SINGLET_MAX_BATCH is not used
 * @cursor: in: 0 to start, then what came out; out: 0 at the end
 *
 * 0 entries are not the end; @cursor tells.
 *
 * Return: entries filled or a negative errno.
 */
ssize_t singlet_domain_list(struct singlet *s,
			    struct singlet_domain_info *infos, size_t count,
			    uint64_t *cursor);

#ifdef __cplusplus
}
#endif

#include "singlet_borrow.h"
#include "singlet_cache.h"

#endif /* _SINGLET_H */
