# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a run is worth, whatever the command itself said: the kernel log, the
# taint, lockdep, and whether the module came and went.

# verdict_patterns: one extended regular expression per line, matched behind
# the time stamp. Each is anchored to how the kernel prints the report, because
# "WARNING:", "stall" and the like also appear in harmless messages at boot.
verdict_patterns() {
	cat <<-'END'
		WARNING:
		(.*[: ])?BUG(:| [^ ]+ \()
		(.*[: ])?(KASAN|KCSAN|UBSAN|KFENCE|KMSAN): [a-z]
		refcount_t:
		INFO: (task .* blocked|trying to register|possible)
		rcu.*(self-detected stall|detected .*stalls|kthread .*starved)
		(.*[: ])?possible [a-z ]*lock.* detected
		ODEBUG: (activate|deactivate|free|init|assert_init|destroy|object)
		(.*[: ])?kernel BUG at
		page_table_check:
		-+\[ cut here \]-+
		(.*[: ])?Oops(:| \()
		general protection fault
		(.*[: ])?Kernel panic - 
		kmem_cache_destroy .*still has objects
	END
}

# verdict_offending FILE...: the lines of kernel logs that fail a run.
verdict_offending() {
	local stamp='^(<[0-9]+>)?(\[ *[0-9]+\.[0-9]+\](\[ *[TC][0-9]+\])? *)?'
	local pattern expression=()
	while IFS= read -r pattern; do
		expression+=(-e "$stamp$pattern")
	done < <(verdict_patterns)
	# The console and dmesg overlap: show each line once.
	grep -ahE "${expression[@]}" -- "$@" | awk '!seen[$0]++'
}

# verdict_taint BEFORE AFTER: the letters gained beyond O (out of tree),
# E (unsigned) and N (a KUnit test ran).
verdict_taint() {
	local letters=GFSRMBUDAWCIOELKXTNJ gained bit result=""
	gained=$(($2 & ~$1 & ~(1 << 12 | 1 << 13 | 1 << 18)))
	for ((bit = 0; bit < 32; bit++)); do
		((gained >> bit & 1)) && result+=${letters:bit:1}
	done
	# Bit 0 prints as P; G is what the kernel shows when it is clear.
	echo "${result/G/P}"
}

# verdict_finished TMP KERNEL SECONDS: did the guest come to its end? If not,
# say in one line where it stopped.
verdict_finished() {
	local tmp=$1 kernel=$2 seconds=$3 elapsed=$4 reason log
	[ ! -f "$tmp/share/done" ] || return 0
	log=$(verdict_keep "$tmp" "$kernel")
	verdict_offending "$log" >&2 || :
	if reason=$(grep -ao 'singlet-vm: FAILED: .*' -- "$log" | head -n 1) && [ -n "$reason" ]; then
		reason=${reason#singlet-vm: FAILED: }
	elif grep -aq 'Kernel panic - ' -- "$log"; then
		reason="the kernel panicked"
	elif [ "$elapsed" -ge "$seconds" ]; then
		reason="timeout after $seconds s"
	elif grep -aq 'singlet-vm: session' -- "$log"; then
		reason="the machine stopped before the command ended"
	else
		reason="boot failed"
	fi
	if grep -aqE 'int3: [0-9]+ \[#1\]' -- "$log"; then
		reason+=" of a fault of QEMU 7.2, see tests/vm/lib/machine.sh: run again"
	fi
	tail -n 15 -- "$log" >&2
	vm_say "$kernel: $reason (kernel log: $log)"
	return 1
}

# verdict_clean TMP KERNEL: is there nothing wrong beside the command's status?
verdict_clean() {
	local tmp=$1 kernel=$2 share=$1/share lines gained bad=0
	if lines=$(verdict_offending "$tmp/console" "$share/dmesg"); then
		vm_say "$kernel: the kernel complained:"
		printf '%s\n' "$lines" >&2
		bad=1
	fi
	gained=$(verdict_taint "$(cat "$share/tainted.before")" "$(cat "$share/tainted")")
	if [ -n "$gained" ]; then
		vm_say "$kernel: the kernel is tainted: $gained"
		bad=1
	fi
	if [ -f "$share/lockdep" ] && ! grep -q 'debug_locks: *1' "$share/lockdep"; then
		vm_say "$kernel: lockdep turned itself off"
		bad=1
	fi
	if [ -s "$share/steps" ]; then
		vm_say "$kernel: $(cat "$share/steps")"
		bad=1
	fi
	[ "$bad" -eq 0 ] && return
	vm_say "$kernel: kernel log: $(verdict_keep "$tmp" "$kernel")"
	return 1
}

# verdict_keep TMP KERNEL: save the kernel log of a failed run, print its name.
verdict_keep() {
	local log
	find "$VM_LOGS" -name '*.log' -mtime +7 -delete
	log=$(mktemp -- "$VM_LOGS/kernel-$2.XXXXXX.log")
	cat -- "$1/console" >"$log"
	[ ! -s "$1/share/dmesg" ] || cat -- "$1/share/dmesg" >>"$log"
	echo "$log"
}
