// SPDX-License-Identifier: GPL-2.0-only
/*
 * An attacker with scapy: what spoof.py makes, plain, behind tags and extension headers and in
 * fragments, behind a port with all guards and behind one without any.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/netns/control.h"

#define ATTACK_MAX 2048 /* bytes of a frame */
#define PYTHON "/usr/bin/python3" /* Debian's, which has Debian's scapy */
#define GUARDED                                                                                    \
	", mac: '%s', security: {dhcp-guard: on, router-guard: on, address-guard: on, "            \
	"addresses: [10.7.0.1, '2001:db8::1', 'fe80::1']}"

/* Both see tags: what is behind them must not hide. */
static void apply_trunks(struct testbed *tb, const char *more_a)
{
	testbed_apply(tb,
		PRIVATE_SWITCH "ports:\n"
			       "  a: {switch: s, interface: a, vlan: {trunk: all}%s}\n"
			       "  b: {switch: s, interface: b, vlan: {trunk: all}}\n",
		more_a);
}

struct attack {
	struct attack *next;
	char name[64], reason[32]; /* "-": harmless */
	uint8_t bytes[ATTACK_MAX];
	size_t size;
	unsigned int arrived; /* at the other guest */
};

static struct attack *parse_attack(const char *line)
{
	struct attack *x = calloc(1, sizeof(*x));
	int used = 0;

	CHECK(sscanf(line, "%63s %31s %n", x->name, x->reason, &used) == 2);
	for (line += used; sscanf(line, "%2hhx", &x->bytes[x->size]) == 1; line += 2)
		CHECK(++x->size < ATTACK_MAX);
	return x;
}

/* In the order of the lines. */
static struct attack *make_attacks(const struct station *from)
{
	char *rest = run(NULL, PYTHON " %s/test/netns/spoof.py %s", XVS_SOURCE_DIR,
		     mac_text(from->mac)),
	     *line;
	struct attack *first = NULL, **last = &first;

	while ((line = strsep(&rest, "\n")) && *line) {
		*last = parse_attack(line);
		last = &(*last)->next;
	}
	return first;
}

/* Reads what the other guest has got. */
static void look(struct station *at, struct attack *attacks)
{
	static uint8_t bytes[FRAME_SIZE_MAX];
	struct virtio_net_hdr header;
	ssize_t size;

	while ((size = station_read(at, &header, bytes)) >= 0)
		for (struct attack *x = attacks; x; x = x->next)
			if ((size_t)size == x->size && !memcmp(bytes, x->bytes, size))
				x->arrived++;
}

/* Each frame arrives, but those that are dropped for the reason that the document has. */
static void attack(struct testbed *tb, bool guarded, struct attack *attacks,
	const struct station *from, struct station *to)
{
	for (struct attack *x = attacks; x; x = x->next) {
		const bool passes = !guarded || !strcmp(x->reason, "-");
		const long long before = passes ? 0 : testbed_drop_count(tb, "a", x->reason);
		const long long end = test_clock_ms() + SOON_MS;
		bool done = false;

		x->arrived = 0;
		station_send_bytes(from, x->bytes, x->size);
		while (!done && test_clock_ms() < end) {
			look(to, attacks);
			done = passes ? x->arrived
				      : testbed_drop_count(tb, "a", x->reason) == before + 1;
		}
		if (!done)
			FAIL("%s, expected it to %s, got drops %s", x->name,
				passes ? "arrive" : test_text("be %s", x->reason),
				testbed_drops(tb, "a"));
	}
	look(to, attacks);
	for (struct attack *x = attacks; x; x = x->next)
		if (guarded && strcmp(x->reason, "-") && x->arrived)
			FAIL("%s, expected it nowhere, got it at the other guest", x->name);
}

/* What the victim believes: whose address a gateway's is. */
#define BELIEVES_GATEWAY "02:00:00:00:00:99"

static char *neighbour(const struct station *at, const char *address)
{
	return run(&at->netns, "ip neighbour show dev eth0 to %s", address);
}

TEST_WITHIN(spoofed_frames_meet_the_guards, 120)
{
	struct station *a = testbed_guest(tb, "a"), *b;
	struct attack *attacks;
	const char *drops;

	b = testbed_guest(tb, "b", .address = "10.7.0.2/24 2001:db8::2/64", .ipv6 = true);
	need_success("scapy", PYTHON " -c 'import scapy'");
	netns_ip(&b->netns,
		"neighbour replace 10.7.0.99 lladdr " BELIEVES_GATEWAY " dev eth0 nud stale\n"
		"neighbour replace 2001:db8::99 lladdr " BELIEVES_GATEWAY " dev eth0 nud stale\n");
	attacks = make_attacks(a);
	apply_trunks(tb, test_text(GUARDED, mac_text(a->mac)));
	drops = testbed_drops(tb, "b"); /* of what it sent before it was connected */
	attack(tb, true, attacks, a, b);
	CHECK_CONTAINS(BELIEVES_GATEWAY, neighbour(b, "10.7.0.99"));
	CHECK_CONTAINS(BELIEVES_GATEWAY, neighbour(b, "2001:db8::99"));
	apply_trunks(tb, "");
	attack(tb, false, attacks, a, b);
	CHECK_CONTAINS(mac_text(a->mac), neighbour(b, "10.7.0.99"));
	CHECK_CONTAINS(mac_text(a->mac), neighbour(b, "2001:db8::99"));
	CHECK_TEXT(drops, testbed_drops(tb, "b"));
}
