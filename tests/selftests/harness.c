// SPDX-License-Identifier: GPL-2.0
/* Runs a program's tests; see harness.h. */
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "harness.h"

#define REAP_SECONDS	60	/* for what was killed to be gone */

enum { PASS = 0, FAIL = 1, SKIP = 77 };

struct shared {
	unsigned int failures;
	char skip[200];
};

static struct harness_test *first, **last = &first;
static struct shared *shared;
static volatile sig_atomic_t late;
static volatile pid_t child;	/* leader of the group of the running test */

void harness_register(struct harness_test *test)
{
	*last = test;
	last = &test->next;
}

/* One write for each line, so that lines of several processes stay whole. */
static void say(const char *prefix, const char *format, va_list list)
{
	char text[600];
	int length;

	length = snprintf(text, sizeof(text), "%s", prefix);
	length += vsnprintf(text + length, sizeof(text) - 1 - length, format,
			    list);
	if (length > (int)sizeof(text) - 2)
		length = sizeof(text) - 2;
	text[length++] = '\n';
	if (write(STDOUT_FILENO, text, length) < 0)
		_exit(FAIL);
}

void harness_fail(const char *file, int line, const char *format, ...)
{
	const char *base = strrchr(file, '/');
	char prefix[100];
	va_list list;

	if (__atomic_fetch_add(&shared->failures, 1, __ATOMIC_SEQ_CST) >=
	    HARNESS_REPORTS)
		return;
	snprintf(prefix, sizeof(prefix), "# %s:%d: ", base ? base + 1 : file,
		 line);
	va_start(list, format);
	say(prefix, format, list);
	va_end(list);
}

void harness_note(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say("# ", format, list);
	va_end(list);
}

void harness_skip(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(shared->skip, sizeof(shared->skip), format, list);
	va_end(list);
	_exit(SKIP);
}

unsigned int harness_failures(void)
{
	return __atomic_load_n(&shared->failures, __ATOMIC_SEQ_CST);
}

void harness_stop(void)
{
	_exit(FAIL);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void run_child(struct harness_test *test)
{
	setpgid(0, 0);
	signal(SIGALRM, SIG_DFL);
	if (test->setup)
		test->setup(NULL);
	if (!harness_failures())
		test->run(NULL);
	if (test->teardown && !harness_failures())
		test->teardown(NULL);
	_exit(harness_failures() ? FAIL : PASS);
}

static void on_alarm(int number)
{
	(void)number;
	late = true;
	kill(-child, SIGKILL);
}

/*
 * Ends what a test left behind, and waits until it is gone: the next test shall
 * not see its sessions.  False: something is still there.
 */
static bool end_group(pid_t group)
{
	double end = now() + REAP_SECONDS;
	pid_t pid;

	kill(-group, SIGKILL);
	/* They are this process's children now: it is their reaper. */
	while ((pid = waitpid(-group, NULL, WNOHANG)) >= 0 || errno == EINTR) {
		if (pid > 0)
			continue;
		if (now() > end)
			return false;
		usleep(1000);
	}
	return true;
}

static int run_test(struct harness_test *test, const char *program, int number)
{
	const char *factor = getenv("SINGLET_TIMEOUT");
	double seconds = test->timeout * (factor ? atof(factor) : 1);
	double start = now();
	int status, result;
	bool gone;

	memset(shared, 0, sizeof(*shared));
	late = false;
	child = fork();
	if (child < 0) {
		perror("# fork");
		return FAIL;
	}
	if (child == 0)
		run_child(test);
	setpgid(child, child);
	alarm((unsigned int)seconds + 1);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	alarm(0);
	gone = end_group(child);

	if (late) {
		printf("# no end after %.0f seconds\n", seconds);
		result = FAIL;
	} else if (WIFSIGNALED(status)) {
		printf("# killed by signal %d (%s)\n", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
		result = FAIL;
	} else {
		result = WEXITSTATUS(status);
	}
	if (!gone) {
		printf("# a process of the test does not end\n");
		result = FAIL;
	}
	if (shared->failures || (result != PASS && result != SKIP))
		result = FAIL;
	if (shared->failures > HARNESS_REPORTS)
		printf("# and %u more\n", shared->failures - HARNESS_REPORTS);
	printf("%sok %d - %s.%s", result == FAIL ? "not " : "", number,
	       program, test->name);
	if (result == SKIP)
		printf(" # SKIP %s", shared->skip);
	printf("\n# %.2f s\n", now() - start);
	return result;
}

static bool wanted(struct harness_test *test, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], test->name))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	const char *program = strrchr(argv[0], '/');
	int count = 0, number = 0, skipped = 0, failed = 0;
	struct harness_test *test;

	program = program ? program + 1 : argv[0];
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "-l")) {
		for (test = first; test; test = test->next)
			printf("%s.%s\n", program, test->name);
		return PASS;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return FAIL;
	signal(SIGALRM, on_alarm);
	prctl(PR_SET_CHILD_SUBREAPER, 1);

	for (test = first; test; test = test->next)
		count += wanted(test, argc, argv);
	if (!count) {
		fprintf(stderr, "%s: no such test\n", program);
		return FAIL;
	}
	printf("TAP version 13\n1..%d\n", count);
	for (test = first; test; test = test->next) {
		int result;

		if (!wanted(test, argc, argv))
			continue;
		result = run_test(test, program, ++number);
		failed += result == FAIL;
		skipped += result == SKIP;
	}
	if (failed)
		return FAIL;
	return skipped == count ? SKIP : PASS;
}
