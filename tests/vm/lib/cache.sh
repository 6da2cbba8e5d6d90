# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The cache of downloads and built kernels.
#
# An entry is a symbolic link $VM_CACHE/NAME -> store/NAME.RANDOM. The target
# is filled first and never moves (a kernel build directory holds absolute
# paths), then the link is renamed into place. So an entry either exists and
# is complete, or does not exist: nothing half-written is ever trusted.

# cache_path NAME: the directory of a complete entry; fails when there is none.
cache_path() {
	local link=$VM_CACHE/$1
	[ -L "$link" ] && [ -f "$link/.complete" ] && readlink -f -- "$link"
}

# cache_fill NAME STEP FUNCTION [ARG...]: make the entry unless it exists.
# FUNCTION is called with the directory to fill in front of ARG.
cache_fill() {
	local name=$1 step=$2 function=$3 dir new old lock status
	shift 3
	cache_path "$name" >/dev/null && return 0
	mkdir -p -- "$VM_CACHE/store" "$VM_CACHE/locks" "$(dirname -- "$VM_CACHE/$name")"
	exec {lock}>"$VM_CACHE/locks/${name//\//_}"
	if ! flock -n "$lock"; then
		vm_say "$step: waiting for another run that makes it"
		flock "$lock"
	fi
	if ! cache_path "$name" >/dev/null; then
		# The lock is ours: whatever an interrupted run left is rubbish.
		for old in "$VM_CACHE/store/${name//\//_}".*; do
			rm -rf -- "$old"
		done
		dir=$(mktemp -d -- "$VM_CACHE/store/${name//\//_}.XXXXXX")
		chmod 755 -- "$dir"
		# Not "|| rm": bash ignores -e on the left of it.
		set +e
		(vm_step "$step" "$function" "$dir" "$@")
		status=$?
		set -e
		if [ "$status" -ne 0 ]; then
			rm -rf -- "$dir"
			exit "$status"
		fi
		touch -- "$dir/.complete"
		new=$VM_CACHE/$name.new.$$
		ln -sfn -- "$dir" "$new"
		mv -fT -- "$new" "$VM_CACHE/$name"
	fi
	exec {lock}>&-
}
