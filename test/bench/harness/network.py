# SPDX-License-Identifier: GPL-2.0-only
"""
Virtual networks: two hosts with a switch each and one wire between them, beside the same two hosts
without virtualization, and beside the kernel's own tunnel.
"""

from harness import compare, ways
from harness.daemon import Daemon

SWITCH = "bench"
PROVIDER_MACS = {"a": "02:be:4c:00:01:01", "b": "02:be:4c:00:01:02"}  # of the host ports


def plain(guest):
    """A switch whose uplink is the wire, with the guest's port and the host's."""
    port = f"port-{guest}"
    host_port = {"addresses": [f"{ways.HOSTS[guest]}/24"], "mac": PROVIDER_MACS[guest]}
    return {
        "version": 1,
        "switches": {SWITCH: {"type": "external", "uplink": "wire", "host-port": host_port}},
        "ports": {port: {"switch": SWITCH, "interface": port, "mac": ways.GUESTS[guest][0],
                         "security": {"storm-limit": 0}}},
    }


def virtual(guest):
    """The same, and both guests are in one virtual subnet."""
    config = plain(guest)
    config["switches"][SWITCH]["host-port"]["provider"] = True
    config["networks"] = {"tenant": {"switch": SWITCH, "subnets": {
        "guests": {"vsid": ways.TUNNEL_ID, "prefixes": ["10.9.0.0/24"]}}}}
    config["records"] = [
        {"vsid": ways.TUNNEL_ID, "address": ip, "mac": mac, "provider": ways.HOSTS[of]}
        for of, (mac, ip) in ways.GUESTS.items()]
    config["ports"][f"port-{guest}"]["vsid"] = ways.TUNNEL_ID
    return config


def switched(config):
    """Two hosts with a switch each. `config(guest)`: of the host of that guest."""
    def build(lab, name):
        way = ways.between_hosts(lab, name)
        for guest, host in way.hosts.items():
            daemon = Daemon(lab, host)
            daemon.apply(config(guest))
            daemon.wait_until_up([f"port-{guest}"])
        return way
    return build


NVGRE, WITHOUT, VXLAN = "NVGRE", "without virtualization", "vxlan and bridge"
WAYS = {NVGRE: switched(virtual), WITHOUT: switched(plain), "direct": ways.direct,
        VXLAN: ways.vxlan}


def targets(direct=None, without=None, vxlan=None):
    """The least ratios to each."""
    return [compare.Target("direct", direct, subject=NVGRE),
            compare.Target(WITHOUT, without, subject=NVGRE),
            compare.Target(VXLAN, vxlan, subject=NVGRE)]


COMPARISONS = {
    "net-tcp": compare.Comparison("TCP, 1 stream, two hosts", "bit/s", compare.tcp, WAYS,
                                  targets(0.80, 0.92, 1.25)),
    "net-udp64": compare.Comparison("UDP, 64 bytes, two hosts", "packets/s", compare.udp, WAYS,
                                    targets(vxlan=1.6)),
    "net-pingpong": compare.Comparison("UDP ping-pong, two hosts", "trips/s", compare.pingpong,
                                       WAYS, targets(vxlan=1.12)),
}
