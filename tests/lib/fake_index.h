/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel with an index to test libsinglet against where there is none: objects
 * in slabs of one page, which a file in memory holds where the ABI says.  Objects
 * without references stay until fake_collect(), but for those that are borrowed.
 */
#ifndef FAKE_INDEX_H
#define FAKE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef FAKE_SLABS
#define FAKE_SLABS	16
#endif
#define FAKE_SLOTS	64	/* of a slab */
#define FAKE_SLOT	64	/* bytes */
#define FAKE_BUCKETS	(FAKE_SLABS * 6)	/* few: some overflow */

struct fake_counts {
	unsigned int asked;	/* items of system calls */
	unsigned int spared;	/* objects that were borrowed when collected */
	unsigned int freed;
	unsigned int mistakes;	/* references given back too often */
	unsigned int references;
};

/* Begin without any object.  Return: a descriptor of a session. */
int fake_begin(void);
struct fake_counts fake_counts(void);

/* With one more reference. */
uint64_t fake_intern(uint32_t type, const void *data, uint32_t len);
void fake_release(uint64_t id);
void fake_collect(void);
/* Bucket and tag of a value: those for which it is equal are told by their bytes. */
uint64_t fake_place(uint32_t type, const void *data, uint32_t len);
/* The directory says that a slab, which is empty, has so many slots. */
void fake_slots(uint32_t index, uint32_t slots);
/* The object has no mark, or no entry, any more: it cannot be found in the index. */
void fake_unmark(uint64_t id);
void fake_hide(uint64_t id);
/* The page of borrows. */
uint64_t *fake_borrows(void);
/* mmap() of a page of borrows for writing fails from here on, or not. */
void fake_refuse(bool refuse);

#endif /* FAKE_INDEX_H */
