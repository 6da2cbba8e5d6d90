/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inspect - what a session can see of its domain's objects without changing them
 */
#ifndef SINGLET_INSPECT_H
#define SINGLET_INSPECT_H

#include "session.h"

int singlet_inspect_query(struct singlet_session *s, u64 id,
			  struct singlet_query_item *item);
u32 singlet_inspect_list(struct singlet_session *s, u32 type, u64 *cursor,
			 struct singlet_list_entry *entries, u32 max);
int singlet_inspect_leaks(struct singlet_session *s,
			  const struct singlet_caller *caller, u32 number,
			  u64 *cursor, struct singlet_leak *entries, u32 max);

#endif
