/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching the stubs to devices. With tcx (kernel 6.6) and XDP a hook is a link, pinned below
 * `links/`: it outlives the agent and goes with its pin. Older kernels get clsact filters, which
 * live in the kernel by themselves.
 */
#ifndef XVS_AGENT_HOOK_H
#define XVS_AGENT_HOOK_H

#include "agent/loader.h"

/* tcx is newer than the headers of the oldest build. */
#define XVS_ATTACH_TCX_INGRESS ((enum bpf_attach_type)46)
#define XVS_ATTACH_TCX_EGRESS ((enum bpf_attach_type)47)
#define XVS_TCX_MAX 64 /* programs on one hook: BPF_MPROG_MAX of the kernel */

#define XVS_EXPEDITED_PATH "/sys/kernel/rcu_expedited"

enum xvs_hook_kind {
	XVS_HOOK_TCX,
	XVS_HOOK_CLSACT,
};

/* What this kernel offers. Touches no device. */
enum xvs_hook_kind xvs_hook_probe(const struct xvs_loader *loader);

/*
 * Attaches both stubs for port `id`. Adopts what is there already; makes a clsact qdisc if the kind
 * needs one and there is none. 0, or -errno: one of them may be on the device, to be detached.
 */
int xvs_hook_attach(
	const struct xvs_loader *loader, enum xvs_hook_kind kind, uint32_t id, uint32_t ifindex);
/*
 * What detaches returns 0 or -errno. What is gone already, by itself or with its device, is no
 * error; after one, attaching puts back what is off.
 */
int xvs_hook_detach(
	const struct xvs_loader *loader, enum xvs_hook_kind kind, uint32_t id, uint32_t ifindex);
/* Removes the clsact qdisc that was made for the stubs. Whatever it holds goes with it. */
int xvs_hook_remove_clsact(uint32_t ifindex);
/* Takes our clsact filters off all devices, known or not. Needs the pins. */
void xvs_hook_remove_filters(const struct xvs_loader *loader);
/*
 * Are both stubs on the device? What was attached before a restart, or taken off by somebody. 1, 0,
 * or -errno: it can't be told.
 */
int xvs_hook_attached(const struct xvs_loader *loader, enum xvs_hook_kind kind, uint32_t ifindex);

/*
 * Each tcx attach waits for an RCU grace period, some 13 ms, one after the other. Many of them are
 * done with expedited grace periods (XVS_EXPEDITED_PATH), which is put back afterwards, also by the
 * next start of an agent that was killed in between. No harm is done where it can't be set.
 */
void xvs_hook_hurry(struct xvs_loader *loader, bool on);

/* Attaches the XDP stub; `flags` is XDP_FLAGS_DRV_MODE or XDP_FLAGS_SKB_MODE. */
int xvs_hook_attach_xdp(
	const struct xvs_loader *loader, uint32_t id, uint32_t ifindex, uint32_t flags);
int xvs_hook_detach_xdp(const struct xvs_loader *loader, uint32_t id);
/* How the stub is on the device: XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE, 0 = not, or -errno. */
int xvs_hook_xdp_flags(const struct xvs_loader *loader, uint32_t id, uint32_t ifindex);

#endif
