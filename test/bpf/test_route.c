// SPDX-License-Identifier: GPL-2.0-only
/*
 * The distributed router by itself: what it answers, byte for byte, what it makes of a frame that
 * it routes, and what it drops. The slot behind it is empty here, which is a drop of its own: the
 * frame and chain_state tell what would go on.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "agent/certify/random.h"
#include "test/bpf/mutate.h"
#include "test/bpf/tenant.h"

#define GATEWAY "10.0.1.1"
#define GATEWAY6 "fd00:0:0:1::1"
#define MAC_A STATION(A)
#define MAC_B STATION(B)
#define FAR STATION(ACCESS) /* who is in subnet 2 */
#define OUTER GUEST(7) /* the station that the gateway records name */
#define ALL_NODES MAC(0x33, 0x33, 0, 0, 0, 1)

static struct xvs_chain_state *states; /* of each CPU */
static int slots;
static uint32_t virtual = XVS_SLOT_VIRTUAL;
static uint32_t forwarding; /* id of the program there */

static void open_route(void)
{
	run_open();
	tenants_open();
	tenant_port(A, 1);
	tenant_port(B, 1);
	tenant_port(ACCESS, 2);
	tenant_port(ACCESS_B, 3);
	world_publish();
	tenant_record(1, "10.0.1.10", MAC_A);
	tenant_record(1, "10.0.1.11", MAC_B);
	tenant_record(1, "fd00:0:0:1::10", MAC_A);
	tenant_record(1, "fd00:0:0:1::11", MAC_B);
	tenant_record(2, "10.0.2.20", FAR);
	tenant_record(2, "fd00:0:0:2::20", FAR);
	slots = world_pin("slots_ingress");
	cr_assert_eq(bpf_map_lookup_elem(slots, &virtual, &forwarding), 0);
	bpf_map_delete_elem(slots, &virtual);
	states = calloc(libbpf_num_possible_cpus(), sizeof(*states));
}

TestSuite(route, .init = open_route, .fini = run_close);

/* ---- a frame through the router ---- */

/* The frame comes from the port, as forwarding hands it on. */
static void send_from(uint32_t port, const struct packet *packet, struct outcome *ret)
{
	static struct input input;
	uint32_t zero = 0;

	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		states[cpu] = (struct xvs_chain_state){
			.ports = port,
			.place = (uint64_t)world.ports[port].switch_id << XVS_PLACE_SWITCH_SHIFT,
			.generation = world.loader.tables.control->generation,
			.packets = 1,
			.fid = world.ports[port].vlan,
		};
	cr_assert_eq(bpf_map_update_elem(world.loader.tables.chain_state, &zero, states, BPF_ANY),
		0, "%m");
	input = (struct input){.program = ROUTE, .on = port};
	input.packet.size = packet->size;
	memcpy(input.packet.bytes, packet->bytes, packet->size);
	run(&input, ret);
}

static void check_packet(const char *what, const struct outcome *got, const struct packet *expected)
{
	cr_expect(packet_equal(&got->packet, expected), "%s: %s", what,
		packet_difference(&got->packet, expected));
}

/* The answer goes back to the port. */
static void check_answer(
	const char *what, const struct packet *question, const struct packet *answer)
{
	static struct outcome got;
	struct tally expected = {0};

	send_from(A, question, &got);
	check_sent(what, &got, A);
	check_packet(what, &got, answer);
	expect_transmit(&expected, A, 1, answer->size);
	expect_receive(&expected, A, 1, answer->size);
	tally_check(what, &expected, &got.change);
}

static void check_dropped(const char *what, const struct packet *packet, enum xvs_drop reason)
{
	static struct outcome got;
	struct tally expected = {0};

	send_from(A, packet, &got);
	check_verdict(what, &got, TC_ACT_SHOT);
	expect_drop(&expected, A, true, reason, 1);
	tally_check(what, &expected, &got.change);
}

/* Frames that differ from `right` in one byte each. */
struct flaw {
	const char *what;
	uint32_t at;
	uint8_t byte;
	enum xvs_drop reason;
};

static void check_flaws(const struct packet *right, const struct flaw *flaws, size_t count)
{
	static struct packet packet;

	for (size_t i = 0; i < count; i++) {
		packet.size = right->size;
		memcpy(packet.bytes, right->bytes, right->size);
		packet.bytes[flaws[i].at] = flaws[i].byte;
		check_dropped(flaws[i].what, &packet, flaws[i].reason);
	}
}
#define CHECK_FLAWS(right, flaws) check_flaws(right, flaws, sizeof(flaws) / sizeof(*(flaws)))

static struct xvs_chain_state state_now(void)
{
	struct xvs_chain_state *found = NULL;
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(world.loader.tables.chain_state, &zero, states), 0);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		if (states[cpu].routed)
			found = &states[cpu];
	return found ? *found : states[0];
}

/* The frame goes on as `on` in the subnet. */
static void check_goes_on(const char *what, uint32_t port, const struct packet *packet,
	const struct packet *on, uint32_t subnet)
{
	static struct outcome got;
	struct tally expected = {0};
	struct xvs_chain_state state;

	send_from(port, packet, &got);
	state = state_now();
	expect_drop(&expected, port, true, XVS_DROP_no_program, 1);
	tally_check(what, &expected, &got.change);
	check_packet(what, &got, on);
	cr_expect_eq(state.routed, XVS_ROUTE_SUBNET, "%s", what);
	cr_expect_eq(state.fid, NUMBER(subnet), "%s: in %u", what, state.fid - XVS_SUBNET_FIRST);
	cr_expect_eq((uint32_t)state.ports, port, "%s", what);
}

static void learn(void)
{
	tenant_subnets[1].flags = XVS_SUBNET_LEARN;
	tenants_publish();
}

/* ---- ARP ---- */

static void ask_arp(struct packet *ret, const char *target)
{
	const struct arp arp = {BROADCAST, MAC_A, 1, MAC_A, NULL, "10.0.1.10", target};

	arp_fill(ret, &arp);
}

Test(route, arp_is_answered)
{
	const struct {
		const char *target;
		const uint8_t *mac;
	} cases[] = {
		{GATEWAY, GATEWAY_MAC},
		{"10.0.1.11", MAC_B},
	};
	static struct packet question, answer;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct arp reply = {
			MAC_A, cases[i].mac, 2, cases[i].mac, MAC_A, cases[i].target, "10.0.1.10"};

		ask_arp(&question, cases[i].target);
		arp_fill(&answer, &reply);
		check_answer(cases[i].target, &question, &answer);
		question.size = answer.size = 60; /* with padding */
		check_answer(cases[i].target, &question, &answer);
	}
}

Test(route, arp_probe_is_answered)
{
	const struct arp probe = {BROADCAST, MAC_A, 1, MAC_A, NULL, "0.0.0.0", "10.0.1.11"};
	const struct arp reply = {MAC_A, MAC_B, 2, MAC_B, MAC_A, "10.0.1.11", "0.0.0.0"};
	static struct packet question, answer;

	arp_fill(&question, &probe);
	arp_fill(&answer, &reply);
	check_answer("another's address", &question, &answer);
}

Test(route, arp_is_not_answered)
{
	const struct {
		const char *what;
		struct arp arp;
	} cases[] = {
		{"unknown", {BROADCAST, MAC_A, 1, MAC_A, NULL, "10.0.1.10", "10.0.1.99"}},
		{"another subnet's", {BROADCAST, MAC_A, 1, MAC_A, NULL, "10.0.1.10", "10.0.2.20"}},
		{"probe of its own", {BROADCAST, MAC_A, 1, MAC_A, NULL, "0.0.0.0", "10.0.1.10"}},
		{"of its own, by an alias",
			{BROADCAST, MAC_A, 1, GUEST(1), NULL, "0.0.0.0", "10.0.1.10"}},
		{"announcement", {BROADCAST, MAC_A, 1, MAC_A, NULL, "10.0.1.10", "10.0.1.10"}},
		{"announced reply", {BROADCAST, MAC_A, 2, MAC_A, MAC_A, "10.0.1.10", "10.0.1.10"}},
		{"reply", {MAC_B, MAC_A, 2, MAC_A, MAC_B, "10.0.1.10", "10.0.1.11"}},
		{"RARP", {BROADCAST, MAC_A, 3, MAC_A, NULL, "10.0.1.10", "10.0.1.11"}},
		{"for the gateway record",
			{BROADCAST, MAC_A, 1, MAC_A, NULL, "10.0.1.10", "0.0.0.0"}},
		{"for all", {BROADCAST, MAC_A, 1, MAC_A, NULL, "10.0.1.10", "255.255.255.255"}},
		{"for a group", {BROADCAST, MAC_A, 1, MAC_A, NULL, "10.0.1.10", "224.0.0.1"}},
	};
	static struct packet packet;

	tenant_record(1, "0.0.0.0", OUTER);
	tenant_record(1, "224.0.0.1", MAC_B);
	tenant_record(1, "255.255.255.255", MAC_B);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		arp_fill(&packet, &cases[i].arp);
		check_dropped(cases[i].what, &packet, XVS_DROP_not_answered);
	}
}

Test(route, arp_that_is_wrong)
{
	static const struct flaw flaws[] = {
		{"hardware", 15, 6, XVS_DROP_not_answered},
		{"protocol", 16, 0x86, XVS_DROP_not_answered},
		{"hardware size", 18, 8, XVS_DROP_not_answered},
		{"protocol size", 19, 16, XVS_DROP_not_answered},
		{"operation", 20, 1, XVS_DROP_not_answered},
	};
	static struct packet packet;

	learn(); /* that is not for the stations either, but for the operation */
	ask_arp(&packet, GATEWAY);
	check_flaws(&packet, flaws, 4);
	for (packet.size = ETH_HLEN; packet.size < 42; packet.size += 9)
		check_dropped("cut", &packet, XVS_DROP_truncated);
	tenant_subnets[1].flags = 0;
	tenants_publish();
	ask_arp(&packet, GATEWAY);
	CHECK_FLAWS(&packet, flaws);
}

/* A record whose address is still to be learned, or that can be no station's. */
Test(route, records_without_an_address)
{
	static const uint8_t zero[XVS_MAC_SIZE];
	static struct packet packet;

	tenant_record(1, "10.0.1.12", zero);
	tenant_record(1, "10.0.1.13", BROADCAST);
	ask_arp(&packet, "10.0.1.12");
	check_dropped("not known yet", &packet, XVS_DROP_not_answered);
	ask_arp(&packet, "10.0.1.13");
	check_dropped("a group", &packet, XVS_DROP_not_answered);
}

Test(route, stations_answer_where_they_are_learned)
{
	const struct arp reply = {MAC_B, MAC_A, 2, MAC_A, MAC_B, "10.0.1.10", "10.0.1.11"};
	static struct packet packet;

	learn();
	ask_arp(&packet, "10.0.1.99");
	check_goes_on("question", A, &packet, &packet, 1);
	ask_arp(&packet, "10.0.1.10");
	packet.bytes[ETH_HLEN + 17] = 77; /* the sender is another */
	check_dropped("its own", &packet, XVS_DROP_not_answered);
	arp_fill(&packet, &reply);
	check_goes_on("reply", A, &packet, &packet, 1);
	ask_arp(&packet, "10.0.1.10");
	check_goes_on("announcement", A, &packet, &packet, 1);
}

/* ---- neighbour discovery ---- */

#define NS_SIZE 24
#define SOURCE_OPTION 1, 1, 2, 0, 0, 0, 0, A
#define NONCE_OPTION 14, 1, 1, 2, 3, 4, 5, 6

struct solicitation {
	const uint8_t *to;
	const char *source, *destination, *target;
	uint8_t options[40];
	uint32_t options_size;
};

static void nd_fill(struct packet *ret, uint8_t type, const struct solicitation *nd)
{
	uint8_t message[NS_SIZE + sizeof(nd->options)] = {type};
	const struct ip ip = {nd->to, MAC_A, nd->source, nd->destination, 255, IPPROTO_ICMPV6, 0, 0,
		message, NS_SIZE + nd->options_size};

	cr_assert_eq(inet_pton(AF_INET6, nd->target, message + 8), 1);
	memcpy(message + NS_SIZE, nd->options, nd->options_size);
	ip_fill(ret, &ip);
}

struct advertisement {
	const uint8_t *to, *mac; /* `mac` is Ethernet's source, too */
	const char *target, *destination;
	uint8_t flags;
};

static void advertisement_fill(struct packet *ret, const struct advertisement *nd)
{
	uint8_t message[32] = {136, 0, 0, 0, nd->flags, [24] = 2, 1};
	const struct ip ip = {nd->to, nd->mac, nd->target, nd->destination, 255, IPPROTO_ICMPV6, 0,
		0, message, sizeof(message)};

	cr_assert_eq(inet_pton(AF_INET6, nd->target, message + 8), 1);
	memcpy(message + 26, nd->mac, ETH_ALEN);
	ip_fill(ret, &ip);
}

#define OWN6 "fd00:0:0:1::10"
#define OTHER6 "fd00:0:0:1::11"
#define NODES(last) MAC(0x33, 0x33, 0xff, 0, 0, last)

Test(route, solicitations_are_answered)
{
	const struct {
		const char *what;
		struct solicitation asked;
		struct advertisement told;
	} cases[] = {
		{"the gateway's", {NODES(1), OWN6, "ff02::1:ff00:1", GATEWAY6, {SOURCE_OPTION}, 8},
			{MAC_A, GATEWAY_MAC, GATEWAY6, OWN6, 0xe0}},
		{"a station's", {NODES(11), OWN6, "ff02::1:ff00:11", OTHER6, {SOURCE_OPTION}, 8},
			{MAC_A, MAC_B, OTHER6, OWN6, 0x60}},
		{"without option", {MAC_B, OWN6, OTHER6, OTHER6, {0}, 0},
			{MAC_A, MAC_B, OTHER6, OWN6, 0x60}},
		{"with more options",
			{MAC_B, "fe80::1", OTHER6, OTHER6, {SOURCE_OPTION, NONCE_OPTION, 14, 2},
				32},
			{MAC_A, MAC_B, OTHER6, "fe80::1", 0x60}},
		{"taken", {NODES(11), "::", "ff02::1:ff00:11", OTHER6, {NONCE_OPTION}, 8},
			{ALL_NODES, MAC_B, OTHER6, "ff02::1", 0x20}},
		{"the gateway's, taken", {NODES(1), "::", "ff02::1:ff00:1", GATEWAY6, {0}, 0},
			{ALL_NODES, GATEWAY_MAC, GATEWAY6, "ff02::1", 0xa0}},
	};
	static struct packet question, answer;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		nd_fill(&question, 135, &cases[i].asked);
		advertisement_fill(&answer, &cases[i].told);
		check_answer(cases[i].what, &question, &answer);
	}
}

Test(route, solicitations_are_not_answered)
{
	const struct {
		const char *what;
		struct solicitation asked;
	} cases[] = {
		{"unknown", {NODES(99), OWN6, "ff02::1:ff00:99", "fd00:0:0:1::99", {0}, 0}},
		{"its own", {NODES(10), "::", "ff02::1:ff00:10", OWN6, {0}, 0}},
		{"another subnet's",
			{NODES(20), OWN6, "ff02::1:ff00:20", "fd00:0:0:2::20", {0}, 0}},
		{"from nobody, with an address",
			{NODES(11), "::", "ff02::1:ff00:11", OTHER6, {SOURCE_OPTION}, 8}},
		{"from nobody, to one", {NODES(11), "::", OTHER6, OTHER6, {0}, 0}},
		{"from nobody, to others", {NODES(11), "::", "ff02::1:ff00:12", OTHER6, {0}, 0}},
		{"option without a size", {NODES(11), OWN6, "ff02::1:ff00:11", OTHER6, {14, 0}, 8}},
		{"option cut off", {NODES(11), OWN6, "ff02::1:ff00:11", OTHER6, {14, 2}, 8}},
		{"half an option", {NODES(11), OWN6, "ff02::1:ff00:11", OTHER6, {14, 1}, 4}},
		{"for a group", {NODES(1), OWN6, "ff02::1:ff00:1", "ff02::1", {0}, 0}},
		{"for the gateway record", {NODES(0), OWN6, "ff02::1:ff00:0", "::", {0}, 0}},
		{"for an IPv4 record",
			{NODES(11), OWN6, "ff02::1:ff00:10b", "::ffff:10.0.1.11", {0}, 0}},
	};
	static struct packet packet;

	tenant_record(1, "::", OUTER);
	tenant_record(1, "ff02::1", MAC_B);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		nd_fill(&packet, 135, &cases[i].asked);
		check_dropped(cases[i].what, &packet, XVS_DROP_not_answered);
	}
}

static const struct solicitation for_other = {
	NODES(11), OWN6, "ff02::1:ff00:11", OTHER6, {SOURCE_OPTION}, 8};

Test(route, nd_that_is_wrong)
{
	static const struct flaw flaws[] = {
		{"hop limit", 21, 254, XVS_DROP_not_answered},
		{"checksum", 56, 0, XVS_DROP_not_answered},
		{"code", 55, 1, XVS_DROP_not_answered},
		{"type of a router", 54, 134, XVS_DROP_not_answered},
		{"length", 19, 24, XVS_DROP_not_answered},
		{"too short a length", 19, 16, XVS_DROP_not_answered},
		{"version", 14, 0x40, XVS_DROP_unparsed},
	};
	static struct packet packet;

	nd_fill(&packet, 135, &for_other);
	CHECK_FLAWS(&packet, flaws);
	packet.size = 70;
	check_dropped("cut", &packet, XVS_DROP_not_answered);
	packet.size = 50;
	check_dropped("cut in IPv6", &packet, XVS_DROP_truncated);
	for (uint8_t type = 133; type <= 137; type++) {
		nd_fill(&packet, type, &for_other);
		if (type != 135)
			check_dropped("another type", &packet, XVS_DROP_not_answered);
	}
}

Test(route, nd_behind_extension_headers)
{
	uint8_t payload[8 + NS_SIZE] = {IPPROTO_ICMPV6, 0, 1, 4, [8] = 135};
	const struct ip ip = {NODES(11), MAC_A, OWN6, "ff02::1:ff00:11", 255, IPPROTO_DSTOPTS, 0, 0,
		payload, sizeof(payload)};
	static struct packet packet;

	ip_fill(&packet, &ip);
	check_dropped("options", &packet, XVS_DROP_not_answered);
	packet.bytes[20] = IPPROTO_FRAGMENT;
	memset(packet.bytes + 56, 0, 6);
	packet.bytes[57] = 1; /* more to come */
	check_dropped("fragment", &packet, XVS_DROP_not_answered);
}

Test(route, neighbours_answer_where_they_are_learned)
{
	const struct solicitation unknown = {
		NODES(99), OWN6, "ff02::1:ff00:99", "fd00:0:0:1::99", {SOURCE_OPTION}, 8};
	static struct packet packet;

	learn();
	nd_fill(&packet, 135, &unknown);
	check_goes_on("solicitation", A, &packet, &packet, 1);
	nd_fill(&packet, 136, &for_other);
	check_goes_on("advertisement", A, &packet, &packet, 1);
	nd_fill(&packet, 133, &for_other);
	check_dropped("router solicitation", &packet, XVS_DROP_not_answered);
}

/* ---- ping ---- */

#define ECHO_SIZE 24

static void echo_fill(struct packet *ret, const struct ip *addresses, uint8_t type)
{
	uint8_t message[ECHO_SIZE] = {type, 0, 0, 0, 0x12, 0x34, 0, 7, 'p', 'i', 'n', 'g'};
	struct ip ip = *addresses;

	ip.payload = message;
	ip.size = sizeof(message);
	ip_fill(ret, &ip);
}

Test(route, pings_are_answered)
{
	const struct {
		const char *source, *gateway;
		uint8_t hops, protocol, request, reply;
	} cases[] = {
		{"10.0.1.10", GATEWAY, 1, IPPROTO_ICMP, 8, 0},
		{"10.0.1.10", GATEWAY, 255, IPPROTO_ICMP, 8, 0},
		{"10.0.1.10", "10.0.2.1", 1, IPPROTO_ICMP, 8, 0}, /* the same router */
		{OWN6, GATEWAY6, 1, IPPROTO_ICMPV6, 128, 129},
		{OWN6, "fd00:0:0:2::1", 64, IPPROTO_ICMPV6, 128, 129},
		{"fe80::1", GATEWAY6, 64, IPPROTO_ICMPV6, 128, 129},
	};
	static struct packet question, answer;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct ip ask = {GATEWAY_MAC, MAC_A, cases[i].source, cases[i].gateway,
			cases[i].hops, cases[i].protocol, 0, 0, NULL, 0};
		const struct ip tell = {MAC_A, GATEWAY_MAC, cases[i].gateway, cases[i].source, 64,
			cases[i].protocol, 0, 0, NULL, 0};

		echo_fill(&question, &ask, cases[i].request);
		echo_fill(&answer, &tell, cases[i].reply);
		check_answer(cases[i].gateway, &question, &answer);
	}
}

#define FOR_ROUTER(source, destination, protocol, fragment, options)                               \
	{                                                                                          \
		GATEWAY_MAC, MAC_A, source, destination, 64, protocol, fragment, options, NULL, 0  \
	}

Test(route, what_else_the_gateway_is_sent)
{
	const struct {
		const char *what;
		struct ip ip;
		uint8_t type;
	} cases[] = {
		{"reply", FOR_ROUTER("10.0.1.10", GATEWAY, IPPROTO_ICMP, 0, 0), 0},
		{"timestamp", FOR_ROUTER("10.0.1.10", GATEWAY, IPPROTO_ICMP, 0, 0), 13},
		{"UDP", FOR_ROUTER("10.0.1.10", GATEWAY, IPPROTO_UDP, 0, 0), 8},
		{"ICMPv6 in IPv4", FOR_ROUTER("10.0.1.10", GATEWAY, IPPROTO_ICMPV6, 0, 0), 128},
		{"first fragment", FOR_ROUTER("10.0.1.10", GATEWAY, IPPROTO_ICMP, 0x2000, 0), 8},
		{"later fragment", FOR_ROUTER("10.0.1.10", GATEWAY, IPPROTO_ICMP, 3, 0), 8},
		{"options", FOR_ROUTER("10.0.1.10", GATEWAY, IPPROTO_ICMP, 0, 1), 8},
		{"from a group", FOR_ROUTER("224.0.0.1", GATEWAY, IPPROTO_ICMP, 0, 0), 8},
		{"from nobody", FOR_ROUTER("0.0.0.0", GATEWAY, IPPROTO_ICMP, 0, 0), 8},
		{"TCP", FOR_ROUTER(OWN6, GATEWAY6, IPPROTO_TCP, 0, 0), 128},
		{"from nobody", FOR_ROUTER("::", GATEWAY6, IPPROTO_ICMPV6, 0, 0), 128},
		{"reply", FOR_ROUTER(OWN6, GATEWAY6, IPPROTO_ICMPV6, 0, 0), 129},
	};
	static struct packet packet;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		echo_fill(&packet, &cases[i].ip, cases[i].type);
		check_dropped(cases[i].what, &packet, XVS_DROP_no_route);
	}
}

/* ---- routing ---- */

static const uint8_t udp[] = {0x9c, 0x40, 0, 53, 0, 12, 0, 0, 'd', 'a', 't', 'a'};

/* From A, or ACCESS_B, which has the same addresses in network 2. */
static void datagram(struct packet *ret, const uint8_t *from, const char *source,
	const char *destination, uint8_t hops)
{
	const struct ip ip = {
		GATEWAY_MAC, from, source, destination, hops, IPPROTO_UDP, 0, 0, udp, sizeof(udp)};

	ip_fill(ret, &ip);
}

struct routed {
	const char *what, *source, *destination;
	uint8_t hops;
	uint32_t subnet; /* the next hop's */
	const uint8_t *mac; /* its */
};

static void check_routed(const struct routed *routed)
{
	const struct ip ip = {routed->mac, GATEWAY_MAC, routed->source, routed->destination,
		routed->hops - 1, IPPROTO_UDP, 0, 0, udp, sizeof(udp)};
	static struct packet packet, expected;

	datagram(&packet, MAC_A, routed->source, routed->destination, routed->hops);
	ip_fill(&expected, &ip);
	check_goes_on(routed->what, A, &packet, &expected, routed->subnet);
}

Test(route, between_subnets)
{
	const struct routed cases[] = {
		{"IPv4", "10.0.1.10", "10.0.2.20", 64, 2, FAR},
		{"IPv6", OWN6, "fd00:0:0:2::20", 64, 2, FAR},
		{"the last but one hop", "10.0.1.10", "10.0.2.20", 2, 2, FAR},
		{"the last but one hop", OWN6, "fd00:0:0:2::20", 2, 2, FAR},
		{"many hops", "10.0.1.10", "10.0.2.20", 255, 2, FAR},
		{"its own subnet", "10.0.1.10", "10.0.1.11", 64, 1, MAC_B},
		{"its own subnet", OWN6, OTHER6, 64, 1, MAC_B},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_routed(&cases[i]);
}

/* Each TTL with each lower byte of the checksum: the carry is right. */
Test(route, checksum_at_every_ttl)
{
	struct routed routed = {"TTL", "10.0.1.10", "10.0.2.20", 0, 2, FAR};
	char source[32];

	routed.source = source;
	for (unsigned int hops = 2; hops < 256; hops++) {
		snprintf(source, sizeof(source), "%u.%u.1.10", hops ^ 0x81, 255 - hops);
		if ((hops ^ 0x81) == 127 || (hops ^ 0x81) == 0 || (hops ^ 0x81) >= 224)
			continue;
		routed.hops = hops;
		check_routed(&routed);
	}
}

Test(route, options_fragments_and_other_protocols)
{
	const struct {
		const char *what;
		uint8_t protocol, options;
		uint16_t fragment;
	} cases[] = {
		{"options", IPPROTO_UDP, 2, 0},
		{"all options", IPPROTO_UDP, 10, 0},
		{"first fragment", IPPROTO_UDP, 0, 0x2000},
		{"later fragment", IPPROTO_UDP, 0, 100},
		{"not to be cut", IPPROTO_UDP, 0, 0x4000},
		{"GRE", IPPROTO_GRE, 0, 0},
		{"an unknown protocol", 253, 0, 0},
	};
	static struct packet packet, expected;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ip ip = {GATEWAY_MAC, MAC_A, "10.0.1.10", "10.0.2.20", 9, cases[i].protocol,
			cases[i].fragment, cases[i].options, udp, sizeof(udp)};

		ip_fill(&packet, &ip);
		ip.to = FAR;
		ip.from = GATEWAY_MAC;
		ip.hops = 8;
		ip_fill(&expected, &ip);
		check_goes_on(cases[i].what, A, &packet, &expected, 2);
	}
}

Test(route, longest_prefix_wins)
{
	const struct routed cases[] = {
		{"default", "10.0.1.10", "192.0.2.1", 64, 1, MAC_B},
		{"shorter", "10.0.1.10", "192.168.9.9", 64, 2, GUEST(1)},
		{"longer", "10.0.1.10", "192.168.7.9", 64, 2, FAR},
		{"a host's", "10.0.1.10", "192.168.7.7", 64, 1, MAC_B},
		{"default", OWN6, "2001:db8::1", 64, 1, MAC_B},
		{"longer", OWN6, "2001:db8:1::1", 64, 2, FAR},
	};

	tenant_record(2, "10.0.2.30", GUEST(1));
	for (uint32_t half = 0; half < 2; half++) {
		tenant_route(1, half, "0.0.0.0/0", XVS_HOP_VIA, 1, "10.0.1.11");
		tenant_route(1, half, "192.168.0.0/16", XVS_HOP_VIA, 2, "10.0.2.30");
		tenant_route(1, half, "192.168.7.0/24", XVS_HOP_VIA, 2, "10.0.2.20");
		tenant_route(1, half, "192.168.7.7/32", XVS_HOP_VIA, 1, "10.0.1.11");
		tenant_route(1, half, "::/0", XVS_HOP_VIA, 1, OTHER6);
		tenant_route(1, half, "2001:db8:1::/48", XVS_HOP_VIA, 2, "fd00:0:0:2::20");
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_routed(&cases[i]);
}

/* What one half says is not heard in the other. */
Test(route, each_half_has_its_routes)
{
	const struct routed via[] = {
		{"one half", "10.0.1.10", "192.0.2.1", 64, 2, FAR},
		{"the other half", "10.0.1.10", "192.0.2.1", 64, 1, MAC_B},
	};
	uint32_t first = world.loader.tables.control->generation & 1;

	tenant_route(1, first, "192.0.2.0/24", XVS_HOP_VIA, 2, "10.0.2.20");
	tenant_route(1, !first, "192.0.2.0/24", XVS_HOP_VIA, 1, "10.0.1.11");
	check_routed(&via[0]);
	world_publish();
	check_routed(&via[1]);
	world_publish();
	check_routed(&via[0]);
}

/* Two networks with the same addresses. */
Test(route, networks_stay_apart)
{
	const struct ip ip = {GUEST(4), GATEWAY_MAC, "10.0.1.10", "10.0.2.20", 63, IPPROTO_UDP, 0,
		0, udp, sizeof(udp)};
	static struct packet packet, expected;

	tenant_record(4, "10.0.2.20", GUEST(4));
	datagram(&packet, STATION(ACCESS_B), "10.0.1.10", "10.0.2.20", 64);
	ip_fill(&expected, &ip);
	check_goes_on("network 2", ACCESS_B, &packet, &expected, 4);
	check_routed(&(const struct routed){"network 1", "10.0.1.10", "10.0.2.20", 64, 2, FAR});
}

Test(route, gateway_records)
{
	tenant_record(1, "0.0.0.0", OUTER);
	tenant_record(1, "::", GUEST(8));
	check_routed(&(const struct routed){"IPv4", "10.0.1.10", "198.51.100.1", 64, 1, OUTER});
	check_routed(&(const struct routed){"IPv6", OWN6, "2001:db8::1", 64, 1, GUEST(8)});
	/* never instead of a record that lacks */
	check_routed(&(const struct routed){"IPv4", "10.0.1.10", "10.0.2.20", 64, 2, FAR});
}

/* ---- what is not routed ---- */

/* No error is sent about these. */
Test(route, not_to_be_routed)
{
	const struct {
		const char *source, *destination;
	} cases[] = {
		{"10.0.1.10", "169.254.1.1"},
		{"169.254.1.1", "10.0.2.20"},
		{"10.0.1.10", "224.0.0.251"},
		{"10.0.1.10", "255.255.255.255"},
		{"10.0.1.10", "127.0.0.1"},
		{"10.0.1.10", "0.0.0.0"},
		{"0.0.0.0", "10.0.2.20"},
		{"224.0.0.1", "10.0.2.20"},
		{"127.0.0.1", "10.0.2.20"},
		{OWN6, "fe80::1"},
		{OWN6, "febf::1"},
		{"fe80::1", "fd00:0:0:2::20"},
		{OWN6, "ff0e::1"},
		{OWN6, "::1"},
		{OWN6, "::"},
		{"::", "fd00:0:0:2::20"},
	};
	static struct packet packet;

	tenant_record(1, "0.0.0.0", OUTER);
	tenant_record(1, "::", OUTER);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		datagram(&packet, MAC_A, cases[i].source, cases[i].destination, 64);
		check_dropped(cases[i].destination, &packet, XVS_DROP_no_route);
	}
}

Test(route, not_for_the_router)
{
	static struct packet packet;

	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.20", 64);
	memcpy(packet.bytes, MAC_B, ETH_ALEN);
	check_dropped("another's MAC address", &packet, XVS_DROP_no_route);
	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.20", 64);
	packet.bytes[12] = 0x88;
	check_dropped("another protocol", &packet, XVS_DROP_no_route);
	world.ports[A].vlan_mode = XVS_VLAN_UNTAGGED;
	world_publish();
	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.20", 64);
	check_dropped("from no virtual subnet", &packet, XVS_DROP_no_route);
}

Test(route, ip_that_is_wrong)
{
	static const struct flaw flaws[] = {
		{"version", 14, 0x65, XVS_DROP_unparsed},
		{"header size", 14, 0x44, XVS_DROP_unparsed},
		{"header over the end", 14, 0x4f, XVS_DROP_truncated},
		{"length under the header", 17, 16, XVS_DROP_truncated},
	};
	static struct packet packet;

	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.20", 64);
	CHECK_FLAWS(&packet, flaws);
	packet.size = 33;
	check_dropped("cut", &packet, XVS_DROP_truncated);
	datagram(&packet, MAC_A, OWN6, "fd00:0:0:2::20", 64);
	packet.size = 53;
	check_dropped("cut", &packet, XVS_DROP_truncated);
}

/* ---- errors ---- */

static void error_fill(struct packet *ret, const struct packet *about, uint8_t type, uint8_t code)
{
	uint8_t message[1500] = {type, code};
	bool is_ip6 = about->bytes[14] >> 4 == 6;
	char text[INET6_ADDRSTRLEN];
	const struct ip ip = {MAC_A, GATEWAY_MAC, is_ip6 ? GATEWAY6 : GATEWAY, text, 64,
		is_ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 0, 0, message, 8 + about->size - ETH_HLEN};

	cr_assert(inet_ntop(is_ip6 ? AF_INET6 : AF_INET, about->bytes + (is_ip6 ? 22 : 26), text,
		sizeof(text)));
	memcpy(message + 8, about->bytes + ETH_HLEN, about->size - ETH_HLEN);
	ip_fill(ret, &ip);
}

/* Dropped, and the sender is told. */
static void check_refused(const char *what, const struct packet *packet, enum xvs_drop reason,
	uint8_t type, uint8_t code)
{
	static struct packet error;
	static struct outcome got;
	struct tally expected = {0};

	error_fill(&error, packet, type, code);
	send_from(A, packet, &got);
	check_sent(what, &got, A);
	check_packet(what, &got, &error);
	expect_drop(&expected, A, true, reason, 1);
	expect_receive(&expected, A, 1, error.size);
	tally_check(what, &expected, &got.change);
}

Test(route, ttl_ends)
{
	static struct packet packet;

	for (uint8_t hops = 0; hops < 2; hops++) {
		datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.20", hops);
		check_refused("IPv4", &packet, XVS_DROP_ttl_exceeded, 11, 0);
		datagram(&packet, MAC_A, OWN6, "fd00:0:0:2::20", hops);
		check_refused("IPv6", &packet, XVS_DROP_ttl_exceeded, 3, 0);
	}
}

Test(route, nobody_is_there)
{
	static struct packet packet;

	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.99", 64);
	check_refused("IPv4", &packet, XVS_DROP_no_record, 3, 1);
	datagram(&packet, MAC_A, OWN6, "fd00:0:0:2::99", 64);
	check_refused("IPv6", &packet, XVS_DROP_no_record, 1, 3);
	tenant_record(2, "10.0.2.98", GATEWAY_MAC);
	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.98", 64);
	check_refused("the gateway's address", &packet, XVS_DROP_no_record, 3, 1);
}

Test(route, nothing_leads_there)
{
	static struct packet packet;

	datagram(&packet, MAC_A, "10.0.1.10", "198.51.100.1", 64);
	check_refused("IPv4", &packet, XVS_DROP_no_route, 3, 0);
	datagram(&packet, MAC_A, OWN6, "2001:db8::1", 64);
	check_refused("IPv6", &packet, XVS_DROP_no_route, 1, 0);
	tenant_record(1, "0.0.0.0", OUTER); /* that of the other family */
	datagram(&packet, MAC_A, OWN6, "2001:db8::1", 64);
	check_refused("IPv6", &packet, XVS_DROP_no_route, 1, 0);
}

Test(route, subnets_that_are_kept_apart)
{
	static struct packet packet;

	for (uint32_t half = 0; half < 2; half++) {
		tenant_route(1, half, "10.0.2.0/25", XVS_HOP_APART, 2, NULL);
		tenant_route(1, half, "fd00:0:0:2::/64", XVS_HOP_APART, 2, NULL);
	}
	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.20", 64);
	check_refused("IPv4", &packet, XVS_DROP_routed_apart, 3, 13);
	datagram(&packet, MAC_A, OWN6, "fd00:0:0:2::20", 1);
	check_refused("IPv6", &packet, XVS_DROP_routed_apart, 1, 1);
}

/* Routes that the host can't follow. */
Test(route, hops_that_lead_nowhere)
{
	static struct packet packet;

	for (uint32_t half = 0; half < 2; half++) {
		tenant_route(1, half, "192.0.2.0/28", XVS_HOP_VIA, 9, "10.0.2.20");
		tenant_route(1, half, "192.0.2.16/28", 77, 2, "10.0.2.20");
		tenant_route(1, half, "192.0.2.32/28", XVS_HOP_VIA, 2, "10.0.2.1");
		tenant_route(1, half, "192.0.2.48/28", XVS_HOP_VIA, 4, "10.0.2.20");
	}
	tenant_subnets[4].switch_id = SWITCH_B;
	tenants_publish();
	tenant_record(4, "10.0.2.20", FAR);
	for (int part = 0; part < 4; part++) {
		char destination[32];

		snprintf(destination, sizeof(destination), "192.0.2.%d", part * 16 + 1);
		datagram(&packet, MAC_A, "10.0.1.10", destination, 64);
		check_dropped(destination, &packet, XVS_DROP_no_route);
	}
}

Test(route, errors_are_few)
{
	static struct packet packet;
	static struct outcome got;
	unsigned int told = 0;

	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.20", 1);
	for (int i = 0; i < 4 * XVS_TOLD_MAX; i++) {
		send_from(A, &packet, &got);
		told += got.verdict == TC_ACT_REDIRECT;
		cr_expect_eq(got.change.drops[A][XVS_DROP_ttl_exceeded], 1);
	}
	cr_expect_geq(told, XVS_TOLD_MAX);
	cr_expect_leq(told, 2 * XVS_TOLD_MAX); /* a second may end meanwhile */
}

/* ---- tags ---- */

/* A priority tag, in the packet, goes; the answer has none on a port that keeps none. */
Test(route, priority_tags)
{
	const struct arp reply = {MAC_A, GATEWAY_MAC, 2, GATEWAY_MAC, MAC_A, GATEWAY, "10.0.1.10"};
	static struct packet question, answer;

	ask_arp(&question, GATEWAY);
	packet_put_tag(&question, (struct tag)Q(PRIORITY(5)));
	arp_fill(&answer, &reply);
	check_answer("in the packet", &question, &answer);
}

/* ---- with the forwarding in front and behind ---- */

static void put_forwarding(void)
{
	int program = bpf_prog_get_fd_by_id(forwarding);

	cr_assert_geq(program, 0, "%m");
	cr_assert_eq(bpf_map_update_elem(slots, &virtual, &program, BPF_ANY), 0, "%m");
	close(program);
}

static void send_whole_way(const struct packet *packet, struct outcome *ret)
{
	static struct input input;

	input = (struct input){.program = INGRESS, .on = A};
	input.packet.size = packet->size;
	memcpy(input.packet.bytes, packet->bytes, packet->size);
	run(&input, ret);
}

/* `flooded`: how many packets count as that. */
static void check_whole_way(const char *what, const struct packet *packet,
	const struct packet *expected, uint32_t to, uint32_t flooded)
{
	static struct outcome got;
	struct tally tally = {0};

	send_whole_way(packet, &got);
	check_sent(what, &got, to);
	check_packet(what, &got, expected);
	expect_transmit(&tally, A, 1, expected->size);
	expect_receive(&tally, to, 1, expected->size);
	tally.counters[A].flooded_packets = flooded;
	tally_check(what, &tally, &got.change);
}

Test(route, from_port_to_port)
{
	const struct arp reply = {MAC_A, GATEWAY_MAC, 2, GATEWAY_MAC, MAC_A, GATEWAY, "10.0.1.10"};
	struct ip ip = {FAR, GATEWAY_MAC, "10.0.1.10", "10.0.2.20", 63, IPPROTO_UDP, 0, 0, udp,
		sizeof(udp)};
	static struct packet packet, expected;

	put_forwarding();
	datagram(&packet, MAC_A, "10.0.1.10", "10.0.2.20", 64);
	ip_fill(&expected, &ip);
	check_whole_way("IPv4", &packet, &expected, ACCESS, 0);
	ip.source = OWN6;
	ip.destination = "fd00:0:0:2::20";
	datagram(&packet, MAC_A, ip.source, ip.destination, 64);
	ip_fill(&expected, &ip);
	check_whole_way("IPv6", &packet, &expected, ACCESS, 0);
	ip = (struct ip){MAC_B, GATEWAY_MAC, "10.0.1.10", "10.0.1.11", 63, IPPROTO_UDP, 0, 0, udp,
		sizeof(udp)};
	datagram(&packet, MAC_A, ip.source, ip.destination, 64);
	ip_fill(&expected, &ip);
	check_whole_way("its own subnet", &packet, &expected, B, 0);
	ask_arp(&packet, GATEWAY);
	arp_fill(&expected, &reply);
	check_whole_way("an answer", &packet, &expected, A, 0);
}

/* A question that the records don't answer goes to the subnet's other ports, and only there. */
Test(route, question_to_the_stations)
{
	static struct packet packet;

	put_forwarding();
	learn();
	ask_arp(&packet, "10.0.1.99");
	check_whole_way("the only other port", &packet, &packet, B, 1);
}

/* A packet for itself by way of the gateway. */
Test(route, no_way_back)
{
	static struct packet packet;
	static struct outcome got;
	struct tally tally = {0};

	put_forwarding();
	datagram(&packet, MAC_A, "10.0.1.10", "10.0.1.10", 64);
	send_whole_way(&packet, &got);
	expect_drop(&tally, A, true, XVS_DROP_same_port, 1);
	tally_check("back", &tally, &got.change);
}

/* To a station of this host, or of another one that no record tells. */
static void syn_fill(struct packet *ret, const uint8_t *to, uint16_t mss)
{
	const uint8_t tcp[24] = {0x9c, 0x40, 0, 80, [12] = 0x60, 0x02, [20] = 2, 4, mss >> 8, mss};
	const struct ip ip = {
		to, MAC_A, "10.0.1.10", "10.0.1.11", 64, IPPROTO_TCP, 0, 0, tcp, sizeof(tcp)};

	ip_fill(ret, &ip);
}

/* Before the way to the other host is looked for, which there is none. */
Test(route, segments_that_fit_the_wire)
{
	const struct xvs_provider_config own = {.port = HOST, .mtu = 1500};
	const struct xvs_provider both = {.half = {own, own}};
	static struct packet packet, expected;
	static struct outcome got;
	uint32_t id = SWITCH;

	put_forwarding();
	cr_assert_eq(bpf_map_update_elem(world.loader.tables.providers, &id, &both, BPF_ANY), 0);
	for (int clamped = 0; clamped < 2; clamped++) {
		tenant_subnets[1].flags = clamped ? XVS_SUBNET_CLAMP : 0;
		tenants_publish();
		syn_fill(&packet, GUEST(9), 1460);
		syn_fill(&expected, GUEST(9), clamped ? 1418 : 1460);
		send_whole_way(&packet, &got);
		check_verdict("to another host", &got, TC_ACT_SHOT);
		check_packet("to another host", &got, &expected);
		syn_fill(&packet, MAC_B, 1460);
		check_whole_way("to this host", &packet, &packet, B, 0);
	}
}

/* ---- frames that nobody should send ---- */

#define FUZZ_CASES 6000
#define FUZZ_FRAMES 8

static void make_right_frames(struct packet *ret)
{
	const struct ip ping = {
		GATEWAY_MAC, MAC_A, "10.0.1.10", GATEWAY, 64, IPPROTO_ICMP, 0, 0, NULL, 0};
	const struct ip ping6 = {
		GATEWAY_MAC, MAC_A, OWN6, GATEWAY6, 64, IPPROTO_ICMPV6, 0, 0, NULL, 0};

	ask_arp(&ret[0], GATEWAY);
	ask_arp(&ret[1], "10.0.1.11");
	nd_fill(&ret[2], 135, &for_other);
	echo_fill(&ret[3], &ping, 8);
	echo_fill(&ret[4], &ping6, 128);
	datagram(&ret[5], MAC_A, "10.0.1.10", "10.0.2.20", 64);
	datagram(&ret[6], MAC_A, OWN6, "fd00:0:0:2::20", 64);
	datagram(&ret[7], MAC_A, "10.0.1.10", "10.0.2.20", 1);
}

/* What has been looked at before stays: the source address, and that there is no tag. */
static void make_case(struct random *random, const struct packet *right, struct packet *ret)
{
	const struct packet *from = &right[random_below(random, FUZZ_FRAMES)];
	uint32_t changes = random_below(random, 4);

	if (random_once_in(random, 4)) {
		mutate_frame(random, ret);
		memcpy(ret->bytes, GATEWAY_MAC, ETH_ALEN);
	} else {
		ret->size = from->size;
		memcpy(ret->bytes, from->bytes, from->size);
		for (uint32_t i = 0; i < changes; i++)
			ret->bytes[random_below(random, ret->size)] = random_next(random);
		if (random_once_in(random, 8))
			ret->size = ETH_HLEN + random_below(random, ret->size - ETH_HLEN + 1);
	}
	memcpy(ret->bytes + ETH_ALEN, MAC_A, ETH_ALEN);
	if (ret->bytes[12] == 0x81 || (ret->bytes[12] == 0x88 && ret->bytes[13] == 0xa8))
		ret->bytes[12] = 0x08;
}

static uint16_t sum_of_ip4(const struct packet *packet)
{
	return sum_of(packet->bytes + ETH_HLEN, (packet->bytes[ETH_HLEN] & 0xf) * 4, 0);
}

/* Nothing but both MAC addresses, TTL and checksum has changed. */
static const char *judge_routed(const struct packet *in, const struct packet *out)
{
	bool is_ip6 = in->bytes[13] == 0xdd;
	struct packet *back = malloc(sizeof(*back));
	uint32_t hops = is_ip6 ? 21 : 22;
	const char *wrong = NULL;

	back->size = out->size;
	memcpy(back->bytes, out->bytes, out->size);
	memcpy(back->bytes, in->bytes, 2 * ETH_ALEN);
	back->bytes[hops]++;
	if (!is_ip6)
		memcpy(back->bytes + 24, in->bytes + 24, 2);
	if (!packet_equal(back, in))
		wrong = "more has changed";
	else if (memcmp(in->bytes, GATEWAY_MAC, ETH_ALEN) ||
		 !memcmp(out->bytes, GATEWAY_MAC, ETH_ALEN) ||
		 memcmp(out->bytes + ETH_ALEN, GATEWAY_MAC, ETH_ALEN))
		wrong = "MAC addresses";
	else if (in->bytes[hops] < 2)
		wrong = "TTL";
	else if (!is_ip6 && sum_of_ip4(in) != sum_of_ip4(out))
		wrong = "checksum";
	free(back);
	return wrong;
}

static const char *judge_answer(const struct packet *in, const struct packet *out, bool is_error)
{
	uint16_t type = in->bytes[12] << 8 | in->bytes[13];
	bool is_nd = type == ETH_P_IPV6 && in->bytes[20] == IPPROTO_ICMPV6 && in->bytes[54] == 135;

	if (memcmp(out->bytes, MAC_A, ETH_ALEN) && memcmp(out->bytes, ALL_NODES, ETH_ALEN))
		return "to somebody else";
	if (type == ETH_P_ARP)
		return out->bytes[21] == 2 && !memcmp(out->bytes + 28, in->bytes + 38, 4) &&
				       !memcmp(out->bytes + 38, in->bytes + 28, 4) &&
				       !memcmp(out->bytes + 6, out->bytes + 22, 6)
			       ? NULL
			       : "ARP";
	if (is_nd && (out->bytes[54] != 136 || memcmp(out->bytes + 62, in->bytes + 62, 16)))
		return "ND";
	if (type == ETH_P_IPV6 && (is_nd || is_error) &&
		sum_of(out->bytes + 54, out->size - 54,
			sum_of(out->bytes + 22, 32, IPPROTO_ICMPV6 + out->size - 54)) != 0xffff)
		return "checksum";
	if (type == ETH_P_IP && sum_of_ip4(out) != 0xffff && sum_of_ip4(in) == 0xffff)
		return "IPv4's checksum";
	if (is_error && out->bytes[type == ETH_P_IP ? 34 : 54] == 0)
		return "no error";
	return NULL;
}

static const char *judge(const struct packet *in, const struct outcome *got)
{
	struct tally_sums sums = tally_sum(&got->change);
	struct xvs_chain_state state = state_now();

	if (got->verdict == TC_ACT_REDIRECT)
		return sums.received != 1 || sums.transmitted + sums.drops != 1
			       ? "sent, but not counted so"
			       : judge_answer(in, &got->packet, sums.drops);
	if (got->verdict != TC_ACT_SHOT || sums.drops != 1 || sums.transmitted || sums.received)
		return "neither sent nor dropped";
	return state.routed ? judge_routed(in, &got->packet) : NULL;
}

/* Whatever comes is dropped for one reason, answered, or goes on as a router leaves it. */
Test(route, random_frames)
{
	static struct packet right[FUZZ_FRAMES], packet;
	static struct outcome got;
	struct random random = {20261127};
	unsigned int answered = 0, routed = 0, dropped = 0;

	corpus_read();
	make_right_frames(right);
	for (int i = 0; i < FUZZ_CASES; i++) {
		const char *wrong;

		make_case(&random, right, &packet);
		send_from(A, &packet, &got);
		wrong = judge(&packet, &got);
		cr_assert(!wrong, "case %d: %s", i, wrong);
		answered += got.verdict == TC_ACT_REDIRECT;
		routed += state_now().routed != 0;
		dropped += got.verdict == TC_ACT_SHOT;
	}
	cr_expect_gt(answered, FUZZ_CASES / 20, "%u", answered);
	cr_expect_gt(routed, FUZZ_CASES / 20, "%u", routed);
	cr_expect_gt(dropped - routed, FUZZ_CASES / 20, "%u", dropped);
}
