# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernels by name, and the few questions asked of any of them. Where a
# kernel comes from is answered in source.sh and debian.sh.

KERNELS=(uml debug debian-6.1 debian-6.12 debian-6.12-rt)

kernel_about() {
	case $1 in
	uml) echo "User-Mode Linux 7.3, SMP, KUnit: native speed" ;;
	debug) echo "x86 7.3 in QEMU: KASAN, lockdep, UBSAN, kmemleak, fault injection, KUnit" ;;
	debian-6.1) echo "Debian's 6.1 (bookworm) in QEMU" ;;
	debian-6.12) echo "Debian's 6.12 (bookworm-backports) in QEMU" ;;
	debian-6.12-rt) echo "Debian's 6.12 with PREEMPT_RT (bookworm-backports) in QEMU" ;;
	esac
}

kernel_known() {
	[ -n "$(kernel_about "$1")" ] ||
		vm_die "unknown kernel: $1 (known: ${KERNELS[*]})"
}

# What boots it: uml or qemu.
kernel_machine() {
	case $1 in
	uml*) echo uml ;;
	*) echo qemu ;;
	esac
}

# Who makes it: source or debian, the prefix of the functions to call.
kernel_origin() {
	case $1 in
	debian-*) echo debian ;;
	*) echo source ;;
	esac
}

# Fetch or build what is missing.
kernel_prepare() {
	"$(kernel_origin "$1")_prepare" "$1"
}

# The directory for make KDIR=; fails when the kernel is not in the cache.
kernel_kdir() {
	"$(kernel_origin "$1")_path" "$1"
}

# The file to boot.
kernel_image() {
	case $1 in
	uml*) echo "$(source_path "$1")/linux" ;;
	debian-*) debian_image "$1" ;;
	*) echo "$(source_path "$1")/arch/x86/boot/bzImage" ;;
	esac
}

kernel_list() {
	local kernel cached
	for kernel in "${KERNELS[@]}"; do
		cached="not cached"
		kernel_kdir "$kernel" >/dev/null && cached=cached
		printf '%-15s %-10s  %s\n' "$kernel" "$cached" "$(kernel_about "$kernel")"
	done
}
