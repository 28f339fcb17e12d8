// SPDX-License-Identifier: GPL-2.0-only
/* What a guest may send: real servers, routers and stacks behind guards, and frames made to spoof.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "test/netns/control.h"

/* `a` on a switch with `b`; `more_a` goes to port a, as text of its mapping. */
static void apply_pair(struct testbed *tb, const char *type, const char *more_a)
{
	testbed_apply(tb,
		"switches: {s: {type: %s}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a%s}\n"
		"  b: {switch: s, interface: b}\n",
		type, more_a);
}

/* ---- DHCP ---- */

/* Does the station get an address? */
static bool gets_lease(const struct station *at)
{
	struct process client =
		start(&at->netns, "udhcpc -f -n -q -i %s -s /bin/true -t 3 -T 1 -A 1", at->device);

	return process_wait(&client, PROCESS_TIMEOUT_MS) == 0;
}

/* `server` runs behind a. */
static void keep_quiet(struct testbed *tb, const struct station *b, struct process server)
{
	need_program("udhcpc");
	CHECK(!gets_lease(b));
	CHECK_SOON(testbed_drop_count(tb, "a", "dhcp-server") > 0);
	testbed_command(tb, "port set a security.dhcp-guard off");
	CHECK(gets_lease(b));
	testbed_command(tb, "port set a security.dhcp-guard on");
	CHECK(!gets_lease(b));
	process_stop(&server, SIGTERM);
}

TEST(guards_keep_a_dhcp_server_quiet)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.77.0.1/24", .silent = true);
	struct station *b = testbed_guest(tb, "b", .silent = true);

	need_program("dnsmasq");
	apply_pair(tb, "private", ", security: {dhcp-guard: on}");
	keep_quiet(tb, b,
		start(&a->netns,
			"dnsmasq -k -C /dev/null --user=root --pid-file= --port=0 --no-ping "
			"--leasefile-ro --interface=%s --dhcp-range=10.77.0.10,10.77.0.20",
			a->device));
}

/* A file in the test's folder. Its path. */
static char *write_file(struct testbed *tb, const char *name, const char *text)
{
	char *path = test_text("%s/%s", tb->folder, name);
	FILE *file = fopen(path, "w");

	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
	return path;
}

#define KEA                                                                                        \
	"{\"Dhcp4\": {\"interfaces-config\": {\"interfaces\": [\"eth0\"]},\n"                      \
	" \"lease-database\": {\"type\": \"memfile\", \"persist\": false},\n"                      \
	" \"valid-lifetime\": 60,\n"                                                               \
	" \"subnet4\": [{\"subnet\": \"10.77.0.0/24\",\n"                                          \
	"   \"pools\": [{\"pool\": \"10.77.0.10-10.77.0.20\"}]}],\n"                               \
	" \"loggers\": [{\"name\": \"kea-dhcp4\", \"severity\": \"INFO\",\n"                       \
	"   \"output_options\": [{\"output\": \"stdout\"}]}]}}\n"

/* It sends by a packet socket, past the guest's own stack. A copy has no AppArmor profile. */
TEST(guards_keep_kea_quiet)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.77.0.1/24", .silent = true);
	struct station *b = testbed_guest(tb, "b", .silent = true);
	const char *config = write_file(tb, "kea.conf", KEA);
	struct process server;

	need_program("kea-dhcp4");
	run(NULL, "cp /usr/sbin/kea-dhcp4 %s", tb->folder);
	apply_pair(tb, "private", ", security: {dhcp-guard: on}");
	CHECK_SOON(strstr(run(&a->netns, "ip link show dev eth0"), "state UP"));
	server = start(&a->netns, "env KEA_PIDFILE_DIR=%s KEA_LOCKFILE_DIR=none %s/kea-dhcp4 -c %s",
		tb->folder, tb->folder, config);
	CHECK_SOON(strstr(process_output(&server), "DHCP4_STARTED"));
	keep_quiet(tb, b, server);
}

/* ---- routers ---- */

/* Until duplicate address detection is done nothing is sent from an address. */
static void wait_for_addresses(const struct station *at)
{
	CHECK_SOON(!strstr(run(&at->netns, "ip -6 address show dev %s", at->device), "tentative"));
}

static bool has_prefix(const struct station *at)
{
	return strstr(run(&at->netns, "ip -6 address show dev %s", at->device), "2001:db8:77:");
}

#define RADVD                                                                                      \
	"interface eth0 {\n"                                                                       \
	"  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;\n"                          \
	"  prefix 2001:db8:77::/64 {};\n"                                                          \
	"};\n"

TEST(guards_keep_a_router_quiet)
{
	struct station *a = testbed_guest(
		tb, "a", .address = "2001:db8:77::1/64", .ipv6 = true, .silent = true);
	struct station *b = testbed_guest(tb, "b", .ipv6 = true, .silent = true);
	const char *config = write_file(tb, "radvd.conf", RADVD);
	struct process router;

	need_program("radvd");
	netns_set(&a->netns, "ipv6/conf/all/forwarding", 1);
	apply_pair(tb, "private", ", security: {router-guard: on}");
	wait_for_addresses(a);
	router = start(
		&a->netns, "radvd -n -m stderr -u root -C %s -p %s/radvd.pid", config, tb->folder);
	CHECK_SOON(testbed_drop_count(tb, "a", "router") >= 2);
	CHECK(!has_prefix(b));
	testbed_command(tb, "port set a security.router-guard off");
	for (int i = 0; i < 3 && !has_prefix(b); i++) /* one within four seconds */
		test_sleep_ms(2000);
	CHECK(has_prefix(b));
	process_stop(&router, SIGTERM);
}

/* ---- addresses ---- */

static bool pings(const struct station *from, const char *source, const char *to)
{
	struct process ping = start(&from->netns, "ping -c 1 -W 1 -I %s %s", source, to);

	return process_wait(&ping, PROCESS_TIMEOUT_MS) == 0;
}

TEST(guards_tell_a_guest_its_addresses)
{
	struct station *a =
		testbed_guest(tb, "a", .address = "10.0.0.1/24 10.0.0.9/24", .silent = true);
	struct station *b = testbed_guest(tb, "b", .address = "10.0.0.2/24", .silent = true);

	apply_pair(tb, "private", ", security: {address-guard: on, addresses: [10.0.0.1]}");
	CHECK(pings(a, "10.0.0.1", "10.0.0.2"));
	CHECK(!pings(a, "10.0.0.9", "10.0.0.2"));
	CHECK(testbed_drop_count(tb, "a", "arp-spoofed") > 0);
	testbed_command(tb, "port set a security.addresses '[10.0.0.9, 10.0.0.1]'");
	CHECK_SOON(pings(a, "10.0.0.9", "10.0.0.2")); /* b asks again once in a second */
	testbed_command(tb, "port unset a security.addresses");
	netns_ip(&b->netns, "neighbour flush all\n");
	CHECK(!pings(a, "10.0.0.9", "10.0.0.2"));
	testbed_command(tb, "port set a security.addresses '[10.0.0.9]'");
	CHECK_TEXT("10.0.0.9",
		json_string_value(json_array_get(
			json_object_get(
				json_object_get(testbed_port(tb, "a"), "security"), "addresses"),
			0)));
}

TEST(guards_tell_a_guest_its_addresses_ipv6)
{
	struct station *a = testbed_guest(
		tb, "a", .address = "2001:db8::1/64 2001:db8::9/64", .ipv6 = true, .silent = true);

	testbed_guest(tb, "b", .address = "2001:db8::2/64", .ipv6 = true, .silent = true);
	apply_pair(tb, "private", ", security: {address-guard: on, addresses: ['2001:db8::1']}");
	wait_for_addresses(a);
	CHECK_SOON(pings(a, "2001:db8::1", "2001:db8::2"));
	CHECK(!pings(a, "2001:db8::9", "2001:db8::2"));
	CHECK(testbed_drop_count(tb, "a", "nd-spoofed") > 0);
	/* room for its link-local address as well */
	testbed_command(tb, "port set a security.address-limit 2");
	CHECK_SOON(pings(a, "2001:db8::9", "2001:db8::2"));
}

/* An ARP announcement of 10.0.0.LAST by its station. */
static void announce(const struct station *from, uint8_t last)
{
	uint8_t bytes[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [12] = 8, 6, 0, 1, 8, 0, 6, 4, 0,
		1, [28] = 10, 0, 0, last, [38] = 10, 0, 0, last};

	memcpy(bytes + 6, from->mac, ETH_ALEN);
	memcpy(bytes + 22, from->mac, ETH_ALEN);
	station_send_bytes(from, bytes, sizeof(bytes));
}

static long long claimed(struct testbed *tb)
{
	return json_number(testbed_port(tb, "a"), "security.learned.used");
}

static long long refused(struct testbed *tb)
{
	return testbed_drop_count(tb, "a", "address-limit");
}

TEST(guards_learn_addresses)
{
	struct station *a = testbed_guest(tb, "a");
	json_t *list;

	testbed_guest(tb, "b");
	apply_pair(tb, "private", ", security: {address-guard: on, address-limit: 2}");
	announce(a, 1);
	announce(a, 2);
	announce(a, 3);
	CHECK_SOON(refused(tb) == 1);
	CHECK_EQUAL(2, claimed(tb));
	list = json_object_get(
		json_object_get(testbed_port(tb, "a"), "security"), "learned_addresses");
	CHECK_EQUAL(2, json_array_size(list));
	CHECK_CONTAINS("10.0.0.1", json_dumps(list, 0));
	CHECK_CONTAINS("10.0.0.2", json_dumps(list, 0));
	CHECK_CONTAINS("2 of 2 addresses", testbed_command(tb, "port show a"));

	testbed_stop(tb); /* it is the programs' business */
	announce(a, 1);
	announce(a, 3);
	testbed_start(tb);
	CHECK_SOON(refused(tb) == 2);
	CHECK_EQUAL(2, claimed(tb));

	CHECK_CONTAINS("2 learned addresses", testbed_command(tb, "port forget-addresses a"));
	CHECK_EQUAL(0, claimed(tb));
	announce(a, 3);
	CHECK_SOON(claimed(tb) == 1);
	CHECK_EQUAL(2, refused(tb));
	testbed_command_fails(tb, CONTROL_WRONG, "port forget-addresses nobody");
}

TEST(guards_forget_addresses)
{
	struct station *a = testbed_guest(tb, "a");

	testbed_guest(tb, "b");
	testbed_apply(tb, "switches: {s: {type: private, ageing: 10s}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a,\n"
			  "    security: {address-guard: on, address-limit: 2}}\n"
			  "  b: {switch: s, interface: b}\n");
	announce(a, 1);
	announce(a, 2);
	CHECK_SOON(claimed(tb) == 2);
	for (int i = 0; i < 6; i++) { /* the first one keeps its place */
		test_sleep_ms(2000);
		announce(a, 1);
	}
	CHECK_SOON(claimed(tb) == 1);
	announce(a, 3);
	CHECK_SOON(claimed(tb) == 2);
	CHECK_EQUAL(0, refused(tb));

	/* a smaller limit: who comes first anew */
	testbed_command(tb, "port set a security.address-limit 1");
	CHECK_SOON(claimed(tb) == 0);
	announce(a, 4);
	CHECK_SOON(claimed(tb) == 1);

	/* they go with the port */
	testbed_command(tb, "port del a");
	testbed_command(tb, "port add a switch s interface a security "
			    "'{address-guard: on, address-limit: 1}'");
	CHECK_EQUAL(0, claimed(tb));
	announce(a, 5);
	CHECK_SOON(claimed(tb) == 1);
}

/* ---- source addresses ---- */

TEST(guards_own_source_address)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame own = frame_new(a->mac, MAC_BROADCAST);
	struct frame other = frame_new(MAC_UNKNOWN, MAC_BROADCAST);

	apply_pair(tb, "private", test_text(", mac: '%s'", mac_text(a->mac)));
	expect_delivery(a, &own, b);
	expect_dropped(tb, a, &other, "a", "mac-spoofed");
	testbed_command(tb, "port set a security.mac-spoofing on");
	other = frame_again(other);
	expect_delivery(a, &other, b);
}

/* Two ports of a VM on two switches, as a guest teams them; c and d hear what is sent there. */
TEST(guards_teaming)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c"), *d = testbed_guest(tb, "d");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	const char *config =
		"switches: {s: {type: private}, t: {type: private}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, mac: '%s', vm: one, security: {teaming: on}}\n"
		"  b: {switch: t, interface: b, mac: '%s', vm: %s, security: {teaming: on}}\n"
		"  c: {switch: s, interface: c}\n"
		"  d: {switch: t, interface: d}\n";

	testbed_apply(tb, config, mac_text(a->mac), mac_text(b->mac), "one");
	expect_delivery(a, &frame, c);
	frame = frame_again(frame);
	expect_delivery(b, &frame, d);
	CHECK_TEXT("b", testbed_entry_port(tb, "t", a->mac, 0));
	frame = frame_new(d->mac, a->mac);
	expect_delivery(d, &frame, b);
	frame = frame_new(MAC_UNKNOWN, MAC_BROADCAST);
	expect_dropped(tb, b, &frame, "b", "mac-spoofed");
	CHECK_TEXT("one", testbed_port_text(tb, "b", "vm"));

	testbed_apply(tb, config, mac_text(a->mac), mac_text(b->mac), "two");
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_dropped(tb, b, &frame, "b", "mac-spoofed");
}

/* On one switch the sibling's address is let in and stays where it is. */
TEST(guards_teaming_on_one_switch)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c");
	struct frame frame = frame_new(a->mac, c->mac);

	testbed_apply(tb,
		"switches: {s: {type: private}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, mac: '%s', vm: one}\n"
		"  b: {switch: s, interface: b, mac: '%s', vm: one, security: {teaming: on}}\n"
		"  c: {switch: s, interface: c, mac: '%s'}\n",
		mac_text(a->mac), mac_text(b->mac), mac_text(c->mac));
	expect_delivery(b, &frame, c);
	CHECK_TEXT("a", testbed_entry_port(tb, "s", a->mac, -1));
	CHECK_EQUAL(0, json_number(testbed_port(tb, "b"), "learning.used"));
	frame = frame_new(c->mac, a->mac);
	expect_delivery(c, &frame, a);
}

/* ---- storms ---- */

static long long storm(struct testbed *tb, const struct station *from, unsigned int frames)
{
	const struct frame frame = frame_new(from->mac, MAC_BROADCAST);
	long long before = testbed_drop_count(tb, "a", "storm");
	long long sent = testbed_counter(tb, "a", "transmit.packets"), now;

	for (unsigned int i = 0; i < frames; i++)
		station_send(from, &frame);
	CHECK_SOON((now = testbed_counter(tb, "a", "transmit.packets") - sent +
			   testbed_drop_count(tb, "a", "storm") - before) == frames);
	return testbed_drop_count(tb, "a", "storm") - before;
}

TEST(guards_limit_storms)
{
	struct station *a = testbed_guest(tb, "a");

	testbed_guest(tb, "b");
	apply_pair(tb, "private", ", security: {storm-limit: 10}");
	/* within a second, or over the end of one */
	CHECK_BETWEEN(10, 20, storm(tb, a, 30));
	test_sleep_ms(1100);
	CHECK_EQUAL(0, storm(tb, a, 10));
	testbed_command(tb, "port set a security.storm-limit 0");
	CHECK_EQUAL(0, storm(tb, a, 30));
}

TEST(guards_limit_storms_by_default)
{
	static const struct {
		const char *type;
		int limit;
	} types[] = {{"private", 0}, {"internal", 1000}, {"external", 1000}};

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		apply_pair(tb, types[i].type, "");
		CHECK_EQUAL(
			types[i].limit, json_number(testbed_port(tb, "a"), "security.storm_limit"));
	}
}

static void send_what_is_dropped(const struct station *a)
{
	run(&a->netns, "python3 -c 'import socket, struct\n"
		       "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
		       "for port in (68, 80, 9):\n"
		       "  s.sendto(b\"x\", (\"10.77.0.2\", port))\n"
		       "s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)\n"
		       "s.sendto(struct.pack(\">HHIIBBHHH\", 5, 6, 1, 1, 80, 16, 99, 0, 0), "
		       "(\"10.77.0.2\", 0))'");
}

/* Who listens hears of each kind of drop, with port, direction and rule. */
TEST(drops_are_told_of)
{
	static const char *const drops[] = {
		"port a: out dropped, dhcp-server: udp local 10.77.0.1:",
		"port a: out dropped, acl-extended by own web: udp local 10.77.0.1:",
		"port a: out dropped, flow-state: tcp local 10.77.0.1:5 remote 10.77.0.2:6",
		"port b: in dropped, acl-extended by own weight 7: udp local 10.77.0.2:9 "};
	struct station *a = testbed_guest(tb, "a", .address = "10.77.0.1/24");
	struct process all, one;

	testbed_guest(tb, "b", .address = "10.77.0.2/24");
	apply_pair(tb, "private",
		", security: {dhcp-guard: on}, acl: [{name: web, action: deny, direction: out, "
		"protocol: udp, remote-port: 80, weight: 2}, {action: allow, direction: out, "
		"protocol: tcp, stateful: on, weight: 1}], acl-strict: on");
	testbed_command(tb, "port set b acl '[{action: deny, direction: in, protocol: udp, "
			    "local-port: 9, weight: 7}]'");
	send_what_is_dropped(a); /* nobody listens yet */
	CHECK_EQUAL(1, json_number(testbed_port(tb, "b"), "drops.acl-extended.in"));
	CHECK_EQUAL(0, json_number(testbed_port(tb, "b"), "drops.acl-extended.out"));
	CHECK_EQUAL(1, json_number(testbed_port(tb, "a"), "drops.acl-extended.out"));
	all = start(&tb->host, "%s --socket %s monitor", control_program("xvsctl"), tb->socket);
	one = start(&tb->host, "%s --socket %s -j monitor dropped port b",
		control_program("xvsctl"), tb->socket);
	CHECK_SOON((send_what_is_dropped(a), strstr(process_output(&one), "\"port\":\"b\"")));
	for (size_t i = 0; i < sizeof(drops) / sizeof(*drops); i++)
		CHECK_SOON(strstr(process_output(&all), drops[i]));
	CHECK(!strstr(process_output(&one), "\"port\":\"a\""));
	process_stop(&all, SIGINT);
	process_stop(&one, SIGINT);
}
