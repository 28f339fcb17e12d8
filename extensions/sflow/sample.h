/* SPDX-License-Identifier: GPL-2.0-only */
/* A sampled frame: a record of the ring `samples`, written by sflow.bpf.c, read by reader.c. */
#ifndef XVS_SFLOW_SAMPLE_H
#define XVS_SFLOW_SAMPLE_H

#include <linux/types.h>

#define XVS_SFLOW_HEADER_MIN 64 /* bytes of a frame that are told */
#define XVS_SFLOW_HEADER_MAX 256
#define XVS_SFLOW_RATE_MAX 16777215

struct xvs_sample {
	__u32 port; /* id of the port where it came in */
	__u32 rate; /* number of packets that it stands for */
	__u32 pool; /* packets that came in at the port so far, this one included */
	__u32 drops; /* samples that found no room in the ring so far */
	__u32 length; /* bytes of the packet, its tag included, without the FCS */
	__u16 vlan; /* 0 = untagged domain */
	__u8 priority; /* 802.1p, 0..7 */
	__u8 removed; /* bytes of a tag that stood beside the packet: it is not in `header` */
	__u32 size; /* bytes in `header` that are of this packet, 0..XVS_SFLOW_HEADER_MAX */
	__u8 header[XVS_SFLOW_HEADER_MAX]; /* the packet from its Ethernet header on */
};

#endif
