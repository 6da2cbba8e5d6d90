/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef _SINGLET_HIDDEN_H
#define _SINGLET_HIDDEN_H

/* A function of the library's own, which nobody finds in the shared one. */
#define HIDDEN __attribute__((visibility("hidden")))

#endif /* _SINGLET_HIDDEN_H */
