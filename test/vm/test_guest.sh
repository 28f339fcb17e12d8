#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A QEMU guest on a tap behind a port: it gets an address by DHCP from another port, speaks TCP with
# its NIC's offloads on, is switched off and on. The guest is a machine of scripts/vm, which runs
# this file too; options given here are for it, such as --kernel 6.1. Needs a build in build/.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

shell_port=4000
guest_mac=52:54:00:67:75:01

# Within the guest: an address, then a shell for whoever connects. udhcpc runs this file as well.
case ${1:-} in
in-guest)
	ip link set eth0 up
	busybox udhcpc --interface eth0 --now --script "$PWD/test/vm/test_guest.sh" --retries 20 ||
		exit
	exec busybox nc -ll -p $shell_port -e bash
	;;
bound) exec ip address add "$ip/$mask" dev "$interface" ;;
deconfig | renew | leasefail | nak) exit ;;
esac

. test/lib.sh
. test/lab.sh

tap=tap0 server_address=10.7.0.1
data_size=16M
machine='' address=''
servers=()

explain() {
	[ ! -d "$folder" ] || tail -n 5 "$folder/log" "$folder/dnsmasq" "$folder/machine"
}

clean_up() {
	trap - EXIT INT TERM
	[ -z "$machine" ] || end_guest
	[ ${#servers[@]} -eq 0 ] || { kill "${servers[@]}" && wait "${servers[@]}"; } 2>/dev/null
	remove_lab "$server"
}

# Without what comes first there is nothing to test.
give_up() {
	fail "$1"
	clean_up
	finish
}

in_server() { in_namespace "$server" "$@"; }

# serve LOG COMMAND…: beside us, in the server's namespace
serve() {
	nsenter --net="/run/netns/$server" "${@:2}" >"$folder/$1" 2>&1 &
	servers+=($!)
}

make_lab() {
	ip netns add "$host" && ip netns add "$server" &&
		ip -n "$host" link add server type veth peer name eth0 netns "$server" &&
		ip -n "$server" address add $server_address/24 dev eth0 &&
		ip -n "$server" link set lo up && ip -n "$server" link set eth0 up &&
		ip -n "$host" tuntap add $tap mode tap vnet_hdr || return
	start_daemon
	serve dnsmasq dnsmasq --no-daemon --user=root --conf-file=/dev/null --port=0 --pid-file= \
		--dhcp-leasefile="$folder/leases" --interface=eth0 --bind-interfaces --no-ping \
		--dhcp-range=10.7.0.100,10.7.0.199 --dhcp-authoritative
	serve iperf iperf3 --server
	xvsctl apply -f - >/dev/null <<-END
		version: 1
		switches: {lab: {type: private}}
		ports:
		  guest: {switch: lab, interface: $tap, mac: '$guest_mac'}
		  server: {switch: lab, interface: server}
	END
}

start_guest() {
	nsenter --net="/run/netns/$host" scripts/vm run --memory 512 "${machine_options[@]}" \
		--tap $tap,$guest_mac -- test/vm/test_guest.sh in-guest >"$folder/machine" 2>&1 &
	machine=$!
}

end_guest() {
	kill $machine && wait $machine
	machine=
} 2>/dev/null

# port_is STATE [REASON]: the guest's, as a person sees it
port_is() {
	xvsctl port list | tee /dev/stderr | grep -Eq "^guest +$1 .*${2:-}\$"
}

has_lease() {
	address=$(awk -v mac=$guest_mac '$2 == mac { print $3 }' "$folder/leases")
	[ -n "$address" ]
}

# to_guest: stdin goes to a shell there, its output comes back
to_guest() {
	in_server "$busybox" nc "$address" $shell_port
}

# in_guest COMMAND…: its output and its status
in_guest() {
	local said
	said=$(printf '{ %s; } 2>&1; echo " $?"\n' "$*" | to_guest)
	printf '%s\n' "${said% *}"
	[ "${said##* }" = 0 ]
}

# The two readers are behind the switch, seen from the sender, and print bytes and packets.
server_received() {
	in_server nstat -asz IpExtInOctets IpInReceives |
		awk '{ of[$1] = $2 } END { print of["IpExtInOctets"], of["IpInReceives"] }'
}

guest_received() {
	ip -n "$host" -s link show $tap | awk '/TX:/ { getline; print $1, $2 }'
}

# arrives_whole READER COMMAND…: packets that arrive meanwhile are larger than a frame on average
arrives_whole() {
	local before after mean
	read -ra before <<<"$($1)"
	"${@:2}" || return
	read -ra after <<<"$($1)"
	mean=$(((after[0] - before[0]) / (after[1] - before[1])))
	echo "$mean bytes a packet"
	[ $mean -gt 2000 ]
}

# iperf OPTION…: two seconds in the guest, at least 4 MB
iperf() {
	in_guest iperf3 --client $server_address --time 2 --json "$@" >"$folder/result"
	python3 -c 'import json, sys
total = json.load(sys.stdin)["end"]["sum_received"]
print("%d Mbit/s" % (total["bits_per_second"] / 1e6))
sys.exit(total["bytes"] < 4e6)' <"$folder/result"
}

# check_speed WHAT READER OPTION…: and tells it
check_speed() {
	check "$1" arrives_whole "$2" iperf "${@:3}"
	echo "${said//$'\n'/, }"
}

send_data() {
	{ echo 'exec cat >/tmp/data' && cat "$folder/data"; } | to_guest
}

data_arrived() {
	[ "$(in_guest 'sha256sum </tmp/data')" = "$(sha256sum <"$folder/data")" ]
}

data_comes_back() {
	echo 'exec cat /tmp/data' | to_guest | cmp - "$folder/data"
}

no_bad_checksum() {
	local count='nstat -asz TcpInCsumErrors UdpInCsumErrors'
	{ in_guest "$count" && in_server $count; } | tee /dev/stderr |
		awk '/Csum/ { lines++; sum += $2 } END { exit lines != 4 || sum }'
}

no_drop() {
	xvsctl -j port show guest | tee /dev/stderr | grep -Eq '"drops": ?\{\}'
}

test_boot() {
	check 'boot: before, the port is down for want of a link' \
		eventually port_is down 'the interface has no link'
	start_guest
	soon=90 check 'boot: a lease for the MAC address of the port' eventually has_lease
	has_lease
	check 'boot: the guest has the address' eventually in_guest ip address show to "$address"
	check 'boot: the port is up' port_is up
}

has_offload() {
	in_guest ethtool -k eth0 | grep "^$1:" | tee /dev/stderr | grep -q ': on'
}

test_offloads() {
	local offload
	for offload in rx-checksumming tx-checksumming tcp-segmentation-offload rx-gro-hw; do
		check "offloads: $offload" has_offload $offload
	done
	# VIRTIO_NET_F_MRG_RXBUF is bit 15: a large packet is spread over receive buffers
	check 'offloads: mergeable buffers' \
		in_guest grep -qE '^.{15}1' /sys/class/net/eth0/device/features
}

test_traffic() {
	check 'ping: from the guest' in_guest ping -q -c 3 -i 0.2 -W 5 $server_address
	check 'ping: to the guest' in_server ping -q -c 3 -i 0.2 -W 5 "$address"
	check_speed 'TCP: from the guest, in large packets' server_received
	check_speed 'TCP: to the guest, in large packets' guest_received --reverse
	head -c $data_size /dev/urandom >"$folder/data"
	check 'TCP: data to the guest' send_data
	check 'TCP: data to the guest: the same' data_arrived
	check 'TCP: data from the guest: the same' data_comes_back
	check 'TCP: no checksum was wrong' no_bad_checksum
	check 'TCP: no frame of the guest was dropped' no_drop
}

# The tap is persistent, as it was made beforehand: it stays, without a link.
test_end() {
	end_guest
	check 'end: the port is down for want of a link' \
		eventually port_is down 'the interface has no link'
	ip -n "$host" link del $tap
	check 'end: the port waits for the tap' \
		eventually port_is waiting "there is no interface $tap yet"
}

# Now the tap is QEMU's own: it comes with it and goes with it.
test_again() {
	local before=$address
	start_guest
	check 'again: the port is up' eventually port_is up
	soon=90 check 'again: the same address' eventually in_guest ip address show to "$before"
	check_speed 'again: TCP in large packets' server_received
	end_guest
	check 'again: at the end the port waits for the tap' \
		eventually port_is waiting "there is no interface $tap yet"
}

need_machine 'a guest' 6.12 || finish
machine_options=("$@")
busybox=$(. scripts/vm.d/cache.sh && echo "$cache/tools/usr/bin/busybox")
name_lab xvsg dnsmasq ethtool iperf3 ip nsenter nstat python3
server=xvsg-$$-server
trap clean_up EXIT
trap 'exit 130' INT TERM
make_lab || give_up 'the lab can'"'"'t be made'
test_boot
test_offloads
test_traffic
test_end
test_again
clean_up
finish
