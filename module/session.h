/* SPDX-License-Identifier: GPL-2.0 */
/*
 * session - one open file on the device and the references it holds
 *
 * However often a session takes an object, it counts once in the object, and
 * the rest in the session's own records; so no user can make an object's
 * count overflow.  Immortal objects are not recorded.
 *
 * Locking: session->mutex protects the records and the bytes of the session's
 * unsealed objects.  It is never held across a copy from or to user space.
 */
#ifndef SINGLET_SESSION_H
#define SINGLET_SESSION_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/singlet.h>

#include "refs.h"

struct singlet_domain;

struct singlet_session {
	struct list_head node;		/* domains_mutex */
	struct singlet_domain *domain;	/* stable */
	struct pid *pid;		/* stable; who opened it */
	u32 number;			/* stable; in its domain; 0: being opened */
	struct mutex mutex;
	struct singlet_refs refs;	/* mutex */
	u64 references;			/* mutex; objects held */
	u64 bytes_logical;		/* mutex; bytes in them */
};

struct singlet_session *singlet_session_open(const struct cred *cred);
void singlet_session_close(struct singlet_session *s);

int singlet_session_intern(struct singlet_session *s, u32 type,
			   const void *data, u32 len, bool create, u64 *id);
void singlet_session_undo_intern(struct singlet_session *s, u64 id,
				 bool created);
int singlet_session_acquire(struct singlet_session *s, u64 id, u32 n);
int singlet_session_release(struct singlet_session *s, u64 id, u32 n,
			    struct singlet_object **last);
void singlet_session_let_go(struct singlet_session *s,
			    struct singlet_object *last);
int singlet_session_adopt(struct singlet_session *s,
			  struct singlet_object *obj, u32 n);
int singlet_session_alloc(struct singlet_session *s, u32 type, u32 len,
			  u64 *id);
int singlet_session_write(struct singlet_session *s, u64 id, u32 offset,
			  const void *data, u32 len);
int singlet_session_seal(struct singlet_session *s, u64 id);
struct singlet_object *singlet_session_get(struct singlet_session *s, u64 id);
int singlet_session_query(struct singlet_session *s, u64 id,
			  struct singlet_query_item *item);
u32 singlet_session_list(struct singlet_session *s, u32 type, u64 *cursor,
			 struct singlet_list_entry *entries, u32 max);

#endif
