/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report - the figures, to be read from /proc/singlet_bench
 *
 * One line a figure: a name without blanks, and a value with three decimals.
 * A line that begins with "#" is a remark for the reader.
 */
#ifndef SINGLET_BENCH_REPORT_H
#define SINGLET_BENCH_REPORT_H

#include <linux/types.h>

int bench_report_init(void);
void bench_report_exit(void);

__printf(2, 3) void bench_figure(u64 thousandths, const char *name, ...);
__printf(1, 2) void bench_remark(const char *text, ...);

#endif
