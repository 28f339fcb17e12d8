# SPDX-License-Identifier: GPL-2.0-only
"""
Ports: what a frame costs at TC when the switch has few or many, sent to one of them and sent to all.
Beside the two guests the ports are taps. Every switch stands in a namespace of its own, with no
more devices than it has ports: the kernel's own search for a device is part of the cost.
"""

from harness import macs, ways
from harness.farm import Farm
from harness.lab import Lab
from harness.report import Curve

SCALES = (3, 16, 128, 1000)  # and as many as --ports says
BRIDGE_MOST = 1000  # ports; the kernel allows a bridge 1,023
GROUP = "ff:ff:ff:00:00:00"  # a multicast address: to everybody
COPIES = 2_000_000  # of a measurement, about
FRAMES_MOST = 500_000
SHORT_QUEUE = 2  # frames that a tap keeps: nobody reads them
ONE, ALL = "a frame between two ports", "a copy of a flooded frame"


def crowd(lab, name, size):
    """Two guests, and taps that make up the number. Returns the way, and the names of the taps."""
    way = macs.through(lab, f"{name}{size}")
    taps = [f"tap{number}" for number in range(size - len(ways.GUESTS))]
    Farm(lab, way.middle, len(taps))
    way.middle.ip("-batch", "-", stdin="".join(
        f"link set {tap} txqueuelen {SHORT_QUEUE}\n" for tap in taps))
    return way, taps


def xvswitch(lab, size):
    way, taps = crowd(lab, "ours", size)
    ports = {**macs.SWITCH["ports"],
             **{tap: {"switch": "bench", "interface": tap} for tap in taps}}
    return ways.join_by_xvswitch(lab, way, {**ways.PLAIN_SWITCH, "ports": ports})


def bridge(lab, size):
    way, taps = crowd(lab, "bridge", size)
    ways.join_by_bridge(way)
    way.middle.ip("-batch", "-", stdin="".join(f"link set {tap} master bridge\n" for tap in taps))
    return way


def flooded(lab, way, size):
    """Nanoseconds of a copy."""
    copies = size - 1
    frames = min(FRAMES_MOST, max(COPIES // copies, 1))
    rate = macs.send(lab, (way.a, way.b), macs.ADDRESSES["a"], GROUP, 1, 1, "--frames", frames)
    return 1e9 / rate / copies


def costs(lab, way, size, seconds):
    """Nanoseconds of a frame to one port, and of a copy of one to all."""
    macs.teach(lab, way, macs.FEW // 2)
    rate = macs.known(lab, way, macs.FEW, "--seconds", seconds)
    return {ONE: 1e9 / rate, ALL: flooded(lab, way, size)}


def build(lab, most):
    """Ways by name and size."""
    sizes = sorted({size for size in SCALES if size < most} | {most})
    return {(name, size): builder(lab, size) for size in sizes
            for name, builder in (("xvswitch", xvswitch), ("bridge", bridge))
            if builder is xvswitch or size <= BRIDGE_MOST}


def curves(measured):
    """`measured`: name and size: what the rounds gave."""
    for title in (ONE, ALL):
        for name in dict.fromkeys(name for name, _ in measured):
            yield Curve(title, "ports of the switch", "ns", name, {
                size: [one[title] for one in of]
                for (of_name, size), of in measured.items() if of_name == name})


def measure(settings):
    with Lab(settings.build) as lab:
        # copies wait there; the daemon raises it too, but not from inside a namespace
        lab.set_sysctl("net.core.netdev_max_backlog", 2 * settings.ports)
        built = build(lab, settings.ports)
        measured = {key: [] for key in built}
        for number in range(settings.rounds):
            for (name, size), way in built.items():
                measured[name, size].append(costs(lab, way, size, settings.seconds))
            settings.tell(f"round {number + 1}: " + "; ".join(
                f"{name}, {size} ports: {of[-1][ONE]:.0f} and {of[-1][ALL]:.0f} ns"
                for (name, size), of in measured.items()))
    return list(curves(measured))
