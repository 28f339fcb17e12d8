#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/vm itself: what a command finds, and what becomes of its output, its writes and its status.
# On the host's kernel, and in a machine with the kernel that is named here (6.12).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

status=7 # that the command ends with

# reach NEAR FAR: do frames of the one NIC reach the other?
reach() {
	ip netns add far && ip link set "$2" netns far
	ip address add 10.9.0.1/24 dev "$1"
	ip -n far address add 10.9.0.2/24 dev "$2"
	ip link set "$1" up
	ip -n far link set "$2" up
	ping -q -n -c 1 -w 3 10.9.0.2 >/dev/null && echo yes || echo no
	ip address flush dev "$1"
	ip -n far link set "$2" netns 1
	ip netns del far
}

# In /tmp, but for the way to the checkout, which may be there.
temporary_files() {
	local found
	find /tmp -mindepth 1 -path "$PWD" -prune -o -mindepth 1 -print | while read -r found; do
		[[ $PWD/ = "$found"/* ]] || echo "$found"
	done
}

# look_around DURATION FILE…: the command's part says what it finds, a line each, writes to FILE, and
# leaves a sleep behind.
look_around() {
	[ -e /run/vm-settings ] || exit 1
	echo "user $(id -u)"
	echo "kernel $(uname -r)"
	echo "host name $(hostname)"
	echo "folder $PWD"
	echo "variable ${XVS_TEST_VM-unset}"
	echo "arguments ${*@Q}"
	echo "stdin $(wc -c)"
	echo "lo $(ip -br link show up | grep -cw lo)"
	echo "namespaces $(ip netns list | wc -l)"
	echo "temporary files $(temporary_files | wc -l)"
	echo "pins $(find /sys/fs/bpf -mindepth 1 ! -name '*.debug' | wc -l)"
	echo "tracing $([ -e /sys/kernel/tracing/available_events ] && echo yes)"
	echo "address $(cat /sys/class/net/eth3/address)"
	echo "eth0 to eth1 $(reach eth0 eth1)"
	echo "eth2 to eth3 $(reach eth2 eth3)"
	echo "eth0 to eth3 $(reach eth0 eth3)"
	rm README.md
	touch "$2" "/etc/$2"
	echo "written $([ ! -e README.md ] && [ -e "$2" ] && [ -e "/etc/$2" ] && echo yes)"
	echo "on stderr" >&2
	sleep "$1" &
	exit $status
}

[ "${1:-}" != look-around ] || look_around "${@:2}"

. test/lib.sh

machine_kernel=${1:-6.12}
[[ $machine_kernel =~ ^6\.(1|12)$ ]] || { echo "usage: $0 [6.1|6.12]" >&2; exit 1; }
duration=3600.$$ # of a sleep that is known by it
file=xvswitch-vm-$$
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

explain() {
	tail -n 5 "$folder/out" "$folder/err"
}

# vm_status STATUS ARGUMENT…: scripts/vm ends with it
vm_status() {
	local want=$1 got
	XVS_TEST_VM=outside scripts/vm "${@:2}" >"$folder/out" 2>"$folder/err" && got=0 || got=$?
	echo "status $got"
	[ $got -eq "$want" ]
}

# says LINE: the command did, on stdout
says() {
	grep -xF -- "$1" "$folder/out" || { cat "$folder/out"; false; }
}

complains() {
	grep -F -- "$1" "$folder/err" || { cat "$folder/err"; false; }
}

nothing_runs() {
	! pgrep -af "sleep $duration"
}

# test_command KERNEL
test_command() {
	check "$1: the status is the command's" vm_status $status run --kernel "$1" --nics 4 \
		--timeout 180 -- test/vm/test_vm.sh look-around $duration $file 'a  "b" $c'
	check "$1: root" says 'user 0'
	check "$1: a host name of its own" says 'host name xvswitch-vm'
	check "$1: begins in the top folder" says "folder $PWD"
	check "$1: an environment of its own" says 'variable unset'
	check "$1: arguments arrive as they are" says "arguments '$duration' '$file' 'a  \"b\" \$c'"
	check "$1: stdin is empty" says 'stdin 0'
	check "$1: lo is up" says 'lo 1'
	check "$1: no namespaces" says 'namespaces 0'
	check "$1: /tmp is empty" says 'temporary files 0'
	check "$1: bpffs is empty" says 'pins 0'
	check "$1: tracefs is there" says 'tracing yes'
	check "$1: addresses of NICs" says 'address 52:54:00:00:00:04'
	check "$1: a cable" says 'eth0 to eth1 yes'
	check "$1: another cable" says 'eth2 to eth3 yes'
	check "$1: no cable between them" says 'eth0 to eth3 no'
	check "$1: it can write" says 'written yes'
	check "$1: and nothing of it stays" \
		test -e README.md -a ! -e $file -a ! -e /etc/$file
	check "$1: stderr comes apart" [ "$(cat "$folder/err")" = 'on stderr' ]
	check "$1: what it left running has ended" nothing_runs
}

# test_hang KERNEL
test_hang() {
	check "$1: a hang: 124" \
		vm_status 124 run --kernel "$1" --timeout 10 -- sleep $duration
	check "$1: a hang: says so" complains 'out of time after 10 s'
	check "$1: a hang: nothing runs" nothing_runs
}

# Everything ends with scripts/vm, however that ends.
test_kill() {
	local signal vm
	for signal in TERM KILL; do
		TMPDIR=$folder scripts/vm run --kernel host -- sleep $duration &
		vm=$!
		check "host: $signal: it runs" eventually pgrep -f "^sleep $duration"
		kill -$signal $vm
		check "host: $signal: nothing runs" eventually nothing_runs
		wait $vm
	done 2>/dev/null
}

test_shell() {
	check 'host: a shell' vm_status 5 shell --kernel host < <(echo 'echo I am $$; exit 5')
	check 'host: a shell: reads stdin' grep -qE 'I am [0-9]+' "$folder/out"
}

# refused WORDS ARGUMENT…
refused() {
	check "refused: ${*:2}" vm_status 1 "${@:2}" -- true
	check "refused: ${*:2}: says why" complains "$1"
}

test_refusals() {
	refused 'needs a machine' run --kernel host --igb 1
	refused 'needs a machine' run --kernel host --systemd
	refused 'needs a machine' run --kernel host --tap tap0
	refused 'their number is even' run --kernel host --nics 3
	refused '6.1, 6.12 or host' run --kernel 5.10
	refused "not 'tap0,02:00'" run --tap tap0,02:00
}

# test_panic KERNEL
test_panic() {
	check "$1: a panic: 125" vm_status 125 run --kernel "$1" --timeout 180 -- \
		bash -c 'echo before; echo c >/proc/sysrq-trigger; sleep 60'
	check "$1: a panic: the kernel's log is shown" complains 'sysrq triggered crash'
}

# test_abort KERNEL: QEMU dies before the command begins
test_abort() {
	local vm got qemu="^[^ ]*/qemu-system-x86_64 .*$folder"
	TMPDIR=$folder scripts/vm run --kernel "$1" --timeout 180 -- echo arrived \
		>"$folder/out" 2>"$folder/err" &
	vm=$!
	check "$1: QEMU aborts: it runs" eventually pgrep -f "$qemu"
	pkill -ABRT -f "$qemu"
	wait $vm && got=0 || got=$?
	check "$1: QEMU aborts: another one comes up" [ $got -eq 0 ]
	check "$1: QEMU aborts: the command runs" says arrived
	check "$1: QEMU aborts: says so" complains 'QEMU died while the machine started'
}

[ "$(id -u)" -eq 0 ] || { echo "$0 needs root" >&2; exit 1; }
test_command host
check 'host: the kernel' says "kernel $(uname -r)"
test_hang host
test_kill
test_shell
test_refusals
if need_machine 'the same in a machine' "$machine_kernel"; then
	test_command "$machine_kernel"
	check "$machine_kernel: the kernel" grep -q "^kernel $machine_kernel\." "$folder/out"
	test_hang "$machine_kernel"
	test_panic "$machine_kernel"
	test_abort "$machine_kernel"
fi
finish
