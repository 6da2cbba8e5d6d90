# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The project's own parts, made by its Makefile when they are out of date.

# Options of a make that called this script (KDIR=, -j) are not for other ones.
module_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL \
		make -s -C "$VM_ROOT" -j"$(nproc)" "$@"
}

# module_prepare KERNEL: build/KERNEL/module/singlet.ko and the user's tools.
module_prepare() {
	local kernel=$1 kdir arguments lock
	kdir=$(kernel_kdir "$kernel")
	arguments=("KDIR=$kdir" "OUT=build/$kernel")
	[ "$(kernel_machine "$kernel")" != uml ] || arguments+=(ARCH=um)
	mkdir -p -- "$VM_ROOT/build"
	# One at a time: runs of several kernels share the user's tools.
	exec {lock}>"$VM_ROOT/build/.vm-lock"
	flock "$lock"
	vm_step "build module for $kernel" module_make module "${arguments[@]}"
	vm_step "build tools" module_make userspace
	exec {lock}>&-
}

# module_path KERNEL: the module to load.
module_path() {
	echo "${SINGLET_MODULE:-$VM_ROOT/build/$1/module/singlet.ko}"
}
