// SPDX-License-Identifier: GPL-2.0-only
/*
 * Marks what comes in at a port: the DSCP of every IPv4 and IPv6 packet becomes `dscp`, whatever
 * its sender wrote. The two bits of congestion notification (ECN) are left as they are.
 */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "dscp-mark", "xvswitch", "1.0", .changes = XVS_CHANGES_DSCP,
	.flags = XVS_EXTENSION_IN | XVS_EXTENSION_HEADERS, .if_missing = XVS_IF_MISSING_PASS);

struct settings {
	__u32 dscp;
};

XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, dscp, XVS_SETTING_NUMBER, XVS_OF_SWITCH | XVS_OF_PORT, 0, 63,
		0, "code point of what the port sends; 0: best effort"));

#define CHECKSUM 10 /* of an IPv4 header */

/* Both headers begin with two bytes that hold it: 4 bits version, and then */
#define IP4_DSCP_SHIFT 2 /* header size | DSCP ECN */
#define IP6_DSCP_SHIFT 6 /* DSCP ECN | flow label */

static __always_inline __be16 marked(__be16 old, __u32 dscp, int shift)
{
	return bpf_htons((bpf_ntohs(old) & ~(63 << shift)) | dscp << shift);
}

static __always_inline int mark_ip4(struct __sk_buff *frame, __u32 at, __u32 dscp)
{
	__be16 old, new;

	if (bpf_skb_load_bytes(frame, at, &old, sizeof(old)))
		return XVS_CONTINUE;
	new = marked(old, dscp, IP4_DSCP_SHIFT);
	if (new == old)
		return XVS_CONTINUE;
	/* If the checksum can't be written, nothing is. A sum over both stays the same. */
	if (bpf_l3_csum_replace(frame, at + CHECKSUM, old, new, sizeof(new)) ||
		bpf_skb_store_bytes(frame, at, &new, sizeof(new), 0))
		return XVS_CONTINUE;
	return XVS_CHANGED;
}

static __always_inline int mark_ip6(struct __sk_buff *frame, __u32 at, __u32 dscp)
{
	__be16 old, new;

	if (bpf_skb_load_bytes(frame, at, &old, sizeof(old)))
		return XVS_CONTINUE;
	new = marked(old, dscp, IP6_DSCP_SHIFT);
	/* No checksum in the header: the sum that the NIC made of the whole frame has to follow. */
	if (new == old || bpf_skb_store_bytes(frame, at, &new, sizeof(new), BPF_F_RECOMPUTE_CSUM))
		return XVS_CONTINUE;
	return XVS_CHANGED;
}

XVS_FILTER(frame, view)
{
	const struct settings *settings = xvs_settings_of(view);
	__u32 dscp;

	if (!settings)
		return XVS_CONTINUE;
	dscp = settings->dscp & 63;
	if (view->family == 4)
		return mark_ip4(frame, view->network, dscp);
	return view->family == 6 ? mark_ip6(frame, view->network, dscp) : XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
