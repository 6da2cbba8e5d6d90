# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's own kernels, as their users run them: the image to boot and the
# headers to build the module against, unpacked into the cache; nothing is
# installed.

# What the initramfs must load to reach the host's files.
DEBIAN_BOOT_MODULES=(virtio_pci 9pnet_virtio 9p)

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

# Keep the modules that boot needs, in load order; the rest are half a
# gigabyte that nothing here reads.
debian_boot_modules() {
	local dir=$1 release=$2 path number=0 module
	# Recent packages have usr/lib/modules; depmod wants lib/modules.
	[ -d "$dir/lib/modules" ] || ln -s usr/lib "$dir/lib"
	depmod -b "$dir" "$release"
	mkdir -- "$dir/boot-modules"
	# -C: the machine's own modprobe configuration must not matter.
	for module in "${DEBIAN_BOOT_MODULES[@]}"; do
		modprobe -C /dev/null -d "$dir" -S "$release" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r path; do
			number=$((number + 1))
			debian_copy_module "$path" "$dir/boot-modules/$(printf %02d "$number")"
		done
	rm -rf -- "$dir/lib/modules/$release/kernel"
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

debian_prepare() {
	local kernel=$1
	# The entry keeps its version: a second run asks no server.
	cache_path "kernels/$kernel" >/dev/null && return
	vm_need apt-get apt-cache dpkg-deb depmod modprobe
	cache_fill "kernels/$kernel" "fetch kernel $kernel" debian_fetch "$kernel"
}

debian_path() {
	local path
	path=$(cache_path "kernels/$1") &&
		echo "$path/usr/src/linux-headers-$(cat -- "$path/release")"
}

debian_image() {
	local path
	path=$(cache_path "kernels/$1") &&
		echo "$path/boot/vmlinuz-$(cat -- "$path/release")"
}

# debian_modules KERNEL: directory of the modules to load at boot, in order.
debian_modules() {
	local path
	path=$(cache_path "kernels/$1") && echo "$path/boot-modules"
}
