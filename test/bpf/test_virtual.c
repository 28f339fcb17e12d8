// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of virtual subnets to other hosts and from them: what stands in the outer headers, byte
 * for byte, who gets what, and for which reason what else is dropped.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "test/bpf/tenant.h"

#define OWN4 "192.0.2.1"
#define OWN6 "2001:db8::1"
#define PEER4 "192.0.2.2"
#define PEER6 "2001:db8::2"
#define ROUTER GUEST(9) /* the next hop on the wire */
#define REMOTE GUEST(1) /* a station of subnet 1 on the other host */
#define REMOTE6 GUEST(2) /* another one, whose host has an IPv6 address */
#define SUBNET 1
#define MTU 1458
#define OUTER4 42 /* bytes in front of the inner frame */
#define OUTER6 62

static int records, next_hops, vsids;
static struct outcome got;

/* ---- tables ---- */

static void put_record(struct xvs_record *record)
{
	cr_assert_eq(bpf_map_update_elem(records, &record->key, record, BPF_ANY), 0, "%m");
}

static struct xvs_record_key record_key(uint32_t vsid, uint32_t type)
{
	return (struct xvs_record_key){.what = vsid | type << XVS_RECORD_TYPE_SHIFT};
}

static struct xvs_record_key mac_key(uint32_t subnet, const uint8_t *mac)
{
	struct xvs_record_key key = record_key(VSID(subnet), XVS_RECORD_MAC);

	memcpy(key.address, mac, XVS_MAC_SIZE);
	return key;
}

static void add_remote(uint32_t subnet, const uint8_t *mac, const char *provider, uint16_t flags)
{
	struct xvs_record record = {
		.key = mac_key(subnet, mac), .vsid = VSID(subnet), .flags = flags};

	memcpy(record.mac, mac, XVS_MAC_SIZE);
	tenant_address(provider, record.provider);
	put_record(&record);
}

static void add_peer(uint32_t vsid, const char *provider)
{
	struct xvs_record record = {.key = record_key(vsid, XVS_RECORD_PEER)};

	tenant_address(provider, record.key.address);
	put_record(&record);
}

static struct xvs_record record_at(struct xvs_record_key key)
{
	struct xvs_record record = {0};

	bpf_map_lookup_elem(records, &key, &record);
	return record;
}

static uint32_t now(void)
{
	return xvs_fdb_tick(world_now());
}

/* The layout of the map next_hops. */
struct next_hop {
	__be32 address[4];
	uint32_t switch_id;
	uint8_t addresses[2 * ETH_ALEN];
	uint32_t noted, asked, since;
};

static void add_next_hop(const char *provider, uint32_t noted, uint32_t asked)
{
	struct next_hop hop = {.switch_id = SWITCH, .noted = noted, .asked = asked, .since = asked};

	tenant_address(provider, hop.address);
	memcpy(hop.addresses, ROUTER, ETH_ALEN);
	memcpy(hop.addresses + ETH_ALEN, STATION(HOST), ETH_ALEN);
	cr_assert_eq(bpf_map_update_elem(next_hops, &hop, &hop, BPF_ANY), 0, "%m");
}

static void set_providers(bool four, bool six)
{
	struct xvs_provider_config own = {.port = HOST, .ifindex = world.ifindex[NO_PORT]};
	struct xvs_provider both;
	uint32_t id = SWITCH;

	if (four)
		tenant_address(OWN4, own.address[0]);
	if (six)
		tenant_address(OWN6, own.address[1]);
	both.half[0] = both.half[1] = own;
	cr_assert_eq(bpf_map_update_elem(world.loader.tables.providers, &id, &both, BPF_ANY), 0);
}

static void add_vsid(uint32_t vsid, uint32_t subnet)
{
	for (uint32_t half = 0; half < 2; half++) {
		struct xvs_vsid_key key = {vsid, half};

		cr_assert_eq(bpf_map_update_elem(vsids, &key, &subnet, BPF_ANY), 0, "%m");
	}
}

/* A port's own address in its subnet, as the agent puts it. */
static void join(uint32_t port, uint32_t subnet, const uint8_t *mac)
{
	tenant_port(port, subnet);
	memcpy(world.ports[port].mac, mac, XVS_MAC_SIZE);
	world_fdb_set(SWITCH, mac, NUMBER(subnet), port, XVS_FDB_ASSIGNED, 0);
}

/* Ports A and B in subnet 1; ACCESS and ACCESS_B with their addresses in subnet 3. */
static void open_virtual(void)
{
	uint32_t zero = 0, id;

	run_open();
	tenants_open();
	cr_assert_eq(bpf_map_lookup_elem(world.loader.tables.record_table, &zero, &id), 0, "%m");
	records = bpf_map_get_fd_by_id(id);
	next_hops = world_pin("next_hops");
	vsids = world.loader.tables.vsids;
	join(A, 1, STATION(A));
	join(B, 1, STATION(B));
	join(ACCESS, 3, STATION(A));
	join(ACCESS_B, 3, STATION(B));
	world.ports[HOST].flags |= XVS_PORT_PROVIDER;
	world_publish();
	set_providers(true, true);
	for (id = 1; id < SUBNETS; id++)
		add_vsid(VSID(id), id);
	add_remote(1, REMOTE, PEER4, 0);
	add_remote(1, REMOTE6, PEER6, 0);
	add_peer(VSID(1), PEER4);
	add_peer(VSID(1), PEER6);
	add_next_hop(PEER4, now(), now());
	add_next_hop(PEER6, now(), now());
	world_fdb_set(SWITCH, ROUTER, 0, UPLINK, XVS_FDB_STATIC, 0);
}

TestSuite(virtual, .init = open_virtual, .fini = run_close);

/* ---- frames ---- */

static void put16(uint8_t *at, uint16_t number)
{
	at[0] = number >> 8;
	at[1] = number;
}

/* A guest's frame, `size` bytes of UDP payload. `ip6`, and the byte `tos` of its header. */
static void inner_fill(struct packet *ret, const uint8_t *to, const uint8_t *from, bool ip6,
	uint8_t tos, uint32_t size)
{
	static uint8_t payload[4000];
	const struct ip ip = {
		.to = to,
		.from = from,
		.source = ip6 ? "fd00:0:0:1::10" : "10.0.1.10",
		.destination = ip6 ? "fd00:0:0:1::20" : "10.0.1.20",
		.hops = 64,
		.protocol = IPPROTO_UDP,
		.payload = payload,
		.size = 8 + size,
	};
	uint8_t *at = ret->bytes + ETH_HLEN;

	put16(payload, 1000);
	put16(payload + 2, 2000);
	put16(payload + 4, 8 + size);
	ip_fill(ret, &ip);
	if (ip6) {
		at[0] |= tos >> 4;
		at[1] |= tos << 4;
	} else {
		at[1] = tos;
		put16(at + 10, 0);
		put16(at + 10, ~sum_of(at, 20, 0));
	}
}

/* NVGRE as RFC 7637 has it. `flags` and all else as they are to stand there. */
struct outer {
	const uint8_t *to, *from;
	const char *source, *destination;
	uint8_t tos;
	uint16_t flags;
	uint32_t key;
};

static void outer_fill(struct packet *ret, const struct outer *outer, const struct packet *inner)
{
	bool ip6 = strchr(outer->source, ':');
	uint32_t size = ip6 ? OUTER6 : OUTER4;
	uint8_t *at = ret->bytes + ETH_HLEN, *gre = ret->bytes + size - 8;

	memset(ret->bytes, 0, size);
	memcpy(ret->bytes, outer->to, ETH_ALEN);
	memcpy(ret->bytes + ETH_ALEN, outer->from, ETH_ALEN);
	put16(ret->bytes + 12, ip6 ? ETH_P_IPV6 : ETH_P_IP);
	if (ip6) {
		at[0] = 0x60 | outer->tos >> 4;
		at[1] = outer->tos << 4;
		at[3] = outer->key;
		put16(at + 4, 8 + inner->size);
		at[6] = IPPROTO_GRE;
		at[7] = 64;
		inet_pton(AF_INET6, outer->source, at + 8);
		inet_pton(AF_INET6, outer->destination, at + 24);
	} else {
		at[0] = 0x45;
		at[1] = outer->tos;
		put16(at + 2, 28 + inner->size);
		at[6] = 0x40;
		at[8] = 64;
		at[9] = IPPROTO_GRE;
		inet_pton(AF_INET, outer->source, at + 12);
		inet_pton(AF_INET, outer->destination, at + 16);
		put16(at + 10, ~sum_of(at, 20, 0));
	}
	put16(gre, outer->flags);
	put16(gre + 2, 0x6558);
	put16(gre + 4, outer->key >> 16);
	put16(gre + 6, outer->key);
	memcpy(ret->bytes + size, inner->bytes, inner->size);
	ret->size = size + inner->size;
}

static void send_from(uint32_t port, const struct packet *packet)
{
	static struct input input;

	input = (struct input){.program = INGRESS, .on = port};
	input.packet.size = packet->size;
	memcpy(input.packet.bytes, packet->bytes, packet->size);
	run(&input, &got);
}

static void check_packet(const char *what, const struct packet *expected)
{
	cr_expect(packet_equal(&got.packet, expected), "%s: %s", what,
		packet_difference(&got.packet, expected));
}

static void check_dropped(
	const char *what, uint32_t port, const struct packet *packet, enum xvs_drop reason)
{
	struct tally expected = {0};

	send_from(port, packet);
	check_verdict(what, &got, TC_ACT_SHOT);
	expect_drop(&expected, port, true, reason, 1);
	expected.counters[port].transmit_packets = got.change.counters[port].transmit_packets;
	expected.counters[port].transmit_bytes = got.change.counters[port].transmit_bytes;
	tally_check(what, &expected, &got.change);
}

/* ---- to another host ---- */

/* The FlowID is whatever the kernel makes of the flow. */
static uint32_t key_of(uint32_t size)
{
	return VSID(SUBNET) << 8 | got.packet.bytes[size - 1];
}

static void check_encapsulated(
	const char *what, const struct packet *inner, bool outer6, uint8_t tos)
{
	static struct packet expected;
	struct tally counted = {0};
	struct outer outer = {ROUTER, STATION(HOST), outer6 ? OWN6 : OWN4, outer6 ? PEER6 : PEER4,
		tos, 0x2000, 0};

	send_from(A, inner);
	check_sent(what, &got, UPLINK);
	outer.key = key_of(outer6 ? OUTER6 : OUTER4);
	outer_fill(&expected, &outer, inner);
	check_packet(what, &expected);
	expect_transmit(&counted, A, 1, inner->size);
	expect_transmit(&counted, HOST, 1, expected.size);
	expect_receive(&counted, UPLINK, 1, expected.size);
	tally_check(what, &counted, &got.change);
}

Test(virtual, frames_get_outer_headers)
{
	static struct packet inner;

	for (int bits = 0; bits < 4; bits++) {
		char what[64];

		snprintf(what, sizeof(what), "IPv%d in IPv%d", bits & 1 ? 6 : 4, bits & 2 ? 6 : 4);
		inner_fill(&inner, bits & 2 ? REMOTE6 : REMOTE, STATION(A), bits & 1, 0xb9, 100);
		check_encapsulated(what, &inner, bits & 2, 0xb9);
		inner_fill(&inner, bits & 2 ? REMOTE6 : REMOTE, STATION(A), bits & 1, 0x03, 1);
		check_encapsulated(what, &inner, bits & 2, 0x03);
	}
	cr_expect_eq(record_at(mac_key(1, REMOTE)).packets, 4);
	cr_expect_eq(record_at(mac_key(1, REMOTE)).bytes, 2 * (142 + 43) + 2 * 20);
}

Test(virtual, other_protocols_get_outer_headers)
{
	const struct frame frame = {.source = STATION(A), .destination = REMOTE};
	const struct frame frame6 = {.source = STATION(A), .destination = REMOTE6};
	static struct packet inner;

	packet_fill(&inner, &frame);
	check_encapsulated("in IPv4", &inner, false, 0);
	packet_fill(&inner, &frame6);
	check_encapsulated("in IPv6", &inner, true, 0);
}

Test(virtual, priority_tag_stays_here)
{
	static struct packet inner, tagged;

	inner_fill(&inner, REMOTE, STATION(A), false, 0, 100);
	tagged = inner;
	packet_put_tag(&tagged, (struct tag){ETH_P_8021Q, PRIORITY(5)});
	send_from(A, &tagged);
	check_sent("tagged", &got, UPLINK);
	cr_expect_eq(got.packet.size, inner.size + OUTER4);
	cr_expect_eq(memcmp(got.packet.bytes + OUTER4, inner.bytes, inner.size), 0);
}

Test(virtual, same_flow_has_the_same_id)
{
	static struct packet inner;
	uint32_t key;

	inner_fill(&inner, REMOTE, STATION(A), false, 0, 100);
	send_from(A, &inner);
	key = key_of(OUTER4);
	inner_fill(&inner, REMOTE, STATION(A), false, 0, 700);
	send_from(A, &inner);
	cr_expect_eq(key_of(OUTER4), key);
}

Test(virtual, vlan_of_the_host_port_holds)
{
	static struct packet inner;

	world.ports[HOST].vlan_mode = XVS_VLAN_ACCESS;
	world.ports[HOST].vlan = 30;
	world_publish();
	world_fdb_set(SWITCH, ROUTER, 30, UPLINK, XVS_FDB_STATIC, 0);
	inner_fill(&inner, REMOTE, STATION(A), false, 0, 100);
	send_from(A, &inner);
	check_sent("in VLAN 30", &got, UPLINK);
	cr_expect_eq(got.beside.control, 30);
	cr_expect_eq(got.beside.protocol, ETH_P_8021Q);
}

Test(virtual, local_ports_are_found_by_their_subnet)
{
	static struct packet inner;

	inner_fill(&inner, STATION(B), STATION(A), false, 0, 100);
	send_from(A, &inner);
	check_sent("subnet 1", &got, B);
	send_from(ACCESS, &inner);
	check_sent("subnet 3", &got, ACCESS_B);
	inner_fill(&inner, STATION(TRUNK), STATION(A), false, 0, 100);
	check_dropped("of a VLAN", A, &inner, XVS_DROP_no_record);
	inner_fill(&inner, REMOTE, STATION(A), false, 0, 100);
	check_dropped("another's record", ACCESS, &inner, XVS_DROP_no_record);
	inner_fill(&inner, STATION(A), STATION(A), false, 0, 100);
	check_dropped("itself", A, &inner, XVS_DROP_same_port);
}

Test(virtual, what_cannot_go_to_another_host)
{
	static struct packet inner;
	static struct input input;

	inner_fill(&inner, GUEST(3), STATION(A), false, 0, 100);
	check_dropped("no record", A, &inner, XVS_DROP_no_record);
	add_remote(1, GUEST(3), OWN4, XVS_RECORD_LOCAL);
	check_dropped("of this host", A, &inner, XVS_DROP_no_destination);
	inner_fill(&inner, STATION(B), GATEWAY_MAC, false, 0, 100);
	check_dropped("as the gateway", A, &inner, XVS_DROP_mac_taken);
	inner_fill(&inner, REMOTE6, STATION(A), false, 0, 100);
	set_providers(true, false);
	check_dropped("no IPv6", A, &inner, XVS_DROP_no_provider);
	set_providers(false, true);
	inner_fill(&inner, REMOTE, STATION(A), false, 0, 100);
	check_dropped("no IPv4", A, &inner, XVS_DROP_no_provider);
	set_providers(true, true);
	input = (struct input){.program = INGRESS, .on = A, .gso_size = 50, .gso_segs = 2};
	input.packet = inner;
	run(&input, &got); /* GSO of no type that the kernel knows */
	check_verdict("GSO", &got, TC_ACT_SHOT);
	cr_expect_eq(got.change.drops[A][XVS_DROP_encap_failed], 2);
}

/* A new one goes to the kernel, then is held for a second, then only asked for. */
Test(virtual, next_hops_are_asked_for)
{
	static struct packet inner;
	struct next_hop key = {.switch_id = SWITCH};

	tenant_address(PEER4, key.address);
	bpf_map_delete_elem(next_hops, &key);
	inner_fill(&inner, REMOTE, STATION(A), false, 0, 100);
	for (int i = 0; i < 3; i++) {
		send_from(A, &inner);
		check_verdict("new", &got, TC_ACT_REDIRECT);
		cr_expect_eq(got.change.counters[HOST].transmit_packets, 0);
	}
	add_next_hop(PEER4, 0, now() - 130); /* asked a second ago, in vain */
	send_from(A, &inner);
	check_verdict("again", &got, TC_ACT_REDIRECT);
	check_dropped("in vain", A, &inner, XVS_DROP_no_neighbor);
	add_next_hop(PEER4, now(), now() - 400);
	send_from(A, &inner);
	cr_expect_eq(got.change.counters[HOST].transmit_packets, 0, "to be confirmed");
	send_from(A, &inner);
	cr_expect_eq(got.change.counters[HOST].transmit_packets, 1, "known meanwhile");
}

/* What the host sends shows the way. */
Test(virtual, next_hops_are_noted)
{
	struct outer outer = {GUEST(8), STATION(HOST), OWN4, PEER4, 0, 0x2000, VSID(1) << 8};
	static struct packet inner, packet;
	struct next_hop hop = {.switch_id = SWITCH};

	world_fdb_set(SWITCH, GUEST(8), 0, UPLINK, XVS_FDB_STATIC, 0);
	inner_fill(&inner, REMOTE, STATION(A), false, 0, 100);
	outer_fill(&packet, &outer, &inner);
	send_from(HOST, &packet);
	check_sent("from the host", &got, UPLINK);
	check_packet("from the host", &packet);
	tenant_address(PEER4, hop.address);
	cr_assert_eq(bpf_map_lookup_elem(next_hops, &hop, &hop), 0);
	cr_expect_eq(memcmp(hop.addresses, GUEST(8), ETH_ALEN), 0);
	send_from(A, &inner);
	cr_expect_eq(memcmp(got.packet.bytes, GUEST(8), ETH_ALEN), 0);
}

/* ---- too long ---- */

static void check_too_big(bool ip6, uint32_t size)
{
	uint32_t quoted = ip6 ? 1232 : 548, start = ETH_HLEN + (ip6 ? 40 : 20);
	static struct packet inner;
	const uint8_t *at = got.packet.bytes + ETH_HLEN, *icmp = got.packet.bytes + start;
	uint8_t pseudo[40];

	inner_fill(&inner, REMOTE, STATION(A), ip6, 0, size);
	send_from(A, &inner);
	check_sent("error", &got, A);
	cr_expect_eq(got.change.drops[A][XVS_DROP_mtu_exceeded], 1);
	cr_assert_eq(got.packet.size, start + 8 + quoted);
	cr_expect_eq(memcmp(got.packet.bytes, STATION(A), ETH_ALEN), 0);
	cr_expect_eq(memcmp(got.packet.bytes + ETH_ALEN, GATEWAY_MAC, ETH_ALEN), 0);
	cr_expect_eq(memcmp(icmp + 8, inner.bytes + ETH_HLEN, quoted), 0, "the quote");
	cr_expect_eq(icmp[6] << 8 | icmp[7], MTU);
	if (ip6) {
		memcpy(pseudo, at + 8, 32);
		cr_expect_eq(icmp[0] << 8 | icmp[1], 0x200);
		cr_expect_eq(
			sum_of(icmp, 8 + quoted, sum_of(pseudo, 32, IPPROTO_ICMPV6 + 8 + quoted)),
			0xffff);
		cr_expect_eq(memcmp(at + 8, tenant_subnets[1].gateway[1], 16), 0);
		cr_expect_eq(memcmp(at + 24, inner.bytes + ETH_HLEN + 8, 16), 0);
		return;
	}
	cr_expect_eq(icmp[0] << 8 | icmp[1], 0x304);
	cr_expect_eq(sum_of(at, 20, 0), 0xffff);
	cr_expect_eq(sum_of(icmp, 8 + quoted, 0), 0xffff);
	cr_expect_eq(memcmp(at + 12, &tenant_subnets[1].gateway[0][3], 4), 0);
	cr_expect_eq(memcmp(at + 16, inner.bytes + ETH_HLEN + 12, 4), 0);
}

Test(virtual, who_sends_too_long_packets_is_told)
{
	static struct packet inner;
	unsigned int told = 0;

	inner_fill(&inner, REMOTE, STATION(A), false, 0, MTU - 28);
	send_from(A, &inner);
	check_sent("fits", &got, UPLINK);
	check_too_big(false, MTU - 27);
	check_too_big(true, MTU - 47);
	inner_fill(&inner, REMOTE, STATION(A), false, 0, MTU - 27);
	for (int i = 0; i < 3 * XVS_TOLD_MAX; i++) {
		send_from(A, &inner);
		told += got.verdict == TC_ACT_REDIRECT;
	}
	cr_expect_leq(told, 2 * XVS_TOLD_MAX, "%u errors", told);
	inner_fill(&inner, STATION(B), STATION(A), false, 0, MTU - 27);
	send_from(A, &inner);
	check_sent("here it needs no room", &got, B);
}

static void routed_fill(struct packet *ret, uint32_t size)
{
	static uint8_t payload[2000];
	const struct ip ip = {GATEWAY_MAC, STATION(A), "10.0.1.10", "10.0.2.20", 64, IPPROTO_UDP, 0,
		0, payload, 8 + size};

	ip_fill(ret, &ip);
}

/* Through the router to another host; the error finds back to who has sent the packet. */
Test(virtual, routed_to_another_host)
{
	static struct packet inner;

	tenant_record(1, "10.0.1.10", STATION(A));
	tenant_record(2, "10.0.2.20", GUEST(4));
	add_remote(2, GUEST(4), PEER4, 0);
	routed_fill(&inner, 100);
	send_from(A, &inner);
	check_sent("routed", &got, UPLINK);
	cr_expect_eq(got.packet.bytes[OUTER4 - 2], VSID(2) & 0xff, "in the other subnet");
	cr_expect_eq(memcmp(got.packet.bytes + OUTER4, GUEST(4), ETH_ALEN), 0);
	cr_expect_eq(memcmp(got.packet.bytes + OUTER4 + ETH_ALEN, GATEWAY_MAC, ETH_ALEN), 0);
	cr_expect_eq(got.packet.bytes[OUTER4 + ETH_HLEN + 8], 63, "TTL");
	cr_expect_eq(got.change.counters[A].transmit_packets, 1);
	routed_fill(&inner, MTU - 27);
	send_from(A, &inner);
	check_sent("error", &got, A);
	cr_expect_eq(memcmp(got.packet.bytes, STATION(A), ETH_ALEN), 0);
	cr_expect_eq(got.packet.bytes[ETH_HLEN + 20], 3);
	cr_expect_eq(got.change.drops[A][XVS_DROP_mtu_exceeded], 1);
}

/* ---- from another host ---- */

static struct outer from_peer(bool ip6)
{
	static const uint8_t host[] = {2, 0, 0, 0, 0, HOST}, router[] = {2, 0, 0, 0, 1, 9};

	return (struct outer){host, router, ip6 ? PEER6 : PEER4, ip6 ? OWN6 : OWN4, 0, 0x2000,
		VSID(1) << 8 | 0x5a};
}

Test(virtual, frames_from_other_hosts_arrive)
{
	static struct packet inner, packet;
	struct xvs_record_key key = record_key(VSID(1), XVS_RECORD_PEER);

	for (int bits = 0; bits < 4; bits++) {
		struct outer outer = from_peer(bits & 2);
		struct tally counted = {0};
		char what[64];

		snprintf(what, sizeof(what), "IPv%d in IPv%d", bits & 1 ? 6 : 4, bits & 2 ? 6 : 4);
		inner_fill(&inner, STATION(B), REMOTE, bits & 1, 0, 100);
		outer_fill(&packet, &outer, &inner);
		send_from(UPLINK, &packet);
		check_sent(what, &got, B);
		check_packet(what, &inner);
		expect_transmit(&counted, UPLINK, 1, packet.size);
		expect_receive(&counted, B, 1, inner.size);
		tally_check(what, &counted, &got.change);
	}
	tenant_address(PEER4, key.address);
	cr_expect_eq(record_at(key).packets, 2);
	cr_expect_eq(record_at(key).bytes, 2 * (142 + OUTER4) + 20);
}

Test(virtual, arp_from_other_hosts_arrives)
{
	const struct arp arp = {
		STATION(B), REMOTE, 2, REMOTE, STATION(B), "10.0.1.20", "10.0.1.11"};
	static struct packet inner, packet;

	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct outer outer = from_peer(ip6);

		arp_fill(&inner, &arp);
		outer_fill(&packet, &outer, &inner);
		send_from(UPLINK, &packet);
		check_sent("ARP", &got, B);
		check_packet("ARP", &inner);
	}
}

#define OUTER_SUM 24 /* where the sum of an outer IPv4 header stands */

static void right_sum(struct packet *packet)
{
	put16(packet->bytes + OUTER_SUM, 0);
	put16(packet->bytes + OUTER_SUM, ~sum_of(packet->bytes + ETH_HLEN, 20, 0));
}

/* A change of one byte of a right packet, and what becomes of it. */
static const struct {
	const char *what;
	uint32_t at;
	uint8_t byte;
	enum xvs_drop reason;
} flaws[] = {
	{"checksum", 34, 0xa0, XVS_DROP_gre_header},
	{"sequence number", 34, 0x30, XVS_DROP_gre_header},
	{"no key", 34, 0x00, XVS_DROP_gre_header},
	{"routing", 34, 0x60, XVS_DROP_gre_header},
	{"reserved bit", 34, 0x24, XVS_DROP_gre_header},
	{"version 1", 35, 0x01, XVS_DROP_gre_header},
	{"reserved bits", 35, 0x80, XVS_DROP_gre_header},
	{"outer checksum", OUTER_SUM, 0x11, XVS_DROP_gre_header},
	{"outer options", 14, 0x46, XVS_DROP_gre_header},
	{"first fragment", 20, 0x20, XVS_DROP_gre_fragment},
	{"later fragment", 21, 0x01, XVS_DROP_gre_fragment},
	{"VSID of the other tenant", 40, 0x8b, XVS_DROP_gre_source},
	{"VSID of nobody", 38, 0x01, XVS_DROP_gre_vsid},
	{"longer than it is", 16, 0x40, XVS_DROP_gre_truncated},
	{"802.1Q", 54, 0x81, XVS_DROP_gre_tagged},
	{"from a group", 48, 0x03, XVS_DROP_source_group},
	{"for nobody here", 47, 0x77, XVS_DROP_no_destination},
};

Test(virtual, what_other_hosts_may_not_send)
{
	struct outer outer = from_peer(false);
	static struct packet inner, right, packet;

	inner_fill(&inner, STATION(B), REMOTE, false, 0, 100);
	outer_fill(&right, &outer, &inner);
	for (size_t i = 0; i < sizeof(flaws) / sizeof(*flaws); i++) {
		packet = right;
		packet.bytes[flaws[i].at] = flaws[i].byte;
		if (flaws[i].at == 54)
			packet.bytes[55] = 0;
		if (flaws[i].at != OUTER_SUM)
			right_sum(&packet);
		check_dropped(flaws[i].what, UPLINK, &packet, flaws[i].reason);
	}
	outer.from = STATION(TRUNK);
	outer_fill(&packet, &outer, &inner);
	check_dropped("from a guest", TRUNK, &packet, XVS_DROP_gre_from_guest);
	outer = from_peer(false);
	outer.source = "192.0.2.3";
	outer_fill(&packet, &outer, &inner);
	check_dropped("from elsewhere", UPLINK, &packet, XVS_DROP_gre_source);
}

Test(virtual, cut_packets_are_dropped)
{
	struct outer outer = from_peer(false);
	static struct packet inner, packet;

	inner_fill(&inner, STATION(B), REMOTE, false, 0, 100);
	outer_fill(&packet, &outer, &inner);
	for (uint32_t size = 36; size < OUTER4 + ETH_HLEN; size++) {
		packet.size = size;
		put16(packet.bytes + ETH_HLEN + 2, size - ETH_HLEN);
		right_sum(&packet);
		check_dropped("cut", UPLINK, &packet, XVS_DROP_gre_truncated);
	}
}

Test(virtual, edges_of_vsids)
{
	static const struct {
		uint32_t vsid;
		enum xvs_drop reason;
	} cases[] = {{0, XVS_DROP_gre_vsid}, {1, XVS_DROP_gre_vsid}, {0xfff, XVS_DROP_gre_vsid},
		{0x1000, 0}, {0xfffffe, 0}, {0xffffff, XVS_DROP_gre_vsid}};
	static struct packet inner, packet;

	inner_fill(&inner, STATION(B), REMOTE, false, 0, 100);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct outer outer = from_peer(false);

		tenant_subnets[1].vsid = cases[i].vsid;
		tenants_publish();
		add_vsid(cases[i].vsid, 1);
		add_peer(cases[i].vsid, PEER4);
		outer.key = cases[i].vsid << 8;
		outer_fill(&packet, &outer, &inner);
		if (cases[i].reason) {
			check_dropped("reserved", UPLINK, &packet, cases[i].reason);
			continue;
		}
		send_from(UPLINK, &packet);
		check_sent("at the edge", &got, B);
	}
}

static void check_congestion(uint8_t inner_mark, uint8_t outer_mark, int expected, bool ip6)
{
	static struct packet inner, packet;
	struct outer outer = from_peer(false);

	outer.tos = 0xb8 | outer_mark;
	inner_fill(&inner, STATION(B), REMOTE, ip6, 0x28 | inner_mark, 100);
	outer_fill(&packet, &outer, &inner);
	if (expected < 0) {
		check_dropped("congestion", UPLINK, &packet, -expected);
		return;
	}
	send_from(UPLINK, &packet);
	check_sent("marked", &got, B);
	inner_fill(&inner, STATION(B), REMOTE, ip6, 0x28 | expected, 100);
	check_packet("marked", &inner);
}

/* RFC 6040, figure 4; by the marks' numbers: Not-ECT, ECT(1), ECT(0), CE. */
Test(virtual, congestion_marks)
{
	static const int expected[4][4] = {
		{0, 0, 0, -XVS_DROP_gre_congestion},
		{1, 1, 1, 3},
		{2, 1, 2, 3},
		{3, 3, 3, 3},
	};

	for (int inner = 0; inner < 4; inner++)
		for (int outer = 0; outer < 4; outer++)
			for (int ip6 = 0; ip6 < 2; ip6++)
				check_congestion(inner, outer, expected[inner][outer], ip6);
}

Test(virtual, nvgre_in_nvgre)
{
	struct outer outer = from_peer(false),
		     nested = {STATION(B), REMOTE, "10.0.1.20", "10.0.1.10", 0, 0x2000, 7 << 8};
	static struct packet inner, middle, packet;

	inner_fill(&inner, STATION(B), REMOTE, false, 0, 10);
	outer_fill(&middle, &nested, &inner);
	outer_fill(&packet, &outer, &middle);
	check_dropped("nested", UPLINK, &packet, XVS_DROP_gre_nested);
}

/* What is not for this host's virtual networks goes where it went without them. */
Test(virtual, other_gre_is_the_hosts)
{
	struct outer outer = from_peer(false);
	static struct packet inner, packet;

	inner_fill(&inner, STATION(B), REMOTE, false, 0, 100);
	outer_fill(&packet, &outer, &inner);
	packet.bytes[36] = 0x08;
	packet.bytes[37] = 0x00;
	send_from(UPLINK, &packet);
	check_sent("IP in GRE", &got, HOST);
	check_packet("IP in GRE", &packet);
	outer.destination = "192.0.2.77";
	outer_fill(&packet, &outer, &inner);
	send_from(UPLINK, &packet);
	check_sent("another address", &got, HOST);
	check_packet("another address", &packet);
}

/* Without the setting nothing is learned from the wire; with it, never over a record. */
Test(virtual, learning_from_the_wire)
{
	struct outer outer = from_peer(false);
	static struct packet inner, packet;
	struct xvs_record record;

	inner_fill(&inner, STATION(B), GUEST(5), false, 0, 100);
	outer_fill(&packet, &outer, &inner);
	send_from(UPLINK, &packet);
	cr_expect_eq(record_at(mac_key(1, GUEST(5))).vsid, 0);
	tenant_subnets[1].flags = XVS_SUBNET_LEARN;
	tenants_publish();
	send_from(UPLINK, &packet);
	record = record_at(mac_key(1, GUEST(5)));
	cr_expect_eq(record.vsid, VSID(1));
	cr_expect_eq(record.flags, XVS_RECORD_LEARNED);
	cr_expect_eq(memcmp(&record.provider[3], packet.bytes + 26, 4), 0);
	inner_fill(&inner, STATION(B), REMOTE6, false, 0, 100);
	outer_fill(&packet, &outer, &inner);
	send_from(UPLINK, &packet);
	cr_expect_eq(record_at(mac_key(1, REMOTE6)).flags, 0, "a record stays");
}

/* ---- for all of a subnet ---- */

#define HOSTS 3
static const char *const hosts[HOSTS] = {"192.0.2.10", "192.0.2.11", "192.0.2.12"};

static void add_copies(void)
{
	struct xvs_record record = {.key = record_key(VSID(1), XVS_RECORD_COPY)};

	for (uint32_t i = 0; i < HOSTS; i++) {
		record.key.address[0] = i;
		tenant_address(hosts[i], record.provider);
		put_record(&record);
		add_next_hop(hosts[i], now(), now());
	}
	record.key.address[0] = XVS_RECORD_COUNT;
	record.packets = HOSTS;
	put_record(&record);
}

static void fill_for_all(struct packet *inner)
{
	inner_fill(inner, BROADCAST, STATION(A), false, 0, 100);
}

/* The frame for the host is what came out last; the devices have the copies. */
Test(virtual, every_host_gets_a_copy)
{
	static struct packet inner, expected, copy;
	struct outer outer = {ROUTER, STATION(HOST), OWN4, hosts[HOSTS - 1], 0, 0x2000, 0};
	uint32_t mark;

	world_attach();
	run_attach_sinks();
	add_copies();
	fill_for_all(&inner);
	send_from(A, &inner);
	check_sent("last host", &got, UPLINK);
	outer.key = key_of(OUTER4);
	outer_fill(&expected, &outer, &inner);
	check_packet("last host", &expected);
	cr_expect_eq(run_copies(UPLINK), HOSTS - 1);
	cr_assert(run_copy(UPLINK, &copy, &mark));
	outer.destination = hosts[HOSTS - 2];
	outer_fill(&expected, &outer, &inner);
	cr_expect(packet_equal(&copy, &expected), "%s", packet_difference(&copy, &expected));
	cr_expect_eq(run_copies(B), 1);
	cr_assert(run_copy(B, &copy, &mark));
	cr_expect(packet_equal(&copy, &inner), "%s", packet_difference(&copy, &inner));
	cr_expect_eq(run_copies(ACCESS_B), 0, "of the other tenant");
	cr_expect_eq(got.change.counters[A].transmit_packets, 1);
	cr_expect_eq(got.change.counters[HOST].transmit_packets, HOSTS);
	cr_expect_eq(got.change.counters[UPLINK].receive_packets, HOSTS);
}

/* Of hosts whose next hop is not known one is asked for; the others do without. */
Test(virtual, copies_for_unknown_next_hops)
{
	static struct packet inner;
	struct next_hop key = {.switch_id = SWITCH};

	world_attach();
	run_attach_sinks();
	add_copies();
	for (int i = 0; i < 2; i++) {
		tenant_address(hosts[i], key.address);
		bpf_map_delete_elem(next_hops, &key);
	}
	fill_for_all(&inner);
	send_from(A, &inner);
	check_verdict("by the kernel", &got, TC_ACT_REDIRECT);
	cr_expect_eq(memcmp(got.packet.bytes + 30, (uint8_t[]){192, 0, 2, 10}, 4), 0);
	cr_expect_eq(run_copies(UPLINK), 1);
	cr_expect_eq(got.change.drops[A][XVS_DROP_no_neighbor], 1);
}

Test(virtual, provider_multicast_group)
{
	static struct packet inner, expected;
	struct outer outer = {
		MAC(1, 0, 0x5e, 0x7f, 2, 3), STATION(HOST), OWN4, "239.255.2.3", 0, 0x2000, 0};

	tenant_address("239.255.2.3", tenant_subnets[1].group);
	tenants_publish();
	world.ports[A].flags |= XVS_PORT_STORM_LIMIT;
	world.ports[A].storm_limit = 1;
	world_publish();
	fill_for_all(&inner);
	send_from(A, &inner);
	check_verdict("to the group", &got, TC_ACT_REDIRECT);
	outer.key = key_of(OUTER4);
	outer_fill(&expected, &outer, &inner);
	check_packet("to the group", &expected);
	cr_expect_eq(got.change.counters[A].transmit_packets, 1);
	cr_expect_eq(got.change.counters[HOST].transmit_packets, 1);
	check_dropped("a storm", A, &inner, XVS_DROP_storm);
}

/* From another host it is for this one's ports alone, and for a subnet's own group. */
Test(virtual, group_frames_from_other_hosts)
{
	static struct packet inner, packet;
	struct outer outer = from_peer(false);

	world_attach();
	run_attach_sinks();
	fill_for_all(&inner);
	memcpy(inner.bytes + ETH_ALEN, REMOTE, ETH_ALEN);
	outer_fill(&packet, &outer, &inner);
	send_from(UPLINK, &packet);
	check_verdict("a copy", &got, TC_ACT_REDIRECT);
	check_packet("a copy", &inner);
	cr_expect_eq(got.change.counters[UPLINK].receive_packets, 0);
	cr_expect_eq(got.change.counters[A].receive_packets, 1);
	cr_expect_eq(got.change.counters[B].receive_packets, 1);
	cr_expect_eq(run_copies(A), 1);
	tenant_address("239.255.2.3", tenant_subnets[1].group);
	tenants_publish();
	outer.destination = "239.255.2.3";
	outer.to = MAC(1, 0, 0x5e, 0x7f, 2, 3);
	outer_fill(&packet, &outer, &inner);
	send_from(UPLINK, &packet);
	check_packet("to the group", &inner);
	cr_expect_eq(got.change.counters[UPLINK].receive_packets, 0);
}
