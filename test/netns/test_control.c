// SPDX-License-Identifier: GPL-2.0-only
/* The control socket, with clients that do as they please. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <sched.h>
#include "test/netns/control.h"
#include "test/netns/leftovers.h"
#include "test/netns/peer.h"

#define CLIENTS 16 /* as many as the daemon takes */
#define READERS 12 /* of those that may not do everything */
#define GROUP 4242
#define GET_INFO "{\"method\": \"org.varlink.service.GetInfo\"}"

/* Asks something small; the peer is known to the daemon then, and idle. */
static void check_answers(struct peer *peer)
{
	CHECK(peer_say(peer, GET_INFO));
	CHECK(json_object_get(peer_hear(peer), "parameters"));
}

static void connect_all(struct testbed *tb, struct peer *peers[], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		peers[i] = peer_new(tb);
		check_answers(peers[i]);
	}
}

/* ---- places ---- */

TEST(control_newcomer_takes_the_place_of_the_most_idle)
{
	struct peer *peers[CLIENTS], *newcomer;

	connect_all(tb, peers, CLIENTS);
	check_answers(peers[0]); /* so number 1 is silent for longest */
	newcomer = peer_new(tb);
	check_answers(newcomer);
	peer_hear_end(peers[1]);
	for (unsigned int i = 0; i < CLIENTS; i++)
		if (i != 1)
			check_answers(peers[i]);
}

/* The daemon sees calls and ends a moment later. */
static bool is_turned_away(struct testbed *tb)
{
	struct peer *peer = peer_new(tb);
	bool away;

	peer_say(peer, GET_INFO);
	away = json_object_get(peer_hear(peer), "error");
	peer_end(peer);
	return away;
}

TEST(control_newcomer_is_told_if_nobody_is_idle)
{
	struct peer *peers[CLIENTS], *newcomer;

	connect_all(tb, peers, CLIENTS);
	for (unsigned int i = 0; i < CLIENTS; i++)
		CHECK(peer_call(peers[i], "Monitor", true));
	CHECK_SOON(is_turned_away(tb));
	newcomer = peer_new(tb);
	CHECK_EQUAL(CLIENTS, json_number(peer_hear_error(newcomer, "TooManyClients"), "limit"));
	peer_hear_end(newcomer);
	peer_end(peers[0]);
	CHECK_SOON(!is_turned_away(tb));
}

TEST_WITHIN(control_half_a_message_holds_a_place_for_a_while, 40)
{
	static const char half[] = "{\"method\": \"org.xvswitch.Sh";
	struct peer *peers[CLIENTS], *newcomer;

	connect_all(tb, peers, CLIENTS);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		CHECK(peer_write(peers[i], half, strlen(half)));
		test_sleep_ms(20); /* so that the daemon sees them in this order */
	}
	newcomer = peer_new(tb);
	peer_hear_error(newcomer, "TooManyClients");
	for (int i = 0; i < 11; i++) { /* a byte now and then makes it no call */
		test_sleep_ms(1000);
		CHECK(peer_write(peers[0], "o", 1));
	}
	newcomer = peer_new(tb);
	check_answers(newcomer);
	peer_hear_end(peers[0]);
	CHECK(peer_say(peers[1], "ow\"}")); /* has come late, but in one piece */
	CHECK(json_object_get(peer_hear(peers[1]), "parameters"));
}

/* ---- what no client should send ---- */

static void check_refused(struct testbed *tb, const char *message)
{
	struct peer *peer = peer_new(tb);

	peer_say(peer, message);
	peer_hear_error(peer, "InvalidMessage");
	peer_hear_end(peer);
	peer_end(peer);
}

TEST(control_garbage_is_refused)
{
	char *deep = calloc(1, 200001), *many = calloc(1, 2000001);

	memset(deep, '[', 200000);
	memset(many, ',', 2000000);
	memcpy(many, "[1", 2);
	check_refused(tb, "");
	check_refused(tb, "\x01\xff\xfe\x80 binary");
	check_refused(tb, "{\"method\": 5}");
	check_refused(tb, "[]");
	check_refused(tb, "{\"method\": \"a\", \"method\": \"b\"}");
	check_refused(tb, "{\"method\": \"org.xvswitch.Show\", \"x\": 99999999999999999999}");
	check_refused(tb, "{\"method\": \"org.xvswitch.Show\", \"x\": 1e999}");
	check_refused(tb, deep);
	check_refused(tb, many);
	check_answers(peer_new(tb));
}

static void check_too_large(struct peer *peer, size_t limit)
{
	char *bytes = malloc(1 << 20);
	bool open = true;

	memset(bytes, 'x', 1 << 20);
	for (size_t sent = 0; open && sent < 2 * limit; sent += 1 << 20)
		open = peer_write(peer, bytes, 1 << 20);
	CHECK(!open);
	CHECK_EQUAL(limit, json_number(peer_hear_error(peer, "MessageTooLarge"), "limit"));
	free(bytes);
}

TEST(control_message_too_large_is_refused)
{
	check_too_large(peer_new(tb), 32 << 20);
	check_answers(peer_new(tb));
}

TEST(control_large_message_is_taken)
{
	const size_t size = (32 << 20) - 100;
	char *message = calloc(1, size + 1);
	struct peer *peer = peer_new(tb);

	memset(message, ' ', size);
	memcpy(message, GET_INFO, strlen(GET_INFO));
	CHECK(peer_say(peer, message));
	CHECK(json_object_get(peer_hear(peer), "parameters"));
	check_answers(peer);
}

TEST(control_files_in_memory)
{
	run(&tb->host, "python3 %s/test/netns/check_memory.py %s %d", XVS_SOURCE_DIR, tb->socket,
		tb->agent);
}

TEST(control_parameters_of_other_types_are_refused)
{
	struct peer *peer = peer_new(tb);

	peer_say(peer, "{\"method\": \"org.xvswitch.Show\", \"parameters\": [1]}");
	peer_hear_error(peer, "InvalidParameter");
	peer_say(peer, "{\"method\": \"org.xvswitch.ListPorts\", \"parameters\": {\"name\": 1}}");
	CHECK_TEXT("name", json_text(peer_hear_error(peer, "InvalidParameter"), "parameter"));
	peer_say(peer, "{\"method\": \"org.xvswitch.ListEntries\","
		       " \"parameters\": {\"vlan\": 9223372036854775807}}");
	CHECK_TEXT("vlan", json_text(peer_hear_error(peer, "InvalidParameter"), "parameter"));
	check_answers(peer);
}

/* ---- those who take much ---- */

#define PIPELINED 10000

/* Writes and reads what goes without waiting. Returns how many replies came. */
static unsigned int pump(struct peer *peer, const char *calls, size_t size, size_t *written)
{
	ssize_t done =
		send(peer->fd, calls + *written, size - *written, MSG_NOSIGNAL | MSG_DONTWAIT);
	unsigned int replies = 0;

	if (done > 0)
		*written += done;
	while (replies < 100 && peer_speaks(peer, 0)) {
		CHECK(json_object_get(peer_hear(peer), "parameters"));
		replies++;
	}
	return replies;
}

TEST_WITHIN(control_many_calls_at_once_delay_nobody, 120)
{
	static const char call[] = "{\"method\": \"org.xvswitch.Show\"}";
	char *calls = malloc(PIPELINED * sizeof(call));
	struct peer *greedy = peer_new(tb), *other = peer_new(tb);
	unsigned int replies = 0;
	long long longest = 0;
	size_t written = 0;

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, TWO_PORTS);
	for (unsigned int i = 0; i < PIPELINED; i++)
		memcpy(calls + i * sizeof(call), call, sizeof(call));
	while (replies < PIPELINED) {
		long long begin = test_clock_ms(), took;

		check_answers(other);
		took = test_clock_ms() - begin;
		longest = took > longest ? took : longest;
		replies += pump(greedy, calls, PIPELINED * sizeof(call), &written);
	}
	CHECK_BETWEEN(0, 999, longest);
}

static long resident_kib(pid_t pid)
{
	return atol(run(NULL, "sed -n 's/VmRSS: *//p' /proc/%d/status", pid));
}

TEST(control_one_that_never_reads_costs_little)
{
	static const char call[] = "{\"method\": \"org.varlink.service.GetInterfaceDescription\","
				   "\"parameters\": {\"interface\": \"org.xvswitch\"}}";
	long before = resident_kib(tb->agent);
	struct peer *deaf = peer_new(tb);
	unsigned int taken = 0;

	fcntl(deaf->fd, F_SETFL, O_NONBLOCK);
	for (int quiet = 0; quiet < 50; quiet++) {
		while (peer_say(deaf, call)) {
			quiet = 0;
			taken++;
		}
		test_sleep_ms(10);
	}
	CHECK_BETWEEN(10, 20000, taken);
	CHECK_BETWEEN(0, 8192, resident_kib(tb->agent) - before);
	check_answers(peer_new(tb));
}

/* ---- events ---- */

static struct peer *new_listener(struct testbed *tb)
{
	struct peer *peer = peer_new(tb);

	CHECK(peer_call(peer, "Monitor", true));
	check_answers(peer_new(tb)); /* so that the daemon has seen the first */
	return peer;
}

/* Reads until this event comes; others in between are no matter. */
static json_t *hear_event(struct peer *peer, const char *event)
{
	for (;;) {
		json_t *reply = peer_hear(peer), *what = json_object_get(reply, "parameters");

		CHECK(json_is_true(json_object_get(reply, "continues")));
		CHECK(json_number(what, "time") > 0);
		if (!strcmp(json_text(what, "event"), event))
			return what;
	}
}

TEST(control_events_of_a_port)
{
	struct station *a = testbed_guest(tb, "a");
	struct peer *one = new_listener(tb), *other = new_listener(tb);
	json_t *event;

	testbed_guest(tb, "b");
	testbed_apply(tb, TWO_PORTS);
	event = hear_event(one, "attached");
	CHECK_TEXT("a", json_text(event, "port"));
	CHECK_TEXT("a", json_text(event, "interface"));
	CHECK_TEXT("b", json_text(hear_event(one, "attached"), "port"));
	run(&tb->host, "ip link set dev a down");
	do
		event = hear_event(one, "link");
	while (json_is_true(json_object_get(event, "up")));
	CHECK_TEXT("a", json_text(event, "port"));
	run(&tb->host, "ip link set dev a up");
	event = hear_event(one, "link");
	CHECK(json_is_true(json_object_get(event, "up")));
	CHECK_TEXT("a", json_text(event, "interface"));
	testbed_unplug(tb, a);
	CHECK_TEXT("a", json_text(hear_event(one, "detached"), "port"));
	CHECK_TEXT("a", json_text(hear_event(other, "detached"), "port"));
	peer_end(other); /* in the midst of it */
	testbed_apply(tb, PRIVATE_SWITCH);
	CHECK_TEXT("b", json_text(hear_event(one, "detached"), "port"));
}

#define MANY 40

static char *many_ports(void)
{
	char *text = test_text(PRIVATE_SWITCH "ports:\n");

	for (int i = 0; i < MANY; i++)
		text = test_text("%s  p%d: {switch: s, interface: p%d}\n", text, i, i);
	return text;
}

static void add_devices(const struct testbed *tb)
{
	char *text = "";

	for (int i = 0; i < MANY; i++)
		text = test_text("%slink add p%d type veth peer name q%d\n"
				 "link set p%d alias %s\nlink set q%d alias %s up\n",
			text, i, i, i, tb->name, i, tb->name);
	netns_ip(&tb->host, text);
}

TEST_WITHIN(control_slow_listener_is_told_what_it_lost, 120)
{
	const char *config = many_ports();
	struct peer *slow = new_listener(tb);
	json_t *lost;

	add_devices(tb);
	for (int i = 0; i < 2000 / (2 * MANY); i++) {
		testbed_apply(tb, "%s", config);
		testbed_apply(tb, PRIVATE_SWITCH);
	}
	lost = hear_event(slow, "lost");
	CHECK_BETWEEN(1, 100000, json_number(lost, "count"));
	CHECK(!peer_speaks(slow, 200));
	testbed_apply(tb, "%s", config);
	CHECK_TEXT("p0", json_text(hear_event(slow, "attached"), "port"));
}

/* ---- who may ask ---- */

static void start_with_group(struct testbed *tb, const char *group)
{
	testbed_stop(tb);
	tb->socket_group = group;
	testbed_start(tb);
	CHECK_EQUAL(0, chmod(tb->folder, 0711)); /* so that other users come as far as the socket */
}

static mode_t socket_mode(const struct testbed *tb)
{
	struct stat st;

	CHECK_EQUAL(0, lstat(tb->socket, &st));
	return st.st_mode & 0777;
}

static void check_reads_only(struct peer *peer, uid_t uid)
{
	CHECK(peer);
	CHECK(json_object_get(peer_ask(peer, "Show"), "agent"));
	CHECK(json_object_get(peer_ask(peer, "ListPorts"), "ports"));
	check_answers(peer);
	for (unsigned int i = 0; i < 5; i++) {
		static const char *const changing[] = {
			"Apply", "FlushEntries", "AddEntry", "RemoveEntry", "ImportExtensionState"};

		CHECK(peer_call(peer, changing[i], false));
		CHECK_EQUAL(uid, json_number(peer_hear_error(peer, "PermissionDenied"), "uid"));
	}
	peer_call(peer, "NoSuchMethod", false);
	peer_hear_error(peer, "MethodNotFound");
}

TEST(control_members_of_the_group_may_ask)
{
	CHECK_EQUAL(0600, socket_mode(tb));
	start_with_group(tb, test_text("%d", GROUP));
	CHECK_EQUAL(0660, socket_mode(tb));
	check_reads_only(peer_new_as(tb, 4300, 4300, GROUP), 4300);
	check_reads_only(peer_new_as(tb, 4300, GROUP, 0), 4300);
	check_too_large(peer_new_as(tb, 4300, GROUP, 0), 4 << 20);
	CHECK(!peer_new_as(tb, 4300, 4300, GROUP + 1));
	CHECK_EQUAL(EACCES, errno);
}

TEST(control_others_are_denied_whatever_the_mode)
{
	struct peer *peer;

	start_with_group(tb, test_text("%d", GROUP));
	CHECK(!peer_new_as(tb, 4300, 4300, 0));
	CHECK_EQUAL(0, chmod(tb->socket, 0666));
	peer = peer_new_as(tb, 4300, 4300, GROUP + 1);
	CHECK(peer);
	CHECK(peer_call(peer, "Show", false));
	CHECK_EQUAL(4300, json_number(peer_hear_error(peer, "PermissionDenied"), "uid"));
	CHECK(peer_call(peer, "NoSuchMethod", false));
	peer_hear_error(peer, "PermissionDenied");
}

TEST(control_group_cannot_take_all_places)
{
	struct peer *readers[READERS], *peer;

	start_with_group(tb, test_text("%d", GROUP));
	for (unsigned int i = 0; i < READERS; i++) {
		readers[i] = peer_new_as(tb, 4300, GROUP, 0);
		CHECK(peer_call(readers[i], "Monitor", true));
	}
	peer = peer_new_as(tb, 4300, GROUP, 0);
	CHECK_EQUAL(READERS, json_number(peer_hear_error(peer, "TooManyClients"), "limit"));
	for (unsigned int i = 0; i < CLIENTS - READERS; i++)
		check_answers(peer_new(tb));
	peer_end(readers[0]);
	test_sleep_ms(100);
	check_answers(peer_new_as(tb, 4300, GROUP, 0));
}

TEST(control_unknown_group_is_refused)
{
	testbed_stop(tb);
	tb->socket_group = "no-such-group";
	CHECK_EQUAL(CONTROL_WRONG, testbed_start_fails(tb));
	CHECK_CONTAINS(
		"there is no group 'no-such-group'", run(NULL, "cat %s/" TESTBED_LOG, tb->folder));
	tb->socket_group = NULL;
	testbed_start(tb);
}

TEST(control_unknown_log_level_is_refused)
{
	const char *const levels[] = {"loud", "8", "-1", "", "info2"};

	for (unsigned int i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		CHECK_CONTAINS("--log-level is emerg, ",
			run(NULL, "sh -c '%s --log-level=%s --help 2>&1; test $? = 1'",
				control_program("xvswitchd"), levels[i]));
	run(NULL, "%s --log-level=debug --log-level=0 --help", control_program("xvswitchd"));
}

/* ---- org.varlink.service ---- */

TEST(control_service_tells_about_itself)
{
	struct peer *peer = peer_new(tb);
	json_t *info, *text;

	peer_say(peer, GET_INFO);
	info = json_object_get(peer_hear(peer), "parameters");
	CHECK_TEXT("xvswitchd", json_text(info, "product"));
	CHECK_EQUAL(2, json_array_size(json_object_get(info, "interfaces")));
	peer_say(peer, "{\"method\": \"org.varlink.service.GetInterfaceDescription\","
		       " \"parameters\": {\"interface\": \"org.xvswitch\"}}");
	text = json_object_get(peer_hear(peer), "parameters");
	CHECK_CONTAINS("interface org.xvswitch\n", json_text(text, "description"));
	CHECK_CONTAINS("method Show()", json_text(text, "description"));
}

TEST(control_errors_of_the_standard)
{
	struct peer *peer = peer_new(tb);

	peer_call(peer, "NoSuchMethod", false);
	CHECK_TEXT("org.xvswitch.NoSuchMethod",
		json_text(peer_hear_error(peer, "MethodNotFound"), "method"));
	peer_say(peer, "{\"method\": \"org.example.Show\"}");
	CHECK_TEXT(
		"org.example", json_text(peer_hear_error(peer, "InterfaceNotFound"), "interface"));
	peer_say(peer, "{\"method\": \"org.varlink.service.GetInterfaceDescription\","
		       " \"parameters\": {\"interface\": \"org.example\"}}");
	CHECK_TEXT(
		"org.example", json_text(peer_hear_error(peer, "InterfaceNotFound"), "interface"));
	peer_call(peer, "Monitor", false);
	peer_hear_error(peer, "ExpectedMore");
	peer_say(peer, "{\"method\": \"org.xvswitch.NoSuchMethod\", \"oneway\": true}");
	check_answers(peer); /* and nothing before */
}

TEST(control_replies_are_as_described)
{
	struct station *a = testbed_guest(tb, "a");
	struct frame frame;

	testbed_guest(tb, "b");
	testbed_guest(tb, "t");
	testbed_guest(tb, "wire");
	testbed_apply(tb,
		"extensions: {budget: {file: " XVS_TEST_OBJECTS "/budget.bpf.o}}\n"
		"switches:\n"
		"  s: {type: private, extensions: [{name: budget, enabled: on}]}\n"
		"  e: {type: external, uplink: wire, host-port: {}}\n"
		"acls:\n"
		"  web:\n"
		"    - {name: https, action: allow, direction: in, protocol: tcp,\n"
		"       local: 192.0.2.1, local-port: 443, vlan: 0, stateful: on, weight: 3}\n"
		"    - {action: deny, direction: out, protocol: icmp, icmp-type: 8, weight: 9}\n"
		"port-acls: {m: [{action: meter, direction: both, remote: 10.0.0.0/8}]}\n"
		"ports:\n"
		"  a: {switch: s, interface: a, acl: web, port-acl: m}\n"
		"  b: {switch: s, interface: b, acl: [{action: deny, direction: in, weight: 1}]}\n"
		"  t: {switch: e, interface: t, vlan: {trunk: [1, 5-9], native: 1}}\n"
		"  w: {switch: e, interface: none, vlan: {access: 7}, mac: pool}\n");
	testbed_command(tb, "fdb add %s switch s port b", mac_text(MAC_UNKNOWN));
	frame = frame_tagged(frame_new(a->mac, MAC_BROADCAST), 10);
	expect_dropped(tb, a, &frame, "a", "vlan-tagged");
	frame = frame_untagged(frame_again(frame)); /* which the extension remembers */
	station_send(a, &frame);
	stations_listen(STATION_QUIET_MS);
	printf("%s", run(&tb->host, "python3 %s/test/netns/check_replies.py %s", XVS_SOURCE_DIR,
			     tb->socket));
}

/* ---- the journal ---- */

#define JOURNAL "/run/systemd/journal/socket"

static int journal; /* a stand-in for the journal's socket */

/* In the agent's process: the stand-in where the journal's own would be, for it alone. */
static void before_agent(const struct testbed *tb)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL};
	struct stat st;
	char stream[64];

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("tmpfs", "/run", "tmpfs", 0, NULL) || mkdir("/run/systemd", 0755) ||
		mkdir("/run/systemd/journal", 0755) ||
		bind(journal, (struct sockaddr *)&address, sizeof(address)))
		perror("a journal");
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%lu:%lu", st.st_dev, st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
}

/* The next record; its fields are divided by line ends. */
static char *read_record(void)
{
	char text[8192];
	ssize_t size = recv(journal, text, sizeof(text) - 1, 0);

	if (size < 0)
		FAIL("journal, expected a record, got %s", strerror(errno));
	text[size] = 0;
	return test_text("\n%s", text);
}

TEST(control_journal_gets_fields)
{
	const struct timeval patience = {.tv_sec = 5};
	char *record;

	journal = socket(AF_UNIX, SOCK_DGRAM, 0);
	setsockopt(journal, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	testbed_stop(tb);
	tb->hook = "clsact";
	testbed_purge(tb);
	testbed_start(tb);
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, TWO_PORTS);
	testbed_stop(tb);
	run(&tb->host, "tc qdisc del dev a clsact");
	tb->before_agent = before_agent;
	testbed_start(tb);
	do
		record = read_record();
	while (!strstr(record, "port a lacks its programs"));
	CHECK_CONTAINS("\nPRIORITY=4\n", record);
	CHECK_CONTAINS("\nXVS_PORT=a\n", record);
	CHECK(!strstr(record, "CODE_FILE"));
	CHECK(!strstr(run(NULL, "cat %s/" TESTBED_LOG, tb->folder), "lacks its programs"));
}
