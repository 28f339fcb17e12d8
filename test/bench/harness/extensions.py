# SPDX-License-Identifier: GPL-2.0-only
"""
Extensions that do nothing: what each costs by being there, beside the same ports without any. With
`disabled` ones installed a port must cost as much as without.
"""

import statistics

from harness import acl, macs, ways
from harness.lab import Lab
from harness.report import Figure, Ratio

MANY = 8
EACH_MOST = 15  # ns
RATE_LEAST = 0.80
NONE_LEAST = 0.97  # of the rate without: as much, within noise


def config(lab, count, directions="in", enabled=True):
    path = lab.tool(f"empty_{directions}.bpf.o")
    names = [f"e{number}" for number in range(count)]
    return {"version": 1,
            "extensions": {name: {"file": str(path)} for name in names},
            "switches": {"bench": {
                "type": "private",
                "extensions": [{"name": name, "enabled": enabled} for name in names]}},
            "ports": {"port-a": acl.port("a", None), "port-b": acl.port("b", None)}}


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
            "both": build(lab, "ext-both", MANY, "both"),
        }
        for number in range(settings.rounds):
            for name in ("none", "disabled", "one", "in"):
                values[name].append(acl.cost(lab, lab_ways[name]))
            for name, way in lab_ways.items():
                values["rate", name].append(acl.known(lab, way, 1))
            settings.tell(f"round {number + 1}: " + ", ".join(
                f"{key} {of[-1]:,.3g}" for key, of in values.items()))
    typical = each(values["one"], values["in"], MANY - 1)
    settings.tell(f"each: {statistics.median(typical):.1f} ns")
    return [
        Figure("ingress, no extensions", "ns", values["none"]),
        Figure(f"ingress, {MANY} disabled", "ns", values["disabled"]),
        Figure("ingress, 1 empty extension", "ns", values["one"]),
        Figure("each further empty extension", "ns", typical, most=EACH_MOST, typical=True),
        Ratio("at TC, 60 bytes", "frames/s", f"{MANY} disabled", "none",
              values["rate", "disabled"], values["rate", "none"], NONE_LEAST),
        Ratio("at TC, 60 bytes", "frames/s", f"{MANY} empty ones, on the way in", "none",
              values["rate", "in"], values["rate", "none"], RATE_LEAST),
        Ratio("at TC, 60 bytes", "frames/s", f"{MANY} empty ones, on both ways", "none",
              values["rate", "both"], values["rate", "none"], RATE_LEAST),
    ]
