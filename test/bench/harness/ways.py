# SPDX-License-Identifier: GPL-2.0-only
"""
The ways between two guests that are compared. A guest is a namespace with one device, eth0; where
something stands between them it is in a third namespace, with the devices port-a and port-b:

    a: eth0 ──────────────────────────────────── eth0 :b      direct
    a: eth0 ── port-a [ bridge | xvswitch ] port-b ── eth0 :b
"""

import dataclasses

from harness.daemon import Daemon
from harness.lab import Namespace

GUESTS = {  # MAC and IPv4 address of eth0
    "a": ("02:be:4c:00:00:01", "10.9.0.1"),
    "b": ("02:be:4c:00:00:02", "10.9.0.2"),
}
NO_NETFILTER = [f"net.bridge.bridge-nf-call-{table}=0"
                for table in ("iptables", "ip6tables", "arptables")]

PLAIN_SWITCH = {  # two plain ports, each with its guest's address
    "version": 1,
    "switches": {"bench": {"type": "private"}},
    "ports": {f"port-{guest}": {"switch": "bench", "interface": f"port-{guest}", "mac": mac}
              for guest, (mac, _) in GUESTS.items()},
}


@dataclasses.dataclass
class Way:
    a: Namespace
    b: Namespace
    middle: Namespace | None = None
    daemon: Daemon | None = None
    bare: bool = False  # nothing joins the two; the sender does it


def address(space, guest):
    mac, ip = GUESTS[guest]
    space.ip("link", "set", "eth0", "address", mac, "up")
    space.ip("address", "add", f"{ip}/24", "dev", "eth0")


def direct(lab, name):
    way = Way(lab.namespace(f"{name}-a"), lab.namespace(f"{name}-b"))
    way.a.ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", way.b.name)
    address(way.a, "a")
    address(way.b, "b")
    return way


def through(lab, name):
    """Nothing joins port-a and port-b yet."""
    way = Way(*(lab.namespace(f"{name}-{part}") for part in ("a", "b", "middle")))
    for guest, space in (("a", way.a), ("b", way.b)):
        port = f"port-{guest}"
        way.middle.ip("link", "add", port, "type", "veth",
                      "peer", "name", "eth0", "netns", space.name)
        way.middle.ip("link", "set", port, "up")
        address(space, guest)
    return way


def join_by_bridge(way):
    way.middle.run("sysctl", "-qew", *NO_NETFILTER)
    way.middle.ip("link", "add", "bridge", "type", "bridge")
    way.middle.ip("link", "set", "bridge", "up")
    for guest in GUESTS:
        way.middle.ip("link", "set", f"port-{guest}", "master", "bridge")
    return way


def join_by_xvswitch(lab, way, config):
    way.daemon = Daemon(lab, way.middle)
    way.daemon.apply(config)
    way.daemon.wait_until_up(config["ports"])
    return way


def bridge(lab, name):
    return join_by_bridge(through(lab, name))


def xvswitch(lab, name):
    return join_by_xvswitch(lab, through(lab, name), PLAIN_SWITCH)
