// SPDX-License-Identifier: GPL-2.0-only
/* Switch types, the host port, isolation, and floods to many. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <linux/if_tun.h>
#include "test/netns/control.h"

static void ping(const struct netns *from, const char *address)
{
	run(from, "ping -n -c 2 -i 0.02 -W 2 %s", address);
}

static void no_ping(const struct netns *from, const char *address)
{
	struct process process = start(from, "ping -n -c 2 -i 0.02 -W 0.2 %s", address);

	if (process_wait(&process, PROCESS_TIMEOUT_MS) == 0)
		FAIL("ping %s, expected no answer, got one", address);
}

TEST(private_switch_has_neither_host_nor_wire)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_guest(tb, "nic0");
	testbed_apply(tb, TWO_PORTS);
	expect_delivery(a, &frame, b);
	CHECK_CONTAINS("private switch has no",
		testbed_apply_fails(tb, CONTROL_WRONG,
			"switches: {s: {type: private, uplink: nic0}}\n" PORTS_A_AND_B));
	CHECK_CONTAINS("private switch has no",
		testbed_apply_fails(tb, CONTROL_WRONG,
			"switches: {s: {type: private, host-port: {vlan: 10}}}\n" PORTS_A_AND_B));
	frame = frame_again(frame);
	expect_delivery(a, &frame, b);
}

TEST(internal_switch_has_a_host_port)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.2/24");

	testbed_apply(tb, "switches: {s: {type: internal, host-port: {addresses: [10.7.0.1/24]}}}\n"
			  "ports: {a: {switch: s, interface: a}}\n");
	CHECK_TEXT("s", json_text(testbed_switch(tb, "s"), "host_port.interface"));
	testbed_wait_port_state(tb, "s/host", "up");
	ping(&tb->host, "10.7.0.2");
	ping(&a->netns, "10.7.0.1");
}

TEST(host_port_with_vlan_and_addresses)
{
	struct station *a =
		testbed_guest(tb, "a", .address = "10.7.0.2/24 2001:db8::2/64", .ipv6 = true);
	struct station *b = testbed_guest(tb, "b", .address = "10.7.0.3/24");

	netns_set(&tb->host, "ipv6/conf/default/disable_ipv6", 0);
	testbed_apply(tb,
		"switches:\n"
		"  s:\n"
		"    type: internal\n"
		"    host-port:\n"
		"      {interface: mgmt, vlan: 10, addresses: [10.7.0.1/24, '2001:db8::1/64']}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {access: 10}}\n"
		"  b: {switch: s, interface: b, vlan: {access: 20}}\n");
	ping(&tb->host, "10.7.0.2");
	ping(&tb->host, "2001:db8::2");
	no_ping(&tb->host, "10.7.0.3");
	no_ping(&b->netns, "10.7.0.1");
	ping(&a->netns, "10.7.0.1");
	CHECK_EQUAL(10, json_number(testbed_switch(tb, "s"), "host_port.vlan"));
}

TEST(host_port_follows_its_configuration)
{
	static const char config[] = "switches: {s: {type: internal, host-port: {%s}}}\n"
				     "ports: {a: {switch: s, interface: a}}\n";
	char *addresses;

	testbed_guest(tb, "a", .address = "10.7.0.2/24 10.8.0.2/24");
	testbed_apply(tb, config, "addresses: [10.7.0.1/24, 10.9.0.1/24]");
	ping(&tb->host, "10.7.0.2");
	testbed_apply(tb, config, "addresses: [10.8.0.1/24, 10.9.0.1/24]");
	ping(&tb->host, "10.8.0.2");
	addresses = run(&tb->host, "ip address show dev s");
	CHECK(!strstr(addresses, "10.7.0.1"));
	CHECK_CONTAINS("10.9.0.1/24", addresses);
	testbed_apply(tb, config, "vlan: 10");
	CHECK(!strstr(run(&tb->host, "ip address show dev s"), "10.8.0.1"));
	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports: {a: {switch: s, interface: a}}\n");
	CHECK(!netns_has_device(&tb->host, "s"));
}

TEST(external_switch_reaches_the_wire)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *wire = testbed_guest(tb, "nic0");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0}}\n" PORTS_A_AND_B);
	expect_delivery(a, &frame, b, wire);
	frame = frame_new(wire->mac, a->mac);
	expect_delivery(wire, &frame, a);
	frame = frame_new(a->mac, wire->mac);
	expect_delivery(a, &frame, wire);
	frame = frame_new(wire->mac, MAC_UNKNOWN);
	expect_delivery(wire, &frame, a, b); /* not back to the wire */
	CHECK_TEXT("nic0", json_text(testbed_switch(tb, "s"), "uplink"));
	CHECK_EQUAL(2, testbed_counter(tb, "s/uplink", "transmit.packets"));
	CHECK_EQUAL(2, testbed_counter(tb, "s/uplink", "receive.packets"));
}

TEST(external_switch_with_host_port)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.2/24");
	struct station *wire = testbed_guest(tb, "nic0", .address = "10.7.0.9/24");

	testbed_apply(tb,
		"switches:\n"
		"  s: {type: external, uplink: nic0, host-port: {addresses: [10.7.0.1/24]}}\n"
		"ports: {a: {switch: s, interface: a}}\n");
	ping(&tb->host, "10.7.0.2");
	ping(&tb->host, "10.7.0.9");
	ping(&a->netns, "10.7.0.9");
	ping(&wire->netns, "10.7.0.1");
}

TEST(switches_are_isolated)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c"), *d = testbed_guest(tb, "d");
	struct frame frame = frame_new(c->mac, MAC_BROADCAST);

	testbed_apply(tb, "switches: {s: {type: private}, t: {type: private}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a}\n"
			  "  b: {switch: s, interface: b}\n"
			  "  c: {switch: t, interface: c}\n"
			  "  d: {switch: t, interface: d}\n");
	expect_delivery(c, &frame, d);
	frame = frame_new(a->mac, c->mac); /* known on the other switch only */
	expect_delivery(a, &frame, b);
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
	frame = frame_new(a->mac, MAC_BROADCAST); /* the same address on both */
	expect_delivery(c, &frame, d);
	CHECK_TEXT("a", testbed_entry_port(tb, "s", a->mac, 0));
	CHECK_TEXT("c", testbed_entry_port(tb, "t", a->mac, 0));
}

/* Through all types and back while two guests ping each other: not one answer is missing. */
TEST(switch_type_changes_in_place)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.2/24");
	struct station *wire;
	struct process pinging;
	long long id;

	testbed_guest(tb, "b", .address = "10.7.0.3/24");
	wire = testbed_guest(tb, "nic0", .address = "10.7.0.9/24");
	testbed_apply(tb, TWO_PORTS);
	ping(&a->netns, "10.7.0.3");
	id = json_number(testbed_port(tb, "a"), "id");
	pinging = start(&a->netns, "ping -n -q -i 0.01 -w 20 10.7.0.3");

	testbed_apply(tb, "switches: {s: {type: internal, host-port: {addresses: "
			  "[10.7.0.1/24]}}}\n" PORTS_A_AND_B);
	ping(&tb->host, "10.7.0.2");
	testbed_apply(tb, "switches:\n"
			  "  s: {type: external, uplink: nic0, host-port: {addresses: "
			  "[10.7.0.1/24]}}\n" PORTS_A_AND_B);
	ping(&tb->host, "10.7.0.2");
	ping(&wire->netns, "10.7.0.2");
	testbed_apply(tb, TWO_PORTS);
	no_ping(&wire->netns, "10.7.0.2");

	process_stop(&pinging, SIGINT);
	CHECK_CONTAINS(" 0% packet loss", process_output(&pinging));
	CHECK_EQUAL(id, json_number(testbed_port(tb, "a"), "id"));
	CHECK_TEXT("a", testbed_entry_port(tb, "s", a->mac, 0));
}

TEST(port_moves_to_another_switch)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *c = testbed_guest(tb, "c");
	static const char config[] = "switches: {s: {type: private}, t: {type: private}}\n"
				     "ports:\n"
				     "  a: {switch: %s, interface: a}\n"
				     "  b: {switch: s, interface: b}\n"
				     "  c: {switch: t, interface: c}\n";
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, config, "s");
	expect_delivery(a, &frame, b);
	testbed_apply(tb, config, "t");
	frame = frame_again(frame);
	expect_delivery(a, &frame, c);
	frame = frame_new(b->mac, a->mac); /* no longer there */
	expect_dropped(tb, b, &frame, "b", "no-destination");
}

TEST(what_the_host_sends_on_a_ports_device_is_dropped)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *host = testbed_host_station(tb, "a");
	struct frame frame = frame_new(host->mac, MAC_BROADCAST);

	testbed_apply(tb, TWO_PORTS);
	expect_dropped(tb, host, &frame, "a", "host-originated");
	frame = frame_new(host->mac, a->mac);
	expect_dropped(tb, host, &frame, "a", "host-originated");
	frame = frame_new(b->mac, MAC_BROADCAST);
	expect_delivery(b, &frame, a); /* and not up to the host either */
}

/* Packets that the guest's device has received. */
static long long received(const struct station *guest)
{
	json_t *links = json_loads(
		run(NULL, "ip -n %s -j -s link show dev eth0", guest->netns.name), 0, NULL);

	return json_number(json_array_get(links, 0), "stats64.rx.packets");
}

TEST(hosts_ipv6_does_not_reach_a_guest)
{
	struct station *a, *b;
	long long before;

	netns_set(&tb->host, "ipv6/conf/default/disable_ipv6", 0);
	a = testbed_guest(tb, "a", .silent = true);
	b = testbed_guest(tb, "b", .silent = true);
	testbed_apply(tb, TWO_PORTS);
	before = received(a) + received(b);
	CHECK_EQUAL(1, netns_get(&tb->host, "ipv6/conf/a/disable_ipv6"));
	CHECK_EQUAL(1, netns_get(&tb->host, "ipv6/conf/b/disable_ipv6"));
	netns_ip(&tb->host, "link set dev a down\nlink set dev a up\n"); /* would send RS and MLD */
	test_sleep_ms(1200);
	CHECK_EQUAL(before, received(a) + received(b));
}

#define MANY 64
#define MANY_VETH 8 /* of them; the rest are taps */

/* Ports p0 to p63 on one switch. */
static void make_many(struct testbed *tb, struct station *at[MANY])
{
	char *ports = "";

	for (int i = 0; i < MANY; i++) {
		char *name = test_text("p%d", i);

		at[i] = i < MANY_VETH ? testbed_guest(tb, name) : testbed_tap(tb, name);
		ports = test_text("%s  %s: {switch: s, interface: %s}\n", ports, name, name);
	}
	testbed_apply(tb, "switches: {s: {type: private}}\nports:\n%s", ports);
}

TEST(broadcast_reaches_all_of_64_ports_once)
{
	struct station *at[MANY];
	struct frame frame;

	make_many(tb, at);
	for (int from = 0; from < MANY; from += MANY / 4 - 1) {
		frame = frame_new(at[from]->mac, MAC_BROADCAST);
		station_send(at[from], &frame);
		stations_listen(50);
		for (int i = 0; i < MANY; i++) {
			CHECK_EQUAL(i != from, station_count(at[i], frame.marker));
			if (i != from)
				station_check_bytes(at[i], &frame);
		}
	}
	CHECK_TEXT("", testbed_drops(tb, "p1"));
}
