/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounds that both sides of the maps obey. Every table and loop of xvswitch is bounded by one of
 * these or by a setting that replaces it when the maps are created.
 */
#ifndef XVS_MAPS_LIMITS_H
#define XVS_MAPS_LIMITS_H

#define XVS_NAME_SIZE 64 /* bytes of a switch's or port's name, with its closing zero */
#define XVS_PORT_NAME_SIZE 72 /* the same for "SWITCH/uplink" and "SWITCH/host" */
#define XVS_SWITCH_MAX 1024 /* switch ids are 1..XVS_SWITCH_MAX - 1; 0 is no switch */
#define XVS_PORT_MAX 16384 /* port ids are 1..XVS_PORT_MAX - 1; 0 is no port */
#define XVS_VLAN_MAX 4096 /* 12-bit VLAN ids; 0 is the untagged domain, 4095 is reserved */
#define XVS_VLAN_SET_MAX 1024 /* different lists of allowed VLANs; set 0 allows every VLAN */

#define XVS_PORT_CACHE_SIZE 65536 /* a power of two */
/* Pairs of addresses that an uplink's XDP program remembers. */
#define XVS_XDP_CACHE_BITS 11
#define XVS_XDP_CACHE_SIZE (1 << XVS_XDP_CACHE_BITS)

/* Flood lists: a port stands once among its VLAN's members or once among its switch's trunks. */
#define XVS_FLOOD_MEMBER_MAX (2 * XVS_PORT_MAX) /* both halves */
#define XVS_FLOOD_LIST_MAX (2 * (XVS_PORT_MAX + XVS_SWITCH_MAX)) /* both halves */

#define XVS_EXTENSIONS_MAX 16 /* of a switch */
#define XVS_INSTANCE_MAX 512 /* extensions on switches; ids from 1 on */
#define XVS_CHAIN_MAX 4096 /* different chains; 0 is none */

#define XVS_NETWORK_MAX 1024 /* virtual networks; ids are 1..XVS_NETWORK_MAX - 1 */
#define XVS_SUBNET_MAX 4096 /* virtual subnets of a host; ids are 1..XVS_SUBNET_MAX - 1 */
#define XVS_CUSTOMER_ROUTE_MAX 65536 /* prefixes and routes of all virtual networks */
#define XVS_RECORD_MAX 1048576 /* records */
#define XVS_COPIES_MAX 1024 /* hosts that get a copy of a virtual subnet's broadcast */

#define XVS_PRIVATE_VLAN_MAX 16384 /* primary and secondary VLANs of all switches */

/* Bytes of the ring `events`: a power of two, whole pages of any size. 2,048 records. */
#define XVS_EVENTS_SIZE 65536

#define XVS_PORT_ADDRESS_MAX 1024 /* IP addresses that a port owns */
#define XVS_FLOW_MAX 262144 /* of all ports */
#define XVS_FLOW_LIMIT_DEFAULT 16384 /* of one */
#define XVS_FRAGMENTS 8 /* a power of two: fragmented packets of a port under way at once */
#define XVS_FRAGMENT_S 30 /* for how long one is */
#define XVS_ACL_LIST_MAX 32768 /* compiled access control lists, old ones until a grace period */
#define XVS_TOLD_MAX 10 /* packets of a kind that a port tells of a second; up to 255 */
#define XVS_ADDRESS_MAX 131072 /* those of all ports: as many set, as many learned */
#define XVS_STORM_LIMIT_MAX 10000000 /* frames a second */
#define XVS_RULE_MAX 131072 /* rules of one access control list */

/* MAC table of one switch, in entries. */
#define XVS_FDB_SIZE_MIN 16
#define XVS_FDB_SIZE_DEFAULT 65536
#define XVS_FDB_SIZE_MAX 4194304

#endif
