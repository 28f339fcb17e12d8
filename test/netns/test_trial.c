// SPDX-License-Identifier: GPL-2.0-only
/*
 * `xvsctl try`: a configuration that cuts its operator off comes back by itself, whatever happens
 * to the daemon, the operator's command or the connection.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test/netns/control.h"

#define TRIAL_S 3
#define GUARDIAN_S (TRIAL_S + 12) /* its margin, and time to settle */

/* The host's own way in: the operator is in the namespace behind `wire`. */
#define HOST_ADDRESS "192.0.2.1"
#define OPERATOR_ADDRESS "192.0.2.9"
static const char reachable[] =
	"switches:\n"
	"  s: {type: external, uplink: wire,\n"
	"    host-port: {interface: mgmt, vlan: 10, addresses: [" HOST_ADDRESS "/24]}}\n";
static const char wrong_vlan[] =
	"switches:\n"
	"  s: {type: external, uplink: wire,\n"
	"    host-port: {interface: mgmt, vlan: 11, addresses: [" HOST_ADDRESS "/24]}}\n";
static const char no_host_port[] = "switches: {s: {type: external, uplink: wire}}\n";

static struct process start_try(struct testbed *tb, const char *text, const char *options)
{
	return start_with_input(NULL, test_text("version: 1\n%s", text),
		"%s --socket %s try -f - --timeout %ds %s", control_program("xvsctl"), tb->socket,
		TRIAL_S, options);
}

/* Begins a trial that nobody waits for. */
static void try(struct testbed *tb, const char *text)
{
	struct process process = start_try(tb, text, "--no-wait");

	if (process_wait(&process, AGENT_TIMEOUT_MS))
		FAIL("xvsctl try, expected status 0, got %d: %s", process.status,
			process_errors(&process));
}

/* The operator's end of the wire speaks VLAN 10 (no 8021q here): a switch of its own does. */
static struct testbed *make_operator(struct testbed *tb)
{
	struct testbed *operator= testbed_new();

	testbed_join(tb, operator, "wire");
	testbed_start(operator);
	testbed_apply(operator,
		"switches:\n"
		"  o: {type: external, uplink: wire,\n"
		"    host-port: {interface: eth, vlan: 10, addresses: [" OPERATOR_ADDRESS
		"/24]}}\n");
	return operator;
}

static bool is_reachable(const struct testbed *operator)
{
	struct process ping = start(&operator->host, "ping -n -c 1 -W 1 " HOST_ADDRESS);

	return process_wait(&ping, 5000) == 0;
}

static bool is_pending(struct testbed *tb)
{
	json_t *trial =
		json_object_get(json_object_get(json_object_get(testbed_json(tb, "show"), "agent"),
					"configuration"),
			"trial");

	return json_is_object(trial);
}

static const char *kept(struct testbed *tb)
{
	return run(NULL, "cat %s.running.yaml", tb->socket);
}

/* Is the host reachable again within so many seconds? */
static void check_back(const struct testbed *operator, int seconds)
{
	const long long end = test_clock_ms() + seconds * 1000ll;

	while (!is_reachable(operator))
		if (test_clock_ms() > end)
			FAIL("the host, expected reachable within %d s, is not", seconds);
}

TEST(trial_confirmed_stays)
{
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, PRIVATE_SWITCH);
	try(tb, TWO_PORTS);
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
	CHECK(is_pending(tb));
	CHECK(!strstr(kept(tb), "interface")); /* a restart must not load it */
	testbed_command(tb, "confirm");
	CHECK(!is_pending(tb));
	CHECK_CONTAINS("interface: ", kept(tb));
	test_sleep_ms(TRIAL_S * 1000 + 500);
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
	testbed_command_fails(tb, CONTROL_REFUSED, "confirm");
}

TEST(trial_expires)
{
	testbed_guest(tb, "a");
	testbed_apply(tb, PRIVATE_SWITCH "ports: {a: {switch: s, interface: a}}\n");
	try(tb, "switches: {t: {type: internal}}\n");
	CHECK(netns_has_device(&tb->host, "t"));
	CHECK_EQUAL(1, json_number(testbed_switch(tb, "t"), "ports"));
	test_sleep_ms(TRIAL_S * 1000 - 1000);
	CHECK(is_pending(tb));
	CHECK_SOON(!is_pending(tb));
	CHECK(!netns_has_device(&tb->host, "t"));
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
	testbed_command_fails(tb, CONTROL_REFUSED, "cancel");
}

TEST(trial_canceled)
{
	testbed_guest(tb, "a");
	testbed_apply(tb, PRIVATE_SWITCH "ports: {a: {switch: s, interface: a}}\n");
	try(tb, "switches: {t: {type: internal}}\n");
	testbed_command(tb, "cancel");
	CHECK(!netns_has_device(&tb->host, "t")); /* when it returns, not some time later */
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
}

TEST(trial_refuses_other_changes)
{
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, PRIVATE_SWITCH);
	try(tb, TWO_PORTS);
	CHECK_CONTAINS("confirm", testbed_apply_fails(tb, CONTROL_REFUSED, PRIVATE_SWITCH));
	testbed_command_fails(tb, CONTROL_REFUSED, "port set a vlan.access 5");
	testbed_command_fails(tb, CONTROL_REFUSED, "fdb add 02:00:00:00:09:09 switch s port a");
	testbed_command_fails(tb, CONTROL_REFUSED, "save");
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
}

TEST(trial_ends_with_its_caller)
{
	struct process process;

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, PRIVATE_SWITCH);
	process = start_try(tb, TWO_PORTS, "");
	CHECK_SOON(is_pending(tb));
	process_stop(&process, SIGKILL);
	CHECK_SOON(!is_pending(tb));
	CHECK_EQUAL(0, json_number(testbed_switch(tb, "s"), "ports"));
}

TEST(trial_waited_for_tells_the_outcome)
{
	struct process process;

	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, PRIVATE_SWITCH);
	process = start_try(tb, TWO_PORTS, "");
	CHECK_SOON(is_pending(tb));
	testbed_command(tb, "confirm");
	CHECK_EQUAL(0, process_wait(&process, 5000));
	process = start_try(tb, PRIVATE_SWITCH, "");
	CHECK_EQUAL(CONTROL_REFUSED, process_wait(&process, TRIAL_S * 1000 + 5000));
	CHECK_TEXT("up", testbed_port_text(tb, "a", "state"));
}

TEST(trial_that_fails_leaves_no_trial)
{
	struct process process;

	netns_ip(&tb->host, "link add taken type veth peer name taken1\n"
			    "link set dev taken alias " TESTBED_ALIAS "\n"
			    "link set dev taken1 alias " TESTBED_ALIAS "\n");
	testbed_apply(tb, PRIVATE_SWITCH);
	process = start_try(
		tb, "switches: {t: {type: internal, host-port: {interface: taken}}}\n", "");
	CHECK_EQUAL(CONTROL_REFUSED, process_wait(&process, AGENT_TIMEOUT_MS));
	CHECK(!is_pending(tb));
	testbed_apply(tb, PRIVATE_SWITCH);
}

TEST(trial_ends_with_the_daemon)
{
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, PRIVATE_SWITCH);
	try(tb, TWO_PORTS);
	testbed_stop(tb);
	CHECK(!strstr(run(NULL, "bpftool -j map dump pinned %s/port_names", tb->pins), "\"a\""));
	testbed_start(tb);
	CHECK_EQUAL(0, json_number(testbed_switch(tb, "s"), "ports"));
}

TEST(trial_is_not_loaded_by_a_restart)
{
	struct testbed *operator= make_operator(tb);

	testbed_apply(tb, reachable);
	check_back(operator, 5);
	try(tb, wrong_vlan);
	CHECK(!is_reachable(operator));
	testbed_kill(tb);
	testbed_start(tb);
	check_back(operator, 2);
	CHECK(!is_pending(tb));
}

TEST(trial_outlived_by_its_guardian)
{
	struct testbed *operator= make_operator(tb);

	testbed_apply(tb, reachable);
	check_back(operator, 5);
	try(tb, wrong_vlan);
	CHECK(!is_reachable(operator));
	testbed_kill(tb); /* and nobody starts it again */
	check_back(operator, GUARDIAN_S);
	testbed_start(tb);
	CHECK_EQUAL(10, json_number(testbed_switch(tb, "s"), "host_port.vlan"));
}

/* What others had put on the interface is there again, though the trial had removed it. */
static void put_foreign_things(const struct testbed *tb)
{
	netns_ip(&tb->host, "addr add 198.51.100.7/24 dev mgmt\n"
			    "route add default via " OPERATOR_ADDRESS " dev mgmt\n"
			    "route add 203.0.113.0/24 via 198.51.100.1 dev mgmt table 77\n");
}

static char *layer_3(const struct testbed *tb)
{
	return run(&tb->host, "sh -c 'ip -o -4 addr show dev mgmt; ip route show table all | "
			      "grep mgmt | sort; ip -o link show dev mgmt | cut -d: -f1,2'");
}

TEST(trial_without_the_host_port_brings_it_back_whole)
{
	struct testbed *operator= make_operator(tb);
	const char *before;

	testbed_apply(tb, reachable);
	check_back(operator, 5);
	put_foreign_things(tb);
	before = layer_3(tb);
	try(tb, no_host_port);
	CHECK(!netns_has_device(&tb->host, "mgmt"));
	CHECK(!is_reachable(operator));
	check_back(operator, TRIAL_S + 3);
	CHECK_TEXT(before, layer_3(tb));
}

TEST(trial_without_the_host_port_and_without_the_daemon)
{
	struct testbed *operator= make_operator(tb);
	const char *before;

	testbed_apply(tb, reachable);
	check_back(operator, 5);
	put_foreign_things(tb);
	before = layer_3(tb);
	try(tb, no_host_port);
	testbed_kill(tb);
	CHECK(!is_reachable(operator));
	check_back(operator, GUARDIAN_S);
	CHECK_TEXT(before, layer_3(tb));
}

TEST(trial_confirmed_without_the_host_port)
{
	struct testbed *operator= make_operator(tb);

	testbed_apply(tb, reachable);
	check_back(operator, 5);
	try(tb, no_host_port);
	testbed_command(tb, "confirm");
	CHECK(!is_reachable(operator));
	CHECK_TEXT("", run(&tb->host, "sh -c 'ip -o link | grep -E \"mgmt|: xv\" || true'"));
}

static const char other_address[] =
	"switches:\n"
	"  s: {type: external, uplink: wire,\n"
	"    host-port: {interface: mgmt, vlan: 10, addresses: [198.18.0.1/24]}}\n";

/* The kernel flushes all routes with the last address. */
TEST(trial_of_another_address_loses_no_route)
{
	struct testbed *operator= make_operator(tb);
	const char *before;

	testbed_apply(tb, reachable);
	check_back(operator, 5);
	netns_ip(&tb->host,
		"route add default via " OPERATOR_ADDRESS " dev mgmt\n"
		"neigh add 192.0.2.77 lladdr 02:00:00:00:77:77 dev mgmt\n"
		"route add 203.0.113.0/24 via " OPERATOR_ADDRESS " dev mgmt table 77\n");
	before = layer_3(tb);
	try(tb, other_address);
	CHECK(!is_reachable(operator));
	check_back(operator, TRIAL_S + 3);
	CHECK_TEXT(before, layer_3(tb));
	CHECK_CONTAINS("02:00:00:00:77:77", run(&tb->host, "ip neigh show dev mgmt"));
	try(tb, other_address);
	testbed_kill(tb); /* and its guardian settles */
	check_back(operator, GUARDIAN_S);
	CHECK_TEXT(before, layer_3(tb));
	testbed_start(tb);
	testbed_apply_fails(tb, CONTROL_REFUSED,
		"switches:\n"
		"  s: {type: external, uplink: wire,\n"
		"    host-port: {interface: mgmt, vlan: 10, addresses: [198.18.0.1/24, "
		"'ff02::1/64']}}\n");
	CHECK_TEXT(before, layer_3(tb));
}

/* The host port moves to another switch, under the same name and with the same address. */
TEST(trial_moves_the_host_port)
{
	struct testbed *operator= make_operator(tb);

	testbed_apply(tb, "switches:\n"
			  "  s: {type: external, uplink: wire}\n"
			  "  other: {type: internal, host-port: {interface: mgmt,\n"
			  "    addresses: [" HOST_ADDRESS "/24]}}\n");
	CHECK(!is_reachable(operator));
	try(tb, reachable);
	check_back(operator, 2);
	CHECK_SOON(!is_pending(tb));
	CHECK(!is_reachable(operator));
	try(tb, reachable);
	testbed_command(tb, "confirm");
	test_sleep_ms(TRIAL_S * 1000);
	check_back(operator, 2);
}

/*
 * The demonstration: a session of the operator over TCP, through the host port that is being
 * changed. It stands still while the trial cuts it off, and goes on by itself.
 */
static struct process start_server(const struct testbed *tb)
{
	struct process server =
		start(&tb->host, "python3 -u -c 'import socket\n"
				 "s = socket.create_server((\"" HOST_ADDRESS "\", 2222))\n"
				 "print(\"listens\")\n"
				 "c = s.accept()[0]\n"
				 "while (b := c.recv(64)): c.sendall(b)'");

	CHECK_SOON(strstr(process_output(&server), "listens"));
	return server;
}

static struct process start_session(const struct testbed *operator)
{
	struct process session = start(&operator->host,
		"python3 -u -c 'import socket, time\n"
		"s = socket.create_connection((\"" HOST_ADDRESS "\", 2222))\n"
		"start = last = time.monotonic()\n"
		"print(\"connected\")\n"
		"while time.monotonic() < start + %d:\n"
		"    s.sendall(b\"x\")\n"
		"    assert s.recv(1) == b\"x\"\n"
		"    now = time.monotonic()\n"
		"    if now - last > 1: print(\"stood still for %%.1f s\" %% (now - last))\n"
		"    last = now\n"
		"    time.sleep(0.05)\n"
		"print(\"alive\")'",
		3 * TRIAL_S + 6);

	CHECK_SOON(strstr(process_output(&session), "connected"));
	return session;
}

TEST(trial_demonstration_of_a_session_that_comes_back)
{
	struct testbed *operator= make_operator(tb);
	struct process server, session;

	testbed_apply(tb, reachable);
	check_back(operator, 5);
	server = start_server(tb);
	session = start_session(operator);
	test_sleep_ms(1000);
	try(tb, wrong_vlan);
	CHECK(!is_reachable(operator));
	check_back(operator, TRIAL_S + 2);
	CHECK_EQUAL(0, process_wait(&session, 30000));
	CHECK_CONTAINS("stood still for", process_output(&session));
	CHECK_CONTAINS("alive", process_output(&session));
	process_stop(&server, SIGTERM);
}
