# SPDX-License-Identifier: GPL-2.0
# What this kernel's headers have: see compat/.
probe = $(shell grep -qs '$(2)' $(srctree)/include/linux/$(1) && echo y)
ccflags-$(call probe,list_lru.h,list_lru_add_obj) += -DCOMPAT_LIST_LRU_OBJ
ccflags-$(call probe,list_lru.h,list_lru_init_memcg_key) += -DCOMPAT_LIST_LRU_KEY
ccflags-$(call probe,mm.h,vm_flags_mod) += -DCOMPAT_VM_FLAGS
ccflags-$(call probe,module.h,import_ns.*__stringify) += -DCOMPAT_NS_IDENTIFIER
ccflags-$(call probe,swap.h,mm_account_reclaimed_pages) += -DCOMPAT_RECLAIMED

# Everything but the module's entry: the KUnit and benchmark modules link it too.
singlet-core := stats.o pages.o space.o size.o hash.o idle.o slab_dir.o map_dir.o marks.o borrow.o \
		arena.o \
		slab.o magazine.o hot.o heat.o object.o kill.o utf8.o type.o world.o table_lines.o table.o \
		recent.o quota.o \
		index.o store.o trace.o container.o index_open.o hit.o intern.o intern_many.o reclaim.o domain.o named.o refs.o \
		session.o pins.o plain.o \
		api.o api_domain.o core.o inspect.o map.o snapshot.o proc.o batch.o \
		cmd_type.o cmd_domain.o cmd_object.o dev.o
