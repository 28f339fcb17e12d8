/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual networks: which customer address (CA) of a virtual subnet is where, and which provider
 * address (PA) leads to it; RFC 7637.
 *
 *   subnets          array by subnet id, halves: the virtual subnets that have a place on this host
 *   vsids            hash, both halves: from the VSID on the wire to the subnet id
 *   providers        array by switch id, halves: the host's own provider addresses
 *   customer_routes  trie, both halves: where a customer address of a network belongs
 *   record_table     array of one: the hash of all records. It is no part of the halves: a record
 *                    is there, or moves, with the write of one element
 *
 * A virtual subnet is to the switch what a VLAN is: a number by which addresses are learned and
 * floods are listed. Numbers from XVS_SUBNET_FIRST on, behind those of VLANs, are subnet ids.
 */
#ifndef XVS_MAPS_VIRTUAL_H
#define XVS_MAPS_VIRTUAL_H

#include <linux/types.h>
#include "maps/fdb.h"
#include "maps/limits.h"

/* VSIDs (RFC 7637, 3.2): those below and 0xffffff are reserved. */
#define XVS_VSID_MIN 0x1000
#define XVS_VSID_MAX 0xfffffe

/* The number in the place of a VLAN's: that of a subnet's id. */
#define XVS_SUBNET_FIRST 0x2000
#define XVS_NUMBER_MASK 0xffff /* of either */
_Static_assert(XVS_SUBNET_FIRST + XVS_SUBNET_MAX < 0xffff, "XVS_FLOOD_TRUNKS is another");

enum xvs_subnet_flag {
	XVS_SUBNET_LEARN = 1u << 0, /* who is not in the records is asked for and learned */
	XVS_SUBNET_CLAMP = 1u << 1, /* TCP is told the segments that fit */
};

/* IPv4 addresses stand as ::ffff:a.b.c.d everywhere below, in the order of the wire. */
struct xvs_subnet_config {
	__u32 vsid; /* 0: the id is free */
	__u16 network; /* routing domain: 1..XVS_NETWORK_MAX - 1 */
	__u16 switch_id;
	__u8 gateway_mac[XVS_MAC_SIZE];
	__u16 mtu; /* largest layer-3 packet of a guest that fits the wire once encapsulated */
	__be32 gateway[2][4]; /* IPv4, IPv6; the lowest address of the first prefix; 0 = none */
	__be32 group[4]; /* provider multicast group of its broadcasts; 0 = a copy for each host */
	__u32 flags; /* enum xvs_subnet_flag */
	__u32 reserved[15];
};
_Static_assert(sizeof(struct xvs_subnet_config) == 128, "two cache lines");

struct xvs_subnet {
	struct xvs_subnet_config half[2]; /* index: generation & 1 */
};

struct xvs_vsid_key {
	__u32 vsid;
	__u32 half; /* generation & 1 */
};

/* The host's end of a switch's wire. */
struct xvs_provider_config {
	__be32 address[2][4]; /* IPv4, IPv6; 0 = none of that family */
	__u32 port; /* id of the host port; 0: the switch has no provider address */
	__u32 ifindex; /* of its interface on the host's side */
	__u32 mtu; /* of that interface */
	__u32 reserved[5];
};
_Static_assert(sizeof(struct xvs_provider_config) == 64, "a cache line");

struct xvs_provider {
	struct xvs_provider_config half[2]; /* index: generation & 1 */
};

/*
 * Map `customer_routes`, value: struct xvs_hop. The first word must match whole: prefix lengths
 * count from its first bit.
 */
struct xvs_route_key {
	__u32 length; /* bits that count: 32 + 0..128; IPv4: 32 + 96 + 0..32 */
	__u32 domain; /* network << 1 | generation & 1 */
	__be32 address[4];
};

enum xvs_hop_kind {
	XVS_HOP_ON_LINK = 1, /* a prefix of `subnet` */
	XVS_HOP_VIA, /* to `via`, an address in `subnet` */
	XVS_HOP_APART, /* policy keeps the two apart */
};

struct xvs_hop {
	__u16 subnet; /* id */
	__u16 kind; /* enum xvs_hop_kind */
	__be32 via[4];
};
_Static_assert(sizeof(struct xvs_hop) == 20, "no padding");

/* What a record is found by. */
enum xvs_record_type {
	XVS_RECORD_ADDRESS, /* VSID and customer address; all zero or ::ffff:0:0: the gateway record
			       of its family, for what has no other */
	XVS_RECORD_MAC, /* VSID and MAC address, in the first six bytes */
	XVS_RECORD_PEER, /* VSID and provider address: a host from which the VSID's frames may come
			  */
	XVS_RECORD_REWRITTEN, /* VSID 0 and provider address: whose it is, of a record that rewrites
			       */
	XVS_RECORD_COPY, /* VSID and position, 0.. in address[0]: hosts that get copies of
			    broadcasts. Position XVS_RECORD_COUNT: their number, in `packets` */
};
#define XVS_RECORD_COUNT 0xffffffff

struct xvs_record_key {
	__be32 address[4];
	__u32 what; /* VSID | enum xvs_record_type << XVS_RECORD_TYPE_SHIFT */
};
#define XVS_RECORD_TYPE_SHIFT 24
_Static_assert(sizeof(struct xvs_record_key) == 20, "a key has no padding");

enum xvs_record_flag {
	XVS_RECORD_LOCAL = 1u << 0, /* the provider address is one of this host */
	XVS_RECORD_REWRITE = 1u << 1, /* by IP rewrite; else by NVGRE */
	XVS_RECORD_LEARNED = 1u << 2, /* by a program, from a frame; `seen` holds */
};

/*
 * An element of the record table. A hash's elements are used again at once, so a reader that has
 * taken what it needs compares `key` with what it looked for. `packets` and `bytes` are added to
 * atomically: of ADDRESS and MAC what was sent there, of PEER what came from there.
 */
struct xvs_record {
	struct xvs_record_key key;
	__u8 mac[XVS_MAC_SIZE];
	__u16 flags; /* enum xvs_record_flag */
	__be32 provider[4];
	__be32 customer[4]; /* ADDRESS, MAC, REWRITTEN: the record's customer address */
	__u32 vsid; /* of the record; REWRITTEN has none in its key */
	__u32 seen; /* xvs_fdb_tick() of the last frame */
	__u32 reserved;
	__u64 packets, bytes;
};
_Static_assert(sizeof(struct xvs_record) == 88, "no padding");

#endif
