#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The programs, the verifier's work on them and the namespace tests on another kernel: in a machine
# of scripts/vm with the one that is named here (6.12). Needs a build in build/.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

if [ ! -e /run/vm-settings ]; then
	. test/lib.sh
	need_machine "kernel ${1:-6.12}" "${1:-6.12}" || finish
	exec scripts/vm run --kernel "${1:-6.12}" --timeout 1500 -- test/vm/test_kernel.sh
fi

. scripts/suites.sh
netns=build/bin/xvs_netns_tests
suite bpf 600 build/bin/test_bpf
suite verifier 300 scripts/verifier --here
named "$upgrades|$transactions|$sped" | left_out 'on emulated processors, as they are long or about speed'
suite netns 1200 $netns $(named . "$upgrades|$transactions|$sped")
finish
