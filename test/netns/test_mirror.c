// SPDX-License-Identifier: GPL-2.0-only
/* Port mirroring: what is copied and to whom, and that the original never notices. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "test/netns/bulk.h"
#include "test/netns/control.h"
#include "test/netns/peer.h"
#include "test/netns/stream.h"

#define KILOBYTE (1u << 10)
#define MEGABYTE (1u << 20)
#define FLIPS 60
#define FRAMES 100000

/* Three guests; `a` is mirrored to `m`, whose VLAN is its own. */
#define MIRRORED                                                                                   \
	PRIVATE_SWITCH "ports:\n"                                                                  \
		       "  a: {switch: s, interface: a, mirror: m%s}\n"                             \
		       "  b: {switch: s, interface: b}\n"                                          \
		       "  m: {switch: s, interface: m, vlan: {access: 99}}\n"

struct trio {
	struct station *a, *b, *m;
};

static struct trio make_trio(struct testbed *tb, const char *more)
{
	const struct trio t = {
		testbed_guest(tb, "a"), testbed_guest(tb, "b"), testbed_guest(tb, "m")};

	testbed_apply(tb, MIRRORED, more);
	return t;
}

TEST(mirror_copies_both_directions)
{
	const struct trio t = make_trio(tb, "");
	struct frame frame = frame_new(t.a->mac, MAC_BROADCAST);

	expect_delivery(t.a, &frame, t.b, t.m);
	frame = frame_new(t.b->mac, t.a->mac);
	expect_delivery(t.b, &frame, t.a, t.m);
	frame = frame_new(t.b->mac, MAC_BROADCAST);
	expect_delivery(t.b, &frame, t.a, t.m);
	frame = frame_new(t.m->mac, MAC_BROADCAST); /* still a port like others */
	expect_dropped(tb, t.m, &frame, "m", "no-destination");
	CHECK_EQUAL(3, testbed_counter(tb, "m", "receive.packets"));
	CHECK_TEXT("", testbed_drops(tb, "a"));
}

TEST(mirror_teaches_nothing)
{
	const struct trio t = make_trio(tb, "");
	struct frame frame = frame_new(t.a->mac, MAC_BROADCAST);

	expect_delivery(t.a, &frame, t.b, t.m);
	CHECK_TEXT("a", testbed_entry_port(tb, "s", t.a->mac, 0));
	CHECK(!testbed_entry_port(tb, "s", t.a->mac, 99));
	CHECK_EQUAL(0, testbed_counter(tb, "m", "learned"));
}

/* As the guest sends and gets it: with tags where it is a trunk. */
TEST(mirror_shows_the_guests_tags)
{
	const struct trio t = make_trio(tb, ", vlan: {trunk: all}");
	struct frame frame = frame_tagged(frame_new(t.a->mac, MAC_UNKNOWN), 10 | PRIORITY(5));
	struct frame plain, tagged;

	station_send(t.a, &frame);
	stations_listen(STATION_QUIET_MS);
	CHECK_EQUAL(1, station_count(t.m, frame.marker));
	station_check_bytes(t.m, &frame);
	CHECK_EQUAL(0, station_count(t.b, frame.marker));
	testbed_apply(tb,
		PRIVATE_SWITCH "ports:\n"
			       "  a: {switch: s, interface: a, vlan: {trunk: all}, mirror: m}\n"
			       "  b: {switch: s, interface: b, vlan: {access: 10}}\n"
			       "  m: {switch: s, interface: m, vlan: {access: 99}}\n");
	plain = frame_new(t.b->mac, MAC_BROADCAST);
	tagged = frame_tagged(plain, 10);
	station_send(t.b, &plain);
	stations_listen(STATION_QUIET_MS);
	station_check_bytes(t.a, &tagged);
	station_check_bytes(t.m, &tagged);
}

/* Behind the guards, but before all else: also what is dropped then. */
TEST(mirror_shows_what_is_dropped)
{
	const struct trio t = make_trio(tb, "");
	struct frame frame = frame_new(t.a->mac, t.a->mac);

	station_send(t.a, &frame);
	stations_listen(STATION_QUIET_MS);
	CHECK_EQUAL(1, station_count(t.m, frame.marker));
	CHECK_TEXT("same-port=1", testbed_drops(tb, "a"));
	frame = frame_tagged(frame_new(t.a->mac, MAC_BROADCAST), 10);
	expect_dropped(tb, t.a, &frame, "a", "vlan-tagged"); /* and not copied */
}

TEST(mirror_of_two_sources)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c"), *m = testbed_tap(tb, "m");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, PRIVATE_SWITCH "ports:\n"
					 "  a: {switch: s, interface: a, mirror: m}\n"
					 "  b: {switch: s, interface: b, mirror: m}\n"
					 "  c: {switch: s, interface: c}\n"
					 "  m: {switch: s, interface: m}\n");
	/* m is a member as well: what a sent, what b received, its own */
	station_send(a, &frame);
	stations_listen(STATION_QUIET_MS);
	CHECK_EQUAL(3, station_count(m, frame.marker));
	CHECK_EQUAL(1, station_count(b, frame.marker));
	CHECK_EQUAL(1, station_count(c, frame.marker));
	frame = frame_new(b->mac, a->mac);
	station_send(b, &frame);
	stations_listen(STATION_QUIET_MS);
	CHECK_EQUAL(2, station_count(m, frame.marker));
	CHECK_EQUAL(1, station_count(a, frame.marker));
	frame = frame_new(c->mac, a->mac);
	expect_delivery(c, &frame, a, m);
	frame = frame_new(c->mac, m->mac); /* unknown so far: a, b, m, and two copies */
	station_send(c, &frame);
	stations_listen(STATION_QUIET_MS);
	CHECK_EQUAL(3, station_count(m, frame.marker));
	CHECK_EQUAL(6 + 1 + 2, testbed_counter(tb, "m", "receive.packets"));
}

TEST(mirror_to_a_port_that_is_down)
{
	const struct trio t = make_trio(tb, "");
	struct frame frame = frame_new(t.a->mac, MAC_BROADCAST);

	netns_ip(&tb->host, "link set dev m down\n");
	testbed_wait_port_state(tb, "m", "down");
	expect_delivery(t.a, &frame, t.b);
	CHECK_TEXT("port-down=1", testbed_drops(tb, "m"));
	CHECK_TEXT("", testbed_drops(tb, "a"));
	testbed_unplug(tb, t.m);
	testbed_wait_port_state(tb, "m", "waiting");
	frame = frame_new(t.b->mac, t.a->mac);
	expect_delivery(t.b, &frame, t.a);
	CHECK_TEXT("port-down=2", testbed_drops(tb, "m"));
	testbed_guest(tb, "m");
	testbed_wait_port_state(tb, "m", "up");
}

TEST(mirror_to_a_port_with_a_smaller_mtu)
{
	struct station *a = testbed_guest(tb, "a", .mtu = 9000);
	struct station *b = testbed_guest(tb, "b", .mtu = 9000), *m = testbed_guest(tb, "m");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(tb, MIRRORED, "");
	frame.size = 1500;
	expect_delivery(a, &frame, b, m);
	frame = frame_again(frame);
	frame.size = 1501;
	expect_delivery(a, &frame, b);
	CHECK_TEXT("mtu-exceeded=1", testbed_drops(tb, "m"));
}

/* The guest behind the tap does not read: its queue runs over, and nobody else notices. */
TEST(mirror_to_a_guest_that_sleeps)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.1/24", .silent = true);
	struct station *b = testbed_guest(tb, "b", .address = "10.7.0.2/24", .silent = true);

	testbed_tap(tb, "m");
	testbed_apply(tb, MIRRORED, "");
	bulk_transfer(&a->netns, &b->netns, "10.7.0.2", 64 * MEGABYTE);
	bulk_transfer(&b->netns, &a->netns, "10.7.0.1", 64 * MEGABYTE);
	CHECK_TEXT("", testbed_drops(tb, "a"));
	CHECK_TEXT("", testbed_drops(tb, "b"));
}

/* ---- TCP, as a monitor sees it ---- */

/* Bytes of TCP payload that went to the port and came from it. */
struct seen {
	size_t from_a, to_a;
};

#define IP_AT ETH_HLEN
#define FRAME_MAX (ETH_HLEN + 65535)

static void see(const struct station *a, const uint8_t *bytes, size_t size, struct seen *seen)
{
	const size_t tcp = IP_AT + (bytes[IP_AT] & 15) * 4;
	size_t payload;

	if (size < tcp + FRAME_TCP_SIZE || bytes[12] != 8 || bytes[13] ||
		bytes[IP_AT + 9] != IPPROTO_TCP)
		return;
	payload = (bytes[IP_AT + 2] << 8 | bytes[IP_AT + 3]) + IP_AT - tcp -
		  (bytes[tcp + 12] >> 4) * 4;
	if (!memcmp(bytes + ETH_ALEN, a->mac, ETH_ALEN))
		seen->from_a += payload;
	if (!memcmp(bytes, a->mac, ETH_ALEN))
		seen->to_a += payload;
}

static struct seen see_all(const struct station *a, int socket)
{
	static uint8_t bytes[FRAME_MAX];
	struct seen seen = {0};
	ssize_t size;

	while ((size = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		see(a, bytes, size, &seen);
	return seen;
}

/* Small enough for the monitor's socket. TCP may send some again, so there may be more. */
TEST(mirror_sees_a_tcp_connection_whole)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.1/24", .silent = true);
	struct station *b = testbed_guest(tb, "b", .address = "10.7.0.2/24", .silent = true);
	struct station *m = testbed_guest(tb, "m", .silent = true);
	const int room = 8 * MEGABYTE;
	struct seen seen;
	int monitor;

	testbed_apply(tb, MIRRORED, "");
	monitor = packet_socket(&m->netns, "eth0");
	CHECK(!setsockopt(monitor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)));
	bulk_transfer(&a->netns, &b->netns, "10.7.0.2", 256 * KILOBYTE);
	seen = see_all(a, monitor);
	CHECK_BETWEEN(256 * KILOBYTE, 300 * KILOBYTE, seen.from_a);
	CHECK_BETWEEN(0, KILOBYTE, seen.to_a);
	bulk_transfer(&b->netns, &a->netns, "10.7.0.1", 256 * KILOBYTE);
	seen = see_all(a, monitor);
	CHECK_BETWEEN(256 * KILOBYTE, 300 * KILOBYTE, seen.to_a);
	CHECK_BETWEEN(0, KILOBYTE, seen.from_a);
	close(monitor);
}

/* Every byte is right, and what was counted on the one side was copied. */
TEST(mirror_leaves_tcp_as_it_is)
{
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.1/24", .silent = true);
	struct station *b = testbed_guest(tb, "b", .address = "10.7.0.2/24", .silent = true);

	testbed_guest(tb, "m", .silent = true);
	testbed_apply(tb, MIRRORED, "");
	bulk_transfer(&a->netns, &b->netns, "10.7.0.2", 64 * MEGABYTE);
	bulk_transfer(&b->netns, &a->netns, "10.7.0.1", 64 * MEGABYTE);
	CHECK_TEXT("", testbed_drops(tb, "a"));
	CHECK_TEXT("", testbed_drops(tb, "b"));
	CHECK_TEXT("", testbed_drops(tb, "m"));
	CHECK_EQUAL(testbed_counter(tb, "a", "transmit.packets") +
			    testbed_counter(tb, "a", "receive.packets"),
		testbed_counter(tb, "m", "receive.packets"));
}

/* ---- while traffic flows ---- */

/* a is mirrored to m or n, or to nobody. */
static void mirror_to(struct testbed *tb, const char *where)
{
	testbed_apply(tb,
		PRIVATE_SWITCH "ports:\n"
			       "  a: {switch: s, interface: a%s}\n"
			       "  b: {switch: s, interface: b}\n"
			       "  m: {switch: s, interface: m, vlan: {access: 99}}\n"
			       "  n: {switch: s, interface: n, vlan: {access: 98}}\n",
		where);
}

/* The original comes once, in its order; each copy goes to exactly one of the two monitors. */
TEST_WITHIN(mirror_changes_under_load, 120)
{
	struct station *a = testbed_guest(tb, "a", .silent = true);
	struct station *b = testbed_guest(tb, "b", .silent = true);
	struct station *m = testbed_guest(tb, "m", .silent = true);
	struct station *n = testbed_guest(tb, "n", .silent = true);
	struct stream *stream = stream_new();

	mirror_to(tb, ", mirror: m");
	stream_add(stream, STREAM_ONE, a, a->mac, m, n); /* sent, then dropped: the copy alone */
	stream_start(stream, 0);
	for (int i = 0; i < FLIPS || stream_sent(stream) < FRAMES; i++)
		mirror_to(tb, i & 1 ? ", mirror: m" : ", mirror: n");
	stream_finish(stream);
	stream = stream_new();
	stream_add(stream, STREAM_EACH, a, b->mac, b);
	stream_add(stream, STREAM_EACH, b, a->mac, a);
	stream_start(stream, 0);
	for (int i = 0; i < FLIPS || stream_sent(stream) < FRAMES; i++)
		mirror_to(tb, i & 1 ? "" : ", mirror: n");
	stream_finish(stream);
	CHECK_TEXT("", testbed_drops(tb, "b"));
}

TEST(mirror_outlives_the_agent)
{
	const struct trio t = make_trio(tb, "");
	struct frame frame = frame_new(t.a->mac, MAC_BROADCAST);

	testbed_kill(tb);
	expect_delivery(t.a, &frame, t.b, t.m);
	testbed_start(tb);
	frame = frame_again(frame);
	expect_delivery(t.a, &frame, t.b, t.m);
}

/* XDP would deliver past the mirror. */
TEST(mirror_is_not_passed_by_xdp)
{
	struct station *wire = testbed_guest(tb, "nic0"), *a = testbed_tap(tb, "a");
	struct station *m = testbed_tap(tb, "m");
	struct frame frame;

	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0, xdp: native}}\n"
			  "ports:\n"
			  "  a: {switch: s, interface: a, mirror: m}\n"
			  "  m: {switch: s, interface: m, vlan: {access: 99}}\n");
	testbed_command(tb, "fdb add %s switch s port uplink", mac_text(wire->mac));
	testbed_command(tb, "fdb add %s switch s port a", mac_text(a->mac));
	for (int i = 0; i < 5; i++) {
		frame = frame_ip(wire->mac, a->mac, FRAME_UDP, 200);
		expect_delivery(wire, &frame, a, m);
	}
}

/* ---- configuration ---- */

static long long backlog_needed(struct testbed *tb)
{
	return json_number(testbed_json(tb, "show"), "agent.backlog.needed");
}

/* Room for a flood to a and b, the copy of what a gets and that of what a mirrored sender sends. */
TEST(mirror_needs_room_for_its_copies)
{
	make_trio(tb, "");
	CHECK_EQUAL(2 * (2 + 1 + 1), backlog_needed(tb));
	testbed_command(tb, "port unset a mirror");
	CHECK_EQUAL(2 * 2, backlog_needed(tb));
}

TEST(mirror_is_shown_and_changed_by_command)
{
	const struct trio t = make_trio(tb, "");
	struct frame frame = frame_new(t.a->mac, MAC_BROADCAST);

	CHECK_TEXT("m", testbed_port_text(tb, "a", "mirror"));
	CHECK(!testbed_port_text(tb, "b", "mirror"));
	CHECK_CONTAINS("mirror", testbed_command(tb, "port show a"));
	testbed_command(tb, "port unset a mirror");
	CHECK(!testbed_port_text(tb, "a", "mirror"));
	expect_delivery(t.a, &frame, t.b);
	testbed_command(tb, "port set b mirror m");
	frame = frame_again(frame);
	expect_delivery(t.a, &frame, t.b, t.m);
	CHECK_CONTAINS(
		"which is not there", testbed_command_fails(tb, CONTROL_WRONG, "port del m"));
}

static const struct {
	const char *mirror, *complaint;
} wrong[] = {
	{"a", ":4:3: error: port 'a' is mirrored to itself"},
	{"mm", ":4:3: error: port 'a' is mirrored to the port 'mm', which is not there; did you "
	       "mean 'm'?"},
	{"uplink", "port 'a' is mirrored to the port 'uplink', which is not there"},
	{"c", "port 'a' of switch 's' is mirrored to port 'c' of switch 't'; name a port of the "
	      "same switch"},
	{"b", "port 'a' is mirrored to port 'b', which is mirrored itself"},
	{"a/b", "'a/b' cannot be a name"},
};

TEST(mirror_mistakes_are_named)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *said = testbed_apply_fails(tb, CONTROL_WRONG,
			"switches: {s: {type: private}, t: {type: private}}\n"
			"ports:\n"
			"  a: {switch: s, interface: a, mirror: %s}\n"
			"  b: {switch: s, interface: b, mirror: m}\n"
			"  m: {switch: s, interface: m}\n"
			"  c: {switch: t, interface: c}\n",
			wrong[i].mirror);

		CHECK_CONTAINS(wrong[i].complaint, said);
		CHECK_CONTAINS("1 problem; nothing was applied", said);
	}
}
