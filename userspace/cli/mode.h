/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The nine bits of a domain's mode as text. */
#ifndef MODE_H
#define MODE_H

#include <stdbool.h>
#include <stdint.h>

#define MODE_TEXT 10		/* bytes for "rwxr-x---" and a NUL */

void mode_format(uint32_t mode, char out[MODE_TEXT]);
/*
 * Takes 0640, rw-r----- or, to change @old, u+rw,g=r and the like as chmod(1)
 * does; without u, g, o or a all three are meant, whatever the umask.
 */
bool mode_parse(const char *text, uint32_t old, uint32_t *mode);

#endif /* MODE_H */
