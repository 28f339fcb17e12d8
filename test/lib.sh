# SPDX-License-Identifier: GPL-2.0-only
# Shared by the tests that are shell scripts; to be sourced in the top folder of the checkout.

passed=0 failed=0 skipped=0
soon=30 # seconds that `eventually` waits: machines are slow

# check WHAT COMMAND…: COMMAND succeeds; what it printed is in $said
check() {
	local what=$1
	shift
	if said=$("$@" 2>&1); then
		echo "ok $what"
		passed=$((passed + 1))
		return
	fi
	fail "$what: $*: $said"
}

fail() {
	echo "FAIL $1"
	failed=$((failed + 1))
	explain
}

# What helps to see why a check failed; for the tests to replace.
explain() { :; }

# skip WHAT WHY
skip() {
	echo "skip $1: $2"
	skipped=$((skipped + 1))
}

# eventually COMMAND…: COMMAND succeeds within $soon seconds
eventually() {
	local end=$((SECONDS + soon)) said
	until said=$("$@" 2>&1); do
		[ $SECONDS -lt $end ] || break
		sleep 0.2
	done
	echo "$said"
	"$@" >/dev/null 2>&1
}

# The closing line, which scripts/test adds up.
finish() {
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
	[ $failed -eq 0 ]
	exit
}

# need_machine WHAT KERNEL: scripts/vm can boot it, or WHAT is skipped
need_machine() {
	local why
	why=$(bash -euc ". scripts/vm.d/cache.sh; fill_cache $2" 2>&1) && return
	skip "$1" "no machine to run it in: $why"
	return 1
}
