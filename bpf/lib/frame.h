/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading Ethernet headers, in TC and XDP alike, and the checks that need nothing else. */
#ifndef XVS_BPF_FRAME_H
#define XVS_BPF_FRAME_H

#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include "bpf/lib/vlan.h"

struct xvs_tag_header {
	__be16 control;
	__be16 protocol; /* of what follows */
};

/* The tag that stands in the packet behind `eth`, if any. 0, or minus the drop reason. */
static __always_inline int xvs_packet_tag(
	const struct ethhdr *eth, const void *end, struct xvs_tag *ret)
{
	const struct xvs_tag_header *tag = (const void *)(eth + 1);
	__u16 protocol = bpf_ntohs(eth->h_proto);

	ret->present = 0;
	ret->inner = 0;
	if (!xvs_is_tpid(protocol))
		return 0;
	if ((const void *)(tag + 1) > end)
		return -XVS_DROP_truncated;
	ret->present = 1;
	ret->protocol = protocol;
	ret->control = bpf_ntohs(tag->control);
	ret->inner = xvs_is_tpid(bpf_ntohs(tag->protocol));
	return 0;
}

/* 01:80:C2:00:00:00 to 0F: for the neighbour only (IEEE 802.1Q, 8.6.3). */
static __always_inline int xvs_is_reserved_group(const __u8 *mac)
{
	return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && mac[3] == 0 && mac[4] == 0 &&
	       (mac[5] & 0xf0) == 0;
}

static __always_inline int xvs_is_group(const __u8 *mac)
{
	return mac[0] & 1;
}

static __always_inline int xvs_mac_equal(const __u8 *a, const __u8 *b)
{
	__u32 a4, b4;
	__u16 a2, b2;

	__builtin_memcpy(&a4, a, 4);
	__builtin_memcpy(&b4, b, 4);
	__builtin_memcpy(&a2, a + 4, 2);
	__builtin_memcpy(&b2, b + 4, 2);
	return a4 == b4 && a2 == b2;
}

/* 0, or minus the drop reason of a source address that no station has. */
static __always_inline int xvs_check_source(const __u8 *mac)
{
	const __u8 zero[XVS_MAC_SIZE] = {0};

	if (xvs_is_group(mac))
		return -XVS_DROP_source_group;
	return xvs_mac_equal(mac, zero) ? -XVS_DROP_source_zero : 0;
}

#endif
