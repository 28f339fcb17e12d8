#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Another kernel: the programs, the verifier's work on them, and the namespace tests of what differs
# between kernels, in a machine of scripts/vm. Needs a build in build/.
#
#   test/vm/test_kernel.sh [--all] [KERNEL]    KERNEL: 6.1 or 6.12 (6.12)
#                                              --all: the other namespace tests too, an hour
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

all=
[ "${1:-}" != --all ] || { all=--all && shift; }
kernel=${1:-6.12}
[[ $kernel =~ ^6\.(1|12)$ ]] || { echo "usage: $0 [--all] [6.1|6.12]" >&2; exit 1; }
if [ ! -e /run/vm-settings ]; then
	. test/lib.sh
	need_machine "kernel $kernel" "$kernel" || finish
	exec scripts/vm run --kernel "$kernel" --igb 1 --timeout $((${#all} ? 7200 : 2700)) -- \
		test/vm/test_kernel.sh $all "$kernel"
fi

# keep_in_memory PROGRAM…: with their libraries. What stands on the host costs some messages there
# each time that it is opened, half of a program's start; what is written to is copied.
keep_in_memory() {
	ldd "$@" | sed -nE 's,^\t(.* => )?(/[^ ]+) .*,\2,p' | sort -u | xargs chmod u+r
	chmod u+r "$@"
}

. scripts/suites.sh
keep_in_memory build/bin/{test_bpf,xvs_netns_tests,xvswitchd,xvsctl,xvs-certify} \
	"$(command -v bash)" "$(command -v ip)"
netns=build/bin/xvs_netns_tests
# Hooks, helpers, the verifier, devices and their offloads, what netlink tells.
of_kernels='^(agent_(restart_keeps_state|with_clsact)|capabilities_|extension_order_on|features_|filters_|mirror_leaves|private_vlan_beside|programs_|tap_|tcp_|xdp_)'
chosen=$(named "$of_kernels" "$sped")
[ -z "$all" ] || chosen=$(named .)
suite bpf 2000 env XVS_FUZZ_SECONDS=20 build/bin/test_bpf -j 4
# the rest is the same program's on any kernel, and takes minutes here
suite certify 600 python3 test/extension/test_certify.py build Certify.test_certificate
suite verifier 300 scripts/verifier --here
named . "^($(paste -sd '|' <<<"$chosen"))\$" | left_out 'in the machine, as they are long or not about kernels'
suite netns 7000 env XVS_PATIENCE=4 $netns $chosen
finish
