// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands around an extension's function: the agent links it in front of the author's object,
 * once for each kind (XVS_ENTRY_KIND). It alone owns the verdict, the way out of a drop, copies,
 * and the jump to the next; what the function returns is an answer, which the kind has to allow.
 */
#include "bpf/lib/chain.h"
#include "extensions/include/xvswitch/extension.h"

struct xvs_slots slots_ingress SEC(".maps");
struct xvs_slots slots_egress SEC(".maps");

_Static_assert(XVS_ROUTE_MAX == XVS_ROUTE_PORTS, "a route fits the state");

/* Set by the agent: a loading is for one place in one chain. Those after the first in this order.
 */
const volatile __u32 xvs_entry_next = XVS_SLOT_RESUME; /* slot */
const volatile __u32 xvs_entry_skip =
	0; /* the slot behind that, if what stands there may be missing */
const volatile __u32 xvs_entry_restore =
	0; /* 1: what may be written to struct __sk_buff is put back */
const volatile __u32 xvs_entry_instance = 0; /* id */
const volatile __u32 xvs_entry_committed =
	0; /* a destination that the route has already: for certification, 0 = none */

typedef int xvs_function(struct __sk_buff *frame, __u64 ports, __u64 place, __u64 packet);
extern xvs_function xvs_capture, xvs_filter, xvs_firewall;
extern int xvs_forward(
	struct __sk_buff *frame, __u64 ports, __u64 place, __u64 packet, struct xvs_route *route);

#if XVS_ENTRY_KIND != 4
static __always_inline void xvs_entry_reason(__u32 own, __u32 packets)
{
	__u32 index = xvs_entry_instance * XVS_REASON_COUNTS + own;
	__u64 *count = bpf_map_lookup_elem(&extension_reasons, &index);

	if (count)
		__sync_fetch_and_add(count, packets);
}
#endif

#if XVS_ENTRY_KIND == 2
/*
 * A copy to a port of the switch: on the way in the port's own stages and extensions run on it, on
 * the way out it is as a mirrored one, since an egress chain is not entered within another.
 */
static __noinline int xvs_entry_copy(struct __sk_buff *skb, struct xvs_chain_state *state, __u32 to)
{
	struct xvs_context c = {.skb = skb, .control = xvs_control()};
	const struct xvs_port_config *port;
	__u16 switch_id;

	if (!state || !c.control)
		return 0;
	xvs_take_state(&c, state);
	switch_id = state->place >> XVS_PLACE_SWITCH_SHIFT;
	port = xvs_port_config(to, c.generation);
	if (!port || port->switch_id != switch_id || !(port->flags & XVS_PORT_UP) || to == c.source)
		return 0;
	if (!xvs_receives(port, xvs_vlan_set_of(port), c.vlan.id))
		return 0;
	xvs_hand_over(&c, state->place & XVS_PLACE_OUT ? XVS_PHASE_MIRROR : XVS_PHASE_CLONE, to);
	if (bpf_clone_redirect(skb, port->ifindex, 0) < 0)
		xvs_count_drop(to, XVS_ACL_IN, XVS_DROP_clone_failed, state->packets);
	skb->cb[0] = 0;
	return 1;
}
#endif

/* The author's function. What a capture extension answers is nobody's business. */
static __always_inline int xvs_entry_call(struct __sk_buff *skb, struct xvs_chain_state *state)
{
#if XVS_ENTRY_KIND == 1
	xvs_capture(skb, state->ports, state->place, state->packet);
	return XVS_CONTINUE;
#elif XVS_ENTRY_KIND == 2
	return xvs_filter(skb, state->ports, state->place, state->packet);
#elif XVS_ENTRY_KIND == 3
	return xvs_firewall(skb, state->ports, state->place, state->packet);
#else
	struct xvs_route route = {0};
	int answer;

	if (xvs_entry_committed)
		xvs_add_destination(&route, xvs_entry_committed);
	answer = xvs_forward(skb, state->ports, state->place, state->packet, &route);
	if (answer != XVS_ROUTED && answer != XVS_ADDED)
		return XVS_CONTINUE;
	state->routed = answer == XVS_ROUTED ? XVS_ROUTE_ONLY : XVS_ROUTE_TOO;
	state->route_count = route.count;
	__builtin_memcpy(state->route, route.port, sizeof(state->route));
	return answer;
#endif
}

/* A word of skb->cb. The kernel takes no address of a member: none is to be kept for the next. */
#define XVS_CB(skb, number)                                                                        \
	(*({                                                                                       \
		asm volatile("" : "+r"(skb));                                                      \
		&(skb)->cb[number];                                                                \
	}))

/* The same, with what an author may have written to struct __sk_buff put back. */
static __always_inline int xvs_entry_call_restored(
	struct __sk_buff *skb, struct xvs_chain_state *state)
{
	__u32 mark = skb->mark, priority = skb->priority;
	__u32 cb0 = XVS_CB(skb, 0), cb1 = XVS_CB(skb, 1), cb2 = XVS_CB(skb, 2);
	__u32 cb3 = XVS_CB(skb, 3), cb4 = XVS_CB(skb, 4);
	int answer = xvs_entry_call(skb, state);

	skb->mark = mark;
	skb->priority = priority;
	XVS_CB(skb, 0) = cb0;
	XVS_CB(skb, 1) = cb1;
	XVS_CB(skb, 2) = cb2;
	XVS_CB(skb, 3) = cb3;
	XVS_CB(skb, 4) = cb4;
	return answer;
}

enum xvs_entry_way { XVS_ENTRY_ON, XVS_ENTRY_DROP, XVS_ENTRY_BACK };

/* Counts the answer, and does what it asks for. Where the frame goes then. */
static __always_inline enum xvs_entry_way xvs_entry_answer(
	struct __sk_buff *skb, struct xvs_chain_state *state, int answer)
{
	struct xvs_extension_counters *own;
	__u32 instance = xvs_entry_instance;

	if (instance >= XVS_INSTANCE_MAX)
		return XVS_ENTRY_ON; /* cannot be: the agent's constant */
	own = &state->counters[instance];
	own->packets += state->packets;
	if (!answer)
		return XVS_ENTRY_ON;
#if XVS_ENTRY_KIND == 4
	own->directed += state->packets;
#else
	if (answer < 0) {
		own->dropped += state->packets;
		xvs_entry_reason(-answer & (XVS_REASON_COUNTS - 1), state->packets);
		state->reason = XVS_DROP_extension;
		return XVS_ENTRY_DROP;
	}
#if XVS_ENTRY_KIND == 2
	if (answer == XVS_CHANGED)
		own->changed += state->packets;
	if ((answer & ~0xffff) == XVS_COPY(0) && xvs_entry_copy(skb, state, answer & 0xffff))
		own->directed += state->packets;
	if (answer == XVS_REPLY && (state->place & XVS_PLACE_OUT)) {
		state->reason = XVS_DROP_extension_route;
		return XVS_ENTRY_DROP;
	}
	if (answer == XVS_REPLY) {
		own->directed += state->packets;
		state->routed = XVS_ROUTE_BACK;
		return XVS_ENTRY_BACK;
	}
#endif
#endif
	return XVS_ENTRY_ON;
}

/* `end`: the slot where the way ends, or goes on behind a forwarding extension. */
static __always_inline int xvs_entry(struct __sk_buff *skb, __u32 of, void *slots, __u32 end)
{
	struct xvs_chain_state *state = xvs_chain_state(of);
	enum xvs_entry_way way;
	int answer;

	if (!state)
		return TC_ACT_SHOT; /* cannot be: an array's element */
	answer = xvs_entry_restore ? xvs_entry_call_restored(skb, state)
				   : xvs_entry_call(skb, state);
	way = xvs_entry_answer(skb, state, answer);
	if (way == XVS_ENTRY_BACK) {
		bpf_tail_call(skb, slots, XVS_SLOT_COMMIT);
		state->reason = XVS_DROP_no_program; /* cannot be: it is loaded with chains */
	}
	if (way == XVS_ENTRY_ON) {
		bpf_tail_call(skb, slots, xvs_entry_next);
		if (xvs_entry_skip)
			bpf_tail_call(skb, slots, xvs_entry_skip);
		state->reason = XVS_DROP_extension_missing;
	}
	bpf_tail_call(skb, slots, end);
	xvs_count_drop(of == XVS_SCRATCH_INGRESS ? (__u32)state->ports : state->ports >> 32,
		of == XVS_SCRATCH_INGRESS ? XVS_ACL_OUT : XVS_ACL_IN, XVS_DROP_no_program,
		state->packets);
	return TC_ACT_SHOT;
}

SEC("tc")
int xvs_entry_in(struct __sk_buff *skb)
{
	return xvs_entry(skb, XVS_SCRATCH_INGRESS, &slots_ingress, XVS_SLOT_RESUME);
}

#if XVS_ENTRY_KIND != 4
SEC("tc")
int xvs_entry_out(struct __sk_buff *skb)
{
	return xvs_entry(skb, XVS_SCRATCH_EGRESS, &slots_egress, XVS_SLOT_RESUME);
}
#endif

/*
 * Never put into a slot: loaded as a program of a type that may read frames and not write them, so
 * that the kernel itself proves that the author's function changes none.
 */
SEC("tc")
int xvs_entry_prove(struct __sk_buff *skb)
{
#if XVS_ENTRY_KIND == 4
	struct xvs_route route = {0};

	xvs_forward(skb, 1, 2, 3, &route);
#elif XVS_ENTRY_KIND == 1
	xvs_capture(skb, 1, 2, 3);
#elif XVS_ENTRY_KIND == 2
	xvs_filter(skb, 1, 2, 3);
#else
	xvs_firewall(skb, 1, 2, 3);
#endif
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
