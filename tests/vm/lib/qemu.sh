# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2054
#
# The initramfs and the command line that boot an x86 kernel in QEMU.

# qemu_initramfs KERNEL TMP: TMP/initramfs, just enough to mount the host's
# files: busybox, the modules for 9p, and guest/initramfs-init; and the copies.
qemu_initramfs() {
	local kernel=$1 tmp=$2 root=$2/initramfs.d busybox
	busybox=$(command -v busybox)
	mkdir -p -- "$root/bin" "$root/modules"
	cp -- "$busybox" "$root/bin/busybox"
	cp -- "$VM_DIR/guest/initramfs-init" "$root/init"
	chmod 755 -- "$root/init" "$root/bin/busybox"
	if [ "$(kernel_origin "$kernel")" = debian ]; then
		cp -- "$(debian_modules "$kernel")"/*.ko "$root/modules/"
	fi
	copies_make "$root/originals"
	(cd -- "$root" && find . | cpio -o -H newc --quiet) >"$tmp/initramfs"
	rm -rf -- "$root"
}

# qemu_command KERNEL CPUS MIB TMP APPEND: sets VM_COMMAND. The kernel log goes
# to TMP/console. TMP/share is the share.
qemu_command() {
	local kernel=$1 cpus=$2 memory=$3 tmp=$4 append=$5
	local files=local,security_model=none,multidevs=remap
	local accel=${SINGLET_VM_ACCEL:-tcg,thread=multi} more
	read -ra more <<<"${SINGLET_VM_QEMU:-}"
	# tsc=reliable: on a busy host the clock's watchdog would take the
	# processors' clock away and leave one that is far slower to read.
	#
	# Without la57: with five-level paging KASAN reports an interrupt that
	# comes while the first processor is identified (its feature bits, LA57
	# too, are clear for a moment), about once in twenty boots.
	#
	# cx16=off: QEMU 7.2 takes the flags beside Z from a stale place when it
	# emulates cmpxchg16b without a lock prefix, which kernels have in every
	# allocation. An interrupt just then saves them, and returns to a machine
	# that single-steps or has flags which no processor has (EFLAGS c156db5a):
	# "double fault" or a warning in exc_debug_kernel, once in a few hours.
	#
	# mitigations=off: an emulated processor does not speculate, but each
	# retpoline costs it a search for code that it has translated.
	vm_need qemu-system-x86_64 busybox cpio
	qemu_initramfs "$kernel" "$tmp"
	VM_COMMAND=(
		qemu-system-x86_64 -nodefaults -no-user-config -no-reboot
		-M q35 -accel "$accel" -cpu max,la57=off,cx16=off -smp "$cpus" -m "$memory"
		-display none -serial "file:$tmp/console"
		-fsdev "$files,id=root,path=/,readonly=on"
		-device virtio-9p-pci,fsdev=root,mount_tag=root
		-fsdev "$files,id=share,path=$tmp/share"
		-device virtio-9p-pci,fsdev=share,mount_tag=share
		-kernel "$(kernel_image "$kernel")" -initrd "$tmp/initramfs"
		-append "console=ttyS0 tsc=reliable mitigations=off loglevel=5 ${VM_PANIC[*]} SINGLET_VM_ROOT=$VM_ROOT SINGLET_VM_SHARE=9p $append"
		"${more[@]}"
	)
}
