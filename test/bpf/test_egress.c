// SPDX-License-Identifier: GPL-2.0-only
/* TC egress: finished frames pass, copies get what they are for, the host's own are dropped. */
#include <criterion/criterion.h>
#include "test/bpf/run.h"

TestSuite(egress, .init = run_open, .fini = run_close);

static void down(void)
{
	world.ports[B].flags &= ~XVS_PORT_UP;
}

static void small_mtu(void)
{
	world.ports[B].mtu = FRAME_SIZE - ETH_HLEN - 1;
}

static void exact_mtu(void)
{
	world.ports[B].mtu = FRAME_SIZE - ETH_HLEN;
}

static void unused(void)
{
	world.ports[B].kind = XVS_PORT_UNUSED;
}

/* A frame of EXPERIMENTAL content, or of a tag that is cut if it has CUT bytes. */
#define CUT 14

/* A copy on the device of `on` for port `to`, in VLAN `vlan` (and its priority). */
static const struct {
	const char *name;
	void (*change)(void);
	enum port on, to;
	uint16_t vlan;
	struct tag in[TAGS_MAX], out[TAGS_MAX];
	enum xvs_drop drop; /* or none */
	uint32_t size;
} copies[] = {
	{"untagged", NULL, B, B, 0, {}, {}, 0, 0},
	{"host", NULL, HOST, HOST, 0, {}, {}, 0, 0},
	{"priority tag taken off", NULL, B, B, PRIORITY(5), {Q(PRIORITY(5))}, {}, 0, 0},
	{"tag taken off", NULL, ACCESS, ACCESS, 100, {Q(100)}, {}, 0, 0},
	{"tag put on", NULL, UPLINK, UPLINK, 100, {}, {Q(100)}, 0, 0},
	{"tag with priority put on", NULL, UPLINK, UPLINK, PRIORITY(5) | 100, {},
		{Q(PRIORITY(5) | 100)}, 0, 0},
	{"tag stays", NULL, TRUNK, TRUNK, 10, {Q(10)}, {Q(10)}, 0, 0},
	{"priority wiped", NULL, TRUNK, TRUNK, 10, {Q(PRIORITY(5) | 10)}, {Q(10)}, 0, 0},
	{"native with priority", NULL, NATIVE, NATIVE, PRIORITY(3) | 100, {Q(PRIORITY(3) | 100)},
		{Q(PRIORITY(3))}, 0, 0},
	{"two tags", NULL, UPLINK, UPLINK, 10, {Q(10), Q(7)}, {Q(10), Q(7)}, 0, 0},
	{"two tags, outer changed", NULL, TRUNK, TRUNK, 10, {Q(PRIORITY(5) | 10), Q(7)},
		{Q(10), Q(7)}, 0, 0},
	{"just fits", exact_mtu, B, B, 0, {Q(0)}, {}, 0, 0},
	{"inner tag", NULL, ACCESS, ACCESS, 100, {Q(100), Q(7)}, {}, XVS_DROP_vlan_inner_tag, 0},
	{"not in the list", NULL, TRUNK, TRUNK, 30, {Q(30)}, {}, XVS_DROP_vlan_not_member, 0},
	{"other domain", NULL, B, B, 10, {Q(10)}, {}, XVS_DROP_vlan_not_member, 0},
	{"down", down, B, B, 0, {}, {}, XVS_DROP_port_down, 0},
	{"too long", small_mtu, B, B, 0, {}, {}, XVS_DROP_mtu_exceeded, 0},
	{"too long, tagged", small_mtu, B, B, 0, {Q(0)}, {}, XVS_DROP_mtu_exceeded, 0},
	{"another port's device", NULL, A, B, 0, {}, {}, XVS_DROP_wrong_switch, 0},
	{"device of no port", NULL, NO_PORT, B, 0, {}, {}, XVS_DROP_wrong_switch, 0},
	{"tag is cut", NULL, B, B, 0, {}, {}, XVS_DROP_truncated, CUT},
};
#define COPIES (sizeof(copies) / sizeof(*copies))

static void check_copy(size_t i, enum place place)
{
	struct frame frame = {
		STATION(A), BROADCAST, copies[i].size ? CUT_TAG : EXPERIMENTAL, {}, copies[i].size};
	const char *what = case_name(copies[i].name, place);
	struct tally expected = {0};
	struct outcome got;
	struct input input;

	memcpy(frame.tags, copies[i].in, sizeof(frame.tags));
	input_fill(&input, EGRESS, copies[i].on, &frame, place);
	hand_over(input.cb, XVS_PHASE_CLONE, copies[i].to, (struct tag){0, copies[i].vlan});
	run(&input, &got);
	cr_expect_eq(got.cb[0], 0, "%s: still marked as a copy", what);
	if (copies[i].drop) {
		expected.lost[copies[i].to][copies[i].drop] = 1;
		check_verdict(what, &got, TC_ACT_SHOT);
	} else {
		expect_receive(&expected, copies[i].to, 1, got.bytes);
		check_verdict(what, &got, TC_ACT_UNSPEC);
		memcpy(frame.tags, copies[i].out, sizeof(frame.tags));
		check_frame(what, &got, &frame);
	}
	tally_check(what, &expected, &got.change);
}

Test(egress, copies)
{
	for (size_t i = 0; i < COPIES; i++) {
		world_change(copies[i].change);
		for (enum place place = 0; place < PLACES; place++)
			check_copy(i, place);
		world_reset();
	}
}

/* Through the jumps into a chain and out of it nothing gets lost, and nothing is judged twice. */
Test(egress, copies_through_a_chain)
{
	for (size_t i = 0; i < COPIES; i++) {
		world_change(copies[i].change);
		world_chain(copies[i].to, XVS_PORT_CHAIN_OUT);
		world_publish();
		for (enum place place = 0; place < PLACES; place++)
			check_copy(i, place);
		world_reset();
	}
}

/* A second tag that is cut shows when the first one is changed, if both stand in the packet. */
Test(egress, tag_failed)
{
	struct frame frame = {STATION(A), BROADCAST, CUT_TAG, {Q(PRIORITY(5) | 10)}, CUT};
	struct tally expected = {0};
	struct outcome got;
	struct input input;

	input_fill(&input, EGRESS, TRUNK, &frame, IN_PACKET);
	hand_over(input.cb, XVS_PHASE_CLONE, TRUNK, (struct tag)Q(10));
	run(&input, &got);
	expected.lost[TRUNK][XVS_DROP_tag_failed] = 1;
	check_verdict("cut", &got, TC_ACT_SHOT);
	tally_check("cut", &expected, &got.change);
}

/* A copy is measured by the half that was in use when it was made. */
Test(egress, generation)
{
	struct frame frame = {STATION(A), BROADCAST, EXPERIMENTAL, {}, 0};
	struct outcome got;
	struct input input;

	input_fill(&input, EGRESS, B, &frame, IN_PACKET);
	hand_over(input.cb, XVS_PHASE_CLONE, B, (struct tag){});
	world_change(down);
	run(&input, &got);
	check_verdict("made before the flip", &got, TC_ACT_UNSPEC);
	hand_over(input.cb, XVS_PHASE_CLONE, B, (struct tag){});
	run(&input, &got);
	check_verdict("made after it", &got, TC_ACT_SHOT);
}

Test(egress, done)
{
	struct frame frame = {STATION(A), STATION(B), EXPERIMENTAL, {Q(10)}, 0};
	struct tally nothing = {0};
	struct outcome got;
	struct input input;

	for (enum port port = NO_PORT; port < PORTS; port++) {
		input_fill(&input, EGRESS, port, &frame, BESIDE);
		hand_over(input.cb, XVS_PHASE_DONE, B, (struct tag){});
		run(&input, &got);
		check_verdict(world_port_name(port), &got, TC_ACT_UNSPEC);
		check_frame(world_port_name(port), &got, &frame);
		cr_expect_eq(got.cb[0], 0, "%s: still marked", world_port_name(port));
		tally_check(world_port_name(port), &nothing, &got.change);
	}
}

/* What bears no mark, or one that is not ours, is the host's. */
static const struct {
	const char *name;
	void (*change)(void);
	enum port on;
	uint32_t mark; /* of cb[0], on top of the cookie; 0 = cb[0] is zero */
	bool dropped;
} from_host[] = {
	{"guest", NULL, A, 0, true},
	{"guest, forged mark", NULL, A, 4, true},
	{"peer", NULL, PEER, 0, true},
	{"host", NULL, HOST, 0, true},
	{"trunk", NULL, TRUNK, 0, true},
	{"stranger", NULL, STRANGER, 0, true},
	{"uplink", NULL, UPLINK, 0, false},
	{"uplink, forged mark", NULL, UPLINK, 4, false},
	{"no port", NULL, NO_PORT, 0, false},
	{"port id that is not used", unused, B, 0, false},
};

Test(egress, from_host)
{
	struct frame frame = {STATION(A), STATION(B), EXPERIMENTAL, {Q(10)}, 0};

	for (size_t i = 0; i < sizeof(from_host) / sizeof(*from_host); i++) {
		struct tally expected = {0};
		struct outcome got;
		struct input input;

		world_change(from_host[i].change);
		input_fill(&input, EGRESS, from_host[i].on, &frame, BESIDE);
		if (from_host[i].mark)
			hand_over(input.cb, from_host[i].mark, B, (struct tag){});
		run(&input, &got);
		if (from_host[i].dropped)
			expected.lost[from_host[i].on][XVS_DROP_host_originated] = 1;
		check_verdict(from_host[i].name, &got,
			from_host[i].dropped ? TC_ACT_SHOT : TC_ACT_UNSPEC);
		tally_check(from_host[i].name, &expected, &got.change);
		if (!from_host[i].dropped)
			check_frame(from_host[i].name, &got, &frame);
		world_reset();
	}
}
