/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters: what a port sent and received, and why frames were dropped. */
#ifndef XVS_BPF_COUNT_H
#define XVS_BPF_COUNT_H

#include "bpf/lib/maps.h"

static __always_inline struct xvs_counters *xvs_counters(
	const struct xvs_control *control, __u32 port)
{
	__u32 index = port * control->cpus + bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&counters, &index);
}

static __always_inline void xvs_count_transmit(
	const struct xvs_control *control, __u32 port, __u32 packets, __u32 bytes)
{
	struct xvs_counters *own = xvs_counters(control, port);

	if (own) {
		own->transmit_packets += packets;
		own->transmit_bytes += bytes;
	}
}

static __always_inline void xvs_count_receive(
	const struct xvs_control *control, __u32 port, __u32 packets, __u32 bytes)
{
	struct xvs_counters *own = xvs_counters(control, port);

	if (own) {
		own->receive_packets += packets;
		own->receive_bytes += bytes;
	}
}

static __always_inline void xvs_count_drop(
	__u32 port, enum xvs_acl_direction direction, enum xvs_drop reason, __u32 packets)
{
	struct xvs_drops *all = bpf_map_lookup_elem(&drops, &port);
	struct xvs_drop_counts *counts;
	__u64 index = (__u32)reason;

	/* kernel 6.1 loses the bound of a negated 32-bit number: compare all 64 bits */
	asm volatile("" : "+r"(index));
	if (!all || index >= XVS_DROP_count)
		return;
	counts = direction == XVS_ACL_OUT ? &all->out : &all->in;
	__sync_fetch_and_add((__u64 *)counts + index, packets);
}

#endif
