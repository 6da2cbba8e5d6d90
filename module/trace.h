/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace - tracepoints: what becomes of values, objects and memory
 *
 * "store" is the serial number of the domain, as in /proc/singlet/domains.  No
 * event has bytes of a value or an address.  Off, each is a jump that is not
 * taken, patched out where the kernel can.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM singlet

#if !defined(SINGLET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SINGLET_TRACE_H

#include <linux/tracepoint.h>

#include "store.h"

DECLARE_EVENT_CLASS(singlet_object,
		    TP_PROTO(const struct singlet_store *store,
			     const struct singlet_type *type,
			     const struct singlet_object *obj),
		    TP_ARGS(store, type, obj),
		    TP_STRUCT__entry(__field(u64, store)
				     __field(u64, id)
				     __field(u32, type)
				     __field(u32, len)),
		    TP_fast_assign(__entry->store = store->serial;
				   __entry->id = singlet_object_id(obj);
				   __entry->type = type->number;
				   __entry->len = singlet_object_len(obj);),
		    TP_printk("store=%llu type=%u id=%llu len=%u",
			      __entry->store, __entry->type, __entry->id,
			      __entry->len)
);

/* An intern or a lookup found the object of its value. */
DEFINE_EVENT(singlet_object, singlet_hit,
	     TP_PROTO(const struct singlet_store *store,
		      const struct singlet_type *type,
		      const struct singlet_object *obj),
	     TP_ARGS(store, type, obj)
);

/* An intern made the object of a new value. */
DEFINE_EVENT(singlet_object, singlet_miss,
	     TP_PROTO(const struct singlet_store *store,
		      const struct singlet_type *type,
		      const struct singlet_object *obj),
	     TP_ARGS(store, type, obj)
);

/* A plain object was allocated. */
DEFINE_EVENT(singlet_object, singlet_alloc,
	     TP_PROTO(const struct singlet_store *store,
		      const struct singlet_type *type,
		      const struct singlet_object *obj),
	     TP_ARGS(store, type, obj)
);

/* A plain object is freed: its last reference was dropped. */
DEFINE_EVENT(singlet_object, singlet_free,
	     TP_PROTO(const struct singlet_store *store,
		      const struct singlet_type *type,
		      const struct singlet_object *obj),
	     TP_ARGS(store, type, obj)
);

/* Idle objects of one slab are freed: on request, over a quota, for memory. */
TRACE_EVENT(singlet_evict,
	    TP_PROTO(const struct singlet_store *store,
		     const struct singlet_slab *slab, unsigned int nr),
	    TP_ARGS(store, slab, nr),
	    TP_STRUCT__entry(__field(u64, store)
			     __field(u32, slab)
			     __field(u32, size)
			     __field(u32, nr)),
	    TP_fast_assign(__entry->store = store->serial;
			   __entry->slab = slab->index;
			   __entry->size = slab->size;
			   __entry->nr = nr;),
	    TP_printk("store=%llu slab=%u size=%u objects=%u", __entry->store,
		      __entry->slab, __entry->size, __entry->nr)
);

/* A collection has ended. */
TRACE_EVENT(singlet_gc,
	    TP_PROTO(const struct singlet_store *store, u64 objects, u64 bytes,
		     u64 slabs, u64 pages, u64 ns),
	    TP_ARGS(store, objects, bytes, slabs, pages, ns),
	    TP_STRUCT__entry(__field(u64, store)
			     __field(u64, objects)
			     __field(u64, bytes)
			     __field(u64, slabs)
			     __field(u64, pages)
			     __field(u64, ns)),
	    TP_fast_assign(__entry->store = store->serial;
			   __entry->objects = objects;
			   __entry->bytes = bytes;
			   __entry->slabs = slabs;
			   __entry->pages = pages;
			   __entry->ns = ns;),
	    TP_printk("store=%llu objects=%llu bytes=%llu slabs=%llu pages=%llu ns=%llu",
		      __entry->store, __entry->objects, __entry->bytes,
		      __entry->slabs, __entry->pages, __entry->ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
