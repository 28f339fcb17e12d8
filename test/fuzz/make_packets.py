#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes the frames of test/fuzz/corpus/packet, one raw Ethernet frame (no FCS) in each file.

    test/fuzz/make_packets.py                      those that are listed here, by their RFCs
    test/fuzz/make_packets.py --captured FILE...   those of captures (pcap), one of each kind

XVS_CAPTURE=FILE makes the namespace tests write a capture. This needs Debian's python3-scapy; the
tests don't: the frames are kept in the tree.
"""

import argparse
import pathlib
import random
import struct

import scapy.all as s
from scapy.contrib.geneve import GENEVE
from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mr
from scapy.contrib.lacp import LACP, MarkerProtocol, SlowProtocol
from scapy.contrib.mac_control import MACControlClassBasedFlowControl, MACControlPause
from scapy.contrib.macsec import MACsec
from scapy.contrib.mpls import MPLS

FOLDER = pathlib.Path(__file__).parent / "corpus" / "packet"
CAPTURED_MAX = 60  # files
CAPTURED_BYTES_MAX = 60_000  # altogether
FRAME_MAX = 9216  # bytes, as test/bpf/packet.h has it: a longer one is a GSO packet

A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"  # stations of test/bpf/world.h
IP = {"src": "192.0.2.1", "dst": "192.0.2.2"}
IP6 = {"src": "2001:db8::1", "dst": "2001:db8::2"}
LINK = {"src": "fe80::1", "dst": "fe80::2"}
DATA = bytes(range(32))


def ether(**fields):
    return s.Ether(**{"src": A, "dst": B, **fields})


def ip(**fields):
    return ether() / s.IP(**{**IP, **fields})


def ip6(**fields):
    return ether() / s.IPv6(**{**IP6, **fields})


def group4(address):
    last = [int(part) for part in address.split(".")][1:]
    return "01:00:5e:%02x:%02x:%02x" % (last[0] & 0x7F, last[1], last[2])


def group6(address):
    return s.in6_getnsmac(s.inet_pton(s.socket.AF_INET6, address))


def ip_to(group, **fields):
    return ether(dst=group4(group)) / s.IP(src=IP["src"], dst=group, ttl=1, **fields)


def nd(destination, source="fe80::1"):
    return ether(dst=group6(destination)) / s.IPv6(src=source, dst=destination, hlim=255)


def udp(**fields):
    return s.UDP(**{"sport": 7777, "dport": 9, **fields})


def tcp(**fields):
    return s.TCP(**{"sport": 7777, "dport": 9, **fields})


def dhcp(kind, **fields):
    return (
        ether(dst="ff:ff:ff:ff:ff:ff")
        / s.IP(src="0.0.0.0", dst="255.255.255.255")
        / s.UDP(sport=68, dport=67)
        / s.BOOTP(chaddr=bytes.fromhex(A.replace(":", "")), xid=0x12345678, **fields)
        / s.DHCP(options=[("message-type", kind), ("param_req_list", [1, 3, 6, 15]), "end"])
    )


def dhcp_server(kind):
    return (
        ether(src=B, dst=A)
        / s.IP(src="192.0.2.2", dst="192.0.2.1")
        / s.UDP(sport=67, dport=68)
        / s.BOOTP(op=2, yiaddr="192.0.2.1", xid=0x12345678)
        / s.DHCP(
            options=[
                ("message-type", kind),
                ("server_id", "192.0.2.2"),
                ("lease_time", 3600),
                ("subnet_mask", "255.255.255.0"),
                "end",
            ]
        )
    )


def dhcp6(message, sport=546, dport=547):
    identity = s.DUID_LL(lladdr=A)
    return (
        ether(dst=group6("ff02::1:2"))
        / s.IPv6(src="fe80::1", dst="ff02::1:2")
        / s.UDP(sport=sport, dport=dport)
        / message(trid=0x123456)
        / s.DHCP6OptClientId(duid=identity)
        / s.DHCP6OptIA_NA(iaid=1)
    )


def extensions(*headers, payload=None):
    packet = ip6()
    for header in headers:
        packet /= header
    return packet / (payload or udp() / DATA)


def inner(packet=None):
    """What an ICMP error quotes: an IP header and eight bytes, or more."""
    return packet or s.IP(src=IP["dst"], dst=IP["src"]) / udp() / DATA


# name, where its format stands, frame
def link_frames():
    llc = s.LLC(dsap=0x42, ssap=0x42, ctrl=3)
    slow = ether(dst="01:80:c2:00:00:02", type=0x8809)
    yield "minimum", "802.3 3.2", ether(type=0x88B5) / bytes(46)
    yield "header-only", "802.3 3.1", ether(type=0x88B5)
    yield "type-unknown", "802.3 3.2.6", ether(type=0xFFFF) / DATA
    yield "length-field", "802.3 3.2.6", ether(type=32) / s.LLC(dsap=4, ssap=4, ctrl=3) / DATA
    yield "snap", "RFC 1042", s.Dot3(src=A, dst=B) / s.LLC() / s.SNAP(code=0x0800) / s.IP(**IP)
    yield "stp", "802.1D 9.3.1", s.Dot3(src=A, dst="01:80:c2:00:00:00") / llc / s.STP()
    yield "stp-to-provider-bridge", "802.1Q 8.6.3", (
        s.Dot3(src=A, dst="01:80:c2:00:00:08") / llc / s.STP(version=2, bpdutype=2)
    )
    yield "pause", "802.3 31B", (
        ether(dst="01:80:c2:00:00:01", type=0x8808) / MACControlPause(pause_time=9)
    )
    yield "priority-pause", "802.1Q 36", (
        ether(dst="01:80:c2:00:00:01", type=0x8808) / MACControlClassBasedFlowControl(c0_enabled=1)
    )
    yield "lacp", "802.1AX 6.4.2", slow / SlowProtocol(subtype=1) / LACP(
        actor_system=A, actor_key=1, actor_port_number=1, actor_state=0x3D
    )
    yield "lacp-marker", "802.1AX 6.5.3", slow / SlowProtocol(subtype=2) / MarkerProtocol()
    # chassis, port, time to live, end
    yield "lldp", "802.1AB 9", ether(dst="01:80:c2:00:00:0e", type=0x88CC) / bytes.fromhex(
        "0207040200000000010403056574683006020078" "0000"
    )
    yield "eapol-start", "802.1X 11.3", (
        ether(dst="01:80:c2:00:00:03", type=0x888E) / bytes.fromhex("02010000")
    )
    yield "mvrp", "802.1Q 10.12", (
        ether(dst="01:80:c2:00:00:21", type=0x88F5) / bytes.fromhex("00010200010064000000000000")
    )
    yield "cfm-ccm", "802.1Q 21.6", (
        ether(dst="01:80:c2:00:00:30", type=0x8902) / bytes.fromhex("00010446" + "00" * 70)
    )
    yield "ptp-sync", "1588 13.6", ether(dst="01:1b:19:00:00:00", type=0x88F7) / bytes.fromhex(
        "0002002c" + "00" * 40
    )
    yield "wake-on-lan", "AMD magic packet", (
        ether(dst="ff:ff:ff:ff:ff:ff", type=0x0842)
        / (b"\xff" * 6 + bytes.fromhex("020000000002") * 16)
    )
    yield "loopback", "Ethernet II 8", ether(type=0x9000) / bytes.fromhex("0000010000")
    yield "macsec", "802.1AE 9", ether() / MACsec(an=0, pn=1, sci=1, SC=1) / DATA
    yield "pppoe", "RFC 2516 4", ether() / s.PPPoE() / s.PPP() / s.IP(**IP) / udp()
    yield "mpls", "RFC 3032 2.1", ether() / MPLS(label=16, s=0) / MPLS(label=17, s=1) / s.IP(**IP)
    yield "from-group", "802.3 3.2.3", ether(src="03:00:00:00:00:01", type=0x88B5) / DATA
    yield "from-nobody", "802.3 3.2.5", ether(src="00:00:00:00:00:00", type=0x88B5) / DATA
    yield "from-broadcast", "802.3 3.2.5", ether(src="ff:ff:ff:ff:ff:ff") / s.ARP()
    yield "to-itself", "802.1Q 8.7", ether(dst=A, type=0x88B5) / DATA


def tag_frames():
    inside = s.IP(**IP) / udp() / DATA
    yield "tag", "802.1Q 9.6", ether() / s.Dot1Q(vlan=10) / inside
    yield "tag-priority-dei", "802.1Q 9.6", ether() / s.Dot1Q(vlan=20, prio=5, id=1) / inside
    yield "priority-tag", "802.1Q 9.6", ether() / s.Dot1Q(vlan=0, prio=6) / inside
    yield "priority-tag-before-tag", "802.1Q 9.6", (
        ether() / s.Dot1Q(vlan=0, prio=6) / s.Dot1Q(vlan=10) / inside
    )
    yield "tag-reserved-vlan", "802.1Q 9.6", ether() / s.Dot1Q(vlan=4095) / inside
    yield "tag-last-vlan", "802.1Q 9.6", ether() / s.Dot1Q(vlan=4094) / inside
    yield "service-tag", "802.1ad 9.5", ether() / s.Dot1AD(vlan=10) / inside
    yield "qinq", "802.1ad 9.5", ether() / s.Dot1AD(vlan=30) / s.Dot1Q(vlan=10) / inside
    yield "tag-in-tag", "802.1Q 9.5", ether() / s.Dot1Q(vlan=100) / s.Dot1Q(vlan=10) / inside
    yield "three-tags", "802.1ad 9.5", (
        ether() / s.Dot1AD(vlan=1) / s.Dot1Q(vlan=2) / s.Dot1Q(vlan=3) / inside
    )
    yield "tag-old-qinq", "0x9100 in use before 802.1ad", (
        ether(type=0x9100) / bytes.fromhex("000a0800") / inside
    )
    yield "tag-cut", "802.1Q 9.5", ether(type=0x8100) / bytes.fromhex("000a")
    yield "tag-and-nothing", "802.1Q 9.5", ether() / s.Dot1Q(vlan=10, type=0x0800)
    yield "tag-length-field", "802.1Q 9.4", ether() / s.Dot1Q(vlan=10, type=32) / DATA
    yield "tag-ipv6-tcp", "802.1Q 9.5", ether() / s.Dot1Q(vlan=10) / s.IPv6(**IP6) / tcp() / DATA


def arp_frames():
    who = {"hwsrc": A, "psrc": "192.0.2.1", "pdst": "192.0.2.2"}
    all_ = ether(dst="ff:ff:ff:ff:ff:ff")
    yield "arp-request", "RFC 826", all_ / s.ARP(op=1, **who)
    yield "arp-reply", "RFC 826", ether() / s.ARP(op=2, hwdst=B, **who)
    yield "arp-probe", "RFC 5227 2.1", all_ / s.ARP(op=1, hwsrc=A, psrc="0.0.0.0", pdst="192.0.2.1")
    yield "arp-announcement", "RFC 5227 2.3", (
        all_ / s.ARP(op=1, hwsrc=A, psrc="192.0.2.1", pdst="192.0.2.1")
    )
    yield "arp-lengths-wrong", "RFC 826", all_ / s.ARP(op=1, hwlen=255, plen=255, **who)
    yield "arp-other-hardware", "RFC 826", all_ / s.ARP(op=1, hwtype=6, **who)
    yield "rarp", "RFC 903", ether(dst="ff:ff:ff:ff:ff:ff", type=0x8035) / s.ARP(op=3, **who)


def ip_frames():
    route = s.IPOption_LSRR(routers=["192.0.2.3", "192.0.2.4"])
    yield "ipv4-udp", "RFC 768", ip() / udp() / DATA
    yield "ipv4-udp-no-checksum", "RFC 768", ip() / udp(chksum=0) / DATA
    yield "ipv4-udp-length-wrong", "RFC 768", ip() / udp(len=0xFFFF) / DATA
    yield "ipv4-options", "RFC 791 3.1", ip(options=[s.IPOption_NOP(), route]) / udp()
    yield "ipv4-options-most", "RFC 791 3.1", ip(options=[s.IPOption_NOP()] * 40) / udp()
    yield "ipv4-record-route", "RFC 791 3.1", (
        ip(options=[s.IPOption_RR(routers=["0.0.0.0"] * 9)]) / udp()
    )
    yield "ipv4-timestamp", "RFC 791 3.1", ip(options=[s.IPOption_Timestamp()]) / udp()
    yield "ipv4-router-alert", "RFC 2113", ip(options=[s.IPOption_Router_Alert()]) / udp()
    yield "ipv4-header-too-short", "RFC 791 3.1", ip(ihl=4) / udp()
    yield "ipv4-header-zero", "RFC 791 3.1", ip(ihl=0) / udp()
    yield "ipv4-header-past-end", "RFC 791 3.1", ip(ihl=15)
    yield "ipv4-longer-than-frame", "RFC 791 3.1", ip(len=1500) / udp()
    yield "ipv4-shorter-than-frame", "RFC 791 3.1", ip(len=28) / udp() / DATA
    yield "ipv4-version-wrong", "RFC 791 3.1", ip(version=6) / udp()
    yield "ipv4-fragment-first", "RFC 791 3.2", ip(flags="MF", id=7) / udp(len=72) / DATA
    yield "ipv4-fragment-middle", "RFC 791 3.2", ip(flags="MF", frag=5, id=7) / DATA
    yield "ipv4-fragment-last", "RFC 791 3.2", ip(frag=9, id=7) / DATA
    yield "ipv4-fragment-tiny", "RFC 1858 3", ip(flags="MF", proto=6) / bytes(tcp())[:8]
    yield "ipv4-fragment-overlap", "RFC 1858 4", ip(frag=1, proto=6) / bytes(tcp())[8:]
    yield "ipv4-fragment-past-end", "RFC 791 3.2", ip(frag=8191) / DATA
    yield "ipv4-broadcast", "RFC 919", (
        ether(dst="ff:ff:ff:ff:ff:ff") / s.IP(src=IP["src"], dst="255.255.255.255") / udp()
    )
    yield "ipv4-multicast", "RFC 1112 6.4", ip_to("239.1.2.3") / udp() / DATA
    yield "ipv6-udp", "RFC 8200 3", ip6() / udp() / DATA
    yield "ipv6-tcp", "RFC 8200 3", ip6() / tcp() / DATA
    yield "ipv6-payload-wrong", "RFC 8200 3", ip6(plen=0xFFFF) / udp()
    yield "ipv6-no-next", "RFC 8200 4.7", ip6(nh=59) / DATA
    hop = s.IPv6ExtHdrHopByHop(options=[s.RouterAlert(), s.PadN(optdata=b"")])
    destination = s.IPv6ExtHdrDestOpt(options=[s.HAO(hoa="2001:db8::3")])
    routing = s.IPv6ExtHdrRouting(addresses=["2001:db8::3"])
    fragment = s.IPv6ExtHdrFragment(id=7, m=1)
    yield "ipv6-hop-by-hop", "RFC 8200 4.3", extensions(hop)
    yield "ipv6-jumbo-payload", "RFC 2675", (
        ip6(plen=0) / s.IPv6ExtHdrHopByHop(options=[s.Jumbo(jumboplen=70000)]) / udp(len=0) / DATA
    )
    yield "ipv6-routing", "RFC 8200 4.4", extensions(routing)
    yield "ipv6-segment-routing", "RFC 8754 2", extensions(
        s.IPv6ExtHdrSegmentRouting(addresses=["2001:db8::3", "2001:db8::4"]), payload=tcp()
    )
    yield "ipv6-fragment-first", "RFC 8200 4.5", extensions(fragment)
    yield "ipv6-fragment-reserved", "RFC 8200 4.5", (
        extensions(s.IPv6ExtHdrFragment(id=7, res1=0xFF), payload=tcp() / DATA)
    )
    yield "ipv6-fragment-last", "RFC 8200 4.5", extensions(s.IPv6ExtHdrFragment(id=7, offset=5))
    yield "ipv6-fragment-atomic", "RFC 6946 2", (
        extensions(s.IPv6ExtHdrFragment(id=7), payload=tcp())
    )
    yield "ipv6-destination-options", "RFC 8200 4.6", extensions(destination)
    yield "ipv6-recommended-order", "RFC 8200 4.1", (
        extensions(hop, destination, routing, fragment, destination, payload=tcp() / DATA)
    )
    yield "ipv6-many-extensions", "RFC 8200 4.1", extensions(*[destination] * 12)
    yield "ipv6-hop-by-hop-late", "RFC 8200 4.3", extensions(destination, hop)
    yield "ipv6-extension-past-end", "RFC 8200 4.2", (
        extensions(s.IPv6ExtHdrDestOpt(len=255, options=[]))
    )
    yield "ipv6-extension-cut", "RFC 8200 4.2", ip6(nh=60) / b"\x11"
    yield "ah", "RFC 4302 2", ip() / s.AH(nh=17, payloadlen=4, spi=1, seq=1, icv=bytes(12)) / udp()
    yield "ah-ipv6", "RFC 4302 2", (
        ip6() / s.AH(nh=6, payloadlen=4, spi=1, seq=1, icv=bytes(12)) / tcp()
    )
    yield "esp", "RFC 4303 2", ip() / s.ESP(spi=0x100, seq=1, data=DATA * 2)
    yield "esp-ipv6", "RFC 4303 2", ip6() / s.ESP(spi=0x100, seq=1, data=DATA * 2)
    yield "esp-in-udp", "RFC 3948 2.1", (
        ip() / s.UDP(sport=4500, dport=4500) / s.ESP(spi=1, seq=1, data=DATA)
    )


def transport_frames():
    options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]
    yield "tcp-syn", "RFC 9293 3.1", ip() / tcp(flags="S", options=options)
    yield "tcp-data", "RFC 9293 3.1", ip() / tcp(flags="PA") / DATA
    yield "tcp-sack", "RFC 2018 3", ip() / tcp(options=[("SAck", (1, 2, 3, 4, 5, 6))])
    yield "tcp-options-past-end", "RFC 9293 3.1", ip() / tcp(dataofs=15)
    yield "tcp-header-too-short", "RFC 9293 3.1", ip() / tcp(dataofs=1) / DATA
    yield "tcp-cut", "RFC 9293 3.1", ip(proto=6) / bytes(tcp())[:12]
    yield "tcp-urgent", "RFC 9293 3.8.5", ip() / tcp(flags="AU", urgptr=9) / DATA
    yield "udp-lite", "RFC 3828 3.1", ip(proto=136) / struct.pack("!HHHH", 7777, 9, 8, 0) / DATA
    yield "sctp-init", "RFC 9260 3.3.2", ip() / s.SCTP(sport=1, dport=2) / s.SCTPChunkInit()
    yield "sctp-data", "RFC 9260 3.3.1", ip() / s.SCTP() / s.SCTPChunkData(data=DATA)
    yield "sctp-ipv6", "RFC 9260 3", ip6() / s.SCTP() / s.SCTPChunkData(data=DATA)
    yield "dccp", "RFC 4340 5.1", ip(proto=33) / bytes.fromhex("1e610009050000000001000000000001")
    yield "ptp-udp", "RFC 8173", ip_to("224.0.1.129") / s.UDP(sport=319, dport=319) / bytes(44)
    yield "dns", "RFC 1035 4.1", ip() / s.UDP(dport=53) / s.DNS(qd=s.DNSQR(qname="example.com"))
    yield "mdns", "RFC 6762 18", ip_to("224.0.0.251") / s.UDP(sport=5353, dport=5353) / s.DNS()
    yield "full", "802.3 3.2.7", ip() / tcp() / bytes(1460)
    yield "full-tagged", "802.3 3.2.7", (
        ether() / s.Dot1Q(vlan=10) / s.IP(**IP) / udp() / bytes(1472)
    )
    yield "one-too-long", "802.3 3.2.7", ip() / udp() / bytes(1473)
    yield "jumbo", "in use, no standard", ip6() / udp() / bytes(9000 - 48)


def icmp_frames():
    yield "icmp-echo", "RFC 792", ip() / s.ICMP(type=8, id=1, seq=1) / DATA
    yield "icmp-unreachable", "RFC 792", ip() / s.ICMP(type=3, code=3) / inner()
    yield "icmp-fragmentation-needed", "RFC 1191 4", (
        ip() / s.ICMP(type=3, code=4, nexthopmtu=1280) / inner(s.IP(**IP) / tcp())
    )
    yield "icmp-time-exceeded", "RFC 792", ip() / s.ICMP(type=11) / inner()
    yield "icmp-redirect", "RFC 792", ip() / s.ICMP(type=5, code=1, gw="192.0.2.9") / inner()
    yield "icmp-router-advertisement", "RFC 1256 3", ip_to("224.0.0.1") / s.ICMP(type=9)
    yield "icmp-inner-cut", "RFC 792", ip() / s.ICMP(type=3, code=1) / bytes(inner())[:9]
    yield "icmp-of-icmp", "RFC 1122 3.2.2", (
        ip() / s.ICMP(type=3) / inner(s.IP(**IP) / s.ICMP(type=3) / inner())
    )
    error = s.IPv6(src=IP6["dst"], dst=IP6["src"]) / tcp() / DATA
    yield "icmpv6-echo", "RFC 4443 4.1", ip6() / s.ICMPv6EchoRequest(id=1, seq=1) / DATA
    yield "icmpv6-too-big", "RFC 4443 3.2", ip6() / s.ICMPv6PacketTooBig(mtu=1280) / error
    yield "icmpv6-unreachable", "RFC 4443 3.1", ip6() / s.ICMPv6DestUnreach() / error
    yield "icmpv6-parameter", "RFC 4443 3.4", ip6() / s.ICMPv6ParamProblem(ptr=6) / error
    source, mtu = s.ICMPv6NDOptSrcLLAddr(lladdr=A), s.ICMPv6NDOptMTU(mtu=1500)
    prefix = s.ICMPv6NDOptPrefixInfo(prefix="2001:db8::", prefixlen=64)
    resolver = s.ICMPv6NDOptRDNSS(dns=["2001:db8::53"], lifetime=600)
    target = s.ICMPv6NDOptDstLLAddr(lladdr=A)
    yield "nd-router-solicitation", "RFC 4861 4.1", nd("ff02::2") / s.ICMPv6ND_RS() / source
    yield "nd-router-advertisement", "RFC 4861 4.2", (
        nd("ff02::1") / s.ICMPv6ND_RA() / source / mtu / prefix / resolver
    )
    yield "nd-advertisement-hidden", "RFC 7113 2.1", (
        nd("ff02::1") / s.IPv6ExtHdrDestOpt(options=[s.PadN(optdata=b"")]) / s.ICMPv6ND_RA()
    )
    yield "nd-advertisement-fragment", "RFC 6980 2", (
        nd("ff02::1") / s.IPv6ExtHdrFragment(id=7, m=1) / s.ICMPv6ND_RA()
    )
    yield "nd-solicitation", "RFC 4861 4.3", (
        nd("ff02::1:ff00:2") / s.ICMPv6ND_NS(tgt="fe80::2") / source
    )
    yield "nd-duplicate-address", "RFC 4862 5.4.2", (
        nd("ff02::1:ff00:1", "::") / s.ICMPv6ND_NS(tgt="fe80::1")
    )
    yield "nd-advertisement", "RFC 4861 4.4", (
        ether() / s.IPv6(hlim=255, **LINK) / s.ICMPv6ND_NA(tgt="fe80::1", S=1) / target
    )
    yield "nd-unsolicited", "RFC 4861 7.2.6", nd("ff02::1") / s.ICMPv6ND_NA(tgt="fe80::1") / target
    yield "nd-redirect", "RFC 4861 4.5", (
        ether() / s.IPv6(hlim=255, **LINK) / s.ICMPv6ND_Redirect(tgt="fe80::9", dst="2001:db8::9")
    )
    yield "nd-option-length-zero", "RFC 4861 4.6", (
        nd("ff02::1") / s.ICMPv6ND_RA() / s.ICMPv6NDOptSrcLLAddr(lladdr=A, len=0)
    )
    alert = s.IPv6ExtHdrHopByHop(options=[s.RouterAlert(), s.PadN(optdata=b"")])
    yield "mld-query", "RFC 2710 3", nd("ff02::1") / alert / s.ICMPv6MLQuery()
    yield "mld-report", "RFC 2710 3", nd("ff02::9") / alert / s.ICMPv6MLReport(mladdr="ff02::9")
    yield "mldv2-report", "RFC 3810 5.2", (
        nd("ff02::16") / alert / s.ICMPv6MLReport2(records=[s.ICMPv6MLDMultAddrRec(dst="ff02::9")])
    )
    alert = {"options": [s.IPOption_Router_Alert()], "proto": 2}
    yield "igmp-query", "RFC 2236 2", ip_to("224.0.0.1", **alert) / IGMP(type=0x11)
    yield "igmp-report", "RFC 2236 2", (
        ip_to("239.1.2.3", **alert) / IGMP(type=0x16, gaddr="239.1.2.3")
    )
    yield "igmp-leave", "RFC 2236 2", (
        ip_to("224.0.0.2", **alert) / IGMP(type=0x17, gaddr="239.1.2.3")
    )
    yield "igmpv3-report", "RFC 3376 4.2", (
        ip_to("224.0.0.22", **alert)
        / IGMPv3(type=0x22)
        / IGMPv3mr(records=[IGMPv3gr(rtype=4, maddr="239.1.2.3")])
    )


def address_frames():
    for kind in ("discover", "request", "decline", "release", "inform"):
        yield f"dhcp-{kind}", "RFC 2131 3", dhcp(kind)
    for kind in ("offer", "ack", "nak"):
        yield f"dhcp-{kind}", "RFC 2131 3", dhcp_server(kind)
    yield "dhcp-bootp", "RFC 951", ip() / s.UDP(sport=68, dport=67) / s.BOOTP(xid=1)
    yield "dhcpv6-solicit", "RFC 8415 16.2", dhcp6(s.DHCP6_Solicit)
    yield "dhcpv6-request", "RFC 8415 16.4", dhcp6(s.DHCP6_Request)
    yield "dhcpv6-advertise", "RFC 8415 16.3", dhcp6(s.DHCP6_Advertise, 547, 546)
    yield "dhcpv6-reply", "RFC 8415 16.10", dhcp6(s.DHCP6_Reply, 547, 546)
    yield "dhcpv6-reconfigure", "RFC 8415 16.11", dhcp6(s.DHCP6_Reconf, 547, 546)
    yield "dhcpv6-relay", "RFC 8415 9", (
        ip6()
        / s.UDP(sport=547, dport=547)
        / s.DHCP6_RelayForward(linkaddr="::", peeraddr="fe80::1")
    )


def tunnel_frames():
    whole = ether() / s.IP(**IP) / udp() / DATA
    yield "gre", "RFC 2784 2", ip() / s.GRE() / s.IP(**IP) / udp()
    yield "gre-checksum", "RFC 2784 2.3", ip() / s.GRE(chksum_present=1) / s.IP(**IP) / udp()
    yield "gre-key-sequence", "RFC 2890 2", (
        ip() / s.GRE(key_present=1, seqnum_present=1, key=7, seqence_number=1) / s.IP(**IP)
    )
    yield "gre-routing", "RFC 1701", ip() / s.GRE(routing_present=1) / DATA
    yield "gre-cut", "RFC 2784 2", ip(proto=47) / b"\x20\x00"
    key = {"key_present": 1, "proto": 0x6558, "key": 5001 << 8 | 0x5A}
    yield "nvgre", "RFC 7637 3.2", ip() / s.GRE(**key) / whole
    yield "nvgre-ipv6", "RFC 7637 3.2", ip6(nh=47) / s.GRE(**key) / whole
    yield "nvgre-inner-tag", "RFC 7637 3.3", ip() / s.GRE(**key) / (
        ether() / s.Dot1Q(vlan=10) / s.IP(**IP) / udp()
    )
    yield "nvgre-sequence", "RFC 7637 3.2", ip() / s.GRE(seqnum_present=1, **key) / whole
    yield "nvgre-reserved-vsid", "RFC 7637 3.2", ip() / s.GRE(**{**key, "key": 0xFFFFFF00}) / whole
    yield "vxlan", "RFC 7348 5", ip() / s.UDP(dport=4789) / s.VXLAN(vni=5001, flags=8) / whole
    yield "vxlan-no-vni", "RFC 7348 5", ip() / s.UDP(dport=4789) / s.VXLAN(flags=0) / whole
    yield "geneve", "RFC 8926 3.4", (
        ip() / s.UDP(dport=6081) / GENEVE(vni=5001, proto=0x6558) / whole
    )
    yield "ip-in-ip", "RFC 2003 3", ip() / s.IP(src="198.51.100.1", dst="198.51.100.2") / udp()
    yield "6in4", "RFC 4213 3.5", ip() / s.IPv6(**IP6) / udp()
    yield "4in6", "RFC 2473 3", ip6() / s.IP(**IP) / tcp()
    yield "etherip", "RFC 3378 3", ip(proto=97) / b"\x30\x00" / whole


def listed():
    for frames in (link_frames, tag_frames, arp_frames, ip_frames, transport_frames, icmp_frames):
        yield from frames()
    yield from address_frames()
    yield from tunnel_frames()


def write_listed():
    for old in FOLDER.glob("*"):
        if not old.name.startswith("captured-"):
            old.unlink()
    names = set()
    for name, _section, packet in listed():
        assert name not in names, f"two frames are called {name}"
        names.add(name)
        (FOLDER / name).write_bytes(bytes(packet))
    return len(names)


def kind_of(frame):
    """Captured frames of one kind differ in addresses, numbers and payload only."""
    layers, at = [], s.Ether(frame)
    while at and not isinstance(at, (s.Raw, s.Padding)):
        detail = ""
        for field in ("type", "op", "proto", "nh", "flags", "dataofs", "ihl", "vlan", "code"):
            detail += f" {field} {at.getfieldval(field)}" if field in at.fields else ""
        layers.append(at.name + detail)
        at = at.payload
    return (*layers, frame[0] & 1, len(frame).bit_length())


def write_captured(captures):
    """The first frame of each kind, the smaller ones first, within the bounds."""
    kinds, written, size = {}, 0, 0
    for capture in captures:
        for packet in s.RawPcapReader(capture):
            if 14 <= len(packet[0]) <= FRAME_MAX:
                kinds.setdefault(kind_of(packet[0]), packet[0])
    for old in FOLDER.glob("captured-*"):
        old.unlink()
    for frame in sorted(kinds.values(), key=lambda frame: (len(frame), frame)):
        if written == CAPTURED_MAX or size + len(frame) > CAPTURED_BYTES_MAX:
            break
        written, size = written + 1, size + len(frame)
        (FOLDER / f"captured-{written:02}").write_bytes(frame)
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--captured", nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    random.seed(0)  # for what scapy fills in itself
    FOLDER.mkdir(parents=True, exist_ok=True)
    if arguments.captured:
        print(f"{write_captured(arguments.captured)} frames of captures")
    else:
        print(f"{write_listed()} frames")


if __name__ == "__main__":
    main()
