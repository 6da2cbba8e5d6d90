// SPDX-License-Identifier: GPL-2.0
/* The module: starts the layers from below and ends them from above. */
#include <linux/module.h>

#include "core.h"
#include "dev.h"
#include "proc.h"

static int __init singlet_init(void)
{
	int err;

	err = singlet_core_init();
	if (err)
		return err;
	err = singlet_proc_init();
	if (err)
		goto err_core;
	err = singlet_dev_init();
	if (err)
		goto err_proc;
	return 0;

err_proc:
	singlet_proc_exit();
err_core:
	singlet_core_exit();
	return err;
}

/* No file on the device is open: each holds a use of the module. */
static void __exit singlet_exit(void)
{
	singlet_dev_exit();
	singlet_proc_exit();
	singlet_core_exit();
}

module_init(singlet_init);
module_exit(singlet_exit);

MODULE_DESCRIPTION("Refcounted object cache with shared immutable singleton slabs");
MODULE_AUTHOR("The singlet authors");
MODULE_LICENSE("GPL");
