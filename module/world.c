// SPDX-License-Identifier: GPL-2.0
/* world - the machine's immortal objects; see world.h */
#include "world.h"

#include <linux/completion.h>
#include <linux/string.h>

#include "magazine.h"
#include "object.h"

struct singlet_world singlet_world;

static DECLARE_COMPLETION(world_gone);

static void world_release(struct singlet_pool *pool)
{
	complete(&world_gone);
}

static struct singlet_object *immortal(u32 type, const void *data, u32 len)
{
	struct singlet_object *obj;

	obj = singlet_pool_alloc(&singlet_world.pool, len, GFP_KERNEL);
	if (!obj)
		return NULL;
	memcpy(singlet_object_data(obj), data, len);
	singlet_object_describe(obj, type, len, 0);
	singlet_object_publish(obj, 0);
	singlet_object_make_immortal(obj);
	singlet_count(&singlet_world.counters, STAT_IMMORTAL, 1);
	singlet_world.nr++;
	return obj;
}

/* Return: 0 or -ENOMEM. */
int singlet_world_init(void)
{
	struct singlet_world *w = &singlet_world;
	unsigned int i;
	int err;

	err = singlet_counters_init(&w->counters);
	if (err)
		return err;
	singlet_pool_init(&w->pool, &w->counters, world_release);
	w->pool.id_bits = WORLD_ID;
	w->nr = 0;

	err = -ENOMEM;
	w->none = immortal(SINGLET_TYPE_NONE, NULL, 0);
	if (!w->none)
		goto err_pool;
	for (i = 0; i < ARRAY_SIZE(w->bools); i++) {
		u8 value = i;

		w->bools[i] = immortal(SINGLET_TYPE_BOOL, &value, 1);
		if (!w->bools[i])
			goto err_pool;
	}
	for (i = 0; i < ARRAY_SIZE(w->ints); i++) {
		s64 value = (s64)i + SINGLET_INT_IMMORTAL_MIN;

		w->ints[i] = immortal(SINGLET_TYPE_INT, &value, sizeof(value));
		if (!w->ints[i])
			goto err_pool;
	}
	return 0;

err_pool:
	singlet_world_exit();
	return err;
}

void singlet_world_exit(void)
{
	reinit_completion(&world_gone);
	singlet_pool_destroy(&singlet_world.pool);
	wait_for_completion(&world_gone);
	singlet_slab_flush();	/* the last callback may still be at its end */
	singlet_pool_free_caches(&singlet_world.pool);
	memset(singlet_world.pool.cache, 0, sizeof(singlet_world.pool.cache));
	singlet_counters_destroy(&singlet_world.counters);
}
