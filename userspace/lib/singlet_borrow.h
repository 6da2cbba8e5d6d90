/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Borrowing: part of <singlet.h>, which includes this file.
 *
 * To find a value, read it and be done with it needs no system call, no
 * reference and no memory of the process: the kernel's table and the values are
 * mapped, and what is being read is written down in a page that the kernel looks
 * at before it frees anything.  This is for programs that look up values which
 * others made, at any time and in any number.
 *
 * What is borrowed stays what it is until it is given back: its bytes, where they
 * are, and its id.  It is no reference: to keep an object for long, acquire it
 * while it is borrowed (singlet_object_acquire()).  Up to SINGLET_BORROWS
 * objects can be borrowed in a session at a time without a system call.
 *
 * Whatever cannot be had so is asked of the kernel, and a reference held until
 * the borrow is ended: beyond that number; the machine's own objects (small
 * ints, bools, none); large values; where nothing can be mapped; a value that
 * is not there, to be sure.  The caller sees no difference but the time.
 *
 * All functions may be called by any number of threads.  One borrow is one
 * thread's at a time, and may be ended by another than the one that began it.
 *
 * fork(): the child begins anew.  What its parent had borrowed then is not
 * borrowed in the child: it must not be read there, and ending it there does
 * nothing to the parent's.  Without a reference cache the session is shared, and
 * what one of the two leaves borrowed when it is killed stays so until both have
 * closed it.  vfork(), posix_spawn(), _Fork() and clone() do nothing of this:
 * such a child must not use the handle.  Nor may handlers of pthread_atfork().
 */
#ifndef _SINGLET_BORROW_API_H
#define _SINGLET_BORROW_API_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct singlet;
struct singlet_intern_item;

/**
 * struct singlet_borrow - an object that is borrowed
 * @data: the value's first byte, aligned to 8 bytes; read-only memory.  No NUL
 *        is behind it
 * @len: bytes in the value
 * @id: the object
 * @type: its type
 *
 * The caller's memory, which may be copied as long as one copy only is ended.
 * The other members are the library's.
 */
struct singlet_borrow {
	const void *data;
	size_t len;
	uint64_t id;
	uint32_t type;
	/* private: */
	uint32_t forks;		/* of the process that borrowed it */
	uint64_t *slot;		/* where it says so; NULL: a reference */
	void *copy;		/* of the value, or NULL */
};

/**
 * singlet_borrow_value() - find a value and borrow its object
 * @s: the handle
 * @type: a type of kind value or single
 * @data: the value's bytes, which are read here: a bad pointer is a crash and no
 *        -EFAULT; not read when @len is 0
 * @len: how many
 * @b: out; the object, to be ended with singlet_borrow_end()
 *
 * The first call of a session maps its domain.
 *
 * Return: 0; -ENOENT: there is none; or an error as singlet_object_lookup(),
 * or -ENOMEM.
 */
int singlet_borrow_value(struct singlet *s, uint32_t type, const void *data,
			 size_t len, struct singlet_borrow *b);

/**
 * singlet_borrow_str() - find a text and borrow its object
 * @s: the handle
 * @text: NUL-terminated UTF-8
 * @b: out; the object, to be ended with singlet_borrow_end()
 *
 * Return: as singlet_borrow_value().
 */
int singlet_borrow_str(struct singlet *s, const char *text,
		       struct singlet_borrow *b);

/**
 * singlet_borrow_id() - borrow an object that is known by its id
 * @s: the handle
 * @id: the object
 * @b: out; the object, to be ended with singlet_borrow_end()
 *
 * Of a plain object that is being written @b->data is what was written.
 *
 * Return: 0; -ENOENT: there is no such object any more; or an error as
 * singlet_object_acquire(), or -ENOMEM.
 */
int singlet_borrow_id(struct singlet *s, uint64_t id,
		      struct singlet_borrow *b);

/**
 * singlet_borrow_end() - give back what was borrowed
 * @s: the handle that it was borrowed with
 * @b: the object
 *
 * A second time does nothing.  With singlet_close() all borrows of a handle are
 * over, and this must not be called any more.
 */
void singlet_borrow_end(struct singlet *s, struct singlet_borrow *b);

/**
 * singlet_batch_borrow() - borrow the objects of many values
 * @s: the handle
 * @items: in: type, data and len of each value; the data as of
 *         singlet_borrow_value().  Out: id, and result: 0, or an errno as
 *         singlet_borrow_value() has it
 * @borrows: out; the objects of those items whose result is 0, to be ended
 * @count: how many, at least 1
 *
 * Faster than one by one, as what is looked at is fetched for several at a time.
 *
 * Return: how many items were dealt with, from the first on, fewer than @count
 * only if the kernel had to be asked and a signal came; or a negative errno, and
 * none was.  What is behind them is not borrowed.
 */
ssize_t singlet_batch_borrow(struct singlet *s,
			     struct singlet_intern_item *items,
			     struct singlet_borrow *borrows, size_t count);

/**
 * singlet_batch_borrow_end() - give back many
 * @s: the handle that they were borrowed with
 * @borrows: objects; those that are ended already, and such of all zeros, do not
 *           matter
 * @count: how many
 */
void singlet_batch_borrow_end(struct singlet *s,
			      struct singlet_borrow *borrows, size_t count);

#ifdef __cplusplus
}
#endif

#endif /* _SINGLET_BORROW_API_H */
