# SPDX-License-Identifier: GPL-2.0-only
"""A large configuration: how long it takes to compare it, to apply it, and to change one port."""

import time

from harness import ovs
from harness.daemon import Daemon
from harness.farm import Farm
from harness.lab import BenchError, Lab, Missing
from harness.report import Figure, Ratio, Skip

PORTS, ENTRIES = 1000, 10000
DIFF_MOST, APPLY_MOST, CHANGE_MOST = 0.3, 1.5, 0.05  # seconds
RATIO = 10
EXIT_DIFFERS = 4  # of xvsctl diff
CHANGED, OTHER_VLAN = 500, 4001  # number of the port
NOTHING = "version: 1\n"
EMPTY = NOTHING + "switches: {s: {type: private}}\n"
REST = 0.5  # seconds before a measured step: the kernel frees what the step before took away


def access_vlan(number):
    return number % 4000 + 1


def ports_alone():
    """YAML of what Open vSwitch is given too: ports with their VLANs."""
    return EMPTY + "ports:\n" + "".join(
        f"  vm{i}: {{switch: s, interface: tap{i}, vlan: {{access: {access_vlan(i)}}}}}\n"
        for i in range(PORTS))


def configuration(changed_vlan=None):
    """YAML as people write it. `changed_vlan`: of the port CHANGED, in place of its own."""
    lines = ["version: 1", "switches:", "  s:", "    type: private", "    static-entries:"]
    lines += [f"      - {{mac: '52:54:00:00:{i >> 8:02x}:{i & 255:02x}', vlan: {i % 4094 + 1}, "
              f"port: vm{i % PORTS}}}" for i in range(ENTRIES)]
    lines.append("ports:")
    for i in range(PORTS):
        vlan = changed_vlan if changed_vlan and i == CHANGED else access_vlan(i)
        lines += [f"  vm{i}:", "    switch: s", f"    interface: tap{i}",
                  f"    vlan: {{access: {vlan}}}",
                  f"    mac: 02:aa:00:00:{i >> 8:02x}:{i & 255:02x}"]
    return "\n".join(lines) + "\n"


def seconds(call, *words, **options):
    time.sleep(REST)
    start = time.monotonic()
    call(*words, **options)
    return time.monotonic() - start


class Ours:
    def __init__(self, lab):
        self.space = lab.namespace("ours")
        self.farm = Farm(lab, self.space, PORTS)
        self.daemon = Daemon(lab, self.space)
        texts = {"ports": ports_alone(), "empty": EMPTY, "all": configuration(),
                 "changed": configuration(OTHER_VLAN), "nothing": NOTHING}
        self.files = {name: self.daemon.folder / f"{name}.yaml" for name in texts}
        for name, text in texts.items():
            self.files[name].write_text(text)

    def apply(self, name):
        return seconds(self.daemon.control, "apply", "-f", self.files[name])

    def check(self, vlan):
        """All ports are up, and the changed one has the VLAN."""
        ports = self.daemon.wait_until_up([f"vm{i}" for i in range(PORTS)])
        got = ports[f"vm{CHANGED}"]["vlan"]["id"]
        if got != vlan:
            raise BenchError(f"vm{CHANGED} has VLAN {got}, not {vlan}")

    def round(self):
        """Seconds of each step. Ends with nothing configured, as it begins."""
        own, port = access_vlan(CHANGED), f"vm{CHANGED}"
        self.apply("empty")
        times = {"add": self.apply("ports")}
        self.check(own)
        times["remove"] = self.apply("empty")
        self.apply("nothing")
        times["apply"] = self.apply("all")
        self.check(own)
        times["diff"] = seconds(self.daemon.control, "diff", "-f", self.files["changed"],
                                status=EXIT_DIFFERS)
        times["change"] = self.apply("changed")
        self.check(OTHER_VLAN)
        times["set"] = seconds(self.daemon.control, "port", "set", port, "vlan.access", own)
        self.check(own)
        times["clear"] = self.apply("nothing")
        return times


class Peer:
    def __init__(self, lab):
        ovs.obtain()
        self.space = lab.namespace("ovs")
        self.farm = Farm(lab, self.space, PORTS)
        self.switch = ovs.OpenVSwitch(lab, self.space)
        self.vlans = {f"tap{i}": access_vlan(i) for i in range(PORTS)}

    def check(self, count):
        working = self.switch.working_ports() - 1
        if working != count:
            raise BenchError(f"{working} ports of Open vSwitch work, not {count}")

    def round(self):
        times = {"add": seconds(self.switch.add_ports, self.vlans)}
        self.check(PORTS)
        times["remove"] = seconds(self.switch.remove_ports, self.vlans)
        self.check(0)
        return times


def figures(ours):
    size = f"{PORTS:,} ports, {ENTRIES:,} entries"
    for step, title, most in (("diff", f"{size}: diff of one port", DIFF_MOST),
                              ("apply", f"{size}: apply", APPLY_MOST),
                              ("change", f"{size}: apply with one port changed", CHANGE_MOST),
                              ("set", f"{size}: port set", None),
                              ("clear", f"{size}: apply of nothing", None)):
        yield Figure(title, "s", [times[step] for times in ours], most=most, typical=True)


def ratios(ours, peer):
    for step, title, target in (("add", "added", RATIO), ("remove", "removed", None)):
        yield Ratio(f"{PORTS:,} ports {title}", "ports/s", "xvswitch", "Open vSwitch",
                    *([PORTS / times[step] for times in of] for of in (ours, peer)), target)


def measure(settings):
    ours, peer, other, skipped = [], [], None, []
    with Lab(settings.build) as lab:
        switch = Ours(lab)
        try:
            other = Peer(lab)
        except Missing as reason:
            skipped.append(Skip(f"{PORTS:,} ports: xvswitch / Open vSwitch", str(reason)))
        for number in range(settings.rounds):
            ours.append(switch.round())
            if other:
                peer.append(other.round())
            settings.tell(f"round {number + 1}: " + "; ".join(
                f"{name} " + ", ".join(f"{step} {value:.3f} s" for step, value in of[-1].items())
                for name, of in (("xvswitch", ours), ("Open vSwitch", peer)) if of))
    return [*(ratios(ours, peer) if peer else []), *figures(ours), *skipped]
