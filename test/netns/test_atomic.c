// SPDX-License-Identifier: GPL-2.0-only
/*
 * A change of many ports is one change: policies are exchanged a thousand times under load, and
 * each frame sees the one or the other, never a bit of both.
 *
 *	policy 0    VLAN 10: a b    VLAN 20: c d    VLAN 30: e f g
 *	policy 1    VLAN 10: a d    VLAN 20: c b    VLAN 30: e f g
 */
#include "test/netns/control.h"
#include "test/netns/peer.h"
#include "test/netns/stream.h"

#define FLIPS 1000 /* at least, and so many frames */
#define FRAMES 500000
#define TIMEOUT_S 180 /* on a busy machine */

enum { A, B, C, D, E, F, G, GUESTS };

static const char *policy(unsigned int number)
{
	return test_text("version: 1\n"
			 "switches: {s: {type: private}}\n"
			 "ports:\n"
			 "  a: {switch: s, interface: a, vlan: {access: 10}}\n"
			 "  b: {switch: s, interface: b, vlan: {access: %d}}\n"
			 "  c: {switch: s, interface: c, vlan: {access: 20}}\n"
			 "  d: {switch: s, interface: d, vlan: {access: %d}}\n"
			 "  e: {switch: s, interface: e, vlan: {access: 30}}\n"
			 "  f: {switch: s, interface: f, vlan: {access: 30}}\n"
			 "  g: {switch: s, interface: g, vlan: {access: 30}}\n",
		number ? 20 : 10, number ? 10 : 20);
}

/* A call of the control protocol that applies `text`. */
static char *apply_call(const char *text)
{
	json_t *call = json_pack("{s:s, s:{s:[{s:s, s:s}]}}", "method", "org.xvswitch.Apply",
		"parameters", "files", "name", "policy", "text", text);
	char *bytes = json_dumps(call, JSON_COMPACT);

	CHECK(bytes);
	json_decref(call);
	return bytes;
}

/* On one connection: a process for each change would take most of the time. */
static void apply(struct peer *peer, const char *call)
{
	json_t *reply;

	CHECK(peer_say(peer, call));
	reply = peer_hear(peer);
	if (!reply || json_object_get(reply, "error"))
		FAIL("expected Apply to succeed, got %s",
			reply ? json_dumps(reply, 0) : "no answer");
	json_decref(reply);
}

static long long generation(struct testbed *tb)
{
	return json_number(testbed_json(tb, "show"), "agent.generation");
}

static struct stream *add_load(struct station *const g[GUESTS])
{
	struct stream *stream = stream_new();

	/* each policy has exactly one other station in the VLAN */
	stream_add(stream, STREAM_ONE, g[A], MAC_BROADCAST, g[B], g[D]);
	stream_add(stream, STREAM_ONE, g[C], MAC_BROADCAST, g[B], g[D]);
	stream_add(stream, STREAM_ONE, g[B], MAC_BROADCAST, g[A], g[C]);
	stream_add(stream, STREAM_ONE, g[D], MAC_BROADCAST, g[A], g[C]);
	/* an address may have been learned in the VLAN it is no longer in */
	stream_add(stream, STREAM_AT_MOST_ONE, g[A], g[B]->mac, g[B], g[D]);
	stream_add(stream, STREAM_AT_MOST_ONE, g[A], g[C]->mac, g[B], g[D]);
	stream_add(stream, STREAM_AT_MOST_ONE, g[C], g[D]->mac, g[B], g[D]);
	stream_add(stream, STREAM_AT_MOST_ONE, g[C], g[A]->mac, g[B], g[D]);
	/* and nobody else notices */
	stream_add(stream, STREAM_EACH, g[E], g[F]->mac, g[F]);
	stream_add(stream, STREAM_EACH, g[F], g[E]->mac, g[E]);
	stream_add(stream, STREAM_EACH, g[E], MAC_BROADCAST, g[F], g[G]);
	return stream;
}

/* The addresses of e, f and g become known. */
static void announce(struct station *const g[GUESTS])
{
	struct stream *stream = stream_new();

	stream_add(stream, STREAM_EACH, g[E], MAC_BROADCAST, g[F], g[G]);
	stream_add(stream, STREAM_EACH, g[F], MAC_BROADCAST, g[E], g[G]);
	stream_add(stream, STREAM_EACH, g[G], MAC_BROADCAST, g[E], g[F]);
	stream_start(stream, 1);
	stream_finish(stream);
}

static void flip_under_load(struct testbed *tb)
{
	static const char *const names[GUESTS] = {"a", "b", "c", "d", "e", "f", "g"};
	const char *const calls[] = {apply_call(policy(0)), apply_call(policy(1))};
	struct station *guests[GUESTS];
	struct stream *stream;
	long long before, flips = 0;
	struct peer *peer;

	for (int i = 0; i < GUESTS; i++)
		guests[i] = testbed_guest(tb, names[i], .silent = true);
	peer = peer_new(tb);
	apply(peer, calls[0]);
	announce(guests);
	before = generation(tb);
	stream = add_load(guests);
	stream_start(stream, 0);
	for (; flips < FLIPS || stream_sent(stream) < FRAMES; flips++)
		apply(peer, calls[~flips & 1]);
	stream_finish(stream);
	peer_end(peer);
	CHECK_EQUAL(before + flips, generation(tb));
	for (int i = E; i < GUESTS; i++)
		CHECK_TEXT("", testbed_drops(tb, names[i]));
}

TEST_WITHIN(atomic_flips_under_load, TIMEOUT_S)
{
	flip_under_load(tb);
}

TEST_WITHIN(atomic_flips_under_load_with_clsact, TIMEOUT_S)
{
	testbed_purge(tb);
	tb->hook = "clsact";
	testbed_start(tb);
	flip_under_load(tb);
}
