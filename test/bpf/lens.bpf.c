// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's test runs know no tag beside the packet (skb->vlan_*), where it takes every
 * received tag, nor do they tell where a frame was redirected to. So a run goes through `enter`,
 * which puts a tag there and jumps to the program under test; `leave` sees what that left.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "test/bpf/lens.h"

/* The members read, wherever this kernel has them. */
struct sk_buff {
	__be16 vlan_proto;
	__u16 vlan_tci;
} __attribute__((preserve_access_index));

struct bpf_redirect_info {
	__u64 tgt_index;
	__u32 flags;
} __attribute__((preserve_access_index));

struct bpf_net_context {
	struct bpf_redirect_info ri;
} __attribute__((preserve_access_index));

struct task_struct {
	struct bpf_net_context *bpf_net_context;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, LENS_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

struct lens_setup setup;
struct lens_view view;

SEC("tc")
int enter(struct __sk_buff *skb)
{
	if (setup.tag_protocol &&
		bpf_skb_vlan_push(skb, bpf_htons(setup.tag_protocol), setup.tag_control))
		return LENS_FAILED;
	bpf_tail_call(skb, &under_test, setup.slot);
	return LENS_FAILED;
}

SEC("fexit")
int BPF_PROG(leave, struct sk_buff *skb, int verdict)
{
	struct bpf_net_context *context = bpf_get_current_task_btf()->bpf_net_context;

	view.runs++;
	view.tag_protocol = bpf_ntohs(skb->vlan_proto);
	view.tag_control = view.tag_protocol ? skb->vlan_tci : 0;
	view.redirect_ifindex = context ? context->ri.tgt_index : 0;
	view.redirect_flags = context ? context->ri.flags : 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
