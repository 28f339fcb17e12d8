// SPDX-License-Identifier: GPL-2.0-only
/* The agent comes and goes, traffic stays; MAC pool; configurations that are refused. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/netns/control.h"

static void make_two(struct testbed *tb, struct station **ret_a, struct station **ret_b)
{
	*ret_a = testbed_guest(tb, "a", .address = "10.7.0.1/24");
	*ret_b = testbed_guest(tb, "b", .address = "10.7.0.2/24");
	testbed_apply(tb, TWO_PORTS);
}

/* Pings without an end; to be stopped by check_no_loss(). */
static struct process start_pinging(const struct netns *from, const char *address)
{
	run(from, "ping -n -c 1 -W 2 %s", address);
	return start(from, "ping -n -q -i 0.01 -w 30 %s", address);
}

static void check_no_loss(struct process *pinging)
{
	process_stop(pinging, SIGINT);
	CHECK_CONTAINS(" 0% packet loss", process_output(pinging));
}

TEST(agent_killed_and_restarted_while_traffic_flows)
{
	struct station *a, *b;
	struct process pinging;

	make_two(tb, &a, &b);
	pinging = start_pinging(&a->netns, "10.7.0.2");
	test_sleep_ms(200);
	testbed_kill(tb);
	test_sleep_ms(300);
	testbed_start(tb);
	test_sleep_ms(200);
	check_no_loss(&pinging);
}

TEST(agent_ended_and_started_while_traffic_flows)
{
	struct station *a, *b;
	struct process pinging;

	make_two(tb, &a, &b);
	pinging = start_pinging(&a->netns, "10.7.0.2");
	for (int i = 0; i < 3; i++) {
		testbed_stop(tb);
		test_sleep_ms(50);
		testbed_start(tb);
	}
	check_no_loss(&pinging);
}

TEST(agent_restart_keeps_state)
{
	struct station *a, *b;
	struct frame frame;
	json_t *port;

	make_two(tb, &a, &b);
	testbed_command(tb, "fdb add %s switch s port b", mac_text(MAC_UNKNOWN));
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
	frame = frame_tagged(frame_again(frame), 10);
	expect_dropped(tb, a, &frame, "a", "vlan-tagged");
	port = testbed_port(tb, "a");

	testbed_kill(tb);
	frame = frame_new(b->mac, a->mac);
	expect_delivery(b, &frame, a); /* without an agent */
	testbed_start(tb);

	CHECK_EQUAL(json_number(port, "id"), json_number(testbed_port(tb, "a"), "id"));
	CHECK_EQUAL(1, testbed_counter(tb, "a", "transmit.packets"));
	CHECK_EQUAL(1, testbed_counter(tb, "a", "receive.packets"));
	CHECK_EQUAL(1, testbed_drop_count(tb, "a", "vlan-tagged"));
	CHECK_EQUAL(1, json_number(testbed_port(tb, "a"), "learning.used"));
	CHECK_TEXT("a", testbed_entry_port(tb, "s", a->mac, 0));
	CHECK_TEXT("b", testbed_entry_port(tb, "s", MAC_UNKNOWN, 0));
	CHECK_TEXT("static", json_text(testbed_entry(tb, "s", MAC_UNKNOWN, 0), "kind"));
}

TEST(agent_restart_sees_what_changed_meanwhile)
{
	struct station *a, *b, *c;
	struct frame frame;

	make_two(tb, &a, &b);
	testbed_apply(tb, TWO_PORTS "  c: {switch: s, interface: c}\n");
	testbed_kill(tb);
	testbed_unplug(tb, b);
	c = testbed_guest(tb, "c");
	testbed_start(tb);
	testbed_wait_port_state(tb, "b", "waiting");
	testbed_wait_port_state(tb, "c", "up");
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, c);
	testbed_apply(tb, TWO_PORTS);
	frame = frame_again(frame);
	expect_dropped(tb, a, &frame, "a", "no-destination");
}

TEST(agent_gives_devices_back_after_a_crash)
{
	testbed_guest(tb, "a");
	testbed_guest(tb, "nic0");
	netns_set(&tb->host, "ipv6/conf/a/disable_ipv6", 0);
	netns_ip(&tb->host, "link set dev a down\n");
	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0, host-port: {}}}\n"
			  "ports: {a: {switch: s, interface: a}}\n");
	testbed_kill(tb);
	testbed_start(tb); /* takes over devices that are as it wants them */
	testbed_kill(tb);
	testbed_purge(tb);
	CHECK_EQUAL(0, netns_get(&tb->host, "ipv6/conf/a/disable_ipv6"));
	CHECK(!strstr(run(&tb->host, "ip link show dev a"), ",UP"));
	CHECK_CONTAINS("promiscuity 0", run(&tb->host, "ip -d link show dev nic0"));
}

/* As on kernels without tcx. Pins remember their hook: nothing may be left of the other one. */
static void use_clsact(struct testbed *tb)
{
	testbed_purge(tb);
	tb->hook = "clsact";
	testbed_start(tb);
	CHECK_TEXT("clsact", json_text(testbed_json(tb, "show"), "agent.hook"));
}

TEST(agent_with_clsact)
{
	struct station *a, *b, *c;
	struct frame frame;

	use_clsact(tb);
	make_two(tb, &a, &b);
	c = testbed_guest(tb, "c");
	testbed_apply(tb, TWO_PORTS "  c: {switch: s, interface: c}\n");
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b, c);
	frame = frame_new(b->mac, a->mac);
	expect_delivery(b, &frame, a);
	testbed_kill(tb);
	frame = frame_again(frame);
	expect_delivery(b, &frame, a);
	testbed_start(tb);
	frame = frame_again(frame);
	expect_delivery(b, &frame, a);
	testbed_apply(tb, TWO_PORTS);
	CHECK(!strstr(run(NULL, "tc -n %s qdisc show dev c", tb->host.name), "clsact"));
}

/* What others attached to a device stays, and works on. */
TEST(agent_leaves_filters_of_others_alone)
{
	static const char show[] = "tc filter show dev a ingress";
	struct station *a, *b;
	struct frame frame;

	use_clsact(tb);
	testbed_guest(tb, "c");
	a = testbed_guest(tb, "a");
	b = testbed_guest(tb, "b");
	run(&tb->host, "tc qdisc add dev a clsact");
	run(&tb->host,
		"tc filter add dev a ingress protocol ip prio 9 u32 match u32 0 0 flowid 1:7");
	testbed_apply(tb, TWO_PORTS);
	CHECK_CONTAINS("pref 9", run(&tb->host, show));
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
	testbed_apply(tb, "switches: {s: {type: private}}\n");
	CHECK_CONTAINS("pref 9", run(&tb->host, show));
	CHECK(!strstr(run(&tb->host, show), "bpf"));
	run(&tb->host, "tc qdisc del dev a clsact");
}

TEST(agents_side_by_side)
{
	struct testbed *other = testbed_beside(tb);
	struct station *a, *b, *c, *d;
	struct frame frame;

	testbed_start(other);
	make_two(tb, &a, &b);
	c = testbed_guest(other, "c");
	d = testbed_guest(other, "d");
	testbed_apply(other, "switches: {s: {type: private}}\n"
			     "ports:\n"
			     "  c: {switch: s, interface: c}\n"
			     "  d: {switch: s, interface: d}\n");
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
	frame = frame_new(c->mac, MAC_BROADCAST);
	expect_delivery(c, &frame, d);
	testbed_purge(other); /* leaves the neighbour alone */
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
}

TEST(second_agent_on_the_same_pins_is_refused)
{
	struct testbed *other = testbed_beside(tb);
	struct station *a, *b;
	struct frame frame;
	char *own_pins = other->pins;

	make_two(tb, &a, &b);
	other->pins = tb->pins;
	CHECK_EQUAL(2, testbed_start_fails(other));
	other->pins = own_pins;
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
	testbed_command(tb, "port list");
}

TEST(agent_reads_the_boot_configuration)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	const struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	FILE *file = fopen(test_text("%s/config/10-all.yaml", tb->folder), "w");

	CHECK(file);
	fputs("version: 1\n" TWO_PORTS, file);
	fclose(file);
	testbed_purge(tb); /* nothing is running that could be continued */
	testbed_start(tb);
	testbed_wait_port_state(tb, "b", "up");
	expect_delivery(a, &frame, b);
}

TEST(same_configuration_changes_nothing)
{
	struct station *a, *b;
	json_t *before;

	make_two(tb, &a, &b);
	before = json_object_get(testbed_json(tb, "show"), "agent");
	testbed_apply(tb, TWO_PORTS);
	CHECK_EQUAL(json_number(before, "generation"),
		json_number(json_object_get(testbed_json(tb, "show"), "agent"), "generation"));
}

#define POOL "mac-pool: {first: '02:11:22:33:44:00', size: 2}\n"

TEST(mac_pool_assigns_and_keeps)
{
	static const uint8_t first[] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x00};
	struct station *a = testbed_guest(tb, "a", .mac = first), *b = testbed_guest(tb, "b");
	struct frame frame;

	testbed_apply(tb, POOL "switches: {s: {type: private}}\n"
			       "ports:\n"
			       "  a: {switch: s, interface: a, mac: pool}\n"
			       "  b: {switch: s, interface: b, mac: pool,\n"
			       "    security: {mac-spoofing: on}}\n");
	CHECK_TEXT("02:11:22:33:44:00", testbed_port_text(tb, "a", "mac"));
	CHECK_TEXT("02:11:22:33:44:01", testbed_port_text(tb, "b", "mac"));
	frame = frame_new(first, MAC_BROADCAST);
	expect_dropped(tb, b, &frame, "b", "mac-taken");
	frame = frame_new(first, MAC_BROADCAST);
	expect_delivery(a, &frame, b);

	testbed_apply(tb, POOL "switches: {s: {type: private}}\n"
			       "ports: {b: {switch: s, interface: b, mac: pool}}\n");
	testbed_kill(tb);
	testbed_start(tb);
	CHECK_TEXT("02:11:22:33:44:01", testbed_port_text(tb, "b", "mac")); /* not the first now */
	CHECK_EQUAL(1, json_number(testbed_json(tb, "show"), "agent.mac_pool.used"));
	CHECK_EQUAL(2, json_number(testbed_json(tb, "show"), "agent.mac_pool.size"));
}

TEST(mac_pool_exhausted_is_an_error)
{
	struct station *a, *b;
	struct frame frame;

	make_two(tb, &a, &b);
	CHECK_CONTAINS("exhausted", testbed_apply_fails(tb, CONTROL_WRONG,
					    POOL "switches: {s: {type: private}}\n"
						 "ports:\n"
						 "  a: {switch: s, interface: a, mac: pool}\n"
						 "  b: {switch: s, interface: b, mac: pool}\n"
						 "  c: {switch: s, interface: c, mac: pool}\n"));
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
	testbed_command_fails(tb, CONTROL_WRONG, "port show c");
}

TEST(mac_pool_refuses_a_given_address_inside)
{
	CHECK_CONTAINS("pool",
		testbed_apply_fails(tb, CONTROL_WRONG,
			POOL "switches: {s: {type: private}}\n"
			     "ports: {a: {switch: s, interface: a, mac: '02:11:22:33:44:01'}}\n"));
	testbed_apply(tb, POOL "switches: {s: {type: private}}\n"
			       "ports: {a: {switch: s, interface: a, mac: '02:11:22:33:44:02'}}\n");
}

/* A wrong configuration, and what must be said about it. */
static const struct {
	const char *text, *complaint;
} wrong[] = {
	{"switches: {s: {type: privat}}\n", ":2:22: error: "},
	{"switches: {s: {typ: private}}\n", "did you mean 'type'"},
	{"switches: {s: {type: private}}\nports: {p: {switch: t, interface: a}}\n",
		":3:9: error: "},
	{"switches: {s: {type: private}}\nports: {p: {switch: s}}\n", ":3:9: error: "},
	{"switches: {s: {type: private, ageing: 300}}\n", "ageing"},
	{"switches: {s: {type: private, ageing: 9s}}\n", "ageing"},
	{"switches: {s: {type: private}\n", "error: "},
	{"switches: {s: {type: private}}\nports:\n"
	 "  p: {switch: s, interface: a, vlan: {access: 4095}}\n",
		":4:"},
	{"switches: {s: {type: private}}\nports:\n"
	 "  p: {switch: s, interface: a}\n  q: {switch: s, interface: a}\n",
		"used twice"},
	{"switches: {s: {type: private}}\nports:\n"
	 "  p: {switch: s, interface: a, mac: '02:00:00:00:00:01'}\n"
	 "  q: {switch: s, interface: b, mac: '02:00:00:00:00:01'}\n",
		"02:00:00:00:00:01"},
	{"switches:\n"
	 "  s:\n"
	 "    type: private\n"
	 "    static-entries:\n"
	 "      - {mac: '02:00:00:00:00:01', vlan: 7, port: p}\n"
	 "      - {mac: '02:00:00:00:00:01', vlan: 8, port: p}\n"
	 "      - {mac: '02:00:00:00:00:01', vlan: 7, port: p}\n"
	 "ports: {p: {switch: s, interface: a}}\n",
		":8:9: error: 02:00:00:00:00:01"},
	{"switches: {s: {type: private}}\nports: {p: {switch: s, interface: a, mac: "
	 "'03:00:00:00:00:01'}}\n",
		"03:00:00:00:00:01"},
};

TEST(wrong_configuration_changes_nothing)
{
	struct station *a, *b;
	struct frame frame;
	json_t *before;

	make_two(tb, &a, &b);
	before = testbed_json(tb, "port show a");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *said = testbed_apply_fails(tb, CONTROL_WRONG, "%s", wrong[i].text);

		CHECK_CONTAINS(wrong[i].complaint, said);
		CHECK_CONTAINS("nothing was applied", said);
	}
	CHECK(json_equal(before, testbed_json(tb, "port show a")));
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
}

TEST(all_problems_of_a_configuration_are_named)
{
	const char *said = testbed_apply_fails(tb, CONTROL_WRONG,
		"switches: {s: {type: private, colour: red}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {access: 0}}\n"
		"  b: {switch: s, interface: b, learning-limit: many}\n");

	CHECK_CONTAINS(":2:", said);
	CHECK_CONTAINS(":4:", said);
	CHECK_CONTAINS(":5:", said);
	CHECK_CONTAINS("3 problems", said);
}

TEST(mac_table_is_resized_in_place)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *c = testbed_guest(tb, "c");
	static const char config[] = "switches: {s: {type: private, mac-table-size: %d}}\n"
				     "ports:\n"
				     "  a: {switch: s, interface: a}\n"
				     "  b: {switch: s, interface: b}\n"
				     "  c: {switch: s, interface: c}\n";
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, config, 1000);
	expect_delivery(a, &frame, b, c);
	testbed_apply(tb, config, 5000);
	CHECK_EQUAL(5000, json_number(testbed_switch(tb, "s"), "mac_table.size"));
	frame = frame_new(b->mac, a->mac);
	expect_delivery(b, &frame, a);
}
