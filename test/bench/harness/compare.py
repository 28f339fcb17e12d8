# SPDX-License-Identifier: GPL-2.0-only
"""The switch against its peers: all ways stand at once and are measured in turn, round by round."""

import contextlib
import dataclasses
import json
import subprocess
from collections.abc import Callable

from harness import uplink, ways
from harness.lab import END_SECONDS, BenchError, Lab, Missing, run
from harness.report import Ratio, Skip

SERVER_CPU, CLIENT_CPU = 0, 1


def iperf_server(lab, way):
    """Serves one client. Returns once it listens."""
    server = lab.start("iperf3", "-s", "-1", "--forceflush", netns=way.b.name, cpu=SERVER_CPU,
                       stdout=subprocess.PIPE)
    for line in server.stdout:
        if "listening" in line:
            return server
    raise BenchError("the iperf3 server doesn't listen")


def tcp(lab, way, seconds):
    """Bits a second of one TCP stream."""
    server = iperf_server(lab, way)
    said = json.loads(way.a.run("iperf3", "-c", ways.GUESTS["b"][1], "-t", seconds, "-O", 1, "-J",
                                cpu=CLIENT_CPU))
    if "error" in said:
        raise BenchError(f"iperf3: {said['error']}")
    with contextlib.suppress(subprocess.TimeoutExpired):  # the lab ends it then
        server.communicate(timeout=END_SECONDS)
    return said["end"]["sum_received"]["bits_per_second"]


def between_guests(lab, way, tool, seconds, *options):
    return float(run(lab.tool(tool), "--from", way.a.name, "--to", way.b.name,
                     "--address", ways.GUESTS["b"][1], "--seconds", seconds, *options))


def udp(lab, way, seconds):
    """Packets of 64 bytes of payload received a second."""
    return between_guests(lab, way, "udp_blast", seconds,
                          "--send-cpu", CLIENT_CPU, "--receive-cpu", SERVER_CPU)


def udp_one_cpu(lab, way, seconds):
    """The same, but one CPU does it all: what a second of its time moves."""
    return between_guests(lab, way, "udp_blast", seconds,
                          "--send-cpu", CLIENT_CPU, "--receive-cpu", CLIENT_CPU)


def pingpong(lab, way, seconds):
    """Round trips a second, all on one CPU."""
    return between_guests(lab, way, "pingpong", seconds, "--cpu", CLIENT_CPU)


def live_frames(lab, way, seconds):
    """Frames a second that come in on the uplink and reach the guest, all on one CPU."""
    relay = ["--relay", way.middle.name, "--in", "port-a", "--out", "port-b"] if way.bare else []
    return float(run(lab.tool("xdp_send"), "--wire", way.a.name, "--guest", way.b.name,
                     "--source", ways.GUESTS["a"][0], "--destination", ways.GUESTS["b"][0],
                     "--seconds", seconds, "--cpu", CLIENT_CPU, *relay))


@dataclasses.dataclass
class Target:
    peer: str
    ratio: float | None = None  # None: told only
    stretch: float | None = None
    subject: str | None = None  # None: the one that is measured, by default xvswitch


@dataclasses.dataclass
class Comparison:
    title: str
    unit: str
    measure: Callable
    builders: dict  # name of a way: what builds it
    targets: list


OVS = "Open vSwitch"  # its datapath has a thread of its own, on any CPU
GUEST_WAYS = {
    "xvswitch": ways.xvswitch,
    "direct": ways.direct,
    "bridge": ways.bridge,
    "bare redirect": ways.redirect,
    "bare peer redirect": ways.redirect_peer,
    OVS: ways.open_vswitch,
    "vxlan": ways.vxlan,
}


def guest_targets(direct=None, bridge=None, stretch=None):
    """Every bench between guests tells all peers. `direct`, `bridge`: the least ratio to them."""
    return [
        Target("direct", direct, stretch),
        Target("bridge", bridge),
        Target("bare peer redirect"),
        Target(OVS),
        Target("direct", subject="bare redirect"),
        Target("direct", subject="vxlan"),
    ]


COMPARISONS = {
    "tcp": Comparison("TCP, 1 stream", "bit/s", tcp, GUEST_WAYS,
                      guest_targets(0.92, stretch=0.96)),
    "udp64": Comparison("UDP, 64 bytes", "packets/s", udp, GUEST_WAYS,
                        guest_targets(0.86, bridge=1.2)),
    "udp64cpu": Comparison("UDP, 64 bytes, one CPU", "packets/s", udp_one_cpu, GUEST_WAYS,
                           [target for target in guest_targets() if target.peer != OVS]),
    "pingpong": Comparison("UDP ping-pong", "trips/s", pingpong, GUEST_WAYS,
                           guest_targets(0.93)),
    "xdp": Comparison("uplink to port, XDP, 60 bytes", "frames/s", live_frames, uplink.WAYS,
                      [Target("bare redirect", 0.80), Target("bridge", 2.4)]),
}


def build(lab, comparison, names):
    """The ways by name, and for those that can't be had here the reason."""
    built, missing = {}, {}
    for number, name in enumerate(names):
        if name not in comparison.builders:
            raise BenchError(f"no way is called {name} here; there are: "
                             f"{', '.join(comparison.builders)}")
        try:
            built[name] = comparison.builders[name](lab, f"w{number}")
        except Missing as reason:
            missing[name] = str(reason)
    return built, missing


def judge(comparison, targets, values, missing):
    """A Ratio for each target, or a Skip where one side is missing."""
    for target in targets:
        reason = missing.get(target.subject) or missing.get(target.peer)
        if reason:
            yield Skip(f"{comparison.title}: {target.subject} / {target.peer}", reason)
            continue
        yield Ratio(comparison.title, comparison.unit, target.subject, target.peer,
                    values[target.subject], values[target.peer], target.ratio, target.stretch)


def compare(comparison, settings):
    """Measures all ways in turn, and judges."""
    targets = [dataclasses.replace(target, subject=target.subject or settings.subject)
               for target in comparison.targets]
    names = dict.fromkeys(name for target in targets for name in (target.subject, target.peer))
    values = {name: [] for name in names}
    with Lab(settings.build) as lab:
        built, missing = build(lab, comparison, names)
        for number in range(settings.rounds):
            for name, way in built.items():
                values[name].append(comparison.measure(lab, way, settings.seconds))
            settings.tell(f"round {number + 1}: " + ", ".join(
                f"{name} {values[name][-1]:,.0f}" for name in built))
    return list(judge(comparison, targets, values, missing))
