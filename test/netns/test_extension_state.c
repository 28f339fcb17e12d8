// SPDX-License-Identifier: GPL-2.0-only
/*
 * What extensions remember of a port: it goes with the port, to another one, to another host. The
 * extension is that of test/extension/budget.bpf.c: a port may send `most` frames, which is 5.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "test/netns/control.h"
#include "test/netns/peer.h"

#define OBJECT(name) XVS_TEST_OBJECTS "/" #name ".bpf.o"
#define WITH(name, enabled)                                                                        \
	"extensions: {budget: {file: " OBJECT(name) "}}\n"                                         \
						    "switches: {s: {type: private, extensions: "   \
						    "[{name: budget, enabled: " enabled "}]}}\n"
#define ENTRIES_MAX 65536 /* of a document */

/* As `struct peer` of budget.bpf.c. */
struct destination {
	uint32_t port;
	uint8_t mac[6];
	uint8_t zero[2];
};

static const char *file_of(const struct testbed *tb)
{
	return test_text("%s/state.json", tb->folder);
}

static uint32_t id_of(struct testbed *tb, const char *port)
{
	return json_number(testbed_port(tb, port), "id");
}

static int map_of(struct testbed *tb, const char *name)
{
	int map = bpf_obj_get(test_text("%s/extensions/s:budget/%s", tb->pins, name));

	if (map < 0)
		FAIL("the extension has no map %s", name);
	return map;
}

static long long used_by(struct testbed *tb, const char *port)
{
	uint32_t id = id_of(tb, port);
	int map = map_of(tb, "used");
	uint64_t used = 0;

	bpf_map_lookup_elem(map, &id, &used);
	close(map);
	return used;
}

/* Peers of the port that no frame has gone to. */
static void add_peers(struct testbed *tb, const char *port, uint32_t count, uint64_t frames)
{
	struct destination key = {.port = id_of(tb, port)};
	int map = map_of(tb, "peers");

	for (uint32_t i = 0; i < count; i++) {
		memcpy(key.mac, &i, sizeof(i));
		key.mac[5] = 0xee;
		CHECK_EQUAL(0, bpf_map_update_elem(map, &key, &frames, BPF_ANY));
	}
	close(map);
}

static json_t *document_of(struct testbed *tb, const char *port)
{
	return testbed_json(tb, "extension export port %s", port);
}

static size_t peers_of(struct testbed *tb, const char *port)
{
	json_t *entries = json_object_get(document_of(tb, port), "entries"), *entry;
	size_t count = 0, i;

	json_array_foreach (entries, i, entry)
		count += json_number(entry, "map") == 1;
	return count;
}

/* The entries are the same, in whatever order. */
static bool same_state(struct testbed *a, const char *port, struct testbed *b, const char *other)
{
	json_t *mine = json_object_get(document_of(a, port), "entries"), *entry;
	json_t *others = json_object_get(document_of(b, other), "entries"), *found;
	size_t i, j;

	if (json_array_size(mine) != json_array_size(others))
		return false;
	json_array_foreach (mine, i, entry) {
		json_array_foreach (others, j, found)
			if (json_equal(entry, found))
				break;
		if (j == json_array_size(others))
			return false;
	}
	return true;
}

static void send_frames(struct station *from, struct station *to, int count)
{
	struct frame frame = frame_new(from->mac, to->mac);

	for (int i = 0; i < count; i++) {
		frame = frame_again(frame);
		expect_delivery(from, &frame, to);
	}
}

static void send_in_vain(struct station *from, struct station *to)
{
	struct frame frame = frame_new(from->mac, to->mac);

	expect_nowhere(from, &frame);
}

/* A host where ports have other ids, with guests c and d. */
static struct testbed *other_host(const char *text, struct station **ret_c, struct station **ret_d)
{
	struct testbed *other = testbed_new();

	testbed_start(other);
	*ret_c = testbed_guest(other, "c");
	*ret_d = testbed_guest(other, "d");
	testbed_apply(other,
		"%sports:\n"
		"  x: {switch: s, interface: x}\n"
		"  d: {switch: s, interface: d}\n"
		"  c: {switch: s, interface: c}\n",
		text);
	return other;
}

TEST(extension_state_goes_to_another_host)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"), *c, *d;
	struct testbed *other = other_host(WITH(budget, "on"), &c, &d);

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 3);
	send_frames(d, c, 2);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	CHECK_TEXT("2 entries in 2 maps taken over\n",
		testbed_command(other, "extension import port c -f %s", file_of(tb)));
	CHECK(id_of(tb, "a") != id_of(other, "c"));
	CHECK(same_state(tb, "a", other, "c"));
	CHECK_EQUAL(2, used_by(other, "d"));
	send_frames(c, d, 2);
	send_in_vain(c, d);
	send_frames(d, c, 3);
	CHECK_EQUAL(3, used_by(tb, "a"));
}

TEST(extension_state_takes_the_place_of_what_was_there)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(b, a, 5);
	send_in_vain(b, a);
	add_peers(tb, "b", 3, 1);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	CHECK_TEXT("0 entries in 2 maps taken over\n",
		testbed_command(tb, "extension import port b --strict -f %s", file_of(tb)));
	CHECK(same_state(tb, "a", tb, "b"));
	send_frames(b, a, 5);
	send_in_vain(b, a);
}

/* By the commands that a pipe between two hosts would be made of. */
TEST(extension_state_goes_through_a_pipe)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 4);
	run(&tb->host,
		"sh -c '%1$s --socket %2$s extension export port a |"
		" %1$s --socket %2$s extension import port b'",
		control_program("xvsctl"), tb->socket);
	send_frames(b, a, 1);
	send_in_vain(b, a);
}

TEST(extension_state_waits_until_it_is_enabled)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"), *c, *d;
	struct testbed *other = other_host(WITH(budget, "off"), &c, &d);

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 5);
	testbed_command(tb, "extension disable budget switch s");
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	testbed_command(other, "extension import port c --strict -f %s", file_of(tb));
	send_frames(c, d, 1);
	testbed_command(other, "extension enable budget switch s");
	send_in_vain(c, d);
	send_frames(d, c, 5);
}

TEST(extension_state_outlives_the_agent)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 5);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	testbed_command(tb, "extension import port b -f %s", file_of(tb));
	testbed_kill(tb);
	send_in_vain(b, a);
	testbed_start(tb);
	send_in_vain(b, a);
	CHECK(same_state(tb, "a", tb, "b"));
}

/* A part of it may be there then; whoever imports once more has all. */
TEST(extension_state_after_a_kill_in_the_midst)
{
	struct process process;

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	add_peers(tb, "a", 8000, 7);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	for (int ms = 0; ms <= 20; ms += 10) {
		process = start(&tb->host, "%s --socket %s extension import port b -f %s",
			control_program("xvsctl"), tb->socket, file_of(tb));
		test_sleep_ms(ms);
		testbed_kill(tb);
		process_wait(&process, PROCESS_TIMEOUT_MS);
		testbed_start(tb);
		CHECK_EQUAL(8000, peers_of(tb, "a"));
		testbed_command(tb, "extension import port b --strict -f %s", file_of(tb));
		CHECK_EQUAL(8000, peers_of(tb, "b"));
	}
}

TEST(extension_state_is_told)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct peer *peer = peer_new(tb);
	json_t *event;

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 1);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	peer_say(peer, "{\"method\": \"org.xvswitch.Monitor\", \"more\": true, "
		       "\"parameters\": {\"event\": \"imported\"}}");
	testbed_command(tb, "switch list"); /* by then it is listened to */
	testbed_command(tb, "extension import port b -f %s", file_of(tb));
	event = json_object_get(peer_hear(peer), "parameters");
	CHECK_TEXT("b", json_text(event, "port"));
	CHECK_TEXT("s", json_text(event, "switch"));
	CHECK_EQUAL(2, json_number(event, "entries"));
	CHECK_EQUAL(0, json_number(event, "left_out"));
	CHECK_CONTAINS("port b: state of extensions imported: 2 entries in 2 maps, 0 left out",
		run(NULL, "cat %s/" TESTBED_LOG, tb->folder));
}

/* ---- what doesn't fit ---- */

TEST(extension_state_of_another_version)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"), *c, *d;
	struct testbed *other = other_host(WITH(budget_next, "on"), &c, &d);
	char *told;

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 3);
	send_frames(c, d, 1);
	testbed_command(tb, "extension export port a -p -o %s", file_of(tb));
	told = testbed_command_fails(
		other, CONTROL_WRONG, "extension import port c --strict -f %s", file_of(tb));
	CHECK_CONTAINS("/state.json:16:9: error: map 'used' of extension 'budget': "
		       "its state has version 1 there, 2 here",
		told);
	CHECK_CONTAINS("/state.json:23:9: error: map 'peers' of extension 'budget': its keys and "
		       "values have 12 and 8 bytes there, 12 and 16 here",
		told);
	CHECK_CONTAINS("2 problems; nothing was applied", told);
	told = testbed_command_fails(
		other, CONTROL_DIFFERENT, "extension import port c -f %s", file_of(tb));
	CHECK_TEXT("xvsctl: left out: map 'used' of extension 'budget', 1 entry: its state has "
		   "version 1 there, 2 here\n"
		   "xvsctl: left out: map 'peers' of extension 'budget', 1 entry: its keys and "
		   "values have 12 and 8 bytes there, 12 and 16 here\n",
		told);
	CHECK_EQUAL(1, used_by(other, "c"));
}

TEST(extension_state_of_one_that_is_not_installed)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"), *c, *d;
	struct testbed *other = other_host(PRIVATE_SWITCH, &c, &d);

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 3);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	CHECK_CONTAINS("map 'peers' of extension 'budget', 1 entry: "
		       "the extension is not installed on switch 's'",
		testbed_command_fails(
			other, CONTROL_DIFFERENT, "extension import port c -f %s", file_of(tb)));
	CHECK_CONTAINS("the extension is not installed on switch 's'",
		testbed_command_fails(other, CONTROL_WRONG,
			"extension import port c --strict -f %s", file_of(tb)));
}

/* The same under another name, and twice: the name decides. */
TEST(extension_state_finds_the_extension)
{
	static const char two[] =
		"extensions: {one: {file: " OBJECT(budget) "}, two: {file: " OBJECT(
			budget) "}}\n"
				"switches: {s: {type: private, extensions: [{name: one, enabled: "
				"on}, {name: two, enabled: on}]}}\n" PORTS_A_AND_B;
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"), *c, *d;
	struct testbed *other = other_host(WITH(budget, "on"), &c, &d);
	char *told;

	testbed_apply(tb, two);
	send_frames(a, b, 3);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	told = testbed_command_fails(
		other, CONTROL_DIFFERENT, "extension import port c -f %s", file_of(tb));
	testbed_command(tb, "extension import port b --strict -f %s", file_of(tb));
	CHECK(same_state(tb, "a", tb, "b"));
	CHECK_CONTAINS("map 'used' of extension 'two', 1 entry: "
		       "that of another extension of the document goes there",
		told);
	CHECK(!strstr(told, "'one'"));
	CHECK_EQUAL(3, used_by(other, "c"));
	testbed_command(other, "extension export port c -o %s", file_of(tb));
	CHECK_CONTAINS("switch 's' has the extension 2 times, none as 'budget'",
		testbed_command_fails(
			tb, CONTROL_DIFFERENT, "extension import port b -f %s", file_of(tb)));
}

TEST(extension_state_for_a_full_map)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"), *c, *d;
	struct testbed *other = other_host(WITH(budget_small, "on"), &c, &d);

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 2);
	add_peers(tb, "a", 2, 1);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	send_frames(c, d, 4);
	add_peers(other, "d", 3, 1); /* there is no room for another one */
	CHECK_CONTAINS("refused: importing map 'peers' of extension 'budget': the map is full",
		testbed_command_fails(other, CONTROL_REFUSED,
			"extension import port c --strict -f %s", file_of(tb)));
	CHECK_EQUAL(4, used_by(other, "c"));
	CHECK_EQUAL(1, peers_of(other, "c"));
	CHECK_EQUAL(3, peers_of(other, "d"));
	CHECK_CONTAINS("left out: map 'peers' of extension 'budget', 2 entries: the map is full",
		testbed_command_fails(
			other, CONTROL_DIFFERENT, "extension import port c -f %s", file_of(tb)));
	CHECK_EQUAL(2, used_by(other, "c"));
	CHECK_EQUAL(1, peers_of(other, "c"));
	CHECK_EQUAL(3, peers_of(other, "d"));
}

TEST(extension_state_of_more_than_a_document_holds)
{
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, WITH(budget_lru, "on") PORTS_A_AND_B);
	add_peers(tb, "a", ENTRIES_MAX, 1);
	testbed_command(tb, "extension export port a -o %s", file_of(tb));
	testbed_command(tb, "extension import port b -f %s", file_of(tb));
	add_peers(tb, "a", ENTRIES_MAX + 1, 1);
	CHECK_CONTAINS("the document is not complete",
		testbed_command_fails(
			tb, CONTROL_DIFFERENT, "extension export port a -o %s", file_of(tb)));
	CHECK_CONTAINS("error: there was more state than the document holds",
		testbed_command_fails(
			tb, CONTROL_WRONG, "extension import port b --strict -f %s", file_of(tb)));
	CHECK_CONTAINS("left out: there was more state than the document holds",
		testbed_command_fails(
			tb, CONTROL_DIFFERENT, "extension import port b -f %s", file_of(tb)));
}

TEST(extension_state_that_is_malformed)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(b, a, 5);
	run(NULL, "sh -c 'printf \"{\\\"format\\\": 1,\\n\" >%s'", file_of(tb));
	CHECK_CONTAINS("/state.json:2:1: error: no JSON: string or '}' expected",
		testbed_command_fails(
			tb, CONTROL_WRONG, "extension import port b -f %s", file_of(tb)));
	testbed_command(tb, "extension export port b -p -o %s", file_of(tb));
	run(NULL, "sed -i s/little/big/ %s", file_of(tb));
	CHECK_CONTAINS("/state.json:3:19: error: is of a host whose byte order is 'big'; this one "
		       "needs 'little'",
		testbed_command_fails(
			tb, CONTROL_WRONG, "extension import port a -f %s", file_of(tb)));
	CHECK_CONTAINS("no port 'nobody'",
		testbed_command_fails(tb, CONTROL_WRONG, "extension export port nobody"));
	CHECK_EQUAL(0, used_by(tb, "a"));
	send_in_vain(b, a);
}

/* ---- a port that is removed ---- */

static void check_forgotten(struct testbed *tb, const char *text)
{
	long long others;

	testbed_apply(tb, "%s" PORTS_A_AND_B, text);
	add_peers(tb, "a", 5000, 1);
	add_peers(tb, "b", 5000, 1);
	others = peers_of(tb, "b");
	CHECK_BETWEEN(5000, 5001, others);
	testbed_command(tb, "port del a");
	CHECK_EQUAL(others, peers_of(tb, "b"));
	testbed_command(tb, "port add a switch s interface a");
	CHECK_EQUAL(0, peers_of(tb, "a"));
}

TEST(extension_state_goes_with_its_port)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");

	testbed_apply(tb, WITH(budget, "on") PORTS_A_AND_B);
	send_frames(a, b, 5);
	send_in_vain(a, b);
	send_frames(b, a, 1);
	check_forgotten(tb, WITH(budget, "on"));
	CHECK_EQUAL(1, used_by(tb, "b"));
	send_frames(a, b, 5);
	send_in_vain(a, b);
	check_forgotten(tb, WITH(budget_lru, "on"));
}
