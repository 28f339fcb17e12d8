// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC ingress behind a forwarding extension: the frame goes where it has said, or where the switch
 * sends it, or both. Whoever decides, the switch learns the sender's address. Also where a filter's
 * reply goes back to the port that the frame came from; of that nothing is learned, as its
 * addresses are the filter's.
 */
#include "bpf/lib/forward.h"
#include "bpf/lib/leave.h"

struct xvs_slots slots_ingress SEC(".maps");

/* The route's next port that may have the frame becomes the flood's pending one. */
static long xvs_route_to(__u32 place, struct xvs_flood *flood)
{
	const struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);
	const struct xvs_port_config *to;
	__u32 id;

	if (!state || place >= XVS_ROUTE_PORTS || place >= state->route_count)
		return 1;
	id = state->route[place];
	to = xvs_port_config(id, xvs_way_generation(flood->way));
	if (!to || id == xvs_way_source(flood->way) || !xvs_is_member(flood, to))
		return 0;
	if (flood->pending)
		xvs_clone_to_pending(flood);
	flood->pending = id;
	flood->pending_ifindex = to->ifindex;
	return 0;
}

/*
 * Copies for the ports of the route; all but the last one that may have it, if the frame itself is
 * for that. Returns that port, 0: none may. Apart, for its room on the stack.
 */
static __noinline __u32 xvs_copy_to_route(struct xvs_context *c, __u32 switch_id, __u32 all)
{
	struct xvs_flood flood = {c->skb, xvs_way_word(c), c->packets, .switch_id = switch_id};

	bpf_loop(XVS_ROUTE_PORTS, xvs_route_to, &flood, 0);
	if (all && flood.pending) {
		xvs_clone_to_pending(&flood);
		c->skb->cb[0] = 0;
	}
	return flood.pending;
}

/*
 * As xvs_pick(), with what the extension has said. 0: where the switch sends it is for forwarding
 * to say.
 */
static __always_inline int xvs_pick_routed(struct xvs_context *c,
	const struct xvs_port_config *port, const struct xvs_chain_state *state)
{
	__u32 only = state->routed == XVS_ROUTE_ONLY, last;
	int error = xvs_learn_sender(c, port);

	if (error)
		return error;
	if ((!only || state->route_count > 1) && xvs_may_not_flood(c, port))
		return -XVS_DROP_storm;
	last = xvs_copy_to_route(c, port->switch_id, !only);
	if (!only)
		return 0;
	if (!last)
		return -XVS_DROP_extension_route;
	xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
	return last;
}

static __always_inline int xvs_commit_way(struct xvs_context *c)
{
	const struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);
	const struct xvs_port_config *port;
	int verdict;

	if (!state)
		return -XVS_DROP_no_program; /* cannot be: an array's element */
	port = xvs_leave_chain(c, state, state->ports, &verdict);
	if (!port)
		return verdict;
	c->now = xvs_tick_now();
	if (state->routed == XVS_ROUTE_BACK) {
		xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
		return xvs_deliver(c, port->switch_id, c->source);
	}
	verdict = state->routed ? xvs_pick_routed(c, port, state) : 0;
	if (!verdict)
		return XVS_FORWARD(c, port, &slots_ingress);
	return verdict < 0 ? verdict : xvs_deliver(c, port->switch_id, verdict);
}

SEC("tc")
int xvs_commit(struct __sk_buff *skb)
{
	struct xvs_context c = {.skb = skb, .control = xvs_control()};

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	return xvs_end(&c, xvs_commit_way(&c));
}

char LICENSE[] SEC("license") = "GPL";
