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

#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/xarray.h>
#include <uapi/linux/singlet.h>

#include "named.h"
#include "refs.h"

struct singlet_wish;

#define SESSION_ACCESS_ALL	(SINGLET_ACCESS_READ | SINGLET_ACCESS_WRITE)

struct singlet_session {
	struct singlet_domain *domain;	/* stable */
	struct singlet_user *user;	/* who pays; pins': domains_mutex */
	struct singlet_account account;	/* of the references */
	u32 access;			/* stable; SINGLET_ACCESS_* */
	struct pid *pid;		/* stable; who opened it */
	u32 number;			/* stable; in its domain; pins: 0 */
	struct mutex mutex;
	struct singlet_refs refs;	/* mutex */
	bool closed;			/* mutex; the records are being dropped */
	u64 references;			/* mutex; objects held */
	struct xarray allocs;		/* mutex; handle to when, of plain ones */
	u64 bytes_logical;		/* mutex; bytes in them */
	struct singlet_borrows *borrows;	/* stable once set; or NULL */
};

struct singlet_session *singlet_session_open(const struct singlet_caller *caller);
struct singlet_session *singlet_session_create(const struct singlet_caller *caller,
					       struct singlet_name name,
					       u32 mode, u32 flags);
struct singlet_session *singlet_session_join(const struct singlet_caller *caller,
					     struct singlet_name name,
					     u32 access);
void singlet_session_close(struct singlet_session *s);

/* For what else is a session, or gives it references. */
struct singlet_session *singlet_session_new(struct singlet_domain *domain,
					    kuid_t uid, u32 access);
void singlet_session_drop(struct singlet_session *s);
void singlet_session_free(struct singlet_session *s);
int singlet_session_record(struct singlet_session *s,
			   struct singlet_object *obj, u32 n);
struct singlet_object *singlet_session_own(struct singlet_session *s, u64 id);

int singlet_session_intern(struct singlet_session *s, u32 type,
			   const void *data, u32 len, bool create, u64 *id);
void singlet_session_intern_many(struct singlet_session *s,
				 struct singlet_wish *wish, unsigned int nr,
				 bool create);
void singlet_session_undo_intern(struct singlet_session *s, u64 id,
				 bool created);
int singlet_session_acquire(struct singlet_session *s, u64 id, u32 n);
int singlet_session_release(struct singlet_session *s, u64 id, u32 n,
			    struct singlet_object **last);
void singlet_session_let_go(struct singlet_session *s,
			    struct singlet_object *last);
void singlet_session_take_back(struct singlet_session *s,
			       struct singlet_object *last, u32 n);
struct singlet_object *singlet_session_get(struct singlet_session *s, u64 id);
struct singlet_borrows *singlet_session_borrows(struct singlet_session *s);
u32 singlet_session_held(struct singlet_session *s, u64 id);

#endif
