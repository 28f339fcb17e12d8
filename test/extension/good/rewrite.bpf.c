// SPDX-License-Identifier: GPL-2.0-only
/* Another destination port and one hop less, with all checksums for it. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "rewrite", "Test", "1",
	.changes = XVS_CHANGES_PORTS | XVS_CHANGES_TTL, .flags = XVS_EXTENSION_HEADERS);

static __always_inline int fewer_hops(struct __sk_buff *frame, const struct xvs_view *view)
{
	__u32 at = view->network + 8;
	__be16 old, new;

	/* time to live and protocol: a word of the sum */
	if (view->family != 4 || bpf_skb_load_bytes(frame, at, &old, 2) || bpf_ntohs(old) < 0x200)
		return -1;
	new = bpf_htons(bpf_ntohs(old) - 0x100);
	return bpf_l3_csum_replace(frame, view->network + 10, old, new, 2)
		       ?: bpf_skb_store_bytes(frame, at, &new, 2, 0);
}

static __always_inline int other_port(struct __sk_buff *frame, const struct xvs_view *view)
{
	__be16 old = bpf_htons(view->destination_port), new = bpf_htons(5353);
	__u32 sum = view->transport + (view->next == 6 ? 16 : 6);

	if ((view->next != 6 && view->next != 17) || view->destination_port != 53 ||
		view->fragment == XVS_LATER_FRAGMENT)
		return -1;
	return bpf_l4_csum_replace(frame, sum, old, new,
		       (view->next == 17 ? BPF_F_MARK_MANGLED_0 : 0) | sizeof(new))
		       ?: bpf_skb_store_bytes(frame, view->transport + 2, &new, 2, 0);
}

XVS_FILTER(frame, view)
{
	int hops = fewer_hops(frame, view), port = other_port(frame, view);

	return hops && port ? XVS_CONTINUE : XVS_CHANGED;
}

char LICENSE[] SEC("license") = "GPL";
