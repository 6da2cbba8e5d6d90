// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail.
 *
 * The kernel's fault injection fails the n-th allocation of a task that asks
 * for it; n grows until the operation has no n-th one.  By default the kernel
 * injects nothing where GFP_KERNEL is asked for: tests/kunit/run turns that off.
 */
#include "suites.h"

#include <linux/sched.h>

#ifdef CONFIG_FAULT_INJECTION
void suite_fail_nth(unsigned int n)
{
	WRITE_ONCE(current->fail_nth, n);
}

bool suite_injected(void)
{
	bool was = !READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return was;
}
#else
void suite_fail_nth(unsigned int n)
{
}

bool suite_injected(void)
{
	return false;
}
#endif

int suite_faults_init(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "the kernel has no fault injection");
	return 0;
}

void suite_expect_faults(struct kunit *test, unsigned int faults,
			 unsigned int n)
{
	KUNIT_EXPECT_LT(test, n, SUITE_NTH_MAX);
	if (!faults)
		kunit_skip(test, "no fault was injected: see tests/kunit/run");
	kunit_info(test, "%u faults in %u runs", faults, n);
}
