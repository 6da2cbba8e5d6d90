/* SPDX-License-Identifier: GPL-2.0 */
/*
 * proc - /proc/singlet: read-only views
 *
 *   stats     one "name value" a line: the members of struct singlet_stats
 *   types     one line per type
 *   slabs     one line per size class in use
 *   sessions  one line per open session
 *
 * Who opened the file with CAP_SYS_ADMIN in the initial user namespace sees
 * all domains (and in stats their sum), everybody else the own private domain
 * only.  No value, hash or address is ever shown.
 */
#ifndef SINGLET_PROC_H
#define SINGLET_PROC_H

int singlet_proc_init(void);
void singlet_proc_exit(void);

#endif
