# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's own kernels, as their users run them: the image to boot and the
# headers to build the module against, unpacked into the cache; nothing is
# installed.
#
# What is kept of the packages is keyed by the functions that choose it; a
# change of them makes a new entry beside the old one.

# What the initramfs must load to reach the host's files.
DEBIAN_BOOT_MODULES=(virtio_pci 9pnet_virtio 9p)

# What tests/bench compares singlet with.
DEBIAN_PEER_MODULES=(mbcache libceph)

debian_suite() {
	case $1 in
	debian-6.1) echo bookworm ;;
	*) echo bookworm-backports ;;
	esac
}

debian_flavour() {
	case $1 in
	*-rt) echo rt-amd64 ;;
	*) echo amd64 ;;
	esac
}

# debian_fetch DIR KERNEL
debian_fetch() {
	local dir=$1 kernel=$2 suite flavour image version release headers
	local -a needs
	suite=$(debian_suite "$kernel")
	flavour=$(debian_flavour "$kernel")
	apt_update "$suite"

	# The metapackage names the newest release of its flavour.
	image=$(apt_show "$suite" "linux-image-$flavour" Depends |
		grep -o 'linux-image-[0-9][^ ,]*' | head -n 1)
	release=${image#linux-image-}
	case $release in
	"${kernel//[!0-9.]/}".*) ;;
	*)
		echo "suite $suite now has $release: not the $kernel asked for" >&2
		return 1
		;;
	esac
	version=$(apt_show "$suite" "$image" Version)
	headers=linux-headers-$release
	mapfile -t needs < <(apt_show "$suite" "$headers" Depends |
		grep -oE 'linux-(headers-[^ ,]*-common[^ ,]*|kbuild-[^ ,]*)')
	[ "${#needs[@]}" -eq 2 ] || {
		echo "$headers does not name its common headers and kbuild" >&2
		return 1
	}

	apt_unpack "$suite" "$dir" "$image=$version" "$headers=$version" "${needs[@]}"
	echo "$version" >"$dir/version"
	echo "$release" >"$dir/release"
	debian_relocate "$dir" "$release"
	debian_boot_modules "$dir" "$release"
}

# Links and makefiles in the headers name /usr/src and /usr/lib: make them
# name the copy.
debian_relocate() {
	local dir=$1 release=$2 link target file
	find "$dir/usr/src" "$dir/usr/lib" -type l -lname '/usr/*' |
		while read -r link; do
			target=$(readlink -- "$link")
			ln -sfn -- "$dir$target" "$link"
		done
	for file in "$dir/usr/src"/linux-headers-*/{Makefile,.kernelvariables}; do
		[ -f "$file" ] || continue
		sed -i "s,\(^\|[[:space:]=]\)/usr/\(src\|lib\)/linux-,\1$dir/usr/\2/linux-,g" "$file"
	done
	test -e "$dir/usr/src/linux-headers-$release/scripts/Makefile.build" ||
		test -e "$dir/usr/src/linux-headers-$release/Makefile"
}

# Keep the modules that boot needs, and beside them those that the benchmark
# asks for; the rest are half a gigabyte that nothing here reads.
debian_boot_modules() {
	local dir=$1 release=$2
	# Recent packages have usr/lib/modules; depmod wants lib/modules.
	[ -d "$dir/lib/modules" ] || ln -s usr/lib "$dir/lib"
	depmod -b "$dir" "$release"
	debian_keep_modules "$dir" "$release" boot-modules "${DEBIAN_BOOT_MODULES[@]}"
	debian_keep_modules "$dir" "$release" peer-modules "${DEBIAN_PEER_MODULES[@]}"
	rm -rf -- "$dir/lib/modules/$release/kernel"
}

# debian_keep_modules DIR RELEASE TARGET MODULE...: copies of these modules and
# of what they depend on, numbered in load order, in DIR/TARGET. What has been
# kept for boot is loaded then and not kept twice.
debian_keep_modules() {
	local dir=$1 release=$2 target=$1/$3 paths path name number=0
	shift 3
	# -C: the machine's own modprobe configuration must not matter.
	paths=$(for name; do
		modprobe -C /dev/null -d "$dir" -S "$release" --show-depends "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }')
	mkdir -- "$target"
	for path in $paths; do
		name=${path##*/}
		name=${name%%.ko*}
		[ -z "$(find "$dir/boot-modules" -name "??-$name.ko")" ] || continue
		number=$((number + 1))
		debian_copy_module "$path" "$target/$(printf %02d "$number")"
	done
}

# debian_copy_module PATH TARGET: uncompressed, whatever it was.
debian_copy_module() {
	local name
	name=$(basename -- "$1")
	case $name in
	*.xz) xz -dc -- "$1" >"$2-${name%.xz}" ;;
	*.zst) zstd -dcq -- "$1" >"$2-${name%.zst}" ;;
	*) cp -- "$1" "$2-$name" ;;
	esac
}

debian_key() {
	{
		declare -p DEBIAN_BOOT_MODULES DEBIAN_PEER_MODULES
		declare -f debian_fetch debian_relocate debian_boot_modules \
			debian_keep_modules debian_copy_module
	} | sha256sum | cut -c 1-12
}

# debian_entry KERNEL: name of the cache entry.
debian_entry() {
	echo "kernels/$1-$(debian_key)"
}

debian_prepare() {
	local kernel=$1 entry
	entry=$(debian_entry "$kernel")
	# The entry keeps its version: a second run asks no server.
	cache_path "$entry" >/dev/null && return
	vm_need apt-get apt-cache dpkg-deb depmod modprobe
	cache_fill "$entry" "fetch kernel $kernel" debian_fetch "$kernel"
}

# debian_dir KERNEL: where it is, when it is complete.
debian_dir() {
	cache_path "$(debian_entry "$1")"
}

debian_path() {
	local path
	path=$(debian_dir "$1") &&
		echo "$path/usr/src/linux-headers-$(cat -- "$path/release")"
}

debian_image() {
	local path
	path=$(debian_dir "$1") &&
		echo "$path/boot/vmlinuz-$(cat -- "$path/release")"
}

# debian_modules KERNEL: directory of the modules to load at boot, in order.
debian_modules() {
	local path
	path=$(debian_dir "$1") && echo "$path/boot-modules"
}
