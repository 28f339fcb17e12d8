/* SPDX-License-Identifier: GPL-2.0-only */
/* To another host: by which record, and to whom a copy goes of what is for all. */
#ifndef XVS_BPF_ENCAP_H
#define XVS_BPF_ENCAP_H

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

struct xvs_copying {
	struct __sk_buff *skb;
	struct xvs_flood flood; /* of the host port: who gets the next one */
	struct xvs_tunnel tunnel;
	__u32 vsid, generation;
	__u32 asks; /* position of the host whose copy goes by the kernel, and one more; 0: none */
	__u32 ready; /* the frame has its outer headers */
};

/* Whose copy is number `position`, into tunnel->to. 0, or -1: nobody's, or our own. */
static __always_inline int xvs_copy_host(struct xvs_tunnel *tunnel, __u32 vsid, __u32 position)
{
	struct xvs_record_key key = {
		.address = {position},
		.what = vsid | XVS_RECORD_COPY << XVS_RECORD_TYPE_SHIFT,
	};
	struct xvs_record *record = xvs_record_find(&key);

	if (!record || (record->flags & XVS_RECORD_LOCAL))
		return -1;
	__builtin_memcpy(tunnel->to, record->provider, sizeof(tunnel->to));
	asm volatile("" : : : "memory");
	return xvs_record_is(record, &key) ? 0 : -1;
}

#endif
