# SPDX-License-Identifier: GPL-2.0-only
"""spoof.py MAC: the frames of an attacker with this address, made by scapy, one a line:

    NAME REASON HEX

REASON is the drop reason of docs/security.md at a port that has all guards on, is assigned MAC and
may be 10.7.0.1, 2001:db8::1 and fe80::1; `-`: the frame is harmless there. What deceives is made
plain, behind tags, behind extension headers or options, and in fragments.

This needs Debian's python3-scapy, so it is to be run by /usr/bin/python3.
"""

import sys

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import (DHCP6_Advertise, DHCP6_RelayReply, DHCP6_Reconf, DHCP6_Reply,
                                DHCP6_Solicit, DHCP6OptRelayMsg)
from scapy.layers.inet import ICMP, IP, UDP, IPOption_NOP, IPOption_Router_Alert, fragment
from scapy.layers.inet6 import (ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_Redirect,
                                ICMPv6ND_RS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptPrefixInfo,
                                ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrDestOpt,
                                IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN,
                                fragment6)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import ARP, LLC, SNAP, Dot1Q, Dot3, Ether

OWN = sys.argv[1]
VICTIM, OTHERS = "02:00:00:00:00:02", "02:00:00:00:00:99"
VICTIM4, VICTIM6 = "10.7.0.2", "2001:db8::2"
GATEWAY4, GATEWAY6, GATEWAY_LOCAL = "10.7.0.99", "2001:db8::99", "fe80::99"
OWN4, OWN6, OWN_LOCAL = "10.7.0.1", "2001:db8::1", "fe80::1"
ALL, ALL_NODES = "ff:ff:ff:ff:ff:ff", "33:33:00:00:00:01"
CHADDR = bytes.fromhex(VICTIM.replace(":", ""))


def arp(reason, to=ALL, source=OWN, **fields):
    return reason, Ether(src=source, dst=to) / ARP(**{"hwsrc": OWN, "hwdst": ALL, **fields})


def nd(reason, message, source=OWN_LOCAL):
    return reason, Ether(src=OWN, dst=ALL_NODES) / IPv6(src=source, dst="ff02::1",
                                                        hlim=255) / message


def ip4(reason, payload, source=OWN4):
    return reason, Ether(src=OWN, dst=ALL) / IP(src=source, dst="255.255.255.255") / payload


def dhcp4(reason, kind, op=2, port=68):
    return ip4(reason, UDP(sport=67, dport=port) / BOOTP(op=op, yiaddr=VICTIM4, chaddr=CHADDR)
               / DHCP(options=[("message-type", kind), ("router", OWN4), "end"]))


def dhcp6(reason, message, port=546):
    return nd(reason, UDP(sport=547, dport=port) / message)


def source_mac(mac):
    return ICMPv6NDOptSrcLLAddr(lladdr=mac)


def target_mac(mac):
    return ICMPv6NDOptDstLLAddr(lladdr=mac)


def neighbours4():
    return {
        # arpspoof of dsniff: replies nobody asked for; and what else updates a neighbour table
        "arp-reply": arp("arp-spoofed", op=2, psrc=GATEWAY4, pdst=VICTIM4),
        "arp-gratuitous-reply": arp("arp-spoofed", op=2, psrc=GATEWAY4, pdst=GATEWAY4),
        "arp-gratuitous-request": arp("arp-spoofed", op=1, psrc=GATEWAY4, pdst=GATEWAY4),
        "arp-request": arp("arp-spoofed", op=1, psrc=GATEWAY4, pdst=VICTIM4),
        "arp-unicast-reply": arp("arp-spoofed", VICTIM, op=2, psrc=GATEWAY4, pdst=VICTIM4),
        "arp-others-mac": arp("arp-spoofed", op=2, hwsrc=OTHERS, psrc=OWN4, pdst=VICTIM4),
        "arp-from-others-mac": arp("mac-spoofed", op=2, source=OTHERS, hwsrc=OTHERS,
                                   psrc=GATEWAY4, pdst=VICTIM4),
        "arp-own": arp("-", op=1, psrc=OWN4, pdst=VICTIM4),
        "arp-probe": arp("-", op=1, psrc="0.0.0.0", pdst=OWN4),
    }


def neighbours6():
    return {
        "na": nd("nd-spoofed", ICMPv6ND_NA(tgt=GATEWAY6, R=0, O=1) / target_mac(OWN)),
        "na-others-mac": nd("nd-spoofed", ICMPv6ND_NA(tgt=OWN6, O=1) / target_mac(OTHERS)),
        "na-router": nd("nd-spoofed", ICMPv6ND_NA(tgt=GATEWAY_LOCAL, R=1, O=1)
                        / target_mac(OWN), GATEWAY_LOCAL),
        "ns": nd("nd-spoofed", ICMPv6ND_NS(tgt=VICTIM6) / source_mac(OWN), GATEWAY6),
        "ns-others-mac": nd("nd-spoofed", ICMPv6ND_NS(tgt=VICTIM6) / source_mac(OTHERS), OWN6),
        "rs": nd("nd-spoofed", ICMPv6ND_RS() / source_mac(OWN), GATEWAY_LOCAL),
        "ra": nd("router", ICMPv6ND_RA(routerlifetime=1800) / source_mac(OWN)
                 / ICMPv6NDOptPrefixInfo(prefix="2001:db8:bad::", prefixlen=64)),
        "ra-end-of-gateway": nd("router", ICMPv6ND_RA(routerlifetime=0), GATEWAY_LOCAL),
        "redirect": nd("router", ICMPv6ND_Redirect(tgt=OWN_LOCAL, dst="2001:db8:1::1")
                       / target_mac(OWN), GATEWAY_LOCAL),
        "na-own": nd("-", ICMPv6ND_NA(tgt=OWN6, R=0, O=1) / target_mac(OWN)),
        "ns-own": nd("-", ICMPv6ND_NS(tgt=VICTIM6) / source_mac(OWN), OWN6),
        "rs-own": nd("-", ICMPv6ND_RS() / source_mac(OWN)),
    }


def servers4():
    return {
        "offer": dhcp4("dhcp-server", "offer"),
        "ack": dhcp4("dhcp-server", "ack"),
        "nak": dhcp4("dhcp-server", "nak"),
        "offer-to-relay": dhcp4("dhcp-server", "offer", port=67),
        "discover": dhcp4("-", "discover", op=1, port=67),
        "icmp-redirect": ip4("router", ICMP(type=5, code=1, gw=OWN4)
                             / IP(src=VICTIM4, dst="198.51.100.1") / UDP(), GATEWAY4),
        "icmp-router": ip4("router", ICMP(type=9)),
        "echo": ip4("-", ICMP()),
    }


def servers6():
    return {
        "advertise": dhcp6("dhcp-server", DHCP6_Advertise(trid=1)),
        "reply": dhcp6("dhcp-server", DHCP6_Reply(trid=1)),
        "reconfigure": dhcp6("dhcp-server", DHCP6_Reconf(trid=1)),
        "relay-reply": dhcp6("dhcp-server", DHCP6_RelayReply(linkaddr=OWN6, peeraddr=VICTIM6)
                             / DHCP6OptRelayMsg(message=DHCP6_Reply()), 547),
        "solicit": dhcp6("-", DHCP6_Solicit(trid=1), 547),
    }


def between(frame, layer, *headers):
    """The frame with headers put before what `layer` carries."""
    frame = frame.copy()
    upper = frame[layer].payload
    frame[layer].remove_payload()
    for field in ("nh", "plen", "proto", "len", "chksum", "type"):
        if field in frame[layer].fields:
            del frame[layer].fields[field]
    for header in headers:
        frame = frame / header
    return frame / upper


def authenticated(follows):
    return AH(nh=follows, payloadlen=4, spi=1, seq=1, icv=b"\0" * 12)


def tagged(frame):
    yield "tag", between(frame, Ether, Dot1Q(vlan=10))
    yield "two-tags", between(frame, Ether, Dot1Q(vlan=10), Dot1Q(vlan=20))
    yield "three-tags", between(frame, Ether, Dot1Q(vlan=10), Dot1Q(vlan=20, prio=5),
                                Dot1Q(vlan=30))
    length_field = Dot3(src=frame.src, dst=frame.dst) / LLC(dsap=0xaa, ssap=0xaa, ctrl=3)
    yield "snap", length_field / SNAP(OUI=0, code=frame.type) / frame.payload


def extended(frame):
    pad = [PadN(optdata=b"\0" * 4)]
    upper = IPv6(bytes(frame[IPv6])).nh
    yield "hop-by-hop", between(frame, IPv6, IPv6ExtHdrHopByHop(options=pad))
    yield "destination", between(frame, IPv6, IPv6ExtHdrDestOpt(options=pad))
    yield "routing", between(frame, IPv6, IPv6ExtHdrRouting(addresses=[], segleft=0))
    yield "ah", between(frame, IPv6, authenticated(upper))
    yield "chain", between(frame, IPv6, IPv6ExtHdrHopByHop(options=pad),
                           IPv6ExtHdrDestOpt(options=pad), IPv6ExtHdrRouting(addresses=[]),
                           IPv6ExtHdrDestOpt(options=pad), authenticated(60),
                           IPv6ExtHdrDestOpt(options=pad))
    yield "tag-and-chain", between(between(frame, IPv6, IPv6ExtHdrHopByHop(options=pad),
                                           IPv6ExtHdrDestOpt(options=pad)), Ether, Dot1Q(vlan=10))


def with_options(frame):
    options = frame.copy()
    options[IP].options = [IPOption_Router_Alert(), IPOption_NOP()]
    for field in ("ihl", "len", "chksum"):
        options[IP].fields.pop(field, None)
    yield "options", options
    yield "ah", between(frame, IP, authenticated(IP(bytes(frame[IP])).proto))


def fragments(frame):
    """Parts of it: the first one has all headers, the later ones are nothing without it."""
    longer = frame / (b"\0" * 200)
    if IPv6 in frame:
        return fragment6(between(longer, IPv6, IPv6ExtHdrFragment(id=7)), 160)
    return fragment(longer, fragsize=200)


def unparsed():
    """Messages that are wrapped in more than a guard looks through."""
    reason, na = neighbours6()["na"]
    many = [IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]) for _ in range(9)]
    nested = [IPv6ExtHdrFragment(id=1, m=1), IPv6ExtHdrFragment(id=2)]
    snap = Ether(bytes(dict(tagged(na))["snap"]))
    yield "nine-headers", between(na, IPv6, *many)
    yield "fragment-in-fragment", between(na, IPv6, *nested)
    yield "six-tags", between(na, Ether, *[Dot1Q(vlan=10 + i) for i in range(6)])
    hidden = between(snap, SNAP, Dot1Q(vlan=10))
    hidden[SNAP].code = 0x8100
    yield "tag-behind-snap", hidden


def wrapped(name, frame):
    yield name, frame
    wraps = [tagged] + [extended] * (IPv6 in frame) + [with_options] * (IP in frame)
    for wrap in wraps:
        for how, other in wrap(frame):
            yield f"{name}/{how}", other


def lines(name, reason, frame):
    for variant, packet in wrapped(name, frame):
        yield variant, reason, packet
    if reason == "-" or ARP in frame:
        return
    # DHCP in fragments is dropped as such, ND too; and a router's message is known by its type
    for number, part in enumerate(fragments(frame)):
        yield f"{name}/fragment-{number}", "-" if number else reason, part


def main():
    for messages in (neighbours4(), neighbours6(), servers4(), servers6()):
        for name, (reason, frame) in messages.items():
            for line in lines(name, reason, frame):
                print(line[0], line[1], bytes(line[2]).hex())
    for name, frame in unparsed():
        print(name, "unparsed", bytes(frame).hex())


if __name__ == "__main__":
    main()
