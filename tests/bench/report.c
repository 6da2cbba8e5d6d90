// SPDX-License-Identifier: GPL-2.0
/* report - the figures; see report.h.  One thread at a time adds to it. */
#include "report.h"

#include <linux/mm.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#define REPORT_BYTES	(512 << 10)
#define FILE_NAME	"singlet_bench"

static char *text;
static size_t len;

static int show(struct seq_file *m, void *unused)
{
	seq_write(m, text, len);
	return 0;
}

int bench_report_init(void)
{
	text = kvmalloc(REPORT_BYTES, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	len = 0;
	if (!proc_create_single(FILE_NAME, 0400, NULL, show)) {
		kvfree(text);
		return -ENOMEM;
	}
	return 0;
}

void bench_report_exit(void)
{
	remove_proc_entry(FILE_NAME, NULL);
	kvfree(text);
}

void bench_figure(u64 thousandths, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	len += vscnprintf(text + len, REPORT_BYTES - len, name, args);
	va_end(args);
	len += scnprintf(text + len, REPORT_BYTES - len, " %llu.%03llu\n",
			 thousandths / 1000, thousandths % 1000);
}

void bench_remark(const char *remark, ...)
{
	va_list args;

	len += scnprintf(text + len, REPORT_BYTES - len, "# ");
	va_start(args, remark);
	len += vscnprintf(text + len, REPORT_BYTES - len, remark, args);
	va_end(args);
	len += scnprintf(text + len, REPORT_BYTES - len, "\n");
}
