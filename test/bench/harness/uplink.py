# SPDX-License-Identifier: GPL-2.0-only
"""
The ways of the XDP bench: guest a plays the wire, port-a is the uplink. GRO stands on where
frames sent by XDP arrive, without it a veth takes none.
"""

from harness import ways

SWITCH = {
    "version": 1,
    "switches": {"bench": {"type": "external", "uplink": "port-a", "xdp": "native"}},
    "ports": {"port-b": {"switch": "bench", "interface": "port-b", "mac": ways.GUESTS["b"][0]}},
}


def receive_xdp(space, device):
    space.run("ethtool", "-K", device, "gro", "on")


def direct(lab, name):
    way = ways.direct(lab, name)
    receive_xdp(way.b, "eth0")
    return way


def through(lab, name):
    way = ways.through(lab, name)
    receive_xdp(way.middle, "port-a")
    receive_xdp(way.b, "eth0")
    return way


def xvswitch(lab, name):
    return ways.join_by_xvswitch(lab, through(lab, name), SWITCH)


def bridge(lab, name):
    return ways.join_by_bridge(through(lab, name))


def bare(lab, name):
    """Nothing but one XDP redirect program, which the sender attaches while it sends."""
    way = through(lab, name)
    way.bare = True
    return way


WAYS = {"xvswitch": xvswitch, "direct": direct, "bare redirect": bare, "bridge": bridge}
