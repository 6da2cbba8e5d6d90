# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian packages of any suite, without touching the machine's own apt: a
# private state per suite, whose archive and key are taken from the machine's
# own sources, so that a mirror or proxy configured there is used here too.
#
# One suite per state makes "the newest version" unambiguous, and needs no root.

# apt_entries: "URI SIGNED-BY" for each Debian archive in the machine's
# sources; both the one-line and the deb822 format. Security archives have
# other suites, and a key given inline cannot be passed on: both are left out.
apt_entries() {
	local etc=${SINGLET_APT_ETC:-/etc/apt} file
	for file in "$etc"/sources.list.d/*.sources; do
		[ -f "$file" ] || continue
		awk '
			function flush(i, n, uri) {
				if (types ~ /(^| )deb( |$)/ && enabled !~ /no/ &&
				    (" " components " ") ~ / main / &&
				    suites !~ /security/) {
					n = split(uris, uri, " ")
					for (i = 1; i <= n; i++)
						print uri[i], (key ~ /^\// ? key : "-")
				}
				types = uris = suites = components = enabled = key = ""
			}
			/^#/ { next }
			/^[ \t]*$/ { flush(); next }
			tolower($1) == "types:" { types = rest() }
			tolower($1) == "uris:" { uris = rest() }
			tolower($1) == "suites:" { suites = rest() }
			tolower($1) == "components:" { components = rest() }
			tolower($1) == "enabled:" { enabled = rest() }
			tolower($1) == "signed-by:" { key = rest() }
			function rest(line) {
				line = $0
				sub(/^[^:]*:[ \t]*/, "", line)
				return line
			}
			END { flush() }
		' "$file"
	done
	for file in "$etc/sources.list" "$etc"/sources.list.d/*.list; do
		[ -f "$file" ] || continue
		awk '
			$1 == "deb" {
				key = "-"
				line = $0
				sub(/^deb[ \t]+/, "", line)
				if (match(line, /^\[[^]]*\]/)) {
					options = substr(line, 2, RLENGTH - 2)
					line = substr(line, RLENGTH + 1)
					n = split(options, option, " ")
					for (i = 1; i <= n; i++)
						if (sub(/^signed-by=/, "", option[i]))
							key = option[i]
				}
				n = split(line, word, " ")
				for (i = 3; i <= n; i++)
					if (word[i] == "main" && word[2] !~ /security/)
						print word[1], key
			}
		' "$file"
	done
}

# apt_source SUITE: the line for sources.list.
apt_source() {
	local uri key entries
	entries=$(apt_entries)
	# Third-party archives have "main" too. Debian's is known by its key, or
	# else by its name.
	read -r uri key < <(
		grep -E ' .*/debian-archive-' <<<"$entries"
		grep -E '/debian(/|\.list)? ' <<<"$entries"
	) || {
		echo "no Debian archive in this machine's apt sources" >&2
		return 1
	}
	[ "$key" != - ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "deb [signed-by=$key] $uri $1 main"
}

# apt_config SUITE: make the private state, print the name of its apt.conf.
apt_config() {
	local dir=$VM_CACHE/apt/$1
	mkdir -p -- "$dir/lists/partial" "$dir/archives/partial"
	apt_source "$1" >"$dir/sources.list"
	# "#clear": the machine's hooks would work on its own state.
	cat >"$dir/apt.conf" <<-END
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State::status "/dev/null";
		Dir::State::Lists "$dir/lists";
		Dir::Cache "$dir";
		Dir::Cache::archives "$dir/archives";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
	END
	echo "$dir/apt.conf"
}

apt_update() {
	local config
	config=$(apt_config "$1")
	apt-get -c "$config" update
}

# apt_show SUITE PACKAGE FIELD: one field of the newest version.
apt_show() {
	local value
	value=$(apt-cache -c "$VM_CACHE/apt/$1/apt.conf" show --no-all-versions "$2" |
		sed -n "s/^$3: //p" | head -n 1)
	[ -n "$value" ] || {
		echo "suite $1 has no $2 ($3)" >&2
		return 1
	}
	echo "$value"
}

# apt_unpack SUITE DIRECTORY PACKAGE...: download and unpack; keep no archive.
apt_unpack() {
	local suite=$1 dir=$2 debs
	shift 2
	debs=$(mktemp -d -- "$VM_CACHE/apt/$suite/debs.XXXXXX")
	(cd -- "$debs" && apt-get -c "$VM_CACHE/apt/$suite/apt.conf" download "$@")
	local deb
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf -- "$debs"
}
