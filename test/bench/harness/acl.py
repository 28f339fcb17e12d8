# SPDX-License-Identifier: GPL-2.0-only
"""
Access control lists: what a packet costs that a list with few or many rules lets through, of a
flow that is known and of one that is new, beside the same ports without lists and beside peers.
Guards are on as well wherever there are lists.
"""

import random
import shutil
import time

from harness import compare, macs, programs, ways
from harness.lab import BenchError, Lab, install, run
from harness.report import Figure, Ratio

CPU = 1
FEW, MANY, MOST = 1, 10_000, 100_000  # rules of a list
FLOWS = 100_000
LIMIT = 262_144  # flows that a port may have
FRESH = 50_000  # new flows of a measurement
ONE_FLOW_MOST, FLOWS_MOST, FIRST_MOST = 160, 260, 1000  # ns above an empty program
RULES_LEAST, NEW_LEAST = 0.97, 0.4
TCP_LEAST, UDP_LEAST = 0.90, 0.85
CHANGE_MOST = 0.05  # seconds until a changed rule is obeyed
FRAMES = 300_000  # live ones of a measurement
REST = 0.5  # seconds before a change: the kernel frees what the one before took away
SEED = 4711
GUARDS = {"dhcp-guard": True, "router-guard": True, "address-guard": True, "address-limit": 16}


def rule(number, direction):
    """One that lets nothing of the bench's own through, nor stops it: other addresses."""
    draw = random.Random(SEED + number)
    length = draw.choice((12, 16, 20, 24, 24, 24, 28, 32, 32))
    remote = (0xac100000 | draw.getrandbits(20)) >> (32 - length) << (32 - length)
    remote = ".".join(str(remote >> shift & 255) for shift in (24, 16, 8, 0))
    ports = draw.choice((80, 443, 22, 53, "8000-8999", "1024-65535", draw.randrange(1, 65536)))
    return {"action": draw.choice(("allow", "deny")), "direction": direction,
            "protocol": draw.choice(("tcp", "udp")), "remote": f"{remote}/{length}",
            draw.choice(("local-port", "remote-port")): ports}


def rules(count):
    """`count` of them, the lightest of which lets everything out, and answers in."""
    listed = []
    for number in range(count - 1):
        out = number % 2 == 0
        listed.append({**rule(number, "out" if out else "in"), "weight": 2 + number // 2})
    listed.append({"name": "all-out", "action": "allow", "direction": "out", "weight": 1,
                   "stateful": True})
    return listed


def port(guest, acl):
    return {"switch": "bench", "interface": f"port-{guest}", "mac": ways.GUESTS[guest][0],
            **({"acl": acl, "flow-limit": LIMIT, "security": GUARDS} if acl else {})}


def config(acl):
    """Guest a's port has the list of so many rules; 0: none."""
    lists = {f"of-{count}": rules(count) for count in (acl,) if count}
    return {"version": 1, "switches": {"bench": {"type": "private"}}, "acls": lists,
            "ports": {"port-a": port("a", f"of-{acl}" if acl else None),
                      "port-b": port("b", None)}}


def with_rules(count):
    def build(lab, name):
        return ways.join_by_xvswitch(lab, ways.through(lab, name), config(count))
    return build


def cost(lab, way, *options):
    """Nanoseconds of the ingress program above an empty one."""
    said = run(lab.tool("program_cost"), "--netns", way.middle.name, "--pins", way.daemon.pins,
               "--hook", "ingress", "--device", "port-a", "--source", ways.GUESTS["a"][0],
               "--destination", ways.GUESTS["b"][0], "--cpu", CPU, *options)
    ours, empty, verdict = map(int, said.split())
    if verdict != programs.TC_REDIRECT:
        raise BenchError(f"verdict {verdict}: the frame went another way")
    return ours - empty


def cost_of_a_first_packet(lab, way, first):
    """Each of FRESH flows once. The table is emptied, so that all find room."""
    way.daemon.control("flow", "flush")
    return cost(lab, way, "--flows", FRESH, "--fresh", 1, "--first", first)


def packets(lab, way, *options):
    """Frames a second from guest a to guest b, live, at TC, all on one CPU."""
    said = run(lab.tool("mac_send"), "--from", way.a.name, "--to", way.b.name,
               "--source", ways.GUESTS["a"][0], "--destination", ways.GUESTS["b"][0],
               "--destinations", 1, "--flows", 1, "--cpu", CPU, *options)
    rate, sent, arrived = map(float, said.split())
    if arrived < sent:
        raise BenchError(f"{sent - arrived:.0f} of {sent:.0f} frames are lost")
    return rate


def known(lab, way, count):
    return packets(lab, way, "--sources", count, "--frames", FRAMES)


def new(lab, way):
    way.daemon.control("flow", "flush")
    rate = packets(lab, way, "--sources", FLOWS, "--rising", 1, "--frames", FLOWS)
    return rate


def change(way, number):
    """Seconds of xvsctl until a list of MANY rules has its rule `number` changed."""
    time.sleep(REST)
    start = time.monotonic()
    way.daemon.control("acl", "rule", "set", f"of-{MANY}", "direction", "out",
                       "weight", 2 + number, "remote-port", 60000 + number)
    return time.monotonic() - start


def measure_rounds(settings, values):
    with Lab(settings.build) as lab:
        sizes = {count: ways.join_by_xvswitch(lab, macs.through(lab, f"acl{count}"), config(count))
                 for count in (0, FEW, MANY, MOST)}
        many = sizes[MANY]
        for number in range(settings.rounds):
            values["plain"].append(cost(lab, sizes[0]))
            for count in (FEW, MANY, MOST):
                values["one", count].append(cost(lab, sizes[count]))
            cost_of_a_first_packet(lab, many, 0)  # of the last round, others were flushed
            values["first"].append(cost_of_a_first_packet(lab, many, number * FRESH))
            known(lab, many, FLOWS)  # all of them are there now
            values["flows"].append(cost(lab, many, "--flows", FLOWS))
            for count in (FEW, MOST):
                values["rate", count].append(known(lab, sizes[count], 1))
            values["known"].append(known(lab, many, FLOWS))
            values["new"].append(new(lab, many))
            values["change"].append(change(many, number))
            settings.tell(f"round {number + 1}: " + ", ".join(
                f"{key} {of[-1]:,.3g}" for key, of in values.items()))


class Values(dict):
    """Lists by what they are of, in the order of their first use."""

    def __missing__(self, key):
        return self.setdefault(key, [])


def measure(settings):
    values = Values()
    measure_rounds(settings, values)
    return [
        Figure("ingress, no rules", "ns", values["plain"]),
        Figure("ingress, 1 rule, 1 flow", "ns", values["one", FEW], typical=True),
        Figure(f"ingress, {MANY:,} rules, 1 flow", "ns", values["one", MANY],
               most=ONE_FLOW_MOST, typical=True),
        Figure(f"ingress, {MOST:,} rules, 1 flow", "ns", values["one", MOST], typical=True),
        Figure(f"ingress, {MANY:,} rules, {FLOWS:,} random flows", "ns", values["flows"],
               most=FLOWS_MOST, typical=True),
        Figure(f"ingress, {MANY:,} rules, first packet of a flow", "ns", values["first"],
               most=FIRST_MOST, typical=True),
        Figure(f"one of {MANY:,} rules changed", "s", values["change"], most=CHANGE_MOST,
               typical=True),
        Ratio("known flow at TC, 60 bytes", "frames/s", f"{MOST:,} rules", f"{FEW} rule",
              values["rate", MOST], values["rate", FEW], RULES_LEAST),
        Ratio(f"{FLOWS:,} flows at TC, {MANY:,} rules, 60 bytes", "frames/s", "new", "known",
              values["new"], values["known"], NEW_LEAST),
    ]


OVS, NFT = compare.OVS, "nftables"


def matches(listed):
    """A rule as key, value pairs of nftables and Open vSwitch."""
    side = "sport" if ("local-port" in listed) == (listed["direction"] == "out") else "dport"
    ports = listed.get("local-port", listed.get("remote-port"))
    return listed["protocol"], side, ports


def bridge_with_nftables(lab, name):
    """
    The same rules in the bridge family's forward hook; established flows come first where the
    kernel tracks connections of bridges (nf_conntrack_bridge), else there is no state.
    """
    install("nftables", lambda: [] if shutil.which("nft") else ["nft"])
    way = ways.bridge(lab, name)
    lines = ["table bridge acl {", "chain forward {", "type filter hook forward priority 0;",
             "ct state established,related accept"]
    for listed in sorted(rules(MANY), key=lambda one: -one["weight"])[:-1]:
        protocol, side, ports = matches(listed)
        out = listed["direction"] == "out"
        lines.append(f"{'iifname' if out else 'oifname'} port-a "
                     f"ip {'daddr' if out else 'saddr'} {listed['remote']} "
                     f"{protocol} {side} {ports} "
                     f"{'accept' if listed['action'] == 'allow' else 'drop'}")
    stateless = [line for line in lines if not line.startswith("ct ")]
    try:
        way.middle.run("nft", "-f", "-", stdin="\n".join([*lines, "}", "}"]))
    except BenchError:
        way.middle.run("nft", "-f", "-", stdin="\n".join([*stateless, "}", "}"]))
    return way


def prefixes(first, last):
    """A range of ports as pairs of value and mask."""
    while first <= last:
        size = first & -first if first else 1 << 16
        while first + size - 1 > last:
            size >>= 1
        yield first, 0xffff & ~(size - 1)
        first += size


def ovs_flows(listed):
    protocol, side, ports = matches(listed)
    out = listed["direction"] == "out"
    first, _, last = str(ports).partition("-")
    for value, mask in prefixes(int(first), int(last or first)):
        yield (f"priority={listed['weight']},{protocol},"
               f"{'in_port=port-a,nw_dst' if out else 'nw_src'}={listed['remote']},"
               f"tp_{side[0]}{'st' if side == 'dport' else 'rc'}={value:#x}/{mask:#x},"
               f"actions={'normal' if listed['action'] == 'allow' else 'drop'}")


def open_vswitch_with_rules(lab, name):
    """The same rules without state, in one flow table."""
    way = ways.open_vswitch(lab, name)
    lines = [flow for listed in rules(MANY)[:-1] for flow in ovs_flows(listed)]
    way.vswitch.add_flows(lines)
    return way


WAYS = {
    "xvswitch": with_rules(MANY),
    "no rules": ways.xvswitch,
    "direct": ways.direct,
    NFT: bridge_with_nftables,
    OVS: open_vswitch_with_rules,
}
COMPARISONS = {
    "acl-tcp": compare.Comparison(
        f"TCP, 1 stream, {MANY:,} rules", "bit/s", compare.tcp, WAYS,
        [compare.Target("direct", TCP_LEAST), compare.Target(NFT), compare.Target(OVS)]),
    "acl-udp64": compare.Comparison(
        f"UDP, 64 bytes, {MANY:,} rules", "packets/s", compare.udp_one_cpu, WAYS,
        [compare.Target("no rules", UDP_LEAST), compare.Target(NFT)]),
}
