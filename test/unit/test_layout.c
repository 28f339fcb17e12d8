// SPDX-License-Identifier: GPL-2.0-only
/* What the pins of a running switch look like: a change here is a new layout version. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "maps/layout.h"

struct size {
	const char *what;
	size_t is, must;
};

#define SIZE(type, bytes)                                                                          \
	{                                                                                          \
#type, sizeof(struct type), bytes                                                  \
	}
#define OFFSET(type, member, bytes)                                                                \
	{                                                                                          \
#type "." #member, offsetof(struct type, member), bytes                            \
	}

static const struct size sizes[] = {
	SIZE(xvs_control, 48),
	SIZE(xvs_port_ref, 8),
	SIZE(xvs_port_config, 64),
	SIZE(xvs_port, 128),
	SIZE(xvs_name, 72),
	SIZE(xvs_counters, 64),
	SIZE(xvs_port_state, 48),
	SIZE(xvs_told, 64),
	SIZE(xvs_vlan_set, 512),
	SIZE(xvs_vm_mac, 12),
	SIZE(xvs_port_address, 24),
	SIZE(xvs_learned_address, 24),
	SIZE(xvs_fdb_key, 8),
	SIZE(xvs_fdb_slot, 16),
	SIZE(xvs_fdb_bucket, 64),
	SIZE(xvs_fdb_words, 64),
	SIZE(xvs_fdb_head, 64),
	SIZE(xvs_mac_moved, 24),
	SIZE(xvs_flood_key, 8),
	SIZE(xvs_acl_element, 64),
	SIZE(xvs_acl_head, 128),
	SIZE(xvs_acl_page, 4096),
	SIZE(xvs_flow_key, 48),
	SIZE(xvs_flow, 128),
	SIZE(xvs_flow_sweep, 40),
	SIZE(xvs_chain, 16),
	SIZE(xvs_extension_counters, 32),
	SIZE(xvs_instance, 232),
	SIZE(xvs_fragments, 64),
	SIZE(xvs_flood_list, 8),
	SIZE(xvs_private_vlan_key, 8),
	SIZE(xvs_private_vlan, 4),
	SIZE(xvs_device_saved, 8),
	SIZE(xvs_subnet, 256),
	SIZE(xvs_vsid_key, 8),
	SIZE(xvs_provider, 128),
	SIZE(xvs_route_key, 24),
	SIZE(xvs_hop, 20),
	SIZE(xvs_record_key, 20),
	SIZE(xvs_record, 88),
	OFFSET(xvs_control, generation, 4),
	OFFSET(xvs_control, cookie, 8),
	OFFSET(xvs_control, in_force, 40),
	OFFSET(xvs_port_config, vlan, 2),
	OFFSET(xvs_port_config, switch_id, 6),
	OFFSET(xvs_port_config, flags, 8),
	OFFSET(xvs_port_config, ageing_ns, 24),
	OFFSET(xvs_port_config, mac, 32),
	OFFSET(xvs_port_state, addresses, 4),
	OFFSET(xvs_port_state, address_epoch, 6),
	OFFSET(xvs_port_state, storm, 8),
	OFFSET(xvs_vm_mac, vm, 6),
	OFFSET(xvs_vm_mac, half, 8),
	OFFSET(xvs_port_address, port, 16),
	OFFSET(xvs_port_address, half, 20),
	OFFSET(xvs_learned_address, epoch, 20),
	OFFSET(xvs_fdb_key, vlan, 6),
	OFFSET(xvs_fdb_slot, owner, 8),
	OFFSET(xvs_fdb_slot, seen, 12),
	OFFSET(xvs_fdb_bucket, slot, 0),
	OFFSET(xvs_fdb_words, beyond, 0),
	OFFSET(xvs_fdb_head, buckets, 8),
	OFFSET(xvs_fdb_head, size, 12),
	OFFSET(xvs_fdb_head, count, 16),
};

Test(layout, sizes_and_offsets)
{
	cr_expect_eq(XVS_LAYOUT_VERSION, 9, "new version? then the sizes below are to be checked");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		cr_expect_eq(sizes[i].is, sizes[i].must, "%s is %zu, not %zu", sizes[i].what,
			sizes[i].is, sizes[i].must);
}

/* Keys of hash maps are compared as bytes: no padding may be in them. */
Test(layout, keys_have_no_padding)
{
	cr_expect_eq(sizeof(struct xvs_fdb_key), XVS_MAC_SIZE + sizeof(__u16));
	cr_expect_eq(sizeof(struct xvs_flood_key), 2 * sizeof(__u16) + sizeof(__u32));
	cr_expect_eq(sizeof(struct xvs_private_vlan_key), 2 * sizeof(__u16) + sizeof(__u32));
	cr_expect_eq(sizeof(struct xvs_vm_mac), XVS_MAC_SIZE + sizeof(__u16) + sizeof(__u32));
	cr_expect_eq(sizeof(struct xvs_port_address), 6 * sizeof(__u32));
	cr_expect_eq(sizeof(struct xvs_learned_address), 6 * sizeof(__u32));
}

Test(layout, each_home_of_a_mac_table_has_a_word)
{
	for (uint32_t size = XVS_FDB_SIZE_MIN; size <= XVS_FDB_SIZE_MAX; size += 1 + size / 64) {
		uint32_t buckets = xvs_fdb_buckets(size), end = xvs_fdb_end(buckets);
		uint32_t words = (xvs_fdb_elements(size) - end) * XVS_FDB_WORDS;

		cr_assert_gt(end, buckets + XVS_FDB_REACH, "%u addresses", size);
		cr_assert_gt(words, buckets, "%u addresses", size);
		cr_assert_leq(words, buckets + XVS_FDB_WORDS, "%u addresses", size);
	}
}

struct drop {
	const char *member, *word, *meaning;
	size_t offset;
};

static const struct drop drops[] = {
#define DROP(member, word, meaning)                                                                \
	{#member, word, meaning, offsetof(struct xvs_drop_counts, member)},
	XVS_DROP_LIST(DROP)
#undef DROP
};
#define DROP_COUNT (sizeof(drops) / sizeof(*drops))

Test(layout, drop_names_are_unique)
{
	cr_assert_eq(DROP_COUNT + 1, XVS_DROP_count);
	for (size_t i = 0; i < DROP_COUNT; i++) {
		for (size_t j = 0; j < i; j++) {
			cr_expect_str_neq(drops[i].word, drops[j].word);
			cr_expect_str_neq(drops[i].meaning, drops[j].meaning);
		}
	}
}

Test(layout, drop_words_are_the_members_with_dashes)
{
	for (size_t i = 0; i < DROP_COUNT; i++) {
		const char *member = drops[i].member, *word = drops[i].word;

		cr_assert_eq(strlen(member), strlen(word), "%s", word);
		for (size_t at = 0; word[at]; at++) {
			cr_expect(islower((unsigned char)word[at]) || word[at] == '-', "%s", word);
			cr_expect_eq(word[at], member[at] == '_' ? '-' : member[at], "%s", word);
		}
	}
}

/* Programs count by index, people read by member: both must be the same counter. */
Test(layout, drop_index_is_the_member)
{
	cr_expect_eq(offsetof(struct xvs_drop_counts, none), 0);
	for (size_t i = 0; i < DROP_COUNT; i++)
		cr_expect_eq(drops[i].offset, (i + 1) * sizeof(__u64), "%s", drops[i].member);
	cr_expect_eq(XVS_DROP_no_port, 1);
	cr_expect_eq(XVS_DROP_vlan_tagged, 8);
	cr_expect_eq(XVS_DROP_xdp_transmit, 21);
}

Test(layout, limits_fit_their_types)
{
	cr_expect_leq(XVS_SWITCH_MAX - 1, UINT16_MAX);
	cr_expect_leq(XVS_VLAN_SET_MAX - 1, UINT16_MAX);
	cr_expect_gt(XVS_FDB_ANY_VLAN, XVS_VLAN_MAX);
	cr_expect_gt(XVS_FLOOD_TRUNKS, XVS_FLOOD_SECONDARIES | (XVS_VLAN_MAX - 1));
	cr_expect_geq(XVS_FLOOD_SECONDARIES, XVS_VLAN_MAX);
	cr_expect_geq(XVS_SUBNET_FIRST, XVS_FLOOD_SECONDARIES + XVS_VLAN_MAX);
	cr_expect_lt(XVS_SUBNET_FIRST + XVS_SUBNET_MAX - 1, XVS_FLOOD_TRUNKS);
	cr_expect_not(XVS_SUBNET_FIRST & XVS_FLOOD_SECONDARIES);
	cr_expect_leq(XVS_NUMBER_MASK, (1u << XVS_CB_PRIORITY_SHIFT) - 1);
	cr_expect_eq(XVS_FDB_PERMANENT, XVS_FDB_STATIC | XVS_FDB_ASSIGNED);
	cr_expect_leq(XVS_FDB_SIZE_MIN, XVS_FDB_SIZE_DEFAULT);
	cr_expect_leq(XVS_FDB_SIZE_DEFAULT, XVS_FDB_SIZE_MAX);
}

Test(layout, flags_are_different_bits)
{
	static const unsigned int flags[] = {XVS_PORT_UP, XVS_PORT_PEER, XVS_PORT_MAC,
		XVS_PORT_KEEP_PRIORITY, XVS_PORT_XDP_TARGET, XVS_PORT_ALL_VLANS, XVS_PORT_OWN_MAC,
		XVS_PORT_TEAMING, XVS_PORT_DHCP_GUARD, XVS_PORT_ROUTER_GUARD,
		XVS_PORT_ADDRESS_GUARD, XVS_PORT_STORM_LIMIT, XVS_PORT_MIRROR, XVS_PORT_ACL,
		XVS_PORT_PRIVATE_VLANS};
	unsigned int seen = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		cr_expect_eq(seen & flags[i], 0);
		cr_expect_eq(flags[i] & (flags[i] - 1), 0);
		seen |= flags[i];
	}
}
