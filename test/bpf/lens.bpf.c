// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's test runs know no tag beside the packet (skb->vlan_*), which is where the kernel
 * puts every tag it receives, and no IP packet that is shorter than its header. So a run goes
 * through `enter`, which makes the frame what it should be and jumps to the program under test;
 * `leave` sees what that left, when the kernel frees the packet of the run. Copies end in `sink`.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LENS_DEVICES);
	__type(key, __u32);
	__type(value, struct lens_arrival);
} arrivals SEC(".maps");

struct lens_setup setup;
struct lens_view view;

static __always_inline int grow(struct __sk_buff *skb)
{
	__u32 size = setup.grow;

	if (!size)
		return 0;
	if (size > LENS_FRAME_SIZE - ETH_HLEN || bpf_skb_change_head(skb, size, 0))
		return -1;
	return bpf_skb_store_bytes(skb, 0, setup.front, size + ETH_HLEN, 0);
}

static __always_inline int set_up(struct __sk_buff *skb)
{
	__be16 type = bpf_htons(setup.type);

	if (grow(skb))
		return -1;
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

/* At the egress hook of a device, behind what is to be tested: nothing goes on from there. */
SEC("tc")
int sink(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, size = skb->len, last;
	struct lens_arrival *arrival = bpf_map_lookup_elem(&arrivals, &ifindex);

	if (!arrival)
		return TC_ACT_SHOT;
	arrival->count++;
	arrival->mark = skb->cb[0];
	arrival->size = size;
	arrival->tag_protocol = skb->vlan_present ? bpf_ntohs(skb->vlan_proto) : 0;
	arrival->tag_control = skb->vlan_present ? skb->vlan_tci : 0;
	last = size - 1;
	/* or kernel 6.1 sees that `size` has an end, but not that it isn't 0 */
	asm volatile("" : "+r"(last));
	if (last < LENS_FRAME_SIZE)
		bpf_skb_load_bytes(skb, 0, arrival->bytes, last + 1);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
