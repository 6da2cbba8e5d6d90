// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The session of this run: of the device, inherited, or in a named domain. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "domain.h"

static const char *wanted_domain;	/* of -D; NULL: the session's own */

void device_domain(const char *name)
{
	wanted_domain = name;
}

/* The session that 'singlet domain join' passed on to its command. */
static struct singlet *inherit(const char *number)
{
	struct singlet *s;
	uint64_t fd;
	int err = -EBADF;

	if (number_parse(number, 0, INT_MAX, &fd))
		err = singlet_open_fd(&s, fd, 0);
	if (err == -EBADF)
		fail("SINGLET_FD is '%s', which is no open descriptor: unset it, or run this by 'singlet domain join'",
		     number);
	if (err)
		fail("cannot use descriptor %s: %s", number, error_words(err));
	return s;
}

static struct singlet *open_device(void)
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

struct singlet *device_open(const struct command *cmd)
{
	const char *inherited = secure_getenv("SINGLET_FD");
	struct singlet *s, *joined;

	s = inherited && *inherited ? inherit(inherited) : open_device();
	if (!wanted_domain)
		return s;
	joined = domain_join(s, wanted_domain, cmd->access);
	singlet_close(s);
	return joined;
}
