// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that a device lost after an XDP redirect: nobody else tells. Attached while XDP is in use.
 * The tracepoint fires for every device map of the kernel, so the device's namespace is compared.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/lib/count.h"

/* The members read, wherever this kernel has them. */
struct net {
	__u64 net_cookie;
} __attribute__((preserve_access_index));

struct possible_net {
	struct net *net;
} __attribute__((preserve_access_index));

struct net_device {
	int ifindex;
	struct possible_net nd_net;
} __attribute__((preserve_access_index));

const volatile __u64 own_net_cookie = 0; /* of the agent's network namespace */

SEC("raw_tp/xdp_devmap_xmit")
int xvs_lost(struct bpf_raw_tracepoint_args *args)
{
	/* from device, to device, frames sent, frames lost, error */
	const struct net_device *to = (const void *)args->args[1];
	int lost = (int)args->args[3];
	__u32 port;

	if (lost <= 0 || BPF_CORE_READ(to, nd_net.net, net_cookie) != own_net_cookie)
		return 0;
	port = xvs_port_on(BPF_CORE_READ(to, ifindex));
	if (port)
		xvs_count_drop(port, XVS_ACL_IN, XVS_DROP_xdp_transmit, lost);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
