// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic for the XDP bench: `depart` puts live frames on the wire, `relay` is the peer that a
 * switch is measured against (a bare redirect), `arrive` counts and takes what reaches the guest.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "test/bench/redirect.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, BENCH_TARGET_MAX);
	__type(key, __u32);
	__type(value, __u32);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

SEC("xdp")
int bench_depart(struct xdp_md *xdp)
{
	return bpf_redirect_map(&targets, BENCH_TARGET_WIRE, XDP_DROP);
}

SEC("xdp")
int bench_relay(struct xdp_md *xdp)
{
	return bpf_redirect_map(&targets, BENCH_TARGET_PORT, XDP_PASS);
}

SEC("xdp")
int bench_arrive(struct xdp_md *xdp)
{
	__u32 zero = 0;
	__u64 *own = bpf_map_lookup_elem(&arrived, &zero);

	if (own)
		(*own)++;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
