#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The unit xvswitchd.service under a real systemd. Boots a machine of scripts/vm for it, with the
# options given here, such as --kernel 6.1; needs a build in build/.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. test/lib.sh
if [ ! -e /run/vm-settings ]; then
	need_machine 'the unit under systemd' 6.12 || finish
	exec scripts/vm run --systemd "$@" -- test/vm/test_systemd.sh
fi

unit=xvswitchd.service
capabilities=000000c000003001 # BPF, PERFMON, NET_RAW, NET_ADMIN, CHOWN
running=/run/xvswitch/control.sock.running.yaml

explain() {
	journalctl -u $unit -n 10 --no-pager -o short-monotonic
}

property() {
	systemctl show -P "$1" $unit
}

# The daemon's process, which runs, or the test is over.
main_pid() {
	local pid
	pid=$(property MainPID)
	[ "$pid" -gt 0 ] && echo "$pid" && return
	systemctl start $unit && pid=$(property MainPID) && [ "$pid" -gt 0 ] && echo "$pid" && return
	echo "FAIL the daemon can't be started" >&2
	kill $$
}

# is PROPERTY VALUE
is() {
	[ "$(property "$1")" = "$2" ] || {
		echo "$1 is $(property "$1"), not $2"
		return 1
	}
}

has_port() {
	xvsctl -br port list | grep -qw "$1"
}

lacks_port() {
	xvsctl -br port list >/dev/null && ! has_port "$1"
}

# configuration PORT…: a file
configuration() {
	local port
	printf 'version: 1\nswitches: {s: {type: private}}\nports:\n'
	for port in "$@"; do
		printf '  %s: {switch: s, interface: %s}\n' "$port" "$port"
	done
}

# guest NAME ADDRESS: a namespace behind the device NAME
guest() {
	ip netns add "$1"
	ip link add name "$1" up type veth peer name eth0 netns "$1"
	ip -n "$1" address add "$2/24" dev eth0
	ip -n "$1" link set eth0 up
}

pinging=
start_pinging() {
	ip netns exec a ping -n -q -i 0.05 10.7.0.2 >/run/pings &
	pinging=$!
	sleep 0.5
}

loses_nothing() {
	kill -INT $pinging
	wait $pinging
	cat /run/pings
	grep -q ' 0% packet loss' /run/pings
}

# restarted PID COUNT: systemd has started it anew, for the COUNTth time, in the place of PID
restarted() {
	is NRestarts "$2" && is ActiveState active && [ "$(property MainPID)" != "$1" ]
}

# with_unit NAME SETTING: a drop-in of the unit's section Service
with_unit() {
	mkdir -p /run/systemd/system/$unit.d
	printf '[Service]\n%s\n' "$2" >/run/systemd/system/$unit.d/"$1".conf
	systemctl daemon-reload
}

# without_unit NAME
without_unit() {
	rm /run/systemd/system/$unit.d/"$1".conf
	systemctl daemon-reload
}

# in_sandbox COMMAND…: sees the files as the daemon does
in_sandbox() {
	nsenter --mount --target "$(property MainPID)" "$@"
}

# logged MESSAGE FILE: the unit's entry with that message, as JSON
logged() {
	journalctl -u $unit -o json | grep -F "$1" >"$2"
}

install_it() {
	cmake --install build --prefix /usr >/dev/null && systemctl daemon-reload
	guest a 10.7.0.1
	guest b 10.7.0.2
	configuration a b >/etc/xvswitch/boot.yaml
}

test_start() {
	check 'start' systemctl start $unit
	check 'start: active' is ActiveState active
	check 'start: xvsctl works' xvsctl show
	check 'start: frames pass' ip netns exec a ping -n -q -c 1 -W 10 10.7.0.2
	check 'start: the unit has the sandbox' grep -q '^Seccomp:.*2' "/proc/$(property MainPID)/status"
	check 'start: may write what it needs in sysfs' \
		in_sandbox test -w /sys/fs/bpf -a -w /sys/kernel/rcu_expedited
	check 'start: and nothing else there' eval '! in_sandbox test -w /sys/kernel/profiling'
	check 'start: and no capability but its own' \
		grep -q "^CapBnd:.$capabilities" "/proc/$(property MainPID)/status"
	check 'start: can tell what the kernel offers' eval '! xvsctl -j features | grep unknown'
	check 'start: no warning' grep -q '^-- No entries' \
		<(journalctl -u $unit -p warning --no-pager 2>&1)
}

test_journal() {
	local entry=/run/entry
	xvsctl apply -f <(configuration a b late) >/dev/null
	ip link add name late type dummy
	check 'journal: tells of a device that came' \
		eventually logged 'attach port late to late' "$entry"
	check 'journal: level' grep -q '"PRIORITY":"6"' $entry
	check 'journal: identifier' grep -q '"SYSLOG_IDENTIFIER":"xvswitchd"' $entry
	xvsctl apply -f <(configuration a b) >/dev/null
	ip link del late
}

test_reload() {
	local pid
	pid=$(main_pid)
	configuration a b c >/etc/xvswitch/boot.yaml
	check 'reload' systemctl reload $unit
	check 'reload: in force' eventually has_port c
	check 'reload: the same process' is MainPID "$pid"
	check 'reload: active again' eventually is ActiveState active
	configuration a b >/etc/xvswitch/boot.yaml
}

test_kill() {
	local pid count
	pid=$(main_pid) count=$(property NRestarts)
	start_pinging
	[ -z "$pid" ] || kill -KILL "$pid"
	check 'kill: started anew' eventually restarted "$pid" $((count + 1))
	check 'kill: no ping lost' loses_nothing
	check 'kill: ports are there' has_port a
}

test_watchdog() {
	local pid count
	with_unit watchdog WatchdogSec=3
	systemctl restart $unit
	pid=$(main_pid)
	sleep 8
	check 'watchdog: kept content' is MainPID "$pid"
	pid=$(main_pid) count=$(property NRestarts)
	start_pinging
	kill -STOP "$pid"
	check 'watchdog: started anew' eventually restarted "$pid" $((count + 1))
	check 'watchdog: no ping lost' loses_nothing
	check 'watchdog: the journal tells' \
		grep -q 'Watchdog timeout' <(journalctl -u $unit --no-pager)
	without_unit watchdog
	systemctl restart $unit
}

test_stop() {
	xvsctl apply -f <(configuration a b d) >/dev/null
	start_pinging
	check 'stop' systemctl stop $unit
	check 'stop: inactive' is ActiveState inactive
	check 'stop: nothing failed' is Result success
	check 'stop: the running configuration is kept' test -s $running
	sleep 1
	check 'stop, start' systemctl start $unit
	check 'stop, start: no ping lost' loses_nothing
	check 'stop, start: goes on with what was running' has_port d
}

# Without a frame from anybody: what is known afterwards was in the kernel.
test_restart() {
	local address
	address=$(ip -n a -br link show eth0 | awk '{ print $3 }')
	ip netns exec a ping -n -q -c 1 -W 10 10.7.0.2 >/dev/null
	check 'restart: learned' eventually knows "$address"
	ip -n a link set eth0 down
	check 'restart' systemctl restart $unit
	check 'restart: the MAC table is the same' knows "$address"
	check 'restart: no warning' grep -q '^-- No entries' \
		<(journalctl -u $unit -p warning --no-pager \
			_PID="$(property MainPID)" 2>&1)
	ip -n a link set eth0 up
}

knows() {
	xvsctl fdb list mac "$1" | grep -q learned
}

# neighbour ADDRESS DEVICE: the far end of the wire takes ADDRESS for DEVICE's
neighbour() {
	ip -n wire neighbour show "$1" | grep -w "$(cat "/sys/class/net/$2/address")"
}

# The switch takes the NIC's addresses, and who knew them by the NIC's MAC hears of it.
test_addresses() {
	local address
	guest wire 10.8.0.2
	ip -n wire address add 2001:db8::2/64 dev eth0 nodad
	ip netns exec wire sysctl -qw net.ipv4.neigh.eth0.locktime=0
	ip address add 10.8.0.1/24 dev wire
	ip address add 2001:db8::1/64 dev wire nodad
	for address in 10.8.0.1 2001:db8::1; do
		ip netns exec wire ping -n -q -c 1 -W 10 $address >/dev/null
		check "addresses: the wire knows $address" eventually neighbour $address wire
	done
	check 'addresses' xvsctl switch add wan type external uplink wire \
		host-port.interface wan0 host-port.take-addresses on
	for address in 10.8.0.1 2001:db8::1; do
		check "addresses: $address has moved" \
			grep -qwF $address <(ip -br address show wan0)
		check "addresses: the wire is told of $address" \
			eventually neighbour $address wan0
		check "addresses: $address answers" \
			ip netns exec wire ping -n -q -c 1 -W 10 $address
	done
	check 'addresses: given back' xvsctl switch del wan
	check 'addresses: back on the NIC' grep -qwF 10.8.0.1 <(ip -br address show wire)
	ip link del wire
}

# as_member COMMAND…: by a user whose group is the socket's
as_member() {
	setpriv --reuid nobody --regid games --clear-groups "$@"
}

test_group() {
	local socket=/run/xvswitch/control.sock
	with_unit group "ExecStart=
ExecStart=/usr/sbin/xvswitchd --socket-group games"
	check 'group: restart' systemctl restart $unit
	check 'group: has the socket' [ "$(stat -c %G:%a $socket)" = games:660 ]
	check 'group: may look' as_member xvsctl port list
	as_member xvsctl port del a >/dev/null 2>&1
	check 'group: may change nothing' [ $? -eq 2 ]
	without_unit group
	systemctl restart $unit
}

guardian_timers() {
	systemctl list-units --plain --no-legend "$@" 'xvswitch-guardian-*.timer'
}

no_guardian_timer() {
	[ -z "$(guardian_timers)" ]
}

# The daemon is alone in its control group.
is_alone() {
	[ "$(cat "/sys/fs/cgroup$(property ControlGroup)/cgroup.procs")" = "$(property MainPID)" ]
}

reaches() {
	ip netns exec a ping -n -q -c 1 -W 1 10.7.0.2
}

# A trial is guarded by a timer of systemd's, made from within the sandbox.
test_trial() {
	xvsctl apply -f <(configuration a b) >/dev/null
	check 'trial' xvsctl try --no-wait --timeout 10m -f <(configuration a)
	check 'trial: in force' lacks_port b
	check 'trial: guarded by a timer' grep -q active <(guardian_timers --state=active)
	check 'trial: outside of the control group' is_alone
	check 'trial: confirmed' xvsctl confirm
	check 'trial: confirmed, the timer is gone' eventually no_guardian_timer
	check 'trial: confirmed, in force' lacks_port b
	xvsctl apply -f <(configuration a b) >/dev/null
	check 'trial: canceled' cancel_trial
	check 'trial: canceled, the timer is gone' eventually no_guardian_timer
	check 'trial: canceled, as before' has_port b
}

cancel_trial() {
	xvsctl try --no-wait --timeout 10m -f <(configuration a) && xvsctl cancel
}

# The daemon is killed and nobody starts it again: the timer does the rest.
test_guardian() {
	with_unit norestart Restart=no
	check 'guardian: before' reaches
	xvsctl try --no-wait --timeout 3s -f <(configuration a) &>/dev/null
	systemctl kill -s KILL $unit
	check 'guardian: no daemon' eventually is ActiveState failed
	check 'guardian: on trial' eval '! reaches'
	check 'guardian: as before' eventually reaches
	check 'guardian: still no daemon' is ActiveState failed
	check 'guardian: is gone' eventually no_guardian_timer
	without_unit norestart
	systemctl start $unit
	check 'guardian: a new daemon goes on' has_port b
}

test_purge() {
	systemctl stop $unit
	check 'purge' xvswitchd --purge
	check 'purge: no pins' test ! -e /sys/fs/bpf/xvswitch
	check 'purge: no running configuration' test ! -e $running
	check 'purge, start: reads the boot configuration' systemctl start $unit
	check 'purge, start: without what was applied' lacks_port d
}

install_it
test_start
test_journal
test_reload
test_restart
test_kill
test_watchdog
test_stop
test_addresses
test_group
test_trial
test_guardian
test_purge
finish
