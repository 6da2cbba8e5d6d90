# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# What every part of tests/vm needs: where things are, how a failure is
# reported, and how a long step is logged.
#
# A failure of the machinery (not of the code under test) always ends in
# vm_die: one line that names the step, exit status 125. Callers can thus
# tell "the test failed" from "the test did not run".

VM_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VM_ROOT=$(cd -- "$VM_DIR/../.." && pwd -P)
VM_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/singlet
VM_LOGS=$VM_CACHE/logs

# 125 is what env(1), timeout(1) and git-bisect use for "could not be run".
VM_EXIT_MACHINE=125

vm_say() {
	printf 'vm: %s\n' "$*" >&2
}

vm_die() {
	vm_say "$*"
	exit "$VM_EXIT_MACHINE"
}

vm_need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null ||
			vm_die "missing tool: $tool (tests/vm/deps names the package)"
	done
}

# vm_step NAME COMMAND [ARG...]: run a long step with its output in a log of
# its own. One line when it ends (none if it took no time); on failure also the end of the log.
# COMMAND runs in a subshell with -e, so a function may simply be a sequence.
vm_step() {
	local name=$1 log start status
	shift
	mkdir -p -- "$VM_LOGS"
	log=$VM_LOGS/${name//[^A-Za-z0-9._-]/_}.$$.log
	start=$SECONDS
	# Not "if (...)": bash ignores -e inside a condition.
	set +e
	(
		set -e
		"$@"
	) >"$log" 2>&1 </dev/null
	status=$?
	set -e
	if [ "$status" -ne 0 ]; then
		tail -n 25 -- "$log" >&2
		vm_die "step failed: $name (log: $log)"
	fi
	mv -f -- "$log" "${log%."$$".log}.log"
	[ $((SECONDS - start)) -eq 0 ] || vm_say "$name: $((SECONDS - start)) s"
}
