# SPDX-License-Identifier: GPL-2.0-only
"""
Extensions that do nothing: what each costs by being there, beside the same ports without any. With
`disabled` ones installed a port must cost as much as without.
"""

import statistics

from harness import acl, compare, macs, ways
from harness.lab import Lab
from harness.report import Figure, Ratio

MANY = 8
EACH_MOST = 15  # ns
RATE_LEAST = 0.80
NONE_LEAST = 0.97  # of the rate without: as much, within noise


def with_extensions(lab, plain, count, directions="in", enabled=True):
    """A configuration of one switch, with so many."""
    path = lab.tool(f"empty_{directions}.bpf.o")
    names = [f"e{number}" for number in range(count)]
    switch = {**plain["switches"]["bench"],
              "extensions": [{"name": name, "enabled": enabled} for name in names]}
    return {**plain, "switches": {"bench": switch},
            "extensions": {name: {"file": str(path)} for name in names}}


def config(lab, *extensions, **options):
    plain = {"version": 1, "switches": {"bench": {"type": "private"}},
             "ports": {"port-a": acl.port("a", None), "port-b": acl.port("b", None)}}
    return with_extensions(lab, plain, *extensions, **options)


def build(lab, name, *of_config, **options):
    return ways.join_by_xvswitch(lab, macs.through(lab, name), config(lab, *of_config, **options))


def each(few, many, count):
    """Nanoseconds of one of `count` more, round by round."""
    return [(more - less) / count for less, more in zip(few, many)]


def measure(settings):
    values = acl.Values()
    with Lab(settings.build) as lab:
        lab_ways = {
            "none": build(lab, "ext-none", 0),
            "disabled": build(lab, "ext-off", MANY, enabled=False),
            "one": build(lab, "ext-one", 1),
            "in": build(lab, "ext-in", MANY),
            "called": build(lab, "ext-called", MANY, "called"),
            "both": build(lab, "ext-both", MANY, "both"),
        }
        for number in range(settings.rounds):
            for name in ("none", "disabled", "one", "in", "called"):
                values[name].append(acl.cost(lab, lab_ways[name]))
            for name, way in lab_ways.items():
                values["rate", name].append(acl.known(lab, way, 1))
            settings.tell(f"round {number + 1}: " + ", ".join(
                f"{key} {of[-1]:,.3g}" for key, of in values.items()))
    typical = each(values["one"], values["in"], MANY - 1)
    called = each(values["one"], values["called"], MANY - 1)
    settings.tell(f"each: {statistics.median(typical):.1f} ns")
    return [
        Figure("ingress, no extensions", "ns", values["none"]),
        Figure(f"ingress, {MANY} disabled", "ns", values["disabled"]),
        Figure("ingress, 1 empty extension", "ns", values["one"]),
        Figure("each further empty extension", "ns", typical, most=EACH_MOST, typical=True),
        Figure("the same with a stack, which is called", "ns", called, most=EACH_MOST,
               typical=True),
        Ratio("at TC, 60 bytes", "frames/s", f"{MANY} disabled", "none",
              values["rate", "disabled"], values["rate", "none"], NONE_LEAST),
        Ratio("at TC, 60 bytes", "frames/s", f"{MANY} empty ones, on the way in", "none",
              values["rate", "in"], values["rate", "none"], RATE_LEAST),
        Ratio("at TC, 60 bytes", "frames/s", f"{MANY} empty ones, on both ways", "none",
              values["rate", "both"], values["rate", "none"], RATE_LEAST),
    ]


def guests(directions):
    """Two guests, each with sockets, on a switch with MANY of them."""
    def build_guests(lab, name):
        return ways.join_by_xvswitch(lab, ways.through(lab, name), with_extensions(
            lab, ways.PLAIN_SWITCH, MANY, directions))
    return build_guests


ON_THE_WAY_IN, ON_BOTH_WAYS = f"{MANY} empty ones, on the way in", f"{MANY} on both ways"
WAYS = {"none": ways.xvswitch, ON_THE_WAY_IN: guests("in"), ON_BOTH_WAYS: guests("both")}
TARGETS = [compare.Target("none", RATE_LEAST, subject=subject)
           for subject in (ON_THE_WAY_IN, ON_BOTH_WAYS)]
COMPARISONS = {
    "ext-udp64": compare.Comparison("UDP, 64 bytes, extensions", "packets/s", compare.udp,
                                    WAYS, TARGETS),
    "ext-udp64cpu": compare.Comparison("UDP, 64 bytes, one CPU, extensions", "packets/s",
                                       compare.udp_one_cpu, WAYS, TARGETS),
}
