// SPDX-License-Identifier: GPL-2.0-only
/* TC ingress: frames that reach one port, and the tags they get there with. */
#include <criterion/criterion.h>
#include "test/bpf/run.h"

TestSuite(ingress, .init = run_open, .fini = run_close);

/* A frame between the stations of two ports: what it arrives with, what it leaves with. */
static const struct {
	const char *name;
	enum port from, to;
	struct tag in[TAGS_MAX], out[TAGS_MAX];
} deliveries[] = {
	{"guest to guest", A, B, {}, {}},
	{"guest to peer", A, PEER, {}, {}},
	{"peer to guest", PEER, A, {}, {}},
	{"guest to host", A, HOST, {}, {}},
	{"host to guest", HOST, A, {}, {}},
	{"guest to wire", A, UPLINK, {}, {}},
	{"wire to guest", UPLINK, A, {}, {}},
	{"untagged domain of a trunk", A, TRUNK, {}, {}},
	{"untagged domain of two trunks", TRUNK, UPLINK, {}, {}},
	{"access to access", ACCESS, ACCESS_B, {}, {}},
	{"access to its native trunk", ACCESS, NATIVE, {}, {}},
	{"access to wire: tag put on", ACCESS, UPLINK, {}, {Q(100)}},
	{"native to wire: tag put on", NATIVE, UPLINK, {}, {Q(100)}},
	{"wire to access: tag taken off", UPLINK, ACCESS, {Q(100)}, {}},
	{"wire to native: tag taken off", UPLINK, NATIVE, {Q(100)}, {}},
	{"native, tagged, to access", NATIVE, ACCESS, {Q(100)}, {}},
	{"trunk to trunk", TRUNK, UPLINK, {Q(10)}, {Q(10)}},
	{"trunk to trunk, the list's other", UPLINK, TRUNK, {Q(20)}, {Q(20)}},
	{"trunk to trunk, last VLAN", NATIVE, UPLINK, {Q(4094)}, {Q(4094)}},
	{"priority tag, not kept", A, B, {Q(PRIORITY(5))}, {}},
	{"priority tag, kept by the receiver only", A, UPLINK, {Q(PRIORITY(5))}, {}},
	{"priority tag, kept by the sender only", UPLINK, A, {Q(PRIORITY(5))}, {}},
	{"priority tag becomes a VLAN's", NATIVE, UPLINK, {Q(PRIORITY(5))}, {Q(PRIORITY(5) | 100)}},
	{"a VLAN's becomes a priority tag", UPLINK, NATIVE, {Q(PRIORITY(5) | 100)},
		{Q(PRIORITY(5))}},
	{"priority 0 of VID 0", UPLINK, A, {Q(0)}, {}},
	{"priority of a VLAN, kept", NATIVE, UPLINK, {Q(PRIORITY(3) | 30)}, {Q(PRIORITY(3) | 30)}},
	{"priority of a VLAN, kept by the receiver only", TRUNK, UPLINK, {Q(PRIORITY(3) | 10)},
		{Q(10)}},
	{"priority of a VLAN, kept by the sender only", UPLINK, TRUNK, {Q(PRIORITY(3) | 10)},
		{Q(PRIORITY(3) | 10)}},
	{"isolated to promiscuous", ISOLATED, PROMISCUOUS, {}, {}},
	{"community to community", COMMUNITY, COMMUNITY_B, {}, {}},
	{"community to promiscuous", COMMUNITY, PROMISCUOUS, {}, {}},
	{"promiscuous to isolated", PROMISCUOUS, ISOLATED, {}, {}},
	{"promiscuous to community", PROMISCUOUS, COMMUNITY, {}, {}},
	{"isolated to wire: tag of the secondary", ISOLATED, UPLINK, {}, {Q(ISOLATED_VLAN)}},
	{"community to wire: tag of the secondary", COMMUNITY, UPLINK, {}, {Q(COMMUNITY_VLAN)}},
	{"promiscuous to wire: tag of the primary", PROMISCUOUS, UPLINK, {}, {Q(PRIMARY)}},
	{"wire to isolated", UPLINK, ISOLATED, {Q(PRIMARY)}, {}},
	{"wire to community, primary", UPLINK, COMMUNITY, {Q(PRIMARY)}, {}},
	{"wire to community, its own", UPLINK, COMMUNITY, {Q(COMMUNITY_VLAN)}, {}},
	{"wire to promiscuous, primary", UPLINK, PROMISCUOUS, {Q(PRIMARY)}, {}},
	{"wire to promiscuous, isolated", UPLINK, PROMISCUOUS, {Q(ISOLATED_VLAN)}, {}},
	{"wire to promiscuous, community", UPLINK, PROMISCUOUS, {Q(COMMUNITY_VLAN)}, {}},
	{"two tags", UPLINK, TRUNK, {Q(10), Q(7)}, {Q(10), Q(7)}},
	{"two tags, the outer one changed", TRUNK, UPLINK, {Q(PRIORITY(3) | 10), Q(7)},
		{Q(10), Q(7)}},
	{"two tags, the inner one of 802.1ad", UPLINK, TRUNK, {Q(10), AD(7)}, {Q(10), AD(7)}},
};

static void check_delivery(const char *what, enum port from, enum port to,
	const struct frame *frame, enum place place, const struct tag *out)
{
	struct tally expected = {0};
	struct frame sent = *frame;
	struct outcome got;
	struct input input;

	input_fill(&input, INGRESS, from, frame, place);
	run(&input, &got);
	check_sent(what, &got, to);
	if (to != PEER)
		cr_expect_eq(got.cb[2], from, "%s: handed over from port %u", what, got.cb[2]);
	memcpy(sent.tags, out, sizeof(sent.tags));
	check_frame(what, &got, &sent);
	expect_transmit(&expected, from, 1, input.packet.size);
	expect_receive(&expected, to, 1, got.bytes);
	tally_check(what, &expected, &got.change);
}

Test(ingress, deliveries)
{
	for (size_t i = 0; i < sizeof(deliveries) / sizeof(*deliveries); i++) {
		struct frame frame = {
			.source = STATION(deliveries[i].from),
			.destination = STATION(deliveries[i].to),
		};

		memcpy(frame.tags, deliveries[i].in, sizeof(frame.tags));
		for (enum place place = 0; place < PLACES; place++)
			check_delivery(case_name(deliveries[i].name, place), deliveries[i].from,
				deliveries[i].to, &frame, place, deliveries[i].out);
	}
}

/* What a frame carries makes no difference, down to nothing at all. */
Test(ingress, contents)
{
	const struct tag none[TAGS_MAX] = {};

	for (enum content content = 0; content < CONTENTS; content++) {
		struct frame frame = {STATION(A), STATION(B), content, {}, 0};

		if (content != CUT_TAG)
			check_delivery("content", A, B, &frame, IN_PACKET, none);
	}
	for (uint32_t size = ETH_HLEN; size < FRAME_SIZE; size++) {
		struct frame frame = {STATION(A), STATION(B), EXPERIMENTAL, {}, size};

		check_delivery("short", A, B, &frame, IN_PACKET, none);
	}
}

static void check_reserved(const struct frame *frame)
{
	struct tally nothing = {0};
	struct outcome got;

	run_frame(INGRESS, UPLINK, frame, BESIDE, &got);
	check_verdict("reserved on uplink", &got, TC_ACT_UNSPEC);
	check_frame("reserved on uplink", &got, frame);
	tally_check("reserved on uplink", &nothing, &got.change);
	for (enum port port = A; port < UPLINK; port++) {
		struct tally dropped = {0};

		dropped.drops[port][XVS_DROP_reserved_group] = 1;
		run_frame(INGRESS, port, frame, IN_PACKET, &got);
		check_verdict("reserved", &got, TC_ACT_SHOT);
		tally_check("reserved", &dropped, &got.change);
	}
}

/* Addresses for the neighbour only: on the uplink the host may want them, elsewhere nobody does. */
Test(ingress, reserved_groups)
{
	const struct tag outer[] = {{}, Q(10), AD(10)};

	for (uint8_t last = 0; last < 0x10; last++) {
		for (size_t i = 0; i < sizeof(outer) / sizeof(*outer); i++) {
			struct frame frame = {
				GUEST(1), RESERVED(last), EXPERIMENTAL, {outer[i]}, 0};

			check_reserved(&frame);
		}
	}
}

/* The next addresses are groups like others. */
Test(ingress, not_reserved_groups)
{
	const uint8_t *const groups[] = {
		RESERVED(0x10),
		RESERVED(0xff),
		MAC(0x01, 0x80, 0xc2, 0x00, 0x01, 0x00),
		MAC(0x01, 0x80, 0xc2, 0x01, 0x00, 0x00),
		MAC(0x01, 0x80, 0xc3, 0x00, 0x00, 0x00),
		MAC(0x01, 0x81, 0xc2, 0x00, 0x00, 0x00),
		MAC(0x03, 0x80, 0xc2, 0x00, 0x00, 0x00),
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		struct frame frame = {STATION(A), groups[i], EXPERIMENTAL, {}, 0};
		struct outcome got;

		run_frame(INGRESS, A, &frame, IN_PACKET, &got);
		cr_expect_eq(got.verdict, TC_ACT_REDIRECT, "group %zu", i);
		cr_expect_eq(got.change.counters[A].flooded_packets, 1, "group %zu", i);
	}
}

/* What is written to the spare half counts from the flip on, for the next packet and for all. */
Test(ingress, generation)
{
	struct frame frame = {STATION(A), STATION(B), EXPERIMENTAL, {}, 0};
	struct tally dropped = {0};
	struct outcome got;

	world.ports[B].vlan_mode = XVS_VLAN_ACCESS;
	world.ports[B].vlan = 200;
	world_fill_spare();
	run_frame(INGRESS, A, &frame, IN_PACKET, &got);
	check_sent("before the flip", &got, B);

	xvs_tables_flip(&world.loader.tables);
	expect_transmit(&dropped, A, 1, FRAME_SIZE);
	dropped.lost[B][XVS_DROP_vlan_not_member] = 1;
	run_frame(INGRESS, A, &frame, IN_PACKET, &got);
	check_verdict("after the flip", &got, TC_ACT_SHOT);
	tally_check("after the flip", &dropped, &got.change);

	world_reset();
	run_frame(INGRESS, A, &frame, IN_PACKET, &got);
	check_sent("after the next flip", &got, B);
}

/* Two devices may meet in a place of the cache; the one that has no place is found all the same. */
Test(ingress, port_cache)
{
	struct xvs_port_ref *place =
		&world.loader.tables.port_cache[world.ifindex[A] % XVS_PORT_CACHE_SIZE];
	const struct xvs_port_ref refs[] = {
		{world.ifindex[A], A},
		{world.ifindex[A] + XVS_PORT_CACHE_SIZE, B},
		{0, 0},
	};
	struct frame frame = {STATION(A), STATION(HOST), EXPERIMENTAL, {}, 0};
	struct outcome got;

	cr_assert_eq(place->port, A);
	for (size_t i = 0; i < sizeof(refs) / sizeof(*refs); i++) {
		*place = refs[i];
		run_frame(INGRESS, A, &frame, IN_PACKET, &got);
		check_sent("cache", &got, HOST);
		cr_expect_eq(got.change.counters[A].transmit_packets, 1, "place %zu", i);
	}
}
