// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extensions on a running switch: their order on each way, what each kind may do, and that changes
 * cost no frame. The extensions are those of test/extension/trace.bpf.c.
 */
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "test/netns/control.h"
#include "test/netns/stream.h"

#define LETTERS                                                                                    \
	40 /* where a frame has the letters that filters have written: their number first          \
	    */
#define LETTERS_MAX 15 /* as there */
#define CHANGES 1000 /* under load */
#define FRAMES 200000

#define OBJECT(kind) XVS_TEST_OBJECTS "/trace_" #kind ".bpf.o"
#define INSTALLED                                                                                  \
	"extensions:\n"                                                                            \
	"  cap1: {file: " OBJECT(capture) "}\n  cap2: {file: " OBJECT(                             \
		capture) "}\n"                                                                     \
			 "  fil1: {file: " OBJECT(filter) "}\n  fil2: {file: " OBJECT(             \
				 filter) "}\n"                                                     \
					 "  fw1: {file: " OBJECT(                                  \
						 firewall) "}\n  fw2: "                            \
							   "{file: " OBJECT(                       \
								   firewall) "}\n"                 \
									     "  "                  \
									     "fwd"                 \
									     ": "                  \
									     "{fi"                 \
									     "le:"                 \
									     " " OBJECT(           \
										     forwarding) "}\n"
/* In an order that is not that of the kinds. */
#define USED                                                                                       \
	"  - {name: fw1, enabled: %1$s}\n"                                                         \
	"  - {name: fil1, enabled: %1$s, settings: {letter: 49}}\n"                                \
	"  - {name: cap1, enabled: %1$s}\n"                                                        \
	"  - {name: cap2, enabled: %1$s}\n"                                                        \
	"  - {name: fil2, enabled: %1$s, settings: {letter: 50}}\n"                                \
	"  - {name: fw2, enabled: %1$s}\n"
#define ALL_USED "switches:\n s:\n  type: private\n  extensions:\n" USED

/* ---- what an extension has seen ---- */

struct seen {
	uint64_t when, letters, frames; /* as in trace.bpf.c */
};

static struct seen seen_by(struct testbed *tb, const char *name, uint32_t direction)
{
	struct seen seen = {0};
	int map = bpf_obj_get(test_text("%s/extensions/s:%s/seen", tb->pins, name));

	if (map < 0)
		FAIL("%s has no map `seen`", name);
	CHECK_EQUAL(0, bpf_map_lookup_elem(map, &direction, &seen));
	close(map);
	return seen;
}

static const char *letters_of(const struct station *at, const struct frame *frame)
{
	const struct arrival *arrival = station_arrival(at, frame->marker);

	if (!arrival || arrival->size < LETTERS + 8)
		FAIL("%s got no such frame", at->name);
	if (arrival->bytes[LETTERS] > LETTERS_MAX)
		return "";
	return test_text("%.*s", arrival->bytes[LETTERS], arrival->bytes + LETTERS + 1);
}

/* Each has seen one frame more recently than the one before, with so many letters in it. */
static void check_order(struct testbed *tb, uint32_t direction, const char *const names[6],
	const uint64_t letters[6])
{
	struct seen before = {0};

	for (int i = 0; i < 6; i++) {
		struct seen seen = seen_by(tb, names[i], direction);

		if (seen.when <= before.when)
			FAIL("%s was not called behind %s", names[i], i ? names[i - 1] : "all");
		CHECK_EQUAL(letters[i], seen.letters);
		before = seen;
	}
}

static void send_one(const struct station *from, const struct frame *frame)
{
	station_send(from, frame);
	stations_listen(STATION_QUIET_MS);
}

TEST(extension_order_on_both_ways)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_apply(tb, INSTALLED ALL_USED PORTS_A_AND_B, "on");
	send_one(a, &frame);
	CHECK_TEXT("1221", letters_of(b, &frame));
	check_order(tb, 0, (const char *const[]){"cap1", "cap2", "fil1", "fil2", "fw1", "fw2"},
		(const uint64_t[]){0, 0, 0, 1, 2, 2});
	check_order(tb, 1, (const char *const[]){"fw2", "fw1", "fil2", "fil1", "cap2", "cap1"},
		(const uint64_t[]){2, 2, 2, 3, 4, 4});
}

static uint64_t counted_by(struct testbed *tb, const char *name)
{
	uint32_t zero = 0;
	uint64_t count = 0;
	int map = bpf_obj_get(test_text("%s/extensions/s:%s/map_19", tb->pins, name));

	if (map < 0)
		FAIL("%s has no map", name);
	CHECK_EQUAL(0, bpf_map_lookup_elem(map, &zero, &count));
	close(map);
	return count;
}

/* More maps than the kernel takes in one program: the chain goes on in a second one. */
TEST(extension_of_many_maps)
{
	static const char installed[] =
		"extensions:\n"
		"  fil1: {file: " OBJECT(
			filter) "}\n"
				"  m1: {file: " XVS_TEST_OBJECTS "/good/many_maps.bpf.o}\n"
				"  m2: {file: " XVS_TEST_OBJECTS "/good/many_maps.bpf.o}\n"
				"  m3: {file: " XVS_TEST_OBJECTS "/good/many_maps.bpf.o}\n"
				"switches:\n s:\n  type: private\n  extensions:\n"
				"  - {name: m1, enabled: on}\n  - {name: m2, enabled: on}\n"
				"  - {name: m3, enabled: on}\n"
				"  - {name: fil1, enabled: on, settings: {letter: 49}}\n";
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_apply(tb, "%s" PORTS_A_AND_B, installed);
	send_one(a, &frame);
	CHECK_TEXT("11", letters_of(b, &frame));
	CHECK_EQUAL(2, counted_by(tb, "m1"));
	CHECK_EQUAL(2, counted_by(tb, "m2"));
	CHECK_EQUAL(2, counted_by(tb, "m3"));
}

TEST(extension_order_in_a_flood)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_tap(tb, "c");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	testbed_apply(
		tb, INSTALLED ALL_USED PORTS_A_AND_B "  c: {switch: s, interface: c}\n", "on");
	send_one(a, &frame);
	CHECK_TEXT("1221", letters_of(b, &frame));
	CHECK_TEXT("1221", letters_of(c, &frame));
	CHECK_EQUAL(1, seen_by(tb, "fil1", 0).frames);
	CHECK_EQUAL(2, seen_by(tb, "fil1", 1).frames);
}

/* A copy of what is sent leaves before all extensions, of what is received behind them. */
TEST(extension_order_beside_a_mirror)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *m = testbed_guest(tb, "m");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_apply(tb,
		INSTALLED ALL_USED "ports:\n"
				   "  a: {switch: s, interface: a, mirror: m}\n"
				   "  b: {switch: s, interface: b, mirror: m}\n"
				   "  m: {switch: s, interface: m, vlan: {access: 9}}\n",
		"on");
	send_one(a, &frame);
	CHECK_EQUAL(2, station_count(m, frame.marker));
	CHECK_TEXT("", letters_of(m, &frame)); /* the first that came */
	CHECK_EQUAL(1, station_count(b, frame.marker));
	CHECK_EQUAL(1, seen_by(tb, "cap1", 1).frames);
}

TEST(extension_installed_is_disabled)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_apply(tb, INSTALLED ALL_USED PORTS_A_AND_B, "off");
	expect_delivery(a, &frame, b);
	CHECK_TEXT("", letters_of(b, &frame));
	CHECK_TEXT("disabled",
		json_text(json_array_get(
				  json_object_get(testbed_json(tb, "extension list"), "extensions"),
				  0),
			"state"));
}

/* ---- what the kinds do ---- */

static json_t *shown(struct testbed *tb, const char *name)
{
	return testbed_json(tb, "extension show %s switch s", name);
}

/* One of the kind is on, with settings for port a. */
static void apply_one(struct testbed *tb, const char *name, const char *settings)
{
	testbed_apply(tb,
		INSTALLED
		"switches:\n s: {type: private, extensions: [{name: %s, enabled: on}]}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, extensions: [{name: %s, settings: {%s}}]}\n"
		"  b: {switch: s, interface: b}\n"
		"  c: {switch: s, interface: c}\n",
		name, name, settings);
}

TEST(extension_drops_with_its_reason)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	static const char *const names[] = {"fw1", "fil1"};

	for (int i = 0; i < 2; i++) {
		apply_one(tb, names[i], "drop: 2");
		frame = frame_again(frame);
		expect_dropped(tb, a, &frame, "a", "extension");
		CHECK_EQUAL(1, json_number(shown(tb, names[i]), "dropped"));
		CHECK_EQUAL(1,
			json_number(
				json_array_get(json_object_get(shown(tb, names[i]), "reasons"), 1),
				"packets"));
		/* on the way out it is one destination that is left out */
		frame = frame_new(b->mac, MAC_BROADCAST);
		station_send(b, &frame);
		stations_listen(STATION_QUIET_MS);
		CHECK_EQUAL(0, station_count(a, frame.marker));
		CHECK_EQUAL(1, station_count(c, frame.marker));
		CHECK_EQUAL(2, json_number(shown(tb, names[i]), "dropped"));
	}
}

TEST(extension_capture_drops_nothing)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c");
	struct frame frame = frame_new(a->mac, MAC_BROADCAST);

	apply_one(tb, "cap1", "drop: 1");
	expect_delivery(a, &frame, b, c);
	CHECK_EQUAL(3, json_number(shown(tb, "cap1"), "packets")); /* one in, two out */
	CHECK_EQUAL(0, json_number(shown(tb, "cap1"), "dropped"));
}

TEST(extension_forwards)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c");
	struct frame frame = frame_new(a->mac, b->mac);

	apply_one(tb, "fwd", "to: c");
	expect_delivery(a, &frame, c);
	CHECK_TEXT("a", testbed_entry_port(tb, "s", a->mac, 0)); /* learned all the same */
	frame = frame_new(b->mac, a->mac);
	expect_delivery(b, &frame, a); /* as the switch does */
	apply_one(tb, "fwd", "to: c, drop: 1"); /* and to c */
	frame = frame_new(a->mac, b->mac);
	expect_delivery(a, &frame, b, c);
	apply_one(tb, "fwd", "to: a"); /* never back */
	frame = frame_again(frame);
	expect_dropped(tb, a, &frame, "a", "extension-route");
}

TEST(extension_copies)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(tb, "c");
	struct frame frame = frame_new(b->mac, MAC_BROADCAST);

	apply_one(tb, "fil1", "to: c");
	send_one(b, &frame);
	CHECK_EQUAL(1, station_count(a, frame.marker));
	CHECK_EQUAL(2, station_count(c, frame.marker)); /* its own, and that of a */
	frame = frame_new(a->mac, b->mac);
	send_one(a, &frame);
	CHECK_EQUAL(1, station_count(b, frame.marker));
	CHECK_EQUAL(1, station_count(c, frame.marker));
	CHECK_EQUAL(2, json_number(shown(tb, "fil1"), "directed"));
}

/* To nobody else, and nothing is learned of it. */
TEST(extension_replies)
{
	static const uint8_t echo[] = {2, 0, 0, 0, 0, 0xee};
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, echo), answer;

	testbed_apply(tb,
		"extensions: {echo: {file: " XVS_TEST_OBJECTS "/good/echo.bpf.o}}\n"
		"switches: {s: {type: private, extensions: [{name: echo, enabled: on}]}}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, vlan: {trunk: [10]}, security: "
		"{mac-spoofing: off}}\n"
		"  b: {switch: s, interface: b}\n");
	send_one(a, &frame);
	CHECK_EQUAL(1, station_count(a, frame.marker));
	CHECK_EQUAL(0, station_count(b, frame.marker));
	answer = frame_tagged(frame_new(a->mac, echo), 10);
	send_one(a, &answer);
	CHECK_EQUAL(1, station_count(a, answer.marker));
	CHECK_EQUAL(2, json_number(shown(tb, "echo"), "directed"));
	CHECK_EQUAL(2, testbed_counter(tb, "a", "receive.packets"));
	CHECK_TEXT("", testbed_drops(tb, "a"));
}

/* ---- while traffic flows ---- */

TEST_WITHIN(extension_changes_lose_nothing, 240)
{
	struct station *a = testbed_guest(tb, "a", .silent = true);
	struct station *b = testbed_guest(tb, "b", .silent = true);
	struct stream *stream = stream_new();
	static const char *const words[] = {"enable fil1", "move fil1 switch s after fil2",
		"disable fil1", "enable fw1", "move fil1 switch s before fw1", "disable fw1"};

	testbed_apply(tb, INSTALLED ALL_USED PORTS_A_AND_B, "off");
	stream_add(stream, STREAM_EACH, a, b->mac, b);
	stream_start(stream, 0);
	for (int i = 0; i < CHANGES; i++) {
		const char *what = words[i % 6];

		testbed_command(tb,
			strstr(what, "switch") ? "extension %s" : "extension %s switch s", what);
	}
	while (stream_sent(stream) < FRAMES)
		test_sleep_ms(10);
	stream_finish(stream);
	CHECK_TEXT("", testbed_drops(tb, "a"));
	CHECK_TEXT("", testbed_drops(tb, "b"));
}

TEST(extension_outlives_the_agent)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);
	long long packets;

	testbed_apply(tb, INSTALLED ALL_USED PORTS_A_AND_B, "on");
	send_one(a, &frame);
	packets = json_number(shown(tb, "fil1"), "packets");
	testbed_kill(tb);
	frame = frame_again(frame);
	send_one(a, &frame);
	CHECK_TEXT("1221", letters_of(b, &frame));
	testbed_start(tb);
	CHECK_EQUAL(2 * packets, json_number(shown(tb, "fil1"), "packets"));
	CHECK_EQUAL(2, seen_by(tb, "cap1", 0).frames); /* maps are the same */
	frame = frame_again(frame);
	send_one(a, &frame);
	CHECK_TEXT("1221", letters_of(b, &frame));
	CHECK_EQUAL(3, seen_by(tb, "cap1", 0).frames);
}

/* A start needs a file no more that was in force before. */
TEST(extension_outlives_its_file)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	run(NULL, "cp %s %s/fil.o", OBJECT(filter), tb->folder);
	testbed_apply(tb,
		"extensions: {fil: {file: %s/fil.o}}\n"
		"switches:\n s: {type: private, extensions: [{name: fil, enabled: "
		"on}]}\n" PORTS_A_AND_B,
		tb->folder);
	testbed_command(tb, "show");
	run(NULL, "rm %s/fil.o", tb->folder);
	for (int i = 0; i < 2; i++) {
		testbed_kill(tb);
		testbed_start(tb);
		frame = frame_again(frame);
		send_one(a, &frame);
		CHECK_TEXT("xx", letters_of(b, &frame));
	}
	CHECK_TEXT("enabled", json_text(shown(tb, "fil"), "state"));
}

#define CERTIFIED                                                                                  \
	"extensions: {fil: {file: %s/fil.o}}\n"                                                    \
	"switches:\n s:\n  type: private\n  certified-extensions: on\n"                            \
	"  extensions: [{name: fil, enabled: on}]\n" PORTS_A_AND_B

static void verify(struct testbed *tb)
{
	run(NULL, "sh -c '%s extension verify %s/fil.o --state-dir %s/state >/dev/null'",
		control_program("xvsctl"), tb->folder, tb->folder);
}

/* A switch takes none without a certificate of that very object, if it is told so. */
TEST(extension_uncertified_is_refused)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	run(NULL, "cp %s %s/fil.o", OBJECT(filter), tb->folder);
	CHECK_CONTAINS(test_text("extension 'fil' is not certified, as switch 's' wants; run: "
				 "xvsctl extension verify %s/fil.o",
			       tb->folder),
		testbed_apply_fails(tb, CONTROL_WRONG, CERTIFIED, tb->folder));
	verify(tb);
	testbed_apply(tb, CERTIFIED, tb->folder);
	send_one(a, &frame);
	CHECK_TEXT("xx", letters_of(b, &frame));
	CHECK(json_is_true(json_object_get(shown(tb, "fil"), "certified")));
	run(NULL, "sh -c 'echo >>%s/fil.o'", tb->folder); /* the same, and not the same */
	CHECK_CONTAINS("extension 'fil' is not certified",
		testbed_command_fails(tb, CONTROL_WRONG, "port set a learning-limit 10"));
	testbed_command(tb, "switch unset s certified-extensions");
	CHECK(json_is_false(json_object_get(shown(tb, "fil"), "certified")));
	CHECK_CONTAINS("extension 'fil' is not certified",
		testbed_command_fails(tb, CONTROL_WRONG, "switch set s certified-extensions on"));
}

/* Nothing passes that is not certified, nor is it called. */
TEST(extension_uncertified_is_missing_at_a_start)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	run(NULL, "cp %s %s/fil.o", OBJECT(filter), tb->folder);
	verify(tb);
	testbed_apply(tb, CERTIFIED, tb->folder);
	testbed_kill(tb);
	run(NULL, "rm -r %s/state/certified", tb->folder);
	testbed_start(tb);
	send_one(a, &frame);
	CHECK(!station_arrival(b, frame.marker));
	CHECK_TEXT("degraded", json_text(shown(tb, "fil"), "state"));
	CHECK_CONTAINS("is not certified", json_text(shown(tb, "fil"), "why"));
	verify(tb);
	testbed_command(tb, "port set a learning-limit 10");
	frame = frame_again(frame);
	send_one(a, &frame);
	CHECK_TEXT("xx", letters_of(b, &frame));
}

/* It is another instance, with maps of its own, from one frame to the next. */
TEST(extension_gets_another_object)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	run(NULL, "cp %s %s/fil.o", OBJECT(filter), tb->folder);
	testbed_apply(tb,
		"extensions: {fil: {file: %s/fil.o}}\n"
		"switches:\n s:\n  type: private\n"
		"  extensions: [{name: fil, enabled: on, settings: {letter: 65}}]\n" PORTS_A_AND_B,
		tb->folder);
	for (int i = 0; i < 3; i++) {
		frame = frame_again(frame);
		send_one(a, &frame);
		CHECK_TEXT("AA", letters_of(b, &frame));
		CHECK_EQUAL(1, seen_by(tb, "fil", 0).frames);
		CHECK_EQUAL(2, json_number(shown(tb, "fil"), "packets"));
		run(NULL, "sh -c 'echo >>%s/fil.o'", tb->folder); /* the same, and not the same */
		testbed_command(tb, "port set a learning-limit %d", 10 + i);
		testbed_command(tb, "show");
	}
	run(NULL, "rm %s/fil.o", tb->folder);
	testbed_command(tb, "port set a learning-limit 20"); /* what runs goes on */
	frame = frame_again(frame);
	send_one(a, &frame);
	CHECK_TEXT("AA", letters_of(b, &frame));
	for (int i = 2; i < 4; i++) { /* from the copy of the last one, with its maps */
		testbed_kill(tb);
		testbed_start(tb);
		frame = frame_again(frame);
		send_one(a, &frame);
		CHECK_TEXT("AA", letters_of(b, &frame));
		CHECK_EQUAL(i, seen_by(tb, "fil", 0).frames);
	}
}

TEST(extension_is_checked_beforehand)
{
	char *file = test_text("%s/checked.yaml", tb->folder);

	run(NULL, "sh -c 'echo \"{version: 1, extensions: {x: {file: %s}}}\" >%s'", OBJECT(filter),
		file);
	run(NULL, "%s --check %s", control_program("xvswitchd"), file);
	run(NULL, "sh -c 'echo \"{version: 1, extensions: {x: {file: /nowhere.o}}}\" >%s'", file);
	run(NULL, "sh -c '! %s --check %s'", control_program("xvswitchd"), file);
}

/* A daemon of another build: its parts behind the chain take what the old chain leaves. */
TEST(extension_outlives_an_upgrade)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_apply(tb, INSTALLED ALL_USED PORTS_A_AND_B, "on");
	testbed_stop(tb);
	tb->program = "xvswitchd-next";
	testbed_start(tb);
	send_one(a, &frame);
	CHECK_TEXT("1221", letters_of(b, &frame));
}

TEST(extension_with_clsact)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_purge(tb);
	tb->hook = "clsact";
	testbed_start(tb);
	testbed_apply(tb, INSTALLED ALL_USED PORTS_A_AND_B, "on");
	send_one(a, &frame);
	CHECK_TEXT("1221", letters_of(b, &frame));
}

TEST(extension_is_not_passed_by_xdp)
{
	struct station *wire = testbed_guest(tb, "nic0"), *a = testbed_tap(tb, "a");
	struct frame frame;

	testbed_apply(tb, INSTALLED "switches:\n s: {type: external, uplink: nic0, xdp: native,"
				    " extensions: [{name: cap1, enabled: on}]}\n"
				    "ports: {a: {switch: s, interface: a}}\n");
	testbed_command(tb, "fdb add %s switch s port uplink", mac_text(wire->mac));
	testbed_command(tb, "fdb add %s switch s port a", mac_text(a->mac));
	for (int i = 0; i < 5; i++) {
		frame = frame_ip(wire->mac, a->mac, FRAME_UDP, 200);
		expect_delivery(wire, &frame, a);
	}
	CHECK_EQUAL(10, json_number(shown(tb, "cap1"), "packets")); /* each in and out */
}

TEST(extension_removed_leaves_nothing)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame = frame_new(a->mac, b->mac);

	testbed_apply(tb, INSTALLED ALL_USED PORTS_A_AND_B, "on");
	CHECK_EQUAL(0, access(test_text("%s/extensions/s:cap1", tb->pins), F_OK));
	testbed_command(tb, "extension remove cap1 switch s");
	testbed_command(tb, "show");
	CHECK(access(test_text("%s/extensions/s:cap1", tb->pins), F_OK));
	testbed_apply(tb, TWO_PORTS);
	testbed_command(tb, "show");
	CHECK(access(test_text("%s/extensions/s:fil1", tb->pins), F_OK));
	expect_delivery(a, &frame, b);
	CHECK_TEXT("", letters_of(b, &frame));
}

/* ---- what is wrong ---- */

TEST(extension_mistakes_are_named)
{
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	CHECK_CONTAINS("extension 'x': /nowhere.o: can't be opened: No such file or directory",
		testbed_apply_fails(tb, CONTROL_WRONG, "extensions: {x: {file: /nowhere.o}}\n"));
	CHECK_CONTAINS("extension 'cap1' has no setting 'rate'",
		testbed_apply_fails(tb, CONTROL_WRONG,
			INSTALLED "switches: {s: {type: private, extensions: [{name: cap1, "
				  "settings: {rate: 1}}]}}\n"));
	CHECK_CONTAINS("is for all ports of a switch",
		testbed_apply_fails(tb, CONTROL_WRONG,
			INSTALLED "switches: {s: {type: private, extensions: [{name: fil1}]}}\n"
				  "ports: {a: {switch: s, interface: a, extensions: [{name: fil1, "
				  "settings: {letter: 65}}]}}\n"));
	CHECK_TEXT("[]",
		json_dumps(json_object_get(testbed_json(tb, "extension list"), "extensions"), 0));
}
