# SPDX-License-Identifier: GPL-2.0-only
"""Thousands of ports on one switch: half of them veths, half of them taps."""

import json
import pathlib
import time

from harness.daemon import Daemon
from harness.farm import Farm
from harness.lab import Lab, run
from harness.report import Figure

RSS_MOST = 32e6  # bytes that the daemon may have resident
SETTLE_SECONDS = 2  # after which a broadcast has long reached everybody


class Crowd:
    """The devices, and who listens behind them: a tool on the taps, a namespace on the veths."""

    def __init__(self, lab, size):
        self.veths, self.taps = size - size // 2, size // 2
        self.space = lab.namespace("switch")
        self.far = lab.namespace("far")
        self.make_veths()
        self.farm = Farm(lab, self.space, self.taps)

    def make_veths(self):
        self.space.ip("-batch", "-", stdin="".join(
            f"link add veth{i} up type veth peer name far{i} netns {self.far.name}\n"
            for i in range(self.veths)))
        self.far.ip("-batch", "-", stdin="".join(
            f"link set far{i} up\n" for i in range(self.veths)))

    def names(self):
        return [f"veth{i}" for i in range(self.veths)] + [f"tap{i}" for i in range(self.taps)]

    def far_packets(self):
        links = json.loads(self.far.ip("-j", "-s", "link", "show", "type", "veth"))
        return {link["ifname"]: link["stats64"]["rx"]["packets"] for link in links}

    def broadcast(self):
        """One frame from the first tap. Returns how many got it, and how many copies there were."""
        before = self.far_packets()
        self.farm.count()
        self.farm.send()
        time.sleep(SETTLE_SECONDS)
        gained = [packets - before[name] for name, packets in self.far_packets().items()]
        reached, frames = self.farm.count()
        return reached + sum(packets > 0 for packets in gained), frames + sum(gained)


class Memory:
    """What BPF maps and programs hold, and what the machine has left, in bytes."""

    def __init__(self):
        objects = [entry for kind in ("map", "prog")
                   for entry in json.loads(run("bpftool", "-j", kind, "show"))]
        meminfo = pathlib.Path("/proc/meminfo").read_text().splitlines()
        available = next(line for line in meminfo if line.startswith("MemAvailable"))
        self.bpf = sum(entry.get("bytes_memlock", 0) for entry in objects)
        self.available = int(available.split()[1]) * 1024


def config(names):
    return {"version": 1, "switches": {"bench": {"type": "private"}},
            "ports": {name: {"switch": "bench", "interface": name} for name in names}}


def seconds_to_apply(daemon, names):
    start = time.monotonic()
    daemon.apply(config(names))
    daemon.wait_until_up(names)
    return time.monotonic() - start


def memory_figures(before, idle, full, daemon, size):
    resident = daemon.memory()
    return [
        Figure(f"{size} ports: BPF maps and programs, none used", "B", [idle.bpf - before.bpf]),
        Figure(f"{size} ports: BPF maps and programs, more per port", "B",
               [(full.bpf - idle.bpf) / size]),
        Figure(f"{size} ports: MemAvailable, less per port", "B",
               [(idle.available - full.available) / size]),
        Figure(f"{size} ports: daemon, resident", "B", [resident["VmRSS"]], most=RSS_MOST),
        Figure(f"{size} ports: daemon, most resident", "B", [resident["VmHWM"]], most=RSS_MOST),
        Figure(f"{size} ports: daemon, resident and its own", "B", [resident["RssAnon"]]),
    ]


def measure(settings):
    size = settings.ports
    with Lab(settings.build) as lab:
        # the daemon raises it too, but not from inside a namespace, where it can't be seen
        lab.set_sysctl("net.core.netdev_max_backlog", 2 * size)
        crowd = Crowd(lab, size)
        settings.tell(f"{size} devices made")
        before = Memory()
        daemon = Daemon(lab, crowd.space)
        idle = Memory()
        seconds = seconds_to_apply(daemon, crowd.names())
        settings.tell(f"up after {seconds:.1f} s")
        full = Memory()
        sent = [crowd.broadcast() for _ in range(settings.rounds)]
        settings.tell(f"broadcasts reached {[reached for reached, _ in sent]}")
        return [
            Figure(f"{size} ports: apply until all are up", "s", [seconds]),
            Figure(f"{size} ports: reached by a broadcast", "", [reached for reached, _ in sent],
                   least=size - 1),
            Figure(f"{size} ports: copies of a broadcast", "", [copies for _, copies in sent],
                   most=size - 1),
            *memory_figures(before, idle, full, daemon, size),
        ]
