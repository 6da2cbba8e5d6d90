// SPDX-License-Identifier: GPL-2.0
/*
 * The shrinker, asked by tests.  It is the kernel's to call, and nobody else
 * knows it; so the linker (ld --wrap) leads its registration past here.
 */
#include "suites.h"

#include <linux/shrinker.h>

static struct shrinker *shrinker;

void __wrap_shrinker_register(struct shrinker *s)
{
	shrinker = s;
	__real_shrinker_register(s);
}

static struct shrink_control control(unsigned long nr)
{
	return (struct shrink_control){
		.gfp_mask = GFP_KERNEL,
		.nr_to_scan = nr,
		.nr_scanned = nr,
	};
}

unsigned long suite_shrink_count(void)
{
	struct shrink_control sc = control(0);

	return shrinker->count_objects(shrinker, &sc);
}

unsigned long suite_shrink(unsigned long nr, unsigned long *scanned)
{
	struct shrink_control sc = control(nr);
	unsigned long ret = shrinker->scan_objects(shrinker, &sc);

	if (scanned)
		*scanned = sc.nr_scanned;
	return ret;
}

void suite_shrink_rounds(unsigned int rounds)
{
	unsigned long nr;

	while (rounds--) {
		nr = suite_shrink_count();
		if (nr != SHRINK_EMPTY)
			suite_shrink(nr, NULL);
	}
}
