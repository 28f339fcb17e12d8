// SPDX-License-Identifier: GPL-2.0-only
/*
 * DHCP and router guard: each message, forbidden or not, behind all that a guest can put around it.
 * And the parser's bounds: what is cut off, or goes too deep.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include "test/bpf/build.h"
#include "test/bpf/run.h"

#define GUEST_PORT NATIVE /* a trunk of all VLANs; the receiver is the uplink */

TestSuite(guards, .init = run_open, .fini = run_close);

/* What of a message its guard has to read. */
enum needs {
	NOTHING, /* no guard looks at it */
	TYPE, /* the ICMP type, or the port alone */
	CONTENT, /* a byte behind the UDP header */
};

struct guarded {
	struct message message;
	enum needs needs;
	uint32_t guard;
	enum xvs_drop drop; /* none: allowed */
};

#define PORT16(port) (port) >> 8, (port)&0xff
#define UDP_TO(port, ...)                                                                          \
	{                                                                                          \
		PORT16(4444), PORT16(port), 0, 20, 0, 0, __VA_ARGS__, 1, 6, 0                      \
	}
#define UDP4(title, port, ...)                                                                     \
	.message = {title, ETH_P_IP, IPPROTO_UDP, 12, UDP_TO(port, __VA_ARGS__)}
#define UDP6(title, port, ...)                                                                     \
	.message = {title, ETH_P_IPV6, IPPROTO_UDP, 12, UDP_TO(port, __VA_ARGS__)}
#define ICMP4(title, type) .message = {title, ETH_P_IP, IPPROTO_ICMP, 16, {type}}
#define ICMP6(title, type) .message = {title, ETH_P_IPV6, IPPROTO_ICMPV6, 40, {type}}
#define DHCP(need) .needs = need, .guard = XVS_PORT_DHCP_GUARD
#define ROUTER .needs = TYPE, .guard = XVS_PORT_ROUTER_GUARD
#define NO(reason) .drop = XVS_DROP_##reason

static const struct guarded messages[] = {
	{UDP4("to a DHCP client", 68, 2), DHCP(TYPE), NO(dhcp_server)},
	{UDP4("to a DHCP client, op 1", 68, 1), DHCP(TYPE), NO(dhcp_server)},
	{UDP4("reply to a DHCP relay", 67, 2), DHCP(CONTENT), NO(dhcp_server)},
	{UDP4("request to a DHCP server", 67, 1), DHCP(CONTENT)},
	{UDP4("op 0 to a DHCP server", 67, 0), DHCP(CONTENT)},
	{UDP4("op 3 to a DHCP server", 67, 3), DHCP(CONTENT)},
	{UDP4("to port 66", 66, 2), DHCP(NOTHING)},
	{UDP4("to port 69", 69, 2), DHCP(NOTHING)},
	{UDP4("IPv4 to port 546", 546, 2), DHCP(NOTHING)},
	{UDP4("to port 68 << 8", 68 << 8, 2), DHCP(NOTHING)},
	{UDP6("IPv6 to port 68", 68, 2), DHCP(NOTHING)},
	{UDP6("IPv6 to port 67", 67, 2), DHCP(NOTHING)},
	{UDP6("DHCPv6 solicit", 547, 1), DHCP(CONTENT)},
	{UDP6("DHCPv6 advertise, to a server", 547, 2), DHCP(CONTENT)},
	{UDP6("DHCPv6 request", 547, 3), DHCP(CONTENT)},
	{UDP6("DHCPv6 confirm", 547, 4), DHCP(CONTENT)},
	{UDP6("DHCPv6 renew", 547, 5), DHCP(CONTENT)},
	{UDP6("DHCPv6 rebind", 547, 6), DHCP(CONTENT)},
	{UDP6("DHCPv6 release", 547, 8), DHCP(CONTENT)},
	{UDP6("DHCPv6 decline", 547, 9), DHCP(CONTENT)},
	{UDP6("DHCPv6 information request", 547, 11), DHCP(CONTENT)},
	{UDP6("DHCPv6 relay-forward", 547, 12), DHCP(CONTENT)},
	{UDP6("DHCPv6 relay-reply", 547, 13), DHCP(CONTENT), NO(dhcp_server)},
	{UDP6("DHCPv6 solicit, to a client", 546, 1), DHCP(CONTENT)},
	{UDP6("DHCPv6 advertise", 546, 2), DHCP(CONTENT), NO(dhcp_server)},
	{UDP6("DHCPv6 reply", 546, 7), DHCP(CONTENT), NO(dhcp_server)},
	{UDP6("DHCPv6 release, to a client", 546, 8), DHCP(CONTENT)},
	{UDP6("DHCPv6 reconfigure", 546, 10), DHCP(CONTENT), NO(dhcp_server)},
	{UDP6("DHCPv4 response over DHCPv6", 546, 21), DHCP(CONTENT), NO(dhcp_server)},
	{ICMP4("echo reply", 0), ROUTER},
	{ICMP4("unreachable", 3), ROUTER},
	{ICMP4("source quench", 4), ROUTER},
	{ICMP4("redirect", 5), ROUTER, NO(router)},
	{ICMP4("echo", 8), ROUTER},
	{ICMP4("router advertisement", 9), ROUTER, NO(router)},
	{ICMP4("router solicitation", 10), ROUTER},
	{ICMP4("ICMPv4 134", 134), ROUTER},
	{ICMP4("ICMPv4 137", 137), ROUTER},
	{ICMP6("ICMPv6 5", 5), ROUTER},
	{ICMP6("ICMPv6 9", 9), ROUTER},
	{ICMP6("echo over IPv6", 128), ROUTER},
	{ICMP6("router solicitation over IPv6", 133), ROUTER},
	{ICMP6("router advertisement over IPv6", 134), ROUTER, NO(router)},
	{ICMP6("neighbour solicitation", 135), ROUTER},
	{ICMP6("neighbour advertisement", 136), ROUTER},
	{ICMP6("redirect over IPv6", 137), ROUTER, NO(router)},
	{ICMP6("router renumbering", 138), ROUTER},
	{.message = {"ICMPv4 inside IPv6", ETH_P_IPV6, IPPROTO_ICMP, 16, {9}}, ROUTER},
	{.message = {"ICMPv6 inside IPv4", ETH_P_IP, IPPROTO_ICMPV6, 16, {134}}, ROUTER},
	{.message = {"TCP to port 68", ETH_P_IP, IPPROTO_TCP, 20, {PORT16(1), PORT16(68)}},
		DHCP(NOTHING)},
	{.message = {"UDP-Lite to port 68", ETH_P_IP, IPPROTO_UDPLITE, 12, UDP_TO(68, 2)},
		DHCP(NOTHING)},
};
#define MESSAGES (sizeof(messages) / sizeof(*messages))
#define BOTH_GUARDS (XVS_PORT_DHCP_GUARD | XVS_PORT_ROUTER_GUARD)

/* ---- what is put around them ---- */

#define HOP IPPROTO_HOPOPTS
#define DST IPPROTO_DSTOPTS
#define RTG IPPROTO_ROUTING
#define AH IPPROTO_AH
#define FRG IPPROTO_FRAGMENT
#define ALL_4 1
#define ALL_6 2
#define BOTH 3

static const struct {
	struct wrap wrap;
	unsigned int families;
} wraps[] = {
	{{.name = "plain"}, BOTH},
	{{"one tag", .tags = {Q(10)}}, BOTH},
	{{"a priority tag", .tags = {Q(PRIORITY(5))}}, BOTH},
	{{"two tags", .tags = {Q(10), Q(7)}}, BOTH},
	{{"two tags, 802.1ad inside", .tags = {Q(10), AD(7)}}, BOTH},
	{{"four tags", .tags = {Q(10), Q(7), AD(8), Q(9)}}, BOTH},
	{{"SNAP", .snap = true}, BOTH},
	{{"SNAP, bridge tunnel", .snap = true, .oui = {0, 0, 0xf8}}, BOTH},
	{{"SNAP, strange OUI", .snap = true, .oui = {1, 2, 3}}, BOTH},
	{{"one tag, SNAP", .tags = {Q(10)}, .snap = true}, BOTH},
	{{"two tags, SNAP", .tags = {Q(10), Q(7)}, .snap = true}, BOTH},
	{{"an option", .option_words = 1}, ALL_4},
	{{"ten words of options", .option_words = 10}, ALL_4},
	{{"two tags, options", .tags = {Q(10), Q(7)}, .option_words = 5}, ALL_4},
	{{"AH over IPv4", .ah = true}, ALL_4},
	{{"options, AH over IPv4", .option_words = 3, .ah = true}, ALL_4},
	{{"hop-by-hop", EXTENSIONS(HOP)}, ALL_6},
	{{"routing", EXTENSIONS(RTG)}, ALL_6},
	{{"destination options", EXTENSIONS(DST)}, ALL_6},
	{{"AH", EXTENSIONS(AH)}, ALL_6},
	{{"atomic fragment", EXTENSIONS(FRG)}, ALL_6},
	{{"two tags, hop-by-hop", .tags = {Q(10), Q(7)}, EXTENSIONS(HOP)}, ALL_6},
	{{"large destination options", EXTENSIONS(DST), .extension_size = 30}, ALL_6},
	{{"all of them", EXTENSIONS(HOP, DST, RTG, FRG, AH, DST)}, ALL_6},
	{{"the same again", EXTENSIONS(DST, DST, DST, DST)}, ALL_6},
	{{"hop-by-hop not in front", EXTENSIONS(DST, HOP)}, ALL_6},
	{{"atomic fragment between", EXTENSIONS(HOP, FRG, DST)}, ALL_6},
	{{"as many as are followed", EXTENSIONS(HOP, DST, DST, DST, DST, DST, DST, DST)}, ALL_6},
};
#define WRAPS (sizeof(wraps) / sizeof(*wraps))

static bool fits(const struct message *message, unsigned int families)
{
	return families & (message->type == ETH_P_IP ? ALL_4 : ALL_6);
}

static void guard_with(uint32_t flags)
{
	world.ports[GUEST_PORT].flags |= flags;
	world_publish();
}

/* `packet` from the guest: is it dropped for that reason, or does it get through? */
static void check_packet(
	const char *what, const struct packet *packet, enum place place, enum xvs_drop drop)
{
	static struct input input;
	static struct outcome got;

	memset(&input, 0, offsetof(struct input, packet));
	input.program = INGRESS;
	input.on = GUEST_PORT;
	input.packet = *packet;
	if (place == BESIDE) { /* the outermost tag */
		input.beside = (struct tag){packet->bytes[12] << 8 | packet->bytes[13],
			packet->bytes[14] << 8 | packet->bytes[15]};
		memmove(input.packet.bytes + 12, packet->bytes + 16, packet->size - 16);
		input.packet.size -= 4;
	}
	run(&input, &got);
	for (enum xvs_drop reason = 0; reason < XVS_DROP_count; reason++)
		cr_expect_eq(got.change.drops[GUEST_PORT][reason], drop && reason == drop,
			"%s: %lu drops for reason %d, expected reason %d", what,
			got.change.drops[GUEST_PORT][reason], reason, drop);
	cr_expect_eq(got.verdict, drop ? TC_ACT_SHOT : TC_ACT_REDIRECT, "%s: verdict %d", what,
		got.verdict);
	cr_expect_eq(got.change.counters[UPLINK].receive_packets, !drop, "%s", what);
}

static const char *join(const char *one, const char *other)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s, %s", one, other);
	return text;
}

static void check_wrapped(
	const struct message *message, const struct wrap *wrap, enum xvs_drop drop)
{
	static struct packet packet;

	build(&packet, STATION(GUEST_PORT), STATION(UPLINK), wrap, message, NULL);
	for (enum place place = 0; place < PLACES; place++)
		if (place == IN_PACKET || wrap->tags[0].protocol)
			check_packet(join(message->name, wrap->name), &packet, place, drop);
}

/* Each message in each wrap, with its own guard, the other one, both, and none. */
Test(guards, messages, .timeout = 600)
{
	const uint32_t guards[] = {0, XVS_PORT_DHCP_GUARD, XVS_PORT_ROUTER_GUARD, BOTH_GUARDS};

	for (size_t guard = 0; guard < sizeof(guards) / sizeof(*guards); guard++) {
		world_reset();
		guard_with(guards[guard]);
		for (size_t i = 0; i < MESSAGES; i++)
			for (size_t j = 0; j < WRAPS; j++)
				if (fits(&messages[i].message, wraps[j].families))
					check_wrapped(&messages[i].message, &wraps[j].wrap,
						messages[i].guard & guards[guard] ? messages[i].drop
										  : 0);
	}
}

/* Fragments: the first one may not leave open what the message is. Later ones are nothing alone. */
static enum xvs_drop of_first_fragment(const struct guarded *guarded)
{
	return guarded->needs == CONTENT ? XVS_DROP_dhcp_server : guarded->drop;
}

static const struct {
	struct wrap wrap;
	unsigned int families;
} fragments[] = {
	{{"fragment", .more_fragments = true, EXTENSIONS(FRG)}, BOTH},
	{{"fragment, two tags", .tags = {Q(10), Q(7)}, .more_fragments = true, EXTENSIONS(FRG)},
		BOTH},
	{{"fragment, SNAP", .snap = true, .more_fragments = true, EXTENSIONS(FRG)}, BOTH},
	{{"fragment, options", .option_words = 4, .more_fragments = true}, ALL_4},
	{{"fragment, AH", .ah = true, .more_fragments = true}, ALL_4},
	{{"fragment behind hop-by-hop", .more_fragments = true, EXTENSIONS(HOP, FRG)}, ALL_6},
	{{"fragment before options", .more_fragments = true, EXTENSIONS(FRG, DST)}, ALL_6},
	{{"fragment before AH", .more_fragments = true, EXTENSIONS(HOP, FRG, AH, DST)}, ALL_6},
	{{"atomic, then fragment", .more_fragments = true, EXTENSIONS(FRG, DST)}, ALL_6},
};

Test(guards, fragments)
{
	const uint16_t offsets[] = {16, 256, 4096, 32768, 65528}; /* the least, a bit, the most */

	guard_with(BOTH_GUARDS);
	for (size_t i = 0; i < MESSAGES; i++)
		for (size_t j = 0; j < sizeof(fragments) / sizeof(*fragments); j++) {
			struct wrap wrap = fragments[j].wrap;

			if (!fits(&messages[i].message, fragments[j].families))
				continue;
			check_wrapped(&messages[i].message, &wrap, of_first_fragment(&messages[i]));
			for (int last = 0; last <= 1; last++) {
				wrap.fragment_offset = 1448;
				wrap.more_fragments = !last;
				check_wrapped(&messages[i].message, &wrap, 0);
			}
			for (size_t k = 0; k < sizeof(offsets) / sizeof(*offsets); k++) {
				wrap.fragment_offset = offsets[k];
				check_wrapped(&messages[i].message, &wrap, 0);
			}
		}
}

/* 8 bytes behind the first fragment it could write over the flags of TCP (RFC 3128). */
Test(guards, fragment_over_a_tcp_header)
{
	static const struct message others[] = {{"TCP", ETH_P_IP, IPPROTO_TCP, 20, {0}},
		{"TCP", ETH_P_IPV6, IPPROTO_TCP, 20, {0}}, {"UDP", ETH_P_IP, IPPROTO_UDP, 20, {0}},
		{"UDP", ETH_P_IPV6, IPPROTO_UDP, 20, {0}}};

	guard_with(BOTH_GUARDS);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const bool tcp = others[i].protocol == IPPROTO_TCP;
		struct wrap wrap = {"fragment", EXTENSIONS(FRG), .more_fragments = true};

		if (others[i].type == ETH_P_IP)
			wrap = (struct wrap){"fragment", .more_fragments = true};
		wrap.fragment_offset = 8;
		check_wrapped(&others[i], &wrap, tcp ? XVS_DROP_unparsed : 0);
		wrap.more_fragments = false;
		check_wrapped(&others[i], &wrap, tcp ? XVS_DROP_unparsed : 0);
		wrap.fragment_offset = 16;
		check_wrapped(&others[i], &wrap, 0);
	}
}

/* What goes deeper than is followed, or can't be what it says. */
static const struct {
	struct wrap wrap;
	unsigned int families;
} unparsed[] = {
	{{"six tags", .tags = {Q(10), Q(7), Q(8), Q(9), Q(11), Q(12)}}, BOTH},
	{{"six tags of two kinds", .tags = {Q(10), AD(7), Q(8), AD(9), AD(11), Q(12)}}, BOTH},
	{{"nine extensions", EXTENSIONS(HOP, DST, DST, DST, DST, DST, DST, DST, DST)}, ALL_6},
	{{"twelve extensions",
		 EXTENSIONS(DST, DST, DST, DST, DST, DST, DST, DST, DST, DST, DST, DST)},
		ALL_6},
	{{"fragment in a fragment", .more_fragments = true, EXTENSIONS(FRG, FRG)}, ALL_6},
	{{"fragment in a fragment, apart", .more_fragments = true, EXTENSIONS(FRG, DST, FRG)},
		ALL_6},
	{{"version 6 in IPv4", .version = 6}, ALL_4},
	{{"version 5", .version = 5}, BOTH},
	{{"version 4 in IPv6", .version = 4}, ALL_6},
	{{"header of four words", .option_words = 255}, ALL_4},
};

Test(guards, unparsed)
{
	static const uint32_t guards[] = {
		XVS_PORT_DHCP_GUARD, XVS_PORT_ROUTER_GUARD, XVS_PORT_ADDRESS_GUARD};
	static const struct message icmp = {"echo", ETH_P_IP, IPPROTO_ICMP, 16, {8}};
	static const struct message icmp6 = {"echo", ETH_P_IPV6, IPPROTO_ICMPV6, 16, {128}};

	for (size_t i = 0; i < sizeof(unparsed) / sizeof(*unparsed); i++) {
		const unsigned int families = unparsed[i].families;

		for (size_t guard = 0; guard < sizeof(guards) / sizeof(*guards); guard++) {
			world_reset();
			guard_with(guards[guard]);
			if (families & ALL_4)
				check_wrapped(&icmp, &unparsed[i].wrap, XVS_DROP_unparsed);
			if (families & ALL_6)
				check_wrapped(&icmp6, &unparsed[i].wrap, XVS_DROP_unparsed);
		}
		world_reset();
		guard_with(XVS_PORT_OWN_MAC); /* its own source address is no question */
		if (families & ALL_4)
			check_wrapped(&icmp, &unparsed[i].wrap, 0);
		if (families & ALL_6)
			check_wrapped(&icmp6, &unparsed[i].wrap, 0);
	}
}

/* A tag behind LLC/SNAP. */
Test(guards, tag_behind_snap)
{
	static const struct message tagged = {
		"tag", ETH_P_8021Q, 0, 8, {0, 10, ETH_P_IP >> 8, ETH_P_IP & 0xff}};
	static const struct wrap snap = {"SNAP", .snap = true};

	guard_with(XVS_PORT_ROUTER_GUARD);
	check_wrapped(&tagged, &snap, XVS_DROP_unparsed);
}

/* How much of a frame its guard must read. */
static uint32_t needed(const struct guarded *guarded, const struct built *built)
{
	switch (guarded->message.protocol) {
	case IPPROTO_TCP:
		return built->transport + 20;
	case IPPROTO_UDP:
		return built->transport + (guarded->needs == CONTENT ? 9 : 4);
	case IPPROTO_UDPLITE:
		return built->transport + 4;
	default:
		return built->transport + 2;
	}
}

/* Of a packet that ends at `end`. */
static enum xvs_drop when_cut(
	const struct guarded *guarded, const struct built *built, uint32_t end)
{
	if (end >= needed(guarded, built))
		return guarded->drop;
	if (guarded->needs == CONTENT && end >= built->transport + 4)
		return XVS_DROP_dhcp_server; /* its port is known, its type is not */
	return XVS_DROP_truncated;
}

static bool is_short(const struct wrap *wrap)
{
	return !wrap->tags[3].protocol && wrap->extension_size == 0 && wrap->option_words < 10;
}

/* The frame ends early, at each byte behind the Ethernet header and its tags. */
Test(guards, cut_off, .timeout = 600)
{
	static struct packet packet;

	guard_with(BOTH_GUARDS);
	for (size_t i = 0; i < MESSAGES; i++)
		for (size_t j = 0; j < WRAPS; j++) {
			const struct wrap *wrap = &wraps[j].wrap;
			struct built built;
			uint32_t size;

			if (!fits(&messages[i].message, wraps[j].families) || !is_short(wrap))
				continue;
			built = build(&packet, STATION(GUEST_PORT), STATION(UPLINK), wrap,
				&messages[i].message, NULL);
			size = packet.size;
			for (uint32_t end = built.network; end < size; end++) {
				packet.size = end;
				check_packet(join(messages[i].message.name, wrap->name), &packet,
					IN_PACKET, when_cut(&messages[i], &built, end));
			}
		}
}

/*
 * The IP header says that the packet ends early, and the sender puts behind it what would be read
 * there: the receiver sees something else, once it has the other fragments.
 */
Test(guards, padding, .timeout = 600)
{
	static struct packet packet;

	guard_with(BOTH_GUARDS);
	for (size_t i = 0; i < MESSAGES; i++)
		for (size_t j = 0; j < WRAPS; j++) {
			const struct wrap *wrap = &wraps[j].wrap;
			uint32_t first, size;
			struct built built;

			if (!fits(&messages[i].message, wraps[j].families) || !is_short(wrap))
				continue;
			built = build(&packet, STATION(GUEST_PORT), STATION(UPLINK), wrap,
				&messages[i].message, NULL);
			size = packet.size;
			/* a length of 0 is none */
			first = built.network + (messages[i].message.type == ETH_P_IP ? 1 : 41);
			for (uint32_t end = first; end < size; end++) {
				build_end_at(&packet, &built, end);
				check_packet(join(messages[i].message.name, wrap->name), &packet,
					IN_PACKET, when_cut(&messages[i], &built, end));
			}
		}
}

/* Jumbograms and packets to be cut by the NIC have no length: then it is all there is. */
Test(guards, length_of_zero)
{
	static struct packet packet;

	guard_with(BOTH_GUARDS);
	for (size_t i = 0; i < MESSAGES; i++) {
		const struct message *message = &messages[i].message;
		struct built built = build(&packet, STATION(GUEST_PORT), STATION(UPLINK),
			&wraps[0].wrap, message, NULL);

		build_end_at(&packet, &built, built.network + (message->type == ETH_P_IP ? 0 : 40));
		check_packet(message->name, &packet, IN_PACKET, messages[i].drop);
	}
}

/* Guards are about what a port sends, not what it gets. */
Test(guards, received)
{
	struct frame frame = {STATION(UPLINK), STATION(GUEST_PORT), EXPERIMENTAL, {Q(100)}, 0};
	static struct packet packet;
	static struct input input = {.program = INGRESS, .on = UPLINK};
	static struct outcome got;

	guard_with(BOTH_GUARDS | XVS_PORT_ADDRESS_GUARD | XVS_PORT_OWN_MAC);
	for (size_t i = 0; i < MESSAGES; i++) {
		static const struct wrap tagged = {"tag", .tags = {Q(100)}};

		build(&packet, frame.source, frame.destination, &tagged, &messages[i].message,
			NULL);
		input.packet = packet;
		run(&input, &got);
		check_sent(messages[i].message.name, &got, GUEST_PORT);
	}
}

/* Each segment of a GSO packet is a message of its own. */
Test(guards, segments)
{
	static struct input input = {.program = INGRESS, .on = GUEST_PORT, .gso_size = 4};
	static struct outcome got;

	guard_with(BOTH_GUARDS);
	for (size_t i = 0; i < MESSAGES; i++) {
		enum xvs_drop drop = of_first_fragment(&messages[i]);

		if (messages[i].message.protocol != IPPROTO_UDP)
			continue;
		build(&input.packet, STATION(GUEST_PORT), STATION(UPLINK), &wraps[0].wrap,
			&messages[i].message, NULL);
		input.gso_segs = 1;
		run(&input, &got);
		cr_expect_eq(got.change.drops[GUEST_PORT][XVS_DROP_dhcp_server], drop != 0, "%s",
			messages[i].message.name);
	}
}

/* A packet of many pages: the guards see headers wherever they lie. */
Test(guards, large)
{
	static const struct message advertisement = {
		"router advertisement", ETH_P_IPV6, IPPROTO_ICMPV6, 40, {134}};
	static struct input input = {.program = INGRESS, .on = GUEST_PORT};
	static struct outcome got;
	struct wrap wrap = {"large options", EXTENSIONS(DST, DST, DST), .extension_size = 255};

	guard_with(XVS_PORT_ROUTER_GUARD);
	build(&input.packet, STATION(GUEST_PORT), STATION(UPLINK), &wrap, &advertisement, NULL);
	cr_assert_gt(input.packet.size, 3584, "beyond what is linear");
	run(&input, &got);
	cr_expect_eq(got.change.drops[GUEST_PORT][XVS_DROP_router], 1);
	check_verdict("large", &got, TC_ACT_SHOT);
}
