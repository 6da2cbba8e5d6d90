# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# One run of one virtual machine: start it, pass the command's output on as it
# comes, end it in time. What it left is judged in verdict.sh.

# A warning is a failure, and nothing after it can be trusted.
VM_PANIC=(panic=-1 oops=panic panic_on_warn=1)
VM_COMMAND=()
VM_PID=
VM_CLOCK=
VM_TMP=

# The machine is the leader of its own group: QEMU because of setsid, UML,
# which has one process per guest process, by itself.
machine_kill() {
	[ -z "$VM_PID" ] || kill -KILL -- "-$VM_PID" "$VM_PID" 2>/dev/null || :
	[ -z "$VM_CLOCK" ] || kill -KILL -- "$VM_CLOCK" 2>/dev/null || :
	# "2>": the shell reports what was killed.
	wait "$VM_PID" "$VM_CLOCK" 2>/dev/null || :
	VM_PID=
	VM_CLOCK=
}

machine_cleanup() {
	[ -z "$VM_PID" ] || machine_kill
	[ -z "$VM_TMP" ] || rm -rf -- "$VM_TMP"
	VM_TMP=
}

# machine_new MODULE COMMAND...: make VM_TMP and the share in it. MODULE may
# be empty. The share's files are described in guest/session.
machine_new() {
	local module=$1
	shift
	machine_cleanup
	trap machine_cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	VM_TMP=$(mktemp -d -- "${TMPDIR:-/tmp}/singlet-vm.XXXXXX")
	case $VM_ROOT$VM_TMP in
	*[[:space:],]*) vm_die "blank or comma in a path: $VM_ROOT or $VM_TMP" ;;
	esac
	mkdir -- "$VM_TMP/share" "$VM_TMP/share/module"
	: >"$VM_TMP/console"
	: >"$VM_TMP/share/stdout"
	: >"$VM_TMP/share/stderr"
	printf '%q ' "$@" >"$VM_TMP/share/command"
	[ -z "$module" ] || cp -- "$module" "$VM_TMP/share/module/"
}

# machine_run KERNEL CPUS MIB SECONDS APPEND: boot and wait for the end. The
# kernel log is then in VM_TMP/console. Output goes through files, so that a
# slow reader neither delays the guest nor loses what it wrote last.
machine_run() {
	local kernel=$1 cpus=$2 memory=$3 seconds=$4 append=$5 name relays=()
	"$(kernel_machine "$kernel")_command" "$kernel" "$cpus" "$memory" "$VM_TMP" "$append"
	# A session of its own: the terminal's Ctrl-C comes to this script
	# only, and the whole group can be killed.
	setsid "${VM_COMMAND[@]}" >>"$VM_TMP/console" 2>&1 </dev/null &
	VM_PID=$!
	sleep "$seconds" >/dev/null 2>&1 &
	VM_CLOCK=$!
	tail -n +1 -s 0.1 -f --pid="$VM_PID" -- "$VM_TMP/share/stdout" 2>/dev/null &
	relays+=($!)
	tail -n +1 -s 0.1 -f --pid="$VM_PID" -- "$VM_TMP/share/stderr" >&2 2>/dev/null &
	relays+=($!)
	# Whether it came to its end is told by what it left in the share.
	wait -n "$VM_PID" "$VM_CLOCK" 2>/dev/null || :
	machine_kill
	for name in "${relays[@]}"; do
		wait "$name" || :
	done
	sed -i 's/\r//g' "$VM_TMP/console"
}

# QEMU 7.2, which Debian 12 has, sometimes lets one processor run code that
# another has just patched: the kernel then dies of its own breakpoint ("int3"),
# about once in a hundred boots. Before the command began nothing under test has
# run, and the boot may be tried again.
machine_emulator_fault() {
	[ ! -f "$VM_TMP/share/done" ] &&
		! grep -aq 'singlet-vm: session' -- "$VM_TMP/console" &&
		grep -aqE 'int3: [0-9]+ \[#1\]' -- "$VM_TMP/console"
}

# machine_output DIR: what the command left in /tmp/out.
machine_output() {
	[ -n "$1" ] || return 0
	mkdir -p -- "$1"
	[ ! -f "$VM_TMP/share/out.tar" ] ||
		tar -C "$1" --no-same-owner -xf "$VM_TMP/share/out.tar"
}
