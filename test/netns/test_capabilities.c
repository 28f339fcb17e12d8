// SPDX-License-Identifier: GPL-2.0-only
/* The daemon with no more capabilities than docs/architecture.md names, doing all that it does. */
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <linux/capability.h>
#include "test/netns/control.h"

#define ENOUGH (1ull << CAP_BPF | 1ull << CAP_NET_ADMIN | 1ull << CAP_PERFMON)

/* Takes all others from the process, for good: a program that root starts gets no more either. */
static void keep_what_is_enough(const struct testbed *tb)
{
	for (int one = 0; one <= CAP_LAST_CAP; one++)
		if (!(ENOUGH & 1ull << one))
			prctl(PR_CAPBSET_DROP, one, 0, 0, 0);
}

#define MANY_PORTS 20 /* a plan that is worth hurrying */

/* Names of waiting ports, to fill a plan. */
static const char *many_ports(void)
{
	char *text = test_text("%s", "");

	for (int i = 0; i < MANY_PORTS; i++)
		text = test_text("%s  p%d: {switch: s, interface: none%d}\n", text, i, i);
	return text;
}

static void apply_all(struct testbed *tb, unsigned int table_size)
{
	testbed_apply(tb,
		"switches:\n"
		"  s:\n"
		"    type: external\n"
		"    uplink: nic0\n"
		"    xdp: native\n"
		"    mac-table-size: %u\n"
		"    host-port: {interface: host0, vlan: 10, addresses: [10.9.0.1/24]}\n"
		"    static-entries: [{mac: '02:00:00:00:99:01', vlan: 10, port: a}]\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {access: 10}, mac: pool,\n"
		"    security: {mac-spoofing: on},\n"
		"    acl: [{name: ping, action: allow, direction: out, protocol: icmp, stateful: "
		"on, "
		"weight: 1}]}\n"
		"  b: {switch: s, interface: b, vlan: {trunk: [10, 20-30], native: 10}}\n"
		"  t: {switch: s, interface: t, vlan: {access: 10}}\n"
		"%s",
		table_size, many_ports());
}

/* The daemon's own set, in the kernel's words. */
static void check_capabilities(const struct testbed *tb)
{
	const char *status = run(NULL, "grep -E '^Cap(Prm|Eff|Bnd)' /proc/%d/status", tb->agent);

	CHECK_CONTAINS(test_text("CapPrm:\t%016llx", ENOUGH), status);
	CHECK_CONTAINS(test_text("CapEff:\t%016llx", ENOUGH), status);
	CHECK_CONTAINS(test_text("CapBnd:\t%016llx", ENOUGH), status);
}

/* What the one rule has counted. */
static long long ping_count(struct testbed *tb)
{
	json_t *rules = json_object_get(testbed_json(tb, "acl show port a"), "rules");

	return json_number(json_array_get(rules, 0), "packets");
}

static void work_through(struct testbed *tb)
{
	struct station *wire, *a, *b, *t;
	struct frame frame, tagged;

	testbed_purge(tb);
	tb->before_agent = keep_what_is_enough;
	testbed_start(tb);
	check_capabilities(tb);
	CHECK(!strstr(testbed_command(tb, "-j features"), "unknown"));
	if (tb->hook)
		CHECK_TEXT(tb->hook, json_text(testbed_json(tb, "show"), "agent.hook"));
	wire = testbed_guest(tb, "nic0");
	a = testbed_guest(tb, "a", .address = "10.9.0.2/24");
	b = testbed_guest(tb, "b");
	t = testbed_tap(tb, "t");
	netns_set(&tb->host, "ipv6/conf/a/disable_ipv6", 0);

	apply_all(tb, 1000);
	CHECK_EQUAL(1, netns_get(&tb->host, "ipv6/conf/a/disable_ipv6"));
	CHECK_TEXT("native", json_text(testbed_switch(tb, "s"), "xdp.attached"));
	CHECK_EQUAL(0, access(test_text("%s/links/lost", tb->pins), F_OK));
	/* as the daemon does on a NIC; a veth's XDP leaves it alone */
	run(&tb->host, "setpriv --bounding-set=-all,+net_admin ethtool -K nic0 rxvlan off");
	run(&tb->host, "ethtool -K nic0 rxvlan on");

	run(&a->netns, "ping -n -c 2 -W 2 10.9.0.1");
	frame = frame_new(b->mac, MAC_BROADCAST);
	tagged = frame_tagged(frame, 10);
	station_send(b, &frame);
	stations_listen(50);
	CHECK_EQUAL(1, station_count(a, frame.marker));
	CHECK_EQUAL(1, station_count(t, frame.marker));
	station_check_bytes(wire, &tagged);

	apply_all(tb, 2000); /* another table */
	testbed_kill(tb);
	testbed_start(tb); /* all of it adopted */
	CHECK_EQUAL(2000, json_number(testbed_switch(tb, "s"), "mac_table.size"));
	CHECK_TEXT("b", testbed_entry_port(tb, "s", b->mac, 10));
	CHECK_EQUAL(2, ping_count(tb));
	CHECK_TEXT("native", json_text(testbed_switch(tb, "s"), "xdp.attached"));
	run(&a->netns, "ping -n -c 2 -W 2 10.9.0.1");
	CHECK_EQUAL(4, ping_count(tb));
	CHECK_EQUAL(2, json_number(testbed_json(tb, "flow flush"), "flushed"));
	testbed_unplug(tb, t);
	testbed_wait_port_state(tb, "t", "waiting");

	testbed_purge(tb); /* with the same */
	CHECK_EQUAL(0, netns_get(&tb->host, "ipv6/conf/a/disable_ipv6"));
}

TEST(capabilities_are_enough)
{
	work_through(tb);
}

TEST(capabilities_are_enough_with_clsact)
{
	tb->hook = "clsact";
	work_through(tb);
}

/* Programs of others, and maps of theirs. */
TEST(extension_state_with_what_is_enough)
{
	const char *file = test_text("%s/state.json", tb->folder);
	struct station *a, *b;
	struct frame frame;

	testbed_purge(tb);
	tb->before_agent = keep_what_is_enough;
	testbed_start(tb);
	check_capabilities(tb);
	a = testbed_guest(tb, "a");
	b = testbed_guest(tb, "b");
	testbed_apply(tb, "extensions: {budget: {file: " XVS_TEST_OBJECTS "/budget.bpf.o}}\n"
			  "switches: {s: {type: private, extensions: [{name: budget, enabled: "
			  "on}]}}\n" PORTS_A_AND_B);
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);
	testbed_command(tb, "extension export port a -o %s", file);
	CHECK_CONTAINS("\"value\":\"0100000000000000\"", run(NULL, "cat %s", file));
	CHECK_CONTAINS("2 entries in 2 maps taken over",
		testbed_command(tb, "extension import port b -f %s", file));
}
