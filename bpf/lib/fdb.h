/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MAC table of a switch: learning, moves, ageing at lookup.
 *
 * Elements of a hash map are reused at once after a delete, so a value found may have become
 * another key's: `port` is read first, then the copy of the key in the value is compared.
 */
#ifndef XVS_BPF_FDB_H
#define XVS_BPF_FDB_H

#include "bpf/lib/count.h"

#define XVS_FDB_REFRESH_NS 1000000000ull /* an entry in use is written at most this often */

static __always_inline void *xvs_fdb_of(const struct xvs_port_config *port)
{
	__u32 id = port->switch_id;

	return bpf_map_lookup_elem(&fdb, &id);
}

static __always_inline int xvs_key_equal(const struct xvs_fdb_key *a, const struct xvs_fdb_key *b)
{
	return *(const volatile __u64 *)a == *(const __u64 *)b;
}

/*
 * Unknown to the table, or silent for longer than `ageing_ns`: 0. Else the port id, and since when
 * the address is silent in *ret_idle_ns.
 */
static __always_inline __u32 xvs_fdb_find(
	void *table, const struct xvs_fdb_key *key, __u64 now, __u64 ageing_ns, __u64 *ret_idle_ns)
{
	struct xvs_fdb_entry *entry = bpf_map_lookup_elem(table, key);

	if (!entry)
		return 0;
	__u32 port = *(volatile __u32 *)&entry->port;
	__u32 flags = entry->flags;

	/* another CPU may have seen it after `now` was read */
	*ret_idle_ns = flags & XVS_FDB_PERMANENT || entry->seen_ns > now ? 0 : now - entry->seen_ns;
	if (*ret_idle_ns > ageing_ns)
		return 0;
	return xvs_key_equal(&entry->key, key) ? port : 0;
}

/* The port that owns the destination `key`, or 0. Assigned addresses hold in every VLAN. */
static __always_inline __u32 xvs_fdb_destination(
	void *table, struct xvs_fdb_key *key, __u64 now, __u64 ageing_ns)
{
	__u64 idle;
	__u32 port = xvs_fdb_find(table, key, now, ageing_ns, &idle);

	if (port)
		return port;
	key->vlan = XVS_FDB_ANY_VLAN;
	return xvs_fdb_find(table, key, now, ageing_ns, &idle);
}

static __always_inline void xvs_learned_add(__u32 port, __u32 by)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &port);

	if (state)
		__sync_fetch_and_add(&state->learned, by);
}

static __always_inline int xvs_may_learn(const struct xvs_port_config *port, __u32 id)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &id);

	return !port->learning_limit || (state && state->learned < port->learning_limit);
}

/*
 * Tells the agent of a move, without waking it: a guest that flaps costs nobody else's time. Apart,
 * so that the way of other frames does not grow.
 */
static __noinline int xvs_tell_move(
	const struct xvs_fdb_key *key, __u32 switch_id, __u32 from, __u32 to)
{
	struct xvs_mac_moved event = {
		.kind = XVS_EVENT_MAC_MOVED,
		.switch_id = switch_id,
		.key = *key,
		.from = from,
		.to = to,
	};

	return bpf_ringbuf_output(&events, &event, sizeof(event), BPF_RB_NO_WAKEUP);
}

/* Writes a new or moved entry; `old` is the port it moves from, 0 if it is new. */
static __always_inline void xvs_fdb_write(void *table, struct xvs_control *control,
	const struct xvs_port_config *port, __u32 id, const struct xvs_fdb_key *key, __u32 old)
{
	struct xvs_fdb_entry entry = {
		.key = *key,
		.port = id,
		.seen_ns = bpf_ktime_get_coarse_ns(),
	};
	struct xvs_counters *own = xvs_counters(control, id);

	if (!own)
		return;
	if (!xvs_may_learn(port, id) ||
		bpf_map_update_elem(table, key, &entry, old ? BPF_EXIST : BPF_NOEXIST)) {
		own->not_learned++;
		return;
	}
	own->learned++;
	xvs_learned_add(id, 1);
	if (old) {
		xvs_learned_add(old, -1);
		__sync_fetch_and_add(&control->fdb_epoch, 1);
		if (xvs_tell_move(key, port->switch_id, old, id))
			__sync_fetch_and_add(&control->events_lost, 1);
	}
}

/*
 * Learns that `key` is on port `id`. Returns 0, or minus the drop reason if the address belongs
 * to another port. A table that is full or a limit that is reached drops nothing: the frame goes
 * on, and answers to it are flooded.
 */
static __always_inline int xvs_fdb_learn(void *table, struct xvs_control *control,
	const struct xvs_port_config *port, __u32 id, struct xvs_fdb_key *key)
{
	struct xvs_fdb_entry *entry = bpf_map_lookup_elem(table, key);

	if (entry) {
		__u32 owner = *(volatile __u32 *)&entry->port;
		__u32 flags = entry->flags;

		if (!xvs_key_equal(&entry->key, key))
			return 0; /* just deleted; the next frame learns */
		if (flags & XVS_FDB_PERMANENT)
			return owner == id ? 0 : -XVS_DROP_mac_taken;
		if (owner == id) {
			__u64 now = bpf_ktime_get_coarse_ns();

			if (now - entry->seen_ns >= XVS_FDB_REFRESH_NS)
				entry->seen_ns = now;
			return 0;
		}
		xvs_fdb_write(table, control, port, id, key, owner);
		return 0;
	}

	struct xvs_fdb_key assigned = {.vlan = XVS_FDB_ANY_VLAN};

	__builtin_memcpy(assigned.mac, key->mac, XVS_MAC_SIZE);
	entry = bpf_map_lookup_elem(table, &assigned);
	if (entry)
		return entry->port == id ? 0 : -XVS_DROP_mac_taken;
	xvs_fdb_write(table, control, port, id, key, 0);
	return 0;
}

#endif
