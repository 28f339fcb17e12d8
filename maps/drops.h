/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one list of drop reasons. From it come the enum that the programs return, the named members
 * of the pinned map (so `bpftool map dump` shows names) and the words of `xvsctl`.
 *
 * X(member, word, meaning): `member` is the C name, `word` what a person reads. New reasons are
 * added at the end; the order is part of the layout version.
 */
#ifndef XVS_MAPS_DROPS_H
#define XVS_MAPS_DROPS_H

#include <linux/types.h>

#define XVS_DROP_LIST(X)                                                                           \
	X(no_port, "no-port", "arrived on a device that is no port of a switch")                   \
	X(no_program, "no-program", "the program behind the hook was missing (tail call failed)")  \
	X(truncated, "truncated", "shorter than the headers it announces")                         \
	X(source_group, "source-group", "source MAC address is a group address")                   \
	X(source_zero, "source-zero", "source MAC address is all zero")                            \
	X(reserved_group, "reserved-group", "sent to 01:80:C2:00:00:0X, never forwarded")          \
	X(mac_taken, "mac-taken", "source MAC address is assigned to another port")                \
	X(vlan_tagged, "vlan-tagged", "tagged frame on an untagged or access port")                \
	X(vlan_protocol, "vlan-protocol", "outer tag is not 802.1Q (0x8100)")                      \
	X(vlan_inner_tag, "vlan-inner-tag", "a second tag would surface as the outer one")         \
	X(vlan_not_allowed, "vlan-not-allowed", "the port may not send in this VLAN")              \
	X(vlan_not_member, "vlan-not-member", "the destination is not in this VLAN")               \
	X(same_port, "same-port", "the destination is on the port it came from")                   \
	X(port_down, "port-down", "the destination has no device or no link")                      \
	X(mtu_exceeded, "mtu-exceeded",                                                            \
		"larger than the destination's MTU (GSO: a segment of it)")                        \
	X(no_destination, "no-destination", "nobody else is in this VLAN")                         \
	X(clone_failed, "clone-failed", "a copy for this destination could not be made or queued") \
	X(tag_failed, "tag-failed", "the VLAN tag could not be changed")                           \
	X(host_originated, "host-originated", "the host itself sent on the device of a port")      \
	X(wrong_switch, "wrong-switch",                                                            \
		"the table entry belonged to another switch or was reused")                        \
	X(xdp_transmit, "xdp-transmit", "the device lost it after an XDP redirect")                \
	X(mac_spoofed, "mac-spoofed", "the source MAC address is not the port's own")              \
	X(arp_spoofed, "arp-spoofed", "an ARP sender that is not the port's own")                  \
	X(nd_spoofed, "nd-spoofed", "a neighbour discovery sender that is not the port's own")     \
	X(address_limit, "address-limit", "the port has claimed as many addresses as it may")      \
	X(dhcp_server, "dhcp-server", "a DHCP server's message from a port that may not serve")    \
	X(router, "router", "a router's message from a port that may not route")                   \
	X(storm, "storm", "more broadcast, multicast and unknown unicast than the port may send")  \
	X(unparsed, "unparsed", "a guarded port sent what can't be looked through")                \
	X(private_vlan, "private-vlan", "the private VLAN keeps the two ports apart")              \
	X(acl_mac, "acl-mac", "an ACL of MAC addresses denies it")                                 \
	X(acl_port, "acl-port", "a port ACL denies it")                                            \
	X(acl_extended, "acl-extended", "an extended ACL denies it")                               \
	X(flow_state, "flow-state", "not part of the TCP connection it claims")                    \
	X(fragment, "fragment",                                                                    \
		"a fragment without its first one, where a rule has ports, or over it")            \
	X(extension, "extension", "an extension dropped it: see `xvsctl extension show`")          \
	X(extension_missing, "extension-missing",                                                  \
		"an extension that declares so could not be called")                               \
	X(extension_route, "extension-route",                                                      \
		"an extension sent it to ports that may not receive it")                           \
	X(no_record, "no-record", "no record knows the address in its virtual subnet")             \
	X(no_route, "no-route", "nothing in its virtual network leads to the address")             \
	X(routed_apart, "routed-apart", "policy keeps the two virtual subnets apart")              \
	X(ttl_exceeded, "ttl-exceeded", "it has passed too many routers")                          \
	X(not_answered, "not-answered", "asked for an address that no record knows, or its own")   \
	X(no_provider, "no-provider", "the host has no provider address of that family")           \
	X(no_neighbor, "no-neighbor", "nothing leads to the provider address")                     \
	X(encap_failed, "encap-failed", "the kernel did not add or take off the outer header")     \
	X(gre_from_guest, "gre-from-guest", "NVGRE to the host from elsewhere than the wire")      \
	X(gre_header, "gre-header", "NVGRE with checksum, sequence, version or reserved bits")     \
	X(gre_truncated, "gre-truncated", "NVGRE that is shorter than its headers")                \
	X(gre_fragment, "gre-fragment", "a fragment of an NVGRE packet")                           \
	X(gre_vsid, "gre-vsid", "NVGRE with a VSID that is reserved or not of this host")          \
	X(gre_source, "gre-source", "NVGRE from a provider address that the VSID's records lack")  \
	X(gre_tagged, "gre-tagged", "NVGRE around a frame with an 802.1Q tag")                     \
	X(gre_nested, "gre-nested", "NVGRE in NVGRE")                                              \
	X(gre_congestion, "gre-congestion",                                                        \
		"marked as congested on the wire, but its flow knows no marks (RFC 6040)")

enum xvs_drop {
	XVS_DROP_none, /* no drop; never counted */
#define XVS_DROP_ENUM(member, word, meaning) XVS_DROP_##member,
	XVS_DROP_LIST(XVS_DROP_ENUM)
#undef XVS_DROP_ENUM
		XVS_DROP_count, /* one past the last reason */
};

/* Packets, a counter for each reason. As an array: reason r stands at ((__u64 *)this)[r]. */
struct xvs_drop_counts {
	__u64 none; /* always 0; keeps the index equal to the reason */
#define XVS_DROP_MEMBER(member, word, meaning) __u64 member;
	XVS_DROP_LIST(XVS_DROP_MEMBER)
#undef XVS_DROP_MEMBER
};

_Static_assert(sizeof(struct xvs_drop_counts) == XVS_DROP_count * sizeof(__u64),
	"one counter for each reason");

/*
 * Value of the map `drops` (index: port id), added to atomically by all CPUs. The directions are
 * those of enum xvs_acl_direction, in its order: what was to be delivered to the port, and what it
 * has sent.
 */
struct xvs_drops {
	struct xvs_drop_counts in, out;
};

#endif
