# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Runs test functions and offers them words to say what they expect.
#
# A file NAME.test defines functions test_*; each is a test and runs in a
# subshell of its own under "set -eu", in an empty folder $dir, in a domain
# that holds nothing. A test fails when a command in it fails, and also when
# objects are still held after it.

# shellcheck disable=SC2034 # used by the tests
here=$PWD
singlet=${SINGLET_CLI:-$here/userspace/cli/singlet}
words=/usr/share/dict/words

# How many types every domain has.
predefined=7

passed=0 failed=0 number=0

begin_run()
{
	if [ ! -x "$singlet" ]; then
		echo "tests/cli/run: no $singlet: run 'make userspace' first" >&2
		exit 2
	fi
	export LC_ALL=C.UTF-8
	unset SINGLET_DEVICE SINGLET_FD
	work=$(mktemp -d) || exit 2
	trap 'rm -rf "$work"' EXIT
	# Not every machine has a dictionary; any long list of words will do.
	if [ ! -r "$words" ]; then
		words=$work/words
		seq 1 50000 | sed 's/.*/word &/' >"$words"
	fi
	if ! "$singlet" gc >"$work/gc" 2>&1; then
		cat "$work/gc" >&2
		exit 2
	fi
	idle_slabs=$(stat_of slabs)
	# A domain ends with its last session if it is empty; this one is to
	# keep its counters through the run.
	exec 6<>/dev/singlet
}

run_file()
{
	local name file=${1##*/}

	file=${file%.test}
	# Functions of the file before.
	while read -r name; do
		unset -f "$name"
	done < <(compgen -A function test_)
	. "$1"
	# In the order of the file.
	while read -r name; do
		run_test "$file" "$name"
	done < <(sed -n 's/^\(test_[a-z0-9_]*\)()$/\1/p' "$1")
}

run_test()
{
	local label status begin=$EPOCHREALTIME

	label=${2#test_}
	label="$1: ${label//_/ }"
	number=$((number + 1))
	dir=$work/$number
	mkdir "$dir"
	(
		exec 9>"$dir.trace" </dev/null
		BASH_XTRACEFD=9
		cd "$dir"
		trap 'stop_holders' EXIT
		shopt -s inherit_errexit
		set -eux
		"$2"
	) >"$dir.log" 2>&1
	status=$?
	if [ $status -eq 77 ]; then
		echo "ok $number - $label # SKIP $(tail -n 1 "$dir.log")"
		return
	fi
	check_clean >>"$dir.log" 2>&1 || status=1
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $number - $label${SINGLET_TIMES:+ # $(bc <<<"$EPOCHREALTIME - $begin") s}"
	else
		failed=$((failed + 1))
		echo "not ok $number - $label"
		{ tail -n 15 "$dir.trace"; tail -n 15 "$dir.log"; } |
			cut -c 1-300 | sed 's/^/# /'
	fi
	rm -rf "$dir" "$dir.log" "$dir.trace"
}

end_run()
{
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ]
}

# Nothing is held, everything comes back.
check_clean()
{
	local live idle slabs types names

	if [ -s "$work/domains" ]; then
		mapfile -t names <"$work/domains"
		rm "$work/domains"
		# Some tests have deleted theirs.
		"$singlet" domain delete --deferred -- "${names[@]}" 2>/dev/null
	fi
	read_stat <<<"$("$singlet" stat)"
	[ -n "${stat[objects]-}" ] || return 1
	# Most tests leave nothing behind.
	if [ "${stat[objects]} ${stat[types]} ${stat[slabs]}" = "0 $predefined $idle_slabs" ]; then
		return 0
	fi
	if [ "${stat[pins]}" -gt 0 ]; then
		echo "after the test: ${stat[pins]} objects are pinned"
		"$singlet" list -rno ID,PINS | sed -n '/ 0$/!s/ .*//p' |
			"$singlet" unpin --all -f -
		"$singlet" gc
		return 1
	fi
	"$singlet" gc || return 1
	read_stat <<<"$("$singlet" stat)"
	live=${stat[live]} idle=${stat[idle]} slabs=${stat[slabs]}
	types=${stat[types]}
	if [ "$types" -gt "$predefined" ]; then
		"$singlet" type list -rno TYPE | while read -r type; do
			[ "$type" -le "$predefined" ] || "$singlet" type delete "$type"
		done
	fi
	if [ "$live $idle $slabs" != "0 0 $idle_slabs" ]; then
		echo "after the test: live $live idle $idle slabs $slabs (expected 0 0 $idle_slabs)"
		return 1
	fi
}

#
# Words for tests
#

skip()
{
	echo "$*"
	exit 77
}

# needs COMMAND: skips the test where it is missing
needs()
{
	command -v "$1" >/dev/null || skip "no $1"
}

# lines FILE: how many
lines()
{
	local lines

	mapfile -t lines <"$1"
	echo ${#lines[@]}
}

# read_stat: "name value" lines from standard input to stat[name]
declare -A stat
read_stat()
{
	local name value

	stat=()
	while read -r name value; do
		stat[$name]=$value
	done
}

# stat_of NAME...: numbers of the domain, with blanks between them
stat_of()
{
	local name values=

	read_stat <<<"$("$singlet" stat)"
	for name; do
		values+=" ${stat[$name]}"
	done
	echo "${values# }"
}

# of_machine NAME...: numbers of /proc/singlet/stats
of_machine()
{
	local name values=

	read_stat </proc/singlet/stats
	for name; do
		values+=" ${stat[$name]}"
	done
	echo "${values# }"
}

# same A B
same()
{
	[ "$1" = "$2" ] || { echo "expected: $2"; echo "got:      $1"; return 1; }
}

# differs A B
differs()
{
	[ "$1" != "$2" ] || { echo "both are: $1"; return 1; }
}

# status N COMMAND...: it exits with N; its output is in ./out and ./err
status()
{
	local expected=$1 got=0

	shift
	"$@" >out 2>err || got=$?
	[ "$got" -eq "$expected" ] && return
	echo "exit status $got instead of $expected: $*"
	head -n 5 out err
	return 1
}

# fails N TEXT COMMAND...: it exits with N, says one line with TEXT
fails()
{
	local expected=$1 text=$2 said

	shift 2
	status "$expected" "$@"
	said=$(<err)
	if [[ $said != "singlet: "*"$text"* || $said == *$'\n'* ]]; then
		echo "expected one line with: $text"
		echo "got: $said"
		return 1
	fi
}

# contains FILE TEXT
contains()
{
	local text

	text=$(<"$1")
	[[ $text == *"$2"* ]] || { echo "no '$2' in: $text"; return 1; }
}

# lacks FILE TEXT
lacks()
{
	local text

	text=$(<"$1")
	[[ $text != *"$2"* ]] || { echo "'$2' in: $text"; return 1; }
}

# empty FILE
empty()
{
	[ ! -s "$1" ] || { echo "not empty: $1"; head -n 5 "$1"; return 1; }
}

# hold ARGUMENT...: a process that holds; its id is in $holder and its output
# in ./hold.$holder. Returns when everything is held.
holders=()
hold()
{
	run_holder hold "$@"
}

run_holder()
{
	local i log=hold.log.${#holders[@]}.$RANDOM

	# A holder that runs on would keep the trace and the log open.
	: >"$log"
	"$singlet" "$@" >>"$log" 2>hold.err 6>&- 9>&- &
	holder=$!
	holders+=("$holder")
	ln "$log" "hold.$holder"
	for ((i = 0; i < 600; i++)); do
		[ ! -s "hold.$holder" ] || return 0
		kill -0 "$holder" 2>/dev/null || break
		sleep 0.05
	done
	echo "the holder said nothing:"
	cat hold.err
	return 1
}

# release PID SIGNAL: ends a holder; its exit status is in $released
release()
{
	local pid i

	kill "-$2" "$1"
	released=0
	wait "$1" || released=$?
	# shellcheck disable=SC2034 # for tests
	for i in "${!holders[@]}"; do
		pid=${holders[i]}
		[ "$pid" != "$1" ] || unset "holders[i]"
	done
}

# temporary DOMAIN...: these named domains are deleted after the test
temporary()
{
	printf '%s\n' "$@" >>"$work/domains"
}

# other COMMAND...: as a user who has nothing open, but may open the device
other()
{
	setpriv --reuid=65534 --regid=0 --clear-groups -- "$singlet" "$@" 6>&-
}

stop_holders()
{
	local pid

	for pid in ${holders[@]+"${holders[@]}"}; do
		kill -9 "$pid" 2>/dev/null || continue
		wait "$pid" || true
	done
	holders=()
}

# valid_json FILE
valid_json()
{
	if command -v jq >/dev/null; then
		jq -e . "$1" >/dev/null
	elif command -v python3 >/dev/null; then
		python3 -m json.tool "$1" >/dev/null
	else
		skip "neither jq nor python3"
	fi
}

# json FILE FILTER: what jq says
json()
{
	command -v jq >/dev/null || skip "no jq"
	jq -rc "$2" "$1"
}

# inside DOMAIN FUNCTION [OPTION...]: it runs in one session of a domain, which
# is joined with these options
inside()
{
	# shellcheck disable=SC2016 # the other shell
	"$singlet" domain join "${@:3}" "$1" -- bash -c '
		cd "$1" && . tests/cli/harness.sh && singlet=$2 && cd "$3" &&
		eval "$4" && BASH_XTRACEFD=9 && shopt -s inherit_errexit &&
		set -eux && "$5"' \
		inside "$here" "$singlet" "$PWD" "$(declare -f "$2")" "$2"
}
