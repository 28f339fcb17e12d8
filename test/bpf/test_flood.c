// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC ingress: frames to everybody in their VLAN. The copies run through the egress program on
 * their devices, where it is attached; the last receiver gets the frame itself.
 */
#include <criterion/criterion.h>
#include <bpf/bpf.h>
#include "test/bpf/run.h"

static void open_flood(void)
{
	run_open();
	world_attach();
}

TestSuite(flood, .init = open_flood, .fini = run_close);

static void b_and_uplink_down(void)
{
	world.ports[B].flags &= ~XVS_PORT_UP;
	world.ports[UPLINK].flags &= ~XVS_PORT_UP;
}

static void b_small(void)
{
	world.ports[B].mtu = FRAME_SIZE - ETH_HLEN - 1;
}

static void uplink_small(void)
{
	world.ports[UPLINK].mtu = FRAME_SIZE - ETH_HLEN - 1;
}

static void b_elsewhere(void)
{
	world.ports[B].switch_id = SWITCH_B;
}

#define TO(port) (1u << (port))
#define PRIVATE (TO(ISOLATED) | TO(ISOLATED_B) | TO(COMMUNITY) | TO(COMMUNITY_B))
#define VLAN_0 (TO(B) | TO(PEER) | TO(HOST) | TO(TRUNK) | TO(UPLINK)) /* but A */

static const struct {
	const char *name;
	void (*change)(void);
	enum port from;
	const uint8_t *destination;
	struct tag in[TAGS_MAX];
	unsigned int receivers; /* TO(port) */
	unsigned int droppers; /* members who cannot take it, for `drop` */
	enum xvs_drop drop;
	enum port last; /* who gets the frame itself, with `out`; 0 = its last copy is dropped */
	struct tag out[TAGS_MAX];
} floods[] = {
	{"broadcast", NULL, A, BROADCAST, {}, VLAN_0, 0, 0, UPLINK, {}},
	{"multicast", NULL, A, MULTICAST, {}, VLAN_0, 0, 0, UPLINK, {}},
	{"unknown unicast", NULL, A, GUEST(9), {}, VLAN_0, 0, 0, UPLINK, {}},
	{"from the wire", NULL, UPLINK, BROADCAST, {}, TO(A) | (VLAN_0 & ~TO(UPLINK)), 0, 0, TRUNK,
		{}},
	{"access", NULL, ACCESS, BROADCAST, {}, TO(ACCESS_B) | TO(NATIVE) | TO(UPLINK), 0, 0,
		UPLINK, {Q(100)}},
	{"wire to access", NULL, UPLINK, BROADCAST, {Q(100)},
		TO(ACCESS) | TO(ACCESS_B) | TO(NATIVE), 0, 0, NATIVE, {}},
	{"listed VLAN", NULL, UPLINK, BROADCAST, {Q(20)}, TO(TRUNK) | TO(NATIVE), 0, 0, NATIVE,
		{Q(20)}},
	{"VLAN of no list: one receiver", NULL, UPLINK, BROADCAST, {Q(30)}, TO(NATIVE), 0, 0,
		NATIVE, {Q(30)}},
	{"priority kept", NULL, UPLINK, BROADCAST, {Q(PRIORITY(5) | 20)}, TO(TRUNK) | TO(NATIVE), 0,
		0, NATIVE, {Q(PRIORITY(5) | 20)}},
	{"some are down", b_and_uplink_down, A, BROADCAST, {}, VLAN_0 & ~TO(B) & ~TO(UPLINK), 0, 0,
		TRUNK, {}},
	{"too long for a copy", b_small, A, BROADCAST, {}, VLAN_0 & ~TO(B), TO(B),
		XVS_DROP_mtu_exceeded, UPLINK, {}},
	{"too long for the last", uplink_small, A, BROADCAST, {}, VLAN_0 & ~TO(UPLINK), TO(UPLINK),
		XVS_DROP_mtu_exceeded, 0, {}},
	{"inner tag would surface", NULL, UPLINK, BROADCAST, {Q(100), Q(7)}, 0,
		TO(ACCESS) | TO(ACCESS_B) | TO(NATIVE), XVS_DROP_vlan_inner_tag, 0, {}},
	{"two tags", NULL, UPLINK, BROADCAST, {Q(20), Q(7)}, TO(TRUNK) | TO(NATIVE), 0, 0, NATIVE,
		{Q(20), Q(7)}},
	{"isolated", NULL, ISOLATED, BROADCAST, {}, TO(PROMISCUOUS) | TO(NATIVE) | TO(UPLINK), 0, 0,
		UPLINK, {Q(ISOLATED_VLAN)}},
	{"community", NULL, COMMUNITY, BROADCAST, {},
		TO(COMMUNITY_B) | TO(PROMISCUOUS) | TO(NATIVE) | TO(UPLINK), 0, 0, UPLINK,
		{Q(COMMUNITY_VLAN)}},
	{"promiscuous", NULL, PROMISCUOUS, BROADCAST, {}, PRIVATE | TO(NATIVE) | TO(UPLINK), 0, 0,
		UPLINK, {Q(PRIMARY)}},
	{"wire, primary", NULL, UPLINK, BROADCAST, {Q(PRIMARY)},
		PRIVATE | TO(PROMISCUOUS) | TO(NATIVE), 0, 0, NATIVE, {Q(PRIMARY)}},
	{"wire, isolated", NULL, UPLINK, BROADCAST, {Q(ISOLATED_VLAN)},
		TO(PROMISCUOUS) | TO(NATIVE), 0, 0, NATIVE, {Q(ISOLATED_VLAN)}},
	{"wire, community", NULL, UPLINK, BROADCAST, {Q(COMMUNITY_VLAN)},
		TO(COMMUNITY) | TO(COMMUNITY_B) | TO(PROMISCUOUS) | TO(NATIVE), 0, 0, NATIVE,
		{Q(COMMUNITY_VLAN)}},
	{"a member moved to another switch", b_elsewhere, A, BROADCAST, {}, VLAN_0 & ~TO(B), 0, 0,
		UPLINK, {}},
};
#define FLOODS (sizeof(floods) / sizeof(*floods))

/* With the tag beside the packet all of them count the same bytes. */
static void expect_flood(size_t i, uint32_t bytes, struct tally *expected)
{
	expect_transmit(expected, floods[i].from, 1, bytes);
	expected->counters[floods[i].from].flooded_packets = 1;
	for (enum port port = A; port < PORTS; port++) {
		if (floods[i].receivers & TO(port))
			expect_receive(expected, port, 1, bytes);
		if (floods[i].droppers & TO(port))
			expected->lost[port][floods[i].drop] = 1;
	}
}

static void check_flood(size_t i)
{
	struct frame frame = {STATION(floods[i].from), floods[i].destination, EXPERIMENTAL, {}, 0};
	struct tally expected = {0};
	struct outcome got;
	struct input input;

	memcpy(frame.tags, floods[i].in, sizeof(frame.tags));
	input_fill(&input, INGRESS, floods[i].from, &frame, BESIDE);
	run(&input, &got);
	expect_flood(i, input.packet.size, &expected);
	tally_check(floods[i].name, &expected, &got.change);
	if (!floods[i].last) {
		check_verdict(floods[i].name, &got, TC_ACT_SHOT);
		return;
	}
	check_sent(floods[i].name, &got, floods[i].last);
	memcpy(frame.tags, floods[i].out, sizeof(frame.tags));
	check_frame(floods[i].name, &got, &frame);
}

Test(flood, table)
{
	for (size_t i = 0; i < FLOODS; i++) {
		world_change(floods[i].change);
		check_flood(i);
		world_reset();
	}
}

/* The list of the other half is of no concern until the flip. */
Test(flood, generation)
{
	struct frame frame = {STATION(A), BROADCAST, EXPERIMENTAL, {}, 0};
	struct outcome got;

	b_elsewhere();
	world_fill_spare();
	run_frame(INGRESS, A, &frame, IN_PACKET, &got);
	cr_expect_eq(got.change.counters[B].receive_packets, 1);
	xvs_tables_flip(&world.loader.tables);
	run_frame(INGRESS, A, &frame, IN_PACKET, &got);
	cr_expect_eq(got.change.counters[B].receive_packets, 0);
	cr_expect_eq(got.change.counters[HOST].receive_packets, 1);
}

/* Ids are given out again: a list may name a port that is another switch's by now. */
Test(flood, member_of_another_switch)
{
	const struct xvs_tables *tables = &world.loader.tables;
	const struct xvs_flood_key key = {SWITCH, 0, xvs_tables_active(tables)};
	struct frame frame = {STATION(A), BROADCAST, EXPERIMENTAL, {}, 0};
	struct xvs_flood_list list;
	struct outcome got;

	cr_assert_eq(bpf_map_lookup_elem(tables->flood_lists, &key, &list), 0);
	cr_assert_eq(tables->flood_members[list.first + 1].port, B);
	tables->flood_members[list.first + 1].port = STRANGER;
	run_frame(INGRESS, A, &frame, IN_PACKET, &got);
	check_sent("flood", &got, UPLINK);
	cr_expect_eq(got.change.counters[STRANGER].receive_packets, 0);
	cr_expect_eq(got.change.counters[B].receive_packets, 0);
	cr_expect_eq(got.change.counters[HOST].receive_packets, 1);
}
