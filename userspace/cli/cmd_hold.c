// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * hold: keeps references until a signal, or for good by pins.  alloc --hold
 * waits here too.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "feed.h"
#include "hold.h"
#include "idset.h"
#include "json.h"
#include "pin.h"

enum { KEY_PIN = 256 };

static const struct option_spec hold_options[] = {
	FEED_OPTIONS,
	{ KEY_PIN, "pin", NULL, "pin the objects in the domain and end, instead of waiting" },
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

static void say_holding(const struct feed *feed, size_t objects, bool json)
{
	if (!json) {
		printf("holding %zu objects (%" PRIu64 " values) as pid %d\n",
		       objects, feed->values, (int)getpid());
		return;
	}
	json_object_begin(NULL);
	json_u64("objects", objects);
	json_u64("values", feed->values);
	json_u64("failed", feed->failed);
	json_s64("pid", getpid());
	json_object_end();
}

static void say_pinned(const struct feed *feed, size_t objects, bool json)
{
	if (!json) {
		printf("pinned %zu objects (%" PRIu64 " values), until 'singlet unpin'\n",
		       objects, feed->values);
		return;
	}
	json_object_begin(NULL);
	json_u64("pinned", objects);
	json_u64("values", feed->values);
	json_u64("failed", feed->failed);
	json_object_end();
}

/* Pins what the session holds, so that it may end. */
static int pin_all(const struct feed *feed, struct singlet *s,
		   const struct idset *ids, bool json)
{
	struct pin pin = { .times = 1 };

	pin_objects(&pin, s, ids->ids, ids->count);
	pin_finish(&pin);
	say_pinned(feed, ids->count - pin.failed, json);
	output_flush();
	return pin.failed ? STATUS_FAILURE : feed_status(feed);
}

static int wait_for_end(const struct feed *feed, size_t objects, bool json)
{
	sigset_t signals;

	hold_prepare(&signals);
	say_holding(feed, objects, json);
	hold_wait(&signals);
	return feed_status(feed);
}

static int run(int argc, char **argv)
{
	struct idset ids = { 0 };
	struct feed feed = { .cmd = &cmd_hold, .ids = &ids };
	bool json = false, pin = false;
	struct singlet *s;
	int key, status;

	while ((key = options_next(&cmd_hold, argc, argv)) != -1) {
		if (key == 'J')
			json = true;
		else if (key == KEY_PIN)
			pin = true;
		else
			feed_option(&feed, key, optarg);
	}
	feed_check(&feed, argc - optind);

	s = device_open(&cmd_hold);
	feed_run(&feed, s, argv + optind, argc - optind);
	idset_settle(&ids);
	if (pin) {
		status = pin_all(&feed, s, &ids, json);
		idset_free(&ids);
	} else {
		size_t objects = ids.count;

		idset_free(&ids);
		status = wait_for_end(&feed, objects, json);
	}
	singlet_close(s);
	return status;
}

const struct command cmd_hold = {
	.name = "hold",
	.args = "[OPTION...] VALUE... | -f FILE",
	.summary = "find or create the objects with these values, hold them until a signal",
	.options = hold_options,
	.access = ACCESS_BOTH,
	.run = run,
};
