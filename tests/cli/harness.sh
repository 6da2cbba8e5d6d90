# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Runs test functions and offers them words to say what they expect.
#
# A file NAME.test defines functions test_*; each is a test and runs in a
# subshell of its own under "set -eu", in an empty folder $dir, in a domain
# that holds nothing. A test fails when a command in it fails, and also when
# objects are still held after it. A function "before" runs before the first.
#
# On emulated machines starting a program, and even a subshell, is what takes
# the time: the words here do with the shell what it can.

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
	# One file to read for each program, not a dozen as with LC_ALL.
	unset LC_ALL SINGLET_DEVICE SINGLET_FD
	export LANG=C LC_CTYPE=C.UTF-8
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
	clean=$(of_machine objects slabs types pins)
	# Nobody ever writes to it, see nap.
	mkfifo "$work/never"
	exec 5<>"$work/never"
	# Found here once, not in each test.
	hash cat cmp head sed sort tail tr wc xargs 2>/dev/null
}

run_file()
{
	local line name names=() dirs=() file=${1##*/}

	file=${file%.test}
	# shellcheck source=/dev/null
	. "$1"
	# In the order of the file.
	while read -r line; do
		[[ ! $line =~ ^(test_[a-z0-9_]*)"()"$ ]] || names+=("${BASH_REMATCH[1]}")
	done <"$1"
	for name in "${names[@]}"; do
		dirs+=("$work/$((number + ${#dirs[@]} + 1))")
	done
	mkdir "${dirs[@]}"
	! declare -F before >/dev/null || before
	for name in "${names[@]}"; do
		run_test "$file" "$name"
	done
	rm -rf "${dirs[@]}" "${dirs[@]/%/.log}" "${dirs[@]/%/.trace}"
	unset -f "${names[@]}" before
}

run_test()
{
	local label status begin=${EPOCHREALTIME/[^0-9]/} time=

	label=${2#test_}
	label="$1: ${label//_/ }"
	number=$((number + 1))
	dir=$work/$number
	(
		exec 9>"$dir.trace" </dev/null
		BASH_XTRACEFD=9
		cd "$dir"
		trap 'stop_holders' EXIT
		shopt -s inherit_errexit
		set -eux
		"$2"
		check_json
	) >"$dir.log" 2>&1
	status=$?
	if [ $status -eq 77 ]; then
		echo "ok $number - $label # SKIP $(tail -n 1 "$dir.log")"
		return
	fi
	check_clean >>"$dir.log" 2>&1 || status=1
	if [ -n "${SINGLET_TIMES-}" ]; then
		time=" # $(((${EPOCHREALTIME/[^0-9]/} - begin) / 1000)) ms"
	fi
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $number - $label$time"
	else
		failed=$((failed + 1))
		echo "not ok $number - $label"
		{ tail -n 15 "$dir.trace"; tail -n 15 "$dir.log"; } |
			cut -c 1-300 | sed 's/^/# /'
	fi
}

end_run()
{
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ]
}

# Nothing is held, everything comes back.
check_clean()
{
	local i type types names

	if [ -s "$work/domains" ]; then
		mapfile -t names <"$work/domains"
		: >"$work/domains"
		# Some tests have deleted theirs.
		"$singlet" domain delete --deferred -- "${names[@]}" 2>/dev/null
	fi
	! is_clean || return 0
	read_stat </proc/singlet/stats
	if [ "${stat[pins]}" -gt 0 ]; then
		echo "after the test: ${stat[pins]} objects are pinned"
		"$singlet" list -rno ID,PINS | sed -n '/ 0$/!s/ .*//p' |
			"$singlet" unpin --all -f -
		"$singlet" gc
		return 1
	fi
	"$singlet" gc >/dev/null || return 1
	! is_clean || return 0
	mapfile -t types < <("$singlet" type list -rno TYPE)
	for type in "${types[@]}"; do
		[ "$type" -le "$predefined" ] || "$singlet" type delete "$type"
	done
	# What waits for readers may come a little later.
	for ((i = 0; i < 20; i++)); do
		! is_clean || return 0
		nap 0.05
	done
	echo "after the test: objects, slabs, types and pins are" \
		"$(of_machine objects slabs types pins) (expected $clean)"
	return 1
}

# is_clean: the machine holds what it held before the first test
is_clean()
{
	local name found=

	read_stat </proc/singlet/stats
	for name in objects slabs types pins; do
		found+=" ${stat[$name]}"
	done
	[ "$found" = " $clean" ]
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

# repeat BYTES TEXT: TEXT again and again, to so many bytes in all. Copies of a
# block are much cheaper where machines are emulated than yes, head and tr.
repeat()
{
	local block=$2 i copies=()

	while [ ${#block} -lt 65536 ]; do
		block+=$block
	done
	printf %s "$block" >block
	for ((i = 0; i < $1 / ${#block}; i++)); do
		copies+=(block)
	done
	[ ${#copies[@]} -eq 0 ] || cat "${copies[@]}"
	head -c $(($1 % ${#block})) block
}

# nap SECONDS: without a program
nap()
{
	read -rt "$1" -u 5 || true
}

# read_file FILE: its text, every byte of it, in $REPLY
read_file()
{
	IFS= read -rd '' REPLY <"$1" || true
}

# read_text FILE: its text in $REPLY, as $(<FILE) gives it
read_text()
{
	read_file "$1"
	while [[ $REPLY == *$'\n' ]]; do
		REPLY=${REPLY%$'\n'}
	done
}

# read_stat: "name value" lines from standard input to stat[name]
declare -A stat
read_stat()
{
	local name value

	stat=()
	while read -r name value; do
		[ -z "$name" ] || stat[$name]=$value
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

# stat_is "NAME..." "NUMBER...": of the domain
stat_is()
{
	"$singlet" stat >stat.got
	read_stat <stat.got
	numbers_are "$@"
}

# machine_is "NAME..." "NUMBER...": of /proc/singlet/stats
machine_is()
{
	read_stat </proc/singlet/stats
	numbers_are "$@"
}

numbers_are()
{
	local name values=

	for name in $1; do
		values+=" ${stat[$name]}"
	done
	same "${values# }" "$2"
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
	read_text err
	said=$REPLY
	if [[ $said != "singlet: "*"$text"* || $said == *$'\n'* ]]; then
		echo "expected one line with: $text"
		echo "got: $said"
		return 1
	fi
}

# contains FILE TEXT
contains()
{
	read_text "$1"
	[[ $REPLY == *"$2"* ]] || { echo "no '$2' in: $REPLY"; return 1; }
}

# lacks FILE TEXT
lacks()
{
	read_text "$1"
	[[ $REPLY != *"$2"* ]] || { echo "'$2' in: $REPLY"; return 1; }
}

# empty FILE
empty()
{
	[ ! -s "$1" ] || { echo "not empty: $1"; head -n 5 "$1"; return 1; }
}

# is FILE TEXT: that is all of it
is()
{
	read_text "$1"
	same "$REPLY" "$2"
}

# joined FILE TEXT: that is all of it, with a blank for each newline
joined()
{
	read_file "$1"
	same "${REPLY//$'\n'/ }" "$2"
}

# has_lines FILE NUMBER
has_lines()
{
	local lines

	mapfile -t lines <"$1"
	same ${#lines[@]} "$2"
}

# has_line FILE TEXT: one of its lines is that
has_line()
{
	read_file "$1"
	[[ $'\n'$REPLY == *$'\n'"$2"$'\n'* ]] || { echo "no line '$2' in: $REPLY"; return 1; }
}

# line FILE NUMBER TEXT: that is the line; -1 is the last
line()
{
	local lines

	mapfile -t lines <"$1"
	[ ${#lines[@]} -gt 0 ] || lines=('')
	same "${lines[$2 - ($2 > 0)]-no such line}" "$3"
}

# words FILE NUMBER TEXT: the line's words, with one blank between them
words()
{
	local lines list

	mapfile -t lines <"$1"
	[ ${#lines[@]} -gt 0 ] || lines=('')
	read -ra list <<<"${lines[$2 - ($2 > 0)]-no such line}"
	same "${list[*]}" "$3"
}

# prints TEXT COMMAND...: it succeeds; its output has a blank for each newline
prints()
{
	"${@:2}" >got
	joined got "$1"
}

# field NAME COMMAND...: it succeeds; of its "name value" lines that value in $REPLY
field()
{
	"${@:2}" >got
	read_stat <got
	REPLY=${stat[$1]-no such name}
}

# field_is NAME VALUE COMMAND...
field_is()
{
	field "$1" "${@:3}"
	same "$REPLY" "$2"
}

# counts NUMBER COMMAND...: it succeeds and prints so many lines
counts()
{
	"${@:2}" >got
	has_lines got "$1"
}

# ends TEXT COMMAND...: it succeeds, and that is its last line
ends()
{
	"${@:2}" >got
	line got -1 "$1"
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
	local i

	# A holder that runs on would keep the trace and the log open.
	{
		exec >>"hold.$BASHPID" 2>hold.err
		exec "$singlet" "$@" 6>&- 9>&-
	} &
	holder=$!
	holders+=("$holder")
	for ((i = 0; i < 1500; i++)); do
		[ ! -s "hold.$holder" ] || return 0
		kill -0 "$holder" 2>/dev/null || break
		nap 0.02
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

# json_is FILE FILTER TEXT: what jq says. It starts slowly, and is asked at the
# end of the test, once for all.
json_filters=() json_expected=()
json_is()
{
	command -v jq >/dev/null || skip "no jq"
	read_file "$1"
	printf '%s\n' "$REPLY" >>json.asked
	json_filters+=("$2")
	json_expected+=("$3")
}

# valid_json FILE
valid_json()
{
	if command -v jq >/dev/null; then
		json_is "$1" 'type | IN("object", "array")' true
	elif command -v python3 >/dev/null; then
		python3 -m json.tool "$1" >/dev/null
	else
		skip "neither jq nor python3"
	fi
}

# check_json: asks jq what json_is is about
check_json()
{
	local i line program='[inputs] as $all | ($all|length)' answers=()

	[ ${#json_filters[@]} -gt 0 ] || return 0
	for i in "${!json_filters[@]}"; do
		program+=", \"answer $i\", (\$all[$i] | ${json_filters[i]})"
	done
	jq -nrc "$program" json.asked >json.said
	{
		read -r line
		same "$line" "${#json_filters[@]}"
		i=-1
		while IFS= read -r line; do
			if [ "$line" = "answer $((i + 1))" ]; then
				i=$((i + 1))
				answers[i]=
			else
				answers[i]+=$line$'\n'
			fi
		done
	} <json.said
	for i in "${!json_filters[@]}"; do
		same "${json_filters[i]}: ${answers[i]%$'\n'}" \
			"${json_filters[i]}: ${json_expected[i]}"
	done
}

# json FILE FILTER: what jq says at once
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
		set -eux && "$5" && check_json' \
		inside "$here" "$singlet" "$PWD" "$(declare -f "$2")" "$2"
}
