# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Opening a file over 9p takes several requests, each a trip through the
# emulator, and starting a program opens a dozen files. So a guest in QEMU has
# copies of what tests start all the time, in memory and read-only, mounted in
# the places of the originals.

VM_COPIES=(
	awk basename bash bc cat chmod cmp cp cut date dd diff dirname echo env
	expr false grep head id jq kill ln ls mkdir mkfifo mktemp mv od paste
	printf pwd readlink rm rmdir sed seq setarch setpriv sh shuf sleep
	sort stat tail tee test timeout touch tr true uname uniq unshare wc
	xargs yes
)

# copies_paths: what is copied, one path on a line; none is a link. What a guest
# has its own memory mounted on is left out, see guest/init.
copies_paths() {
	local name programs=() path
	for name in "${VM_COPIES[@]}"; do
		path=$(type -P "$name") && programs+=("$path")
	done
	path=$VM_ROOT/userspace/cli/singlet
	[ ! -x "$path" ] || programs+=("$path")
	{
		printf '%s\n' "${programs[@]}" /etc/ld.so.cache /etc/passwd \
			/etc/group /etc/nsswitch.conf
		# What they are linked with, the loader too.
		ldd "${programs[@]}" 2>/dev/null | grep -oE '/[^ :]+( |$)' || :
		find /usr/lib/locale/C.utf8 -type f 2>/dev/null || :
	} | xargs realpath -qe -- | sort -u |
		grep -vE '^/(tmp|run|var/tmp|dev)/'
}

# copies_make DIR: the copies below DIR, and DIR.mounts, which says in fstab's
# words where initramfs-init is to mount them.
copies_make() {
	local dir=$1 path paths
	mkdir -- "$dir"
	mapfile -t paths < <(copies_paths)
	(cd / && cp --parents -p -- "${paths[@]#/}" "$dir")
	for path in "${paths[@]}"; do
		echo "/copies$path /host$path none bind 0 0"
	done >"$dir.mounts"
}
