/* SPDX-License-Identifier: GPL-2.0-only */
/* What certification asks of witness.bpf.c, and what that has seen. */
#ifndef XVS_CERTIFY_WITNESS_H
#define XVS_CERTIFY_WITNESS_H

#include <linux/types.h>
#include "maps/chain.h"

/* Slots of both arrays, behind XVS_SLOT_CHAINS, where the extension stands. */
#define WITNESS_SLOT (XVS_SLOT_CHAINS + 1)

/* Elements of `chains`. */
enum witness_chain {
	WITNESS_NOBODY = 1, /* straight on to the witness: what the way around takes */
	WITNESS_EXTENSION,
};

/* What a run returns. The kernel's own verdicts are below. */
enum witness_verdict {
	WITNESS_NOT_ENTERED = 100, /* no frame for extensions: the switch has dropped it before */
	WITNESS_ONWARD, /* on to the next */
	WITNESS_END, /* dropped by the extension */
	WITNESS_BACK, /* replied */
};

struct witness_asked {
	__u32 chain; /* enum witness_chain */
	__u32 source, destination; /* port ids; destination 0: on the way in */
	__u32 size; /* that the frame gets, 0 = as it is */
	__u16 tag_protocol, tag_control; /* of a tag beside the frame; protocol 0 = none */
	__u16 vlan; /* that the switch takes it for */
	__u8 priority;
	__u8 half; /* of the configuration */
};

struct witness_seen {
	__u64 packet; /* of the view: what the switch has read */
	__u32 route_count;
	__u32 route[XVS_ROUTE_PORTS];
	__u16 reason; /* of the switch */
	__u8 routed; /* enum xvs_routed */
	__u8 reserved;
};

#endif
