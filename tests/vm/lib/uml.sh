# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2054
#
# The command line that boots a User-Mode Linux kernel.

# uml_large_pages: shall the guest's memory be in large pages, and can it? A kernel's
# own mapping of its memory has those on other machines; in small ones, each place
# that it has not been to lately is a walk of page tables more. The mount is seen by
# the guest's processes only and goes with them.
uml_large_pages() {
	[ "${SINGLET_VM_LARGE_PAGES:-}" = yes ] &&
		unshare -m mount -t tmpfs -o huge=always tmpfs /tmp 2>/dev/null
}

# uml_command KERNEL CPUS MIB TMP APPEND: sets VM_COMMAND. The kernel log goes
# to its stdout and stderr. TMP/share is the share.
uml_command() {
	local kernel=$1 cpus=$2 memory=$3 tmp=$4 append=$5
	local -a words
	read -ra words <<<"$append"
	# Guest memory is a file, in /dev/shm if that is large enough.
	VM_COMMAND=()
	if uml_large_pages; then
		mkdir -p -- "$tmp/memory"
		VM_COMMAND+=(unshare -m sh -c
			'mount -t tmpfs -o "huge=always,size=$2m" tmpfs "$1" && TMPDIR=$1 && export TMPDIR && shift 2 && exec "$@"'
			sh "$tmp/memory" $((memory + 64)))
	elif [ "$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1)" -lt "$memory" ]; then
		VM_COMMAND+=(env "TMPDIR=$tmp")
	fi
	# SMP needs seccomp=on. "ro": root of the guest is root of the files.
	VM_COMMAND+=(
		"$(kernel_image "$kernel")"
		"mem=${memory}M" "ncpus=$cpus" seccomp=on
		"uml_dir=$tmp/uml" "umid=vm" noreboot
		root=/dev/root rootfstype=hostfs rootflags=/ ro
		"init=$VM_DIR/guest/init"
		con=fd:0,fd:1 ssl=fd:0,fd:1 stderr=1 loglevel=5
		"${VM_PANIC[@]}"
		"SINGLET_VM_ROOT=$VM_ROOT" "SINGLET_VM_SHARE=$tmp/share"
		"${words[@]}"
	)
}
