/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cmd - what the handlers of commands have in common
 *
 * A handler finds its structure copied in, validates it, acts, and leaves in it
 * what is copied out.  It may copy what the structure points to.
 */
#ifndef SINGLET_CMD_H
#define SINGLET_CMD_H

#include <linux/fs.h>
#include <uapi/linux/singlet.h>

#include "session.h"

union argument {
	u32 size;
	struct singlet_info info;
	struct singlet_type_create type_create;
	struct singlet_type_delete type_delete;
	struct singlet_type_query type_query;
	struct singlet_type_list type_list;
	struct singlet_batch batch;
	struct singlet_stats stats;
	struct singlet_collect collect;
	struct singlet_list list;
	struct singlet_domain_create domain_create;
	struct singlet_domain_join domain_join;
	struct singlet_domain_delete domain_delete;
	struct singlet_domain_set domain_set;
	struct singlet_domain_query domain_query;
	struct singlet_domain_list domain_list;
	struct singlet_leaks leaks;
};

/* A command at work. */
struct call {
	struct singlet_session *session;
	struct singlet_caller caller;	/* for commands that ask */
	unsigned int cmd;
	struct file *file;		/* out; a new session's, or NULL */
	int fd;				/* out; reserved for @file */
	char name[SINGLET_MAX_NAME];	/* of singlet_cmd_name() */
};

int singlet_cmd_room(u32 count, u32 entry_size, u32 known);
int singlet_cmd_entry(u64 array, u32 index, u32 entry_size, const void *entry,
		      u32 known);
int singlet_cmd_name(struct call *call, u64 from, u32 len,
		     struct singlet_name *name);

int singlet_cmd_type_create(struct call *call, union argument *arg);
void singlet_cmd_type_undo(struct call *call, const union argument *arg);
int singlet_cmd_type_delete(struct call *call, union argument *arg);
int singlet_cmd_type_query(struct call *call, union argument *arg);
int singlet_cmd_type_list(struct call *call, union argument *arg);

int singlet_cmd_domain_create(struct call *call, union argument *arg);
void singlet_cmd_domain_undo(struct call *call, const union argument *arg);
int singlet_cmd_domain_join(struct call *call, union argument *arg);
int singlet_cmd_domain_delete(struct call *call, union argument *arg);
int singlet_cmd_domain_set(struct call *call, union argument *arg);
int singlet_cmd_domain_query(struct call *call, union argument *arg);
int singlet_cmd_domain_list(struct call *call, union argument *arg);

int singlet_cmd_info(struct call *call, union argument *arg);
int singlet_cmd_stats(struct call *call, union argument *arg);
int singlet_cmd_collect(struct call *call, union argument *arg);
int singlet_cmd_list(struct call *call, union argument *arg);
int singlet_cmd_leaks(struct call *call, union argument *arg);

#endif
