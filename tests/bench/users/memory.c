// SPDX-License-Identifier: GPL-2.0
/* Memory, as the kernel counts it. */
#include "users.h"

#include <stdio.h>

/* The number in a file's line "NAME: NUMBER kB", as bytes; 0: none. */
static double number_in(const char *path, const char *format)
{
	FILE *file = fopen(path, "r");
	unsigned long kib = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, format, &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib * 1024.0;
}

double pss_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	return number_in(path, "Pss: %lu");
}

double shared_and_slabs(void)
{
	return number_in("/proc/meminfo", "Shmem: %lu") +
	       number_in("/proc/meminfo", "Slab: %lu");
}
