// SPDX-License-Identifier: GPL-2.0-only
/* TC ingress: every reason to drop a frame, each counted once, on the right port, and nothing else.
 */
#include <criterion/criterion.h>
#include "test/bpf/run.h"

TestSuite(drops, .init = run_open, .fini = run_close);

static void unused(void)
{
	world.ports[A].kind = XVS_PORT_UNUSED;
}

static void moved_device(void)
{
	world.ports[A].ifindex = world.ifindex[B];
}

static void fixed_elsewhere(void)
{
	world_fdb_set(SWITCH, GUEST(1), 0, B, XVS_FDB_STATIC, 0);
}

static void learned_here(void)
{
	world_fdb_set(SWITCH, GUEST(2), 0, A, 0, 0);
}

static void down(void)
{
	world.ports[B].flags &= ~XVS_PORT_UP;
}

static void small_mtu(void)
{
	world.ports[B].mtu = FRAME_SIZE - ETH_HLEN - 1;
}

/* Only TRUNK and UPLINK are left in VLAN 100; the device of ACCESS is gone. */
static void lost_device(void)
{
	world.ports[ACCESS].ifindex = INT32_MAX;
	world.ports[ACCESS_B].flags &= ~XVS_PORT_UP;
}

static void owned_elsewhere(void)
{
	world_fdb_set(SWITCH, GUEST(3), XVS_FDB_ANY_VLAN, STRANGER, XVS_FDB_STATIC, 0);
}

static void no_table(void)
{
	world.ports[A].switch_id = SWITCH_EMPTY;
}

enum way { NOT_SENT, SENT, FLOODED }; /* as what it is counted on the sender */

#define FROM(port) .from = port, .frame.source = STATION(port)
#define TO(mac) .frame.destination = mac
#define TAGS(...) .frame.tags = {__VA_ARGS__}
#define DROP(port, reason) .charged = port, .drop = XVS_DROP_##reason
#define ONLY(place) .places = 1 << place

static const struct {
	const char *name;
	void (*change)(void);
	enum port from;
	struct frame frame;
	unsigned int places; /* where the tag may stand; 0 = anywhere */
	enum port charged;
	enum xvs_drop drop;
	enum way way;
	enum port receiver; /* gets the frame in spite of the drop of a copy */
} drops[] = {
	{"no port", NULL, FROM(NO_PORT), TO(STATION(B)), DROP(NO_PORT, no_port)},
	{"port id that is not used", unused, FROM(A), TO(STATION(B)), DROP(A, no_port)},
	{"device that the port left", moved_device, FROM(A), TO(STATION(B)), DROP(A, no_port)},

	{"tag cut to nothing", NULL, FROM(A), TO(STATION(B)), .frame.content = CUT_TAG,
		.frame.size = 14, DROP(A, truncated)},
	{"tag cut in its control", NULL, FROM(A), TO(STATION(B)), .frame.content = CUT_TAG,
		.frame.size = 15, DROP(A, truncated)},
	{"tag cut before its protocol", NULL, FROM(A), TO(STATION(B)), .frame.content = CUT_TAG,
		.frame.size = 16, DROP(A, truncated)},
	{"tag cut in its protocol", NULL, FROM(UPLINK), TO(STATION(B)), .frame.content = CUT_TAG,
		.frame.size = 17, DROP(UPLINK, truncated)},
	{"inner tag cut, outer one beside", NULL, FROM(UPLINK), TO(STATION(TRUNK)), TAGS(Q(10)),
		.frame.content = CUT_TAG, .frame.size = 17, ONLY(BESIDE), DROP(UPLINK, truncated)},

	{"from broadcast", NULL, .from = A, .frame.source = BROADCAST, TO(STATION(B)),
		DROP(A, source_group)},
	{"from multicast, to the same", NULL, .from = A, .frame.source = MULTICAST, TO(MULTICAST),
		DROP(A, source_group)},
	{"from group, on the uplink", NULL, .from = UPLINK, .frame.source = MAC(3, 0, 0, 0, 0, A),
		TO(STATION(B)), DROP(UPLINK, source_group)},
	{"from zero", NULL, .from = A, .frame.source = MAC(0, 0, 0, 0, 0, 0), TO(BROADCAST),
		DROP(A, source_zero)},

	{"reserved group, first", NULL, FROM(A), TO(RESERVED(0)), DROP(A, reserved_group)},
	{"reserved group, last, tagged", NULL, FROM(HOST), TO(RESERVED(15)), TAGS(Q(10)),
		DROP(HOST, reserved_group)},

	{"from another port's address", NULL, .from = A, .frame.source = STATION(HOST),
		TO(STATION(B)), DROP(A, mac_taken)},
	{"the same from the wire", NULL, .from = UPLINK, .frame.source = STATION(A), TO(BROADCAST),
		DROP(UPLINK, mac_taken)},
	{"from an address fixed elsewhere", fixed_elsewhere, .from = A, .frame.source = GUEST(1),
		TO(STATION(B)), DROP(A, mac_taken)},

	{"tagged on untagged", NULL, FROM(A), TO(STATION(B)), TAGS(Q(10)), DROP(A, vlan_tagged)},
	{"tagged on access, its own VLAN", NULL, FROM(ACCESS), TO(STATION(ACCESS_B)), TAGS(Q(100)),
		DROP(ACCESS, vlan_tagged)},
	{"two tags on access", NULL, FROM(ACCESS), TO(STATION(ACCESS_B)), TAGS(Q(100), Q(7)),
		DROP(ACCESS, vlan_tagged)},
	{"tagged on host", NULL, FROM(HOST), TO(BROADCAST), TAGS(Q(1)), DROP(HOST, vlan_tagged)},

	{"802.1ad on untagged", NULL, FROM(A), TO(STATION(B)), TAGS(AD(10)),
		DROP(A, vlan_protocol)},
	{"802.1ad on trunk", NULL, FROM(TRUNK), TO(STATION(UPLINK)), TAGS(AD(10)),
		DROP(TRUNK, vlan_protocol)},
	{"802.1ad priority tag on uplink", NULL, FROM(UPLINK), TO(STATION(A)), TAGS(AD(0)),
		DROP(UPLINK, vlan_protocol)},
	{"802.1ad over 802.1Q", NULL, FROM(UPLINK), TO(STATION(TRUNK)), TAGS(AD(10), Q(10)),
		DROP(UPLINK, vlan_protocol)},

	{"priority tag over a tag", NULL, FROM(A), TO(STATION(B)), TAGS(Q(0), Q(10)),
		DROP(A, vlan_inner_tag)},
	{"priority tag over 802.1ad, trunk", NULL, FROM(TRUNK), TO(STATION(UPLINK)),
		TAGS(Q(PRIORITY(7)), AD(10)), DROP(TRUNK, vlan_inner_tag)},
	{"inner tag would surface at access", NULL, FROM(UPLINK), TO(STATION(ACCESS)),
		TAGS(Q(100), Q(7)), DROP(ACCESS, vlan_inner_tag), .way = SENT},
	{"inner tag would surface at native", NULL, FROM(UPLINK), TO(STATION(NATIVE)),
		TAGS(Q(PRIORITY(5) | 100), Q(7)), DROP(NATIVE, vlan_inner_tag), .way = SENT},

	{"not in the trunk's list", NULL, FROM(TRUNK), TO(STATION(UPLINK)), TAGS(Q(30)),
		DROP(TRUNK, vlan_not_allowed)},
	{"bit of the list in another word", NULL, FROM(TRUNK), TO(STATION(UPLINK)), TAGS(Q(74)),
		DROP(TRUNK, vlan_not_allowed)},
	{"VLAN 4095", NULL, FROM(UPLINK), TO(STATION(TRUNK)), TAGS(Q(4095)),
		DROP(UPLINK, vlan_not_allowed)},

	{"receiver in another VLAN", NULL, FROM(A), TO(STATION(ACCESS)),
		DROP(ACCESS, vlan_not_member), .way = SENT},
	{"receiver in the untagged domain", NULL, FROM(UPLINK), TO(STATION(A)), TAGS(Q(10)),
		DROP(A, vlan_not_member), .way = SENT},
	{"not in the receiver's list", NULL, FROM(UPLINK), TO(STATION(TRUNK)), TAGS(Q(30)),
		DROP(TRUNK, vlan_not_member), .way = SENT},
	{"untagged domain, receiver native elsewhere", NULL, FROM(A), TO(STATION(NATIVE)),
		DROP(NATIVE, vlan_not_member), .way = SENT},

	{"isolated to isolated", NULL, FROM(ISOLATED), TO(STATION(ISOLATED_B)),
		DROP(ISOLATED_B, private_vlan), .way = SENT},
	{"isolated to community", NULL, FROM(ISOLATED), TO(STATION(COMMUNITY)),
		DROP(COMMUNITY, private_vlan), .way = SENT},
	{"community to isolated", NULL, FROM(COMMUNITY), TO(STATION(ISOLATED)),
		DROP(ISOLATED, private_vlan), .way = SENT},
	{"wire to isolated, isolated there", NULL, FROM(UPLINK), TO(STATION(ISOLATED)),
		TAGS(Q(ISOLATED_VLAN)), DROP(ISOLATED, private_vlan), .way = SENT},
	{"wire to isolated, community there", NULL, FROM(UPLINK), TO(STATION(ISOLATED)),
		TAGS(Q(COMMUNITY_VLAN)), DROP(ISOLATED, private_vlan), .way = SENT},
	{"tagged on isolated, its own VLAN", NULL, FROM(ISOLATED), TO(STATION(PROMISCUOUS)),
		TAGS(Q(ISOLATED_VLAN)), DROP(ISOLATED, vlan_tagged)},
	{"tagged on promiscuous", NULL, FROM(PROMISCUOUS), TO(STATION(ISOLATED)),
		TAGS(Q(ISOLATED_VLAN)), DROP(PROMISCUOUS, vlan_tagged)},
	{"private VLAN, receiver elsewhere", NULL, FROM(PROMISCUOUS), TO(STATION(A)),
		DROP(A, vlan_not_member), .way = SENT},
	{"receiver in a private VLAN, sender elsewhere", NULL, FROM(A), TO(STATION(ISOLATED)),
		DROP(ISOLATED, vlan_not_member), .way = SENT},

	{"to itself", NULL, FROM(A), TO(STATION(A)), DROP(A, same_port)},
	{"to an address learned where it came from", learned_here, FROM(A), TO(GUEST(2)),
		DROP(A, same_port)},

	{"receiver down", down, FROM(A), TO(STATION(B)), DROP(B, port_down), .way = SENT},
	{"one byte too long", small_mtu, FROM(A), TO(STATION(B)), DROP(B, mtu_exceeded),
		.way = SENT},
	{"one byte too long, tagged", small_mtu, FROM(A), TO(STATION(B)), TAGS(Q(0)),
		DROP(B, mtu_exceeded), .way = SENT},

	{"alone, broadcast", NULL, FROM(STRANGER), TO(BROADCAST), DROP(STRANGER, no_destination),
		.way = FLOODED},
	{"alone, to a station of another switch", NULL, FROM(STRANGER), TO(STATION(A)),
		DROP(STRANGER, no_destination), .way = FLOODED},

	{"device of a copy is gone", lost_device, FROM(NATIVE), TO(BROADCAST),
		DROP(ACCESS, clone_failed), .way = FLOODED, .receiver = UPLINK},

	{"second tag is cut, first to be changed", NULL, FROM(TRUNK), TO(STATION(UPLINK)),
		TAGS(Q(PRIORITY(5) | 10)), .frame.content = CUT_TAG, .frame.size = 14,
		ONLY(IN_PACKET), DROP(UPLINK, tag_failed), .way = SENT},

	{"entry of another switch's port", owned_elsewhere, FROM(A), TO(GUEST(3)),
		DROP(A, wrong_switch), .way = SENT},
	{"switch without a table", no_table, FROM(A), TO(STATION(B)), DROP(A, wrong_switch)},
};
#define DROPS (sizeof(drops) / sizeof(*drops))

static struct xvs_told told; /* the last one that was read */

static unsigned int read_events(void)
{
	return run_read_events(XVS_EVENT_DROPPED, &told, sizeof(told));
}

static uint64_t mac_word(const uint8_t *mac)
{
	uint64_t word = 0;

	for (int i = 0; i < XVS_MAC_SIZE; i++)
		word = word << 8 | mac[i];
	return word << 16;
}

/* The frames of the table are no IP: their MAC addresses are told. */
static void check_told(const char *what, size_t i)
{
	bool out = drops[i].charged == drops[i].from, known = drops[i].charged != NO_PORT;
	const uint8_t *destination = drops[i].frame.destination;

	cr_assert_eq(read_events(), known, "%s", what);
	world.loader.tables.port_state[drops[i].charged].dropped = (struct xvs_telling){0};
	if (!known)
		return;
	cr_expect_eq(told.port, drops[i].charged, "%s", what);
	cr_expect_eq(told.reason, drops[i].drop, "%s", what);
	cr_expect_eq(told.direction, out ? XVS_ACL_OUT : XVS_ACL_IN, "%s", what);
	cr_expect_eq(told.family, XVS_ACL_MAC, "%s", what);
	cr_expect_eq(out ? told.remote[0] : told.local[0], mac_word(destination), "%s", what);
	cr_expect_eq(told.list, 0, "%s: no rule was asked", what);
}

static void check_drop(size_t i, enum place place)
{
	const char *what = case_name(drops[i].name, place);
	struct tally expected = {0};
	struct outcome got;
	struct input input;

	input_fill(&input, INGRESS, drops[i].from, &drops[i].frame, place);
	run(&input, &got);
	expect_drop(
		&expected, drops[i].charged, drops[i].charged == drops[i].from, drops[i].drop, 1);
	if (drops[i].way != NOT_SENT)
		expect_transmit(&expected, drops[i].from, 1, input.packet.size);
	if (drops[i].way == FLOODED)
		expected.counters[drops[i].from].flooded_packets = 1;
	if (drops[i].receiver)
		expect_receive(&expected, drops[i].receiver, 1, got.bytes);
	check_verdict(what, &got, drops[i].receiver ? TC_ACT_REDIRECT : TC_ACT_SHOT);
	tally_check(what, &expected, &got.change);
	check_told(what, i);
}

Test(drops, table)
{
	world.loader.tables.control->listeners = 1;
	world_attach(); /* a copy is among them */
	for (size_t i = 0; i < DROPS; i++) {
		world_change(drops[i].change);
		for (enum place place = 0; place < PLACES; place++)
			if (!drops[i].places || drops[i].places & 1 << place)
				check_drop(i, place);
		if (drops[i].change)
			world_reset();
	}
}

/* A reason that is added to maps/drops.h wants a frame here, or a word on who else counts it. */
Test(drops, table_is_whole)
{
	uint64_t seen = 1ull << XVS_DROP_none | 1ull << XVS_DROP_no_program /* stubs */ |
			1ull << XVS_DROP_host_originated /* egress */ |
			1ull << XVS_DROP_xdp_transmit /* lost */;

	for (enum xvs_drop drop = XVS_DROP_mac_spoofed; drop < XVS_DROP_count; drop++)
		seen |= 1ull << drop; /* guards, senders, acl, flow, ingress */

	for (size_t i = 0; i < DROPS; i++)
		seen |= 1ull << drops[i].drop;
	cr_expect_eq(seen, (1ull << XVS_DROP_count) - 1, "reasons: 0x%lx", seen);
}

static void drop_some(unsigned int count)
{
	struct frame frame = {STATION(B), STATION(A), IPV4_UDP, {}, 0};
	struct outcome got;

	for (unsigned int i = 0; i < count; i++) {
		run_frame(INGRESS, A, &frame, BESIDE, &got);
		check_verdict("taken", &got, TC_ACT_SHOT);
	}
}

Test(drops, are_not_told_of_unless_somebody_listens)
{
	drop_some(5);
	cr_expect_eq(read_events(), 0);
}

/* Each port tells of so many a second, and how many more there were. */
Test(drops, are_told_of_at_a_limited_rate)
{
	struct xvs_telling *dropped = &world.loader.tables.port_state[A].dropped;
	uint64_t begin = world_now();
	unsigned int count, missed;

	world.loader.tables.control->listeners = 1;
	drop_some(200);
	count = read_events();
	cr_expect_geq(count, XVS_TOLD_MAX);
	cr_expect_leq(
		count, ((world_now() - begin) / NANOSECONDS + 2) * XVS_TOLD_MAX, "%u told", count);
	missed = dropped->untold;
	dropped->told = 0; /* another second */
	drop_some(1);
	cr_assert_eq(read_events(), 1);
	cr_expect_eq(told.missed, missed);
	cr_expect_eq(dropped->untold, 0);
}

/* The same frame as above, one byte shorter or into a larger MTU. */
Test(drops, largest_that_fits)
{
	struct frame frame = {STATION(A), STATION(B), EXPERIMENTAL, {Q(0)}, 0};
	struct outcome got;

	world_change(small_mtu);
	frame.size = FRAME_SIZE - 1;
	for (enum place place = 0; place < PLACES; place++) {
		run_frame(INGRESS, A, &frame, place, &got);
		check_sent("fits", &got, B);
	}
}
