// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must not be lost when something goes wrong: files of others at a purge, entries of a long
 * list, the state before a refused or killed apply, the neighbour's socket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/bpf.h>
#include "test/netns/control.h"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CHECK(file);
	fputs(text, file);
	CHECK_EQUAL(0, fclose(file));
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0700))
		FAIL("cannot make %s: %s", path, strerror(errno));
}

/* All names below a folder, sorted. */
static char *names_below(const char *folder)
{
	return run(NULL, "sh -c 'cd %s && find . | sort'", folder);
}

/* Fails with the first line that differs. */
static void check_same_lines(const char *before, const char *after)
{
	size_t line = 0;

	for (size_t i = 0; before[i] || after[i]; i++) {
		if (before[i] != after[i])
			FAIL("expected \"%.*s\", got \"%.*s\"", (int)strcspn(before + line, "\n"),
				before + line, (int)strcspn(after + line, "\n"), after + line);
		if (before[i] == '\n')
			line = i + 1;
	}
}

static json_t *link_of(struct testbed *tb, const char *device)
{
	return json_array_get(
		json_loads(run(&tb->host, "ip -j link show dev %s", device), 0, NULL), 0);
}

/* `count` frames with different sources, to an address that nobody has. */
static void send_from_many(const struct station *from, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const uint8_t source[] = {0x02, 0xaa, 0, 0, i >> 8, i};
		const struct frame frame = frame_new(source, MAC_UNKNOWN);

		station_send(from, &frame);
	}
}

/* ---- purge ---- */

static int purge_status(struct testbed *tb, const char *pins, const char *socket)
{
	struct process process =
		start(&tb->host, "%s --purge --pin-dir %s --socket %s --state-dir %s/state",
			control_program("xvswitchd"), pins, socket, tb->folder);

	return process_wait(&process, AGENT_TIMEOUT_MS);
}

TEST(fault_purge_of_an_ordinary_folder_deletes_nothing)
{
	const char *folder = test_text("%s/precious", tb->folder);
	const char *socket = test_text("%s/none.sock", tb->folder);
	const char *before;

	make_folder(folder);
	make_folder(test_text("%s/links", folder));
	make_folder(test_text("%s/letters", folder));
	write_file(test_text("%s/control", folder), "mine\n"); /* as one of the pins is called */
	write_file(test_text("%s/links/1-in", folder), "mine\n");
	write_file(test_text("%s/letters/one", folder), "mine\n");
	before = names_below(folder);

	CHECK_EQUAL(2, purge_status(tb, folder, socket));
	CHECK_TEXT(before, names_below(folder));
	CHECK_TEXT("mine\n", run(NULL, "cat %s/control", folder));
	CHECK_EQUAL(0, purge_status(tb, test_text("%s/nowhere", tb->folder), socket));
	CHECK(access(test_text("%s/nowhere", tb->folder), F_OK) != 0);
}

/* A map of somebody else. */
static void pin_map(const char *path)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	union bpf_attr pin = {.pathname = (uintptr_t)path};

	pin.bpf_fd = syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
	if ((int)pin.bpf_fd < 0 || syscall(SYS_bpf, BPF_OBJ_PIN, &pin, sizeof(pin)))
		FAIL("cannot pin a map at %s: %s", path, strerror(errno));
	close(pin.bpf_fd);
}

TEST(fault_purge_leaves_foreign_pins)
{
	const char *folder = test_text("%s/theirs", tb->pins);
	const char *inner = test_text("%s/theirs/map", tb->pins);
	const char *map = test_text("%s/their_map", tb->pins);

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, TWO_PORTS);
	testbed_stop(tb);
	make_folder(folder);
	pin_map(inner);
	pin_map(map);

	CHECK_EQUAL(2, purge_status(tb, tb->pins, tb->socket));
	CHECK_TEXT(".\n./their_map\n./theirs\n./theirs/map\n", names_below(tb->pins));
	CHECK_EQUAL(0, unlink(map) | unlink(inner) | rmdir(folder));
	testbed_purge(tb); /* and our hooks went the first time */
}

TEST(fault_purge_beside_a_running_agent_is_refused)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	const struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	const char *before;

	testbed_apply(tb, TWO_PORTS);
	before = names_below(tb->pins);
	CHECK_EQUAL(2, purge_status(tb, tb->pins, tb->socket));
	CHECK_TEXT(before, names_below(tb->pins));
	testbed_command(tb, "port list");
	expect_delivery(a, &frame, b);
}

/* ---- long lists ---- */

#define MANY_ENTRIES 20000

/* A guest with very many addresses; returns the number of entries then. */
static unsigned int learn_many(struct testbed *tb)
{
	struct station *a = testbed_guest(tb, "a");

	testbed_guest(tb, "b", .silent = true);
	testbed_apply(tb, TWO_PORTS);
	send_from_many(a, MANY_ENTRIES);
	CHECK_EQUAL(MANY_ENTRIES, json_number(testbed_switch(tb, "s"), "mac_table.used"));
	return MANY_ENTRIES;
}

static unsigned int count_entries(const char *text)
{
	unsigned int count = 0;

	while ((text = strstr(text, "\"mac\""))) {
		count++;
		text++;
	}
	return count;
}

TEST(fault_long_list_is_whole_each_time)
{
	const unsigned int count = learn_many(tb);
	const char *text;
	json_t *reply;

	for (int i = 0; i < 10; i++)
		CHECK_EQUAL(count, count_entries(testbed_command(tb, "-j fdb list")));
	text = run(NULL,
		"sh -c '%s --socket %s -j fdb list | "
		"{ sleep 0.3; head -c 300000; sleep 0.3; cat; }'",
		control_program("xvsctl"), tb->socket);
	reply = json_loads(text, 0, NULL);
	CHECK(reply);
	CHECK_EQUAL(count, json_array_size(json_object_get(reply, "entries")));
}

static int connect_to(const struct testbed *tb)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = 5};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", tb->socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	CHECK_EQUAL(0, connect(fd, (struct sockaddr *)&address, sizeof(address)));
	return fd;
}

/* Reads a little at a time until `replies` streams have ended. Counts the entries. */
static unsigned int read_slowly(int fd, unsigned int replies)
{
	static char text[16 << 20];
	unsigned int count = 0, ended = 0;
	size_t used = 0, seen = 0;

	while (ended < replies) {
		ssize_t size = read(fd, text + used, 32768);

		if (size <= 0 || used + size > sizeof(text) - 32769)
			FAIL("reply %u of %u, expected more, got an end after %u entries: %s",
				ended + 1, replies, count, strerror(errno));
		used += size;
		test_sleep_ms(1);
		while (memchr(text + seen, 0, used - seen)) {
			count += count_entries(text + seen);
			ended += !strstr(text + seen, "\"continues\":true");
			seen += strlen(text + seen) + 1;
		}
	}
	return count;
}

static void call_slowly(struct testbed *tb, unsigned int calls)
{
	static const char call[] =
		"{\"method\": \"org.xvswitch.ListEntries\", \"parameters\": {}, \"more\": true}";
	const unsigned int count = learn_many(tb);
	int fd = connect_to(tb);

	for (unsigned int i = 0; i < calls; i++) /* all before the first answer is read */
		CHECK_EQUAL(sizeof(call), write(fd, call, sizeof(call)));
	test_sleep_ms(300);
	testbed_command(tb, "port list"); /* others are not kept waiting */
	CHECK_EQUAL(calls * count, read_slowly(fd, calls));
	close(fd);
}

TEST(fault_slow_client_gets_a_long_list)
{
	call_slowly(tb, 1);
}

TEST(fault_slow_client_gets_the_answers_of_many_calls)
{
	call_slowly(tb, 5);
}

/* ---- a refused apply ---- */

/* All that an apply changes and that is to be seen from outside; nothing that traffic changes. */
static char *everything(struct testbed *tb)
{
	json_t *switches = json_object_get(testbed_json(tb, "switch list"), "switches");
	json_t *ports = json_object_get(testbed_json(tb, "port list"), "ports"), *object;
	char *text = test_text("%s%s%s%s",
		run(NULL, "sh -c '%s --socket %s fdb list | grep -v learned | sort'",
			control_program("xvsctl"), tb->socket),
		run(&tb->host, "sh -c 'ip -br link; ip -br -4 addr'"),
		run(&tb->host, "sh -c 'cd /proc/sys/net/ipv6/conf && grep . */disable_ipv6'"),
		names_below(tb->pins));
	size_t i;

	json_array_foreach (switches, i, object)
		text = test_text("%s%s id %lld %s uplink %s host %s size %lld ports %lld\n", text,
			json_text(object, "name"), json_number(object, "id"),
			json_text(object, "type"), json_text(object, "uplink"),
			json_text(object, "host_port.interface"),
			json_number(object, "mac_table.size"), json_number(object, "ports"));
	json_array_foreach (ports, i, object)
		text = test_text("%s%s id %lld ifindex %lld mac %s %s\n", text,
			json_text(object, "name"), json_number(object, "id"),
			json_number(object, "ifindex"), json_text(object, "mac"),
			json_text(object, "state"));
	if (netns_has_device(&tb->host, "mgmt"))
		text = test_text(
			"%smgmt %lld\n", text, json_number(link_of(tb, "mgmt"), "ifindex"));
	return text;
}

#define MAC_A "02:00:00:00:0a:01"
#define MAC_HOST "02:00:00:00:0a:02"
#define STATIC_ENTRY "static-entries: [{mac: '02:00:00:00:0a:03', port: b}]"

#define REFUSALS 6 /* what goes wrong may not do so each time */

/* Nearly all changes; what is to be refused stands in the host port. */
static const char many_changes[] =
	"switches:\n"
	"  s: {type: external, uplink: nic0, mac-table-size: 5000, host-port: {%s}}\n"
	"  t: {type: internal, host-port: {interface: new0, addresses: [10.9.0.1/24]}}\n"
	"ports:\n"
	"  a: {switch: s, interface: a, mac: '02:00:00:00:0a:0a'}\n"
	"  c: {switch: t, interface: c, mac: pool}\n"
	"  d: {switch: s, match: {name: 'b'}}\n";

static void check_refused(struct testbed *tb, const char *base, const char *host_port)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	const uint8_t assigned[] = {0x02, 0, 0, 0, 0x0a, 0x01};
	const struct frame frame_to_a = frame_new(b->mac, assigned);
	struct frame frame = frame_new(assigned, MAC_BROADCAST);
	const char *before, *said;

	testbed_guest(tb, "c");
	testbed_guest(tb, "nic0");
	netns_set(&tb->host, "ipv6/conf/default/disable_ipv6", 0);
	netns_set(&tb->host, "ipv6/conf/c/disable_ipv6", 0);
	netns_ip(&tb->host, "link set dev c down\n"
			    "link add name taken type veth peer name taken1\n"
			    "link set dev taken1 alias " TESTBED_ALIAS "\n"
			    "link set dev taken alias " TESTBED_ALIAS "\n");
	testbed_apply(tb, "%s", base);
	testbed_command(tb, "fdb add %s switch s port b", mac_text(MAC_UNKNOWN));
	test_sleep_ms(50);
	before = everything(tb);

	for (int i = 0; i < REFUSALS; i++) {
		said = testbed_apply_fails(tb, CONTROL_REFUSED, many_changes, host_port);
		CHECK_CONTAINS("nothing of the request is in force", said);
		frame = frame_again(frame);
		expect_delivery(a, &frame, b);
		frame = frame_again(frame_to_a);
		expect_delivery(b, &frame, a);
		frame = frame_new(assigned, MAC_BROADCAST);
		check_same_lines(before, everything(tb));
	}
	expect_dropped(tb, b, &frame, "b", "mac-taken");
	testbed_kill(tb);
	testbed_start(tb); /* nor does the next agent know anything of it */
	check_same_lines(before, everything(tb));
	netns_ip(&tb->host, "link del dev taken\n");
}

#define PORTS_OLD                                                                                  \
	"ports:\n"                                                                                 \
	"  a: {switch: s, interface: a, mac: '" MAC_A "'}\n"                                       \
	"  b: {switch: s, interface: b}\n"
#define WITH_HOST                                                                                  \
	"switches:\n"                                                                              \
	"  s: {type: internal, host-port: {interface: mgmt, mac: '" MAC_HOST "',\n"                \
	"    addresses: [10.7.0.1/24]}, " STATIC_ENTRY "}\n" PORTS_OLD
#define WITHOUT_HOST "switches: {s: {type: private, " STATIC_ENTRY "}}\n" PORTS_OLD

TEST(fault_refused_host_port_of_a_foreign_name)
{
	check_refused(tb, WITHOUT_HOST, "interface: taken");
}

TEST(fault_refused_host_port_address)
{
	check_refused(tb, WITHOUT_HOST, "interface: mgmt, addresses: [10.7.0.1/24, 'ff02::5/64']");
}

TEST(fault_refused_rename_to_a_foreign_name)
{
	check_refused(tb, WITH_HOST, "interface: taken, addresses: [10.8.0.1/24]");
}

/* The snapshots hold the interface's index: it is renamed and back, not made again. */
TEST(fault_refused_address_takes_a_rename_back)
{
	check_refused(tb, WITH_HOST,
		"interface: mgmt2, mac: '02:00:00:00:0a:22', "
		"addresses: [10.8.0.1/24, 'ff02::5/64']");
}

TEST(fault_refused_address_takes_a_host_mac_back)
{
	check_refused(tb, WITH_HOST,
		"interface: mgmt, mac: pool, addresses: [10.8.0.1/24, 'ff02::5/64']");
}

/* ---- a full table ---- */

static const char small_table[] = "switches: {s: {type: private, mac-table-size: %d%s}}\n"
				  "ports:\n"
				  "  a: {switch: s, interface: a}\n"
				  "  b: {switch: s, interface: b%s}\n"
				  "  c: {switch: s, interface: c}\n";

TEST(fault_learned_entries_give_way_in_a_full_table)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *c = testbed_guest(tb, "c");
	static const uint8_t by_hand[] = {0x02, 0, 0, 0, 0x0b, 0x01};
	static const uint8_t assigned[] = {0x02, 0, 0, 0, 0x0b, 0x02};
	struct frame frame;

	testbed_apply(tb, small_table, 64, "", "");
	send_from_many(a, 200);
	CHECK_EQUAL(64, json_number(testbed_switch(tb, "s"), "mac_table.used"));
	testbed_command(tb, "fdb add %s switch s port c", mac_text(by_hand));
	CHECK_TEXT("c", testbed_entry_port(tb, "s", by_hand, 0));
	frame = frame_new(a->mac, by_hand);
	expect_delivery(a, &frame, c);

	send_from_many(a, 200);
	CHECK_EQUAL(64, json_number(testbed_switch(tb, "s"), "mac_table.used"));
	testbed_apply(tb, small_table, 64, "", ", mac: '02:00:00:00:0b:02'");
	CHECK_TEXT("b", testbed_entry_port(tb, "s", assigned, -1));
	CHECK_BETWEEN(1, 64, json_number(testbed_switch(tb, "s"), "mac_table.used"));
	/* what gave way is counted as gone */
	CHECK_BETWEEN(0, 62, json_number(testbed_port(tb, "a"), "learning.used"));
	frame = frame_new(a->mac, assigned);
	expect_delivery(a, &frame, b);
	frame = frame_new(assigned, MAC_BROADCAST);
	expect_dropped(tb, a, &frame, "a", "mac-taken");
}

/* ", static-entries: […]" with 02:00:00:00:KIND:00 and so on, all on port c. */
static char *static_entries(int kind, int count)
{
	char *text = ", static-entries: [";

	for (int i = 0; i < count; i++)
		text = test_text("%s{mac: '02:00:00:00:%02x:%02x', port: c}, ", text, kind, i);
	return test_text("%s]", text);
}

TEST(fault_table_full_of_own_addresses)
{
	struct station *a = testbed_guest(tb, "a"), *c;
	static const uint8_t old[] = {0x02, 0, 0, 0, 0x0c, 5};
	struct frame frame = frame_new(a->mac, old);
	const char *said;

	testbed_guest(tb, "b");
	c = testbed_guest(tb, "c");
	testbed_apply(tb, small_table, 16, "", "");
	send_from_many(a, 50);
	testbed_apply(tb, small_table, 16, static_entries(0x0c, 14), ", mac: '02:00:00:00:0b:02'");
	CHECK_EQUAL(15, json_number(testbed_switch(tb, "s"), "mac_table.used"));
	expect_delivery(a, &frame, c);
	said = testbed_command_fails(
		tb, CONTROL_WRONG, "fdb add 02:00:00:00:0f:00 switch s port c");
	CHECK_CONTAINS("too small", said);
	said = testbed_apply_fails(tb, CONTROL_WRONG, small_table, 16, static_entries(0x0c, 15),
		", mac: '02:00:00:00:0b:02'");
	CHECK_CONTAINS(":2:12: error: mac-table-size 16 of switch 's' is too small", said);
	frame = frame_again(frame);
	expect_delivery(a, &frame, c);
}

/* The new ones have room once the old ones are gone. */
TEST(fault_table_full_of_own_addresses_takes_others)
{
	static const uint8_t old[] = {0x02, 0, 0, 0, 0x0c, 5}, new[] = {0x02, 0, 0, 0, 0x0d, 5};
	struct station *a = testbed_guest(tb, "a"), *c;
	const struct frame frame = frame_new(a->mac, new);

	testbed_guest(tb, "b");
	c = testbed_guest(tb, "c");
	testbed_apply(tb, small_table, 16, static_entries(0x0c, 16), "");
	testbed_apply(tb, small_table, 16, static_entries(0x0d, 16), "");
	CHECK_TEXT("c", testbed_entry_port(tb, "s", new, 0));
	CHECK(!testbed_entry(tb, "s", old, 0));
	CHECK_EQUAL(16, json_number(testbed_switch(tb, "s"), "mac_table.used"));
	expect_delivery(a, &frame, c);
}

TEST(fault_table_too_small_for_own_addresses)
{
	char *ports = "";
	const char *said;

	for (int i = 0; i < 20; i++)
		ports = test_text("%s  p%d: {switch: s, interface: p%d, mac: pool}\n", ports, i, i);
	said = testbed_apply_fails(tb, CONTROL_WRONG,
		"switches:\n  s: {type: private, mac-table-size: 16}\nports:\n%s", ports);
	CHECK_CONTAINS(":3:3: error: mac-table-size 16 of switch 's' is too small", said);
	CHECK_CONTAINS("nothing was applied", said);
	testbed_apply(tb, "switches:\n  s: {type: private, mac-table-size: 40}\nports:\n%s", ports);
	CHECK_EQUAL(20, json_array_size(json_object_get(testbed_json(tb, "port list"), "ports")));
}

/* ---- an agent killed at work ---- */

#define MANY_PORTS 200

/* Veths p0 to p199 in different states, their other ends beside them. */
static void make_many_devices(struct testbed *tb)
{
	char *commands = "";

	netns_set(&tb->host, "ipv6/conf/default/disable_ipv6", 0);
	for (int i = 0; i < MANY_PORTS; i++)
		commands = test_text("%slink add name p%d type veth peer name q%d\n"
				     "link set dev p%d alias " TESTBED_ALIAS " %s\n"
				     "link set dev q%d alias " TESTBED_ALIAS " up\n",
			commands, i, i, i, i % 3 ? "up" : "down", i);
	netns_ip(&tb->host, "%s", commands);
	for (int i = 0; i < MANY_PORTS; i += 2)
		netns_set(&tb->host, test_text("ipv6/conf/p%d/disable_ipv6", i), 1);
}

static char *make_many_config(struct testbed *tb)
{
	char *path = test_text("%s/many.yaml", tb->folder);
	char *text = "version: 1\nswitches:\n  s: {type: external, uplink: nic0, host-port: {}}\n"
		     "ports:\n";

	for (int i = 0; i < MANY_PORTS; i++)
		text = test_text("%s  v%d: {switch: s, interface: p%d}\n", text, i, i);
	write_file(path, text);
	return path;
}

/* What an agent may change of the host's devices. */
static char *devices(struct testbed *tb)
{
	json_t *links = json_loads(run(&tb->host, "ip -j link"), 0, NULL), *link, *flag;
	char *text = run(&tb->host, "sh -c 'cd /proc/sys/net/ipv6/conf && grep . */disable_ipv6'");
	size_t i, j;

	json_array_foreach (links, i, link) {
		text = test_text("%s%s:", text, json_text(link, "ifname"));
		json_array_foreach (json_object_get(link, "flags"), j, flag)
			if (!strcmp(json_string_value(flag), "UP") ||
				!strcmp(json_string_value(flag), "PROMISC"))
				text = test_text("%s %s", text, json_string_value(flag));
		text = test_text("%s\n", text);
	}
	return text;
}

static bool is_rcu_ordinary(void)
{
	return strcmp("0\n", run(NULL, "cat /sys/kernel/rcu_expedited")) == 0;
}

/* Returns whether the command was still waiting for its answer. */
static bool kill_amid_apply(struct testbed *tb, const char *config, int ms)
{
	struct process applying = start(
		NULL, "%s --socket %s apply -f %s", control_program("xvsctl"), tb->socket, config);

	test_sleep_ms(ms);
	testbed_kill(tb);
	process_wait(&applying, AGENT_TIMEOUT_MS);
	if (applying.status != 0 && applying.status != 3)
		FAIL("xvsctl, expected status 0 or 3, got %d: %s", applying.status,
			process_errors(&applying));
	return applying.status == 3;
}

static void check_all_up(struct testbed *tb)
{
	json_t *ports = json_object_get(testbed_json(tb, "port list"), "ports"), *port;
	unsigned int count = 0;
	size_t i;

	json_array_foreach (ports, i, port) {
		if (strcmp("up", json_text(port, "state")) != 0)
			FAIL("port %s, expected up, got %s: %s", json_text(port, "name"),
				json_text(port, "state"), json_text(port, "reason") ?: "");
		count++;
	}
	CHECK_EQUAL(MANY_PORTS + 2, count);
}

static void apply_again(struct testbed *tb, const char *config)
{
	struct process applying = start(
		NULL, "%s --socket %s apply -f %s", control_program("xvsctl"), tb->socket, config);

	process_wait(&applying, AGENT_TIMEOUT_MS);
	if (applying.status)
		FAIL("xvsctl apply, expected status 0, got %d: %s", applying.status,
			process_errors(&applying));
}

/* Killed `ms` after the command's start, then continued, then purged. */
static void check_killed_and_continued(struct testbed *tb, int ms)
{
	const char *config = make_many_config(tb), *before;

	testbed_guest(tb, "nic0");
	make_many_devices(tb);
	before = devices(tb);
	kill_amid_apply(tb, config, ms);
	testbed_start(tb);
	CHECK_SOON(is_rcu_ordinary());
	apply_again(tb, config);
	CHECK_SOON(is_rcu_ordinary());
	check_all_up(tb);
	testbed_purge(tb);
	check_same_lines(before, devices(tb));
	CHECK(!netns_has_device(&tb->host, "s"));
}

TEST(fault_killed_5_ms_into_an_apply)
{
	check_killed_and_continued(tb, 5);
}

TEST(fault_killed_20_ms_into_an_apply)
{
	check_killed_and_continued(tb, 20);
}

TEST(fault_killed_50_ms_into_an_apply)
{
	check_killed_and_continued(tb, 50);
}

TEST(fault_killed_amid_an_apply_and_purged)
{
	static const int moments[] = {10, 30, 60, 100, 150};
	const char *config = make_many_config(tb), *before;
	bool amid = false;

	testbed_guest(tb, "nic0");
	make_many_devices(tb);
	before = devices(tb);
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		amid |= kill_amid_apply(tb, config, moments[i]);
		testbed_purge(tb);
		check_same_lines(before, devices(tb));
		CHECK(!netns_has_device(&tb->host, "s"));
		testbed_start(tb);
		CHECK_SOON(is_rcu_ordinary());
	}
	CHECK(amid); /* else the moments are to be chosen anew */
}

/* ---- the host port in place ---- */

static const char host_port_config[] =
	"mac-pool: {first: '02:11:22:33:44:00', size: 4}\n"
	"switches: {s: {type: internal, host-port: {interface: mgmt%s}}}\n"
	"ports: {a: {switch: s, interface: a}}\n";

TEST(fault_host_port_mac_changes_in_place)
{
	static const struct {
		const char *setting, *expected;
	} steps[] = {
		{", mac: '02:00:00:00:0e:01'", "02:00:00:00:0e:01"},
		{", mac: '02:00:00:00:0e:02'", "02:00:00:00:0e:02"},
		{"", "02:11:22:33:44:00"},
		{", mac: '02:00:00:00:0e:01'", "02:00:00:00:0e:01"},
		{", mac: pool", "02:11:22:33:44:00"},
	};
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.2/24");
	long long ifindex;

	testbed_apply(tb, host_port_config, ", mac: pool, addresses: [10.7.0.1/24]");
	ifindex = json_number(link_of(tb, "mgmt"), "ifindex");
	CHECK_TEXT("02:11:22:33:44:00", json_text(link_of(tb, "mgmt"), "address"));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		testbed_apply(tb, host_port_config,
			test_text("%s, addresses: [10.7.0.1/24]", steps[i].setting));
		CHECK_TEXT(steps[i].expected, json_text(link_of(tb, "mgmt"), "address"));
		CHECK_EQUAL(ifindex, json_number(link_of(tb, "mgmt"), "ifindex"));
		CHECK_TEXT(steps[i].expected, testbed_port_text(tb, "s/host", "mac"));
		run(&a->netns, "sh -c 'ip neigh flush dev eth0; ping -n -c 1 -W 2 10.7.0.1'");
		CHECK_CONTAINS(steps[i].expected, run(&a->netns, "ip neigh show 10.7.0.1"));
	}
}

TEST(fault_host_port_renamed_in_place)
{
	static const char config[] = "switches:\n"
				     "  s: {type: internal, host-port: {interface: %s,\n"
				     "    addresses: [10.7.0.1/24]}}\n"
				     "ports: {a: {switch: s, interface: a}}\n";
	struct station *a = testbed_guest(tb, "a", .address = "10.7.0.2/24");
	long long ifindex;

	testbed_apply(tb, config, "mgmt");
	ifindex = json_number(link_of(tb, "mgmt"), "ifindex");
	testbed_apply(tb, config, "mgmt2");
	CHECK_EQUAL(ifindex, json_number(link_of(tb, "mgmt2"), "ifindex"));
	CHECK(!netns_has_device(&tb->host, "mgmt"));
	run(&a->netns, "ping -n -c 1 -W 2 10.7.0.1");
}

TEST(fault_host_port_address_in_another_spelling)
{
	const char *before;
	long long generation;

	netns_set(&tb->host, "ipv6/conf/default/disable_ipv6", 0);
	testbed_guest(tb, "a");
	testbed_apply(tb, host_port_config,
		", addresses: ['2001:DB8:0::1/64', '2001:db8:0:0:0:0:0:9/64', 10.7.0.1/24]");
	generation = json_number(testbed_json(tb, "show"), "agent.generation");
	before = run(&tb->host, "ip -o addr show dev mgmt scope global | cut -d ' ' -f 1-8");
	CHECK_CONTAINS("2001:db8::1/64", before);
	CHECK_CONTAINS("2001:db8::9/64", before);
	testbed_apply(tb, host_port_config,
		", addresses: ['2001:db8::1/64', '2001:DB8::0009/64', 10.7.0.1/24]");
	CHECK_TEXT(before,
		run(&tb->host, "ip -o addr show dev mgmt scope global | cut -d ' ' -f 1-8"));
	CHECK_EQUAL(generation, json_number(testbed_json(tb, "show"), "agent.generation"));
	testbed_apply(tb, host_port_config, ", addresses: ['2001:DB8::1/64']");
	CHECK_CONTAINS("2001:db8::1/64", run(&tb->host, "ip -o addr show dev mgmt"));
	CHECK(!strstr(run(&tb->host, "ip -o addr show dev mgmt"), "2001:db8::9/64"));
}

/* ---- devices ---- */

TEST(fault_port_renamed_keeps_its_device_up)
{
	static const char config[] = PRIVATE_SWITCH "ports:\n"
						    "  a: {switch: s, interface: a}\n"
						    "  %s: {switch: s, interface: b}\n";
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct frame frame;

	netns_ip(&tb->host, "link set dev b down\n");
	testbed_apply(tb, config, "b");
	testbed_wait_port_state(tb, "b", "up");
	for (int i = 0; i < 20; i++) { /* what goes wrong may not do so each time */
		char *name = test_text("renamed%d", i);

		testbed_apply(tb, config, name);
		testbed_wait_port_state(tb, name, "up");
		frame = frame_new(a->mac, MAC_BROADCAST);
		expect_delivery(a, &frame, b);
		frame = frame_new(b->mac, a->mac);
		expect_delivery(b, &frame, a);
	}
	test_sleep_ms(100);
	CHECK_TEXT("up", testbed_port_text(tb, "renamed19", "state"));
	testbed_apply(tb, PRIVATE_SWITCH "ports: {a: {switch: s, interface: a}}\n");
	CHECK(!strstr(run(&tb->host, "ip link show dev b"), ",UP")); /* as it was found */
}

static const char greedy[] = "switches:\n"
			     "  s: {type: external, uplink: nic0, host-port: {}}\n"
			     "  t: {type: internal}\n"
			     "ports:\n"
			     "  v1: {switch: s, match: {name: '*'}}\n"
			     "  v2: {switch: t, match: {name: '*'}}\n"
			     "  v3: {switch: s, match: {name: 'x*'}}\n";

static void check_greedy(struct testbed *tb, const char *interface)
{
	testbed_wait_port_state(tb, "s/uplink", "up");
	testbed_wait_port_state(tb, "s/host", "up");
	testbed_wait_port_state(tb, "t/host", "up");
	CHECK_TEXT("nic0", testbed_port_text(tb, "s/uplink", "interface"));
	if (interface) {
		testbed_wait_port_state(tb, "v1", "up");
		CHECK_TEXT(interface, testbed_port_text(tb, "v1", "interface"));
	} else {
		CHECK(!testbed_port_text(tb, "v1", "interface"));
	}
	CHECK(!testbed_port_text(tb, "v2", "interface"));
	CHECK_TEXT("waiting", testbed_port_text(tb, "v3", "state"));
}

TEST(fault_pattern_takes_no_device_of_the_switch)
{
	struct testbed *other = testbed_beside(tb);
	struct station *a;

	testbed_start(other);
	testbed_apply(other, "switches: {x: {type: internal}}\n"); /* another agent's veth */
	testbed_apply(tb, "%s", greedy);
	testbed_guest(tb, "nic0"); /* late: no other may take it then */
	check_greedy(tb, NULL);
	testbed_apply(tb, "%s", greedy);
	check_greedy(tb, NULL);
	testbed_kill(tb);
	testbed_start(tb);
	check_greedy(tb, NULL);
	a = testbed_guest(tb, "a");
	check_greedy(tb, "a");
	testbed_unplug(tb, a);
	CHECK_SOON(!testbed_port_text(tb, "v1", "interface"));
	check_greedy(tb, NULL);
}

/* ---- sockets ---- */

TEST(fault_agents_with_sockets_in_one_folder)
{
	struct testbed *other = testbed_beside(tb);
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	struct station *c = testbed_guest(other, "c"), *d = testbed_guest(other, "d");
	struct frame frame;

	other->socket = test_text("%s/other.sock", tb->folder);
	testbed_start(other);
	testbed_apply(tb, TWO_PORTS);
	testbed_apply(other, "switches: {t: {type: private}}\n"
			     "ports:\n"
			     "  c: {switch: t, interface: c}\n"
			     "  d: {switch: t, interface: d}\n");
	for (int i = 0; i < 2; i++) {
		testbed_kill(tb);
		testbed_kill(other);
		testbed_start(i ? tb : other);
		testbed_start(i ? other : tb);
		CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
		CHECK_TEXT("up", testbed_port_text(tb, "b", "state"));
		CHECK_TEXT("up", testbed_port_text(other, "c", "state"));
		CHECK_TEXT("up", testbed_port_text(other, "d", "state"));
		testbed_command_fails(tb, CONTROL_WRONG, "port show c");
		testbed_command_fails(other, CONTROL_WRONG, "port show a");
		frame = frame_new(a->mac, MAC_BROADCAST);
		expect_delivery(a, &frame, b);
		frame = frame_new(c->mac, MAC_BROADCAST);
		expect_delivery(c, &frame, d);
	}
	testbed_purge(other);
	testbed_kill(tb);
	testbed_start(tb); /* its configuration outlives the neighbour's purge */
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
}

TEST(fault_socket_path_of_a_file_is_refused)
{
	struct testbed *other = testbed_beside(tb);
	char *own_socket = other->socket;

	other->socket = test_text("%s/letter", tb->folder);
	write_file(other->socket, "mine\n");
	CHECK_EQUAL(2, testbed_start_fails(other));
	CHECK_TEXT("mine\n", run(NULL, "cat %s", other->socket));
	CHECK_CONTAINS("is no socket", run(NULL, "cat %s/" TESTBED_LOG, other->folder));
	other->socket = own_socket;
}

TEST(fault_purge_leaves_a_file_at_the_socket_path)
{
	char *file = test_text("%s/letter", tb->folder);

	testbed_stop(tb);
	write_file(file, "mine\n");
	purge_status(tb, tb->pins, file);
	if (access(file, F_OK))
		FAIL("%s after a purge, expected the file, got none", file);
	CHECK_TEXT("mine\n", run(NULL, "cat %s", file));
}

TEST(fault_socket_of_another_agent_is_refused)
{
	struct testbed *other = testbed_beside(tb);
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b");
	const struct frame frame = frame_new(a->mac, MAC_BROADCAST);
	char *own_socket = other->socket;

	testbed_apply(tb, TWO_PORTS);
	other->socket = tb->socket;
	CHECK_EQUAL(2, testbed_start_fails(other));
	testbed_command(tb, "port list");
	expect_delivery(a, &frame, b);
	other->socket = own_socket;
	testbed_start(other); /* with its own it may */
	testbed_command(tb, "port list");
	testbed_kill(tb);
	testbed_start(tb); /* on a dead agent's socket */
	CHECK_TEXT("up", testbed_port_text(tb, "b", "state"));
}

/* A purge whose --socket is the neighbour's, as the default one may be. */
TEST(fault_purge_leaves_the_socket_of_another_agent)
{
	struct testbed *other = testbed_beside(tb);

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, TWO_PORTS);
	testbed_start(other);
	testbed_stop(other);
	purge_status(other, other->pins, tb->socket);
	if (access(tb->socket, F_OK))
		FAIL("%s after another agent's purge, expected the socket, got none", tb->socket);
	testbed_command(tb, "port list");
	testbed_kill(tb);
	testbed_start(tb);
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
}
