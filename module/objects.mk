# SPDX-License-Identifier: GPL-2.0
# Everything but the module's entry: the KUnit and benchmark modules link it too.
singlet-core := stats.o pages.o size.o slab_dir.o slab.o magazine.o \
		object.o utf8.o type.o world.o table_lines.o table.o \
		store.o intern.o reclaim.o domain.o core.o refs.o session.o \
		snapshot.o proc.o batch.o dev.o
