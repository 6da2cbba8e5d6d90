// SPDX-License-Identifier: GPL-2.0
/* trace - where the tracepoints are defined; see trace.h */
#include "store.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
