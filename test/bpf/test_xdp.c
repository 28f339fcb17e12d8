// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP on the uplink: what it delivers, and that it leaves everything else to TC, untouched. It
 * sees all tags in the packet. It never writes to a MAC table.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "test/bpf/run.h"

#define WIRE GUEST(1) /* a station beyond the uplink */
#define WIRE_MS 100 /* since it was last heard of */

/* The ports that XDP may deliver to. */
static const enum port targets[] = {
	A, B, HOST, ACCESS, TRUNK, NATIVE, ISOLATED, COMMUNITY, PROMISCUOUS};
/* The VLANs in which the station on the wire is known. */
static const uint16_t known_in[] = {0, 10, 30, 100, PRIMARY};

static void wire_seen(uint32_t port, uint32_t flags, uint64_t ago_ms)
{
	for (size_t i = 0; i < sizeof(known_in) / sizeof(*known_in); i++)
		world_fdb_set(SWITCH, WIRE, known_in[i], port, flags, ago_ms * 1000000);
}

static void wire_known(void)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		world_add_xdp_target(targets[i]);
	wire_seen(UPLINK, 0, WIRE_MS);
}

static void open_xdp(void)
{
	run_open();
	world_change(wire_known);
}

TestSuite(xdp, .init = open_xdp, .fini = run_close);

/* ---- what a case changes ---- */

static void wire_stale(void)
{
	wire_seen(UPLINK, 0, 1100);
}

static void wire_aged(void)
{
	wire_seen(UPLINK, 0, (AGEING_S + 1) * 1000);
}

static void wire_nearly_stale(void)
{
	wire_seen(UPLINK, 0, 600);
}

static void wire_static(void)
{
	wire_seen(UPLINK, XVS_FDB_STATIC, (AGEING_S + 1) * 1000);
}

static void wire_on_b(void)
{
	wire_seen(B, 0, WIRE_MS);
}

/* TC floods to groups, whatever the table says. */
static void group_fixed(void)
{
	world_fdb_set(SWITCH, MULTICAST, 0, A, XVS_FDB_STATIC, 0);
}

static void a_no_target(void)
{
	world.ports[A].flags &= ~XVS_PORT_XDP_TARGET;
}

static void a_down(void)
{
	world.ports[A].flags &= ~XVS_PORT_UP;
}

static void a_elsewhere(void)
{
	world.ports[A].switch_id = SWITCH_B;
}

static void small_mtu(void)
{
	world.ports[A].mtu = world.ports[ACCESS].mtu = FRAME_SIZE - ETH_HLEN - 1;
}

static void exact_mtu(void)
{
	world.ports[A].mtu = world.ports[ACCESS].mtu = FRAME_SIZE - ETH_HLEN;
}

static void jumbo_mtu(void)
{
	world.ports[A].mtu = 9000;
}

static void uplink_native_30(void)
{
	world.ports[UPLINK].vlan = 30;
}

static void uplink_access_100(void)
{
	world.ports[UPLINK].vlan_mode = XVS_VLAN_ACCESS;
	world.ports[UPLINK].vlan = 100;
}

static void uplink_listed(void)
{
	world.ports[UPLINK].flags &= ~XVS_PORT_ALL_VLANS;
	world.ports[UPLINK].vlan_set = world.ports[TRUNK].vlan_set;
}

static void no_uplink(void)
{
	world.ports[UPLINK].kind = XVS_PORT_VPORT;
}

static void no_table(void)
{
	world.ports[UPLINK].switch_id = SWITCH_EMPTY;
}

#define TO_A .frame.destination = STATION(A), .to = A
#define TO(port) .frame.destination = STATION(port), .to = port
#define TO_MAC(mac) .frame.destination = mac
#define LEAVE(port) .frame.destination = STATION(port) /* TC's business */
#define UDP .frame.content = IPV4_UDP
#define CONTENT(c) .frame.content = c
#define TAGS(...) .frame.tags = {__VA_ARGS__}
#define OUT(...) .out = {__VA_ARGS__}

static const struct {
	const char *name;
	void (*change)(void);
	struct frame frame;
	enum port to; /* 0: passed to TC */
	struct tag out[TAGS_MAX];
} cases[] = {
	{"IPv4 UDP", NULL, TO_A, UDP},
	{"IPv6 UDP", NULL, TO_A, CONTENT(IPV6_UDP)},
	{"ICMPv6", NULL, TO_A, CONTENT(IPV6_ICMP)},
	{"SCTP", NULL, TO_A, CONTENT(IPV4_SCTP)},
	{"GRE", NULL, TO_A, CONTENT(IPV4_GRE)},
	{"ARP answer", NULL, TO_A, CONTENT(ARP)},
	{"no IP", NULL, TO_A},
	{"nothing but addresses", NULL, TO_A, .frame.size = ETH_HLEN},
	{"to the host", NULL, TO(HOST), UDP},

	{"IPv4 TCP", NULL, LEAVE(A), CONTENT(IPV4_TCP)},
	{"IPv4 TCP with options", NULL, LEAVE(A), CONTENT(IPV4_TCP_OPTIONS)},
	{"IPv6 TCP", NULL, LEAVE(A), CONTENT(IPV6_TCP)},
	{"IPv6 that may hide TCP", NULL, LEAVE(A), CONTENT(IPV6_EXTENSIONS_TCP)},
	{"IPv6 that may hide TCP, but does not", NULL, LEAVE(A), CONTENT(IPV6_EXTENSIONS_UDP)},
	{"tagged IPv4 TCP", NULL, LEAVE(ACCESS), CONTENT(IPV4_TCP), TAGS(Q(100))},
	{"tagged IPv6 TCP", NULL, LEAVE(ACCESS), CONTENT(IPV6_TCP), TAGS(Q(100))},
	{"IPv4 header cut", NULL, LEAVE(A), UDP, .frame.size = ETH_HLEN + 19},
	{"IPv6 header cut", NULL, LEAVE(A), CONTENT(IPV6_UDP), .frame.size = ETH_HLEN + 39},
	{"IPv4 header just there", NULL, TO_A, UDP, .frame.size = ETH_HLEN + 20},
	{"IPv6 header just there", NULL, TO_A, CONTENT(IPV6_UDP), .frame.size = ETH_HLEN + 40},

	{"unknown", NULL, TO_MAC(GUEST(9)), UDP},
	{"broadcast", NULL, TO_MAC(BROADCAST), UDP},
	{"multicast", NULL, TO_MAC(MULTICAST), UDP},
	{"multicast with an entry", group_fixed, TO_MAC(MULTICAST), UDP},
	{"reserved group", NULL, TO_MAC(RESERVED(0)), UDP},
	{"back to the wire", NULL, LEAVE(UPLINK), UDP},
	{"back to another station on the wire", NULL, TO_MAC(WIRE), UDP},

	{"source nearly stale", wire_nearly_stale, TO_A, UDP},
	{"source static", wire_static, TO_A, UDP},
	{"source stale", wire_stale, LEAVE(A), UDP},
	{"source aged", wire_aged, LEAVE(A), UDP},
	{"source on another port", wire_on_b, LEAVE(A), UDP},
	{"source unknown in this VLAN", NULL, LEAVE(NATIVE), UDP, TAGS(Q(40))},

	{"no target", a_no_target, LEAVE(A), UDP},
	{"target down", a_down, LEAVE(A), UDP},
	{"target on another switch", a_elsewhere, LEAVE(A), UDP},
	{"uplink that is none", no_uplink, LEAVE(A), UDP},
	{"switch without a table", no_table, LEAVE(A), UDP},

	{"just fits", exact_mtu, TO_A, UDP},
	{"just fits, tagged", exact_mtu, TO(ACCESS), UDP, TAGS(Q(100))},
	{"too long", small_mtu, LEAVE(A), UDP},
	{"too long, tagged", small_mtu, LEAVE(ACCESS), UDP, TAGS(Q(100))},
	{"in several buffers", jumbo_mtu, TO_A, UDP, .frame.size = 9014},
	{"in several buffers, too long", jumbo_mtu, LEAVE(A), UDP, .frame.size = 9015},

	{"tag taken off", NULL, TO(ACCESS), UDP, TAGS(Q(100))},
	{"priority tag taken off", NULL, TO_A, UDP, TAGS(Q(PRIORITY(5)))},
	{"tag stays", NULL, TO(NATIVE), UDP, TAGS(Q(30)), OUT(Q(30))},
	{"tag stays, with priority", NULL, TO(NATIVE), UDP, TAGS(Q(PRIORITY(5) | 30)),
		OUT(Q(PRIORITY(5) | 30))},
	{"tag becomes a priority tag", NULL, TO(NATIVE), UDP, TAGS(Q(PRIORITY(5) | 100)),
		OUT(Q(PRIORITY(5)))},
	{"tag put on", uplink_native_30, TO(NATIVE), UDP, OUT(Q(30))},
	{"tag put on, nothing but addresses", uplink_native_30, TO(NATIVE), .frame.size = ETH_HLEN,
		OUT(Q(30))},
	{"access uplink", uplink_access_100, TO(ACCESS), UDP},
	{"access uplink, tagged", uplink_access_100, LEAVE(ACCESS), UDP, TAGS(Q(100))},
	{"two tags", NULL, TO(NATIVE), UDP, TAGS(Q(30), Q(7)), OUT(Q(30), Q(7))},
	{"inner tag would surface", NULL, LEAVE(ACCESS), UDP, TAGS(Q(100), Q(7))},
	{"802.1ad", NULL, LEAVE(NATIVE), UDP, TAGS(AD(30))},
	{"not in the receiver's VLAN", NULL, LEAVE(A), UDP, TAGS(Q(10))},
	{"receiver with a list", NULL, LEAVE(TRUNK), UDP, TAGS(Q(10))},
	{"uplink with a list", uplink_listed, LEAVE(TRUNK), UDP, TAGS(Q(10))},
	{"uplink with a list, untagged", uplink_listed, TO_A, UDP},
	{"primary to isolated", NULL, TO(ISOLATED), UDP, TAGS(Q(PRIMARY))},
	{"primary to community", NULL, TO(COMMUNITY), UDP, TAGS(Q(PRIMARY))},
	{"community to community", NULL, TO(COMMUNITY), UDP, TAGS(Q(COMMUNITY_VLAN))},
	{"isolated to a trunk", NULL, TO(NATIVE), UDP, TAGS(Q(ISOLATED_VLAN)),
		OUT(Q(ISOLATED_VLAN))},
	{"isolated to isolated", NULL, LEAVE(ISOLATED), UDP, TAGS(Q(ISOLATED_VLAN))},
	{"isolated to community", NULL, LEAVE(COMMUNITY), UDP, TAGS(Q(ISOLATED_VLAN))},
	{"community to isolated", NULL, LEAVE(ISOLATED), UDP, TAGS(Q(COMMUNITY_VLAN))},
	{"receiver with a list of secondaries", NULL, LEAVE(PROMISCUOUS), UDP,
		TAGS(Q(ISOLATED_VLAN))},
	{"tag cut", NULL, LEAVE(A), CONTENT(CUT_TAG), .frame.size = 17},
};
#define CASES (sizeof(cases) / sizeof(*cases))

/* Bytes count as the frame came in, on both sides. */
static void check_delivered(
	const char *what, const struct frame *frame, enum port to, const struct outcome *got)
{
	struct tally expected = {0};
	struct packet in;

	packet_fill(&in, frame);
	expect_transmit(&expected, UPLINK, 1, in.size);
	expect_receive(&expected, to, 1, in.size);
	check_verdict(what, got, XDP_REDIRECT);
	tally_check(what, &expected, &got->change);
}

static void check_passed(const char *what, const struct frame *frame, const struct outcome *got)
{
	struct tally nothing = {0};

	check_verdict(what, got, XDP_PASS);
	check_frame(what, got, frame);
	tally_check(what, &nothing, &got->change);
}

static void check_case(size_t i)
{
	struct frame frame = cases[i].frame;
	uint64_t digest = world_fdb_digest();
	struct outcome got;

	frame.source = WIRE;
	run_frame(XDP, UPLINK, &frame, IN_PACKET, &got);
	cr_expect_eq(world_fdb_digest(), digest, "%s: the MAC table changed", cases[i].name);
	if (!cases[i].to) {
		check_passed(cases[i].name, &frame, &got);
		return;
	}
	check_delivered(cases[i].name, &frame, cases[i].to, &got);
	memcpy(frame.tags, cases[i].out, sizeof(frame.tags));
	check_frame(cases[i].name, &got, &frame);
}

Test(xdp, table)
{
	for (size_t i = 0; i < CASES; i++) {
		world_reset();
		wire_known();
		if (cases[i].change)
			cases[i].change();
		world_publish();
		check_case(i);
	}
}

/* On a device that is no port, or no uplink, it stays out of the way. */
Test(xdp, other_devices)
{
	struct frame frame = {WIRE, STATION(A), IPV4_UDP, {}, 0};
	struct outcome got;

	world_set_device(B, world.ifindex[UPLINK]);
	run_frame(XDP, UPLINK, &frame, IN_PACKET, &got);
	check_passed("a guest's device", &frame, &got);
	world_set_device(NO_PORT, world.ifindex[UPLINK]);
	run_frame(XDP, UPLINK, &frame, IN_PACKET, &got);
	check_passed("no port", &frame, &got);
}

/* ---- what the program remembers of its look-ups ---- */

#define MOVER GUEST(2)

/* Says where the frame to MOVER went; nothing else may happen to it. */
static enum port where(const char *what, struct tag tag)
{
	struct frame frame = {WIRE, MOVER, IPV4_UDP, {tag}, 0};
	struct outcome got;

	run_frame(XDP, UPLINK, &frame, IN_PACKET, &got);
	for (enum port port = A; port < PORTS; port++) {
		if (got.change.counters[port].receive_packets) {
			check_delivered(what, &frame, port, &got);
			return port;
		}
	}
	check_passed(what, &frame, &got);
	return NO_PORT;
}

static void mover_on(enum port port)
{
	world_fdb_put(SWITCH, MOVER, 0, port, 0, 0);
}

/* Moves MOVER to B as a frame does. */
static void move_by_frame(void)
{
	struct frame frame = {MOVER, STATION(A), EXPERIMENTAL, {}, 0};
	struct outcome got;

	run_frame(INGRESS, B, &frame, IN_PACKET, &got);
	check_sent("move", &got, A);
}

static void move_by_agent(void)
{
	world_fdb_set(SWITCH, MOVER, 0, B, 0, 0);
}

static void move_and_flip(void)
{
	mover_on(B);
	world_publish();
}

static const struct {
	const char *name;
	void (*happens)(void);
} endings[] = {
	{"moved by a frame", move_by_frame},
	{"moved by the agent", move_by_agent},
	{"generation", move_and_flip},
};

Test(xdp, memory_ends)
{
	wire_static();
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		mover_on(A);
		world_publish();
		cr_expect_eq(where(endings[i].name, (struct tag){}), A, "%s", endings[i].name);
		endings[i].happens();
		cr_expect_eq(where(endings[i].name, (struct tag){}), B, "%s", endings[i].name);
	}
}

/* As soon as the source is to be refreshed, TC gets a frame. */
Test(xdp, memory_ends_in_time)
{
	mover_on(A);
	wire_seen(UPLINK, 0, 500);
	cr_expect_eq(where("fresh", (struct tag){}), A);
	usleep(550000);
	cr_expect_eq(where("stale", (struct tag){}), NO_PORT);
	wire_seen(UPLINK, 0, 0);
	cr_expect_eq(where("refreshed", (struct tag){}), A);
}

/* The same pair of addresses in another VLAN, and on another uplink. */
Test(xdp, memory_is_particular)
{
	world.ports[B].kind = XVS_PORT_UPLINK;
	wire_static();
	mover_on(A);
	world_fdb_put(SWITCH, MOVER, 30, NATIVE, 0, 0);
	world_publish();
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(where("VLAN 0", (struct tag){}), A);
		cr_expect_eq(where("VLAN 30", (struct tag)Q(30)), NATIVE);
	}
	cr_expect_eq(where("own uplink", (struct tag){}), A);
	world_set_device(B, world.ifindex[UPLINK]);
	cr_expect_eq(where("another uplink", (struct tag){}), NO_PORT);
}

/* ---- frames that are passed are passed whole ---- */

Test(xdp, short_frames_pass_whole)
{
	for (uint32_t size = ETH_HLEN; size < 40; size++) {
		struct frame frame = {WIRE, STATION(ACCESS), EXPERIMENTAL, {Q(100)}, size};
		struct outcome got;
		char what[32];

		snprintf(what, sizeof(what), "%u bytes and a tag", size);
		run_frame(XDP, UPLINK, &frame, IN_PACKET, &got);
		if (got.verdict == XDP_PASS) {
			check_passed(what, &frame, &got);
			continue;
		}
		check_delivered(what, &frame, ACCESS, &got);
		frame.tags[0] = (struct tag){};
		check_frame(what, &got, &frame);
	}
}

/*
 * The kernel takes a device that goes out of the device map at once, long before the agent can say
 * so. TC must not see the frame without the tag that says which VLAN it is in.
 */
Test(xdp, target_vanished)
{
	struct frame frame = {WIRE, STATION(ACCESS), IPV4_UDP, {Q(100)}, 0};
	uint32_t port = ACCESS;
	struct outcome got;

	cr_assert_eq(bpf_map_delete_elem(world.loader.tables.xdp_ports, &port), 0);
	run_frame(XDP, UPLINK, &frame, IN_PACKET, &got);
	check_passed("tagged", &frame, &got);
}
