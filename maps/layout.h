/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layout of every pinned map: what the programs read and the agent writes.
 *
 * Byte order is the host's unless a comment says otherwise. MAC addresses are in the order of the
 * wire. The two sides agree by XVS_LAYOUT_VERSION, kept in the map `control`; an agent that finds
 * another version there refuses to adopt the pins. The version covers all that programs of two
 * builds, or a program and an agent of another build, can read of each other: keys, values, sizes
 * and meaning of every pinned map, fdb.h, drops.h, limits.h, the words in skb->cb, the pins' names.
 * Any change there is a new version; docs/pins.md says what is not.
 *
 * Configuration is written in halves. `control.generation` names the half that packets read (its
 * lowest bit); the agent fills the other half for all ports at once, then advances the generation
 * with one store, so that all ports change together. A half is written again only after an RCU
 * grace period. A packet reads the generation once and carries it to later hooks.
 */
#ifndef XVS_MAPS_LAYOUT_H
#define XVS_MAPS_LAYOUT_H

#include <linux/types.h>
#include "maps/acl.h"
#include "maps/chain.h"
#include "maps/drops.h"
#include "maps/fdb.h"
#include "maps/flow.h"
#include "maps/limits.h"
#include "maps/virtual.h"

#define XVS_LAYOUT_VERSION 9

/* Map `control`, array of one, mmapable. */
struct xvs_control {
	__u32 layout_version; /* XVS_LAYOUT_VERSION */
	__u32 generation; /* lowest bit: the half in use; grows by one at each change */
	__u32 cookie; /* random per set of pins; marks frames that have been through a switch */
	__u32 cpus; /* possible CPUs when the maps were made: stride of `counters` */
	__u32 saved_backlog; /* net.core.netdev_max_backlog before it was raised; 0 = untouched */
	__u32 hook; /* enum xvs_hook_kind + 1: how the stubs are attached; 0 = not yet */
	__u32 hurrying; /* not 0: the agent has set rcu_expedited, see agent/hook.h */
	__u32 fdb_epoch; /* grows when an address moves or goes, or a device changes its port:
			    cached lookups end */
	__u32 events_lost; /* events that found no room in `events`; grows, wraps */
	__u32 listeners; /* who wants to hear of dropped packets; 0: none is told of */
	__u64 in_force; /* which programs stand in the slots, on which maps: the agent's own digest,
			   by which a restart of the same build lets them stay; 0 = unknown */
};

/* Map `port_index`, hash: interface index (__u32) to the port on it. */
struct xvs_port_ref {
	__u32 ifindex; /* the key again: hash elements are reused at once, a reader checks */
	__u32 port; /* port id */
} __attribute__((aligned(8)));

/*
 * Map `port_cache`, array, mmapable, index: interface index % XVS_PORT_CACHE_SIZE. The same as
 * port_index, at a tenth of the cost; of two interfaces that meet in a place one stands here.
 */

enum xvs_port_kind {
	XVS_PORT_UNUSED,
	XVS_PORT_VPORT, /* a guest's tap or veth */
	XVS_PORT_HOST, /* the switch's own veth to the host */
	XVS_PORT_UPLINK, /* the NIC */
};

enum xvs_vlan_mode {
	XVS_VLAN_UNTAGGED, /* untagged frames only, in the untagged domain (VLAN 0) */
	XVS_VLAN_ACCESS, /* untagged frames only, in VLAN `vlan` */
	XVS_VLAN_TRUNK, /* tagged frames of the VLANs in `vlan_set`; untagged ones are in `vlan` */
	/* private VLANs (RFC 5517), untagged frames only: what the port sends is in `vlan` */
	XVS_VLAN_ISOLATED, /* secondary VLAN; receives the primary's frames */
	XVS_VLAN_COMMUNITY, /* secondary VLAN; receives the primary's and its own */
	XVS_VLAN_PROMISCUOUS, /* primary VLAN; receives its own and those in `vlan_set` */
	XVS_VLAN_VIRTUAL, /* untagged frames only, in the virtual subnet `vlan`, see virtual.h */
};

enum xvs_port_flag {
	XVS_PORT_UP = 1u << 0, /* has a device with link; frames can be delivered */
	XVS_PORT_PEER = 1u << 1, /* veth, far end in another namespace: peer redirect works */
	XVS_PORT_MAC = 1u << 2, /* `mac` is assigned to this port */
	XVS_PORT_KEEP_PRIORITY = 1u << 3, /* 802.1p of this port's frames is kept */
	XVS_PORT_XDP_TARGET = 1u << 4, /* an uplink's XDP program may deliver straight to it */
	XVS_PORT_ALL_VLANS = 1u << 5, /* trunk without a list: `vlan_set` is not looked at */
	/* guards of what the port sends */
	XVS_PORT_OWN_MAC = 1u << 6, /* MAC spoofing is off: its own source address only */
	XVS_PORT_TEAMING = 1u << 7, /* or one of another port of the same VM */
	XVS_PORT_DHCP_GUARD = 1u << 8,
	XVS_PORT_ROUTER_GUARD = 1u << 9,
	XVS_PORT_ADDRESS_GUARD = 1u << 10, /* ARP and ND senders: the port's addresses only */
	XVS_PORT_STORM_LIMIT = 1u << 11, /* `storm_limit` holds */
	/* both ways */
	XVS_PORT_MIRROR = 1u << 12, /* what it sends and receives is copied to `mirror_to` */
	XVS_PORT_ACL = 1u << 13, /* `acl_port` and `acl_extended` hold */
	XVS_PORT_STRICT = 1u << 14, /* a TCP connection with state begins with a SYN */
	XVS_PORT_MAC_ACL = 1u << 15, /* `acl_port` has rules on MAC addresses */
	/* a trunk: its switch has private VLANs, so its frames are looked up in `private_vlans` */
	XVS_PORT_PRIVATE_VLANS = 1u << 16,
	/* `chain` has extensions for what the port sends, and for what it receives */
	XVS_PORT_CHAIN_IN = 1u << 17,
	XVS_PORT_CHAIN_OUT = 1u << 18,
	XVS_PORT_PROVIDER = 1u << 19, /* host port: its addresses are provider addresses */
};

/* One half of a port's configuration. One cache line. */
struct xvs_port_config {
	__u8 kind; /* enum xvs_port_kind */
	__u8 vlan_mode; /* enum xvs_vlan_mode */
	__u16 vlan; /* of its untagged frames: 1..4094; trunk: the native one, 0 = untagged domain;
		       virtual: XVS_SUBNET_FIRST + subnet id */
	__u16 vlan_set; /* trunk, promiscuous: index into `vlan_sets` */
	__u16 switch_id; /* 1..XVS_SWITCH_MAX - 1 */
	__u32 flags; /* enum xvs_port_flag */
	__u32 ifindex; /* device, 0 = none */
	__u32 mtu; /* largest layer-3 packet in bytes, without Ethernet header and tags */
	__u32 learning_limit; /* MAC addresses that may be learned here; 0 = no limit */
	__u64 ageing_ns; /* of the switch: learned addresses are unknown after this silence */
	__u8 mac[XVS_MAC_SIZE]; /* assigned address, see XVS_PORT_MAC */
	__u16 vm; /* whose port it is, 0 = nobody's; ports of one VM have the same number */
	__u32 storm_limit; /* broadcast, multicast and unknown unicast frames sent a second */
	__u32 acl_version; /* of its rules; never the same for other rules */
	__u16 acl_port; /* its lists: index into `acls`, 0 = none */
	__u16 acl_extended;
	__u16 mirror_to; /* port id */
	__u16 address_limit; /* addresses learned from ARP and ND; 0 = those that are set only */
	__u16 primary_vlan; /* of a private VLAN, 1..4094; 0 = the port is in none */
	__u16 chain; /* index into `chains`, 0 = none */
	__u32 flow_limit; /* flows that are remembered for the port */
};
_Static_assert(sizeof(struct xvs_port_config) == 64, "a cache line");

/* Map `ports`, array by port id, mmapable. */
struct xvs_port {
	struct xvs_port_config half[2]; /* index: generation & 1 */
};
_Static_assert(sizeof(struct xvs_port) == 128, "two cache lines");

/* Maps `port_names` and `switch_names`, arrays by id. An empty name is a free id. */
struct xvs_name {
	char text[XVS_PORT_NAME_SIZE]; /* closed by a zero byte */
};

/*
 * Map `counters`, array, mmapable, index: port id * control.cpus + CPU. One cache line, written by
 * one CPU only. Directions are the guest's: transmit is what it sent. A GSO packet counts as many
 * packets as it has segments; bytes are those of the frame as the kernel hands it over, from the
 * destination MAC on, headers of a GSO packet once.
 */
struct xvs_counters {
	__u32 port;
	__u32 cpu;
	__u64 transmit_packets;
	__u64 transmit_bytes;
	__u64 receive_packets; /* copies of mirrored ports too */
	__u64 receive_bytes;
	__u64 flooded_packets; /* transmitted ones that were sent to more than their owner */
	__u64 learned; /* MAC addresses learned or moved here */
	__u64 not_learned; /* addresses refused by the learning limit or a full table */
};
_Static_assert(sizeof(struct xvs_counters) == 64, "a cache line");

/* How much a port has told of what would be too much to tell of all: XVS_TOLD_MAX a second. */
struct xvs_telling {
	__u32 told; /* second << 8 | events told in it */
	__u32 untold; /* how many were not told since the last one */
};

/* Map `port_state`, array by port id, mmapable. Written by the programs, corrected by the agent. */
struct xvs_port_state {
	__u32 learned; /* dynamic MAC table entries that name this port */
	__u16 addresses; /* IP addresses learned in this epoch; one word with the next */
	__u16 address_epoch; /* grows when they are forgotten, wraps: others are void */
	__u64 storm; /* second of CLOCK_MONOTONIC_COARSE << 32 | frames that it flooded in that */
	__u32 flows; /* entries of the map `flows` that are the port's */
	__u32 flows_refused; /* flows that found no room there */
	struct xvs_telling logged, dropped; /* events of these kinds */
	struct xvs_telling errors; /* ICMP errors that it was sent; as bounded as those */
};
_Static_assert(sizeof(struct xvs_port_state) == 48, "no padding");

/*
 * Map `vm_macs`, hash, its values (port ids) for people: the assigned addresses of the ports of
 * each VM, for siblings under XVS_PORT_TEAMING.
 */
struct xvs_vm_mac {
	__u8 mac[XVS_MAC_SIZE];
	__u16 vm;
	__u32 half; /* generation & 1 */
};
_Static_assert(sizeof(struct xvs_vm_mac) == 12, "a key has no padding");

/* Map `port_addresses`, hash, values always 1: the IP addresses that are set for guarded ports. */
struct xvs_port_address {
	__be32 address[4]; /* IPv4 as ::ffff:a.b.c.d */
	__u32 port;
	__u32 half; /* generation & 1 */
};
_Static_assert(sizeof(struct xvs_port_address) == 24, "a key has no padding");

/*
 * Map `learned_addresses`, hash: IP addresses that guarded ports have claimed by ARP and ND. The
 * programs add, the agent takes away: those that are silent for the switch's ageing, and those of
 * an epoch that has passed. The value is the xvs_fdb_tick() of the last frame.
 */
struct xvs_learned_address {
	__be32 address[4]; /* IPv4 as ::ffff:a.b.c.d */
	__u32 port;
	__u32 epoch; /* port_state.address_epoch of that time */
};
_Static_assert(sizeof(struct xvs_learned_address) == 24, "a key has no padding");

/* Map `fragments`, array by port id: the first fragments that the port's lists have allowed. */
struct xvs_fragments {
	/* 35 bits: hash; 13: where it ends, in units of 8 bytes; 16: when, in seconds. 0 = free */
	__u64 mark[XVS_FRAGMENTS];
};

/* Map `vlan_sets`, array: 4,096 bits, VLAN v is bit v % 64 of word v / 64. Never changed in use. */
struct xvs_vlan_set {
	__u64 word[XVS_VLAN_MAX / 64];
};

/*
 * Map `private_vlans`, hash: what a switch's private VLANs say of a VLAN, be it a primary or a
 * secondary one. Others have no element. Like a port's configuration it is written in halves.
 */
struct xvs_private_vlan_key {
	__u16 switch_id;
	__u16 vlan; /* 1..4094 */
	__u32 half; /* generation & 1 */
};

struct xvs_private_vlan {
	__u16 primary; /* whose MAC addresses it shares; its own id if it is one */
	__u16 secondaries; /* 1: isolated or community ports are among its receivers */
};

/*
 * Map `fdb`, array of maps by switch id; each inner map is the MAC table of one switch: an array,
 * mmapable, of xvs_fdb_element, learned per VLAN; see maps/fdb.h.
 */

/*
 * Map `events`, ring buffer: what the programs tell the agent. Nobody is woken: the agent looks
 * once a second. Each record begins with its kind.
 */
enum xvs_event_kind {
	XVS_EVENT_MAC_MOVED = 1,
	XVS_EVENT_LOGGED, /* a rule with XVS_ACL_LOG has decided: denied, or the first of a flow */
	XVS_EVENT_DROPPED,
	XVS_EVENT_KINDS,
};

/* A learned address that came from another port than before. */
struct xvs_mac_moved {
	__u32 kind; /* XVS_EVENT_MAC_MOVED */
	__u32 switch_id;
	struct xvs_fdb_key key;
	__u32 from; /* port ids */
	__u32 to;
};
_Static_assert(sizeof(struct xvs_mac_moved) == 24, "no padding");

/*
 * A packet: one that was logged, or one that was dropped while somebody listens (xvs_control,
 * `listeners`). XVS_TOLD_MAX of each kind a second of a port. Of a dropped one that is no IP, can't
 * be read, or was dropped for a MAC address, these are the addresses.
 */
struct xvs_told {
	__u32 kind; /* XVS_EVENT_LOGGED, XVS_EVENT_DROPPED */
	__u32 port; /* id: whose traffic it is */
	__u64 local[2], remote[2]; /* as in xvs_acl_tuple */
	__u16 local_port, remote_port; /* ICMP: both are the type */
	__u16 vlan;
	__u8 protocol;
	__u8 direction; /* enum xvs_acl_direction */
	__u8 family; /* enum xvs_acl_family */
	__u8 reserved;
	__u16 list; /* index into `acls`; 0: no rule has decided */
	__u32 rule; /* position in the list */
	__u32 reason; /* enum xvs_drop; XVS_DROP_none: allowed */
	__u32 missed; /* of the kind and port, not told since the last one */
};
_Static_assert(sizeof(struct xvs_told) == 64, "no padding");

/*
 * Map `flood_lists`, hash: where in `flood_members` (array of xvs_flood_member) a list stands.
 * A flood in VLAN v of a switch visits the list of v (ports whose untagged frames are in v), then
 * the list XVS_FLOOD_TRUNKS (trunk ports), skipping trunks that do not allow v. In a private VLAN
 * the first list is that of the primary VLAN, which has its promiscuous ports; its isolated and
 * community ports are a list of their own, which the frames of isolated ports leave out.
 */
#define XVS_FLOOD_TRUNKS 0xffff
#define XVS_FLOOD_SECONDARIES 0x1000 /* and the primary VLAN's id */
_Static_assert(
	!(XVS_FLOOD_SECONDARIES & XVS_SUBNET_FIRST) && XVS_SUBNET_MAX <= XVS_FLOOD_SECONDARIES,
	"no subnet's number has that bit");

struct xvs_flood_key {
	__u16 switch_id;
	__u16 vlan; /* 0..4094, a virtual subnet's number, or one of the above */
	__u32 half; /* generation & 1 */
};

struct xvs_flood_list {
	__u32 first; /* index into flood_members */
	__u32 count;
};

/*
 * Map `xdp_cache`, per-CPU array: what an uplink's XDP program found for a pair of addresses. It
 * holds for as long as nobody could have found something else: the same generation and fdb_epoch,
 * and no later than `until_jiffies`.
 */
struct xvs_xdp_found {
	__u64 until_jiffies; /* the kernel's tick: reading it costs next to nothing */
	__u32 generation;
	__u32 fdb_epoch;
	__u32 ifindex; /* of the uplink */
	__u32 tag; /* the frame's, packed: see bpf/xdp.bpf.c */
	__u8 addresses[2 * XVS_MAC_SIZE]; /* destination, source: as in the frame */
	/* what was found */
	__u32 source; /* port ids */
	__u32 to;
	__u32 frame_max; /* bytes of the longest frame that fits the destination, its tag not
			    counted */
	__u16 want_control; /* of the tag it is to have, host order */
	__u16 want_tag; /* 0: it is to have none */
	__u32 reserved;
};
_Static_assert(sizeof(struct xvs_xdp_found) == 56, "within a cache line");

/* Map `flood_members`, array, mmapable. Array elements take 8 bytes at least, so the value has 8.
 */
struct xvs_flood_member {
	__u32 port; /* port id */
	__u32 reserved;
};

/*
 * What of a device was changed for a port, to be given back on release.
 * Map `device_saved`, array by port id, all zero when nothing was changed.
 */
enum xvs_saved_flag {
	XVS_SAVED_PROMISC = 1u << 0, /* promiscuous mode was off */
	XVS_SAVED_RXVLAN = 1u << 1, /* receive VLAN offload was on */
	XVS_SAVED_IPV6 = 1u << 2, /* IPv6 was on */
	XVS_SAVED_DOWN = 1u << 3, /* the device was down */
	XVS_SAVED_CLSACT = 1u << 4, /* it had no clsact qdisc */
	XVS_SAVED_ADDRESSES =
		1u << 5, /* host port: the addresses of its NIC are on its interface */
};

struct xvs_device_saved {
	__u32 ifindex;
	__u32 flags; /* enum xvs_saved_flag */
};

/*
 * What a frame carries in skb->cb from the ingress hook to the egress hook of another device. The
 * two programs may be of different builds, for the moment of an upgrade.
 *
 *   cb[0]  cookie ^ phase        proves that a switch of ours wrote the rest
 *   cb[1]  31      19 18  16 15        0
 *          | generation |pri| VLAN, or XVS_SUBNET_FIRST + subnet id |
 *   cb[2]  id of the port it came from
 *   cb[3]  id of the port it goes to
 */
enum xvs_phase {
	XVS_PHASE_DONE = 1, /* egress stages are behind it: nothing to do */
	XVS_PHASE_CLONE = 2, /* a copy: the egress hook runs the stages */
	XVS_PHASE_MIRROR = 3, /* a copy for whom the port is mirrored to: it has no stages */
};

#define XVS_CB_PRIORITY_SHIFT 16
#define XVS_CB_GENERATION_SHIFT 19

#endif
