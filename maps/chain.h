/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chains of extensions: what the switch knows of a frame while it goes from program to program.
 *
 * Each port has the number of its chain in its configuration. On the way in the frame goes through
 * capture, filter and firewall extensions between its port's guards and its lists, then, behind the
 * lists, to the forwarding extension; on the way out through firewalls, filters and captures
 * between the lists of the port that it is for and its tag. Each extension is a program of its own
 * in a slot of its hook's array and knows the slot of the next; the built-in parts behind them
 * stand in slots of their own.
 */
#ifndef XVS_MAPS_CHAIN_H
#define XVS_MAPS_CHAIN_H

#include <linux/types.h>
#include "maps/limits.h"

/* Slots of `slots_ingress` and `slots_egress`. 8..15 are for parts to come. */
#define XVS_SLOT_MAIN 0 /* the hook's main program */
#define XVS_SLOT_NEXT 1 /* the one to come, while the agent finds out whether the slot takes it */
#define XVS_SLOT_RESUME 2 /* what is behind a chain, in front of forwarding; on the way out all */
#define XVS_SLOT_COMMIT 3 /* what is behind a forwarding extension, or a reply; ingress only */
/* virtual networks; ingress only */
#define XVS_SLOT_VIRTUAL 4 /* forwarding of a virtual subnet's frame */
#define XVS_SLOT_ROUTE 5 /* the distributed router, and what it answers */
#define XVS_SLOT_ENCAP 6 /* to another host */
#define XVS_SLOT_DECAP 7 /* from another host */
#define XVS_SLOT_CHAINS 16 /* the first of those of chains */
#define XVS_SLOT_MAX 4096

/* Ways on which an extension couldn't be loaded that lets nothing pass without it. */
enum xvs_chain_missing {
	XVS_CHAIN_MISSING_IN = 1,
	XVS_CHAIN_MISSING_OUT = 2,
};

/* Map `chains`, array; 0 is no chain. Never changed in use. */
struct xvs_chain {
	__u16 in, in_count; /* slots in `slots_ingress`: the first, and how many; the forwarding
			       extension is not among them */
	__u16 out, out_count; /* in `slots_egress` */
	__u16 forward; /* slot of the forwarding extension, 0 = none */
	__u8 headers; /* 1: one of them wants the headers read */
	__u8 missing; /* enum xvs_chain_missing */
	__u8 reserved[4];
};
_Static_assert(sizeof(struct xvs_chain) == 16, "no padding");

/* Packets, as many as a GSO packet has segments. Grow, and wrap with the number. */
struct xvs_extension_counters {
	__u64 packets; /* that it has seen */
	__u64 dropped;
	__u64 changed; /* filters: what they say that they have */
	__u64 directed; /* filters: copied or replied; forwarding: sent where it said */
};

/* How a forwarding extension has answered. */
enum xvs_routed {
	XVS_ROUTE_NONE, /* the switch decides */
	XVS_ROUTE_ONLY, /* to `route` alone */
	XVS_ROUTE_TOO, /* to `route`, and where the switch decides */
	XVS_ROUTE_BACK, /* a filter's: to where it came from */
	XVS_ROUTE_SUBNET, /* the distributed router's: into the virtual subnet `fid`, as its
			     gateway's */
	XVS_ROUTE_COPIES, /* forwarding's: to all hosts of its virtual subnet */
};

#define XVS_ROUTE_PORTS 16

/*
 * Map `chain_state`, per-CPU array, index: enum xvs_scratch_of. From one program of a chain to the
 * next, but for the counters, which the agent reads.
 */
struct xvs_chain_state {
	__u64 ports, place, packet; /* as the words of struct xvs_view in extension.h */
	__u32 generation;
	__u32 packets; /* as how many the frame counts */
	__u16 fid; /* as in struct xvs_vlan; of a virtual subnet its number */
	__u8 secondaries;
	__u8 routed; /* enum xvs_routed */
	__u16 forward; /* slot of the forwarding extension, 0 = none */
	__u16 reason; /* not 0: the frame is to be dropped for it */
	__u32 route_count;
	__u32 route[XVS_ROUTE_PORTS]; /* port ids */
	__u32 reserved;
	struct xvs_extension_counters counters[XVS_INSTANCE_MAX]; /* by instance id */
};
_Static_assert(sizeof(struct xvs_chain_state) <= 32768, "a per-CPU element");

#define XVS_PLACE_SWITCH_SHIFT 16
#define XVS_PLACE_VSID_SHIFT 32
#define XVS_PLACE_PRIORITY_SHIFT 56
#define XVS_PLACE_OUT (1ull << 59)
#define XVS_PLACE_HALF_SHIFT 60

/* Map `extension_reasons`, array, mmapable, index: instance id * XVS_REASON_COUNTS + reason:
 * packets. */
#define XVS_REASON_COUNTS 64

/*
 * Map `instances`, array by instance id: which extension of which switch that is. Id 0 is none. For
 * the agent only.
 */
#define XVS_INSTANCE_DIGEST 24

struct xvs_instance {
	char extension[XVS_NAME_SIZE], of_switch[XVS_NAME_SIZE]; /* names; empty: the id is free */
	char digest[XVS_INSTANCE_DIGEST]; /* how the object's SHA-256 begins, in hex, closed */
	struct xvs_extension_counters before; /* what others with this id have counted */
};

#endif
