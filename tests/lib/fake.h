/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel to test libsinglet against where there is none, so that tools that look
 * into a program (ThreadSanitizer) see all of it: objects in a table, one domain.
 * It frees an object with its last reference, at once, and spoils its memory.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_PLAIN	5000	/* a type of kind plain */

/* A descriptor of a session.  @mapped: whether its domain can be mapped. */
int fake_session(bool mapped);

/* All references that there are; and how often one was given back too often. */
uint64_t fake_references(void);
unsigned int fake_mistakes(void);

#endif /* FAKE_H */
