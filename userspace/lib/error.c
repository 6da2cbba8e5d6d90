// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The errnos of <linux/singlet.h> in words. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

const char *singlet_error_text(int error)
{
	switch (abs(error)) {
	case 0:
		return "success";
	case ENOTTY:
		return "not a singlet device, or a command that it does not know";
	case EINVAL:
		return "not a valid argument, or a value of the wrong shape for its type";
	case E2BIG:
		return "more than this kernel's singlet knows";
	case EFAULT:
		return "memory that cannot be accessed";
	case EMSGSIZE:
		return "longer than the type or the system allows";
	case EILSEQ:
		return "not UTF-8 text";
	case ENOENT:
		return "no such object, type or domain";
	case EEXIST:
		return "exists already";
	case EBUSY:
		return "in use: release the type's objects, or leave the domain, first";
	case EPERM:
		return "not the domain's owner, or sealed or predefined for good";
	case EACCES:
		return "no permission: the device, the domain's mode or the session's access refuses";
	case EDQUOT:
		return "over a quota: release or collect objects, or raise the limit";
	case EALREADY:
		return "has a reference cache already";
	case EOPNOTSUPP:
		return "for handles with a reference cache only";
	case EOVERFLOW:
		return "too many references";
	case ENOMEM:
		return "out of memory";
	case EINTR:
		return "interrupted";
	case ESTALE:
		return "the domain was deleted: nothing new can be made in it, leave it";
	case ENXIO:
	case ENODEV:
		return "no module behind the device";
	default:
		return "unexpected error";
	}
}
