// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* hold: keeps references until a signal.  alloc --hold waits here too. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "feed.h"
#include "hold.h"
#include "idset.h"
#include "json.h"

static const struct option_spec hold_options[] = {
	FEED_OPTIONS,
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

/*
 * SIGINT and SIGTERM end the wait, even where a shell made a background job
 * ignore SIGINT.  Until the wait they do what they always do.
 */
void hold_prepare(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

void hold_wait(const sigset_t *signals)
{
	int signal;

	/* Whoever reads the line may send the signal at once: it is blocked. */
	output_flush();
	while (sigwait(signals, &signal))
		;
}

static int run(int argc, char **argv)
{
	struct idset ids = { 0 };
	struct feed feed = { .cmd = &cmd_hold, .ids = &ids };
	bool json = false;
	struct singlet *s;
	sigset_t signals;
	size_t objects;
	int key;

	while ((key = options_next(&cmd_hold, argc, argv)) != -1) {
		if (key == 'J')
			json = true;
		else
			feed_option(&feed, key, optarg);
	}
	feed_check(&feed, argc - optind);

	s = device_open();
	feed_run(&feed, s, argv + optind, argc - optind);
	objects = idset_finish(&ids);

	hold_prepare(&signals);
	if (json) {
		json_object_begin(NULL);
		json_u64("objects", objects);
		json_u64("values", feed.values);
		json_u64("failed", feed.failed);
		json_s64("pid", getpid());
		json_object_end();
	} else {
		printf("holding %zu objects (%" PRIu64 " values) as pid %d\n",
		       objects, feed.values, (int)getpid());
	}
	hold_wait(&signals);
	singlet_close(s);
	return feed_status(&feed);
}

const struct command cmd_hold = {
	.name = "hold",
	.args = "[OPTION...] VALUE... | -f FILE",
	.summary = "find or create the objects with these values, hold them until a signal",
	.options = hold_options,
	.run = run,
};
