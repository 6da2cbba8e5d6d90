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
		return "no such object or type";
	case EEXIST:
		return "exists already";
	case EBUSY:
		return "the type has live objects";
	case EPERM:
		return "sealed or predefined, cannot be changed";
	case EACCES:
		return "no permission";
	case EDQUOT:
		return "over a quota";
	case EOVERFLOW:
		return "too many references";
	case ENOMEM:
		return "out of memory";
	case EINTR:
		return "interrupted";
	case ESTALE:
		return "the domain is being destroyed";
	case ENXIO:
	case ENODEV:
		return "no module behind the device";
	default:
		return "unexpected error";
	}
}
