#!/bin/bash
# Runs every command of docs/inspection.md against a daemon of its own, and compares what comes
# with what the page shows. Commands stand in blocks that open with ```console, behind `# `; a word
# behind `console` names the hook that the block is for. Numbers, ids and times may differ; a line
# `...` stands for anything, and so does `...` at the end of a line.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. test/lib.sh
. test/lab.sh

page=docs/inspection.md

pass() { passed=$((passed + 1)); }

clean_up() {
	trap - EXIT INT TERM
	remove_lab "$alice" "$bob"
}

# In words, for a run that can't go on.
give_up() {
	fail "$*"
	[ -s "$folder/log" ] && sed 's/^/  log: /' "$folder/log"
	clean_up
	finish
}

# start_daemon_of_page HOOK: with the configuration that the page shows
start_daemon_of_page() {
	hook=$1
	start_daemon
	xvsctl apply -f "$folder/page.yaml" >"$folder/apply" 2>&1 ||
		give_up "apply: $(cat "$folder/apply")"
}

guest() { # NAMESPACE TAP MAC ADDRESS
	timeout 10 ip -n "$host" link add "$2" type veth peer name eth0 address "$3" netns "$1" &&
		timeout 10 ip -n "$1" address add "$4/24" dev eth0 &&
		timeout 10 ip -n "$1" link set eth0 up
}

ping_bob() {
	for _ in 1 2 3 4 5 6; do
		timeout 5 nsenter --net="/run/netns/$alice" ping -q -c 2 -i 0.2 -W 1 192.0.2.2 \
			>"$folder/ping" 2>&1 && return 0
	done
	return 1
}

# A frame with the tag of VLAN 7, from bob, who is on an access port.
send_tagged() {
	timeout 10 nsenter --net="/run/netns/$bob" python3 -c 'import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
s.send(bytes.fromhex("ffffffffffff 525400000002 8100 0007 0806") + bytes(46))'
}

# What may differ from run to run: numbers, hex words, how much white space.
normal() {
	sed -E -e 's/\b0x[0-9a-f]+\b/N/g' -e 's/\b[0-9a-f]{8,}\b/N/g' -e 's/\b([0-9a-f]{2} )+[0-9a-f]{2}\b/N/g' \
		-e 's/[0-9]+/N/g' -e 's/[[:space:]]+/ /g' -e 's/^ //' -e 's/ $//'
}

# Writes block NUMBER.cmd and NUMBER.want for each command of the blocks for `console $1`.
extract() {
	awk -v info="$1" -v folder="$folder" '
		/^```/ { inside = !inside && $0 == "```console" (info ? " " info : ""); next_file = 0; next }
		inside && /^# / {
			name = sprintf("%s/%s%03d", folder, info ? info "-" : "", ++number)
			print substr($0, 3) > (name ".cmd")
			printf "" > (name ".want")
			next
		}
		inside { print > (name ".want") }' "$page"
}

# Every line that the page shows must come, in any order. Only for the bpftool that the page is of.
compare() { # WANT GOT COMMAND
	local line start
	while IFS= read -r line; do
		[ "$line" = "..." ] && continue
		start=${line%...}
		start=$(normal <<<"$start")
		if [ "$line" != "${line%...}" ]; then
			normal <"$2" | awk -v s="$start" 'index($0, s) == 1 { found = 1 } END { exit !found }' && continue
		else
			normal <"$2" | grep -qxF -e "$start" && continue
		fi
		fail "$3"
		printf '  the page shows: %s\n  what came:\n' "$line"
		head -20 "$2" | sed 's/^/    /'
		return 1
	done <"$1"
}

# run_blocks INFO
run_blocks() {
	local file command
	extract "$1"
	for file in "$folder"/${1:+$1-}[0-9][0-9][0-9].cmd; do
		[ -e "$file" ] || { fail "no command in the blocks 'console${1:+ $1}' of $page"; break; }
		command=$(sed -e "s|/sys/fs/bpf/xvswitch|$pins|g" \
			-e "s|^xvsctl |$bin/xvsctl --socket $folder/control.sock |" "$file")
		if ! in_host bash -o pipefail -c "$command" >"$folder/got" 2>"$folder/error" </dev/null; then
			fail "$(cat "$file")"
			sed 's/^/    /' "$folder/error"
			continue
		fi
		if $comparable; then
			compare "${file%.cmd}.want" "$folder/got" "$(cat "$file")" && pass
		elif [ -s "$folder/got" ]; then
			pass
		else
			fail "$(cat "$file"): it printed nothing"
		fi
		cat "$folder/got" >>"$folder/all"
	done
}

# Said by name, whatever the page shows: fields and reasons must not come as bare bytes.
check_names() {
	local name
	for name in layout_version generation transmit_packets receive_bytes not_learned vlan_tagged \
		switch_id vlan_mode learning_limit mac port ifindex seen first count xvs_in xvs_ingress; do
		if grep -qw -- "$name" "$folder/all"; then
			pass
		else
			fail "nothing printed has the name '$name'"
		fi
	done
}

name_lab xvsi bpftool tc ip nsenter ping python3
alice=xvsi-$$-alice bob=xvsi-$$-bob
trap 'clean_up; exit 130' INT TERM
trap clean_up EXIT
comparable=false
bpftool version | grep -q '^bpftool v7\.1\.' && comparable=true

awk '/^```yaml/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$page" >"$folder/page.yaml"
for namespace in "$host" "$alice" "$bob"; do
	timeout 10 ip netns add "$namespace" || give_up "ip netns add $namespace"
done
guest "$alice" tap-a 52:54:00:00:00:01 192.0.2.1 || give_up "a veth for alice"
guest "$bob" tap-b 52:54:00:00:00:02 192.0.2.2 || give_up "a veth for bob"

start_daemon_of_page auto
ping_bob || give_up "no ping from alice to bob: $(tail -2 "$folder/ping" | head -1)"
pass
send_tagged || give_up "bob could not send a tagged frame"
run_blocks ""
if xvsctl -j show | grep -q '"hook": *"tcx"'; then
	run_blocks tcx
fi
check_names
stop_daemon

start_daemon_of_page clsact
ping_bob || fail "no ping from alice to bob with clsact"
run_blocks clsact
clean_up
finish
