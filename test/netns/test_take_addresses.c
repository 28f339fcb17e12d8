// SPDX-License-Identifier: GPL-2.0-only
/*
 * `take-addresses: on`: the host is reached over the NIC that becomes a switch's uplink, and stays
 * reachable: its addresses and routes move to the host port, and come back.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/netns/control.h"

#define HOST "192.0.2.1"
#define PEER "192.0.2.9"
#define TAKING                                                                                     \
	"switches:\n"                                                                              \
	"  s: {type: external, uplink: wire,\n"                                                    \
	"    host-port: {interface: mgmt, take-addresses: on, addresses: [203.0.113.5/24]}}\n"
#define NO_SWITCH "switches: {}\n"
#define NOT_TAKING                                                                                 \
	"switches:\n"                                                                              \
	"  s: {type: external, uplink: wire,\n"                                                    \
	"    host-port: {interface: mgmt, addresses: [203.0.113.5/24]}}\n"

/* A host with addresses and routes on its NIC, and somebody at the other end. */
static struct testbed *make_peer(struct testbed *tb)
{
	struct testbed *peer = testbed_new();

	testbed_join(tb, peer, "wire");
	netns_ip(&tb->host, "addr add " HOST "/24 dev wire\n"
			    "addr add 198.51.100.1/24 dev wire\n"
			    "route add default via " PEER " dev wire\n"
			    "route add 10.9.0.0/16 via " PEER " dev wire table 100 metric 7\n");
	netns_ip(&peer->host, "addr add " PEER "/24 dev wire\n");
	return peer;
}

static bool is_reachable(const struct testbed *peer)
{
	struct process ping = start(&peer->host, "ping -n -c 1 -W 1 " HOST);

	return process_wait(&ping, 5000) == 0;
}

static char *layer_3(const struct testbed *tb, const char *device)
{
	return run(&tb->host,
		"sh -c 'ip -o -4 addr show dev %s; ip -4 route show table all | grep \"dev %s\" | "
		"sort'",
		device, device);
}

static bool has_all(const struct testbed *tb, const char *device)
{
	const char *text = layer_3(tb, device);

	return strstr(text, HOST "/24") && strstr(text, "198.51.100.1/24") &&
	       strstr(text, "default via " PEER) && strstr(text, "10.9.0.0/16 via " PEER);
}

TEST(take_addresses_and_give_them_back)
{
	struct testbed *peer = make_peer(tb);
	const char *before = layer_3(tb, "wire");

	testbed_apply(tb, TAKING);
	CHECK(has_all(tb, "mgmt"));
	CHECK_TEXT("", layer_3(tb, "wire"));
	CHECK_SOON(is_reachable(peer));
	testbed_apply(tb, NOT_TAKING);
	CHECK_TEXT(before, layer_3(tb, "wire"));
	CHECK_CONTAINS("203.0.113.5/24", layer_3(tb, "mgmt"));
	testbed_apply(tb, TAKING);
	CHECK(has_all(tb, "mgmt"));
	testbed_apply(tb, NO_SWITCH); /* the switch goes, with its host port */
	CHECK_TEXT(before, layer_3(tb, "wire"));
	CHECK_SOON(is_reachable(peer));
}

/* The address that was taken is written down instead, and the interface gets another name. */
TEST(take_addresses_no_more_but_one)
{
	struct testbed *peer = make_peer(tb);

	testbed_apply(tb, TAKING);
	testbed_apply(tb, "switches:\n"
			  "  s: {type: external, uplink: wire,\n"
			  "    host-port: {interface: other, addresses: [" HOST "/24]}}\n");
	CHECK_CONTAINS(HOST "/24", layer_3(tb, "other"));
	CHECK(!strstr(layer_3(tb, "wire"), HOST "/24"));
	CHECK_CONTAINS("198.51.100.1/24", layer_3(tb, "wire"));
	CHECK_SOON(is_reachable(peer));
}

TEST(take_addresses_and_purge)
{
	struct testbed *peer = make_peer(tb);
	const char *before = layer_3(tb, "wire");

	testbed_apply(tb, TAKING);
	CHECK(has_all(tb, "mgmt"));
	testbed_kill(tb);
	testbed_start(tb);
	CHECK(has_all(tb, "mgmt"));
	testbed_purge(tb);
	CHECK_TEXT(before, layer_3(tb, "wire"));
	CHECK_SOON(is_reachable(peer));
}

TEST(take_addresses_is_undone_with_the_plan)
{
	const char *before;

	make_peer(tb);
	before = layer_3(tb, "wire");
	netns_ip(&tb->host, "link add taken type veth peer name taken1\n"
			    "link set dev taken alias " TESTBED_ALIAS "\n"
			    "link set dev taken1 alias " TESTBED_ALIAS "\n");
	testbed_apply_fails(tb, CONTROL_REFUSED,
		TAKING "  t: {type: internal, host-port: {interface: taken}}\n");
	CHECK_TEXT(before, layer_3(tb, "wire"));
}

TEST(take_addresses_on_trial)
{
	struct testbed *peer = make_peer(tb);
	const char *before = layer_3(tb, "wire");
	struct process process = start_with_input(NULL, "version: 1\n" TAKING,
		"%s --socket %s try -f - --timeout 2s", control_program("xvsctl"), tb->socket);

	CHECK_SOON(has_all(tb, "mgmt"));
	CHECK_SOON(is_reachable(peer));
	CHECK_EQUAL(CONTROL_REFUSED, process_wait(&process, 10000));
	CHECK_TEXT(before, layer_3(tb, "wire"));
	CHECK_SOON(is_reachable(peer));
}

/* What the NIC had is its again, also where the configuration had given the same address. */
TEST(take_addresses_beside_the_same_configured_one)
{
	struct testbed *peer = make_peer(tb);
	const char *before = layer_3(tb, "wire");

	testbed_apply(tb, "switches:\n"
			  "  s: {type: external, uplink: wire,\n"
			  "    host-port: {interface: mgmt, take-addresses: on,\n"
			  "      addresses: [" HOST "/24, 192.0.2.50/24]}}\n");
	CHECK(has_all(tb, "mgmt"));
	testbed_apply(tb, "switches:\n"
			  "  s: {type: external, uplink: wire,\n"
			  "    host-port: {interface: mgmt, take-addresses: on}}\n");
	CHECK_CONTAINS("default via", layer_3(tb, "mgmt"));
	testbed_kill(tb);
	testbed_start(tb);
	testbed_apply(tb, NO_SWITCH);
	CHECK_TEXT(before, layer_3(tb, "wire"));
	CHECK_SOON(is_reachable(peer));
}

static void check_trial_is_undone(struct testbed *tb, const char *text, const char *device)
{
	const char *before = layer_3(tb, device);
	struct process process = start_with_input(NULL, test_text("version: 1\n%s", text),
		"%s --socket %s try -f - --timeout 2s", control_program("xvsctl"), tb->socket);

	CHECK_EQUAL(CONTROL_REFUSED, process_wait(&process, 10000));
	CHECK_TEXT(before, layer_3(tb, device));
}

/* The switch is renamed on trial: another host port takes what this one gives back. */
TEST(take_addresses_from_one_host_port_to_another)
{
	struct testbed *peer = make_peer(tb);
	const char *before = layer_3(tb, "wire");
	static const char renamed[] = "switches:\n"
				      "  t: {type: external, uplink: wire,\n"
				      "    host-port: {interface: other, take-addresses: on}}\n";

	testbed_apply(tb, TAKING);
	check_trial_is_undone(tb, renamed, "mgmt");
	CHECK_SOON(is_reachable(peer));
	testbed_apply(tb, "%s", renamed);
	CHECK(has_all(tb, "other"));
	CHECK_SOON(is_reachable(peer));
	testbed_apply(tb, NO_SWITCH);
	CHECK_TEXT(before, layer_3(tb, "wire"));
}

/* Each NIC gets its own back. */
TEST(take_addresses_from_another_uplink)
{
	struct testbed *peer = make_peer(tb);
	const char *wire = layer_3(tb, "wire"), *second;

	testbed_join(tb, peer, "nic2");
	netns_ip(&tb->host, "addr add 198.18.5.1/24 dev nic2\n");
	second = layer_3(tb, "nic2");
	testbed_apply(tb, TAKING);
	check_trial_is_undone(tb,
		"switches:\n"
		"  s: {type: external, uplink: nic2,\n"
		"    host-port: {interface: mgmt, take-addresses: on, addresses: "
		"[203.0.113.5/24]}}\n",
		"mgmt");
	CHECK_TEXT(second, layer_3(tb, "nic2"));
	CHECK_SOON(is_reachable(peer));
	testbed_apply(tb, NO_SWITCH);
	CHECK_TEXT(wire, layer_3(tb, "wire"));
	CHECK_TEXT(second, layer_3(tb, "nic2"));
}

/* A session over the address goes on, there and back. */
TEST(take_addresses_keeps_connections)
{
	struct testbed *peer = make_peer(tb);
	struct process server = start(&tb->host, "python3 -c 'import socket\n"
						 "s = socket.create_server((\"" HOST "\", 2222))\n"
						 "c = s.accept()[0]\n"
						 "while (b := c.recv(64)): c.sendall(b)'");
	struct process session;

	session = start(&peer->host, "python3 -u -c 'import socket, time\n"
				     "s = socket.socket()\n"
				     "while s.connect_ex((\"" HOST "\", 2222)): time.sleep(0.1)\n"
				     "print(\"begun\")\n"
				     "for i in range(80):\n"
				     "    s.sendall(b\"x\")\n"
				     "    assert s.recv(1) == b\"x\"\n"
				     "    time.sleep(0.05)\n"
				     "print(\"alive\")'");
	CHECK_SOON(strstr(process_output(&session), "begun"));
	testbed_apply(tb, TAKING);
	test_sleep_ms(1000);
	testbed_apply(tb, NO_SWITCH);
	CHECK_EQUAL(0, process_wait(&session, 20000));
	CHECK_CONTAINS("alive", process_output(&session));
	process_stop(&server, SIGTERM);
}
