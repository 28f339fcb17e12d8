/* SPDX-License-Identifier: GPL-2.0-only */
/* To another host: by which record, and to whom a copy goes of what is for all. */
#ifndef XVS_BPF_ENCAP_H
#define XVS_BPF_ENCAP_H

#include "bpf/lib/fdb.h"
#include "bpf/lib/flood.h"
#include "bpf/lib/next_hop.h"
#include "bpf/lib/virtual.h"

static __always_inline const struct xvs_provider_config *xvs_provider(
	__u32 switch_id, __u32 generation)
{
	struct xvs_provider *both = bpf_map_lookup_elem(&providers, &switch_id);
	const struct xvs_provider_config *own = both ? &both->half[generation & 1] : NULL;

	return own && own->port ? own : NULL;
}

/* The host's address that frames to tunnel->to come from. 0, or minus the drop reason. */
static __always_inline int xvs_set_from(
	struct xvs_tunnel *tunnel, const struct xvs_provider_config *own)
{
	tunnel->ip6 = !xvs_is_mapped(tunnel->to);
	if (tunnel->ip6)
		__builtin_memcpy(tunnel->from, own->address[1], sizeof(tunnel->from));
	else
		__builtin_memcpy(tunnel->from, own->address[0], sizeof(tunnel->from));
	return tunnel->from[0] | tunnel->from[1] | tunnel->from[2] | tunnel->from[3]
		       ? 0
		       : -XVS_DROP_no_provider;
}

/* Who has the frame's destination MAC, into tunnel->to. 0, or minus the drop reason. */
__noinline int xvs_find_host(
	struct __sk_buff *skb, struct xvs_tunnel *tunnel, __u32 vsid, __u32 packets)
{
	struct xvs_record_key key = {.what = vsid | XVS_RECORD_MAC << XVS_RECORD_TYPE_SHIFT};
	struct xvs_record *record;
	__u16 flags;

	if (!tunnel)
		return -XVS_DROP_no_record; /* for the verifier, which lets it be NULL */
	if (bpf_skb_load_bytes(skb, 0, key.address, XVS_MAC_SIZE))
		return -XVS_DROP_truncated;
	record = xvs_record_find(&key);
	if (!record)
		return -XVS_DROP_no_record;
	__builtin_memcpy(tunnel->to, record->provider, sizeof(tunnel->to));
	flags = record->flags;
	asm volatile("" : "+r"(flags) : : "memory"); /* read before the key */
	if (!xvs_record_is(record, &key) || (flags & XVS_RECORD_REWRITE))
		return -XVS_DROP_no_record;
	if (flags & XVS_RECORD_LOCAL)
		return -XVS_DROP_no_destination; /* its port would be in the MAC table */
	__sync_fetch_and_add(&record->packets, packets);
	__sync_fetch_and_add(&record->bytes, skb->len);
	return 0;
}

/* ---- copies ---- */

/* How many hosts get one. */
static __always_inline __u32 xvs_copies(__u32 vsid)
{
	struct xvs_record_key key = {
		.address = {XVS_RECORD_COUNT},
		.what = vsid | XVS_RECORD_COPY << XVS_RECORD_TYPE_SHIFT,
	};
	struct xvs_record *record = xvs_record_find(&key);
	__u64 count = record ? *(volatile __u64 *)&record->packets : 0;

	if (!record || !xvs_record_is(record, &key))
		return 0;
	return count < XVS_COPIES_MAX ? count : XVS_COPIES_MAX;
}

#define XVS_COPY_TRIES 4 /* positions looked at for the first: the host itself is one at most */

/* Whose copy is number `position`, into tunnel->to. 0, or -1: nobody's, or our own. */
__noinline int xvs_copy_host(struct xvs_tunnel *tunnel, __u32 vsid, __u32 position)
{
	struct xvs_record_key key = {
		.address = {position},
		.what = vsid | XVS_RECORD_COPY << XVS_RECORD_TYPE_SHIFT,
	};
	struct xvs_record *record = xvs_record_find(&key);

	if (!tunnel || !record || (record->flags & XVS_RECORD_LOCAL))
		return -1;
	__builtin_memcpy(tunnel->to, record->provider, sizeof(tunnel->to));
	asm volatile("" : : : "memory");
	return xvs_record_is(record, &key) ? 0 : -1;
}

/* The port behind which the next hop of the outer frame is, 0: unknown. */
__noinline __u32 xvs_port_behind(
	const struct xvs_tunnel *tunnel, __u32 host_id, __u32 generation, __u32 vlan)
{
	const struct xvs_port_config *host = xvs_port_config(host_id, generation);
	struct xvs_fdb_look_up from;
	struct xvs_fdb fdb;

	if (!tunnel || !host || !xvs_fdb_of(host, &fdb) ||
		!xvs_fdb_set_out(&fdb, xvs_fdb_word(tunnel->addresses, vlan), &from))
		return 0;
	return xvs_fdb_destination(&fdb, &from, xvs_tick_now(), host->ageing_ns);
}

/* A frame on its way to several hosts. */
struct xvs_copying {
	struct __sk_buff *skb;
	__u64 way; /* xvs_way_word() of the host port */
	__u32 packets;
	__u32 sender; /* port id of whose frame it is */
	__u32 vsid, hosts;
	__u32 pending; /* the port that gets the frame as it is now; 0: none */
	__u32 asks; /* position of the host whose copy goes by the kernel, and one more; 0: none */
	__u32 switch_id;
};

/* No copy for this host. */
static __always_inline long xvs_no_copy(const struct xvs_copying *copying, __u32 reason)
{
	xvs_count_drop(copying->sender, XVS_ACL_OUT, reason, copying->packets);
	return 0;
}

/* A copy of the frame as it is now, for the port that is pending. */
static __always_inline void xvs_send_copy(const struct xvs_copying *copying)
{
	__u32 generation = xvs_way_generation(copying->way), to = copying->pending;
	const struct xvs_port_config *port = xvs_port_config(to, generation);
	const struct xvs_control *control = xvs_control();
	struct __sk_buff *skb = copying->skb;

	if (!port || !control)
		return;
	skb->cb[0] = control->cookie ^ XVS_PHASE_CLONE;
	skb->cb[1] = copying->way;
	skb->cb[2] = xvs_way_source(copying->way);
	skb->cb[3] = to;
	if (bpf_clone_redirect(skb, port->ifindex, 0) < 0)
		xvs_count_drop(to, XVS_ACL_IN, XVS_DROP_clone_failed, copying->packets);
}

static long xvs_copy_to(__u32 position, struct xvs_copying *copying)
{
	__u32 host = xvs_way_source(copying->way), to;
	const struct xvs_control *control = xvs_control();
	struct xvs_tunnel *tunnel = xvs_tunnel();
	int hop;

	if (!tunnel || !control || position >= copying->hosts)
		return 1;
	if (xvs_copy_host(tunnel, copying->vsid, position))
		return 0;
	if (tunnel->ip6 != !xvs_is_mapped(tunnel->to)) /* headers are added once, of one kind */
		return xvs_no_copy(copying, XVS_DROP_no_provider);
	hop = xvs_next_hop(tunnel, copying->switch_id);
	if (hop == XVS_HOP_ASK && !copying->asks) {
		copying->asks = position + 1;
		return 0;
	}
	to = hop == XVS_HOP_KNOWN ? xvs_port_behind(tunnel, host, xvs_way_generation(copying->way),
					    copying->way & XVS_NUMBER_MASK)
				  : 0;
	if (!to || to == host)
		return xvs_no_copy(copying, XVS_DROP_no_neighbor);
	if (copying->pending)
		xvs_send_copy(copying);
	copying->pending = to;
	if (xvs_write_outer(copying->skb, tunnel))
		return 1; /* cannot be: the headers are there */
	xvs_count_transmit(control, host, copying->packets, copying->skb->len);
	return 0;
}

#define XVS_COPY_ASKS (1 << 16) /* above all port ids: the frame is for the kernel */

/*
 * Copies of the frame, which has outer headers, for all hosts of the subnet; `way`: of the host
 * port. The port that gets the frame itself, XVS_COPY_ASKS, or 0: none does, and it is counted.
 */
__noinline int xvs_copy_to_hosts(
	struct __sk_buff *skb, __u64 way, __u32 packets, __u32 vsid, __u64 sender_switch)
{
	struct xvs_copying copying = {
		.skb = skb,
		.way = way,
		.packets = packets,
		.switch_id = sender_switch >> 32,
		.sender = sender_switch,
		.vsid = vsid,
		.hosts = xvs_copies(vsid),
	};
	struct xvs_tunnel *tunnel = xvs_tunnel();

	if (!tunnel)
		return 0; /* cannot be: an array's element */
	/* what kernel 6.1 knows of these before the first round it takes for true in all others */
	copying.pending = tunnel->zero;
	copying.asks = tunnel->zero;
	bpf_loop(XVS_COPIES_MAX, xvs_copy_to, &copying, 0);
	if (!copying.asks)
		return copying.pending;
	if (xvs_copy_host(tunnel, vsid, copying.asks - 1))
		return copying.pending; /* it has gone meanwhile */
	if (copying.pending)
		xvs_send_copy(&copying);
	return xvs_write_outer(skb, tunnel) ? 0 : XVS_COPY_ASKS;
}

/* The first host that gets a copy, into tunnel->to: its family is that of all. 0, or -1. */
__noinline int xvs_first_copy(struct xvs_tunnel *tunnel, __u32 vsid)
{
	__u32 hosts = xvs_copies(vsid);

	for (__u32 i = 0; tunnel && i < XVS_COPY_TRIES && i < hosts; i++)
		if (!xvs_copy_host(tunnel, vsid, i))
			return 0;
	return -1;
}

#endif
