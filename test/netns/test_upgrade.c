// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon is killed, ended, exchanged or refused while a million packets pass: none is lost,
 * none comes twice, and counters, ids and MAC tables go on.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "maps/layout.h"
#include "test/netns/control.h"
#include "test/netns/pins.h"
#include "test/netns/stream.h"

#define PACKETS 1000000
#define TIMEOUT_S 180 /* on a busy machine; some 10 s else */
#define ROUNDS 10 /* restarts at least, however fast the packets are */
#define GUESTS 4
#define REFUSED 2 /* exit status */

static const char *const guest_names[GUESTS] = {"a", "b", "c", "d"};

/* A load: who sends to whom, and what all had counted before. */
struct load {
	struct testbed *tb;
	struct station *guests[GUESTS];
	struct stream *stream;
	int from[8], to[8]; /* of each flow: guests; to -1: all others */
	unsigned int flow_count;
	long long sent[GUESTS], received[GUESTS];
	long long ids[GUESTS], switch_id;
};

static void make_guests(struct load *load, struct testbed *tb)
{
	*load = (struct load){.tb = tb, .stream = stream_new()};
	for (int i = 0; i < GUESTS; i++)
		load->guests[i] = testbed_guest(tb, guest_names[i], .silent = true);
	testbed_apply(tb, PRIVATE_SWITCH PORTS_A_AND_B "  c: {switch: s, interface: c}\n"
						       "  d: {switch: s, interface: d}\n");
}

static void add_flow(struct load *load, int from, int to)
{
	struct station *const *guests = load->guests;
	const struct station *others[GUESTS] = {NULL};
	unsigned int count = 0;

	for (int i = 0; i < GUESTS; i++)
		if (to < 0 ? i != from : i == to)
			others[count++] = guests[i];
	stream_add_flow(load->stream, STREAM_EACH, guests[from],
		to < 0 ? MAC_MULTICAST : guests[to]->mac, others);
	load->from[load->flow_count] = from;
	load->to[load->flow_count++] = to;
}

/* Every guest is heard once, so that every address is known. */
static void announce(const struct load *load)
{
	struct stream *stream = stream_new();

	for (int i = 0; i < GUESTS; i++)
		stream_add(stream, STREAM_EACH, load->guests[i], MAC_BROADCAST,
			load->guests[(i + 1) % GUESTS], load->guests[(i + 2) % GUESTS],
			load->guests[(i + 3) % GUESTS]);
	stream_start(stream, 1);
	stream_finish(stream);
}

static void begin(struct load *load)
{
	announce(load);
	load->switch_id = json_number(testbed_switch(load->tb, "s"), "id");
	for (int i = 0; i < GUESTS; i++) {
		json_t *port = testbed_port(load->tb, guest_names[i]);

		load->ids[i] = json_number(port, "id");
		load->sent[i] = json_number(port, "counters.transmit.packets");
		load->received[i] = json_number(port, "counters.receive.packets");
		stream_watch(load->stream, load->guests[i]);
	}
	stream_start(load->stream, 0);
}

/* Another round? */
static bool goes_on(const struct stream *stream, int rounds)
{
	return rounds < ROUNDS || stream_sent(stream) < PACKETS;
}

/* What the streams must have added. */
static void add_expected(struct load *load)
{
	for (unsigned int flow = 0; flow < load->flow_count; flow++) {
		const long long sent = stream_sent_by(load->stream, flow);
		const int to = load->to[flow];

		load->sent[load->from[flow]] += sent;
		for (int i = 0; i < GUESTS; i++)
			if (to < 0 ? i != load->from[flow] : i == to)
				load->received[i] += sent;
	}
}

static void finish(struct load *load)
{
	stream_finish(load->stream);
	add_expected(load);
	CHECK_EQUAL(load->switch_id, json_number(testbed_switch(load->tb, "s"), "id"));
	for (int i = 0; i < GUESTS; i++) {
		json_t *port = testbed_port(load->tb, guest_names[i]);

		CHECK_EQUAL(load->ids[i], json_number(port, "id"));
		CHECK_EQUAL(load->sent[i], json_number(port, "counters.transmit.packets"));
		CHECK_EQUAL(load->received[i], json_number(port, "counters.receive.packets"));
		CHECK_EQUAL(1, json_number(port, "counters.learned")); /* never once more */
		CHECK_TEXT("", testbed_drops(load->tb, guest_names[i]));
		CHECK_TEXT(
			guest_names[i], testbed_entry_port(load->tb, "s", load->guests[i]->mac, 0));
	}
}

TEST_WITHIN(upgrade_kill_and_start_loses_nothing, TIMEOUT_S)
{
	struct load load;
	int kills = 0;

	make_guests(&load, tb);
	add_flow(&load, 0, 1);
	add_flow(&load, 1, 0);
	begin(&load);
	for (; goes_on(load.stream, kills); kills++) {
		testbed_kill(tb);
		test_sleep_ms(50);
		testbed_start(tb);
	}
	finish(&load);
}

/* Killed while it starts, wherever that is: each time a build whose programs aren't in force. */
TEST_WITHIN(upgrade_killed_starts_lose_nothing, TIMEOUT_S)
{
	struct load load;
	int kills = 0;

	make_guests(&load, tb);
	add_flow(&load, 0, 1);
	add_flow(&load, 2, -1);
	begin(&load);
	testbed_kill(tb);
	for (; goes_on(load.stream, kills); kills++) {
		tb->program = kills & 1 ? NULL : "xvswitchd-next";
		testbed_launch(tb);
		test_sleep_ms(1 + 7 * kills % 700);
		testbed_kill(tb);
	}
	tb->program = NULL;
	testbed_start(tb);
	finish(&load);
}

TEST_WITHIN(upgrade_stop_and_start_loses_nothing, TIMEOUT_S)
{
	struct load load;
	int stops = 0;

	make_guests(&load, tb);
	add_flow(&load, 0, 1);
	add_flow(&load, 1, 0);
	begin(&load);
	for (; goes_on(load.stream, stops); stops++) {
		testbed_stop(tb);
		test_sleep_ms(50);
		testbed_start(tb);
	}
	finish(&load);
}

/* ---- other programs ---- */

static const char *const slots[] = {"slots_ingress", "slots_egress", "slots_xdp"};
#define SLOTS (sizeof(slots) / sizeof(slots[0]))

static void read_tags(const struct testbed *tb, uint64_t tags[SLOTS])
{
	for (size_t i = 0; i < SLOTS; i++)
		tags[i] = pin_program_tag(tb, slots[i]);
}

static void restart_as(struct testbed *tb, const char *daemon)
{
	testbed_stop(tb);
	tb->program = daemon;
	testbed_start(tb);
}

/* To the other build and back, until the stream ends. */
static void upgrade_back_and_forth(struct load *load)
{
	uint64_t tags[2][SLOTS], now[SLOTS];
	int upgrades = 0;

	read_tags(load->tb, tags[0]);
	begin(load);
	while (goes_on(load->stream, upgrades)) {
		const bool next = ++upgrades & 1;

		restart_as(load->tb, next ? "xvswitchd-next" : NULL);
		read_tags(load->tb, now);
		if (upgrades == 1)
			memcpy(tags[1], now, sizeof(now));
		for (size_t i = 0; i < SLOTS; i++) {
			CHECK(tags[0][i] != tags[1][i]);
			CHECK(now[i] == tags[next][i]);
		}
	}
	finish(load);
}

TEST_WITHIN(upgrade_to_other_programs_loses_nothing, TIMEOUT_S)
{
	struct load load;

	make_guests(&load, tb);
	add_flow(&load, 0, 1);
	add_flow(&load, 1, 0);
	upgrade_back_and_forth(&load);
}

TEST_WITHIN(upgrade_with_clsact_loses_nothing, TIMEOUT_S)
{
	struct load load;

	testbed_purge(tb);
	tb->hook = "clsact";
	testbed_start(tb);
	make_guests(&load, tb);
	add_flow(&load, 0, 1);
	add_flow(&load, 1, -1);
	upgrade_back_and_forth(&load);
}

/* Copies pass two programs, the one that makes them and the one at their device. */
TEST_WITHIN(upgrade_under_floods_loses_and_doubles_nothing, TIMEOUT_S)
{
	struct load load;

	make_guests(&load, tb);
	add_flow(&load, 0, -1);
	add_flow(&load, 1, -1);
	add_flow(&load, 2, 3);
	upgrade_back_and_forth(&load);
}

/* The third program behind the hooks, which is exchanged too. */
TEST_WITHIN(upgrade_under_xdp_loses_nothing, TIMEOUT_S)
{
	struct station *wire = testbed_guest(tb, "nic0", .silent = true);
	struct station *a = testbed_guest(tb, "a", .silent = true);
	struct stream *stream = stream_new(), *announced = stream_new();
	int upgrades = 0;

	run(&a->netns, "ethtool -K eth0 gro on");
	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0, xdp: native}}\n"
			  "ports: {a: {switch: s, interface: a}}\n");
	stream_add(announced, STREAM_EACH, wire, MAC_BROADCAST, a);
	stream_add(announced, STREAM_EACH, a, MAC_BROADCAST, wire);
	stream_start(announced, 1);
	stream_finish(announced);
	stream_add(stream, STREAM_EACH, wire, a->mac, a);
	stream_add(stream, STREAM_EACH, a, wire->mac, wire);
	stream_start(stream, 0);
	for (; goes_on(stream, upgrades); upgrades++)
		restart_as(tb, upgrades & 1 ? NULL : "xvswitchd-next");
	stream_finish(stream);
	CHECK_TEXT("native", json_text(testbed_switch(tb, "s"), "xdp.attached"));
	CHECK_TEXT("", testbed_drops(tb, "a"));
}

/* ---- the same programs ---- */

static bool are_as_before(const struct testbed *tb, uint32_t ids[SLOTS])
{
	bool same = true;

	for (size_t i = 0; i < SLOTS; i++) {
		uint32_t id = pin_program_id(tb, slots[i]);

		same &= id == ids[i];
		ids[i] = id;
	}
	return same;
}

TEST(upgrade_lets_what_is_in_force_stay)
{
	uint32_t ids[SLOTS] = {0};

	CHECK(!are_as_before(tb, ids));
	restart_as(tb, NULL);
	CHECK(are_as_before(tb, ids));
	testbed_kill(tb);
	testbed_start(tb);
	CHECK(are_as_before(tb, ids));
	restart_as(tb, "xvswitchd-next");
	CHECK(!are_as_before(tb, ids));
	restart_as(tb, "xvswitchd-next");
	CHECK(are_as_before(tb, ids));
}

/* Somebody was at the pins: the programs use other maps than the daemon would, or are gone. */
TEST(upgrade_replaces_what_is_no_longer_whole)
{
	uint32_t ids[SLOTS] = {0};

	are_as_before(tb, ids);
	testbed_stop(tb);
	CHECK_EQUAL(0, unlink(test_text("%s/flows", tb->pins)));
	testbed_start(tb);
	CHECK(!are_as_before(tb, ids));
	testbed_stop(tb);
	pin_delete_element(tb, "slots_xdp", XVS_SLOT_MAIN);
	testbed_start(tb);
	CHECK(!are_as_before(tb, ids));
	restart_as(tb, NULL);
	CHECK(are_as_before(tb, ids));
}

#define WITH_BUDGET(enabled)                                                                       \
	"extensions: {budget: {file: " XVS_TEST_OBJECTS "/budget.bpf.o}}\n"                        \
	"switches: {s: {type: private, extensions: [{name: budget, enabled: " enabled              \
	"}]}}\n" PORTS_A_AND_B

/* The same while the daemon runs: programs that it loads later get the map that is pinned then. */
TEST(upgrade_replaces_what_lost_its_pins_meanwhile)
{
	uint32_t ids[SLOTS] = {0};

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, WITH_BUDGET("off"));
	are_as_before(tb, ids);
	CHECK_EQUAL(0, unlink(test_text("%s/flows", tb->pins)));
	testbed_apply(tb, WITH_BUDGET("on"));
	restart_as(tb, NULL);
	CHECK(!are_as_before(tb, ids));
	restart_as(tb, NULL);
	CHECK(are_as_before(tb, ids)); /* with those of chains */
	testbed_apply(tb, WITH_BUDGET("off"));
	CHECK_EQUAL(0, unlink(test_text("%s/flows", tb->pins)));
	testbed_apply(tb, WITH_BUDGET("on")); /* what chains are made of is there already */
	restart_as(tb, NULL);
	CHECK(!are_as_before(tb, ids));
}

/* ---- refused ---- */

static char *agent_log(const struct testbed *tb)
{
	return run(NULL, "cat %s/" TESTBED_LOG, tb->folder);
}

/* The kernel takes all but the last of its programs. */
TEST_WITHIN(upgrade_that_the_kernel_refuses_changes_nothing, TIMEOUT_S)
{
	uint64_t before[SLOTS], after[SLOTS];
	const char *pins;
	struct load load;
	int tries = 0;

	make_guests(&load, tb);
	add_flow(&load, 0, 1);
	add_flow(&load, 2, -1);
	read_tags(tb, before);
	begin(&load);
	testbed_stop(tb);
	pins = run(NULL, "sh -c 'cd %s && find . | sort'", tb->pins);
	tb->program = "xvswitchd-refused";
	for (; goes_on(load.stream, tries); tries++) {
		CHECK_EQUAL(REFUSED, testbed_start_fails(tb));
		read_tags(tb, after);
		CHECK(memcmp(before, after, sizeof(before)) == 0);
		CHECK_TEXT(pins, run(NULL, "sh -c 'cd %s && find . | sort'", tb->pins));
	}
	CHECK_CONTAINS("the kernel refuses", agent_log(tb));
	CHECK_CONTAINS("those of the earlier run stay", agent_log(tb));
	tb->program = NULL;
	testbed_start(tb);
	finish(&load);
}

/* Nothing to be upgraded: nothing may be left of a first start either. */
TEST(upgrade_refused_at_first_leaves_no_pin)
{
	testbed_purge(tb);
	tb->program = "xvswitchd-refused";
	CHECK_EQUAL(REFUSED, testbed_start_fails(tb));
	CHECK_TEXT("", run(NULL, "find %s ! -type d", tb->pins));
	tb->program = NULL;
	testbed_start(tb);
}

TEST_WITHIN(upgrade_to_an_unknown_layout_is_refused, TIMEOUT_S)
{
	struct load load;

	make_guests(&load, tb);
	add_flow(&load, 0, 1);
	add_flow(&load, 1, 0);
	begin(&load);
	testbed_stop(tb);
	pin_set_layout_version(tb, 77);
	for (int tries = 0; goes_on(load.stream, tries); tries++)
		CHECK_EQUAL(REFUSED, testbed_start_fails(tb));
	CHECK_CONTAINS("have layout version 77", agent_log(tb));
	CHECK_CONTAINS("remove them with: xvswitchd --purge", agent_log(tb));
	stream_finish(load.stream);
	testbed_purge(tb);
}

/* Filters don't go with the pins, and would drop every frame without them. */
TEST(purge_of_an_unknown_layout_takes_the_filters_off)
{
	static const char show[] = "tc filter show dev a ingress";
	struct testbed *other = testbed_beside(tb);
	struct station *a, *b;
	struct frame frame;

	tb->hook = other->hook = "clsact";
	testbed_purge(tb);
	testbed_start(tb);
	testbed_start(other);
	testbed_guest(tb, "a");
	a = testbed_guest(other, "c");
	b = testbed_guest(other, "d");
	testbed_apply(tb, TWO_PORTS);
	testbed_apply(other, PRIVATE_SWITCH "ports:\n"
					    "  c: {switch: s, interface: c}\n"
					    "  d: {switch: s, interface: d}\n");
	CHECK_CONTAINS("xvs_in", run(&tb->host, show));
	testbed_stop(tb);
	pin_set_layout_version(tb, 77);
	testbed_purge(tb);
	CHECK(!strstr(run(&tb->host, show), "xvs_in"));
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b); /* the neighbour's stay */
	run(&tb->host, "tc qdisc del dev a clsact"); /* whose it was is not known */
}

/* Of the same version, but a map is not as it must be. */
TEST(upgrade_with_a_changed_map_is_refused)
{
	const char *path = test_text("%s/drops", tb->pins);

	testbed_stop(tb);
	CHECK_EQUAL(0, unlink(path));
	pin_foreign_map(path);
	CHECK_EQUAL(REFUSED, testbed_start_fails(tb));
	CHECK_CONTAINS("/drops differs from the map", agent_log(tb));
	CHECK_CONTAINS("xvswitchd --purge", agent_log(tb));
	testbed_purge(tb);
}

/* As from a build that did not have it. */
TEST(upgrade_makes_a_map_that_is_new)
{
	struct load load;

	make_guests(&load, tb);
	testbed_stop(tb);
	CHECK_EQUAL(0, unlink(test_text("%s/events", tb->pins)));
	testbed_start(tb);
	CHECK_EQUAL(0, access(test_text("%s/events", tb->pins), F_OK));
	announce(&load);
}

/* ---- MAC tables: whatever a killed daemon left, its successor finds its way ---- */

struct lab {
	struct station *a, *b;
	const char *folder, *table, *next;
};

/* Switch 1, with the addresses of a and b learned; the daemon ended. */
static struct lab leave_a_table(struct testbed *tb)
{
	struct lab lab = {
		.a = testbed_guest(tb, "a"),
		.b = testbed_guest(tb, "b"),
		.folder = test_text("%s/tables", tb->pins),
	};
	struct frame frame;

	lab.table = test_text("%s/fdb_1", lab.folder);
	lab.next = test_text("%s/fdb_1_next", lab.folder);
	testbed_apply(tb, TWO_PORTS);
	frame = frame_new(lab.a->mac, MAC_BROADCAST);
	expect_delivery(lab.a, &frame, lab.b);
	frame = frame_new(lab.b->mac, MAC_BROADCAST);
	expect_delivery(lab.b, &frame, lab.a);
	CHECK_EQUAL(0, access(lab.table, F_OK));
	testbed_stop(tb);
	return lab;
}

/* Started again: one table, pinned, in use, and with what was learned. */
static void check_table(struct testbed *tb, const struct lab *lab)
{
	struct frame frame = frame_new(lab->a->mac, lab->b->mac);

	testbed_start(tb);
	CHECK_TEXT("fdb_1\n", run(NULL, "ls %s", lab->folder));
	CHECK_TEXT("a", testbed_entry_port(tb, "s", lab->a->mac, 0));
	expect_delivery(lab->a, &frame, lab->b);
	CHECK_EQUAL(1, testbed_counter(tb, "a", "learned"));
	CHECK_EQUAL(1, testbed_counter(tb, "a", "flooded"));
}

TEST(table_pinned_under_its_next_name_is_adopted)
{
	const struct lab lab = leave_a_table(tb);

	CHECK_EQUAL(0, rename(lab.table, lab.next)); /* killed after the array was written */
	check_table(tb, &lab);
}

TEST(table_that_no_packet_found_yet_is_removed)
{
	const struct lab lab = leave_a_table(tb);

	pin_foreign_map(lab.next); /* killed before the array was written */
	pin_foreign_map(test_text("%s/fdb_7", lab.folder)); /* of a switch without a name */
	check_table(tb, &lab);
}

TEST(table_that_fell_out_of_the_array_returns)
{
	const struct lab lab = leave_a_table(tb);

	pin_delete_element(tb, "fdb", 1);
	check_table(tb, &lab);
}

/* Nobody can open it any more: addresses are learned again. */
TEST(table_that_somebody_unpinned_is_replaced)
{
	const struct lab lab = leave_a_table(tb);
	struct frame frame = frame_new(lab.a->mac, lab.b->mac);

	CHECK_EQUAL(0, unlink(lab.table));
	testbed_start(tb);
	CHECK_CONTAINS("is not pinned any more", agent_log(tb));
	CHECK_TEXT("fdb_1\n", run(NULL, "ls %s", lab.folder));
	expect_delivery(lab.a, &frame, lab.b);
	CHECK_TEXT("a", testbed_entry_port(tb, "s", lab.a->mac, 0));
}

TEST(table_goes_with_its_switch)
{
	const struct lab lab = leave_a_table(tb);

	testbed_start(tb);
	testbed_apply(tb, "switches: {}\n");
	CHECK_TEXT("", run(NULL, "ls %s", lab.folder));
}
