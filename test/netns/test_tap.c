// SPDX-License-Identifier: GPL-2.0-only
/* Taps: the test is the virtual machine, with and without virtio-net headers. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_tun.h>
#include "test/netns/control.h"

#define VM_OFFLOADS (TUN_F_CSUM | TUN_F_TSO4)
#define SEGMENT 1460 /* bytes of TCP payload that fit an MTU of 1500 */
#define HEADERS (FRAME_IP_SIZE + FRAME_TCP_SIZE)

/* A virtual machine with offloads, one without, and a guest on a veth. */
struct machines {
	struct station *modern, *plain, *guest;
};

static struct machines make_machines(struct testbed *tb)
{
	struct machines m = {
		.modern =
			testbed_tap(tb, "modern", .offload_header = true, .offloads = VM_OFFLOADS),
		.plain = testbed_tap(tb, "plain"),
		.guest = testbed_guest(tb, "guest"),
	};

	testbed_apply(tb,
		"switches: {s: {type: private}}\n"
		"ports:\n"
		"  modern: {switch: s, interface: modern, mac: '%s'}\n"
		"  plain: {switch: s, interface: plain, mac: '%s'}\n"
		"  guest: {switch: s, interface: guest, mac: '%s'}\n",
		mac_text(m.modern->mac), mac_text(m.plain->mac), mac_text(m.guest->mac));
	return m;
}

TEST(tap_is_read_and_written)
{
	const struct machines m = make_machines(tb);
	struct frame frame = frame_new(m.plain->mac, m.guest->mac);

	expect_delivery(m.plain, &frame, m.guest);
	frame = frame_new(m.guest->mac, m.plain->mac);
	expect_delivery(m.guest, &frame, m.plain);
	frame = frame_new(m.plain->mac, m.modern->mac);
	expect_delivery(m.plain, &frame, m.modern);
	frame = frame_new(m.modern->mac, MAC_BROADCAST);
	expect_delivery(m.modern, &frame, m.plain, m.guest);
	CHECK_TEXT("redirect", testbed_port_text(tb, "plain", "path"));
	CHECK_TEXT("peer", testbed_port_text(tb, "guest", "path"));
}

TEST(tap_with_tags)
{
	struct station *a = testbed_tap(tb, "a"), *b = testbed_tap(tb, "b"),
		       *c = testbed_guest(tb, "c");
	struct frame plain, tagged;

	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a, vlan: {trunk: all}}\n"
			  "  b: {switch: s, interface: b, vlan: {access: 10}}\n"
			  "  c: {switch: s, interface: c, vlan: {trunk: all}}\n");
	plain = frame_new(a->mac, MAC_BROADCAST);
	tagged = frame_tagged(plain, 20);
	expect_delivery(a, &tagged, c);
	plain = frame_new(a->mac, b->mac);
	tagged = frame_tagged(plain, 10);
	station_send(a, &tagged);
	stations_listen(STATION_EXTRA_MS);
	station_check_bytes(b, &plain);
	plain = frame_new(b->mac, a->mac);
	tagged = frame_tagged(plain, 10);
	expect_changed(b, &plain, &tagged, a);
}

/* A TCP packet of many segments goes through in one piece to who can take it. */
TEST(tap_large_packet_stays_whole)
{
	const struct machines m = make_machines(tb);
	const struct frame frame =
		frame_ip(m.modern->mac, m.guest->mac, FRAME_TCP_PARTIAL, HEADERS + 10 * SEGMENT);
	struct station *other =
		testbed_tap(tb, "other", .offload_header = true, .offloads = VM_OFFLOADS);
	const struct arrival *arrival;
	struct frame to_other;

	station_send_large(m.modern, &frame, SEGMENT);
	CHECK_SOON((stations_listen(5), station_count(m.guest, frame.marker)));
	station_check_bytes(m.guest, &frame);

	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports:\n"
			  "  modern: {switch: s, interface: modern}\n"
			  "  other: {switch: s, interface: other}\n");
	to_other = frame_ip(m.modern->mac, other->mac, FRAME_TCP_PARTIAL, HEADERS + 10 * SEGMENT);
	station_send_large(m.modern, &to_other, SEGMENT);
	CHECK_SOON((stations_listen(5), station_count(other, to_other.marker)));
	station_check_bytes(other, &to_other);
	arrival = station_arrival(other, to_other.marker);
	CHECK_EQUAL(SEGMENT, arrival->offload.gso_size);
	CHECK_EQUAL(VIRTIO_NET_HDR_GSO_TCPV4, arrival->offload.gso_type);
	CHECK_EQUAL(VIRTIO_NET_HDR_F_NEEDS_CSUM, arrival->offload.flags);
}

/* Reads one segment, checks it against the large packet, and returns its bytes of payload. */
static size_t check_segment(struct station *at, const uint8_t *whole, size_t offset)
{
	const size_t headers = ETH_HLEN + HEADERS;
	struct virtio_net_hdr header;
	uint8_t bytes[FRAME_SIZE_MAX];
	ssize_t size = station_read(at, &header, bytes);

	if (size <= (ssize_t)headers)
		FAIL("segment after %zu bytes, expected one, got none", offset);
	CHECK_BETWEEN(headers + 1, headers + SEGMENT, size);
	CHECK(frame_tcp_checksum_ok(bytes, size));
	CHECK(memcmp(bytes + headers, whole + headers + offset, size - headers) == 0);
	return size - headers;
}

/* Who cannot take it gets segments with right checksums. */
TEST(tap_large_packet_is_cut_for_others)
{
	const struct machines m = make_machines(tb);
	const size_t size = 10 * SEGMENT;
	const struct frame frame =
		frame_ip(m.modern->mac, m.plain->mac, FRAME_TCP_PARTIAL, HEADERS + size);
	uint8_t whole[FRAME_SIZE_MAX];

	frame_write(&frame, whole);
	station_send_large(m.modern, &frame, SEGMENT);
	test_sleep_ms(STATION_EXTRA_MS);
	for (size_t offset = 0; offset < size;)
		offset += check_segment(m.plain, whole, offset);
}

TEST(tap_partial_checksum_is_finished_for_others)
{
	const struct machines m = make_machines(tb);
	struct frame frame = frame_ip(m.modern->mac, m.plain->mac, FRAME_TCP_PARTIAL, 1000);
	uint8_t whole[FRAME_SIZE_MAX];

	frame_write(&frame, whole);
	station_send_large(m.modern, &frame, 0);
	test_sleep_ms(STATION_EXTRA_MS);
	CHECK_EQUAL(1000 - HEADERS, check_segment(m.plain, whole, 0));
}

TEST(tap_large_packet_is_measured_by_segment)
{
	struct station *a =
		testbed_tap(tb, "a", .offload_header = true, .offloads = VM_OFFLOADS, .mtu = 9000);
	struct station *b = testbed_guest(tb, "b");
	struct frame frame;

	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a}\n"
			  "  b: {switch: s, interface: b}\n");
	frame = frame_ip(a->mac, b->mac, FRAME_TCP_PARTIAL, HEADERS + 6 * SEGMENT);
	station_send_large(a, &frame, SEGMENT);
	CHECK_SOON((stations_listen(5), station_count(b, frame.marker)));
	frame = frame_ip(a->mac, b->mac, FRAME_TCP_PARTIAL, HEADERS + 6 * (SEGMENT + 1));
	station_send_large(a, &frame, SEGMENT + 1);
	stations_listen(STATION_QUIET_MS);
	CHECK_EQUAL(0, station_count(b, frame.marker));
	CHECK_CONTAINS("mtu-exceeded", testbed_drops(tb, "b"));
}

TEST(tap_large_packet_counts_as_its_segments)
{
	const struct machines m = make_machines(tb);
	struct frame frame =
		frame_ip(m.modern->mac, m.guest->mac, FRAME_TCP_PARTIAL, HEADERS + 10 * SEGMENT);

	station_send_large(m.modern, &frame, SEGMENT);
	CHECK_SOON((stations_listen(5), station_count(m.guest, frame.marker)));
	CHECK_EQUAL(10, testbed_counter(tb, "modern", "transmit.packets"));
	CHECK_EQUAL(10, testbed_counter(tb, "guest", "receive.packets"));
	frame = frame_ip(m.modern->mac, m.guest->mac, FRAME_TCP_PARTIAL, HEADERS + 60000);
	station_send_large(m.modern, &frame, 6000);
	CHECK_SOON(testbed_drop_count(tb, "guest", "mtu-exceeded") == 10);
}

TEST(tap_frames_cut_short)
{
	struct station *a = testbed_tap(tb, "a"), *b = testbed_tap(tb, "b");
	const struct frame frame = frame_tagged(frame_tagged(frame_new(a->mac, b->mac), 7), 10);
	uint8_t bytes[FRAME_SIZE_MAX];
	struct virtio_net_hdr header;

	testbed_apply(tb, "switches: {s: {type: private}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a, vlan: {trunk: all}}\n"
			  "  b: {switch: s, interface: b, vlan: {trunk: all}}\n");
	frame_write(&frame, bytes);
	station_send_bytes(a, bytes, ETH_HLEN + 4 + 2); /* in the middle of the second tag */
	CHECK_SOON(testbed_drop_count(tb, "a", "truncated") == 1);
	memset(bytes + 2 * ETH_ALEN, 0, 2);
	station_send_bytes(a, bytes, ETH_HLEN); /* a header and nothing else */
	CHECK_SOON(testbed_counter(tb, "b", "receive.packets") == 1);
	CHECK_EQUAL(ETH_HLEN, station_read(b, &header, bytes));
}

/* Drops that are counted before a frame is counted as transmitted. */
static long long refused(struct testbed *tb, const char *port)
{
	static const char *const reasons[] = {"truncated", "source-group", "source-zero",
		"reserved-group", "mac-taken", "vlan-tagged", "vlan-protocol", "vlan-inner-tag",
		"vlan-not-allowed"};
	json_t *drops = json_object_get(testbed_port(tb, port), "drops");
	long long sum = 0;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		sum += json_integer_value(
			json_object_get(json_object_get(drops, reasons[i]), "out"));
	return sum;
}

static uint8_t one_of(const uint8_t *bytes, size_t count)
{
	return bytes[random() % count];
}

/* Random, but with a liking for what a switch looks at. */
static size_t make_garbage(uint8_t *bytes)
{
	static const uint8_t first[] = {0x00, 0x01, 0x02, 0xff, 0x33};
	static const uint8_t tags[][2] = {{0x81, 0x00}, {0x88, 0xa8}, {0x08, 0x00}, {0x86, 0xdd}};
	const size_t size = 24 + random() % 200; /* the kernel itself drops what ends in a tag */

	for (size_t i = 0; i < size; i++)
		bytes[i] = random() % 4 ? random() : 0;
	bytes[0] = one_of(first, sizeof(first));
	bytes[ETH_ALEN] = one_of(first, sizeof(first));
	for (size_t i = 12; i <= 20; i += 4)
		if (random() % 2)
			memcpy(bytes + i, tags[random() % 4], 2);
	return size;
}

/* Whatever a guest sends, nothing stops working, and each frame is counted once. */
TEST(tap_garbage_is_counted_and_harmless)
{
	struct station *a = testbed_tap(tb, "a"), *c = testbed_guest(tb, "c");
	const int count = 5000;
	uint8_t bytes[256];
	struct frame frame;

	testbed_guest(tb, "b", .silent = true);
	testbed_apply(tb,
		"switches: {s: {type: private}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {trunk: [5-3000]}, learning-limit: 100}\n"
		"  b: {switch: s, interface: b}\n"
		"  c: {switch: s, interface: c}\n");
	srandom(1);
	for (int i = 0; i < count; i++)
		station_send_bytes(a, bytes, make_garbage(bytes));
	CHECK_SOON(testbed_counter(tb, "a", "transmit.packets") + refused(tb, "a") == count);
	CHECK_EQUAL(100, json_number(testbed_port(tb, "a"), "learning.used"));
	frame = frame_new(c->mac, a->mac);
	station_send(c, &frame);
	CHECK_SOON((stations_listen(5), station_count(a, frame.marker)));
}
