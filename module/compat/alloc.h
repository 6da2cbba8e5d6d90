/* SPDX-License-Identifier: GPL-2.0 */
/* compat/alloc - kzalloc_obj() and kvzalloc_obj() came with 7.0 */
#ifndef SINGLET_COMPAT_ALLOC_H
#define SINGLET_COMPAT_ALLOC_H

#include <linux/mm.h>
#include <linux/slab.h>

#ifndef kzalloc_obj
#define kzalloc_obj(object, gfp)	kzalloc(sizeof(object), (gfp))
#endif

#ifndef kvzalloc_obj
#define kvzalloc_obj(object, gfp)	kvzalloc(sizeof(object), (gfp))
#endif

#endif
