/* SPDX-License-Identifier: GPL-2.0-only */
/* What the agent is told of single packets: the map `events`, maps/layout.h. */
#ifndef XVS_BPF_TELL_H
#define XVS_BPF_TELL_H

#include "bpf/lib/scratch.h"

static __always_inline struct xvs_telling *xvs_telling(__u32 port, enum xvs_event_kind kind)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &port);

	if (!state)
		return NULL;
	return kind == XVS_EVENT_LOGGED ? &state->logged : &state->dropped;
}

/* Has the port told of few enough packets in this second? */
static __always_inline int xvs_may_tell(struct xvs_telling *telling)
{
	__u32 second = xvs_tick_now() >> 7; /* more or less */
	__u32 was = *(volatile __u32 *)&telling->told;
	__u32 next = was >> 8 == (second & 0xffffff) ? was + 1 : second << 8 | 1;

	if ((next & 0xff) <= XVS_TOLD_MAX &&
		__sync_val_compare_and_swap(&telling->told, was, next) == was)
		return 1;
	__sync_fetch_and_add(&telling->untold, 1);
	return 0;
}

/* Tells of the packet that is described in the scratch of the hook. `rule` of `list` decided. */
__noinline int xvs_tell(__u32 hook, __u32 kind, __u32 list, __u32 rule, __u32 reason)
{
	struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_control *control = xvs_control();
	const struct xvs_acl_query *query;
	struct xvs_telling *telling;

	if (!room || !control)
		return 0; /* for the verifier: they are there */
	query = &room->query;
	telling = xvs_telling(room->passing.port, kind);
	if (!telling)
		return 0;
	room->told = (struct xvs_told){
		.kind = kind,
		.port = room->passing.port,
		.local = {query->tuple.local[0], query->tuple.local[1]},
		.remote = {query->tuple.remote[0], query->tuple.remote[1]},
		.local_port = query->tuple.rest,
		.remote_port = query->tuple.rest >> 16,
		.protocol = query->tuple.rest >> 32,
		.vlan = query->vlan,
		.direction = query->direction,
		.family = query->family,
		.list = list,
		.rule = rule,
		.reason = reason,
		.missed = __sync_lock_test_and_set(&telling->untold, 0),
	};
	if (bpf_ringbuf_output(&events, &room->told, sizeof(room->told), BPF_RB_NO_WAKEUP)) {
		__sync_fetch_and_add(&telling->untold, room->told.missed);
		__sync_fetch_and_add(&control->events_lost, 1);
	}
	return 0;
}

#endif
