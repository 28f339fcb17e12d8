# SPDX-License-Identifier: GPL-2.0-only
"""
MAC addresses: what a frame costs at TC when few or many that the switch knows are in use, and
when every frame brings a new one. The table holds the most of them throughout, half behind each
guest, all learned. Everything but the watching of refreshes is on one CPU.
"""

import statistics
import subprocess

from harness import uplink, ways
from harness.lab import BenchError, Lab, run
from harness.report import Curve, Figure, Ratio

CPU, WATCH_CPU = 1, 0
FEW, MANY = 100, 1_000_000
SCALES = (FEW, 10_000, 100_000, MANY)
NEW = 1_000_000  # addresses that nobody has seen before
TABLE_SIZE = 1_048_576
SLICE_FRAMES = 300_000  # scales take turns of so many: the machine drifts by more than they differ
SLICES = 4  # of each scale, for a second of measuring
ADDRESSES = {"a": "02:be:4d:00:00:00", "b": "02:be:4e:00:00:00"}  # behind each guest, from it on
NEW_ADDRESSES = "02:be:4f:00:00:00"
MANY_LEAST, NEW_LEAST = 0.75, 0.4  # of the rate with few
REFRESHES_MOST = 1  # writes of an entry a second
WATCH_SECONDS = 4  # at least: an entry is written a few times
PICTURE = "a frame between two ports", "MAC addresses in use"

SWITCH = {**ways.PLAIN_SWITCH,
          "switches": {"bench": {"type": "private", "mac-table-size": TABLE_SIZE}},
          "ports": {name: {**port, "security": {"mac-spoofing": True}}
                    for name, port in ways.PLAIN_SWITCH["ports"].items()}}


def through(lab, name):
    """Both guests can send live frames."""
    way = uplink.through(lab, name)
    uplink.receive_xdp(way.middle, "port-b")
    return way


class Ours:
    name = "xvswitch"

    def __init__(self, lab):
        self.way = ways.join_by_xvswitch(lab, through(lab, "ours"), SWITCH)

    def counted(self):
        """Addresses learned and frames flooded so far."""
        counters = [port["counters"] for port in self.way.daemon.ports()]
        return [sum(of[key] for of in counters) for key in ("learned", "flooded")]

    def checked(self, call, learned):
        """Calls. An error if not so many addresses were learned meanwhile, or frames flooded."""
        before = self.counted()
        result = call()
        gained = [now - then for now, then in zip(self.counted(), before)]
        if gained != [learned, 0]:
            raise BenchError(f"{gained[0]} addresses were learned, not {learned}, and "
                             f"{gained[1]} frames flooded, not 0")
        return result

    def forget(self):
        self.way.daemon.control("fdb", "flush", "switch", "bench")


class Bridge:
    name = "bridge"

    def __init__(self, lab):
        self.way = ways.join_by_bridge(through(lab, "bridge"))

    def checked(self, call, learned):
        """It counts neither."""
        return call()

    def forget(self):
        self.way.middle.ip("link", "set", "bridge", "type", "bridge", "fdb_flush")


def send(lab, spaces, source, destination, sources, destinations, *options):
    """Frames a second that arrive. `spaces`: namespaces from which and to which."""
    said = run(lab.tool("mac_send"), "--from", spaces[0].name, "--to", spaces[1].name,
               "--source", source, "--destination", destination, "--sources", sources,
               "--destinations", destinations, "--cpu", CPU, *options)
    rate, sent, arrived = map(float, said.split())
    if arrived < sent:
        raise BenchError(f"{sent - arrived:.0f} of {sent:.0f} frames are lost")
    return rate


def teach(lab, way, count):
    """Each of `count` addresses behind each guest sends a frame."""
    for spaces, one, other in (((way.a, way.b), "a", "b"), ((way.b, way.a), "b", "a")):
        send(lab, spaces, ADDRESSES[one], ADDRESSES[other], count, 1,
             "--rising", 1, "--frames", count)


def known(lab, way, scale, *options):
    """Frames a second among `scale` known addresses, source and destination drawn at random."""
    count = scale // 2
    return send(lab, (way.a, way.b), ADDRESSES["a"], ADDRESSES["b"], count, count, *options)


def all_new(lab, way):
    """Frames a second that all come from different addresses, to one that is known."""
    return send(lab, (way.a, way.b), NEW_ADDRESSES, ADDRESSES["b"], NEW, 1,
                "--rising", 1, "--frames", NEW)


def refreshes(lab, ours, seconds):
    """Writes of an entry in one second, the most that there were, while all entries are in use."""
    count = FEW // 2
    watch = lab.start(lab.tool("mac_watch"), "--pins", ours.way.daemon.pins,
                      "--address", ADDRESSES["a"], "--count", count, "--seconds", seconds,
                      "--cpu", WATCH_CPU, stdout=subprocess.PIPE)
    known(lab, ours.way, FEW, "--seconds", seconds)
    said, _ = watch.communicate(timeout=10 * seconds)
    if watch.returncode:
        raise BenchError("mac_watch failed")
    writes, shortest = map(int, said.split())
    if writes < count:
        raise BenchError(f"{writes} refreshes of {count} entries in {seconds} s: too few to judge")
    return 1e9 / shortest


def one_round(lab, side, seconds):
    """Frames a second by scale, and of new addresses by "new". Ends with an empty table."""
    slices = {scale: [] for scale in SCALES}
    teach(lab, side.way, MANY // 2)
    for _ in range(SLICES * seconds):
        for scale, rates in slices.items():
            rates.append(side.checked(
                lambda: known(lab, side.way, scale, "--frames", SLICE_FRAMES), learned=0))
    rates = {scale: statistics.median(of) for scale, of in slices.items()}
    side.forget()
    teach(lab, side.way, 1)
    rates["new"] = side.checked(lambda: all_new(lab, side.way), learned=NEW)
    side.forget()
    return rates


def results(rates, refreshed):
    """`rates`: name of a side: what its rounds gave."""
    def values(name, key):
        return [one[key] for one in rates[name]]

    for name, least in (("xvswitch", (MANY_LEAST, NEW_LEAST)), ("bridge", (None, None))):
        for key, said, target in ((MANY, f"{MANY:,} random MACs", least[0]),
                                  ("new", "each from a new MAC", least[1])):
            yield Ratio(f"{name} at TC, 60 bytes", "frames/s", said, f"{FEW} random MACs",
                        values(name, key), values(name, FEW), target)
    for scale in (FEW, MANY):
        yield Ratio(f"TC, 60 bytes, {scale:,} random MACs", "frames/s", "xvswitch", "bridge",
                    values("xvswitch", scale), values("bridge", scale), None)
    yield Figure("MAC in use: most refreshes a second", "", refreshed, most=REFRESHES_MOST)
    for name in rates:
        yield Curve(*PICTURE, "ns", name, {
            scale: [1e9 / rate for rate in values(name, scale)] for scale in SCALES})


def measure(settings):
    rates, refreshed = {"xvswitch": [], "bridge": []}, []
    with Lab(settings.build) as lab:
        ours, bridge = Ours(lab), Bridge(lab)
        for number in range(settings.rounds):
            for side in (ours, bridge):
                rates[side.name].append(one_round(lab, side, settings.seconds))
            teach(lab, ours.way, FEW // 2)
            refreshed.append(refreshes(lab, ours, max(settings.seconds, WATCH_SECONDS)))
            settings.tell(f"round {number + 1}: " + "; ".join(
                f"{name} " + ", ".join(f"{key} {rate:,.0f}" for key, rate in of[-1].items())
                for name, of in rates.items()) + f"; refreshes {refreshed[-1]:.3f}/s")
    return list(results(rates, refreshed))
