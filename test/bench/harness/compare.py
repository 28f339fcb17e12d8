# SPDX-License-Identifier: GPL-2.0-only
"""The switch against its peers: all ways stand at once and are measured in turn, round by round."""

import contextlib
import dataclasses
import json
import subprocess
from collections.abc import Callable

from harness import uplink, ways
from harness.lab import END_SECONDS, BenchError, Lab, run
from harness.report import Ratio

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
    ratio: float
    stretch: float | None = None


@dataclasses.dataclass
class Comparison:
    title: str
    unit: str
    measure: Callable
    builders: dict  # name of a way: what builds it
    targets: list


GUEST_WAYS = {"xvswitch": ways.xvswitch, "direct": ways.direct, "bridge": ways.bridge}
COMPARISONS = {
    "tcp": Comparison("TCP, 1 stream", "bit/s", tcp, GUEST_WAYS,
                      [Target("direct", 0.92, 0.96)]),
    "udp64": Comparison("UDP, 64 bytes", "packets/s", udp, GUEST_WAYS,
                        [Target("direct", 0.86), Target("bridge", 1.2)]),
    "pingpong": Comparison("UDP ping-pong", "trips/s", pingpong, GUEST_WAYS,
                           [Target("direct", 0.93)]),
    "xdp": Comparison("uplink to port, XDP, 60 bytes", "frames/s", live_frames, uplink.WAYS,
                      [Target("bare redirect", 0.80), Target("bridge", 2.4)]),
}


def build(lab, comparison, names):
    for name in names:
        if name not in comparison.builders:
            raise BenchError(f"no way is called {name} here; there are: "
                             f"{', '.join(comparison.builders)}")
    return {name: comparison.builders[name](lab, f"w{number}")
            for number, name in enumerate(names)}


def compare(comparison, settings):
    """Measures the subject and its peers in turn. Returns a Ratio for each target."""
    peers = [target.peer for target in comparison.targets]
    names = list(dict.fromkeys([settings.subject, *peers]))
    values = {name: [] for name in names}
    with Lab(settings.build) as lab:
        built = build(lab, comparison, names)
        for number in range(settings.rounds):
            for name in names:
                values[name].append(comparison.measure(lab, built[name], settings.seconds))
            settings.tell(f"round {number + 1}: " + ", ".join(
                f"{name} {values[name][-1]:,.0f}" for name in names))
    return [Ratio(comparison.title, comparison.unit, settings.subject, target.peer,
                  values[settings.subject], values[target.peer], target.ratio, target.stretch)
            for target in comparison.targets]
