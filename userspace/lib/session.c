// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Opening and closing of sessions, and the one place that calls ioctl(2). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cache.h"
#include "internal.h"

int singlet_session_call(struct singlet *s, unsigned long command, void *arg)
{
	return ioctl(s->fd, command, arg) < 0 ? -errno : 0;
}

struct singlet *singlet_session_new(int fd)
{
	struct singlet *s = malloc(sizeof(*s));

	if (s)
		*s = (struct singlet){ .fd = fd };
	return s;
}

int singlet_open_fd(struct singlet **s, int fd, unsigned int flags)
{
	struct singlet *new;

	if (flags)
		return -EINVAL;
	if (fcntl(fd, F_GETFD) < 0)
		return -errno;
	new = singlet_session_new(fd);
	if (!new)
		return -ENOMEM;
	*s = new;
	return 0;
}

int singlet_open_path(struct singlet **s, const char *path, unsigned int flags)
{
	int fd, err;

	if (flags)
		return -EINVAL;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = singlet_open_fd(s, fd, 0);
	if (err)
		close(fd);
	return err;
}

int singlet_open(struct singlet **s, unsigned int flags)
{
	return singlet_open_path(s, SINGLET_DEVICE, flags);
}

void singlet_close(struct singlet *s)
{
	if (!s)
		return;
	if (s->cache)
		singlet_cache_end(s->cache);
	singlet_index_close(s);
	close(s->fd);
	free(s);
}

int singlet_fd(const struct singlet *s)
{
	return s->fd;
}

int singlet_kernel_info(struct singlet *s, struct singlet_info *info)
{
	struct singlet_info arg = { .size = sizeof(arg) };
	int err = singlet_session_call(s, SINGLET_INFO, &arg);

	if (!err)
		*info = arg;
	return err;
}
