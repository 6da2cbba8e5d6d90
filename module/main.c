// SPDX-License-Identifier: GPL-2.0
/* The module: starts the layers from below and ends them from above. */
#include <linux/module.h>

#include "dev.h"
#include "domain.h"
#include "proc.h"
#include "reclaim.h"
#include "size.h"
#include "slab.h"
#include "store.h"
#include "world.h"

static int __init singlet_init(void)
{
	int err;

	singlet_sizes_init();
	err = singlet_slab_init();
	if (err)
		return err;
	err = singlet_world_init();
	if (err)
		goto err_slab;
	err = singlet_store_init();
	if (err)
		goto err_world;
	err = singlet_reclaim_init();
	if (err)
		goto err_store;
	err = singlet_proc_init();
	if (err)
		goto err_reclaim;
	err = singlet_dev_init();
	if (err)
		goto err_proc;
	return 0;

err_proc:
	singlet_proc_exit();
err_reclaim:
	singlet_reclaim_exit();
err_store:
	singlet_store_exit();
err_world:
	singlet_world_exit();
err_slab:
	singlet_slab_exit();
	return err;
}

/* No file on the device is open: each holds a use of the module. */
static void __exit singlet_exit(void)
{
	singlet_dev_exit();
	singlet_proc_exit();
	singlet_domains_destroy();
	singlet_reclaim_exit();
	singlet_store_exit();
	singlet_world_exit();
	singlet_slab_exit();
}

module_init(singlet_init);
module_exit(singlet_exit);

MODULE_DESCRIPTION("Refcounted object cache with shared immutable singleton slabs");
MODULE_AUTHOR("The singlet authors");
MODULE_LICENSE("GPL");
