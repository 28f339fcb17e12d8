// SPDX-License-Identifier: GPL-2.0-only
/* Who a port may say it is: source address, ARP and ND senders, siblings; and storms. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include "test/bpf/build.h"
#include "test/bpf/run.h"

#define VM 2

TestSuite(senders, .init = run_open, .fini = run_close);

/* ---- who sends, and what becomes of it ---- */

static void set_flags(enum port port, uint32_t flags)
{
	world.ports[port].flags |= flags;
	world_publish();
}

static void check_bytes(const char *what, enum port on, const struct packet *packet,
	enum xvs_drop drop, enum port to)
{
	static struct outcome got;
	static struct input input;

	input.program = INGRESS;
	input.on = on;
	input.packet = *packet;
	run(&input, &got);
	for (enum xvs_drop reason = 0; reason < XVS_DROP_count; reason++)
		cr_expect_eq(got.change.drops[on][reason], drop && reason == drop,
			"%s: %lu drops for reason %d, expected reason %d", what,
			got.change.drops[on][reason], reason, drop);
	cr_expect_eq(got.change.counters[to].receive_packets, !drop, "%s", what);
}

/* Tagged, in 802.3, or plain: what a sender says is found in each. */
static const struct wrap links[] = {
	{.name = "plain"},
	{"a priority tag", .tags = {Q(PRIORITY(1))}},
	{"SNAP", .snap = true},
	{"a priority tag and SNAP", .tags = {Q(PRIORITY(1))}, .snap = true},
};
#define LINKS (sizeof(links) / sizeof(*links))

static void check_message(
	const struct message *message, const uint8_t *source_ip, enum xvs_drop drop)
{
	static struct packet packet;

	for (size_t i = 0; i < LINKS; i++) {
		build(&packet, STATION(A), STATION(B), &links[i], message, source_ip);
		check_bytes(message->name, A, &packet, drop, B);
	}
}

/* ---- addresses in a port's name ---- */

static void set_address(enum port port, const uint8_t address[16])
{
	struct xvs_port_address key = {.port = port};
	uint32_t one = 1;

	memcpy(key.address, address, sizeof(key.address));
	for (key.half = 0; key.half <= 1; key.half++)
		cr_assert_eq(bpf_map_update_elem(
				     world.loader.tables.port_addresses, &key, &one, BPF_ANY),
			0);
}

#define IP4(a, b, c, d)                                                                            \
	((const uint8_t[16]){[10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c, [15] = d})
#define IP6(last) ((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = last})
#define LINK_LOCAL ((const uint8_t[16]){0xfe, 0x80, [15] = 1})
#define UNSPECIFIED ((const uint8_t[16]){0})

/* ---- source addresses ---- */

static void check_source(const char *what, enum port on, const uint8_t *source, enum xvs_drop drop)
{
	struct frame frame = {source, STATION(on == A ? B : A), EXPERIMENTAL, {}, 0};
	static struct packet packet;

	packet_fill(&packet, &frame);
	check_bytes(what, on, &packet, drop, on == A ? B : A);
}

Test(senders, own_address)
{
	check_source("spoofing is on", A, GUEST(1), 0);
	set_flags(A, XVS_PORT_OWN_MAC);
	check_source("its own", A, STATION(A), 0);
	check_source("a stranger's", A, GUEST(1), XVS_DROP_mac_spoofed);
	check_source("another port's", A, STATION(PEER), XVS_DROP_mac_spoofed);
	for (int bit = 0; bit < 48; bit++) {
		uint8_t mac[ETH_ALEN];

		memcpy(mac, STATION(A), ETH_ALEN);
		mac[bit / 8] ^= 1 << bit % 8;
		check_source("a bit differs", A, mac,
			bit == 0 ? XVS_DROP_source_group : XVS_DROP_mac_spoofed);
	}
	cr_expect_eq(world.loader.tables.port_state[A].learned, 1, "the one from before");
}

static void add_to_vm(enum port port, uint16_t vm)
{
	world.ports[port].vm = vm; /* published with what follows */
}

Test(senders, siblings)
{
	struct xvs_fdb_entry entry;

	add_to_vm(A, VM);
	add_to_vm(PEER, VM);
	add_to_vm(HOST, VM + 1);
	set_flags(A, XVS_PORT_OWN_MAC);
	check_source("teaming is off", A, STATION(PEER), XVS_DROP_mac_spoofed);
	set_flags(A, XVS_PORT_TEAMING);
	check_source("its own", A, STATION(A), 0);
	check_source("a sibling's", A, STATION(PEER), 0);
	check_source("of another VM", A, STATION(HOST), XVS_DROP_mac_spoofed);
	check_source("of no VM", A, STATION(UPLINK), XVS_DROP_mac_spoofed);
	check_source("nobody's", A, GUEST(1), XVS_DROP_mac_spoofed);
	cr_expect(!world_fdb_get(SWITCH, STATION(PEER), 0, &entry), "it stays where it is");
	cr_expect_eq(world.loader.tables.port_state[A].learned, 0);
}

/* On another switch than the sibling's the address is learned. */
Test(senders, sibling_on_another_switch)
{
	struct frame frame = {STATION(PEER), BROADCAST, EXPERIMENTAL, {}, 0};
	struct xvs_fdb_entry entry;
	struct outcome got;

	add_to_vm(PEER, VM);
	add_to_vm(STRANGER, VM);
	world.ports[B].switch_id = SWITCH_B; /* somebody to hear it */
	set_flags(STRANGER, XVS_PORT_OWN_MAC | XVS_PORT_TEAMING);
	run_frame(INGRESS, STRANGER, &frame, IN_PACKET, &got);
	check_sent("sibling", &got, B);
	cr_assert(world_fdb_get(SWITCH_B, STATION(PEER), 0, &entry));
	cr_expect_eq(entry.port, STRANGER);
}

/*
 * There the address may be another port's own, or fixed elsewhere: that counts more, unless it is
 * assigned to a port of the same VM there, too.
 */
Test(senders, sibling_address_taken)
{
	static const struct {
		uint32_t kind;
		uint16_t vm; /* of its owner */
		bool taken;
	} rows[] = {
		{XVS_FDB_ASSIGNED, VM, false},
		{XVS_FDB_ASSIGNED, VM + 1, true},
		{XVS_FDB_STATIC, VM, true},
		{XVS_FDB_STATIC, VM + 1, true},
	};
	struct frame frame = {STATION(PEER), BROADCAST, EXPERIMENTAL, {}, 0};
	struct outcome got;

	add_to_vm(PEER, VM);
	add_to_vm(STRANGER, VM);
	world.ports[B].switch_id = SWITCH_B;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		add_to_vm(B, rows[i].vm);
		set_flags(STRANGER, XVS_PORT_OWN_MAC | XVS_PORT_TEAMING);
		world_fdb_set(SWITCH_B, STATION(PEER), 0, B, rows[i].kind, 0);
		run_frame(INGRESS, STRANGER, &frame, IN_PACKET, &got);
		cr_expect_eq(got.change.drops[STRANGER][XVS_DROP_mac_taken], rows[i].taken,
			"row %zu", i);
		world_fdb_remove(SWITCH_B, STATION(PEER), 0);
	}
}

/* ---- ARP ---- */

#define ARP_REQUEST 1
#define ARP_REPLY 2

static struct message arp(
	const char *name, uint8_t operation, const uint8_t *mac, const uint8_t *sender)
{
	struct message message = {name, ETH_P_ARP, 0, 28, {0, 1, 8, 0, 6, 4, 0, operation}};

	memcpy(message.bytes + 8, mac, ETH_ALEN);
	memcpy(message.bytes + 14, sender + 12, 4);
	memcpy(message.bytes + 24, (uint8_t[]){192, 0, 2, 99}, 4);
	return message;
}

static void check_arp(const char *name, uint8_t operation, const uint8_t *mac,
	const uint8_t *sender, enum xvs_drop drop)
{
	struct message message = arp(name, operation, mac, sender);

	check_message(&message, NULL, drop);
}

Test(senders, arp_of_another_mac)
{
	for (uint8_t operation = ARP_REQUEST; operation <= ARP_REPLY; operation++) {
		world_reset();
		check_arp("no guard", operation, GUEST(1), IP4(192, 0, 2, 1), 0);
		set_flags(A, XVS_PORT_DHCP_GUARD | XVS_PORT_ROUTER_GUARD);
		check_arp("other guards", operation, GUEST(1), IP4(192, 0, 2, 1), 0);
		set_flags(A, XVS_PORT_OWN_MAC);
		check_arp("its own", operation, STATION(A), IP4(192, 0, 2, 1), 0);
		check_arp("another's", operation, STATION(B), IP4(192, 0, 2, 1),
			XVS_DROP_arp_spoofed);
		check_arp("nobody's", operation, GUEST(1), IP4(0, 0, 0, 0), XVS_DROP_arp_spoofed);
	}
}

Test(senders, arp_and_nd_of_a_sibling)
{
	add_to_vm(A, VM);
	add_to_vm(PEER, VM);
	set_flags(A, XVS_PORT_OWN_MAC | XVS_PORT_TEAMING);
	check_arp("a sibling's", ARP_REPLY, STATION(PEER), IP4(192, 0, 2, 1), 0);
	check_arp("another's", ARP_REPLY, STATION(HOST), IP4(192, 0, 2, 1), XVS_DROP_arp_spoofed);
}

Test(senders, arp_addresses)
{
	set_address(A, IP4(192, 0, 2, 5));
	set_address(B, IP4(192, 0, 2, 6));
	set_flags(A, XVS_PORT_ADDRESS_GUARD);
	check_arp("its own", ARP_REQUEST, STATION(A), IP4(192, 0, 2, 5), 0);
	check_arp("its own", ARP_REPLY, GUEST(1), IP4(192, 0, 2, 5), 0);
	check_arp("a probe", ARP_REQUEST, STATION(A), IP4(0, 0, 0, 0), 0);
	check_arp(
		"a reply of nobody", ARP_REPLY, STATION(A), IP4(0, 0, 0, 0), XVS_DROP_arp_spoofed);
	check_arp("another port's", ARP_REPLY, STATION(A), IP4(192, 0, 2, 6), XVS_DROP_arp_spoofed);
	check_arp("a stranger's", ARP_REQUEST, STATION(A), IP4(192, 0, 2, 4), XVS_DROP_arp_spoofed);
	check_arp("a group", ARP_REQUEST, STATION(A), IP4(224, 0, 0, 1), XVS_DROP_arp_spoofed);
}

/* What is no ARP of IPv4 on Ethernet. */
Test(senders, odd_arp)
{
	static const struct {
		uint8_t at, byte;
	} rows[] = {{2, 0x86}, {4, 8}, {5, 16}, {4, 0}, {5, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct message odd = arp("odd", ARP_REQUEST, STATION(A), IP4(192, 0, 2, 5));

		odd.bytes[rows[i].at] = rows[i].byte;
		world_reset();
		set_flags(A, XVS_PORT_OWN_MAC);
		check_message(&odd, NULL, 0);
		set_address(A, IP4(192, 0, 2, 5));
		set_flags(A, XVS_PORT_ADDRESS_GUARD);
		check_message(&odd, NULL, XVS_DROP_unparsed);
	}
	for (uint8_t size = 0; size < 28; size++) {
		struct message cut = arp("cut", ARP_REQUEST, STATION(A), IP4(192, 0, 2, 5));

		cut.size = size;
		check_message(&cut, NULL, XVS_DROP_truncated);
	}
}

/* ---- neighbour discovery ---- */

#define RS 133
#define RA 134
#define NS 135
#define NA 136
#define REDIRECT 137

#define SOURCE_MAC 1
#define TARGET_MAC 2
#define NO_OPTION 0
#define PREFIX_OPTION 3

static uint8_t options_at(uint8_t type)
{
	return type == RS ? 8 : type == RA ? 16 : type == REDIRECT ? 40 : 24;
}

/* An ND message with one option, of 8 bytes. */
static struct message nd(
	const char *name, uint8_t type, const uint8_t *target, uint8_t option, const uint8_t *mac)
{
	struct message message = {name, ETH_P_IPV6, IPPROTO_ICMPV6, options_at(type), {type}};

	memcpy(message.bytes + 8, target, 16);
	if (option == NO_OPTION)
		return message;
	message.bytes[message.size] = option;
	message.bytes[message.size + 1] = 1;
	memcpy(message.bytes + message.size + 2, mac, ETH_ALEN);
	message.size += 8;
	return message;
}

/* The same option once more, behind it. */
static void add_option(struct message *message, uint8_t option, const uint8_t *mac)
{
	message->bytes[message->size] = option;
	message->bytes[message->size + 1] = 1;
	memcpy(message->bytes + message->size + 2, mac, ETH_ALEN);
	message->size += 8;
}

Test(senders, nd_of_another_mac)
{
	static const uint8_t types[] = {RS, RA, NS, NA};

	set_flags(A, XVS_PORT_OWN_MAC);
	for (size_t i = 0; i < sizeof(types); i++)
		for (uint8_t option = SOURCE_MAC; option <= TARGET_MAC; option++) {
			struct message own = nd("own", types[i], IP6(1), option, STATION(A));
			struct message other = nd("other", types[i], IP6(1), option, GUEST(1));
			struct message second = own;

			check_message(&own, NULL, 0);
			check_message(&other, NULL, XVS_DROP_nd_spoofed);
			add_option(&second, option, GUEST(1));
			check_message(&second, NULL, XVS_DROP_nd_spoofed);
			other.bytes[options_at(types[i]) + 1] = 2; /* with room for it */
			other.size += 8;
			check_message(&other, NULL, XVS_DROP_nd_spoofed);
		}
}

Test(senders, nd_that_is_let_through)
{
	const struct message redirect = nd("redirect", REDIRECT, IP6(1), TARGET_MAC, GUEST(1));
	const struct message prefix = nd("prefix", NS, IP6(1), PREFIX_OPTION, GUEST(1));
	const struct message bare = nd("bare", NS, IP6(1), NO_OPTION, NULL);
	struct message echo = nd("echo", NS, IP6(1), SOURCE_MAC, GUEST(1));

	set_flags(A, XVS_PORT_OWN_MAC);
	check_message(&redirect, NULL, 0);
	check_message(&prefix, NULL, 0);
	check_message(&bare, NULL, 0);
	echo.bytes[0] = 128;
	check_message(&echo, NULL, 0);
	echo.bytes[0] = 138;
	check_message(&echo, NULL, 0);
	world_reset();
	echo.bytes[0] = NS;
	check_message(&echo, NULL, 0);
}

/* Behind extension headers, and in fragments, which ND never is (RFC 6980). */
Test(senders, nd_behind_headers)
{
	static const struct {
		struct wrap wrap;
		enum xvs_drop drop;
	} rows[] = {
		{{"hop-by-hop", EXTENSIONS(IPPROTO_HOPOPTS)}, XVS_DROP_nd_spoofed},
		{{"destination options", EXTENSIONS(IPPROTO_DSTOPTS)}, XVS_DROP_nd_spoofed},
		{{"routing", EXTENSIONS(IPPROTO_ROUTING)}, XVS_DROP_nd_spoofed},
		{{"AH", EXTENSIONS(IPPROTO_AH)}, XVS_DROP_nd_spoofed},
		{{"atomic fragment", EXTENSIONS(IPPROTO_FRAGMENT)}, XVS_DROP_nd_spoofed},
		{{"chain",
			 EXTENSIONS(IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_AH)},
			XVS_DROP_nd_spoofed},
		{{"two tags", .tags = {Q(10), Q(7)}, EXTENSIONS(IPPROTO_HOPOPTS)},
			XVS_DROP_nd_spoofed},
		{{"first fragment", .more_fragments = true, EXTENSIONS(IPPROTO_FRAGMENT)},
			XVS_DROP_nd_spoofed},
		{{"last fragment", .fragment_offset = 8, EXTENSIONS(IPPROTO_FRAGMENT)}, 0},
	};
	static struct packet packet;
	const struct message message = nd("other", NA, IP6(1), TARGET_MAC, GUEST(1));

	set_flags(NATIVE, XVS_PORT_OWN_MAC);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		build(&packet, STATION(NATIVE), STATION(UPLINK), &rows[i].wrap, &message, NULL);
		check_bytes(rows[i].wrap.name, NATIVE, &packet, rows[i].drop, UPLINK);
	}
}

Test(senders, own_nd_in_fragments)
{
	const struct wrap first = {
		"first fragment", .more_fragments = true, EXTENSIONS(IPPROTO_FRAGMENT)};
	const struct message message = nd("own", NA, IP6(1), TARGET_MAC, STATION(A));
	static struct packet packet;

	set_flags(A, XVS_PORT_OWN_MAC);
	build(&packet, STATION(A), STATION(B), &first, &message, NULL);
	check_bytes("own, in fragments", A, &packet, XVS_DROP_nd_spoofed, B);
}

/* Options that end nowhere, are cut, or are too many. */
Test(senders, odd_nd_options)
{
	struct message none = nd("size of 0", NS, IP6(1), SOURCE_MAC, STATION(A));
	struct message cut = nd("cut", NS, IP6(1), SOURCE_MAC, STATION(A));
	struct message many = nd("many", RS, IP6(1), PREFIX_OPTION, STATION(A));

	set_address(A, LINK_LOCAL);
	set_flags(A, XVS_PORT_OWN_MAC | XVS_PORT_ADDRESS_GUARD);
	check_message(&cut, LINK_LOCAL, 0);
	cut.size--;
	check_message(&cut, LINK_LOCAL, XVS_DROP_truncated);
	none.bytes[25] = 0;
	check_message(&none, LINK_LOCAL, XVS_DROP_unparsed);
	for (int i = 1; i < 11; i++)
		add_option(&many, PREFIX_OPTION, GUEST(1));
	check_message(&many, LINK_LOCAL, 0);
}

Test(senders, too_many_nd_options)
{
	static struct packet packet;
	const struct message message = nd("many", NS, IP6(1), NO_OPTION, NULL);

	set_flags(A, XVS_PORT_OWN_MAC);
	for (int count = 16; count <= 17; count++) {
		struct built built =
			build(&packet, STATION(A), STATION(B), &links[0], &message, LINK_LOCAL);

		for (int i = 0; i < count; i++) {
			memcpy(packet.bytes + packet.size,
				((uint8_t[]){PREFIX_OPTION, 1, 0, 0, 0, 0, 0, 0}), 8);
			packet.size += 8;
		}
		build_end_at(&packet, &built, packet.size);
		check_bytes("options", A, &packet, count > 16 ? XVS_DROP_nd_spoofed : 0, B);
	}
}

/* Behind the end of the packet nothing counts, good or bad. */
Test(senders, nd_options_in_the_padding)
{
	static struct packet packet;
	const struct message message = nd("padding", NS, IP6(1), SOURCE_MAC, GUEST(1));
	struct built built =
		build(&packet, STATION(A), STATION(B), &links[0], &message, LINK_LOCAL);

	set_flags(A, XVS_PORT_OWN_MAC);
	check_bytes("an option", A, &packet, XVS_DROP_nd_spoofed, B);
	build_end_at(&packet, &built, packet.size - 8);
	check_bytes("padding", A, &packet, 0, B);
	build_end_at(&packet, &built, built.network + 40); /* of 0: all there is */
	check_bytes("no length", A, &packet, XVS_DROP_nd_spoofed, B);
}

static void check_nd(const char *name, uint8_t type, const uint8_t *source, const uint8_t *target,
	enum xvs_drop drop)
{
	struct message message = nd(name, type, target, NO_OPTION, NULL);

	check_message(&message, source, drop);
}

Test(senders, nd_addresses)
{
	set_address(A, LINK_LOCAL);
	set_address(A, IP6(5));
	set_address(B, IP6(6));
	set_flags(A, XVS_PORT_ADDRESS_GUARD);
	check_nd("solicitation", NS, LINK_LOCAL, IP6(9), 0);
	check_nd("solicitation", NS, IP6(5), IP6(9), 0);
	check_nd("duplicate detection", NS, UNSPECIFIED, IP6(9), 0);
	check_nd("solicitation of another", NS, IP6(6), IP6(9), XVS_DROP_nd_spoofed);
	check_nd("advertisement", NA, LINK_LOCAL, IP6(5), 0);
	check_nd("advertisement of another", NA, LINK_LOCAL, IP6(6), XVS_DROP_nd_spoofed);
	check_nd("advertisement of nobody", NA, LINK_LOCAL, UNSPECIFIED, XVS_DROP_nd_spoofed);
	check_nd("router solicitation", RS, LINK_LOCAL, IP6(0), 0);
	check_nd("router solicitation, early", RS, UNSPECIFIED, IP6(0), 0);
	check_nd("router solicitation of another", RS, IP6(6), IP6(0), XVS_DROP_nd_spoofed);
	check_nd("router advertisement", RA, LINK_LOCAL, IP6(0), 0);
	check_nd("router advertisement of another", RA, IP6(6), IP6(0), XVS_DROP_nd_spoofed);
	check_nd("router advertisement of nobody", RA, UNSPECIFIED, IP6(0), XVS_DROP_nd_spoofed);
	check_nd("redirect", REDIRECT, LINK_LOCAL, IP6(6), 0);
	check_nd("redirect of another", REDIRECT, IP6(6), IP6(5), XVS_DROP_nd_spoofed);
	check_nd("echo", 128, IP6(6), IP6(6), 0);
}

/* ---- addresses that are learned ---- */

static uint32_t learned_count(enum port port)
{
	return world.loader.tables.port_state[port].addresses;
}

Test(senders, addresses_are_learned)
{
	world.ports[A].address_limit = 3;
	set_address(A, IP6(5));
	set_flags(A, XVS_PORT_ADDRESS_GUARD);
	check_arp("first", ARP_REQUEST, STATION(A), IP4(192, 0, 2, 1), 0);
	check_nd("second", NS, LINK_LOCAL, IP6(9), 0);
	check_nd("set: no place of them", NS, IP6(5), IP6(9), 0);
	check_nd("third", NA, LINK_LOCAL, IP6(6), 0);
	cr_expect_eq(learned_count(A), 3);
	check_arp("fourth", ARP_REPLY, STATION(A), IP4(192, 0, 2, 2), XVS_DROP_address_limit);
	check_nd("fourth", RS, IP6(7), IP6(0), XVS_DROP_address_limit);
	check_arp("first again", ARP_REPLY, STATION(A), IP4(192, 0, 2, 1), 0);
	check_nd("third again", NS, IP6(6), IP6(9), 0);
	check_arp("never", ARP_REPLY, STATION(A), IP4(127, 0, 0, 1), XVS_DROP_arp_spoofed);
	cr_expect_eq(learned_count(A), 3);

	cr_expect_eq(xvs_addresses_forget(&world.loader.tables, A), 3);
	cr_expect_eq(learned_count(A), 0);
	check_arp("fourth is first", ARP_REPLY, STATION(A), IP4(192, 0, 2, 2), 0);
	cr_expect_eq(learned_count(A), 1);
	world.ports[A].address_limit = 0;
	world_publish();
	check_arp("learned, but not any more", ARP_REPLY, STATION(A), IP4(192, 0, 2, 2),
		XVS_DROP_arp_spoofed);
}

/* What one port has learned is not another's. */
Test(senders, learned_by_one_port)
{
	const struct message message = arp("b", ARP_REPLY, STATION(B), IP4(192, 0, 2, 1));
	static struct packet packet;

	world.ports[A].address_limit = 1;
	world.ports[B].address_limit = 1;
	set_flags(A, XVS_PORT_ADDRESS_GUARD);
	set_flags(B, XVS_PORT_ADDRESS_GUARD);
	check_arp("a", ARP_REPLY, STATION(A), IP4(192, 0, 2, 1), 0);
	build(&packet, STATION(B), STATION(A), &links[0], &message, NULL);
	check_bytes("b", B, &packet, 0, A);
	cr_expect_eq(learned_count(A), 1);
	cr_expect_eq(learned_count(B), 1);
}

/* The half that a packet reads decides which addresses are set. */
Test(senders, addresses_flip_with_the_half)
{
	uint32_t half = xvs_tables_active(&world.loader.tables), one = 1;
	struct xvs_port_address key = {.port = A, .half = half};

	set_flags(A, XVS_PORT_ADDRESS_GUARD);
	half = key.half = xvs_tables_active(&world.loader.tables);
	memcpy(key.address, IP4(192, 0, 2, 5), sizeof(key.address));
	cr_assert_eq(
		bpf_map_update_elem(world.loader.tables.port_addresses, &key, &one, BPF_ANY), 0);
	check_arp("in use", ARP_REPLY, STATION(A), IP4(192, 0, 2, 5), 0);
	world_publish();
	check_arp("after the flip", ARP_REPLY, STATION(A), IP4(192, 0, 2, 5), XVS_DROP_arp_spoofed);
}

/* ---- storms ---- */

#define LIMIT 5

/* As if it were in a second that is yet to come: no other begins while the test runs. */
static void begin_window(enum port port, uint32_t flooded)
{
	uint64_t second = world_now() / NANOSECONDS + 100;

	world.loader.tables.port_state[port].storm = second << 32 | flooded;
}

static void check_flood(const uint8_t *destination, bool storm)
{
	struct frame frame = {STATION(A), destination, EXPERIMENTAL, {}, 0};
	struct outcome got;

	run_frame(INGRESS, A, &frame, IN_PACKET, &got);
	check_verdict("flood", &got, storm ? TC_ACT_SHOT : TC_ACT_REDIRECT);
	cr_expect_eq(got.change.drops[A][XVS_DROP_storm], storm);
	cr_expect_eq(got.change.counters[A].transmit_packets, !storm);
}

Test(senders, storm)
{
	world.ports[A].storm_limit = LIMIT;
	set_flags(A, XVS_PORT_STORM_LIMIT);
	begin_window(A, 0);
	for (int i = 0; i < LIMIT; i++)
		check_flood(i % 3 == 0 ? BROADCAST : i % 3 == 1 ? MULTICAST : GUEST(9), false);
	check_flood(BROADCAST, true);
	check_flood(MULTICAST, true);
	check_flood(GUEST(9), true);
	check_source("known unicast", A, STATION(A), 0);
	/* the next second */
	world.loader.tables.port_state[A].storm = (world_now() / NANOSECONDS - 1) << 32 | LIMIT;
	check_flood(BROADCAST, false);
}

Test(senders, storm_of_segments)
{
	struct frame frame = {STATION(A), BROADCAST, IPV4_UDP, {}, 1000};
	struct outcome got;
	struct input input;

	world.ports[A].storm_limit = LIMIT;
	set_flags(A, XVS_PORT_STORM_LIMIT);
	begin_window(A, LIMIT - 2);
	input_fill(&input, INGRESS, A, &frame, IN_PACKET);
	input.gso_size = 500;
	input.gso_segs = 3;
	run(&input, &got);
	cr_expect_eq(got.change.drops[A][XVS_DROP_storm], 3);
	input.gso_segs = 2;
	run(&input, &got);
	cr_expect_eq(got.change.counters[A].transmit_packets, 2);
	check_flood(BROADCAST, true);
}

Test(senders, no_storm_limit)
{
	begin_window(A, UINT32_MAX - 1);
	for (int i = 0; i < 3; i++)
		check_flood(BROADCAST, false);
}
