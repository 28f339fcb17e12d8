// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples one in `rate` of the packets that come into the switch, for sFlow. What it finds lies in
 * a ring, from which the program xvs-sflow sends it to a collector.
 */
#include <linux/if_ether.h>
#include <xvswitch/extension.h>
#include "sample.h"

/* On the way in alone: no packet is sampled twice, and ports keep the shorter way out. */
XVS_EXTENSION(XVS_KIND_CAPTURE, "sflow", "xvswitch", "1.0", .flags = XVS_EXTENSION_IN,
	.if_missing = XVS_IF_MISSING_PASS);

struct settings {
	__u32 rate;
	__u32 header;
};

XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, rate, XVS_SETTING_NUMBER, XVS_OF_SWITCH | XVS_OF_PORT, 0,
		XVS_SFLOW_RATE_MAX, 1000, "one in that many packets is sampled; 0: none"),
	XVS_SETTING(struct settings, header, XVS_SETTING_NUMBER, XVS_OF_SWITCH | XVS_OF_PORT,
		XVS_SFLOW_HEADER_MIN, XVS_SFLOW_HEADER_MAX, 128,
		"bytes of a sampled packet that are told"));

/* What a collector needs to go from samples to traffic: it goes with the port. */
struct pool {
	__u64 packets; /* that came in */
	__u64 samples; /* that were told */
	__u64 drops; /* that should have been told, and found no room */
};
XVS_PORT_STATE(pools, 1, struct pool);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18); /* some 800 samples: a second at a high rate */
} samples SEC(".maps");

#define TAG_SIZE 4
#define TCP 6

static __always_inline struct pool *pool_of(__u32 port)
{
	const struct pool fresh = {0};
	struct pool *pool = bpf_map_lookup_elem(&pools, &port);

	if (pool)
		return pool;
	bpf_map_update_elem(&pools, &port, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&pools, &port);
}

/*
 * The length of one packet of a frame that will be cut (GSO) behind its transport header: of TCP it
 * says its size, of UDP it has 8 bytes. Options and extension headers of IP are left out of it.
 */
static __always_inline __u32 packet_length(struct __sk_buff *frame)
{
	__u32 ip6 = frame->protocol == bpf_htons(ETH_P_IPV6);
	__u32 transport = ETH_HLEN + (ip6 ? 40 : 20);
	__u8 protocol = 0, size = 0;

	if (frame->gso_segs < 2)
		return frame->len;
	bpf_skb_load_bytes(frame, ETH_HLEN + (ip6 ? 6 : 9), &protocol, sizeof(protocol));
	if (protocol != TCP)
		return transport + 8 + frame->gso_size;
	bpf_skb_load_bytes(frame, transport + 12, &size, sizeof(size));
	return transport + (size >> 4) * 4 + frame->gso_size;
}

/* Returns how much was copied. */
static __always_inline __u32 copy_header(struct __sk_buff *frame, __u32 wanted, __u8 *ret)
{
	__u64 last = (frame->len < wanted ? frame->len : wanted) - 1;

	/* Bounds where the verifier sees them. Kernel 6.1 learns none from a comparison with 0. */
	asm volatile("" : "+r"(last));
	if (last >= XVS_SFLOW_HEADER_MAX)
		return 0;
	return bpf_skb_load_bytes(frame, 0, ret, last + 1) ? 0 : last + 1;
}

static __always_inline void tell(struct __sk_buff *frame, const struct xvs_view *view,
	const struct settings *settings, struct pool *pool, __u32 drawn)
{
	struct xvs_sample *sample = bpf_ringbuf_reserve(&samples, sizeof(*sample), 0);

	if (!sample) {
		__sync_fetch_and_add(&pool->drops, 1);
		return;
	}
	sample->port = view->source;
	sample->rate = settings->rate * drawn;
	sample->pool = pool->packets;
	sample->drops = pool->drops;
	sample->vlan = view->vlan;
	sample->priority = view->priority;
	sample->removed = frame->vlan_present ? TAG_SIZE : 0;
	sample->length = packet_length(frame) + sample->removed;
	sample->size = copy_header(frame, settings->header, sample->header);
	bpf_ringbuf_submit(sample, 0);
	__sync_fetch_and_add(&pool->samples, 1);
}

XVS_CAPTURE(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);
	__u32 packets = xvs_packets_of(frame), rate, drawn;
	struct pool *pool;

	rate = settings ? settings->rate : 0;
	if (!rate)
		return XVS_CONTINUE;
	pool = pool_of(view->source);
	if (!pool)
		return XVS_CONTINUE;
	__sync_fetch_and_add(&pool->packets, packets);
	/* How many samples are due: of one packet 0 or 1, of a GSO frame perhaps more. */
	drawn = (packets + bpf_get_prandom_u32() % rate) / rate;
	if (drawn)
		tell(frame, view, settings, pool, drawn);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
