// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC ingress of GRE to or from a provider address. From the wire it is taken off and goes to the
 * ports of its virtual subnet on this host, and nowhere else; what is not NVGRE for this host goes
 * on as before. From the host itself it shows which MAC address leads to another host.
 */
#include "bpf/lib/decap.h"
#include "bpf/lib/forward.h"
#include "bpf/lib/leave.h"
#include "bpf/lib/next_hop.h"

struct xvs_slots slots_ingress SEC(".maps");

/* As forwarding without virtual networks has it. `to`: 0 if it is not decided yet. */
static __always_inline int xvs_go_on(
	struct xvs_context *c, const struct xvs_port_config *port, __u32 to)
{
	int picked = to ? (int)to : xvs_pick(c, port);

	return picked < 0 ? picked : xvs_deliver(c, port->switch_id, picked);
}

/* The inner frame, as one that comes from the wire into its subnet. */
static __always_inline int xvs_forward_inner(
	struct xvs_context *c, const struct xvs_port_config *port, const struct xvs_tunnel *tunnel)
{
	const struct xvs_subnet_config *subnet = xvs_subnet_of(c);
	const struct ethhdr *eth = (void *)(long)c->skb->data;
	struct xvs_fdb_look_up from;
	struct xvs_fdb fdb;
	__u32 to = 0;

	if (!subnet)
		return -XVS_DROP_gre_vsid;
	if ((const void *)(eth + 1) > (const void *)(long)c->skb->data_end)
		return -XVS_DROP_gre_truncated;
	if (!xvs_is_group(eth->h_dest)) {
		if (!xvs_fdb_of(port, &fdb) ||
			!xvs_fdb_set_out(&fdb, xvs_fdb_word(eth->h_dest, c->vlan.fid), &from))
			return -XVS_DROP_wrong_switch;
		to = xvs_fdb_destination(&fdb, &from, c->now, port->ageing_ns);
		if (!to && !(subnet->flags & XVS_SUBNET_LEARN))
			return -XVS_DROP_no_destination;
	}
	if (subnet->flags & XVS_SUBNET_LEARN)
		xvs_learn_record(c->skb, tunnel, c->now);
	if (!to)
		to = xvs_flood(c, port->switch_id);
	return to ? xvs_deliver(c, port->switch_id, to) : -XVS_DROP_no_destination;
}

static __always_inline int xvs_open(
	struct xvs_context *c, const struct xvs_port_config *port, struct xvs_tunnel *tunnel)
{
	const struct xvs_tag none = {0};
	int error = xvs_judge_inner(c->skb, c->tag_bytes + xvs_outer_size(tunnel));

	error = error ? error : xvs_set_tag(c, &none);
	c->tag.present = c->tag_bytes = 0;
	error = error ? error : xvs_decapsulate(c->skb, xvs_outer_size(tunnel));
	return error ? error : xvs_mark_congestion(c->skb, tunnel->tos);
}

static __always_inline int xvs_decap_way(struct xvs_context *c)
{
	const struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);
	const struct xvs_port_config *port;
	struct xvs_tunnel *tunnel = xvs_tunnel();
	__u32 to;
	int verdict;

	if (!state || !tunnel)
		return -XVS_DROP_no_program; /* cannot be: arrays' elements */
	to = state->ports >> 32;
	port = xvs_leave_chain(c, state, state->ports, &verdict);
	if (!port)
		return verdict;
	c->now = xvs_tick_now();
	c->decided = 1;
	if (port->flags & XVS_PORT_PROVIDER) {
		if (!xvs_read_hop(c->skb, ETH_HLEN + c->tag_bytes, tunnel))
			xvs_note_hop(tunnel, port->switch_id);
		return xvs_go_on(c, port, to);
	}
	verdict = xvs_read_outer(
		c->skb, ETH_HLEN + c->tag_bytes, tunnel, port->switch_id, c->generation);
	if (verdict == XVS_NOT_OURS)
		return xvs_go_on(c, port, to);
	if (port->kind != XVS_PORT_UPLINK)
		return -XVS_DROP_gre_from_guest;
	if (verdict > 0)
		verdict = xvs_admit_outer(
			tunnel, port->switch_id, c->generation, c->packets, c->skb->len);
	if (verdict < 0)
		return verdict;
	if (!verdict)
		return xvs_go_on(c, port, to);
	if (!to)
		xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
	c->vlan = (struct xvs_vlan){.id = verdict, .fid = verdict};
	verdict = xvs_open(c, port, tunnel);
	return verdict ? verdict : xvs_forward_inner(c, port, tunnel);
}

SEC("tc")
int xvs_decap(struct __sk_buff *skb)
{
	struct xvs_context c = {.skb = skb, .control = xvs_control()};

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	return xvs_end(&c, xvs_decap_way(&c));
}

char LICENSE[] SEC("license") = "GPL";
