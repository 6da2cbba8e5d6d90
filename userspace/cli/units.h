/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Sizes and times as text. */
#ifndef UNITS_H
#define UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number; K, M, G ... or k, KiB ... behind it are powers of 1024. */
bool size_parse(const char *text, uint64_t *bytes);
/* 1023B, 1K, 1.5K ... as in other tools that list sizes. */
void size_format(uint64_t bytes, char *out, size_t room);
/* 0.2s, 1m05s, 3h20m, 2d04h */
void age_format(uint64_t milliseconds, char *out, size_t room);

#endif /* UNITS_H */
