// SPDX-License-Identifier: GPL-2.0-only
/* Learned addresses that change their port are told to those who listen. */
#include <string.h>
#include "test/netns/control.h"
#include "test/netns/peer.h"

#define TOLD_MAX 256 /* of one look at the ring */
#define MOVES 600

/* The next event of either kind. */
static json_t *next_event(struct peer *peer, const char *one, const char *other)
{
	for (;;) {
		json_t *event = json_object_get(peer_hear(peer), "parameters");
		const char *name = json_text(event, "event");

		CHECK(name);
		if (strcmp(name, one) == 0 || strcmp(name, other) == 0)
			return event;
	}
}

static void send_from(const struct station *from, const uint8_t *source)
{
	const struct frame frame = frame_new(source, MAC_BROADCAST);

	station_send(from, &frame);
}

TEST(moves_are_told)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct peer *peer = peer_new(tb);
	json_t *event;

	testbed_apply(tb, PRIVATE_SWITCH "ports:\n"
					 "  a: {switch: s, interface: a, vlan: {access: 7}}\n"
					 "  b: {switch: s, interface: b, vlan: {access: 7}}\n");
	CHECK(peer_call(peer, "Monitor", true));
	send_from(a, MAC_UNKNOWN); /* new */
	send_from(a, MAC_UNKNOWN); /* again */
	send_from(b, MAC_UNKNOWN); /* moved */
	event = next_event(peer, "mac_moved", "lost");
	CHECK_TEXT("s", json_text(event, "switch"));
	CHECK_TEXT(mac_text(MAC_UNKNOWN), json_text(event, "mac"));
	CHECK_EQUAL(7, json_number(event, "vlan"));
	CHECK_TEXT("a", json_text(event, "from"));
	CHECK_TEXT("b", json_text(event, "to"));
	CHECK(!peer_speaks(peer, 2000)); /* only that one */
}

/* A guest that flaps doesn't keep the daemon busy; what is not told is counted. */
TEST(moves_of_a_flapping_address_are_bounded)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct peer *peer = peer_new(tb);
	long long told = 0, lost = 0;

	testbed_apply(tb, TWO_PORTS);
	CHECK(peer_call(peer, "Monitor", true));
	for (int i = 0; i <= MOVES; i++)
		send_from(i & 1 ? b : a, MAC_UNKNOWN);
	while (told + lost < MOVES) {
		json_t *event = next_event(peer, "mac_moved", "lost");

		if (strcmp(json_text(event, "event"), "lost") == 0)
			lost += json_number(event, "count");
		else
			told++;
	}
	CHECK_EQUAL(MOVES, told + lost);
	CHECK_BETWEEN(1, 3 * TOLD_MAX - 1, told); /* over one to three seconds */
	CHECK_BETWEEN(1, MOVES, lost);
	CHECK(!peer_speaks(peer, 1500));
}
