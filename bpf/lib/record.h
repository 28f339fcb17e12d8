/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtual subnets and the record table, as the programs read them: maps/virtual.h. */
#ifndef XVS_BPF_RECORD_H
#define XVS_BPF_RECORD_H

#include "bpf/lib/maps.h"
#include "bpf/lib/packet.h"

/* `number`: as in the place of a VLAN's. NULL: the host has no such subnet. */
static __always_inline const struct xvs_subnet_config *xvs_subnet_numbered(
	__u32 number, __u32 generation)
{
	const struct xvs_subnet_config *subnet = xvs_subnet(xvs_subnet_id(number), generation);

	return subnet && subnet->vsid ? subnet : NULL;
}

/* NULL: there is none. */
static __always_inline struct xvs_record *xvs_record_find(const struct xvs_record_key *key)
{
	__u32 zero = 0;
	void *table = bpf_map_lookup_elem(&record_table, &zero);

	return table ? bpf_map_lookup_elem(table, key) : NULL;
}

/* Behind all that was read of a record: is it still that one? */
static __always_inline int xvs_record_is(
	const struct xvs_record *record, const struct xvs_record_key *key)
{
	const volatile __u32 *has = (const volatile __u32 *)&record->key;
	const __u32 *wanted = (const __u32 *)key;

	return has[0] == wanted[0] && has[1] == wanted[1] && has[2] == wanted[2] &&
	       has[3] == wanted[3] && has[4] == wanted[4];
}

/* A MAC address as a number: its first byte is the lowest. */
static __always_inline __u64 xvs_mac_number(const __u8 *mac)
{
	__u32 low;
	__u16 high;

	__builtin_memcpy(&low, mac, sizeof(low));
	__builtin_memcpy(&high, mac + sizeof(low), sizeof(high));
	return low | (__u64)high << 32;
}

static __always_inline void xvs_put_mac(__u8 *to, __u64 mac)
{
	__u32 low = mac;
	__u16 high = mac >> 32;

	__builtin_memcpy(to, &low, sizeof(low));
	__builtin_memcpy(to + sizeof(low), &high, sizeof(high));
}

/*
 * The MAC address, as a number, of whose customer address that is. 0: no record knows it, or not
 * yet, or its MAC address is a group's.
 */
__noinline __u64 xvs_record_mac(__u32 vsid, const struct xvs_ip6_address *address)
{
	struct xvs_record_key key = {
		.what = vsid | XVS_RECORD_ADDRESS << XVS_RECORD_TYPE_SHIFT,
	};
	const struct xvs_record *record;
	__u64 mac;

	if (!address)
		return 0; /* for the verifier, which lets it be NULL */
	__builtin_memcpy(key.address, address->word, sizeof(key.address));
	record = xvs_record_find(&key);
	if (!record)
		return 0;
	mac = xvs_mac_number(record->mac);
	asm volatile("" : "+r"(mac) : : "memory"); /* read before the key */
	return (mac & 1) || !xvs_record_is(record, &key) ? 0 : mac;
}

#endif
