# SPDX-License-Identifier: GPL-2.0-only
"""
The ways between two guests that are compared. A guest is a namespace with one device, eth0; where
something stands between them it is in a third namespace, with the devices port-a and port-b:

    a: eth0 ──────────────────────────────────── eth0 :b      direct
    a: eth0 ── port-a [ bridge | xvswitch | … ] port-b ── eth0 :b

or each guest is on a host of its own:

    a: eth0 ── port-a [ tunnel | xvswitch ] wire ────── wire [ tunnel | xvswitch ] port-b ── eth0 :b
"""

import dataclasses

from harness import ovs
from harness.daemon import Daemon
from harness.lab import Namespace

GUESTS = {  # MAC and IPv4 address of eth0
    "a": ("02:be:4c:00:00:01", "10.9.0.11"),
    "b": ("02:be:4c:00:00:02", "10.9.0.12"),
}
HOSTS = {"a": "192.0.2.1", "b": "192.0.2.2"}  # IPv4 address of wire
WIRE_MTU = 1600  # a guest's longest frame fits, with a tunnel's headers around it
TUNNEL_ID = 5001
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
    vswitch: ovs.OpenVSwitch | None = None
    hosts: dict = dataclasses.field(default_factory=dict)  # guest: namespace of its host
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


def plug(host, guest, space):
    """A port for the guest whose namespace is `space`."""
    port = f"port-{guest}"
    host.ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space.name)
    host.ip("link", "set", port, "up")
    address(space, guest)


def through(lab, name):
    """Nothing joins port-a and port-b yet."""
    way = Way(*(lab.namespace(f"{name}-{part}") for part in ("a", "b", "middle")))
    plug(way.middle, "a", way.a)
    plug(way.middle, "b", way.b)
    return way


def between_hosts(lab, name):
    """Two hosts that reach each other over a wire. Nothing joins a port and the wire yet."""
    way = Way(lab.namespace(f"{name}-a"), lab.namespace(f"{name}-b"))
    way.hosts = {guest: lab.namespace(f"{name}-host-{guest}") for guest in HOSTS}
    way.hosts["a"].ip("link", "add", "wire", "mtu", WIRE_MTU, "type", "veth", "peer",
                      "name", "wire", "mtu", WIRE_MTU, "netns", way.hosts["b"].name)
    for guest, space in (("a", way.a), ("b", way.b)):
        host = way.hosts[guest]
        host.ip("link", "set", "wire", "up")
        plug(host, guest, space)
    return way


def add_bridge(space, ports):
    space.run("sysctl", "-qew", *NO_NETFILTER)
    space.ip("link", "add", "bridge", "type", "bridge")
    space.ip("link", "set", "bridge", "up")
    for port in ports:
        space.ip("link", "set", port, "master", "bridge")


def join_by_bridge(way):
    add_bridge(way.middle, [f"port-{guest}" for guest in GUESTS])
    return way


def join_by_xvswitch(lab, way, config):
    way.daemon = Daemon(lab, way.middle)
    way.daemon.apply(config)
    way.daemon.wait_until_up(config["ports"])
    return way


def bridge(lab, name):
    return join_by_bridge(through(lab, name))


def vxlan(lab, name):
    """The kernel's own tunnel: on each host a bridge joins the guest's port and a vxlan device."""
    way = between_hosts(lab, name)
    for guest, far in (("a", "b"), ("b", "a")):
        host = way.hosts[guest]
        host.ip("address", "add", f"{HOSTS[guest]}/24", "dev", "wire")
        host.ip("link", "add", "vxlan0", "mtu", 1500, "up", "type", "vxlan", "id", TUNNEL_ID,
                "local", HOSTS[guest], "remote", HOSTS[far], "dstport", 4789, "dev", "wire")
        add_bridge(host, [f"port-{guest}", "vxlan0"])
    return way


def join_by_redirect(lab, way, peer):
    lab.start_ready(lab.tool("tc_join"), "--netns", way.middle.name,
                    "--one", "port-a", "--other", "port-b", "--peer", int(peer))
    return way


def redirect(lab, name):
    """A TC program that hands every frame on to the other port, and looks at nothing."""
    return join_by_redirect(lab, through(lab, name), peer=False)


def redirect_peer(lab, name):
    """The same, straight to the guest behind the other port."""
    return join_by_redirect(lab, through(lab, name), peer=True)


def open_vswitch(lab, name):
    """Its userspace datapath, which takes frames by AF_PACKET sockets."""
    ovs.obtain()
    way = through(lab, name)
    way.vswitch = ovs.OpenVSwitch(lab, way.middle, large=True)
    for guest in GUESTS:
        way.vswitch.command("add-port", "br0", f"port-{guest}")
    return way


def xvswitch(lab, name):
    return join_by_xvswitch(lab, through(lab, name), PLAIN_SWITCH)
