/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this kernel offers, found out by trying. What is tried is made to fail where it would begin
 * to change something, and the error tells: no device, qdisc or program is left, or seen by others.
 */
#ifndef XVS_AGENT_PROBE_H
#define XVS_AGENT_PROBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct xvs_agent;

/* Bounds the queue of cloned frames of each CPU. Shown in the first network namespace alone. */
#define XVS_BACKLOG_PATH "/proc/sys/net/core/netdev_max_backlog"
#define XVS_BACKLOG_DEFAULT 1000 /* the kernel's */

/*
 *	FEATURE(member, word, use, what for, what is done where it is missing)
 *
 * Words are part of the interface, see docs/control.md. For use `later` there is no last one:
 * nothing is missed yet.
 */
#define XVS_PROBE_LIST(FEATURE)                                                                    \
	FEATURE(bpf_loop, "bpf-loop", NEEDED, "floods of any length", XVS_DOES_NOT_START)          \
	FEATURE(peer_redirect, "peer-redirect", NEEDED,                                            \
		"frames go straight into a guest's namespace", XVS_DOES_NOT_START)                 \
	FEATURE(coarse_clock, "coarse-clock", NEEDED, "the age of learned addresses",              \
		XVS_DOES_NOT_START)                                                                \
	FEATURE(ringbuf, "ringbuf", NEEDED, "events of addresses that move", XVS_DOES_NOT_START)   \
	FEATURE(xdp_frags, "xdp-frags", NEEDED, "XDP on uplinks of any MTU", XVS_DOES_NOT_START)   \
	FEATURE(tcx, "tcx", USED, "hooks that only xvswitchd takes off a device",                  \
		"clsact filters, which others can take off")                                       \
	FEATURE(expedited_rcu, "expedited-rcu", USED, "many ports are attached at once",           \
		"a pause of some 13 ms for each hook that is attached")                            \
	FEATURE(backlog, "backlog", USED, "a queue as long as the longest flood",                  \
		"a longer flood may lose copies")                                                  \
	FEATURE(xdp_features, "xdp-features", USED, "tells which devices take frames from XDP",    \
		"XDP hands frames to taps only, TC to all others")                                 \
	FEATURE(devmap_tracepoint, "devmap-tracepoint", USED,                                      \
		"counts frames that a device loses behind XDP", "such losses are not counted")     \
	FEATURE(kernel_btf, "kernel-btf", USED, "counts frames that a device loses behind XDP",    \
		"such losses are not counted")                                                     \
	FEATURE(departure_time, "departure-time", LATER, "bandwidth limits", NULL)                 \
	FEATURE(fq, "fq", LATER, "bandwidth limits", NULL)                                         \
	FEATURE(timer, "timer", LATER, "stateful access lists", NULL)                              \
	FEATURE(netkit, "netkit", LATER, "guests without a veth", NULL)                            \
	FEATURE(dcb, "dcb", LATER, "traffic classes of a NIC", NULL)

#define XVS_DOES_NOT_START "xvswitchd does not start"

enum xvs_probe {
#define MEMBER(member, word, use, purpose, instead) XVS_PROBE_##member,
	XVS_PROBE_LIST(MEMBER)
#undef MEMBER
		XVS_PROBE_count,
};

/* A set of them, as what a configuration uses. */
#define XVS_PROBE_BIT(member) (1u << XVS_PROBE_##member)
_Static_assert(XVS_PROBE_count <= 32, "one bit each");

/* What came of trying one. */
struct xvs_found {
	enum xvs_presence {
		XVS_UNKNOWN, /* also: not tried yet */
		XVS_MISSING,
		XVS_PRESENT,
	} presence;
	int error; /* why not, where the kernel has told, else 0 */
};

struct xvs_probes {
	struct xvs_found found[XVS_PROBE_count];
	bool all; /* those for later have been tried, too */
};

/* Tries what is needed and used, less than a millisecond. The pins and links are open. */
void xvs_probe_start(struct xvs_agent *agent);

/* The daemon can't load its programs: logs what of the needed the kernel lacks. */
void xvs_probe_tell_missing(struct xvs_agent *agent);

/*
 * A list of objects for `Features`. What nothing uses yet is tried now, if it was not before, since
 * asking for it makes the kernel load modules.
 */
json_t *xvs_probe_describe(struct xvs_agent *agent);

/* What the running configuration uses and does without: a list of strings "WORD: INSTEAD". */
json_t *xvs_probe_degraded(const struct xvs_agent *agent);

#endif
