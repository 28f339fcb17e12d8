// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's test runs know no tag beside the packet (skb->vlan_*), which is where the kernel
 * puts every tag it receives, and no IP packet that is shorter than its header. So a run goes
 * through `enter`, which makes the frame what it should be and jumps to the program under test;
 * `leave` sees what that left, when the kernel frees the packet of the run.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "test/bpf/lens.h"

/* The members read, wherever this kernel has them. */
struct sk_buff {
	__be16 vlan_proto;
	__u16 vlan_tci;
	__u8 vlan_present : 1; /* before 6.2; since then a tag is absent if the others are 0 */
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, LENS_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

struct lens_setup setup;
struct lens_view view;

static __always_inline int set_up(struct __sk_buff *skb)
{
	__be16 type = bpf_htons(setup.type);

	if (type && bpf_skb_store_bytes(skb, 2 * ETH_ALEN, &type, sizeof(type), 0))
		return -1;
	if (!setup.tag_protocol)
		return 0;
	return bpf_skb_vlan_push(skb, bpf_htons(setup.tag_protocol), setup.tag_control);
}

/* Of the tag beside the packet, 0 = there is none. Older kernels leave it there when it is gone. */
static __always_inline __u16 tag_protocol(const struct sk_buff *skb)
{
	if (bpf_core_field_exists(skb->vlan_present) &&
		!BPF_CORE_READ_BITFIELD_PROBED(skb, vlan_present))
		return 0;
	return bpf_ntohs(BPF_CORE_READ(skb, vlan_proto));
}

SEC("tc")
int enter(struct __sk_buff *skb)
{
	view.running = (__u64)skb;
	if (!set_up(skb))
		bpf_tail_call(skb, &under_test, setup.slot);
	return LENS_FAILED;
}

SEC("raw_tp/kfree_skb")
int leave(struct bpf_raw_tracepoint_args *args)
{
	const struct sk_buff *skb = (const void *)args->args[0];

	if ((__u64)skb != view.running)
		return 0;
	view.running = 0;
	view.runs++;
	view.tag_protocol = tag_protocol(skb);
	view.tag_control = view.tag_protocol ? BPF_CORE_READ(skb, vlan_tci) : 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
