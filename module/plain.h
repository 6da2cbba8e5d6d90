/* SPDX-License-Identifier: GPL-2.0 */
/*
 * plain - memory by hand, made safe
 *
 * A plain object is its session's alone until it is sealed; then anybody in the
 * domain may take references, and nobody writes any more.  Its id has a
 * generation: to release it twice, or to use it afterwards, is refused.  What a
 * session allocated and holds still is in session->allocs, with the time.
 */
#ifndef SINGLET_PLAIN_H
#define SINGLET_PLAIN_H

#include "session.h"

int singlet_plain_alloc(struct singlet_session *s, u32 type, u32 len, u64 *id);
int singlet_plain_write(struct singlet_session *s, u64 id, u32 offset,
			const void *data, u32 len);
int singlet_plain_seal(struct singlet_session *s, u64 id);

#endif
