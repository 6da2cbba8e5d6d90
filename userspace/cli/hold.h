/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Waiting for the signal that ends a hold. */
#ifndef HOLD_H
#define HOLD_H

#include <signal.h>

/* From here on the signals wait for hold_wait(). */
void hold_prepare(sigset_t *signals);
/* Flushes standard output, then waits. */
void hold_wait(const sigset_t *signals);

#endif /* HOLD_H */
