/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules of NVGRE (RFC 7637) and of what its outer header tells of the inner one (RFC 6040). Pure:
 * no maps, no packets, so that the unit tests run them outside the kernel.
 */
#ifndef XVS_BPF_NVGRE_H
#define XVS_BPF_NVGRE_H

#include "maps/layout.h"

#define XVS_GRE_PROTOCOL 47
#define XVS_GRE_KEYED 0x2000 /* the flags of NVGRE: a key, and nothing else */
#define XVS_GRE_ETHERNET 0x6558
#define XVS_OUTER_TTL 64

struct xvs_gre {
	__be16 flags, protocol;
	__be32 key; /* VSID 24 bits, FlowID 8 bits */
};
_Static_assert(sizeof(struct xvs_gre) == 8, "as on the wire");

static inline __attribute__((always_inline)) int xvs_vsid_is_valid(__u32 vsid)
{
	return vsid >= XVS_VSID_MIN && vsid <= XVS_VSID_MAX;
}

/* Key and back, host order. */
static inline __attribute__((always_inline)) __u32 xvs_gre_key(__u32 vsid, __u32 hash)
{
	return vsid << 8 | (hash & 0xff);
}

static inline __attribute__((always_inline)) __u32 xvs_gre_vsid(__u32 key)
{
	return key >> 8;
}

enum xvs_ecn { XVS_NOT_ECT, XVS_ECT_1, XVS_ECT_0, XVS_CE };

/*
 * Congestion marks of the inner packet behind a tunnel (RFC 6040, figure 4). Minus the drop reason
 * where the wire was congested and the flow does not know marks.
 *
 *   inner     outer: Not-ECT   ECT(0)    ECT(1)    CE
 *   Not-ECT          Not-ECT   Not-ECT   Not-ECT   drop
 *   ECT(0)           ECT(0)    ECT(0)    ECT(1)    CE
 *   ECT(1)           ECT(1)    ECT(1)    ECT(1)    CE
 *   CE               CE        CE        CE        CE
 */
static inline __attribute__((always_inline)) int xvs_ecn_behind(__u8 inner, __u8 outer)
{
	inner &= 3;
	outer &= 3;
	if (outer == XVS_CE)
		return inner == XVS_NOT_ECT ? -XVS_DROP_gre_congestion : XVS_CE;
	return inner == XVS_ECT_0 && outer == XVS_ECT_1 ? XVS_ECT_1 : inner;
}

#endif
