# SPDX-License-Identifier: GPL-2.0-only
# Running suites of tests and adding up what came of them; to be sourced.

# What takes long among the namespace tests: suites of their own.
upgrades='^(upgrade|atomic)_'
transactions='^transaction_'
# Their point is speed, or a million packets: nothing for a daemon that a build slows down.
sped='^(tcp_is_fast|atomic_flips|extension_changes|upgrade_.*(lose|loses|doubles)_nothing)'
# Company would disturb these: they look at how long an answer takes, at how hurried the kernel's
# grace periods are, or wait for thousands of these.
alone='^(acl_every_port_may|control_(files_in_memory|many_calls_at_once)|fault_killed_)'
# The others mostly wait, so that several run side by side; those of transactions wait longest, for
# the kernel's grace periods.
beside=6
many=12

slowest=10
passed=0 failed=0 skipped=0
times=$(mktemp)
declare -A running # the suites that run now, by name
trap end_running EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

end_running() {
	local pid
	for pid in "${running[@]}"; do
		pkill -TERM -P "$pid" # timeout(1), which ends what it runs
	done
	wait
	rm -f "$times" "$times".*
}

# Criterion's, Python's, and ours.
closing_line='Tested: [0-9]+ \| Passing: [0-9]+ \| Failing: [0-9]+|^Ran [0-9]+ tests'
closing_line+='|^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?'

log_of() {
	echo "$times.${1//\//-}"
}

# run_limited NAME LIMIT COMMAND...: leaves its status and its tenths of a second
run_limited() {
	local log start
	log=$(log_of "$1") start=$(now)
	# what runs in the background doesn't heed SIGINT, unless told
	env --default-signal=INT timeout --kill-after=10 "${@:2}" 2>&1
	echo "$? $(($(now) - start))" >"$log.end"
}

# suite NAME LIMIT COMMAND...: runs it, shows what it prints, and adds up
suite() {
	local log
	log=$(log_of "$1")
	printf '\n== %s\n' "$1"
	run_limited "$@" | tee "$log" &
	running[$1]=$(jobs -p %%)
	wait_suite "$1" $!
}

# suite_begin NAME LIMIT COMMAND...: the same beside others, for what leaves a processor idle
suite_begin() {
	run_limited "$@" >"$(log_of "$1")" &
	running[$1]=$!
}

# suite_end NAME: waits for it, shows what it printed, and adds up
suite_end() {
	wait "${running[$1]}"
	printf '\n== %s\n' "$1"
	cat "$(log_of "$1")"
	wait_suite "$1" "${running[$1]}"
}

# wait_suite NAME PID: the last process of it
wait_suite() {
	local end
	wait "$2"
	unset "running[$1]"
	read -ra end <"$(log_of "$1").end"
	add_up "$1" "${end[@]}"
}

# add_up NAME STATUS TENTHS: the sums from its last closing line, and how long it took
add_up() {
	local name=$1 status=$2 log sums good bad skip
	log=$(log_of "$name")
	note_times "$name" "$log" "$3"
	sums=$(grep -oE "$closing_line" "$log" | tail -1)
	case $sums in
	Tested*)
		read -r _ _ _ _ good _ _ bad <<<"$sums"
		count "$name" "$good" "$bad" 0 "$status"
		;;
	Ran*)
		bad=$(grep -cE '^(FAIL|ERROR): ' "$log")
		skip=$(grep -oE '^(OK|FAILED) .*skipped=[0-9]+' "$log" | tail -1)
		read -r _ good _ <<<"$sums"
		count "$name" $((good - bad)) "$bad" "${skip##*=}" "$status"
		;;
	*passed*)
		read -r good _ bad _ skip _ <<<"$sums"
		count "$name" "$good" "$bad" "${skip:-0}" "$status"
		;;
	*) count "$name" $((status == 0)) $((status != 0)) 0 0 ;;
	esac
	failures "$name" "$log" >>"$times.failed"
	rm -f "$log" "$log.end"
}

# failures SUITE LOG: what failed, a line each, as each kind of test says it
failures() {
	sed -nE "s,^((FAIL|ERROR):? .*|\[FAIL\].*),  $1: \1,p" "$2" | cut -c1-300 | head -$slowest
}

# count SUITE PASSED FAILED SKIPPED STATUS: a suite that ended badly without a failed test failed
count() {
	passed=$((passed + $2))
	failed=$((failed + $3))
	skipped=$((skipped + ${4:-0}))
	if [ "$5" -ne 0 ] && [ "$3" -eq 0 ]; then
		echo "FAIL $1: ended with status $5" | tee -a "$times.failed"
		failed=$((failed + 1))
	fi
}

# Tenths of a second.
now() {
	echo $(($(date +%s%N) / 100000000))
}

# note_times SUITE LOG TENTHS: how long each test took, if the suite tells, else the suite as one.
note_times() {
	local took=$3
	sed -nE "s|^ok ([^ ]+) \(([0-9.]+) s\)\$|\2 s  $1: \1|p" "$2" >"$times.suite"
	printf -- '-- %s: %d.%d s\n' "$1" $((took / 10)) $((took % 10))
	[ -s "$times.suite" ] || echo "$((took / 10)).$((took % 10)) s  $1" >"$times.suite"
	cat "$times.suite" >>"$times"
	rm "$times.suite"
}

# The slowest tests, those that failed, and the sums; the status is the script's.
finish() {
	printf '\nslowest tests:\n'
	sort -rn "$times" | head -$slowest | sed 's/^/  /'
	[ -s "$times.failed" ] && printf '\nfailed:\n' && cat "$times.failed"
	printf '\n%d min %d s in all\n' $((SECONDS / 60)) $((SECONDS % 60))
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
	[ $failed -eq 0 ]
}

# named PATTERN [BUT]: the namespace tests whose names fit the one and not the other
named() {
	$netns --list | grep -E "$1" | grep -Ev "${2:-^$}"
}

left_out() {
	printf '\n-- left out: %s: %s\n' "$1" "$(paste -sd ' ')"
}

# run_unit BIN: the unit tests of a build; that of xvsctl, which waits most of its time, goes on
# until `suite_end unit/ctl`
run_unit() {
	local test
	suite_begin unit/ctl 300 python3 test/unit/test_ctl.py "$1/xvsctl"
	for test in "$1"/test_*; do
		[ "$test" = "$1/test_bpf" ] || suite "unit/${test##*test_}" 300 "$test"
	done
	suite unit/description 300 python3 test/unit/test_description.py "$1/list_methods"
	suite unit/ctl_extension 300 python3 test/unit/test_ctl_extension.py "$1/xvsctl"
	for test in bench coverage verifier; do
		suite unit/$test 300 python3 test/unit/test_$test.py
	done
}
