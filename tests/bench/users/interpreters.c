// SPDX-License-Identifier: GPL-2.0
/*
 * Language runtimes that keep strings once: a script does everything and looks at
 * the clock inside, less what its loop takes with a call that does nothing.
 */
#include "users.h"

const struct subject sysintern = {
	.name = "sysintern",
	.lacks = "CPython's sys.intern(): one process; a new label is not copied, its string is kept",
	.script = (const char *const[]){ "python3", "sysintern.py", NULL },
};

const struct subject apcu = {
	.name = "apcu",
	.lacks = "PHP's APCu: apcu_add() and apcu_fetch() under a lock for all; nobody counts",
	.script = (const char *const[]){
		"php", "-dmemory_limit=-1", "-dapc.enabled=1",
		"-dapc.enable_cli=1", "-dapc.shm_size=512M",
		/* Entries without a limit of time need no clock. */
		"-dapc.entries_hint=262144", "-dapc.use_request_time=1",
		"apcu.php", NULL },
};
