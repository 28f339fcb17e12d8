// SPDX-License-Identifier: GPL-2.0-only
/* The MAC table: learning, moves, ageing, addresses that stay where they are, limits. */
#include <string.h>
#include "test/netns/control.h"

struct trio {
	struct station *a, *b, *c;
};

/* Three guests on the switch `s`; `more` goes to the switch, `more_a` to port a. */
static struct trio make_trio(struct testbed *tb, const char *more, const char *more_a)
{
	const struct trio trio = {
		testbed_guest(tb, "a"),
		testbed_guest(tb, "b"),
		testbed_guest(tb, "c"),
	};

	testbed_apply(tb,
		"switches: {s: {type: private%s}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a%s}\n"
		"  b: {switch: s, interface: b}\n"
		"  c: {switch: s, interface: c}\n",
		more, more_a);
	return trio;
}

/* The station makes itself known; both others hear it. */
static void announce(
	const struct station *who, const struct station *one, const struct station *other)
{
	const struct frame frame = frame_new(who->mac, MAC_BROADCAST);

	expect_delivery(who, &frame, one, other);
}

/* `count` frames with different sources, all to an address that nobody has. */
static void send_from_many(const struct station *from, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const uint8_t source[] = {0x02, 0xaa, 0, 0, i >> 8, i};
		const struct frame frame = frame_new(source, MAC_UNKNOWN);

		station_send(from, &frame);
	}
}

TEST(learning_unicast_goes_to_one_port)
{
	const struct trio t = make_trio(tb, "", "");
	struct frame frame = frame_new(t.b->mac, t.a->mac);

	announce(t.a, t.b, t.c);
	expect_delivery(t.b, &frame, t.a);
	frame = frame_new(t.a->mac, t.b->mac);
	expect_delivery(t.a, &frame, t.b);

	CHECK_TEXT("a", testbed_entry_port(tb, "s", t.a->mac, 0));
	CHECK_TEXT("b", testbed_entry_port(tb, "s", t.b->mac, 0));
	CHECK(!testbed_entry(tb, "s", t.c->mac, 0));
}

TEST(learning_is_counted)
{
	const struct trio t = make_trio(tb, "", "");
	const struct frame frame = frame_new(t.b->mac, t.a->mac);
	const int size = ETH_HLEN + FRAME_PAYLOAD_MIN;

	announce(t.a, t.b, t.c);
	expect_delivery(t.b, &frame, t.a);
	CHECK_EQUAL(1, testbed_counter(tb, "a", "transmit.packets"));
	CHECK_EQUAL(size, testbed_counter(tb, "a", "transmit.bytes"));
	CHECK_EQUAL(1, testbed_counter(tb, "a", "receive.packets"));
	CHECK_EQUAL(size, testbed_counter(tb, "a", "receive.bytes"));
	CHECK_EQUAL(1, testbed_counter(tb, "a", "flooded"));
	CHECK_EQUAL(1, testbed_counter(tb, "a", "learned"));
	CHECK_EQUAL(0, testbed_counter(tb, "b", "flooded"));
	CHECK_EQUAL(1, testbed_counter(tb, "c", "receive.packets"));
	CHECK_TEXT("", testbed_drops(tb, "a"));
}

TEST(learning_unknown_unicast_is_flooded)
{
	const struct trio t = make_trio(tb, "", "");
	const struct frame unicast = frame_new(t.a->mac, MAC_UNKNOWN);
	const struct frame multicast = frame_new(t.a->mac, MAC_MULTICAST);

	expect_delivery(t.a, &unicast, t.b, t.c);
	expect_delivery(t.a, &multicast, t.b, t.c);
	CHECK_EQUAL(2, testbed_counter(tb, "a", "flooded"));
}

TEST(learning_follows_a_move)
{
	const struct trio t = make_trio(tb, "", "");
	const struct frame moved = frame_new(t.a->mac, MAC_BROADCAST);
	const struct frame to_a = frame_new(t.c->mac, t.a->mac);

	announce(t.a, t.b, t.c);
	expect_delivery(t.b, &moved, t.a, t.c);
	CHECK_TEXT("b", testbed_entry_port(tb, "s", t.a->mac, 0));
	expect_delivery(t.c, &to_a, t.b);
	CHECK_EQUAL(1, testbed_counter(tb, "b", "learned"));
	CHECK_EQUAL(0, json_number(testbed_port(tb, "a"), "learning.used"));
	CHECK_EQUAL(1, json_number(testbed_port(tb, "b"), "learning.used"));
}

TEST(learning_forgets_the_silent)
{
	const struct trio t = make_trio(tb, ", ageing: 10s", "");
	struct frame frame = frame_new(t.b->mac, t.a->mac);

	announce(t.a, t.b, t.c);
	expect_delivery(t.b, &frame, t.a);
	CHECK_EQUAL(10, json_number(testbed_switch(tb, "s"), "ageing"));
	test_sleep_ms(2100);
	CHECK_BETWEEN(2, 4, json_number(testbed_entry(tb, "s", t.a->mac, 0), "age"));
	test_sleep_ms(8100);
	frame = frame_again(frame);
	expect_delivery(t.b, &frame, t.a, t.c);
	CHECK_SOON(!testbed_entry(tb, "s", t.a->mac, 0));
}

TEST(learning_refresh_keeps_an_address)
{
	const struct trio t = make_trio(tb, "", "");

	announce(t.a, t.b, t.c);
	test_sleep_ms(2100);
	announce(t.a, t.b, t.c);
	CHECK_BETWEEN(0, 1, json_number(testbed_entry(tb, "s", t.a->mac, 0), "age"));
	CHECK_EQUAL(1, testbed_counter(tb, "a", "learned"));
}

TEST(static_entry_is_not_moved)
{
	static const uint8_t mac[] = {0x02, 0, 0, 0, 0x12, 0x34};
	const struct trio t =
		make_trio(tb, ", static-entries: [{mac: 02:00:00:00:12:34, port: b}]", "");
	const struct frame to_it = frame_new(t.c->mac, mac);
	const struct frame from_a = frame_new(mac, MAC_BROADCAST);
	const struct frame from_b = frame_new(mac, MAC_BROADCAST);

	expect_delivery(t.c, &to_it, t.b);
	expect_dropped(tb, t.a, &from_a, "a", "mac-taken");
	expect_delivery(t.b, &from_b, t.a, t.c);
	CHECK_TEXT("b", testbed_entry_port(tb, "s", mac, 0));
	CHECK_TEXT("static", json_text(testbed_entry(tb, "s", mac, 0), "kind"));
}

TEST(assigned_address_cannot_be_taken)
{
	const struct trio t = make_trio(tb, "", ", mac: 02:00:00:00:56:78");
	static const uint8_t mac[] = {0x02, 0, 0, 0, 0x56, 0x78};
	const struct frame thief = frame_new(mac, t.c->mac);
	const struct frame own = frame_new(mac, MAC_BROADCAST);
	const struct frame to_a = frame_new(t.b->mac, mac);

	expect_delivery(t.b, &to_a, t.a); /* known before it has sent anything */
	expect_dropped(tb, t.b, &thief, "b", "mac-taken");
	expect_delivery(t.a, &own, t.b, t.c);
	CHECK_TEXT("a", testbed_entry_port(tb, "s", mac, -1));
	CHECK_TEXT("02:00:00:00:56:78", testbed_port_text(tb, "a", "mac"));
	CHECK_EQUAL(0, testbed_counter(tb, "a", "learned"));
}

TEST(assigned_address_holds_in_every_vlan)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame;

	testbed_apply(tb,
		"switches: {s: {type: private}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {access: 10}, mac: '%s'}\n"
		"  b: {switch: s, interface: b, vlan: {trunk: all}}\n",
		mac_text(a->mac));
	for (int vlan = 8; vlan < 12; vlan++) {
		frame = frame_tagged(frame_new(a->mac, MAC_BROADCAST), vlan);
		expect_dropped(tb, b, &frame, "b", "mac-taken");
	}
}

/* Somebody else used an address before it was assigned. */
TEST(assigned_address_takes_over_from_a_learned_one)
{
	static const char config[] = "switches: {s: {type: private}}\n"
				     "ports:\n"
				     "  a: {switch: s, interface: a%s}\n"
				     "  b: {switch: s, interface: b}\n"
				     "  c: {switch: s, interface: c}\n";
	const struct trio t = make_trio(tb, "", "");
	struct frame frame = frame_new(MAC_UNKNOWN, MAC_BROADCAST);

	expect_delivery(t.b, &frame, t.a, t.c);
	CHECK_TEXT("b", testbed_entry_port(tb, "s", MAC_UNKNOWN, 0));
	testbed_apply(tb, config, test_text(", mac: '%s'", mac_text(MAC_UNKNOWN)));
	CHECK(!testbed_entry(tb, "s", MAC_UNKNOWN, 0));
	CHECK_TEXT("a", testbed_entry_port(tb, "s", MAC_UNKNOWN, -1));
	CHECK_EQUAL(0, json_number(testbed_port(tb, "b"), "learning.used"));
	frame = frame_new(t.c->mac, MAC_UNKNOWN);
	expect_delivery(t.c, &frame, t.a);
	testbed_apply(tb, config, "");
	frame = frame_again(frame);
	expect_delivery(t.c, &frame, t.a, t.b); /* nobody's again */
	frame = frame_new(MAC_UNKNOWN, MAC_BROADCAST);
	expect_delivery(t.b, &frame, t.a, t.c);
}

TEST(static_entries_on_uplink_and_host_port)
{
	static const uint8_t out[] = {0x02, 0, 0, 0, 0, 0x01}, in[] = {0x02, 0, 0, 0, 0, 0x02};
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *wire = testbed_guest(tb, "nic0"), *host;
	struct frame frame = frame_new(a->mac, out);

	testbed_apply(tb, "switches:\n"
			  "  s:\n"
			  "    type: external\n"
			  "    uplink: nic0\n"
			  "    host-port: {}\n"
			  "    static-entries:\n"
			  "      - {mac: '02:00:00:00:00:01', port: uplink}\n"
			  "      - {mac: '02:00:00:00:00:02', port: host}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a}\n"
			  "  b: {switch: s, interface: b}\n");
	host = testbed_host_station(tb, "s");
	expect_delivery(a, &frame, wire);
	frame = frame_new(b->mac, in);
	expect_delivery(b, &frame, host);
}

TEST(source_addresses_that_no_station_has)
{
	const struct trio t = make_trio(tb, "", "");
	const uint8_t zero[ETH_ALEN] = {0};
	struct frame frame = frame_new(MAC_BROADCAST, t.b->mac);

	expect_dropped(tb, t.a, &frame, "a", "source-group");
	frame = frame_new(MAC_MULTICAST, t.b->mac);
	expect_dropped(tb, t.a, &frame, "a", "source-group");
	frame = frame_new(zero, t.b->mac);
	expect_dropped(tb, t.a, &frame, "a", "source-zero");
	CHECK_EQUAL(0, testbed_counter(tb, "a", "transmit.packets"));
}

TEST(destination_on_the_port_it_came_from)
{
	const struct trio t = make_trio(tb, "", "");
	const struct frame frame = frame_new(t.a->mac, t.a->mac);

	expect_dropped(tb, t.a, &frame, "a", "same-port");
}

TEST(reserved_group_is_not_forwarded)
{
	const struct trio t = make_trio(tb, "", "");
	uint8_t group[] = {0x01, 0x80, 0xc2, 0, 0, 0};
	struct frame frame;

	for (group[5] = 0; group[5] < 0x10; group[5]++) {
		frame = frame_new(t.a->mac, group);
		station_send(t.a, &frame);
	}
	frame = frame_new(t.a->mac, group); /* …:10 is an ordinary one */
	expect_delivery(t.a, &frame, t.b, t.c);
	CHECK_EQUAL(16, testbed_drop_count(tb, "a", "reserved-group"));
	CHECK_EQUAL(1, testbed_counter(tb, "b", "receive.packets"));
}

TEST(reserved_group_from_the_wire_is_the_hosts)
{
	static const uint8_t lldp[] = {0x01, 0x80, 0xc2, 0, 0, 0x0e};
	struct station *wire = testbed_guest(tb, "nic0");
	struct station *host = testbed_host_station(tb, "nic0");
	struct frame frame;

	testbed_guest(tb, "a");
	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0}}\n"
			  "ports: {a: {switch: s, interface: a}}\n");
	frame = frame_new(wire->mac, lldp);
	expect_delivery(wire, &frame, host);
	CHECK_TEXT("", testbed_drops(tb, "s/uplink"));
	CHECK_EQUAL(0, testbed_counter(tb, "a", "receive.packets"));
}

TEST(learning_limit_holds_a_flooding_guest)
{
	const struct trio t = make_trio(tb, "", ", learning-limit: 5");
	const struct frame to_b = frame_new(t.c->mac, t.b->mac);
	json_t *port;

	send_from_many(t.a, 100);
	CHECK_SOON(testbed_counter(tb, "b", "receive.packets") == 100); /* forwarded all the same */
	port = testbed_port(tb, "a");
	CHECK_EQUAL(5, json_number(port, "learning.limit"));
	CHECK_EQUAL(5, json_number(port, "learning.used"));
	CHECK_EQUAL(5, testbed_counter(tb, "a", "learned"));
	CHECK_EQUAL(95, testbed_counter(tb, "a", "not_learned"));
	announce(t.b, t.a, t.c);
	expect_delivery(t.c, &to_b, t.b);
}

TEST(full_table_drops_nothing)
{
	const struct trio t = make_trio(tb, ", mac-table-size: 16", "");
	json_t *object;

	send_from_many(t.a, 50);
	CHECK_SOON(testbed_counter(tb, "b", "receive.packets") == 50);
	CHECK_EQUAL(16, testbed_counter(tb, "a", "learned"));
	CHECK_EQUAL(34, testbed_counter(tb, "a", "not_learned"));
	object = testbed_switch(tb, "s");
	CHECK_EQUAL(16, json_number(object, "mac_table.size"));
	CHECK_EQUAL(16, json_number(object, "mac_table.used"));
	CHECK_TEXT("", testbed_drops(tb, "a"));
}

TEST(fdb_flush_forgets_learned_addresses)
{
	const struct trio t =
		make_trio(tb, ", static-entries: [{mac: 02:00:00:00:12:34, port: b}]", "");
	static const uint8_t fixed[] = {0x02, 0, 0, 0, 0x12, 0x34};
	struct frame frame = frame_new(t.c->mac, t.a->mac);

	announce(t.a, t.b, t.c);
	announce(t.b, t.a, t.c);
	testbed_command(tb, "fdb flush port a");
	CHECK(!testbed_entry(tb, "s", t.a->mac, 0));
	CHECK_TEXT("b", testbed_entry_port(tb, "s", t.b->mac, 0));
	expect_delivery(t.c, &frame, t.a, t.b);
	CHECK_EQUAL(0, json_number(testbed_port(tb, "a"), "learning.used"));

	CHECK_EQUAL(2, json_number(testbed_json(tb, "fdb flush switch s"), "flushed"));
	CHECK(!testbed_entry(tb, "s", t.b->mac, 0));
	CHECK_TEXT("b", testbed_entry_port(tb, "s", fixed, 0));
}

TEST(fdb_entries_by_command)
{
	const struct trio t = make_trio(tb, "", "");
	struct frame frame = frame_new(t.a->mac, MAC_UNKNOWN);
	const char *mac = mac_text(MAC_UNKNOWN);

	testbed_command(tb, "fdb add %s switch s port b", mac);
	expect_delivery(t.a, &frame, t.b);
	CHECK_TEXT("static", json_text(testbed_entry(tb, "s", MAC_UNKNOWN, 0), "kind"));
	testbed_command(tb, "fdb del %s switch s", mac);
	frame = frame_again(frame);
	expect_delivery(t.a, &frame, t.b, t.c);
	CHECK_CONTAINS(
		"bb", testbed_command_fails(tb, CONTROL_WRONG, "fdb add %s switch s port bb", mac));
	testbed_command_fails(tb, CONTROL_WRONG, "fdb del %s switch s", mac);
	testbed_command_fails(tb, CONTROL_WRONG, "fdb add 01:00:5e:00:00:01 switch s port b");
}

TEST(fdb_shows_a_large_table)
{
	const int count = 5000;

	make_trio(tb, "", "");
	send_from_many(station_next(NULL), count);
	CHECK_EQUAL(count, json_number(testbed_switch(tb, "s"), "mac_table.used"));
	CHECK_EQUAL(
		count, json_array_size(json_object_get(testbed_json(tb, "fdb show"), "entries")));
	CHECK_EQUAL(count, json_number(testbed_json(tb, "fdb flush"), "flushed"));
	CHECK_EQUAL(0, json_array_size(json_object_get(testbed_json(tb, "fdb show"), "entries")));
}

TEST(fdb_learns_in_each_vlan_apart)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *c = testbed_guest(tb, "c");
	struct frame frame;

	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a, vlan: {trunk: all}}\n"
			  "  b: {switch: s, interface: b, vlan: {trunk: all}}\n"
			  "  c: {switch: s, interface: c, vlan: {trunk: all}}\n");
	frame = frame_tagged(frame_new(MAC_UNKNOWN, MAC_BROADCAST), 10);
	expect_delivery(a, &frame, b, c);
	frame = frame_tagged(frame_new(MAC_UNKNOWN, MAC_BROADCAST), 20);
	expect_delivery(b, &frame, a, c);
	frame = frame_tagged(frame_new(c->mac, MAC_UNKNOWN), 10);
	expect_delivery(c, &frame, a);
	frame = frame_tagged(frame_new(c->mac, MAC_UNKNOWN), 20);
	expect_delivery(c, &frame, b);
	frame = frame_tagged(frame_new(c->mac, MAC_UNKNOWN), 30);
	expect_delivery(c, &frame, a, b);
	CHECK_EQUAL(2, /* b's and c's entry */
		json_number(testbed_json(tb, "fdb flush switch s vlan 20"), "flushed"));
	CHECK_TEXT("a", testbed_entry_port(tb, "s", MAC_UNKNOWN, 10));
	CHECK(!testbed_entry(tb, "s", MAC_UNKNOWN, 20));
}
