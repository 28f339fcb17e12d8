// SPDX-License-Identifier: GPL-2.0-only
/*
 * A chain of extensions. The agent loads these programs once for each chain, with the chain's
 * numbers in place of XVS_NUMBER(), and with authors' functions in place of those that stand in for
 * them: what is called is a function of the same program. The programs alone own the verdict, the
 * way out of a drop, copies, and the jump to what is behind the chain; what a function returns is
 * an answer, which its kind has to allow.
 *
 * They need 32 bytes of the stack, so that authors have the rest: what has to be put back is kept
 * in chain_state.
 */
#include "bpf/extension/places.h"
#include "bpf/lib/chain.h"
#include "extensions/include/xvswitch/extension.h"

struct xvs_slots slots_ingress SEC(".maps");
struct xvs_slots slots_egress SEC(".maps");

_Static_assert(XVS_ROUTE_MAX == XVS_ROUTE_PORTS, "a route fits the state");

/* A number of this loading; the verifier knows it, and leaves out what it rules out. */
#define XVS_NUMBER(which)                                                                          \
	({                                                                                         \
		__u64 number_;                                                                     \
		asm volatile("%0 = %1 ll"                                                          \
			     : "=r"(number_)                                                       \
			     : "i"((__u64)XVS_NUMBER_MARK << 32 | (which)));                       \
		number_;                                                                           \
	})

#define XVS_LINKS(each)                                                                            \
	each(0) each(1) each(2) each(3) each(4) each(5) each(6) each(7) each(8) each(9) each(10)   \
		each(11) each(12) each(13) each(14) each(15)
_Static_assert(XVS_PROGRAM_LINKS == 16, "as many are listed");

/* Weak, so that the compiler doesn't take what it returns for what the author's will. */
#define XVS_STAND_IN(number)                                                                       \
	__weak __noinline int xvs_link_##number(                                                   \
		struct __sk_buff *frame, __u64 ports, __u64 place, __u64 packet)                   \
	{                                                                                          \
		return XVS_STAND_IN_MARK + number;                                                 \
	}
XVS_LINKS(XVS_STAND_IN)

__weak __noinline int xvs_link_forward(
	struct __sk_buff *frame, __u64 ports, __u64 place, __u64 packet, struct xvs_route *route)
{
	return XVS_STAND_IN_MARK + XVS_FORWARD_LINK;
}

/* ---- what may be written to struct __sk_buff ---- */

/* A word of skb->cb. The kernel takes no address of a member: none is to be kept for the next. */
#define XVS_CB(skb, number)                                                                        \
	(*({                                                                                       \
		asm volatile("" : "+r"(skb));                                                      \
		&(skb)->cb[number];                                                                \
	}))

static __always_inline void xvs_keep(struct __sk_buff *skb, struct xvs_chain_state *state)
{
	state->kept.mark = skb->mark;
	state->kept.priority = skb->priority;
	state->kept.cb[0] = XVS_CB(skb, 0);
	state->kept.cb[1] = XVS_CB(skb, 1);
	state->kept.cb[2] = XVS_CB(skb, 2);
	state->kept.cb[3] = XVS_CB(skb, 3);
	state->kept.cb[4] = XVS_CB(skb, 4);
}

static __always_inline void xvs_put_back(struct __sk_buff *skb, const struct xvs_chain_state *state)
{
	skb->mark = state->kept.mark;
	skb->priority = state->kept.priority;
	XVS_CB(skb, 0) = state->kept.cb[0];
	XVS_CB(skb, 1) = state->kept.cb[1];
	XVS_CB(skb, 2) = state->kept.cb[2];
	XVS_CB(skb, 3) = state->kept.cb[3];
	XVS_CB(skb, 4) = state->kept.cb[4];
}

/* ---- answers ---- */

enum xvs_way { XVS_WAY_ON, XVS_WAY_DROP, XVS_WAY_BACK };

static __always_inline void xvs_count_reason(__u32 instance, __u32 own, __u32 packets)
{
	__u32 index = instance * XVS_REASON_COUNTS + own;
	__u64 *count = bpf_map_lookup_elem(&extension_reasons, &index);

	if (count)
		__sync_fetch_and_add(count, packets);
}

/*
 * A copy to a port of the switch: on the way in the port's own stages and extensions run on it, on
 * the way out it is as a mirrored one, since an egress chain is not entered within another.
 */
static __noinline int xvs_send_copy(struct __sk_buff *skb, struct xvs_chain_state *state, __u32 to)
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

static __always_inline enum xvs_way xvs_reply(
	struct xvs_chain_state *state, struct xvs_extension_counters *own)
{
	if (state->place & XVS_PLACE_OUT) {
		state->reason = XVS_DROP_extension_route;
		return XVS_WAY_DROP;
	}
	own->directed += state->packets;
	state->routed = XVS_ROUTE_BACK;
	return XVS_WAY_BACK;
}

/* Does what an answer asks for that is no mere "on". Apart, as it is rare. */
static __noinline enum xvs_way xvs_heed(struct __sk_buff *skb, struct xvs_chain_state *state,
	__u32 kind, __u32 instance, int answer)
{
	struct xvs_extension_counters *own;

	if (!state || instance >= XVS_INSTANCE_MAX)
		return XVS_WAY_ON; /* cannot be: the agent's constant */
	own = &state->counters[instance];
	if (answer < 0) {
		own->dropped += state->packets;
		xvs_count_reason(instance, -answer & (XVS_REASON_COUNTS - 1), state->packets);
		state->reason = XVS_DROP_extension;
		return XVS_WAY_DROP;
	}
	if (kind != XVS_KIND_FILTER)
		return XVS_WAY_ON;
	if ((answer & ~0xffff) == XVS_COPY(0) && xvs_send_copy(skb, state, answer & 0xffff))
		own->directed += state->packets;
	return answer == XVS_REPLY ? xvs_reply(state, own) : XVS_WAY_ON;
}

/* Counts the answer. Where the frame goes then. What a capture extension says is not heard. */
static __always_inline enum xvs_way xvs_answered(struct __sk_buff *skb,
	struct xvs_chain_state *state, __u64 kind, __u64 instance, int answer)
{
	struct xvs_extension_counters *own;

	if (instance >= XVS_INSTANCE_MAX)
		return XVS_WAY_ON; /* cannot be: the agent's constant */
	own = &state->counters[instance];
	own->packets += state->packets;
	if (kind == XVS_KIND_CAPTURE || !answer)
		return XVS_WAY_ON;
	if (kind == XVS_KIND_FILTER && answer == XVS_CHANGED) {
		own->changed += state->packets;
		return XVS_WAY_ON;
	}
	return xvs_heed(skb, state, kind, instance, answer);
}

/* ---- the chain ---- */

#define XVS_STEP(number)                                                                           \
	kind = XVS_NUMBER(XVS_LINK_NUMBER(number, XVS_LINK_KIND));                                 \
	if (!kind)                                                                                 \
		return XVS_WAY_ON;                                                                 \
	if (XVS_NUMBER(XVS_LINK_NUMBER(number, XVS_LINK_RESTORES)))                                \
		xvs_keep(skb, state);                                                              \
	answer = xvs_link_##number(skb, state->ports, state->place, state->packet);                \
	if (XVS_NUMBER(XVS_LINK_NUMBER(number, XVS_LINK_RESTORES)))                                \
		xvs_put_back(skb, state);                                                          \
	way = xvs_answered(skb, state, XVS_NUMBER(XVS_LINK_NUMBER(number, XVS_LINK_KIND)),         \
		XVS_NUMBER(XVS_LINK_NUMBER(number, XVS_LINK_INSTANCE)), answer);                   \
	if (way != XVS_WAY_ON)                                                                     \
		return way;

static __always_inline enum xvs_way xvs_run_links(
	struct __sk_buff *skb, struct xvs_chain_state *state)
{
	enum xvs_way way;
	__u64 kind;
	int answer;

	XVS_LINKS(XVS_STEP)
	return XVS_WAY_ON;
}

/* Out of the program. It is one of tail calls, which must stand in main functions. */
static __always_inline int xvs_go(struct __sk_buff *skb, struct xvs_chain_state *state, __u32 of,
	void *slots, enum xvs_way way)
{
	if (way == XVS_WAY_BACK) {
		bpf_tail_call(skb, slots, XVS_SLOT_COMMIT);
		state->reason = XVS_DROP_no_program; /* cannot be: it is loaded with chains */
	}
	if (way == XVS_WAY_ON) {
		bpf_tail_call(skb, slots, XVS_NUMBER(XVS_CHAIN_NEXT));
		state->reason = XVS_DROP_extension_missing;
	}
	bpf_tail_call(skb, slots, XVS_SLOT_RESUME);
	xvs_count_drop(of == XVS_SCRATCH_INGRESS ? (__u32)state->ports : state->ports >> 32,
		of == XVS_SCRATCH_INGRESS ? XVS_ACL_OUT : XVS_ACL_IN, XVS_DROP_no_program,
		state->packets);
	return TC_ACT_SHOT;
}

SEC("tc")
int xvs_chain_in(struct __sk_buff *skb)
{
	struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);

	if (!state)
		return TC_ACT_SHOT; /* cannot be: an array's element */
	return xvs_go(skb, state, XVS_SCRATCH_INGRESS, &slots_ingress, xvs_run_links(skb, state));
}

SEC("tc")
int xvs_chain_out(struct __sk_buff *skb)
{
	struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_EGRESS);

	if (!state)
		return TC_ACT_SHOT; /* cannot be: an array's element */
	return xvs_go(skb, state, XVS_SCRATCH_EGRESS, &slots_egress, xvs_run_links(skb, state));
}

/* ---- the forwarding extension ---- */

static __always_inline void xvs_take_route(
	struct xvs_chain_state *state, const struct xvs_route *route, int answer)
{
	__u64 instance = XVS_NUMBER(XVS_LINK_NUMBER(0, XVS_LINK_INSTANCE));

	if (instance >= XVS_INSTANCE_MAX)
		return; /* cannot be: the agent's constant */
	state->counters[instance].packets += state->packets;
	if (answer != XVS_ROUTED && answer != XVS_ADDED)
		return;
	state->counters[instance].directed += state->packets;
	state->routed = answer == XVS_ROUTED ? XVS_ROUTE_ONLY : XVS_ROUTE_TOO;
	state->route_count = route->count;
	__builtin_memcpy(state->route, route->port, sizeof(state->route));
}

SEC("tc")
int xvs_chain_forward(struct __sk_buff *skb)
{
	struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);
	struct xvs_route route = {0};
	int answer;

	if (!state)
		return TC_ACT_SHOT; /* cannot be: an array's element */
	if (XVS_NUMBER(XVS_CHAIN_COMMITTED))
		xvs_add_destination(&route, XVS_NUMBER(XVS_CHAIN_COMMITTED));
	if (XVS_NUMBER(XVS_LINK_NUMBER(0, XVS_LINK_RESTORES)))
		xvs_keep(skb, state);
	answer = xvs_link_forward(skb, state->ports, state->place, state->packet, &route);
	if (XVS_NUMBER(XVS_LINK_NUMBER(0, XVS_LINK_RESTORES)))
		xvs_put_back(skb, state);
	xvs_take_route(state, &route, answer);
	return xvs_go(skb, state, XVS_SCRATCH_INGRESS, &slots_ingress, XVS_WAY_ON);
}

char LICENSE[] SEC("license") = "GPL";
