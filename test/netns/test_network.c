// SPDX-License-Identifier: GPL-2.0-only
/* Virtual networks of two hosts on one wire. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test/netns/control.h"

#define WIRE "wire"

/* Two hosts, A with provider address 192.0.2.1, B with 192.0.2.2. */
struct pair {
	struct testbed *a, *b;
};

/* Of each tenant a guest on each host; both tenants have the same addresses. */
#define RED_A "10.0.0.5"
#define RED_B "10.0.0.6"

#define NETWORKS                                                                                   \
	"networks:\n"                                                                              \
	"  red: {switch: s, subnets: {web: {vsid: 5001, prefixes: [10.0.0.0/24]},\n"               \
	"                             db: {vsid: 5002, prefixes: [10.0.9.0/24]}}}\n"               \
	"  blue: {switch: s, subnets: {web: {vsid: 6001, prefixes: [10.0.0.0/24]}}}\n"

#define RECORDS                                                                                    \
	"records:\n"                                                                               \
	"- {vsid: 5001, address: 10.0.0.5, mac: '02:00:00:00:00:05', provider: 192.0.2.1}\n"       \
	"- {vsid: 5001, address: 10.0.0.6, mac: '02:00:00:00:00:06', provider: 192.0.2.2}\n"       \
	"- {vsid: 5002, address: 10.0.9.7, mac: '02:00:00:00:00:07', provider: 192.0.2.2}\n"       \
	"- {vsid: 6001, address: 10.0.0.5, mac: '02:00:00:00:00:05', provider: 192.0.2.1}\n"       \
	"- {vsid: 6001, address: 10.0.0.6, mac: '02:00:00:00:00:06', provider: 192.0.2.2}\n"

#define SWITCH                                                                                     \
	"switches:\n"                                                                              \
	"  s:\n"                                                                                   \
	"    type: external\n"                                                                     \
	"    uplink: " WIRE "\n"                                                                   \
	"    host-port: {provider: on, addresses: [192.0.2.%u/24]}\n"

static const uint8_t mac_5[] = {2, 0, 0, 0, 0, 5}, mac_6[] = {2, 0, 0, 0, 0, 6},
		     mac_7[] = {2, 0, 0, 0, 0, 7};

static struct pair make_pair(struct testbed *tb)
{
	struct pair pair = {tb, testbed_new()};

	testbed_start(pair.b);
	testbed_join(pair.a, pair.b, WIRE);
	return pair;
}

static void apply_a(struct testbed *tb)
{
	testbed_apply(tb,
		SWITCH NETWORKS RECORDS "ports:\n"
					"  red: {switch: s, interface: red, vsid: 5001}\n"
					"  blue: {switch: s, interface: blue, vsid: 6001}\n",
		1);
}

static void apply_b(struct testbed *tb)
{
	testbed_apply(tb,
		SWITCH NETWORKS RECORDS "ports:\n"
					"  red: {switch: s, interface: red, vsid: 5001}\n"
					"  blue: {switch: s, interface: blue, vsid: 6001}\n"
					"  db: {switch: s, interface: db, vsid: 5002}\n",
		2);
}

static json_t *subnet_of(struct testbed *tb, const char *network, size_t index)
{
	json_t *answer = testbed_json(tb, "network show %s", network);
	json_t *list =
		json_object_get(json_array_get(json_object_get(answer, "networks"), 0), "subnets");

	return json_array_get(list, index);
}

static size_t count_records(struct testbed *tb, const char *filter)
{
	return json_array_size(
		json_object_get(testbed_json(tb, "record list %s", filter), "records"));
}

TEST(network_is_shown)
{
	json_t *subnet;

	testbed_guest(tb, "red", .mac = mac_5);
	testbed_guest(tb, "blue", .mac = mac_5);
	testbed_guest(tb, WIRE);
	apply_a(tb);
	subnet = subnet_of(tb, "red", 0);
	CHECK_EQUAL(5001, json_number(subnet, "vsid"));
	CHECK_EQUAL(1458, json_number(subnet, "mtu"));
	CHECK_EQUAL(1, json_number(subnet, "ports"));
	CHECK_EQUAL(2, json_number(subnet, "records"));
	CHECK_EQUAL(1, json_number(subnet, "hosts"));
	CHECK_EQUAL(5, (long long)count_records(tb, ""));
	CHECK_EQUAL(2, (long long)count_records(tb, "vsid 6001"));
	CHECK_EQUAL(3, (long long)count_records(tb, "provider 192.0.2.2"));
	CHECK_EQUAL(6001, json_number(testbed_port(tb, "blue"), "virtual.vsid"));
	CHECK_EQUAL(1458, json_number(testbed_port(tb, "blue"), "virtual.mtu"));
}

/* ---- restarts ---- */

/* What must be the same behind a restart. */
static char *describe(struct testbed *tb)
{
	return test_text("%s%s", testbed_command(tb, "-j network list"),
		testbed_command(tb, "-j record list"));
}

TEST(network_survives_restart)
{
	char *before;

	testbed_guest(tb, "red", .mac = mac_5);
	testbed_guest(tb, "blue", .mac = mac_5);
	testbed_guest(tb, WIRE);
	apply_a(tb);
	before = describe(tb);
	testbed_stop(tb);
	testbed_start(tb);
	CHECK_TEXT(before, describe(tb));
	testbed_kill(tb);
	testbed_start(tb);
	CHECK_TEXT(before, describe(tb));
}

TEST(network_comes_and_goes)
{
	testbed_guest(tb, "red", .mac = mac_5);
	testbed_guest(tb, "blue", .mac = mac_5);
	testbed_guest(tb, WIRE);
	apply_a(tb);
	testbed_apply(tb, SWITCH "ports: {red: {switch: s, interface: red}}\n", 1);
	CHECK_EQUAL(0, (long long)count_records(tb, ""));
	apply_a(tb);
	CHECK_EQUAL(5, (long long)count_records(tb, ""));
}

TEST(network_mtu_follows_wire)
{
	testbed_guest(tb, "red", .mac = mac_5);
	testbed_guest(tb, "blue", .mac = mac_5);
	testbed_guest(tb, WIRE);
	apply_a(tb);
	netns_ip(&tb->host, "link set dev s mtu 1400\n");
	CHECK_SOON(json_number(subnet_of(tb, "red", 0), "mtu") == 1358);
}

/* Two tenants with one MAC address on one switch: in the MAC table each subnet has its own. */
TEST(network_addresses_are_apart)
{
	testbed_guest(tb, "red", .mac = mac_5);
	testbed_guest(tb, "blue", .mac = mac_5);
	testbed_guest(tb, WIRE);
	testbed_apply(tb,
		SWITCH NETWORKS
		"ports:\n"
		"  red: {switch: s, interface: red, vsid: 5001, mac: '02:00:00:00:00:05'}\n"
		"  blue: {switch: s, interface: blue, vsid: 6001, mac: '02:00:00:00:00:05'}\n",
		1);
	CHECK_EQUAL(2, (long long)json_array_size(json_object_get(
			       testbed_json(tb, "fdb list mac 02:00:00:00:00:05"), "entries")));
}

/* ---- files of records ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
	char *path = test_text("%s/%s", folder, name), *draft = test_text("%s/.draft", folder);
	FILE *file = fopen(draft, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) || rename(draft, path))
		FAIL("cannot write %s", path);
}

static const char *file_error(struct testbed *tb, size_t index)
{
	json_t *files =
		json_object_get(json_object_get(testbed_json(tb, "show"), "records"), "files");

	return json_text(json_array_get(files, index), "error");
}

#define OF_VSID(vsid, last)                                                                        \
	"- {vsid: " #vsid ", address: 10.0.0." #last ", mac: '02:00:00:00:00:" #last               \
	"', provider: 192.0.2.2}\n"

TEST(network_record_files)
{
	char *folder = test_text("%s/records", tb->folder);

	testbed_guest(tb, "red", .mac = mac_5);
	testbed_guest(tb, WIRE);
	if (mkdir(folder, 0700))
		FAIL("cannot make %s", folder);
	write_file(folder, "one.yaml", "version: 1\nrecords:\n" OF_VSID(5001, 31));
	testbed_apply(tb, SWITCH NETWORKS "record-folder: %s\n", 1, folder);
	CHECK_EQUAL(1, (long long)count_records(tb, ""));
	/* more in the same file, a second file, one that clashes, one that is wrong */
	write_file(
		folder, "one.yaml", "version: 1\nrecords:\n" OF_VSID(5001, 31) OF_VSID(5001, 32));
	CHECK_SOON(count_records(tb, "") == 2);
	write_file(folder, "two.yaml", "version: 1\nrecords:\n" OF_VSID(6001, 31));
	CHECK_SOON(count_records(tb, "") == 3);
	write_file(
		folder, "two.yaml", "version: 1\nrecords:\n" OF_VSID(6001, 32) OF_VSID(5001, 31));
	CHECK_SOON(file_error(tb, 1) != NULL);
	CHECK_CONTAINS("two.yaml:4:", file_error(tb, 1));
	CHECK_EQUAL(3, (long long)count_records(tb, ""));
	write_file(folder, "two.yaml", "version: 1\nrecords:\n- {vsid: 12}\n");
	CHECK_SOON(strstr(file_error(tb, 1) ?: "", "two.yaml:3:") != NULL);
	CHECK_EQUAL(3, (long long)count_records(tb, ""));
	write_file(folder, "two.yaml", "version: 1\nrecords:\n" OF_VSID(6001, 32));
	CHECK_SOON(file_error(tb, 1) == NULL);
	if (unlink(test_text("%s/one.yaml", folder)))
		FAIL("cannot remove a file");
	CHECK_SOON(count_records(tb, "") == 1);
	testbed_stop(tb);
	testbed_start(tb);
	CHECK_EQUAL(1, (long long)count_records(tb, ""));
	unlink(test_text("%s/two.yaml", folder));
	rmdir(folder);
}

/* ---- two hosts ---- */

/* A guest of a tenant; `gateway`: of its subnet. */
static struct station *guest(struct testbed *tb, const char *name, const char *address,
	const char *gateway, const uint8_t *mac)
{
	struct station *station = testbed_guest(
		tb, name, .address = address, .mac = mac, .mtu = 1458, .silent = true);

	netns_ip(&station->netns, "route add default via %s\n", gateway);
	return station;
}

static bool pings(const struct station *from, const char *to)
{
	return strstr(run(&from->netns, "sh -c 'ping -n -c 2 -i 0.2 -W 1 %s || true'", to),
		       " 2 received") != NULL;
}

/* Both tenants have the same addresses, and the same MAC addresses. */
TEST_WITHIN(network_tenants_are_apart, 120)
{
	struct pair pair = make_pair(tb);
	struct station *red_a = guest(pair.a, "red", RED_A "/24", "10.0.0.1", mac_5);
	struct station *blue_a = guest(pair.a, "blue", RED_A "/24", "10.0.0.1", mac_5);
	struct station *red_b = guest(pair.b, "red", RED_B "/24", "10.0.0.1", mac_6);
	struct station *db_b = guest(pair.b, "db", "10.0.9.7/24", "10.0.9.1", mac_7);
	struct station *blue_b = guest(pair.b, "blue", RED_B "/24", "10.0.0.1", mac_6);

	apply_a(pair.a);
	apply_b(pair.b);
	/* each guest makes itself known, and its gateway answers */
	CHECK_SOON(pings(red_b, "10.0.0.1"));
	CHECK_SOON(pings(blue_b, "10.0.0.1"));
	CHECK_SOON(pings(db_b, "10.0.9.1"));
	CHECK_SOON(pings(red_a, RED_B));
	CHECK_SOON(pings(blue_a, RED_B));
	CHECK_SOON(pings(red_a, "10.0.9.7"));
	CHECK(pings(red_b, "10.0.9.7"));
	CHECK(pings(db_b, RED_A));
	CHECK(!pings(blue_a, "10.0.9.7")); /* of red only */
	/* a tenant whose guest is gone is not answered by the other's */
	testbed_unplug(pair.b, red_b);
	CHECK(!pings(red_a, RED_B));
	CHECK(pings(blue_a, RED_B));
	CHECK(json_number(subnet_of(pair.a, "red", 0), "counters.sent.packets") > 0);
	CHECK(json_number(subnet_of(pair.b, "red", 0), "counters.received.packets") > 0);
	/* what the daemons do meanwhile is nothing to frames */
	testbed_kill(pair.b);
	CHECK(pings(blue_a, RED_B));
	testbed_start(pair.b);
	CHECK(pings(blue_a, RED_B));
}

TEST_WITHIN(network_carries_tcp, 120)
{
	struct pair pair = make_pair(tb);
	struct station *red_a = guest(pair.a, "red", RED_A "/24", "10.0.0.1", mac_5);
	struct station *red_b = guest(pair.b, "red", RED_B "/24", "10.0.0.1", mac_6);
	struct process server;

	need_program("iperf3");
	apply_a(pair.a);
	apply_b(pair.b);
	CHECK_SOON(pings(red_b, "10.0.0.1")); /* makes itself known */
	CHECK_SOON(pings(red_a, RED_B));
	server = start(&red_b->netns, "iperf3 -s -1");
	CHECK_SOON(strstr(run(&red_b->netns, "ss -ltnH"), ":5201") != NULL);
	CHECK_CONTAINS("\"bytes\"", run(&red_a->netns, "iperf3 -J -t 1 -c " RED_B));
	process_wait(&server, AGENT_TIMEOUT_MS);
}
