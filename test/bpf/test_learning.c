// SPDX-License-Identifier: GPL-2.0-only
/* TC ingress: the MAC table, and what it does to where frames go. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <bpf/libbpf.h>
#include "test/bpf/run.h"

TestSuite(learning, .init = run_open, .fini = run_close);

#define LIMIT 2

/* A frame of `source` to a known address; it must get there whatever is learned. */
static void send(enum port from, const uint8_t *source, struct tag tag, struct outcome *ret)
{
	enum port to = from == B ? A : from == TRUNK ? NATIVE : from == STRANGER ? STRANGER : B;
	struct frame frame = {source, STATION(to), EXPERIMENTAL, {tag}, 0};

	run_frame(INGRESS, from, &frame, BESIDE, ret);
}

static void check_entry(const char *what, const uint8_t *mac, uint16_t vlan, uint32_t port)
{
	struct xvs_fdb_entry entry;
	uint64_t age;

	cr_assert(world_fdb_get(SWITCH, mac, vlan, &entry), "%s: not in the table", what);
	age = world_now() - entry.seen_ns;
	cr_expect_eq(entry.port, port, "%s: port %u", what, entry.port);
	cr_expect_eq(entry.flags, 0, "%s: flags 0x%x", what, entry.flags);
	cr_expect_lt(age, NANOSECONDS, "%s: %lu ns old", what, age);
	cr_expect_arr_eq(entry.key.mac, mac, XVS_MAC_SIZE, "%s: the key's copy", what);
	cr_expect_eq(entry.key.vlan, vlan, "%s: the key's copy", what);
}

static void check_learned(const char *what, const struct outcome *got, enum port port,
	uint64_t learned, uint64_t not_learned, uint32_t state)
{
	cr_expect_eq(got->change.counters[port].learned, learned, "%s: learned", what);
	cr_expect_eq(got->change.counters[port].not_learned, not_learned, "%s: not learned", what);
	cr_expect_eq(world.loader.tables.port_state[port].learned, state, "%s: state %u", what,
		world.loader.tables.port_state[port].learned);
}

Test(learning, appears_and_moves)
{
	struct outcome got;

	send(A, GUEST(1), (struct tag){}, &got);
	check_sent("new", &got, B);
	check_entry("new", GUEST(1), 0, A);
	check_learned("new", &got, A, 1, 0, 1);

	send(A, GUEST(1), (struct tag){}, &got);
	check_learned("again", &got, A, 0, 0, 1);

	send(B, GUEST(1), (struct tag){}, &got);
	check_sent("moved", &got, A);
	check_entry("moved", GUEST(1), 0, B);
	check_learned("moved, its port", &got, B, 1, 0, 1);
	check_learned("moved, from", &got, A, 0, 0, 0);
}

Test(learning, per_vlan)
{
	const uint16_t vlans[] = {10, 20};
	struct xvs_fdb_entry entry;
	struct outcome got;

	for (size_t i = 0; i < sizeof(vlans) / sizeof(*vlans); i++) {
		send(TRUNK, GUEST(1), (struct tag)Q(vlans[i]), &got);
		check_sent("VLAN", &got, NATIVE);
		check_entry("VLAN", GUEST(1), vlans[i], TRUNK);
		check_learned("VLAN", &got, TRUNK, 1, 0, i + 1);
	}
	cr_expect_not(world_fdb_get(SWITCH, GUEST(1), 0, &entry));
}

/* The VLANs of a private VLAN have their addresses in common, also those that come tagged. */
Test(learning, in_the_primary_vlan)
{
	static const struct {
		const char *name;
		enum port from, to; /* who learns; who sends to the address then */
		struct tag tag, tag_back;
		bool arrives;
	} rows[] = {
		{"isolated", ISOLATED, PROMISCUOUS, {}, {}, true},
		{"community", COMMUNITY, PROMISCUOUS, {}, {}, true},
		{"promiscuous", PROMISCUOUS, ISOLATED, {}, {}, true},
		{"isolated on the wire", UPLINK, PROMISCUOUS, Q(ISOLATED_VLAN), {}, true},
		{"community on the wire", UPLINK, COMMUNITY, Q(COMMUNITY_VLAN), {}, true},
		{"promiscuous on the wire", UPLINK, ISOLATED, Q(PRIMARY), {}, true},
		{"isolated, from the wire", ISOLATED, UPLINK, {}, Q(PRIMARY), true},
		{"isolated, from isolated on the wire", ISOLATED, UPLINK, {}, Q(ISOLATED_VLAN),
			false},
	};
	struct xvs_fdb_entry entry;
	struct outcome got;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct frame frame = {
			STATION(rows[i].to), GUEST(1), EXPERIMENTAL, {rows[i].tag_back}, 0};

		send(rows[i].from, GUEST(1), rows[i].tag, &got);
		check_entry(rows[i].name, GUEST(1), PRIMARY, rows[i].from);
		cr_expect_not(world_fdb_get(SWITCH, GUEST(1), ISOLATED_VLAN, &entry));
		run_frame(INGRESS, rows[i].to, &frame, BESIDE, &got);
		cr_expect_eq(
			got.change.counters[rows[i].to].flooded_packets, 0, "%s", rows[i].name);
		if (rows[i].arrives)
			check_sent(rows[i].name, &got, rows[i].from);
		else
			check_verdict(rows[i].name, &got, TC_ACT_SHOT);
		world_fdb_remove(SWITCH, GUEST(1), PRIMARY);
	}
}

/* An address that is learned is known: no flood, until it has been silent for too long. */
Test(learning, is_used_and_ages)
{
	static const struct {
		const char *name;
		uint32_t flags;
		uint64_t age_s;
		bool known;
	} ages[] = {
		{"fresh", 0, 0, true},
		{"nearly too old", 0, AGEING_S - 1, true},
		{"too old", 0, AGEING_S + 1, false},
		{"static", XVS_FDB_STATIC, AGEING_S + 1, true},
	};
	struct frame frame = {STATION(A), GUEST(1), EXPERIMENTAL, {}, 0};
	struct outcome got;

	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		world_fdb_set(SWITCH, GUEST(1), 0, B, ages[i].flags, ages[i].age_s * NANOSECONDS);
		run_frame(INGRESS, A, &frame, IN_PACKET, &got);
		check_sent(ages[i].name, &got, ages[i].known ? B : UPLINK);
		cr_expect_eq(
			got.change.counters[A].flooded_packets, !ages[i].known, "%s", ages[i].name);
	}
}

/* The entry is written at most once a second, or all CPUs would fight for it. */
Test(learning, refresh)
{
	static const struct {
		uint64_t age_ms;
		bool written;
	} ages[] = {{0, false}, {500, false}, {700, false}, {1020, true}, {AGEING_S * 2000, true}};
	struct xvs_fdb_entry before, after;
	struct outcome got;

	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		world_fdb_set(SWITCH, GUEST(1), 0, A, 0, ages[i].age_ms * 1000000);
		cr_assert(world_fdb_get(SWITCH, GUEST(1), 0, &before));
		send(A, GUEST(1), (struct tag){}, &got);
		cr_assert(world_fdb_get(SWITCH, GUEST(1), 0, &after));
		cr_expect_eq(before.seen_ns != after.seen_ns, ages[i].written, "after %lu ms",
			ages[i].age_ms);
		check_entry("refresh", GUEST(1), 0, ages[i].written ? A : after.port);
		check_learned("refresh", &got, A, 0, 0, 0);
	}
}

/* Beyond the limit frames go on as before; moves count like new addresses. */
Test(learning, limit)
{
	struct xvs_fdb_entry entry;
	struct outcome got;

	world.ports[A].learning_limit = LIMIT;
	world_publish();
	for (int i = 1; i <= LIMIT; i++) {
		send(A, GUEST(i), (struct tag){}, &got);
		check_learned("below the limit", &got, A, 1, 0, i);
	}
	send(A, GUEST(LIMIT + 1), (struct tag){}, &got);
	check_sent("at the limit", &got, B);
	check_learned("at the limit", &got, A, 0, 1, LIMIT);
	cr_expect_not(world_fdb_get(SWITCH, GUEST(LIMIT + 1), 0, &entry));

	send(B, GUEST(LIMIT + 1), (struct tag){}, &got);
	send(A, GUEST(LIMIT + 1), (struct tag){}, &got);
	check_learned("move to a port at its limit", &got, A, 0, 1, LIMIT);
	check_entry("move to a port at its limit", GUEST(LIMIT + 1), 0, B);

	send(B, GUEST(1), (struct tag){}, &got);
	check_learned("moved away", &got, A, 0, 0, LIMIT - 1);
	send(A, GUEST(LIMIT + 2), (struct tag){}, &got);
	check_learned("room again", &got, A, 1, 0, LIMIT);
}

/* STRANGER's switch has the smallest table there is. Its own address is in it already. */
Test(learning, full_table)
{
	struct xvs_fdb_entry entry;
	struct outcome got;
	int i;

	for (i = 1; i < XVS_FDB_SIZE_MIN; i++) {
		send(STRANGER, GUEST(i), (struct tag){}, &got);
		check_learned("room", &got, STRANGER, 1, 0, i);
	}
	send(STRANGER, GUEST(i), (struct tag){}, &got);
	check_learned("full", &got, STRANGER, 0, 1, XVS_FDB_SIZE_MIN - 1);
	cr_expect_eq(got.change.drops[STRANGER][XVS_DROP_same_port], 1, "full: goes on");
	cr_expect_not(world_fdb_get(SWITCH_B, GUEST(i), 0, &entry));

	world_fdb_remove(SWITCH_B, GUEST(1), 0);
	send(STRANGER, GUEST(i), (struct tag){}, &got);
	check_learned("room again", &got, STRANGER, 1, 0, XVS_FDB_SIZE_MIN);
}

/* Addresses that stand for good: who may send from them, and that no frame changes them. */
Test(learning, permanent)
{
	static const struct {
		const char *name;
		enum port from, owner;
		uint16_t vlan;
		uint32_t flags;
	} entries[] = {
		{"static, from its port", A, A, 0, XVS_FDB_STATIC},
		{"static, from another", A, B, 0, XVS_FDB_STATIC},
		{"static in another VLAN only", A, B, 10, XVS_FDB_STATIC},
		{"assigned, from its port", A, A, XVS_FDB_ANY_VLAN, XVS_FDB_ASSIGNED},
		{"assigned, from another", A, B, XVS_FDB_ANY_VLAN, XVS_FDB_ASSIGNED},
		{"assigned, from the wire", UPLINK, B, XVS_FDB_ANY_VLAN, XVS_FDB_ASSIGNED},
	};

	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		const uint8_t *mac = GUEST(1);
		bool concerns = entries[i].vlan != 10;
		bool taken = concerns && entries[i].from != entries[i].owner;
		struct xvs_fdb_entry before, after;
		struct outcome got;

		world_fdb_set(SWITCH, mac, entries[i].vlan, entries[i].owner, entries[i].flags,
			2 * NANOSECONDS);
		cr_assert(world_fdb_get(SWITCH, mac, entries[i].vlan, &before));
		send(entries[i].from, mac, (struct tag){}, &got);
		cr_assert(world_fdb_get(SWITCH, mac, entries[i].vlan, &after));
		cr_expect_arr_eq(&before, &after, sizeof(before), "%s", entries[i].name);
		cr_expect_eq(got.change.drops[entries[i].from][XVS_DROP_mac_taken], taken, "%s",
			entries[i].name);
		cr_expect_eq(got.change.counters[entries[i].from].learned, !concerns, "%s",
			entries[i].name);
		world_fdb_remove(SWITCH, mac, entries[i].vlan);
		if (!concerns)
			world_fdb_remove(SWITCH, mac, 0);
	}
}

/* A frame that is not let in teaches nothing. */
Test(learning, not_from_drops)
{
	const struct frame frames[] = {
		{GUEST(1), STATION(B), EXPERIMENTAL, {Q(10)}, 0},
		{GUEST(1), STATION(B), EXPERIMENTAL, {AD(10)}, 0},
		{GUEST(1), RESERVED(1), EXPERIMENTAL, {}, 0},
		{GUEST(1), STATION(B), CUT_TAG, {}, 14},
		{BROADCAST, STATION(B), EXPERIMENTAL, {}, 0},
	};
	uint64_t digest = world_fdb_digest();
	struct outcome got;

	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		run_frame(INGRESS, A, &frames[i], BESIDE, &got);
		check_verdict("drop", &got, TC_ACT_SHOT);
		cr_expect_eq(world_fdb_digest(), digest, "frame %zu", i);
	}
}

static struct xvs_mac_moved told; /* the last one that was read */

static unsigned int read_events(void)
{
	return run_read_events(XVS_EVENT_MAC_MOVED, &told, sizeof(told));
}

/* A move is told; what is new, refreshed, refused or not to be moved is not. */
Test(learning, tells_moves_only)
{
	struct xvs_fdb_key key = {.vlan = 0};
	struct outcome got;

	memcpy(key.mac, GUEST(1), XVS_MAC_SIZE);
	send(A, GUEST(1), (struct tag){}, &got);
	send(A, GUEST(1), (struct tag){}, &got);
	world_fdb_set(SWITCH, GUEST(1), 0, A, 0, 2 * NANOSECONDS);
	send(A, GUEST(1), (struct tag){}, &got); /* refreshed */
	cr_expect_eq(read_events(), 0, "told of an address that stays");

	send(B, GUEST(1), (struct tag){}, &got);
	cr_assert_eq(read_events(), 1);
	cr_expect_eq(told.kind, XVS_EVENT_MAC_MOVED);
	cr_expect_eq(told.switch_id, SWITCH);
	cr_expect_eq(told.from, A);
	cr_expect_eq(told.to, B);
	cr_expect_arr_eq(&told.key, &key, sizeof(key));

	world.ports[A].learning_limit = 1;
	world_publish();
	send(A, GUEST(2), (struct tag){}, &got);
	send(A, GUEST(1), (struct tag){}, &got); /* refused by the limit */
	send(B, STATION(A), (struct tag){}, &got); /* taken */
	cr_expect_eq(read_events(), 0, "told, but nothing moved");
}

/* The ring has an end; what it could not hold is counted. */
Test(learning, moves_without_room_are_counted)
{
	const struct xvs_control *control = world.loader.tables.control;
	unsigned int moves = XVS_EVENTS_SIZE / sizeof(struct xvs_mac_moved), read;
	struct outcome got;

	send(A, GUEST(1), (struct tag){}, &got);
	for (unsigned int i = 0; i < moves; i++)
		send(i & 1 ? A : B, GUEST(1), (struct tag){}, &got);
	cr_expect_gt(control->events_lost, 0);
	read = read_events();
	cr_expect_gt(read, moves / 2, "only %u read", read);
	cr_expect_eq(read + control->events_lost, moves, "%u read, %u lost, %u moves", read,
		control->events_lost, moves);
}
