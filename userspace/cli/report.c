// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Messages, exit status, and the end of standard output. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/*
 * Messages repeat what the user wrote; whatever that is, one line comes out
 * and nothing that a terminal would obey.
 */
void report_va(const char *format, va_list args)
{
	char line[8192], *c;

	vsnprintf(line, sizeof(line), format, args);
	for (c = line; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	/* What was said on standard output comes before what went wrong. */
	fflush(stdout);
	fprintf(stderr, "singlet: %s\n", line);
}

void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_va(format, args);
	va_end(args);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_va(format, args);
	va_end(args);
	exit(STATUS_FAILURE);
}

const char *error_words(int error)
{
	switch (abs(error)) {
	case EACCES:
		return "this session may not (see 'singlet info' and 'singlet domain show')";
	case EDQUOT:
		return "over a quota (see 'singlet domain show' and 'singlet domain limit')";
	case ENOTTY:
	case EINVAL:
	case E2BIG:
	case EFAULT:
	case EMSGSIZE:
	case EILSEQ:
	case ENOENT:
	case EEXIST:
	case EBUSY:
	case EPERM:
	case EOVERFLOW:
	case ENOMEM:
	case EINTR:
	case ESTALE:
		return singlet_error_text(error);
	default:
		return strerror(abs(error));
	}
}

/* Why a write failed; @error may have come from something since. */
static const char *write_reason(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EIO:
	case EPIPE:
	case EBADF:
		return strerror(error);
	default:
		return "an earlier write failed";
	}
}

void output_flush(void)
{
	int earlier = errno;

	if (ferror(stdout))
		fail("cannot write to standard output: %s",
		     write_reason(earlier));
	if (fflush(stdout))
		fail("cannot write to standard output: %s", strerror(errno));
}
