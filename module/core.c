// SPDX-License-Identifier: GPL-2.0
/* core - beginning and end of the layers up to session; see core.h */
#include "core.h"

#include <linux/kernel.h>

#include "api.h"
#include "domain.h"
#include "heat.h"
#include "idle.h"
#include "pins.h"
#include "reclaim.h"
#include "size.h"
#include "slab.h"
#include "space.h"
#include "store.h"
#include "world.h"

/* From below; each may use only what stands before it. */
static const struct {
	int (*init)(void);
	void (*exit)(void);
} layers[] = {
	{ singlet_space_init, singlet_space_exit },
	{ singlet_sizes_init },
	{ singlet_idle_init, singlet_idle_exit },
	{ singlet_slab_init, singlet_slab_exit },
	{ singlet_heat_start, singlet_heat_stop },
	{ singlet_world_init, singlet_world_exit },
	{ singlet_store_init, singlet_store_exit },
	{ singlet_reclaim_init, singlet_reclaim_exit },
	{ singlet_pins_init, singlet_domains_destroy },
	{ singlet_api_init, singlet_api_exit },
};

static void exit_below(unsigned int i)
{
	while (i--)
		if (layers[i].exit)
			layers[i].exit();
}

/* Return: 0 or -ENOMEM; then nothing is left behind. */
int singlet_core_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(layers); i++) {
		err = layers[i].init ? layers[i].init() : 0;
		if (err) {
			exit_below(i);
			return err;
		}
	}
	return 0;
}

/* Nobody uses a domain, a store or an object any more. */
void singlet_core_exit(void)
{
	exit_below(ARRAY_SIZE(layers));
}
