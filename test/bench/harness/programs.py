# SPDX-License-Identifier: GPL-2.0-only
"""What a run of each main program costs above an empty program on the same hook."""

import dataclasses

from harness import uplink, ways
from harness.lab import BenchError, Lab, run
from harness.report import Figure

CPU = 1
MANY = 1000  # destinations, drawn at random for every run
MANY_MACS = "02:be:4c:01:00:00"  # the first of them
PORT_C_MAC = "02:be:4c:00:00:03"
STRANGER_MAC = "02:be:4c:00:00:04"  # nobody's own: learned where it sends
UNKNOWN_MAC = "02:be:4c:00:00:05"  # never sends
WIRE_MAC, PORT_B_MAC = ways.GUESTS["a"][0], ways.GUESTS["b"][0]

PHASE_DONE, PHASE_CLONE = 1, 2  # enum xvs_phase
TC_REDIRECT, TC_UNSPEC, XDP_PASS, XDP_REDIRECT = 7, -1, 2, 4  # verdicts


@dataclasses.dataclass
class Case:
    title: str
    hook: str
    device: str
    verdict: int
    source: str = PORT_C_MAC
    destination: str = PORT_B_MAC
    spread: int = 1
    phase: int = 0


CASES = (
    Case("ingress, own address, 1 destination", "ingress", "port-c", TC_REDIRECT),
    Case("ingress, own address, 1,000 destinations", "ingress", "port-c", TC_REDIRECT,
         destination=MANY_MACS, spread=MANY),
    Case("ingress, learned address, 1,000 destinations", "ingress", "port-c", TC_REDIRECT,
         source=STRANGER_MAC, destination=MANY_MACS, spread=MANY),
    Case("egress, stages done", "egress", "port-b", TC_UNSPEC, phase=PHASE_DONE),
    Case("egress, a flood's copy", "egress", "port-b", TC_UNSPEC, phase=PHASE_CLONE),
    Case("uplink XDP, 1 destination", "xdp", "port-a", XDP_REDIRECT, source=WIRE_MAC),
    Case("uplink XDP, 1,000 destinations", "xdp", "port-a", XDP_REDIRECT, source=WIRE_MAC,
         destination=MANY_MACS, spread=MANY),
    Case("uplink XDP, left to TC", "xdp", "port-a", XDP_PASS, source=WIRE_MAC,
         destination=UNKNOWN_MAC),
)


def many_macs():
    return (f"{MANY_MACS[:12]}{number >> 8:02x}:{number & 0xff:02x}" for number in range(MANY))


def config():
    entries = [{"mac": mac, "port": "port-b"} for mac in many_macs()]
    entries.append({"mac": WIRE_MAC, "port": "uplink"})
    return {
        "version": 1,
        "switches": {"bench": {**uplink.SWITCH["switches"]["bench"], "static-entries": entries}},
        "ports": {**uplink.SWITCH["ports"], "port-c": {
            "switch": "bench", "interface": "port-c", "mac": PORT_C_MAC,
            "security": {"mac-spoofing": True}}},
    }


def build(lab):
    way = uplink.through(lab, "programs")
    way.middle.ip("link", "add", "port-c", "up", "type", "veth",
                  "peer", "name", "eth1", "netns", way.a.name)
    way.a.ip("link", "set", "eth1", "up")
    return ways.join_by_xvswitch(lab, way, config())


def cost(lab, way, case):
    """Nanoseconds above an empty program."""
    said = run(lab.tool("program_cost"), "--netns", way.middle.name, "--pins", way.daemon.pins,
               "--hook", case.hook, "--device", case.device, "--source", case.source,
               "--destination", case.destination, "--spread", case.spread,
               "--phase", case.phase, "--cpu", CPU)
    ours, empty, verdict = map(int, said.split())
    if verdict != case.verdict:
        raise BenchError(f"{case.title}: verdict {verdict}, expected {case.verdict}: "
                         "the frame went another way")
    return ours - empty


def measure(settings):
    values = {case.title: [] for case in CASES}
    with Lab(settings.build) as lab:
        way = build(lab)
        for number in range(settings.rounds):
            for case in CASES:
                values[case.title].append(cost(lab, way, case))
            settings.tell(f"round {number + 1}: "
                          f"{', '.join(str(values[case.title][-1]) for case in CASES)} ns")
    return [Figure(f"program: {title}", "ns", costs) for title, costs in values.items()]
