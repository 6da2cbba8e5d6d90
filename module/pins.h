/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pins - what a domain's owner wants to stay without a session
 *
 * Pins are the references of a session that no file is open on: domain->pins.
 * It is made when it is first needed, is charged to the domain's owner, whoever
 * that becomes, and ends with the domain.
 */
#ifndef SINGLET_PINS_H
#define SINGLET_PINS_H

#include "session.h"

struct singlet_session *singlet_pins_of(struct singlet_session *s, bool make);
int singlet_pins_init(void);

#endif
