// SPDX-License-Identifier: GPL-2.0-only
/* Real peers and access control lists: iperf3 behind ten thousand rules, a port scanner,
 * connections that fall silent, rules that change under a stream. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/netns/acl.h"
#include "test/netns/bulk.h"

#define ANSWER_MS 10000 /* TCP sends again within it, even after some losses */

/* ---- ten thousand rules ---- */

#define RULES 10000

static char *write_near(char *at, int i)
{
	static const char *const near[] = {
		"protocol: tcp, remote: 10.7.0.2, remote-port: %d", /* the address, other ports */
		"protocol: tcp, remote: 10.8.%d.0/24, remote-port: 5201", /* the port, others */
		"protocol: udp, local: 10.7.0.1, remote: 10.6.%d.0/28",
		"protocol: sctp, remote: 10.7.0.2, remote-port: %d",
	};
	static const int first[] = {6000, 0, 0, 6000}, most[] = {20000, 256, 256, 20000};

	at += sprintf(at, "    - {action: deny, direction: out, weight: %d, ", i + 10);
	at += sprintf(at, near[i % 4], first[i % 4] + i / 4 % most[i % 4]);
	return at + sprintf(at, "}\n");
}

/* None of them fits, until those of the lowest weights. */
static char *many_rules(void)
{
	char *text = malloc(RULES * 120), *at = text;

	at += sprintf(at, "acls:\n"
			  "  big:\n"
			  "    - {action: deny, direction: in, weight: 1}\n"
			  "    - {action: deny, direction: out, weight: 1}\n"
			  "    - {name: udp, action: allow, direction: out, protocol: udp, "
			  "remote-port: 5201, "
			  "stateful: on, weight: 2}\n"
			  "    - {name: tcp, action: allow, direction: out, protocol: tcp, "
			  "remote-port: 5201, "
			  "stateful: on, weight: 3}\n");
	for (int i = 0; i < RULES - 4; i++)
		at = write_near(at, i);
	return text;
}

/* Is there a flow of this protocol, allowed by the rule of the same name, with answers? */
static bool has_flow(struct testbed *tb, const char *protocol)
{
	json_t *all = flows(tb, "port a"), *flow;
	size_t i;

	json_array_foreach (all, i, flow) {
		json_t *rule = json_array_get(json_object_get(flow, "rules"), 0);

		if (!strcmp(json_text(flow, "protocol"), protocol) && rule &&
			!strcmp(json_text(rule, "rule"), protocol) &&
			json_number(flow, "in.packets") > 0)
			return true;
	}
	return false;
}

TEST(acl_iperf3_behind_ten_thousand_rules)
{
	char *rules = many_rules();
	const struct pair p = make_pair(tb, rules, ", acl: big", "");
	struct process server = start(&p.b->netns, "iperf3 -s --forceflush"), client;

	free(rules);
	CHECK_SOON(strstr(process_output(&server), "listening"));
	run(&p.a->netns, "iperf3 -c 10.7.0.2 -n 4M --connect-timeout 5000");
	CHECK(counted(tb, "acl show big", "tcp", "packets") > 1000);
	CHECK_EQUAL(0, counted(tb, "acl show big", "udp", "packets"));
	CHECK(has_flow(tb, "tcp"));
	run(&p.a->netns, "iperf3 -u -c 10.7.0.2 -n 100K -b 10M --connect-timeout 5000");
	CHECK(counted(tb, "acl show big", "udp", "packets") > 60);
	CHECK(has_flow(tb, "udp"));
	CHECK_CONTAINS("out big udp", testbed_command(tb, "flow list port a"));
	CHECK_TEXT("", testbed_drops(tb, "a"));

	testbed_command(tb, "acl rule set big name tcp action deny stateful off");
	client = start(&p.a->netns, "iperf3 -c 10.7.0.2 -n 1K --connect-timeout 500");
	CHECK(process_wait(&client, PROCESS_TIMEOUT_MS) != 0);
	CHECK(testbed_drop_count(tb, "a", "acl-extended") > 0);
	process_stop(&server, SIGKILL);
}

/* ---- a port scanner ---- */

/* Listens on TCP ports 22 and 80; answers on UDP ports 53 and 54. */
#define SERVICES                                                                                   \
	"python3 -u -c 'import socket, select\n"                                                   \
	"tcp = [socket.create_server((\"10.7.0.1\", port)) for port in (22, 80)]\n"                \
	"udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for port in (53, 54)]\n"          \
	"for port, s in zip((53, 54), udp):\n"                                                     \
	"    s.bind((\"10.7.0.1\", port))\n"                                                       \
	"print(\"ready\")\n"                                                                       \
	"while True:\n"                                                                            \
	"    for s in select.select(udp, [], [])[0]:\n"                                            \
	"        s.sendto(b\"here\", s.recvfrom(1500)[1])\n'"

#define SCANNED                                                                                    \
	"acls:\n"                                                                                  \
	"  web:\n"                                                                                 \
	"    - {action: allow, direction: out, stateful: on, weight: 9}\n"                         \
	"    - {action: allow, direction: in, protocol: tcp, local-port: 22-25, stateful: on, "    \
	"weight: 8}\n"                                                                             \
	"    - {action: allow, direction: in, protocol: udp, local-port: 53, stateful: on, "       \
	"weight: 7}\n"                                                                             \
	"    - {name: rest, action: deny, direction: in, weight: 1}\n"

static char *scan(const struct station *from, const char *options)
{
	return run(&from->netns,
		"nmap -n -Pn --disable-arp-ping --initial-rtt-timeout 200ms "
		"--max-rtt-timeout 400ms --max-retries 2 -oG - %s 10.7.0.1",
		options);
}

static const struct {
	const char *options, *lax,
		*strict; /* what is said, acl-strict off and on; NULL: the same */
} scans[] = {
	{"-sS -p 22", "22/open/tcp", "22/open/tcp"},
	{"-sS -p 24", "24/closed/tcp", NULL},
	{"-sS -p 80", "80/filtered/tcp", NULL},
	{"-sA -p 22", "22/unfiltered/tcp", "22/filtered/tcp"},
	{"-sA -p 80", "80/filtered/tcp", NULL},
	/* a closed port answers if it is asked */
	{"-sF -p 24", "24/closed/tcp", "24/open|filtered/tcp"},
	{"-sX -p 24", "24/closed/tcp", "24/open|filtered/tcp"},
	{"-sN -p 24", "24/closed/tcp", "24/open|filtered/tcp"},
	{"-sF -p 26", "26/open|filtered/tcp", NULL},
	{"-sX -p 26", "26/open|filtered/tcp", NULL},
	{"-sN -p 26", "26/open|filtered/tcp", NULL},
	{"-sU -p 53", "53/open/udp", NULL},
	{"-sU -p 54", "54/open|filtered/udp", NULL},
	{"-sU -p 55", "55/open|filtered/udp", NULL},
};

static void scan_each(const struct station *from)
{
	for (size_t i = 0; i < sizeof(scans) / sizeof(*scans); i++)
		CHECK_CONTAINS(scans[i].lax, scan(from, scans[i].options));
}

static void scan_where_strict(const struct station *from)
{
	for (size_t i = 0; i < sizeof(scans) / sizeof(*scans); i++)
		if (scans[i].strict)
			CHECK_CONTAINS(scans[i].strict, scan(from, scans[i].options));
}

TEST_WITHIN(acl_answers_a_port_scan_by_its_rules, 120)
{
	const struct pair p = make_pair(tb, SCANNED, ", acl: web", "");
	struct process services;

	need_program("nmap");
	services = start(&p.a->netns, SERVICES);
	CHECK_SOON(strstr(process_output(&services), "ready"));
	scan_each(p.b);
	CHECK_EQUAL(0, testbed_drop_count(tb, "a", "flow-state"));
	testbed_command(tb, "flow flush");
	testbed_command(tb, "port set a acl-strict on");
	scan_where_strict(p.b);
	CHECK(testbed_drop_count(tb, "a", "flow-state") > 4);
	testbed_command(tb, "port unset a acl"); /* it does look */
	CHECK_CONTAINS("80/open/tcp", scan(p.b, "-sS -p 80"));
	CHECK_CONTAINS("26/closed/tcp", scan(p.b, "-sX -p 26"));
	CHECK_CONTAINS("54/open/udp", scan(p.b, "-sU -p 54"));
	process_stop(&services, SIGKILL);
}

/* Of what is sent to other ports than those of the rules nothing comes to the guest; not even from
 * the port that it talks to itself. */
TEST_WITHIN(acl_lets_nothing_of_a_port_scan_in, 120)
{
	static const char *const kinds[] = {"-sS", "-sA", "-sF", "-sX", "-sN", "-sM", "-sU",
		"-sS -g 5858", "-sA -g 5858", "-sX -g 5858"};
	const struct pair p = make_pair(tb, SCANNED, ", acl: web", "");
	long long received, dropped;
	int talk[2];

	need_program("nmap");
	bulk_connect(&p.a->netns, &p.b->netns, "10.7.0.2", talk);
	CHECK(bulk_says(talk[1], talk[0], ANSWER_MS));
	test_sleep_ms(300); /* for the last acknowledgement */
	received = packets_received(p.a);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		dropped = counted(tb, "acl show web", "rest", "packets");
		scan(p.b, test_text("%s -p 100-109", kinds[i]));
		CHECK_BETWEEN(10, 100, counted(tb, "acl show web", "rest", "packets") - dropped);
		if (packets_received(p.a) != received)
			FAIL("scan %s, expected no packet to come, got %lld", kinds[i],
				packets_received(p.a) - received);
	}
	scan(p.b, "-sS -f -p 22,100"); /* a TCP header in three fragments */
	CHECK(testbed_drop_count(tb, "a", "truncated") > 0);
	CHECK(testbed_drop_count(tb, "a", "fragment") > 0);
	CHECK_EQUAL(received, packets_received(p.a));
	CHECK(bulk_says(talk[1], talk[0], ANSWER_MS));
	close(talk[0]);
	close(talk[1]);
}

#define FLOW_LIMIT 64
#define OUTWARD                                                                                    \
	"acls:\n"                                                                                  \
	"  out:\n"                                                                                 \
	"    - {action: allow, direction: out, stateful: on, weight: 9}\n"                         \
	"    - {action: deny, direction: in, weight: 1}\n"

/* Who scans fills the room for its own flows, and is not heard there. Others go on. */
TEST_WITHIN(flow_limit_keeps_a_scan_apart, 120)
{
	const struct pair p = make_pair(
		tb, OUTWARD, ", acl: out, flow-limit: 64", ", acl: out, flow-limit: 16384");
	struct station *c = testbed_guest(tb, "c", .address = "10.7.0.3/24", .silent = true);
	struct process scanner;
	int talk[2];

	need_program("nmap");
	testbed_command(tb, "port add c switch s interface c");
	testbed_wait_port_state(tb, "c", "up");
	bulk_connect(&p.b->netns, &c->netns, "10.7.0.3", talk);
	scanner = start(&p.a->netns,
		"nmap -n -Pn --disable-arp-ping --max-retries 0 --max-rtt-timeout 200ms -sS "
		"-p 1-1000 10.7.0.3");
	for (int i = 0; json_number(testbed_port(tb, "a"), "flows.refused") < 100; i++) {
		CHECK(i < 500);
		CHECK(bulk_says(talk[0], talk[1], ANSWER_MS));
		CHECK(bulk_says(talk[1], talk[0], ANSWER_MS));
	}
	CHECK_BETWEEN(1, FLOW_LIMIT, json_number(testbed_port(tb, "a"), "flows.used"));
	CHECK_EQUAL(0, process_wait(&scanner, 60000));
	CHECK_BETWEEN(1, FLOW_LIMIT, json_number(testbed_port(tb, "a"), "flows.used"));
	CHECK(testbed_drop_count(tb, "a", "acl-extended") > 100);
	CHECK_EQUAL(1, json_number(testbed_port(tb, "b"), "flows.used"));
	CHECK_EQUAL(0, json_number(testbed_port(tb, "b"), "flows.refused"));
	CHECK(bulk_says(talk[1], talk[0], ANSWER_MS));
	bulk_transfer(&p.b->netns, &c->netns, "10.7.0.3", 1 << 20);
	CHECK_TEXT("", testbed_drops(tb, "b"));
	close(talk[0]);
	close(talk[1]);
}

/* ---- silence ---- */

#define IDLE_MS 4000
#define SHORT_TIME                                                                                 \
	"acls:\n"                                                                                  \
	"  out:\n"                                                                                 \
	"    - {action: allow, direction: out, protocol: tcp, stateful: on, idle-timeout: 4s, "    \
	"weight: 9}\n"                                                                             \
	"    - {action: deny, direction: in, weight: 1}\n"

/* As FTP's control connection. `talk` is silent for less than the rule allows, then for more. */
static void fall_silent(struct testbed *tb, const int talk[2])
{
	for (int i = 0; i < 4; i++) { /* together longer than the rule allows */
		test_sleep_ms(IDLE_MS / 3);
		CHECK(bulk_says(talk[i & 1], talk[~i & 1], ANSWER_MS));
	}
	CHECK_TEXT("", testbed_drops(tb, "a"));
	CHECK_EQUAL(1, json_number(testbed_port(tb, "a"), "flows.used"));
	test_sleep_ms(IDLE_MS);
	CHECK_SOON(json_number(testbed_port(tb, "a"), "flows.used") == 0);
	CHECK(!bulk_says(talk[1], talk[0], 1500));
	CHECK(testbed_drop_count(tb, "a", "acl-extended") > 0);
}

TEST(flows_of_silent_connections_are_picked_up)
{
	const struct pair p = make_pair(tb, SHORT_TIME, ", acl: out", "");
	int talk[2];

	bulk_connect(&p.a->netns, &p.b->netns, "10.7.0.2", talk);
	fall_silent(tb, talk);
	CHECK(bulk_says(talk[0], talk[1], ANSWER_MS));
	CHECK(bulk_hears(talk[0], ANSWER_MS)); /* what b has said in vain */
	CHECK_EQUAL(0, testbed_drop_count(tb, "a", "flow-state"));
	close(talk[0]);
	close(talk[1]);
}

TEST(flows_of_silent_connections_end_where_that_is_strict)
{
	const struct pair p = make_pair(tb, SHORT_TIME, ", acl: out, acl-strict: on", "");
	int talk[2];

	bulk_connect(&p.a->netns, &p.b->netns, "10.7.0.2", talk);
	fall_silent(tb, talk);
	CHECK(!bulk_says(talk[0], talk[1], 1500));
	CHECK(testbed_drop_count(tb, "a", "flow-state") > 0);
	CHECK(!bulk_hears(talk[0], 0));
	close(talk[0]);
	close(talk[1]);
}

/* ---- rules that change under a stream ---- */

#define SWAPS 20

static const char *const sets[] = {
	"acls:\n"
	"  list:\n"
	"    - {name: one, action: allow, direction: out, protocol: tcp, remote-port: 5201, "
	"stateful: on, weight: 9}\n"
	"    - {action: deny, direction: in, weight: 1}\n"
	"    - {action: deny, direction: out, weight: 1}\n",
	"acls:\n"
	"  list:\n"
	"    - {name: two, action: allow, direction: out, remote: 10.7.0.0/24, stateful: on, "
	"idle-timeout: 20s, weight: 70}\n"
	"    - {action: deny, direction: in, protocol: tcp, weight: 3}\n"
	"    - {action: deny, direction: out, protocol: tcp, remote-port: 5201, weight: 3}\n",
};
#define NOTHING                                                                                    \
	"acls:\n"                                                                                  \
	"  list:\n"                                                                                \
	"    - {action: deny, direction: in, weight: 1}\n"                                         \
	"    - {name: none, action: deny, direction: out, weight: 1}\n"

TEST(acl_sets_are_exchanged_under_a_stream)
{
	const struct pair p = make_pair(tb, sets[0], ", acl: list", "");
	struct process server = start(&p.b->netns, "iperf3 -s --forceflush"), client;
	long long received;

	CHECK_SOON(strstr(process_output(&server), "listening"));
	client = start(&p.a->netns, "iperf3 -c 10.7.0.2 -b 50M -t 60");
	CHECK_SOON(counted(tb, "acl show list", "one", "packets") > 100);
	for (int i = 1; i <= SWAPS; i++) {
		apply_lists(tb, sets[i & 1], ", acl: list", "");
		CHECK_SOON(counted(tb, "acl show list", i & 1 ? "two" : "one", "packets") > 10);
	}
	CHECK_TEXT("", testbed_drops(tb, "a"));
	CHECK_TEXT("", testbed_drops(tb, "b"));
	apply_lists(tb, NOTHING, ", acl: list", "");
	received = packets_received(p.b);
	CHECK_SOON(counted(tb, "acl show list", "none", "packets") > 2);
	CHECK_EQUAL(received, packets_received(p.b));
	apply_lists(tb, sets[0], ", acl: list", "");
	CHECK_SOON(packets_received(p.b) > received + 100);
	process_stop(&client, SIGKILL);
	process_stop(&server, SIGKILL);
}
