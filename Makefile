# SPDX-License-Identifier: GPL-2.0
#
# singlet: module, tools, tests.  `make help` lists what can be made.
#
# KDIR   build directory of the kernel to build for (default: the running one)
# OUT    build the module there from a copy of its sources, so that several
#        kernels can be built for side by side; default: in place
# TESTS  of "kunit bench api", whose modules to build with OUT; default: all
# SINGLET_DEBUG=y  with checks of the module's own invariants

KDIR ?= /lib/modules/$(shell uname -r)/build
OUT ?=
TESTS ?= kunit bench api
kbuild_args := $(if $(W),W=$(W)) $(if $(C),C=$(C))

KBUILD_SOURCES := $(shell find Kbuild module tests/kunit tests/bench tests/api \
	\( -name '*.[ch]' -o -name Kbuild -o -name '*.mk' \) \
	! -name '*.mod.c' 2>/dev/null)

MODULE_SOURCES := $(patsubst module/%,%,$(filter module/%,$(KBUILD_SOURCES)))

# The in-kernel test modules link the module's objects themselves; each has a
# copy of the sources beside it, because two modules cannot share an object.
TEST_MODULES := kunit bench

has_kunit = $(shell grep -qs '^CONFIG_KUNIT=[ym]' $(KDIR)/.config && echo y)

.PHONY: all module userspace demo test test-ci bench style clean install help \
	copy-sources test-modules selftests

all: module userspace

ifeq ($(OUT),)
module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(kbuild_args) modules
else
abs_out := $(abspath $(OUT))

module: copy-sources
	$(MAKE) -C $(KDIR) M=$(abs_out) $(kbuild_args) modules
	$(MAKE) test-modules

# Only what changed, with its time stamp, so that make sees what is to be done.
copy-sources:
	@mkdir -p $(abs_out)
	@cp --parents -pu $(KBUILD_SOURCES) $(abs_out)
	@for t in $(TEST_MODULES); do \
		mkdir -p $(abs_out)/tests/$$t/core && \
		(cd module && cp --parents -pu $(MODULE_SOURCES) \
			$(abs_out)/tests/$$t/core) || exit 1; \
	done

test-modules: copy-sources
ifneq ($(filter kunit,$(TESTS)),)
ifeq ($(has_kunit),y)
	$(MAKE) -C $(KDIR) M=$(abs_out)/tests/kunit $(kbuild_args) modules
endif
endif
ifneq ($(filter bench,$(TESTS)),)
	$(MAKE) -C $(KDIR) M=$(abs_out)/tests/bench $(kbuild_args) modules
endif
ifneq ($(filter api,$(TESTS)),)
	@# Of symbols that have other versions now kbuild does not take notice.
	@[ $(abs_out)/Module.symvers -ot $(abs_out)/tests/api/Module.symvers ] || \
		rm -f $(abs_out)/tests/api/Module.symvers
	$(MAKE) -C $(KDIR) M=$(abs_out)/tests/api $(kbuild_args) \
		KBUILD_EXTRA_SYMBOLS=$(abs_out)/Module.symvers modules
endif
endif

userspace:
	$(MAKE) -C userspace OUT=$(CURDIR)/userspace

selftests:
	$(MAKE) -C tests/selftests OUT=$(CURDIR)/build/selftests

demo:
	tests/demo/run

test:
	tests/run

test-ci:
	tests/run --ci

bench:
	tests/bench/run

style:
	tests/style/run

clean:
	rm -rf build
	$(MAKE) -C userspace clean
	$(MAKE) -C tests/selftests clean
	-[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

install: module userspace
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
	$(MAKE) -C userspace install

help:
	@echo 'all        the module for KDIR and the userspace tools'
	@echo 'module     module/singlet.ko for KDIR (default: the running kernel)'
	@echo 'userspace  libsinglet and the singlet tool'
	@echo 'demo       boot a Debian kernel in QEMU and watch singlet at work'
	@echo 'test       every test, on every test kernel but the debug one'
	@echo 'test-ci    the same and the debug kernel'
	@echo 'bench      measure singlet beside its peers'
	@echo 'style      checkpatch, sparse, clang-format, kernel-doc, shellcheck'
	@echo 'install    install module and tools (DESTDIR, PREFIX)'
	@echo 'clean      remove everything that was built here'
