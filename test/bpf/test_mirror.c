// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mirrors: a copy of what A (or another port) sends and receives goes to COMMUNITY_B, which is in
 * no VLAN of theirs. The frame itself fares as without.
 */
#include <criterion/criterion.h>
#include "test/bpf/run.h"

#define TO COMMUNITY_B

static void open_mirror(void)
{
	run_open();
	world_attach();
	run_attach_sinks();
}

TestSuite(mirror, .init = open_mirror, .fini = run_close);

static void mirror(enum port port)
{
	world.ports[port].flags |= XVS_PORT_MIRROR;
	world.ports[port].mirror_to = TO;
}

static void a(void)
{
	mirror(A);
}

static void a_and_b(void)
{
	mirror(A);
	mirror(B);
}

static void b_down(void)
{
	a_and_b();
	world.ports[B].flags &= ~XVS_PORT_UP;
}

static void to_down(void)
{
	a();
	world.ports[TO].flags &= ~XVS_PORT_UP;
}

static void to_gone(void)
{
	a();
	world.ports[TO].ifindex = INT32_MAX;
}

static void to_small(void)
{
	a();
	world.ports[TO].mtu = FRAME_SIZE - ETH_HLEN - 1;
}

static void to_exact(void)
{
	a();
	world.ports[TO].mtu = FRAME_SIZE - ETH_HLEN;
}

/* The daemon refuses it; the programs must not go round in circles all the same. */
static void round_about(void)
{
	a();
	world.ports[TO].flags |= XVS_PORT_MIRROR;
	world.ports[TO].mirror_to = A;
}

static void access(void)
{
	mirror(ACCESS);
}

static void trunk(void)
{
	mirror(TRUNK);
}

static void peer(void)
{
	mirror(PEER);
}

static const struct {
	const char *name;
	void (*change)(void);
	enum port from,
		to; /* to NO_PORT: the frame is dropped, for reason `drop` of port `drops` */
	const uint8_t *source, *destination; /* NULL: the ports' own */
	unsigned int copies; /* that arrive at TO */
	struct tag in[TAGS_MAX], copy[TAGS_MAX];
	enum xvs_drop lost; /* at TO, in place of a copy */
	bool sent; /* a dropped frame counts as sent */
	enum port drops;
	enum xvs_drop drop;
} cases[] = {
	{"sent", a, A, B, .copies = 1},
	{"received", a, B, A, .copies = 1},
	{"of others", a, B, HOST, .copies = 0},
	{"sent and received", a_and_b, A, B, .copies = 2},
	{"received by a peer", peer, A, PEER, .copies = 1},
	{"sent by a peer", peer, PEER, A, .copies = 1},
	{"to whom it is mirrored", a, A, TO, .drops = TO, .drop = XVS_DROP_vlan_not_member,
		.copies = 1, .sent = true, .destination = STATION(TO)},

	{"untagged to the guest", access, UPLINK, ACCESS, .in = {Q(100)}, .copies = 1},
	{"as the guest sends it", access, ACCESS, UPLINK, .copies = 1},
	{"tagged to the guest", trunk, UPLINK, TRUNK, .in = {Q(PRIORITY(3) | 10)},
		.copy = {Q(PRIORITY(3) | 10)}, .copies = 1},
	{"tagged by the guest", trunk, TRUNK, UPLINK, .in = {Q(PRIORITY(3) | 10)},
		.copy = {Q(PRIORITY(3) | 10)}, .copies = 1},
	{"two tags", trunk, TRUNK, UPLINK, .in = {Q(PRIORITY(3) | 10), Q(7)},
		.copy = {Q(PRIORITY(3) | 10), Q(7)}, .copies = 1},

	{"dropped by a guard", a, A, .in = {Q(10)}, .drops = A, .drop = XVS_DROP_vlan_tagged},
	{"from a group", a, A, .source = MULTICAST, .drops = A, .drop = XVS_DROP_source_group},
	{"reserved group", a, A, .destination = RESERVED(0), .drops = A,
		.drop = XVS_DROP_reserved_group},
	{"dropped behind the guards", a, A, .source = STATION(HOST), .drops = A,
		.drop = XVS_DROP_mac_taken, .copies = 1},
	{"to itself", a, A, .destination = STATION(A), .drops = A, .drop = XVS_DROP_same_port,
		.copies = 1},
	{"in another VLAN", a, A, .destination = STATION(ACCESS), .drops = ACCESS,
		.drop = XVS_DROP_vlan_not_member, .sent = true, .copies = 1},
	{"not received", b_down, A, .destination = STATION(B), .drops = B,
		.drop = XVS_DROP_port_down, .sent = true, .copies = 1},

	{"destination down", to_down, A, B, .lost = XVS_DROP_port_down},
	{"destination gone", to_gone, A, B, .lost = XVS_DROP_clone_failed},
	{"destination too small", to_small, A, B, .lost = XVS_DROP_mtu_exceeded},
	{"destination just large enough", to_exact, A, B, .copies = 1},
	{"no circle", round_about, A, B, .copies = 1},
};
#define CASES (sizeof(cases) / sizeof(*cases))

static void expect_mirrors(size_t i, uint32_t bytes, struct tally *expected)
{
	expect_receive(expected, TO, cases[i].copies, cases[i].copies * bytes);
	if (cases[i].lost)
		expected->lost[TO][cases[i].lost] = 1;
}

static void check_copy(const char *what, size_t i, struct frame frame)
{
	struct packet copy, expected;
	uint32_t mark;

	cr_expect_eq(run_copies(TO), cases[i].copies, "%s: %u copies", what, run_copies(TO));
	if (!run_copy(TO, &copy, &mark))
		return;
	memcpy(frame.tags, cases[i].copy, sizeof(frame.tags));
	packet_fill(&expected, &frame);
	cr_expect_eq(mark, 0, "%s: the copy carries a mark", what);
	cr_expect(packet_equal(&copy, &expected), "%s: %s", what,
		packet_difference(&copy, &expected));
}

static bool is_mirrored(enum port port)
{
	return port && world.ports[port].flags & XVS_PORT_MIRROR;
}

static void check_case(size_t i, enum place place)
{
	const char *what = case_name(cases[i].name, place);
	struct frame frame = {cases[i].source ?: STATION(cases[i].from),
		cases[i].destination ?: STATION(cases[i].to), EXPERIMENTAL, {}, 0};
	struct tally expected = {0};
	struct outcome got;
	struct input input;

	memcpy(frame.tags, cases[i].in, sizeof(frame.tags));
	input_fill(&input, INGRESS, cases[i].from, &frame, place);
	run(&input, &got);
	if (cases[i].drop) {
		expect_drop(&expected, cases[i].drops, cases[i].drops == cases[i].from,
			cases[i].drop, 1);
		check_verdict(what, &got, TC_ACT_SHOT);
	} else {
		check_sent(what, &got, cases[i].to);
		expect_receive(&expected, cases[i].to, 1, got.bytes);
	}
	if (!cases[i].drop || cases[i].sent)
		expect_transmit(&expected, cases[i].from, 1, input.packet.size);
	expect_mirrors(i, is_mirrored(cases[i].to) ? got.bytes : input.packet.size, &expected);
	tally_check(what, &expected, &got.change);
	check_copy(what, i, frame);
}

Test(mirror, table)
{
	for (size_t i = 0; i < CASES; i++) {
		world_change(cases[i].change);
		for (enum place place = 0; place < PLACES; place++)
			check_case(i, place);
		world_reset();
	}
}

/* What passes no egress hook must not carry a word that it could be known by. */
Test(mirror, leaves_no_mark)
{
	struct frame frame = {STATION(A), STATION(PEER), EXPERIMENTAL, {}, 0};
	struct outcome got;

	world_change(a);
	run_frame(INGRESS, A, &frame, BESIDE, &got);
	check_verdict("peer", &got, TC_ACT_REDIRECT);
	cr_expect_eq(got.cb[0], 0);
}

/* Each mirrored member of a flood is one copy more, and so is the sender. */
Test(mirror, flood)
{
	struct frame frame = {STATION(A), BROADCAST, EXPERIMENTAL, {}, 0};
	static const enum port members[] = {B, PEER, HOST, TRUNK, UPLINK};
	struct tally expected = {0};
	struct outcome got;

	world_change(a_and_b);
	run_frame(INGRESS, A, &frame, BESIDE, &got);
	check_sent("flood", &got, UPLINK);
	expect_transmit(&expected, A, 1, FRAME_SIZE);
	expected.counters[A].flooded_packets = 1;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		expect_receive(&expected, members[i], 1, FRAME_SIZE);
	expect_receive(&expected, TO, 2, 2 * FRAME_SIZE);
	tally_check("flood", &expected, &got.change);
	cr_expect_eq(run_copies(TO), 2);
	cr_expect_eq(run_copies(B), 1);
}

/* A member that gets the frame itself, and one who is mirrored and gets none. */
Test(mirror, last_of_a_flood)
{
	struct frame frame = {STATION(ACCESS), BROADCAST, EXPERIMENTAL, {}, 0};
	struct outcome got;

	mirror(UPLINK);
	mirror(ACCESS_B);
	world.ports[ACCESS_B].flags &= ~XVS_PORT_UP;
	world_publish();
	run_frame(INGRESS, ACCESS, &frame, BESIDE, &got);
	check_sent("flood", &got, UPLINK);
	cr_expect_eq(got.change.counters[TO].receive_packets, 1);
}

/* On the device of the destination: whatever its VLAN, but not longer than it takes. */
Test(mirror, arrives)
{
	static const struct {
		const char *name;
		enum port on;
		uint32_t mtu;
		struct tag tag;
		enum xvs_drop drop;
	} rows[] = {
		{"untagged", TO, 1500, {}, 0},
		{"of another VLAN", TO, 1500, Q(10), 0},
		{"just fits", TO, FRAME_SIZE - ETH_HLEN, Q(10), 0},
		{"too long", TO, FRAME_SIZE - ETH_HLEN - 1, {}, XVS_DROP_mtu_exceeded},
		{"another port's device", A, 1500, {}, XVS_DROP_wrong_switch},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct frame frame = {STATION(A), STATION(B), EXPERIMENTAL, {rows[i].tag}, 0};
		struct tally expected = {0};
		struct outcome got;
		struct input input;

		world.ports[TO].mtu = rows[i].mtu;
		world_publish();
		input_fill(&input, EGRESS, rows[i].on, &frame, BESIDE);
		hand_over(input.cb, XVS_PHASE_MIRROR, TO, (struct tag){});
		run(&input, &got);
		cr_expect_eq(got.cb[0], 0, "%s", rows[i].name);
		check_verdict(rows[i].name, &got, rows[i].drop ? TC_ACT_SHOT : TC_ACT_UNSPEC);
		if (rows[i].drop)
			expected.lost[TO][rows[i].drop] = 1;
		else
			expect_receive(&expected, TO, 1, FRAME_SIZE);
		tally_check(rows[i].name, &expected, &got.change);
		if (!rows[i].drop)
			check_frame(rows[i].name, &got, &frame);
	}
}
