/* SPDX-License-Identifier: GPL-2.0 */
/* utf8 - is this UTF-8? */
#ifndef SINGLET_UTF8_H
#define SINGLET_UTF8_H

#include <linux/types.h>

bool singlet_utf8_valid(const void *text, size_t len);

#endif
