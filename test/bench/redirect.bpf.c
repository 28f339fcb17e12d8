// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic for the benches, and the barest programs a switch is measured against: `depart` puts live
 * frames on the wire, `relay` and the TC redirects hand every frame on and look at nothing,
 * `arrive` counts and takes what reaches the guest.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
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

const volatile __u32 redirect_to; /* device, of the TC redirects */
struct bench_addresses addresses;

static __always_inline void count_one(void)
{
	__u32 zero = 0;
	__u64 *own = bpf_map_lookup_elem(&arrived, &zero);

	if (own)
		(*own)++;
}

/* The last three bytes of an address. */
static __always_inline void set_number(__u8 *mac, __u32 number)
{
	mac[3] = number >> 16;
	mac[4] = number >> 8;
	mac[5] = number;
}

SEC("xdp")
int bench_depart(struct xdp_md *xdp)
{
	return bpf_redirect_map(&targets, BENCH_TARGET_WIRE, XDP_DROP);
}

/* Source and destination are drawn at random, or all sources have their turn. */
SEC("xdp")
int bench_depart_many(struct xdp_md *xdp)
{
	struct ethhdr *eth = (void *)(long)xdp->data;
	__u8 *ip = (void *)(eth + 1);
	__u32 source;

	if ((void *)(ip + BENCH_IP_SIZE) > (void *)(long)xdp->data_end)
		return XDP_DROP;
	source = addresses.rising ? addresses.next++ : bpf_get_prandom_u32();
	source %= addresses.sources;
	if (addresses.flows) {
		set_number(ip + BENCH_IP_SOURCE - 2, source); /* leaves the first byte */
	} else {
		set_number(eth->h_source, source);
		set_number(eth->h_dest, bpf_get_prandom_u32() % addresses.destinations);
	}
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
	count_one();
	return XDP_DROP;
}

SEC("tc")
int bench_arrive_tc(struct __sk_buff *skb)
{
	count_one();
	return TC_ACT_SHOT;
}

SEC("tc")
int bench_redirect(struct __sk_buff *skb)
{
	return bpf_redirect(redirect_to, 0);
}

SEC("tc")
int bench_redirect_peer(struct __sk_buff *skb)
{
	return bpf_redirect_peer(redirect_to, 0);
}

char LICENSE[] SEC("license") = "GPL";
