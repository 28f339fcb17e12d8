// SPDX-License-Identifier: GPL-2.0-only
/* What access control lists tell: counters of rules, flows, packets that a rule has logged. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/netns/acl.h"

#define PING_BYTES 98 /* of a frame with an echo of the usual size */

#define WEB                                                                                        \
	"acls:\n"                                                                                  \
	"  web:\n"                                                                                 \
	"    - {name: ping, action: allow, direction: out, protocol: icmp, stateful: on, "         \
	"weight: 30}\n"                                                                            \
	"    - {name: tcp, action: allow, direction: out, protocol: tcp, weight: 25, "             \
	"stateful: on}\n"                                                                          \
	"    - {name: query, action: allow, direction: out, protocol: udp, weight: 20, "           \
	"stateful: on}\n"                                                                          \
	"    - {name: rest, action: deny, direction: in, weight: 10, log: on}\n"

static void ping(const struct station *from, int count)
{
	run(&from->netns, "ping -n -q -c %d -i 0.01 -W 2 10.7.0.2", count);
}

TEST(acl_rules_count_what_ping_sends)
{
	const struct pair p = make_pair(tb, WEB, ", acl: web", "");

	CHECK_EQUAL(0, counted(tb, "acl show web", "ping", "packets"));
	ping(p.a, 7);
	CHECK_EQUAL(7, counted(tb, "acl show web", "ping", "packets"));
	CHECK_EQUAL(7 * PING_BYTES, counted(tb, "acl show port a", "ping", "bytes"));
	CHECK_EQUAL(0, counted(tb, "acl show", "query", "packets"));
	CHECK_EQUAL(4, json_number(testbed_json(tb, "acl reset web"), "reset"));
	CHECK_EQUAL(0, counted(tb, "acl show web", "ping", "packets"));
	CHECK_EQUAL(0, counted(tb, "acl show web", "ping", "bytes"));
	ping(p.a, 2);
	CHECK_EQUAL(2, counted(tb, "acl show web", "ping", "packets"));
	testbed_command_fails(tb, CONTROL_WRONG, "acl reset wbe");
}

/* What its device has sent. */
static long long bytes_sent(const struct station *from)
{
	return atoll(run(&from->netns,
		"ip -j -s link show dev eth0 | python3 -c 'import json, sys\n"
		"print(json.load(sys.stdin)[0][\"stats64\"][\"tx\"][\"bytes\"])'"));
}

TEST(acl_rules_count_segments)
{
	const struct pair p = make_pair(tb, WEB, ", acl: web", "");
	const long long before = segments_sent(p.a), bytes_before = bytes_sent(p.a);
	struct process server = start(&p.b->netns, "iperf3 -s --forceflush");

	CHECK_SOON(strstr(process_output(&server), "listening"));
	run(&p.a->netns, "iperf3 -c 10.7.0.2 -n 50M");
	process_stop(&server, SIGKILL);
	CHECK_SOON(segments_sent(p.a) - before == counted(tb, "acl show web", "tcp", "packets"));
	CHECK_BETWEEN(10000, 1000000, counted(tb, "acl show web", "tcp", "packets"));
	/* a packet that is cut later is counted as it comes; the rest are questions of ARP */
	CHECK_BETWEEN(0, 20 * 42,
		bytes_sent(p.a) - bytes_before - counted(tb, "acl show web", "tcp", "bytes"));
}

TEST(acl_meter_shows_bytes)
{
	const struct pair p = make_pair(tb,
		"port-acls: {m: [{name: all, action: meter, direction: both, remote: "
		"10.7.0.0/24}]}\n",
		", port-acl: m", "");

	ping(p.a, 3);
	CHECK_EQUAL(6 * PING_BYTES, counted(tb, "port-acl show m", "all", "bytes"));
	CHECK_EQUAL(1, json_number(testbed_json(tb, "port-acl reset port a"), "reset"));
	CHECK_EQUAL(0, counted(tb, "port-acl show m", "all", "bytes"));
}

#define OWN ", acl: [{name: own, action: allow, direction: out, weight: 1}]"

/* The same rules, but each port's are its own. A list with a name counts for all its ports. */
TEST(acl_own_lists_count_apart)
{
	const struct pair p = make_pair(tb, "", OWN, OWN);

	ping(p.a, 3);
	run(&p.b->netns, "ping -n -q -c 2 -i 0.01 -W 2 10.7.0.1");
	CHECK_EQUAL(5, counted(tb, "acl show port a", "own", "packets"));
	CHECK_EQUAL(5, counted(tb, "acl show port b", "own", "packets"));
	CHECK_EQUAL(1, json_number(testbed_json(tb, "acl reset port a"), "reset"));
	CHECK_EQUAL(0, counted(tb, "acl show port a", "own", "packets"));
	CHECK_EQUAL(5, counted(tb, "acl show port b", "own", "packets"));
}

/* While packets pass, other rules change, the daemon is killed, and comes back. */
TEST(acl_counters_go_on)
{
	const struct pair p = make_pair(tb, WEB, ", acl: web", "");
	struct process pinging;
	long long sent;

	pinging = start(&p.a->netns, "ping -n -q -i 0.002 -c 1000 -W 2 10.7.0.2");
	for (int i = 1; i <= 8; i++) {
		testbed_command(tb, "acl rule set web name rest weight %d", i);
		testbed_json(tb, "acl list web"); /* answered when the list has its counts */
		test_sleep_ms(60);
		if (i % 4)
			continue;
		testbed_kill(tb);
		testbed_start(tb);
	}
	testbed_command(tb, "acl rule add web name new action allow direction out weight 40 "
			    "protocol sctp");
	testbed_command(tb, "acl rule del web name query");
	CHECK_EQUAL(0, process_wait(&pinging, PROCESS_TIMEOUT_MS));
	sent = atoll(process_output(&pinging) + strcspn(process_output(&pinging), "\n") +
		     1 /* the title */
		     + strlen("\n--- 10.7.0.2 ping statistics ---\n"));
	CHECK_EQUAL(1000, sent);
	CHECK_EQUAL(sent, counted(tb, "acl show web", "ping", "packets"));
	CHECK_EQUAL(sent * PING_BYTES, counted(tb, "acl show web", "ping", "bytes"));
	CHECK_EQUAL(0, counted(tb, "acl show web", "new", "packets"));
	testbed_stop(tb);
	testbed_start(tb);
	CHECK_EQUAL(sent, counted(tb, "acl show web", "ping", "packets"));
	ping(p.a, 5);
	CHECK_EQUAL(sent + 5, counted(tb, "acl show web", "ping", "packets"));
	testbed_command(tb, "acl rule set web name ping weight 31"); /* another rule */
	CHECK_EQUAL(0, counted(tb, "acl show web", "ping", "packets"));
}

TEST(flows_are_shown)
{
	const struct pair p = make_pair(tb, WEB, ", acl: web", "");
	json_t *flow, *rule;

	CHECK_EQUAL(0, json_array_size(flows(tb, "")));
	ping(p.a, 4);
	CHECK_EQUAL(1, json_array_size(flows(tb, "port a")));
	CHECK_EQUAL(1, json_array_size(flows(tb, "switch s")));
	CHECK_EQUAL(0, json_array_size(flows(tb, "port b")));
	flow = json_array_get(flows(tb, ""), 0);
	rule = json_array_get(json_object_get(flow, "rules"), 0);
	CHECK_TEXT("a", json_text(flow, "port"));
	CHECK_TEXT("icmp", json_text(flow, "protocol"));
	CHECK_TEXT("out", json_text(flow, "began"));
	CHECK_TEXT("10.7.0.1", json_text(flow, "local"));
	CHECK_TEXT("10.7.0.2", json_text(flow, "remote"));
	CHECK(json_is_true(json_object_get(flow, "stateful")));
	CHECK_TEXT("out", json_text(rule, "direction"));
	CHECK_TEXT("web", json_text(rule, "list"));
	CHECK_TEXT("ping", json_text(rule, "rule"));
	CHECK_EQUAL(1, json_number(rule, "number"));
	CHECK_EQUAL(4, json_number(flow, "out.packets"));
	CHECK_EQUAL(4, json_number(flow, "in.packets"));
	CHECK_EQUAL(4 * PING_BYTES, json_number(flow, "in.bytes"));
	CHECK_BETWEEN(290, 300, json_number(flow, "left"));
	CHECK_EQUAL(1, json_number(testbed_port(tb, "a"), "flows.used"));
	CHECK_EQUAL(16384, json_number(testbed_port(tb, "a"), "flows.limit"));
	testbed_command_fails(tb, CONTROL_WRONG, "flow list port nobody");
	testbed_command(tb, "acl rule set web name rest weight 9"); /* not judged again yet */
	flow = json_array_get(flows(tb, ""), 0);
	CHECK_EQUAL(0, json_array_size(json_object_get(flow, "rules")));
}

TEST(flows_follow_a_connection)
{
	const struct pair p = make_pair(tb, WEB, ", acl: web, acl-strict: on", "");
	struct process server = start(&p.b->netns, "iperf3 -s --forceflush");
	json_t *all, *flow;
	size_t i;

	CHECK_SOON(strstr(process_output(&server), "listening"));
	run(&p.a->netns, "iperf3 -c 10.7.0.2 -n 1M");
	process_stop(&server, SIGKILL);
	all = flows(tb, "port a");
	CHECK_EQUAL(2, json_array_size(all)); /* control and data */
	json_array_foreach (all, i, flow) {
		CHECK_TEXT("tcp", json_text(flow, "protocol"));
		CHECK_EQUAL(5201, json_number(flow, "remote_port"));
		CHECK_TEXT("closed", json_text(flow, "state"));
	}
	CHECK(json_is_true(json_object_get(testbed_port(tb, "a"), "acl_strict")));
}

/* b answers a's question again and again. */
#define SERVER                                                                                     \
	"python3 -u -c 'import socket, time\n"                                                     \
	"s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"                                   \
	"s.bind((\"10.7.0.2\", 7000))\n"                                                           \
	"print(\"ready\")\n"                                                                       \
	"to = s.recvfrom(9)[1]\n"                                                                  \
	"while True:\n"                                                                            \
	"    s.sendto(b\"answer\", to)\n"                                                          \
	"    time.sleep(0.02)\n'"
#define CLIENT                                                                                     \
	"python3 -u -c 'import socket\n"                                                           \
	"s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"                                   \
	"s.sendto(b\"what\", (\"10.7.0.2\", 7000))\n"                                              \
	"while True:\n"                                                                            \
	"    print(s.recv(9))\n'"

#define METER "port-acls: {m: [{action: meter, direction: both, remote: any}]}\n"

TEST(flow_flush_ends_answers)
{
	const struct pair p = make_pair(tb, WEB METER, ", acl: web, port-acl: m", "");
	struct process server = start(&p.b->netns, SERVER), client, monitor;
	size_t heard;

	monitor = start(&tb->host, "%s --socket %s monitor", control_program("xvsctl"), tb->socket);
	CHECK_SOON(strstr(process_output(&server), "ready"));
	client = start(&p.a->netns, CLIENT);
	CHECK_SOON(strstr(process_output(&client), "answer"));
	CHECK_EQUAL(1, json_number(testbed_port(tb, "a"), "flows.used"));
	CHECK_EQUAL(0, testbed_drop_count(tb, "a", "acl-extended"));

	CHECK_EQUAL(0, json_number(testbed_json(tb, "flow flush port b"), "flushed"));
	CHECK_EQUAL(1, json_number(testbed_json(tb, "flow flush port a"), "flushed"));
	CHECK_EQUAL(0, json_number(testbed_port(tb, "a"), "flows.used"));
	CHECK_SOON(testbed_drop_count(tb, "a", "acl-extended") > 60);
	heard = strlen(process_output(&client));
	CHECK_SOON(counted(tb, "acl show web", "rest", "packets") > 70);
	CHECK_EQUAL(heard, strlen(process_output(&client)));

	CHECK_SOON(
		strstr(process_output(&monitor), "port a: in denied by web rest (acl-extended)"));
	CHECK_CONTAINS(": udp local 10.7.0.1:", process_output(&monitor));
	CHECK_CONTAINS(" remote 10.7.0.2:7000", process_output(&monitor));
	CHECK_SOON(strstr(process_output(&monitor), " more not told")); /* 50 a second */
	ping(p.a, 1);
	run(&tb->host, "python3 %s/test/netns/check_acl_replies.py %s", XVS_SOURCE_DIR, tb->socket);
	process_stop(&monitor, SIGINT);
	process_stop(&client, SIGKILL);
	process_stop(&server, SIGKILL);
}

TEST(flow_limit_is_obeyed)
{
	const struct pair p = make_pair(tb, "", OWN ", flow-limit: 1", OWN ", flow-limit: 0");

	ping(p.a, 1);
	ping(p.a, 1); /* another identifier */
	CHECK_EQUAL(1, json_number(testbed_port(tb, "a"), "flows.used"));
	CHECK_EQUAL(1, json_number(testbed_port(tb, "a"), "flows.limit"));
	CHECK_BETWEEN(1, 10, json_number(testbed_port(tb, "a"), "flows.refused"));
	CHECK_EQUAL(0, json_number(testbed_port(tb, "b"), "flows.used"));
	CHECK(json_number(testbed_port(tb, "b"), "flows.refused") > 0);
	CHECK_EQUAL(0, json_array_size(flows(tb, "port b")));
}

/* The next port gets the same id, but nothing of what the first one was allowed. */
TEST(flows_go_with_their_port)
{
	const struct pair p = make_pair(tb, WEB, ", acl: web", "");

	ping(p.a, 2);
	CHECK_EQUAL(1, json_array_size(flows(tb, "")));
	testbed_command(tb, "port del a");
	testbed_command(tb, "port add c switch s interface a acl web");
	testbed_wait_port_state(tb, "c", "up");
	CHECK_EQUAL(0, json_array_size(flows(tb, "")));
	CHECK_EQUAL(0, json_number(testbed_port(tb, "c"), "flows.used"));
	ping(p.a, 2);
	CHECK_EQUAL(1, json_number(testbed_port(tb, "c"), "flows.used"));
}

#define LOGGING                                                                                    \
	"acls:\n"                                                                                  \
	"  web:\n"                                                                                 \
	"    - {name: ping, action: allow, direction: out, protocol: icmp, weight: 30, log: on}\n" \
	"    - {action: deny, direction: out, protocol: udp, weight: 20, log: on}\n"

static void send_denied(const struct pair *p)
{
	run(&p->a->netns, "python3 -c 'import socket\n"
			  "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
			  "s.bind((\"\", 9))\n"
			  "s.sendto(b\"x\", (\"10.7.0.2\", 7))'");
}

/* Of a flow the first packet; of what is denied each. */
TEST(acl_log_tells_of_what_is_allowed)
{
	const struct pair p = make_pair(tb, LOGGING, ", acl: web", "");
	const char *allowed = "port a: out allowed by web ping: icmp echo-request local 10.7.0.1 "
			      "remote 10.7.0.2\n";
	const char *denied =
		"port a: out denied by web weight 20 (acl-extended): udp local 10.7.0.1:9 "
		"remote 10.7.0.2:7\n";
	struct process monitor =
		start(&tb->host, "%s --socket %s monitor", control_program("xvsctl"), tb->socket);
	char *told;

	CHECK_SOON((send_denied(&p), strstr(process_output(&monitor), denied))); /* it listens */
	test_sleep_ms(1100); /* a port tells of so many a second */
	ping(p.a, 5);
	CHECK_SOON(strstr(process_output(&monitor), allowed));
	told = strstr(process_output(&monitor), allowed);
	CHECK(!strstr(told + 1, allowed));
	process_stop(&monitor, SIGINT);
}

/* Connections that are older than the rules. */
static void take_over(struct testbed *tb, const char *strict)
{
	const struct pair p = make_pair(tb, WEB, "", "");
	struct process server = start(&p.b->netns, "iperf3 -s --forceflush"), client;
	long long before;

	CHECK_SOON(strstr(process_output(&server), "listening"));
	client = start(&p.a->netns, "iperf3 -c 10.7.0.2 -b 10M -t 30");
	before = segments_sent(p.a);
	CHECK_SOON(segments_sent(p.a) > before + 100);
	testbed_command(tb, "port set a acl web acl-strict %s", strict);
	if (!strcmp(strict, "on")) {
		CHECK_SOON(testbed_drop_count(tb, "a", "flow-state") > 0);
		CHECK_EQUAL(0, json_array_size(flows(tb, "port a")));
	} else {
		CHECK_SOON(counted(tb, "acl show web", "tcp", "packets") > 100);
		CHECK_EQUAL(0, testbed_drop_count(tb, "a", "flow-state"));
	}
	process_stop(&client, SIGKILL);
	process_stop(&server, SIGKILL);
}

TEST(flows_take_connections_over)
{
	take_over(tb, "off");
}

TEST(flows_begin_with_a_syn_where_that_is_strict)
{
	take_over(tb, "on");
}

#define MANY 4096

/* As many ports as a switch must take, each with lists of its own. */
TEST(acl_every_port_may_have_its_own)
{
	char *text = malloc(MANY * 200), *at = text;

	for (int i = 0; i < MANY; i++)
		at += sprintf(at,
			"  p%d: {switch: s, interface: none%d, acl: [{action: deny, direction: in, "
			"weight: 1}], port-acl: [{action: meter, direction: in, remote: any}]}\n",
			i, i);
	testbed_apply(tb, PRIVATE_SWITCH "ports:\n%s", text);
	free(text);
	CHECK_EQUAL(MANY, json_array_size(json_object_get(testbed_json(tb, "acl show"), "rules")));
	CHECK_EQUAL(MANY, json_number(testbed_json(tb, "port-acl reset"), "reset"));
	testbed_kill(tb);
	testbed_start(tb);
	CHECK_EQUAL(1, json_number(testbed_json(tb, "acl reset port p4095"), "reset"));
}

/* What comes in from the wire by XDP is for ports without lists. */
TEST(acl_is_not_passed_by_xdp)
{
	struct station *wire = testbed_guest(tb, "nic0"), *a = testbed_tap(tb, "a");
	struct frame frame;

	testbed_apply(tb,
		"switches: {s: {type: external, uplink: nic0, xdp: native}}\n"
		"ports: {a: {switch: s, interface: a, acl: denied}}\n"
		"acls: {denied: [{name: none-in, action: deny, direction: in, weight: 1}]}\n");
	testbed_command(tb, "fdb add %s switch s port uplink", mac_text(wire->mac));
	testbed_command(tb, "fdb add %s switch s port a", mac_text(a->mac));
	for (int i = 0; i < 5; i++) {
		frame = frame_ip(wire->mac, a->mac, FRAME_UDP, 200);
		expect_nowhere(wire, &frame);
	}
	CHECK_EQUAL(5, testbed_drop_count(tb, "a", "acl-extended"));
	testbed_command(tb, "port unset a acl");
	frame = frame_ip(wire->mac, a->mac, FRAME_UDP, 200);
	expect_delivery(wire, &frame, a);
}
