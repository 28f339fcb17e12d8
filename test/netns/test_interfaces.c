// SPDX-License-Identifier: GPL-2.0-only
/* Devices that come late, go, come back, are found by pattern, and are given back as they were. */
#include <stdio.h>
#include <string.h>
#include "test/netns/control.h"

TEST(interface_comes_late)
{
	struct station *a = testbed_guest(tb, "a"), *b;
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, TWO_PORTS);
	testbed_wait_port_state(tb, "a", "up");
	testbed_wait_port_state(tb, "b", "waiting");
	CHECK(testbed_port_text(tb, "b", "reason"));
	expect_dropped(tb, a, &frame, "a", "no-destination");
	b = testbed_guest(tb, "b");
	testbed_wait_port_state(tb, "b", "up");
	frame = frame_again(frame);
	expect_delivery(a, &frame, b);
	CHECK(!testbed_port_text(tb, "b", "reason"));
}

TEST(interface_vanishes_and_comes_back)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	long long id;

	testbed_apply(tb, TWO_PORTS);
	expect_delivery(a, &frame, b);
	id = json_number(testbed_port(tb, "b"), "id");
	testbed_unplug(tb, b);
	testbed_wait_port_state(tb, "b", "waiting");
	frame = frame_again(frame);
	expect_nowhere(a, &frame);

	b = testbed_guest(tb, "b");
	testbed_wait_port_state(tb, "b", "up");
	frame = frame_again(frame);
	expect_delivery(a, &frame, b);
	CHECK_EQUAL(id, json_number(testbed_port(tb, "b"), "id"));
	CHECK_EQUAL(2, testbed_counter(tb, "b", "receive.packets"));
}

TEST(interface_goes_down_and_up)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *c = testbed_guest(tb, "c");
	struct frame frame = frame_new(b->mac, MAC_BROADCAST);

	testbed_apply(tb, TWO_PORTS "  c: {switch: s, interface: c}\n");
	expect_delivery(b, &frame, a, c);
	netns_ip(&b->netns, "link set dev eth0 down\n"); /* the guest's end: no carrier */
	testbed_wait_port_state(tb, "b", "down");
	frame = frame_new(a->mac, b->mac);
	expect_dropped(tb, a, &frame, "b", "port-down");
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, c);
	netns_ip(&b->netns, "link set dev eth0 up\n");
	testbed_wait_port_state(tb, "b", "up");
	frame = frame_new(a->mac, b->mac);
	expect_delivery(a, &frame, b);
}

TEST(interface_is_set_up_by_the_agent)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	netns_ip(&tb->host, "link set dev b down\n");
	testbed_apply(tb, TWO_PORTS);
	testbed_wait_port_state(tb, "b", "up");
	expect_delivery(a, &frame, b);
}

TEST(interface_matched_by_name)
{
	struct station *a, *vnet;
	struct frame frame;

	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a}\n"
			  "  vm: {switch: s, match: {name: 'vnet*'}}\n");
	a = testbed_guest(tb, "a");
	testbed_wait_port_state(tb, "a", "up");
	testbed_wait_port_state(tb, "vm", "waiting");
	vnet = testbed_tap(tb, "vnet7");
	testbed_wait_port_state(tb, "vm", "up");
	CHECK_TEXT("vnet7", testbed_port_text(tb, "vm", "interface"));
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, vnet);

	testbed_unplug(tb, vnet);
	testbed_wait_port_state(tb, "vm", "waiting");
	vnet = testbed_tap(tb, "vnet11");
	testbed_wait_port_state(tb, "vm", "up");
	frame = frame_again(frame);
	expect_delivery(a, &frame, vnet);
}

TEST(interface_matched_by_mac)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *other = testbed_guest(tb, "other");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a}\n"
			  "  vm: {switch: s, match: {mac: '52:54:00:aa:bb:cc'}}\n"
			  "  own: {switch: s, match: {mac: '02:00:00:aa:bb:dd'}}\n");
	testbed_wait_port_state(tb, "vm", "waiting");
	/* as libvirt does: the guest's address with fe in front */
	netns_ip(&tb->host, "link set dev b address fe:54:00:aa:bb:cc\n"
			    "link set dev other address 02:00:00:aa:bb:dd\n");
	testbed_wait_port_state(tb, "vm", "up");
	testbed_wait_port_state(tb, "own", "up");
	CHECK_TEXT("b", testbed_port_text(tb, "vm", "interface"));
	CHECK_TEXT("other", testbed_port_text(tb, "own", "interface"));
	expect_delivery(a, &frame, b, other);
}

TEST(interface_of_a_bridge_is_refused)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	netns_ip(&tb->host, "link add name bridge0 type bridge\n"
			    "link set dev bridge0 alias " TESTBED_ALIAS "\n"
			    "link set dev b master bridge0\n");
	testbed_apply(tb, TWO_PORTS);
	CHECK(strcmp("up", testbed_port_text(tb, "b", "state")) != 0);
	CHECK_CONTAINS("bridge0", testbed_port_text(tb, "b", "reason"));
	netns_ip(&tb->host, "link set dev b nomaster\n");
	testbed_wait_port_state(tb, "b", "up");
	expect_delivery(a, &frame, b);
}

/* A veth whose far end stays in the host's namespace: no peer redirect. */
TEST(interface_with_both_ends_on_the_host)
{
	struct station *a = testbed_guest(tb, "a"), *far;
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	netns_ip(&tb->host, "link add name b type veth peer name far\n"
			    "link set dev b alias " TESTBED_ALIAS " up\n"
			    "link set dev far alias " TESTBED_ALIAS " up\n");
	far = testbed_host_station(tb, "far");
	testbed_apply(tb, TWO_PORTS);
	testbed_wait_port_state(tb, "b", "up");
	CHECK_TEXT("redirect", testbed_port_text(tb, "b", "path"));
	CHECK_TEXT("peer", testbed_port_text(tb, "a", "path"));
	expect_delivery(a, &frame, far);
	frame = frame_new(far->mac, a->mac);
	expect_delivery(far, &frame, a);
	frame = frame_new(a->mac, far->mac);
	expect_delivery(a, &frame, far);
}

TEST(interface_renamed_is_found_by_its_new_name)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "other");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, TWO_PORTS);
	testbed_wait_port_state(tb, "b", "waiting");
	netns_ip(&tb->host, "link set dev other down\nlink set dev other name b\n"
			    "link set dev b up\n");
	testbed_wait_port_state(tb, "b", "up");
	expect_delivery(a, &frame, b);
}

TEST(port_removed_from_the_configuration_is_gone)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *c = testbed_guest(tb, "c");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, TWO_PORTS "  c: {switch: s, interface: c}\n");
	expect_delivery(a, &frame, b, c);
	testbed_apply(tb, TWO_PORTS);
	frame = frame_again(frame);
	expect_delivery(a, &frame, b);
	frame = frame_new(c->mac, a->mac);
	expect_nowhere(c, &frame); /* an ordinary device of the host again */
	testbed_command_fails(tb, CONTROL_WRONG, "port show c");
}

/* What of a device an agent may change. */
struct device_state {
	int ipv6_off;
	bool up, promiscuous;
};

static struct device_state state_of(struct testbed *tb, const char *device)
{
	char *link = run(&tb->host, "ip -d link show dev %s", device);

	return (struct device_state){
		.ipv6_off = netns_get(&tb->host, test_text("ipv6/conf/%s/disable_ipv6", device)),
		.up = strstr(link, ",UP"),
		.promiscuous = !strstr(link, "promiscuity 0"),
	};
}

static void check_same(struct testbed *tb, const char *device, struct device_state expected)
{
	const struct device_state got = state_of(tb, device);

	CHECK_EQUAL(expected.ipv6_off, got.ipv6_off);
	CHECK_EQUAL(expected.up, got.up);
	CHECK_EQUAL(expected.promiscuous, got.promiscuous);
}

TEST(devices_are_given_back_as_they_were)
{
	struct device_state a, b, wire;

	netns_set(&tb->host, "ipv6/conf/default/disable_ipv6", 0);
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_guest(tb, "nic0");
	netns_ip(&tb->host, "link set dev b down\n");
	a = state_of(tb, "a");
	b = state_of(tb, "b");
	wire = state_of(tb, "nic0");

	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a}\n"
			  "  b: {switch: s, interface: b}\n");
	testbed_wait_port_state(tb, "b", "up");
	CHECK(state_of(tb, "nic0").promiscuous);
	CHECK_EQUAL(1, state_of(tb, "a").ipv6_off);

	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0}}\n"
			  "ports: {a: {switch: s, interface: a}}\n");
	check_same(tb, "b", b); /* by a change of configuration */
	testbed_stop(tb);
	CHECK(state_of(tb, "nic0").promiscuous); /* the end of the agent changes nothing */
	testbed_purge(tb);
	check_same(tb, "a", a);
	check_same(tb, "nic0", wire);
}
