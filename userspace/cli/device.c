// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The session of this run, and names for the numbers of the ABI. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct singlet *device_open(void)
{
	const char *path = secure_getenv("SINGLET_DEVICE");
	struct singlet *s;
	int err;

	if (!path || !*path)
		path = SINGLET_DEVICE;
	err = singlet_open_path(&s, path, 0);
	switch (-err) {
	case 0:
		return s;
	case ENOENT:
	case ENXIO:
	case ENODEV:
		fail("no %s: is the module loaded? try: sudo insmod module/singlet.ko",
		     path);
	case EACCES:
	case EPERM:
		fail("no permission for %s: run as root or join its group (ls -l %s)",
		     path, path);
	default:
		fail("cannot open %s: %s", path, strerror(-err));
	}
}

void type_resolve(struct singlet *s, const char *text,
		  struct singlet_type_info *info)
{
	uint64_t number;
	int err;

	if (*text && !text[strspn(text, "0123456789")]) {
		if (!number_parse(text, 0, UINT32_MAX, &number))
			err = -ENOENT;
		else
			err = singlet_type_get(s, number, info);
	} else {
		err = singlet_type_find(s, text, info);
	}
	/* What cannot be a name or number is no type either. */
	if (err == -ENOENT || err == -EINVAL || err == -EMSGSIZE ||
	    err == -EILSEQ)
		fail("no type '%s': see 'singlet type list' and 'singlet type create'",
		     text);
	if (err)
		fail("type '%s': %s", text, error_words(err));
}

const char *kind_name(uint32_t kind)
{
	switch (kind) {
	case SINGLET_KIND_VALUE:
		return "value";
	case SINGLET_KIND_SINGLE:
		return "single";
	case SINGLET_KIND_PLAIN:
		return "plain";
	default:
		return "unknown";
	}
}

const char *state_name(uint32_t state)
{
	switch (state) {
	case SINGLET_STATE_LIVE:
		return "live";
	case SINGLET_STATE_IDLE:
		return "idle";
	case SINGLET_STATE_IMMORTAL:
		return "immortal";
	case SINGLET_STATE_UNSEALED:
		return "unsealed";
	default:
		return "unknown";
	}
}
