// SPDX-License-Identifier: GPL-2.0-only
/* XDP on the uplink: known unicast takes the short way, everything else the usual one. */
#include <string.h>
#include <stdio.h>
#include <sys/utsname.h>
#include "test/netns/control.h"

/*
 * A wire with native XDP, a guest on a tap, one on a veth. What XDP redirects never becomes an
 * skb on the uplink, so that the packet socket `host` there sees only what TC gets.
 */
struct lab {
	struct station *wire, *host, *tap, *veth;
};

static struct lab make_lab(struct testbed *tb, const char *mode, const char *vlan)
{
	const struct lab lab = {
		.wire = testbed_guest(tb, "nic0"),
		.host = testbed_host_station(tb, "nic0"),
		.tap = testbed_tap(tb, "tap"),
		.veth = testbed_guest(tb, "veth"),
	};

	run(&lab.veth->netns, "ethtool -K eth0 gro on"); /* lets the near end take XDP frames */
	testbed_apply(tb,
		"switches: {s: {type: external, uplink: nic0, xdp: %s}}\n"
		"ports:\n"
		"  tap: {switch: s, interface: tap, vlan: %s}\n"
		"  veth: {switch: s, interface: veth, vlan: %s}\n",
		mode, vlan, vlan);
	return lab;
}

/* All three make themselves known. */
static void announce(const struct lab *lab, int vlan)
{
	const struct frame frames[] = {
		frame_new(lab->wire->mac, MAC_BROADCAST),
		frame_new(lab->tap->mac, MAC_BROADCAST),
		frame_new(lab->veth->mac, MAC_BROADCAST),
	};
	const struct frame tagged = frame_tagged(frames[0], vlan);

	station_send(lab->wire, vlan ? &tagged : &frames[0]);
	station_send(lab->tap, &frames[1]);
	station_send(lab->veth, &frames[2]);
	stations_listen(50);
	station_check_bytes(lab->tap, &frames[0]);
}

/*
 * The wire stays known, however long the test takes: XDP leaves a source that was learned to TC
 * once a second, and a slow machine needs that for a few frames.
 */
static void keep_wire(struct testbed *tb, const struct lab *lab, int vlan)
{
	testbed_command(
		tb, "fdb add %s switch s port uplink vlan %d", mac_text(lab->wire->mac), vlan);
}

static struct frame udp(const struct lab *lab, const struct station *to)
{
	return frame_ip(lab->wire->mac, to->mac, FRAME_UDP, 200);
}

/* Before kernel 6.3 nobody tells whether a veth takes frames from XDP; the switch leaves it to TC.
 */
static void need_redirect_to_veth(void)
{
	struct utsname system;
	int major = 0, minor = 0;

	uname(&system);
	sscanf(system.release, "%d.%d", &major, &minor);
	if (major < 6 || (major == 6 && minor < 3))
		SKIP("kernel %s does not tell which devices take frames from XDP", system.release);
}

TEST(xdp_native_delivers_and_counts)
{
	const struct lab lab = make_lab(tb, "native", "untagged");
	long long to_tap, from_wire;
	struct frame frame;

	need_redirect_to_veth();
	CHECK_TEXT("native", json_text(testbed_switch(tb, "s"), "xdp.attached"));
	announce(&lab, 0);
	keep_wire(tb, &lab, 0);
	to_tap = testbed_counter(tb, "tap", "receive.packets");
	from_wire = testbed_counter(tb, "s/uplink", "transmit.packets");
	for (int i = 0; i < 10; i++) {
		frame = udp(&lab, lab.tap);
		expect_delivery(lab.wire, &frame, lab.tap); /* and not at `host` */
		frame = udp(&lab, lab.veth);
		expect_delivery(lab.wire, &frame, lab.veth);
	}
	CHECK_EQUAL(to_tap + 10, testbed_counter(tb, "tap", "receive.packets"));
	CHECK_EQUAL(from_wire + 20, testbed_counter(tb, "s/uplink", "transmit.packets"));
	CHECK_TEXT("", testbed_drops(tb, "tap"));
	CHECK_TEXT("", testbed_drops(tb, "veth"));
}

TEST(xdp_leaves_the_rest_to_tc)
{
	const struct lab lab = make_lab(tb, "native", "untagged");
	struct frame frame;

	announce(&lab, 0);
	frame = frame_ip(lab.wire->mac, lab.tap->mac, FRAME_TCP, 200);
	expect_delivery(lab.wire, &frame, lab.tap, lab.host);
	frame = frame_ip(lab.wire->mac, MAC_UNKNOWN, FRAME_UDP, 200);
	expect_delivery(lab.wire, &frame, lab.tap, lab.veth, lab.host);
	frame = frame_ip(lab.wire->mac, MAC_BROADCAST, FRAME_UDP, 200);
	expect_delivery(lab.wire, &frame, lab.tap, lab.veth, lab.host);
	frame = frame_ip(MAC_UNKNOWN, lab.tap->mac, FRAME_UDP, 200); /* a source to be learned */
	expect_delivery(lab.wire, &frame, lab.tap, lab.host);
	CHECK_TEXT("uplink", testbed_entry_port(tb, "s", MAC_UNKNOWN, 0));
}

TEST(xdp_takes_the_tag_off)
{
	const struct lab lab = make_lab(tb, "native", "{access: 10}");
	struct frame plain, tagged;

	need_redirect_to_veth();
	announce(&lab, 10);
	keep_wire(tb, &lab, 10);
	plain = udp(&lab, lab.tap);
	tagged = frame_tagged(plain, 10);
	expect_changed(lab.wire, &tagged, &plain, lab.tap);
	plain = udp(&lab, lab.veth);
	tagged = frame_tagged(plain, 10 | PRIORITY(3));
	expect_changed(lab.wire, &tagged, &plain, lab.veth);
	tagged = frame_tagged(udp(&lab, lab.tap), 20); /* another VLAN: not there */
	station_send(lab.wire, &tagged);
	stations_listen(STATION_QUIET_MS);
	CHECK_EQUAL(0, station_count(lab.tap, tagged.marker));
}

/* Frames that read from the tap's queue, counted. */
static int drain_tap(struct station *tap)
{
	uint8_t bytes[FRAME_SIZE_MAX];
	struct virtio_net_hdr header;
	int count = 0;

	while (station_read(tap, &header, bytes) >= 0)
		count++;
	return count;
}

/* The machine does not read, its queue overflows behind the redirect: seen by a tracepoint. */
TEST(xdp_losses_are_counted)
{
	const struct lab lab = make_lab(tb, "native", "untagged");
	const int sent = 3000;
	struct frame frame;
	int got = 0;

	announce(&lab, 0);
	for (int i = 0; i < sent; i++) {
		frame = udp(&lab, lab.tap);
		station_send(lab.wire, &frame);
	}
	CHECK_SOON((got += drain_tap(lab.tap)) + testbed_drop_count(tb, "tap", "xdp-transmit") ==
		   sent);
	CHECK(testbed_drop_count(tb, "tap", "xdp-transmit") > 0);
}

TEST(xdp_off_goes_through_tc)
{
	const struct lab lab = make_lab(tb, "off", "untagged");
	struct frame frame;

	announce(&lab, 0);
	frame = udp(&lab, lab.tap);
	expect_delivery(lab.wire, &frame, lab.tap, lab.host);
	CHECK_TEXT("off", json_text(testbed_switch(tb, "s"), "xdp.attached"));
}

TEST(xdp_outlives_the_agent)
{
	const struct lab lab = make_lab(tb, "native", "untagged");
	struct frame frame;

	need_redirect_to_veth();
	announce(&lab, 0);
	keep_wire(tb, &lab, 0);
	testbed_kill(tb);
	frame = udp(&lab, lab.tap);
	expect_delivery(lab.wire, &frame, lab.tap);
	testbed_start(tb);
	frame = udp(&lab, lab.tap);
	expect_delivery(lab.wire, &frame, lab.tap);
	CHECK_TEXT("native", json_text(testbed_switch(tb, "s"), "xdp.attached"));
}

/* The wire is a static entry here for the reason that keep_wire() gives. */
TEST(xdp_is_switched_while_traffic_flows)
{
	const struct lab lab = make_lab(tb, "off", "untagged");
	struct frame frame;

	announce(&lab, 0);
	for (int i = 0; i < 4; i++) {
		testbed_apply(tb,
			"switches:\n"
			"  s: {type: external, uplink: nic0, xdp: %s,\n"
			"      static-entries: [{mac: \"%s\", port: uplink}]}\n"
			"ports:\n"
			"  tap: {switch: s, interface: tap}\n"
			"  veth: {switch: s, interface: veth}\n",
			i % 2 ? "off" : "native", mac_text(lab.wire->mac));
		frame = udp(&lab, lab.tap);
		if (i % 2)
			expect_delivery(lab.wire, &frame, lab.tap, lab.host);
		else
			expect_delivery(lab.wire, &frame, lab.tap);
	}
}
