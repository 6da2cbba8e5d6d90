# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels built here, from the one Linux source that Debian ships as
# linux-source-7.3: UML (native speed) and an x86 kernel with the debugging
# options that stock kernels leave off.
#
# What is built is keyed by everything that shapes the result; a change of any
# of it makes a new entry beside the old one.

SOURCE_PACKAGE=linux-source-7.3
SOURCE_SUITE=trixie-backports

source_fetch() {
	local dir=$1 tarball
	apt_update "$SOURCE_SUITE"
	apt_show "$SOURCE_SUITE" "$SOURCE_PACKAGE" Version >"$dir/version"
	apt_unpack "$SOURCE_SUITE" "$dir/deb" "$SOURCE_PACKAGE=$(cat "$dir/version")"
	tarball=$(find "$dir/deb" -name 'linux-source-*.tar.*')
	mkdir -- "$dir/tree"
	tar -C "$dir/tree" --strip-components=1 -xf "$tarball"
	rm -rf -- "$dir/deb"
}

# source_build DIR KERNEL: the whole build. "tinyconfig" starts from nothing,
# so that the fragment says all that the kernel has.
source_build() {
	local dir=$1 kernel=$2 tree fragment build=$1/build
	local -a make targets
	tree=$(cache_path source)/tree
	fragment=$VM_DIR/configs/$kernel.config
	make=(make -C "$tree" "O=$build")
	if [ "$(kernel_machine "$kernel")" = uml ]; then
		make+=(ARCH=um)
		targets=(linux modules)
	else
		make+=(ARCH=x86_64)
		targets=(bzImage modules)
	fi
	mkdir -- "$build"
	"${make[@]}" tinyconfig
	cat -- "$fragment" >>"$build/.config"
	"${make[@]}" olddefconfig
	source_check_config "$fragment" "$build/.config"
	"${make[@]}" -j"$(nproc)" "${targets[@]}"
}

# Kconfig drops what it cannot satisfy without an error. A kernel that lacks
# a check it should have would pass every test.
source_check_config() {
	local fragment=$1 config=$2 line option bad=0
	while read -r line; do
		case $line in
		CONFIG_*=n)
			option=${line%%=*}
			grep -q "^$option=" "$config" || continue
			;;
		CONFIG_*)
			grep -qxF -- "$line" "$config" && continue
			option=${line%%=*}
			;;
		"# CONFIG_"*" is not set")
			option=${line#\# }
			option=${option%% *}
			grep -q "^$option=" "$config" || continue
			;;
		*)
			continue
			;;
		esac
		echo "not as asked for: $line; the kernel has:" \
			"$(grep -E "^(# )?${option}[= ]" "$config" || echo nothing)"
		bad=1
	done <"$fragment"
	return "$bad"
}

source_key() {
	{
		cat -- "$(cache_path source)/version" "$VM_DIR/configs/$1.config"
		gcc -v 2>&1 | tail -n 1
		ld --version | head -n 1
		declare -f source_build
	} | sha256sum | cut -c 1-12
}

# source_entry KERNEL: name of the cache entry; fails when there is no source.
source_entry() {
	cache_path source >/dev/null && echo "kernels/$1-$(source_key "$1")"
}

source_prepare() {
	local kernel=$1
	vm_need make gcc ld flex bison bc cpio perl tar xz sha256sum
	cache_path source >/dev/null || vm_need apt-get apt-cache dpkg-deb
	cache_fill source "download $SOURCE_PACKAGE" source_fetch
	cache_fill "$(source_entry "$kernel")" "build kernel $kernel" source_build "$kernel"
}

# source_path KERNEL: the build directory, when it is complete.
source_path() {
	local entry path
	entry=$(source_entry "$1") && path=$(cache_path "$entry") && echo "$path/build"
}
