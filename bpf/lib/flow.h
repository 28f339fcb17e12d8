/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The access control lists of a port, and the flow table in front of them: a flow that they allow
 * costs one look-up from its second packet on. maps/flow.h says what is kept.
 */
#ifndef XVS_BPF_FLOW_H
#define XVS_BPF_FLOW_H

#include "bpf/lib/acl.h"
#include "bpf/lib/flow_table.h"
#include "bpf/lib/fragment.h"
#include "bpf/lib/scratch.h"
#include "bpf/lib/tcp.h"
#include "bpf/lib/tell.h"

/*
 * ICMP has no ports. An echo is a flow of its own for each identifier and each side that asks; the
 * local port is the identifier, the remote one tells who asks. Other messages are flows by type
 * and code.
 */
static __always_inline void xvs_flow_icmp(
	const struct xvs_packet *packet, __u8 direction, struct xvs_flow_key *ret)
{
	int request = packet->icmp_type == (packet->next == IPPROTO_ICMP ? 8 : 128);

	if (!xvs_is_echo(packet)) {
		ret->local_port = packet->icmp_type << 8 | packet->icmp_code;
		ret->remote_port = XVS_FLOW_ICMP_TYPE;
		return;
	}
	ret->local_port = packet->icmp_id;
	ret->remote_port = request == (direction == XVS_ACL_OUT);
}

/* The side that has sent it: 1 the port, 0 the others. Read anew, as the stack is short. */
static __always_inline __u8 xvs_side(const struct xvs_passing *passing)
{
	return passing->direction == XVS_ACL_OUT;
}

static __always_inline int xvs_is_icmp(const struct xvs_packet *packet)
{
	return packet->next == IPPROTO_ICMP || packet->next == IPPROTO_ICMPV6;
}

static __always_inline void xvs_flow_key(const struct xvs_passing *passing,
	const struct xvs_packet *packet, struct xvs_flow_key *ret)
{
	int out = xvs_side(passing);
	const __be64 *source = (const __be64 *)packet->source;
	const __be64 *destination = (const __be64 *)packet->destination;
	const __be64 *local = out ? source : destination, *remote = out ? destination : source;

	__builtin_memcpy(ret->local, local, sizeof(ret->local));
	__builtin_memcpy(ret->remote, remote, sizeof(ret->remote));
	ret->local_port = out ? packet->source_port : packet->destination_port;
	ret->remote_port = out ? packet->destination_port : packet->source_port;
	ret->vlan = passing->vlan;
	ret->protocol = packet->next;
	ret->reserved = 0;
	ret->port = passing->port;
	ret->reserved_2 = 0;
	if (xvs_is_icmp(packet))
		xvs_flow_icmp(packet, passing->direction, ret);
}

/* What rules look at, of a packet of the flow in `direction`. `icmp_type`: of ICMP, else -1. */
static __always_inline void xvs_flow_query(
	const struct xvs_flow_key *key, __u8 direction, int icmp_type, struct xvs_acl_query *ret)
{
	__u16 local_port = icmp_type < 0 ? key->local_port : icmp_type;
	__u16 remote_port = icmp_type < 0 ? key->remote_port : icmp_type;

	__builtin_memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < 2; i++) {
		ret->tuple.local[i] = bpf_be64_to_cpu(key->local[i]);
		ret->tuple.remote[i] = bpf_be64_to_cpu(key->remote[i]);
	}
	ret->tuple.rest = local_port | (__u64)remote_port << 16 | (__u64)key->protocol << 32;
	ret->vlan = key->vlan;
	ret->direction = direction;
	ret->family = !ret->tuple.local[0] && ret->tuple.local[1] >> 32 == 0xffff ? XVS_ACL_IPV4
										  : XVS_ACL_IPV6;
}

/* Notes the rule that was found, if somebody may want to know which it was. */
static __always_inline void xvs_flow_note(
	const struct xvs_acl_found *found, __u32 list, struct xvs_ruling *ret)
{
	if (!(found->flags & (XVS_ACL_LOG | XVS_ACL_DENY)))
		return;
	ret->logged = !!(found->flags & XVS_ACL_LOG);
	ret->rule = found->index;
	ret->list = list;
}

/* Asks the port ACL with the query in `room`. Its drop reason, 0 = allowed. */
static __always_inline int xvs_flow_ask_port(
	const struct xvs_port_config *port, struct xvs_scratch *room)
{
	struct xvs_acl_found *found = &room->found;

	__builtin_memset(&room->ruling, 0, sizeof(room->ruling));
	room->query.list = port->acl_port;
	if (!port->acl_port || xvs_acl_look_up(&room->query, found) ||
		found->index == XVS_ACL_NO_RULE)
		return 0;
	room->ruling.counter[0] = found->counter;
	xvs_flow_note(found, port->acl_port, &room->ruling);
	return found->flags & XVS_ACL_DENY ? XVS_DROP_acl_port : 0;
}

/*
 * Asks both lists; both must allow. `answer`: of what the extended ACL has allowed with state, so
 * that only the port ACL, which knows none, is asked. What they say is in the ruling of `room`.
 */
static __always_inline void xvs_flow_ask(
	const struct xvs_port_config *port, struct xvs_scratch *room, int answer)
{
	struct xvs_acl_found *found = &room->found;
	struct xvs_ruling *ret = &room->ruling;

	ret->reason = xvs_flow_ask_port(port, room);
	room->query.list = port->acl_extended;
	if (ret->reason || answer || !port->acl_extended || xvs_acl_look_up(&room->query, found) ||
		found->index == XVS_ACL_NO_RULE)
		return;
	ret->counter[1] = found->counter;
	xvs_flow_note(found, port->acl_extended, ret);
	if (found->flags & XVS_ACL_DENY)
		ret->reason = XVS_DROP_acl_extended;
	else if (found->flags & XVS_ACL_STATEFUL)
		ret->idle_s = found->idle_s;
}

/* Tells of the packet that was last looked up, which `rule` of `list` has decided on. */
static __always_inline void xvs_acl_tell(__u32 hook, __u32 list, __u32 rule, __u32 reason)
{
	const struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_telling *telling =
		room ? xvs_telling(room->passing.port, XVS_EVENT_LOGGED) : NULL;

	if (telling && xvs_may_tell(telling))
		xvs_tell(hook, XVS_EVENT_LOGGED, list, rule, reason);
}

static __always_inline void xvs_flow_tell(__u32 hook, const struct xvs_ruling *ruling)
{
	if (ruling->logged)
		xvs_acl_tell(hook, ruling->list, ruling->rule, ruling->reason);
}

static __always_inline void xvs_flow_count_rules(const struct xvs_port_config *port,
	const __u32 counter[2], const struct xvs_passing *passing)
{
	xvs_acl_count(port->acl_port, counter[0], passing->packets, passing->bytes);
	xvs_acl_count(port->acl_extended, counter[1], passing->packets, passing->bytes);
}

/*
 * May the port have one more? It is counted. A quarter is kept for what the port itself begins, so
 * that others can't take the answers to that away from it.
 */
static __always_inline int xvs_flow_allowance(
	struct xvs_port_state *state, __u32 limit, __u8 direction)
{
	if (direction == XVS_ACL_IN)
		limit -= limit / 4;
	if (*(volatile __u32 *)&state->flows >= limit)
		return 0;
	if (__sync_fetch_and_add(&state->flows, 1) < limit)
		return 1;
	__sync_fetch_and_add(&state->flows, -1);
	return 0;
}

static __always_inline void xvs_flow_fill(struct xvs_flow *ret, const struct xvs_scratch *room,
	const struct xvs_port_config *port, __u8 tcp)
{
	const struct xvs_ruling *ruling = &room->ruling;
	const struct xvs_passing *passing = &room->passing;
	__u8 side = xvs_side(passing);

	__builtin_memset(ret, 0, sizeof(*ret));
	ret->key = room->key;
	ret->version = port->acl_version;
	ret->seen = passing->now;
	ret->idle = xvs_flow_ticks(ruling->idle_s ?: XVS_FLOW_IDLE_S);
	ret->flags = 1 << side | (side ? XVS_FLOW_BEGAN_OUT : 0) |
		     (ruling->idle_s ? XVS_FLOW_STATEFUL : 0);
	ret->tcp = tcp;
	ret->scales = XVS_TCP_NO_SCALE << 4 | XVS_TCP_NO_SCALE;
	ret->patience = xvs_flow_patience(ret);
	ret->counter[side][0] = ruling->counter[0];
	ret->counter[side][1] = ruling->counter[1];
	ret->packets[side] = passing->packets;
	ret->bytes[side] = passing->bytes;
}

/*
 * Remembers the flow. No room, of the table or within the port's limit: it is judged again with
 * its next packet, and its answers by the rules for them.
 */
__noinline int xvs_flow_add(
	struct __sk_buff *skb, __u32 hook, const struct xvs_port_config *port, __u8 tcp)
{
	const struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_port_state *state;
	struct xvs_flow *flow;
	__u32 place;

	if (!room || !port)
		return 0; /* for the verifier, which lets them be NULL */
	state = bpf_map_lookup_elem(&port_state, &room->passing.port);
	if (!state)
		return 0;
	if (!xvs_flow_allowance(state, port->flow_limit, room->passing.direction)) {
		__sync_fetch_and_add(&state->flows_refused, 1);
		return 0;
	}
	place = xvs_flow_take_place(room->hash);
	flow = xvs_flow_at(place);
	if (!flow) {
		__sync_fetch_and_add(&state->flows, -1);
		__sync_fetch_and_add(&state->flows_refused, 1);
		return 0;
	}
	xvs_flow_fill(flow, room, port, tcp);
	if (tcp)
		xvs_tcp_note(skb, flow, &room->packet, xvs_side(&room->passing));
	xvs_flow_publish(place, &room->key, room->hash);
	return 0;
}

/* A connection that is over, and a SYN: another one with the same addresses and ports. */
static __always_inline int xvs_flow_is_over(
	const struct xvs_flow *flow, const struct xvs_packet *packet)
{
	return (flow->tcp == XVS_TCP_CLOSED || flow->tcp == XVS_TCP_CUT) &&
	       xvs_tcp_begin(packet) == XVS_TCP_OPENING;
}

static __always_inline void xvs_flow_count(struct xvs_flow *flow, const struct xvs_passing *passing)
{
	__u8 side = xvs_side(passing);

	if (flow->seen != passing->now && xvs_flow_is_renewed(flow))
		flow->seen = passing->now;
	flow->packets[side] += passing->packets;
	flow->bytes[side] += passing->bytes;
}

/* Is it known that the rules of the port let through what the side sends of the flow? */
static __always_inline int xvs_flow_is_allowed(const struct xvs_flow *flow,
	const struct xvs_port_config *port, const struct xvs_passing *passing)
{
	return flow->version == port->acl_version && (flow->flags >> xvs_side(passing) & 1) &&
	       !xvs_flow_is_silent(flow, passing->now);
}

/* A packet of a flow that passes. */
static __always_inline void xvs_flow_let_through(struct xvs_flow *flow,
	const struct xvs_port_config *port, const struct xvs_passing *passing)
{
	__u8 side = xvs_side(passing);

	xvs_flow_count(flow, passing);
	xvs_flow_count_rules(port, flow->counter[side], passing);
}

/*
 * A packet of a flow that is known. 0: it passes; minus the drop reason; 1: the rules are to be
 * asked.
 */
static __always_inline int xvs_flow_known(struct __sk_buff *skb, struct xvs_flow *flow,
	const struct xvs_scratch *room, const struct xvs_port_config *port)
{
	const struct xvs_passing *passing = &room->passing;
	const struct xvs_packet *packet = &room->packet;
	int error;

	if (!xvs_flow_is_allowed(flow, port, passing) || xvs_flow_is_over(flow, packet))
		return 1;
	error = flow->tcp ? xvs_tcp_watch(skb, flow, packet, xvs_side(passing)) : 0;
	if (error)
		return error;
	xvs_flow_let_through(flow, port, passing);
	return 0;
}

/* The ICMP type of a packet of the flow that `side` sends, or -1. */
static __always_inline int xvs_flow_icmp_type(const struct xvs_flow_key *key, __u8 side)
{
	int by_port = key->remote_port == 1; /* who asks, see xvs_flow_icmp() */

	if (key->protocol != IPPROTO_ICMP && key->protocol != IPPROTO_ICMPV6)
		return -1;
	if (key->remote_port == XVS_FLOW_ICMP_TYPE)
		return key->local_port >> 8;
	if (key->protocol == IPPROTO_ICMP)
		return by_port == side ? 8 : 0;
	return by_port == side ? 128 : 129;
}

/* Asks the rules for one way of the flow. */
static __always_inline const struct xvs_ruling *xvs_flow_ask_side(
	struct xvs_scratch *room, __u8 side, const struct xvs_port_config *port, int answer)
{
	xvs_flow_query(&room->key, side, xvs_flow_icmp_type(&room->key, side), &room->query);
	xvs_flow_ask(port, room, answer);
	return &room->ruling;
}

static __always_inline void xvs_flow_allow(
	struct xvs_flow *flow, __u8 side, const struct xvs_ruling *ruling)
{
	flow->counter[side & 1][0] = ruling->counter[0];
	flow->counter[side & 1][1] = ruling->counter[1];
	if (ruling->idle_s)
		flow->idle = xvs_flow_ticks(ruling->idle_s);
	flow->flags |= 1 << side | (ruling->idle_s ? XVS_FLOW_STATEFUL : 0);
	flow->patience = xvs_flow_patience(flow);
}

/*
 * The rules end a TCP connection. What its stations still send is no beginning of another one, also
 * where a rule allows their other direction: it is remembered, and dropped, until a SYN comes or
 * the rules allow it again.
 */
static __noinline void xvs_flow_cut(struct xvs_flow *flow, __u32 version)
{
	__sync_lock_test_and_set(&flow->version, XVS_FLOW_NO_VERSION);
	flow->flags &= XVS_FLOW_BEGAN_OUT;
	flow->tcp = XVS_TCP_CUT;
	flow->patience = xvs_flow_patience(flow);
	__sync_lock_test_and_set(&flow->version, version); /* last: now it counts */
}

/*
 * The rules have changed since the flow was allowed: the way that it began is judged again. 0: the
 * flow is kept.
 */
static __always_inline int xvs_flow_judge_again(
	struct xvs_flow *flow, struct xvs_scratch *room, const struct xvs_port_config *port)
{
	__u8 began = !!(flow->flags & XVS_FLOW_BEGAN_OUT);
	const struct xvs_ruling *ruling = xvs_flow_ask_side(room, began, port, 0);

	if (ruling->reason)
		return -1;
	__sync_lock_test_and_set(&flow->version, XVS_FLOW_NO_VERSION);
	flow->flags = began ? XVS_FLOW_BEGAN_OUT : 0;
	if (flow->tcp == XVS_TCP_CUT)
		flow->tcp = XVS_TCP_NONE; /* whatever it has come to meanwhile */
	flow->idle = xvs_flow_ticks(XVS_FLOW_IDLE_S);
	xvs_flow_allow(flow, began, ruling);
	__sync_lock_test_and_set(&flow->version, port->acl_version); /* last: now it counts */
	return 0;
}

static __always_inline int xvs_is_icmp_error(const struct xvs_packet *packet)
{
	__u8 type = packet->icmp_type;

	if (packet->next == IPPROTO_ICMP)
		return type == 3 || type == 4 || type == 11 || type == 12;
	return packet->next == IPPROTO_ICMPV6 && type >= 1 && type <= 4;
}

/* Does an ICMP error go to who has sent what it quotes? */
static __always_inline int xvs_flow_error_goes_back(const struct xvs_scratch *room)
{
	const __be64 *to = (const __be64 *)room->packet.destination;
	const __be64 *sender = (const __be64 *)room->quoted.source;

	return to[0] == sender[0] && to[1] == sender[1];
}

/*
 * Is it an ICMP error about a packet of a flow with state (RFC 5508, section 3; RFC 5927)? What it
 * quotes went the other way, and it goes back to who sent that.
 */
__noinline int xvs_flow_is_related(
	struct __sk_buff *skb, __u32 hook, const struct xvs_port_config *port)
{
	struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_control *control = xvs_control();
	struct xvs_flow *flow;
	__u8 side;

	if (!room || !control || !port)
		return 0; /* for the verifier, which lets them be NULL */
	if (xvs_read_quoted(skb, room->packet.transport + 8, room->packet.protocol, &room->quoted))
		return 0;
	side = room->passing.direction == XVS_ACL_OUT ? XVS_ACL_IN : XVS_ACL_OUT;
	room->quoted_passing = room->passing;
	room->quoted_passing.direction = side;
	xvs_flow_key(&room->quoted_passing, &room->quoted, &room->quoted_key);
	flow = xvs_flow_at(xvs_flow_seek(
		&room->quoted_key, xvs_flow_hash(&room->quoted_key, control->cookie), 0));
	return flow && (flow->flags & XVS_FLOW_STATEFUL) && flow->version == port->acl_version &&
	       !xvs_flow_is_silent(flow, room->passing.now) && xvs_flow_error_goes_back(room) &&
	       (!flow->tcp || xvs_tcp_is_quoted(skb, flow, room->quoted.transport, side));
}

/*
 * A packet of no flow that is known. An error about one passes as its answers do; one of a
 * connection that the rules have cut begins none.
 */
static __always_inline int xvs_flow_begin(struct __sk_buff *skb, struct xvs_scratch *room,
	__u32 hook, const struct xvs_port_config *port)
{
	int related = xvs_is_icmp_error(&room->packet) && xvs_flow_is_related(skb, hook, port);
	const struct xvs_ruling *ruling =
		xvs_flow_ask_side(room, xvs_side(&room->passing), port, related);
	__u8 tcp = xvs_tcp_begin(&room->packet);

	xvs_flow_count_rules(port, ruling->counter, &room->passing);
	if (ruling->reason) {
		xvs_flow_tell(hook, ruling);
		return -ruling->reason;
	}
	if (room->cut)
		return -XVS_DROP_flow_state;
	if (!ruling->idle_s) {
		tcp = XVS_TCP_NONE; /* nobody answers for what is no part of a connection */
	} else if (room->packet.next == IPPROTO_TCP && !tcp && (port->flags & XVS_PORT_STRICT)) {
		return -XVS_DROP_flow_state;
	}
	xvs_flow_tell(hook, ruling);
	if (related)
		return 0;
	if (room->packet.next != IPPROTO_TCP || !(room->packet.tcp_flags & XVS_TCP_RST))
		xvs_flow_add(skb, hook, port, tcp);
	return 0;
}

/* A way of the flow that was not judged yet. */
static __always_inline int xvs_flow_judge_side(struct __sk_buff *skb, struct xvs_flow *flow,
	struct xvs_scratch *room, __u32 hook, const struct xvs_port_config *port)
{
	int error, answer = !!(flow->flags & XVS_FLOW_STATEFUL);
	const struct xvs_ruling *ruling =
		xvs_flow_ask_side(room, xvs_side(&room->passing), port, answer);

	xvs_flow_count_rules(port, ruling->counter, &room->passing);
	xvs_flow_tell(hook, ruling);
	if (ruling->reason)
		return -ruling->reason;
	error = flow->tcp ? xvs_tcp_watch(skb, flow, &room->packet, xvs_side(&room->passing)) : 0;
	if (error)
		return error;
	xvs_flow_allow(flow, xvs_side(&room->passing), ruling);
	/* another CPU may have judged it by newer rules meanwhile: then it is to be judged again */
	if (__sync_fetch_and_add(&flow->version, 0) != port->acl_version)
		__sync_lock_test_and_set(&flow->version, XVS_FLOW_NO_VERSION);
	xvs_flow_count(flow, &room->passing);
	return 0;
}

/*
 * What is remembered of the packet's flow, if that holds. NULL: it does not, or nothing is.
 * room->cut: the packet is of a connection that was cut.
 */
static __always_inline struct xvs_flow *xvs_flow_remembered(
	struct xvs_scratch *room, const struct xvs_port_config *port)
{
	__u32 place = xvs_flow_seek(&room->key, room->hash, 0);
	struct xvs_flow *flow = xvs_flow_at(place);
	int over;

	room->cut = 0;
	if (!flow)
		return NULL;
	over = xvs_flow_is_silent(flow, room->passing.now) || xvs_flow_is_over(flow, &room->packet);
	if (!over && flow->version != port->acl_version && xvs_flow_judge_again(flow, room, port)) {
		over = room->key.protocol != IPPROTO_TCP || xvs_tcp_begin(&room->packet);
		if (!over)
			xvs_flow_cut(flow, port->acl_version);
	}
	if (over) {
		xvs_flow_take_out(place);
		return NULL;
	}
	if (flow->tcp != XVS_TCP_CUT)
		return flow;
	flow->seen = room->passing.now;
	room->cut = 1;
	return NULL;
}

/*
 * A packet that the flow table does not let through by itself. 0, or minus the drop reason. The
 * verifier looks at it once: it is a function of its own.
 */
__noinline int xvs_flow_judge(struct __sk_buff *skb, __u32 hook, const struct xvs_port_config *port)
{
	struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_flow *flow;
	int verdict;

	if (!room || !port)
		return -XVS_DROP_unparsed; /* for the verifier, which lets them be NULL */
	flow = xvs_flow_remembered(room, port);
	if (!flow)
		return xvs_flow_begin(skb, room, hook, port);
	verdict = xvs_flow_known(skb, flow, room, port);
	return verdict <= 0 ? verdict : xvs_flow_judge_side(skb, flow, room, hook, port);
}

/* A MAC address as rules have it. */
static __always_inline __u64 xvs_mac_word(const __be16 *mac)
{
	return (__u64)bpf_ntohs(mac[0]) << 48 | (__u64)bpf_ntohs(mac[1]) << 32 |
	       (__u64)bpf_ntohs(mac[2]) << 16;
}

/* Asks for the frame's MAC addresses. 0, or minus the drop reason. */
static __always_inline int xvs_mac_query(
	struct __sk_buff *skb, const struct xvs_passing *passing, struct xvs_acl_query *ret)
{
	__be16 macs[2 * ETH_ALEN / sizeof(__be16)] = {0};
	int error = bpf_skb_load_bytes(skb, 0, macs, sizeof(macs));
	__u64 to = xvs_mac_word(macs), from = xvs_mac_word(macs + 3);
	int out = xvs_side(passing);

	__builtin_memset(ret, 0, sizeof(*ret));
	ret->tuple.local[0] = out ? from : to;
	ret->tuple.remote[0] = out ? to : from;
	ret->vlan = passing->vlan;
	ret->direction = passing->direction;
	ret->family = XVS_ACL_MAC;
	return error ? -XVS_DROP_truncated : 0;
}

/* Rules on MAC addresses are asked for every frame. 0, or minus the drop reason. */
__noinline int xvs_acl_mac(struct __sk_buff *skb, __u32 hook, const struct xvs_port_config *port)
{
	struct xvs_scratch *room = xvs_scratch(hook);
	const struct xvs_passing *passing;
	int error;

	if (!room || !port)
		return -XVS_DROP_truncated; /* for the verifier, which lets them be NULL */
	passing = &room->passing;
	error = xvs_mac_query(skb, passing, &room->query);
	if (error)
		return error;
	room->query.list = port->acl_port;
	if (xvs_acl_look_up(&room->query, &room->found) || room->found.index == XVS_ACL_NO_RULE)
		return 0;
	xvs_acl_count(port->acl_port, room->found.counter, passing->packets, passing->bytes);
	if (!(room->found.flags & XVS_ACL_DENY))
		return 0;
	xvs_flow_note(&room->found, port->acl_port, &room->ruling);
	room->ruling.reason = XVS_DROP_acl_mac;
	xvs_flow_tell(hook, &room->ruling);
	return -XVS_DROP_acl_mac;
}

/*
 * Rules on IP addresses don't speak of frames that are not IP, nor of neighbour discovery (RFC
 * 4861), which is to IPv6 what ARP is to IPv4: without it, nothing else is possible.
 */
static __always_inline int xvs_is_beside_ip(const struct xvs_packet *packet)
{
	if (packet->protocol != ETH_P_IP && packet->protocol != ETH_P_IPV6)
		return 1;
	return packet->next == IPPROTO_ICMPV6 && !packet->fragment && packet->hop_limit == 255 &&
	       (packet->icmp_type == 135 || packet->icmp_type == 136);
}

/*
 * The packet in the scratch of `hook` through the lists of the port. 0, or minus the drop reason.
 */
__noinline int xvs_acl_pass(struct __sk_buff *skb, __u32 hook, const struct xvs_port_config *port)
{
	struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_control *control = xvs_control();
	int verdict = 1;

	if (!room || !control || !port)
		return -XVS_DROP_unparsed; /* for the verifier: they are there */
	if (port->flags & XVS_PORT_MAC_ACL)
		verdict = xvs_acl_mac(skb, hook, port) ?: 1;
	if (verdict < 0)
		return verdict;
	if (xvs_is_beside_ip(&room->packet))
		return 0;
	if (room->packet.fragment == XVS_FRAGMENT_LATER)
		verdict = xvs_fragment_later(hook, port);
	if (verdict <= 0)
		return verdict;
	xvs_flow_key(&room->passing, &room->packet, &room->key);
	room->hash = xvs_flow_hash(&room->key, control->cookie);
	verdict = xvs_flow_judge(skb, hook, port);
	if (!verdict && room->packet.fragment == XVS_FRAGMENT_FIRST)
		xvs_fragment_first(hook);
	return verdict;
}

#endif
