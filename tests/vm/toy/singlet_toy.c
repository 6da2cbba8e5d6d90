// SPDX-License-Identifier: GPL-2.0
/*
 * A module that misbehaves on request, so that tests/vm/selftest can see that
 * tests/vm/run notices: write one of the words below to its parameter "act".
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/slab.h>
#include <linux/string.h>

static int toy_overrun(void)
{
	char *bytes = kmalloc(16, GFP_KERNEL);
	volatile size_t at = 16;

	if (!bytes)
		return -ENOMEM;
	bytes[at] = 1;
	kfree(bytes);
	return 0;
}

static int toy_act(const char *word, const struct kernel_param *param)
{
	if (sysfs_streq(word, "warn"))
		WARN(1, "toy warns\n");
	else if (sysfs_streq(word, "panic"))
		panic("toy panics");
	else if (sysfs_streq(word, "pin"))
		__module_get(THIS_MODULE);
	else if (sysfs_streq(word, "overrun"))
		return toy_overrun();
	else
		return -EINVAL;
	return 0;
}

static const struct kernel_param_ops toy_ops = { .set = toy_act };

module_param_cb(act, &toy_ops, NULL, 0200);
MODULE_PARM_DESC(act, "what to do: warn, panic, pin, overrun");

static int __init toy_init(void)
{
	return 0;
}
module_init(toy_init);

static void __exit toy_exit(void)
{
}
module_exit(toy_exit);

MODULE_DESCRIPTION("Misbehaves on request");
MODULE_LICENSE("GPL");
