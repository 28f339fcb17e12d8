// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "sampler", "Test", "1.0", .if_missing = XVS_IF_MISSING_PASS);

struct sample {
	struct xvs_view view;
	__u8 bytes[128];
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} samples SEC(".maps");

static __noinline int take(struct __sk_buff *frame, const struct xvs_view *view)
{
	struct sample *sample = bpf_ringbuf_reserve(&samples, sizeof(*sample), 0);

	if (!sample)
		return 0;
	sample->view = *view;
	bpf_skb_load_bytes(frame, 0, sample->bytes, 14);
	bpf_ringbuf_submit(sample, 0);
	return 0;
}

XVS_CAPTURE(frame, view)
{
	return bpf_get_prandom_u32() & 255 ? XVS_CONTINUE : take(frame, view);
}

char LICENSE[] SEC("license") = "GPL";
