/* SPDX-License-Identifier: GPL-2.0 */
/*
 * core - beginning and end of the layers up to session
 *
 * What the module, its KUnit tests and its benchmark have in common.
 */
#ifndef SINGLET_CORE_H
#define SINGLET_CORE_H

int singlet_core_init(void);
void singlet_core_exit(void);

#endif
