// SPDX-License-Identifier: GPL-2.0-only
/* MTU, and TCP at speed: segmentation and checksum offload all the way. */
#include <signal.h>
#include <string.h>
#include "test/netns/bulk.h"
#include "test/netns/control.h"

#define MEGABYTE (1u << 20)
#define SLOW_MBIT                                                                                  \
	100 /* without segmentation offload an emulated machine is below; speed is the bench's */

static struct frame sized(const struct station *from, const uint8_t *to, size_t size)
{
	struct frame frame = frame_new(from->mac, to);

	frame.size = size;
	return frame;
}

TEST(mtu_of_the_destination_counts)
{
	struct station *a = testbed_guest(tb, "a", .mtu = 9000), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(b->mac, MAC_BROADCAST);

	testbed_apply(tb, TWO_PORTS);
	CHECK_EQUAL(9000, json_number(testbed_port(tb, "a"), "mtu"));
	CHECK_EQUAL(1500, json_number(testbed_port(tb, "b"), "mtu"));
	expect_delivery(b, &frame, a);
	frame = sized(a, b->mac, 1500);
	expect_delivery(a, &frame, b);
	frame = sized(a, b->mac, 1501);
	expect_dropped(tb, a, &frame, "b", "mtu-exceeded");
	frame = sized(a, b->mac, 9000);
	expect_dropped(tb, a, &frame, "b", "mtu-exceeded");
	frame = sized(b, a->mac, 1500);
	expect_delivery(b, &frame, a);
}

TEST(mtu_change_is_followed)
{
	struct station *a = testbed_guest(tb, "a", .mtu = 9000);
	struct station *b = testbed_guest(tb, "b", .mtu = 9000);
	struct frame frame = sized(a, b->mac, 4000);

	testbed_apply(tb, TWO_PORTS);
	expect_delivery(a, &frame, b);
	netns_ip(&tb->host, "link set dev b mtu 2000\n");
	CHECK_SOON(json_number(testbed_port(tb, "b"), "mtu") == 2000);
	frame = frame_again(frame);
	expect_dropped(tb, a, &frame, "b", "mtu-exceeded");
}

TEST(mtu_of_each_member_counts_in_a_flood)
{
	struct station *a = testbed_guest(tb, "a", .mtu = 9000), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c", .mtu = 9000), *d = testbed_guest(tb, "d");
	struct frame frame = sized(a, MAC_BROADCAST, 1500);

	testbed_apply(tb, TWO_PORTS "  c: {switch: s, interface: c}\n"
				    "  d: {switch: s, interface: d}\n");
	expect_delivery(a, &frame, b, c, d);
	frame = sized(a, MAC_BROADCAST, 3000);
	expect_delivery(a, &frame, c);
	CHECK_TEXT("mtu-exceeded=1", testbed_drops(tb, "b"));
	CHECK_TEXT("mtu-exceeded=1", testbed_drops(tb, "d"));
	CHECK_TEXT("", testbed_drops(tb, "a"));
}

TEST(mtu_does_not_count_tags)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame plain = sized(a, b->mac, 1500), tagged = frame_tagged(plain, 10);

	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a, vlan: {access: 10}}\n"
			  "  b: {switch: s, interface: b, vlan: {trunk: all}}\n");
	expect_changed(a, &plain, &tagged, b);
	plain = sized(b, a->mac, 1500);
	tagged = frame_tagged(plain, 10);
	expect_changed(b, &tagged, &plain, a);
}

/* Two guests for real programs. */
static void make_hosts(
	struct testbed *tb, struct station **ret_a, struct station **ret_b, unsigned int mtu_a)
{
	*ret_a = testbed_guest(tb, "a", .address = "10.7.0.1/24", .mtu = mtu_a, .silent = true);
	*ret_b = testbed_guest(tb, "b", .address = "10.7.0.2/24", .silent = true);
	testbed_apply(tb, TWO_PORTS);
}

/* Frames with a wrong checksum that a namespace has received. */
static long long wrong_checksums(const struct netns *ns)
{
	char *line = run(ns, "nstat -asz TcpInCsumErrors | tail -1");
	long long count = -1;

	sscanf(line, "TcpInCsumErrors %lld", &count);
	return count;
}

TEST(tcp_bulk_data_is_right)
{
	struct station *a, *b;

	make_hosts(tb, &a, &b, 0);
	bulk_transfer(&a->netns, &b->netns, "10.7.0.2", 256 * MEGABYTE);
	bulk_transfer(&b->netns, &a->netns, "10.7.0.1", 256 * MEGABYTE);
	CHECK_EQUAL(0, wrong_checksums(&a->netns));
	CHECK_EQUAL(0, wrong_checksums(&b->netns));
	CHECK_TEXT("", testbed_drops(tb, "a"));
	CHECK_TEXT("", testbed_drops(tb, "b"));
}

TEST(tcp_between_different_mtus)
{
	struct station *a, *b;

	make_hosts(tb, &a, &b, 9000);
	bulk_transfer(&a->netns, &b->netns, "10.7.0.2", 64 * MEGABYTE);
	bulk_transfer(&b->netns, &a->netns, "10.7.0.1", 64 * MEGABYTE);
	CHECK_TEXT("", testbed_drops(tb, "b"));
}

TEST(tcp_with_one_sides_offloads_off)
{
	struct station *a, *b;

	make_hosts(tb, &a, &b, 0);
	run(&a->netns, "ethtool -K eth0 tx off gso off tso off");
	bulk_transfer(&a->netns, &b->netns, "10.7.0.2", 16 * MEGABYTE);
	bulk_transfer(&b->netns, &a->netns, "10.7.0.1", 16 * MEGABYTE);
	CHECK_EQUAL(0, wrong_checksums(&a->netns));
	CHECK_EQUAL(0, wrong_checksums(&b->netns));
}

TEST(tcp_in_a_vlan_over_the_wire)
{
	struct testbed *other = testbed_new();
	struct station *a, *b;
	static const char config[] =
		"switches: {s: {type: external, uplink: nic0}}\n"
		"ports: {%s: {switch: s, interface: %s, vlan: {access: 10}}}\n";

	testbed_join(tb, other, "nic0");
	testbed_start(other);
	a = testbed_guest(tb, "a", .address = "10.7.0.1/24", .silent = true);
	b = testbed_guest(other, "b", .address = "10.7.0.2/24", .silent = true);
	testbed_apply(tb, config, "a", "a");
	testbed_apply(other, config, "b", "b");
	bulk_transfer(&a->netns, &b->netns, "10.7.0.2", 64 * MEGABYTE);
	bulk_transfer(&b->netns, &a->netns, "10.7.0.1", 64 * MEGABYTE);
	CHECK_EQUAL(0, wrong_checksums(&b->netns));
	CHECK_TEXT("", testbed_drops(tb, "s/uplink"));
}

/* Mbit/s that iperf3 measures from a to b, or the other way round. */
static long long measure(const struct station *a, const char *address, const char *way)
{
	json_t *result =
		json_loads(run(&a->netns, "iperf3 -J -t 1 -c %s %s", address, way), 0, NULL);
	json_t *end = json_object_get(result, "end");
	json_t *received = json_object_get(end, "sum_received");

	return json_number_value(json_object_get(received, "bits_per_second")) / 1e6;
}

TEST(tcp_is_fast_both_ways)
{
	struct station *a, *b;
	struct process server;

	make_hosts(tb, &a, &b, 0);
	server = start(&b->netns, "iperf3 -s --forceflush");
	CHECK_SOON(strstr(process_output(&server), "listening"));
	CHECK_BETWEEN(SLOW_MBIT, 10000000, measure(a, "10.7.0.2", ""));
	CHECK_BETWEEN(SLOW_MBIT, 10000000, measure(a, "10.7.0.2", "-R"));
	process_stop(&server, SIGKILL);
	CHECK_TEXT("", testbed_drops(tb, "a"));
	CHECK_TEXT("", testbed_drops(tb, "b"));
}

TEST(tcp_to_the_host_port)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.2/24", .silent = true);

	testbed_apply(tb, "switches: {s: {type: internal, host-port: {addresses: [10.7.0.1/24]}}}\n"
			  "ports: {a: {switch: s, interface: a}}\n");
	bulk_transfer(&a->netns, &tb->host, "10.7.0.1", 64 * MEGABYTE);
	bulk_transfer(&tb->host, &a->netns, "10.7.0.2", 64 * MEGABYTE);
	CHECK_EQUAL(0, wrong_checksums(&tb->host));
}

TEST(large_pings_are_fragmented)
{
	struct station *a, *b;

	make_hosts(tb, &a, &b, 0);
	run(&a->netns, "ping -n -c 5 -i 0.02 -W 2 -s 20000 10.7.0.2");
	CHECK_TEXT("", testbed_drops(tb, "b"));
}
