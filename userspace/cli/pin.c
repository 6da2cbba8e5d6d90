// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Pinning and unpinning of many objects. */
#include <errno.h>
#include <inttypes.h>

#include "pin.h"

#define BATCH		SINGLET_MAX_BATCH
#define REPORTS_MAX	100	/* failures that are told one by one */

void pin_fail(struct pin *pin, const char *what, const char *why)
{
	if (pin->failed++ < REPORTS_MAX)
		report("cannot %s %s: %s", pin->undo ? "unpin" : "pin", what,
		       why);
}

void pin_finish(const struct pin *pin)
{
	if (pin->failed > REPORTS_MAX)
		report("%zu objects could not be %s", pin->failed,
		       pin->undo ? "unpinned" : "pinned");
}

static const char *reason(const struct pin *pin, uint32_t error)
{
	switch (error) {
	case EPERM:
		return "that takes the domain's owner (see 'singlet domain show')";
	case ENOENT:
		return pin->undo ? "there is none with this id, or it is not pinned" :
				   "there is none with this id";
	case EINVAL:
		return pin->undo ? "it is not pinned that often" :
				   error_words(EINVAL);
	default:
		return error_words(error);
	}
}

/* Deals with all items; what stops all of them ends the program. */
static void call(const struct pin *pin, struct singlet *s,
		 struct singlet_ref_item *items, size_t count)
{
	size_t done = 0;

	while (done < count) {
		ssize_t n = pin->undo ?
			singlet_batch_unpin(s, items + done, count - done) :
			singlet_batch_pin(s, items + done, count - done);

		if (n == -EINTR)
			continue;
		if (n < 0)
			fail("cannot %s: %s", pin->undo ? "unpin" : "pin",
			     reason(pin, -n));
		done += n;
	}
}

/* How often the objects are pinned goes to the items' counts. */
static void count_pins(struct singlet *s, struct singlet_ref_item *items,
		       size_t count)
{
	struct singlet_query_item query;
	size_t i;

	for (i = 0; i < count; i++) {
		int err = singlet_object_query(s, items[i].id, &query);

		/* Of none that is pinned one pin is asked for, and refused. */
		items[i].count = err || !query.pins ? 1 : query.pins;
	}
}

static void pin_batch(struct pin *pin, struct singlet *s, const uint64_t *ids,
		      size_t count)
{
	static struct singlet_ref_item items[BATCH];
	char what[40];
	size_t i;

	for (i = 0; i < count; i++)
		items[i] = (struct singlet_ref_item){
			.id = ids[i], .count = pin->times,
		};
	if (pin->all)
		count_pins(s, items, count);
	call(pin, s, items, count);
	for (i = 0; i < count; i++) {
		if (!items[i].result)
			continue;
		snprintf(what, sizeof(what), "object %" PRIu64, ids[i]);
		pin_fail(pin, what, reason(pin, items[i].result));
	}
}

void pin_objects(struct pin *pin, struct singlet *s, const uint64_t *ids,
		 size_t count)
{
	while (count) {
		size_t n = count < BATCH ? count : BATCH;

		pin_batch(pin, s, ids, n);
		ids += n;
		count -= n;
	}
}
