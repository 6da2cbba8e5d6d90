/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Pinning and unpinning of many objects. */
#ifndef PIN_H
#define PIN_H

#include "cli.h"

struct pin {
	/* What to do. */
	bool undo;		/* unpin */
	bool all;		/* unpin as often as the object is pinned */
	uint32_t times;		/* otherwise so often */
	/* What came of it. */
	size_t failed;
};

/* Each failure is reported, as long as they are not too many. */
void pin_objects(struct pin *pin, struct singlet *s, const uint64_t *ids,
		 size_t count);
/* One more failure. */
void pin_fail(struct pin *pin, const char *what, const char *why);
/* Reports how many failures there were if not each was. */
void pin_finish(const struct pin *pin);

#endif /* PIN_H */
