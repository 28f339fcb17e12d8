/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pinned maps, as the programs see them; maps/layout.h says what stands in each. Every object
 * that includes this header shares them: the agent pins a map under its name when it is made and
 * hands that map to the objects loaded later.
 */
#ifndef XVS_BPF_MAPS_H
#define XVS_BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/lib/pattern.h"
#include "maps/layout.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xvs_control);
} control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct xvs_port_ref);
} port_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_PORT_CACHE_SIZE);
	__type(key, __u32);
	__type(value, struct xvs_port_ref);
} port_cache SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct xvs_port);
} ports SEC(".maps");

/* max_entries is XVS_PORT_MAX times the possible CPUs; the agent sets it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct xvs_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct xvs_drops);
} drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct xvs_port_state);
} port_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * XVS_PORT_MAX);
	__type(key, struct xvs_vm_mac);
	__type(value, __u32);
} vm_macs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * XVS_ADDRESS_MAX);
	__type(key, struct xvs_port_address);
	__type(value, __u32);
} port_addresses SEC(".maps");

/* Twice as many as may count: those of an epoch that has passed are taken away later. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * XVS_ADDRESS_MAX);
	__type(key, struct xvs_learned_address);
	__type(value, __u32);
} learned_addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_VLAN_SET_MAX);
	__type(key, __u32);
	__type(value, struct xvs_vlan_set);
} vlan_sets SEC(".maps");

struct xvs_fdb_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, union xvs_fdb_element);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XVS_SWITCH_MAX);
	__type(key, __u32);
	__array(values, struct xvs_fdb_table);
} fdb SEC(".maps");

/* Of xvs_acl_page. Without types, as the lists are made. */
struct xvs_acl_list {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct xvs_acl_page));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XVS_ACL_LIST_MAX);
	__type(key, __u32);
	__array(values, struct xvs_acl_list);
} acls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct xvs_fragments);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_FLOW_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} flow_tags SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_FLOW_MAX);
	__type(key, __u32);
	__type(value, struct xvs_flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xvs_flow_sweep);
} flow_sweep SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XVS_FLOOD_LIST_MAX);
	__type(key, struct xvs_flood_key);
	__type(value, struct xvs_flood_list);
} flood_lists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_FLOOD_MEMBER_MAX);
	__type(key, __u32);
	__type(value, struct xvs_flood_member);
} flood_members SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* most hosts have none */
	__uint(max_entries, 2 * XVS_PRIVATE_VLAN_MAX); /* both halves */
	__type(key, struct xvs_private_vlan_key);
	__type(value, struct xvs_private_vlan);
} private_vlans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_SUBNET_MAX);
	__type(key, __u32);
	__type(value, struct xvs_subnet);
} subnets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* most hosts have none */
	__uint(max_entries, 2 * XVS_SUBNET_MAX); /* both halves */
	__type(key, struct xvs_vsid_key);
	__type(value, __u32);
} vsids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_SWITCH_MAX);
	__type(key, __u32);
	__type(value, struct xvs_provider);
} providers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * XVS_CUSTOMER_ROUTE_MAX); /* both halves */
	__type(key, struct xvs_route_key);
	__type(value, struct xvs_hop);
} customer_routes SEC(".maps");

/* Without types, as it is made; max_entries of the one in force is the agent's choice. */
struct xvs_record_hash {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct xvs_record_key));
	__uint(value_size, sizeof(struct xvs_record));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct xvs_record_hash);
} record_table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XVS_CHAIN_MAX);
	__type(key, __u32);
	__type(value, struct xvs_chain);
} chains SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2); /* enum xvs_scratch_of */
	__type(key, __u32);
	__type(value, struct xvs_chain_state);
} chain_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, XVS_INSTANCE_MAX *XVS_REASON_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} extension_reasons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XVS_EVENTS_SIZE);
} events SEC(".maps");

/* Where an uplink's XDP program delivers: port id to device. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, XVS_PORT_MAX);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} xdp_ports SEC(".maps");

/* The time as the tables have it, see maps/fdb.h. Reading it costs as much as a look-up. */
static __always_inline __u32 xvs_tick_now(void)
{
	return xvs_fdb_tick(bpf_ktime_get_coarse_ns());
}

static __always_inline struct xvs_control *xvs_control(void)
{
	__u32 zero = 0;

#ifdef XVS_BUILD_TAG /* an instruction more: a build that the tests upgrade to */
	asm volatile(XVS_BUILD_TAG : : : "r0");
#endif
	return bpf_map_lookup_elem(&control, &zero);
}

/* The port of a reference if that is for `ifindex`. One load: key and port belong together. */
static __always_inline __u32 xvs_port_if(const struct xvs_port_ref *ref, __u32 ifindex)
{
	__u64 both = ref ? *(const volatile __u64 *)ref : 0;

	return (__u32)both == ifindex ? both >> 32 : 0;
}

/* The port on a device, or 0. */
static __always_inline __u32 xvs_port_on(__u32 ifindex)
{
	__u32 place = ifindex % XVS_PORT_CACHE_SIZE;
	__u32 port = xvs_port_if(bpf_map_lookup_elem(&port_cache, &place), ifindex);

	return port ?: xvs_port_if(bpf_map_lookup_elem(&port_index, &ifindex), ifindex);
}

static __always_inline const struct xvs_port_config *xvs_port_config(__u32 port, __u32 generation)
{
	struct xvs_port *both = bpf_map_lookup_elem(&ports, &port);

	return both ? &both->half[generation & 1] : NULL;
}

static __always_inline const struct xvs_subnet_config *xvs_subnet(__u32 id, __u32 generation)
{
	struct xvs_subnet *both = bpf_map_lookup_elem(&subnets, &id);

	return both ? &both->half[generation & 1] : NULL;
}

static __always_inline const struct xvs_vlan_set *xvs_vlan_set_of(
	const struct xvs_port_config *port)
{
	__u32 id = port->vlan_set;

	return id ? bpf_map_lookup_elem(&vlan_sets, &id) : NULL;
}

#endif
