// SPDX-License-Identifier: GPL-2.0-only
/* New TCP connections a second and source address; settings of each type, state, reasons. */
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "syn-limit", "Müller & Co", "1.0", .flags = XVS_EXTENSION_HEADERS,
	.changes = XVS_CHANGES_LENGTH);

struct settings {
	__u64 rate; /* bit/s */
	__u64 idle; /* ns */
	__u8 address[16];
	__u32 new_connections; /* a second */
	__u32 to;
	__u8 enabled;
};
XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, new_connections, XVS_SETTING_NUMBER,
		XVS_OF_SWITCH | XVS_OF_PORT, 1, 1000000, 100,
		"new connections a second from one address"),
	XVS_SETTING(struct settings, rate, XVS_SETTING_BIT_RATE, XVS_OF_SWITCH, 64000, 10000000000,
		200000000, "of all connections"),
	XVS_SETTING(struct settings, idle, XVS_SETTING_TIME, XVS_OF_SWITCH, 100000000, 300000000000,
		30000000000, "until an address is forgotten"),
	XVS_SETTING(struct settings, to, XVS_SETTING_PORT, XVS_OF_PORT, 0, 0, 0,
		"who gets a copy of what is refused"),
	XVS_SETTING(struct settings, address, XVS_SETTING_ADDRESS, XVS_OF_SWITCH, 0, 0, 0,
		"one that is not limited"),
	XVS_SETTING(struct settings, enabled, XVS_SETTING_SWITCH, XVS_OF_PORT, 0, 1, 1,
		"off: this port is not limited"));

XVS_REASONS({.number = 1, .word = "syn-flood", .meaning = "too many new connections"},
	{.number = 63, .word = "too-short", .meaning = ""});

struct source {
	__u32 port;
	__be32 address;
};
struct bucket {
	__u64 second;
	__u32 seen, refused;
};
XVS_PORT_TABLE(buckets, 1, LRU_HASH, 4096, struct source, struct bucket);
XVS_PORT_STATE(sums, 2, __u64);

static __noinline int judge(__u32 port, __be32 address, __u32 rate)
{
	struct source key = {port, address};
	struct bucket fresh = {.second = bpf_ktime_get_coarse_ns() / 1000000000, .seen = 1};
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &key);

	if (!bucket || bucket->second != fresh.second) {
		bpf_map_update_elem(&buckets, &key, &fresh, BPF_ANY);
		return XVS_CONTINUE;
	}
	return __sync_fetch_and_add(&bucket->seen, 1) < rate ? XVS_CONTINUE : XVS_DROP(1);
}

XVS_FILTER(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);
	struct ethhdr *eth = (void *)(long)frame->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	__u64 *sum = bpf_map_lookup_elem(&sums, &view->source);

	if (!settings || !settings->enabled || (void *)(tcp + 1) > (void *)(long)frame->data_end)
		return XVS_CONTINUE;
	if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 || ip->protocol != 6 || !tcp->syn ||
		tcp->ack)
		return XVS_CONTINUE;
	if (sum)
		__sync_fetch_and_add(sum, 1);
	if (judge(view->source, ip->saddr, settings->new_connections) == XVS_CONTINUE)
		return XVS_CONTINUE;
	if (settings->to)
		return XVS_COPY(settings->to);
	return bpf_skb_change_tail(frame, 60, 0) ? XVS_CHANGED : XVS_DROP(1);
}

char LICENSE[] SEC("license") = "GPL";
