/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heat - how objects become hot, and cool again
 *
 * Seen is contention by who gets a reference: between a look at the word and
 * the addition to it somebody else has changed it.  Some of that in a short time
 * makes the object hot; a look from time to time at how many gets there were
 * makes it cool.
 *
 *   live -> hot    cmpxchg from a count of 2 or more; so none is lost.  From the
 *                  next look at the word on, gets and puts go elsewhere.  Who had
 *                  looked before adds to the word all the same: HOT_STRAY bits of
 *                  it are for these, in the middle of whose range they begin:
 *                  one for each thread that is just there, or what interrupts it.
 *   hot -> biased  cmpxchg to the count of then, what strayed included, and
 *                  HOT_BIAS: gets and puts count in the word again, and with the
 *                  bias they find it live, whatever they do: it has fewer references
 *                  than the bias, or it does not become cool, and whoever puts one
 *                  that was got meanwhile had added it.
 *   biased -> live after a grace period: who saw a hot word has counted by then.
 *                  The sum of the CPUs' counters is added and the bias
 *                  subtracted in one step, which can leave the object idle, as a
 *                  last put does.
 *   hot, biased -> immortal, at any time.  The slot is given back as if it became
 *                  cool, so after a grace period too.
 *
 * The end of a store.  Its works are cancelled first, when nobody gets references
 * any more.  But containers that the shrinker is just freeing put theirs, so the
 * counters stay until the slabs are gone.
 */
#ifndef SINGLET_HEAT_H
#define SINGLET_HEAT_H

#include "hot.h"

int singlet_heat_start(void);
void singlet_heat_stop(void);
void singlet_heat_init(struct singlet_hot *hot, struct singlet_pool *pool,
		       void (*cooled)(struct singlet_object *obj,
				      enum singlet_put put));
void singlet_heat_quiesce(struct singlet_hot *hot);
void singlet_heat_end(struct singlet_hot *hot);
bool singlet_heat(struct singlet_object *obj);
bool singlet_heat_cool(struct singlet_hot *hot);
void singlet_heat_contended(struct singlet_object *obj);

#endif
